/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/qs-check-result.h"

#define WARNINGS_NEEDED 2

QsCheckResult *
qs_check_result_new (const QsCheck *check)
{
  QsCheckResult *self = g_new0 (QsCheckResult, 1);

  self->check = check;
  return self;
}

void
qs_check_result_free (QsCheckResult *self)
{
  if (self == NULL)
    return;
  qs_judgement_clear (&self->judgement);
  g_clear_object (&self->trace);
  g_free (self);
}

gboolean
qs_check_result_take (QsCheckResult *self, QsJudgement *judgement, QsTrace *trace)
{
  gboolean first = self->n_runs++ == 0;
  gboolean told = judgement->verdict != QS_CHECK_NOT_TESTED;

  self->n_told += told;
  self->n_fails += judgement->verdict == QS_CHECK_FAIL;
  if (first ||
      (told && (judgement->verdict < self->judgement.verdict || self->judgement.verdict == QS_CHECK_NOT_TESTED)))
    {
      qs_judgement_clear (&self->judgement);
      self->judgement = *judgement;
      g_set_object (&self->trace, trace);
      return TRUE;
    }
  qs_judgement_clear (judgement);
  return FALSE;
}

void
qs_check_result_miss (QsCheckResult *self, char *text)
{
  QsJudgement judgement = { .verdict = QS_CHECK_NOT_TESTED,
                            .text = text,
                            .packets = g_array_new (FALSE, FALSE, sizeof (guint)) };

  qs_check_result_take (self, &judgement, NULL);
}

gboolean
qs_check_result_needs_more (const QsCheckResult *self)
{
  switch (self->judgement.verdict)
    {
    case QS_CHECK_FAIL:
      return self->n_fails < QS_CHECK_RUNS_OF_A_FAIL;
    case QS_CHECK_WARN:
      return self->n_told < WARNINGS_NEEDED;
    case QS_CHECK_NOT_TESTED:
      return self->n_runs < WARNINGS_NEEDED;
    default:
      return FALSE;
    }
}

void
qs_check_result_settle (QsCheckResult *self)
{
  if (self->judgement.verdict == QS_CHECK_FAIL && self->n_fails < QS_CHECK_RUNS_OF_A_FAIL)
    self->judgement.verdict = QS_CHECK_WARN;
  self->done = TRUE;
}
