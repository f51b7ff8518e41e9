/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-recovery.h"

#define PACKET_THRESHOLD 3        /* RFC 9002 section 6.1.1 */
#define TIMER_GRANULARITY 1000000 /* ns: kGranularity */
#define MAX_TRACKED 65536         /* behind it the oldest is forgotten: ACKs that were never seen */
#define SPURIOUS_WINDOW 1024      /* a lost packet is remembered that long, for a late ACK */
#define MAX_ACK_RANGES 4096       /* of one frame */
#define MAX_GAPS 1024             /* further ones are not looked after */

typedef struct {
  guint64 number;
  gint64 time;
  guint32 packet;
  guint32 bytes : 24;
  guint32 eliciting : 1;
  guint32 acked : 1;
  guint32 lost : 1;
} Sent;

struct _QsRecovery {
  QsTrace *trace; /* not owned: the trace outlives the dissector's feeding of it */
  QsDirection direction;
  gboolean by_time;
  GArray *sent; /* Sent, by number; the first `head` are done with */
  guint head;
  gboolean any_acked;
  guint64 largest_acked;
  gboolean any_sent;
  guint64 largest_sent;
  GArray *gaps; /* Gap, by number: numbers below the largest that no packet of the trace has */
};

typedef struct {
  guint64 first, last;
} Gap;

typedef struct {
  QsRecovery *recovery;
  gint64 time;
  guint64 largest;
  gint64 largest_sent; /* its time, when it is newly acknowledged */
  gboolean eliciting;
  guint n_ranges;
} Ack;

void
qs_rtt_update (QsRtt *self, gint64 sample, gint64 ack_delay)
{
  self->latest = sample;
  if (!self->sampled)
    {
      self->sampled = TRUE;
      self->minimum = self->smoothed = sample;
      self->variation = sample / 2;
      return;
    }

  self->minimum = MIN (self->minimum, sample);
  gint64 adjusted = sample >= self->minimum + ack_delay ? sample - ack_delay : sample;
  gint64 difference = ABS (self->smoothed - adjusted);
  self->variation = (3 * self->variation + difference) / 4;
  self->smoothed = (7 * self->smoothed + adjusted) / 8;
}

QsRecovery *
qs_recovery_new (QsTrace *trace, QsDirection direction, gboolean by_time)
{
  QsRecovery *self = g_new0 (QsRecovery, 1);

  self->trace = trace;
  self->direction = direction;
  self->by_time = by_time;
  self->sent = g_array_new (FALSE, FALSE, sizeof (Sent));
  self->gaps = g_array_new (FALSE, FALSE, sizeof (Gap));
  return self;
}

void
qs_recovery_free (QsRecovery *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->sent);
  g_array_unref (self->gaps);
  g_free (self);
}

static inline Sent *
sent_at (QsRecovery *self, guint i)
{
  return &g_array_index (self->sent, Sent, i);
}

/* The first one whose number is not below. */
static guint
lower_bound (QsRecovery *self, guint64 number)
{
  guint low = self->head, high = self->sent->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (sent_at (self, middle)->number < number)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static void
leave_flight (QsRecovery *self, const Sent *sent, gint64 time)
{
  if (sent->eliciting && !sent->lost && !sent->acked)
    qs_metrics_add_flight (qs_trace_get_metrics (self->trace), self->direction, time, -(gint64) sent->bytes);
}

static void
drop_done (QsRecovery *self)
{
  while (self->head < self->sent->len)
    {
      const Sent *sent = sent_at (self, self->head);
      gboolean forgotten = sent->lost && sent->number + SPURIOUS_WINDOW < self->largest_acked;
      if (!sent->acked && !forgotten && self->sent->len - self->head <= MAX_TRACKED)
        break;
      leave_flight (self, sent, sent->time);
      self->head++;
    }
  if (self->head > 1024 && self->head > self->sent->len / 2)
    {
      g_array_remove_range (self->sent, 0, self->head);
      self->head = 0;
    }
}

/* Takes numbers out of a gap, which may leave one on each side of them. Returns how many. */
static guint64
cut_gap (QsRecovery *self, guint index, guint64 first, guint64 last)
{
  Gap *gap = &g_array_index (self->gaps, Gap, index);
  Gap behind = { last + 1, gap->last };

  first = MAX (first, gap->first);
  last = MIN (last, gap->last);
  guint64 n = last - first + 1;
  gboolean keeps_front = first > gap->first, keeps_back = last < gap->last;
  if (keeps_front)
    gap->last = first - 1;
  if (keeps_front && keeps_back && self->gaps->len < MAX_GAPS)
    g_array_insert_val (self->gaps, index + 1, behind);
  else if (keeps_back && !keeps_front)
    gap->first = last + 1;
  else if (!keeps_front)
    g_array_remove_index (self->gaps, index);
  return n;
}

/* Takes these numbers out of all gaps. */
static guint64
fill_gaps (QsRecovery *self, guint64 first, guint64 last)
{
  guint64 n = 0;

  for (guint i = self->gaps->len; i > 0; i--)
    {
      const Gap *gap = &g_array_index (self->gaps, Gap, i - 1);
      if (gap->last < first)
        break;
      if (gap->first <= last)
        n += cut_gap (self, i - 1, first, last);
    }
  return n;
}

/* A very large step is no loss of that many packets but a number that was read wrong. */
static void
note_number (QsRecovery *self, guint64 number)
{
  QsDirectionFigures *figures = &qs_trace_get_metrics (self->trace)->directions[self->direction];

  if (self->any_sent && number > self->largest_sent + 1 && number - self->largest_sent <= MAX_TRACKED &&
      self->gaps->len < MAX_GAPS)
    {
      Gap gap = { self->largest_sent + 1, number - 1 };
      g_array_append_val (self->gaps, gap);
      figures->missing += (guint) (number - 1 - self->largest_sent);
    }
  else if (self->any_sent && number < self->largest_sent)
    figures->missing -= (guint) fill_gaps (self, number, number);
  if (!self->any_sent || number > self->largest_sent)
    self->largest_sent = number;
  self->any_sent = TRUE;
}

void
qs_recovery_sent (QsRecovery *self, guint64 number, guint32 packet, gint64 time, guint32 bytes, gboolean ack_eliciting)
{
  Sent sent = { .number = number, .time = time, .packet = packet, .bytes = bytes & 0xffffff };

  sent.eliciting = ack_eliciting ? 1 : 0;
  note_number (self, number);
  if (self->sent->len > self->head && sent_at (self, self->sent->len - 1)->number >= number)
    {
      guint at = lower_bound (self, number);
      if (sent_at (self, at)->number == number)
        return;
      g_array_insert_val (self->sent, at, sent);
    }
  else
    g_array_append_val (self->sent, sent);

  if (ack_eliciting)
    qs_metrics_add_flight (qs_trace_get_metrics (self->trace), self->direction, time, bytes);
  if (self->sent->len - self->head > MAX_TRACKED)
    drop_done (self);
}

static void
ack_one (Ack *ack, Sent *sent)
{
  QsRecovery *self = ack->recovery;
  QsDirectionFigures *figures = &qs_trace_get_metrics (self->trace)->directions[self->direction];
  QsPacket *packet = qs_trace_edit_packet (self->trace, sent->packet);

  leave_flight (self, sent, ack->time);
  if (sent->lost) /* RFC 9002 section 6.1: a loss that was none */
    figures->lost--;
  packet->flags = (guint16) ((packet->flags & ~QS_PACKET_LOST) | QS_PACKET_ACKED);
  figures->acked++;
  sent->acked = 1;
  sent->lost = 0;
  ack->eliciting |= sent->eliciting;
  if (sent->number == ack->largest)
    ack->largest_sent = sent->time;
}

static void
ack_range (guint64 smallest, guint64 largest, gpointer data)
{
  Ack *ack = data;
  QsRecovery *self = ack->recovery;

  if (++ack->n_ranges > MAX_ACK_RANGES)
    return;
  if (self->gaps->len > 0)
    {
      QsDirectionFigures *figures = &qs_trace_get_metrics (self->trace)->directions[self->direction];
      guint n = (guint) fill_gaps (self, smallest, largest);
      figures->missing -= n;
      figures->unseen += n;
    }
  for (guint i = lower_bound (self, smallest); i < self->sent->len; i++)
    {
      Sent *sent = sent_at (self, i);
      if (sent->number > largest)
        break;
      if (!sent->acked)
        ack_one (ack, sent);
    }
}

static void
lose_one (QsRecovery *self, Sent *sent, gint64 time)
{
  QsMetrics *metrics = qs_trace_get_metrics (self->trace);
  QsLoss loss = { time, sent->packet };

  if (!sent->eliciting)
    {
      sent->acked = 1; /* a mere ACK: nobody misses it */
      return;
    }
  leave_flight (self, sent, time);
  qs_trace_edit_packet (self->trace, sent->packet)->flags |= QS_PACKET_LOST;
  metrics->directions[self->direction].lost++;
  if (self->direction == QS_DIRECTION_SENT)
    qs_metrics_add_loss (metrics, &loss);
  sent->lost = 1;
}

static void
detect_lost (QsRecovery *self, gint64 time, const QsRtt *rtt)
{
  gint64 limit = MAX (MAX (rtt->latest, rtt->smoothed) * 9 / 8, TIMER_GRANULARITY);

  for (guint i = self->head; i < self->sent->len; i++)
    {
      Sent *sent = sent_at (self, i);
      if (sent->number >= self->largest_acked)
        break;
      if (sent->acked || sent->lost)
        continue;
      gboolean late = self->by_time && rtt->sampled && time - sent->time >= limit;
      if (late || sent->number + PACKET_THRESHOLD <= self->largest_acked)
        lose_one (self, sent, time);
    }
}

gboolean
qs_recovery_acked (QsRecovery *self, const QsFrame *frame, gint64 time, const QsRtt *rtt, gint64 *sample)
{
  Ack ack = { .recovery = self, .time = time, .largest = frame->ack.largest, .largest_sent = G_MININT64 };

  qs_frame_foreach_ack_range (frame, ack_range, &ack);
  if (!self->any_acked || frame->ack.largest > self->largest_acked)
    self->largest_acked = frame->ack.largest;
  self->any_acked = TRUE;

  gboolean sampled = ack.largest_sent != G_MININT64 && ack.eliciting && time >= ack.largest_sent;
  if (sampled)
    *sample = time - ack.largest_sent;
  detect_lost (self, time, rtt);
  drop_done (self);
  return sampled;
}

void
qs_recovery_lost (QsRecovery *self, guint64 number, gint64 time)
{
  guint at = lower_bound (self, number);
  Sent *sent = at < self->sent->len ? sent_at (self, at) : NULL;

  if (sent != NULL && sent->number == number && !sent->acked && !sent->lost)
    lose_one (self, sent, time);
}

void
qs_recovery_discard (QsRecovery *self, gint64 time)
{
  for (guint i = self->head; i < self->sent->len; i++)
    leave_flight (self, sent_at (self, i), time);
  g_array_set_size (self->sent, 0);
  self->head = 0;
}
