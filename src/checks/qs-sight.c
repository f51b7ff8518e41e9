/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/qs-sight.h"

#include <string.h>

#include "base/qs-text.h"
#include "craft/qs-craft-run.h"
#include "trace/qs-trace-http3.h"
#include "wire/qs-http3.h"
#include "wire/qs-transport-parameters.h"

#define REASON_LENGTH 120

/* --- Marks --- */

static void
look_at_mark (QsSight *self, const QsMark *mark, guint record)
{
  if (mark->kind == QS_MARK_ICMP)
    self->icmp = TRUE;
  if (mark->kind != QS_MARK_NOTE || mark->name == NULL)
    return;
  if (g_str_equal (mark->name, QS_CRAFT_MARK_ACT) && self->act == G_MAXUINT)
    {
      self->act = record + 1;
      self->act_step = (guint) mark->value;
    }
  else if (g_str_equal (mark->name, QS_CRAFT_MARK_AFTER) && self->after == G_MAXUINT)
    self->after = record + 1;
  else if (g_str_equal (mark->name, QS_CRAFT_MARK_MISSED))
    {
      self->missed = TRUE;
      /* The act itself could not be done: it never was. */
      if (self->act != G_MAXUINT && self->act_step == (guint) mark->value)
        self->act = G_MAXUINT;
    }
}

static void
look_at_datagram (QsSight *self, const QsRecord *record, guint index)
{
  gboolean behind = self->act != G_MAXUINT && index >= self->act;

  if (record->direction == QS_DIRECTION_SENT)
    {
      self->sent_bytes += record->length;
      if (behind && self->act_bytes == 0)
        self->act_bytes = record->length;
      return;
    }
  self->n_received++;
  self->last_received = record->time;
  self->received_bytes += record->length;
  if (!behind)
    return;
  self->n_received_after_act++;
  self->largest_after_act = MAX (self->largest_after_act, record->length);
}

static void
look_at_records (QsSight *self)
{
  QsRecord record;

  for (guint i = 0; i < qs_trace_get_n_records (self->trace); i++)
    {
      qs_trace_get_record (self->trace, i, &record);
      if (record.kind == QS_RECORD_MARK)
        look_at_mark (self, record.mark, i);
      else if (record.kind == QS_RECORD_DATAGRAM)
        look_at_datagram (self, &record, i);
    }
}

/* --- Packets --- */

static QsSightStream *
find_stream (QsSight *self, guint64 id)
{
  return (id & 3) == 0 && id / 4 < QS_SIGHT_MOST_STREAMS ? &self->streams[id / 4] : NULL;
}

static void
look_at_stream (QsSight *self, guint packet, const QsFrame *frame)
{
  QsSightStream *stream = find_stream (self, frame->stream_id);
  QsFrameType type = qs_frame_base_type (frame->type);

  if (stream == NULL)
    return;
  stream->packet = packet;
  if (type == QS_FRAME_STREAM)
    stream->bytes = TRUE;
  else if (type == QS_FRAME_RESET_STREAM)
    {
      stream->reset = TRUE;
      stream->reset_code = frame->error_code;
    }
  else
    {
      stream->stopped = TRUE;
      stream->stop_code = frame->error_code;
    }
}

static void
look_at_close (QsSight *self, guint index, const QsPacket *packet, const QsFrame *frame)
{
  if (self->closed)
    return;
  self->closed = TRUE;
  self->closed_early = self->act != G_MAXUINT && packet->record < self->act;
  self->closed_by_application = frame->type == QS_FRAME_CONNECTION_CLOSE_APP;
  self->close_code = frame->error_code;
  self->close_packet = index;
  if (frame->data.length > 0 && frame->data.data != NULL)
    self->close_reason = qs_text_escape_short (frame->data.data, (gssize) frame->data.length, REASON_LENGTH);
}

static void
look_at_received_frame (QsSight *self, guint index, const QsPacket *packet, const QsFrame *frame)
{
  gboolean behind = self->act != G_MAXUINT && packet->record >= self->act;

  switch (qs_frame_base_type (frame->type))
    {
    case QS_FRAME_CONNECTION_CLOSE:
    case QS_FRAME_CONNECTION_CLOSE_APP:
      look_at_close (self, index, packet, frame);
      break;
    case QS_FRAME_HANDSHAKE_DONE:
      if (!self->confirmed)
        self->confirmed_packet = index;
      self->confirmed = TRUE;
      break;
    case QS_FRAME_STREAM:
    case QS_FRAME_RESET_STREAM:
    case QS_FRAME_STOP_SENDING:
      look_at_stream (self, index, frame);
      break;
    case QS_FRAME_PATH_CHALLENGE:
      if (behind && self->challenge_packet == G_MAXUINT)
        self->challenge_packet = index;
      break;
    case QS_FRAME_PATH_RESPONSE:
      if (behind && self->response_packet == G_MAXUINT)
        self->response_packet = index;
      break;
    case QS_FRAME_RETIRE_CONNECTION_ID:
      if (behind && self->retire_packet == G_MAXUINT)
        self->retire_packet = index;
      break;
    case QS_FRAME_NEW_CONNECTION_ID:
      self->n_spare_ids++;
      break;
    default:
      break;
    }
}

static void
look_at_received (QsSight *self, guint index, const QsPacket *packet)
{
  g_autoptr (GBytes) payload = NULL;

  if (packet->type == QS_PACKET_VERSION_NEGOTIATION && self->versions_packet == G_MAXUINT)
    self->versions_packet = index;
  if (packet->type == QS_PACKET_RETRY)
    {
      self->retry_packet = index;
      self->n_retries++;
    }
  if (packet->type == QS_PACKET_STATELESS_RESET)
    self->reset = TRUE;
  if ((packet->flags & QS_PACKET_DECRYPTED) == 0)
    {
      self->n_unreadable += packet->type <= QS_PACKET_1RTT && self->act != G_MAXUINT && packet->record >= self->act;
      return;
    }
  self->keys |= packet->type == QS_PACKET_HANDSHAKE;
  if ((packet->flags & QS_PACKET_KEY_UPDATE) != 0 && self->key_update_packet == G_MAXUINT)
    self->key_update_packet = index;
  g_autoptr (GArray) frames = qs_trace_dup_frames (self->trace, index, &payload);
  for (guint i = 0; i < frames->len; i++)
    look_at_received_frame (self, index, packet, &g_array_index (frames, QsFrame, i));
}

/* Initials behind a Retry have another padding; all of them bring the same ClientHello. */
static gboolean
has_same_payload (QsTrace *trace, guint a, guint b)
{
  const QsPacket *first = qs_trace_get_packet (trace, a), *other = qs_trace_get_packet (trace, b);
  const guint64 crypto = G_GUINT64_CONSTANT (1) << QS_FRAME_CRYPTO;

  if (a == b)
    return TRUE;
  if (first->type == QS_PACKET_INITIAL)
    return other->type == QS_PACKET_INITIAL && (first->frames & other->frames & crypto) != 0;
  g_autoptr (GBytes) one = qs_trace_dup_payload (trace, a), second = qs_trace_dup_payload (trace, b);
  return one != NULL && second != NULL && g_bytes_equal (one, second);
}

/* The act may be sent again where it seemed lost: under another number, with the same payload. What else is sent around it tells
 * nothing of it. */
static void
look_at_sent (QsSight *self, guint index, const QsPacket *packet)
{
  gboolean behind = self->act != G_MAXUINT && packet->record >= self->act;
  gboolean behind_after = self->after != G_MAXUINT && packet->record >= self->after;
  gboolean acked = (packet->flags & QS_PACKET_ACKED) != 0;

  if (packet->type == QS_PACKET_RETRY)
    {
      self->retry_packet = index;
      self->n_retries++;
    }
  if (acked && (packet->frames & G_GUINT64_CONSTANT (1) << QS_FRAME_HANDSHAKE_DONE) != 0 && !self->confirmed)
    {
      self->confirmed = TRUE;
      self->confirmed_packet = index;
    }
  if (behind_after)
    {
      if (self->after_packet == G_MAXUINT)
        self->after_packet = index;
      self->after_acked |= acked;
    }
  else if (behind)
    {
      if (self->act_packet == G_MAXUINT)
        self->act_packet = index;
      self->act_acked |= acked && !self->act_acked && has_same_payload (self->trace, self->act_packet, index);
    }
}

static void
look_at_packets (QsSight *self)
{
  for (guint i = 0; i < qs_trace_get_n_packets (self->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (self->trace, i);
      if (packet->direction == QS_DIRECTION_SENT)
        look_at_sent (self, i, packet);
      else
        look_at_received (self, i, packet);
    }
}

/* --- A client's tokens --- */

gboolean
qs_sight_get_header (const QsSight *self, guint packet, QsPacketHeader *header)
{
  const QsPacket *at = qs_trace_get_packet (self->trace, packet);
  QsRecord record;

  qs_trace_get_record (self->trace, at->record, &record);
  return at->offset < record.bytes.length &&
         qs_packet_header_parse (QS_SPAN (record.bytes.data + at->offset, record.bytes.length - at->offset),
                                 at->dcid_length, header, NULL);
}

static void
look_for_token (QsSight *self)
{
  QsPacketHeader retry, header;

  if (!self->of_client || self->retry_packet == G_MAXUINT || !qs_sight_get_header (self, self->retry_packet, &retry))
    return;
  for (guint i = self->retry_packet + 1; i < qs_trace_get_n_packets (self->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (self->trace, i);
      if (packet->direction == QS_DIRECTION_RECEIVED && packet->type == QS_PACKET_INITIAL &&
          qs_sight_get_header (self, i, &header) && qs_span_equal (header.token, retry.token) &&
          qs_span_equal (header.dcid, retry.scid))
        {
          self->follow_packet = i;
          return;
        }
    }
}

/* --- Messages of TLS and HTTP/3 --- */

static void
look_at_messages (QsSight *self)
{
  for (guint i = 0; i < qs_trace_get_n_messages (self->trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (self->trace, i);
      if (message->direction != QS_DIRECTION_RECEIVED || message->message == NULL)
        continue;
      guint8 type = message->message->type;
      if (type == (self->of_client ? QS_TLS_CLIENT_HELLO : QS_TLS_SERVER_HELLO) && !self->hello)
        {
          self->hello = TRUE;
          self->hello_packet = message->packet;
        }
      if (type == QS_TLS_SERVER_HELLO && self->act != G_MAXUINT &&
          qs_trace_get_packet (self->trace, message->first_packet)->record >= self->act)
        self->hello_after_act = message->packet;
      self->done |= type == QS_TLS_FINISHED;
    }
}

static void
look_at_answers (QsSight *self)
{
  for (guint i = 0; i < qs_trace_get_n_http3 (self->trace); i++)
    {
      const QsHttp3Piece *piece = qs_trace_get_http3 (self->trace, i);
      QsSightStream *stream = find_stream (self, piece->stream);
      self->http3 |= piece->direction == QS_DIRECTION_RECEIVED && piece->kind == QS_HTTP3_PIECE_FRAME &&
                     piece->type == QS_HTTP3_SETTINGS;
      if (stream == NULL || piece->direction != QS_DIRECTION_RECEIVED || piece->kind != QS_HTTP3_PIECE_FRAME ||
          piece->type != QS_HTTP3_HEADERS || piece->lines == NULL)
        continue;
      for (guint j = 0; piece->lines[j] != NULL && piece->lines[j + 1] != NULL; j += 2)
        {
          if (!g_str_equal (piece->lines[j], ":status"))
            continue;
          guint status = (guint) g_ascii_strtoull (piece->lines[j + 1], NULL, 10);
          if (status >= 200)
            {
              stream->status = status;
              stream->packet = piece->packet;
            }
        }
    }
}

/* Each certificate has four bytes of its length before it. */
static void
look_at_certificates (QsSight *self)
{
  const QsMark *mark = qs_trace_find_mark (self->trace, QS_MARK_CERTIFICATES, NULL, NULL);
  gsize size = 0;
  const guint8 *bytes = mark != NULL && mark->bytes != NULL ? g_bytes_get_data (mark->bytes, &size) : NULL;

  if (size < 4)
    return;
  gsize length = (gsize) bytes[0] << 24 | (gsize) bytes[1] << 16 | (gsize) bytes[2] << 8 | bytes[3];
  if (length > 0 && length <= size - 4)
    self->leaf = g_bytes_new (bytes + 4, length);
}

static QsSight *
sight_new (QsTrace *trace)
{
  QsSight *self = g_new0 (QsSight, 1);
  guint *const none[] = { &self->act,
                          &self->after,
                          &self->act_packet,
                          &self->after_packet,
                          &self->hello_packet,
                          &self->hello_after_act,
                          &self->confirmed_packet,
                          &self->versions_packet,
                          &self->retry_packet,
                          &self->challenge_packet,
                          &self->response_packet,
                          &self->retire_packet,
                          &self->follow_packet,
                          &self->key_update_packet,
                          &self->close_packet };

  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    *none[i] = G_MAXUINT;
  for (guint i = 0; i < QS_SIGHT_MOST_STREAMS; i++)
    self->streams[i] = (QsSightStream){ .id = 4 * i, .packet = G_MAXUINT };
  self->trace = g_object_ref (trace);
  self->of_client = qs_trace_get_vantage (trace) == QS_VANTAGE_SERVER;
  self->last_received = -1;
  return self;
}

QsSight *
qs_sight_begin (QsTrace *trace)
{
  QsSight *self = sight_new (trace);

  self->dissector = qs_dissector_new (trace);
  return self;
}

QsSight *
qs_sight_new_tcp (QsTrace *trace)
{
  QsSight *self = sight_new (trace);

  self->over_tcp = TRUE;
  self->read = self->looked = TRUE;
  look_at_messages (self);
  look_at_certificates (self);
  return self;
}

gboolean
qs_sight_advance (QsSight *self, gint64 deadline)
{
  if (self->over_tcp)
    return TRUE;
  if (!qs_dissector_advance (self->dissector, deadline))
    return FALSE;
  if (!self->read)
    {
      qs_dissector_finish (self->dissector);
      self->read = TRUE;
      return qs_sight_advance (self, deadline); /* what opened late */
    }
  if (self->looked)
    return TRUE;
  self->looked = TRUE;
  look_at_records (self);
  look_at_packets (self);
  look_for_token (self);
  look_at_messages (self);
  look_at_answers (self);
  look_at_certificates (self);
  self->parameters = qs_dissector_dup_transport_parameters (self->dissector, QS_DIRECTION_RECEIVED);
  return TRUE;
}

QsSight *
qs_sight_new (QsTrace *trace)
{
  QsSight *self = qs_sight_begin (trace);

  qs_sight_advance (self, 0);
  return self;
}

void
qs_sight_free (QsSight *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->parameters, g_bytes_unref);
  g_clear_pointer (&self->leaf, g_bytes_unref);
  g_free (self->close_reason);
  g_clear_object (&self->dissector);
  g_object_unref (self->trace);
  g_free (self);
}

gboolean
qs_sight_has_parameter (const QsSight *self, guint64 id, QsSpan *value)
{
  gsize size;

  if (self->parameters == NULL)
    return FALSE;
  const void *data = g_bytes_get_data (self->parameters, &size);
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (QS_SPAN (data, size), NULL);
  for (guint i = 0; parameters != NULL && i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      if (parameter->id != id)
        continue;
      *value = parameter->value;
      return TRUE;
    }
  return FALSE;
}

gboolean
qs_sight_get_parameter (const QsSight *self, guint64 id, guint64 *value)
{
  QsSpan bytes;
  gsize at = 0;

  return qs_sight_has_parameter (self, id, &bytes) && bytes.length > 0 && qs_varint_read (bytes, &at, value);
}
