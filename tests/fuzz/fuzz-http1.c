/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dissect/qs-http1-parser.h"
#include "fuzz.h"

/* A response, whole and byte by byte: both must say the same. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (QsHttp1Parser) whole = qs_http1_parser_new (TRUE);
  g_autoptr (QsHttp1Parser) pieces = qs_http1_parser_new (TRUE);
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (GByteArray) gathered = g_byte_array_new ();
  gboolean good = qs_http1_parser_feed (whole, data, size, body, NULL);
  gboolean also = TRUE;

  for (gsize at = 0; also && at < size; at++)
    also = qs_http1_parser_feed (pieces, data + at, 1, gathered, NULL);
  g_assert_true (good == also);
  g_assert_cmpuint (qs_http1_parser_get_status (whole), ==, qs_http1_parser_get_status (pieces));
  g_assert_cmpmem (body->data, body->len, gathered->data, gathered->len);
  for (const char *const *at = qs_http1_parser_get_headers (whole); *at != NULL; at++)
    g_assert_true (g_utf8_validate (*at, -1, NULL));
  if (good)
    g_assert_true (qs_http1_parser_finish (whole, NULL) == qs_http1_parser_is_complete (whole));
  return 0;
}
