/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "wire/qs-tls-extensions.h"
#include "wire/qs-tls.h"
#include "wire/qs-writer.h"

#define HEADER_LENGTH_BYTES 3

void
qs_tls_record_write (GByteArray *out, const QsTlsRecord *record)
{
  qs_write_uint (out, record->content_type, 1);
  qs_write_uint (out, record->version, 2);
  qs_write_vector (out, 2, record->fragment);
}

void
qs_tls_extension_write (GByteArray *out, guint16 type, QsSpan data)
{
  qs_write_uint (out, type, 2);
  qs_write_vector (out, 2, data);
}

static void
write_extensions (GByteArray *out, const QsTlsMessage *message)
{
  guint block = qs_write_open (out, 2);

  for (guint i = 0; message->extensions != NULL && i < message->extensions->len; i++)
    {
      const QsTlsExtension *extension = &g_array_index (message->extensions, QsTlsExtension, i);
      qs_tls_extension_write (out, extension->type, extension->data);
    }
  qs_write_close (out, block, 2);
}

static void
write_hello_start (GByteArray *out, const QsTlsMessage *message)
{
  qs_write_uint (out, message->legacy_version, 2);
  qs_write_span (out, message->random);
  qs_write_vector (out, 1, message->session_id);
}

static guint16
suite_at (const QsTlsMessage *message, guint i)
{
  return g_array_index (message->cipher_suites, guint16, i);
}

/* Until TLS 1.2 a hello may end before its extensions. */
static void
write_optional_extensions (GByteArray *out, const QsTlsMessage *message)
{
  if (message->extensions != NULL)
    write_extensions (out, message);
}

static void
write_client_hello (GByteArray *out, const QsTlsMessage *message)
{
  write_hello_start (out, message);
  guint suites = qs_write_open (out, 2);
  for (guint i = 0; i < message->cipher_suites->len; i++)
    qs_write_uint (out, suite_at (message, i), 2);
  qs_write_close (out, suites, 2);
  qs_write_vector (out, 1, QS_SPAN ("", 1)); /* compression methods: null (RFC 9846 section 4.2.2) */
  write_optional_extensions (out, message);
}

static void
write_server_hello (GByteArray *out, const QsTlsMessage *message)
{
  guint draft = qs_tls_version_draft (message->legacy_version);

  if (draft != 0 && draft <= QS_TLS_LAST_OLD_DRAFT) /* without session id and compression method */
    {
      qs_write_uint (out, message->legacy_version, 2);
      qs_write_span (out, message->random);
      qs_write_uint (out, suite_at (message, 0), 2);
      write_optional_extensions (out, message);
      return;
    }
  write_hello_start (out, message);
  qs_write_uint (out, suite_at (message, 0), 2);
  qs_write_uint (out, 0, 1); /* compression method */
  write_optional_extensions (out, message);
}

/* The extensions of a chain are those of its first certificate. */
static void
write_certificate (GByteArray *out, const QsTlsMessage *message)
{
  if (message->tls13)
    qs_write_vector (out, 1, message->request_context);
  guint list = qs_write_open (out, 3);
  for (guint i = 0; i < message->certificates->len; i++)
    {
      gsize length;
      const guint8 *der = g_bytes_get_data (message->certificates->pdata[i], &length);
      qs_write_vector (out, 3, QS_SPAN (der, length));
      if (message->tls13 && i == 0)
        write_extensions (out, message);
      else if (message->tls13)
        qs_write_uint (out, 0, 2);
    }
  qs_write_close (out, list, 3);
}

/* A message that has no parts which others ask for is its body. */
static void
write_body (GByteArray *out, const QsTlsMessage *message)
{
  qs_write_span (out, message->body);
}

static void (*const writers[]) (GByteArray *out, const QsTlsMessage *message) = {
  [QS_TLS_CLIENT_HELLO] = write_client_hello,
  [QS_TLS_SERVER_HELLO] = write_server_hello,
  [QS_TLS_ENCRYPTED_EXTENSIONS] = write_extensions,
  [QS_TLS_CERTIFICATE] = write_certificate,
};

void
qs_tls_message_write (GByteArray *out, const QsTlsMessage *message)
{
  g_return_if_fail (message != NULL);

  qs_write_uint (out, message->type, 1);
  guint body = qs_write_open (out, HEADER_LENGTH_BYTES);
  if (message->type < G_N_ELEMENTS (writers) && writers[message->type] != NULL)
    writers[message->type](out, message);
  else
    write_body (out, message);
  qs_write_close (out, body, HEADER_LENGTH_BYTES);
}

/* --- Extensions --- */

void
qs_tls_write_server_name (GByteArray *out, const char *name)
{
  qs_write_uint (out, QS_TLS_EXT_SERVER_NAME, 2);
  guint extension = qs_write_open (out, 2);
  guint list = qs_write_open (out, 2);
  qs_write_uint (out, 0, 1); /* host_name */
  qs_write_vector (out, 2, QS_SPAN (name, strlen (name)));
  qs_write_close (out, list, 2);
  qs_write_close (out, extension, 2);
}

void
qs_tls_write_alpn (GByteArray *out, const char *const *protocols)
{
  qs_write_uint (out, QS_TLS_EXT_ALPN, 2);
  guint extension = qs_write_open (out, 2);
  guint list = qs_write_open (out, 2);
  for (guint i = 0; protocols[i] != NULL; i++)
    qs_write_vector (out, 1, QS_SPAN (protocols[i], strlen (protocols[i])));
  qs_write_close (out, list, 2);
  qs_write_close (out, extension, 2);
}

void
qs_tls_write_numbers (GByteArray *out, guint16 type, guint length_bytes, const guint16 *numbers, guint n_numbers)
{
  qs_write_uint (out, type, 2);
  guint extension = qs_write_open (out, 2);
  guint list = qs_write_open (out, length_bytes);
  for (guint i = 0; i < n_numbers; i++)
    qs_write_uint (out, numbers[i], 2);
  qs_write_close (out, list, length_bytes);
  qs_write_close (out, extension, 2);
}

void
qs_tls_write_key_shares (GByteArray *out, const QsTlsKeyShare *shares, guint n_shares)
{
  qs_write_uint (out, QS_TLS_EXT_KEY_SHARE, 2);
  guint extension = qs_write_open (out, 2);
  guint list = qs_write_open (out, 2);
  for (guint i = 0; i < n_shares; i++)
    {
      qs_write_uint (out, shares[i].group, 2);
      qs_write_vector (out, 2, shares[i].key);
    }
  qs_write_close (out, list, 2);
  qs_write_close (out, extension, 2);
}
