/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * What a live run may hold in memory, whole: records, their bytes, packets, messages. Whoever sends to us decides how much
 * comes, so each run has a figure, and the program one for all its runs together. Behind it what comes is counted and not
 * kept. Files have none: what they hold is bounded by their length.
 */
#define QS_TRACE_BUDGET (G_GUINT64_CONSTANT (96) << 20)
/* Until the handshake is done: a handshake takes some 100 KiB, all else is noise. */
#define QS_TRACE_EARLY_BUDGET (G_GUINT64_CONSTANT (16) << 20)
/* Of all budgets of the program. A run has QS_TRACE_LEAST all the same: its own handshake is always seen. */
#define QS_PROGRAM_BUDGET (G_GUINT64_CONSTANT (512) << 20)
#define QS_TRACE_LEAST (G_GUINT64_CONSTANT (2) << 20)

/* Counted, not kept. */
typedef struct {
  guint64 datagrams; /* or segments */
  guint64 bytes;     /* of these */
  guint64 packets;   /* of datagrams that were kept: coalesced ones, TLS records */
  guint64 messages;  /* of TLS */
  guint64 marks;     /* of kinds that a peer can repeat: streams, ICMP errors, failed calls */
} QsNotKept;

/* bytes: 0 for none. Before anything is recorded. At most half of it is payload kept whole. */
void qs_trace_set_budget (QsTrace *self, guint64 bytes);
/* All of it may be used from now on, as after a handshake: for who only watches one and may not say that it is done. Any thread. */
void qs_trace_establish_budget (QsTrace *self);
/* What all traces that have one hold together, in bytes. Any thread. */
guint64 qs_trace_get_program_held (void);
void qs_trace_get_not_kept (QsTrace *self, QsNotKept *not_kept); /* any thread */
/* Of a run that is read from its file: what was not kept then. */
void qs_trace_set_not_kept (QsTrace *self, const QsNotKept *not_kept);

/* For the dissector: whether there is room for so much more that is derived. It is taken off if so. Any thread. */
gboolean qs_trace_charge (QsTrace *self, gsize bytes);
void qs_trace_count_packet_not_kept (QsTrace *self);

G_END_DECLS
