/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-experiments.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-choice.h"
#include "diagnosis/qs-experiment-words.h"
#include "net/qs-udp-bio.h"
#include "net/qs-version-probe.h"
#include "probe/qs-experiment-attempt.h"
#include "probe/qs-experiment-pace.h"
#include "probe/qs-experiment-twin.h"
#include "wire/qs-packet.h"

#define NS_PER_MS ((gint64) 1000000)

/* Of an attempt at a server near by. */
#define SLOT_NEAR_MS 500
/* Before the first repetition, after a second, which is what an answer from elsewhere answers. */
#define TWIN_MS 900
/* Less is no time to answer in. */
#define SHORTEST_SLOT_MS 150
/* A handshake that waits has a handful of records. Of a peer that floods nothing can be learned by asking again. */
#define FLOOD_RECORDS 4096
/* Silence behind a request, or in the middle of its answer, after which it is looked at whether the server answers others. */
#define ANSWER_STALL_MS 2500

struct _QsExperiments {
  GObject parent;
  QsProbe *run;
  QsExperimentPolicy policy;
  GMainContext *context;
  GListStore *model;
  gint64 started, deadline; /* trace time of the run */
  gint64 stalled_since;
  gint64 progress;      /* what the run's last one was when a stalled answer was looked into */
  QsEvidence *evidence; /* of the last look at the run */
  GPtrArray *causes;    /* ids of findings, QS_STALLED_… */
  gboolean under_way, over, holding, decided;
  guint64 tried; /* a bit a row */
  guint n_made;
  guint beyond; /* bits of QsChoice: what a wide offer was taken of that the run had not offered */

  QsExperiment *current;
  const QsExperimentRow *row;
  QsProbe *attempt;
  gulong attempt_id;
  GCancellable *cancellable;
  GSource *guard, *stall, *twin_timer;

  QsExperimentTwin *twin;
  GSource *answer; /* to the request */
};

G_DEFINE_FINAL_TYPE (QsExperiments, qs_experiments, G_TYPE_OBJECT)

enum { SIGNAL_FINISHED, N_SIGNALS };

static guint signals[N_SIGNALS];

static void next (QsExperiments *self);

/* --- Time --- */

static gint64
now (QsExperiments *self)
{
  return qs_trace_now (qs_probe_get_trace (self->run));
}

static guint
left_ms (QsExperiments *self)
{
  return (guint) (MAX (self->deadline - now (self), 0) / NS_PER_MS);
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
set_timer (QsExperiments *self, GSource **source, guint ms, GSourceFunc func)
{
  clear_source (source);
  *source = qs_clock_new_timeout (qs_probe_get_clock (self->run), ms);
  g_source_set_static_name (*source, "[Quicscope] experiments");
  g_source_set_callback (*source, func, self, NULL);
  g_source_attach (*source, self->context);
}

/* What the run's trace says now: gathered anew, but for what cannot have changed. */
static const QsEvidence *
look (QsExperiments *self)
{
  g_autoptr (QsEvidence) before = g_steal_pointer (&self->evidence);
  QsTrace *trace = qs_probe_get_trace (self->run);
  gint64 at = qs_probe_get_ended (self->run) ? -1 : now (self);

  self->evidence = before != NULL ? qs_evidence_new_again (before, at) : qs_evidence_new (trace, at);
  return self->evidence;
}

/* --- Concluding --- */

static void
conclude (QsExperiments *self, QsExperiment *experiment, const QsExperimentRow *row, QsExperimentOutcome outcome,
          const char *detail, GBytes *bytes)
{
  g_autofree char *text = qs_experiment_dup_conclusion (row, outcome, detail);
  QsMark mark = {
    .kind = QS_MARK_EXPERIMENT, .name = row->id, .value = outcome, .text = g_strdup (text), .stream = -1
  };

  mark.bytes = bytes != NULL ? g_bytes_ref (bytes) : NULL;
  qs_trace_add_mark_full (qs_probe_get_trace (self->run), now (self), &mark);
  if (outcome == QS_EXPERIMENT_ANSWERED)
    self->decided = row->control ? FALSE : self->decided || row->decides;
  g_signal_emit_by_name (self->run, "event", text);
  qs_experiment_conclude (experiment, outcome, text);
}

static void
conclude_current (QsExperiments *self, QsExperimentOutcome outcome, const char *detail)
{
  g_autoptr (QsExperiment) experiment = g_steal_pointer (&self->current);

  clear_source (&self->guard);
  conclude (self, experiment, self->row, outcome, detail, NULL);
  next (self);
}

static QsExperiment *
add_experiment (QsExperiments *self, const QsExperimentRow *row, QsProbe *probe)
{
  g_autoptr (QsExperiment) experiment = qs_experiment_new (row->id, probe);

  self->n_made++;
  g_list_store_append (self->model, experiment);
  return g_steal_pointer (&experiment);
}

static void
drop_twin (QsExperiments *self)
{
  clear_source (&self->twin_timer);
  g_clear_pointer (&self->twin, qs_experiment_twin_free);
}

static void
drop_attempt (QsExperiments *self)
{
  clear_source (&self->guard);
  g_cancellable_cancel (self->cancellable);
  if (self->attempt == NULL)
    return;
  g_signal_handler_disconnect (self->attempt, self->attempt_id);
  if (!qs_probe_get_finished (self->attempt))
    qs_probe_stop (self->attempt);
  g_clear_object (&self->attempt);
}

/* No more is made; what is under way is no one's concern. */
static void
stop (QsExperiments *self)
{
  if (self->over)
    return;
  self->over = TRUE;
  self->under_way = FALSE;
  clear_source (&self->stall);
  drop_twin (self);
  drop_attempt (self);
  if (self->current != NULL)
    {
      g_autoptr (QsExperiment) experiment = g_steal_pointer (&self->current);
      qs_experiment_conclude (experiment, QS_EXPERIMENT_NOT_MADE, _ ("It was ended before it could tell."));
    }
  if (self->holding)
    qs_probe_let_go (self->run);
  self->holding = FALSE;
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0);
}

/* A request is out, and its answer is not whole. */
static gboolean
is_answer_awaited (QsExperiments *self)
{
  return qs_probe_get_stage (self->run) == QS_STAGE_REQUEST && !qs_probe_get_ended (self->run) &&
         !qs_probe_get_stopped (self->run);
}

/* How long nothing has come that a run gets further by: of its handshake, or of an answer. */
static gint64
idle_ms (QsExperiments *self)
{
  QsTrace *trace = qs_probe_get_trace (self->run);
  gint64 handshake = (now (self) - qs_experiment_pace_last_progress (trace)) / NS_PER_MS;
  gint64 answer = (qs_clock_now_us (qs_probe_get_clock (self->run)) - qs_probe_get_last_progress (self->run)) / 1000;

  return is_answer_awaited (self) ? MIN (handshake, answer) : handshake;
}

/* Whether the run waits, and has got no further since the experiments began. */
static gboolean
is_waiting (QsExperiments *self)
{
  if (qs_probe_get_state (self->run) == QS_CONNECTION_ESTABLISHED)
    return is_answer_awaited (self) && qs_probe_get_last_progress (self->run) == self->progress;
  return !qs_probe_get_ended (self->run) && qs_probe_get_state (self->run) < QS_CONNECTION_ESTABLISHED &&
         qs_experiment_pace_last_progress (qs_probe_get_trace (self->run)) <= self->stalled_since;
}

static void
all_made (QsExperiments *self)
{
  g_autoptr (QsExperiments) guard = g_object_ref (self);
  gboolean waits = is_waiting (self);

  if (self->twin != NULL && !self->decided && waits && self->n_made < QS_MOST_EXPERIMENTS)
    {
      const QsExperimentRow *row = &qs_experiment_rows[qs_experiment_find_row ("unconnected-twin")];
      g_autoptr (QsExperiment) experiment = add_experiment (self, row, NULL);
      conclude (self, experiment, row, QS_EXPERIMENT_FAILED, NULL, NULL);
    }
  stop (self);
  if (waits)
    qs_probe_give_up (self->run);
}

static gboolean
patience_cb (gpointer data)
{
  QsExperiments *self = data;

  clear_source (&self->guard);
  all_made (self);
  return G_SOURCE_REMOVE;
}

/* What has decided nothing has not ended the run's hope either: it is waited on for as long as the verdict may take. */
static void
none_left (QsExperiments *self)
{
  gint64 verdict = MAX (self->started + QS_VERDICT_MS * NS_PER_MS,
                        self->stalled_since + qs_experiment_pace_slow_path_ms (look (self)) * NS_PER_MS);
  gint64 left = (verdict - now (self)) / NS_PER_MS;

  if (!is_waiting (self) || self->decided)
    all_made (self);
  else if (qs_probe_get_options (self->run)->timeout_ms > QS_USUAL_TIMEOUT_MS)
    {
      if (is_answer_awaited (self))
        g_signal_emit_by_name (self->run, "event", _ ("No whole answer yet: it is waited on until the time-out"));
      stop (self);
    }
  else
    set_timer (self, &self->guard, (guint) MAX (left, 0), patience_cb);
}

/* --- Attempts --- */

static void
attempt_finished_cb (QsProbe *attempt, QsExperiments *self)
{
  g_autoptr (QsExperiments) guard = g_object_ref (self);
  g_autoptr (QsEvidence) evidence = qs_evidence_new (qs_probe_get_trace (attempt), -1);
  gint outcome = qs_experiment_row_judge (self->row, evidence);
  g_autofree char *detail = self->row->detail != NULL ? self->row->detail (evidence, self->evidence) : NULL;

  if (self->row->wide != 0 && outcome == QS_EXPERIMENT_ANSWERED)
    self->beyond = qs_choice_beyond (evidence, self->evidence, NULL);
  drop_attempt (self);
  conclude_current (self, (QsExperimentOutcome) outcome, detail);
}

static gboolean
guard_cb (gpointer data)
{
  QsExperiments *self = data;

  clear_source (&self->guard);
  if (self->attempt != NULL)
    qs_probe_stop (self->attempt);
  return G_SOURCE_REMOVE;
}

/* FALSE: there is nothing to change here. */
static gboolean
start_attempt (QsExperiments *self, const QsExperimentRow *row, guint slot_ms)
{
  g_autoptr (QsProbe) attempt = qs_experiment_attempt_new (self->run, row, slot_ms);

  if (attempt == NULL)
    return FALSE;
  self->row = row;
  self->attempt = g_steal_pointer (&attempt);
  self->current = add_experiment (self, row, self->attempt);
  self->attempt_id = g_signal_connect (self->attempt, "finished", G_CALLBACK (attempt_finished_cb), self);
  set_timer (self, &self->guard, slot_ms + 50, guard_cb);
  qs_probe_start (self->attempt);
  return TRUE;
}

/* --- A version that does not exist --- */

static void
versions_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsExperiments) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) versions = qs_version_probe_finish (result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || self->current == NULL)
    return;
  g_autofree char *list = versions != NULL ? qs_experiment_dup_versions (versions) : NULL;
  g_autofree char *text = list == NULL || self->row->stray == 0 ? g_steal_pointer (&list)
                          : versions->len == 0 ? g_strdup (_ ("with what looks like a stateless reset"))
                                               : g_strdup_printf (_ ("with the versions %s"), list);
  conclude_current (self, versions != NULL ? QS_EXPERIMENT_ANSWERED : QS_EXPERIMENT_FAILED, text);
}

static gboolean
start_versions (QsExperiments *self, const QsExperimentRow *row, guint slot_ms)
{
  GSocketAddress *address = qs_probe_get_address (self->run);
  guint size = row->argument != NULL ? (guint) g_ascii_strtoull (row->argument, NULL, 10) : QS_VERSION_PROBE_SIZE;

  if (address == NULL)
    return FALSE;
  self->row = row;
  self->current = add_experiment (self, row, NULL);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  qs_version_probe_async (address, size, row->stray, row->pair, qs_probe_get_clock (self->run), slot_ms,
                          self->cancellable, versions_cb, g_object_ref (self));
  return TRUE;
}

/* --- Which, and when --- */

/* Where a change alone was answered, the same once more shows whether it was the change. A refusal that says itself what it is
 * about needs no such proof. */
static gboolean
needs_control (QsExperiments *self)
{
  g_autoptr (GPtrArray) marks = qs_experiment_marks (qs_probe_get_trace (self->run));

  for (guint i = 0; i < self->causes->len; i++)
    {
      if (g_str_equal (self->causes->pdata[i], "alpn-mismatch") || g_str_equal (self->causes->pdata[i], "sni-unknown"))
        return FALSE;
    }
  for (guint i = 0; i < marks->len; i++)
    {
      const QsMark *mark = marks->pdata[i];
      gint row = qs_experiment_find_row (mark->name);
      if (row >= 0 && qs_experiment_rows[row].controlled && mark->value == QS_EXPERIMENT_ANSWERED)
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_called_for (QsExperiments *self, const QsExperimentRow *row)
{
  QsTransport transport = qs_target_get_transport (qs_probe_get_target (self->run));

  if (row->kind == QS_EXPERIMENT_TWIN || (row->transports & 1u << transport) == 0)
    return FALSE;
  if (row->control)
    return needs_control (self);
  if (row->after != NULL && qs_experiment_value (qs_probe_get_trace (self->run), row->after) == QS_EXPERIMENT_ANSWERED)
    return row->lacks == 0 || self->beyond == 0 || (row->lacks & self->beyond) != 0;
  if (row->after != NULL && (row->lacks == 0 || row->findings[0] == NULL))
    return FALSE;
  if (self->policy == QS_EXPERIMENTS_ALL)
    return TRUE;
  for (guint i = 0; !self->decided && i < self->causes->len; i++)
    if (qs_experiment_row_has (row, self->causes->pdata[i]))
      return TRUE;
  return FALSE;
}

static void
next (QsExperiments *self)
{
  gboolean near = qs_experiment_pace_is_near (look (self));

  if (!self->under_way)
    return;
  for (guint i = 0; i < qs_experiment_n_rows () && self->n_made < QS_MOST_EXPERIMENTS; i++)
    {
      const QsExperimentRow *row = &qs_experiment_rows[i];
      gboolean short_slot = near && row->sign != QS_SIGN_ANSWER; /* which takes what it takes */
      guint slot_ms = MIN (short_slot ? MIN (row->slot_ms, SLOT_NEAR_MS) : row->slot_ms, left_ms (self));
      if ((self->tried & G_GUINT64_CONSTANT (1) << i) != 0 || slot_ms < SHORTEST_SLOT_MS || !is_called_for (self, row))
        continue;
      self->tried |= G_GUINT64_CONSTANT (1) << i;
      if (row->kind == QS_EXPERIMENT_VERSIONS ? start_versions (self, row, slot_ms)
                                              : start_attempt (self, row, slot_ms))
        return;
    }
  none_left (self);
}

/* Where the first attempt was answered so far itself, another one that is proves nothing. */
static void
pass_over_shown (QsExperiments *self, const QsEvidence *evidence)
{
  for (guint i = 0; self->policy != QS_EXPERIMENTS_ALL && i < qs_experiment_n_rows (); i++)
    {
      const QsExperimentRow *row = &qs_experiment_rows[i];
      if ((row->sign == QS_SIGN_HELLO || row->sign == QS_SIGN_EXTENSIONS) &&
          qs_experiment_row_judge (row, evidence) > 0)
        self->tried |= G_GUINT64_CONSTANT (1) << i;
    }
}

/* FALSE: what is the matter is known already, and no experiment has a say in it. */
static gboolean
look_for_causes (QsExperiments *self, gboolean stalled)
{
  const QsEvidence *evidence = look (self);
  gboolean known = qs_experiment_add_causes (evidence, stalled, self->causes);

  pass_over_shown (self, evidence);
  return !stalled || !known || evidence->server_hello != NULL || self->policy == QS_EXPERIMENTS_ALL;
}

static void
begin (QsExperiments *self, gboolean stalled)
{
  guint timeout_ms = qs_probe_get_options (self->run)->timeout_ms;

  self->under_way = TRUE;
  self->deadline = MIN (now (self) + QS_EXPERIMENTS_MS * NS_PER_MS,
                        self->started + (gint64) MIN (timeout_ms, QS_VERDICT_MS) * NS_PER_MS);
  self->stalled_since = qs_experiment_pace_last_progress (qs_probe_get_trace (self->run));
  if (stalled && qs_trace_get_n_records (qs_probe_get_trace (self->run)) > FLOOD_RECORDS)
    none_left (self);
  else if (look_for_causes (self, stalled))
    next (self);
  else
    all_made (self);
}

/* --- The twin --- */

static void
twin_cb (GSocketAddress *sender, GBytes *datagram, gpointer data)
{
  QsExperiments *self = data;
  const QsExperimentRow *row = &qs_experiment_rows[qs_experiment_find_row ("unconnected-twin")];
  g_autofree char *text = qs_socket_address_to_text (sender);
  g_autoptr (QsExperiment) experiment = add_experiment (self, row, NULL);

  drop_attempt (self);
  conclude (self, experiment, row, QS_EXPERIMENT_ANSWERED, text, datagram);
  self->stalled_since = qs_experiment_pace_last_progress (qs_probe_get_trace (self->run));
  all_made (self);
}

static gboolean
twin_timer_cb (gpointer data)
{
  QsExperiments *self = data;

  clear_source (&self->twin_timer);
  if (!look (self)->anything_received)
    self->twin = qs_experiment_twin_new (self->run, self->context, twin_cb, self);
  return G_SOURCE_REMOVE;
}

/* --- What the run tells --- */

static guint
stall_ms (QsExperiments *self)
{
  return qs_experiment_pace_stall_ms (look (self), qs_probe_get_options (self->run)->timeout_ms);
}

static gboolean
stall_cb (gpointer data)
{
  QsExperiments *self = data;
  gint64 idle = idle_ms (self);
  guint most_ms = MAX (stall_ms (self), qs_experiment_pace_slow_path_ms (look (self)));

  clear_source (&self->stall);
  if (idle < most_ms)
    set_timer (self, &self->stall, (guint) (most_ms - idle) + 1, stall_cb);
  else if (!self->under_way && !self->over && !qs_probe_get_stopped (self->run))
    begin (self, TRUE);
  return G_SOURCE_REMOVE;
}

/* --- A request without an answer, or without the rest of one --- */

/* Whether the server is stuck, or but this answer is late. */
static void
begin_answer (QsExperiments *self, gint64 idle)
{
  self->under_way = TRUE;
  self->progress = qs_probe_get_last_progress (self->run);
  self->started = now (self) - idle * NS_PER_MS;
  self->deadline = self->started + QS_VERDICT_MS * NS_PER_MS;
  self->stalled_since = now (self);
  for (guint i = 0; i < qs_experiment_n_rows (); i++)
    if (!qs_experiment_row_has (&qs_experiment_rows[i], QS_STALLED_ANSWER))
      self->tried |= G_GUINT64_CONSTANT (1) << i;
  g_ptr_array_add (self->causes, (gpointer) g_intern_static_string (QS_STALLED_ANSWER));
  next (self);
}

/* An answer may take its time; but one that does not begin, or does not go on, is told of as early as a handshake that gets no further,
 * unless more patience was asked for. */
static gboolean
answer_cb (gpointer data)
{
  QsExperiments *self = data;
  gint64 idle = idle_ms (self);
  guint slow_ms = qs_experiment_pace_slow_path_ms (look (self));
  gboolean asked = qs_probe_get_stage (self->run) >= QS_STAGE_REQUEST;
  guint most_ms = MAX (asked && !self->over && !self->under_way ? ANSWER_STALL_MS : QS_VERDICT_MS, slow_ms);

  clear_source (&self->answer);
  if (asked && !is_answer_awaited (self))
    return G_SOURCE_REMOVE;
  if (asked && !self->under_way && idle >= most_ms && most_ms >= QS_VERDICT_MS)
    {
      if (qs_probe_get_options (self->run)->timeout_ms <= QS_USUAL_TIMEOUT_MS)
        qs_probe_give_up (self->run);
      return G_SOURCE_REMOVE;
    }
  set_timer (self, &self->answer, asked && idle < most_ms ? (guint) (most_ms - idle) + 1 : most_ms, answer_cb);
  if (asked && !self->under_way && idle >= most_ms)
    begin_answer (self, idle);
  return G_SOURCE_REMOVE;
}

/* A name server that is silent is asked again and again by the system's resolver. */
static gboolean
resolver_cb (gpointer data)
{
  QsExperiments *self = data;

  clear_source (&self->answer);
  if (qs_probe_get_state (self->run) == QS_CONNECTION_RESOLVING)
    qs_probe_give_up (self->run);
  return G_SOURCE_REMOVE;
}

static void
state_cb (QsProbe *run, GParamSpec *pspec, QsExperiments *self)
{
  QsConnectionState state = qs_probe_get_state (run);

  if (state == QS_CONNECTION_RESOLVING)
    {
      self->started = now (self);
      if (qs_probe_get_options (run)->timeout_ms <= QS_USUAL_TIMEOUT_MS)
        set_timer (self, &self->answer, QS_VERDICT_MS, resolver_cb);
    }
  else if (state == QS_CONNECTION_CONNECTING)
    {
      clear_source (&self->answer);
      set_timer (self, &self->stall, MIN (QS_STALL_NEAR_MS, stall_ms (self)), stall_cb);
      if (qs_target_get_transport (qs_probe_get_target (run)) == QS_TRANSPORT_QUIC)
        set_timer (self, &self->twin_timer, TWIN_MS, twin_timer_cb);
    }
  else if (state == QS_CONNECTION_ESTABLISHED)
    {
      clear_source (&self->stall);
      drop_twin (self);
      if (self->under_way)
        stop (self); /* it got on after all */
      set_timer (self, &self->answer, MIN (ANSWER_STALL_MS, qs_probe_get_options (run)->timeout_ms * 2 / 5), answer_cb);
    }
}

static void
ended_cb (QsProbe *run, QsExperiments *self)
{
  gboolean failed = !qs_probe_get_succeeded (run) && !qs_probe_get_stopped (run);
  QsStage stage = qs_probe_get_stage (run);

  clear_source (&self->stall);
  clear_source (&self->answer);
  drop_twin (self);
  if (self->over)
    return;
  if (!failed || stage < QS_STAGE_CONNECT || stage > QS_STAGE_HANDSHAKE)
    {
      stop (self);
      return;
    }
  self->holding = TRUE;
  qs_probe_hold (run);
  if (!self->under_way)
    begin (self, FALSE);
  else if (self->current == NULL)
    all_made (self); /* there was but waiting left */
}

static void
finished_cb (QsProbe *run, QsExperiments *self)
{
  stop (self);
}

/* --- GObject --- */

static void
qs_experiments_dispose (GObject *object)
{
  QsExperiments *self = QS_EXPERIMENTS (object);

  clear_source (&self->stall);
  clear_source (&self->answer);
  drop_twin (self);
  drop_attempt (self);
  if (self->run != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->run, self);
      if (self->holding)
        qs_probe_let_go (self->run);
    }
  self->holding = FALSE;
  self->over = TRUE;
  self->under_way = FALSE;
  g_clear_object (&self->current);
  g_clear_object (&self->run);
  G_OBJECT_CLASS (qs_experiments_parent_class)->dispose (object);
}

static void
qs_experiments_finalize (GObject *object)
{
  QsExperiments *self = QS_EXPERIMENTS (object);

  g_clear_object (&self->cancellable);
  g_clear_object (&self->model);
  g_clear_pointer (&self->evidence, qs_evidence_free);
  g_ptr_array_unref (self->causes);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (qs_experiments_parent_class)->finalize (object);
}

static void
qs_experiments_class_init (QsExperimentsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = qs_experiments_dispose;
  object_class->finalize = qs_experiments_finalize;
  signals[SIGNAL_FINISHED] =
      g_signal_new ("finished", QS_TYPE_EXPERIMENTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_experiments_init (QsExperiments *self)
{
  self->model = g_list_store_new (QS_TYPE_EXPERIMENT);
  self->causes = g_ptr_array_new ();
  self->context = g_main_context_ref_thread_default ();
}

/* --- Public functions --- */

QsExperiments *
qs_experiments_new (QsProbe *run)
{
  g_return_val_if_fail (QS_IS_PROBE (run), NULL);

  QsExperiments *self = g_object_new (QS_TYPE_EXPERIMENTS, NULL);
  const QsProbeOptions *options = qs_probe_get_options (run);
  self->run = g_object_ref (run);
  self->policy = options->record ? options->experiments : QS_EXPERIMENTS_NONE;
  if (self->policy == QS_EXPERIMENTS_NONE)
    {
      self->over = TRUE;
      return self;
    }
  g_signal_connect (run, "notify::state", G_CALLBACK (state_cb), self);
  g_signal_connect (run, "ended", G_CALLBACK (ended_cb), self);
  g_signal_connect (run, "finished", G_CALLBACK (finished_cb), self);
  return self;
}

GListModel *
qs_experiments_get_model (QsExperiments *self)
{
  g_return_val_if_fail (QS_IS_EXPERIMENTS (self), NULL);
  return G_LIST_MODEL (self->model);
}

gboolean
qs_experiments_are_under_way (QsExperiments *self)
{
  g_return_val_if_fail (QS_IS_EXPERIMENTS (self), FALSE);
  return self->under_way;
}
