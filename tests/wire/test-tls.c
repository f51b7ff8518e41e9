/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <brotli/encode.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "../cpu-time.h"
#include "check-tree.h"
#include "wire-kit.h"
#include "wire/qs-decompress.h"
#include "wire/qs-describe.h"
#include "wire/qs-names.h"
#include "wire/qs-tls.h"

/* A message of the corpus: its first byte says how to read the rest. */
static GBytes *
load (const char *name, gboolean *tls13)
{
  g_autoptr (GBytes) file = corpus ("tls", name);
  QsSpan span = span_of (file);

  *tls13 = (span.data[0] & 1) != 0;
  return g_bytes_new (span.data + 1, span.length - 1);
}

static QsTlsMessage *
parse (const char *name, GBytes **bytes)
{
  g_autoptr (GError) error = NULL;
  gboolean tls13;

  *bytes = load (name, &tls13);
  QsTlsMessage *message = qs_tls_message_parse (span_of (*bytes), tls13, &error);
  g_assert_no_error (error);
  return message;
}

static void
assert_values (GArray *values, guint n, const guint16 *expected)
{
  g_assert_nonnull (values);
  g_assert_cmpmem (values->data, values->len * 2, expected, n * 2);
  g_array_unref (values);
}

/* RFC 9001 appendix A.2. */
static void
test_client_hello (void)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (QsTlsMessage) message = parse ("rfc9001-client-hello", &bytes);
  g_autofree char *name = qs_tls_message_dup_server_name (message);
  g_auto (GStrv) alpn = qs_tls_message_dup_alpn (message);

  g_assert_cmpstr (qs_tls_message_name (message), ==, "ClientHello");
  g_assert_cmphex (message->legacy_version, ==, 0x0303);
  g_assert_cmpuint (message->random.length, ==, 32);
  g_assert_cmpuint (message->session_id.length, ==, 0);
  g_assert_cmpuint (message->cipher_suites->len, ==, 2);
  g_assert_cmphex (g_array_index (message->cipher_suites, guint16, 0), ==, 0x1301);
  g_assert_cmpuint (message->extensions->len, ==, 11);
  g_assert_cmpstr (name, ==, "example.com");
  g_assert_cmpstr (alpn[0], ==, "alpn");
  g_assert_null (alpn[1]);
  assert_values (qs_tls_message_dup_groups (message), 3, (guint16[]){ 29, 23, 24 });
  assert_values (qs_tls_message_dup_key_shares (message), 1, (guint16[]){ 29 });
  assert_values (qs_tls_message_dup_versions (message), 1, (guint16[]){ 0x0304 });
  QsSpan parameters = qs_tls_message_get_transport_parameters (message);
  g_assert_cmpuint (parameters.length, ==, 50);
  const QsTlsExtension *extension = qs_tls_message_find_extension (message, 57);
  g_assert_true (extension->data.data == message->bytes.data + extension->offset);
}

static void
test_server_hello (void)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (QsTlsMessage) message = parse ("tls13-01-ServerHello", &bytes);

  g_assert_cmpint (message->type, ==, QS_TLS_SERVER_HELLO);
  g_assert_false (message->is_hello_retry_request);
  g_assert_cmpuint (message->cipher_suites->len, ==, 1);
  assert_values (qs_tls_message_dup_key_shares (message), 1, (guint16[]){ 0x11ec });
  assert_values (qs_tls_message_dup_versions (message), 1, (guint16[]){ 0x0304 });
  g_assert_null (qs_tls_message_dup_groups (message));
  g_assert_null (qs_tls_message_dup_server_name (message));
  g_assert_cmpuint (qs_tls_message_get_transport_parameters (message).length, ==, 0);
}

static void
test_hello_retry (void)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (QsTlsMessage) message = parse ("retry-01-ServerHello", &bytes);

  g_assert_true (message->is_hello_retry_request);
  g_assert_cmpstr (qs_tls_message_name (message), ==, "HelloRetryRequest");
  assert_values (qs_tls_message_dup_key_shares (message), 1, (guint16[]){ 24 });
  g_autoptr (QsField) tree = qs_describe_tls_message (message);
  g_assert_cmpstr (tree->name, ==, "HelloRetryRequest");
  check_tree (tree, 0, g_bytes_get_size (bytes));
}

static void
test_encrypted_extensions (void)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (QsTlsMessage) message = parse ("tls13-02-EncryptedExtensions", &bytes);
  g_auto (GStrv) alpn = qs_tls_message_dup_alpn (message);

  g_assert_cmpstr (alpn[0], ==, "h3");
  g_assert_null (alpn[1]);
}

static void
test_certificate (void)
{
  static const char *const names[] = { "tls13-03-Certificate", "tls12-02-Certificate",
                                       "client-certificate-07-Certificate" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (QsTlsMessage) message = parse (names[i], &bytes);
      g_assert_cmpuint (message->certificates->len, ==, 1);
      GBytes *der = g_ptr_array_index (message->certificates, 0);
      /* DER: a sequence whose own length fills it. */
      g_assert_cmphex (span_of (der).data[0], ==, 0x30);
      g_assert_cmpuint (span_of (der).data[2] << 8 | span_of (der).data[3], ==, g_bytes_get_size (der) - 4);
      g_assert_cmpint (message->extensions != NULL, ==, message->tls13);
    }
}

/* A client without a certificate sends an empty list; an entry's extensions are kept for the first alone. */
static void
test_certificate_shapes (void)
{
  g_autoptr (GBytes) empty = hex ("0b000004"
                                  "00000000");
  g_autoptr (QsTlsMessage) none = qs_tls_message_parse (span_of (empty), TRUE, NULL);
  g_assert_cmpuint (none->certificates->len, ==, 0);
  g_autoptr (QsField) tree = qs_describe_tls_message (none);
  g_assert_cmpuint (check_tree (tree, 0, 8), ==, 7);

  g_autoptr (GBytes) two = hex ("0b00001c"
                                "00000018"
                                "000001aa"
                                "000c"
                                "00050002abcd"
                                "002b00020304"
                                "000001bb"
                                "0000");
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTlsMessage) message = qs_tls_message_parse (span_of (two), TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (message->certificates->len, ==, 2);
  g_assert_cmpuint (message->extensions->len, ==, 2);
  g_autoptr (QsField) two_tree = qs_describe_tls_message (message);
  check_tree (two_tree, 0, g_bytes_get_size (two));

  g_autoptr (GBytes) zero = hex ("0b000009"
                                 "00000005"
                                 "0000000000");
  g_assert_null (qs_tls_message_parse (span_of (zero), TRUE, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
}

static void
test_certificate_verify (void)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (QsTlsMessage) message = parse ("tls13-04-CertificateVerify", &bytes);

  g_assert_cmpstr (qs_tls_signature_scheme_name (message->signature_scheme), ==, "ecdsa_secp256r1_sha256");
}

static void
count_unexplained (const QsField *field, guint *unexplained)
{
  if (g_str_equal (field->name, "Malformed") || g_str_equal (field->name, "Trailing bytes"))
    ++*unexplained;
  for (guint i = 0; field->children != NULL && i < field->children->len; i++)
    count_unexplained (g_ptr_array_index (field->children, i), unexplained);
}

static void
run_whole (const char *name, QsSpan span, gboolean tls13)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTlsMessage) message = qs_tls_message_parse (span, tls13, &error);
  guint unexplained = 0;

  g_test_message ("%s", name);
  g_assert_no_error (error);
  g_assert_cmpuint (qs_tls_message_length (span), ==, span.length);
  g_autoptr (QsField) tree = qs_describe_tls_message (message);
  g_assert_cmpuint (check_tree (tree, 0, span.length), >, 2);
  g_assert_nonnull (tree->meaning);
  count_unexplained (tree, &unexplained);
  g_assert_cmpuint (unexplained, ==, 0);
}

/* A message that claims to be as short as it was cut: its parts must notice by themselves. */
static void
run_shortened (QsSpan whole, gsize length, gboolean tls13)
{
  g_autofree guint8 *copy = g_memdup2 (whole.data, length);

  copy[1] = 0;
  copy[2] = (guint8) ((length - 4) >> 8);
  copy[3] = (guint8) (length - 4);
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTlsMessage) message = qs_tls_message_parse (QS_SPAN (copy, length), tls13, &error);
  if (message == NULL)
    {
      g_assert_nonnull (error);
      return;
    }
  g_autoptr (QsField) tree = qs_describe_tls_message (message);
  check_tree (tree, 0, length);
}

/* Every message of several real handshakes: whole it is understood to the last byte; cut anywhere it is an error. */
static void
test_corpus (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("QS_SRCDIR"), "tests", "fuzz", "corpus", "tls", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) folder = g_dir_open (path, 0, &error);
  guint n_messages = 0;

  g_assert_no_error (error);
  for (const char *name = g_dir_read_name (folder); name != NULL; name = g_dir_read_name (folder))
    {
      gboolean tls13;
      g_autoptr (GBytes) bytes = load (name, &tls13);
      QsSpan span = span_of (bytes);
      if (strstr (name, "-0") == NULL && strstr (name, "-1") == NULL)
        continue;

      n_messages++;
      run_whole (name, span, tls13);
      for (gsize length = 0; length < span.length; length++)
        {
          g_autoptr (GBytes) less = cut (span, length);
          g_autoptr (GError) cut_error = NULL;
          g_assert_null (qs_tls_message_parse (span_of (less), tls13, &cut_error));
          g_assert_error (cut_error, QS_ERROR, QS_ERROR_TRUNCATED);
          if (length >= 4)
            run_shortened (span, length, tls13);
        }
    }
  g_assert_cmpuint (n_messages, >=, 40);
}

static gboolean
has_value (const QsField *field, const char *value)
{
  if (g_str_equal (field->value, value))
    return TRUE;
  for (guint i = 0; field->children != NULL && i < field->children->len; i++)
    if (has_value (g_ptr_array_index (field->children, i), value))
      return TRUE;
  return FALSE;
}

/* A message of this type with nothing but this one extension. */
static GBytes *
message_with (guint8 type, const char *extension)
{
  static const guint8 hello[] = { 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
  static const guint8 client_suites[] = { 0, 2, 0x13, 1, 1, 0 }, server_suite[] = { 0x13, 1, 0 };
  static const guint8 ticket[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0xaa };
  static const guint8 header[4] = { 0 }, context[] = { 0 };
  g_autoptr (GBytes) bytes = hex (extension);
  guint8 length[] = { (guint8) (g_bytes_get_size (bytes) >> 8), (guint8) g_bytes_get_size (bytes) };
  GByteArray *message = g_byte_array_new ();

  g_byte_array_append (message, header, 4);
  if (type == QS_TLS_CLIENT_HELLO || type == QS_TLS_SERVER_HELLO)
    g_byte_array_append (message, hello, sizeof hello);
  if (type == QS_TLS_CLIENT_HELLO)
    g_byte_array_append (message, client_suites, sizeof client_suites);
  if (type == QS_TLS_SERVER_HELLO)
    g_byte_array_append (message, server_suite, sizeof server_suite);
  if (type == QS_TLS_NEW_SESSION_TICKET)
    g_byte_array_append (message, ticket, sizeof ticket);
  if (type == QS_TLS_CERTIFICATE_REQUEST)
    g_byte_array_append (message, context, sizeof context);
  if (type == QS_TLS_CERTIFICATE)
    {
      guint8 entry[] = { 0, 0, 0, (guint8) (6 + g_bytes_get_size (bytes)), 0, 0, 1, 0xaa };
      g_byte_array_append (message, entry, sizeof entry);
    }
  g_byte_array_append (message, length, 2);
  g_byte_array_append (message, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
  message->data[0] = type;
  message->data[3] = (guint8) (message->len - 4);
  return g_byte_array_free_to_bytes (message);
}

/* Extensions that the handshakes of the corpus do not have, and a value that must be in the tree. */
static void
test_rare_extensions (void)
{
  static const struct {
    guint8 message;
    const char *extension;
    const char *value;
  } rows[] = {
    { QS_TLS_CLIENT_HELLO,
      "00290017"
      "0009000361626300000001"
      "000a"
      "0909080706050403020a",
      "61 62 63" },
    { QS_TLS_SERVER_HELLO,
      "00290002"
      "0003",
      "3" },
    { QS_TLS_NEW_SESSION_TICKET,
      "002a0004"
      "ffffffff",
      "4294967295" },
    { QS_TLS_CLIENT_HELLO, "002a0000", "empty" },
    { QS_TLS_SERVER_HELLO,
      "002c0004"
      "0002abcd",
      "ab cd" },
    { QS_TLS_CLIENT_HELLO,
      "001b0005"
      "0400010002",
      "0x0002 brotli" },
    { QS_TLS_CLIENT_HELLO,
      "001c0002"
      "4001",
      "16385" },
    { QS_TLS_CLIENT_HELLO,
      "00010001"
      "02",
      "0x02 1024" },
    { QS_TLS_CLIENT_HELLO,
      "00130003"
      "020200",
      "0x02 RawPublicKey" },
    { QS_TLS_ENCRYPTED_EXTENSIONS,
      "00140001"
      "02",
      "0x02 RawPublicKey" },
    { QS_TLS_CERTIFICATE,
      "00050005"
      "01000001cc",
      "cc" },
    { QS_TLS_CERTIFICATE,
      "00120005"
      "00030001bb",
      "bb" },
    { QS_TLS_CERTIFICATE_REQUEST,
      "002f0006"
      "000400023000",
      "30 00" },
    { QS_TLS_CLIENT_HELLO,
      "fe0d0011"
      "0000010001050002aabb0005deadbeef00",
      "de ad be ef 00" },
    { QS_TLS_CLIENT_HELLO,
      "fe0d0001"
      "01",
      "0x01 inner" },
    { QS_TLS_ENCRYPTED_EXTENSIONS,
      "fe0d0002"
      "abcd",
      "ab cd" },
    { QS_TLS_CLIENT_HELLO,
      "ff010001"
      "00",
      "empty" },
    { QS_TLS_CLIENT_HELLO, "2a2a0000", "empty" },
    { QS_TLS_CLIENT_HELLO,
      "77770004"
      "01020304",
      "01 02 03 04" },
    { QS_TLS_CLIENT_HELLO,
      "00390003"
      "010105",
      "5 ms" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = message_with (rows[i].message, rows[i].extension);
      g_autoptr (GError) error = NULL;
      g_test_message ("%s", rows[i].extension);
      g_autoptr (QsTlsMessage) message = qs_tls_message_parse (span_of (bytes), TRUE, &error);
      g_assert_no_error (error);
      g_autoptr (QsField) tree = qs_describe_tls_message (message);
      guint unexplained = 0;
      check_tree (tree, 0, g_bytes_get_size (bytes));
      count_unexplained (tree, &unexplained);
      /* The certificate in it is none. */
      g_assert_cmpuint (unexplained, ==, rows[i].message == QS_TLS_CERTIFICATE);
      g_assert_true (has_value (tree, rows[i].value));
    }
}

/* An extension that is wrong within its own bytes does not hide the rest of the message. */
static void
test_malformed_extension (void)
{
  static const char *const rows[] = { "002b0003"
                                      "ff0304",
                                      "00330004"
                                      "00ff001d",
                                      "00100003"
                                      "000205",
                                      "000a0003"
                                      "000103",
                                      "00390002"
                                      "0104" };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = message_with (QS_TLS_CLIENT_HELLO, rows[i]);
      g_autoptr (QsTlsMessage) message = qs_tls_message_parse (span_of (bytes), TRUE, NULL);
      g_autoptr (QsField) tree = qs_describe_tls_message (message);
      guint unexplained = 0;

      g_assert_null (qs_tls_message_dup_alpn (message));
      g_assert_null (qs_tls_message_dup_groups (message));
      g_assert_null (qs_tls_message_dup_key_shares (message));
      g_assert_null (qs_tls_message_dup_versions (message));
      check_tree (tree, 0, g_bytes_get_size (bytes));
      count_unexplained (tree, &unexplained);
      g_assert_cmpuint (unexplained, ==, 1);
    }
}

/* A ClientHello with a server name that wants to be markup and a terminal's escape sequence. */
static void
test_hostile_name (void)
{
  g_autoptr (GBytes) bytes = hex ("01000044"
                                  "0303"
                                  "0000000000000000000000000000000000000000000000000000000000000000"
                                  "00"
                                  "00021301"
                                  "0100"
                                  "0019"
                                  "00000015"
                                  "0013"
                                  "000010"
                                  "1b5b33316d3c623e5c00e280aeff6162");
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTlsMessage) message = qs_tls_message_parse (span_of (bytes), TRUE, &error);
  g_assert_no_error (error);
  g_autofree char *name = qs_tls_message_dup_server_name (message);
  g_assert_cmpstr (name, ==, "\\x1b[31m<b>\\\\\\x00\\u{202e}\\xffab");
  g_autoptr (QsField) tree = qs_describe_tls_message (message);
  g_assert_true (has_value (tree, name));
}

static void
test_broken (void)
{
  static const struct {
    const char *bytes;
    gint code;
  } rows[] = {
    { "18000001"
      "02",
      QS_ERROR_PARSE }, /* KeyUpdate of 2 */
    { "18000002"
      "0000",
      QS_ERROR_PARSE },                 /* a byte too many */
    { "18000000", QS_ERROR_TRUNCATED }, /* a byte too few */
    { "0e000001"
      "00",
      QS_ERROR_PARSE }, /* ServerHelloDone has no body */
    { "08000006"
      "0004"
      "002b0001",
      QS_ERROR_TRUNCATED }, /* an extension that ends in the void */
    { "08000002"
      "0004",
      QS_ERROR_TRUNCATED },
    { "0b000007"
      "00"
      "ffffff"
      "000000",
      QS_ERROR_TRUNCATED }, /* a list of 16 MiB */
    { "0bffffff"
      "00",
      QS_ERROR_TRUNCATED },
    { "01000027"
      "0303"
      "0000000000000000000000000000000000000000000000000000000000000000"
      "00"
      "0000"
      "0100",
      QS_ERROR_PARSE },
    { "01000028"
      "0303"
      "0000000000000000000000000000000000000000000000000000000000000000"
      "00"
      "000113"
      "0100",
      QS_ERROR_PARSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = hex (rows[i].bytes);
      g_autoptr (GError) error = NULL;
      g_test_message ("%s", rows[i].bytes);
      g_assert_null (qs_tls_message_parse (span_of (bytes), TRUE, &error));
      g_assert_error (error, QS_ERROR, rows[i].code);
    }
}

/* Messages that the handshakes of the corpus do not have. */
static void
test_rare_messages (void)
{
  static const struct {
    const char *bytes;
    const char *title;
    const char *value;
  } rows[] = {
    { "16000006"
      "01"
      "000002"
      "abcd",
      "CertificateStatus", "ab cd" },
    { "1900000a"
      "0002"
      "000bb8"
      "000002"
      "abcd",
      "CompressedCertificate", "0x0002 brotli" },
    { "18000001"
      "01",
      "KeyUpdate", "0x01 update_requested" },
    { "05000000", "EndOfEarlyData", "4 bytes" },
    { "00000000", "HelloRequest", "4 bytes" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = hex (rows[i].bytes);
      g_autoptr (GError) error = NULL;
      g_autoptr (QsTlsMessage) message = qs_tls_message_parse (span_of (bytes), TRUE, &error);
      guint unexplained = 0;

      g_assert_no_error (error);
      g_assert_cmpstr (qs_tls_message_name (message), ==, rows[i].title);
      g_autoptr (QsField) tree = qs_describe_tls_message (message);
      check_tree (tree, 0, g_bytes_get_size (bytes));
      count_unexplained (tree, &unexplained);
      g_assert_cmpuint (unexplained, ==, 0);
      g_assert_true (has_value (tree, rows[i].value));
    }
}

/* An unknown message is kept whole, and bytes behind a message are not its own. */
static void
test_unknown (void)
{
  g_autoptr (GBytes) bytes = hex ("77000002"
                                  "abcd"
                                  "ff");
  g_autoptr (QsTlsMessage) message = qs_tls_message_parse (span_of (bytes), TRUE, NULL);

  g_assert_cmpuint (message->bytes.length, ==, 6);
  g_assert_cmpstr (qs_tls_message_name (message), ==, "unknown");
  g_autoptr (QsField) tree = qs_describe_tls_message (message);
  check_tree (tree, 0, 6);
}

static void
test_records (void)
{
  g_autoptr (GBytes) bytes = hex ("1503030002"
                                  "0250"
                                  "1403030001"
                                  "01"
                                  "1603010004"
                                  "0e000000"
                                  "17030300");
  g_autoptr (GError) error = NULL;
  static const guint8 types[] = { 21, 20, 22 };
  QsTlsRecord record;
  gsize at = 0;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      guint32 start = (guint32) at;
      g_assert_true (qs_tls_record_parse (span_of (bytes), &at, &record, &error));
      g_assert_cmpint (record.content_type, ==, types[i]);
      g_assert_cmpuint (record.offset, ==, start);
    }
  g_assert_cmphex (record.version, ==, 0x0301);
  g_assert_cmpuint (record.fragment.length, ==, 4);
  gsize before = at;
  g_assert_false (qs_tls_record_parse (span_of (bytes), &at, &record, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_TRUNCATED);
  g_assert_cmpuint (at, ==, before);
}

/* What a server says that does not speak TLS is known for that at its first byte. */
static void
test_not_records (void)
{
  static const char *const rows[] = { "48", "485454502f312e31203430", "1602", "16030148ff", "ff" };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = hex (rows[i]);
      g_autoptr (GError) error = NULL;
      QsTlsRecord record;
      gsize at = 0;
      g_assert_false (qs_tls_record_parse (span_of (bytes), &at, &record, &error));
      g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
    }
}

/* 60,000 bytes of the smallest items: neither slow nor a tree without end. */
static void
test_many_items (void)
{
  gsize length = 4 + 2 + 32 + 1 + 2 + 60000 + 2;
  g_autofree guint8 *bytes = g_malloc0 (length);
  gint64 start = cpu_time ();

  bytes[0] = 1;
  bytes[2] = (guint8) ((length - 4) >> 8);
  bytes[3] = (guint8) (length - 4);
  bytes[39] = 60000 >> 8;
  bytes[40] = 60000 & 0xff;
  bytes[length - 2] = 1;
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTlsMessage) message = qs_tls_message_parse (QS_SPAN (bytes, length), TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (message->cipher_suites->len, ==, 30000);
  g_autoptr (QsField) tree = qs_describe_tls_message (message);
  g_assert_cmpuint (check_tree (tree, 0, length), <, 21000);
  g_assert_cmpint (cpu_time () - start, <, 2 * G_USEC_PER_SEC);
}

/* --- RFC 8879 --- */

/* The body of a Certificate as a CompressedCertificate that claims a length. */
static GByteArray *
compress_body (guint algorithm, QsSpan body, guint claim)
{
  GByteArray *out = g_byte_array_new ();
  gsize n = body.length + 1024;
  g_autofree guint8 *packed = g_malloc (n);
  uLongf n_zlib = n;

  if (algorithm == QS_COMPRESSION_ZLIB)
    {
      g_assert_cmpint (compress2 (packed, &n_zlib, body.data, body.length, 9), ==, Z_OK);
      n = n_zlib;
    }
  else if (algorithm == QS_COMPRESSION_BROTLI)
    g_assert_cmpint (BrotliEncoderCompress (5, 18, BROTLI_MODE_GENERIC, body.length, body.data, &n, packed), ==,
                     BROTLI_TRUE);
  else
    n = ZSTD_compress (packed, n, body.data, body.length, 3);
  gsize length = 2 + 3 + 3 + n;
  const guint8 head[] = { QS_TLS_COMPRESSED_CERTIFICATE,
                          (guint8) (length >> 16),
                          (guint8) (length >> 8),
                          (guint8) length,
                          0,
                          (guint8) algorithm,
                          (guint8) (claim >> 16),
                          (guint8) (claim >> 8),
                          (guint8) claim,
                          (guint8) (n >> 16),
                          (guint8) (n >> 8),
                          (guint8) n };
  g_byte_array_append (out, head, sizeof head);
  g_byte_array_append (out, packed, (guint) n);
  return out;
}

static void
test_compressed (void)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (QsTlsMessage) plain = parse ("tls13-03-Certificate", &bytes);

  for (guint algorithm = QS_COMPRESSION_ZLIB; algorithm <= QS_COMPRESSION_ZSTD; algorithm++)
    {
      g_autoptr (GByteArray) packed = compress_body (algorithm, plain->body, (guint) plain->body.length);
      QsSpan span = QS_SPAN (packed->data, packed->len);
      g_autoptr (QsTlsMessage) message = qs_tls_message_parse (span, TRUE, NULL);
      g_autoptr (QsField) field = qs_describe_tls_message (message);

      g_assert_nonnull (message->uncompressed);
      g_assert_cmpuint (message->certificates->len, ==, plain->certificates->len);
      for (guint i = 0; i < plain->certificates->len; i++)
        g_assert_true (g_bytes_equal (message->certificates->pdata[i], plain->certificates->pdata[i]));
      g_assert_cmpuint (check_tree (field, 0, packed->len), >, 20);

      /* One byte more or less than it says, or cut: a message of which nothing more is known. */
      for (int off = -1; off <= 1; off += 2)
        {
          g_autoptr (GByteArray) lie = compress_body (algorithm, plain->body, (guint) ((int) plain->body.length + off));
          g_autoptr (QsTlsMessage) closed = qs_tls_message_parse (QS_SPAN (lie->data, lie->len), TRUE, NULL);

          g_assert_nonnull (closed);
          g_assert_null (closed->uncompressed);
          g_assert_null (closed->certificates);
        }
      g_assert_null (
          qs_decompress (algorithm, QS_SPAN (packed->data + 12, packed->len - 13), plain->body.length, NULL));
    }
}

/* What would fill the memory is not made: neither by its claim, nor against it. */
static void
test_compressed_bound (void)
{
  gsize big = QS_DECOMPRESSED_MAX;
  g_autofree guint8 *zeros = g_malloc0 (big + 1);
  g_autoptr (GError) error = NULL;

  for (guint algorithm = QS_COMPRESSION_ZLIB; algorithm <= QS_COMPRESSION_ZSTD; algorithm++)
    {
      for (guint over = 0; over < 2; over++)
        {
          g_autoptr (GByteArray) packed = compress_body (algorithm, QS_SPAN (zeros, big + over), 0);
          QsSpan span = QS_SPAN (packed->data + 12, packed->len - 12);
          g_autoptr (GBytes) out = qs_decompress (algorithm, span, big + over, NULL);
          g_autoptr (GBytes) small = qs_decompress (algorithm, span, 100, NULL);

          g_assert_cmpint (out != NULL, ==, !over);
          g_assert_null (small);
        }
    }
  g_assert_null (qs_decompress (4, QS_SPAN ("x", 1), 10, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED);
  g_assert_null (qs_decompress (1, QS_SPAN ("x", 1), 0, NULL));
  g_assert_null (qs_decompress (1, QS_SPAN_NONE, 10, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/tls/client-hello", test_client_hello);
  g_test_add_func ("/wire/tls/server-hello", test_server_hello);
  g_test_add_func ("/wire/tls/hello-retry", test_hello_retry);
  g_test_add_func ("/wire/tls/encrypted-extensions", test_encrypted_extensions);
  g_test_add_func ("/wire/tls/certificate", test_certificate);
  g_test_add_func ("/wire/tls/certificate-shapes", test_certificate_shapes);
  g_test_add_func ("/wire/tls/certificate-verify", test_certificate_verify);
  g_test_add_func ("/wire/tls/corpus", test_corpus);
  g_test_add_func ("/wire/tls/rare-extensions", test_rare_extensions);
  g_test_add_func ("/wire/tls/malformed-extension", test_malformed_extension);
  g_test_add_func ("/wire/tls/hostile-name", test_hostile_name);
  g_test_add_func ("/wire/tls/broken", test_broken);
  g_test_add_func ("/wire/tls/rare-messages", test_rare_messages);
  g_test_add_func ("/wire/tls/unknown", test_unknown);
  g_test_add_func ("/wire/tls/records", test_records);
  g_test_add_func ("/wire/tls/not-records", test_not_records);
  g_test_add_func ("/wire/tls/compressed", test_compressed);
  g_test_add_func ("/wire/tls/compressed-bound", test_compressed_bound);
  g_test_add_func ("/wire/tls/many-items", test_many_items);
  return g_test_run ();
}
