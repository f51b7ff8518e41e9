/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

typedef enum {
  QS_HTTP3_PIECE_FRAME,
  QS_HTTP3_PIECE_STREAM_TYPE, /* what a unidirectional stream starts with */
  QS_HTTP3_PIECE_ENCODER,     /* an instruction on QPACK's encoder stream */
  QS_HTTP3_PIECE_DECODER,
} QsHttp3PieceKind;

/**
 * QsHttp3Piece: a frame of HTTP/3 on a stream, or another part of one of its streams, put together from the packets that it
 * came in. Derived by the dissector as messages are; owned by the trace, never changed but for @lines.
 */
typedef struct {
  guint64 stream;
  guint64 offset;       /* of its first byte within the stream */
  guint64 length;       /* header included, as claimed */
  guint64 type;         /* QsHttp3FrameType; QsHttp3StreamType of a stream's start; first byte of an instruction */
  guint32 first_packet; /* where its first byte came */
  guint32 packet;       /* what completed it; of DATA and what is too large: its header */
  QsHttp3PieceKind kind;
  QsDirection direction;
  gboolean told; /* a log told of it: offset and length are what it says of lengths, not what was read */
  GBytes *bytes; /* all of it; NULL of DATA and of what is too large to be kept */
  char **lines;  /* HEADERS, PUSH_PROMISE: the fields' names and values in turn, escaped; NULL: not decoded (yet) */
} QsHttp3Piece;

guint qs_trace_get_n_http3 (QsTrace *self);
const QsHttp3Piece *qs_trace_get_http3 (QsTrace *self, guint index);
/* Those with bytes of [from, to) of a stream, in order (transfer container); NULL when there are none. */
GPtrArray *qs_trace_list_http3 (QsTrace *self, guint64 stream, QsDirection direction, guint64 from, guint64 to);
/* Those that the packet completed: [*first, *first + n) of all. Returns n. */
guint qs_trace_find_http3_of_packet (QsTrace *self, guint packet, guint *first);
/* "HEADERS GET /path", "HEADERS 200", "SETTINGS", "control": one line for a person. Owned by the caller. */
char *qs_http3_piece_describe (const QsHttp3Piece *piece);

/* Takes the piece; each stream's in ascending order. FALSE when there is no more room: then it was freed. */
gboolean qs_trace_add_http3 (QsTrace *self, QsHttp3Piece *piece);
void qs_http3_piece_free (QsHttp3Piece *piece);

G_END_DECLS
