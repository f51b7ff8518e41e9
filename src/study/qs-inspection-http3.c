/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-i18n.h"
#include "study/qs-inspection-private.h"
#include "trace/qs-trace-http3.h"
#include "wire/qs-http3.h"

/* More than anybody reads; a peer can fill a packet with frames of two bytes. */
#define MAX_PIECES 200

static QsField *
describe_bytes (const QsHttp3Piece *piece, QsSpan bytes, QsFieldSpace space, gsize offset)
{
  QsHttp3Frame frame;
  gsize at = 0;

  switch (piece->kind)
    {
    case QS_HTTP3_PIECE_STREAM_TYPE:
      return qs_describe_http3_stream_type (bytes, space, offset);
    case QS_HTTP3_PIECE_ENCODER:
    case QS_HTTP3_PIECE_DECODER:
      return qs_describe_qpack_instruction (bytes, piece->kind == QS_HTTP3_PIECE_ENCODER, space, offset);
    case QS_HTTP3_PIECE_FRAME:
    default:
      return qs_http3_frame_parse (bytes, &at, &frame, NULL)
                 ? qs_describe_http3_frame (&frame, bytes, space, offset, (const char *const *) piece->lines)
                 : NULL;
    }
}

/* Named like the packet's own frames, whose kin they are not. */
static QsField *
give_title (QsField *field, const QsHttp3Piece *piece)
{
  g_autofree char *title = qs_http3_piece_describe (piece);

  g_free (field->name);
  field->name = g_strdup ("HTTP/3");
  /* A frame of many bytes says so. */
  return qs_field_take_value (field,
                              piece->kind == QS_HTTP3_PIECE_FRAME && piece->lines == NULL && *field->value != '\0'
                                  ? g_strdup (field->value)
                                  : g_steal_pointer (&title));
}

/* Of a piece that lies in several packets, what this one brings. */
static QsField *
describe_share (const QsHttp3Piece *piece, QsSpan bytes, guint64 from, gsize offset)
{
  QsField *field = from == piece->offset ? describe_bytes (piece, bytes, QS_FIELD_IN_PAYLOAD, offset) : NULL;
  g_autofree char *title = qs_http3_piece_describe (piece);
  guint64 start = from - piece->offset;

  if (field == NULL)
    {
      field = qs_field_new ("HTTP/3", QS_FIELD_IN_PAYLOAD, offset, bytes.length);
      qs_field_explain (field, _ ("A part of something that began in an earlier packet, or ends in a later one."),
                        "RFC 9114 section 7.1");
    }
  g_free (field->name);
  field->name = g_strdup ("HTTP/3");
  /* Translators: a frame of which a packet has only some bytes: "DATA, bytes 0 to 1150 of 20000" */
  return qs_field_take_value (field, g_strdup_printf (_ ("%s, bytes %'lu to %'lu of %'lu"), title, (gulong) start,
                                                      (gulong) (start + bytes.length), (gulong) piece->length));
}

/* Without bytes: what a log tells that this packet brought to an end. */
static void
add_told (QsInspection *self, QsTrace *trace, guint index, const QsFrame *frame)
{
  guint first, n = qs_trace_find_http3_of_packet (trace, index, &first);

  for (guint i = 0; i < MIN (n, MAX_PIECES); i++)
    {
      const QsHttp3Piece *piece = qs_trace_get_http3 (trace, first + i);
      if (!piece->told || piece->stream != frame->stream_id)
        continue;
      QsField *field = qs_field_new ("HTTP/3", QS_FIELD_IN_PAYLOAD, 0, 0);
      qs_field_explain (field, _ ("As the program that wrote the log says: its bytes are not in the log."),
                        "RFC 9114 section 7.2");
      for (guint j = 0; piece->lines != NULL && piece->lines[j] != NULL && piece->lines[j + 1] != NULL; j += 2)
        {
          QsField *line = qs_field_new (piece->lines[j], QS_FIELD_IN_PAYLOAD, 0, 0);
          qs_field_add (field, qs_field_take_value (line, g_strdup (piece->lines[j + 1])));
        }
      qs_inspection_add_part (self, qs_field_take_value (field, qs_http3_piece_describe (piece)), NULL, TRUE);
    }
}

void
qs_inspection_add_http3 (QsInspection *self, QsTrace *trace, guint index, const QsFrame *frame, QsSpan payload)
{
  QsDirection direction = qs_trace_get_packet (trace, index)->direction;
  guint64 start = frame->stream_offset, end = start + frame->data.length;
  g_autoptr (GPtrArray) pieces =
      frame->data.data != NULL ? qs_trace_list_http3 (trace, frame->stream_id, direction, start, end) : NULL;

  if (frame->data.data == NULL)
    add_told (self, trace, index, frame);
  for (guint i = 0; pieces != NULL && i < MIN (pieces->len, MAX_PIECES); i++)
    {
      const QsHttp3Piece *piece = g_ptr_array_index (pieces, i);
      guint64 from = MAX (piece->offset, start);
      guint64 to = MIN (piece->offset + piece->length, end);
      QsSpan bytes = QS_SPAN (frame->data.data + (from - start), (gsize) (to - from));
      gsize offset = (gsize) (bytes.data - payload.data);
      gboolean whole = to - from == piece->length;

      QsField *field = whole ? describe_bytes (piece, bytes, QS_FIELD_IN_PAYLOAD, offset)
                             : describe_share (piece, bytes, from, offset);
      if (field != NULL)
        qs_inspection_add_part (self, whole ? give_title (field, piece) : field, NULL, TRUE);
      if (!whole && piece->packet == index && piece->bytes != NULL)
        {
          gsize length;
          const guint8 *data = g_bytes_get_data (piece->bytes, &length);
          QsField *together = describe_bytes (piece, QS_SPAN (data, length), QS_FIELD_IN_MESSAGE, 0);
          if (together != NULL)
            qs_inspection_add_part (self, give_title (together, piece), piece->bytes, TRUE);
        }
    }
}
