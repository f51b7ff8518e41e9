/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What held a sender back: its congestion window, which only its own log tells of, the other end's flow control, a loss, or that its
 * application had nothing to send. What the recording does not show is not said: "free" is no statement. */
#include "charts/qs-timeline-private.h"

#define MOST_BLOCKS 65536
#define LEAST_PACKET 1200 /* bytes: what counts as full where nothing larger was sent */
#define MOST_LOOKS 4096   /* at samples, for one answer */
#define BIT(frame) (G_GUINT64_CONSTANT (1) << (frame))
#define BLOCKED (BIT (QS_FRAME_DATA_BLOCKED) | BIT (QS_FRAME_STREAM_DATA_BLOCKED))
#define RAISED (BIT (QS_FRAME_MAX_DATA) | BIT (QS_FRAME_MAX_STREAM_DATA))
#define CLOSED (BIT (QS_FRAME_CONNECTION_CLOSE) | BIT (QS_FRAME_CONNECTION_CLOSE_APP))

static QsTimelineBlock *
last_block (GArray *blocks)
{
  return blocks->len > 0 ? &g_array_index (blocks, QsTimelineBlock, blocks->len - 1) : NULL;
}

/* The client's hello, what answered it, and what the client sent then: a whole round trip wherever the recorder stands. */
static void
take_round (QsTimeline *self, const QsPacket *packet, guint side)
{
  self->first_packet[side] = MIN (self->first_packet[side], packet->time);
  if (side == 0 && self->round == 0 && self->first_packet[1] < packet->time)
    self->round = packet->time - self->first_packet[0];
}

/* RFC 9000 section 4.1: who is blocked says so, and goes on when the other end raises a limit. */
void
qs_timeline_take_limits (QsTimeline *self, const QsPacket *packet, guint side)
{
  QsTimelineBlock *own = last_block (self->blocks[side]), *other = last_block (self->blocks[1 - side]);

  self->largest[side] = MAX (self->largest[side], packet->length);
  if (packet->type == QS_PACKET_TLS_RECORD)
    return;
  take_round (self, packet, side);
  if (packet->type == QS_PACKET_1RTT)
    self->began[side] = MIN (self->began[side], packet->time);
  if ((packet->frames & CLOSED) != 0)
    self->ended[side] = MIN (self->ended[side], packet->time);
  if ((packet->flags & QS_PACKET_RETRANSMISSION) != 0 && self->repeats[side]->len < MOST_BLOCKS)
    g_array_append_val (self->repeats[side], packet->time);
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

/* --- Flow control --- */

static gboolean
is_blocked (QsTimeline *self, guint side, gint64 time)
{
  const GArray *blocks = self->blocks[side], *spans = qs_timeline_credit_of (self, side)->spans;
  guint behind = qs_timeline_first_behind (blocks, time);

  if (behind > 0 && g_array_index (blocks, QsTimelineBlock, behind - 1).to > time)
    return TRUE;
  behind = qs_timeline_first_behind (spans, time);
  return behind > 0 && g_array_index (spans, QsCreditSpan, behind - 1).to > time;
}

/* --- Losses --- */

static gboolean
is_recorder (QsTimeline *self, guint side)
{
  return qs_trace_get_vantage (self->trace) != QS_VANTAGE_NETWORK && side == (self->own_is_client ? 0u : 1u);
}

/* RFC 9002 section 7.3.2: recovery ends when a packet that was sent in it is acknowledged. */
static gint64
recovery_end (QsTimeline *self, gint64 from)
{
  const GArray *samples = qs_trace_get_metrics (self->trace)->rtt;
  guint first = qs_timeline_first_behind (samples, from);

  for (guint i = first; i < samples->len && i - first < MOST_LOOKS; i++)
    {
      const QsRttSample *sample = &g_array_index (samples, QsRttSample, i);
      if (sample->time - sample->rtt >= from)
        return sample->time;
    }
  return first < samples->len ? G_MAXINT64 : from;
}

/* Of the recording side: what its ACKs, or its log, told as lost and still tell. */
static gboolean
recovers_self (QsTimeline *self, gint64 time)
{
  const GArray *losses = qs_trace_get_metrics (self->trace)->losses;
  guint behind = qs_timeline_first_behind (losses, time);

  for (guint i = behind; i-- > 0 && behind - i < MOST_LOOKS;)
    {
      const QsLoss *loss = &g_array_index (losses, QsLoss, i);
      if ((qs_trace_get_packet (self->trace, loss->packet)->flags & QS_PACKET_LOST) != 0)
        return recovery_end (self, loss->time) > time;
    }
  return FALSE;
}

/* The round trip that is known at a time; 0: none is. A recorder on the way knows but a part of it from its samples. */
static gint64
round_at (QsTimeline *self, gint64 time)
{
  const GArray *samples = qs_trace_get_metrics (self->trace)->rtt;
  guint behind = qs_timeline_first_behind (samples, time);
  gint64 smoothed = behind > 0 ? g_array_index (samples, QsRttSample, behind - 1).smoothed : 0;

  return MAX (smoothed, self->round);
}

/* Of the other: what it lost shows when it sends it again, and is made good a round trip later. */
static gboolean
recovers (QsTimeline *self, guint side, gint64 time)
{
  const GArray *repeats = self->repeats[side];
  guint behind = qs_timeline_first_behind (repeats, time);

  if (is_recorder (self, side))
    return recovers_self (self, time);
  return behind > 0 && time - g_array_index (repeats, gint64, behind - 1) < round_at (self, time);
}

/* --- Congestion window --- */

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

/* --- Nothing to send --- */

/* A window has room for two packets at least (RFC 9002 section 7.2): who has none under way could send. Whoever else records sees an ACK
 * before the sender does, and what it sends for that when it comes: together no more than a round trip. */
static gboolean
has_nothing (QsTimeline *self, guint side, gint64 time)
{
  const GArray *samples = qs_timeline_flight_of (self, side);
  guint behind = qs_timeline_first_behind (samples, time);
  gint64 wait = is_recorder (self, side) ? 0 : round_at (self, time);

  if (behind == 0 || time < self->began[side] || (wait == 0 && !is_recorder (self, side)))
    return FALSE;
  const QsFlightSample *sample = &g_array_index (samples, QsFlightSample, behind - 1);
  return sample->bytes == 0 && time - sample->time >= wait;
}

QsTimelineLimit
qs_timeline_find_limit (QsTimeline *self, guint side, gint64 time)
{
  static const struct {
    QsTimelineLimit limit;
    gboolean (*holds) (QsTimeline *self, guint side, gint64 time);
  } checks[] = {
    { QS_TIMELINE_BY_FLOW, is_blocked },
    { QS_TIMELINE_BY_LOSS, recovers },
    { QS_TIMELINE_BY_WINDOW, is_window_full },
    { QS_TIMELINE_BY_APP, has_nothing },
  };

  if (time < self->first || time > self->last || time >= self->ended[0] || time >= self->ended[1])
    return QS_TIMELINE_FREE;
  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    if (checks[i].holds (self, side, time))
      return checks[i].limit;
  return QS_TIMELINE_FREE;
}
