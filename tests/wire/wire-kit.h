/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-error.h"
#include "base/qs-span.h"

/* What the tests of the decoders share. */

/* The bytes of a hex string, exactly as many as are allocated, so that a sanitizer sees each read
 * beyond them. Owned by the caller. */
static inline GBytes *
hex (const char *digits)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = qs_bytes_from_hex (digits, &error);

  g_assert_no_error (error);
  return g_bytes_new (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static inline QsSpan
span_of (GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  return QS_SPAN (data, length);
}

/* The first length bytes in memory of their own. */
static inline GBytes *
cut (QsSpan span, gsize length)
{
  return g_bytes_new (span.data, length);
}

static inline void
assert_hex (QsSpan span, const char *expected)
{
  g_autofree char *found = qs_span_to_hex (span);

  g_assert_cmpstr (found, ==, expected);
}

/* A file of the fuzzer's corpus: real bytes. */
static inline GBytes *
corpus (const char *kind, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (g_getenv ("QS_SRCDIR"), "tests", "fuzz", "corpus", kind, name, NULL);
  g_autofree char *contents = NULL;
  gsize length;

  g_file_get_contents (path, &contents, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new (contents, length);
}
