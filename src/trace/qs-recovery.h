/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-metrics.h"

G_BEGIN_DECLS

/**
 * QsRtt:
 *
 * Round-trip time as a sender knows it, RFC 9002 section 5. Nanoseconds.
 */
typedef struct {
  gint64 latest, smoothed, variation, minimum;
  gboolean sampled;
} QsRtt;

/* ack_delay: what the peer says that it waited, already bounded by its max_ack_delay. */
void qs_rtt_update (QsRtt *self, gint64 sample, gint64 ack_delay);

/**
 * QsRecovery:
 *
 * The packets of one sender in one packet-number space that are neither acknowledged nor given up:
 * what ACK frames are held against. Sets QS_PACKET_ACKED and QS_PACKET_LOST in the trace, and keeps
 * the bytes in flight. Lost is what RFC 9002 section 6.1 would call lost: the sender itself may have
 * thought otherwise.
 */
typedef struct _QsRecovery QsRecovery;

/* by_time: use the time threshold too, which only fits where the sender's clock is the trace's. */
QsRecovery *qs_recovery_new (QsTrace *trace, QsDirection direction, gboolean by_time);
void qs_recovery_free (QsRecovery *self);

void qs_recovery_sent (QsRecovery *self, guint64 number, guint32 packet, gint64 time, guint32 bytes,
                       gboolean ack_eliciting);

/**
 * qs_recovery_acked:
 * @time: when the ACK came
 * @sample: (out): the round trip, when the largest acknowledged packet is newly acknowledged and any
 *   newly acknowledged one was ACK-eliciting (RFC 9002 section 5.1)
 *
 * Takes in one ACK frame. Packets that count as lost by it are marked.
 *
 * Returns: whether @sample was set
 */
gboolean qs_recovery_acked (QsRecovery *self, const QsFrame *ack, gint64 time, const QsRtt *rtt, gint64 *sample);

/* Its own sender says that this packet is lost. Nothing for one that is acknowledged, or not known. */
void qs_recovery_lost (QsRecovery *self, guint64 number, gint64 time);

/* The space was discarded (RFC 9002 section 6.4): what is left is no longer in flight. */
void qs_recovery_discard (QsRecovery *self, gint64 time);

G_END_DECLS
