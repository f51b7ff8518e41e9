/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever there is a row for in a table of the decoders, the inspector has a sentence on it and names where it is defined, down
 * to the last field: check_tree() fails on one without. The rows are found by asking for every number; what stands in them is
 * made up here, well-formed or not, as a broken one must be explained too. */
#include "check-tree.h"
#include "wire-kit.h"
#include "wire/qs-describe.h"
#include "wire/qs-http3.h"
#include "wire/qs-names.h"
#include "wire/qs-tls-extensions.h"
#include "wire/qs-transport-parameters.h"

/* Contents that fit many forms: numbers, vectors of one to three bytes of length, lists of them, text. */
static const char *const contents[] = {
  "",
  "00",
  "01",
  "0001",
  "00000000000000000000000000000000",
  "01010101010101010101010101010101010101010101010101010101010101010101010101010101",
  "0a00020102000101000000",
  "020304",
  "03020304",
  "04030403040a0a",
  "000403040a0a",
  "001d0002abcd",
  "0006001d0002abcd",
  "000e00000b6578616d706c652e6e6574",
  "000302683302683400",
  "000c0006aabbccddeeff0000000100211f0011223344556677889900aabbccddeeff0011223344556677889900112233445566778899",
  "0005010203040500030201020000",
  "010000000000",
  "0100000401020304",
  "000001000102000420aabbccdd0002eeff",
  "000000050002050403",
  "00000001",
  "400100000000ff",
};

static GBytes *
join (GByteArray *head, const char *tail)
{
  g_autoptr (GBytes) rest = hex (tail);

  g_byte_array_append (head, g_bytes_get_data (rest, NULL), (guint) g_bytes_get_size (rest));
  g_autoptr (GBytes) all = g_byte_array_free_to_bytes (head);
  return g_bytes_new (g_bytes_get_data (all, NULL), g_bytes_get_size (all)); /* not a byte more is allocated */
}

static void
put_number (GByteArray *out, guint64 value, guint n_bytes)
{
  while (n_bytes-- > 0)
    {
      guint8 byte = (guint8) (value >> (n_bytes * 8));
      g_byte_array_append (out, &byte, 1);
    }
}

static void
put_varint (GByteArray *out, guint64 value)
{
  if (value < 64)
    put_number (out, value, 1);
  else if (value < 1 << 14)
    put_number (out, value | 1 << 14, 2);
  else
    put_number (out, value | G_GUINT64_CONSTANT (3) << 62, 8);
}

/* How many frames of this type could be read. */
static guint
check_frames (guint64 type)
{
  guint n_good = 0;

  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      GByteArray *head = g_byte_array_new ();
      put_varint (head, type);
      g_autoptr (GBytes) bytes = join (head, contents[i]);
      QsSpan payload = span_of (bytes);
      QsFrame frame;
      gsize at = 0;

      gboolean good = qs_frame_parse (payload, &at, &frame, NULL);
      g_autoptr (QsField) tree = good ? qs_describe_frame (&frame, payload) : qs_describe_unread_frames (payload, 0);
      check_tree (tree, 0, payload.length);
      n_good += good;
    }
  return n_good;
}

static void
test_frames (void)
{
  guint n_types = 0;

  for (guint64 type = 0; type < 0x100; type++)
    {
      gboolean known = qs_frame_is_known (type);
      guint n_good = check_frames (type);
      g_test_message ("0x%02x %s: %u", (guint) type, qs_frame_type_name (type), n_good);
      g_assert_true (known == (n_good > 0));
      n_types += known;
    }
  g_assert_cmpuint (n_types, ==, 0x1e + 1 + 2 + 3 + 2); /* RFC 9000's, RFC 9221's, the drafts', PATH_ACK */
  for (guint64 type = 0x3e75; type <= 0x3e7c; type++)
    g_assert_cmpuint (check_frames (type), >, 0);
  g_assert_cmpuint (check_frames (0x3e74), ==, 0);
  g_assert_cmpuint (check_frames (0x3e7d), ==, 0);
}

static void
check_parameter (guint64 id)
{
  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      GByteArray *head = g_byte_array_new ();
      put_varint (head, id);
      put_varint (head, strlen (contents[i]) / 2);
      g_autoptr (GBytes) bytes = join (head, contents[i]);
      g_autoptr (QsField) tree = qs_describe_transport_parameters (span_of (bytes), QS_FIELD_IN_MESSAGE, 0);
      g_assert_cmpuint (check_tree (tree, 0, g_bytes_get_size (bytes)), >, 2);
    }
}

static void
test_transport_parameters (void)
{
  guint n_infos;
  const QsTransportParameterInfo *infos = qs_transport_parameter_infos (&n_infos);

  g_assert_cmpuint (n_infos, >, 17);
  for (guint i = 0; i < n_infos; i++)
    {
      g_test_message ("%s", infos[i].name);
      check_parameter (infos[i].id);
    }
  check_parameter (27); /* GREASE */
  check_parameter (0x1234567);
}

/* A message of this type with one extension in the block that its type has, or with these contents alone. */
static void
check_message (guint8 type, const char *before, gint extension, const char *content)
{
  GByteArray *body = g_byte_array_new ();
  g_autoptr (GBytes) start = hex (before);
  g_byte_array_append (body, g_bytes_get_data (start, NULL), (guint) g_bytes_get_size (start));
  if (extension >= 0)
    {
      guint length = (guint) strlen (content) / 2;
      put_number (body, length + 4, 2);
      put_number (body, (guint) extension, 2);
      put_number (body, length, 2);
    }
  g_autoptr (GBytes) rest = join (body, content);

  GByteArray *message = g_byte_array_new ();
  put_number (message, type, 1);
  put_number (message, g_bytes_get_size (rest), 3);
  g_byte_array_append (message, g_bytes_get_data (rest, NULL), (guint) g_bytes_get_size (rest));
  g_autoptr (GBytes) bytes = join (message, "");

  for (guint tls13 = 0; tls13 < 2; tls13++)
    {
      g_autoptr (QsTlsMessage) parsed = qs_tls_message_parse (span_of (bytes), tls13, NULL);
      if (parsed == NULL) /* too broken to be shown as a message */
        continue;
      g_autoptr (QsField) tree = qs_describe_tls_message (parsed);
      check_tree (tree, 0, g_bytes_get_size (bytes));
    }
}

#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define RETRY_RANDOM "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c" /* RFC 9846 section 4.2.3 */

static void
test_extensions (void)
{
  /* What stands before the extensions. */
  static const struct {
    guint8 type;
    const char *before;
  } places[] = {
    { QS_TLS_CLIENT_HELLO, "0303" RANDOM "00"
                           "00041301aaaa"
                           "0100" },
    { QS_TLS_SERVER_HELLO, "0303" RANDOM "00"
                           "1301"
                           "00" },
    { QS_TLS_SERVER_HELLO, "0303" RETRY_RANDOM "00"
                           "1301"
                           "00" },
    { QS_TLS_ENCRYPTED_EXTENSIONS, "" },
    { QS_TLS_CERTIFICATE_REQUEST, "00" },
    { QS_TLS_NEW_SESSION_TICKET, "00000e10"
                                 "01020304"
                                 "0101"
                                 "0002aabb" },
  };
  guint n_named = 0;

  for (guint type = 0; type <= G_MAXUINT16; type++)
    {
      if (qs_tls_extension_name ((guint16) type) == NULL && type != 0x1234)
        continue;
      n_named++;
      for (guint i = 0; i < G_N_ELEMENTS (places); i++)
        for (guint j = 0; j < G_N_ELEMENTS (contents); j++)
          check_message (places[i].type, places[i].before, (gint) type, contents[j]);
    }
  g_assert_cmpuint (n_named, >, 50);
}

static void
test_messages (void)
{
  for (guint type = 0; type < 256; type++)
    for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
      check_message ((guint8) type, "", -1, contents[i]);
}

static void
test_alerts (void)
{
  for (guint alert = 0; alert < 256; alert++)
    {
      g_autoptr (QsField) tree = qs_describe_alert (alert % 3, (guint8) alert, 0);
      check_tree (tree, 0, 2);
    }
}

static void
check_http3_frame (guint64 type, const char *content)
{
  GByteArray *head = g_byte_array_new ();
  put_varint (head, type);
  put_varint (head, strlen (content) / 2);
  g_autoptr (GBytes) bytes = join (head, content);
  QsHttp3Frame frame;
  gsize at = 0;

  g_assert_true (qs_http3_frame_parse (span_of (bytes), &at, &frame, NULL));
  g_autoptr (QsField) tree = qs_describe_http3_frame (&frame, span_of (bytes), QS_FIELD_IN_PAYLOAD, 0, NULL);
  check_tree (tree, 0, g_bytes_get_size (bytes));
}

static void
check_http3_stream (guint64 type, const char *content)
{
  GByteArray *head = g_byte_array_new ();
  put_varint (head, type);
  g_autoptr (GBytes) bytes = join (head, content);
  g_autoptr (QsField) tree = qs_describe_http3_stream (span_of (bytes), TRUE, QS_FIELD_IN_PAYLOAD, 0);
  check_tree (tree, 0, g_bytes_get_size (bytes));
  g_autoptr (QsField) start = qs_describe_http3_stream_type (span_of (bytes), QS_FIELD_IN_PAYLOAD, 0);
  check_tree (start, 0, g_bytes_get_size (bytes));
}

static void
test_http3 (void)
{
  for (guint64 type = 0; type < 0x100; type++)
    for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
      {
        check_http3_frame (type, contents[i]);
        check_http3_stream (type, contents[i]);
      }
  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      check_http3_frame (QS_HTTP3_PRIORITY_UPDATE_REQUEST, contents[i]);
      check_http3_frame (QS_HTTP3_PRIORITY_UPDATE_PUSH, contents[i]);
    }

  guint n_named = 0;
  for (guint64 id = 0; id < 1 << 14; id++)
    {
      GByteArray *setting = g_byte_array_new ();
      put_varint (setting, id);
      put_varint (setting, 1);
      g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (setting);
      g_autofree char *digits = qs_span_to_hex (span_of (bytes));
      check_http3_frame (QS_HTTP3_SETTINGS, digits);
      n_named += qs_http3_setting_name (id) != NULL;
    }
  g_assert_cmpuint (n_named, >, 5);
}

/* Each first byte is an instruction or a field line of its own kind. */
static void
test_qpack (void)
{
  for (guint first = 0; first < 256; first++)
    for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
      {
        GByteArray *head = g_byte_array_new ();
        put_number (head, first, 1);
        g_autoptr (GBytes) bytes = join (head, contents[i]);
        for (guint encoder = 0; encoder < 2; encoder++)
          {
            g_autoptr (QsField) tree = qs_describe_qpack_instruction (span_of (bytes), encoder, QS_FIELD_IN_PAYLOAD, 0);
            check_tree (tree, 0, g_bytes_get_size (bytes));
          }
        g_autofree char *digits = qs_span_to_hex (span_of (bytes));
        g_autofree char *section = g_strconcat ("0000", digits, NULL);
        check_http3_frame (QS_HTTP3_HEADERS, section);
      }
}

/* Every first byte of a packet, in each version. */
static void
test_packets (void)
{
  static const char *const rest[] = {
    "000000010411223344021122024142400411223344556677889900112233445566778899",
    "6b3343cf0011041122334400400411223344556677889900112233445566778899aabbccdd",
    "00000000041122334402112200000001"
    "6b3343cf"
    "0a0a0a0a",
    "0a1a2a3a04112233440211220011223344556677889900112233445566778899",
    "112233445566778899001122334455667788990011223344556677889900",
  };

  for (guint first = 0; first < 256; first++)
    for (guint i = 0; i < G_N_ELEMENTS (rest); i++)
      {
        GByteArray *head = g_byte_array_new ();
        put_number (head, first, 1);
        g_autoptr (GBytes) bytes = join (head, rest[i]);
        QsPacketHeader header;
        if (!qs_packet_header_parse (span_of (bytes), 4, &header, NULL))
          continue;
        QsSpan packet = QS_SPAN (span_of (bytes).data, header.length);
        const QsOpenedHeader opened = { 7, 2, TRUE };
        g_autoptr (QsField) tree = qs_describe_packet_header (&header, NULL, packet, 0);
        check_tree (tree, 0, packet.length);
        g_autoptr (QsField) open = qs_describe_packet_header (&header, &opened, packet, 0);
        check_tree (open, 0, packet.length);
        header.type = QS_PACKET_STATELESS_RESET;
        g_autoptr (QsField) reset = qs_describe_packet_header (&header, NULL, packet, 0);
        check_tree (reset, 0, packet.length);
      }
}

/* All real bytes that the fuzz targets begin with: certificates and their extensions above all. */
static void
test_certificates (void)
{
  g_autofree char *folder = g_build_filename (g_getenv ("QS_SRCDIR"), "tests", "fuzz", "corpus", "certificate", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n_fields = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autoptr (GBytes) der = corpus ("certificate", name);
      g_autoptr (QsField) tree = qs_describe_certificate (span_of (der), QS_FIELD_IN_MESSAGE, 0);
      g_test_message ("%s", name);
      n_fields += check_tree (tree, 0, g_bytes_get_size (der));
    }
  g_assert_cmpuint (n_fields, >, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/explained/packets", test_packets);
  g_test_add_func ("/wire/explained/frames", test_frames);
  g_test_add_func ("/wire/explained/transport-parameters", test_transport_parameters);
  g_test_add_func ("/wire/explained/messages", test_messages);
  g_test_add_func ("/wire/explained/extensions", test_extensions);
  g_test_add_func ("/wire/explained/alerts", test_alerts);
  g_test_add_func ("/wire/explained/http3", test_http3);
  g_test_add_func ("/wire/explained/qpack", test_qpack);
  g_test_add_func ("/wire/explained/certificates", test_certificates);
  return g_test_run ();
}
