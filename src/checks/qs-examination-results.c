/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the runs of an examination come to. */
#include "base/qs-i18n.h"
#include "checks/qs-examination-private.h"
#include "checks/qs-judges.h"

#define MOST_UNANSWERED 4 /* runs in a row: behind them the server counts as gone */

static void take_back (QsExamination *self, QsCheckResult *last);

void
qs_examination_settle (QsExamination *self, guint index)
{
  QsCheckResult *result = self->results->pdata[index];

  if (result->done)
    return;
  /* What looks like a fault because the server has gone meanwhile, for this reason or for that of a check beside it, is none of this check's. */
  if (self->unanswered >= MOST_UNANSWERED && qs_check_result_needs_more (result) &&
      !(result->check->flags & QS_CHECK_LAST))
    qs_judgement_set (&result->judgement, QS_CHECK_NOT_TESTED,
                      g_strdup (_ ("The server went away while this check, or one beside it, was under way.")));
  qs_check_result_settle (result);
  if ((result->check->flags & QS_CHECK_LAST) != 0 && result->judgement.verdict == QS_CHECK_FAIL)
    take_back (self, result);
  self->n_done++;
  g_signal_emit_by_name (self, "result", index);
}

/* A check that was to be made again, and was not: what it came to before stands. */
static gboolean
take_kept (QsExamination *self, guint index)
{
  QsCheckResult *result = self->results->pdata[index];

  if (self->kept == NULL || self->repeated != index)
    return FALSE;
  qs_judgement_clear (&result->judgement);
  g_clear_object (&result->trace);
  *result = *self->kept;
  result->done = FALSE;
  g_clear_pointer (&self->kept, g_free);
  return TRUE;
}

void
qs_examination_settle_untested (QsExamination *self, guint index, const char *why)
{
  QsCheckResult *result = self->results->pdata[index];

  if (result->done)
    return;
  if (result->n_runs == 0 && !take_kept (self, index))
    qs_judgement_set (&result->judgement, QS_CHECK_NOT_TESTED, g_strdup (why));
  qs_examination_settle (self, index);
}

/* Without an ordinary handshake nothing else can be told. A name's other addresses are tried first. */
static void
judge_reach (QsExamination *self, const QsSight *sight)
{
  if (sight->n_received == 0 && qs_examination_use_next_address (self))
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

static gboolean
is_before (const QsCheckResult *result, const QsCheckResult *other)
{
  return other == NULL || result->began < other->began;
}

/* What silence said after the server was heard last says nothing of the check, for good or bad; nor does what was under way then look
 * like a fault of this check's rather than of the one that ended the server. TRUE: it is told of anew. */
static gboolean
forget_after_death (QsExamination *self, QsCheckResult *result)
{
  gboolean blames = result->judgement.verdict == QS_CHECK_FAIL || result->judgement.verdict == QS_CHECK_WARN;

  if (!result->done || result->trace == NULL || result->check->plan != NULL || self->heard < 0 ||
      (result->check->flags & QS_CHECK_LAST) != 0 || result->judgement.verdict == QS_CHECK_NOT_TESTED ||
      result->ended < self->heard || !(blames || !result->answered))
    return FALSE;
  qs_judgement_set (&result->judgement, QS_CHECK_NOT_TESTED,
                    g_strdup (_ ("The server went away while this check, or one beside it, was under way.")));
  return TRUE;
}

/* Of those that were under way when it was heard last, and the first one behind: one of them may be what ended it. NULL: none. */
static char *
dup_suspects (QsExamination *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const QsCheckResult *next = NULL;

  for (guint i = 0; i < self->results->len; i++)
    {
      const QsCheckResult *result = self->results->pdata[i];
      if (result->trace == NULL || result->check->plan != NULL || (result->check->flags & QS_CHECK_LAST) != 0 ||
          result->ended < self->heard)
        continue;
      if (result->began > self->heard)
        next = is_before (result, next) ? result : next;
      else if (result->heard < self->heard || result->judgement.verdict != QS_CHECK_PASS)
        g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", result->check->id);
    }
  if (next != NULL)
    g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", next->check->id);
  return text->len > 0 ? g_strdup (text->str) : NULL;
}

/* The last check found nobody: what was judged behind the last sign of life is taken back. */
static void
take_back (QsExamination *self, QsCheckResult *last)
{
  g_autofree char *suspects = self->heard >= 0 ? dup_suspects (self) : NULL;

  for (guint i = 0; i < self->results->len; i++)
    if (forget_after_death (self, self->results->pdata[i]))
      g_signal_emit_by_name (self, "result", i);
  if (suspects == NULL)
    return;
  g_autofree char *said = g_strdup (last->judgement.text);
  qs_judgement_set (&last->judgement, last->judgement.verdict,
                    g_strdup_printf (_ ("%s When it was heard last, or next, these were under way: %s."), said,
                                     suspects));
}

/* Whoever is gone answers nothing: what is left would only wait. The last check says so. */
static void
give_up_on_rest (QsExamination *self)
{
  for (guint i = self->tasks->len; i-- > 0;)
    {
      QsExaminationTask *task = self->tasks->pdata[i];
      if (task->last || task->plan != NULL)
        continue;
      for (guint j = 0; j < task->results->len; j++)
        qs_examination_settle_untested (self, g_array_index (task->results, guint, j),
                                        _ ("The server did not answer any more."));
      g_ptr_array_remove_index (self->tasks, i);
    }
}

/* Of what says something all the same. */
static gboolean
is_alone (const QsExamination *self, const QsCheck *check)
{
  return (check->plan != NULL || !self->silent) && (check->flags & QS_CHECK_ALONE) != 0;
}

static gboolean
has_alone (const QsExaminationTask *task)
{
  for (guint i = 0; i < task->results->len; i++)
    {
      const QsCheckResult *result = task->owner->results->pdata[g_array_index (task->results, guint, i)];
      if (is_alone (task->owner, result->check))
        return TRUE;
    }
  return FALSE;
}

/* The tasks of one transport are given up, and what they were to tell. */
static void
drop_tasks (QsExamination *self, gboolean over_tcp, const char *why)
{
  for (guint i = self->tasks->len; i-- > 0;)
    {
      const QsExaminationTask *task = self->tasks->pdata[i];
      if ((task->plan != NULL) == over_tcp && !has_alone (task))
        g_ptr_array_remove_index (self->tasks, i);
    }
  for (guint i = 0; i < self->results->len; i++)
    {
      const QsCheckResult *result = self->results->pdata[i];
      if ((result->check->plan != NULL) == over_tcp && !is_alone (self, result->check))
        qs_examination_settle_untested (self, i, why);
    }
}

/* Where TCP answers and UDP does not, one of two things is so, and which cannot be told from here. */
static void
tell_of_silence (QsExamination *self)
{
  for (guint i = 0; i < self->results->len; i++)
    {
      QsCheckResult *result = self->results->pdata[i];
      if (!self->silent || !g_str_equal (result->check->id, "D2"))
        continue;
      qs_judgement_set (&result->judgement, QS_CHECK_WARN,
                        g_strdup (_ ("TCP answers at this port, and UDP does not: it is blocked on the way, or nobody "
                                     "speaks QUIC there.")));
      g_signal_emit_by_name (self, "result", i);
    }
}

/* Likewise over TCP: whether anybody is there. */
static void
judge_tcp_reach (QsExamination *self, const QsSight *sight)
{
  QsJudgement judgement = { 0 };

  self->tcp_probed = TRUE;
  if (qs_judge_tcp_is_connected (sight, &judgement))
    {
      tell_of_silence (self);
      return;
    }
  if (self->tcp_alone)
    self->failure = g_strdup (judgement.text);
  drop_tasks (self, TRUE, judgement.text);
  qs_judgement_clear (&judgement);
}

static gboolean
speaks_http3 (QsTrace *trace)
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
        qs_examination_settle_untested (self, i, _ ("The server does not speak h3 here."));
    }
}

static gboolean
has_sibling (GPtrArray *tasks, const QsExaminationTask *task)
{
  for (guint i = 0; i < tasks->len; i++)
    {
      const QsExaminationTask *other = tasks->pdata[i];
      if (other != task && other->script == task->script && other->plan == task->plan)
        return TRUE;
    }
  return FALSE;
}

static void
judgement_clear (gpointer data)
{
  qs_judgement_clear (data);
}

gboolean
qs_examination_judge (QsExaminationTask *task, gint64 deadline)
{
  if (task->sight == NULL)
    {
      QsTrace *trace = qs_examination_task_get_trace (task);
      task->sight = task->plan != NULL ? qs_sight_new_tcp (trace) : qs_sight_begin (trace);
      task->sight->beside_leaf = task->plan != NULL ? task->owner->leaf : NULL;
      task->sight->quic_answers = task->owner->failure == NULL;
      task->sight->addresses = task->owner->addresses;
      task->judgements = g_array_new (FALSE, TRUE, sizeof (QsJudgement));
      g_array_set_clear_func (task->judgements, judgement_clear);
    }
  if (!qs_sight_advance (task->sight, deadline))
    return FALSE;
  while (task->judgements->len < task->results->len)
    {
      const QsCheckResult *result =
          task->owner->results->pdata[g_array_index (task->results, guint, task->judgements->len)];
      QsJudgement judgement = { .verdict = QS_CHECK_NOT_TESTED, .packets = g_array_new (FALSE, FALSE, sizeof (guint)) };
      if (!result->done)
        result->check->judge (result->check, task->sight, &judgement);
      g_array_append_val (task->judgements, judgement);
      if (deadline != 0 && g_get_monotonic_time () >= deadline)
        return task->judgements->len == task->results->len;
    }
  return TRUE;
}

static void
take_judgements (QsExaminationTask *task)
{
  QsTrace *trace = qs_examination_task_get_trace (task);
  const gint64 origin = qs_trace_get_origin (trace);
  const gint64 heard = task->sight->last_received >= 0 ? origin + task->sight->last_received : -1;

  if (task->plan == NULL)
    task->owner->heard = MAX (task->owner->heard, heard);
  if (task->plan == NULL && task->sight->n_received > 0)
    task->owner->unanswered = 0;
  else if (task->plan == NULL && task->script[1].needed)
    task->owner->unanswered++;
  for (guint i = 0; i < task->results->len; i++)
    {
      QsCheckResult *result = task->owner->results->pdata[g_array_index (task->results, guint, i)];
      QsJudgement *judgement = &g_array_index (task->judgements, QsJudgement, i);
      if (result->done)
        continue;
      if (qs_check_result_take (result, judgement, trace))
        {
          result->began = origin;
          result->ended = origin + qs_trace_now (trace);
          result->heard = heard;
          result->answered =
              task->sight->act != G_MAXUINT ? task->sight->n_received_after_act > 0 : task->sight->n_received > 0;
        }
      *judgement = (QsJudgement){ 0 };
    }
}

gboolean
qs_examination_conclude (QsExaminationTask *task)
{
  QsExamination *self = task->owner;
  gboolean more = FALSE;

  if (task->plan != NULL && !self->tcp_probed)
    judge_tcp_reach (self, task->sight);
  if (task->plan == NULL && !self->probed)
    {
      judge_reach (self, task->sight);
      self->silent = task->sight->n_received == 0;
      self->leaf = task->sight->leaf != NULL ? g_bytes_ref (task->sight->leaf) : NULL;
      if (!self->probed)
        return TRUE; /* at another address */
      if (self->failure == NULL && !speaks_http3 (qs_craft_run_get_trace (task->run)))
        drop_http3 (self);
    }
  take_judgements (task);
  for (guint i = 0; i < task->results->len; i++)
    more |= qs_check_result_needs_more (self->results->pdata[g_array_index (task->results, guint, i)]);
  if (self->unanswered >= MOST_UNANSWERED)
    give_up_on_rest (self);
  more &= task->last || self->unanswered < MOST_UNANSWERED;
  more &= task->attempts < QS_CHECK_MOST_RUNS && (self->failure == NULL || has_alone (task));
  if (more && (has_sibling (self->running, task) || has_sibling (self->tasks, task)))
    return FALSE; /* they are that already */
  for (guint i = 0; i < task->results->len && !more; i++)
    qs_examination_settle (self, g_array_index (task->results, guint, i));
  if (task->plan == NULL && self->failure != NULL)
    drop_tasks (self, FALSE, self->failure);
  return more;
}
