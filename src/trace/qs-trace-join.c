/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-trace-join.h"

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "trace/qs-trace-join-private.h"

#define STEPS_PER_LOOK 64                    /* at the clock */
#define GRACE G_GINT64_CONSTANT (1000000000) /* what has not arrived by then is lost, nanoseconds */
#define MIN_SHARE 2                          /* of the shorter recording, 1 in so many must be in the other one too */

/* --- Crossings --- */

static QsCrossing *
crossing_at (QsTraceJoin *self, guint32 crossing)
{
  return &g_array_index (self->crossings, QsCrossing, crossing);
}

static void
set_crossing_of (QsTraceJoin *self, gboolean other, guint32 packet, guint32 crossing)
{
  GArray *map = self->crossing_of[other];

  while (map->len <= packet)
    {
      guint32 none = QS_JOIN_NONE;
      g_array_append_val (map, none);
    }
  g_array_index (map, guint32, packet) = crossing;
}

static guint32
add_crossings (QsTraceJoin *self, const QsJoinUnit *unit, gboolean sent)
{
  guint32 first = self->crossings->len;

  for (guint i = 0; i < unit->n; i++)
    {
      QsCrossing crossing = {
        .sent = sent ? unit->time : QS_JOIN_NO_TIME,
        .arrived = sent ? QS_JOIN_NO_TIME : unit->time,
        .sent_packet = sent ? unit->first + i : QS_JOIN_NONE,
        .arrived_packet = sent ? QS_JOIN_NONE : unit->first + i,
        .again = QS_JOIN_NONE,
        .by_client = unit->by_client,
        .dropped = unit->dropped,
      };
      set_crossing_of (self, unit->other, unit->first + i, self->crossings->len);
      g_array_append_val (self->crossings, crossing);
    }
  return first;
}

static void
add_again (QsTraceJoin *self, QsCrossing *crossing, const QsJoinUnit *unit, guint32 packet, gboolean changed)
{
  QsArrivedAgain again = { .time = unit->time, .packet = packet, .again = QS_JOIN_NONE, .changed = changed };
  guint32 index = self->again->len;
  guint32 *link = &crossing->again;

  while (*link != QS_JOIN_NONE)
    link = &g_array_index (self->again, QsArrivedAgain, *link).again;
  *link = index;
  self->counts.again++;
  g_array_append_val (self->again, again);
}

/* The packets of what arrived belong to those of what was sent, one by one; what was changed may have fewer or more. */
static void
arrive (QsTraceJoin *self, QsJoinSent *sent, const QsJoinUnit *unit, gboolean changed)
{
  for (guint i = 0; i < sent->n; i++)
    {
      QsCrossing *crossing = crossing_at (self, sent->first_crossing + i);
      guint32 packet = i < unit->n ? unit->first + i : QS_JOIN_NONE;

      if (unit->dropped)
        {
          crossing->dropped = TRUE;
          crossing->arrived_packet = packet;
        }
      else if (crossing->arrived == QS_JOIN_NO_TIME)
        {
          crossing->arrived = unit->time;
          crossing->arrived_packet = packet;
          crossing->changed = changed;
        }
      else
        add_again (self, crossing, unit, packet, changed);
    }
  for (guint i = 0; i < unit->n; i++)
    set_crossing_of (self, unit->other, unit->first + i, sent->first_crossing + MIN (i, sent->n - 1u));
  self->n_matched[unit->by_client]++;
  self->counts.changed += changed && !unit->dropped;
  if (!unit->dropped && !sent->arrived)
    self->least_delay[unit->by_client] = MIN (self->least_delay[unit->by_client], MAX (unit->time - sent->time, 0));
  sent->arrived = TRUE;
}

/* --- Steps --- */

static void
take_sent (QsTraceJoin *self, const QsJoinUnit *unit)
{
  guint32 first = add_crossings (self, unit, TRUE);

  qs_join_add_sent (self, unit, first);
  self->n_sent[unit->by_client]++;
}

static gboolean
take_received (QsTraceJoin *self, const QsJoinUnit *unit, QsJoinTry attempt)
{
  gboolean changed;
  QsJoinSent *sent = qs_join_match (self, unit, attempt, &changed);

  if (sent == NULL)
    return FALSE;
  arrive (self, sent, unit, changed);
  return TRUE;
}

static void
take_unit (QsTraceJoin *self, const QsJoinUnit *unit)
{
  if (unit->sent)
    take_sent (self, unit);
  else if (!take_received (self, unit, QS_JOIN_FIRST))
    g_array_append_val (self->pending[unit->by_client], *unit);
  if (!unit->sent)
    self->n_received[unit->by_client]++;
}

static gboolean
is_time_over (guint n, gint64 deadline)
{
  return n % STEPS_PER_LOOK == 0 && deadline != 0 && g_get_monotonic_time () >= deadline;
}

/* The sender's recording may have it later: it is looked for again until that is far ahead, or over. FALSE: deadline came first. */
static gboolean
retry_side (QsTraceJoin *self, guint side, gint64 deadline)
{
  GArray *pending = self->pending[side];

  for (guint n = 1; self->retry_from[side] < pending->len; n++)
    {
      QsJoinUnit unit = g_array_index (pending, QsJoinUnit, self->retry_from[side]++);
      gboolean is_over = self->over || self->newest_sent[side] > unit.time + GRACE;

      if (take_received (self, &unit, is_over ? QS_JOIN_OVER : QS_JOIN_AGAIN))
        ;
      else if (is_over)
        {
          add_crossings (self, &unit, FALSE);
          self->counts.foreign += !unit.dropped;
        }
      else
        g_array_index (pending, QsJoinUnit, self->retry_kept[side]++) = unit;
      if (is_time_over (n, deadline))
        return FALSE;
    }
  g_array_set_size (pending, self->retry_kept[side]);
  self->retrying[side] = FALSE;
  return TRUE;
}

/* Of the sides of which more is known by now, or when all is. */
static void
begin_retry (QsTraceJoin *self)
{
  for (guint side = 0; side < 2; side++)
    {
      if (!self->over && self->n_retried[side] == self->n_sent[side])
        continue;
      self->n_retried[side] = self->n_sent[side];
      self->retry_from[side] = self->retry_kept[side] = 0;
      self->retrying[side] = TRUE;
    }
}

static gboolean
retry_pending (QsTraceJoin *self, gint64 deadline)
{
  for (guint side = 0; side < 2; side++)
    {
      if (self->retrying[side] && !retry_side (self, side, deadline))
        return FALSE;
    }
  return TRUE;
}

/* The trace whose next datagram is the earlier one: what was sent is there when what arrived is looked for. */
static gboolean
step (QsTraceJoin *self)
{
  QsJoinUnit units[2];
  gboolean there[2];

  for (guint other = 0; other < 2; other++)
    there[other] = qs_join_peek (self, other, &units[other]);
  if (!there[0] && !there[1])
    return FALSE;

  gboolean other = !there[0] || (there[1] && units[1].time < units[0].time);
  self->next[other] += units[other].n;
  take_unit (self, &units[other]);
  return TRUE;
}

gboolean
qs_trace_join_advance (QsTraceJoin *self, gint64 deadline)
{
  g_return_val_if_fail (self != NULL, TRUE);

  gboolean waits;
  if (!qs_join_prepare (self, deadline, &waits))
    return waits;

  if (!retry_pending (self, deadline)) /* what an earlier slice left */
    return FALSE;
  gboolean more = TRUE;
  for (guint n = 1; more && (more = step (self)); n++)
    {
      if (is_time_over (n, deadline))
        break;
    }
  begin_retry (self);
  return retry_pending (self, deadline) && !more;
}

gboolean
qs_trace_join_finish_until (QsTraceJoin *self, gint64 deadline)
{
  g_return_val_if_fail (self != NULL, TRUE);

  self->finished = TRUE;
  if (!self->over && !qs_trace_join_advance (self, deadline))
    return FALSE;
  if (!self->over)
    {
      self->over = TRUE;
      begin_retry (self);
    }
  return retry_pending (self, deadline);
}

void
qs_trace_join_finish (QsTraceJoin *self)
{
  g_return_if_fail (self != NULL);

  qs_trace_join_finish_until (self, 0);
}

/* By bytes a single one is proof enough; numbers and places in streams are alike in all connections. */
gboolean
qs_trace_join_check (QsTraceJoin *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  guint matched = self->n_matched[0] + self->n_matched[1];
  guint shorter = MIN (self->next[0], self->next[1]);
  gboolean same = self->manner == QS_JOIN_BY_BYTES
                      ? matched > 0
                      : matched > 0 && matched >= shorter / 2 / MIN_SHARE && qs_join_same_hello (self);

  if (!same)
    g_set_error_literal (
        error, QS_ERROR, QS_ERROR_UNSUPPORTED,
        _ ("These two recordings are not of the same connection: nothing that one end sent is in what the "
           "other end got. Choose the file that was recorded at the other end during the same run."));
  return same;
}

/* --- Asking --- */

QsTrace *
qs_trace_join_get_own (QsTraceJoin *self)
{
  return self->traces[0];
}

QsTrace *
qs_trace_join_get_other (QsTraceJoin *self)
{
  return self->traces[1];
}

gboolean
qs_trace_join_own_is_client (QsTraceJoin *self)
{
  return self->own_is_client;
}

QsTrace *
qs_trace_join_get_sender (QsTraceJoin *self, gboolean by_client)
{
  return self->traces[self->own_is_client == by_client ? 0 : 1];
}

QsTrace *
qs_trace_join_get_receiver (QsTraceJoin *self, gboolean by_client)
{
  return self->traces[self->own_is_client == by_client ? 1 : 0];
}

QsJoinClocks
qs_trace_join_get_clocks (QsTraceJoin *self)
{
  return self->clocks;
}

gint64
qs_trace_join_get_offset (QsTraceJoin *self)
{
  return self->offset;
}

gint64
qs_trace_join_get_least_delay (QsTraceJoin *self, gboolean by_client)
{
  gint64 least = self->least_delay[by_client != FALSE];

  return least == G_MAXINT64 ? -1 : least;
}

const QsJoinCounts *
qs_trace_join_get_counts (QsTraceJoin *self)
{
  return &self->counts;
}

guint
qs_trace_join_get_n_crossings (QsTraceJoin *self)
{
  return self->crossings->len;
}

const QsCrossing *
qs_trace_join_get_crossing (QsTraceJoin *self, guint crossing)
{
  g_return_val_if_fail (self != NULL && crossing < self->crossings->len, NULL);
  return crossing_at (self, crossing);
}

/* When the receiver's recording ended, on the own clock. */
static gint64
receivers_end (QsTraceJoin *self, gboolean by_client)
{
  gboolean other = self->own_is_client == by_client;
  QsTrace *trace = self->traces[other];
  guint n = qs_trace_get_n_packets (trace);

  return n > 0 ? qs_trace_get_packet (trace, n - 1)->time + (other ? self->offset : 0) : G_MININT64;
}

QsCrossingFate
qs_trace_join_get_fate (QsTraceJoin *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->crossings->len, QS_CROSSING_UNDER_WAY);

  const QsCrossing *crossing = crossing_at (self, index);
  if (crossing->dropped && crossing->arrived == QS_JOIN_NO_TIME)
    return QS_CROSSING_LOST;
  if (crossing->sent == QS_JOIN_NO_TIME)
    return crossing->dropped ? QS_CROSSING_LOST : QS_CROSSING_FOREIGN;
  if (crossing->arrived != QS_JOIN_NO_TIME)
    return QS_CROSSING_ARRIVED;

  gint64 end = receivers_end (self, crossing->by_client);
  gint64 delay = MAX (qs_trace_join_get_least_delay (self, crossing->by_client), 0);
  if (!self->finished)
    return end > crossing->sent + delay + GRACE ? QS_CROSSING_LOST : QS_CROSSING_UNDER_WAY;
  /* With one clock both were recorded to the end; of two files one may have been ended too early. */
  return self->clocks == QS_JOIN_ALIGN_CLOCKS && end < crossing->sent + delay ? QS_CROSSING_UNKNOWN : QS_CROSSING_LOST;
}

const QsArrivedAgain *
qs_trace_join_get_again (QsTraceJoin *self, guint32 again)
{
  return again < self->again->len ? &g_array_index (self->again, QsArrivedAgain, again) : NULL;
}

guint32
qs_trace_join_find (QsTraceJoin *self, gboolean other, guint32 packet)
{
  g_return_val_if_fail (self != NULL, QS_JOIN_NONE);

  GArray *map = self->crossing_of[other != FALSE];
  return packet < map->len ? g_array_index (map, guint32, packet) : QS_JOIN_NONE;
}

/* --- Making and freeing --- */

QsTraceJoin *
qs_trace_join_new (QsTrace *own, QsTrace *other, QsJoinClocks clocks)
{
  g_return_val_if_fail (QS_IS_TRACE (own) && QS_IS_TRACE (other) && own != other, NULL);

  QsTraceJoin *self = g_new0 (QsTraceJoin, 1);
  g_atomic_ref_count_init (&self->refs);
  self->traces[0] = g_object_ref (own);
  self->traces[1] = g_object_ref (other);
  self->clocks = clocks;
  self->crossings = g_array_new (FALSE, FALSE, sizeof (QsCrossing));
  self->again = g_array_new (FALSE, FALSE, sizeof (QsArrivedAgain));
  for (guint i = 0; i < 2; i++)
    {
      self->crossing_of[i] = g_array_new (FALSE, FALSE, sizeof (guint32));
      self->pending[i] = g_array_new (FALSE, FALSE, sizeof (QsJoinUnit));
      self->least_delay[i] = G_MAXINT64;
      self->newest_sent[i] = G_MININT64;
      qs_chunks_init (&self->sent[i], sizeof (QsJoinSent));
    }
  self->by_hash = g_hash_table_new (g_int64_hash, g_int64_equal);
  qs_chunks_init (&self->landmarks, sizeof (QsJoinLandmark));
  return self;
}

QsTraceJoin *
qs_trace_join_ref (QsTraceJoin *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
qs_trace_join_unref (QsTraceJoin *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->by_hash);
  g_clear_pointer (&self->by_landmark, g_hash_table_unref);
  qs_chunks_clear (&self->landmarks);
  for (guint i = 0; i < 2; i++)
    {
      qs_chunks_clear (&self->sent[i]);
      g_array_unref (self->crossing_of[i]);
      g_array_unref (self->pending[i]);
      g_object_unref (self->traces[i]);
    }
  g_array_unref (self->crossings);
  g_array_unref (self->again);
  g_free (self);
}
