/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel may answer to a send, each of it once and often enough to matter. sendmmsg() is ours here: it fails as it is told to,
 * and else takes everything. */
#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "net/qs-udp-bio.h"

static struct {
  int errors[8]; /* of the next calls; 0: it goes out */
  guint next, n_calls;
  guint n_headers; /* of the last call */
} kernel;

int sendmmsg (int fd, struct mmsghdr *messages, unsigned int n, int flags);

int
sendmmsg (int fd, struct mmsghdr *messages, unsigned int n, int flags)
{
  int error = kernel.next < G_N_ELEMENTS (kernel.errors) ? kernel.errors[kernel.next++] : 0;

  kernel.n_calls++;
  kernel.n_headers = n;
  errno = error;
  return error != 0 ? -1 : (int) n;
}

typedef struct {
  QsUdpBio *udp;
  BIO *bio;
  guint n_passed, n_dropped;
  int error;
} Fixture;

static void
datagram_cb (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data)
{
  Fixture *fixture = data;

  fixture->n_passed += datagram->fate == QS_FATE_PASSED;
  fixture->n_dropped += datagram->fate == QS_FATE_DROPPED;
}

static void
icmp_cb (QsUdpBio *bio, const QsUdpIcmp *icmp, gpointer data)
{
}

static void
error_cb (QsUdpBio *bio, int error, gpointer data)
{
  ((Fixture *) data)->error = error;
}

static const QsUdpRecorder recorder = { datagram_cb, icmp_cb, error_cb };

static void
fixture_init (Fixture *fixture, gboolean connected)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 9);
  g_autoptr (GError) error = NULL;

  memset (&kernel, 0, sizeof kernel);
  *fixture = (Fixture){ .udp = qs_udp_bio_new (AF_INET, QS_UDP_BIO_PLAIN, &error) };
  g_assert_no_error (error);
  if (connected)
    g_assert_true (qs_udp_bio_connect (fixture->udp, address, NULL));
  qs_udp_bio_set_recorder (fixture->udp, &recorder, fixture, NULL);
  fixture->bio = qs_udp_bio_new_bio (fixture->udp);
}

static void
fixture_clear (Fixture *fixture)
{
  BIO_free (fixture->bio);
  qs_udp_bio_unref (fixture->udp);
  ERR_clear_error ();
}

/* Of these lengths. Returns how many OpenSSL may take for sent. */
static gsize
send_all (Fixture *fixture, const gsize *lengths, gsize n)
{
  g_autofree guint8 *bytes = g_malloc0 (65536);
  BIO_MSG messages[32] = { 0 };
  BIO_ADDR *peer = BIO_ADDR_new ();
  const guint8 loopback[] = { 127, 0, 0, 1 };
  gsize done = 0;

  BIO_ADDR_rawmake (peer, AF_INET, loopback, 4, g_htons (9));
  g_assert_cmpuint (n, <=, G_N_ELEMENTS (messages));
  for (gsize i = 0; i < n; i++)
    messages[i] = (BIO_MSG){ .data = bytes, .data_len = lengths[i], .peer = peer };
  if (!BIO_sendmmsg (fixture->bio, messages, sizeof messages[0], n, 0, &done))
    done = 0;
  BIO_ADDR_free (peer);
  return done;
}

static gsize
send_two (Fixture *fixture)
{
  static const gsize lengths[] = { 100, 200 };

  return send_all (fixture, lengths, 2);
}

/* errors, and what becomes of two datagrams. */
static void
two (gboolean connected, const int errors[4], gsize done, guint n_passed, guint n_dropped, int fatal)
{
  Fixture fixture;

  fixture_init (&fixture, connected);
  memcpy (kernel.errors, errors, 4 * sizeof (int));
  g_assert_cmpuint (send_two (&fixture), ==, done);
  g_assert_cmpuint (fixture.n_passed, ==, n_passed);
  g_assert_cmpuint (fixture.n_dropped, ==, n_dropped);
  g_assert_cmpint (fixture.error, ==, fatal);
  /* Once it is fatal, it is for good. */
  if (fatal != 0)
    {
      guint n_calls = kernel.n_calls;
      g_assert_cmpuint (send_two (&fixture), ==, 0);
      g_assert_cmpuint (kernel.n_calls, ==, n_calls);
    }
  fixture_clear (&fixture);
}

/* The first one may be an earlier datagram's error, so it is tried once more; with the second this one is lost, and the next one goes. */
static void
test_retry (void)
{
  two (TRUE, (int[4]){ 0 }, 2, 2, 0, 0);
  two (TRUE, (int[4]){ ENOBUFS }, 2, 2, 0, 0);
  two (TRUE, (int[4]){ ENOBUFS, ENOBUFS }, 2, 1, 1, 0);
  two (TRUE, (int[4]){ ENOBUFS, ENOBUFS, ENOBUFS }, 2, 1, 1, 0);
  two (TRUE, (int[4]){ ENOBUFS, ENOBUFS, ENOBUFS, ENOBUFS }, 2, 0, 2, 0);
  two (TRUE, (int[4]){ ENOMEM, EIO }, 2, 1, 1, 0);
  two (TRUE, (int[4]){ EINTR, EINTR, EINTR }, 2, 2, 0, 0);
  two (TRUE, (int[4]){ EAGAIN }, 0, 0, 0, 0);
}

/* What ends a client's attempt at once is nothing to a server, which has others to serve. */
static void
test_fatal (void)
{
  static const int paths[] = { EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENONET, ENOPROTOOPT,
                               EOPNOTSUPP,   EACCES,      EPERM,     EPROTO, EMSGSIZE };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      two (TRUE, (int[4]){ paths[i] }, 0, 0, 0, paths[i]);
      two (FALSE, (int[4]){ paths[i], paths[i] }, 2, 1, 1, 0);
    }
  two (TRUE, (int[4]){ ECONNREFUSED }, 0, 0, 0, ECONNREFUSED);
  two (FALSE, (int[4]){ ECONNREFUSED, ECONNREFUSED }, 2, 1, 1, 0);
  two (TRUE, (int[4]){ EBADF }, 0, 0, 0, EBADF);
  two (FALSE, (int[4]){ EBADF }, 0, 0, 0, EBADF);
}

/* A path that has worked gets QUIC's patience: what is too large for it, say, is lost. */
static void
test_path_that_worked (void)
{
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  static const int errors[] = { EMSGSIZE, EHOSTUNREACH };

  g_assert_true (g_socket_bind (socket, any, FALSE, NULL));
  g_autoptr (GSocketAddress) server = g_socket_get_local_address (socket, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      Fixture fixture;
      fixture_init (&fixture, FALSE);
      g_assert_true (qs_udp_bio_connect (fixture.udp, server, NULL));
      g_autoptr (GSocketAddress) client = qs_udp_bio_dup_local_address (fixture.udp);
      g_assert_cmpint (g_socket_send_to (socket, client, "hello", 5, NULL, NULL), ==, 5);
      struct pollfd descriptor = { qs_udp_bio_get_poll_fd (fixture.udp), POLLIN, 0 };
      g_assert_cmpint (poll (&descriptor, 1, 20000), ==, 1);
      char bytes[100];
      BIO_MSG message = { .data = bytes, .data_len = sizeof bytes };
      size_t done = 0;
      g_assert_true (BIO_recvmmsg (fixture.bio, &message, sizeof message, 1, 0, &done));
      fixture.n_passed = 0;

      kernel.errors[0] = kernel.errors[1] = errors[i];
      g_assert_cmpuint (send_two (&fixture), ==, 2);
      g_assert_cmpint (fixture.error, ==, 0);
      g_assert_cmpuint (fixture.n_passed, ==, 1);
      g_assert_cmpuint (fixture.n_dropped, ==, 1);
      fixture_clear (&fixture);
    }
}

/* Three of a length are one piece for the kernel, and the last one may be shorter; 60000 bytes at most. */
static void
train (const gsize *lengths, gsize n, guint n_headers)
{
  Fixture fixture;

  fixture_init (&fixture, TRUE);
  g_assert_cmpuint (send_all (&fixture, lengths, n), ==, n);
  g_assert_cmpuint (kernel.n_calls, ==, 1);
  g_assert_cmpuint (kernel.n_headers, ==, n_headers);
  g_assert_cmpuint (fixture.n_passed, ==, n);
  fixture_clear (&fixture);
}

static void
test_trains (void)
{
  train ((gsize[]){ 1200 }, 1, 1);
  train ((gsize[]){ 1200, 1200 }, 2, 2);
  train ((gsize[]){ 1200, 1200, 1200 }, 3, 1);
  train ((gsize[]){ 1200, 1200, 50 }, 3, 1);
  train ((gsize[]){ 1200, 1200, 50, 50 }, 4, 2);
  train ((gsize[]){ 1200, 1200, 1201 }, 3, 3);
  train ((gsize[]){ 1200, 1201, 1201, 1201 }, 4, 2);
  train ((gsize[]){ 1200, 1200, 0 }, 3, 3);
  train ((gsize[]){ 20000, 20000, 20000 }, 3, 1);
  train ((gsize[]){ 20001, 20001, 20001 }, 3, 3);
}

/* A route that cannot: the same ones by one, and nothing is lost for that. */
static void
test_no_trains (void)
{
  static const gsize lengths[] = { 1200, 1200, 1200 };
  Fixture fixture;

  fixture_init (&fixture, TRUE);
  kernel.errors[0] = EIO;
  g_assert_cmpuint (send_all (&fixture, lengths, 3), ==, 3);
  g_assert_cmpuint (kernel.n_calls, ==, 2);
  g_assert_cmpuint (kernel.n_headers, ==, 3);
  g_assert_cmpuint (fixture.n_passed, ==, 3);
  g_assert_cmpuint (fixture.n_dropped, ==, 0);
  g_assert_cmpuint (send_all (&fixture, lengths, 3), ==, 3);
  g_assert_cmpuint (kernel.n_headers, ==, 3);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/send-errors/retry", test_retry);
  g_test_add_func ("/send-errors/fatal", test_fatal);
  g_test_add_func ("/send-errors/path-that-worked", test_path_that_worked);
  g_test_add_func ("/send-errors/trains", test_trains);
  g_test_add_func ("/send-errors/no-trains", test_no_trains);
  return g_test_run ();
}
