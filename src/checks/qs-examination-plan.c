/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an examination has to run, and in which order. */
#include "base/qs-i18n.h"
#include "checks/qs-check-tables.h"
#include "checks/qs-examination-private.h"

#define LONG_MS 5000 /* scripts that last longer are run as often as a fail needs it side by side */

static const char illegal_words[] =
    N_ ("It sends what no honest client sends: never to a public address unless its owner asks for it (--own).");

void
qs_examination_drop_illegal (QsExamination *self)
{
  for (guint i = 0; i < self->results->len; i++)
    if ((((const QsCheckResult *) self->results->pdata[i])->check->flags & QS_CHECK_ILLEGAL) != 0)
      qs_examination_settle_untested (self, i, _ (illegal_words));
}

gboolean
qs_examination_wants_illegal (QsExamination *self)
{
  for (guint i = 0; i < self->results->len; i++)
    if ((((const QsCheckResult *) self->results->pdata[i])->check->flags & QS_CHECK_ILLEGAL) != 0)
      return TRUE;
  return FALSE;
}

QsExaminationTask *
qs_examination_task_new (QsExamination *owner, const QsCheck *check)
{
  QsExaminationTask *task = g_new0 (QsExaminationTask, 1);

  task->owner = owner;
  task->script = check->script;
  task->plan = check->plan;
  task->results = g_array_new (FALSE, FALSE, sizeof (guint));
  return task;
}

static QsExaminationTask *
find_task (QsExamination *self, const QsCheck *check)
{
  for (guint i = 0; i < self->tasks->len; i++)
    {
      QsExaminationTask *task = self->tasks->pdata[i];
      if (task->script == check->script && task->plan == check->plan)
        return task;
    }
  return NULL;
}

static int
script_length (const QsCraftStep *script)
{
  int ms = 0;

  for (guint i = 0; script != NULL && script[i].what != QS_CRAFT_DO_END; i++)
    ms = MAX (ms, script[i].needed ? 0 : (int) script[i].ms);
  return ms;
}

/* Of all that it waits for by silence, one behind the other. */
static int
script_wait (const QsCraftStep *script)
{
  int ms = 0;

  for (guint i = 0; script != NULL && script[i].what != QS_CRAFT_DO_END; i++)
    ms += script[i].needed ? 0 : (int) script[i].ms;
  return ms;
}

static gboolean
is_ordinary (const QsExaminationTask *task)
{
  return task->script == qs_ordinary_script || task->plan == &qs_ordinary_plan;
}

/* Those that wait longest begin first; the ordinary one, on which all depends, before them. */
static int
compare_tasks (gconstpointer a, gconstpointer b)
{
  const QsExaminationTask *one = *(QsExaminationTask *const *) a, *other = *(QsExaminationTask *const *) b;

  if (is_ordinary (one) != is_ordinary (other))
    return is_ordinary (other) - is_ordinary (one);
  return script_wait (other->script) - script_wait (one->script);
}

void
qs_examination_add_siblings (QsExamination *self)
{
  for (guint i = 0, n = self->tasks->len; i < n; i++)
    {
      const QsExaminationTask *task = self->tasks->pdata[i];
      for (guint j = 1; j < QS_CHECK_RUNS_OF_A_FAIL && script_length (task->script) > LONG_MS; j++)
        {
          const QsCheckResult *first = self->results->pdata[g_array_index (task->results, guint, 0)];
          QsExaminationTask *sibling = qs_examination_task_new (self, first->check);
          g_array_append_vals (sibling->results, task->results->data, task->results->len);
          g_ptr_array_add (self->tasks, sibling);
        }
    }
}

static void
plan_check (QsExamination *self, guint index)
{
  const QsCheck *check = ((const QsCheckResult *) self->results->pdata[index])->check;
  QsExaminationTask *task = find_task (self, check);

  if (check->untested != NULL)
    {
      qs_examination_settle_untested (self, index, _ (check->untested));
      return;
    }
  if ((check->flags & QS_CHECK_ILLEGAL) != 0 && !self->illegal)
    {
      qs_examination_settle_untested (self, index, _ (illegal_words));
      return;
    }
  if (self->tcp_alone && check->plan == NULL)
    {
      qs_examination_settle_untested (self, index, _ ("It is about QUIC, and the target goes over TCP."));
      return;
    }
  if (task == NULL)
    {
      task = qs_examination_task_new (self, check);
      g_ptr_array_add (self->tasks, task);
    }
  task->last = (check->flags & QS_CHECK_LAST) != 0;
  g_array_append_val (task->results, index);
}

/* Also where no check looks at it, the ordinary run tells whether the others can be made. */
static void
plan_ordinary (QsExamination *self)
{
  const QsCheck *check = qs_checks_find (self->tcp_alone ? "S0" : "D1");
  QsExaminationTask *task = find_task (self, check);
  guint index = self->results->len;

  if (task == NULL)
    {
      task = qs_examination_task_new (self, check);
      g_ptr_array_add (self->tasks, task);
    }
  if (task->results->len > 0)
    return;
  g_ptr_array_add (self->results, qs_check_result_new (check));
  g_array_append_val (task->results, index);
}

void
qs_examination_plan (QsExamination *self)
{
  for (guint i = 0; i < self->results->len; i++)
    plan_check (self, i);
  plan_ordinary (self);
  qs_examination_add_siblings (self);
  g_ptr_array_sort (self->tasks, compare_tasks);
}
