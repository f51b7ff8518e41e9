/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "charts/qs-chart-colours.h"
#include "charts/qs-sequence.h"

G_BEGIN_DECLS

/* A column of a histogram: times from `from` on, up to and without `to`, in ns. */
typedef struct {
  gint64 from, to;
  guint n;
} QsBin;

typedef struct {
  double width, height; /* at least 120 by 60 times text_scale is used */
  double text_scale;
  gboolean mirrored; /* right-to-left: times grow to the left */
  const char *font;  /* NULL: "Sans" */
} QsHistogramOptions;

/**
 * QsHistogram: how many took how long, as columns over a scale of times. Immutable; lengths are in units of the cairo context.
 */
typedef struct _QsHistogram QsHistogram;

/* bins: side by side, from the least to the greatest; copied. */
QsHistogram *qs_histogram_new (const QsBin *bins, guint n, const QsHistogramOptions *options);
void qs_histogram_free (QsHistogram *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsHistogram, qs_histogram_free)

void qs_histogram_draw (const QsHistogram *self, cairo_t *cr, const QsChartColours *colours);
guint qs_histogram_get_n_bins (const QsHistogram *self);
/* What is drawn of a bin; of no height where it is empty. */
void qs_histogram_get_column (const QsHistogram *self, guint bin, QsRectangle *box);
/* The bin in whose column x is, empty or not. FALSE outside of all. */
gboolean qs_histogram_lookup (const QsHistogram *self, double x, guint *bin);
/* "4.0 ms to 5.0 ms: 12 runs", translated. Owned by the caller. */
char *qs_histogram_describe_bin (const QsHistogram *self, guint bin);
/* All that is not empty, for a screen reader. Owned by the caller. */
char *qs_histogram_describe (const QsHistogram *self);

G_END_DECLS
