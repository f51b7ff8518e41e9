/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/models/qs-run.h"

G_BEGIN_DECLS

/**
 * QsRunRow: a run in the side bar: state by icon and word, target, time, how long it took, why it failed, which options are not
 * the default; buttons to run it again and to forget it. Its experiments are folded below it.
 *
 * Signals: "again" (), "forget" (), "show-attempt" (QsRun *attempt): one of its experiments is to be shown.
 */
#define QS_TYPE_RUN_ROW (qs_run_row_get_type ())
G_DECLARE_FINAL_TYPE (QsRunRow, qs_run_row, QS, RUN_ROW, GtkListBoxRow)

/* usual_ca: as for qs_option_words(). */
GtkWidget *qs_run_row_new (QsRun *run, const char *usual_ca);
QsRun *qs_run_row_get_run (QsRunRow *self);

G_END_DECLS
