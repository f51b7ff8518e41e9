/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"

G_BEGIN_DECLS

/**
 * QsExperimentTwin: a socket of the run's own local port that hears what comes to it from any address but the one that was
 * asked. Nothing is sent on it.
 */
typedef struct _QsExperimentTwin QsExperimentTwin;

/* Called at most once, with the first such datagram; the twin may be freed from there. */
typedef void (*QsExperimentTwinFunc) (GSocketAddress *sender, GBytes *datagram, gpointer data);

/* NULL: the run has no socket to be a twin of. */
QsExperimentTwin *qs_experiment_twin_new (QsProbe *run, GMainContext *context, QsExperimentTwinFunc heard,
                                          gpointer data);
void qs_experiment_twin_free (QsExperimentTwin *self);

G_END_DECLS
