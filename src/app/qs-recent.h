/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Files that were opened or saved lately: the desktop's own list, and the part of it that is this program's as a menu. */

#define QS_RECENT_MOST 10 /* in the menu */

/* A file that the program can open. */
void qs_recent_add (const char *path);
/* Keeps a menu filled with this program's files, the latest first; items call action with the path (bytes). */
void qs_recent_fill (GMenu *menu, const char *action);

G_END_DECLS
