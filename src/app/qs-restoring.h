/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* The runs of a session file, or of a folder of the kind of models/qs-kept-folder.h, as runs of the window, behind those that it has.
 * They are read in a thread and in slices, one after the other; what cannot be read of them is said in the window, and the rest is
 * there. How far it is the window says, where it can be stopped ("stop-opening"). */

/* n: how many are there; whole: all, and of each all that was kept of it. */
typedef void (*QsRestoringFunc) (QsWindow *window, guint n, gboolean whole, gpointer data);

/* done: may be NULL; it is called once, also where nothing came of it. */
void qs_restoring_start (QsWindow *window, const char *folder, QsRestoringFunc done, gpointer data);
/* The same of an archive. */
void qs_restoring_start_file (QsWindow *window, const char *path);
guint qs_restoring_get_n (QsWindow *window); /* under way */
void qs_restoring_stop_all (QsWindow *window);

G_END_DECLS
