/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-qlog-http3.h"

#include <inttypes.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-qlog-parse.h"
#include "trace/qs-trace-http3.h"
#include "wire/qs-http3.h"
#include "wire/qs-packet.h"

#define MAX_TOLD (1u << 17)
#define MAX_NOTES 1000
#define MAX_FIELDS 512              /* of one frame */
#define NO_STREAM (G_MAXUINT64 / 4) /* instructions whose stream is not told: no stream has so high a number */

/* A piece, and when it was told of; packet: G_MAXUINT32 as long as none is known that carried it. */
typedef struct {
  QsHttp3Piece *piece;
  gint64 time;
  guint order;
} Told;

typedef struct {
  guint64 key;
  guint64 next;       /* offset of the next piece, by the lengths told */
  guint64 seen;       /* how far packets carried it */
  char **fields;      /* told of before their frame */
  GPtrArray *waiting; /* Told, not owned */
  guint done;         /* of these */
  guint32 last_packet;
} Stream;

struct _QsQlogHttp3 {
  QsTrace *trace;
  GPtrArray *told;     /* Told */
  GHashTable *streams; /* Stream, by its key */
  guint64 qpack[2][2]; /* QPACK's streams: by direction, encoder and decoder */
};

static void
told_free (Told *told)
{
  qs_http3_piece_free (told->piece);
  g_free (told);
}

static void
stream_free (Stream *stream)
{
  g_strfreev (stream->fields);
  g_ptr_array_unref (stream->waiting);
  g_free (stream);
}

QsQlogHttp3 *
qs_qlog_http3_new (QsTrace *trace)
{
  QsQlogHttp3 *self = g_new0 (QsQlogHttp3, 1);

  self->trace = g_object_ref (trace);
  self->told = g_ptr_array_new_with_free_func ((GDestroyNotify) told_free);
  self->streams = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, (GDestroyNotify) stream_free);
  for (guint i = 0; i < 4; i++)
    self->qpack[i / 2][i % 2] = NO_STREAM;
  return self;
}

static Stream *
find_stream (QsQlogHttp3 *self, guint64 id, QsDirection direction)
{
  guint64 key = id << 1 | direction;

  return g_hash_table_lookup (self->streams, &key);
}

static Stream *
ensure_stream (QsQlogHttp3 *self, guint64 id, QsDirection direction)
{
  Stream *stream = find_stream (self, id, direction);

  if (stream != NULL)
    return stream;
  stream = g_new0 (Stream, 1);
  stream->key = id << 1 | direction;
  stream->waiting = g_ptr_array_new ();
  stream->last_packet = G_MAXUINT32;
  g_hash_table_insert (self->streams, &stream->key, stream);
  return stream;
}

/* --- What is told --- */

static QsHttp3Piece *
add_piece (QsQlogHttp3 *self, Stream *stream, gint64 time, QsHttp3PieceKind kind, guint64 type, guint64 length)
{
  Told *told = g_new0 (Told, 1);

  told->time = time;
  told->order = self->told->len;
  told->piece = g_new0 (QsHttp3Piece, 1);
  *told->piece = (QsHttp3Piece){
    .stream = stream->key >> 1,
    .offset = stream->next,
    .length = MAX (length, 1),
    .type = type,
    .first_packet = G_MAXUINT32,
    .packet = G_MAXUINT32,
    .kind = kind,
    .direction = (QsDirection) (stream->key & 1),
    .told = TRUE,
  };
  stream->next += told->piece->length;
  g_ptr_array_add (stream->waiting, told);
  g_ptr_array_add (self->told, told);
  return told->piece;
}

static gboolean
get_stream_id (const QsQlogHttp3 *self, QsJson data, guint64 *id)
{
  return self->told->len < MAX_TOLD && qs_json_get_uint (data, "stream_id", id) && *id < NO_STREAM;
}

static const struct {
  const char *name;
  guint64 type;
} frame_types[] = {
  { "data", QS_HTTP3_DATA },
  { "headers", QS_HTTP3_HEADERS },
  { "cancel_push", QS_HTTP3_CANCEL_PUSH },
  { "settings", QS_HTTP3_SETTINGS },
  { "push_promise", QS_HTTP3_PUSH_PROMISE },
  { "goaway", QS_HTTP3_GOAWAY },
  { "origin", 0x0c },
  { "max_push_id", QS_HTTP3_MAX_PUSH_ID },
  { "priority_update", QS_HTTP3_PRIORITY_UPDATE_REQUEST },
};

static gboolean
read_frame_type (QsJson frame, guint64 *type)
{
  const char *name = qs_json_get_string (frame, "frame_type");

  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (frame_types); i++)
    {
      if (g_ascii_strcasecmp (frame_types[i].name, name) == 0)
        {
          *type = frame_types[i].type;
          return TRUE;
        }
    }
  return qs_json_get_uint (frame, "raw_frame_type", type) || qs_json_get_uint (frame, "frame_type_bytes", type) ||
         qs_json_get_uint (frame, "frame_type_value", type);
}

static guint64
varint_length (guint64 value)
{
  guint8 bytes[8];

  return qs_varint_write (MIN (value, (G_GUINT64_CONSTANT (1) << 62) - 1), bytes);
}

/* Of its payload "length" and "payload_length" tell; of all of it "raw"'s "length". */
static guint64
read_length (QsJson data, QsJson frame, guint64 type)
{
  QsJson raw = qs_json_get (data, "raw"), inner = qs_json_get (frame, "raw");
  guint64 length = 0, whole = 0;

  gboolean known = qs_json_get_uint (raw, "payload_length", &length) ||
                   qs_json_get_uint (inner, "payload_length", &length) || qs_json_get_uint (data, "length", &length) ||
                   qs_json_get_uint (frame, "length", &length);
  if (qs_json_get_uint (raw, "length", &whole) || qs_json_get_uint (inner, "length", &whole))
    length = known && whole > length ? whole : whole + 2;
  else
    length += varint_length (type) + varint_length (length);
  return MIN (length, G_MAXUINT32);
}

/* Names and values in turn, escaped; NULL when none are told. */
static char **
read_fields (QsJson object)
{
  static const char *const names[] = { "headers", "header_fields", "fields" };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  QsJson array = QS_JSON_NONE;
  guint n = 0;

  for (guint i = 0; !qs_json_is_array (array) && i < G_N_ELEMENTS (names); i++)
    array = qs_json_get (object, names[i]);
  for (QsJson field = qs_json_first (array); qs_json_is_there (field) && n < MAX_FIELDS;
       field = qs_json_next (array, field))
    {
      const char *name = qs_json_get_string (field, "name"), *value = qs_json_get_string (field, "value");

      if (name == NULL)
        continue;
      g_autofree char *safe_name = qs_text_escape (name, -1);
      g_autofree char *safe_value = qs_text_escape (value != NULL ? value : "", -1);
      g_strv_builder_add_many (builder, safe_name, safe_value, NULL);
      n++;
    }
  return n > 0 ? g_strv_builder_end (builder) : NULL;
}

/* RFC 9114 section 7.2.6: a GOAWAY is the number in it, of which its bytes can be made. */
static GBytes *
make_goaway (QsJson frame)
{
  guint64 id;

  if (!qs_json_get_uint (frame, "id", &id) && !qs_json_get_uint (frame, "stream_id", &id))
    return NULL;
  GByteArray *bytes = g_byte_array_new ();
  qs_http3_number_frame_write (bytes, QS_HTTP3_GOAWAY, MIN (id, (G_GUINT64_CONSTANT (1) << 62) - 1));
  return g_byte_array_free_to_bytes (bytes);
}

void
qs_qlog_http3_add_frame (QsQlogHttp3 *self, gint64 time, QsJson data, QsDirection direction)
{
  QsJson frame = qs_json_get (data, "frame");
  guint64 id, type;

  if (!get_stream_id (self, data, &id) || !read_frame_type (frame, &type))
    return;
  Stream *stream = ensure_stream (self, id, direction);
  if ((id & 2) != 0 && stream->next == 0)
    stream->next = 1; /* its type, RFC 9114 section 6.2 */
  QsHttp3Piece *piece = add_piece (self, stream, time, QS_HTTP3_PIECE_FRAME, type, read_length (data, frame, type));
  if (type == QS_HTTP3_GOAWAY)
    piece->bytes = make_goaway (frame);
  if (type != QS_HTTP3_HEADERS && type != QS_HTTP3_PUSH_PROMISE)
    return;
  piece->lines = read_fields (frame);
  if (piece->lines == NULL)
    piece->lines = g_steal_pointer (&stream->fields);
}

static const struct {
  const char *name;
  guint64 type;
} stream_types[] = {
  { "control", QS_HTTP3_STREAM_CONTROL },
  { "push", QS_HTTP3_STREAM_PUSH },
  { "qpack_encode", QS_HTTP3_STREAM_QPACK_ENCODER },
  { "qpack_encoder", QS_HTTP3_STREAM_QPACK_ENCODER },
  { "qpack_decode", QS_HTTP3_STREAM_QPACK_DECODER },
  { "qpack_decoder", QS_HTTP3_STREAM_QPACK_DECODER },
};

/* RFC 9000 section 2.1: a stream's number tells which end's it is; a log's vantage which end this is. */
static QsDirection
direction_of_uni (const QsQlogHttp3 *self, guint64 id)
{
  gboolean by_server = (id & 1) != 0, is_server = qs_trace_get_vantage (self->trace) == QS_VANTAGE_SERVER;

  return by_server == is_server ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
}

void
qs_qlog_http3_add_stream_type (QsQlogHttp3 *self, gint64 time, QsJson data)
{
  const char *name = qs_json_get_string (data, "stream_type");
  guint64 id;

  if (name == NULL)
    name = qs_json_get_string (data, "new");
  if (name == NULL || !get_stream_id (self, data, &id) || (id & 2) == 0)
    return;
  QsDirection direction = direction_of_uni (self, id);
  for (guint i = 0; i < G_N_ELEMENTS (stream_types); i++)
    {
      guint64 type = stream_types[i].type;

      if (g_ascii_strcasecmp (stream_types[i].name, name) != 0)
        continue;
      Stream *stream = ensure_stream (self, id, direction);
      if (stream->next == 0)
        add_piece (self, stream, time, QS_HTTP3_PIECE_STREAM_TYPE, type, 1);
      if (type == QS_HTTP3_STREAM_QPACK_ENCODER || type == QS_HTTP3_STREAM_QPACK_DECODER)
        self->qpack[direction][type == QS_HTTP3_STREAM_QPACK_DECODER] = id;
      return;
    }
}

/* By the first byte of each, RFC 9204 sections 4.3 and 4.4. */
static const struct {
  const char *name;
  gboolean decoder;
  guint8 first;
} instructions[] = {
  { "set_dynamic_table_capacity", FALSE, 0x20 },
  { "insert_with_name_reference", FALSE, 0x80 },
  { "insert_without_name_reference", FALSE, 0x40 },
  { "insert_with_literal_name", FALSE, 0x40 },
  { "duplicate", FALSE, 0x00 },
  { "header_acknowledgement", TRUE, 0x80 },
  { "section_acknowledgement", TRUE, 0x80 },
  { "section_acknowledgment", TRUE, 0x80 },
  { "stream_cancellation", TRUE, 0x40 },
  { "insert_count_increment", TRUE, 0x00 },
};

void
qs_qlog_http3_add_instruction (QsQlogHttp3 *self, gint64 time, QsJson data, QsDirection direction)
{
  QsJson instruction = qs_json_get (data, "instruction");
  const char *name = qs_json_get_string (instruction, "instruction_type");
  guint64 length = 1;

  if (name == NULL)
    name = qs_json_get_string (instruction, "type");
  if (!qs_json_get_uint (data, "length", &length))
    qs_json_get_uint (qs_json_get (data, "raw"), "length", &length);
  for (guint i = 0; name != NULL && self->told->len < MAX_TOLD && i < G_N_ELEMENTS (instructions); i++)
    {
      gboolean decoder = instructions[i].decoder;

      if (g_ascii_strcasecmp (instructions[i].name, name) != 0)
        continue;
      add_piece (self, ensure_stream (self, self->qpack[direction][decoder], direction), time,
                 decoder ? QS_HTTP3_PIECE_DECODER : QS_HTTP3_PIECE_ENCODER, instructions[i].first,
                 MIN (length, G_MAXUINT32));
      return;
    }
}

void
qs_qlog_http3_add_fields (QsQlogHttp3 *self, QsJson data, QsDirection direction)
{
  g_auto (GStrv) fields = read_fields (data);
  guint64 id;

  if (fields == NULL || !get_stream_id (self, data, &id))
    return;
  Stream *stream = ensure_stream (self, id, direction);
  const Told *last = stream->waiting->len > 0 ? stream->waiting->pdata[stream->waiting->len - 1] : NULL;
  char ***place = last != NULL && last->piece->type == QS_HTTP3_HEADERS && last->piece->lines == NULL
                      ? &last->piece->lines
                      : &stream->fields;
  g_strfreev (*place);
  *place = g_steal_pointer (&fields);
}

/* --- Which packets carried it --- */

static void
carry (Stream *stream, const QsFrame *frame, guint32 packet)
{
  stream->seen = MAX (stream->seen, frame->stream_offset + frame->data.length);
  stream->last_packet = packet;
  for (; stream->done < stream->waiting->len; stream->done++)
    {
      QsHttp3Piece *piece = ((Told *) stream->waiting->pdata[stream->done])->piece;
      guint64 needed =
          piece->offset + (piece->kind == QS_HTTP3_PIECE_FRAME && piece->type == QS_HTTP3_DATA ? 1 : piece->length);

      if (piece->first_packet == G_MAXUINT32 && stream->seen > piece->offset)
        piece->first_packet = packet;
      if (stream->seen < needed && !frame->fin)
        return;
      piece->packet = packet;
    }
}

static void
carry_all (QsQlogHttp3 *self, guint32 index)
{
  const QsPacket *packet = qs_trace_get_packet (self->trace, index);
  g_autoptr (GBytes) payload = NULL;

  if ((packet->frames & G_GUINT64_CONSTANT (1) << QS_FRAME_STREAM) == 0 || (packet->flags & QS_PACKET_DUPLICATE) != 0)
    return;
  g_autoptr (GArray) frames = qs_trace_dup_frames (self->trace, index, &payload);
  for (guint i = 0; i < frames->len; i++)
    {
      const QsFrame *frame = &g_array_index (frames, QsFrame, i);
      Stream *stream = qs_frame_base_type (frame->type) == QS_FRAME_STREAM && frame->stream_id < NO_STREAM
                           ? find_stream (self, frame->stream_id, packet->direction)
                           : NULL;
      if (stream != NULL)
        carry (stream, frame, index);
    }
}

/* The lengths told may be a few bytes off: what is left of a stream came with the last of it that was seen. */
static void
carry_rest (Stream *stream)
{
  for (guint i = 0; i < stream->waiting->len; i++)
    {
      QsHttp3Piece *piece = ((Told *) stream->waiting->pdata[i])->piece;

      if (piece->packet == G_MAXUINT32)
        piece->packet = stream->last_packet;
      if (piece->first_packet == G_MAXUINT32)
        piece->first_packet = piece->packet;
    }
}

static int
compare_told (gconstpointer a, gconstpointer b)
{
  const Told *left = *(const Told *const *) a, *right = *(const Told *const *) b;

  if (left->piece->packet != right->piece->packet)
    return left->piece->packet < right->piece->packet ? -1 : 1;
  return left->order < right->order ? -1 : left->order > right->order;
}

static void
add_note (QsQlogHttp3 *self, const Told *told)
{
  const QsHttp3Piece *piece = told->piece;
  g_autofree char *what = qs_http3_piece_describe (piece);
  QsMark mark = { .kind = QS_MARK_NOTE,
                  .name = "http3",
                  .stream = piece->stream < NO_STREAM ? (gint64) piece->stream : -1 };

  if (piece->stream >= NO_STREAM)
    mark.text = g_strdup (what);
  else
    /* Translators: a frame and the stream that it is on: "HEADERS GET /, on stream 4" */
    mark.text = g_strdup_printf (_ ("%s, on stream %" PRIu64), what, piece->stream);
  qs_trace_add_mark_full (self->trace, told->time, &mark);
}

void
qs_qlog_http3_finish (QsQlogHttp3 *self)
{
  GHashTableIter iter;
  gpointer stream;
  guint n = self->told->len > 0 ? qs_trace_get_n_packets (self->trace) : 0, n_notes = 0;

  for (guint32 i = 0; i < n; i++)
    carry_all (self, i);
  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, NULL, &stream))
    carry_rest (stream);
  g_ptr_array_sort (self->told, compare_told);
  for (guint i = 0; i < self->told->len; i++)
    {
      Told *told = self->told->pdata[i];

      if (told->piece->packet != G_MAXUINT32)
        qs_trace_add_http3 (self->trace, g_steal_pointer (&told->piece));
      else if (n_notes++ < MAX_NOTES)
        add_note (self, told);
    }
  qs_qlog_http3_free (self);
}

void
qs_qlog_http3_free (QsQlogHttp3 *self)
{
  g_hash_table_unref (self->streams);
  g_ptr_array_unref (self->told);
  g_object_unref (self->trace);
  g_free (self);
}
