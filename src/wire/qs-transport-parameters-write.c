/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-packet.h"
#include "wire/qs-transport-parameters.h"
#include "wire/qs-writer.h"

void
qs_transport_parameter_write (GByteArray *out, guint64 id, QsSpan value)
{
  qs_write_varint (out, id);
  qs_write_varint_vector (out, value);
}

void
qs_transport_parameter_write_integer (GByteArray *out, guint64 id, guint64 value)
{
  guint8 bytes[8];

  qs_transport_parameter_write (out, id, QS_SPAN (bytes, qs_varint_write (value, bytes)));
}

void
qs_transport_parameters_write (GByteArray *out, const GArray *parameters)
{
  for (guint i = 0; i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      qs_transport_parameter_write (out, parameter->id, parameter->value);
    }
}
