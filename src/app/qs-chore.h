/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What waits for the disk and of which nobody is told, in a thread. The program does not end before it is done, whatever windows are
 * closed meanwhile. destroy (nullable) is called in the main loop. */
typedef void (*QsChoreFunc) (gpointer data);
void qs_chore_run (QsChoreFunc func, gpointer data, GDestroyNotify destroy);

G_END_DECLS
