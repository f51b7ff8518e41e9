/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A long run saved from the window in every format: how long the main loop was held meanwhile, in all and of its own processor time.
 *
 *   window-save FILE
 *
 * Exit status 1 when a turn of the loop took 16 ms of the processor or longer. */
#include <glib/gstdio.h>
#include <time.h>

#include "app/qs-application.h"
#include "app/qs-files.h"
#include "app/qs-saving.h"

#define MOST_TURN_US 16000

static const char *const endings[] = { ".pcapng", ".sqlog", ".qlog", ".keylog", ".html" };

typedef struct {
  GtkApplication *application;
  QsWindow *window;
  QsRun *run;
  const char *path;
  char *saved;
  guint n_packets, format;
  gint64 began;
  gboolean good;
} Bench;

/* --- Turns of the loop: between two polls lies one, with all that it dispatched --- */

static struct {
  gint64 began, began_cpu, worst, worst_cpu;
} turns;

static gint64
thread_time (void)
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
      turns.worst = MAX (turns.worst, g_get_monotonic_time () - turns.began);
      turns.worst_cpu = MAX (turns.worst_cpu, thread_time () - turns.began_cpu);
    }
  int result = g_poll (fds, n, timeout);
  turns.began = g_get_monotonic_time ();
  turns.began_cpu = thread_time ();
  return result;
}

/* --- Saving --- */

static void
save_next (Bench *bench)
{
  if (bench->format == G_N_ELEMENTS (endings))
    {
      g_application_quit (G_APPLICATION (bench->application));
      return;
    }
  g_free (bench->saved);
  bench->saved = g_strconcat (bench->path, "-saved", endings[bench->format], NULL);
  bench->began = g_get_monotonic_time ();
  turns.worst = turns.worst_cpu = turns.began = 0; /* the file before was removed in this turn */
  qs_saving_save (bench->window, bench->run, bench->saved, NULL);
}

static gboolean
saved_cb (gpointer data)
{
  Bench *bench = data;
  const char *error = qs_window_get_error (bench->window);
  GStatBuf status;

  if (error == NULL && qs_saved_strip_get_path (qs_window_get_saved_strip (bench->window)) == NULL)
    return G_SOURCE_CONTINUE;
  gboolean good = error == NULL && turns.worst_cpu < MOST_TURN_US;
  gint64 size = g_stat (bench->saved, &status) == 0 ? (gint64) status.st_size : 0;
  g_print ("%-8s %6.1f s, %6.1f MB; main loop held %5.1f ms at most, %5.1f ms of processor: %s%s\n",
           endings[bench->format], (g_get_monotonic_time () - bench->began) / 1e6, size / 1e6, turns.worst / 1e3,
           turns.worst_cpu / 1e3, good ? "met" : "MISSED ", error != NULL ? error : "");
  bench->good &= good;
  g_remove (bench->saved);
  bench->format++;
  save_next (bench);
  return bench->format < G_N_ELEMENTS (endings);
}

/* --- The window --- */

static gboolean
loaded_cb (gpointer data)
{
  Bench *bench = data;

  bench->run = qs_session_get_run (qs_window_get_session (bench->window));
  guint n = bench->run != NULL ? qs_trace_get_n_packets (qs_run_get_trace (bench->run)) : 0;
  if (n == 0 || n != bench->n_packets || qs_run_is_reading (bench->run))
    {
      bench->n_packets = n;
      return G_SOURCE_CONTINUE;
    }
  g_print ("%u packets\n", n);
  g_main_context_set_poll_func (NULL, poll_cb);
  save_next (bench);
  g_timeout_add (20, saved_cb, bench);
  return G_SOURCE_REMOVE;
}

static gboolean
open_cb (gpointer data)
{
  Bench *bench = data;
  g_autofree char *keys = g_strconcat (bench->path, ".keys", NULL);

  qs_files_open (bench->window, bench->path, keys);
  g_timeout_add (1000, loaded_cb, bench);
  return G_SOURCE_REMOVE;
}

static void
window_added_cb (GtkApplication *application, GtkWindow *window, gpointer data)
{
  Bench *bench = data;

  if (bench->window != NULL || !QS_IS_WINDOW (window))
    return;
  bench->window = QS_WINDOW (window);
  g_timeout_add (500, open_cb, bench);
}

int
main (int argc, char **argv)
{
  if (argc != 2)
    {
      g_printerr ("usage: window-save FILE\n");
      return 2;
    }
  Bench bench = { .path = argv[1], .good = TRUE };
  g_autoptr (QsApplication) application = qs_application_new ();

  bench.application = GTK_APPLICATION (application);
  g_application_set_flags (G_APPLICATION (application),
                           g_application_get_flags (G_APPLICATION (application)) | G_APPLICATION_NON_UNIQUE);
  g_signal_connect (application, "window-added", G_CALLBACK (window_added_cb), &bench);
  int status = g_application_run (G_APPLICATION (application), 1, argv);
  g_free (bench.saved);
  return status != 0 ? status : bench.good ? 0 : 1;
}
