/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-error.h"
#include "base/qs-span.h"

G_BEGIN_DECLS

/* Handshake types, RFC 9846 section 4 and RFC 5246. */
typedef enum {
  QS_TLS_HELLO_REQUEST = 0,
  QS_TLS_CLIENT_HELLO = 1,
  QS_TLS_SERVER_HELLO = 2, /* a HelloRetryRequest too: qs_tls_hello_is_retry */
  QS_TLS_NEW_SESSION_TICKET = 4,
  QS_TLS_END_OF_EARLY_DATA = 5,
  QS_TLS_HELLO_RETRY_REQUEST = 6, /* of TLS 1.3's drafts up to the 21st */
  QS_TLS_ENCRYPTED_EXTENSIONS = 8,
  QS_TLS_CERTIFICATE = 11,
  QS_TLS_SERVER_KEY_EXCHANGE = 12,
  QS_TLS_CERTIFICATE_REQUEST = 13,
  QS_TLS_SERVER_HELLO_DONE = 14,
  QS_TLS_CERTIFICATE_VERIFY = 15,
  QS_TLS_CLIENT_KEY_EXCHANGE = 16,
  QS_TLS_FINISHED = 20,
  QS_TLS_CERTIFICATE_STATUS = 22,
  QS_TLS_KEY_UPDATE = 24,
  QS_TLS_COMPRESSED_CERTIFICATE = 25,
} QsTlsHandshakeType;

/* One extension of a hello, EncryptedExtensions, certificate entry, ticket … */
typedef struct {
  guint16 type;
  QsSpan data;    /* without type and length */
  guint32 offset; /* of data within the message */
} QsTlsExtension;

/**
 * QsTlsMessage:
 * @type: QsTlsHandshakeType
 * @bytes: the whole message with its four-byte header
 *
 * The parts that others ask for. Spans point into @bytes. Arrays are NULL where the message has none.
 */
typedef struct {
  guint8 type;
  gboolean tls13; /* how it was read */
  QsSpan bytes;
  QsSpan body; /* without the header */
  guint16 legacy_version;
  QsSpan random; /* hellos: 32 bytes */
  QsSpan session_id;
  GArray *cipher_suites;   /* guint16: offered (ClientHello) or the one chosen */
  GArray *extensions;      /* QsTlsExtension; Certificate: those of the first entry */
  GPtrArray *certificates; /* GBytes, DER, end entity first (Certificate) */
  QsSpan request_context;  /* Certificate of TLS 1.3: empty but after a request in the middle of a connection */
  gboolean is_hello_retry_request;
  guint16 signature_scheme; /* CertificateVerify */
  GBytes *
      uncompressed; /* CompressedCertificate: the Certificate's body, of which @certificates are; NULL: it does not open */
} QsTlsMessage;

/* How long the message that starts here is, header included; 0 while fewer than four bytes. */
gsize qs_tls_message_length (QsSpan bytes);

/* tls13: whether to read Certificate and the like in TLS 1.3's form. bytes must outlive the result.
 * Returns: (transfer full): or NULL with QS_ERROR_TRUNCATED / QS_ERROR_PARSE */
QsTlsMessage *qs_tls_message_parse (QsSpan bytes, gboolean tls13, GError **error);
void qs_tls_message_free (QsTlsMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsTlsMessage, qs_tls_message_free)

/**
 * qs_tls_message_write:
 *
 * The reverse of qs_tls_message_parse(): ClientHello, ServerHello, EncryptedExtensions and Certificate from their parts (the only
 * compression method is null, and only a chain's first certificate has extensions), any other message from its type and @body.
 */
void qs_tls_message_write (GByteArray *out, const QsTlsMessage *message);

/* One extension, for the block of a message that is written by hand, and those that most of them have. numbers: a list of
 * 16-bit ones behind a length of length_bytes, as of supported_groups (2) and a client's supported_versions (1). */
void qs_tls_extension_write (GByteArray *out, guint16 type, QsSpan data);
void qs_tls_write_server_name (GByteArray *out, const char *name);
void qs_tls_write_alpn (GByteArray *out, const char *const *protocols);
void qs_tls_write_numbers (GByteArray *out, guint16 type, guint length_bytes, const guint16 *numbers, guint n_numbers);
typedef struct {
  guint16 group;
  QsSpan key;
} QsTlsKeyShare;
void qs_tls_write_key_shares (GByteArray *out, const QsTlsKeyShare *shares, guint n_shares); /* a client's */

const QsTlsExtension *qs_tls_message_find_extension (const QsTlsMessage *message, guint16 type);

/* "ClientHello", "HelloRetryRequest", "EncryptedExtensions": RFC 9846's names. */
const char *qs_tls_message_name (const QsTlsMessage *message);
const char *qs_tls_handshake_type_title (guint8 type); /* the same by type alone */

/* Parts of extensions. Owned by the caller; NULL when absent or malformed. */
char *qs_tls_message_dup_server_name (const QsTlsMessage *message); /* escaped */
char **qs_tls_message_dup_alpn (const QsTlsMessage *message);       /* escaped; one in EncryptedExtensions */
GArray *qs_tls_message_dup_groups (const QsTlsMessage *message);    /* guint16: supported_groups */
GArray *qs_tls_message_dup_key_shares (
    const QsTlsMessage *message); /* guint16: groups with a key, or the chosen / asked-for one */
GArray *qs_tls_message_dup_versions (const QsTlsMessage *message);            /* guint16: supported_versions */
QsSpan qs_tls_message_get_transport_parameters (const QsTlsMessage *message); /* extension 57 */

/* Drafts of TLS 1.3 up to this one say in a ServerHello's first number what they are, and have it of another shape. */
#define QS_TLS_LAST_OLD_DRAFT 21

/**
 * qs_tls_version_draft:
 *
 * Which draft of TLS 1.3 a version number stands for (0x7f00 and the draft; 0xfb00 and the draft, 0x7e02: what Facebook's servers
 * spoke). The drafts up to the 21st have a ServerHello without session id and compression method, and a HelloRetryRequest of its own type.
 *
 * Returns: 1 to 28, or 0 for what is no draft
 */
guint qs_tls_version_draft (guint16 version);
gboolean qs_tls_version_is_13 (guint16 version); /* TLS 1.3 or one of its drafts */
/* What a ServerHello or HelloRetryRequest chose: supported_versions if it is there, else the version that it begins with. */
guint16 qs_tls_message_get_version (const QsTlsMessage *message);

/* TLS over TCP: one record header (RFC 9846 section 5.1). Moves *at behind the record. */
typedef struct {
  guint8 content_type; /* 20 change_cipher_spec, 21 alert, 22 handshake, 23 application_data */
  guint16 version;
  QsSpan fragment;
  guint32 offset; /* of the record within bytes */
} QsTlsRecord;
gboolean qs_tls_record_parse (QsSpan bytes, gsize *at, QsTlsRecord *record, GError **error);
void qs_tls_record_write (GByteArray *out, const QsTlsRecord *record);

G_END_DECLS
