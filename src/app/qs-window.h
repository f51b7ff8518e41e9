/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/pages/qs-compare-page.h"
#include "app/pages/qs-lessons-page.h"
#include "app/pages/qs-packets-page.h"
#include "app/pages/qs-watch-page.h"
#include "app/qs-session.h"
#include "app/widgets/qs-delay-meter.h"
#include "app/widgets/qs-saved-strip.h"

G_BEGIN_DECLS

/**
 * QsWindow: the window: target, runs, pages, log, status.
 *
 * Actions: "connect", "stop", "run-again", "remove-run", "try-lab", "open", "stop-opening", "open-recent" (bytes), "page" (string state),
 * "show-sidebar", "show-log", "present" (boolean state), "focus-target", "examine", "examine-lab", "help"; of runs those of
 * qs-run-actions.h.
 */
#define QS_TYPE_WINDOW (qs_window_get_type ())
G_DECLARE_FINAL_TYPE (QsWindow, qs_window, QS, WINDOW, GtkApplicationWindow)

GtkWidget *qs_window_new (GtkApplication *application, QsSettings *settings);
QsSession *qs_window_get_session (QsWindow *self);
QsDelayMeter *qs_window_get_delay_meter (QsWindow *self);
QsSavedStrip *qs_window_get_saved_strip (QsWindow *self);
QsLessonsPage *qs_window_get_lessons (QsWindow *self);
QsWatchPage *qs_window_get_watch (QsWindow *self);
QsComparePage *qs_window_get_compare (QsWindow *self);
QsPacketsPage *qs_window_get_packets (QsWindow *self);
/* QsRun of the side bar. (transfer full) */
GPtrArray *qs_window_dup_selected_runs (QsWindow *self);
/* Its target and options are there to be changed, and run by Connect. It has a target. */
void qs_window_edit_run (QsWindow *self, QsRun *run);

/* As if a person had typed it and pressed Enter. NULL: it says why, in the window. (transfer none) */
QsRun *qs_window_connect (QsWindow *self, const char *target);
const char *qs_window_get_target (QsWindow *self);      /* as it is typed; may be empty */
QsProbeOptions *qs_window_dup_options (QsWindow *self); /* how to probe, as the form says */
/* keep_open: whether what is connected from here on stays connected until Stop. */
void qs_window_set_keep_open (QsWindow *self, gboolean keep_open);
/* Starts the built-in server and probes it. */
void qs_window_try_lab (QsWindow *self);
/* Makes a report card of a server, on its page; target NULL: of the built-in one. FALSE: the page says why not. */
gboolean qs_window_examine (QsWindow *self, const char *target);
gboolean qs_window_knows_page (const char *name);
/* FALSE when there is no such page. */
gboolean qs_window_show_page (QsWindow *self, const char *name);
QsPage *qs_window_get_shown_page (QsWindow *self);
const char *qs_window_get_page (QsWindow *self);
/* The whole of it, title bar and all, without what a window manager or GTK puts around it. */
void qs_window_set_full_size (QsWindow *self, int width, int height);
void qs_window_get_full_area (QsWindow *self, GdkRectangle *area);
/* As it was left at the last start. */
void qs_window_save_size (QsWindow *self, QsSettings *settings);
void qs_window_restore_size (QsWindow *self, QsSettings *settings);
/* Something takes long that can be stopped ("stop-opening"). text NULL: no longer. fraction: from 0 to 1. */
void qs_window_show_progress (QsWindow *self, const char *text, double fraction);
/* The runs of last time can be had back ("restore-session"), or, deleted, that can be undone ("undo-discard-session"). NULL: nothing
 * is offered any more. */
void qs_window_show_offer (QsWindow *self, const char *text, gboolean deleted);
const char *qs_window_get_offer (QsWindow *self); /* NULL: nothing is offered */
/* Something went wrong: a sentence that says what to do. NULL: nothing any more. */
void qs_window_show_error (QsWindow *self, const char *message);
const char *qs_window_get_error (QsWindow *self); /* NULL: none is shown */

gboolean qs_window_is_closing (QsWindow *self); /* nothing can be opened in it any more */
/* A session is saved, or could not be: where a person has closed the window meanwhile, it is closed now, or stays and says why. */
void qs_window_end_saving (QsWindow *self, gboolean good);

G_END_DECLS
