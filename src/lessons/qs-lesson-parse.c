/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of a lesson: XML by GMarkup, held to the table of elements below. */
#include <string.h>

#include "base/qs-i18n.h"
#include "diagnosis/qs-finding.h"
#include "engine/qs-impairment.h"
#include "lessons/qs-lesson-private.h"
#include "server/qs-server.h"

#define MAX_FILE (256 * 1024)
#define MAX_PARTS 200 /* pages, runs, streams, choices: of each */
#define MAX_ATTRIBUTES 10
#define MAX_SECONDS 60
#define MAX_STREAM_BYTES (16 * 1024 * 1024)

typedef enum {
  IN_NOTHING,
  IN_LESSON,
  IN_RUN,
  IN_STREAM,
  IN_PAGE,
  IN_QUESTION,
  IN_TITLE,
  IN_SUMMARY,
  IN_PARAGRAPH,
  IN_ASK,
  IN_CHOICE,
  IN_PROOF,
  N_PLACES
} Place;

/* A text in the reader's language: the best of those that were written one after the other. */
typedef struct {
  guint rank; /* index into the languages; less is better */
  char *text;
} Text;

typedef struct {
  GMarkupParseContext *context;
  const char *const *languages;
  guint own_rank; /* of what bears no xml:lang */
  QsLesson *lesson;
  Place stack[8];
  guint depth;
  GString *text;       /* of the element that is open */
  guint rank;          /* of its language; G_MAXUINT: not for this reader */
  gboolean translated; /* it bears an xml:lang: it stands for what is before it */
  QsLessonPage *page;
  QsLessonChoice *choice;
  QsFilter *packets; /* the question's, for its choices */
  char *packets_text;
  GArray *paragraphs; /* Text, of the page */
  Text title, lesson_title, summary, ask, proof, choice_text;
} Parser;

typedef struct Element Element;
struct Element {
  const char *name;
  Place place;
  guint parents; /* 1 << Place */
  gboolean has_text;
  void (*begin) (Parser *parser, const char **values, GError **error);
  void (*end) (Parser *parser, GError **error);
  const char *attributes[MAX_ATTRIBUTES];
};

static void G_GNUC_PRINTF (2, 3) fail (GError **error, const char *format, ...)
{
  va_list arguments;

  if (error != NULL && *error != NULL)
    return;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, QS_ERROR, QS_ERROR_PARSE, message);
}

/* --- Texts --- */

static void
text_clear (gpointer data)
{
  Text *text = data;

  g_clear_pointer (&text->text, g_free);
  text->rank = G_MAXUINT;
}

/* Lines may be broken anywhere in the file. */
static char *
squeeze (const char *text)
{
  GString *out = g_string_new (NULL);

  for (; *text != '\0'; text++)
    if (!g_ascii_isspace (*text))
      g_string_append_c (out, *text);
    else if (out->len > 0 && out->str[out->len - 1] != ' ')
      g_string_append_c (out, ' ');
  if (out->len > 0 && out->str[out->len - 1] == ' ')
    g_string_truncate (out, out->len - 1);
  return g_string_free (out, FALSE);
}

/* *strong* and `code` become Pango's; one that stands alone is a character like any other. */
static char *
to_markup (const char *plain)
{
  static const struct {
    char mark;
    const char *tag;
  } marks[] = { { '*', "b" }, { '`', "tt" } };
  g_autofree char *escaped = g_markup_escape_text (plain, -1);
  GString *out = g_string_new (NULL);

  for (const char *at = escaped; *at != '\0'; at++)
    {
      const char *close = NULL;
      guint i;

      for (i = 0; i < G_N_ELEMENTS (marks) && close == NULL; i++)
        if (*at == marks[i].mark && at[1] != '\0' && at[1] != ' ' && at[1] != marks[i].mark)
          close = strchr (at + 1, marks[i].mark);
      if (close == NULL)
        {
          g_string_append_c (out, *at);
          continue;
        }
      i--;
      g_string_append_printf (out, "<%s>%.*s</%s>", marks[i].tag, (int) (close - at - 1), at + 1, marks[i].tag);
      at = close;
    }
  return g_string_free (out, FALSE);
}

/* Takes what the open element says if nothing better was said for the same place. */
static void
take_text (Parser *parser, Text *slot, gboolean markup)
{
  if (parser->rank == G_MAXUINT || (slot->text != NULL && parser->rank >= slot->rank))
    return;

  g_autofree char *plain = squeeze (parser->text->str);
  g_free (slot->text);
  slot->text = markup ? to_markup (plain) : g_strdup (plain);
  slot->rank = parser->rank;
}

static guint
rank_of (Parser *parser, const char *language)
{
  for (guint i = 0; parser->languages[i] != NULL; i++)
    if (g_ascii_strcasecmp (parser->languages[i], language) == 0)
      return i;
  return G_MAXUINT;
}

/* --- Attributes --- */

static QsFilter *
parse_filter (const char *attribute, const char *text, GError **error)
{
  g_autoptr (GError) why = NULL;
  guint position = 0;
  QsFilter *filter = qs_filter_new (text, &position, &why);

  if (filter == NULL)
    fail (error, _ ("%s=“%s” is no filter expression: %s (at character %u). The Packets page's filter takes the same"),
          attribute, text, why->message, position + 1);
  return filter;
}

static gboolean
parse_uint (const char *text, guint max, guint *number)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 0, max, &value, NULL))
    return FALSE;
  *number = (guint) value;
  return TRUE;
}

/* "3", "1..4", "2..", "..5" */
static void
parse_count (const char *text, guint *min, guint *max, GError **error)
{
  const char *dots = strstr (text, "..");
  g_autofree char *low = dots != NULL ? g_strndup (text, (gsize) (dots - text)) : g_strdup (text);
  const char *high = dots != NULL ? dots + 2 : low;

  *min = 0;
  *max = G_MAXUINT;
  if ((*low == '\0' && *high == '\0') || (*low != '\0' && !parse_uint (low, G_MAXINT, min)) ||
      (*high != '\0' && !parse_uint (high, G_MAXINT, max)) || *min > *max)
    fail (error, _ ("count=“%s” has to be a number or a range as 2..5, 2.. or ..5"), text);
}

static char **
split_list (const char *text)
{
  char **parts = text != NULL ? g_strsplit (text, ",", -1) : NULL;

  for (guint i = 0; parts != NULL && parts[i] != NULL; i++)
    g_strstrip (parts[i]);
  return parts;
}

/* --- Elements --- */

enum { LESSON_ORDER, LESSON_LANG };

static void
begin_lesson (Parser *parser, const char **values, GError **error)
{
  guint order;

  if (values[LESSON_ORDER] != NULL)
    {
      if (parse_uint (values[LESSON_ORDER], 100000, &order))
        parser->lesson->order = (int) order;
      else
        fail (error, _ ("order=“%s” has to be a number: where the lesson stands in the list"), values[LESSON_ORDER]);
    }
  guint rank = rank_of (parser, values[LESSON_LANG] != NULL ? values[LESSON_LANG] : "en");
  parser->own_rank = rank != G_MAXUINT ? rank : g_strv_length ((char **) parser->languages);
}

static void
end_lesson (Parser *parser, GError **error)
{
  parser->lesson->title = g_steal_pointer (&parser->lesson_title.text);
  parser->lesson->summary = g_steal_pointer (&parser->summary.text);
  if (parser->lesson->title == NULL || *parser->lesson->title == '\0')
    fail (error, _ ("the lesson has no title: put <title>…</title> right below <lesson>"));
  if (parser->lesson->pages->len == 0)
    fail (error, _ ("the lesson has no page: put at least one <page> with a <p> into it"));
}

enum {
  RUN_SCENARIO,
  RUN_PATH,
  RUN_TRANSPORT,
  RUN_REQUEST,
  RUN_ALPN,
  RUN_GROUPS,
  RUN_CIPHERSUITES,
  RUN_SNI,
  RUN_OPTIONS,
  RUN_SECONDS
};

static void
check_scenarios (char **scenarios, GError **error)
{
  for (guint i = 0; scenarios != NULL && scenarios[i] != NULL; i++)
    if (qs_scenario_find (scenarios[i]) == NULL)
      fail (error, _ ("there is no scenario “%s”; “quicserve --list-scenarios” names them all"), scenarios[i]);
}

static void
set_options (QsLessonSetup *setup, const char *text, GError **error)
{
  g_auto (GStrv) options = split_list (text);

  for (guint i = 0; options != NULL && options[i] != NULL; i++)
    {
      if (g_str_equal (options[i], "insecure"))
        setup->insecure = TRUE;
      else if (g_str_equal (options[i], "hold"))
        setup->hold = TRUE;
      else if (g_str_equal (options[i], "no-retry"))
        setup->no_retry = TRUE;
      else
        fail (error, _ ("options=“%s”: there is no option “%s”; there are insecure, hold and no-retry"), text,
              options[i]);
    }
}

static void
begin_run (Parser *parser, const char **values, GError **error)
{
  QsLessonSetup *setup = qs_lesson_setup_new ();
  g_autoptr (GError) why = NULL;
  guint seconds;

  g_ptr_array_add (parser->lesson->runs, setup);
  setup->scenarios = split_list (values[RUN_SCENARIO]);
  check_scenarios (setup->scenarios, error);
  setup->path = g_strdup (values[RUN_PATH]);
  if (setup->path != NULL)
    {
      g_autoptr (QsImpairment) impairment = qs_impairment_new (setup->path, &why);
      if (impairment == NULL)
        fail (error, "path=“%s”: %s", setup->path, why->message);
    }
  if (values[RUN_TRANSPORT] != NULL && !g_str_equal (values[RUN_TRANSPORT], "quic") &&
      !g_str_equal (values[RUN_TRANSPORT], "tls"))
    fail (error, _ ("transport=“%s” has to be quic or tls"), values[RUN_TRANSPORT]);
  setup->tls = g_strcmp0 (values[RUN_TRANSPORT], "tls") == 0;
  setup->request = g_strdup (values[RUN_REQUEST]);
  if (setup->request != NULL && *setup->request != '/')
    fail (error, _ ("request=“%s” has to begin with a slash, as /bytes/1000"), setup->request);
  setup->alpn = split_list (values[RUN_ALPN]);
  setup->groups = g_strdup (values[RUN_GROUPS]);
  setup->ciphersuites = g_strdup (values[RUN_CIPHERSUITES]);
  setup->sni = g_strdup (values[RUN_SNI]);
  set_options (setup, values[RUN_OPTIONS], error);
  if (values[RUN_SECONDS] == NULL)
    return;
  if (parse_uint (values[RUN_SECONDS], MAX_SECONDS, &seconds) && seconds > 0)
    setup->timeout_ms = seconds * 1000;
  else
    fail (error, _ ("seconds=“%s” has to be a number from 1 to %u: how long the run may take"), values[RUN_SECONDS],
          MAX_SECONDS);
}

enum { STREAM_REQUEST, STREAM_SEND, STREAM_BYTES };

static void
begin_stream (Parser *parser, const char **values, GError **error)
{
  QsLessonSetup *setup = g_ptr_array_index (parser->lesson->runs, parser->lesson->runs->len - 1);
  guint n = 0, bytes = 0;

  for (guint i = STREAM_REQUEST; i <= STREAM_BYTES; i++)
    n += values[i] != NULL;
  if (n != 1)
    fail (error, _ ("<stream> takes one of request=“/bytes/1000”, send=“text” and bytes=“1000”"));
  else if (values[STREAM_REQUEST] != NULL && (values[STREAM_REQUEST][0] != '/'))
    fail (error, _ ("request=“%s” has to begin with a slash, as /bytes/1000"), values[STREAM_REQUEST]);
  else if (values[STREAM_BYTES] != NULL && !parse_uint (values[STREAM_BYTES], MAX_STREAM_BYTES, &bytes))
    fail (error, _ ("bytes=“%s” has to be a number up to %u"), values[STREAM_BYTES], MAX_STREAM_BYTES);
  else if (values[STREAM_REQUEST] != NULL)
    {
      char *line = g_strdup_printf ("GET %s\r\n", values[STREAM_REQUEST]);
      g_ptr_array_add (setup->streams, g_bytes_new_take (line, strlen (line)));
    }
  else if (values[STREAM_SEND] != NULL)
    {
      g_ptr_array_add (setup->streams, g_bytes_new (values[STREAM_SEND], strlen (values[STREAM_SEND])));
    }
  else
    {
      char *letters = g_malloc (bytes);
      memset (letters, 'q', bytes);
      g_ptr_array_add (setup->streams, g_bytes_new_take (letters, bytes));
    }
  if (setup->streams->len > MAX_PARTS)
    fail (error, _ ("there are more than %u streams"), MAX_PARTS);
}

enum { PAGE_AT, PAGE_SHOW };

static const char *const shows[QS_N_LESSON_SHOWS] = {
  [QS_LESSON_SHOW_SEQUENCE] = "sequence", [QS_LESSON_SHOW_STEPS] = "steps",       [QS_LESSON_SHOW_STREAMS] = "streams",
  [QS_LESSON_SHOW_NOTHING] = "nothing",   [QS_LESSON_SHOW_BLOCKING] = "blocking",
};

static void
set_show (QsLessonPage *page, const char *text, GError **error)
{
  page->show = page->run >= 0 ? QS_LESSON_SHOW_SEQUENCE : QS_LESSON_SHOW_NOTHING;
  if (text == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (shows); i++)
    if (g_str_equal (shows[i], text))
      {
        page->show = i;
        if (page->run < 0 && i != QS_LESSON_SHOW_NOTHING)
          fail (error, _ ("show=“%s” needs a run: put the <page> into a <run>"), text);
        return;
      }
  g_autofree char *all =
      g_strjoinv (", ", (char **) (const char *[]){ shows[0], shows[1], shows[2], shows[3], shows[4], NULL });
  fail (error, _ ("show=“%s” is nothing that can be shown; there are %s"), text, all);
}

static void
set_moment (QsLessonPage *page, const char *text, GError **error)
{
  page->at = g_strdup (text);
  if (text == NULL)
    return;
  if (page->run < 0)
    fail (error, _ ("at=“%s” needs a run: put the <page> into a <run>"), text);
  page->event = qs_lesson_event_find (text);
  if (page->event == NULL)
    page->stop = parse_filter ("at", text, error);
}

static void
begin_page (Parser *parser, const char **values, GError **error)
{
  QsLessonPage *page = qs_lesson_page_new ();
  int line;

  g_markup_parse_context_get_position (parser->context, &line, NULL);
  g_ptr_array_add (parser->lesson->pages, page);
  if (parser->lesson->pages->len > MAX_PARTS)
    fail (error, _ ("there are more than %u pages"), MAX_PARTS);
  page->line = (guint) line;
  if (parser->stack[parser->depth] == IN_RUN)
    page->run = (int) parser->lesson->runs->len - 1;
  set_moment (page, values[PAGE_AT], error);
  set_show (page, values[PAGE_SHOW], error);
  parser->page = page;
}

static void
end_page (Parser *parser, GError **error)
{
  GString *markup = g_string_new (NULL);

  for (guint i = 0; i < parser->paragraphs->len; i++)
    {
      const Text *text = &g_array_index (parser->paragraphs, Text, i);
      if (text->text != NULL && *text->text != '\0')
        g_string_append_printf (markup, "%s%s", markup->len > 0 ? "\n\n" : "", text->text);
    }
  g_array_set_size (parser->paragraphs, 0);
  parser->page->title = g_steal_pointer (&parser->title.text);
  if (markup->len == 0 && parser->page->question == NULL)
    fail (error, _ ("the page says nothing: put a <p> with a sentence into it"));
  parser->page->markup = g_string_free (markup, FALSE);
  parser->page = NULL;
}

enum { QUESTION_PACKETS };

static void
begin_question (Parser *parser, const char **values, GError **error)
{
  if (parser->page->question != NULL)
    fail (error, _ ("a page takes one question: put the second one onto a page of its own"));
  else if (parser->page->run < 0)
    fail (error, _ ("a question is answered by a run's trace: put its <page> into a <run>"));
  else
    parser->page->question = qs_lesson_question_new ();
  g_clear_pointer (&parser->packets, qs_filter_unref);
  g_clear_pointer (&parser->packets_text, g_free);
  if (values[QUESTION_PACKETS] != NULL)
    {
      parser->packets = parse_filter ("packets", values[QUESTION_PACKETS], error);
      parser->packets_text = g_strdup (values[QUESTION_PACKETS]);
    }
}

static void
end_question (Parser *parser, GError **error)
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
    fail (error, _ ("the question asks nothing: put <ask>…</ask> into it"));
  if (question->choices->len < 2)
    fail (error, _ ("the question needs at least two choices: <choice>…</choice>"));
  if (n == 0)
    fail (error, _ ("no choice says when it is right: give one packets=“FILTER”, count=“N”, finding=“ID” or "
                    "fact=“NAME” is=“VALUE”"));
}

enum { CHOICE_PACKETS, CHOICE_COUNT, CHOICE_FINDING, CHOICE_FACT, CHOICE_IS };

static void
set_condition (Parser *parser, QsLessonCondition *when, const char **values, GError **error)
{
  when->min = 1;
  when->max = G_MAXUINT;
  if (values[CHOICE_PACKETS] != NULL)
    {
      when->packets = parse_filter ("packets", values[CHOICE_PACKETS], error);
      when->packets_text = g_strdup (values[CHOICE_PACKETS]);
    }
  if (values[CHOICE_COUNT] != NULL)
    {
      parse_count (values[CHOICE_COUNT], &when->min, &when->max, error);
      if (when->packets == NULL && parser->packets != NULL)
        {
          when->packets = qs_filter_ref (parser->packets);
          when->packets_text = g_strdup (parser->packets_text);
        }
      if (when->packets == NULL)
        fail (error, _ ("count=“%s” of what? Give the choice or its question packets=“FILTER”"), values[CHOICE_COUNT]);
    }
  when->finding = g_strdup (values[CHOICE_FINDING]);
  if (when->finding != NULL && !qs_finding_id_is_known (when->finding))
    fail (error, _ ("there is no finding “%s”; “quicserve --list-scenarios” names many"), when->finding);
  when->fact = g_strdup (values[CHOICE_FACT]);
  when->value = g_strdup (values[CHOICE_IS]);
  if ((when->fact == NULL) != (when->value == NULL))
    fail (error, _ ("fact=“NAME” and is=“VALUE” go together, as fact=“tls.group” is=“X25519”"));
}

static void
begin_choice (Parser *parser, const char **values, GError **error)
{
  GPtrArray *choices = parser->page->question->choices;

  if (parser->translated && choices->len == 0)
    fail (error, _ ("a <choice> with xml:lang stands behind the one that it translates"));
  if (parser->translated && choices->len > 0)
    return;
  text_clear (&parser->choice_text);
  parser->choice = qs_lesson_choice_new ();
  g_ptr_array_add (choices, parser->choice);
  if (choices->len > MAX_PARTS)
    fail (error, _ ("there are more than %u choices"), MAX_PARTS);
  set_condition (parser, &parser->choice->when, values, error);
}

static void
end_choice (Parser *parser, GError **error)
{
  QsLessonChoice *choice = parser->choice;

  take_text (parser, &parser->choice_text, TRUE);
  g_free (choice->markup);
  choice->markup = g_strdup (parser->choice_text.text != NULL ? parser->choice_text.text : "");
}

enum { PROOF_PACKETS };

static void
begin_proof (Parser *parser, const char **values, GError **error)
{
  QsLessonQuestion *question = parser->page->question;

  if (values[PROOF_PACKETS] == NULL)
    return;
  g_clear_pointer (&question->proof, qs_filter_unref);
  question->proof = parse_filter ("packets", values[PROOF_PACKETS], error);
}

static void
end_proof (Parser *parser, GError **error)
{
  take_text (parser, &parser->proof, TRUE);
}

static void
end_ask (Parser *parser, GError **error)
{
  take_text (parser, &parser->ask, TRUE);
}

static void
end_title (Parser *parser, GError **error)
{
  take_text (parser, parser->page != NULL ? &parser->title : &parser->lesson_title, FALSE);
}

static void
end_summary (Parser *parser, GError **error)
{
  take_text (parser, &parser->summary, FALSE);
}

static void
end_paragraph (Parser *parser, GError **error)
{
  if (parser->translated && parser->paragraphs->len == 0)
    fail (error, _ ("a <p> with xml:lang stands behind the one that it translates"));
  else if (!parser->translated)
    g_array_append_val (parser->paragraphs, ((Text){ G_MAXUINT, NULL }));
  if (parser->paragraphs->len > 0)
    take_text (parser, &g_array_index (parser->paragraphs, Text, parser->paragraphs->len - 1), TRUE);
  if (parser->paragraphs->len > MAX_PARTS)
    fail (error, _ ("there are more than %u paragraphs"), MAX_PARTS);
}

#define INSIDE(place) (1u << (place))

static const Element elements[] = {
  { "lesson", IN_LESSON, INSIDE (IN_NOTHING), FALSE, begin_lesson, end_lesson, { "order", "xml:lang" } },
  { "run",
    IN_RUN,
    INSIDE (IN_LESSON),
    FALSE,
    begin_run,
    NULL,
    { "scenario", "path", "transport", "request", "alpn", "groups", "ciphersuites", "sni", "options", "seconds" } },
  { "stream", IN_STREAM, INSIDE (IN_RUN), FALSE, begin_stream, NULL, { "request", "send", "bytes" } },
  { "page", IN_PAGE, INSIDE (IN_LESSON) | INSIDE (IN_RUN), FALSE, begin_page, end_page, { "at", "show" } },
  { "question", IN_QUESTION, INSIDE (IN_PAGE), FALSE, begin_question, end_question, { "packets" } },
  { "title", IN_TITLE, INSIDE (IN_LESSON) | INSIDE (IN_PAGE), TRUE, NULL, end_title },
  { "summary", IN_SUMMARY, INSIDE (IN_LESSON), TRUE, NULL, end_summary },
  { "p", IN_PARAGRAPH, INSIDE (IN_PAGE), TRUE, NULL, end_paragraph },
  { "ask", IN_ASK, INSIDE (IN_QUESTION), TRUE, NULL, end_ask },
  { "choice",
    IN_CHOICE,
    INSIDE (IN_QUESTION),
    TRUE,
    begin_choice,
    end_choice,
    { "packets", "count", "finding", "fact", "is" } },
  { "proof", IN_PROOF, INSIDE (IN_QUESTION), TRUE, begin_proof, end_proof, { "packets" } },
};

static const Element *
find_element (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (elements); i++)
    if (g_str_equal (elements[i].name, name))
      return &elements[i];
  return NULL;
}

static const Element *
element_of (Place place)
{
  for (guint i = 0; i < G_N_ELEMENTS (elements); i++)
    if (elements[i].place == place)
      return &elements[i];
  return NULL;
}

/* "<title>, <p> or <question>": what may stand in a place. */
static char *
list_children (Place place)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (elements); i++)
    if (elements[i].parents & INSIDE (place))
      g_string_append_printf (list, "%s<%s>", list->len > 0 ? ", " : "", elements[i].name);
  return list->len > 0 ? g_string_free (g_steal_pointer (&list), FALSE) : g_strdup (_ ("only text"));
}

static void
set_language (Parser *parser, const char *language, GError **error)
{
  parser->translated = language != NULL;
  parser->rank = language != NULL ? rank_of (parser, language) : parser->own_rank;
}

static void
sort_attributes (Parser *parser, const Element *element, const char **names, const char **given, const char **values,
                 GError **error)
{
  const char *language = NULL;

  for (guint i = 0; names[i] != NULL; i++)
    {
      guint at = 0;
      while (at < MAX_ATTRIBUTES && element->attributes[at] != NULL && !g_str_equal (element->attributes[at], names[i]))
        at++;
      if (at < MAX_ATTRIBUTES && element->attributes[at] != NULL)
        values[at] = given[i];
      else if (element->has_text && g_str_equal (names[i], "xml:lang"))
        language = given[i];
      else
        fail (error, _ ("<%s> takes no “%s”; data/lessons/README.md lists what it takes"), element->name, names[i]);
    }
  set_language (parser, language, error);
}

static void
start_element_cb (GMarkupParseContext *context, const char *name, const char **names, const char **given, gpointer data,
                  GError **error)
{
  Parser *parser = data;
  Place inside = parser->stack[parser->depth];
  const Element *element = find_element (name);
  const char *values[MAX_ATTRIBUTES] = { NULL };

  if (element == NULL || !(element->parents & INSIDE (inside)))
    {
      const Element *parent = element_of (inside);
      g_autofree char *children = list_children (inside);
      if (parent == NULL)
        fail (error, _ ("a lesson begins with <lesson>, not with <%s>"), name);
      else
        fail (error, _ ("<%s> cannot stand in <%s>; there it takes: %s"), name, parent->name, children);
      return;
    }
  sort_attributes (parser, element, names, given, values, error);
  if (*error != NULL)
    return;
  if (element->begin != NULL)
    element->begin (parser, values, error);
  g_string_truncate (parser->text, 0);
  g_assert (parser->depth + 1 < G_N_ELEMENTS (parser->stack));
  parser->stack[++parser->depth] = element->place;
}

static void
end_element_cb (GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
  Parser *parser = data;
  const Element *element = element_of (parser->stack[parser->depth--]);

  if (element->end != NULL)
    element->end (parser, error);
}

static void
text_cb (GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
  Parser *parser = data;
  const Element *element = element_of (parser->stack[parser->depth]);

  if (element != NULL && element->has_text)
    {
      g_string_append_len (parser->text, text, (gssize) length);
      return;
    }
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isspace (text[i]))
      {
        fail (error, _ ("text cannot stand right in <%s>: put it into a <p> of a <page>"),
              element != NULL ? element->name : "lesson");
        return;
      }
}

static const GMarkupParser callbacks = { start_element_cb, end_element_cb, text_cb, NULL, NULL };

static void
parser_clear (Parser *parser)
{
  Text *texts[] = { &parser->title, &parser->lesson_title, &parser->summary,
                    &parser->ask,   &parser->proof,        &parser->choice_text };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    text_clear (texts[i]);
  g_clear_pointer (&parser->packets, qs_filter_unref);
  g_free (parser->packets_text);
  g_string_free (parser->text, TRUE);
  g_array_unref (parser->paragraphs);
  g_markup_parse_context_free (parser->context);
}

/* "FILE:LINE: what is wrong, and what to do". */
static void
locate_error (Parser *parser, const char *file, const GError *why, GError **error)
{
  int line;

  g_markup_parse_context_get_position (parser->context, &line, NULL);
  if (why->domain == QS_ERROR)
    g_set_error (error, QS_ERROR, QS_ERROR_PARSE, "%s:%d: %s", file, line, why->message);
  else
    g_set_error (error, QS_ERROR, QS_ERROR_PARSE,
                 _ ("%s:%d: this is not well-formed XML: %s Is each element closed, and each & written as &amp;?"),
                 file, line, why->message);
}

QsLesson *
qs_lesson_parse (const char *text, gsize length, const char *name, const char *file, const char *const *languages,
                 GError **error)
{
  g_return_val_if_fail (text != NULL && name != NULL && file != NULL && languages != NULL, NULL);

  if (length > MAX_FILE)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_TOO_LARGE, _ ("%s:1: a lesson of more than %d KiB is none"), file,
                   MAX_FILE / 1024);
      return NULL;
    }

  g_autoptr (QsLesson) lesson = qs_lesson_new (name, file);
  g_autoptr (GError) why = NULL;
  Parser parser = { .languages = languages, .lesson = lesson, .text = g_string_new (NULL) };
  parser.paragraphs = g_array_new (FALSE, TRUE, sizeof (Text));
  g_array_set_clear_func (parser.paragraphs, text_clear);
  parser.context = g_markup_parse_context_new (&callbacks, 0, &parser, NULL);
  gboolean good = g_markup_parse_context_parse (parser.context, text, (gssize) length, &why) &&
                  g_markup_parse_context_end_parse (parser.context, &why);
  if (!good)
    locate_error (&parser, file, why, error);
  parser_clear (&parser);
  return good ? g_steal_pointer (&lesson) : NULL;
}
