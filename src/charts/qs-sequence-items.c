/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of a sequence diagram: made at the end, and taken back from there. */
#include "charts/qs-sequence-private.h"
#include "trace/qs-metrics.h"

#define RUN_SHOWN 3        /* packets at the start of a run of bulk that stay single */
#define RUN_MIN 8          /* packets that make a run */
#define MERGE_DISTANCE 4.0 /* TO_SCALE: arrows of one side closer than this become a bundle */
#define MAX_RECOUNT 65536  /* arrows of a bundle that is counted again */

/* --- Pushing --- */

/* TO_SCALE: where a time is that comes behind all that is laid out. */
static double
scale_time (const QsSequenceLayout *self, gint64 time)
{
  if (self->items->len == 0)
    return self->end;

  const QsItem *last = qs_sequence_item (self, self->items->len - 1);
  double from = qs_sequence_has_arrows (last) ? last->top : self->end;
  return from + (double) MAX (time - qs_sequence_item_time (self, last), 0) * self->scale;
}

static double
next_top (const QsSequenceLayout *self, const QsItem *item, gint64 time)
{
  if (!qs_sequence_to_scale (self))
    return self->end;

  double y = scale_time (self, time);
  if (qs_sequence_has_arrows (item))
    {
      /* Its label, and its start on the other lane, must not reach into a note above. */
      const QsItem *last = self->items->len > 0 ? qs_sequence_item (self, self->items->len - 1) : NULL;
      gboolean from_top = self->options.join != NULL || ((item->flags & QS_ITEM_BY_CLIENT) != 0) == self->own_is_client;
      if (last == NULL || !qs_sequence_has_arrows (last))
        y = MAX (y, self->end + self->line1 + self->line2 + (from_top ? 0 : self->slant));
      return y;
    }
  return MAX (y, self->end);
}

static double
end_of (const QsSequenceLayout *self, const QsItem *item)
{
  gboolean sloping = qs_sequence_to_scale (self) && qs_sequence_has_arrows (item);

  return item->top + (sloping ? self->slant + self->gap : qs_sequence_item_height (self, item));
}

QsItem *
qs_sequence_push_item (QsSequenceLayout *self, QsItem item, gint64 time)
{
  item.top = next_top (self, &item, time);
  self->end = MAX (self->end, end_of (self, &item));
  g_array_append_val (self->items, item);
  return qs_sequence_item (self, self->items->len - 1);
}

void
qs_sequence_push_note (QsSequenceLayout *self, QsItemKind kind, QsNote note)
{
  guint8 level =
      self->items->len > 0 ? qs_sequence_item (self, self->items->len - 1)->level : (guint8) QS_PACKET_UNKNOWN;
  QsItem item = {
    .kind = kind, .rank = self->next_rank, .last = self->next_rank, .extra = self->notes->len, .level = level
  };

  g_array_append_val (self->notes, note);
  qs_sequence_push_item (self, item, note.time);
}

/* --- Taking back --- */

static void
take_back_note (QsSequenceLayout *self, const QsItem *item)
{
  const QsNote *note = qs_sequence_note (self, item);
  guint other = note->other;

  if (note->kind == QS_NOTE_KEYS)
    self->next_keys[other] = MIN (self->next_keys[other], note->mark);
  else if (note->mark != QS_SEQUENCE_NONE)
    self->next_mark[other] = MIN (self->next_mark[other], note->mark);
  if (item->extra + 1 == self->notes->len)
    g_array_set_size (self->notes, item->extra);
}

void
qs_sequence_pop_item (QsSequenceLayout *self)
{
  const QsItem *item = qs_sequence_item (self, self->items->len - 1);

  if (item->kind == QS_ITEM_BUNDLE && item->extra + 1 == self->bundles->len)
    {
      g_array_set_size (self->bundles, item->extra);
      self->open_bundle = MIN (self->open_bundle, self->bundles->len);
    }
  if (qs_sequence_has_arrows (item))
    self->next_rank = MIN (self->next_rank, item->rank);
  else
    take_back_note (self, item);
  self->end = item->top;
  g_array_set_size (self->items, self->items->len - 1);
  if (qs_sequence_to_scale (self))
    self->end =
        self->items->len > 0 ? end_of (self, qs_sequence_item (self, self->items->len - 1)) : self->header_height;
}

void
qs_sequence_rewind (QsSequenceLayout *self)
{
  g_array_set_size (self->items, 0);
  g_array_set_size (self->bundles, 0);
  g_array_set_size (self->notes, 0);
  self->next_rank = self->open_bundle = 0;
  for (guint i = 0; i < 2; i++)
    self->next_mark[i] = self->next_keys[i] = 0;
  self->end = self->header_height;
  self->reach = 0;
}

/* --- Bundles --- */

/* Whether it is known at once and for good; what its sender declares lost later is looked up when it is asked for. */
static gboolean
is_lost_for_good (const QsSequenceLayout *self, guint rank, const QsPacket *of)
{
  return self->options.join != NULL ? qs_sequence_is_lost (self, rank) : (of->flags & QS_PACKET_DROPPED) != 0;
}

static void
add_to_bundle (QsSequenceLayout *self, QsBundle *bundle, guint rank, int sign)
{
  guint packet;
  const QsPacket *of = qs_sequence_packet_at (self, rank, &packet);
  guint side = qs_sequence_by_client (self, packet) ? 0 : 1;
  QsCrossingFate fate = QS_CROSSING_ARRIVED;

  qs_sequence_crossing_at (self, rank, &fate);
  bundle->n[side] += (guint32) sign;
  bundle->bytes[side] += (guint64) (sign * (gint64) of->length);
  bundle->lost[side] += (guint32) (is_lost_for_good (self, rank, of) * sign);
  bundle->under_way += (guint32) ((fate == QS_CROSSING_UNDER_WAY) * sign);
}

/* Of a trace alone: what its own end sent, counts as lost, and stands in the bundle. There are 65536 losses at most. */
static guint
count_declared (const QsSequenceLayout *self, const QsItem *item)
{
  const GArray *losses = qs_trace_get_metrics (self->trace)->losses;
  gint64 from = qs_sequence_arrow_time (self, item->rank), to = qs_sequence_arrow_time (self, item->last);
  guint n = 0;

  for (guint i = 0; i < losses->len; i++)
    {
      guint32 packet = g_array_index (losses, QsLoss, i).packet;
      const QsPacket *of = qs_trace_get_packet (self->trace, packet);

      if (of->time < from || of->time > to || (of->flags & (QS_PACKET_LOST | QS_PACKET_DROPPED)) != QS_PACKET_LOST)
        continue;
      guint rank = of->time > from && of->time < to ? item->rank : qs_sequence_rank_of (self, packet);
      n += rank >= item->rank && rank <= item->last;
    }
  return n;
}

guint
qs_sequence_bundle_lost (const QsSequenceLayout *self, const QsItem *item, guint side)
{
  const QsBundle *bundle = &g_array_index (self->bundles, QsBundle, item->extra);
  gboolean own = (side == 0) == self->own_is_client;

  return bundle->lost[side] +
         (self->options.join == NULL && own && bundle->n[side] > 0 ? count_declared (self, item) : 0);
}

/* Makes one bundle of the last n items, which are packets. */
static QsItem *
collapse_last (QsSequenceLayout *self, guint n)
{
  QsItem item = *qs_sequence_item (self, self->items->len - n);
  QsBundle bundle = { 0 };

  item.last = qs_sequence_item (self, self->items->len - 1)->last;
  item.kind = QS_ITEM_BUNDLE;
  item.flags &= (guint8) ~QS_ITEM_JOINED;
  item.extra = self->bundles->len;
  for (guint rank = item.rank; rank <= item.last; rank++)
    add_to_bundle (self, &bundle, rank, 1);
  g_array_append_val (self->bundles, bundle);
  g_array_set_size (self->items, self->items->len - n);
  g_array_append_val (self->items, item);
  return qs_sequence_item (self, self->items->len - 1);
}

static void
extend_bundle (QsSequenceLayout *self, QsItem *item, guint8 level)
{
  add_to_bundle (self, &g_array_index (self->bundles, QsBundle, item->extra), self->next_rank, 1);
  item->last = self->next_rank++;
  if (qs_sequence_to_scale (self)) /* the band goes on to the next row */
    item->level = level;
  else
    self->end = item->top + qs_sequence_item_height (self, item);
}

/* EVEN: the bundle that a run of bulk ends in. */
static QsItem *
find_run (QsSequenceLayout *self, guint8 flags)
{
  guint n = self->items->len, run = 0;

  if (!self->options.collapse || (flags & QS_ITEM_BULK) == 0 || n == 0)
    return NULL;
  QsItem *last = qs_sequence_item (self, n - 1);
  if (last->kind == QS_ITEM_BUNDLE)
    return last;
  while (run < n && run < RUN_MIN && qs_sequence_item (self, n - 1 - run)->kind == QS_ITEM_PACKET &&
         (qs_sequence_item (self, n - 1 - run)->flags & QS_ITEM_BULK) != 0)
    run++;
  return run < RUN_MIN - 1 ? NULL : collapse_last (self, run - RUN_SHOWN);
}

/* TO_SCALE: the last row, where that is so near that both would touch. */
static QsItem *
find_near (QsSequenceLayout *self, guint8 flags)
{
  double y = scale_time (self, qs_sequence_arrow_time (self, self->next_rank));
  guint n = self->items->len;

  if (n == 0)
    return NULL;
  QsItem *last = qs_sequence_item (self, n - 1);
  if (!qs_sequence_has_arrows (last) || ((last->flags ^ flags) & QS_ITEM_BY_CLIENT) != 0 ||
      y - last->top >= MERGE_DISTANCE)
    return NULL;
  return last->kind == QS_ITEM_PACKET ? collapse_last (self, 1) : last;
}

gboolean
qs_sequence_join_bundle (QsSequenceLayout *self, guint8 flags, guint8 level)
{
  QsItem *bundle = qs_sequence_to_scale (self) ? find_near (self, flags) : find_run (self, flags);

  if (bundle != NULL)
    extend_bundle (self, bundle, level);
  return bundle != NULL;
}

/* Of a bundle at the end only what comes behind is taken out: it may hold a million. */
static gboolean
cut_bundle (QsSequenceLayout *self, guint rank)
{
  QsItem *item = qs_sequence_item (self, self->items->len - 1);

  if (item->kind != QS_ITEM_BUNDLE || item->rank >= rank || item->last < rank)
    return FALSE;
  for (guint i = rank; i <= item->last; i++)
    add_to_bundle (self, &g_array_index (self->bundles, QsBundle, item->extra), i, -1);
  item->last = rank - 1;
  self->next_rank = rank;
  return TRUE;
}

void
qs_sequence_rewind_to_rank (QsSequenceLayout *self, guint rank)
{
  while (self->items->len > 0 && self->next_rank > rank)
    {
      if (cut_bundle (self, rank))
        return;
      qs_sequence_pop_item (self);
    }

  /* Notes are about the packet before them: those that were about one that is gone go too. */
  while (self->items->len > 0)
    {
      const QsItem *item = qs_sequence_item (self, self->items->len - 1);

      if (qs_sequence_has_arrows (item) || qs_sequence_note (self, item)->mark != QS_SEQUENCE_NONE)
        break;
      qs_sequence_pop_item (self);
    }
}

void
qs_sequence_recount_bundles (QsSequenceLayout *self)
{
  gboolean before = TRUE; /* all before are settled */

  for (guint i = self->items->len; self->options.join != NULL && i > 0 && self->open_bundle < self->bundles->len; i--)
    {
      const QsItem *item = qs_sequence_item (self, i - 1);

      if (item->kind != QS_ITEM_BUNDLE)
        continue;
      QsBundle *bundle = &g_array_index (self->bundles, QsBundle, item->extra);
      if (bundle->under_way > 0 && item->last - item->rank < MAX_RECOUNT)
        {
          *bundle = (QsBundle){ 0 };
          for (guint rank = item->rank; rank <= item->last; rank++)
            add_to_bundle (self, bundle, rank, 1);
        }
      before = before && bundle->under_way == 0;
      if (item->extra <= self->open_bundle)
        break;
    }
  if (before)
    self->open_bundle = self->bundles->len;
}
