/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <openssl/err.h>

#include "base/qs-i18n.h"
#include "engine/qs-ssl-source.h"
#include "server/qs-quic-endpoint-private.h"

#define MAX_ACCEPTS 32 /* a turn */
#define STOP_US (20 * 1000)
#define HELD_PACE_US (100 * 1000)
#define N_OWN_CLIENTS 3

void
qs_quic_endpoint_wait_until (QsQuicEndpoint *self, gint64 at)
{
  if (at != 0 && (self->next_at == 0 || at < self->next_at))
    self->next_at = at;
}

void
qs_quic_endpoint_handle_events (QsQuicEndpoint *self)
{
  ERR_clear_error ();
  SSL_handle_events (self->listener);
  if (self->strict != NULL)
    SSL_handle_events (self->strict);
  ERR_clear_error ();
}

void
qs_quic_endpoint_flush (QsQuicEndpoint *self)
{
  qs_udp_bio_set_deaf (self->bio, TRUE);
  qs_quic_endpoint_handle_events (self);
  qs_udp_bio_set_deaf (self->bio, FALSE);
}

static void
set_queue_length (QsQuicEndpoint *self, guint length)
{
  if (self->queue_length == length)
    return;
  self->queue_length = length;
  self->host->queue_changed (length, self->data);
}

static void
add_connection (QsQuicEndpoint *self, QsQuicConnection *connection)
{
  g_ptr_array_add (self->connections, connection);
  self->host->added (connection->object, self->data);
}

static guint
count_queue (QsQuicEndpoint *self)
{
  size_t strict = self->strict != NULL ? SSL_get_accept_connection_queue_len (self->strict) : 0;

  return (guint) (SSL_get_accept_connection_queue_len (self->listener) + strict);
}

static guint
accept_from (QsQuicEndpoint *self, SSL *listener)
{
  guint accepted = 0;

  while (listener != NULL && accepted < MAX_ACCEPTS && SSL_get_accept_connection_queue_len (listener) > 0)
    {
      ERR_clear_error ();
      SSL *ssl = SSL_accept_connection (listener, SSL_ACCEPT_CONNECTION_NO_BLOCK);
      if (ssl == NULL)
        break;
      add_connection (self, qs_quic_connection_new (self, ssl));
      accepted++;
    }
  return accepted;
}

static gboolean
accept_connections (QsQuicEndpoint *self)
{
  set_queue_length (self, count_queue (self));
  guint accepted = accept_from (self, self->listener) + accept_from (self, self->strict);
  if (accepted > 0)
    set_queue_length (self, count_queue (self));
  return accepted > 0;
}

/* Those of which nothing but a first flight was seen: what decides whether new ones have to prove themselves first. */
static void
count_half_open (QsQuicEndpoint *self)
{
  guint n = (guint) SSL_get_accept_connection_queue_len (self->listener);

  if (self->strict == NULL)
    return;
  for (guint i = 0; i < self->connections->len; i++)
    {
      QsQuicConnection *connection = self->connections->pdata[i];
      n += !connection->over && qs_server_connection_get_serving_state (connection->object) == QS_SERVING_HANDSHAKE;
    }
  qs_gate_set_half_open (self->gate, n);
}

/* The source knows of the first listener alone. */
static void
wait_for_strict (QsQuicEndpoint *self)
{
  struct timeval timeout;
  int infinite = 1;

  if (self->strict != NULL && SSL_get_event_timeout (self->strict, &timeout, &infinite) == 1 && !infinite)
    qs_quic_endpoint_wait_until (self,
                                 g_get_monotonic_time () + (gint64) timeout.tv_sec * G_USEC_PER_SEC + timeout.tv_usec);
}

/* One turn for each connection, beginning with the one that the last round did not reach. */
static gboolean
serve_connections (QsQuicEndpoint *self, gint64 deadline)
{
  gboolean moved = FALSE;

  self->next_at = 0;
  self->any_waits = FALSE;
  for (guint left = self->connections->len; left > 0; left--)
    {
      if (self->next >= self->connections->len)
        self->next = 0;
      QsQuicConnection *connection = self->connections->pdata[self->next];
      qs_quic_connection_notice_loss (connection);
      if (!connection->over)
        moved |= qs_quic_connection_serve (connection, deadline);
      if (connection->over && (connection->lost || qs_quic_connection_drive_close (connection)))
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

/* Connections of its own to itself: both directions go through one socket, told apart by connection ids alone. */
static void
dial_own_clients (QsQuicEndpoint *self)
{
  g_autoptr (GSocketAddress) local = qs_udp_bio_dup_local_address (self->bio);

  for (guint i = 0; i < N_OWN_CLIENTS; i++)
    {
      QsQuicConnection *connection = qs_quic_connection_dial (self, local);
      if (connection != NULL)
        add_connection (self, connection);
    }
  qs_quic_endpoint_handle_events (self);
}

/* OpenSSL answers a PING in an Initial packet with another one; RFC 9000 section 19.2 asks for an ACK alone. Two of its
 * ends that wait in the handshake so play ping-pong from the first probe timeout on, over loopback with 20,000 datagrams
 * a second. A server that is slow to answer ClientHello is slow to read, too. */
static void
set_pace (QsQuicEndpoint *self)
{
  gboolean held = self->behaviour->hold_hello || self->behaviour->hello_delay_ms > 0;

  qs_udp_bio_set_pace (self->bio, held && self->any_waits ? HELD_PACE_US : 0);
}

static QsSslSourceResult
turn_cb (gint64 deadline, gpointer data)
{
  QsQuicEndpoint *self = data;

  if (self->strict != NULL) /* the source has handled the other one's events, which may have read for this one */
    SSL_handle_events (self->strict);
  if (self->behaviour->own_clients && !self->has_dialed)
    {
      self->has_dialed = TRUE;
      dial_own_clients (self);
    }

  for (;;)
    {
      gboolean moved = accept_connections (self);
      moved |= serve_connections (self, deadline);
      set_pace (self);
      count_half_open (self);
      moved |= qs_gate_has_for_strict (self->gate);
      if (g_get_monotonic_time () >= deadline)
        {
          wait_for_strict (self);
          arm_timer (self);
          return moved ? QS_SSL_SOURCE_AGAIN : QS_SSL_SOURCE_WAIT;
        }
      if (!moved)
        break;
      qs_quic_endpoint_handle_events (self);
    }
  wait_for_strict (self);
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
      QsQuicConnection *connection = self->connections->pdata[i - 1];
      QsServerLink *link = connection->link;
      if (link->flow == NULL || link->server_secret == NULL || !g_str_equal (link->flow->peer, peer))
        continue;
      *cid_length = link->flow->client_cid_length;
      return hex_to_span (link->server_secret, self->secret, sizeof self->secret, secret);
    }
  return FALSE;
}

static const QsUdpRecorder recorder = { .datagram = recorder_datagram };

static gboolean
begin_listening (SSL *listener, BIO *bio)
{
  if (bio == NULL)
    return FALSE;
  SSL_set_bio (listener, bio, bio);
  return SSL_set_blocking_mode (listener, 0) == 1 && SSL_listen (listener) == 1;
}

static gboolean
listen_strictly (QsQuicEndpoint *self, SSL_CTX *context)
{
  self->strict = SSL_new_listener (context, 0);
  BIO *bio = self->strict != NULL ? qs_udp_bio_new_bio (self->bio) : NULL;

  return bio != NULL && begin_listening (self->strict, qs_gate_push_strict (self->gate, bio));
}

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
  else if (bio != NULL && !self->behaviour->own_clients)
    {
      self->gate = qs_gate_new ();
      bio = qs_gate_push_open (self->gate, bio);
    }
  if (bio != NULL && begin_listening (self->listener, bio) &&
      (retry || self->gate == NULL || listen_strictly (self, context)))
    return TRUE;
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
  self->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_quic_connection_free);
  self->behaviour = behaviour;
  self->host = host;
  self->data = data;
  qs_server_tls_set_flows (tls, self->flows);
  qs_udp_bio_set_recorder (bio, &recorder, self->flows, NULL);
  if ((behaviour->answers_elsewhere && !qs_udp_bio_answer_elsewhere (bio, error)) ||
      !listen_on (self, qs_server_tls_get_quic (tls), retry, error))
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
      qs_quic_endpoint_handle_events (self);
    }
  while (qs_udp_bio_has_pending (self->bio) && g_get_monotonic_time () < deadline);
  for (guint i = 0; i < self->connections->len; i++)
    {
      QsQuicConnection *connection = self->connections->pdata[i];
      if (connection->over)
        continue;
      qs_quic_connection_begin_close (connection, 0, "the server stops");
      qs_quic_connection_drive_close (connection);
    }
  do
    qs_quic_endpoint_flush (self);
  while ((SSL_net_write_desired (self->listener) || (self->strict != NULL && SSL_net_write_desired (self->strict))) &&
         g_get_monotonic_time () < deadline);
  for (guint i = 0; i < self->connections->len; i++)
    {
      QsQuicConnection *connection = self->connections->pdata[i];
      if (!connection->over && !qs_quic_connection_notice_end (connection))
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
  SSL_free (self->strict);
  SSL_free (self->listener);
  g_clear_pointer (&self->gate, qs_gate_free);
  g_clear_pointer (&self->fault, qs_wire_fault_free);
  qs_udp_bio_unref (self->bio);
  qs_flows_free (self->flows);
  g_free (self);
}

QsTrace *
qs_quic_endpoint_find_trace (QsQuicEndpoint *self, const char *peer)
{
  QsFlow *flow = qs_flows_find_peer (self->flows, peer);

  return flow != NULL && flow->trace != NULL ? g_object_ref (flow->trace) : NULL;
}

guint
qs_behaviour_get_responder_flags (const QsBehaviour *behaviour)
{
  guint flags = 0;

  if (behaviour->within == QS_WITHIN_SLOW)
    flags |= QS_RESPONDER_TRICKLE;
  if (behaviour->within == QS_WITHIN_LATE)
    flags |= QS_RESPONDER_LATE;
  if (behaviour->within == QS_WITHIN_LARGE)
    flags |= QS_RESPONDER_LARGE;
  return flags;
}
