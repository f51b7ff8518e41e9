/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The short help: what the program does, how to begin, what the pages are for. */
void qs_help_show (GtkWindow *parent);
/* The window of shortcuts. */
void qs_help_show_shortcuts (GtkWindow *parent);

G_END_DECLS
