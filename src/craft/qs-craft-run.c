/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "craft/qs-craft-run.h"

#include <string.h>

#include "trace/qs-trace-budget.h"
#include "wire/qs-http3.h"
#include "wire/qs-qpack.h"
#include "wire/qs-writer.h"

#define MS G_GINT64_CONSTANT (1000000)
#define H3_NO_ERROR 0x100
#define TP_MAX_STREAMS_UNI 0x09
#define ROUND_TRIPS 4 /* that an answer may take beside its own time */

struct _QsCraftRun {
  const QsCraftTarget *target; /* a client's */
  const QsCraftHost *host;     /* a server's, and whom it meets */
  QsCraftListener *listener;
  const QsCraftFirst *first;
  const QsCraftStep *script;
  char *reason;
  QsCraftRunFunc done;
  gpointer data;
  QsTrace *trace;
  QsCraft *craft;
  QsImpairment *impairment;
  GBytes *token, *retry_dcid;
  SSL_SESSION *session;
  guint at;
  guint timer;
  gboolean over;
};

static void walk (QsCraftRun *self);

static void
finish (QsCraftRun *self)
{
  if (self->over)
    return;
  self->over = TRUE;
  g_clear_handle_id (&self->timer, g_source_remove);
  qs_trace_add_mark (self->trace, QS_MARK_NOTE, QS_CRAFT_MARK_END, self->at, NULL);
  if (self->craft != NULL && !qs_craft_is_silent (self->craft) &&
      (qs_craft_get_events (self->craft) & QS_CRAFT_CLOSED) == 0)
    qs_craft_close (self->craft, TRUE, H3_NO_ERROR, self->reason);
  self->done (self, self->data);
}

static void
miss (QsCraftRun *self)
{
  qs_trace_add_mark (self->trace, QS_MARK_NOTE, QS_CRAFT_MARK_MISSED, self->at, NULL);
  finish (self);
}

static void
changed_cb (QsCraft *craft, gpointer data)
{
  QsCraftRun *self = data;

  if (!self->over && self->timer != 0)
    walk (self);
}

static gboolean
timer_cb (gpointer data)
{
  QsCraftRun *self = data;
  const QsCraftStep *step = &self->script[self->at];

  self->timer = 0;
  if (step->needed)
    miss (self);
  else
    {
      self->at++;
      walk (self);
    }
  return G_SOURCE_REMOVE;
}

/* --- Steps --- */

static void
keep_carried (QsCraftRun *self)
{
  GBytes *token = qs_craft_get_token (self->craft);
  SSL_SESSION *session = qs_craft_get_session (self->craft);

  g_clear_pointer (&self->token, g_bytes_unref);
  self->token = token != NULL ? g_bytes_ref (token) : NULL;
  if (session != NULL && SSL_SESSION_up_ref (session))
    {
      SSL_SESSION_free (self->session);
      self->session = session;
    }
  g_clear_pointer (&self->retry_dcid, g_bytes_unref);
  self->retry_dcid = qs_craft_dup_retry_id (self->craft);
}

static GBytes *
flip (GBytes *token)
{
  gsize size;
  guint8 *copy = g_memdup2 (g_bytes_get_data (token, NULL), g_bytes_get_size (token));

  size = g_bytes_get_size (token);
  copy[size / 2] ^= 0x10;
  return g_bytes_new_take (copy, size);
}

static gboolean
take_on (QsCraftRun *self, const QsCraftStep *step)
{
  QsCraftOptions options = step->options != NULL ? *step->options : (QsCraftOptions){ 0 };
  g_autoptr (GError) error = NULL;

  if (self->first == NULL)
    return FALSE; /* it is there already */
  options.answer.identify = self->host->identify;
  options.answer.identify_data = self->host->identify_data;
  options.answer.alpn = self->host->alpn;
  self->craft = qs_craft_accept (self->listener, self->first, self->trace, NULL, &options, changed_cb, self, &error);
  self->first = NULL;
  if (self->craft == NULL)
    qs_trace_add_mark (self->trace, QS_MARK_NOTE, NULL, 0, error->message);
  return self->craft != NULL;
}

/* Before the next one begins, and before its mark: the end of the one before is none of its business. */
static void
leave_connection (QsCraftRun *self)
{
  if (self->craft == NULL || self->host != NULL)
    return;
  keep_carried (self);
  if (!qs_craft_is_silent (self->craft) &&
      (qs_craft_get_events (self->craft) & (QS_CRAFT_KEYS | QS_CRAFT_CLOSED)) == QS_CRAFT_KEYS)
    qs_craft_close (self->craft, TRUE, H3_NO_ERROR, self->reason);
  g_clear_pointer (&self->craft, qs_craft_free);
}

static gboolean
start (QsCraftRun *self, const QsCraftStep *step)
{
  if (self->host != NULL)
    return take_on (self, step);

  QsCraftOptions options = step->options != NULL ? *step->options : (QsCraftOptions){ 0 };
  g_autoptr (GBytes) token = NULL;
  g_autoptr (GError) error = NULL;

  if ((step->carry_token || step->carry_retry) && self->token == NULL)
    return FALSE;
  if (step->carry_token || step->carry_retry)
    token = step->flip_token ? flip (self->token) : g_bytes_ref (self->token);
  options.token = token;
  options.dcid = step->carry_retry ? self->retry_dcid : NULL;
  g_autoptr (QsImpairment) path = step->impair != NULL ? qs_impairment_new (step->impair, NULL) : NULL;
  options.impairment = path != NULL ? path : self->impairment;
  options.tls.server_name = step->no_sni ? NULL : step->sni != NULL ? step->sni : self->target->server_name;
  options.tls.host = self->target->host;
  options.tls.trust = self->target->trust;
  if (options.tls.alpn == NULL && !step->no_alpn)
    options.tls.alpn = self->target->alpn;
  if (step->carry_session)
    options.tls.session = self->session;
  self->craft = qs_craft_new (self->target->address, self->trace, NULL, &options, changed_cb, self, &error);
  if (self->craft == NULL)
    {
      qs_trace_add_mark (self->trace, QS_MARK_NOTE, NULL, 0, error->message);
      return FALSE;
    }
  if (!step->idle)
    qs_craft_start (self->craft);
  return TRUE;
}

static GByteArray *
make_payload (const QsCraftStep *step)
{
  GByteArray *out = g_byte_array_new ();

  for (guint i = 0; i < step->n_frames; i++)
    qs_frame_write (out, &step->frames[i]);
  if (step->bytes.length > 0)
    qs_write_span (out, step->bytes);
  return out;
}

static gboolean
send_packet (QsCraftRun *self, const QsCraftStep *step)
{
  g_autoptr (GByteArray) payload = make_payload (step);
  QsCraftPacket packet = step->packet;

  packet.frames = QS_SPAN (payload->data, payload->len);
  return qs_craft_send (self->craft, &packet);
}

static gboolean
queue_frames (QsCraftRun *self, const QsCraftStep *step)
{
  g_autoptr (GByteArray) payload = make_payload (step);

  qs_craft_queue (self->craft, qs_written (payload));
  return TRUE;
}

static gboolean
send_datagram (QsCraftRun *self, const QsCraftStep *step)
{
  g_autoptr (GBytes) bytes = step->make ();
  gsize size;
  const void *data = g_bytes_get_data (bytes, &size);

  qs_craft_send_datagram (self->craft, QS_SPAN (data, size));
  return TRUE;
}

static gboolean
send_stream (QsCraftRun *self, const QsCraftStep *step)
{
  qs_craft_stream (self->craft, step->stream, step->bytes, step->fin);
  return TRUE;
}

static gboolean
begin_http3 (QsCraftRun *self, const QsCraftStep *step)
{
  static const guint8 control[] = { QS_HTTP3_STREAM_CONTROL, QS_HTTP3_SETTINGS, 0 };
  static const guint8 encoder[] = { QS_HTTP3_STREAM_QPACK_ENCODER }, decoder[] = { QS_HTTP3_STREAM_QPACK_DECODER };

  guint64 first = self->host != NULL ? 3 : 2;

  if (qs_craft_get_parameter (self->craft, TP_MAX_STREAMS_UNI, 0) < 3)
    return FALSE;
  qs_craft_stream (self->craft, first, QS_SPAN (control, sizeof control), FALSE);
  qs_craft_stream (self->craft, first + 4, QS_SPAN (encoder, sizeof encoder), FALSE);
  qs_craft_stream (self->craft, first + 8, QS_SPAN (decoder, sizeof decoder), FALSE);
  return TRUE;
}

static const char *const ordinary_fields[] = { ":method", "GET",   ":scheme", "https", ":authority",
                                               "$",       ":path", "$",       NULL };

static void
send_fields (QsCraftRun *self, const QsCraftStep *step, const char *const *fields)
{
  g_autoptr (GByteArray) section = g_byte_array_new ();
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  qs_qpack_literals_write (section, fields);
  qs_http3_frame_write (frame, QS_HTTP3_HEADERS, qs_written (section));
  qs_craft_stream (self->craft, step->stream, qs_written (frame), step->fin);
}

static gboolean
request (QsCraftRun *self, const QsCraftStep *step)
{
  const char *const *fields = step->fields != NULL ? step->fields : ordinary_fields;
  g_autoptr (GPtrArray) filled = g_ptr_array_new ();

  for (guint i = 0; fields[i] != NULL && fields[i + 1] != NULL; i += 2)
    {
      gboolean open = g_str_equal (fields[i + 1], "$");
      const char *own = g_str_equal (fields[i], ":path") ? self->target->path : self->target->authority;
      g_ptr_array_add (filled, (gpointer) fields[i]);
      g_ptr_array_add (filled, (gpointer) (open ? own : fields[i + 1]));
    }
  for (guint i = 1; i < step->times && filled->len >= 2; i++)
    {
      g_ptr_array_add (filled, filled->pdata[filled->len - 2]);
      g_ptr_array_add (filled, filled->pdata[filled->len - 2]);
    }
  g_ptr_array_add (filled, NULL);
  send_fields (self, step, (const char *const *) filled->pdata);
  return TRUE;
}

static gboolean
respond (QsCraftRun *self, const QsCraftStep *step)
{
  static const char *const plain[] = { ":status", "200", NULL };

  send_fields (self, step, step->fields != NULL ? step->fields : plain);
  return TRUE;
}

static gboolean
finish_handshake (QsCraftRun *self, const QsCraftStep *step)
{
  qs_craft_let_finished_go (self->craft);
  return TRUE;
}

static gboolean
update_keys (QsCraftRun *self, const QsCraftStep *step)
{
  qs_craft_update_keys (self->craft);
  return TRUE;
}

static gboolean
rebind (QsCraftRun *self, const QsCraftStep *step)
{
  return qs_craft_rebind (self->craft, step->fresh_id);
}

static gboolean
hush (QsCraftRun *self, const QsCraftStep *step)
{
  qs_craft_hush (self->craft);
  return TRUE;
}

static gboolean
close_connection (QsCraftRun *self, const QsCraftStep *step)
{
  qs_craft_close (self->craft, TRUE, H3_NO_ERROR, self->reason);
  return TRUE;
}

static gboolean
send_versions (QsCraftRun *self, const QsCraftStep *step)
{
  qs_craft_send_versions (self->craft, step->bytes, step->own_version);
  return TRUE;
}

static gboolean
send_retry (QsCraftRun *self, const QsCraftStep *step)
{
  qs_craft_send_retry (self->craft, &step->retry);
  return TRUE;
}

static gboolean
answer (QsCraftRun *self, const QsCraftStep *step)
{
  g_autoptr (GError) error = NULL;

  if (qs_craft_answer (self->craft, &error))
    return TRUE;
  qs_trace_add_mark (self->trace, QS_MARK_NOTE, NULL, 0, error->message);
  return FALSE;
}

static gboolean
reset (QsCraftRun *self, const QsCraftStep *step)
{
  qs_craft_send_reset (self->craft);
  return TRUE;
}

static gboolean (*const steps[]) (QsCraftRun *self, const QsCraftStep *step) = {
  [QS_CRAFT_DO_START] = start,
  [QS_CRAFT_DO_SEND] = send_packet,
  [QS_CRAFT_DO_QUEUE] = queue_frames,
  [QS_CRAFT_DO_DATAGRAM] = send_datagram,
  [QS_CRAFT_DO_STREAM] = send_stream,
  [QS_CRAFT_DO_HTTP3] = begin_http3,
  [QS_CRAFT_DO_REQUEST] = request,
  [QS_CRAFT_DO_FINISH] = finish_handshake,
  [QS_CRAFT_DO_UPDATE_KEYS] = update_keys,
  [QS_CRAFT_DO_REBIND] = rebind,
  [QS_CRAFT_DO_CLOSE] = close_connection,
  [QS_CRAFT_DO_HUSH] = hush,
  [QS_CRAFT_DO_VERSIONS] = send_versions,
  [QS_CRAFT_DO_RETRY] = send_retry,
  [QS_CRAFT_DO_ANSWER] = answer,
  [QS_CRAFT_DO_RESET] = reset,
  [QS_CRAFT_DO_RESPOND] = respond,
};

/* --- Walking --- */

/* TRUE: what it waits for is there, or cannot come any more. */
static gboolean
await (QsCraftRun *self, const QsCraftStep *step)
{
  QsCraftEvents events = qs_craft_get_events (self->craft);

  if ((events & step->events) != 0)
    return TRUE;
  if (self->timer != 0)
    return FALSE;
  gint64 wait = step->ms + ROUND_TRIPS * qs_craft_get_rtt (self->craft) / MS;
  self->timer = g_timeout_add ((guint) wait, timer_cb, self);
  return FALSE;
}

static void
mark (QsCraftRun *self, const QsCraftStep *step)
{
  if (step->act)
    qs_trace_add_mark (self->trace, QS_MARK_NOTE, QS_CRAFT_MARK_ACT, self->at, self->reason);
  if (step->after)
    qs_trace_add_mark (self->trace, QS_MARK_NOTE, QS_CRAFT_MARK_AFTER, self->at, NULL);
}

static void
walk (QsCraftRun *self)
{
  while (!self->over)
    {
      const QsCraftStep *step = &self->script[self->at];
      gboolean closed = self->craft != NULL && (qs_craft_get_events (self->craft) & QS_CRAFT_CLOSED) != 0;

      /* The end of a connection is the end of a script, unless another one follows. */
      if (step->what == QS_CRAFT_DO_END ||
          (closed && step->what != QS_CRAFT_DO_START && (step->events & QS_CRAFT_CLOSED) == 0 && !step->needed))
        {
          finish (self);
          return;
        }
      if (step->what == QS_CRAFT_DO_AWAIT)
        {
          if (closed && step->needed && (qs_craft_get_events (self->craft) & step->events) == 0)
            {
              miss (self);
              return;
            }
          if (!await (self, step))
            return;
          g_clear_handle_id (&self->timer, g_source_remove);
        }
      else
        {
          if (step->what == QS_CRAFT_DO_START)
            leave_connection (self);
          mark (self, step);
          if (!steps[step->what](self, step))
            {
              miss (self);
              return;
            }
        }
      self->at++;
    }
}

static QsCraftRun *
run_new (QsVantage vantage, const QsCraftStep *script, const char *reason, QsCraftRunFunc done, gpointer data)
{
  QsCraftRun *self = g_new0 (QsCraftRun, 1);

  self->script = script;
  self->reason = g_strdup (reason);
  self->done = done;
  self->data = data;
  self->trace = qs_trace_new (vantage, NULL);
  qs_trace_set_budget (self->trace, QS_TRACE_EARLY_BUDGET);
  return self;
}

QsCraftRun *
qs_craft_run_new_server (const QsCraftHost *host, QsCraftListener *listener, const QsCraftFirst *first,
                         const QsCraftStep *script, const char *reason, QsCraftRunFunc done, gpointer data)
{
  QsCraftRun *self = run_new (QS_VANTAGE_SERVER, script, reason, done, data);

  self->host = host;
  self->listener = listener;
  self->first = first;
  qs_trace_set_origin (self->trace, first->time);
  return self;
}

QsCraftRun *
qs_craft_run_new (const QsCraftTarget *target, const QsCraftStep *script, const char *reason, QsCraftRunFunc done,
                  gpointer data)
{
  QsCraftRun *self = run_new (QS_VANTAGE_CLIENT, script, reason, done, data);

  self->target = target;
  self->impairment = target->impairment != NULL ? qs_impairment_new (target->impairment, NULL) : NULL;
  return self;
}

void
qs_craft_run_free (QsCraftRun *self)
{
  if (self == NULL)
    return;
  self->over = TRUE;
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_pointer (&self->craft, qs_craft_free);
  g_clear_pointer (&self->token, g_bytes_unref);
  g_clear_pointer (&self->retry_dcid, g_bytes_unref);
  SSL_SESSION_free (self->session);
  qs_impairment_free (self->impairment);
  g_object_unref (self->trace);
  g_free (self->reason);
  g_free (self);
}

void
qs_craft_run_start (QsCraftRun *self)
{
  walk (self);
}

void
qs_craft_run_leave (QsCraftRun *self)
{
  g_return_if_fail (self->over);

  g_clear_pointer (&self->craft, qs_craft_free);
}

QsTrace *
qs_craft_run_get_trace (QsCraftRun *self)
{
  return self->trace;
}
