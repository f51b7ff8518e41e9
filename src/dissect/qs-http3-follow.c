/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dissect/qs-http3-follow.h"

#include <nghttp3/nghttp3.h>
#include <string.h>

#include "base/qs-text.h"
#include "trace/qs-trace-budget.h"
#include "trace/qs-trace-http3.h"
#include "wire/qs-http3.h"
#include "wire/qs-qpack.h"

#define WINDOW (64u << 10) /* of a stream's bytes that may wait, for what is before them or for their frame's end */
#define MAX_WAITING 32     /* streams that have such a window */
#define MAX_HEADER 16      /* of a frame: two integers of eight bytes */
#define MAX_BLOCKED 64     /* field sections that wait for entries of the table */
#define MAX_LINES 512
#define MAX_VALUE 2048
#define LINE_COST 48 /* bytes: what is kept of a name or a value beside its text */
#define MAX_CAPACITY (1u << 20)

struct _QsHttp3Stream {
  QsHttp3Follow *owner;
  guint64 id;
  QsSide side;
  guint64 next;        /* offset of what is to be read next */
  QsReassembly *bytes; /* from there on; NULL while there are none */
  gboolean started;    /* the type of a unidirectional one was read */
  guint64 type;        /* QsHttp3StreamType; a request's counts as CONTROL: both are frames */
  gboolean lost;       /* it cannot be followed any more, or need not */
};

struct _QsHttp3Follow {
  QsDissection *owner;
  guint n_waiting;
  nghttp3_qpack_decoder *decoders[2]; /* by the side that sends: of its field sections */
  gboolean broken[2];                 /* the table's state is not known any more */
  gint64 capacity[2];                 /* of that side's own SETTINGS; -1: not seen */
  GPtrArray *blocked[2];              /* QsHttp3Piece, of the trace */
};

/* --- QPACK --- */

/* The table is as large as its reader allowed: indices are wrapped by that (RFC 9204 section 4.5.1.1). */
static nghttp3_qpack_decoder *
get_decoder (QsHttp3Follow *self, QsSide side)
{
  gint64 capacity = self->capacity[1 - side];

  if (self->decoders[side] == NULL && !self->broken[side])
    self->broken[side] = nghttp3_qpack_decoder_new (&self->decoders[side], (size_t) CLAMP (capacity, 0, MAX_CAPACITY),
                                                    MAX_BLOCKED, nghttp3_mem_default ()) != 0;
  return self->broken[side] ? NULL : self->decoders[side];
}

static void
drop_decoder (QsHttp3Follow *self, QsSide side)
{
  g_clear_pointer (&self->decoders[side], nghttp3_qpack_decoder_del);
}

/* What it would answer is nobody's business here, and grows. */
static void
discard_answers (nghttp3_qpack_decoder *decoder)
{
  size_t length = nghttp3_qpack_decoder_get_decoder_streamlen (decoder);
  g_autofree guint8 *bytes = g_malloc (MAX (length, 1));
  nghttp3_buf buf = { .begin = bytes, .end = bytes + length, .pos = bytes, .last = bytes };

  if (length > 0)
    nghttp3_qpack_decoder_write_decoder (decoder, &buf);
}

static char *
escape_rcbuf (nghttp3_rcbuf *rcbuf)
{
  nghttp3_vec text = nghttp3_rcbuf_get_buf (rcbuf);
  g_autofree char *escaped = qs_text_escape_short (text.base, (gssize) text.len, MAX_VALUE);

  return g_strdup (
      escaped); /* it was made with room to spare: made shorter where it lies, it would leave a hole that nothing fits into */
}

/* A section of a few bytes can stand for many lines, by its references. FALSE: there is no room for them. */
static gboolean
charge_lines (QsTrace *trace, const GPtrArray *lines)
{
  gsize size = 0;

  for (guint i = 0; i < lines->len; i++)
    size += strlen (lines->pdata[i]) + LINE_COST;
  return qs_trace_charge (trace, size);
}

typedef enum { SECTION_DECODED, SECTION_BLOCKED, SECTION_BROKEN } SectionResult;

static SectionResult
read_section (nghttp3_qpack_decoder *decoder, nghttp3_qpack_stream_context *context, QsSpan section, GPtrArray *lines)
{
  gsize at = 0;

  for (;;)
    {
      nghttp3_qpack_nv nv;
      guint8 flags = 0;
      nghttp3_ssize n =
          nghttp3_qpack_decoder_read_request (decoder, context, &nv, &flags, section.data + at, section.length - at, 1);
      if (n < 0)
        return SECTION_BROKEN;
      at += (gsize) n;
      if (flags & NGHTTP3_QPACK_DECODE_FLAG_BLOCKED)
        return SECTION_BLOCKED;
      if (flags & NGHTTP3_QPACK_DECODE_FLAG_EMIT)
        {
          if (lines->len < 2 * MAX_LINES)
            {
              g_ptr_array_add (lines, escape_rcbuf (nv.name));
              g_ptr_array_add (lines, escape_rcbuf (nv.value));
            }
          nghttp3_rcbuf_decref (nv.name);
          nghttp3_rcbuf_decref (nv.value);
        }
      if (flags & NGHTTP3_QPACK_DECODE_FLAG_FINAL)
        return SECTION_DECODED;
      if (n == 0 && !(flags & NGHTTP3_QPACK_DECODE_FLAG_EMIT))
        return SECTION_BROKEN;
    }
}

/* The section of a HEADERS or PUSH_PROMISE frame. */
static gboolean
find_section (const QsHttp3Piece *piece, QsSpan *section)
{
  QsSpan bytes = QS_SPAN (g_bytes_get_data (piece->bytes, NULL), g_bytes_get_size (piece->bytes));
  QsHttp3Frame frame;
  gsize at = 0;
  guint64 push;

  if (!qs_http3_frame_parse (bytes, &at, &frame, NULL) || !frame.complete)
    return FALSE;
  *section = frame.payload;
  at = 0;
  if (frame.type == QS_HTTP3_PUSH_PROMISE && qs_varint_read (frame.payload, &at, &push))
    *section = QS_SPAN (frame.payload.data + at, frame.payload.length - at);
  return frame.type == QS_HTTP3_HEADERS || at > 0;
}

/* FALSE: it must wait for entries. */
static gboolean
decode (QsHttp3Follow *self, QsSide side, QsHttp3Piece *piece)
{
  nghttp3_qpack_decoder *decoder = get_decoder (self, side);
  nghttp3_qpack_stream_context *context = NULL;
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  QsSpan section;

  if (decoder == NULL || !find_section (piece, &section) ||
      nghttp3_qpack_stream_context_new (&context, (int64_t) piece->stream, nghttp3_mem_default ()) != 0)
    return TRUE;
  SectionResult result = read_section (decoder, context, section, lines);
  nghttp3_qpack_stream_context_del (context);
  discard_answers (decoder);
  if (result == SECTION_DECODED && charge_lines (self->owner->trace, lines))
    {
      g_ptr_array_add (lines, NULL);
      piece->lines = (char **) g_ptr_array_free (g_steal_pointer (&lines), FALSE);
    }
  return result != SECTION_BLOCKED;
}

static void
take_section (QsHttp3Follow *self, QsSide side, QsHttp3Piece *piece)
{
  if (!decode (self, side, piece) && self->blocked[side]->len < MAX_BLOCKED)
    g_ptr_array_add (self->blocked[side], piece);
}

static void
take_entries (QsHttp3Follow *self, QsSide side, QsSpan instruction)
{
  nghttp3_qpack_decoder *decoder = get_decoder (self, side);

  if (decoder == NULL)
    return;
  if (nghttp3_qpack_decoder_read_encoder (decoder, instruction.data, instruction.length) < 0)
    {
      self->broken[side] = TRUE;
      return;
    }
  discard_answers (decoder);
  for (guint i = 0; i < self->blocked[side]->len;)
    {
      if (decode (self, side, g_ptr_array_index (self->blocked[side], i)))
        g_ptr_array_remove_index (self->blocked[side], i);
      else
        i++;
    }
}

static void
take_settings (QsHttp3Follow *self, QsSide side, QsSpan payload)
{
  g_autoptr (GArray) settings = qs_http3_settings_parse (payload, NULL);

  if (self->capacity[side] >= 0 || settings == NULL)
    return;
  self->capacity[side] = 0;
  for (guint i = 0; i < settings->len; i++)
    if (g_array_index (settings, QsHttp3Setting, i).id == 0x01) /* SETTINGS_QPACK_MAX_TABLE_CAPACITY */
      self->capacity[side] = (gint64) MIN (g_array_index (settings, QsHttp3Setting, i).value, MAX_CAPACITY);
  /* The peer may use the table from now on; one without room served until then. */
  drop_decoder (self, 1 - side);
}

/* --- Streams --- */

static void
stop (QsHttp3Stream *stream)
{
  stream->lost = TRUE;
  if (stream->bytes == NULL)
    return;
  stream->owner->n_waiting--;
  g_clear_pointer (&stream->bytes, qs_reassembly_free);
}

void
qs_http3_stream_free (QsHttp3Stream *stream)
{
  if (stream == NULL)
    return;
  g_clear_pointer (&stream->bytes, qs_reassembly_free);
  g_free (stream);
}

/* Goes on at next; what lies before it is let go. */
static void
move_to (QsHttp3Stream *stream, guint64 next)
{
  stream->next = next;
  qs_reassembly_skip_to (stream->bytes, next);
  if (qs_reassembly_is_empty (stream->bytes))
    {
      stream->owner->n_waiting--;
      g_clear_pointer (&stream->bytes, qs_reassembly_free);
    }
}

/* Whole or, without bytes, in its header alone. NULL when the trace has no room for more. */
static QsHttp3Piece *
add_piece (QsHttp3Stream *stream, QsHttp3PieceKind kind, guint64 type, guint64 length, QsSpan bytes, guint32 packet)
{
  QsDissection *owner = stream->owner->owner;
  QsHttp3Piece *piece = g_new0 (QsHttp3Piece, 1);

  *piece = (QsHttp3Piece){
    .stream = stream->id,
    .offset = stream->next,
    .length = length,
    .type = type,
    .first_packet = qs_reassembly_get_packet (stream->bytes, stream->next),
    .packet = packet,
    .kind = kind,
    .direction = qs_dissection_direction (owner, stream->side),
    .bytes = bytes.data != NULL ? g_bytes_new (bytes.data, bytes.length) : NULL,
  };
  if (qs_trace_add_http3 (owner->trace, piece))
    return piece;
  stop (stream);
  return NULL;
}

/* Each of these reads one piece off the bytes; FALSE: its end has not arrived. */

static gboolean
take_type (QsHttp3Stream *stream, QsSpan bytes, guint32 packet)
{
  guint64 type, push;
  gsize at = 0;

  if (!qs_varint_read (bytes, &at, &type) || (type == QS_HTTP3_STREAM_PUSH && !qs_varint_read (bytes, &at, &push)))
    return FALSE;
  stream->started = TRUE;
  stream->type = type;
  if (add_piece (stream, QS_HTTP3_PIECE_STREAM_TYPE, type, at, QS_SPAN (bytes.data, at), packet) == NULL)
    return TRUE;
  if (type > QS_HTTP3_STREAM_QPACK_DECODER)
    stop (stream);
  else
    move_to (stream, stream->next + at);
  return TRUE;
}

static gboolean
take_instruction (QsHttp3Stream *stream, QsSpan bytes, guint32 packet)
{
  gboolean encoder = stream->type == QS_HTTP3_STREAM_QPACK_ENCODER;
  gsize length;

  if (!qs_qpack_instruction_length (bytes, encoder, &length))
    return FALSE;
  QsSpan instruction = QS_SPAN (bytes.data, length);
  if (encoder)
    take_entries (stream->owner, stream->side, instruction);
  if (add_piece (stream, encoder ? QS_HTTP3_PIECE_ENCODER : QS_HTTP3_PIECE_DECODER, bytes.data[0], length, instruction,
                 packet) != NULL)
    move_to (stream, stream->next + length);
  return TRUE;
}

static gboolean
take_frame (QsHttp3Stream *stream, QsSpan bytes, guint32 packet)
{
  QsHttp3Frame frame;
  gsize at = 0;

  if (!qs_http3_frame_parse (bytes, &at, &frame, NULL))
    return FALSE;
  guint64 length = frame.header_length + frame.length;
  gboolean passed_over = frame.type == QS_HTTP3_DATA || length > WINDOW;
  if (!passed_over && !frame.complete)
    return FALSE;

  QsHttp3Piece *piece = add_piece (stream, QS_HTTP3_PIECE_FRAME, frame.type, length,
                                   passed_over ? QS_SPAN_NONE : QS_SPAN (bytes.data, (gsize) length), packet);
  if (piece == NULL)
    return TRUE;
  if (!passed_over && (frame.type == QS_HTTP3_HEADERS || frame.type == QS_HTTP3_PUSH_PROMISE))
    take_section (stream->owner, stream->side, piece);
  if (!passed_over && frame.type == QS_HTTP3_SETTINGS)
    take_settings (stream->owner, stream->side, frame.payload);
  move_to (stream, stream->next + length);
  return TRUE;
}

static gboolean
take_one (QsHttp3Stream *stream, guint32 packet)
{
  QsSpan bytes = stream->bytes != NULL ? qs_reassembly_peek (stream->bytes) : QS_SPAN_NONE;

  if (bytes.length == 0)
    return FALSE;
  if (!stream->started)
    return take_type (stream, bytes, packet);
  if (stream->type == QS_HTTP3_STREAM_QPACK_ENCODER || stream->type == QS_HTTP3_STREAM_QPACK_DECODER)
    return take_instruction (stream, bytes, packet);
  return take_frame (stream, bytes, packet);
}

static QsHttp3Stream *
stream_new (QsHttp3Follow *owner, guint64 id, QsSide side)
{
  QsHttp3Stream *stream = g_new0 (QsHttp3Stream, 1);

  stream->owner = owner;
  stream->id = id;
  stream->side = side;
  stream->started = (id & 2) == 0; /* RFC 9000 section 2.1: bidirectional ones are requests */
  return stream;
}

void
qs_http3_follow_add (QsHttp3Follow *self, QsHttp3Stream **stream_at, guint64 id, QsSide side, guint64 offset,
                     QsSpan bytes, guint32 packet)
{
  QsHttp3Stream *stream = *stream_at != NULL ? *stream_at : (*stream_at = stream_new (self, id, side));

  if (stream->lost || bytes.length == 0 || offset + bytes.length <= stream->next)
    return;
  if (stream->bytes == NULL && self->n_waiting >= MAX_WAITING)
    {
      stop (stream);
      return;
    }
  if (stream->bytes == NULL)
    {
      stream->bytes = qs_reassembly_new (stream->next, WINDOW + MAX_HEADER);
      self->n_waiting++;
    }
  /* What is beyond the window would be missed later on. */
  if (!qs_reassembly_add (stream->bytes, offset, bytes, packet))
    {
      stop (stream);
      return;
    }
  while (take_one (stream, packet))
    ;
}

/* --- All of them --- */

QsHttp3Follow *
qs_http3_follow_new (QsDissection *owner)
{
  QsHttp3Follow *self = g_new0 (QsHttp3Follow, 1);

  self->owner = owner;
  for (guint side = 0; side < 2; side++)
    {
      self->capacity[side] = -1;
      self->blocked[side] = g_ptr_array_new ();
    }
  return self;
}

void
qs_http3_follow_free (QsHttp3Follow *self)
{
  if (self == NULL)
    return;
  for (guint side = 0; side < 2; side++)
    {
      drop_decoder (self, side);
      g_ptr_array_unref (self->blocked[side]);
    }
  g_free (self);
}
