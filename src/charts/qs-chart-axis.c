/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-chart-axis.h"

#include <math.h>

#define HEADROOM 1.05

double
qs_chart_value_y (double top, double bottom, double most, double value)
{
  return bottom - (bottom - top) * MIN (value / (most * HEADROOM), 1);
}

void
qs_chart_draw_grid_line (cairo_t *cr, const QsChartColours *colours, double x0, double y0, double x1, double y1)
{
  QsColour faint = colours->line;

  faint.alpha = 0.35;
  qs_colour_set (&faint, cr);
  cairo_set_dash (cr, NULL, 0, 0);
  cairo_set_line_width (cr, 1);
  cairo_move_to (cr, floor (x0) + 0.5, floor (y0) + 0.5);
  cairo_line_to (cr, floor (x1) + 0.5, floor (y1) + 0.5);
  cairo_stroke (cr);
}
