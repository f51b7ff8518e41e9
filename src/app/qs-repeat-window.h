/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/**
 * QsRepeatWindow: many runs of one target or a few, and what they come to: a row a target, a histogram of times, findings by number; saved
 * as CSV or JSON. It stands beside the window that it was opened from, and goes with it; what runs then is stopped.
 */
#define QS_TYPE_REPEAT_WINDOW (qs_repeat_window_get_type ())
G_DECLARE_FINAL_TYPE (QsRepeatWindow, qs_repeat_window, QS, REPEAT_WINDOW, GtkWindow)

/* Runs of all targets together that it keeps the results of, for the files. */
#define QS_REPEAT_MOST_RUNS 10000

GtkWidget *qs_repeat_window_new (QsWindow *parent, const char *targets);
/* As the fields say. FALSE: they are wrong, which is shown. */
gboolean qs_repeat_window_start (QsRepeatWindow *self);
void qs_repeat_window_stop (QsRepeatWindow *self);
gboolean qs_repeat_window_is_active (QsRepeatWindow *self);
gboolean qs_repeat_window_save (QsRepeatWindow *self, gboolean json, const char *path, GError **error);

/* Adds the action "repeat" to a window: it opens one of these for what is typed, or is shown. */
void qs_repeat_install (QsWindow *window);

G_END_DECLS
