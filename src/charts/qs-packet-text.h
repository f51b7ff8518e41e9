/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* What the list of packets says of one, a cell each. Owned by the caller; plain text, peers' bytes escaped. */

char *qs_packet_text_time (QsTrace *trace, guint packet);                /* ms since the origin: "12.345" */
char *qs_packet_text_delta (QsTrace *trace, guint packet, guint before); /* "+0.120" */
/* "→ sent", "← received": from where the trace was taken. In a capture between both, "→ client", "← server". */
char *qs_packet_text_direction (QsTrace *trace, guint packet);
char *qs_packet_text_number (QsTrace *trace, guint packet); /* "" where it has none */
char *qs_packet_text_size (QsTrace *trace, guint packet);
char *qs_packet_text_frames (QsTrace *trace, guint packet); /* "ACK CRYPTO PADDING"; a record's content type */
/* Its TLS messages, what its frames say, what became of it. */
char *qs_packet_text_summary (QsTrace *trace, guint packet);
/* "change_cipher_spec", "alert" …: what a TLS record carries, inside its protection where that is open; "" unknown. */
const char *qs_packet_text_content_type (const QsPacket *packet);
/* Of the whole trace: "17 datagrams · 19 packets"; over TCP "13 segments · 15 records". */
char *qs_packet_text_counts (QsTrace *trace);

G_END_DECLS
