/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-frame.h"

#include <inttypes.h>

#include "base/qs-i18n.h"
#include "wire/qs-packet.h"
#include "wire/qs-reader.h"

#define VARINT_MAX ((G_GUINT64_CONSTANT (1) << 62) - 1)
#define STREAMS_MAX (G_GUINT64_CONSTANT (1) << 60)

/* Each reads what follows the type. A read beyond the end shows in reader->ok, which the caller
 * checks; a value that the RFC forbids sets the error. */
typedef gboolean (*ReadFunc) (QsReader *reader, QsFrame *frame, GError **error);

static gboolean
fail (GError **error, const char *message)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_PARSE, message);
  return FALSE;
}

static gboolean
read_nothing (QsReader *reader, QsFrame *frame, GError **error)
{
  return TRUE;
}

static gboolean
read_padding (QsReader *reader, QsFrame *frame, GError **error)
{
  while (!qs_reader_at_end (reader) && reader->bytes.data[reader->at] == 0)
    reader->at++;
  return TRUE;
}

/* Walks the (gap, length) pairs of an ACK frame; func may be NULL, to check alone. */
static gboolean
walk_ack_ranges (QsReader *reader, const QsFrame *frame, QsAckRangeFunc func, gpointer data)
{
  if (frame->ack.first_range > frame->ack.largest)
    return FALSE;
  guint64 smallest = frame->ack.largest - frame->ack.first_range;
  if (func != NULL)
    func (smallest, frame->ack.largest, data);

  /* Each pair takes two bytes at least, so that a claimed count ends with the bytes. */
  for (guint64 i = 0; i < frame->ack.range_count; i++)
    {
      guint64 gap = qs_reader_varint (reader);
      guint64 length = qs_reader_varint (reader);
      if (!reader->ok)
        return TRUE;
      if (smallest < gap + 2 || smallest - gap - 2 < length)
        return FALSE;

      guint64 largest = smallest - gap - 2;
      smallest = largest - length;
      if (func != NULL)
        func (smallest, largest, data);
    }
  return TRUE;
}

static gboolean
read_ack (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->ack.largest = qs_reader_varint (reader);
  frame->ack.delay = qs_reader_varint (reader);
  frame->ack.range_count = qs_reader_varint (reader);
  frame->ack.first_range = qs_reader_varint (reader);

  gsize start = reader->at;
  if (reader->ok && !walk_ack_ranges (reader, frame, NULL, NULL))
    return fail (error, _ ("An ACK frame with a range below packet number 0"));
  if (reader->ok)
    frame->ack.ranges = QS_SPAN (reader->bytes.data + start, reader->at - start);

  if ((frame->type & 1) != 0)
    {
      frame->ack.ect0 = qs_reader_varint (reader);
      frame->ack.ect1 = qs_reader_varint (reader);
      frame->ack.ce = qs_reader_varint (reader);
    }
  return TRUE;
}

static gboolean
read_path_ack (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->path_id = qs_reader_varint (reader);
  return read_ack (reader, frame, error);
}

static gboolean
read_reset_stream (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->stream_id = qs_reader_varint (reader);
  frame->error_code = qs_reader_varint (reader);
  frame->limit = qs_reader_varint (reader);
  return TRUE;
}

static gboolean
read_stop_sending (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->stream_id = qs_reader_varint (reader);
  frame->error_code = qs_reader_varint (reader);
  return TRUE;
}

static gboolean
read_crypto (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->stream_offset = qs_reader_varint (reader);
  frame->data = qs_reader_span (reader, qs_reader_varint (reader));
  if (frame->stream_offset > VARINT_MAX - frame->data.length)
    return fail (error, _ ("A CRYPTO frame that ends beyond the largest offset"));
  return TRUE;
}

static gboolean
read_new_token (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->data = qs_reader_span (reader, qs_reader_varint (reader));
  if (reader->ok && frame->data.length == 0)
    return fail (error, _ ("A NEW_TOKEN frame without a token"));
  return TRUE;
}

static gboolean
read_stream (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->fin = (frame->type & QS_STREAM_FIN) != 0;
  frame->stream_id = qs_reader_varint (reader);
  if ((frame->type & QS_STREAM_OFF) != 0)
    frame->stream_offset = qs_reader_varint (reader);
  if ((frame->type & QS_STREAM_LEN) != 0)
    frame->data = qs_reader_span (reader, qs_reader_varint (reader));
  else
    frame->data = qs_reader_rest (reader);
  if (frame->stream_offset > VARINT_MAX - frame->data.length)
    return fail (error, _ ("A STREAM frame that ends beyond the largest offset"));
  return TRUE;
}

static gboolean
read_limit (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->limit = qs_reader_varint (reader);
  return TRUE;
}

static gboolean
read_stream_limit (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->stream_id = qs_reader_varint (reader);
  frame->limit = qs_reader_varint (reader);
  return TRUE;
}

static gboolean
read_streams (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->limit = qs_reader_varint (reader);
  if (frame->limit > STREAMS_MAX)
    return fail (error, _ ("A limit of more streams than stream IDs can name"));
  return TRUE;
}

static gboolean
read_new_connection_id (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->sequence = qs_reader_varint (reader);
  frame->retire_prior_to = qs_reader_varint (reader);
  frame->data = qs_reader_vector (reader, 1);
  frame->token = qs_reader_span (reader, 16);
  if (!reader->ok)
    return TRUE;
  if (frame->data.length < 1 || frame->data.length > QS_CID_MAX)
    return fail (error, _ ("A NEW_CONNECTION_ID frame whose connection ID has not 1 to 20 bytes"));
  if (frame->retire_prior_to > frame->sequence)
    return fail (error, _ ("A NEW_CONNECTION_ID frame that retires itself"));
  return TRUE;
}

static gboolean
read_sequence (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->sequence = qs_reader_varint (reader);
  return TRUE;
}

static gboolean
read_path_new_connection_id (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->path_id = qs_reader_varint (reader);
  return read_new_connection_id (reader, frame, error);
}

static gboolean
read_path_sequence (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->path_id = qs_reader_varint (reader);
  frame->sequence = qs_reader_varint (reader);
  return TRUE;
}

static gboolean
read_path_error (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->path_id = qs_reader_varint (reader);
  frame->error_code = qs_reader_varint (reader);
  return TRUE;
}

static gboolean
read_path (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->data = qs_reader_span (reader, 8);
  return TRUE;
}

static gboolean
read_close (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->error_code = qs_reader_varint (reader);
  if (frame->type == QS_FRAME_CONNECTION_CLOSE)
    frame->frame_type = qs_reader_varint (reader);
  frame->data = qs_reader_span (reader, qs_reader_varint (reader));
  return TRUE;
}

static gboolean
read_datagram (QsReader *reader, QsFrame *frame, GError **error)
{
  if ((frame->type & 1) != 0)
    frame->data = qs_reader_span (reader, qs_reader_varint (reader));
  else
    frame->data = qs_reader_rest (reader);
  return TRUE;
}

static gboolean
read_reset_stream_at (QsReader *reader, QsFrame *frame, GError **error)
{
  read_reset_stream (reader, frame, error);
  frame->reliable_size = qs_reader_varint (reader);
  if (frame->reliable_size > frame->limit && reader->ok)
    return fail (error, _ ("A RESET_STREAM_AT frame whose reliable size is beyond its final size"));
  return TRUE;
}

static gboolean
read_ack_frequency (QsReader *reader, QsFrame *frame, GError **error)
{
  frame->sequence = qs_reader_varint (reader);
  frame->limit = qs_reader_varint (reader);
  frame->max_ack_delay = qs_reader_varint (reader);
  frame->reordering_threshold = qs_reader_varint (reader);
  return TRUE;
}

/* By base type. */
static const struct {
  const char *name;
  const char *qlog_name;
  ReadFunc read;
  gboolean ack_eliciting; /* RFC 9002 section 2 */
} frame_infos[] = {
  [QS_FRAME_PADDING] = { "PADDING", "padding", read_padding, FALSE },
  [QS_FRAME_PING] = { "PING", "ping", read_nothing, TRUE },
  [QS_FRAME_ACK] = { "ACK", "ack", read_ack, FALSE },
  [QS_FRAME_RESET_STREAM] = { "RESET_STREAM", "reset_stream", read_reset_stream, TRUE },
  [QS_FRAME_STOP_SENDING] = { "STOP_SENDING", "stop_sending", read_stop_sending, TRUE },
  [QS_FRAME_CRYPTO] = { "CRYPTO", "crypto", read_crypto, TRUE },
  [QS_FRAME_NEW_TOKEN] = { "NEW_TOKEN", "new_token", read_new_token, TRUE },
  [QS_FRAME_STREAM] = { "STREAM", "stream", read_stream, TRUE },
  [QS_FRAME_MAX_DATA] = { "MAX_DATA", "max_data", read_limit, TRUE },
  [QS_FRAME_MAX_STREAM_DATA] = { "MAX_STREAM_DATA", "max_stream_data", read_stream_limit, TRUE },
  [QS_FRAME_MAX_STREAMS_BIDI] = { "MAX_STREAMS", "max_streams", read_streams, TRUE },
  [QS_FRAME_MAX_STREAMS_UNI] = { "MAX_STREAMS", "max_streams", read_streams, TRUE },
  [QS_FRAME_DATA_BLOCKED] = { "DATA_BLOCKED", "data_blocked", read_limit, TRUE },
  [QS_FRAME_STREAM_DATA_BLOCKED] = { "STREAM_DATA_BLOCKED", "stream_data_blocked", read_stream_limit, TRUE },
  [QS_FRAME_STREAMS_BLOCKED_BIDI] = { "STREAMS_BLOCKED", "streams_blocked", read_streams, TRUE },
  [QS_FRAME_STREAMS_BLOCKED_UNI] = { "STREAMS_BLOCKED", "streams_blocked", read_streams, TRUE },
  [QS_FRAME_NEW_CONNECTION_ID] = { "NEW_CONNECTION_ID", "new_connection_id", read_new_connection_id, TRUE },
  [QS_FRAME_RETIRE_CONNECTION_ID] = { "RETIRE_CONNECTION_ID", "retire_connection_id", read_sequence, TRUE },
  [QS_FRAME_PATH_CHALLENGE] = { "PATH_CHALLENGE", "path_challenge", read_path, TRUE },
  [QS_FRAME_PATH_RESPONSE] = { "PATH_RESPONSE", "path_response", read_path, TRUE },
  [QS_FRAME_CONNECTION_CLOSE] = { "CONNECTION_CLOSE", "connection_close", read_close, FALSE },
  [QS_FRAME_CONNECTION_CLOSE_APP] = { "CONNECTION_CLOSE", "connection_close", read_close, FALSE },
  [QS_FRAME_HANDSHAKE_DONE] = { "HANDSHAKE_DONE", "handshake_done", read_nothing, TRUE },
  [QS_FRAME_IMMEDIATE_ACK] = { "IMMEDIATE_ACK", "immediate_ack", read_nothing, TRUE },
  [QS_FRAME_RESET_STREAM_AT] = { "RESET_STREAM_AT", "reset_stream_at", read_reset_stream_at, TRUE },
  [QS_FRAME_ACK_FREQUENCY] = { "ACK_FREQUENCY", "ack_frequency", read_ack_frequency, TRUE },
  [QS_FRAME_DATAGRAM] = { "DATAGRAM", "datagram", read_datagram, TRUE },
  [QS_FRAME_PATH_ACK] = { "PATH_ACK", "path_ack", read_path_ack, FALSE },
  [QS_FRAME_PATH_ABANDON] = { "PATH_ABANDON", "path_abandon", read_path_error, TRUE },
  [QS_FRAME_PATH_STATUS_BACKUP] = { "PATH_STATUS_BACKUP", "path_status_backup", read_path_sequence, TRUE },
  [QS_FRAME_PATH_STATUS_AVAILABLE] = { "PATH_STATUS_AVAILABLE", "path_status_available", read_path_sequence, TRUE },
  [QS_FRAME_PATH_NEW_CONNECTION_ID] = { "PATH_NEW_CONNECTION_ID", "path_new_connection_id", read_path_new_connection_id,
                                        TRUE },
  [QS_FRAME_PATH_RETIRE_CONNECTION_ID] = { "PATH_RETIRE_CONNECTION_ID", "path_retire_connection_id", read_path_sequence,
                                           TRUE },
  [QS_FRAME_MAX_PATH_ID] = { "MAX_PATH_ID", "max_path_id", read_limit, TRUE },
  [QS_FRAME_PATHS_BLOCKED] = { "PATHS_BLOCKED", "paths_blocked", read_limit, TRUE },
  [QS_FRAME_PATH_CIDS_BLOCKED] = { "PATH_CIDS_BLOCKED", "path_cids_blocked", read_path_sequence, TRUE },
};

static gboolean
is_known (guint64 type)
{
  return qs_frame_base_type (type) != QS_FRAME_UNKNOWN;
}

gboolean
qs_frame_parse (QsSpan payload, gsize *at, QsFrame *frame, GError **error)
{
  g_return_val_if_fail (at != NULL && frame != NULL, FALSE);
  g_return_val_if_fail (*at <= payload.length, FALSE);

  *frame = (QsFrame){ .type = 0 };
  QsReader reader = qs_reader_init (payload);
  if (payload.length > G_MAXUINT32)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_TOO_LARGE, _ ("No packet is that large"));
      return FALSE;
    }
  reader.at = MIN (*at, reader.bytes.length);
  frame->offset = (guint32) reader.at;
  frame->type = qs_reader_varint (&reader);
  if (!reader.ok)
    return qs_reader_fail_truncated (&reader, _ ("frame"), error);
  if (!qs_frame_is_known (frame->type))
    {
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("A frame of the unknown type 0x%" PRIx64), frame->type);
      return FALSE;
    }

  QsFrameType base = qs_frame_base_type (frame->type);
  if (!frame_infos[base].read (&reader, frame, error))
    return FALSE;
  if (!reader.ok)
    return qs_reader_fail_truncated (&reader, frame_infos[base].name, error);
  frame->length = (guint32) (reader.at - frame->offset);
  *at = reader.at;
  return TRUE;
}

void
qs_frame_foreach_ack_range (const QsFrame *frame, QsAckRangeFunc func, gpointer data)
{
  g_return_if_fail (frame != NULL && func != NULL);

  QsReader reader = qs_reader_init (frame->ack.ranges);
  walk_ack_ranges (&reader, frame, func, data);
}

QsFrameType
qs_frame_base_type (guint64 type)
{
  /* Types that have bits in them, and those for which we have a number of our own: base types have a bit each in 64. */
  static const struct {
    guint64 first, last;
    gint base; /* of the first; -1: of all */
    QsFrameType all;
  } ranges[] = {
    { 0x08, 0x0f, -1, QS_FRAME_STREAM },        { 0x03, 0x03, -1, QS_FRAME_ACK },
    { 0x31, 0x31, -1, QS_FRAME_DATAGRAM },      { 0x3f, 0x3f, -1, QS_FRAME_PATH_ACK },
    { 0xaf, 0xaf, -1, QS_FRAME_ACK_FREQUENCY }, { 0x3e75, 0x3e7c, QS_FRAME_PATH_ABANDON, QS_FRAME_UNKNOWN },
  };

  /* Those of RFC 9000 but ACK with counts and STREAM stand for themselves: a packet can hold a thousand of them. */
  if ((type > 0x0f && type <= QS_FRAME_HANDSHAKE_DONE) || (type < 0x08 && type != 0x03))
    return (QsFrameType) type;
  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    {
      if (type >= ranges[i].first && type <= ranges[i].last)
        return ranges[i].base < 0 ? ranges[i].all : (QsFrameType) (ranges[i].base + (gint) (type - ranges[i].first));
    }
  return type < G_N_ELEMENTS (frame_infos) && frame_infos[type].name != NULL ? (QsFrameType) type : QS_FRAME_UNKNOWN;
}

gboolean
qs_frame_is_known (guint64 type)
{
  /* The numbers that are only ours are no frame's on the wire. */
  gboolean ours = type == QS_FRAME_ACK_FREQUENCY || (type >= QS_FRAME_PATH_ABANDON && type <= QS_FRAME_UNKNOWN);

  return !ours && is_known (type);
}

gboolean
qs_frame_is_ack_eliciting (guint64 type)
{
  /* Whatever is not exempt must be acknowledged, types that are not known here included. */
  return !is_known (type) || frame_infos[qs_frame_base_type (type)].ack_eliciting;
}

const char *
qs_frame_type_name (guint64 type)
{
  return is_known (type) ? frame_infos[qs_frame_base_type (type)].name : "unknown";
}

const char *
qs_frame_type_qlog_name (guint64 type)
{
  return is_known (type) ? frame_infos[qs_frame_base_type (type)].qlog_name : "unknown";
}
