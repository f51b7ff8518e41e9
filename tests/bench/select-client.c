/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The yardstick: the OpenSSL guide's nonblocking QUIC client, with select() and OpenSSL's own datagram BIO, and nothing
 * else: it records nothing, explains nothing, verifies nothing. It fetches one path with HTTP/0.9 and prints
 * "BYTES SECONDS", the time from the request to the FIN.
 *
 *   select-client PORT PATH */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void
die (const char *what)
{
  fprintf (stderr, "select-client: %s\n", what);
  ERR_print_errors_fp (stderr);
  exit (1);
}

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static int
open_socket (const struct sockaddr_in *peer)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* The kernel's default holds about 90 datagrams, and then it is luck that is measured. */
  int size = 4 << 20;

  if (fd < 0 || connect (fd, (const struct sockaddr *) peer, sizeof *peer) != 0)
    die ("socket");
  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  return fd;
}

static SSL *
new_connection (SSL_CTX *context, int port)
{
  struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons (port) };
  static const unsigned char alpn[] = "\x0ahq-interop";

  peer.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  SSL *ssl = SSL_new (context);
  int fd = open_socket (&peer);
  BIO *bio = BIO_new_dgram (fd, BIO_CLOSE);
  BIO_ADDR *address = BIO_ADDR_new ();

  if (ssl == NULL || bio == NULL || address == NULL)
    die ("out of memory");
  BIO_ADDR_rawmake (address, AF_INET, &peer.sin_addr, sizeof peer.sin_addr, peer.sin_port);
  BIO_ctrl (bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, address);
  SSL_set_bio (ssl, bio, bio);
  if (SSL_set_alpn_protos (ssl, alpn, sizeof alpn - 1) != 0 || !SSL_set1_initial_peer_addr (ssl, address) ||
      !SSL_set_tlsext_host_name (ssl, "localhost") || !SSL_set_blocking_mode (ssl, 0))
    die ("set up");
  BIO_ADDR_free (address);
  return ssl;
}

/* As in the guide: wait for what OpenSSL wants of the socket, no longer than its next timer. */
static void
wait_for_activity (SSL *ssl)
{
  int fd = SSL_get_fd (ssl), infinite;
  fd_set read, write;
  struct timeval timeout;

  FD_ZERO (&read);
  FD_ZERO (&write);
  if (SSL_net_write_desired (ssl))
    FD_SET (fd, &write);
  if (SSL_net_read_desired (ssl))
    FD_SET (fd, &read);
  if (!SSL_get_event_timeout (ssl, &timeout, &infinite))
    die ("SSL_get_event_timeout");
  if (select (fd + 1, &read, &write, NULL, infinite ? NULL : &timeout) < 0 && errno != EINTR)
    die ("select");
}

/* Whether the call is to be made again. */
static int
try_again (SSL *ssl, int result)
{
  switch (SSL_get_error (ssl, result))
    {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      wait_for_activity (ssl);
      return 1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      die ("the connection failed");
      return 0;
    }
}

static uint64_t
fetch (SSL *ssl, const char *path)
{
  static char buffer[65536];
  char request[1024];
  uint64_t total = 0;
  size_t n;

  snprintf (request, sizeof request, "GET %s\r\n", path);
  while (!SSL_write_ex2 (ssl, request, strlen (request), SSL_WRITE_FLAG_CONCLUDE, &n))
    if (!try_again (ssl, 0))
      die ("the stream closed early");
  for (;;)
    {
      if (SSL_read_ex (ssl, buffer, sizeof buffer, &n))
        total += n;
      else if (!try_again (ssl, 0))
        return total;
    }
}

/* As programs do that know SSLKEYLOGFILE. */
static void
log_key (const SSL *ssl, const char *line)
{
  FILE *file = fopen (getenv ("SSLKEYLOGFILE"), "a");

  if (file == NULL)
    return;
  fprintf (file, "%s\n", line);
  fclose (file);
}

int
main (int argc, char **argv)
{
  if (argc != 3)
    die ("usage: select-client PORT PATH");
  SSL_CTX *context = SSL_CTX_new (OSSL_QUIC_client_method ());
  if (getenv ("SSLKEYLOGFILE") != NULL)
    SSL_CTX_set_keylog_callback (context, log_key);
  SSL *ssl = new_connection (context, atoi (argv[1]));
  int result;

  while ((result = SSL_connect (ssl)) != 1)
    if (!try_again (ssl, result))
      die ("the handshake failed");
  double from = now ();
  uint64_t total = fetch (ssl, argv[2]);
  printf ("%" PRIu64 " %.6f\n", total, now () - from);

  while (SSL_shutdown (ssl) == 0)
    wait_for_activity (ssl);
  SSL_free (ssl);
  SSL_CTX_free (context);
  return 0;
}
