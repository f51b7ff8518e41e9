/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/models/qs-examiner.h"

G_BEGIN_DECLS

/**
 * QsCardHeader: the top of a report card: the letter, the five marks, how many checks came to what; while it is made, how far it is.
 */
#define QS_TYPE_CARD_HEADER (qs_card_header_get_type ())
G_DECLARE_FINAL_TYPE (QsCardHeader, qs_card_header, QS, CARD_HEADER, GtkBox)

/* What the examiner has now. */
void qs_card_header_show (QsCardHeader *self, QsExaminer *examiner);
/* One more check is done: only the progress moves. */
void qs_card_header_show_progress (QsCardHeader *self, QsExaminer *examiner);
/* "2 worse, 1 better"; NULL: nothing is compared. */
void qs_card_header_set_comparison (QsCardHeader *self, const char *text);

G_END_DECLS
