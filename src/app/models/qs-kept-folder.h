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
const char *qs_kept_folder_get_path (QsKeptFolder *self);

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

/* The newest folder below base that nobody writes and whose list is there; %NULL. Waits for the disk. Owned by the caller. */
char *qs_kept_folder_find_last (const char *base);
/* Removes those below base that nobody writes, but for keep (nullable). Waits for the disk. */
void qs_kept_folder_prune (const char *base, const char *keep);

G_END_DECLS
