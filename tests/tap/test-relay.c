/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay between sockets of the test's own: what comes out is what went in, and each client has a trace. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tap/qs-tap-relay.h"
#include "tap/qs-tap.h"
#include "wire/qs-packet.h"
#include "wire/qs-writer.h"

#define PATIENCE_MS 60000 /* against hanging */
#define MANY 1000

/* --- Sockets --- */

static int
make_socket (int type, guint16 port, gboolean listens)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = g_htons (port),
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, type | SOCK_CLOEXEC, 0), size = 4 << 20;

  g_assert_cmpint (fd, >=, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  g_assert_cmpint ((listens ? bind : connect) (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  return fd;
}

static guint16
port_of (int fd)
{
  struct sockaddr_in address;
  socklen_t length = sizeof address;

  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &length), ==, 0);
  return g_ntohs (address.sin_port);
}

static void
wait_readable (int fd)
{
  struct pollfd descriptor = { fd, POLLIN, 0 };

  g_assert_cmpint (poll (&descriptor, 1, PATIENCE_MS), ==, 1);
}

/* --- What a relay is put up between --- */

typedef struct {
  int server; /* UDP, bound */
  guint16 port;
  QsTapRelay *relay;
} Fixture;

static QsTapRelay *
make_relay (guint16 port, const char *impairment)
{
  g_autoptr (GSocketAddress) listen = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GPtrArray) servers = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (servers, g_inet_socket_address_new_from_string ("127.0.0.1", port));
  const QsTapRelayOptions options = { listen, servers, impairment, 1 << 20 };
  QsTapRelay *relay = qs_tap_relay_new (&options, &error);
  g_assert_no_error (error);
  qs_tap_relay_start (relay);
  return relay;
}

static guint16
listening_port (QsTapRelay *relay)
{
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (qs_tap_relay_get_address (relay)));
}

static void
set_up (Fixture *fixture, gconstpointer impairment)
{
  fixture->server = make_socket (SOCK_DGRAM, 0, TRUE);
  fixture->relay = make_relay (port_of (fixture->server), impairment);
  fixture->port = listening_port (fixture->relay);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  qs_tap_relay_free (fixture->relay);
  close (fixture->server);
}

/* A first datagram of client n, which all else of it follows. */
static GByteArray *
make_initial (guint n, gsize length)
{
  GByteArray *bytes = g_byte_array_new ();
  g_autofree char *id = g_strdup_printf ("client%06u", n);
  QsPacketHeader header = {
    .type = QS_PACKET_INITIAL, .version = QS_QUIC_VERSION_1, .dcid = QS_SPAN ("original", 8), .scid = QS_SPAN (id, 12)
  };

  header.first_byte = qs_packet_first_byte (header.version, header.type, 1);
  qs_packet_header_write (bytes, &header, 100);
  for (guint i = bytes->len; i < length; i++)
    qs_write_span (bytes, QS_SPAN (&(guint8){ (guint8) (i * 7 + n) }, 1));
  return bytes;
}

static QsTapConnection *
pop (QsTapRelay *relay)
{
  for (guint i = 0; i < PATIENCE_MS; i++)
    {
      QsTapConnection *connection = qs_tap_relay_pop (relay);
      if (connection != NULL)
        return connection;
      g_usleep (1000);
    }
  g_assert_not_reached ();
}

/* The server gets a datagram and says the same back. */
static gsize
echo (int server, guint8 *bytes, gsize size)
{
  struct sockaddr_in peer;
  socklen_t length = sizeof peer;

  wait_readable (server);
  gssize n = recvfrom (server, bytes, size, 0, (struct sockaddr *) &peer, &length);
  g_assert_cmpint (n, >=, 0);
  g_assert_cmpint (sendto (server, bytes, (gsize) n, 0, (struct sockaddr *) &peer, length), ==, n);
  return (gsize) n;
}

/* --- Tests --- */

/* Of all lengths that loopback takes, the empty one included. */
static void
test_lengths (Fixture *fixture, gconstpointer data)
{
  static const gsize lengths[] = { 0, 1, 20, 1199, 1200, 1201, 1472, 1500, 9000, 40000, 65000 };
  int client = make_socket (SOCK_DGRAM, fixture->port, FALSE);
  g_autofree guint8 *got = g_malloc (65536);

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (GByteArray) sent = make_initial (1, lengths[i]);
      g_byte_array_set_size (sent, (guint) lengths[i]);
      g_assert_cmpint (send (client, sent->data, sent->len, 0), ==, sent->len);
      gsize n = echo (fixture->server, got, 65536);
      g_assert_cmpmem (got, n, sent->data, sent->len);
      wait_readable (client);
      gssize back = recv (client, got, 65536, 0);
      g_assert_cmpmem (got, (gsize) MAX (back, 0), sent->data, sent->len);
    }
  close (client);
}

static void
test_thousand_clients (Fixture *fixture, gconstpointer data)
{
  g_autofree int *clients = g_new (int, MANY);
  g_autofree guint8 *got = g_malloc (65536);
  QsTapFigures figures;
  struct rlimit files;

  getrlimit (RLIMIT_NOFILE, &files);
  if (files.rlim_max < 3 * MANY)
    {
      g_test_skip ("not enough descriptors");
      return;
    }
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (GByteArray) sent = make_initial (i, 1200);
      clients[i] = make_socket (SOCK_DGRAM, fixture->port, FALSE);
      g_assert_cmpint (send (clients[i], sent->data, sent->len, 0), ==, sent->len);
      echo (fixture->server, got, 65536);
    }
  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (GByteArray) sent = make_initial (i, 1200);
      wait_readable (clients[i]);
      gssize n = recv (clients[i], got, 65536, 0);
      g_assert_cmpmem (got, (gsize) MAX (n, 0), sent->data, sent->len); /* nobody else's */
      close (clients[i]);
    }
  qs_tap_relay_stop (fixture->relay);
  qs_tap_relay_get_figures (fixture->relay, &figures);
  g_assert_cmpuint (figures.clients, ==, MANY);
  g_assert_cmpuint (figures.datagrams, ==, 2 * MANY);
  g_assert_cmpuint (figures.not_sent, ==, 0);
  g_assert_cmpuint (figures.unfiled, ==, MANY); /* what is echoed is no answer of QUIC's: handed on, and nobody's */
  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (QsTapConnection) connection = pop (fixture->relay);
      qs_tap_relay_end_trace (fixture->relay, connection);
    }
  g_assert_null (qs_tap_relay_pop (fixture->relay));
}

/* The mark of a datagram is that of the one that came in, both ways. */
static void
test_ecn (Fixture *fixture, gconstpointer data)
{
  int client = make_socket (SOCK_DGRAM, fixture->port, FALSE), on = 1;
  const int marks[] = { 2, 1, 3, 0, 2 };

  setsockopt (client, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
  setsockopt (fixture->server, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      g_autoptr (GByteArray) sent = make_initial (1, 1200);
      struct sockaddr_in peer;
      guint8 bytes[2048], control[64];
      struct iovec iov = { bytes, sizeof bytes };

      setsockopt (client, IPPROTO_IP, IP_TOS, &marks[i], sizeof marks[i]);
      send (client, sent->data, sent->len, 0);
      for (guint side = 0; side < 2; side++)
        {
          int fd = side == 0 ? fixture->server : client;
          struct msghdr message = { &peer, sizeof peer, &iov, 1, control, sizeof control, 0 };
          wait_readable (fd);
          gssize n = recvmsg (fd, &message, 0);
          g_assert_cmpint (n, ==, sent->len);
          g_assert_nonnull (CMSG_FIRSTHDR (&message));
          g_assert_cmpint (*CMSG_DATA (CMSG_FIRSTHDR (&message)) & 3, ==, marks[i]);
          if (side == 1)
            break;
          setsockopt (fd, IPPROTO_IP, IP_TOS, &marks[i], sizeof marks[i]);
          sendto (fd, bytes, (gsize) n, 0, (struct sockaddr *) &peer, sizeof peer);
        }
    }
  close (client);
}

/* Sends until one of a client's datagrams has this fate: the rules come into force in the relay's thread. */
static void
send_until (int client, QsTapConnection *connection, QsFate wanted)
{
  QsTrace *trace = qs_tap_connection_get_trace (connection);
  guint looked_at = qs_trace_get_n_records (trace);

  for (guint tries = 0; tries < PATIENCE_MS; tries++)
    {
      g_autoptr (GByteArray) sent = make_initial (1, 1200);
      g_assert_cmpint (send (client, sent->data, sent->len, 0), ==, sent->len);
      g_usleep (1000);
      for (guint n = qs_trace_get_n_records (trace); looked_at < n; looked_at++)
        {
          QsRecord record;
          qs_trace_get_record (trace, looked_at, &record);
          if (record.kind == QS_RECORD_DATAGRAM && record.fate == wanted)
            return;
        }
    }
  g_assert_not_reached ();
}

static QsImpairment *
make_rules (const char *text)
{
  g_autoptr (GError) error = NULL;
  QsImpairment *rules = qs_impairment_new (text, &error);

  g_assert_no_error (error);
  return rules;
}

/* Rules that are exchanged while a connection is under way hold for it, and go again. */
static void
test_other_rules (Fixture *fixture, gconstpointer data)
{
  int client = make_socket (SOCK_DGRAM, fixture->port, FALSE);
  g_autoptr (GByteArray) first = make_initial (1, 1200);

  g_assert_cmpint (send (client, first->data, first->len, 0), ==, first->len);
  g_autoptr (QsTapConnection) connection = pop (fixture->relay);
  send_until (client, connection, QS_FATE_PASSED);
  qs_tap_relay_set_impairment (fixture->relay, make_rules ("up:loss=100%"));
  send_until (client, connection, QS_FATE_DROPPED);
  qs_tap_relay_set_impairment (fixture->relay, make_rules ("up:delay=2ms"));
  send_until (client, connection, QS_FATE_DELAYED);
  qs_tap_relay_set_impairment (fixture->relay, make_rules ("loss=0%"));
  send_until (client, connection, QS_FATE_PASSED);
  qs_tap_relay_stop (fixture->relay);
  qs_tap_relay_end_trace (fixture->relay, connection);
  close (client);
}

#define BEHIND 0xee
#define N_BEHIND 100

/* What was held up a moment ago is not overtaken by what is not held up any more. */
static void
test_no_overtaking (Fixture *fixture, gconstpointer data)
{
  int client = make_socket (SOCK_DGRAM, fixture->port, FALSE);
  g_autofree guint8 *got = g_malloc (65536);
  guint n_before = 0, n_behind = 0;

  qs_tap_relay_set_impairment (fixture->relay, make_rules ("up:delay=300ms"));
  g_autoptr (GByteArray) first = make_initial (1, 1200);
  g_assert_cmpint (send (client, first->data, first->len, 0), ==, first->len);
  g_autoptr (QsTapConnection) connection = pop (fixture->relay);
  send_until (client, connection, QS_FATE_DELAYED);
  qs_tap_relay_set_impairment (fixture->relay, make_rules ("loss=0%"));
  for (guint i = 0; i < N_BEHIND; i++)
    {
      g_autoptr (GByteArray) sent = make_initial (1, 1200);
      sent->data[1198] = BEHIND;
      sent->data[1199] = (guint8) i;
      g_assert_cmpint (send (client, sent->data, sent->len, 0), ==, sent->len);
    }
  while (n_behind < N_BEHIND)
    {
      wait_readable (fixture->server);
      g_assert_cmpint (recv (fixture->server, got, 65536, 0), ==, 1200);
      if (got[1198] == BEHIND)
        g_assert_cmpuint (got[1199], ==, n_behind++);
      else
        {
          g_assert_cmpuint (n_behind, ==, 0);
          n_before++;
        }
    }
  g_assert_cmpuint (n_before, >, 0);
  qs_tap_relay_stop (fixture->relay);
  qs_tap_relay_end_trace (fixture->relay, connection);
  close (client);
}

/* What the path behind it drops is in the trace, with its fate, and does not come. */
static void
test_impaired (Fixture *fixture, gconstpointer data)
{
  int client = make_socket (SOCK_DGRAM, fixture->port, FALSE);
  g_autofree guint8 *got = g_malloc (65536);
  static const QsFate fates[] = { QS_FATE_PASSED, QS_FATE_DROPPED, QS_FATE_PASSED };
  guint n_datagrams = 0;

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GByteArray) sent = make_initial (1, 1200 + i);
      send (client, sent->data, sent->len, 0);
    }
  g_assert_cmpuint (echo (fixture->server, got, 65536), ==, 1200);
  g_assert_cmpuint (echo (fixture->server, got, 65536), ==, 1202);
  qs_tap_relay_stop (fixture->relay);
  g_autoptr (QsTapConnection) connection = pop (fixture->relay);
  QsTrace *trace = qs_tap_connection_get_trace (connection);
  for (guint i = 0; i < qs_trace_get_n_records (trace); i++)
    {
      QsRecord record;
      qs_trace_get_record (trace, i, &record);
      if (record.kind == QS_RECORD_DATAGRAM && record.direction == QS_DIRECTION_SENT)
        g_assert_cmpint (record.fate, ==, fates[n_datagrams++]);
    }
  g_assert_cmpuint (n_datagrams, ==, 3);
  qs_tap_relay_end_trace (fixture->relay, connection);
  close (client);
}

/* A server that was not there and comes: its client is answered then, and the trace knows of both. */
static void
test_server_comes_back (Fixture *fixture, gconstpointer data)
{
  int client = make_socket (SOCK_DGRAM, fixture->port, FALSE);
  g_autoptr (GByteArray) sent = make_initial (1, 1200);
  g_autofree guint8 *got = g_malloc (65536);
  guint16 port = port_of (fixture->server);

  close (fixture->server);
  send (client, sent->data, sent->len, 0);
  g_autoptr (QsTapConnection) connection = pop (fixture->relay);
  QsTrace *trace = qs_tap_connection_get_trace (connection);
  for (guint i = 0; i < PATIENCE_MS && qs_trace_find_mark (trace, QS_MARK_ICMP, NULL, NULL) == NULL; i++)
    g_usleep (1000);
  g_assert_nonnull (qs_trace_find_mark (trace, QS_MARK_ICMP, "port-unreachable", NULL));
  fixture->server = make_socket (SOCK_DGRAM, port, TRUE);
  send (client, sent->data, sent->len, 0);
  echo (fixture->server, got, 65536);
  wait_readable (client);
  qs_tap_relay_stop (fixture->relay);
  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), ==, 2);
  qs_tap_relay_end_trace (fixture->relay, connection);
  close (client);
}

/* --- TCP --- */

static int
accept_one (int listener)
{
  wait_readable (listener);
  return accept (listener, NULL, NULL);
}

static void
test_tcp_halves (void)
{
  int listener = make_socket (SOCK_STREAM, 0, TRUE);
  g_assert_cmpint (listen (listener, 8), ==, 0);
  QsTapRelay *relay = make_relay (port_of (listener), NULL);
  int client = make_socket (SOCK_STREAM, listening_port (relay), FALSE);
  int server = accept_one (listener);
  char got[16];
  gint64 since;

  /* The client has said all, and is answered all the same. */
  g_assert_cmpint (send (client, "question", 8, 0), ==, 8);
  shutdown (client, SHUT_WR);
  g_assert_cmpint (recv (server, got, 8, MSG_WAITALL), ==, 8);
  g_assert_cmpmem (got, 8, "question", 8);
  g_assert_cmpint (recv (server, got, 1, 0), ==, 0);
  g_assert_cmpint (send (server, "answer", 6, 0), ==, 6);
  close (server);
  g_assert_cmpint (recv (client, got, 6, MSG_WAITALL), ==, 6);
  g_assert_cmpmem (got, 6, "answer", 6);
  g_assert_cmpint (recv (client, got, 1, 0), ==, 0);
  g_autoptr (QsTapConnection) connection = pop (relay);
  qs_tap_relay_stop (relay);
  g_assert_true (qs_tap_relay_is_over (relay, connection, &since));
  QsTrace *trace = qs_tap_connection_get_trace (connection);
  g_assert_nonnull (qs_trace_find_mark (trace, QS_MARK_TCP_CONNECTED, NULL, NULL));
  g_assert_cmpint (qs_trace_find_mark (trace, QS_MARK_TCP_END, "fin", NULL)->value, ==, QS_DIRECTION_RECEIVED);
  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), ==, 2);
  close (client);
  close (listener);
  qs_tap_relay_free (relay);
}

static void
test_tcp_reset (void)
{
  int listener = make_socket (SOCK_STREAM, 0, TRUE);
  g_assert_cmpint (listen (listener, 8), ==, 0);
  QsTapRelay *relay = make_relay (port_of (listener), NULL);
  int client = make_socket (SOCK_STREAM, listening_port (relay), FALSE);
  int server = accept_one (listener);
  const struct linger at_once = { 1, 0 };
  char byte;

  g_assert_cmpint (send (client, "x", 1, 0), ==, 1);
  g_assert_cmpint (recv (server, &byte, 1, 0), ==, 1);
  setsockopt (server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close (server);
  g_assert_cmpint (recv (client, &byte, 1, 0), ==, -1);
  g_assert_cmpint (errno, ==, ECONNRESET);
  g_autoptr (QsTapConnection) connection = pop (relay);
  qs_tap_relay_stop (relay);
  QsTrace *trace = qs_tap_connection_get_trace (connection);
  g_assert_cmpint (qs_trace_find_mark (trace, QS_MARK_TCP_END, "reset", NULL)->value, ==, QS_DIRECTION_RECEIVED);
  g_assert_nonnull (qs_trace_find_mark (trace, QS_MARK_SOCKET_ERROR, "ECONNRESET", NULL));
  close (client);
  close (listener);
  qs_tap_relay_free (relay);
}

/* A side that does not read holds the other one up, and loses nothing. */
static void
test_tcp_slow_reader (void)
{
  int listener = make_socket (SOCK_STREAM, 0, TRUE);
  g_assert_cmpint (listen (listener, 8), ==, 0);
  QsTapRelay *relay = make_relay (port_of (listener), NULL);
  int client = make_socket (SOCK_STREAM, listening_port (relay), FALSE);
  int server = accept_one (listener);
  const gsize most = 64 << 20;
  g_autofree guint8 *piece = g_malloc0 (65536);
  gsize sent = 0, got = 0;

  /* Until nothing more is taken: the system's buffers are full, and the relay's is bounded. */
  for (struct pollfd out = { server, POLLOUT, 0 }; sent < most && poll (&out, 1, 500) == 1;)
    {
      gssize n = send (server, piece, 65536, MSG_DONTWAIT);
      sent += (gsize) MAX (n, 0);
    }
  g_assert_cmpuint (sent, >, 0);
  g_assert_cmpuint (sent, <, most);
  shutdown (server, SHUT_WR);
  for (gssize n; (n = recv (client, piece, 65536, 0)) > 0;)
    got += (gsize) n;
  g_assert_cmpuint (got, ==, sent);
  close (client);
  close (server);
  close (listener);
  qs_tap_relay_free (relay);
}

/* Nobody is led astray by a port that is taken. */
static void
test_port_taken (void)
{
  int taken = make_socket (SOCK_STREAM, 0, TRUE);
  g_assert_cmpint (listen (taken, 1), ==, 0);
  g_autoptr (GSocketAddress) at = g_inet_socket_address_new_from_string ("127.0.0.1", port_of (taken));
  g_autoptr (GPtrArray) servers = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (servers, g_inet_socket_address_new_from_string ("127.0.0.1", 9));
  const QsTapRelayOptions options = { at, servers, NULL, 1 << 20 };
  g_assert_null (qs_tap_relay_new (&options, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  g_clear_error (&error);
  const QsTapRelayOptions wrong = { at, servers, "loss=200%", 1 << 20 };
  g_assert_null (qs_tap_relay_new (&wrong, &error));
  g_assert_nonnull (error);
  close (taken);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/relay/lengths", Fixture, NULL, set_up, test_lengths, tear_down);
  g_test_add ("/relay/thousand-clients", Fixture, NULL, set_up, test_thousand_clients, tear_down);
  g_test_add ("/relay/ecn", Fixture, NULL, set_up, test_ecn, tear_down);
  g_test_add ("/relay/impaired", Fixture, "up:drop=2", set_up, test_impaired, tear_down);
  g_test_add ("/relay/other-rules", Fixture, NULL, set_up, test_other_rules, tear_down);
  g_test_add ("/relay/no-overtaking", Fixture, NULL, set_up, test_no_overtaking, tear_down);
  g_test_add ("/relay/server-comes-back", Fixture, NULL, set_up, test_server_comes_back, tear_down);
  g_test_add_func ("/relay/tcp-halves", test_tcp_halves);
  g_test_add_func ("/relay/tcp-reset", test_tcp_reset);
  g_test_add_func ("/relay/tcp-slow-reader", test_tcp_slow_reader);
  g_test_add_func ("/relay/port-taken", test_port_taken);
  return g_test_run ();
}
