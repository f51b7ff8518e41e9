/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-batch.h"

#include <string.h>
#include <time.h>

#include "base/qs-i18n.h"
#include "probe/qs-experiments.h"

/* Of each run's trace: its handshake, and what short datagrams say. */
#define TRACE_PAYLOAD (1 << 20)
#define TRACE_BUDGET (6 << 20)
#define KEPT_BYTES 4096 /* of each answer */
#define PROGRESS_MS 100

typedef struct {
  QsTarget *target;
  QsBatchFigures *figures;
  QsProbeOptions *options; /* of its own; NULL: those of all */
} Row;

/* A run that is under way. */
typedef struct {
  QsBatch *batch;
  Row *row;
  guint round;
  gint64 started; /* microseconds since 1970 */
  QsProbe *probe;
  QsExperiments *experiments; /* NULL: none are made */
  gulong finished_id;
} Job;

struct _QsBatch {
  GObject parent;
  QsBatchPlan plan;
  QsProbeOptions *options;
  QsClock *clock;
  Row *rows;
  guint n_rows;
  QsBatchFigures *all;
  GPtrArray *jobs; /* Job */
  GMainContext *context;

  gboolean started, stopped, finished;
  gboolean starting;      /* runs are being started further up the stack */
  guint round;            /* that the next run is of, from 0 */
  guint next;             /* its row */
  guint rounds_over;      /* told of */
  guint n_settled;        /* runs */
  guint *n_left;          /* runs of each round that is open, from rounds_over on, round by round */
  guint n_open, room;     /* such rounds, and how many there is room for */
  gint64 round_began_us;  /* by the clock */
  GSource *timer;         /* until the next round */
  GSource *progress;      /* until "progress" may be told again */
  gboolean progress_owed; /* something came meanwhile */
  gint64 began, ended;    /* ns of the clock */
  gint64 work_began, work;
};

enum { SIGNAL_SETTLED, SIGNAL_ROUND, SIGNAL_PROGRESS, SIGNAL_FINISHED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsBatch, qs_batch, G_TYPE_OBJECT)

static void start_runs (QsBatch *self);

/* --- Time --- */

/* What this thread has worked, ns. */
static gint64
get_work (void)
{
  struct timespec spent;

  if (clock_gettime (CLOCK_THREAD_CPUTIME_ID, &spent) != 0)
    return 0;
  return (gint64) spent.tv_sec * 1000000000 + spent.tv_nsec;
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
set_timer (QsBatch *self, GSource **source, guint ms, GSourceFunc func)
{
  clear_source (source);
  *source = qs_clock_new_timeout (self->clock, ms);
  g_source_set_static_name (*source, "[Quicscope] batch");
  g_source_set_callback (*source, func, self, NULL);
  g_source_attach (*source, self->context);
}

/* --- Telling --- */

static gboolean
progress_cb (gpointer data)
{
  QsBatch *self = data;

  if (!self->progress_owed)
    {
      clear_source (&self->progress);
      return G_SOURCE_REMOVE;
    }
  self->progress_owed = FALSE;
  g_signal_emit (self, signals[SIGNAL_PROGRESS], 0);
  return G_SOURCE_CONTINUE;
}

static void
tell_progress (QsBatch *self)
{
  self->progress_owed = TRUE;
  if (self->progress == NULL)
    set_timer (self, &self->progress, PROGRESS_MS, progress_cb);
}

/* Rounds may end in another order than they began in; they are told of in theirs. */
static void
count_down_round (QsBatch *self, guint round)
{
  guint at = round - self->rounds_over;

  g_assert (at < self->n_open && self->n_left[at] > 0);
  if (--self->n_left[at] > 0 || at > 0 || self->stopped)
    return;
  guint n_over = 1;
  while (n_over < self->n_open && self->n_left[n_over] == 0)
    n_over++;
  self->n_open -= n_over;
  memmove (self->n_left, self->n_left + n_over, sizeof *self->n_left * self->n_open);
  for (; n_over > 0; n_over--)
    g_signal_emit (self, signals[SIGNAL_ROUND], 0, ++self->rounds_over);
}

static void
finish (QsBatch *self)
{
  if (self->finished)
    return;
  self->finished = TRUE;
  self->ended = qs_clock_now (self->clock);
  self->work = get_work () - self->work_began;
  clear_source (&self->timer);
  clear_source (&self->progress);
  g_signal_emit (self, signals[SIGNAL_PROGRESS], 0);
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0);
}

/* --- Runs --- */

static void
job_free (gpointer data)
{
  Job *job = data;

  g_signal_handler_disconnect (job->probe, job->finished_id);
  g_clear_object (&job->experiments);
  g_object_unref (job->probe);
  g_free (job);
}

static QsBatchResult *
make_result (const Job *job)
{
  g_autoptr (QsStudy) study = qs_study_new (qs_probe_get_trace (job->probe), qs_probe_get_dissector (job->probe));

  qs_study_settle (study);
  return qs_batch_result_new (job->probe, study, job->round + 1, job->started);
}

static void
finished_cb (QsProbe *probe, Job *job)
{
  g_autoptr (QsBatch) self = g_object_ref (job->batch);
  g_autoptr (QsBatchResult) result = make_result (job);
  guint round = job->round;

  qs_batch_figures_add (job->row->figures, result);
  qs_batch_figures_add (self->all, result);
  self->n_settled++;
  g_ptr_array_remove_fast (self->jobs, job);
  g_signal_emit (self, signals[SIGNAL_SETTLED], 0, result);
  tell_progress (self);
  count_down_round (self, round);
  start_runs (self);
}

static void
start_run (QsBatch *self, Row *row, guint round)
{
  const QsProbeOptions *options = row->options != NULL ? row->options : self->options;
  Job *job = g_new0 (Job, 1);

  job->batch = self;
  job->row = row;
  job->round = round;
  job->started = g_get_real_time ();
  job->probe = qs_probe_new (row->target, options);
  if (options->experiments != QS_EXPERIMENTS_NONE)
    job->experiments = qs_experiments_new (job->probe);
  job->finished_id = g_signal_connect (job->probe, "finished", G_CALLBACK (finished_cb), job);
  g_ptr_array_add (self->jobs, job);
  qs_probe_start (job->probe);
}

static gboolean
round_cb (gpointer data)
{
  QsBatch *self = data;

  clear_source (&self->timer);
  start_runs (self);
  return G_SOURCE_REMOVE;
}

/* FALSE: it has to wait, for runs of the last one or for its time. */
static gboolean
open_round (QsBatch *self)
{
  gint64 now = qs_clock_now_us (self->clock);
  gint64 due = self->round_began_us + (gint64) self->plan.every_ms * 1000;

  if (self->plan.every_ms > 0 && self->round > 0 && self->n_open > 0)
    return FALSE;
  if (self->plan.every_ms > 0 && self->round > 0 && now < due)
    {
      if (self->timer == NULL)
        set_timer (self, &self->timer, (guint) ((due - now + 999) / 1000), round_cb);
      return FALSE;
    }
  self->round_began_us = now;
  if (self->n_open == self->room)
    {
      self->room = MAX (self->room * 2, 8);
      self->n_left = g_renew (guint, self->n_left, self->room);
    }
  self->n_left[self->n_open++] = self->n_rows;
  return TRUE;
}

static gboolean
start_next (QsBatch *self)
{
  if (self->stopped || self->round == self->plan.repeat || self->jobs->len >= self->plan.parallel)
    return FALSE;
  if (self->next == 0 && !open_round (self))
    return FALSE;
  start_run (self, &self->rows[self->next], self->round);
  if (++self->next == self->n_rows)
    {
      self->next = 0;
      self->round++;
    }
  return TRUE;
}

static void
start_runs (QsBatch *self)
{
  if (self->starting)
    return;
  self->starting = TRUE;
  while (start_next (self))
    ;
  self->starting = FALSE;
  if (self->jobs->len == 0 && (self->stopped || self->round == self->plan.repeat))
    finish (self);
}

/* --- GObject --- */

static void
qs_batch_dispose (GObject *object)
{
  QsBatch *self = QS_BATCH (object);

  clear_source (&self->timer);
  clear_source (&self->progress);
  g_ptr_array_set_size (self->jobs, 0);
  G_OBJECT_CLASS (qs_batch_parent_class)->dispose (object);
}

static void
qs_batch_finalize (GObject *object)
{
  QsBatch *self = QS_BATCH (object);

  for (guint i = 0; i < self->n_rows; i++)
    {
      qs_target_unref (self->rows[i].target);
      qs_batch_figures_free (self->rows[i].figures);
      qs_probe_options_free (self->rows[i].options);
    }
  g_free (self->rows);
  g_free (self->n_left);
  qs_batch_figures_free (self->all);
  g_ptr_array_unref (self->jobs);
  qs_probe_options_free (self->options);
  g_object_unref (self->clock);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (qs_batch_parent_class)->finalize (object);
}

static void
qs_batch_class_init (QsBatchClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = qs_batch_dispose;
  object_class->finalize = qs_batch_finalize;
  signals[SIGNAL_SETTLED] =
      g_signal_new ("settled", QS_TYPE_BATCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[SIGNAL_ROUND] =
      g_signal_new ("round", QS_TYPE_BATCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[SIGNAL_PROGRESS] =
      g_signal_new ("progress", QS_TYPE_BATCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_FINISHED] =
      g_signal_new ("finished", QS_TYPE_BATCH, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_batch_init (QsBatch *self)
{
  self->jobs = g_ptr_array_new_with_free_func (job_free);
  self->all = qs_batch_figures_new ();
  self->context = g_main_context_ref_thread_default ();
}

/* --- Public functions --- */

gboolean
qs_batch_plan_check (const QsBatchPlan *plan, guint n_targets, GError **error)
{
  g_return_val_if_fail (plan != NULL, FALSE);

  if (n_targets > 0 && plan->repeat > 0 && (guint64) plan->repeat * n_targets <= QS_BATCH_MOST_RUNS &&
      plan->parallel > 0 && plan->parallel <= QS_BATCH_MOST_PARALLEL && plan->every_ms <= QS_BATCH_LONGEST_PAUSE_MS)
    return TRUE;
  if (n_targets > 0 && (guint64) plan->repeat * n_targets > QS_BATCH_MOST_RUNS)
    g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                 _ ("%u runs of %u targets are more than %u, the most that are counted together."), plan->repeat,
                 n_targets, QS_BATCH_MOST_RUNS);
  else
    g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                 _ ("At least one run of one target, and from 1 to %u at once."), QS_BATCH_MOST_PARALLEL);
  return FALSE;
}

/* What a run of many does not need. */
static QsProbeOptions *
make_options (const QsProbeOptions *options)
{
  QsProbeOptions *copy = qs_probe_options_copy (options);

  copy->keep_open = FALSE;
  copy->record = TRUE;
  copy->alternatives = FALSE;
  copy->kept = KEPT_BYTES;
  copy->trace_limit = TRACE_PAYLOAD;
  copy->trace_budget = TRACE_BUDGET;
  return copy;
}

QsBatch *
qs_batch_new (GPtrArray *targets, const QsProbeOptions *options, const QsBatchPlan *plan)
{
  g_return_val_if_fail (targets != NULL && options != NULL, NULL);
  g_return_val_if_fail (qs_batch_plan_check (plan, targets->len, NULL), NULL);

  QsBatch *self = g_object_new (QS_TYPE_BATCH, NULL);
  self->plan = *plan;
  self->options = make_options (options);
  self->clock = g_object_ref (options->clock != NULL ? options->clock : qs_clock_get_steady ());
  self->n_rows = targets->len;
  self->rows = g_new (Row, targets->len);
  for (guint i = 0; i < targets->len; i++)
    self->rows[i] = (Row){ qs_target_ref (targets->pdata[i]), qs_batch_figures_new (), NULL };
  return self;
}

void
qs_batch_set_options (QsBatch *self, guint index, const QsProbeOptions *options)
{
  g_return_if_fail (QS_IS_BATCH (self) && !self->started && index < self->n_rows && options != NULL);

  qs_probe_options_free (self->rows[index].options);
  self->rows[index].options = make_options (options);
}

gboolean
qs_batch_prepare (QsBatch *self, GError **error)
{
  g_return_val_if_fail (QS_IS_BATCH (self), FALSE);

  for (guint transport = QS_TRANSPORT_QUIC; transport <= QS_TRANSPORT_TLS; transport++)
    for (guint i = 0; i < self->n_rows; i++)
      if (qs_target_get_transport (self->rows[i].target) == (QsTransport) transport)
        {
          g_autoptr (QsProbe) probe = qs_probe_new (self->rows[i].target, self->options);
          if (!qs_probe_prepare (probe, error))
            return FALSE;
          break;
        }
  return TRUE;
}

void
qs_batch_start (QsBatch *self)
{
  g_return_if_fail (QS_IS_BATCH (self) && !self->started);

  self->started = TRUE;
  self->began = qs_clock_now (self->clock);
  self->work_began = get_work ();
  start_runs (self);
}

void
qs_batch_stop (QsBatch *self)
{
  g_return_if_fail (QS_IS_BATCH (self) && self->started);

  if (self->stopped || self->finished)
    return;
  g_autoptr (QsBatch) hold = g_object_ref (self);
  g_autoptr (GPtrArray) probes = g_ptr_array_new_with_free_func (g_object_unref);
  self->stopped = TRUE;
  clear_source (&self->timer);
  /* Some are finished from within, and leave the list. */
  for (guint i = 0; i < self->jobs->len; i++)
    g_ptr_array_add (probes, g_object_ref (((Job *) self->jobs->pdata[i])->probe));
  for (guint i = 0; i < probes->len; i++)
    qs_probe_stop (probes->pdata[i]);
  start_runs (self);
}

gboolean
qs_batch_get_finished (QsBatch *self)
{
  g_return_val_if_fail (QS_IS_BATCH (self), FALSE);
  return self->finished;
}

gboolean
qs_batch_get_stopped (QsBatch *self)
{
  g_return_val_if_fail (QS_IS_BATCH (self), FALSE);
  return self->stopped;
}

gboolean
qs_batch_get_succeeded (QsBatch *self)
{
  g_return_val_if_fail (QS_IS_BATCH (self), FALSE);
  return self->finished && qs_batch_figures_get_n (self->all, QS_BATCH_OK) == qs_batch_get_n_planned (self);
}

const QsBatchPlan *
qs_batch_get_plan (QsBatch *self)
{
  g_return_val_if_fail (QS_IS_BATCH (self), NULL);
  return &self->plan;
}

guint
qs_batch_get_n_planned (QsBatch *self)
{
  g_return_val_if_fail (QS_IS_BATCH (self), 0);
  return self->plan.repeat * self->n_rows;
}

guint
qs_batch_get_n_settled (QsBatch *self)
{
  g_return_val_if_fail (QS_IS_BATCH (self), 0);
  return self->n_settled;
}

guint
qs_batch_get_n_under_way (QsBatch *self)
{
  g_return_val_if_fail (QS_IS_BATCH (self), 0);
  return self->jobs->len;
}

gint64
qs_batch_get_elapsed (QsBatch *self)
{
  g_return_val_if_fail (QS_IS_BATCH (self), 0);

  if (!self->started)
    return 0;
  return (self->finished ? self->ended : qs_clock_now (self->clock)) - self->began;
}

double
qs_batch_get_busy (QsBatch *self)
{
  g_return_val_if_fail (QS_IS_BATCH (self), 0);

  gint64 elapsed = qs_batch_get_elapsed (self);
  gint64 work = self->finished ? self->work : get_work () - self->work_began;
  return elapsed > 0 ? CLAMP ((double) work / (double) elapsed, 0, 1) : 0;
}

guint
qs_batch_get_n_targets (QsBatch *self)
{
  g_return_val_if_fail (QS_IS_BATCH (self), 0);
  return self->n_rows;
}

QsTarget *
qs_batch_get_target (QsBatch *self, guint index)
{
  g_return_val_if_fail (QS_IS_BATCH (self) && index < self->n_rows, NULL);
  return self->rows[index].target;
}

QsBatchFigures *
qs_batch_get_figures (QsBatch *self, guint index)
{
  g_return_val_if_fail (QS_IS_BATCH (self) && index < self->n_rows, NULL);
  return self->rows[index].figures;
}

QsBatchFigures *
qs_batch_get_all_figures (QsBatch *self)
{
  g_return_val_if_fail (QS_IS_BATCH (self), NULL);
  return self->all;
}
