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
 * Or it grows: connections that are watched are added as they begin, and read again as they go on. Of such a table rows are bounded,
 * and so is what they hold: of the oldest that have settled the packets are let go of first, and then the rows. Their indices stay.
 *
 * Signals: "row" (guint index): what it says of this one is known now, or has changed.
 *   "added" (guint index), "dropped" (guint n): the first n rows that there were are not there any more. Of one that grows.
 */
#define QS_TYPE_CONNECTION_TABLE (qs_connection_table_get_type ())
G_DECLARE_FINAL_TYPE (QsConnectionTable, qs_connection_table, QS, CONNECTION_TABLE, GObject)

#define QS_CONNECTION_NONE G_MAXUINT

/* traces: what qs_study_file_load() gave; path: of the file, as it was named. */
QsConnectionTable *qs_connection_table_new (GPtrArray *traces, const char *path);
/* One that grows. path: what is watched, as it was named. */
QsConnectionTable *qs_connection_table_new_growing (const char *path);
gboolean qs_connection_table_is_growing (QsConnectionTable *self);
#define QS_CONNECTION_TABLE_MOST_ROWS 4096
#define QS_CONNECTION_TABLE_MOST_HELD 1024 /* with their packets */
/* Its index. May let go of others. */
guint qs_connection_table_add (QsConnectionTable *self, QsStudy *study);
/* Reads the row again, of a study that has settled or that goes on; emits "row". */
void qs_connection_table_look (QsConnectionTable *self, guint index, gboolean has_keys);
/* The first index that has a row; those before were dropped. */
guint qs_connection_table_get_first (QsConnectionTable *self);
guint qs_connection_table_get_n_let_go (QsConnectionTable *self);  /* of how many the packets are gone, rows or not */
guint qs_connection_table_get_n_keyless (QsConnectionTable *self); /* rows that lack keys */
const char *qs_connection_table_get_path (QsConnectionTable *self);
guint qs_connection_table_get_length (QsConnectionTable *self); /* behind the last index */
const QsConnectionRow *qs_connection_table_get_row (QsConnectionTable *self, guint index);
/* Reads on until deadline (monotonic microseconds, 0: to the end). TRUE: all rows are known, and which one stands for all. */
gboolean qs_connection_table_advance (QsConnectionTable *self, gint64 deadline);
guint qs_connection_table_get_n_known (QsConnectionTable *self); /* the first rows, which are known */
/* The first one that is not good, among those known; QS_CONNECTION_NONE: none so far. */
guint qs_connection_table_get_fault (QsConnectionTable *self);
/* The one that stands for all, joined with its other end where that is there; QS_CONNECTION_NONE: there are several, or it is
 * not known yet. */
guint qs_connection_table_get_one (QsConnectionTable *self);
/* (transfer full): one and the same while somebody holds it. It may be still to be read: qs_study_advance(). NULL: let go of. */
QsStudy *qs_connection_table_dup_study (QsConnectionTable *self, guint index);

G_END_DECLS
