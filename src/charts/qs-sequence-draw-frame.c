/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands behind and around the rows of a sequence diagram: bands, lanes, times. */
#include <math.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-sequence-draw-private.h"

void
qs_draw_text (QsDraw *draw, const QsColour *colour, double points, gboolean bold, const char *words,
              const QsRectangle *box, QsChartTextAlign align)
{
  if (!qs_draw_is_seen (draw, box->x, box->x + box->width))
    return;
  qs_colour_set (colour, draw->cr);
  qs_chart_text_draw (draw->cr, draw->layout->context, draw->layout->font, points * draw->s, bold, words, box, align);
}

/* Mirrored: a box that was placed from the left, and what its text aligns to. */
static QsRectangle
place (const QsDraw *draw, double x, double y, double width, double height)
{
  if (draw->layout->options.mirrored)
    x = draw->layout->options.width - x - width;
  return (QsRectangle){ x, y, width, height };
}

static QsChartTextAlign
align_for (const QsDraw *draw, QsChartTextAlign align)
{
  if (!draw->layout->options.mirrored || align == QS_CHART_TEXT_CENTRE)
    return align;
  return align == QS_CHART_TEXT_START ? QS_CHART_TEXT_END : QS_CHART_TEXT_START;
}

/* --- Bands --- */

QsColour
qs_draw_band_colour (const QsDraw *draw, QsPacketType level)
{
  return draw->colours->bands[level < QS_N_PACKET_TYPES ? level : QS_PACKET_UNKNOWN];
}

/* The name stands at the band's start; and at the top of what is seen of it, when that is out of sight. */
static void
draw_band_name (QsDraw *draw, QsPacketType level, double top, double bottom)
{
  QsSequenceLayout *layout = draw->layout;
  const char *name = qs_sequence_level_name (level);
  double height = layout->line2;
  double y = MAX (top, draw->look->top) + 3 * draw->s;
  double x = layout->own_is_client ? layout->options.width - layout->band_gutter : 6 * draw->s;
  QsRectangle box = place (draw, x, y, layout->band_gutter - 6 * draw->s, height);

  if (name == NULL || y + height > bottom)
    return;
  qs_draw_text (draw, &draw->colours->packets[level], QS_SEQUENCE_SMALL_POINTS, TRUE, name, &box,
                align_for (draw, layout->own_is_client ? QS_CHART_TEXT_END : QS_CHART_TEXT_START));
}

void
qs_draw_bands (QsDraw *draw, guint first, guint end)
{
  QsSequenceLayout *layout = draw->layout;

  for (guint i = first; i < end;)
    {
      guint8 level = qs_sequence_item (layout, i)->level;
      guint next = i;

      while (next < end && qs_sequence_item (layout, next)->level == level)
        next++;
      /* A band that began above the clip, or goes on below it, is drawn as far as it is seen. */
      double top = i == 0 ? layout->header_height : qs_sequence_item (layout, i)->top;
      double bottom = qs_sequence_item_bottom (layout, next - 1);
      QsColour colour = qs_draw_band_colour (draw, level);

      qs_colour_set (&colour, draw->cr);
      cairo_rectangle (draw->cr, 0, top, layout->options.width, bottom - top);
      cairo_fill (draw->cr);
      draw_band_name (draw, level, top, bottom);
      i = next;
    }
}

/* --- Lanes --- */

void
qs_draw_lanes (QsDraw *draw, double top, double bottom)
{
  cairo_set_dash (draw->cr, NULL, 0, 0);
  cairo_set_line_width (draw->cr, 2 * draw->s);
  qs_colour_set (&draw->colours->line, draw->cr);
  for (int client = 0; client < 2; client++)
    {
      double x = qs_sequence_lane_x (draw->layout, client == 1);

      cairo_move_to (draw->cr, x, top);
      cairo_line_to (draw->cr, x, bottom);
    }
  cairo_stroke (draw->cr);
}

static char *
lane_address (QsSequenceLayout *layout, gboolean client)
{
  const QsPath *path = qs_trace_get_path (layout->trace, layout->path);
  GSocketAddress *address = NULL;

  if (path != NULL)
    address = client == layout->own_is_client ? path->local : path->remote;
  return qs_sequence_address_text (address);
}

static void
draw_lane_title (QsDraw *draw, gboolean client, double y)
{
  QsSequenceLayout *layout = draw->layout;
  g_autofree char *address = lane_address (layout, client);
  double height = layout->line1 + layout->line2 + layout->gap;
  double x = qs_sequence_lane_x (layout, client);
  double edge = MIN (x, layout->options.width - x) - 6 * draw->s;
  double between = fabs (qs_sequence_lane_x (layout, !client) - x) / 2 - 3 * draw->s;
  double width = 2 * MIN (MIN (edge, between), 118 * draw->s);
  QsRectangle box = { x - width / 2, y, width, height };
  QsRectangle first = { box.x + 4, y + layout->gap / 2, width - 8, layout->line1 };
  QsRectangle second = { box.x + 4, first.y + layout->line1, width - 8, layout->line2 };

  qs_chart_round_rectangle (draw->cr, &box, 6 * draw->s);
  qs_colour_set (&draw->colours->panel, draw->cr);
  cairo_fill_preserve (draw->cr);
  cairo_set_dash (draw->cr, NULL, 0, 0);
  cairo_set_line_width (draw->cr, 1.2 * draw->s);
  qs_colour_set (&draw->colours->line, draw->cr);
  cairo_stroke (draw->cr);
  if (address[0] == '\0')
    first.height += layout->line2;
  qs_draw_text (draw, &draw->colours->text, QS_SEQUENCE_TITLE_POINTS, TRUE, client ? _ ("Client") : _ ("Server"),
                &first, QS_CHART_TEXT_CENTRE);
  qs_draw_text (draw, &draw->colours->dim, QS_SEQUENCE_SMALL_POINTS, FALSE, address, &second, QS_CHART_TEXT_CENTRE);
}

/* Both ends: by whose clock. In the room between the lanes' titles. */
static void
draw_clocks (QsDraw *draw, double top, double height)
{
  QsSequenceLayout *layout = draw->layout;
  const char *words = qs_sequence_clocks_text (layout);
  double left = qs_sequence_lane_x (layout, !layout->options.mirrored) + 124 * draw->s;
  double right = qs_sequence_lane_x (layout, layout->options.mirrored) - 124 * draw->s;
  QsRectangle box = { left, top, right - left, height };

  /* A word or two of them tell nothing. */
  if (words != NULL && box.width >= 90 * draw->s)
    qs_draw_text (draw, &draw->colours->dim, QS_SEQUENCE_SMALL_POINTS, FALSE, words, &box, QS_CHART_TEXT_CENTRE);
}

void
qs_draw_header (QsDraw *draw, double y)
{
  QsSequenceLayout *layout = draw->layout;
  double box_height = layout->line1 + layout->line2 + layout->gap;
  double top = y + layout->header_height - box_height - layout->gap;

  if (layout->options.title)
    {
      const char *title = qs_trace_get_title (layout->trace);
      g_autofree char *escaped = qs_text_escape (title != NULL ? title : "", -1);
      QsRectangle box = { layout->gap, y + layout->gap, layout->options.width - 2 * layout->gap, layout->line1 };

      qs_draw_text (draw, &draw->colours->text, QS_SEQUENCE_TITLE_POINTS * 1.1, TRUE, escaped, &box,
                    QS_CHART_TEXT_CENTRE);
    }
  qs_draw_lanes (draw, top + box_height, y + layout->header_height);
  draw_lane_title (draw, TRUE, top);
  draw_lane_title (draw, FALSE, top);
  draw_clocks (draw, top, box_height);
}

/* --- Times --- */

/* FALSE: it would stand in another one. */
static gboolean
take_place_for_time (QsDraw *draw, gboolean own, double y)
{
  guint n = draw->times[own != FALSE].n;

  for (guint i = 0; i < MIN (n, QS_TIMES_KEPT); i++)
    {
      if (fabs (y - draw->times[own != FALSE].y[i]) < draw->layout->line2)
        return FALSE;
    }
  draw->times[own != FALSE].y[n % QS_TIMES_KEPT] = y;
  draw->times[own != FALSE].n = n + 1;
  return TRUE;
}

void
qs_draw_time (QsDraw *draw, gboolean own, gint64 time, double y)
{
  QsSequenceLayout *layout = draw->layout;
  g_autofree char *words = qs_sequence_time_text (time);
  double lane = qs_sequence_lane_x (layout, layout->own_is_client == own);
  gboolean at_left = lane < layout->options.width / 2;
  double tick = 46 * draw->s, width = layout->gutter - 4 * draw->s;
  double edge = lane + (at_left ? -tick : tick); /* where the words end, or begin */
  QsRectangle box = { at_left ? edge - width : edge, y - layout->line2 / 2, width, layout->line2 };

  if (!take_place_for_time (draw, own, y))
    return;
  qs_draw_text (draw, &draw->colours->dim, QS_SEQUENCE_SMALL_POINTS, FALSE, words, &box,
                at_left ? QS_CHART_TEXT_END : QS_CHART_TEXT_START);
  cairo_set_dash (draw->cr, NULL, 0, 0);
  cairo_set_line_width (draw->cr, 1);
  qs_colour_set (&draw->colours->line, draw->cr);
  cairo_move_to (draw->cr, edge + (at_left ? 3 : -3) * draw->s, y);
  cairo_line_to (draw->cr, lane, y);
  cairo_stroke (draw->cr);
}
