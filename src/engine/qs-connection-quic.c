/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QUIC below a connection. */
#include <errno.h>
#include <openssl/err.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-connection-private.h"
#include "engine/qs-ssl-source.h"
#include "engine/qs-states.h"

#define MOST_ACCEPTED 16384 /* streams */

/* --- What the socket tells: under OpenSSL's lock --- */

static void
datagram_cb (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data)
{
  QsConnection *self = data;

  if (self->record && !qs_connection_is_aborted (self))
    qs_trace_add_datagram (self->trace, datagram->time - qs_trace_get_origin (self->trace), datagram->direction,
                           self->path, datagram->ecn, datagram->fate, datagram->data, datagram->length);
  if (datagram->direction == QS_DIRECTION_RECEIVED && datagram->fate != QS_FATE_DROPPED &&
      !g_atomic_int_get (&self->answered))
    {
      g_atomic_int_set (&self->answered, TRUE);
      qs_connection_post (self, QS_EVENT_ANSWERED);
    }
}

static void
icmp_cb (QsUdpBio *bio, const QsUdpIcmp *icmp, gpointer data)
{
  qs_connection_note_icmp (icmp, data);
}

static void
error_cb (QsUdpBio *bio, int error, gpointer data)
{
  QsConnection *self = data;

  g_atomic_int_set (&self->socket_error, error);
  qs_mark_sink_add (self->sink, QS_MARK_SOCKET_ERROR, qs_errno_name (error), error, g_strerror (error));
}

static void
rebound_cb (QsUdpBio *bio, gpointer data)
{
  QsConnection *self = data;
  g_autoptr (GSocketAddress) local = qs_udp_bio_dup_local_address (bio);
  g_autofree char *text = local != NULL ? qs_socket_address_to_text (local) : NULL;

  self->path = qs_trace_add_path (self->trace, local, self->address);
  qs_mark_sink_add (self->sink, QS_MARK_IMPAIRMENT, "rebind", 0, text);
}

static const QsUdpRecorder recorder = { datagram_cb, icmp_cb, error_cb, rebound_cb };

/* --- Overrides --- */

static gboolean
quic_open (QsConnection *self, GError **error)
{
  int family = g_socket_address_get_family (self->address) == G_SOCKET_FAMILY_IPV6 ? AF_INET6 : AF_INET;
  gboolean worker = self->mode != QS_MODE_NONBLOCKING;

  self->udp = qs_udp_bio_new (family, worker ? QS_UDP_BIO_WAKEABLE : QS_UDP_BIO_PLAIN, error);
  if (self->udp == NULL || !qs_udp_bio_connect (self->udp, self->address, error))
    return FALSE;
  if (self->impairment != NULL && !qs_impairment_apply (self->impairment, self->udp, TRUE, error))
    return FALSE;
  self->ssl = qs_ssl_config_new_ssl (self->config, &qs_connection_hooks, self, error);
  if (self->ssl == NULL)
    return FALSE;

  g_autoptr (GSocketAddress) local = qs_udp_bio_dup_local_address (self->udp);
  self->path = qs_trace_add_path (self->trace, local, self->address);
  qs_udp_bio_set_recorder (self->udp, &recorder, self, NULL);
  BIO *bio = qs_udp_bio_new_bio (self->udp);
  if (bio == NULL)
    return qs_error_set_no_memory (error);
  SSL_set_bio (self->ssl, bio, bio);
  qs_ssl_prepare (self->ssl, worker);
  return TRUE;
}

/* UDP has nothing to connect. */
static QsTurn
quic_connect (QsConnection *self)
{
  qs_connection_set_io_state (self, QS_CONNECTION_HANDSHAKING);
  return QS_TURN_PROGRESS;
}

static void
note_close_info (QsConnection *self)
{
  QsSslClose info;

  if (!qs_ssl_get_close (self->ssl, &info))
    return;
  /* "Network BIO I/O error" is how OpenSSL words a socket that failed, which is noted better already, or that was
   * taken from under a call that blocks, which nobody means by a close. */
  gboolean taken = g_atomic_int_get (&self->socket_error) != 0 || qs_connection_is_aborted (self);
  if (taken && !info.remote)
    return;
  qs_connection_note_close (self, &info);
}

static gboolean
quic_ended (QsConnection *self)
{
  if (!qs_ssl_is_ending (self->ssl))
    return FALSE;
  note_close_info (self);
  return TRUE;
}

/* Stage one flushes what was concluded, stage two sends CONNECTION_CLOSE and answers late packets with it for
 * three PTOs; RFC 9000 section 10.2 lets an endpoint that is going away skip the latter. */
static QsTurn
quic_close (QsConnection *self)
{
  gboolean early = self->io_state < QS_CONNECTION_ESTABLISHED;
  guint64 flags = self->close_manner == QS_CLOSE_NOW || early ? SSL_SHUTDOWN_FLAG_NO_STREAM_FLUSH : 0;
  gboolean was_ending = qs_ssl_is_ending (self->ssl);

  if (self->close_manner != QS_CLOSE_LINGER || early)
    flags |= SSL_SHUTDOWN_FLAG_RAPID;
  if (early)
    flags |= SSL_SHUTDOWN_FLAG_NO_BLOCK;
  if (self->mode != QS_MODE_NONBLOCKING)
    qs_udp_bio_end_waits (self->udp); /* it sleeps inside, with a poll of its own */
  int status = qs_ssl_shutdown (self->ssl, flags, self->close_code, self->close_reason);
  if (status < 0)
    {
      note_close_info (self);
      return QS_TURN_OVER;
    }
  if (status == 0 && !qs_ssl_is_ending (self->ssl))
    return QS_TURN_IDLE; /* flushing */
  note_close_info (self);
  if (!was_ending && (flags & SSL_SHUTDOWN_FLAG_NO_STREAM_FLUSH) == 0)
    self->flushed = TRUE;
  if (!was_ending && self->mode == QS_MODE_NONBLOCKING)
    {
      qs_udp_bio_set_deaf (self->udp, TRUE);
      SSL_handle_events (self->ssl); /* sends it: in explicit mode the call above does not */
      qs_udp_bio_set_deaf (self->udp, FALSE);
    }
  return status == 1 || (flags & SSL_SHUTDOWN_FLAG_RAPID) != 0 ? QS_TURN_OVER : QS_TURN_IDLE;
}

/* Each that is taken lets the peer open another one (RFC 9000 section 4.6), however soon it ends it: of as many as it likes in all
 * something stays, in OpenSSL, in HTTP/3 and in the trace. */
static void
quic_accept (QsConnection *self)
{
  SSL *ssl;

  while (self->n_accepted < MOST_ACCEPTED && (ssl = qs_ssl_accept_stream (self->ssl)) != NULL)
    {
      if (++self->n_accepted == MOST_ACCEPTED)
        qs_mark_sink_add (self->sink, QS_MARK_NOTE, "streams", MOST_ACCEPTED,
                          _ ("The peer has opened so many streams that no more are taken."));
      QsConnectionStream *stream = qs_connection_add_stream (self, (gint64) SSL_get_stream_id (ssl), ssl);
      qs_connection_emit (self, &(QsEvent){ .kind = QS_EVENT_STREAM_OPENED, .stream = stream->io.id });
      if (qs_connection_is_aborted (self))
        return;
    }
}

static SSL *
quic_open_stream (QsConnection *self, gboolean bidirectional)
{
  return qs_ssl_open_stream (self->ssl, bidirectional, TRUE);
}

static void
quic_note_failure (QsConnection *self)
{
  note_close_info (self);
}

static QsSslSourceResult
source_cb (gint64 deadline, gpointer data)
{
  static const QsSslSourceResult results[] = {
    [QS_TURN_IDLE] = QS_SSL_SOURCE_WAIT,
    [QS_TURN_PROGRESS] = QS_SSL_SOURCE_AGAIN,
    [QS_TURN_OVER] = QS_SSL_SOURCE_REMOVE,
  };

  return results[qs_connection_turn (data, deadline)];
}

static GSource *
quic_new_source (QsConnection *self)
{
  return qs_ssl_source_new (self->ssl, self->udp, "[Quicscope] QUIC connection", source_cb, self, NULL);
}

static void
quic_kick (QsConnection *self)
{
  if (self->source != NULL)
    qs_ssl_source_kick (self->source);
}

/* Whether OpenSSL has something for the next turn. It looks at what there is, and neither reads the socket nor sleeps. */
static gboolean
is_ready (QsConnection *self)
{
  g_autoptr (GArray) items = g_array_new (FALSE, TRUE, sizeof (SSL_POLL_ITEM));
  SSL_POLL_ITEM item = { .desc = SSL_as_poll_descriptor (self->ssl),
                         .events = SSL_POLL_EVENT_EC | SSL_POLL_EVENT_ECD | SSL_POLL_EVENT_ISB | SSL_POLL_EVENT_ISU };
  static const struct timeval at_once = { 0, 0 };
  size_t n_ready = 0;

  if (self->n_accepted >= MOST_ACCEPTED) /* those that are not taken would be ready for ever */
    item.events &= ~(guint64) (SSL_POLL_EVENT_ISB | SSL_POLL_EVENT_ISU);
  if (self->io_state == QS_CONNECTION_CLOSING)
    item.events &= ~(guint64) SSL_POLL_EVENT_EC;
  g_array_append_val (items, item);
  for (guint i = 0; i < qs_stream_map_get_length (self->streams); i++)
    {
      const QsIoStream *stream = qs_stream_map_get (self->streams, i);
      if (stream->ssl == NULL)
        continue;
      item = (SSL_POLL_ITEM){ .desc = SSL_as_poll_descriptor (stream->ssl) };
      if (stream->info.read_state == QS_STREAM_OK)
        item.events |= SSL_POLL_EVENT_R | SSL_POLL_EVENT_ER;
      if (stream->info.write_state == QS_STREAM_OK)
        item.events |= SSL_POLL_EVENT_EW | (g_queue_is_empty ((GQueue *) &stream->writes) ? 0 : SSL_POLL_EVENT_W);
      g_array_append_val (items, item);
    }
  ERR_clear_error ();
  gboolean failed = SSL_poll ((SSL_POLL_ITEM *) items->data, items->len, sizeof (SSL_POLL_ITEM), &at_once,
                              SSL_POLL_FLAG_NO_HANDLE_EVENTS, &n_ready) != 1;
  ERR_clear_error ();
  return failed || n_ready > 0;
}

/* Sleeps until there is something to do. Not in SSL_poll, though it is made for several streams at once: in OpenSSL 3.5 it
 * reads the socket anew for each item that it is asked about, so what comes for the first stream while it asks for the last
 * one is slept over (only where threads are notified does it look again), and beside an assisting thread, when an item gets
 * ready while it prepares to sleep, it forgets that it said it would sleep for the items before that one, and the next thread
 * that handles events waits for ever for a sleeper that is not there. A turn that read nothing may have taken in something for
 * a stream that it had asked before, too: so all are looked at once more, after the last datagram was. */
static void
quic_wait (QsConnection *self)
{
  struct timeval timeout;
  int infinite = 1;
  gint64 timeout_us = -1;

  ERR_clear_error ();
  SSL_handle_events (self->ssl);
  if (is_ready (self))
    return;
  if (SSL_get_event_timeout (self->ssl, &timeout, &infinite) && !infinite)
    {
      timeout_us = (gint64) timeout.tv_sec * G_USEC_PER_SEC + timeout.tv_usec;
      /* The timers are the assisting thread's; but that an idle timeout ended it all has to be noticed. */
      if (self->mode == QS_MODE_THREAD_ASSISTED)
        timeout_us += 1000;
    }
  qs_udp_bio_wait (self->udp, timeout_us, SSL_net_write_desired (self->ssl));
  ERR_clear_error ();
  SSL_handle_events (self->ssl);
}

static void
quic_clear_wake (QsConnection *self)
{
  qs_udp_bio_clear_wake (self->udp);
}

/* The owner may wake and hurry while the worker ends: what it touches is held by the lock. */
static void
quic_wake (QsConnection *self)
{
  g_mutex_lock (&self->ssl_lock);
  if (self->udp != NULL)
    qs_udp_bio_wake (self->udp);
  g_mutex_unlock (&self->ssl_lock);
}

/* A blocking SSL_connect or SSL_shutdown_ex releases the engine while it sleeps; a close from here makes what it
 * waits for impossible, and the wake makes it look. */
static void
quic_hurry (QsConnection *self)
{
  g_mutex_lock (&self->ssl_lock);
  if (self->ssl != NULL)
    {
      qs_ssl_shutdown (
          self->ssl, SSL_SHUTDOWN_FLAG_NO_STREAM_FLUSH | SSL_SHUTDOWN_FLAG_NO_BLOCK | SSL_SHUTDOWN_FLAG_RAPID, 0, NULL);
      ERR_clear_error ();
      qs_udp_bio_wake (self->udp);
    }
  g_mutex_unlock (&self->ssl_lock);
}

static void
quic_cancel (QsConnection *self)
{
  g_mutex_lock (&self->ssl_lock);
  if (self->udp != NULL)
    qs_udp_bio_cancel (self->udp);
  g_mutex_unlock (&self->ssl_lock);
}

const QsTransportOps qs_quic_ops = {
  .open = quic_open,
  .connect = quic_connect,
  .close = quic_close,
  .ended = quic_ended,
  .accept = quic_accept,
  .open_stream = quic_open_stream,
  .note_failure = quic_note_failure,
  .new_source = quic_new_source,
  .kick = quic_kick,
  .wait = quic_wait,
  .wake = quic_wake,
  .clear_wake = quic_clear_wake,
  .hurry = quic_hurry,
  .cancel = quic_cancel,
};
