/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "base/qs-text.h"
#include "engine/qs-ssl-io.h"
#include "server/qs-endpoint.h"
#include "server/qs-responder.h"

#define PIECE 16384
#define MAX_ACCEPTS 16
#define LINGER_MS 1000
#define PAUSE_US (200 * 1000) /* when no descriptor is left for another connection */

struct _QsTcpEndpoint {
  GSocket *socket;
  GSource *source, *pause;
  QsServerTls *tls;
  GPtrArray *connections; /* Connection */
  const QsBehaviour *behaviour;
  gboolean record;
  guint patience_ms; /* for a handshake */
  const QsEndpointHost *host;
  gpointer data;
};

typedef enum {
  HANDSHAKE,
  SERVING,
  LINGERING, /* all is said: waits for the peer to have read it, so that no RST takes it back */
} Phase;

typedef struct {
  QsTcpEndpoint *endpoint;
  QsServerConnection *object;
  GSocket *socket;
  SSL *ssl;
  QsResponder *responder;
  QsTrace *trace; /* NULL unless recording */
  guint16 path;
  Phase phase;
  gboolean fin;     /* the peer's end was read */
  gboolean blocked; /* the last write would have blocked */
  gboolean more;    /* the turn ended before the work did */
  GSource *source;
  GIOCondition condition;
  GSource *timer;
} Connection;

static gboolean connection_cb (int fd, GIOCondition condition, gpointer data);
static gboolean connection_timer_cb (gpointer data);

static void
drop_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
connection_free (Connection *connection)
{
  drop_source (&connection->source);
  drop_source (&connection->timer);
  g_clear_pointer (&connection->responder, qs_responder_free);
  SSL_free (connection->ssl);
  g_socket_close (connection->socket, NULL);
  g_object_unref (connection->socket);
  g_object_unref (connection->object);
  g_clear_object (&connection->trace);
  g_free (connection);
}

/* --- Recording: what the socket BIO read and wrote --- */

static long
bio_cb (BIO *bio, int operation, const char *bytes, size_t length, int argi, long argl, int result, size_t *processed)
{
  Connection *connection = (Connection *) BIO_get_callback_arg (bio);
  gboolean read = operation == (BIO_CB_READ | BIO_CB_RETURN);

  if ((read || operation == (BIO_CB_WRITE | BIO_CB_RETURN)) && result > 0 && processed != NULL && *processed > 0)
    qs_trace_add_segment (connection->trace, qs_trace_now (connection->trace),
                          read ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT, connection->path, bytes, *processed);
  return result;
}

static void
begin_recording (Connection *connection, GSocketAddress *local, GSocketAddress *remote, const char *peer)
{
  BIO *bio = SSL_get_rbio (connection->ssl);
  QsServerLink *link = qs_server_link_ensure (connection->ssl);

  connection->trace = qs_trace_new (QS_VANTAGE_SERVER, NULL);
  qs_trace_set_title (connection->trace, peer);
  connection->path = qs_trace_add_path (connection->trace, local, remote);
  qs_server_link_set_trace (link, connection->trace);
  BIO_set_callback_arg (bio, (char *) connection);
  BIO_set_callback_ex (bio, bio_cb);
}

/* --- One connection --- */

static void
end (Connection *connection, gboolean failed, const char *text)
{
  qs_server_connection_set_ended (connection->object, failed, text);
  connection->endpoint->host->ended (connection->object, connection->endpoint->data);
}

/* What OpenSSL's error queue holds, for people. */
static char *
describe_failure (void)
{
  unsigned long code = ERR_peek_error ();
  const char *reason = code != 0 ? ERR_reason_error_string (code) : NULL;

  if (ERR_GET_LIB (code) == ERR_LIB_SSL && ERR_GET_REASON (code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
    return g_strdup (_ ("the peer hung up without a word (no close_notify)"));
  return reason != NULL ? qs_text_escape (reason, -1) : g_strdup (_ ("the peer went away"));
}

/* All is said. Closing at once would send RST while bytes of the peer's are unread, and RST takes back what the peer
 * has not read yet: an answer's end, or the alert that tells why. */
static void
linger (Connection *connection)
{
  g_socket_shutdown (connection->socket, FALSE, TRUE, NULL);
  connection->phase = LINGERING;
  drop_source (&connection->timer);
  connection->timer = g_timeout_source_new (LINGER_MS);
}

static gboolean
is_waiting (int error)
{
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void
establish (Connection *connection)
{
  QsTcpEndpoint *self = connection->endpoint;
  guint flags = qs_behaviour_get_responder_flags (self->behaviour) | QS_RESPONDER_TCP;

  connection->phase = SERVING;
  qs_server_connection_set_established (connection->object, connection->ssl);
  qs_server_connection_add_stream (connection->object);
  connection->responder =
      qs_responder_new (flags, qs_server_connection_get_about (connection->object), qs_clock_get_steady ());
  qs_responder_set_script (connection->responder, &self->behaviour->answer);
  self->host->event (connection->object, _ ("handshake complete"), self->data);
}

static void
handshake (Connection *connection)
{
  ERR_clear_error ();
  int result = SSL_do_handshake (connection->ssl);
  int error = SSL_get_error (connection->ssl, result);

  connection->blocked = error == SSL_ERROR_WANT_WRITE;
  if (result == 1)
    establish (connection);
  else if (!is_waiting (error))
    {
      g_autofree char *text = describe_failure ();
      end (connection, TRUE, text);
      linger (connection);
    }
}

static gboolean
read_piece (Connection *connection, gboolean *alive)
{
  guint8 bytes[PIECE];
  gsize length;
  int error;

  QsIoResult result = qs_ssl_read (connection->ssl, bytes, sizeof bytes, &length, &error);
  if (result == QS_IO_DONE)
    {
      qs_server_connection_count (connection->object, length, 0);
      qs_responder_input (connection->responder, bytes, length, FALSE);
      return TRUE;
    }
  if (result == QS_IO_WAIT)
    return FALSE;
  connection->fin = TRUE;
  if (error == SSL_ERROR_ZERO_RETURN)
    {
      qs_responder_input (connection->responder, NULL, 0, TRUE);
      return TRUE;
    }
  g_autofree char *text = describe_failure ();
  end (connection, FALSE, text);
  *alive = FALSE;
  return FALSE;
}

static gboolean
write_piece (Connection *connection, gboolean *alive)
{
  const guint8 *bytes;
  gsize length;
  gsize written = 0;
  gboolean last;

  if (!qs_responder_peek (connection->responder, &bytes, &length, &last))
    return FALSE;
  QsIoResult result =
      length > 0 ? qs_ssl_write (connection->ssl, bytes, MIN (length, PIECE), FALSE, &written, NULL) : QS_IO_DONE;
  if (result != QS_IO_DONE)
    {
      connection->blocked = result == QS_IO_WAIT;
      if (!connection->blocked)
        {
          g_autofree char *text = describe_failure ();
          end (connection, FALSE, text);
          *alive = FALSE;
        }
      return FALSE;
    }
  gboolean conclude = last && written == length;
  qs_server_connection_count (connection->object, 0, written);
  qs_responder_sent (connection->responder, written, conclude);
  if (conclude)
    {
      SSL_shutdown (connection->ssl); /* close_notify */
      end (connection, FALSE, _ ("closed here"));
      linger (connection);
    }
  return TRUE;
}

/* RESET_STREAM has no likeness in TLS but a reset of all; CONNECTION_CLOSE is an end without an answer. */
static gboolean
do_action (Connection *connection)
{
  guint64 code;
  QsReplyAction action = qs_responder_get_action (connection->responder, &code);

  if (action == QS_REPLY_NONE)
    return TRUE;
  if (action == QS_REPLY_RESET)
    {
      struct linger hard = { .l_onoff = 1, .l_linger = 0 };
      setsockopt (g_socket_get_fd (connection->socket), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
  else
    SSL_shutdown (connection->ssl);
  end (connection, FALSE, _ ("closed here, as was asked for"));
  return FALSE;
}

static void
report_request (Connection *connection)
{
  g_autofree char *request = qs_responder_steal_request (connection->responder);

  if (request != NULL)
    connection->endpoint->host->event (connection->object, request, connection->endpoint->data);
}

/* FALSE: over. */
static gboolean
exchange (Connection *connection, gint64 deadline)
{
  gboolean alive = TRUE;
  gboolean moved = TRUE;

  connection->blocked = FALSE;
  while (moved && alive && connection->phase == SERVING)
    {
      if (g_get_monotonic_time () >= deadline)
        {
          connection->more = TRUE;
          return TRUE;
        }
      moved = !connection->fin && qs_responder_wants_input (connection->responder) && read_piece (connection, &alive);
      if (!alive)
        return FALSE;
      report_request (connection);
      if (!do_action (connection))
        return FALSE;
      moved |= !connection->blocked && write_piece (connection, &alive);
    }
  qs_server_connection_flush (connection->object);
  return alive;
}

/* FALSE: the peer has read it all, or is gone. */
static gboolean
drain (Connection *connection)
{
  char bytes[PIECE];
  gssize length = recv (g_socket_get_fd (connection->socket), bytes, sizeof bytes, 0);

  return length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR));
}

/* FALSE: over. */
static gboolean
advance (Connection *connection)
{
  gint64 deadline = g_get_monotonic_time () + QS_SLICE_BUDGET_US;

  connection->more = FALSE;
  if (connection->phase == LINGERING)
    return drain (connection);
  if (connection->phase == HANDSHAKE)
    handshake (connection);
  return connection->phase != SERVING || exchange (connection, deadline);
}

static void
watch (Connection *connection)
{
  GIOCondition condition = 0;

  if (connection->blocked || connection->more)
    condition |= G_IO_OUT;
  if (connection->phase != SERVING || (!connection->fin && qs_responder_wants_input (connection->responder)))
    condition |= G_IO_IN;
  /* A peer that is gone shows as IN, HUP or ERR; with no condition left these still come. */
  if (connection->source == NULL || condition != connection->condition)
    {
      drop_source (&connection->source);
      connection->condition = condition;
      connection->source = g_unix_fd_source_new (g_socket_get_fd (connection->socket), condition);
      g_source_set_static_name (connection->source, "quicserve-tls");
      g_source_set_callback (connection->source, (GSourceFunc) (void (*) (void)) connection_cb, connection, NULL);
      g_source_attach (connection->source, g_main_context_get_thread_default ());
    }

  gint64 at = connection->phase == SERVING ? qs_responder_get_ready_at (connection->responder) : 0;
  gint64 now = g_get_monotonic_time ();
  if (connection->phase == SERVING)
    drop_source (&connection->timer);
  if (connection->phase == SERVING && at > now)
    connection->timer = g_timeout_source_new ((guint) ((at - now + 999) / 1000));
  if (connection->timer != NULL && g_source_get_context (connection->timer) == NULL)
    {
      g_source_set_static_name (connection->timer, "quicserve-tls-timer");
      g_source_set_callback (connection->timer, connection_timer_cb, connection, NULL);
      g_source_attach (connection->timer, g_main_context_get_thread_default ());
    }
}

static void
turn (Connection *connection)
{
  if (advance (connection))
    watch (connection);
  else
    g_ptr_array_remove_fast (connection->endpoint->connections, connection);
}

static gboolean
connection_cb (int fd, GIOCondition condition, gpointer data)
{
  Connection *connection = data;

  /* Nothing is wanted of a stalled peer, and its hang-up would show again and again. */
  if (connection->condition == 0)
    {
      end (connection, FALSE, _ ("the peer went away"));
      g_ptr_array_remove_fast (connection->endpoint->connections, connection);
    }
  else
    turn (connection);
  return G_SOURCE_CONTINUE;
}

static gboolean
connection_timer_cb (gpointer data)
{
  Connection *connection = data;

  if (connection->phase == SERVING)
    turn (connection);
  else
    {
      /* Or else a few who never speak would hold all descriptors. */
      if (connection->phase == HANDSHAKE)
        end (connection, TRUE, _ ("hung up on: no handshake for too long"));
      g_ptr_array_remove_fast (connection->endpoint->connections, connection);
    }
  return G_SOURCE_REMOVE;
}

/* --- The endpoint --- */

static QsServerConnection *
add_connection (QsTcpEndpoint *self, GSocket *socket, Connection **connection)
{
  *connection = g_new0 (Connection, 1);
  (*connection)->endpoint = self;
  (*connection)->object = qs_server_connection_new ("tls");
  (*connection)->socket = g_object_ref (socket);
  g_ptr_array_add (self->connections, *connection);
  return (*connection)->object;
}

/* The faults of a port where no TLS lives. */
static void
misbehave (QsTcpEndpoint *self, Connection *connection)
{
  static const char text[] = "Hello. This port does not speak TLS, as the lab was told.\r\n";
  struct linger hard = { .l_onoff = 1, .l_linger = 0 };
  int fd = g_socket_get_fd (connection->socket);

  if (self->behaviour->tcp == QS_TCP_RESET)
    {
      setsockopt (fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
      end (connection, TRUE, _ ("reset here, as the scenario says"));
      g_ptr_array_remove_fast (self->connections, connection);
      return;
    }
  if (send (fd, text, sizeof text - 1, MSG_NOSIGNAL) < 0)
    g_debug ("no text could be sent");
  end (connection, TRUE, _ ("answered with text that is not TLS, as the scenario says"));
  linger (connection);
  watch (connection);
}

/* SSL_set_accept_state makes a record layer anew and does not say when there is no memory for one: the next call of this SSL would
 * crash. The error queue tells. */
static gboolean
become_server (SSL *ssl, int fd)
{
  if (SSL_set_fd (ssl, fd) != 1)
    return FALSE;
  SSL_set_mode (ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ERR_clear_error ();
  SSL_set_accept_state (ssl);
  return ERR_peek_error () == 0;
}

static void
accept_connection (QsTcpEndpoint *self, GSocket *socket)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);
  Connection *connection;

  if (remote == NULL)
    return; /* gone already */
  SSL *ssl = self->behaviour->tcp == QS_TCP_TLS ? SSL_new (qs_server_tls_get_tcp (self->tls)) : NULL;
  if (self->behaviour->tcp == QS_TCP_TLS && (ssl == NULL || !become_server (ssl, g_socket_get_fd (socket))))
    {
      SSL_free (ssl); /* no memory for one more: it is hung up on */
      return;
    }
  g_autofree char *peer = qs_socket_address_to_text (remote);
  QsServerConnection *object = add_connection (self, socket, &connection);
  g_socket_set_blocking (socket, FALSE);
  /* An answer's second part must not wait for the acknowledgement of its first, which a client puts off for 40 ms. */
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  if (self->behaviour->tcp == QS_TCP_TLS)
    {
      connection->ssl = ssl;
      if (self->record)
        begin_recording (connection, local, remote, peer);
    }
  qs_server_connection_set_peer (object, peer, connection->trace);
  self->host->added (object, self->data);
  if (self->behaviour->tcp == QS_TCP_TLS)
    {
      connection->timer = g_timeout_source_new (self->patience_ms);
      watch (connection);
    }
  else
    misbehave (self, connection);
}

static gboolean listener_cb (GSocket *socket, GIOCondition condition, gpointer data);

static void
watch_listener (QsTcpEndpoint *self)
{
  self->source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_static_name (self->source, "quicserve-tcp");
  g_source_set_callback (self->source, (GSourceFunc) (void (*) (void)) listener_cb, self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}

static gboolean
pause_cb (gpointer data)
{
  QsTcpEndpoint *self = data;

  drop_source (&self->pause);
  watch_listener (self);
  return G_SOURCE_REMOVE;
}

static gboolean
listener_cb (GSocket *socket, GIOCondition condition, gpointer data)
{
  QsTcpEndpoint *self = data;

  for (guint i = 0; i < MAX_ACCEPTS; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GSocket) accepted = g_socket_accept (socket, NULL, &error);
      if (accepted != NULL)
        accept_connection (self, accepted);
      else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES))
        {
          /* The connection stays in the kernel's queue and would wake us without end. */
          drop_source (&self->source);
          self->pause = g_timeout_source_new (PAUSE_US / 1000);
          g_source_set_callback (self->pause, pause_cb, self, NULL);
          g_source_attach (self->pause, g_main_context_get_thread_default ());
          return G_SOURCE_REMOVE;
        }
      else
        break;
    }
  return G_SOURCE_CONTINUE;
}

QsTcpEndpoint *
qs_tcp_endpoint_new (GSocket *socket, QsServerTls *tls, const QsBehaviour *behaviour, gboolean record,
                     guint patience_ms, const QsEndpointHost *host, gpointer data)
{
  QsTcpEndpoint *self = g_new0 (QsTcpEndpoint, 1);

  self->patience_ms = patience_ms;

  self->socket = g_object_ref (socket);
  self->tls = tls;
  self->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) connection_free);
  self->behaviour = behaviour;
  self->record = record;
  self->host = host;
  self->data = data;
  watch_listener (self);
  return self;
}

void
qs_tcp_endpoint_free (QsTcpEndpoint *self)
{
  drop_source (&self->source);
  drop_source (&self->pause);
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = self->connections->pdata[i];
      if (connection->phase == SERVING)
        SSL_shutdown (connection->ssl);
      if (qs_server_connection_get_serving_state (connection->object) < QS_SERVING_CLOSED)
        end (connection, FALSE, _ ("the server stopped"));
    }
  g_ptr_array_unref (self->connections);
  g_socket_close (self->socket, NULL);
  g_object_unref (self->socket);
  g_free (self);
}
