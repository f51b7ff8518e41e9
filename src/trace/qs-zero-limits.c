/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-zero-limits.h"

#include "base/qs-i18n.h"
#include "wire/qs-transport-parameters.h"

#define MOST_PACKETS 4096 /* a limit that was raised behind them has kept nobody from anything */

static const struct {
  guint64 id;
  const char *parameter, *frame_name, *what;
  QsFrameType frame;
} limits[] = {
  { 0x08, "initial_max_streams_bidi", "MAX_STREAMS", N_ ("the client may open no stream for a request"),
    QS_FRAME_MAX_STREAMS_BIDI },
  { 0x04, "initial_max_data", "MAX_DATA", N_ ("the client may send no byte on any stream"), QS_FRAME_MAX_DATA },
  { 0x06, "initial_max_stream_data_bidi_remote", "MAX_STREAM_DATA",
    N_ ("the client may send no byte on a stream that it opens for a request"), QS_FRAME_MAX_STREAM_DATA },
};

static QsDirection
from_server (QsTrace *trace)
{
  return qs_trace_get_vantage (trace) == QS_VANTAGE_SERVER ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
}

static QsSpan
find_parameters (QsTrace *trace, gint64 *packet)
{
  *packet = -1;
  for (guint i = 0; i < MIN (qs_trace_get_n_messages (trace), 64); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (trace, i);
      if (message->message == NULL || message->message->type != QS_TLS_ENCRYPTED_EXTENSIONS ||
          message->direction != from_server (trace))
        continue;
      *packet = message->packet;
      return qs_tls_message_get_transport_parameters (message->message);
    }
  const QsMark *mark = qs_trace_find_mark (
      trace, QS_MARK_FACT,
      qs_trace_get_vantage (trace) == QS_VANTAGE_SERVER ? QS_FACT_LOCAL_PARAMETERS : QS_FACT_REMOTE_PARAMETERS, NULL);
  gsize length = 0;
  const guint8 *bytes = mark != NULL && mark->bytes != NULL ? g_bytes_get_data (mark->bytes, &length) : NULL;
  return QS_SPAN (bytes, length);
}

static guint64
get_parameter (GArray *parameters, guint64 id)
{
  guint64 value = 0;

  for (guint i = 0; i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      if (parameter->id == id && !qs_transport_parameter_get_integer (parameter, &value))
        return 1; /* malformed: nobody knows */
    }
  return value;
}

static gboolean
raises (const QsFrame *frame, guint row, guint64 stream)
{
  if (frame->type != limits[row].frame || frame->limit == 0)
    return FALSE;
  if (frame->type != QS_FRAME_MAX_STREAM_DATA)
    return TRUE;
  return frame->stream_id == stream;
}

static gboolean
was_raised (QsTrace *trace, guint row, guint64 stream)
{
  const guint64 bit = G_GUINT64_CONSTANT (1) << limits[row].frame;
  guint n = MIN (qs_trace_get_n_packets (trace), MOST_PACKETS);

  for (guint i = 0; i < n; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      if (packet->direction != from_server (trace) || (packet->frames & bit) == 0)
        continue;
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (trace, i, &payload);
      for (guint j = 0; j < frames->len; j++)
        if (raises (&g_array_index (frames, QsFrame, j), row, stream))
          return TRUE;
    }
  return FALSE;
}

gboolean
qs_trace_find_zero_limit (QsTrace *trace, guint64 stream, QsZeroLimit *limit)
{
  g_return_val_if_fail (QS_IS_TRACE (trace) && limit != NULL, FALSE);

  QsSpan bytes = find_parameters (trace, &limit->packet);
  g_autoptr (GArray) parameters = bytes.length > 0 ? qs_transport_parameters_parse (bytes, NULL) : NULL;

  for (guint i = 0; parameters != NULL && i < G_N_ELEMENTS (limits); i++)
    {
      if (get_parameter (parameters, limits[i].id) != 0 || was_raised (trace, i, stream))
        continue;
      limit->parameter = limits[i].parameter;
      limit->frame = limits[i].frame_name;
      limit->what = limits[i].what;
      return TRUE;
    }
  return FALSE;
}
