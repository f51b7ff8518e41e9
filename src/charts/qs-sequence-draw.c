/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-sequence-draw-private.h"

/* --- Highlights --- */

static void
draw_highlight (QsDraw *draw, guint index, gboolean selected)
{
  QsColour colour = draw->colours->selection;
  QsSequenceHit hit;

  qs_sequence_layout_get_item (draw->layout, index, &hit);
  QsRectangle box = { 2, hit.bounds.y, hit.bounds.width - 4, hit.bounds.height };
  if (!selected)
    colour.alpha *= 0.5;
  qs_chart_round_rectangle (draw->cr, &box, 4 * draw->s);
  qs_colour_set (&colour, draw->cr);
  cairo_fill_preserve (draw->cr);
  if (selected) /* not by colour alone */
    {
      colour.alpha = 1;
      qs_colour_set (&colour, draw->cr);
      cairo_set_dash (draw->cr, NULL, 0, 0);
      cairo_set_line_width (draw->cr, 1.5 * draw->s);
      cairo_stroke_preserve (draw->cr);
    }
  cairo_new_path (draw->cr);
}

static void
draw_highlights (QsDraw *draw, guint first, guint end)
{
  const guint packets[] = { draw->look->selected, draw->look->hovered };
  QsSequenceHit hit, before = { .item = G_MAXUINT };

  for (guint i = 0; i < G_N_ELEMENTS (packets); i++)
    {
      if (packets[i] == G_MAXUINT || !qs_sequence_layout_find_packet (draw->layout, packets[i], &hit) ||
          hit.item == before.item || hit.item < first || hit.item >= end)
        continue;
      draw_highlight (draw, hit.item, i == 0);
      before = hit;
    }
}

/* --- Rows --- */

static gboolean
is_to_come (const QsDraw *draw, const QsItem *item)
{
  const QsSequenceLayout *layout = draw->layout;

  if (draw->look->until == G_MAXINT64)
    return FALSE;
  gint64 time = qs_sequence_item_time (layout, item);
  if (item->kind == QS_ITEM_PACKET && layout->options.join == NULL && !draw->look->settled &&
      qs_sequence_packet_at (layout, item->rank, NULL)->direction == QS_DIRECTION_RECEIVED)
    time -= layout->half_rtt;
  return time > draw->look->until;
}

static void
draw_item (QsDraw *draw, guint index)
{
  const QsItem *item = qs_sequence_item (draw->layout, index);

  if (is_to_come (draw, item))
    return;
  if (item->kind == QS_ITEM_PACKET)
    qs_draw_packet (draw, index);
  else if (item->kind == QS_ITEM_BUNDLE)
    qs_draw_bundle (draw, index);
  if (qs_sequence_has_arrows (item) || (draw->phase & QS_PHASE_LABELS) == 0)
    return;
  if (item->kind == QS_ITEM_NOTE)
    qs_draw_note (draw, item);
  else if (item->kind == QS_ITEM_STATE)
    qs_draw_state (draw, item);
  else
    qs_draw_break (draw, index);
}

/* Both ends: what left above what is seen, and arrives in it. */
static void
draw_arriving (QsDraw *draw, guint first, guint seen)
{
  for (guint i = first; i < seen; i++)
    {
      const QsItem *item = qs_sequence_item (draw->layout, i);
      double x0, y0, x1, y1;

      if (item->kind != QS_ITEM_PACKET)
        continue;
      qs_sequence_arrow (draw->layout, i, (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1, &x0, &y0, &x1, &y1);
      if (y1 >= draw->clip->y)
        draw_item (draw, i);
    }
}

static void
draw_items (QsDraw *draw, guint first, guint seen, guint end)
{
  if (qs_sequence_to_scale (draw->layout) || draw->layout->options.join != NULL)
    {
      draw->phase = QS_PHASE_ARROWS;
      draw_arriving (draw, first, seen);
      for (guint i = seen; i < end; i++)
        draw_item (draw, i);
      draw->phase = QS_PHASE_LABELS;
    }
  for (guint i = seen; i < end; i++)
    draw_item (draw, i);
}

static void
draw_rows (QsDraw *draw, double top, double bottom)
{
  QsSequenceLayout *layout = draw->layout;
  guint first, end;

  if (layout->items->len == 0)
    return;
  qs_sequence_items_between (layout, top, bottom, &first, &end);
  guint seen = first;
  while (seen + 1 < end && qs_sequence_item_bottom (layout, seen) < top - layout->row)
    seen++;
  qs_draw_bands (draw, seen, end);
  draw_highlights (draw, seen, end);
  qs_draw_lanes (draw, MAX (top, layout->header_height), MIN (bottom, MAX (layout->end, layout->reach)));
  draw_items (draw, first, seen, end);
}

/* --- Public --- */

static QsDraw
draw_begin (QsSequenceLayout *self, cairo_t *cr, const QsRectangle *clip, const QsSequenceLook *look)
{
  cairo_save (cr);
  cairo_rectangle (cr, clip->x, clip->y, clip->width, clip->height);
  cairo_clip (cr);
  qs_colour_set (&look->colours->background, cr);
  cairo_paint (cr);
  return (QsDraw){
    .layout = self,
    .cr = cr,
    .look = look,
    .colours = look->colours,
    .s = self->options.text_scale,
    .clip = clip,
    .phase = QS_PHASE_ALL,
  };
}

void
qs_sequence_layout_draw (QsSequenceLayout *self, cairo_t *cr, const QsRectangle *clip, const QsSequenceLook *look)
{
  g_return_if_fail (self != NULL && cr != NULL && clip != NULL && look != NULL && look->colours != NULL);

  QsDraw draw = draw_begin (self, cr, clip, look);
  double bottom = clip->y + clip->height, end = MAX (self->end, self->reach);

  if (bottom > self->header_height && clip->y < end)
    draw_rows (&draw, clip->y, bottom);
  if (clip->y < self->header_height)
    qs_draw_header (&draw, 0);
  if (self->options.legend && bottom > end)
    qs_sequence_legend_draw (self, cr, end + self->gap, look->colours);
  cairo_restore (cr);
}

void
qs_sequence_layout_draw_header (QsSequenceLayout *self, cairo_t *cr, double y, const QsSequenceLook *look)
{
  g_return_if_fail (self != NULL && cr != NULL && look != NULL && look->colours != NULL);

  QsRectangle clip = { 0, y, self->options.width, self->header_height };
  QsDraw draw = draw_begin (self, cr, &clip, look);

  qs_draw_header (&draw, y);
  cairo_restore (cr);
}
