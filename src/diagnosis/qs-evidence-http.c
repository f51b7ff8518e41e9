/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The request and its answer: from marks, else from what the packets hold. */
#include <string.h>

#include "base/qs-text.h"
#include "diagnosis/qs-evidence.h"
#include "dissect/qs-http1-parser.h"
#include "trace/qs-metrics.h"
#include "wire/qs-http3.h"
#include "wire/qs-packet.h"

/* What is read of a file's TLS records: a report is no place for a whole download. */
#define MOST_RECORDS 8192
#define MOST_START 512
#define MOST_PACKETS_OF_START 64
#define CONTENT_DATA 23 /* RFC 9846 section 5.1 */

const char *
qs_http_facts_get_header (const QsHttpFacts *facts, const char *name)
{
  for (guint i = 0; facts->headers != NULL && facts->headers[i] != NULL && facts->headers[i + 1] != NULL; i += 2)
    if (g_ascii_strcasecmp (facts->headers[i], name) == 0)
      return facts->headers[i + 1];
  return NULL;
}

static gboolean
is_http3 (const QsEvidence *evidence)
{
  if (evidence->alpn == NULL) /* a log may tell of its frames alone */
    return qs_trace_get_n_http3 (evidence->trace) > 0;
  return (g_str_equal (evidence->alpn, "h3") || g_str_has_prefix (evidence->alpn, "h3-"));
}

/* RFC 9112 section 6.3: what says how long the body is. */
static void
read_length (QsHttpFacts *facts)
{
  const char *length = qs_http_facts_get_header (facts, "content-length");
  const char *coding = qs_http_facts_get_header (facts, "transfer-encoding");
  guint64 value;

  facts->length = -1;
  facts->chunked = !facts->http3 && coding != NULL && g_str_has_suffix (coding, "chunked");
  if (!facts->chunked && length != NULL && facts->status != 204 && facts->status != 304 &&
      g_ascii_string_to_unsigned (length, 10, 0, G_MAXINT64, &value, NULL))
    facts->length = (gint64) value;
}

static void
take_head (QsHttpFacts *facts, const char *version, guint status, char **headers)
{
  g_free (facts->version);
  facts->version = g_strdup (version);
  facts->status = status;
  g_strfreev (facts->headers);
  facts->headers = headers;
  read_length (facts);
}

/* --- Marks --- */

static void
read_mark (QsHttpFacts *facts, const QsMark *mark, gint64 time)
{
  switch (mark->kind)
    {
    case QS_MARK_REQUEST:
      facts->asked = TRUE;
      facts->stream = mark->stream;
      facts->asked_at = time;
      break;
    case QS_MARK_ANSWER:
      facts->answer_mark = mark;
      facts->body = mark->received;
      take_head (facts, mark->name, (guint) CLAMP (mark->value, 0, 999), qs_text_split_at_nul (mark->bytes));
      break;
    case QS_MARK_ANSWER_END:
      facts->end_mark = mark;
      facts->end = mark->name;
      facts->words = mark->text;
      facts->n_interim = (guint) CLAMP (mark->value, 0, G_MAXUINT);
      facts->body = mark->received;
      g_clear_pointer (&facts->start, g_bytes_unref);
      facts->start = mark->bytes != NULL ? g_bytes_ref (mark->bytes) : NULL;
      break;
    default:
      break;
    }
}

static void
read_marks (QsEvidence *evidence, QsHttpFacts *facts)
{
  for (guint i = 0; i < qs_trace_get_n_marks (evidence->trace); i++)
    {
      gint64 time;
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, &time);
      read_mark (facts, mark, time);
    }
}

/* --- HTTP/3's frames --- */

static gint64
find_request_stream (QsEvidence *evidence)
{
  for (guint i = 0; i < qs_trace_get_n_http3 (evidence->trace); i++)
    {
      const QsHttp3Piece *piece = qs_trace_get_http3 (evidence->trace, i);
      /* RFC 9000 section 2.1: the client's, in both directions. */
      if (piece->kind == QS_HTTP3_PIECE_FRAME && (piece->stream & 3) == 0)
        return (gint64) piece->stream;
    }
  return -1;
}

static guint
status_of (const QsHttp3Piece *piece)
{
  guint status = 0;

  for (guint i = 0; piece->lines[i] != NULL && piece->lines[i + 1] != NULL; i += 2)
    if (g_str_equal (piece->lines[i], ":status"))
      status = (guint) g_ascii_strtoull (piece->lines[i + 1], NULL, 10);
  return status;
}

static GStrv
dup_fields (const QsHttp3Piece *piece)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; piece->lines[i] != NULL && piece->lines[i + 1] != NULL; i += 2)
    {
      if (piece->lines[i][0] == ':')
        continue;
      g_strv_builder_add (builder, piece->lines[i]);
      g_strv_builder_add (builder, piece->lines[i + 1]);
    }
  return g_strv_builder_end (builder);
}

/* Fields are copied of the one answer that counts: a peer can send thousands of interim ones, and this is done again while they come. */
static void
take_lines (QsHttpFacts *facts, const QsHttp3Piece *piece)
{
  guint status = status_of (piece);

  if (status >= 200)
    {
      facts->head_packet = piece->packet;
      if (facts->answer_mark == NULL)
        take_head (facts, "3", status, dup_fields (piece));
    }
  else if (status >= 100 && facts->answer_mark == NULL)
    facts->n_interim++;
}

/* Of a DATA frame's bytes those of its type and length (RFC 9000 section 16; as short as may be, as all write them). */
static guint64
header_length (guint64 length)
{
  for (guint n = 1; n < 8; n *= 2)
    if (length >= 1 + n && length - 1 - n < G_GUINT64_CONSTANT (1) << (8 * n - 2))
      return 1 + n;
  return 9;
}

/* Of a stream that was cut the last DATA frame says more than there is. */
static guint64
count_body (QsEvidence *evidence, GPtrArray *pieces, const QsStreamFigures *figures)
{
  guint64 end = figures->bytes[evidence->from_server], body = 0;

  for (guint i = 0; i < pieces->len; i++)
    {
      const QsHttp3Piece *piece = g_ptr_array_index (pieces, i);
      guint64 from = piece->offset + header_length (piece->length);
      guint64 to = MIN (piece->offset + piece->length, end);
      if (piece->kind == QS_HTTP3_PIECE_FRAME && piece->type == QS_HTTP3_DATA && to > from)
        body += to - from;
    }
  return body;
}

/* The bytes of a stream from an offset on, as far as they lie in a row, from the packets behind first. */
static GBytes *
read_stream (QsEvidence *evidence, guint64 stream, guint64 from, gsize most, guint first)
{
  GByteArray *bytes = g_byte_array_new ();
  guint n = MIN (qs_trace_get_n_packets (evidence->trace), first + MOST_PACKETS_OF_START);

  for (guint i = first; i < n && bytes->len < most; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i);
      if (packet->direction != evidence->from_server ||
          (packet->frames & G_GUINT64_CONSTANT (1) << QS_FRAME_STREAM) == 0)
        continue;
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (evidence->trace, i, &payload);
      for (guint j = 0; j < frames->len; j++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, j);
          guint64 next = from + bytes->len;
          if (qs_frame_base_type (frame->type) != QS_FRAME_STREAM || frame->stream_id != stream ||
              frame->data.data == NULL || frame->stream_offset > next ||
              frame->stream_offset + frame->data.length <= next)
            continue;
          gsize old = (gsize) (next - frame->stream_offset);
          g_byte_array_append (bytes, frame->data.data + old,
                               (guint) MIN (frame->data.length - old, most - bytes->len));
        }
    }
  return g_byte_array_free_to_bytes (bytes);
}

/* Of the first DATA frame: what is behind it in the stream need not be of the body. */
static void
read_start (QsEvidence *evidence, QsHttpFacts *facts, GPtrArray *pieces)
{
  for (guint i = 0; i < pieces->len && facts->start == NULL; i++)
    {
      const QsHttp3Piece *piece = g_ptr_array_index (pieces, i);
      guint64 header = header_length (piece->length);
      if (piece->kind == QS_HTTP3_PIECE_FRAME && piece->type == QS_HTTP3_DATA && !piece->told && piece->length > header)
        facts->start = read_stream (evidence, piece->stream, piece->offset + header,
                                    (gsize) MIN (piece->length - header, MOST_START), piece->first_packet);
    }
}

static void
read_http3_end (QsEvidence *evidence, QsHttpFacts *facts, GPtrArray *pieces)
{
  const QsStreamFigures *figures =
      qs_metrics_get_stream (qs_trace_get_metrics (evidence->trace), (guint64) facts->stream);
  const QsHttp3Piece *last = pieces->len > 0 ? g_ptr_array_index (pieces, pieces->len - 1) : NULL;

  if (last != NULL)
    facts->last_packet = last->packet;
  if (facts->end_mark != NULL || figures == NULL)
    return;
  if (!evidence->live)
    read_start (evidence, facts, pieces);
  gboolean told = last != NULL && last->told;
  facts->body = count_body (evidence, pieces, figures);
  /* A log need not tell of every DATA frame, but by its packets no more came than the stream has bytes. */
  if (told && facts->length >= 0)
    facts->body = MAX (facts->body, MIN ((guint64) facts->length, figures->bytes[evidence->from_server]));
  gboolean short_of = facts->length >= 0 && facts->body < (guint64) facts->length;
  gboolean within = last != NULL && !told && last->offset + last->length > figures->bytes[evidence->from_server];
  gboolean ended_there = evidence->close.known && evidence->close.by_us == evidence->server;
  if (figures->reset[evidence->from_server])
    facts->end = facts->status > 0 ? "reset" : NULL;
  else if (figures->fin[evidence->from_server])
    facts->end = short_of || within ? "cut" : "complete";
  else if (ended_there && facts->status > 0)
    facts->end = "cut";
}

static void
read_goaway (QsEvidence *evidence, QsHttpFacts *facts)
{
  for (guint i = 0; i < qs_trace_get_n_http3 (evidence->trace); i++)
    {
      const QsHttp3Piece *piece = qs_trace_get_http3 (evidence->trace, i);
      if (piece->kind != QS_HTTP3_PIECE_FRAME || piece->type != QS_HTTP3_GOAWAY || piece->bytes == NULL ||
          piece->direction != evidence->from_server)
        continue;
      QsHttp3Frame frame;
      gsize at = 0;
      guint64 id;
      QsSpan bytes = QS_SPAN (g_bytes_get_data (piece->bytes, NULL), g_bytes_get_size (piece->bytes));
      if (!qs_http3_frame_parse (bytes, &at, &frame, NULL) || (at = 0, !qs_varint_read (frame.payload, &at, &id)))
        continue;
      facts->goaway = piece;
      facts->goaway_id = id; /* the last one counts: it may but fall (RFC 9114 section 5.2) */
    }
}

static void
read_http3 (QsEvidence *evidence, QsHttpFacts *facts)
{
  if (facts->stream < 0)
    facts->stream = find_request_stream (evidence);
  read_goaway (evidence, facts);
  if (facts->stream < 0)
    return;
  g_autoptr (GPtrArray) sent =
      qs_trace_list_http3 (evidence->trace, (guint64) facts->stream, evidence->from_client, 0, G_MAXINT64);
  g_autoptr (GPtrArray) pieces =
      qs_trace_list_http3 (evidence->trace, (guint64) facts->stream, evidence->from_server, 0, G_MAXINT64);
  if (sent != NULL)
    {
      const QsHttp3Piece *first = g_ptr_array_index (sent, 0);
      facts->asked = TRUE;
      facts->request_packet = first->packet;
    }
  for (guint i = 0; pieces != NULL && i < pieces->len; i++)
    {
      const QsHttp3Piece *piece = g_ptr_array_index (pieces, i);
      if (piece->kind == QS_HTTP3_PIECE_FRAME && piece->type == QS_HTTP3_HEADERS && piece->lines != NULL)
        take_lines (facts, piece);
    }
  if (pieces != NULL)
    read_http3_end (evidence, facts, pieces);
}

/* --- HTTP/1.x in TLS records --- */

typedef struct {
  QsHttp1Parser *parser;
  GByteArray *piece, *start;
  guint64 body;
  gboolean broken, whole;
  gint64 head_packet, last_packet, request_packet;
} Reader;

static gboolean
looks_like_request (GBytes *payload)
{
  static const char *const methods[] = { "GET ", "HEAD ", "POST ", "PUT ", "OPTIONS ", "DELETE " };
  gsize length;
  const char *data = g_bytes_get_data (payload, &length);

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (length > strlen (methods[i]) && memcmp (data, methods[i], strlen (methods[i])) == 0)
      return TRUE;
  return FALSE;
}

static void
read_payload (Reader *reader, GBytes *payload, guint index)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (payload, &length);
  gboolean had_head = qs_http1_parser_has_head (reader->parser);

  g_byte_array_set_size (reader->piece, 0);
  reader->broken = !qs_http1_parser_feed (reader->parser, data, length, reader->piece, NULL);
  reader->body += reader->piece->len;
  if (reader->start->len < MOST_START)
    g_byte_array_append (reader->start, reader->piece->data, MIN (reader->piece->len, MOST_START - reader->start->len));
  if (!had_head && qs_http1_parser_has_head (reader->parser))
    reader->head_packet = index;
  reader->last_packet = index;
}

static void
read_records (QsEvidence *evidence, Reader *reader)
{
  guint n = qs_trace_get_n_packets (evidence->trace), opened = 0, i = 0;

  for (; i < n && opened < MOST_RECORDS && !reader->broken; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i);
      if ((packet->frames & G_GUINT64_CONSTANT (1) << CONTENT_DATA) == 0 ||
          (packet->flags & QS_PACKET_DECRYPTED) == 0 || packet->payload_length == 0)
        continue;
      g_autoptr (GBytes) payload = qs_trace_dup_payload (evidence->trace, i);
      if (payload == NULL)
        break;
      opened++;
      if (packet->direction == evidence->from_server)
        {
          if (reader->request_packet >= 0)
            read_payload (reader, payload, i);
        }
      else if (reader->request_packet < 0 && looks_like_request (payload))
        reader->request_packet = i;
    }
  reader->whole = i == n;
}

static void
take_records (QsEvidence *evidence, QsHttpFacts *facts, Reader *reader)
{
  gboolean closed = evidence->close.known && evidence->close.by_us == evidence->server;

  facts->asked = reader->request_packet >= 0;
  facts->request_packet = reader->request_packet;
  facts->head_packet = reader->head_packet;
  facts->last_packet = reader->last_packet;
  facts->n_interim = (guint) MIN (qs_http1_parser_get_n_interim (reader->parser), G_MAXUINT);
  if (!qs_http1_parser_has_head (reader->parser))
    return;
  take_head (facts, qs_http1_parser_get_version (reader->parser), qs_http1_parser_get_status (reader->parser),
             g_strdupv ((char **) qs_http1_parser_get_headers (reader->parser)));
  facts->body = reader->body;
  facts->start = g_bytes_new (reader->start->data, reader->start->len);
  if (qs_http1_parser_is_complete (reader->parser))
    facts->end = "complete";
  else if (reader->whole && !reader->broken && closed && (facts->length >= 0 || facts->chunked))
    facts->end = "cut";
}

static void
read_http1 (QsEvidence *evidence, QsHttpFacts *facts)
{
  g_autoptr (QsHttp1Parser) parser = qs_http1_parser_new (TRUE);
  g_autoptr (GByteArray) piece = g_byte_array_new (), start = g_byte_array_new ();
  Reader reader = { parser, piece, start, 0, FALSE, FALSE, -1, -1, -1 };

  read_records (evidence, &reader);
  take_records (evidence, facts, &reader);
}

/* --- All of it --- */

void
qs_evidence_read_http (QsEvidence *evidence)
{
  QsHttpFacts *facts = &evidence->http;

  *facts = (QsHttpFacts){ .stream = -1, .length = -1, .asked_at = QS_NO_TIME };
  facts->request_packet = facts->head_packet = facts->last_packet = QS_NO_PACKET;
  facts->http3 = !evidence->tls && is_http3 (evidence);
  read_marks (evidence, facts);
  if (facts->http3)
    read_http3 (evidence, facts);
  else if (evidence->tls && facts->answer_mark == NULL && facts->end_mark == NULL && !evidence->live)
    read_http1 (evidence, facts);
}

void
qs_evidence_free_http (QsEvidence *evidence)
{
  g_free (evidence->http.version);
  g_strfreev (evidence->http.headers);
  g_clear_pointer (&evidence->http.start, g_bytes_unref);
}
