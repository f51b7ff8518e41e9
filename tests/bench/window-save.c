/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A long run saved from the window in every format: how long the main loop was held meanwhile, in all and of its own processor time.
 *
 *   window-save FILE
 *
 * Exit status 1 when a turn of the loop took 16 ms of the processor or longer. */
#include <glib/gstdio.h>

#include "app/qs-saving.h"
#include "bench-window.h"

#define MOST_TURN_US 16000

static const char *const endings[] = { ".pcapng", ".sqlog", ".qlog", ".keylog", ".html" };

typedef struct {
  QsWindow *window;
  QsRun *run;
  const char *path;
  char *saved;
  guint format;
  gint64 began;
  gboolean good;
} Bench;

/* --- Saving --- */

static void
save_next (Bench *bench)
{
  if (bench->format == G_N_ELEMENTS (endings))
    {
      bench_window_end ();
      return;
    }
  g_free (bench->saved);
  bench->saved = g_strconcat (bench->path, "-saved", endings[bench->format], NULL);
  bench->began = g_get_monotonic_time ();
  bench_turns_reset (); /* the file before was removed in this turn */
  qs_saving_save (bench->window, bench->run, bench->saved, NULL);
}

static gboolean
saved_cb (gpointer data)
{
  Bench *bench = data;
  const char *error = qs_window_get_error (bench->window);
  BenchTurns turns = bench_turns_get ();
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

static void
loaded_cb (QsWindow *window, gpointer data)
{
  Bench *bench = data;

  bench->window = window;
  bench->run = qs_session_get_run (qs_window_get_session (window));
  save_next (bench);
  g_timeout_add (20, saved_cb, bench);
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
  int status = bench_window_run (argv[0], argv[1], loaded_cb, &bench);
  g_free (bench.saved);
  return status != 0 ? status : bench.good ? 0 : 1;
}
