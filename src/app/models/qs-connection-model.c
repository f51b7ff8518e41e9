/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-connection-model.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

/* While rows become known one after the other, the order is made anew at most that often. */
#define AGAIN_MS 250

struct _QsConnectionModel {
  GObject parent;
  QsConnectionTable *table;
  GArray *rows; /* guint: indices of the table's, in order */
  int stamp;
  QsConnectionColumn column;
  gboolean descending;
  char **words;         /* case-folded */
  GHashTable *haystack; /* index -> all that a row says, case-folded; not there: to be made */
  guint again_id;
};

enum { RESET, N_SIGNALS };
static guint signals[N_SIGNALS];

static void tree_model_init (GtkTreeModelIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (QsConnectionModel, qs_connection_model, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_TREE_MODEL, tree_model_init))

/* --- Cells ---------------------------------------------------------------------------------- */

static const char *
get_icon (const QsConnectionRow *row)
{
  gboolean goes_on = row->watched ? !row->settled : row->verdict == NULL;

  if (goes_on && row->watched && row->state == QS_WATCHED_STANDS)
    return "network-transmit-receive-symbolic";
  return goes_on ? "content-loading-symbolic" : row->good ? "emblem-ok-symbolic" : "dialog-error-symbolic";
}

static char *
dup_time (const QsConnectionRow *row)
{
  g_autofree char *start = qs_connection_row_dup_start (row);
  const char *time = strchr (start, ' ');

  return g_strdup (time != NULL ? time + 1 : start);
}

static char *
dup_cell (const QsConnectionRow *row, QsConnectionColumn column)
{
  switch (column)
    {
    case QS_CONNECTION_COLUMN_NUMBER:
      return g_strdup_printf ("%u", row->number);
    case QS_CONNECTION_COLUMN_START:
      return qs_connection_row_dup_start (row);
    case QS_CONNECTION_COLUMN_TIME:
      return dup_time (row);
    case QS_CONNECTION_COLUMN_CLIENT:
      return g_strdup (row->client);
    case QS_CONNECTION_COLUMN_SERVER:
      return g_strdup (row->server);
    case QS_CONNECTION_COLUMN_NAME:
      return g_strdup (row->name);
    case QS_CONNECTION_COLUMN_PROTOCOL:
      return row->watched ? qs_connection_row_dup_protocol (row) : g_strdup (row->protocol);
    case QS_CONNECTION_COLUMN_VERSION:
      return g_strdup (row->version);
    case QS_CONNECTION_COLUMN_PACKETS:
      return row->verdict != NULL ? g_strdup_printf ("%u", row->n_packets) : g_strdup ("");
    case QS_CONNECTION_COLUMN_DURATION:
      return row->verdict != NULL ? qs_text_duration (row->duration) : g_strdup ("");
    case QS_CONNECTION_COLUMN_STATE:
      return g_strdup (row->watched ? qs_watched_state_title (row->state) : "");
    case QS_CONNECTION_COLUMN_KEYS:
      return g_strdup (!row->watched ? "" : row->has_keys ? _ ("yes") : _ ("no"));
    case QS_CONNECTION_COLUMN_BYTES:
      return row->watched ? qs_text_size (row->n_bytes) : g_strdup ("");
    case QS_CONNECTION_COLUMN_VERDICT:
      return g_strdup (row->verdict != NULL ? row->verdict : "…");
    case QS_CONNECTION_COLUMN_ICON:
      return g_strdup (get_icon (row));
    case QS_CONNECTION_COLUMN_INDEX:
    case QS_CONNECTION_N_COLUMNS:
    default:
      return NULL;
    }
}

static const QsConnectionRow *
get_row (QsConnectionModel *self, guint index)
{
  return qs_connection_table_get_row (self->table, index);
}

/* --- Searching ------------------------------------------------------------------------------ */

static const char *
get_haystack (QsConnectionModel *self, guint index)
{
  const char *known = g_hash_table_lookup (self->haystack, GUINT_TO_POINTER (index));

  if (known != NULL)
    return known;
  g_autoptr (GString) all = g_string_new (NULL);
  for (guint column = 0; column <= QS_CONNECTION_COLUMN_VERDICT; column++)
    {
      g_autofree char *cell = dup_cell (get_row (self, index), column);
      g_string_append_printf (all, "%s\n", cell);
    }
  char *folded = g_utf8_casefold (all->str, -1);
  g_hash_table_insert (self->haystack, GUINT_TO_POINTER (index), folded);
  return folded;
}

static gboolean
matches (QsConnectionModel *self, guint index)
{
  for (guint i = 0; self->words != NULL && self->words[i] != NULL; i++)
    if (*self->words[i] != '\0' && strstr (get_haystack (self, index), self->words[i]) == NULL)
      return FALSE;
  return TRUE;
}

/* --- Sorting -------------------------------------------------------------------------------- */

static int
compare_numbers (gint64 a, gint64 b)
{
  return a < b ? -1 : a > b;
}

static int
compare_cells (const QsConnectionRow *a, const QsConnectionRow *b, QsConnectionColumn column)
{
  switch (column)
    {
    case QS_CONNECTION_COLUMN_START:
    case QS_CONNECTION_COLUMN_TIME:
      return compare_numbers (a->start, b->start);
    case QS_CONNECTION_COLUMN_CLIENT:
      return strcmp (a->client, b->client);
    case QS_CONNECTION_COLUMN_SERVER:
      return strcmp (a->server, b->server);
    case QS_CONNECTION_COLUMN_NAME:
      return strcmp (a->name, b->name);
    case QS_CONNECTION_COLUMN_PROTOCOL:
      return strcmp (a->protocol, b->protocol);
    case QS_CONNECTION_COLUMN_VERSION:
      return strcmp (a->version, b->version);
    case QS_CONNECTION_COLUMN_PACKETS:
      return compare_numbers (a->n_packets, b->n_packets);
    case QS_CONNECTION_COLUMN_DURATION:
      return compare_numbers (a->duration, b->duration);
    case QS_CONNECTION_COLUMN_STATE:
      return compare_numbers (a->state, b->state);
    case QS_CONNECTION_COLUMN_KEYS:
      return compare_numbers (a->has_keys, b->has_keys);
    case QS_CONNECTION_COLUMN_BYTES:
      return compare_numbers ((gint64) a->n_bytes, (gint64) b->n_bytes);
    case QS_CONNECTION_COLUMN_VERDICT: /* what failed is wanted first */
      return a->good != b->good ? compare_numbers (a->good, b->good) : g_strcmp0 (a->verdict, b->verdict);
    case QS_CONNECTION_COLUMN_NUMBER:
    case QS_CONNECTION_COLUMN_ICON:
    case QS_CONNECTION_COLUMN_INDEX:
    case QS_CONNECTION_N_COLUMNS:
    default:
      return 0;
    }
}

static int
compare_rows (gconstpointer a, gconstpointer b, gpointer data)
{
  QsConnectionModel *self = data;
  guint left = *(const guint *) a, right = *(const guint *) b;
  int order = compare_cells (get_row (self, left), get_row (self, right), self->column);

  if (order == 0)
    order = compare_numbers (left, right);
  return self->descending ? -order : order;
}

static void
arrange (QsConnectionModel *self)
{
  guint n = qs_connection_table_get_length (self->table);

  g_clear_handle_id (&self->again_id, g_source_remove);
  g_array_set_size (self->rows, 0);
  for (guint i = qs_connection_table_get_first (self->table); i < n; i++)
    if (matches (self, i))
      g_array_append_val (self->rows, i);
  g_array_sort_with_data (self->rows, compare_rows, self);
  self->stamp++;
  g_signal_emit (self, signals[RESET], 0);
}

static gboolean
again_cb (gpointer data)
{
  QsConnectionModel *self = data;

  self->again_id = 0;
  arrange (self);
  return G_SOURCE_REMOVE;
}

static void set_iter (QsConnectionModel *self, GtkTreeIter *iter, guint row);

static void
row_cb (QsConnectionModel *self, guint index)
{
  GtkTreeIter iter;
  guint row;

  g_hash_table_remove (self->haystack, GUINT_TO_POINTER (index));
  get_haystack (self, index); /* row by row, while they are read: all at once a first search would hold the window */
  gboolean moves = self->words != NULL || self->column > QS_CONNECTION_COLUMN_SERVER;
  if (moves && self->again_id == 0)
    self->again_id = g_timeout_add (AGAIN_MS, again_cb, self);
  if (!qs_connection_model_find (self, index, &row))
    return;
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices ((int) row, -1);
  set_iter (self, &iter, row);
  gtk_tree_model_row_changed (GTK_TREE_MODEL (self), path, &iter);
}

/* Where the order has a place for it. */
static void
added_cb (QsConnectionModel *self, guint index)
{
  GtkTreeIter iter;
  guint row = self->rows->len;

  if (!matches (self, index))
    return;
  while (row > 0 && compare_rows (&index, &g_array_index (self->rows, guint, row - 1), self) < 0)
    row--;
  g_array_insert_val (self->rows, row, index);
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices ((int) row, -1);
  set_iter (self, &iter, row);
  gtk_tree_model_row_inserted (GTK_TREE_MODEL (self), path, &iter);
}

static void
dropped_cb (QsConnectionModel *self, guint n)
{
  guint first = qs_connection_table_get_first (self->table);

  for (guint i = first - n; i < first; i++)
    g_hash_table_remove (self->haystack, GUINT_TO_POINTER (i));
  for (guint row = self->rows->len; row-- > 0;)
    {
      if (g_array_index (self->rows, guint, row) >= first)
        continue;
      g_array_remove_index (self->rows, row);
      g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices ((int) row, -1);
      gtk_tree_model_row_deleted (GTK_TREE_MODEL (self), path);
    }
}

/* --- GtkTreeModel --------------------------------------------------------------------------- */

static void
set_iter (QsConnectionModel *self, GtkTreeIter *iter, guint row)
{
  *iter = (GtkTreeIter){ .stamp = self->stamp, .user_data = GUINT_TO_POINTER (row) };
}

static GtkTreeModelFlags
get_flags (GtkTreeModel *model)
{
  return GTK_TREE_MODEL_LIST_ONLY;
}

static int
get_n_columns (GtkTreeModel *model)
{
  return QS_CONNECTION_N_COLUMNS;
}

static GType
get_column_type (GtkTreeModel *model, int column)
{
  return column == QS_CONNECTION_COLUMN_INDEX ? G_TYPE_UINT : G_TYPE_STRING;
}

static gboolean
iter_nth_child (GtkTreeModel *model, GtkTreeIter *iter, GtkTreeIter *parent, int n)
{
  QsConnectionModel *self = QS_CONNECTION_MODEL (model);

  if (parent != NULL || n < 0 || (guint) n >= self->rows->len)
    return FALSE;
  set_iter (self, iter, (guint) n);
  return TRUE;
}

static gboolean
get_iter (GtkTreeModel *model, GtkTreeIter *iter, GtkTreePath *path)
{
  return gtk_tree_path_get_depth (path) == 1 && iter_nth_child (model, iter, NULL, gtk_tree_path_get_indices (path)[0]);
}

static GtkTreePath *
get_path (GtkTreeModel *model, GtkTreeIter *iter)
{
  return gtk_tree_path_new_from_indices (GPOINTER_TO_INT (iter->user_data), -1);
}

static void
get_value (GtkTreeModel *model, GtkTreeIter *iter, int column, GValue *value)
{
  QsConnectionModel *self = QS_CONNECTION_MODEL (model);
  guint index = qs_connection_model_get_index (self, GPOINTER_TO_UINT (iter->user_data));

  g_value_init (value, get_column_type (model, column));
  if (column == QS_CONNECTION_COLUMN_INDEX)
    g_value_set_uint (value, index);
  else
    g_value_take_string (value, dup_cell (get_row (self, index), (QsConnectionColumn) column));
}

static gboolean
iter_next (GtkTreeModel *model, GtkTreeIter *iter)
{
  return iter_nth_child (model, iter, NULL, GPOINTER_TO_INT (iter->user_data) + 1);
}

static gboolean
iter_previous (GtkTreeModel *model, GtkTreeIter *iter)
{
  return iter_nth_child (model, iter, NULL, GPOINTER_TO_INT (iter->user_data) - 1);
}

static gboolean
iter_children (GtkTreeModel *model, GtkTreeIter *iter, GtkTreeIter *parent)
{
  return iter_nth_child (model, iter, parent, 0);
}

static gboolean
iter_has_child (GtkTreeModel *model, GtkTreeIter *iter)
{
  return FALSE;
}

static int
iter_n_children (GtkTreeModel *model, GtkTreeIter *iter)
{
  return iter == NULL ? (int) QS_CONNECTION_MODEL (model)->rows->len : 0;
}

static gboolean
iter_parent (GtkTreeModel *model, GtkTreeIter *iter, GtkTreeIter *child)
{
  return FALSE;
}

static void
tree_model_init (GtkTreeModelIface *iface)
{
  iface->get_flags = get_flags;
  iface->get_n_columns = get_n_columns;
  iface->get_column_type = get_column_type;
  iface->get_iter = get_iter;
  iface->get_path = get_path;
  iface->get_value = get_value;
  iface->iter_next = iter_next;
  iface->iter_previous = iter_previous;
  iface->iter_children = iter_children;
  iface->iter_has_child = iter_has_child;
  iface->iter_n_children = iter_n_children;
  iface->iter_nth_child = iter_nth_child;
  iface->iter_parent = iter_parent;
}

/* --- Overrides ------------------------------------------------------------------------------ */

static void
qs_connection_model_finalize (GObject *object)
{
  QsConnectionModel *self = QS_CONNECTION_MODEL (object);

  g_clear_handle_id (&self->again_id, g_source_remove);
  g_hash_table_unref (self->haystack);
  g_signal_handlers_disconnect_by_data (self->table, self);
  g_object_unref (self->table);
  g_array_unref (self->rows);
  g_strfreev (self->words);
  G_OBJECT_CLASS (qs_connection_model_parent_class)->finalize (object);
}

static void
qs_connection_model_class_init (QsConnectionModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_connection_model_finalize;
  signals[RESET] =
      g_signal_new ("reset", QS_TYPE_CONNECTION_MODEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_connection_model_init (QsConnectionModel *self)
{
  self->rows = g_array_new (FALSE, FALSE, sizeof (guint));
}

/* --- Public --------------------------------------------------------------------------------- */

QsConnectionModel *
qs_connection_model_new (QsConnectionTable *table)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (table), NULL);

  QsConnectionModel *self = g_object_new (QS_TYPE_CONNECTION_MODEL, NULL);
  self->table = g_object_ref (table);
  self->haystack = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_signal_connect_swapped (table, "row", G_CALLBACK (row_cb), self);
  g_signal_connect_swapped (table, "added", G_CALLBACK (added_cb), self);
  g_signal_connect_swapped (table, "dropped", G_CALLBACK (dropped_cb), self);
  arrange (self);
  return self;
}

QsConnectionTable *
qs_connection_model_get_table (QsConnectionModel *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_MODEL (self), NULL);
  return self->table;
}

void
qs_connection_model_sort (QsConnectionModel *self, QsConnectionColumn column, gboolean descending)
{
  g_return_if_fail (QS_IS_CONNECTION_MODEL (self));

  self->column = column;
  self->descending = descending;
  arrange (self);
}

void
qs_connection_model_search (QsConnectionModel *self, const char *words)
{
  g_return_if_fail (QS_IS_CONNECTION_MODEL (self) && words != NULL);

  g_autofree char *folded = g_utf8_casefold (words, -1);
  g_strfreev (self->words);
  self->words = *words != '\0' ? g_strsplit (folded, " ", -1) : NULL;
  arrange (self);
}

guint
qs_connection_model_get_length (QsConnectionModel *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_MODEL (self), 0);
  return self->rows->len;
}

guint
qs_connection_model_get_index (QsConnectionModel *self, guint row)
{
  g_return_val_if_fail (QS_IS_CONNECTION_MODEL (self) && row < self->rows->len, 0);
  return g_array_index (self->rows, guint, row);
}

gboolean
qs_connection_model_find (QsConnectionModel *self, guint index, guint *row)
{
  g_return_val_if_fail (QS_IS_CONNECTION_MODEL (self) && row != NULL, FALSE);

  for (*row = 0; *row < self->rows->len; (*row)++)
    if (g_array_index (self->rows, guint, *row) == index)
      return TRUE;
  return FALSE;
}
