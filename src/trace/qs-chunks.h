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

/* One more element at the end, its bytes not set. */
static inline gpointer
qs_chunks_append (QsChunks *self)
{
  if ((self->length & (QS_CHUNKS_N - 1)) == 0)
    g_ptr_array_add (self->chunks, g_malloc (self->element_size * QS_CHUNKS_N));
  return qs_chunks_get (self, self->length++);
}

G_END_DECLS
