/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-qlog-parameters.h"

#include <string.h>

#include "formats/qs-qlog-parse.h"
#include "wire/qs-packet.h"
#include "wire/qs-transport-parameters.h"

/* Before draft-02 some had other names. */
static const struct {
  const char *name;
  const char *old_name;
} old_names[] = {
  { "max_idle_timeout", "idle_timeout" },
  { "max_udp_payload_size", "max_packet_size" },
  { "original_destination_connection_id", "original_connection_id" },
  { "initial_source_connection_id", "handshake_connection_id" },
};

static QsJson
find_member (QsJson data, const char *name)
{
  QsJson value = qs_json_get (data, name);

  for (guint i = 0; !qs_json_is_there (value) && i < G_N_ELEMENTS (old_names); i++)
    {
      if (strcmp (old_names[i].name, name) == 0)
        value = qs_json_get (data, old_names[i].old_name);
    }
  return value;
}

static void
put_varint (GByteArray *out, guint64 value)
{
  guint8 bytes[8];

  g_byte_array_append (out, bytes, (guint) qs_varint_write (MIN (value, (G_GUINT64_CONSTANT (1) << 62) - 1), bytes));
}

/* Puts the value alone; FALSE when the event does not have it. */
static gboolean
put_value (GByteArray *out, QsJson data, const QsTransportParameterInfo *info)
{
  QsJson value = find_member (data, info->name);
  const char *digits = qs_json_string (value);
  guint64 number;

  switch (info->kind)
    {
    case QS_TP_INTEGER:
      if (!qs_json_uint (value, &number))
        return FALSE;
      put_varint (out, number);
      return TRUE;
    case QS_TP_FLAG:
      return qs_json_get_bool (data, info->name);
    case QS_TP_BYTES:
      if (digits == NULL)
        return FALSE;
      qs_qlog_parse_hex (digits, out);
      return TRUE;
    case QS_TP_ADDRESS:
    case QS_TP_VERSIONS:
    case QS_TP_OPAQUE:
    default:
      return FALSE;
    }
}

GBytes *
qs_qlog_parse_parameters (QsJson data)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GByteArray) value = g_byte_array_new ();
  guint n_infos;
  const QsTransportParameterInfo *infos = qs_transport_parameter_infos (&n_infos);

  for (guint i = 0; i < n_infos; i++)
    {
      g_byte_array_set_size (value, 0);
      if (!put_value (value, data, &infos[i]))
        continue;
      put_varint (all, infos[i].id);
      put_varint (all, value->len);
      g_byte_array_append (all, value->data, value->len);
    }
  return all->len > 0 ? g_byte_array_free_to_bytes (g_steal_pointer (&all)) : NULL;
}
