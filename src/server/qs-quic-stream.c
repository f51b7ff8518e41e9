/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/err.h>

#include "base/qs-i18n.h"
#include "server/qs-quic-endpoint-private.h"

#define PIECE 16384           /* read at once */
#define STREAM_TURN (1 << 17) /* bytes that one stream may send before the next one has its turn */

QsQuicStream *
qs_quic_stream_new (SSL *ssl)
{
  QsQuicStream *stream = g_new0 (QsQuicStream, 1);

  qs_io_stream_init_quic (&stream->io, ssl);
  qs_io_stream_init (&stream->answer, &qs_io_stream_quic, -1, NULL);
  return stream;
}

void
qs_quic_stream_free (QsQuicStream *stream)
{
  g_clear_pointer (&stream->responder, qs_responder_free);
  g_clear_pointer (&stream->flood, g_bytes_unref);
  qs_io_stream_clear (&stream->answer);
  qs_io_stream_clear (&stream->io);
  g_free (stream);
}

static QsIoStream *
way_back_of (QsQuicStream *stream)
{
  return stream->unidirectional ? &stream->answer : &stream->io;
}

gboolean
qs_quic_stream_is_answered (QsQuicStream *stream)
{
  return qs_io_stream_write_is_over (way_back_of (stream));
}

/* No answer goes out any more, whether or not the peer is told. */
static void
end_answer (QsQuicStream *stream)
{
  QsIoStream *way_back = way_back_of (stream);

  if (!qs_io_stream_write_is_over (way_back))
    way_back->info.write_state = QS_STREAM_RESET_LOCAL;
}

void
qs_quic_stream_reset (QsQuicStream *stream, guint64 code)
{
  if (qs_quic_stream_is_answered (stream))
    return;
  qs_io_stream_reset (way_back_of (stream), code);
  g_clear_pointer (&stream->responder, qs_responder_free);
  end_answer (stream);
}

QsIoResult
qs_quic_stream_read (QsQuicConnection *connection, QsQuicStream *stream, guint8 *bytes, gsize size, gsize *length)
{
  QsIoResult result = qs_io_stream_read (&stream->io, bytes, size, length, NULL);

  qs_server_connection_count (connection->object, *length, 0);
  return result;
}

/* TRUE when bytes or the end came. */
static gboolean
read_piece (QsQuicConnection *connection, QsQuicStream *stream)
{
  guint8 bytes[PIECE];
  gsize length;

  QsIoResult result = qs_quic_stream_read (connection, stream, bytes, sizeof bytes, &length);
  if (result == QS_IO_WAIT)
    return FALSE;
  gboolean whole = result == QS_IO_DONE || stream->io.info.read_state == QS_STREAM_FINISHED;
  if (whole && stream->responder != NULL)
    qs_responder_input (stream->responder, bytes, length, result == QS_IO_OVER);
  /* Reset by the peer, or the connection is over: what was to be echoed lacks its end. */
  if (stream->io.info.read_state == QS_STREAM_RESET_REMOTE)
    qs_quic_stream_reset (stream, 0);
  if (!whole)
    end_answer (stream);
  return TRUE;
}

/* Where the answer goes: NULL while the peer allows no stream for it. */
static QsIoStream *
get_way_back (QsQuicConnection *connection, QsQuicStream *stream)
{
  QsIoStream *way_back = way_back_of (stream);

  if (way_back->ssl == NULL)
    {
      SSL *ssl = qs_ssl_open_stream (connection->ssl, FALSE, FALSE);
      if (ssl == NULL)
        return NULL;
      qs_io_stream_init_quic (way_back, ssl);
    }
  return way_back;
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
  QsIoStream *way_back = get_way_back (connection, stream);
  if (way_back == NULL)
    return FALSE;
  if (length > 0 && qs_io_stream_write (way_back, bytes, length, FALSE, &written, NULL) != QS_IO_DONE)
    return FALSE;
  /* Nothing is sent before the next tick, so that the end shares a packet with the last bytes. */
  gboolean conclude = last && written == length;
  if (conclude)
    qs_io_stream_conclude (way_back);
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
  g_autofree char *text = g_strdup_printf (_ ("stream %" PRIu64 ": %s"), (guint64) stream->io.id, request);
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
  while (!qs_io_stream_read_is_over (&stream->io) &&
         (stream->responder == NULL || qs_quic_stream_is_answered (stream) ||
          qs_responder_wants_input (stream->responder)) &&
         read_piece (connection, stream))
    {
      moved = TRUE;
      if (g_get_monotonic_time () >= deadline)
        break;
    }
  if (stream->responder == NULL)
    return moved;

  qs_quic_stream_act (connection, stream);
  while (!qs_quic_stream_is_answered (stream) && sent < STREAM_TURN && write_piece (connection, stream, &sent))
    {
      moved = TRUE;
      if (g_get_monotonic_time () >= deadline)
        break;
    }
  if (stream->responder == NULL)
    return TRUE;
  /* What was ready before waits for something else: flow control. */
  gint64 ready_at = qs_quic_stream_is_answered (stream) ? 0 : qs_responder_get_ready_at (stream->responder);
  if (ready_at > start)
    qs_quic_endpoint_wait_until (self, ready_at);
  return moved;
}
