/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "charts/qs-overlay.h"
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

/**
 * QsChartJob: a picture in the making, in steps: qs_chart_job_advance() until it says so, then qs_chart_job_finish(), which may be
 * in another thread: nothing of the trace is looked at any more.
 */
typedef struct _QsChartJob QsChartJob;

/* options, colours: as above; max_height: what lies below is left out, G_MAXDOUBLE: nothing. */
QsChartJob *qs_chart_job_new_sequence (QsTrace *trace, const QsSequenceOptions *options, const QsChartColours *colours,
                                       QsChartFormat format, double max_height);
QsChartJob *qs_chart_job_new_timeline (QsTrace *trace, const QsTimelineOptions *options, const QsChartColours *colours,
                                       QsChartFormat format);
/* overlay is taken; drawn as large as its options say. */
QsChartJob *qs_chart_job_new_overlay (QsOverlay *overlay, const QsChartColours *colours, QsChartFormat format);
/* Until deadline (monotonic microseconds, 0: to the end). TRUE: all is drawn, or cannot be. */
gboolean qs_chart_job_advance (QsChartJob *self, gint64 deadline);
/* Of the whole picture, once it is drawn. */
double qs_chart_job_get_height (QsChartJob *self);
/* The file's bytes, once. Owned by the caller; NULL with error. */
GBytes *qs_chart_job_finish (QsChartJob *self, GError **error);
void qs_chart_job_free (QsChartJob *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsChartJob, qs_chart_job_free)

/* The job is taken, made in slices, and written to path. Of the thread-default main context. */
void qs_chart_job_write_async (QsChartJob *self, const char *path, GAsyncReadyCallback callback, gpointer data);
gboolean qs_chart_job_write_finish (GAsyncResult *result, GError **error);

G_END_DECLS
