/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "manual/qs-manual.h"

G_BEGIN_DECLS

/**
 * QsHelpWindow: the pages of the help where there is no yelp to show them.
 *
 * Links, a way back, the contents, a search over all of them. Escape leaves the search, then closes; Ctrl+W closes.
 * Accessible names: buttons `Back` and `Contents`, entry `Search the help`, panel `Page of the help`.
 */
#define QS_TYPE_HELP_WINDOW (qs_help_window_get_type ())
G_DECLARE_FINAL_TYPE (QsHelpWindow, qs_help_window, QS, HELP_WINDOW, GtkWindow)

/* The pages are read in a thread, and shown when they are there. */
GtkWidget *qs_help_window_new (GtkWindow *parent);
/* place: "PAGE" or "PAGE#SECTION"; one that there is not shows the contents. */
void qs_help_window_show_place (QsHelpWindow *self, const char *place);
/* What is shown, "PAGE" or "PAGE#SECTION"; NULL while the pages are read. Owned by the window. */
const char *qs_help_window_get_place (QsHelpWindow *self);

G_END_DECLS
