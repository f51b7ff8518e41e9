/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-spare.h"

#include <sys/mman.h>

#define ALIGNMENT ((gsize) 2 << 20)
#define PAGE 4096

struct _QsSpare {
  gatomicrefcount ref_count; /* the thread that makes a piece holds it as well */
  gsize size;
  GMutex lock;
  GQueue ready;
  guint n_ordered; /* and not ready yet */
};

static void *
allocate (gsize size)
{
  void *piece = g_aligned_alloc (1, size, ALIGNMENT);

  madvise (piece, size, MADV_HUGEPAGE); /* only advice: it may fail */
  return piece;
}

static void
touch (void *piece, gsize size)
{
  volatile guint8 *bytes = piece;

  for (gsize at = 0; at < size; at += PAGE)
    bytes[at] = 0;
}

static void
unref (QsSpare *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_queue_clear_full (&self->ready, g_aligned_free);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
is_forsaken (QsSpare *self)
{
  return g_atomic_ref_count_compare (&self->ref_count, 1);
}

static void
make_cb (gpointer item, gpointer data)
{
  QsSpare *self = item;

  for (gboolean more = TRUE; more && !is_forsaken (self);)
    {
      void *piece = allocate (self->size);
      touch (piece, self->size);
      g_mutex_lock (&self->lock);
      g_queue_push_tail (&self->ready, piece);
      more = --self->n_ordered > 0;
      g_mutex_unlock (&self->lock);
    }
  unref (self);
}

static gpointer
new_pool (gpointer data)
{
  return g_thread_pool_new (make_cb, NULL, 1, FALSE, NULL);
}

/* One thread for all; it ends by itself when nothing is ordered for a while. An item is an order that somebody fills. */
static GThreadPool *
get_pool (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, new_pool, NULL);
}

QsSpare *
qs_spare_new (gsize size)
{
  g_return_val_if_fail (size > 0 && size % ALIGNMENT == 0, NULL);

  QsSpare *self = g_new0 (QsSpare, 1);
  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  g_queue_init (&self->ready);
  self->size = size;
  return self;
}

void
qs_spare_free (QsSpare *self)
{
  unref (self);
}

void
qs_spare_order (QsSpare *self, guint n)
{
  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->lock);
  gboolean idle = self->n_ordered == 0;
  if (self->ready.length + self->n_ordered < n)
    self->n_ordered = n - self->ready.length;
  gboolean begin = idle && self->n_ordered > 0;
  g_mutex_unlock (&self->lock);
  if (!begin)
    return;
  g_atomic_ref_count_inc (&self->ref_count);
  g_thread_pool_push (get_pool (), self, NULL);
}

void *
qs_spare_take (QsSpare *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_mutex_lock (&self->lock);
  void *piece = g_queue_pop_head (&self->ready);
  g_mutex_unlock (&self->lock);
  return piece;
}
