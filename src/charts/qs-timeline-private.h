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
};

typedef struct {
  double left, right, top, bottom;
  double max; /* of the values, while it is drawn */
} QsTimelineFrame;

/* Where a panel is. */
void qs_timeline_get_frame (QsTimeline *self, QsTimelinePanel panel, QsTimelineFrame *frame);
/* Samples of who sent: 0 the client. */
const GArray *qs_timeline_flight_of (QsTimeline *self, guint side);
/* The times of packets that were dropped (once for many that are near), and of those that their sender declared lost, which it
 * does after they were taken in; in no order. */
void qs_timeline_foreach_lost (QsTimeline *self, void (*func) (gint64 time, gpointer data), gpointer data);
/* The index of the first sample behind a time; samples begin with their time. */
guint qs_timeline_first_behind (const GArray *samples, gint64 time);

G_END_DECLS
