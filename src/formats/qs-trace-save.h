/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* Writes a trace to a file. What the trace holds at the start is written, also while it grows. All
 * in the thread that owns the trace; the file is written aside and renamed when it is whole. */

typedef enum {
  QS_TRACE_FORMAT_PCAPNG, /* for Wireshark, with the secrets inside */
  QS_TRACE_FORMAT_SQLOG,  /* qlog as JSON-SEQ: for qvis and newer readers */
  QS_TRACE_FORMAT_QLOG,   /* qlog as one JSON object */
  QS_TRACE_FORMAT_KEY_LOG,
  QS_N_TRACE_FORMATS
} QsTraceFormat;

/* What a file's name asks for: .pcapng or .pcap, .sqlog, .qlog, .keylog or .keys or .log; fallback for others. */
QsTraceFormat qs_trace_format_for_name (const char *path, QsTraceFormat fallback);

gboolean qs_trace_save (QsTrace *trace, const char *path, QsTraceFormat format, GError **error);

/* The same in slices of the main loop (a million packets take seconds). G_IO_ERROR_CANCELLED leaves
 * nothing behind. */
void qs_trace_save_async (QsTrace *trace, const char *path, QsTraceFormat format, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer data);
/* Of some packets (guint32, ascending; transfer full) as pcapng: the datagrams or segments that they came in, and the connection's
 * secrets. It is a capture then, no record of a run, and what is left out is not told. */
void qs_trace_save_packets_async (QsTrace *trace, const char *path, GArray *packets, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer data);
gboolean qs_trace_save_packets (QsTrace *trace, const char *path, GArray *packets, GError **error);
gboolean qs_trace_save_finish (QsTrace *trace, GAsyncResult *result, GError **error);

G_END_DECLS
