/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-http3.h"
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
