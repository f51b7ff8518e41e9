/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-sequence-private.h"
#include "trace/qs-metrics.h"

#define MIN_WIDTH 480
#define RUN_SHOWN 3            /* packets at the start of a run of bulk that stay single */
#define RUN_MIN 8              /* packets that make a run */
#define MERGE_DISTANCE 4.0     /* TO_SCALE: arrows of one side closer than this become a bundle */
#define LABEL_LOOK_BACK 64     /* rows whose labels a new one could touch */
#define STEPS_PER_LOOK 128     /* at the clock */
#define HALF_RTT_HEIGHT 60.0   /* TO_SCALE with zoom 1: at most this */
#define HANDSHAKE_HEIGHT 900.0 /* and the handshake at most this */
#define MIN_SLANT 8.0
#define EARLY_ITEMS 2000 /* while there are fewer, a better estimate of the round trip lays all out anew */
#define DEFAULT_HALF_RTT G_GINT64_CONSTANT (5000000)
#define MIN_SILENCE G_GINT64_CONSTANT (150000000) /* EVEN: nanoseconds that are worth a break */
#define FOLD_HEIGHT 400.0                         /* TO_SCALE: a gap higher than this is folded */

#define FRAME(type) (G_GUINT64_CONSTANT (1) << (type))

/* Packets of nothing else than these are bulk. */
static const guint64 bulk_frames = FRAME (QS_FRAME_PADDING) | FRAME (QS_FRAME_PING) | FRAME (QS_FRAME_ACK) |
                                   FRAME (QS_FRAME_STREAM) | FRAME (QS_FRAME_MAX_DATA) |
                                   FRAME (QS_FRAME_MAX_STREAM_DATA) | FRAME (QS_FRAME_MAX_STREAMS_BIDI) |
                                   FRAME (QS_FRAME_MAX_STREAMS_UNI) | FRAME (QS_FRAME_DATA_BLOCKED) |
                                   FRAME (QS_FRAME_STREAM_DATA_BLOCKED) | FRAME (QS_FRAME_DATAGRAM);

/* --- Small questions --- */

static QsItem *
item_at (const QsSequenceLayout *self, guint index)
{
  return &g_array_index (self->items, QsItem, index);
}

static const QsNote *
note_of (const QsSequenceLayout *self, const QsItem *item)
{
  return &g_array_index (self->notes, QsNote, item->extra);
}

gboolean
qs_sequence_by_client (const QsSequenceLayout *self, QsDirection direction)
{
  return (direction == QS_DIRECTION_SENT) == self->own_is_client;
}

const QsPacket *
qs_sequence_packet_at (const QsSequenceLayout *self, guint rank, guint *index)
{
  guint packet = g_array_index (self->order, guint32, rank);

  if (index != NULL)
    *index = packet;
  return qs_trace_get_packet (self->trace, packet);
}

gint64
qs_sequence_item_time (const QsSequenceLayout *self, const QsItem *item)
{
  if (item->kind == QS_ITEM_PACKET || item->kind == QS_ITEM_BUNDLE)
    return qs_sequence_packet_at (self, item->rank, NULL)->time;
  return note_of (self, item)->time;
}

static gint64
item_end_time (const QsSequenceLayout *self, const QsItem *item)
{
  if (item->kind == QS_ITEM_BUNDLE)
    return qs_sequence_packet_at (self, item->last, NULL)->time;
  return qs_sequence_item_time (self, item);
}

static gboolean
is_packets (const QsItem *item)
{
  return item->kind == QS_ITEM_PACKET || item->kind == QS_ITEM_BUNDLE;
}

static gboolean
to_scale (const QsSequenceLayout *self)
{
  return self->options.time == QS_SEQUENCE_TO_SCALE;
}

/* How many arrows a bundle has in EVEN: one for each side that sends. */
static guint
n_arrows (const QsSequenceLayout *self, const QsItem *item)
{
  if (item->kind != QS_ITEM_BUNDLE)
    return 1;
  const QsBundle *bundle = &g_array_index (self->bundles, QsBundle, item->extra);
  return (bundle->n[0] > 0) + (bundle->n[1] > 0);
}

static double
item_height (const QsSequenceLayout *self, const QsItem *item)
{
  switch ((QsItemKind) item->kind)
    {
    case QS_ITEM_NOTE:
      return self->note_height;
    case QS_ITEM_STATE:
      return self->state_height;
    case QS_ITEM_BREAK:
      return self->break_height;
    case QS_ITEM_PACKET:
    case QS_ITEM_BUNDLE:
    default:
      return to_scale (self) ? 0 : self->row * n_arrows (self, item);
    }
}

double
qs_sequence_item_bottom (const QsSequenceLayout *self, guint index)
{
  if (index + 1 < self->items->len)
    return item_at (self, index + 1)->top;
  return self->end;
}

double
qs_sequence_lane_x (const QsSequenceLayout *self, gboolean client)
{
  double margin = 46 * self->options.text_scale;
  double left = (self->own_is_client ? self->gutter : self->band_gutter) + margin;
  double right = self->options.width - (self->own_is_client ? self->band_gutter : self->gutter) - margin;
  double x = client ? left : right;

  return self->options.mirrored ? self->options.width - x : x;
}

void
qs_sequence_arrow (const QsSequenceLayout *self, const QsItem *item, guint side, double *x0, double *y0, double *x1,
                   double *y1)
{
  gboolean by_own = (side == 0) == self->own_is_client;
  double slant = self->slant;

  *x0 = qs_sequence_lane_x (self, side == 0);
  *x1 = qs_sequence_lane_x (self, side != 0);
  if (to_scale (self))
    *y0 = by_own ? item->top : item->top - slant;
  else
    {
      /* A bundle of both: what the sender of its first packet sent comes first. */
      guint first_side = (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1;
      double row = item->kind == QS_ITEM_BUNDLE && side != first_side ? self->row : 0;

      *y0 = item->top + row + self->line1 + self->line2 + self->gap / 2;
    }
  *y1 = *y0 + slant;
}

/* --- Keeping packets in order --- */

typedef struct {
  gint64 time;
  guint32 record, offset;
} Key;

static Key
key_of (const QsSequenceLayout *self, guint packet)
{
  const QsPacket *of = qs_trace_get_packet (self->trace, packet);

  return (Key){ of->time, of->record, of->offset };
}

static int
compare_keys (const Key *a, const Key *b)
{
  if (a->time != b->time)
    return a->time < b->time ? -1 : 1;
  if (a->record != b->record)
    return a->record < b->record ? -1 : 1;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int
compare_packets (gconstpointer a, gconstpointer b, gpointer data)
{
  guint left = *(const guint32 *) a, right = *(const guint32 *) b;
  Key left_key = key_of (data, left), right_key = key_of (data, right);
  int order = compare_keys (&left_key, &right_key);

  return order != 0 ? order : (left > right) - (left < right);
}

/* The first rank among the first n whose packet comes behind this one. */
static guint
rank_behind (QsSequenceLayout *self, guint packet, guint n)
{
  guint low = 0, high = n;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (compare_packets (&g_array_index (self->order, guint32, middle), &packet, self) <= 0)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* Where several addresses are raced, the ends are those of the attempt that was answered. */
static void
take_path (QsSequenceLayout *self, const QsPacket *packet)
{
  gboolean answer = packet->direction == QS_DIRECTION_RECEIVED;
  QsRecord record;

  if (packet->record >= qs_trace_get_n_records (self->trace) || (self->answered && !answer))
    return;
  qs_trace_get_record (self->trace, packet->record, &record);
  self->path = record.path;
  self->answered = answer;
}

static void
append_packet (QsSequenceLayout *self)
{
  guint32 packet = self->n_appended++;
  guint n = self->order->len;

  self->types_seen |= 1u << qs_trace_get_packet (self->trace, packet)->type;
  take_path (self, qs_trace_get_packet (self->trace, packet));
  if (!self->unsorted && n > 0 && compare_packets (&g_array_index (self->order, guint32, n - 1), &packet, self) > 0)
    {
      self->unsorted = TRUE;
      self->sorted = n;
    }
  g_array_append_val (self->order, packet);
}

static void rewind_to_rank (QsSequenceLayout *self, guint rank);

/* Packets whose keys came late stand before others that are laid out already: those are laid out anew. */
static void
sort_end (QsSequenceLayout *self)
{
  guint first = self->sorted;
  guint at = G_MAXUINT;

  for (guint i = first; i < self->order->len; i++)
    at = MIN (at, rank_behind (self, g_array_index (self->order, guint32, i), MIN (at, first)));
  g_qsort_with_data (&g_array_index (self->order, guint32, at), (int) (self->order->len - at), sizeof (guint32),
                     compare_packets, self);
  rewind_to_rank (self, at);
  self->unsorted = FALSE;
}

/* --- Taking back what is laid out --- */

static void
pop_item (QsSequenceLayout *self)
{
  const QsItem *item = item_at (self, self->items->len - 1);

  if (item->kind == QS_ITEM_BUNDLE && item->extra + 1 == self->bundles->len)
    g_array_set_size (self->bundles, item->extra);
  if (!is_packets (item))
    {
      guint32 mark = note_of (self, item)->mark;

      if (mark != G_MAXUINT32)
        self->next_mark = MIN (self->next_mark, mark);
      if (item->extra + 1 == self->notes->len)
        g_array_set_size (self->notes, item->extra);
    }
  else
    self->next_rank = MIN (self->next_rank, item->rank);
  self->end = item->top;
  g_array_set_size (self->items, self->items->len - 1);
  if (to_scale (self))
    {
      const QsItem *last = self->items->len > 0 ? item_at (self, self->items->len - 1) : NULL;

      self->end = last == NULL        ? self->header_height
                  : is_packets (last) ? last->top + self->slant + self->gap
                                      : last->top + item_height (self, last);
    }
}

static void
rewind_to_rank (QsSequenceLayout *self, guint rank)
{
  while (self->items->len > 0 && self->next_rank > rank)
    pop_item (self);

  /* Notes are about the packet before them: those that were about one that is gone go too. */
  while (self->items->len > 0)
    {
      const QsItem *item = item_at (self, self->items->len - 1);

      if (is_packets (item) || note_of (self, item)->mark != G_MAXUINT32)
        break;
      pop_item (self);
    }
}

/* --- Laying out --- */

/* TO_SCALE: where a time is that comes behind all that is laid out. */
static double
scale_time (const QsSequenceLayout *self, gint64 time)
{
  if (self->items->len == 0)
    return self->end;

  const QsItem *last = item_at (self, self->items->len - 1);
  double from = is_packets (last) ? last->top : self->end;
  return from + (double) MAX (time - qs_sequence_item_time (self, last), 0) * self->scale;
}

static double
next_top (const QsSequenceLayout *self, const QsItem *item, gint64 time)
{
  if (!to_scale (self))
    return self->end;

  double y = scale_time (self, time);
  if (is_packets (item))
    {
      /* Its label, and its start on the other lane, must not reach into a note above. */
      const QsItem *last = self->items->len > 0 ? item_at (self, self->items->len - 1) : NULL;
      gboolean by_own = ((item->flags & QS_ITEM_BY_CLIENT) != 0) == self->own_is_client;
      if (last == NULL || !is_packets (last))
        y = MAX (y, self->end + self->line1 + self->line2 + (by_own ? 0 : self->slant));
      return y;
    }
  return MAX (y, self->end);
}

static QsItem *
push_item (QsSequenceLayout *self, QsItem item, gint64 time)
{
  item.top = next_top (self, &item, time);
  self->end = MAX (self->end, item.top + item_height (self, &item));
  if (to_scale (self) && is_packets (&item))
    self->end = MAX (self->end, item.top + self->slant + self->gap);
  g_array_append_val (self->items, item);
  return item_at (self, self->items->len - 1);
}

static void
push_note (QsSequenceLayout *self, QsItemKind kind, QsNote note)
{
  guint8 level = self->items->len > 0 ? item_at (self, self->items->len - 1)->level : QS_PACKET_UNKNOWN;
  QsItem item = {
    .kind = kind, .rank = self->next_rank, .last = self->next_rank, .extra = self->notes->len, .level = level
  };

  g_array_append_val (self->notes, note);
  push_item (self, item, note.time);
}

static gboolean
is_bulk (const QsSequenceLayout *self, guint index, const QsPacket *packet)
{
  guint from = 0;

  if ((packet->type != QS_PACKET_1RTT && packet->type != QS_PACKET_0RTT && packet->type != QS_PACKET_TLS_RECORD) ||
      (packet->flags & (QS_PACKET_KEY_UPDATE | QS_PACKET_CORRUPT)) != 0 || (packet->frames & ~bulk_frames) != 0)
    return FALSE;
  return qs_sequence_next_message (self->trace, index, &from) == NULL;
}

static void
add_to_bundle (QsSequenceLayout *self, QsBundle *bundle, const QsPacket *packet)
{
  guint side = qs_sequence_by_client (self, packet->direction) ? 0 : 1;

  bundle->n[side]++;
  bundle->bytes[side] += packet->length;
  bundle->lost[side] += (packet->flags & (QS_PACKET_LOST | QS_PACKET_DROPPED)) != 0;
}

/* Makes one bundle of the last n items, which are packets. */
static QsItem *
collapse_last (QsSequenceLayout *self, guint n)
{
  QsItem item = *item_at (self, self->items->len - n);
  QsBundle bundle = { 0 };

  item.last = item_at (self, self->items->len - 1)->last;
  item.kind = QS_ITEM_BUNDLE;
  item.flags &= (guint8) ~QS_ITEM_JOINED;
  item.extra = self->bundles->len;
  for (guint rank = item.rank; rank <= item.last; rank++)
    add_to_bundle (self, &bundle, qs_sequence_packet_at (self, rank, NULL));
  g_array_append_val (self->bundles, bundle);
  g_array_set_size (self->items, self->items->len - n);
  g_array_append_val (self->items, item);
  return item_at (self, self->items->len - 1);
}

static gboolean
extend_bundle (QsSequenceLayout *self, QsItem *item, const QsPacket *packet)
{
  QsBundle *bundle = &g_array_index (self->bundles, QsBundle, item->extra);

  add_to_bundle (self, bundle, packet);
  item->last = self->next_rank++;
  if (to_scale (self)) /* the band goes on to the next row */
    item->level = (guint8) qs_sequence_level_of (packet->type);
  else
    self->end = item->top + item_height (self, item);
  return TRUE;
}

/* EVEN: whether the packet went into a run of bulk. */
static gboolean
join_run (QsSequenceLayout *self, const QsPacket *packet, guint8 flags)
{
  guint n = self->items->len, run = 0;

  if (!self->options.collapse || (flags & QS_ITEM_BULK) == 0 || n == 0)
    return FALSE;
  QsItem *last = item_at (self, n - 1);
  if (last->kind == QS_ITEM_BUNDLE)
    return extend_bundle (self, last, packet);
  while (run < n && run < RUN_MIN && item_at (self, n - 1 - run)->kind == QS_ITEM_PACKET &&
         (item_at (self, n - 1 - run)->flags & QS_ITEM_BULK) != 0)
    run++;
  if (run < RUN_MIN - 1)
    return FALSE;
  return extend_bundle (self, collapse_last (self, run - RUN_SHOWN), packet);
}

/* TO_SCALE: whether the packet went into one of the last two rows, one of which may be of the other side. */
static gboolean
join_near (QsSequenceLayout *self, const QsPacket *packet, guint8 flags)
{
  double y = scale_time (self, packet->time);
  guint n = self->items->len;

  if (n == 0)
    return FALSE;
  QsItem *last = item_at (self, n - 1);
  if (!is_packets (last) || ((last->flags ^ flags) & QS_ITEM_BY_CLIENT) != 0 || y - last->top >= MERGE_DISTANCE)
    return FALSE;
  if (last->kind == QS_ITEM_PACKET)
    last = collapse_last (self, 1);
  return extend_bundle (self, last, packet);
}

/* TO_SCALE: a label stands in the middle of its arrow, and is left out where it would touch another. */
static void
label_extents (const QsSequenceLayout *self, const QsItem *item, double *top, double *bottom)
{
  double x0, y0, x1, y1;

  qs_sequence_arrow (self, item, (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1, &x0, &y0, &x1, &y1);
  *bottom = (y0 + y1) / 2;
  *top = *bottom - self->line1 - self->line2;
}

static gboolean
has_room_for_label (const QsSequenceLayout *self, const QsItem *item)
{
  double top, bottom;

  label_extents (self, item, &top, &bottom);
  for (guint i = 1; i <= MIN (self->items->len, LABEL_LOOK_BACK); i++)
    {
      const QsItem *other = item_at (self, self->items->len - i);
      double other_top, other_bottom;

      if (!is_packets (other))
        break; /* nothing reaches over a note */
      if ((other->flags & QS_ITEM_LABEL) == 0)
        continue;
      label_extents (self, other, &other_top, &other_bottom);
      if (other_top < bottom && top < other_bottom)
        return FALSE;
    }
  return TRUE;
}

/* --- What is noted beside a packet --- */

static gboolean
was_noted (const QsSequenceLayout *self, QsNoteKind kind, guint side)
{
  for (guint i = 0; i < self->notes->len; i++)
    {
      const QsNote *note = &g_array_index (self->notes, QsNote, i);

      if (note->kind == kind && note->packet != G_MAXUINT32 &&
          (qs_sequence_by_client (self, qs_trace_get_packet (self->trace, note->packet)->direction) ? 0 : 1) == side)
        return TRUE;
    }
  return FALSE;
}

static gboolean
has_hello_retry (const QsSequenceLayout *self, guint packet)
{
  const QsTraceMessage *message;
  guint from = 0;

  while ((message = qs_sequence_next_message (self->trace, packet, &from)) != NULL)
    {
      if (message->message->is_hello_retry_request && message->packet == packet)
        return TRUE;
    }
  return FALSE;
}

static void
note_packet (QsSequenceLayout *self, guint index, const QsPacket *packet, QsNoteKind kind)
{
  QsNote note = { .time = packet->time, .kind = kind, .packet = index, .mark = G_MAXUINT32 };

  push_note (self, QS_ITEM_NOTE, note);
}

static void
push_notes_of (QsSequenceLayout *self, guint index, const QsPacket *packet)
{
  guint side = qs_sequence_by_client (self, packet->direction) ? 0 : 1;
  guint64 closes = FRAME (QS_FRAME_CONNECTION_CLOSE) | FRAME (QS_FRAME_CONNECTION_CLOSE_APP);

  /* A client takes one Retry only (RFC 9000 section 17.2.5.2); a hello of two datagrams may get two. */
  if (packet->type == QS_PACKET_RETRY && !was_noted (self, QS_NOTE_RETRY, side))
    note_packet (self, index, packet, QS_NOTE_RETRY);
  else if (packet->type == QS_PACKET_VERSION_NEGOTIATION)
    note_packet (self, index, packet, QS_NOTE_VERSION_NEGOTIATION);
  else if (packet->type == QS_PACKET_STATELESS_RESET)
    note_packet (self, index, packet, QS_NOTE_STATELESS_RESET);
  else if (packet->type == QS_PACKET_INITIAL && has_hello_retry (self, index))
    note_packet (self, index, packet, QS_NOTE_HELLO_RETRY);
  if ((packet->flags & QS_PACKET_KEY_UPDATE) != 0)
    note_packet (self, index, packet, QS_NOTE_KEY_UPDATE);
  /* These are sent again until they are acknowledged, or as answers to what still comes. */
  if ((packet->frames & FRAME (QS_FRAME_HANDSHAKE_DONE)) != 0 && !was_noted (self, QS_NOTE_CONFIRMED, side))
    note_packet (self, index, packet, QS_NOTE_CONFIRMED);
  if ((packet->frames & closes) != 0 && !was_noted (self, QS_NOTE_CLOSE, side))
    note_packet (self, index, packet, QS_NOTE_CLOSE);
}

/* --- Silences --- */

static gboolean
is_silence (const QsSequenceLayout *self, gint64 gap)
{
  if (!self->options.fold)
    return FALSE;
  if (to_scale (self))
    return (double) gap * self->scale > FOLD_HEIGHT && gap > 8 * self->half_rtt;
  return gap >= MIN_SILENCE && gap > 6 * self->half_rtt;
}

static void
push_silence (QsSequenceLayout *self, gint64 time)
{
  if (self->items->len == 0)
    return;

  gint64 last = item_end_time (self, item_at (self, self->items->len - 1));
  QsNote note = { .time = time, .kind = QS_NOTE_MARK, .packet = G_MAXUINT32, .mark = G_MAXUINT32 };
  QsItem item = { .kind = QS_ITEM_BREAK, .rank = self->next_rank, .last = self->next_rank, .extra = self->notes->len };

  if (!is_silence (self, time - last))
    return;
  item.level = item_at (self, self->items->len - 1)->level;
  item.top = self->end;
  g_array_append_val (self->notes, note);
  g_array_append_val (self->items, item);
  self->end += self->break_height;
}

/* --- Steps --- */

static void
lay_out_packet (QsSequenceLayout *self)
{
  guint rank = self->next_rank, index;
  const QsPacket *packet = qs_sequence_packet_at (self, rank, &index);
  guint8 flags = qs_sequence_by_client (self, packet->direction) ? QS_ITEM_BY_CLIENT : 0;
  QsItem item = { .rank = rank, .last = rank, .level = (guint8) qs_sequence_level_of (packet->type) };

  if (is_bulk (self, index, packet))
    flags |= QS_ITEM_BULK;
  push_silence (self, packet->time);
  if (to_scale (self) ? join_near (self, packet, flags) : join_run (self, packet, flags))
    {
      push_notes_of (self, index, packet);
      return;
    }

  const QsPacket *before = rank > 0 ? qs_sequence_packet_at (self, rank - 1, NULL) : NULL;
  if (before != NULL && packet->direction == before->direction && (packet->flags & QS_PACKET_COALESCED) != 0)
    flags |= QS_ITEM_JOINED;
  item.flags = flags;
  QsItem *pushed = push_item (self, item, packet->time);
  self->items->len--; /* it is not one of those that it is compared with */
  gboolean room = !to_scale (self) || has_room_for_label (self, pushed);
  self->items->len++;
  if (room)
    pushed->flags |= QS_ITEM_LABEL;
  self->next_rank = rank + 1;
  push_notes_of (self, index, packet);
}

static void
lay_out_mark (QsSequenceLayout *self, const QsMark *mark, gint64 time)
{
  QsNote note = { .time = time, .kind = QS_NOTE_MARK, .packet = G_MAXUINT32, .mark = self->next_mark++ };
  QsItemKind kind;

  if (!qs_sequence_mark_is_shown (self->trace, mark, &kind))
    return;
  /* A close frame says the same with its packet. */
  if (mark->kind == QS_MARK_CLOSE && (was_noted (self, QS_NOTE_CLOSE, 0) || was_noted (self, QS_NOTE_CLOSE, 1)))
    return;
  push_silence (self, time);
  push_note (self, kind, note);
}

/* A mark that was laid out may turn out to be later than a packet that the dissector had not come to then. */
static void
take_back_later_marks (QsSequenceLayout *self, gint64 time)
{
  while (self->items->len > 0)
    {
      const QsItem *last = item_at (self, self->items->len - 1);

      if (is_packets (last) || qs_sequence_item_time (self, last) <= time ||
          (note_of (self, last)->mark == G_MAXUINT32 && last->kind != QS_ITEM_BREAK))
        return;
      pop_item (self);
    }
}

static gboolean
lay_out_one (QsSequenceLayout *self)
{
  const QsPacket *packet =
      self->next_rank < self->order->len ? qs_sequence_packet_at (self, self->next_rank, NULL) : NULL;
  const QsMark *mark = NULL;
  gint64 mark_time = 0;

  if (packet != NULL)
    take_back_later_marks (self, packet->time);
  if (self->next_mark < qs_trace_get_n_marks (self->trace))
    mark = qs_trace_get_mark (self->trace, self->next_mark, &mark_time);
  if (mark != NULL && (packet == NULL || mark_time < packet->time))
    lay_out_mark (self, mark, mark_time);
  else if (packet != NULL)
    lay_out_packet (self);
  else
    return FALSE;
  return TRUE;
}

/* --- Half a round trip --- */

/* From the metrics; else from how long the first answer took, since what was sent last before it. */
static gint64
estimate_half_rtt (QsTrace *trace)
{
  const QsMetrics *metrics = qs_trace_get_metrics (trace);
  gint64 sent = -1;

  if (metrics->rtt->len > 0)
    return MAX (g_array_index (metrics->rtt, QsRttSample, metrics->rtt->len - 1).minimum / 2, 1000);
  for (guint i = 0; i < MIN (qs_trace_get_n_packets (trace), 64); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);

      if (packet->direction == QS_DIRECTION_SENT)
        sent = packet->time;
      else if (packet->direction == QS_DIRECTION_RECEIVED && sent >= 0 && packet->time > sent)
        return MAX ((packet->time - sent) / 2, 1000);
    }
  return DEFAULT_HALF_RTT;
}

/* How long the handshake took; else what there is of it. */
static gint64
handshake_duration (QsTrace *trace)
{
  guint n = MIN (qs_trace_get_n_packets (trace), 256);
  gint64 first = n > 0 ? qs_trace_get_packet (trace, 0)->time : 0;
  gint64 last = first;

  for (guint i = 0; i < n; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);

      last = MAX (last, packet->time);
      if ((packet->frames & FRAME (QS_FRAME_HANDSHAKE_DONE)) != 0)
        break;
    }
  return last - first;
}

/* A round trip is far shorter than what the two ends need to think, or far longer: both must be seen. */
static void
set_scale (QsSequenceLayout *self, gint64 half_rtt)
{
  double unit = self->options.text_scale * self->options.zoom;
  double scale = HALF_RTT_HEIGHT / (double) half_rtt;
  gint64 duration = handshake_duration (self->trace);

  if (duration > 0)
    scale = MIN (scale, HANDSHAKE_HEIGHT / (double) duration);
  self->half_rtt = half_rtt;
  self->scale = scale * unit;
  if (to_scale (self))
    self->slant = MAX (self->scale * (double) half_rtt, MIN_SLANT * self->options.text_scale);
}

/* A live trace begins with nothing to estimate from. */
static void
refine_scale (QsSequenceLayout *self)
{
  double before = self->scale;

  if (self->items->len >= EARLY_ITEMS)
    return;
  set_scale (self, estimate_half_rtt (self->trace));
  if (!to_scale (self) || (self->scale < before * 1.25 && self->scale > before * 0.8))
    return;
  while (self->items->len > 0)
    pop_item (self);
  self->next_rank = self->next_mark = 0;
  self->end = self->header_height;
}

/* --- Measures --- */

static double
line_height (QsSequenceLayout *self, double points)
{
  g_autoptr (PangoLayout) layout = pango_layout_new (self->context);
  PangoFontDescription *font = pango_font_description_new ();
  int height;

  pango_font_description_set_family (font, self->font);
  pango_font_description_set_size (font, (int) (points * self->options.text_scale * PANGO_SCALE));
  pango_layout_set_font_description (layout, font);
  pango_layout_set_text (layout, "Ågjß", -1);
  pango_layout_get_size (layout, NULL, &height);
  pango_font_description_free (font);
  return ceil ((double) height / PANGO_SCALE);
}

static void
measure (QsSequenceLayout *self)
{
  double s = self->options.text_scale;

  self->line1 = line_height (self, QS_SEQUENCE_TITLE_POINTS);
  self->line2 = line_height (self, QS_SEQUENCE_SMALL_POINTS);
  self->gap = round (10 * s);
  self->slant = round (14 * s);
  self->row = self->line1 + self->line2 + self->slant + self->gap;
  self->note_height = self->line1 + self->line2 + 2 * self->gap + round (6 * s);
  self->state_height = self->line2 + 2 * self->gap;
  self->break_height = self->line2 + 3 * self->gap;
  self->header_height =
      (self->options.title ? self->line1 + self->gap * 2 : 0) + self->line1 + self->line2 + 4 * self->gap;
  self->gutter = round (78 * s);
  self->band_gutter = round (112 * s);
  self->end = self->header_height;
}

/* --- Public --- */

static double
clamp_width (const QsSequenceLayout *self, double width)
{
  return CLAMP (width, MIN_WIDTH * self->options.text_scale, 16384);
}

QsSequenceLayout *
qs_sequence_layout_new (QsTrace *trace, const QsSequenceOptions *options)
{
  static const QsSequenceOptions defaults = QS_SEQUENCE_OPTIONS_DEFAULT;

  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  QsSequenceLayout *self = g_new0 (QsSequenceLayout, 1);
  g_atomic_ref_count_init (&self->refs);
  self->trace = g_object_ref (trace);
  self->options = options != NULL ? *options : defaults;
  self->options.text_scale = CLAMP (self->options.text_scale, 0.5, 6);
  self->options.zoom = CLAMP (self->options.zoom, 0.001, 1000);
  self->font = g_strdup (self->options.font != NULL ? self->options.font : "Sans");
  self->options.font = self->font;
  self->options.width = clamp_width (self, self->options.width);
  self->own_is_client = qs_trace_get_vantage (trace) != QS_VANTAGE_SERVER;
  self->order = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->items = g_array_new (FALSE, FALSE, sizeof (QsItem));
  self->bundles = g_array_new (FALSE, FALSE, sizeof (QsBundle));
  self->notes = g_array_new (FALSE, FALSE, sizeof (QsNote));
  self->context = pango_font_map_create_context (pango_cairo_font_map_get_default ());
  measure (self);
  set_scale (self, estimate_half_rtt (trace));
  return self;
}

QsSequenceLayout *
qs_sequence_layout_ref (QsSequenceLayout *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
qs_sequence_layout_unref (QsSequenceLayout *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_array_unref (self->order);
  g_array_unref (self->items);
  g_array_unref (self->bundles);
  g_array_unref (self->notes);
  g_object_unref (self->context);
  g_object_unref (self->trace);
  g_free (self->font);
  g_free (self);
}

static gboolean
is_over (gint64 deadline, guint step)
{
  return deadline != 0 && step % STEPS_PER_LOOK == 0 && g_get_monotonic_time () >= deadline;
}

gboolean
qs_sequence_layout_advance (QsSequenceLayout *self, gint64 deadline)
{
  g_return_val_if_fail (self != NULL, TRUE);

  guint n = qs_trace_get_n_packets (self->trace);

  for (guint step = 1; self->n_appended < n; step++)
    {
      append_packet (self);
      if (is_over (deadline, step))
        return FALSE;
    }
  if (self->unsorted)
    sort_end (self);
  refine_scale (self);
  for (guint step = 1; lay_out_one (self); step++)
    {
      if (is_over (deadline, step))
        return FALSE;
    }
  return TRUE;
}

void
qs_sequence_layout_set_width (QsSequenceLayout *self, double width)
{
  g_return_if_fail (self != NULL);
  self->options.width = clamp_width (self, width);
}

const QsSequenceOptions *
qs_sequence_layout_get_options (QsSequenceLayout *self)
{
  return &self->options;
}

void
qs_sequence_layout_get_extents (QsSequenceLayout *self, double *width, double *height)
{
  double legend = self->options.legend ? qs_sequence_legend_height (self) : 0;

  if (width != NULL)
    *width = self->options.width;
  if (height != NULL)
    *height = self->end + 2 * self->gap + legend;
}

guint
qs_sequence_layout_get_n_items (QsSequenceLayout *self)
{
  return self->items->len;
}

double
qs_sequence_layout_get_header_height (QsSequenceLayout *self)
{
  return self->header_height;
}

/* --- Finding --- */

/* The last item whose top is not below y; 0 when there is none. */
static guint
item_above (const QsSequenceLayout *self, double y)
{
  guint low = 0, high = self->items->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (item_at (self, middle)->top <= y)
        low = middle + 1;
      else
        high = middle;
    }
  return low > 0 ? low - 1 : 0;
}

void
qs_sequence_items_between (const QsSequenceLayout *self, double top, double bottom, guint *first, guint *end)
{
  double reach = self->slant + self->line1 + self->line2 + self->gap;

  *first = item_above (self, top - (to_scale (self) ? reach : 0));
  *end = item_above (self, bottom + (to_scale (self) ? reach : 0)) + 1;
  *end = MIN (*end, self->items->len);
}

static void
fill_hit (QsSequenceLayout *self, guint index, QsSequenceHit *hit)
{
  static const QsSequenceHitKind kinds[] = {
    [QS_ITEM_PACKET] = QS_SEQUENCE_HIT_PACKET, [QS_ITEM_BUNDLE] = QS_SEQUENCE_HIT_BUNDLE,
    [QS_ITEM_NOTE] = QS_SEQUENCE_HIT_NOTE,     [QS_ITEM_STATE] = QS_SEQUENCE_HIT_NOTE,
    [QS_ITEM_BREAK] = QS_SEQUENCE_HIT_BREAK,
  };
  const QsItem *item = item_at (self, index);
  double bottom = qs_sequence_item_bottom (self, index);

  *hit = (QsSequenceHit){ .kind = kinds[item->kind], .item = index, .first_packet = G_MAXUINT, .mark = G_MAXUINT };
  hit->time = qs_sequence_item_time (self, item);
  hit->bounds = (QsRectangle){ 0, item->top, self->options.width, bottom - item->top };
  if (is_packets (item))
    {
      hit->first_packet = g_array_index (self->order, guint32, item->rank);
      hit->n_packets = item->last - item->rank + 1;
      if (to_scale (self))
        {
          double top, label_bottom;

          label_extents (self, item, &top, &label_bottom);
          hit->bounds.y = MIN (top, item->top - self->slant);
          hit->bounds.height = item->top + self->slant - hit->bounds.y;
        }
      return;
    }
  hit->first_packet = note_of (self, item)->packet == G_MAXUINT32 ? G_MAXUINT : note_of (self, item)->packet;
  hit->mark = note_of (self, item)->mark == G_MAXUINT32 ? G_MAXUINT : note_of (self, item)->mark;
}

/* TO_SCALE: how far a place is from an arrow or, where it has one, its label. */
static double
distance_to (const QsSequenceLayout *self, const QsItem *item, double x, double y)
{
  double x0, y0, x1, y1, top, bottom;

  qs_sequence_arrow (self, item, (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1, &x0, &y0, &x1, &y1);
  double along = CLAMP ((x - x0) / (x1 - x0), 0, 1);
  double distance = fabs (y0 + (y1 - y0) * along - y);
  label_extents (self, item, &top, &bottom);
  if ((item->flags & QS_ITEM_LABEL) != 0 && y >= top && y <= bottom && along > 0.25 && along < 0.75)
    distance = MIN (distance, 1);
  return distance;
}

static gboolean
lookup_to_scale (QsSequenceLayout *self, double x, double y, QsSequenceHit *hit)
{
  double best = 2 * MERGE_DISTANCE;
  gboolean found = FALSE;
  guint first, end;

  qs_sequence_items_between (self, y - self->slant, y + self->slant, &first, &end);
  for (guint i = first; i < end; i++)
    {
      const QsItem *item = item_at (self, i);
      double distance = is_packets (item)                                            ? distance_to (self, item, x, y)
                        : y >= item->top && y < item->top + item_height (self, item) ? 0
                                                                                     : best;
      if (distance < best)
        {
          best = distance;
          found = TRUE;
          fill_hit (self, i, hit);
        }
    }
  return found;
}

gboolean
qs_sequence_layout_lookup (QsSequenceLayout *self, double x, double y, QsSequenceHit *hit)
{
  g_return_val_if_fail (self != NULL && hit != NULL, FALSE);

  if (self->items->len == 0 || x < 0 || x > self->options.width || y < self->header_height || y >= self->end)
    return FALSE;
  if (to_scale (self))
    return lookup_to_scale (self, x, y, hit);
  fill_hit (self, item_above (self, y), hit);
  return TRUE;
}

/* The last row that begins at or before this rank. */
static guint
item_of_rank (const QsSequenceLayout *self, guint rank)
{
  guint low = 0, high = self->items->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (item_at (self, middle)->rank <= rank)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

gboolean
qs_sequence_layout_find_packet (QsSequenceLayout *self, guint packet, QsSequenceHit *hit)
{
  g_return_val_if_fail (self != NULL && hit != NULL, FALSE);

  if (packet >= self->n_appended || self->unsorted)
    return FALSE;
  guint rank = rank_behind (self, packet, self->order->len) - 1;
  for (guint i = item_of_rank (self, rank); i > 0; i--)
    {
      const QsItem *item = item_at (self, i - 1);

      if (!is_packets (item))
        continue;
      if (item->last < rank)
        return FALSE;
      fill_hit (self, i - 1, hit);
      return TRUE;
    }
  return FALSE;
}

gboolean
qs_sequence_layout_get_item (QsSequenceLayout *self, guint item, QsSequenceHit *hit)
{
  g_return_val_if_fail (self != NULL && hit != NULL, FALSE);

  if (item >= self->items->len)
    return FALSE;
  fill_hit (self, item, hit);
  return TRUE;
}

guint
qs_sequence_layout_step (QsSequenceLayout *self, guint packet, int delta)
{
  g_return_val_if_fail (self != NULL, G_MAXUINT);

  guint n = MIN (self->next_rank, self->order->len);
  gint64 rank;

  if (n == 0)
    return G_MAXUINT;
  if (packet >= self->n_appended)
    rank = delta >= 0 ? 0 : (gint64) n - 1;
  else
    rank = (gint64) rank_behind (self, packet, self->order->len) - 1 + delta;
  return rank >= 0 && rank < n ? g_array_index (self->order, guint32, rank) : G_MAXUINT;
}

/* The last row whose time is not behind this one. Rows are in the order of their times. */
static guint
item_at_time (const QsSequenceLayout *self, gint64 time)
{
  guint low = 0, high = self->items->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (qs_sequence_item_time (self, item_at (self, middle)) <= time)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

static double
own_y (const QsSequenceLayout *self, const QsItem *item)
{
  double x0, y0, x1, y1;

  if (!is_packets (item) || to_scale (self))
    return item->top;
  guint side = (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1;
  qs_sequence_arrow (self, item, side, &x0, &y0, &x1, &y1);
  return (side == 0) == self->own_is_client ? y0 : y1;
}

double
qs_sequence_layout_time_to_y (QsSequenceLayout *self, gint64 time)
{
  g_return_val_if_fail (self != NULL, 0);

  guint next = item_at_time (self, time);
  if (next == 0)
    return self->header_height;

  const QsItem *item = item_at (self, next - 1);
  gint64 from = qs_sequence_item_time (self, item);
  double y = own_y (self, item);
  if (next == self->items->len)
    return MIN (self->end, y + (double) (time - from) * self->scale);
  gint64 to = qs_sequence_item_time (self, item_at (self, next));
  double next_y = own_y (self, item_at (self, next));
  return to > from ? y + (next_y - y) * (double) (time - from) / (double) (to - from) : y;
}

gint64
qs_sequence_layout_y_to_time (QsSequenceLayout *self, double y)
{
  g_return_val_if_fail (self != NULL, 0);

  if (self->items->len == 0)
    return 0;

  guint index = item_above (self, y);
  if (index > 0 && own_y (self, item_at (self, index)) > y)
    index--;
  const QsItem *item = item_at (self, index);
  gint64 from = qs_sequence_item_time (self, item);
  if (index + 1 == self->items->len)
    return from;
  double y0 = own_y (self, item), y1 = own_y (self, item_at (self, index + 1));
  gint64 to = qs_sequence_item_time (self, item_at (self, index + 1));
  return y1 > y0 ? from + (gint64) ((double) (to - from) * CLAMP ((y - y0) / (y1 - y0), 0, 1)) : from;
}

/* --- Describing --- */

static char *
describe_packet (QsSequenceLayout *self, const QsSequenceHit *hit)
{
  const QsPacket *packet = qs_trace_get_packet (self->trace, hit->first_packet);
  gsize n_strong;
  g_autofree char *title = qs_sequence_packet_title (self->trace, hit->first_packet, &n_strong);
  g_autofree char *subtitle = qs_sequence_arrow_subtitle (self, hit->first_packet, FALSE);
  g_autofree char *time = qs_sequence_time_text (packet->time);

  return g_strdup_printf (qs_sequence_by_client (self, packet->direction) ? _ ("%s, client to server: %s\n%s")
                                                                          : _ ("%s, server to client: %s\n%s"),
                          time, title, subtitle);
}

static char *
describe_bundle (QsSequenceLayout *self, const QsItem *item)
{
  const QsBundle *bundle = &g_array_index (self->bundles, QsBundle, item->extra);
  g_autofree char *by_client = qs_sequence_bundle_title (self->trace, bundle, 0);
  g_autofree char *by_server = qs_sequence_bundle_title (self->trace, bundle, 1);

  if (bundle->n[1] == 0)
    return g_strdup_printf (_ ("Client to server: %s"), by_client);
  if (bundle->n[0] == 0)
    return g_strdup_printf (_ ("Server to client: %s"), by_server);
  return g_strdup_printf (_ ("Client to server: %s\nServer to client: %s"), by_client, by_server);
}

char *
qs_sequence_layout_describe (QsSequenceLayout *self, const QsSequenceHit *hit)
{
  g_return_val_if_fail (self != NULL && hit != NULL && hit->item < self->items->len, NULL);

  const QsItem *item = item_at (self, hit->item);
  QsTone tone;

  switch ((QsItemKind) item->kind)
    {
    case QS_ITEM_PACKET:
      return describe_packet (self, hit);
    case QS_ITEM_BUNDLE:
      return describe_bundle (self, item);
    case QS_ITEM_BREAK:
      return qs_sequence_break_text (self, hit->item);
    case QS_ITEM_NOTE:
    case QS_ITEM_STATE:
    default:
      break;
    }
  g_autofree char *title = qs_sequence_note_title (self->trace, note_of (self, item), self->own_is_client, &tone);
  g_autofree char *text = qs_sequence_note_text (self->trace, note_of (self, item), self->own_is_client);
  g_autofree char *time = qs_sequence_time_text (hit->time);
  return text != NULL ? g_strdup_printf ("%s: %s\n%s", time, title, text) : g_strdup_printf ("%s: %s", time, title);
}

char *
qs_sequence_break_text (const QsSequenceLayout *self, guint index)
{
  gint64 from = index > 0 ? item_end_time (self, item_at (self, index - 1)) : 0;
  g_autofree char *duration = qs_text_duration (qs_sequence_item_time (self, item_at (self, index)) - from);

  return g_strdup_printf (_ ("nothing for %s"), duration);
}
