/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/qs-alternatives.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "net/qs-https-lookup.h"
#include "wire/qs-alt-svc.h"

#define TRACE_BYTES (256 * 1024) /* of an attempt's trace */

typedef struct {
  char *host; /* to connect to */
  guint16 port;
  const char *source; /* "Alt-Svc", "HTTPS" */
  QsProbe *attempt;   /* NULL: over, or not made */
  gulong finished_id;
} Way;

struct _QsAlternatives {
  GObject parent;
  QsProbe *run; /* borrowed: NULL once it is gone */
  QsTrace *trace;
  GMainContext *context;
  GCancellable *cancellable;
  GSource *dns_timer;
  GPtrArray *ways; /* Way */
  guint n_marks;   /* of the trace that were looked at */
  guint n_tried, n_under_way;
  gboolean asking; /* the DNS */
  gboolean read;   /* the answer's Alt-Svc */
  gboolean answered, ended, holding;
};

G_DEFINE_FINAL_TYPE (QsAlternatives, qs_alternatives, G_TYPE_OBJECT)

static void
way_free (gpointer data)
{
  Way *way = data;

  if (way->attempt != NULL)
    {
      g_signal_handler_disconnect (way->attempt, way->finished_id);
      if (!qs_probe_get_finished (way->attempt))
        qs_probe_stop (way->attempt);
      g_object_unref (way->attempt);
    }
  g_free (way->host);
  g_free (way);
}

static void
let_go_if_done (QsAlternatives *self)
{
  if (!self->holding || self->asking || self->n_under_way > 0)
    return;
  self->holding = FALSE;
  if (self->run != NULL)
    qs_probe_let_go (self->run);
}

/* --- Trying --- */

static void
note (QsAlternatives *self, const Way *way, const char *result)
{
  QsMark mark = {
    .kind = QS_MARK_ALTERNATIVE, .name = result, .value = way->port, .stream = -1, .read_error = -1, .write_error = -1
  };
  g_autofree char *host = qs_text_escape (way->host, -1);

  mark.text = g_strdup_printf (strchr (host, ':') != NULL ? "h3 [%s]:%u" : "h3 %s:%u", host, (guint) way->port);
  mark.bytes = g_bytes_new_static (way->source, strlen (way->source));
  qs_trace_add_mark_full (self->trace, qs_trace_now (self->trace), &mark);
}

/* How far an attempt came. */
static const char *
judge (QsProbe *attempt)
{
  QsTrace *trace = qs_probe_get_trace (attempt);

  if (qs_probe_get_succeeded (attempt) || qs_trace_find_mark (trace, QS_MARK_HANDSHAKE_DONE, NULL, NULL) != NULL)
    return "answers";
  if (qs_trace_find_mark (trace, QS_MARK_ICMP, "port-unreachable", NULL) != NULL ||
      qs_trace_find_mark (trace, QS_MARK_SOCKET_ERROR, "ECONNREFUSED", NULL) != NULL)
    return "refused";
  for (guint i = 0; i < qs_trace_get_n_records (trace); i++)
    {
      QsRecord record;
      qs_trace_get_record (trace, i, &record);
      if (record.kind == QS_RECORD_DATAGRAM && record.direction == QS_DIRECTION_RECEIVED)
        return "failed";
    }
  return "silent";
}

static void
attempt_finished_cb (QsProbe *attempt, QsAlternatives *self)
{
  for (guint i = 0; i < self->ways->len; i++)
    {
      Way *way = self->ways->pdata[i];
      if (way->attempt != attempt)
        continue;
      note (self, way, judge (attempt));
      g_signal_handler_disconnect (attempt, way->finished_id);
      g_clear_object (&way->attempt);
      self->n_under_way--;
      break;
    }
  let_go_if_done (self);
}

/* Where the origin's own name is used, at the address that answered: a record or a header speaks of that site. */
static void
pin_address (QsAlternatives *self, QsProbeOptions *options, const Way *way)
{
  QsTarget *target = qs_probe_get_target (self->run);
  GSocketAddress *address = qs_probe_get_address (self->run);

  if (address == NULL || !G_IS_INET_SOCKET_ADDRESS (address) || g_hostname_is_ip_address (way->host) ||
      g_ascii_strcasecmp (way->host, qs_target_get_host (target)) != 0)
    return;
  g_autofree char *text =
      g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
  g_strfreev (options->resolve);
  options->resolve = g_new0 (char *, 2);
  options->resolve[0] = g_strdup_printf ("%s:%u:%s", way->host, (guint) way->port, text);
}

/* RFC 7838 section 2.1: whoever answers there has to prove that it is the origin. */
static QsProbeOptions *
make_options (QsAlternatives *self, const Way *way)
{
  static const char *const alpn[] = { "h3", NULL };
  QsProbeOptions *options = qs_probe_options_copy (qs_probe_get_options (self->run));
  const char *origin = qs_target_get_host (qs_probe_get_target (self->run));

  options->mode = QS_MODE_NONBLOCKING;
  options->alternatives = FALSE;
  options->experiments = QS_EXPERIMENTS_NONE;
  options->keep_open = FALSE;
  options->record = TRUE;
  options->trace_limit = TRACE_BYTES;
  options->timeout_ms = QS_ALTERNATIVE_MS;
  options->max_time_ms = QS_ALTERNATIVE_MS;
  g_strfreev (options->alpn);
  options->alpn = g_strdupv ((char **) alpn);
  g_clear_pointer (&options->tickets, qs_ticket_jar_unref);
  g_clear_pointer (&options->send, g_bytes_unref);
  if (options->sni == NULL && !g_hostname_is_ip_address (origin) && g_ascii_strcasecmp (origin, way->host) != 0)
    options->sni = g_strdup (origin);
  pin_address (self, options, way);
  return options;
}

static void
try_way (QsAlternatives *self, Way *way)
{
  g_autoptr (QsProbeOptions) options = make_options (self, way);
  g_autofree char *text = g_strdup_printf (strchr (way->host, ':') != NULL ? "quic://[%s]:%u" : "quic://%s:%u",
                                           way->host, (guint) way->port);
  g_autoptr (QsTarget) target = qs_target_new (text, NULL);

  if (target == NULL)
    return;
  self->n_tried++;
  self->n_under_way++;
  way->attempt = qs_probe_new (target, options);
  way->finished_id = g_signal_connect (way->attempt, "finished", G_CALLBACK (attempt_finished_cb), self);
  qs_probe_start (way->attempt);
}

/* --- What is advertised --- */

static gboolean
is_in_use (QsAlternatives *self, const Way *way)
{
  QsTarget *target = qs_probe_get_target (self->run);

  return qs_target_get_transport (target) == QS_TRANSPORT_QUIC && way->port == qs_target_get_port (target) &&
         g_strcmp0 (qs_trace_get_fact (self->trace, "tls.alpn"), "h3") == 0 &&
         g_ascii_strcasecmp (way->host, qs_target_get_host (target)) == 0;
}

static gboolean
is_known (QsAlternatives *self, const char *host, guint16 port)
{
  for (guint i = 0; i < self->ways->len; i++)
    {
      const Way *way = self->ways->pdata[i];
      if (way->port == port && g_ascii_strcasecmp (way->host, host) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
add_way (QsAlternatives *self, const char *host, guint16 port, const char *source)
{
  const char *where = host != NULL ? host : qs_target_get_host (qs_probe_get_target (self->run));

  if (self->ways->len >= QS_MOST_ALTERNATIVES || is_known (self, where, port))
    return;
  Way *way = g_new0 (Way, 1);
  way->host = g_strdup (where);
  way->port = port;
  way->source = source;
  g_ptr_array_add (self->ways, way);
  if (is_in_use (self, way))
    note (self, way, "same");
  else
    try_way (self, way);
}

/* fields: names and values in turn, each ends in a NUL. */
static void
read_alt_svc (QsAlternatives *self, GBytes *fields)
{
  g_auto (GStrv) list = qs_text_split_at_nul (fields);

  for (guint at = 0; list[at] != NULL && list[at + 1] != NULL; at += 2)
    {
      g_autoptr (GPtrArray) found =
          g_ascii_strcasecmp (list[at], "alt-svc") == 0 ? qs_alt_svc_parse (list[at + 1]) : NULL;
      for (guint i = 0; found != NULL && i < found->len; i++)
        {
          const QsAltSvc *alternative = found->pdata[i];
          if (g_str_equal (alternative->protocol, "h3"))
            add_way (self, alternative->host, alternative->port, "Alt-Svc");
        }
    }
}

/* --- The DNS --- */

/* RFC 9460 sections 9 and 9.5. An alias was followed when the DNS was asked: what it leads to is a record of its own. */
static void
try_record (QsAlternatives *self, const QsHttpsRecord *record)
{
  guint16 port = record->port != 0 ? record->port : qs_target_get_port (qs_probe_get_target (self->run));

  if (record->priority > 0 && qs_https_record_has_alpn (record, "h3"))
    add_way (self, g_str_equal (record->target, ".") ? NULL : record->target, port, "HTTPS");
}

static void
try_records (QsAlternatives *self)
{
  for (guint i = 0; i < qs_trace_get_n_marks (self->trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (self->trace, i, NULL);
      if (mark->kind != QS_MARK_HTTPS_RECORD || mark->bytes == NULL)
        continue;
      QsSpan rdata = QS_SPAN (g_bytes_get_data (mark->bytes, NULL), g_bytes_get_size (mark->bytes));
      g_autoptr (QsHttpsRecord) record = qs_https_record_parse (rdata, NULL);
      if (record != NULL)
        try_record (self, record);
    }
}

static void
looked_up_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsAlternatives) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = qs_https_lookup_finish (result, &error);

  self->asking = FALSE;
  if (self->run != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      qs_https_lookup_note (self->trace, records, error);
      if (self->answered)
        try_records (self);
    }
  let_go_if_done (self);
}

static gboolean
dns_timer_cb (gpointer data)
{
  QsAlternatives *self = data;

  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

gboolean
qs_alternatives_may_ask_dns (QsTarget *target, const QsProbeOptions *options)
{
  g_return_val_if_fail (target != NULL && options != NULL, FALSE);

  return qs_https_lookup_may_ask (qs_target_get_host (target), options->dns_server,
                                  options->resolve != NULL || qs_target_is_literal (target));
}

static void
ask_dns (QsAlternatives *self)
{
  QsTarget *target = qs_probe_get_target (self->run);

  if (!qs_alternatives_may_ask_dns (target, qs_probe_get_options (self->run)))
    return;
  self->asking = TRUE;
  qs_https_lookup_async (qs_target_get_host (target), qs_target_get_port (target),
                         qs_probe_get_options (self->run)->dns_server, self->cancellable, looked_up_cb,
                         g_object_ref (self));
}

/* --- Following the run --- */

static void
look (QsAlternatives *self)
{
  for (guint n = qs_trace_get_n_marks (self->trace); self->n_marks < n; self->n_marks++)
    {
      const QsMark *mark = qs_trace_get_mark (self->trace, self->n_marks, NULL);
      if (mark->kind != QS_MARK_ANSWER || self->read)
        continue;
      self->read = self->answered = TRUE;
      read_alt_svc (self, mark->bytes);
      try_records (self);
    }
}

static void
grown_cb (QsTrace *trace, QsAlternatives *self)
{
  if (self->run != NULL && !self->ended)
    look (self);
}

static void
state_cb (QsProbe *run, GParamSpec *pspec, QsAlternatives *self)
{
  if (qs_probe_get_state (run) == QS_CONNECTION_RESOLVING && !self->asking)
    ask_dns (self);
}

static void
ended_cb (QsProbe *run, QsAlternatives *self)
{
  look (self);
  self->ended = TRUE;
  /* What failed is looked into by others, and what was stopped was to be over. */
  if (qs_probe_get_stopped (run) || (!self->answered && !qs_probe_get_succeeded (run)))
    {
      g_cancellable_cancel (self->cancellable);
      g_ptr_array_set_size (self->ways, 0);
      self->n_under_way = 0;
      return;
    }
  if (!self->asking && self->n_under_way == 0)
    return;
  self->holding = TRUE;
  qs_probe_hold (run);
  if (!self->asking)
    return;
  self->dns_timer = qs_clock_new_timeout (qs_probe_get_clock (run), QS_ALTERNATIVE_DNS_MS);
  g_source_set_static_name (self->dns_timer, "[Quicscope] HTTPS records");
  g_source_set_callback (self->dns_timer, dns_timer_cb, self, NULL);
  g_source_attach (self->dns_timer, self->context);
}

/* Also when a stop has ended it while it was held. */
static void
finished_cb (QsProbe *run, QsAlternatives *self)
{
  g_cancellable_cancel (self->cancellable);
  self->holding = FALSE;
  self->n_under_way = 0;
  g_ptr_array_set_size (self->ways, 0);
}

static void
qs_alternatives_dispose (GObject *object)
{
  QsAlternatives *self = QS_ALTERNATIVES (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  if (self->dns_timer != NULL)
    g_source_destroy (self->dns_timer);
  g_clear_pointer (&self->dns_timer, g_source_unref);
  g_clear_pointer (&self->ways, g_ptr_array_unref);
  if (self->run != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->run, self);
      g_signal_handlers_disconnect_by_data (self->trace, self);
      g_clear_weak_pointer (&self->run);
    }
  g_clear_object (&self->cancellable);
  g_clear_object (&self->trace);
  g_clear_pointer (&self->context, g_main_context_unref);
  G_OBJECT_CLASS (qs_alternatives_parent_class)->dispose (object);
}

static void
qs_alternatives_class_init (QsAlternativesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = qs_alternatives_dispose;
}

static void
qs_alternatives_init (QsAlternatives *self)
{
  self->cancellable = g_cancellable_new ();
  self->ways = g_ptr_array_new_with_free_func (way_free);
  self->context = g_main_context_ref_thread_default ();
}

QsAlternatives *
qs_alternatives_new (QsProbe *run)
{
  g_return_val_if_fail (QS_IS_PROBE (run), NULL);

  QsAlternatives *self = g_object_new (QS_TYPE_ALTERNATIVES, NULL);
  QsTarget *target = qs_probe_get_target (run);
  gboolean asks = qs_target_is_https (target) || qs_target_get_path (target) != NULL;

  self->trace = g_object_ref (qs_probe_get_trace (run));
  g_set_weak_pointer (&self->run, run);
  if (!asks || !qs_probe_get_options (run)->alternatives)
    return self;
  g_signal_connect (run, "notify::state", G_CALLBACK (state_cb), self);
  g_signal_connect (run, "ended", G_CALLBACK (ended_cb), self);
  g_signal_connect (run, "finished", G_CALLBACK (finished_cb), self);
  g_signal_connect (self->trace, "grown", G_CALLBACK (grown_cb), self);
  return self;
}
