/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A version that does not exist, and the twin of a connected socket. */
#include <string.h>
#include <unistd.h>

#include "net/qs-udp-bio.h"
#include "net/qs-version-probe.h"

#define TIMEOUT_MS 10000 /* of what is answered: never waited for */

/* A server in this thread: what it does with each datagram. */
typedef struct {
  GSocket *socket;
  GSource *source;
  GSocketAddress *address;
  guint n_received, n_before; /* answers from this datagram on */
  gsize size;                 /* of the last one */
  guint n_stray, reset;       /* short headers that came; bytes of what answers them, 0: nothing does */
  gboolean swapped, junk_first, floods;
} Server;

static void
answer (Server *server, GSocketAddress *peer, const guint8 *bytes)
{
  guint8 packet[64] = { 0x80 | 0x2a }, *at = packet + 5;
  const guint8 *dcid = bytes + 5, *scid = dcid + 1 + dcid[0];
  const guint8 *first = server->swapped ? scid : dcid, *second = server->swapped ? dcid : scid;
  static const guint8 versions[] = { 0, 0, 0, 1, 0x1a, 0x2a, 0x3a, 0x4a, 0xff, 0, 0, 29 };

  memcpy (at, first, 1u + first[0]);
  at += 1 + first[0];
  memcpy (at, second, 1u + second[0]);
  at += 1 + second[0];
  memcpy (at, versions, sizeof versions);
  at += sizeof versions;
  if (server->junk_first)
    g_socket_send_to (server->socket, peer, "junk", 4, NULL, NULL);
  g_socket_send_to (server->socket, peer, (const char *) packet, (gsize) (at - packet), NULL, NULL);
}

static gboolean
received_cb (GSocket *socket, GIOCondition condition, gpointer data)
{
  Server *server = data;
  g_autoptr (GSocketAddress) peer = NULL;
  char bytes[2048];
  gssize length = g_socket_receive_from (socket, &peer, bytes, sizeof bytes, NULL, NULL);

  g_assert_cmpint (length, >, 30);
  if ((bytes[0] & 0x80) == 0)
    {
      static const char reset[1200] = { 0x41 };
      g_assert_cmpint (bytes[0] & 0x40, ==, 0x40);
      server->n_stray++;
      if (server->reset > 0)
        g_socket_send_to (server->socket, peer, reset, server->reset, NULL, NULL);
      return G_SOURCE_CONTINUE;
    }
  g_assert_true ((bytes[0] & 0x80) != 0);
  for (guint i = 1; i < 5; i++)
    g_assert_cmpint (bytes[i] & 0x0f, ==, 0x0a); /* RFC 9000 section 15 */
  server->size = (gsize) length;
  for (guint i = 0; server->floods && i < 200; i++)
    g_socket_send_to (server->socket, peer, "junk", 4, NULL, NULL);
  if (server->n_received++ >= server->n_before)
    answer (server, peer, (const guint8 *) bytes);
  return G_SOURCE_CONTINUE;
}

static GSocket *
bound_socket (GSocketAddress **address)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);

  g_assert_no_error (error);
  g_assert_true (g_socket_bind (socket, any, FALSE, &error));
  *address = g_socket_get_local_address (socket, &error);
  return socket;
}

static void
server_init (Server *server)
{
  *server = (Server){ .swapped = TRUE };
  server->socket = bound_socket (&server->address);
  server->source = g_socket_create_source (server->socket, G_IO_IN, NULL);
  g_source_set_callback (server->source, G_SOURCE_FUNC (received_cb), server, NULL);
  g_source_attach (server->source, NULL);
}

static void
server_clear (Server *server)
{
  g_source_destroy (server->source);
  g_source_unref (server->source);
  g_object_unref (server->socket);
  g_object_unref (server->address);
}

static void
result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GArray *
ask_with (GSocketAddress *address, guint size, guint stray, guint timeout_ms, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  qs_version_probe_async (address, size, stray, FALSE, qs_clock_get_steady (), timeout_ms, NULL, result_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return qs_version_probe_finish (result, error);
}

static GArray *
ask (GSocketAddress *address, guint size, guint timeout_ms, GError **error)
{
  return ask_with (address, size, 0, timeout_ms, error);
}

/* Of two at once both have to be answered, and nothing is sent again: a server that passes over the first few shows it. */
static void
test_pair (void)
{
  for (guint n_before = 0; n_before < 3; n_before++)
    {
      Server server;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      server_init (&server);
      server.n_before = n_before;
      qs_version_probe_async (server.address, 1200, 0, TRUE, qs_clock_get_steady (), n_before > 0 ? 50 : TIMEOUT_MS,
                              NULL, result_cb, &result);
      while (result == NULL)
        g_main_context_iteration (NULL, TRUE);
      g_autoptr (GArray) versions = qs_version_probe_finish (result, &error);
      g_assert_cmpuint (server.n_received, ==, 2);
      if (n_before == 0)
        g_assert_nonnull (versions);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
      server_clear (&server);
    }
}

static void
test_answered (void)
{
  Server server;

  server_init (&server);
  server.junk_first = TRUE; /* which is no answer */
  g_autoptr (GArray) versions = ask (server.address, 1200, TIMEOUT_MS, NULL);
  g_assert_nonnull (versions);
  g_assert_cmpuint (versions->len, ==, 3);
  g_assert_cmphex (g_array_index (versions, guint32, 0), ==, 1);
  g_assert_cmphex (g_array_index (versions, guint32, 1), ==, 0x1a2a3a4a);
  g_assert_cmphex (g_array_index (versions, guint32, 2), ==, 0xff00001d);
  g_assert_cmpuint (server.size, ==, 1200);
  server_clear (&server);
}

/* A stateless reset is an answer to what goes with it: smaller than that, and 21 bytes at least. */
static void
test_stray (void)
{
  static const struct {
    guint stray, reset;
    gboolean answer;
  } rows[] = { { 100, 99, TRUE }, { 100, 100, FALSE }, { 100, 21, TRUE }, { 100, 20, FALSE }, { 0, 99, FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Server server;
      g_autoptr (GError) error = NULL;
      server_init (&server);
      server.n_before = G_MAXUINT;
      server.reset = rows[i].reset;
      g_autoptr (GArray) versions =
          ask_with (server.address, 600, rows[i].stray, rows[i].answer ? TIMEOUT_MS : 20, &error);
      g_assert_true ((versions != NULL) == rows[i].answer);
      g_assert_cmpuint (versions != NULL ? versions->len : 0, ==, 0);
      g_assert_true ((server.n_stray > 0) == (rows[i].stray > 0));
      server_clear (&server);
    }
}

/* The first one may be lost. No machine is too slow for this: the repetition's answer is read before its time is over. */
static void
test_sent_again (void)
{
  Server server;

  server_init (&server);
  server.n_before = 1;
  g_autoptr (GArray) versions = ask (server.address, 600, 2, NULL);
  g_assert_nonnull (versions);
  g_assert_cmpuint (server.n_received, ==, 2);
  g_assert_cmpuint (server.size, ==, 600);
  server_clear (&server);
}

static void
pump (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* One half of the time for the first, the other for the second. */
static void
test_time (void)
{
  Server server;
  g_autoptr (QsClock) clock = qs_clock_new_manual (0);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  server_init (&server);
  server.n_before = G_MAXUINT;
  qs_version_probe_async (server.address, 1200, 0, FALSE, clock, 1000, NULL, result_cb, &result);
  for (guint half = 1; half <= 2; half++)
    {
      while (server.n_received < half)
        g_main_context_iteration (NULL, TRUE);
      qs_clock_advance (clock, 499999999);
      pump ();
      g_assert_cmpuint (server.n_received, ==, half);
      g_assert_null (result);
      qs_clock_advance (clock, 1);
    }
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (qs_version_probe_finish (result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpuint (server.n_received, ==, 2);
  server_clear (&server);
}

/* Whose ids are not swapped did not read ours. */
static void
test_not_an_answer (void)
{
  Server server;
  g_autoptr (GError) error = NULL;

  server_init (&server);
  server.swapped = FALSE;
  g_assert_null (ask (server.address, 1200, 100, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpuint (server.n_received, >=, 1);
  server_clear (&server);
}

/* Whoever floods does not put off the end for ever. */
static void
test_flood (void)
{
  Server server;
  g_autoptr (GError) error = NULL;

  server_init (&server);
  server.floods = TRUE;
  server.n_before = G_MAXUINT;
  g_assert_null (ask (server.address, 1200, TIMEOUT_MS * 1000, &error)); /* which nobody could wait for */
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  server_clear (&server);
}

static void
test_refused (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  GSocket *socket = bound_socket (&address);

  g_object_unref (socket); /* nobody is there now */
  g_assert_null (ask (address, 1200, TIMEOUT_MS, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static void
test_cancelled (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) silent = bound_socket (&address);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;

  qs_version_probe_async (address, 1200, 0, FALSE, qs_clock_get_steady (), TIMEOUT_MS, cancellable, result_cb, &result);
  g_cancellable_cancel (cancellable);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (qs_version_probe_finish (result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* --- The twin --- */

static gssize
receive (GSocket *socket, char *bytes, gsize size)
{
  g_autoptr (GError) error = NULL;

  g_socket_set_blocking (socket, FALSE);
  g_assert_true (g_socket_condition_timed_wait (socket, G_IO_IN, 10 * G_USEC_PER_SEC, NULL, &error));
  return g_socket_receive (socket, bytes, size, NULL, NULL);
}

static void
test_twin (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketAddress) asked_address = NULL, other_address = NULL;
  g_autoptr (GSocket) asked = bound_socket (&asked_address), other = bound_socket (&other_address);
  g_autoptr (QsUdpBio) bio = qs_udp_bio_new (AF_INET, QS_UDP_BIO_PLAIN, &error);
  char bytes[64];

  g_assert_true (qs_udp_bio_connect (bio, asked_address, &error));
  g_autoptr (GSocketAddress) local = qs_udp_bio_dup_local_address (bio);
  g_autoptr (GSocket) twin = qs_udp_bio_open_twin (bio, &error);
  g_assert_no_error (error);
  g_autoptr (GSocket) connected = g_socket_new_from_fd (dup (qs_udp_bio_get_fd (bio)), &error);

  g_socket_send_to (asked, local, "asked", 5, NULL, &error);
  g_socket_send_to (other, local, "other one", 9, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (receive (connected, bytes, sizeof bytes), ==, 5);
  g_assert_cmpint (receive (twin, bytes, sizeof bytes), ==, 9);
  /* To each its own. */
  g_assert_cmpint (g_socket_receive (connected, bytes, sizeof bytes, NULL, NULL), <, 0);
  g_assert_cmpint (g_socket_receive (twin, bytes, sizeof bytes, NULL, NULL), <, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/version-probe/answered", test_answered);
  g_test_add_func ("/version-probe/pair", test_pair);
  g_test_add_func ("/version-probe/stray", test_stray);
  g_test_add_func ("/version-probe/sent-again", test_sent_again);
  g_test_add_func ("/version-probe/time", test_time);
  g_test_add_func ("/version-probe/not-an-answer", test_not_an_answer);
  g_test_add_func ("/version-probe/flood", test_flood);
  g_test_add_func ("/version-probe/refused", test_refused);
  g_test_add_func ("/version-probe/cancelled", test_cancelled);
  g_test_add_func ("/udp-bio/twin", test_twin);
  return g_test_run ();
}
