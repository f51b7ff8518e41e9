/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS over a byte stream: OpenSSL's client and server through memory, every byte recorded as segments. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "dissect/qs-dissector.h"
#include "test-certificate.h"
#include "trace/qs-metrics.h"

typedef struct {
  const char *ciphersuites;
  const char *server_groups;
  const char *cipher_list; /* of TLS 1.2 */
  gboolean closed;         /* its records are not opened */
  int max_version;
  gsize cut; /* segments are at most so long; 0: as they come */
  gboolean secrets_late;
  gboolean no_secrets;
  gboolean update_keys;
  gboolean refuse; /* the client refuses the certificate: an alert */
  QsVantage vantage;
} Options;

typedef struct {
  const Options *options;
  QsTrace *trace;
  SSL_CTX *contexts[2];
  SSL *ssl[2]; /* client, server */
  BIO *out[2], *in[2];
  GPtrArray *secrets;
  GByteArray *messages; /* what the client's message callback saw of the handshake, sent and received */
} Pair;

static void
keylog_cb (const SSL *ssl, const char *line)
{
  Pair *pair = SSL_CTX_get_app_data (SSL_get_SSL_CTX (ssl));

  if (pair->options->secrets_late)
    g_ptr_array_add (pair->secrets, g_strdup (line));
  else if (!pair->options->no_secrets)
    qs_trace_add_secret (pair->trace, 0, line);
}

static void
message_cb (int writing, int version, int type, const void *bytes, size_t length, SSL *ssl, void *data)
{
  if (type == SSL3_RT_HANDSHAKE)
    g_byte_array_append (((Pair *) data)->messages, bytes, (guint) length);
}

static void
pair_init (Pair *pair, const Options *options)
{
  *pair = (Pair){ .options = options, .trace = qs_trace_new (options->vantage, NULL) };
  pair->secrets = g_ptr_array_new_with_free_func (g_free);
  pair->messages = g_byte_array_new ();
  for (guint i = 0; i < 2; i++)
    {
      pair->contexts[i] = SSL_CTX_new (i == 0 ? TLS_client_method () : TLS_server_method ());
      if (options->ciphersuites != NULL)
        g_assert_cmpint (SSL_CTX_set_ciphersuites (pair->contexts[i], options->ciphersuites), ==, 1);
      if (options->cipher_list != NULL)
        g_assert_cmpint (SSL_CTX_set_cipher_list (pair->contexts[i], options->cipher_list), ==, 1);
      if (options->max_version != 0)
        SSL_CTX_set_max_proto_version (pair->contexts[i], options->max_version);
    }
  SSL_CTX_set_app_data (pair->contexts[0], pair);
  SSL_CTX_set_keylog_callback (pair->contexts[0], keylog_cb);
  if (options->refuse)
    SSL_CTX_set_verify (pair->contexts[0], SSL_VERIFY_PEER, NULL);
  if (options->server_groups != NULL)
    g_assert_cmpint (SSL_CTX_set1_groups_list (pair->contexts[1], options->server_groups), ==, 1);
  test_use_certificate (pair->contexts[1]);
  for (guint i = 0; i < 2; i++)
    {
      pair->ssl[i] = SSL_new (pair->contexts[i]);
      pair->out[i] = BIO_new (BIO_s_mem ());
      pair->in[i] = BIO_new (BIO_s_mem ());
      SSL_set_bio (pair->ssl[i], pair->in[i], pair->out[i]);
    }
  SSL_set_connect_state (pair->ssl[0]);
  SSL_set_accept_state (pair->ssl[1]);
  SSL_set_msg_callback (pair->ssl[0], message_cb);
  SSL_set_msg_callback_arg (pair->ssl[0], pair);
}

static void
pair_clear (Pair *pair)
{
  for (guint i = 0; i < 2; i++)
    {
      SSL_free (pair->ssl[i]);
      SSL_CTX_free (pair->contexts[i]);
    }
  g_ptr_array_unref (pair->secrets);
  g_byte_array_unref (pair->messages);
  g_object_unref (pair->trace);
}

/* Carries what side has written to the other one, as segments. */
static gboolean
carry (Pair *pair, guint side)
{
  guint8 bytes[65536];
  gsize cut = pair->options->cut != 0 ? pair->options->cut : sizeof bytes;
  gboolean sent = (side == 0) != (pair->options->vantage == QS_VANTAGE_SERVER);
  gboolean moved = FALSE;
  int n;

  while ((n = BIO_read (pair->out[side], bytes, (int) cut)) > 0)
    {
      qs_trace_add_segment (pair->trace, qs_trace_now (pair->trace), sent ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED,
                            0, bytes, (gsize) n);
      g_assert_cmpint (BIO_write (pair->in[1 - side], bytes, n), ==, n);
      moved = TRUE;
    }
  return moved;
}

static void
shuttle (Pair *pair)
{
  guint8 bytes[16384];
  gboolean moved = TRUE;

  while (moved)
    {
      moved = FALSE;
      for (guint side = 0; side < 2; side++)
        {
          ERR_clear_error ();
          if (!SSL_is_init_finished (pair->ssl[side]))
            SSL_do_handshake (pair->ssl[side]);
          while (SSL_read (pair->ssl[side], bytes, sizeof bytes) > 0)
            ;
          moved |= carry (pair, side);
        }
    }
}

static void
say (Pair *pair, guint side, const char *text, gsize length)
{
  g_assert_cmpint (SSL_write (pair->ssl[side], text, (int) length), ==, length);
  shuttle (pair);
}

static void
finish (Pair *pair)
{
  SSL_shutdown (pair->ssl[0]);
  shuttle (pair);
  for (guint i = 0; i < pair->secrets->len; i++)
    qs_trace_add_secret (pair->trace, 0, g_ptr_array_index (pair->secrets, i));
}

static char *
message_names (QsTrace *trace)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < qs_trace_get_n_messages (trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (trace, i);
      g_string_append_printf (names, "%s%s%s%s", i > 0 ? " " : "", message->direction ? "<" : ">",
                              message->encrypted ? "*" : "", qs_tls_message_name (message->message));
    }
  return g_string_free (g_steal_pointer (&names), FALSE);
}

/* All decrypted payloads of a content type in a direction. */
static GByteArray *
collect (QsTrace *trace, QsDirection direction, guint content_type)
{
  GByteArray *all = g_byte_array_new ();

  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      g_autoptr (GBytes) payload = qs_trace_dup_payload (trace, i);
      if (packet->direction == direction && payload != NULL && packet->frames == G_GUINT64_CONSTANT (1) << content_type)
        g_byte_array_append (all, g_bytes_get_data (payload, NULL), (guint) g_bytes_get_size (payload));
    }
  return all;
}

static void
test_tls13 (gconstpointer data)
{
  const Options *options = data;
  Pair pair;
  static char large[50000];

  for (gsize i = 0; i < sizeof large; i++)
    large[i] = (char) (i * 13);
  pair_init (&pair, options);
  shuttle (&pair);
  say (&pair, 0, "hello", 5);
  if (options->update_keys)
    {
      g_assert_cmpint (SSL_key_update (pair.ssl[0], SSL_KEY_UPDATE_REQUESTED), ==, 1);
      say (&pair, 0, "after", 5);
    }
  say (&pair, 1, large, sizeof large);
  finish (&pair);

  g_autoptr (QsDissector) dissector = qs_dissector_new (pair.trace);
  qs_dissector_finish (dissector);
  g_autofree char *names = message_names (pair.trace);
  const char *expected =
      options->vantage == QS_VANTAGE_SERVER ? "<ClientHello >ServerHello >*EncryptedExtensions >*Certificate "
                                              ">*CertificateVerify >*Finished <*Finished"
      : options->server_groups != NULL      ? ">ClientHello <HelloRetryRequest >ClientHello <ServerHello "
                                              "<*EncryptedExtensions <*Certificate <*CertificateVerify <*Finished >*Finished"
                                            : ">ClientHello <ServerHello <*EncryptedExtensions <*Certificate "
                                              "<*CertificateVerify <*Finished >*Finished";
  g_test_message ("%s", names);
  g_assert_true (g_str_has_prefix (names, expected));
  if (options->update_keys)
    g_assert_nonnull (strstr (names, ">*KeyUpdate <*KeyUpdate"));

  for (guint i = 0; i < qs_trace_get_n_packets (pair.trace); i++)
    {
      g_assert_cmpuint (qs_trace_get_packet (pair.trace, i)->type, ==, QS_PACKET_TLS_RECORD);
      g_assert_true (qs_trace_get_packet (pair.trace, i)->flags & QS_PACKET_DECRYPTED);
    }
  QsDirection up = options->vantage == QS_VANTAGE_SERVER ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;
  g_autoptr (GByteArray) said = collect (pair.trace, up, 23);
  g_assert_cmpmem (said->data, said->len, "helloafter", options->update_keys ? 10 : 5);
  g_autoptr (GByteArray) got = collect (pair.trace, 1 - up, 23);
  g_assert_cmpmem (got->data, got->len, large, sizeof large);
  g_autoptr (GByteArray) alerts = collect (pair.trace, up, 21);
  g_assert_cmpmem (alerts->data, alerts->len, "\x01\x00", 2); /* close_notify */

  /* Message by message what OpenSSL itself says of them. */
  g_autoptr (GByteArray) messages = g_byte_array_new ();
  for (guint i = 0; i < qs_trace_get_n_messages (pair.trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (pair.trace, i);
      g_byte_array_append (messages, g_bytes_get_data (message->bytes, NULL),
                           (guint) g_bytes_get_size (message->bytes));
    }
  g_assert_cmpmem (messages->data, messages->len, pair.messages->data, pair.messages->len);
  pair_clear (&pair);
}

static void
test_refused (void)
{
  static const Options options = { .refuse = TRUE };
  Pair pair;

  pair_init (&pair, &options);
  shuttle (&pair);
  g_autoptr (QsDissector) dissector = qs_dissector_new (pair.trace);
  qs_dissector_finish (dissector);
  g_autoptr (GByteArray) alerts = collect (pair.trace, QS_DIRECTION_SENT, 21);
  g_assert_cmpmem (alerts->data, alerts->len, "\x02\x30", 2); /* fatal, unknown_ca */
  pair_clear (&pair);
}

static void
test_tls12 (gconstpointer data)
{
  const Options *options = data;
  gboolean open = !options->no_secrets && !options->closed;
  Pair pair;
  guint n_closed = 0, n_of[3] = { 0 };

  pair_init (&pair, options);
  shuttle (&pair);
  say (&pair, 0, "hello", 5);
  say (&pair, 1, "hello to you", 12);
  SSL_shutdown (pair.ssl[0]);
  carry (&pair, 0);
  finish (&pair);
  g_autoptr (QsDissector) dissector = qs_dissector_new (pair.trace);
  qs_dissector_finish (dissector);
  g_autofree char *names = message_names (pair.trace);
  g_test_message ("%s", names);
  g_assert_nonnull (strstr (names, "ClientKeyExchange"));
  g_assert_true (g_str_has_suffix (names, "Finished") == open);

  g_autoptr (GByteArray) asked = g_byte_array_new ();
  g_autoptr (GByteArray) answered = g_byte_array_new ();
  guint alerts = 0;
  for (guint i = 0; i < qs_trace_get_n_packets (pair.trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (pair.trace, i);
      g_autoptr (GBytes) payload = qs_trace_dup_payload (pair.trace, i);
      g_assert_false (packet->flags & QS_PACKET_CORRUPT);
      n_closed += payload == NULL;
      for (guint type = 21; payload == NULL && type <= 23; type++) /* what it is stands in the clear */
        n_of[type - 21] += packet->frames == G_GUINT64_CONSTANT (1) << type;
      if (payload != NULL && (packet->frames & 1 << 23) != 0)
        g_byte_array_append (
            (packet->direction == QS_DIRECTION_SENT) == (options->vantage != QS_VANTAGE_SERVER) ? asked : answered,
            g_bytes_get_data (payload, NULL), (guint) g_bytes_get_size (payload));
      if (payload != NULL && (packet->frames & 1 << 21) != 0)
        {
          const guint8 close_notify[] = { 1, 0 };
          g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload), close_notify, 2);
          alerts++;
        }
    }
  if (open)
    {
      g_assert_cmpuint (n_closed, ==, 0);
      g_assert_cmpmem (asked->data, asked->len, "hello", 5);
      g_assert_cmpmem (answered->data, answered->len, "hello to you", 12);
      g_assert_cmpuint (alerts, ==, 1);
    }
  else
    {
      g_assert_cmpuint (n_closed, ==, 5); /* two Finished, two of data, an alert */
      /* Behind one that waits for its key nothing is looked at. */
      g_assert_cmpuint (n_of[0], ==, options->no_secrets ? 0 : 1);
      g_assert_cmpuint (n_of[1], ==, 2);
      g_assert_cmpuint (n_of[2], ==, options->no_secrets ? 0 : 2);
    }
  pair_clear (&pair);
}

/* Without a key log: records are there, closed, and nothing is called corrupt. */
static void
test_no_secrets (void)
{
  static const Options options = { .no_secrets = TRUE };
  Pair pair;
  guint n_closed = 0;

  pair_init (&pair, &options);
  shuttle (&pair);
  say (&pair, 0, "hello", 5);
  g_autoptr (QsDissector) dissector = qs_dissector_new (pair.trace);
  qs_dissector_finish (dissector);
  g_autofree char *names = message_names (pair.trace);
  g_assert_cmpstr (names, ==, ">ClientHello <ServerHello");
  for (guint i = 0; i < qs_trace_get_n_packets (pair.trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (pair.trace, i);
      g_assert_cmpuint (packet->type, ==, QS_PACKET_TLS_RECORD);
      g_assert_false (packet->flags & QS_PACKET_CORRUPT);
      n_closed += (packet->flags & QS_PACKET_DECRYPTED) == 0;
    }
  g_assert_cmpuint (n_closed, >=, 5);
  pair_clear (&pair);
}

static void
test_not_tls (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);

  qs_trace_add_segment (trace, 0, QS_DIRECTION_RECEIVED, 0, "SSH-2.0-OpenSSH_9.2\r\n", 21);
  qs_trace_add_segment (trace, 1, QS_DIRECTION_RECEIVED, 0, "more", 4);
  qs_dissector_finish (dissector);
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, 2);
  g_assert_cmpuint (qs_trace_get_packet (trace, 0)->type, ==, QS_PACKET_UNKNOWN);
  g_assert_cmpuint (qs_trace_get_packet (trace, 0)->length, ==, 21);
  g_assert_cmpuint (qs_trace_get_packet (trace, 1)->offset, ==, 21);
  g_assert_null (qs_trace_dup_payload (trace, 0));
}

/* Behind the memory bound the records keep their places, and those that are whole their contents. */
static void
test_bound (void)
{
  static const Options options = { 0 };
  static char large[100000];
  Pair pair;
  guint n_dropped = 0;

  pair_init (&pair, &options);
  shuttle (&pair);
  qs_trace_set_payload_limit (pair.trace, 0);
  say (&pair, 1, large, sizeof large);
  g_autoptr (QsDissector) dissector = qs_dissector_new (pair.trace);
  qs_dissector_finish (dissector);
  for (guint i = 0; i < qs_trace_get_n_packets (pair.trace); i++)
    n_dropped += (qs_trace_get_packet (pair.trace, i)->flags & QS_PACKET_PAYLOAD_DROPPED) != 0;
  g_assert_cmpuint (n_dropped, >, 0);
  pair_clear (&pair);
}

static const Options plain = { 0 };
static const Options chacha = { .ciphersuites = "TLS_CHACHA20_POLY1305_SHA256" };
static const Options aes128 = { .ciphersuites = "TLS_AES_128_GCM_SHA256" };
static const Options ccm = { .ciphersuites = "TLS_AES_128_CCM_SHA256" };
static const Options ccm_8 = { .ciphersuites = "TLS_AES_128_CCM_8_SHA256:TLS_AES_128_CCM_SHA256" };
static const Options one_byte = { .cut = 1 };
static const Options odd = { .cut = 777, .secrets_late = TRUE };
static const Options hello_retry = { .server_groups = "P-256" };
static const Options key_update = { .update_keys = TRUE };
#define TLS12(list) .max_version = TLS1_2_VERSION, .cipher_list = list
static const Options tls12_gcm128 = { TLS12 ("ECDHE-ECDSA-AES128-GCM-SHA256"), .cut = 333 };
static const Options tls12_gcm256 = { TLS12 ("ECDHE-ECDSA-AES256-GCM-SHA384"), .secrets_late = TRUE };
static const Options tls12_chacha = { TLS12 ("ECDHE-ECDSA-CHACHA20-POLY1305") };
static const Options tls12_ccm = { TLS12 ("ECDHE-ECDSA-AES128-CCM"), .vantage = QS_VANTAGE_SERVER };
static const Options tls12_ccm8 = { TLS12 ("ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0") };
static const Options tls12_cbc = { TLS12 ("ECDHE-ECDSA-AES128-SHA256") };
static const Options tls12_aria = { TLS12 ("ECDHE-ECDSA-ARIA128-GCM-SHA256"), .closed = TRUE };
static const Options tls12_closed = { TLS12 ("ECDHE-ECDSA-AES128-GCM-SHA256"), .no_secrets = TRUE };
static const Options at_server = { .vantage = QS_VANTAGE_SERVER };

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/tls-live/plain", &plain, test_tls13);
  g_test_add_data_func ("/tls-live/chacha20", &chacha, test_tls13);
  g_test_add_data_func ("/tls-live/aes-128", &aes128, test_tls13);
  g_test_add_data_func ("/tls-live/ccm", &ccm, test_tls13);
  g_test_add_data_func ("/tls-live/ccm-8", &ccm_8, test_tls13);
  g_test_add_data_func ("/tls-live/one-byte-segments", &one_byte, test_tls13);
  g_test_add_data_func ("/tls-live/odd-segments-late-secrets", &odd, test_tls13);
  g_test_add_data_func ("/tls-live/hello-retry", &hello_retry, test_tls13);
  g_test_add_data_func ("/tls-live/key-update", &key_update, test_tls13);
  g_test_add_data_func ("/tls-live/at-server", &at_server, test_tls13);
  g_test_add_func ("/tls-live/refused", test_refused);
  g_test_add_data_func ("/tls-live/tls-1.2/aes-128", &tls12_gcm128, test_tls12);
  g_test_add_data_func ("/tls-live/tls-1.2/aes-256-late-secrets", &tls12_gcm256, test_tls12);
  g_test_add_data_func ("/tls-live/tls-1.2/chacha20", &tls12_chacha, test_tls12);
  g_test_add_data_func ("/tls-live/tls-1.2/ccm-at-server", &tls12_ccm, test_tls12);
  g_test_add_data_func ("/tls-live/tls-1.2/ccm-8", &tls12_ccm8, test_tls12);
  g_test_add_data_func ("/tls-live/tls-1.2/cbc", &tls12_cbc, test_tls12);
  g_test_add_data_func ("/tls-live/tls-1.2/aria", &tls12_aria, test_tls12);
  g_test_add_data_func ("/tls-live/tls-1.2/no-secrets", &tls12_closed, test_tls12);
  g_test_add_func ("/tls-live/no-secrets", test_no_secrets);
  g_test_add_func ("/tls-live/not-tls", test_not_tls);
  g_test_add_func ("/tls-live/bound", test_bound);
  return g_test_run ();
}
