/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-pcapng.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "formats/qs-key-log.h"
#include "formats/qs-pcapng-headers.h"
#include "formats/qs-pcapng-private.h"
#include "formats/qs-run-record.h"
#include "formats/qs-trace-save-private.h"

#define PROTOCOL_TCP 6
#define PROTOCOL_ICMP 1
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_UDP 17
#define ICMP_PORT_UNREACHABLE 0x0303
#define ICMPV6_PORT_UNREACHABLE 0x0104
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PUSH 0x08
#define TCP_ACK 0x10
#define MAX_SEGMENT 32768 /* a longer write or read becomes several packets: IPv4's length has 16 bits */
#define FIRST_SEQUENCE 1000
#define RECORD_HEADER 5 /* RFC 9846 section 5.1 */

typedef struct {
  QsPcapngWay way;
  gboolean opened; /* TCP: the handshake was made up */
  gboolean sent;
  gboolean refused;    /* an ICMP error that says so was written */
  QsRecord last;       /* UDP: what was sent last: an ICMP error quotes it */
  guint16 checksum;    /* its own */
  guint32 sequence[2]; /* TCP: next to be sent */
  gboolean holds;      /* TCP: the header of a TLS record, whose body comes next */
  gint64 held_time;
  guint8 held[RECORD_HEADER];
} Path;

typedef struct {
  QsTrace *trace;
  guint next, end;  /* records */
  guint n_carriers; /* datagrams or segments among them */
  guint64 kept;     /* their bytes */
  GArray *paths;    /* Path */
  GByteArray *block;
  GByteArray *packet;
  const GArray *packets;        /* the only ones that are wanted; NULL: all */
  guint next_packet[2];         /* of them; TCP: by direction */
  guint64 stream[2];            /* TCP: bytes that went before */
  gint tcp_path;                /* where TCP went last, -1: nowhere */
  gint last_path;               /* where something was sent last, -1: nowhere */
  gint64 connecting, connected; /* of TCP, -1: not told */
  gboolean server;              /* it is the remote end that opened the connection */
} State;

static const char *const fate_comments[] = {
  [QS_FATE_PASSED] = NULL,
  [QS_FATE_DROPPED] = "Quicscope: dropped",
  [QS_FATE_DELAYED] = "Quicscope: delayed",
  [QS_FATE_DUPLICATED] = "Quicscope: duplicated",
  [QS_FATE_CORRUPTED] = "Quicscope: corrupted",
};

/* --- Blocks --- */

static void
begin_block (GByteArray *block, guint32 type)
{
  g_byte_array_set_size (block, 0);
  qs_pcapng_put_le32 (block, type);
  qs_pcapng_put_le32 (block, 0); /* the length, filled in at the end */
}

static gboolean
end_block (GByteArray *block, QsFileWriter *out, GError **error)
{
  guint32 length = GUINT32_TO_LE (block->len + 4);

  memcpy (block->data + 4, &length, 4);
  qs_pcapng_put_bytes (block, &length, 4);
  return qs_file_writer_write (out, block->data, block->len, error);
}

static gboolean
write_section (State *self, QsFileWriter *out, GError **error)
{
  static const char application[] = QS_PCAPNG_APPLICATION " " PACKAGE_VERSION;

  begin_block (self->block, QS_PCAPNG_SECTION);
  qs_pcapng_put_le32 (self->block, QS_PCAPNG_BYTE_ORDER_MAGIC);
  qs_pcapng_put_le16 (self->block, 1);
  qs_pcapng_put_le16 (self->block, 0);
  qs_pcapng_put_le32 (self->block, G_MAXUINT32); /* section length: not said */
  qs_pcapng_put_le32 (self->block, G_MAXUINT32);
  qs_pcapng_put_option (self->block, QS_PCAPNG_SHB_APPLICATION, application, strlen (application));
  qs_pcapng_put_option (self->block, QS_PCAPNG_OPT_END, NULL, 0);
  return end_block (self->block, out, error);
}

static void make_run_record (State *self, GByteArray *record);

/* Too much for one block of Wireshark's: then it is a capture like any other. */
static void
put_run_record (State *self)
{
  g_autoptr (GByteArray) record = g_byte_array_new ();
  g_autoptr (GByteArray) part = g_byte_array_new ();

  if (self->packets == NULL) /* some packets are not the run */
    make_run_record (self, record);
  for (guint at = 0; record->len <= QS_RUN_RECORD_MAX && at < record->len; at += QS_RUN_RECORD_PART)
    {
      g_byte_array_set_size (part, 0);
      qs_pcapng_put_le32 (part, QS_RUN_RECORD_PEN);
      qs_pcapng_put_bytes (part, QS_RUN_RECORD_MAGIC, strlen (QS_RUN_RECORD_MAGIC));
      qs_pcapng_put_bytes (part, record->data + at, MIN (record->len - at, QS_RUN_RECORD_PART));
      qs_pcapng_put_option (self->block, QS_PCAPNG_OPT_CUSTOM, part->data, part->len);
    }
}

static gboolean
write_interface (State *self, QsFileWriter *out, GError **error)
{
  static const char *const names[] = { "client", "server", "network" };
  static const guint8 nanoseconds = 9; /* 10^-9 s */
  const char *name = names[qs_trace_get_vantage (self->trace)];

  begin_block (self->block, QS_PCAPNG_INTERFACE);
  qs_pcapng_put_le16 (self->block, QS_LINK_RAW);
  qs_pcapng_put_le16 (self->block, 0);
  qs_pcapng_put_le32 (self->block, 0); /* snapshot length: no bound */
  qs_pcapng_put_option (self->block, QS_PCAPNG_IF_NAME, name, strlen (name));
  qs_pcapng_put_option (self->block, QS_PCAPNG_IF_TSRESOL, &nanoseconds, 1);
  put_run_record (self);
  qs_pcapng_put_option (self->block, QS_PCAPNG_OPT_END, NULL, 0);
  return end_block (self->block, out, error);
}

/* Wireshark says that there are no secrets when this block stands behind the packets. */
static gboolean
write_secrets (State *self, QsFileWriter *out, GError **error)
{
  g_autoptr (GString) text = qs_key_log_format (self->trace);

  if (text->len == 0)
    return TRUE;
  begin_block (self->block, QS_PCAPNG_SECRETS);
  qs_pcapng_put_le32 (self->block, QS_PCAPNG_TLS_KEY_LOG);
  qs_pcapng_put_le32 (self->block, (guint32) text->len);
  qs_pcapng_put_bytes (self->block, text->str, text->len);
  qs_pcapng_pad4 (self->block);
  return end_block (self->block, out, error);
}

/* missing: bytes at the packet's end that were on the wire and not kept. */
static gboolean
write_packet (State *self, const QsRecord *record, gsize missing, QsFileWriter *out, GError **error)
{
  guint64 time = (guint64) (qs_trace_get_origin (self->trace) + record->time);
  gboolean sent = record->direction == QS_DIRECTION_SENT;
  guint32 flags = GUINT32_TO_LE (sent ? QS_PCAPNG_OUTBOUND : QS_PCAPNG_INBOUND);
  const char *comment = qs_pcapng_fate_comment (record->fate);

  begin_block (self->block, QS_PCAPNG_ENHANCED_PACKET);
  qs_pcapng_put_le32 (self->block, 0); /* interface */
  qs_pcapng_put_le32 (self->block, (guint32) (time >> 32));
  qs_pcapng_put_le32 (self->block, (guint32) time);
  qs_pcapng_put_le32 (self->block, self->packet->len);
  qs_pcapng_put_le32 (self->block, (guint32) (self->packet->len + missing));
  qs_pcapng_put_bytes (self->block, self->packet->data, self->packet->len);
  qs_pcapng_pad4 (self->block);
  if (comment != NULL)
    qs_pcapng_put_option (self->block, QS_PCAPNG_OPT_COMMENT, comment, strlen (comment));
  /* A capture between both has no inside. */
  if (qs_trace_get_vantage (self->trace) != QS_VANTAGE_NETWORK)
    qs_pcapng_put_option (self->block, QS_PCAPNG_EPB_FLAGS, &flags, 4);
  qs_pcapng_put_option (self->block, QS_PCAPNG_OPT_END, NULL, 0);
  return end_block (self->block, out, error);
}

/* --- Packets --- */

static gboolean
write_datagram (State *self, Path *path, const QsRecord *record, QsFileWriter *out, GError **error)
{
  gsize missing = record->length - record->bytes.length;

  g_byte_array_set_size (self->packet, 0);
  qs_pcapng_put_ip_header (self->packet, &path->way, record->direction, PROTOCOL_UDP, record->ecn & 3,
                           record->length + 8);
  gsize at = self->packet->len;
  qs_pcapng_put_be16 (self->packet, path->way.ends[record->direction].port);
  qs_pcapng_put_be16 (self->packet, path->way.ends[1 - record->direction].port);
  qs_pcapng_put_be16 (self->packet, record->length + 8);
  qs_pcapng_put_be16 (self->packet, 0);
  qs_pcapng_put_bytes (self->packet, record->bytes.data, record->bytes.length);
  guint16 checksum = missing == 0 ? qs_pcapng_transport_checksum (self->packet, &path->way, PROTOCOL_UDP, at) : 0;
  if (missing == 0 && checksum == 0)
    checksum = 0xffff; /* 0 says that there is none (RFC 768) */
  qs_pcapng_patch_be16 (self->packet, at + 6, checksum);
  if (record->direction == QS_DIRECTION_SENT)
    path->checksum = checksum;
  return write_packet (self, record, missing, out, error);
}

static gboolean
write_segment (State *self, Path *path, const QsRecord *record, guint8 flags, QsFileWriter *out, GError **error)
{
  QsDirection direction = record->direction;
  gsize missing = record->length - record->bytes.length;

  g_byte_array_set_size (self->packet, 0);
  qs_pcapng_put_ip_header (self->packet, &path->way, direction, PROTOCOL_TCP, 0, record->length + 20);
  gsize at = self->packet->len;
  qs_pcapng_put_be16 (self->packet, path->way.ends[direction].port);
  qs_pcapng_put_be16 (self->packet, path->way.ends[1 - direction].port);
  qs_pcapng_put_be32 (self->packet, path->sequence[direction]);
  qs_pcapng_put_be32 (self->packet, (flags & TCP_ACK) != 0 ? path->sequence[1 - direction] : 0);
  qs_pcapng_put_bytes (self->packet, (guint8[]){ 5 << 4, flags }, 2);
  qs_pcapng_put_be16 (self->packet, 65535); /* window */
  qs_pcapng_put_be32 (self->packet, 0);     /* checksum, urgent pointer */
  qs_pcapng_put_bytes (self->packet, record->bytes.data, record->bytes.length);
  if (missing == 0)
    qs_pcapng_patch_be16 (self->packet, at + 16,
                          qs_pcapng_transport_checksum (self->packet, &path->way, PROTOCOL_TCP, at));
  path->sequence[direction] += record->length + ((flags & (TCP_SYN | TCP_FIN)) != 0 ? 1 : 0);
  return write_packet (self, record, missing, out, error);
}

static gboolean
open_tcp (State *self, Path *path, gint64 time, QsFileWriter *out, GError **error)
{
  /* TCP's own handshake is made up, at the times that the marks tell of where there are some. */
  gint64 connected = self->connected >= 0 ? self->connected : time;
  gint64 connecting = self->connecting >= 0 ? self->connecting : connected;
  QsDirection client = self->server ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;
  QsRecord to_server = { .direction = client, .time = connecting };
  QsRecord to_client = { .direction = 1 - client, .time = connected };
  QsRecord opened = { .direction = client, .time = connected };

  path->opened = TRUE;
  path->sequence[0] = path->sequence[1] = FIRST_SEQUENCE;
  return write_segment (self, path, &to_server, TCP_SYN, out, error) &&
         write_segment (self, path, &to_client, TCP_SYN | TCP_ACK, out, error) &&
         write_segment (self, path, &opened, TCP_ACK, out, error);
}

static gboolean
write_segments (State *self, Path *path, const QsRecord *whole, QsFileWriter *out, GError **error)
{
  QsRecord piece = *whole;

  for (guint32 at = 0; at < whole->length; at += MAX_SEGMENT)
    {
      gsize kept = at < whole->bytes.length ? whole->bytes.length - at : 0;

      piece.length = MIN (whole->length - at, MAX_SEGMENT);
      piece.bytes = QS_SPAN (kept > 0 ? whole->bytes.data + at : NULL, MIN (kept, piece.length));
      if (!write_segment (self, path, &piece, TCP_PUSH | TCP_ACK, out, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_held (State *self, Path *path, QsFileWriter *out, GError **error)
{
  const QsRecord header = { .direction = QS_DIRECTION_RECEIVED,
                            .time = path->held_time,
                            .length = RECORD_HEADER,
                            .bytes = QS_SPAN (path->held, RECORD_HEADER) };

  if (!path->holds)
    return TRUE;
  path->holds = FALSE;
  return write_segment (self, path, &header, TCP_PUSH | TCP_ACK, out, error);
}

static gboolean
write_joined (State *self, Path *path, const QsRecord *body, QsFileWriter *out, GError **error)
{
  g_autoptr (GByteArray) whole = g_byte_array_sized_new (RECORD_HEADER + (guint) body->bytes.length);
  QsRecord joined = *body;

  path->holds = FALSE;
  qs_pcapng_put_bytes (whole, path->held, RECORD_HEADER);
  qs_pcapng_put_bytes (whole, body->bytes.data, body->bytes.length);
  joined.length += RECORD_HEADER;
  joined.bytes = QS_SPAN (whole->data, whole->len);
  return write_segments (self, path, &joined, out, error);
}

/* OpenSSL reads a record's header apart from its body. On the wire they were together, and so they are shown elsewhere. */
static gboolean
write_stream (State *self, Path *path, const QsRecord *record, QsFileWriter *out, GError **error)
{
  gboolean received = record->direction == QS_DIRECTION_RECEIVED;

  if (!path->opened && !open_tcp (self, path, record->time, out, error))
    return FALSE;
  if (received && path->holds)
    return write_joined (self, path, record, out, error);
  if (!received || record->length != RECORD_HEADER || record->bytes.length != RECORD_HEADER)
    return write_held (self, path, out, error) && write_segments (self, path, record, out, error);
  path->holds = TRUE;
  path->held_time = record->time;
  memcpy (path->held, record->bytes.data, RECORD_HEADER);
  return TRUE;
}

/* --- Addresses --- */

/* Fills in an address as IPv6 (IPv4 as a mapped one), and says whether it is really IPv4. An unknown one
 * becomes one of RFC 5737's for documentation. */
static gboolean
read_endpoint (GSocketAddress *address, guint8 last_byte, guint16 port, QsPcapngEnd *out)
{
  static const guint8 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

  memcpy (out->address, mapped, 12);
  memcpy (out->address + 12, (guint8[]){ 192, 0, 2, last_byte }, 4);
  out->port = port;
  if (address == NULL || !G_IS_INET_SOCKET_ADDRESS (address))
    return TRUE;

  GInetAddress *inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
  const guint8 *bytes = g_inet_address_to_bytes (inet);
  out->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  if (g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV4)
    memcpy (out->address + 12, bytes, 4);
  else
    memcpy (out->address, bytes, 16);
  return memcmp (out->address, mapped, 12) == 0;
}

static void
read_path (State *self, const QsPath *known, Path *path)
{
  guint16 ports[2] = { self->server ? 443 : 49152, self->server ? 49152 : 443 };
  gboolean ipv4 = read_endpoint (known != NULL ? known->local : NULL, 1, ports[0], &path->way.ends[0]);

  ipv4 = read_endpoint (known != NULL ? known->remote : NULL, 2, ports[1], &path->way.ends[1]) && ipv4;
  path->way.ipv6 = !ipv4;
  for (guint i = 0; ipv4 && i < 2; i++)
    memmove (path->way.ends[i].address, path->way.ends[i].address + 12, 4);
}

static Path *
get_path (State *self, guint16 index)
{
  while (self->paths->len <= index)
    {
      Path path = { 0 };

      read_path (self, qs_trace_get_path (self->trace, (guint16) self->paths->len), &path);
      g_array_append_val (self->paths, path);
    }
  return &g_array_index (self->paths, Path, index);
}

/* --- The record of the run --- */

static void
read_run_end (State *self, GSocketAddress *address, QsDirection direction, QsRunEnd *out)
{
  gboolean client = self->server == (direction == QS_DIRECTION_RECEIVED);
  QsPcapngEnd end;

  read_endpoint (address, direction == QS_DIRECTION_SENT ? 1 : 2, client ? 49152 : 443, &end);
  memcpy (out->end.address, end.address, 16);
  out->end.port = end.port;
  out->known = address != NULL && G_IS_INET_SOCKET_ADDRESS (address);
  if (out->known && g_socket_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    out->scope = g_inet_socket_address_get_scope_id (G_INET_SOCKET_ADDRESS (address));
}

static void
make_run_record (State *self, GByteArray *record)
{
  const QsPath *path;

  qs_run_record_add_run (record, self->trace, self->n_carriers, self->kept);
  for (guint i = 0; i < G_MAXUINT16 && (path = qs_trace_get_path (self->trace, (guint16) i)) != NULL; i++)
    {
      QsRunEnd local = { 0 }, remote = { 0 };

      read_run_end (self, path->local, QS_DIRECTION_SENT, &local);
      read_run_end (self, path->remote, QS_DIRECTION_RECEIVED, &remote);
      qs_run_record_add_path (record, &local, &remote);
    }
  qs_run_record_add_marks (record, self->trace);
  qs_run_record_add_segments (record, self->trace, self->end);
}

/* --- ICMP errors --- */

/* As the path has it, else FALSE. */
static gboolean
read_router (const Path *path, const char *text, QsPcapngEnd *router)
{
  g_autoptr (GInetAddress) inet = text != NULL ? g_inet_address_new_from_string (text) : NULL;

  *router = path->way.ends[QS_DIRECTION_RECEIVED];
  if (inet == NULL)
    return text == NULL;
  if (path->way.ipv6 != (g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV6))
    return FALSE;
  memcpy (router->address, g_inet_address_to_bytes (inet), g_inet_address_get_native_size (inet));
  return TRUE;
}

/* The path that an error is of: a host speaks for itself; a router for what was sent last. */
static Path *
find_quoted_path (State *self, const QsMark *mark, QsPcapngEnd *router)
{
  for (guint i = 0; i < self->paths->len; i++)
    {
      Path *path = &g_array_index (self->paths, Path, i);

      if (path->sent && read_router (path, mark->text, router) &&
          memcmp (router->address, path->way.ends[QS_DIRECTION_RECEIVED].address, path->way.ipv6 ? 16 : 4) == 0)
        return path;
    }
  Path *last = self->last_path >= 0 ? &g_array_index (self->paths, Path, self->last_path) : NULL;
  return last != NULL && read_router (last, mark->text, router) ? last : NULL;
}

/* The error is told of as the socket told it to us; it quotes the headers of what it answers (RFC 792, RFC 4443). */
static gboolean
write_icmp (State *self, Path *path, const QsPcapngEnd *router, gint64 time, guint type_and_code, QsFileWriter *out,
            GError **error)
{
  QsRecord from_router = { .direction = QS_DIRECTION_RECEIVED, .time = time };
  QsPcapngWay way = path->way;

  way.ends[QS_DIRECTION_RECEIVED] = *router;
  path->refused = TRUE;
  guint8 protocol = path->way.ipv6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP;
  gsize header_length = path->way.ipv6 ? 40 : 20;

  /* The quoted headers are made first, as they know only to stand in front. */
  g_autoptr (GByteArray) quoted = g_byte_array_new ();
  qs_pcapng_put_ip_header (quoted, &path->way, QS_DIRECTION_SENT, PROTOCOL_UDP, path->last.ecn & 3,
                           path->last.length + 8);
  qs_pcapng_put_be16 (quoted, path->way.ends[QS_DIRECTION_SENT].port);
  qs_pcapng_put_be16 (quoted, path->way.ends[QS_DIRECTION_RECEIVED].port);
  qs_pcapng_put_be16 (quoted, path->last.length + 8);
  qs_pcapng_put_be16 (quoted, path->checksum);

  g_byte_array_set_size (self->packet, 0);
  qs_pcapng_put_ip_header (self->packet, &way, QS_DIRECTION_RECEIVED, protocol, 0, 8 + header_length + 8);
  gsize at = self->packet->len;
  qs_pcapng_put_be16 (self->packet, type_and_code);
  qs_pcapng_put_be16 (self->packet, 0);
  qs_pcapng_put_be32 (self->packet, 0);
  qs_pcapng_put_bytes (self->packet, quoted->data, quoted->len);
  qs_pcapng_patch_be16 (
      self->packet, at + 2,
      path->way.ipv6 ? qs_pcapng_transport_checksum (self->packet, &way, protocol, at)
                     : qs_pcapng_fold (qs_pcapng_sum_words (0, self->packet->data + at, self->packet->len - at)));
  return write_packet (self, &from_router, 0, out, error);
}

static gboolean
write_icmp_mark (State *self, const QsRecord *record, QsFileWriter *out, GError **error)
{
  QsPcapngEnd router;
  Path *path = find_quoted_path (self, record->mark, &router);

  return path == NULL ||
         write_icmp (self, path, &router, record->time, (guint) (record->mark->value & 0xffff), out, error);
}

/* Of an attempt that lost a race we know no more than that the socket refused, which is what "port unreachable" does. */
static gboolean
write_refusal (State *self, const QsRecord *record, QsFileWriter *out, GError **error)
{
  for (guint i = 0; i < self->paths->len; i++)
    {
      Path *path = &g_array_index (self->paths, Path, i);
      const QsPath *known = qs_trace_get_path (self->trace, (guint16) i);

      if (!path->sent || path->refused || known == NULL || known->remote == NULL)
        continue;
      g_autofree char *text = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (known->remote));
      if (g_strcmp0 (text, record->mark->text) == 0)
        return write_icmp (self, path, &path->way.ends[QS_DIRECTION_RECEIVED], record->time,
                           path->way.ipv6 ? ICMPV6_PORT_UNREACHABLE : ICMP_PORT_UNREACHABLE, out, error);
    }
  return TRUE;
}

/* --- The end of TCP --- */

/* Who ended it, as the mark tells: without bytes of its own, behind all that was sent. */
static gboolean
write_tcp_end (State *self, const QsRecord *record, QsFileWriter *out, GError **error)
{
  Path *path = self->tcp_path >= 0 ? &g_array_index (self->paths, Path, self->tcp_path) : NULL;
  QsRecord end = { .direction = record->mark->value == QS_DIRECTION_SENT ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED,
                   .time = record->time };
  guint8 flag = g_strcmp0 (record->mark->name, "fin") == 0 ? TCP_FIN : TCP_RST;

  if (path == NULL || !write_held (self, path, out, error))
    return path == NULL;
  return write_segment (self, path, &end, flag | TCP_ACK, out, error);
}

/* --- The format --- */

static const QsPacket *
get_wanted (State *self, guint direction)
{
  guint at = self->next_packet[direction];

  return at < self->packets->len ? qs_trace_get_packet (self->trace, g_array_index (self->packets, guint32, at)) : NULL;
}

static gboolean
is_datagram_wanted (State *self, guint32 index)
{
  const QsPacket *packet;

  while ((packet = get_wanted (self, 0)) != NULL && packet->record < index)
    self->next_packet[0]++;
  return packet != NULL && packet->record == index;
}

/* A TLS record may lie in many segments, and a segment hold many: it is what they have of its direction's bytes that counts. */
static gboolean
is_segment_wanted (State *self, const QsRecord *record)
{
  guint direction = record->direction;
  guint64 start = self->stream[direction], end = start + record->length;
  const QsPacket *packet;

  self->stream[direction] = end;
  while ((packet = get_wanted (self, direction)) != NULL &&
         (packet->direction != direction || (guint64) packet->offset + packet->length <= start))
    self->next_packet[direction]++;
  return packet != NULL && packet->offset < end;
}

static gboolean
is_wanted (State *self, guint32 index, const QsRecord *record)
{
  if (self->packets == NULL || (record->kind != QS_RECORD_DATAGRAM && record->kind != QS_RECORD_SEGMENT))
    return TRUE;
  return record->kind == QS_RECORD_DATAGRAM ? is_datagram_wanted (self, index) : is_segment_wanted (self, record);
}

/* Left out: TCP's numbers go on behind it, so that whoever reads the file sees that something is missing. */
static gboolean
leave_out (State *self, const QsRecord *record, QsFileWriter *out, GError **error)
{
  Path *path = get_path (self, record->path);

  if (!path->opened && !open_tcp (self, path, record->time, out, error))
    return FALSE;
  path->sequence[record->direction] += record->length;
  return TRUE;
}

static void
free_pcapng (gpointer data)
{
  State *self = data;

  g_byte_array_unref (self->block);
  g_byte_array_unref (self->packet);
  g_array_unref (self->paths);
  g_object_unref (self->trace);
  g_free (self);
}

static gpointer
begin_pcapng (QsTrace *trace, const char *name, const GArray *packets, QsFileWriter *out, GError **error)
{
  if (qs_trace_get_n_datagrams (trace) == 0 && qs_trace_get_n_packets (trace) > 0)
    {
      g_set_error_literal (
          error, QS_ERROR, QS_ERROR_UNSUPPORTED,
          _ ("A capture cannot be made of this trace: it came from a qlog file, which tells of packets "
             "but does not hold their bytes."));
      return NULL;
    }

  State *self = g_new0 (State, 1);
  self->trace = g_object_ref (trace);
  qs_trace_get_extent (trace, &self->end, &self->n_carriers, &self->kept);
  self->paths = g_array_new (FALSE, FALSE, sizeof (Path));
  self->block = g_byte_array_new ();
  self->packet = g_byte_array_new ();
  self->last_path = self->tcp_path = -1;
  self->packets = packets;
  self->connecting = self->connected = -1;
  self->server = qs_trace_get_vantage (trace) == QS_VANTAGE_SERVER;
  if (write_section (self, out, error) && write_interface (self, out, error) && write_secrets (self, out, error))
    return self;
  free_pcapng (self);
  return NULL;
}

static gboolean
write_record (State *self, const QsRecord *record, QsFileWriter *out, GError **error)
{
  if (record->kind == QS_RECORD_DATAGRAM)
    {
      Path *path = get_path (self, record->path);

      if (record->direction == QS_DIRECTION_SENT)
        {
          path->sent = TRUE;
          path->last = *record;
          self->last_path = record->path;
        }
      return write_datagram (self, path, record, out, error);
    }
  if (record->kind == QS_RECORD_MARK && record->mark->kind == QS_MARK_CONNECTING)
    self->connecting = record->time;
  if (record->kind == QS_RECORD_MARK && record->mark->kind == QS_MARK_TCP_CONNECTED)
    self->connected = record->time;
  if (record->kind == QS_RECORD_MARK && record->mark->kind == QS_MARK_ICMP)
    return write_icmp_mark (self, record, out, error);
  if (record->kind == QS_RECORD_MARK && record->mark->kind == QS_MARK_ATTEMPT_LOST &&
      g_strcmp0 (record->mark->name, "ECONNREFUSED") == 0)
    return write_refusal (self, record, out, error);
  if (record->kind == QS_RECORD_MARK && record->mark->kind == QS_MARK_TCP_END)
    return write_tcp_end (self, record, out, error);
  if (record->kind == QS_RECORD_SEGMENT)
    {
      self->tcp_path = record->path;
      return write_stream (self, get_path (self, record->path), record, out, error);
    }
  return TRUE;
}

static gboolean
write_rest (State *self, QsFileWriter *out, GError **error)
{
  for (guint i = 0; i < self->paths->len; i++)
    if (!write_held (self, &g_array_index (self->paths, Path, i), out, error))
      return FALSE;
  return TRUE;
}

static QsSaveStep
step_pcapng (gpointer state, QsFileWriter *out, GError **error)
{
  State *self = state;
  QsRecord record;

  if (self->next == self->end)
    return write_rest (self, out, error) ? QS_SAVE_DONE : QS_SAVE_FAILED;
  guint32 index = self->next++;
  qs_trace_get_record (self->trace, index, &record);
  if (!is_wanted (self, index, &record))
    return record.kind == QS_RECORD_DATAGRAM || leave_out (self, &record, out, error) ? QS_SAVE_MORE : QS_SAVE_FAILED;
  return write_record (self, &record, out, error) ? QS_SAVE_MORE : QS_SAVE_FAILED;
}

const QsSaveClass qs_pcapng_save_class = { 0600, begin_pcapng, step_pcapng, free_pcapng };

const char *
qs_pcapng_fate_comment (QsFate fate)
{
  return fate < G_N_ELEMENTS (fate_comments) ? fate_comments[fate] : NULL;
}

gboolean
qs_pcapng_write (QsTrace *trace, const char *path, GError **error)
{
  return qs_trace_save (trace, path, QS_TRACE_FORMAT_PCAPNG, error);
}
