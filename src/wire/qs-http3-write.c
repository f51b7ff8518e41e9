/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-http3.h"

#include <string.h>

#include "wire/qs-qpack.h"
#include "wire/qs-writer.h"

void
qs_http3_frame_write (GByteArray *out, guint64 type, QsSpan payload)
{
  qs_write_varint (out, type);
  qs_write_varint_vector (out, payload);
}

void
qs_http3_number_frame_write (GByteArray *out, guint64 type, guint64 number)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  qs_write_varint (payload, number);
  qs_http3_frame_write (out, type, qs_written (payload));
}

void
qs_http3_settings_write (GByteArray *out, const QsHttp3Setting *settings, guint n_settings)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  for (guint i = 0; i < n_settings; i++)
    {
      qs_write_varint (payload, settings[i].id);
      qs_write_varint (payload, settings[i].value);
    }
  qs_http3_frame_write (out, QS_HTTP3_SETTINGS, qs_written (payload));
}

void
qs_http3_priority_update_write (GByteArray *out, guint64 type, guint64 element, QsSpan value)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  qs_write_varint (payload, element);
  qs_write_span (payload, value);
  qs_http3_frame_write (out, type, qs_written (payload));
}

/* RFC 7541 section 5.1: an integer behind bits of another meaning. */
static void
write_prefixed (GByteArray *out, guint8 first, guint prefix, gsize value)
{
  guint8 most = (guint8) ((1u << prefix) - 1);

  qs_write_uint (out, first | MIN (value, most), 1);
  if (value < most)
    return;
  for (value -= most; value >= 0x80; value >>= 7)
    qs_write_uint (out, 0x80 | (value & 0x7f), 1);
  qs_write_uint (out, value, 1);
}

void
qs_qpack_literals_write (GByteArray *out, const char *const *fields)
{
  qs_write_uint (out, 0, 2); /* no entry of a table is needed (RFC 9204 section 4.5.1) */
  for (guint i = 0; fields[i] != NULL && fields[i + 1] != NULL; i += 2)
    {
      gsize name = strlen (fields[i]), value = strlen (fields[i + 1]);
      write_prefixed (out, 0x20, 3, name);
      qs_write_span (out, QS_SPAN (fields[i], name));
      write_prefixed (out, 0, 7, value);
      qs_write_span (out, QS_SPAN (fields[i + 1], value));
    }
}
