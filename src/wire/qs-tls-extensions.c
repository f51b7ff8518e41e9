/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-tls-extensions.h"
#include "base/qs-text.h"
#include "wire/qs-reader.h"
#include "wire/qs-tls.h"

const QsTlsExtension *
qs_tls_message_find_extension (const QsTlsMessage *message, guint16 type)
{
  g_return_val_if_fail (message != NULL, NULL);

  for (guint i = 0; message->extensions != NULL && i < message->extensions->len; i++)
    {
      const QsTlsExtension *extension = &g_array_index (message->extensions, QsTlsExtension, i);
      if (extension->type == type)
        return extension;
    }
  return NULL;
}

static QsReader
read_extension (const QsTlsMessage *message, guint16 type)
{
  const QsTlsExtension *extension = qs_tls_message_find_extension (message, type);
  QsReader reader = qs_reader_init (extension != NULL ? extension->data : QS_SPAN_NONE);

  reader.ok = extension != NULL;
  return reader;
}

char *
qs_tls_message_dup_server_name (const QsTlsMessage *message)
{
  g_return_val_if_fail (message != NULL, NULL);

  QsReader reader = read_extension (message, QS_TLS_EXT_SERVER_NAME);
  QsReader list = qs_reader_init (qs_reader_vector (&reader, 2));
  while (reader.ok && !qs_reader_at_end (&list))
    {
      guint64 type = qs_reader_uint (&list, 1);
      QsSpan name = qs_reader_vector (&list, 2);
      if (list.ok && type == 0)
        return qs_text_escape (name.data, (gssize) name.length);
    }
  return NULL;
}

char **
qs_tls_message_dup_alpn (const QsTlsMessage *message)
{
  g_return_val_if_fail (message != NULL, NULL);

  QsReader reader = read_extension (message, QS_TLS_EXT_ALPN);
  QsReader list = qs_reader_init (qs_reader_vector (&reader, 2));
  g_autoptr (GPtrArray) protocols = g_ptr_array_new_with_free_func (g_free);
  while (!qs_reader_at_end (&list))
    {
      QsSpan protocol = qs_reader_vector (&list, 1);
      if (list.ok)
        g_ptr_array_add (protocols, qs_text_escape (protocol.data, (gssize) protocol.length));
    }
  if (!reader.ok || !list.ok)
    return NULL;
  g_ptr_array_add (protocols, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&protocols), FALSE);
}

/* A list of two-byte values whose own length comes first. */
static GArray *
dup_values (QsReader *reader, guint length_bytes)
{
  QsReader list = qs_reader_init (qs_reader_vector (reader, length_bytes));

  if (!reader->ok || list.bytes.length % 2 != 0)
    return NULL;
  GArray *values = g_array_new (FALSE, FALSE, sizeof (guint16));
  while (!qs_reader_at_end (&list))
    {
      guint16 value = (guint16) qs_reader_uint (&list, 2);
      g_array_append_val (values, value);
    }
  return values;
}

static GArray *
dup_value (QsReader *reader)
{
  guint16 value = (guint16) qs_reader_uint (reader, 2);

  if (!reader->ok)
    return NULL;
  GArray *values = g_array_new (FALSE, FALSE, sizeof (guint16));
  g_array_append_val (values, value);
  return values;
}

GArray *
qs_tls_message_dup_groups (const QsTlsMessage *message)
{
  g_return_val_if_fail (message != NULL, NULL);

  QsReader reader = read_extension (message, QS_TLS_EXT_SUPPORTED_GROUPS);
  return dup_values (&reader, 2);
}

GArray *
qs_tls_message_dup_key_shares (const QsTlsMessage *message)
{
  g_return_val_if_fail (message != NULL, NULL);

  gboolean old = qs_tls_message_find_extension (message, QS_TLS_EXT_KEY_SHARE) == NULL;
  QsReader reader = read_extension (message, old ? QS_TLS_EXT_KEY_SHARE_DRAFT : QS_TLS_EXT_KEY_SHARE);
  if (message->type != QS_TLS_CLIENT_HELLO)
    return dup_value (&reader);

  QsReader list = qs_reader_init (qs_reader_vector (&reader, 2));
  g_autoptr (GArray) groups = g_array_new (FALSE, FALSE, sizeof (guint16));
  while (!qs_reader_at_end (&list))
    {
      guint16 group = (guint16) qs_reader_uint (&list, 2);
      qs_reader_vector (&list, 2);
      if (list.ok)
        g_array_append_val (groups, group);
    }
  return reader.ok && list.ok ? g_steal_pointer (&groups) : NULL;
}

GArray *
qs_tls_message_dup_versions (const QsTlsMessage *message)
{
  g_return_val_if_fail (message != NULL, NULL);

  QsReader reader = read_extension (message, QS_TLS_EXT_SUPPORTED_VERSIONS);
  return message->type == QS_TLS_CLIENT_HELLO ? dup_values (&reader, 1) : dup_value (&reader);
}

guint16
qs_tls_message_get_version (const QsTlsMessage *message)
{
  g_return_val_if_fail (message != NULL, 0);

  g_autoptr (GArray) versions = message->type != QS_TLS_CLIENT_HELLO ? qs_tls_message_dup_versions (message) : NULL;
  return versions != NULL && versions->len > 0 ? g_array_index (versions, guint16, 0) : message->legacy_version;
}

QsSpan
qs_tls_message_get_transport_parameters (const QsTlsMessage *message)
{
  g_return_val_if_fail (message != NULL, QS_SPAN_NONE);

  const QsTlsExtension *extension = qs_tls_message_find_extension (message, QS_TLS_EXT_QUIC_TRANSPORT_PARAMETERS);
  if (extension == NULL)
    extension = qs_tls_message_find_extension (message, QS_TLS_EXT_QUIC_TRANSPORT_PARAMETERS_DRAFT);
  return extension != NULL ? extension->data : QS_SPAN_NONE;
}
