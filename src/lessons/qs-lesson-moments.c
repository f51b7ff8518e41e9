/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a lesson says about a trace: where its pages stand, and which answer is right. */
#include "lessons/qs-lesson-private.h"
#include "study/qs-study.h"

/* Events that are no packets: a mark of this kind, and of this name unless NULL. */
typedef struct {
  const char *name;
  int mark; /* -1: the start or the end of the picture */
  const char *mark_name;
} Event;

static const Event events[] = {
  { "start", -1, NULL },
  { "end", -1, NULL },
  { "handshake-done", QS_MARK_HANDSHAKE_DONE, NULL },
  { "confirmed", QS_MARK_CONFIRMED, NULL },
  { "verified", QS_MARK_VERIFY, NULL },
  { "first-byte", QS_MARK_FIRST_BYTE, NULL },
  { "closed", QS_MARK_CLOSE, NULL },
  { "failed", QS_MARK_OUTCOME, "failed" },
  { "over", QS_MARK_OUTCOME, NULL },
};

const char *const *
qs_lesson_events (void)
{
  static const char *names[G_N_ELEMENTS (events) + 1];

  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    names[i] = events[i].name;
  return names;
}

const char *
qs_lesson_event_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    if (g_str_equal (events[i].name, name))
      return events[i].name;
  return NULL;
}

static const Event *
find_event (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    if (g_str_equal (events[i].name, name))
      return &events[i];
  g_assert_not_reached ();
}

/* --- Moments --- */

static gint64
last_packet_until (QsTrace *trace, gint64 time)
{
  gint64 found = -1;

  for (guint i = 0; i < qs_trace_get_n_packets (trace) && qs_trace_get_packet (trace, i)->time <= time; i++)
    found = i;
  return found;
}

static void
find_mark (const Event *event, QsTrace *trace, gint64 after, QsLessonMoment *moment)
{
  for (guint i = 0; i < qs_trace_get_n_marks (trace) && !moment->found; i++)
    {
      gint64 time;
      const QsMark *mark = qs_trace_get_mark (trace, i, &time);
      if ((int) mark->kind != event->mark || time < after ||
          (event->mark_name != NULL && g_strcmp0 (event->mark_name, mark->name) != 0))
        continue;
      *moment = (QsLessonMoment){ TRUE, time, last_packet_until (trace, time) };
    }
}

static void
find_event_moment (const char *name, QsTrace *trace, gint64 after, QsLessonMoment *moment)
{
  const Event *event = find_event (name);

  if (event->mark >= 0)
    find_mark (event, trace, after, moment);
  else if (g_str_equal (event->name, "end"))
    *moment = (QsLessonMoment){ TRUE, G_MAXINT64, -1 };
  else
    *moment = (QsLessonMoment){ TRUE, 0, -1 };
}

/* Behind the packet that the page before is about: two pages may wait for the same kind of packet. */
static void
find_packet_moment (QsFilter *stop, QsTrace *trace, gint64 after, gint64 behind, QsLessonMoment *moment)
{
  for (guint i = (guint) (behind + 1); i < qs_trace_get_n_packets (trace) && !moment->found; i++)
    {
      gint64 time = qs_trace_get_packet (trace, i)->time;
      if (time >= after && qs_filter_matches (stop, trace, i))
        *moment = (QsLessonMoment){ TRUE, time, i };
    }
}

GArray *
qs_lesson_find_moments (const QsLesson *self, int run, QsTrace *trace)
{
  g_return_val_if_fail (self != NULL && QS_IS_TRACE (trace), NULL);

  GArray *moments = g_array_sized_new (FALSE, TRUE, sizeof (QsLessonMoment), self->pages->len);
  QsLessonMoment last = { TRUE, 0, -1 };
  gint64 behind = -1; /* the last packet that a page waited for */

  g_array_set_size (moments, self->pages->len);
  for (guint i = 0; i < self->pages->len; i++)
    {
      const QsLessonPage *page = g_ptr_array_index (self->pages, i);
      QsLessonMoment *moment = &g_array_index (moments, QsLessonMoment, i);
      gint64 after = last.time == G_MAXINT64 ? 0 : last.time;

      if (page->run != run)
        continue;
      if (page->stop != NULL)
        find_packet_moment (page->stop, trace, after, behind, moment);
      else if (page->event != NULL)
        find_event_moment (page->event, trace, after, moment);
      else
        *moment = last;
      if (!moment->found)
        continue;
      behind = page->stop != NULL ? moment->packet : behind;
      last = *moment;
    }
  return moments;
}

/* --- Answers --- */

static guint
count_packets (QsFilter *filter, QsTrace *trace)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint from = 0;

  qs_filter_run (filter, trace, &from, 0, found);
  return found->len;
}

static gboolean
is_found (const char *id, QsStudy *study)
{
  GPtrArray *findings = qs_study_get_findings (study);

  for (guint i = 0; i < findings->len; i++)
    if (g_str_equal (((QsFinding *) g_ptr_array_index (findings, i))->id, id))
      return TRUE;
  return FALSE;
}

gboolean
qs_lesson_condition_holds (const QsLessonCondition *condition, QsStudy *study)
{
  g_return_val_if_fail (condition != NULL && QS_IS_STUDY (study), FALSE);

  if (condition->packets == NULL && condition->finding == NULL && condition->fact == NULL)
    return FALSE;
  if (condition->packets != NULL)
    {
      guint n = count_packets (condition->packets, qs_study_get_trace (study));
      if (n < condition->min || n > condition->max)
        return FALSE;
    }
  if (condition->finding != NULL && !is_found (condition->finding, study))
    return FALSE;
  return condition->fact == NULL ||
         g_strcmp0 (qs_trace_get_fact (qs_study_get_trace (study), condition->fact), condition->value) == 0;
}

int
qs_lesson_question_answer (const QsLessonQuestion *question, QsStudy *study)
{
  g_return_val_if_fail (question != NULL && QS_IS_STUDY (study), -1);

  int answer = -1;
  for (guint i = 0; i < question->choices->len; i++)
    {
      const QsLessonChoice *choice = g_ptr_array_index (question->choices, i);
      if (!qs_lesson_condition_holds (&choice->when, study))
        continue;
      if (answer >= 0)
        return -1;
      answer = (int) i;
    }
  return answer;
}

GArray *
qs_lesson_question_proof (const QsLessonQuestion *question, QsStudy *study)
{
  g_return_val_if_fail (question != NULL && QS_IS_STUDY (study), NULL);

  GArray *packets = g_array_new (FALSE, FALSE, sizeof (guint32));
  QsFilter *proof = question->proof;
  int answer = qs_lesson_question_answer (question, study);
  guint from = 0;

  if (proof == NULL && answer >= 0)
    proof = ((QsLessonChoice *) g_ptr_array_index (question->choices, answer))->when.packets;
  if (proof != NULL)
    qs_filter_run (proof, qs_study_get_trace (study), &from, 0, packets);
  return packets;
}
