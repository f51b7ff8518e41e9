/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arrows of a sequence diagram, and what stands on them. */
#include <math.h>

#include "charts/qs-sequence-draw-private.h"

#define LOST_AT 0.66 /* of the way, where a lost packet's arrow ends; of both ends: in the middle */
#define LOST_BETWEEN 0.5
#define SEEN_FROM 0.02 /* of the way, where a head is drawn */

typedef struct {
  double x0, y0, x1, y1; /* between the lanes' lines */
} Arrow;

static guint
side_of (const QsItem *item)
{
  return (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1;
}

static Arrow
find_arrow (const QsDraw *draw, guint index, guint side)
{
  Arrow arrow;
  double lane = 3 * draw->s;

  qs_sequence_arrow (draw->layout, index, side, &arrow.x0, &arrow.y0, &arrow.x1, &arrow.y1);
  double inwards = arrow.x1 > arrow.x0 ? lane : -lane;
  arrow.x0 += inwards;
  arrow.x1 -= inwards;
  return arrow;
}

/* At the own lane's end of the arrow; of both ends at both. What never came there has no time of it. */
static void
draw_times (QsDraw *draw, const QsItem *item, const Arrow *arrow, guint side)
{
  const QsSequenceLayout *layout = draw->layout;
  const QsCrossing *crossing = qs_sequence_crossing_at (layout, item->rank, NULL);
  gboolean leaves_own = (side == 0) == layout->own_is_client;

  if (crossing == NULL)
    {
      qs_draw_time (draw, TRUE, qs_sequence_arrow_time (layout, item->rank), leaves_own ? arrow->y0 : arrow->y1);
      return;
    }
  if (crossing->sent != QS_JOIN_NO_TIME)
    qs_draw_time (draw, leaves_own, crossing->sent, arrow->y0);
  if (crossing->arrived != QS_JOIN_NO_TIME)
    qs_draw_time (draw, !leaves_own, crossing->arrived, arrow->y1);
}

/* --- Replay --- */

/* How far it has got at the moment of a replay: 0 to 1. */
static double
find_progress (const QsDraw *draw, guint rank, gint64 arrived)
{
  const QsSequenceLayout *layout = draw->layout;
  gint64 until = draw->look->until;
  gint64 left_at = qs_sequence_arrow_time (layout, rank), takes = layout->half_rtt;

  if (until == G_MAXINT64 || draw->look->settled)
    return 1;
  if (layout->options.join == NULL && qs_sequence_packet_at (layout, rank, NULL)->direction == QS_DIRECTION_RECEIVED)
    left_at -= layout->half_rtt;
  else if (arrived != QS_JOIN_NO_TIME && arrived > left_at)
    takes = arrived - left_at;
  return CLAMP ((double) (until - left_at) / (double) MAX (takes, 1), 0, 1);
}

/* --- One arrow --- */

static void
draw_line (QsDraw *draw, const Arrow *arrow, double from, double to, gboolean head)
{
  double x0 = arrow->x0 + (arrow->x1 - arrow->x0) * from, y0 = arrow->y0 + (arrow->y1 - arrow->y0) * from;
  double x = arrow->x0 + (arrow->x1 - arrow->x0) * to, y = arrow->y0 + (arrow->y1 - arrow->y0) * to;
  double angle = atan2 (arrow->y1 - arrow->y0, arrow->x1 - arrow->x0);
  double back = head ? MAX (8 * draw->s, 2.4 * cairo_get_line_width (draw->cr)) : 0;

  if (to <= from)
    return;
  cairo_move_to (draw->cr, x0, y0);
  cairo_line_to (draw->cr, x - back * cos (angle), y - back * sin (angle));
  cairo_stroke (draw->cr);
  cairo_set_dash (draw->cr, NULL, 0, 0);
  if (head)
    qs_sequence_draw_head (draw->layout, draw->cr, x, y, angle);
}

typedef void (*DrawSign) (const QsSequenceLayout *layout, cairo_t *cr, double x, double y,
                          const QsChartColours *colours);

static void
draw_sign (QsDraw *draw, const Arrow *arrow, double at, DrawSign sign)
{
  sign (draw->layout, draw->cr, arrow->x0 + (arrow->x1 - arrow->x0) * at, arrow->y0 + (arrow->y1 - arrow->y0) * at,
        draw->colours);
}

static void
draw_alone (QsDraw *draw, const Arrow *arrow, guint rank, const QsPacket *packet)
{
  double progress = find_progress (draw, rank, QS_JOIN_NO_TIME);
  gboolean lost = qs_sequence_is_lost (draw->layout, rank);
  double to = lost ? MIN (progress, LOST_AT) : progress;

  draw_line (draw, arrow, 0, to, !lost && to > SEEN_FROM);
  if (lost && progress >= LOST_AT)
    draw_sign (draw, arrow, LOST_AT + 0.015, qs_sequence_draw_cross);
  else if ((packet->flags & QS_PACKET_CORRUPT) != 0 && progress >= 1)
    draw_sign (draw, arrow, 1, qs_sequence_draw_cross);
}

/* What arrived once more left with the first: another line from the same place. */
static void
draw_again (QsDraw *draw, guint index, const Arrow *arrow, guint rank, const QsCrossing *crossing)
{
  guint side = side_of (qs_sequence_item (draw->layout, index));
  const QsArrivedAgain *again = qs_trace_join_get_again (draw->layout->options.join, crossing->again);
  double below = arrow->y1;

  for (; again != NULL; again = qs_trace_join_get_again (draw->layout->options.join, again->again))
    {
      Arrow other = *arrow;

      other.y1 = qs_sequence_arrival_y (draw->layout, index, arrow->y0, side, again->time);
      other.y1 = below = MAX (other.y1, below + 9 * draw->s);
      double progress = find_progress (draw, rank, again->time);
      draw_line (draw, &other, 0, progress, progress > SEEN_FROM);
      if (again->changed && progress >= LOST_BETWEEN)
        draw_sign (draw, &other, LOST_BETWEEN, qs_sequence_draw_changed);
    }
}

static void
draw_crossing (QsDraw *draw, guint index, const Arrow *arrow, guint rank, const QsCrossing *crossing,
               QsCrossingFate fate)
{
  double progress = find_progress (draw, rank, crossing->arrived);
  gboolean arrived = fate == QS_CROSSING_ARRIVED || fate == QS_CROSSING_FOREIGN;
  double from = fate == QS_CROSSING_FOREIGN ? LOST_BETWEEN : 0;
  double to = arrived ? progress : MIN (progress, LOST_BETWEEN);

  draw_line (draw, arrow, from, to, arrived ? to > SEEN_FROM : fate == QS_CROSSING_UNDER_WAY);
  if (fate == QS_CROSSING_FOREIGN)
    draw_sign (draw, arrow, from, qs_sequence_draw_open_end);
  if (progress < LOST_BETWEEN)
    return;
  if (fate == QS_CROSSING_LOST)
    draw_sign (draw, arrow, LOST_BETWEEN + 0.012, qs_sequence_draw_cross);
  else if (fate == QS_CROSSING_UNKNOWN)
    draw_sign (draw, arrow, LOST_BETWEEN, qs_sequence_draw_open_end);
  else if (crossing->changed)
    draw_sign (draw, arrow, LOST_BETWEEN, qs_sequence_draw_changed);
}

static void
draw_arrow (QsDraw *draw, guint index, const Arrow *arrow, guint rank)
{
  const QsPacket *packet = qs_sequence_packet_at (draw->layout, rank, NULL);
  QsCrossingFate fate;
  const QsCrossing *crossing = qs_sequence_crossing_at (draw->layout, rank, &fate);

  qs_sequence_set_line (draw->layout, draw->cr, packet->type, draw->colours);
  if (crossing == NULL)
    {
      draw_alone (draw, arrow, rank, packet);
      return;
    }
  draw_crossing (draw, index, arrow, rank, crossing, fate);
  if (crossing->again == QS_JOIN_NONE)
    return;
  qs_sequence_set_line (draw->layout, draw->cr, packet->type, draw->colours);
  draw_again (draw, index, arrow, rank, crossing);
}

/* A bracket over what left, and arrived, as one datagram. */
static void
draw_join (QsDraw *draw, guint index, guint side)
{
  Arrow from = find_arrow (draw, index - 1, side), to = find_arrow (draw, index, side);
  double out = (from.x1 > from.x0 ? 1 : -1) * 9 * draw->s;
  double along = fabs (out) / fabs (from.x1 - from.x0);
  double y0 = from.y0 + (from.y1 - from.y0) * along, y1 = to.y0 + (to.y1 - to.y0) * along;

  cairo_set_dash (draw->cr, NULL, 0, 0);
  cairo_set_line_width (draw->cr, 1.6 * draw->s);
  qs_colour_set (&draw->colours->dim, draw->cr);
  cairo_move_to (draw->cr, from.x0, from.y0);
  cairo_line_to (draw->cr, from.x0 + out, from.y0);
  cairo_move_to (draw->cr, from.x0 + out, y0);
  cairo_line_to (draw->cr, to.x0 + out, y1);
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

/* What arrows pass behind a label, without a seam in the band. */
static void
draw_ground (QsDraw *draw, const QsRectangle *box, QsPacketType level)
{
  QsColour colours[] = { draw->colours->background, qs_draw_band_colour (draw, level) };

  colours[0].alpha = 0.9;
  for (guint i = 0; i < G_N_ELEMENTS (colours); i++)
    {
      qs_chart_round_rectangle (draw->cr, box, 4 * draw->s);
      qs_colour_set (&colours[i], draw->cr);
      cairo_fill (draw->cr);
    }
}

static void
draw_label (QsDraw *draw, const Arrow *arrow, QsPacketType level, const char *title, gsize n_strong,
            const char *subtitle)
{
  QsSequenceLayout *layout = draw->layout;
  double lane_gap = fabs (arrow->x1 - arrow->x0);
  /* What stands over other arrows must not hide them. */
  double max_width = qs_sequence_to_scale (layout) ? lane_gap * 0.62 : lane_gap - 32 * draw->s;
  double centre = (arrow->x0 + arrow->x1) / 2;
  double width1, width2 = 0, height1, height2 = 0;
  if (!qs_draw_is_seen (draw, MIN (arrow->x0, arrow->x1), MAX (arrow->x0, arrow->x1)))
    return;
  g_autoptr (PangoLayout) second = NULL;
  g_autoptr (PangoLayout) first = qs_chart_text_layout (
      layout->context, layout->font, QS_SEQUENCE_TITLE_POINTS * draw->s, n_strong, title, max_width, &width1, &height1);

  if (subtitle != NULL)
    second = qs_chart_text_layout (layout->context, layout->font, QS_SEQUENCE_SMALL_POINTS * draw->s, 0, subtitle,
                                   max_width, &width2, &height2);
  double bottom = label_bottom (arrow, MAX (width1, width2)) - 3 * draw->s;
  if (draw->phase == QS_PHASE_LABELS)
    {
      double width = MAX (width1, width2) + 8 * draw->s;
      QsRectangle ground = { centre - width / 2, bottom - height1 - height2, width, height1 + height2 };

      /* To scale a label stands above its arrow's row, maybe in the band before. */
      if (qs_sequence_to_scale (layout))
        level = qs_sequence_item (layout, qs_sequence_item_above (layout, ground.y + ground.height / 2))->level;
      draw_ground (draw, &ground, level);
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

/* --- Packets --- */

/* EVEN, both ends: the label stands in its row, however deep the arrow reaches. */
static Arrow
label_arrow (const QsDraw *draw, Arrow arrow)
{
  if (draw->layout->options.join != NULL)
    arrow.y1 = MIN (arrow.y1, arrow.y0 + draw->layout->slant * (qs_sequence_to_scale (draw->layout) ? 2 : 1));
  return arrow;
}

static gboolean
is_labelled (const QsDraw *draw, const QsItem *item)
{
  return (draw->phase & QS_PHASE_LABELS) != 0 && (item->flags & QS_ITEM_LABEL) != 0;
}

static void
draw_packet_label (QsDraw *draw, const QsItem *item, const Arrow *arrow)
{
  gboolean joined = (item->flags & QS_ITEM_JOINED) != 0;
  guint packet, index;
  gsize n_strong;

  qs_sequence_packet_at (draw->layout, item->rank, &packet);
  QsTrace *trace = qs_sequence_resolve (draw->layout, packet, &index);
  g_autofree char *title = qs_sequence_packet_title (trace, index, &n_strong);
  g_autofree char *subtitle = qs_sequence_arrow_subtitle (draw->layout, item->rank, joined);
  Arrow level = label_arrow (draw, *arrow);
  draw_label (draw, &level, item->level, title, n_strong, subtitle);
}

void
qs_draw_packet (QsDraw *draw, guint index)
{
  const QsItem *item = qs_sequence_item (draw->layout, index);
  guint side = side_of (item);
  Arrow arrow = find_arrow (draw, index, side);

  if ((draw->phase & QS_PHASE_ARROWS) != 0)
    {
      gboolean joined = (item->flags & QS_ITEM_JOINED) != 0 && index > 0;

      if (joined && qs_sequence_item (draw->layout, index - 1)->kind == QS_ITEM_PACKET)
        draw_join (draw, index, side);
      else
        draw_times (draw, item, &arrow, side);
      draw_arrow (draw, index, &arrow, item->rank);
    }
  if (is_labelled (draw, item))
    draw_packet_label (draw, item, &arrow);
}

/* --- Bundles --- */

/* TO_SCALE: few packets at almost one time: side by side, so that what they are can be seen. */
static void
draw_group_arrows (QsDraw *draw, guint index, Arrow arrow)
{
  const QsItem *item = qs_sequence_item (draw->layout, index);

  draw_times (draw, item, &arrow, side_of (item));
  for (guint rank = item->rank; rank <= item->last; rank++)
    {
      const QsCrossing *crossing = qs_sequence_crossing_at (draw->layout, rank, NULL);

      if (crossing != NULL && crossing->arrived != QS_JOIN_NO_TIME)
        arrow.y1 =
            MAX (arrow.y0, qs_sequence_arrival_y (draw->layout, index, arrow.y0, side_of (item), crossing->arrived));
      draw_arrow (draw, index, &arrow, rank);
      arrow.y0 += 4 * draw->s;
      arrow.y1 += 4 * draw->s;
    }
}

static void
draw_group (QsDraw *draw, guint index)
{
  const QsItem *item = qs_sequence_item (draw->layout, index);
  Arrow arrow = find_arrow (draw, index, side_of (item));
  gsize n_strong;

  if ((draw->phase & QS_PHASE_ARROWS) != 0)
    draw_group_arrows (draw, index, arrow);
  if (!is_labelled (draw, item))
    return;
  g_autofree char *title = qs_sequence_group_title (draw->layout, item, &n_strong);
  g_autofree char *subtitle = qs_sequence_group_subtitle (draw->layout, item);
  Arrow level = label_arrow (draw, arrow);
  draw_label (draw, &level, item->level, title, n_strong, subtitle);
}

static void
draw_bundle_side (QsDraw *draw, guint index, guint side)
{
  const QsItem *item = qs_sequence_item (draw->layout, index);
  const QsBundle *bundle = &g_array_index (draw->layout->bundles, QsBundle, item->extra);
  QsPacketType type = qs_sequence_packet_at (draw->layout, item->rank, NULL)->type;
  Arrow arrow = find_arrow (draw, index, side);

  if (bundle->n[side] == 0)
    return;
  if ((draw->phase & QS_PHASE_ARROWS) != 0)
    {
      qs_sequence_set_line (draw->layout, draw->cr, type, draw->colours);
      cairo_set_line_width (draw->cr, 6 * draw->s);
      cairo_set_dash (draw->cr, NULL, 0, 0);
      draw_line (draw, &arrow, 0, 1, TRUE);
      if (side == side_of (item))
        draw_times (draw, item, &arrow, side);
    }
  if (!is_labelled (draw, item))
    return;
  g_autofree char *title = qs_sequence_bundle_title (draw->layout, item, side);
  Arrow level = label_arrow (draw, arrow);
  draw_label (draw, &level, item->level, title, 0, NULL);
}

void
qs_draw_bundle (QsDraw *draw, guint index)
{
  const QsItem *item = qs_sequence_item (draw->layout, index);

  if (qs_sequence_to_scale (draw->layout) && item->last - item->rank < QS_SEQUENCE_GROUP_MAX)
    {
      draw_group (draw, index);
      return;
    }
  for (guint side = 0; side < 2; side++)
    draw_bundle_side (draw, index, side);
}
