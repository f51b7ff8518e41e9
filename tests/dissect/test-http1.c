/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dissect/qs-http1-parser.h"

#include <string.h>

typedef struct {
  const char *name;
  const char *bytes;
  guint status;
  const char *body;
  int error; /* of feed or finish, -1: none */
} Case;

#define FOREIGN 1000 /* QS_HTTP1_ERROR_FOREIGN, of its own domain */
#define OK "HTTP/1.1 200 OK\r\n"

static const Case cases[] = {
  { "length", OK "Content-Length: 5\r\n\r\nhelloextra", 200, "hello", -1 },
  { "to-the-end", "HTTP/1.0 404 Not Found\r\nX: y\r\n\r\nno", 404, "no", -1 },
  { "bare-newlines", "HTTP/1.0 200\x20\nX: y\n\nyes", 200, "yes", -1 },
  { "chunked", OK "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: t\r\n\r\n", 200,
    "hello0123456789", -1 },
  { "chunked-after-gzip", OK "Transfer-Encoding: gzip, Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 200, "x", -1 },
  { "interim", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" OK "Content-Length: 1\r\n\r\nz", 200, "z", -1 },
  { "two-interims", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" OK "\r\nz", 200, "z",
    -1 },
  { "folded", OK "X: a\r\n  b\r\n\tc\r\nContent-Length:\r\n 1\r\n\r\nz", 200, "z", -1 },
  { "same-length-twice", OK "Content-Length: 1, 1\r\nContent-Length: 1\r\n\r\nz", 200, "z", -1 },
  { "chunked-with-length", OK "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n", 200, "z",
    -1 },
  { "no-content", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", -1 },
  { "empty", "", 0, "", QS_ERROR_TRUNCATED },
  { "short-body", OK "Content-Length: 5\r\n\r\nhel", 200, "hel", QS_ERROR_TRUNCATED },
  { "short-chunk", OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", 200, "hel", QS_ERROR_TRUNCATED },
  { "not-http", "SSH-2.0-OpenSSH_9.2\r\n", 0, "", FOREIGN },
  { "not-http-escape", "\x1b[31mred\r\n", 0, "", FOREIGN },
  { "not-http-no-line", "* OK", 0, "", FOREIGN },
  { "half-a-status-line", "HTTP/1.", 0, "", QS_ERROR_TRUNCATED },
  { "another-http", "HTTP/2.0 200 OK\r\n", 0, "", QS_ERROR_PARSE },
  { "bad-length", OK "Content-Length: -1\r\n\r\n", 200, "", QS_ERROR_PARSE },
  { "two-lengths", OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 200, "", QS_ERROR_PARSE },
  { "lengths-in-a-list", OK "Content-Length: 1, 2\r\n\r\nx", 200, "", QS_ERROR_PARSE },
  { "bad-chunk", OK "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 200, "", QS_ERROR_PARSE },
  { "long-chunk", OK "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", 200, "x", QS_ERROR_PARSE },
  { "no-colon", OK "nonsense\r\n\r\n", 200, "", QS_ERROR_PARSE },
};

/* In pieces of every size from one byte to the whole: the split must not matter. */
static void
test_case (gconstpointer data)
{
  const Case *c = data;
  gsize length = strlen (c->bytes);

  for (gsize piece = 1; piece <= MAX (length, 1); piece++)
    {
      g_autoptr (QsHttp1Parser) parser = qs_http1_parser_new (TRUE);
      g_autoptr (GByteArray) body = g_byte_array_new ();
      g_autoptr (GError) error = NULL;
      gboolean ok = TRUE;

      for (gsize at = 0; ok && at < length; at += piece)
        {
          ok = qs_http1_parser_feed (parser, c->bytes + at, MIN (piece, length - at), body, &error);
          g_assert_true (!qs_http1_parser_has_head (parser) || qs_http1_parser_get_status (parser) == c->status);
        }
      ok = ok && qs_http1_parser_finish (parser, &error);

      if (c->error < 0)
        g_assert_no_error (error);
      else if (c->error == FOREIGN)
        g_assert_error (error, QS_HTTP1_ERROR, QS_HTTP1_ERROR_FOREIGN);
      else
        g_assert_error (error, QS_ERROR, c->error);
      g_assert_true (ok == (c->error < 0));
      g_assert_true (ok == qs_http1_parser_is_complete (parser));
      g_assert_cmpuint (qs_http1_parser_get_status (parser), ==, c->status);
      g_assert_cmpmem (body->data, body->len, c->body, strlen (c->body));
      if (error != NULL)
        g_assert_null (strchr (error->message, '\x1b'));
    }
}

static void
test_headers (void)
{
  static const char bytes[] = OK "Server:  a\x1b[0mb\r\n \tc\r\nEmpty:\r\nContent-Length: 0\r\n\r\n";
  g_autoptr (QsHttp1Parser) parser = qs_http1_parser_new (TRUE);
  g_autoptr (GByteArray) body = g_byte_array_new ();

  for (gsize i = 0; i < sizeof bytes - 1; i++)
    {
      g_assert_false (qs_http1_parser_has_head (parser));
      g_assert_true (qs_http1_parser_feed (parser, bytes + i, 1, body, NULL));
    }
  g_assert_true (qs_http1_parser_has_head (parser));
  const char *const *headers = qs_http1_parser_get_headers (parser);
  g_assert_cmpuint (g_strv_length ((char **) headers), ==, 6);
  g_assert_cmpstr (headers[0], ==, "Server");
  g_assert_cmpstr (headers[1], ==, "a\\x1b[0mb c");
  g_assert_cmpstr (headers[3], ==, "");
  g_assert_cmpstr (qs_http1_parser_get_version (parser), ==, "1.1");
}

static void
test_too_large (void)
{
  g_autoptr (QsHttp1Parser) parser = qs_http1_parser_new (TRUE);
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *noise = g_strnfill (4096, 'x');

  g_assert_true (qs_http1_parser_feed (parser, OK "X: ", strlen (OK "X: "), body, NULL));
  guint pieces = 0;
  while (pieces < 100 && qs_http1_parser_feed (parser, noise, 4096, body, &error))
    pieces++;
  g_assert_error (error, QS_ERROR, QS_ERROR_TOO_LARGE);
  g_assert_cmpuint (pieces, <=, 16);
}

static void
test_http09 (void)
{
  g_autoptr (QsHttp1Parser) parser = qs_http1_parser_new (FALSE);
  g_autoptr (GByteArray) body = g_byte_array_new ();

  g_assert_true (qs_http1_parser_feed (parser, OK, strlen (OK), body, NULL));
  g_assert_true (qs_http1_parser_finish (parser, NULL));
  g_assert_cmpmem (body->data, body->len, OK, strlen (OK));
  g_assert_cmpstr (qs_http1_parser_get_version (parser), ==, "0.9");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/http1/", cases[i].name, NULL);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/http1/headers", test_headers);
  g_test_add_func ("/http1/too-large", test_too_large);
  g_test_add_func ("/http1/0.9", test_http09);
  return g_test_run ();
}
