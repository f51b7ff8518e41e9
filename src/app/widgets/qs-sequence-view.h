/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "charts/qs-sequence.h"

G_BEGIN_DECLS

/**
 * QsSequenceView: a trace's sequence diagram that scrolls, zooms and can be driven by keyboard.
 *
 * It scrolls by itself, because a diagram of a million packets is higher than any X window may be: put a
 * scrollbar beside it with qs_sequence_view_get_adjustment(). What is to be drawn is laid out in slices.
 *
 * Properties: "selected" (int64: a packet's index, -1: none; notifies).
 * Accessible: named `Sequence diagram`, described by the packet that is selected.
 */
#define QS_TYPE_SEQUENCE_VIEW (qs_sequence_view_get_type ())
G_DECLARE_FINAL_TYPE (QsSequenceView, qs_sequence_view, QS, SEQUENCE_VIEW, GtkDrawingArea)

void qs_sequence_view_set_trace (QsSequenceView *self, QsTrace *trace);
/* Both ends: a join of the trace; NULL: the trace alone. Stays until the trace is another one. */
void qs_sequence_view_set_join (QsSequenceView *self, QsTraceJoin *join);
GtkAdjustment *qs_sequence_view_get_adjustment (QsSequenceView *self);

/* -1 also where what is selected is in the other end's recording alone. */
gint64 qs_sequence_view_get_selected (QsSequenceView *self);
/* Scrolls to it. */
void qs_sequence_view_set_selected (QsSequenceView *self, gint64 packet);
/* A sentence or several lines about what is selected; NULL when nothing is. Owned by the caller. */
char *qs_sequence_view_describe_selected (QsSequenceView *self);

/* A replay: nothing later than until (trace time in ns; G_MAXINT64: all) is drawn. See QsSequenceLook. */
void qs_sequence_view_set_until (QsSequenceView *self, gint64 until, gboolean settled);

/* How large letters are before any zoom: 1, more for a projector. */
void qs_sequence_view_set_text_scale (QsSequenceView *self, double scale);

/* As QsSequenceOptions: of several views beside each other. 0: the trace's own. */
void qs_sequence_view_set_scale (QsSequenceView *self, double scale);
void qs_sequence_view_set_to_scale (QsSequenceView *self, gboolean to_scale);
gboolean qs_sequence_view_get_to_scale (QsSequenceView *self);
void qs_sequence_view_set_collapse (QsSequenceView *self, gboolean collapse);
/* Zooms about the middle of what is seen: time where it is to scale, the text's size where it is not. */
void qs_sequence_view_zoom (QsSequenceView *self, double factor);
void qs_sequence_view_reset_zoom (QsSequenceView *self);

/* The options and colours of the picture as it is shown, for an export. */
void qs_sequence_view_get_look (QsSequenceView *self, QsSequenceOptions *options, const QsChartColours **colours);

G_END_DECLS
