/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "charts/qs-histogram.h"

G_BEGIN_DECLS

/**
 * QsHistogramView: a histogram in the theme's colours; what a column stands for is its tooltip, all of them its accessible description.
 */
#define QS_TYPE_HISTOGRAM_VIEW (qs_histogram_view_get_type ())
G_DECLARE_FINAL_TYPE (QsHistogramView, qs_histogram_view, QS, HISTOGRAM_VIEW, GtkDrawingArea)

void qs_histogram_view_set_bins (QsHistogramView *self, const QsBin *bins, guint n);

G_END_DECLS
