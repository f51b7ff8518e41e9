/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-window.h"

#include <time.h>

#include "app/qs-application.h"
#include "app/qs-files.h"

static struct {
  GtkApplication *application;
  QsWindow *window;
  const char *path;
  guint n_packets;
  void (*loaded) (QsWindow *window, gpointer data);
  gpointer data;
} bench;

/* --- Turns of the loop --- */

static struct {
  gint64 began, began_cpu; /* 0: none is measured */
  BenchTurns most;
} turns;

gint64
bench_thread_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static int
poll_cb (GPollFD *fds, guint n, int timeout)
{
  if (turns.began != 0)
    {
      turns.most.worst = MAX (turns.most.worst, g_get_monotonic_time () - turns.began);
      turns.most.worst_cpu = MAX (turns.most.worst_cpu, bench_thread_time () - turns.began_cpu);
    }
  int result = g_poll (fds, n, timeout);
  turns.began = g_get_monotonic_time ();
  turns.began_cpu = bench_thread_time ();
  return result;
}

void
bench_turns_reset (void)
{
  turns.most = (BenchTurns){ 0, 0 };
  turns.began = 0; /* not the turn that this is called in */
}

BenchTurns
bench_turns_get (void)
{
  return turns.most;
}

/* --- The window --- */

static gboolean
loaded_cb (gpointer data)
{
  QsRun *run = qs_session_get_run (qs_window_get_session (bench.window));
  guint n = run != NULL ? qs_trace_get_n_packets (qs_run_get_trace (run)) : 0;

  /* All of it is there when nothing more came for a while. */
  if (n == 0 || n != bench.n_packets || qs_run_is_reading (run))
    {
      bench.n_packets = n;
      return G_SOURCE_CONTINUE;
    }
  g_print ("%u packets\n", n);
  g_main_context_set_poll_func (NULL, poll_cb);
  bench_turns_reset ();
  bench.loaded (bench.window, bench.data);
  return G_SOURCE_REMOVE;
}

static gboolean
open_cb (gpointer data)
{
  g_autofree char *keys = g_strconcat (bench.path, ".keys", NULL);

  qs_files_open (bench.window, bench.path, keys);
  g_timeout_add (1000, loaded_cb, NULL);
  return G_SOURCE_REMOVE;
}

static void
window_added_cb (GtkApplication *application, GtkWindow *window, gpointer data)
{
  if (bench.window != NULL || !QS_IS_WINDOW (window))
    return;
  bench.window = QS_WINDOW (window);
  g_timeout_add (500, open_cb, NULL);
}

int
bench_window_run (const char *program, const char *path, void (*loaded) (QsWindow *window, gpointer data),
                  gpointer data)
{
  g_autoptr (QsApplication) application = qs_application_new ();
  char *arguments[] = { (char *) program, NULL };

  bench.application = GTK_APPLICATION (application);
  bench.path = path;
  bench.loaded = loaded;
  bench.data = data;
  g_application_set_flags (G_APPLICATION (application),
                           g_application_get_flags (G_APPLICATION (application)) | G_APPLICATION_NON_UNIQUE);
  g_signal_connect (application, "window-added", G_CALLBACK (window_added_cb), NULL);
  return g_application_run (G_APPLICATION (application), 1, arguments);
}

void
bench_window_end (void)
{
  g_application_quit (G_APPLICATION (bench.application));
}
