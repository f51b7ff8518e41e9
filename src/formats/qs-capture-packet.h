/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-span.h"
#include "flows/qs-flow-table.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* A packet as a capture file holds it. */
typedef struct {
  gint64 time; /* nanoseconds since 1970 */
  guint link;  /* QsLinkType */
  QsSpan bytes;
  guint32 wire_length;
  guint direction; /* QS_PCAPNG_INBOUND, QS_PCAPNG_OUTBOUND, 0: not said */
  QsFate fate;
} QsCaptured;

typedef QsFlowEnd QsCaptureEnd;

typedef enum {
  QS_CAPTURE_OTHER,    /* not IP, or a transport that is none of ours */
  QS_CAPTURE_FRAGMENT, /* of an IP packet: payload is what it has of it */
  QS_CAPTURE_MALFORMED,
  QS_CAPTURE_UDP,
  QS_CAPTURE_TCP,
  QS_CAPTURE_ICMP, /* an error that quotes a UDP or TCP header: from and to are the quoted one's */
} QsCaptureKind;

#define QS_TCP_FIN 0x01
#define QS_TCP_SYN 0x02
#define QS_TCP_RST 0x04
#define QS_TCP_ACK 0x10

typedef struct {
  QsCaptureKind kind;
  QsCaptureEnd from, to;
  guint direction;
  guint8 ecn;
  QsSpan payload;         /* what was captured of it */
  guint32 payload_length; /* on the wire */
  guint8 protocol;        /* of a fragment */
  guint32 fragment_id, fragment_offset;
  gboolean fragment_more;
  guint8 tcp_flags;
  guint32 sequence, acknowledged; /* TCP */
  gboolean icmp6;
  guint8 icmp_type, icmp_code;
  guint8 icmp_protocol;   /* of what is quoted: 6 or 17 */
  QsCaptureEnd icmp_from; /* who says so; port 0 */
} QsCapturePacket;

/* Whether packets of this link type can be read. */
gboolean qs_capture_link_is_known (guint link);

/* Fragments put together: makes the packet that they are of. packet: one of them; bytes: all behind the IP header. */
void qs_capture_packet_join (QsSpan bytes, QsCapturePacket *packet);

/* Takes the link, tunnels', IP and transport headers off. Spans point into captured's bytes. */
void qs_capture_packet_parse (const QsCaptured *captured, QsCapturePacket *packet);

GSocketAddress *qs_capture_end_to_address (const QsCaptureEnd *end); /* owned by the caller */

G_END_DECLS
