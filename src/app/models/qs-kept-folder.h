/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/models/qs-run.h"

G_BEGIN_DECLS

/**
 * QsKeptFolder:
 *
 * A folder (0700) that holds a session's runs as files of 0600: their list, and each one's recording beside it: our pcapng, with its
 * marks and secrets, or, of a log, which has no datagrams, a qlog. What it says is whole at any moment: a recording that changed gets
 * a new file, then the list is put in its place, then what the list does not name any more goes.
 *
 * A lock stands in it while the program that writes it is there; so a folder without one is a session that is over.
 */
#define QS_TYPE_KEPT_FOLDER (qs_kept_folder_get_type ())
G_DECLARE_FINAL_TYPE (QsKeptFolder, qs_kept_folder, QS, KEPT_FOLDER, GObject)

/* Of all recordings together; runs behind that are left out. */
#define QS_KEPT_FOLDER_MOST_BYTES (G_GUINT64_CONSTANT (1) << 30)

/* Makes the folder, and those above it, when something is written first. */
QsKeptFolder *qs_kept_folder_new (const char *path);
/* Where a program's folders lie in the user's state: those of sessions that it keeps, and those that are there for a moment. */
#define QS_KEPT_SESSIONS "sessions"
#define QS_KEPT_WORKING "working"
char *qs_kept_folder_dup_base (const char *kind); /* owned by the caller */
/* A folder of a name that nobody else gives below base. */
QsKeptFolder *qs_kept_folder_new_below (const char *base);
const char *qs_kept_folder_get_path (QsKeptFolder *self);
/* Makes it, and locks it, where that is not done yet. Waits for the disk. Errors: G_IO_ERROR, with a translated sentence. */
gboolean qs_kept_folder_make (QsKeptFolder *self, GError **error);

/**
 * qs_kept_folder_write_async:
 * @runs: QsRun, at most QS_KEPT_MOST_RUNS, in their order
 *
 * Makes the folder say what is so now: recordings are written in slices of the main loop, all else in a thread. One at a time:
 * another while one goes on is G_IO_ERROR_PENDING. Errors: G_IO_ERROR, with a translated sentence; the list of before stays then.
 */
void qs_kept_folder_write_async (QsKeptFolder *self, GPtrArray *runs, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer data);
gboolean qs_kept_folder_write_finish (QsKeptFolder *self, GAsyncResult *result, GError **error);
gboolean qs_kept_folder_is_writing (QsKeptFolder *self);
/* Runs for which there was no room, or of whose log nothing can be written. */
guint qs_kept_folder_get_n_left_out (QsKeptFolder *self);
/* Of the files in it, the list first: for qs_kept_archive_pack(). */
char **qs_kept_folder_dup_names (QsKeptFolder *self);
/* Whether what it says of these runs is not so any more. */
gboolean qs_kept_folder_is_stale (QsKeptFolder *self, GPtrArray *runs);

/* Removes a folder of this kind with what is in it; waits for the disk. Nothing else is touched. */
void qs_kept_folder_remove (const char *path);

/* The folders below base that nobody writes and whose list is there, the newest first. Waits for the disk. Owned by the caller. */
char **qs_kept_folder_find_all (const char *base);
/* Removes those below base that nobody writes, but for the newest n_kept that have a list. Waits for the disk. */
void qs_kept_folder_prune (const char *base, guint n_kept);

G_END_DECLS
