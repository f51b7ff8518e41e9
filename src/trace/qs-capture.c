/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-capture.h"

#include <errno.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "trace/qs-capture-tcp.h"
#include "trace/qs-pcapng-private.h"
#include "trace/qs-trace-private.h"

#define MAX_CONNECTIONS 4096 /* in one file */
#define MAX_FLOWS 262144     /* address pairs that are looked at */
#define MAX_SECRETS 65536    /* kept for connections to come */
#define MAX_CIDS 64          /* of one connection */
#define MIN_TO_SPLIT 600     /* bytes of a payload that may be several datagrams */
#define MIN_CID_TO_SPLIT 6u  /* bytes: a shorter one could stand in the data by chance */
#define MIN_INITIAL 1200     /* RFC 9000 section 14.1 */

/* One address pair of one protocol, both ends in a fixed order. */
typedef struct {
  QsCaptureEnd ends[2];
  guint8 tcp;
} FlowKey;

typedef struct _Connection Connection;

typedef struct {
  FlowKey key;
  Connection *current;
  guint32 cid_lengths; /* bit N: a connection id of N bytes was seen */
} Flow;

struct _Connection {
  QsTrace *trace; /* TCP: NULL until it turned out to be TLS */
  Flow *flow;
  QsCaptureEnd client, server;
  QsVantage vantage;
  guint n_cids;
  gboolean negotiates;    /* a Version Negotiation was the last that came */
  QsCaptureTcp tcp[2];    /* by who sends: client, server */
  gboolean refused_shown; /* RST was told of */
  gboolean answered;
  gint64 connected; /* TCP: when the server's SYN came, since 1970; -1: it did not */
  gint64 first, last;
};

typedef struct {
  const Flow *flow;
  guint8 length;
  guint8 bytes[QS_CID_MAX];
} CidKey;

typedef struct {
  guint32 version;
  QsSpan dcid, scid;
  gboolean initial;
} Invariants;

struct _QsCapture {
  char *title;
  GHashTable *flows; /* FlowKey in Flow -> Flow */
  GHashTable *cids;  /* CidKey -> Connection */
  GPtrArray *connections;
  GPtrArray *traces;
  GPtrArray *secrets;
  GPtrArray *notes;
  guint64 n_packets, n_fragments, n_malformed, n_left_out;
};

/* --- Keys --- */

static guint
flow_hash (gconstpointer data)
{
  const guint8 *bytes = data;
  guint hash = 2166136261u;

  for (gsize i = 0; i < sizeof (FlowKey); i++)
    hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

static gboolean
flow_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (FlowKey)) == 0;
}

static guint
cid_hash (gconstpointer data)
{
  const CidKey *key = data;
  guint hash = g_direct_hash (key->flow) ^ key->length;

  for (guint i = 0; i < key->length; i++)
    hash = (hash ^ key->bytes[i]) * 16777619u;
  return hash;
}

static gboolean
cid_equal (gconstpointer a, gconstpointer b)
{
  const CidKey *left = a, *right = b;

  return left->flow == right->flow && left->length == right->length &&
         memcmp (left->bytes, right->bytes, left->length) == 0;
}

static gboolean
same_end (const QsCaptureEnd *a, const QsCaptureEnd *b)
{
  return memcmp (a, b, sizeof *a) == 0;
}

/* NULL when there are too many. */
static Flow *
get_flow (QsCapture *self, const QsCapturePacket *packet, gboolean tcp, gboolean create)
{
  FlowKey key = { .tcp = tcp };
  gboolean in_order = memcmp (&packet->from, &packet->to, sizeof packet->from) <= 0;

  key.ends[0] = in_order ? packet->from : packet->to;
  key.ends[1] = in_order ? packet->to : packet->from;
  Flow *flow = g_hash_table_lookup (self->flows, &key);
  if (flow == NULL && create && g_hash_table_size (self->flows) < MAX_FLOWS)
    {
      flow = g_new0 (Flow, 1);
      flow->key = key;
      g_hash_table_insert (self->flows, &flow->key, flow);
    }
  return flow;
}

/* --- Connections --- */

static void
connection_free (gpointer data)
{
  Connection *connection = data;

  qs_capture_tcp_clear (&connection->tcp[0]);
  qs_capture_tcp_clear (&connection->tcp[1]);
  g_clear_object (&connection->trace);
  g_free (connection);
}

static gboolean
is_server_port (guint16 port)
{
  static const guint16 ports[] = { 443, 853, 4433, 4434, 8443, 784, 993, 995, 465, 563, 636, 990, 5061, 5671, 8883 };

  for (guint i = 0; i < G_N_ELEMENTS (ports); i++)
    {
      if (ports[i] == port)
        return TRUE;
    }
  return FALSE;
}

static Connection *
connection_new (QsCapture *self, Flow *flow, const QsCapturePacket *packet, gint64 time, gboolean from_client)
{
  if (self->connections->len == MAX_CONNECTIONS)
    {
      self->n_left_out++;
      return NULL;
    }

  Connection *connection = g_new0 (Connection, 1);
  connection->flow = flow;
  connection->client = from_client ? packet->from : packet->to;
  connection->server = from_client ? packet->to : packet->from;
  connection->vantage = QS_VANTAGE_NETWORK;
  if (packet->direction != 0)
    connection->vantage =
        (packet->direction == QS_PCAPNG_OUTBOUND) == from_client ? QS_VANTAGE_CLIENT : QS_VANTAGE_SERVER;
  connection->first = time;
  connection->connected = -1;
  qs_capture_tcp_init (&connection->tcp[0]);
  qs_capture_tcp_init (&connection->tcp[1]);
  g_ptr_array_add (self->connections, connection);
  flow->current = connection;
  return connection;
}

static void
make_trace (QsCapture *self, Connection *connection)
{
  g_autoptr (GSocketAddress) client = qs_capture_end_to_address (&connection->client);
  g_autoptr (GSocketAddress) server = qs_capture_end_to_address (&connection->server);
  gboolean is_server = connection->vantage == QS_VANTAGE_SERVER;

  connection->trace = qs_trace_new (connection->vantage, NULL);
  qs_trace_set_origin (connection->trace, connection->first);
  qs_trace_set_title (connection->trace, self->title);
  qs_trace_add_path (connection->trace, is_server ? server : client, is_server ? client : server);
  for (guint i = 0; i < self->secrets->len; i++)
    qs_trace_add_secret (connection->trace, 0, g_ptr_array_index (self->secrets, i));
  g_ptr_array_add (self->traces, g_object_ref (connection->trace));
}

static QsDirection
direction_of (const Connection *connection, const QsCapturePacket *packet)
{
  gboolean by_client = same_end (&packet->from, &connection->client);

  return by_client == (connection->vantage != QS_VANTAGE_SERVER) ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
}

static void
add_mark (Connection *connection, gint64 time, QsMarkKind kind, const char *name, gint64 value, char *text)
{
  QsMark mark = { .kind = kind, .name = name, .value = value, .text = text, .stream = -1 };

  qs_trace_add_mark_full (connection->trace, time - connection->first, &mark);
}

/* --- QUIC --- */

/* What every version of QUIC says in a long header (RFC 8999 section 5.1), and whether it is an Initial. All the rest of the
 * packet may be cut off or damaged. */
static gboolean
read_invariants (QsSpan payload, Invariants *header)
{
  if (payload.length < 7 || (payload.data[0] & 0x80) == 0)
    return FALSE;
  gsize dcid_length = payload.data[5];
  if (payload.length < 7 + dcid_length || payload.length < 7 + dcid_length + payload.data[6 + dcid_length])
    return FALSE;
  guint type = payload.data[0] >> 4 & 3;
  header->version = (guint32) payload.data[1] << 24 | (guint32) payload.data[2] << 16 | (guint32) payload.data[3] << 8 |
                    payload.data[4];
  header->dcid = QS_SPAN (payload.data + 6, dcid_length);
  header->scid = QS_SPAN (payload.data + 7 + dcid_length, payload.data[6 + dcid_length]);
  header->initial = header->version != 0 && type == (header->version == QS_QUIC_VERSION_2 ? 1 : 0);
  return TRUE;
}

static gboolean
is_plausible_version (guint32 version)
{
  return version == 0 || version == QS_QUIC_VERSION_1 || version == QS_QUIC_VERSION_2 ||
         qs_quic_version_is_greased (version) || (version & 0xffffff00u) == 0xff000000u || /* drafts */
         (version & 0xfffffff0u) == 0xfaceb000u;                                           /* mvfst */
}

/* Only a long header says that it is QUIC; a flow whose start the capture missed is believed on
 * the usual ports. */
static gboolean
looks_like_quic (const QsCapturePacket *packet, const Invariants *header)
{
  if (header != NULL)
    return is_plausible_version (header->version) ||
           (packet->payload_length >= MIN_INITIAL &&
            (is_server_port (packet->from.port) || is_server_port (packet->to.port)));
  return packet->payload.length > 20 && (packet->payload.data[0] & 0xc0) == 0x40 &&
         (is_server_port (packet->from.port) || is_server_port (packet->to.port));
}

static void
note_cid (QsCapture *self, Connection *connection, QsSpan cid)
{
  CidKey key = { .flow = connection->flow, .length = (guint8) cid.length };

  if (cid.length == 0 || cid.length > QS_CID_MAX || connection->n_cids == MAX_CIDS)
    return;
  memcpy (key.bytes, cid.data, cid.length);
  if (g_hash_table_contains (self->cids, &key))
    return;
  g_hash_table_insert (self->cids, g_memdup2 (&key, sizeof key), connection);
  connection->n_cids++;
  connection->flow->cid_lengths |= 1u << cid.length;
}

static Connection *
find_cid (QsCapture *self, const Flow *flow, QsSpan cid)
{
  CidKey key = { .flow = flow, .length = (guint8) cid.length };

  if (cid.length == 0 || cid.length > QS_CID_MAX)
    return NULL;
  memcpy (key.bytes, cid.data, cid.length);
  return g_hash_table_lookup (self->cids, &key);
}

/* A short header does not say how long its connection id is: the lengths seen are tried. */
static Connection *
find_short (QsCapture *self, const Flow *flow, QsSpan payload)
{
  for (guint length = QS_CID_MAX; length > 0; length--)
    {
      if ((flow->cid_lengths & 1u << length) == 0 || payload.length <= length)
        continue;
      Connection *found = find_cid (self, flow, QS_SPAN (payload.data + 1, length));
      if (found != NULL)
        return found;
    }
  return NULL;
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

/* A new connection on addresses that had one: a client's first packet with ids that are all unknown. After a
 * Version Negotiation it is the same attempt going on. A client may have got a new id from its server in the very first
 * 1-RTT packet already, and its Initials and Handshake packets go to that one as well; it was told under encryption. */
static gboolean
begins_another (const Connection *current, const QsCapturePacket *packet, const Invariants *header)
{
  return header->initial && packet->payload_length >= MIN_INITIAL && header->dcid.length >= 8 &&
         same_end (&packet->from, &current->client) && !current->negotiates && !holds_later_packets (packet->payload);
}

static Connection *
route_quic (QsCapture *self, Flow *flow, const QsCapturePacket *packet, const Invariants *header)
{
  Connection *found = NULL;

  if (header == NULL)
    found = find_short (self, flow, packet->payload);
  else
    {
      found = find_cid (self, flow, header->dcid);
      if (found == NULL)
        found = find_cid (self, flow, header->scid);
      if (found == NULL && begins_another (flow->current, packet, header))
        return NULL;
    }
  return found != NULL ? found : flow->current;
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

/* The size of the datagrams that this payload is made of, when it was to be cut up by the network card (or was joined by
 * it): a capture shows them as one. All but the last are of one size, and each starts with the same connection id. */
static gsize
find_offload_size (QsCapture *self, const Flow *flow, QsSpan payload)
{
  gsize start = payload.length > MIN_TO_SPLIT ? skip_long_headers (payload) : payload.length;

  for (guint n = QS_CID_MAX; n >= MIN_CID_TO_SPLIT && start + 1 + n < payload.length; n--)
    {
      QsSpan cid = QS_SPAN (payload.data + start + 1, n);

      if ((flow->cid_lengths & 1u << n) == 0 || find_cid (self, flow, cid) == NULL)
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
add_datagram (QsCapture *self, Connection *connection, const QsCaptured *captured, const QsCapturePacket *packet)
{
  QsDirection direction = direction_of (connection, packet);
  gsize size = find_offload_size (self, connection->flow, packet->payload);
  gsize at = 0;
  guint index;

  connection->last = captured->time;
  do
    {
      gsize n = MIN (size, packet->payload.length - at);

      index = qs_trace_add_datagram (connection->trace, captured->time - connection->first, direction, 0, packet->ecn,
                                     captured->fate, packet->payload.data + at, n);
      at += n;
    }
  while (at < packet->payload.length);
  if (size == packet->payload.length && packet->payload.length < packet->payload_length)
    qs_trace_set_wire_length (connection->trace, index, packet->payload_length);
}

static void
add_udp (QsCapture *self, const QsCaptured *captured, const QsCapturePacket *packet)
{
  Invariants parsed;
  const Invariants *header = NULL;
  Flow *flow = get_flow (self, packet, FALSE, FALSE);
  Connection *connection = NULL;

  if (read_invariants (packet->payload, &parsed))
    header = &parsed;
  if (flow == NULL)
    {
      if (!looks_like_quic (packet, header))
        return;
      flow = get_flow (self, packet, FALSE, TRUE);
    }
  if (flow == NULL)
    {
      self->n_left_out++;
      return;
    }
  if (flow->current != NULL)
    connection = route_quic (self, flow, packet, header);
  if (connection == NULL)
    {
      gboolean from_client = !is_server_port (packet->from.port) || is_server_port (packet->to.port);

      connection = connection_new (self, flow, packet, captured->time, from_client);
      if (connection == NULL)
        return;
      make_trace (self, connection);
    }
  if (header != NULL)
    {
      note_cid (self, connection, header->dcid);
      note_cid (self, connection, header->scid);
      connection->negotiates = header->version == 0;
    }
  flow->current = connection;
  add_datagram (self, connection, captured, packet);
}

/* --- TLS over TCP --- */

typedef struct {
  QsCapture *capture;
  Connection *connection;
  const QsCapturePacket *packet;
  gint64 time;
} Delivery;

/* A record of type handshake, of any version so far (RFC 8446 section 5.1). */
static gboolean
looks_like_tls (QsSpan bytes)
{
  return bytes.length >= 3 && bytes.data[0] == 22 && bytes.data[1] == 3 && bytes.data[2] <= 4;
}

static void
begin_tls (QsCapture *self, Connection *connection)
{
  make_trace (self, connection);
  if (connection->connected >= 0)
    add_mark (connection, connection->connected, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
}

static void
deliver_cb (QsSpan bytes, gpointer data)
{
  Delivery *delivery = data;
  Connection *connection = delivery->connection;

  if (connection->trace == NULL && looks_like_tls (bytes))
    begin_tls (delivery->capture, connection);
  if (connection->trace != NULL)
    qs_trace_add_segment (connection->trace, delivery->time - connection->first,
                          direction_of (connection, delivery->packet), 0, bytes.data, bytes.length);
}

static void
end_tcp (QsCapture *self, Connection *connection)
{
  for (guint side = 0; side < 2; side++)
    {
      QsCapturePacket packet = { .from = side == 0 ? connection->client : connection->server };
      Delivery delivery = { self, connection, &packet, connection->last };

      qs_capture_tcp_finish (&connection->tcp[side], deliver_cb, &delivery);
      if (connection->trace != NULL && connection->tcp[side].gap)
        add_mark (connection, connection->last, QS_MARK_NOTE, "file", 0,
                  g_strdup (_ ("The capture misses some of the bytes that this connection carried: what follows them "
                               "cannot be read.")));
    }
}

static void
add_reset (QsCapture *self, Connection *connection, const QsCaptured *captured, const QsCapturePacket *packet)
{
  gboolean refused = !connection->answered && same_end (&packet->from, &connection->server);

  if (connection->refused_shown)
    return;
  connection->refused_shown = TRUE;
  if (connection->trace == NULL && refused && is_server_port (connection->server.port))
    make_trace (self, connection);
  if (connection->trace != NULL)
    add_mark (connection, captured->time, QS_MARK_SOCKET_ERROR, refused ? "ECONNREFUSED" : "ECONNRESET",
              refused ? ECONNREFUSED : ECONNRESET, g_strdup (g_strerror (refused ? ECONNREFUSED : ECONNRESET)));
}

static Connection *
route_tcp (QsCapture *self, Flow *flow, const QsCaptured *captured, const QsCapturePacket *packet)
{
  gboolean syn = (packet->tcp_flags & QS_TCP_SYN) != 0, ack = (packet->tcp_flags & QS_TCP_ACK) != 0;
  Connection *current = flow->current;

  /* The same ports again, later. A SYN sent again has the same sequence number. */
  gboolean again = current != NULL && syn && !ack && (current->answered || current->refused_shown) &&
                   current->tcp[0].next != packet->sequence + 1;
  if (current != NULL && !again)
    return current;
  gboolean from_client = syn ? !ack : looks_like_tls (packet->payload) || !is_server_port (packet->from.port);
  return connection_new (self, flow, packet, captured->time, from_client);
}

static void
add_tcp (QsCapture *self, const QsCaptured *captured, const QsCapturePacket *packet)
{
  Flow *flow = get_flow (self, packet, TRUE, (packet->tcp_flags & QS_TCP_SYN) != 0 || looks_like_tls (packet->payload));
  Connection *connection = flow != NULL ? route_tcp (self, flow, captured, packet) : NULL;

  if (connection == NULL)
    return;

  guint side = same_end (&packet->from, &connection->client) ? 0 : 1;
  Delivery delivery = { self, connection, packet, captured->time };
  connection->last = captured->time;
  guint32 sequence = packet->sequence;
  if ((packet->tcp_flags & QS_TCP_SYN) != 0)
    {
      sequence++;
      qs_capture_tcp_start (&connection->tcp[side], sequence);
    }
  if (side == 1 && (packet->tcp_flags & QS_TCP_RST) == 0)
    {
      if (!connection->answered)
        connection->connected = captured->time;
      connection->answered = TRUE;
    }
  qs_capture_tcp_add (&connection->tcp[side], sequence, packet->payload, deliver_cb, &delivery);
  if ((packet->tcp_flags & QS_TCP_RST) != 0)
    add_reset (self, connection, captured, packet);
}

/* --- ICMP errors --- */

static const struct {
  gboolean icmp6;
  guint8 type;
  gint16 code; /* -1: any */
  const char *name;
} icmp_names[] = {
  { FALSE, 3, 3, "port-unreachable" },  { FALSE, 3, 1, "host-unreachable" },  { FALSE, 3, 0, "net-unreachable" },
  { FALSE, 3, 13, "admin-prohibited" }, { FALSE, 3, 9, "admin-prohibited" },  { FALSE, 3, 10, "admin-prohibited" },
  { FALSE, 3, 4, "too-big" },           { FALSE, 3, -1, "host-unreachable" }, { FALSE, 11, -1, "time-exceeded" },
  { TRUE, 1, 4, "port-unreachable" },   { TRUE, 1, 0, "net-unreachable" },    { TRUE, 1, 1, "admin-prohibited" },
  { TRUE, 1, -1, "host-unreachable" },  { TRUE, 2, -1, "too-big" },           { TRUE, 3, -1, "time-exceeded" },
};

static void
add_icmp (QsCapture *self, const QsCaptured *captured, const QsCapturePacket *packet)
{
  Flow *flow = get_flow (self, packet, packet->icmp_protocol == 6, FALSE);

  if (flow == NULL || flow->current == NULL || flow->current->trace == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (icmp_names); i++)
    {
      if (icmp_names[i].icmp6 != packet->icmp6 || icmp_names[i].type != packet->icmp_type ||
          (icmp_names[i].code >= 0 && icmp_names[i].code != packet->icmp_code))
        continue;

      g_autoptr (GSocketAddress) address = qs_capture_end_to_address (&packet->icmp_from);
      GInetAddress *router = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
      add_mark (flow->current, captured->time, QS_MARK_ICMP, icmp_names[i].name,
                packet->icmp_type << 8 | packet->icmp_code, g_inet_address_to_string (router));
      return;
    }
}

/* --- Public --- */

QsCapture *
qs_capture_new (const char *title)
{
  QsCapture *self = g_new0 (QsCapture, 1);

  self->title = g_strdup (title);
  self->flows = g_hash_table_new_full (flow_hash, flow_equal, NULL, g_free);
  self->cids = g_hash_table_new_full (cid_hash, cid_equal, g_free, NULL);
  self->connections = g_ptr_array_new_with_free_func (connection_free);
  self->traces = g_ptr_array_new_with_free_func (g_object_unref);
  self->secrets = g_ptr_array_new_with_free_func (g_free);
  self->notes = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
qs_capture_free (QsCapture *self)
{
  g_hash_table_unref (self->cids);
  g_ptr_array_unref (self->connections);
  g_hash_table_unref (self->flows);
  g_ptr_array_unref (self->traces);
  g_ptr_array_unref (self->secrets);
  g_ptr_array_unref (self->notes);
  g_free (self->title);
  g_free (self);
}

void
qs_capture_add_secret (QsCapture *self, const char *line)
{
  if (self->secrets->len == MAX_SECRETS)
    return;
  g_ptr_array_add (self->secrets, g_strdup (line));
  for (guint i = 0; i < self->traces->len; i++)
    qs_trace_add_secret (g_ptr_array_index (self->traces, i), 0, line);
}

void
qs_capture_add_packet (QsCapture *self, const QsCaptured *captured)
{
  QsCapturePacket packet;

  qs_capture_packet_parse (captured, &packet);
  self->n_packets++;
  /* An interface that stands for all of them shows each loopback packet twice: going out and coming in. */
  if (packet.direction == QS_PCAPNG_OUTBOUND &&
      (captured->link == QS_LINK_LINUX_COOKED || captured->link == QS_LINK_LINUX_COOKED2) &&
      memcmp (packet.from.address, packet.to.address, sizeof packet.from.address) == 0)
    return;
  switch (packet.kind)
    {
    case QS_CAPTURE_UDP:
      add_udp (self, captured, &packet);
      break;
    case QS_CAPTURE_TCP:
      add_tcp (self, captured, &packet);
      break;
    case QS_CAPTURE_ICMP:
      add_icmp (self, captured, &packet);
      break;
    case QS_CAPTURE_FRAGMENT:
      self->n_fragments++;
      break;
    case QS_CAPTURE_MALFORMED:
      self->n_malformed++;
      break;
    case QS_CAPTURE_OTHER:
    default:
      break;
    }
}

guint64
qs_capture_get_n_packets (QsCapture *self)
{
  return self->n_packets;
}

void
qs_capture_add_note (QsCapture *self, const char *note)
{
  g_ptr_array_add (self->notes, g_strdup (note));
}

static void
add_count_note (QsCapture *self, guint64 n, const char *sentence)
{
  if (n > 0)
    g_ptr_array_add (self->notes, g_strdup_printf ("%" PRIu64 ": %s", n, sentence));
}

static int
compare_origins (gconstpointer a, gconstpointer b)
{
  gint64 left = qs_trace_get_origin (*(QsTrace *const *) a), right = qs_trace_get_origin (*(QsTrace *const *) b);

  return left < right ? -1 : left > right;
}

GPtrArray *
qs_capture_finish (QsCapture *self, GError **error)
{
  for (guint i = 0; i < self->connections->len; i++)
    end_tcp (self, g_ptr_array_index (self->connections, i));
  if (self->n_packets == 0)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_UNSUPPORTED, _ ("This capture has no packets in it."));
      return NULL;
    }
  if (self->traces->len == 0)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED,
                   g_dngettext (GETTEXT_PACKAGE,
                                "There is no QUIC or TLS connection in this capture: its %" PRIu64
                                " packet is of other protocols.",
                                "There is no QUIC or TLS connection in this capture: its %" PRIu64
                                " packets are of other protocols.",
                                self->n_packets),
                   self->n_packets);
      return NULL;
    }

  add_count_note (self, self->n_fragments, _ ("fragments of IP packets in the capture were passed over"));
  add_count_note (self, self->n_malformed, _ ("packets in the capture could not be read"));
  add_count_note (self, self->n_left_out, _ ("packets belong to connections above the bound and were passed over"));
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = g_ptr_array_index (self->connections, i);

      for (guint j = 0; connection->trace != NULL && j < self->notes->len; j++)
        add_mark (connection, connection->last, QS_MARK_NOTE, "file", 0, g_strdup (g_ptr_array_index (self->notes, j)));
    }
  g_ptr_array_sort (self->traces, compare_origins);
  return g_ptr_array_ref (self->traces);
}
