/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-stream-moment.h"

#include <string.h>

#define PACKETS_PER_LOOK 16 /* at the clock: each is decrypted */
#define STREAM_FRAMES ((G_GUINT64_CONSTANT (1) << QS_FRAME_STREAM) | (G_GUINT64_CONSTANT (1) << QS_FRAME_RESET_STREAM))

typedef struct {
  gint64 id; /* also the key */
  QsStreamThen then;
  gboolean told; /* by a mark: frames do not change its states */
} Stream;

struct _QsStreamMoment {
  QsTrace *trace;
  gint64 until;
  guint n_packets, n_marks; /* that were taken in */
  GHashTable *streams;      /* gint64 * -> Stream */
};

static Stream *
ensure (QsStreamMoment *self, gint64 id)
{
  Stream *stream = g_hash_table_lookup (self->streams, &id);

  if (stream != NULL)
    return stream;
  /* RFC 9000, section 2.1: the two lowest bits of an id. */
  gboolean by_own = ((id & 1) == 0) == (qs_trace_get_vantage (self->trace) != QS_VANTAGE_SERVER);
  gboolean both = (id & 2) == 0;
  const char *ok = qs_stream_state_name (QS_STREAM_OK), *wrong = qs_stream_state_name (QS_STREAM_WRONG_DIR);

  stream = g_new0 (Stream, 1);
  stream->id = id;
  stream->then = (QsStreamThen){ both || !by_own ? ok : wrong, both || by_own ? ok : wrong, -1, -1, 0, 0 };
  g_hash_table_insert (self->streams, &stream->id, stream);
  return stream;
}

/* --- Frames --- */

static void
end_direction (Stream *stream, QsDirection direction, QsStreamState state, gint64 code)
{
  gboolean sent = direction == QS_DIRECTION_SENT;

  *(sent ? &stream->then.write_error : &stream->then.read_error) = code;
  if (!stream->told)
    *(sent ? &stream->then.write_state : &stream->then.read_state) = qs_stream_state_name (state);
}

static void
take_frame (QsStreamMoment *self, const QsFrame *frame, QsDirection direction)
{
  gboolean sent = direction == QS_DIRECTION_SENT;

  if (frame->type == QS_FRAME_RESET_STREAM)
    end_direction (ensure (self, (gint64) frame->stream_id), direction,
                   sent ? QS_STREAM_RESET_LOCAL : QS_STREAM_RESET_REMOTE, (gint64) frame->error_code);
  if (qs_frame_base_type (frame->type) != QS_FRAME_STREAM)
    return;

  Stream *stream = ensure (self, (gint64) frame->stream_id);
  guint64 *bytes = sent ? &stream->then.sent : &stream->then.received;
  *bytes = MAX (*bytes, frame->stream_offset + frame->data.length);
  if (frame->fin)
    end_direction (stream, direction, QS_STREAM_FINISHED, -1);
}

static void
take_packet (QsStreamMoment *self, const QsPacket *packet)
{
  if ((packet->frames & STREAM_FRAMES) == 0 || (packet->flags & QS_PACKET_DROPPED) != 0)
    return;

  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (self->trace, self->n_packets, &payload);
  for (guint i = 0; i < frames->len; i++)
    take_frame (self, &g_array_index (frames, QsFrame, i), packet->direction);
}

static gboolean
take_packets (QsStreamMoment *self, gint64 deadline)
{
  guint n = qs_trace_get_n_packets (self->trace);

  while (self->n_packets < n)
    {
      const QsPacket *packet = qs_trace_get_packet (self->trace, self->n_packets);

      if (packet->time > self->until)
        break;
      take_packet (self, packet);
      self->n_packets++;
      if (deadline != 0 && self->n_packets % PACKETS_PER_LOOK == 0 && g_get_monotonic_time () >= deadline)
        return FALSE;
    }
  return TRUE;
}

/* --- Marks --- */

static void
take_mark (QsStreamMoment *self, const QsMark *mark)
{
  Stream *stream = ensure (self, mark->stream);

  stream->told = TRUE;
  stream->then.read_state = qs_stream_state_name (mark->read_state);
  stream->then.write_state = qs_stream_state_name (mark->write_state);
}

static void
take_marks (QsStreamMoment *self)
{
  for (guint n = qs_trace_get_n_marks (self->trace); self->n_marks < n; self->n_marks++)
    {
      gint64 time;
      const QsMark *mark = qs_trace_get_mark (self->trace, self->n_marks, &time);

      if (time > self->until)
        break;
      if (mark->kind == QS_MARK_STREAM && mark->stream >= 0)
        take_mark (self, mark);
    }
}

/* --- Public functions --- */

QsStreamMoment *
qs_stream_moment_new (QsTrace *trace)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  QsStreamMoment *self = g_new0 (QsStreamMoment, 1);
  self->trace = g_object_ref (trace);
  self->streams = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  return self;
}

void
qs_stream_moment_free (QsStreamMoment *self)
{
  g_hash_table_unref (self->streams);
  g_object_unref (self->trace);
  g_free (self);
}

gboolean
qs_stream_moment_seek (QsStreamMoment *self, gint64 until, gint64 deadline)
{
  g_return_val_if_fail (self != NULL, TRUE);

  if (until < self->until)
    {
      g_hash_table_remove_all (self->streams);
      self->n_packets = self->n_marks = 0;
    }
  self->until = until;
  take_marks (self);
  return take_packets (self, deadline);
}

const QsStreamThen *
qs_stream_moment_get (QsStreamMoment *self, gint64 id)
{
  g_return_val_if_fail (self != NULL, NULL);

  Stream *stream = g_hash_table_lookup (self->streams, &id);
  return stream != NULL ? &stream->then : NULL;
}
