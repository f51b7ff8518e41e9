/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-progress.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * qs_trace_file_load:
 * @key_log: (nullable): a key-log file with the secrets, beside those inside a pcapng
 *
 * Opens a file by its contents, whatever its name: pcapng, pcap, qlog (JSON, JSON-SEQ, one record a line). Each
 * connection in it becomes a trace. Those of captures have datagrams and secrets: run a QsDissector on each.
 * Those of a qlog have packets without bytes, and need none.
 *
 * A trace's title is the file's name; where there are several, with a number and both addresses.
 *
 * What is wrong with a file behind something that can be shown does not hide that: it is told in a mark
 * QS_MARK_NOTE named "file" of each trace, to be shown plainly.
 *
 * Returns: (transfer container): QsTrace, never empty; or NULL with a QS_ERROR or G_IO_ERROR whose message is a
 *   translated sentence
 */
GPtrArray *qs_trace_file_load (const char *path, const char *key_log, GCancellable *cancellable, GError **error);

/* Without a key log, and telling how far it is. progress: may be NULL. keys_follow: secrets are added to the traces afterwards, so flows
 * that only they can show to be QUIC are among them, with the fact QS_FACT_GUESSED; who has taken out those that are none calls
 * qs_trace_file_tell_apart() then. secrets: (out) (optional) (nullable): lines of a key log inside the file that are too many for each
 * connection to have all of them: the caller hands each those of its client random. */
GPtrArray *qs_trace_file_load_with_progress (const char *path, gboolean keys_follow, GPtrArray **secrets,
                                             QsProgress *progress, GCancellable *cancellable, GError **error);

/* Where there are several: their titles get a number and addresses. */
void qs_trace_file_tell_apart (GPtrArray *traces);

/* The same in a worker thread. Call it where the thread-default main context is the program's own: there the traces'
 * signals are emitted. */
void qs_trace_file_load_async (const char *path, const char *key_log, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer data);
GPtrArray *qs_trace_file_load_finish (GAsyncResult *result, GError **error);

G_END_DECLS
