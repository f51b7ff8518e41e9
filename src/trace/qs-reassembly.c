/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-reassembly.h"

#include <string.h>

#define MAX_PIECES 4096

typedef struct {
  guint64 start, end;
  guint32 packet;
} Piece;

struct _QsReassembly {
  guint64 base;
  gsize limit;
  GByteArray *data; /* from base on; only what pieces cover means anything */
  GArray *pieces;   /* Piece: sorted, disjoint */
};

QsReassembly *
qs_reassembly_new (guint64 base, gsize limit)
{
  QsReassembly *self = g_new0 (QsReassembly, 1);

  self->base = base;
  self->limit = limit;
  self->data = g_byte_array_new ();
  self->pieces = g_array_new (FALSE, FALSE, sizeof (Piece));
  return self;
}

void
qs_reassembly_free (QsReassembly *self)
{
  if (self == NULL)
    return;
  g_byte_array_unref (self->data);
  g_array_unref (self->pieces);
  g_free (self);
}

/* The first piece that ends behind offset. Most come in order, so look from the end. */
static guint
find_piece (const QsReassembly *self, guint64 offset)
{
  guint i = self->pieces->len;

  while (i > 0 && g_array_index (self->pieces, Piece, i - 1).end > offset)
    i--;
  return i;
}

/* Fills a gap, before piece i. Returns the index of the piece behind it. */
static guint
insert_piece (QsReassembly *self, guint i, guint64 start, guint64 end, const guint8 *bytes, guint32 packet)
{
  Piece *before = i > 0 ? &g_array_index (self->pieces, Piece, i - 1) : NULL;
  gsize needed = (gsize) (end - self->base);

  if (needed > self->data->len)
    g_byte_array_set_size (self->data, (guint) needed);
  memcpy (self->data->data + (start - self->base), bytes, (gsize) (end - start));

  if (before != NULL && before->end == start && before->packet == packet)
    {
      before->end = end;
      return i;
    }
  Piece piece = { start, end, packet };
  g_array_insert_val (self->pieces, i, piece);
  return i + 1;
}

gboolean
qs_reassembly_add (QsReassembly *self, guint64 offset, QsSpan bytes, guint32 packet)
{
  if (bytes.length == 0)
    return TRUE;
  if (bytes.data == NULL || offset > G_MAXUINT64 - bytes.length)
    return FALSE;

  guint64 start = MAX (offset, self->base);
  guint64 end = MIN (offset + bytes.length, self->base + self->limit);
  gboolean whole = offset + bytes.length <= self->base + self->limit;

  for (guint i = start < end ? find_piece (self, start) : 0; start < end;)
    {
      const Piece *next = i < self->pieces->len ? &g_array_index (self->pieces, Piece, i) : NULL;
      if (next != NULL && next->start <= start)
        {
          start = next->end;
          i++;
          continue;
        }
      if (self->pieces->len >= MAX_PIECES)
        return FALSE;
      guint64 gap_end = next != NULL ? MIN (end, next->start) : end;
      i = insert_piece (self, i, start, gap_end, bytes.data + (start - offset), packet);
      start = gap_end;
    }
  return whole;
}

QsSpan
qs_reassembly_peek (QsReassembly *self)
{
  guint64 end = self->base;

  for (guint i = 0; i < self->pieces->len; i++)
    {
      const Piece *piece = &g_array_index (self->pieces, Piece, i);
      if (piece->start > end)
        break;
      end = piece->end;
    }
  return QS_SPAN (self->data->data, (gsize) (end - self->base));
}

void
qs_reassembly_consume (QsReassembly *self, gsize n_bytes)
{
  g_return_if_fail (n_bytes <= self->data->len);

  guint gone = 0;

  if (n_bytes == 0)
    return;
  g_byte_array_remove_range (self->data, 0, (guint) n_bytes);
  self->base += n_bytes;
  while (gone < self->pieces->len && g_array_index (self->pieces, Piece, gone).end <= self->base)
    gone++;
  g_array_remove_range (self->pieces, 0, gone);
  if (self->pieces->len > 0)
    {
      Piece *first = &g_array_index (self->pieces, Piece, 0);
      first->start = MAX (first->start, self->base);
    }
}

void
qs_reassembly_skip_to (QsReassembly *self, guint64 offset)
{
  g_return_if_fail (offset >= self->base);

  if (offset - self->base <= self->data->len)
    {
      qs_reassembly_consume (self, (gsize) (offset - self->base));
      return;
    }
  g_byte_array_set_size (self->data, 0);
  g_array_set_size (self->pieces, 0);
  self->base = offset;
}

gboolean
qs_reassembly_is_empty (const QsReassembly *self)
{
  return self->pieces->len == 0;
}

guint64
qs_reassembly_get_base (const QsReassembly *self)
{
  return self->base;
}

guint32
qs_reassembly_get_packet (const QsReassembly *self, guint64 offset)
{
  for (guint i = 0; i < self->pieces->len; i++)
    {
      const Piece *piece = &g_array_index (self->pieces, Piece, i);
      if (offset >= piece->start && offset < piece->end)
        return piece->packet;
    }
  return G_MAXUINT32;
}
