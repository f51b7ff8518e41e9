/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP/3 on a connection of the server's: a responder behind each request, HTTP/3's streams on QUIC's. */
#include <string.h>

#include <openssl/err.h>

#include "base/qs-i18n.h"
#include "server/qs-crafted.h"
#include "server/qs-quic-endpoint-private.h"

#define PIECE 16384
#define H3_NO_ERROR 0x100 /* RFC 9114 section 8.1 */
#define FLOOD_PIECE (1 << 14)
#define CONNECTION_TURN (1 << 18) /* bytes that one connection may send before the next one has its turn */

static QsQuicStream *
find_stream (QsQuicConnection *connection, gint64 id)
{
  QsQuicStream *stream = qs_stream_map_find (connection->streams, id);

  return stream != NULL && stream->http3 ? stream : NULL;
}

static gboolean
is_written (const QsQuicStream *stream)
{
  return qs_io_stream_write_is_over (&stream->io);
}

/* --- What HTTP/3 asks of the connection --- */

static gint64
open_cb (gpointer data, GError **error)
{
  QsQuicConnection *connection = data;

  SSL *ssl = qs_ssl_open_stream (connection->ssl, FALSE, TRUE);
  if (ssl == NULL)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_CRYPTO, _ ("HTTP/3's own streams cannot be opened"));
      return -1;
    }
  QsQuicStream *stream = qs_quic_connection_add_own_stream (connection, ssl);
  stream->http3 = TRUE;
  return stream->io.id;
}

static void
head_cb (gint64 id, const char *head, gsize length, gpointer data)
{
  QsQuicConnection *connection = data;
  QsQuicStream *stream = find_stream (connection, id);
  gboolean asks = g_str_has_prefix (head, "GET /") || g_str_has_prefix (head, "HEAD /");
  guint flags = qs_behaviour_get_responder_flags (connection->endpoint->behaviour) | QS_RESPONDER_HTTP3;

  if (stream == NULL || is_written (stream) || stream->responder != NULL)
    return;
  stream->responder = qs_responder_new (asks ? flags : flags | QS_RESPONDER_ECHO,
                                        qs_server_connection_get_about (connection->object), qs_clock_get_steady ());
  qs_responder_set_script (stream->responder, &connection->endpoint->behaviour->answer);
  if (asks)
    qs_responder_input (stream->responder, (const guint8 *) head, length, FALSE);
}

static void
body_cb (gint64 id, const guint8 *bytes, gsize length, gpointer data)
{
  QsQuicStream *stream = find_stream (data, id);

  if (stream != NULL && stream->responder != NULL)
    qs_responder_input (stream->responder, bytes, length, FALSE);
}

static void
end_cb (gint64 id, gpointer data)
{
  QsQuicStream *stream = find_stream (data, id);

  if (stream != NULL && stream->responder != NULL)
    qs_responder_input (stream->responder, NULL, 0, TRUE);
}

/* Of all that has been read of it nothing is wanted: freed unread, OpenSSL tells the peer. */
static void
stop_cb (gint64 id, guint64 code, gpointer data)
{
  QsQuicStream *stream = find_stream (data, id);

  if (stream != NULL)
    qs_io_stream_stop_reading (&stream->io);
}

static void
reset_cb (gint64 id, guint64 code, gpointer data)
{
  QsQuicStream *stream = find_stream (data, id);

  if (stream != NULL)
    qs_quic_stream_reset (stream, code);
}

static QsHttp3Body
pull_cb (gint64 id, guint8 *buffer, gsize size, gsize *length, gpointer data)
{
  QsQuicStream *stream = find_stream (data, id);
  const guint8 *bytes;
  gboolean last;

  if (stream == NULL || stream->responder == NULL)
    return QS_HTTP3_BODY_LAST;
  stream->waits = !qs_responder_peek (stream->responder, &bytes, length, &last);
  if (stream->waits)
    return QS_HTTP3_BODY_WAITS;
  last = last && *length <= size;
  *length = MIN (*length, size);
  memcpy (buffer, bytes, *length);
  qs_responder_sent (stream->responder, *length, last);
  return last ? QS_HTTP3_BODY_LAST : QS_HTTP3_BODY_BYTES;
}

static const QsHttp3ServerIo io = {
  .open = open_cb,
  .head = head_cb,
  .body = body_cb,
  .end = end_cb,
  .stop = stop_cb,
  .reset = reset_cb,
  .pull = pull_cb,
};

/* --- Serving --- */

static void
give_up (QsQuicConnection *connection, GError *error)
{
  qs_quic_connection_begin_close (connection, qs_http3_server_get_error_code (connection->http3), error->message);
  g_error_free (error);
}

/* FALSE: HTTP/3 is broken. */
static gboolean
hand_on (QsQuicConnection *connection, QsQuicStream *stream, const guint8 *bytes, gsize length, gboolean fin)
{
  GError *error = NULL;

  if (qs_http3_server_receive (connection->http3, stream->io.id, bytes, length, fin, &error))
    return TRUE;
  give_up (connection, error);
  return FALSE;
}

static void
note_reset (QsQuicConnection *connection, QsQuicStream *stream)
{
  guint64 code = stream->io.info.read_error >= 0 ? (guint64) stream->io.info.read_error : H3_NO_ERROR;
  GError *error = NULL;

  qs_quic_stream_reset (stream, code);
  if (!qs_http3_server_stream_closed (connection->http3, stream->io.id, code, &error))
    give_up (connection, error);
}

/* TRUE when something came. */
static gboolean
read_stream (QsQuicConnection *connection, QsQuicStream *stream, gint64 deadline)
{
  guint8 bytes[PIECE];
  gsize length;
  gboolean moved = FALSE;

  while (!qs_io_stream_read_is_over (&stream->io) && !connection->closing &&
         (stream->responder == NULL || is_written (stream) || qs_responder_wants_input (stream->responder)))
    {
      QsIoResult result = qs_quic_stream_read (connection, stream, bytes, sizeof bytes, &length);
      if (result == QS_IO_WAIT)
        break;
      if (result == QS_IO_DONE)
        hand_on (connection, stream, bytes, length, FALSE);
      else if (stream->io.info.read_state == QS_STREAM_FINISHED)
        hand_on (connection, stream, NULL, 0, TRUE);
      else
        note_reset (connection, stream);
      moved = TRUE;
      if (g_get_monotonic_time () >= deadline)
        break;
    }
  return moved;
}

/* What was ready before the turn began waits for something else: flow control. */
static void
wait_for_time (QsQuicConnection *connection, gint64 start)
{
  for (guint i = 0; i < qs_stream_map_get_length (connection->streams); i++)
    {
      QsQuicStream *stream = qs_stream_map_get (connection->streams, i);
      gint64 ready_at = stream->http3 && stream->responder != NULL && !is_written (stream)
                            ? qs_responder_get_ready_at (stream->responder)
                            : 0;
      if (ready_at > start)
        qs_quic_endpoint_wait_until (connection->endpoint, ready_at);
    }
}

/* The server's control stream is its first (RFC 9000 section 2.1), and nghttp3 has said its SETTINGS on it by now. */
static void
say_goaway (QsQuicConnection *connection, QsQuicStream *stream)
{
  g_autoptr (GBytes) frame = qs_crafted_http3_goaway (0);
  QsQuicStream *control = find_stream (connection, 3);

  if (control != NULL)
    qs_io_stream_write (&control->io, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame), FALSE, NULL, NULL);
  /* That is answer enough: a reset might overtake it. */
  g_clear_pointer (&stream->responder, qs_responder_free);
}

static const char *const good_fields[] = { ":status", "200", "content-type", "text/plain", NULL };
static const char *const wrong_fields[] = {
  ":status", "200", "connection", "close", "content-type", "text/plain", NULL
};
static const char *const interim_fields[] = { ":status", "103", "link", "</style.css>; rel=preload", NULL };
static const char *const some_fields[] = { "x-filler", "0123456789abcdef0123456789abcdef0123456789abcdef", NULL };

/* Again and again, in a piece that is worth a write. */
static GBytes *
repeat (GBytes *bytes)
{
  GByteArray *piece = g_byte_array_new ();

  while (piece->len < FLOOD_PIECE)
    g_byte_array_append (piece, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
  g_bytes_unref (bytes);
  return g_byte_array_free_to_bytes (piece);
}

/* What goes out first, and what then again and again, or the end. Both are taken. TRUE: so it was done. */
static gboolean
begin_misanswer (QsQuicStream *stream, GBytes *first, GBytes *again)
{
  qs_io_stream_queue (&stream->io, first, again == NULL);
  g_bytes_unref (first);
  stream->flood = again != NULL ? repeat (again) : NULL;
  return TRUE;
}

/* What a scenario has in place of an answer, beside nghttp3, which would not. FALSE: nothing. */
static gboolean
misanswer (QsQuicConnection *connection, QsQuicStream *stream)
{
  switch (connection->endpoint->behaviour->http3)
    {
    case QS_HTTP3_FAULT_FIELD:
      return begin_misanswer (stream, qs_crafted_http3_headers (wrong_fields), NULL);
    case QS_HTTP3_FAULT_DATA_FIRST:
      return begin_misanswer (stream, qs_crafted_http3_data ("no head before this\n"), NULL);
    case QS_HTTP3_FAULT_INTERIM:
      return begin_misanswer (stream, qs_crafted_http3_headers (interim_fields),
                              qs_crafted_http3_headers (interim_fields));
    case QS_HTTP3_FAULT_EMPTY_DATA:
      return begin_misanswer (stream, qs_crafted_http3_headers (good_fields), qs_crafted_http3_data (""));
    case QS_HTTP3_FAULT_LARGE_HEAD:
      return begin_misanswer (stream, qs_crafted_http3_large_headers (), qs_crafted_http3_fields (some_fields));
    case QS_HTTP3_FAULT_GOAWAY:
      say_goaway (connection, stream);
      return TRUE;
    case QS_HTTP3_FAULT_NONE:
    default:
      return FALSE;
    }
}

/* The head waits until there is something to say, so that a slow answer is slow from its first byte. */
static gboolean
answer (QsQuicConnection *connection, QsQuicStream *stream)
{
  const guint8 *bytes;
  gsize length;
  gboolean last;
  guint status;
  const char *type;
  gint64 body_length;
  GError *error = NULL;

  if (stream->responder == NULL || is_written (stream))
    return FALSE;
  if (connection->endpoint->behaviour->http3 == QS_HTTP3_FAULT_GOAWAY && !connection->said_settings)
    return FALSE;
  qs_quic_stream_act (connection, stream);
  if (stream->responder == NULL || !qs_responder_peek (stream->responder, &bytes, &length, &last))
    return FALSE;
  if (stream->answered)
    {
      if (stream->waits)
        qs_http3_server_resume (connection->http3, stream->io.id);
      return stream->waits;
    }
  stream->answered = TRUE;
  if (misanswer (connection, stream))
    return TRUE;
  qs_responder_get_head (stream->responder, &status, &type, &body_length);
  if (!qs_http3_server_respond (connection->http3, stream->io.id, status, type, body_length,
                                qs_responder_get_fields (stream->responder), &error))
    give_up (connection, error);
  return TRUE;
}

/* TRUE when all of it is out, or nobody wants it: STOP_SENDING, or the end of the connection. */
static gboolean
write_out (QsQuicConnection *connection, QsQuicStream *stream)
{
  guint64 before = stream->io.info.sent;

  qs_io_stream_flush (&stream->io, NULL);
  qs_server_connection_count (connection->object, 0, stream->io.info.sent - before);
  return !qs_io_stream_has_queued (&stream->io);
}

static gboolean
write_what_waits (QsQuicConnection *connection)
{
  gboolean moved = FALSE;

  for (guint i = 0; i < qs_stream_map_get_length (connection->streams); i++)
    {
      QsQuicStream *stream = qs_stream_map_get (connection->streams, i);
      if (stream->flood != NULL && !is_written (stream) && !qs_io_stream_has_queued (&stream->io))
        qs_io_stream_queue (&stream->io, stream->flood, FALSE);
      if (!stream->http3 || !qs_io_stream_has_queued (&stream->io) || !write_out (connection, stream))
        continue;
      qs_http3_server_set_blocked (connection->http3, stream->io.id, FALSE);
      moved = TRUE;
    }
  return moved;
}

static gboolean
write_what_is_new (QsQuicConnection *connection, gint64 deadline)
{
  gsize sent = 0;
  gboolean fin;
  gint64 id;
  GBytes *bytes;
  GError *error = NULL;

  while (sent < CONNECTION_TURN && qs_http3_server_next (connection->http3, &id, &bytes, &fin, &error))
    {
      QsQuicStream *stream = find_stream (connection, id);
      sent += g_bytes_get_size (bytes) + 1;
      if (stream == NULL || is_written (stream))
        continue;
      qs_io_stream_queue (&stream->io, bytes, fin);
      if (!write_out (connection, stream))
        qs_http3_server_set_blocked (connection->http3, id, TRUE);
      if (g_get_monotonic_time () >= deadline)
        break;
    }
  if (error != NULL)
    give_up (connection, error);
  connection->said_settings |= sent > 0;
  return sent > 0;
}

/* Whoever serves the connection takes the streams away that are done. */
static void
close_done (QsQuicConnection *connection)
{
  for (guint i = 0; i < qs_stream_map_get_length (connection->streams) && !connection->closing; i++)
    {
      QsQuicStream *stream = qs_stream_map_get (connection->streams, i);
      GError *error = NULL;
      if (stream->http3 && qs_io_stream_read_is_over (&stream->io) && is_written (stream) &&
          !qs_http3_server_stream_closed (connection->http3, stream->io.id, H3_NO_ERROR, &error))
        give_up (connection, error);
    }
}

gboolean
qs_quic_http3_serve (QsQuicConnection *connection, gint64 deadline)
{
  gboolean moved = FALSE;
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < qs_stream_map_get_length (connection->streams) && !connection->closing; i++)
    {
      QsQuicStream *stream = qs_stream_map_get (connection->streams, i);
      if (!stream->http3)
        continue;
      moved |= read_stream (connection, stream, deadline);
      moved |= answer (connection, stream);
    }
  if (connection->closing)
    return moved;
  moved |= write_what_waits (connection);
  moved |= write_what_is_new (connection, deadline);
  close_done (connection);
  wait_for_time (connection, start);
  return moved;
}

void
qs_quic_http3_begin (QsQuicConnection *connection)
{
  GError *error = NULL;

  connection->http3 = qs_http3_server_new (&io, connection, &error);
  if (connection->http3 != NULL)
    return;
  qs_quic_connection_begin_close (connection, 0x102, error->message); /* H3_INTERNAL_ERROR */
  g_error_free (error);
}
