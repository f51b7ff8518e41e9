/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the arrows of a sequence diagram are about, and in which order: packets of one trace, or what crossed between two. */
#include "charts/qs-sequence-private.h"

static guint32
arrow_at (const QsSequenceLayout *self, guint rank)
{
  return g_array_index (self->order, guint32, rank);
}

static const QsCrossing *
crossing_of (const QsSequenceLayout *self, guint32 arrow)
{
  return qs_trace_join_get_crossing (self->options.join, arrow);
}

QsTrace *
qs_sequence_resolve (const QsSequenceLayout *self, guint packet, guint *index)
{
  gboolean other = (packet & QS_SEQUENCE_OTHER) != 0 && self->options.join != NULL;

  *index = other ? packet & ~QS_SEQUENCE_OTHER : packet;
  return other ? qs_trace_join_get_other (self->options.join) : self->trace;
}

/* A crossing's packet at the end that sent it, or that it came to. */
static guint
packet_at_end (const QsSequenceLayout *self, const QsCrossing *crossing, gboolean sender)
{
  guint32 packet = sender ? crossing->sent_packet : crossing->arrived_packet;
  gboolean own = (crossing->by_client == self->own_is_client) == sender;

  return packet == QS_JOIN_NONE ? QS_SEQUENCE_NONE : own ? packet : packet | QS_SEQUENCE_OTHER;
}

const QsPacket *
qs_sequence_packet_at (const QsSequenceLayout *self, guint rank, guint *packet)
{
  guint found = arrow_at (self, rank), index;

  if (self->options.join != NULL)
    {
      const QsCrossing *crossing = crossing_of (self, found);
      guint sent = packet_at_end (self, crossing, TRUE), arrived = packet_at_end (self, crossing, FALSE);

      found = sent != QS_SEQUENCE_NONE ? sent : arrived;
      if (sent != QS_SEQUENCE_NONE && arrived != QS_SEQUENCE_NONE)
        {
          QsTrace *trace = qs_sequence_resolve (self, sent, &index);
          gboolean open = (qs_trace_get_packet (trace, index)->flags & QS_PACKET_DECRYPTED) != 0;

          trace = qs_sequence_resolve (self, arrived, &index);
          if (!open && (qs_trace_get_packet (trace, index)->flags & QS_PACKET_DECRYPTED) != 0)
            found = arrived;
        }
    }
  if (packet != NULL)
    *packet = found;
  QsTrace *trace = qs_sequence_resolve (self, found, &index);
  return qs_trace_get_packet (trace, index);
}

guint
qs_sequence_packets_at (const QsSequenceLayout *self, guint rank, guint packets[2])
{
  guint32 arrow = arrow_at (self, rank);
  guint n = 0;

  if (self->options.join == NULL)
    {
      packets[0] = arrow;
      return 1;
    }
  for (guint sender = 0; sender < 2; sender++)
    {
      guint packet = packet_at_end (self, crossing_of (self, arrow), sender == 1);

      if (packet != QS_SEQUENCE_NONE)
        packets[n++] = packet;
    }
  return n;
}

const QsCrossing *
qs_sequence_crossing_at (const QsSequenceLayout *self, guint rank, QsCrossingFate *fate)
{
  if (self->options.join == NULL)
    return NULL;
  if (fate != NULL)
    *fate = qs_trace_join_get_fate (self->options.join, arrow_at (self, rank));
  return crossing_of (self, arrow_at (self, rank));
}

gboolean
qs_sequence_by_client (const QsSequenceLayout *self, guint packet)
{
  guint index;
  QsTrace *trace = qs_sequence_resolve (self, packet, &index);
  gboolean sent = qs_trace_get_packet (trace, index)->direction == QS_DIRECTION_SENT;

  return sent == (qs_trace_get_vantage (trace) != QS_VANTAGE_SERVER);
}

static gint64
time_of (const QsSequenceLayout *self, guint32 arrow)
{
  if (self->options.join == NULL)
    return qs_trace_get_packet (self->trace, arrow)->time;

  const QsCrossing *crossing = crossing_of (self, arrow);
  return crossing->sent != QS_JOIN_NO_TIME ? crossing->sent : crossing->arrived;
}

gint64
qs_sequence_arrow_time (const QsSequenceLayout *self, guint rank)
{
  return time_of (self, arrow_at (self, rank));
}

gboolean
qs_sequence_is_lost (const QsSequenceLayout *self, guint rank)
{
  if (self->options.join != NULL)
    return qs_trace_join_get_fate (self->options.join, arrow_at (self, rank)) == QS_CROSSING_LOST;

  const QsPacket *packet = qs_trace_get_packet (self->trace, arrow_at (self, rank));
  return (packet->flags & QS_PACKET_DROPPED) != 0 ||
         ((packet->flags & QS_PACKET_LOST) != 0 && packet->direction == QS_DIRECTION_SENT);
}

guint
qs_sequence_n_arrows (const QsSequenceLayout *self)
{
  return self->options.join != NULL ? qs_trace_join_get_n_crossings (self->options.join)
                                    : qs_trace_get_n_packets (self->trace);
}

guint
qs_sequence_packet_id (const QsSequenceLayout *self, guint rank)
{
  guint32 arrow = arrow_at (self, rank);

  if (self->options.join == NULL)
    return arrow;
  const QsCrossing *crossing = crossing_of (self, arrow);
  gboolean own_sent = crossing->by_client == self->own_is_client;
  guint own = packet_at_end (self, crossing, own_sent);
  return own != QS_SEQUENCE_NONE ? own : packet_at_end (self, crossing, !own_sent);
}

/* --- Order --- */

typedef struct {
  gint64 time;
  guint32 record, offset;
} Key;

/* What was taken in by a join stands in its datagrams' order already. */
static Key
key_of (const QsSequenceLayout *self, guint32 arrow)
{
  if (self->options.join != NULL)
    return (Key){ time_of (self, arrow), arrow, 0 };

  const QsPacket *of = qs_trace_get_packet (self->trace, arrow);
  return (Key){ of->time, of->record, of->offset };
}

static int
compare (const QsSequenceLayout *self, guint32 left, guint32 right)
{
  Key a = key_of (self, left), b = key_of (self, right);

  if (a.time != b.time)
    return a.time < b.time ? -1 : 1;
  if (a.record != b.record)
    return a.record < b.record ? -1 : 1;
  if (a.offset != b.offset)
    return a.offset < b.offset ? -1 : 1;
  return (left > right) - (left < right);
}

/* The first rank from low to high whose arrow comes behind this one. */
static guint
rank_behind (const QsSequenceLayout *self, guint32 arrow, guint low, guint high)
{
  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (compare (self, arrow_at (self, middle), arrow) <= 0)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* The same among all, for one that is near their end. */
static guint
rank_from_end (const QsSequenceLayout *self, guint32 arrow)
{
  guint n = self->order->len, back = 1;

  while (back < n && compare (self, arrow_at (self, n - back), arrow) > 0)
    back *= 2;
  return rank_behind (self, arrow, back < n ? n - back : 0, n);
}

guint
qs_sequence_rank_of (const QsSequenceLayout *self, guint packet)
{
  guint32 arrow = packet;

  if (self->options.join != NULL)
    {
      guint index;
      QsTrace *trace = qs_sequence_resolve (self, packet, &index);

      arrow = qs_trace_join_find (self->options.join, trace != self->trace, index);
    }
  return arrow < self->n_appended ? rank_behind (self, arrow, 0, self->order->len) - 1 : G_MAXUINT;
}

/* Where several addresses are raced, the ends are those of the attempt that was answered, with its keys at last. An address
 * that changes later is another matter. */
static void
take_path (QsSequenceLayout *self, const QsPacket *packet)
{
  gboolean with_keys = packet->type == QS_PACKET_HANDSHAKE || packet->type == QS_PACKET_1RTT;
  guint8 answer = packet->direction != QS_DIRECTION_RECEIVED ? 0 : with_keys ? 2 : 1;
  QsRecord record;

  if (packet->record >= qs_trace_get_n_records (self->trace) || self->answered == 2 || self->answered > answer)
    return;
  qs_trace_get_record (self->trace, packet->record, &record);
  self->path = record.path;
  self->answered = answer;
}

/* Nearly all come in order. One whose time is earlier (the kernel's stamp of what arrived, beside our own of what was sent)
 * goes before others, and if these are laid out already they are laid out anew. */
void
qs_sequence_append_arrow (QsSequenceLayout *self)
{
  guint32 arrow = self->n_appended++;
  guint n = self->order->len;

  if (n == 0 || compare (self, arrow_at (self, n - 1), arrow) <= 0)
    g_array_append_val (self->order, arrow);
  else
    {
      guint at = rank_from_end (self, arrow);

      if (at < self->next_rank)
        qs_sequence_rewind_to_rank (self, at);
      g_array_insert_val (self->order, at, arrow);
      n = at;
    }
  self->types_seen |= 1u << qs_sequence_packet_at (self, n, NULL)->type;
  guint packets[2], n_packets = qs_sequence_packets_at (self, n, packets);
  for (guint i = 0; i < n_packets; i++)
    {
      if (self->options.join == NULL || (packets[i] & QS_SEQUENCE_OTHER) == 0)
        take_path (self, qs_trace_get_packet (self->trace, packets[i]));
    }
}
