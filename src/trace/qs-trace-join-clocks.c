/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Joining two traces: how, and by which clock. */
#include "trace/qs-trace-join-private.h"

#define STEPS_PER_LOOK 64

/* --- How to join --- */

static gboolean
begins_with (QsTrace *trace, guint flag, int type)
{
  if (qs_trace_get_n_packets (trace) == 0)
    return FALSE;

  const QsPacket *packet = qs_trace_get_packet (trace, 0);
  return (packet->flags & flag) != 0 || packet->type == type;
}

static QsJoinManner
choose_manner (QsTraceJoin *self)
{
  gboolean bare = FALSE, tls = FALSE;

  for (guint i = 0; i < 2; i++)
    {
      bare |= begins_with (self->traces[i], QS_PACKET_FROM_QLOG, -1);
      tls |= begins_with (self->traces[i], 0, QS_PACKET_TLS_RECORD);
    }
  return tls ? QS_JOIN_BY_PLACE : bare ? QS_JOIN_BY_NUMBER : QS_JOIN_BY_BYTES;
}

static gboolean
is_loopback (QsTrace *trace)
{
  const QsPath *path = qs_trace_get_path (trace, 0);

  for (guint i = 0; path != NULL && i < 2; i++)
    {
      GSocketAddress *address = i == 0 ? path->local : path->remote;

      if (!G_IS_INET_SOCKET_ADDRESS (address) ||
          !g_inet_address_get_is_loopback (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address))))
        return FALSE;
    }
  return path != NULL;
}

QsJoinClocks
qs_trace_join_guess_clocks (QsTrace *own, QsTrace *other)
{
  return is_loopback (own) && is_loopback (other) ? QS_JOIN_SAME_CLOCK : QS_JOIN_ALIGN_CLOCKS;
}

/* Two vantages that say who is who; else it shows in the times. */
static gboolean
vantages_tell (QsTraceJoin *self)
{
  QsVantage own = qs_trace_get_vantage (self->traces[0]), other = qs_trace_get_vantage (self->traces[1]);

  if (own != QS_VANTAGE_NETWORK && own != other)
    self->own_is_client = own == QS_VANTAGE_CLIENT;
  else if (other != QS_VANTAGE_NETWORK && own != other)
    self->own_is_client = other == QS_VANTAGE_SERVER;
  else
    return FALSE;
  return TRUE;
}

/* --- What both have once --- */

static void
add_landmark (QsTraceJoin *self, const QsJoinUnit *unit)
{
  QsJoinLandmark *landmark = g_hash_table_lookup (self->by_landmark, &unit->hash);

  if (landmark == NULL)
    {
      if (unit->other)
        return; /* the own trace was looked at first */
      landmark = qs_chunks_append (&self->landmarks);
      *landmark = (QsJoinLandmark){ .hash = unit->hash, .by_client = unit->by_client };
      g_hash_table_insert (self->by_landmark, &landmark->hash, landmark);
    }
  landmark->time[unit->other] = unit->time;
  landmark->n[unit->other] = (guint8) MIN (landmark->n[unit->other] + 1, 2);
}

static gboolean
index_one (QsTraceJoin *self)
{
  QsJoinUnit unit;

  for (guint other = 0; other < 2; other++)
    {
      if (!qs_join_peek (self, other, &unit))
        continue;
      self->next[other] += unit.n;
      if (!unit.dropped)
        add_landmark (self, &unit);
      return TRUE;
    }
  return FALSE;
}

static gboolean
compare_one (QsTraceJoin *self)
{
  if (self->compared >= self->landmarks.length)
    return FALSE;

  const QsJoinLandmark *landmark = qs_chunks_get (&self->landmarks, self->compared++);
  if (landmark->n[0] == 1 && landmark->n[1] == 1)
    {
      gint64 ahead = landmark->time[1] - landmark->time[0];
      guint side = landmark->by_client;

      self->ahead_least[side] = MIN (self->ahead_least[side], ahead);
      self->ahead_most[side] = MAX (self->ahead_most[side], ahead);
    }
  return TRUE;
}

/* The end that a packet leaves has it earlier than the other. So, where the own end is the client's, the other clock is ahead
 * by more for the client's packets than for the server's, and the least difference between both is the least round trip;
 * halfway between them lies what the other clock is ahead, if that packet took as long there as back. */
static void
conclude (QsTraceJoin *self)
{
  gboolean both = self->ahead_least[0] != G_MAXINT64 && self->ahead_least[1] != G_MAXINT64;

  if (both && !vantages_tell (self))
    self->own_is_client = self->ahead_least[1] - self->ahead_most[0] >= self->ahead_least[0] - self->ahead_most[1];
  if (self->clocks == QS_JOIN_SAME_CLOCK)
    return;

  guint from_own = self->own_is_client ? 1 : 0;
  gint64 to_other = self->ahead_least[from_own], to_own = self->ahead_most[1 - from_own];
  if (both)
    self->offset = -(to_other + (to_own - to_other) / 2);
  else if (to_other != G_MAXINT64)
    self->offset = -to_other;
  else if (to_own != G_MININT64)
    self->offset = -to_own;
}

static gboolean
run (QsTraceJoin *self, gboolean (*step) (QsTraceJoin *self), gint64 deadline)
{
  for (guint n = 1; step (self); n++)
    {
      if (n % STEPS_PER_LOOK == 0 && deadline != 0 && g_get_monotonic_time () >= deadline)
        return FALSE;
    }
  return TRUE;
}

static void
begin (QsTraceJoin *self)
{
  self->manner = choose_manner (self);
  self->own_is_client = TRUE;
  if (self->clocks == QS_JOIN_SAME_CLOCK)
    self->offset = qs_trace_get_origin (self->traces[1]) - qs_trace_get_origin (self->traces[0]);
  gboolean known = vantages_tell (self);
  if (known && self->clocks == QS_JOIN_SAME_CLOCK)
    {
      self->phase = QS_JOIN_READY;
      return;
    }
  for (guint i = 0; i < 2; i++)
    {
      self->ahead_least[i] = G_MAXINT64;
      self->ahead_most[i] = G_MININT64;
    }
  self->by_landmark = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->phase = QS_JOIN_INDEXING;
}

gboolean
qs_join_prepare (QsTraceJoin *self, gint64 deadline, gboolean *waits)
{
  *waits = FALSE;
  /* How to join shows in the first packets. */
  if (self->phase == QS_JOIN_NEW)
    {
      gboolean both = qs_trace_get_n_packets (self->traces[0]) > 0 && qs_trace_get_n_packets (self->traces[1]) > 0;
      *waits = !both && !self->finished;
      if (*waits)
        return FALSE;
      begin (self);
    }
  if (self->phase == QS_JOIN_INDEXING)
    {
      if (!run (self, index_one, deadline))
        return FALSE;
      self->phase = QS_JOIN_COMPARING;
    }
  if (self->phase == QS_JOIN_COMPARING)
    {
      if (!run (self, compare_one, deadline))
        return FALSE;
      conclude (self);
      self->next[0] = self->next[1] = 0;
      g_clear_pointer (&self->by_landmark, g_hash_table_unref);
      qs_chunks_clear (&self->landmarks);
      qs_chunks_init (&self->landmarks, sizeof (QsJoinLandmark));
      self->phase = QS_JOIN_READY;
    }
  return TRUE;
}
