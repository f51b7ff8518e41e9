/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-transport-parameters.h"

#include <arpa/inet.h>
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "wire/qs-packet.h"
#include "wire/qs-reader.h"

#define BYTES_SHOWN 64

typedef char *(*FormatFunc) (const QsTransportParameter *parameter, const QsTransportParameterInfo *info);

static char *
format_bytes (const QsTransportParameter *parameter, const QsTransportParameterInfo *info)
{
  gsize shown = MIN (parameter->value.length, BYTES_SHOWN);
  g_autofree char *hex = qs_span_to_hex (QS_SPAN (parameter->value.data, shown));

  if (shown == 0)
    return g_strdup (_ ("empty"));
  if (shown == parameter->value.length)
    return g_steal_pointer (&hex);
  return g_strdup_printf (_ ("%s… (%zu bytes)"), hex, parameter->value.length);
}

static char *
format_malformed (const QsTransportParameter *parameter)
{
  g_autofree char *bytes = format_bytes (parameter, NULL);

  return g_strdup_printf (_ ("malformed: %s"), bytes);
}

static char *
format_integer (const QsTransportParameter *parameter, const QsTransportParameterInfo *info)
{
  guint64 value;

  if (!qs_transport_parameter_get_integer (parameter, &value))
    return format_malformed (parameter);
  if (info->unit == NULL)
    return g_strdup_printf ("%" PRIu64, value);
  /* Translators: a number and its unit, as "30000 ms" */
  return g_strdup_printf (_ ("%" PRIu64 " %s"), value, _ (info->unit));
}

static char *
format_flag (const QsTransportParameter *parameter, const QsTransportParameterInfo *info)
{
  return parameter->value.length == 0 ? g_strdup (_ ("present")) : format_malformed (parameter);
}

static void
append_endpoint (GString *text, int family, QsSpan address, guint16 port)
{
  char name[INET6_ADDRSTRLEN];
  gboolean absent = port == 0;

  for (gsize i = 0; i < address.length && absent; i++)
    absent = address.data[i] == 0;
  if (absent || inet_ntop (family, address.data, name, sizeof name) == NULL)
    return;
  g_string_append_printf (text, family == AF_INET6 ? "[%s]:%u, " : "%s:%u, ", name, port);
}

static char *
format_address (const QsTransportParameter *parameter, const QsTransportParameterInfo *info)
{
  QsReader reader = qs_reader_init (parameter->value);
  QsSpan ipv4 = qs_reader_span (&reader, 4);
  guint16 port4 = (guint16) qs_reader_uint (&reader, 2);
  QsSpan ipv6 = qs_reader_span (&reader, 16);
  guint16 port6 = (guint16) qs_reader_uint (&reader, 2);
  QsSpan cid = qs_reader_vector (&reader, 1);
  qs_reader_span (&reader, 16); /* the token: it stands in the field tree */

  if (!reader.ok || !qs_reader_at_end (&reader))
    return format_malformed (parameter);
  GString *text = g_string_new (NULL);
  append_endpoint (text, AF_INET, ipv4, port4);
  append_endpoint (text, AF_INET6, ipv6, port6);
  g_autofree char *hex = qs_span_to_hex (cid);
  g_string_append_printf (text, _ ("connection ID %s"), hex);
  return g_string_free (text, FALSE);
}

static char *
format_versions (const QsTransportParameter *parameter, const QsTransportParameterInfo *info)
{
  QsReader reader = qs_reader_init (parameter->value);

  if (parameter->value.length < 4 || parameter->value.length % 4 != 0)
    return format_malformed (parameter);
  g_autofree char *chosen = qs_quic_version_name ((guint32) qs_reader_uint (&reader, 4));
  GString *text = g_string_new (NULL);
  /* Translators: a QUIC version; a list of others follows */
  g_string_append_printf (text, _ ("%s in use; available:"), chosen);
  while (!qs_reader_at_end (&reader))
    {
      g_autofree char *name = qs_quic_version_name ((guint32) qs_reader_uint (&reader, 4));
      g_string_append_printf (text, " %s%s", name, qs_reader_at_end (&reader) ? "" : ",");
    }
  return g_string_free (text, FALSE);
}

static const FormatFunc format_funcs[] = {
  [QS_TP_INTEGER] = format_integer, [QS_TP_BYTES] = format_bytes,       [QS_TP_FLAG] = format_flag,
  [QS_TP_ADDRESS] = format_address, [QS_TP_VERSIONS] = format_versions, [QS_TP_OPAQUE] = format_bytes,
};

gboolean
qs_transport_parameter_is_greased (guint64 id)
{
  /* RFC 9000 section 18.1; a draft's number can fall on the pattern by chance. */
  return id >= 27 && (id - 27) % 31 == 0 && qs_transport_parameter_info (id) == NULL;
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  guint64 x = *(const guint64 *) a, y = *(const guint64 *) b;

  return (x > y) - (x < y);
}

static gboolean
check_duplicates (GArray *parameters, GError **error)
{
  g_autoptr (GArray) ids = g_array_sized_new (FALSE, FALSE, sizeof (guint64), parameters->len);

  for (guint i = 0; i < parameters->len; i++)
    g_array_append_val (ids, g_array_index (parameters, QsTransportParameter, i).id);
  g_array_sort (ids, compare_ids);
  for (guint i = 1; i < ids->len; i++)
    if (g_array_index (ids, guint64, i) == g_array_index (ids, guint64, i - 1))
      {
        guint64 id = g_array_index (ids, guint64, i);
        const QsTransportParameterInfo *info = qs_transport_parameter_info (id);
        g_set_error (error, QS_ERROR, QS_ERROR_PARSE,
                     _ ("The transport parameter 0x%" PRIx64 " (%s) stands there twice"), id,
                     info != NULL ? info->name : _ ("unknown"));
        return FALSE;
      }
  return TRUE;
}

/* The next one: FALSE in reader->ok when it ends too soon. */
static QsTransportParameter
read_parameter (QsReader *reader, gboolean old)
{
  QsTransportParameter parameter = { .offset = (guint32) reader->at };

  parameter.id = old ? qs_reader_uint (reader, 2) : qs_reader_varint (reader);
  parameter.value = old ? qs_reader_vector (reader, 2) : qs_reader_span (reader, qs_reader_varint (reader));
  parameter.length = (guint32) (reader->at - parameter.offset);
  return parameter;
}

gboolean
qs_transport_parameters_are_old (QsSpan bytes)
{
  QsReader reader = qs_reader_init (bytes), new_form = reader;

  if (qs_reader_uint (&reader, 2) != qs_reader_left (&reader) || !reader.ok || bytes.length == 2)
    return FALSE;
  while (!qs_reader_at_end (&reader))
    read_parameter (&reader, TRUE);
  guint n_new = 0;
  for (; !qs_reader_at_end (&new_form); n_new++)
    read_parameter (&new_form, FALSE);
  /* Up to 63 bytes the length of all looks like the id 0 and the length of a single parameter, which never comes alone. */
  return reader.ok && (!new_form.ok || (n_new == 1 && bytes.data[0] == 0));
}

GArray *
qs_transport_parameters_parse (QsSpan bytes, GError **error)
{
  g_autoptr (GArray) parameters = g_array_new (FALSE, FALSE, sizeof (QsTransportParameter));
  QsReader reader = qs_reader_init (bytes);
  gboolean old = qs_transport_parameters_are_old (bytes);

  if (old)
    qs_reader_uint (&reader, 2);
  while (!qs_reader_at_end (&reader))
    {
      QsTransportParameter parameter = read_parameter (&reader, old);
      if (reader.ok)
        g_array_append_val (parameters, parameter);
    }
  if (!reader.ok)
    {
      qs_reader_fail_truncated (&reader, _ ("transport parameters"), error);
      return NULL;
    }
  return check_duplicates (parameters, error) ? g_steal_pointer (&parameters) : NULL;
}

char *
qs_transport_parameter_format (const QsTransportParameter *parameter)
{
  g_return_val_if_fail (parameter != NULL, NULL);

  const QsTransportParameterInfo *info = qs_transport_parameter_info (parameter->id);
  return info != NULL ? format_funcs[info->kind](parameter, info) : format_bytes (parameter, NULL);
}

gboolean
qs_transport_parameter_get_integer (const QsTransportParameter *parameter, guint64 *value)
{
  g_return_val_if_fail (parameter != NULL && value != NULL, FALSE);

  const QsTransportParameterInfo *info = qs_transport_parameter_info (parameter->id);
  if (info == NULL || info->kind != QS_TP_INTEGER)
    return FALSE;
  QsReader reader = qs_reader_init (parameter->value);
  guint64 read = qs_reader_varint (&reader);
  if (!reader.ok || !qs_reader_at_end (&reader))
    return FALSE;
  *value = read;
  return TRUE;
}
