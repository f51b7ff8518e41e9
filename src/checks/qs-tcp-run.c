/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/qs-tcp-run.h"

#include <string.h>

#include "dissect/qs-http1-parser.h"
#include "net/qs-https-lookup.h"
#include "trace/qs-trace-budget.h"

#define PATIENCE_MS 4000      /* without progress */
#define MOST_MS 8000          /* for a connection in all */
#define KEPT (16 * 1024)      /* bytes of an answer */
#define MOST_HEAD (64 * 1024) /* of a plain answer that are read */
#define READ_BYTES 4096

struct _QsTcpRun {
  const QsTcpTarget *target;
  const QsTcpPlan *plan;
  QsTcpRunFunc done;
  gpointer data;
  QsTrace *trace;
  QsProbe *probe;
  gulong finished_id;
  QsTicketJar *jar;
  gboolean second; /* connection */
  guint over;      /* source that tells of the end */

  /* records */
  gboolean asked;
  GPtrArray *records; /* QsHttpsRecord; NULL: refusal says why */
  GError *refusal;

  /* plain */
  GCancellable *cancellable;
  GSocketConnection *connection;
  QsHttp1Parser *parser;
  char *request;
  guint8 buffer[READ_BYTES];
  gsize got;
};

static void begin (QsTcpRun *self);

static gboolean
over_cb (gpointer data)
{
  QsTcpRun *self = data;

  self->over = 0;
  self->done (self, self->data);
  return G_SOURCE_REMOVE;
}

static void
finish (QsTcpRun *self)
{
  if (self->over == 0)
    self->over = g_idle_add_full (G_PRIORITY_DEFAULT, over_cb, self, NULL);
}

static void
note (QsTcpRun *self, const char *name)
{
  qs_trace_add_mark (self->trace, QS_MARK_NOTE, name, 0, NULL);
}

static void
drop_probe (QsTcpRun *self)
{
  if (self->probe == NULL)
    return;
  g_clear_signal_handler (&self->finished_id, self->probe);
  if (!qs_probe_get_finished (self->probe))
    qs_probe_stop (self->probe);
  g_clear_object (&self->probe);
}

/* --- TLS --- */

static void
finished_cb (QsProbe *probe, QsTcpRun *self)
{
  g_set_object (&self->trace, qs_probe_get_trace (probe));
  if (self->asked)
    qs_https_lookup_note (self->trace, self->records, self->refusal);
  else if (self->plan->records)
    note (self, QS_TCP_MARK_NO_NAME);
  if (!self->plan->again || self->second || !qs_probe_get_succeeded (probe))
    {
      finish (self);
      return;
    }
  if (qs_ticket_jar_is_empty (self->jar))
    {
      note (self, QS_TCP_MARK_NO_TICKET);
      finish (self);
      return;
    }
  self->second = TRUE;
  drop_probe (self);
  begin (self);
}

static QsProbeOptions *
make_options (QsTcpRun *self)
{
  const QsTcpPlan *plan = self->plan;
  QsProbeOptions *options = qs_probe_options_copy (self->target->options);
  guint n = 0;

  g_strfreev (options->alpn);
  options->alpn = g_new0 (char *, 3);
  if (plan->alpn != NULL)
    options->alpn[n++] = g_strdup (plan->alpn);
  options->alpn[n] = g_strdup ("http/1.1");
  g_free (options->groups);
  options->groups = g_strdup (plan->groups);
  options->old_ciphers = g_strdup (plan->ciphers);
  options->least_tls = plan->least;
  options->most_tls = plan->most;
  options->insecure = TRUE; /* what is wrong with a certificate is judged, and the rest behind it */
  options->timeout_ms = PATIENCE_MS;
  options->max_time_ms = MOST_MS;
  options->kept = KEPT;
  options->trace_budget = QS_TRACE_EARLY_BUDGET;
  options->tickets = self->jar != NULL ? qs_ticket_jar_ref (self->jar) : NULL;
  return options;
}

static QsTarget *
make_target (const QsTcpRun *self)
{
  const char *text = qs_target_to_string (self->target->target);
  const char *path = qs_target_get_path (self->target->target);

  if (self->plan->request || path == NULL)
    return qs_target_ref (self->target->target);
  g_autofree char *bare = g_strndup (text, strlen (text) - strlen (path));
  return qs_target_new (bare, NULL);
}

static void
begin (QsTcpRun *self)
{
  g_autoptr (QsProbeOptions) options = make_options (self);
  g_autoptr (QsTarget) target = make_target (self);

  self->probe = qs_probe_new (target, options);
  self->finished_id = g_signal_connect (self->probe, "finished", G_CALLBACK (finished_cb), self);
  qs_probe_start (self->probe);
}

/* --- The DNS --- */

static void
looked_up_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *records = qs_https_lookup_finish (result, &error);
  QsTcpRun *self = data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* the run is gone */
  self->records = records;
  self->refusal = g_steal_pointer (&error);
  begin (self);
}

/* FALSE: there is nobody to be asked. */
static gboolean
ask_dns (QsTcpRun *self)
{
  const QsProbeOptions *options = self->target->options;
  QsTarget *target = self->target->target;
  const char *host = qs_target_get_host (target);

  if (!qs_https_lookup_may_ask (host, options->dns_server, options->resolve != NULL || qs_target_is_literal (target)))
    return FALSE;
  self->asked = TRUE;
  qs_https_lookup_async (host, qs_target_get_port (target), options->dns_server, self->cancellable, looked_up_cb, self);
  return TRUE;
}

/* --- HTTP without TLS --- */

static void
note_answer (QsTcpRun *self)
{
  const char *const *fields = qs_http1_parser_get_headers (self->parser);
  GByteArray *packed = g_byte_array_new ();
  QsMark mark = { .kind = QS_MARK_ANSWER,
                  .name = qs_http1_parser_get_version (self->parser),
                  .value = qs_http1_parser_get_status (self->parser),
                  .read_error = -1,
                  .write_error = -1 };

  for (; fields != NULL && *fields != NULL; fields++)
    g_byte_array_append (packed, (const guint8 *) *fields, (guint) strlen (*fields) + 1);
  mark.bytes = g_byte_array_free_to_bytes (packed);
  qs_trace_add_mark_full (self->trace, qs_trace_now (self->trace), &mark);
}

static void read_more (QsTcpRun *self);

static void
read_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gssize length = g_input_stream_read_finish (G_INPUT_STREAM (object), result, &error);
  QsTcpRun *self = data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* the run is gone */
  g_autoptr (GByteArray) body = g_byte_array_new ();
  if (length > 0)
    {
      qs_trace_add_segment (self->trace, qs_trace_now (self->trace), QS_DIRECTION_RECEIVED, 0, self->buffer,
                            (gsize) length);
      self->got += (gsize) length;
    }
  gboolean good = length > 0 && qs_http1_parser_feed (self->parser, self->buffer, (gsize) length, body, NULL);
  if (qs_http1_parser_has_head (self->parser))
    note_answer (self);
  if (good && !qs_http1_parser_has_head (self->parser) && self->got < MOST_HEAD)
    read_more (self);
  else
    finish (self);
}

static void
read_more (QsTcpRun *self)
{
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (self->connection));

  g_input_stream_read_async (in, self->buffer, sizeof self->buffer, G_PRIORITY_DEFAULT, self->cancellable, read_cb,
                             self);
}

static void
written_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean good = g_output_stream_write_all_finish (G_OUTPUT_STREAM (object), result, NULL, &error);
  QsTcpRun *self = data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (good)
    read_more (self);
  else
    finish (self);
}

static void
connected_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection = g_socket_client_connect_finish (G_SOCKET_CLIENT (object), result, &error);
  QsTcpRun *self = data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (connection == NULL)
    {
      finish (self);
      return;
    }
  self->connection = connection;
  g_socket_set_timeout (g_socket_connection_get_socket (connection), PATIENCE_MS / 1000);
  g_autoptr (GSocketAddress) local = g_socket_connection_get_local_address (connection, NULL);
  qs_trace_add_path (self->trace, local, self->target->plain_address);
  qs_trace_add_mark (self->trace, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
  const char *path = qs_target_get_path (self->target->target);
  self->request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Quicscope\r\nAccept: */*\r\n"
                                   "Connection: close\r\n\r\n",
                                   path != NULL ? path : "/", qs_target_get_host (self->target->target));
  qs_trace_add_segment (self->trace, qs_trace_now (self->trace), QS_DIRECTION_SENT, 0, self->request,
                        strlen (self->request));
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (connection)), self->request,
                                   strlen (self->request), G_PRIORITY_DEFAULT, self->cancellable, written_cb, self);
}

static void
begin_plain (QsTcpRun *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();

  self->trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  qs_trace_set_budget (self->trace, QS_TRACE_EARLY_BUDGET);
  if (self->target->plain_address == NULL)
    {
      note (self, QS_TCP_MARK_NO_PORT);
      finish (self);
      return;
    }
  self->parser = qs_http1_parser_new (TRUE);
  g_socket_client_set_timeout (client, PATIENCE_MS / 1000);
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (self->target->plain_address), self->cancellable,
                                 connected_cb, self);
}

/* --- The object --- */

QsTcpRun *
qs_tcp_run_new (const QsTcpTarget *target, const QsTcpPlan *plan, QsTcpRunFunc done, gpointer data)
{
  QsTcpRun *self = g_new0 (QsTcpRun, 1);

  self->target = target;
  self->plan = plan;
  self->done = done;
  self->data = data;
  self->cancellable = g_cancellable_new ();
  return self;
}

void
qs_tcp_run_free (QsTcpRun *self)
{
  if (self == NULL)
    return;
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->over, g_source_remove);
  drop_probe (self);
  g_clear_pointer (&self->jar, qs_ticket_jar_unref);
  g_clear_pointer (&self->parser, qs_http1_parser_free);
  g_clear_object (&self->connection);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->trace);
  g_clear_pointer (&self->records, g_ptr_array_unref);
  g_clear_error (&self->refusal);
  g_free (self->request);
  g_free (self);
}

void
qs_tcp_run_start (QsTcpRun *self)
{
  if (self->plan->plain)
    {
      begin_plain (self);
      return;
    }
  if (self->plan->again)
    self->jar = qs_ticket_jar_new ();
  if (!self->plan->records || !ask_dns (self))
    begin (self);
}

QsTrace *
qs_tcp_run_get_trace (QsTcpRun *self)
{
  return self->trace;
}
