/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams into packets, and packets to the connection that they belong to. */
#include <string.h>

#include "dissect/qs-quic-private.h"
#include "trace/qs-credit.h"
#include "trace/qs-trace-budget.h"

#define RETRIES_AT_ONCE 8
#define MIN_STATELESS_RESET 21 /* RFC 9000 section 10.3 */
#define FIXED_BIT 0x40
#define MIN_LATE 20 /* no packet is shorter: number, four bytes of frames and tag at least */

static QsSide
other_side (QsSide side)
{
  return side == QS_SIDE_CLIENT ? QS_SIDE_SERVER : QS_SIDE_CLIENT;
}

QsQuic *
qs_quic_new (QsDissection *owner)
{
  QsQuic *self = g_new0 (QsQuic, 1);

  self->owner = owner;
  self->conns = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_quic_conn_free);
  return self;
}

void
qs_quic_free (QsQuic *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->retry_list, g_array_unref);
  g_ptr_array_unref (self->conns);
  g_free (self);
}

/* --- Which connection --- */

static QsQuicConn *
add_conn (QsQuic *self, guint16 path, const QsPacketHeader *header, QsSide side)
{
  if (self->conns->len >= QS_MAX_CONNECTIONS)
    return NULL;

  QsQuicConn *conn = qs_quic_conn_new (self, path);
  conn->version = header->version;
  conn->late = side != QS_SIDE_CLIENT || header->type != QS_PACKET_INITIAL;
  if (side == QS_SIDE_CLIENT)
    conn->original_dcid = qs_cid_new (header->dcid);
  else if (header->long_header)
    conn->late_cid = qs_cid_new (header->scid);
  g_ptr_array_add (self->conns, conn);
  return conn;
}

/* Whether a client's Initial goes to an id that this connection knows: anything else starts anew. */
static gboolean
knows_dcid (QsQuicConn *conn, QsSpan dcid)
{
  if (qs_cid_equal (&conn->original_dcid, dcid) ||
      (conn->late_cid.length > 0 && qs_cid_equal (&conn->late_cid, dcid)) ||
      qs_quic_conn_has_cid (conn, QS_SIDE_SERVER, dcid, TRUE))
    return TRUE;
  for (guint i = 0; i < conn->n_initial; i++)
    if (qs_cid_equal (&conn->initial[i].dcid, dcid))
      return TRUE;
  return FALSE;
}

static gboolean
belongs_long (QsQuicConn *conn, QsSide side, guint16 path, const QsPacketHeader *header)
{
  QsSpan client_cid = side == QS_SIDE_CLIENT ? header->scid : header->dcid;

  if (conn->has_cid[QS_SIDE_CLIENT] && !qs_quic_conn_has_cid (conn, QS_SIDE_CLIENT, client_cid, TRUE))
    return FALSE;
  if (client_cid.length == 0 && !qs_quic_conn_has_path (conn, path))
    return FALSE;
  if (side == QS_SIDE_CLIENT && header->type == QS_PACKET_INITIAL)
    {
      /* After Version Negotiation the client begins again (RFC 9000 section 6.2), with numbers from 0. */
      gboolean again = conn->negotiated && header->version != conn->version && !conn->has_cid[QS_SIDE_SERVER];
      return !again && knows_dcid (conn, header->dcid);
    }
  return TRUE;
}

static QsQuicConn *
find_long (QsQuic *self, QsSide side, guint16 path, const QsPacketHeader *header)
{
  for (guint i = self->conns->len; i-- > 0;)
    {
      QsQuicConn *conn = g_ptr_array_index (self->conns, i);
      if (belongs_long (conn, side, path, header))
        return conn;
    }
  return add_conn (self, path, header, side);
}

/* Short headers and nothing before: what they belong to began earlier. */
static QsQuicConn *
add_late_conn (QsQuic *self, guint16 path, QsSpan packet)
{
  const QsPacketHeader nothing = { .type = QS_PACKET_1RTT };

  return packet.length > MIN_LATE ? add_conn (self, path, &nothing, QS_SIDE_SERVER) : NULL;
}

/* By connection id, for paths change; by path where ids are empty. */
static QsQuicConn *
find_short (QsQuic *self, QsSide side, guint16 path, QsSpan packet)
{
  QsQuicConn *on_path = NULL, *by_id = NULL;
  QsSpan rest = QS_SPAN (packet.data + 1, packet.length - 1);

  if (self->conns->len == 0)
    return add_late_conn (self, path, packet);
  if (self->conns->len == 1)
    return g_ptr_array_index (self->conns, 0);
  for (guint i = self->conns->len; i-- > 0;)
    {
      QsQuicConn *conn = g_ptr_array_index (self->conns, i);
      gboolean has_id = qs_quic_conn_has_cid (conn, other_side (side), rest, FALSE);
      gboolean is_on_path = qs_quic_conn_has_path (conn, path);
      if (has_id && is_on_path)
        return conn;
      if (has_id && by_id == NULL)
        by_id = conn;
      if (on_path == NULL && is_on_path && conn->has_cid[QS_SIDE_SERVER])
        on_path = conn;
    }
  return by_id != NULL ? by_id : on_path != NULL ? on_path : self->last;
}

/* --- One packet --- */

static QsDirectionFigures *
figures_of (QsArrival *arrival)
{
  return &qs_trace_get_metrics (arrival->conn->quic->owner->trace)->directions[arrival->packet->direction];
}

static void
learn_cids (QsArrival *arrival)
{
  QsQuicConn *conn = arrival->conn;
  const QsPacketHeader *header = &arrival->header;

  if (conn->has_cid[arrival->side] || !header->long_header)
    return;
  conn->has_cid[arrival->side] = TRUE;
  conn->cid[arrival->side] = qs_cid_new (header->scid);
  qs_quic_conn_add_cid (conn, arrival->side, header->scid, 0);
}

static void
take_retry (QsArrival *arrival)
{
  QsQuicConn *conn = arrival->conn;
  const QsPacketHeader *header = &arrival->header;
  QsSpan original = QS_SPAN (conn->original_dcid.bytes, conn->original_dcid.length);
  guint8 tag[QS_RETRY_TAG_LENGTH];

  if (arrival->kept < header->length)
    return;
  /* Until the 24th draft there was no tag; of one whose beginning was not seen it is over an id that nobody knows. */
  if (header->integrity_tag.length > 0 && !conn->late &&
      (!qs_retry_integrity_tag (header->version, original,
                                QS_SPAN (arrival->bytes.data, header->length - QS_RETRY_TAG_LENGTH), tag) ||
       memcmp (tag, header->integrity_tag.data, sizeof tag) != 0))
    {
      arrival->packet->flags |= QS_PACKET_CORRUPT;
      figures_of (arrival)->corrupt++;
      return;
    }
  if (conn->retried) /* a client heeds the first one only (RFC 9000 section 17.2.5.2) */
    return;
  conn->retried = TRUE;
  qs_quic_conn_add_initial (conn, header->version, header->scid);
  /* What it answered was not lost, and what is sent again is sent for it (RFC 9002 section 6.3). */
  qs_recovery_discard (conn->recovery[QS_SIDE_CLIENT][QS_SPACE_INITIAL], arrival->time);
  conn->crypto_sent[QS_SIDE_CLIENT][QS_SPACE_INITIAL] = (QsSentMark){ 0 };
}

static gboolean
is_stateless_reset (QsArrival *arrival)
{
  const QsPacketHeader *header = &arrival->header;

  if (header->long_header || header->length < MIN_STATELESS_RESET || arrival->kept < header->length)
    return FALSE;
  QsSpan end = QS_SPAN (arrival->bytes.data + header->length - QS_RESET_TOKEN_LENGTH, QS_RESET_TOKEN_LENGTH);
  return qs_quic_conn_has_token (arrival->conn, arrival->side, end);
}

/* Neither a packet nor a reset: padding behind a packet, or noise. Peers may have agreed on sending the fixed bit as 0 (RFC
 * 9287), which shows when there are keys. */
static gboolean
is_no_packet (const QsArrival *arrival, QsOpenResult result)
{
  return !arrival->header.long_header && (arrival->header.first_byte & FIXED_BIT) == 0 &&
         (result == QS_OPEN_FAILED || (arrival->packet->flags & QS_PACKET_COALESCED) != 0);
}

static void
take_closed (QsArrival *arrival, QsOpenResult result)
{
  QsPacket *packet = arrival->packet;

  if (is_stateless_reset (arrival))
    packet->type = QS_PACKET_STATELESS_RESET;
  else if (is_no_packet (arrival, result))
    {
      packet->type = QS_PACKET_UNKNOWN;
      if (result == QS_OPEN_NO_KEYS && arrival->kept >= arrival->header.length) /* keys that come yet will show it */
        g_array_append_val (arrival->conn->pending[arrival->header.type], arrival->index);
    }
  else if (result == QS_OPEN_FAILED)
    {
      packet->flags |= QS_PACKET_CORRUPT;
      figures_of (arrival)->corrupt++;
    }
  else if (arrival->kept >= arrival->header.length)
    {
      g_array_append_val (arrival->conn->pending[arrival->header.type], arrival->index);
      arrival->conn->n_closed[arrival->side] += arrival->header.type == QS_PACKET_1RTT;
    }
}

static void
take_opened (QsArrival *arrival, QsOpenResult result, QsSpan payload)
{
  QsQuicConn *conn = arrival->conn;
  QsPacket *packet = arrival->packet;

  learn_cids (arrival);
  qs_quic_conn_add_path (conn, arrival->path);
  if (packet->flags & QS_PACKET_DUPLICATE)
    figures_of (arrival)->duplicates++;
  if (result == QS_OPENED)
    qs_quic_take_frames (arrival, payload);
  else
    {
      packet->flags |= QS_PACKET_ACK_ELICITING; /* a mere ACK would have fitted into what was kept */
      qs_credit_lose_sight (&qs_trace_get_metrics (conn->quic->owner->trace)->credit[packet->direction], arrival->time);
    }
  if (packet->flags & QS_PACKET_RETRANSMISSION)
    figures_of (arrival)->retransmissions++;
  if (!(packet->flags & QS_PACKET_DUPLICATE))
    qs_recovery_sent (qs_quic_conn_recovery (conn, arrival->side, arrival->header.type, arrival->path_id),
                      packet->number, arrival->index, arrival->time, packet->length,
                      (packet->flags & QS_PACKET_ACK_ELICITING) != 0);
}

/* Its content is shown, but the stack never had it: nothing is acknowledged, put together or counted by it, and the keys
 * stay those of what did arrive. */
static void
open_unseen (QsArrival *arrival)
{
  QsQuicConn *conn = arrival->conn;
  QsProtection before = conn->protection[arrival->side][arrival->header.type];
  QsSpan payload = QS_SPAN_NONE;
  QsOpenResult result = qs_quic_open (arrival, &payload);

  if (result == QS_OPENED)
    qs_quic_take_frames (arrival, payload);
  else if (result == QS_OPEN_NO_KEYS && arrival->kept >= arrival->header.length)
    g_array_append_val (conn->pending[arrival->header.type], arrival->index);
  else if (is_stateless_reset (arrival))
    arrival->packet->type = QS_PACKET_STATELESS_RESET;
  if ((arrival->packet->flags & QS_PACKET_KEY_UPDATE) == 0)
    return;
  conn->protection[arrival->side][arrival->header.type] = before;
  arrival->packet->flags &= (guint16) ~QS_PACKET_KEY_UPDATE;
}

static void
open_packet (QsArrival *arrival)
{
  if (arrival->unseen)
    {
      open_unseen (arrival);
      return;
    }

  QsSpan payload = QS_SPAN_NONE;
  QsOpenResult result = qs_quic_open (arrival, &payload);

  if (result == QS_OPENED || result == QS_OPEN_HEADER_ONLY)
    take_opened (arrival, result, payload);
  else
    take_closed (arrival, result);
}

static void
take_packet (QsArrival *arrival)
{
  switch (arrival->header.type)
    {
    case QS_PACKET_INITIAL:
    case QS_PACKET_0RTT:
    case QS_PACKET_HANDSHAKE:
    case QS_PACKET_1RTT:
      open_packet (arrival);
      break;
    case QS_PACKET_RETRY:
      if (!arrival->unseen)
        take_retry (arrival);
      break;
    case QS_PACKET_VERSION_NEGOTIATION:
      arrival->conn->negotiated |= !arrival->unseen;
      break;
    default:
      break;
    }
}

/* --- Datagrams --- */

/* A datagram that was cut is read from a copy with zeros behind, so that its header can be parsed. */
static QsSpan
whole_datagram (QsQuic *self, const QsRecord *record)
{
  QsDissection *owner = self->owner;
  gsize kept = MIN (record->bytes.length, QS_DATAGRAM_MAX);

  if (record->bytes.length >= record->length)
    return QS_SPAN (record->bytes.data, record->length);

  memcpy (owner->datagram, record->bytes.data, kept);
  if (self->dirty > kept)
    memset (owner->datagram + kept, 0, self->dirty - kept);
  self->dirty = kept;
  return QS_SPAN (owner->datagram, record->length);
}

static gboolean
is_unseen (const QsRecord *record)
{
  return record->fate == QS_FATE_DROPPED && record->direction == QS_DIRECTION_RECEIVED;
}

static gboolean
parse_header (QsArrival *arrival, QsSpan rest, QsQuic *quic, guint16 path)
{
  gboolean long_header = (rest.data[0] & 0x80) != 0;

  QsPacketHeader google = { .type = QS_PACKET_UNKNOWN, .length = (guint32) rest.length, .first_byte = rest.data[0] };

  /* Google's own QUIC, which the standard's readers would take for short headers. */
  if (!long_header && qs_google_header_parse (rest, &google.version, &google.dcid))
    {
      arrival->header = google;
      arrival->conn = NULL;
      arrival->bytes = rest;
      return TRUE;
    }
  if (!long_header && arrival->conn == NULL)
    arrival->conn = find_short (quic, arrival->side, path, rest);
  guint8 length =
      long_header || arrival->conn == NULL ? 0 : qs_quic_conn_short_dcid_length (arrival->conn, arrival->side, rest);

  if (!qs_packet_header_parse (rest, length, &arrival->header, NULL))
    return FALSE;
  if (long_header && arrival->conn == NULL && arrival->header.type != QS_PACKET_UNKNOWN)
    arrival->conn = find_long (quic, arrival->side, path, &arrival->header);
  arrival->bytes = QS_SPAN (rest.data, arrival->header.length);
  return TRUE;
}

static void
add_packet (QsArrival *arrival, QsQuic *quic, guint32 record_index, const QsRecord *record, gsize at)
{
  const QsPacketHeader *header = &arrival->header;
  QsPacket packet = {
    .time = record->time,
    .number = G_MAXUINT64,
    .record = record_index,
    .offset = (guint32) at,
    .length = header->length,
    .version = header->long_header || arrival->conn == NULL ? header->version : arrival->conn->version,
    .type = header->type,
    .direction = record->direction,
    .dcid_length = (guint8) MIN (header->dcid.length, G_MAXUINT8),
    .flags = (at > 0 ? QS_PACKET_COALESCED : 0) | (arrival->kept < header->length ? QS_PACKET_PAYLOAD_DROPPED : 0) |
             (record->fate == QS_FATE_DROPPED ? QS_PACKET_DROPPED : 0),
  };

  arrival->index = qs_trace_add_packet (quic->owner->trace, &packet);
  arrival->packet = qs_trace_edit_packet (quic->owner->trace, arrival->index);
  if (!arrival->unseen)
    qs_trace_get_metrics (quic->owner->trace)->directions[record->direction].packets++;
}

void
qs_quic_add_datagram (QsQuic *self, guint32 index, const QsRecord *record)
{
  QsArrival arrival = {
    .side = qs_dissection_side (self->owner, record->direction),
    .time = record->time,
    .path = record->path,
    .unseen = is_unseen (record),
  };
  gsize kept = record->bytes.length;

  if (record->length == 0 || record->length > QS_DATAGRAM_MAX)
    return;

  QsSpan datagram = whole_datagram (self, record);
  for (gsize at = 0; at < datagram.length && at < kept; at += arrival.header.length)
    {
      QsSpan rest = QS_SPAN (datagram.data + at, datagram.length - at);
      arrival.kept = kept - at;
      /* The first one is paid for by the datagram. A header of ten bytes makes a packet: a flood of them is all overhead. */
      if (at > 0 && !qs_trace_charge (self->owner->trace, sizeof (QsPacket)))
        {
          qs_trace_count_packet_not_kept (self->owner->trace);
          break;
        }
      if (!parse_header (&arrival, rest, self, record->path))
        arrival.header = (QsPacketHeader){ .type = QS_PACKET_UNKNOWN, .length = (guint32) rest.length };
      add_packet (&arrival, self, index, record, at);
      if (arrival.conn != NULL)
        {
          self->last = arrival.conn;
          take_packet (&arrival);
        }
    }
}

/* --- Keys that come later --- */

void
qs_quic_secrets_changed (QsQuic *self)
{
  for (guint i = 0; i < self->conns->len; i++)
    {
      QsQuicConn *conn = g_ptr_array_index (self->conns, i);
      conn->searched[0] = conn->searched[1] = FALSE;
      qs_quic_conn_take_secrets (conn);
    }
}

static gboolean
next_retry (QsQuic *self)
{
  for (guint i = 0; i < self->conns->len; i++)
    {
      QsQuicConn *conn = g_ptr_array_index (self->conns, i);
      for (guint level = 0; level < QS_N_LEVELS; level++)
        {
          if (!conn->retry[level])
            continue;
          conn->retry[level] = FALSE;
          if (conn->pending[level]->len == 0)
            continue;
          self->retrying = conn;
          self->retry_list = g_steal_pointer (&conn->pending[level]);
          self->retry_at = 0;
          conn->pending[level] = g_array_new (FALSE, FALSE, sizeof (guint32));
          return TRUE;
        }
    }
  return FALSE;
}

static void
retry_packet (QsQuic *self, guint32 index)
{
  QsTrace *trace = self->owner->trace;
  QsPacket *packet = qs_trace_edit_packet (trace, index);
  QsRecord record;

  qs_trace_get_record (trace, packet->record, &record);
  QsArrival arrival = {
    .conn = self->retrying,
    .side = qs_dissection_side (self->owner, record.direction),
    .index = index,
    .packet = packet,
    .kept = record.bytes.length - packet->offset,
    .time = packet->time,
    .path = record.path,
    .unseen = is_unseen (&record),
    .again = TRUE,
  };
  QsSpan rest = QS_SPAN (record.bytes.data + packet->offset, record.length - packet->offset);
  if (!parse_header (&arrival, rest, self, record.path))
    return;
  packet->dcid_length = (guint8) arrival.header.dcid.length;
  packet->type = arrival.header.type;
  open_packet (&arrival);
}

static gboolean
search_some (QsQuic *self, gboolean at_end)
{
  for (guint i = 0; i < self->conns->len; i++)
    if (qs_quic_conn_search_some (g_ptr_array_index (self->conns, i), at_end))
      return TRUE;
  return FALSE;
}

gboolean
qs_quic_retry_some (QsQuic *self)
{
  if (self->retry_list == NULL && !next_retry (self))
    return search_some (self, FALSE);

  for (guint i = 0; i < RETRIES_AT_ONCE && self->retry_at < self->retry_list->len; i++)
    retry_packet (self, g_array_index (self->retry_list, guint32, self->retry_at++));
  if (self->retry_at == self->retry_list->len)
    g_clear_pointer (&self->retry_list, g_array_unref);
  return TRUE;
}

void
qs_quic_finish (QsQuic *self)
{
  QsMetrics *metrics = qs_trace_get_metrics (self->owner->trace);

  while (search_some (self, TRUE) || qs_quic_retry_some (self))
    ;
  metrics->directions[0].undecrypted = metrics->directions[1].undecrypted = 0;
  for (guint i = 0; i < self->conns->len; i++)
    {
      QsQuicConn *conn = g_ptr_array_index (self->conns, i);
      for (guint level = 0; level < QS_N_LEVELS; level++)
        for (guint k = 0; k < conn->pending[level]->len; k++)
          {
            guint32 index = g_array_index (conn->pending[level], guint32, k);
            const QsPacket *packet = qs_trace_get_packet (self->owner->trace, index);
            metrics->directions[packet->direction].undecrypted += packet->type != QS_PACKET_UNKNOWN;
          }
    }
}

/* --- What others ask --- */

GBytes *
qs_quic_dup_transport_parameters (QsQuic *self, QsSide of)
{
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = self->conns->len; i-- > 0;)
      {
        QsQuicConn *conn = g_ptr_array_index (self->conns, i);
        /* First one whose server answered; a raced attempt's lost one only where there is no other. */
        if (conn->parameters[of] != NULL && (pass == 1 || conn->parameters[QS_SIDE_SERVER] != NULL))
          return g_bytes_ref (conn->parameters[of]);
      }
  return NULL;
}

gboolean
qs_quic_is_turned (QsQuic *self)
{
  for (guint i = 0; i < self->conns->len; i++)
    if (((const QsQuicConn *) g_ptr_array_index (self->conns, i))->swapped)
      return TRUE;
  return FALSE;
}

const GArray *
qs_quic_get_stream_packets (QsQuic *self, guint64 stream_id, QsSide side)
{
  for (guint i = self->conns->len; i-- > 0;)
    {
      QsQuicConn *conn = g_ptr_array_index (self->conns, i);
      const QsStreamTrack *track = g_hash_table_lookup (conn->streams, &stream_id);
      if (track != NULL && track->packets[side] != NULL)
        return track->packets[side];
    }
  return NULL;
}

gboolean
qs_quic_list_stream_packets (QsQuic *self, guint64 stream_id, GPtrArray *lists)
{
  for (guint i = 0; i < self->conns->len; i++)
    {
      QsQuicConn *conn = g_ptr_array_index (self->conns, i);
      const QsStreamTrack *track = g_hash_table_lookup (conn->streams, &stream_id);

      for (guint side = 0; track != NULL && side < 2; side++)
        {
          if (track->packets[side] == NULL)
            continue;
          if (track->n_ascending[side] < track->packets[side]->len)
            return FALSE;
          g_ptr_array_add (lists, track->packets[side]);
        }
    }
  return lists->len > 0; /* too many streams are not followed: one that is not there may be one of those */
}
