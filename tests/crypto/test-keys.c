/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crypto/qs-keys.h"

#include <string.h>

#include "rfc-samples.h"

static void
assert_hex (QsSpan bytes, const char *hex)
{
  g_autofree char *ours = qs_span_to_hex (bytes);

  g_assert_cmpstr (ours, ==, hex);
}

static GBytes *
unhex (const char *hex)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = qs_bytes_from_hex (hex, &error);

  g_assert_no_error (error);
  return bytes;
}

static QsSpan
span_of (GBytes *bytes)
{
  return QS_SPAN (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static QsSecret
secret_of (const char *hex)
{
  g_autoptr (GBytes) bytes = unhex (hex);
  QsSecret secret = { .length = (guint8) g_bytes_get_size (bytes) };

  memcpy (secret.bytes, g_bytes_get_data (bytes, NULL), secret.length);
  return secret;
}

static void
assert_keys (guint32 version, guint16 suite, const QsSecret *secret, const char *key, const char *iv, const char *hp)
{
  g_autoptr (QsKeys) keys = qs_keys_new (version, suite, secret);
  g_autoptr (QsHeaderKey) header = qs_header_key_new (version, suite, secret);

  assert_hex (qs_keys_get_key (keys), key);
  assert_hex (QS_SPAN (qs_keys_get_iv (keys), QS_IV_LENGTH), iv);
  assert_hex (qs_header_key_get_key (header), hp);
}

static void
test_derivation (gconstpointer data)
{
  const RfcSample *sample = data;
  g_autoptr (GBytes) dcid = unhex (SAMPLE_DCID);
  QsSecret client, server, next;

  g_assert_true (qs_initial_secrets (sample->version, span_of (dcid), &client, &server));
  assert_hex (QS_SPAN (client.bytes, client.length), sample->client_secret);
  assert_hex (QS_SPAN (server.bytes, server.length), sample->server_secret);
  assert_keys (sample->version, 0x1301, &client, sample->client_key, sample->client_iv, sample->client_hp);
  assert_keys (sample->version, 0x1301, &server, sample->server_key, sample->server_iv, sample->server_hp);

  QsSecret secret = secret_of (sample->chacha_secret);
  assert_keys (sample->version, 0x1303, &secret, sample->chacha_key, sample->chacha_iv, sample->chacha_hp);
  g_assert_true (qs_secret_next (sample->version, 0x1303, &secret, &next));
  assert_hex (QS_SPAN (next.bytes, next.length), sample->chacha_ku);
}

static void
assert_packet (guint32 version, guint16 suite, const QsSecret *secret, const char *header_hex, guint8 pn_length,
               guint64 number, const char *frames_hex, gsize payload_length, const char *packet_hex)
{
  g_autoptr (QsKeys) keys = qs_keys_new (version, suite, secret);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (version, suite, secret);
  g_autoptr (GBytes) header = unhex (header_hex);
  g_autoptr (GBytes) frames = unhex (frames_hex);
  g_autofree guint8 *payload = g_malloc0 (payload_length);

  memcpy (payload, g_bytes_get_data (frames, NULL), g_bytes_get_size (frames));
  g_autoptr (GBytes) packet =
      qs_packet_protect (keys, header_key, span_of (header), pn_length, number, QS_SPAN (payload, payload_length));
  assert_hex (span_of (packet), packet_hex);
}

static void
test_protection (gconstpointer data)
{
  const RfcSample *sample = data;
  QsSecret client = secret_of (sample->client_secret);
  QsSecret server = secret_of (sample->server_secret);
  QsSecret chacha = secret_of (sample->chacha_secret);

  assert_packet (sample->version, 0x1301, &client, sample->client_header, 4, SAMPLE_CLIENT_NUMBER,
                 sample->client_frames, SAMPLE_CLIENT_PAYLOAD, sample->client_packet);
  assert_packet (sample->version, 0x1301, &server, sample->server_header, 2, SAMPLE_SERVER_NUMBER,
                 sample->server_frames, strlen (sample->server_frames) / 2, sample->server_packet);
  assert_packet (sample->version, 0x1303, &chacha, sample->chacha_header, 3, SAMPLE_CHACHA_NUMBER, "01", 1,
                 sample->chacha_packet);
}

static void
test_retry (gconstpointer data)
{
  const RfcSample *sample = data;
  g_autoptr (GBytes) dcid = unhex (SAMPLE_DCID);
  g_autoptr (GBytes) retry = unhex (sample->retry_packet);
  QsSpan packet = span_of (retry);
  guint8 tag[QS_RETRY_TAG_LENGTH];

  g_assert_true (
      qs_retry_integrity_tag (sample->version, span_of (dcid), QS_SPAN (packet.data, packet.length - sizeof tag), tag));
  g_assert_cmpmem (tag, sizeof tag, packet.data + packet.length - sizeof tag, sizeof tag);
  g_assert_false (qs_retry_integrity_tag (0x0a0a0a0a, span_of (dcid), packet, tag));
}

/* Each suite: what is sealed opens, and nothing else does. */
static void
test_suites (void)
{
  static const guint16 all[] = { 0x1301, 0x1302, 0x1303, 0x1304, 0x1305 };
  static const char text[] = "sixteen bytes and then some more of it, so that it is no round number";

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      QsSecret secret = { .length = (guint8) qs_suite_secret_length (all[i]) };
      memset (secret.bytes, (int) i + 1, secret.length);
      g_autoptr (QsKeys) keys = qs_keys_new (QS_QUIC_VERSION_1, all[i], &secret);
      guint8 sealed[128], plain[128];
      gsize length, plain_length;

      g_assert_nonnull (keys);
      g_assert_cmpuint (qs_keys_get_suite (keys), ==, all[i]);
      for (guint64 number = 0; number < 3; number++)
        {
          g_assert_true (
              qs_keys_seal (keys, number, QS_SPAN ("head", 4), QS_SPAN (text, sizeof text), sealed, &length));
          g_assert_cmpuint (length, ==, sizeof text + qs_suite_tag_length (all[i]));
          g_assert_true (
              qs_keys_open (keys, number, QS_SPAN ("head", 4), QS_SPAN (sealed, length), plain, &plain_length));
          g_assert_cmpmem (plain, plain_length, text, sizeof text);
          g_assert_false (
              qs_keys_open (keys, number + 1, QS_SPAN ("head", 4), QS_SPAN (sealed, length), plain, &plain_length));
          g_assert_false (
              qs_keys_open (keys, number, QS_SPAN ("heat", 4), QS_SPAN (sealed, length), plain, &plain_length));
          sealed[3] ^= 1;
          g_assert_false (
              qs_keys_open (keys, number, QS_SPAN ("head", 4), QS_SPAN (sealed, length), plain, &plain_length));
          qs_keys_rest (keys);
        }
      g_assert_false (qs_keys_open (keys, 0, QS_SPAN ("head", 4), QS_SPAN (sealed, 3), plain, &plain_length));
    }
}

static void
test_refusals (void)
{
  QsSecret secret = { .length = 32 };
  QsSecret client, server;

  g_assert_null (qs_keys_new (QS_QUIC_VERSION_1, 0x1302, &secret)); /* wants 48 */
  g_assert_null (qs_keys_new (QS_QUIC_VERSION_1, 0xc02f, &secret));
  g_assert_null (qs_keys_new (QS_QUIC_DRAFT (21), 0x1301, &secret));
  g_assert_null (qs_header_key_new (0, 0x1301, &secret)); /* TLS records have none */
  g_assert_false (qs_initial_secrets (0, QS_SPAN ("12345678", 8), &client, &server));
  g_assert_false (qs_initial_secrets (0x1a2a3a4a, QS_SPAN ("12345678", 8), &client, &server));
  g_assert_true (qs_initial_secrets (QS_QUIC_VERSION_1, QS_SPAN_NONE, &client, &server));
}

/* Appendix A of the last draft that has each salt. Draft 22's and Google's own were derived from the salt with another HKDF. */
static void
test_drafts (void)
{
  static const struct {
    guint32 first, last;
    const char *key, *iv, *hp;
    const char *retry;
  } rows[] = {
    { QS_QUIC_DRAFT (22), QS_QUIC_DRAFT (22), "07863d9c083786bc86766ce0d02bf93f", "fb33da41a8f297d482df670e",
      "48dbcf44e335508f7f23fb2c3790a37c", NULL },
    { 0x54303530, 0x54303530, "80ab8e0313d2c851aaff5405824a916a", "aedd2abe20b9eff2116e4429",
      "d3a731204b1c81e9644f91bd062633a9", NULL },
    { 0x54303531, 0x54303531, "e66b805440a16d39f1889b2726d1cc5c", "efdd37eda34f2f7080bb140c",
      "34ebf45dc367d3502a9fe09cfd3fd9f6", NULL },
    { QS_QUIC_DRAFT (23), QS_QUIC_DRAFT (28), "af7fd7efebd21878ff66811248983694", "8681359410a70bb9c92f0420",
      "a980b8b4fb7d9fbc13e814c23164253d", NULL },
    { QS_QUIC_DRAFT (29), QS_QUIC_DRAFT (32), "175257a31eb09dea9366d8bb79ad80ba", "6b26114b9cba2b63a9e8dd4f",
      "9ddd12c994c0698b89374a9c077a3077", "ffff00001d0008f067a5502a4262b5746f6b656ed16926d81f6f9ca2953a8aa4575e1e49" },
    { QS_QUIC_DRAFT (33), QS_QUIC_DRAFT (34), "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
      "9f50449e04a0e810283a1e9933adedd2", NULL },
  };
  g_autoptr (GBytes) dcid = unhex (SAMPLE_DCID);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      QsSecret client, server;
      for (guint32 version = rows[i].first; version <= rows[i].last; version++)
        {
          g_assert_true (qs_initial_secrets (version, span_of (dcid), &client, &server));
          assert_keys (version, 0x1301, &client, rows[i].key, rows[i].iv, rows[i].hp);
        }
      if (rows[i].retry == NULL)
        continue;
      g_autoptr (GBytes) retry = unhex (rows[i].retry);
      QsSpan whole = span_of (retry);
      guint8 tag[QS_RETRY_TAG_LENGTH];
      whole.length -= sizeof tag;
      g_assert_true (qs_retry_integrity_tag (rows[i].first, span_of (dcid), whole, tag));
      g_assert_cmpmem (tag, sizeof tag, whole.data + whole.length, sizeof tag);
    }
}

/* What is sealed can be opened, and by nobody else. */
static void
check_sealed (guint32 version, QsPacketType type, guint16 suite, guint8 pn_length, const QsSecret *secret)
{
  g_autoptr (QsKeys) keys = qs_keys_new (version, suite, secret);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (version, suite, secret);
  const QsPacketHeader header = {
    .type = type,
    .version = type == QS_PACKET_1RTT ? 0 : version,
    .dcid = QS_SPAN ("12345678", 8),
    .scid = type == QS_PACKET_1RTT ? QS_SPAN_NONE : QS_SPAN ("abc", 3),
    .token = type == QS_PACKET_INITIAL ? QS_SPAN ("token", 5) : QS_SPAN_NONE,
  };
  const guint8 payload[] = { 0x01, 0, 0, 0, 0, 0 };
  guint64 number = 0x123456789;
  g_autoptr (GBytes) made =
      qs_packet_seal (keys, header_key, &header, pn_length, number, QS_SPAN (payload, sizeof payload));
  QsSpan packet = span_of (made);
  guint8 plain[64];
  gsize length;
  guint64 read_number;
  QsPacketHeader read;

  g_assert_true (qs_packet_header_parse (packet, 8, &read, NULL));
  g_assert_cmpint (read.type, ==, type);
  g_assert_cmpuint (read.length, ==, packet.length);
  g_assert_true (qs_span_equal (read.dcid, header.dcid));
  g_assert_true (qs_span_equal (read.scid, header.scid));
  g_assert_true (qs_span_equal (read.token, header.token));
  g_assert_true (qs_packet_open (keys, header_key, &read, packet, number, plain, &length, &read_number));
  g_assert_cmpuint (read_number, ==, number);
  g_assert_cmpmem (plain, length, payload, sizeof payload);
  /* Another number's lowest bytes are the same; the nonce is not. */
  g_assert_false (
      qs_packet_open (keys, header_key, &read, packet, number + ((guint64) 1 << 40), plain, &length, &read_number));
  read.length -= 30;
  g_assert_false (qs_packet_open (keys, header_key, &read, packet, number, plain, &length, &read_number));
}

static void
test_seal (void)
{
  static const guint32 versions[] = { QS_QUIC_VERSION_1, QS_QUIC_VERSION_2, QS_QUIC_DRAFT (29) };
  static const QsPacketType types[] = { QS_PACKET_INITIAL, QS_PACKET_0RTT, QS_PACKET_HANDSHAKE, QS_PACKET_1RTT };
  static const guint16 suites[] = { 0x1301, 0x1302, 0x1303, 0x1304 };
  QsSecret secret = { .length = 0 };

  memset (secret.bytes, 0x42, sizeof secret.bytes);
  for (guint i = 0; i < G_N_ELEMENTS (versions) * G_N_ELEMENTS (types) * G_N_ELEMENTS (suites) * 4; i++)
    {
      guint16 suite = suites[i / 4 % G_N_ELEMENTS (suites)];
      secret.length = (guint8) qs_suite_secret_length (suite);
      check_sealed (versions[i / 64], types[i / 16 % 4], suite, (guint8) (1 + i % 4), &secret);
    }
}

/* A Retry that was sealed is one that its client takes. */
static void
test_retry_sealed (void)
{
  static const guint32 versions[] = { QS_QUIC_VERSION_1, QS_QUIC_VERSION_2, QS_QUIC_DRAFT (25), QS_QUIC_DRAFT (32) };

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      g_autoptr (GBytes) made = qs_retry_seal (versions[i], QS_SPAN ("original", 8), QS_SPAN ("client", 6),
                                               QS_SPAN ("server", 6), QS_SPAN ("token", 5));
      QsSpan retry = span_of (made);
      QsPacketHeader header;
      guint8 tag[QS_RETRY_TAG_LENGTH];
      g_assert_true (qs_packet_header_parse (retry, 0, &header, NULL));
      g_assert_cmpint (header.type, ==, QS_PACKET_RETRY);
      g_assert_true (qs_span_equal (header.token, QS_SPAN ("token", 5)));
      retry.length -= sizeof tag;
      g_assert_true (qs_retry_integrity_tag (versions[i], QS_SPAN ("original", 8), retry, tag));
      g_assert_true (qs_span_equal (header.integrity_tag, QS_SPAN (tag, sizeof tag)));
    }
  g_assert_null (qs_retry_seal (0x1a2a3a4a, QS_SPAN ("original", 8), QS_SPAN_NONE, QS_SPAN_NONE, QS_SPAN ("token", 5)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/keys/derivation/v1", &rfc_samples[0], test_derivation);
  g_test_add_data_func ("/keys/derivation/v2", &rfc_samples[1], test_derivation);
  g_test_add_data_func ("/keys/protection/v1", &rfc_samples[0], test_protection);
  g_test_add_data_func ("/keys/protection/v2", &rfc_samples[1], test_protection);
  g_test_add_data_func ("/keys/retry/v1", &rfc_samples[0], test_retry);
  g_test_add_data_func ("/keys/retry/v2", &rfc_samples[1], test_retry);
  g_test_add_func ("/keys/drafts", test_drafts);
  g_test_add_func ("/keys/seal", test_seal);
  g_test_add_func ("/keys/retry-sealed", test_retry_sealed);
  g_test_add_func ("/keys/suites", test_suites);
  g_test_add_func ("/keys/refusals", test_refusals);
  return g_test_run ();
}
