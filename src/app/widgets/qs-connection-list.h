/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "study/qs-connection-table.h"

G_BEGIN_DECLS

/**
 * QsConnectionList:
 *
 * A table of connections, of a file or of what is watched, to be sorted, searched and chosen from; the verdict on the chosen one
 * stands below in full.
 *
 * Signals: "chosen" (guint index): a person has chosen a row; "opened" (guint index): and wants to see it.
 */
#define QS_TYPE_CONNECTION_LIST (qs_connection_list_get_type ())
G_DECLARE_FINAL_TYPE (QsConnectionList, qs_connection_list, QS, CONNECTION_LIST, GtkBox)

/* The table's accessible name. */
void qs_connection_list_set_name (QsConnectionList *self, const char *name);
/* NULL: none. one_server: all connections are to the same one, which need not be told. */
void qs_connection_list_set_table (QsConnectionList *self, QsConnectionTable *table, gboolean one_server);
/* Its row is selected and in view, where it matches. QS_CONNECTION_NONE: none. */
void qs_connection_list_choose (QsConnectionList *self, guint index);
GtkWidget *qs_connection_list_get_view (QsConnectionList *self);   /* its table */
GtkWidget *qs_connection_list_get_search (QsConnectionList *self); /* its field to look for one */

G_END_DECLS
