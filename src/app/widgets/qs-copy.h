/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * Copying what a row says: Ctrl+C for the row with the focus, and a menu for it by the other mouse button, the menu key or Shift+F10.
 *
 * Of a GtkTreeView it is what its columns show, apart by tabs. Of a GtkListBox it is what qs_copy_set_row() said of the row, else its
 * accessible name.
 */
void qs_copy_enable (GtkWidget *list);

/* markdown: NULL: there is none. Both are copied. */
void qs_copy_set_row (GtkWidget *row, const char *text, const char *markdown);

/* To the clipboard of the widget's display. */
void qs_copy_text (GtkWidget *widget, const char *text);

G_END_DECLS
