/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes next in a sequence diagram, and what is noted beside it. */
#include <string.h>

#include "charts/qs-sequence-private.h"

#define CLOSE_LOOK_BACK 8                         /* rows between the engine's mark of a close and its packet */
#define LABEL_LOOK_BACK 64                        /* rows whose labels a new one could touch */
#define MIN_SILENCE G_GINT64_CONSTANT (150000000) /* EVEN: nanoseconds that are worth a break */
#define FOLD_HEIGHT 400.0                         /* TO_SCALE: a gap higher than this is folded */

/* Packets of nothing else than these are bulk. */
static const guint64 bulk_frames = QS_FRAME_BIT (QS_FRAME_PADDING) | QS_FRAME_BIT (QS_FRAME_PING) |
                                   QS_FRAME_BIT (QS_FRAME_ACK) | QS_FRAME_BIT (QS_FRAME_STREAM) |
                                   QS_FRAME_BIT (QS_FRAME_MAX_DATA) | QS_FRAME_BIT (QS_FRAME_MAX_STREAM_DATA) |
                                   QS_FRAME_BIT (QS_FRAME_MAX_STREAMS_BIDI) | QS_FRAME_BIT (QS_FRAME_MAX_STREAMS_UNI) |
                                   QS_FRAME_BIT (QS_FRAME_DATA_BLOCKED) | QS_FRAME_BIT (QS_FRAME_STREAM_DATA_BLOCKED) |
                                   QS_FRAME_BIT (QS_FRAME_DATAGRAM);

static gboolean
is_bulk (const QsSequenceLayout *self, guint packet, const QsPacket *of)
{
  guint from = 0, index;

  if ((of->type != QS_PACKET_1RTT && of->type != QS_PACKET_0RTT && of->type != QS_PACKET_TLS_RECORD) ||
      (of->flags & (QS_PACKET_KEY_UPDATE | QS_PACKET_CORRUPT)) != 0 || (of->frames & ~bulk_frames) != 0)
    return FALSE;
  QsTrace *trace = qs_sequence_resolve (self, packet, &index);
  return qs_sequence_next_message (trace, index, &from) == NULL;
}

/* TO_SCALE: a label is left out where it would touch another. */
static gboolean
has_room_for_label (const QsSequenceLayout *self, guint index)
{
  double top, bottom;

  qs_sequence_label_extents (self, index, &top, &bottom);
  for (guint i = index; i > 0 && index - i < LABEL_LOOK_BACK; i--)
    {
      const QsItem *other = qs_sequence_item (self, i - 1);
      double other_top, other_bottom;

      if (!qs_sequence_has_arrows (other))
        break; /* nothing reaches over a note */
      if ((other->flags & QS_ITEM_LABEL) == 0)
        continue;
      qs_sequence_label_extents (self, i - 1, &other_top, &other_bottom);
      if (other_top < bottom && top < other_bottom)
        return FALSE;
    }
  return TRUE;
}

/* --- What is noted beside a packet --- */

static gboolean
was_noted (const QsSequenceLayout *self, QsNoteKind kind, gboolean by_client)
{
  for (guint i = 0; i < self->notes->len; i++)
    {
      const QsNote *note = &g_array_index (self->notes, QsNote, i);

      if (note->kind == kind && note->packet != QS_SEQUENCE_NONE &&
          qs_sequence_by_client (self, note->packet) == by_client)
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_hello_retry (const QsSequenceLayout *self, guint packet)
{
  const QsTraceMessage *message;
  guint from = 0, index;
  QsTrace *trace = qs_sequence_resolve (self, packet, &index);

  while ((message = qs_sequence_next_message (trace, index, &from)) != NULL)
    {
      if (message->message->is_hello_retry_request && message->packet == index)
        return TRUE;
    }
  return FALSE;
}

static void
note_packet (QsSequenceLayout *self, guint packet, gint64 time, QsNoteKind kind)
{
  QsNote note = { .time = time, .kind = kind, .packet = packet, .mark = QS_SEQUENCE_NONE };

  qs_sequence_push_note (self, QS_ITEM_NOTE, note);
}

/* The engine's mark of a close comes just before the packet that says the same, and better. */
static gboolean
take_back_close_mark (QsSequenceLayout *self)
{
  for (guint i = self->items->len; i > 0 && self->items->len - i < CLOSE_LOOK_BACK; i--)
    {
      const QsItem *item = qs_sequence_item (self, i - 1);
      const QsNote *note = item->kind == QS_ITEM_NOTE ? qs_sequence_note (self, item) : NULL;

      if (note == NULL || note->kind != QS_NOTE_MARK || note->other ||
          qs_trace_get_mark (self->trace, note->mark, NULL)->kind != QS_MARK_CLOSE)
        continue;
      while (self->items->len >= i)
        qs_sequence_pop_item (self);
      return TRUE;
    }
  return FALSE;
}

static void
note_close (QsSequenceLayout *self, guint packet, gint64 time)
{
  gboolean first = !self->close_known;

  self->close_known = TRUE;
  if (!first || !take_back_close_mark (self)) /* else it comes once more */
    note_packet (self, packet, time, QS_NOTE_CLOSE);
}

/* What comes of a packet at its receiver. */
static void
push_notes_of_arrival (QsSequenceLayout *self, guint packet, const QsPacket *of, gint64 time)
{
  gboolean by_client = qs_sequence_by_client (self, packet);

  /* A client takes one Retry only (RFC 9000 section 17.2.5.2); a hello of two datagrams may get two. */
  if (of->type == QS_PACKET_RETRY && !was_noted (self, QS_NOTE_RETRY, by_client))
    note_packet (self, packet, time, QS_NOTE_RETRY);
  else if (of->type == QS_PACKET_VERSION_NEGOTIATION && !was_noted (self, QS_NOTE_VERSION_NEGOTIATION, by_client))
    note_packet (self, packet, time, QS_NOTE_VERSION_NEGOTIATION);
  else if (of->type == QS_PACKET_STATELESS_RESET && !was_noted (self, QS_NOTE_STATELESS_RESET, by_client))
    note_packet (self, packet, time, QS_NOTE_STATELESS_RESET);
  else if (of->type == QS_PACKET_INITIAL && has_hello_retry (self, packet))
    note_packet (self, packet, time, QS_NOTE_HELLO_RETRY);
  /* It is sent again until it is acknowledged. */
  if ((of->frames & QS_FRAME_BIT (QS_FRAME_HANDSHAKE_DONE)) != 0 && !was_noted (self, QS_NOTE_CONFIRMED, by_client))
    note_packet (self, packet, time, QS_NOTE_CONFIRMED);
}

static void
push_notes_of (QsSequenceLayout *self, guint rank, guint packet, const QsPacket *of, gint64 time)
{
  guint64 closes = QS_FRAME_BIT (QS_FRAME_CONNECTION_CLOSE) | QS_FRAME_BIT (QS_FRAME_CONNECTION_CLOSE_APP);

  guint moved = qs_sequence_find_path_change (self, rank);

  if (moved != QS_SEQUENCE_NONE)
    note_packet (self, moved, time, QS_NOTE_PATH);
  if (!qs_sequence_is_lost (self, rank))
    push_notes_of_arrival (self, packet, of, time);
  if ((of->flags & QS_PACKET_KEY_UPDATE) != 0)
    note_packet (self, packet, time, QS_NOTE_KEY_UPDATE);
  /* It is sent again as an answer to what still comes. */
  if ((of->frames & closes) != 0 && !was_noted (self, QS_NOTE_CLOSE, qs_sequence_by_client (self, packet)))
    note_close (self, packet, time);
}

/* --- Silences --- */

static gboolean
is_silence (const QsSequenceLayout *self, gint64 gap)
{
  if (!self->options.fold)
    return FALSE;
  if (qs_sequence_to_scale (self))
    return (double) gap * self->scale > FOLD_HEIGHT && gap > 8 * self->half_rtt;
  return gap >= MIN_SILENCE && gap > 6 * self->half_rtt;
}

static void
push_silence (QsSequenceLayout *self, gint64 time)
{
  if (self->items->len == 0)
    return;

  const QsItem *last = qs_sequence_item (self, self->items->len - 1);
  QsNote note = { .time = time, .kind = QS_NOTE_MARK, .packet = QS_SEQUENCE_NONE, .mark = QS_SEQUENCE_NONE };
  QsItem item = { .kind = QS_ITEM_BREAK, .rank = self->next_rank, .last = self->next_rank, .extra = self->notes->len };

  if (!is_silence (self, time - qs_sequence_item_end_time (self, last)))
    return;
  item.level = last->level;
  item.top = self->end;
  g_array_append_val (self->notes, note);
  g_array_append_val (self->items, item);
  self->end += self->break_height;
}

/* --- Packets --- */

static guint8
flags_of (const QsSequenceLayout *self, guint rank, guint packet, const QsPacket *of)
{
  gboolean by_client = qs_sequence_by_client (self, packet);
  guint8 flags = by_client ? QS_ITEM_BY_CLIENT : 0;
  guint before;

  if (is_bulk (self, packet, of))
    flags |= QS_ITEM_BULK;
  if (rank == 0 || (of->flags & QS_PACKET_COALESCED) == 0)
    return flags;
  qs_sequence_packet_at (self, rank - 1, &before);
  return qs_sequence_by_client (self, before) == by_client ? flags | QS_ITEM_JOINED : flags;
}

static void
lay_out_packet (QsSequenceLayout *self, gint64 time)
{
  guint rank = self->next_rank, packet;
  const QsPacket *of = qs_sequence_packet_at (self, rank, &packet);
  guint8 level = (guint8) qs_sequence_level_of (of->type);
  QsItem item = { .rank = rank, .last = rank, .level = level, .flags = flags_of (self, rank, packet, of) };

  QsCrossingFate fate = QS_CROSSING_ARRIVED;

  qs_sequence_crossing_at (self, rank, &fate);
  self->unknown_seen |= fate == QS_CROSSING_UNKNOWN;
  push_silence (self, time);
  if (!qs_sequence_join_bundle (self, item.flags, level))
    {
      QsItem *pushed = qs_sequence_push_item (self, item, time);
      if (!qs_sequence_to_scale (self) || has_room_for_label (self, self->items->len - 1))
        pushed->flags |= QS_ITEM_LABEL;
      self->next_rank = rank + 1;
    }
  push_notes_of (self, rank, packet, of, time);
}

/* --- Marks and keys --- */

/* The next one of an end's, and its time by the own clock; FALSE: there is none. */
static gboolean
peek_mark (const QsSequenceLayout *self, guint other, gint64 *time)
{
  QsTrace *trace = other ? qs_trace_join_get_other (self->options.join) : self->trace;

  if (self->next_mark[other] >= qs_trace_get_n_marks (trace))
    return FALSE;
  qs_trace_get_mark (trace, self->next_mark[other], time);
  *time += other ? qs_trace_join_get_offset (self->options.join) : 0;
  return TRUE;
}

static void
lay_out_mark (QsSequenceLayout *self, guint other, gint64 time)
{
  QsTrace *trace = other ? qs_trace_join_get_other (self->options.join) : self->trace;
  QsNote note = { .time = time,
                  .kind = QS_NOTE_MARK,
                  .packet = QS_SEQUENCE_NONE,
                  .mark = self->next_mark[other]++,
                  .other = (guint8) other };
  const QsMark *mark = qs_trace_get_mark (trace, note.mark, NULL);
  QsItemKind kind;

  if (!qs_sequence_mark_is_shown (trace, mark, &kind))
    return;
  if (mark->kind == QS_MARK_CLOSE && (other || self->close_known))
    return;
  push_silence (self, time);
  qs_sequence_push_note (self, kind, note);
}

static gboolean
peek_keys (const QsSequenceLayout *self, guint other, gint64 *time)
{
  if (self->next_keys[other] >= self->keys[other]->len)
    return FALSE;
  *time = g_array_index (self->keys[other], QsKeysGot, self->next_keys[other]).time;
  return TRUE;
}

static void
lay_out_keys (QsSequenceLayout *self, guint other, gint64 time)
{
  QsNote note = { .time = time,
                  .kind = QS_NOTE_KEYS,
                  .packet = QS_SEQUENCE_NONE,
                  .mark = self->next_keys[other]++,
                  .other = (guint8) other };

  push_silence (self, time);
  qs_sequence_push_note (self, QS_ITEM_STATE, note);
}

/* Each level's secrets come in pairs: one of each tells. */
static const struct {
  const char *label;
  QsPacketType level;
} key_labels[] = {
  { "CLIENT_EARLY_TRAFFIC_SECRET ", QS_PACKET_0RTT },
  { "SERVER_HANDSHAKE_TRAFFIC_SECRET ", QS_PACKET_HANDSHAKE },
  { "SERVER_TRAFFIC_SECRET_0 ", QS_PACKET_1RTT },
};

gboolean
qs_sequence_look_for_keys (QsSequenceLayout *self)
{
  for (guint other = 0; self->options.join != NULL && other < 2; other++)
    {
      QsTrace *trace = other ? qs_trace_join_get_other (self->options.join) : self->trace;
      gint64 offset = other ? qs_trace_join_get_offset (self->options.join) : 0;
      QsRecord record;

      if (self->next_record[other] >= qs_trace_get_n_records (trace))
        continue;
      qs_trace_get_record (trace, self->next_record[other]++, &record);
      /* A file's secrets do not say when they came: where there are states, it was recorded live. */
      if (record.kind != QS_RECORD_SECRET || qs_trace_find_mark (trace, QS_MARK_STATE, NULL, NULL) == NULL)
        return TRUE;
      for (guint i = 0; i < G_N_ELEMENTS (key_labels); i++)
        {
          QsKeysGot got = { record.time + offset, key_labels[i].level };
          gsize length = strlen (key_labels[i].label);

          if (record.bytes.length > length && memcmp (record.bytes.data, key_labels[i].label, length) == 0)
            g_array_append_val (self->keys[other], got);
        }
      return TRUE;
    }
  return FALSE;
}

/* --- Steps --- */

/* A mark that was laid out may turn out to be later than a packet that the dissector had not come to then. */
static void
take_back_later_marks (QsSequenceLayout *self, gint64 time)
{
  while (self->items->len > 0)
    {
      const QsItem *last = qs_sequence_item (self, self->items->len - 1);

      if (qs_sequence_has_arrows (last) || qs_sequence_item_time (self, last) <= time ||
          (qs_sequence_note (self, last)->mark == QS_SEQUENCE_NONE && last->kind != QS_ITEM_BREAK))
        return;
      qs_sequence_pop_item (self);
    }
}

typedef void (*Lay) (QsSequenceLayout *self, guint other, gint64 time);

/* The earliest mark or keys of either end. */
static Lay
peek_beside (const QsSequenceLayout *self, guint *other, gint64 *time)
{
  Lay lay = NULL;

  for (guint i = 0; i < (self->options.join != NULL ? 2 : 1); i++)
    {
      gint64 at;

      if (peek_mark (self, i, &at) && (lay == NULL || at < *time))
        {
          lay = lay_out_mark;
          *other = i;
          *time = at;
        }
      if (peek_keys (self, i, &at) && (lay == NULL || at < *time))
        {
          lay = lay_out_keys;
          *other = i;
          *time = at;
        }
    }
  return lay;
}

gboolean
qs_sequence_lay_out_one (QsSequenceLayout *self)
{
  gboolean has_packet = self->next_rank < self->order->len;
  gint64 packet_time = has_packet ? qs_sequence_arrow_time (self, self->next_rank) : G_MAXINT64;
  gint64 beside_time = 0;
  guint other = 0;

  if (has_packet)
    take_back_later_marks (self, packet_time);
  Lay beside = peek_beside (self, &other, &beside_time);
  if (beside != NULL && beside_time < packet_time)
    beside (self, other, beside_time);
  else if (has_packet)
    lay_out_packet (self, packet_time);
  else
    return FALSE;
  return TRUE;
}
