/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-capture-packet.h"

#include <string.h>

#include "formats/qs-pcapng-private.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define MAX_VLAN_TAGS 4
#define MAX_EXTENSION_HEADERS 16

#define IP_ICMP 1
#define IP_TCP 6
#define IP_UDP 17
#define IP_ICMPV6 58

/* What is left of the packet while headers are taken off. */
typedef struct {
  const guint8 *at;
  gsize left;
} Cursor;

static guint
be16 (const guint8 *at)
{
  return (guint) (at[0] << 8 | at[1]);
}

static guint32
be32 (const guint8 *at)
{
  return (guint32) be16 (at) << 16 | be16 (at + 2);
}

static gboolean
advance (Cursor *cursor, gsize n)
{
  if (n > cursor->left)
    return FALSE;
  cursor->at += n;
  cursor->left -= n;
  return TRUE;
}

/* --- Link layers: each leaves the cursor at the IP header and says whether it is there --- */

static gboolean
skip_vlan_tags (Cursor *cursor, guint type)
{
  for (guint i = 0; i < MAX_VLAN_TAGS && (type == 0x8100 || type == 0x88a8 || type == 0x9100); i++)
    {
      if (cursor->left < 4)
        return FALSE;
      type = be16 (cursor->at + 2);
      advance (cursor, 4);
    }
  return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6;
}

static gboolean
skip_ethernet (Cursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 14)
    return FALSE;
  guint type = be16 (cursor->at + 12);
  return advance (cursor, 14) && skip_vlan_tags (cursor, type);
}

static void
take_cooked_direction (guint type, QsCapturePacket *packet)
{
  if (type == 4) /* sent by us */
    packet->direction = QS_PCAPNG_OUTBOUND;
  else if (type == 0)
    packet->direction = QS_PCAPNG_INBOUND;
}

static gboolean
skip_cooked (Cursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 16)
    return FALSE;
  guint type = be16 (cursor->at + 14);
  take_cooked_direction (be16 (cursor->at), packet);
  return advance (cursor, 16) && skip_vlan_tags (cursor, type);
}

static gboolean
skip_cooked2 (Cursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 20)
    return FALSE;
  guint type = be16 (cursor->at);
  take_cooked_direction (cursor->at[10], packet);
  return advance (cursor, 20) && skip_vlan_tags (cursor, type);
}

/* BSD's loopback: an address family in the order of the machine that captured. IP's own first digit
 * tells more surely than the families' numbers, which differ between systems. */
static gboolean
skip_null (Cursor *cursor, QsCapturePacket *packet)
{
  return advance (cursor, 4);
}

static gboolean
skip_nothing (Cursor *cursor, QsCapturePacket *packet)
{
  return TRUE;
}

static const struct {
  guint link;
  gboolean (*skip) (Cursor *cursor, QsCapturePacket *packet);
} links[] = {
  { QS_LINK_NULL, skip_null },           { QS_LINK_LOOP, skip_null },
  { QS_LINK_ETHERNET, skip_ethernet },   { QS_LINK_RAW, skip_nothing },
  { QS_LINK_RAW_OLD, skip_nothing },     { QS_LINK_RAW_BSD, skip_nothing },
  { QS_LINK_IPV4, skip_nothing },        { QS_LINK_IPV6, skip_nothing },
  { QS_LINK_LINUX_COOKED, skip_cooked }, { QS_LINK_LINUX_COOKED2, skip_cooked2 },
};

gboolean
qs_capture_link_is_known (guint link)
{
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      if (links[i].link == link)
        return TRUE;
    }
  return FALSE;
}

/* --- IP --- */

typedef struct {
  guint8 protocol;
  guint8 ecn;
  gboolean fragment;
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
take_ipv4 (Cursor *cursor, guint32 wire_left, Ip *ip)
{
  if (cursor->left < 20)
    return FALSE;
  const guint8 *header = cursor->at;
  guint header_length = (header[0] & 15u) * 4;
  guint total = be16 (header + 2);

  if (total == 0) /* the network card cuts it up: segmentation offload */
    total = wire_left;
  if (header_length < 20 || header_length > cursor->left || total < header_length)
    return FALSE;
  ip->ecn = header[1] & 3;
  ip->fragment = (be16 (header + 6) & 0x3fff) != 0; /* more fragments, or an offset */
  ip->protocol = header[9];
  ip->length = total - header_length;
  take_ipv4_address (&ip->from, header + 12);
  take_ipv4_address (&ip->to, header + 16);
  return advance (cursor, header_length);
}

/* Passes over hop-by-hop, routing and destination options (RFC 8200 section 4). */
static gboolean
take_ipv6_extensions (Cursor *cursor, Ip *ip)
{
  for (guint i = 0; i < MAX_EXTENSION_HEADERS; i++)
    {
      gsize length;

      if (ip->protocol == 44)
        {
          ip->fragment = TRUE;
          return TRUE;
        }
      if (ip->protocol != 0 && ip->protocol != 43 && ip->protocol != 60)
        return TRUE;
      if (cursor->left < 8)
        return FALSE;
      length = (cursor->at[1] + 1u) * 8;
      if (length > ip->length)
        return FALSE;
      ip->protocol = cursor->at[0];
      ip->length -= (guint32) length;
      if (!advance (cursor, length))
        return FALSE;
    }
  return FALSE;
}

static gboolean
take_ipv6 (Cursor *cursor, guint32 wire_left, Ip *ip)
{
  if (cursor->left < 40)
    return FALSE;
  const guint8 *header = cursor->at;

  memset (&ip->from, 0, sizeof ip->from);
  memset (&ip->to, 0, sizeof ip->to);
  ip->ecn = header[1] >> 4 & 3;
  ip->length = be16 (header + 4);
  if (ip->length == 0 && wire_left > 40)
    ip->length = wire_left - 40;
  ip->protocol = header[6];
  memcpy (ip->from.address, header + 8, 16);
  memcpy (ip->to.address, header + 24, 16);
  return advance (cursor, 40) && take_ipv6_extensions (cursor, ip);
}

static gboolean
take_ip (Cursor *cursor, guint32 wire_left, Ip *ip)
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
  packet->from.port = (guint16) be16 (header);
  packet->to.port = (guint16) be16 (header + 2);
}

/* The payload is what the headers say and the capture kept: link layers pad short packets. */
static void
take_payload (const Cursor *cursor, guint32 length, QsCapturePacket *packet)
{
  packet->payload_length = length;
  packet->payload = QS_SPAN (cursor->at, MIN (cursor->left, length));
}

static QsCaptureKind
take_udp (Cursor *cursor, const Ip *ip, QsCapturePacket *packet)
{
  if (cursor->left < 8 || ip->length < 8)
    return QS_CAPTURE_MALFORMED;
  guint32 length = be16 (cursor->at + 4);

  take_ports (cursor->at, ip, packet);
  if (length == 0)
    length = ip->length;
  if (length < 8 || length > ip->length)
    return QS_CAPTURE_MALFORMED;
  advance (cursor, 8);
  take_payload (cursor, length - 8, packet);
  return QS_CAPTURE_UDP;
}

static QsCaptureKind
take_tcp (Cursor *cursor, const Ip *ip, QsCapturePacket *packet)
{
  if (cursor->left < 20)
    return QS_CAPTURE_MALFORMED;
  guint header_length = (cursor->at[12] >> 4) * 4u;

  if (header_length < 20 || header_length > ip->length || header_length > cursor->left)
    return QS_CAPTURE_MALFORMED;
  take_ports (cursor->at, ip, packet);
  packet->sequence = be32 (cursor->at + 4);
  packet->tcp_flags = cursor->at[13];
  advance (cursor, header_length);
  take_payload (cursor, ip->length - header_length, packet);
  return QS_CAPTURE_TCP;
}

/* An error quotes the packet that caused it, at least to its ports (RFC 792, RFC 4443). */
static QsCaptureKind
take_icmp (Cursor *cursor, const Ip *ip, QsCapturePacket *packet)
{
  Ip quoted;

  if (cursor->left < 8)
    return QS_CAPTURE_OTHER;
  packet->icmp6 = ip->protocol == IP_ICMPV6;
  packet->icmp_type = cursor->at[0];
  packet->icmp_code = cursor->at[1];
  packet->icmp_from = ip->from;
  gboolean is_error = packet->icmp6 ? packet->icmp_type < 128 : packet->icmp_type == 3 || packet->icmp_type == 11;
  advance (cursor, 8);
  if (!is_error || !take_ip (cursor, (guint32) cursor->left, &quoted) || quoted.fragment || cursor->left < 4 ||
      (quoted.protocol != IP_UDP && quoted.protocol != IP_TCP))
    return QS_CAPTURE_OTHER;
  packet->icmp_protocol = quoted.protocol;
  take_ports (cursor->at, &quoted, packet);
  return QS_CAPTURE_ICMP;
}

static QsCaptureKind
take_transport (Cursor *cursor, const Ip *ip, QsCapturePacket *packet)
{
  packet->ecn = ip->ecn;
  if (ip->fragment)
    return QS_CAPTURE_FRAGMENT;
  switch (ip->protocol)
    {
    case IP_UDP:
      return take_udp (cursor, ip, packet);
    case IP_TCP:
      return take_tcp (cursor, ip, packet);
    case IP_ICMP:
    case IP_ICMPV6:
      return take_icmp (cursor, ip, packet);
    default:
      return QS_CAPTURE_OTHER;
    }
}

void
qs_capture_packet_parse (const QsCaptured *captured, QsCapturePacket *packet)
{
  Cursor cursor = { captured->bytes.data, captured->bytes.length };
  Ip ip;

  memset (packet, 0, sizeof *packet);
  packet->direction = captured->direction;
  packet->kind = QS_CAPTURE_OTHER;
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      if (links[i].link != captured->link)
        continue;
      if (!links[i].skip (&cursor, packet))
        return;
      guint32 taken = (guint32) (captured->bytes.length - cursor.left);
      guint32 wire_left = captured->wire_length > taken ? captured->wire_length - taken : 0;
      packet->kind = take_ip (&cursor, wire_left, &ip) ? take_transport (&cursor, &ip, packet) : QS_CAPTURE_MALFORMED;
      return;
    }
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
