/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The elements of a lesson's file: what each may hold and stand in, and what it does to the lesson. */
#include "base/qs-i18n.h"
#include "lessons/qs-lesson-parse-private.h"

enum { LESSON_ORDER, LESSON_LANG };

static void
begin_lesson (QsLessonParser *parser, const char **values, GError **error)
{
  guint order;

  /* To GMarkup a document may have several roots. */
  if (parser->lesson->title != NULL)
    {
      qs_lesson_fail (error, _ ("a second <lesson> begins: put each into a file of its own"));
      return;
    }
  if (values[LESSON_ORDER] != NULL)
    {
      if (qs_lesson_read_uint (values[LESSON_ORDER], 100000, &order))
        parser->lesson->order = (int) order;
      else
        qs_lesson_fail (error, _ ("order=“%s” has to be a number: where the lesson stands in the list"),
                        values[LESSON_ORDER]);
    }
  guint rank = qs_lesson_text_rank (parser, values[LESSON_LANG] != NULL ? values[LESSON_LANG] : "en");
  parser->own_rank = rank != G_MAXUINT ? rank : g_strv_length ((char **) parser->languages);
}

static void
end_lesson (QsLessonParser *parser, GError **error)
{
  parser->lesson->title = g_steal_pointer (&parser->lesson_title.text);
  parser->lesson->summary = g_steal_pointer (&parser->summary.text);
  if (parser->lesson->title == NULL || *parser->lesson->title == '\0')
    qs_lesson_fail (error, _ ("the lesson has no title: put <title>…</title> right below <lesson>"));
  if (parser->lesson->pages->len == 0)
    qs_lesson_fail (error, _ ("the lesson has no page: put at least one <page> with a <p> into it"));
}

static void
begin_run (QsLessonParser *parser, const char **values, GError **error)
{
  QsLessonSetup *setup = qs_lesson_setup_new ();

  g_ptr_array_add (parser->lesson->runs, setup);
  if (parser->lesson->runs->len > QS_LESSON_MAX_PARTS)
    qs_lesson_fail (error, _ ("there are more than %u runs"), QS_LESSON_MAX_PARTS);
  qs_lesson_read_run (setup, values, error);
}

static void
begin_stream (QsLessonParser *parser, const char **values, GError **error)
{
  GPtrArray *runs = parser->lesson->runs;

  qs_lesson_read_stream (g_ptr_array_index (runs, runs->len - 1), &parser->room, values, error);
}

static void
begin_page (QsLessonParser *parser, const char **values, GError **error)
{
  QsLessonPage *page = qs_lesson_page_new ();
  int line;

  g_markup_parse_context_get_position (parser->context, &line, NULL);
  g_ptr_array_add (parser->lesson->pages, page);
  if (parser->lesson->pages->len > QS_LESSON_MAX_PARTS)
    qs_lesson_fail (error, _ ("there are more than %u pages"), QS_LESSON_MAX_PARTS);
  page->line = (guint) line;
  if (parser->stack[parser->depth] == QS_LESSON_IN_RUN)
    page->run = (int) parser->lesson->runs->len - 1;
  qs_lesson_read_page (page, values, error);
  parser->page = page;
}

static void
end_page (QsLessonParser *parser, GError **error)
{
  GString *markup = g_string_new (NULL);

  for (guint i = 0; i < parser->paragraphs->len; i++)
    {
      const QsLessonText *text = &g_array_index (parser->paragraphs, QsLessonText, i);
      if (text->text != NULL && *text->text != '\0')
        g_string_append_printf (markup, "%s%s", markup->len > 0 ? "\n\n" : "", text->text);
    }
  g_array_set_size (parser->paragraphs, 0);
  parser->page->title = g_steal_pointer (&parser->title.text);
  if (markup->len == 0 && parser->page->question == NULL)
    qs_lesson_fail (error, _ ("the page says nothing: put a <p> with a sentence into it"));
  parser->page->markup = g_string_free (markup, FALSE);
  parser->page = NULL;
}

enum { QUESTION_PACKETS };

static void
begin_question (QsLessonParser *parser, const char **values, GError **error)
{
  if (parser->page->question != NULL)
    qs_lesson_fail (error, _ ("a page takes one question: put the second one onto a page of its own"));
  else if (parser->page->run < 0)
    qs_lesson_fail (error, _ ("a question is answered by a run's trace: put its <page> into a <run>"));
  else
    parser->page->question = qs_lesson_question_new ();
  g_clear_pointer (&parser->packets, qs_filter_unref);
  g_clear_pointer (&parser->packets_text, g_free);
  if (values[QUESTION_PACKETS] != NULL)
    {
      parser->packets = qs_lesson_read_filter ("packets", values[QUESTION_PACKETS], error);
      parser->packets_text = g_strdup (values[QUESTION_PACKETS]);
    }
}

static void
end_question (QsLessonParser *parser, GError **error)
{
  QsLessonQuestion *question = parser->page->question;
  guint n = 0;

  question->markup = g_steal_pointer (&parser->ask.text);
  question->proof_markup = g_steal_pointer (&parser->proof.text);
  for (guint i = 0; i < question->choices->len; i++)
    {
      const QsLessonCondition *when = &((QsLessonChoice *) g_ptr_array_index (question->choices, i))->when;
      n += when->packets != NULL || when->finding != NULL || when->fact != NULL;
    }
  if (question->markup == NULL)
    qs_lesson_fail (error, _ ("the question asks nothing: put <ask>…</ask> into it"));
  if (question->choices->len < 2)
    qs_lesson_fail (error, _ ("the question needs at least two choices: <choice>…</choice>"));
  if (n == 0)
    qs_lesson_fail (error, _ ("no choice says when it is right: give one packets=“FILTER”, count=“N”, finding=“ID” or "
                              "fact=“NAME” is=“VALUE”"));
}

static void
begin_choice (QsLessonParser *parser, const char **values, GError **error)
{
  GPtrArray *choices = parser->page->question->choices;

  if (parser->translated && choices->len == 0)
    qs_lesson_fail (error, _ ("a <choice> with xml:lang stands behind the one that it translates"));
  if (parser->translated && choices->len > 0)
    return;
  qs_lesson_text_clear (&parser->choice_text);
  parser->choice = qs_lesson_choice_new ();
  g_ptr_array_add (choices, parser->choice);
  if (choices->len > QS_LESSON_MAX_PARTS)
    qs_lesson_fail (error, _ ("there are more than %u choices"), QS_LESSON_MAX_PARTS);
  qs_lesson_read_condition (&parser->choice->when, parser->packets, parser->packets_text, values, error);
}

static void
end_choice (QsLessonParser *parser, GError **error)
{
  QsLessonChoice *choice = parser->choice;

  qs_lesson_text_take (parser, &parser->choice_text, TRUE);
  g_free (choice->markup);
  choice->markup = g_strdup (parser->choice_text.text != NULL ? parser->choice_text.text : "");
}

enum { PROOF_PACKETS };

static void
begin_proof (QsLessonParser *parser, const char **values, GError **error)
{
  QsLessonQuestion *question = parser->page->question;

  if (values[PROOF_PACKETS] == NULL)
    return;
  g_clear_pointer (&question->proof, qs_filter_unref);
  question->proof = qs_lesson_read_filter ("packets", values[PROOF_PACKETS], error);
}

static void
end_proof (QsLessonParser *parser, GError **error)
{
  qs_lesson_text_take (parser, &parser->proof, TRUE);
}

static void
end_ask (QsLessonParser *parser, GError **error)
{
  qs_lesson_text_take (parser, &parser->ask, TRUE);
}

static void
end_title (QsLessonParser *parser, GError **error)
{
  qs_lesson_text_take (parser, parser->page != NULL ? &parser->title : &parser->lesson_title, FALSE);
}

static void
end_summary (QsLessonParser *parser, GError **error)
{
  qs_lesson_text_take (parser, &parser->summary, FALSE);
}

static void
end_paragraph (QsLessonParser *parser, GError **error)
{
  if (parser->translated && parser->paragraphs->len == 0)
    qs_lesson_fail (error, _ ("a <p> with xml:lang stands behind the one that it translates"));
  else if (!parser->translated)
    g_array_append_val (parser->paragraphs, ((QsLessonText){ G_MAXUINT, NULL }));
  if (parser->paragraphs->len > 0)
    qs_lesson_text_take (parser, &g_array_index (parser->paragraphs, QsLessonText, parser->paragraphs->len - 1), TRUE);
  if (parser->paragraphs->len > QS_LESSON_MAX_PARTS)
    qs_lesson_fail (error, _ ("there are more than %u paragraphs"), QS_LESSON_MAX_PARTS);
}

const QsLessonElement qs_lesson_elements[] = {
  { "lesson",
    QS_LESSON_IN_LESSON,
    QS_LESSON_INSIDE (QS_LESSON_IN_NOTHING),
    FALSE,
    begin_lesson,
    end_lesson,
    { "order", "xml:lang" } },
  { "run",
    QS_LESSON_IN_RUN,
    QS_LESSON_INSIDE (QS_LESSON_IN_LESSON),
    FALSE,
    begin_run,
    NULL,
    { "scenario", "path", "transport", "request", "alpn", "groups", "ciphersuites", "sni", "options", "seconds", "keys",
      "program" } },
  { "stream",
    QS_LESSON_IN_STREAM,
    QS_LESSON_INSIDE (QS_LESSON_IN_RUN),
    FALSE,
    begin_stream,
    NULL,
    { "request", "send", "bytes" } },
  { "page",
    QS_LESSON_IN_PAGE,
    QS_LESSON_INSIDE (QS_LESSON_IN_LESSON) | QS_LESSON_INSIDE (QS_LESSON_IN_RUN),
    FALSE,
    begin_page,
    end_page,
    { "at", "show" } },
  { "question",
    QS_LESSON_IN_QUESTION,
    QS_LESSON_INSIDE (QS_LESSON_IN_PAGE),
    FALSE,
    begin_question,
    end_question,
    { "packets" } },
  { "title", QS_LESSON_IN_TITLE, QS_LESSON_INSIDE (QS_LESSON_IN_LESSON) | QS_LESSON_INSIDE (QS_LESSON_IN_PAGE), TRUE,
    NULL, end_title },
  { "summary", QS_LESSON_IN_SUMMARY, QS_LESSON_INSIDE (QS_LESSON_IN_LESSON), TRUE, NULL, end_summary },
  { "p", QS_LESSON_IN_PARAGRAPH, QS_LESSON_INSIDE (QS_LESSON_IN_PAGE), TRUE, NULL, end_paragraph },
  { "ask", QS_LESSON_IN_ASK, QS_LESSON_INSIDE (QS_LESSON_IN_QUESTION), TRUE, NULL, end_ask },
  { "choice",
    QS_LESSON_IN_CHOICE,
    QS_LESSON_INSIDE (QS_LESSON_IN_QUESTION),
    TRUE,
    begin_choice,
    end_choice,
    { "packets", "count", "finding", "fact", "is" } },
  { "proof",
    QS_LESSON_IN_PROOF,
    QS_LESSON_INSIDE (QS_LESSON_IN_QUESTION),
    TRUE,
    begin_proof,
    end_proof,
    { "packets" } },
};

const guint qs_lesson_n_elements = G_N_ELEMENTS (qs_lesson_elements);
