/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "formats/qs-run-record-private.h"
#include "trace/qs-trace-budget.h"

static void
put8 (GByteArray *out, guint8 value)
{
  g_byte_array_append (out, &value, 1);
}

static void
put16 (GByteArray *out, guint16 value)
{
  guint16 wire = GUINT16_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &wire, 2);
}

static void
put32 (GByteArray *out, guint32 value)
{
  guint32 wire = GUINT32_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &wire, 4);
}

static void
put64 (GByteArray *out, guint64 value)
{
  guint64 wire = GUINT64_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &wire, 8);
}

static guint
begin_item (GByteArray *out, guint8 tag)
{
  put8 (out, tag);
  put32 (out, 0);
  return out->len;
}

static void
end_item (GByteArray *out, guint start)
{
  guint32 length = GUINT32_TO_LE (out->len - start);

  memcpy (out->data + start - 4, &length, 4);
}

/* Packets and messages are derived anew. */
static void
add_not_kept (GByteArray *out, QsTrace *trace)
{
  QsNotKept not_kept;

  qs_trace_get_not_kept (trace, &not_kept);
  if (not_kept.datagrams == 0 && not_kept.marks == 0)
    return;
  guint start = begin_item (out, QS_RUN_ITEM_NOT_KEPT);
  put64 (out, not_kept.datagrams);
  put64 (out, not_kept.bytes);
  put64 (out, not_kept.marks);
  end_item (out, start);
}

void
qs_run_record_add_run (GByteArray *out, QsTrace *trace, guint n_carriers, guint64 kept)
{
  const char *title = qs_trace_get_title (trace);
  guint start = begin_item (out, QS_RUN_ITEM_RUN);

  put8 (out, QS_RUN_VERSION);
  put8 (out, (guint8) qs_trace_get_vantage (trace));
  put64 (out, (guint64) qs_trace_get_origin (trace));
  put32 (out, n_carriers);
  put64 (out, kept);
  if (title != NULL)
    g_byte_array_append (out, (const guint8 *) title, (guint) strlen (title));
  end_item (out, start);
  add_not_kept (out, trace);
}

static void
put_end (GByteArray *out, const QsRunEnd *end)
{
  put8 (out, end->known);
  g_byte_array_append (out, end->end.address, 16);
  put16 (out, end->end.port);
  put32 (out, end->scope);
}

void
qs_run_record_add_path (GByteArray *out, const QsRunEnd *local, const QsRunEnd *remote)
{
  guint start = begin_item (out, QS_RUN_ITEM_PATH);

  put_end (out, local);
  put_end (out, remote);
  end_item (out, start);
}

/* --- Marks --- */

static void
put_bytes_member (GByteArray *out, guint8 id, const void *bytes, gsize length)
{
  put8 (out, id);
  put32 (out, (guint32) length);
  if (length > 0)
    g_byte_array_append (out, bytes, (guint) length);
}

static void
put_text_member (GByteArray *out, guint8 id, const char *text)
{
  if (text != NULL)
    put_bytes_member (out, id, text, strlen (text));
}

static void
put_number_member (GByteArray *out, guint8 id, gint64 value, gint64 absent)
{
  guint64 wire = GUINT64_TO_LE ((guint64) value);

  if (value != absent)
    put_bytes_member (out, id, &wire, 8);
}

static void
put_stream_members (GByteArray *out, const QsMark *mark)
{
  put_text_member (out, QS_RUN_READ_STATE, qs_stream_state_name (mark->read_state));
  put_text_member (out, QS_RUN_WRITE_STATE, qs_stream_state_name (mark->write_state));
  put_number_member (out, QS_RUN_READ_ERROR, mark->read_error, -1);
  put_number_member (out, QS_RUN_WRITE_ERROR, mark->write_error, -1);
}

static void
add_mark (GByteArray *out, const QsMark *mark, gint64 time)
{
  const char *kind = qs_mark_kind_name (mark->kind);
  guint start = begin_item (out, QS_RUN_ITEM_MARK);

  put64 (out, (guint64) time);
  put8 (out, (guint8) strlen (kind));
  g_byte_array_append (out, (const guint8 *) kind, (guint) strlen (kind));
  put_text_member (out, QS_RUN_NAME, mark->name);
  put_text_member (out, QS_RUN_TEXT, mark->text);
  put_number_member (out, QS_RUN_VALUE, mark->value, 0);
  put_number_member (out, QS_RUN_STREAM, mark->stream, -1);
  put_number_member (out, QS_RUN_FRAME_TYPE, (gint64) mark->frame_type, 0);
  put_number_member (out, QS_RUN_APPLICATION, mark->application, 0);
  put_number_member (out, QS_RUN_RECEIVED, (gint64) mark->received, 0);
  put_number_member (out, QS_RUN_SENT, (gint64) mark->sent, 0);
  if (mark->kind == QS_MARK_STREAM)
    put_stream_members (out, mark);
  if (mark->bytes != NULL)
    put_bytes_member (out, QS_RUN_BYTES, g_bytes_get_data (mark->bytes, NULL), g_bytes_get_size (mark->bytes));
  end_item (out, start);
}

void
qs_run_record_add_marks (GByteArray *out, QsTrace *trace)
{
  for (guint i = 0, n = qs_trace_get_n_marks (trace); i < n; i++)
    {
      gint64 time;
      const QsMark *mark = qs_trace_get_mark (trace, i, &time);
      if (qs_mark_kind_name (mark->kind) != NULL)
        add_mark (out, mark, time);
    }
}

/* --- Segments --- */

static gboolean
add_segment (GByteArray *out, const QsRecord *record)
{
  if (out->len + QS_RUN_SEGMENT_SIZE > QS_RUN_RECORD_MAX)
    return FALSE;
  put8 (out, (guint8) record->direction);
  put16 (out, record->path);
  put64 (out, (guint64) record->time);
  put32 (out, record->length);
  put32 (out, (guint32) record->bytes.length);
  return TRUE;
}

/* A trace has either datagrams or segments: the first of them tells. */
void
qs_run_record_add_segments (GByteArray *out, QsTrace *trace, guint n_records)
{
  guint before = out->len, start = begin_item (out, QS_RUN_ITEM_SEGMENTS);
  gboolean fits = TRUE;

  for (guint i = 0; fits && i < n_records; i++)
    {
      QsRecord record;

      qs_trace_get_record (trace, i, &record);
      if (record.kind == QS_RECORD_DATAGRAM)
        break;
      if (record.kind == QS_RECORD_SEGMENT)
        fits = add_segment (out, &record);
    }
  if (fits && out->len > start)
    end_item (out, start);
  else
    g_byte_array_set_size (out, before);
}
