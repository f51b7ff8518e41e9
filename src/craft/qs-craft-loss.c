/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loss and time, RFC 9002: as much of it as brings a handshake over a path with losses. There is no congestion control: what is sent is
 * a few packets. */
#include "craft/qs-craft-private.h"

#define MS G_GINT64_CONSTANT (1000000)
#define FIRST_RTT (333 * MS) /* RFC 9002 section 6.2.2 */
#define GRANULARITY (1 * MS)
#define PACKET_THRESHOLD 3
#define MOST_PTOS 7

static gint64
time_threshold (const QsCraft *self)
{
  return MAX (GRANULARITY, MAX (self->rtt.latest, self->rtt.smoothed) * 9 / 8);
}

/* A quarter of a second at least would be kinder to a path; what is made here is short and seldom. */
static gint64
pto (const QsCraft *self)
{
  gint64 period =
      self->rtt.sampled ? self->rtt.smoothed + MAX (4 * self->rtt.variation, GRANULARITY) + 25 * MS : 3 * FIRST_RTT;

  return period << MIN (self->pto_count, 6u);
}

static void
resend (QsCraft *self, QsCraftSpaceIndex index, guint at)
{
  GArray *sent = self->spaces[index].sent;
  QsCraftSent lost = g_array_index (sent, QsCraftSent, at);

  g_array_index (sent, QsCraftSent, at).bytes = NULL; /* they are lost's now */
  g_array_remove_index (sent, at);
  qs_craft_send_again (self, index, &lost);
}

static gboolean
is_acked (const QsPacketNumberRange *ranges, guint n_ranges, guint64 number)
{
  for (guint i = 0; i < n_ranges; i++)
    {
      if (number >= ranges[i].smallest && number <= ranges[i].largest)
        return TRUE;
    }
  return FALSE;
}

static void
add_range_cb (guint64 smallest, guint64 largest, gpointer data)
{
  QsPacketNumberRange range = { smallest, largest };

  g_array_append_val ((GArray *) data, range);
}

static void
remove_acked (QsCraft *self, QsCraftSpace *space, GArray *ranges, guint64 largest)
{
  gint64 now = qs_clock_now (self->clock);

  for (guint i = space->sent->len; i-- > 0;)
    {
      QsCraftSent *sent = &g_array_index (space->sent, QsCraftSent, i);
      if (!is_acked ((const QsPacketNumberRange *) (void *) ranges->data, ranges->len, sent->number))
        continue;
      if (sent->number == largest)
        qs_rtt_update (&self->rtt, MAX (now - sent->time, 1), 0);
      qs_craft_happened (self, sent->tells);
      /* A server that acknowledges Initials may have more to do: it is not probed faster for it (RFC 9002 section 6.2.1). */
      if (self->server || space != &self->spaces[QS_CRAFT_SPACE_INITIAL])
        self->pto_count = 0;
      g_array_remove_index (space->sent, i);
    }
}

static void
find_lost (QsCraft *self, QsCraftSpaceIndex index, guint64 largest)
{
  QsCraftSpace *space = &self->spaces[index];
  gint64 late = qs_clock_now (self->clock) - time_threshold (self);

  for (guint i = 0; i < space->sent->len;)
    {
      const QsCraftSent *sent = &g_array_index (space->sent, QsCraftSent, i);
      if (sent->number < largest && (sent->number + PACKET_THRESHOLD <= largest || sent->time <= late))
        resend (self, index, i);
      else
        i++;
    }
}

void
qs_craft_acked (QsCraft *self, QsCraftSpaceIndex index, const QsFrame *ack)
{
  QsCraftSpace *space = &self->spaces[index];
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (QsPacketNumberRange));

  if (ack->ack.largest >= space->next_number)
    return; /* of nothing that was sent: it is the judges' matter */
  qs_frame_foreach_ack_range (ack, add_range_cb, ranges);
  remove_acked (self, space, ranges, ack->ack.largest);
  /* The client knows of HANDSHAKE_DONE: nobody needs Handshake packets any more (RFC 9001 section 4.9.2). */
  if (self->server && (self->events & QS_CRAFT_CONFIRMED) != 0)
    qs_craft_discard_space (self, QS_CRAFT_SPACE_HANDSHAKE);
  find_lost (self, index, ack->ack.largest);
}

/* The oldest that wait, or a PING where none does and the server may be held back by what an unproved address may get
 * (RFC 9002 section 6.2.2.1). */
void
qs_craft_time_out (QsCraft *self)
{
  static const guint8 ping[] = { QS_FRAME_PING };

  self->deadline = 0;
  if ((self->habits & QS_CRAFT_SILENT) != 0 || (self->events & QS_CRAFT_CLOSED) != 0)
    return;
  self->pto_count++;
  gboolean any = FALSE;
  for (guint i = 0; i < QS_CRAFT_N_SPACES; i++)
    {
      guint waiting = MIN (self->spaces[i].sent->len, 2u);
      any |= waiting > 0;
      for (; waiting > 0 && self->spaces[i].sent->len > 0; waiting--)
        resend (self, i, 0);
    }
  if (!any && !self->server && (self->events & QS_CRAFT_DONE) == 0)
    qs_craft_queue_frames (
        self, self->own[QS_PACKET_HANDSHAKE].keys != NULL ? QS_CRAFT_SPACE_HANDSHAKE : QS_CRAFT_SPACE_INITIAL,
        QS_SPAN (ping, sizeof ping), 0);
}

static gint64
oldest_wait (const QsCraft *self)
{
  gint64 oldest = 0, last = MAX (self->last_progress, 1);

  for (guint i = 0; i < QS_CRAFT_N_SPACES; i++)
    {
      const QsCraftSpace *space = &self->spaces[i];
      last = MAX (last, space->last_sent);
      if (space->sent->len > 0 && (oldest == 0 || space->last_sent < oldest))
        oldest = space->last_sent;
    }
  if (oldest == 0 && self->started && !self->server && (self->events & QS_CRAFT_DONE) == 0)
    oldest = last;
  return oldest;
}

void
qs_craft_rearm (QsCraft *self)
{
  gint64 oldest = oldest_wait (self);
  gboolean over = (self->habits & QS_CRAFT_SILENT) != 0 || (self->events & (QS_CRAFT_CLOSED | QS_CRAFT_GAVE_UP)) != 0;

  self->deadline = over || oldest == 0 || self->pto_count > MOST_PTOS ? 0 : oldest + pto (self);
  if (self->source == NULL)
    return;
  gint64 wait = self->deadline - qs_clock_now (self->clock);
  g_source_set_ready_time (self->source, self->deadline != 0 ? g_get_monotonic_time () + MAX (wait, 0) / 1000 + 1 : -1);
}

gint64
qs_craft_get_rtt (const QsCraft *self)
{
  return self->rtt.sampled ? self->rtt.smoothed : FIRST_RTT;
}
