/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * QsStepList:
 *
 * The handshake as a list that fills in: an icon for how far each step is, its title and detail, its time.
 */
#define QS_TYPE_STEP_LIST (qs_step_list_get_type ())
G_DECLARE_FINAL_TYPE (QsStepList, qs_step_list, QS, STEP_LIST, GtkListBox)

GtkWidget *qs_step_list_new (void);
/* steps: of QsStep, as from qs_handshake_steps(). Rows that stay the same are not touched. */
/* As they stood at a moment: trace time in ns, G_MAXINT64: as they are. What came later has not happened yet. */
void qs_step_list_set_until (QsStepList *self, gint64 until);
void qs_step_list_set_steps (QsStepList *self, GPtrArray *steps);

G_END_DECLS
