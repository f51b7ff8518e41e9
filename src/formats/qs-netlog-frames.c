/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Chromium's log tells of frames, parameters and HTTP/3, in qlog's words: one reader for both. */
#include "formats/qs-netlog-frames.h"

#include <string.h>

#include "formats/qs-netlog-private.h"
#include "formats/qs-qlog-private.h"
#include "wire/qs-transport-parameters.h"

#define MAX_MISSING 4096 /* packet numbers of an ACK's gaps */
#define MAX_HEADERS 512

/* --- Frames --- */

static void
put_uint (GString *out, const char *name, guint64 value)
{
  g_string_append_printf (out, ",\"%s\":", name);
  qs_qlog_put_uint (out, value);
}

/* A member as it is called here, under qlog's name; 0 where it is not told. */
static guint64
copy_uint (GString *out, QsJson params, const char *theirs, const char *name)
{
  guint64 value = 0;

  qs_json_get_uint (params, theirs, &value);
  put_uint (out, name, value);
  return value;
}

static void
copy_hex (GString *out, QsJson params, const char *theirs, const char *name)
{
  g_autoptr (GBytes) bytes = qs_netlog_get_bytes (params, theirs);

  if (bytes == NULL)
    return;
  g_string_append_printf (out, ",\"%s\":", name);
  qs_qlog_put_hex (out, QS_SPAN (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
}

static void
put_stream (GString *out, QsJson params)
{
  g_string_append (out, "\"stream\"");
  copy_uint (out, params, "stream_id", "stream_id");
  copy_uint (out, params, "offset", "offset");
  copy_uint (out, params, "length", "length");
  g_string_append_printf (out, ",\"fin\":%s", qs_json_get_bool (params, "fin") ? "true" : "false");
}

static void
put_crypto (GString *out, QsJson params)
{
  g_string_append (out, "\"crypto\"");
  copy_uint (out, params, "offset", "offset");
  copy_uint (out, params, "data_length", "length");
}

static void
put_range (GString *out, guint64 from, guint64 to)
{
  g_string_append (out, out->str[out->len - 1] == '[' ? "[" : ",[");
  qs_qlog_put_uint (out, from);
  g_string_append_c (out, ',');
  qs_qlog_put_uint (out, to);
  g_string_append_c (out, ']');
}

/* What it acknowledges is told by what it does not. */
static void
put_ack (GString *out, QsJson params)
{
  QsJson missing = qs_json_get (params, "missing_packets");
  guint64 smallest = 0, largest = 0, delay = 0;
  guint n = 0;

  qs_json_get_uint (params, "largest_observed", &largest);
  smallest = largest;
  qs_json_get_uint (params, "smallest_observed", &smallest);
  qs_json_get_uint (params, "delta_time_largest_observed_us", &delay);
  delay = MIN (delay, G_GUINT64_CONSTANT (1000000000));
  g_string_append_printf (out, "\"ack\",\"ack_delay\":%" G_GUINT64_FORMAT ".%03u,\"acked_ranges\":[", delay / 1000,
                          (guint) (delay % 1000));
  for (QsJson value = qs_json_first (missing); qs_json_is_there (value) && n++ < MAX_MISSING;
       value = qs_json_next (missing, value))
    {
      guint64 number;

      if (!qs_json_uint (value, &number) || number < smallest || number >= largest)
        continue;
      if (number > smallest)
        put_range (out, smallest, number - 1);
      smallest = number + 1;
    }
  put_range (out, MIN (smallest, largest), largest);
  g_string_append_c (out, ']');
}

static void
put_reset_stream (GString *out, QsJson params)
{
  g_string_append (out, "\"reset_stream\"");
  copy_uint (out, params, "stream_id", "stream_id");
  copy_uint (out, params, "ietf_error_code", "error_code");
  copy_uint (out, params, "offset", "final_size");
}

static void
put_stop_sending (GString *out, QsJson params)
{
  g_string_append (out, "\"stop_sending\"");
  copy_uint (out, params, "stream_id", "stream_id");
  copy_uint (out, params, "ietf_error_code", "error_code");
}

/* The code as on the wire is told where it is another one than Chromium's own. */
static void
put_close (GString *out, QsJson params)
{
  const char *type = qs_json_get_string (params, "close_type"), *reason = qs_json_get_string (params, "details");
  gboolean application = g_strcmp0 (type, "Application") == 0;
  guint64 code = 0;

  if (!qs_json_get_uint (params, "quic_wire_error", &code))
    qs_json_get_uint (params, "quic_error", &code);
  g_string_append_printf (out, "\"connection_close\",\"error_space\":\"%s\"",
                          application ? "application" : "transport");
  put_uint (out, "error_code", code);
  put_uint (out, "raw_error_code", code);
  copy_uint (out, params, "transport_close_frame_type", "trigger_frame_type");
  g_string_append (out, ",\"reason\":");
  qs_qlog_put_string (out, reason != NULL ? reason : "");
}

/* The connection's own window has no stream, and -1 for its number. */
static void
put_window (GString *out, QsJson params)
{
  guint64 stream;

  if (qs_json_get_uint (params, "stream_id", &stream) && stream != G_MAXUINT32)
    {
      g_string_append (out, "\"max_stream_data\"");
      put_uint (out, "stream_id", stream);
    }
  else
    g_string_append (out, "\"max_data\"");
  copy_uint (out, params, "byte_offset", "maximum");
}

static void
put_blocked (GString *out, QsJson params)
{
  guint64 stream;

  if (qs_json_get_uint (params, "stream_id", &stream) && stream != G_MAXUINT32)
    {
      g_string_append (out, "\"stream_data_blocked\"");
      put_uint (out, "stream_id", stream);
    }
  else
    g_string_append (out, "\"data_blocked\"");
  copy_uint (out, params, "byte_offset", "limit");
}

static void
put_stream_type (GString *out, QsJson params)
{
  g_string_append_printf (out, ",\"stream_type\":\"%s\"",
                          qs_json_get_bool (params, "is_unidirectional") ? "unidirectional" : "bidirectional");
}

static void
put_max_streams (GString *out, QsJson params)
{
  g_string_append (out, "\"max_streams\"");
  put_stream_type (out, params);
  copy_uint (out, params, "stream_count", "maximum");
}

static void
put_streams_blocked (GString *out, QsJson params)
{
  g_string_append (out, "\"streams_blocked\"");
  put_stream_type (out, params);
  copy_uint (out, params, "stream_count", "limit");
}

static void
put_new_connection_id (GString *out, QsJson params)
{
  const char *id = qs_json_get_string (params, "connection_id");

  g_string_append (out, "\"new_connection_id\"");
  copy_uint (out, params, "sequence_number", "sequence_number");
  copy_uint (out, params, "retire_prior_to", "retire_prior_to");
  if (id == NULL)
    return;
  g_string_append (out, ",\"connection_id\":");
  qs_qlog_put_string (out, id);
}

static void
put_retire_connection_id (GString *out, QsJson params)
{
  g_string_append (out, "\"retire_connection_id\"");
  copy_uint (out, params, "sequence_number", "sequence_number");
}

static void
put_new_token (GString *out, QsJson params)
{
  g_string_append (out, "\"new_token\"");
  copy_hex (out, params, "token", "token");
}

static void
put_path_challenge (GString *out, QsJson params)
{
  g_string_append (out, "\"path_challenge\"");
  copy_hex (out, params, "data", "data");
}

static void
put_path_response (GString *out, QsJson params)
{
  g_string_append (out, "\"path_response\"");
  copy_hex (out, params, "data", "data");
}

static void
put_datagram (GString *out, QsJson params)
{
  g_string_append (out, "\"datagram\"");
  copy_uint (out, params, "message_length", "length");
}

static void
put_padding (GString *out, QsJson params)
{
  g_string_append (out, "\"padding\"");
  copy_uint (out, params, "num_padding_bytes", "length");
}

static void
put_ping (GString *out, QsJson params)
{
  g_string_append (out, "\"ping\"");
}

static void
put_handshake_done (GString *out, QsJson params)
{
  g_string_append (out, "\"handshake_done\"");
}

static const struct {
  const char *name;
  void (*put) (GString *out, QsJson params);
} frames[] = {
  { "STREAM_FRAME", put_stream },
  { "ACK_FRAME", put_ack },
  { "CRYPTO_FRAME", put_crypto },
  { "PADDING_FRAME", put_padding },
  { "WINDOW_UPDATE_FRAME", put_window },
  { "BLOCKED_FRAME", put_blocked },
  { "MAX_STREAMS_FRAME", put_max_streams },
  { "STREAMS_BLOCKED_FRAME", put_streams_blocked },
  { "RST_STREAM_FRAME", put_reset_stream },
  { "STOP_SENDING_FRAME", put_stop_sending },
  { "CONNECTION_CLOSE_FRAME", put_close },
  { "NEW_CONNECTION_ID_FRAME", put_new_connection_id },
  { "RETIRE_CONNECTION_ID_FRAME", put_retire_connection_id },
  { "NEW_TOKEN_FRAME", put_new_token },
  { "PATH_CHALLENGE_FRAME", put_path_challenge },
  { "PATH_RESPONSE_FRAME", put_path_response },
  { "HANDSHAKE_DONE_FRAME", put_handshake_done },
  { "PING_FRAME", put_ping },
  { "MTU_DISCOVERY_FRAME", put_ping }, /* that is one on the wire */
  { "MESSAGE_FRAME", put_datagram },
};

gboolean
qs_netlog_put_frame (GString *out, const char *what, gsize length, QsJson params)
{
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    {
      if (strlen (frames[i].name) != length || memcmp (frames[i].name, what, length) != 0)
        continue;
      g_string_append (out, "{\"frame_type\":");
      frames[i].put (out, params);
      g_string_append_c (out, '}');
      return TRUE;
    }
  return FALSE;
}

/* --- Transport parameters --- */

static const QsTransportParameterInfo *
find_parameter (const char *name)
{
  guint n_infos;
  const QsTransportParameterInfo *infos = qs_transport_parameter_infos (&n_infos);

  for (guint i = 0; i < n_infos; i++)
    {
      if (strcmp (infos[i].name, name) == 0)
        return &infos[i];
    }
  return NULL;
}

static gboolean
is_made_of (const char *text, const char *allowed)
{
  return *text != '\0' && text[strspn (text, allowed)] == '\0';
}

void
qs_netlog_put_parameters (GString *out, const char *text)
{
  g_auto (GStrv) words = g_strsplit_set (text, " []", -1);

  for (char **word = words; *word != NULL; word++)
    {
      const QsTransportParameterInfo *info = find_parameter (*word);
      const char *value = word[1] != NULL ? word[1] : "";

      if (info == NULL)
        continue;
      if (info->kind == QS_TP_FLAG)
        g_string_append_printf (out, ",\"%s\":true", info->name);
      else if (info->kind == QS_TP_INTEGER && is_made_of (value, "0123456789"))
        g_string_append_printf (out, ",\"%s\":\"%s\"", info->name, value);
      else if (info->kind == QS_TP_BYTES && is_made_of (value, "0123456789abcdef"))
        g_string_append_printf (out, ",\"%s\":\"%s\"", info->name, strlen (value) % 2 == 0 ? value : "");
    }
}

/* --- HTTP/3 --- */

/* "name: value", where a pseudo-header's name begins with a colon. */
static void
put_headers (GString *out, QsJson list)
{
  guint n = 0;

  g_string_append (out, "\"headers\":[");
  for (QsJson value = qs_json_first (list); qs_json_is_there (value) && n < MAX_HEADERS;
       value = qs_json_next (list, value))
    {
      const char *line = qs_json_string (value);
      const char *colon = line != NULL && *line != '\0' ? strstr (line + 1, ": ") : NULL;

      if (colon == NULL)
        continue;
      g_autofree char *name = g_strndup (line, (gsize) (colon - line));
      g_string_append (out, n++ > 0 ? ",{\"name\":" : "{\"name\":");
      qs_qlog_put_string (out, name);
      g_string_append (out, ",\"value\":");
      qs_qlog_put_string (out, colon + 2);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
}

typedef enum { ON_STREAM, ON_CONTROL } Place;

static const struct {
  const char *type;
  const char *event;
  const char *frame;  /* NULL: a stream's type, or headers alone */
  const char *length; /* the member that tells its payload's */
  Place place;
  const char *stream_type;
} http3[] = {
  { "HTTP3_HEADERS_SENT", "http3:frame_created", "headers", NULL, ON_STREAM, NULL },
  { "HTTP3_HEADERS_RECEIVED", "http3:frame_parsed", "headers", "compressed_headers_length", ON_STREAM, NULL },
  { "HTTP3_HEADERS_DECODED", "qpack:headers_decoded", NULL, NULL, ON_STREAM, NULL },
  { "HTTP3_DATA_SENT", "http3:frame_created", "data", "payload_length", ON_STREAM, NULL },
  { "HTTP3_DATA_FRAME_RECEIVED", "http3:frame_parsed", "data", "payload_length", ON_STREAM, NULL },
  { "HTTP3_SETTINGS_SENT", "http3:frame_created", "settings", NULL, ON_CONTROL, NULL },
  { "HTTP3_SETTINGS_RECEIVED", "http3:frame_parsed", "settings", NULL, ON_CONTROL, NULL },
  { "HTTP3_GOAWAY_SENT", "http3:frame_created", "goaway", NULL, ON_CONTROL, NULL },
  { "HTTP3_GOAWAY_RECEIVED", "http3:frame_parsed", "goaway", NULL, ON_CONTROL, NULL },
  { "HTTP3_MAX_PUSH_ID_SENT", "http3:frame_created", "max_push_id", NULL, ON_CONTROL, NULL },
  { "HTTP3_PRIORITY_UPDATE_SENT", "http3:frame_created", "priority_update", NULL, ON_CONTROL, NULL },
  { "HTTP3_LOCAL_CONTROL_STREAM_CREATED", "http3:stream_type_set", NULL, NULL, ON_STREAM, "control" },
  { "HTTP3_PEER_CONTROL_STREAM_CREATED", "http3:stream_type_set", NULL, NULL, ON_STREAM, "control" },
  { "HTTP3_LOCAL_QPACK_ENCODER_STREAM_CREATED", "http3:stream_type_set", NULL, NULL, ON_STREAM, "qpack_encode" },
  { "HTTP3_PEER_QPACK_ENCODER_STREAM_CREATED", "http3:stream_type_set", NULL, NULL, ON_STREAM, "qpack_encode" },
  { "HTTP3_LOCAL_QPACK_DECODER_STREAM_CREATED", "http3:stream_type_set", NULL, NULL, ON_STREAM, "qpack_decode" },
  { "HTTP3_PEER_QPACK_DECODER_STREAM_CREATED", "http3:stream_type_set", NULL, NULL, ON_STREAM, "qpack_decode" },
};

gboolean
qs_netlog_put_http3 (GString *out, const char *type, QsJson params, guint64 control, const char **name)
{
  guint64 stream = control, id = 0, length;
  guint i = 0;

  while (i < G_N_ELEMENTS (http3) && strcmp (http3[i].type, type) != 0)
    i++;
  if (i == G_N_ELEMENTS (http3) || (http3[i].place == ON_STREAM && !qs_json_get_uint (params, "stream_id", &stream)) ||
      stream == G_MAXUINT64)
    return FALSE;
  *name = http3[i].event;
  g_string_append_printf (out, "\"stream_id\":%" G_GUINT64_FORMAT, stream);
  if (http3[i].stream_type != NULL)
    g_string_append_printf (out, ",\"stream_type\":\"%s\"", http3[i].stream_type);
  if (http3[i].length != NULL && qs_json_get_uint (params, http3[i].length, &length))
    put_uint (out, "length", MIN (length, G_MAXUINT32));
  if (http3[i].frame != NULL)
    g_string_append_printf (out, ",\"frame\":{\"frame_type\":\"%s\"", http3[i].frame);
  if (http3[i].place == ON_CONTROL && qs_json_get_uint (params, "stream_id", &id))
    put_uint (out, "id", id); /* of a GOAWAY */
  QsJson headers = qs_json_get (params, "headers");
  if (qs_json_is_array (headers))
    {
      g_string_append_c (out, ',');
      put_headers (out, headers);
    }
  g_string_append (out, http3[i].frame != NULL ? "}" : "");
  return TRUE;
}
