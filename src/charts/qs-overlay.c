/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-overlay.h"

#include <math.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-chart-axis.h"
#include "charts/qs-chart-text.h"
#include "charts/qs-timeline-pen.h"
#include "charts/qs-timeline-private.h"

#define N_MOMENTS 512
#define NEARLY_ALL 0.98 /* of the bytes: a connection that is kept open is silent behind them, for long */
#define BEHIND 1.25     /* so much further the axis goes */
#define TITLE_POINTS 10.0
#define SMALL_POINTS 8.0
#define AXIS_WIDTH 78.0
#define PANEL_GAP 28.0
#define LEGEND_LINE 20.0
#define MARGIN 14.0
#define AXIS_HEIGHT 26.0

typedef struct {
  QsTimeline *timeline;
  gint64 start;
  char *name;
  gint64 values[QS_N_OVERLAY_PANELS][N_MOMENTS]; /* -1: none */
} Series;

struct _QsOverlay {
  Series series[QS_OVERLAY_MOST];
  guint n;
  guint next; /* series * moments: what is looked up */
  gint64 span;
  QsOverlayOptions options;
  char *font;
  PangoContext *context;
};

/* --- Values --- */

/* When nearly all bytes of it were there, since its start. */
static gint64
nearly_all (const Series *series)
{
  const QsTimeline *timeline = series->timeline;
  guint64 all = 0, sum = 0;
  guint i;

  for (i = 0; i < timeline->bins->len; i++)
    {
      const QsTimelineBin *bin = &g_array_index (timeline->bins, QsTimelineBin, i);
      all += bin->bytes[0] + bin->bytes[1];
    }
  for (i = 0; i < timeline->bins->len && (double) sum < NEARLY_ALL * (double) all; i++)
    {
      const QsTimelineBin *bin = &g_array_index (timeline->bins, QsTimelineBin, i);
      sum += bin->bytes[0] + bin->bytes[1];
    }
  return MAX (timeline->first + (gint64) i * timeline->bin - series->start, 0);
}

static void
find_span (QsOverlay *self)
{
  self->span = 1000;
  for (guint i = 0; i < self->n; i++)
    self->span = MAX (self->span, (gint64) (BEHIND * (double) nearly_all (&self->series[i])));
}

static gint64
moment_time (const QsOverlay *self, guint moment)
{
  return (gint64) ((double) self->span * moment / (N_MOMENTS - 1));
}

/* Behind its last packet a trace has no values. */
static void
look_up (QsOverlay *self, Series *series, guint moment)
{
  gint64 time = series->start + moment_time (self, moment);
  gint64 step = self->span / N_MOMENTS + series->timeline->bin;
  static const QsTimelinePanel panels[QS_N_OVERLAY_PANELS] = { QS_TIMELINE_BYTES, QS_TIMELINE_FLIGHT, QS_TIMELINE_RTT };
  QsTimelineHit hit;

  for (guint panel = 0; panel < QS_N_OVERLAY_PANELS; panel++)
    {
      qs_timeline_look_at (series->timeline, panels[panel], time, &hit);
      gint64 value = panel == QS_OVERLAY_RTT ? (gint64) hit.values[1] : (gint64) (hit.values[0] + hit.values[1]);
      series->values[panel][moment] = hit.has_value && time <= series->timeline->last + step ? value : -1;
    }
}

gboolean
qs_overlay_advance (QsOverlay *self, gint64 deadline)
{
  g_return_val_if_fail (self != NULL, TRUE);

  for (guint i = 0; i < self->n && self->span == 0; i++)
    if (!qs_timeline_advance (self->series[i].timeline, deadline))
      return FALSE;
  if (self->span == 0)
    find_span (self);
  for (; self->next < self->n * N_MOMENTS; self->next++)
    {
      if (deadline != 0 && g_get_monotonic_time () >= deadline)
        return FALSE;
      look_up (self, &self->series[self->next / N_MOMENTS], self->next % N_MOMENTS);
    }
  return TRUE;
}

gint64
qs_overlay_get_span (QsOverlay *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->span;
}

gint64
qs_overlay_get_value (QsOverlay *self, guint of, QsOverlayPanel panel, gint64 time)
{
  g_return_val_if_fail (self != NULL && of < self->n && panel < QS_N_OVERLAY_PANELS, -1);

  if (time < 0 || time > self->span || self->span == 0)
    return -1;
  return self->series[of].values[panel][(guint) ((double) time / (double) self->span * (N_MOMENTS - 1))];
}

/* --- Construction --- */

void
qs_overlay_set_options (QsOverlay *self, const QsOverlayOptions *options)
{
  g_return_if_fail (self != NULL && options != NULL);

  double scale = options->text_scale > 0 ? options->text_scale : 1;
  g_autofree char *font = g_strdup (options->font != NULL ? options->font : "Sans");
  self->options = *options;
  self->options.text_scale = scale;
  self->options.width = CLAMP (options->width, 320 * scale, 16384);
  self->options.height = CLAMP (options->height, 240 * scale, 16384);
  g_free (self->font);
  self->options.font = self->font = g_steal_pointer (&font);
}

const QsOverlayOptions *
qs_overlay_get_options (QsOverlay *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return &self->options;
}

QsOverlay *
qs_overlay_new (QsTrace *const *traces, const gint64 *starts, const char *const *names, guint n,
                const QsOverlayOptions *options)
{
  static const QsOverlayOptions defaults = { .width = 900, .height = 600, .text_scale = 1 };

  g_return_val_if_fail (traces != NULL && starts != NULL && names != NULL && n <= QS_OVERLAY_MOST, NULL);

  QsOverlay *self = g_new0 (QsOverlay, 1);
  self->n = n;
  for (guint i = 0; i < n; i++)
    {
      self->series[i].timeline = qs_timeline_new (traces[i], NULL);
      self->series[i].start = starts[i];
      self->series[i].name = g_strdup (names[i]);
    }
  self->context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  qs_overlay_set_options (self, options != NULL ? options : &defaults);
  return self;
}

void
qs_overlay_free (QsOverlay *self)
{
  for (guint i = 0; i < self->n; i++)
    {
      qs_timeline_free (self->series[i].timeline);
      g_free (self->series[i].name);
    }
  g_object_unref (self->context);
  g_free (self->font);
  g_free (self);
}

/* --- Drawing --- */

typedef struct {
  QsOverlay *overlay;
  cairo_t *cr;
  const QsChartColours *colours;
  double s;
} Draw;

typedef struct {
  double left, right, top, bottom;
  double most;
} Frame;

static void
get_frame (const QsOverlay *self, guint panel, Frame *frame)
{
  double s = self->options.text_scale, axis = AXIS_WIDTH * s, margin = MARGIN * s;
  double top = (self->n * LEGEND_LINE + MARGIN) * s;
  double height = (self->options.height - top - (AXIS_HEIGHT + MARGIN) * s) / QS_N_OVERLAY_PANELS;

  frame->left = self->options.mirrored ? margin : axis;
  frame->right = self->options.width - (self->options.mirrored ? axis : margin);
  frame->top = top + height * panel + PANEL_GAP * s;
  frame->bottom = top + height * (panel + 1);
  frame->most = 1;
  for (guint i = 0; i < self->n; i++)
    for (guint moment = 0; moment < N_MOMENTS; moment++)
      frame->most = MAX (frame->most, (double) self->series[i].values[panel][moment]);
}

static double
time_x (const QsOverlay *self, const Frame *frame, gint64 time)
{
  double part = (double) time / (double) self->span;

  return frame->left + (frame->right - frame->left) * (self->options.mirrored ? 1 - part : part);
}

static double
value_y (const Frame *frame, double value)
{
  return qs_chart_value_y (frame->top, frame->bottom, frame->most, value);
}

static void
draw_text (Draw *draw, const QsColour *colour, double points, gboolean bold, const char *words, double x, double y,
           double width, QsChartTextAlign align)
{
  QsRectangle box = { x, y, width, 16 * draw->s };

  qs_colour_set (colour, draw->cr);
  qs_chart_text_draw (draw->cr, draw->overlay->context, draw->overlay->font, points * draw->s, bold, words, &box,
                      align);
}

static char *
duration_text (guint64 value)
{
  return qs_text_duration ((gint64) value);
}

static const struct {
  const char *title;
  char *(*format) (guint64 value);
  double (*round_up) (double value);
} panels[QS_N_OVERLAY_PANELS] = {
  [QS_OVERLAY_BYTES] = { N_ ("Bytes, both directions"), qs_text_size, qs_timeline_round_up_bytes },
  [QS_OVERLAY_FLIGHT] = { N_ ("Bytes in flight, both directions"), qs_text_size, qs_timeline_round_up_bytes },
  [QS_OVERLAY_RTT] = { N_ ("Round trip, smoothed"), duration_text, qs_timeline_round_up },
};

static void
draw_values (Draw *draw, guint panel, const Frame *frame)
{
  gboolean mirrored = draw->overlay->options.mirrored;
  double step = panels[panel].round_up (frame->most / 3), x = mirrored ? frame->right + 6 * draw->s : 0;

  for (double value = 0; value <= frame->most * 1.05; value += step)
    {
      double y = value_y (frame, value);
      g_autofree char *words = panels[panel].format ((guint64) value);
      qs_chart_draw_grid_line (draw->cr, draw->colours, frame->left, y, frame->right, y);
      draw_text (draw, &draw->colours->dim, SMALL_POINTS, FALSE, words, x, y - 8 * draw->s, (AXIS_WIDTH - 6) * draw->s,
                 mirrored ? QS_CHART_TEXT_START : QS_CHART_TEXT_END);
    }
}

static void
draw_times (Draw *draw, const Frame *frame, gboolean words)
{
  QsOverlay *self = draw->overlay;
  double n = MAX (floor ((frame->right - frame->left) / (110 * draw->s)), 1);
  double step = qs_timeline_round_up ((double) self->span / n);

  for (double time = 0; time <= (double) self->span; time += step)
    {
      double x = time_x (self, frame, (gint64) time);
      qs_chart_draw_grid_line (draw->cr, draw->colours, x, frame->top, x, frame->bottom);
      g_autofree char *text = qs_text_duration ((gint64) time);
      double left = CLAMP (x - 50 * draw->s, 0, self->options.width - 100 * draw->s);
      if (words)
        draw_text (draw, &draw->colours->dim, SMALL_POINTS, FALSE, text, left, frame->bottom + 5 * draw->s,
                   100 * draw->s, QS_CHART_TEXT_CENTRE);
    }
}

/* A colour and dashes of its own, so that colour is not alone. */
static void
set_line (Draw *draw, guint of)
{
  static const QsPacketType colours[] = { QS_PACKET_HANDSHAKE, QS_PACKET_INITIAL, QS_PACKET_RETRY, QS_PACKET_1RTT };
  static const double dashes[][4] = { { 0 }, { 7, 4, 7, 4 }, { 2, 3, 2, 3 }, { 9, 3, 2, 3 } };
  double scaled[4];

  G_STATIC_ASSERT (G_N_ELEMENTS (colours) == QS_OVERLAY_MOST && G_N_ELEMENTS (dashes) == QS_OVERLAY_MOST);
  for (guint i = 0; i < 4; i++)
    scaled[i] = dashes[of][i] * draw->s;
  qs_colour_set (&draw->colours->packets[colours[of]], draw->cr);
  cairo_set_line_width (draw->cr, 2 * draw->s);
  cairo_set_dash (draw->cr, scaled, of > 0 ? 4 : 0, 0);
}

static void
draw_series (Draw *draw, guint of, guint panel, const Frame *frame)
{
  const Series *series = &draw->overlay->series[of];
  QsTimelinePen pen = { .cr = draw->cr, .dashed = of > 0 };
  double last = -1;

  set_line (draw, of);
  for (guint moment = 0; moment < N_MOMENTS; moment++)
    {
      gint64 value = series->values[panel][moment];
      if (value < 0)
        continue;
      double x = time_x (draw->overlay, frame, moment_time (draw->overlay, moment));
      double y = value_y (frame, (double) value);
      if (last >= 0 && panel != QS_OVERLAY_RTT && y != last)
        qs_timeline_pen_add (&pen, x, last); /* a step, not a slope: nothing came in between */
      qs_timeline_pen_add (&pen, x, y);
      last = y;
    }
  qs_timeline_pen_stroke (&pen);
}

static void
draw_legend (Draw *draw)
{
  const QsOverlay *self = draw->overlay;
  double s = draw->s, width = self->options.width, piece = 34 * s;

  for (guint of = 0; of < self->n; of++)
    {
      double y = (MARGIN / 2 + of * LEGEND_LINE) * s, x = MARGIN * s;
      double from = self->options.mirrored ? width - x - piece : x;
      set_line (draw, of);
      cairo_move_to (draw->cr, from, y + 8 * s);
      cairo_line_to (draw->cr, from + piece, y + 8 * s);
      cairo_stroke (draw->cr);
      double gap = x + piece + 8 * s;
      draw_text (draw, &draw->colours->text, TITLE_POINTS, FALSE, self->series[of].name,
                 self->options.mirrored ? x : gap, y, width - gap - x,
                 self->options.mirrored ? QS_CHART_TEXT_END : QS_CHART_TEXT_START);
    }
}

void
qs_overlay_draw (QsOverlay *self, cairo_t *cr, const QsChartColours *colours)
{
  g_return_if_fail (self != NULL && cr != NULL && colours != NULL);

  Draw draw = { self, cr, colours, self->options.text_scale };
  qs_colour_set (&colours->background, cr);
  cairo_paint (cr);
  draw_legend (&draw);
  if (self->next < self->n * N_MOMENTS)
    return;
  for (guint panel = 0; panel < QS_N_OVERLAY_PANELS; panel++)
    {
      Frame frame;
      get_frame (self, panel, &frame);
      draw_text (&draw, &colours->text, TITLE_POINTS, TRUE, _ (panels[panel].title), frame.left,
                 frame.top - 22 * draw.s, frame.right - frame.left,
                 self->options.mirrored ? QS_CHART_TEXT_END : QS_CHART_TEXT_START);
      draw_values (&draw, panel, &frame);
      draw_times (&draw, &frame, panel + 1 == QS_N_OVERLAY_PANELS);
      for (guint of = 0; of < self->n; of++)
        draw_series (&draw, of, panel, &frame);
    }
}

/* --- In words --- */

static gint64
last_value (const Series *series, guint panel)
{
  for (guint moment = N_MOMENTS; moment > 0; moment--)
    if (series->values[panel][moment - 1] >= 0)
      return series->values[panel][moment - 1];
  return -1;
}

char *
qs_overlay_describe (QsOverlay *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_autoptr (GString) text = g_string_new (NULL);
  for (guint of = 0; of < self->n && self->next == self->n * N_MOMENTS; of++)
    {
      gint64 bytes = last_value (&self->series[of], QS_OVERLAY_BYTES),
             rtt = last_value (&self->series[of], QS_OVERLAY_RTT);
      g_autofree char *size = qs_text_size ((guint64) MAX (bytes, 0));
      g_autofree char *trip = qs_text_duration (MAX (rtt, 0));
      if (text->len > 0)
        g_string_append_c (text, '\n');
      if (rtt >= 0)
        g_string_append_printf (text, _ ("%s: %s in all, a round trip of %s"), self->series[of].name, size, trip);
      else
        g_string_append_printf (text, _ ("%s: %s in all"), self->series[of].name, size);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
