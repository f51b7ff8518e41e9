/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/qs-packet.h"

G_BEGIN_DECLS

/* Packet protection, RFC 9001 section 5 and RFC 9369, and the record protection of RFC 9846 that it
 * is made of. All cryptography is libcrypto's. */

#define QS_SECRET_MAX 48 /* bytes: SHA-384 */
#define QS_AEAD_TAG_MAX 16
#define QS_IV_LENGTH 12
#define QS_SAMPLE_LENGTH 16
#define QS_MASK_LENGTH 5
#define QS_RETRY_TAG_LENGTH 16

/* A traffic secret: what a key-log line holds, or what the Initial salt gives. */
typedef struct {
  guint8 bytes[QS_SECRET_MAX];
  guint8 length;
} QsSecret;

gboolean qs_secret_equal (const QsSecret *a, const QsSecret *b);

/* TLS 1.3 cipher suites (0x1301 to 0x1305). FALSE for any other. */
gboolean qs_suite_is_known (guint16 suite);
gsize qs_suite_secret_length (guint16 suite); /* 32 or 48, 0 for an unknown one */
gsize qs_suite_tag_length (guint16 suite);    /* 16, for the CCM_8 one 8 */

/* HKDF-Expand-Label with an empty context (RFC 9846 section 7.1). label: without "tls13 ". */
gboolean qs_hkdf_expand_label (guint16 suite, const QsSecret *secret, const char *label, guint8 *out, gsize length);

/* Both sides' Initial secrets from the client's first Destination Connection ID (RFC 9001 section
 * 5.2). FALSE when no salt is known for the version. */
gboolean qs_initial_secrets (guint32 version, QsSpan dcid, QsSecret *client, QsSecret *server);

/* The next generation (label "quic ku", in version 2 "quicv2 ku"; in TLS records "traffic upd",
 * for which version is 0). */
gboolean qs_secret_next (guint32 version, guint16 suite, const QsSecret *secret, QsSecret *next);

/* The tag that a Retry must end in (RFC 9001 section 5.8). retry: the packet without its tag. */
gboolean qs_retry_integrity_tag (guint32 version, QsSpan original_dcid, QsSpan retry, guint8 tag[QS_RETRY_TAG_LENGTH]);

/**
 * QsKeys:
 *
 * AEAD key and IV of one traffic secret. Its libcrypto contexts are made when first used and kept
 * then; one thread at a time.
 */
typedef struct _QsKeys QsKeys;

/* Instead of a QUIC version: TLS records of draft n of TLS 1.3, 1 to 28, whose labels and authenticated data were others. */
#define QS_TLS_DRAFT_KEYS(n) (0x7f00u | (n))

/* version: a QUIC version for its labels, 0 for TLS records, or QS_TLS_DRAFT_KEYS(). NULL when suite or secret do not fit. */
QsKeys *qs_keys_new (guint32 version, guint16 suite, const QsSecret *secret);
void qs_keys_free (QsKeys *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsKeys, qs_keys_free)
guint16 qs_keys_get_suite (const QsKeys *self);
const guint8 *qs_keys_get_iv (const QsKeys *self);
QsSpan qs_keys_get_key (const QsKeys *self);
const QsSecret *qs_keys_get_secret (const QsKeys *self);
/* Frees the contexts; they come back by themselves when needed. */
void qs_keys_rest (QsKeys *self);

/* Of which network path the packets are that are opened and sealed from now on: with multipath each path counts its packets on its own, and
 * its id goes into the nonce (draft-ietf-quic-multipath section 2.4). 0, as it is at first: the only one of a connection without it. */
void qs_keys_set_path (QsKeys *self, guint32 path_id);

/* sealed: ciphertext with its tag; out has room for it without the tag. number: the packet number,
 * or a record's sequence number. FALSE: the tag does not fit. */
gboolean qs_keys_open (QsKeys *self, guint64 number, QsSpan header, QsSpan sealed, guint8 *out, gsize *out_length);
/* out has room for plain and tag. */
gboolean qs_keys_seal (QsKeys *self, guint64 number, QsSpan header, QsSpan plain, guint8 *out, gsize *out_length);

/* Suites of TLS 1.0 to 1.2 with an AEAD (GCM, CCM, ChaCha20-Poly1305) or CBC (AES, Camellia, 3DES). FALSE for RC4, ARIA, SEED and
 * the like: their records stay closed. */
gboolean qs_tls12_suite_is_known (guint16 suite);
gboolean qs_tls12_suite_is_cbc (guint16 suite);

/* What both hellos agree on; randoms have 32 bytes. */
typedef struct {
  guint16 suite;
  guint16 version;           /* 0x0301 to 0x0303; of no matter with an AEAD */
  gboolean encrypt_then_mac; /* RFC 7366; likewise */
  const guint8 *client_random, *server_random;
} QsTls12;

/* One side's write key (RFC 5246 section 6.3) from the master secret, which a key log's CLIENT_RANDOM line holds. NULL when suite or secret do not fit. */
QsKeys *qs_keys_new_tls12 (const QsTls12 *facts, const QsSecret *master, gboolean server);
gboolean qs_keys_is_tls12 (const QsKeys *self);
/* A whole record, with its header of five bytes. before: the bytes before it in its stream, the last 64 of them suffice: TLS 1.0 chains
 * its blocks over records (RFC 2246 section 6.2.3.2). out: room for the record. */
gboolean qs_keys_open_tls12 (QsKeys *self, guint64 sequence, QsSpan record, QsSpan before, guint8 *out,
                             gsize *out_length);

/**
 * QsHeaderKey:
 *
 * Header protection (RFC 9001 section 5.4). It stays the same over key updates.
 */
typedef struct _QsHeaderKey QsHeaderKey;

QsHeaderKey *qs_header_key_new (guint32 version, guint16 suite, const QsSecret *secret);
void qs_header_key_free (QsHeaderKey *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsHeaderKey, qs_header_key_free)
QsSpan qs_header_key_get_key (const QsHeaderKey *self);
gboolean qs_header_key_mask (QsHeaderKey *self, const guint8 sample[QS_SAMPLE_LENGTH], guint8 mask[QS_MASK_LENGTH]);

/**
 * qs_packet_unprotect:
 * @packet: as on the wire, from its first byte
 * @pn_offset: where its packet number starts
 * @expected: the packet number that is expected next
 * @header: (out): the header in the clear, with the packet number: @pn_offset + 4 bytes are written
 * @pn_length: (out): how many of these are the packet number
 *
 * Takes header protection off (RFC 9001 section 5.4.1). Nothing is proved by that: only opening the packet tells whether the keys fit.
 *
 * Returns: %FALSE when the packet is too short for a sample
 */
gboolean qs_packet_unprotect (QsHeaderKey *header_key, QsSpan packet, gsize pn_offset, guint64 expected, guint8 *header,
                              guint8 *pn_length, guint64 *number);

/**
 * qs_packet_open:
 * @header: as parsed, without its protection: its @length ends the packet
 * @out: (out): room for the packet's payload
 *
 * Returns: %FALSE when the keys do not fit
 */
gboolean qs_packet_open (QsKeys *keys, QsHeaderKey *header_key, const QsPacketHeader *header, QsSpan packet,
                         guint64 expected, guint8 *out, gsize *out_length, guint64 *number);

/**
 * qs_packet_seal:
 * @header: type, version, ids and token; the rest is made
 * @pn_length: 1 to 4, how many bytes of the number are sent
 * @payload: frames; together with the packet number at least four bytes
 *
 * A whole Initial, 0-RTT, Handshake or 1-RTT packet.
 *
 * Returns: (transfer full): or %NULL when libcrypto refuses
 */
GBytes *qs_packet_seal (QsKeys *keys, QsHeaderKey *header_key, const QsPacketHeader *header, guint8 pn_length,
                        guint64 number, QsSpan payload);

/* A Retry in answer to a client's Initial, with its tag. NULL for a version that has none. */
GBytes *qs_retry_seal (guint32 version, QsSpan original_dcid, QsSpan dcid, QsSpan scid, QsSpan token);

/**
 * qs_packet_protect:
 * @header: the header in the clear, with the packet number as its last @pn_length bytes; a long
 *   header's Length field must count packet number, payload and tag already
 * @payload: frames; packet number and payload together are at least four bytes
 *
 * Seals a packet as its sender would: for tests, and for the lab's hand-made packets.
 *
 * Returns: (transfer full): the packet, or %NULL
 */
GBytes *qs_packet_protect (QsKeys *keys, QsHeaderKey *header_key, QsSpan header, guint8 pn_length, guint64 number,
                           QsSpan payload);

G_END_DECLS
