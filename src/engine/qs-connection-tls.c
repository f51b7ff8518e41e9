/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS over TCP below a connection. It has one stream, with id 0, and no thread-assisted mode of its own: that
 * one blocks like the blocking one. */
#include <errno.h>
#include <glib-unix.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-connection-private.h"
#include "engine/qs-states.h"

/* Of what came behind that which made the handshake fail: enough for the head of an HTTP answer. */
#define MOST_AFTER_FAILURE 4096

/* --- What the socket tells --- */

/* That the peer sends no more, or cut it: once, however often it is read. */
static void
note_end (QsConnection *self, const char *how)
{
  if (self->tls_peer_ended)
    return;
  self->tls_peer_ended = TRUE;
  qs_mark_sink_add (self->sink, QS_MARK_TCP_END, how, QS_DIRECTION_RECEIVED, NULL);
}

static void
segment_cb (QsDirection direction, const guint8 *bytes, gsize length, gpointer data)
{
  QsConnection *self = data;

  if (self->record && length > 0)
    qs_trace_add_segment (self->trace, qs_trace_now (self->trace), direction, self->path, bytes, length);
  if (direction == QS_DIRECTION_RECEIVED && length == 0)
    note_end (self, "fin");
}

static void
note_socket_error (QsConnection *self, int error)
{
  g_atomic_int_set (&self->socket_error, error);
  qs_mark_sink_add (self->sink, QS_MARK_SOCKET_ERROR, qs_errno_name (error), error, g_strerror (error));
}

/* Whoever has said all does not have to wait for the other's close_notify (RFC 9846 section 6.1), and then the system refuses it or
 * the peer does: of what was under way nothing is lost. */
static void
error_cb (int error, gpointer data)
{
  QsConnection *self = data;

  if (self->tls_goodbye && (error == EPIPE || error == ECONNRESET))
    {
      qs_mark_sink_add (self->sink, QS_MARK_NOTE, "goodbye", error,
                        _ ("The peer was gone when this side's close_notify was to be sent: nothing is lost by that."));
      return;
    }
  if (error == ECONNRESET)
    note_end (data, "reset");
  note_socket_error (data, error);
}

static const QsTcpRecorder recorder = { segment_cb, error_cb, qs_connection_note_icmp };

/* --- The source: the socket's conditions, no timers --- */

typedef struct {
  GSource source;
  QsConnection *connection;
  gpointer tag;
} TlsSource;

static GIOCondition
wanted_condition (QsConnection *self)
{
  GIOCondition condition = 0;

  if (self->io_state == QS_CONNECTION_CONNECTING)
    return G_IO_OUT;
  if (!self->tls_read_over)
    condition |= G_IO_IN;
  if (self->tls_write_blocked || (self->io_state == QS_CONNECTION_HANDSHAKING && SSL_want_write (self->ssl)))
    condition |= G_IO_OUT;
  return condition;
}

static gboolean
tls_source_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  TlsSource *self = (TlsSource *) source;
  gint64 deadline = g_get_monotonic_time () + 4000;
  QsTurn turn;

  g_source_set_ready_time (source, -1);
  do
    turn = qs_connection_turn (self->connection, deadline);
  while (turn == QS_TURN_PROGRESS && g_get_monotonic_time () < deadline);
  if (turn == QS_TURN_OVER || g_source_is_destroyed (source))
    return G_SOURCE_REMOVE;
  g_source_modify_unix_fd (source, self->tag, wanted_condition (self->connection));
  if (turn == QS_TURN_PROGRESS)
    g_source_set_ready_time (source, 0);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs tls_source_funcs = { .dispatch = tls_source_dispatch };

static GSource *
tls_new_source (QsConnection *self)
{
  GSource *source = g_source_new (&tls_source_funcs, sizeof (TlsSource));

  ((TlsSource *) source)->connection = self;
  ((TlsSource *) source)->tag = g_source_add_unix_fd (source, qs_tcp_bio_get_fd (self->tcp), G_IO_OUT);
  g_source_set_static_name (source, "[Quicscope] TLS connection");
  g_source_set_priority (source, G_PRIORITY_HIGH_IDLE + 30);
  return source;
}

static void
tls_kick (QsConnection *self)
{
  if (self->source != NULL)
    g_source_set_ready_time (self->source, 0);
}

/* --- Overrides --- */

static gboolean
tls_open (QsConnection *self, GError **error)
{
  self->tcp = qs_tcp_bio_new (self->address, self->mode != QS_MODE_NONBLOCKING,
                              qs_ssl_config_get_max_segment (self->config), error);
  if (self->tcp == NULL)
    return FALSE;
  self->ssl = qs_ssl_config_new_ssl (self->config, &qs_connection_hooks, self, error);
  if (self->ssl == NULL)
    return FALSE;
  qs_tcp_bio_set_recorder (self->tcp, &recorder, self);
  BIO *bio = qs_tcp_bio_new_bio (self->tcp);
  if (bio == NULL)
    return qs_error_set_no_memory (error);
  SSL_set_bio (self->ssl, bio, bio);
  return TRUE;
}

/* What a proxy says of the client before anything else: the PROXY protocol, version 1. It is no part of TLS, so not of the trace. */
static gboolean
send_proxy_header (QsConnection *self, GSocketAddress *local)
{
  if (!qs_ssl_config_get_proxy_header (self->config) || local == NULL)
    return TRUE;
  GInetSocketAddress *from = G_INET_SOCKET_ADDRESS (local), *to = G_INET_SOCKET_ADDRESS (self->address);
  gboolean v6 = g_socket_address_get_family (local) == G_SOCKET_FAMILY_IPV6;
  g_autofree char *source = g_inet_address_to_string (g_inet_socket_address_get_address (from));
  g_autofree char *target = g_inet_address_to_string (g_inet_socket_address_get_address (to));
  g_autofree char *line = g_strdup_printf ("PROXY TCP%c %s %s %u %u\r\n", v6 ? '6' : '4', source, target,
                                           g_inet_socket_address_get_port (from), g_inet_socket_address_get_port (to));
  gssize length = (gssize) strlen (line);

  return send (qs_tcp_bio_get_fd (self->tcp), line, (gsize) length, MSG_NOSIGNAL) == length;
}

static QsTurn
tls_connect (QsConnection *self)
{
  int error = qs_tcp_bio_check_connected (self->tcp);

  if (error == EINPROGRESS)
    return QS_TURN_IDLE;
  /* Also of an attempt that fails: it had an address to go out from, so what failed did so behind it. */
  g_autoptr (GSocketAddress) local = qs_tcp_bio_dup_local_address (self->tcp);
  if (local != NULL)
    self->path = qs_trace_add_path (self->trace, local, self->address);
  if (error != 0)
    {
      note_socket_error (self, error);
      return qs_connection_fail (self);
    }
  if (!send_proxy_header (self, local))
    return qs_connection_fail (self);
  g_atomic_int_set (&self->answered, TRUE);
  qs_mark_sink_add (self->sink, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
  qs_connection_emit (self, &(QsEvent){ .kind = QS_EVENT_ANSWERED });
  if (!qs_connection_is_aborted (self))
    qs_connection_set_io_state (self, QS_CONNECTION_HANDSHAKING);
  return QS_TURN_PROGRESS;
}

/* An alert as QUIC numbers it (RFC 9001 section 4.8); close_notify is no error. */
static void
note_alert (QsConnection *self)
{
  int alert = g_atomic_int_get (&self->alert);
  int description = ABS (alert) - 1;

  if (alert == 0)
    return;
  const char *words = SSL_alert_desc_string_long (description);
  qs_connection_note_close (self, &(QsSslClose){ .remote = alert > 0,
                                                 .code = description == 0 ? 0 : 0x100 + (guint64) description,
                                                 .reason = words,
                                                 .reason_length = strlen (words) });
}

static int
say_goodbye (QsConnection *self)
{
  self->tls_goodbye = TRUE;
  int result = SSL_shutdown (self->ssl);
  self->tls_goodbye = FALSE;
  return result;
}

static gboolean
tls_ended (QsConnection *self)
{
  QsConnectionStream *stream = qs_connection_find_stream (self, 0); /* NULL: over in both directions */

  if (g_atomic_int_get (&self->socket_error) == 0 &&
      (!self->tls_read_over || (stream != NULL && stream->io.writes.length > 0)))
    return FALSE;
  if ((SSL_get_shutdown (self->ssl) & SSL_SENT_SHUTDOWN) == 0 && g_atomic_int_get (&self->alert) <= 1)
    {
      ERR_clear_error ();
      say_goodbye (self);
    }
  note_alert (self);
  return TRUE;
}

/* Our close_notify; the peer's is not waited for (RFC 9846 section 6.1 asks for none). */
static QsTurn
tls_close (QsConnection *self)
{
  if (self->io_state < QS_CONNECTION_ESTABLISHED)
    return QS_TURN_OVER;
  ERR_clear_error ();
  if ((SSL_get_shutdown (self->ssl) & SSL_SENT_SHUTDOWN) == 0 && say_goodbye (self) < 0 &&
      SSL_get_error (self->ssl, -1) == SSL_ERROR_WANT_WRITE && self->close_manner != QS_CLOSE_NOW)
    {
      self->tls_write_blocked = TRUE;
      return QS_TURN_IDLE;
    }
  note_alert (self);
  return QS_TURN_OVER;
}

static void
tls_accept (QsConnection *self)
{
}

static SSL *
tls_open_stream (QsConnection *self, gboolean bidirectional)
{
  return NULL;
}

static void
tls_read_failed (QsConnection *self, int error)
{
  self->tls_read_over = TRUE;
  if (error == SSL_ERROR_ZERO_RETURN)
    return;
  /* The alert that OpenSSL makes of an end without close_notify is not why anything ended. */
  if (ERR_GET_REASON (ERR_peek_error ()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    g_atomic_int_set (&self->alert, 0);
  g_autofree char *words = qs_ssl_take_error ();
  qs_mark_sink_add (self->sink, QS_MARK_CALL, "SSL_read", error, words);
}

static void
tls_note_failure (QsConnection *self)
{
  qs_tcp_bio_drain (self->tcp, MOST_AFTER_FAILURE);
  note_alert (self);
}

/* --- A worker --- */

static gboolean
has_commands (QsConnection *self)
{
  g_mutex_lock (&self->lock);
  gboolean any = !g_queue_is_empty (&self->commands);
  g_mutex_unlock (&self->lock);
  return any;
}

/* Reads, writes and the handshake sleep in the BIO; what is left has nothing to call. */
static void
tls_wait (QsConnection *self)
{
  if (has_commands (self))
    return;
  if (self->io_state == QS_CONNECTION_CONNECTING)
    qs_tcp_bio_wait (self->tcp, POLLOUT);
  else if (self->tls_read_over)
    qs_tcp_bio_wait (self->tcp, 0);
}

static void
tls_wake (QsConnection *self)
{
  g_mutex_lock (&self->ssl_lock);
  if (self->tcp != NULL)
    qs_tcp_bio_wake (self->tcp);
  g_mutex_unlock (&self->ssl_lock);
}

/* The BIO takes the event off when it has woken. */
static void
tls_clear_wake (QsConnection *self)
{
}

static void
tls_cancel (QsConnection *self)
{
  g_mutex_lock (&self->ssl_lock);
  if (self->tcp != NULL)
    qs_tcp_bio_cancel (self->tcp);
  g_mutex_unlock (&self->ssl_lock);
}

const QsTransportOps qs_tls_ops = {
  .open = tls_open,
  .connect = tls_connect,
  .close = tls_close,
  .ended = tls_ended,
  .accept = tls_accept,
  .open_stream = tls_open_stream,
  .read_failed = tls_read_failed,
  .note_failure = tls_note_failure,
  .new_source = tls_new_source,
  .kick = tls_kick,
  .wait = tls_wait,
  .wake = tls_wake,
  .clear_wake = tls_clear_wake,
  .hurry = tls_wake, /* a woken call asks for a retry, and the turn after it finds the close */
  .cancel = tls_cancel,
};
