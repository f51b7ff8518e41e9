/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-http3.h"

#include <inttypes.h>

#include "base/qs-i18n.h"
#include "wire/qs-name-table.h"
#include "wire/qs-reader.h"

static const QsName frame_types[] = {
  { QS_HTTP3_DATA, "DATA", N_ ("Bytes of the content of a request or response.") },
  { QS_HTTP3_HEADERS, "HEADERS", N_ ("Header or trailer fields, compressed with QPACK.") },
  { QS_HTTP3_CANCEL_PUSH, "CANCEL_PUSH", N_ ("A pushed response is not wanted, or will not come.") },
  { QS_HTTP3_SETTINGS, "SETTINGS", N_ ("What this end can and will accept: the first frame on its control stream.") },
  { QS_HTTP3_PUSH_PROMISE, "PUSH_PROMISE", N_ ("The server announces a response that the client has not asked for.") },
  { QS_HTTP3_GOAWAY, "GOAWAY", N_ ("An orderly end begins: requests from this number on will not be served.") },
  { 0x0c, "ORIGIN", N_ ("For which sites the server may answer on this connection (RFC 9412).") },
  { QS_HTTP3_MAX_PUSH_ID, "MAX_PUSH_ID", N_ ("How many pushes the client permits.") },
  { 0x41, "WEBTRANSPORT_STREAM", N_ ("The stream belongs to a WebTransport session from here on.") },
  { 0x4d, "METADATA", N_ ("Names and values that concern the stream and are no header fields.") },
  { QS_HTTP3_PRIORITY_UPDATE_REQUEST, "PRIORITY_UPDATE", N_ ("The client changes how urgent a request is.") },
  { QS_HTTP3_PRIORITY_UPDATE_PUSH, "PRIORITY_UPDATE", N_ ("The client changes how urgent a pushed response is.") },
};

static const QsName stream_types[] = {
  { QS_HTTP3_STREAM_CONTROL, "control",
    N_ ("Carries the frames that concern the whole connection; one for each direction.") },
  { QS_HTTP3_STREAM_PUSH, "push", N_ ("Carries a response that the client has not asked for.") },
  { QS_HTTP3_STREAM_QPACK_ENCODER, "QPACK encoder", N_ ("Fills the peer's table of header fields.") },
  { QS_HTTP3_STREAM_QPACK_DECODER, "QPACK decoder", N_ ("Tells the peer which of its table entries have arrived.") },
  { QS_HTTP3_STREAM_WEBTRANSPORT, "WebTransport", N_ ("Carries bytes of a WebTransport session.") },
};

/* IANA's "HTTP/3 Settings" registry. */
static const QsName settings[] = {
  { 0x01, "SETTINGS_QPACK_MAX_TABLE_CAPACITY",
    N_ ("How large, in bytes, the table of header fields may become; 0 means no table.") },
  { 0x06, "SETTINGS_MAX_FIELD_SECTION_SIZE",
    N_ ("The largest set of header fields that is accepted, in bytes; unlimited when absent.") },
  { 0x07, "SETTINGS_QPACK_BLOCKED_STREAMS", N_ ("How many streams may wait for table entries at a time.") },
  { 0x08, "SETTINGS_ENABLE_CONNECT_PROTOCOL", N_ ("1: CONNECT may carry other protocols, as WebSocket (RFC 9220).") },
  { 0x33, "SETTINGS_H3_DATAGRAM", N_ ("1: HTTP datagrams are understood (RFC 9297).") },
  { 0x0276, "SETTINGS_H3_DATAGRAM_DRAFT00", N_ ("1: HTTP datagrams are understood, in a draft's form.") },
  { 0x2b61, "SETTINGS_WT_INITIAL_MAX_DATA", N_ ("How many bytes may be sent at first in a WebTransport session.") },
  { 0x2b64, "SETTINGS_WT_INITIAL_MAX_STREAMS_UNI",
    N_ ("How many unidirectional streams may be opened at first in a WebTransport session.") },
  { 0x2b65, "SETTINGS_WT_INITIAL_MAX_STREAMS_BIDI",
    N_ ("How many bidirectional streams may be opened at first in a WebTransport session.") },
  { 0x4d44, "SETTINGS_ENABLE_METADATA", N_ ("1: METADATA frames are understood.") },
  { 0xffd277, "SETTINGS_H3_DATAGRAM_DRAFT04", N_ ("1: HTTP datagrams are understood, in a draft's form.") },
  { 0x14e9cd29, "SETTINGS_WT_MAX_SESSIONS", N_ ("How many WebTransport sessions are accepted at a time.") },
  { 0x2b603742, "SETTINGS_ENABLE_WEBTRANSPORT", N_ ("1: WebTransport is understood, in a draft's form.") },
  { 0x2c7cf000, "SETTINGS_WT_ENABLED", N_ ("1: WebTransport is understood.") },
  { 0xc671706a, "SETTINGS_WEBTRANSPORT_MAX_SESSIONS", N_ ("How many WebTransport sessions the server accepts.") },
};

static gboolean
is_greased (guint64 value)
{
  return value >= 0x21 && (value - 0x21) % 0x1f == 0;
}

/* A registered value wins: 0x54 and the like might fall on the pattern. */
static const char *
name_of (const QsName *table, guint n_rows, guint64 value)
{
  const char *name = qs_name_lookup (table, n_rows, value);

  return name == NULL && is_greased (value) ? "GREASE" : name;
}

static const char *
meaning_of (const QsName *table, guint n_rows, guint64 value)
{
  const char *meaning = qs_name_lookup_meaning (table, n_rows, value);

  return meaning == NULL && is_greased (value)
             ? _ ("Reserved: sent only to see that the peer ignores what it does not know.")
             : meaning;
}

const char *
qs_http3_frame_type_name (guint64 type)
{
  return name_of (frame_types, G_N_ELEMENTS (frame_types), type);
}

const char *
qs_http3_frame_type_meaning (guint64 type)
{
  return meaning_of (frame_types, G_N_ELEMENTS (frame_types), type);
}

const char *
qs_http3_stream_type_name (guint64 type)
{
  return name_of (stream_types, G_N_ELEMENTS (stream_types), type);
}

const char *
qs_http3_stream_type_meaning (guint64 type)
{
  return meaning_of (stream_types, G_N_ELEMENTS (stream_types), type);
}

const char *
qs_http3_setting_name (guint64 id)
{
  return name_of (settings, G_N_ELEMENTS (settings), id);
}

const char *
qs_http3_setting_meaning (guint64 id)
{
  return meaning_of (settings, G_N_ELEMENTS (settings), id);
}

gboolean
qs_http3_frame_parse (QsSpan bytes, gsize *at, QsHttp3Frame *frame, GError **error)
{
  g_return_val_if_fail (at != NULL && frame != NULL, FALSE);
  g_return_val_if_fail (*at <= bytes.length, FALSE);

  *frame = (QsHttp3Frame){ .type = 0 };
  if (bytes.length > G_MAXUINT32)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_TOO_LARGE, _ ("More than 4 GiB of a stream at once"));
      return FALSE;
    }
  QsReader reader = qs_reader_init (bytes);
  reader.at = MIN (*at, reader.bytes.length);
  frame->offset = (guint32) reader.at;
  frame->type = qs_reader_varint (&reader);
  frame->length = qs_reader_varint (&reader);
  if (!reader.ok)
    return qs_reader_fail_truncated (&reader, _ ("HTTP/3 frame"), error);

  frame->header_length = (guint32) (reader.at - frame->offset);
  frame->complete = frame->length <= qs_reader_left (&reader);
  frame->payload = qs_reader_span (&reader, MIN (frame->length, qs_reader_left (&reader)));
  *at = reader.at;
  return TRUE;
}

static int
compare_settings (gconstpointer a, gconstpointer b)
{
  guint64 x = ((const QsHttp3Setting *) a)->id, y = ((const QsHttp3Setting *) b)->id;

  return (x > y) - (x < y);
}

static gboolean
check_duplicates (GArray *found, GError **error)
{
  g_autoptr (GArray) sorted = g_array_copy (found);

  g_array_sort (sorted, compare_settings);
  for (guint i = 1; i < sorted->len; i++)
    if (compare_settings (&g_array_index (sorted, QsHttp3Setting, i - 1), &g_array_index (sorted, QsHttp3Setting, i)) ==
        0)
      {
        g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("The setting 0x%" PRIx64 " stands there twice"),
                     g_array_index (sorted, QsHttp3Setting, i).id);
        return FALSE;
      }
  return TRUE;
}

GArray *
qs_http3_settings_parse (QsSpan payload, GError **error)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (QsHttp3Setting));
  QsReader reader = qs_reader_init (payload);

  while (!qs_reader_at_end (&reader))
    {
      QsHttp3Setting setting = { .id = qs_reader_varint (&reader) };
      setting.value = qs_reader_varint (&reader);
      if (reader.ok)
        g_array_append_val (found, setting);
    }
  if (!reader.ok)
    {
      qs_reader_fail_truncated (&reader, "SETTINGS", error);
      return NULL;
    }
  return check_duplicates (found, error) ? g_steal_pointer (&found) : NULL;
}

char *
qs_http3_frame_describe (const QsHttp3Frame *frame)
{
  g_return_val_if_fail (frame != NULL, NULL);

  const char *name = qs_http3_frame_type_name (frame->type);
  g_autofree char *unknown = name == NULL ? g_strdup_printf (_ ("unknown frame 0x%" PRIx64), frame->type) : NULL;
  gulong n = (gulong) frame->length;
  QsReader reader = qs_reader_init (frame->payload);

  if (frame->type == QS_HTTP3_CANCEL_PUSH || frame->type == QS_HTTP3_GOAWAY || frame->type == QS_HTTP3_MAX_PUSH_ID)
    {
      guint64 id = qs_reader_varint (&reader);
      if (reader.ok)
        return g_strdup_printf ("%s %" PRIu64, name, id);
    }
  /* Translators: an HTTP/3 frame and its size, as "HEADERS, 42 bytes" */
  return g_strdup_printf (ngettext ("%s, %lu byte", "%s, %lu bytes", n), name != NULL ? name : unknown, n);
}
