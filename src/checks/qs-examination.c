/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/qs-examination.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "checks/qs-check-tables.h"
#include "engine/qs-trust.h"
#include "net/qs-resolve.h"
#include "net/qs-udp-bio.h"

#define MOST_AT_ONCE 12
#define LONG_MS 5000      /* scripts that last longer are run as often as a fail needs it side by side */
#define START_EVERY_MS 25 /* a connection at most: forty a second */
#define FAILS_NEEDED 3
#define WARNINGS_NEEDED 2
#define MOST_ATTEMPTS 5
#define MOST_UNANSWERED 4 /* runs in a row: behind them the server counts as gone */

/* A script, and the checks that look at what came of it. */
typedef struct {
  QsExamination *owner; /* not owned */
  const QsCraftStep *script;
  GArray *results; /* guint: indices */
  guint attempts;
  gboolean last;
  QsCraftRun *run;
  GSource *over; /* takes what came of the run, outside of its own callback */
} Task;

struct _QsExamination {
  GObject parent_instance;
  QsTarget *target;
  QsExaminationOptions options;
  GCancellable *cancellable;
  GPtrArray *addresses; /* GSocketAddress: of the target */
  guint n_tried;        /* of these */
  GSocketAddress *address;
  char *address_text, *authority, *failure;
  const char **alpn;
  QsCraftTarget craft;
  GPtrArray *results; /* QsCheckResult */
  GPtrArray *tasks;   /* Task: to be run, in order */
  GPtrArray *running; /* Task */
  guint start_source;
  guint n_done;
  guint unanswered; /* runs in a row to which nothing at all came back, though a handshake was to be made */
  gboolean illegal, probed, started, finished, stopped;
};

enum { SIGNAL_RESULT, SIGNAL_FINISHED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsExamination, qs_examination, G_TYPE_OBJECT)

static const char *const profiles[] = { [QS_PROFILE_PUBLIC] = "public", [QS_PROFILE_PRIVATE] = "private" };

static void start_some (QsExamination *self);

const char *
qs_profile_name (QsProfile profile)
{
  return profiles[profile];
}

gboolean
qs_profile_from_name (const char *name, QsProfile *profile)
{
  for (guint i = 0; i < QS_N_PROFILES; i++)
    {
      if (g_str_equal (name, profiles[i]))
        {
          *profile = i;
          return TRUE;
        }
    }
  return FALSE;
}

static void
result_free (gpointer data)
{
  QsCheckResult *result = data;

  qs_judgement_clear (&result->judgement);
  g_clear_object (&result->trace);
  g_free (result);
}

static void
task_free (gpointer data)
{
  Task *task = data;

  if (task->over != NULL)
    {
      g_source_destroy (task->over);
      g_source_unref (task->over);
    }
  qs_craft_run_free (task->run);
  g_array_unref (task->results);
  g_free (task);
}

/* --- Results --- */

static gboolean
needs_more (const QsCheckResult *result)
{
  switch (result->judgement.verdict)
    {
    case QS_CHECK_FAIL:
      return result->n_fails < FAILS_NEEDED;
    case QS_CHECK_WARN:
      return result->n_told < WARNINGS_NEEDED;
    case QS_CHECK_NOT_TESTED:
      return result->n_runs < WARNINGS_NEEDED;
    default:
      return FALSE;
    }
}

static void
settle (QsExamination *self, guint index)
{
  QsCheckResult *result = self->results->pdata[index];

  if (result->done)
    return;
  /* What looks like a fault because the server has gone meanwhile, for this reason or for that of a check beside it, is none of this check's. */
  if (self->unanswered >= MOST_UNANSWERED && needs_more (result) && !(result->check->flags & QS_CHECK_LAST))
    qs_judgement_set (&result->judgement, QS_CHECK_NOT_TESTED,
                      g_strdup (_ ("The server went away while this check, or one beside it, was under way.")));
  /* A fail that could not be had three times is none. */
  if (result->judgement.verdict == QS_CHECK_FAIL && result->n_fails < FAILS_NEEDED)
    result->judgement.verdict = QS_CHECK_WARN;
  result->done = TRUE;
  self->n_done++;
  g_signal_emit (self, signals[SIGNAL_RESULT], 0, index);
}

static void
settle_untested (QsExamination *self, guint index, const char *why)
{
  QsCheckResult *result = self->results->pdata[index];

  if (result->done)
    return;
  if (result->n_runs == 0)
    qs_judgement_set (&result->judgement, QS_CHECK_NOT_TESTED, g_strdup (why));
  settle (self, index);
}

static void
finish (QsExamination *self, const char *why)
{
  g_clear_handle_id (&self->start_source, g_source_remove);
  g_ptr_array_set_size (self->running, 0);
  g_ptr_array_set_size (self->tasks, 0);
  for (guint i = 0; i < self->results->len; i++)
    settle_untested (self, i, why);
  if (self->finished)
    return;
  self->finished = TRUE;
  g_signal_emit (self, signals[SIGNAL_FINISHED], 0);
}

/* The mildest of what several runs came to stands: what a server did right once it can do. */
static void
take_judgement (QsCheckResult *result, QsJudgement *judgement, QsTrace *trace)
{
  gboolean first = result->n_runs++ == 0;
  gboolean told = judgement->verdict != QS_CHECK_NOT_TESTED;

  result->n_told += told;
  result->n_fails += judgement->verdict == QS_CHECK_FAIL;
  if (first ||
      (told && (judgement->verdict < result->judgement.verdict || result->judgement.verdict == QS_CHECK_NOT_TESTED)))
    {
      qs_judgement_clear (&result->judgement);
      result->judgement = *judgement;
      g_set_object (&result->trace, trace);
    }
  else
    qs_judgement_clear (judgement);
}

static void
judge_run (Task *task)
{
  QsTrace *trace = qs_craft_run_get_trace (task->run);
  g_autoptr (QsSight) sight = qs_sight_new (trace);

  if (sight->n_received > 0)
    task->owner->unanswered = 0;
  else if (task->script[1].needed)
    task->owner->unanswered++;
  for (guint i = 0; i < task->results->len; i++)
    {
      QsCheckResult *result = task->owner->results->pdata[g_array_index (task->results, guint, i)];
      QsJudgement judgement = { .verdict = QS_CHECK_NOT_TESTED, .packets = g_array_new (FALSE, FALSE, sizeof (guint)) };
      if (result->done)
        {
          qs_judgement_clear (&judgement);
          continue;
        }
      result->check->judge (result->check, sight, &judgement);
      take_judgement (result, &judgement, trace);
    }
}

/* A name may have a private address, which is silent, and a public one: what was planned for the first is not for the other. */
static void
drop_illegal (QsExamination *self)
{
  for (guint i = 0; i < self->results->len; i++)
    if ((((const QsCheckResult *) self->results->pdata[i])->check->flags & QS_CHECK_ILLEGAL) != 0)
      settle_untested (self, i, _ ("It sends what no honest client sends: only with --own to a public address."));
}

static gboolean
use_next_address (QsExamination *self)
{
  gboolean was_illegal = self->illegal;

  if (self->n_tried >= self->addresses->len)
    return FALSE;
  g_set_object (&self->address, self->addresses->pdata[self->n_tried++]);
  g_free (self->address_text);
  self->address_text = qs_socket_address_to_text (self->address);
  self->illegal = self->options.own || qs_examination_is_private (self->address);
  if (was_illegal && !self->illegal)
    drop_illegal (self);
  self->craft.address = self->address;
  return TRUE;
}

/* Without an ordinary handshake nothing else can be told. A name's other addresses are tried first. */
static void
judge_reach (QsExamination *self, Task *task)
{
  QsTrace *trace = qs_craft_run_get_trace (task->run);
  g_autoptr (QsSight) sight = qs_sight_new (trace);

  if (sight->n_received == 0 && use_next_address (self))
    return;
  self->probed = TRUE;
  if (sight->confirmed)
    return;
  g_autofree char *close = sight->closed ? qs_sight_dup_close (sight) : NULL;
  if (sight->n_received == 0)
    self->failure = g_strdup (sight->icmp ? _ ("Nobody listens at this port: the host said so (ICMP).")
                                          : _ ("The server does not answer over QUIC."));
  else if (close != NULL)
    self->failure = g_strdup_printf (_ ("The server refuses an ordinary handshake: %s."), close);
  else
    self->failure = g_strdup (_ ("An ordinary handshake does not come to its end."));
}

/* Whoever is gone answers nothing: what is left would only wait. The last check says so. */
static void
give_up_on_rest (QsExamination *self)
{
  for (guint i = self->tasks->len; i-- > 0;)
    {
      Task *task = self->tasks->pdata[i];
      if (task->last)
        continue;
      for (guint j = 0; j < task->results->len; j++)
        settle_untested (self, g_array_index (task->results, guint, j), _ ("The server did not answer any more."));
      g_ptr_array_remove_index (self->tasks, i);
    }
}

static gboolean
speaks_http3 (QsExamination *self, QsTrace *trace)
{
  return g_strcmp0 (qs_trace_get_fact (trace, "tls.alpn"), "h3") == 0;
}

static void
drop_http3 (QsExamination *self)
{
  for (guint i = 0; i < self->results->len; i++)
    {
      const QsCheckResult *result = self->results->pdata[i];
      if ((result->check->flags & QS_CHECK_HTTP3) != 0)
        settle_untested (self, i, _ ("The server does not speak h3 here."));
    }
}

static gboolean
has_sibling (GPtrArray *tasks, const Task *task)
{
  for (guint i = 0; i < tasks->len; i++)
    {
      if (tasks->pdata[i] != task && ((const Task *) tasks->pdata[i])->script == task->script)
        return TRUE;
    }
  return FALSE;
}

/* Takes what came of a run. TRUE: its script has to be run again. */
static gboolean
conclude_task (Task *task)
{
  QsExamination *self = task->owner;
  gboolean more = FALSE;

  if (!self->probed)
    {
      judge_reach (self, task);
      if (!self->probed)
        return TRUE; /* at another address */
      if (self->failure == NULL && !speaks_http3 (self, qs_craft_run_get_trace (task->run)))
        drop_http3 (self);
    }
  judge_run (task);
  for (guint i = 0; i < task->results->len; i++)
    more |= needs_more (self->results->pdata[g_array_index (task->results, guint, i)]);
  if (self->unanswered >= MOST_UNANSWERED)
    give_up_on_rest (self);
  more &= task->last || self->unanswered < MOST_UNANSWERED;
  more &= task->attempts < MOST_ATTEMPTS && self->failure == NULL;
  if (more && (has_sibling (self->running, task) || has_sibling (self->tasks, task)))
    return FALSE; /* they are that already */
  for (guint i = 0; i < task->results->len && !more; i++)
    settle (self, g_array_index (task->results, guint, i));
  return more;
}

/* --- Tasks --- */

static Task *
task_new (QsExamination *owner, const QsCraftStep *script)
{
  Task *task = g_new0 (Task, 1);

  task->owner = owner;
  task->script = script;
  task->results = g_array_new (FALSE, FALSE, sizeof (guint));
  return task;
}

static gboolean
over_cb (gpointer data)
{
  Task *task = data;
  QsExamination *self = g_object_ref (task->owner);
  guint index;

  /* Whoever hears of a result may stop it all, which frees what is running: this one is nobody else's any more. */
  if (g_ptr_array_find (self->running, task, &index))
    g_ptr_array_steal_index_fast (self->running, index);
  gboolean again = conclude_task (task);

  g_clear_pointer (&task->over, g_source_unref);
  g_clear_pointer (&task->run, qs_craft_run_free);
  if (again && !self->finished)
    g_ptr_array_insert (self->tasks, 0, task);
  else
    task_free (task);
  if (!self->finished)
    start_some (self);
  g_object_unref (self);
  return G_SOURCE_REMOVE;
}

static void
done_cb (QsCraftRun *run, gpointer data)
{
  Task *task = data;

  if (task->over != NULL)
    return;
  task->over = g_idle_source_new ();
  g_source_set_priority (task->over, G_PRIORITY_DEFAULT);
  g_source_set_callback (task->over, over_cb, task, NULL);
  g_source_attach (task->over, g_main_context_get_thread_default ());
}

static void
run_task (QsExamination *self, Task *task)
{
  const QsCheckResult *first = self->results->pdata[g_array_index (task->results, guint, 0)];
  g_autofree char *reason = g_strdup_printf ("quicscope test %s", first->check->id);

  task->attempts++;
  task->run = qs_craft_run_new (&self->craft, task->script, reason, done_cb, task);
  g_ptr_array_add (self->running, task);
  qs_craft_run_start (task->run);
}

/* The next one whose turn it is: the first alone, the last ones when all others are done. */
static gboolean
is_settled (QsExamination *self, const Task *task)
{
  for (guint i = 0; i < task->results->len; i++)
    {
      if (!((const QsCheckResult *) self->results->pdata[g_array_index (task->results, guint, i)])->done)
        return FALSE;
    }
  return TRUE;
}

static Task *
take_task (QsExamination *self)
{
  for (guint i = self->tasks->len; i-- > 0;)
    {
      if (is_settled (self, self->tasks->pdata[i]))
        g_ptr_array_remove_index (self->tasks, i);
    }
  for (guint i = 0; i < self->tasks->len; i++)
    {
      Task *task = self->tasks->pdata[i];
      if (!self->probed && self->running->len > 0)
        return NULL;
      if (task->last && (self->running->len > 0 || self->tasks->len > 1))
        continue;
      return g_ptr_array_steal_index (self->tasks, i);
    }
  return NULL;
}

static gboolean
start_cb (gpointer data)
{
  QsExamination *self = data;

  if (self->running->len >= MOST_AT_ONCE)
    {
      self->start_source = 0;
      return G_SOURCE_REMOVE;
    }
  Task *task = take_task (self);
  if (task == NULL)
    {
      self->start_source = 0;
      if (self->tasks->len == 0 && self->running->len == 0)
        start_some (self); /* which ends it */
      return G_SOURCE_REMOVE;
    }
  run_task (self, task);
  return G_SOURCE_CONTINUE;
}

static void
start_some (QsExamination *self)
{
  if (self->failure != NULL)
    finish (self, self->failure);
  else if (self->tasks->len == 0 && self->running->len == 0)
    finish (self, _ ("It was stopped."));
  else if (self->start_source == 0)
    self->start_source = g_timeout_add (START_EVERY_MS, start_cb, self);
}

static Task *
find_task (QsExamination *self, const QsCraftStep *script)
{
  for (guint i = 0; i < self->tasks->len; i++)
    {
      if (((Task *) self->tasks->pdata[i])->script == script)
        return self->tasks->pdata[i];
    }
  return NULL;
}

static int
script_length (const QsCraftStep *script)
{
  int ms = 0;

  for (guint i = 0; script[i].what != QS_CRAFT_DO_END; i++)
    ms = MAX (ms, script[i].needed ? 0 : (int) script[i].ms);
  return ms;
}

/* Those that wait longest begin first; the ordinary one, on which all depends, before them. */
static int
compare_tasks (gconstpointer a, gconstpointer b)
{
  const Task *one = *(Task *const *) a, *other = *(Task *const *) b;

  if (one->script == qs_ordinary_script || other->script == qs_ordinary_script)
    return (other->script == qs_ordinary_script) - (one->script == qs_ordinary_script);
  return script_length (other->script) - script_length (one->script);
}

static void
add_siblings (QsExamination *self)
{
  for (guint i = 0, n = self->tasks->len; i < n; i++)
    {
      const Task *task = self->tasks->pdata[i];
      for (guint j = 1; j < FAILS_NEEDED && script_length (task->script) > LONG_MS; j++)
        {
          Task *sibling = task_new (self, task->script);
          g_array_append_vals (sibling->results, task->results->data, task->results->len);
          g_ptr_array_add (self->tasks, sibling);
        }
    }
}

static void
plan (QsExamination *self)
{
  g_ptr_array_add (self->tasks, task_new (self, qs_ordinary_script));
  for (guint i = 0; i < self->results->len; i++)
    {
      const QsCheckResult *result = self->results->pdata[i];
      Task *task = find_task (self, result->check->script);
      if ((result->check->flags & QS_CHECK_ILLEGAL) != 0 && !self->illegal)
        {
          settle_untested (self, i, _ ("It sends what no honest client sends: only with --own to a public address."));
          continue;
        }
      if (task == NULL)
        {
          task = task_new (self, result->check->script);
          g_ptr_array_add (self->tasks, task);
        }
      task->last = (result->check->flags & QS_CHECK_LAST) != 0;
      g_array_append_val (task->results, i);
    }
  add_siblings (self);
  g_ptr_array_sort (self->tasks, compare_tasks);
  /* Also where no check looks at it, the ordinary run tells whether the others can be made. */
  Task *first = self->tasks->pdata[0];
  if (first->results->len == 0)
    {
      static const char id[] = "D1";
      QsCheckResult *result = g_new0 (QsCheckResult, 1);
      guint index = self->results->len;
      result->check = qs_checks_find (id);
      g_ptr_array_add (self->results, result);
      g_array_append_val (first->results, index);
    }
}

/* --- Where it is --- */

static void
resolved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsExamination) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) addresses = qs_resolve_finish (result, &error);

  if (self->finished)
    return;
  if (addresses == NULL)
    {
      self->failure = g_strdup (error->message);
      finish (self, self->failure);
      return;
    }
  self->addresses = g_steal_pointer (&addresses);
  use_next_address (self);
  plan (self);
  start_some (self);
}

/* --- GObject --- */

static void
qs_examination_finalize (GObject *object)
{
  QsExamination *self = QS_EXAMINATION (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->start_source, g_source_remove);
  g_ptr_array_unref (self->running);
  g_ptr_array_unref (self->tasks);
  g_ptr_array_unref (self->results);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->address);
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_clear_pointer (&self->target, qs_target_unref);
  X509_STORE_free (self->craft.trust);
  g_free (self->address_text);
  g_free (self->authority);
  g_free (self->failure);
  g_strfreev (self->options.alpn);
  g_free (self->options.sni);
  g_free (self->options.ca_file);
  g_strfreev (self->options.resolve);
  g_free (self->options.impairment);
  g_clear_pointer (&self->options.checks, g_ptr_array_unref);
  G_OBJECT_CLASS (qs_examination_parent_class)->finalize (object);
}

static void
qs_examination_class_init (QsExaminationClass *class)
{
  G_OBJECT_CLASS (class)->finalize = qs_examination_finalize;
  signals[SIGNAL_RESULT] = g_signal_new ("result", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[SIGNAL_FINISHED] =
      g_signal_new ("finished", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_examination_init (QsExamination *self)
{
  self->cancellable = g_cancellable_new ();
  self->results = g_ptr_array_new_with_free_func (result_free);
  self->tasks = g_ptr_array_new_with_free_func (task_free);
  self->running = g_ptr_array_new_with_free_func (task_free);
}

gboolean
qs_examination_is_private (GSocketAddress *address)
{
  GInetAddress *inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
  const guint8 *bytes = g_inet_address_to_bytes (inet);

  if (g_inet_address_get_is_loopback (inet) || g_inet_address_get_is_link_local (inet) ||
      g_inet_address_get_is_site_local (inet))
    return TRUE;
  return g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV6 && (bytes[0] & 0xfe) == 0xfc;
}

QsExamination *
qs_examination_new (QsTarget *target, const QsExaminationOptions *options)
{
  QsExamination *self = g_object_new (QS_TYPE_EXAMINATION, NULL);
  guint n;
  const QsCheck *const *all = qs_checks_get (&n);

  self->target = qs_target_ref (target);
  self->options = *options;
  self->options.alpn = g_strdupv (options->alpn);
  self->options.sni = g_strdup (options->sni);
  self->options.ca_file = g_strdup (options->ca_file);
  self->options.resolve = g_strdupv (options->resolve);
  self->options.impairment = g_strdup (options->impairment);
  self->options.checks = options->checks != NULL ? g_ptr_array_ref (options->checks) : NULL;
  for (guint i = 0; i < n; i++)
    {
      if (options->checks != NULL && !g_ptr_array_find (options->checks, all[i], NULL))
        continue;
      QsCheckResult *result = g_new0 (QsCheckResult, 1);
      result->check = all[i];
      g_ptr_array_add (self->results, result);
    }
  return self;
}

static char *
make_authority (QsTarget *target)
{
  const char *host = qs_target_get_host (target);
  gboolean brackets = strchr (host, ':') != NULL;
  guint16 port = qs_target_get_port (target);

  if (port == 443)
    return g_strdup_printf (brackets ? "[%s]" : "%s", host);
  return g_strdup_printf (brackets ? "[%s]:%u" : "%s:%u", host, port);
}

gboolean
qs_examination_start (QsExamination *self, GError **error)
{
  const char *sni = self->options.sni;

  g_return_val_if_fail (!self->started, FALSE);
  self->started = TRUE;
  self->craft.trust =
      self->options.ca_file != NULL ? qs_trust_load (self->options.ca_file, error) : qs_trust_dup_system ();
  if (self->craft.trust == NULL)
    return FALSE;
  self->authority = make_authority (self->target);
  self->craft.authority = self->authority;
  self->craft.path = qs_target_get_path (self->target) != NULL ? qs_target_get_path (self->target) : "/";
  self->craft.server_name = sni == NULL ? qs_target_get_server_name (self->target) : *sni != '\0' ? sni : NULL;
  self->craft.host = sni != NULL && *sni != '\0' ? sni : qs_target_get_host (self->target);
  self->craft.impairment = self->options.impairment;
  self->craft.alpn =
      self->options.alpn != NULL ? (const char *const *) self->options.alpn : qs_target_get_default_alpn (self->target);
  qs_resolve_async (self->target, self->options.family, (const char *const *) self->options.resolve, self->cancellable,
                    resolved_cb, g_object_ref (self));
  return TRUE;
}

void
qs_examination_stop (QsExamination *self)
{
  if (self->finished)
    return;
  self->stopped = TRUE;
  g_cancellable_cancel (self->cancellable);
  finish (self, _ ("It was stopped."));
}

gboolean
qs_examination_get_finished (QsExamination *self)
{
  return self->finished;
}

gboolean
qs_examination_get_stopped (QsExamination *self)
{
  return self->stopped;
}

QsTarget *
qs_examination_get_target (QsExamination *self)
{
  return self->target;
}

QsProfile
qs_examination_get_profile (QsExamination *self)
{
  return self->options.profile;
}

const char *
qs_examination_get_address (QsExamination *self)
{
  return self->address_text;
}

const char *
qs_examination_get_failure (QsExamination *self)
{
  return self->failure;
}

gboolean
qs_examination_sends_illegal (QsExamination *self)
{
  return self->illegal;
}

guint
qs_examination_get_n_results (QsExamination *self)
{
  return self->results->len;
}

const QsCheckResult *
qs_examination_get_result (QsExamination *self, guint index)
{
  return index < self->results->len ? self->results->pdata[index] : NULL;
}

guint
qs_examination_get_n_done (QsExamination *self)
{
  return self->n_done;
}
