/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * QsLog:
 *
 * What happened in this session, a line an event: the newest QS_LOG_LENGTH of them.
 */
#define QS_TYPE_LOG (qs_log_get_type ())
G_DECLARE_FINAL_TYPE (QsLog, qs_log, QS, LOG, GObject)

#define QS_LOG_LENGTH 2000

enum { QS_LOG_COLUMN_TIME, QS_LOG_COLUMN_SOURCE, QS_LOG_COLUMN_TEXT, QS_LOG_N_COLUMNS };

QsLog *qs_log_new (void);
/* source: a run's title or "Lab"; text: translated and escaped. */
void qs_log_add (QsLog *self, const char *source, const char *text);
void qs_log_clear (QsLog *self);
/* Columns as above, all strings. (transfer none) */
GtkTreeModel *qs_log_get_model (QsLog *self);
/* All lines, tab-separated, for the clipboard. */
char *qs_log_to_text (QsLog *self);

G_END_DECLS
