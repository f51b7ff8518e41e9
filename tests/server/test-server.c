/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-server.h"

#include <glib/gstdio.h>
#include <string.h>

#include "../cpu-time.h"
#include "base/qs-error.h"
#include "client.h"
#include "server/qs-gate.h"

#define MANY_CONNECTIONS 100
#define STREAMS_EACH 4
#define CYCLES 100

static QsServer *
start (const char *scenarios, gboolean record)
{
  g_autoptr (QsServerOptions) options = qs_server_options_new ();
  g_autoptr (GError) error = NULL;

  options->record = record;
  options->scenarios = scenarios != NULL ? g_strsplit (scenarios, ",", -1) : NULL;
  QsServer *server = qs_server_new (options);
  qs_server_start (server, &error);
  g_assert_no_error (error);
  return server;
}

static Client *
connect_to (QsServer *server)
{
  ClientOptions options = { .ca_pem = qs_server_get_ca_pem (server) };

  return client_new (qs_server_get_port (server), &options);
}

static void
test_many (void)
{
  g_autoptr (QsServer) server = start (NULL, FALSE);
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func ((GDestroyNotify) client_free);

  for (guint i = 0; i < MANY_CONNECTIONS; i++)
    {
      ClientOptions options = { .ca_pem = qs_server_get_ca_pem (server) };
      g_ptr_array_add (clients, client_new (qs_server_get_port (server), &options));
    }
  for (guint i = 0; i < MANY_CONNECTIONS; i++)
    {
      run_until (client_is_settled, clients->pdata[i]);
      g_assert_true (client_is_established (clients->pdata[i]));
      for (guint j = 0; j < STREAMS_EACH; j++)
        {
          g_autofree char *text = g_strdup_printf ("connection %u stream %u %0*d", i, j, (int) (j * 5000) + 1, 0);
          client_open (clients->pdata[i], text, -1, TRUE);
        }
    }
  for (guint i = 0; i < MANY_CONNECTIONS; i++)
    {
      Client *client = clients->pdata[i];
      run_until (client_all_finished, client);
      for (guint j = 0; j < STREAMS_EACH; j++)
        {
          ClientStream *stream = client->streams->pdata[j];
          g_autofree char *text = g_strdup_printf ("connection %u stream %u %0*d", i, j, (int) (j * 5000) + 1, 0);
          g_assert_cmpstr (stream->received->str, ==, text);
        }
    }
  g_assert_cmpuint (g_list_model_get_n_items (qs_server_get_connections (server)), ==, MANY_CONNECTIONS);
}

static guint
count_handshakes (QsServer *server)
{
  GListModel *connections = qs_server_get_connections (server);
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (connections); i++)
    {
      g_autoptr (QsServerConnection) connection = g_list_model_get_item (connections, i);
      g_autofree char *state = NULL;
      g_object_get (connection, "state", &state, NULL);
      n += g_str_equal (state, "handshaking");
    }
  return n;
}

static gboolean
is_half_open (gpointer data)
{
  return count_handshakes (data) >= QS_GATE_HALF_OPEN;
}

/* First flights and nothing behind them: so many are taken up without Retry, and the next client is served all the same. */
static void
test_half_open (void)
{
  g_autoptr (QsServerOptions) server_options = qs_server_options_new ();
  g_autoptr (GError) error = NULL;
  enum { MORE = 20 };

  server_options->retry = FALSE;
  g_autoptr (QsServer) server = qs_server_new (server_options);
  g_assert_true (qs_server_start (server, &error));
  for (guint i = 0; i < QS_GATE_HALF_OPEN + MORE; i++)
    {
      g_autoptr (Client) client = connect_to (server);
      SSL_handle_events (client->ssl); /* sends ClientHello; then it goes without a word */
      if (i % 16 == 0)
        g_main_context_iteration (NULL, FALSE);
    }
  run_until (is_half_open, server);
  g_autoptr (Client) client = connect_to (server);
  ClientStream *stream = NULL;
  run_until (client_is_settled, client);
  g_assert_true (client_is_established (client));
  stream = client_open (client, "still here", -1, TRUE);
  run_until (client_all_finished, client);
  g_assert_cmpstr (stream->received->str, ==, "still here");
  /* One whose ClientHello came in two halves may be between both counts. */
  g_assert_cmpuint (count_handshakes (server), <=, QS_GATE_HALF_OPEN + MORE / 4);
}

/* What comes back for a request, and how its stream ends. */
static const struct {
  const char *alpn, *request, *begins, *contains;
  gsize length; /* 0: not looked at */
} requests[] = {
  { "hq-interop", "GET /\r\n", "This is Quicscope", "tls.alpn: hq-interop", 0 },
  { "hq-interop", "GET /", "This is Quicscope", NULL, 0 }, /* the stream's end is the request's */
  { "hq-interop", "GET /bytes/1000000\r\n", "Quicscope 0123", NULL, 1000000 },
  { "hq-interop", "GET /bytes/0\r\n", "", NULL, 0 },
  { "hq-interop", "GET /bytes/5000000000\r\n", "The path ends in no number", NULL, 0 },
  { "hq-interop", "GET /nothing\r\n", "There is no such path", NULL, 0 },
  { "hq-interop", "GET /slow/20\r\n", "This answer waited for 20 ms.\n", NULL, 0 },
  { "hq-interop", "GETTING on", "GETTING on", NULL, 10 },
  { "hq-interop", "GE", "GE", NULL, 2 },
  { "hq-interop", "", "", NULL, 0 },
  { "http/1.0", "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n", "\r\n\r\nThis is Quicscope", 0 },
  { "http/1.0", "GET /bytes/10 HTTP/1.0\r\nA: b\r\n\r\n", "HTTP/1.0 200 OK\r\n", "Content-Length: 10\r\n", 0 },
  { "http/1.0", "HEAD /bytes/10 HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n", "Content-Length: 10\r\n", 0 },
  { "http/1.0", "GET /headers HTTP/1.0\r\nX-Odd: \001\r\n\r\n", "HTTP/1.0 200", "X-Odd: \001\r\n", 0 },
  { "http/1.0", "GET /none HTTP/1.0\r\n\r\n", "HTTP/1.0 404 Not Found\r\n", NULL, 0 },
};

static void
test_requests (void)
{
  g_autoptr (QsServer) server = start (NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      ClientOptions options = { .alpn = requests[i].alpn };
      g_autoptr (Client) client = client_new (qs_server_get_port (server), &options);
      run_until (client_is_established, client);
      ClientStream *stream = client_open (client, requests[i].request, -1, TRUE);
      run_until (client_all_finished, client);
      g_test_message ("%s", requests[i].request);
      g_assert_true (g_str_has_prefix (stream->received->str, requests[i].begins));
      if (requests[i].contains != NULL)
        g_assert_nonnull (strstr (stream->received->str, requests[i].contains));
      if (requests[i].length > 0)
        g_assert_cmpuint (stream->received->len, ==, requests[i].length);
      g_assert_cmpint (SSL_get_stream_read_state (stream->ssl), ==, SSL_STREAM_STATE_FINISHED);
    }
}

static void
test_reset_path (void)
{
  g_autoptr (QsServer) server = start (NULL, FALSE);
  g_autoptr (Client) client = connect_to (server);
  guint64 code = 0;

  run_until (client_is_established, client);
  ClientStream *stream = client_open (client, "GET /reset/0x1f\r\n", -1, FALSE);
  run_until (client_all_finished, client);
  g_assert_cmpint (SSL_get_stream_read_state (stream->ssl), ==, SSL_STREAM_STATE_RESET_REMOTE);
  SSL_get_stream_read_error_code (stream->ssl, &code);
  g_assert_cmpuint (code, ==, 0x1f);

  ClientStream *second = client_open (client, "GET /stop/7\r\n", -1, TRUE);
  run_until (client_all_finished, client);
  g_assert_true (g_str_has_prefix (second->received->str, "Every later stream is refused with code 0x7."));
  ClientStream *third = client_open (client, "hello", -1, FALSE);
  run_until (client_all_finished, client);
  g_assert_cmpint (SSL_get_stream_read_state (third->ssl), ==, SSL_STREAM_STATE_RESET_REMOTE);
  SSL_get_stream_write_error_code (third->ssl, &code);
  g_assert_cmpuint (code, ==, 7);
}

static void
test_close_path (void)
{
  g_autoptr (QsServer) server = start (NULL, FALSE);
  g_autoptr (Client) client = connect_to (server);

  run_until (client_is_established, client);
  client_open (client, "GET /close/4660\r\n", -1, TRUE);
  run_until (client_is_closed, client);
  g_assert_cmpuint (client->close.error_code, ==, 4660);
  g_assert_cmpuint (client->close.flags, ==, 0); /* remote, application */
}

static void
test_bad_alpn (void)
{
  g_autoptr (QsServer) server = start (NULL, FALSE);
  ClientOptions options = { .alpn = "nonsense" };
  g_autoptr (Client) client = client_new (qs_server_get_port (server), &options);

  run_until (client_is_closed, client);
  g_assert_false (client->established);
  g_assert_cmpuint (client->close.error_code, ==, 0x178);
  g_assert_cmpuint (client->close.flags, ==, SSL_CONN_CLOSE_FLAG_TRANSPORT);
}

static gboolean
server_connection_has_ended (QsServerConnection *connection)
{
  g_autofree char *end = NULL;

  g_object_get (connection, "end", &end, NULL);
  return end != NULL;
}

static void
test_connection_object (void)
{
  g_autoptr (QsServer) server = start (NULL, TRUE);
  g_autoptr (Client) client = connect_to (server);

  run_until (client_is_established, client);
  client_open (client, "12345", -1, TRUE);
  run_until (client_all_finished, client);
  client_close (client);

  g_autoptr (QsServerConnection) connection = g_list_model_get_item (qs_server_get_connections (server), 0);
  run_until (server_connection_has_ended, connection);
  g_autofree char *state = NULL, *peer = NULL, *alpn = NULL, *transport = NULL;
  guint n_streams = 0;
  guint64 received = 0, sent = 0;
  g_object_get (connection, "state", &state, "peer", &peer, "alpn", &alpn, "transport", &transport, "n-streams",
                &n_streams, "bytes-received", &received, "bytes-sent", &sent, NULL);
  g_assert_cmpstr (state, ==, "closed");
  g_assert_true (g_str_has_prefix (peer, "127.0.0.1:"));
  g_assert_cmpstr (alpn, ==, "hq-interop");
  g_assert_cmpstr (transport, ==, "quic");
  g_assert_cmpuint (n_streams, ==, 1);
  g_assert_cmpuint (received, ==, 5);
  g_assert_cmpuint (sent, ==, 5);

  /* Its side of the story: with Retry, so that the first of what was sent is one; and all five secrets. */
  QsTrace *trace = qs_server_connection_get_trace (connection);
  g_assert_nonnull (trace);
  guint secrets = 0, first_sent = 0;
  for (guint i = 0; i < qs_trace_get_n_records (trace); i++)
    {
      QsRecord record;
      qs_trace_get_record (trace, i, &record);
      secrets += record.kind == QS_RECORD_SECRET;
      if (record.kind == QS_RECORD_DATAGRAM && record.direction == QS_DIRECTION_SENT && first_sent == 0)
        first_sent = record.bytes.data[0];
    }
  g_assert_cmphex (first_sent & 0xf0, ==, 0xf0);
  g_assert_cmpuint (secrets, ==, 5);
  g_assert_cmpint (qs_trace_get_vantage (trace), ==, QS_VANTAGE_SERVER);
  g_assert_cmpstr (qs_trace_get_fact (trace, "tls.alpn"), ==, "hq-interop");
  g_assert_nonnull (qs_trace_find_mark (trace, QS_MARK_CLOSE, "remote", NULL));
}

static void
test_stop (void)
{
  g_autoptr (QsServer) server = start (NULL, FALSE);
  g_autoptr (Client) client = connect_to (server);
  guint16 port = qs_server_get_port (server);

  run_until (client_is_established, client);
  gint64 before = cpu_time ();
  qs_server_stop (server);
  g_assert_false (qs_server_get_running (server));
  g_assert_cmpint (cpu_time () - before, <, 100 * 1000);
  run_until (client_is_closed, client);
  g_assert_cmpuint (client->close.error_code, ==, 0);
  g_assert_cmpuint (client->close.flags & SSL_CONN_CLOSE_FLAG_LOCAL, ==, 0);

  /* The port is free at once, for both. */
  g_autoptr (QsServerOptions) options = qs_server_options_new ();
  g_autoptr (GError) error = NULL;
  options->port = port;
  g_autoptr (QsServer) second = qs_server_new (options);
  qs_server_start (second, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (qs_server_get_port (second), ==, port);
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
test_cycles (void)
{
  guint before = 0;

  for (guint i = 0; i < CYCLES; i++)
    {
      g_autoptr (QsServer) server = start (NULL, i % 2 == 0);
      if (i % 10 == 0)
        {
          g_autoptr (Client) client = connect_to (server);
          run_until (client_is_established, client);
          client_open (client, "x", -1, i % 20 == 0);
        }
      qs_server_stop (server);
      if (i == 10)
        before = count_descriptors ();
    }
  g_assert_cmpuint (count_descriptors (), ==, before);
}

static void
test_port_conflict (void)
{
  g_autoptr (QsServer) server = start (NULL, FALSE);
  g_autoptr (QsServerOptions) options = qs_server_options_new ();
  g_autoptr (GError) error = NULL;

  options->port = qs_server_get_port (server);
  g_autoptr (QsServer) second = qs_server_new (options);
  g_assert_false (qs_server_start (second, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_NETWORK);
  g_assert_nonnull (strstr (error->message, "is taken"));
  g_assert_false (qs_server_get_running (second));
}

static void
test_bad_options (void)
{
  static const struct {
    const char *address, *cert, *key, *scenario;
    int code;
  } cases[] = {
    { "not an address", NULL, NULL, NULL, QS_ERROR_INVALID_TARGET },
    { "127.0.0.1", "/nonexistent", NULL, NULL, QS_ERROR_INVALID_TARGET },
    { "127.0.0.1", "/nonexistent", "/nonexistent", NULL, QS_ERROR_CRYPTO },
    { "127.0.0.1", NULL, NULL, "no-such-scenario", QS_ERROR_INVALID_TARGET },
    { "127.0.0.1", NULL, NULL, "retry,no-retry", QS_ERROR_INVALID_TARGET },
    { "192.0.2.1", NULL, NULL, NULL, QS_ERROR_NETWORK },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (QsServerOptions) options = qs_server_options_new ();
      g_autoptr (GError) error = NULL;
      g_free (options->address);
      options->address = g_strdup (cases[i].address);
      options->cert_file = g_strdup (cases[i].cert);
      options->key_file = g_strdup (cases[i].key);
      options->scenarios = cases[i].scenario != NULL ? g_strsplit (cases[i].scenario, ",", -1) : NULL;
      g_autoptr (QsServer) server = qs_server_new (options);
      g_assert_false (qs_server_start (server, &error));
      g_assert_error (error, QS_ERROR, cases[i].code);
    }
}

/* A peer that reads nothing must not make the server hold what it echoes, nor starve the others. */
static void
test_slow_reader (void)
{
  g_autoptr (QsServer) server = start (NULL, FALSE);
  g_autoptr (Client) greedy = connect_to (server);
  g_autoptr (Client) modest = connect_to (server);

  run_until (client_is_established, greedy);
  run_until (client_is_established, modest);
  client_open (greedy, "GET /bytes/200000000\r\n", -1, TRUE);
  ClientStream *stream = client_open (modest, "hello", -1, TRUE);
  run_until (client_all_finished, modest);
  g_assert_cmpstr (stream->received->str, ==, "hello");
  g_assert_false (client_all_finished (greedy));
}

static void
test_write_ca (void)
{
  g_autoptr (QsServer) server = start (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("quicscope-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "ca.pem", NULL);
  g_autofree char *text = NULL;

  g_assert_true (qs_server_write_ca (server, path, &error));
  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, qs_server_get_ca_pem (server));
  g_remove (path);
  g_rmdir (dir);
  g_assert_false (qs_server_write_ca (server, path, &error));
  g_assert_nonnull (error);
}

static gboolean
is_stopped (QsServer *server)
{
  return !qs_server_get_running (server);
}

static void
test_once (void)
{
  g_autoptr (QsServerOptions) options = qs_server_options_new ();

  options->once = TRUE;
  g_autoptr (QsServer) server = qs_server_new (options);
  g_assert_true (qs_server_start (server, NULL));
  g_autoptr (Client) client = connect_to (server);
  run_until (client_is_established, client);
  /* OpenSSL's client closes at the Handshake level until HANDSHAKE_DONE came; by then the server has no such keys. */
  client_open (client, "x", -1, TRUE);
  run_until (client_all_finished, client);
  client_close (client);
  run_until (is_stopped, server);
}

static gboolean
has_hung_up (GSocket *socket)
{
  char byte;

  return g_socket_receive (socket, &byte, 1, NULL, NULL) == 0;
}

/* Who opens TCP connections and says nothing does not keep them. */
static void
test_silent_tcp (void)
{
  g_autoptr (QsServerOptions) options = qs_server_options_new ();
  options->tcp_handshake_ms = 50;
  g_autoptr (QsServer) server = qs_server_new (options);
  g_assert_true (qs_server_start (server, NULL));
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", qs_server_get_port (server));
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

  g_assert_true (g_socket_connect (socket, address, NULL, NULL));
  g_socket_set_blocking (socket, FALSE);
  run_until (has_hung_up, socket);
  g_autoptr (QsServerConnection) connection = g_list_model_get_item (qs_server_get_connections (server), 0);
  g_autofree char *state = NULL;
  g_object_get (connection, "state", &state, NULL);
  g_assert_cmpstr (state, ==, "failed");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/requests", test_requests);
  g_test_add_func ("/server/reset-path", test_reset_path);
  g_test_add_func ("/server/close-path", test_close_path);
  g_test_add_func ("/server/bad-alpn", test_bad_alpn);
  g_test_add_func ("/server/connection-object", test_connection_object);
  g_test_add_func ("/server/stop", test_stop);
  g_test_add_func ("/server/port-conflict", test_port_conflict);
  g_test_add_func ("/server/bad-options", test_bad_options);
  g_test_add_func ("/server/slow-reader", test_slow_reader);
  g_test_add_func ("/server/write-ca", test_write_ca);
  g_test_add_func ("/server/once", test_once);
  g_test_add_func ("/server/many", test_many);
  g_test_add_func ("/server/half-open", test_half_open);
  g_test_add_func ("/server/cycles", test_cycles);
  g_test_add_func ("/server/silent-tcp", test_silent_tcp);
  return g_test_run ();
}
