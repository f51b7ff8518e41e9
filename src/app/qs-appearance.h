/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * QsAppearance: dark or light. "system" follows what the desktop says through the settings portal, live, or
 * GTK's own setting where there is no portal.
 */
#define QS_TYPE_APPEARANCE (qs_appearance_get_type ())
G_DECLARE_FINAL_TYPE (QsAppearance, qs_appearance, QS, APPEARANCE, GObject)

QsAppearance *qs_appearance_new (void);
/* "system", "light" or "dark"; anything else counts as "system". */
void qs_appearance_set_scheme (QsAppearance *self, const char *scheme);
gboolean qs_appearance_is_dark (QsAppearance *self);

G_END_DECLS
