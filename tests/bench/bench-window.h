/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window over a file, for a benchmark, and how long its main loop was held. */
#pragma once

#include "app/qs-window.h"

/* Opens path with the keys of "path.keys" in a window of an application of its own, waits until all of it is there, tells how many
 * packets that are, and calls loaded, which ends it all with bench_window_end(). Exit status of the application. */
int bench_window_run (const char *program, const char *path, void (*loaded) (QsWindow *window, gpointer data),
                      gpointer data);
void bench_window_end (void);

/* Processor time of this thread, microseconds: what a busy machine adds is not in it. */
gint64 bench_thread_time (void);

/* Turns of the loop: between two polls lies one, with all that it dispatched. Microseconds, since the last reset. */
typedef struct {
  gint64 worst, worst_cpu;
} BenchTurns;

void bench_turns_reset (void);
BenchTurns bench_turns_get (void);
