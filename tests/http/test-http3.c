/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http/qs-http3.h"

#include <nghttp3/nghttp3.h>
#include <string.h>

/* A client of ours and a server of nghttp3's, with two byte queues between them. */
typedef struct {
  QsHttp3 *client;
  nghttp3_conn *server;
  gint64 next_uni, next_bidi;
  GQueue sent; /* Piece: on their way to the server */
  GString *request;
  GString *body;
  guint heads, dones, interims;
  guint64 stopped;
} Fixture;

typedef struct {
  gint64 stream;
  GBytes *bytes;
  gboolean fin;
} Piece;

static gint64
open_cb (gboolean bidirectional, gpointer data, GError **error)
{
  Fixture *f = data;
  gint64 *next = bidirectional ? &f->next_bidi : &f->next_uni;
  gint64 id = *next;

  *next += 4;
  return id;
}

static void
send_cb (gint64 stream, const guint8 *bytes, gsize length, gboolean fin, gpointer data)
{
  Fixture *f = data;
  Piece piece = { stream, g_bytes_new (bytes, length), fin };

  g_queue_push_tail (&f->sent, g_memdup2 (&piece, sizeof piece));
}

static void
stop_cb (gint64 stream, guint64 code, gpointer data)
{
  ((Fixture *) data)->stopped = code;
}

static void
head_cb (gpointer data)
{
  ((Fixture *) data)->heads++;
}

static void
body_cb (const guint8 *bytes, gsize length, gpointer data)
{
  g_string_append_len (((Fixture *) data)->body, (const char *) bytes, (gssize) length);
}

static void
done_cb (gpointer data)
{
  ((Fixture *) data)->dones++;
}

static void
interim_cb (gpointer data)
{
  ((Fixture *) data)->interims++;
}

static const QsHttp3Io io = { open_cb, send_cb, stop_cb, stop_cb, head_cb, body_cb, done_cb, interim_cb };

static int
server_header_cb (nghttp3_conn *conn, int64_t stream, int32_t token, nghttp3_rcbuf *name, nghttp3_rcbuf *value,
                  uint8_t flags, void *data, void *stream_data)
{
  Fixture *f = data;
  nghttp3_vec n = nghttp3_rcbuf_get_buf (name), v = nghttp3_rcbuf_get_buf (value);

  g_string_append_printf (f->request, "%.*s=%.*s;", (int) n.len, n.base, (int) v.len, v.base);
  return 0;
}

static nghttp3_ssize
server_read_cb (nghttp3_conn *conn, int64_t stream, nghttp3_vec *vec, size_t n, uint32_t *flags, void *data,
                void *stream_data)
{
  vec[0] = (nghttp3_vec){ (uint8_t *) "hello", 5 };
  *flags = NGHTTP3_DATA_FLAG_EOF;
  return 1;
}

static void
deliver_to_server (Fixture *f)
{
  Piece *piece;

  while ((piece = g_queue_pop_head (&f->sent)) != NULL)
    {
      gsize length;
      const guint8 *bytes = g_bytes_get_data (piece->bytes, &length);
      g_assert_cmpint (nghttp3_conn_read_stream (f->server, piece->stream, bytes, length, piece->fin), >=, 0);
      g_bytes_unref (piece->bytes);
      g_free (piece);
    }
}

/* In pieces of one byte: framing must not matter. */
static void
deliver_to_client (Fixture *f)
{
  for (;;)
    {
      nghttp3_vec pieces[8];
      int64_t stream = -1;
      int fin = 0;
      gsize total = 0;
      nghttp3_ssize n = nghttp3_conn_writev_stream (f->server, &stream, &fin, pieces, 8);
      g_assert_cmpint (n, >=, 0);
      if (stream < 0)
        return;
      for (nghttp3_ssize i = 0; i < n; i++)
        for (gsize at = 0; at < pieces[i].len; at++, total++)
          {
            gboolean last = fin && i == n - 1 && at + 1 == pieces[i].len;
            g_assert_true (qs_http3_receive (f->client, stream, pieces[i].base + at, 1, last, NULL));
          }
      nghttp3_conn_add_write_offset (f->server, stream, total);
      nghttp3_conn_add_ack_offset (f->server, stream, total);
    }
}

static void
set_up (Fixture *f, gconstpointer data)
{
  static const nghttp3_callbacks callbacks = { .recv_header = server_header_cb };
  nghttp3_settings settings;

  f->next_uni = 2;
  f->request = g_string_new (NULL);
  f->body = g_string_new (NULL);
  nghttp3_settings_default (&settings);
  g_assert_cmpint (nghttp3_conn_server_new (&f->server, &callbacks, &settings, nghttp3_mem_default (), f), ==, 0);
  nghttp3_conn_set_max_client_streams_bidi (f->server, 100);
  nghttp3_conn_bind_control_stream (f->server, 3);
  nghttp3_conn_bind_qpack_streams (f->server, 7, 11);
  f->client = qs_http3_new (&io, f, NULL);
  g_assert_nonnull (f->client);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  Piece *piece;

  qs_http3_free (f->client);
  nghttp3_conn_del (f->server);
  while ((piece = g_queue_pop_head (&f->sent)) != NULL)
    {
      g_bytes_unref (piece->bytes);
      g_free (piece);
    }
  g_string_free (f->request, TRUE);
  g_string_free (f->body, TRUE);
}

static void
test_get (Fixture *f, gconstpointer data)
{
  const nghttp3_nv fields[] = {
    { (uint8_t *) ":status", (uint8_t *) "404", 7, 3, 0 },
    { (uint8_t *) "server",
      (uint8_t *) "a\xc2\x9b"
                  "b",
      6, 4, 0 },
  };
  const nghttp3_data_reader reader = { server_read_cb };

  g_assert_true (qs_http3_get (f->client, "localhost:4433", "/x", NULL));
  g_assert_cmpint (qs_http3_get_request_stream (f->client), ==, 0);
  deliver_to_server (f);
  g_assert_nonnull (strstr (f->request->str, ":method=GET;:scheme=https;:authority=localhost:4433;:path=/x;"));

  g_assert_cmpint (nghttp3_conn_submit_response (f->server, 0, fields, 2, &reader), ==, 0);
  deliver_to_client (f);
  g_assert_cmpuint (qs_http3_get_status (f->client), ==, 404);
  g_assert_cmpstr (qs_http3_get_headers (f->client)[0], ==, "server");
  g_assert_cmpstr (qs_http3_get_headers (f->client)[1], ==, "a\\x9bb");
  g_assert_cmpstr (f->body->str, ==, "hello");
  g_assert_cmpuint (f->heads, ==, 1);
  g_assert_cmpuint (f->dones, ==, 1);
  g_assert_true (qs_http3_is_complete (f->client));
  g_assert_cmphex (qs_http3_get_error_code (f->client), ==, 0x100);
}

/* DATA before HEADERS: H3_FRAME_UNEXPECTED (RFC 9114 section 4.1). */
static void
test_broken (Fixture *f, gconstpointer data)
{
  static const guint8 data_frame[] = { 0x00, 0x01, 'x' };
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_http3_get (f->client, "localhost", "/", NULL));
  g_assert_false (qs_http3_receive (f->client, 0, data_frame, sizeof data_frame, FALSE, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
  g_assert_cmphex (qs_http3_get_error_code (f->client), ==, 0x105);
  g_assert_false (qs_http3_is_complete (f->client));
}

/* A frame, or several, on a stream of the server's. */
static gboolean
receive (Fixture *f, gint64 stream, const char *bytes, gsize length, GError **error)
{
  return qs_http3_receive (f->client, stream, bytes, length, FALSE, error);
}

#define RECEIVE(stream, bytes, error) receive (f, stream, bytes, sizeof (bytes) - 1, error)

/* :status: 200 by QPACK's static table (RFC 9204 appendix A), content-length: 9 by name. */
#define HEAD_OF_NINE             \
  "\x01\x06\x00\x00\xd9\x54\x01" \
  "9"

static const struct {
  const char *name;
  const char *bytes;
  gsize length;
  gboolean fin;
  int error; /* -1: none */
  guint64 code;
  gboolean complete;
} ends[] = {
  { "whole",
    HEAD_OF_NINE "\x00\x09"
                 "123456789",
    19, TRUE, -1, 0x100, TRUE },
  { "short",
    HEAD_OF_NINE "\x00\x08"
                 "12345678",
    18, TRUE, QS_ERROR_TRUNCATED, 0x100, FALSE },
  { "long",
    HEAD_OF_NINE "\x00\x0a"
                 "1234567890",
    20, FALSE, QS_ERROR_PARSE, 0x10e, FALSE },
  { "in-a-frame",
    HEAD_OF_NINE "\x00\x09"
                 "1234",
    14, TRUE, QS_ERROR_TRUNCATED, 0x100, FALSE },
  { "in-the-head", HEAD_OF_NINE, 5, TRUE, QS_ERROR_TRUNCATED, 0x100, FALSE },
  { "no-answer", "", 0, TRUE, QS_ERROR_TRUNCATED, 0x100, FALSE },
  { "capital",
    "\x01\x07\x00\x00\xd9\x21"
    "A"
    "\x01"
    "b",
    9, FALSE, QS_ERROR_PARSE, 0x10e, FALSE },
  { "interim",
    "\x01\x03\x00\x00\xd8" HEAD_OF_NINE "\x00\x09"
    "123456789",
    24, TRUE, -1, 0x100, TRUE },
};

static void
test_ends (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    for (guint split = 0; split < 2; split++)
      {
        Fixture fixture = { 0 }, *f = &fixture;
        g_autoptr (GError) error = NULL;
        gboolean good = TRUE;

        set_up (f, NULL);
        g_assert_true (qs_http3_get (f->client, "localhost", "/", NULL));
        for (gsize at = 0; split && good && at < ends[i].length; at++)
          good = qs_http3_receive (f->client, 0, ends[i].bytes + at, 1, FALSE, &error);
        if (!split || (good && ends[i].fin))
          good = qs_http3_receive (f->client, 0, ends[i].bytes, split ? 0 : ends[i].length, ends[i].fin, &error);
        g_test_message ("%s, %u", ends[i].name, split);
        if (ends[i].error < 0)
          g_assert_no_error (error);
        else
          g_assert_error (error, QS_ERROR, ends[i].error);
        g_assert_cmphex (qs_http3_get_error_code (f->client), ==, ends[i].code);
        g_assert_cmpint (qs_http3_is_complete (f->client), ==, ends[i].complete);
        g_assert_cmpuint (f->interims, ==, g_str_equal (ends[i].name, "interim"));
        tear_down (f, NULL);
      }
}

/* RFC 9114 section 5.2: requests from that stream on are not processed. */
static void
test_goaway (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_http3_get (f->client, "localhost", "/", NULL));
  g_assert_true (RECEIVE (3, "\x00\x04\x00", NULL)); /* control stream, SETTINGS */
  g_assert_true (RECEIVE (3, "\x07\x01\x04", NULL)); /* from stream 4 on */
  g_assert_false (RECEIVE (3, "\x07\x01\x00", &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_FAILED);
  g_assert_cmphex (qs_http3_get_error_code (f->client), ==, 0x100);
}

/* However it comes, no more than 64 KiB of a head is held. */
static void
test_large_head (Fixture *f, gconstpointer data)
{
  static const char field[] = "\x21"
                              "a"
                              "\x7f\x81\x07"; /* a literal name, a value of 1024 bytes */
  g_autofree char *value = g_strnfill (1024, 'v');
  g_autoptr (GError) error = NULL;
  gboolean good = TRUE;
  guint n = 0;

  g_assert_true (qs_http3_get (f->client, "localhost", "/", NULL));
  /* HEADERS of 1 GiB - 1 */
  g_assert_true (RECEIVE (0, "\x01\xbf\xff\xff\xff\x00\x00\xd9", NULL));
  for (; good && n < 1000; n++)
    good = RECEIVE (0, field, &error) && receive (f, 0, value, 1024, &error);
  g_assert_error (error, QS_ERROR, QS_ERROR_TOO_LARGE);
  g_assert_cmphex (qs_http3_get_error_code (f->client), ==, 0x107);
  g_assert_cmpuint (n, >=, 63);
  g_assert_cmpuint (n, <=, 65);
}

/* The control stream must stay (RFC 9114 section 6.2.1); any other may go. */
static void
test_closed (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (RECEIVE (3, "\x00\x04\x00", NULL));
  g_assert_true (qs_http3_stream_closed (f->client, 19, 0x100, NULL));
  g_assert_false (qs_http3_stream_closed (f->client, 3, 0x100, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
  g_assert_cmphex (qs_http3_get_error_code (f->client), ==, 0x104);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/http3/get", Fixture, NULL, set_up, test_get, tear_down);
  g_test_add ("/http3/broken", Fixture, NULL, set_up, test_broken, tear_down);
  g_test_add_func ("/http3/ends", test_ends);
  g_test_add ("/http3/goaway", Fixture, NULL, set_up, test_goaway, tear_down);
  g_test_add ("/http3/large-head", Fixture, NULL, set_up, test_large_head, tear_down);
  g_test_add ("/http3/closed", Fixture, NULL, set_up, test_closed, tear_down);
  return g_test_run ();
}
