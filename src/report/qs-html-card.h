/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "checks/qs-examination.h"

G_BEGIN_DECLS

/**
 * qs_html_card_write:
 *
 * Writes a report card as one HTML page that needs nothing else: the letter, the marks, each check with what was found, the section
 * that asks for it and the packets that show it. No script, nothing loaded, all that a peer said escaped; it holds no secrets. Written
 * aside and renamed. The examination has finished.
 */
gboolean qs_html_card_write (QsExamination *examination, const char *path, GError **error);

/* The same in slices: nothing holds the main loop for long. Another run of a check must not begin meanwhile. */
void qs_html_card_write_async (QsExamination *examination, const char *path, GAsyncReadyCallback callback,
                               gpointer data);
gboolean qs_html_card_write_finish (GAsyncResult *result, GError **error);

/* The page's text. Owned by the caller. */
char *qs_html_card_new (QsExamination *examination);

G_END_DECLS
