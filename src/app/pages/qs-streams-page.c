/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-streams-page.h"

#include <inttypes.h>
#include <string.h>

#include "app/models/qs-stream-table.h"
#include "app/widgets/qs-bytes-view.h"
#include "app/widgets/qs-copy.h"
#include "app/widgets/qs-empty-state.h"
#include "app/widgets/qs-wrap-box.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "trace/qs-metrics.h"

struct _QsStreamsPage {
  QsPage parent;
  GtkStack *stack;
  GtkTreeView *view;
  GtkTreeSelection *selection;
  GtkLabel *heading, *count, *received_label, *error;
  QsBytesView *received;
  GtkEntry *text, *code;
  GtkToggleButton *conclude_after;
  GtkWidget *send, *conclude, *reset, *stop, *open_bidi, *open_uni;
  QsStreamTable *table;
  GtkWidget *controls; /* for streams that can still be used */
  QsStream *stream;    /* the selected one */
  gint64 recorded;     /* or its id, from a file; -1: none */
};

G_DEFINE_FINAL_TYPE (QsStreamsPage, qs_streams_page, QS_TYPE_PAGE)

static const struct {
  int column;
  const char *title;
  gboolean number;
} columns[] = {
  { QS_STREAM_COLUMN_ID, N_ ("Id"), TRUE },
  { QS_STREAM_COLUMN_DIRECTION, N_ ("Direction"), FALSE },
  { QS_STREAM_COLUMN_INITIATOR, N_ ("Opened by"), FALSE },
  { QS_STREAM_COLUMN_READ_STATE, N_ ("Reading"), FALSE },
  { QS_STREAM_COLUMN_WRITE_STATE, N_ ("Writing"), FALSE },
  { QS_STREAM_COLUMN_READ_ERROR, N_ ("Read error"), FALSE },
  { QS_STREAM_COLUMN_WRITE_ERROR, N_ ("Write error"), FALSE },
  { QS_STREAM_COLUMN_SENT, N_ ("Sent"), TRUE },
  { QS_STREAM_COLUMN_RECEIVED, N_ ("Received"), TRUE },
};

static void
show_error (QsStreamsPage *self, const GError *error)
{
  gtk_label_set_text (self->error, error != NULL ? error->message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), error != NULL);
}

static gboolean
is_open (QsStreamsPage *self)
{
  QsRun *run = qs_page_get_run (QS_PAGE (self));

  return run != NULL && qs_run_get_status (run) == QS_RUN_OPEN;
}

/* TLS over TCP has the one stream that it is. */
static gboolean
has_streams (QsStreamsPage *self)
{
  QsRun *run = qs_page_get_run (QS_PAGE (self));
  QsProbe *probe = run != NULL ? qs_run_get_probe (run) : NULL;

  return probe != NULL && qs_target_get_transport (qs_probe_get_target (probe)) == QS_TRANSPORT_QUIC;
}

static void
show_received_label (QsStreamsPage *self, guint64 total)
{
  g_autofree char *size = qs_text_size (total);
  g_autofree char *limit = qs_text_size (qs_bytes_view_get_limit (self->received));
  g_autofree char *label = total > qs_bytes_view_get_limit (self->received)
                               ? g_strdup_printf (_ ("Received: %s, the first %s are shown"), size, limit)
                               : g_strdup_printf (_ ("Received: %s"), size);

  gtk_label_set_text (self->received_label, label);
}

static void
show_recorded (QsStreamsPage *self)
{
  QsRun *run = qs_page_get_run (QS_PAGE (self));
  QsRecording *recording = qs_study_get_recording (qs_run_get_study (run));
  g_autoptr (GBytes) bytes = NULL;

  qs_bytes_view_set_growing (self->received, FALSE);
  if (!qs_bytes_view_wants (self->received, recording))
    return;
  bytes = qs_recording_dup_stream (recording, self->recorded, QS_DIRECTION_RECEIVED, QS_BYTES_VIEW_TEXT_LIMIT);
  qs_bytes_view_set_bytes (self->received, recording, bytes);
  const QsStreamFigures *figures =
      qs_metrics_get_stream (qs_trace_get_metrics (qs_run_get_trace (run)), (guint64) self->recorded);
  guint64 total = figures != NULL ? figures->bytes[QS_DIRECTION_RECEIVED] : g_bytes_get_size (bytes);
  if (total == 0 || g_bytes_get_size (bytes) > 0)
    show_received_label (self, total);
  else
    {
      g_autofree char *size = qs_text_size (total);
      g_autofree char *label = g_strdup_printf (_ ("Received: %s, which this file does not hold"), size);
      gtk_label_set_text (self->received_label, label);
    }
}

static void
show_received (QsStreamsPage *self)
{
  if (self->stream == NULL && self->recorded < 0)
    {
      qs_bytes_view_clear (self->received);
      gtk_label_set_text (self->received_label, _ ("Received"));
      return;
    }
  if (self->stream == NULL)
    {
      show_recorded (self);
      return;
    }

  guint64 total = qs_stream_get_bytes_received (self->stream);
  qs_bytes_view_set_growing (self->received, is_open (self) && qs_stream_get_read_state (self->stream) == QS_STREAM_OK);
  if (qs_bytes_view_wants (self->received, self->stream))
    {
      g_autoptr (GBytes) bytes = qs_stream_dup_received_start (self->stream, QS_BYTES_VIEW_TEXT_LIMIT);
      qs_bytes_view_set_bytes (self->received, self->stream, bytes);
    }
  show_received_label (self, total);
}

static void
update_actions (QsStreamsPage *self)
{
  gboolean open = is_open (self);
  gboolean writes = open && self->stream != NULL && qs_stream_get_write_state (self->stream) == QS_STREAM_OK;
  gboolean reads = open && self->stream != NULL && qs_stream_get_read_state (self->stream) == QS_STREAM_OK;
  gboolean quic = has_streams (self);

  gtk_widget_set_sensitive (GTK_WIDGET (self->text), writes);
  gtk_widget_set_sensitive (GTK_WIDGET (self->conclude_after), writes);
  gtk_widget_set_sensitive (self->send, writes && gtk_entry_get_text_length (self->text) > 0);
  gtk_widget_set_sensitive (self->conclude, writes);
  gtk_widget_set_sensitive (self->reset, writes && quic);
  gtk_widget_set_sensitive (GTK_WIDGET (self->code), writes && quic);
  gtk_widget_set_sensitive (self->stop, reads && quic);
  gtk_widget_set_sensitive (self->open_bidi, open && quic);
  gtk_widget_set_sensitive (self->open_uni, open && quic);
}

static void
show_heading (QsStreamsPage *self)
{
  gint64 id = self->stream != NULL ? qs_stream_get_id (self->stream) : self->recorded;
  g_autofree char *heading = g_strdup_printf (_ ("Stream %" PRId64), id);

  if (self->stream == NULL && id < 0)
    gtk_label_set_text (self->heading, _ ("No stream is selected"));
  else if (id < 0)
    gtk_label_set_text (self->heading, _ ("New stream: it gets its id with the first byte"));
  else
    gtk_label_set_text (self->heading, heading);
}

static void
show_stream (QsStreamsPage *self)
{
  show_heading (self);
  show_received (self);
  update_actions (self);
}

static void
selection_changed_cb (QsStreamsPage *self)
{
  GtkTreeModel *model;
  GtkTreeIter iter;
  g_autoptr (QsStream) stream = NULL;
  gint64 recorded = -1;

  if (gtk_tree_selection_get_selected (self->selection, &model, &iter))
    gtk_tree_model_get (model, &iter, QS_STREAM_COLUMN_STREAM, &stream, QS_STREAM_COLUMN_NUMBER, &recorded, -1);
  if (stream != NULL)
    recorded = -1;
  if (recorded != self->recorded)
    qs_bytes_view_clear (self->received);
  self->recorded = recorded;
  if (g_set_object (&self->stream, stream))
    show_error (self, NULL);
  show_stream (self);
}

static void
select_first (QsStreamsPage *self)
{
  GtkTreeIter iter;

  if (gtk_tree_selection_get_selected (self->selection, NULL, NULL))
    return;
  if (gtk_tree_model_get_iter_first (gtk_tree_view_get_model (self->view), &iter))
    gtk_tree_selection_select_iter (self->selection, &iter);
}

static void
select_stream (QsStreamsPage *self, QsStream *wanted)
{
  GtkTreeModel *model = gtk_tree_view_get_model (self->view);
  GtkTreeIter iter;

  for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
       more = gtk_tree_model_iter_next (model, &iter))
    {
      g_autoptr (QsStream) stream = NULL;
      gtk_tree_model_get (model, &iter, QS_STREAM_COLUMN_STREAM, &stream, -1);
      if (stream == wanted)
        gtk_tree_selection_select_iter (self->selection, &iter);
    }
}

static void
show_count (QsStreamsPage *self)
{
  guint n = qs_stream_table_get_n_streams (self->table), shown = qs_stream_table_get_length (self->table);
  g_autofree char *text = g_strdup_printf (_ ("the first %u of %u"), shown, n);

  gtk_label_set_text (self->count, text);
  gtk_widget_set_visible (GTK_WIDGET (self->count), n > shown);
}

/* Most streams have no errors, and their columns would push the figures out of a small window. */
static void
show_error_columns (QsStreamsPage *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    if (columns[i].column == QS_STREAM_COLUMN_READ_ERROR || columns[i].column == QS_STREAM_COLUMN_WRITE_ERROR)
      gtk_tree_view_column_set_visible (gtk_tree_view_get_column (self->view, (int) i),
                                        qs_stream_table_uses_column (self->table, columns[i].column));
}

static void
table_changed_cb (QsStreamsPage *self)
{
  gtk_stack_set_visible_child_name (
      self->stack, qs_stream_table_get_length (self->table) > 0 || is_open (self) ? "content" : "none");
  select_first (self);
  show_stream (self);
  show_count (self);
  show_error_columns (self);
}

/* --- What a person does ----------------------------------------------------------------- */

static void
send_cb (QsStreamsPage *self)
{
  g_autoptr (GError) error = NULL;
  const char *text = gtk_entry_get_text (self->text);

  if (self->stream == NULL || *text == '\0')
    return;
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  if (qs_stream_send (self->stream, bytes, gtk_toggle_button_get_active (self->conclude_after), &error))
    gtk_entry_set_text (self->text, "");
  show_error (self, error);
}

static void
conclude_cb (QsStreamsPage *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);

  if (self->stream != NULL)
    qs_stream_send (self->stream, nothing, TRUE, &error);
  show_error (self, error);
}

/* Decimal, or hexadecimal with 0x; a QUIC variable-length integer (RFC 9000, section 16). */
static gboolean
parse_code (const char *text, guint64 *code, GError **error)
{
  gboolean hex = g_str_has_prefix (text, "0x") || g_str_has_prefix (text, "0X");

  if (g_ascii_string_to_unsigned (hex ? text + 2 : text, hex ? 16 : 10, 0, (G_GUINT64_CONSTANT (1) << 62) - 1, code,
                                  NULL))
    return TRUE;
  g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET, _ ("The code is a number below 2⁶², as 66 or 0x42."));
  return FALSE;
}

static void
reset_cb (QsStreamsPage *self)
{
  g_autoptr (GError) error = NULL;
  guint64 code;

  if (self->stream != NULL && parse_code (gtk_entry_get_text (self->code), &code, &error))
    qs_stream_reset (self->stream, code, &error);
  show_error (self, error);
}

static void
stop_cb (QsStreamsPage *self)
{
  g_autoptr (GError) error = NULL;

  if (self->stream != NULL)
    qs_stream_stop_reading (self->stream, &error);
  show_error (self, error);
}

static void
open_stream (QsStreamsPage *self, gboolean bidirectional)
{
  g_autoptr (GError) error = NULL;
  QsRun *run = qs_page_get_run (QS_PAGE (self));
  QsStream *stream = qs_probe_open_stream (qs_run_get_probe (run), bidirectional, &error);

  show_error (self, error);
  if (stream == NULL)
    return;
  select_stream (self, stream);
  gtk_widget_grab_focus (GTK_WIDGET (self->text));
}

static void
open_bidi_cb (QsStreamsPage *self)
{
  open_stream (self, TRUE);
}

static void
open_uni_cb (QsStreamsPage *self)
{
  open_stream (self, FALSE);
}

/* --- Set-up ----------------------------------------------------------------------------- */

static void
add_columns (QsStreamsPage *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      GtkCellRenderer *cell = gtk_cell_renderer_text_new ();
      GtkTreeViewColumn *column =
          gtk_tree_view_column_new_with_attributes (_ (columns[i].title), cell, "text", columns[i].column, NULL);
      float align = columns[i].number ? 1 : 0;

      g_object_set (cell, "xalign", align, "xpad", 4, NULL);
      gtk_tree_view_column_set_alignment (column, align);
      gtk_tree_view_column_set_resizable (column, TRUE);
      gtk_tree_view_column_set_expand (column, columns[i].column == QS_STREAM_COLUMN_WRITE_STATE);
      gtk_tree_view_append_column (self->view, column);
    }
}

static void
set_table (QsStreamsPage *self, QsStreamTable *table)
{
  if (self->table != NULL)
    g_signal_handlers_disconnect_by_func (self->table, table_changed_cb, self);
  g_set_object (&self->table, table);
  g_clear_object (&self->stream);
  self->recorded = -1;
  if (table != NULL)
    g_signal_connect_swapped (table, "changed", G_CALLBACK (table_changed_cb), self);
}

static void
qs_streams_page_run_changed (QsPage *page, QsRun *run)
{
  QsStreamsPage *self = QS_STREAMS_PAGE (page);
  g_autoptr (QsStreamTable) table = run != NULL ? qs_stream_table_new (run) : NULL;

  gboolean live = run != NULL && qs_run_get_probe (run) != NULL;

  gtk_tree_view_set_model (self->view, NULL);
  set_table (self, table);
  show_error (self, NULL);
  qs_bytes_view_clear (self->received);
  gtk_widget_set_visible (self->controls, live);
  gtk_widget_set_visible (self->open_bidi, live);
  gtk_widget_set_visible (self->open_uni, live);
  if (table == NULL)
    {
      gtk_stack_set_visible_child_name (self->stack, "empty");
      return;
    }
  gtk_tree_view_set_model (self->view, qs_stream_table_get_model (table));
  table_changed_cb (self);
}

/* Of a replay; a hidden page is told when it appears. */
static void
sync_moment (QsStreamsPage *self)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));
  QsReplay *replay = session != NULL ? qs_session_get_replay (session) : NULL;

  if (self->table != NULL && replay != NULL && gtk_widget_get_mapped (GTK_WIDGET (self)) &&
      qs_run_get_trace (qs_page_get_run (QS_PAGE (self))) == qs_replay_get_trace (replay))
    qs_stream_table_set_until (self->table, qs_replay_get_position (replay));
}

static void
qs_streams_page_session_set (QsPage *page, QsSession *session)
{
  g_signal_connect_object (qs_session_get_replay (session), "notify::position", G_CALLBACK (sync_moment), page,
                           G_CONNECT_SWAPPED);
  g_signal_connect (page, "map", G_CALLBACK (sync_moment), NULL);
}

static void
qs_streams_page_update (QsPage *page, QsRun *run)
{
  sync_moment (QS_STREAMS_PAGE (page));
  table_changed_cb (QS_STREAMS_PAGE (page));
}

static void
qs_streams_page_dispose (GObject *object)
{
  QsStreamsPage *self = QS_STREAMS_PAGE (object);

  if (self->table != NULL)
    set_table (self, NULL);
  G_OBJECT_CLASS (qs_streams_page_parent_class)->dispose (object);
}

static GtkWidget *
qs_streams_page_get_content (QsPage *page)
{
  return GTK_WIDGET (QS_STREAMS_PAGE (page)->view);
}

static void
qs_streams_page_class_init (QsStreamsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_streams_page_dispose;
  QS_PAGE_CLASS (klass)->session_set = qs_streams_page_session_set;
  QS_PAGE_CLASS (klass)->run_changed = qs_streams_page_run_changed;
  QS_PAGE_CLASS (klass)->update = qs_streams_page_update;
  QS_PAGE_CLASS (klass)->get_content = qs_streams_page_get_content;

  g_type_ensure (QS_TYPE_BYTES_VIEW);
  g_type_ensure (QS_TYPE_EMPTY_STATE);
  g_type_ensure (QS_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-streams-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, view);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, selection);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, heading);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, count);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, controls);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, received_label);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, error);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, received);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, text);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, code);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, conclude_after);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, send);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, conclude);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, reset);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, stop);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, open_bidi);
  gtk_widget_class_bind_template_child (widget_class, QsStreamsPage, open_uni);
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, update_actions);
  gtk_widget_class_bind_template_callback (widget_class, send_cb);
  gtk_widget_class_bind_template_callback (widget_class, conclude_cb);
  gtk_widget_class_bind_template_callback (widget_class, reset_cb);
  gtk_widget_class_bind_template_callback (widget_class, stop_cb);
  gtk_widget_class_bind_template_callback (widget_class, open_bidi_cb);
  gtk_widget_class_bind_template_callback (widget_class, open_uni_cb);
}

static void
qs_streams_page_init (QsStreamsPage *self)
{
  self->recorded = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
  add_columns (self);
  qs_copy_enable (GTK_WIDGET (self->view));
}
