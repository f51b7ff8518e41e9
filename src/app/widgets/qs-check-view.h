/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/models/qs-check-list.h"

G_BEGIN_DECLS

/**
 * QsCheckView: a QsCheckList as a table. What is chosen stays so when the rows change, and is chosen again where it comes back.
 *
 * Signals: "chosen" (): another check; "opened" (): Enter or a double click; "copy" (): Ctrl+C; "menu" (GdkEvent *): a context menu is
 * wanted.
 */
#define QS_TYPE_CHECK_VIEW (qs_check_view_get_type ())
G_DECLARE_FINAL_TYPE (QsCheckView, qs_check_view, QS, CHECK_VIEW, GtkTreeView)

void qs_check_view_set_list (QsCheckView *self, QsCheckList *list);
guint qs_check_view_get_chosen (QsCheckView *self); /* index of a result; G_MAXUINT: none */
void qs_check_view_choose (QsCheckView *self, guint index);
/* A menu for what is chosen, at the pointer or at its row. */
void qs_check_view_popup (QsCheckView *self, GtkMenu *menu, const GdkEvent *event);

G_END_DECLS
