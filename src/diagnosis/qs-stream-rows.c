/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "diagnosis/qs-summary.h"

typedef struct {
  GPtrArray *rows;   /* in order */
  GHashTable *by_id; /* gint64 in the row -> row */
} Rows;

static QsStreamRow *
find_row (Rows *self, gint64 id)
{
  QsStreamRow *row = g_hash_table_lookup (self->by_id, &id);

  if (row != NULL)
    return row;
  row = g_new0 (QsStreamRow, 1);
  row->id = id;
  row->read_error = row->write_error = -1;
  row->read_state = row->write_state = "NONE";
  g_ptr_array_add (self->rows, row);
  g_hash_table_insert (self->by_id, &row->id, row);
  return row;
}

static gboolean
is_reset (const char *state)
{
  return state != NULL && g_str_has_prefix (state, "RESET_");
}

static void
read_stream_mark (QsStreamRow *row, const QsMark *mark)
{
  row->read_state = qs_stream_state_name (mark->read_state);
  row->write_state = qs_stream_state_name (mark->write_state);
  row->read_error = mark->read_error;
  row->write_error = mark->write_error;
  row->received = mark->received;
  row->sent = mark->sent;
}

static void
read_stream_frame (Rows *rows, const QsPacket *packet, const QsFrame *frame)
{
  gboolean in = packet->direction == QS_DIRECTION_RECEIVED;
  QsFrameType type = qs_frame_base_type (frame->type);

  if (type != QS_FRAME_STREAM && type != QS_FRAME_RESET_STREAM && type != QS_FRAME_STOP_SENDING)
    return;
  QsStreamRow *row = find_row (rows, (gint64) frame->stream_id);
  guint64 *bytes = in ? &row->received : &row->sent;
  const char **state = in ? &row->read_state : &row->write_state;
  gint64 *error = in ? &row->read_error : &row->write_error;
  if (type == QS_FRAME_STREAM)
    {
      *bytes = MAX (*bytes, frame->stream_offset + frame->data.length);
      if (!is_reset (*state))
        *state = frame->fin || g_strcmp0 (*state, "FINISHED") == 0 ? "FINISHED" : "OK";
    }
  else if (type == QS_FRAME_RESET_STREAM)
    {
      *state = in ? "RESET_REMOTE" : "RESET_LOCAL";
      *error = (gint64) frame->error_code;
    }
}

/* From a file: what the STREAM frames say. Bounded: a report is no place for a million streams' packets. */
static void
read_streams_of_packets (Rows *rows, QsTrace *trace)
{
  const guint64 wanted = G_GUINT64_CONSTANT (1) << QS_FRAME_STREAM | G_GUINT64_CONSTANT (1) << QS_FRAME_RESET_STREAM |
                         G_GUINT64_CONSTANT (1) << QS_FRAME_STOP_SENDING;
  guint n = qs_trace_get_n_packets (trace);

  for (guint i = 0, opened = 0; i < n && opened < 20000; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      if ((packet->frames & wanted) == 0)
        continue;
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (trace, i, &payload);
      for (guint j = 0; j < frames->len; j++)
        read_stream_frame (rows, packet, &g_array_index (frames, QsFrame, j));
      opened++;
    }
}

GPtrArray *
qs_stream_rows (QsTrace *trace)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  g_autoptr (GHashTable) by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  Rows rows = { g_ptr_array_new_with_free_func (g_free), by_id };

  for (guint i = 0; i < qs_trace_get_n_marks (trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (trace, i, NULL);
      if (mark->kind == QS_MARK_STREAM && mark->stream >= 0)
        read_stream_mark (find_row (&rows, mark->stream), mark);
    }
  if (rows.rows->len == 0)
    read_streams_of_packets (&rows, trace);
  return rows.rows;
}
