/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "diagnosis/qs-evidence.h"

/* A live run asks many times a second, and a trace holds a million packets: those behind this distance from
 * the end are counted once, and taken over from the evidence before. Flags of younger ones (lost, acknowledged) still change. */
#define LARGEST_DATAGRAM 1500 /* over Ethernet */
#define TAIL 4096
#define MOST_ACKS 8 /* that are opened to see whether they carry ECN counts */

/* Content types of TLS records, and an alert's bytes. */
enum { CONTENT_CCS = 20, CONTENT_ALERT = 21, CONTENT_DATA = 23 };
enum { ALERT_WARNING = 1, ALERT_CLOSE_NOTIFY = 0 };
#define ALERT_RECORD (5 + 2 + 1 + 16)

#define BIT(frame) (G_GUINT64_CONSTANT (1) << (frame))
#define OPENED                                                                               \
  (BIT (QS_FRAME_RESET_STREAM) | BIT (QS_FRAME_STOP_SENDING) | BIT (QS_FRAME_DATA_BLOCKED) | \
   BIT (QS_FRAME_STREAM_DATA_BLOCKED) | BIT (QS_FRAME_STREAMS_BLOCKED_BIDI) | BIT (QS_FRAME_STREAMS_BLOCKED_UNI))

static void
set_once (gint64 *at, gint64 value)
{
  if (*at < 0)
    *at = value;
}

static void
note_stream (QsStreamFact *fact, guint index, const QsFrame *frame)
{
  if (fact->seen)
    return;
  *fact = (QsStreamFact){
    .packet = index, .stream = frame->stream_id, .code = frame->error_code, .limit = frame->limit, .seen = TRUE
  };
}

static void
read_frame (QsPacketFacts *facts, guint index, const QsPacket *packet, const QsFrame *frame)
{
  gboolean in = packet->direction == QS_DIRECTION_RECEIVED;

  switch (qs_frame_base_type (frame->type))
    {
    case QS_FRAME_RESET_STREAM:
      if (in)
        note_stream (&facts->reset_in, index, frame);
      break;
    case QS_FRAME_STOP_SENDING:
      if (in)
        note_stream (&facts->stop_in, index, frame);
      break;
    case QS_FRAME_DATA_BLOCKED:
      note_stream (&facts->data_blocked, index, frame);
      break;
    case QS_FRAME_STREAM_DATA_BLOCKED:
      note_stream (&facts->stream_blocked, index, frame);
      break;
    case QS_FRAME_STREAMS_BLOCKED_BIDI:
    case QS_FRAME_STREAMS_BLOCKED_UNI:
      note_stream (&facts->streams_blocked, index, frame);
      break;
    case QS_FRAME_ACK:
      if (in && frame->type == 0x03)
        facts->n_acks_with_ecn++;
      else if (in)
        facts->n_acks_without_ecn++;
      break;
    default:
      break;
    }
}

static gboolean
has_news (const QsPacketFacts *facts, const QsPacket *packet)
{
  gboolean in = packet->direction == QS_DIRECTION_RECEIVED;
  guint64 frames = packet->frames;

  if (in && packet->type == QS_PACKET_1RTT && (frames & BIT (QS_FRAME_ACK)) != 0 &&
      facts->n_acks_with_ecn + facts->n_acks_without_ecn < MOST_ACKS)
    return TRUE;
  return (in && !facts->reset_in.seen && (frames & BIT (QS_FRAME_RESET_STREAM)) != 0) ||
         (in && !facts->stop_in.seen && (frames & BIT (QS_FRAME_STOP_SENDING)) != 0) ||
         (!facts->data_blocked.seen && (frames & BIT (QS_FRAME_DATA_BLOCKED)) != 0) ||
         (!facts->stream_blocked.seen && (frames & BIT (QS_FRAME_STREAM_DATA_BLOCKED)) != 0) ||
         (!facts->streams_blocked.seen &&
          (frames & (BIT (QS_FRAME_STREAMS_BLOCKED_BIDI) | BIT (QS_FRAME_STREAMS_BLOCKED_UNI))) != 0);
}

/* Opens a packet again only where it holds something that no earlier one said. */
static void
read_frames (QsTrace *trace, QsPacketFacts *facts, guint index, const QsPacket *packet)
{
  if ((packet->frames & (OPENED | BIT (QS_FRAME_ACK))) == 0 || !has_news (facts, packet))
    return;

  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (trace, index, &payload);
  for (guint i = 0; i < frames->len; i++)
    read_frame (facts, index, packet, &g_array_index (frames, QsFrame, i));
}

/* With multipath what comes by another path has its own numbers, and its own delay. */
static int
number_space (const QsPacket *packet)
{
  if (packet->type == QS_PACKET_1RTT)
    return packet->path_id < QS_NUMBERED_PATHS ? 2 + packet->path_id : -1;
  return packet->type == QS_PACKET_INITIAL ? 0 : packet->type == QS_PACKET_HANDSHAKE ? 1 : -1;
}

static void
read_received (QsPacketFacts *facts, guint index, const QsPacket *packet)
{
  int space = number_space (packet);

  if (facts->n_in++ == 0)
    {
      facts->first_in = index;
      facts->first_in_type = packet->type;
      facts->first_in_time = packet->time;
    }
  facts->last_in_time = packet->time;
  facts->n_retransmitted_in += (packet->flags & QS_PACKET_RETRANSMISSION) != 0;
  if (packet->flags & QS_PACKET_DECRYPTED)
    {
      facts->n_decrypted_in++;
      facts->n_odd_tail = facts->odd_tail_longest = 0;
      facts->odd_tail = -1;
    }
  if (packet->flags & QS_PACKET_CORRUPT)
    {
      facts->n_odd_tail += packet->type == QS_PACKET_1RTT;
      facts->odd_tail_longest = MAX (facts->odd_tail_longest, packet->length);
      set_once (&facts->odd_tail, index);
      facts->n_corrupt++;
      set_once (&facts->corrupt, index);
    }
  if (packet->type == QS_PACKET_STATELESS_RESET)
    set_once (&facts->stateless_reset, index);
  if (packet->type == QS_PACKET_INITIAL)
    {
      set_once (&facts->first_initial_in, index);
      gboolean unread = (packet->flags & (QS_PACKET_DECRYPTED | QS_PACKET_PAYLOAD_DROPPED)) == 0;
      if (unread || (packet->frames & BIT (QS_FRAME_CRYPTO)) != 0)
        facts->in_initial_is_bare = FALSE;
    }
  if (packet->type == QS_PACKET_HANDSHAKE || packet->type == QS_PACKET_1RTT)
    facts->in_beyond_initial = TRUE;
  if (packet->type == QS_PACKET_1RTT && (packet->flags & QS_PACKET_DECRYPTED) != 0)
    set_once (&facts->first_1rtt_in_time, packet->time);
  if (space < 0 || packet->number == G_MAXUINT64 || (packet->flags & QS_PACKET_DECRYPTED) == 0)
    return;
  if (facts->largest_in[space] != G_MAXUINT64 && packet->number < facts->largest_in[space] &&
      (packet->flags & QS_PACKET_DUPLICATE) == 0)
    {
      facts->n_reordered++;
      set_once (&facts->reordered, index);
    }
  if (facts->largest_in[space] == G_MAXUINT64 || packet->number > facts->largest_in[space])
    facts->largest_in[space] = packet->number;
}

/* An Initial of a raced attempt that was given up is not lost on the way to the address that won. */
static gboolean
is_of_other_attempt (QsEvidence *evidence, const QsPacket *packet)
{
  QsRecord record;

  if (packet->type != QS_PACKET_INITIAL || packet->record == G_MAXUINT32)
    return FALSE;
  qs_trace_get_record (evidence->trace, packet->record, &record);
  return record.path != evidence->path;
}

static void
read_sent (QsEvidence *evidence, QsPacketFacts *facts, guint index, const QsPacket *packet)
{
  if (facts->n_out++ == 0)
    facts->first_out_time = packet->time;
  facts->last_out_time = packet->time;
  if (facts->version == 0)
    facts->version = packet->version;
  if (packet->type == QS_PACKET_0RTT)
    {
      facts->n_0rtt_out++;
      facts->n_0rtt_lost += (packet->flags & QS_PACKET_LOST) != 0;
      set_once (&facts->first_0rtt_out, index);
    }
  else if ((packet->flags & QS_PACKET_LOST) != 0 && !is_of_other_attempt (evidence, packet))
    {
      facts->n_lost++;
      set_once (&facts->lost, index);
    }
  if (packet->flags & QS_PACKET_RETRANSMISSION)
    facts->n_retransmitted++;
  if (packet->type != QS_PACKET_1RTT)
    return;
  gboolean acked = (packet->flags & QS_PACKET_ACKED) != 0;
  if (packet->length >= 1000 && acked)
    facts->n_large_lost = facts->n_small_acked = 0;
  else if (packet->length >= 1000)
    facts->n_large_lost += (packet->flags & QS_PACKET_LOST) != 0;
  else if (packet->length < 200 && facts->n_large_lost > 0)
    facts->n_small_acked += acked;
}

/* Whether a packet is shut for want of keys. An Initial's keys are in the clear: no key log opens one that they do not. */
static gboolean
is_unread (const QsPacket *packet)
{
  const guint known = QS_PACKET_DECRYPTED | QS_PACKET_CORRUPT | QS_PACKET_PAYLOAD_DROPPED | QS_PACKET_FROM_QLOG;

  if ((packet->flags & known) != 0)
    return FALSE;
  if (packet->type == QS_PACKET_TLS_RECORD)
    return (packet->frames & BIT (CONTENT_CCS)) == 0;
  return packet->type <= QS_PACKET_1RTT && packet->type != QS_PACKET_INITIAL;
}

static void
read_readable (QsPacketFacts *facts, guint index, const QsPacket *packet)
{
  if (is_unread (packet))
    {
      facts->n_unread++;
      set_once (&facts->first_unread, index);
      if (packet->type == QS_PACKET_1RTT && packet->length > LARGEST_DATAGRAM)
        {
          facts->n_joined++;
          set_once (&facts->first_joined, index);
        }
    }
  if ((packet->flags & QS_PACKET_PAYLOAD_DROPPED) != 0)
    {
      facts->n_cut++;
      set_once (&facts->first_cut, index);
    }
}

static void
read_alert (QsEvidence *evidence, QsPacketFacts *facts, guint index, const QsPacket *packet, QsEnd end)
{
  gsize length = 0;
  g_autoptr (GBytes) payload = qs_trace_dup_payload (evidence->trace, index);
  const guint8 *bytes = payload != NULL ? g_bytes_get_data (payload, &length) : NULL;

  if (length != 2)
    return;
  QsAlertFact alert = { TRUE, bytes[0], bytes[1], index, packet->time };
  if (alert.description == ALERT_CLOSE_NOTIFY)
    facts->closed[end] = TRUE;
  else if (alert.level == ALERT_WARNING && !facts->warning[end].seen)
    facts->warning[end] = alert;
  else if (alert.level != ALERT_WARNING && !facts->fatal[end].seen)
    facts->fatal[end] = alert;
}

/* RFC 9846 section 5.2: an unread record of TLS 1.3 is an alert (two bytes, its type and the tag) or something longer.
 * The client's first longer one holds its Finished, or its certificate before that: then it took the server's; the
 * server's first longer one behind that says that it took the client's. */
static void
read_record (QsEvidence *evidence, QsPacketFacts *facts, guint index, const QsPacket *packet)
{
  QsEnd end = packet->direction == evidence->from_client ? QS_END_CLIENT : QS_END_SERVER;
  gboolean more = packet->length > ALERT_RECORD;
  gboolean alert =
      is_unread (packet) && ((packet->frames & BIT (CONTENT_ALERT)) != 0 || packet->length == ALERT_RECORD);

  facts->sealed_alert[end] = alert ? (gint64) index : -1;
  if ((packet->frames & BIT (CONTENT_ALERT)) != 0 && (packet->flags & QS_PACKET_DECRYPTED) != 0)
    read_alert (evidence, facts, index, packet, end);
  if ((packet->frames & BIT (CONTENT_CCS)) != 0)
    {
      set_once (&facts->ccs[end], index);
      return;
    }
  if ((packet->flags & QS_PACKET_DECRYPTED) != 0 && packet->key != 0)
    {
      facts->n_opened++;
      if ((packet->frames & BIT (CONTENT_DATA)) != 0)
        set_once (&facts->opened_data[end], index);
    }
  gboolean data = (packet->frames & BIT (CONTENT_DATA)) != 0 || (packet->frames == 0 && is_unread (packet));
  if (data && end == QS_END_CLIENT && more)
    set_once (&facts->beyond[end], index);
  else if (data && end == QS_END_SERVER && more && facts->beyond[QS_END_CLIENT] >= 0)
    set_once (&facts->beyond[end], index);
  if (data || facts->ccs[end] >= 0)
    set_once (&facts->protected[end], index);
}

/* The first packet's; where that one is reserved for being refused, that of the first which is not. */
static void
read_unknown_version (const QsEvidence *evidence, QsPacketFacts *facts, guint index, const QsPacket *packet)
{
  if (packet->type != QS_PACKET_UNKNOWN || packet->version == 0)
    return;
  const QsPacket *first =
      facts->unknown_version >= 0 ? qs_trace_get_packet (evidence->trace, (guint) facts->unknown_version) : NULL;
  if (index == 0 ||
      (first != NULL && qs_quic_version_is_greased (first->version) && !qs_quic_version_is_greased (packet->version)))
    facts->unknown_version = index;
}

static void
read_packet (QsEvidence *evidence, QsPacketFacts *facts, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (evidence->trace, index);
  gboolean in = packet->direction == QS_DIRECTION_RECEIVED;

  if (in && (packet->flags & QS_PACKET_DROPPED) != 0) /* the stack never had it */
    return;
  read_readable (facts, index, packet);
  read_unknown_version (evidence, facts, index, packet);
  if (packet->type == QS_PACKET_TLS_RECORD)
    read_record (evidence, facts, index, packet);
  if (packet->type == QS_PACKET_1RTT)
    set_once (&facts->first_short[packet->direction == evidence->from_client ? QS_END_CLIENT : QS_END_SERVER], index);
  if (in)
    read_received (facts, index, packet);
  else
    read_sent (evidence, facts, index, packet);
  /* Retry and Version Negotiation come from a server, whichever side is looking: what looks like one from a client is of a version
   * that numbers its types otherwise. What the client had sent before is
   * never acknowledged (RFC 9002 section 6.3): the server kept nothing of it, and that is no loss. */
  gboolean by_server = packet->direction == evidence->from_server;
  if (packet->type == QS_PACKET_RETRY && by_server && facts->retry < 0)
    {
      facts->retry = index;
      facts->n_lost = 0;
      facts->lost = -1;
    }
  if (packet->type == QS_PACKET_VERSION_NEGOTIATION && by_server && facts->version_negotiation < 0)
    {
      facts->version_negotiation = index;
      facts->n_lost = 0;
      facts->lost = -1;
    }
  if ((packet->frames & BIT (QS_FRAME_HANDSHAKE_DONE)) != 0)
    set_once (&facts->handshake_done_frame, index);
  if ((packet->frames & (BIT (QS_FRAME_CONNECTION_CLOSE) | BIT (QS_FRAME_CONNECTION_CLOSE_APP))) != 0)
    set_once (in ? &facts->close_in : &facts->close_out, index);
  read_frames (evidence->trace, facts, index, packet);
}

static void
init_facts (QsPacketFacts *facts)
{
  gint64 *const unset[] = {
    &facts->first_out_time,
    &facts->first_in_time,
    &facts->last_out_time,
    &facts->last_in_time,
    &facts->first_1rtt_in_time,
    &facts->first_in,
    &facts->retry,
    &facts->version_negotiation,
    &facts->stateless_reset,
    &facts->corrupt,
    &facts->lost,
    &facts->reordered,
    &facts->handshake_done_frame,
    &facts->close_in,
    &facts->close_out,
    &facts->first_initial_in,
    &facts->odd_tail,
    &facts->first_0rtt_out,
    &facts->unknown_version,
    &facts->blocked_out,
    &facts->first_unread,
    &facts->first_joined,
    &facts->first_cut,
  };

  for (guint i = 0; i < G_N_ELEMENTS (unset); i++)
    *unset[i] = -1;
  for (guint end = 0; end < 2; end++)
    facts->sealed_alert[end] = facts->first_short[end] = facts->ccs[end] = facts->protected[end] = facts->beyond[end] =
        facts->opened_data[end] = -1;
  for (guint i = 0; i < G_N_ELEMENTS (facts->largest_in); i++)
    facts->largest_in[i] = G_MAXUINT64;
  facts->in_initial_is_bare = TRUE;
}

void
qs_evidence_read_packets (QsEvidence *evidence, const QsEvidence *before)
{
  guint n = qs_trace_get_n_packets (evidence->trace);

  if (before != NULL)
    {
      evidence->settled = before->settled;
      evidence->n_settled = before->n_settled;
    }
  else
    {
      init_facts (&evidence->settled);
    }
  if (n > 2 * TAIL && evidence->n_settled < n - 2 * TAIL)
    {
      for (; evidence->n_settled < n - TAIL; evidence->n_settled++)
        read_packet (evidence, &evidence->settled, evidence->n_settled);
    }
  evidence->packets = evidence->settled;
  for (guint i = evidence->n_settled; i < n; i++)
    read_packet (evidence, &evidence->packets, i);
}
