/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "wire/qs-describe-private.h"
#include "wire/qs-names.h"
#include "wire/qs-tls-extensions.h"
#include "wire/qs-transport-parameters.h"

#define RFC9846(section) "RFC 9846 section " section

/* Which form an extension has depends on the message that it stands in. */
typedef struct {
  guint8 message;
  gboolean hello_retry;
} Context;

/* Reads an extension's data; an empty one never gets here. */
typedef void (*DescribeFunc) (QsScribe *scribe, const Context *context);

const char *
qs_scribe_tls_version_name (guint64 value)
{
  return qs_tls_version_name ((guint16) value);
}

const char *
qs_scribe_tls_cipher_suite_name (guint64 value)
{
  return qs_tls_cipher_suite_name ((guint16) value);
}

const char *
qs_scribe_tls_signature_scheme_name (guint64 value)
{
  return qs_tls_signature_scheme_name ((guint16) value);
}

const char *
qs_scribe_tls_compression_name (guint64 value)
{
  static const char *const names[] = { NULL, "zlib", "brotli", "zstd" };

  return value < G_N_ELEMENTS (names) ? names[value] : NULL;
}

static const char *
group_name (guint64 value)
{
  return qs_tls_group_name ((guint16) value);
}

static const char *
psk_mode_name (guint64 value)
{
  return value == 0 ? "psk_ke" : value == 1 ? "psk_dhe_ke" : NULL;
}

static const char *
point_format_name (guint64 value)
{
  static const char *const names[] = { "uncompressed", "ansiX962_compressed_prime", "ansiX962_compressed_char2" };

  return value < G_N_ELEMENTS (names) ? names[value] : NULL;
}

static const char *
status_type_name (guint64 value)
{
  return value == 1 ? "ocsp" : value == 2 ? "ocsp_multi" : NULL;
}

static const char *
certificate_type_name (guint64 value)
{
  static const char *const names[] = { "X509", "OpenPGP", "RawPublicKey", "1609Dot2" };

  return value < G_N_ELEMENTS (names) ? names[value] : NULL;
}

static const char *
fragment_length_name (guint64 value)
{
  static const char *const names[] = { NULL, "512", "1024", "2048", "4096" };

  return value < G_N_ELEMENTS (names) ? names[value] : NULL;
}

/* --- Shapes that several extensions share --- */

static void
describe_list (QsScribe *scribe, guint length_bytes, const QsFieldText *list, guint item_bytes, const QsFieldText *item,
               QsScribeNameFunc name)
{
  QsScribe part = qs_scribe_open (scribe, length_bytes, list);

  while (part.reader.ok && qs_scribe_more (&part))
    qs_scribe_named (&part, item_bytes, item, name);
  if (scribe->reader.ok)
    qs_scribe_close (&part);
}

static void
describe_bytes (QsScribe *scribe, const Context *context)
{
  qs_scribe_rest (scribe, QS_FIELD_TEXT ("Data", N_ ("The extension's own bytes."), RFC9846 ("4.3")));
}

/* --- The extensions --- */

static void
describe_server_name (QsScribe *scribe, const Context *context)
{
  QsScribe list = qs_scribe_open (
      scribe, 2,
      QS_FIELD_TEXT ("Server Name List", N_ ("The names asked for: there is only ever one."), "RFC 6066 section 3"));

  while (list.reader.ok && qs_scribe_more (&list))
    {
      qs_scribe_uint (&list, 1,
                      QS_FIELD_TEXT ("Name Type", N_ ("0: a host name; there is no other."), "RFC 6066 section 3"));
      guint64 length =
          qs_scribe_uint (&list, 2, QS_FIELD_TEXT ("Length", N_ ("How many bytes follow."), "RFC 6066 section 3"));
      qs_scribe_text (&list, length,
                      QS_FIELD_TEXT ("Host Name", N_ ("The site that the client wants; it travels in the clear."),
                                     "RFC 6066 section 3"));
    }
  if (scribe->reader.ok)
    qs_scribe_close (&list);
}

static void
describe_alpn (QsScribe *scribe, const Context *context)
{
  QsScribe list = qs_scribe_open (scribe, 2,
                                  QS_FIELD_TEXT ("Protocol Name List", N_ ("Protocols, the sender's favourite first."),
                                                 "RFC 7301 section 3.1"));

  while (list.reader.ok && qs_scribe_more (&list))
    {
      guint64 length =
          qs_scribe_uint (&list, 1, QS_FIELD_TEXT ("Length", N_ ("How many bytes follow."), "RFC 7301 section 3.1"));
      qs_scribe_text (&list, length,
                      QS_FIELD_TEXT ("Protocol", N_ ("An application protocol, as h3 for HTTP/3."),
                                     "RFC 7301 section 3.1"));
    }
  if (scribe->reader.ok)
    qs_scribe_close (&list);
}

static void
describe_groups (QsScribe *scribe, const Context *context)
{
  describe_list (scribe, 2,
                 QS_FIELD_TEXT ("Named Group List", N_ ("Groups, the sender's favourite first."), RFC9846 ("4.3.7")), 2,
                 QS_FIELD_TEXT ("Named Group",
                                N_ ("A way of agreeing on a key; against those with MLKEM no quantum attack is known."),
                                RFC9846 ("4.3.7")),
                 group_name);
}

static void
describe_signature_algorithms (QsScribe *scribe, const Context *context)
{
  describe_list (
      scribe, 2,
      QS_FIELD_TEXT ("Supported Signature Algorithms", N_ ("Signatures, the sender's favourite first."),
                     RFC9846 ("4.3.3")),
      2, QS_FIELD_TEXT ("Signature Scheme", N_ ("A kind of signature that the sender can verify."), RFC9846 ("4.3.3")),
      qs_scribe_tls_signature_scheme_name);
}

static void
describe_supported_versions (QsScribe *scribe, const Context *context)
{
  static const QsFieldText offered = { "Version",
                                       N_ ("A TLS version that the client speaks, in the order of its liking."),
                                       RFC9846 ("4.3.1") };
  static const QsFieldText selected = { "Selected Version", N_ ("The TLS version that is used."), RFC9846 ("4.3.1") };

  if (context->message == QS_TLS_CLIENT_HELLO)
    describe_list (scribe, 1,
                   QS_FIELD_TEXT ("Versions", N_ ("TLS versions, the sender's favourite first."), RFC9846 ("4.3.1")), 2,
                   &offered, qs_scribe_tls_version_name);
  else
    qs_scribe_named (scribe, 2, &selected, qs_scribe_tls_version_name);
}

static void
describe_key_share_entry (QsScribe *scribe)
{
  QsReader ahead = scribe->reader;
  guint16 group = (guint16) qs_reader_uint (&ahead, 2);
  QsSpan key = qs_reader_vector (&ahead, 2);

  if (!ahead.ok)
    {
      scribe->reader.ok = FALSE;
      return;
    }
  QsScribe entry = qs_scribe_open_length (scribe, ahead.at - scribe->reader.at,
                                          QS_FIELD_TEXT ("Key Share Entry",
                                                         N_ ("A public value, or with MLKEM a server's ciphertext: "
                                                             "with the other side's share it gives the shared key."),
                                                         RFC9846 ("4.3.8")));
  const char *name = qs_tls_group_name (group);
  qs_field_take_value (entry.parent,
                       g_strdup_printf (_ ("%s, %zu bytes"), name != NULL ? name : _ ("unknown"), key.length));
  qs_scribe_named (&entry, 2,
                   QS_FIELD_TEXT ("Group", N_ ("Which way of agreeing on a key this value belongs to."),
                                  RFC9846 ("4.3.8")),
                   group_name);
  guint64 length =
      qs_scribe_uint (&entry, 2, QS_FIELD_TEXT ("Length", N_ ("How many bytes follow."), RFC9846 ("4.3.8")));
  qs_scribe_bytes (&entry, length, QS_FIELD_TEXT ("Key Exchange", N_ ("The share itself."), RFC9846 ("4.3.8")));
}

static void
describe_key_share (QsScribe *scribe, const Context *context)
{
  if (context->hello_retry)
    {
      qs_scribe_named (scribe, 2,
                       QS_FIELD_TEXT ("Selected Group", N_ ("The group that the server wants a key share for."),
                                      RFC9846 ("4.3.8")),
                       group_name);
      return;
    }
  if (context->message != QS_TLS_CLIENT_HELLO)
    {
      describe_key_share_entry (scribe);
      return;
    }

  QsScribe list = qs_scribe_open (
      scribe, 2,
      QS_FIELD_TEXT ("Client Shares", N_ ("Public values for the groups that the client expects the server to choose."),
                     RFC9846 ("4.3.8")));
  while (list.reader.ok && qs_scribe_more (&list))
    describe_key_share_entry (&list);
  if (scribe->reader.ok)
    qs_scribe_close (&list);
}

static void
describe_psk_modes (QsScribe *scribe, const Context *context)
{
  describe_list (
      scribe, 1, QS_FIELD_TEXT ("Modes", N_ ("The ways, the client's favourite first."), RFC9846 ("4.3.9")), 1,
      QS_FIELD_TEXT ("Mode", N_ ("psk_dhe_ke adds a fresh key exchange to the pre-shared key; psk_ke does not."),
                     RFC9846 ("4.3.9")),
      psk_mode_name);
}

static void
describe_psk_identity (QsScribe *list)
{
  guint64 length =
      qs_scribe_uint (list, 2, QS_FIELD_TEXT ("Length", N_ ("How many bytes follow."), RFC9846 ("4.3.11")));

  qs_scribe_bytes (list, length,
                   QS_FIELD_TEXT ("Identity", N_ ("A ticket of an earlier connection, or a key's name."),
                                  RFC9846 ("4.3.11")));
  qs_scribe_uint (list, 4,
                  QS_FIELD_TEXT ("Obfuscated Ticket Age",
                                 N_ ("How old the ticket is, in milliseconds, with a secret number added."),
                                 RFC9846 ("4.3.11")));
}

static void
describe_pre_shared_key (QsScribe *scribe, const Context *context)
{
  if (context->message != QS_TLS_CLIENT_HELLO)
    {
      qs_scribe_uint (scribe, 2,
                      QS_FIELD_TEXT ("Selected Identity",
                                     N_ ("Which of the client's keys is used, from 0: the session is resumed."),
                                     RFC9846 ("4.3.11")));
      return;
    }

  QsScribe identities = qs_scribe_open (
      scribe, 2, QS_FIELD_TEXT ("Identities", N_ ("Keys that the client offers to go on with."), RFC9846 ("4.3.11")));
  while (identities.reader.ok && qs_scribe_more (&identities))
    describe_psk_identity (&identities);
  if (scribe->reader.ok)
    qs_scribe_close (&identities);

  QsScribe binders = qs_scribe_open (
      scribe, 2, QS_FIELD_TEXT ("Binders", N_ ("A proof for each identity, in the same order."), RFC9846 ("4.3.11.2")));
  while (binders.reader.ok && qs_scribe_more (&binders))
    qs_scribe_vector (&binders, 1,
                      QS_FIELD_TEXT ("Binder", N_ ("Proves that the client holds the key."), RFC9846 ("4.3.11.2")));
  if (scribe->reader.ok)
    qs_scribe_close (&binders);
}

static void
describe_early_data (QsScribe *scribe, const Context *context)
{
  qs_scribe_uint (
      scribe, 4,
      QS_FIELD_TEXT ("Max Early Data Size",
                     N_ ("How much 0-RTT data the server accepts with this ticket; QUIC always says 4294967295."),
                     RFC9846 ("4.3.10")));
}

static void
describe_cookie (QsScribe *scribe, const Context *context)
{
  qs_scribe_vector (scribe, 2,
                    QS_FIELD_TEXT ("Cookie", N_ ("The client must send it back in its second ClientHello."),
                                   RFC9846 ("4.3.2")));
}

static void
describe_status_request (QsScribe *scribe, const Context *context)
{
  qs_scribe_named (scribe, 1,
                   QS_FIELD_TEXT ("Status Type", N_ ("Which kind of proof: OCSP is the only one in use."),
                                  "RFC 6066 section 8"),
                   status_type_name);
  if (context->message == QS_TLS_CERTIFICATE)
    {
      qs_scribe_vector (scribe, 3,
                        QS_FIELD_TEXT ("OCSP Response",
                                       N_ ("The issuer's signed word that the certificate was not revoked."),
                                       "RFC 9846 section 4.5.1.1"));
      return;
    }
  qs_scribe_vector (
      scribe, 2,
      QS_FIELD_TEXT ("Responder ID List",
                     N_ ("Whose answers the client trusts; mostly empty: anybody's that the issuer names."),
                     "RFC 6066 section 8"));
  qs_scribe_vector (scribe, 2,
                    QS_FIELD_TEXT ("Request Extensions", N_ ("Extensions of the OCSP request; mostly empty."),
                                   "RFC 6066 section 8"));
}

static void
describe_timestamps (QsScribe *scribe, const Context *context)
{
  QsScribe list = qs_scribe_open (
      scribe, 2, QS_FIELD_TEXT ("SCT List", N_ ("Promises of public logs, one a log."), "RFC 6962 section 3.3"));

  while (list.reader.ok && qs_scribe_more (&list))
    qs_scribe_vector (&list, 2,
                      QS_FIELD_TEXT ("SCT", N_ ("A public log's promise that it lists the certificate."),
                                     "RFC 6962 section 3.2"));
  if (scribe->reader.ok)
    qs_scribe_close (&list);
}

static void
describe_authorities (QsScribe *scribe, const Context *context)
{
  QsScribe list =
      qs_scribe_open (scribe, 2, QS_FIELD_TEXT ("Authorities", N_ ("Issuers, by their names."), RFC9846 ("4.3.4")));

  while (list.reader.ok && qs_scribe_more (&list))
    qs_scribe_vector (&list, 2,
                      QS_FIELD_TEXT ("Distinguished Name", N_ ("An issuer whose certificates are accepted, in DER."),
                                     RFC9846 ("4.3.4")));
  if (scribe->reader.ok)
    qs_scribe_close (&list);
}

static void
describe_compress_certificate (QsScribe *scribe, const Context *context)
{
  describe_list (
      scribe, 1,
      QS_FIELD_TEXT ("Algorithms", N_ ("Compression methods, the sender's favourite first."), "RFC 8879 section 3"), 2,
      QS_FIELD_TEXT ("Algorithm", N_ ("The certificate may come compressed in this way."), "RFC 8879 section 3"),
      qs_scribe_tls_compression_name);
}

static void
describe_record_size_limit (QsScribe *scribe, const Context *context)
{
  qs_scribe_uint (scribe, 2,
                  QS_FIELD_TEXT ("Record Size Limit", N_ ("The largest record in bytes that the sender accepts."),
                                 "RFC 8449 section 4"));
}

static void
describe_point_formats (QsScribe *scribe, const Context *context)
{
  describe_list (
      scribe, 1,
      QS_FIELD_TEXT ("EC Point Formats", N_ ("Formats, the sender's favourite first."), "RFC 8422 section 5.1.2"), 1,
      QS_FIELD_TEXT ("Format", N_ ("How a point is written; only the uncompressed form is still in use."),
                     "RFC 8422 section 5.1.2"),
      point_format_name);
}

static void
describe_certificate_types (QsScribe *scribe, const Context *context)
{
  if (context->message == QS_TLS_CLIENT_HELLO)
    describe_list (scribe, 1,
                   QS_FIELD_TEXT ("Certificate Types", N_ ("Kinds of certificates, the sender's favourite first."),
                                  "RFC 7250 section 3"),
                   1, QS_FIELD_TEXT ("Certificate Type", N_ ("A kind of certificate."), "RFC 7250 section 3"),
                   certificate_type_name);
  else
    qs_scribe_named (scribe, 1, QS_FIELD_TEXT ("Certificate Type", N_ ("A kind of certificate."), "RFC 7250 section 3"),
                     certificate_type_name);
}

static void
describe_fragment_length (QsScribe *scribe, const Context *context)
{
  qs_scribe_named (scribe, 1,
                   QS_FIELD_TEXT ("Max Fragment Length", N_ ("The largest record, in bytes."), "RFC 6066 section 4"),
                   fragment_length_name);
}

static void
describe_renegotiation (QsScribe *scribe, const Context *context)
{
  qs_scribe_vector (
      scribe, 1, QS_FIELD_TEXT ("Renegotiated Connection", N_ ("Empty in a first handshake."), "RFC 5746 section 3.2"));
}

static void
describe_transport_parameters (QsScribe *scribe, const Context *context)
{
  qs_scribe_transport_parameters (scribe);
}

/* Until the 26th draft ids and lengths had two bytes each: shown as they are. */
static void
describe_draft_parameters (QsScribe *scribe, const Context *context)
{
  QsSpan left = QS_SPAN (scribe->reader.bytes.data + scribe->reader.at, qs_reader_left (&scribe->reader));

  if (qs_transport_parameters_are_old (left))
    qs_scribe_rest (scribe, QS_FIELD_TEXT ("Parameters", N_ ("Laid out as in drafts before the 27th."),
                                           "draft-ietf-quic-transport-26 section 18"));
  else
    qs_scribe_transport_parameters (scribe);
}

static const char *
ech_type_name (guint64 value)
{
  return value == 0 ? "outer" : value == 1 ? "inner" : NULL;
}

static void
describe_ech (QsScribe *scribe, const Context *context)
{
  static const char reference[] = "RFC 9849 section 5";

  if (context->message != QS_TLS_CLIENT_HELLO)
    {
      qs_scribe_rest (scribe,
                      QS_FIELD_TEXT ("Retry Configs or Confirmation",
                                     N_ ("Fresh keys for the client's next attempt, or a sign that ECH was accepted."),
                                     reference));
      return;
    }
  if (qs_scribe_named (scribe, 1,
                       QS_FIELD_TEXT ("ECH Client Hello Type", N_ ("outer: the ClientHello that all can see."),
                                      reference),
                       ech_type_name) != 0)
    return;
  qs_scribe_uint (scribe, 2, QS_FIELD_TEXT ("KDF", N_ ("HPKE's key derivation; 1 is HKDF-SHA256."), reference));
  qs_scribe_uint (scribe, 2, QS_FIELD_TEXT ("AEAD", N_ ("HPKE's cipher; 1 is AES-128-GCM."), reference));
  qs_scribe_uint (scribe, 1, QS_FIELD_TEXT ("Config ID", N_ ("Which of the server's keys was used."), reference));
  qs_scribe_vector (scribe, 2,
                    QS_FIELD_TEXT ("Encapsulated Key",
                                   N_ ("The client's public value for the key that encrypts the true ClientHello."),
                                   reference));
  qs_scribe_vector (scribe, 2,
                    QS_FIELD_TEXT ("Payload", N_ ("The true ClientHello, encrypted; or random bytes (GREASE)."),
                                   reference));
}

static const struct {
  guint16 type;
  DescribeFunc describe;
  const char *meaning;
  const char *reference;
} extension_infos[] = {
  { QS_TLS_EXT_SERVER_NAME, describe_server_name,
    N_ ("The name of the site that the client wants, so that a server of many sites can choose the certificate."),
    "RFC 6066 section 3" },
  { QS_TLS_EXT_MAX_FRAGMENT_LENGTH, describe_fragment_length, N_ ("The client asks for smaller records."),
    "RFC 6066 section 4" },
  { QS_TLS_EXT_STATUS_REQUEST, describe_status_request,
    N_ ("Stapling: the server should send along the proof that its certificate was not revoked."),
    "RFC 6066 section 8" },
  { QS_TLS_EXT_SUPPORTED_GROUPS, describe_groups, N_ ("The key exchange groups that the sender can use, best first."),
    RFC9846 ("4.3.7") },
  { QS_TLS_EXT_EC_POINT_FORMATS, describe_point_formats, N_ ("How points on curves are written; TLS 1.2 and older."),
    "RFC 8422 section 5.1.2" },
  { QS_TLS_EXT_SIGNATURE_ALGORITHMS, describe_signature_algorithms,
    N_ ("Which signatures the sender can verify in the handshake."), RFC9846 ("4.3.3") },
  { QS_TLS_EXT_ALPN, describe_alpn,
    N_ ("Which application protocol is spoken inside: the client lists, the server chooses one. QUIC demands it."),
    "RFC 7301 section 3.1" },
  { QS_TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP, describe_timestamps,
    N_ ("Certificate Transparency: proofs that public logs list the certificate."), "RFC 6962 section 3.3.1" },
  { QS_TLS_EXT_CLIENT_CERTIFICATE_TYPE, describe_certificate_types,
    N_ ("Which kind of certificate the client can show."), "RFC 7250 section 3" },
  { QS_TLS_EXT_SERVER_CERTIFICATE_TYPE, describe_certificate_types,
    N_ ("Which kind of server certificate is understood."), "RFC 7250 section 3" },
  { QS_TLS_EXT_PADDING, describe_bytes, N_ ("Zero bytes that give the message another size."), "RFC 7685 section 3" },
  { QS_TLS_EXT_ENCRYPT_THEN_MAC, describe_bytes, N_ ("A safer order of encryption and checksum in TLS 1.2."),
    "RFC 7366 section 2" },
  { QS_TLS_EXT_EXTENDED_MAIN_SECRET, describe_bytes, N_ ("Ties TLS 1.2's keys to the whole handshake."),
    "RFC 7627 section 5.1" },
  { QS_TLS_EXT_COMPRESS_CERTIFICATE, describe_compress_certificate,
    N_ ("In which ways certificates may be compressed."), "RFC 8879 section 3" },
  { QS_TLS_EXT_RECORD_SIZE_LIMIT, describe_record_size_limit,
    N_ ("The largest record that the sender accepts; QUIC has no records."), "RFC 8449 section 4" },
  { QS_TLS_EXT_DELEGATED_CREDENTIAL, describe_signature_algorithms,
    N_ ("The server may use a short-lived key that its certificate vouches for."), "RFC 9345 section 4.1.1" },
  { QS_TLS_EXT_SESSION_TICKET, describe_bytes,
    N_ ("TLS 1.2's resumption: a ticket of an earlier session, or the wish for one."), "RFC 5077 section 3.2" },
  { QS_TLS_EXT_PRE_SHARED_KEY, describe_pre_shared_key,
    N_ ("Resumption: keys that both sides may hold from an earlier connection."), RFC9846 ("4.3.11") },
  { QS_TLS_EXT_EARLY_DATA, describe_early_data,
    N_ ("0-RTT: the client sends, or the server accepts, data before the handshake is done."), RFC9846 ("4.3.10") },
  { QS_TLS_EXT_SUPPORTED_VERSIONS, describe_supported_versions, N_ ("The TLS versions offered, or the one chosen."),
    RFC9846 ("4.3.1") },
  { QS_TLS_EXT_COOKIE, describe_cookie, N_ ("Lets a server forget the client between two ClientHellos."),
    RFC9846 ("4.3.2") },
  { QS_TLS_EXT_PSK_KEY_EXCHANGE_MODES, describe_psk_modes,
    N_ ("How the client is willing to use keys of earlier connections."), RFC9846 ("4.3.9") },
  { QS_TLS_EXT_CERTIFICATE_AUTHORITIES, describe_authorities, N_ ("The issuers whose certificates the sender accepts."),
    RFC9846 ("4.3.4") },
  { QS_TLS_EXT_OID_FILTERS, describe_bytes, N_ ("What the client's certificate must contain."), RFC9846 ("4.3.5") },
  { QS_TLS_EXT_POST_HANDSHAKE_AUTH, describe_bytes,
    N_ ("The client may be asked for a certificate later; forbidden in QUIC."), RFC9846 ("4.3.6") },
  { QS_TLS_EXT_SIGNATURE_ALGORITHMS_CERT, describe_signature_algorithms,
    N_ ("Which signatures the sender can verify in certificates."), RFC9846 ("4.3.3") },
  { QS_TLS_EXT_KEY_SHARE, describe_key_share,
    N_ ("The public halves of the key exchange, sent at once to save a round trip."), RFC9846 ("4.3.8") },
  { QS_TLS_EXT_KEY_SHARE_DRAFT, describe_key_share,
    N_ ("The public halves of the key exchange, sent at once to save a round trip."),
    "draft-ietf-tls-tls13-22 section 4.2.8" },
  { QS_TLS_EXT_QUIC_TRANSPORT_PARAMETERS, describe_transport_parameters,
    N_ ("QUIC's own settings, carried by TLS so that nobody can change them on the way."), "RFC 9001 section 8.2" },
  { QS_TLS_EXT_QUIC_TRANSPORT_PARAMETERS_DRAFT, describe_draft_parameters,
    N_ ("QUIC's own settings, carried by TLS so that nobody can change them on the way."),
    "draft-ietf-quic-tls section 8.2" },
  { QS_TLS_EXT_TRUST_ANCHORS, describe_bytes,
    N_ ("Which roots the client trusts, so that the server can choose a certificate that leads to one of them."),
    "draft-ietf-tls-trust-anchor-ids" },
  { QS_TLS_EXT_APPLICATION_SETTINGS_OLD, describe_bytes,
    N_ ("Application settings within the handshake, as Chrome has them."), "draft-vvv-tls-alps" },
  { QS_TLS_EXT_APPLICATION_SETTINGS, describe_bytes,
    N_ ("Application settings within the handshake, as Chrome has them."), "draft-vvv-tls-alps" },
  { QS_TLS_EXT_ENCRYPTED_CLIENT_HELLO, describe_ech,
    N_ ("Hides the name of the site: the true ClientHello is encrypted in here, or it is a decoy."),
    "RFC 9849 section 5" },
  { QS_TLS_EXT_RENEGOTIATION_INFO, describe_renegotiation, N_ ("Guards TLS 1.2's renegotiation against an attack."),
    "RFC 5746 section 3.2" },
};

static void
fill_text (guint16 type, const char *name, QsFieldText *text, DescribeFunc *describe)
{
  *text = (QsFieldText){ name != NULL ? name : _ ("unknown extension"),
                         name != NULL ? N_ ("A registered extension that is not opened up here.")
                                      : N_ ("Not registered, or newer than this program: peers ignore it."),
                         RFC9846 ("4.3") };
  *describe = describe_bytes;
  if (qs_tls_is_grease (type))
    *text = (QsFieldText){ "GREASE", N_ ("Reserved: sent only to see that the peer ignores what it does not know."),
                           "RFC 8701 section 3.1" };

  for (guint i = 0; i < G_N_ELEMENTS (extension_infos); i++)
    if (extension_infos[i].type == type)
      {
        text->meaning = extension_infos[i].meaning;
        text->reference = extension_infos[i].reference;
        *describe = extension_infos[i].describe;
      }
}

static void
describe_extension (QsScribe *scribe, const Context *context)
{
  QsReader ahead = scribe->reader;
  guint16 type = (guint16) qs_reader_uint (&ahead, 2);
  QsSpan data = qs_reader_vector (&ahead, 2);
  DescribeFunc describe;
  QsFieldText text;

  if (!ahead.ok)
    {
      scribe->reader.ok = FALSE;
      return;
    }
  fill_text (type, qs_tls_extension_name (type), &text, &describe);
  QsScribe part = qs_scribe_open_length (scribe, ahead.at - scribe->reader.at, &text);
  gulong n = (gulong) data.length;
  qs_field_take_value (part.parent,
                       n == 0 ? g_strdup (_ ("empty")) : g_strdup_printf (ngettext ("%lu byte", "%lu bytes", n), n));
  qs_scribe_uint (&part, 2, QS_FIELD_TEXT ("Type", N_ ("Which extension this is."), RFC9846 ("4.3")));
  qs_scribe_uint (&part, 2, QS_FIELD_TEXT ("Length", N_ ("How many bytes follow."), RFC9846 ("4.3")));

  QsScribe body = qs_scribe_init (part.parent, data, part.space, part.base + part.reader.at, part.room);
  if (data.length == 0)
    return;
  describe (&body, context);
  qs_scribe_close (&body);
}

void
qs_scribe_tls_extensions (QsScribe *scribe, guint8 handshake_type, gboolean hello_retry)
{
  const Context context = { handshake_type, hello_retry };
  QsScribe block = qs_scribe_open (
      scribe, 2,
      QS_FIELD_TEXT ("Extensions", N_ ("Everything that TLS learned since its first version."), RFC9846 ("4.3")));

  while (block.reader.ok && qs_scribe_more (&block))
    describe_extension (&block, &context);
  if (scribe->reader.ok)
    qs_scribe_close (&block);
}
