/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "charts/qs-chart-text.h"
#include "charts/qs-sequence-private.h"

G_BEGIN_DECLS

/* Where arrows cross (TO_SCALE, both ends) labels are drawn behind all arrows, on a ground of their own. */
typedef enum {
  QS_PHASE_ARROWS = 1 << 0,
  QS_PHASE_LABELS = 1 << 1,
  QS_PHASE_ALL = QS_PHASE_ARROWS | QS_PHASE_LABELS
} QsDrawPhase;

#define QS_TIMES_KEPT 8

typedef struct {
  QsSequenceLayout *layout;
  cairo_t *cr;
  const QsSequenceLook *look;
  const QsChartColours *colours;
  double s; /* text scale */
  struct {
    double y[QS_TIMES_KEPT];
    guint n;
  } times[2]; /* that were drawn last beside the other lane, beside the own one */
  const QsRectangle *clip;
  QsDrawPhase phase;
} QsDraw;

/* Text takes longest: none where, as beside a scrollbar, only an edge is drawn again. */
static inline gboolean
qs_draw_is_seen (const QsDraw *draw, double left, double right)
{
  return right > draw->clip->x && left < draw->clip->x + draw->clip->width;
}

/* --- qs-sequence-draw-frame.c: bands, lanes, times --- */

void qs_draw_text (QsDraw *draw, const QsColour *colour, double points, gboolean bold, const char *words,
                   const QsRectangle *box, QsChartTextAlign align);
QsColour qs_draw_band_colour (const QsDraw *draw, QsPacketType level);
void qs_draw_bands (QsDraw *draw, guint first, guint end);
void qs_draw_lanes (QsDraw *draw, double top, double bottom);
void qs_draw_header (QsDraw *draw, double y);
/* Beside a lane, and a line from there to it. */
void qs_draw_time (QsDraw *draw, gboolean own, gint64 time, double y);

/* --- qs-sequence-draw-arrows.c --- */

void qs_draw_packet (QsDraw *draw, guint index);
void qs_draw_bundle (QsDraw *draw, guint index);

/* --- qs-sequence-draw-notes.c --- */

void qs_draw_note (QsDraw *draw, const QsItem *item);
void qs_draw_state (QsDraw *draw, const QsItem *item);
void qs_draw_break (QsDraw *draw, guint index);

G_END_DECLS
