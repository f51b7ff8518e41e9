/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "base/qs-text.h"
#include "engine/qs-probe-private.h"
#include "engine/qs-states.h"
#include "engine/qs-stream-private.h"
#include "net/qs-resolve.h"
#include "net/qs-udp-bio.h"
#include "trace/qs-trace-budget.h"

/* "finished" within 100 ms: this for what was concluded to be acknowledged, then the peer is told all the same. */
#define STOP_FLUSH_MS 30

G_DEFINE_FINAL_TYPE (QsProbe, qs_probe, G_TYPE_OBJECT)

enum { PROP_0, PROP_STATE, PROP_FINISHED, N_PROPS };

enum { SIGNAL_EVENT, SIGNAL_DATA, SIGNAL_BODY, SIGNAL_ENDED, SIGNAL_FINISHED, N_SIGNALS };

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

/* --- Timers --- */

GSource *
qs_probe_add_timeout (QsProbe *self, guint ms, GSourceFunc func)
{
  return qs_probe_add_timeout_full (self, ms, func, self);
}

GSource *
qs_probe_add_timeout_full (QsProbe *self, guint ms, GSourceFunc func, gpointer data)
{
  GSource *source = qs_clock_new_timeout (self->clock, ms);

  g_source_set_static_name (source, "[Quicscope] probe");
  g_source_set_callback (source, func, data, NULL);
  g_source_attach (source, self->context);
  return source;
}

void
qs_probe_clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

void
qs_probe_set_deadline (QsProbe *self, guint ms, GSourceFunc func)
{
  qs_probe_clear_source (&self->deadline);
  self->deadline = qs_probe_add_timeout (self, ms, func);
}

/* --- Telling --- */

void
qs_probe_log (QsProbe *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_signal_emit (self, signals[SIGNAL_EVENT], 0, text);
}

void
qs_probe_emit_data (QsProbe *self, QsStream *stream, const guint8 *bytes, gsize length)
{
  if (!g_signal_has_handler_pending (self, signals[SIGNAL_DATA], 0, FALSE))
    return;
  g_autoptr (GBytes) copy = g_bytes_new (bytes, length);
  g_signal_emit (self, signals[SIGNAL_DATA], 0, stream, copy);
}

void
qs_probe_emit_body (QsProbe *self, const guint8 *bytes, gsize length)
{
  if (!g_signal_has_handler_pending (self, signals[SIGNAL_BODY], 0, FALSE))
    return;
  g_autoptr (GBytes) copy = g_bytes_new (bytes, length);
  g_signal_emit (self, signals[SIGNAL_BODY], 0, copy);
}

void
qs_probe_set_state (QsProbe *self, QsConnectionState state)
{
  g_assert (qs_connection_state_may_follow (self->state, state));
  self->state = state;
  qs_trace_add_mark (self->trace, QS_MARK_STATE, qs_connection_state_name (state), state, NULL);
  qs_probe_log (self, "%s", qs_connection_state_title (state));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

/* --- The end --- */

static void
finish (QsProbe *self)
{
  if (self->finished)
    return;
  self->finished = TRUE;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FINISHED]);
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0);
}

/* What was recorded last is dissected in slices, then the run is finished. */
static gboolean
finish_cb (gint64 deadline, gpointer data)
{
  QsProbe *self = data;

  if (self->dissector != NULL && !qs_dissector_advance (self->dissector, deadline))
    return G_SOURCE_CONTINUE;
  if (self->dissector != NULL)
    qs_dissector_finish (self->dissector);
  self->ended_told = TRUE;
  g_signal_emit (self, signals[SIGNAL_ENDED], 0);
  if (self->n_holds == 0)
    finish (self);
  return G_SOURCE_REMOVE;
}

static void
detach_streams (QsProbe *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->streams));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (QsStream) stream = g_list_model_get_item (G_LIST_MODEL (self->streams), i);
      qs_stream_detach (stream);
    }
}

static void
release (QsProbe *self)
{
  qs_probe_clear_source (&self->patience);
  qs_probe_clear_source (&self->ceiling);
  qs_probe_clear_source (&self->foreign_timer);
  qs_probe_clear_source (&self->deadline);
  if (self->request != NULL)
    qs_probe_clear_source (&self->request->limits_timer);
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->follower, qs_follower_free);
  detach_streams (self);
  qs_probe_race_stop (self);
}

static void
settle_state (QsProbe *self, gboolean succeeded)
{
  if (!succeeded && !(self->stopped && self->state >= QS_CONNECTION_ESTABLISHED))
    {
      qs_probe_set_state (self, QS_CONNECTION_FAILED);
      return;
    }
  if (self->state == QS_CONNECTION_ESTABLISHED)
    qs_probe_set_state (self, QS_CONNECTION_CLOSING);
  qs_probe_set_state (self, QS_CONNECTION_CLOSED);
}

void
qs_probe_end (QsProbe *self, gboolean succeeded)
{
  if (self->ending)
    return;
  self->ending = TRUE;
  self->succeeded = succeeded;
  /* Who gave up has noted why; else the other side ended it. */
  if (self->request != NULL)
    qs_request_note_end (self->request, self->stopped ? "stopped" : "cut", NULL);
  if (succeeded)
    self->stage = QS_STAGE_DONE;
  release (self);
  settle_state (self, succeeded);
  qs_trace_add_mark (self->trace, QS_MARK_OUTCOME,
                     succeeded       ? "ok"
                     : self->stopped ? "stopped"
                                     : "failed",
                     0, qs_stage_name (self->stage));

  g_autoptr (GSource) source =
      qs_slice_add (self->context, "[Quicscope] end of a run", finish_cb, g_object_ref (self), g_object_unref);
}

/* --- Beginning --- */

static void
resolve_failed (QsProbe *self, const GError *error)
{
  g_autofree char *text = qs_text_escape (error->message, -1);

  qs_trace_add_mark (self->trace, QS_MARK_RESOLVE_FAILED, qs_resolve_error_name (error), error->code, text);
  qs_probe_log (self, "%s", text);
  qs_probe_end (self, FALSE);
}

static void
resolved_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsProbe) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) addresses = qs_resolve_finish (result, &error);

  if (self->ending)
    return;
  if (addresses == NULL)
    {
      resolve_failed (self, error);
      return;
    }
  g_autoptr (GString) list = g_string_new (NULL);
  for (guint i = 0; i < addresses->len; i++)
    {
      GInetAddress *address = g_inet_socket_address_get_address (addresses->pdata[i]);
      g_autofree char *text = g_inet_address_to_string (address);
      g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", text);
    }
  qs_trace_add_mark (self->trace, QS_MARK_RESOLVED, NULL, addresses->len, list->str);
  self->addresses = g_steal_pointer (&addresses);
  qs_probe_race_start (self);
}

static gboolean
begin_cb (gpointer data)
{
  QsProbe *self = data;
  g_autoptr (GError) error = NULL;

  if (self->ending)
    return G_SOURCE_REMOVE;
  if (!qs_probe_prepare (self, &error))
    {
      qs_trace_add_mark (self->trace, QS_MARK_NOTE, "options", error->code, error->message);
      qs_probe_log (self, "%s", error->message);
      qs_probe_end (self, FALSE);
      return G_SOURCE_REMOVE;
    }
  qs_ssl_config_add_facts (self->config, self->trace);
  qs_probe_patience_start (self);
  qs_resolve_async (self->target, self->options->family, (const char *const *) self->options->resolve,
                    self->cancellable, resolved_cb, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

/* --- GObject --- */

static void
qs_probe_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsProbe *self = QS_PROBE (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_FINISHED:
      g_value_set_boolean (value, self->finished);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

/* What a run needs while it goes on, and what it made. */
static void
drop_run (QsProbe *self)
{
  self->ending = TRUE;
  release (self);
  g_clear_pointer (&self->attempts, g_ptr_array_unref);
  g_clear_pointer (&self->race, qs_race_free);
  g_clear_pointer (&self->winner, qs_connection_unref);
  g_clear_pointer (&self->request, qs_request_free);
  g_clear_pointer (&self->config, qs_ssl_config_unref);
  g_clear_pointer (&self->impairment, qs_impairment_free);
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
}

static void
qs_probe_dispose (GObject *object)
{
  drop_run (QS_PROBE (object));
  G_OBJECT_CLASS (qs_probe_parent_class)->dispose (object);
}

static void
qs_probe_finalize (GObject *object)
{
  QsProbe *self = QS_PROBE (object);

  g_clear_pointer (&self->target, qs_target_unref);
  g_clear_pointer (&self->options, qs_probe_options_free);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->clock);
  g_clear_object (&self->settled_address);
  g_free (self->settled_version);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->streams);
  g_hash_table_unref (self->stream_of);
  g_clear_pointer (&self->kept, g_rc_box_release);
  g_clear_object (&self->dissector);
  g_clear_object (&self->trace);
  G_OBJECT_CLASS (qs_probe_parent_class)->finalize (object);
}

static void
qs_probe_class_init (QsProbeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = qs_probe_get_property;
  object_class->dispose = qs_probe_dispose;
  object_class->finalize = qs_probe_finalize;
  props[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, QS_TYPE_CONNECTION_STATE, QS_CONNECTION_IDLE, flags);
  props[PROP_FINISHED] = g_param_spec_boolean ("finished", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  signals[SIGNAL_EVENT] =
      g_signal_new ("event", QS_TYPE_PROBE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_DATA] = g_signal_new ("data", QS_TYPE_PROBE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                       QS_TYPE_STREAM, G_TYPE_BYTES);
  signals[SIGNAL_BODY] =
      g_signal_new ("body", QS_TYPE_PROBE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BYTES);
  signals[SIGNAL_ENDED] = g_signal_new ("ended", QS_TYPE_PROBE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_FINISHED] =
      g_signal_new ("finished", QS_TYPE_PROBE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_probe_init (QsProbe *self)
{
  self->cancellable = g_cancellable_new ();
  self->streams = g_list_store_new (QS_TYPE_STREAM);
  self->stream_of = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->kept = g_rc_box_new0 (gsize);
  self->context = g_main_context_ref_thread_default ();
}

/* --- Streams --- */

QsStream *
qs_probe_find_stream (QsProbe *self, gint64 id)
{
  return g_hash_table_lookup (self->stream_of, &id); /* the list holds it */
}

static int
compare_ids (gconstpointer a, gconstpointer b, gpointer data)
{
  gint64 first = qs_stream_get_id ((QsStream *) a), second = qs_stream_get_id ((QsStream *) b);

  return first < second ? -1 : first > second;
}

QsStream *
qs_probe_add_stream (QsProbe *self, gint64 id, gboolean bidirectional, gboolean local)
{
  g_autoptr (QsStream) stream = qs_stream_new (self->winner, id, bidirectional, local, self->options->kept, self->kept);

  g_hash_table_insert (self->stream_of, g_memdup2 (&id, sizeof id), stream);
  g_list_store_insert_sorted (self->streams, stream, compare_ids, NULL);
  return stream;
}

QsStream *
qs_probe_open_stream (QsProbe *self, gboolean bidirectional, GError **error)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);

  if (self->state != QS_CONNECTION_ESTABLISHED || self->ending || self->close_asked)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_FAILED,
                           _ ("There is no open connection for a stream: connect first."));
      return NULL;
    }
  gint64 id = qs_connection_open_stream (self->winner, bidirectional);
  QsStream *known = qs_probe_find_stream (self, id);
  if (known != NULL)
    {
      /* TLS has but one. */
      if (self->request == NULL || self->request->stream < 0)
        return g_object_ref (known);
      g_set_error_literal (error, QS_ERROR, QS_ERROR_UNSUPPORTED,
                           _ ("TLS over TCP has one stream only: use that one."));
      return NULL;
    }
  return g_object_ref (qs_probe_add_stream (self, id, bidirectional, TRUE));
}

/* --- Public functions --- */

QsProbe *
qs_probe_new (QsTarget *target, const QsProbeOptions *options)
{
  g_return_val_if_fail (target != NULL && options != NULL, NULL);

  QsProbe *self = g_object_new (QS_TYPE_PROBE, NULL);
  g_autofree char *title = qs_text_escape (qs_target_to_string (target), -1);
  self->target = qs_target_ref (target);
  self->options = qs_probe_options_copy (options);
  self->clock = g_object_ref (options->clock != NULL ? options->clock : qs_clock_get_steady ());
  self->trace = qs_trace_new (QS_VANTAGE_CLIENT, options->clock);
  qs_trace_set_title (self->trace, title);
  *self->kept = options->kept + options->kept / 2; /* of all streams together */
  qs_trace_set_budget (self->trace, options->trace_budget > 0 ? options->trace_budget : QS_TRACE_BUDGET);
  if (options->trace_limit > 0)
    qs_trace_set_payload_limit (self->trace, options->trace_limit);
  if (options->record)
    self->dissector = qs_dissector_new (self->trace);
  return self;
}

gboolean
qs_probe_prepare (QsProbe *self, GError **error)
{
  g_return_val_if_fail (QS_IS_PROBE (self), FALSE);

  if (self->impairment == NULL && self->options->impairment != NULL &&
      (self->impairment = qs_impairment_new (self->options->impairment, error)) == NULL)
    return FALSE;
  if (self->config == NULL)
    self->config = qs_ssl_config_new (self->target, self->options, error);
  return self->config != NULL;
}

void
qs_probe_start (QsProbe *self)
{
  g_return_if_fail (QS_IS_PROBE (self) && !self->started);

  self->started = TRUE;
  self->stage = QS_STAGE_RESOLVE;
  self->last_progress = qs_clock_now_us (self->clock);
  if (self->options->record)
    self->follower = qs_follower_new (self->dissector, self->trace);
  qs_probe_set_state (self, QS_CONNECTION_RESOLVING);

  g_autoptr (GSource) source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, begin_cb, g_object_ref (self), g_object_unref);
  g_source_attach (source, self->context);
}

static gboolean
stop_overdue_cb (gpointer data)
{
  QsProbe *self = data;

  if (self->winner != NULL && self->state >= QS_CONNECTION_ESTABLISHED)
    {
      qs_probe_close_now (self);
      return G_SOURCE_REMOVE;
    }
  qs_probe_clear_source (&self->deadline);
  qs_probe_end (self, FALSE);
  return G_SOURCE_REMOVE;
}

void
qs_probe_stop (QsProbe *self)
{
  g_return_if_fail (QS_IS_PROBE (self) && self->started);

  /* An ended one may be held: nobody waits for that who wants it stopped. */
  if (self->ended_told)
    finish (self);
  if (self->ending || self->stopped)
    return;
  self->stopped = TRUE;
  qs_probe_set_deadline (self, STOP_FLUSH_MS, stop_overdue_cb);
  if (self->winner != NULL && self->state >= QS_CONNECTION_ESTABLISHED)
    qs_probe_close (self, self->close_asked ? QS_CLOSE_NOW : QS_CLOSE_LINGER, qs_probe_good_code (self));
  else if (self->race != NULL)
    qs_probe_race_close (self);
  else
    qs_probe_end (self, FALSE);
}

void
qs_probe_hold (QsProbe *self)
{
  g_return_if_fail (QS_IS_PROBE (self) && !self->finished);
  self->n_holds++;
}

void
qs_probe_let_go (QsProbe *self)
{
  g_return_if_fail (QS_IS_PROBE (self) && self->n_holds > 0);

  if (--self->n_holds == 0 && self->ended_told)
    finish (self);
}

GSocket *
qs_probe_open_twin (QsProbe *self, GError **error)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);

  QsConnection *waited_on = self->winner != NULL ? self->winner
                            : self->race != NULL ? qs_probe_race_get_waited_on (self)
                                                 : NULL;
  if (waited_on != NULL)
    return qs_connection_open_twin (waited_on, error);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "-");
  return NULL;
}

void
qs_probe_settle (QsProbe *self)
{
  g_return_if_fail (QS_IS_PROBE (self) && self->finished);

  if (self->settled)
    return;
  self->settled = TRUE;
  g_set_object (&self->settled_address, qs_probe_get_address (self));
  self->settled_status = qs_probe_get_http_status (self);
  self->settled_version = g_strdup (qs_probe_get_http_version (self));
  self->settled_length = qs_probe_get_response_length (self);
  drop_run (self);
  g_hash_table_remove_all (self->stream_of);
  g_list_store_remove_all (self->streams);
  g_clear_object (&self->dissector);
  g_clear_object (&self->trace);
}

QsTarget *
qs_probe_get_target (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);
  return self->target;
}

QsClock *
qs_probe_get_clock (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);
  return self->clock;
}

const QsProbeOptions *
qs_probe_get_options (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);
  return self->options;
}

QsConnectionState
qs_probe_get_state (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), QS_CONNECTION_IDLE);
  return self->state;
}

gboolean
qs_probe_get_finished (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), FALSE);
  return self->finished;
}

gint64
qs_probe_get_last_progress (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), 0);
  return self->last_progress;
}

gboolean
qs_probe_get_ended (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), FALSE);
  return self->ended_told;
}

gboolean
qs_probe_get_succeeded (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), FALSE);
  return self->succeeded;
}

gboolean
qs_probe_get_stopped (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), FALSE);
  return self->stopped;
}

QsStage
qs_probe_get_stage (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), QS_STAGE_RESOLVE);
  return self->stage;
}

QsTrace *
qs_probe_get_trace (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);
  return self->trace;
}

QsDissector *
qs_probe_get_dissector (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);
  return self->dissector;
}

GListModel *
qs_probe_get_streams (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);
  return G_LIST_MODEL (self->streams);
}

GSocketAddress *
qs_probe_get_address (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);

  if (self->winner != NULL)
    return qs_connection_get_address (self->winner);
  if (self->settled_address != NULL)
    return self->settled_address;
  return self->addresses != NULL && self->next_address > 0 ? self->addresses->pdata[self->next_address - 1] : NULL;
}

GBytes *
qs_probe_dup_response (QsProbe *self)
{
  return qs_probe_dup_response_start (self, G_MAXSIZE);
}

GBytes *
qs_probe_dup_response_start (QsProbe *self, gsize most)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);

  if (self->request == NULL)
    return g_bytes_new (NULL, 0);
  return qs_kept_bytes_dup_start (self->request->body, most);
}

guint64
qs_probe_get_response_length (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), 0);
  return self->request != NULL ? self->request->body_length : self->settled_length;
}

guint
qs_probe_get_http_status (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), 0);
  return self->request != NULL ? self->request->status : self->settled_status;
}

const char *
qs_probe_get_http_version (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);
  return self->request != NULL ? self->request->version : self->settled_version;
}

const char *const *
qs_probe_get_http_headers (QsProbe *self)
{
  g_return_val_if_fail (QS_IS_PROBE (self), NULL);
  return self->request != NULL ? (const char *const *) self->request->headers : NULL;
}
