/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include <openssl/err.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-ssl-source.h"
#include "server/qs-crafted.h"
#include "server/qs-endpoint.h"
#include "server/qs-responder.h"
#include "server/qs-wire-fault.h"

#define PIECE 16384           /* read at once */
#define STREAM_TURN (1 << 17) /* bytes that one stream may send before the next one has its turn */
#define MAX_ACCEPTS 32        /* a turn */
#define NOTIFY_US (100 * 1000)
#define STOP_US (20 * 1000)

struct _QsQuicEndpoint {
  QsUdpBio *bio;
  QsFlows *flows;
  QsWireFault *fault; /* NULL unless a scenario wants it */
  SSL *listener;
  GSource *source;
  GSource *timer; /* kicks the source at timer_at */
  gint64 timer_at;
  gint64 next_at;         /* the earliest that a connection waits for, gathered in each round */
  GPtrArray *connections; /* Connection */
  guint next;             /* whose turn it is */
  guint queue_length;
  guint8 secret[64]; /* what secret_cb hands out */
  const QsBehaviour *behaviour;
  const QsEndpointHost *host;
  gpointer data;
};

typedef struct {
  QsQuicEndpoint *endpoint;
  QsServerConnection *object;
  SSL *ssl;
  QsServerLink *link; /* the SSL object's */
  GPtrArray *streams; /* Stream */
  gint64 notified_at;
  guint n_accepted;
  gboolean closing; /* by us, with the two below */
  guint64 close_code;
  char *close_reason;
  gboolean over; /* its end is known; OpenSSL still answers stragglers */
  gboolean lost; /* over, and nobody answers them */
  gboolean update_keys;
} Connection;

typedef struct {
  SSL *ssl;
  QsResponder *responder; /* NULL: only read */
  gboolean read_done, write_done;
} Stream;

/* --- Streams --- */

static void
stream_free (Stream *stream)
{
  g_clear_pointer (&stream->responder, qs_responder_free);
  SSL_free (stream->ssl);
  g_free (stream);
}

static void
wait_until (QsQuicEndpoint *self, gint64 at)
{
  if (at != 0 && (self->next_at == 0 || at < self->next_at))
    self->next_at = at;
}

/* TRUE when bytes or the end came. */
static gboolean
read_piece (Connection *connection, Stream *stream)
{
  guint8 bytes[PIECE];
  size_t length = 0;

  ERR_clear_error ();
  if (SSL_read_ex (stream->ssl, bytes, sizeof bytes, &length) == 1)
    {
      qs_server_connection_count (connection->object, length, 0);
      if (stream->responder != NULL)
        qs_responder_input (stream->responder, bytes, length, FALSE);
      return TRUE;
    }
  switch (SSL_get_error (stream->ssl, 0))
    {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return FALSE;
    case SSL_ERROR_ZERO_RETURN:
      if (stream->responder != NULL)
        qs_responder_input (stream->responder, NULL, 0, TRUE);
      break;
    default: /* reset by the peer, or the connection is over: what was to be echoed lacks its end */
      if (SSL_get_stream_read_state (stream->ssl) == SSL_STREAM_STATE_RESET_REMOTE && !stream->write_done)
        {
          SSL_STREAM_RESET_ARGS args = { 0 };
          SSL_stream_reset (stream->ssl, &args, sizeof args);
        }
      stream->write_done = TRUE;
      break;
    }
  stream->read_done = TRUE;
  return TRUE;
}

/* TRUE when bytes or the end went out; *sent counts. */
static gboolean
write_piece (Connection *connection, Stream *stream, gsize *sent)
{
  const guint8 *bytes;
  gsize length;
  size_t written = 0;
  gboolean last;

  if (!qs_responder_peek (stream->responder, g_get_monotonic_time (), &bytes, &length, &last))
    return FALSE;
  ERR_clear_error ();
  if (length > 0 && SSL_write_ex (stream->ssl, bytes, length, &written) != 1)
    {
      int error = SSL_get_error (stream->ssl, 0);
      stream->write_done = error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ;
      return FALSE;
    }
  /* Nothing is sent before the next tick, so that the end shares a packet with the last bytes. */
  gboolean conclude = last && written == length;
  if (conclude)
    {
      SSL_stream_conclude (stream->ssl, 0);
      stream->write_done = TRUE;
    }
  qs_responder_sent (stream->responder, written, conclude);
  qs_server_connection_count (connection->object, 0, written);
  *sent += written;
  return TRUE;
}

static void
begin_close (Connection *connection, guint64 code, const char *reason)
{
  if (connection->closing)
    return;
  connection->closing = TRUE;
  connection->close_code = code;
  connection->close_reason = g_strdup (reason);
}

static void
do_action (Connection *connection, Stream *stream)
{
  guint64 code;
  QsReplyAction action = qs_responder_get_action (stream->responder, &code);

  if (action == QS_REPLY_NONE)
    return;
  if (action == QS_REPLY_RESET)
    {
      SSL_STREAM_RESET_ARGS args = { .quic_error_code = code };
      SSL_stream_reset (stream->ssl, &args, sizeof args);
      stream->write_done = TRUE;
    }
  else if (action == QS_REPLY_STOP)
    SSL_set_incoming_stream_policy (connection->ssl, SSL_INCOMING_STREAM_POLICY_REJECT, code);
  else
    begin_close (connection, code, "asked for by the path /close");
  qs_responder_action_done (stream->responder);
}

static void
report_request (Connection *connection, Stream *stream)
{
  QsQuicEndpoint *self = connection->endpoint;
  g_autofree char *request = qs_responder_steal_request (stream->responder);

  if (request == NULL)
    return;
  g_autofree char *text =
      g_strdup_printf (_ ("stream %" PRIu64 ": %s"), (guint64) SSL_get_stream_id (stream->ssl), request);
  self->host->event (connection->object, text, self->data);
}

/* TRUE when something moved. */
static gboolean
serve_stream (Connection *connection, Stream *stream, gint64 deadline)
{
  QsQuicEndpoint *self = connection->endpoint;
  gboolean moved = FALSE;
  gsize sent = 0;

  if (self->behaviour->within == QS_WITHIN_STALL)
    return FALSE;
  while (!stream->read_done && (stream->responder == NULL || qs_responder_wants_input (stream->responder)) &&
         read_piece (connection, stream))
    {
      moved = TRUE;
      if (g_get_monotonic_time () >= deadline)
        break;
    }
  if (stream->responder == NULL)
    return moved;

  report_request (connection, stream);
  do_action (connection, stream);
  while (!stream->write_done && sent < STREAM_TURN && write_piece (connection, stream, &sent))
    {
      moved = TRUE;
      if (g_get_monotonic_time () >= deadline)
        break;
    }
  wait_until (self, stream->write_done ? 0 : qs_responder_get_ready_at (stream->responder));
  return moved;
}

static void
add_stream (Connection *connection, SSL *ssl)
{
  QsQuicEndpoint *self = connection->endpoint;
  Stream *stream = g_new0 (Stream, 1);

  stream->ssl = ssl;
  stream->write_done = SSL_get_stream_type (ssl) != SSL_STREAM_TYPE_BIDI;
  if (!stream->write_done)
    stream->responder = qs_responder_new (qs_behaviour_get_responder_flags (self->behaviour),
                                          qs_server_connection_get_about (connection->object));
  g_ptr_array_add (connection->streams, stream);
  qs_server_connection_add_stream (connection->object);

  if (connection->n_accepted++ > 0)
    return;
  if (self->behaviour->within == QS_WITHIN_RESET && stream->responder != NULL)
    {
      SSL_STREAM_RESET_ARGS args = { .quic_error_code = self->behaviour->stream_code };
      SSL_stream_reset (ssl, &args, sizeof args);
      g_clear_pointer (&stream->responder, qs_responder_free);
      stream->write_done = TRUE;
    }
  else if (self->behaviour->within == QS_WITHIN_CLOSE)
    begin_close (connection, self->behaviour->close_code, self->behaviour->close_reason);
}

/* --- Connections --- */

static void
connection_free (Connection *connection)
{
  if (connection->link->flow != NULL)
    qs_flow_release (connection->link->flow);
  g_ptr_array_unref (connection->streams); /* before the connection: they hold it */
  SSL_free (connection->ssl);
  g_object_unref (connection->object);
  g_free (connection->close_reason);
  g_free (connection);
}

static void
mark_close (Connection *connection, const SSL_CONN_CLOSE_INFO *info, const char *reason)
{
  QsTrace *trace = qs_server_connection_get_trace (connection->object);
  QsMark mark = {
    .kind = QS_MARK_CLOSE,
    .name = (info->flags & SSL_CONN_CLOSE_FLAG_LOCAL) != 0 ? "local" : "remote",
    .value = (gint64) info->error_code,
    .stream = -1,
    .frame_type = info->frame_type,
    .application = (info->flags & SSL_CONN_CLOSE_FLAG_TRANSPORT) == 0,
  };

  if (trace == NULL)
    return;
  mark.text = g_strdup (reason);
  mark.bytes = info->reason != NULL ? g_bytes_new (info->reason, info->reason_len) : NULL;
  qs_trace_add_mark_full (trace, qs_trace_now (trace), &mark);
}

static char *
describe_close (const SSL_CONN_CLOSE_INFO *info, const char *reason)
{
  gboolean local = (info->flags & SSL_CONN_CLOSE_FLAG_LOCAL) != 0;
  gboolean transport = (info->flags & SSL_CONN_CLOSE_FLAG_TRANSPORT) != 0;

  if (local && info->error_code == OSSL_QUIC_LOCAL_ERR_IDLE_TIMEOUT)
    return g_strdup (_ ("nothing came from the peer for the idle timeout"));
  const char *format = transport ? (local ? _ ("closed here, transport error 0x%" PRIx64 " (%s)")
                                          : _ ("closed by the peer, transport error 0x%" PRIx64 " (%s)"))
                                 : (local ? _ ("closed here, application code 0x%" PRIx64 " (%s)")
                                          : _ ("closed by the peer, application code 0x%" PRIx64 " (%s)"));
  if (info->error_code == 0 && reason[0] == '\0')
    return g_strdup (local ? _ ("closed here") : _ ("closed by the peer"));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* one of the four above, each with the same two arguments */
  return g_strdup_printf (format, (guint64) info->error_code, reason);
#pragma GCC diagnostic pop
}

static void
adopt_flow (Connection *connection)
{
  QsFlow *flow = connection->link->flow;

  if (flow != NULL && qs_server_connection_get_peer (connection->object)[0] == '\0')
    qs_server_connection_set_peer (connection->object, flow->peer, flow->trace);
}

/* TRUE once the connection is over, whoever ended it. */
static gboolean
notice_end (Connection *connection)
{
  SSL_CONN_CLOSE_INFO info = { 0 };

  if (SSL_get_conn_close_info (connection->ssl, &info, sizeof info) != 1)
    return FALSE;

  g_autofree char *reason = qs_text_escape_short (info.reason != NULL ? info.reason : "",
                                                  info.reason != NULL ? (gssize) info.reason_len : 0, 200);
  g_autofree char *text = describe_close (&info, reason);
  gboolean handshaking = qs_server_connection_get_serving_state (connection->object) == QS_SERVING_HANDSHAKE;
  gboolean transport_error = (info.flags & SSL_CONN_CLOSE_FLAG_TRANSPORT) != 0 && info.error_code != 0;

  adopt_flow (connection);
  mark_close (connection, &info, reason);
  connection->over = TRUE;
  g_ptr_array_set_size (connection->streams, 0);
  qs_server_connection_set_ended (connection->object, handshaking || transport_error, text);
  connection->endpoint->host->ended (connection->object, connection->endpoint->data);
  return TRUE;
}

/* Both stages of RFC 9000 section 10.2, driven from the source: TRUE when OpenSSL needs the connection no more. */
static gboolean
drive_close (Connection *connection)
{
  SSL_SHUTDOWN_EX_ARGS args = {
    .quic_error_code = connection->close_code,
    .quic_reason = connection->close_reason,
  };

  ERR_clear_error ();
  return SSL_shutdown_ex (connection->ssl, SSL_SHUTDOWN_FLAG_NO_BLOCK | SSL_SHUTDOWN_FLAG_NO_STREAM_FLUSH, &args,
                          sizeof args) != 0;
}

/* As many streams as the peer allows, with a word on each; then says that one more was wanted, which OpenSSL itself
 * never does (RFC 9000 section 4.6). */
static void
exhaust_streams (Connection *connection)
{
  static const guint8 word[] = "one of many\n";
  guint64 opened = 0;
  size_t written;

  for (;;)
    {
      ERR_clear_error ();
      SSL *ssl = SSL_new_stream (connection->ssl, SSL_STREAM_FLAG_UNI | SSL_STREAM_FLAG_NO_BLOCK);
      if (ssl == NULL)
        break;
      Stream *stream = g_new0 (Stream, 1);
      stream->ssl = ssl;
      stream->read_done = TRUE; /* and the write side stays open: what is concluded makes room for another */
      g_ptr_array_add (connection->streams, stream);
      if (SSL_write_ex (ssl, word, sizeof word - 1, &written) == 1)
        qs_server_connection_count (connection->object, 0, written);
      opened++;
    }
  ERR_clear_error ();
  g_autoptr (GBytes) frame = qs_crafted_streams_blocked (opened);
  qs_wire_fault_add_frames (connection->endpoint->fault, qs_server_connection_get_peer (connection->object), frame);
}

static void
establish (Connection *connection)
{
  QsQuicEndpoint *self = connection->endpoint;

  qs_server_connection_set_established (connection->object, connection->ssl);
  connection->update_keys = self->behaviour->within == QS_WITHIN_KEY_UPDATE;
  self->host->event (connection->object, _ ("handshake complete"), self->data);
  if (self->fault != NULL)
    qs_wire_fault_established (self->fault, qs_server_connection_get_peer (connection->object));
  if (self->behaviour->wire == QS_WIRE_STREAMS_BLOCKED)
    exhaust_streams (connection);
}

/* A host that has lost its state has none to close: what OpenSSL still has is thrown away. */
static void
notice_loss (Connection *connection)
{
  QsQuicEndpoint *self = connection->endpoint;

  if (self->fault == NULL || connection->over ||
      !qs_wire_fault_has_lost (self->fault, qs_server_connection_get_peer (connection->object)))
    return;
  connection->over = connection->lost = TRUE;
  g_ptr_array_set_size (connection->streams, 0);
  qs_server_connection_set_ended (connection->object, TRUE, _ ("its state was thrown away, as the scenario says"));
  self->host->ended (connection->object, self->data);
}

static gboolean
accept_streams (Connection *connection)
{
  gboolean any = FALSE;

  for (SSL *ssl = SSL_accept_stream (connection->ssl, SSL_ACCEPT_STREAM_NO_BLOCK); ssl != NULL;
       ssl = SSL_accept_stream (connection->ssl, SSL_ACCEPT_STREAM_NO_BLOCK))
    {
      add_stream (connection, ssl);
      any = TRUE;
    }
  return any;
}

static gboolean
serve_streams (Connection *connection, gint64 deadline)
{
  gboolean moved = accept_streams (connection);

  /* Refused until the handshake is confirmed and the last update acknowledged (RFC 9001 section 6.1). */
  if (connection->update_keys && connection->streams->len > 0)
    {
      ERR_clear_error ();
      connection->update_keys = SSL_key_update (connection->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1;
      if (connection->update_keys)
        {
          wait_until (connection->endpoint, g_get_monotonic_time () + 10000);
          return moved;
        }
      moved = TRUE;
    }
  for (guint i = connection->streams->len; i > 0; i--)
    {
      Stream *stream = connection->streams->pdata[i - 1];
      moved |= serve_stream (connection, stream, deadline);
      if (stream->read_done && stream->write_done)
        g_ptr_array_remove_index_fast (connection->streams, i - 1);
      if (g_get_monotonic_time () >= deadline)
        return TRUE;
    }
  return moved;
}

static void
notify (Connection *connection)
{
  gint64 now = g_get_monotonic_time ();

  if (now - connection->notified_at < NOTIFY_US)
    return;
  connection->notified_at = now;
  qs_server_connection_flush (connection->object);
}

/* TRUE when something moved, so that another round is worth it. */
static gboolean
serve (Connection *connection, gint64 deadline)
{
  gboolean moved = FALSE;

  adopt_flow (connection);
  if (connection->link->waits)
    wait_until (connection->endpoint, connection->link->hold_until);
  if (qs_server_connection_get_serving_state (connection->object) == QS_SERVING_HANDSHAKE &&
      SSL_is_init_finished (connection->ssl))
    {
      establish (connection);
      moved = TRUE;
    }
  if (qs_server_connection_get_serving_state (connection->object) == QS_SERVING_ESTABLISHED)
    {
      moved |= serve_streams (connection, deadline);
      notify (connection);
    }
  if (connection->closing)
    drive_close (connection);
  return notice_end (connection) || moved;
}

/* --- The endpoint --- */

static void
set_queue_length (QsQuicEndpoint *self, guint length)
{
  if (self->queue_length == length)
    return;
  self->queue_length = length;
  self->host->queue_changed (length, self->data);
}

static void
accept_connection (QsQuicEndpoint *self, SSL *ssl)
{
  Connection *connection = g_new0 (Connection, 1);

  connection->endpoint = self;
  connection->object = qs_server_connection_new ("quic");
  connection->ssl = ssl;
  connection->streams = g_ptr_array_new_with_free_func ((GDestroyNotify) stream_free);
  connection->link = qs_server_link_for_quic (ssl, self->flows);
  connection->link->accepted = TRUE;
  connection->link->hold_until = g_get_monotonic_time () + (gint64) self->behaviour->hello_delay_ms * 1000;
  g_ptr_array_add (self->connections, connection);

  /* The default stream would make every further stream of the peer's be refused. */
  SSL_set_default_stream_mode (ssl, SSL_DEFAULT_STREAM_MODE_NONE);
  SSL_set_blocking_mode (ssl, 0);
  SSL_set_mode (ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  /* Else each read and write would tick every connection of the listener. */
  SSL_set_event_handling_mode (ssl, SSL_VALUE_EVENT_HANDLING_MODE_EXPLICIT);
  gboolean refuse = self->behaviour->within == QS_WITHIN_REFUSE;
  SSL_set_incoming_stream_policy (ssl, refuse ? SSL_INCOMING_STREAM_POLICY_REJECT : SSL_INCOMING_STREAM_POLICY_ACCEPT,
                                  self->behaviour->stream_code);
  if (self->behaviour->idle_timeout_ms > 0)
    SSL_set_feature_request_uint (ssl, SSL_VALUE_QUIC_IDLE_TIMEOUT, self->behaviour->idle_timeout_ms);
  adopt_flow (connection);
  self->host->added (connection->object, self->data);
}

static gboolean
accept_connections (QsQuicEndpoint *self)
{
  guint accepted = 0;

  set_queue_length (self, (guint) SSL_get_accept_connection_queue_len (self->listener));
  while (accepted < MAX_ACCEPTS && SSL_get_accept_connection_queue_len (self->listener) > 0)
    {
      ERR_clear_error ();
      SSL *ssl = SSL_accept_connection (self->listener, SSL_ACCEPT_CONNECTION_NO_BLOCK);
      if (ssl == NULL)
        break;
      accept_connection (self, ssl);
      accepted++;
    }
  if (accepted > 0)
    set_queue_length (self, (guint) SSL_get_accept_connection_queue_len (self->listener));
  return accepted > 0;
}

/* One turn for each connection, beginning with the one that the last round did not reach. */
static gboolean
serve_connections (QsQuicEndpoint *self, gint64 deadline)
{
  gboolean moved = FALSE;

  self->next_at = 0;
  for (guint left = self->connections->len; left > 0; left--)
    {
      if (self->next >= self->connections->len)
        self->next = 0;
      Connection *connection = self->connections->pdata[self->next];
      notice_loss (connection);
      if (!connection->over)
        moved |= serve (connection, deadline);
      if (connection->over && (connection->lost || drive_close (connection)))
        g_ptr_array_remove_index_fast (self->connections, self->next);
      else
        self->next++;
      if (g_get_monotonic_time () >= deadline)
        return TRUE;
    }
  return moved;
}

static gboolean
timer_cb (gpointer data)
{
  QsQuicEndpoint *self = data;

  g_clear_pointer (&self->timer, g_source_unref);
  qs_ssl_source_kick (self->source);
  return G_SOURCE_REMOVE;
}

static void
clear_timer (QsQuicEndpoint *self)
{
  if (self->timer == NULL)
    return;
  g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
arm_timer (QsQuicEndpoint *self)
{
  if (self->timer != NULL && self->timer_at == self->next_at)
    return;
  clear_timer (self);
  if (self->next_at == 0)
    return;

  gint64 us = MAX (self->next_at - g_get_monotonic_time (), 0);
  self->timer_at = self->next_at;
  self->timer = g_timeout_source_new ((guint) ((us + 999) / 1000));
  g_source_set_static_name (self->timer, "quicserve-timer");
  g_source_set_callback (self->timer, timer_cb, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

static QsSslSourceResult
turn_cb (gint64 deadline, gpointer data)
{
  QsQuicEndpoint *self = data;

  for (;;)
    {
      gboolean moved = accept_connections (self);
      moved |= serve_connections (self, deadline);
      if (g_get_monotonic_time () >= deadline)
        {
          arm_timer (self);
          return moved ? QS_SSL_SOURCE_AGAIN : QS_SSL_SOURCE_WAIT;
        }
      if (!moved)
        break;
      ERR_clear_error ();
      SSL_handle_events (self->listener);
    }
  arm_timer (self);
  return QS_SSL_SOURCE_WAIT;
}

static void
recorder_datagram (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data)
{
  qs_flows_add (data, datagram);
}

static gboolean
hex_to_span (const char *hex, guint8 *bytes, gsize size, QsSpan *span)
{
  gsize length = strlen (hex) / 2;

  if (length > size)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  *span = QS_SPAN (bytes, length);
  return TRUE;
}

/* Under OpenSSL's lock: reads nothing but what is ours. The newest connection of a peer's counts. */
static gboolean
secret_cb (const char *peer, QsSpan *secret, guint8 *cid_length, gpointer data)
{
  QsQuicEndpoint *self = data;

  for (guint i = self->connections->len; i > 0; i--)
    {
      Connection *connection = self->connections->pdata[i - 1];
      QsServerLink *link = connection->link;
      if (link->flow == NULL || link->server_secret == NULL || !g_str_equal (link->flow->peer, peer))
        continue;
      *cid_length = (guint8) g_bytes_get_size (link->flow->client_cid);
      return hex_to_span (link->server_secret, self->secret, sizeof self->secret, secret);
    }
  return FALSE;
}

static const QsUdpRecorder recorder = { .datagram = recorder_datagram };

static gboolean
listen_on (QsQuicEndpoint *self, SSL_CTX *context, gboolean retry, GError **error)
{
  ERR_clear_error ();
  self->listener = SSL_new_listener (context, retry ? 0 : SSL_LISTENER_FLAG_NO_VALIDATE);
  BIO *bio = self->listener != NULL ? qs_udp_bio_new_bio (self->bio) : NULL;
  if (bio != NULL && self->behaviour->wire != QS_WIRE_NONE)
    {
      self->fault = qs_wire_fault_new (self->behaviour, secret_cb, self);
      bio = qs_wire_fault_push (self->fault, bio);
    }
  if (bio != NULL)
    {
      SSL_set_bio (self->listener, bio, bio);
      if (SSL_set_blocking_mode (self->listener, 0) == 1 && SSL_listen (self->listener) == 1)
        return TRUE;
    }
  qs_set_crypto_error (error, _ ("OpenSSL cannot listen for QUIC here"));
  return FALSE;
}

QsQuicEndpoint *
qs_quic_endpoint_new (QsUdpBio *bio, QsServerTls *tls, const QsBehaviour *behaviour, gboolean retry, gboolean record,
                      const QsEndpointHost *host, gpointer data, GError **error)
{
  QsQuicEndpoint *self = g_new0 (QsQuicEndpoint, 1);
  g_autoptr (GSocketAddress) local = qs_udp_bio_dup_local_address (bio);

  self->bio = qs_udp_bio_ref (bio);
  self->flows = qs_flows_new (record, local);
  self->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) connection_free);
  self->behaviour = behaviour;
  self->host = host;
  self->data = data;
  qs_server_tls_set_flows (tls, self->flows);
  qs_udp_bio_set_recorder (bio, &recorder, self->flows, NULL);
  if (!listen_on (self, qs_server_tls_get_quic (tls), retry, error))
    {
      qs_quic_endpoint_free (self);
      return NULL;
    }
  self->source = qs_ssl_source_new (self->listener, bio, "quicserve-quic", turn_cb, self, NULL);
  g_source_attach (self->source, g_main_context_get_thread_default ());
  return self;
}

/* The close frame leaves with the next tick unless the socket's buffer is full. What lies in the socket is read
 * first: a client whose Finished is among it has thrown its Initial and Handshake keys away, and would not
 * understand a close in packets of these (RFC 9000 section 10.2.3). */
static void
say_goodbye (QsQuicEndpoint *self)
{
  gint64 deadline = g_get_monotonic_time () + STOP_US;

  do
    {
      ERR_clear_error ();
      SSL_handle_events (self->listener);
    }
  while (qs_udp_bio_has_pending (self->bio) && g_get_monotonic_time () < deadline);
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = self->connections->pdata[i];
      if (connection->over)
        continue;
      begin_close (connection, 0, "the server stops");
      drive_close (connection);
    }
  do
    {
      ERR_clear_error ();
      SSL_handle_events (self->listener);
    }
  while (SSL_net_write_desired (self->listener) && g_get_monotonic_time () < deadline);
  for (guint i = 0; i < self->connections->len; i++)
    {
      Connection *connection = self->connections->pdata[i];
      if (!connection->over && !notice_end (connection))
        {
          qs_server_connection_set_ended (connection->object, FALSE, _ ("the server stopped"));
          self->host->ended (connection->object, self->data);
        }
    }
}

void
qs_quic_endpoint_free (QsQuicEndpoint *self)
{
  clear_timer (self);
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_source_unref (self->source);
      say_goodbye (self);
    }
  g_ptr_array_unref (self->connections);
  SSL_free (self->listener);
  g_clear_pointer (&self->fault, qs_wire_fault_free);
  qs_udp_bio_unref (self->bio);
  qs_flows_free (self->flows);
  g_free (self);
}

guint
qs_behaviour_get_responder_flags (const QsBehaviour *behaviour)
{
  guint flags = 0;

  if (behaviour->within == QS_WITHIN_SLOW)
    flags |= QS_RESPONDER_TRICKLE;
  if (behaviour->within == QS_WITHIN_LARGE)
    flags |= QS_RESPONDER_LARGE;
  return flags;
}
