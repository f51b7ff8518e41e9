/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/qs-window.h"

G_BEGIN_DECLS

/* Traces from files (to them: qs-saving.h): by argument, by dialog, by drag and drop. What goes wrong is said in the window. */

/* Opens a capture (pcapng, pcap, snoop) or qlog: the connection in it becomes a run, one of several in it (qs-opening.h). key_log:
 * a file with secrets, or NULL. Returns at once. */
void qs_files_open (QsWindow *window, const char *path, const char *key_log);
/* The same with several files, of which those that are key logs are of secrets for all others. A name may say which of a file's
 * connections is wanted, "FILE#12". other: the other end's recording, or NULL. keep_page: the page that is shown was asked for. */
void qs_files_open_all (QsWindow *window, const char *const *names, const char *const *key_logs, const char *other,
                        gboolean keep_page);
gboolean qs_files_is_there (const char *name); /* "FILE" or "FILE#12": something, and no folder */
/* Two files that were dropped together: as both ends of one connection where they are that, else as they are, each alone. */
void qs_files_open_pair (QsWindow *window, const char *path, const char *other);
/* Opens the other end's recording of a run: of the connections in it the one that is the same. The run then shows both ends
 * on the Sequence page. Returns at once. */
void qs_files_join (QsWindow *window, QsRun *run, const char *path, const char *key_log);
/* The same of a file that nobody chose: what comes of it who asked is told, and not the window. Called once, never before this returns. */
typedef void (*QsFilesJoinFunc) (gboolean joined, gpointer data);
void qs_files_join_silently (QsWindow *window, QsRun *run, const char *path, QsFilesJoinFunc done, gpointer data);
/* The same, and where none in it is, it is opened by itself. */
void qs_files_join_or_open (QsWindow *window, QsRun *run, const char *path);
/* Files that are on their way, and not read to their end. */
guint qs_files_get_n_loading (QsWindow *window);

/* The same, asking a person for the file. */
void qs_files_ask_open (QsWindow *window);
/* For the shown run. */
void qs_files_ask_join (QsWindow *window);
/* Lets files be dropped on the window. */
void qs_files_accept_drops (QsWindow *window);

G_END_DECLS
