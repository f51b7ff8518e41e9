/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/qs-comparison.h"

G_BEGIN_DECLS

/**
 * qs_html_comparison_write:
 * @studies: @n of them, from 2 to QS_COMPARISON_MOST
 *
 * Writes several connections side by side as one HTML page that needs nothing else: the difference that matters, verdicts, steps with
 * their differences, facts, findings, the sequence pictures on one scale, the charts over each other. No script, nothing loaded,
 * all that a peer said escaped; it holds no secrets. Written aside and renamed. All in the thread that owns the traces.
 */
gboolean qs_html_comparison_write (QsStudy *const *studies, guint n, const char *path, GError **error);

/* The same in slices: nothing holds the main loop for long. */
void qs_html_comparison_write_async (QsStudy *const *studies, guint n, const char *path, GAsyncReadyCallback callback,
                                     gpointer data);
gboolean qs_html_comparison_write_finish (GAsyncResult *result, GError **error);

/* The page's text. Owned by the caller. */
char *qs_html_comparison_new (QsStudy *const *studies, guint n);

G_END_DECLS
