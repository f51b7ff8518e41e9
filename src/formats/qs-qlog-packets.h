/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-json.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsQlogPackets:
 *
 * The packets of one qlog trace: adds them with their frames to a trace, and derives from them what the dissector derives of
 * packets with bytes: acknowledgements, losses, round trips, bytes in flight, streams.
 */
typedef struct _QsQlogPackets QsQlogPackets;

/* ms_per_unit: of the times that stand in frames. */
QsQlogPackets *qs_qlog_packets_new (QsTrace *trace, double ms_per_unit);
/* path_id: what the event says, where its header does not; flags: QsPacketFlags that the event itself tells of. FALSE when there are too many already. */
gboolean qs_qlog_packets_add (QsQlogPackets *self, gint64 time, QsJson data, QsDirection direction, guint64 path_id,
                              guint flags);
/* A packet that its sender, the vantage, says is lost. */
void qs_qlog_packets_lose (QsQlogPackets *self, gint64 time, QsJson data, guint64 path_id);
/* The next 1-RTT packet of this direction is the first one of a key phase. */
void qs_qlog_packets_update_key (QsQlogPackets *self, QsDirection direction);
/* What the peer's transport parameter says, in milliseconds; 25 when it says nothing. */
void qs_qlog_packets_set_max_ack_delay (QsQlogPackets *self, guint64 ms);
/* Of packets whose header does not say it, also of those that went before: hex digits, or a number. What is not there, or is
 * none, changes nothing. */
void qs_qlog_packets_set_version (QsQlogPackets *self, QsJson version);
/* Frees self; the trace keeps the frames. */
void qs_qlog_packets_finish (QsQlogPackets *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsQlogPackets, qs_qlog_packets_finish)

G_END_DECLS
