/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-tls.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "wire/qs-decompress.h"
#include "wire/qs-reader.h"

#define HEADER_LENGTH 4
#define RANDOM_LENGTH 32
/* Real chains have fewer than ten; without a bound, 16 MiB of tiny ones cost a hundred times as much memory. */
#define MAX_CERTIFICATES 1000

/* A HelloRetryRequest is a ServerHello whose random is the SHA-256 of that name (RFC 9846 section 4.2.3). */
static const guint8 hello_retry_random[RANDOM_LENGTH] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
                                                          0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                                          0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
                                                          0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

/* Each reads the body. Reading beyond the end shows in reader->ok; FALSE is for a rule broken, with the error set. */
typedef gboolean (*ReadFunc) (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error);

static gboolean
fail (GError **error, const char *what)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_PARSE, what);
  return FALSE;
}

/* Appends the extensions of one block; a block that ends within an extension clears reader->ok. */
static void
read_extensions (QsReader *reader, QsTlsMessage *message)
{
  QsReader block = qs_reader_init (qs_reader_vector (reader, 2));

  if (message->extensions == NULL)
    message->extensions = g_array_new (FALSE, FALSE, sizeof (QsTlsExtension));
  while (reader->ok && !qs_reader_at_end (&block))
    {
      QsTlsExtension extension = { .type = (guint16) qs_reader_uint (&block, 2) };
      extension.data = qs_reader_vector (&block, 2);
      if (!block.ok)
        {
          reader->ok = FALSE;
          return;
        }
      extension.offset = (guint32) (extension.data.data - message->bytes.data);
      g_array_append_val (message->extensions, extension);
    }
}

/* Until TLS 1.2 a hello may end before its extensions. */
static void
read_optional_extensions (QsReader *reader, QsTlsMessage *message)
{
  if (reader->ok && !qs_reader_at_end (reader))
    read_extensions (reader, message);
}

#define FIRST_DRAFT_OF_SUITE_IN_RETRY 19

static gboolean
is_old_draft (guint16 version)
{
  guint draft = qs_tls_version_draft (version);

  return draft != 0 && draft <= QS_TLS_LAST_OLD_DRAFT;
}

static gboolean
read_hello_start (QsReader *reader, QsTlsMessage *message, GError **error)
{
  message->legacy_version = (guint16) qs_reader_uint (reader, 2);
  message->random = qs_reader_span (reader, RANDOM_LENGTH);
  message->session_id = qs_reader_vector (reader, 1);
  if (message->session_id.length > 32)
    return fail (error, _ ("A session ID of more than 32 bytes"));
  return TRUE;
}

static gboolean
read_client_hello (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  if (!read_hello_start (reader, message, error))
    return FALSE;

  QsReader suites = qs_reader_init (qs_reader_vector (reader, 2));
  if (reader->ok && (suites.bytes.length == 0 || suites.bytes.length % 2 != 0))
    return fail (error, _ ("A ClientHello whose list of cipher suites is empty or of an odd length"));
  message->cipher_suites = g_array_new (FALSE, FALSE, sizeof (guint16));
  while (!qs_reader_at_end (&suites))
    {
      guint16 suite = (guint16) qs_reader_uint (&suites, 2);
      g_array_append_val (message->cipher_suites, suite);
    }

  qs_reader_vector (reader, 1); /* compression methods */
  read_optional_extensions (reader, message);
  return TRUE;
}

static void
read_chosen_suite (QsReader *reader, QsTlsMessage *message)
{
  guint16 suite = (guint16) qs_reader_uint (reader, 2);

  message->cipher_suites = g_array_new (FALSE, FALSE, sizeof (guint16));
  g_array_append_val (message->cipher_suites, suite);
}

static gboolean
read_server_hello (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  QsReader ahead = *reader;

  if (is_old_draft ((guint16) qs_reader_uint (&ahead, 2)))
    {
      message->legacy_version = (guint16) qs_reader_uint (reader, 2);
      message->random = qs_reader_span (reader, RANDOM_LENGTH);
      read_chosen_suite (reader, message);
      read_optional_extensions (reader, message);
      return TRUE;
    }
  if (!read_hello_start (reader, message, error))
    return FALSE;
  message->is_hello_retry_request =
      qs_span_equal (message->random, QS_SPAN (hello_retry_random, sizeof hello_retry_random));

  read_chosen_suite (reader, message);
  qs_reader_uint (reader, 1); /* compression method */
  read_optional_extensions (reader, message);
  return TRUE;
}

/* draft-ietf-tls-tls13-21 section 4.1.4; later ones are a ServerHello. */
static gboolean
read_hello_retry_request (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  message->legacy_version = (guint16) qs_reader_uint (reader, 2);
  message->is_hello_retry_request = TRUE;
  if (qs_tls_version_draft (message->legacy_version) >= FIRST_DRAFT_OF_SUITE_IN_RETRY)
    read_chosen_suite (reader, message);
  read_optional_extensions (reader, message);
  return TRUE;
}

static gboolean
read_encrypted_extensions (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  read_extensions (reader, message);
  return TRUE;
}

static gboolean
read_certificate_request (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  qs_reader_vector (reader, 1); /* TLS 1.3: the context; 1.2: the certificate types */
  if (tls13)
    read_extensions (reader, message);
  else
    {
      qs_reader_vector (reader, 2); /* signature algorithms */
      qs_reader_vector (reader, 2); /* authorities */
    }
  return TRUE;
}

static gboolean
read_certificate_entry (QsReader *list, QsTlsMessage *message, gboolean tls13, GError **error)
{
  QsSpan der = qs_reader_vector (list, 3);

  if (list->ok && der.length == 0)
    return fail (error, _ ("An empty certificate in the chain"));
  if (message->certificates->len == MAX_CERTIFICATES)
    return fail (error, _ ("A chain of more than a thousand certificates"));

  /* Only the first entry's extensions are kept: they speak of the peer's own certificate. */
  if (tls13 && message->certificates->len == 0)
    read_extensions (list, message);
  else if (tls13)
    qs_reader_vector (list, 2);
  if (!list->ok)
    return TRUE;
  g_ptr_array_add (message->certificates, g_bytes_new (der.data, der.length));
  return TRUE;
}

static gboolean
read_certificate (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  message->certificates = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  if (tls13)
    message->request_context = qs_reader_vector (reader, 1);

  QsReader list = qs_reader_init (qs_reader_vector (reader, 3));
  while (!qs_reader_at_end (&list))
    if (!read_certificate_entry (&list, message, tls13, error))
      return FALSE;
  reader->ok = reader->ok && list.ok;
  return TRUE;
}

static gboolean
read_certificate_verify (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  message->signature_scheme = (guint16) qs_reader_uint (reader, 2);
  qs_reader_vector (reader, 2);
  return TRUE;
}

static gboolean
read_new_session_ticket (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  qs_reader_uint (reader, 4); /* lifetime */
  if (tls13)
    {
      qs_reader_uint (reader, 4);   /* added to the age */
      qs_reader_vector (reader, 1); /* nonce */
    }
  qs_reader_vector (reader, 2); /* ticket */
  if (tls13)
    read_extensions (reader, message);
  return TRUE;
}

static gboolean
read_certificate_status (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  qs_reader_uint (reader, 1);
  qs_reader_vector (reader, 3);
  return TRUE;
}

static gboolean
read_key_update (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  if (qs_reader_uint (reader, 1) > 1)
    return fail (error, _ ("A KeyUpdate that asks for neither 0 nor 1"));
  return TRUE;
}

/* One that does not open is a message all the same, of which nothing more is known. */
static gboolean
read_compressed_certificate (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  guint algorithm = (guint) qs_reader_uint (reader, 2);
  gsize length = (gsize) qs_reader_uint (reader, 3);
  QsSpan compressed = qs_reader_vector (reader, 3);
  g_autoptr (GBytes) body = reader->ok ? qs_decompress (algorithm, compressed, length, NULL) : NULL;

  if (body == NULL)
    return TRUE;
  QsReader inner = qs_reader_init (QS_SPAN (g_bytes_get_data (body, NULL), length));
  if (read_certificate (&inner, message, TRUE, NULL) && inner.ok && qs_reader_at_end (&inner))
    {
      message->uncompressed = g_steal_pointer (&body);
      return TRUE;
    }
  g_clear_pointer (&message->certificates, g_ptr_array_unref);
  g_clear_pointer (&message->extensions, g_array_unref);
  message->request_context = QS_SPAN_NONE;
  return TRUE;
}

static gboolean
read_nothing (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  return TRUE;
}

/* What depends on the key exchange or the hash that was negotiated stays a row of bytes. */
static gboolean
read_opaque (QsReader *reader, QsTlsMessage *message, gboolean tls13, GError **error)
{
  qs_reader_rest (reader);
  return TRUE;
}

static const struct {
  const char *title;
  ReadFunc read;
} message_infos[] = {
  [QS_TLS_HELLO_REQUEST] = { "HelloRequest", read_nothing },
  [QS_TLS_CLIENT_HELLO] = { "ClientHello", read_client_hello },
  [QS_TLS_SERVER_HELLO] = { "ServerHello", read_server_hello },
  [QS_TLS_NEW_SESSION_TICKET] = { "NewSessionTicket", read_new_session_ticket },
  [QS_TLS_END_OF_EARLY_DATA] = { "EndOfEarlyData", read_nothing },
  [QS_TLS_HELLO_RETRY_REQUEST] = { "HelloRetryRequest", read_hello_retry_request },
  [QS_TLS_ENCRYPTED_EXTENSIONS] = { "EncryptedExtensions", read_encrypted_extensions },
  [QS_TLS_CERTIFICATE] = { "Certificate", read_certificate },
  [QS_TLS_SERVER_KEY_EXCHANGE] = { "ServerKeyExchange", read_opaque },
  [QS_TLS_CERTIFICATE_REQUEST] = { "CertificateRequest", read_certificate_request },
  [QS_TLS_SERVER_HELLO_DONE] = { "ServerHelloDone", read_nothing },
  [QS_TLS_CERTIFICATE_VERIFY] = { "CertificateVerify", read_certificate_verify },
  [QS_TLS_CLIENT_KEY_EXCHANGE] = { "ClientKeyExchange", read_opaque },
  [QS_TLS_FINISHED] = { "Finished", read_opaque },
  [QS_TLS_CERTIFICATE_STATUS] = { "CertificateStatus", read_certificate_status },
  [QS_TLS_KEY_UPDATE] = { "KeyUpdate", read_key_update },
  [QS_TLS_COMPRESSED_CERTIFICATE] = { "CompressedCertificate", read_compressed_certificate },
};

static gboolean
is_known (guint8 type)
{
  return type < G_N_ELEMENTS (message_infos) && message_infos[type].title != NULL;
}

static gboolean
read_body (QsTlsMessage *message, gboolean tls13, GError **error)
{
  QsReader reader = qs_reader_init (message->body);

  if (!is_known (message->type))
    return TRUE;
  if (!message_infos[message->type].read (&reader, message, tls13, error))
    return FALSE;
  if (!reader.ok)
    return qs_reader_fail_truncated (&reader, message_infos[message->type].title, error);
  if (!qs_reader_at_end (&reader))
    {
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("%zu bytes too many at the end of the %s"),
                   qs_reader_left (&reader), message_infos[message->type].title);
      return FALSE;
    }
  return TRUE;
}

gsize
qs_tls_message_length (QsSpan bytes)
{
  if (bytes.data == NULL || bytes.length < HEADER_LENGTH)
    return 0;
  return HEADER_LENGTH + ((gsize) bytes.data[1] << 16 | (gsize) bytes.data[2] << 8 | bytes.data[3]);
}

QsTlsMessage *
qs_tls_message_parse (QsSpan bytes, gboolean tls13, GError **error)
{
  QsReader reader = qs_reader_init (bytes);
  guint8 type = (guint8) qs_reader_uint (&reader, 1);
  QsSpan body = qs_reader_vector (&reader, 3);

  if (!reader.ok)
    {
      qs_reader_fail_truncated (&reader, _ ("TLS message"), error);
      return NULL;
    }
  g_autoptr (QsTlsMessage) message = g_new0 (QsTlsMessage, 1);
  message->type = type;
  message->tls13 = tls13;
  message->bytes = QS_SPAN (bytes.data, reader.at);
  message->body = body;
  return read_body (message, tls13, error) ? g_steal_pointer (&message) : NULL;
}

void
qs_tls_message_free (QsTlsMessage *message)
{
  if (message == NULL)
    return;
  g_clear_pointer (&message->cipher_suites, g_array_unref);
  g_clear_pointer (&message->extensions, g_array_unref);
  g_clear_pointer (&message->certificates, g_ptr_array_unref);
  g_clear_pointer (&message->uncompressed, g_bytes_unref);
  g_free (message);
}

const char *
qs_tls_handshake_type_title (guint8 type)
{
  return is_known (type) ? message_infos[type].title : "unknown";
}

const char *
qs_tls_message_name (const QsTlsMessage *message)
{
  g_return_val_if_fail (message != NULL, NULL);

  return message->is_hello_retry_request ? "HelloRetryRequest" : qs_tls_handshake_type_title (message->type);
}
