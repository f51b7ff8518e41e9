/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * QsBytesView:
 *
 * Bytes from a peer as text or as hex, escaped; the first of them when there are many, so that no body,
 * however large, can hold the window up.
 *
 * Properties: "hex" (boolean).
 */
#define QS_TYPE_BYTES_VIEW (qs_bytes_view_get_type ())
G_DECLARE_FINAL_TYPE (QsBytesView, qs_bytes_view, QS, BYTES_VIEW, GtkScrolledWindow)

#define QS_BYTES_VIEW_TEXT_LIMIT (32 * 1024)
#define QS_BYTES_VIEW_HEX_LIMIT (8 * 1024)
#define QS_BYTES_VIEW_GROWING_LIMIT (4 * 1024)

GtkWidget *qs_bytes_view_new (void);
/* source: whose bytes they are, for comparison only. Bytes of the same source only ever grow. */
void qs_bytes_view_set_bytes (QsBytesView *self, gpointer source, GBytes *bytes);
/* Whether bytes of this source would change what is shown: not once it shows as many as it ever will. Copies of
 * bodies are not for free. */
gboolean qs_bytes_view_wants (QsBytesView *self, gpointer source);
void qs_bytes_view_clear (QsBytesView *self);
/* While more arrives, little is shown: text is laid out in large steps, which a download would feel. */
void qs_bytes_view_set_growing (QsBytesView *self, gboolean growing);
void qs_bytes_view_set_hex (QsBytesView *self, gboolean hex);
/* How many bytes are shown at most, as it is set now. */
gsize qs_bytes_view_get_limit (QsBytesView *self);

/* What it shows: each line escaped, long ones folded. Owned by the caller. */
char *qs_bytes_to_text (const guint8 *data, gsize length);
/* "00000010  68 65 6c 6c 6f …  |hello|" a line of 16. */
char *qs_bytes_to_hex_dump (const guint8 *data, gsize length);

G_END_DECLS
