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
  g_assert_null (qs_keys_new (0xff00001d, 0x1301, &secret));
  g_assert_null (qs_header_key_new (0, 0x1301, &secret)); /* TLS records have none */
  g_assert_false (qs_initial_secrets (0, QS_SPAN ("12345678", 8), &client, &server));
  g_assert_false (qs_initial_secrets (0x1a2a3a4a, QS_SPAN ("12345678", 8), &client, &server));
  g_assert_true (qs_initial_secrets (QS_QUIC_VERSION_1, QS_SPAN_NONE, &client, &server));
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
  g_test_add_func ("/keys/suites", test_suites);
  g_test_add_func ("/keys/refusals", test_refusals);
  return g_test_run ();
}
