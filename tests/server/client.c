/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/quic.h>
#include <string.h>

#include "engine/qs-ssl-source.h"

static void
stream_free (ClientStream *stream)
{
  SSL_free (stream->ssl);
  g_string_free (stream->received, TRUE);
  g_bytes_unref (stream->unsent);
  g_free (stream);
}

static gboolean
stream_write (ClientStream *stream)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (stream->unsent, &length);
  gboolean moved = FALSE;
  size_t written;

  while (stream->unsent_at < length &&
         SSL_write_ex (stream->ssl, bytes + stream->unsent_at, length - stream->unsent_at, &written) == 1)
    {
      stream->unsent_at += written;
      moved = TRUE;
    }
  if (stream->conclude && !stream->concluded && stream->unsent_at == length)
    {
      SSL_stream_conclude (stream->ssl, 0);
      stream->concluded = moved = TRUE;
    }
  return moved;
}

static gboolean
stream_read (ClientStream *stream)
{
  char bytes[16384];
  size_t length;
  gboolean moved = FALSE;

  while (!stream->finished)
    {
      ERR_clear_error ();
      if (SSL_read_ex (stream->ssl, bytes, sizeof bytes, &length) == 1)
        g_string_append_len (stream->received, bytes, (gssize) length);
      else if (SSL_get_error (stream->ssl, 0) == SSL_ERROR_WANT_READ)
        break;
      else
        stream->finished = TRUE;
      moved = TRUE;
    }
  return moved;
}

static void
notice_close (Client *client)
{
  if (client->closed || SSL_get_conn_close_info (client->ssl, &client->close, sizeof client->close) != 1)
    return;
  client->closed = TRUE;
  client->reason = g_bytes_new (client->close.reason != NULL ? client->close.reason : "",
                                client->close.reason != NULL ? client->close.reason_len : 0);
  client->close.reason = NULL;
}

static QsSslSourceResult
turn_cb (gint64 deadline, gpointer data)
{
  Client *client = data;
  gboolean moved = TRUE;

  if (!client->established && !client->closed)
    {
      ERR_clear_error ();
      client->established = SSL_connect (client->ssl) == 1;
      client->verify = (int) SSL_get_verify_result (client->ssl);
    }
  while (moved && client->established)
    {
      moved = FALSE;
      for (guint i = 0; i < client->streams->len; i++)
        {
          ClientStream *stream = client->streams->pdata[i];
          moved |= stream_write (stream);
          moved |= stream_read (stream);
        }
      SSL_handle_events (client->ssl);
    }
  notice_close (client);
  return QS_SSL_SOURCE_WAIT;
}

static void
trust (SSL_CTX *context, const char *pem)
{
  BIO *bio = BIO_new_mem_buf (pem, -1);
  X509 *root = PEM_read_bio_X509 (bio, NULL, NULL, NULL);

  g_assert_nonnull (root);
  X509_STORE_add_cert (SSL_CTX_get_cert_store (context), root);
  SSL_CTX_set_verify (context, SSL_VERIFY_PEER, NULL);
  X509_free (root);
  BIO_free (bio);
}

Client *
client_new (guint16 port, const ClientOptions *options)
{
  Client *client = g_new0 (Client, 1);
  const char *alpn = options->alpn != NULL ? options->alpn : "hq-interop";
  const char *name = options->name != NULL ? options->name : "localhost";
  g_autofree char *alpn_wire = g_strdup_printf ("%c%s", (int) strlen (alpn), alpn);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", port);
  g_autoptr (GError) error = NULL;

  client->streams = g_ptr_array_new_with_free_func ((GDestroyNotify) stream_free);
  client->verify = -1;
  client->context = SSL_CTX_new (OSSL_QUIC_client_method ());
  if (options->ca_pem != NULL)
    trust (client->context, options->ca_pem);
  client->ssl = SSL_new (client->context);
  g_autoptr (QsUdpBio) udp = qs_udp_bio_new (AF_INET, QS_UDP_BIO_PLAIN, &error);
  g_assert_no_error (error);
  qs_udp_bio_connect (udp, address, &error);
  g_assert_no_error (error);
  BIO *bio = qs_udp_bio_new_bio (udp);
  SSL_set_bio (client->ssl, bio, bio);
  SSL_set_blocking_mode (client->ssl, 0);
  SSL_set_default_stream_mode (client->ssl, SSL_DEFAULT_STREAM_MODE_NONE);
  SSL_set_mode (client->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_alpn_protos (client->ssl, (const unsigned char *) alpn_wire, (unsigned) strlen (alpn_wire));
  SSL_set_tlsext_host_name (client->ssl, name);
  SSL_set1_host (client->ssl, name);
  if (options->groups != NULL)
    g_assert_true (SSL_set1_groups_list (client->ssl, options->groups));
  if (options->idle_ms > 0)
    SSL_set_feature_request_uint (client->ssl, SSL_VALUE_QUIC_IDLE_TIMEOUT, options->idle_ms);
  client->source = qs_ssl_source_new (client->ssl, udp, "test-client", turn_cb, client, NULL);
  SSL_connect (client->ssl);
  g_source_attach (client->source, NULL);
  return client;
}

void
client_free (Client *client)
{
  g_source_destroy (client->source);
  g_source_unref (client->source);
  g_ptr_array_unref (client->streams);
  SSL_free (client->ssl);
  SSL_CTX_free (client->context);
  g_clear_pointer (&client->reason, g_bytes_unref);
  g_free (client);
}

ClientStream *
client_open (Client *client, const void *bytes, gssize length, gboolean conclude)
{
  ClientStream *stream = g_new0 (ClientStream, 1);

  stream->ssl = SSL_new_stream (client->ssl, SSL_STREAM_FLAG_NO_BLOCK);
  g_assert_nonnull (stream->ssl);
  stream->received = g_string_new (NULL);
  stream->unsent = g_bytes_new (bytes, length < 0 ? strlen (bytes) : (gsize) length);
  stream->conclude = conclude;
  g_ptr_array_add (client->streams, stream);
  qs_ssl_source_kick (client->source);
  return stream;
}

void
client_close (Client *client)
{
  SSL_SHUTDOWN_EX_ARGS args = { 0 };

  SSL_shutdown_ex (client->ssl, SSL_SHUTDOWN_FLAG_NO_BLOCK | SSL_SHUTDOWN_FLAG_RAPID, &args, sizeof args);
  qs_ssl_source_kick (client->source);
}

static gboolean
expired_cb (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_CONTINUE;
}

void
run_until_at (Condition condition, gpointer data, const char *what)
{
  gboolean expired = FALSE;
  guint timer = g_timeout_add_seconds (30, expired_cb, &expired);

  while (!condition (data) && !expired)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  if (!condition (data))
    g_error ("not within 30 s: %s", what);
}

gboolean
client_is_established (Client *client)
{
  return client->established;
}

gboolean
client_is_closed (Client *client)
{
  return client->closed;
}

gboolean
client_is_settled (Client *client)
{
  return client->established || client->closed;
}

gboolean
client_all_finished (Client *client)
{
  for (guint i = 0; i < client->streams->len && !client->closed; i++)
    if (!((ClientStream *) client->streams->pdata[i])->finished)
      return FALSE;
  return TRUE;
}
