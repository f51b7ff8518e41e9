/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "wire/qs-describe.h"
#include "wire/qs-names.h"
#include "wire/qs-scribe.h"

#define RFC9000(section) "RFC 9000 section " section

typedef enum {
  PART_END,
  PART_VARINT,
  PART_STREAM_ID,
  PART_APPLICATION_CODE,
  PART_TRANSPORT_CODE,
  PART_FRAME_TYPE,
  PART_DATA,  /* a length as a variable-length integer, then bytes */
  PART_TEXT,  /* the same, text */
  PART_REST,  /* bytes to the end of the frame */
  PART_CID,   /* a length of one byte, then bytes */
  PART_TOKEN, /* 16 bytes */
  PART_8_BYTES,
  PART_ACK_RANGES, /* as many pairs as the frame says */
} PartKind;

typedef struct {
  PartKind kind;
  QsFieldText text;
} Part;

#define MAX_PARTS 7

typedef struct {
  const char *meaning;
  const char *reference;
  Part parts[MAX_PARTS];
} Layout;

/* clang-format off */
#define STREAM_ID { PART_STREAM_ID, { "Stream ID", N_ ("The stream; its lowest two bits say who opened it and whether it goes both ways."), RFC9000 ("2.1") } }
#define MULTIPATH "draft-ietf-quic-multipath section 4"
#define PATH_ID { PART_VARINT, { "Path Identifier", N_ ("Which of the connection's network paths is meant."), MULTIPATH } }
#define APPLICATION_CODE { PART_APPLICATION_CODE, { "Application Protocol Error Code", N_ ("Why, in the application protocol's own numbers."), RFC9000 ("20.2") } }

/* By base type. */
static const Layout layouts[] = {
  [QS_FRAME_PADDING] = { N_ ("Zero bytes that make the packet larger: a client's first datagrams must have 1200 bytes."), RFC9000 ("19.1"), { { PART_END } } },
  [QS_FRAME_PING] = { N_ ("Asks for an acknowledgment, to see that the peer is still there or to keep the path open."), RFC9000 ("19.2"), { { PART_END } } },
  [QS_FRAME_ACK] = { N_ ("Tells which packets have arrived. What is missing between the ranges is still on its way, or lost."), RFC9000 ("19.3"), {
    { PART_VARINT, { "Largest Acknowledged", N_ ("The highest packet number that has arrived."), RFC9000 ("19.3") } },
    { PART_VARINT, { "ACK Delay", N_ ("How long the sender waited with this acknowledgment, in units of 2^n microseconds, n being its ack_delay_exponent."), RFC9000 ("13.2.5") } },
    { PART_VARINT, { "ACK Range Count", N_ ("How many pairs of gap and range follow the first range."), RFC9000 ("19.3") } },
    { PART_VARINT, { "First ACK Range", N_ ("How many packets right below the largest have arrived too."), RFC9000 ("19.3") } },
    { PART_ACK_RANGES, { "ACK Ranges", NULL, NULL } } } },
  [QS_FRAME_RESET_STREAM] = { N_ ("The sender gives up its direction of the stream: what has not arrived will not come."), RFC9000 ("19.4"), {
    STREAM_ID, APPLICATION_CODE,
    { PART_VARINT, { "Final Size", N_ ("How many bytes were sent on the stream in all: both ends count them against flow control."), RFC9000 ("4.5") } } } },
  [QS_FRAME_STOP_SENDING] = { N_ ("The receiver does not want the rest of the stream and asks the sender to stop."), RFC9000 ("19.5"), { STREAM_ID, APPLICATION_CODE } },
  [QS_FRAME_CRYPTO] = { N_ ("A piece of the TLS handshake's messages; each encryption level has its own row of bytes."), RFC9000 ("19.6"), {
    { PART_VARINT, { "Offset", N_ ("Where in that row the data belongs."), RFC9000 ("19.6") } },
    { PART_DATA, { "Crypto Data", N_ ("TLS messages or parts of them."), RFC9000 ("19.6") } } } },
  [QS_FRAME_NEW_TOKEN] = { N_ ("The server gives the client a token for the first packet of a later connection, so that it need not send a Retry."), RFC9000 ("19.7"), {
    { PART_DATA, { "Token", N_ ("Bytes that only the server understands."), RFC9000 ("8.1.3") } } } },
  [QS_FRAME_MAX_DATA] = { N_ ("Flow control: raises how much the peer may send on all streams together."), RFC9000 ("19.9"), {
    { PART_VARINT, { "Maximum Data", N_ ("Bytes since the connection's start, on all streams."), RFC9000 ("4.1") } } } },
  [QS_FRAME_MAX_STREAM_DATA] = { N_ ("Flow control: raises how much the peer may send on one stream."), RFC9000 ("19.10"), {
    STREAM_ID, { PART_VARINT, { "Maximum Stream Data", N_ ("Bytes since the stream's start."), RFC9000 ("4.1") } } } },
  [QS_FRAME_MAX_STREAMS_BIDI] = { N_ ("Raises how many bidirectional streams the peer may open."), RFC9000 ("19.11"), {
    { PART_VARINT, { "Maximum Streams", N_ ("Counted since the connection's start, closed ones included."), RFC9000 ("4.6") } } } },
  [QS_FRAME_MAX_STREAMS_UNI] = { N_ ("Raises how many unidirectional streams the peer may open."), RFC9000 ("19.11"), {
    { PART_VARINT, { "Maximum Streams", N_ ("Counted since the connection's start, closed ones included."), RFC9000 ("4.6") } } } },
  [QS_FRAME_DATA_BLOCKED] = { N_ ("The sender has more to send and flow control of the connection stops it."), RFC9000 ("19.12"), {
    { PART_VARINT, { "Maximum Data", N_ ("The limit that it has reached, in bytes."), RFC9000 ("4.1") } } } },
  [QS_FRAME_STREAM_DATA_BLOCKED] = { N_ ("The sender has more to send and flow control of this stream stops it."), RFC9000 ("19.13"), {
    STREAM_ID, { PART_VARINT, { "Maximum Stream Data", N_ ("The limit that it has reached, in bytes."), RFC9000 ("4.1") } } } },
  [QS_FRAME_STREAMS_BLOCKED_BIDI] = { N_ ("The sender wants to open another bidirectional stream and may not."), RFC9000 ("19.14"), {
    { PART_VARINT, { "Maximum Streams", N_ ("The limit that it has reached."), RFC9000 ("4.6") } } } },
  [QS_FRAME_STREAMS_BLOCKED_UNI] = { N_ ("The sender wants to open another unidirectional stream and may not."), RFC9000 ("19.14"), {
    { PART_VARINT, { "Maximum Streams", N_ ("The limit that it has reached."), RFC9000 ("4.6") } } } },
  [QS_FRAME_NEW_CONNECTION_ID] = { N_ ("Gives the peer one more connection ID, so that it can change its address without being linked to the old one."), RFC9000 ("19.15"), {
    { PART_VARINT, { "Sequence Number", N_ ("Numbers the connection IDs of its sender."), RFC9000 ("5.1.1") } },
    { PART_VARINT, { "Retire Prior To", N_ ("The peer must stop using connection IDs with lower numbers."), RFC9000 ("5.1.2") } },
    { PART_CID, { "Connection ID", N_ ("The new connection ID."), RFC9000 ("19.15") } },
    { PART_TOKEN, { "Stateless Reset Token", N_ ("A packet that ends in these bytes means that the connection is lost."), RFC9000 ("10.3") } } } },
  [QS_FRAME_RETIRE_CONNECTION_ID] = { N_ ("The sender will not use this connection ID of the peer any more, and would like another."), RFC9000 ("19.16"), {
    { PART_VARINT, { "Sequence Number", N_ ("Which one."), RFC9000 ("5.1.2") } } } },
  [QS_FRAME_PATH_CHALLENGE] = { N_ ("Asks whether the peer can be reached on this path."), RFC9000 ("19.17"), {
    { PART_8_BYTES, { "Data", N_ ("Random bytes that the answer must repeat."), RFC9000 ("8.2") } } } },
  [QS_FRAME_PATH_RESPONSE] = { N_ ("The answer to a PATH_CHALLENGE: the path works."), RFC9000 ("19.18"), {
    { PART_8_BYTES, { "Data", N_ ("The bytes of the challenge."), RFC9000 ("8.2") } } } },
  [QS_FRAME_CONNECTION_CLOSE] = { N_ ("The transport closes the connection, mostly because of an error."), RFC9000 ("19.19"), {
    { PART_TRANSPORT_CODE, { "Error Code", N_ ("Why. Codes from 0x100 to 0x1ff are TLS alerts."), RFC9000 ("20.1") } },
    { PART_FRAME_TYPE, { "Frame Type", N_ ("The frame that caused it; 0 when none did or it is not known."), RFC9000 ("19.19") } },
    { PART_TEXT, { "Reason Phrase", N_ ("In the sender's own words; may be empty."), RFC9000 ("19.19") } } } },
  [QS_FRAME_CONNECTION_CLOSE_APP] = { N_ ("The application closes the connection: in order, or because of an error of its own."), RFC9000 ("19.19"), {
    APPLICATION_CODE,
    { PART_TEXT, { "Reason Phrase", N_ ("In the sender's own words; may be empty."), RFC9000 ("19.19") } } } },
  [QS_FRAME_IMMEDIATE_ACK] = { N_ ("Asks for an acknowledgment at once."), "draft-ietf-quic-ack-frequency section 5", { { PART_END } } },
  [QS_FRAME_RESET_STREAM_AT] = { N_ ("The sender gives up its direction of the stream, but for its beginning, which will still come."), "draft-ietf-quic-reliable-stream-reset section 3", {
    STREAM_ID, APPLICATION_CODE,
    { PART_VARINT, { "Final Size", N_ ("How many bytes were sent on the stream in all: both ends count them against flow control."), RFC9000 ("4.5") } },
    { PART_VARINT, { "Reliable Size", N_ ("So many bytes from the stream's start are delivered all the same."), "draft-ietf-quic-reliable-stream-reset section 3" } } } },
  [QS_FRAME_ACK_FREQUENCY] = { N_ ("Asks the peer to acknowledge more seldom, or more often."), "draft-ietf-quic-ack-frequency section 4", {
    { PART_VARINT, { "Sequence Number", N_ ("Numbers these frames: a newer one replaces those before."), "draft-ietf-quic-ack-frequency section 4" } },
    { PART_VARINT, { "Ack-Eliciting Threshold", N_ ("How many packets may come before an acknowledgment has to be sent."), "draft-ietf-quic-ack-frequency section 4" } },
    { PART_VARINT, { "Requested Max Ack Delay", N_ ("The longest wait before an acknowledgment, in microseconds."), "draft-ietf-quic-ack-frequency section 4" } },
    { PART_VARINT, { "Reordering Threshold", N_ ("How far out of order packets may come before it has to be told at once."), "draft-ietf-quic-ack-frequency section 4" } } } },
  [QS_FRAME_PATH_ACK] = { N_ ("Tells which packets of one network path have arrived: each path counts its packets on its own."), MULTIPATH, {
    PATH_ID,
    { PART_VARINT, { "Largest Acknowledged", N_ ("The highest packet number that has arrived."), RFC9000 ("19.3") } },
    { PART_VARINT, { "ACK Delay", N_ ("How long the sender waited with this acknowledgment, in units of 2^n microseconds, n being its ack_delay_exponent."), RFC9000 ("13.2.5") } },
    { PART_VARINT, { "ACK Range Count", N_ ("How many pairs of gap and range follow the first range."), RFC9000 ("19.3") } },
    { PART_VARINT, { "First ACK Range", N_ ("How many packets right below the largest have arrived too."), RFC9000 ("19.3") } },
    { PART_ACK_RANGES, { "ACK Ranges", NULL, NULL } } } },
  [QS_FRAME_PATH_ABANDON] = { N_ ("The sender gives up a network path; what it carried goes over the others."), MULTIPATH, {
    PATH_ID, { PART_TRANSPORT_CODE, { "Error Code", N_ ("Why."), RFC9000 ("20.1") } } } },
  [QS_FRAME_PATH_STATUS_BACKUP] = { N_ ("The peer is asked to use this network path only when no other one works."), MULTIPATH, {
    PATH_ID, { PART_VARINT, { "Path Status Sequence Number", N_ ("Numbers what is said of this path: a newer one replaces those before."), MULTIPATH } } } },
  [QS_FRAME_PATH_STATUS_AVAILABLE] = { N_ ("The peer may use this network path."), MULTIPATH, {
    PATH_ID, { PART_VARINT, { "Path Status Sequence Number", N_ ("Numbers what is said of this path: a newer one replaces those before."), MULTIPATH } } } },
  [QS_FRAME_PATH_NEW_CONNECTION_ID] = { N_ ("Gives the peer one more connection ID for one network path."), MULTIPATH, {
    PATH_ID,
    { PART_VARINT, { "Sequence Number", N_ ("Numbers the connection IDs of its sender on this path."), MULTIPATH } },
    { PART_VARINT, { "Retire Prior To", N_ ("The peer must stop using connection IDs with lower numbers."), RFC9000 ("5.1.2") } },
    { PART_CID, { "Connection ID", N_ ("The new connection ID."), RFC9000 ("19.15") } },
    { PART_TOKEN, { "Stateless Reset Token", N_ ("A packet that ends in these bytes means that the connection is lost."), RFC9000 ("10.3") } } } },
  [QS_FRAME_PATH_RETIRE_CONNECTION_ID] = { N_ ("The sender will not use this connection ID of one network path any more, and would like another."), MULTIPATH, {
    PATH_ID, { PART_VARINT, { "Sequence Number", N_ ("Which one."), RFC9000 ("5.1.2") } } } },
  [QS_FRAME_MAX_PATH_ID] = { N_ ("Raises how many network paths the peer may open."), MULTIPATH, {
    { PART_VARINT, { "Maximum Path Identifier", N_ ("The largest path number that is allowed."), MULTIPATH } } } },
  [QS_FRAME_PATHS_BLOCKED] = { N_ ("The sender wants to open another network path and may not."), MULTIPATH, {
    { PART_VARINT, { "Maximum Path Identifier", N_ ("The limit that it has reached."), MULTIPATH } } } },
  [QS_FRAME_PATH_CIDS_BLOCKED] = { N_ ("The sender wants to use a network path and has no connection ID for it."), MULTIPATH, {
    PATH_ID, { PART_VARINT, { "Next Sequence Number", N_ ("The number of the connection ID that it waits for."), MULTIPATH } } } },
  [QS_FRAME_HANDSHAKE_DONE] = { N_ ("The server tells the client that the handshake is confirmed."), RFC9000 ("19.20"), { { PART_END } } },
};

static const Part ecn_parts[] = {
  { PART_VARINT, { "ECT0 Count", N_ ("How many packets came with the mark ECT(0): able to be marked on congestion."), RFC9000 ("19.3.2") } },
  { PART_VARINT, { "ECT1 Count", N_ ("How many packets came with the mark ECT(1)."), RFC9000 ("19.3.2") } },
  { PART_VARINT, { "ECN-CE Count", N_ ("How many packets a congested router has marked."), RFC9000 ("19.3.2") } },
};

static const Part stream_id_part = STREAM_ID;
static const Part stream_offset_part = { PART_VARINT, { "Offset", N_ ("Where in the stream the data belongs; 0 when absent."), RFC9000 ("19.8") } };
static const Part stream_data_part = { PART_DATA, { "Stream Data", N_ ("The application's bytes."), RFC9000 ("19.8") } };
static const Part stream_rest_part = { PART_REST, { "Stream Data", N_ ("The application's bytes, to the end of the packet: there is no length."), RFC9000 ("19.8") } };
static const Part datagram_data_part = { PART_DATA, { "Datagram Data", N_ ("The application's bytes: not sent again when lost."), "RFC 9221 section 4" } };
static const Part datagram_rest_part = { PART_REST, { "Datagram Data", N_ ("The application's bytes, to the end of the packet: there is no length."), "RFC 9221 section 4" } };
/* clang-format on */

static void
describe_stream_id (QsScribe *scribe, const QsFieldText *text)
{
  gsize start = scribe->reader.at;
  guint64 id = qs_reader_varint (&scribe->reader);
  static const char *const kinds[] = { N_ ("opened by the client, bidirectional"),
                                       N_ ("opened by the server, bidirectional"),
                                       N_ ("opened by the client, unidirectional"),
                                       N_ ("opened by the server, unidirectional") };

  if (scribe->reader.ok)
    qs_scribe_add (scribe, text, start, g_strdup_printf ("%" PRIu64 " (%s)", id, _ (kinds[id & 3])));
}

static void
describe_code (QsScribe *scribe, const QsFieldText *text, gboolean application)
{
  gsize start = scribe->reader.at;
  guint64 code = qs_reader_varint (&scribe->reader);

  if (!scribe->reader.ok)
    return;
  QsField *field = qs_scribe_add (scribe, text, start, qs_close_code_describe (application, code, NULL));
  const char *meaning = application ? NULL : qs_quic_transport_error_meaning (code);
  if (meaning != NULL)
    qs_field_explain (field, meaning, text->reference);
}

static void
describe_frame_type (QsScribe *scribe, const QsFieldText *text)
{
  gsize start = scribe->reader.at;
  guint64 type = qs_reader_varint (&scribe->reader);

  if (scribe->reader.ok)
    qs_scribe_add (scribe, text, start,
                   type == 0 ? g_strdup ("0x0")
                             : g_strdup_printf ("0x%" PRIx64 " %s", type, qs_frame_type_name (type)));
}

static void
describe_ack_ranges (QsScribe *scribe, const QsFrame *frame)
{
  guint64 smallest = frame->ack.largest - frame->ack.first_range;

  for (guint64 i = 0; i < frame->ack.range_count && qs_scribe_more (scribe); i++)
    {
      gsize start = scribe->reader.at;
      QsReader ahead = scribe->reader;
      guint64 gap = qs_reader_varint (&ahead);
      guint64 length = qs_reader_varint (&ahead);
      if (!ahead.ok || smallest < gap + 2 || smallest - gap - 2 < length)
        break;

      QsScribe range = qs_scribe_open_length (
          scribe, ahead.at - start,
          QS_FIELD_TEXT ("ACK Range", N_ ("More packets that have arrived, below a gap of some that have not."),
                         RFC9000 ("19.3.1")));
      qs_scribe_varint (&range,
                        QS_FIELD_TEXT ("Gap", N_ ("Missing packets above this range, less one."), RFC9000 ("19.3.1")));
      qs_scribe_varint (&range, QS_FIELD_TEXT ("ACK Range Length", N_ ("Packets in this range, less one."),
                                               RFC9000 ("19.3.1")));
      guint64 largest = smallest - gap - 2;
      smallest = largest - length;
      qs_field_take_value (range.parent, g_strdup_printf ("%" PRIu64 "–%" PRIu64, smallest, largest));
    }
}

static guint64
describe_length (QsScribe *scribe, const QsFieldText *text, guint n_bytes)
{
  const QsFieldText length = { "Length", N_ ("How many bytes follow."), text->reference };

  return n_bytes == 0 ? qs_scribe_varint (scribe, &length) : qs_scribe_uint (scribe, n_bytes, &length);
}

static void
describe_part (QsScribe *scribe, const Part *part, const QsFrame *frame)
{
  switch (part->kind)
    {
    case PART_END:
      break;
    case PART_VARINT:
      qs_scribe_varint (scribe, &part->text);
      break;
    case PART_STREAM_ID:
      describe_stream_id (scribe, &part->text);
      break;
    case PART_APPLICATION_CODE:
    case PART_TRANSPORT_CODE:
      describe_code (scribe, &part->text, part->kind == PART_APPLICATION_CODE);
      break;
    case PART_FRAME_TYPE:
      describe_frame_type (scribe, &part->text);
      break;
    case PART_DATA:
      qs_scribe_bytes (scribe, describe_length (scribe, &part->text, 0), &part->text);
      break;
    case PART_TEXT:
      qs_scribe_text (scribe, describe_length (scribe, &part->text, 0), &part->text);
      break;
    case PART_REST:
      qs_scribe_rest (scribe, &part->text);
      break;
    case PART_CID:
      qs_scribe_bytes (scribe, describe_length (scribe, &part->text, 1), &part->text);
      break;
    case PART_TOKEN:
      qs_scribe_bytes (scribe, 16, &part->text);
      break;
    case PART_8_BYTES:
      qs_scribe_bytes (scribe, 8, &part->text);
      break;
    case PART_ACK_RANGES:
      describe_ack_ranges (scribe, frame);
      break;
    }
}

static void
describe_stream (QsScribe *scribe, const QsFrame *frame)
{
  describe_part (scribe, &stream_id_part, frame);
  if ((frame->type & QS_STREAM_OFF) != 0)
    describe_part (scribe, &stream_offset_part, frame);
  describe_part (scribe, (frame->type & QS_STREAM_LEN) != 0 ? &stream_data_part : &stream_rest_part, frame);
}

static void
describe_layout (QsScribe *scribe, const Layout *layout, const QsFrame *frame)
{
  for (guint i = 0; i < MAX_PARTS && layout->parts[i].kind != PART_END; i++)
    describe_part (scribe, &layout->parts[i], frame);
  if (frame->type == 0x03 || frame->type == 0x3f)
    for (guint i = 0; i < G_N_ELEMENTS (ecn_parts); i++)
      describe_part (scribe, &ecn_parts[i], frame);
}

static void
describe_type (QsScribe *scribe, const QsFrame *frame)
{
  gsize start = scribe->reader.at;
  guint64 type = qs_reader_varint (&scribe->reader);

  if (!scribe->reader.ok)
    return;
  QsField *field = qs_scribe_add (scribe, QS_FIELD_TEXT ("Type", N_ ("Which frame this is."), RFC9000 ("12.4")), start,
                                  g_strdup_printf ("0x%02" PRIx64 " %s", type, qs_frame_type_name (type)));
  if (qs_frame_base_type (frame->type) == QS_FRAME_STREAM)
    qs_field_explain (
        field, _ ("Its three lowest bits say whether an offset (4), a length (2) and the stream's end (1) are there."),
        RFC9000 ("19.8"));
}

static void
describe_body (QsScribe *scribe, const QsFrame *frame, QsField *field)
{
  QsFrameType base = qs_frame_base_type (frame->type);

  if (base == QS_FRAME_STREAM)
    {
      qs_field_explain (field, _ ("Carries bytes of a stream."), RFC9000 ("19.8"));
      describe_stream (scribe, frame);
    }
  else if (base == QS_FRAME_DATAGRAM)
    {
      qs_field_explain (field, _ ("Carries bytes of the application that need not arrive."), "RFC 9221 section 4");
      describe_part (scribe, (frame->type & 1) != 0 ? &datagram_data_part : &datagram_rest_part, frame);
    }
  else if (base < G_N_ELEMENTS (layouts) && layouts[base].meaning != NULL)
    {
      qs_field_explain (field, _ (layouts[base].meaning), layouts[base].reference);
      describe_layout (scribe, &layouts[base], frame);
    }
  else
    qs_field_explain (field, _ ("A frame of a type that is not known here."), RFC9000 ("19.21"));
}

QsField *
qs_describe_unread_frames (QsSpan payload, gsize offset)
{
  g_return_val_if_fail (offset < payload.length, NULL);

  guint room = QS_SCRIBE_ROOM;
  QsSpan bytes = QS_SPAN (payload.data + offset, payload.length - offset);
  QsField *field = qs_field_new ("unknown", QS_FIELD_IN_PAYLOAD, offset, bytes.length);
  QsScribe scribe = qs_scribe_init (field, bytes, QS_FIELD_IN_PAYLOAD, offset, &room);
  gsize at = 0;
  guint64 type = 0;

  if (qs_varint_read (bytes, &at, &type) && !qs_frame_is_known (type))
    {
      qs_field_take_value (field, g_strdup_printf (_ ("unknown frame 0x%" PRIx64), type));
      qs_field_explain (field, _ ("A frame of a type that is not known here: where it ends cannot be known either."),
                        RFC9000 ("19.21"));
    }
  else
    {
      qs_field_take_value (field, g_strdup_printf (_ ("broken %s"), qs_frame_type_name (type)));
      qs_field_explain (field, _ ("A frame that ends too soon or has a value that is not allowed."), RFC9000 ("12.4"));
    }
  describe_type (&scribe, &(const QsFrame){ .type = type });
  qs_scribe_rest (&scribe, QS_FIELD_TEXT ("Frame Data", N_ ("All that is left of the packet."), RFC9000 ("12.4")));
  qs_scribe_close (&scribe);
  return field;
}

QsField *
qs_describe_frame (const QsFrame *frame, QsSpan payload)
{
  g_return_val_if_fail (frame != NULL, NULL);

  guint room = QS_SCRIBE_ROOM;
  /* A frame from a qlog has no bytes: what it says stands in its one line. */
  gboolean within =
      payload.data != NULL && frame->offset <= payload.length && frame->length <= payload.length - frame->offset;
  QsSpan bytes = within ? QS_SPAN (payload.data + frame->offset, frame->length) : QS_SPAN_NONE;
  QsField *field =
      qs_field_new (qs_frame_type_name (frame->type), QS_FIELD_IN_PAYLOAD, within ? frame->offset : 0, bytes.length);
  qs_field_take_value (field, qs_frame_describe (frame));

  QsScribe scribe = qs_scribe_init (field, bytes, QS_FIELD_IN_PAYLOAD, field->offset, &room);
  scribe.reader.ok = bytes.length > 0;
  describe_type (&scribe, frame);
  describe_body (&scribe, frame, field);
  if (qs_frame_base_type (frame->type) == QS_FRAME_PADDING)
    qs_scribe_rest (&scribe, QS_FIELD_TEXT ("More padding",
                                            N_ ("Each further zero byte is a frame of its own; they are "
                                                "shown as one."),
                                            RFC9000 ("19.1")));
  else if (bytes.length > 0)
    qs_scribe_close (&scribe);
  return field;
}
