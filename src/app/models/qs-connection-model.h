/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "study/qs-connection-table.h"

G_BEGIN_DECLS

/**
 * QsConnectionModel: the connections of a file, or those that are watched, as a table, sorted and searched. Rows are in the order of
 * qs_connection_model_sort(); a view is told anew of all of them where that changes ("reset"): take the model off it and put it back.
 * What is added to a table that grows, and what that drops, is told row by row.
 *
 * Signals: "reset" ().
 */
#define QS_TYPE_CONNECTION_MODEL (qs_connection_model_get_type ())
G_DECLARE_FINAL_TYPE (QsConnectionModel, qs_connection_model, QS, CONNECTION_MODEL, GObject)

typedef enum {
  QS_CONNECTION_COLUMN_NUMBER,
  QS_CONNECTION_COLUMN_START,
  QS_CONNECTION_COLUMN_TIME, /* of day */
  QS_CONNECTION_COLUMN_CLIENT,
  QS_CONNECTION_COLUMN_SERVER,
  QS_CONNECTION_COLUMN_NAME,
  QS_CONNECTION_COLUMN_PROTOCOL,
  QS_CONNECTION_COLUMN_VERSION,
  QS_CONNECTION_COLUMN_PACKETS,
  QS_CONNECTION_COLUMN_DURATION,
  QS_CONNECTION_COLUMN_STATE, /* of watched ones, as the next two */
  QS_CONNECTION_COLUMN_KEYS,
  QS_CONNECTION_COLUMN_BYTES,
  QS_CONNECTION_COLUMN_VERDICT,
  QS_CONNECTION_COLUMN_ICON,  /* name, of what came of it */
  QS_CONNECTION_COLUMN_INDEX, /* uint */
  QS_CONNECTION_N_COLUMNS
} QsConnectionColumn;

QsConnectionModel *qs_connection_model_new (QsConnectionTable *table);
QsConnectionTable *qs_connection_model_get_table (QsConnectionModel *self);
void qs_connection_model_sort (QsConnectionModel *self, QsConnectionColumn column, gboolean descending);
/* Rows that hold each of the words in one of their cells, whatever their case. */
void qs_connection_model_search (QsConnectionModel *self, const char *words);
guint qs_connection_model_get_length (QsConnectionModel *self); /* rows that match */
guint qs_connection_model_get_index (QsConnectionModel *self, guint row);
/* FALSE: it does not match. */
gboolean qs_connection_model_find (QsConnectionModel *self, guint index, guint *row);

G_END_DECLS
