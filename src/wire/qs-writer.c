/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-writer.h"

#include <string.h>

#include "wire/qs-packet.h"

void
qs_write_uint (GByteArray *out, guint64 value, guint n_bytes)
{
  guint8 bytes[8];

  g_return_if_fail (n_bytes >= 1 && n_bytes <= 8);
  g_return_if_fail (n_bytes == 8 || value >> 8 * n_bytes == 0);

  for (guint i = 0; i < n_bytes; i++)
    bytes[i] = (guint8) (value >> 8 * (n_bytes - 1 - i));
  g_byte_array_append (out, bytes, n_bytes);
}

void
qs_write_varint (GByteArray *out, guint64 value)
{
  guint8 bytes[8];

  g_byte_array_append (out, bytes, (guint) qs_varint_write (value, bytes));
}

void
qs_write_span (GByteArray *out, QsSpan bytes)
{
  guint before = out->len;

  g_return_if_fail (bytes.length <= G_MAXUINT - before);

  if (bytes.length == 0)
    return;
  g_byte_array_set_size (out, before + (guint) bytes.length);
  if (bytes.data != NULL)
    memcpy (out->data + before, bytes.data, bytes.length);
  else
    memset (out->data + before, 0, bytes.length);
}

void
qs_write_vector (GByteArray *out, guint length_bytes, QsSpan bytes)
{
  qs_write_uint (out, bytes.length, length_bytes);
  qs_write_span (out, bytes);
}

void
qs_write_varint_vector (GByteArray *out, QsSpan bytes)
{
  qs_write_varint (out, bytes.length);
  qs_write_span (out, bytes);
}

guint
qs_write_open (GByteArray *out, guint length_bytes)
{
  qs_write_uint (out, 0, length_bytes);
  return out->len;
}

void
qs_write_close (GByteArray *out, guint opened, guint length_bytes)
{
  guint length = out->len - opened;

  g_return_if_fail (opened >= length_bytes && opened <= out->len);
  g_return_if_fail (length_bytes >= 4 || length >> 8 * length_bytes == 0);

  for (guint i = 0; i < length_bytes; i++)
    out->data[opened - 1 - i] = i < 4 ? (guint8) (length >> 8 * i) : 0;
}
