/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "charts/qs-histogram.h"
#include "probe/qs-batch-result.h"

G_BEGIN_DECLS

/* How some times are spread, in ns. A percentile is one of them: the least that so many of a hundred are not above. */
typedef struct {
  guint n; /* 0: all else is 0 too */
  gint64 least, p50, p90, p95, p99, most;
  gint64 mean;
} QsSpread;

/* A finding over many runs. */
typedef struct {
  const char *id;
  QsSeverity severity; /* the gravest that it had */
  char *title;         /* translated, as the first run had it */
  guint n;             /* runs that it was made of */
  gint64 first, last;  /* when the first and the last of them started, microseconds since 1970 */
} QsFindingCount;

/**
 * QsBatchFigures: what many runs come to. Runs that were stopped are counted and have no part in anything else.
 */
typedef struct _QsBatchFigures QsBatchFigures;

QsBatchFigures *qs_batch_figures_new (void);
void qs_batch_figures_free (QsBatchFigures *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsBatchFigures, qs_batch_figures_free)

void qs_batch_figures_add (QsBatchFigures *self, const QsBatchResult *result);
guint qs_batch_figures_get_n (QsBatchFigures *self, QsBatchOutcome outcome);
guint qs_batch_figures_get_n_judged (QsBatchFigures *self); /* succeeded or failed */
/* From 0 to 1; 0 where none was judged. */
double qs_batch_figures_get_success_rate (QsBatchFigures *self);
gint64 qs_batch_figures_get_last_started (QsBatchFigures *self); /* microseconds since 1970; 0: none was judged */
QsBatchOutcome qs_batch_figures_get_last_outcome (QsBatchFigures *self);

/* Of runs that succeeded: a failed one that took ten seconds says nothing of how fast the server is. */
void qs_batch_figures_get_spread (QsBatchFigures *self, QsBatchTime time, QsSpread *spread);
/* QsBin, side by side from the least to the greatest, at most so many (at least 2): all as wide, or where the greatest is ten times
 * the least and more, each up to the next of 1, 2, 5, 10, … Bounds are round numbers. */
GArray *qs_batch_figures_make_histogram (QsBatchFigures *self, QsBatchTime time, guint most);
/* How many took at most so many ns, and the sum of all in ns. */
guint qs_batch_figures_count_within (QsBatchFigures *self, QsBatchTime time, gint64 bound);
gint64 qs_batch_figures_get_sum (QsBatchFigures *self, QsBatchTime time);
/* QsFindingCount, borrowed: the gravest first, among these the most frequent (transfer container). */
GPtrArray *qs_batch_figures_list_findings (QsBatchFigures *self);

G_END_DECLS
