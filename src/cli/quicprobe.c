/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>

#include "base/qs-i18n.h"
#include "cli/qs-cli.h"
#include "cli/quicprobe-batch.h"
#include "cli/quicprobe-body.h"
#include "cli/quicprobe-compare.h"
#include "cli/quicprobe-doctor.h"
#include "cli/quicprobe-examine.h"
#include "cli/quicprobe-files.h"
#include "cli/quicprobe-live.h"
#include "cli/quicprobe-options.h"
#include "cli/quicprobe-read.h"
#include "cli/quicprobe-report.h"
#include "crypto/qs-crypto.h"
#include "engine/qs-trust.h"
#include "formats/qs-key-log.h"
#include "formats/qs-pcapng.h"
#include "formats/qs-qlog.h"
#include "http/qs-alternatives.h"
#include "http/qs-http.h"
#include "probe/qs-experiments.h"

typedef struct {
  const QuicprobeOptions *options;
  QsProbe *probe;
  QsStudy *study;
  QsStudy *other; /* to compare it with; NULL: none */
  GMainLoop *loop;
  guint n_signals;
} Program;

static void
print_version (void)
{
  printf ("quicprobe %s\n%s\n", PACKAGE_VERSION, qs_trust_get_library ());
}

/* The first one ends the run in order; whoever insists gets out at once. */
static gboolean
signal_cb (gpointer data)
{
  Program *program = data;

  if (program->n_signals++ == 0 && !qs_probe_get_finished (program->probe))
    qs_probe_stop (program->probe);
  else
    g_main_loop_quit (program->loop);
  return G_SOURCE_CONTINUE;
}

static void
finished_cb (QsProbe *probe, Program *program)
{
  g_main_loop_quit (program->loop);
}

static gboolean
complain (GError *error)
{
  fprintf (stderr, "quicprobe: %s\n", error->message);
  return FALSE;
}

static gboolean
write_files (const QuicprobeOptions *options, QsStudy *study)
{
  g_autoptr (GError) error = NULL;
  gboolean good = quicprobe_write_files (options, study);

  if (options->session != NULL && !qs_ticket_jar_save (options->probe->tickets, options->session, &error))
    good = complain (error);
  return good;
}

/* Standard output holds the answer and nothing else: the body where one came, else the report. */
static void
print_report (const Program *program, gboolean body_printed)
{
  const QuicprobeOptions *options = program->options;

  if (program->other != NULL && options->json)
    quicprobe_print_comparison_json (program->study, program->other);
  else if (program->other != NULL)
    quicprobe_print_comparison (stdout, program->study, program->other, options->quiet);
  else if (options->json)
    quicprobe_print_json (program->study);
  else if (!body_printed)
    quicprobe_print_report (stdout, program->study, options->quiet);
  else if (!options->quiet || !qs_probe_get_succeeded (program->probe))
    quicprobe_print_report (stderr, program->study, options->quiet);
}

static int
conclude (const Program *program, QuicprobeBody *body)
{
  g_autoptr (GError) error = NULL;
  gboolean succeeded = qs_probe_get_succeeded (program->probe);
  gboolean good = quicprobe_body_finish (body, succeeded, &error) || complain (error);

  qs_study_settle (program->study);
  good &= write_files (program->options, program->study);
  good &= program->other == NULL || quicprobe_write_comparison (program->options, program->study, program->other);
  print_report (program, quicprobe_body_was_printed (body));
  if (fflush (stdout) != 0)
    {
      fprintf (stderr, "quicprobe: %s: %s\n", _ ("standard output cannot be written"), g_strerror (errno));
      good = FALSE;
    }
  return good && succeeded ? QS_EXIT_OK : QS_EXIT_FAILED;
}

static void
run_loop (Program *program)
{
  guint interrupt = g_unix_signal_add (SIGINT, signal_cb, program);
  guint terminate = g_unix_signal_add (SIGTERM, signal_cb, program);

  g_signal_connect (program->probe, "finished", G_CALLBACK (finished_cb), program);
  qs_probe_start (program->probe);
  if (!qs_probe_get_finished (program->probe))
    g_main_loop_run (program->loop);
  g_source_remove (interrupt);
  g_source_remove (terminate);
}

static int
run (const QuicprobeOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QsProbe) probe = qs_probe_new (options->target, options->probe);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (QsStudy) study = qs_study_new (qs_probe_get_trace (probe), qs_probe_get_dissector (probe));
  /* Before anything is sent: it may not be there. */
  g_autoptr (QsStudy) other = options->compare != NULL ? quicprobe_compare_open (options) : NULL;
  Program program = { options, probe, study, other, loop, 0 };
  FILE *trace_out = options->json || quicprobe_options_wants_body (options) ? stderr : stdout;

  if (!qs_probe_prepare (probe, &error))
    {
      if (!g_error_matches (error, QS_ERROR, QS_ERROR_FAILED))
        return qs_cli_usage ("quicprobe", error->message);
      complain (error); /* it is the machine's, not the command line's */
      return QS_EXIT_FAILED;
    }
  if (!quicprobe_check_files (options))
    return QS_EXIT_FAILED;
  g_autoptr (QuicprobeBody) body = quicprobe_body_new (probe, options, &error);
  if (options->compare != NULL && other == NULL)
    return QS_EXIT_FAILED;
  if (body == NULL)
    {
      complain (error);
      return QS_EXIT_FAILED;
    }
  g_autoptr (QsExperiments) experiments = qs_experiments_new (probe);
  g_autoptr (QsAlternatives) alternatives = qs_alternatives_new (probe);
  g_autoptr (QuicprobeLive) live = quicprobe_live_new (probe, study, options, trace_out);
  run_loop (&program);
  quicprobe_live_finish (live);
  return conclude (&program, body);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  qs_i18n_init ();
  qs_crypto_init ();
  qs_http_init ();
  /* A reader that went away (| head) is no reason to die without a word. */
  signal (SIGPIPE, SIG_IGN);
  g_autoptr (QuicprobeOptions) options = quicprobe_options_parse (argc, argv, &error);
  if (options == NULL)
    return qs_cli_usage ("quicprobe", error->message);
  if (options->help)
    quicprobe_print_help ();
  else if (options->version)
    print_version ();
  else if (options->list_checks)
    quicprobe_list_checks ();
  else if (options->examine)
    return quicprobe_examine (options);
  else if (options->why_not_h3)
    return quicprobe_why_not_h3 (options);
  else if (options->batch)
    return quicprobe_batch (options);
  else
    return options->read != NULL ? quicprobe_read (options) : run (options);
  return QS_EXIT_OK;
}
