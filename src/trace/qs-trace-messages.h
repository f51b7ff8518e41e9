/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-reassembly.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* What is called for a message that was taken off. */
typedef void (*QsMessageFunc) (const QsTraceMessage *message, gpointer data);

/**
 * qs_trace_add_messages:
 * @stream: the reassembled bytes of one direction and level
 * @as: what all of its messages have in common
 * @tls13: whether to read them in TLS 1.3's form
 * @func: (nullable): called for each
 *
 * Takes all whole TLS messages off a stream into the trace.
 *
 * Returns: FALSE when the stream cannot be followed any more (a message of absurd length)
 */
gboolean qs_trace_add_messages (QsTrace *self, QsReassembly *stream, const QsTraceMessage *as, gboolean tls13,
                                QsMessageFunc func, gpointer data);

G_END_DECLS
