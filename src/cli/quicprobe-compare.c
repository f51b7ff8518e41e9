/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-compare.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "cli/qs-cli.h"
#include "report/qs-html-comparison.h"
#include "study/qs-study-file.h"

#define TIME_COLUMN 12
#define LABEL_COLUMN 22

QsStudy *
quicprobe_compare_open (const QuicprobeOptions *options)
{
  g_autoptr (GError) error = NULL;
  /* Of a live run the key log is a file to write. */
  const char *const *keys = options->read != NULL ? (const char *const *) options->keylogs : NULL;
  g_autoptr (GPtrArray) studies = qs_study_file_open (options->compare, keys, &error);
  guint number = studies != NULL && studies->len == 1 ? 1 : options->connection;

  if (studies == NULL)
    {
      fprintf (stderr, "quicprobe: %s\n", error->message);
      return NULL;
    }
  if (number == 0 || number > studies->len)
    {
      fprintf (stderr, "quicprobe: ");
      fprintf (stderr, _ ("--compare: the file holds %u connections, and which one is meant is not said."),
               studies->len);
      fputc ('\n', stderr);
      return NULL;
    }
  QsStudy *study = g_object_ref (studies->pdata[number - 1]);
  qs_study_settle (study);
  return study;
}

static void
print_cell (FILE *out, const char *text, guint width)
{
  fprintf (out, "%*s%s", (int) (width - MIN (qs_cli_text_width (text), width)), "", text);
}

static char *
time_text (gint64 time)
{
  return time >= 0 ? qs_text_duration (time) : g_strdup ("–");
}

static void
print_steps (FILE *out, GPtrArray *steps)
{
  fprintf (out, "\n%s\n", _ ("Handshake, counted from the first packet sent"));
  print_cell (out, _ ("this one"), TIME_COLUMN);
  print_cell (out, _ ("the other"), TIME_COLUMN);
  print_cell (out, _ ("difference"), TIME_COLUMN);
  fputc ('\n', out);
  for (guint i = 0; i < steps->len; i++)
    {
      const QsComparedStep *step = steps->pdata[i];
      g_autofree char *first = time_text (step->time[0]), *second = time_text (step->time[1]);
      g_autofree char *difference = qs_compared_step_dup_difference (step, 1);
      print_cell (out, first, TIME_COLUMN);
      print_cell (out, second, TIME_COLUMN);
      print_cell (out, difference != NULL ? difference : "", TIME_COLUMN);
      fprintf (out, "  %s\n", step->title);
    }
}

static void
print_facts (FILE *out, GPtrArray *facts)
{
  if (facts->len == 0)
    return;
  fprintf (out, "\n%s\n", _ ("What is not the same"));
  for (guint i = 0; i < facts->len; i++)
    {
      const QsComparedFact *fact = facts->pdata[i];
      int gap = (int) (LABEL_COLUMN - MIN (qs_cli_text_width (fact->label), LABEL_COLUMN));
      fprintf (out, "  %s%*s %s  |  %s\n", fact->label, gap, "", fact->value[0] != NULL ? fact->value[0] : "–",
               fact->value[1] != NULL ? fact->value[1] : "–");
    }
}

static void
print_findings (FILE *out, GPtrArray *findings, const char *title)
{
  if (findings->len == 0)
    return;
  fprintf (out, "\n%s\n", title);
  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      g_autofree char *line = g_strdup_printf ("[%s] %s", finding->id, finding->title);
      qs_cli_print_wrapped (out, line, 2);
    }
}

void
quicprobe_print_comparison (FILE *out, QsStudy *study, QsStudy *other, gboolean brief)
{
  g_autoptr (QsComparison) comparison = qs_comparison_new (study, other);

  qs_cli_print_wrapped (out, qs_comparison_get_headline (comparison), 0);
  if (brief)
    return;
  fprintf (out, "\n%s\n", _ ("This one:"));
  qs_cli_print_wrapped (out, qs_study_get_verdict (study), 2);
  fprintf (out, "%s\n", _ ("The other one:"));
  qs_cli_print_wrapped (out, qs_study_get_verdict (other), 2);
  print_steps (out, qs_comparison_get_steps (comparison));
  print_facts (out, qs_comparison_get_facts (comparison));
  print_findings (out, qs_comparison_get_findings (comparison, 0), _ ("Only found in this one"));
  print_findings (out, qs_comparison_get_findings (comparison, 1), _ ("Only found in the other one"));
}

void
quicprobe_print_comparison_json (QsStudy *study, QsStudy *other)
{
  g_autoptr (QsComparison) comparison = qs_comparison_new (study, other);
  g_autofree char *text = qs_comparison_to_json_text (comparison);

  puts (text);
}

gboolean
quicprobe_write_comparison (const QuicprobeOptions *options, QsStudy *study, QsStudy *other)
{
  g_autoptr (GError) error = NULL;
  QsStudy *const studies[] = { study, other };

  if (options->report == NULL || qs_html_comparison_write (studies, G_N_ELEMENTS (studies), options->report, &error))
    return TRUE;
  fprintf (stderr, "quicprobe: %s\n", error->message);
  return FALSE;
}
