/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP/3's streams in whatever pieces and order packets bring them: the same frames, the same header fields. */
#include "dissect/qs-http3-follow.h"

#include <string.h>

#include "trace/qs-trace-http3.h"
#include "wire/qs-http3.h"
#include "wire/qs-writer.h"

typedef struct {
  QsDissection dissection; /* as much of it as is looked at */
  QsHttp3Follow *follow;
  GHashTable *streams; /* id * 2 + side -> QsHttp3Stream */
  guint32 packet;
} Rig;

static void
rig_init (Rig *rig)
{
  *rig = (Rig){ .dissection = { .vantage = QS_VANTAGE_CLIENT, .trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL) } };
  rig->follow = qs_http3_follow_new (&rig->dissection);
  rig->streams = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) qs_http3_stream_free);
}

static void
rig_clear (Rig *rig)
{
  g_hash_table_unref (rig->streams);
  qs_http3_follow_free (rig->follow);
  g_object_unref (rig->dissection.trace);
}

static void
rig_add (Rig *rig, guint64 id, QsSide side, guint64 offset, QsSpan bytes)
{
  gpointer key = GSIZE_TO_POINTER (id * 2 + side);
  QsHttp3Stream *stream = g_hash_table_lookup (rig->streams, key), *before = stream;

  qs_http3_follow_add (rig->follow, &stream, id, side, offset, bytes, rig->packet++);
  if (before == NULL)
    g_hash_table_insert (rig->streams, key, stream);
}

static GBytes *
unhex (const char *hex)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = qs_bytes_from_hex (hex, &error);

  g_assert_no_error (error);
  return bytes;
}

static void
rig_hex (Rig *rig, guint64 id, QsSide side, guint64 offset, const char *hex)
{
  g_autoptr (GBytes) bytes = unhex (hex);

  rig_add (rig, id, side, offset, QS_SPAN (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
}

static char *
describe_all (Rig *rig)
{
  QsTrace *trace = rig->dissection.trace;
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < qs_trace_get_n_http3 (trace); i++)
    {
      const QsHttp3Piece *piece = qs_trace_get_http3 (trace, i);
      g_autofree char *line = qs_http3_piece_describe (piece);
      g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", line);
    }
  return g_string_free (text, FALSE);
}

static void
assert_all (Rig *rig, const char *expected)
{
  g_autofree char *text = describe_all (rig);

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_lines (Rig *rig, guint index, const char *expected)
{
  const QsHttp3Piece *piece = qs_trace_get_http3 (rig->dissection.trace, index);
  g_autofree char *lines = piece->lines != NULL ? g_strjoinv ("|", piece->lines) : NULL;

  g_assert_cmpstr (lines, ==, expected);
}

/* RFC 9204 appendix B.2 to B.5, with the server's leave for a table of 220 bytes. */

static void
test_tables (void)
{
  Rig rig;

  rig_init (&rig);
  rig_hex (&rig, 3, QS_SIDE_SERVER, 0, "0004030140dc");
  rig_hex (&rig, 2, QS_SIDE_CLIENT, 0, "023fbd01c00f7777772e6578616d706c652e636f6dc10c2f73616d706c652f70617468");
  rig_hex (&rig, 4, QS_SIDE_CLIENT, 0, "010403811011");
  assert_all (&rig,
              "control stream; SETTINGS; QPACK encoder stream; QPACK Set Dynamic Table Capacity; QPACK Insert with "
              "Name Reference; QPACK Insert with Name Reference; HEADERS");
  assert_lines (&rig, 6, ":authority|www.example.com|:path|/sample/path");

  /* A section that comes before its entries waits for them. */
  rig_hex (&rig, 8, QS_SIDE_CLIENT, 0, "0105050080c181");
  assert_lines (&rig, 7, NULL);
  rig_hex (&rig, 2, QS_SIDE_CLIENT, 35, "4a637573746f6d2d6b65790c637573746f6d2d76616c7565");
  assert_lines (&rig, 7, NULL);
  rig_hex (&rig, 2, QS_SIDE_CLIENT, 59, "02");
  assert_lines (&rig, 7, ":authority|www.example.com|:path|/|custom-key|custom-value");

  /* The answers to it are instructions, too. */
  rig_hex (&rig, 7, QS_SIDE_SERVER, 0, "038448");
  g_autofree char *all = describe_all (&rig);
  g_assert_true (g_str_has_suffix (all, "QPACK Section Acknowledgment; QPACK Stream Cancellation"));
  rig_clear (&rig);
}

/* A control stream, and a request with a body of which nothing is held. */
static GByteArray *
make_request (gsize body)
{
  GByteArray *bytes = g_byte_array_new ();
  static const guint8 fields[] = { 0x00, 0x00, 0x51, 0x0b, '/', 'i', 'n', 'd', 'e', 'x', '.', 'h', 't', 'm', 'l' };
  static const guint8 trailers[] = { 0x00, 0x00, 0xd9 }; /* :status 200, of all things */
  g_autofree guint8 *content = g_malloc (body + 1);

  memset (content, 0x01, body); /* if it were read as frames, there would be many */
  qs_http3_frame_write (bytes, QS_HTTP3_HEADERS, QS_SPAN (fields, sizeof fields));
  qs_http3_frame_write (bytes, 0x21, QS_SPAN ("\xab\xcd", 2)); /* GREASE */
  qs_http3_frame_write (bytes, QS_HTTP3_DATA, QS_SPAN (content, body));
  qs_http3_frame_write (bytes, QS_HTTP3_HEADERS, QS_SPAN (trailers, sizeof trailers));
  return bytes;
}

typedef struct {
  gsize start, length;
} Slice;

static GArray *
slice (gsize total, gsize most)
{
  GArray *slices = g_array_new (FALSE, FALSE, sizeof (Slice));

  for (gsize at = 0; at < total;)
    {
      gsize length = (gsize) g_test_rand_int_range (1, (gint32) most + 1);
      length = MIN (length, total - at);
      Slice one = { at, length };
      g_array_append_val (slices, one);
      at += length;
    }
  return slices;
}

static void
test_any_order (void)
{
  for (guint round = 0; round < 200; round++)
    {
      g_autoptr (GByteArray) request = make_request (round % 2 ? 40000 : 3000);
      g_autoptr (GArray) slices = slice (request->len, round % 4 < 2 ? 7000 : 1200);
      Rig rig;

      rig_init (&rig);
      for (guint i = 0; round % 3 != 0 && i < slices->len; i++)
        {
          guint other = (guint) g_test_rand_int_range (0, (gint32) slices->len);
          Slice *a = &g_array_index (slices, Slice, i), *b = &g_array_index (slices, Slice, other), keep = *a;
          *a = *b;
          *b = keep;
        }
      for (guint i = 0; i < slices->len; i++)
        {
          const Slice *one = &g_array_index (slices, Slice, i);
          rig_add (&rig, 0, QS_SIDE_CLIENT, one->start, QS_SPAN (request->data + one->start, one->length));
          if (round % 5 == 0) /* sent again */
            rig_add (&rig, 0, QS_SIDE_CLIENT, one->start, QS_SPAN (request->data + one->start, one->length));
        }
      assert_all (&rig, "HEADERS; GREASE; DATA; HEADERS 200");
      assert_lines (&rig, 0, ":path|/index.html");
      const QsHttp3Piece *data = qs_trace_get_http3 (rig.dissection.trace, 2);
      g_assert_null (data->bytes);
      g_assert_cmpuint (data->offset, ==, 21);
      g_autoptr (GPtrArray) within = qs_trace_list_http3 (rig.dissection.trace, 0, QS_DIRECTION_SENT, 1000, 1001);
      g_assert_cmpuint (within->len, ==, 1);
      g_assert_true (g_ptr_array_index (within, 0) == data);
      g_assert_null (qs_trace_list_http3 (rig.dissection.trace, 0, QS_DIRECTION_RECEIVED, 0, 100));
      rig_clear (&rig);
    }
}

/* What lies beyond reach, or is no HTTP/3, ends the following; nothing else. */
static void
test_lost (void)
{
  static const guint8 zeros[1200];
  Rig rig;

  rig_init (&rig);
  rig_add (&rig, 0, QS_SIDE_CLIENT, 1u << 20, QS_SPAN (zeros, sizeof zeros)); /* a megabyte is missing before it */
  rig_hex (&rig, 0, QS_SIDE_CLIENT, 0, "010f0000510b2f696e6465782e68746d6c");
  assert_all (&rig, "");
  rig_hex (&rig, 4, QS_SIDE_CLIENT, 0, "010f0000510b2f696e6465782e68746d6c");
  assert_all (&rig, "HEADERS");
  rig_hex (&rig, 6, QS_SIDE_CLIENT, 0, "4054aabbccdd"); /* WebTransport: not followed */
  rig_hex (&rig, 6, QS_SIDE_CLIENT, 6, "0000");
  assert_all (&rig, "HEADERS; WebTransport stream");
  /* A frame that claims more than is ever kept is told by its header; a section that is none has no lines. */
  rig_hex (&rig, 8, QS_SIDE_CLIENT, 0, "01c000000010000000ffff");
  rig_hex (&rig, 12, QS_SIDE_CLIENT, 0, "0104ffffffff");
  g_assert_cmpuint (qs_trace_get_n_http3 (rig.dissection.trace), ==, 4);
  assert_lines (&rig, 2, NULL);
  assert_lines (&rig, 3, NULL);
  rig_clear (&rig);
}

/* Many streams that each have a hole at their start: what waits is bounded. */
static void
test_many_waiting (void)
{
  static const guint8 zeros[100];
  Rig rig;

  rig_init (&rig);
  for (guint i = 0; i < 2000; i++)
    rig_add (&rig, i * 4, QS_SIDE_CLIENT, 60000, QS_SPAN (zeros, sizeof zeros));
  rig_hex (&rig, 2000 * 4, QS_SIDE_CLIENT, 0, "010f0000510b2f696e6465782e68746d6c");
  assert_all (&rig, ""); /* no room for its bytes */
  rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http3-follow/tables", test_tables);
  g_test_add_func ("/http3-follow/any-order", test_any_order);
  g_test_add_func ("/http3-follow/lost", test_lost);
  g_test_add_func ("/http3-follow/many-waiting", test_many_waiting);
  return g_test_run ();
}
