/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QsCapture: the QUIC connections of a capture. */
#include <string.h>

#include "formats/qs-capture-private.h"
#include "trace/qs-trace-private.h"

#define MIN_TO_SPLIT 600    /* bytes of a payload that may be several datagrams */
#define MAX_UNSPLIT 1500    /* bytes of a payload that is surely one datagram, by the links that most have */
#define MIN_PIECE 64        /* bytes of one in it */
#define MIN_CID_TO_SPLIT 6u /* bytes: a shorter one could stand in the data by chance */
#define MIN_CID_TO_MOVE 4   /* likewise, in another flow */
#define MIN_INITIAL 1200    /* RFC 9000 section 14.1 */

/* What stands in a long header of every version, and whether it is an Initial. All the rest of the packet may be cut off or damaged. */
typedef struct {
  QsInvariants invariants;
  gboolean initial, retry;
} Invariants;

static gboolean
read_invariants (QsSpan payload, Invariants *header)
{
  if (!qs_invariants_parse (payload, &header->invariants))
    return FALSE;
  guint32 version = header->invariants.version;
  guint type = payload.data[0] >> 4 & 3; /* RFC 9369 section 3.2 numbers them otherwise */
  header->initial = version != 0 && type == (version == QS_QUIC_VERSION_2 ? 1 : 0);
  header->retry = version != 0 && type == (version == QS_QUIC_VERSION_2 ? 0 : 3);
  return TRUE;
}

static gboolean
is_plausible_version (guint32 version)
{
  return version == 0 || qs_quic_version_is_readable (version) || qs_quic_version_is_greased (version) ||
         qs_quic_version_is_google (version) || (version & 0xffffff00u) == 0xff000000u || /* drafts */
         (version & 0xffffffe0u) == 0xfaceb000u;                                          /* mvfst */
}

/* Only a long header says that it is QUIC; a flow whose start the capture missed is believed on
 * the usual ports. */
static gboolean
looks_like_quic (const QsCapturePacket *packet, const Invariants *header)
{
  guint32 version;
  QsSpan cid;

  if (header == NULL && qs_google_header_parse (packet->payload, &version, &cid))
    return TRUE;
  if (header != NULL)
    return is_plausible_version (header->invariants.version) ||
           (packet->payload_length >= MIN_INITIAL &&
            (qs_capture_is_server_port (packet->from.port) || qs_capture_is_server_port (packet->to.port)));
  return packet->payload.length > 20 && (packet->payload.data[0] & 0xc0) == 0x40 &&
         (qs_capture_is_server_port (packet->from.port) || qs_capture_is_server_port (packet->to.port));
}

static QsCaptureConnection *
find_cid (QsCapture *self, const QsCaptureFlow *flow, QsSpan cid)
{
  if (cid.length == 0 || cid.length > QS_CID_MAX)
    return NULL;
  return (QsCaptureConnection *) qs_flow_table_find_id (self->table, flow != NULL ? &flow->route : NULL, cid);
}

static void
note_cid (QsCapture *self, QsCaptureConnection *connection, QsSpan cid)
{
  if (cid.length == 0 || cid.length > QS_CID_MAX || find_cid (self, connection->flow, cid) != NULL)
    return;
  qs_flow_table_add_id (self->table, &connection->flow->route, cid, &connection->owner);
  if (cid.length >= MIN_CID_TO_MOVE)
    qs_flow_table_add_id (self->table, NULL, cid, &connection->owner);
}

static QsCaptureConnection *
find_short (QsCapture *self, const QsCaptureFlow *flow, QsSpan payload)
{
  return (QsCaptureConnection *) qs_flow_table_find_short (self->table, flow != NULL ? &flow->route : NULL, payload);
}

/* Whether something that only follows a ServerHello stands in the same datagram. */
static gboolean
holds_later_packets (QsSpan payload)
{
  while (payload.length > 0 && (payload.data[0] & 0x80) != 0)
    {
      QsPacketHeader header;

      if (!qs_packet_header_parse (payload, 0, &header, NULL))
        return FALSE;
      if (header.type == QS_PACKET_HANDSHAKE)
        return TRUE;
      payload.data += header.length;
      payload.length -= header.length;
    }
  return payload.length > 0 && (payload.data[0] & 0xc0) == 0x40;
}

/* A flow that begins with a short header is a connection that came from elsewhere: it has an id that was seen there, as behind a
 * NAT that forgot it, or a new one that only who can decrypt knows (RFC 9000 section 9.5); then the server tells. */
static QsCaptureConnection *
find_moved (QsCapture *self, const QsCapturePacket *packet)
{
  QsCaptureConnection *found;

  if (!qs_capture_may_be_short (packet->payload))
    return NULL;
  found = find_short (self, NULL, packet->payload);
  if (found != NULL)
    return found;
  found = g_hash_table_lookup (self->servers, &packet->to);
  if (found == NULL)
    found = g_hash_table_lookup (self->servers, &packet->from);
  return found != NULL && found->sole && !found->flow->route.key.tcp ? found : NULL;
}

/* A new connection on addresses that had one: a client's first packet with ids that are all unknown. After a
 * Version Negotiation or a Retry it is the same attempt going on. A client may have got a new id from its server in the very first
 * 1-RTT packet already, and its Initials and Handshake packets go to that one as well; it was told under encryption. */
static gboolean
begins_another (const QsCaptureConnection *current, const QsCapturePacket *packet, const Invariants *header)
{
  return header->initial && packet->payload_length >= MIN_INITIAL && header->invariants.dcid.length >= 8 &&
         (current->guessed || qs_capture_same_end (&packet->from, &current->client)) && !current->negotiates &&
         !holds_later_packets (packet->payload);
}

static QsCaptureConnection *
route_quic (QsCapture *self, QsCaptureFlow *flow, const QsCapturePacket *packet, const Invariants *header)
{
  QsCaptureConnection *found = NULL;

  if (header == NULL)
    found = find_short (self, flow, packet->payload);
  else
    {
      found = find_cid (self, flow, header->invariants.dcid);
      if (found == NULL)
        found = find_cid (self, flow, header->invariants.scid);
      if (found == NULL && begins_another (qs_capture_current (flow), packet, header))
        return NULL;
    }
  return found != NULL ? found : qs_capture_current (flow);
}

/* Where the packet with a short header starts, which is the last one of a datagram. */
static gsize
skip_long_headers (QsSpan payload)
{
  gsize at = 0;

  while (at < payload.length && (payload.data[at] & 0x80) != 0)
    {
      QsPacketHeader header;

      if (!qs_packet_header_parse (QS_SPAN (payload.data + at, payload.length - at), 0, &header, NULL))
        return payload.length;
      at += header.length;
    }
  return at;
}

/* Whether the payload is datagrams of this size, but for the last, which each start with a short header and this
 * connection id. */
static gboolean
is_made_of (QsSpan payload, gsize size, QsSpan cid)
{
  for (gsize at = size; at < payload.length; at += size)
    {
      if (payload.length - at <= cid.length || (payload.data[at] & 0xc0) != 0x40 ||
          memcmp (payload.data + at + 1, cid.data, cid.length) != 0)
        return FALSE;
    }
  return TRUE;
}

/* Larger than any that goes over Ethernet. Its connection id may never have been told: it came before the capture, or under encryption. So
 * many bytes that stand again where a header would do not by chance, in what is encrypted. */
static gsize
find_repeated_size (QsSpan payload)
{
  QsSpan cid = QS_SPAN (payload.data + 1, MIN_CID_TO_SPLIT);
  const guint8 *next = memmem (payload.data + MIN_PIECE, payload.length - MIN_PIECE, cid.data, cid.length);
  gsize size = next != NULL ? (gsize) (next - payload.data) - 1 : 0;

  return size >= MIN_PIECE && is_made_of (payload, size, cid) ? size : payload.length;
}

/* The size of the datagrams that this payload is made of, when it was to be cut up by the network card (or was joined by
 * it): a capture shows them as one. All but the last are of one size, and each starts with the same connection id. */
static gsize
find_offload_size (QsCapture *self, const QsCaptureFlow *flow, QsSpan payload)
{
  gsize start = payload.length > MIN_TO_SPLIT ? skip_long_headers (payload) : payload.length;

  if (start == 0 && payload.length > MAX_UNSPLIT)
    return find_repeated_size (payload);
  for (guint n = QS_CID_MAX; n >= MIN_CID_TO_SPLIT && start + 1 + n < payload.length; n--)
    {
      QsSpan cid = QS_SPAN (payload.data + start + 1, n);

      if ((flow->route.cid_lengths & 1u << n) == 0 || find_cid (self, flow, cid) == NULL)
        continue;
      const guint8 *from = cid.data + n;
      const guint8 *next = memmem (from, (gsize) (payload.data + payload.length - from), cid.data, n);
      if (next == NULL)
        return payload.length;
      gsize size = (gsize) (next - payload.data) - 1;
      return is_made_of (payload, size, cid) ? size : payload.length;
    }
  return payload.length;
}

static void
add_datagram (QsCapture *self, QsCaptureConnection *connection, QsCaptureFlow *flow, const QsCaptured *captured,
              const QsCapturePacket *packet)
{
  QsDirection direction = qs_capture_direction_of (connection, packet);
  gsize size = find_offload_size (self, connection->flow, packet->payload);
  guint16 path = qs_capture_path_of (connection, flow, packet);
  gsize at = 0;
  guint index;

  connection->last = captured->time;
  do
    {
      gsize n = MIN (size, packet->payload.length - at);

      index = qs_trace_add_datagram (connection->trace, captured->time - connection->first, direction, path,
                                     packet->ecn, captured->fate, packet->payload.data + at, n);
      at += n;
    }
  while (at < packet->payload.length);
  if (size == packet->payload.length && packet->payload.length < packet->payload_length)
    qs_trace_set_wire_length (connection->trace, index, packet->payload_length);
}

/* NULL for what is no QUIC, or too much. */
static QsCaptureFlow *
ensure_flow (QsCapture *self, const QsCapturePacket *packet, const Invariants *header)
{
  QsCaptureFlow *flow = qs_capture_get_flow (self, packet, FALSE, FALSE);
  QsCaptureConnection *moved = flow == NULL && header == NULL ? find_moved (self, packet) : NULL;

  if (flow != NULL)
    return flow;
  /* With secrets at hand it may be a connection that began before the capture did. */
  gboolean guessed = header == NULL && qs_capture_may_guess (self, packet);
  if (moved == NULL && !guessed && !self->one_run && !looks_like_quic (packet, header))
    {
      qs_capture_note_stray (self, packet);
      return NULL;
    }
  flow = qs_capture_get_flow (self, packet, FALSE, TRUE);
  if (flow == NULL)
    self->n_left_out++;
  else if (moved != NULL)
    qs_flow_table_set_route (self->table, &flow->route, &moved->owner);
  return flow;
}

/* Who began it? known: whether a port says so. */
static gboolean
is_from_client (const QsCapturePacket *packet, gboolean *known)
{
  gboolean from_known = qs_capture_is_server_port (packet->from.port);
  gboolean to_known = qs_capture_is_server_port (packet->to.port);

  *known = from_known != to_known;
  return *known ? to_known : qs_capture_seems_from_client (packet);
}

static QsCaptureConnection *
begin_connection (QsCapture *self, QsCaptureFlow *flow, const QsCaptured *captured, const QsCapturePacket *packet,
                  const Invariants *header)
{
  gboolean known, from_client = is_from_client (packet, &known);
  QsCaptureConnection *connection = qs_capture_connection_new (self, flow, packet, captured->time, from_client);

  if (connection == NULL)
    return NULL;
  connection->ends_known = known;
  if (!known)
    qs_capture_note_guessed_ends (self, connection);
  connection->guessed = !self->one_run && !looks_like_quic (packet, header);
  self->n_guessed += connection->guessed;
  qs_capture_make_trace (self, connection);
  return connection;
}

void
qs_capture_add_udp (QsCapture *self, const QsCaptured *captured, const QsCapturePacket *packet)
{
  Invariants parsed;
  const Invariants *header = read_invariants (packet->payload, &parsed) ? &parsed : NULL;
  QsCaptureFlow *flow = ensure_flow (self, packet, header);
  QsCaptureConnection *connection = NULL;

  if (flow == NULL)
    return;
  if (qs_capture_current (flow) != NULL)
    connection = route_quic (self, flow, packet, header);
  if (connection == NULL)
    connection = begin_connection (self, flow, captured, packet, header);
  if (connection == NULL || connection->let_go)
    return;
  if (header != NULL)
    {
      note_cid (self, connection, header->invariants.dcid);
      note_cid (self, connection, header->invariants.scid);
      connection->negotiates =
          header->invariants.version == 0 || (header->retry && packet->payload_length < MIN_INITIAL);
    }
  qs_flow_table_set_route (self->table, &flow->route, &connection->owner);
  qs_capture_note_ends (self, connection, packet);
  qs_capture_looks_add (&connection->looks, packet->payload, connection->guessed);
  if (qs_capture_is_doubted (connection))
    return;
  add_datagram (self, connection, flow, captured, packet);
  qs_capture_note_passed (self, connection);
}
