/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-capture-packet.h"

#include <string.h>

#include "formats/qs-capture-link.h"

#define MAX_EXTENSION_HEADERS 16
#define MAX_TUNNELS 8 /* one in another */

#define IP_ICMP 1
#define IP_IPV4 4
#define IP_TCP 6
#define IP_UDP 17
#define IP_IPV6 41
#define IP_GRE 47
#define IP_AH 51
#define IP_ICMPV6 58

#define PORT_GTP_U 2152
#define PORT_TEREDO 3544
#define PORT_VXLAN 4789
#define PORT_VXLAN_GPE 4790
#define PORT_VXLAN_OLD 8472
#define PORT_GENEVE 6081

/* --- IP --- */

typedef struct {
  guint8 protocol;
  guint8 ecn;
  gboolean fragment;  /* one of several */
  guint32 id, offset; /* of a fragment */
  gboolean more;
  guint32 length; /* of the payload on the wire */
  QsCaptureEnd from, to;
} Ip;

static void
take_ipv4_address (QsCaptureEnd *end, const guint8 *bytes)
{
  memset (end, 0, sizeof *end);
  end->address[10] = end->address[11] = 0xff;
  memcpy (end->address + 12, bytes, 4);
}

static gboolean
take_ipv4 (QsCursor *cursor, guint32 wire_left, Ip *ip)
{
  if (cursor->left < 20)
    return FALSE;
  const guint8 *header = cursor->at;
  guint header_length = (header[0] & 15u) * 4;
  guint total = qs_cursor_be16 (header + 2);

  if (total == 0) /* the network card cuts it up: segmentation offload */
    total = wire_left;
  if (header_length < 20 || header_length > cursor->left || total < header_length)
    return FALSE;
  ip->ecn = header[1] & 3;
  ip->more = (header[6] & 0x20) != 0;
  ip->offset = (qs_cursor_be16 (header + 6) & 0x1fffu) * 8;
  ip->fragment = ip->more || ip->offset > 0;
  ip->id = qs_cursor_be16 (header + 4);
  ip->protocol = header[9];
  ip->length = total - header_length;
  take_ipv4_address (&ip->from, header + 12);
  take_ipv4_address (&ip->to, header + 16);
  return qs_cursor_advance (cursor, header_length);
}

/* Passes over hop-by-hop, routing and destination options (RFC 8200 section 4). */
static gboolean
take_ipv6_extensions (QsCursor *cursor, Ip *ip)
{
  for (guint i = 0; i < MAX_EXTENSION_HEADERS; i++)
    {
      gsize length;

      if (ip->fragment || (ip->protocol != 0 && ip->protocol != 43 && ip->protocol != 44 && ip->protocol != 60))
        return TRUE;
      if (cursor->left < 8)
        return FALSE;
      length = ip->protocol == 44 ? 8 : (cursor->at[1] + 1u) * 8;
      if (ip->protocol == 44) /* one that is all of it is called atomic (RFC 6946) */
        {
          ip->offset = qs_cursor_be16 (cursor->at + 2) & 0xfff8u;
          ip->more = (cursor->at[3] & 1) != 0;
          ip->id = qs_cursor_be32 (cursor->at + 4);
          ip->fragment = ip->more || ip->offset > 0;
        }
      if (length > ip->length)
        return FALSE;
      ip->protocol = cursor->at[0];
      ip->length -= (guint32) length;
      if (!qs_cursor_advance (cursor, length))
        return FALSE;
    }
  return FALSE;
}

static gboolean
take_ipv6 (QsCursor *cursor, guint32 wire_left, Ip *ip)
{
  if (cursor->left < 40)
    return FALSE;
  const guint8 *header = cursor->at;

  memset (&ip->from, 0, sizeof ip->from);
  memset (&ip->to, 0, sizeof ip->to);
  ip->ecn = header[1] >> 4 & 3;
  ip->length = qs_cursor_be16 (header + 4);
  if (ip->length == 0 && wire_left > 40)
    ip->length = wire_left - 40;
  ip->protocol = header[6];
  memcpy (ip->from.address, header + 8, 16);
  memcpy (ip->to.address, header + 24, 16);
  return qs_cursor_advance (cursor, 40) && take_ipv6_extensions (cursor, ip);
}

static gboolean
take_ip (QsCursor *cursor, guint32 wire_left, Ip *ip)
{
  memset (ip, 0, sizeof *ip);
  if (cursor->left == 0)
    return FALSE;
  if (cursor->at[0] >> 4 == 4)
    return take_ipv4 (cursor, wire_left, ip);
  if (cursor->at[0] >> 4 == 6)
    return take_ipv6 (cursor, wire_left, ip);
  return FALSE;
}

/* --- Transport --- */

static void
take_ports (const guint8 *header, const Ip *ip, QsCapturePacket *packet)
{
  packet->from = ip->from;
  packet->to = ip->to;
  packet->from.port = (guint16) qs_cursor_be16 (header);
  packet->to.port = (guint16) qs_cursor_be16 (header + 2);
}

/* The payload is what the headers say and the capture kept: link layers pad short packets. */
static void
take_payload (const QsCursor *cursor, guint32 length, QsCapturePacket *packet)
{
  packet->payload_length = length;
  packet->payload = QS_SPAN (cursor->at, MIN (cursor->left, length));
}

static QsCaptureKind
take_udp (QsCursor *cursor, const Ip *ip, QsCapturePacket *packet)
{
  if (cursor->left < 8 || ip->length < 8)
    return QS_CAPTURE_MALFORMED;
  guint32 length = qs_cursor_be16 (cursor->at + 4);

  take_ports (cursor->at, ip, packet);
  if (length == 0)
    length = ip->length;
  if (length < 8 || length > ip->length)
    return QS_CAPTURE_MALFORMED;
  qs_cursor_advance (cursor, 8);
  take_payload (cursor, length - 8, packet);
  return QS_CAPTURE_UDP;
}

static QsCaptureKind
take_tcp (QsCursor *cursor, const Ip *ip, QsCapturePacket *packet)
{
  if (cursor->left < 20)
    return QS_CAPTURE_MALFORMED;
  guint header_length = (cursor->at[12] >> 4) * 4u;

  if (header_length < 20 || header_length > ip->length || header_length > cursor->left)
    return QS_CAPTURE_MALFORMED;
  take_ports (cursor->at, ip, packet);
  packet->sequence = qs_cursor_be32 (cursor->at + 4);
  packet->acknowledged = qs_cursor_be32 (cursor->at + 8);
  packet->tcp_flags = cursor->at[13];
  qs_cursor_advance (cursor, header_length);
  take_payload (cursor, ip->length - header_length, packet);
  return QS_CAPTURE_TCP;
}

/* An error quotes the packet that caused it, at least to its ports (RFC 792, RFC 4443). */
static QsCaptureKind
take_icmp (QsCursor *cursor, const Ip *ip, QsCapturePacket *packet)
{
  Ip quoted;

  if (cursor->left < 8)
    return QS_CAPTURE_OTHER;
  packet->icmp6 = ip->protocol == IP_ICMPV6;
  packet->icmp_type = cursor->at[0];
  packet->icmp_code = cursor->at[1];
  packet->icmp_from = ip->from;
  gboolean is_error = packet->icmp6 ? packet->icmp_type < 128 : packet->icmp_type == 3 || packet->icmp_type == 11;
  qs_cursor_advance (cursor, 8);
  if (!is_error || !take_ip (cursor, (guint32) cursor->left, &quoted) || quoted.fragment || cursor->left < 4 ||
      (quoted.protocol != IP_UDP && quoted.protocol != IP_TCP))
    return QS_CAPTURE_OTHER;
  packet->icmp_protocol = quoted.protocol;
  take_ports (cursor->at, &quoted, packet);
  return QS_CAPTURE_ICMP;
}

/* --- Tunnels: IP in something in IP --- */

static QsCaptureKind take_inner (QsCursor *cursor, guint32 wire_left, QsCapturePacket *packet, guint depth);
static QsCaptureKind take_transport (QsCursor *cursor, const Ip *ip, QsCapturePacket *packet, guint depth);

/* What follows a header of length bytes is of one of Ethernet's types. */
static QsCaptureKind
take_typed (QsCursor cursor, const Ip *ip, gsize length, guint type, QsCapturePacket *packet, guint depth)
{
  gsize before = cursor.left;

  if (!qs_cursor_advance (&cursor, length) || !qs_capture_ethertype_skip (type, &cursor, packet))
    return QS_CAPTURE_OTHER;
  gsize taken = before - cursor.left;
  return ip->length >= taken ? take_inner (&cursor, ip->length - (guint32) taken, packet, depth) : QS_CAPTURE_OTHER;
}

/* RFC 2784 and RFC 2890; RFC 2637 for version 1, which carries PPP. */
static QsCaptureKind
take_gre (const QsCursor *cursor, const Ip *ip, QsCapturePacket *packet, guint depth)
{
  if (cursor->left < 4)
    return QS_CAPTURE_OTHER;
  guint flags = qs_cursor_be16 (cursor->at);
  gsize length = 4 + ((flags & 0x8000) != 0 ? 4 : 0) + ((flags & 0x2000) != 0 ? 4 : 0) +
                 ((flags & 0x1000) != 0 ? 4 : 0) + ((flags & 7) == 1 && (flags & 0x80) != 0 ? 4 : 0);
  return take_typed (*cursor, ip, length, qs_cursor_be16 (cursor->at + 2), packet, depth);
}

/* RFC 4302: signed, not encrypted. */
static QsCaptureKind
take_ah (QsCursor *cursor, const Ip *ip, QsCapturePacket *packet, guint depth)
{
  Ip inner = *ip;

  if (cursor->left < 12)
    return QS_CAPTURE_OTHER;
  gsize length = (cursor->at[1] + 2u) * 4;
  inner.protocol = cursor->at[0];
  if (length > ip->length || !qs_cursor_advance (cursor, length))
    return QS_CAPTURE_OTHER;
  inner.length -= (guint32) length;
  return take_transport (cursor, &inner, packet, depth + 1);
}

/* 3GPP TS 29.281 section 5: user data alone, behind what extension headers there are. */
static QsCaptureKind
take_gtp_u (QsCursor cursor, const Ip *ip, QsCapturePacket *packet, guint depth)
{
  guint32 before = (guint32) cursor.left;

  if (cursor.left < 12 || cursor.at[0] >> 4 != 3 || cursor.at[1] != 0xff)
    return QS_CAPTURE_OTHER;
  guint8 flags = cursor.at[0];
  qs_cursor_advance (&cursor, (flags & 7) != 0 ? 11 : 8);
  if ((flags & 7) != 0)
    {
      guint8 next = cursor.at[0];
      qs_cursor_advance (&cursor, 1);
      for (guint i = 0; next != 0 && i < MAX_EXTENSION_HEADERS; i++)
        {
          gsize length = cursor.left > 0 ? cursor.at[0] * 4u : 0;
          if (length == 0 || length > cursor.left)
            return QS_CAPTURE_OTHER;
          next = cursor.at[length - 1];
          qs_cursor_advance (&cursor, length);
        }
    }
  guint32 taken = before - (guint32) cursor.left;
  return ip->length > taken ? take_inner (&cursor, ip->length - taken, packet, depth) : QS_CAPTURE_OTHER;
}

/* RFC 4380 section 5.1.1: IPv6 by itself, behind an indication of its origin or of who it is. */
static QsCaptureKind
take_teredo (QsCursor cursor, const Ip *ip, QsCapturePacket *packet, guint depth)
{
  gsize origin = cursor.left >= 8 && cursor.at[0] == 0 && cursor.at[1] == 0 ? 8 : 0;

  if (!qs_cursor_advance (&cursor, origin) || cursor.left < 40 || cursor.at[0] >> 4 != 6 || ip->length < origin)
    return QS_CAPTURE_OTHER;
  return take_inner (&cursor, ip->length - (guint32) origin, packet, depth);
}

/* Tunnels that UDP carries, by the port that they are sent to. ip: its length counts from behind UDP's header. */
static QsCaptureKind
take_udp_tunnel (const QsCursor *cursor, const Ip *ip, guint16 port, QsCapturePacket *packet, guint depth)
{
  const guint8 *at = cursor->at;

  if (cursor->left < 8)
    return QS_CAPTURE_OTHER;
  switch (port)
    {
    case PORT_VXLAN: /* RFC 7348: the flag says that the network's number is there */
    case PORT_VXLAN_OLD:
      return (at[0] & 0x08) != 0 && at[7] == 0 ? take_typed (*cursor, ip, 8, QS_ETHERTYPE_BRIDGED, packet, depth)
                                               : QS_CAPTURE_OTHER;
    case PORT_VXLAN_GPE:
      return (at[0] & 0x0c) == 0x0c && at[3] >= 1 && at[3] <= 3 ? take_typed (*cursor, ip, 8,
                                                                              at[3] == 1   ? 0x0800
                                                                              : at[3] == 2 ? 0x86dd
                                                                                           : QS_ETHERTYPE_BRIDGED,
                                                                              packet, depth)
                                                                : QS_CAPTURE_OTHER;
    case PORT_GENEVE: /* RFC 8926: version 0, length of options */
      return at[0] >> 6 == 0 ? take_typed (*cursor, ip, 8 + (at[0] & 0x3fu) * 4, qs_cursor_be16 (at + 2), packet, depth)
                             : QS_CAPTURE_OTHER;
    case PORT_GTP_U:
      return take_gtp_u (*cursor, ip, packet, depth);
    case PORT_TEREDO:
      return take_teredo (*cursor, ip, packet, depth);
    default:
      return QS_CAPTURE_OTHER;
    }
}

static gboolean
is_of_a_connection (QsCaptureKind kind)
{
  return kind == QS_CAPTURE_UDP || kind == QS_CAPTURE_TCP || kind == QS_CAPTURE_ICMP || kind == QS_CAPTURE_FRAGMENT;
}

/* A port may mean something else: a tunnel is one when there is a packet of ours in it. */
static QsCaptureKind
take_udp_or_tunnel (QsCursor *cursor, const Ip *ip, QsCapturePacket *packet, guint depth)
{
  QsCaptureKind kind = take_udp (cursor, ip, packet);

  if (kind != QS_CAPTURE_UDP)
    return kind;
  QsCapturePacket inner = { .direction = packet->direction };
  Ip behind = { .length = packet->payload_length };
  QsCursor payload = { packet->payload.data, packet->payload.length };
  QsCaptureKind found = take_udp_tunnel (&payload, &behind, packet->to.port, &inner, depth + 1);
  if (!is_of_a_connection (found) && packet->from.port == PORT_TEREDO)
    found = take_udp_tunnel (&payload, &behind, PORT_TEREDO, &inner, depth + 1);
  if (!is_of_a_connection (found))
    return kind;
  *packet = inner;
  return found;
}

static QsCaptureKind
take_fragment (const QsCursor *cursor, const Ip *ip, QsCapturePacket *packet)
{
  packet->from = ip->from;
  packet->to = ip->to;
  packet->fragment_id = ip->id;
  packet->fragment_offset = ip->offset;
  packet->fragment_more = ip->more;
  packet->protocol = ip->protocol;
  take_payload (cursor, ip->length, packet);
  return QS_CAPTURE_FRAGMENT;
}

static QsCaptureKind
take_transport (QsCursor *cursor, const Ip *ip, QsCapturePacket *packet, guint depth)
{
  packet->ecn = ip->ecn;
  if (ip->fragment)
    return take_fragment (cursor, ip, packet);
  if (depth > MAX_TUNNELS)
    return QS_CAPTURE_OTHER;
  switch (ip->protocol)
    {
    case IP_UDP:
      return take_udp_or_tunnel (cursor, ip, packet, depth);
    case IP_TCP:
      return take_tcp (cursor, ip, packet);
    case IP_ICMP:
    case IP_ICMPV6:
      return take_icmp (cursor, ip, packet);
    case IP_IPV4:
    case IP_IPV6:
      return take_inner (cursor, ip->length, packet, depth + 1);
    case IP_GRE:
      return take_gre (cursor, ip, packet, depth + 1);
    case IP_AH:
      return take_ah (cursor, ip, packet, depth);
    default:
      return QS_CAPTURE_OTHER;
    }
}

static QsCaptureKind
take_inner (QsCursor *cursor, guint32 wire_left, QsCapturePacket *packet, guint depth)
{
  Ip ip;

  return depth <= MAX_TUNNELS && take_ip (cursor, wire_left, &ip) ? take_transport (cursor, &ip, packet, depth)
                                                                  : QS_CAPTURE_OTHER;
}

void
qs_capture_packet_parse (const QsCaptured *captured, QsCapturePacket *packet)
{
  QsCursor cursor = { captured->bytes.data, captured->bytes.length };
  Ip ip;

  memset (packet, 0, sizeof *packet);
  packet->direction = captured->direction;
  packet->kind = QS_CAPTURE_OTHER;
  if (!qs_capture_link_skip (captured->link, &cursor, packet))
    return;
  guint32 taken = (guint32) (captured->bytes.length - cursor.left);
  guint32 wire_left = captured->wire_length > taken ? captured->wire_length - taken : 0;
  packet->kind = take_ip (&cursor, wire_left, &ip) ? take_transport (&cursor, &ip, packet, 0) : QS_CAPTURE_MALFORMED;
}

void
qs_capture_packet_join (QsSpan bytes, QsCapturePacket *packet)
{
  const Ip ip = {
    .protocol = packet->protocol,
    .ecn = packet->ecn,
    .length = (guint32) bytes.length,
    .from = packet->from,
    .to = packet->to,
  };
  QsCursor cursor = { bytes.data, bytes.length };

  packet->kind = take_transport (&cursor, &ip, packet, 0);
}

GSocketAddress *
qs_capture_end_to_address (const QsCaptureEnd *end)
{
  static const guint8 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  gboolean ipv4 = memcmp (end->address, mapped, 12) == 0;
  g_autoptr (GInetAddress) address = g_inet_address_new_from_bytes (ipv4 ? end->address + 12 : end->address,
                                                                    ipv4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);

  return g_inet_socket_address_new (address, end->port);
}
