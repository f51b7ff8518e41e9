/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands where in a sequence diagram, and what it is in words. */
#include <math.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-sequence-private.h"

#define REACH 8.0 /* TO_SCALE: how near to an arrow one must point */

/* --- Finding --- */

static void
fill_note_hit (QsSequenceLayout *self, const QsItem *item, QsSequenceHit *hit)
{
  const QsNote *note = qs_sequence_note (self, item);

  hit->first_packet = note->packet == QS_SEQUENCE_NONE ? G_MAXUINT : note->packet;
  hit->mark = note->mark == QS_SEQUENCE_NONE || note->kind == QS_NOTE_KEYS ? G_MAXUINT : note->mark;
  hit->other = note->other;
}

static void
fill_hit (QsSequenceLayout *self, guint index, QsSequenceHit *hit)
{
  static const QsSequenceHitKind kinds[] = {
    [QS_ITEM_PACKET] = QS_SEQUENCE_HIT_PACKET, [QS_ITEM_BUNDLE] = QS_SEQUENCE_HIT_BUNDLE,
    [QS_ITEM_NOTE] = QS_SEQUENCE_HIT_NOTE,     [QS_ITEM_STATE] = QS_SEQUENCE_HIT_NOTE,
    [QS_ITEM_BREAK] = QS_SEQUENCE_HIT_BREAK,
  };
  const QsItem *item = qs_sequence_item (self, index);
  double bottom = qs_sequence_item_bottom (self, index);

  *hit = (QsSequenceHit){ .kind = kinds[item->kind], .item = index, .first_packet = G_MAXUINT, .mark = G_MAXUINT };
  hit->time = qs_sequence_item_time (self, item);
  hit->bounds = (QsRectangle){ 0, item->top, self->options.width, bottom - item->top };
  if (!qs_sequence_has_arrows (item))
    {
      fill_note_hit (self, item, hit);
      return;
    }
  hit->first_packet = qs_sequence_packet_id (self, item->rank);
  hit->n_packets = item->last - item->rank + 1;
  if (qs_sequence_to_scale (self))
    {
      double top, label_bottom;

      qs_sequence_label_extents (self, index, &top, &label_bottom);
      hit->bounds.y = MIN (top, item->top - (self->options.join != NULL ? 0 : self->slant));
      hit->bounds.height = item->top + self->slant - hit->bounds.y;
    }
}

/* TO_SCALE: how far a place is from an arrow or, where it has one, its label. */
static double
distance_to (const QsSequenceLayout *self, guint index, double x, double y)
{
  const QsItem *item = qs_sequence_item (self, index);
  double x0, y0, x1, y1, top, bottom;

  qs_sequence_arrow (self, index, (item->flags & QS_ITEM_BY_CLIENT) != 0 ? 0 : 1, &x0, &y0, &x1, &y1);
  double along = CLAMP ((x - x0) / (x1 - x0), 0, 1);
  double distance = fabs (y0 + (y1 - y0) * along - y);
  qs_sequence_label_extents (self, index, &top, &bottom);
  if ((item->flags & QS_ITEM_LABEL) != 0 && y >= top && y <= bottom && along > 0.25 && along < 0.75)
    distance = MIN (distance, 1);
  return distance;
}

static gboolean
lookup_to_scale (QsSequenceLayout *self, double x, double y, QsSequenceHit *hit)
{
  double best = REACH;
  gboolean found = FALSE;
  guint first, end;

  qs_sequence_items_between (self, y - self->slant, y + self->slant, &first, &end);
  for (guint i = first; i < end; i++)
    {
      const QsItem *item = qs_sequence_item (self, i);
      gboolean inside = y >= item->top && y < item->top + qs_sequence_item_height (self, item);
      double distance = qs_sequence_has_arrows (item) ? distance_to (self, i, x, y) : inside ? 0 : best;

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
  if (qs_sequence_to_scale (self))
    return lookup_to_scale (self, x, y, hit);
  fill_hit (self, qs_sequence_item_above (self, y), hit);
  return TRUE;
}

/* How many rows begin at or before this rank. */
static guint
n_items_until_rank (const QsSequenceLayout *self, guint rank)
{
  guint low = 0, high = self->items->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (qs_sequence_item (self, middle)->rank <= rank)
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

  guint rank = qs_sequence_rank_of (self, packet);
  if (rank == G_MAXUINT)
    return FALSE;
  for (guint i = n_items_until_rank (self, rank); i > 0; i--)
    {
      const QsItem *item = qs_sequence_item (self, i - 1);

      if (!qs_sequence_has_arrows (item))
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
  guint at = packet == G_MAXUINT ? G_MAXUINT : qs_sequence_rank_of (self, packet);
  gint64 rank;

  if (n == 0)
    return G_MAXUINT;
  if (at == G_MAXUINT)
    rank = delta >= 0 ? 0 : (gint64) n - 1;
  else
    rank = (gint64) at + delta;
  return rank >= 0 && rank < n ? qs_sequence_packet_id (self, (guint) rank) : G_MAXUINT;
}

QsTrace *
qs_sequence_layout_resolve (QsSequenceLayout *self, guint packet, guint *index)
{
  g_return_val_if_fail (self != NULL && index != NULL, NULL);
  return qs_sequence_resolve (self, packet, index);
}

/* --- Describing --- */

/* "sent 12.00 ms, arrived 37.10 ms: 25.1 ms on its way"; of both ends alone. */
static char *
describe_crossing (const QsSequenceLayout *self, guint rank)
{
  QsCrossingFate fate;
  const QsCrossing *crossing = qs_sequence_crossing_at (self, rank, &fate);
  g_autofree char *sent = crossing->sent != QS_JOIN_NO_TIME ? qs_sequence_time_text (crossing->sent) : NULL;
  g_autofree char *arrived = crossing->arrived != QS_JOIN_NO_TIME ? qs_sequence_time_text (crossing->arrived) : NULL;

  switch (fate)
    {
      case QS_CROSSING_ARRIVED: {
        g_autofree char *taken = qs_text_duration (MAX (crossing->arrived - crossing->sent, 0));
        return g_strdup_printf (_ ("Sent at %s, arrived at %s: %s on its way."), sent, arrived, taken);
      }
    case QS_CROSSING_LOST:
      return sent != NULL ? g_strdup_printf (_ ("Sent at %s, and lost: the other end never got it."), sent)
                          : g_strdup (_ ("Lost just before its receiver; its sender's recording has it not."));
    case QS_CROSSING_UNKNOWN:
      return g_strdup_printf (_ ("Sent at %s. The other end's recording ends before it could have arrived."), sent);
    case QS_CROSSING_FOREIGN:
      return g_strdup_printf (_ ("Arrived at %s; the recording of the other end has not sent it."), arrived);
    case QS_CROSSING_UNDER_WAY:
    default:
      return g_strdup_printf (_ ("Sent at %s; it has not arrived yet."), sent);
    }
}

static char *
describe_packet (QsSequenceLayout *self, const QsItem *item)
{
  guint packet, index;
  const QsPacket *of = qs_sequence_packet_at (self, item->rank, &packet);
  QsTrace *trace = qs_sequence_resolve (self, packet, &index);
  gboolean both = self->options.join != NULL;
  gsize n_strong;
  g_autofree char *title = qs_sequence_packet_title (trace, index, &n_strong);
  g_autofree char *subtitle = qs_sequence_arrow_subtitle (self, item->rank, FALSE);
  g_autofree char *time = qs_sequence_time_text (both ? qs_sequence_arrow_time (self, item->rank) : of->time);
  g_autofree char *text = g_strdup_printf (qs_sequence_by_client (self, packet) ? _ ("%s, client to server: %s\n%s")
                                                                                : _ ("%s, server to client: %s\n%s"),
                                           time, title, subtitle);

  if (!both)
    return g_steal_pointer (&text);
  g_autofree char *crossing = describe_crossing (self, item->rank);
  return g_strdup_printf ("%s\n%s", text, crossing);
}

static char *
describe_bundle (QsSequenceLayout *self, const QsItem *item)
{
  const QsBundle *bundle = &g_array_index (self->bundles, QsBundle, item->extra);
  g_autofree char *by_client = qs_sequence_bundle_title (self, item, 0);
  g_autofree char *by_server = qs_sequence_bundle_title (self, item, 1);

  if (bundle->n[1] == 0)
    return g_strdup_printf (_ ("Client to server: %s"), by_client);
  if (bundle->n[0] == 0)
    return g_strdup_printf (_ ("Server to client: %s"), by_server);
  return g_strdup_printf (_ ("Client to server: %s\nServer to client: %s"), by_client, by_server);
}

static char *
describe_note (QsSequenceLayout *self, const QsNote *note)
{
  QsTone tone;
  g_autofree char *title = qs_sequence_note_title (self, note, &tone);
  g_autofree char *text = qs_sequence_note_text (self, note);
  g_autofree char *time = qs_sequence_time_text (note->time);

  return text != NULL ? g_strdup_printf ("%s: %s\n%s", time, title, text) : g_strdup_printf ("%s: %s", time, title);
}

char *
qs_sequence_layout_describe (QsSequenceLayout *self, const QsSequenceHit *hit)
{
  g_return_val_if_fail (self != NULL && hit != NULL && hit->item < self->items->len, NULL);

  const QsItem *item = qs_sequence_item (self, hit->item);

  switch ((QsItemKind) item->kind)
    {
    case QS_ITEM_PACKET:
      return describe_packet (self, item);
    case QS_ITEM_BUNDLE:
      return describe_bundle (self, item);
    case QS_ITEM_BREAK:
      return qs_sequence_break_text (self, hit->item);
    case QS_ITEM_NOTE:
    case QS_ITEM_STATE:
    default:
      return describe_note (self, qs_sequence_note (self, item));
    }
}
