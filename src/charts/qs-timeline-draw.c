/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-chart-axis.h"
#include "charts/qs-chart-text.h"
#include "charts/qs-timeline-draw-private.h"
#include "charts/qs-timeline-pen.h"

#define TITLE_POINTS 10.0
#define SMALL_POINTS 8.0
#define AXIS_WIDTH 78 /* for the values' words */
#define PANEL_GAP 30
#define MARGIN 14
#define HELD_HEIGHT 32.0 /* of two strips */
#define AXIS_HEIGHT 26
#define CROSS 7.0 /* of a lost packet */

typedef QsTimelineDraw Draw;
typedef QsTimelineLine Line;

/* --- Places --- */

static double
highest_bytes (QsTimeline *self)
{
  guint64 sums[2] = { 0 };

  for (guint i = 0; i < self->bins->len; i++)
    {
      sums[0] += g_array_index (self->bins, QsTimelineBin, i).bytes[0];
      sums[1] += g_array_index (self->bins, QsTimelineBin, i).bytes[1];
    }
  return (double) MAX (sums[0], sums[1]);
}

static double
highest_flight (QsTimeline *self)
{
  const GArray *senders = qs_trace_get_metrics (self->trace)->sender;
  guint64 most = 0;

  for (guint side = 0; side < 2; side++)
    {
      const GArray *samples = qs_timeline_flight_of (self, side);

      for (guint i = 0; i < samples->len; i++)
        most = MAX (most, g_array_index (samples, QsFlightSample, i).bytes);
    }
  for (guint i = 0; i < senders->len; i++)
    most = MAX (most, (guint64) MAX (g_array_index (senders, QsSenderSample, i).congestion_window, 0));
  return (double) most;
}

static double
highest_rtt (QsTimeline *self)
{
  const GArray *samples = qs_trace_get_metrics (self->trace)->rtt;
  gint64 most = 0;

  for (guint i = 0; i < samples->len; i++)
    most = MAX (most, g_array_index (samples, QsRttSample, i).rtt);
  return (double) most;
}

void
qs_timeline_get_frame (QsTimeline *self, QsTimelinePanel panel, QsTimelineFrame *frame)
{
  double s = self->options.text_scale;
  double top = (self->options.title ? 30 : 0) * s, held = HELD_HEIGHT * s, gaps = QS_N_TIMELINE_PANELS * PANEL_GAP * s;
  double height =
      (self->options.height - top - AXIS_HEIGHT * s - MARGIN * s - gaps - held) / (QS_N_TIMELINE_PANELS - 1);
  double axis = AXIS_WIDTH * s, margin = MARGIN * s;

  frame->left = self->options.mirrored ? margin : axis;
  frame->right = self->options.width - (self->options.mirrored ? axis : margin);
  frame->top = top + PANEL_GAP * s * (panel + 1) + height * panel + (panel > QS_TIMELINE_HELD ? held - height : 0);
  frame->bottom = frame->top + (panel == QS_TIMELINE_HELD ? held : height);
  frame->max = 1;
}

double
qs_timeline_value_y (const QsTimelineFrame *frame, double value)
{
  return qs_chart_value_y (frame->top, frame->bottom, frame->max, value);
}

/* --- Axes --- */

static void
text (Draw *draw, const QsColour *colour, double points, gboolean bold, const char *words, double x, double y,
      double width, double height, QsChartTextAlign align)
{
  QsRectangle box = { x, y, width, height };

  qs_colour_set (colour, draw->cr);
  qs_chart_text_draw (draw->cr, draw->timeline->context, draw->timeline->font, points * draw->s, bold, words, &box,
                      align);
}

static void
draw_values (Draw *draw, QsTimelinePanel panel, const QsTimelineFrame *frame)
{
  gboolean mirrored = draw->timeline->options.mirrored;
  double part =
      frame->max / CLAMP (floor ((frame->bottom - frame->top) / (18 * draw->s)), 1, 4); /* that have room for words */
  double step = panel == QS_TIMELINE_RTT ? qs_timeline_round_up (part) : qs_timeline_round_up_bytes (part);
  double height = 14 * draw->s;
  double x = mirrored ? frame->right + 6 * draw->s : 0;

  for (double value = 0; value <= frame->max * 1.05; value += step)
    {
      double y = qs_timeline_value_y (frame, value);
      g_autofree char *words = panel == QS_TIMELINE_RTT    ? qs_text_duration ((gint64) value)
                               : panel == QS_TIMELINE_RATE ? qs_timeline_text_rate ((guint64) value)
                                                           : qs_text_size ((guint64) value);

      qs_chart_draw_grid_line (draw->cr, draw->colours, frame->left, y, frame->right, y);
      text (draw, &draw->colours->dim, SMALL_POINTS, FALSE, words, x, y - height / 2, (AXIS_WIDTH - 6) * draw->s,
            height, mirrored ? QS_CHART_TEXT_START : QS_CHART_TEXT_END);
    }
}

/* Whose strip is which. */
static void
draw_senders (Draw *draw, const QsTimelineFrame *frame)
{
  gboolean mirrored = draw->timeline->options.mirrored;
  const char *names[] = { _ ("client"), _ ("server") };
  double row = (frame->bottom - frame->top) / 2, x = mirrored ? frame->right + 6 * draw->s : 0;

  for (guint side = 0; side < 2; side++)
    text (draw, &draw->colours->dim, SMALL_POINTS, FALSE, names[side], x, frame->top + side * row,
          (AXIS_WIDTH - 6) * draw->s, row, mirrored ? QS_CHART_TEXT_START : QS_CHART_TEXT_END);
}

/* Steps of time, as many as have room for their words. */
static void
draw_times (Draw *draw, const QsTimelineFrame *first, const QsTimelineFrame *last)
{
  double span = (double) (draw->to - draw->from);
  double n = MAX (floor ((first->right - first->left) / (110 * draw->s)), 1);
  double step = qs_timeline_round_up (span / n);
  double start = ceil ((double) draw->from / step) * step;

  for (double time = start; time <= (double) draw->to; time += step)
    {
      double x = qs_timeline_time_to_x (draw->timeline, (gint64) time);
      g_autofree char *words = qs_text_duration ((gint64) time);

      for (QsTimelinePanel panel = 0; panel < QS_N_TIMELINE_PANELS; panel++)
        {
          QsTimelineFrame frame;

          qs_timeline_get_frame (draw->timeline, panel, &frame);
          qs_chart_draw_grid_line (draw->cr, draw->colours, x, frame.top, x, frame.bottom);
        }
      /* The last one would be cut off. */
      double left = CLAMP (x - 50 * draw->s, 0, draw->timeline->options.width - 82 * draw->s);
      text (draw, &draw->colours->dim, SMALL_POINTS, FALSE, words, left, last->bottom + 5 * draw->s, 100 * draw->s,
            16 * draw->s, QS_CHART_TEXT_CENTRE);
    }
}

/* --- Lines --- */

void
qs_timeline_set_line (Draw *draw, const Line *line)
{
  static const struct {
    int n;
    double dashes[6];
  } kinds[] = {
    [QS_TIMELINE_SOLID] = { 0, { 0 } },         [QS_TIMELINE_DASHES] = { 2, { 6, 4 } },
    [QS_TIMELINE_DOTS] = { 2, { 1.5, 2.5 } },   [QS_TIMELINE_DASHES_DOTS] = { 4, { 8, 3, 1.5, 3 } },
    [QS_TIMELINE_FAR_DOTS] = { 2, { 1.5, 7 } }, [QS_TIMELINE_DASHES_TWO_DOTS] = { 6, { 8, 3, 1.5, 3, 1.5, 3 } },
  };
  double dashes[6];

  for (int i = 0; i < kinds[line->dashed].n; i++)
    dashes[i] = kinds[line->dashed].dashes[i] * draw->s;
  qs_colour_set (line->colour, draw->cr);
  cairo_set_line_width (draw->cr, line->width * draw->s);
  cairo_set_dash (draw->cr, dashes, kinds[line->dashed].n, 0);
}

static void
draw_bytes (Draw *draw, const QsTimelineFrame *frame, guint side, const Line *line)
{
  QsTimeline *self = draw->timeline;
  QsTimelinePen pen = { .cr = draw->cr, .dashed = line->dashed };
  guint64 sum = 0;

  qs_timeline_set_line (draw, line);
  for (guint i = 0; i < self->bins->len; i++)
    {
      const QsTimelineBin *bin = &g_array_index (self->bins, QsTimelineBin, i);
      gint64 time = self->first + (gint64) i * self->bin;
      double x = qs_timeline_time_to_x (self, time);

      if (bin->bytes[side] == 0 && i > 0 && i + 1 < self->bins->len)
        continue;
      if (time >= draw->from && time <= draw->to)
        qs_timeline_pen_add (
            &pen, x, qs_timeline_value_y (frame, (double) sum)); /* a step, not a slope: nothing came in between */
      sum += bin->bytes[side];
      if (time >= draw->from && time <= draw->to)
        qs_timeline_pen_add (&pen, x, qs_timeline_value_y (frame, (double) sum));
    }
  qs_timeline_pen_stroke (&pen);
}

static void
note_loss_cb (gint64 time, gpointer data)
{
  *(gboolean *) data = TRUE;
}

static gboolean
has_losses (QsTimeline *self)
{
  gboolean any = FALSE;

  qs_timeline_foreach_lost (self, note_loss_cb, &any);
  return any;
}

static void
draw_cross (cairo_t *cr, double x, double y, double length)
{
  cairo_move_to (cr, x - length / 2, y - length / 2);
  cairo_line_to (cr, x + length / 2, y + length / 2);
  cairo_move_to (cr, x + length / 2, y - length / 2);
  cairo_line_to (cr, x - length / 2, y + length / 2);
}

/* Places of crosses, as near to each other as they are told apart. */
typedef struct {
  const Draw *draw;
  double left, width; /* of a place */
  guint n;
  guint8 *taken;
} Crosses;

static void
place_cross_cb (gint64 time, gpointer data)
{
  Crosses *self = data;

  if (time < self->draw->from || time > self->draw->to)
    return;
  double place = (qs_timeline_time_to_x (self->draw->timeline, time) - self->left) / self->width;
  self->taken[(guint) CLAMP (place, 0, self->n - 1)] = 1;
}

/* Where packets were lost: crosses at the foot. */
static void
draw_losses (Draw *draw, const QsTimelineFrame *frame)
{
  double length = CROSS * draw->s;
  Crosses crosses = { .draw = draw, .left = frame->left, .width = 2 * draw->s };

  crosses.n = (guint) MAX (ceil ((frame->right - frame->left) / crosses.width), 1);
  g_autofree guint8 *taken = crosses.taken = g_new0 (guint8, crosses.n);
  qs_timeline_foreach_lost (draw->timeline, place_cross_cb, &crosses);
  qs_colour_set (&draw->colours->danger, draw->cr);
  cairo_set_dash (draw->cr, NULL, 0, 0);
  cairo_set_line_width (draw->cr, 1.6 * draw->s);
  for (guint i = 0; i < crosses.n; i++)
    {
      if (taken[i] == 0)
        continue;
      draw_cross (draw->cr, frame->left + (i + 0.5) * crosses.width, frame->bottom - 1 - length / 2, length);
      cairo_stroke (draw->cr); /* by itself: a path of many is slow */
    }
}

static void
draw_flight (Draw *draw, const QsTimelineFrame *frame, guint side, const Line *line)
{
  const GArray *samples = qs_timeline_flight_of (draw->timeline, side);
  guint i = qs_timeline_first_behind (samples, draw->from);
  QsTimelinePen pen = { .cr = draw->cr, .dashed = line->dashed };
  double last = qs_timeline_value_y (frame, 0);

  qs_timeline_set_line (draw, line);
  for (i = i > 0 ? i - 1 : 0; i < samples->len; i++)
    {
      const QsFlightSample *sample = &g_array_index (samples, QsFlightSample, i);
      double x = qs_timeline_time_to_x (draw->timeline, CLAMP (sample->time, draw->from, draw->to));

      qs_timeline_pen_add (&pen, x, last);
      last = qs_timeline_value_y (frame, (double) sample->bytes);
      if (sample->time > draw->to)
        break;
      qs_timeline_pen_add (&pen, x, last);
    }
  qs_timeline_pen_stroke (&pen);
}

/* What a log's sender says of itself: 2 its window, 3 its threshold, which is often beyond all that was sent. */
static void
draw_sender (Draw *draw, const QsTimelineFrame *frame, guint which, const Line *line)
{
  const GArray *samples = qs_trace_get_metrics (draw->timeline->trace)->sender;
  guint i = qs_timeline_first_behind (samples, draw->from);
  QsTimelinePen pen = { .cr = draw->cr, .dashed = line->dashed };
  double last = -1;

  qs_timeline_set_line (draw, line);
  for (i = i > 0 ? i - 1 : 0; i <= samples->len; i++)
    {
      const QsSenderSample *sample = i < samples->len ? &g_array_index (samples, QsSenderSample, i) : NULL;
      gint64 time = sample != NULL ? CLAMP (sample->time, draw->from, draw->to) : MIN (draw->to, draw->timeline->last);
      gint64 value = sample == NULL ? -1 : which == 2 ? sample->congestion_window : sample->ssthresh;
      double x = qs_timeline_time_to_x (draw->timeline, time);

      if (last >= 0)
        qs_timeline_pen_add (&pen, x, last);
      if (value >= 0)
        qs_timeline_pen_add (&pen, x, last = qs_timeline_value_y (frame, (double) value));
      if (sample != NULL && sample->time > draw->to)
        break;
    }
  qs_timeline_pen_stroke (&pen);
}

/* --- Panels --- */

typedef struct {
  const char *title;
  double (*highest) (QsTimeline *self);
  void (*draw) (Draw *draw, const QsTimelineFrame *frame, guint which, const Line *line);
  guint n_lines;
  const char *names[6];
} Panel;

static const Panel panels[QS_N_TIMELINE_PANELS] = {
  [QS_TIMELINE_BYTES] = { N_ ("Bytes sent"),
                          highest_bytes,
                          draw_bytes,
                          2,
                          { N_ ("by the client"), N_ ("by the server") } },
  [QS_TIMELINE_RATE] = { N_ ("Throughput"),
                         qs_timeline_highest_rate,
                         qs_timeline_draw_rate,
                         2,
                         { N_ ("by the client"), N_ ("by the server") } },
  [QS_TIMELINE_CREDIT] = { N_ ("Flow control"),
                           qs_timeline_highest_credit,
                           qs_timeline_draw_credit,
                           6,
                           { N_ ("client"), N_ ("server"), NULL, N_ ("allowed"), NULL, N_ ("on the stream") } },
  [QS_TIMELINE_FLIGHT] = { N_ ("Bytes in flight"),
                           highest_flight,
                           draw_flight,
                           4,
                           { N_ ("from the client"), N_ ("from the server"), N_ ("window"), N_ ("threshold") } },
  [QS_TIMELINE_HELD] = { N_ ("What holds the sender back"), NULL, NULL, 0, { NULL } },
  [QS_TIMELINE_RTT] = { N_ ("Round trip"),
                        highest_rtt,
                        qs_timeline_draw_rtt,
                        3,
                        { N_ ("samples"), N_ ("smoothed"), N_ ("least") } },
};

static Line
line_of (const Draw *draw, QsTimelinePanel panel, guint which)
{
  const QsColour *first = &draw->colours->packets[QS_PACKET_HANDSHAKE],
                 *second = &draw->colours->packets[QS_PACKET_INITIAL];
  const char *name = panels[panel].names[which];

  if (panel == QS_TIMELINE_RTT)
    return (Line){ name, which == 0 ? &draw->colours->dim : which == 1 ? first : second, which == 2, 1.8 };
  if (panel == QS_TIMELINE_CREDIT && which >= 2)
    return (Line){ name, which % 2 == 0 ? first : second, QS_TIMELINE_SOLID + which, 1.4 };
  if (which >= 2)
    return (Line){ name, which == 2 ? &draw->colours->text : &draw->colours->dim, which == 3, 1.4 };
  return (Line){ name, which == 0 ? first : second, which == 1, 2 };
}

/* Lines that only a log has, and limits that only a connection has whose parameters were seen. */
static gboolean
is_shown (QsTimeline *self, QsTimelinePanel panel, guint which)
{
  if (panel == QS_TIMELINE_CREDIT)
    return which < 2 ? qs_timeline_credit_of (self, which)->samples->len > 0 : qs_timeline_has_credit (self);
  if (panel != QS_TIMELINE_FLIGHT || which < 2)
    return TRUE;
  return which == 2 ? qs_timeline_has_window (self) : qs_timeline_has_threshold (self);
}

static void
draw_sample (Draw *draw, const Line *line, gboolean dot, double x, double end, double y)
{
  qs_timeline_set_line (draw, line);
  if (dot)
    {
      cairo_rectangle (draw->cr, round ((x + end) / 2), round (y - 2 * draw->s), 4 * draw->s, 4 * draw->s);
      cairo_fill (draw->cr);
    }
  else
    {
      cairo_move_to (draw->cr, x, y);
      cairo_line_to (draw->cr, end, y);
      cairo_stroke (draw->cr);
    }
}

/* What a panel shows besides its lines, and what that means. */
typedef struct {
  const char *name;
  gboolean cross;        /* of a lost packet */
  QsTimelineLimit limit; /* else */
} Extra;

static guint
list_extras (const Draw *draw, QsTimelinePanel panel, Extra extras[QS_N_TIMELINE_LIMITS])
{
  guint limits = panel == QS_TIMELINE_HELD ? qs_timeline_list_limits (draw->timeline) : 0;
  guint n = 0;

  if (panel == QS_TIMELINE_BYTES && has_losses (draw->timeline))
    extras[n++] = (Extra){ N_ ("packets lost"), TRUE, 0 };
  for (guint limit = QS_TIMELINE_FREE + 1; limit < QS_N_TIMELINE_LIMITS; limit++)
    if ((limits & 1u << limit) != 0)
      extras[n++] = (Extra){ qs_timeline_limit_name (limit), FALSE, limit };
  return n;
}

static void
draw_extra (Draw *draw, const Extra *extra, double x, double end, double y)
{
  const Line cross = { NULL, &draw->colours->danger, QS_TIMELINE_SOLID, 1.6 };

  if (extra->cross)
    {
      qs_timeline_set_line (draw, &cross);
      draw_cross (draw->cr, (x + end) / 2, y, CROSS * draw->s);
      cairo_stroke (draw->cr);
    }
  else
    qs_timeline_fill_limit (draw, extra->limit, MIN (x, end), y - 5 * draw->s, fabs (end - x), 10 * draw->s);
}

/* How wide the names of a panel's lines are, with a piece of each and what is between. */
static double
legend_width (const Draw *draw, QsTimelinePanel panel, const Extra *extras, guint n_all)
{
  double total = 0;

  for (guint i = 0; i < n_all; i++)
    {
      guint n = panels[panel].n_lines;
      const char *name = i < n ? panels[panel].names[i] : extras[i - n].name;
      double width = 0, height;
      if (i < n && !is_shown (draw->timeline, panel, i))
        continue;
      if (name != NULL)
        g_object_unref (qs_chart_text_layout (draw->timeline->context, draw->timeline->font, SMALL_POINTS * draw->s, 0,
                                              _ (name), 200 * draw->s, &width, &height));
      total += width + (i < n || panel == QS_TIMELINE_HELD ? 26 : 12) * draw->s + (name != NULL ? 24 : 6) * draw->s;
    }
  return total;
}

/* The panel's name, and its lines' names behind a piece of each; where they have no room, nearer to each other. */
static void
draw_panel_title (Draw *draw, QsTimelinePanel panel, const QsTimelineFrame *frame)
{
  Extra extras[QS_N_TIMELINE_LIMITS];
  gboolean mirrored = draw->timeline->options.mirrored;
  double y = frame->top - 22 * draw->s, height = 18 * draw->s;
  double x = mirrored ? frame->right : frame->left, direction = mirrored ? -1 : 1;
  const char *title = _ (panels[panel].title);
  guint n = panels[panel].n_lines, n_all = n + list_extras (draw, panel, extras);
  double width, used;
  g_autoptr (PangoLayout) layout = qs_chart_text_layout (
      draw->timeline->context, draw->timeline->font, TITLE_POINTS * draw->s, 1000, title, 300 * draw->s, &width, &used);

  text (draw, &draw->colours->text, TITLE_POINTS, TRUE, title, mirrored ? x - width : x, y, width + 1, height,
        QS_CHART_TEXT_START);
  double room = frame->right - frame->left - width - 24 * draw->s;
  double near = legend_width (draw, panel, extras, n_all) > room ? 0.4 : 1;
  x += direction * (width + 24 * near * draw->s);
  for (guint i = 0; i < n_all; i++)
    {
      if (i < n && !is_shown (draw->timeline, panel, i))
        continue;
      double end =
          x + direction * (i < n || panel == QS_TIMELINE_HELD ? (near < 1 ? 16 : 26) : 12) * draw->s; /* two dashes */
      const char *name = i < n ? panels[panel].names[i] : extras[i - n].name;

      if (name == NULL) /* it is told of with the next one */
        {
          if ((mirrored ? x - frame->left : frame->right - x) < 160 * draw->s)
            return;
          Line line = line_of (draw, panel, i);
          draw_sample (draw, &line, FALSE, x, end, y + height / 2);
          x = end + direction * 6 * draw->s;
          continue;
        }
      name = _ (name);
      g_autoptr (PangoLayout) words = qs_chart_text_layout (
          draw->timeline->context, draw->timeline->font, SMALL_POINTS * draw->s, 0, name, 200 * draw->s, &width, &used);

      if (fabs (end - x) + 6 * draw->s + width > (mirrored ? x - frame->left : frame->right - x)) /* not half of it */
        return;
      if (i < n)
        {
          Line line = line_of (draw, panel, i);
          draw_sample (draw, &line, panel == QS_TIMELINE_RTT && i == 0, x, end, y + height / 2);
        }
      else
        draw_extra (draw, &extras[i - n], x, end, y + height / 2);
      end += direction * 6 * draw->s;
      text (draw, &draw->colours->text, SMALL_POINTS, FALSE, name, mirrored ? end - width : end, y, width + 1, height,
            QS_CHART_TEXT_START);
      x = end + direction * (width + 18 * near * draw->s);
    }
}

static gboolean
has_values (QsTimeline *self, QsTimelinePanel panel)
{
  switch (panel)
    {
    case QS_TIMELINE_FLIGHT:
      return qs_timeline_flight_of (self, 0)->len + qs_timeline_flight_of (self, 1)->len > 0;
    case QS_TIMELINE_RTT:
      return qs_trace_get_metrics (self->trace)->rtt->len > 0;
    case QS_TIMELINE_CREDIT:
      return qs_timeline_has_credit (self);
    case QS_TIMELINE_BYTES:
    case QS_TIMELINE_RATE:
    case QS_TIMELINE_HELD:
    case QS_N_TIMELINE_PANELS:
    default:
      return self->bins->len > 0;
    }
}

static void
draw_panel (Draw *draw, QsTimelinePanel panel)
{
  QsTimelineFrame frame;

  qs_timeline_get_frame (draw->timeline, panel, &frame);
  draw_panel_title (draw, panel, &frame);
  if (!has_values (draw->timeline, panel))
    {
      text (draw, &draw->colours->dim, SMALL_POINTS, FALSE, _ ("Nothing is known of this yet."), frame.left, frame.top,
            frame.right - frame.left, frame.bottom - frame.top, QS_CHART_TEXT_CENTRE);
      return;
    }
  if (panel == QS_TIMELINE_HELD)
    {
      draw_senders (draw, &frame);
      qs_timeline_draw_held (draw, &frame);
      return;
    }
  frame.max = MAX (panels[panel].highest (draw->timeline), 1);
  draw_values (draw, panel, &frame);
  cairo_save (draw->cr);
  cairo_rectangle (draw->cr, frame.left - 2, frame.top - 2, frame.right - frame.left + 4, frame.bottom - frame.top + 4);
  cairo_clip (draw->cr);
  for (guint i = 0; i < panels[panel].n_lines; i++)
    {
      Line line = line_of (draw, panel, i);
      if (is_shown (draw->timeline, panel, i))
        (panel == QS_TIMELINE_FLIGHT && i >= 2 ? draw_sender : panels[panel].draw) (draw, &frame, i, &line);
    }
  if (panel == QS_TIMELINE_BYTES)
    draw_losses (draw, &frame);
  cairo_restore (draw->cr);
}

void
qs_timeline_draw_cursor (QsTimeline *self, cairo_t *cr, const QsTimelineLook *look)
{
  QsTimelineFrame first, last;
  gint64 from, to;

  g_return_if_fail (self != NULL && cr != NULL && look != NULL && look->colours != NULL);

  qs_timeline_get_range (self, &from, &to);
  if (look->cursor < from || look->cursor > to)
    return;
  qs_timeline_get_frame (self, QS_TIMELINE_BYTES, &first);
  qs_timeline_get_frame (self, QS_TIMELINE_RTT, &last);
  double x = qs_timeline_time_to_x (self, look->cursor);
  cairo_save (cr);
  qs_colour_set (&look->colours->text, cr);
  cairo_set_dash (cr, (double[]){ 3, 3 }, 2, 0);
  cairo_set_line_width (cr, 1.2 * self->options.text_scale);
  cairo_move_to (cr, x, first.top);
  cairo_line_to (cr, x, last.bottom);
  cairo_stroke (cr);
  cairo_restore (cr);
}

void
qs_timeline_draw (QsTimeline *self, cairo_t *cr, const QsTimelineLook *look)
{
  g_return_if_fail (self != NULL && cr != NULL && look != NULL && look->colours != NULL);

  Draw draw = { self, cr, look->colours, self->options.text_scale, 0, 0 };
  QsTimelineFrame first, last;

  qs_timeline_get_range (self, &draw.from, &draw.to);
  qs_timeline_get_frame (self, QS_TIMELINE_BYTES, &first);
  qs_timeline_get_frame (self, QS_TIMELINE_RTT, &last);
  cairo_save (cr);
  qs_colour_set (&look->colours->background, cr);
  cairo_paint (cr);
  if (self->options.title)
    {
      const char *title = qs_trace_get_title (self->trace);
      g_autofree char *escaped = qs_text_escape (title != NULL ? title : "", -1);

      text (&draw, &look->colours->text, TITLE_POINTS * 1.1, TRUE, escaped, 0, 6 * draw.s, self->options.width,
            22 * draw.s, QS_CHART_TEXT_CENTRE);
    }
  draw_times (&draw, &first, &last);
  for (QsTimelinePanel panel = 0; panel < QS_N_TIMELINE_PANELS; panel++)
    draw_panel (&draw, panel);
  if (look->cursor != G_MININT64)
    qs_timeline_draw_cursor (self, cr, look);
  cairo_restore (cr);
}
