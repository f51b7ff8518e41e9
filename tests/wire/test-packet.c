/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "wire-kit.h"
#include "wire/qs-packet.h"

/* Headers of RFC 9001 appendix A and RFC 9369 appendix A as they are on the wire; payloads that only fill
 * up are left out or short. */
typedef struct {
  const char *name;
  const char *bytes;
  guint8 cid_length;
  QsPacketType type;
  guint32 version;
  const char *dcid, *scid, *token, *tag;
  guint32 pn_offset;
} Sample;

static const Sample samples[] = {
  { "rfc9001-server-initial",
    "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf7"
    "3c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f"
    "58891850abbdca3d20398c276456cbc42158407dd074ee",
    0, QS_PACKET_INITIAL, 1, "", "f067a5502a4262b5", "", "", 18 },
  { "rfc9001-retry", "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba", 0, QS_PACKET_RETRY, 1,
    "", "f067a5502a4262b5", "746f6b656e", "04a265ba2eff4d829058fb3f0f2496ba", 0 },
  { "rfc9001-short", "4cfe4189655e5cd55c41f69080575d7999c25a5bfb", 0, QS_PACKET_1RTT, 0, "", "", "", "", 1 },
  { "rfc9369-server-initial",
    "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf87263017915358230035f7"
    "fd3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2c984c707f0a0812d8cd5a6881eaf21ce"
    "da98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140",
    0, QS_PACKET_INITIAL, 0x6b3343cf, "", "f067a5502a4262b5", "", "", 18 },
  { "rfc9369-retry", "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6", 0, QS_PACKET_RETRY,
    0x6b3343cf, "", "f067a5502a4262b5", "746f6b656e", "c8646ce8bfe33952d955543665dcc7b6", 0 },
  { "rfc9369-short", "5558b1c60ae7b6b932bc27d786f4bc2bb20f2162ba", 0, QS_PACKET_1RTT, 0, "", "", "", "", 1 },
  { "initial-token", "c0000000010201020303040506adbeef054433221100", 0, QS_PACKET_UNKNOWN, 0, NULL },
  { "0rtt", "d000000001020102010305aabbccddee", 0, QS_PACKET_0RTT, 1, "0102", "03", "", "", 11 },
  { "handshake", "e000000001020102010305aabbccddee", 0, QS_PACKET_HANDSHAKE, 1, "0102", "03", "", "", 11 },
  { "v2-0rtt", "e06b3343cf020102010305aabbccddee", 0, QS_PACKET_0RTT, 0x6b3343cf, "0102", "03", "", "", 11 },
  { "v2-handshake", "f06b3343cf020102010305aabbccddee", 0, QS_PACKET_HANDSHAKE, 0x6b3343cf, "0102", "03", "", "", 11 },
  { "token", "c00000000100000302030405aabbccddee", 0, QS_PACKET_INITIAL, 1, "", "", "020304", "", 12 },
  { "short-with-cid", "400102030405060708aabb", 8, QS_PACKET_1RTT, 0, "0102030405060708", "", "", "", 9 },
};

static void
test_samples (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      const Sample *sample = &samples[i];
      g_autoptr (GBytes) bytes = hex (sample->bytes);
      g_autoptr (GError) error = NULL;
      QsPacketHeader header;

      if (sample->dcid == NULL) /* one whose length points beyond the datagram */
        {
          g_assert_false (qs_packet_header_parse (span_of (bytes), sample->cid_length, &header, &error));
          g_assert_error (error, QS_ERROR, QS_ERROR_TRUNCATED);
          continue;
        }
      g_test_message ("%s", sample->name);
      g_assert_true (qs_packet_header_parse (span_of (bytes), sample->cid_length, &header, &error));
      g_assert_no_error (error);
      g_assert_cmpint (header.type, ==, sample->type);
      g_assert_cmphex (header.version, ==, sample->version);
      g_assert_cmpint (header.long_header, ==, sample->type != QS_PACKET_1RTT);
      assert_hex (header.dcid, sample->dcid);
      assert_hex (header.scid, sample->scid);
      assert_hex (header.token, sample->token);
      assert_hex (header.integrity_tag, sample->tag);
      g_assert_cmpuint (header.pn_offset, ==, sample->pn_offset);
      g_assert_cmpuint (header.length, ==, g_bytes_get_size (bytes));
    }
}

/* RFC 9001 appendix A.2: the client's first packet fills its datagram of 1200 bytes. */
static void
test_client_initial (void)
{
  g_autoptr (GBytes) start = hex ("c000000001088394c8f03e5157080000449e7b9aec34");
  g_autofree guint8 *datagram = g_malloc0 (1200);
  QsPacketHeader header;

  memcpy (datagram, g_bytes_get_data (start, NULL), g_bytes_get_size (start));
  g_assert_true (qs_packet_header_parse (QS_SPAN (datagram, 1200), 0, &header, NULL));
  g_assert_cmpint (header.type, ==, QS_PACKET_INITIAL);
  assert_hex (header.dcid, "8394c8f03e515708");
  g_assert_cmpuint (header.pn_offset, ==, 18);
  g_assert_cmpuint (header.length, ==, 1200);
  /* One byte less is a datagram that lost its end. */
  g_assert_false (qs_packet_header_parse (QS_SPAN (datagram, 1199), 0, &header, NULL));
}

/* However short a datagram is cut: an error or a shorter packet, no read beyond it. */
static void
test_truncated (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_autoptr (GBytes) whole = hex (samples[i].bytes);
      for (gsize length = 0; length < g_bytes_get_size (whole); length++)
        {
          g_autoptr (GBytes) bytes = cut (span_of (whole), length);
          g_autoptr (GError) error = NULL;
          QsPacketHeader header;
          gboolean parsed = qs_packet_header_parse (span_of (bytes), samples[i].cid_length, &header, &error);
          gboolean bounded = samples[i].type == QS_PACKET_INITIAL || samples[i].type == QS_PACKET_0RTT ||
                             samples[i].type == QS_PACKET_HANDSHAKE;

          if (parsed)
            {
              /* Only these have no length of their own. */
              g_assert_false (bounded);
              g_assert_cmpuint (header.length, ==, length);
            }
          else
            g_assert_error (error, QS_ERROR, QS_ERROR_TRUNCATED);
        }
    }
}

static void
test_version_negotiation (void)
{
  g_autoptr (GBytes) bytes = hex ("b5000000000402020202080101010101010101000000016b3343cf1a2a3a4a");
  g_autoptr (GError) error = NULL;
  QsPacketHeader header;

  g_assert_true (qs_packet_header_parse (span_of (bytes), 0, &header, &error));
  g_assert_cmpint (header.type, ==, QS_PACKET_VERSION_NEGOTIATION);
  g_assert_cmpuint (header.versions.length, ==, 12);
  g_assert_cmpuint (header.pn_offset, ==, 0);

  g_autoptr (GBytes) ragged = cut (span_of (bytes), g_bytes_get_size (bytes) - 1);
  g_assert_false (qs_packet_header_parse (span_of (ragged), 0, &header, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_TRUNCATED);
}

/* RFC 8999: a version that is not known may have connection IDs of up to 255 bytes. */
static void
test_unknown_version (void)
{
  g_autofree guint8 *datagram = g_malloc0 (7 + 255 + 3);
  g_autoptr (GError) error = NULL;
  QsPacketHeader header;

  datagram[0] = 0xc0;
  datagram[1] = 0xfa;
  datagram[5] = 255;
  datagram[6 + 255] = 2;
  g_assert_true (qs_packet_header_parse (QS_SPAN (datagram, 7 + 255 + 3), 0, &header, &error));
  g_assert_cmpint (header.type, ==, QS_PACKET_UNKNOWN);
  g_assert_cmpuint (header.dcid.length, ==, 255);
  g_assert_cmpuint (header.scid.length, ==, 2);
  g_assert_cmpuint (header.length, ==, 7 + 255 + 3);

  /* Version 1 allows 20. */
  datagram[1] = 0;
  datagram[4] = 1;
  g_assert_false (qs_packet_header_parse (QS_SPAN (datagram, 7 + 255 + 3), 0, &header, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
}

static void
test_coalesced (void)
{
  g_autoptr (GBytes) bytes = corpus ("packet", "coalesced");
  static const QsPacketType types[] = { QS_PACKET_INITIAL, QS_PACKET_HANDSHAKE, QS_PACKET_1RTT };
  QsSpan rest = QS_SPAN (span_of (bytes).data + 1, span_of (bytes).length - 1);

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      QsPacketHeader header;
      g_assert_true (qs_packet_header_parse (rest, 8, &header, NULL));
      g_assert_cmpint (header.type, ==, types[i]);
      rest = QS_SPAN (rest.data + header.length, rest.length - header.length);
    }
  g_assert_cmpuint (rest.length, ==, 0);
}

/* RFC 9000 appendix A.1. */
static void
test_varint (void)
{
  static const struct {
    const char *bytes;
    guint64 value;
    gboolean shortest;
  } rows[] = {
    { "c2197c5eff14e88c", G_GUINT64_CONSTANT (151288809941952652), TRUE },
    { "9d7f3e7d", 494878333, TRUE },
    { "7bbd", 15293, TRUE },
    { "25", 37, TRUE },
    { "4025", 37, FALSE },
    { "ffffffffffffffff", (G_GUINT64_CONSTANT (1) << 62) - 1, TRUE },
    { "3f", 63, TRUE },
    { "4040", 64, TRUE },
    { "7fff", 16383, TRUE },
    { "80004000", 16384, TRUE },
    { "bfffffff", (1 << 30) - 1, TRUE },
    { "c000000040000000", 1 << 30, TRUE },
    { "00", 0, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = hex (rows[i].bytes);
      guint64 value = 1234;
      guint8 out[8];
      gsize at = 0;

      g_assert_true (qs_varint_read (span_of (bytes), &at, &value));
      g_assert_cmpuint (value, ==, rows[i].value);
      g_assert_cmpuint (at, ==, g_bytes_get_size (bytes));
      if (rows[i].shortest)
        {
          gsize length = qs_varint_write (rows[i].value, out);
          assert_hex (QS_SPAN (out, length), rows[i].bytes);
        }
      for (gsize length = 0; length < g_bytes_get_size (bytes); length++)
        {
          g_autoptr (GBytes) less = cut (span_of (bytes), length);
          at = 0;
          g_assert_false (qs_varint_read (span_of (less), &at, &value));
          g_assert_cmpuint (at, ==, 0);
        }
    }
}

static void
test_packet_number (void)
{
  /* RFC 9000 appendix A.3: the largest so far is 0xa82f30ea. */
  g_assert_cmphex (qs_packet_number_decode (0xa82f30eb, 0x9b32, 2), ==, 0xa82f9b32);
  g_assert_cmphex (qs_packet_number_decode (0, 0, 1), ==, 0);
  g_assert_cmphex (qs_packet_number_decode (0x100, 0xff, 1), ==, 0xff);
  g_assert_cmphex (qs_packet_number_decode (0x1fe, 0x02, 1), ==, 0x202);
  g_assert_cmphex (qs_packet_number_decode (0x180, 0x01, 1), ==, 0x101);
  /* Nothing below 0, nothing above 2^62. */
  g_assert_cmphex (qs_packet_number_decode (2, 0xff, 1), ==, 0xff);
  guint64 last = (G_GUINT64_CONSTANT (1) << 62) - 1;
  g_assert_cmphex (qs_packet_number_decode (last, 0x00, 1), ==, last & ~(guint64) 0xff);

  /* Each number comes back from as many bytes as RFC 9000 appendix A.2 lets a sender use. */
  for (guint64 expected = 1; expected < G_GUINT64_CONSTANT (1) << 40; expected = expected * 3 + 1)
    for (guint n_bytes = 1; n_bytes <= 4; n_bytes++)
      {
        guint64 reach = (G_GUINT64_CONSTANT (1) << (8 * n_bytes - 1)) - 1;
        guint64 number = expected + reach;
        guint64 truncated = number & ((G_GUINT64_CONSTANT (1) << 8 * n_bytes) - 1);
        g_assert_cmpuint (qs_packet_number_decode (expected, truncated, (guint8) n_bytes), ==, number);
      }
}

static void
test_names (void)
{
  static const struct {
    guint32 version;
    const char *name;
  } rows[] = {
    { 1, "1" },
    { 0x6b3343cf, "2 (RFC 9369)" },
    { 0xff00001d, "draft-29" },
    { 0x1a2a3a4a, "greased 0x1a2a3a4a" },
    { 0x12345678, "0x12345678" },
    { 0xfaceb002, "mvfst (draft-27)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = qs_quic_version_name (rows[i].version);
      g_assert_cmpstr (name, ==, rows[i].name);
    }
  g_assert_cmpstr (qs_packet_type_name (QS_PACKET_1RTT), ==, "1-RTT");
  g_assert_cmpstr (qs_packet_type_qlog_name (QS_PACKET_0RTT), ==, "0RTT");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/packet/samples", test_samples);
  g_test_add_func ("/wire/packet/client-initial", test_client_initial);
  g_test_add_func ("/wire/packet/truncated", test_truncated);
  g_test_add_func ("/wire/packet/version-negotiation", test_version_negotiation);
  g_test_add_func ("/wire/packet/unknown-version", test_unknown_version);
  g_test_add_func ("/wire/packet/coalesced", test_coalesced);
  g_test_add_func ("/wire/packet/varint", test_varint);
  g_test_add_func ("/wire/packet/number", test_packet_number);
  g_test_add_func ("/wire/packet/names", test_names);
  return g_test_run ();
}
