/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>
#include <glib.h>

G_BEGIN_DECLS

/* A path that is drawn column by column: points that fall on the same pixel become one span from the lowest to the highest. */
typedef struct {
  cairo_t *cr;
  double x, low, high, last;
  double length;  /* of the path */
  guint n_points; /* since the last stroke */
  gboolean dashed, started;
} QsTimelinePen;

void qs_timeline_pen_add (QsTimelinePen *pen, double x, double y);
void qs_timeline_pen_stroke (QsTimelinePen *pen);

G_END_DECLS
