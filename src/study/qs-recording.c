/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-recording.h"

#include <string.h>

#include "dissect/qs-http1-parser.h"
#include "trace/qs-metrics.h"
#include "trace/qs-trace-http3.h"
#include "wire/qs-http3.h"

#define RESETS (G_GUINT64_CONSTANT (1) << QS_FRAME_RESET_STREAM)
#define APPLICATION_DATA (G_GUINT64_CONSTANT (1) << 23) /* a TLS record's content type */
#define MAX_RESETS 10000
/* Framing that a body of the limit may have around it. */
#define FRAMING (16 * 1024)

/* The codes that a stream was reset with. */
typedef struct {
  gint64 codes[2]; /* by QsDirection: who reset; -1: nobody */
} Resets;

struct _QsRecording {
  QsTrace *trace;
  QsDissector *dissector; /* NULL: there are no bytes */
  GHashTable *resets;     /* gint64 * -> Resets */
  GArray *records;        /* guint32: TLS records with application data */
  guint64 tcp_bytes[2];   /* by QsDirection */
  guint n_seen;           /* packets */
};

/* --- What packets tell ------------------------------------------------------------------------ */

static void
take_reset (QsRecording *self, const QsFrame *frame, guint direction)
{
  gint64 id = (gint64) frame->stream_id;
  Resets *resets = g_hash_table_lookup (self->resets, &id);

  if (resets == NULL)
    {
      resets = g_new (Resets, 1);
      *resets = (Resets){ { -1, -1 } };
      g_hash_table_insert (self->resets, g_memdup2 (&id, sizeof id), resets);
    }
  resets->codes[direction] = (gint64) frame->error_code;
}

static void
take_resets (QsRecording *self, guint index)
{
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (self->trace, index, &payload);
  guint direction = qs_trace_get_packet (self->trace, index)->direction;

  for (guint i = 0; i < frames->len; i++)
    if (g_array_index (frames, QsFrame, i).type == QS_FRAME_RESET_STREAM)
      take_reset (self, &g_array_index (frames, QsFrame, i), direction);
}

static void
catch_up (QsRecording *self)
{
  for (guint n = qs_trace_get_n_packets (self->trace); self->n_seen < n; self->n_seen++)
    {
      const QsPacket *packet = qs_trace_get_packet (self->trace, self->n_seen);

      if (packet->type == QS_PACKET_TLS_RECORD)
        {
          if ((packet->frames & APPLICATION_DATA) == 0 || (packet->flags & QS_PACKET_DECRYPTED) == 0)
            continue;
          g_array_append_val (self->records, self->n_seen);
          self->tcp_bytes[packet->direction] += packet->payload_length;
        }
      else if ((packet->frames & RESETS) != 0 && g_hash_table_size (self->resets) < MAX_RESETS)
        take_resets (self, self->n_seen);
    }
}

static gboolean
is_tcp (QsRecording *self)
{
  return qs_trace_get_n_packets (self->trace) > 0 && qs_trace_get_packet (self->trace, 0)->type == QS_PACKET_TLS_RECORD;
}

static gboolean
own_is_client (QsRecording *self)
{
  return qs_trace_get_vantage (self->trace) != QS_VANTAGE_SERVER;
}

/* --- Streams ---------------------------------------------------------------------------------- */

static QsStreamState
state_of (gboolean wrong_direction, gboolean reset, QsStreamState reset_state, gboolean fin, gboolean closed)
{
  if (wrong_direction)
    return QS_STREAM_WRONG_DIR;
  if (reset)
    return reset_state;
  if (fin)
    return QS_STREAM_FINISHED;
  return closed ? QS_STREAM_CONN_CLOSED : QS_STREAM_OK;
}

static QsRecordedStream *
make_stream (QsRecording *self, const QsStreamFigures *figures, gboolean closed)
{
  QsRecordedStream *stream = g_new0 (QsRecordedStream, 1);
  gint64 id = (gint64) figures->id;
  const Resets *resets = g_hash_table_lookup (self->resets, &id);

  /* RFC 9000, section 2.1: the two lowest bits of an id. */
  stream->id = id;
  stream->bidirectional = (id & 2) == 0;
  stream->by_client = (id & 1) == 0;
  gboolean by_own = stream->by_client == own_is_client (self);
  stream->sent = figures->bytes[QS_DIRECTION_SENT];
  stream->received = figures->bytes[QS_DIRECTION_RECEIVED];
  stream->read_state = state_of (!stream->bidirectional && by_own, figures->reset[QS_DIRECTION_RECEIVED],
                                 QS_STREAM_RESET_REMOTE, figures->fin[QS_DIRECTION_RECEIVED], closed);
  stream->write_state = state_of (!stream->bidirectional && !by_own, figures->reset[QS_DIRECTION_SENT],
                                  QS_STREAM_RESET_LOCAL, figures->fin[QS_DIRECTION_SENT], closed);
  stream->read_error = resets != NULL ? resets->codes[QS_DIRECTION_RECEIVED] : -1;
  stream->write_error = resets != NULL ? resets->codes[QS_DIRECTION_SENT] : -1;
  return stream;
}

static QsRecordedStream *
make_tcp_stream (QsRecording *self, gboolean closed)
{
  QsRecordedStream *stream = g_new0 (QsRecordedStream, 1);

  stream->bidirectional = stream->by_client = TRUE;
  stream->read_state = stream->write_state = closed ? QS_STREAM_CONN_CLOSED : QS_STREAM_OK;
  stream->read_error = stream->write_error = -1;
  stream->sent = self->tcp_bytes[QS_DIRECTION_SENT];
  stream->received = self->tcp_bytes[QS_DIRECTION_RECEIVED];
  return stream;
}

GPtrArray *
qs_recording_list_streams (QsRecording *self, gboolean closed, guint *n_all)
{
  g_return_val_if_fail (self != NULL && n_all != NULL, NULL);

  GPtrArray *streams = g_ptr_array_new_with_free_func (g_free);

  catch_up (self);
  if (is_tcp (self))
    {
      if (self->records->len > 0)
        g_ptr_array_add (streams, make_tcp_stream (self, closed));
      *n_all = streams->len;
      return streams;
    }
  g_autoptr (GPtrArray) all = qs_metrics_list_streams (qs_trace_get_metrics (self->trace));
  *n_all = all->len;
  for (guint i = 0; i < MIN (all->len, QS_RECORDING_MAX_STREAMS); i++)
    g_ptr_array_add (streams, make_stream (self, g_ptr_array_index (all, i), closed));
  return streams;
}

/* --- Bytes ------------------------------------------------------------------------------------ */

static GBytes *
dup_tcp (QsRecording *self, QsDirection direction, gsize limit)
{
  GByteArray *bytes = g_byte_array_new ();

  for (guint i = 0; i < self->records->len && bytes->len < limit; i++)
    {
      guint index = g_array_index (self->records, guint32, i);
      g_autoptr (GBytes) payload = NULL;
      gsize length;

      if (qs_trace_get_packet (self->trace, index)->direction != direction)
        continue;
      payload = qs_trace_dup_payload (self->trace, index);
      const guint8 *data = payload != NULL ? g_bytes_get_data (payload, &length) : NULL;
      if (data == NULL)
        break; /* what comes behind a gap would be taken for what is missing */
      g_byte_array_append (bytes, data, (guint) MIN (length, limit - bytes->len));
    }
  return g_byte_array_free_to_bytes (bytes);
}

GBytes *
qs_recording_dup_stream (QsRecording *self, gint64 id, QsDirection direction, gsize limit)
{
  g_return_val_if_fail (self != NULL && id >= 0, NULL);

  catch_up (self);
  if (is_tcp (self))
    return dup_tcp (self, direction, limit);
  if (self->dissector == NULL)
    return g_bytes_new (NULL, 0);
  return qs_dissector_dup_stream (self->dissector, (guint64) id, direction, limit, NULL);
}

/* --- The answer -------------------------------------------------------------------------------- */

/* A request goes over a stream that the client opened, in both directions: the first that was answered. */
static const QsStreamFigures *
find_request (QsRecording *self, QsDirection direction)
{
  g_autoptr (GPtrArray) all = qs_metrics_list_streams (qs_trace_get_metrics (self->trace));

  for (guint i = 0; i < all->len; i++)
    {
      const QsStreamFigures *figures = g_ptr_array_index (all, i);

      if ((figures->id & 3) == 0 && figures->bytes[direction] > 0)
        return figures;
    }
  return NULL;
}

/* Pseudo-header fields come first (RFC 9114 section 4.3); a 1xx answer is followed by the final one. */
static void
take_fields (QsRecordedAnswer *answer, char **lines)
{
  g_autoptr (GPtrArray) headers = g_ptr_array_new ();
  guint status = 0;

  for (guint i = 0; lines[i] != NULL && lines[i + 1] != NULL; i += 2)
    if (g_str_equal (lines[i], ":status"))
      status = (guint) g_ascii_strtoull (lines[i + 1], NULL, 10);
    else
      {
        g_ptr_array_add (headers, g_strdup (lines[i]));
        g_ptr_array_add (headers, g_strdup (lines[i + 1]));
      }
  g_ptr_array_add (headers, NULL);
  char **strings = (char **) g_ptr_array_steal (headers, NULL);
  if (status != 0)
    {
      answer->status = status;
      g_strfreev (answer->headers);
      answer->headers = strings;
    }
  else
    g_strfreev (strings); /* trailers */
}

static void
read_http3 (QsRecording *self, QsRecordedAnswer *answer, guint64 id, QsDirection direction, GBytes *bytes)
{
  g_autoptr (GPtrArray) pieces = qs_trace_list_http3 (self->trace, id, direction, 0, G_MAXINT64);
  GByteArray *body = g_byte_array_new ();
  gsize length, at = 0;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  QsHttp3Frame frame;

  answer->version = g_strdup ("3");
  for (guint i = 0; pieces != NULL && i < pieces->len; i++)
    {
      const QsHttp3Piece *piece = g_ptr_array_index (pieces, i);

      if (piece->kind == QS_HTTP3_PIECE_FRAME && piece->type == QS_HTTP3_HEADERS && piece->lines != NULL)
        take_fields (answer, piece->lines);
    }
  while (at < length && qs_http3_frame_parse (QS_SPAN (data, length), &at, &frame, NULL))
    if (frame.type == QS_HTTP3_DATA)
      g_byte_array_append (body, frame.payload.data, (guint) frame.payload.length);
  answer->body = g_byte_array_free_to_bytes (body);
}

static void
read_http1 (QsRecordedAnswer *answer, gboolean has_head, GBytes *bytes)
{
  g_autoptr (QsHttp1Parser) parser = qs_http1_parser_new (has_head);
  GByteArray *body = g_byte_array_new ();
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  qs_http1_parser_feed (parser, data, length, body, NULL);
  answer->version = g_strdup (qs_http1_parser_get_version (parser));
  answer->status = qs_http1_parser_get_status (parser);
  answer->headers = g_strdupv ((char **) qs_http1_parser_get_headers (parser));
  if (answer->version != NULL)
    answer->body = g_byte_array_free_to_bytes (body);
  else
    g_byte_array_unref (body); /* no such answer: then it is shown as it came */
}

static void
read_answer (QsRecording *self, QsRecordedAnswer *answer, const char *alpn, gint64 id, QsDirection direction,
             gsize limit)
{
  g_autoptr (GBytes) bytes = qs_recording_dup_stream (self, id, direction, limit + FRAMING);

  answer->has_bytes = g_bytes_get_size (bytes) > 0;
  if (g_strcmp0 (alpn, "h3") == 0 || (alpn == NULL && qs_trace_get_n_http3 (self->trace) > 0))
    read_http3 (self, answer, (guint64) id, direction, bytes);
  else if (answer->has_bytes && alpn != NULL && g_str_has_prefix (alpn, "http/1."))
    read_http1 (answer, TRUE, bytes);
  else if (g_strcmp0 (alpn, "hq-interop") == 0 || g_strcmp0 (alpn, "http/0.9") == 0)
    answer->version = g_strdup ("0.9");
  if (answer->body == NULL)
    answer->body = g_bytes_ref (bytes);

  gsize size = g_bytes_get_size (answer->body);
  if (g_bytes_get_size (bytes) >= answer->length)
    answer->length = size; /* all that came is here */
  if (size > limit)
    {
      GBytes *first = g_bytes_new_from_bytes (answer->body, 0, limit);
      g_bytes_unref (answer->body);
      answer->body = first;
    }
}

QsRecordedAnswer *
qs_recording_dup_answer (QsRecording *self, const char *alpn, gsize limit)
{
  g_return_val_if_fail (self != NULL, NULL);

  QsDirection direction = own_is_client (self) ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;
  const QsStreamFigures *figures = is_tcp (self) ? NULL : find_request (self, direction);

  catch_up (self);
  guint64 length = figures != NULL ? figures->bytes[direction] : self->tcp_bytes[direction];
  if (length == 0)
    return NULL;
  QsRecordedAnswer *answer = g_new0 (QsRecordedAnswer, 1);
  answer->length = length;
  read_answer (self, answer, alpn, figures != NULL ? (gint64) figures->id : 0, direction, limit);
  return answer;
}

void
qs_recorded_answer_free (QsRecordedAnswer *answer)
{
  g_free (answer->version);
  g_strfreev (answer->headers);
  g_bytes_unref (answer->body);
  g_free (answer);
}

/* --- Construction ------------------------------------------------------------------------------ */

QsRecording *
qs_recording_new (QsTrace *trace)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  QsRecording *self = g_new0 (QsRecording, 1);
  self->trace = g_object_ref (trace);
  self->resets = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  self->records = g_array_new (FALSE, FALSE, sizeof (guint32));
  return self;
}

void
qs_recording_free (QsRecording *self)
{
  g_clear_object (&self->dissector);
  g_hash_table_unref (self->resets);
  g_array_unref (self->records);
  g_object_unref (self->trace);
  g_free (self);
}

void
qs_recording_set_dissector (QsRecording *self, QsDissector *dissector)
{
  g_return_if_fail (self != NULL && QS_IS_DISSECTOR (dissector));

  g_set_object (&self->dissector, dissector);
}

void
qs_recording_look_again (QsRecording *self)
{
  g_return_if_fail (self != NULL);

  self->n_seen = 0;
  g_hash_table_remove_all (self->resets);
  g_array_set_size (self->records, 0);
  memset (self->tcp_bytes, 0, sizeof self->tcp_bytes);
}
