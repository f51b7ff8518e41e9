/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Asks where to save, beginning where this window was saved in last; asks again before it replaces a file. NULL: a person
 * thought better of it. Owned by the caller. */
char *qs_file_dialog_save (GtkWidget *widget, const char *title, const char *name);
/* The same with a dialog that has something of its own, as filters. */
char *qs_file_dialog_run_save (GtkWidget *widget, GtkFileChooserNative *dialog, const char *name);

G_END_DECLS
