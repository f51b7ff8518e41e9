/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which frame or which field of the server's broke a rule of HTTP/3: said by the code with which the client closed, shown by
 * the frames as they were dissected. */
#include "diagnosis/qs-http3-offence.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "trace/qs-metrics.h"
#include "wire/qs-http3.h"
#include "wire/qs-packet.h"

/* RFC 9114 section 8.1, RFC 9204 section 6. */
enum {
  STREAM_CREATION_ERROR = 0x103,
  CLOSED_CRITICAL_STREAM = 0x104,
  FRAME_UNEXPECTED = 0x105,
  FRAME_ERROR = 0x106,
  ID_ERROR = 0x108,
  SETTINGS_ERROR = 0x109,
  MISSING_SETTINGS = 0x10a,
  DECOMPRESSION_FAILED = 0x200,
  ENCODER_STREAM_ERROR = 0x201,
  DECODER_STREAM_ERROR = 0x202,
};

typedef struct {
  const QsEvidence *evidence;
  guint64 code;
  QsHttp3Offence *offence;
  GHashTable *headers; /* request streams that have had HEADERS: id + 1 -> how many */
  gint64 streams[4];   /* by QsHttp3StreamType: the first of the server's; -1: none */
  gboolean has_settings, has_control_frame;
  guint64 goaway;
} Search;

static gboolean
found (Search *search, guint64 code, const QsHttp3Piece *piece, const char *rule, const char *reference)
{
  if (search->code != code)
    return FALSE;
  *search->offence = (QsHttp3Offence){ rule, reference, piece, piece->stream };
  return TRUE;
}

static gboolean
parse (const QsHttp3Piece *piece, QsHttp3Frame *frame)
{
  gsize at = 0;

  return piece->bytes != NULL &&
         qs_http3_frame_parse (QS_SPAN (g_bytes_get_data (piece->bytes, NULL), g_bytes_get_size (piece->bytes)), &at,
                               frame, NULL);
}

/* RFC 9114 section 7.2.8: types that HTTP/2 has and HTTP/3 has not. */
static gboolean
is_of_http2 (guint64 type)
{
  return type == 0x02 || type == 0x06 || type == 0x08 || type == 0x09;
}

static gboolean
check_settings (Search *search, const QsHttp3Piece *piece)
{
  QsHttp3Frame frame;
  GArray *settings = parse (piece, &frame) ? qs_http3_settings_parse (frame.payload, NULL) : NULL;
  g_autoptr (GArray) owned = settings;

  if (settings == NULL)
    return found (search, SETTINGS_ERROR, piece, N_ ("Its SETTINGS frame names a setting twice, or is cut."),
                  "RFC 9114 section 7.2.4");
  for (guint i = 0; i < settings->len; i++)
    if (g_array_index (settings, QsHttp3Setting, i).id >= 0x02 &&
        g_array_index (settings, QsHttp3Setting, i).id <= 0x05)
      return found (search, SETTINGS_ERROR, piece,
                    N_ ("Its SETTINGS frame holds a setting of HTTP/2, which HTTP/3 forbids."),
                    "RFC 9114 section 7.2.4.1");
  return FALSE;
}

static gboolean
check_goaway (Search *search, const QsHttp3Piece *piece)
{
  QsHttp3Frame frame;
  gsize at = 0;
  guint64 id;

  if (!parse (piece, &frame) || !qs_varint_read (frame.payload, &at, &id))
    return FALSE;
  guint64 before = search->goaway;
  search->goaway = id;
  if ((id & 3) != 0)
    return found (search, ID_ERROR, piece, N_ ("Its GOAWAY names a stream that is no request's."),
                  "RFC 9114 section 7.2.6");
  if (id > before)
    return found (search, ID_ERROR, piece, N_ ("Its GOAWAY names a later stream than the one before did."),
                  "RFC 9114 section 5.2");
  return FALSE;
}

static gboolean
check_control (Search *search, const QsHttp3Piece *piece)
{
  gboolean first = !search->has_control_frame;

  search->has_control_frame = TRUE;
  if (first && piece->type != QS_HTTP3_SETTINGS)
    return found (search, MISSING_SETTINGS, piece, N_ ("Its control stream begins with {frame}, not with SETTINGS."),
                  "RFC 9114 section 6.2.1");
  switch (piece->type)
    {
    case QS_HTTP3_SETTINGS:
      if (search->has_settings)
        return found (search, FRAME_UNEXPECTED, piece, N_ ("It sent SETTINGS a second time."),
                      "RFC 9114 section 7.2.4");
      search->has_settings = TRUE;
      return check_settings (search, piece);
    case QS_HTTP3_DATA:
    case QS_HTTP3_HEADERS:
    case QS_HTTP3_PUSH_PROMISE:
      return found (search, FRAME_UNEXPECTED, piece,
                    N_ ("It sent {frame} on its control stream; that frame belongs on a request's stream."),
                    "RFC 9114 section 7.2");
    case QS_HTTP3_MAX_PUSH_ID:
      return found (search, FRAME_UNEXPECTED, piece, N_ ("It sent MAX_PUSH_ID, which is for clients alone."),
                    "RFC 9114 section 7.2.7");
    case QS_HTTP3_GOAWAY:
      return check_goaway (search, piece);
    default:
      return FALSE;
    }
}

static gboolean
check_request (Search *search, const QsHttp3Piece *piece)
{
  gpointer key = GUINT_TO_POINTER ((guint) piece->stream + 1);

  switch (piece->type)
    {
    case QS_HTTP3_HEADERS:
      g_hash_table_insert (search->headers, key, key);
      return FALSE;
    case QS_HTTP3_DATA:
      if (!g_hash_table_contains (search->headers, key))
        return found (search, FRAME_UNEXPECTED, piece, N_ ("It sent DATA on stream {stream} before any HEADERS."),
                      "RFC 9114 section 4.1");
      /* nghttp3 tells likewise of DATA behind trailers. */
      return FALSE;
    case QS_HTTP3_PUSH_PROMISE:
      return found (search, ID_ERROR, piece, N_ ("It promised a push, and the client allows none (no MAX_PUSH_ID)."),
                    "RFC 9114 section 7.2.5");
    case QS_HTTP3_SETTINGS:
    case QS_HTTP3_GOAWAY:
    case QS_HTTP3_CANCEL_PUSH:
    case QS_HTTP3_MAX_PUSH_ID:
      return found (search, FRAME_UNEXPECTED, piece,
                    N_ ("It sent {frame} on the request's stream {stream}; that frame belongs on the control stream."),
                    "RFC 9114 section 7.2");
    default:
      return FALSE;
    }
}

static gboolean
check_stream_type (Search *search, const QsHttp3Piece *piece)
{
  if (piece->type == QS_HTTP3_STREAM_PUSH)
    return found (search, ID_ERROR, piece, N_ ("It opened a push stream, and the client allows none (no MAX_PUSH_ID)."),
                  "RFC 9114 section 4.6");
  if (piece->type >= G_N_ELEMENTS (search->streams))
    return FALSE;
  if (search->streams[piece->type] >= 0)
    return found (search, STREAM_CREATION_ERROR, piece, N_ ("It opened a second {frame}; there may be one."),
                  "RFC 9114 section 6.2");
  search->streams[piece->type] = (gint64) piece->stream;
  return FALSE;
}

static gboolean
check_piece (Search *search, const QsHttp3Piece *piece)
{
  if ((piece->stream & 3) == 1)
    return found (search, STREAM_CREATION_ERROR, piece,
                  N_ ("It opened stream {stream} for both directions, which HTTP/3 leaves to clients."),
                  "RFC 9114 section 6.1");
  if (piece->kind == QS_HTTP3_PIECE_STREAM_TYPE)
    return check_stream_type (search, piece);
  if (piece->kind != QS_HTTP3_PIECE_FRAME)
    return FALSE;
  if (is_of_http2 (piece->type))
    return found (search, FRAME_UNEXPECTED, piece,
                  N_ ("It sent a frame of a type that HTTP/2 has and HTTP/3 forbids ({frame}, on stream {stream})."),
                  "RFC 9114 section 7.2.8");
  return (piece->stream & 2) != 0 ? check_control (search, piece) : check_request (search, piece);
}

/* RFC 9114 section 6.2.1, RFC 9204 section 4.2: these stay open for as long as the connection. */
static gboolean
check_critical (Search *search)
{
  static const guint types[] = { QS_HTTP3_STREAM_CONTROL, QS_HTTP3_STREAM_QPACK_ENCODER,
                                 QS_HTTP3_STREAM_QPACK_DECODER };
  QsDirection from_server = search->evidence->from_server;

  for (guint i = 0; search->code == CLOSED_CRITICAL_STREAM && i < G_N_ELEMENTS (types); i++)
    {
      gint64 stream = search->streams[types[i]];
      const QsStreamFigures *figures =
          stream >= 0 ? qs_metrics_get_stream (qs_trace_get_metrics (search->evidence->trace), (guint64) stream) : NULL;
      if (figures == NULL || (!figures->fin[from_server] && !figures->reset[from_server]))
        continue;
      *search->offence =
          (QsHttp3Offence){ types[i] == QS_HTTP3_STREAM_CONTROL
                                ? N_ ("It closed its control stream {stream}, which must stay open.")
                                : N_ ("It closed stream {stream}, one of QPACK's, which must stay open."),
                            "RFC 9114 section 6.2.1", NULL, (guint64) stream };
      return TRUE;
    }
  return FALSE;
}

/* The last one of a kind, where the code says what kind it was. */
static gboolean
check_last (Search *search)
{
  static const struct {
    guint64 code;
    QsHttp3PieceKind kind;
    const char *rule, *reference;
  } kinds[] = {
    { FRAME_ERROR, QS_HTTP3_PIECE_FRAME,
      N_ ("A frame of its is malformed; the last one was {frame} on stream {stream}."), "RFC 9114 section 7.1" },
    { DECOMPRESSION_FAILED, QS_HTTP3_PIECE_FRAME,
      N_ ("The fields of {frame} on stream {stream} refer to what QPACK's tables do not hold, or are coded wrongly."),
      "RFC 9204 section 2.2.3" },
    { ENCODER_STREAM_ERROR, QS_HTTP3_PIECE_ENCODER,
      N_ ("Its QPACK encoder stream holds an instruction that cannot be followed."), "RFC 9204 section 4.3" },
    { DECODER_STREAM_ERROR, QS_HTTP3_PIECE_DECODER, N_ ("Its QPACK decoder stream acknowledges what was never sent."),
      "RFC 9204 section 4.4" },
  };
  QsTrace *trace = search->evidence->trace;

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (guint i = qs_trace_get_n_http3 (trace); kinds[k].code == search->code && i > 0; i--)
      {
        const QsHttp3Piece *piece = qs_trace_get_http3 (trace, i - 1);
        gboolean fits =
            !piece->told && piece->kind == kinds[k].kind && piece->direction == search->evidence->from_server;
        if (search->code == DECOMPRESSION_FAILED)
          fits = fits && piece->type == QS_HTTP3_HEADERS && piece->lines == NULL;
        if (fits)
          return found (search, search->code, piece, kinds[k].rule, kinds[k].reference);
      }
  return FALSE;
}

gboolean
qs_http3_find_offence (const QsEvidence *evidence, guint64 code, QsHttp3Offence *offence)
{
  g_autoptr (GHashTable) headers = g_hash_table_new (NULL, NULL);
  Search search = { .evidence = evidence, .code = code, .offence = offence, .headers = headers, .goaway = G_MAXUINT64 };

  for (guint i = 0; i < G_N_ELEMENTS (search.streams); i++)
    search.streams[i] = -1;
  for (guint i = 0; i < qs_trace_get_n_http3 (evidence->trace); i++)
    {
      const QsHttp3Piece *piece = qs_trace_get_http3 (evidence->trace, i);
      /* A log need not tell of every frame: what is not in it, or not in order, proves nothing. */
      if (!piece->told && piece->direction == evidence->from_server && check_piece (&search, piece))
        return TRUE;
    }
  return check_critical (&search) || check_last (&search);
}

/* --- Fields --- */

static gboolean
fault (QsHttp3FieldFault *fault, const char *rule, const char *reference, char *field)
{
  *fault = (QsHttp3FieldFault){ rule, reference, field };
  return TRUE;
}

static gboolean
has_upper (const char *name)
{
  for (; *name != '\0'; name++)
    if (g_ascii_isupper (*name))
      return TRUE;
  return FALSE;
}

/* RFC 9110 section 5.6.2. What was escaped was none. */
static gboolean
is_token (const char *name)
{
  for (const char *at = name; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && strchr ("!#$%&'*+-.^_`|~", *at) == NULL)
      return FALSE;
  return *name != '\0';
}

static gboolean
is_of_connection (const char *name)
{
  static const char *const names[] = { "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i], name))
      return TRUE;
  return FALSE;
}

static gboolean
is_status (const char *value)
{
  return strlen (value) == 3 && g_ascii_isdigit (value[0]) && g_ascii_isdigit (value[1]) && g_ascii_isdigit (value[2]);
}

/* Zero, CR and LF, as they are escaped. */
static gboolean
has_forbidden (const char *value)
{
  static const char *const signs[] = { "\\x00", "\\x0d", "\\x0a", "\\r", "\\n" };

  for (guint i = 0; i < G_N_ELEMENTS (signs); i++)
    if (strstr (value, signs[i]) != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
check_pseudo (const char *name, const char *value, gboolean trailers, gboolean after, guint *n_status,
              QsHttp3FieldFault *out)
{
  if (trailers)
    return fault (out, N_ ("Its trailers hold the pseudo-header {field}."), "RFC 9114 section 4.3", g_strdup (name));
  if (!g_str_equal (name, ":status"))
    return fault (out, N_ ("It holds the pseudo-header {field}, which no response has."), "RFC 9114 section 4.3.2",
                  g_strdup (name));
  if ((*n_status)++ > 0)
    return fault (out, N_ ("It holds {field} twice."), "RFC 9114 section 4.3", g_strdup (name));
  if (!is_status (value))
    return fault (out, N_ ("Its status is no number of three digits ({field})."), "RFC 9114 section 4.3.2",
                  g_strdup_printf ("%s: %s", name, value));
  if (after)
    return fault (out, N_ ("The pseudo-header {field} stands behind other fields."), "RFC 9114 section 4.3",
                  g_strdup (name));
  return FALSE;
}

static gboolean
check_field (const char *name, const char *value, QsHttp3FieldFault *out)
{
  if (has_upper (name))
    return fault (out, N_ ("The name of the field “{field}” has capital letters."), "RFC 9114 section 4.2",
                  g_strdup (name));
  if (!is_token (name))
    return fault (out, N_ ("The name of the field “{field}” holds what no name may."), "RFC 9114 section 4.2",
                  g_strdup (name));
  if (is_of_connection (name))
    return fault (out, N_ ("It holds the field “{field}”, which is for HTTP/1.1's connections alone."),
                  "RFC 9114 section 4.2", g_strdup_printf ("%s: %s", name, value));
  if (has_forbidden (value))
    return fault (out, N_ ("The value of the field “{field}” holds a zero byte or a line end."),
                  "RFC 9114 section 10.3", g_strdup (name));
  if (g_str_equal (name, "content-length") && !g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, NULL, NULL))
    return fault (out, N_ ("“{field}” is no number of bytes."), "RFC 9110 section 8.6",
                  g_strdup_printf ("%s: %s", name, value));
  return FALSE;
}

gboolean
qs_http3_find_field_fault (char *const *lines, gboolean trailers, QsHttp3FieldFault *out)
{
  gboolean after = FALSE;
  guint n_status = 0;

  for (guint i = 0; lines[i] != NULL && lines[i + 1] != NULL; i += 2)
    {
      gboolean pseudo = lines[i][0] == ':';
      if (pseudo ? check_pseudo (lines[i], lines[i + 1], trailers, after, &n_status, out)
                 : check_field (lines[i], lines[i + 1], out))
        return TRUE;
      after |= !pseudo;
    }
  if (!trailers && n_status == 0)
    return fault (out, N_ ("It has no status (:status)."), "RFC 9114 section 4.3.2", NULL);
  return FALSE;
}
