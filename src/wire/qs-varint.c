/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-packet.h"
#include "wire/qs-reader.h"

gboolean
qs_varint_read (QsSpan bytes, gsize *at, guint64 *value)
{
  g_return_val_if_fail (at != NULL && value != NULL, FALSE);

  if (*at > bytes.length)
    return FALSE;
  QsReader reader = qs_reader_init (bytes);
  reader.at = MIN (*at, reader.bytes.length);
  guint64 read = qs_reader_varint (&reader);
  if (!reader.ok)
    return FALSE;
  *at = reader.at;
  *value = read;
  return TRUE;
}

gsize
qs_varint_write (guint64 value, guint8 out[8])
{
  g_return_val_if_fail (value < G_GUINT64_CONSTANT (1) << 62, 0);

  guint log = value < 1 << 6 ? 0 : value < 1 << 14 ? 1 : value < 1 << 30 ? 2 : 3;
  gsize length = (gsize) 1 << log;
  for (gsize i = 0; i < length; i++)
    out[i] = (guint8) (value >> 8 * (length - 1 - i));
  out[0] |= (guint8) (log << 6);
  return length;
}

guint64
qs_packet_number_decode (guint64 expected, guint64 truncated, guint8 n_bytes)
{
  g_return_val_if_fail (n_bytes >= 1 && n_bytes <= 4, truncated);

  guint64 window = G_GUINT64_CONSTANT (1) << 8 * n_bytes;
  guint64 half = window / 2;
  guint64 candidate = (expected & ~(window - 1)) | (truncated & (window - 1));

  /* The order of the subtractions keeps both comparisons from wrapping. */
  if (candidate + half <= expected && candidate < (G_GUINT64_CONSTANT (1) << 62) - window)
    return candidate + window;
  if (candidate > expected + half && candidate >= window)
    return candidate - window;
  return candidate;
}
