/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "probe/qs-experiment-table.h"
#include "probe/qs-experiment.h"

G_BEGIN_DECLS

/* A row's run (transfer full), not started: as the run's own to the same server, without what a handshake alone does not need, with
 * the one thing changed, and slot_ms of patience. NULL: there is nothing to change here. */
QsProbe *qs_experiment_attempt_new (QsProbe *run, const QsExperimentRow *row, guint slot_ms);

/* What follows of an outcome, translated (transfer full). detail: escaped; NULL: the row's argument. */
char *qs_experiment_dup_conclusion (const QsExperimentRow *row, QsExperimentOutcome outcome, const char *detail);
/* guint32, those that are greased left out: "1, 2" (transfer full). */
char *qs_experiment_dup_versions (GArray *versions);

G_END_DECLS
