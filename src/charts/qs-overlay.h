/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <cairo.h>

#include "charts/qs-chart-colours.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsOverlay:
 *
 * The figures of several traces over one axis of time, each counted from a start of its own: bytes of both directions, bytes in flight,
 * round trips; a panel each, a line a trace. Values are looked up once for each of a fixed number of moments, so a drawing
 * costs the same however many packets there are. All in the thread that owns the traces; lengths are in units of the cairo context.
 */
typedef struct _QsOverlay QsOverlay;

#define QS_OVERLAY_MOST 4

typedef enum { QS_OVERLAY_BYTES, QS_OVERLAY_FLIGHT, QS_OVERLAY_RTT, QS_N_OVERLAY_PANELS } QsOverlayPanel;

typedef struct {
  double width, height; /* at least 320 by 240 times text_scale is used */
  double text_scale;
  gboolean mirrored; /* right-to-left: time runs to the left */
  const char *font;  /* NULL: "Sans" */
} QsOverlayOptions;

/* traces, starts (trace time in ns that counts as 0), names (plain text, copied): n of each, up to QS_OVERLAY_MOST. options: NULL for 900
 * by 600. What the traces hold now is drawn; of those that grow it is made anew. */
QsOverlay *qs_overlay_new (QsTrace *const *traces, const gint64 *starts, const char *const *names, guint n,
                           const QsOverlayOptions *options);
void qs_overlay_free (QsOverlay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsOverlay, qs_overlay_free)

/* Until deadline (monotonic microseconds, 0: to the end). TRUE when all values are looked up; nothing is drawn before. */
gboolean qs_overlay_advance (QsOverlay *self, gint64 deadline);
void qs_overlay_set_options (QsOverlay *self, const QsOverlayOptions *options);
const QsOverlayOptions *qs_overlay_get_options (QsOverlay *self);
void qs_overlay_draw (QsOverlay *self, cairo_t *cr, const QsChartColours *colours);

/* How long the axis is: until nearly all bytes of all traces were there, in ns. */
gint64 qs_overlay_get_span (QsOverlay *self);
/* A trace's value at a moment since its start, in bytes or ns; -1: there is none. */
gint64 qs_overlay_get_value (QsOverlay *self, guint of, QsOverlayPanel panel, gint64 time);
/* The last values of each, for a screen reader. Owned by the caller. */
char *qs_overlay_describe (QsOverlay *self);

G_END_DECLS
