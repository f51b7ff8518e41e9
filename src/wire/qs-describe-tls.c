/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "wire/qs-describe-private.h"
#include "wire/qs-describe.h"
#include "wire/qs-names.h"
#include "wire/qs-tls-extensions.h"

#define RFC9846(section) "RFC 9846 section " section

typedef void (*DescribeFunc) (QsScribe *scribe, const QsTlsMessage *message);

/* Up to the 21st draft of TLS 1.3: the hello's first number is the version. */
static gboolean
is_old_draft (const QsTlsMessage *message)
{
  guint draft = message->type != QS_TLS_CLIENT_HELLO ? qs_tls_version_draft (message->legacy_version) : 0;

  return draft != 0 && draft <= QS_TLS_LAST_OLD_DRAFT;
}

/* A ServerHello without the extension supported_versions chooses TLS 1.2 or older, where version and session ID are what they say; a
 * ClientHello without it offers no more. */
static gboolean
is_before_tls13 (const QsTlsMessage *message)
{
  return qs_tls_message_find_extension (message, QS_TLS_EXT_SUPPORTED_VERSIONS) == NULL;
}

static void
describe_session_id (QsScribe *scribe, gboolean before_tls13)
{
  if (before_tls13)
    qs_scribe_vector (scribe, 1,
                      QS_FIELD_TEXT ("Session ID", N_ ("Names a session that is, or may be, resumed; empty for none."),
                                     "RFC 5246 section 7.4.1.2"));
  else
    qs_scribe_vector (scribe, 1,
                      QS_FIELD_TEXT ("Legacy Session ID", N_ ("Only for old middleboxes; empty in QUIC."),
                                     RFC9846 ("4.2.2")));
}

static void
describe_hello_start (QsScribe *scribe, const QsTlsMessage *message)
{
  gboolean before_tls13 = is_before_tls13 (message);

  if (before_tls13)
    qs_scribe_named (scribe, 2,
                     QS_FIELD_TEXT ("Version",
                                    N_ ("The version of TLS: the newest that the client offers, or the one that the "
                                        "server chose."),
                                    "RFC 5246 section 7.4.1.2"),
                     qs_scribe_tls_version_name);
  else
    qs_scribe_named (
        scribe, 2,
        QS_FIELD_TEXT ("Legacy Version",
                       N_ ("Stays at TLS 1.2's number for old middleboxes; the extension supported_versions counts."),
                       RFC9846 ("4.2.2")),
        qs_scribe_tls_version_name);
  qs_scribe_bytes (scribe, 32,
                   QS_FIELD_TEXT ("Random",
                                  N_ ("32 random bytes that make every handshake unique; a HelloRetryRequest has a "
                                      "fixed value here."),
                                  RFC9846 ("4.2.2")));
  if (!is_old_draft (message))
    describe_session_id (scribe, before_tls13);
}

static void
describe_hello_extensions (QsScribe *scribe, const QsTlsMessage *message)
{
  if (scribe->reader.ok && !qs_reader_at_end (&scribe->reader))
    qs_scribe_tls_extensions (scribe, message->type, message->is_hello_retry_request);
}

static void
describe_client_hello (QsScribe *scribe, const QsTlsMessage *message)
{
  describe_hello_start (scribe, message);
  QsScribe suites = qs_scribe_open (
      scribe, 2,
      QS_FIELD_TEXT ("Cipher Suites", N_ ("What the client can encrypt with, best first."), RFC9846 ("4.2.2")));
  while (suites.reader.ok && qs_scribe_more (&suites))
    qs_scribe_named (&suites, 2, QS_FIELD_TEXT ("Cipher Suite", N_ ("A cipher and a hash."), "RFC 9846 appendix B.4"),
                     qs_scribe_tls_cipher_suite_name);
  if (scribe->reader.ok)
    qs_scribe_close (&suites);
  qs_scribe_vector (scribe, 1,
                    QS_FIELD_TEXT ("Legacy Compression Methods", N_ ("Always the single byte 0: no compression."),
                                   RFC9846 ("4.2.2")));
  describe_hello_extensions (scribe, message);
}

static void
describe_server_hello (QsScribe *scribe, const QsTlsMessage *message)
{
  describe_hello_start (scribe, message);
  qs_scribe_named (scribe, 2,
                   QS_FIELD_TEXT ("Cipher Suite", N_ ("The cipher and hash that the server chose."), RFC9846 ("4.2.3")),
                   qs_scribe_tls_cipher_suite_name);
  if (!is_old_draft (message))
    qs_scribe_uint (scribe, 1, QS_FIELD_TEXT ("Legacy Compression Method", N_ ("Always 0."), RFC9846 ("4.2.3")));
  describe_hello_extensions (scribe, message);
}

static void
describe_hello_retry_request (QsScribe *scribe, const QsTlsMessage *message)
{
  qs_scribe_named (scribe, 2,
                   QS_FIELD_TEXT ("Version", N_ ("The version of TLS that the server chose."),
                                  "draft-ietf-tls-tls13-21 section 4.1.4"),
                   qs_scribe_tls_version_name);
  if (message->cipher_suites != NULL)
    qs_scribe_named (
        scribe, 2, QS_FIELD_TEXT ("Cipher Suite", N_ ("The cipher and hash that the server chose."), RFC9846 ("4.2.3")),
        qs_scribe_tls_cipher_suite_name);
  describe_hello_extensions (scribe, message);
}

static void
describe_encrypted_extensions (QsScribe *scribe, const QsTlsMessage *message)
{
  qs_scribe_tls_extensions (scribe, message->type, FALSE);
}

static void
describe_certificate (QsScribe *scribe, const QsTlsMessage *message)
{
  static const QsFieldText end_entity = { "Certificate", N_ ("The peer's own certificate, in DER."),
                                          RFC9846 ("4.5.1") };
  static const QsFieldText authority = { "Certificate", N_ ("A certificate of the chain: its issuer's, in DER."),
                                         RFC9846 ("4.5.1") };

  if (message->tls13)
    qs_scribe_vector (scribe, 1,
                      QS_FIELD_TEXT ("Certificate Request Context", N_ ("Repeats the request's; empty for a server."),
                                     RFC9846 ("4.5.1")));

  QsScribe list =
      qs_scribe_open (scribe, 3,
                      QS_FIELD_TEXT ("Certificate List", N_ ("The peer's own certificate first, then its issuers'."),
                                     RFC9846 ("4.5.1")));
  for (guint i = 0; list.reader.ok && qs_scribe_more (&list); i++)
    {
      QsScribe der = qs_scribe_open (&list, 3, i == 0 ? &end_entity : &authority);
      gulong n = (gulong) der.reader.bytes.length;
      if (!der.reader.ok)
        break;
      qs_field_take_value (der.parent, g_strdup_printf (ngettext ("%lu byte of DER", "%lu bytes of DER", n), n));
      qs_scribe_certificate (&der);
      qs_scribe_close (&der);
      if (message->tls13)
        qs_scribe_tls_extensions (&list, message->type, FALSE);
    }
  if (scribe->reader.ok)
    qs_scribe_close (&list);
}

static const char *
client_certificate_type_name (guint64 value)
{
  return value == 1 ? "rsa_sign" : value == 2 ? "dss_sign" : value == 64 ? "ecdsa_sign" : NULL;
}

static void
describe_old_certificate_request (QsScribe *scribe)
{
  QsScribe types =
      qs_scribe_open (scribe, 1,
                      QS_FIELD_TEXT ("Certificate Types", N_ ("Kinds of certificates, the sender's favourite first."),
                                     "RFC 5246 section 7.4.4"));
  while (types.reader.ok && qs_scribe_more (&types))
    qs_scribe_named (&types, 1,
                     QS_FIELD_TEXT ("Certificate Type", N_ ("A kind of certificate."), "RFC 5246 section 7.4.4"),
                     client_certificate_type_name);

  QsScribe schemes =
      qs_scribe_open (scribe, 2,
                      QS_FIELD_TEXT ("Supported Signature Algorithms", N_ ("Signatures, the sender's favourite first."),
                                     "RFC 5246 section 7.4.4"));
  while (schemes.reader.ok && qs_scribe_more (&schemes))
    qs_scribe_named (&schemes, 2,
                     QS_FIELD_TEXT ("Signature Scheme", N_ ("A kind of signature that is accepted."),
                                    "RFC 5246 section 7.4.4"),
                     qs_scribe_tls_signature_scheme_name);
  if (scribe->reader.ok)
    qs_scribe_close (&schemes);

  QsScribe names = qs_scribe_open (
      scribe, 2,
      QS_FIELD_TEXT ("Certificate Authorities", N_ ("Issuers, by their names; empty: any."), "RFC 5246 section 7.4.4"));
  while (names.reader.ok && qs_scribe_more (&names))
    qs_scribe_vector (&names, 2,
                      QS_FIELD_TEXT ("Distinguished Name", N_ ("An issuer whose certificates are accepted, in DER."),
                                     "RFC 5246 section 7.4.4"));
  if (scribe->reader.ok)
    qs_scribe_close (&names);
}

static void
describe_certificate_request (QsScribe *scribe, const QsTlsMessage *message)
{
  if (!message->tls13)
    {
      describe_old_certificate_request (scribe);
      return;
    }
  qs_scribe_vector (
      scribe, 1, QS_FIELD_TEXT ("Certificate Request Context", N_ ("Empty during the handshake."), RFC9846 ("4.4.2")));
  qs_scribe_tls_extensions (scribe, message->type, FALSE);
}

static void
describe_certificate_verify (QsScribe *scribe, const QsTlsMessage *message)
{
  qs_scribe_named (scribe, 2, QS_FIELD_TEXT ("Algorithm", N_ ("How the signature was made."), RFC9846 ("4.5.2")),
                   qs_scribe_tls_signature_scheme_name);
  qs_scribe_vector (
      scribe, 2,
      QS_FIELD_TEXT ("Signature",
                     N_ ("Over all that was said so far: proves that the peer holds the certificate's key."),
                     RFC9846 ("4.5.2")));
}

static void
describe_new_session_ticket (QsScribe *scribe, const QsTlsMessage *message)
{
  qs_scribe_uint (scribe, 4, QS_FIELD_TEXT ("Ticket Lifetime", N_ ("Seconds; seven days at most."), RFC9846 ("4.7.1")));
  if (message->tls13)
    {
      qs_scribe_uint (scribe, 4,
                      QS_FIELD_TEXT ("Ticket Age Add",
                                     N_ ("A secret number that hides the ticket's age when it is used."),
                                     RFC9846 ("4.7.1")));
      qs_scribe_vector (scribe, 1,
                        QS_FIELD_TEXT ("Ticket Nonce", N_ ("Makes each ticket's key another one."), RFC9846 ("4.7.1")));
    }
  qs_scribe_vector (scribe, 2,
                    QS_FIELD_TEXT ("Ticket",
                                   N_ ("What the client shows to resume the session; only the server understands it."),
                                   RFC9846 ("4.7.1")));
  if (message->tls13)
    qs_scribe_tls_extensions (scribe, message->type, FALSE);
}

static void
describe_finished (QsScribe *scribe, const QsTlsMessage *message)
{
  qs_scribe_rest (
      scribe,
      QS_FIELD_TEXT ("Verify Data",
                     N_ ("A checksum under the handshake's keys over all messages so far: nobody changed them."),
                     RFC9846 ("4.5.3")));
}

static const char *
key_update_name (guint64 value)
{
  return value == 0 ? "update_not_requested" : value == 1 ? "update_requested" : NULL;
}

static void
describe_key_update (QsScribe *scribe, const QsTlsMessage *message)
{
  qs_scribe_named (scribe, 1,
                   QS_FIELD_TEXT ("Request Update", N_ ("Whether the peer shall change its keys too."),
                                  RFC9846 ("4.7.3")),
                   key_update_name);
}

/* What was made of these bytes has none of its own: all of it stands for all of them. */
static void
set_range (QsField *field, guint32 offset, guint32 length)
{
  field->offset = offset;
  field->length = length;
  for (guint i = 0; field->children != NULL && i < field->children->len; i++)
    set_range (field->children->pdata[i], offset, length);
}

static void
describe_uncompressed (QsScribe *scribe, const QsTlsMessage *message, gsize start)
{
  gsize length = g_bytes_get_size (message->uncompressed);
  gulong n = (gulong) length;
  QsField *field = qs_scribe_add (scribe,
                                  QS_FIELD_TEXT ("Certificate", N_ ("The message as it was before it was compressed."),
                                                 "RFC 8879 section 4"),
                                  start, g_strdup_printf (ngettext ("%lu byte", "%lu bytes", n), n));
  guint32 offset = field->offset, range = field->length;
  QsScribe inner = qs_scribe_init (field, QS_SPAN (g_bytes_get_data (message->uncompressed, NULL), length),
                                   scribe->space, 0, scribe->room);
  QsTlsMessage as = *message;

  as.type = QS_TLS_CERTIFICATE;
  as.tls13 = TRUE;
  describe_certificate (&inner, &as);
  set_range (field, offset, range);
}

static void
describe_compressed_certificate (QsScribe *scribe, const QsTlsMessage *message)
{
  qs_scribe_named (scribe, 2, QS_FIELD_TEXT ("Algorithm", N_ ("How the message was compressed."), "RFC 8879 section 4"),
                   qs_scribe_tls_compression_name);
  qs_scribe_uint (scribe, 3,
                  QS_FIELD_TEXT ("Uncompressed Length", N_ ("How long the message says it is once opened."),
                                 "RFC 8879 section 4"));
  gsize start = scribe->reader.at;
  qs_scribe_vector (scribe, 3,
                    QS_FIELD_TEXT ("Compressed Certificate Message", N_ ("The Certificate message, compressed."),
                                   "RFC 8879 section 4"));
  if (scribe->reader.ok && message->uncompressed != NULL)
    describe_uncompressed (scribe, message, start);
}

static void
describe_certificate_status (QsScribe *scribe, const QsTlsMessage *message)
{
  qs_scribe_uint (scribe, 1, QS_FIELD_TEXT ("Status Type", N_ ("1: OCSP."), "RFC 6066 section 8"));
  qs_scribe_vector (scribe, 3,
                    QS_FIELD_TEXT ("OCSP Response",
                                   N_ ("The issuer's signed word that the certificate was not revoked."),
                                   "RFC 6066 section 8"));
}

static void
describe_opaque (QsScribe *scribe, const QsTlsMessage *message)
{
  qs_scribe_rest (scribe, QS_FIELD_TEXT ("Body", N_ ("The message's own bytes."), RFC9846 ("4")));
}

static const char *
group_name (guint64 value)
{
  return qs_tls_group_name ((guint16) value);
}

static const char *
curve_type_name (guint64 value)
{
  return value == 3 ? "named_curve" : NULL;
}

/* Which form it has depends on the cipher suite. With elliptic curves it starts with their kind; other forms with a length
 * whose upper byte is 0. */
static void
describe_server_key_exchange (QsScribe *scribe, const QsTlsMessage *message)
{
  static const char reference[] = "RFC 8422 section 5.4";

  if (message->body.length == 0 || message->body.data[0] != 3)
    {
      describe_opaque (scribe, message);
      return;
    }
  qs_scribe_named (scribe, 1, QS_FIELD_TEXT ("Curve Type", N_ ("3: a curve that has a name."), reference),
                   curve_type_name);
  qs_scribe_named (scribe, 2, QS_FIELD_TEXT ("Named Curve", N_ ("The curve on which the key is agreed."), reference),
                   group_name);
  qs_scribe_vector (scribe, 1, QS_FIELD_TEXT ("Public Key", N_ ("The server's public value."), reference));
  qs_scribe_named (scribe, 2, QS_FIELD_TEXT ("Algorithm", N_ ("How the signature was made."), "RFC 5246 section 7.4.3"),
                   qs_scribe_tls_signature_scheme_name);
  qs_scribe_vector (scribe, 2,
                    QS_FIELD_TEXT ("Signature",
                                   N_ ("Over both randoms and this key: proves that the server holds the certificate's "
                                       "key."),
                                   "RFC 5246 section 7.4.3"));
}

static void
describe_client_key_exchange (QsScribe *scribe, const QsTlsMessage *message)
{
  if (message->body.length > 0 && message->body.data[0] == message->body.length - 1)
    qs_scribe_vector (scribe, 1,
                      QS_FIELD_TEXT ("Public Key", N_ ("The client's public value."), "RFC 8422 section 5.7"));
  else
    describe_opaque (scribe, message);
}

static const struct {
  DescribeFunc describe;
  const char *meaning;
  const char *reference;
} message_infos[] = {
  [QS_TLS_HELLO_REQUEST] = { describe_opaque, N_ ("The server asks for a new handshake (TLS 1.2)."),
                             "RFC 5246 section 7.4.1.1" },
  [QS_TLS_CLIENT_HELLO] = { describe_client_hello,
                            N_ ("The client opens the handshake: what it can do, and its share of the key exchange."),
                            RFC9846 ("4.2.2") },
  [QS_TLS_SERVER_HELLO] = { describe_server_hello,
                            N_ ("The server's choice of version and cipher. In TLS 1.3 it brings its share of the key "
                                "exchange as well, and from here on all is encrypted."),
                            RFC9846 ("4.2.3") },
  [QS_TLS_HELLO_RETRY_REQUEST] = { describe_hello_retry_request,
                                   N_ ("The server asks for another ClientHello (drafts of TLS 1.3)."),
                                   "draft-ietf-tls-tls13-21 section 4.1.4" },
  [QS_TLS_NEW_SESSION_TICKET] = { describe_new_session_ticket,
                                  N_ ("The server gives the client a ticket with which a later connection starts "
                                      "faster."),
                                  RFC9846 ("4.7.1") },
  [QS_TLS_END_OF_EARLY_DATA] = { describe_opaque, N_ ("The client has sent all its 0-RTT data; not used in QUIC."),
                                 RFC9846 ("4.6") },
  [QS_TLS_ENCRYPTED_EXTENSIONS] = { describe_encrypted_extensions,
                                    N_ ("The server's answers to the client's extensions, the first encrypted "
                                        "message."),
                                    RFC9846 ("4.4.1") },
  [QS_TLS_CERTIFICATE] = { describe_certificate,
                           N_ ("Who the sender says it is: its certificate and those that vouch for it."),
                           RFC9846 ("4.5.1") },
  [QS_TLS_SERVER_KEY_EXCHANGE] = { describe_server_key_exchange,
                                   N_ ("The server's share of TLS 1.2's key exchange, signed."),
                                   "RFC 5246 section 7.4.3" },
  [QS_TLS_CERTIFICATE_REQUEST] = { describe_certificate_request, N_ ("The server wants a certificate from the client."),
                                   RFC9846 ("4.4.2") },
  [QS_TLS_SERVER_HELLO_DONE] = { describe_opaque, N_ ("The server waits for the client now (TLS 1.2)."),
                                 "RFC 5246 section 7.4.5" },
  [QS_TLS_CERTIFICATE_VERIFY] = { describe_certificate_verify,
                                  N_ ("A signature that proves possession of the certificate's key."),
                                  RFC9846 ("4.5.2") },
  [QS_TLS_CLIENT_KEY_EXCHANGE] = { describe_client_key_exchange, N_ ("The client's share of TLS 1.2's key exchange."),
                                   "RFC 5246 section 7.4.7" },
  [QS_TLS_FINISHED] = { describe_finished,
                        N_ ("The sender's last word in the handshake: both saw the same messages and have the same "
                            "keys."),
                        RFC9846 ("4.5.3") },
  [QS_TLS_CERTIFICATE_STATUS] = { describe_certificate_status,
                                  N_ ("The stapled proof that the certificate was not revoked (TLS 1.2)."),
                                  "RFC 6066 section 8" },
  [QS_TLS_KEY_UPDATE] = { describe_key_update,
                          N_ ("The sender changes its keys; in QUIC a bit in the packets does this instead."),
                          RFC9846 ("4.7.3") },
  [QS_TLS_COMPRESSED_CERTIFICATE] = { describe_compressed_certificate, N_ ("A Certificate message in compressed form."),
                                      "RFC 8879 section 4" },
};

static const char *
handshake_type_name (guint64 type)
{
  return qs_tls_handshake_type_name ((guint8) type);
}

QsField *
qs_describe_tls_message (const QsTlsMessage *message)
{
  g_return_val_if_fail (message != NULL, NULL);

  guint room = QS_SCRIBE_ROOM;
  gboolean known = message->type < G_N_ELEMENTS (message_infos) && message_infos[message->type].describe != NULL;
  QsField *field = qs_field_new (qs_tls_message_name (message), QS_FIELD_IN_MESSAGE, 0, message->bytes.length);
  gulong n = (gulong) message->bytes.length;
  qs_field_take_value (field, g_strdup_printf (ngettext ("%lu byte", "%lu bytes", n), n));
  if (message->is_hello_retry_request)
    qs_field_explain (
        field,
        _ ("The server asks for another ClientHello, mostly with a key share of another group: one round trip more."),
        RFC9846 ("4.2.4"));
  else if (known)
    qs_field_explain (field, _ (message_infos[message->type].meaning), message_infos[message->type].reference);
  else
    qs_field_explain (field, _ ("A message of a type that is not known here."), RFC9846 ("4"));

  QsScribe scribe = qs_scribe_init (field, message->bytes, QS_FIELD_IN_MESSAGE, 0, &room);
  qs_scribe_named (&scribe, 1, QS_FIELD_TEXT ("Handshake Type", N_ ("Which message this is."), RFC9846 ("4")),
                   handshake_type_name);
  qs_scribe_uint (&scribe, 3, QS_FIELD_TEXT ("Length", N_ ("How many bytes follow."), RFC9846 ("4")));
  if (known)
    message_infos[message->type].describe (&scribe, message);
  else
    describe_opaque (&scribe, message);
  qs_scribe_close (&scribe);
  return field;
}

QsField *
qs_describe_alert (guint8 level, guint8 description, gsize offset)
{
  const char *name = qs_tls_alert_name (description);
  const char *meaning = qs_tls_alert_meaning (description);
  QsField *field = qs_field_new ("Alert", QS_FIELD_IN_DATAGRAM, offset, 2);

  qs_field_take_value (field, name != NULL ? g_strdup (name) : g_strdup_printf (_ ("unknown alert %u"), description));
  qs_field_explain (field,
                    meaning != NULL ? meaning : _ ("A TLS peer tells that something is wrong, or that it is done."),
                    RFC9846 ("6"));

  QsField *child = qs_field_add (field, qs_field_new ("Level", QS_FIELD_IN_DATAGRAM, offset, 1));
  qs_field_take_value (child, g_strdup_printf ("%u %s", level,
                                               level == 1   ? "warning"
                                               : level == 2 ? "fatal"
                                                            : _ ("unknown")));
  qs_field_explain (
      child, _ ("In TLS 1.3 it says nothing: every alert but close_notify and user_canceled ends the connection."),
      RFC9846 ("6"));
  child = qs_field_add (field, qs_field_new ("Description", QS_FIELD_IN_DATAGRAM, offset + 1, 1));
  qs_field_take_value (child, g_strdup_printf ("%u %s", description, name != NULL ? name : _ ("unknown")));
  qs_field_explain (child,
                    meaning != NULL ? meaning : _ ("A TLS peer tells that something is wrong, or that it is done."),
                    RFC9846 ("6"));
  return field;
}
