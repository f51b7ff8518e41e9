/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* What a QS_MARK_EXPERIMENT says in words. */

/* What the experiment changed, as "X25519 alone, no post-quantum key share" (translated); the id itself of an unknown one. */
const char *qs_experiment_change (const char *id);
const char *qs_experiment_outcome_name (gint64 value);  /* "answered", "failed", "undecided" */
const char *qs_experiment_outcome_title (gint64 value); /* translated */
/* The marks among a trace's, in order: array of borrowed QsMark (transfer container). */
GPtrArray *qs_experiment_marks (QsTrace *trace);
/* Of the last experiment with that id, -1: not made. */
gint64 qs_experiment_value (QsTrace *trace, const char *id);

G_END_DECLS
