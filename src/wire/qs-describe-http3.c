/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "wire/qs-http3.h"
#include "wire/qs-qpack.h"
#include "wire/qs-scribe.h"

#define RFC9114(section) "RFC 9114 section " section

typedef void (*DescribeFunc) (QsScribe *scribe, const char *const *lines);

static void
describe_number (QsScribe *scribe, const QsFieldText *text, const char *name)
{
  gsize start = scribe->reader.at;
  guint64 value = qs_reader_varint (&scribe->reader);

  if (scribe->reader.ok)
    qs_scribe_add (scribe, text, start,
                   g_strdup_printf ("0x%" PRIx64 " %s", value, name != NULL ? name : _ ("unknown")));
}

typedef struct {
  guint64 value;
  const char *reference;
} Reference;

/* Where the number is defined, if not where all those of its kind are. */
static const char *
find_reference (const Reference *rows, guint n_rows, guint64 value, const char *otherwise)
{
  for (guint i = 0; i < n_rows; i++)
    if (rows[i].value == value)
      return rows[i].reference;
  return otherwise;
}

static const char *
setting_reference (guint64 id)
{
  static const Reference rows[] = {
    { 0x01, "RFC 9204 section 5" },
    { 0x07, "RFC 9204 section 5" },
    { 0x08, "RFC 9220 section 3" },
    { 0x33, "RFC 9297 section 2.1.1" },
    { 0x0276, "draft-ietf-masque-h3-datagram" },
    { 0xffd277, "draft-ietf-masque-h3-datagram" },
    { 0x2b603742, "draft-ietf-webtrans-http3" },
    { 0xc671706a, "draft-ietf-webtrans-http3" },
  };

  return find_reference (rows, G_N_ELEMENTS (rows), id, RFC9114 ("7.2.4.1"));
}

static const char *
stream_reference (guint64 type)
{
  static const Reference rows[] = {
    { QS_HTTP3_STREAM_CONTROL, RFC9114 ("6.2.1") },
    { QS_HTTP3_STREAM_PUSH, RFC9114 ("6.2.2") },
    { QS_HTTP3_STREAM_QPACK_ENCODER, "RFC 9204 section 4.2" },
    { QS_HTTP3_STREAM_QPACK_DECODER, "RFC 9204 section 4.2" },
    { QS_HTTP3_STREAM_WEBTRANSPORT, "draft-ietf-webtrans-http3" },
  };

  return find_reference (rows, G_N_ELEMENTS (rows), type, RFC9114 ("6.2"));
}

static guint64
peek_varint (const QsScribe *scribe)
{
  QsReader ahead = scribe->reader;

  return qs_reader_varint (&ahead);
}

static void
describe_setting (QsScribe *scribe)
{
  QsReader ahead = scribe->reader;
  guint64 id = qs_reader_varint (&ahead);
  guint64 value = qs_reader_varint (&ahead);
  const char *name = qs_http3_setting_name (id);

  if (!ahead.ok)
    {
      scribe->reader.ok = FALSE;
      return;
    }
  QsScribe part = qs_scribe_open_length (scribe, ahead.at - scribe->reader.at,
                                         QS_FIELD_TEXT (name != NULL ? name : _ ("unknown setting"), NULL, NULL));
  qs_field_take_value (part.parent, g_strdup_printf ("%" PRIu64, value));
  const char *meaning = qs_http3_setting_meaning (id);
  qs_field_explain (part.parent,
                    meaning != NULL ? meaning : _ ("Not registered, or newer than this program: receivers ignore it."),
                    setting_reference (id));
  describe_number (&part, QS_FIELD_TEXT ("Identifier", N_ ("Which setting this is."), RFC9114 ("7.2.4")), name);
  qs_scribe_varint (&part, QS_FIELD_TEXT ("Value", N_ ("What its sender sets it to."), RFC9114 ("7.2.4")));
}

static void
describe_settings (QsScribe *scribe, const char *const *lines)
{
  while (scribe->reader.ok && qs_scribe_more (scribe))
    describe_setting (scribe);
}

static void
describe_push_id (QsScribe *scribe, const char *const *lines)
{
  qs_scribe_varint (scribe, QS_FIELD_TEXT ("Push ID", N_ ("Numbers the server's pushes."), RFC9114 ("4.6")));
}

static void
describe_goaway (QsScribe *scribe, const char *const *lines)
{
  qs_scribe_varint (scribe,
                    QS_FIELD_TEXT ("Stream ID or Push ID", N_ ("From this one on, nothing was or will be processed."),
                                   RFC9114 ("5.2")));
}

static void
describe_field_section (QsScribe *scribe, const char *const *lines)
{
  qs_scribe_qpack_section (scribe, lines);
}

static void
describe_push_promise (QsScribe *scribe, const char *const *lines)
{
  describe_push_id (scribe, NULL);
  describe_field_section (scribe, lines);
}

static void
describe_priority_update (QsScribe *scribe, const char *const *lines)
{
  qs_scribe_varint (scribe, QS_FIELD_TEXT ("Prioritized Element ID", N_ ("The stream or the push that it speaks of."),
                                           "RFC 9218 section 7.2"));
  qs_scribe_text (scribe, qs_reader_left (&scribe->reader),
                  QS_FIELD_TEXT ("Priority Field Value", N_ ("u: urgency from 0 to 7; i: may be shown bit by bit."),
                                 "RFC 9218 section 4"));
}

static void
describe_data (QsScribe *scribe, const char *const *lines)
{
  qs_scribe_rest (scribe, QS_FIELD_TEXT ("Payload", N_ ("What the frame carries."), RFC9114 ("7.2")));
}

static const struct {
  guint64 type;
  DescribeFunc describe;
  const char *reference;
} frame_infos[] = {
  { QS_HTTP3_DATA, describe_data, RFC9114 ("7.2.1") },
  { QS_HTTP3_HEADERS, describe_field_section, RFC9114 ("7.2.2") },
  { QS_HTTP3_CANCEL_PUSH, describe_push_id, RFC9114 ("7.2.3") },
  { QS_HTTP3_SETTINGS, describe_settings, RFC9114 ("7.2.4") },
  { QS_HTTP3_PUSH_PROMISE, describe_push_promise, RFC9114 ("7.2.5") },
  { QS_HTTP3_GOAWAY, describe_goaway, RFC9114 ("7.2.6") },
  { QS_HTTP3_MAX_PUSH_ID, describe_push_id, RFC9114 ("7.2.7") },
  { QS_HTTP3_PRIORITY_UPDATE_REQUEST, describe_priority_update, "RFC 9218 section 7.2" },
  { QS_HTTP3_PRIORITY_UPDATE_PUSH, describe_priority_update, "RFC 9218 section 7.2" },
};

static void
describe_payload (QsScribe *scribe, const QsHttp3Frame *frame, const char *const *lines)
{
  DescribeFunc describe = describe_data;

  for (guint i = 0; i < G_N_ELEMENTS (frame_infos); i++)
    if (frame_infos[i].type == frame->type)
      {
        describe = frame_infos[i].describe;
        scribe->parent->reference = frame_infos[i].reference;
      }

  QsScribe payload =
      qs_scribe_init (scribe->parent, frame->payload, scribe->space, scribe->base + scribe->reader.at, scribe->room);
  describe (&payload, lines);
  if (frame->complete)
    qs_scribe_close (&payload);
}

/* Adds the frame at the scribe's place as a child. */
static void
describe_frame (QsScribe *scribe, const QsHttp3Frame *frame, const char *const *lines)
{
  const char *name = qs_http3_frame_type_name (frame->type);
  QsScribe part =
      qs_scribe_open_length (scribe, frame->header_length + frame->payload.length,
                             QS_FIELD_TEXT (name != NULL ? name : _ ("unknown frame"), NULL, RFC9114 ("7.2.8")));

  if (!part.reader.ok)
    return;
  qs_field_take_value (part.parent, qs_http3_frame_describe (frame));
  const char *meaning = qs_http3_frame_type_meaning (frame->type);
  part.parent->meaning = meaning != NULL ? meaning : _ ("A frame of a type that is not known here: receivers skip it.");
  describe_number (&part, QS_FIELD_TEXT ("Type", N_ ("Which frame this is."), RFC9114 ("7.1")), name);
  qs_scribe_varint (&part,
                    QS_FIELD_TEXT ("Length", N_ ("How many bytes follow; they may come later."), RFC9114 ("7.1")));
  describe_payload (&part, frame, lines);
}

static void
describe_frames (QsScribe *scribe)
{
  while (scribe->reader.ok && qs_scribe_more (scribe))
    {
      QsHttp3Frame frame;
      gsize at = scribe->reader.at;
      if (qs_http3_frame_parse (scribe->reader.bytes, &at, &frame, NULL))
        describe_frame (scribe, &frame, NULL);
      else
        scribe->reader.ok = FALSE;
    }
}

QsField *
qs_describe_http3_frame (const QsHttp3Frame *frame, QsSpan bytes, QsFieldSpace space, gsize offset,
                         const char *const *lines)
{
  g_return_val_if_fail (frame != NULL, NULL);

  guint room = QS_SCRIBE_ROOM;
  QsField *holder = qs_field_new ("HTTP/3", space, offset, bytes.length);
  QsScribe scribe = qs_scribe_init (holder, bytes, space, offset, &room);
  qs_reader_span (&scribe.reader, frame->offset);
  describe_frame (&scribe, frame, lines);
  if (holder->children == NULL)
    return holder;

  QsField *field = g_ptr_array_steal_index (holder->children, 0);
  qs_field_free (holder);
  return field;
}

/* The type, and what it makes of the holder. Returns it. */
static guint64
describe_stream_type (QsScribe *scribe)
{
  guint64 type = peek_varint (scribe);
  const char *name = qs_http3_stream_type_name (type);
  const char *meaning = qs_http3_stream_type_meaning (type);

  describe_number (scribe, QS_FIELD_TEXT ("Stream Type", N_ ("What the stream is for."), RFC9114 ("6.2")), name);
  qs_field_take_value (scribe->parent, g_strdup (name != NULL ? name : _ ("unknown")));
  qs_field_explain (scribe->parent,
                    meaning != NULL ? meaning : _ ("A stream of a type that is not known here: receivers ignore it."),
                    stream_reference (type));
  if (type == QS_HTTP3_STREAM_PUSH)
    describe_push_id (scribe, NULL);
  return type;
}

QsField *
qs_describe_http3_stream_type (QsSpan bytes, QsFieldSpace space, gsize offset)
{
  guint room = QS_SCRIBE_ROOM;
  QsField *field = qs_field_new ("HTTP/3 stream", space, offset, bytes.length);
  QsScribe scribe = qs_scribe_init (field, bytes, space, offset, &room);

  describe_stream_type (&scribe);
  qs_scribe_close (&scribe);
  return field;
}

QsField *
qs_describe_qpack_instruction (QsSpan bytes, gboolean encoder, QsFieldSpace space, gsize offset)
{
  guint room = QS_SCRIBE_ROOM;
  g_autoptr (QsField) holder = qs_field_new ("QPACK", space, offset, bytes.length);
  QsScribe scribe = qs_scribe_init (holder, bytes, space, offset, &room);
  guint64 stream = encoder ? QS_HTTP3_STREAM_QPACK_ENCODER : QS_HTTP3_STREAM_QPACK_DECODER;

  qs_field_explain (holder, qs_http3_stream_type_meaning (stream), stream_reference (stream));
  qs_scribe_qpack_instructions (&scribe, encoder);
  qs_scribe_close (&scribe);
  return holder->children != NULL && holder->children->len == 1 ? g_ptr_array_steal_index (holder->children, 0)
                                                                : g_steal_pointer (&holder);
}

QsField *
qs_describe_http3_stream (QsSpan bytes, gboolean unidirectional, QsFieldSpace space, gsize offset)
{
  guint room = QS_SCRIBE_ROOM;
  QsField *field = qs_field_new ("HTTP/3 stream", space, offset, bytes.length);
  QsScribe scribe = qs_scribe_init (field, bytes, space, offset, &room);
  guint64 type = QS_HTTP3_STREAM_CONTROL;

  qs_field_explain (field, _ ("A request and its response, or one of the connection's own streams."), RFC9114 ("6"));
  if (unidirectional && bytes.length > 0)
    type = describe_stream_type (&scribe);
  if (type == QS_HTTP3_STREAM_CONTROL || type == QS_HTTP3_STREAM_PUSH)
    describe_frames (&scribe);
  else if (type == QS_HTTP3_STREAM_QPACK_ENCODER || type == QS_HTTP3_STREAM_QPACK_DECODER)
    qs_scribe_qpack_instructions (&scribe, type == QS_HTTP3_STREAM_QPACK_ENCODER);
  else
    qs_scribe_rest (&scribe, QS_FIELD_TEXT ("Stream data", N_ ("Bytes whose form depends on the stream's type."),
                                            RFC9114 ("6.2")));
  qs_scribe_close (&scribe);
  return field;
}
