/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "charts/qs-sequence.h"
#include "charts/qs-timeline.h"

G_BEGIN_DECLS

typedef enum { QS_CHART_SVG, QS_CHART_PNG, QS_CHART_PDF } QsChartFormat;

/* By the name's end: .png, .pdf, else SVG. */
QsChartFormat qs_chart_format_for_name (const char *path);

/**
 * qs_chart_export_sequence:
 * @options: (nullable): NULL: the defaults with a title
 *
 * Writes the diagram, by the code that also draws it in the window, aside and renamed. A picture that is higher than the format can hold (PNG: 32000,
 * SVG and PDF: 200000 units) fails with QS_ERROR_TOO_LARGE and says what to do. A PDF has one page of the picture's size.
 */
gboolean qs_chart_export_sequence (QsTrace *trace, const QsSequenceOptions *options, const QsChartColours *colours,
                                   const char *path, QsChartFormat format, GError **error);

/* The same of the figures over time. */
gboolean qs_chart_export_timeline (QsTrace *trace, const QsTimelineOptions *options, const QsChartColours *colours,
                                   const char *path, QsChartFormat format, GError **error);

/* The picture as SVG text, to be put into a page; what lies below max_height is left out. height (out, nullable): what
 * the whole one has. Owned by the caller. */
GBytes *qs_chart_sequence_to_svg (QsTrace *trace, const QsSequenceOptions *options, const QsChartColours *colours,
                                  double max_height, double *height, GError **error);

G_END_DECLS
