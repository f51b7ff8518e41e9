/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sealer.h"

#include <string.h>

GBytes *
unhex (const char *hex)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = qs_bytes_from_hex (hex, &error);

  g_assert_no_error (error);
  return bytes;
}

QsSecret
secret_of (const char *hex)
{
  g_autoptr (GBytes) bytes = unhex (hex);
  QsSecret secret = { .length = (guint8) g_bytes_get_size (bytes) };

  memcpy (secret.bytes, g_bytes_get_data (bytes, NULL), secret.length);
  return secret;
}

Sealer
sealer_new (guint32 version, const char *secret_hex)
{
  QsSecret secret = secret_of (secret_hex);

  return (Sealer){ version, qs_keys_new (version, 0x1301, &secret), qs_header_key_new (version, 0x1301, &secret),
                   0x40 };
}

void
sealer_clear (Sealer *self)
{
  qs_keys_free (self->keys);
  qs_header_key_free (self->header_key);
}

void
sealer_update (Sealer *self)
{
  QsSecret next;

  g_assert_true (qs_secret_next (self->version, 0x1301, qs_keys_get_secret (self->keys), &next));
  qs_keys_free (self->keys);
  self->keys = qs_keys_new (self->version, 0x1301, &next);
  self->first ^= 0x04;
}

GBytes *
seal_short (Sealer *self, const char *dcid_hex, guint64 number, const char *frames_hex)
{
  g_autoptr (GBytes) dcid = unhex (dcid_hex);
  g_autoptr (GBytes) frames = unhex (frames_hex);
  g_autoptr (GByteArray) header = g_byte_array_new ();
  guint8 first = self->first | 1;
  guint8 pn[2] = { (guint8) (number >> 8), (guint8) number };

  g_byte_array_append (header, &first, 1);
  g_byte_array_append (header, g_bytes_get_data (dcid, NULL), (guint) g_bytes_get_size (dcid));
  g_byte_array_append (header, pn, 2);
  return qs_packet_protect (self->keys, self->header_key, QS_SPAN (header->data, header->len), 2, number,
                            QS_SPAN (g_bytes_get_data (frames, NULL), g_bytes_get_size (frames)));
}

void
add_bytes (QsTrace *trace, gint64 ms, QsDirection direction, GBytes *bytes)
{
  qs_trace_add_datagram (trace, ms * 1000000, direction, 0, 0, QS_FATE_PASSED, g_bytes_get_data (bytes, NULL),
                         g_bytes_get_size (bytes));
}

void
add_hex (QsTrace *trace, gint64 ms, QsDirection direction, const char *hex)
{
  g_autoptr (GBytes) bytes = unhex (hex);

  add_bytes (trace, ms, direction, bytes);
}

void
add_short (QsTrace *trace, gint64 ms, QsDirection direction, Sealer *sealer, const char *dcid, guint64 number,
           const char *frames)
{
  g_autoptr (GBytes) packet = seal_short (sealer, dcid, number, frames);

  add_bytes (trace, ms, direction, packet);
}

void
add_secret (QsTrace *trace, const char *label, const char *secret)
{
  g_autofree char *line = g_strdup_printf ("%s " SAMPLE_RANDOM " %s", label, secret);

  qs_trace_add_secret (trace, 0, line);
}

QsDissector *
dissect (QsTrace *trace)
{
  QsDissector *dissector = qs_dissector_new (trace);

  qs_dissector_finish (dissector);
  return dissector;
}
