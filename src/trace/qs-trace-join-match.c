/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Joining two traces: what is what. */
#include <string.h>

#include "trace/qs-trace-join-private.h"

#define HASHED 64           /* bytes: what is kept of a datagram behind the memory bound, too */
#define MAX_ALIKE 64        /* datagrams of the same bytes that are looked at */
#define MAX_LOOK_BACK 1024  /* datagrams that a changed one is compared with */
#define MAX_CHANGED_SHARE 8 /* 1 byte in so many may be another */
#define N_SAMPLES 32        /* bytes of a datagram that are looked at first */
#define LATEST \
  G_GINT64_CONSTANT (4000000000) /* nanoseconds under way, after which a datagram that was changed is not known again */
#define TOLERANCE \
  G_GINT64_CONSTANT (1000000) /* the kernel's stamp and ours: nanoseconds that an arrival may be early */

/* --- Units --- */

static guint64
hash_bytes (guint64 hash, const guint8 *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    hash = (hash ^ bytes[i]) * G_GUINT64_CONSTANT (1099511628211);
  return hash;
}

static guint64
hash_number (guint64 hash, guint64 number)
{
  return hash_bytes (hash, (const guint8 *) &number, sizeof number);
}

static guint64
hash_unit (const QsTraceJoin *self, const QsJoinUnit *unit, const QsPacket *packet, QsSpan bytes)
{
  guint64 hash = hash_number (G_GUINT64_CONSTANT (14695981039346656037), unit->by_client);

  switch (self->manner)
    {
    case QS_JOIN_BY_BYTES:
      return hash_bytes (hash_number (hash, unit->length), bytes.data, MIN (bytes.length, HASHED));
    case QS_JOIN_BY_PLACE:
      return hash_number (hash_number (hash, packet->offset), packet->length);
    case QS_JOIN_BY_NUMBER:
    default:
      return hash_number (hash_number (hash, packet->type), packet->number);
    }
}

gboolean
qs_join_peek (QsTraceJoin *self, gboolean other, QsJoinUnit *unit)
{
  QsTrace *trace = self->traces[other];
  guint32 first = self->next[other];
  guint n = qs_trace_get_n_packets (trace);
  QsSpan bytes = QS_SPAN_NONE;

  if (first >= n)
    return FALSE;

  const QsPacket *packet = qs_trace_get_packet (trace, first);
  gboolean vantage_is_client = qs_trace_get_vantage (trace) != QS_VANTAGE_SERVER;
  gboolean by_client = (packet->direction == QS_DIRECTION_SENT) == vantage_is_client;
  gboolean at_client = self->own_is_client != other;
  *unit = (QsJoinUnit){
    .time = packet->time + (other ? self->offset : 0),
    .first = first,
    .n = 1,
    .record = packet->record,
    .length = packet->length,
    .other = other != FALSE,
    .by_client = by_client,
    .sent = by_client == at_client,
    .dropped = (packet->flags & QS_PACKET_DROPPED) != 0,
    .corrupted = (packet->flags & QS_PACKET_CORRUPT) != 0,
  };
  if (self->manner == QS_JOIN_BY_BYTES)
    {
      QsRecord record;

      qs_trace_get_record (trace, packet->record, &record);
      bytes = record.bytes;
      unit->length = record.length;
      unit->corrupted = record.fate == QS_FATE_CORRUPTED;
      while (first + unit->n < n && qs_trace_get_packet (trace, first + unit->n)->record == packet->record)
        unit->n++;
    }
  unit->hash = hash_unit (self, unit, packet, bytes);
  return TRUE;
}

/* --- What was sent --- */

void
qs_join_add_sent (QsTraceJoin *self, const QsJoinUnit *unit, guint32 first_crossing)
{
  QsChunks *list = &self->sent[unit->by_client];
  const QsJoinSent *before = g_hash_table_lookup (self->by_hash, &unit->hash);
  guint32 index = list->length;
  QsJoinSent *sent = qs_chunks_append (list);

  *sent = (QsJoinSent){
    .hash = unit->hash,
    .time = unit->time,
    .record = unit->record,
    .length = unit->length,
    .first_crossing = first_crossing,
    .before = QS_JOIN_NONE,
    .n = (guint16) MIN (unit->n, G_MAXUINT16),
    .other = unit->other,
    .dropped = unit->dropped,
    .corrupted = unit->corrupted,
  };
  /* The side is part of the hash: those that are alike stand in the same list. */
  if (before != NULL)
    sent->before = before->index;
  sent->index = index;
  g_hash_table_replace (self->by_hash, &sent->hash, sent);
  self->newest_sent[unit->by_client] = MAX (self->newest_sent[unit->by_client], unit->time);
}

/* --- Bytes --- */

static QsSpan
bytes_of (QsTraceJoin *self, gboolean other, guint32 record)
{
  QsRecord of;

  qs_trace_get_record (self->traces[other], record, &of);
  return of.bytes;
}

/* How many bytes differ, counted up to limit; what was not kept of either counts as equal. */
static gsize
count_changes (QsSpan a, QsSpan b, gsize limit)
{
  gsize n = MIN (a.length, b.length), changes = 0;

  if (n == 0 || memcmp (a.data, b.data, n) == 0)
    return 0;
  for (gsize i = 0; i < n && changes < limit; i++)
    changes += a.data[i] != b.data[i];
  return changes;
}

/* Two that are of one have an eighth of their bytes changed at most; of those that are far from each other nearly all differ.
 * Most are told apart by a look at a few. */
static gboolean
may_be_changed (QsSpan a, QsSpan b)
{
  gsize n = MIN (a.length, b.length);
  guint differ = 0;

  for (gsize i = 0; n > N_SAMPLES && i < N_SAMPLES && differ <= N_SAMPLES / 2; i++)
    differ += a.data[i * n / N_SAMPLES] != b.data[i * n / N_SAMPLES];
  return differ <= N_SAMPLES / 2;
}

/* --- Matching --- */

static gboolean
may_be (const QsJoinSent *sent, const QsJoinUnit *unit)
{
  return !sent->dropped && sent->time <= unit->time + TOLERANCE;
}

/* The hash is of the start alone, which an Initial's token may fill. */
static gboolean
is_alike (QsTraceJoin *self, const QsJoinSent *sent, const QsJoinUnit *unit)
{
  return self->manner != QS_JOIN_BY_BYTES ||
         count_changes (bytes_of (self, sent->other, sent->record), bytes_of (self, unit->other, unit->record), 1) == 0;
}

/* Of those that are alike: the latest that can have arrived by now and has not; else the earliest of them; else it is a
 * copy of the latest that has. */
static QsJoinSent *
find_alike (QsTraceJoin *self, const QsJoinUnit *unit)
{
  QsJoinSent *sent = g_hash_table_lookup (self->by_hash, &unit->hash);
  gint64 least = self->least_delay[unit->by_client];
  gint64 latest = unit->time - (least == G_MAXINT64 ? 0 : least - least / 10);
  QsJoinSent *fresh = NULL, *copy = NULL;

  for (guint i = 0; sent != NULL && i < MAX_ALIKE; i++)
    {
      gboolean possible = may_be (sent, unit) && is_alike (self, sent, unit);

      if (possible && !sent->arrived)
        {
          fresh = sent;
          if (sent->time <= latest)
            break;
        }
      else if (possible && copy == NULL)
        copy = sent;
      sent = sent->before != QS_JOIN_NONE ? qs_chunks_get (&self->sent[unit->by_client], sent->before) : NULL;
    }
  return fresh != NULL ? fresh : copy;
}

/* Of the same length and almost the same bytes. One that has arrived already may have been doubled, and one of both
 * changed: it comes second. */
static QsJoinSent *
find_changed (QsTraceJoin *self, const QsJoinUnit *unit)
{
  QsChunks *list = &self->sent[unit->by_client];
  QsSpan bytes = bytes_of (self, unit->other, unit->record);
  gsize best = bytes.length / MAX_CHANGED_SHARE;
  QsJoinSent *found = NULL;

  for (guint i = list->length; i > 0 && list->length - i < MAX_LOOK_BACK; i--)
    {
      QsJoinSent *sent = qs_chunks_get (list, i - 1);

      if (sent->time < unit->time - LATEST)
        break;
      if (sent->length != unit->length || !may_be (sent, unit) || (found != NULL && sent->arrived && !found->arrived))
        continue;
      QsSpan others = bytes_of (self, sent->other, sent->record);
      if (!may_be_changed (others, bytes))
        continue;
      gsize changes = count_changes (others, bytes, best);
      if (changes < best || (found != NULL && found->arrived && !sent->arrived && changes == best))
        {
          best = MAX (changes, 1);
          found = sent;
        }
    }
  return found;
}

/* A packet alone whose number cannot be read: what left last of the same length, and can have arrived by then, and never
 * did. What that is shows once all else has been found. */
static QsJoinSent *
find_damaged (QsTraceJoin *self, const QsJoinUnit *unit)
{
  QsChunks *list = &self->sent[unit->by_client];
  gint64 least = self->least_delay[unit->by_client];
  gint64 latest = unit->time - (least == G_MAXINT64 ? 0 : least - least / 10);

  for (guint i = list->length; unit->corrupted && i > 0 && list->length - i < MAX_LOOK_BACK; i--)
    {
      QsJoinSent *sent = qs_chunks_get (list, i - 1);

      if (!sent->arrived && !sent->dropped && sent->length == unit->length && sent->time <= latest)
        return sent;
    }
  return NULL;
}

QsJoinSent *
qs_join_match (QsTraceJoin *self, const QsJoinUnit *unit, QsJoinTry attempt, gboolean *changed)
{
  QsJoinSent *sent = find_alike (self, unit);

  *changed = FALSE;
  if (self->manner != QS_JOIN_BY_BYTES)
    {
      *changed = sent == NULL;
      return sent == NULL && attempt == QS_JOIN_OVER ? find_damaged (self, unit) : sent;
    }
  if (sent != NULL)
    {
      /* What was not kept cannot be compared; the lab says what it did. */
      gboolean cut = bytes_of (self, sent->other, sent->record).length < sent->length ||
                     bytes_of (self, unit->other, unit->record).length < unit->length;

      *changed = cut && (unit->corrupted || sent->corrupted);
      return sent;
    }
  sent = attempt != QS_JOIN_AGAIN ? find_changed (self, unit) : NULL;
  *changed = sent != NULL;
  return sent;
}

gboolean
qs_join_same_hello (QsTraceJoin *self)
{
  const QsTraceMessage *hello[2];

  for (guint i = 0; i < 2; i++)
    {
      hello[i] = qs_trace_get_n_messages (self->traces[i]) > 0 ? qs_trace_get_message (self->traces[i], 0) : NULL;
      if (hello[i] == NULL || hello[i]->bytes == NULL || g_bytes_get_size (hello[i]->bytes) == 0)
        return TRUE;
    }
  return g_bytes_equal (hello[0]->bytes, hello[1]->bytes);
}
