/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-progress.h"
#include "study/qs-study.h"
#include "trace/qs-trace-join.h"

G_BEGIN_DECLS

/**
 * qs_study_file_load:
 * @key_logs: (nullable): files with secrets, beside those inside the file; %NULL at the end
 * @progress: (nullable): how far it is; another thread may look
 *
 * Opens a capture or a log by its contents (formats/qs-trace-file.h says which), with the secrets of each connection in its trace.
 *
 * Returns: (transfer container): QsTrace, never empty; or %NULL with a QS_ERROR or G_IO_ERROR whose message is a translated
 *   sentence
 */
GPtrArray *qs_study_file_load (const char *path, const char *const *key_logs, QsProgress *progress,
                               GCancellable *cancellable, GError **error);
/* The same in a thread. The traces belong to the thread-default main context of the caller's. */
void qs_study_file_load_async (const char *path, const char *const *key_logs, QsProgress *progress,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
GPtrArray *qs_study_file_load_finish (GAsyncResult *result, GError **error);

/**
 * qs_study_file_open:
 * @key_logs: (nullable): files with secrets, beside those inside the file; %NULL at the end
 *
 * Opens a capture or a log by its contents (trace/qs-trace-file.h says which). Each connection in it becomes a study, which
 * knows its source and is still to be read: qs_study_advance(), or qs_study_settle().
 *
 * Returns: (transfer container): QsStudy, never empty; or %NULL with a QS_ERROR or G_IO_ERROR whose message is a translated
 *   sentence
 */
GPtrArray *qs_study_file_open (const char *path, const char *const *key_logs, GError **error);

/**
 * qs_study_file_join:
 * @others: QsStudy, of the other end's file
 *
 * Puts two recordings of one connection together, one from each end: study's with that of others which is of the same
 * connection. Both are settled for it.
 *
 * Returns: %NULL with QS_ERROR_UNSUPPORTED where none is, and a translated sentence
 */
QsTraceJoin *qs_study_file_join (QsStudy *study, GPtrArray *others, GError **error);

/* Recordings that may be of one connection: its ends, or the addresses of a host. Of more than these none is asked. */
#define QS_STUDY_FILE_MOST_OF_ONE 4

/**
 * qs_study_file_find_one:
 * @studies: what qs_study_file_open() gave
 *
 * Whether the recordings of a file are about one connection: its two ends, which are joined then, or the attempts of an
 * address race (RFC 8305), of which one was answered; a note in its trace tells of the others. A few recordings are looked at,
 * and settled; more are taken as they are.
 *
 * Returns: (transfer none) (nullable): the study that stands for all
 */
QsStudy *qs_study_file_find_one (GPtrArray *studies);

G_END_DECLS
