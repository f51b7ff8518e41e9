/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-connection.h"

G_BEGIN_DECLS

/* What is kept of what came. */
#define QS_STREAM_KEPT (16 * 1024 * 1024)

QsStream *qs_stream_new (QsConnection *connection, gint64 id, gboolean bidirectional, gboolean local);
void qs_stream_receive (QsStream *self, const guint8 *bytes, gsize length);
void qs_stream_update (QsStream *self, const QsStreamInfo *info);
/* The connection is gone: sending fails from here on. */
void qs_stream_detach (QsStream *self);

G_END_DECLS
