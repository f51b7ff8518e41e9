/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a part of a sequence diagram looks as it did: so that only what does not is drawn again. */
#include "charts/qs-sequence-private.h"

static guint64
mix (guint64 digest, guint64 value)
{
  digest = (digest ^ value) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return digest ^ (digest >> 29);
}

static guint64
mix_height (guint64 digest, double height)
{
  return mix (digest, (guint64) (gint64) (height * 64));
}

/* What its arrow and its label are made of. Messages that came in it later are counted with the trace's. */
static guint64
mix_packet (guint64 digest, const QsPacket *packet)
{
  digest = mix (digest, (guint64) packet->time);
  digest = mix (digest, packet->number);
  digest = mix (digest, packet->frames);
  digest = mix (digest, (guint64) packet->payload_length << 32 | packet->length);
  return mix (digest, (guint64) packet->n_frames << 32 | (packet->flags & (guint) ~QS_PACKET_ACKED));
}

static guint64
mix_arrow (const QsSequenceLayout *self, guint64 digest, guint rank)
{
  QsCrossingFate fate = QS_CROSSING_ARRIVED;
  const QsCrossing *crossing = qs_sequence_crossing_at (self, rank, &fate);

  digest = mix_packet (digest, qs_sequence_packet_at (self, rank, NULL));
  if (crossing == NULL)
    return digest;
  digest = mix (digest, (guint64) crossing->arrived);
  digest = mix (digest, (guint64) fate << 8 | crossing->changed);
  for (const QsArrivedAgain *again = qs_trace_join_get_again (self->options.join, crossing->again); again != NULL;
       again = qs_trace_join_get_again (self->options.join, again->again))
    digest = mix (digest, (guint64) again->time);
  return digest;
}

static guint64
mix_bundle (const QsSequenceLayout *self, guint64 digest, const QsItem *item)
{
  const QsBundle *bundle = &g_array_index (self->bundles, QsBundle, item->extra);

  for (guint side = 0; side < 2; side++)
    {
      digest = mix (digest, (guint64) bundle->n[side] << 32 | qs_sequence_bundle_lost (self, item, side));
      digest = mix (digest, bundle->bytes[side]);
    }
  return digest;
}

static guint64
mix_note (guint64 digest, const QsNote *note)
{
  digest = mix (digest, (guint64) note->time);
  digest = mix (digest, (guint64) note->packet << 32 | note->mark);
  return mix (digest, (guint64) note->kind << 8 | note->other);
}

static guint64
digest_messages (const QsSequenceLayout *self)
{
  QsTraceJoin *join = self->options.join;

  return qs_trace_get_n_messages (self->trace) +
         (join != NULL ? qs_trace_get_n_messages (qs_trace_join_get_other (join)) : 0);
}

guint64
qs_sequence_layout_digest_item (QsSequenceLayout *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->items->len, 0);

  const QsItem *item = qs_sequence_item (self, index);
  guint64 digest = mix (digest_messages (self), (guint64) item->kind << 16 | (guint) item->level << 8 | item->flags);

  digest = mix_height (digest, item->top);
  digest = mix_height (digest, qs_sequence_item_bottom (self, index));
  if (!qs_sequence_has_arrows (item))
    return mix_note (digest, qs_sequence_note (self, item));
  digest = mix (digest, (guint64) item->rank << 32 | item->last);
  if (item->kind == QS_ITEM_BUNDLE)
    digest = mix_bundle (self, digest, item);
  for (guint rank = item->rank; rank <= item->last && rank - item->rank < QS_SEQUENCE_GROUP_MAX; rank++)
    digest = mix_arrow (self, digest, rank);
  return digest;
}

guint64
qs_sequence_layout_digest_header (QsSequenceLayout *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return mix_height (mix (self->path, self->own_is_client != FALSE), self->options.width);
}

guint64
qs_sequence_layout_digest_end (QsSequenceLayout *self, double bottom)
{
  g_return_val_if_fail (self != NULL, 0);

  double end = MAX (self->end, self->reach);
  return end < bottom ? mix_height (mix (self->types_seen, self->unknown_seen != FALSE), end) : 0;
}
