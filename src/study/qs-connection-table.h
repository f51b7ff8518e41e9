/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/qs-connection-row.h"

G_BEGIN_DECLS

/**
 * QsConnectionTable:
 *
 * The connections of a file, to choose from. Each is read in its turn, in slices, for its row, and let go of again: a file may
 * hold thousands. One that is looked at is read once, for both.
 *
 * Where a file holds the recordings of one connection (its two ends, or the attempts of an address race) it says which stands
 * for all.
 *
 * Signals: "row" (guint index): what it says of this one is known now.
 */
#define QS_TYPE_CONNECTION_TABLE (qs_connection_table_get_type ())
G_DECLARE_FINAL_TYPE (QsConnectionTable, qs_connection_table, QS, CONNECTION_TABLE, GObject)

#define QS_CONNECTION_NONE G_MAXUINT

/* traces: what qs_study_file_load() gave; path: of the file, as it was named. */
QsConnectionTable *qs_connection_table_new (GPtrArray *traces, const char *path);
const char *qs_connection_table_get_path (QsConnectionTable *self);
guint qs_connection_table_get_length (QsConnectionTable *self);
const QsConnectionRow *qs_connection_table_get_row (QsConnectionTable *self, guint index);
/* Reads on until deadline (monotonic microseconds, 0: to the end). TRUE: all rows are known, and which one stands for all. */
gboolean qs_connection_table_advance (QsConnectionTable *self, gint64 deadline);
guint qs_connection_table_get_n_known (QsConnectionTable *self); /* the first rows, which are known */
/* The first one that is not good, among those known; QS_CONNECTION_NONE: none so far. */
guint qs_connection_table_get_fault (QsConnectionTable *self);
/* The one that stands for all, joined with its other end where that is there; QS_CONNECTION_NONE: there are several, or it is
 * not known yet. */
guint qs_connection_table_get_one (QsConnectionTable *self);
/* (transfer full): one and the same while somebody holds it. It may be still to be read: qs_study_advance(). */
QsStudy *qs_connection_table_dup_study (QsConnectionTable *self, guint index);

G_END_DECLS
