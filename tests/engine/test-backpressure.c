/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker that is faster than the main context waits for it: what lies between both is bounded, all of it comes, and whoever aborts
 * does not leave a worker behind that waits. */
#include "engine/qs-connection-private.h"

#include <string.h>

#include "runner.h"

#define LENGTH 20000000
/* As in qs-connection.c, which looks before it adds: one read more may be in the queue. */
#define MOST_QUEUED (4 * 1024 * 1024)
#define MOST_READ (64 * 1024)
#define PATIENCE_S 60

/* --- The server, in a thread of its own: this one's context is not run while it waits --- */

typedef struct {
  GThread *thread;
  GMainLoop *loop;
  guint16 port;
  gint ready; /* atomic */
} Server;

static gpointer
server_thread (gpointer data)
{
  Server *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (QsServerOptions) options = qs_server_options_new ();
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (context);
  g_autoptr (QsServer) server = qs_server_new (options);
  qs_server_start (server, &error);
  g_assert_no_error (error);
  self->port = qs_server_get_port (server);
  self->loop = g_main_loop_new (context, FALSE);
  g_atomic_int_set (&self->ready, 1);
  g_main_loop_run (self->loop);
  qs_server_stop (server);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
server_init (Server *self)
{
  *self = (Server){ 0 };
  self->thread = g_thread_new ("server", server_thread, self);
  while (!g_atomic_int_get (&self->ready))
    g_thread_yield ();
}

static void
server_clear (Server *self)
{
  g_main_loop_quit (self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
}

/* --- A connection that asks for much --- */

typedef struct {
  QsConnection *connection;
  guint64 received, told; /* bytes: by events; as the stream's last state says */
  gsize most_queued;
  gboolean over;
} Client;

static gsize
get_queued (QsConnection *connection)
{
  g_mutex_lock (&connection->lock);
  gsize queued = connection->queued_bytes;
  g_mutex_unlock (&connection->lock);
  return queued;
}

static void
state_cb (QsConnection *connection, QsConnectionState state, gpointer data)
{
}

static void
told_cb (QsConnection *connection, gpointer data)
{
}

static void
stream_opened_cb (QsConnection *connection, gint64 stream, gpointer data)
{
}

static void
stream_bytes_cb (QsConnection *connection, gint64 stream, const guint8 *bytes, gsize length, gint64 time, gpointer data)
{
  Client *self = data;

  g_assert_cmpuint (length, <=, MOST_READ);
  self->received += length;
  self->most_queued = MAX (self->most_queued, get_queued (connection));
}

static void
stream_changed_cb (QsConnection *connection, gint64 stream, const QsStreamInfo *info, gpointer data)
{
  Client *self = data;

  self->told = info->received;
  self->over |= info->read_state == QS_STREAM_FINISHED;
}

static void
note_cb (QsConnection *connection, const char *text, gpointer data)
{
}

static const QsConnectionListener listener = { state_cb,        told_cb,           told_cb, stream_opened_cb,
                                               stream_bytes_cb, stream_changed_cb, note_cb };

static gboolean
is_established (gpointer data)
{
  return qs_connection_get_state (((Client *) data)->connection) == QS_CONNECTION_ESTABLISHED;
}

static gboolean
is_over (gpointer data)
{
  return ((Client *) data)->over;
}

static void
client_init (Client *self, const Server *server, gboolean tls, QsMode mode)
{
  g_autofree char *text = g_strdup_printf ("%s://127.0.0.1:%u", tls ? "tls" : "quic", server->port);
  g_autofree char *request = g_strdup_printf ("GET /bytes/%u%s\r\n", LENGTH, tls ? " HTTP/1.0\r\n" : "");
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", server->port);
  g_autoptr (QsTarget) target = qs_target_new (text, NULL);
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (GError) error = NULL;

  options->insecure = TRUE;
  options->alpn = g_strsplit (tls ? "http/1.1" : "hq-interop", ",", -1);
  g_autoptr (QsSslConfig) config = qs_ssl_config_new (target, options, &error);
  g_assert_no_error (error);
  QsConnectionSetup setup = { .config = config,
                              .transport = tls ? QS_TRANSPORT_TLS : QS_TRANSPORT_QUIC,
                              .mode = mode,
                              .trace = trace,
                              .address = address };
  *self = (Client){ .connection = qs_connection_new (&setup, &listener, self) };
  g_assert_true (qs_connection_start (self->connection, &error));
  run_until (is_established, self);
  gint64 stream = qs_connection_open_stream (self->connection, TRUE);
  g_autoptr (GBytes) bytes = g_bytes_new (request, strlen (request));
  qs_connection_send (self->connection, stream, bytes, !tls);
}

/* Without this context's help. */
static void
wait_until_full (QsConnection *connection)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_S * G_USEC_PER_SEC;

  while (get_queued (connection) <= MOST_QUEUED)
    {
      if (g_get_monotonic_time () > end)
        g_error ("The queue has but %" G_GSIZE_FORMAT " bytes", get_queued (connection));
      g_usleep (1000);
    }
}

static gboolean
is_ours_alone (QsConnection *connection)
{
  return g_atomic_ref_count_compare (&connection->ref_count, 1);
}

/* The worker has its own reference until it is gone. */
static void
wait_until_alone (QsConnection *connection)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_S * G_USEC_PER_SEC;

  while (!is_ours_alone (connection))
    {
      if (g_get_monotonic_time () > end)
        g_error ("The worker is still there");
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
}

typedef struct {
  const char *name;
  gboolean tls;
  QsMode mode;
} Case;

static const Case cases[] = {
  { "quic/blocking", FALSE, QS_MODE_BLOCKING },
  { "quic/thread-assisted", FALSE, QS_MODE_THREAD_ASSISTED },
  { "tls/blocking", TRUE, QS_MODE_BLOCKING },
  { "tls/thread-assisted", TRUE, QS_MODE_THREAD_ASSISTED },
};

static void
test_bound (gconstpointer data)
{
  const Case *of = data;
  Server server;
  Client client;

  server_init (&server);
  client_init (&client, &server, of->tls, of->mode);
  wait_until_full (client.connection);
  g_assert_cmpuint (get_queued (client.connection), <=, MOST_QUEUED + MOST_READ);
  g_assert_cmpuint (client.received, <, LENGTH);
  /* What is taken off the queue makes room for more, and never for more than that. */
  run_until (is_over, &client);
  g_assert_cmpuint (client.most_queued, <=, MOST_QUEUED + MOST_READ);
  g_assert_cmpuint (client.received, ==, client.told);
  if (of->tls)
    g_assert_cmpuint (client.received, >, LENGTH); /* with a head */
  else
    g_assert_cmpuint (client.received, ==, LENGTH);
  qs_connection_abort (client.connection);
  wait_until_alone (client.connection);
  qs_connection_unref (client.connection);
  server_clear (&server);
}

/* Whoever is gone is not waited for. */
static void
test_abort (gconstpointer data)
{
  const Case *of = data;
  Server server;
  Client client;

  server_init (&server);
  client_init (&client, &server, of->tls, of->mode);
  wait_until_full (client.connection);
  guint64 received = client.received;
  qs_connection_abort (client.connection);
  wait_until_alone (client.connection);
  g_assert_cmpuint (client.received, ==, received);
  qs_connection_unref (client.connection);
  server_clear (&server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *bound = g_strconcat ("/backpressure/bound/", cases[i].name, NULL);
      g_autofree char *abort = g_strconcat ("/backpressure/abort/", cases[i].name, NULL);
      g_test_add_data_func (bound, &cases[i], test_bound);
      g_test_add_data_func (abort, &cases[i], test_abort);
    }
  return g_test_run ();
}
