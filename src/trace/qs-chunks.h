/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * QsChunks:
 *
 * A growing array whose elements never move: pointers to them stay valid while it lives, which a
 * GArray does not promise. Not locked.
 */
typedef struct {
  GPtrArray *chunks;
  gsize element_size;
  guint length;
} QsChunks;

#define QS_CHUNKS_BITS 12
#define QS_CHUNKS_N (1u << QS_CHUNKS_BITS) /* elements in a chunk */

static inline void
qs_chunks_init (QsChunks *self, gsize element_size)
{
  self->chunks = g_ptr_array_new_with_free_func (g_free);
  self->element_size = element_size;
  self->length = 0;
}

static inline void
qs_chunks_clear (QsChunks *self)
{
  g_clear_pointer (&self->chunks, g_ptr_array_unref);
  self->length = 0;
}

static inline gpointer
qs_chunks_get (const QsChunks *self, guint index)
{
  guint8 *chunk = g_ptr_array_index (self->chunks, index >> QS_CHUNKS_BITS);

  return chunk + (gsize) (index & (QS_CHUNKS_N - 1)) * self->element_size;
}

/* What one chunk takes. Whoever wants it elsewhere than on the heap looks at qs_chunks_is_full() before an append and adds one that it
 * goes on to own. */
static inline gsize
qs_chunks_get_chunk_size (const QsChunks *self)
{
  return self->element_size * QS_CHUNKS_N;
}

static inline gboolean
qs_chunks_is_full (const QsChunks *self)
{
  return self->length == self->chunks->len * QS_CHUNKS_N;
}

static inline void
qs_chunks_add_chunk (QsChunks *self, gpointer chunk)
{
  g_ptr_array_set_free_func (self->chunks, NULL); /* not g_free() */
  g_ptr_array_add (self->chunks, chunk);
}

/* One more element at the end, its bytes not set. */
static inline gpointer
qs_chunks_append (QsChunks *self)
{
  if (qs_chunks_is_full (self))
    g_ptr_array_add (self->chunks, g_malloc (qs_chunks_get_chunk_size (self)));
  return qs_chunks_get (self, self->length++);
}

G_END_DECLS
