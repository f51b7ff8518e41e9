/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/models/qs-run.h"
#include "study/qs-comparison.h"

G_BEGIN_DECLS

/**
 * QsCompared: the runs that stand side by side, of those that are listed; the first one is compared with the others. One that is taken
 * off the list is let go of.
 *
 * Signals: "changed" (): others stand there now.
 */
#define QS_TYPE_COMPARED (qs_compared_get_type ())
G_DECLARE_FINAL_TYPE (QsCompared, qs_compared, QS, COMPARED, GObject)

/* runs: of QsRun, as listed. */
QsCompared *qs_compared_new (GListModel *runs);
/* Of more than QS_COMPARISON_MOST the first ones count; fewer than two: none. */
void qs_compared_set (QsCompared *self, QsRun *const *runs, guint n);
guint qs_compared_get_n (QsCompared *self); /* 0, or from 2 on */
QsRun *qs_compared_get_run (QsCompared *self, guint of);
/* What a run is best held against: the last one that went well, of the same host if there is one. good: only such; else any
 * other will do, the last one before it. NULL: there is none. (transfer none) */
QsRun *qs_compared_find_other (QsCompared *self, QsRun *run, gboolean good);
/* A snapshot of what differs; NULL: nothing is compared. Owned by the caller. */
QsComparison *qs_compared_dup_comparison (QsCompared *self);

G_END_DECLS
