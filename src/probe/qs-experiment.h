/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"

G_BEGIN_DECLS

/**
 * QsExperiment: one of a run's experiments: what it changed, and what came of it.
 *
 * Signal: "changed" (): it is over now.
 */
#define QS_TYPE_EXPERIMENT (qs_experiment_get_type ())
G_DECLARE_FINAL_TYPE (QsExperiment, qs_experiment, QS, EXPERIMENT, GObject)

typedef enum {
  QS_EXPERIMENT_NOT_MADE = -1,
  QS_EXPERIMENT_FAILED,
  QS_EXPERIMENT_ANSWERED,
  QS_EXPERIMENT_UNDER_WAY,
} QsExperimentOutcome;

/* id is static; probe: the run of its own that it is, NULL for one that is none. */
QsExperiment *qs_experiment_new (const char *id, QsProbe *probe);
const char *qs_experiment_get_id (QsExperiment *self);
const char *qs_experiment_get_title (QsExperiment *self); /* what it changes: translated */
QsProbe *qs_experiment_get_probe (QsExperiment *self);
QsExperimentOutcome qs_experiment_get_outcome (QsExperiment *self);
const char *qs_experiment_get_conclusion (QsExperiment *self); /* translated, escaped; NULL while it is under way */
void qs_experiment_conclude (QsExperiment *self, QsExperimentOutcome outcome, const char *conclusion);

G_END_DECLS
