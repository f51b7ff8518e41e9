/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "quic-pair.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test-certificate.h"

enum { CLIENT, SERVER, RELAY };

static const unsigned char alpn[] = { 10, 'h', 'q', '-', 'i', 'n', 't', 'e', 'r', 'o', 'p' };

/* --- Contexts --- */

static int
select_alpn_cb (SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in,
                unsigned int in_length, void *data)
{
  *out = alpn + 1;
  *out_length = alpn[0];
  return SSL_TLSEXT_ERR_OK;
}

static void
keylog_cb (const SSL *ssl, const char *line)
{
  QuicPair *self = SSL_CTX_get_app_data (SSL_get_SSL_CTX (ssl));

  if (self->options.secrets_late)
    g_ptr_array_add (self->late_secrets, g_strdup (line));
  else
    qs_trace_add_secret (self->trace, qs_trace_now (self->trace), line);
}

static void
message_cb (int writing, int version, int type, const void *bytes, size_t length, SSL *ssl, void *data)
{
  QuicPair *self = data;

  if (type != SSL3_RT_QUIC_PACKET && type != SSL3_RT_QUIC_FRAME_FULL && type != SSL3_RT_QUIC_FRAME_HEADER &&
      type != SSL3_RT_QUIC_FRAME_PADDING)
    return;
  g_autofree char *hex = qs_span_to_hex (QS_SPAN (bytes, length));
  char direction = writing ? '>' : '<';
  if (type == SSL3_RT_QUIC_PACKET)
    g_ptr_array_add (self->packets, g_strdup_printf ("%c %s", direction, hex));
  else if (type == SSL3_RT_QUIC_FRAME_PADDING)
    g_ptr_array_add (self->frames, g_strdup_printf ("%c padding %zu", direction, length));
  else
    g_ptr_array_add (self->frames, g_strdup_printf ("%c %s", direction, hex));
}

static SSL_CTX *
new_ctx (QuicPair *self, const SSL_METHOD *method, const char *groups)
{
  SSL_CTX *ctx = SSL_CTX_new (method);

  g_assert_nonnull (ctx);
  if (self->options.ciphersuites != NULL)
    g_assert_cmpint (SSL_CTX_set_ciphersuites (ctx, self->options.ciphersuites), ==, 1);
  if (groups != NULL)
    g_assert_cmpint (SSL_CTX_set1_groups_list (ctx, groups), ==, 1);
  return ctx;
}

/* --- Sockets --- */

static int
new_socket (struct sockaddr_in *address)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  socklen_t length = sizeof *address;
  int size = 4 << 20;

  *address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  g_assert_cmpint (bind (fd, (struct sockaddr *) address, sizeof *address), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) address, &length), ==, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  return fd;
}

static void
give_socket (SSL *ssl, int fd)
{
  BIO *bio = BIO_new_dgram (fd, BIO_NOCLOSE);

  SSL_set_bio (ssl, bio, bio);
  SSL_set_blocking_mode (ssl, 0);
}

QuicPair *
quic_pair_new (const QuicPairOptions *options)
{
  QuicPair *self = g_new0 (QuicPair, 1);

  self->options = *options;
  self->trace = qs_trace_new (options->vantage, NULL);
  if (options->payload_limit != 0)
    qs_trace_set_payload_limit (self->trace, options->payload_limit);
  self->frames = g_ptr_array_new_with_free_func (g_free);
  self->packets = g_ptr_array_new_with_free_func (g_free);
  self->late_secrets = g_ptr_array_new_with_free_func (g_free);
  self->addresses = g_new0 (struct sockaddr_in, 3);
  self->client_fd = new_socket (&self->addresses[CLIENT]);
  self->server_fd = new_socket (&self->addresses[SERVER]);
  self->relay_fd = new_socket (&self->addresses[RELAY]);
  self->path = qs_trace_add_path (self->trace, NULL, NULL);

  self->server_ctx = new_ctx (self, OSSL_QUIC_server_method (), options->server_groups);
  test_use_certificate (self->server_ctx);
  SSL_CTX_set_alpn_select_cb (self->server_ctx, select_alpn_cb, NULL);
  self->listener = SSL_new_listener (self->server_ctx, options->no_retry ? SSL_LISTENER_FLAG_NO_VALIDATE : 0);
  give_socket (self->listener, self->server_fd);
  g_assert_cmpint (SSL_listen (self->listener), ==, 1);

  self->client_ctx = new_ctx (self, OSSL_QUIC_client_method (), options->groups);
  SSL_CTX_set_app_data (self->client_ctx, self);
  SSL_CTX_set_keylog_callback (self->client_ctx, keylog_cb);
  self->client = SSL_new (self->client_ctx);
  give_socket (self->client, self->client_fd);
  SSL_set_tlsext_host_name (self->client, "localhost");
  SSL_set_alpn_protos (self->client, alpn, sizeof alpn);
  SSL_set_default_stream_mode (self->client, SSL_DEFAULT_STREAM_MODE_NONE);
  SSL_set_msg_callback (self->client, message_cb);
  SSL_set_msg_callback_arg (self->client, self);

  BIO_ADDR *peer = BIO_ADDR_new ();
  BIO_ADDR_rawmake (peer, AF_INET, &self->addresses[RELAY].sin_addr, sizeof (struct in_addr),
                    self->addresses[RELAY].sin_port);
  g_assert_cmpint (SSL_set1_initial_peer_addr (self->client, peer), ==, 1);
  BIO_ADDR_free (peer);
  return self;
}

void
quic_pair_free (QuicPair *self)
{
  SSL_free (self->client);
  SSL_free (self->server);
  SSL_free (self->listener);
  SSL_CTX_free (self->client_ctx);
  SSL_CTX_free (self->server_ctx);
  close (self->client_fd);
  close (self->server_fd);
  close (self->relay_fd);
  g_ptr_array_unref (self->frames);
  g_ptr_array_unref (self->packets);
  g_ptr_array_unref (self->late_secrets);
  g_clear_object (&self->trace);
  g_free (self->addresses);
  g_free (self);
}

/* --- The wheels --- */

static gboolean
relay_one (QuicPair *self)
{
  guint8 bytes[2048];
  struct sockaddr_in from;
  socklen_t from_length = sizeof from;
  ssize_t n = recvfrom (self->relay_fd, bytes, sizeof bytes, 0, (struct sockaddr *) (void *) &from, &from_length);

  if (n < 0)
    return FALSE;

  gboolean from_client = from.sin_port == self->addresses[CLIENT].sin_port;
  gboolean drop =
      from_client ? ++self->n_sent == self->options.drop_sent : ++self->n_received == self->options.drop_received;
  gboolean sent = from_client != (self->options.vantage == QS_VANTAGE_SERVER);
  /* The trace is what its vantage sees: a datagram that the path lost is not there at its receiver. */
  if (!drop || sent)
    qs_trace_add_datagram (self->trace, qs_trace_now (self->trace), sent ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED,
                           self->path, 0, drop ? QS_FATE_DROPPED : QS_FATE_PASSED, bytes, (gsize) n);
  if (!drop)
    sendto (self->relay_fd, bytes, (gsize) n, 0,
            (struct sockaddr *) (void *) &self->addresses[from_client ? SERVER : CLIENT], sizeof from);
  return TRUE;
}

static gboolean
turn (QuicPair *self, int timeout_ms)
{
  struct pollfd fds[] = { { self->client_fd, POLLIN, 0 },
                          { self->server_fd, POLLIN, 0 },
                          { self->relay_fd, POLLIN, 0 } };
  gboolean moved = poll (fds, G_N_ELEMENTS (fds), timeout_ms) > 0;

  while (relay_one (self))
    moved = TRUE;
  ERR_clear_error ();
  SSL_handle_events (self->client);
  SSL_handle_events (self->listener);
  if (self->server == NULL)
    {
      self->server = SSL_accept_connection (self->listener, SSL_ACCEPT_CONNECTION_NO_BLOCK);
      if (self->server != NULL)
        {
          SSL_set_default_stream_mode (self->server, SSL_DEFAULT_STREAM_MODE_NONE);
          SSL_set_incoming_stream_policy (self->server, SSL_INCOMING_STREAM_POLICY_ACCEPT, 0);
        }
    }
  return moved;
}

void
quic_pair_run (QuicPair *self, QuicPairUntil until)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (!until (self))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      turn (self, 2);
    }
}

void
quic_pair_settle (QuicPair *self)
{
  for (guint quiet = 0; quiet < 20;)
    quiet = turn (self, 3) ? 0 : quiet + 1;
}

static gboolean
connected (QuicPair *self)
{
  ERR_clear_error ();
  return SSL_connect (self->client) == 1 && self->server != NULL;
}

void
quic_pair_connect (QuicPair *self)
{
  quic_pair_run (self, connected);
  quic_pair_settle (self);
}

void
quic_pair_exchange (QuicPair *self, const char *text, gsize length)
{
  gint64 end = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  SSL *stream = SSL_new_stream (self->client, 0);
  SSL *accepted = NULL;
  g_autofree guint8 *reply = g_malloc (length);
  gsize n, sent = 0, got = 0;
  guint8 buffer[16384];

  for (gsize i = 0; i < length; i++)
    reply[i] = (guint8) (i * 7);
  g_assert_nonnull (stream);
  g_assert_cmpint (SSL_write_ex2 (stream, text, strlen (text), SSL_WRITE_FLAG_CONCLUDE, &n), ==, 1);
  while (got < length)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      turn (self, sent < length && accepted != NULL ? 0 : 1);
      ERR_clear_error ();
      if (accepted == NULL)
        accepted = SSL_accept_stream (self->server, SSL_ACCEPT_STREAM_NO_BLOCK);
      if (accepted != NULL && sent < length &&
          SSL_write_ex2 (accepted, reply + sent, MIN (length - sent, 65536),
                         length - sent <= 65536 ? SSL_WRITE_FLAG_CONCLUDE : 0, &n))
        sent += n;
      while (SSL_read_ex (stream, buffer, sizeof buffer, &n))
        got += n;
    }
  quic_pair_settle (self);
  SSL_free (stream);
  SSL_free (accepted);
}

static gboolean
closed (QuicPair *self)
{
  SSL_SHUTDOWN_EX_ARGS args = { .quic_error_code = 0x42, .quic_reason = "bye" };

  return SSL_shutdown_ex (self->client, SSL_SHUTDOWN_FLAG_RAPID, &args, sizeof args) != 0 || TRUE;
}

void
quic_pair_close (QuicPair *self)
{
  quic_pair_run (self, closed);
  quic_pair_settle (self);
  for (guint i = 0; i < self->late_secrets->len; i++)
    qs_trace_add_secret (self->trace, qs_trace_now (self->trace), g_ptr_array_index (self->late_secrets, i));
}
