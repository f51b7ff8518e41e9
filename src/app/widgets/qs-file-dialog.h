/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Asks where to save; asks again before it replaces a file. NULL: a person thought better of it. Owned by
 * the caller. */
char *qs_file_dialog_save (GtkWidget *widget, const char *title, const char *name);

G_END_DECLS
