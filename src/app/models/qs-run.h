/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"
#include "probe/qs-experiments.h"
#include "probe/qs-kept-runs.h"
#include "study/qs-connection-table.h"
#include "trace/qs-trace-join.h"

G_BEGIN_DECLS

/**
 * QsRun: one run as the window shows it: a probe and its trace, or a trace alone (a file).
 *
 * Steps, findings, summary and verdict are its study's, so that every view
 * shares them. The study looks anew when the trace grew: at most once a frame when it holds news of the
 * connection, a few times a second when there are only more packets, and less often the longer it takes, at most
 * one twentieth of the main loop's time.
 *
 * Properties: "status" (QsRunStatus as int, notifies), "join" (pointer: see qs_run_get_join(), notifies), "title" (string, notifies),
 * "note" (string or NULL, notifies).
 * Signals: "changed" (): what is derived, or the status, changed.
 */
#define QS_TYPE_RUN (qs_run_get_type ())
G_DECLARE_FINAL_TYPE (QsRun, qs_run, QS, RUN, GObject)

typedef enum {
  QS_RUN_RUNNING,   /* not connected yet */
  QS_RUN_OPEN,      /* the connection stands */
  QS_RUN_TRYING,    /* it failed, and experiments are made to find out why */
  QS_RUN_SUCCEEDED, /* over: the target did what was asked */
  QS_RUN_FAILED,    /* over: it did not */
  QS_RUN_STOPPED,   /* over: a person stopped it before it could tell */
  QS_RUN_FILE,      /* a trace from a file */
  QS_RUN_WATCHED,   /* another program's connection that goes on; over, it has succeeded or failed */
  QS_N_RUN_STATUSES
} QsRunStatus;
const char *qs_run_status_title (QsRunStatus status);     /* translated */
const char *qs_run_status_icon_name (QsRunStatus status); /* one shape each: colour is never alone */
const char *qs_run_status_css_class (QsRunStatus status);

QsRun *qs_run_new_for_probe (QsProbe *probe);
QsRun *qs_run_new_for_study (QsStudy *study, const char *title); /* of one that has settled */
QsRun *qs_run_new_for_trace (QsTrace *trace, const char *title);
/* Of a file's connections, or of those that are watched; where it is still to be read that is begun, in slices. choice: the table is
 * to choose others from. NULL: it was let go of. */
QsRun *qs_run_new_for_connection (QsConnectionTable *table, guint index, gboolean choice);

QsProbe *qs_run_get_probe (QsRun *self); /* NULL for a file */
QsStudy *qs_run_get_study (QsRun *self);
QsTrace *qs_run_get_trace (QsRun *self);
const char *qs_run_get_title (QsRun *self);     /* escaped: the name that a person gave it, or what it is of */
const char *qs_run_get_own_title (QsRun *self); /* escaped: what it is of, whatever its name */
/* NULL or empty: none. */
void qs_run_set_name (QsRun *self, const char *name);
const char *qs_run_get_name (QsRun *self); /* NULL: none was given */
void qs_run_set_note (QsRun *self, const char *note);
const char *qs_run_get_note (QsRun *self); /* NULL: there is none */
/* Its target and options, live or of a session file; NULL where it is a recording that was opened. */
QsTarget *qs_run_get_target (QsRun *self);
const QsProbeOptions *qs_run_get_options (QsRun *self);
/* Of the built-in server that it is a run against; NULL: it is of another. */
const char *qs_run_get_scenario (QsRun *self);
void qs_run_set_scenario (QsRun *self, const char *scenario);
/* What a session file says of it: then it has ended as it says there. Copies. */
void qs_run_set_kept (QsRun *self, const QsKeptRun *kept);
/* The other way around, without names of files: owned by the caller. One that goes on counts as stopped. */
QsKeptRun *qs_run_dup_kept (QsRun *self);
/* HOST-YYYY-MM-DD-HHMMSS and the ending, of local time; of a file its title. Owned by the caller. */
char *qs_run_dup_file_name (QsRun *self, const char *ending);
GDateTime *qs_run_get_started (QsRun *self); /* local time; of a file: when it was recorded */
QsRunStatus qs_run_get_status (QsRun *self);
gboolean qs_run_is_active (QsRun *self); /* RUNNING, OPEN or TRYING */

/* That it is of, where that is to choose from; NULL. */
QsConnectionTable *qs_run_get_table (QsRun *self);
gboolean qs_run_is_reading (QsRun *self); /* a file's, in slices */
/* From 0 to 1: how much of its records is read. */
double qs_run_get_read (QsRun *self);

/* Of QsExperiment, in the order in which they were made; NULL where there is no probe (their marks are all that is left). */
GListModel *qs_run_get_experiments (QsRun *self);
/* An experiment of this run as a run of its own, NULL where it is none. (transfer none) */
QsRun *qs_run_get_attempt (QsRun *self, QsExperiment *experiment);

GPtrArray *qs_run_get_steps (QsRun *self);    /* QsStep; never NULL */
GPtrArray *qs_run_get_findings (QsRun *self); /* QsFinding, most severe first; never NULL */
const QsSummary *qs_run_get_summary (QsRun *self);
const char *qs_run_get_verdict (QsRun *self);

/* Of this run's trace with the other end's recording, where there is one; NULL. Its own one is the run's. */
QsTraceJoin *qs_run_get_join (QsRun *self);
void qs_run_set_join (QsRun *self, QsTraceJoin *join);

/* The other end's that its study holds, as that may come later than the run. */
void qs_run_take_join (QsRun *self);

/* Ends the probe, if there is one that runs; of a file, the reading of it. */
void qs_run_stop (QsRun *self);
/* Derives now, whatever the schedule (a picture is about to be taken). */
void qs_run_refresh (QsRun *self);

G_END_DECLS
