/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "dissect/qs-http1-parser.h"
#include "engine/qs-probe-private.h"
#include "engine/qs-stream-private.h"
#include "trace/qs-zero-limits.h"

/* How long a request waits for the server's leave before that is looked into: a raise of a limit comes a round trip after
 * the handshake, if ever. */
#define LIMITS_WAIT_MS 1000
#define BODY_START 512 /* bytes of the answer's body that its last mark keeps */

char *
qs_request_make_authority (QsTarget *target)
{
  const char *host = qs_target_get_host (target);
  gboolean v6 = strchr (host, ':') != NULL;
  g_auto (GStrv) parts = g_strsplit (host, "%", 2); /* a zone means nothing to the server (RFC 6874 section 4) */

  if (qs_target_get_port (target) == 443)
    return g_strdup_printf (v6 ? "[%s]" : "%s", parts[0]);
  return g_strdup_printf (v6 ? "[%s]:%u" : "%s:%u", parts[0], qs_target_get_port (target));
}

QsRequest *
qs_request_new (QsProbe *probe, const QsRequestProtocol *protocol)
{
  QsRequest *self = g_new0 (QsRequest, 1);

  self->probe = probe;
  self->protocol = protocol;
  self->authority = probe->options->authority != NULL ? g_strdup (probe->options->authority)
                                                      : qs_request_make_authority (probe->target);
  self->stream = -1;
  self->body = qs_kept_bytes_new (MAX (probe->options->kept, BODY_START));
  return self;
}

void
qs_request_free (QsRequest *self)
{
  qs_probe_clear_source (&self->limits_timer);
  if (self->instance != NULL)
    self->protocol->free (self->instance);
  g_free (self->authority);
  g_free (self->version);
  g_strfreev (self->headers);
  qs_kept_bytes_free (self->body);
  g_free (self);
}

/* Also once more when all of it came, so that the trace tells its length. */
static void
note_answer (QsRequest *self)
{
  QsMark mark = { .kind = QS_MARK_ANSWER,
                  .name = self->version,
                  .value = self->status,
                  .stream = self->stream,
                  .read_error = -1,
                  .write_error = -1,
                  .received = self->body_length };
  GByteArray *fields = g_byte_array_new ();

  for (char **at = self->headers; at != NULL && *at != NULL; at++)
    g_byte_array_append (fields, (const guint8 *) *at, (guint) strlen (*at) + 1);
  mark.bytes = g_byte_array_free_to_bytes (fields);
  qs_trace_add_mark_full (self->probe->trace, qs_trace_now (self->probe->trace), &mark);
}

void
qs_request_note_end (QsRequest *self, const char *how, const char *text)
{
  QsMark mark = { .kind = QS_MARK_ANSWER_END,
                  .name = how,
                  .value = (gint64) self->n_interim,
                  .stream = self->stream,
                  .read_error = -1,
                  .write_error = -1,
                  .received = self->body_length };

  if (self->end_noted || self->protocol == &qs_request_raw)
    return;
  self->end_noted = TRUE;
  if (self->version != NULL)
    note_answer (self);
  mark.text = g_strdup (text);
  mark.bytes = qs_kept_bytes_dup_start (self->body, BODY_START);
  qs_trace_add_mark_full (self->probe->trace, qs_trace_now (self->probe->trace), &mark);
}

/* Which of an answer's ends an error of its reader's is. */
static const char *
name_of_error (const GError *error)
{
  static const struct {
    QsError code;
    const char *name;
  } names[] = {
    { QS_ERROR_TRUNCATED, "cut" }, { QS_ERROR_PARSE, "malformed" },       { QS_ERROR_TOO_LARGE, "too-large" },
    { QS_ERROR_NETWORK, "reset" }, { QS_ERROR_UNSUPPORTED, "no-stream" }, { QS_ERROR_FAILED, "refused" },
  };

  if (g_error_matches (error, QS_HTTP1_ERROR, QS_HTTP1_ERROR_FOREIGN))
    return "foreign";
  for (guint i = 0; error->domain == QS_ERROR && i < G_N_ELEMENTS (names); i++)
    if (error->code == (int) names[i].code)
      return names[i].name;
  return "malformed";
}

static void
fail (QsRequest *self, GError *error)
{
  if (self->failed || self->complete)
    return;
  self->failed = TRUE;
  qs_probe_clear_source (&self->limits_timer);
  qs_request_note_end (self, name_of_error (error), error->message);
  qs_trace_add_mark (self->probe->trace, QS_MARK_NOTE, NULL, 0, error->message);
  qs_probe_log (self->probe, "%s", error->message);
  qs_probe_request_done (self->probe);
}

/* RFC 9000 section 4: what may not be opened or sent waits, and the stack does not say for what. */
static gboolean
limits_cb (gpointer data)
{
  QsRequest *self = data;
  QsZeroLimit limit;

  qs_probe_clear_source (&self->limits_timer);
  if (self->answered || self->complete || self->failed || self->stream < 0 ||
      !qs_trace_find_zero_limit (self->probe->trace, (guint64) self->stream, &limit))
    return G_SOURCE_REMOVE;
  g_autoptr (GError) error =
      g_error_new (QS_ERROR, QS_ERROR_UNSUPPORTED,
                   _ ("The request cannot be sent: the server's %s is 0, and no %s frame has raised it."),
                   limit.parameter, limit.frame);
  fail (self, error);
  return G_SOURCE_REMOVE;
}

gboolean
qs_request_start (QsRequest *self)
{
  g_autoptr (GError) error = NULL;
  QsProbe *probe = self->probe;

  self->instance = self->protocol->start (self, &error);
  if (self->instance == NULL)
    {
      fail (self, error);
      return FALSE;
    }
  g_autofree char *path = qs_text_escape (qs_request_get_path (self), -1);
  if (self->protocol->transport == QS_TRANSPORT_QUIC)
    self->limits_timer = qs_probe_add_timeout_full (probe, LIMITS_WAIT_MS, limits_cb, self);
  QsMark mark = { .kind = QS_MARK_REQUEST, .name = self->protocol->name, .stream = self->stream };
  if (self->protocol != &qs_request_raw)
    mark.text = g_strdup (path);
  qs_trace_add_mark_full (probe->trace, qs_trace_now (probe->trace), &mark);
  if (self->protocol == &qs_request_raw)
    qs_probe_log (probe,
                  ngettext ("%u byte is sent on stream %lld", "%u bytes are sent on stream %lld",
                            (guint) g_bytes_get_size (probe->options->send)),
                  (guint) g_bytes_get_size (probe->options->send), (long long) self->stream);
  else
    qs_probe_log (probe, _ ("%s request for %s is sent"), self->protocol->name, path);
  return TRUE;
}

void
qs_request_receive (QsRequest *self, gint64 stream, const guint8 *bytes, gsize length, gboolean fin, gint64 time)
{
  g_autoptr (GError) error = NULL;

  if (self->instance == NULL || self->failed)
    return;
  if (stream == self->stream && length > 0 && !self->answered)
    {
      QsMark mark = { .kind = QS_MARK_FIRST_BYTE, .stream = stream };
      self->answered = TRUE;
      qs_trace_add_mark_full (self->probe->trace, time, &mark);
    }
  if (stream == self->stream)
    self->n_idle_bytes += length;
  if (!self->protocol->receive (self->instance, stream, bytes, length, fin, &error))
    fail (self, error);
}

void
qs_request_stream_reset (QsRequest *self, gint64 stream, guint64 code)
{
  g_autoptr (GError) error = NULL;

  if (self->instance != NULL && !self->failed && !self->protocol->reset (self->instance, stream, code, &error))
    fail (self, error);
}

GBytes *
qs_request_get_raw (QsRequest *self)
{
  return self->probe->options->send;
}

/* --- For protocols --- */

const char *
qs_request_get_path (QsRequest *self)
{
  const char *path = qs_target_get_path (self->probe->target);

  return path != NULL ? path : "/";
}

const char *
qs_request_get_authority (QsRequest *self)
{
  return self->authority;
}

gint64
qs_request_open_stream (QsRequest *self, gboolean bidirectional, GError **error)
{
  g_autoptr (QsStream) stream = qs_probe_open_stream (self->probe, bidirectional, error);

  return stream != NULL ? qs_stream_get_id (stream) : -1;
}

void
qs_request_send (QsRequest *self, gint64 stream, const void *bytes, gsize length, gboolean fin)
{
  QsStream *found = qs_probe_find_stream (self->probe, stream);
  g_autoptr (GBytes) copy = g_bytes_new (bytes, length);

  if (found != NULL)
    qs_stream_send (found, copy, fin, NULL); /* refused when it is over: then its end is on its way to us */
}

void
qs_request_reset (QsRequest *self, gint64 stream, guint64 code)
{
  if (self->probe->winner != NULL)
    qs_connection_reset (self->probe->winner, stream, code);
}

void
qs_request_stop (QsRequest *self, gint64 stream, guint64 code)
{
  if (self->probe->winner != NULL)
    qs_connection_stop_reading (self->probe->winner, stream, code);
}

void
qs_request_set_stream (QsRequest *self, gint64 stream)
{
  self->stream = stream;
}

static void
note_progress (QsRequest *self)
{
  self->probe->last_progress = qs_clock_now_us (self->probe->clock);
  self->n_idle_bytes = 0;
}

void
qs_request_add_interim (QsRequest *self, guint64 n)
{
  self->n_interim += n;
}

char *
qs_request_dup_idle_words (QsRequest *self)
{
  if (self->n_interim > 0 && self->status == 0)
    return g_strdup_printf (ngettext ("%" PRIu64 " interim answer (1xx) came, and no final one",
                                      "%" PRIu64 " interim answers (1xx) came, and no final one",
                                      (gulong) self->n_interim),
                            self->n_interim);
  if (self->n_idle_bytes == 0)
    return NULL;
  return g_strdup_printf (self->status == 0
                              ? _ ("%" PRIu64 " bytes came, and the answer's head is not whole")
                              : _ ("%" PRIu64 " bytes came, and nothing of the answer's body was in them"),
                          self->n_idle_bytes);
}

void
qs_request_set_head (QsRequest *self, guint status, const char *version, const char *const *headers)
{
  note_progress (self);
  self->status = status;
  g_free (self->version);
  self->version = g_strdup (version);
  g_strfreev (self->headers);
  self->headers = g_strdupv ((char **) headers);
  if (self->version != NULL)
    note_answer (self);
}

void
qs_request_add_body (QsRequest *self, const guint8 *bytes, gsize length)
{
  if (length > 0)
    note_progress (self);
  self->body_length += length;
  qs_kept_bytes_append (self->body, bytes, length);
  qs_probe_emit_body (self->probe, bytes, length);
}

void
qs_request_complete (QsRequest *self)
{
  if (self->complete || self->failed)
    return;
  self->complete = TRUE;
  qs_probe_clear_source (&self->limits_timer);
  qs_request_note_end (self, "complete", NULL);
  qs_probe_request_done (self->probe);
}
