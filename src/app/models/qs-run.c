/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-run.h"

#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "base/qs-text.h"
#include "http/qs-alternatives.h"

/* News of the connection are told in the next frame; that more packets of the same kind came, a few times a second:
 * each time costs a layout of the window besides. */
#define NEWS_MS 16
#define PACKETS_MS 125
/* Deriving may take at most this part of the main loop's time. */
#define COST_SHARE 20
/* Some findings come from time that passes ("no-reply" after 3 s), not from records. */
#define WAITING_TICK_MS 250
#define NSEC_PER_SEC G_GINT64_CONSTANT (1000000000)

struct _QsRun {
  GObject parent;
  QsProbe *probe;
  QsExperiments *experiments;
  QsAlternatives *alternatives;
  QsTrace *trace;
  QsStudy *study;
  char *title;        /* what it is of */
  char *name, *shown; /* that a person gave it, and this one escaped; NULL: none */
  char *note, *scenario;
  QsTarget *target; /* of a session file, where there is no probe */
  QsProbeOptions *options;
  QsKeptOutcome outcome;
  GDateTime *started;
  QsRunStatus status;
  QsConnectionTable *table; /* NULL: it is the only one */
  gboolean watched;         /* it goes on, or did, without a probe of ours */
  guint index;              /* of these, in its table */
  GSource *reading;         /* of a file: NULL when that is done */
  QsTraceJoin *join;        /* NULL: the other end's recording is not known */

  gint64 derived_at;         /* monotonic µs */
  gint64 cost;               /* of the last time, µs */
  guint n_marks, n_messages; /* that what is derived is made of */
  gboolean update_is_slow;   /* the scheduled update waits for PACKETS_MS */
  guint update_id;           /* scheduled update */
  guint waiting_id;          /* ticks until connected */
};

enum { PROP_STATUS = 1, PROP_JOIN, PROP_TITLE, PROP_NOTE, N_PROPS };
enum { CHANGED, N_SIGNALS };

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsRun, qs_run, G_TYPE_OBJECT)

static const struct {
  const char *title;
  const char *icon_name;
  const char *css_class;
} statuses[QS_N_RUN_STATUSES] = {
  [QS_RUN_RUNNING] = { N_ ("Connecting…"), "content-loading-symbolic", "qs-active" },
  [QS_RUN_OPEN] = { N_ ("Connected"), "network-transmit-receive-symbolic", "qs-ok" },
  [QS_RUN_TRYING] = { N_ ("Failed, finding out why…"), "content-loading-symbolic", "qs-active" },
  [QS_RUN_SUCCEEDED] = { N_ ("Succeeded"), "emblem-ok-symbolic", "qs-ok" },
  [QS_RUN_FAILED] = { N_ ("Failed"), "dialog-error-symbolic", "qs-error" },
  [QS_RUN_STOPPED] = { N_ ("Stopped"), "media-playback-stop-symbolic", "qs-neutral" },
  [QS_RUN_FILE] = { N_ ("File"), "text-x-generic-symbolic", "qs-neutral" },
  [QS_RUN_WATCHED] = { N_ ("Watched"), "network-transmit-receive-symbolic", "qs-active" },
};

static const QsRunStatus status_of_outcome[QS_N_KEPT_OUTCOMES] = {
  [QS_KEPT_FILE] = QS_RUN_FILE,
  [QS_KEPT_SUCCEEDED] = QS_RUN_SUCCEEDED,
  [QS_KEPT_FAILED] = QS_RUN_FAILED,
  [QS_KEPT_STOPPED] = QS_RUN_STOPPED,
};

static QsRunStatus
status_of (QsRun *self)
{
  if (self->watched && qs_study_get_state (self->study) != QS_STUDY_SETTLED)
    return QS_RUN_WATCHED;
  if (self->watched)
    return qs_study_is_good (self->study) ? QS_RUN_SUCCEEDED : QS_RUN_FAILED;
  if (self->probe == NULL)
    return status_of_outcome[self->outcome];
  if (!qs_probe_get_finished (self->probe) && self->experiments != NULL && qs_probe_get_ended (self->probe) &&
      qs_experiments_are_under_way (self->experiments))
    return QS_RUN_TRYING;
  if (!qs_probe_get_finished (self->probe))
    return qs_probe_get_state (self->probe) < QS_CONNECTION_ESTABLISHED ? QS_RUN_RUNNING : QS_RUN_OPEN;
  if (qs_probe_get_succeeded (self->probe))
    return QS_RUN_SUCCEEDED;
  return qs_probe_get_stopped (self->probe) ? QS_RUN_STOPPED : QS_RUN_FAILED;
}

static void
set_status (QsRun *self, QsRunStatus status)
{
  if (self->status == status)
    return;
  self->status = status;
  if (status != QS_RUN_RUNNING)
    g_clear_handle_id (&self->waiting_id, g_source_remove);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATUS]);
}

static gboolean
has_news (QsRun *self)
{
  return qs_trace_get_n_marks (self->trace) != self->n_marks ||
         qs_trace_get_n_messages (self->trace) != self->n_messages;
}

/* Made here, so that it is known what it costs. */
static void
derive (QsRun *self)
{
  gint64 began = g_get_monotonic_time ();

  self->n_marks = qs_trace_get_n_marks (self->trace);
  self->n_messages = qs_trace_get_n_messages (self->trace);
  gboolean goes_on = qs_run_is_active (self) || self->status == QS_RUN_WATCHED;
  qs_study_look (self->study, goes_on ? qs_trace_now (self->trace) : -1);
  qs_study_get_steps (self->study);
  qs_study_get_verdict (self->study);
  self->derived_at = g_get_monotonic_time ();
  self->cost = self->derived_at - began;
}

static void
update (QsRun *self)
{
  g_clear_handle_id (&self->update_id, g_source_remove);
  set_status (self, status_of (self));
  derive (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static gboolean
update_cb (gpointer data)
{
  QsRun *self = data;

  self->update_id = 0;
  update (self);
  return G_SOURCE_REMOVE;
}

static void
schedule_update (QsRun *self)
{
  gboolean slow = self->status != QS_RUN_RUNNING && !has_news (self);

  if (self->update_id != 0 && (slow || !self->update_is_slow))
    return;
  g_clear_handle_id (&self->update_id, g_source_remove);

  gint64 earliest = self->derived_at + MAX ((slow ? PACKETS_MS : NEWS_MS) * 1000, self->cost * COST_SHARE);
  gint64 wait = MAX (earliest - g_get_monotonic_time (), 0);
  /* Before drawing, so that what is drawn next is up to date. */
  self->update_id = g_timeout_add_full (G_PRIORITY_HIGH_IDLE, (guint) (wait / 1000), update_cb, self, NULL);
  self->update_is_slow = slow;
  g_source_set_name_by_id (self->update_id, "[quicscope] derive run");
}

static gboolean
waiting_cb (gpointer data)
{
  schedule_update (data);
  return G_SOURCE_CONTINUE;
}

static void
trace_changed_cb (QsRun *self)
{
  schedule_update (self);
}

static void
probe_changed_cb (QsRun *self)
{
  set_status (self, status_of (self));
  schedule_update (self);
}

/* The end is told at once: who listens to it reads the verdict. */
static void
probe_finished_cb (QsRun *self)
{
  qs_study_settle (self->study);
  qs_run_refresh (self);
}

static void
qs_run_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsRun *self = QS_RUN (object);

  switch (id)
    {
    case PROP_STATUS:
      g_value_set_int (value, self->status);
      break;
    case PROP_JOIN:
      g_value_set_pointer (value, self->join);
      break;
    case PROP_TITLE:
      g_value_set_string (value, qs_run_get_title (self));
      break;
    case PROP_NOTE:
      g_value_set_string (value, self->note);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
stop_reading (QsRun *self)
{
  if (self->reading != NULL)
    g_source_destroy (self->reading);
  g_clear_pointer (&self->reading, g_source_unref);
}

static void
qs_run_dispose (GObject *object)
{
  QsRun *self = QS_RUN (object);

  g_clear_handle_id (&self->update_id, g_source_remove);
  g_clear_handle_id (&self->waiting_id, g_source_remove);
  stop_reading (self);
  if (self->probe != NULL)
    g_signal_handlers_disconnect_by_data (self->probe, self);
  if (self->trace != NULL)
    g_signal_handlers_disconnect_by_data (self->trace, self);
  if (self->study != NULL)
    g_signal_handlers_disconnect_by_data (self->study, self);
  g_clear_object (&self->experiments);
  g_clear_object (&self->alternatives);
  G_OBJECT_CLASS (qs_run_parent_class)->dispose (object);
}

static void
qs_run_finalize (GObject *object)
{
  QsRun *self = QS_RUN (object);

  g_clear_object (&self->probe);
  g_clear_object (&self->trace);
  if (self->watched)
    qs_study_disclaim (self->study);
  g_clear_object (&self->study);
  g_clear_object (&self->table);
  g_clear_pointer (&self->title, g_free);
  g_free (self->name);
  g_free (self->shown);
  g_free (self->note);
  g_free (self->scenario);
  g_clear_pointer (&self->target, qs_target_unref);
  g_clear_pointer (&self->options, qs_probe_options_free);
  g_clear_pointer (&self->started, g_date_time_unref);
  g_clear_pointer (&self->join, qs_trace_join_unref);
  G_OBJECT_CLASS (qs_run_parent_class)->finalize (object);
}

static void
qs_run_class_init (QsRunClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = qs_run_get_property;
  object_class->dispose = qs_run_dispose;
  object_class->finalize = qs_run_finalize;

  props[PROP_STATUS] = g_param_spec_int ("status", NULL, NULL, 0, QS_N_RUN_STATUSES, 0,
                                         G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  props[PROP_JOIN] =
      g_param_spec_pointer ("join", NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  props[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, "",
                                           G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  props[PROP_NOTE] = g_param_spec_string ("note", NULL, NULL, NULL,
                                          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[CHANGED] = g_signal_new ("changed", QS_TYPE_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_run_init (QsRun *self)
{
  self->started = g_date_time_new_now_local ();
}

static QsRun *
run_new (QsStudy *study, QsProbe *probe)
{
  QsRun *self = g_object_new (QS_TYPE_RUN, NULL);
  QsTrace *trace = qs_study_get_trace (study);

  self->trace = g_object_ref (trace);
  self->probe = probe != NULL ? g_object_ref (probe) : NULL;
  self->study = g_object_ref (study);
  self->status = status_of (self);
  g_signal_connect_swapped (trace, "grown", G_CALLBACK (trace_changed_cb), self);
  g_signal_connect_swapped (trace, "derived", G_CALLBACK (trace_changed_cb), self);
  derive (self);
  return self;
}

const char *
qs_run_status_title (QsRunStatus status)
{
  g_return_val_if_fail (status < QS_N_RUN_STATUSES, "");

  return _ (statuses[status].title);
}

const char *
qs_run_status_icon_name (QsRunStatus status)
{
  g_return_val_if_fail (status < QS_N_RUN_STATUSES, "");

  return statuses[status].icon_name;
}

const char *
qs_run_status_css_class (QsRunStatus status)
{
  g_return_val_if_fail (status < QS_N_RUN_STATUSES, "");

  return statuses[status].css_class;
}

QsRun *
qs_run_new_for_probe (QsProbe *probe)
{
  g_return_val_if_fail (QS_IS_PROBE (probe), NULL);

  g_autoptr (QsStudy) study = qs_study_new (qs_probe_get_trace (probe), qs_probe_get_dissector (probe));
  QsRun *self = run_new (study, probe);
  self->title = qs_text_escape (qs_target_to_string (qs_probe_get_target (probe)), -1);
  g_signal_connect_swapped (probe, "notify::state", G_CALLBACK (probe_changed_cb), self);
  g_signal_connect_swapped (probe, "notify::finished", G_CALLBACK (probe_changed_cb), self);
  g_signal_connect_swapped (probe, "finished", G_CALLBACK (probe_finished_cb), self);
  self->experiments = qs_experiments_new (probe);
  self->alternatives = qs_alternatives_new (probe);
  g_signal_connect_object (qs_experiments_get_model (self->experiments), "items-changed", G_CALLBACK (probe_changed_cb),
                           self, G_CONNECT_SWAPPED);
  if (self->status == QS_RUN_RUNNING)
    self->waiting_id = g_timeout_add (WAITING_TICK_MS, waiting_cb, self);
  return self;
}

QsRun *
qs_run_new_for_study (QsStudy *study, const char *title)
{
  g_return_val_if_fail (QS_IS_STUDY (study) && title != NULL, NULL);

  QsTrace *trace = qs_study_get_trace (study);
  QsRun *self = run_new (study, NULL);
  g_autoptr (GDateTime) recorded = g_date_time_new_from_unix_local (qs_trace_get_origin (trace) / NSEC_PER_SEC);
  self->title = qs_text_escape (title, -1);
  if (recorded != NULL && qs_trace_get_origin (trace) > 0)
    {
      g_date_time_unref (self->started);
      self->started = g_steal_pointer (&recorded);
    }
  return self;
}

QsRun *
qs_run_new_for_trace (QsTrace *trace, const char *title)
{
  g_return_val_if_fail (QS_IS_TRACE (trace) && title != NULL, NULL);

  g_autoptr (QsStudy) study = qs_study_new (trace, NULL);
  return qs_run_new_for_study (study, title);
}

static gboolean
read_cb (gint64 deadline, gpointer data)
{
  QsRun *self = data;

  if (!qs_study_advance (self->study, deadline))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->reading, g_source_unref);
  schedule_update (self);
  return G_SOURCE_REMOVE;
}

/* Time has passed, if nothing else. */
static void
row_cb (QsRun *self, guint index)
{
  if (index == self->index && qs_study_get_state (self->study) != QS_STUDY_SETTLED)
    schedule_update (self);
}

/* "12: www.example.org, 192.0.2.1:40000", so that one finds it again. */
static char *
dup_watched_title (const QsConnectionRow *row)
{
  const char *server = *row->name != '\0' ? row->name : row->server;

  return g_strdup_printf ("%u: %s, %s", row->number, server, row->client);
}

QsRun *
qs_run_new_for_connection (QsConnectionTable *table, guint index, gboolean choice)
{
  g_return_val_if_fail (QS_IS_CONNECTION_TABLE (table), NULL);

  g_autoptr (QsStudy) study = qs_connection_table_dup_study (table, index);
  if (study == NULL)
    return NULL;
  gboolean grows = qs_connection_table_is_growing (table);
  const char *title = qs_trace_get_title (qs_study_get_trace (study));
  QsRun *self = qs_run_new_for_study (study, title != NULL ? title : "");
  if (grows)
    {
      g_free (self->title);
      self->title = dup_watched_title (qs_connection_table_get_row (table, index));
      self->watched = TRUE;
      self->index = index;
      self->status = status_of (self);
      qs_study_claim (study);
      g_signal_connect_swapped (study, "notify::state", G_CALLBACK (update), self);
      g_signal_connect_object (table, "row", G_CALLBACK (row_cb), self, G_CONNECT_SWAPPED);
    }
  if (choice && (grows || qs_connection_table_get_length (table) > 1))
    self->table = g_object_ref (table);
  if (qs_study_get_state (study) == QS_STUDY_DISSECTING)
    self->reading = qs_slice_add (NULL, "[quicscope] dissect file", read_cb, self, NULL);
  qs_run_take_join (self);
  return self;
}

QsConnectionTable *
qs_run_get_table (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->table;
}

gboolean
qs_run_is_reading (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), FALSE);

  return self->reading != NULL;
}

double
qs_run_get_read (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), 0);

  guint n = qs_trace_get_n_packets (self->trace), n_records = qs_trace_get_n_records (self->trace);
  if (qs_study_get_state (self->study) == QS_STUDY_SETTLED)
    return 1;
  return n > 0 && n_records > 0 ? (double) qs_trace_get_packet (self->trace, n - 1)->record / n_records : 0;
}

QsProbe *
qs_run_get_probe (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->probe;
}

QsStudy *
qs_run_get_study (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->study;
}

QsTrace *
qs_run_get_trace (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->trace;
}

const char *
qs_run_get_title (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->shown != NULL ? self->shown : self->title;
}

const char *
qs_run_get_own_title (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->title;
}

/* What is empty, or nothing but space, is none. (transfer full) */
static char *
dup_words (const char *text)
{
  char *words = text != NULL ? g_strstrip (g_strdup (text)) : NULL;

  if (words != NULL && *words == '\0')
    g_clear_pointer (&words, g_free);
  return words;
}

void
qs_run_set_name (QsRun *self, const char *name)
{
  g_return_if_fail (QS_IS_RUN (self));

  g_free (self->name);
  g_free (self->shown);
  self->name = dup_words (name);
  self->shown = self->name != NULL ? qs_text_escape (self->name, -1) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TITLE]);
}

const char *
qs_run_get_name (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->name;
}

void
qs_run_set_note (QsRun *self, const char *note)
{
  g_return_if_fail (QS_IS_RUN (self));

  g_free (self->note);
  self->note = dup_words (note);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NOTE]);
}

const char *
qs_run_get_note (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->note;
}

QsTarget *
qs_run_get_target (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->probe != NULL ? qs_probe_get_target (self->probe) : self->target;
}

const QsProbeOptions *
qs_run_get_options (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->probe != NULL ? qs_probe_get_options (self->probe) : self->options;
}

const char *
qs_run_get_scenario (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->scenario;
}

void
qs_run_set_scenario (QsRun *self, const char *scenario)
{
  g_return_if_fail (QS_IS_RUN (self));

  g_free (self->scenario);
  self->scenario = g_strdup (scenario);
}

void
qs_run_set_kept (QsRun *self, const QsKeptRun *kept)
{
  g_return_if_fail (QS_IS_RUN (self) && self->probe == NULL && kept != NULL);

  GDateTime *started = g_date_time_new_from_unix_local (kept->started);

  g_clear_pointer (&self->target, qs_target_unref);
  g_clear_pointer (&self->options, qs_probe_options_free);
  self->target = kept->target != NULL ? qs_target_new (kept->target, NULL) : NULL;
  if (self->target != NULL && kept->options != NULL)
    self->options = qs_probe_options_copy (kept->options);
  self->outcome = kept->outcome;
  g_free (self->title);
  self->title = qs_text_escape (kept->title, -1);
  g_date_time_unref (self->started);
  self->started = started != NULL ? started : g_date_time_new_now_local ();
  qs_run_set_scenario (self, kept->scenario);
  qs_run_set_name (self, kept->name);
  qs_run_set_note (self, kept->note);
  update (self);
}

char *
qs_run_dup_file_name (QsRun *self, const char *ending)
{
  g_return_val_if_fail (QS_IS_RUN (self) && ending != NULL, NULL);

  QsTarget *target = qs_run_get_target (self);
  if (target == NULL)
    {
      g_autofree char *title = qs_text_to_file_name (self->title);
      return g_strconcat (title, ending, NULL);
    }
  g_autofree char *host = qs_text_to_file_name (qs_target_get_host (target));
  g_autofree char *time = g_date_time_format (self->started, "%Y-%m-%d-%H%M%S");
  return g_strconcat (host, "-", time, ending, NULL);
}

GDateTime *
qs_run_get_started (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->started;
}

QsRunStatus
qs_run_get_status (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), QS_RUN_FILE);

  return self->status;
}

gboolean
qs_run_is_active (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), FALSE);

  return self->status == QS_RUN_RUNNING || self->status == QS_RUN_OPEN || self->status == QS_RUN_TRYING;
}

GListModel *
qs_run_get_experiments (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->experiments != NULL ? qs_experiments_get_model (self->experiments) : NULL;
}

QsRun *
qs_run_get_attempt (QsRun *self, QsExperiment *experiment)
{
  g_return_val_if_fail (QS_IS_RUN (self) && QS_IS_EXPERIMENT (experiment), NULL);

  QsRun *attempt = g_object_get_data (G_OBJECT (experiment), "qs-run");
  if (attempt != NULL || qs_experiment_get_probe (experiment) == NULL)
    return attempt;
  attempt = qs_run_new_for_probe (qs_experiment_get_probe (experiment));
  g_free (attempt->title);
  attempt->title = g_strdup_printf ("%s · %s", self->title, qs_experiment_get_title (experiment));
  g_object_set_data_full (G_OBJECT (experiment), "qs-run", attempt, g_object_unref);
  return attempt;
}

GPtrArray *
qs_run_get_steps (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return qs_study_get_steps (self->study);
}

GPtrArray *
qs_run_get_findings (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return qs_study_get_findings (self->study);
}

const QsSummary *
qs_run_get_summary (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return qs_study_get_summary (self->study);
}

const char *
qs_run_get_verdict (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return qs_study_get_verdict (self->study);
}

QsTraceJoin *
qs_run_get_join (QsRun *self)
{
  g_return_val_if_fail (QS_IS_RUN (self), NULL);

  return self->join;
}

void
qs_run_set_join (QsRun *self, QsTraceJoin *join)
{
  g_return_if_fail (QS_IS_RUN (self) && (join == NULL || qs_trace_join_get_own (join) == self->trace));

  if (self->join == join)
    return;
  g_clear_pointer (&self->join, qs_trace_join_unref);
  self->join = join != NULL ? qs_trace_join_ref (join) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_JOIN]);
}

void
qs_run_take_join (QsRun *self)
{
  g_return_if_fail (QS_IS_RUN (self));

  if (self->join == NULL && qs_study_get_join (self->study) != NULL)
    qs_run_set_join (self, qs_study_get_join (self->study));
}

void
qs_run_stop (QsRun *self)
{
  g_return_if_fail (QS_IS_RUN (self));

  stop_reading (self);

  if (self->probe != NULL && !qs_probe_get_finished (self->probe))
    qs_probe_stop (self->probe);
}

void
qs_run_refresh (QsRun *self)
{
  g_return_if_fail (QS_IS_RUN (self));

  update (self);
}
