/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QsTrace: what is derived from its records. All of it in the owner's thread, so without the lock. */
#include <string.h>

#include "trace/qs-trace-private.h"

guint
qs_trace_get_n_packets (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);
  return self->packets.length;
}

const QsPacket *
qs_trace_get_packet (QsTrace *self, guint index)
{
  g_assert (index < self->packets.length);
  return qs_chunks_get (&self->packets, index);
}

guint64
qs_trace_get_n_frames (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);
  return self->n_frames;
}

guint
qs_trace_get_n_messages (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), 0);
  return self->messages != NULL ? self->messages->len : 0;
}

const QsTraceMessage *
qs_trace_get_message (QsTrace *self, guint index)
{
  g_return_val_if_fail (QS_IS_TRACE (self), NULL);
  g_assert (self->messages != NULL && index < self->messages->len);
  return g_ptr_array_index (self->messages, index);
}

GBytes *
qs_trace_dup_payload (QsTrace *self, guint packet)
{
  g_return_val_if_fail (QS_IS_TRACE (self) && packet < self->packets.length, NULL);

  return self->payload_func != NULL ? self->payload_func (self, packet, self->source_data) : NULL;
}

static GArray *
parse_frames (GBytes *payload)
{
  GArray *frames = g_array_new (FALSE, FALSE, sizeof (QsFrame));
  gsize length, at = 0;
  const guint8 *bytes = payload != NULL ? g_bytes_get_data (payload, &length) : NULL;
  QsFrame frame;

  while (bytes != NULL && at < length && qs_frame_parse (QS_SPAN (bytes, length), &at, &frame, NULL))
    g_array_append_val (frames, frame);
  return frames;
}

GArray *
qs_trace_dup_frames (QsTrace *self, guint packet, GBytes **payload)
{
  g_return_val_if_fail (QS_IS_TRACE (self) && packet < self->packets.length && payload != NULL, NULL);

  *payload = NULL;
  if (self->frames_func != NULL)
    return self->frames_func (self, packet, payload, self->source_data);

  /* A TLS record's payload is no frames. */
  if (qs_trace_get_packet (self, packet)->type != QS_PACKET_TLS_RECORD)
    *payload = qs_trace_dup_payload (self, packet);
  return parse_frames (*payload);
}

/* --- Deriving --- */

void
qs_trace_set_payload_source (QsTrace *self, QsPayloadFunc payload, QsFramesFunc frames, gpointer data,
                             GDestroyNotify destroy)
{
  g_return_if_fail (QS_IS_TRACE (self));

  qs_trace_clear_payload_source (self);
  self->payload_func = payload;
  self->frames_func = frames;
  self->source_data = data;
  self->source_destroy = destroy;
}

void
qs_trace_set_stream_source (QsTrace *self, QsStreamPacketsFunc func)
{
  g_return_if_fail (QS_IS_TRACE (self));

  self->stream_func = func;
}

gboolean
qs_trace_list_stream_packets (QsTrace *self, guint64 stream, GPtrArray *lists)
{
  g_return_val_if_fail (QS_IS_TRACE (self) && lists != NULL, FALSE);

  return self->stream_func != NULL && self->stream_func (self, stream, lists, self->source_data);
}

guint
qs_trace_add_packet (QsTrace *self, const QsPacket *packet)
{
  guint index = self->packets.length;

  QsPacket *kept = qs_chunks_append (&self->packets);

  *kept = *packet;
  kept->time = CLAMP (packet->time, -QS_TRACE_MAX_TIME, QS_TRACE_MAX_TIME);
  return index;
}

QsPacket *
qs_trace_edit_packet (QsTrace *self, guint index)
{
  g_assert (index < self->packets.length);
  return qs_chunks_get (&self->packets, index);
}

void
qs_trace_add_n_frames (QsTrace *self, guint n)
{
  self->n_frames += n;
}

void
qs_trace_message_free (QsTraceMessage *message)
{
  if (message == NULL)
    return;
  g_clear_pointer (&message->message, qs_tls_message_free); /* its spans point into bytes */
  g_clear_pointer (&message->bytes, g_bytes_unref);
  g_free (message);
}

void
qs_trace_add_message (QsTrace *self, QsTraceMessage *message)
{
  g_return_if_fail (QS_IS_TRACE (self) && message != NULL);

  if (!qs_trace_charge (self, sizeof *message + 2 * g_bytes_get_size (message->bytes)))
    {
      g_mutex_lock (&self->lock);
      self->budget.not_kept.messages++;
      g_mutex_unlock (&self->lock);
      qs_trace_message_free (message);
      return;
    }
  if (self->messages == NULL)
    self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_trace_message_free);
  g_ptr_array_add (self->messages, message);
  qs_trace_changed (self);
}

void
qs_trace_get_unfinished (QsTrace *self, QsDirection direction, QsTraceUnfinished *unfinished)
{
  g_return_if_fail (QS_IS_TRACE (self) && direction < 2 && unfinished != NULL);

  *unfinished = self->unfinished[direction];
}

void
qs_trace_set_unfinished (QsTrace *self, QsDirection direction, const QsTraceUnfinished *unfinished)
{
  g_return_if_fail (QS_IS_TRACE (self) && direction < 2 && unfinished != NULL);

  self->unfinished[direction] = *unfinished;
}

void
qs_trace_forget_derived (QsTrace *self)
{
  g_return_if_fail (QS_IS_TRACE (self));

  if (qs_trace_get_n_datagrams (self) == 0)
    return;
  qs_trace_clear_payload_source (self);
  qs_chunks_clear (&self->packets);
  qs_chunks_init (&self->packets, sizeof (QsPacket));
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_clear_pointer (&self->http3, qs_http3_pieces_free);
  g_clear_pointer (&self->metrics, qs_metrics_free);
  memset (self->unfinished, 0, sizeof self->unfinished);
  self->n_frames = 0;
}

QsMetrics *
qs_trace_get_metrics (QsTrace *self)
{
  g_return_val_if_fail (QS_IS_TRACE (self), NULL);

  if (self->metrics == NULL)
    self->metrics = qs_metrics_new ();
  return self->metrics;
}
