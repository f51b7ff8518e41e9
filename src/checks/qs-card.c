/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The letter and the marks. Caps and no sums: the worst that a server does says what it is worth, as SSL Labs' caps do. */
#include "checks/qs-examination.h"

static gboolean
counts_as_trust (const QsCheckResult *result)
{
  return result->judgement.verdict == QS_CHECK_FAIL &&
         (result->judgement.cap == QS_GRADE_T || result->judgement.cap == QS_GRADE_M);
}

static QsGrade
cap_of (const QsCheckResult *result)
{
  if (result->judgement.verdict == QS_CHECK_FAIL)
    return result->judgement.cap != QS_GRADE_NONE ? result->judgement.cap : result->check->cap;
  return result->judgement.verdict == QS_CHECK_WARN ? QS_GRADE_A : QS_GRADE_A_PLUS;
}

static void
lower (QsGrade *grade, QsGrade cap)
{
  if (cap != QS_GRADE_NONE && (*grade == QS_GRADE_NONE || cap < *grade))
    *grade = cap;
}

void
qs_examination_grade (QsExamination *self, QsCard *card)
{
  QsGrade trust = QS_GRADE_NONE;
  guint n = qs_examination_get_n_results (self);
  gboolean reached = FALSE;

  *card = (QsCard){ 0 };
  for (guint i = 0; i < n; i++)
    {
      const QsCheckResult *result = qs_examination_get_result (self, i);
      card->counts[result->judgement.verdict]++;
      reached |= result->check->cap == QS_GRADE_F && result->judgement.verdict == QS_CHECK_PASS;
      if (result->judgement.verdict == QS_CHECK_NOT_TESTED)
        continue;
      if (counts_as_trust (result))
        {
          if (qs_examination_get_profile (self) == QS_PROFILE_PRIVATE)
            continue;
          lower (&trust, result->judgement.cap);
        }
      else
        lower (&card->if_trusted, cap_of (result));
      lower (&card->marks[result->check->mark], cap_of (result));
    }
  /* Who was not asked everything has not shown that he is above the others. */
  if (card->if_trusted == QS_GRADE_A_PLUS &&
      (!qs_examination_sends_illegal (self) || qs_examination_get_stopped (self)))
    card->if_trusted = QS_GRADE_A;
  if (qs_examination_get_failure (self) != NULL || (!reached && card->if_trusted > QS_GRADE_F))
    card->if_trusted = QS_GRADE_NONE;
  card->grade = card->if_trusted != QS_GRADE_NONE && trust != QS_GRADE_NONE && trust < card->if_trusted
                    ? trust
                    : card->if_trusted;
}
