/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Impairments: datagrams that wait for their time, in both directions. */
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "net/qs-udp-bio-private.h"

static int
compare_due (gconstpointer a, gconstpointer b, gpointer data)
{
  const QsUdpHeld *first = a, *second = b;

  return first->due < second->due ? -1 : first->due > second->due ? 1 : 0;
}

/* Behind all that are due no later: what has no delay keeps its order. */
static void
hold (GQueue *queue, QsUdpHeld *held)
{
  GList *at = queue->tail;

  while (at != NULL && compare_due (held, at->data, NULL) < 0)
    at = at->prev;
  if (at == NULL)
    g_queue_push_head (queue, held);
  else
    g_queue_insert_after (queue, at, held);
}

static void
set_timer (QsUdpBio *self)
{
  gint64 due = G_MAXINT64;

  if (self->held_in.head != NULL)
    due = ((QsUdpHeld *) self->held_in.head->data)->due;
  if (self->held_out.head != NULL)
    due = MIN (due, ((QsUdpHeld *) self->held_out.head->data)->due);

  struct itimerspec when = { 0 };
  if (due != G_MAXINT64)
    {
      when.it_value.tv_sec = due / G_USEC_PER_SEC;
      when.it_value.tv_nsec = due % G_USEC_PER_SEC * 1000;
    }
  timerfd_settime (self->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void
qs_udp_bio_run_held (QsUdpBio *self)
{
  gint64 now = g_get_monotonic_time ();
  guint64 expirations;

  if (read (self->timer_fd, &expirations, sizeof expirations) < 0)
    expirations = 0; /* nothing was due: it is set anew below either way */
  while (self->held_out.head != NULL && ((QsUdpHeld *) self->held_out.head->data)->due <= now)
    {
      g_autofree QsUdpHeld *held = g_queue_pop_head (&self->held_out);
      qs_udp_bio_send_one (self, held);
    }
  set_timer (self);
}

QsUdpHeld *
qs_udp_bio_pop_received (QsUdpBio *self)
{
  QsUdpHeld *held = g_queue_peek_head (&self->held_in);

  if (held == NULL || held->due > g_get_monotonic_time ())
    return NULL;
  return g_queue_pop_head (&self->held_in);
}

void
qs_udp_bio_lose_received (QsUdpBio *self)
{
  gint64 now = qs_udp_now (self);

  self->n_slots = self->next_slot = 0;
  for (QsUdpHeld *held; (held = g_queue_pop_head (&self->held_in)) != NULL; g_free (held))
    {
      QsUdpDatagram datagram = { MIN (held->time, now), QS_DIRECTION_RECEIVED,
                                 &held->peer.any,       held->ecn,
                                 QS_FATE_DROPPED,       held->data,
                                 held->length };
      qs_udp_bio_record (self, &datagram);
    }
}

void
qs_udp_bio_pass (QsUdpBio *self, const QsUdpDatagram *datagram, const guint8 *bytes, gsize length, guint8 ecn,
                 gint64 delay_ns)
{
  g_return_if_fail (self != NULL && datagram != NULL && (bytes != NULL || length == 0));
  g_return_if_fail (self->impaired_local != NULL); /* only from within impair() */

  QsUdpHeld *held = g_malloc0 (sizeof *held + length);
  held->due = delay_ns > 0 ? self->impaired_at + delay_ns / 1000 : 0;
  held->time = datagram->time + MAX (delay_ns, 0);
  held->ecn = ecn;
  memcpy (&held->peer, datagram->peer, qs_sockaddr_length (datagram->peer));
  held->local = *self->impaired_local;
  held->length = length;
  if (length > 0)
    memcpy (held->data, bytes, length);
  held->fate = QS_FATE_PASSED;
  hold (datagram->direction == QS_DIRECTION_SENT ? &self->held_out : &self->held_in, held);
}

gint64
qs_udp_bio_get_impaired_at (QsUdpBio *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->impaired_at;
}

void
qs_udp_bio_impair_sent (QsUdpBio *self, const QsUdpDatagram *datagram, const QsSockaddr *local)
{
  QsUdpDatagram recorded = *datagram;

  self->impaired_local = local;
  self->impaired_at = g_get_monotonic_time ();
  recorded.fate = self->impairment->impair (self, datagram, self->impairment_data);
  self->impaired_local = NULL;
  qs_udp_bio_record (self, &recorded);
}

void
qs_udp_bio_impair_received (QsUdpBio *self, QsUdpSlot *slot, const QsUdpDatagram *datagram)
{
  QsUdpDatagram recorded = *datagram;
  GQueue before = self->held_in;

  /* What it lets pass is gathered apart, to be given its fate. */
  g_queue_init (&self->held_in);
  self->impaired_local = &slot->local;
  self->impaired_at = g_get_monotonic_time ();
  recorded.fate = self->impairment->impair (self, datagram, self->impairment_data);
  self->impaired_local = NULL;
  GQueue passed = self->held_in;
  self->held_in = before;

  if (passed.head == NULL)
    {
      recorded.fate = QS_FATE_DROPPED;
      qs_udp_bio_record (self, &recorded);
    }
  for (QsUdpHeld *held; (held = g_queue_pop_head (&passed)) != NULL;)
    {
      held->fate = recorded.fate;
      hold (&self->held_in, held);
    }
}
