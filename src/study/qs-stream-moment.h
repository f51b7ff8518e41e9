/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsStreamMoment: the streams of a trace as they were at a moment of it, for a replay.
 *
 * Bytes are counted in the frames that had been sent and received by then. States are those that the connection told of in
 * the trace's marks; where it has none (a capture of another program), those that the frames show.
 *
 * All in the thread that owns the trace.
 */
typedef struct _QsStreamMoment QsStreamMoment;

typedef struct {
  const char *read_state, *write_state; /* OpenSSL's names: "OK", "FINISHED", … */
  gint64 read_error, write_error;       /* -1: none */
  guint64 sent, received;
} QsStreamThen;

QsStreamMoment *qs_stream_moment_new (QsTrace *trace);
void qs_stream_moment_free (QsStreamMoment *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsStreamMoment, qs_stream_moment_free)

/* Goes to this moment (trace time, ns), forward or back, until deadline (monotonic microseconds; 0: to the end). TRUE: it is
 * there; FALSE: once more. */
gboolean qs_stream_moment_seek (QsStreamMoment *self, gint64 until, gint64 deadline);
/* NULL: there was no such stream yet. Good until the next seek. */
const QsStreamThen *qs_stream_moment_get (QsStreamMoment *self, gint64 id);

G_END_DECLS
