/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * QsEmptyState:
 *
 * What a page shows while it has nothing: what it is for, and one button that fills it.
 *
 * Properties: "icon-name", "title", "text", "action-name", "action-label" (strings).
 */
#define QS_TYPE_EMPTY_STATE (qs_empty_state_get_type ())
G_DECLARE_FINAL_TYPE (QsEmptyState, qs_empty_state, QS, EMPTY_STATE, GtkBox)

GtkWidget *qs_empty_state_new (const char *icon_name, const char *title, const char *text);
void qs_empty_state_set_action (QsEmptyState *self, const char *action_name, const char *label);

G_END_DECLS
