/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/qs-session.h"

G_BEGIN_DECLS

/**
 * QsRunList: the runs in the side bar: found, sorted, grouped by host; one of them is shown, several may be selected (Ctrl, Shift), which
 * are then compared or forgotten. A new run scrolls into view. A row has a menu of its own.
 *
 * Signals: "selection-changed" ().
 */
#define QS_TYPE_RUN_LIST (qs_run_list_get_type ())
G_DECLARE_FINAL_TYPE (QsRunList, qs_run_list, QS, RUN_LIST, GtkBox)

void qs_run_list_set_session (QsRunList *self, QsSession *session);
/* QsRun, as they are listed; the shown one alone, too. (transfer full) */
GPtrArray *qs_run_list_dup_selected (QsRunList *self);

G_END_DECLS
