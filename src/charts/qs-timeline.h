/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "charts/qs-chart-colours.h"
#include "charts/qs-sequence.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsTimeline:
 *
 * A trace's figures over time: bytes sent and received, throughput, what flow control allows, bytes in flight, what holds each sender
 * back, round-trip times; panels with one time axis. It
 * holds sums over spans of time, however many packets there are, and goes on where it ended while the trace grows. All in
 * the thread that owns the trace; lengths are in units of the cairo context.
 */
typedef struct _QsTimeline QsTimeline;

typedef enum {
  QS_TIMELINE_BYTES,  /* sums since the start, by who sent */
  QS_TIMELINE_RATE,   /* bytes a second, by who sent */
  QS_TIMELINE_CREDIT, /* stream data by who sent, and how much the other end allows */
  QS_TIMELINE_FLIGHT, /* sent and not acknowledged yet, by who sent */
  QS_TIMELINE_HELD,   /* what holds each sender back: strips */
  QS_TIMELINE_RTT,    /* samples, smoothed, least */
  QS_N_TIMELINE_PANELS
} QsTimelinePanel;

typedef struct {
  double width, height; /* at least 320 by 240 times text_scale is used */
  double text_scale;
  gboolean mirrored; /* right-to-left: time runs to the left */
  gboolean title;
  const char *font; /* NULL: "Sans" */
  gint64 from, to;  /* what is visible; from >= to: all of it */
} QsTimelineOptions;

#define QS_TIMELINE_OPTIONS_DEFAULT              \
  {                                              \
    .width = 900, .height = 900, .text_scale = 1 \
  }

typedef struct {
  const QsChartColours *colours;
  gint64 cursor; /* a time to mark; G_MININT64: none */
} QsTimelineLook;

/* What keeps a sender from sending more, as far as it is known. */
typedef enum {
  QS_TIMELINE_FREE,      /* nothing that is known of: it is sending, or what would tell is not in the recording */
  QS_TIMELINE_BY_WINDOW, /* its congestion window, which a log tells of, has no room for a packet more */
  QS_TIMELINE_BY_FLOW, /* the other end's flow control: all that was allowed is used up, or it said that it is blocked */
  QS_TIMELINE_BY_LOSS, /* it recovers from a loss: from when that showed until what it sent since is acknowledged */
  QS_TIMELINE_BY_APP, /* nothing of it is under way, for longer than a round trip where it is not the recorder: no data to send */
  QS_N_TIMELINE_LIMITS
} QsTimelineLimit;

typedef struct {
  QsTimelinePanel panel;
  gint64 time; /* nanoseconds since the origin */
  guint64 values
      [3]; /* BYTES, RATE, CREDIT, FLIGHT: by the client, by the server; RTT: sample, smoothed, least, in nanoseconds */
  gboolean has_value; /* FALSE: there is nothing at or before this time */

  /* CREDIT, of the client's data and the server's */
  gint64 allowed[2];     /* bytes of all streams; -1: not known */
  guint64 streams[2];    /* that data went on last; G_MAXUINT64: none */
  gint64 stream_room[2]; /* how much more may go on it, bytes; -1: not known */

  /* FLIGHT */
  gint64 window, threshold; /* the recording side's congestion window and slow-start threshold, bytes; -1: not told */

  /* HELD */
  QsTimelineLimit limits[2]; /* of the client, of the server */
} QsTimelineHit;

/* options: NULL for the defaults. */
QsTimeline *qs_timeline_new (QsTrace *trace, const QsTimelineOptions *options);
void qs_timeline_free (QsTimeline *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsTimeline, qs_timeline_free)

/* Takes in what the trace got since, until deadline (monotonic microseconds, 0: to the end). TRUE when all is taken in. */
gboolean qs_timeline_advance (QsTimeline *self, gint64 deadline);
void qs_timeline_set_size (QsTimeline *self, double width, double height);
/* What is visible; from >= to: all of it. */
void qs_timeline_set_range (QsTimeline *self, gint64 from, gint64 to);
void qs_timeline_get_range (QsTimeline *self, gint64 *from, gint64 *to);   /* what is visible */
void qs_timeline_get_extents (QsTimeline *self, gint64 *from, gint64 *to); /* all of it */

void qs_timeline_draw (QsTimeline *self, cairo_t *cr, const QsTimelineLook *look);
/* The mark alone, over what was drawn before without it. */
void qs_timeline_draw_cursor (QsTimeline *self, cairo_t *cr, const QsTimelineLook *look);

double qs_timeline_time_to_x (QsTimeline *self, gint64 time);
gint64 qs_timeline_x_to_time (QsTimeline *self, double x);
/* FALSE outside of the panels. */
gboolean qs_timeline_lookup (QsTimeline *self, double x, double y, QsTimelineHit *hit);
/* What a panel says of a time, whether that is visible or not. */
void qs_timeline_look_at (QsTimeline *self, QsTimelinePanel panel, gint64 time, QsTimelineHit *hit);
/* For a tooltip or a screen reader. Owned by the caller. */
char *qs_timeline_describe (QsTimeline *self, const QsTimelineHit *hit);

G_END_DECLS
