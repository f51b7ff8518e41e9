/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine as a client for bulk: one probe on a GLib main loop. Prints "BYTES SECONDS": the time from the request
 * to the end of the answer, as the trace's marks have it, so that neither set-up nor close counts.
 *
 *   probe-client TARGET [record|no-record] */
#include <string.h>

#include "engine/qs-probe.h"

typedef struct {
  guint64 bytes;
  gint64 last_data; /* trace time */
  QsTrace *trace;
  GMainLoop *loop;
} Run;

static void
data_cb (QsProbe *probe, QsStream *stream, GBytes *bytes, gpointer data)
{
  Run *run = data;

  run->bytes += g_bytes_get_size (bytes);
  run->last_data = qs_trace_now (run->trace);
}

static void
finished_cb (QsProbe *probe, gpointer data)
{
  g_main_loop_quit (((Run *) data)->loop);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTarget) target = argc >= 2 ? qs_target_new (argv[1], &error) : NULL;

  if (target == NULL)
    {
      g_printerr ("probe-client: %s\n",
                  error != NULL ? error->message : "usage: probe-client TARGET [record|no-record]");
      return 2;
    }
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  options->insecure = TRUE;
  options->timeout_ms = 120000;
  options->record = argc < 3 || strcmp (argv[2], "no-record") != 0;

  g_autoptr (QsProbe) probe = qs_probe_new (target, options);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Run run = { .trace = qs_probe_get_trace (probe), .loop = loop };
  g_signal_connect (probe, "data", G_CALLBACK (data_cb), &run);
  g_signal_connect (probe, "finished", G_CALLBACK (finished_cb), &run);
  qs_probe_start (probe);
  g_main_loop_run (loop);

  gint64 asked = 0;
  if (!qs_probe_get_succeeded (probe) || qs_trace_find_mark (run.trace, QS_MARK_REQUEST, NULL, &asked) == NULL)
    {
      const QsMark *close = qs_trace_find_mark (run.trace, QS_MARK_CLOSE, NULL, NULL);
      g_printerr ("probe-client: the run failed at stage %s%s%s\n", qs_stage_name (qs_probe_get_stage (probe)),
                  close != NULL && close->text != NULL ? ": " : "",
                  close != NULL && close->text != NULL ? close->text : "");
      return 1;
    }
  g_print ("%" G_GUINT64_FORMAT " %.6f\n", run.bytes, (run.last_data - asked) / 1e9);
  return 0;
}
