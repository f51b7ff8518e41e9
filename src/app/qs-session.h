/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/models/qs-compared.h"
#include "app/models/qs-examiner.h"
#include "app/models/qs-history.h"
#include "app/models/qs-lab.h"
#include "app/models/qs-log.h"
#include "app/models/qs-run-bin.h"
#include "app/models/qs-watch.h"
#include "study/qs-replay.h"

G_BEGIN_DECLS

/**
 * QsSession: the shared view state of one window: its runs, the one that is shown, and what is selected
 * and visible in it. Pages talk to it and not to each other. Selection, visible time and filter
 * belong to a run: they come back when that run is shown again, so that two can be compared.
 *
 * Properties (all notify): "run" (QsRun or NULL), "selection" (int64: a packet's index, -1: none),
 * "visible-from", "visible-to" (int64: trace time in ns; both -1: all of it), "filter" (string,
 * never NULL), "presenting" (boolean: a projector shows it, large type is wanted).
 * Signals: "show-page" (const char *name): a page asks for another one to be shown; "run-status", "run-title" (QsRun *): of one that
 * is listed, or was.
 */
#define QS_TYPE_SESSION (qs_session_get_type ())
G_DECLARE_FINAL_TYPE (QsSession, qs_session, QS, SESSION, GObject)

QsSession *qs_session_new (QsSettings *settings);

/* Each one holds up to some 170 MB, all traces together QS_PROGRAM_BUDGET. */
#define QS_SESSION_MOST_RUNS 200
/* Of QsRun, newest last. Behind QS_SESSION_MOST_RUNS probes that are over the oldest goes into the bin, but for what is looked at, and
 * for what has a name or a note. Files and runs of sessions stay. */
GListModel *qs_session_get_runs (QsSession *self);
gboolean qs_session_has_room (QsSession *self); /* below QS_KEPT_MOST_RUNS of any kind */
QsRun *qs_session_get_run (QsSession *self);    /* NULL: none is shown */
void qs_session_set_run (QsSession *self, QsRun *run);
QsTrace *qs_session_get_trace (QsSession *self); /* the shown run's, or NULL */

gint64 qs_session_get_selection (QsSession *self);
void qs_session_set_selection (QsSession *self, gint64 packet);
void qs_session_get_visible (QsSession *self, gint64 *from, gint64 *to);
void qs_session_set_visible (QsSession *self, gint64 from, gint64 to);
const char *qs_session_get_filter (QsSession *self);
void qs_session_set_filter (QsSession *self, const char *filter);
/* Of the shown run: while it is under way, the selection follows it. Another run shows all of it again. */
QsReplay *qs_session_get_replay (QsSession *self);
/* By how much letters are larger that a view draws itself while presenting. */
#define QS_PRESENTING_SCALE 1.4
gboolean qs_session_get_presenting (QsSession *self);
void qs_session_set_presenting (QsSession *self, gboolean presenting);

QsCompared *qs_session_get_compared (QsSession *self); /* side by side */
QsRunBin *qs_session_get_bin (QsSession *self);        /* that was forgotten last */
QsLab *qs_session_get_lab (QsSession *self);
QsExaminer *qs_session_get_examiner (QsSession *self); /* the report card */
QsWatch *qs_session_get_watch (QsSession *self);       /* through a relay */
QsWatch *qs_session_get_stream (QsSession *self);      /* a capture that is being written */
/* Of which one may choose a connection now: the shown run's, or, where none is shown, the stream's. NULL: none. */
QsConnectionTable *qs_session_get_table (QsSession *self);
QsLog *qs_session_get_log (QsSession *self);
QsHistory *qs_session_get_history (QsSession *self);

/* Starts a run and shows it. Copies options. NULL with QS_ERROR_INVALID_TARGET: a sentence that says what
 * to do. (transfer none) */
QsRun *qs_session_connect (QsSession *self, const char *target, const QsProbeOptions *options, GError **error);
/* The same target and options as a run before. NULL for a file. */
QsRun *qs_session_run_again (QsSession *self, QsRun *run);
/* A run that somebody else made, of a probe that has not started: it is listed and shown. */
void qs_session_add_run (QsSession *self, QsRun *run);
/* A run that is listed and not shown. */
void qs_session_list_run (QsSession *self, QsRun *run);
/* A trace from a file or from the lab's side. (transfer none) */
QsRun *qs_session_add_trace (QsSession *self, QsTrace *trace, const char *title);
/* A whole trace as a run that is shown: the one that it is already, or a new one. (transfer none) */
QsRun *qs_session_show_trace (QsSession *self, QsTrace *trace, const char *title);
/* A connection of a file, or a watched one, as a run that is shown: the one that it is already, or a new one. (transfer none). NULL: it
 * was let go of. */
QsRun *qs_session_open_connection (QsSession *self, QsConnectionTable *table, guint index);
/* The same without a place in the list of runs, where it has none: it is shown until another one is. */
QsRun *qs_session_look_at_connection (QsSession *self, QsConnectionTable *table, guint index);
/* Runs of files that are still being read. */
guint qs_session_get_n_reading (QsSession *self);
/* Ends it if need be and forgets it for good. */
void qs_session_remove_run (QsSession *self, QsRun *run);
/* The same of several, until others are forgotten: they can be had back, as they stood when they were ended. */
void qs_session_forget_runs (QsSession *self, QsRun *const *runs, guint n);
void qs_session_forget_all (QsSession *self);
void qs_session_undo_forget (QsSession *self);
void qs_session_stop_all (QsSession *self);
guint qs_session_get_n_active (QsSession *self); /* runs that are not over */

/* Starts the lab's server if need be and probes it, as soon as it listens. options: NULL for the defaults.
 * FALSE with a sentence when the server cannot start. */
gboolean qs_session_probe_lab (QsSession *self, const QsProbeOptions *options, GError **error);

/* A probe of the lab is asked for and has not begun yet. */
gboolean qs_session_is_waiting_for_lab (QsSession *self);

/* Asks the window for a page by its name ("packets"). */
void qs_session_show_page (QsSession *self, const char *name);

/* Ends every run and the lab in order; calls back when all is over, within 300 ms. Once. */
void qs_session_close_async (QsSession *self, GAsyncReadyCallback callback, gpointer data);
void qs_session_close_finish (QsSession *self, GAsyncResult *result);

G_END_DECLS
