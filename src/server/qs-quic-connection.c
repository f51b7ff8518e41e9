/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/err.h>
#include <openssl/quic.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-outcome.h"
#include "server/qs-crafted.h"
#include "server/qs-quic-endpoint-private.h"

#define NOTIFY_US (100 * 1000)
#define KEY_UPDATE_US (100 * 1000) /* after the handshake */
#define MAX_RETIRING 4096 /* connection ids of the peer that are not told to be given up yet: some 430 bytes each */
#define H3_EXCESSIVE_LOAD 0x107

static void
set_up (QsQuicConnection *connection)
{
  const QsBehaviour *behaviour = connection->endpoint->behaviour;
  SSL *ssl = connection->ssl;

  qs_ssl_prepare (ssl, FALSE);
  SSL_set_mode (ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (behaviour->within == QS_WITHIN_REFUSE)
    SSL_set_incoming_stream_policy (ssl, SSL_INCOMING_STREAM_POLICY_REJECT, behaviour->stream_code);
  if (behaviour->idle_timeout_ms > 0)
    SSL_set_feature_request_uint (ssl, SSL_VALUE_QUIC_IDLE_TIMEOUT, behaviour->idle_timeout_ms);
}

void
qs_quic_connection_begin_close (QsQuicConnection *connection, guint64 code, const char *reason)
{
  if (connection->closing)
    return;
  connection->closing = TRUE;
  connection->close_code = code;
  connection->close_reason = g_strdup (reason);
}

/* As many streams as the peer allows, with a word on each; then says that one more was wanted, which OpenSSL itself
 * never does (RFC 9000 section 4.6). Not before the client has a stream of its own: a client that keeps to one stream, as
 * s_client does, may take the first of these for that one, which cannot be written to. */
static void
exhaust_streams (QsQuicConnection *connection)
{
  static const guint8 word[] = "one of many\n";
  guint64 opened = 0;
  gsize written;

  for (;;)
    {
      SSL *ssl = qs_ssl_open_stream (connection->ssl, FALSE, FALSE);
      if (ssl == NULL)
        break;
      /* Its write side stays open: what is concluded makes room for another. */
      QsQuicStream *stream = qs_quic_connection_add_own_stream (connection, ssl);
      qs_io_stream_write (&stream->io, word, sizeof word - 1, FALSE, &written, NULL);
      qs_server_connection_count (connection->object, 0, written);
      opened++;
    }
  ERR_clear_error ();
  g_autoptr (GBytes) frame = qs_crafted_streams_blocked (opened);
  qs_wire_fault_add_frames (connection->endpoint->fault, qs_server_connection_get_peer (connection->object), frame);
}

/* What the scenario does to a request's stream. */
static void
misbehave (QsQuicConnection *connection, QsQuicStream *stream)
{
  const QsBehaviour *behaviour = connection->endpoint->behaviour;
  gboolean first = connection->n_requests++ == 0;

  if (first && behaviour->wire == QS_WIRE_STREAMS_BLOCKED)
    exhaust_streams (connection);
  if (first && behaviour->within == QS_WITHIN_CLOSE)
    qs_quic_connection_begin_close (connection, behaviour->close_code, behaviour->close_reason);
  else if (first && behaviour->within == QS_WITHIN_RESET)
    qs_quic_stream_reset (stream, behaviour->stream_code);
  else if (behaviour->within == QS_WITHIN_REFUSE)
    {
      /* Freed unread, it is told to stop sending as well. */
      qs_quic_stream_reset (stream, behaviour->stream_code);
      qs_io_stream_stop_reading (&stream->io);
    }
}

static void
add_stream (QsQuicConnection *connection, SSL *ssl)
{
  QsQuicEndpoint *self = connection->endpoint;
  QsQuicStream *stream = qs_quic_stream_new (ssl);
  gboolean is_request = SSL_get_stream_type (ssl) == SSL_STREAM_TYPE_BIDI;

  stream->http3 = connection->http3 != NULL;
  stream->unidirectional = !is_request && !stream->http3;
  if (!stream->http3)
    {
      stream->responder =
          qs_responder_new (qs_behaviour_get_responder_flags (self->behaviour),
                            qs_server_connection_get_about (connection->object), qs_clock_get_steady ());
      qs_responder_set_script (stream->responder, &self->behaviour->answer);
    }
  qs_stream_map_add (connection->streams, stream->io.id, stream);
  qs_server_connection_add_stream (connection->object);
  if (is_request)
    misbehave (connection, stream);
}

QsQuicStream *
qs_quic_connection_add_own_stream (QsQuicConnection *connection, SSL *ssl)
{
  QsQuicStream *stream = qs_quic_stream_new (ssl);

  qs_stream_map_add (connection->streams, stream->io.id, stream);
  return stream;
}

static void
mark_close (QsQuicConnection *connection, const QsSslClose *info)
{
  QsTrace *trace = qs_server_connection_get_trace (connection->object);

  if (trace == NULL)
    return;
  QsMark mark = qs_outcome_make_close_mark (info);
  qs_trace_add_mark_full (trace, qs_trace_now (trace), &mark);
}

static char *
describe_close (const QsSslClose *info, const char *reason)
{
  gboolean local = !info->remote, transport = !info->application;

  if (local && info->code == OSSL_QUIC_LOCAL_ERR_IDLE_TIMEOUT)
    return g_strdup (_ ("nothing came from the peer for the idle timeout"));
  const char *format = transport ? (local ? _ ("closed here, transport error 0x%" PRIx64 " (%s)")
                                          : _ ("closed by the peer, transport error 0x%" PRIx64 " (%s)"))
                                 : (local ? _ ("closed here, application code 0x%" PRIx64 " (%s)")
                                          : _ ("closed by the peer, application code 0x%" PRIx64 " (%s)"));
  if (info->code == 0 && reason[0] == '\0')
    return g_strdup (local ? _ ("closed here") : _ ("closed by the peer"));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* one of the four above, each with the same two arguments */
  return g_strdup_printf (format, (guint64) info->code, reason);
#pragma GCC diagnostic pop
}

static void
adopt_flow (QsQuicConnection *connection)
{
  QsFlow *flow = connection->link->flow;

  if (flow != NULL && qs_server_connection_get_peer (connection->object)[0] == '\0')
    qs_server_connection_set_peer (connection->object, flow->peer, flow->trace);
}

gboolean
qs_quic_connection_notice_end (QsQuicConnection *connection)
{
  QsSslClose info;

  if (!qs_ssl_get_close (connection->ssl, &info))
    return FALSE;

  g_autofree char *reason =
      qs_text_escape_short (info.reason != NULL ? info.reason : "", (gssize) info.reason_length, 200);
  g_autofree char *text = describe_close (&info, reason);
  gboolean handshaking = qs_server_connection_get_serving_state (connection->object) == QS_SERVING_HANDSHAKE;
  gboolean transport_error = !info.application && info.code != 0;

  adopt_flow (connection);
  mark_close (connection, &info);
  connection->over = TRUE;
  qs_stream_map_clear (connection->streams);
  qs_server_connection_set_ended (connection->object, handshaking || transport_error, text);
  connection->endpoint->host->ended (connection->object, connection->endpoint->data);
  return TRUE;
}

gboolean
qs_quic_connection_drive_close (QsQuicConnection *connection)
{
  const guint64 flags = SSL_SHUTDOWN_FLAG_NO_BLOCK | SSL_SHUTDOWN_FLAG_NO_STREAM_FLUSH;

  return qs_ssl_shutdown (connection->ssl, flags, connection->close_code, connection->close_reason) != 0;
}

/* What one of the server's own clients is there for. */
static void
say_hello (QsQuicConnection *connection)
{
  static const char text[] = "hello over the server's own socket\n";
  gsize written;
  SSL *ssl = qs_ssl_open_stream (connection->ssl, TRUE, FALSE);

  if (ssl == NULL)
    return;
  QsQuicStream *stream = qs_quic_connection_add_own_stream (connection, ssl);
  qs_server_connection_add_stream (connection->object);
  qs_io_stream_write (&stream->io, (const guint8 *) text, sizeof text - 1, FALSE, &written, NULL);
  qs_server_connection_count (connection->object, 0, written);
  qs_ssl_conclude (ssl);
}

static void
establish (QsQuicConnection *connection)
{
  QsQuicEndpoint *self = connection->endpoint;

  qs_server_connection_set_established (connection->object, connection->ssl);
  if (self->behaviour->within == QS_WITHIN_KEY_UPDATE)
    connection->update_keys_at = g_get_monotonic_time () + KEY_UPDATE_US;
  self->host->event (connection->object, _ ("handshake complete"), self->data);
  if (connection->dialed)
    {
      say_hello (connection);
      return;
    }
  if (connection->link->is_http3)
    qs_quic_http3_begin (connection);
  if (self->fault != NULL)
    qs_wire_fault_established (self->fault, qs_server_connection_get_peer (connection->object));
}

void
qs_quic_connection_notice_loss (QsQuicConnection *connection)
{
  QsQuicEndpoint *self = connection->endpoint;

  if (self->fault == NULL || connection->over ||
      !qs_wire_fault_has_lost (self->fault, qs_server_connection_get_peer (connection->object)))
    return;
  connection->over = connection->lost = TRUE;
  qs_stream_map_clear (connection->streams);
  qs_server_connection_set_ended (connection->object, TRUE, _ ("its state was thrown away, as the scenario says"));
  self->host->ended (connection->object, self->data);
}

static gboolean
accept_streams (QsQuicConnection *connection)
{
  gboolean any = FALSE;

  for (SSL *ssl; (ssl = qs_ssl_accept_stream (connection->ssl)) != NULL;)
    {
      add_stream (connection, ssl);
      any = TRUE;
    }
  return any;
}

/* FALSE: not yet. OpenSSL refuses until the handshake is confirmed (RFC 9001 section 6.1), and its client takes a packet
 * under new keys that it reads together with HANDSHAKE_DONE for an update too soon: hence the wait. */
static gboolean
update_keys (QsQuicConnection *connection)
{
  gint64 now = g_get_monotonic_time ();

  ERR_clear_error ();
  if (now >= connection->update_keys_at && SSL_key_update (connection->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1)
    {
      connection->update_keys_at = 0;
      return TRUE;
    }
  qs_quic_endpoint_wait_until (connection->endpoint, MAX (connection->update_keys_at, now + 10 * 1000));
  return FALSE;
}

static gboolean
serve_streams (QsQuicConnection *connection, gint64 deadline)
{
  QsQuicEndpoint *self = connection->endpoint;
  gboolean moved = accept_streams (connection);

  if (connection->closing)
    return moved;
  if (connection->update_keys_at != 0 && qs_stream_map_get_length (connection->streams) > 0)
    {
      if (!update_keys (connection))
        return moved;
      moved = TRUE;
    }
  if (connection->http3 != NULL && self->behaviour->within != QS_WITHIN_STALL)
    moved |= qs_quic_http3_serve (connection, deadline);
  for (guint i = qs_stream_map_get_length (connection->streams); i > 0; i--)
    {
      QsQuicStream *stream = qs_stream_map_get (connection->streams, i - 1);
      if (!stream->http3)
        moved |= qs_quic_stream_serve (connection, stream, deadline);
      if (qs_io_stream_read_is_over (&stream->io) && (connection->dialed || qs_quic_stream_is_answered (stream)))
        qs_stream_map_remove (connection->streams, i - 1);
      if (g_get_monotonic_time () >= deadline)
        return TRUE;
    }
  return moved;
}

static void
notify (QsQuicConnection *connection)
{
  gint64 now = g_get_monotonic_time ();

  if (now - connection->notified_at < NOTIFY_US)
    return;
  connection->notified_at = now;
  qs_server_connection_flush (connection->object);
}

gboolean
qs_quic_connection_serve (QsQuicConnection *connection, gint64 deadline)
{
  gboolean moved = FALSE;

  adopt_flow (connection);
  if (connection->link->waits)
    connection->endpoint->any_waits = TRUE;
  if (connection->link->waits && !connection->endpoint->behaviour->hold_hello)
    qs_quic_endpoint_wait_until (connection->endpoint, connection->link->hold_until);
  gboolean handshaking = qs_server_connection_get_serving_state (connection->object) == QS_SERVING_HANDSHAKE;
  /* Streams come with the client's last flight of the handshake. Of HTTP/3's not all may be refused: the peer would take
   * that for the end of the connection (RFC 9114 section 6.2). */
  if (handshaking && connection->link->is_http3)
    SSL_set_incoming_stream_policy (connection->ssl, SSL_INCOMING_STREAM_POLICY_ACCEPT, 0);
  if (handshaking && SSL_is_init_finished (connection->ssl))
    {
      establish (connection);
      moved = TRUE;
    }
  if (qs_server_connection_get_serving_state (connection->object) == QS_SERVING_ESTABLISHED)
    {
      moved |= serve_streams (connection, deadline);
      notify (connection);
      if (connection->dialed && qs_stream_map_get_length (connection->streams) == 0)
        qs_quic_connection_begin_close (connection, 0, NULL);
    }
  /* RFC 9000 section 5.1.2: of those that are not acknowledged, no more than twice its limit need be borne. */
  if (!connection->closing && connection->link->retiring > MAX_RETIRING)
    qs_quic_connection_begin_close (connection, H3_EXCESSIVE_LOAD, "too many connection ids");
  if (connection->closing)
    {
      qs_quic_connection_drive_close (connection);
      qs_quic_endpoint_flush (connection->endpoint);
    }
  return qs_quic_connection_notice_end (connection) || moved;
}

QsQuicConnection *
qs_quic_connection_new (QsQuicEndpoint *endpoint, SSL *ssl)
{
  QsQuicConnection *connection = g_new0 (QsQuicConnection, 1);

  connection->endpoint = endpoint;
  connection->object = qs_server_connection_new ("quic");
  connection->ssl = ssl;
  connection->streams = qs_stream_map_new ((GDestroyNotify) qs_quic_stream_free);
  connection->link = qs_server_link_for_quic (ssl, endpoint->flows);
  connection->link->accepted = TRUE;
  connection->link->hold_until = g_get_monotonic_time () + (gint64) endpoint->behaviour->hello_delay_ms * 1000;
  set_up (connection);
  adopt_flow (connection);
  return connection;
}

static BIO_ADDR *
make_bio_addr (GSocketAddress *address)
{
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);
  GInetAddress *host = g_inet_socket_address_get_address (inet);
  gboolean v6 = g_inet_address_get_family (host) == G_SOCKET_FAMILY_IPV6;
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (g_inet_address_get_family (host));
  const guint8 *bytes = g_inet_address_to_bytes (g_inet_address_get_is_any (host) ? loopback : host);
  BIO_ADDR *made = BIO_ADDR_new ();

  BIO_ADDR_rawmake (made, v6 ? AF_INET6 : AF_INET, bytes, v6 ? 16 : 4, g_htons (g_inet_socket_address_get_port (inet)));
  return made;
}

QsQuicConnection *
qs_quic_connection_dial (QsQuicEndpoint *endpoint, GSocketAddress *address)
{
  static const unsigned char alpn[] = "\012hq-interop";
  BIO_ADDR *peer = make_bio_addr (address);
  g_autofree char *text = qs_socket_address_to_text (address);

  ERR_clear_error ();
  SSL *ssl = SSL_new_from_listener (endpoint->listener, 0);
  gboolean ready = ssl != NULL && SSL_set1_initial_peer_addr (ssl, peer) == 1 &&
                   SSL_set_alpn_protos (ssl, alpn, sizeof alpn - 1) == 0 &&
                   SSL_set_tlsext_host_name (ssl, "localhost") == 1;
  BIO_ADDR_free (peer);
  if (!ready)
    {
      ERR_clear_error ();
      SSL_free (ssl);
      return NULL;
    }
  QsQuicConnection *connection = qs_quic_connection_new (endpoint, ssl);
  connection->dialed = TRUE;
  qs_server_connection_set_peer (connection->object, text, NULL);
  SSL_set_verify (ssl, SSL_VERIFY_NONE, NULL); /* it knows whom it calls */
  SSL_do_handshake (ssl);                      /* SSL_connect is not for a server method; the rest is the source's */
  ERR_clear_error ();
  return connection;
}

void
qs_quic_connection_free (QsQuicConnection *connection)
{
  qs_stream_map_free (connection->streams); /* before the connection: they hold it */
  qs_http3_server_free (connection->http3);
  SSL_free (connection->ssl);
  g_object_unref (connection->object);
  g_free (connection->close_reason);
  g_free (connection);
}
