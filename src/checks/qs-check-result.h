/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "checks/qs-check.h"

G_BEGIN_DECLS

#define QS_CHECK_RUNS_OF_A_FAIL 3
#define QS_CHECK_MOST_RUNS 5

/* What a check came to. */
typedef struct {
  const QsCheck *check;
  gboolean done;
  QsJudgement judgement;
  guint n_runs, n_told, n_fails; /* told: the check could be judged by it */
  QsTrace *trace;                /* of the run that judgement is about; NULL: there was none */
  /* Of that run, on the clock of its trace (ns): when it began and was over, and when a datagram came last (-1: none did). */
  gint64 began, ended, heard;
  gboolean answered; /* something came behind the run's act, or, of one without, at all: it was not judged by silence */
} QsCheckResult;

QsCheckResult *qs_check_result_new (const QsCheck *check);
void qs_check_result_free (QsCheckResult *self);

/* What a run came to; it stands if it is milder than those before: what a peer did right once it can do. judgement is taken.
 * TRUE: it stands. */
gboolean qs_check_result_take (QsCheckResult *self, QsJudgement *judgement, QsTrace *trace);
/* A run of which there is nothing to see. text is taken. */
void qs_check_result_miss (QsCheckResult *self, char *text);
/* A fail counts when three of three runs came to it, a warning when two did; what could not be tested is tried twice. */
gboolean qs_check_result_needs_more (const QsCheckResult *self);
/* It has come to its end: a fail that could not be had three times is none. */
void qs_check_result_settle (QsCheckResult *self);

G_END_DECLS
