/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How throughput, flow control, what holds a sender back, and round trips are drawn. */
#include <math.h>

#include "base/qs-i18n.h"
#include "charts/qs-timeline-draw-private.h"
#include "charts/qs-timeline-pen.h"

#define HATCH 4.0        /* between the lines of a pattern */
#define MAX_DOTS 2000    /* more are joined where they are close */
#define MOST_COLUMNS 512 /* of a strip that are looked at for the legend */

/* --- Throughput --- */

typedef void (*EachSpan) (gint64 time, const double rates[2], gpointer data);

static void
foreach_span (QsTimeline *self, EachSpan func, gpointer data)
{
  gint64 span = qs_timeline_rate_span (self);
  guint n = (guint) MAX (span / self->bin, 1);

  for (guint i = 0; i < self->bins->len; i += n)
    {
      double rates[2] = { 0 };

      for (guint j = i; j < MIN (i + n, self->bins->len); j++)
        for (guint side = 0; side < 2; side++)
          rates[side] += (double) g_array_index (self->bins, QsTimelineBin, j).bytes[side];
      for (guint side = 0; side < 2; side++)
        rates[side] *= 1e9 / (double) span;
      func (self->first + (gint64) i * self->bin, rates, data);
    }
}

static void
note_highest_cb (gint64 time, const double rates[2], gpointer data)
{
  double *most = data;

  *most = MAX (*most, MAX (rates[0], rates[1]));
}

double
qs_timeline_highest_rate (QsTimeline *self)
{
  double most = 0;

  foreach_span (self, note_highest_cb, &most);
  return most;
}

typedef struct {
  QsTimelineDraw *draw;
  const QsTimelineFrame *frame;
  QsTimelinePen pen;
  guint side;
  gint64 span;
} Rates;

static void
draw_span_cb (gint64 time, const double rates[2], gpointer data)
{
  Rates *self = data;
  const QsTimelineDraw *draw = self->draw;
  double y = qs_timeline_value_y (self->frame, rates[self->side]);

  if (time + self->span < draw->from || time > draw->to)
    return;
  qs_timeline_pen_add (&self->pen, qs_timeline_time_to_x (draw->timeline, CLAMP (time, draw->from, draw->to)), y);
  qs_timeline_pen_add (&self->pen,
                       qs_timeline_time_to_x (draw->timeline, CLAMP (time + self->span, draw->from, draw->to)), y);
}

void
qs_timeline_draw_rate (QsTimelineDraw *draw, const QsTimelineFrame *frame, guint which, const QsTimelineLine *line)
{
  Rates rates = { .draw = draw,
                  .frame = frame,
                  .pen = { .cr = draw->cr, .dashed = line->dashed },
                  .side = which,
                  .span = qs_timeline_rate_span (draw->timeline) };

  qs_timeline_set_line (draw, line);
  foreach_span (draw->timeline, draw_span_cb, &rates);
  qs_timeline_pen_stroke (&rates.pen);
}

/* --- Flow control --- */

/* What fits the used bytes' scale: a limit of gigabytes is beyond the panel, and its line at its head. */
double
qs_timeline_highest_credit (QsTimeline *self)
{
  guint64 used = 0;
  double limit = G_MAXDOUBLE;

  for (guint side = 0; side < 2; side++)
    {
      const GArray *samples = qs_timeline_credit_of (self, side)->samples;
      const QsCreditSample *last = samples->len > 0 ? &g_array_index (samples, QsCreditSample, samples->len - 1) : NULL;

      if (last == NULL || last->used < used)
        continue;
      used = last->used;
      limit = (double) last->limit;
    }
  return MIN (MAX ((double) used, limit), 4.0 * (double) used);
}

static double
credit_value (const QsCreditSample *sample, guint kind)
{
  if (kind == 0)
    return (double) sample->used;
  if (kind == 1)
    return (double) sample->limit;
  return sample->stream == G_MAXUINT64
             ? -1
             : (double) sample->used + (double) sample->stream_limit - (double) sample->stream_used;
}

void
qs_timeline_draw_credit (QsTimelineDraw *draw, const QsTimelineFrame *frame, guint which, const QsTimelineLine *line)
{
  const QsCredit *credit = qs_timeline_credit_of (draw->timeline, which % 2);
  const GArray *samples = credit->samples;
  guint i = qs_timeline_first_behind (samples, draw->from);
  QsTimelinePen pen = { .cr = draw->cr, .dashed = line->dashed };
  double last = -1;

  if (samples->len == 0)
    return;
  qs_timeline_set_line (draw, line);
  for (i = i > 0 ? i - 1 : 0; i <= samples->len; i++)
    {
      const QsCreditSample *sample = i < samples->len ? &g_array_index (samples, QsCreditSample, i) : NULL;
      gint64 time = sample != NULL ? sample->time : MIN (draw->timeline->last, credit->until);
      double x = qs_timeline_time_to_x (draw->timeline, CLAMP (time, draw->from, draw->to));
      double value = sample != NULL ? credit_value (sample, which / 2) : -1;

      if (last >= 0)
        qs_timeline_pen_add (&pen, x, last);
      if (value >= 0)
        qs_timeline_pen_add (&pen, x, last = qs_timeline_value_y (frame, value));
      if (time > draw->to)
        break;
    }
  qs_timeline_pen_stroke (&pen);
}

/* --- What holds a sender back --- */

static const char *const limit_names[QS_N_TIMELINE_LIMITS] = {
  [QS_TIMELINE_BY_WINDOW] = N_ ("window full"),
  [QS_TIMELINE_BY_FLOW] = N_ ("flow control"),
  [QS_TIMELINE_BY_LOSS] = N_ ("loss"),
  [QS_TIMELINE_BY_APP] = N_ ("nothing to send"),
};

const char *
qs_timeline_limit_name (QsTimelineLimit limit)
{
  return limit_names[limit];
}

/* Slanted lines within a box; slope 1 rises, -1 falls. They meet from one piece to the next. */
static void
hatch (cairo_t *cr, double x, double y, double width, double height, double step, double slope)
{
  for (double at = floor ((x - height) / step) * step; at < x + width + height; at += step)
    {
      cairo_move_to (cr, at, slope > 0 ? y + height : y);
      cairo_line_to (cr, at + height, slope > 0 ? y : y + height);
    }
  cairo_stroke (cr);
}

void
qs_timeline_fill_limit (QsTimelineDraw *draw, QsTimelineLimit limit, double x, double y, double width, double height)
{
  const QsColour *colours[QS_N_TIMELINE_LIMITS] = { &draw->colours->background, &draw->colours->warning,
                                                    &draw->colours->danger, &draw->colours->packets[QS_PACKET_0RTT],
                                                    &draw->colours->dim };
  double step = HATCH * draw->s;
  cairo_t *cr = draw->cr;

  if (limit == QS_TIMELINE_FREE)
    return;
  cairo_save (cr);
  cairo_rectangle (cr, x, y, width, height);
  cairo_clip (cr);
  qs_colour_set (colours[limit], cr);
  cairo_set_dash (cr, NULL, 0, 0);
  cairo_set_line_width (cr, 1.2 * draw->s);
  if (limit == QS_TIMELINE_BY_WINDOW) /* whole */
    cairo_paint (cr);
  else if (limit == QS_TIMELINE_BY_APP) /* a line alone */
    {
      cairo_rectangle (cr, x, y + height / 2 - draw->s, width, 2 * draw->s);
      cairo_fill (cr);
    }
  else
    hatch (cr, x, y, width, height, step, 1);
  if (limit == QS_TIMELINE_BY_LOSS) /* crossed */
    hatch (cr, x, y, width, height, step, -1);
  cairo_restore (cr);
}

static gint64
column_time (QsTimeline *self, double x, double step)
{
  return qs_timeline_x_to_time (self, x + step / 2);
}

void
qs_timeline_draw_held (QsTimelineDraw *draw, const QsTimelineFrame *frame)
{
  double step = draw->s, row = (frame->bottom - frame->top) / 2, height = row * 0.7;

  for (guint side = 0; side < 2; side++)
    {
      double y = frame->top + side * row + (row - height) / 2, began = frame->left;
      QsTimelineLimit current = QS_TIMELINE_FREE;

      for (double x = frame->left; x < frame->right; x += step)
        {
          QsTimelineLimit limit = qs_timeline_find_limit (draw->timeline, side, column_time (draw->timeline, x, step));
          if (limit == current)
            continue;
          qs_timeline_fill_limit (draw, current, began, y, x - began, height);
          current = limit;
          began = x;
        }
      qs_timeline_fill_limit (draw, current, began, y, frame->right - began, height);
    }
}

guint
qs_timeline_list_limits (QsTimeline *self)
{
  gint64 from, to;
  guint limits = 0;

  qs_timeline_get_range (self, &from, &to);
  for (guint i = 0; i < MOST_COLUMNS; i++)
    for (guint side = 0; side < 2; side++)
      limits |=
          1u << qs_timeline_find_limit (self, side, from + (gint64) ((double) (to - from) * (i + 0.5) / MOST_COLUMNS));
  return limits;
}

/* --- Round trips --- */

static double
rtt_value (const QsRttSample *sample, guint which)
{
  return (double) (which == 1 ? sample->smoothed : sample->minimum);
}

/* Of a column as wide as a dot: which places have one. Those that touch are filled at once. */
typedef struct {
  double x, size;
  guint n_cells;
  guint8 cells[512];
} DotColumn;

static void
flush_column (QsTimelineDraw *draw, const QsTimelineFrame *frame, DotColumn *column)
{
  for (guint i = 0; i < column->n_cells;)
    {
      guint first = i;

      while (i < column->n_cells && column->cells[i] != 0)
        column->cells[i++] = 0;
      if (i > first)
        {
          cairo_rectangle (draw->cr, column->x, round (frame->top) + first * column->size, column->size,
                           (i - first) * column->size);
          cairo_fill (draw->cr); /* by itself: one path of thousands is slow to fill */
        }
      else
        i++;
    }
}

/* So many that single ones are not made out: their number, and not the samples', is what drawing costs. */
static void
draw_many_dots (QsTimelineDraw *draw, const QsTimelineFrame *frame, const GArray *samples, guint first, guint behind)
{
  DotColumn column = { .size = MAX (round (3 * draw->s), 2) };
  double top = round (frame->top);

  column.n_cells = (guint) CLAMP (ceil ((frame->bottom - top) / column.size) + 1, 1, G_N_ELEMENTS (column.cells));
  for (guint i = first; i < behind; i++)
    {
      const QsRttSample *sample = &g_array_index (samples, QsRttSample, i);
      double x = floor (qs_timeline_time_to_x (draw->timeline, sample->time) / column.size) * column.size;
      double cell = (qs_timeline_value_y (frame, (double) sample->rtt) - top) / column.size;

      if (x != column.x)
        flush_column (draw, frame, &column);
      column.x = x;
      column.cells[(guint) CLAMP (cell, 0, column.n_cells - 1)] = 1;
    }
  flush_column (draw, frame, &column);
}

static void
draw_dots (QsTimelineDraw *draw, const QsTimelineFrame *frame, const GArray *samples)
{
  guint first = qs_timeline_first_behind (samples, draw->from - 1);
  guint behind = qs_timeline_first_behind (samples, draw->to);
  double size = MAX (round (3 * draw->s), 2);

  if (behind - first > MAX_DOTS)
    {
      draw_many_dots (draw, frame, samples, first, behind);
      return;
    }
  for (guint i = first; i < behind; i++)
    {
      const QsRttSample *sample = &g_array_index (samples, QsRttSample, i);

      cairo_rectangle (draw->cr, round (qs_timeline_time_to_x (draw->timeline, sample->time) - size / 2),
                       round (qs_timeline_value_y (frame, (double) sample->rtt) - size / 2), size, size);
      cairo_fill (draw->cr);
    }
}

void
qs_timeline_draw_rtt (QsTimelineDraw *draw, const QsTimelineFrame *frame, guint which, const QsTimelineLine *line)
{
  const GArray *samples = qs_trace_get_metrics (draw->timeline->trace)->rtt;
  QsTimelinePen pen = { .cr = draw->cr, .dashed = line->dashed };

  qs_timeline_set_line (draw, line);
  if (which == 0)
    {
      draw_dots (draw, frame, samples);
      return;
    }
  for (guint i = qs_timeline_first_behind (samples, draw->from - 1); i < samples->len; i++)
    {
      const QsRttSample *sample = &g_array_index (samples, QsRttSample, i);

      if (sample->time > draw->to)
        break;
      qs_timeline_pen_add (&pen, qs_timeline_time_to_x (draw->timeline, sample->time),
                           qs_timeline_value_y (frame, rtt_value (sample, which)));
    }
  qs_timeline_pen_stroke (&pen);
}
