/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-error.h"
#include "base/qs-span.h"

G_BEGIN_DECLS

/**
 * QsReader:
 *
 * Reads big-endian fields from a span and never beyond it. The first read that finds too few bytes
 * clears @ok; from then on every read gives 0 or nothing and @at stays, so that a decoder checks
 * once, after the last of its fields.
 */
typedef struct {
  QsSpan bytes;
  gsize at;
  gboolean ok;
} QsReader;

static inline QsReader
qs_reader_init (QsSpan bytes)
{
  /* A span may be a mere length without bytes: there is nothing to be read then. */
  return (QsReader){ bytes.data != NULL ? bytes : QS_SPAN_NONE, 0, TRUE };
}

static inline gsize
qs_reader_left (const QsReader *reader)
{
  return reader->bytes.length - reader->at;
}

static inline gboolean
qs_reader_at_end (const QsReader *reader)
{
  return !reader->ok || reader->at == reader->bytes.length;
}

/* n_bytes: 1 to 8. */
static inline guint64
qs_reader_uint (QsReader *reader, guint n_bytes)
{
  guint64 value = 0;

  if (!reader->ok || qs_reader_left (reader) < n_bytes)
    {
      reader->ok = FALSE;
      return 0;
    }
  for (guint i = 0; i < n_bytes; i++)
    value = value << 8 | reader->bytes.data[reader->at + i];
  reader->at += n_bytes;
  return value;
}

/* RFC 9000 section 16. */
static inline guint64
qs_reader_varint (QsReader *reader)
{
  if (!reader->ok || qs_reader_left (reader) == 0)
    {
      reader->ok = FALSE;
      return 0;
    }
  guint n_bytes = 1u << (reader->bytes.data[reader->at] >> 6);
  return qs_reader_uint (reader, n_bytes) & (G_MAXUINT64 >> (66 - 8 * n_bytes));
}

/* length may be as large as a peer dares to claim. */
static inline QsSpan
qs_reader_span (QsReader *reader, guint64 length)
{
  if (!reader->ok || qs_reader_left (reader) < length)
    {
      reader->ok = FALSE;
      return QS_SPAN_NONE;
    }
  if (reader->bytes.data == NULL)
    return QS_SPAN_NONE;
  QsSpan span = QS_SPAN (reader->bytes.data + reader->at, (gsize) length);
  reader->at += (gsize) length;
  return span;
}

/* TLS's variable-length vector: a length of length_bytes bytes, then as many bytes. */
static inline QsSpan
qs_reader_vector (QsReader *reader, guint length_bytes)
{
  return qs_reader_span (reader, qs_reader_uint (reader, length_bytes));
}

static inline QsSpan
qs_reader_rest (QsReader *reader)
{
  return qs_reader_span (reader, qs_reader_left (reader));
}

/* Sets QS_ERROR_TRUNCATED: "what ends too soon, at byte N". Returns FALSE. */
gboolean qs_reader_fail_truncated (const QsReader *reader, const char *what, GError **error);

G_END_DECLS
