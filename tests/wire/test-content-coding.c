/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A body against its Content-Encoding: what no bytes that follow can make right, and nothing else. */
#include <brotli/encode.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "wire/qs-content-coding.h"

#define TEXT "<!DOCTYPE html><html><head><title>x</title></head><body>hello, hello, hello, hello</body></html>\n"

static GByteArray *
deflated (int window_bits)
{
  GByteArray *out = g_byte_array_new ();
  z_stream stream = { .next_in = (Bytef *) TEXT, .avail_in = strlen (TEXT) };

  g_byte_array_set_size (out, 1000);
  g_assert_cmpint (deflateInit2 (&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
  stream.next_out = out->data;
  stream.avail_out = out->len;
  g_assert_cmpint (deflate (&stream, Z_FINISH), ==, Z_STREAM_END);
  g_byte_array_set_size (out, (guint) stream.total_out);
  deflateEnd (&stream);
  return out;
}

static GByteArray *
as_gzip (void)
{
  return deflated (15 + 16);
}

static GByteArray *
as_zlib (void)
{
  return deflated (15);
}

static GByteArray *
as_raw (void)
{
  return deflated (-15);
}

static GByteArray *
as_brotli (void)
{
  GByteArray *out = g_byte_array_new ();
  size_t length = 1000;

  g_byte_array_set_size (out, 1000);
  g_assert_true (
      BrotliEncoderCompress (5, 22, BROTLI_MODE_TEXT, strlen (TEXT), (const guint8 *) TEXT, &length, out->data));
  g_byte_array_set_size (out, (guint) length);
  return out;
}

static GByteArray *
as_zstd (void)
{
  GByteArray *out = g_byte_array_new ();

  g_byte_array_set_size (out, 1000);
  g_byte_array_set_size (out, (guint) ZSTD_compress (out->data, out->len, TEXT, strlen (TEXT), 3));
  return out;
}

static GByteArray *
as_text (void)
{
  GByteArray *out = g_byte_array_new ();

  g_byte_array_append (out, (const guint8 *) TEXT, strlen (TEXT));
  return out;
}

static const struct {
  const char *says;
  GByteArray *(*make) (void);
  QsCodingVerdict verdict;
} cases[] = {
  { "gzip", as_gzip, QS_CODING_FITS },           { "GZip", as_gzip, QS_CODING_FITS },
  { "x-gzip", as_gzip, QS_CODING_FITS },         { "deflate", as_zlib, QS_CODING_FITS },
  { "deflate", as_raw, QS_CODING_FITS },         { "br", as_brotli, QS_CODING_FITS },
  { "zstd", as_zstd, QS_CODING_FITS },           { "br, gzip", as_gzip, QS_CODING_FITS },
  { "gzip , br", as_brotli, QS_CODING_FITS },    { "gzip", as_text, QS_CODING_BROKEN },
  { "deflate", as_text, QS_CODING_BROKEN },      { "zstd", as_text, QS_CODING_BROKEN },
  { "br", as_text, QS_CODING_BROKEN },           { "gzip", as_zlib, QS_CODING_BROKEN },
  { "gzip", as_brotli, QS_CODING_BROKEN },       { "zstd", as_gzip, QS_CODING_BROKEN },
  { "gzip, br", as_gzip, QS_CODING_BROKEN },     { "identity", as_text, QS_CODING_UNKNOWN },
  { "aws-chunked", as_text, QS_CODING_UNKNOWN }, { "", as_text, QS_CODING_UNKNOWN },
};

/* And what is right is right with every beginning of it, but has no end there. */
static void
test_cases (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) bytes = cases[i].make ();
      g_test_message ("%u %s", i, cases[i].says);
      g_assert_cmpint (qs_content_coding_check (cases[i].says, QS_SPAN (bytes->data, bytes->len)), ==,
                       cases[i].verdict);
      for (guint n = 1; n < bytes->len && cases[i].verdict == QS_CODING_FITS; n++)
        {
          QsCodingVerdict verdict = qs_content_coding_check (cases[i].says, QS_SPAN (bytes->data, n));
          g_assert_cmpint (verdict, !=, QS_CODING_BROKEN);
          g_assert_true (verdict == QS_CODING_UNFINISHED || n + 2 >= bytes->len);
        }
    }
}

/* A few bytes that stand for very many are read for a moment only. */
static void
test_bomb (void)
{
  g_autofree guint8 *zeros = g_malloc0 (50u << 20);
  g_autofree guint8 *out = g_malloc (1u << 20);
  gsize length = ZSTD_compress (out, 1u << 20, zeros, 50u << 20, 3);

  g_assert_cmpint (qs_content_coding_check ("zstd", QS_SPAN (out, length)), !=, QS_CODING_BROKEN);
}

static void
test_guess (void)
{
  g_autoptr (GByteArray) gzip = as_gzip ();
  g_autoptr (GByteArray) zstd = as_zstd ();

  g_assert_cmpstr (qs_content_coding_guess (QS_SPAN (gzip->data, gzip->len)), ==, "gzip");
  g_assert_cmpstr (qs_content_coding_guess (QS_SPAN (zstd->data, zstd->len)), ==, "zstd");
  g_assert_null (qs_content_coding_guess (QS_SPAN (gzip->data, 2)));
  g_assert_null (qs_content_coding_guess (QS_SPAN ((const guint8 *) TEXT, strlen (TEXT))));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/content-coding/cases", test_cases);
  g_test_add_func ("/content-coding/bomb", test_bomb);
  g_test_add_func ("/content-coding/guess", test_guess);
  return g_test_run ();
}
