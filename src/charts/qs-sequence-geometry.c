/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the rows and arrows of a sequence diagram stand. */
#include <math.h>

#include "charts/qs-sequence-private.h"

#define LOOK_AROUND 64 /* rows that an arrow to a later one may pass */
#define SAME_MOMENT 8  /* arrows that end at almost one place and are told apart */
#define APART 5.0      /* between them, at text scale 1 */

gint64
qs_sequence_item_time (const QsSequenceLayout *self, const QsItem *item)
{
  return qs_sequence_has_arrows (item) ? qs_sequence_arrow_time (self, item->rank)
                                       : qs_sequence_note (self, item)->time;
}

gint64
qs_sequence_item_end_time (const QsSequenceLayout *self, const QsItem *item)
{
  return item->kind == QS_ITEM_BUNDLE ? qs_sequence_arrow_time (self, item->last) : qs_sequence_item_time (self, item);
}

/* How many arrows a bundle has in EVEN: one for each side that sends. */
static guint
n_sides (const QsSequenceLayout *self, const QsItem *item)
{
  if (item->kind != QS_ITEM_BUNDLE)
    return 1;
  const QsBundle *bundle = &g_array_index (self->bundles, QsBundle, item->extra);
  return (bundle->n[0] > 0) + (bundle->n[1] > 0);
}

double
qs_sequence_item_height (const QsSequenceLayout *self, const QsItem *item)
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
      return qs_sequence_to_scale (self) ? 0 : self->row * n_sides (self, item);
    }
}

double
qs_sequence_item_bottom (const QsSequenceLayout *self, guint index)
{
  return index + 1 < self->items->len ? qs_sequence_item (self, index + 1)->top : self->end;
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

/* --- Arrows --- */

/* EVEN: where a row's arrow leaves. */
static double
leaves_at (const QsSequenceLayout *self, const QsItem *item, guint side)
{
  /* A bundle of both: what the sender of its first packet sent comes first. */
  guint first_side = (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1;
  double row = item->kind == QS_ITEM_BUNDLE && side != first_side ? self->row : 0;

  return item->top + row + self->line1 + self->line2 + self->gap / 2;
}

/* EVEN, both ends: how deep what happened in this row forbids an arrow that arrived at this time to end on the lane of the
 * other side: what was sent there before, and what overtook it, stands above. */
static double
least_arrival (const QsSequenceLayout *self, const QsItem *item, guint side, gint64 arrived)
{
  guint of_row = (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1;

  if (item->kind == QS_ITEM_BUNDLE || item->kind == QS_ITEM_BREAK || item->kind == QS_ITEM_NOTE)
    return qs_sequence_item_end_time (self, item) <= arrived && item->kind == QS_ITEM_BUNDLE
               ? item->top + qs_sequence_item_height (self, item) - self->gap
               : 0;
  if (item->kind == QS_ITEM_STATE)
    {
      gboolean at_client = self->own_is_client != qs_sequence_note (self, item)->other;

      return at_client == (side == 1) ? item->top + self->state_height : 0;
    }
  if (of_row != side)
    return leaves_at (self, item, of_row) + APART * self->options.text_scale;

  const QsCrossing *crossing = qs_sequence_crossing_at (self, item->rank, NULL);
  return crossing->arrived != QS_JOIN_NO_TIME && crossing->arrived < arrived
             ? leaves_at (self, item, side) + self->slant
             : 0;
}

/* How many of the rows before end at the same place. */
static guint
n_alike_before (const QsSequenceLayout *self, guint index, guint side, gint64 from, gint64 arrived)
{
  guint n = 0;

  for (guint i = index; i > 0 && index - i < SAME_MOMENT; i--)
    {
      const QsItem *item = qs_sequence_item (self, i - 1);
      const QsCrossing *crossing;

      if (item->kind != QS_ITEM_PACKET || ((item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0u : 1u) != side)
        continue;
      crossing = qs_sequence_crossing_at (self, item->rank, NULL);
      n += crossing->arrived != QS_JOIN_NO_TIME && crossing->arrived >= from && crossing->arrived < arrived;
    }
  return n;
}

static double
even_arrival (const QsSequenceLayout *self, guint index, double y0, guint side, gint64 arrived)
{
  double y = y0 + self->slant;
  gint64 pushed_at = G_MAXINT64;

  for (guint i = index + 1; i < self->items->len && i <= index + LOOK_AROUND; i++)
    {
      const QsItem *item = qs_sequence_item (self, i);
      gint64 time = qs_sequence_item_time (self, item);

      if (time > arrived)
        break;
      double least = least_arrival (self, item, side, arrived);
      if (least <= y)
        continue;
      y = least;
      pushed_at = time;
    }
  if (pushed_at != G_MAXINT64)
    y += APART * self->options.text_scale * (1 + n_alike_before (self, index, side, pushed_at, arrived));
  return y;
}

double
qs_sequence_arrival_y (const QsSequenceLayout *self, guint index, double y0, guint side, gint64 arrived)
{
  if (!qs_sequence_to_scale (self))
    return even_arrival (self, index, y0, side, arrived);

  double y = qs_sequence_layout_time_to_y ((QsSequenceLayout *) self, arrived);
  return MAX (y, y0 + MIN (self->slant, 8 * self->options.text_scale));
}

void
qs_sequence_arrow (const QsSequenceLayout *self, guint index, guint side, double *x0, double *y0, double *x1,
                   double *y1)
{
  const QsItem *item = qs_sequence_item (self, index);
  gboolean by_own = (side == 0) == self->own_is_client;
  const QsCrossing *crossing = qs_sequence_crossing_at (self, item->rank, NULL);

  *x0 = qs_sequence_lane_x (self, side == 0);
  *x1 = qs_sequence_lane_x (self, side != 0);
  if (!qs_sequence_to_scale (self))
    *y0 = leaves_at (self, item, side);
  else
    *y0 = by_own || crossing != NULL ? item->top : item->top - self->slant;
  *y1 = *y0 + self->slant;
  if (crossing != NULL && crossing->sent != QS_JOIN_NO_TIME && crossing->arrived != QS_JOIN_NO_TIME &&
      (item->kind == QS_ITEM_PACKET || qs_sequence_to_scale (self)))
    *y1 = qs_sequence_arrival_y (self, index, *y0, side, crossing->arrived);
}

void
qs_sequence_label_extents (const QsSequenceLayout *self, guint index, double *top, double *bottom)
{
  const QsItem *item = qs_sequence_item (self, index);
  double x0, y0, x1, y1;

  qs_sequence_arrow (self, index, (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1, &x0, &y0, &x1, &y1);
  *bottom = (y0 + MIN (y1, y0 + 2 * self->slant)) / 2;
  *top = *bottom - self->line1 - self->line2;
}

/* --- By height --- */

guint
qs_sequence_item_above (const QsSequenceLayout *self, double y)
{
  guint low = 0, high = self->items->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (qs_sequence_item (self, middle)->top <= y)
        low = middle + 1;
      else
        high = middle;
    }
  return low > 0 ? low - 1 : 0;
}

void
qs_sequence_items_between (const QsSequenceLayout *self, double top, double bottom, guint *first, guint *end)
{
  double reach = qs_sequence_to_scale (self) ? self->slant + self->line1 + self->line2 + self->gap : 0;

  *first = qs_sequence_item_above (self, top - reach);
  *end = qs_sequence_item_above (self, bottom + reach) + 2; /* a bracket reaches up from the row behind */
  *end = MIN (*end, self->items->len);
  /* Of both ends: what left above and is under way. */
  if (self->options.join != NULL)
    *first = *first > LOOK_AROUND ? *first - LOOK_AROUND : 0;
}

/* --- By time: rows are in the order of their times --- */

guint
qs_sequence_n_items_until (const QsSequenceLayout *self, gint64 time)
{
  guint low = 0, high = self->items->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (qs_sequence_item_time (self, qs_sequence_item (self, middle)) <= time)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* Where a row's own time stands. */
static double
own_y (const QsSequenceLayout *self, guint index)
{
  const QsItem *item = qs_sequence_item (self, index);
  guint side = (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1;

  if (!qs_sequence_has_arrows (item) || qs_sequence_to_scale (self))
    return item->top;
  gboolean leaves_own = self->options.join != NULL || (side == 0) == self->own_is_client;
  return leaves_at (self, item, side) + (leaves_own ? 0 : self->slant);
}

double
qs_sequence_layout_time_to_y (QsSequenceLayout *self, gint64 time)
{
  g_return_val_if_fail (self != NULL, 0);

  guint next = qs_sequence_n_items_until (self, time);
  if (next == 0)
    return self->header_height;

  gint64 from = qs_sequence_item_time (self, qs_sequence_item (self, next - 1));
  double y = own_y (self, next - 1);
  if (next == self->items->len)
    {
      double later = y + (double) (time - from) * self->scale;

      return self->options.join != NULL && qs_sequence_to_scale (self) ? later : MIN (self->end, later);
    }
  gint64 to = qs_sequence_item_time (self, qs_sequence_item (self, next));
  double next_y = own_y (self, next);
  return to > from ? y + (next_y - y) * (double) (time - from) / (double) (to - from) : y;
}

gint64
qs_sequence_layout_y_to_time (QsSequenceLayout *self, double y)
{
  g_return_val_if_fail (self != NULL, 0);

  if (self->items->len == 0)
    return 0;

  guint index = qs_sequence_item_above (self, y);
  if (index > 0 && own_y (self, index) > y)
    index--;
  gint64 from = qs_sequence_item_time (self, qs_sequence_item (self, index));
  if (index + 1 == self->items->len)
    return from;
  double y0 = own_y (self, index), y1 = own_y (self, index + 1);
  gint64 to = qs_sequence_item_time (self, qs_sequence_item (self, index + 1));
  return y1 > y0 ? from + (gint64) ((double) (to - from) * CLAMP ((y - y0) / (y1 - y0), 0, 1)) : from;
}
