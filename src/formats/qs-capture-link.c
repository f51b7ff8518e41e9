/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Link layers, down to the IP header. */
#include "formats/qs-capture-link.h"

#include <string.h>

#include "formats/qs-pcapng-private.h"

#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu
#define MAX_TAGS 8      /* VLAN tags, MPLS labels and the like, one in another */
#define MIN_PRISM 24    /* bytes: message, length, name of the device */
#define USUAL_PRISM 144 /* with ten values */
#define MAX_LINKS 4     /* headers that name another link type behind them */

static guint
le16 (const guint8 *at)
{
  return (guint) (at[1] << 8 | at[0]);
}

static guint32
le32 (const guint8 *at)
{
  return (guint32) le16 (at + 2) << 16 | le16 (at);
}

/* --- By Ethernet's types --- */

/* RFC 3032: four bytes each, the last one says so. What follows is not named: IP by its first digit, else a pseudowire's control word
 * (RFC 4385) and Ethernet. */
static gboolean
skip_mpls (QsCursor *cursor, QsCapturePacket *packet)
{
  gboolean last = FALSE;

  for (guint i = 0; i < MAX_TAGS && !last; i++)
    {
      if (cursor->left < 4)
        return FALSE;
      last = (cursor->at[2] & 1) != 0;
      qs_cursor_advance (cursor, 4);
    }
  if (!last || cursor->left == 0)
    return FALSE;
  if (cursor->at[0] >> 4 == 4 || cursor->at[0] >> 4 == 6)
    return TRUE;
  return cursor->at[0] >> 4 == 0 && qs_cursor_advance (cursor, 4) &&
         qs_capture_ethertype_skip (QS_ETHERTYPE_BRIDGED, cursor, packet);
}

/* RFC 2516: version, code, session, length; only code 0 carries data. */
static gboolean
skip_pppoe (QsCursor *cursor, QsCapturePacket *packet)
{
  return cursor->left >= 6 && cursor->at[1] == 0 && qs_cursor_advance (cursor, 6) &&
         qs_capture_ppp_skip (cursor, packet);
}

/* LLC with SNAP (RFC 1042), or LLC alone with IP's old number. */
static gboolean
skip_llc (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left >= 8 && cursor->at[0] == 0xaa && cursor->at[1] == 0xaa && cursor->at[2] == 3)
    {
      guint type = qs_cursor_be16 (cursor->at + 6);
      qs_cursor_advance (cursor, 8);
      return qs_capture_ethertype_skip (type, cursor, packet);
    }
  return cursor->left >= 3 && cursor->at[0] == 0x06 && cursor->at[1] == 0x06 && qs_cursor_advance (cursor, 3);
}

static gboolean
skip_ethernet (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 14)
    return FALSE;
  guint type = qs_cursor_be16 (cursor->at + 12);
  qs_cursor_advance (cursor, 14);
  return type <= 1500 ? skip_llc (cursor, packet) : qs_capture_ethertype_skip (type, cursor, packet);
}

gboolean
qs_capture_ethertype_skip (guint type, QsCursor *cursor, QsCapturePacket *packet)
{
  for (guint i = 0; i < MAX_TAGS && (type == 0x8100 || type == 0x88a8 || type == 0x9100); i++)
    {
      if (cursor->left < 4)
        return FALSE;
      type = qs_cursor_be16 (cursor->at + 2);
      qs_cursor_advance (cursor, 4);
    }
  switch (type)
    {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
      return TRUE;
    case 0x8847:
    case 0x8848:
      return skip_mpls (cursor, packet);
    case 0x8864:
      return skip_pppoe (cursor, packet);
    case 0x880b:
      return qs_capture_ppp_skip (cursor, packet);
    case QS_ETHERTYPE_BRIDGED:
      return skip_ethernet (cursor, packet);
    default:
      return FALSE;
    }
}

/* --- PPP and HDLC --- */

/* The protocol's number has one byte when that is odd (RFC 1661 section 6.5). */
gboolean
qs_capture_ppp_skip (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left >= 2 && cursor->at[0] == 0xff && cursor->at[1] == 0x03)
    qs_cursor_advance (cursor, 2);
  if (cursor->left < 2)
    return FALSE;
  gboolean is_short = (cursor->at[0] & 1) != 0;
  guint protocol = is_short ? cursor->at[0] : qs_cursor_be16 (cursor->at);
  qs_cursor_advance (cursor, is_short ? 1 : 2);
  if (protocol == 0x0281 || protocol == 0x0283)
    return skip_mpls (cursor, packet);
  return protocol == 0x0021 || protocol == 0x0057;
}

static gboolean
skip_cisco_hdlc (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 4)
    return FALSE;
  guint type = qs_cursor_be16 (cursor->at + 2);
  qs_cursor_advance (cursor, 4);
  return qs_capture_ethertype_skip (type, cursor, packet);
}

/* PPP in HDLC-like framing, or Cisco's, by the address. */
static gboolean
skip_ppp_hdlc (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left > 0 && (cursor->at[0] == 0x0f || cursor->at[0] == 0x8f))
    return skip_cisco_hdlc (cursor, packet);
  return qs_capture_ppp_skip (cursor, packet);
}

/* --- Wireless --- */

/* Of a data frame's header, IEEE 802.11-2020 section 9.2.4: what is in it by its two first bytes. */
static gsize
get_80211_length (guint8 control, guint8 flags)
{
  gboolean is_qos = (control & 0x80) != 0;

  return 24 + ((flags & 3) == 3 ? 6 : 0) + (is_qos ? 2 : 0) + (is_qos && (flags & 0x80) != 0 ? 4 : 0);
}

/* Several packets of Ethernet's kind in one frame: destination, source, length. The first one of them is read. */
static gboolean
skip_amsdu (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 14)
    return FALSE;
  gsize length = qs_cursor_be16 (cursor->at + 12);
  qs_cursor_advance (cursor, 14);
  cursor->left = MIN (cursor->left, length);
  return skip_llc (cursor, packet);
}

/* Data frames alone, and not encrypted ones. padded: the header is, to four bytes. */
static gboolean
skip_80211_padded (QsCursor *cursor, gboolean padded, QsCapturePacket *packet)
{
  if (cursor->left < 24)
    return FALSE;
  guint8 control = cursor->at[0], flags = cursor->at[1];
  gsize length = get_80211_length (control, flags);
  gsize qos_at = 24 + ((flags & 3) == 3 ? 6 : 0);
  gboolean is_amsdu = (control & 0x80) != 0 && cursor->left > qos_at && (cursor->at[qos_at] & 0x80) != 0;
  if ((control & 0x0c) != 0x08 || (control & 0x40) != 0 || (flags & 0x40) != 0)
    return FALSE;
  if (!qs_cursor_advance (cursor, padded ? (length + 3) / 4 * 4 : length))
    return FALSE;
  return is_amsdu ? skip_amsdu (cursor, packet) : skip_llc (cursor, packet);
}

static gboolean
skip_80211 (QsCursor *cursor, QsCapturePacket *packet)
{
  return skip_80211_padded (cursor, FALSE, packet);
}

/* Bit 5 of the flags, which stand first but for the time: the frame's header is padded. */
static gboolean
skip_radiotap (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 8 || cursor->at[0] != 0)
    return FALSE;
  gsize length = le16 (cursor->at + 2), at = 8;
  guint32 present = le32 (cursor->at + 4), word = present;
  while ((word & 0x80000000u) != 0 && at + 4 <= length && at + 4 <= cursor->left)
    {
      word = le32 (cursor->at + at);
      at += 4;
    }
  if ((present & 1) != 0)
    at = (at + 7) / 8 * 8 + 8;
  gboolean padded = (present & 2) != 0 && at < length && at < cursor->left && (cursor->at[at] & 0x20) != 0;
  return length >= 8 && qs_cursor_advance (cursor, length) && skip_80211_padded (cursor, padded, packet);
}

static gboolean
skip_avs (QsCursor *cursor, QsCapturePacket *packet)
{
  return cursor->left >= 8 && qs_cursor_advance (cursor, qs_cursor_be32 (cursor->at + 4)) &&
         skip_80211 (cursor, packet);
}

/* Its length stands in the order of the machine that captured. Newer drivers write AVS's header under the same link type. */
static gboolean
skip_prism (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 8)
    return FALSE;
  if ((qs_cursor_be32 (cursor->at) & 0xfffff000u) == 0x80211000u)
    return skip_avs (cursor, packet);
  gsize little = le32 (cursor->at + 4), big = qs_cursor_be32 (cursor->at + 4);
  gsize length = little >= MIN_PRISM && little <= cursor->left ? little
                 : big >= MIN_PRISM && big <= cursor->left     ? big
                                                               : USUAL_PRISM;
  return qs_cursor_advance (cursor, length) && skip_80211 (cursor, packet);
}

/* --- Headers of the capturing system --- */

static void
take_cooked_direction (guint type, QsCapturePacket *packet)
{
  if (type == 4) /* sent by us */
    packet->direction = QS_PCAPNG_OUTBOUND;
  else if (type == 0)
    packet->direction = QS_PCAPNG_INBOUND;
}

static gboolean
skip_cooked (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 16)
    return FALSE;
  guint type = qs_cursor_be16 (cursor->at + 14);
  take_cooked_direction (qs_cursor_be16 (cursor->at), packet);
  return qs_cursor_advance (cursor, 16) && qs_capture_ethertype_skip (type, cursor, packet);
}

static gboolean
skip_cooked2 (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 20)
    return FALSE;
  guint type = qs_cursor_be16 (cursor->at);
  take_cooked_direction (cursor->at[10], packet);
  return qs_cursor_advance (cursor, 20) && qs_capture_ethertype_skip (type, cursor, packet);
}

/* BSD's loopback: an address family in the order of the machine that captured. IP's own first digit
 * tells more surely than the families' numbers, which differ between systems. */
static gboolean
skip_null (QsCursor *cursor, QsCapturePacket *packet)
{
  return qs_cursor_advance (cursor, 4);
}

static gboolean
skip_enc (QsCursor *cursor, QsCapturePacket *packet)
{
  return qs_cursor_advance (cursor, 12);
}

static gboolean
skip_nothing (QsCursor *cursor, QsCapturePacket *packet)
{
  return TRUE;
}

/* Linux's netfilter log: attributes with lengths in the order of the machine that captured; the ninth kind is the packet. */
static gboolean
skip_nflog (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 4 || cursor->at[1] != 0)
    return FALSE;
  qs_cursor_advance (cursor, 4);
  while (cursor->left >= 4)
    {
      guint little = le16 (cursor->at), big = qs_cursor_be16 (cursor->at);
      gboolean swapped = little < 4 || little > cursor->left;
      gsize length = swapped ? big : little;
      guint type = swapped ? qs_cursor_be16 (cursor->at + 2) : le16 (cursor->at + 2);
      if (length < 4 || length > cursor->left)
        return FALSE;
      if ((type & 0x7fff) == 9)
        return qs_cursor_advance (cursor, 4);
      qs_cursor_advance (cursor, MIN ((length + 3) / 4 * 4, cursor->left));
    }
  return FALSE;
}

/* Each names the link type of what follows. */
static gboolean
skip_ppi (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 8)
    return FALSE;
  guint link = le32 (cursor->at + 4);
  gsize length = le16 (cursor->at + 2);
  return length >= 8 && link != QS_LINK_PPI && qs_cursor_advance (cursor, length) &&
         qs_capture_link_skip (link, cursor, packet);
}

/* Apple's: length, kind, link type, the interface's name, flags (1: inbound, 2: outbound). */
static gboolean
skip_pktap (QsCursor *cursor, QsCapturePacket *packet)
{
  if (cursor->left < 40)
    return FALSE;
  gsize length = le32 (cursor->at);
  guint link = le32 (cursor->at + 8), flags = le32 (cursor->at + 36);
  if (flags & 1)
    packet->direction = QS_PCAPNG_INBOUND;
  else if (flags & 2)
    packet->direction = QS_PCAPNG_OUTBOUND;
  return length >= 40 && link != QS_LINK_PKTAP && qs_cursor_advance (cursor, length) &&
         qs_capture_link_skip (link, cursor, packet);
}

static const struct {
  guint link;
  gboolean (*skip) (QsCursor *cursor, QsCapturePacket *packet);
} links[] = {
  { QS_LINK_NULL, skip_null },
  { QS_LINK_LOOP, skip_null },
  { QS_LINK_ETHERNET, skip_ethernet },
  { QS_LINK_RAW, skip_nothing },
  { QS_LINK_RAW_OLD, skip_nothing },
  { QS_LINK_RAW_BSD, skip_nothing },
  { QS_LINK_IPV4, skip_nothing },
  { QS_LINK_IPV6, skip_nothing },
  { QS_LINK_LINUX_COOKED, skip_cooked },
  { QS_LINK_LINUX_COOKED2, skip_cooked2 },
  { QS_LINK_PPP, qs_capture_ppp_skip },
  { QS_LINK_PPP_HDLC, skip_ppp_hdlc },
  { QS_LINK_PPP_ETHERNET, skip_pppoe },
  { QS_LINK_CISCO_HDLC, skip_cisco_hdlc },
  { QS_LINK_LLC_ATM, skip_llc },
  { QS_LINK_80211, skip_80211 },
  { QS_LINK_PRISM, skip_prism },
  { QS_LINK_RADIOTAP, skip_radiotap },
  { QS_LINK_AVS, skip_avs },
  { QS_LINK_ENC, skip_enc },
  { QS_LINK_PPI, skip_ppi },
  { QS_LINK_NFLOG, skip_nflog },
  { QS_LINK_PKTAP, skip_pktap },
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

gboolean
qs_capture_link_skip (guint link, QsCursor *cursor, QsCapturePacket *packet)
{
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      if (links[i].link == link)
        return links[i].skip (cursor, packet);
    }
  return FALSE;
}
