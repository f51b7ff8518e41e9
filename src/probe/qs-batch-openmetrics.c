/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-batch-openmetrics.h"

/* Upper bounds: what a handshake next door takes, up to the time-outs. In seconds as they are written, canonical numbers. */
static const struct {
  gint64 ns;
  const char *seconds;
} bounds[] = {
  { 1000000, "0.001" },  { 2500000, "0.0025" }, { 5000000, "0.005" },    { 10000000, "0.01" },    { 25000000, "0.025" },
  { 50000000, "0.05" },  { 100000000, "0.1" },  { 250000000, "0.25" },   { 500000000, "0.5" },    { 1000000000, "1.0" },
  { 2500000000, "2.5" }, { 5000000000, "5.0" }, { 10000000000, "10.0" }, { 30000000000, "30.0" },
};

static const struct {
  QsBatchTime time;
  const char *name, *help;
} histograms[] = {
  { QS_BATCH_HANDSHAKE, "quicprobe_handshake_seconds", "From a run's start to the end of its handshake." },
  { QS_BATCH_FIRST_BYTE, "quicprobe_first_byte_seconds", "From a run's start to the first byte of the answer." },
  { QS_BATCH_TOTAL, "quicprobe_run_seconds", "How long a run took that succeeded." },
};

void
qs_batch_openmetrics_append_label (GString *out, const char *text)
{
  g_return_if_fail (out != NULL && text != NULL);

  for (; *text != '\0'; text++)
    {
      if (*text == '\\' || *text == '"')
        g_string_append_c (out, '\\');
      if (*text == '\n')
        g_string_append (out, "\\n");
      else
        g_string_append_c (out, *text);
    }
}

static void
append_family (GString *out, const char *name, const char *type, const char *unit, const char *help)
{
  g_string_append_printf (out, "# TYPE %s %s\n", name, type);
  if (unit != NULL)
    g_string_append_printf (out, "# UNIT %s %s\n", name, unit);
  g_string_append_printf (out, "# HELP %s %s\n", name, help);
}

/* "NAME{target="…"", and another label where there is one, up to the value. */
static void
append_sample (GString *out, QsBatch *batch, guint index, const char *name, const char *label, const char *value)
{
  g_string_append_printf (out, "%s{target=\"", name);
  qs_batch_openmetrics_append_label (out, qs_target_to_string (qs_batch_get_target (batch, index)));
  g_string_append_c (out, '"');
  if (label != NULL)
    {
      g_string_append_printf (out, ",%s=\"", label);
      qs_batch_openmetrics_append_label (out, value);
      g_string_append_c (out, '"');
    }
  g_string_append (out, "} ");
}

static void
append_number (GString *out, double number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (out, "%s\n", g_ascii_formatd (text, sizeof text, "%.6f", number));
}

static void
append_runs (GString *out, QsBatch *batch)
{
  append_family (out, "quicprobe_runs", "counter", NULL, "Runs that are over, by what became of them.");
  for (guint i = 0; i < qs_batch_get_n_targets (batch); i++)
    for (guint outcome = QS_BATCH_OK; outcome <= QS_BATCH_FAILED; outcome++)
      {
        append_sample (out, batch, i, "quicprobe_runs_total", "outcome", qs_batch_outcome_name (outcome));
        g_string_append_printf (out, "%u\n", qs_batch_figures_get_n (qs_batch_get_figures (batch, i), outcome));
      }
}

static void
append_last (GString *out, QsBatch *batch)
{
  append_family (out, "quicprobe_last_run_success", "gauge", NULL, "1: the run that was started last succeeded.");
  for (guint i = 0; i < qs_batch_get_n_targets (batch); i++)
    {
      QsBatchFigures *figures = qs_batch_get_figures (batch, i);
      if (qs_batch_figures_get_n_judged (figures) == 0)
        continue;
      append_sample (out, batch, i, "quicprobe_last_run_success", NULL, NULL);
      g_string_append_printf (out, "%d\n", qs_batch_figures_get_last_outcome (figures) == QS_BATCH_OK);
    }
  append_family (out, "quicprobe_last_run_timestamp_seconds", "gauge", "seconds",
                 "When that run was started, in seconds since 1970.");
  for (guint i = 0; i < qs_batch_get_n_targets (batch); i++)
    {
      QsBatchFigures *figures = qs_batch_get_figures (batch, i);
      if (qs_batch_figures_get_n_judged (figures) == 0)
        continue;
      append_sample (out, batch, i, "quicprobe_last_run_timestamp_seconds", NULL, NULL);
      append_number (out, (double) qs_batch_figures_get_last_started (figures) / G_USEC_PER_SEC);
    }
}

static void
append_findings (GString *out, QsBatch *batch)
{
  append_family (out, "quicprobe_findings", "counter", NULL, "Runs that a finding was made of.");
  for (guint i = 0; i < qs_batch_get_n_targets (batch); i++)
    {
      g_autoptr (GPtrArray) findings = qs_batch_figures_list_findings (qs_batch_get_figures (batch, i));
      for (guint f = 0; f < findings->len; f++)
        {
          const QsFindingCount *finding = findings->pdata[f];
          append_sample (out, batch, i, "quicprobe_findings_total", "finding", finding->id);
          g_string_append_printf (out, "%u\n", finding->n);
        }
    }
}

static void
append_histogram (GString *out, QsBatch *batch, guint index, const char *name, QsBatchTime time)
{
  QsBatchFigures *figures = qs_batch_get_figures (batch, index);
  g_autofree char *bucket = g_strconcat (name, "_bucket", NULL);
  g_autofree char *sum = g_strconcat (name, "_sum", NULL);
  g_autofree char *count = g_strconcat (name, "_count", NULL);
  guint n = qs_batch_figures_count_within (figures, time, G_MAXINT64);

  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++)
    {
      append_sample (out, batch, index, bucket, "le", bounds[i].seconds);
      g_string_append_printf (out, "%u\n", qs_batch_figures_count_within (figures, time, bounds[i].ns));
    }
  append_sample (out, batch, index, bucket, "le", "+Inf");
  g_string_append_printf (out, "%u\n", n);
  append_sample (out, batch, index, sum, NULL, NULL);
  append_number (out, (double) qs_batch_figures_get_sum (figures, time) / 1e9);
  append_sample (out, batch, index, count, NULL, NULL);
  g_string_append_printf (out, "%u\n", n);
}

void
qs_batch_openmetrics_append (GString *out, QsBatch *batch)
{
  g_return_if_fail (out != NULL && QS_IS_BATCH (batch));

  append_runs (out, batch);
  append_last (out, batch);
  append_findings (out, batch);
  for (guint h = 0; h < G_N_ELEMENTS (histograms); h++)
    {
      append_family (out, histograms[h].name, "histogram", "seconds", histograms[h].help);
      for (guint i = 0; i < qs_batch_get_n_targets (batch); i++)
        append_histogram (out, batch, i, histograms[h].name, histograms[h].time);
    }
  g_string_append (out, "# EOF\n");
}
