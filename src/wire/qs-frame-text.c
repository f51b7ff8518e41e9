/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "wire/qs-frame.h"
#include "wire/qs-names.h"
#include "wire/qs-packet.h"

#define RANGES_SHOWN 8
#define REASON_SHOWN 80

/* The frame's name is there already; each adds what is particular. */
typedef void (*AppendFunc) (GString *text, const QsFrame *frame);

typedef struct {
  guint64 smallest, largest;
} AckRange;

static void
collect_range_cb (guint64 smallest, guint64 largest, gpointer data)
{
  AckRange range = { smallest, largest };

  g_array_append_val ((GArray *) data, range);
}

static void
append_ack (GString *text, const QsFrame *frame)
{
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (AckRange));
  qs_frame_foreach_ack_range (frame, collect_range_cb, ranges);

  /* Lowest first, as people read; of many, the newest tell the most. */
  guint shown = MIN (ranges->len, RANGES_SHOWN);
  if (shown < ranges->len)
    g_string_append (text, " …,");
  for (guint i = shown; i-- > 0;)
    {
      const AckRange *range = &g_array_index (ranges, AckRange, i);
      g_string_append_printf (text, " %" PRIu64, range->smallest);
      if (range->largest != range->smallest)
        g_string_append_printf (text, "–%" PRIu64, range->largest);
      if (i > 0)
        g_string_append_c (text, ',');
    }
  if ((frame->type & 1) != 0)
    g_string_append_printf (text, " ECT(0) %" PRIu64 " ECT(1) %" PRIu64 " CE %" PRIu64, frame->ack.ect0,
                            frame->ack.ect1, frame->ack.ce);
}

static void
append_path_ack (GString *text, const QsFrame *frame)
{
  g_string_append_printf (text, _ (" path %" PRIu64 ":"), frame->path_id);
  append_ack (text, frame);
}

static void
append_padding (GString *text, const QsFrame *frame)
{
  if (frame->length > 1)
    g_string_append_printf (text, " × %u", frame->length);
}

static void
append_range (GString *text, const QsFrame *frame)
{
  g_string_append_printf (text, " [%" PRIu64 ", %" PRIu64 ")", frame->stream_offset,
                          frame->stream_offset + frame->data.length);
}

static void
append_stream (GString *text, const QsFrame *frame)
{
  g_string_append_printf (text, " %" PRIu64, frame->stream_id);
  append_range (text, frame);
  if (frame->fin)
    g_string_append (text, " FIN");
}

static void
append_reset_stream (GString *text, const QsFrame *frame)
{
  /* Translators: stream number, error code, length in bytes */
  g_string_append_printf (text, _ (" %" PRIu64 " error 0x%" PRIx64 " final size %" PRIu64), frame->stream_id,
                          frame->error_code, frame->limit);
}

static void
append_stop_sending (GString *text, const QsFrame *frame)
{
  g_string_append_printf (text, _ (" %" PRIu64 " error 0x%" PRIx64), frame->stream_id, frame->error_code);
}

static void
append_length (GString *text, const QsFrame *frame)
{
  gulong n = (gulong) frame->data.length;

  g_string_append_c (text, ' ');
  g_string_append_printf (text, ngettext ("%lu byte", "%lu bytes", n), n);
}

static void
append_limit (GString *text, const QsFrame *frame)
{
  g_string_append_printf (text, " %" PRIu64, frame->limit);
}

static void
append_stream_limit (GString *text, const QsFrame *frame)
{
  g_string_append_printf (text, " %" PRIu64 " %" PRIu64, frame->stream_id, frame->limit);
}

static void
append_streams (GString *text, const QsFrame *frame)
{
  gboolean uni = frame->type == QS_FRAME_MAX_STREAMS_UNI || frame->type == QS_FRAME_STREAMS_BLOCKED_UNI;

  g_string_append_printf (text, " %s %" PRIu64, uni ? "uni" : "bidi", frame->limit);
}

static void
append_new_connection_id (GString *text, const QsFrame *frame)
{
  g_autofree char *cid = qs_span_to_hex (frame->data);

  g_string_append_printf (text, " %" PRIu64 " %s", frame->sequence, cid);
  if (frame->retire_prior_to > 0)
    g_string_append_printf (text, _ (" retire prior to %" PRIu64), frame->retire_prior_to);
}

static void
append_sequence (GString *text, const QsFrame *frame)
{
  g_string_append_printf (text, " %" PRIu64, frame->sequence);
}

static void
append_path_new_connection_id (GString *text, const QsFrame *frame)
{
  g_string_append_printf (text, _ (" path %" PRIu64 ":"), frame->path_id);
  append_new_connection_id (text, frame);
}

static void
append_path_sequence (GString *text, const QsFrame *frame)
{
  g_string_append_printf (text, _ (" path %" PRIu64 ":"), frame->path_id);
  append_sequence (text, frame);
}

static void
append_path_error (GString *text, const QsFrame *frame)
{
  g_autofree char *code = qs_close_code_describe (FALSE, frame->error_code, NULL);

  g_string_append_printf (text, _ (" path %" PRIu64 ":"), frame->path_id);
  g_string_append_printf (text, " %s", code);
}

static void
append_path (GString *text, const QsFrame *frame)
{
  g_autofree char *data = qs_span_to_hex (frame->data);

  g_string_append_printf (text, " %s", data);
}

static void
append_close (GString *text, const QsFrame *frame)
{
  gboolean application = frame->type == QS_FRAME_CONNECTION_CLOSE_APP;
  g_autofree char *code = qs_close_code_describe (application, frame->error_code, NULL);

  g_string_append_printf (text, application ? _ (" application %s") : " %s", code);
  if (frame->data.data != NULL && frame->data.length > 0)
    {
      g_autofree char *reason = qs_text_escape_short (frame->data.data, (gssize) frame->data.length, REASON_SHOWN);
      g_string_append_printf (text, _ (" “%s”"), reason);
    }
}

static const AppendFunc append_funcs[] = {
  [QS_FRAME_PADDING] = append_padding,
  [QS_FRAME_ACK] = append_ack,
  [QS_FRAME_RESET_STREAM] = append_reset_stream,
  [QS_FRAME_STOP_SENDING] = append_stop_sending,
  [QS_FRAME_CRYPTO] = append_range,
  [QS_FRAME_NEW_TOKEN] = append_length,
  [QS_FRAME_STREAM] = append_stream,
  [QS_FRAME_MAX_DATA] = append_limit,
  [QS_FRAME_MAX_STREAM_DATA] = append_stream_limit,
  [QS_FRAME_MAX_STREAMS_BIDI] = append_streams,
  [QS_FRAME_MAX_STREAMS_UNI] = append_streams,
  [QS_FRAME_DATA_BLOCKED] = append_limit,
  [QS_FRAME_STREAM_DATA_BLOCKED] = append_stream_limit,
  [QS_FRAME_STREAMS_BLOCKED_BIDI] = append_streams,
  [QS_FRAME_STREAMS_BLOCKED_UNI] = append_streams,
  [QS_FRAME_NEW_CONNECTION_ID] = append_new_connection_id,
  [QS_FRAME_RETIRE_CONNECTION_ID] = append_sequence,
  [QS_FRAME_PATH_CHALLENGE] = append_path,
  [QS_FRAME_PATH_RESPONSE] = append_path,
  [QS_FRAME_CONNECTION_CLOSE] = append_close,
  [QS_FRAME_CONNECTION_CLOSE_APP] = append_close,
  [QS_FRAME_RESET_STREAM_AT] = append_reset_stream,
  [QS_FRAME_ACK_FREQUENCY] = append_limit,
  [QS_FRAME_DATAGRAM] = append_length,
  [QS_FRAME_PATH_ACK] = append_path_ack,
  [QS_FRAME_PATH_ABANDON] = append_path_error,
  [QS_FRAME_PATH_STATUS_BACKUP] = append_path_sequence,
  [QS_FRAME_PATH_STATUS_AVAILABLE] = append_path_sequence,
  [QS_FRAME_PATH_NEW_CONNECTION_ID] = append_path_new_connection_id,
  [QS_FRAME_PATH_RETIRE_CONNECTION_ID] = append_path_sequence,
  [QS_FRAME_MAX_PATH_ID] = append_limit,
  [QS_FRAME_PATHS_BLOCKED] = append_limit,
  [QS_FRAME_PATH_CIDS_BLOCKED] = append_path_sequence,
};

char *
qs_frame_describe (const QsFrame *frame)
{
  g_return_val_if_fail (frame != NULL, NULL);

  guint base = qs_frame_base_type (frame->type);
  if (base == QS_FRAME_UNKNOWN)
    return g_strdup_printf (_ ("unknown frame 0x%" PRIx64), frame->type);

  GString *text = g_string_new (qs_frame_type_name (frame->type));
  if (base < G_N_ELEMENTS (append_funcs) && append_funcs[base] != NULL)
    append_funcs[base](text, frame);
  return g_string_free (text, FALSE);
}
