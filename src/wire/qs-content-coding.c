/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-content-coding.h"

#include <brotli/decode.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define ROOM 4096
#define MOST_ROUNDS 64 /* a few bytes may stand for very many: what has come so far is enough */

#define WBITS_GZIP (15 + 16)
#define WBITS_ZLIB 15
#define WBITS_RAW (-15)

typedef QsCodingVerdict (*CheckFunc) (QsSpan start);

static QsCodingVerdict
inflate_all (z_stream *stream)
{
  guint8 room[ROOM];
  int result = Z_OK;

  for (guint i = 0; i < MOST_ROUNDS && result == Z_OK; i++)
    {
      stream->next_out = room;
      stream->avail_out = sizeof room;
      result = inflate (stream, Z_NO_FLUSH);
      if (result == Z_STREAM_END)
        return QS_CODING_FITS;
      if (stream->avail_in == 0 && stream->avail_out > 0)
        return result == Z_OK || result == Z_BUF_ERROR ? QS_CODING_UNFINISHED : QS_CODING_BROKEN;
    }
  return result == Z_OK ? QS_CODING_FITS : QS_CODING_BROKEN;
}

static QsCodingVerdict
check_inflate (QsSpan start, int window_bits)
{
  z_stream stream = { .next_in = (Bytef *) start.data, .avail_in = (uInt) start.length };

  if (inflateInit2 (&stream, window_bits) != Z_OK)
    return QS_CODING_UNKNOWN;
  QsCodingVerdict verdict = inflate_all (&stream);
  inflateEnd (&stream);
  return verdict;
}

static QsCodingVerdict
check_gzip (QsSpan start)
{
  return check_inflate (start, WBITS_GZIP);
}

/* zlib's format, says RFC 9110 section 8.4.1.2; some send the bare one, and clients take it. */
static QsCodingVerdict
check_deflate (QsSpan start)
{
  QsCodingVerdict verdict = check_inflate (start, WBITS_ZLIB);

  return verdict == QS_CODING_BROKEN ? check_inflate (start, WBITS_RAW) : verdict;
}

static QsCodingVerdict
check_brotli (QsSpan start)
{
  BrotliDecoderState *state = BrotliDecoderCreateInstance (NULL, NULL, NULL);
  BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
  const guint8 *at = start.data;
  size_t left = start.length;
  guint8 room[ROOM];

  if (state == NULL)
    return QS_CODING_UNKNOWN;
  for (guint i = 0; i < MOST_ROUNDS && result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT; i++)
    {
      guint8 *out = room;
      size_t free_bytes = sizeof room;
      result = BrotliDecoderDecompressStream (state, &left, &at, &free_bytes, &out, NULL);
    }
  BrotliDecoderDestroyInstance (state);
  return result == BROTLI_DECODER_RESULT_ERROR              ? QS_CODING_BROKEN
         : result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT ? QS_CODING_UNFINISHED
                                                            : QS_CODING_FITS;
}

static QsCodingVerdict
check_zstd (QsSpan start)
{
  ZSTD_DStream *stream = ZSTD_createDStream ();
  ZSTD_inBuffer in = { start.data, start.length, 0 };
  size_t result = 1;
  guint8 room[ROOM] = { 0 };

  if (stream == NULL)
    return QS_CODING_UNKNOWN;
  for (guint i = 0; i < MOST_ROUNDS && result != 0 && !ZSTD_isError (result); i++)
    {
      ZSTD_outBuffer out = { room, sizeof room, 0 };
      result = ZSTD_decompressStream (stream, &out, &in);
      if (!ZSTD_isError (result) && result != 0 && in.pos == in.size && out.pos < out.size)
        {
          ZSTD_freeDStream (stream);
          return QS_CODING_UNFINISHED;
        }
    }
  ZSTD_freeDStream (stream);
  return ZSTD_isError (result) ? QS_CODING_BROKEN : QS_CODING_FITS;
}

static const struct {
  const char *name;
  CheckFunc check;
} codings[] = {
  { "gzip", check_gzip },       { "x-gzip", check_gzip }, /* section 8.4.1.3: the same */
  { "deflate", check_deflate }, { "br", check_brotli },   { "zstd", check_zstd },
};

QsCodingVerdict
qs_content_coding_check (const char *value, QsSpan start)
{
  g_return_val_if_fail (value != NULL && start.length > 0, QS_CODING_UNKNOWN);

  const char *comma = strrchr (value, ',');
  g_autofree char *last = g_strdup (comma != NULL ? comma + 1 : value);
  g_strstrip (last);
  for (guint i = 0; i < G_N_ELEMENTS (codings); i++)
    if (g_ascii_strcasecmp (codings[i].name, last) == 0)
      return codings[i].check (QS_SPAN (start.data, MIN (start.length, G_MAXINT)));
  return QS_CODING_UNKNOWN;
}

const char *
qs_content_coding_guess (QsSpan start)
{
  static const guint8 gzip[] = { 0x1f, 0x8b, 0x08 }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

  if (start.length >= sizeof gzip && memcmp (start.data, gzip, sizeof gzip) == 0)
    return "gzip";
  if (start.length >= sizeof zstd && memcmp (start.data, zstd, sizeof zstd) == 0)
    return "zstd";
  return NULL;
}
