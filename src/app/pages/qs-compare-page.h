/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/qs-page.h"

G_BEGIN_DECLS

/**
 * QsComparePage: what differs between the session's compared runs: the difference that matters, verdicts, steps, facts, findings;
 * the sequences beside each other on one scale; the charts over each other. Runs that go on are compared anew, a few times
 * a second.
 */
#define QS_TYPE_COMPARE_PAGE (qs_compare_page_get_type ())
G_DECLARE_FINAL_TYPE (QsComparePage, qs_compare_page, QS, COMPARE_PAGE, QsPage)

/* Asks for a file's name and saves what differs: a web page, or, by the name, JSON. */
void qs_compare_page_ask_save (QsComparePage *self);
/* The same to this file, in slices; what goes wrong is shown on the page. */
void qs_compare_page_save (QsComparePage *self, const char *path);
guint qs_compare_page_get_n_saving (QsComparePage *self);

G_END_DECLS
