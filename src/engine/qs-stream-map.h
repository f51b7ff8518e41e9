/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * QsStreamMap:
 *
 * A connection's streams that are not over: found by id at once, and gone through in the order in which they came (but that
 * the last one takes the place of one that is removed). What it costs does not depend on how many streams there were before.
 */
typedef struct _QsStreamMap QsStreamMap;

/* destroy: of a stream, when it is removed; NULL: nothing. */
QsStreamMap *qs_stream_map_new (GDestroyNotify destroy);
void qs_stream_map_free (QsStreamMap *self);
/* Takes stream. id is not in the table yet. */
void qs_stream_map_add (QsStreamMap *self, gint64 id, gpointer stream);
gpointer qs_stream_map_find (const QsStreamMap *self, gint64 id); /* NULL */
guint qs_stream_map_get_length (const QsStreamMap *self);
gpointer qs_stream_map_get (const QsStreamMap *self, guint index);
/* To go on behind it, look at the same index again. */
void qs_stream_map_remove (QsStreamMap *self, guint index);
void qs_stream_map_clear (QsStreamMap *self);

G_END_DECLS
