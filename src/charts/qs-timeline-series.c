/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Throughput and flow control: what the panels of these say of a time. */
#include "charts/qs-timeline-private.h"

#define SPANS 100.0 /* of throughput in what is visible */

/* --- Throughput --- */

/* A round number, the same for all of what is seen; never less than what the sums are kept of. */
gint64
qs_timeline_rate_span (QsTimeline *self)
{
  gint64 from, to;

  qs_timeline_get_range (self, &from, &to);
  gint64 span = (gint64) qs_timeline_round_up ((double) (to - from) / SPANS);
  return MAX (span + self->bin - 1, self->bin) / self->bin * self->bin;
}

/* Of the span that the time falls into. */
void
qs_timeline_find_rate (QsTimeline *self, QsTimelineHit *hit)
{
  gint64 span = qs_timeline_rate_span (self);
  gint64 since = hit->time - self->first;
  guint64 sums[2] = { 0 };

  if (since < 0 || self->bins->len == 0)
    return;
  guint n = (guint) MIN (span / self->bin, QS_TIMELINE_BINS);
  guint first = (guint) MIN (since / span * (span / self->bin), self->bins->len);
  for (guint i = first; i < MIN (first + n, self->bins->len); i++)
    for (guint side = 0; side < 2; side++)
      sums[side] += g_array_index (self->bins, QsTimelineBin, i).bytes[side];
  for (guint side = 0; side < 2; side++)
    hit->values[side] = (guint64) ((double) sums[side] * 1e9 / (double) span);
  hit->has_value = TRUE;
}

/* --- Flow control --- */

const QsCredit *
qs_timeline_credit_of (QsTimeline *self, guint side)
{
  return &qs_trace_get_metrics (self->trace)
              ->credit[(side == 0) == self->own_is_client ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED];
}

gboolean
qs_timeline_has_credit (QsTimeline *self)
{
  return qs_timeline_credit_of (self, 0)->samples->len + qs_timeline_credit_of (self, 1)->samples->len > 0;
}

void
qs_timeline_find_credit (QsTimeline *self, QsTimelineHit *hit)
{
  for (guint side = 0; side < 2; side++)
    {
      const QsCredit *credit = qs_timeline_credit_of (self, side);
      const GArray *samples = credit->samples;
      guint behind = qs_timeline_first_behind (samples, hit->time);

      if (behind == 0 || hit->time >= credit->until)
        continue;
      const QsCreditSample *sample = &g_array_index (samples, QsCreditSample, behind - 1);
      hit->values[side] = sample->used;
      hit->allowed[side] = (gint64) MIN (sample->limit, G_MAXINT64);
      hit->streams[side] = sample->stream;
      if (sample->stream != G_MAXUINT64)
        hit->stream_room[side] = (gint64) (sample->stream_limit - MIN (sample->stream_used, sample->stream_limit));
      hit->has_value = TRUE;
    }
}
