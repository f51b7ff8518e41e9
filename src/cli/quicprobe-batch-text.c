/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a batch came to, for people. */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "cli/qs-cli.h"
#include "cli/quicprobe-batch.h"

#define MOST_BINS 12
#define BAR 40               /* columns of the longest bar */
#define MOST_NAMED_TARGETS 5 /* under a finding */

static const QsBatchTime figured[] = { QS_BATCH_HANDSHAKE, QS_BATCH_FIRST_BYTE, QS_BATCH_TOTAL };

static char *
duration (gboolean known, gint64 ns)
{
  return known ? qs_text_duration (ns) : g_strdup ("-");
}

/* Nothing is 100 % but all of them, and nothing 0 % but none. */
static char *
percentage (guint n, guint of)
{
  double value = of > 0 ? 100.0 * n / of : 0;

  if (n < of && value > 99.9)
    value = 99.9;
  if (n > 0 && value < 0.1)
    value = 0.1;
  return g_strdup_printf (_ ("%.1f %%"), value);
}

static void
print_head (FILE *out, QsBatch *batch)
{
  QsBatchFigures *all = qs_batch_get_all_figures (batch);
  guint judged = qs_batch_figures_get_n_judged (all), good = qs_batch_figures_get_n (all, QS_BATCH_OK);
  guint n_targets = qs_batch_get_n_targets (batch);
  g_autofree char *rate = percentage (good, judged);
  g_autofree char *elapsed = qs_text_duration (qs_batch_get_elapsed (batch));
  g_autofree char *target = n_targets == 1
                                ? qs_text_escape (qs_target_to_string (qs_batch_get_target (batch, 0)), -1)
                                : g_strdup_printf (ngettext ("%u target", "%u targets", n_targets), n_targets);
  g_autofree char *runs = g_strdup_printf (ngettext ("%u run", "%u runs", judged), judged);
  /* Translators: 100 runs of quic://localhost:4433 in 2.31 s: 99 succeeded, 1 failed (99.0 %). */
  g_autofree char *line = g_strdup_printf (_ ("%s of %s in %s: %u succeeded, %u failed (%s)."), runs, target, elapsed,
                                           good, judged - good, rate);
  guint left = qs_batch_get_n_planned (batch) - judged;

  qs_cli_print_wrapped (out, line, 0);
  if (qs_batch_get_stopped (batch) || left > 0)
    {
      g_autofree char *rest =
          g_strdup_printf (ngettext ("It was stopped: %u run was not made, or not to its end.",
                                     "It was stopped: %u runs were not made, or not to their end.", left),
                           left);
      qs_cli_print_wrapped (out, rest, 0);
    }
  if (qs_batch_get_busy (batch) >= QS_BATCH_BUSY)
    qs_cli_print_wrapped (out,
                          _ ("This program was busy all the time, so that runs waited for each other: their times hold "
                             "that. Fewer at once (--parallel) tell of the server alone."),
                          0);
}

/* --- One target's times --- */

static void
print_spreads (FILE *out, QsBatchFigures *figures)
{
  static const char *const titles[] = {
    N_ ("Time from the start"), N_ ("n"), N_ ("min"), N_ ("p50"), N_ ("p90"), N_ ("p95"), N_ ("p99"), N_ ("max")
  };
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_autoptr (GStrvBuilder) head = g_strv_builder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    g_strv_builder_add (head, _ (titles[i]));
  g_ptr_array_add (rows, g_strv_builder_end (head));
  for (guint i = 0; i < G_N_ELEMENTS (figured); i++)
    {
      QsSpread spread;
      qs_batch_figures_get_spread (figures, figured[i], &spread);
      if (spread.n == 0)
        continue;
      const gint64 ns[] = { spread.least, spread.p50, spread.p90, spread.p95, spread.p99, spread.most };
      char **row = g_new0 (char *, G_N_ELEMENTS (titles) + 1);
      row[0] = g_strdup (qs_batch_time_title (figured[i]));
      row[1] = g_strdup_printf ("%u", spread.n);
      for (guint column = 0; column < G_N_ELEMENTS (ns); column++)
        row[2 + column] = qs_text_duration (ns[column]);
      g_ptr_array_add (rows, row);
    }
  if (rows->len == 1) /* none succeeded */
    return;
  fputc ('\n', out);
  qs_cli_print_columns (out, rows, "lrrrrrrr");
}

static void
print_histogram (FILE *out, QsBatchFigures *figures, QsBatchTime time)
{
  g_autoptr (GArray) bins = qs_batch_figures_make_histogram (figures, time, MOST_BINS);
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  guint most = 1;

  for (guint i = 0; i < bins->len; i++)
    most = MAX (most, g_array_index (bins, QsBin, i).n);
  for (guint i = 0; i < bins->len; i++)
    {
      const QsBin *bin = &g_array_index (bins, QsBin, i);
      guint length = (guint) (((guint64) bin->n * BAR + most - 1) / most); /* what there is shows */
      g_autoptr (GString) bar = g_string_new (NULL);
      char **row = g_new0 (char *, 6);
      for (guint column = 0; column < length; column++)
        g_string_append (bar, "█");
      row[0] = qs_text_duration (bin->from);
      row[1] = g_strdup ("–");
      row[2] = qs_text_duration (bin->to);
      row[3] = g_strdup_printf ("%u", bin->n);
      row[4] = g_strdup (bar->str);
      g_ptr_array_add (rows, row);
    }
  if (rows->len == 0)
    return;
  fprintf (out, "\n%s\n", qs_batch_time_title (time));
  qs_cli_print_columns (out, rows, "rrrrl");
}

/* --- Several targets, side by side --- */

static char **
make_target_row (const char *name, QsBatchFigures *figures)
{
  guint judged = qs_batch_figures_get_n_judged (figures);
  char **row = g_new0 (char *, 3 + 2 * G_N_ELEMENTS (figured) + 1);

  row[0] = g_strdup (name);
  row[1] = g_strdup_printf ("%u", judged);
  row[2] = g_strdup_printf ("%u", qs_batch_figures_get_n (figures, QS_BATCH_FAILED));
  for (guint i = 0; i < G_N_ELEMENTS (figured); i++)
    {
      QsSpread spread;
      qs_batch_figures_get_spread (figures, figured[i], &spread);
      row[3 + 2 * i] = duration (spread.n > 0, spread.p50);
      row[4 + 2 * i] = duration (spread.n > 0, spread.p95);
    }
  return row;
}

static void
print_targets (FILE *out, QsBatch *batch)
{
  static const char *const titles[] = { N_ ("Target"),        N_ ("Runs"),      N_ ("Failed"),
                                        N_ ("Handshake p50"), N_ ("p95"),       N_ ("First byte p50"),
                                        N_ ("p95"),           N_ ("Total p50"), N_ ("p95") };
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_autoptr (GStrvBuilder) head = g_strv_builder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    g_strv_builder_add (head, _ (titles[i]));
  g_ptr_array_add (rows, g_strv_builder_end (head));
  for (guint i = 0; i < qs_batch_get_n_targets (batch); i++)
    {
      g_autofree char *name = qs_text_escape (qs_target_to_string (qs_batch_get_target (batch, i)), -1);
      g_ptr_array_add (rows, make_target_row (name, qs_batch_get_figures (batch, i)));
    }
  g_ptr_array_add (rows, make_target_row (_ ("All"), qs_batch_get_all_figures (batch)));
  fputc ('\n', out);
  qs_cli_print_columns (out, rows, "lrrrrrrrr");
}

/* --- Findings --- */

static guint
count_of (QsBatchFigures *figures, const char *id)
{
  g_autoptr (GPtrArray) findings = qs_batch_figures_list_findings (figures);

  for (guint i = 0; i < findings->len; i++)
    if (g_str_equal (((const QsFindingCount *) findings->pdata[i])->id, id))
      return ((const QsFindingCount *) findings->pdata[i])->n;
  return 0;
}

/* Which of several targets it is about. */
static void
print_where (FILE *out, QsBatch *batch, const char *id)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint named = 0, more = 0;

  for (guint i = 0; i < qs_batch_get_n_targets (batch); i++)
    {
      guint n = count_of (qs_batch_get_figures (batch, i), id);
      if (n == 0)
        continue;
      if (named == MOST_NAMED_TARGETS)
        {
          more++;
          continue;
        }
      g_autofree char *name = qs_text_escape (qs_target_to_string (qs_batch_get_target (batch, i)), -1);
      g_string_append_printf (text, "%s%s (%u)", named++ > 0 ? ", " : "", name, n);
    }
  if (more > 0)
    g_string_append_printf (text, ngettext (", and %u more target", ", and %u more targets", more), more);
  qs_cli_print_wrapped (out, text->str, 4);
}

static char *
clock_text (gint64 us)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (us / G_USEC_PER_SEC);

  return date != NULL ? g_date_time_format (date, "%Y-%m-%d %H:%M:%S") : g_strdup ("?");
}

static void
print_finding (FILE *out, QsBatch *batch, const QsFindingCount *finding, gboolean brief)
{
  static const char *const severities[] = { N_ ("Error"), N_ ("Warning"), N_ ("Note") };
  g_autofree char *count = g_strdup_printf (ngettext ("%u run", "%u runs", finding->n), finding->n);
  g_autofree char *head =
      g_strdup_printf ("%s: %s [%s]: %s", count, _ (severities[finding->severity]), finding->id, finding->title);
  g_autofree char *first = clock_text (finding->first);
  g_autofree char *last = clock_text (finding->last);
  g_autofree char *when = finding->n > 1 ? g_strdup_printf (_ ("First at %s, last at %s."), first, last)
                                         : g_strdup_printf (_ ("At %s."), first);

  qs_cli_print_wrapped (out, head, 2);
  if (brief)
    return;
  qs_cli_print_wrapped (out, when, 4);
  if (qs_batch_get_n_targets (batch) > 1)
    print_where (out, batch, finding->id);
}

static void
print_findings (FILE *out, QsBatch *batch, gboolean brief)
{
  g_autoptr (GPtrArray) findings = qs_batch_figures_list_findings (qs_batch_get_all_figures (batch));
  gboolean headed = FALSE;

  for (guint i = 0; i < findings->len; i++)
    {
      const QsFindingCount *finding = findings->pdata[i];
      if (brief && finding->severity == QS_SEVERITY_INFO)
        continue;
      if (!headed)
        fprintf (out, "\n%s\n", _ ("Findings"));
      headed = TRUE;
      print_finding (out, batch, finding, brief);
    }
}

void
quicprobe_print_batch (FILE *out, QsBatch *batch, gboolean brief)
{
  g_return_if_fail (out != NULL && QS_IS_BATCH (batch));

  print_head (out, batch);
  if (!brief && qs_batch_get_n_targets (batch) > 1)
    print_targets (out, batch);
  else if (!brief)
    print_spreads (out, qs_batch_get_all_figures (batch));
  if (!brief)
    print_histogram (out, qs_batch_get_all_figures (batch), QS_BATCH_HANDSHAKE);
  print_findings (out, batch, brief);
}
