/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"
#include "wire/qs-content-coding.h"

/* The first byte says which coding the rest claims to be. What is right to its end is right with every beginning. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const names[] = { "gzip", "deflate", "br", "gzip, zstd", "compress" };

  if (size < 2)
    return 0;
  const char *name = names[data[0] % G_N_ELEMENTS (names)];
  g_autofree guint8 *bytes = g_memdup2 (data + 1, size - 1);
  QsCodingVerdict whole = qs_content_coding_check (name, QS_SPAN (bytes, size - 1));
  QsCodingVerdict half = qs_content_coding_check (name, QS_SPAN (bytes, (size - 1 + 1) / 2));

  if (whole != QS_CODING_BROKEN)
    g_assert_cmpint (half, !=, QS_CODING_BROKEN);
  g_assert_true ((whole == QS_CODING_UNKNOWN) == (data[0] % G_N_ELEMENTS (names) == 4));
  qs_content_coding_guess (QS_SPAN (bytes, size - 1));
  return 0;
}
