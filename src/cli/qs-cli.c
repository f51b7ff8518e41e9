/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/qs-cli.h"

#include <string.h>

#include "base/qs-i18n.h"

#define COLUMNS 78
#define OPTION_COLUMN 28

int
qs_cli_usage (const char *program, const char *sentence)
{
  fprintf (stderr, "%s: %s\n", program, sentence);
  fprintf (stderr, _ ("Try “%s --help”."), program);
  fputc ('\n', stderr);
  return QS_EXIT_USAGE;
}

guint
qs_cli_text_width (const char *text)
{
  guint width = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);
      width += g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
    }
  return width;
}

/* Prints words from column on; what does not fit goes to a new line with that indent. */
static void
print_words (FILE *out, const char *text, guint indent, guint column)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  gboolean first = TRUE;

  for (guint i = 0; words[i] != NULL; i++)
    {
      guint width = qs_cli_text_width (words[i]);
      if (!first && column + 1 + width > COLUMNS)
        {
          fprintf (out, "\n%*s", (int) indent, "");
          column = indent;
          first = TRUE;
        }
      fprintf (out, "%s%s", first ? "" : " ", words[i]);
      column += width + (first ? 0 : 1);
      first = FALSE;
    }
  fputc ('\n', out);
}

void
qs_cli_print_wrapped (FILE *out, const char *text, guint indent)
{
  fprintf (out, "%*s", (int) indent, "");
  print_words (out, text, indent, indent);
}

static void
print_entry (FILE *out, const GOptionEntry *entry)
{
  g_autoptr (GString) left = g_string_new ("  ");

  if (entry->short_name != 0)
    g_string_append_printf (left, "-%c", entry->short_name);
  /* An option of one letter is its short name alone. */
  if (strlen (entry->long_name) > 1)
    g_string_append_printf (left, "%s--%s", entry->short_name != 0 ? ", " : "", entry->long_name);
  if (entry->arg_description != NULL)
    g_string_append_printf (left, "=%s", _ (entry->arg_description));
  guint width = qs_cli_text_width (left->str);
  fputs (left->str, out);
  if (width + 2 > OPTION_COLUMN)
    fprintf (out, "\n%*s", OPTION_COLUMN, "");
  else
    fprintf (out, "%*s", (int) (OPTION_COLUMN - width), "");
  print_words (out, _ (entry->description), OPTION_COLUMN, OPTION_COLUMN);
}

void
qs_cli_print_groups (FILE *out, const QsCliGroup *groups, guint n_groups)
{
  for (guint i = 0; i < n_groups; i++)
    {
      fprintf (out, "\n%s\n", _ (groups[i].title));
      for (const GOptionEntry *entry = groups[i].entries; entry->long_name != NULL; entry++)
        {
          if ((entry->flags & G_OPTION_FLAG_HIDDEN) == 0)
            print_entry (out, entry);
        }
    }
}

static void
print_row (FILE *out, char **row, const char *alignment, const guint *widths)
{
  for (guint column = 0; alignment[column] != '\0'; column++)
    {
      gboolean last = alignment[column + 1] == '\0', right = alignment[column] == 'r';
      int gap = (int) (widths[column] - MIN (qs_cli_text_width (row[column]), widths[column]));

      fprintf (out, "%*s%s%*s%s", right ? gap : 0, "", row[column], right || last ? 0 : gap, "", last ? "\n" : "  ");
    }
}

void
qs_cli_print_columns (FILE *out, GPtrArray *rows, const char *alignment)
{
  g_return_if_fail (out != NULL && rows != NULL && alignment != NULL);

  gsize n = strlen (alignment);
  g_autofree guint *widths = g_new0 (guint, n);

  for (gsize column = 0; column < n; column++)
    for (guint i = 0; i < rows->len; i++)
      widths[column] = MAX (widths[column], qs_cli_text_width (((char **) rows->pdata[i])[column]));
  for (guint i = 0; i < rows->len; i++)
    print_row (out, rows->pdata[i], alignment, widths);
}

char **
qs_cli_split (const char *list)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) items = g_strsplit (list, ",", -1);

  for (guint i = 0; items[i] != NULL; i++)
    {
      g_strstrip (items[i]);
      if (items[i][0] != '\0')
        g_strv_builder_add (builder, items[i]);
    }
  return g_strv_builder_end (builder);
}
