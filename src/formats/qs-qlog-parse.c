/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames out of qlog's JSON: the way back of qs-qlog-frames.c, by the same table. */
#include <string.h>

#include "formats/qs-json.h"
#include "formats/qs-qlog-parse.h"
#include "formats/qs-qlog-private.h"

#define MAX_ACK_RANGES 4096
#define MAX_HEX 4096 /* bytes of a token or a reason that are kept */

typedef struct {
  guint64 smallest, largest;
} Range;

void
qs_qlog_parse_hex (const char *digits, GByteArray *out)
{
  guint start = out->len;

  for (; digits[0] != '\0' && digits[1] != '\0' && out->len - start < MAX_HEX; digits += 2)
    {
      int high = g_ascii_xdigit_value (digits[0]), low = g_ascii_xdigit_value (digits[1]);

      if (high < 0 || low < 0)
        break;
      guint8 byte = (guint8) (high << 4 | low);
      g_byte_array_append (out, &byte, 1);
    }
}

/* The bytes live in scratch until the next frame. */
static QsSpan
read_hex (const char *digits, GByteArray *scratch)
{
  guint start = scratch->len;

  qs_qlog_parse_hex (digits, scratch);
  return QS_SPAN (GUINT_TO_POINTER (start), scratch->len - start);
}

/* A member's hex digits: as a string, or in an object {"raw":…}, {"data":…} (tokens have been both). */
static const char *
find_hex (QsJson object, const char *name)
{
  const char *digits = qs_json_get_string (object, name);
  QsJson inner = qs_json_get (object, name);

  if (digits == NULL)
    digits = qs_json_get_string (inner, "data");
  if (digits == NULL)
    digits = qs_json_get_string (inner, "raw");
  if (digits == NULL)
    digits = qs_json_get_string (qs_json_get (inner, "raw"), "data");
  return digits;
}

/* Newer schemas put a frame's length into "raw". */
static gboolean
find_length (QsJson object, const char *name, guint64 *length)
{
  if (qs_json_get_uint (object, name, length))
    return TRUE;
  if (strcmp (name, "length") != 0)
    return FALSE;
  QsJson raw = qs_json_get (object, "raw");
  return qs_json_get_uint (object, "payload_length", length) || qs_json_get_uint (raw, "payload_length", length) ||
         qs_json_get_uint (raw, "length", length);
}

static gboolean
has_hex (const QsQlogFrame *row, gsize offset)
{
  for (guint i = 0; i < QS_QLOG_MAX_FIELDS && row->fields[i].name != NULL; i++)
    {
      if (row->fields[i].kind == QS_QLOG_HEX && row->fields[i].offset == offset)
        return TRUE;
    }
  return row->type == QS_FRAME_CONNECTION_CLOSE || row->type == QS_FRAME_CONNECTION_CLOSE_APP;
}

/* Members by the names that other drafts and programs (mvfst) have for them. */
static const struct {
  const char *name, *other;
} other_members[] = {
  { "stream_id", "id" },
  { "maximum", "maximum_data" },
  { "maximum", "max_streams" },
  { "maximum", "maximum_streams" },
  { "limit", "data_limit" },
  { "limit", "stream_limit" },
  { "sequence_number", "sequence" },
  { "final_size", "offset" },
};

static void
read_uint (QsJson object, const char *name, guint64 *value)
{
  gboolean found = qs_json_get_uint (object, name, value);

  for (guint i = 0; !found && i < G_N_ELEMENTS (other_members); i++)
    found = strcmp (other_members[i].name, name) == 0 && qs_json_get_uint (object, other_members[i].other, value);
}

static void
read_field (QsJson object, const QsQlogFrame *row, const QsQlogField *field, QsFrame *frame, GByteArray *scratch)
{
  void *member = (guint8 *) frame + field->offset;
  QsSpan *span = member;
  const char *digits;
  guint64 number = 0;

  switch (field->kind)
    {
    case QS_QLOG_UINT:
      read_uint (object, field->name, member);
      break;
    case QS_QLOG_UINT32:
      if (find_length (object, field->name, &number))
        *(guint32 *) member = (guint32) MIN (number, 65535);
      break;
    case QS_QLOG_BOOL:
      *(gboolean *) member = qs_json_get_bool (object, field->name);
      break;
    case QS_QLOG_LENGTH:
      /* A length beside the bytes themselves tells nothing, and could be a lie. */
      if (!has_hex (row, field->offset) && find_length (object, field->name, &number))
        span->length = MIN (number, G_MAXUINT32);
      break;
    case QS_QLOG_HEX:
    default:
      digits = find_hex (object, field->name);
      if (digits != NULL)
        *span = read_hex (digits, scratch);
      break;
    }
}

/* --- ACK --- */

static int
compare_ranges (gconstpointer a, gconstpointer b)
{
  const Range *left = a, *right = b;

  return left->largest > right->largest ? -1 : left->largest < right->largest;
}

/* [from, to], [one], or a number alone. */
static gboolean
read_range (QsJson value, Range *range)
{
  QsJson first = qs_json_first (value);

  if (!qs_json_is_array (value))
    first = value;
  if (!qs_json_uint (first, &range->smallest))
    return FALSE;
  range->largest = range->smallest;
  if (qs_json_is_array (value))
    {
      QsJson second = qs_json_next (value, first);

      if (qs_json_is_there (second) && !qs_json_uint (second, &range->largest))
        return FALSE;
    }
  return range->smallest <= range->largest && range->largest < G_GUINT64_CONSTANT (1) << 62;
}

static void
put_varint (GByteArray *out, guint64 value)
{
  guint8 bytes[8];

  g_byte_array_append (out, bytes, (guint) qs_varint_write (MIN (value, (G_GUINT64_CONSTANT (1) << 62) - 1), bytes));
}

/* As RFC 9000 section 19.3.1 encodes them: highest first, gaps and lengths. Touching and overlapping ones join. */
static void
encode_ranges (GArray *ranges, QsFrame *frame, GByteArray *scratch)
{
  Range current = g_array_index (ranges, Range, 0);
  guint start = scratch->len;
  guint64 previous = 0; /* the smallest of the one before */
  gboolean first = TRUE;

  frame->ack.largest = current.largest;
  for (guint i = 1; i <= ranges->len; i++)
    {
      const Range *next = i < ranges->len ? &g_array_index (ranges, Range, i) : NULL;

      if (next != NULL && next->largest + 1 >= current.smallest)
        {
          current.smallest = MIN (current.smallest, next->smallest);
          continue;
        }
      if (first)
        frame->ack.first_range = current.largest - current.smallest;
      else
        {
          put_varint (scratch, previous - current.largest - 2);
          put_varint (scratch, current.largest - current.smallest);
          frame->ack.range_count++;
        }
      first = FALSE;
      previous = current.smallest;
      if (next != NULL)
        current = *next;
    }
  frame->ack.ranges = QS_SPAN (GUINT_TO_POINTER (start), scratch->len - start);
}

static gboolean
read_ack (QsJson object, double ms_per_unit, QsFrame *frame, GByteArray *scratch)
{
  QsJson array = qs_json_get (object, "acked_ranges");
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (Range));
  double delay = 0;
  Range range;

  for (QsJson value = qs_json_first (array); qs_json_is_there (value) && ranges->len < MAX_ACK_RANGES;
       value = qs_json_next (array, value))
    {
      if (read_range (value, &range))
        g_array_append_val (ranges, range);
    }
  if (ranges->len == 0)
    return FALSE;
  g_array_sort (ranges, compare_ranges);
  encode_ranges (ranges, frame, scratch);
  if (qs_json_get_double (object, "ack_delay", &delay)) /* milliseconds */
    frame->ack.delay = (guint64) (CLAMP (delay * ms_per_unit, 0, 1e9) * 1000) >> QS_QLOG_ACK_DELAY_EXPONENT;
  gboolean counts = qs_json_get_uint (object, "ce", &frame->ack.ce) |
                    qs_json_get_uint (object, "ect0", &frame->ack.ect0) |
                    qs_json_get_uint (object, "ect1", &frame->ack.ect1);
  if (counts)
    frame->type |= 1;
  return TRUE;
}

/* --- CONNECTION_CLOSE --- */

static const struct {
  const char *name;
  guint64 code;
} error_names[] = {
  { "no_error", 0x0 },
  { "internal_error", 0x1 },
  { "connection_refused", 0x2 },
  { "flow_control_error", 0x3 },
  { "stream_limit_error", 0x4 },
  { "stream_state_error", 0x5 },
  { "final_size_error", 0x6 },
  { "frame_encoding_error", 0x7 },
  { "transport_parameter_error", 0x8 },
  { "connection_id_limit_error", 0x9 },
  { "protocol_violation", 0xa },
  { "invalid_token", 0xb },
  { "application_error", 0xc },
  { "crypto_buffer_exceeded", 0xd },
  { "key_update_error", 0xe },
  { "aead_limit_reached", 0xf },
  { "no_viable_path", 0x10 },
};

/* A number, or a name: those of RFC 9000 section 20.1, or "crypto_error_0x178". */
guint64
qs_qlog_parse_error_code (QsJson object, const char *raw_name, const char *name)
{
  const char *text = qs_json_get_string (object, name);
  guint64 code = 0;

  if (qs_json_get_uint (object, raw_name, &code) || qs_json_get_uint (object, name, &code) || text == NULL)
    return code;
  for (guint i = 0; i < G_N_ELEMENTS (error_names); i++)
    {
      if (strcmp (error_names[i].name, text) == 0)
        return error_names[i].code;
    }
  const char *hex = strstr (text, "0x");
  if (hex != NULL)
    g_ascii_string_to_unsigned (hex + 2, 16, 0, G_MAXUINT64, &code, NULL);
  return code;
}

static void
read_close (QsJson object, QsFrame *frame, GByteArray *scratch)
{
  const char *space = qs_json_get_string (object, "error_space");
  const char *reason = qs_json_get_string (object, "reason");

  if (reason == NULL)
    reason = qs_json_get_string (object, "reason_phrase");
  if (g_strcmp0 (space, "application") == 0 || g_strcmp0 (space, "application_error") == 0)
    frame->type = QS_FRAME_CONNECTION_CLOSE_APP;
  frame->error_code = qs_qlog_parse_error_code (object, "raw_error_code", "error_code");
  qs_json_get_uint (object, "trigger_frame_type", &frame->frame_type);
  if (reason != NULL)
    {
      gsize n = MIN (strlen (reason), MAX_HEX);

      frame->data = QS_SPAN (GUINT_TO_POINTER (scratch->len), n);
      g_byte_array_append (scratch, (const guint8 *) reason, (guint) n);
    }
}

/* --- All frames --- */

/* Frames by the names that mvfst has for them. */
static const struct {
  const char *name, *other;
} other_frames[] = {
  { "ack", "ack_ecn" },
  { "crypto", "crypto_frame" },
  { "reset_stream", "rst_stream" },
};

static const char *
find_stream_type (QsJson object)
{
  QsJson both_ways = qs_json_get (object, "is_for_bidirectional");

  if (qs_json_is_there (both_ways))
    return qs_json_get_bool (object, "is_for_bidirectional") ? "bidirectional" : "unidirectional";
  return qs_json_get_string (object, "stream_type");
}

static const QsQlogFrame *
find_row (const char *name, const char *stream_type)
{
  const QsQlogFrame *found = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (other_frames); i++)
    {
      if (g_ascii_strcasecmp (other_frames[i].other, name) == 0)
        name = other_frames[i].name;
    }

  for (guint i = 0; i < qs_qlog_n_frames; i++)
    {
      const QsQlogFrame *row = &qs_qlog_frames[i];

      if (strcmp (row->name, name) != 0 && !(g_ascii_isupper (*name) && g_ascii_strcasecmp (row->name, name) == 0))
        continue; /* the oldest ones shout */
      if (row->stream_type == NULL || g_strcmp0 (row->stream_type, stream_type) == 0)
        return row;
      if (found == NULL)
        found = row;
    }
  return found;
}

/* Scratch grew while the spans were made: they held offsets until here. */
static void
settle (QsSpan *span, const GByteArray *scratch, gboolean has_bytes)
{
  if (span->length == 0)
    *span = QS_SPAN_NONE;
  else
    span->data = has_bytes ? scratch->data + GPOINTER_TO_UINT (span->data) : NULL;
}

static void
finish_stream (QsFrame *frame)
{
  frame->type |= 2u | (frame->fin ? 1u : 0u) | (frame->stream_offset > 0 ? 4u : 0u);
}

static gboolean
read_unknown (QsJson object, QsFrame *frame)
{
  return qs_json_get_uint (object, "raw_frame_type", &frame->type) ||
         qs_json_get_uint (object, "frame_type_bytes", &frame->type) ||
         qs_json_get_uint (object, "frame_type_value", &frame->type);
}

gboolean
qs_qlog_parse_frame (QsJson object, double ms_per_unit, QsFrame *frame, GByteArray *scratch)
{
  const char *name = qs_json_get_string (object, "frame_type");
  const QsQlogFrame *row = name != NULL ? find_row (name, find_stream_type (object)) : NULL;

  memset (frame, 0, sizeof *frame);
  g_byte_array_set_size (scratch, 0);
  if (row == NULL)
    return read_unknown (object, frame);

  frame->type = row->type;
  for (guint i = 0; i < QS_QLOG_MAX_FIELDS && row->fields[i].name != NULL; i++)
    read_field (object, row, &row->fields[i], frame, scratch);
  gboolean is_ack = row->type == QS_FRAME_ACK || row->type == QS_FRAME_PATH_ACK;
  if (is_ack && !read_ack (object, ms_per_unit, frame, scratch))
    return FALSE;
  if (row->type == QS_FRAME_CONNECTION_CLOSE || row->type == QS_FRAME_CONNECTION_CLOSE_APP)
    read_close (object, frame, scratch);
  if (row->type == QS_FRAME_STREAM)
    finish_stream (frame);
  settle (&frame->data, scratch, has_hex (row, G_STRUCT_OFFSET (QsFrame, data)));
  settle (&frame->token, scratch, TRUE);
  settle (&frame->ack.ranges, scratch, TRUE);
  return TRUE;
}
