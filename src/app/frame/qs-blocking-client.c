/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/frame/qs-blocking-client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "engine/qs-ssl-io.h"

#define REQUEST "GET /\r\n"

static gboolean
fail (const char *call, GError **error)
{
  const char *reason = ERR_reason_error_string (ERR_peek_error ());

  /* Translators: a function of OpenSSL's, and what it complains of */
  g_set_error (error, QS_ERROR, QS_ERROR_SSL, _ ("%s failed: %s"), call, reason != NULL ? reason : "?");
  return FALSE;
}

static SSL_CTX *
make_context (const char *ca_file)
{
  SSL_CTX *context = SSL_CTX_new (OSSL_QUIC_client_method ());

  if (context == NULL)
    return NULL;
  SSL_CTX_set_verify (context, SSL_VERIFY_PEER, NULL);
  if (SSL_CTX_load_verify_file (context, ca_file) == 1 && SSL_CTX_set1_groups_list (context, "X25519") == 1)
    return context;
  SSL_CTX_free (context);
  return NULL;
}

/* Nonblocking socket and all: it is OpenSSL that blocks, on poll(). */
static BIO *
make_bio (void)
{
  int fd = BIO_socket (AF_INET, SOCK_DGRAM, 0, 0);
  BIO *bio = fd >= 0 && BIO_socket_nbio (fd, 1) == 1 ? BIO_new (BIO_s_datagram ()) : NULL;

  if (bio != NULL)
    BIO_set_fd (bio, fd, BIO_CLOSE);
  else if (fd >= 0)
    BIO_closesocket (fd);
  return bio;
}

static gboolean
set_peer (SSL *ssl, guint port)
{
  static const unsigned char alpn[] = "\x0ahq-interop";
  const guint8 loopback[] = { 127, 0, 0, 1 };
  BIO_ADDR *address = BIO_ADDR_new ();
  gboolean good = address != NULL &&
                  BIO_ADDR_rawmake (address, AF_INET, loopback, sizeof loopback, g_htons ((guint16) port)) == 1 &&
                  SSL_set1_initial_peer_addr (ssl, address) == 1 && SSL_set_tlsext_host_name (ssl, "localhost") == 1 &&
                  SSL_set1_host (ssl, "localhost") == 1 && SSL_set_alpn_protos (ssl, alpn, sizeof alpn - 1) == 0;

  BIO_ADDR_free (address);
  return good;
}

static gboolean
talk (SSL *ssl, gsize *bytes, GError **error)
{
  static const SSL_SHUTDOWN_EX_ARGS no_reason = { 0 };
  guint8 buffer[4096];
  gsize n;
  int code;

  ERR_clear_error ();
  if (SSL_connect (ssl) != 1)
    return fail ("SSL_connect", error);
  if (SSL_write_ex2 (ssl, REQUEST, sizeof REQUEST - 1, SSL_WRITE_FLAG_CONCLUDE, &n) != 1)
    return fail ("SSL_write_ex2", error);
  for (*bytes = 0; qs_ssl_read (ssl, buffer, sizeof buffer, &n, &code) == QS_IO_DONE; *bytes += n)
    ;
  if (code != SSL_ERROR_ZERO_RETURN)
    return fail ("SSL_read", error);
  /* Without the flag it would block for three probe timeouts more: on this path a quarter of a minute. */
  SSL_shutdown_ex (ssl, SSL_SHUTDOWN_FLAG_RAPID, &no_reason, sizeof no_reason);
  return TRUE;
}

gboolean
qs_blocking_client_fetch (guint port, const char *ca_file, gsize *bytes, GError **error)
{
  g_return_val_if_fail (port > 0 && port <= G_MAXUINT16 && ca_file != NULL && bytes != NULL, FALSE);

  ERR_clear_error ();
  SSL_CTX *context = make_context (ca_file);
  SSL *ssl = context != NULL ? SSL_new (context) : NULL;
  BIO *bio = ssl != NULL ? make_bio () : NULL;
  gboolean good = FALSE;

  if (bio != NULL)
    {
      SSL_set_bio (ssl, bio, bio);
      good = set_peer (ssl, port) ? talk (ssl, bytes, error) : fail ("SSL_set1_initial_peer_addr", error);
    }
  else
    fail ("SSL_new", error);
  SSL_free (ssl);
  SSL_CTX_free (context);
  return good;
}
