/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "charts/qs-timeline.h"

G_BEGIN_DECLS

/**
 * QsTimelineView: a trace's figures over time, which zooms, pans and can be driven by keyboard and pointer.
 *
 * Packets are taken in in slices. The curves are drawn into a picture that is kept, and drawn anew only when there is news,
 * no more often than a twentieth of the main loop's time allows; the mark of the selection goes over it.
 *
 * Properties: "selected" (int64: a packet's index, -1: none; notifies).
 * Signals: "range-changed" (): what is visible was changed by a person; see qs_timeline_view_get_range().
 * Accessible: named `Timeline`, described by the figures at the packet that is selected.
 */
#define QS_TYPE_TIMELINE_VIEW (qs_timeline_view_get_type ())
G_DECLARE_FINAL_TYPE (QsTimelineView, qs_timeline_view, QS, TIMELINE_VIEW, GtkDrawingArea)

void qs_timeline_view_set_trace (QsTimelineView *self, QsTrace *trace);
GtkAdjustment *qs_timeline_view_get_adjustment (QsTimelineView *self); /* seconds, for a scrollbar */
/* All that the trace has is drawn in the next frame: what is slow for the sake of a run is not when that is over. */
void qs_timeline_view_refresh (QsTimelineView *self);

gint64 qs_timeline_view_get_selected (QsTimelineView *self);
void qs_timeline_view_set_selected (QsTimelineView *self, gint64 packet);
/* The figures at the selected packet's time, a line for each panel; NULL when nothing is. Owned by the caller. */
char *qs_timeline_view_describe_selected (QsTimelineView *self);

/* Nanoseconds since the trace's origin; both -1: all of it, also what is still to come. */
void qs_timeline_view_set_range (QsTimelineView *self, gint64 from, gint64 to);
void qs_timeline_view_get_range (QsTimelineView *self, gint64 *from, gint64 *to);
/* About the selection where it is visible, else about the middle. */
void qs_timeline_view_zoom (QsTimelineView *self, double factor);

/* The options and colours of the picture as it is shown, for an export. */
void qs_timeline_view_get_look (QsTimelineView *self, QsTimelineOptions *options, const QsChartColours **colours);
/* How long the last drawing of all curves took, in microseconds. */
gint64 qs_timeline_view_get_cost (QsTimelineView *self);

G_END_DECLS
