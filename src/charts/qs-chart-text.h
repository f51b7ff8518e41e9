/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <pango/pangocairo.h>

#include "charts/qs-sequence.h"

G_BEGIN_DECLS

typedef enum { QS_CHART_TEXT_START, QS_CHART_TEXT_CENTRE, QS_CHART_TEXT_END } QsChartTextAlign;

/* One line in the source's colour, shortened with "…" where it does not fit, in the middle of the box's height. START is the box's left
 * side, also for text that runs from right to left. */
void qs_chart_text_draw (cairo_t *cr, PangoContext *context, const char *family, double points, gboolean bold,
                         const char *text, const QsRectangle *box, QsChartTextAlign align);

/* The same in two steps, for who must know how wide it got. n_bold: bytes at the start that are bold. The layout is owned by the caller. */
PangoLayout *qs_chart_text_layout (PangoContext *context, const char *family, double points, gsize n_bold,
                                   const char *text, double max_width, double *width, double *height);

/* A rectangle with round corners, as a path. */
void qs_chart_round_rectangle (cairo_t *cr, const QsRectangle *box, double radius);

G_END_DECLS
