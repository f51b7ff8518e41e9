/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether what came back is QUIC at all: what names the client's connection id is, what does not may be anybody's. */
#include <string.h>

#include "trace/qs-foreign.h"

/* A first Initial to an id of eight bytes, with one of five of its own; its length says that no more than itself follows. */
static const char initial[] = "\xc0\x00\x00\x00\x01\x08"
                              "12345678"
                              "\x05"
                              "abcde"
                              "\x00\x40\x1e"
                              "0123456789abcdefghij0123456789";
/* The same with an id of no bytes. */
static const char nameless[] = "\xc0\x00\x00\x00\x01\x08"
                               "12345678"
                               "\x00"
                               "\x00\x40\x1e"
                               "0123456789abcdefghij0123456789";
static const char handshake[] = "\xe0\x00\x00\x00\x01\x08"
                                "12345678"
                                "\x05"
                                "abcde"
                                "\x40\x1e"
                                "0123456789abcdefghij0123456789";

static void
add (QsTrace *trace, QsDirection direction, const char *bytes, gsize length)
{
  qs_trace_add_datagram (trace, qs_trace_get_n_records (trace) + 1, direction, 0, 0, QS_FATE_PASSED, bytes, length);
}

typedef struct {
  const char *name;
  const char *sent;
  gsize sent_length;
  const char *answer;
  gsize answer_length;
  gboolean from_file;
  gboolean foreign;
  const char *service; /* NULL: none */
} Case;

#define SENT(array) array, sizeof array - 1
#define ANSWER(text) text, sizeof text - 1
#define NOISE        \
  "\x40\xfe\xfd\xfc" \
  "qwertyuiopasdfghj" /* 21 bytes that begin as a short header does */
#define NOISE_SHORTER \
  "\x40\xfe\xfd\xfc"  \
  "qwertyuiopasdfgh" /* 20 */
#define NOISE_OTHER  \
  "\x3f\xfe\xfd\xfc" \
  "qwertyuiopasdfghj" /* and neither of a long nor of a short one */

static const Case cases[] = {
  { "http", SENT (initial), ANSWER ("HTTP/1.1 400 Bad Request\r\n\r\n"), FALSE, TRUE, "HTTP" },
  { "echo", SENT (initial), SENT (initial), FALSE, TRUE, "echo" },
  { "noise", SENT (initial), ANSWER (NOISE), FALSE, TRUE, NULL },
  { "named", SENT (initial),
    ANSWER ("\xc0\x00\x00\x00\x01\x05"
            "abcde"
            "\x03"
            "xyz"
            "\x00\x40\x1e"
            "0123456789abcdefghij0123456789"),
    FALSE, FALSE, NULL },
  { "named-short", SENT (initial),
    ANSWER ("\x41"
            "abcde"
            "qwertyuiopasdfghjklz"),
    FALSE, FALSE, NULL },
  { "named-otherwise", SENT (initial),
    ANSWER ("\x41"
            "abcdf"
            "qwertyuiopasdfghjklz"),
    FALSE, TRUE, NULL },
  { "versions", SENT (initial),
    ANSWER ("\x80\x00\x00\x00\x00\x05"
            "abcde"
            "\x03"
            "xyz"
            "\x00\x00\x00\x01"),
    FALSE, FALSE, NULL },
  { "after-an-answer", SENT (handshake), ANSWER (NOISE), FALSE, FALSE, NULL },
  /* In a recording nobody is named by a short header to an id without bytes. */
  { "file/nameless", SENT (nameless), ANSWER (NOISE), TRUE, FALSE, NULL },
  { "file/nameless-too-short", SENT (nameless), ANSWER (NOISE_SHORTER), TRUE, TRUE, NULL },
  { "file/nameless-no-header", SENT (nameless), ANSWER (NOISE_OTHER), TRUE, TRUE, NULL },
  { "file/with-a-name", SENT (initial), ANSWER (NOISE), TRUE, TRUE, NULL },
  { "live/nameless", SENT (nameless), ANSWER (NOISE), FALSE, TRUE, NULL },
};

static void
test_case (gconstpointer data)
{
  const Case *of = data;
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsForeign foreign;

  if (of->from_file)
    qs_trace_set_from_file (trace);
  add (trace, QS_DIRECTION_SENT, of->sent, of->sent_length);
  add (trace, QS_DIRECTION_RECEIVED, of->answer, of->answer_length);
  g_assert_cmpint (qs_trace_find_foreign (trace, &foreign), ==, of->foreign);
  g_assert_cmpuint (foreign.n, ==, of->foreign);
  if (!of->foreign)
    return;
  g_assert_cmpuint (foreign.length, ==, of->answer_length);
  g_assert_cmpmem (foreign.bytes.data, foreign.bytes.length, of->answer, of->answer_length);
  g_assert_cmpstr (foreign.service != NULL ? foreign.service->name : NULL, ==, of->service);
}

/* One that is QUIC among any that are not, and nothing is foreign; nothing is, either, where nothing was sent. */
static void
test_among (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsForeign foreign;

  add (trace, QS_DIRECTION_RECEIVED, NOISE, sizeof NOISE - 1);
  g_assert_false (qs_trace_find_foreign (trace, &foreign));

  g_autoptr (QsTrace) other = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  add (other, QS_DIRECTION_SENT, initial, sizeof initial - 1);
  add (other, QS_DIRECTION_RECEIVED, NOISE, sizeof NOISE - 1);
  add (other, QS_DIRECTION_RECEIVED, NOISE_OTHER, sizeof NOISE_OTHER - 1);
  g_assert_true (qs_trace_find_foreign (other, &foreign));
  g_assert_cmpuint (foreign.n, ==, 2);
  add (other, QS_DIRECTION_RECEIVED,
       "\x41"
       "abcde"
       "qwertyuiopasdfghjklz",
       26);
  g_assert_false (qs_trace_find_foreign (other, &foreign));
  g_assert_cmpuint (foreign.n, ==, 0);
}

/* The lines of a key log that stand before the datagrams do not count for them, however many there are: of 512 datagrams all are looked
 * at. */
static void
test_behind_secrets (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsForeign foreign;

  for (guint i = 0; i < 2000; i++)
    qs_trace_add_secret (trace, 0, "CLIENT_TRAFFIC_SECRET_0 00 00");
  add (trace, QS_DIRECTION_SENT, initial, sizeof initial - 1);
  for (guint i = 1; i < 511; i++)
    add (trace, QS_DIRECTION_RECEIVED, NOISE, sizeof NOISE - 1);
  add (trace, QS_DIRECTION_RECEIVED, NOISE, sizeof NOISE - 1);
  g_assert_true (qs_trace_find_foreign (trace, &foreign));
  g_assert_cmpuint (foreign.n, ==, 511);
  add (trace, QS_DIRECTION_RECEIVED, NOISE, sizeof NOISE - 1); /* the 513th */
  g_assert_true (qs_trace_find_foreign (trace, &foreign));
  g_assert_cmpuint (foreign.n, ==, 511);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/foreign/%s", cases[i].name);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/foreign/among", test_among);
  g_test_add_func ("/foreign/behind-secrets", test_behind_secrets);
  return g_test_run ();
}
