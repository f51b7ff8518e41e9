/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * QsByteView: bytes as hex and text, read-only, with ranges marked; draws only what is seen, so that their number
 * costs nothing. To be put into a GtkScrolledWindow.
 *
 * Left to right in every language: bytes are. Click a byte, or walk them with the arrow keys.
 *
 * Signals: "byte-activated" (uint offset): a person chose a byte.
 */
#define QS_TYPE_BYTE_VIEW (qs_byte_view_get_type ())
G_DECLARE_FINAL_TYPE (QsByteView, qs_byte_view, QS, BYTE_VIEW, GtkDrawingArea)

GtkWidget *qs_byte_view_new (void);
/* [offset, offset + length) is the part that counts: the rest is dimmed (other packets of the datagram). */
void qs_byte_view_set_bytes (QsByteView *self, GBytes *bytes, gsize offset, gsize length);
GBytes *qs_byte_view_get_bytes (QsByteView *self); /* NULL: none */
/* Marks a range and scrolls there; length 0: none. */
void qs_byte_view_set_marked (QsByteView *self, gsize offset, gsize length);
void qs_byte_view_get_marked (QsByteView *self, gsize *offset, gsize *length);
/* The byte at a place of the widget; FALSE: none. */
gboolean qs_byte_view_lookup (QsByteView *self, double x, double y, gsize *offset);

G_END_DECLS
