/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "wire/qs-http3.h"
#include "wire/qs-scribe.h"

#define RFC9114(section) "RFC 9114 section " section

typedef void (*DescribeFunc) (QsScribe *scribe);

static void
describe_number (QsScribe *scribe, const QsFieldText *text, const char *name)
{
  gsize start = scribe->reader.at;
  guint64 value = qs_reader_varint (&scribe->reader);

  if (scribe->reader.ok)
    qs_scribe_add (scribe, text, start,
                   g_strdup_printf ("0x%" PRIx64 " %s", value, name != NULL ? name : _ ("unknown")));
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
  QsScribe part =
      qs_scribe_open_length (scribe, ahead.at - scribe->reader.at,
                             QS_FIELD_TEXT (name != NULL ? name : _ ("unknown setting"), NULL, RFC9114 ("7.2.4.1")));
  qs_field_take_value (part.parent, g_strdup_printf ("%" PRIu64, value));
  qs_field_explain (part.parent, qs_http3_setting_meaning (id), RFC9114 ("7.2.4.1"));
  describe_number (&part, QS_FIELD_TEXT ("Identifier", NULL, RFC9114 ("7.2.4")), name);
  qs_scribe_varint (&part, QS_FIELD_TEXT ("Value", NULL, RFC9114 ("7.2.4")));
}

static void
describe_settings (QsScribe *scribe)
{
  while (scribe->reader.ok && qs_scribe_more (scribe))
    describe_setting (scribe);
}

static void
describe_push_id (QsScribe *scribe)
{
  qs_scribe_varint (scribe, QS_FIELD_TEXT ("Push ID", N_ ("Numbers the server's pushes."), RFC9114 ("4.6")));
}

static void
describe_goaway (QsScribe *scribe)
{
  qs_scribe_varint (scribe,
                    QS_FIELD_TEXT ("Stream ID or Push ID", N_ ("From this one on, nothing was or will be processed."),
                                   RFC9114 ("5.2")));
}

static void
describe_field_section (QsScribe *scribe)
{
  qs_scribe_rest (scribe, QS_FIELD_TEXT ("Encoded Field Section", N_ ("Header fields, compressed with QPACK."),
                                         "RFC 9204 section 4.5"));
}

static void
describe_push_promise (QsScribe *scribe)
{
  describe_push_id (scribe);
  describe_field_section (scribe);
}

static void
describe_priority_update (QsScribe *scribe)
{
  qs_scribe_varint (scribe, QS_FIELD_TEXT ("Prioritized Element ID", N_ ("The stream or the push that it speaks of."),
                                           "RFC 9218 section 7.2"));
  qs_scribe_text (scribe, qs_reader_left (&scribe->reader),
                  QS_FIELD_TEXT ("Priority Field Value", N_ ("u: urgency from 0 to 7; i: may be shown bit by bit."),
                                 "RFC 9218 section 4"));
}

static void
describe_data (QsScribe *scribe)
{
  qs_scribe_rest (scribe, QS_FIELD_TEXT ("Payload", NULL, RFC9114 ("7.2")));
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
describe_payload (QsScribe *scribe, const QsHttp3Frame *frame)
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
  describe (&payload);
  if (frame->complete)
    qs_scribe_close (&payload);
}

/* Adds the frame at the scribe's place as a child. */
static void
describe_frame (QsScribe *scribe, const QsHttp3Frame *frame)
{
  const char *name = qs_http3_frame_type_name (frame->type);
  QsScribe part =
      qs_scribe_open_length (scribe, frame->header_length + frame->payload.length,
                             QS_FIELD_TEXT (name != NULL ? name : _ ("unknown frame"), NULL, RFC9114 ("7.2.8")));

  if (!part.reader.ok)
    return;
  qs_field_take_value (part.parent, qs_http3_frame_describe (frame));
  part.parent->meaning = qs_http3_frame_type_meaning (frame->type);
  describe_number (&part, QS_FIELD_TEXT ("Type", N_ ("Which frame this is."), RFC9114 ("7.1")), name);
  qs_scribe_varint (&part,
                    QS_FIELD_TEXT ("Length", N_ ("How many bytes follow; they may come later."), RFC9114 ("7.1")));
  describe_payload (&part, frame);
}

static void
describe_frames (QsScribe *scribe)
{
  while (scribe->reader.ok && qs_scribe_more (scribe))
    {
      QsHttp3Frame frame;
      gsize at = scribe->reader.at;
      if (qs_http3_frame_parse (scribe->reader.bytes, &at, &frame, NULL))
        describe_frame (scribe, &frame);
      else
        scribe->reader.ok = FALSE;
    }
}

QsField *
qs_describe_http3_frame (const QsHttp3Frame *frame, QsSpan bytes, QsFieldSpace space, gsize offset)
{
  g_return_val_if_fail (frame != NULL, NULL);

  guint room = QS_SCRIBE_ROOM;
  QsField *holder = qs_field_new ("HTTP/3", space, offset, bytes.length);
  QsScribe scribe = qs_scribe_init (holder, bytes, space, offset, &room);
  qs_reader_span (&scribe.reader, frame->offset);
  describe_frame (&scribe, frame);
  if (holder->children == NULL)
    return holder;

  QsField *field = g_ptr_array_steal_index (holder->children, 0);
  qs_field_free (holder);
  return field;
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
    {
      type = peek_varint (&scribe);
      const char *name = qs_http3_stream_type_name (type);
      describe_number (&scribe, QS_FIELD_TEXT ("Stream Type", N_ ("What the stream is for."), RFC9114 ("6.2")), name);
      qs_field_take_value (field, g_strdup (name != NULL ? name : ""));
      if (qs_http3_stream_type_meaning (type) != NULL)
        qs_field_explain (field, qs_http3_stream_type_meaning (type), RFC9114 ("6.2"));
    }
  if (type == QS_HTTP3_STREAM_PUSH)
    describe_push_id (&scribe);
  if (type == QS_HTTP3_STREAM_CONTROL || type == QS_HTTP3_STREAM_PUSH)
    describe_frames (&scribe);
  else
    qs_scribe_rest (&scribe, QS_FIELD_TEXT ("Stream data", NULL, RFC9114 ("6.2")));
  qs_scribe_close (&scribe);
  return field;
}
