/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check-tree.h"
#include "wire-kit.h"
#include "wire/qs-describe.h"
#include "wire/qs-http3.h"
#include "wire/qs-qpack.h"

static const QsField *
find (const QsField *field, const char *name)
{
  if (g_str_equal (field->name, name))
    return field;
  for (guint i = 0; field->children != NULL && i < field->children->len; i++)
    {
      const QsField *found = find (g_ptr_array_index (field->children, i), name);
      if (found != NULL)
        return found;
    }
  return NULL;
}

static void
assert_field (const QsField *tree, const char *name, const char *value, guint offset, guint length)
{
  const QsField *field = find (tree, name);

  g_test_message ("%s", name);
  g_assert_nonnull (field);
  g_assert_cmpstr (field->value, ==, value);
  g_assert_cmpuint (field->offset, ==, offset);
  g_assert_cmpuint (field->length, ==, length);
}

static QsField *
describe_packet (const char *name, gsize offset)
{
  g_autoptr (GBytes) bytes = corpus ("packet", name);
  QsSpan packet = QS_SPAN (span_of (bytes).data + 1, span_of (bytes).length - 1);
  QsPacketHeader header;

  g_assert_true (qs_packet_header_parse (packet, span_of (bytes).data[0], &header, NULL));
  QsField *tree = qs_describe_packet_header (&header, NULL, packet, offset);
  check_tree (tree, offset, offset + packet.length);
  g_assert_nonnull (tree->meaning);
  return tree;
}

/* The children of a header follow each other without a gap, to the packet's last byte. */
static void
assert_gapless (const QsField *tree)
{
  guint32 at = tree->offset;

  for (guint i = 0; i < tree->children->len; i++)
    {
      const QsField *child = g_ptr_array_index (tree->children, i);
      g_assert_cmpuint (child->offset, ==, at);
      g_assert_cmpuint (child->length, >, 0);
      at += child->length;
    }
  g_assert_cmpuint (at, ==, tree->offset + tree->length);
}

static void
test_packets (void)
{
  static const char *const names[] = { "rfc9001-server-initial", "rfc9001-retry",   "rfc9001-chacha20",
                                       "rfc9369-server-initial", "rfc9369-retry",   "rfc9369-short",
                                       "version-negotiation",    "unknown-version", "coalesced" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (QsField) tree = describe_packet (names[i], 50);
      assert_gapless (tree);
    }

  g_autoptr (QsField) initial = describe_packet ("rfc9001-server-initial", 0);
  g_assert_cmpstr (initial->name, ==, "Initial packet");
  assert_field (initial, "Header Form", "1", 0, 1);
  assert_field (initial, "Version", "0x00000001 (1)", 1, 4);
  assert_field (initial, "Destination Connection ID Length", "0", 5, 1);
  assert_field (initial, "Source Connection ID", "f0 67 a5 50 2a 42 62 b5", 7, 8);
  assert_field (initial, "Token Length", "0", 15, 1);
  assert_field (initial, "Length", "117", 16, 2);

  g_autoptr (QsField) retry = describe_packet ("rfc9369-retry", 10);
  assert_field (retry, "Retry Token", "74 6f 6b 65 6e", 25, 5);
  assert_field (retry, "Retry Integrity Tag", "c8 64 6c e8 bf e3 39 52 d9 55 54 36 65 dc c7 b6", 30, 16);

  g_autoptr (QsField) versions = describe_packet ("version-negotiation", 0);
  assert_field (versions, "Supported Version", "0x00000001 (1)", 19, 4);
}

/* What is known once header protection is off: RFC 9001 appendix A.3, and the short header of A.5. */
static void
test_opened (void)
{
  g_autoptr (GBytes) bytes = corpus ("packet", "rfc9001-server-initial");
  QsSpan packet = QS_SPAN (span_of (bytes).data + 1, span_of (bytes).length - 1);
  QsOpenedHeader opened = { .number = 1, .number_length = 2 };
  QsPacketHeader header;

  g_assert_true (qs_packet_header_parse (packet, 0, &header, NULL));
  g_autoptr (QsField) initial = qs_describe_packet_header (&header, &opened, packet, 0);
  check_tree (initial, 0, packet.length);
  assert_gapless (initial);
  assert_field (initial, "Packet Number", "1 (c0 d9)", 18, 2);
  assert_field (initial, "Packet Number Length", "2", 0, 1);
  assert_field (initial, "Authentication Tag", "3d 20 39 8c 27 64 56 cb c4 21 58 40 7d d0 74 ee", 119, 16);
  g_assert_null (find (initial, "Key Phase"));
  g_assert_nonnull (find (initial, "Protected Payload"));

  g_autoptr (GBytes) short_bytes = corpus ("packet", "rfc9001-chacha20");
  packet = QS_SPAN (span_of (short_bytes).data + 1, span_of (short_bytes).length - 1);
  opened = (QsOpenedHeader){ .number = 654360564, .number_length = 3 };
  g_assert_true (qs_packet_header_parse (packet, 0, &header, NULL));
  g_autoptr (QsField) one_rtt = qs_describe_packet_header (&header, &opened, packet, 0);
  assert_gapless (one_rtt);
  assert_field (one_rtt, "Packet Number", "654360564 (fe 41 89)", 1, 3);
  assert_field (one_rtt, "Protected Payload", "65", 4, 1);
  assert_field (one_rtt, "Key Phase", "0", 0, 1);

  /* What cannot be is shown as if it were closed. */
  opened.number_length = 4;
  QsSpan less = QS_SPAN (packet.data, 20);
  header.length = 20;
  g_autoptr (QsField) closed = qs_describe_packet_header (&header, &opened, less, 0);
  g_assert_null (find (closed, "Packet Number"));
  assert_gapless (closed);
}

static void
test_other_packets (void)
{
  g_autoptr (GBytes) bytes = hex ("4011223344556677889900112233445566778899aabbccddeeff");
  QsPacketHeader header = { .type = QS_PACKET_STATELESS_RESET, .length = (guint32) g_bytes_get_size (bytes) };
  g_autoptr (QsField) reset = qs_describe_packet_header (&header, NULL, span_of (bytes), 0);
  assert_field (reset, "Stateless Reset Token", "00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff", 10, 16);
  assert_gapless (reset);

  g_autoptr (GBytes) short_bytes = hex ("401122");
  header.length = 3;
  g_autoptr (QsField) short_reset = qs_describe_packet_header (&header, NULL, span_of (short_bytes), 0);
  check_tree (short_reset, 0, 3);

  g_autoptr (GBytes) record_bytes = hex ("16030100040e000000");
  header = (QsPacketHeader){ .type = QS_PACKET_TLS_RECORD };
  g_autoptr (QsField) record = qs_describe_packet_header (&header, NULL, span_of (record_bytes), 7);
  assert_field (record, "Content Type", "0x16 handshake", 7, 1);
  assert_field (record, "Fragment", "0e 00 00 00", 12, 4);
  assert_gapless (record);
}

static void
test_frame (void)
{
  g_autoptr (GBytes) bytes = hex ("01"
                                  "0a440002"
                                  "6869"
                                  "0240640002"
                                  "0a"
                                  "0503"
                                  "00404e");
  QsSpan payload = span_of (bytes);
  QsFrame frame;
  gsize at = 1;

  g_assert_true (qs_frame_parse (payload, &at, &frame, NULL));
  g_autoptr (QsField) stream = qs_describe_frame (&frame, payload);
  assert_field (stream, "Type", "0x0a STREAM", 1, 1);
  assert_field (stream, "Stream ID", "1024 (opened by the client, bidirectional)", 2, 2);
  assert_field (stream, "Stream Data", "68 69", 5, 2);
  assert_gapless (stream);

  g_assert_true (qs_frame_parse (payload, &at, &frame, NULL));
  g_autoptr (QsField) ack = qs_describe_frame (&frame, payload);
  assert_field (ack, "Largest Acknowledged", "100", 8, 2);
  assert_field (ack, "ACK Range", "80–83", 13, 2);
  assert_gapless (ack);
}

static void
test_alert (void)
{
  g_autoptr (QsField) alert = qs_describe_alert (2, 120, 5);

  g_assert_cmpstr (alert->value, ==, "no_application_protocol");
  assert_field (alert, "Level", "2 fatal", 5, 1);
  assert_field (alert, "Description", "120 no_application_protocol", 6, 1);
  check_tree (alert, 5, 7);
  g_autoptr (QsField) unknown = qs_describe_alert (9, 200, 0);
  g_assert_nonnull (unknown->meaning);
}

static void
test_http3 (void)
{
  g_autoptr (GBytes) control = corpus ("http3", "control");
  QsSpan stream = QS_SPAN (span_of (control).data + 1, span_of (control).length - 1);
  g_autoptr (QsField) tree = qs_describe_http3_stream (stream, TRUE, QS_FIELD_IN_PAYLOAD, 0);

  check_tree (tree, 0, stream.length);
  g_assert_cmpstr (tree->value, ==, "control");
  assert_field (tree, "SETTINGS_QPACK_MAX_TABLE_CAPACITY", "100", 3, 3);
  assert_field (tree, "SETTINGS_H3_DATAGRAM", "1", 13, 2);
  assert_gapless (tree);

  QsHttp3Frame frame;
  gsize at = 1;
  g_assert_true (qs_http3_frame_parse (stream, &at, &frame, NULL));
  g_assert_true (frame.complete);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) settings = qs_http3_settings_parse (frame.payload, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (settings->len, ==, 6);
  g_assert_cmpuint (g_array_index (settings, QsHttp3Setting, 1).id, ==, 6);

  g_assert_true (qs_http3_frame_parse (stream, &at, &frame, NULL));
  g_autofree char *text = qs_http3_frame_describe (&frame);
  g_assert_cmpstr (text, ==, "GOAWAY 4");
  g_autoptr (QsField) goaway = qs_describe_http3_frame (&frame, stream, QS_FIELD_IN_PAYLOAD, 100, NULL);
  g_assert_cmpuint (goaway->offset, ==, 100 + frame.offset);
  assert_gapless (goaway);
}

/* A frame whose end has not arrived yet is no error; a header that has not is. */
static void
test_http3_partial (void)
{
  g_autoptr (GBytes) bytes = hex ("00c0000000ffffffff0102");
  g_autoptr (GError) error = NULL;
  QsHttp3Frame frame;
  gsize at = 0;

  g_assert_true (qs_http3_frame_parse (span_of (bytes), &at, &frame, &error));
  g_assert_false (frame.complete);
  g_assert_cmpuint (frame.length, ==, 0xffffffff);
  g_assert_cmpuint (frame.payload.length, ==, 2);
  g_assert_cmpuint (at, ==, g_bytes_get_size (bytes));
  for (gsize length = 0; length < 9; length++)
    {
      g_autoptr (GBytes) less = cut (span_of (bytes), length);
      at = 0;
      g_assert_false (qs_http3_frame_parse (span_of (less), &at, &frame, NULL));
    }

  g_autoptr (GBytes) twice = hex ("0105"
                                  "0601"
                                  "0106");
  g_assert_null (qs_http3_settings_parse (span_of (twice), &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
  g_clear_error (&error);
  g_autoptr (GBytes) half = hex ("0105"
                                 "06");
  g_assert_null (qs_http3_settings_parse (span_of (half), &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_TRUNCATED);
}

static void
assert_all_explained (const QsField *field)
{
  g_assert_nonnull (field->meaning);
  g_assert_nonnull (field->reference);
  g_assert_cmpstr (field->name, !=, "Malformed");
  g_assert_cmpstr (field->name, !=, "Trailing bytes");
  for (guint i = 0; field->children != NULL && i < field->children->len; i++)
    assert_all_explained (g_ptr_array_index (field->children, i));
}

static void
test_certificate (void)
{
  g_autoptr (GBytes) der = corpus ("certificate", "ec-many-extensions");
  g_autoptr (QsField) tree = qs_describe_certificate (span_of (der), QS_FIELD_IN_MESSAGE, 40);

  check_tree (tree, 40, 40 + g_bytes_get_size (der));
  assert_all_explained (tree);
  g_assert_cmpstr (find (tree, "Version")->value, ==, "2");
  g_assert_nonnull (find (tree, "Subject Alternative Name"));
  g_assert_nonnull (find (tree, "Not After"));
  /* The contents start behind the outermost header of four bytes. */
  g_assert_cmpuint (find (tree, "TBS Certificate")->offset, ==, 44);
  g_assert_true (g_str_has_suffix (find (tree, "Not After")->value, " UTC"));

  /* However it is cut, what is there is shown and the end is told. */
  for (gsize length = 0; length < g_bytes_get_size (der); length += 7)
    {
      g_autoptr (GBytes) less = cut (span_of (der), length);
      g_autoptr (QsField) part = qs_describe_certificate (span_of (less), QS_FIELD_IN_MESSAGE, 0);
      check_tree (part, 0, length);
      g_assert_nonnull (find (part, "Malformed"));
    }
}

/* A length that claims gigabytes, an endless object identifier, a set where a sequence belongs. */
static void
test_hostile_certificate (void)
{
  static const char *const rows[] = {
    "3084ffffffff00", "3080", "30", "", "300530030601", "300b300902010002010031023000"
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = hex (rows[i]);
      g_autoptr (QsField) tree = qs_describe_certificate (span_of (bytes), QS_FIELD_IN_MESSAGE, 0);
      check_tree (tree, 0, g_bytes_get_size (bytes));
      g_assert_nonnull (find (tree, "Malformed"));
    }
}

/* RFC 9204 appendix B: instructions and sections. */
static void
test_qpack (void)
{
  gsize length;
  g_autoptr (GBytes) instructions = hex ("3fbd01c00f7777772e6578616d706c652e636f6dc10c2f73616d706c652f70617468");
  QsSpan bytes = span_of (instructions);
  g_assert_true (qs_qpack_instruction_length (bytes, TRUE, &length));
  g_assert_cmpuint (length, ==, 3);
  g_assert_cmpstr (qs_qpack_instruction_name (bytes.data[0], TRUE), ==, "Set Dynamic Table Capacity");
  for (gsize i = 0; i < 3; i++)
    g_assert_false (qs_qpack_instruction_length (QS_SPAN (bytes.data, i), TRUE, &length));
  g_autoptr (QsField) capacity = qs_describe_qpack_instruction (QS_SPAN (bytes.data, 3), TRUE, QS_FIELD_IN_PAYLOAD, 0);
  assert_field (capacity, "Capacity", "220", 0, 3);

  g_autoptr (GBytes) whole = hex ("023fbd01c00f7777772e6578616d706c652e636f6dc10c2f73616d706c652f70617468");
  g_autoptr (QsField) stream = qs_describe_http3_stream (span_of (whole), TRUE, QS_FIELD_IN_PAYLOAD, 0);
  check_tree (stream, 0, g_bytes_get_size (whole));
  assert_all_explained (stream);
  assert_field (stream, "Insert with Name Reference", "", 4, 17);

  g_autoptr (GBytes) answers = hex ("0384480141ff");
  g_autoptr (QsField) decoder = qs_describe_http3_stream (span_of (answers), TRUE, QS_FIELD_IN_PAYLOAD, 0);
  g_assert_nonnull (find (decoder, "Section Acknowledgment"));
  g_assert_nonnull (find (decoder, "Stream Cancellation"));
  g_assert_nonnull (find (decoder, "Insert Count Increment"));
  g_assert_nonnull (find (decoder, "Malformed")); /* the last one has no end */

  /* Section B.1, as a HEADERS frame; with its lines, and without. */
  static const char *const lines[] = { ":path", "/index.html", NULL };
  g_autoptr (GBytes) headers = hex ("010f0000510b2f696e6465782e68746d6c");
  QsHttp3Frame frame;
  gsize at = 0;
  g_assert_true (qs_http3_frame_parse (span_of (headers), &at, &frame, NULL));
  g_autoptr (QsField) named = qs_describe_http3_frame (&frame, span_of (headers), QS_FIELD_IN_PAYLOAD, 0, lines);
  assert_field (named, ":path", "/index.html", 4, 13);
  assert_field (named, "Index", "1", 4, 1);
  assert_all_explained (named);
  g_autoptr (QsField) bare = qs_describe_http3_frame (&frame, span_of (headers), QS_FIELD_IN_PAYLOAD, 0, NULL);
  g_assert_nonnull (find (bare, "Literal Field Line with Name Reference"));

  /* An integer that never ends, and one that is too large. */
  g_autoptr (GBytes) endless = hex ("3fffffffffffffffffffffffff");
  g_assert_false (qs_qpack_instruction_length (span_of (endless), TRUE, &length));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/describe/packets", test_packets);
  g_test_add_func ("/wire/describe/opened", test_opened);
  g_test_add_func ("/wire/describe/other-packets", test_other_packets);
  g_test_add_func ("/wire/describe/frame", test_frame);
  g_test_add_func ("/wire/describe/alert", test_alert);
  g_test_add_func ("/wire/describe/certificate", test_certificate);
  g_test_add_func ("/wire/describe/hostile-certificate", test_hostile_certificate);
  g_test_add_func ("/wire/describe/qpack", test_qpack);
  g_test_add_func ("/wire/describe/http3", test_http3);
  g_test_add_func ("/wire/describe/http3-partial", test_http3_partial);
  return g_test_run ();
}
