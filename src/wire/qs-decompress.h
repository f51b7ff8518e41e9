/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-error.h"
#include "base/qs-span.h"

G_BEGIN_DECLS

/* How a Certificate message was compressed: RFC 8879 section 7.3. */
typedef enum {
  QS_COMPRESSION_ZLIB = 1,
  QS_COMPRESSION_BROTLI = 2,
  QS_COMPRESSION_ZSTD = 3,
} QsCompression;

#define QS_DECOMPRESSED_MAX (1u << 20) /* bytes: no message is taken that is longer */

/**
 * qs_decompress:
 * @length: what it says to be, decompressed
 *
 * No more than @length is ever made of it, and no more than QS_DECOMPRESSED_MAX: RFC 8879 section 4 has the two agree.
 *
 * Returns: (transfer full): exactly @length bytes; NULL with QS_ERROR_UNSUPPORTED, QS_ERROR_TOO_LARGE or QS_ERROR_PARSE
 */
GBytes *qs_decompress (guint algorithm, QsSpan compressed, gsize length, GError **error);

G_END_DECLS
