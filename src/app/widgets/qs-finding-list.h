/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * QsFindingList:
 *
 * Findings with what they mean and what to do.
 *
 * Signals: "show-packet" (gint64 packet): a person wants to see the packet that shows it.
 */
#define QS_TYPE_FINDING_LIST (qs_finding_list_get_type ())
G_DECLARE_FINAL_TYPE (QsFindingList, qs_finding_list, QS, FINDING_LIST, GtkListBox)

GtkWidget *qs_finding_list_new (void);
/* findings: of QsFinding, as from qs_diagnose(). Does nothing when they say what is shown already. */
void qs_finding_list_set_findings (QsFindingList *self, GPtrArray *findings);

G_END_DECLS
