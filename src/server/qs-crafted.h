/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/qs-packet.h"

G_BEGIN_DECLS

/* Datagrams that OpenSSL's server never sends, made by hand for the lab. All of them answer a client, and are what a
 * server that conforms to the RFCs might send. */

/* Version Negotiation (RFC 9000 section 17.2.1) in answer to a client's Initial. NULL when it is none. */
GBytes *qs_crafted_version_negotiation (QsSpan initial, const guint32 *versions, guint n_versions);

/* CONNECTION_CLOSE of the transport in an Initial packet (RFC 9000 section 10.2.3) in answer to a client's Initial: its
 * keys derive from the Destination Connection ID of that. NULL when it is no Initial of a known version. */
GBytes *qs_crafted_initial_close (QsSpan initial, guint64 code, const char *reason);

/* NEW_CONNECTION_ID (RFC 9000 section 19.15) with number 1, which retires number 0. */
GBytes *qs_crafted_new_connection_id (QsSpan cid, const guint8 token[16]);

/* STREAMS_BLOCKED (RFC 9000 section 19.14) for unidirectional streams. */
GBytes *qs_crafted_streams_blocked (guint64 limit);

/* Stateless reset (RFC 9000 section 10.3) in answer to a datagram; NULL when that is too short for an answer that is
 * shorter still, as it must be lest two hosts reset each other for ever. */
GBytes *qs_crafted_stateless_reset (QsSpan datagram, const guint8 token[16]);

/**
 * qs_crafted_add_frames:
 * @datagram: what a server sends: coalesced long-header packets may precede its 1-RTT packet
 * @cid_length: of the client's connection id
 * @secret: SERVER_TRAFFIC_SECRET_0
 * @expected: the packet number that is expected next; moved
 * @frames: to be put before those in the packet; empty to do no more than follow the packet numbers
 *
 * Opens the 1-RTT packet, puts frames into it and closes it again under the same number. The original must not be
 * sent then, or the AEAD's nonce would be used twice.
 *
 * Returns: (transfer full): the datagram to be sent instead; %NULL when there is no such packet, no room, or nothing
 * to add
 */
GBytes *qs_crafted_add_frames (QsSpan datagram, guint8 cid_length, QsSpan secret, guint64 *expected, QsSpan frames);

/* Frames of HTTP/3 (RFC 9114 section 7.2). fields: name, value, …, NULL, as they are to stand there, literally each
 * (RFC 9204 section 4.5.6). */
GBytes *qs_crafted_http3_headers (const char *const *fields);
/* The start of HEADERS of 1 GiB, and fields for its middle. */
GBytes *qs_crafted_http3_large_headers (void);
GBytes *qs_crafted_http3_fields (const char *const *fields);
GBytes *qs_crafted_http3_data (const char *text);
GBytes *qs_crafted_http3_goaway (guint64 id);

/* Whether a client's Initial holds the start of a ClientHello that does not end in it. */
gboolean qs_crafted_is_split_hello (QsSpan initial);

G_END_DECLS
