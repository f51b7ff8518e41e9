/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How large things are in a sequence diagram, in space and time. */
#include <math.h>

#include "charts/qs-sequence-private.h"
#include "trace/qs-metrics.h"

#define HALF_RTT_HEIGHT 60.0   /* TO_SCALE with zoom 1: at most this */
#define HANDSHAKE_HEIGHT 900.0 /* and the handshake at most this */
#define MIN_SLANT 8.0
#define EARLY_ITEMS 2000 /* while there are fewer, a better estimate of the round trip lays all out anew */
#define DEFAULT_HALF_RTT G_GINT64_CONSTANT (5000000)

/* --- Half a round trip --- */

static gint64
measured_half_rtt (QsTraceJoin *join)
{
  gint64 up = qs_trace_join_get_least_delay (join, TRUE), down = qs_trace_join_get_least_delay (join, FALSE);

  if (up >= 0 && down >= 0)
    return MAX ((up + down) / 2, 1000);
  return up >= 0 || down >= 0 ? MAX (MAX (up, down), 1000) : DEFAULT_HALF_RTT;
}

/* From the metrics; else from how long the first answer took, since what was sent last before it. */
static gint64
estimate_half_rtt (QsTrace *trace)
{
  const QsMetrics *metrics = qs_trace_get_metrics (trace);
  gint64 sent = -1;

  if (metrics->rtt->len > 0)
    return MAX (g_array_index (metrics->rtt, QsRttSample, metrics->rtt->len - 1).minimum / 2, 1000);
  for (guint i = 0; i < MIN (qs_trace_get_n_packets (trace), 64); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);

      if (packet->direction == QS_DIRECTION_SENT)
        sent = packet->time;
      else if (packet->direction == QS_DIRECTION_RECEIVED && sent >= 0 && packet->time > sent)
        return MAX ((packet->time - sent) / 2, 1000);
    }
  return DEFAULT_HALF_RTT;
}

/* How long the handshake took; else what there is of it. */
static gint64
handshake_duration (QsTrace *trace)
{
  guint n = MIN (qs_trace_get_n_packets (trace), 256);
  gint64 first = n > 0 ? qs_trace_get_packet (trace, 0)->time : 0;
  gint64 last = first;

  for (guint i = 0; i < n; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);

      last = MAX (last, packet->time);
      if ((packet->frames & QS_FRAME_BIT (QS_FRAME_HANDSHAKE_DONE)) != 0)
        break;
    }
  return last - first;
}

/* --- Scale --- */

/* A round trip is far shorter than what the two ends need to think, or far longer: both must be seen. */
static double
own_scale (QsTrace *trace, gint64 half_rtt)
{
  double scale = HALF_RTT_HEIGHT / (double) half_rtt;
  gint64 duration = handshake_duration (trace);

  return duration > 0 ? MIN (scale, HANDSHAKE_HEIGHT / (double) duration) : scale;
}

double
qs_sequence_get_own_scale (QsTrace *trace)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), 1);

  return own_scale (trace, estimate_half_rtt (trace));
}

double
qs_sequence_get_common_scale (QsTrace *const *traces, guint n)
{
  g_return_val_if_fail (traces != NULL, 1);

  double scale = G_MAXDOUBLE;
  for (guint i = 0; i < n; i++)
    scale = MIN (scale, qs_sequence_get_own_scale (traces[i]));
  return n > 0 ? scale : 1;
}

static void
set_scale (QsSequenceLayout *self)
{
  double unit = self->options.text_scale * self->options.zoom;
  QsTraceJoin *join = self->options.join;
  gint64 half_rtt = join != NULL ? measured_half_rtt (join) : estimate_half_rtt (self->trace);

  self->half_rtt = half_rtt;
  self->scale = (self->options.scale > 0 ? self->options.scale : own_scale (self->trace, half_rtt)) * unit;
  if (qs_sequence_to_scale (self))
    self->slant = MAX (self->scale * (double) half_rtt, MIN_SLANT * self->options.text_scale);
}

void
qs_sequence_refine_scale (QsSequenceLayout *self, gboolean first)
{
  double before = self->scale;

  if (!first && self->items->len >= EARLY_ITEMS)
    return;
  set_scale (self);
  if (!first && qs_sequence_to_scale (self) && (self->scale >= before * 1.25 || self->scale <= before * 0.8))
    qs_sequence_rewind (self);
}

/* --- Measures --- */

static double
line_height (QsSequenceLayout *self, double points)
{
  g_autoptr (PangoLayout) layout = pango_layout_new (self->context);
  PangoFontDescription *font = pango_font_description_new ();
  int height;

  pango_font_description_set_family (font, self->font);
  pango_font_description_set_size (font, (int) (points * self->options.text_scale * PANGO_SCALE));
  pango_layout_set_font_description (layout, font);
  pango_layout_set_text (layout, "Ågjß", -1);
  pango_layout_get_size (layout, NULL, &height);
  pango_font_description_free (font);
  return ceil ((double) height / PANGO_SCALE);
}

void
qs_sequence_measure (QsSequenceLayout *self)
{
  double s = self->options.text_scale;

  self->line1 = line_height (self, QS_SEQUENCE_TITLE_POINTS);
  self->line2 = line_height (self, QS_SEQUENCE_SMALL_POINTS);
  self->gap = round (10 * s);
  self->slant = round (14 * s);
  self->row = self->line1 + self->line2 + self->slant + self->gap;
  self->note_height = self->line1 + self->line2 + 2 * self->gap + round (6 * s);
  self->state_height = self->line2 + 2 * self->gap;
  self->break_height = self->line2 + 3 * self->gap;
  self->header_height =
      (self->options.title ? self->line1 + self->gap * 2 : 0) + self->line1 + self->line2 + 4 * self->gap;
  self->gutter = round (78 * s);
  self->band_gutter = round (112 * s);
  self->end = self->header_height;
}
