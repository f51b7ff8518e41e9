/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsDissector:
 *
 * Derives packets, frames and TLS messages from a trace's datagrams (or TCP segments) and secrets:
 * RFC 9000, RFC 9001, RFC 9369, RFC 9846. Stateful and incremental: records that were appended since
 * the last time are read on. Packets whose keys are not there yet are kept and tried again when a
 * secret arrives. The same for a live run, the local server's side and files.
 */
#define QS_TYPE_DISSECTOR (qs_dissector_get_type ())
G_DECLARE_FINAL_TYPE (QsDissector, qs_dissector, QS, DISSECTOR, GObject)

/* One for a trace: it becomes the trace's payload source, and what serves payloads outlives the dissector
 * as long as the trace lives. All in the thread that owns the trace. Derived figures: trace/qs-metrics.h. */
QsDissector *qs_dissector_new (QsTrace *trace);

/* Reads on until deadline (monotonic microseconds, 0: to the end). Returns TRUE when it has caught up. */
gboolean qs_dissector_advance (QsDissector *self, gint64 deadline);

/* Follows the trace by itself: on "grown", in time slices on the thread-default main context. */
void qs_dissector_follow (QsDissector *self);

/* No more records will come (the run is over, the file was read): settles what waited for more,
 * as packets that stayed undecryptable. */
void qs_dissector_finish (QsDissector *self);

/* Whether the secrets that open a recording without its hellos show that what counts as its client is the server. */
gboolean qs_dissector_is_turned (QsDissector *self);

/* The peer's transport parameters, as the extension's bytes (transfer full); NULL while unknown.
 * of: whose. */
GBytes *qs_dissector_dup_transport_parameters (QsDissector *self, QsDirection of);

/**
 * qs_dissector_dup_stream:
 * @direction: whose bytes: SENT is the vantage's own
 * @limit: at most so many bytes are put together
 * @whole: (out) (optional): whether they reach to the stream's end
 *
 * A stream's bytes from 0 to the first gap, decrypted and put together anew.
 *
 * Returns: (transfer full): never %NULL
 */
GBytes *qs_dissector_dup_stream (QsDissector *self, guint64 stream_id, QsDirection direction, gsize limit,
                                 gboolean *whole);

G_END_DECLS
