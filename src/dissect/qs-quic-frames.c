/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "dissect/qs-quic-private.h"
#include "trace/qs-credit.h"
#include "wire/qs-transport-parameters.h"

#define MAX_STREAMS 65536

static QsSide
other_side (QsSide side)
{
  return side == QS_SIDE_CLIENT ? QS_SIDE_SERVER : QS_SIDE_CLIENT;
}

static QsTrace *
trace_of (const QsArrival *arrival)
{
  return arrival->conn->quic->owner->trace;
}

/* --- ACK --- */

static gint64
ack_delay_ns (const QsArrival *arrival, const QsFrame *frame)
{
  const QsQuicConn *conn = arrival->conn;
  guint64 limit_us = conn->max_ack_delay[arrival->side] * 1000;
  guint64 exponent = conn->ack_delay_exponent[arrival->side];

  /* An Initial's or Handshake's delay says nothing about the path (RFC 9002 section 5.3). */
  if (arrival->header.type != QS_PACKET_1RTT)
    return 0;
  guint64 us = frame->ack.delay > limit_us ? limit_us : frame->ack.delay << exponent;
  return (gint64) (MIN (us, limit_us) * 1000);
}

static void
acknowledge (QsArrival *arrival, const QsFrame *frame, guint32 path_id)
{
  QsQuicConn *conn = arrival->conn;
  QsDissection *owner = conn->quic->owner;
  QsSide sender = other_side (arrival->side);
  QsPacketType level = arrival->header.type;
  QsNumbers *numbers = qs_quic_conn_numbers (conn, sender, level, path_id);
  QsRtt *rtt = qs_quic_conn_rtt (conn, level, path_id);
  gint64 sample;

  numbers->after_acked = MAX (numbers->after_acked, frame->ack.largest + 1);
  if (!qs_recovery_acked (qs_quic_conn_recovery (conn, sender, level, path_id), frame, arrival->time, rtt, &sample) ||
      qs_dissection_direction (owner, sender) != QS_DIRECTION_SENT)
    return;

  gint64 delay = ack_delay_ns (arrival, frame);
  qs_rtt_update (rtt, sample, delay);
  QsRttSample figure = {
    .time = arrival->time,
    .rtt = sample >= rtt->minimum + delay ? sample - delay : sample,
    .smoothed = rtt->smoothed,
    .minimum = rtt->minimum,
    .packet = arrival->index,
  };
  qs_metrics_add_rtt (qs_trace_get_metrics (owner->trace), &figure);
}

/* Of path 0, wherever it comes by (draft-ietf-quic-multipath section 4). */
static void
take_ack (QsArrival *arrival, const QsFrame *frame)
{
  acknowledge (arrival, frame, 0);
}

static void
take_path_ack (QsArrival *arrival, const QsFrame *frame)
{
  arrival->conn->multipath = TRUE;
  if (frame->path_id < QS_MAX_PATH_ID)
    acknowledge (arrival, frame, (guint32) frame->path_id);
}

/* --- Stream and CRYPTO bytes --- */

/* Of different paths the one that was sent later is the one that comes later at its sender; anywhere else none can tell. */
static gboolean
is_later (const QsSentMark *mark, const QsArrival *arrival)
{
  if (mark->path_id != arrival->path_id)
    return arrival->packet->direction == QS_DIRECTION_SENT;
  return arrival->packet->number > mark->number;
}

/* Whether these bytes went out before, as far as a later packet with lower offsets says so. */
static gboolean
note_sent (QsSentMark *mark, const QsArrival *arrival, guint64 offset, guint64 length)
{
  guint64 number = arrival->packet->number;
  guint64 end = offset + length;

  if (end < offset) /* beyond 2^62 by a frame that its receiver must refuse */
    return FALSE;
  gboolean again = length > 0 && offset < mark->highest && is_later (mark, arrival);
  if (end > mark->highest || mark->highest == 0)
    {
      mark->highest = end;
      mark->number = number;
      mark->path_id = arrival->path_id;
    }
  if (again)
    arrival->packet->flags |= QS_PACKET_RETRANSMISSION;
  if (again && end <= mark->whole)
    qs_trace_get_metrics (arrival->conn->quic->owner->trace)->directions[arrival->packet->direction].in_vain++;
  if (offset <= mark->whole)
    mark->whole = MAX (mark->whole, end);
  return again;
}

static QsStreamTrack *
ensure_stream (QsQuicConn *conn, guint64 id)
{
  QsStreamTrack *track = g_hash_table_lookup (conn->streams, &id);

  if (track != NULL)
    return track;
  if (g_hash_table_size (conn->streams) >= MAX_STREAMS)
    return NULL;
  track = g_new0 (QsStreamTrack, 1);
  track->id = id;
  g_hash_table_insert (conn->streams, &track->id, track);
  return track;
}

static QsStreamFigures *
touch_figures (const QsArrival *arrival, guint64 id)
{
  QsStreamFigures *figures = qs_metrics_ensure_stream (qs_trace_get_metrics (trace_of (arrival)), id);

  if (figures == NULL)
    return NULL;
  if (figures->packets[0] + figures->packets[1] == 0)
    figures->first_time = arrival->time;
  figures->last_time = arrival->time;
  figures->packets[arrival->packet->direction]++;
  return figures;
}

/* Of what goes in this direction. */
static QsCredit *
credit_of (const QsArrival *arrival, QsDirection direction)
{
  return &qs_trace_get_metrics (trace_of (arrival))->credit[direction];
}

static void
take_stream (QsArrival *arrival, const QsFrame *frame)
{
  QsStreamTrack *track = ensure_stream (arrival->conn, frame->stream_id);
  QsStreamFigures *figures = touch_figures (arrival, frame->stream_id);
  guint8 direction = arrival->packet->direction;

  if (track == NULL || figures == NULL)
    return;

  GArray **packets = &track->packets[arrival->side];
  if (*packets == NULL)
    *packets = g_array_new (FALSE, FALSE, sizeof (guint32));
  if ((*packets)->len == 0 || g_array_index (*packets, guint32, (*packets)->len - 1) != arrival->index)
    {
      guint n = (*packets)->len;
      track->n_ascending[arrival->side] += track->n_ascending[arrival->side] == n &&
                                           (n == 0 || g_array_index (*packets, guint32, n - 1) < arrival->index);
      g_array_append_val (*packets, arrival->index);
    }

  gboolean again = note_sent (&track->sent[arrival->side], arrival, frame->stream_offset, frame->data.length);
  if (arrival->packet->flags & QS_PACKET_DUPLICATE)
    return;
  if (arrival->conn->http3 != NULL)
    qs_http3_follow_add (arrival->conn->http3, &track->http3[arrival->side], frame->stream_id, arrival->side,
                         frame->stream_offset, frame->data, arrival->index);
  figures->data[direction] += frame->data.length;
  if (again)
    figures->retransmitted[direction] += frame->data.length;
  guint64 before = figures->bytes[direction];
  figures->bytes[direction] = MAX (before, track->sent[arrival->side].highest);
  figures->fin[direction] |= frame->fin;
  qs_credit_sent (credit_of (arrival, direction), arrival->time, figures, before, frame->fin);
}

static void
take_reset_stream (QsArrival *arrival, const QsFrame *frame)
{
  QsStreamFigures *figures = touch_figures (arrival, frame->stream_id);

  if (figures == NULL)
    return;
  figures->reset[arrival->packet->direction] = TRUE;
  qs_credit_reset (credit_of (arrival, arrival->packet->direction), arrival->time, figures, frame->limit);
}

static void
take_max_data (QsArrival *arrival, const QsFrame *frame)
{
  qs_credit_raise (credit_of (arrival, 1 - arrival->packet->direction), arrival->time, frame->limit);
}

static void
take_max_stream_data (QsArrival *arrival, const QsFrame *frame)
{
  QsStreamFigures *figures = qs_metrics_ensure_stream (qs_trace_get_metrics (trace_of (arrival)), frame->stream_id);

  if (figures != NULL)
    qs_credit_raise_stream (credit_of (arrival, 1 - arrival->packet->direction), arrival->time, figures, frame->limit);
}

/* --- TLS --- */

static void
take_parameter (QsQuicConn *conn, QsSide side, const QsTransportParameter *parameter)
{
  guint64 value = 0;

  switch (parameter->id)
    {
    case 0x02: /* stateless_reset_token */
      qs_quic_conn_add_token (conn, side, parameter->value);
      break;
    case 0x0a: /* ack_delay_exponent */
      if (qs_transport_parameter_get_integer (parameter, &value) && value <= 20)
        conn->ack_delay_exponent[side] = value;
      break;
    case 0x0b: /* max_ack_delay */
      if (qs_transport_parameter_get_integer (parameter, &value) && value < 1 << 14)
        conn->max_ack_delay[side] = value;
      break;
    case 0x0d: /* preferred_address: an id and a token behind 24 bytes of addresses */
      if (parameter->value.length > 25 && parameter->value.length == 25u + parameter->value.data[24] + 16)
        {
          guint8 length = parameter->value.data[24];
          qs_quic_conn_add_cid (conn, side, QS_SPAN (parameter->value.data + 25, length), 0);
          qs_quic_conn_add_token (conn, side, QS_SPAN (parameter->value.data + 25 + length, 16));
        }
      break;
    case 0x3e: /* initial_max_path_id, and what it was in drafts */
    case 0x0f739bbc1b666d09:
    case 0x0f739bbc1b666d0c:
    case 0x0f739bbc1b666d0d:
    case 0x0f739bbc1b666d11:
      conn->wants_paths[side] = TRUE;
      conn->multipath |= conn->wants_paths[!side];
      break;
    default:
      break;
    }
}

static void
take_parameters (QsQuicConn *conn, QsSide side, const QsTlsMessage *message)
{
  QsSpan bytes = qs_tls_message_get_transport_parameters (message);

  if (bytes.data == NULL)
    return;
  g_clear_pointer (&conn->parameters[side], g_bytes_unref);
  conn->parameters[side] = g_bytes_new (bytes.data, bytes.length);

  qs_credit_take_parameters (
      &qs_trace_get_metrics (conn->quic->owner->trace)->credit[1 - qs_dissection_direction (conn->quic->owner, side)],
      side == QS_SIDE_CLIENT, bytes);
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (bytes, NULL);
  for (guint i = 0; parameters != NULL && i < parameters->len; i++)
    take_parameter (conn, side, &g_array_index (parameters, QsTransportParameter, i));
}

/* The server's choice; or what the client offers, for early data, as long as there is nothing else to choose. */
static void
take_alpn (QsQuicConn *conn, const QsTlsMessage *message)
{
  g_auto (GStrv) alpn = qs_tls_message_dup_alpn (message);
  gboolean http3 = alpn != NULL && *alpn != NULL;

  for (char **name = alpn; http3 && *name != NULL; name++)
    http3 = g_str_equal (*name, "h3") || g_str_has_prefix (*name, "h3-");
  if (http3 && conn->http3 == NULL)
    conn->http3 = qs_http3_follow_new (conn->quic->owner);
  if (!http3 && conn->http3 != NULL)
    qs_quic_conn_forget_http3 (conn);
}

static void
take_message (const QsTraceMessage *message, gpointer data)
{
  QsArrival *arrival = data;
  QsQuicConn *conn = arrival->conn;
  const QsTlsMessage *tls = message->message;

  if (tls->type == QS_TLS_CLIENT_HELLO && arrival->side == QS_SIDE_CLIENT)
    {
      take_parameters (conn, QS_SIDE_CLIENT, tls);
      take_alpn (conn, tls);
      if (tls->random.length == sizeof conn->random)
        {
          memcpy (conn->random, tls->random.data, sizeof conn->random);
          conn->has_random = TRUE;
        }
      qs_quic_conn_take_secrets (conn);
    }
  else if (tls->type == QS_TLS_SERVER_HELLO && arrival->side == QS_SIDE_SERVER)
    {
      if (tls->cipher_suites != NULL && tls->cipher_suites->len > 0)
        conn->suite = g_array_index (tls->cipher_suites, guint16, 0);
      qs_quic_conn_take_secrets (conn);
    }
  else if (tls->type == QS_TLS_ENCRYPTED_EXTENSIONS && arrival->side == QS_SIDE_SERVER)
    {
      take_parameters (conn, QS_SIDE_SERVER, tls);
      take_alpn (conn, tls);
    }
}

static void
take_crypto (QsArrival *arrival, const QsFrame *frame)
{
  QsQuicConn *conn = arrival->conn;
  QsSpace space = qs_space_of (arrival->header.type);
  QsReassembly *stream = conn->crypto[arrival->side][space];
  QsTraceMessage as = {
    .time = arrival->time,
    .packet = arrival->index,
    .direction = arrival->packet->direction,
    .level = arrival->header.type,
  };

  note_sent (&conn->crypto_sent[arrival->side][space], arrival, frame->stream_offset, frame->data.length);
  qs_reassembly_add (stream, frame->stream_offset, frame->data, arrival->index);
  qs_trace_add_messages (conn->quic->owner->trace, stream, &as, TRUE, take_message, arrival);
}

/* --- The rest --- */

static void
take_new_connection_id (QsArrival *arrival, const QsFrame *frame)
{
  qs_quic_conn_add_cid (arrival->conn, arrival->side, frame->data, 0);
  qs_quic_conn_add_token (arrival->conn, arrival->side, frame->token);
}

static void
take_path_new_connection_id (QsArrival *arrival, const QsFrame *frame)
{
  arrival->conn->multipath = TRUE;
  qs_quic_conn_add_cid (arrival->conn, arrival->side, frame->data, (guint32) MIN (frame->path_id, G_MAXUINT32));
  qs_quic_conn_add_token (arrival->conn, arrival->side, frame->token);
}

static void
discard_space (const QsArrival *arrival, QsSpace space)
{
  for (guint side = 0; side < 2; side++)
    qs_recovery_discard (arrival->conn->recovery[side][space], arrival->time);
}

static void
take_handshake_done (QsArrival *arrival, const QsFrame *frame)
{
  discard_space (arrival, QS_SPACE_HANDSHAKE);
}

typedef void (*TakeFrame) (QsArrival *arrival, const QsFrame *frame);

static const struct {
  QsFrameType type;
  TakeFrame take;
} takers[] = {
  { QS_FRAME_STREAM, take_stream },
  { QS_FRAME_ACK, take_ack },
  { QS_FRAME_CRYPTO, take_crypto },
  { QS_FRAME_RESET_STREAM, take_reset_stream },
  { QS_FRAME_MAX_DATA, take_max_data },
  { QS_FRAME_MAX_STREAM_DATA, take_max_stream_data },
  { QS_FRAME_NEW_CONNECTION_ID, take_new_connection_id },
  { QS_FRAME_PATH_ACK, take_path_ack },
  { QS_FRAME_PATH_NEW_CONNECTION_ID, take_path_new_connection_id },
  { QS_FRAME_HANDSHAKE_DONE, take_handshake_done },
};

static void
take_frame (QsArrival *arrival, const QsFrame *frame)
{
  QsFrameType type = qs_frame_base_type (frame->type);
  QsPacket *packet = arrival->packet;

  packet->frames |= G_GUINT64_CONSTANT (1) << type;
  if (packet->n_frames < G_MAXUINT8)
    packet->n_frames++;
  if (qs_frame_is_ack_eliciting (frame->type))
    packet->flags |= QS_PACKET_ACK_ELICITING;
  for (guint i = 0; i < G_N_ELEMENTS (takers) && !arrival->unseen; i++)
    if (takers[i].type == type)
      takers[i].take (arrival, frame);
}

void
qs_quic_take_frames (QsArrival *arrival, QsSpan payload)
{
  gsize at = 0;
  guint n_frames = 0;
  QsFrame frame;

  /* The client's first Handshake packet: both forget the Initial keys (RFC 9001 section 4.9.1). */
  if (arrival->header.type == QS_PACKET_HANDSHAKE && arrival->side == QS_SIDE_CLIENT && !arrival->unseen)
    discard_space (arrival, QS_SPACE_INITIAL);

  while (at < payload.length && qs_frame_parse (payload, &at, &frame, NULL))
    {
      take_frame (arrival, &frame);
      n_frames++;
    }
  if (at < payload.length)
    arrival->packet->frames |= G_GUINT64_CONSTANT (1) << QS_FRAME_UNKNOWN;
  qs_trace_add_n_frames (trace_of (arrival), n_frames);
}
