/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-batch.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "cli/qs-cli.h"
#include "formats/qs-file-writer.h"
#include "probe/qs-batch-csv.h"
#include "probe/qs-batch-json.h"
#include "probe/qs-batch-openmetrics.h"

#define FILE_MODE 0644
/* Without --every rounds may be over many times a second. */
#define METRICS_EVERY_US G_USEC_PER_SEC

typedef struct {
  const QuicprobeOptions *options;
  QsBatch *batch;
  GMainLoop *loop;
  QsFileWriter *csv; /* NULL: none, or to standard output */
  FILE *rows;        /* where JSON or CSV goes as it comes; NULL: nowhere */
  gboolean first, failed;
  gint64 metrics_written; /* monotonic microseconds */
  gboolean overwritten;   /* the terminal's line has progress on it */
  guint n_signals;
} Program;

static void
complain (Program *program, GError *error)
{
  if (!program->failed)
    fprintf (stderr, "quicprobe: %s\n", error->message);
  program->failed = TRUE;
}

/* --- What comes as it comes --- */

/* A reader that went away takes the rest with it. */
static void
put (Program *program, const GString *text)
{
  if (fwrite (text->str, 1, text->len, stdout) == text->len &&
      (!program->options->plan.every_ms || fflush (stdout) == 0))
    return;
  if (!program->failed)
    fprintf (stderr, "quicprobe: %s: %s\n", _ ("standard output cannot be written"), g_strerror (errno));
  program->failed = TRUE;
  if (!qs_batch_get_finished (program->batch))
    qs_batch_stop (program->batch);
}

static void
put_csv (Program *program, const GString *text)
{
  g_autoptr (GError) error = NULL;

  if (program->options->csv == NULL)
    return;
  if (program->csv == NULL)
    put (program, text);
  else if (!qs_file_writer_write (program->csv, text->str, text->len, &error))
    complain (program, error);
}

static void
print_line (const QsBatchResult *result)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (result->started / G_USEC_PER_SEC);
  g_autofree char *clock = date != NULL ? g_date_time_format (date, "%H:%M:%S") : g_strdup ("");
  g_autofree char *target = qs_text_escape (qs_target_to_string (result->target), -1);

  fprintf (stderr, "%s  %s: %s\n", clock, target, result->verdict);
}

static void
settled_cb (QsBatch *batch, const QsBatchResult *result, Program *program)
{
  const QuicprobeOptions *options = program->options;
  g_autoptr (GString) text = g_string_new (NULL);

  if (options->csv != NULL)
    {
      qs_batch_csv_append (text, result);
      put_csv (program, text);
    }
  if (options->json)
    {
      g_string_truncate (text, 0);
      qs_batch_json_add (text, result, program->first);
      put (program, text);
    }
  program->first = FALSE;
  /* Whoever watches wants to see what comes. */
  if (options->plan.every_ms > 0 && !options->quiet)
    print_line (result);
}

static void
progress_cb (QsBatch *batch, Program *program)
{
  QsBatchFigures *all = qs_batch_get_all_figures (batch);
  guint failed = qs_batch_figures_get_n (all, QS_BATCH_FAILED);

  if (program->options->quiet || program->options->plan.every_ms > 0 || !isatty (STDERR_FILENO))
    return;
  fprintf (stderr, "\r");
  fprintf (stderr, _ ("%u of %u runs, %u failed, %u under way"), qs_batch_get_n_settled (batch),
           qs_batch_get_n_planned (batch), failed, qs_batch_get_n_under_way (batch));
  fprintf (stderr, "  ");
  fflush (stderr);
  program->overwritten = TRUE;
}

static void
write_metrics (Program *program)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  qs_batch_openmetrics_append (text, program->batch);
  if (!qs_file_write (program->options->openmetrics, FILE_MODE, text->str, text->len, &error))
    complain (program, error);
  program->metrics_written = g_get_monotonic_time ();
}

static void
round_cb (QsBatch *batch, guint number, Program *program)
{
  gboolean due = g_get_monotonic_time () - program->metrics_written >= METRICS_EVERY_US;

  if (program->options->openmetrics != NULL && (due || program->options->plan.every_ms > 0))
    write_metrics (program);
}

static void
finished_cb (QsBatch *batch, Program *program)
{
  g_main_loop_quit (program->loop);
}

/* The first one ends it in order; whoever insists gets out at once, with what there is. */
static gboolean
signal_cb (gpointer data)
{
  Program *program = data;

  if (program->n_signals++ == 0 && !qs_batch_get_finished (program->batch))
    qs_batch_stop (program->batch);
  else
    g_main_loop_quit (program->loop);
  return G_SOURCE_CONTINUE;
}

/* --- From beginning to end --- */

/* What cannot be written is told before anything is sent. */
static gboolean
open_files (Program *program)
{
  const QuicprobeOptions *options = program->options;
  g_autoptr (GError) error = NULL;
  gboolean to_file = options->csv != NULL && !g_str_equal (options->csv, "-");

  if (to_file)
    program->csv = qs_file_writer_new (options->csv, FILE_MODE, &error);
  if ((to_file && program->csv == NULL) ||
      (options->openmetrics != NULL && !qs_file_writer_check (options->openmetrics, &error)) ||
      (options->session != NULL && !qs_file_writer_check (options->session, &error)))
    {
      complain (program, error);
      return FALSE;
    }
  return TRUE;
}

static void
begin_rows (Program *program)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (program->options->csv != NULL)
    {
      qs_batch_csv_append_head (text);
      put_csv (program, text);
    }
  g_string_truncate (text, 0);
  if (program->options->json)
    {
      qs_batch_json_begin (text);
      put (program, text);
    }
}

static void
run_loop (Program *program)
{
  guint interrupt = g_unix_signal_add (SIGINT, signal_cb, program);
  guint terminate = g_unix_signal_add (SIGTERM, signal_cb, program);

  qs_batch_start (program->batch);
  if (!qs_batch_get_finished (program->batch))
    g_main_loop_run (program->loop);
  g_source_remove (interrupt);
  g_source_remove (terminate);
  g_signal_handlers_disconnect_by_data (program->batch, program);
}

static void
finish_files (Program *program)
{
  const QuicprobeOptions *options = program->options;
  g_autoptr (GError) error = NULL;

  if (program->csv != NULL && !qs_file_writer_finish (program->csv, &error))
    complain (program, error);
  g_clear_error (&error);
  if (options->openmetrics != NULL)
    write_metrics (program);
  if (options->session != NULL && !qs_ticket_jar_save (options->probe->tickets, options->session, &error))
    complain (program, error);
}

static void
print_end (Program *program)
{
  const QuicprobeOptions *options = program->options;
  gboolean csv = options->csv != NULL && program->csv == NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  if (program->overwritten)
    fputc ('\n', stderr);
  if (!options->json)
    {
      quicprobe_print_batch (csv ? stderr : stdout, program->batch, options->quiet);
      return;
    }
  qs_batch_json_end (text, program->batch);
  put (program, text);
}

int
quicprobe_batch (const QuicprobeOptions *options)
{
  g_return_val_if_fail (options != NULL && options->batch, QS_EXIT_USAGE);

  g_autoptr (GError) error = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (QsBatch) batch = qs_batch_new (qs_batch_targets_get (options->targets), options->probe, &options->plan);
  Program program = { .options = options, .batch = batch, .loop = loop, .first = TRUE };

  if (!qs_batch_prepare (batch, &error))
    {
      if (!g_error_matches (error, QS_ERROR, QS_ERROR_FAILED))
        return qs_cli_usage ("quicprobe", error->message);
      complain (&program, error); /* it is the machine's, not the command line's */
      return QS_EXIT_FAILED;
    }
  if (!open_files (&program))
    return QS_EXIT_FAILED;
  g_signal_connect (batch, "settled", G_CALLBACK (settled_cb), &program);
  g_signal_connect (batch, "round", G_CALLBACK (round_cb), &program);
  g_signal_connect (batch, "progress", G_CALLBACK (progress_cb), &program);
  g_signal_connect (batch, "finished", G_CALLBACK (finished_cb), &program);
  begin_rows (&program);
  if (!program.failed)
    run_loop (&program);
  finish_files (&program);
  print_end (&program);
  g_clear_pointer (&program.csv, qs_file_writer_free);
  if (fflush (stdout) != 0 && !program.failed)
    {
      fprintf (stderr, "quicprobe: %s: %s\n", _ ("standard output cannot be written"), g_strerror (errno));
      program.failed = TRUE;
    }
  return qs_batch_get_succeeded (batch) && !program.failed ? QS_EXIT_OK : QS_EXIT_FAILED;
}
