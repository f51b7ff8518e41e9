/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/qs-experiment.h"

G_BEGIN_DECLS

/* Of one run: how many, and how long together. */
#define QS_MOST_EXPERIMENTS 5
#define QS_EXPERIMENTS_MS 3000
/* A run that fails has its verdict this long after its start, whatever is tried. */
#define QS_VERDICT_MS 4500

/**
 * QsExperiments: the experiments of one run: attempts with one thing changed, which decide between the causes that are
 * left when it fails. As the run's options say (QsProbeOptions.experiments), within its time-out.
 *
 * They are made beside a handshake that gets no further, or behind the end of one that failed, one at a time. What came
 * of each is a QS_MARK_EXPERIMENT in the run's trace; "finished" of the run waits for them. A run that gets on after all
 * ends them, and so does a stop. One that waits for no more than the default time-out is given up once they are made.
 *
 * Signal: "finished" (): no more is made.
 */
#define QS_TYPE_EXPERIMENTS (qs_experiments_get_type ())
G_DECLARE_FINAL_TYPE (QsExperiments, qs_experiments, QS, EXPERIMENTS, GObject)

/* Before the run's start. With the last reference what is under way is stopped. */
QsExperiments *qs_experiments_new (QsProbe *run);
GListModel *qs_experiments_get_model (QsExperiments *self); /* of QsExperiment, in the order in which they were made */
gboolean qs_experiments_are_under_way (QsExperiments *self);

G_END_DECLS
