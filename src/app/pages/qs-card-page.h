/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"
#include "app/widgets/qs-options-popover.h"

G_BEGIN_DECLS

/* The report card of a server: made, read, compared with an earlier one, saved. */
#define QS_TYPE_CARD_PAGE (qs_card_page_get_type ())
G_DECLARE_FINAL_TYPE (QsCardPage, qs_card_page, QS, CARD_PAGE, QsPage)

/* Of the window: where options come from, and the target that is proposed. Once; both outlive the page or go with it. */
void qs_card_page_set_window (QsCardPage *self, QsOptionsPopover *options, GtkEntry *target);
/* The window's target is put into the page's entry, and the button has the focus: one more key begins. */
void qs_card_page_propose (QsCardPage *self);
/* As if a person had typed it and pressed Examine; target NULL: the lab's server, started if need be. FALSE: the page says why. */
gboolean qs_card_page_examine (QsCardPage *self, const char *target);

G_END_DECLS
