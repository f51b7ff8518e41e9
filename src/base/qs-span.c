/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-span.h"

#include <string.h>

#include "base/qs-error.h"

gboolean
qs_span_equal (QsSpan a, QsSpan b)
{
  if (a.length != b.length)
    return FALSE;
  if (a.length == 0)
    return TRUE;
  return a.data != NULL && b.data != NULL && memcmp (a.data, b.data, a.length) == 0;
}

char *
qs_span_to_hex (QsSpan span)
{
  static const char digits[] = "0123456789abcdef";

  if (span.data == NULL)
    return g_strdup ("");

  char *hex = g_malloc (span.length * 2 + 1);
  for (gsize i = 0; i < span.length; i++)
    {
      hex[2 * i] = digits[span.data[i] >> 4];
      hex[2 * i + 1] = digits[span.data[i] & 0xf];
    }
  hex[span.length * 2] = '\0';
  return hex;
}

GBytes *
qs_bytes_from_hex (const char *hex, GError **error)
{
  g_return_val_if_fail (hex != NULL, NULL);

  gsize digits = strlen (hex);
  if (digits % 2 != 0)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_PARSE, "An odd number of hex digits");
      return NULL;
    }

  g_autofree guint8 *bytes = g_malloc (digits / 2 + 1);
  for (gsize i = 0; i < digits; i += 2)
    {
      int high = g_ascii_xdigit_value (hex[i]);
      int low = g_ascii_xdigit_value (hex[i + 1]);
      if (high < 0 || low < 0)
        {
          g_set_error (error, QS_ERROR, QS_ERROR_PARSE, "Not a hex digit at position %" G_GSIZE_FORMAT, i);
          return NULL;
        }
      bytes[i / 2] = (guint8) (high << 4 | low);
    }
  return g_bytes_new_take (g_steal_pointer (&bytes), digits / 2);
}
