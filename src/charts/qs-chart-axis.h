/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "charts/qs-chart-colours.h"

G_BEGIN_DECLS

/* What the charts over time, of one run and of several, have in common of their axes. Pixels. */

/* Between top and bottom: 0 stands at the bottom, most a little below the top; what is more, at the top. */
double qs_chart_value_y (double top, double bottom, double most, double value);
/* A faint line of the grid, on whole pixels. */
void qs_chart_draw_grid_line (cairo_t *cr, const QsChartColours *colours, double x0, double y0, double x1, double y1);

G_END_DECLS
