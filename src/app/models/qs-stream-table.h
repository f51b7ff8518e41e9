/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/models/qs-run.h"

G_BEGIN_DECLS

/**
 * QsStreamTable: a run's streams as a table, live. Streams tell of every byte; what they told is gathered,
 * and only the rows that changed are written.
 *
 * A run from a file has no live streams: its rows come from the frames, or from the marks of its trace where there are any.
 *
 * Signals: "changed" (): something was written.
 */
#define QS_TYPE_STREAM_TABLE (qs_stream_table_get_type ())
G_DECLARE_FINAL_TYPE (QsStreamTable, qs_stream_table, QS, STREAM_TABLE, GObject)

enum {
  QS_STREAM_COLUMN_STREAM, /* QsStream; NULL from a file */
  QS_STREAM_COLUMN_ID,
  QS_STREAM_COLUMN_DIRECTION,
  QS_STREAM_COLUMN_INITIATOR,
  QS_STREAM_COLUMN_READ_STATE,
  QS_STREAM_COLUMN_WRITE_STATE,
  QS_STREAM_COLUMN_READ_ERROR,
  QS_STREAM_COLUMN_WRITE_ERROR,
  QS_STREAM_COLUMN_SENT,
  QS_STREAM_COLUMN_RECEIVED,
  QS_STREAM_COLUMN_NUMBER, /* the id as int64, -1 while it has none */
  QS_STREAM_N_COLUMNS
};

QsStreamTable *qs_stream_table_new (QsRun *run);
GtkTreeModel *qs_stream_table_get_model (QsStreamTable *self); /* (transfer none) */
guint qs_stream_table_get_length (QsStreamTable *self);
/* Whether any row says something in a column of text. */
gboolean qs_stream_table_uses_column (QsStreamTable *self, int column);
/* How many the run has: more than rows where there are very many. */
guint qs_stream_table_get_n_streams (QsStreamTable *self);

/* A replay: the rows say what was at this moment (trace time, ns); G_MAXINT64: what is. Where that takes long it is done in
 * slices. */
void qs_stream_table_set_until (QsStreamTable *self, gint64 until);

/* "66 (0x42)", "256 (0x100, H3_NO_ERROR)"; "" for -1. alpn: gives codes their names, may be NULL. */
char *qs_stream_code_to_text (gint64 code, const char *alpn);

G_END_DECLS
