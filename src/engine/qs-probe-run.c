/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of the connection that a run is about: its streams, the request, the close. */
#include "base/qs-i18n.h"
#include "engine/qs-probe-private.h"
#include "engine/qs-stream-private.h"

/* A handshake that the server has not confirmed may yet be refused: a client certificate is missing, say. */
#define CONFIRM_WAIT_MS 1000
/* A peer that acknowledges nothing does not hold the end of a run. */
#define FLUSH_WAIT_MS 1000
/* For the I/O side to send the last datagram, which is a matter of microseconds. */
#define CLOSE_NOW_MS 15

/* --- Closing --- */

static gboolean
give_up_close_cb (gpointer data)
{
  QsProbe *self = data;

  qs_probe_clear_source (&self->deadline);
  qs_probe_connection_over (self);
  return G_SOURCE_REMOVE;
}

void
qs_probe_close_now (QsProbe *self)
{
  qs_probe_set_deadline (self, CLOSE_NOW_MS, give_up_close_cb);
  /* Behind the connection's own source and all slices: where the loop was busy for longer than that, the close
   * goes first. A worker needs no loop for it. */
  if (self->options->mode == QS_MODE_NONBLOCKING)
    g_source_set_priority (self->deadline, G_PRIORITY_HIGH_IDLE + 35);
  qs_connection_close (self->winner, QS_CLOSE_NOW, qs_probe_good_code (self), NULL);
}

static gboolean
close_overdue_cb (gpointer data)
{
  qs_probe_close_now (data);
  return G_SOURCE_REMOVE;
}

void
qs_probe_close (QsProbe *self, QsCloseManner manner, guint64 code)
{
  if (self->close_asked && manner != QS_CLOSE_NOW)
    return;
  self->close_asked = TRUE;
  if (!self->stopped) /* a stop has its own */
    qs_probe_set_deadline (self, FLUSH_WAIT_MS, close_overdue_cb);
  qs_connection_close (self->winner, manner, code, NULL);
}

guint64
qs_probe_good_code (QsProbe *self)
{
  const char *alpn = qs_connection_get_alpn (self->winner);

  if (self->request != NULL)
    return self->request->protocol->close_code;
  return g_strcmp0 (alpn, "h3") == 0 ? 0x100 : 0; /* H3_NO_ERROR */
}

/* TRUE: the request failed for a rule of its protocol that the peer broke, not for a stream that was reset. */
static gboolean
is_breach (QsProbe *self, guint64 *code)
{
  QsRequest *request = self->request;

  *code = qs_probe_good_code (self);
  if (request == NULL || !request->failed || request->instance == NULL || request->protocol->get_error_code == NULL)
    return FALSE;
  *code = request->protocol->get_error_code (request->instance);
  return *code != request->protocol->close_code;
}

/* All that was asked is done, or failed. A broken rule closes what was to be kept open as well: RFC 9114 section 8
 * wants the peer told, and left open it would end in a timeout that nothing waited for. A reset is its stream's alone. */
static void
close_or_stay (QsProbe *self)
{
  guint64 code;

  if (is_breach (self, &code) || !self->options->keep_open)
    qs_probe_close (self, QS_CLOSE_QUICK, code);
}

void
qs_probe_connection_over (QsProbe *self)
{
  gboolean in_error = qs_connection_closed_in_error (self->winner);
  gboolean asked_done = self->request != NULL ? self->request->complete : self->state >= QS_CONNECTION_ESTABLISHED;

  if (self->ending)
    return;
  if (qs_connection_get_state (self->winner) == QS_CONNECTION_FAILED)
    {
      qs_probe_end (self, FALSE);
      return;
    }
  if (!asked_done)
    {
      self->stage = self->request != NULL ? QS_STAGE_REQUEST : QS_STAGE_HANDSHAKE;
      qs_probe_end (self, FALSE);
      return;
    }
  if (in_error && !self->confirmed && self->request == NULL)
    self->stage = QS_STAGE_HANDSHAKE;
  else
    self->stage = in_error ? QS_STAGE_CLOSE : QS_STAGE_DONE;
  qs_probe_end (self, !in_error);
}

/* --- After the handshake --- */

static void
handshake_was_all (QsProbe *self)
{
  qs_probe_clear_source (&self->deadline);
  self->stage = QS_STAGE_CLOSE;
  close_or_stay (self);
}

static gboolean
confirm_overdue_cb (gpointer data)
{
  handshake_was_all (data);
  return G_SOURCE_REMOVE;
}

void
qs_probe_confirmed (QsProbe *self)
{
  if (self->request == NULL && !self->close_asked)
    handshake_was_all (self);
}

static void
wait_for_verdict (QsProbe *self)
{
  gboolean verdict = !qs_connection_is_tls (self->winner) || qs_connection_expects_verdict (self->winner);

  self->stage = QS_STAGE_HANDSHAKE;
  if (self->confirmed || !verdict)
    handshake_was_all (self);
  else
    qs_probe_set_deadline (self, CONFIRM_WAIT_MS, confirm_overdue_cb);
}

static void
start_request (QsProbe *self, const QsRequestProtocol *protocol)
{
  self->stage = QS_STAGE_REQUEST;
  self->request = qs_request_new (self, protocol);
  self->last_progress = qs_clock_now_us (self->clock);
  qs_request_start (self->request);
}

static void
no_protocol (QsProbe *self, const char *alpn)
{
  g_autofree char *text =
      g_strdup_printf (_ ("No way is known to ask for a path over the protocol “%s”; its handshake went well."),
                       *alpn != '\0' ? alpn : "-");

  qs_trace_add_mark (self->trace, QS_MARK_NOTE, NULL, 0, text);
  qs_probe_log (self, "%s", text);
  wait_for_verdict (self);
}

void
qs_probe_established (QsProbe *self)
{
  const char *alpn = qs_connection_get_alpn (self->winner);
  QsTransport transport = qs_target_get_transport (self->target);

  /* A worker's handshake may be done before it hears of the stop. */
  if (self->stopped)
    {
      qs_probe_close (self, QS_CLOSE_LINGER, qs_probe_good_code (self));
      return;
    }
  if (self->options->send != NULL)
    {
      start_request (self, &qs_request_raw);
      return;
    }
  gboolean wants_path = qs_target_get_path (self->target) != NULL || qs_target_is_https (self->target);
  if (!wants_path)
    {
      wait_for_verdict (self);
      return;
    }
  const QsRequestProtocol *protocol = qs_request_protocol_find (transport, alpn);
  if (protocol != NULL)
    start_request (self, protocol);
  else
    no_protocol (self, qs_trace_get_fact (self->trace, "tls.alpn") != NULL ? qs_trace_get_fact (self->trace, "tls.alpn")
                                                                           : "");
}

void
qs_probe_request_done (QsProbe *self)
{
  self->stage = self->request->failed ? QS_STAGE_REQUEST : QS_STAGE_CLOSE;
  close_or_stay (self);
}

/* --- Streams --- */

void
qs_probe_stream_opened (QsConnection *connection, gint64 id, gpointer data)
{
  QsProbe *self = data;

  /* RFC 9000 section 2.1: bit 1 says unidirectional. */
  if (g_list_model_get_n_items (G_LIST_MODEL (self->streams)) < QS_PROBE_STREAMS)
    qs_probe_add_stream (self, id, (id & 2) == 0, FALSE);
}

void
qs_probe_stream_bytes (QsConnection *connection, gint64 id, const guint8 *bytes, gsize length, gint64 time,
                       gpointer data)
{
  QsProbe *self = data;
  QsStream *stream = qs_probe_find_stream (self, id);

  /* With a request, what its reader makes of the bytes is progress, not the bytes. */
  if (self->request == NULL || self->request->protocol == &qs_request_raw)
    self->last_progress = qs_clock_now_us (self->clock);
  if (stream != NULL)
    {
      qs_stream_receive (stream, bytes, length);
      qs_probe_emit_data (self, stream, bytes, length);
    }
  if (self->request != NULL)
    qs_request_receive (self->request, id, bytes, length, FALSE, time);
}

void
qs_probe_stream_changed (QsConnection *connection, gint64 id, const QsStreamInfo *info, gpointer data)
{
  QsProbe *self = data;
  QsStream *stream = qs_probe_find_stream (self, id);

  QsStreamState before = stream != NULL ? qs_stream_get_read_state (stream) : QS_STREAM_OK;
  if (stream != NULL)
    qs_stream_update (stream, info);
  if (before == info->read_state || self->request == NULL)
    return;
  if (info->read_state == QS_STREAM_FINISHED)
    qs_request_receive (self->request, id, NULL, 0, TRUE, qs_trace_now (self->trace));
  else if (info->read_state == QS_STREAM_RESET_REMOTE)
    qs_request_stream_reset (self->request, id, (guint64) info->read_error);
}
