/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The yardstick for many handshakes: OpenSSL's QUIC client without blocking under poll(), with OpenSSL's own datagram BIO and one
 * SSL_CTX, and nothing else: it records nothing, explains nothing, times nothing. Certificates are verified, and each connection is
 * closed as soon as its handshake is confirmed (RFC 9001 section 4.1.2). Prints "COUNT SECONDS".
 *
 *   bare-handshakes PORT CA-FILE COUNT PARALLEL */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define MOST_PARALLEL 1024
#define HANDSHAKE_DONE 0x1e /* RFC 9000 section 19.20 */

typedef struct {
  SSL *ssl;
  double deadline; /* OpenSSL's next timer */
  int connected, confirmed;
} Slot;

static Slot slots[MOST_PARALLEL];
static struct pollfd fds[MOST_PARALLEL];

static void
die (const char *what)
{
  fprintf (stderr, "bare-handshakes: %s\n", what);
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

static void
frame_cb (int sent, int version, int type, const void *bytes, size_t length, SSL *ssl, void *data)
{
  (void) version;
  (void) ssl;
  if (type == SSL3_RT_QUIC_FRAME_FULL && !sent && length > 0 && *(const unsigned char *) bytes == HANDSHAKE_DONE)
    *(int *) data = 1;
}

static SSL *
new_connection (SSL_CTX *context, int port)
{
  struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons (port) };
  static const unsigned char alpn[] = "\x02h3\x0ahq-interop\x08http/1.0";
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  peer.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (fd < 0 || connect (fd, (const struct sockaddr *) &peer, sizeof peer) != 0)
    die ("socket");
  SSL *ssl = SSL_new (context);
  BIO *bio = BIO_new_dgram (fd, BIO_CLOSE);
  BIO_ADDR *address = BIO_ADDR_new ();
  if (ssl == NULL || bio == NULL || address == NULL)
    die ("out of memory");
  BIO_ADDR_rawmake (address, AF_INET, &peer.sin_addr, sizeof peer.sin_addr, peer.sin_port);
  BIO_ctrl (bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, address);
  SSL_set_bio (ssl, bio, bio);
  if (SSL_set_alpn_protos (ssl, alpn, sizeof alpn - 1) != 0 || !SSL_set1_initial_peer_addr (ssl, address) ||
      !SSL_set_tlsext_host_name (ssl, "localhost") || !SSL_set1_host (ssl, "localhost") ||
      !SSL_set_blocking_mode (ssl, 0))
    die ("set up");
  BIO_ADDR_free (address);
  return ssl;
}

/* 1: the connection is over. */
static int
advance (Slot *slot)
{
  struct timeval timeout;
  int infinite, result;

  ERR_clear_error ();
  if (!slot->connected)
    {
      result = SSL_connect (slot->ssl);
      slot->connected = result == 1;
      if (result != 1 && SSL_get_error (slot->ssl, result) != SSL_ERROR_WANT_READ &&
          SSL_get_error (slot->ssl, result) != SSL_ERROR_WANT_WRITE)
        die ("a handshake failed");
    }
  else if (SSL_handle_events (slot->ssl) != 1)
    die ("SSL_handle_events");
  if (slot->confirmed)
    {
      /* The close is sent at once; nobody waits for an answer. */
      SSL_shutdown_ex (slot->ssl, SSL_SHUTDOWN_FLAG_RAPID | SSL_SHUTDOWN_FLAG_NO_STREAM_FLUSH, NULL, 0);
      return 1;
    }
  if (!SSL_get_event_timeout (slot->ssl, &timeout, &infinite))
    die ("SSL_get_event_timeout");
  slot->deadline = infinite ? 1e18 : now () + timeout.tv_sec + timeout.tv_usec / 1e6;
  return 0;
}

static int
wait_for_activity (int n)
{
  double first = 1e18;

  for (int i = 0; i < n; i++)
    {
      fds[i] = (struct pollfd){ .fd = SSL_get_fd (slots[i].ssl), .events = POLLIN };
      if (SSL_net_write_desired (slots[i].ssl))
        fds[i].events |= POLLOUT;
      if (slots[i].deadline < first)
        first = slots[i].deadline;
    }
  double left = first - now ();
  int ms = left > 60 ? 60000 : left > 0 ? (int) (left * 1000) + 1 : 0;
  return poll (fds, (nfds_t) n, ms) >= 0 || errno == EINTR;
}

/* The callback's data is the slot's: where that moves, it follows. */
static void
put_slot (int n, Slot slot)
{
  slots[n] = slot;
  SSL_set_msg_callback (slot.ssl, frame_cb);
  SSL_set_msg_callback_arg (slot.ssl, &slots[n].confirmed);
}

int
main (int argc, char **argv)
{
  if (argc != 5 || atoi (argv[4]) < 1 || atoi (argv[4]) > MOST_PARALLEL)
    {
      fprintf (stderr, "usage: bare-handshakes PORT CA-FILE COUNT PARALLEL\n");
      return 2;
    }
  int port = atoi (argv[1]), count = atoi (argv[3]), parallel = atoi (argv[4]), begun = 0, n = 0;
  SSL_CTX *context = SSL_CTX_new (OSSL_QUIC_client_method ());
  if (context == NULL || SSL_CTX_load_verify_file (context, argv[2]) != 1)
    die ("the CA file");
  SSL_CTX_set_verify (context, SSL_VERIFY_PEER, NULL);

  double from = now ();
  while (begun < count || n > 0)
    {
      for (; n < parallel && begun < count; begun++, n++)
        {
          put_slot (n, (Slot){ .ssl = new_connection (context, port) });
          if (advance (&slots[n]))
            die ("a handshake was done at once");
        }
      if (!wait_for_activity (n))
        die ("poll");
      double time = now ();
      for (int i = n - 1; i >= 0; i--)
        {
          if ((fds[i].revents == 0 && time < slots[i].deadline) || !advance (&slots[i]))
            continue;
          SSL_free (slots[i].ssl);
          if (i < --n)
            {
              put_slot (i, slots[n]);
              fds[i] = fds[n];
            }
        }
    }
  printf ("%d %.6f\n", count, now () - from);
  SSL_CTX_free (context);
  return 0;
}
