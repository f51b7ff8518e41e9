/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-connection.h"

G_BEGIN_DECLS

/* kept: bytes of what comes that are kept, its first ones; pool: what all streams of a run may keep together, see
 * qs_kept_bytes_new_of_pool(). */
QsStream *qs_stream_new (QsConnection *connection, gint64 id, gboolean bidirectional, gboolean local, gsize kept,
                         gsize *pool);
void qs_stream_receive (QsStream *self, const guint8 *bytes, gsize length);
void qs_stream_update (QsStream *self, const QsStreamInfo *info);
/* The connection is gone: sending fails from here on. */
void qs_stream_detach (QsStream *self);

G_END_DECLS
