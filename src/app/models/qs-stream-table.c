/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-stream-table.h"

#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "base/qs-text.h"
#include "study/qs-stream-moment.h"
#include "wire/qs-names.h"

/* A change of state is shown at once, a change of bytes a few times a second. */
#define STATE_MS 16
#define BYTES_MS 125

struct _QsStreamTable {
  GObject parent;
  QsRun *run;
  GListModel *streams; /* NULL for a file */
  GtkListStore *model;
  GHashTable *rows;    /* QsStream -> GtkTreeIter: a list store's iters last */
  GHashTable *changed; /* QsStream set */
  guint n_recorded;    /* from a file: streams, of which not all need have a row */
  guint write_id;
  gboolean write_is_slow;
  gint64 until; /* of a replay; G_MAXINT64: none */
  QsStreamMoment *moment;
  GSource *seek;
};

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsStreamTable, qs_stream_table, G_TYPE_OBJECT)

static const char *
direction_words (gboolean bidirectional)
{
  return bidirectional ? _ ("bidirectional") : _ ("unidirectional");
}

static const char *
initiator_words (gboolean client)
{
  return client ? _ ("client") : _ ("server");
}

char *
qs_stream_code_to_text (gint64 code, const char *alpn)
{
  if (code < 0)
    return g_strdup ("");

  const char *name = g_strcmp0 (alpn, "h3") == 0 ? qs_http3_error_name ((guint64) code) : NULL;
  if (name != NULL)
    return g_strdup_printf ("%" G_GINT64_FORMAT " (0x%" G_GINT64_MODIFIER "x, %s)", code, code, name);
  return g_strdup_printf ("%" G_GINT64_FORMAT " (0x%" G_GINT64_MODIFIER "x)", code, code);
}

static void
write_row (QsStreamTable *self, GtkTreeIter *iter, QsStream *stream)
{
  const char *alpn = qs_trace_get_fact (qs_run_get_trace (self->run), "tls.alpn");
  gint64 id = qs_stream_get_id (stream);
  g_autofree char *id_text = id >= 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, id) : g_strdup ("–");
  g_autofree char *read_error = qs_stream_code_to_text (qs_stream_get_read_error (stream), alpn);
  g_autofree char *write_error = qs_stream_code_to_text (qs_stream_get_write_error (stream), alpn);
  g_autofree char *sent = g_strdup_printf ("%'" G_GUINT64_FORMAT, qs_stream_get_bytes_sent (stream));
  g_autofree char *received = g_strdup_printf ("%'" G_GUINT64_FORMAT, qs_stream_get_bytes_received (stream));

  gtk_list_store_set (self->model, iter, QS_STREAM_COLUMN_STREAM, stream, QS_STREAM_COLUMN_ID, id_text,
                      QS_STREAM_COLUMN_DIRECTION, direction_words (qs_stream_is_bidirectional (stream)),
                      QS_STREAM_COLUMN_INITIATOR, initiator_words (qs_stream_is_local (stream)),
                      QS_STREAM_COLUMN_READ_STATE, qs_stream_state_name (qs_stream_get_read_state (stream)),
                      QS_STREAM_COLUMN_WRITE_STATE, qs_stream_state_name (qs_stream_get_write_state (stream)),
                      QS_STREAM_COLUMN_READ_ERROR, read_error, QS_STREAM_COLUMN_WRITE_ERROR, write_error,
                      QS_STREAM_COLUMN_SENT, sent, QS_STREAM_COLUMN_RECEIVED, received, QS_STREAM_COLUMN_NUMBER, id,
                      -1);
}

static gboolean
write_cb (gpointer data)
{
  QsStreamTable *self = data;
  GHashTableIter iter;
  gpointer stream;

  self->write_id = 0;
  g_hash_table_iter_init (&iter, self->changed);
  while (g_hash_table_iter_next (&iter, &stream, NULL))
    {
      GtkTreeIter *row = g_hash_table_lookup (self->rows, stream);
      if (row != NULL)
        write_row (self, row, stream);
    }
  g_hash_table_remove_all (self->changed);
  g_signal_emit (self, signals[CHANGED], 0);
  return G_SOURCE_REMOVE;
}

static void
schedule (QsStreamTable *self, gboolean slow)
{
  if (self->write_id != 0 && (slow || !self->write_is_slow))
    return;
  g_clear_handle_id (&self->write_id, g_source_remove);
  self->write_is_slow = slow;
  self->write_id = g_timeout_add_full (G_PRIORITY_HIGH_IDLE, slow ? BYTES_MS : STATE_MS, write_cb, self, NULL);
}

static void
stream_changed_cb (QsStream *stream, GParamSpec *pspec, QsStreamTable *self)
{
  g_hash_table_add (self->changed, stream);
  schedule (self, g_str_has_prefix (pspec->name, "bytes-") || g_str_equal (pspec->name, "received"));
}

static void
add_stream (QsStreamTable *self, guint position)
{
  g_autoptr (QsStream) stream = g_list_model_get_item (self->streams, position);
  GtkTreeIter iter;

  gtk_list_store_insert (self->model, &iter, (int) position);
  write_row (self, &iter, stream);
  g_hash_table_insert (self->rows, stream, gtk_tree_iter_copy (&iter));
  g_signal_connect (stream, "notify", G_CALLBACK (stream_changed_cb), self);
}

static void
forget_stream (QsStreamTable *self, QsStream *stream)
{
  g_signal_handlers_disconnect_by_func (stream, stream_changed_cb, self);
  g_hash_table_remove (self->rows, stream);
  g_hash_table_remove (self->changed, stream);
}

static void
remove_row (QsStreamTable *self, guint position)
{
  GtkTreeIter iter;
  g_autoptr (QsStream) stream = NULL;

  if (!gtk_tree_model_iter_nth_child (GTK_TREE_MODEL (self->model), &iter, NULL, (int) position))
    return;
  gtk_tree_model_get (GTK_TREE_MODEL (self->model), &iter, QS_STREAM_COLUMN_STREAM, &stream, -1);
  forget_stream (self, stream);
  gtk_list_store_remove (self->model, &iter);
}

static void
items_changed_cb (QsStreamTable *self, guint position, guint removed, guint added)
{
  for (guint i = 0; i < removed; i++)
    remove_row (self, position);
  for (guint i = 0; i < added; i++)
    add_stream (self, position + i);
  schedule (self, FALSE);
}

/* --- From a study ----------------------------------------------------------------------- */

static void
write_studied (QsStreamTable *self, GtkTreeIter *iter, const QsStudyStream *stream)
{
  const char *alpn = qs_run_get_summary (self->run)->alpn;
  g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, stream->id);
  g_autofree char *read_error = qs_stream_code_to_text (stream->read_error, alpn);
  g_autofree char *write_error = qs_stream_code_to_text (stream->write_error, alpn);
  g_autofree char *sent = g_strdup_printf ("%'" G_GUINT64_FORMAT, stream->sent);
  g_autofree char *received = g_strdup_printf ("%'" G_GUINT64_FORMAT, stream->received);

  /* RFC 9000, section 2.1: the two lowest bits of an id. */
  gtk_list_store_set (self->model, iter, QS_STREAM_COLUMN_ID, id, QS_STREAM_COLUMN_DIRECTION,
                      direction_words ((stream->id & 2) == 0), QS_STREAM_COLUMN_INITIATOR,
                      initiator_words ((stream->id & 1) == 0), QS_STREAM_COLUMN_READ_STATE,
                      qs_stream_state_name (stream->read_state), QS_STREAM_COLUMN_WRITE_STATE,
                      qs_stream_state_name (stream->write_state), QS_STREAM_COLUMN_READ_ERROR, read_error,
                      QS_STREAM_COLUMN_WRITE_ERROR, write_error, QS_STREAM_COLUMN_SENT, sent, QS_STREAM_COLUMN_RECEIVED,
                      received, QS_STREAM_COLUMN_NUMBER, stream->id, -1);
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  const QsStudyStream *left = *(QsStudyStream *const *) a, *right = *(QsStudyStream *const *) b;

  return left->id < right->id ? -1 : left->id > right->id;
}

/* In place: rows are by id, and new streams have mostly higher ones. */
static void
read_study (QsStreamTable *self)
{
  GPtrArray *streams = qs_study_get_streams (qs_run_get_study (self->run));
  g_autoptr (GPtrArray) sorted = g_ptr_array_sized_new (streams->len);
  GtkTreeModel *model = GTK_TREE_MODEL (self->model);
  GtkTreeIter iter;
  gboolean more = gtk_tree_model_get_iter_first (model, &iter);

  for (guint i = 0; i < streams->len; i++)
    g_ptr_array_add (sorted, streams->pdata[i]);
  g_ptr_array_sort (sorted, compare_ids);
  for (guint i = 0; i < MIN (sorted->len, QS_RECORDING_MAX_STREAMS); i++)
    {
      if (!more)
        gtk_list_store_append (self->model, &iter);
      write_studied (self, &iter, sorted->pdata[i]);
      more = more && gtk_tree_model_iter_next (model, &iter);
    }
  self->n_recorded = qs_study_get_n_streams (qs_run_get_study (self->run));
}

static void
run_changed_cb (QsStreamTable *self)
{
  if (self->until != G_MAXINT64)
    return; /* read once the replay is over */
  read_study (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* --- A moment of a replay ----------------------------------------------------------------- */

static void
write_then (QsStreamTable *self, GtkTreeIter *row, const QsStreamThen *then)
{
  static const QsStreamThen before = { "", "", -1, -1, 0, 0 };
  const char *alpn = qs_trace_get_fact (qs_run_get_trace (self->run), "tls.alpn");

  if (then == NULL)
    then = &before;
  g_autofree char *read_error = qs_stream_code_to_text (then->read_error, alpn);
  g_autofree char *write_error = qs_stream_code_to_text (then->write_error, alpn);
  g_autofree char *sent = g_strdup_printf ("%'" G_GUINT64_FORMAT, then->sent);
  g_autofree char *received = g_strdup_printf ("%'" G_GUINT64_FORMAT, then->received);
  gtk_list_store_set (self->model, row, QS_STREAM_COLUMN_READ_STATE, then->read_state, QS_STREAM_COLUMN_WRITE_STATE,
                      then->write_state, QS_STREAM_COLUMN_READ_ERROR, read_error, QS_STREAM_COLUMN_WRITE_ERROR,
                      write_error, QS_STREAM_COLUMN_SENT, sent, QS_STREAM_COLUMN_RECEIVED, received, -1);
}

static void
write_moment (QsStreamTable *self)
{
  GtkTreeModel *model = GTK_TREE_MODEL (self->model);
  GtkTreeIter row;

  for (gboolean more = gtk_tree_model_get_iter_first (model, &row); more; more = gtk_tree_model_iter_next (model, &row))
    {
      gint64 id;

      gtk_tree_model_get (model, &row, QS_STREAM_COLUMN_NUMBER, &id, -1);
      write_then (self, &row, qs_stream_moment_get (self->moment, id));
    }
  g_signal_emit (self, signals[CHANGED], 0);
}

static gboolean
seek_cb (gint64 deadline, gpointer data)
{
  QsStreamTable *self = data;

  if (!qs_stream_moment_seek (self->moment, self->until, deadline))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->seek, g_source_unref);
  write_moment (self);
  return G_SOURCE_REMOVE;
}

static void
end_moment (QsStreamTable *self)
{
  if (self->seek != NULL)
    g_source_destroy (self->seek);
  g_clear_pointer (&self->seek, g_source_unref);
  g_clear_pointer (&self->moment, qs_stream_moment_free);
}

/* What is, once more. */
static void
write_all (QsStreamTable *self)
{
  GHashTableIter iter;
  gpointer stream, row;

  if (self->streams == NULL)
    {
      run_changed_cb (self);
      return;
    }
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &stream, &row))
    write_row (self, row, stream);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* --- Overrides -------------------------------------------------------------------------- */

static void
qs_stream_table_dispose (GObject *object)
{
  QsStreamTable *self = QS_STREAM_TABLE (object);
  GHashTableIter iter;
  gpointer stream;

  end_moment (self);
  g_clear_handle_id (&self->write_id, g_source_remove);
  if (self->streams != NULL)
    g_signal_handlers_disconnect_by_data (self->streams, self);
  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &stream, NULL))
    g_signal_handlers_disconnect_by_func (stream, stream_changed_cb, self);
  g_hash_table_remove_all (self->rows);
  g_hash_table_remove_all (self->changed);
  g_clear_object (&self->streams);
  if (self->run != NULL)
    g_signal_handlers_disconnect_by_data (self->run, self);
  g_clear_object (&self->run);
  g_clear_object (&self->model);
  G_OBJECT_CLASS (qs_stream_table_parent_class)->dispose (object);
}

static void
qs_stream_table_finalize (GObject *object)
{
  QsStreamTable *self = QS_STREAM_TABLE (object);

  g_hash_table_unref (self->rows);
  g_hash_table_unref (self->changed);
  G_OBJECT_CLASS (qs_stream_table_parent_class)->finalize (object);
}

static void
qs_stream_table_class_init (QsStreamTableClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = qs_stream_table_dispose;
  G_OBJECT_CLASS (klass)->finalize = qs_stream_table_finalize;
  signals[CHANGED] =
      g_signal_new ("changed", QS_TYPE_STREAM_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_stream_table_init (QsStreamTable *self)
{
  self->until = G_MAXINT64;
  self->rows = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) gtk_tree_iter_free);
  self->changed = g_hash_table_new (NULL, NULL);
  self->model = gtk_list_store_new (QS_STREAM_N_COLUMNS, QS_TYPE_STREAM, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING,
                                    G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING,
                                    G_TYPE_STRING, G_TYPE_INT64);
}

QsStreamTable *
qs_stream_table_new (QsRun *run)
{
  g_return_val_if_fail (QS_IS_RUN (run), NULL);

  QsStreamTable *self = g_object_new (QS_TYPE_STREAM_TABLE, NULL);
  QsProbe *probe = qs_run_get_probe (run);
  self->run = g_object_ref (run);
  if (probe == NULL)
    {
      run_changed_cb (self);
      g_signal_connect_swapped (run, "changed", G_CALLBACK (run_changed_cb), self);
      return self;
    }
  self->streams = g_object_ref (qs_probe_get_streams (probe));
  g_signal_connect_swapped (self->streams, "items-changed", G_CALLBACK (items_changed_cb), self);
  for (guint i = 0; i < g_list_model_get_n_items (self->streams); i++)
    add_stream (self, i);
  return self;
}

void
qs_stream_table_set_until (QsStreamTable *self, gint64 until)
{
  g_return_if_fail (QS_IS_STREAM_TABLE (self));

  if (self->until == until)
    return;
  self->until = until;
  if (until == G_MAXINT64)
    {
      end_moment (self);
      write_all (self);
      return;
    }
  if (self->moment == NULL)
    self->moment = qs_stream_moment_new (qs_run_get_trace (self->run));
  if (self->seek == NULL &&
      !qs_stream_moment_seek (self->moment, until, g_get_monotonic_time () + QS_SLICE_BUDGET_US / 2))
    self->seek = qs_slice_add (NULL, "[quicscope] streams of a replay", seek_cb, self, NULL);
  if (self->seek == NULL)
    write_moment (self);
}

GtkTreeModel *
qs_stream_table_get_model (QsStreamTable *self)
{
  g_return_val_if_fail (QS_IS_STREAM_TABLE (self), NULL);

  return GTK_TREE_MODEL (self->model);
}

guint
qs_stream_table_get_length (QsStreamTable *self)
{
  g_return_val_if_fail (QS_IS_STREAM_TABLE (self), 0);

  return (guint) gtk_tree_model_iter_n_children (GTK_TREE_MODEL (self->model), NULL);
}

guint
qs_stream_table_get_n_streams (QsStreamTable *self)
{
  g_return_val_if_fail (QS_IS_STREAM_TABLE (self), 0);

  return MAX (self->n_recorded, qs_stream_table_get_length (self));
}

gboolean
qs_stream_table_uses_column (QsStreamTable *self, int column)
{
  g_return_val_if_fail (QS_IS_STREAM_TABLE (self) && column >= 0 && column < QS_STREAM_N_COLUMNS, FALSE);

  GtkTreeModel *model = GTK_TREE_MODEL (self->model);
  GtkTreeIter row;
  gboolean used = FALSE;

  for (gboolean more = gtk_tree_model_get_iter_first (model, &row); more && !used;
       more = gtk_tree_model_iter_next (model, &row))
    {
      g_autofree char *text = NULL;
      gtk_tree_model_get (model, &row, column, &text, -1);
      used = text != NULL && *text != '\0';
    }
  return used;
}
