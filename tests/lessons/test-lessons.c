/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every lesson that is shipped, end to end: its runs, each page's moment, the answer to each question. */
#include <string.h>

#include "base/qs-i18n.h"
#include "http/qs-http.h"
#include "lessons/qs-lesson-library.h"
#include "lessons/qs-lesson-run.h"

/* The machine that runs this may be busy with other things. */
#define PATIENCE_MS 60000
#define ATTEMPTS 3

static GPtrArray *lessons;

static void
finished_cb (gboolean *finished)
{
  *finished = TRUE;
}

static gboolean
expired_cb (gpointer expired)
{
  *(gboolean *) expired = TRUE;
  return G_SOURCE_REMOVE;
}

/* With its run kept until the server is gone: what it saw is asked for too. */
static QsLessonRun *
make_run (QsLesson *lesson, guint index)
{
  g_autoptr (GError) error = NULL;
  QsLessonRun *run = qs_lesson_run_new (lesson, index);
  gboolean finished = FALSE, expired = FALSE;

  g_signal_connect_swapped (run, "finished", G_CALLBACK (finished_cb), &finished);
  g_assert_true (qs_lesson_run_prepare (run, &error));
  g_assert_no_error (error);
  qs_lesson_run_start (run);
  guint id = g_timeout_add (PATIENCE_MS, expired_cb, &expired);
  while (!finished && !expired)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (finished);
  g_source_remove (id);
  return run;
}

static void
say_packets (QsTrace *trace)
{
  for (guint i = 0; i < qs_trace_get_n_packets (trace) && i < 60; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      g_test_message ("  %3u %8.3f ms %s %-10s pn %d, %u bytes, frames %" G_GINT64_MODIFIER "x", i,
                      (double) packet->time / 1e6, packet->direction == QS_DIRECTION_SENT ? "sent" : "got ",
                      qs_packet_type_name (packet->type), (int) packet->number, packet->length, packet->frames);
    }
}

/* What the diagnosis has to say of a lesson's first run. */
static const struct {
  const char *lesson, *finding;
} told[] = { { "alpn", "alpn-mismatch" }, { "flow-control", "flow-control-blocked" } };

static const char *
untold_finding (QsLesson *lesson, QsTrace *trace)
{
  g_autoptr (QsStudy) study = qs_study_new (trace, NULL);
  GPtrArray *findings = qs_study_get_findings (study);

  for (guint i = 0; i < G_N_ELEMENTS (told); i++)
    {
      gboolean found = !g_str_equal (told[i].lesson, qs_lesson_get_name (lesson));
      for (guint k = 0; !found && k < findings->len; k++)
        found = g_str_equal (((const QsFinding *) findings->pdata[k])->id, told[i].finding);
      if (!found)
        return told[i].finding;
    }
  return NULL;
}

/* Why a page or an answer is wrong for this trace; NULL: all is right. */
static char *
check_run (QsLesson *lesson, int run, QsTrace *trace)
{
  g_autoptr (GArray) moments = qs_lesson_find_moments (lesson, run, trace);
  g_autoptr (QsStudy) study = qs_study_new (trace, NULL);

  for (guint i = 0; i < qs_lesson_get_n_pages (lesson); i++)
    {
      const QsLessonPage *page = qs_lesson_get_page (lesson, i);
      const QsLessonMoment *moment = &g_array_index (moments, QsLessonMoment, i);

      if (page->run != run)
        continue;
      if (!moment->found)
        return g_strdup_printf ("page %u (line %u): “%s” never comes", i + 1, page->line, page->at);
      if (page->question == NULL)
        continue;
      int answer = qs_lesson_question_answer (page->question, study);
      if (answer < 0)
        return g_strdup_printf ("page %u (line %u): not one choice is right", i + 1, page->line);
      /* The others are wrong by the trace, not for lack of a right one. */
      for (guint k = 0; k < page->question->choices->len; k++)
        {
          const QsLessonChoice *other = g_ptr_array_index (page->question->choices, k);
          if (qs_lesson_condition_holds (&other->when, study) != ((int) k == answer))
            return g_strdup_printf ("page %u (line %u): choice %u is no clear case", i + 1, page->line, k + 1);
        }
      g_autoptr (GArray) proof = qs_lesson_question_proof (page->question, study);
      const QsLessonChoice *choice = g_ptr_array_index (page->question->choices, answer);
      if (proof->len == 0 && (page->question->proof != NULL || (choice->when.packets != NULL && choice->when.max > 0)))
        return g_strdup_printf ("page %u (line %u): nothing proves the answer", i + 1, page->line);
      g_test_message ("page %u: choice %d, proved by %u packets", i + 1, answer + 1, proof->len);
    }
  if (run == 0 && untold_finding (lesson, trace) != NULL)
    return g_strdup_printf ("the diagnosis does not say “%s”", untold_finding (lesson, trace));
  return NULL;
}

/* A run on a machine that is held up for long shows more than its path does (probes, acknowledgements that came too
 * late): it is then made again. */
static void
check_lesson (gconstpointer data)
{
  QsLesson *lesson = (QsLesson *) data;

  for (guint i = 0; i < qs_lesson_get_n_runs (lesson); i++)
    {
      g_autofree char *wrong = NULL;
      for (guint attempt = 0; attempt == 0 || (wrong != NULL && attempt < ATTEMPTS); attempt++)
        {
          g_autoptr (QsLessonRun) run = make_run (lesson, i);
          QsTrace *trace = qs_lesson_run_get_trace (run);
          g_free (wrong);
          wrong = trace != NULL ? check_run (lesson, (int) i, trace) : g_strdup (qs_lesson_run_get_error (run));
          if (trace != NULL && (wrong != NULL || g_test_verbose ()))
            say_packets (trace);
          if (wrong != NULL)
            g_test_message ("%s", wrong);
        }
      if (wrong != NULL)
        g_error ("%s, run %u: %s", qs_lesson_get_file (lesson), i + 1, wrong);
    }
}

/* Whoever writes a lesson sees at once what is wrong with it. */
static void
test_all_load (void)
{
  g_autoptr (GPtrArray) problems = NULL;
  g_autoptr (GPtrArray) again = qs_lessons_load ((const char *const[]){ "C", NULL }, &problems);

  for (guint i = 0; i < problems->len; i++)
    g_test_message ("%s", (char *) g_ptr_array_index (problems, i));
  g_assert_cmpuint (problems->len, ==, 0);
  g_assert_cmpuint (again->len, ==, lessons->len);
}

/* The example of data/lessons/README.md is a lesson, and does what is said there. */
static void
test_guide (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("QS_SRCDIR"), "data", "lessons", "README.md", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &text, &length, &error));
  char *begin = strstr (text, "<?xml"), *end = begin != NULL ? strstr (begin, "```") : NULL;
  g_assert_nonnull (end);
  g_autoptr (QsLesson) lesson =
      qs_lesson_parse (begin, (gsize) (end - begin), "guide", "README.md", (const char *const[]){ "C", NULL }, &error);
  g_assert_no_error (error);
  check_lesson (lesson);
}

/* What makes a run of its own text, "<run …>" and pages, with one page. */
static QsLessonRun *
make_run_of (const char *attributes, QsLesson **lesson)
{
  g_autofree char *text =
      g_strdup_printf ("<lesson><title>T</title><run %s><page><p>x</p></page></run></lesson>", attributes);
  g_autoptr (GError) error = NULL;

  *lesson = qs_lesson_parse (text, strlen (text), "x", "x.lesson", (const char *const[]){ "C", NULL }, &error);
  g_assert_no_error (error);
  return make_run (*lesson, 0);
}

/* Where the keys are withheld, nothing that they would open is in the trace, nor what the client knows by itself. */
static void
test_keyless (void)
{
  g_autoptr (QsLesson) lesson = NULL, with_keys = NULL;
  g_autoptr (QsLessonRun) run = make_run_of ("request='/' alpn='hq-interop' keys='none'", &lesson);
  QsTrace *trace = qs_lesson_run_get_trace (run);
  g_autoptr (QsFilter) sealed = qs_filter_new ("type:handshake,1rtt", NULL, NULL);
  g_autoptr (QsFilter) opened = qs_filter_new ("type:handshake,1rtt decrypted", NULL, NULL);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint from = 0;

  g_assert_true (qs_lesson_run_is_watched (run));
  g_assert_cmpuint (qs_trace_get_n_secrets (trace), ==, 0);
  qs_filter_run (sealed, trace, &from, 0, found);
  g_assert_cmpuint (found->len, >, 4);
  g_array_set_size (found, 0);
  from = 0;
  qs_filter_run (opened, trace, &from, 0, found);
  g_assert_cmpuint (found->len, ==, 0);

  g_autoptr (QsLessonRun) other = make_run_of ("request='/' alpn='hq-interop' keys='all'", &with_keys);
  g_assert_false (qs_lesson_run_is_watched (other));
  g_assert_cmpuint (qs_trace_get_n_secrets (qs_lesson_run_get_trace (other)), >, 0);
}

/* The first program that makes a connection is watched; one that is not there, or does nothing, makes room for the next. */
static void
test_programs (void)
{
  static const struct {
    const char *programs;
    gboolean made;
  } rows[] = { { "quicprobe", TRUE }, { "dotnet,java,quicprobe", TRUE }, { "quic-go", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *attributes = g_strdup_printf ("program='%s'", rows[i].programs);
      g_autoptr (QsLesson) lesson = NULL;
      g_autoptr (QsLessonRun) run = make_run_of (attributes, &lesson);

      g_assert_null (qs_lesson_run_get_probe (run));
      g_assert_true ((qs_lesson_run_get_trace (run) != NULL) == rows[i].made);
      g_assert_true ((qs_lesson_run_get_error (run) == NULL) == rows[i].made);
      if (!rows[i].made)
        g_assert_nonnull (strstr (qs_lesson_run_get_error (run), "quic-go"));
    }
}

static void
test_each_asks (void)
{
  for (guint i = 0; i < lessons->len; i++)
    {
      QsLesson *lesson = g_ptr_array_index (lessons, i);
      guint questions = 0, stops = 0;

      for (guint k = 0; k < qs_lesson_get_n_pages (lesson); k++)
        {
          const QsLessonPage *page = qs_lesson_get_page (lesson, k);
          questions += page->question != NULL;
          stops += page->at != NULL;
        }
      if (questions == 0 || stops == 0)
        g_error ("%s has %u questions and %u points where it stops", qs_lesson_get_file (lesson), questions, stops);
    }
}

int
main (int argc, char **argv)
{
  g_autofree char *programs = g_strdup_printf ("%s/src/cli:%s", g_getenv ("QS_BUILDDIR"), g_getenv ("PATH"));

  g_setenv ("PATH", programs, TRUE); /* programs that a lesson has watched */
  qs_i18n_init ();
  qs_http_init ();
  g_test_init (&argc, &argv, NULL);
  lessons = qs_lessons_load ((const char *const[]){ "C", NULL }, NULL);
  g_test_add_func ("/lessons/load", test_all_load);
  g_test_add_func ("/lessons/guide", test_guide);
  g_test_add_func ("/lessons/ask", test_each_asks);
  g_test_add_func ("/lessons/keyless", test_keyless);
  g_test_add_func ("/lessons/programs", test_programs);
  for (guint i = 0; i < lessons->len; i++)
    {
      QsLesson *lesson = g_ptr_array_index (lessons, i);
      g_autofree char *path = g_strdup_printf ("/lessons/run/%s", qs_lesson_get_name (lesson));
      g_test_add_data_func (path, lesson, check_lesson);
    }
  int result = g_test_run ();
  g_ptr_array_unref (lessons);
  return result;
}
