/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-https-record.h"

#include <string.h>

#define SPAN(bytes) QS_SPAN ((const guint8 *) (bytes), sizeof (bytes) - 1)

/* RFC 9460 appendix D, and what breaks its rules. text: NULL: refused. */
static const struct {
  const char *name;
  const char *bytes;
  gsize length;
  const char *text;
} rows[] = {
#define ROW(name, bytes, text)            \
  {                                       \
    name, bytes, sizeof (bytes) - 1, text \
  }
  ROW ("alias",
       "\x00\x00\x03"
       "foo\x07"
       "example\x03"
       "com\x00",
       "0 foo.example.com"),
  ROW ("dot", "\x00\x01\x00", "1 ."),
  ROW ("port",
       "\x00\x10\x03"
       "foo\x07"
       "example\x03"
       "com\x00\x00\x03\x00\x02\x00\x35",
       "16 foo.example.com port=53"),
  ROW ("unknown",
       "\x00\x01\x03"
       "foo\x00\x02\x9b\x00\x05"
       "hello",
       "1 foo"),
  ROW ("ipv6hint",
       "\x00\x01\x03"
       "foo\x00\x00\x06\x00\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01",
       "1 foo ipv6hint=2001:db8::1"),
  ROW ("alpn", "\x00\x10\x00\x00\x01\x00\x09\x02h3\x05h3-19", "16 . alpn=h3,h3-19"),
  ROW (
      "all",
      "\x00\x01\x00\x00\x01\x00\x06\x02h3\x02h2\x00\x02\x00\x00\x00\x03\x00\x02\x20\xfb\x00\x04\x00\x04\xc0\x00\x02\x01"
      "\x00\x05\x00\x03"
      "abc",
      "1 . alpn=h3,h2 no-default-alpn port=8443 ipv4hint=192.0.2.1 ech=(3 bytes)"),
  ROW ("escaped",
       "\x00\x01\x03"
       "a\x1b"
       "b\x00\x00\x01\x00\x03\x02\x1bz",
       "1 a\\x1bb alpn=\\x1bz"),
  ROW ("twice", "\x00\x01\x00\x00\x03\x00\x02\x00\x35\x00\x03\x00\x02\x00\x35", NULL),
  ROW ("out-of-order", "\x00\x01\x00\x00\x03\x00\x02\x00\x35\x00\x01\x00\x03\x02h3", NULL),
  ROW ("short-port", "\x00\x01\x00\x00\x03\x00\x01\x35", NULL),
  ROW ("half-address", "\x00\x01\x00\x00\x04\x00\x03\xc0\x00\x02", NULL),
  ROW ("empty-alpn", "\x00\x01\x00\x00\x01\x00\x00", NULL),
  ROW ("empty-name", "\x00\x01\x00\x00\x01\x00\x01\x00", NULL),
  ROW ("cut-parameter", "\x00\x01\x00\x00\x03\x00\x02\x00", NULL),
  ROW ("cut-name",
       "\x00\x01\x03"
       "fo",
       NULL),
  ROW ("compressed", "\x00\x01\xc0\x0c", NULL),
  ROW ("nothing", "", NULL),
};

static void
test_rdata (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (QsHttpsRecord) record =
          qs_https_record_parse (QS_SPAN ((const guint8 *) rows[i].bytes, rows[i].length), &error);
      g_test_message ("%s", rows[i].name);
      g_assert_true ((record != NULL) == (rows[i].text != NULL));
      g_assert_true ((record == NULL) == (error != NULL));
      g_autofree char *text = record != NULL ? qs_https_record_to_text (record) : NULL;
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

/* A question, a CNAME, two records whose names are pointers, in the wrong order. */
static const char message[] = "\x12\x34\x81\x80\x00\x01\x00\x03\x00\x00\x00\x00"
                              "\x03www\x04test\x00\x00\x41\x00\x01"
                              "\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xc0\x10"
                              "\xc0\x10\x00\x41\x00\x01\x00\x00\x00\x3c\x00\x07\x00\x02\x03"
                              "alt\x00"
                              "\xc0\x10\x00\x41\x00\x01\x00\x00\x00\x3c\x00\x0a\x00\x01\x00\x00\x01\x00\x03\x02h3";

static void
test_message (void)
{
  g_autoptr (GPtrArray) records = qs_https_records_parse (SPAN (message), NULL);

  g_assert_nonnull (records);
  g_assert_cmpuint (records->len, ==, 2);
  g_assert_true (qs_https_record_has_alpn (records->pdata[0], "h3"));
  g_assert_false (qs_https_record_has_alpn (records->pdata[0], "h2"));
  g_assert_false (qs_https_record_has_alpn (records->pdata[1], "h3"));
  g_assert_cmpstr (((const QsHttpsRecord *) records->pdata[1])->target, ==, "alt");
}

/* Cut anywhere it is refused, and never read beyond. */
static void
test_cut (void)
{
  for (gsize length = 0; length < sizeof message - 1; length++)
    {
      g_autofree guint8 *copy = g_memdup2 (message, length);
      g_autoptr (GError) error = NULL;
      g_assert_null (qs_https_records_parse (QS_SPAN (copy, length), &error));
      g_assert_nonnull (error);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/https-record/rdata", test_rdata);
  g_test_add_func ("/https-record/message", test_message);
  g_test_add_func ("/https-record/cut", test_cut);
  return g_test_run ();
}
