/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-chart-text.h"
#include "charts/qs-sequence-private.h"

#define LOST_AT 0.66 /* of the way, where a lost packet's arrow ends */

/* TO_SCALE, arrows cross: labels are drawn behind all arrows, on a ground of their own. */
typedef enum { PHASE_ARROWS = 1 << 0, PHASE_LABELS = 1 << 1, PHASE_ALL = PHASE_ARROWS | PHASE_LABELS } Phase;

typedef struct {
  QsSequenceLayout *layout;
  cairo_t *cr;
  const QsSequenceLook *look;
  const QsChartColours *colours;
  double s;           /* text scale */
  double last_time_y; /* of the last time in the gutter */
  const QsRectangle *clip;
  Phase phase;
} Draw;

static const QsItem *
item_at (const QsSequenceLayout *layout, guint index)
{
  return &g_array_index (layout->items, QsItem, index);
}

static void
text (Draw *draw, const QsColour *colour, double points, gboolean bold, const char *words, const QsRectangle *box,
      QsChartTextAlign align)
{
  qs_colour_set (colour, draw->cr);
  qs_chart_text_draw (draw->cr, draw->layout->context, draw->layout->font, points * draw->s, bold, words, box, align);
}

/* Mirrored: a box that was placed from the left, and what its text aligns to. */
static QsRectangle
place (const Draw *draw, double x, double y, double width, double height)
{
  if (draw->layout->options.mirrored)
    x = draw->layout->options.width - x - width;
  return (QsRectangle){ x, y, width, height };
}

static QsChartTextAlign
align_for (const Draw *draw, QsChartTextAlign align)
{
  if (!draw->layout->options.mirrored || align == QS_CHART_TEXT_CENTRE)
    return align;
  return align == QS_CHART_TEXT_START ? QS_CHART_TEXT_END : QS_CHART_TEXT_START;
}

/* --- Bands --- */

static QsColour
band_colour (const Draw *draw, QsPacketType level)
{
  return draw->colours->bands[level < QS_N_PACKET_TYPES ? level : QS_PACKET_UNKNOWN];
}

/* The name stands at the band's start; and at the top of what is seen of it, when that is out of sight. */
static void
draw_band_name (Draw *draw, QsPacketType level, double top, double bottom)
{
  QsSequenceLayout *layout = draw->layout;
  const char *name = qs_sequence_level_name (level);
  double height = layout->line2;
  double y = MAX (top, draw->clip->y) + 3 * draw->s;
  double x = layout->own_is_client ? layout->options.width - layout->band_gutter : 6 * draw->s;
  QsRectangle box = place (draw, x, y, layout->band_gutter - 6 * draw->s, height);

  if (name == NULL || y + height > bottom)
    return;
  text (draw, &draw->colours->packets[level], QS_SEQUENCE_SMALL_POINTS, TRUE, name, &box,
        align_for (draw, layout->own_is_client ? QS_CHART_TEXT_END : QS_CHART_TEXT_START));
}

static void
draw_bands (Draw *draw, guint first, guint end)
{
  QsSequenceLayout *layout = draw->layout;

  for (guint i = first; i < end;)
    {
      guint8 level = item_at (layout, i)->level;
      guint next = i;

      while (next < end && item_at (layout, next)->level == level)
        next++;
      /* A band that began above the clip, or goes on below it, is drawn as far as it is seen. */
      double top = i == 0 ? layout->header_height : item_at (layout, i)->top;
      double bottom = qs_sequence_item_bottom (layout, next - 1);
      QsColour colour = band_colour (draw, level);

      qs_colour_set (&colour, draw->cr);
      cairo_rectangle (draw->cr, 0, top, layout->options.width, bottom - top);
      cairo_fill (draw->cr);
      draw_band_name (draw, level, top, bottom);
      i = next;
    }
}

/* --- Lanes --- */

static void
draw_lanes (Draw *draw, double top, double bottom)
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
draw_lane_title (Draw *draw, gboolean client, double y)
{
  QsSequenceLayout *layout = draw->layout;
  g_autofree char *address = lane_address (layout, client);
  double height = layout->line1 + layout->line2 + layout->gap;
  double x = qs_sequence_lane_x (layout, client);
  double edge = MIN (x, layout->options.width - x) - 6 * draw->s;
  double width = 2 * MIN (edge, 118 * draw->s);
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
  text (draw, &draw->colours->text, QS_SEQUENCE_TITLE_POINTS, TRUE, client ? _ ("Client") : _ ("Server"), &first,
        QS_CHART_TEXT_CENTRE);
  text (draw, &draw->colours->dim, QS_SEQUENCE_SMALL_POINTS, FALSE, address, &second, QS_CHART_TEXT_CENTRE);
}

static void
draw_header (Draw *draw, double y)
{
  QsSequenceLayout *layout = draw->layout;
  double box_height = layout->line1 + layout->line2 + layout->gap;
  double top = y + layout->header_height - box_height - layout->gap;

  if (layout->options.title)
    {
      const char *title = qs_trace_get_title (layout->trace);
      g_autofree char *escaped = qs_text_escape (title != NULL ? title : "", -1);
      QsRectangle box = { layout->gap, y + layout->gap, layout->options.width - 2 * layout->gap, layout->line1 };

      text (draw, &draw->colours->text, QS_SEQUENCE_TITLE_POINTS * 1.1, TRUE, escaped, &box, QS_CHART_TEXT_CENTRE);
    }
  draw_lanes (draw, top + box_height, y + layout->header_height);
  draw_lane_title (draw, TRUE, top);
  draw_lane_title (draw, FALSE, top);
}

/* --- Times --- */

static void
draw_time (Draw *draw, const QsItem *item, double y, const QsColour *colour)
{
  QsSequenceLayout *layout = draw->layout;
  g_autofree char *words = qs_sequence_time_text (qs_sequence_item_time (layout, item));
  double width = layout->gutter - 4 * draw->s;
  double x = layout->own_is_client ? 0 : layout->options.width - layout->gutter + 4 * draw->s;
  QsRectangle box = place (draw, x, y - layout->line2 / 2, width, layout->line2);
  double lane = qs_sequence_lane_x (layout, layout->own_is_client);

  if (fabs (y - draw->last_time_y) < layout->line2)
    return;
  draw->last_time_y = y;
  text (draw, colour, QS_SEQUENCE_SMALL_POINTS, FALSE, words, &box,
        align_for (draw, layout->own_is_client ? QS_CHART_TEXT_END : QS_CHART_TEXT_START));
  cairo_set_dash (draw->cr, NULL, 0, 0);
  cairo_set_line_width (draw->cr, 1);
  qs_colour_set (&draw->colours->line, draw->cr);
  cairo_move_to (draw->cr, lane > layout->options.width / 2 ? box.x - 3 * draw->s : box.x + width + 3 * draw->s, y);
  cairo_line_to (draw->cr, lane, y);
  cairo_stroke (draw->cr);
}

/* --- Arrows --- */

typedef struct {
  double x0, y0, x1, y1; /* between the lanes' lines */
  double progress;       /* 0 to 1: how far it has got */
} Arrow;

static Arrow
find_arrow (const Draw *draw, const QsItem *item, guint side)
{
  Arrow arrow = { .progress = 1 };
  double lane = 3 * draw->s;

  qs_sequence_arrow (draw->layout, item, side, &arrow.x0, &arrow.y0, &arrow.x1, &arrow.y1);
  double inwards = arrow.x1 > arrow.x0 ? lane : -lane;
  arrow.x0 += inwards;
  arrow.x1 -= inwards;
  return arrow;
}

/* What is under way at the moment of a replay. */
static double
find_progress (const Draw *draw, const QsPacket *packet)
{
  gint64 left_at =
      packet->direction == QS_DIRECTION_SENT ? packet->time : packet->time - 2 * draw->layout->half_rtt / 2;

  if (draw->look->until == G_MAXINT64)
    return 1;
  return CLAMP ((double) (draw->look->until - left_at) / (double) MAX (draw->layout->half_rtt, 1), 0, 1);
}

static void
draw_line (Draw *draw, const Arrow *arrow, double to, gboolean head)
{
  double x = arrow->x0 + (arrow->x1 - arrow->x0) * to;
  double y = arrow->y0 + (arrow->y1 - arrow->y0) * to;
  double angle = atan2 (arrow->y1 - arrow->y0, arrow->x1 - arrow->x0);
  double back = head ? MAX (8 * draw->s, 2.4 * cairo_get_line_width (draw->cr)) : 0;

  cairo_move_to (draw->cr, arrow->x0, arrow->y0);
  cairo_line_to (draw->cr, x - back * cos (angle), y - back * sin (angle));
  cairo_stroke (draw->cr);
  cairo_set_dash (draw->cr, NULL, 0, 0);
  if (head)
    qs_sequence_draw_head (draw->layout, draw->cr, x, y, angle);
}

static gboolean
is_lost (const QsPacket *packet)
{
  return (packet->flags & QS_PACKET_DROPPED) != 0 ||
         ((packet->flags & QS_PACKET_LOST) != 0 && packet->direction == QS_DIRECTION_SENT);
}

static void
draw_packet_arrow (Draw *draw, const QsItem *item, const Arrow *arrow, const QsPacket *packet)
{
  double progress = find_progress (draw, packet);
  gboolean lost = is_lost (packet);
  double to = lost ? MIN (progress, LOST_AT) : progress;

  qs_sequence_set_line (draw->layout, draw->cr, packet->type, draw->colours);
  draw_line (draw, arrow, to, !lost && to > 0.02);
  if (lost && progress >= LOST_AT)
    qs_sequence_draw_cross (draw->layout, draw->cr, arrow->x0 + (arrow->x1 - arrow->x0) * (LOST_AT + 0.015),
                            arrow->y0 + (arrow->y1 - arrow->y0) * (LOST_AT + 0.015), draw->colours);
  else if ((packet->flags & QS_PACKET_CORRUPT) != 0 && progress >= 1)
    qs_sequence_draw_cross (draw->layout, draw->cr, arrow->x1, arrow->y1, draw->colours);
}

/* A bracket over what left, and arrived, as one datagram. */
static void
draw_join (Draw *draw, const QsItem *item, const QsItem *before, guint side)
{
  Arrow from = find_arrow (draw, before, side), to = find_arrow (draw, item, side);
  double out = (from.x1 > from.x0 ? 1 : -1) * 9 * draw->s;

  cairo_set_dash (draw->cr, NULL, 0, 0);
  cairo_set_line_width (draw->cr, 1.6 * draw->s);
  qs_colour_set (&draw->colours->dim, draw->cr);
  cairo_move_to (draw->cr, from.x0, from.y0);
  cairo_line_to (draw->cr, from.x0 + out, from.y0 + out / fabs (out) * 0);
  cairo_move_to (draw->cr, from.x0 + out, from.y0 + draw->layout->slant * fabs (out) / fabs (from.x1 - from.x0));
  cairo_line_to (draw->cr, to.x0 + out, to.y0 + draw->layout->slant * fabs (out) / fabs (from.x1 - from.x0));
  cairo_stroke (draw->cr);
}

/* --- Labels --- */

/* Above the arrow, as near as its slope lets it: the line may cross no letter. */
static double
label_bottom (const Arrow *arrow, double width)
{
  double half = MIN (width / fabs (arrow->x1 - arrow->x0), 1) / 2;

  return arrow->y0 + (arrow->y1 - arrow->y0) * (0.5 - half);
}

static void
draw_label (Draw *draw, const Arrow *arrow, const char *title, gsize n_strong, const char *subtitle)
{
  QsSequenceLayout *layout = draw->layout;
  double lane_gap = fabs (arrow->x1 - arrow->x0);
  /* What stands over other arrows must not hide them. */
  double max_width = draw->phase == PHASE_LABELS ? lane_gap * 0.62 : lane_gap - 32 * draw->s;
  double centre = (arrow->x0 + arrow->x1) / 2;
  double width1, width2 = 0, height1, height2 = 0;
  g_autoptr (PangoLayout) second = NULL;
  g_autoptr (PangoLayout) first = qs_chart_text_layout (
      layout->context, layout->font, QS_SEQUENCE_TITLE_POINTS * draw->s, n_strong, title, max_width, &width1, &height1);

  if (subtitle != NULL)
    second = qs_chart_text_layout (layout->context, layout->font, QS_SEQUENCE_SMALL_POINTS * draw->s, 0, subtitle,
                                   max_width, &width2, &height2);
  double bottom = label_bottom (arrow, MAX (width1, width2)) - 3 * draw->s;
  if (draw->phase == PHASE_LABELS)
    {
      double width = MAX (width1, width2) + 8 * draw->s;
      QsRectangle ground = { centre - width / 2, bottom - height1 - height2, width, height1 + height2 };
      QsColour colour = draw->colours->background;

      colour.alpha = 0.85;
      qs_chart_round_rectangle (draw->cr, &ground, 4 * draw->s);
      qs_colour_set (&colour, draw->cr);
      cairo_fill (draw->cr);
    }
  cairo_move_to (draw->cr, centre - width1 / 2, bottom - height1 - height2);
  qs_colour_set (&draw->colours->text, draw->cr);
  pango_cairo_show_layout (draw->cr, first);
  if (second == NULL)
    return;
  cairo_move_to (draw->cr, centre - width2 / 2, bottom - height2);
  qs_colour_set (&draw->colours->dim, draw->cr);
  pango_cairo_show_layout (draw->cr, second);
}

/* --- Rows --- */

static void
draw_highlight (Draw *draw, guint index, const QsItem *item)
{
  const QsSequenceLook *look = draw->look;
  QsSequenceHit hit;

  if (look->selected == G_MAXUINT && look->hovered == G_MAXUINT)
    return;
  for (guint rank = item->rank; rank <= item->last && rank < item->rank + 65536; rank++)
    {
      guint packet = g_array_index (draw->layout->order, guint32, rank);

      if (packet != look->selected && packet != look->hovered)
        continue;
      qs_sequence_layout_get_item (draw->layout, index, &hit);
      QsColour colour = draw->colours->selection;
      if (packet != look->selected)
        colour.alpha *= 0.5;
      QsRectangle box = { 2, hit.bounds.y, hit.bounds.width - 4, hit.bounds.height };
      qs_chart_round_rectangle (draw->cr, &box, 4 * draw->s);
      qs_colour_set (&colour, draw->cr);
      cairo_fill_preserve (draw->cr);
      if (packet == look->selected) /* not by colour alone */
        {
          colour.alpha = 1;
          qs_colour_set (&colour, draw->cr);
          cairo_set_dash (draw->cr, NULL, 0, 0);
          cairo_set_line_width (draw->cr, 1.5 * draw->s);
          cairo_stroke_preserve (draw->cr);
        }
      cairo_new_path (draw->cr);
      return;
    }
}

static void
draw_packet_label (Draw *draw, const QsItem *item, const Arrow *arrow, guint packet)
{
  gboolean joined = (item->flags & QS_ITEM_JOINED) != 0;
  gsize n_strong;

  if ((draw->phase & PHASE_LABELS) == 0 || (item->flags & QS_ITEM_LABEL) == 0)
    return;
  g_autofree char *title = qs_sequence_packet_title (draw->layout->trace, packet, &n_strong);
  g_autofree char *subtitle = qs_sequence_arrow_subtitle (draw->layout, packet, joined);
  draw_label (draw, arrow, title, n_strong, subtitle);
}

static void
draw_packet (Draw *draw, guint index, const QsItem *item)
{
  guint side = (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1, packet;
  const QsPacket *of = qs_sequence_packet_at (draw->layout, item->rank, &packet);
  Arrow arrow = find_arrow (draw, item, side);

  if ((draw->phase & PHASE_ARROWS) != 0)
    {
      if ((item->flags & QS_ITEM_JOINED) != 0 && index > 0 && item_at (draw->layout, index - 1)->kind == QS_ITEM_PACKET)
        draw_join (draw, item, item_at (draw->layout, index - 1), side);
      else
        draw_time (draw, item, (side == 0) == draw->layout->own_is_client ? arrow.y0 : arrow.y1, &draw->colours->dim);
      draw_packet_arrow (draw, item, &arrow, of);
    }
  draw_packet_label (draw, item, &arrow, packet);
}

/* TO_SCALE: few packets at almost one time: side by side, so that what they are can be seen. */
static void
draw_group_arrows (Draw *draw, const QsItem *item, Arrow arrow, guint side)
{
  draw_time (draw, item, (side == 0) == draw->layout->own_is_client ? arrow.y0 : arrow.y1, &draw->colours->dim);
  for (guint rank = item->rank; rank <= item->last; rank++)
    {
      draw_packet_arrow (draw, item, &arrow, qs_sequence_packet_at (draw->layout, rank, NULL));
      arrow.y0 += 4 * draw->s;
      arrow.y1 += 4 * draw->s;
    }
}

static void
draw_group (Draw *draw, const QsItem *item)
{
  guint side = (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1;
  Arrow arrow = find_arrow (draw, item, side);
  gsize n_strong;

  if ((draw->phase & PHASE_ARROWS) != 0)
    draw_group_arrows (draw, item, arrow, side);
  if ((draw->phase & PHASE_LABELS) == 0 || (item->flags & QS_ITEM_LABEL) == 0)
    return;
  g_autofree char *title = qs_sequence_group_title (draw->layout, item, &n_strong);
  g_autofree char *subtitle = qs_sequence_group_subtitle (draw->layout, item);
  draw_label (draw, &arrow, title, n_strong, subtitle);
}

static void
draw_bundle_side (Draw *draw, const QsItem *item, guint side)
{
  const QsBundle *bundle = &g_array_index (draw->layout->bundles, QsBundle, item->extra);
  QsPacketType type = qs_sequence_packet_at (draw->layout, item->rank, NULL)->type;
  Arrow arrow = find_arrow (draw, item, side);

  if (bundle->n[side] == 0)
    return;
  if ((draw->phase & PHASE_ARROWS) != 0)
    {
      qs_sequence_set_line (draw->layout, draw->cr, type, draw->colours);
      cairo_set_line_width (draw->cr, 6 * draw->s);
      cairo_set_dash (draw->cr, NULL, 0, 0);
      draw_line (draw, &arrow, 1, TRUE);
      if (side == ((item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0u : 1u))
        draw_time (draw, item, (side == 0) == draw->layout->own_is_client ? arrow.y0 : arrow.y1, &draw->colours->dim);
    }
  if ((draw->phase & PHASE_LABELS) == 0 || (item->flags & QS_ITEM_LABEL) == 0)
    return;
  g_autofree char *title = qs_sequence_bundle_title (draw->layout->trace, bundle, side);
  draw_label (draw, &arrow, title, 0, NULL);
}

static void
draw_bundle (Draw *draw, const QsItem *item)
{
  if (draw->layout->options.time == QS_SEQUENCE_TO_SCALE && item->last - item->rank < QS_SEQUENCE_GROUP_MAX)
    {
      draw_group (draw, item);
      return;
    }

  for (guint side = 0; side < 2; side++)
    draw_bundle_side (draw, item, side);
}

static const QsColour *
tone_colour (const Draw *draw, QsTone tone)
{
  switch (tone)
    {
    case QS_TONE_GOOD:
      return &draw->colours->good;
    case QS_TONE_WARNING:
      return &draw->colours->warning;
    case QS_TONE_DANGER:
      return &draw->colours->danger;
    case QS_TONE_INFO:
    default:
      return &draw->colours->text;
    }
}

static void
draw_panel (Draw *draw, const QsRectangle *box, const QsColour *colour)
{
  qs_chart_round_rectangle (draw->cr, box, 6 * draw->s);
  qs_colour_set (&draw->colours->background, draw->cr);
  cairo_fill_preserve (draw->cr);
  cairo_set_dash (draw->cr, NULL, 0, 0);
  cairo_set_line_width (draw->cr, 1.4 * draw->s);
  qs_colour_set (colour, draw->cr);
  cairo_stroke (draw->cr);
}

static void
draw_note (Draw *draw, const QsItem *item)
{
  QsSequenceLayout *layout = draw->layout;
  const QsNote *note = &g_array_index (layout->notes, QsNote, item->extra);
  QsTone tone;
  g_autofree char *title = qs_sequence_note_title (layout->trace, note, layout->own_is_client, &tone);
  g_autofree char *words = qs_sequence_note_text (layout->trace, note, layout->own_is_client);
  double left = qs_sequence_lane_x (layout, !layout->options.mirrored) + 18 * draw->s;
  double right = qs_sequence_lane_x (layout, layout->options.mirrored) - 18 * draw->s;
  const QsColour *colour = tone_colour (draw, tone);
  QsRectangle box = { left, item->top + layout->gap, right - left, layout->note_height - 2 * layout->gap };
  QsRectangle first = { left + 14 * draw->s, box.y + 3 * draw->s, box.width - 24 * draw->s, layout->line1 };
  QsRectangle second = { first.x, first.y + layout->line1, first.width, layout->line2 };

  draw_panel (draw, &box, colour);
  /* A bar at the side: which notes are bad news shows without its colour by the words. */
  QsRectangle bar = { layout->options.mirrored ? right - 6 * draw->s : left, box.y, 6 * draw->s, box.height };
  qs_chart_round_rectangle (draw->cr, &bar, 3 * draw->s);
  qs_colour_set (colour, draw->cr);
  cairo_fill (draw->cr);
  if (words == NULL)
    first.height += layout->line2;
  text (draw, colour, QS_SEQUENCE_TITLE_POINTS, TRUE, title, &first, QS_CHART_TEXT_CENTRE);
  if (words != NULL)
    text (draw, &draw->colours->text, QS_SEQUENCE_SMALL_POINTS, FALSE, words, &second, QS_CHART_TEXT_CENTRE);
  if (note->packet == G_MAXUINT32)
    draw_time (draw, item, item->top + layout->note_height / 2, &draw->colours->dim);
}

static void
draw_state (Draw *draw, const QsItem *item)
{
  QsSequenceLayout *layout = draw->layout;
  const QsNote *note = &g_array_index (layout->notes, QsNote, item->extra);
  QsTone tone;
  g_autofree char *title = qs_sequence_note_title (layout->trace, note, layout->own_is_client, &tone);
  double x = qs_sequence_lane_x (layout, layout->own_is_client);
  double y = item->top + layout->state_height / 2;
  double width, height;
  g_autoptr (PangoLayout) words =
      qs_chart_text_layout (layout->context, layout->font, QS_SEQUENCE_SMALL_POINTS * draw->s, strlen (title), title,
                            160 * draw->s, &width, &height);
  QsRectangle box = { x - width / 2 - 9 * draw->s, y - height / 2 - 3 * draw->s, width + 18 * draw->s,
                      height + 6 * draw->s };

  draw_panel (draw, &box, tone_colour (draw, tone));
  cairo_move_to (draw->cr, x - width / 2, y - height / 2);
  qs_colour_set (tone == QS_TONE_INFO ? &draw->colours->text : tone_colour (draw, tone), draw->cr);
  pango_cairo_show_layout (draw->cr, words);
}

static void
draw_break (Draw *draw, guint index, const QsItem *item)
{
  QsSequenceLayout *layout = draw->layout;
  g_autofree char *words = qs_sequence_break_text (layout, index);
  double y = item->top + layout->break_height / 2, half = 5 * draw->s;
  double left = qs_sequence_lane_x (layout, !layout->options.mirrored);
  double right = qs_sequence_lane_x (layout, layout->options.mirrored);
  QsRectangle box = { left, y - layout->line2 / 2, right - left, layout->line2 };

  /* The lanes are torn. */
  for (int lane = 0; lane < 2; lane++)
    {
      double x = lane == 0 ? left : right;
      QsRectangle gap = { x - 4 * draw->s, y - half, 8 * draw->s, 2 * half };
      QsColour colour = band_colour (draw, item->level);

      qs_colour_set (&colour, draw->cr);
      cairo_rectangle (draw->cr, gap.x, gap.y, gap.width, gap.height);
      cairo_fill (draw->cr);
      qs_colour_set (&draw->colours->line, draw->cr);
      cairo_set_line_width (draw->cr, 1.6 * draw->s);
      for (int i = -1; i <= 1; i += 2)
        {
          cairo_move_to (draw->cr, x - 7 * draw->s, y + i * half + 3 * draw->s);
          cairo_line_to (draw->cr, x + 7 * draw->s, y + i * half - 3 * draw->s);
        }
      cairo_stroke (draw->cr);
    }
  text (draw, &draw->colours->dim, QS_SEQUENCE_SMALL_POINTS, FALSE, words, &box, QS_CHART_TEXT_CENTRE);
}

static gboolean
is_to_come (const Draw *draw, const QsItem *item)
{
  if (draw->look->until == G_MAXINT64)
    return FALSE;

  gint64 time = qs_sequence_item_time (draw->layout, item);
  if (item->kind == QS_ITEM_PACKET &&
      qs_sequence_packet_at (draw->layout, item->rank, NULL)->direction == QS_DIRECTION_RECEIVED)
    time -= draw->layout->half_rtt;
  return time > draw->look->until;
}

static void
draw_item (Draw *draw, guint index)
{
  const QsItem *item = item_at (draw->layout, index);

  if (is_to_come (draw, item))
    return;
  switch ((QsItemKind) item->kind)
    {
    case QS_ITEM_PACKET:
      draw_packet (draw, index, item);
      break;
    case QS_ITEM_BUNDLE:
      draw_bundle (draw, item);
      break;
    case QS_ITEM_NOTE:
      draw_note (draw, item);
      break;
    case QS_ITEM_STATE:
      draw_state (draw, item);
      break;
    case QS_ITEM_BREAK:
    default:
      draw_break (draw, index, item);
      break;
    }
}

static void
draw_items (Draw *draw, guint first, guint end)
{
  if (draw->layout->options.time == QS_SEQUENCE_TO_SCALE)
    {
      draw->phase = PHASE_ARROWS;
      for (guint i = first; i < end; i++)
        draw_item (draw, i);
      draw->phase = PHASE_LABELS;
    }
  for (guint i = first; i < end; i++)
    draw_item (draw, i);
}

/* --- Public --- */

static void
draw_rows (Draw *draw, double top, double bottom)
{
  QsSequenceLayout *layout = draw->layout;
  guint first, end;

  if (layout->items->len == 0)
    return;
  qs_sequence_items_between (layout, top, bottom, &first, &end);
  draw_bands (draw, first, end);
  for (guint i = first; i < end; i++)
    {
      const QsItem *item = item_at (layout, i);
      if (item->kind == QS_ITEM_PACKET || item->kind == QS_ITEM_BUNDLE)
        draw_highlight (draw, i, item);
    }
  draw_lanes (draw, MAX (top, layout->header_height), MIN (bottom, layout->end));
  draw_items (draw, first, end);
}

void
qs_sequence_layout_draw (QsSequenceLayout *self, cairo_t *cr, const QsRectangle *clip, const QsSequenceLook *look)
{
  g_return_if_fail (self != NULL && cr != NULL && clip != NULL && look != NULL && look->colours != NULL);

  Draw draw = { self, cr, look, look->colours, self->options.text_scale, -G_MAXDOUBLE, clip, PHASE_ALL };
  double bottom = clip->y + clip->height;

  cairo_save (cr);
  cairo_rectangle (cr, clip->x, clip->y, clip->width, clip->height);
  cairo_clip (cr);
  qs_colour_set (&look->colours->background, cr);
  cairo_paint (cr);
  if (bottom > self->header_height && clip->y < self->end)
    draw_rows (&draw, clip->y, bottom);
  if (clip->y < self->header_height)
    draw_header (&draw, 0);
  if (self->options.legend && bottom > self->end)
    qs_sequence_legend_draw (self, cr, self->end + self->gap, look->colours);
  cairo_restore (cr);
}

void
qs_sequence_layout_draw_header (QsSequenceLayout *self, cairo_t *cr, double y, const QsSequenceLook *look)
{
  g_return_if_fail (self != NULL && cr != NULL && look != NULL && look->colours != NULL);

  QsRectangle clip = { 0, y, self->options.width, self->header_height };
  Draw draw = { self, cr, look, look->colours, self->options.text_scale, -G_MAXDOUBLE, &clip, PHASE_ALL };

  cairo_save (cr);
  cairo_rectangle (cr, clip.x, clip.y, clip.width, clip.height);
  cairo_clip (cr);
  qs_colour_set (&look->colours->background, cr);
  cairo_paint (cr);
  draw_header (&draw, y);
  cairo_restore (cr);
}
