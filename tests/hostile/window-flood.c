/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window while a peer floods it: window-flood TARGET SECONDS MODE, a mode of the engine. How late is a tick that is due every 5 ms, how much memory is taken, how soon
 * does Stop act, and does anything grow behind it? Lateness is told without the time in which there was work and no processor.
 *
 * Exit status 1: a tick was later than 50 ms, Stop took more than 100 ms, 256 MiB were exceeded, or memory grew by more than 4 MiB after Stop. */
#include <gtk/gtk.h>
#include <stdio.h>
#include <unistd.h>

#include "app/qs-application.h"
#include "app/qs-window.h"
#include "base/qs-i18n.h"
#include "http/qs-http.h"

#define PERIOD_US 5000
#define LONGEST_US 50000
#define STOP_US 100000
#define MOST_KIB (256 << 10)
#define GROWTH_KIB (4 << 10)
#define AFTER_S 2

typedef struct {
  GtkApplication *application;
  QsWindow *window;
  QsProbe *probe;
  const char *target;
  QsMode mode;
  guint seconds;
  GSource *tick;
  gint64 due, waited, worst, stopped_at, stopped_waited, stop_took, verdict_took;
  guint n_ticks;
  gulong before, most, at_stop, after;
  gboolean good, stopped;
} Bench;

static gint64
waited_for_processor (void)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents ("/proc/thread-self/schedstat", &text, NULL, NULL))
    return 0;
  g_auto (GStrv) fields = g_strsplit (text, " ", 3);
  return g_strv_length (fields) == 3 ? g_ascii_strtoll (fields[1], NULL, 10) / 1000 : 0;
}

static gulong
resident_kib (void)
{
  g_autofree char *text = NULL;
  gulong whole = 0, resident = 0;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL) || sscanf (text, "%lu %lu", &whole, &resident) != 2)
    return 0;
  return resident * (gulong) sysconf (_SC_PAGESIZE) / 1024;
}

static gboolean
tick_cb (gpointer data)
{
  Bench *bench = data;
  gint64 now = g_get_monotonic_time (), waited = waited_for_processor ();

  if (bench->stopped && bench->stop_took == 0 && qs_probe_get_state (bench->probe) >= QS_CONNECTION_CLOSED)
    bench->stop_took = now - bench->stopped_at - (waited - bench->stopped_waited);
  bench->worst = MAX (bench->worst, now - bench->due - (waited - bench->waited));
  bench->waited = waited;
  if (bench->n_ticks++ % 20 == 0)
    bench->most = MAX (bench->most, resident_kib ());
  bench->due = now + PERIOD_US;
  g_source_set_ready_time (bench->tick, bench->due);
  return G_SOURCE_CONTINUE;
}

static gboolean
tick_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static gboolean
report_cb (gpointer data)
{
  Bench *bench = data;

  bench->after = resident_kib ();
  bench->most = MAX (bench->most, bench->after);
  gboolean grew = bench->after > bench->at_stop + GROWTH_KIB;
  bench->good = bench->worst <= LONGEST_US && bench->stop_took <= STOP_US && bench->most <= MOST_KIB && !grew;
  g_print ("%lu KiB before, at most %lu, %lu at Stop, %lu %d s later; %u ticks, worst %.1f ms late; Stop took %.1f ms, "
           "the verdict "
           "%.1f%s: %s\n",
           bench->before, bench->most, bench->at_stop, bench->after, AFTER_S, bench->n_ticks,
           (double) bench->worst / 1e3, (double) bench->stop_took / 1e3, (double) bench->verdict_took / 1e3,
           bench->stopped ? "" : " (it had ended by itself)", bench->good ? "met" : "MISSED");
  g_source_destroy (bench->tick);
  g_application_quit (G_APPLICATION (bench->application));
  return G_SOURCE_REMOVE;
}

static void
finished_cb (QsProbe *probe, gpointer data)
{
  Bench *bench = data;

  if (bench->stopped)
    bench->verdict_took =
        g_get_monotonic_time () - bench->stopped_at - (waited_for_processor () - bench->stopped_waited);
  bench->at_stop = resident_kib ();
  g_timeout_add_seconds (AFTER_S, report_cb, bench);
}

static gboolean
stop_cb (gpointer data)
{
  Bench *bench = data;

  if (qs_probe_get_finished (bench->probe))
    return G_SOURCE_REMOVE;
  bench->stopped = TRUE;
  bench->stopped_at = g_get_monotonic_time ();
  bench->stopped_waited = waited_for_processor ();
  qs_probe_stop (bench->probe);
  return G_SOURCE_REMOVE;
}

static gboolean
start_cb (gpointer data)
{
  static GSourceFuncs functions = { .dispatch = tick_dispatch };
  Bench *bench = data;
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (GError) error = NULL;

  bench->before = resident_kib ();
  bench->due = g_get_monotonic_time () + PERIOD_US;
  bench->waited = waited_for_processor ();
  bench->tick = g_source_new (&functions, sizeof (GSource));
  g_source_set_callback (bench->tick, tick_cb, bench, NULL);
  g_source_set_ready_time (bench->tick, bench->due);
  g_source_attach (bench->tick, NULL);
  options->insecure = TRUE;
  options->mode = bench->mode;
  options->timeout_ms = 300000;
  QsRun *run = qs_session_connect (qs_window_get_session (bench->window), bench->target, options, &error);
  g_assert_no_error (error);
  bench->probe = g_object_ref (qs_run_get_probe (run));
  g_signal_connect (bench->probe, "finished", G_CALLBACK (finished_cb), bench);
  g_timeout_add_seconds (bench->seconds, stop_cb, bench);
  return G_SOURCE_REMOVE;
}

static void
window_added_cb (GtkApplication *application, GtkWindow *window, gpointer data)
{
  Bench *bench = data;

  if (bench->window != NULL || !QS_IS_WINDOW (window))
    return;
  bench->window = QS_WINDOW (window);
  g_timeout_add (1000, start_cb, bench);
}

int
main (int argc, char **argv)
{
  Bench bench = { .target = argc > 1 ? argv[1] : NULL };

  if (argc != 4 || !qs_mode_from_name (argv[3], &bench.mode))
    {
      g_printerr ("usage: window-flood TARGET SECONDS MODE\n");
      return 2;
    }
  bench.seconds = (guint) g_ascii_strtoull (argv[2], NULL, 10);
  qs_i18n_init ();
  qs_http_init ();
  g_autoptr (QsApplication) application = qs_application_new ();

  bench.application = GTK_APPLICATION (application);
  g_application_set_flags (G_APPLICATION (application),
                           g_application_get_flags (G_APPLICATION (application)) | G_APPLICATION_NON_UNIQUE);
  g_signal_connect (application, "window-added", G_CALLBACK (window_added_cb), &bench);
  int status = g_application_run (G_APPLICATION (application), 1, argv);
  g_clear_object (&bench.probe);
  return status != 0 ? status : bench.good ? 0 : 1;
}
