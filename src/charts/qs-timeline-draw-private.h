/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "charts/qs-timeline-private.h"

G_BEGIN_DECLS

typedef struct {
  QsTimeline *timeline;
  cairo_t *cr;
  const QsChartColours *colours;
  double s; /* text scale */
  gint64 from, to;
} QsTimelineDraw;

/* Two lines of a panel differ in these too. */
typedef enum {
  QS_TIMELINE_SOLID,
  QS_TIMELINE_DASHES,
  QS_TIMELINE_DOTS,
  QS_TIMELINE_DASHES_DOTS,
  QS_TIMELINE_FAR_DOTS,
  QS_TIMELINE_DASHES_TWO_DOTS,
} QsTimelineDashes;

/* One line of a panel. */
typedef struct {
  const char *name;
  const QsColour *colour;
  QsTimelineDashes dashed;
  double width;
} QsTimelineLine;

double qs_timeline_value_y (const QsTimelineFrame *frame, double value);
void qs_timeline_set_line (QsTimelineDraw *draw, const QsTimelineLine *line);

/* --- qs-timeline-panels.c --- */

double qs_timeline_highest_rate (QsTimeline *self);
double qs_timeline_highest_credit (QsTimeline *self);
void qs_timeline_draw_rate (QsTimelineDraw *draw, const QsTimelineFrame *frame, guint which,
                            const QsTimelineLine *line);
/* which: 0 and 1 what the client and the server sent, 2 and 3 what either was allowed, 4 and 5 as far as the stream's own limit goes. */
void qs_timeline_draw_credit (QsTimelineDraw *draw, const QsTimelineFrame *frame, guint which,
                              const QsTimelineLine *line);
void qs_timeline_draw_rtt (QsTimelineDraw *draw, const QsTimelineFrame *frame, guint which, const QsTimelineLine *line);
/* The strips, one for each sender. */
void qs_timeline_draw_held (QsTimelineDraw *draw, const QsTimelineFrame *frame);
/* A piece of a strip: every limit has a pattern of its own besides its colour. */
void qs_timeline_fill_limit (QsTimelineDraw *draw, QsTimelineLimit limit, double x, double y, double width,
                             double height);
/* "window full": for the legend. N_(). */
const char *qs_timeline_limit_name (QsTimelineLimit limit);
/* Which limits occur in what is taken in: bits. */
guint qs_timeline_list_limits (QsTimeline *self);

G_END_DECLS
