/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-span.h"

G_BEGIN_DECLS

/* What QsReader reads, written: big-endian fields behind one another in a byte array. */

/* n_bytes: 1 to 8; value fits in them. */
void qs_write_uint (GByteArray *out, guint64 value, guint n_bytes);
/* Variable-length integer in as few bytes as it takes (RFC 9000 section 16); value below 2^62. */
void qs_write_varint (GByteArray *out, guint64 value);
/* A span without data: as many zeros. */
void qs_write_span (GByteArray *out, QsSpan bytes);
/* Length, of length_bytes bytes, and content. */
void qs_write_vector (GByteArray *out, guint length_bytes, QsSpan bytes);
void qs_write_varint_vector (GByteArray *out, QsSpan bytes);

/* A vector whose content is written between the two calls. What open returns is for close; they nest. */
guint qs_write_open (GByteArray *out, guint length_bytes);
void qs_write_close (GByteArray *out, guint opened, guint length_bytes);

static inline QsSpan
qs_written (const GByteArray *out)
{
  return QS_SPAN (out->data, out->len);
}

G_END_DECLS
