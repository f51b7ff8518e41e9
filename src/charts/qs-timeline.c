/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "charts/qs-timeline.h"

#include <math.h>

#include "charts/qs-timeline-private.h"

#define FIRST_BIN G_GINT64_CONSTANT (1000)               /* nanoseconds */
#define MAX_SPAN G_GINT64_CONSTANT (1000000000000000000) /* 30 years: times further apart are nonsense */
#define PACKETS_PER_LOOK 1024                            /* at the clock */

/* --- Taking packets in --- */

static void
halve_bins (QsTimeline *self)
{
  guint n = self->bins->len;

  for (guint i = 0; i < n; i++)
    {
      const QsTimelineBin *from = &g_array_index (self->bins, QsTimelineBin, i);
      QsTimelineBin *to = &g_array_index (self->bins, QsTimelineBin, i / 2);
      QsTimelineBin sum = i % 2 == 0 ? *from : *to;

      for (guint side = 0; side < 2 && i % 2 == 1; side++)
        sum.bytes[side] += from->bytes[side];
      sum.dropped += i % 2 == 1 ? from->dropped : 0;
      *to = sum;
    }
  g_array_set_size (self->bins, (n + 1) / 2);
  self->bin *= 2;
}

/* A packet may come before the first one that was taken in, when its keys came late: it counts for the start. */
static QsTimelineBin *
bin_of (QsTimeline *self, gint64 time)
{
  gint64 since = CLAMP (time - self->first, 0, MAX_SPAN);

  while (since / self->bin >= QS_TIMELINE_BINS)
    halve_bins (self);
  guint index = (guint) (since / self->bin);
  if (index >= self->bins->len)
    g_array_set_size (self->bins, index + 1); /* cleared */
  return &g_array_index (self->bins, QsTimelineBin, index);
}

static void
take_packet (QsTimeline *self, const QsPacket *packet)
{
  guint side = (packet->direction == QS_DIRECTION_SENT) == self->own_is_client ? 0 : 1;

  if (self->n_taken == 0)
    self->first = self->last = packet->time;
  QsTimelineBin *bin = bin_of (self, packet->time);
  bin->bytes[side] += packet->length;
  bin->dropped += (packet->flags & QS_PACKET_DROPPED) != 0;
  qs_timeline_take_limits (self, packet, side);
  self->last = MAX (self->last, self->first + CLAMP (packet->time - self->first, 0, MAX_SPAN));
}

gboolean
qs_timeline_advance (QsTimeline *self, gint64 deadline)
{
  g_return_val_if_fail (self != NULL, TRUE);

  guint n = qs_trace_get_n_packets (self->trace);

  while (self->n_taken < n)
    {
      take_packet (self, qs_trace_get_packet (self->trace, self->n_taken));
      self->n_taken++;
      if (deadline != 0 && self->n_taken % PACKETS_PER_LOOK == 0 && g_get_monotonic_time () >= deadline)
        return self->n_taken == n;
    }
  return TRUE;
}

/* --- Construction --- */

static void
clamp_size (QsTimeline *self)
{
  self->options.width = CLAMP (self->options.width, 320 * self->options.text_scale, 16384);
  self->options.height = CLAMP (self->options.height, 240 * self->options.text_scale, 16384);
}

QsTimeline *
qs_timeline_new (QsTrace *trace, const QsTimelineOptions *options)
{
  static const QsTimelineOptions defaults = QS_TIMELINE_OPTIONS_DEFAULT;

  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  QsTimeline *self = g_new0 (QsTimeline, 1);
  self->trace = g_object_ref (trace);
  self->options = options != NULL ? *options : defaults;
  self->options.text_scale = CLAMP (self->options.text_scale, 0.5, 6);
  clamp_size (self);
  self->font = g_strdup (self->options.font != NULL ? self->options.font : "Sans");
  self->options.font = self->font;
  self->context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  self->own_is_client = qs_trace_get_vantage (trace) != QS_VANTAGE_SERVER;
  self->from = self->options.from;
  self->to = self->options.to;
  self->bin = FIRST_BIN;
  self->bins = g_array_new (FALSE, TRUE, sizeof (QsTimelineBin));
  for (guint side = 0; side < 2; side++)
    {
      self->blocks[side] = g_array_new (FALSE, FALSE, sizeof (QsTimelineBlock));
      self->repeats[side] = g_array_new (FALSE, FALSE, sizeof (gint64));
      self->began[side] = self->ended[side] = self->first_packet[side] = G_MAXINT64;
    }
  return self;
}

void
qs_timeline_free (QsTimeline *self)
{
  g_array_unref (self->bins);
  for (guint side = 0; side < 2; side++)
    {
      g_array_unref (self->blocks[side]);
      g_array_unref (self->repeats[side]);
    }
  g_object_unref (self->context);
  g_object_unref (self->trace);
  g_free (self->font);
  g_free (self);
}

void
qs_timeline_set_size (QsTimeline *self, double width, double height)
{
  g_return_if_fail (self != NULL);

  self->options.width = width;
  self->options.height = height;
  clamp_size (self);
}

/* --- Range --- */

void
qs_timeline_get_extents (QsTimeline *self, gint64 *from, gint64 *to)
{
  g_return_if_fail (self != NULL && from != NULL && to != NULL);

  *from = self->first;
  *to = MAX (self->last, self->first + 1000);
}

void
qs_timeline_set_range (QsTimeline *self, gint64 from, gint64 to)
{
  g_return_if_fail (self != NULL);

  self->from = from;
  self->to = to;
}

void
qs_timeline_get_range (QsTimeline *self, gint64 *from, gint64 *to)
{
  g_return_if_fail (self != NULL && from != NULL && to != NULL);

  qs_timeline_get_extents (self, from, to);
  if (self->from >= self->to)
    return;
  *from = self->from;
  *to = self->to;
}

double
qs_timeline_time_to_x (QsTimeline *self, gint64 time)
{
  QsTimelineFrame frame;
  gint64 from, to;

  g_return_val_if_fail (self != NULL, 0);

  qs_timeline_get_frame (self, QS_TIMELINE_BYTES, &frame);
  qs_timeline_get_range (self, &from, &to);
  double part = ((double) time - (double) from) / ((double) to - (double) from);
  return frame.left + (frame.right - frame.left) * (self->options.mirrored ? 1 - part : part);
}

gint64
qs_timeline_x_to_time (QsTimeline *self, double x)
{
  QsTimelineFrame frame;
  gint64 from, to;

  g_return_val_if_fail (self != NULL, 0);

  qs_timeline_get_frame (self, QS_TIMELINE_BYTES, &frame);
  qs_timeline_get_range (self, &from, &to);
  double part = CLAMP ((x - frame.left) / (frame.right - frame.left), 0, 1);
  return from + (gint64) ((self->options.mirrored ? 1 - part : part) * ((double) to - (double) from));
}

/* --- Values --- */

/* The next of 1, 2, 5, 10, … */
double
qs_timeline_round_up (double value)
{
  double unit = pow (10, floor (log10 (MAX (value, 1))));
  double part = value / unit;

  return unit * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

/* The same of bytes, which are told in units of 1024. */
double
qs_timeline_round_up_bytes (double value)
{
  double unit = 1;

  while (value / unit > 512)
    unit *= 1024;
  return unit * MAX (qs_timeline_round_up (value / unit), 1);
}

const GArray *
qs_timeline_flight_of (QsTimeline *self, guint side)
{
  const QsMetrics *metrics = qs_trace_get_metrics (self->trace);

  return metrics->flight[(side == 0) == self->own_is_client ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED];
}

void
qs_timeline_foreach_lost (QsTimeline *self, void (*func) (gint64 time, gpointer data), gpointer data)
{
  const GArray *losses = qs_trace_get_metrics (self->trace)->losses;

  for (guint i = 0; i < self->bins->len; i++)
    {
      if (g_array_index (self->bins, QsTimelineBin, i).dropped > 0)
        func (self->first + (gint64) i * self->bin, data);
    }
  for (guint i = 0; i < losses->len; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (self->trace, g_array_index (losses, QsLoss, i).packet);

      if ((packet->flags & (QS_PACKET_LOST | QS_PACKET_DROPPED)) == QS_PACKET_LOST)
        func (packet->time, data);
    }
}

guint
qs_timeline_first_behind (const GArray *samples, gint64 time)
{
  guint size = g_array_get_element_size ((GArray *) samples);
  guint low = 0, high = samples->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (*(const gint64 *) (const void *) (samples->data + (gsize) middle * size) <= time)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static void
find_bytes (QsTimeline *self, QsTimelineHit *hit)
{
  gint64 since = hit->time - self->first;

  for (guint i = 0; i < self->bins->len && (gint64) i * self->bin <= since; i++)
    {
      const QsTimelineBin *bin = &g_array_index (self->bins, QsTimelineBin, i);

      hit->values[0] += bin->bytes[0];
      hit->values[1] += bin->bytes[1];
      hit->has_value = TRUE;
    }
}

static void
find_flight (QsTimeline *self, QsTimelineHit *hit)
{
  for (guint side = 0; side < 2; side++)
    {
      const GArray *samples = qs_timeline_flight_of (self, side);
      guint behind = qs_timeline_first_behind (samples, hit->time);

      if (behind == 0)
        continue;
      hit->values[side] = g_array_index (samples, QsFlightSample, behind - 1).bytes;
      hit->has_value = TRUE;
    }
  const QsSenderSample *sender = qs_timeline_find_sender (self, hit->time);
  if (sender == NULL)
    return;
  hit->window = sender->congestion_window;
  hit->threshold = sender->ssthresh;
}

static void
find_held (QsTimeline *self, QsTimelineHit *hit)
{
  for (guint side = 0; side < 2; side++)
    {
      hit->limits[side] = qs_timeline_find_limit (self, side, hit->time);
      hit->has_value |= hit->limits[side] != QS_TIMELINE_FREE;
    }
}

static void
find_rtt (QsTimeline *self, QsTimelineHit *hit)
{
  const GArray *samples = qs_trace_get_metrics (self->trace)->rtt;
  guint behind = qs_timeline_first_behind (samples, hit->time);

  if (behind == 0)
    return;
  const QsRttSample *sample = &g_array_index (samples, QsRttSample, behind - 1);
  hit->values[0] = (guint64) sample->rtt;
  hit->values[1] = (guint64) sample->smoothed;
  hit->values[2] = (guint64) sample->minimum;
  hit->has_value = TRUE;
}

void
qs_timeline_look_at (QsTimeline *self, QsTimelinePanel panel, gint64 time, QsTimelineHit *hit)
{
  static void (*const find[QS_N_TIMELINE_PANELS]) (QsTimeline *, QsTimelineHit *) = {
    [QS_TIMELINE_BYTES] = find_bytes,   [QS_TIMELINE_RATE] = qs_timeline_find_rate,
    [QS_TIMELINE_FLIGHT] = find_flight, [QS_TIMELINE_CREDIT] = qs_timeline_find_credit,
    [QS_TIMELINE_RTT] = find_rtt,       [QS_TIMELINE_HELD] = find_held,
  };

  g_return_if_fail (self != NULL && panel < QS_N_TIMELINE_PANELS && hit != NULL);

  *hit = (QsTimelineHit){ .panel = panel, .time = time, .window = -1, .threshold = -1 };
  for (guint side = 0; side < 2; side++)
    {
      hit->allowed[side] = hit->stream_room[side] = -1;
      hit->streams[side] = G_MAXUINT64;
    }
  find[panel](self, hit);
}

gboolean
qs_timeline_lookup (QsTimeline *self, double x, double y, QsTimelineHit *hit)
{
  g_return_val_if_fail (self != NULL && hit != NULL, FALSE);

  for (QsTimelinePanel panel = 0; panel < QS_N_TIMELINE_PANELS; panel++)
    {
      QsTimelineFrame frame;

      qs_timeline_get_frame (self, panel, &frame);
      if (x < frame.left || x > frame.right || y < frame.top || y > frame.bottom || self->n_taken == 0)
        continue;
      qs_timeline_look_at (self, panel, qs_timeline_x_to_time (self, x), hit);
      return TRUE;
    }
  return FALSE;
}
