/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * QsKeptBytes: the first bytes of something long, in pieces: nothing that was appended is ever moved. A growing
 * array copies all that it has each time that it doubles, which for some megabytes holds the main loop for longer than a frame.
 */
typedef struct _QsKeptBytes QsKeptBytes;

/* limit: bytes; what comes after them is not kept. */
QsKeptBytes *qs_kept_bytes_new (gsize limit);
/* The same, of several that have so much left together: pool is made by g_rc_box_new0 (gsize), a reference is held. All
 * pools of the program hold at most 256 MiB. */
QsKeptBytes *qs_kept_bytes_new_of_pool (gsize limit, gsize *pool);
void qs_kept_bytes_free (QsKeptBytes *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsKeptBytes, qs_kept_bytes_free)

/* Whether any of it was kept. */
gboolean qs_kept_bytes_append (QsKeptBytes *self, const void *bytes, gsize length);
gsize qs_kept_bytes_get_length (const QsKeptBytes *self);
/* A copy of the first of them, no more than this. */
GBytes *qs_kept_bytes_dup_start (const QsKeptBytes *self, gsize length);

G_END_DECLS
