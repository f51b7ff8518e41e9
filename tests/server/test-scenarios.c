/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <openssl/quic.h>
#include <openssl/x509_vfy.h>

#include "client.h"
#include "diagnosis/qs-finding.h"
#include "dissect/qs-dissector.h"
#include "server/qs-server.h"

#define LOCAL SSL_CONN_CLOSE_FLAG_LOCAL
#define TRANSPORT SSL_CONN_CLOSE_FLAG_TRANSPORT
#define NO_CLOSE (G_MAXUINT64 - 1) /* the largest is the idle timeout's */
#define NO_ANSWER (G_MAXUINT64 - 2)
#define IDLE OSSL_QUIC_LOCAL_ERR_IDLE_TIMEOUT

/* What an OpenSSL client meets that connects, asks "GET /bytes/100" and sends a second stream to be echoed. */
static const struct {
  const char *name;
  guint64 code; /* NO_CLOSE: both streams end well; NO_ANSWER: nothing within 0.4 s */
  guint32 flags;
  int verify;
  gboolean established;
  guint idle_ms; /* of the client */
} expected[] = {
  { "echo", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "retry", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "no-retry", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "expired", 0x12d, LOCAL | TRANSPORT, X509_V_ERR_CERT_HAS_EXPIRED, FALSE, 0 },
  { "not-yet-valid", 0x12a, LOCAL | TRANSPORT, X509_V_ERR_CERT_NOT_YET_VALID, FALSE, 0 },
  { "wrong-name", 0x12a, LOCAL | TRANSPORT, X509_V_ERR_HOSTNAME_MISMATCH, FALSE, 0 },
  { "self-signed", 0x130, LOCAL | TRANSPORT, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, FALSE, 0 },
  { "unknown-ca", 0x130, LOCAL | TRANSPORT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, FALSE, 0 },
  { "incomplete-chain", 0x130, LOCAL | TRANSPORT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, FALSE, 0 },
  { "weak", 0x12a, LOCAL | TRANSPORT, X509_V_ERR_EE_KEY_TOO_SMALL, FALSE, 0 },
  { "ca-expired", 0x12d, LOCAL | TRANSPORT, X509_V_ERR_CERT_HAS_EXPIRED, FALSE, 0 },
  { "ca-not-allowed", 0x130, LOCAL | TRANSPORT, X509_V_ERR_INVALID_CA, FALSE, 0 },
  { "name-constraints", 0x12e, LOCAL | TRANSPORT, X509_V_ERR_PERMITTED_VIOLATION, FALSE, 0 },
  { "no-alternative-name", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "must-staple", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "stapled", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "stale-staple", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "revoked-staple", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "key-usage", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "long-lived", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "chain-surplus", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "oversized-chain", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "amplification", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "client-certificate", 0x174, TRANSPORT, X509_V_OK, TRUE, 0 },
  { "alpn-mismatch", 0x178, TRANSPORT, -1, FALSE, 0 },
  { "no-common-group", 0x128, TRANSPORT, -1, FALSE, 0 },
  { "hello-retry-request", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "sni-unknown", 0x170, TRANSPORT, -1, FALSE, 0 },
  { "server-error-alert", 0x150, TRANSPORT, -1, FALSE, 0 },
  { "silent-after-ack", NO_ANSWER, 0, -1, FALSE, 0 },
  { "slow-handshake", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "stream-reset", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "stop-sending", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "application-close", 0x1234, 0, X509_V_OK, TRUE, 0 },
  { "slow", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "large-response", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "flow-control-stall", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "key-update", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "http-error", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "redirect", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "misdirected", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "answer-cut-short", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "http3-malformed", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "http3-protocol-error", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "http3-interim-flood", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "http3-empty-data", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "http3-large-head", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "goaway", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "no-reply", NO_ANSWER, 0, -1, FALSE, 0 },
  { "reply-from-elsewhere", NO_ANSWER, 0, -1, FALSE, 0 },
  { "version-negotiation", 0x02, LOCAL | TRANSPORT, -1, FALSE, 0 },
  { "transport-error", 0x0a, TRANSPORT, -1, FALSE, 0 },
  { "server-busy", 0x01, TRANSPORT, -1, FALSE, 0 },
  { "tls-too-old", 0x146, TRANSPORT, -1, FALSE, 0 },
  { "not-quic-tls", 0x16d, TRANSPORT, -1, FALSE, 0 },
  { "ech-required", 0x179, TRANSPORT, -1, FALSE, 0 },
  { "retry-token-rejected", 0x0b, TRANSPORT, -1, FALSE, 0 },
  { "server-initial-lost", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "large-hello-blocked", NO_ANSWER, 0, -1, FALSE, 0 },
  { "silence", IDLE, LOCAL | TRANSPORT, X509_V_OK, TRUE, 500 },
  { "idle-timeout", IDLE, LOCAL | TRANSPORT, X509_V_OK, TRUE, 0 },
  { "stateless-reset", 0, TRANSPORT, X509_V_OK, TRUE, 0 },
  { "stream-limit", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "nat-rebinding", IDLE, LOCAL | TRANSPORT, X509_V_OK, TRUE, 1000 },
  { "shared-socket", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "tcp-plain", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "tcp-alt-svc", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "tcp-alt-svc-dead", NO_ANSWER, 0, -1, FALSE, 0 },
  { "tcp-reset", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
  { "resumption", NO_CLOSE, 0, X509_V_OK, TRUE, 0 },
};

static QsServer *
start (const char *scenarios)
{
  g_autoptr (QsServerOptions) options = qs_server_options_new ();
  g_autoptr (GError) error = NULL;

  options->record = TRUE;
  options->scenarios = g_strsplit (scenarios, ",", -1);
  QsServer *server = qs_server_new (options);
  qs_server_start (server, &error);
  g_assert_no_error (error);
  return server;
}

/* Of what HTTP/0.9 is answered to "GET /bytes/100". */
static gsize
expected_length (const char *name)
{
  static const struct {
    const char *name;
    gsize length;
  } others[] = {
    { "large-response", 64 << 20 },
    { "answer-cut-short", 9 },
    { "http-error", sizeof "503 Service Unavailable" },
    { "redirect", sizeof "301 Moved Permanently" },
    { "misdirected", sizeof "421 Misdirected Request" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_str_equal (others[i].name, name))
      return others[i].length;
  return 100;
}

static void
check_stream (const char *name, ClientStream *stream, gboolean first)
{
  int state = SSL_get_stream_read_state (stream->ssl);
  guint64 code = 0;

  if (g_str_equal (name, "stop-sending") || (first && g_str_equal (name, "stream-reset")))
    {
      g_assert_cmpint (state, ==, SSL_STREAM_STATE_RESET_REMOTE);
      SSL_get_stream_read_error_code (stream->ssl, &code);
      g_assert_cmpuint (code, ==, g_str_equal (name, "stop-sending") ? 0x43 : 0x42);
      return;
    }
  g_assert_cmpint (state, ==, SSL_STREAM_STATE_FINISHED);
  if (!first)
    g_assert_cmpstr (stream->received->str, ==, "echo");
  else
    g_assert_cmpuint (stream->received->len, ==, expected_length (name));
}

static void
run_for (guint ms)
{
  gint64 until = g_get_monotonic_time () + ms * 1000;

  while (g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
}

static gboolean
any_byte (ClientStream *stream)
{
  return stream->received->len > 0;
}

static void
talk (const char *name, Client *client)
{
  ClientStream *first = client_open (client, "GET /bytes/100\r\n", -1, TRUE);
  ClientStream *second = client_open (client, "echo", -1, TRUE);

  if (g_str_equal (name, "flow-control-stall"))
    {
      /* One byte more than the window of 512 KiB cannot leave. */
      g_autofree char *much = g_malloc0 (1 << 20);
      ClientStream *third = client_open (client, much, 1 << 20, TRUE);
      run_for (300);
      g_assert_false (any_byte (first));
      g_assert_false (any_byte (second));
      g_assert_false (third->concluded);
      return;
    }
  run_until (client_all_finished, client);
  if (client->closed)
    return;
  check_stream (name, first, TRUE);
  check_stream (name, second, FALSE);
}

static void
test_scenario (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  const char *name = expected[i].name;
  g_autoptr (QsServer) server = start (name);
  ClientOptions options = { .ca_pem = qs_server_get_ca_pem (server), .idle_ms = expected[i].idle_ms };
  g_autoptr (Client) client = client_new (qs_server_get_port (server), &options);

  if (expected[i].code == NO_ANSWER)
    {
      run_for (400);
      g_assert_false (client_is_settled (client));
      return;
    }
  run_until (client_is_settled, client);
  g_assert_cmpint (client->established, ==, expected[i].established);
  if (client->established)
    talk (name, client);
  if (expected[i].code == NO_CLOSE)
    g_assert_false (client->closed);
  else
    {
      run_until (client_is_closed, client);
      g_assert_cmphex (client->close.error_code, ==, expected[i].code);
      g_assert_cmphex (client->close.flags, ==, expected[i].flags);
    }
  if (expected[i].verify >= 0)
    g_assert_cmpint (SSL_get_verify_result (client->ssl), ==, expected[i].verify);
  if (g_str_equal (name, "application-close"))
    {
      g_autofree char *reason = g_strndup (g_bytes_get_data (client->reason, NULL), g_bytes_get_size (client->reason));
      g_assert_cmpstr (reason, ==, "go away \033[31m<b>now</b>");
    }
}

static void
test_table (void)
{
  guint n;
  const QsScenario *scenarios = qs_scenarios (&n);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  g_assert_cmpuint (n, >=, 28);
  for (guint i = 0; i < n; i++)
    {
      gboolean is_expected = FALSE;
      for (guint j = 0; j < G_N_ELEMENTS (expected); j++)
        is_expected |= g_str_equal (expected[j].name, scenarios[i].name);
      g_test_message ("%s", scenarios[i].name);
      g_assert_true (is_expected);
      g_assert_true (g_hash_table_add (names, (gpointer) scenarios[i].name));
      g_assert_true (scenarios[i].title[0] != '\0' && scenarios[i].watch[0] != '\0');
      g_assert_null (strpbrk (scenarios[i].title, "\t\n"));
      g_assert_true (scenarios[i].finding == NULL || qs_finding_id_is_known (scenarios[i].finding));
      g_assert_true (qs_scenario_find (scenarios[i].name) == &scenarios[i]);
    }
  g_assert_null (qs_scenario_find ("no such"));
}

static void
test_combined (void)
{
  g_autoptr (QsServer) server = start ("no-retry,hello-retry-request,expired,slow");
  ClientOptions options = { .ca_pem = qs_server_get_ca_pem (server) };
  g_autoptr (Client) client = client_new (qs_server_get_port (server), &options);

  run_until (client_is_closed, client);
  g_assert_cmphex (client->close.error_code, ==, 0x12d);
  g_assert_cmpstr (SSL_get0_group_name (client->ssl), ==, "secp384r1");
}

/* What the server's own record says, opened with its own secrets. */
static QsTrace *
dup_server_trace (QsServer *server)
{
  g_autoptr (QsServerConnection) connection = g_list_model_get_item (qs_server_get_connections (server), 0);
  QsTrace *trace = g_object_ref (qs_server_connection_get_trace (connection));
  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);

  g_assert_true (qs_dissector_advance (dissector, 0));
  qs_dissector_finish (dissector);
  return trace;
}

static guint
count_packets (QsTrace *trace, QsDirection direction, guint flags, guint64 frames)
{
  guint n = 0;

  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      n += packet->direction == direction && (packet->flags & flags) == flags &&
           ((guint64) packet->frames & frames) == frames;
    }
  return n;
}

#define FRAME(type) (G_GUINT64_CONSTANT (1) << (type))

/* On the wire, not only in OpenSSL's opinion. */
static const struct {
  const char *name;
  QsDirection direction;
  guint flags;
  guint64 frames;
} seen[] = {
  { "key-update", QS_DIRECTION_SENT, QS_PACKET_KEY_UPDATE, 0 },
  { "key-update", QS_DIRECTION_RECEIVED, QS_PACKET_KEY_UPDATE, 0 },
  { "stream-limit", QS_DIRECTION_SENT, QS_PACKET_DECRYPTED, FRAME (0x17) },
  { "stream-reset", QS_DIRECTION_SENT, QS_PACKET_DECRYPTED, FRAME (0x04) },
  { "stop-sending", QS_DIRECTION_SENT, QS_PACKET_DECRYPTED, FRAME (0x05) },
  { "stateless-reset", QS_DIRECTION_SENT, QS_PACKET_DECRYPTED, FRAME (0x18) },
  { "application-close", QS_DIRECTION_SENT, QS_PACKET_DECRYPTED, FRAME (0x1d) },
};

static void
test_on_the_wire (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    {
      g_autoptr (QsServer) server = start (seen[i].name);
      ClientOptions options = { .ca_pem = qs_server_get_ca_pem (server) };
      g_autoptr (Client) client = client_new (qs_server_get_port (server), &options);

      g_test_message ("%s", seen[i].name);
      run_until (client_is_established, client);
      client_open (client, "one", -1, TRUE);
      run_until (client_all_finished, client);
      if (!client->closed)
        {
          client_open (client, "two", -1, TRUE);
          run_until (client_all_finished, client);
        }
      g_autoptr (QsTrace) trace = dup_server_trace (server);
      g_assert_cmpuint (count_packets (trace, seen[i].direction, seen[i].flags, seen[i].frames), >, 0);
    }
}

static gboolean
own_clients_have_ended (QsServer *server)
{
  GListModel *connections = qs_server_get_connections (server);
  guint ended = 0;

  for (guint i = 0; i < g_list_model_get_n_items (connections); i++)
    {
      g_autoptr (QsServerConnection) connection = g_list_model_get_item (connections, i);
      g_autofree char *state = NULL;
      guint64 sent = 0, received = 0;
      g_object_get (connection, "state", &state, "bytes-sent", &sent, "bytes-received", &received, NULL);
      g_assert_cmpstr (state, !=, "failed");
      ended += g_str_equal (state, "closed") && sent > 0 && sent == received;
    }
  return ended == 6; /* three clients and what served them */
}

static void
test_shared_socket (void)
{
  g_autoptr (QsServer) server = start ("shared-socket");

  run_until (own_clients_have_ended, server);
}

/* The same server hears a ClientHello that fits one datagram. */
static void
test_small_hello (void)
{
  g_autoptr (QsServer) server = start ("large-hello-blocked");
  ClientOptions options = { .ca_pem = qs_server_get_ca_pem (server), .groups = "X25519" };
  g_autoptr (Client) client = client_new (qs_server_get_port (server), &options);

  run_until (client_is_settled, client);
  g_assert_true (client->established);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scenarios/table", test_table);
  g_test_add_func ("/scenarios/combined", test_combined);
  g_test_add_func ("/scenarios/small-hello", test_small_hello);
  g_test_add_func ("/scenarios/on-the-wire", test_on_the_wire);
  g_test_add_func ("/scenarios/shared-socket", test_shared_socket);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *path = g_strconcat ("/scenario/", expected[i].name, NULL);
      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_scenario);
    }
  return g_test_run ();
}
