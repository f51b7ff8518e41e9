/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* Derived figures of a trace, for charts and summaries: filled by the dissector (or from a qlog's
 * metrics), read in the owner's thread. Times in nanoseconds as in QsTrace. */

/* Of the vantage's own packets (a capture between both: the client's). */
typedef struct {
  gint64 time; /* when the ACK came */
  gint64 rtt;  /* this sample, the peer's ACK delay taken off where RFC 9002 section 5.3 says so */
  gint64 smoothed;
  gint64 minimum;
  guint32 packet; /* index of the packet that held the ACK */
} QsRttSample;

typedef struct {
  gint64 time;
  guint64 bytes; /* the most that was in flight in this point's span of time; of a span's second point: what was left */
} QsFlightSample;

/* What the last point is: a peak, the first of a span that began with packets leaving, or a span's second one. */
typedef enum { QS_FLIGHT_PEAK, QS_FLIGHT_FALL, QS_FLIGHT_LEFT } QsFlightState;

/* What a log's sender says of itself, each point with all that it said so far; -1: not told. RTTs in nanoseconds. */
typedef struct {
  gint64 time;
  gint64 congestion_window, ssthresh, in_flight; /* bytes */
  gint64 latest_rtt, smoothed_rtt, minimum_rtt;
} QsSenderSample;

/* What a side had sent by flow control's reckoning, and might send: RFC 9000 section 4.1. The stream is the one that data went on last. */
typedef struct {
  gint64 time;
  guint64 used, limit;               /* bytes of all streams; the connection's limit */
  guint64 stream;                    /* G_MAXUINT64: none yet */
  guint64 stream_used, stream_limit; /* of that stream */
} QsCreditSample;

/* In which a side had used up what it was allowed and had said no end; to: G_MAXINT64 where nothing was raised. */
typedef struct {
  gint64 from, to;
  guint64 stream; /* whose limit it was; G_MAXUINT64: the connection's */
} QsCreditSpan;

/* qs-credit.h */
typedef struct {
  QsDirection direction; /* of the data */
  gboolean by_client;    /* the sender is the client */
  gboolean known;        /* the other end's transport parameters were seen: without them nothing is sampled */
  guint64 used, limit;
  guint64 stream_limits[3]; /* initial ones */
  guint64 full_stream, last_stream;
  gint64 until; /* from when on nothing is known; G_MAXINT64: to the end */
  gint64 step;
  GArray *samples; /* QsCreditSample by time; thinned out behind 65536 */
  GArray *spans;   /* QsCreditSpan by time; the first 65536 */
} QsCredit;

/* A packet of the vantage's own that counts as lost, or did for a while: QS_PACKET_LOST says which. */
typedef struct {
  gint64 time; /* when that showed */
  guint32 packet;
} QsLoss;

/* Indices are QsDirection. */
typedef struct {
  guint64 id;
  guint64 bytes[2];         /* highest offset seen */
  guint64 data[2];          /* all stream data on the wire, retransmissions too */
  guint64 retransmitted[2]; /* of these, what had been sent before */
  guint64 limit[2];         /* how much the other end lets each side send, as raised by MAX_STREAM_DATA; 0: never */
  guint packets[2];
  gboolean fin[2];
  gboolean reset[2];
  gint64 first_time, last_time;
} QsStreamFigures;

typedef struct {
  guint packets;
  guint acked;
  guint lost;
  guint retransmissions; /* packets */
  guint in_vain;         /* times that stream or CRYPTO bytes were repeated that had all been there */
  guint duplicates;
  guint corrupt;
  guint undecrypted; /* keys are missing */
  guint missing;     /* packet numbers that were passed over: never seen here, and not acknowledged so far */
  guint unseen;      /* acknowledged by the other end, and never seen here: the recording is not whole */
} QsDirectionFigures;

typedef struct {
  QsDirectionFigures directions[2];
  GArray *rtt;         /* QsRttSample by time; thinned out behind 65536 */
  GArray *flight[2];   /* QsFlightSample by time, of what each side sent; likewise */
  GArray *sender;      /* QsSenderSample by time; thinned out behind 65536 */
  GArray *losses;      /* QsLoss by time; the first 65536 */
  GHashTable *streams; /* guint64 * -> QsStreamFigures */
  QsCredit credit[2];  /* of what each side sent */
  guint64 in_flight[2];
  guint rtt_step, rtt_skipped;
  gint64 flight_step[2];
  QsFlightState flight_state[2];
} QsMetrics;

#define QS_METRICS_MAX_STREAMS 65536 /* figures are kept of no more streams than that */

/* Owned by the trace, never NULL. */
QsMetrics *qs_trace_get_metrics (QsTrace *self);

const QsStreamFigures *qs_metrics_get_stream (const QsMetrics *self, guint64 id); /* NULL when not seen */
/* The streams by id (transfer container). */
GPtrArray *qs_metrics_list_streams (const QsMetrics *self);

/* For those who derive. */
QsMetrics *qs_metrics_new (void);
void qs_metrics_free (QsMetrics *self);
void qs_metrics_add_rtt (QsMetrics *self, const QsRttSample *sample);
void qs_metrics_add_flight (QsMetrics *self, QsDirection direction, gint64 time, gint64 change);
void qs_metrics_add_sender (QsMetrics *self, const QsSenderSample *sample);
void qs_metrics_add_loss (QsMetrics *self, const QsLoss *loss);
/* NULL behind QS_METRICS_MAX_STREAMS. */
QsStreamFigures *qs_metrics_ensure_stream (QsMetrics *self, guint64 id);

G_END_DECLS
