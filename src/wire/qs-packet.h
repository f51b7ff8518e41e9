/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-error.h"
#include "base/qs-span.h"

G_BEGIN_DECLS

#define QS_QUIC_VERSION_1 0x00000001u        /* RFC 9000 */
#define QS_QUIC_VERSION_2 0x6b3343cfu        /* RFC 9369 */
#define QS_QUIC_DRAFT(n) (0xff000000u | (n)) /* draft-ietf-quic-transport-N */
#define QS_CID_MAX 20                        /* bytes, RFC 9000 section 17.2 */

/* What a packet is. The order is that of encryption levels where it matters. */
typedef enum {
  QS_PACKET_INITIAL,
  QS_PACKET_0RTT,
  QS_PACKET_HANDSHAKE,
  QS_PACKET_1RTT,
  QS_PACKET_RETRY,
  QS_PACKET_VERSION_NEGOTIATION,
  QS_PACKET_STATELESS_RESET, /* known by its token only (RFC 9000 section 10.3) */
  QS_PACKET_UNKNOWN,         /* a version or form that cannot be read */
  QS_PACKET_TLS_RECORD,      /* TLS over TCP: one record */
  QS_N_PACKET_TYPES
} QsPacketType;

/**
 * QsPacketHeader:
 *
 * What a packet says before its header protection is removed. All spans point into the bytes that
 * were parsed; offsets count from the first byte of this packet.
 */
typedef struct {
  QsPacketType type;
  guint8 first_byte;
  gboolean long_header;
  guint32 version; /* 0 in a short header and in Version Negotiation */
  QsSpan dcid;
  QsSpan scid;          /* none in a short header */
  QsSpan token;         /* Initial: the token; Retry: the Retry token */
  QsSpan versions;      /* Version Negotiation: the list, four bytes each */
  QsSpan integrity_tag; /* Retry: 16 bytes */
  guint32 pn_offset;    /* where the (protected) packet number starts; 0 where there is none */
  guint32 length;       /* this packet's bytes, header included: the next coalesced one starts there */
} QsPacketHeader;

/**
 * qs_packet_header_parse:
 * @datagram: what is left of a datagram; not empty
 * @short_dcid_length: length of connection ids in short headers of this direction, 0 to 20
 *
 * Reads one packet's header (RFC 8999, RFC 9000 section 17, RFC 9369). An unknown version gives
 * QS_PACKET_UNKNOWN with what the invariants say and @length to the end.
 *
 * Returns: %FALSE with QS_ERROR_TRUNCATED or QS_ERROR_PARSE
 */
gboolean qs_packet_header_parse (QsSpan datagram, guint8 short_dcid_length, QsPacketHeader *header, GError **error);

/* A header's first byte but for its protected bits: form, fixed bit, type (RFC 9369 section 3.2 numbers them otherwise), and the length
 * of the packet number, 1 to 4, where there is one. */
guint8 qs_packet_first_byte (guint32 version, QsPacketType type, guint8 pn_length);

/**
 * qs_packet_header_write:
 * @header: first_byte as it is to stand there, but for a long header's form and type bits, which are made from version and type
 * @rest: of a long header with a Length field: what follows it, packet number, payload and tag
 *
 * The reverse of qs_packet_header_parse(): writes what precedes the packet number, of Retry and Version Negotiation all.
 */
void qs_packet_header_write (GByteArray *out, const QsPacketHeader *header, gsize rest);

/* What every version of QUIC says in a long header (RFC 8999 section 5.1). */
typedef struct {
  guint32 version;
  QsSpan dcid, scid; /* up to 255 bytes each */
} QsInvariants;

/* FALSE for a short header, or when the bytes end too soon. All behind the ids may be cut off or damaged. */
gboolean qs_invariants_parse (QsSpan packet, QsInvariants *invariants);

/* "Initial", "Handshake", "1-RTT" …: the field's own terms, not translated. */
const char *qs_packet_type_name (QsPacketType type);

/* qlog's packet_type: "initial", "handshake", "0RTT", "1RTT", "retry", "version_negotiation", … */
const char *qs_packet_type_qlog_name (QsPacketType type);

/* "1", "2 (RFC 9369)", "draft-29", "mvfst (draft-27)", "Google Q046", "greased 0x1a2a3a4a", "0x12345678" … Owned by the caller. */
char *qs_quic_version_name (guint32 version);
/* The same in a sentence: "QUIC v1", "QUIC draft-29", "QUIC mvfst (draft-27)", "Google QUIC Q046". Owned by the caller. */
char *qs_quic_version_title (guint32 version);
/* Drafts up to the 21st and Google's Q044 to Q049 say the lengths of both connection ids in one byte, four bits each: 0, or 3 less than
 * it is (draft-ietf-quic-transport-21 section 17.2). */
gboolean qs_quic_version_has_old_ids (guint32 version);
gboolean qs_quic_version_is_greased (guint32 version);

/* Google's own QUIC before the standard: other headers, another handshake. */
gboolean qs_quic_version_is_google (guint32 version);
/* Whether its packets are laid out as version 1's or 2's, so that they can be read: 1, 2, drafts 22 to 34, and what others made of these
 * (mvfst's, Google's T050 and T051, which have TLS in them). */
gboolean qs_quic_version_is_readable (guint32 version);
/* Which draft of QUIC's TLS mapping its keys come from: 22 to 34; 0 for versions 1 and 2, and for those that cannot be read. */
guint qs_quic_version_draft (guint32 version);

/**
 * qs_google_header_parse:
 *
 * Versions Q043 and older of Google's QUIC say in their first packets' public header which one they are; from Q044 on the invariants do.
 *
 * Returns: %FALSE when it is no such packet
 */
gboolean qs_google_header_parse (QsSpan packet, guint32 *version, QsSpan *cid);

/* Variable-length integers, RFC 9000 section 16: moves *at; FALSE when the bytes end too soon. */
gboolean qs_varint_read (QsSpan bytes, gsize *at, guint64 *value);
/* Writes 1 to 8 bytes at out and says how many. */
gsize qs_varint_write (guint64 value, guint8 out[8]);

/* The full packet number from its lowest bytes, RFC 9000 appendix A.3. */
guint64 qs_packet_number_decode (guint64 expected, guint64 truncated, guint8 n_bytes);

G_END_DECLS
