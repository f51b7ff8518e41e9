/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What held a sender back: its congestion window, which only its own log tells of, or the other end's flow control. */
#include "charts/qs-timeline-private.h"

#define MOST_BLOCKS 65536
#define LEAST_PACKET 1200 /* bytes: what counts as full where nothing larger was sent */
#define BIT(frame) (G_GUINT64_CONSTANT (1) << (frame))
#define BLOCKED (BIT (QS_FRAME_DATA_BLOCKED) | BIT (QS_FRAME_STREAM_DATA_BLOCKED))
#define RAISED (BIT (QS_FRAME_MAX_DATA) | BIT (QS_FRAME_MAX_STREAM_DATA))

static QsTimelineBlock *
last_block (GArray *blocks)
{
  return blocks->len > 0 ? &g_array_index (blocks, QsTimelineBlock, blocks->len - 1) : NULL;
}

/* RFC 9000 section 4.1: who is blocked says so, and goes on when the other end raises a limit. */
void
qs_timeline_take_limits (QsTimeline *self, const QsPacket *packet, guint side)
{
  QsTimelineBlock *own = last_block (self->blocks[side]), *other = last_block (self->blocks[1 - side]);

  self->largest[side] = MAX (self->largest[side], packet->length);
  if (packet->type == QS_PACKET_TLS_RECORD)
    return;
  if ((packet->frames & BLOCKED) != 0 && (own == NULL || own->to != G_MAXINT64) &&
      self->blocks[side]->len < MOST_BLOCKS)
    {
      QsTimelineBlock block = { packet->time, G_MAXINT64 };
      g_array_append_val (self->blocks[side], block);
    }
  if ((packet->frames & RAISED) != 0 && other != NULL && other->to == G_MAXINT64)
    other->to = MAX (packet->time, other->from);
}

const QsSenderSample *
qs_timeline_find_sender (QsTimeline *self, gint64 time)
{
  const GArray *samples = qs_trace_get_metrics (self->trace)->sender;
  guint behind = qs_timeline_first_behind (samples, time);

  return behind > 0 ? &g_array_index (samples, QsSenderSample, behind - 1) : NULL;
}

/* A sample holds all that was said so far: the last one tells of the whole log. */
static const QsSenderSample *
last_sample (QsTimeline *self)
{
  return qs_timeline_find_sender (self, G_MAXINT64);
}

gboolean
qs_timeline_has_window (QsTimeline *self)
{
  const QsSenderSample *last = last_sample (self);

  return last != NULL && last->congestion_window >= 0;
}

gboolean
qs_timeline_has_threshold (QsTimeline *self)
{
  const QsSenderSample *last = last_sample (self);

  return last != NULL && last->ssthresh >= 0;
}

static gboolean
is_blocked (const GArray *blocks, gint64 time)
{
  guint behind = qs_timeline_first_behind (blocks, time);

  return behind > 0 && g_array_index (blocks, QsTimelineBlock, behind - 1).to > time;
}

static gboolean
is_window_full (QsTimeline *self, guint side, gint64 time)
{
  const QsSenderSample *sender = side == (self->own_is_client ? 0 : 1) ? qs_timeline_find_sender (self, time) : NULL;
  const GArray *samples = qs_timeline_flight_of (self, side);
  guint behind = sender != NULL ? qs_timeline_first_behind (samples, time) : 0;

  if (behind == 0 || sender->congestion_window < 0)
    return FALSE;
  guint64 flight = g_array_index (samples, QsFlightSample, behind - 1).bytes;
  return flight + MAX (self->largest[side], LEAST_PACKET) > (guint64) sender->congestion_window;
}

QsTimelineLimit
qs_timeline_find_limit (QsTimeline *self, guint side, gint64 time)
{
  if (is_blocked (self->blocks[side], time))
    return QS_TIMELINE_BY_FLOW;
  return is_window_full (self, side, time) ? QS_TIMELINE_BY_WINDOW : QS_TIMELINE_FREE;
}
