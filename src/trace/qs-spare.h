/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * QsSpare: large pieces of fresh memory, made ready in another thread.
 *
 * The kernel clears a huge page, or moves others out of its way first, when it is touched: milliseconds, which the main loop does not
 * have while a download runs. So the next pieces are touched elsewhere while this one is filled.
 */
typedef struct _QsSpare QsSpare;

/* size: a multiple of 2 MiB, aligned to it. */
QsSpare *qs_spare_new (gsize size);
void qs_spare_free (QsSpare *self); /* not what was taken */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsSpare, qs_spare_free)

/* Sees to it that n pieces, with those that are, will be ready. Never waits. */
void qs_spare_order (QsSpare *self, guint n);
/* A piece that is ready, or NULL: then small pieces have to do meanwhile. Release it with g_aligned_free(). */
void *qs_spare_take (QsSpare *self);

G_END_DECLS
