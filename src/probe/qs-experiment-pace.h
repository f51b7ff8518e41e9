/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-evidence.h"

G_BEGIN_DECLS

/* How long a handshake is waited for before it counts as stuck: of what came, and when. */

/* Patience beyond this was asked for on purpose. */
#define QS_USUAL_TIMEOUT_MS 10000
/* Silence of a server near by that acknowledged and did not answer; no run is looked at before. */
#define QS_STALL_NEAR_MS 1200

/* Whether the server's first answer came within 100 ms. */
gboolean qs_experiment_pace_is_near (const QsEvidence *evidence);
/* Silence that is a stall, for a run that waits for timeout_ms at most. */
guint qs_experiment_pace_stall_ms (const QsEvidence *evidence, guint timeout_ms);
/* What a handshake over this path may take at least; 0 unless it is known and long. */
guint qs_experiment_pace_slow_path_ms (const QsEvidence *evidence);
/* When the server last said something new in the handshake: time of the trace, 0: never. */
gint64 qs_experiment_pace_last_progress (QsTrace *trace);

G_END_DECLS
