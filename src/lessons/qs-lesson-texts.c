/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts of a lesson: in the reader's language, their lines joined, their marks made markup. */
#include <string.h>

#include "lessons/qs-lesson-parse-private.h"

void
qs_lesson_text_clear (gpointer data)
{
  QsLessonText *text = data;

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

void
qs_lesson_text_take (QsLessonParser *parser, QsLessonText *slot, gboolean markup)
{
  if (parser->rank == G_MAXUINT || (slot->text != NULL && parser->rank >= slot->rank))
    return;

  g_autofree char *plain = squeeze (parser->text->str);
  g_free (slot->text);
  slot->text = markup ? to_markup (plain) : g_strdup (plain);
  slot->rank = parser->rank;
}

guint
qs_lesson_text_rank (QsLessonParser *parser, const char *language)
{
  for (guint i = 0; parser->languages[i] != NULL; i++)
    if (g_ascii_strcasecmp (parser->languages[i], language) == 0)
      return i;
  return G_MAXUINT;
}
