/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-timeline-pen.h"

#include <math.h>

#define MAX_DASHED 6000.0 /* length of a path */
#define POINTS_PER_STROKE 16

static void
pen_flush (QsTimelinePen *pen)
{
  if (!pen->started || pen->low == pen->high)
    return;
  cairo_line_to (pen->cr, pen->x, pen->low);
  cairo_line_to (pen->cr, pen->x, pen->high);
  cairo_line_to (pen->cr, pen->x, pen->last);
}

void
qs_timeline_pen_add (QsTimelinePen *pen, double x, double y)
{
  if (pen->started && fabs (x - pen->x) < 0.5)
    {
      pen->low = MIN (pen->low, y);
      pen->high = MAX (pen->high, y);
      pen->last = y;
      return;
    }
  pen_flush (pen);
  if (pen->started)
    {
      cairo_line_to (pen->cr, x, y);
      pen->length += fabs (x - pen->x) + fabs (y - pen->last) + 2 * (pen->high - pen->low);
    }
  else
    cairo_move_to (pen->cr, x, y);
  pen->x = x;
  pen->low = pen->high = pen->last = y;
  pen->started = TRUE;

  /* Cairo takes more than twice as long for a path of twice the points. Dashes want to go on where they ended. */
  if (++pen->n_points < POINTS_PER_STROKE || pen->dashed)
    return;
  cairo_stroke (pen->cr);
  cairo_move_to (pen->cr, x, y);
  pen->n_points = 0;
}

/* A path that goes up and down all the time would get dashes by the ten thousand, in which nobody sees dashes. */
void
qs_timeline_pen_stroke (QsTimelinePen *pen)
{
  pen_flush (pen);
  if (pen->length > MAX_DASHED)
    cairo_set_dash (pen->cr, NULL, 0, 0);
  cairo_stroke (pen->cr);
}
