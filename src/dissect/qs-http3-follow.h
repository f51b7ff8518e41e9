/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dissect/qs-dissection.h"

G_BEGIN_DECLS

/**
 * QsHttp3Follow:
 *
 * Follows the streams of an HTTP/3 connection (RFC 9114): their frames into the trace, their header fields decoded with
 * QPACK's tables (RFC 9204). Of DATA frames only the headers are read; the bytes between are never held.
 */
typedef struct _QsHttp3Follow QsHttp3Follow;
typedef struct _QsHttp3Stream QsHttp3Stream; /* one side of a stream */

QsHttp3Follow *qs_http3_follow_new (QsDissection *owner);
void qs_http3_follow_free (QsHttp3Follow *self);
/* Bytes of a stream, from a packet of that index. *stream: NULL at first, freed by the caller. */
void qs_http3_follow_add (QsHttp3Follow *self, QsHttp3Stream **stream, guint64 id, QsSide side, guint64 offset,
                          QsSpan bytes, guint32 packet);
void qs_http3_stream_free (QsHttp3Stream *stream);

G_END_DECLS
