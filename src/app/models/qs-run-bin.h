/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/models/qs-run.h"

G_BEGIN_DECLS

/**
 * QsRunBin: the runs that were forgotten last, at once, so that they can be had back into their places.
 *
 * Signals: "changed" ().
 */
#define QS_TYPE_RUN_BIN (qs_run_bin_get_type ())
G_DECLARE_FINAL_TYPE (QsRunBin, qs_run_bin, QS, RUN_BIN, GObject)

QsRunBin *qs_run_bin_new (void);
/* Takes runs out of the list (of QsRun) and keeps them in place of those before. */
void qs_run_bin_take (QsRunBin *self, GListStore *list, QsRun *const *runs, guint n);
/* Puts them back where they stood, as far as the list has such places. The first of them (transfer full), or NULL. */
QsRun *qs_run_bin_restore (QsRunBin *self, GListStore *list);
guint qs_run_bin_get_n (QsRunBin *self);
QsRun *qs_run_bin_get_run (QsRunBin *self, guint index); /* (transfer none) */
void qs_run_bin_clear (QsRunBin *self);

G_END_DECLS
