/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/qs-batch-figures.h"

G_BEGIN_DECLS

#define QS_BATCH_MOST_PARALLEL 256
#define QS_BATCH_MOST_RUNS 1000000 /* of all targets together */
#define QS_BATCH_LONGEST_PAUSE_MS (7 * 24 * 3600 * 1000)

/* How often, and how many at once. */
typedef struct {
  guint repeat;   /* runs of each target, from 1 */
  guint parallel; /* runs under way at most, of all targets together, from 1 to QS_BATCH_MOST_PARALLEL */
  guint
      every_ms; /* 0: one after the other. Else a round, which is a run of each target, begins this long after the last one
                   * began, or once that is over, whichever is later */
} QsBatchPlan;

/* FALSE with QS_ERROR_INVALID_TARGET and a translated sentence where the figures are not what they may be. */
gboolean qs_batch_plan_check (const QsBatchPlan *plan, guint n_targets, GError **error);

/**
 * QsBatch: many runs of one target or of several. Each is a run of its own, studied as any other when it is over; then its
 * trace goes, and a QsBatchResult and the figures are what is left.
 *
 * Times go by the options' clock. As the options say, experiments are made of runs that fail; other ways to a site are not looked
 * for. The names that OpenSSL takes, the CAs and the certificates of the options are read once.
 *
 * Signals: "settled" (QsBatchResult *): a run is over; ref it to keep it;
 *          "round" (guint number): all runs of this round, from 1 on, are over;
 *          "progress" (): some runs are over, a few times a second at most, and before "finished";
 *          "finished" (): all are, or those that were under way when it was stopped.
 */
#define QS_TYPE_BATCH (qs_batch_get_type ())
G_DECLARE_FINAL_TYPE (QsBatch, qs_batch, QS, BATCH, GObject)

/* targets: QsTarget, at least one, each once. plan: checked. Both are copied, as the options are. */
QsBatch *qs_batch_new (GPtrArray *targets, const QsProbeOptions *options, const QsBatchPlan *plan);
/* Before the start: other options for one of the targets. */
void qs_batch_set_options (QsBatch *self, guint index, const QsProbeOptions *options);
/* Optional, before the start: FALSE with error where no run could be made, as qs_probe_prepare() has it. */
gboolean qs_batch_prepare (QsBatch *self, GError **error);
void qs_batch_start (QsBatch *self); /* once in its life */
/* No more runs begin, and those that are under way are stopped; "finished" follows within 100 ms or from within. */
void qs_batch_stop (QsBatch *self);

gboolean qs_batch_get_finished (QsBatch *self);
gboolean qs_batch_get_stopped (QsBatch *self);
/* Every run that the plan asks for was made and succeeded. */
gboolean qs_batch_get_succeeded (QsBatch *self);
const QsBatchPlan *qs_batch_get_plan (QsBatch *self);
guint qs_batch_get_n_planned (QsBatch *self); /* runs */
guint qs_batch_get_n_settled (QsBatch *self);
guint qs_batch_get_n_under_way (QsBatch *self);
gint64 qs_batch_get_elapsed (QsBatch *self); /* ns from the start to the end, or until now */
/* What part of that time, from 0 to 1, this thread worked. Near 1, runs wait for each other here, and their times hold that. */
double qs_batch_get_busy (QsBatch *self);
#define QS_BATCH_BUSY 0.9 /* where that ought to be told */

guint qs_batch_get_n_targets (QsBatch *self);
QsTarget *qs_batch_get_target (QsBatch *self, guint index);
QsBatchFigures *qs_batch_get_figures (QsBatch *self, guint index); /* of one target */
QsBatchFigures *qs_batch_get_all_figures (QsBatch *self);          /* of all together */

G_END_DECLS
