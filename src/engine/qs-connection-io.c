/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The I/O side of a connection: one turn of it, streams, and what went wrong. */
#include <openssl/err.h>
#include <string.h>

#include "engine/qs-connection-private.h"
#include "engine/qs-outcome.h"
#include "engine/qs-states.h"

/* RFC 9114 section 8.1. */
#define QS_H3_NO_ERROR 0x100

#define READ_SIZE (64 * 1024)
/* Of one stream before the others get their turn. */
#define READS_PER_TURN 8

/* --- State --- */

void
qs_connection_set_io_state (QsConnection *self, QsConnectionState state)
{
  QsEvent event = { .kind = QS_EVENT_STATE, .state = state };

  g_assert (qs_connection_state_may_follow (self->io_state, state));
  self->io_state = state;
  /* Descriptors are gone when the owner hears of the end. */
  if (state >= QS_CONNECTION_CLOSED)
    qs_connection_drop_io (self);
  qs_connection_emit (self, &event);
}

void
qs_connection_drop_io (QsConnection *self)
{
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_clear_pointer (&self->source, g_source_unref);
    }
  for (guint i = 0; i < qs_stream_map_get_length (self->streams); i++)
    {
      QsConnectionStream *stream = qs_stream_map_get (self->streams, i);
      qs_io_stream_drop_ssl (&stream->io);
    }
  g_mutex_lock (&self->ssl_lock);
  g_clear_pointer (&self->ssl, SSL_free);
  g_clear_pointer (&self->udp, qs_udp_bio_unref);
  g_clear_pointer (&self->tcp, qs_tcp_bio_unref);
  g_mutex_unlock (&self->ssl_lock);
  ERR_clear_error ();
}

/* --- What OpenSSL tells while it works: under its lock --- */

static void
secret_cb (const char *line, gpointer data)
{
  QsConnection *self = data;

  if (self->record)
    qs_trace_add_secret (self->trace, qs_trace_now (self->trace), line);
}

static void
append_number (GByteArray *packed, int number)
{
  guint32 bytes = GUINT32_TO_BE ((guint32) MAX (number, 0));

  g_byte_array_append (packed, (const guint8 *) &bytes, sizeof bytes);
}

static void
append_chain (GByteArray *packed, STACK_OF (X509) * chain)
{
  for (int i = 0; i < sk_X509_num (chain); i++)
    {
      unsigned char *der = NULL;
      int length = i2d_X509 (sk_X509_value (chain, i), &der);
      if (length > 0)
        {
          append_number (packed, length);
          g_byte_array_append (packed, der, (guint) length);
        }
      OPENSSL_free (der);
    }
}

/* As qs_verify_record_get_errors() reads it. */
static GBytes *
pack_verdict (const QsVerdict *verdict, STACK_OF (X509) * built)
{
  GByteArray *packed = g_byte_array_new ();

  append_number (packed, (int) verdict->n_errors);
  for (guint i = 0; i < verdict->n_errors; i++)
    {
      append_number (packed, verdict->errors[i].error);
      append_number (packed, verdict->errors[i].depth);
    }
  append_chain (packed, built);
  return g_byte_array_free_to_bytes (packed);
}

static void
verified_cb (const QsVerdict *verdict, STACK_OF (X509) * chain, STACK_OF (X509) * built, gpointer data)
{
  QsConnection *self = data;
  g_autofree char *text =
      g_strdup_printf ("depth %d: %s", verdict->depth, X509_verify_cert_error_string (verdict->error));
  QsMark certificates = { .kind = QS_MARK_CERTIFICATES, .stream = -1, .value = sk_X509_num (chain) };
  QsMark verify = { .kind = QS_MARK_VERIFY,
                    .name = verdict->error == X509_V_OK ? "X509_V_OK" : NULL,
                    .stream = -1,
                    .value = verdict->error };
  GByteArray *packed = g_byte_array_new ();

  append_chain (packed, chain);
  certificates.bytes = g_byte_array_free_to_bytes (packed);
  qs_mark_sink_add_full (self->sink, &certificates);
  verify.text = g_steal_pointer (&text);
  verify.bytes = pack_verdict (verdict, built);
  qs_mark_sink_add_full (self->sink, &verify);
}

static void
session_cb (const QsTicketOffer *offer, gpointer data)
{
  QsConnection *self = data;
  QsEvent event = { .kind = QS_EVENT_NOTE,
                    .data = (const guint8 *) offer->sentence,
                    .length = strlen (offer->sentence) + 1 };

  QsMark fact = { .kind = QS_MARK_FACT,
                  .name = "tls.session",
                  .stream = -1,
                  .value = offer->error,
                  .text = g_strdup (offer->offered ? "offered" : "not offered") };
  GByteArray *packed = g_byte_array_new ();

  /* A resumed handshake shows none: what there is to say of them is to be said all the same. */
  append_chain (packed, offer->chain);
  fact.bytes = g_byte_array_free_to_bytes (packed);
  qs_mark_sink_add_full (self->sink, &fact);
  qs_connection_emit (self, &event);
}

static void
confirmed_cb (gpointer data)
{
  QsConnection *self = data;

  /* It is repeated until our acknowledgement arrives. */
  if (!g_atomic_int_compare_and_exchange (&self->confirmed, FALSE, TRUE))
    return;
  qs_mark_sink_add (self->sink, QS_MARK_CONFIRMED, NULL, 0, NULL);
  qs_connection_post (self, QS_EVENT_CONFIRMED);
}

static void
certificate_requested_cb (gpointer data)
{
  QsConnection *self = data;

  g_atomic_int_set (&self->expects_verdict, TRUE);
}

static void
ticket_cb (gpointer data)
{
  QsConnection *self = data;

  /* QUIC has HANDSHAKE_DONE for it; over TCP a ticket is the only sign that our Finished was taken. */
  if (qs_connection_is_tls (self))
    qs_connection_post (self, QS_EVENT_CONFIRMED);
}

static void
alert_cb (gboolean sent, int level, int description, gpointer data)
{
  QsConnection *self = data;

  /* A warning ends nothing (TLS 1.2): the fatal alert behind it does, the peer's or our own. */
  if (g_atomic_int_get (&self->alert) != 0 && !(self->alert_warns && level == SSL3_AL_FATAL))
    return;
  self->alert_warns = !sent && level != SSL3_AL_FATAL && description != SSL_AD_CLOSE_NOTIFY;
  g_atomic_int_set (&self->alert, sent ? -1 - description : 1 + description);
}

const QsSslHooks qs_connection_hooks = {
  .secret = secret_cb,
  .verified = verified_cb,
  .session = session_cb,
  .confirmed = confirmed_cb,
  .certificate_requested = certificate_requested_cb,
  .ticket = ticket_cb,
  .alert = alert_cb,
};

/* --- Failing --- */

void
qs_connection_note_close (QsConnection *self, const QsSslClose *close)
{
  if (self->close_noted)
    return;
  self->close_noted = TRUE;
  if (!self->close_requested && close->code != 0 && !(close->application && close->code == QS_H3_NO_ERROR))
    g_atomic_int_set (&self->close_error, TRUE);
  QsMark mark = qs_outcome_make_close_mark (close);
  qs_mark_sink_add_full (self->sink, &mark);
}

void
qs_connection_note_icmp (const QsUdpIcmp *icmp, gpointer connection)
{
  QsConnection *self = connection;
  g_autofree char *offender = NULL;

  if (icmp->offender != NULL)
    {
      g_autoptr (GSocketAddress) address = qs_sockaddr_to_gio (icmp->offender);
      offender = g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
    }
  qs_mark_sink_add (self->sink, QS_MARK_ICMP, icmp->name, icmp->type << 8 | icmp->code, offender);
}

QsTurn
qs_connection_fail (QsConnection *self)
{
  qs_connection_set_io_state (self, QS_CONNECTION_FAILED);
  return QS_TURN_OVER;
}

/* --- Streams --- */

QsConnectionStream *
qs_connection_find_stream (QsConnection *self, gint64 id)
{
  return qs_stream_map_find (self->streams, id);
}

QsConnectionStream *
qs_connection_add_stream (QsConnection *self, gint64 id, SSL *ssl)
{
  QsConnectionStream *stream = g_new0 (QsConnectionStream, 1);

  if (qs_connection_is_tls (self))
    qs_io_stream_init (&stream->io, &qs_io_stream_tls, id, ssl);
  else
    qs_io_stream_init_quic (&stream->io, ssl);
  stream->io.id = id; /* as it was counted: see QsConnection */
  stream->changed = TRUE;
  qs_stream_map_add (self->streams, id, stream);
  return stream;
}

static void
mark_stream (QsConnection *self, const QsIoStream *stream)
{
  QsMark mark = qs_io_stream_make_mark (stream);

  qs_mark_sink_add_full (self->sink, &mark);
}

/* To free one that is cut off by the close of the connection would still send STOP_SENDING or RESET_STREAM, ahead of that
 * close while it flushes: the peer would answer, and of HTTP/3's own streams be shocked (RFC 9114 section 6.2.1). */
static gboolean
is_cut_off (const QsStreamInfo *info)
{
  return info->read_state == QS_STREAM_CONN_CLOSED || info->write_state == QS_STREAM_CONN_CLOSED;
}

/* Tells of what changed; a stream whose both directions are over needs OpenSSL's object no more. */
static void
settle_stream (QsConnection *self, QsConnectionStream *stream, const QsStreamInfo *before)
{
  QsStreamInfo *info = &stream->io.info;

  if (info->read_state != before->read_state || info->write_state != before->write_state)
    {
      mark_stream (self, &stream->io);
      stream->changed = TRUE;
    }
  if (info->sent != before->sent || info->received != before->received)
    stream->changed = TRUE;
  if (qs_stream_state_is_over (info->write_state))
    qs_io_stream_drop_queued (&stream->io);
  if (qs_io_stream_is_over (&stream->io) && (qs_connection_is_tls (self) || !is_cut_off (info)))
    qs_io_stream_drop_ssl (&stream->io);
  if (!stream->changed)
    return;
  stream->changed = FALSE;
  qs_connection_emit (self, &(QsEvent){ .kind = QS_EVENT_STREAM_CHANGED, .stream = stream->io.id, .info = *info });
}

static gboolean
write_stream (QsConnection *self, QsIoStream *stream)
{
  gboolean had_bytes = stream->writes.length > 0;
  int error;
  gboolean progress = qs_io_stream_flush (stream, &error);

  if (had_bytes)
    self->tls_write_blocked = error == SSL_ERROR_WANT_WRITE;
  return progress;
}

static gboolean
read_stream (QsConnection *self, QsIoStream *stream, gint64 deadline)
{
  gboolean progress = FALSE;

  for (guint i = 0; i < READS_PER_TURN && !qs_io_stream_read_is_over (stream); i++)
    {
      gsize length;
      int error;

      QsIoResult result = qs_io_stream_read (stream, self->buffer, READ_SIZE, &length, &error);
      if (result == QS_IO_WAIT)
        break;
      if (result == QS_IO_OVER)
        {
          if (self->ops->read_failed != NULL)
            self->ops->read_failed (self, error);
          return TRUE;
        }
      progress = TRUE;
      qs_connection_emit (self, &(QsEvent){ .kind = QS_EVENT_STREAM_BYTES,
                                            .stream = stream->id,
                                            .data = self->buffer,
                                            .length = length,
                                            .time = qs_trace_now (self->trace) });
      if (qs_connection_is_aborted (self) || g_get_monotonic_time () > deadline)
        break;
    }
  return progress;
}

static QsTurn
turn_streams (QsConnection *self, gint64 deadline)
{
  gboolean progress = FALSE;
  /* Over TCP a worker's read sleeps until something comes: with a close to do it is not for now. */
  gboolean reads = !self->close_requested || !qs_connection_is_tls (self);

  if (self->buffer == NULL)
    self->buffer = g_malloc (READ_SIZE);
  self->ops->accept (self);
  for (guint i = 0; i < qs_stream_map_get_length (self->streams);)
    {
      QsConnectionStream *stream = qs_stream_map_get (self->streams, i);
      QsStreamInfo before = stream->io.info;

      if (stream->io.ssl == NULL)
        {
          qs_stream_map_remove (self->streams, i);
          continue;
        }
      progress |= write_stream (self, &stream->io);
      if (reads && !qs_io_stream_read_is_over (&stream->io))
        progress |= read_stream (self, &stream->io, deadline);
      if (qs_connection_is_aborted (self))
        return QS_TURN_OVER;
      qs_io_stream_refresh (&stream->io);
      settle_stream (self, stream, &before);
      if (qs_connection_is_aborted (self))
        return QS_TURN_OVER;
      i += stream->io.ssl != NULL; /* else it goes, and another stands there */
    }
  if (progress)
    return QS_TURN_PROGRESS;
  return QS_TURN_IDLE;
}

/* After the connection has ended: what is not over yet says CONN_CLOSED. */
static void
end_streams (QsConnection *self)
{
  for (guint i = 0; i < qs_stream_map_get_length (self->streams) && !qs_connection_is_aborted (self); i++)
    {
      QsConnectionStream *stream = qs_stream_map_get (self->streams, i);
      QsStreamInfo before = stream->io.info, *info = &stream->io.info;

      if (stream->io.ssl == NULL)
        continue;
      if (!qs_stream_state_is_over (info->read_state))
        info->read_state = QS_STREAM_CONN_CLOSED;
      if (!qs_stream_state_is_over (info->write_state))
        info->write_state = stream->io.concluded && self->flushed ? QS_STREAM_FINISHED : QS_STREAM_CONN_CLOSED;
      settle_stream (self, stream, &before);
    }
}

/* --- Commands --- */

static void
open_stream (QsConnection *self, const QsCommand *command)
{
  ERR_clear_error ();
  SSL *ssl = self->io_state == QS_CONNECTION_ESTABLISHED ? self->ops->open_stream (self, command->flag) : NULL;

  if (ssl == NULL)
    {
      const QsStreamInfo none = { QS_STREAM_CONN_CLOSED, QS_STREAM_CONN_CLOSED, -1, -1, 0, 0 };
      g_autofree char *words = qs_ssl_take_error ();
      qs_mark_sink_add (self->sink, QS_MARK_CALL, "SSL_new_stream", SSL_ERROR_SSL, words);
      qs_connection_emit (self, &(QsEvent){ .kind = QS_EVENT_STREAM_CHANGED, .stream = command->stream, .info = none });
      return;
    }
  mark_stream (self, &qs_connection_add_stream (self, command->stream, ssl)->io);
}

static void
run_stream_command (QsConnection *self, const QsCommand *command)
{
  QsConnectionStream *stream = qs_connection_find_stream (self, command->stream);

  if (stream == NULL || stream->io.ssl == NULL)
    return;
  QsStreamInfo before = stream->io.info;
  switch (command->kind)
    {
    case QS_COMMAND_SEND:
      if (!qs_stream_state_is_over (before.write_state))
        qs_io_stream_queue (&stream->io, command->bytes, command->flag);
      return;
    case QS_COMMAND_RESET:
      qs_io_stream_reset (&stream->io, command->code);
      break;
    case QS_COMMAND_STOP_READING:
      qs_io_stream_stop_reading (&stream->io);
      break;
    default:
      g_assert_not_reached ();
    }
  settle_stream (self, stream, &before);
}

static void
request_close (QsConnection *self, const QsCommand *command)
{
  if (self->close_requested && command->manner != QS_CLOSE_NOW)
    return;
  if (!self->close_requested)
    {
      self->close_code = command->code;
      self->close_reason = command->reason;
    }
  self->close_requested = TRUE;
  self->close_manner = command->manner;
}

static gboolean
run_commands (QsConnection *self)
{
  gboolean any = FALSE;

  for (QsCommand *command; !qs_connection_is_aborted (self) && (command = qs_connection_pop_command (self)) != NULL;)
    {
      any = TRUE;
      if (command->kind == QS_COMMAND_OPEN)
        open_stream (self, command);
      else if (command->kind == QS_COMMAND_CLOSE)
        request_close (self, command);
      else
        run_stream_command (self, command);
      qs_command_free (command);
    }
  return any;
}

/* --- One turn --- */

static void
fact_cb (const char *name, const char *value, gpointer data)
{
  qs_mark_sink_add (((QsConnection *) data)->sink, QS_MARK_FACT, name, 0, value);
}

static void
note_established (QsConnection *self)
{
  const unsigned char *alpn = NULL;
  unsigned alpn_length = 0;
  guint64 rtt_us = 0;
  gboolean tls = qs_connection_is_tls (self);

  SSL_get0_alpn_selected (self->ssl, &alpn, &alpn_length);
  self->alpn = alpn != NULL ? g_strndup ((const char *) alpn, alpn_length) : g_strdup ("");
  qs_outcome_foreach_fact (self->ssl, fact_cb, self);
  if (!tls && SSL_get_handshake_rtt (self->ssl, &rtt_us) == 1)
    {
      char text[G_ASCII_DTOSTR_BUF_SIZE];
      g_ascii_formatd (text, sizeof text, "%.3f", (double) rtt_us / 1000);
      qs_mark_sink_add (self->sink, QS_MARK_FACT, "quic.rtt_ms", (gint64) rtt_us * 1000, text);
    }
  qs_mark_sink_add (self->sink, QS_MARK_HANDSHAKE_DONE, NULL, 0, NULL);
  if (tls)
    {
      qs_mark_sink_add (self->sink, QS_MARK_CONFIRMED, NULL, 0, NULL);
      qs_connection_add_stream (self, 0, self->ssl);
    }
}

static QsTurn
turn_handshake (QsConnection *self)
{
  ERR_clear_error ();
  int status = SSL_connect (self->ssl);
  if (status == 1)
    {
      note_established (self);
      qs_connection_set_io_state (self, QS_CONNECTION_ESTABLISHED);
      return QS_TURN_PROGRESS;
    }
  int error = SSL_get_error (self->ssl, status);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
    return QS_TURN_IDLE;
  g_autofree char *words = qs_ssl_take_error ();
  run_commands (self); /* a close may be what ended a call that blocked */
  if (!self->close_requested)
    qs_mark_sink_add (self->sink, QS_MARK_CALL, "SSL_connect", error, words);
  self->ops->note_failure (self);
  return qs_connection_fail (self);
}

/* Closed while everything was well: the run decides what that means. An error of the peer's is a failure. */
static QsTurn
turn_ended (QsConnection *self)
{
  end_streams (self);
  if (qs_connection_is_aborted (self))
    return QS_TURN_OVER;
  if (self->io_state == QS_CONNECTION_ESTABLISHED)
    qs_connection_set_io_state (self, QS_CONNECTION_CLOSING);
  if (!qs_connection_is_aborted (self))
    qs_connection_set_io_state (self, QS_CONNECTION_CLOSED);
  return QS_TURN_OVER;
}

static QsTurn
turn_established (QsConnection *self, gint64 deadline)
{
  /* A peer that sends at full speed does not put it off. */
  if (self->close_requested && self->close_manner == QS_CLOSE_NOW && !self->ops->ended (self))
    {
      qs_connection_set_io_state (self, QS_CONNECTION_CLOSING);
      return QS_TURN_PROGRESS;
    }
  QsTurn turn = turn_streams (self, deadline);

  if (turn != QS_TURN_IDLE)
    return turn;
  if (self->ops->ended (self))
    return turn_ended (self);
  if (!self->close_requested)
    return QS_TURN_IDLE;
  qs_connection_set_io_state (self, QS_CONNECTION_CLOSING);
  return QS_TURN_PROGRESS;
}

static QsTurn
turn_closing (QsConnection *self, gint64 deadline)
{
  QsTurn streams = QS_TURN_IDLE;

  /* Late data is still read: a flush needs its acknowledgements, and the person may want to see it. A peer that sends
   * at full speed does not put the close off. */
  if (self->close_manner != QS_CLOSE_NOW && (streams = turn_streams (self, deadline)) == QS_TURN_OVER)
    return streams;
  QsTurn turn = self->ops->close (self);
  if (turn == QS_TURN_OVER && self->io_state == QS_CONNECTION_CLOSING)
    return turn_ended (self);
  return turn == QS_TURN_IDLE ? streams : turn;
}

static QsTurn
turn (QsConnection *self, gint64 deadline)
{
  gboolean commands = run_commands (self);
  QsTurn result = QS_TURN_IDLE;

  if (qs_connection_is_aborted (self))
    return QS_TURN_OVER;
  /* Nothing to end in order yet but a handshake: the peer is told that no more comes. */
  if (self->close_requested && self->io_state < QS_CONNECTION_ESTABLISHED)
    {
      if (self->io_state == QS_CONNECTION_HANDSHAKING)
        self->ops->close (self);
      return qs_connection_fail (self);
    }
  switch (self->io_state)
    {
    case QS_CONNECTION_CONNECTING:
      result = self->ops->connect (self);
      break;
    case QS_CONNECTION_HANDSHAKING:
      result = turn_handshake (self);
      break;
    case QS_CONNECTION_ESTABLISHED:
      result = turn_established (self, deadline);
      break;
    case QS_CONNECTION_CLOSING:
      result = turn_closing (self, deadline);
      break;
    default:
      return QS_TURN_OVER;
    }
  if (qs_connection_is_aborted (self))
    return QS_TURN_OVER;
  return result == QS_TURN_IDLE && commands ? QS_TURN_PROGRESS : result;
}

QsTurn
qs_connection_turn (QsConnection *self, gint64 deadline)
{
  g_autoptr (QsConnection) guard = qs_connection_ref (self);

  self->in_turn = TRUE;
  QsTurn result = turn (self, deadline);
  self->in_turn = FALSE;
  if (result == QS_TURN_OVER && self->mode == QS_MODE_NONBLOCKING)
    qs_connection_drop_io (self);
  return result;
}
