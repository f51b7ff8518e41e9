/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writers against bytes that RFCs show; that they are the readers' reverse is what the fuzz targets hold them to. */
#include <string.h>

#include "wire/qs-frame.h"
#include "wire/qs-http3.h"
#include "wire/qs-packet.h"
#include "wire/qs-tls-extensions.h"
#include "wire/qs-tls.h"
#include "wire/qs-transport-parameters.h"
#include "wire/qs-writer.h"

static void
assert_written (GByteArray *out, const char *hex)
{
  g_autofree char *ours = qs_span_to_hex (qs_written (out));

  g_assert_cmpstr (ours, ==, hex);
  g_byte_array_set_size (out, 0);
}

/* RFC 9000 appendix A.1. */
static void
test_numbers (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  qs_write_varint (out, G_GUINT64_CONSTANT (151288809941952652));
  assert_written (out, "c2197c5eff14e88c");
  qs_write_varint (out, 494878333);
  assert_written (out, "9d7f3e7d");
  qs_write_varint (out, 15293);
  assert_written (out, "7bbd");
  qs_write_varint (out, 37);
  assert_written (out, "25");
  qs_write_uint (out, 0x010203, 3);
  assert_written (out, "010203");
  guint outer = qs_write_open (out, 3);
  guint inner = qs_write_open (out, 1);
  qs_write_span (out, QS_SPAN ("ab", 2));
  qs_write_close (out, inner, 1);
  qs_write_close (out, outer, 3);
  assert_written (out, "000003026162");
}

/* RFC 9001 appendix A.2 and A.4, RFC 9369 appendix A.4, RFC 8999 section 6. */
static void
test_headers (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  QsSpan dcid = QS_SPAN ("\x83\x94\xc8\xf0\x3e\x51\x57\x08", 8);
  QsPacketHeader header = { .type = QS_PACKET_INITIAL, .version = QS_QUIC_VERSION_1, .dcid = dcid };

  header.first_byte = qs_packet_first_byte (QS_QUIC_VERSION_1, QS_PACKET_INITIAL, 4);
  qs_packet_header_write (out, &header, 1182);
  assert_written (out, "c300000001088394c8f03e5157080000449e");
  header.version = QS_QUIC_VERSION_2;
  header.first_byte = qs_packet_first_byte (QS_QUIC_VERSION_2, QS_PACKET_INITIAL, 4);
  qs_packet_header_write (out, &header, 1182);
  assert_written (out, "d36b3343cf088394c8f03e5157080000449e");
  header = (QsPacketHeader){ .type = QS_PACKET_VERSION_NEGOTIATION,
                             .first_byte = 0xc0,
                             .scid = QS_SPAN ("ab", 2),
                             .versions = QS_SPAN ("\0\0\0\1", 4) };
  qs_packet_header_write (out, &header, 0);
  assert_written (out, "c000000000000261620000"
                       "0001");
  header = (QsPacketHeader){ .type = QS_PACKET_1RTT, .dcid = QS_SPAN ("ab", 2) };
  header.first_byte = qs_packet_first_byte (0, QS_PACKET_1RTT, 2);
  qs_packet_header_write (out, &header, 0);
  assert_written (out, "416162");
}

static void
test_frames (void)
{
  static const QsPacketNumberRange ranges[] = { { 10, 12 }, { 7, 7 }, { 0, 3 } };
  g_autoptr (GByteArray) out = g_byte_array_new (), room = g_byte_array_new ();
  QsFrame frame = { .type = 0x0f, .stream_id = 4, .stream_offset = 64, .data = QS_SPAN ("abc", 3) };

  qs_frame_write (out, &frame);
  assert_written (out, "0f04404003616263");
  frame = (QsFrame){ .type = QS_FRAME_ACK, .ack.delay = 3 };
  qs_ack_ranges_write (room, ranges, G_N_ELEMENTS (ranges), &frame);
  qs_frame_write (out, &frame);
  assert_written (out, "020c03020201000203");
  frame = (QsFrame){ .type = QS_FRAME_PADDING, .length = 4 };
  qs_frame_write (out, &frame);
  assert_written (out, "00000000");
  /* draft-ietf-quic-multipath section 4 */
  frame = (QsFrame){ .type = 0x3e75, .path_id = 1, .error_code = 0x3e };
  qs_frame_write (out, &frame);
  assert_written (out, "7e75013e");
}

static void
test_http3 (void)
{
  static const QsHttp3Setting settings[] = { { 0x06, 16384 }, { 0x08, 1 } };
  g_autoptr (GByteArray) out = g_byte_array_new ();

  qs_http3_settings_write (out, settings, G_N_ELEMENTS (settings));
  assert_written (out, "0407068000"
                       "40000801");
  qs_http3_number_frame_write (out, QS_HTTP3_GOAWAY, 4);
  assert_written (out, "070104");
  qs_http3_priority_update_write (out, QS_HTTP3_PRIORITY_UPDATE_REQUEST, 0, QS_SPAN ("u=1", 3));
  assert_written (out, "800f0700"
                       "0400753d31");
  qs_http3_frame_write (out, QS_HTTP3_DATA, QS_SPAN ("hi", 2));
  assert_written (out, "00026869");
}

static void
test_parameters (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  qs_transport_parameter_write_integer (out, 0x01, 30000);
  qs_transport_parameter_write (out, 0x2ab2, QS_SPAN_NONE);
  assert_written (out, "010480007530"
                       "6ab200");
}

/* Until the 26th draft ids and lengths had two bytes. */
static void
test_old_parameters (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = qs_bytes_from_hex ("000e0001000480007530000e000200ff", &error);
  QsSpan span = QS_SPAN (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (span, &error);
  guint64 value;

  g_assert_no_error (error);
  g_assert_true (qs_transport_parameters_are_old (span));
  g_assert_cmpuint (parameters->len, ==, 2);
  g_assert_cmpuint (g_array_index (parameters, QsTransportParameter, 0).id, ==, 1);
  g_assert_true (qs_transport_parameter_get_integer (&g_array_index (parameters, QsTransportParameter, 0), &value));
  g_assert_cmpuint (value, ==, 30000);
  g_assert_false (qs_transport_parameters_are_old (QS_SPAN ("\x01\x04\x80\x00\x75\x30", 6)));
}

/* A ClientHello that says what was put into it. */
static void
test_client_hello (void)
{
  static const char *const protocols[] = { "h3", "hq-interop", NULL };
  static const guint16 groups[] = { 29, 23 }, versions[] = { 0x0304 };
  const QsTlsKeyShare shares[] = { { 29, QS_SPAN ("0123456789abcdef0123456789abcdef", 32) } };
  g_autoptr (GByteArray) extensions = g_byte_array_new (), body = g_byte_array_new (), out = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  qs_tls_write_server_name (extensions, "example.org");
  qs_tls_write_alpn (extensions, protocols);
  qs_tls_write_numbers (extensions, QS_TLS_EXT_SUPPORTED_GROUPS, 2, groups, G_N_ELEMENTS (groups));
  qs_tls_write_numbers (extensions, QS_TLS_EXT_SUPPORTED_VERSIONS, 1, versions, G_N_ELEMENTS (versions));
  qs_tls_write_key_shares (extensions, shares, G_N_ELEMENTS (shares));
  qs_write_uint (body, 0x0303, 2);
  qs_write_span (body, (QsSpan){ NULL, 32 });
  qs_write_vector (body, 1, QS_SPAN_NONE);
  qs_write_vector (body, 2, QS_SPAN ("\x13\x01", 2));
  qs_write_vector (body, 1, QS_SPAN ("", 1));
  qs_write_vector (body, 2, qs_written (extensions));
  qs_write_uint (out, QS_TLS_CLIENT_HELLO, 1);
  qs_write_vector (out, 3, qs_written (body));

  g_autoptr (QsTlsMessage) hello = qs_tls_message_parse (qs_written (out), TRUE, &error);
  g_assert_no_error (error);
  g_autofree char *name = qs_tls_message_dup_server_name (hello);
  g_assert_cmpstr (name, ==, "example.org");
  g_auto (GStrv) alpn = qs_tls_message_dup_alpn (hello);
  g_assert_cmpstrv (alpn, protocols);
  g_autoptr (GArray) read_groups = qs_tls_message_dup_groups (hello);
  g_assert_cmpmem (read_groups->data, 4, groups, 4);
  g_autoptr (GArray) read_shares = qs_tls_message_dup_key_shares (hello);
  g_assert_cmpuint (read_shares->len, ==, 1);
  g_autoptr (GByteArray) again = g_byte_array_new ();
  qs_tls_message_write (again, hello);
  g_assert_cmpmem (again->data, again->len, out->data, out->len);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/writers/numbers", test_numbers);
  g_test_add_func ("/writers/headers", test_headers);
  g_test_add_func ("/writers/frames", test_frames);
  g_test_add_func ("/writers/http3", test_http3);
  g_test_add_func ("/writers/parameters", test_parameters);
  g_test_add_func ("/writers/old-parameters", test_old_parameters);
  g_test_add_func ("/writers/client-hello", test_client_hello);
  return g_test_run ();
}
