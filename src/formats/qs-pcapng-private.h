/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define QS_PCAPNG_SECTION 0x0a0d0d0au
#define QS_PCAPNG_INTERFACE 1u
#define QS_PCAPNG_OLD_PACKET 2u
#define QS_PCAPNG_SIMPLE_PACKET 3u
#define QS_PCAPNG_ENHANCED_PACKET 6u
#define QS_PCAPNG_SECRETS 10u

#define QS_PCAPNG_BYTE_ORDER_MAGIC 0x1a2b3c4du
#define QS_PCAPNG_TLS_KEY_LOG 0x544c534bu

#define QS_PCAPNG_APPLICATION "Quicscope" /* as we call ourselves; a space and the version follow */

#define QS_PCAPNG_OPT_END 0
#define QS_PCAPNG_OPT_COMMENT 1
#define QS_PCAPNG_OPT_CUSTOM 2989 /* binary, to be copied */
#define QS_PCAPNG_SHB_APPLICATION 4
#define QS_PCAPNG_IF_NAME 2
#define QS_PCAPNG_IF_TSRESOL 9
#define QS_PCAPNG_IF_TSOFFSET 14
#define QS_PCAPNG_EPB_FLAGS 2

/* Direction: the lowest two bits of the flags option. */
#define QS_PCAPNG_INBOUND 1u
#define QS_PCAPNG_OUTBOUND 2u

typedef enum {
  QS_LINK_NULL = 0,
  QS_LINK_ETHERNET = 1,
  QS_LINK_PPP = 9,
  QS_LINK_LLC_ATM = 11,
  QS_LINK_RAW_OLD = 12, /* some systems' DLT_RAW in a file */
  QS_LINK_RAW_BSD = 14,
  QS_LINK_PPP_HDLC = 50,
  QS_LINK_PPP_ETHERNET = 51,
  QS_LINK_RAW = 101,
  QS_LINK_CISCO_HDLC = 104,
  QS_LINK_80211 = 105,
  QS_LINK_LOOP = 108,
  QS_LINK_ENC = 109,
  QS_LINK_LINUX_COOKED = 113,
  QS_LINK_PRISM = 119,
  QS_LINK_RADIOTAP = 127,
  QS_LINK_AVS = 163,
  QS_LINK_PPI = 192,
  QS_LINK_IPV4 = 228,
  QS_LINK_IPV6 = 229,
  QS_LINK_NFLOG = 239,
  QS_LINK_PKTAP = 258,
  QS_LINK_LINUX_COOKED2 = 276,
} QsLinkType;

G_END_DECLS
