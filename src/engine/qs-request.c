/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-probe-private.h"
#include "engine/qs-stream-private.h"

static char *
make_authority (QsTarget *target)
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
  self->authority = make_authority (probe->target);
  self->stream = -1;
  self->body = qs_kept_bytes_new (QS_RESPONSE_KEPT);
  return self;
}

void
qs_request_free (QsRequest *self)
{
  if (self->instance != NULL)
    self->protocol->free (self->instance);
  g_free (self->authority);
  g_free (self->version);
  g_strfreev (self->headers);
  qs_kept_bytes_free (self->body);
  g_free (self);
}

static void
fail (QsRequest *self, GError *error)
{
  if (self->failed || self->complete)
    return;
  self->failed = TRUE;
  qs_trace_add_mark (self->probe->trace, QS_MARK_NOTE, NULL, 0, error->message);
  qs_probe_log (self->probe, "%s", error->message);
  qs_probe_request_done (self->probe);
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
qs_request_end (QsRequest *self)
{
  if (self->version != NULL)
    note_answer (self);
}

void
qs_request_set_head (QsRequest *self, guint status, const char *version, const char *const *headers)
{
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
  qs_probe_request_done (self->probe);
}
