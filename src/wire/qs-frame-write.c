/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-frame.h"
#include "wire/qs-writer.h"

/* Each writes what follows the type. */
typedef void (*WriteFunc) (GByteArray *out, const QsFrame *frame);

static void
write_nothing (GByteArray *out, const QsFrame *frame)
{
}

static void
write_padding (GByteArray *out, const QsFrame *frame)
{
  if (frame->length > 1)
    qs_write_span (out, (QsSpan){ NULL, frame->length - 1 });
}

static void
write_ack (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->ack.largest);
  qs_write_varint (out, frame->ack.delay);
  qs_write_varint (out, frame->ack.range_count);
  qs_write_varint (out, frame->ack.first_range);
  qs_write_span (out, frame->ack.ranges);
  if ((frame->type & 1) == 0)
    return;
  qs_write_varint (out, frame->ack.ect0);
  qs_write_varint (out, frame->ack.ect1);
  qs_write_varint (out, frame->ack.ce);
}

static void
write_path_ack (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->path_id);
  write_ack (out, frame);
}

static void
write_reset_stream (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->stream_id);
  qs_write_varint (out, frame->error_code);
  qs_write_varint (out, frame->limit);
}

static void
write_reset_stream_at (GByteArray *out, const QsFrame *frame)
{
  write_reset_stream (out, frame);
  qs_write_varint (out, frame->reliable_size);
}

static void
write_stop_sending (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->stream_id);
  qs_write_varint (out, frame->error_code);
}

static void
write_crypto (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->stream_offset);
  qs_write_varint_vector (out, frame->data);
}

static void
write_new_token (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint_vector (out, frame->data);
}

static void
write_stream (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->stream_id);
  if ((frame->type & QS_STREAM_OFF) != 0)
    qs_write_varint (out, frame->stream_offset);
  if ((frame->type & QS_STREAM_LEN) != 0)
    qs_write_varint (out, frame->data.length);
  qs_write_span (out, frame->data);
}

static void
write_limit (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->limit);
}

static void
write_stream_limit (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->stream_id);
  qs_write_varint (out, frame->limit);
}

static void
write_new_connection_id (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->sequence);
  qs_write_varint (out, frame->retire_prior_to);
  qs_write_vector (out, 1, frame->data);
  qs_write_span (out, frame->token);
}

static void
write_path_new_connection_id (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->path_id);
  write_new_connection_id (out, frame);
}

static void
write_sequence (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->sequence);
}

static void
write_path_sequence (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->path_id);
  qs_write_varint (out, frame->sequence);
}

static void
write_path_error (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->path_id);
  qs_write_varint (out, frame->error_code);
}

static void
write_data (GByteArray *out, const QsFrame *frame)
{
  qs_write_span (out, frame->data);
}

static void
write_close (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->error_code);
  if (frame->type == QS_FRAME_CONNECTION_CLOSE)
    qs_write_varint (out, frame->frame_type);
  qs_write_varint_vector (out, frame->data);
}

static void
write_datagram (GByteArray *out, const QsFrame *frame)
{
  if ((frame->type & 1) != 0)
    qs_write_varint (out, frame->data.length);
  qs_write_span (out, frame->data);
}

static void
write_ack_frequency (GByteArray *out, const QsFrame *frame)
{
  qs_write_varint (out, frame->sequence);
  qs_write_varint (out, frame->limit);
  qs_write_varint (out, frame->max_ack_delay);
  qs_write_varint (out, frame->reordering_threshold);
}

/* By base type. */
static const WriteFunc writers[] = {
  [QS_FRAME_PADDING] = write_padding,
  [QS_FRAME_PING] = write_nothing,
  [QS_FRAME_ACK] = write_ack,
  [QS_FRAME_RESET_STREAM] = write_reset_stream,
  [QS_FRAME_STOP_SENDING] = write_stop_sending,
  [QS_FRAME_CRYPTO] = write_crypto,
  [QS_FRAME_NEW_TOKEN] = write_new_token,
  [QS_FRAME_STREAM] = write_stream,
  [QS_FRAME_MAX_DATA] = write_limit,
  [QS_FRAME_MAX_STREAM_DATA] = write_stream_limit,
  [QS_FRAME_MAX_STREAMS_BIDI] = write_limit,
  [QS_FRAME_MAX_STREAMS_UNI] = write_limit,
  [QS_FRAME_DATA_BLOCKED] = write_limit,
  [QS_FRAME_STREAM_DATA_BLOCKED] = write_stream_limit,
  [QS_FRAME_STREAMS_BLOCKED_BIDI] = write_limit,
  [QS_FRAME_STREAMS_BLOCKED_UNI] = write_limit,
  [QS_FRAME_NEW_CONNECTION_ID] = write_new_connection_id,
  [QS_FRAME_RETIRE_CONNECTION_ID] = write_sequence,
  [QS_FRAME_PATH_CHALLENGE] = write_data,
  [QS_FRAME_PATH_RESPONSE] = write_data,
  [QS_FRAME_CONNECTION_CLOSE] = write_close,
  [QS_FRAME_CONNECTION_CLOSE_APP] = write_close,
  [QS_FRAME_HANDSHAKE_DONE] = write_nothing,
  [QS_FRAME_IMMEDIATE_ACK] = write_nothing,
  [QS_FRAME_RESET_STREAM_AT] = write_reset_stream_at,
  [QS_FRAME_ACK_FREQUENCY] = write_ack_frequency,
  [QS_FRAME_DATAGRAM] = write_datagram,
  [QS_FRAME_PATH_ACK] = write_path_ack,
  [QS_FRAME_PATH_ABANDON] = write_path_error,
  [QS_FRAME_PATH_STATUS_BACKUP] = write_path_sequence,
  [QS_FRAME_PATH_STATUS_AVAILABLE] = write_path_sequence,
  [QS_FRAME_PATH_NEW_CONNECTION_ID] = write_path_new_connection_id,
  [QS_FRAME_PATH_RETIRE_CONNECTION_ID] = write_path_sequence,
  [QS_FRAME_MAX_PATH_ID] = write_limit,
  [QS_FRAME_PATHS_BLOCKED] = write_limit,
  [QS_FRAME_PATH_CIDS_BLOCKED] = write_path_sequence,
};

void
qs_frame_write (GByteArray *out, const QsFrame *frame)
{
  QsFrameType base = qs_frame_base_type (frame->type);

  g_return_if_fail (base != QS_FRAME_UNKNOWN);

  qs_write_varint (out, frame->type);
  writers[base](out, frame);
}

QsSpan
qs_ack_ranges_write (GByteArray *out, const QsPacketNumberRange *ranges, guint n_ranges, QsFrame *frame)
{
  guint start = out->len;

  g_return_val_if_fail (n_ranges > 0 && ranges[0].smallest <= ranges[0].largest, QS_SPAN_NONE);

  frame->ack.largest = ranges[0].largest;
  frame->ack.first_range = ranges[0].largest - ranges[0].smallest;
  frame->ack.range_count = n_ranges - 1;
  for (guint i = 1; i < n_ranges; i++)
    {
      g_return_val_if_fail (ranges[i].largest + 2 <= ranges[i - 1].smallest, QS_SPAN_NONE);
      qs_write_varint (out, ranges[i - 1].smallest - ranges[i].largest - 2);
      qs_write_varint (out, ranges[i].largest - ranges[i].smallest);
    }
  /* An array that holds nothing has no bytes to point at. */
  frame->ack.ranges = out->len > start ? QS_SPAN (out->data + start, out->len - start) : QS_SPAN_NONE;
  return frame->ack.ranges;
}
