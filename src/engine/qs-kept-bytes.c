/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-kept-bytes.h"

#include <string.h>

/* Most streams are short, and few downloads end after one piece: each is as large as all before it, up to the largest. */
#define FIRST_PIECE 1024
#define LARGEST_PIECE (64 * 1024)

/* Of all pools of the program. */
#define MOST_OF_ALL ((gsize) 256 << 20)

static gsize all_held; /* atomic */

typedef struct {
  gsize size, used;
  guint8 bytes[];
} Piece;

struct _QsKeptBytes {
  GPtrArray *pieces;
  gsize length, limit;
  gsize *pool; /* NULL: none */
  gsize taken; /* of it */
};

QsKeptBytes *
qs_kept_bytes_new (gsize limit)
{
  QsKeptBytes *self = g_new0 (QsKeptBytes, 1);

  self->pieces = g_ptr_array_new_with_free_func (g_free);
  self->limit = limit;
  return self;
}

QsKeptBytes *
qs_kept_bytes_new_of_pool (gsize limit, gsize *pool)
{
  g_return_val_if_fail (pool != NULL, NULL);

  QsKeptBytes *self = qs_kept_bytes_new (limit);
  self->pool = g_rc_box_acquire (pool);
  return self;
}

void
qs_kept_bytes_free (QsKeptBytes *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_pointer_add (&all_held, -(gssize) self->taken);
  g_clear_pointer (&self->pool, g_rc_box_release);
  g_ptr_array_unref (self->pieces);
  g_free (self);
}

static Piece *
get_piece_with_room (QsKeptBytes *self)
{
  Piece *last = self->pieces->len > 0 ? g_ptr_array_index (self->pieces, self->pieces->len - 1) : NULL;

  if (last != NULL && last->used < last->size)
    return last;

  gsize size = MIN (CLAMP (self->length, FIRST_PIECE, LARGEST_PIECE), self->limit - self->length);

  if (self->pool != NULL && ((size = MIN (size, *self->pool)) == 0 || g_atomic_pointer_get (&all_held) >= MOST_OF_ALL))
    return NULL;
  Piece *piece = g_malloc (sizeof (Piece) + size);
  piece->size = size;
  piece->used = 0;
  g_ptr_array_add (self->pieces, piece);
  if (self->pool != NULL)
    {
      *self->pool -= size;
      self->taken += size;
      g_atomic_pointer_add (&all_held, (gssize) size);
    }
  return piece;
}

gboolean
qs_kept_bytes_append (QsKeptBytes *self, const void *bytes, gsize length)
{
  g_return_val_if_fail (self != NULL && (bytes != NULL || length == 0), FALSE);

  const guint8 *from = bytes;
  gsize left = MIN (length, self->limit - self->length);
  gboolean any = FALSE;

  while (left > 0)
    {
      Piece *piece = get_piece_with_room (self);
      if (piece == NULL)
        break;
      gsize n = MIN (left, piece->size - piece->used);
      memcpy (piece->bytes + piece->used, from, n);
      piece->used += n;
      self->length += n;
      from += n;
      left -= n;
      any = TRUE;
    }
  return any;
}

gsize
qs_kept_bytes_get_length (const QsKeptBytes *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->length;
}

GBytes *
qs_kept_bytes_dup_start (const QsKeptBytes *self, gsize length)
{
  g_return_val_if_fail (self != NULL, NULL);

  gsize wanted = MIN (length, self->length), done = 0;
  guint8 *copy = g_malloc (wanted);

  for (guint i = 0; done < wanted; i++)
    {
      const Piece *piece = g_ptr_array_index (self->pieces, i);
      gsize n = MIN (wanted - done, piece->used);
      memcpy (copy + done, piece->bytes, n);
      done += n;
    }
  return g_bytes_new_take (copy, wanted);
}
