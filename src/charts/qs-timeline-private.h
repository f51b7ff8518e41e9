/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <pango/pangocairo.h>

#include "charts/qs-timeline.h"
#include "trace/qs-metrics.h"

G_BEGIN_DECLS

#define QS_TIMELINE_BINS 8192

/* Sums of one span of time, by who sent: client, server. */
typedef struct {
  guint64 bytes[2];
  guint32 dropped; /* on the way, as is known at once */
} QsTimelineBin;

/* From when a sender said that it is blocked until a limit was raised; to: G_MAXINT64 where none was. */
typedef struct {
  gint64 from, to;
} QsTimelineBlock;

struct _QsTimeline {
  QsTrace *trace;
  QsTimelineOptions options;
  char *font;
  PangoContext *context;
  gboolean own_is_client;
  guint n_taken;      /* packets */
  gint64 first, last; /* times of packets */
  gint64 bin;         /* nanoseconds of one; doubled when there would be too many */
  GArray *bins;       /* QsTimelineBin from first on */
  gint64 from, to;    /* visible; from >= to: all */
  /* Of the client's sending and the server's. */
  GArray *blocks[2];      /* QsTimelineBlock by time */
  GArray *repeats[2];     /* gint64: when lost data was sent again, by time */
  guint32 largest[2];     /* packet */
  gint64 began[2];        /* the first 1-RTT packet; G_MAXINT64: none yet */
  gint64 ended[2];        /* its CONNECTION_CLOSE; G_MAXINT64: none */
  gint64 first_packet[2]; /* G_MAXINT64: none yet */
  gint64 round;           /* nanoseconds, as the hello and the answer to its answer show; 0: not yet */
};

typedef struct {
  double left, right, top, bottom;
  double max; /* of the values, while it is drawn */
} QsTimelineFrame;

/* Where a panel is. */
void qs_timeline_get_frame (QsTimeline *self, QsTimelinePanel panel, QsTimelineFrame *frame);

/* --- qs-timeline-limits.c --- */

void qs_timeline_take_limits (QsTimeline *self, const QsPacket *packet, guint side);
/* What the recording side told of itself by then; NULL: nothing. */
const QsSenderSample *qs_timeline_find_sender (QsTimeline *self, gint64 time);
QsTimelineLimit qs_timeline_find_limit (QsTimeline *self, guint side, gint64 time);
/* Whether the log tells of it at all. */
gboolean qs_timeline_has_window (QsTimeline *self);
gboolean qs_timeline_has_threshold (QsTimeline *self);

/* "12 KiB/s". Owned by the caller. (qs-timeline-words.c) */
char *qs_timeline_text_rate (guint64 bytes);

/* --- qs-timeline-series.c --- */

/* How long a span of throughput is, nanoseconds, as things are visible. */
gint64 qs_timeline_rate_span (QsTimeline *self);
void qs_timeline_find_rate (QsTimeline *self, QsTimelineHit *hit);
void qs_timeline_find_credit (QsTimeline *self, QsTimelineHit *hit);
/* Whether flow control's limits are known of either side. */
gboolean qs_timeline_has_credit (QsTimeline *self);
/* What this side sent. */
const QsCredit *qs_timeline_credit_of (QsTimeline *self, guint side);

/* The next of 1, 2, 5, 10, … at or above a value; of bytes in units of 1024. */
double qs_timeline_round_up (double value);
double qs_timeline_round_up_bytes (double value);

/* Samples of who sent: 0 the client. */
const GArray *qs_timeline_flight_of (QsTimeline *self, guint side);
/* The times of packets that were dropped (once for many that are near), and of those that their sender declared lost, which it
 * does after they were taken in; in no order. */
void qs_timeline_foreach_lost (QsTimeline *self, void (*func) (gint64 time, gpointer data), gpointer data);
/* The index of the first sample behind a time; samples begin with their time. */
guint qs_timeline_first_behind (const GArray *samples, gint64 time);

G_END_DECLS
