/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/models/qs-settings.h"

G_BEGIN_DECLS

/**
 * QsHistory:
 *
 * The targets that a person probed, newest first, each once, at most QS_HISTORY_LENGTH; kept in the settings.
 */
#define QS_TYPE_HISTORY (qs_history_get_type ())
G_DECLARE_FINAL_TYPE (QsHistory, qs_history, QS, HISTORY, GObject)

#define QS_HISTORY_LENGTH 40

QsHistory *qs_history_new (QsSettings *settings);
void qs_history_add (QsHistory *self, const char *target);
void qs_history_clear (QsHistory *self);
/* One column, the target, for GtkEntryCompletion. (transfer none) */
GtkTreeModel *qs_history_get_model (QsHistory *self);
const char *const *qs_history_get_targets (QsHistory *self);

G_END_DECLS
