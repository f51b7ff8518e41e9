/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* Traces from and to files: by argument, by dialog, by drag and drop. What goes wrong is said in the window. */

/* Opens captures (pcapng, pcap) and qlogs: each connection in them becomes a run. key_log: a file with secrets, or
 * NULL. Returns at once. */
void qs_files_open (QsWindow *window, const char *path, const char *key_log);
/* The same, and once it is there qs_files_join() of what it holds with other, unless that is NULL. */
void qs_files_open_both (QsWindow *window, const char *path, const char *other, const char *key_log);
/* Two files that were dropped together: as both ends of one connection where they are that, else as they are, each alone. */
void qs_files_open_pair (QsWindow *window, const char *path, const char *other);
/* Opens the other end's recording of a run: of the connections in it the one that is the same. The run then shows both ends
 * on the Sequence page. Returns at once. */
void qs_files_join (QsWindow *window, QsRun *run, const char *path, const char *key_log);
/* Files that are on their way. */
guint qs_files_get_n_loading (QsWindow *window);

/* The same, asking a person for the file. */
void qs_files_ask_open (QsWindow *window);
/* For the shown run. */
void qs_files_ask_join (QsWindow *window);
/* Saves the shown run's trace where a person says, in the format that the name's ending says. */
void qs_files_ask_save (QsWindow *window);
/* Lets files be dropped on the window. */
void qs_files_accept_drops (QsWindow *window);

G_END_DECLS
