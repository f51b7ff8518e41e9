/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/qs-client-examination.h"

#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "checks/qs-judges.h"

#define WAIT_MS 10000
#define GONE_MS 300     /* for a datagram of a client that has ended, which may still lie in the socket */
#define MOST_AT_ONCE 64 /* connections of clients that come by themselves */

/* A script, and the checks that look at what came of it. */
typedef struct {
  const QsCraftStep *script;
  GArray *results; /* guint: indices */
  guint attempts, running;
} Task;

/* One run of it, with a client. */
typedef struct {
  QsClientExamination *owner; /* not owned */
  Task *task;
  guint number;
  QsCraftListener *listener; /* its own; NULL: the common one */
  QsCraftRun *run;           /* NULL: the client has not come yet */
  GSource *timer;            /* NULL: it waits for nobody */
  GSource *over;             /* takes what came of the run, outside of its own callback, and in slices */
  QsSight *sight;            /* of the run that is over; NULL */
  gboolean crashed;          /* its program ended by a signal */
} Slot;

struct _QsClientExamination {
  GObject parent_instance;
  QsClientExaminationOptions options;
  GPtrArray *results; /* QsCheckResult */
  GPtrArray *tasks;   /* Task */
  GPtrArray *slots;   /* Slot: under way */
  QsCraftListener *listener;
  guint n_done, n_connections, n_slots;
  gboolean started, finished, stopped;
};

enum { SIGNAL_WANTED, SIGNAL_LEFT, SIGNAL_PLAYING, SIGNAL_JUDGED, SIGNAL_RESULT, SIGNAL_FINISHED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsClientExamination, qs_client_examination, G_TYPE_OBJECT)

static void go_on (QsClientExamination *self);

static void
task_free (gpointer data)
{
  g_array_unref (((Task *) data)->results);
  g_free (data);
}

static void
clear_timer (Slot *slot)
{
  if (slot->timer == NULL)
    return;
  g_source_destroy (slot->timer);
  g_clear_pointer (&slot->timer, g_source_unref);
}

static void
slot_free (gpointer data)
{
  Slot *slot = data;

  slot->task->running--;
  clear_timer (slot);
  if (slot->over != NULL)
    {
      g_source_destroy (slot->over);
      g_source_unref (slot->over);
    }
  g_clear_pointer (&slot->sight, qs_sight_free);
  qs_craft_run_free (slot->run);
  qs_craft_listener_free (slot->listener);
  g_free (slot);
}

/* --- Results --- */

static QsCheckResult *
result_at (QsClientExamination *self, const Task *task, guint i)
{
  return self->results->pdata[g_array_index (task->results, guint, i)];
}

static const QsCheck *
first_check (QsClientExamination *self, const Task *task)
{
  for (guint i = 0; i < task->results->len; i++)
    {
      if (!result_at (self, task, i)->done)
        return result_at (self, task, i)->check;
    }
  return result_at (self, task, 0)->check;
}

static void
settle (QsClientExamination *self, guint index)
{
  QsCheckResult *result = self->results->pdata[index];

  if (result->done)
    return;
  qs_check_result_settle (result);
  self->n_done++;
  g_signal_emit (self, signals[SIGNAL_RESULT], 0, index);
}

static void
finish (QsClientExamination *self)
{
  if (self->finished)
    return;
  self->finished = TRUE;
  for (guint i = 0; i < self->slots->len; i++)
    g_signal_emit (self, signals[SIGNAL_LEFT], 0, ((const Slot *) self->slots->pdata[i])->number);
  g_ptr_array_set_size (self->slots, 0);
  g_clear_pointer (&self->listener, qs_craft_listener_free);
  for (guint i = 0; i < self->results->len; i++)
    {
      QsCheckResult *result = self->results->pdata[i];
      if (!result->done && result->n_runs == 0)
        qs_check_result_miss (result, g_strdup (_ ("No client has played it.")));
      settle (self, i);
    }
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0);
}

static gboolean
is_settled (QsClientExamination *self, const Task *task)
{
  for (guint i = 0; i < task->results->len; i++)
    {
      if (!result_at (self, task, i)->done)
        return FALSE;
    }
  return TRUE;
}

/* Whose silence would pass has not kept a rule by ending of a signal. */
static void
judge_crash (const QsSight *sight, QsJudgement *judgement)
{
  if (judgement->verdict == QS_CHECK_PASS && !sight->closed && sight->n_received_after_act == 0)
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("Its program was ended by a signal meanwhile.")));
}

/* What came of a run: sight is NULL where no client came. */
static void
conclude (QsClientExamination *self, Task *task, const QsSight *sight, gboolean crashed)
{
  gboolean last = task->attempts >= QS_CHECK_MOST_RUNS;

  for (guint i = 0; i < task->results->len && !self->finished; i++)
    {
      QsCheckResult *result = result_at (self, task, i);
      if (result->done)
        continue;
      if (sight != NULL)
        {
          QsJudgement judgement = { .verdict = QS_CHECK_NOT_TESTED,
                                    .packets = g_array_new (FALSE, FALSE, sizeof (guint)) };
          result->check->judge (result->check, sight, &judgement);
          if (crashed)
            judge_crash (sight, &judgement);
          qs_check_result_take (result, &judgement, sight->trace);
        }
      else
        qs_check_result_miss (result, g_strdup (_ ("The client did not connect.")));
      g_signal_emit (self, signals[SIGNAL_JUDGED], 0, result);
      if (!self->finished && (last || !qs_check_result_needs_more (result)))
        settle (self, g_array_index (task->results, guint, i));
    }
}

/* --- Runs --- */

/* The slot goes before its run is judged: whoever hears of a result may stop it all. */
static void
end_slot (Slot *slot)
{
  QsClientExamination *self = g_object_ref (slot->owner);
  Task *task = slot->task;
  gboolean crashed = slot->crashed;
  guint index;
  g_autoptr (QsSight) sight = g_steal_pointer (&slot->sight);

  g_signal_emit (self, signals[SIGNAL_LEFT], 0, slot->number);
  if (g_ptr_array_find (self->slots, slot, &index))
    g_ptr_array_remove_index (self->slots, index);
  conclude (self, task, sight, crashed);
  go_on (self);
  g_object_unref (self);
}

static gboolean
over_cb (gpointer data)
{
  Slot *slot = data;

  if (slot->sight == NULL)
    slot->sight = qs_sight_begin (qs_craft_run_get_trace (slot->run));
  if (!qs_sight_advance (slot->sight, g_get_monotonic_time () + QS_SLICE_BUDGET_US))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&slot->over, g_source_unref);
  end_slot (slot);
  return G_SOURCE_REMOVE;
}

static void
done_cb (QsCraftRun *run, gpointer data)
{
  Slot *slot = data;

  if (slot->over != NULL)
    return;
  slot->over = g_idle_source_new ();
  g_source_set_priority (slot->over, G_PRIORITY_DEFAULT);
  g_source_set_callback (slot->over, over_cb, slot, NULL);
  g_source_attach (slot->over, g_main_context_get_thread_default ());
}

static gboolean
timer_cb (gpointer data)
{
  Slot *slot = data;

  clear_timer (slot);
  end_slot (slot);
  return G_SOURCE_REMOVE;
}

/* What comes of it in ms of the clock, if nothing else does. */
static void
set_timer (Slot *slot, guint ms)
{
  clear_timer (slot);
  slot->timer = qs_clock_new_timeout (slot->owner->options.clock, ms);
  g_source_set_static_name (slot->timer, "[quicscope] client of an examination");
  g_source_set_callback (slot->timer, timer_cb, slot, NULL);
  g_source_attach (slot->timer, g_main_context_get_thread_default ());
}

static Slot *
slot_new (QsClientExamination *self, Task *task)
{
  Slot *slot = g_new0 (Slot, 1);

  slot->owner = self;
  slot->task = task;
  slot->number = self->n_slots++;
  task->attempts++;
  task->running++;
  g_ptr_array_add (self->slots, slot);
  return slot;
}

static void
play (Slot *slot, QsCraftListener *listener, const QsCraftFirst *first)
{
  QsClientExamination *self = slot->owner;
  const QsCheck *check = first_check (self, slot->task);
  g_autofree char *reason = g_strdup_printf ("quicscope test %s", check->id);

  clear_timer (slot);
  self->n_connections++;
  slot->run = qs_craft_run_new_server (self->options.host, listener, first, slot->task->script, reason, done_cb, slot);
  g_signal_emit (self, signals[SIGNAL_PLAYING], 0, check);
  if (!self->finished)
    qs_craft_run_start (slot->run);
}

/* The next one whose turn it is: the one with the fewest runs. Of those that are under way there are none to spare. */
static Task *
take_task (QsClientExamination *self)
{
  Task *best = NULL;

  for (guint i = 0; i < self->tasks->len; i++)
    {
      Task *task = self->tasks->pdata[i];
      if (task->running == 0 && task->attempts < QS_CHECK_MOST_RUNS && !is_settled (self, task) &&
          (best == NULL || task->attempts < best->attempts))
        best = task;
    }
  return best;
}

static gboolean
may_play (const QsClientExamination *self)
{
  return self->options.most == 0 || self->n_slots < self->options.most;
}

/* A client of its own accord. */
static void
incoming_cb (QsCraftListener *listener, const QsCraftFirst *first, gpointer data)
{
  QsClientExamination *self = data;
  Task *task = may_play (self) && self->slots->len < MOST_AT_ONCE ? take_task (self) : NULL;

  if (task != NULL)
    play (slot_new (self, task), listener, first);
}

/* One that was asked for: what else comes to its port is passed over. */
static void
asked_cb (QsCraftListener *listener, const QsCraftFirst *first, gpointer data)
{
  Slot *slot = data;

  if (slot->run == NULL && slot->over == NULL)
    play (slot, listener, first);
}

static GSocketAddress *
any_port (GSocketAddress *address)
{
  return g_inet_socket_address_new (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)), 0);
}

static void
ask_for_client (QsClientExamination *self, Task *task)
{
  Slot *slot = slot_new (self, task);
  g_autoptr (GSocketAddress) address = any_port (self->options.address);

  slot->listener = qs_craft_listener_new (address, asked_cb, slot, NULL);
  set_timer (slot, self->options.wait_ms != 0 ? self->options.wait_ms : WAIT_MS);
  if (slot->listener == NULL)
    return; /* it is as if none had come */
  GSocketAddress *own = qs_craft_listener_get_address (slot->listener);
  g_signal_emit (self, signals[SIGNAL_WANTED], 0, slot->number,
                 (guint) g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (own)));
}

static gboolean
is_over (QsClientExamination *self)
{
  return self->n_done == self->results->len || (self->slots->len == 0 && !may_play (self));
}

static void
go_on (QsClientExamination *self)
{
  Task *task;

  while (!self->finished && !is_over (self) && self->slots->len < self->options.at_once && may_play (self) &&
         (task = take_task (self)) != NULL)
    ask_for_client (self, task);
  if (is_over (self))
    finish (self);
}

/* --- GObject --- */

static void
qs_client_examination_finalize (GObject *object)
{
  QsClientExamination *self = QS_CLIENT_EXAMINATION (object);

  g_ptr_array_unref (self->slots);
  g_clear_pointer (&self->listener, qs_craft_listener_free);
  g_ptr_array_unref (self->tasks);
  g_ptr_array_unref (self->results);
  g_clear_object (&self->options.address);
  g_clear_object (&self->options.clock);
  g_clear_pointer (&self->options.checks, g_ptr_array_unref);
  G_OBJECT_CLASS (qs_client_examination_parent_class)->finalize (object);
}

static void
qs_client_examination_class_init (QsClientExaminationClass *class)
{
  GType type = G_TYPE_FROM_CLASS (class);

  G_OBJECT_CLASS (class)->finalize = qs_client_examination_finalize;
  signals[SIGNAL_WANTED] =
      g_signal_new ("wanted", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_UINT);
  signals[SIGNAL_LEFT] =
      g_signal_new ("left", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[SIGNAL_PLAYING] =
      g_signal_new ("playing", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[SIGNAL_JUDGED] =
      g_signal_new ("judged", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[SIGNAL_RESULT] =
      g_signal_new ("result", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[SIGNAL_FINISHED] = g_signal_new ("finished", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_client_examination_init (QsClientExamination *self)
{
  self->results = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_check_result_free);
  self->tasks = g_ptr_array_new_with_free_func (task_free);
  self->slots = g_ptr_array_new_with_free_func (slot_free);
}

static Task *
find_task (QsClientExamination *self, const QsCraftStep *script)
{
  for (guint i = 0; i < self->tasks->len; i++)
    {
      if (((Task *) self->tasks->pdata[i])->script == script)
        return self->tasks->pdata[i];
    }
  Task *task = g_new0 (Task, 1);
  task->script = script;
  task->results = g_array_new (FALSE, FALSE, sizeof (guint));
  g_ptr_array_add (self->tasks, task);
  return task;
}

static void
add_check (QsClientExamination *self, const QsCheck *check)
{
  guint index = self->results->len;

  g_ptr_array_add (self->results, qs_check_result_new (check));
  g_array_append_val (find_task (self, check->script)->results, index);
}

QsClientExamination *
qs_client_examination_new (const QsClientExaminationOptions *options)
{
  QsClientExamination *self = g_object_new (QS_TYPE_CLIENT_EXAMINATION, NULL);
  guint n;
  const QsCheck *const *all = qs_client_checks_get (&n);

  self->options = *options;
  self->options.address = g_object_ref (options->address);
  self->options.clock = g_object_ref (options->clock != NULL ? options->clock : qs_clock_get_steady ());
  self->options.checks = options->checks != NULL ? g_ptr_array_ref (options->checks) : NULL;
  for (guint i = 0; i < n; i++)
    {
      if (options->checks == NULL || g_ptr_array_find (options->checks, all[i], NULL))
        add_check (self, all[i]);
    }
  return self;
}

gboolean
qs_client_examination_start (QsClientExamination *self, GError **error)
{
  g_return_val_if_fail (!self->started, FALSE);

  self->started = TRUE;
  if (self->options.at_once == 0)
    {
      self->listener = qs_craft_listener_new (self->options.address, incoming_cb, self, error);
      return self->listener != NULL;
    }
  /* That the address can be listened on at all. */
  g_autoptr (GSocketAddress) address = any_port (self->options.address);
  g_autoptr (QsCraftListener) listener = qs_craft_listener_new (address, asked_cb, NULL, error);
  if (listener == NULL)
    return FALSE;
  go_on (self);
  return TRUE;
}

void
qs_client_examination_stop (QsClientExamination *self)
{
  if (self->finished)
    return;
  self->stopped = TRUE;
  finish (self);
}

void
qs_client_examination_gone (QsClientExamination *self, guint number, gboolean crashed)
{
  for (guint i = 0; i < self->slots->len; i++)
    {
      Slot *slot = self->slots->pdata[i];
      if (slot->number != number)
        continue;
      slot->crashed = crashed;
      if (slot->run == NULL)
        set_timer (slot, GONE_MS);
      return;
    }
}

gboolean
qs_client_examination_get_finished (QsClientExamination *self)
{
  return self->finished;
}

gboolean
qs_client_examination_get_stopped (QsClientExamination *self)
{
  return self->stopped;
}

GSocketAddress *
qs_client_examination_get_address (QsClientExamination *self)
{
  return self->listener != NULL ? qs_craft_listener_get_address (self->listener) : NULL;
}

GPtrArray *
qs_client_examination_get_results (QsClientExamination *self)
{
  return self->results;
}

guint
qs_client_examination_get_n_done (QsClientExamination *self)
{
  return self->n_done;
}

guint
qs_client_examination_get_n_connections (QsClientExamination *self)
{
  return self->n_connections;
}

void
qs_client_examination_count (QsClientExamination *self, guint counts[QS_CHECK_N_VERDICTS])
{
  for (guint i = 0; i < QS_CHECK_N_VERDICTS; i++)
    counts[i] = 0;
  for (guint i = 0; i < self->results->len; i++)
    counts[((const QsCheckResult *) self->results->pdata[i])->judgement.verdict]++;
}
