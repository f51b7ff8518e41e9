/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-responder.h"

#include <string.h>

static QsClock *hand; /* of all but those that are about time */

static void
put (QsResponder *responder, const char *text, gboolean fin)
{
  qs_responder_input (responder, (const guint8 *) text, strlen (text), fin);
}

/* All that it wants to send, taken in bites of this size; NULL where it wants nothing. */
static char *
take (QsResponder *responder, gsize bite, gboolean *concluded)
{
  GString *text = g_string_new (NULL);
  gboolean any = FALSE;
  const guint8 *bytes;
  gsize length;
  gboolean last;

  *concluded = FALSE;
  qs_clock_advance (hand, 3600 * G_GINT64_CONSTANT (1000000000)); /* whatever waits is due */
  while (!*concluded && qs_responder_peek (responder, &bytes, &length, &last))
    {
      gsize sent = MIN (length, bite);
      any = TRUE;
      g_string_append_len (text, (const char *) bytes, (gssize) sent);
      *concluded = last && sent == length;
      qs_responder_sent (responder, sent, *concluded);
    }
  return g_string_free (text, !any);
}

/* Whatever the pieces, what is no request comes back whole and in order. */
static void
test_echo_in_pieces (void)
{
  static const char text[] = "GET, but not a path\n";

  for (gsize cut = 0; cut < sizeof text - 1; cut++)
    {
      g_autoptr (QsResponder) responder = qs_responder_new (0, "", hand);
      g_autofree char *first = g_strndup (text, cut);
      gboolean concluded;
      put (responder, first, FALSE);
      put (responder, text + cut, TRUE);
      g_autofree char *back = take (responder, 3, &concluded);
      g_assert_cmpstr (back, ==, text);
      g_assert_true (concluded);
      g_assert_true (qs_responder_is_concluded (responder));
    }
}

static void
test_request_in_pieces (void)
{
  static const char text[] = "GET /bytes/3 HTTP/1.0\r\nA: b\r\n\r\n";

  for (gsize cut = 0; cut < sizeof text - 1; cut++)
    {
      g_autoptr (QsResponder) responder = qs_responder_new (0, "", hand);
      g_autofree char *first = g_strndup (text, cut);
      gboolean concluded;
      put (responder, first, FALSE);
      g_assert_null (take (responder, 100, &concluded));
      put (responder, text + cut, FALSE);
      g_autofree char *back = take (responder, 100, &concluded);
      g_assert_true (g_str_has_prefix (back, "HTTP/1.0 200 OK\r\n"));
      g_assert_true (g_str_has_suffix (back, "\r\n\r\nQui"));
      g_assert_true (concluded);
      g_autofree char *request = qs_responder_steal_request (responder);
      g_assert_cmpstr (request, ==, "GET /bytes/3");
    }
}

/* What a request brought comes back as HTTP, whatever the pieces; the next one is found behind it. */
static void
test_body_in_pieces (void)
{
  static const char text[] = "POST /x HTTP/1.1\r\nCONTENT-length:  5 \r\n\r\nhello"
                             "GET /bytes/1 HTTP/1.1\r\nConnection: close\r\n\r\n";

  for (gsize cut = 0; cut < sizeof text - 1; cut++)
    {
      g_autoptr (QsResponder) responder = qs_responder_new (QS_RESPONDER_TCP, "", hand);
      g_autofree char *first = g_strndup (text, cut);
      gboolean concluded;
      put (responder, first, FALSE);
      g_autofree char *one = qs_responder_wants_input (responder) ? NULL : take (responder, 7, &concluded);
      put (responder, text + cut, FALSE);
      g_autofree char *two = take (responder, 7, &concluded);
      g_autofree char *back = g_strconcat (one != NULL ? one : "", two, NULL);
      g_assert_true (g_str_has_prefix (back, "HTTP/1.1 200 OK\r\n"));
      g_assert_nonnull (strstr (back, "Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhelloHTTP/1.1 200 OK\r\n"));
      g_assert_true (g_str_has_suffix (back, "Content-Length: 1\r\nConnection: close\r\n\r\nQ"));
      g_assert_true (concluded);
    }
}

static void
test_bodies (void)
{
  static const struct {
    const char *request;
    gboolean fin;
    const char *begins, *ends;
    gboolean concludes;
  } cases[] = {
    { "PUT / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", FALSE, "HTTP/1.0 200 OK\r\n", "\r\n\r\nabc", TRUE },
    { "OPTIONS / HTTP/1.1\r\n\r\n", FALSE, "HTTP/1.1 200 OK\r\n", "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n",
      FALSE },
    { "POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 9\r\n\r\n", FALSE, "HTTP/1.1 100 Continue\r\n\r\n",
      "Continue\r\n\r\n", FALSE },
    { "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n", TRUE, "HTTP/1.1 200 OK\r\n", "close\r\n\r\n", TRUE },
    { "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf", TRUE, "HTTP/1.1 200 OK\r\n", "\r\n\r\nhalf", TRUE },
    { "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", FALSE, "HTTP/1.1 411 Length Required",
      "Content-Length here.\n", TRUE },
    { "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", FALSE, "HTTP/1.1 411 ", NULL, TRUE },
    /* No requests. */
    { "POST / it on the wall\n", FALSE, "POST / it on the wall\n", NULL, FALSE },
    { "PUT /", TRUE, "PUT /", NULL, TRUE },
    { "POSTAGE", TRUE, "POSTAGE", NULL, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (QsResponder) responder = qs_responder_new (QS_RESPONDER_TCP, "", hand);
      gboolean concluded;
      g_test_message ("%s", cases[i].request);
      put (responder, cases[i].request, cases[i].fin);
      g_autofree char *back = take (responder, 1000, &concluded);
      g_assert_true (g_str_has_prefix (back, cases[i].begins));
      g_assert_true (cases[i].ends == NULL || g_str_has_suffix (back, cases[i].ends));
      g_assert_cmpint (concluded, ==, cases[i].concludes);
    }
}

static void
test_backpressure (void)
{
  g_autoptr (QsResponder) responder = qs_responder_new (0, "", hand);
  g_autofree char *much = g_strnfill (70000, 'x');
  gboolean concluded;

  g_assert_true (qs_responder_wants_input (responder));
  put (responder, much, FALSE);
  g_assert_false (qs_responder_wants_input (responder));
  g_free (take (responder, 1000, &concluded));
  g_assert_true (qs_responder_wants_input (responder));
}

/* 4 GiB are not made in memory: the pattern goes on where it stopped. */
static void
test_pattern_is_continuous (void)
{
  g_autoptr (QsResponder) responder = qs_responder_new (0, "", hand);
  gboolean concluded;

  put (responder, "GET /bytes/200000\n", FALSE);
  g_autofree char *back = take (responder, 777, &concluded);
  g_assert_cmpuint (strlen (back), ==, 200000);
  for (gsize i = 64; i < 200000; i++)
    g_assert_cmpint (back[i], ==, back[i - 64]);
}

static void
test_actions (void)
{
  static const struct {
    const char *path;
    QsReplyAction action;
    guint64 code;
  } cases[] = {
    { "/reset/66", QS_REPLY_RESET, 66 },
    { "/reset/0x42", QS_REPLY_RESET, 0x42 },
    { "/stop/1", QS_REPLY_STOP, 1 },
    { "/close/4611686018427387903", QS_REPLY_CLOSE, 4611686018427387903u },
    { "/close/4611686018427387904", QS_REPLY_NONE, 0 }, /* 2^62 is no code, RFC 9000 section 16 */
    { "/reset/", QS_REPLY_NONE, 0 },
    { "/reset/x", QS_REPLY_NONE, 0 },
    { "/reset/-1", QS_REPLY_NONE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (QsResponder) responder = qs_responder_new (0, "", hand);
      g_autofree char *line = g_strdup_printf ("GET %s\n", cases[i].path);
      guint64 code;
      gboolean concluded;
      put (responder, line, TRUE);
      g_assert_cmpint (qs_responder_get_action (responder, &code), ==, cases[i].action);
      if (cases[i].action != QS_REPLY_NONE)
        g_assert_cmpuint (code, ==, cases[i].code);
      else
        {
          g_autofree char *back = take (responder, 100, &concluded);
          g_assert_true (g_str_has_prefix (back, "The path ends in no number"));
        }
    }
}

static void
test_stall (void)
{
  g_autoptr (QsResponder) responder = qs_responder_new (0, "", hand);
  gboolean concluded;

  put (responder, "GET /stall\n", FALSE);
  g_assert_false (qs_responder_wants_input (responder));
  g_assert_null (take (responder, 100, &concluded));
  g_assert_cmpint (qs_responder_get_ready_at (responder), ==, 0);
}

/* On each side of half a second, and of the tenth between two pieces. */
static void
test_time (void)
{
  g_autoptr (QsClock) clock = qs_clock_new_manual (7000000000);
  g_autoptr (QsResponder) responder = qs_responder_new (QS_RESPONDER_TRICKLE, "", clock);
  const guint8 *bytes;
  gsize length;
  gboolean last;

  put (responder, "GET /slow/500\n", FALSE);
  g_assert_cmpint (qs_responder_get_ready_at (responder), ==, 7500000);
  qs_clock_advance (clock, 499999999);
  g_assert_false (qs_responder_peek (responder, &bytes, &length, &last));
  qs_clock_advance (clock, 1);
  g_assert_true (qs_responder_peek (responder, &bytes, &length, &last));
  g_assert_cmpuint (length, ==, 16);
  qs_responder_sent (responder, 16, FALSE);
  qs_clock_advance (clock, 99999999);
  g_assert_false (qs_responder_peek (responder, &bytes, &length, &last));
  qs_clock_advance (clock, 1);
  g_assert_true (qs_responder_peek (responder, &bytes, &length, &last));
}

/* The first bytes of a scenario that is late. */
static void
test_late (void)
{
  g_autoptr (QsClock) clock = qs_clock_new_manual (0);
  g_autoptr (QsResponder) responder = qs_responder_new (QS_RESPONDER_LATE, "", clock);
  const guint8 *bytes;
  gsize length;
  gboolean last;

  put (responder, "GET /bytes/10\n", TRUE);
  qs_clock_advance (clock, 1499999999);
  g_assert_false (qs_responder_peek (responder, &bytes, &length, &last));
  qs_clock_advance (clock, 1);
  g_assert_true (qs_responder_peek (responder, &bytes, &length, &last));
  g_assert_true (last);
}

static void
test_large_head (void)
{
  g_autoptr (QsResponder) responder = qs_responder_new (0, "", hand);
  g_autofree char *much = g_strnfill (9000, 'x');
  gboolean concluded;

  put (responder, "GET /", FALSE);
  put (responder, much, FALSE);
  g_autofree char *back = take (responder, 100, &concluded);
  g_assert_true (g_str_has_prefix (back, "HTTP/1.1 431 "));
  g_assert_true (concluded);
}

static void
test_hostile_request_is_escaped (void)
{
  g_autoptr (QsResponder) responder = qs_responder_new (0, "", hand);

  put (responder, "GET /\033[31m<b>\n", FALSE);
  g_autofree char *request = qs_responder_steal_request (responder);
  g_assert_cmpstr (request, ==, "GET /\\x1b[31m<b>");
  g_assert_null (qs_responder_steal_request (responder));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  hand = qs_clock_new_manual (0);
  g_test_add_func ("/responder/echo-in-pieces", test_echo_in_pieces);
  g_test_add_func ("/responder/request-in-pieces", test_request_in_pieces);
  g_test_add_func ("/responder/body-in-pieces", test_body_in_pieces);
  g_test_add_func ("/responder/bodies", test_bodies);
  g_test_add_func ("/responder/backpressure", test_backpressure);
  g_test_add_func ("/responder/pattern-is-continuous", test_pattern_is_continuous);
  g_test_add_func ("/responder/actions", test_actions);
  g_test_add_func ("/responder/stall", test_stall);
  g_test_add_func ("/responder/time", test_time);
  g_test_add_func ("/responder/late", test_late);
  g_test_add_func ("/responder/large-head", test_large_head);
  g_test_add_func ("/responder/hostile-request-is-escaped", test_hostile_request_is_escaped);
  int status = g_test_run ();
  g_object_unref (hand);
  return status;
}
