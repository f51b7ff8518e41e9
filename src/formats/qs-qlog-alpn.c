/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-qlog-alpn.h"

#include "formats/qs-qlog-parse.h"

#define MAX_NAMES 64

char *
qs_qlog_alpn_parse (QsJson value)
{
  const char *text = qs_json_string (value);
  const char *digits = qs_json_get_string (value, "byte_value");

  if (text == NULL)
    text = qs_json_get_string (value, "string_value");
  if (text != NULL)
    return *text != '\0' ? g_strdup (text) : NULL;
  if (digits == NULL)
    return NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  qs_qlog_parse_hex (digits, bytes);
  return bytes->len > 0 ? g_strndup ((const char *) bytes->data, bytes->len) : NULL;
}

static void
take_list (char ***names, QsJson array)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  guint n = 0;

  if (!qs_json_is_array (array))
    return;
  for (QsJson value = qs_json_first (array); qs_json_is_there (value) && n < MAX_NAMES;
       value = qs_json_next (array, value))
    {
      g_autofree char *name = qs_qlog_alpn_parse (value);

      if (name == NULL)
        continue;
      g_strv_builder_add (builder, name);
      n++;
    }
  g_strfreev (*names);
  *names = n > 0 ? g_strv_builder_end (builder) : NULL;
}

void
qs_qlog_alpn_offer (QsQlogAlpn *self, QsJson data)
{
  take_list (&self->client, qs_json_get (data, "client_alpns"));
  take_list (&self->server, qs_json_get (data, "server_alpns"));
}

char *
qs_qlog_alpn_dup_offer (const QsQlogAlpn *self)
{
  return self->client != NULL ? g_strjoinv (", ", self->client) : NULL;
}

const char *
qs_qlog_alpn_get_only (const QsQlogAlpn *self)
{
  const char *only = NULL;

  for (guint i = 0; self->client != NULL && self->client[i] != NULL; i++)
    {
      if (self->server != NULL && !g_strv_contains ((const char *const *) self->server, self->client[i]))
        continue;
      if (only != NULL)
        return NULL;
      only = self->client[i];
    }
  return only;
}

void
qs_qlog_alpn_clear (QsQlogAlpn *self)
{
  g_clear_pointer (&self->client, g_strfreev);
  g_clear_pointer (&self->server, g_strfreev);
}
