/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/err.h>

#include "base/qs-i18n.h"
#include "server/qs-quic-endpoint-private.h"

#define PIECE 16384           /* read at once */
#define STREAM_TURN (1 << 17) /* bytes that one stream may send before the next one has its turn */

void
qs_quic_stream_free (QsQuicStream *stream)
{
  g_clear_pointer (&stream->responder, qs_responder_free);
  g_clear_pointer (&stream->out, g_byte_array_unref);
  g_clear_pointer (&stream->flood, g_bytes_unref);
  SSL_free (stream->answer);
  SSL_free (stream->ssl);
  g_free (stream);
}

void
qs_quic_stream_reset (QsQuicStream *stream, guint64 code)
{
  if (stream->write_done)
    return;
  SSL *ssl = stream->unidirectional ? stream->answer : stream->ssl;
  if (ssl != NULL)
    qs_ssl_reset (ssl, code);
  g_clear_pointer (&stream->responder, qs_responder_free);
  stream->write_done = TRUE;
}

/* TRUE when bytes or the end came. */
static gboolean
read_piece (QsQuicConnection *connection, QsQuicStream *stream)
{
  guint8 bytes[PIECE];
  gsize length;
  int error;

  QsIoResult result = qs_ssl_read (stream->ssl, bytes, sizeof bytes, &length, &error);
  if (result == QS_IO_WAIT)
    return FALSE;
  if (result == QS_IO_DONE)
    {
      qs_server_connection_count (connection->object, length, 0);
      if (stream->responder != NULL)
        qs_responder_input (stream->responder, bytes, length, FALSE);
      return TRUE;
    }
  QsStreamInfo info = { QS_STREAM_OK, QS_STREAM_OK, -1, -1, 0, 0 };
  qs_ssl_note_read_end (stream->ssl, error, &info);
  if (info.read_state == QS_STREAM_FINISHED)
    {
      if (stream->responder != NULL)
        qs_responder_input (stream->responder, NULL, 0, TRUE);
    }
  else /* reset by the peer, or the connection is over: what was to be echoed lacks its end */
    {
      if (info.read_state == QS_STREAM_RESET_REMOTE && !stream->write_done)
        qs_quic_stream_reset (stream, 0);
      stream->write_done = TRUE;
    }
  stream->read_done = TRUE;
  return TRUE;
}

/* Where the answer goes: NULL while the peer allows no stream for it. */
static SSL *
get_way_back (QsQuicConnection *connection, QsQuicStream *stream)
{
  if (!stream->unidirectional)
    return stream->ssl;
  if (stream->answer == NULL)
    stream->answer = qs_ssl_open_stream (connection->ssl, FALSE, FALSE);
  return stream->answer;
}

/* TRUE when bytes or the end went out; *sent counts. */
static gboolean
write_piece (QsQuicConnection *connection, QsQuicStream *stream, gsize *sent)
{
  const guint8 *bytes;
  gsize length;
  gsize written = 0;
  gboolean last;

  if (!qs_responder_peek (stream->responder, &bytes, &length, &last))
    return FALSE;
  SSL *ssl = get_way_back (connection, stream);
  if (ssl == NULL)
    return FALSE;
  QsIoResult result = length > 0 ? qs_ssl_write (ssl, bytes, length, FALSE, &written, NULL) : QS_IO_DONE;
  if (result != QS_IO_DONE)
    {
      stream->write_done = result == QS_IO_OVER;
      return FALSE;
    }
  /* Nothing is sent before the next tick, so that the end shares a packet with the last bytes. */
  gboolean conclude = last && written == length;
  if (conclude)
    {
      qs_ssl_conclude (ssl);
      stream->write_done = TRUE;
    }
  qs_responder_sent (stream->responder, written, conclude);
  qs_server_connection_count (connection->object, 0, written);
  *sent += written;
  return TRUE;
}

static void
do_action (QsQuicConnection *connection, QsQuicStream *stream)
{
  guint64 code;
  QsReplyAction action = qs_responder_get_action (stream->responder, &code);

  if (action == QS_REPLY_NONE)
    return;
  qs_responder_action_done (stream->responder);
  if (action == QS_REPLY_RESET)
    qs_quic_stream_reset (stream, code);
  else if (action == QS_REPLY_STOP)
    SSL_set_incoming_stream_policy (connection->ssl, SSL_INCOMING_STREAM_POLICY_REJECT, code);
  else
    qs_quic_connection_begin_close (connection, code, "asked for by the path /close");
}

static void
report_request (QsQuicConnection *connection, QsQuicStream *stream)
{
  QsQuicEndpoint *self = connection->endpoint;
  g_autofree char *request = qs_responder_steal_request (stream->responder);

  if (request == NULL)
    return;
  g_autofree char *text =
      g_strdup_printf (_ ("stream %" PRIu64 ": %s"), (guint64) SSL_get_stream_id (stream->ssl), request);
  self->host->event (connection->object, text, self->data);
}

void
qs_quic_stream_act (QsQuicConnection *connection, QsQuicStream *stream)
{
  report_request (connection, stream);
  do_action (connection, stream);
}

/* TRUE when something moved. */
gboolean
qs_quic_stream_serve (QsQuicConnection *connection, QsQuicStream *stream, gint64 deadline)
{
  QsQuicEndpoint *self = connection->endpoint;
  gboolean moved = FALSE;
  gsize sent = 0;
  gint64 start = g_get_monotonic_time ();

  if (self->behaviour->within == QS_WITHIN_STALL)
    return FALSE;
  /* What still comes to an answered request is read and thrown away, or its sender would wait for ever. */
  while (!stream->read_done &&
         (stream->responder == NULL || stream->write_done || qs_responder_wants_input (stream->responder)) &&
         read_piece (connection, stream))
    {
      moved = TRUE;
      if (g_get_monotonic_time () >= deadline)
        break;
    }
  if (stream->responder == NULL)
    return moved;

  qs_quic_stream_act (connection, stream);
  while (!stream->write_done && sent < STREAM_TURN && write_piece (connection, stream, &sent))
    {
      moved = TRUE;
      if (g_get_monotonic_time () >= deadline)
        break;
    }
  if (stream->responder == NULL)
    return TRUE;
  /* What was ready before waits for something else: flow control. */
  gint64 ready_at = stream->write_done ? 0 : qs_responder_get_ready_at (stream->responder);
  if (ready_at > start)
    qs_quic_endpoint_wait_until (self, ready_at);
  return moved;
}
