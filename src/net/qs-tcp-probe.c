/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-tcp-probe.h"

#include <openssl/ssl.h>

#include "base/qs-i18n.h"

static const struct {
  const char *name;
  const char *sentence;
} answers[] = {
  [QS_TCP_SILENT] = { "silent", N_ ("The same TCP port is silent too.") },
  [QS_TCP_REFUSED] = { "refused", N_ ("The same TCP port is closed: the host is up and refuses it.") },
  [QS_TCP_UNREACHABLE] = { "unreachable", N_ ("The same TCP port cannot be reached.") },
  [QS_TCP_OPEN] = { "open", N_ ("The same TCP port is open.") },
  [QS_TCP_TLS] = { "tls", N_ ("The same TCP port is open and speaks TLS.") },
  [QS_TCP_NOT_TLS] = { "not-tls", N_ ("The same TCP port is open and does not speak TLS.") },
};

typedef struct {
  GSocket *socket;
  GSource *wait;    /* for the socket: to be connected, then to be read */
  GSource *timeout; /* for both together */
  GBytes *hello;
  gboolean connected;
} Look;

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    {
      g_source_destroy (*source);
      g_source_unref (*source);
      *source = NULL;
    }
}

static void
look_free (Look *look)
{
  clear_source (&look->wait);
  clear_source (&look->timeout);
  g_clear_object (&look->socket);
  g_clear_pointer (&look->hello, g_bytes_unref);
  g_free (look);
}

/* OpenSSL's own ClientHello: what a server takes from s_client it takes from us. */
static GBytes *
make_client_hello (const char *host)
{
  SSL_CTX *ctx = SSL_CTX_new (TLS_client_method ());
  SSL *ssl = ctx != NULL ? SSL_new (ctx) : NULL;
  BIO *in = BIO_new (BIO_s_mem ());
  BIO *out = BIO_new (BIO_s_mem ());
  GBytes *hello = NULL;

  if (ssl != NULL && in != NULL && out != NULL)
    {
      char *bytes;
      SSL_set_bio (ssl, g_steal_pointer (&in), BIO_up_ref (out) ? out : NULL);
      if (host != NULL)
        SSL_set_tlsext_host_name (ssl, host);
      SSL_connect (ssl); /* wants to read: the hello is written by then */
      long length = BIO_get_mem_data (out, &bytes);
      hello = length > 0 ? g_bytes_new (bytes, (gsize) length) : NULL;
    }
  BIO_free (in);
  BIO_free (out);
  SSL_free (ssl);
  SSL_CTX_free (ctx);
  return hello;
}

static void
answer (GTask *task, QsTcpAnswer what)
{
  Look *look = g_task_get_task_data (task);

  /* The sources hold the task: they go, and it with them, once it has returned. */
  g_task_return_int (task, what);
  clear_source (&look->timeout);
  clear_source (&look->wait);
}

static QsTcpAnswer
answer_from_error (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return QS_TCP_REFUSED;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    return QS_TCP_SILENT;
  return QS_TCP_UNREACHABLE;
}

/* A TLS record: handshake or alert, version 3.x (RFC 9846 section 5.1). */
static QsTcpAnswer
answer_from_bytes (const guint8 *bytes, gssize length)
{
  gboolean tls = length >= 3 && (bytes[0] == 0x16 || bytes[0] == 0x15) && bytes[1] == 0x03;

  return tls ? QS_TCP_TLS : QS_TCP_NOT_TLS;
}

static gboolean ready_cb (GSocket *socket, GIOCondition condition, gpointer data);

static void
wait_for (GTask *task, GIOCondition condition)
{
  Look *look = g_task_get_task_data (task);

  clear_source (&look->wait);
  look->wait = g_socket_create_source (look->socket, condition, g_task_get_cancellable (task));
  g_source_set_callback (look->wait, G_SOURCE_FUNC (ready_cb), g_object_ref (task), g_object_unref);
  g_source_attach (look->wait, g_task_get_context (task));
}

static gboolean
ready_cb (GSocket *socket, GIOCondition condition, gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);
  Look *look = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  guint8 bytes[16];

  if (g_task_return_error_if_cancelled (task))
    {
      clear_source (&look->timeout);
      clear_source (&look->wait);
      return G_SOURCE_REMOVE;
    }

  if (look->connected)
    {
      gssize n = g_socket_receive (socket, (char *) bytes, sizeof bytes, NULL, &error);
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
      answer (task, answer_from_bytes (bytes, n));
    }
  else if (!g_socket_check_connect_result (socket, &error))
    answer (task, answer_from_error (error));
  else
    {
      gsize length;
      const char *hello = g_bytes_get_data (look->hello, &length);
      look->connected = TRUE;
      if (g_socket_send (socket, hello, length, NULL, NULL) < 0)
        answer (task, QS_TCP_NOT_TLS);
      else
        wait_for (task, G_IO_IN);
    }
  return G_SOURCE_REMOVE;
}

static gboolean
timeout_cb (gpointer data)
{
  g_autoptr (GTask) task = g_object_ref (data);
  Look *look = g_task_get_task_data (task);

  answer (task, look->connected ? QS_TCP_OPEN : QS_TCP_SILENT);
  return G_SOURCE_REMOVE;
}

void
qs_tcp_probe_async (GSocketAddress *address, const char *host, QsClock *clock, guint timeout_ms,
                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (G_IS_SOCKET_ADDRESS (address) && QS_IS_CLOCK (clock));

  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  g_autoptr (GError) error = NULL;
  Look *look = g_new0 (Look, 1);

  g_task_set_source_tag (task, qs_tcp_probe_async);
  g_task_set_task_data (task, look, (GDestroyNotify) look_free);
  look->hello = make_client_hello (host);
  look->socket =
      g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  if (look->socket == NULL || look->hello == NULL)
    {
      answer (task, QS_TCP_UNREACHABLE);
      return;
    }

  g_socket_set_blocking (look->socket, FALSE);
  if (!g_socket_connect (look->socket, address, NULL, &error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PENDING))
    {
      answer (task, answer_from_error (error));
      return;
    }
  look->timeout = qs_clock_new_timeout (clock, timeout_ms);
  g_source_set_priority (look->timeout, G_PRIORITY_DEFAULT + 10); /* what has come is looked at before time is over */
  g_source_set_callback (look->timeout, timeout_cb, g_object_ref (task), g_object_unref);
  g_source_attach (look->timeout, g_task_get_context (task));
  wait_for (task, G_IO_OUT);
}

gboolean
qs_tcp_probe_finish (GAsyncResult *result, QsTcpAnswer *what, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL) && what != NULL, FALSE);

  g_autoptr (GError) local = NULL;
  gssize value = g_task_propagate_int (G_TASK (result), &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  *what = (QsTcpAnswer) value;
  return TRUE;
}

const char *
qs_tcp_answer_name (QsTcpAnswer what)
{
  g_return_val_if_fail ((guint) what < G_N_ELEMENTS (answers), NULL);
  return answers[what].name;
}

const char *
qs_tcp_answer_sentence (QsTcpAnswer what)
{
  g_return_val_if_fail ((guint) what < G_N_ELEMENTS (answers), NULL);
  return _ (answers[what].sentence);
}
