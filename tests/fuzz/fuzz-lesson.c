/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"
#include "lessons/qs-lesson.h"

static const char *const languages[] = { "de", "en", "C", NULL };

/* The window hands it to Pango: what a file says must never break it. */
static void
check_markup (const char *markup)
{
  static const GMarkupParser nothing = { NULL };
  g_autofree char *whole = g_strdup_printf ("<x>%s</x>", markup);
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&nothing, 0, NULL, NULL);

  g_assert_true (g_markup_parse_context_parse (context, whole, -1, NULL));
  g_assert_true (g_markup_parse_context_end_parse (context, NULL));
}

static void
check_page (const QsLesson *lesson, const QsLessonPage *page, QsTrace *trace)
{
  g_assert_cmpint (page->run, <, (int) qs_lesson_get_n_runs (lesson));
  check_markup (page->markup);
  if (page->question == NULL)
    return;
  check_markup (page->question->markup);
  for (guint i = 0; i < page->question->choices->len; i++)
    check_markup (((QsLessonChoice *) g_ptr_array_index (page->question->choices, i))->markup);
  g_autoptr (QsStudy) study = qs_study_new (trace, NULL);
  g_assert_cmpint (qs_lesson_question_answer (page->question, study), <, (int) page->question->choices->len);
}

/* A lesson's file from anywhere: a lesson, or a message that names the line. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QsLesson) lesson = qs_lesson_parse ((const char *) data, size, "x", "x.lesson", languages, &error);

  g_assert_true ((lesson == NULL) == (error != NULL));
  if (lesson == NULL)
    {
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_true (g_str_has_prefix (error->message, "x.lesson:"));
      return 0;
    }

  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_assert_cmpuint (qs_lesson_get_n_pages (lesson), >, 0);
  for (guint i = 0; i < qs_lesson_get_n_pages (lesson); i++)
    check_page (lesson, qs_lesson_get_page (lesson, i), trace);
  for (guint i = 0; i < qs_lesson_get_n_runs (lesson); i++)
    g_array_unref (qs_lesson_find_moments (lesson, (int) i, trace));
  return 0;
}
