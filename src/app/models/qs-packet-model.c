/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-packet-model.h"

#include <string.h>

#include "base/qs-slice.h"
#include "charts/qs-packet-text.h"

/* Running the filter again over what it has seen may take at most this part of the main loop's time. */
#define COST_SHARE 20
#define AGAIN_MS 100
/* Rows that are told to the view before the clock is asked again: each takes it some 10 µs. */
#define ROWS_PER_LOOK 50

struct _QsPacketModel {
  GObject parent;
  QsTrace *trace;
  QsFilter *filter;
  int stamp;

  gboolean all;   /* the filter is empty: a row is a packet */
  GArray *rows;   /* guint32 packet indices, ascending; unused when all */
  guint n_all;    /* rows when all */
  guint scanned;  /* packets that the filter has seen */
  guint first;    /* of the window */
  guint n_window; /* rows in it, as the view was told */

  GArray *again; /* rows of a run over all that was seen, under way */
  guint again_from;
  gboolean changed;               /* packets may have changed since the last one began */
  gint64 again_began, again_cost; /* µs */
  guint again_id;

  GSource *work;
};

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void tree_model_init (GtkTreeModelIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (QsPacketModel, qs_packet_model, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (GTK_TYPE_TREE_MODEL, tree_model_init))

/* --- The window --------------------------------------------------------------------------- */

static guint
window_end (QsPacketModel *self)
{
  return MIN (qs_packet_model_get_length (self) - self->first, QS_PACKET_MODEL_WINDOW);
}

static void
set_iter (QsPacketModel *self, GtkTreeIter *iter, guint index)
{
  *iter = (GtkTreeIter){ .stamp = self->stamp, .user_data = GUINT_TO_POINTER (index) };
}

static void
tell_row (QsPacketModel *self, guint index, void (*tell) (GtkTreeModel *model, GtkTreePath *path, GtkTreeIter *iter))
{
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices ((int) index, -1);
  GtkTreeIter iter;

  set_iter (self, &iter, index);
  tell (GTK_TREE_MODEL (self), path, &iter);
}

/* Tells the view of rows that came at the window's end, or went there. FALSE: more are left. */
static gboolean
fit_window (QsPacketModel *self, gint64 deadline)
{
  guint end = window_end (self);

  for (guint n = 0; self->n_window != end; n++)
    {
      if (n > 0 && n % ROWS_PER_LOOK == 0 && g_get_monotonic_time () >= deadline)
        return FALSE;
      if (self->n_window < end)
        tell_row (self, self->n_window++, gtk_tree_model_row_inserted);
      else
        {
          g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices ((int) --self->n_window, -1);
          gtk_tree_model_row_deleted (GTK_TREE_MODEL (self), path);
        }
    }
  return TRUE;
}

/* --- Filtering ------------------------------------------------------------------------------ */

static gboolean
scan (QsPacketModel *self, gint64 deadline)
{
  if (self->all)
    {
      self->n_all = self->scanned = qs_trace_get_n_packets (self->trace);
      return TRUE;
    }
  return qs_filter_run (self->filter, self->trace, &self->scanned, deadline, self->rows);
}

static gboolean
same_rows (const GArray *a, const GArray *b)
{
  return a->len == b->len && (a->len == 0 || memcmp (a->data, b->data, a->len * sizeof (guint32)) == 0);
}

/* What the run over all gave takes the place of what was there. The window stays where it is. */
static void
take_again (QsPacketModel *self)
{
  self->again_cost = g_get_monotonic_time () - self->again_began;
  if (!same_rows (self->again, self->rows))
    {
      g_array_unref (self->rows);
      self->rows = g_steal_pointer (&self->again);
      self->first =
          MIN (self->first, self->rows->len > QS_PACKET_MODEL_WINDOW ? self->rows->len - QS_PACKET_MODEL_WINDOW : 0);
    }
  g_clear_pointer (&self->again, g_array_unref);
}

static gboolean
work_cb (gint64 deadline, gpointer data)
{
  g_autoptr (QsPacketModel) self = g_object_ref (data);
  gboolean done = scan (self, deadline);

  if (done && self->again != NULL)
    {
      done = qs_filter_run (self->filter, self->trace, &self->again_from, deadline, self->again);
      if (done)
        take_again (self);
    }
  done = fit_window (self, deadline) && done;
  g_clear_pointer (&self->work, g_source_unref);
  if (!done)
    self->work = g_source_ref (g_main_current_source ());
  g_signal_emit (self, signals[CHANGED], 0);
  return done ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
start_work (QsPacketModel *self)
{
  if (self->work == NULL)
    self->work = qs_slice_add (NULL, "[quicscope] packets", work_cb, self, NULL);
}

static gboolean
again_cb (gpointer data)
{
  QsPacketModel *self = data;

  self->again_id = 0;
  if (self->again != NULL)
    return G_SOURCE_REMOVE;
  self->changed = FALSE;
  self->again = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->again_from = 0;
  self->again_began = g_get_monotonic_time ();
  start_work (self);
  return G_SOURCE_REMOVE;
}

static void
derived_cb (QsPacketModel *self)
{
  start_work (self);
  if (!self->all && self->again_id == 0)
    self->again_id = g_timeout_add ((guint) MAX (AGAIN_MS, self->again_cost * COST_SHARE / 1000), again_cb, self);
}

/* --- GtkTreeModel --------------------------------------------------------------------------- */

static GtkTreeModelFlags
get_flags (GtkTreeModel *model)
{
  return GTK_TREE_MODEL_LIST_ONLY;
}

static int
get_n_columns (GtkTreeModel *model)
{
  return QS_PACKET_N_COLUMNS;
}

static GType
get_column_type (GtkTreeModel *model, int column)
{
  return column == QS_PACKET_COLUMN_PACKET ? G_TYPE_UINT : G_TYPE_STRING;
}

static gboolean
iter_nth_child (GtkTreeModel *model, GtkTreeIter *iter, GtkTreeIter *parent, int n)
{
  QsPacketModel *self = QS_PACKET_MODEL (model);

  if (parent != NULL || n < 0 || (guint) n >= self->n_window)
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
  QsPacketModel *self = QS_PACKET_MODEL (model);
  guint row = self->first + GPOINTER_TO_UINT (iter->user_data);
  /* Between a change of the rows and the view's knowing, it may ask for one that is gone. */
  gboolean there = row < qs_packet_model_get_length (self);

  g_value_init (value, get_column_type (model, column));
  if (column == QS_PACKET_COLUMN_PACKET)
    g_value_set_uint (value, there ? qs_packet_model_get_packet (self, row) : G_MAXUINT);
  else if (there)
    g_value_take_string (value, qs_packet_model_dup_text (self, row, (QsPacketColumn) column));
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
  return iter == NULL ? (int) QS_PACKET_MODEL (model)->n_window : 0;
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
qs_packet_model_dispose (GObject *object)
{
  QsPacketModel *self = QS_PACKET_MODEL (object);

  if (self->work != NULL)
    g_source_destroy (self->work);
  g_clear_pointer (&self->work, g_source_unref);
  g_clear_handle_id (&self->again_id, g_source_remove);
  if (self->trace != NULL)
    g_signal_handlers_disconnect_by_data (self->trace, self);
  G_OBJECT_CLASS (qs_packet_model_parent_class)->dispose (object);
}

static void
qs_packet_model_finalize (GObject *object)
{
  QsPacketModel *self = QS_PACKET_MODEL (object);

  g_clear_object (&self->trace);
  g_clear_pointer (&self->filter, qs_filter_unref);
  g_clear_pointer (&self->rows, g_array_unref);
  g_clear_pointer (&self->again, g_array_unref);
  G_OBJECT_CLASS (qs_packet_model_parent_class)->finalize (object);
}

static void
qs_packet_model_class_init (QsPacketModelClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = qs_packet_model_dispose;
  G_OBJECT_CLASS (klass)->finalize = qs_packet_model_finalize;
  signals[CHANGED] =
      g_signal_new ("changed", QS_TYPE_PACKET_MODEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_packet_model_init (QsPacketModel *self)
{
  self->stamp = (int) g_random_int ();
  self->rows = g_array_new (FALSE, FALSE, sizeof (guint32));
}

QsPacketModel *
qs_packet_model_new (QsTrace *trace, QsFilter *filter)
{
  g_return_val_if_fail (QS_IS_TRACE (trace) && filter != NULL, NULL);

  QsPacketModel *self = g_object_new (QS_TYPE_PACKET_MODEL, NULL);
  self->trace = g_object_ref (trace);
  self->filter = qs_filter_ref (filter);
  self->all = qs_filter_is_empty (filter);
  g_signal_connect_swapped (trace, "derived", G_CALLBACK (derived_cb), self);

  /* The first slice at once: most traces are small, and are there when the view asks. Nobody listens yet. */
  gboolean done = scan (self, g_get_monotonic_time () + QS_SLICE_BUDGET_US / 4);
  self->n_window = window_end (self);
  if (!done)
    start_work (self);
  return self;
}

QsTrace *
qs_packet_model_get_trace (QsPacketModel *self)
{
  g_return_val_if_fail (QS_IS_PACKET_MODEL (self), NULL);

  return self->trace;
}

guint
qs_packet_model_get_length (QsPacketModel *self)
{
  g_return_val_if_fail (QS_IS_PACKET_MODEL (self), 0);

  return self->all ? self->n_all : self->rows->len;
}

gboolean
qs_packet_model_is_busy (QsPacketModel *self)
{
  g_return_val_if_fail (QS_IS_PACKET_MODEL (self), FALSE);

  return self->work != NULL;
}

guint
qs_packet_model_get_packet (QsPacketModel *self, guint row)
{
  g_return_val_if_fail (QS_IS_PACKET_MODEL (self) && row < qs_packet_model_get_length (self), 0);

  return self->all ? row : g_array_index (self->rows, guint32, row);
}

gboolean
qs_packet_model_find (QsPacketModel *self, guint packet, guint *row)
{
  g_return_val_if_fail (QS_IS_PACKET_MODEL (self) && row != NULL, FALSE);

  guint low = 0, high = qs_packet_model_get_length (self);

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (qs_packet_model_get_packet (self, middle) < packet)
        low = middle + 1;
      else
        high = middle;
    }
  *row = low;
  return low < qs_packet_model_get_length (self) && qs_packet_model_get_packet (self, low) == packet;
}

guint
qs_packet_model_get_first (QsPacketModel *self)
{
  g_return_val_if_fail (QS_IS_PACKET_MODEL (self), 0);

  return self->first;
}

void
qs_packet_model_set_first (QsPacketModel *self, guint row)
{
  g_return_if_fail (QS_IS_PACKET_MODEL (self));

  guint length = qs_packet_model_get_length (self);
  self->first = length > QS_PACKET_MODEL_WINDOW ? MIN (row, length - QS_PACKET_MODEL_WINDOW) : 0;
  /* Only where rows came since the view was told last. */
  if (self->n_window != window_end (self))
    start_work (self);
}

char *
qs_packet_model_dup_text (QsPacketModel *self, guint row, QsPacketColumn column)
{
  g_return_val_if_fail (QS_IS_PACKET_MODEL (self) && row < qs_packet_model_get_length (self), NULL);

  guint packet = qs_packet_model_get_packet (self, row);

  switch (column)
    {
    case QS_PACKET_COLUMN_TIME:
      return qs_packet_text_time (self->trace, packet);
    case QS_PACKET_COLUMN_DELTA:
      return row > 0 ? qs_packet_text_delta (self->trace, packet, qs_packet_model_get_packet (self, row - 1))
                     : g_strdup ("");
    case QS_PACKET_COLUMN_DIRECTION:
      return qs_packet_text_direction (self->trace, packet);
    case QS_PACKET_COLUMN_TYPE:
      return g_strdup (qs_packet_type_name (qs_trace_get_packet (self->trace, packet)->type));
    case QS_PACKET_COLUMN_NUMBER:
      return qs_packet_text_number (self->trace, packet);
    case QS_PACKET_COLUMN_SIZE:
      return qs_packet_text_size (self->trace, packet);
    case QS_PACKET_COLUMN_FRAMES:
      return qs_packet_text_frames (self->trace, packet);
    case QS_PACKET_COLUMN_SUMMARY:
      return qs_packet_text_summary (self->trace, packet);
    case QS_PACKET_COLUMN_PACKET:
    case QS_PACKET_N_COLUMNS:
    default:
      g_return_val_if_reached (NULL);
    }
}
