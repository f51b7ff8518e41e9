/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-batch-options.h"

#include <string.h>

#include "base/qs-i18n.h"

static struct {
  char *repeat, *every, *parallel, *targets, *csv, *openmetrics;
} raw;

const GOptionEntry quicprobe_batch_entries[] = {
  { "repeat", 0, 0, G_OPTION_ARG_STRING, &raw.repeat,
    N_ ("So many runs of each TARGET, of which there may be several, and what they come to: how many succeed, "
        "percentiles, findings by number"),
    N_ ("N") },
  { "targets", 0, 0, G_OPTION_ARG_FILENAME, &raw.targets,
    N_ ("Targets from a file, one a line, lines with “#” passed over; with those of the command line, each once"),
    N_ ("FILE") },
  { "parallel", 0, 0, G_OPTION_ARG_STRING, &raw.parallel, N_ ("At most so many runs at once (default 1, at most 256)"),
    N_ ("M") },
  { "every", 0, 0, G_OPTION_ARG_STRING, &raw.every,
    N_ ("Begin a round, a run of each target, each so often, or once the last is over; without it they follow each "
        "other"),
    N_ ("SECONDS") },
  { "csv", 0, 0, G_OPTION_ARG_FILENAME, &raw.csv, N_ ("Write a line a run as CSV; “-”: to standard output"),
    N_ ("FILE") },
  { "openmetrics", 0, 0, G_OPTION_ARG_FILENAME, &raw.openmetrics,
    N_ ("Write counters and histograms as OpenMetrics text, anew after each round, for a textfile collector"),
    N_ ("FILE") },
  { NULL },
};

gboolean
quicprobe_batch_is_asked_for (void)
{
  return raw.repeat != NULL || raw.targets != NULL;
}

void
quicprobe_batch_clear (void)
{
  g_free (raw.repeat);
  g_free (raw.every);
  g_free (raw.parallel);
  g_free (raw.targets);
  g_free (raw.csv);
  g_free (raw.openmetrics);
  memset (&raw, 0, sizeof raw);
}

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET, sentence);
  return FALSE;
}

static gboolean
parse_number (const char *option, const char *text, guint most, guint *number, GError **error)
{
  guint64 value = 0;

  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, 1, most, &value, NULL))
    {
      g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET, _ ("%s takes a number from 1 to %u."), option, most);
      return FALSE;
    }
  *number = (guint) value;
  return TRUE;
}

static gboolean
parse_every (guint *ms, GError **error)
{
  char *end = NULL;
  double seconds = raw.every != NULL ? g_ascii_strtod (raw.every, &end) : 0;

  if (raw.every == NULL)
    return TRUE;
  if (end == raw.every || *end != '\0' || !(seconds >= 0.001 && seconds * 1000 <= QS_BATCH_LONGEST_PAUSE_MS))
    return refuse (error, _ ("--every takes a number of seconds, such as 30, of at most a week."));
  *ms = (guint) (seconds * 1000);
  return TRUE;
}

static gboolean
add_targets (QsBatchTargets *targets, char **names, guint n, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (!qs_batch_targets_add (targets, names[i], error))
      return FALSE;
  if (raw.targets != NULL)
    {
      g_autoptr (GError) reason = NULL;
      if (!qs_batch_targets_add_file (targets, raw.targets, &reason))
        {
          g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET, "--targets: %s", reason->message);
          return FALSE;
        }
    }
  if (qs_batch_targets_get (targets)->len > 0)
    return TRUE;
  return refuse (error, raw.targets != NULL
                            ? _ ("--targets: there is no target in that file.")
                            : _ ("A target is missing, such as https://example.org/ or quic://localhost:4433."));
}

static gboolean
is_stdout (const char *path)
{
  return path != NULL && g_str_equal (path, "-");
}

gboolean
quicprobe_batch_fill (QuicprobeOptions *options, char **names, guint n, GError **error)
{
  g_return_val_if_fail (options != NULL, FALSE);

  if (!quicprobe_batch_is_asked_for ())
    {
      if (raw.every == NULL && raw.parallel == NULL && raw.csv == NULL && raw.openmetrics == NULL)
        return TRUE;
      return refuse (error, _ ("--every, --parallel, --csv and --openmetrics go with --repeat=N or --targets=FILE."));
    }
  options->batch = TRUE;
  options->plan = (QsBatchPlan){ .repeat = 1, .parallel = 1 };
  if (!parse_number ("--repeat", raw.repeat, QS_BATCH_MOST_RUNS, &options->plan.repeat, error) ||
      !parse_number ("--parallel", raw.parallel, QS_BATCH_MOST_PARALLEL, &options->plan.parallel, error) ||
      !parse_every (&options->plan.every_ms, error))
    return FALSE;
  if (is_stdout (raw.csv) && options->json)
    return refuse (error, _ ("--csv=- and --json both want standard output: name a file for one of them."));
  if (is_stdout (raw.openmetrics))
    return refuse (error, _ ("--openmetrics takes a file, which is written anew after each round."));
  options->targets = qs_batch_targets_new ();
  if (!add_targets (options->targets, names, n, error) ||
      !qs_batch_plan_check (&options->plan, qs_batch_targets_get (options->targets)->len, error))
    return FALSE;
  options->csv = g_strdup (raw.csv);
  options->openmetrics = g_strdup (raw.openmetrics);
  return TRUE;
}
