/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of a lesson: XML by GMarkup, held to the table of qs-lesson-elements.c. */
#include <string.h>

#include "base/qs-i18n.h"
#include "lessons/qs-lesson-parse-private.h"

#define MAX_ATTRIBUTE 1024 /* bytes */
/* Characters of a message that are shown, where it quotes more: the place and what is wrong, and what to do. */
#define SHOWN_FIRST 200
#define SHOWN_LAST 160

void
qs_lesson_fail (GError **error, const char *format, ...)
{
  va_list arguments;

  if (error != NULL && *error != NULL)
    return;
  va_start (arguments, format);
  g_autofree char *message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, QS_ERROR, QS_ERROR_PARSE, message);
}

static const QsLessonElement *
find_element (const char *name)
{
  for (guint i = 0; i < qs_lesson_n_elements; i++)
    if (g_str_equal (qs_lesson_elements[i].name, name))
      return &qs_lesson_elements[i];
  return NULL;
}

static const QsLessonElement *
element_of (QsLessonPlace place)
{
  for (guint i = 0; i < qs_lesson_n_elements; i++)
    if (qs_lesson_elements[i].place == place)
      return &qs_lesson_elements[i];
  return NULL;
}

/* "<title>, <p> or <question>": what may stand in a place. */
static char *
list_children (QsLessonPlace place)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < qs_lesson_n_elements; i++)
    if (qs_lesson_elements[i].parents & QS_LESSON_INSIDE (place))
      g_string_append_printf (list, "%s<%s>", list->len > 0 ? ", " : "", qs_lesson_elements[i].name);
  return list->len > 0 ? g_string_free (g_steal_pointer (&list), FALSE) : g_strdup (_ ("only text"));
}

static void
set_language (QsLessonParser *parser, const char *language, GError **error)
{
  parser->translated = language != NULL;
  parser->rank = language != NULL ? qs_lesson_text_rank (parser, language) : parser->own_rank;
}

static void
sort_attributes (QsLessonParser *parser, const QsLessonElement *element, const char **names, const char **given,
                 const char **values, GError **error)
{
  const char *language = NULL;

  for (guint i = 0; names[i] != NULL; i++)
    {
      guint at = 0;
      while (at < QS_LESSON_MAX_ATTRIBUTES && element->attributes[at] != NULL &&
             !g_str_equal (element->attributes[at], names[i]))
        at++;
      if (strlen (given[i]) > MAX_ATTRIBUTE)
        qs_lesson_fail (error, _ ("the value of “%s” is longer than %d bytes"), names[i], MAX_ATTRIBUTE);
      else if (at < QS_LESSON_MAX_ATTRIBUTES && element->attributes[at] != NULL)
        values[at] = given[i];
      else if (element->has_text && g_str_equal (names[i], "xml:lang"))
        language = given[i];
      else
        qs_lesson_fail (
            error, _ ("<%s> takes no “%s”; README.md beside the lessons that come with Quicscope lists what it takes"),
            element->name, names[i]);
    }
  set_language (parser, language, error);
}

static void
start_element_cb (GMarkupParseContext *context, const char *name, const char **names, const char **given, gpointer data,
                  GError **error)
{
  QsLessonParser *parser = data;
  QsLessonPlace inside = parser->stack[parser->depth];
  const QsLessonElement *element = find_element (name);
  const char *values[QS_LESSON_MAX_ATTRIBUTES] = { NULL };

  if (element == NULL || !(element->parents & QS_LESSON_INSIDE (inside)))
    {
      const QsLessonElement *parent = element_of (inside);
      g_autofree char *children = list_children (inside);
      if (parent == NULL)
        qs_lesson_fail (error, _ ("a lesson begins with <lesson>, not with <%s>"), name);
      else
        qs_lesson_fail (error, _ ("<%s> cannot stand in <%s>; there it takes: %s"), name, parent->name, children);
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
  QsLessonParser *parser = data;
  const QsLessonElement *element = element_of (parser->stack[parser->depth--]);

  if (element->end != NULL)
    element->end (parser, error);
}

static void
text_cb (GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
  QsLessonParser *parser = data;
  const QsLessonElement *element = element_of (parser->stack[parser->depth]);

  if (element != NULL && element->has_text)
    {
      g_string_append_len (parser->text, text, (gssize) length);
      return;
    }
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isspace (text[i]))
      {
        qs_lesson_fail (error, _ ("text cannot stand right in <%s>: put it into a <p> of a <page>"),
                        element != NULL ? element->name : "lesson");
        return;
      }
}

static const GMarkupParser callbacks = { start_element_cb, end_element_cb, text_cb, NULL, NULL };

static void
parser_clear (QsLessonParser *parser)
{
  QsLessonText *texts[] = { &parser->title, &parser->lesson_title, &parser->summary,
                            &parser->ask,   &parser->proof,        &parser->choice_text };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    qs_lesson_text_clear (texts[i]);
  g_clear_pointer (&parser->packets, qs_filter_unref);
  g_free (parser->packets_text);
  g_string_free (parser->text, TRUE);
  g_array_unref (parser->paragraphs);
  g_markup_parse_context_free (parser->context);
}

static char *
shorten (const char *message)
{
  glong length = g_utf8_strlen (message, -1);

  if (length <= SHOWN_FIRST + SHOWN_LAST)
    return g_strdup (message);
  const char *first_end = g_utf8_offset_to_pointer (message, SHOWN_FIRST);
  const char *last = g_utf8_offset_to_pointer (first_end, length - SHOWN_FIRST - SHOWN_LAST);
  return g_strdup_printf ("%.*s…%s", (int) (first_end - message), message, last);
}

/* "FILE:LINE: what is wrong, and what to do". */
static void
locate_error (QsLessonParser *parser, const char *file, const GError *why, GError **error)
{
  /* GMarkup's own messages cut characters in two. */
  g_autofree char *valid = g_utf8_make_valid (why->message, -1);
  g_autofree char *message = shorten (valid);
  int line;

  g_markup_parse_context_get_position (parser->context, &line, NULL);
  if (why->domain == QS_ERROR)
    g_set_error (error, QS_ERROR, QS_ERROR_PARSE, "%s:%d: %s", file, line, message);
  else
    g_set_error (error, QS_ERROR, QS_ERROR_PARSE,
                 _ ("%s:%d: this is not well-formed XML: %s Is each element closed, and each & written as &amp;?"),
                 file, line, message);
}

/* GMarkup would say so too, with the bytes in its message. */
static gboolean
check_encoding (const char *text, gsize length, const char *file, GError **error)
{
  const char *bad;
  guint line = 1;

  if (g_utf8_validate_len (text, length, &bad))
    return TRUE;
  for (const char *at = text; at < bad; at++)
    line += *at == '\n';
  g_set_error (error, QS_ERROR, QS_ERROR_PARSE,
               _ ("%s:%u: here it is not in UTF-8: have your editor save it with that encoding"), file, line);
  return FALSE;
}

QsLesson *
qs_lesson_parse (const char *text, gsize length, const char *name, const char *file, const char *const *languages,
                 GError **error)
{
  g_return_val_if_fail (text != NULL && name != NULL && file != NULL && languages != NULL, NULL);

  if (length > QS_LESSON_MAX_FILE)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_TOO_LARGE, _ ("%s:1: a lesson of more than %d KiB is none"), file,
                   QS_LESSON_MAX_FILE / 1024);
      return NULL;
    }

  if (!check_encoding (text, length, file, error))
    return NULL;
  /* Some editors begin a file with a byte order mark. */
  if (length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    {
      text += 3;
      length -= 3;
    }

  g_autoptr (QsLesson) lesson = qs_lesson_new (name, file);
  g_autoptr (GError) why = NULL;
  QsLessonParser parser = {
    .languages = languages, .lesson = lesson, .text = g_string_new (NULL), .room = QS_LESSON_MAX_BYTES
  };
  parser.paragraphs = g_array_new (FALSE, TRUE, sizeof (QsLessonText));
  g_array_set_clear_func (parser.paragraphs, qs_lesson_text_clear);
  parser.context = g_markup_parse_context_new (&callbacks, 0, &parser, NULL);
  gboolean good = g_markup_parse_context_parse (parser.context, text, (gssize) length, &why) &&
                  g_markup_parse_context_end_parse (parser.context, &why);
  /* To GMarkup a document may do without any element. */
  if (good && lesson->pages->len == 0)
    {
      qs_lesson_fail (&why, _ ("there is no <lesson>…</lesson> in it"));
      good = FALSE;
    }
  if (!good)
    locate_error (&parser, file, why, error);
  parser_clear (&parser);
  return good ? g_steal_pointer (&lesson) : NULL;
}
