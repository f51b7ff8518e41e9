/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of a sequence diagram that are no arrows. */
#include <string.h>

#include "charts/qs-sequence-draw-private.h"

static const QsColour *
tone_colour (const QsDraw *draw, QsTone tone)
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
draw_panel (QsDraw *draw, const QsRectangle *box, const QsColour *colour)
{
  qs_chart_round_rectangle (draw->cr, box, 6 * draw->s);
  qs_colour_set (&draw->colours->background, draw->cr);
  cairo_fill_preserve (draw->cr);
  cairo_set_dash (draw->cr, NULL, 0, 0);
  cairo_set_line_width (draw->cr, 1.4 * draw->s);
  qs_colour_set (colour, draw->cr);
  cairo_stroke (draw->cr);
}

void
qs_draw_note (QsDraw *draw, const QsItem *item)
{
  QsSequenceLayout *layout = draw->layout;
  const QsNote *note = qs_sequence_note (layout, item);
  QsTone tone;
  g_autofree char *title = qs_sequence_note_title (layout, note, &tone);
  g_autofree char *words = qs_sequence_note_text (layout, note);
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
  qs_draw_text (draw, colour, QS_SEQUENCE_TITLE_POINTS, TRUE, title, &first, QS_CHART_TEXT_CENTRE);
  if (words != NULL)
    qs_draw_text (draw, &draw->colours->text, QS_SEQUENCE_SMALL_POINTS, FALSE, words, &second, QS_CHART_TEXT_CENTRE);
  if (note->packet == G_MAXUINT32)
    qs_draw_time (draw, !note->other, note->time, item->top + layout->note_height / 2);
}

void
qs_draw_state (QsDraw *draw, const QsItem *item)
{
  QsSequenceLayout *layout = draw->layout;
  const QsNote *note = qs_sequence_note (layout, item);
  QsTone tone;
  g_autofree char *title = qs_sequence_note_title (layout, note, &tone);
  double x = qs_sequence_lane_x (layout, layout->own_is_client != note->other);
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

void
qs_draw_break (QsDraw *draw, guint index)
{
  const QsItem *item = qs_sequence_item (draw->layout, index);
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
      QsColour colour = qs_draw_band_colour (draw, item->level);

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
  qs_draw_text (draw, &draw->colours->dim, QS_SEQUENCE_SMALL_POINTS, FALSE, words, &box, QS_CHART_TEXT_CENTRE);
}
