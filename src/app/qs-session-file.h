/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* A session as one file: all runs that the window lists, as they stand, with names, notes, options, recordings and their secrets. */

/* Returns at once; that it is saved, or why not, the window says. */
void qs_session_file_save (QsWindow *window, const char *path);
guint qs_session_file_get_n_saving (QsWindow *window); /* under way */
/* The same, asking a person where to. */
void qs_session_file_ask_save (QsWindow *window);
void qs_session_file_ask_open (QsWindow *window);

G_END_DECLS
