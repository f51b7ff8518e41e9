/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "lessons/qs-lesson.h"
#include "server/qs-server.h"

G_BEGIN_DECLS

/**
 * QsLessonRun: one run of a lesson: a lab server of its own with the run's scenario and path, and a probe of it.
 *
 * The server lives as long as this object does, on a free port of 127.0.0.1, and leaves the lab of the window alone: what the
 * path has still to bring to it when the probe is over, it gets.
 * Or it is watched (qs-lesson-witness.h): then another program may be the client, and what is shown is what passed on the way.
 * Signals: "finished" (): the run is over, its trace complete.
 */
#define QS_TYPE_LESSON_RUN (qs_lesson_run_get_type ())
G_DECLARE_FINAL_TYPE (QsLessonRun, qs_lesson_run, QS, LESSON_RUN, GObject)

/* lesson: kept alive. */
QsLessonRun *qs_lesson_run_new (QsLesson *lesson, guint run);
/* Starts the server and makes the probe. FALSE with a translated sentence. */
gboolean qs_lesson_run_prepare (QsLessonRun *self, GError **error);
/* The probe, to be shown before it starts unless the run is watched; NULL before qs_lesson_run_prepare(), and where a program makes
 * the run. */
QsProbe *qs_lesson_run_get_probe (QsLessonRun *self);
/* What it shows: the probe's trace, or, of one that is watched (the setup has programs, or withholds the keys), what passed on the
 * way; NULL: nothing is to be shown yet, or nothing came. (transfer none) */
QsTrace *qs_lesson_run_get_trace (QsLessonRun *self);
/* Of one that is watched, once it is finished; NULL. (transfer none) */
QsStudy *qs_lesson_run_get_study (QsLessonRun *self);
gboolean qs_lesson_run_is_watched (QsLessonRun *self);
/* Why there is no trace, where it is finished without; a translated sentence, or NULL. */
const char *qs_lesson_run_get_error (QsLessonRun *self);
/* NULL before qs_lesson_run_prepare(). */
QsServer *qs_lesson_run_get_server (QsLessonRun *self);
/* Of the server that was started, and the file with its CA: for another client than the probe. */
guint qs_lesson_run_get_port (QsLessonRun *self);
const char *qs_lesson_run_get_ca_file (QsLessonRun *self);
/* Starts the probe. */
void qs_lesson_run_start (QsLessonRun *self);
/* Ends it; "finished" follows. */
void qs_lesson_run_stop (QsLessonRun *self);
gboolean qs_lesson_run_get_finished (QsLessonRun *self);
/* What the server saw; NULL where no connection came to be (transfer none). */
QsTrace *qs_lesson_run_get_server_trace (QsLessonRun *self);

G_END_DECLS
