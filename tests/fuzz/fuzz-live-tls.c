/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/err.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "live-run.h"
#include "live-script.h"

#define MOST_ROUNDS 40

enum {
  INSIDE,
  RAW,
  RAW_AFTER,
  N_WAYS
}; /* in TLS; in its place; the handshake goes well and then comes what is no record */
enum { END_NOT, END_TLS, END_TCP, END_RESET, N_ENDS };

static void
shake_hands (GSocket *socket, SSL *ssl)
{
  for (guint i = 0; i < MOST_ROUNDS; i++)
    {
      ERR_clear_error ();
      if (SSL_accept (ssl) == 1)
        break;
      live_wait (socket);
    }
  ERR_clear_error ();
  live_turn_after (socket);
}

static void
end (GSocket *socket, SSL *ssl, guint how)
{
  struct linger at_once = { 1, 0 };

  if (how == END_TLS)
    SSL_shutdown (ssl);
  ERR_clear_error ();
  if (how == END_TCP)
    g_socket_shutdown (socket, FALSE, TRUE, NULL);
  if (how == END_RESET)
    setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  if (how == END_RESET)
    g_socket_close (socket, NULL);
  live_wait (socket);
}

static void
speak (GSocket *socket, SSL *ssl, guint8 how, const guint8 *data, gsize size)
{
  gsize piece = (gsize) (how >> 4) * 13;

  if ((how & 0x0f) % N_WAYS != RAW)
    shake_hands (socket, ssl);
  for (gsize length; size > 0; data += length, size -= length)
    {
      length = piece == 0 ? size : MIN (piece, size);
      if ((how & 0x0f) % N_WAYS == INSIDE)
        SSL_write (ssl, data, (int) length);
      else
        g_socket_send (socket, (const char *) data, length, NULL, NULL);
      ERR_clear_error ();
      live_turn_after (socket);
    }
}

static GSocket *
listen_somewhere (guint16 *port)
{
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

  g_assert_true (g_socket_bind (socket, any, FALSE, NULL) && g_socket_listen (socket, NULL));
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local));
  g_socket_set_blocking (socket, FALSE);
  return socket;
}

/* A run of TLS over TCP, and what the server says: an answer of HTTP/1.1 inside TLS, or bytes in place of TLS. The first two: how,
 * in pieces of which size, and how it ends. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  guint16 port;

  if (size < 2)
    return 0;
  live_fix_random ();
  g_autoptr (GSocket) listener = listen_somewhere (&port);
  QsProbe *probe = live_run_new ("tls://127.0.0.1:%u/", port, NULL, "X25519");
  qs_probe_start (probe);
  live_turn ();
  g_autoptr (GSocket) socket = g_socket_accept (listener, NULL, NULL);
  if (socket != NULL)
    {
      SSL_CTX *context = live_context_new (TRUE, "http/1.1");
      SSL *ssl = SSL_new (context);
      g_socket_set_blocking (socket, FALSE);
      SSL_set_fd (ssl, g_socket_get_fd (socket));
      speak (socket, ssl, data[0], data + 2, size - 2);
      end (socket, ssl, data[1] % N_ENDS);
      SSL_free (ssl);
      SSL_CTX_free (context);
    }
  live_run_finish (probe);
  return 0;
}
