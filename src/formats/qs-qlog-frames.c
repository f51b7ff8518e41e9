/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/qs-text.h"
#include "formats/qs-qlog-private.h"

#define AT(member) G_STRUCT_OFFSET (QsFrame, member)
#define UINT(name, member)          \
  {                                 \
    name, QS_QLOG_UINT, AT (member) \
  }

const QsQlogFrame qs_qlog_frames[] = {
  { QS_FRAME_PADDING, "padding", NULL, { { "length", QS_QLOG_UINT32, AT (length) } } },
  { QS_FRAME_PING, "ping", NULL, { { NULL } } },
  { QS_FRAME_ACK, "ack", NULL, { { NULL } } },
  { QS_FRAME_RESET_STREAM,
    "reset_stream",
    NULL,
    { UINT ("stream_id", stream_id), UINT ("error_code", error_code), UINT ("final_size", limit) } },
  { QS_FRAME_STOP_SENDING, "stop_sending", NULL, { UINT ("stream_id", stream_id), UINT ("error_code", error_code) } },
  { QS_FRAME_CRYPTO, "crypto", NULL, { UINT ("offset", stream_offset), { "length", QS_QLOG_LENGTH, AT (data) } } },
  { QS_FRAME_NEW_TOKEN, "new_token", NULL, { { "token", QS_QLOG_HEX, AT (data) } } },
  { QS_FRAME_STREAM,
    "stream",
    NULL,
    { UINT ("stream_id", stream_id),
      UINT ("offset", stream_offset),
      { "length", QS_QLOG_LENGTH, AT (data) },
      { "fin", QS_QLOG_BOOL, AT (fin) } } },
  { QS_FRAME_MAX_DATA, "max_data", NULL, { UINT ("maximum", limit) } },
  { QS_FRAME_MAX_STREAM_DATA, "max_stream_data", NULL, { UINT ("stream_id", stream_id), UINT ("maximum", limit) } },
  { QS_FRAME_MAX_STREAMS_BIDI, "max_streams", "bidirectional", { UINT ("maximum", limit) } },
  { QS_FRAME_MAX_STREAMS_UNI, "max_streams", "unidirectional", { UINT ("maximum", limit) } },
  { QS_FRAME_DATA_BLOCKED, "data_blocked", NULL, { UINT ("limit", limit) } },
  { QS_FRAME_STREAM_DATA_BLOCKED,
    "stream_data_blocked",
    NULL,
    { UINT ("stream_id", stream_id), UINT ("limit", limit) } },
  { QS_FRAME_STREAMS_BLOCKED_BIDI, "streams_blocked", "bidirectional", { UINT ("limit", limit) } },
  { QS_FRAME_STREAMS_BLOCKED_UNI, "streams_blocked", "unidirectional", { UINT ("limit", limit) } },
  { QS_FRAME_NEW_CONNECTION_ID,
    "new_connection_id",
    NULL,
    { UINT ("sequence_number", sequence),
      UINT ("retire_prior_to", retire_prior_to),
      { "connection_id_length", QS_QLOG_LENGTH, AT (data) },
      { "connection_id", QS_QLOG_HEX, AT (data) },
      { "stateless_reset_token", QS_QLOG_HEX, AT (token) } } },
  { QS_FRAME_RETIRE_CONNECTION_ID, "retire_connection_id", NULL, { UINT ("sequence_number", sequence) } },
  { QS_FRAME_PATH_CHALLENGE, "path_challenge", NULL, { { "data", QS_QLOG_HEX, AT (data) } } },
  { QS_FRAME_PATH_RESPONSE, "path_response", NULL, { { "data", QS_QLOG_HEX, AT (data) } } },
  { QS_FRAME_CONNECTION_CLOSE, "connection_close", NULL, { { NULL } } },
  { QS_FRAME_CONNECTION_CLOSE_APP, "connection_close", NULL, { { NULL } } },
  { QS_FRAME_HANDSHAKE_DONE, "handshake_done", NULL, { { NULL } } },
  { QS_FRAME_PATH_ACK, "path_ack", NULL, { UINT ("path_id", path_id) } },
  { QS_FRAME_PATH_ABANDON, "path_abandon", NULL, { UINT ("path_id", path_id), UINT ("error_code", error_code) } },
  { QS_FRAME_PATH_STATUS_BACKUP,
    "path_status_backup",
    NULL,
    { UINT ("path_id", path_id), UINT ("path_status_sequence_number", sequence) } },
  { QS_FRAME_PATH_STATUS_AVAILABLE,
    "path_status_available",
    NULL,
    { UINT ("path_id", path_id), UINT ("path_status_sequence_number", sequence) } },
  { QS_FRAME_PATH_RETIRE_CONNECTION_ID,
    "path_retire_connection_id",
    NULL,
    { UINT ("path_id", path_id), UINT ("sequence_number", sequence) } },
  { QS_FRAME_MAX_PATH_ID, "max_path_id", NULL, { UINT ("maximum_path_id", limit) } },
  { QS_FRAME_PATHS_BLOCKED, "paths_blocked", NULL, { UINT ("maximum_path_id", limit) } },
  { QS_FRAME_PATH_CIDS_BLOCKED,
    "path_cids_blocked",
    NULL,
    { UINT ("path_id", path_id), UINT ("next_sequence_number", sequence) } },
  { QS_FRAME_DATAGRAM, "datagram", NULL, { { "length", QS_QLOG_LENGTH, AT (data) } } },
};
const guint qs_qlog_n_frames = G_N_ELEMENTS (qs_qlog_frames);

void
qs_qlog_put_string (GString *out, const char *utf8)
{
  g_string_append_c (out, '"');
  for (const char *at = utf8; *at != '\0'; at++)
    {
      if (*at == '"' || *at == '\\')
        g_string_append_c (out, '\\');
      if ((guint8) *at < 0x20)
        g_string_append_printf (out, "\\u%04x", (guint) *at);
      else
        g_string_append_c (out, *at);
    }
  g_string_append_c (out, '"');
}

void
qs_qlog_put_uint (GString *out, guint64 value)
{
  const char *quote = value > QS_QLOG_SAFE_INTEGER ? "\"" : "";

  g_string_append_printf (out, "%s%" G_GUINT64_FORMAT "%s", quote, value, quote);
}

void
qs_qlog_put_hex (GString *out, QsSpan bytes)
{
  static const char digits[] = "0123456789abcdef";

  g_string_append_c (out, '"');
  for (gsize i = 0; bytes.data != NULL && i < bytes.length; i++)
    {
      g_string_append_c (out, digits[bytes.data[i] >> 4]);
      g_string_append_c (out, digits[bytes.data[i] & 15]);
    }
  g_string_append_c (out, '"');
}

static void
put_field (GString *out, const QsFrame *frame, const QsQlogField *field)
{
  const void *member = (const guint8 *) frame + field->offset;

  if (field->kind == QS_QLOG_BOOL && !*(const gboolean *) member)
    return;
  g_string_append_printf (out, ",\"%s\":", field->name);
  switch (field->kind)
    {
    case QS_QLOG_UINT:
      qs_qlog_put_uint (out, *(const guint64 *) member);
      break;
    case QS_QLOG_UINT32:
      qs_qlog_put_uint (out, *(const guint32 *) member);
      break;
    case QS_QLOG_BOOL:
      g_string_append (out, "true");
      break;
    case QS_QLOG_LENGTH:
      qs_qlog_put_uint (out, ((const QsSpan *) member)->length);
      break;
    case QS_QLOG_HEX:
    default:
      qs_qlog_put_hex (out, *(const QsSpan *) member);
      break;
    }
}

static void
put_range (guint64 smallest, guint64 largest, gpointer data)
{
  GString *out = data;

  if (out->str[out->len - 1] == ']')
    g_string_append_c (out, ',');
  g_string_append_c (out, '[');
  qs_qlog_put_uint (out, smallest);
  g_string_append_c (out, ',');
  qs_qlog_put_uint (out, largest);
  g_string_append_c (out, ']');
}

static void
put_ack (GString *out, const QsFrame *frame, guint exponent)
{
  guint64 us = frame->ack.delay << MIN (exponent, 20);

  g_string_append_printf (out, ",\"ack_delay\":%" G_GUINT64_FORMAT ".%03u,\"acked_ranges\":[", us / 1000,
                          (guint) (us % 1000));
  qs_frame_foreach_ack_range (frame, put_range, out);
  g_string_append_c (out, ']');
  if ((frame->type & 1) != 0)
    g_string_append_printf (out,
                            ",\"ect1\":%" G_GUINT64_FORMAT ",\"ect0\":%" G_GUINT64_FORMAT ",\"ce\":%" G_GUINT64_FORMAT,
                            frame->ack.ect1, frame->ack.ect0, frame->ack.ce);
}

static void
put_close (GString *out, const QsFrame *frame)
{
  gboolean application = frame->type == QS_FRAME_CONNECTION_CLOSE_APP;
  g_autofree char *reason =
      frame->data.data != NULL ? qs_text_escape (frame->data.data, (gssize) frame->data.length) : g_strdup ("");

  g_string_append_printf (out, ",\"error_space\":\"%s\",\"error_code\":", application ? "application" : "transport");
  qs_qlog_put_uint (out, frame->error_code);
  g_string_append (out, ",\"raw_error_code\":");
  qs_qlog_put_uint (out, frame->error_code);
  g_string_append (out, ",\"reason\":");
  qs_qlog_put_string (out, reason);
  if (!application)
    {
      g_string_append (out, ",\"trigger_frame_type\":");
      qs_qlog_put_uint (out, frame->frame_type);
    }
}

static const QsQlogFrame *
find_frame (QsFrameType type)
{
  for (guint i = 0; i < qs_qlog_n_frames; i++)
    {
      if (qs_qlog_frames[i].type == type)
        return &qs_qlog_frames[i];
    }
  return NULL;
}

void
qs_qlog_put_frame (GString *out, const QsFrame *frame, guint exponent)
{
  const QsQlogFrame *row = find_frame (qs_frame_base_type (frame->type));

  if (row == NULL)
    {
      g_string_append (out, "{\"frame_type\":\"unknown\",\"raw_frame_type\":");
      qs_qlog_put_uint (out, frame->type);
      g_string_append_c (out, '}');
      return;
    }
  g_string_append_printf (out, "{\"frame_type\":\"%s\"", row->name);
  if (row->stream_type != NULL)
    g_string_append_printf (out, ",\"stream_type\":\"%s\"", row->stream_type);
  for (guint i = 0; i < QS_QLOG_MAX_FIELDS && row->fields[i].name != NULL; i++)
    put_field (out, frame, &row->fields[i]);
  if (row->type == QS_FRAME_ACK || row->type == QS_FRAME_PATH_ACK)
    put_ack (out, frame, exponent);
  else if (row->type == QS_FRAME_CONNECTION_CLOSE || row->type == QS_FRAME_CONNECTION_CLOSE_APP)
    put_close (out, frame);
  g_string_append_c (out, '}');
}
