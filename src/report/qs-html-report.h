/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "study/qs-study.h"

G_BEGIN_DECLS

/**
 * qs_html_report_write:
 *
 * Writes what a trace says as one HTML page that needs nothing else: verdict, findings, steps, the sequence
 * diagram (SVG), key facts, certificates, streams and the packets. No script, nothing loaded, all that a peer said
 * escaped; it holds no secrets. Its size is bounded: of more than 5,000 packets the middle is left out, of a high picture what
 * lies below, and it says so. Written aside and renamed.
 *
 * All in the thread that owns the trace; the study has settled.
 */
gboolean qs_html_report_write (QsStudy *study, const char *path, GError **error);

/* The same in slices: nothing holds the main loop for long, however many packets there are. */
void qs_html_report_write_async (QsStudy *study, const char *path, GAsyncReadyCallback callback, gpointer data);
gboolean qs_html_report_write_finish (GAsyncResult *result, GError **error);

/* The page's text. Owned by the caller. */
char *qs_html_report_new (QsStudy *study);

G_END_DECLS
