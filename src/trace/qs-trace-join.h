/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsTraceJoin:
 *
 * Two recordings of one connection, one from each end, put together: which datagram that one end sent arrived at the
 * other, when, how often and whether as it was sent; and which did not. Each packet that was sent is a *crossing*.
 *
 * Datagrams are told by their bytes: their first 64 and their length, in the order in which they were sent where several are
 * alike; one that was changed on its way by being almost the same. Recordings without bytes (a qlog) are joined by packet
 * number, TLS over TCP by the place of each record in its stream.
 *
 * All in the thread that owns both traces. Packets must have been derived by the dissector; while the traces grow,
 * qs_trace_join_advance() goes on.
 */
typedef struct _QsTraceJoin QsTraceJoin;

typedef enum {
  QS_JOIN_SAME_CLOCK, /* both were recorded on one machine */
  /* Each machine has its own: their difference is taken to be such that the fastest datagram each way took equally long
   * (RFC 5905's assumption too). Both traces must be whole by the first qs_trace_join_advance(). */
  QS_JOIN_ALIGN_CLOCKS,
} QsJoinClocks;

typedef enum {
  QS_CROSSING_UNDER_WAY, /* it may still arrive */
  QS_CROSSING_ARRIVED,
  QS_CROSSING_LOST,
  QS_CROSSING_UNKNOWN, /* the receiver's recording ended before it could have arrived */
  QS_CROSSING_FOREIGN, /* received, and not in the sender's recording */
} QsCrossingFate;

#define QS_JOIN_NO_TIME G_MININT64
#define QS_JOIN_NONE G_MAXUINT32

/* Times: nanoseconds since the own trace's origin, by its clock. Packets: indices in the sender's and receiver's trace. */
typedef struct {
  gint64 sent;         /* QS_JOIN_NO_TIME: not in the sender's recording */
  gint64 arrived;      /* the first time; QS_JOIN_NO_TIME: it did not */
  guint32 sent_packet; /* QS_JOIN_NONE where sent is not known */
  guint32
      arrived_packet; /* also where the receiver's own path dropped it; QS_JOIN_NONE: none, or changed beyond telling */
  guint32 again;      /* for qs_trace_join_get_again(): it arrived once more; QS_JOIN_NONE: it did not */
  guint8 by_client;
  guint8 changed; /* its datagram arrived with other bytes */
  guint8 dropped; /* an end knows that it was dropped on its way */
} QsCrossing;

typedef struct {
  gint64 time;
  guint32 packet; /* in the receiver's trace; QS_JOIN_NONE: changed beyond telling */
  guint32 again;  /* the next one */
  gboolean changed;
} QsArrivedAgain;

/* own: whose clock and numbers are used. One may be the client's and one the server's, by their vantages; of two captures it
 * is seen from the times which was made where. */
QsTraceJoin *qs_trace_join_new (QsTrace *own, QsTrace *other, QsJoinClocks clocks);
QsTraceJoin *qs_trace_join_ref (QsTraceJoin *self);
void qs_trace_join_unref (QsTraceJoin *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsTraceJoin, qs_trace_join_unref)

/* What the traces themselves say: captures of loopback were made with one clock. */
QsJoinClocks qs_trace_join_guess_clocks (QsTrace *own, QsTrace *other);

/* Takes in what the traces got since, until deadline (monotonic microseconds, 0: to the end). TRUE when all is. */
gboolean qs_trace_join_advance (QsTraceJoin *self, gint64 deadline);
/* Both are whole and advanced to the end: what has not arrived by now is lost. */
void qs_trace_join_finish (QsTraceJoin *self);
/* The same in slices. TRUE when it is done. */
gboolean qs_trace_join_finish_until (QsTraceJoin *self, gint64 deadline);
/* FALSE with QS_ERROR_UNSUPPORTED and a translated sentence: they are not of the same connection. When all is taken in. */
gboolean qs_trace_join_check (QsTraceJoin *self, GError **error);

QsTrace *qs_trace_join_get_own (QsTraceJoin *self);
QsTrace *qs_trace_join_get_other (QsTraceJoin *self);
gboolean qs_trace_join_own_is_client (QsTraceJoin *self);
/* The end that sends, or receives, what this side sends. */
QsTrace *qs_trace_join_get_sender (QsTraceJoin *self, gboolean by_client);
QsTrace *qs_trace_join_get_receiver (QsTraceJoin *self, gboolean by_client);

QsJoinClocks qs_trace_join_get_clocks (QsTraceJoin *self);
/* What is added to the other trace's times to have them on the own one's. */
gint64 qs_trace_join_get_offset (QsTraceJoin *self);
/* The fastest datagram's time, nanoseconds; -1 while none arrived. */
gint64 qs_trace_join_get_least_delay (QsTraceJoin *self, gboolean by_client);

/* How many so far. */
typedef struct {
  guint changed; /* arrivals with other bytes */
  guint again;   /* arrivals of what had arrived */
  guint foreign;
} QsJoinCounts;
const QsJoinCounts *qs_trace_join_get_counts (QsTraceJoin *self);

/* In the order in which the ends' packets were taken in, which is nearly that of their times. Pointers are good until the
 * next advance. */
guint qs_trace_join_get_n_crossings (QsTraceJoin *self);
const QsCrossing *qs_trace_join_get_crossing (QsTraceJoin *self, guint crossing);
QsCrossingFate qs_trace_join_get_fate (QsTraceJoin *self, guint crossing);
const QsArrivedAgain *qs_trace_join_get_again (QsTraceJoin *self, guint32 again); /* NULL for QS_JOIN_NONE */
/* Of a packet of the own trace or the other one; QS_JOIN_NONE: not taken in yet. */
guint32 qs_trace_join_find (QsTraceJoin *self, gboolean other, guint32 packet);

G_END_DECLS
