/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-peer MODE CERTIFICATE KEY: a TLS server that means no good. The handshake is OpenSSL's, all records behind it are its own.
 * tls-peer --list: its modes, as quic-peer's. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/qs-keys.h"
#include "wire/qs-tls.h"
#include "wire/qs-writer.h"

#define SUITE 0x1301 /* TLS_AES_128_GCM_SHA256 */
#define MOST 64      /* MiB that a client may take for it */
#define AT_ONCE 16384
#define HEADER 5
#define SECRET_LABEL "SERVER_TRAFFIC_SECRET_0 "

enum { CCS = 20, ALERT = 21, HANDSHAKE = 22, DATA = 23 };

typedef struct {
  int fd;
  QsSecret secret;
  QsKeys *keys;
  guint64 sequence;
  GByteArray *out;
  gboolean gone;
} Peer;

/* Goes on for as long as it is called. */
typedef void (*ModeFunc) (Peer *peer);

typedef struct {
  const char *name;
  const char *finding; /* NULL: any, or none */
  gboolean raw;        /* in place of a handshake */
  ModeFunc func;
} Mode;

/* --- Records --- */

static void
flush (Peer *peer)
{
  for (gsize at = 0; at < peer->out->len && !peer->gone;)
    {
      gssize n = send (peer->fd, peer->out->data + at, peer->out->len - at, MSG_NOSIGNAL);
      peer->gone = n <= 0;
      at += n > 0 ? (gsize) n : 0;
    }
  g_byte_array_set_size (peer->out, 0);
}

/* RFC 9846 section 5.2. padding: zeros behind the content. */
static void
put (Peer *peer, guint8 type, const guint8 *content, gsize length, gsize padding)
{
  g_autoptr (GByteArray) plain = g_byte_array_new (), header = g_byte_array_new ();
  guint8 sealed[HEADER + 16384 + 256];
  gsize sealed_length;

  qs_write_span (plain, QS_SPAN (content, length));
  qs_write_uint (plain, type, 1);
  qs_write_span (plain, QS_SPAN (NULL, padding));
  qs_write_uint (header, DATA, 1);
  qs_write_uint (header, 0x0303, 2);
  qs_write_uint (header, plain->len + QS_AEAD_TAG_MAX, 2);
  if (qs_keys_seal (peer->keys, peer->sequence++, qs_written (header), qs_written (plain), sealed, &sealed_length))
    {
      qs_write_span (peer->out, qs_written (header));
      g_byte_array_append (peer->out, sealed, (guint) sealed_length);
    }
  if (peer->out->len >= AT_ONCE)
    flush (peer);
}

static void
put_plain (Peer *peer, guint8 type, const guint8 *content, gsize length)
{
  qs_write_uint (peer->out, type, 1);
  qs_write_uint (peer->out, 0x0303, 2);
  qs_write_vector (peer->out, 2, QS_SPAN (content, length));
  if (peer->out->len >= AT_ONCE)
    flush (peer);
}

/* --- Modes --- */

static GByteArray *
make_ticket (gsize length)
{
  GByteArray *out = g_byte_array_new ();

  qs_write_uint (out, QS_TLS_NEW_SESSION_TICKET, 1);
  guint message = qs_write_open (out, 3);
  qs_write_uint (out, 7200, 4);
  qs_write_uint (out, g_random_int (), 4);
  qs_write_vector (out, 1, QS_SPAN ("12345678", 8));
  guint ticket = qs_write_open (out, 2);
  qs_write_uint (out, g_random_int (), 4);
  qs_write_span (out, QS_SPAN (NULL, length - 4));
  qs_write_close (out, ticket, 2);
  qs_write_uint (out, 0, 2);
  qs_write_close (out, message, 3);
  return out;
}

static void
tickets (Peer *peer)
{
  g_autoptr (GByteArray) ticket = make_ticket (200);

  put (peer, HANDSHAKE, ticket->data, ticket->len, 0);
}

static void
large_tickets (Peer *peer)
{
  g_autoptr (GByteArray) ticket = make_ticket (60000);

  for (gsize at = 0; at < ticket->len; at += 16000)
    put (peer, HANDSHAKE, ticket->data + at, MIN (16000, ticket->len - at), 0);
}

static void
ticket_in_bytes (Peer *peer)
{
  g_autoptr (GByteArray) ticket = make_ticket (200);

  for (gsize at = 0; at < ticket->len; at++)
    put (peer, HANDSHAKE, ticket->data + at, 1, 0);
}

static void
update_keys (Peer *peer, guint8 requested)
{
  const guint8 message[] = { QS_TLS_KEY_UPDATE, 0, 0, 1, requested };
  QsSecret next;

  put (peer, HANDSHAKE, message, sizeof message, 0);
  if (qs_secret_next (0, SUITE, &peer->secret, &next))
    peer->secret = next;
  qs_keys_free (peer->keys);
  peer->keys = qs_keys_new (0, SUITE, &peer->secret);
  peer->sequence = 0;
}

static void
key_updates (Peer *peer)
{
  update_keys (peer, 0);
}

/* Each is to be answered. */
static void
key_updates_requested (Peer *peer)
{
  update_keys (peer, 1);
}

static void
empty_records (Peer *peer)
{
  put (peer, DATA, NULL, 0, 0);
}

static void
padding (Peer *peer)
{
  put (peer, DATA, NULL, 0, 16000);
}

static void
bytes (Peer *peer)
{
  put (peer, DATA, (const guint8 *) "x", 1, 0);
}

static void
warnings (Peer *peer)
{
  put (peer, ALERT, (const guint8 *) "\1\x5a", 2, 0); /* user_canceled */
}

static void
hello_requests (Peer *peer)
{
  put (peer, HANDSHAKE, (const guint8 *) "\0\0\0\0", 4, 0);
}

static void
certificate_requests (Peer *peer)
{
  static const guint8 message[] = { QS_TLS_CERTIFICATE_REQUEST, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3 };

  put (peer, HANDSHAKE, message, sizeof message, 0);
}

static void
huge_message (Peer *peer)
{
  g_autofree guint8 *content = g_malloc0 (16000);

  memcpy (content, "\4\xff\xff\xff", 4);
  put (peer, HANDSHAKE, content, 16000, 0);
}

static void
plain_ccs (Peer *peer)
{
  put_plain (peer, CCS, (const guint8 *) "\1", 1);
}

/* What comes behind close_notify counts for nothing (RFC 9846 section 6.1). */
static void
data_behind_the_end (Peer *peer)
{
  if (peer->sequence == 0)
    put (peer, ALERT, (const guint8 *) "\1\0", 2, 0);
  put (peer, DATA, (const guint8 *) "HTTP/1.1 200 OK\r\n\r\n", 19, 0);
}

static void
unknown_content (Peer *peer)
{
  put (peer, 99, (const guint8 *) "x", 1, 0);
}

/* --- In place of a handshake --- */

static void
put_hello_retry (Peer *peer, QsSpan hello)
{
  static const guint8 random[] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                   0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                   0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };
  static const guint8 extensions[] = { 0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 24 }; /* TLS 1.3, secp384r1 */
  const gsize at = HEADER + 4 + 2 + 32;
  QsSpan session = hello.length > at && hello.length > at + hello.data[at]
                       ? QS_SPAN (hello.data + at + 1, hello.data[at])
                       : QS_SPAN_NONE;
  g_autoptr (GByteArray) out = g_byte_array_new ();

  qs_write_uint (out, QS_TLS_SERVER_HELLO, 1);
  guint message = qs_write_open (out, 3);
  qs_write_uint (out, 0x0303, 2);
  qs_write_span (out, QS_SPAN (random, sizeof random));
  qs_write_vector (out, 1, session);
  qs_write_uint (out, SUITE, 2);
  qs_write_uint (out, 0, 1);
  qs_write_vector (out, 2, QS_SPAN (extensions, sizeof extensions));
  qs_write_close (out, message, 3);
  put_plain (peer, HANDSHAKE, out->data, out->len);
}

static void
hello_retries (Peer *peer)
{
  guint8 hello[16384];
  gssize n = recv (peer->fd, hello, sizeof hello, 0);

  peer->gone = n <= 0;
  if (n <= 0)
    return;
  put_hello_retry (peer, QS_SPAN (hello, (gsize) n));
  flush (peer);
}

static void
empty_plain (Peer *peer)
{
  put_plain (peer, HANDSHAKE, NULL, 0);
}

static void
ccs_first (Peer *peer)
{
  put_plain (peer, CCS, (const guint8 *) "\1", 1);
}

static const Mode modes[] = {
  { "tickets", "timeout", FALSE, tickets },
  { "large-tickets", "timeout", FALSE, large_tickets },
  { "ticket-in-bytes", "timeout", FALSE, ticket_in_bytes },
  { "key-updates", "timeout", FALSE, key_updates },
  { "key-updates-requested", "timeout", FALSE, key_updates_requested },
  { "empty-records", "tls-alert", FALSE, empty_records },
  { "padding", "tls-alert", FALSE, padding },
  { "bytes", "http-malformed", FALSE, bytes },
  { "warnings", "tls-alert", FALSE, warnings },
  { "hello-requests", "tls-alert", FALSE, hello_requests },
  { "certificate-requests", "tls-alert", FALSE, certificate_requests },
  { "huge-message", "tls-message-too-large", FALSE, huge_message },
  { "plain-ccs", "tls-alert", FALSE, plain_ccs },
  { "data-behind-the-end", "answer-cut-short", FALSE, data_behind_the_end },
  { "unknown-content", "tls-alert", FALSE, unknown_content },
  { "hello-retries", "tls-alert", TRUE, hello_retries },
  { "empty-plain", "tls-alert", TRUE, empty_plain },
  { "ccs-first", "tls-alert", TRUE, ccs_first },
};

/* --- Serving --- */

static void
keylog_cb (const SSL *ssl, const char *line)
{
  Peer *peer = SSL_get_app_data (ssl);
  const char *hex = strrchr (line, ' ');

  if (!g_str_has_prefix (line, SECRET_LABEL) || hex == NULL)
    return;
  for (hex++; hex[0] != '\0' && hex[1] != '\0' && peer->secret.length < sizeof peer->secret.bytes; hex += 2)
    peer->secret.bytes[peer->secret.length++] =
        (guint8) (g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]));
}

static int
alpn_cb (SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in, unsigned int length,
         void *data)
{
  *out = in + 1;
  *out_length = in[0];
  return SSL_TLSEXT_ERR_OK;
}

static gboolean
shake_hands (Peer *peer, SSL_CTX *ctx)
{
  SSL *ssl = SSL_new (ctx);

  SSL_set_app_data (ssl, peer);
  SSL_set_fd (ssl, peer->fd);
  gboolean good = SSL_accept (ssl) == 1 && peer->secret.length > 0;
  SSL_free (ssl);
  peer->keys = good ? qs_keys_new (0, SUITE, &peer->secret) : NULL;
  return peer->keys != NULL;
}

static void
serve (int fd, const Mode *mode, SSL_CTX *ctx)
{
  Peer peer = { .fd = fd, .out = g_byte_array_new () };

  if (mode->raw || shake_hands (&peer, ctx))
    while (!peer.gone)
      mode->func (&peer);
  qs_keys_free (peer.keys);
  g_byte_array_unref (peer.out);
  close (fd);
}

static int
listen_somewhere (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (bind (fd, (struct sockaddr *) &address, length) != 0 || listen (fd, 16) != 0 ||
      getsockname (fd, (struct sockaddr *) &address, &length) != 0)
    g_error ("No port");
  printf ("listening on 127.0.0.1:%u\n", ntohs (address.sin_port));
  fflush (stdout);
  return fd;
}

int
main (int argc, char **argv)
{
  const Mode *mode = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      if (argc == 2 && g_str_equal (argv[1], "--list"))
        g_print ("%s %s %s %u\n", modes[i].name, modes[i].raw ? "hello" : "start",
                 modes[i].finding != NULL ? modes[i].finding : "-", MOST);
      else if (argc == 4 && g_str_equal (argv[1], modes[i].name))
        mode = &modes[i];
    }
  if (mode == NULL)
    return argc == 2 ? 0 : 2;
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  SSL_CTX *ctx = SSL_CTX_new (TLS_server_method ());
  SSL_CTX_set_ciphersuites (ctx, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_min_proto_version (ctx, TLS1_3_VERSION);
  SSL_CTX_set_num_tickets (ctx, 0); /* the first record under the traffic keys is a mode's */
  SSL_CTX_set_alpn_select_cb (ctx, alpn_cb, NULL);
  SSL_CTX_set_keylog_callback (ctx, keylog_cb);
  if (SSL_CTX_use_certificate_chain_file (ctx, argv[2]) != 1 ||
      SSL_CTX_use_PrivateKey_file (ctx, argv[3], SSL_FILETYPE_PEM) != 1)
    g_error ("The certificate cannot be read");
  for (int listener = listen_somewhere ();;)
    {
      int fd = accept (listener, NULL, NULL);
      if (fd >= 0)
        serve (fd, mode, ctx);
    }
}
