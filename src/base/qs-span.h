/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * QsSpan:
 * @data: (nullable): the first byte; %NULL with a @length when only the length is known
 * @length: in bytes
 *
 * A borrowed range of bytes: it owns nothing and lives as long as what it points into.
 */
typedef struct {
  const guint8 *data;
  gsize length;
} QsSpan;

#define QS_SPAN(bytes, size) ((QsSpan){ (const guint8 *) (bytes), (size) })
#define QS_SPAN_NONE ((QsSpan){ NULL, 0 })

/* Whether both hold the same bytes. */
gboolean qs_span_equal (QsSpan a, QsSpan b);

/* Lower-case hex of the bytes, owned by the caller; "" when empty or without data. */
char *qs_span_to_hex (QsSpan span);

/* The bytes of a string of hex digits (upper or lower case, no separators), or NULL with
 * QS_ERROR_PARSE. Owned by the caller. */
GBytes *qs_bytes_from_hex (const char *hex, GError **error);

G_END_DECLS
