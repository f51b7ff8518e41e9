/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "trace/qs-trace.h"

G_BEGIN_DECLS

typedef struct {
  double red, green, blue, alpha;
} QsColour;

/* The colours of all charts. A caller may start from a preset and put the theme's own in. */
typedef struct {
  QsColour background;
  QsColour text;
  QsColour dim;   /* secondary text */
  QsColour line;  /* lanes, axes, frames */
  QsColour panel; /* behind titles and notes */
  QsColour good, warning, danger;
  QsColour selection;                  /* behind what is selected */
  QsColour packets[QS_N_PACKET_TYPES]; /* lines, by QsPacketType */
  QsColour bands[QS_N_PACKET_TYPES];   /* encryption levels, behind all else */
} QsChartColours;

const QsChartColours *qs_chart_colours_light (void);
const QsChartColours *qs_chart_colours_dark (void);

void qs_colour_set (const QsColour *colour, cairo_t *cr);
/* The WCAG contrast ratio of two opaque colours, 1 to 21. */
double qs_colour_contrast (const QsColour *a, const QsColour *b);

/* A packet type's dashes, so that it is not told by colour alone. Returns how many there are, 0: an unbroken line. */
guint qs_chart_dashes (QsPacketType type, const double **dashes);

G_END_DECLS
