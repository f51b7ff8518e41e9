/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-session.h"

#include "app/models/qs-other-end.h"
#include "base/qs-i18n.h"

/* A probe's and the server's own promise is 100 ms each. */
#define CLOSE_TIMEOUT_MS 300
#define CLOSE_POLL_MS 5

/* What a view remembers of a run. */
typedef struct {
  gint64 selection;
  gint64 visible_from, visible_to;
  char *filter;
} View;

struct _QsSession {
  GObject parent;
  GListStore *runs;
  QsRun *run;
  View none; /* while no run is shown */
  QsCompared *compared;
  QsRunBin *bin;
  QsLab *lab;
  QsExaminer *examiner;
  QsWatch *watch, *stream;
  QsLog *log;
  QsHistory *history;
  QsReplay *replay;
  gboolean presenting;
  QsProbeOptions *lab_options; /* set: the lab is to be probed once it listens */
};

enum {
  PROP_RUN = 1,
  PROP_SELECTION,
  PROP_VISIBLE_FROM,
  PROP_VISIBLE_TO,
  PROP_FILTER,
  N_RUN_PROPS,
  PROP_PRESENTING = N_RUN_PROPS,
  N_PROPS
};
enum { SHOW_PAGE, RUN_STATUS, RUN_TITLE, N_SIGNALS };

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsSession, qs_session, G_TYPE_OBJECT)

static void
view_init (View *view)
{
  view->selection = view->visible_from = view->visible_to = -1;
  view->filter = g_strdup ("");
}

static void
view_free (gpointer data)
{
  View *view = data;

  g_free (view->filter);
  g_free (view);
}

static View *
get_view (QsSession *self)
{
  if (self->run == NULL)
    return &self->none;

  View *view = g_object_get_data (G_OBJECT (self->run), "qs-session-view");
  if (view == NULL)
    {
      view = g_new0 (View, 1);
      view_init (view);
      g_object_set_data_full (G_OBJECT (self->run), "qs-session-view", view, view_free);
    }
  return view;
}

static void
run_event_cb (QsProbe *probe, const char *text, QsRun *run)
{
  QsLog *log = g_object_get_data (G_OBJECT (run), "qs-session-log");

  qs_log_add (log, qs_run_get_title (run), text);
}

static void
lab_event_cb (QsSession *self, const char *text)
{
  qs_log_add (self->log, _ ("Lab"), text);
}

/* Over, not looked at, and to be made again as it was: of a recording, a session of before, and what somebody named there is no other. */
static gboolean
may_go (QsSession *self, QsRun *run)
{
  return !qs_run_is_active (run) && qs_run_get_probe (run) != NULL && run != self->run &&
         qs_run_get_name (run) == NULL && qs_run_get_note (run) == NULL;
}

/* The oldest of those: they can be had back like what a person forgets. */
static void
make_room (QsSession *self)
{
  GListModel *runs = G_LIST_MODEL (self->runs);
  g_autoptr (GPtrArray) may = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (runs); i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (runs, i);
      if (may_go (self, run))
        g_ptr_array_add (may, g_steal_pointer (&run));
    }
  if (may->len < QS_SESSION_MOST_RUNS)
    return;
  guint n = may->len - QS_SESSION_MOST_RUNS + 1;
  for (guint i = 0; i < n; i++)
    qs_log_add (self->log, qs_run_get_title (may->pdata[i]),
                _ ("Taken off the list of runs: it is full, and this one is the oldest"));
  qs_run_bin_take (self->bin, self->runs, (QsRun *const *) may->pdata, n);
}

static void
run_status_cb (QsSession *self, GParamSpec *pspec, QsRun *run)
{
  g_signal_emit (self, signals[RUN_STATUS], 0, run);
}

static void
run_title_cb (QsSession *self, GParamSpec *pspec, QsRun *run)
{
  g_signal_emit (self, signals[RUN_TITLE], 0, run);
}

void
qs_session_list_run (QsSession *self, QsRun *run)
{
  g_return_if_fail (QS_IS_SESSION (self) && QS_IS_RUN (run));

  if (qs_run_get_probe (run) != NULL)
    make_room (self);
  g_object_set_data_full (G_OBJECT (run), "qs-session-log", g_object_ref (self->log), g_object_unref);
  g_signal_connect_object (run, "notify::status", G_CALLBACK (run_status_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (run, "notify::title", G_CALLBACK (run_title_cb), self, G_CONNECT_SWAPPED);
  g_list_store_append (self->runs, run);
}

gboolean
qs_session_has_room (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), FALSE);

  return g_list_model_get_n_items (G_LIST_MODEL (self->runs)) < QS_KEPT_MOST_RUNS;
}

static QsRun *
add_run (QsSession *self, QsRun *run)
{
  qs_session_list_run (self, run);
  qs_session_set_run (self, run);
  return run;
}

static QsRun *
start_run (QsSession *self, QsTarget *target, const QsProbeOptions *options)
{
  g_autoptr (QsProbeOptions) own = qs_probe_options_copy (options);
  /* What the lab's server does is known, and its list of connections is to show those that one asked for. */
  if (qs_lab_serves (self->lab, target) && !qs_scenario_find (qs_lab_get_scenario (self->lab))->by_experiment)
    own->experiments = QS_EXPERIMENTS_NONE;
  g_autoptr (QsProbe) probe = qs_probe_new (target, own);
  g_autoptr (QsRun) run = qs_run_new_for_probe (probe);

  g_signal_connect_object (probe, "event", G_CALLBACK (run_event_cb), run, 0);
  if (qs_lab_serves (self->lab, target))
    {
      qs_run_set_scenario (run, qs_lab_get_scenario (self->lab));
      qs_other_end_watch (run, self->lab);
    }
  add_run (self, run);
  qs_probe_start (probe);
  return run;
}

static void
probe_lab_now (QsSession *self)
{
  g_autoptr (QsProbeOptions) options = g_steal_pointer (&self->lab_options);
  g_autofree char *text = qs_lab_dup_target (self->lab);
  g_autoptr (QsTarget) target = qs_target_new (text, NULL);

  g_assert (target != NULL);
  qs_lab_fill_options (self->lab, options);
  start_run (self, target, options);
}

static void
lab_running_cb (QsSession *self)
{
  if (self->lab_options != NULL && qs_lab_get_running (self->lab))
    probe_lab_now (self);
}

static void
replay_packet_cb (QsSession *self)
{
  if (qs_replay_is_under_way (self->replay))
    qs_session_set_selection (self, qs_replay_get_packet (self->replay));
}

static void
qs_session_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsSession *self = QS_SESSION (object);
  const View *view = get_view (self);

  switch (id)
    {
    case PROP_RUN:
      g_value_set_object (value, self->run);
      break;
    case PROP_SELECTION:
      g_value_set_int64 (value, view->selection);
      break;
    case PROP_VISIBLE_FROM:
      g_value_set_int64 (value, view->visible_from);
      break;
    case PROP_VISIBLE_TO:
      g_value_set_int64 (value, view->visible_to);
      break;
    case PROP_FILTER:
      g_value_set_string (value, view->filter);
      break;
    case PROP_PRESENTING:
      g_value_set_boolean (value, self->presenting);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_session_dispose (GObject *object)
{
  QsSession *self = QS_SESSION (object);

  if (self->lab != NULL)
    g_signal_handlers_disconnect_by_data (self->lab, self);
  g_signal_handlers_disconnect_by_data (self->replay, self);
  g_clear_object (&self->run);
  g_clear_object (&self->compared);
  g_clear_object (&self->bin);
  g_clear_object (&self->runs);
  g_clear_object (&self->examiner);
  g_clear_object (&self->watch);
  g_clear_object (&self->stream);
  g_clear_object (&self->lab);
  G_OBJECT_CLASS (qs_session_parent_class)->dispose (object);
}

static void
qs_session_finalize (GObject *object)
{
  QsSession *self = QS_SESSION (object);

  g_clear_object (&self->log);
  g_clear_object (&self->history);
  g_clear_object (&self->replay);
  g_clear_pointer (&self->lab_options, qs_probe_options_free);
  g_clear_pointer (&self->none.filter, g_free);
  G_OBJECT_CLASS (qs_session_parent_class)->finalize (object);
}

static void
qs_session_class_init (QsSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = qs_session_get_property;
  object_class->dispose = qs_session_dispose;
  object_class->finalize = qs_session_finalize;

  props[PROP_RUN] = g_param_spec_object ("run", NULL, NULL, QS_TYPE_RUN, flags);
  props[PROP_SELECTION] = g_param_spec_int64 ("selection", NULL, NULL, -1, G_MAXINT64, -1, flags);
  props[PROP_VISIBLE_FROM] = g_param_spec_int64 ("visible-from", NULL, NULL, -1, G_MAXINT64, -1, flags);
  props[PROP_VISIBLE_TO] = g_param_spec_int64 ("visible-to", NULL, NULL, -1, G_MAXINT64, -1, flags);
  props[PROP_FILTER] = g_param_spec_string ("filter", NULL, NULL, "", flags);
  props[PROP_PRESENTING] = g_param_spec_boolean ("presenting", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[SHOW_PAGE] = g_signal_new ("show-page", QS_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                     1, G_TYPE_STRING);
  signals[RUN_STATUS] =
      g_signal_new ("run-status", QS_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, QS_TYPE_RUN);
  signals[RUN_TITLE] =
      g_signal_new ("run-title", QS_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, QS_TYPE_RUN);
}

static void
qs_session_init (QsSession *self)
{
  view_init (&self->none);
  self->runs = g_list_store_new (QS_TYPE_RUN);
  self->bin = qs_run_bin_new ();
  self->compared = qs_compared_new (G_LIST_MODEL (self->runs));
  self->log = qs_log_new ();
  self->replay = qs_replay_new ();
  g_signal_connect_swapped (self->replay, "notify::packet", G_CALLBACK (replay_packet_cb), self);
  self->lab = qs_lab_new ();
  self->examiner = qs_examiner_new (self->lab);
  self->watch = qs_watch_new (self->lab);
  self->stream = qs_watch_new (NULL);
  g_signal_connect_swapped (self->lab, "event", G_CALLBACK (lab_event_cb), self);
  g_signal_connect_swapped (self->lab, "notify::running", G_CALLBACK (lab_running_cb), self);
}

QsSession *
qs_session_new (QsSettings *settings)
{
  g_return_val_if_fail (QS_IS_SETTINGS (settings), NULL);

  QsSession *self = g_object_new (QS_TYPE_SESSION, NULL);
  self->history = qs_history_new (settings);
  return self;
}

GListModel *
qs_session_get_runs (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return G_LIST_MODEL (self->runs);
}

QsRun *
qs_session_get_run (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->run;
}

void
qs_session_set_run (QsSession *self, QsRun *run)
{
  g_return_if_fail (QS_IS_SESSION (self) && (run == NULL || QS_IS_RUN (run)));

  if (!g_set_object (&self->run, run))
    return;
  qs_replay_set_trace (self->replay, run != NULL ? qs_run_get_trace (run) : NULL);
  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = PROP_RUN; i < N_RUN_PROPS; i++)
    g_object_notify_by_pspec (G_OBJECT (self), props[i]);
  g_object_thaw_notify (G_OBJECT (self));
}

QsTrace *
qs_session_get_trace (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->run != NULL ? qs_run_get_trace (self->run) : NULL;
}

gint64
qs_session_get_selection (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), -1);

  return get_view (self)->selection;
}

void
qs_session_set_selection (QsSession *self, gint64 packet)
{
  g_return_if_fail (QS_IS_SESSION (self) && packet >= -1);

  View *view = get_view (self);
  if (view->selection == packet)
    return;
  view->selection = packet;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SELECTION]);
}

void
qs_session_get_visible (QsSession *self, gint64 *from, gint64 *to)
{
  g_return_if_fail (QS_IS_SESSION (self));

  const View *view = get_view (self);
  if (from != NULL)
    *from = view->visible_from;
  if (to != NULL)
    *to = view->visible_to;
}

void
qs_session_set_visible (QsSession *self, gint64 from, gint64 to)
{
  g_return_if_fail (QS_IS_SESSION (self));
  g_return_if_fail ((from == -1 && to == -1) || (from >= 0 && to >= from));

  View *view = get_view (self);
  if (view->visible_from == from && view->visible_to == to)
    return;
  view->visible_from = from;
  view->visible_to = to;
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VISIBLE_FROM]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_VISIBLE_TO]);
  g_object_thaw_notify (G_OBJECT (self));
}

const char *
qs_session_get_filter (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return get_view (self)->filter;
}

void
qs_session_set_filter (QsSession *self, const char *filter)
{
  g_return_if_fail (QS_IS_SESSION (self) && filter != NULL);

  View *view = get_view (self);
  if (g_str_equal (view->filter, filter))
    return;
  g_free (view->filter);
  view->filter = g_strdup (filter);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FILTER]);
}

QsReplay *
qs_session_get_replay (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->replay;
}

gboolean
qs_session_get_presenting (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), FALSE);

  return self->presenting;
}

void
qs_session_set_presenting (QsSession *self, gboolean presenting)
{
  g_return_if_fail (QS_IS_SESSION (self));

  if (self->presenting == presenting)
    return;
  self->presenting = presenting;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PRESENTING]);
}

QsCompared *
qs_session_get_compared (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->compared;
}

QsRunBin *
qs_session_get_bin (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->bin;
}

QsLab *
qs_session_get_lab (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->lab;
}

QsExaminer *
qs_session_get_examiner (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->examiner;
}

QsWatch *
qs_session_get_watch (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->watch;
}

QsWatch *
qs_session_get_stream (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->stream;
}

QsConnectionTable *
qs_session_get_table (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->run != NULL ? qs_run_get_table (self->run) : qs_watch_get_table (self->stream);
}

QsLog *
qs_session_get_log (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->log;
}

QsHistory *
qs_session_get_history (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), NULL);

  return self->history;
}

QsRun *
qs_session_connect (QsSession *self, const char *text, const QsProbeOptions *options, GError **error)
{
  g_return_val_if_fail (QS_IS_SESSION (self) && text != NULL && options != NULL, NULL);

  g_autoptr (QsTarget) target = qs_target_new (text, error);
  if (target == NULL)
    return NULL;
  qs_history_add (self->history, text);
  /* Whoever types the lab's address means the lab: nobody else can vouch for it. */
  g_autoptr (QsProbeOptions) own = qs_probe_options_copy (options);
  if (own->ca_file == NULL && qs_lab_serves (self->lab, target))
    qs_lab_fill_options (self->lab, own);
  return start_run (self, target, own);
}

/* Of a session file: the built-in server of that time is gone, and so are its port and its authority. NULL: the run comes when it listens,
 * or the server cannot start, which the log says. */
static QsRun *
run_lab_again (QsSession *self, QsRun *run)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_copy (qs_run_get_options (run));
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&options->ca_file, g_free);
  if (qs_scenario_find (qs_run_get_scenario (run)) != NULL)
    qs_lab_set_scenario (self->lab, qs_run_get_scenario (run));
  if (!qs_session_probe_lab (self, options, &error))
    qs_log_add (self->log, qs_run_get_title (run), error->message);
  return NULL;
}

QsRun *
qs_session_run_again (QsSession *self, QsRun *run)
{
  g_return_val_if_fail (QS_IS_SESSION (self) && QS_IS_RUN (run), NULL);

  if (qs_run_get_target (run) == NULL)
    return NULL;
  if (qs_run_get_probe (run) == NULL && qs_run_get_scenario (run) != NULL)
    return run_lab_again (self, run);
  return start_run (self, qs_run_get_target (run), qs_run_get_options (run));
}

void
qs_session_add_run (QsSession *self, QsRun *run)
{
  g_return_if_fail (QS_IS_SESSION (self) && QS_IS_RUN (run));

  if (qs_run_get_probe (run) != NULL)
    g_signal_connect_object (qs_run_get_probe (run), "event", G_CALLBACK (run_event_cb), run, 0);
  add_run (self, run);
}

QsRun *
qs_session_add_trace (QsSession *self, QsTrace *trace, const char *title)
{
  g_return_val_if_fail (QS_IS_SESSION (self) && QS_IS_TRACE (trace) && title != NULL, NULL);

  g_autoptr (QsRun) run = qs_run_new_for_trace (trace, title);
  return add_run (self, run);
}

QsRun *
qs_session_show_trace (QsSession *self, QsTrace *trace, const char *title)
{
  g_return_val_if_fail (QS_IS_SESSION (self) && QS_IS_TRACE (trace) && title != NULL, NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->runs)); i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (G_LIST_MODEL (self->runs), i);
      if (qs_run_get_trace (run) != trace)
        continue;
      qs_session_set_run (self, run);
      return run; /* the list holds it */
    }
  QsRun *run = qs_session_add_trace (self, trace, title);
  qs_study_settle (qs_run_get_study (run));
  qs_run_refresh (run);
  return run;
}

static QsRun *
find_connection (QsSession *self, QsStudy *study)
{
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->runs)); i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (G_LIST_MODEL (self->runs), i);
      if (qs_run_get_study (run) == study)
        return run; /* the list holds it */
    }
  return NULL;
}

/* *listed: it has a place in the list of runs. (transfer full) */
static QsRun *
get_connection (QsSession *self, QsConnectionTable *table, guint index, gboolean *listed)
{
  g_autoptr (QsStudy) study = qs_connection_table_dup_study (table, index);
  QsRun *found = study != NULL ? find_connection (self, study) : NULL;

  *listed = found != NULL;
  if (study == NULL)
    return NULL;
  if (found == NULL && self->run != NULL && qs_run_get_study (self->run) == study)
    found = self->run; /* looked at, and nothing more */
  /* Those of the relay are chosen from on their own page. */
  return found != NULL ? g_object_ref (found)
                       : qs_run_new_for_connection (table, index, table != qs_watch_get_table (self->watch));
}

QsRun *
qs_session_open_connection (QsSession *self, QsConnectionTable *table, guint index)
{
  g_return_val_if_fail (QS_IS_SESSION (self) && QS_IS_CONNECTION_TABLE (table), NULL);

  gboolean listed;
  g_autoptr (QsRun) run = get_connection (self, table, index, &listed);
  if (run == NULL)
    return NULL;
  if (!listed && run == self->run)
    {
      qs_session_list_run (self, run);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RUN]);
      return run;
    }
  if (!listed)
    return add_run (self, run);
  qs_session_set_run (self, run);
  return run;
}

QsRun *
qs_session_look_at_connection (QsSession *self, QsConnectionTable *table, guint index)
{
  g_return_val_if_fail (QS_IS_SESSION (self) && QS_IS_CONNECTION_TABLE (table), NULL);

  gboolean listed;
  g_autoptr (QsRun) run = get_connection (self, table, index, &listed);
  if (run != NULL)
    qs_session_set_run (self, run);
  return run; /* the session holds it */
}

gboolean
qs_session_probe_lab (QsSession *self, const QsProbeOptions *options, GError **error)
{
  g_return_val_if_fail (QS_IS_SESSION (self), FALSE);

  g_clear_pointer (&self->lab_options, qs_probe_options_free);
  qs_lab_renew (self->lab); /* no probe waits yet that its running again would start */
  if (options != NULL)
    self->lab_options = qs_probe_options_copy (options);
  else
    {
      self->lab_options = qs_probe_options_new ();
      self->lab_options->keep_open = TRUE;
    }
  if (qs_lab_get_running (self->lab))
    {
      probe_lab_now (self);
      return TRUE;
    }
  if (qs_lab_start (self->lab, error))
    return TRUE;
  g_clear_pointer (&self->lab_options, qs_probe_options_free);
  return FALSE;
}

gboolean
qs_session_is_waiting_for_lab (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), FALSE);

  return self->lab_options != NULL;
}

void
qs_session_show_page (QsSession *self, const char *name)
{
  g_return_if_fail (QS_IS_SESSION (self) && name != NULL);

  g_signal_emit (self, signals[SHOW_PAGE], 0, name);
}

/* --- Closing ---------------------------------------------------------------------------- */

static gboolean
close_poll_cb (gpointer data)
{
  GTask *task = data;
  QsSession *self = g_task_get_source_object (task);
  gint64 deadline = *(gint64 *) g_task_get_task_data (task);

  gboolean over = qs_session_get_n_active (self) == 0 && qs_lab_get_server (self->lab) == NULL &&
                  qs_watch_get_state (self->watch) == QS_WATCH_IDLE &&
                  qs_watch_get_state (self->stream) == QS_WATCH_IDLE;
  if (!over && g_get_monotonic_time () < deadline)
    return G_SOURCE_CONTINUE;
  g_task_return_boolean (task, over);
  return G_SOURCE_REMOVE;
}

void
qs_session_close_async (QsSession *self, GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (QS_IS_SESSION (self));

  g_clear_pointer (&self->lab_options, qs_probe_options_free);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->runs)); i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (G_LIST_MODEL (self->runs), i);
      qs_run_stop (run);
    }
  qs_examiner_stop (self->examiner);
  qs_watch_close (self->watch);
  qs_watch_close (self->stream);
  qs_lab_stop (self->lab);

  GTask *task = g_task_new (self, NULL, callback, data);
  gint64 *deadline = g_new (gint64, 1);
  *deadline = g_get_monotonic_time () + CLOSE_TIMEOUT_MS * 1000;
  g_task_set_task_data (task, deadline, g_free);
  g_timeout_add_full (G_PRIORITY_DEFAULT, CLOSE_POLL_MS, close_poll_cb, task, g_object_unref);
}

void
qs_session_close_finish (QsSession *self, GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, self));

  g_autoptr (GError) error = NULL;
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    g_debug ("Something did not end in time and is dropped");
}
