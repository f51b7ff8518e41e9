/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "charts/qs-overlay.h"

G_BEGIN_DECLS

/**
 * QsOverlayView: the figures of several traces over each other. Their values are looked up in slices.
 *
 * Accessible: named `Compared charts`, described by the last figures of each.
 */
#define QS_TYPE_OVERLAY_VIEW (qs_overlay_view_get_type ())
G_DECLARE_FINAL_TYPE (QsOverlayView, qs_overlay_view, QS, OVERLAY_VIEW, GtkDrawingArea)

/* As qs_overlay_new(); n 0: nothing. */
void qs_overlay_view_set_traces (QsOverlayView *self, QsTrace *const *traces, const gint64 *starts,
                                 const char *const *names, guint n);

G_END_DECLS
