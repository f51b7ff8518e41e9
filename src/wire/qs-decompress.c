/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-decompress.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "base/qs-i18n.h"

/* Each writes at most length bytes at out, and says how many; FALSE when it is damaged, or has more. */
typedef gboolean (*DecompressFunc) (QsSpan compressed, guint8 *out, gsize *length);

static gboolean
decompress_zlib (QsSpan compressed, guint8 *out, gsize *length)
{
  uLongf n = (uLongf) *length;
  uLong taken = (uLong) compressed.length;

  if (uncompress2 (out, &n, compressed.data, &taken) != Z_OK || taken != compressed.length)
    return FALSE;
  *length = n;
  return TRUE;
}

static gboolean
decompress_brotli (QsSpan compressed, guint8 *out, gsize *length)
{
  return BrotliDecoderDecompress (compressed.length, compressed.data, length, out) == BROTLI_DECODER_RESULT_SUCCESS;
}

static gboolean
decompress_zstd (QsSpan compressed, guint8 *out, gsize *length)
{
  size_t n = ZSTD_decompress (out, *length, compressed.data, compressed.length);

  if (ZSTD_isError (n))
    return FALSE;
  *length = n;
  return TRUE;
}

static const DecompressFunc funcs[] = {
  [QS_COMPRESSION_ZLIB] = decompress_zlib,
  [QS_COMPRESSION_BROTLI] = decompress_brotli,
  [QS_COMPRESSION_ZSTD] = decompress_zstd,
};

GBytes *
qs_decompress (guint algorithm, QsSpan compressed, gsize length, GError **error)
{
  gsize n = length;

  if (algorithm >= G_N_ELEMENTS (funcs) || funcs[algorithm] == NULL)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED, _ ("A compression that is not known, %u"), algorithm);
      return NULL;
    }
  if (length == 0 || length > QS_DECOMPRESSED_MAX)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_TOO_LARGE, _ ("%zu bytes are nothing that a message may hold"), length);
      return NULL;
    }
  g_autofree guint8 *out = g_malloc (length);
  if (compressed.length == 0 || !funcs[algorithm](compressed, out, &n) || n != length)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_PARSE,
                           _ ("What was compressed is damaged, or is not as long as it says"));
      return NULL;
    }
  return g_bytes_new_take (g_steal_pointer (&out), length);
}
