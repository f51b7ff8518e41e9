/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-session.h"

G_BEGIN_DECLS

/* The window's pages. */
#define QS_PAGE_CONNECTIONS "connections"
#define QS_PAGE_CARD "card"
#define QS_PAGE_COMPARE "compare"

/* Makes them all; that of connections is hidden, and stands before the others. */
void qs_window_pages_add (GtkStack *stack, QsSession *session);
/* Where not all tabs have room: that of the page that is shown does. */
void qs_window_pages_keep_tab_in_sight (GtkStack *stack, GtkWidget *switcher, GtkScrolledWindow *scroll);
/* Alt and a digit. */
void qs_window_pages_add_accels (GtkApplication *application);

G_END_DECLS
