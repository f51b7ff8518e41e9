/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-alt-svc.h"

#include <string.h>

#include "base/qs-text.h"

#define MOST 16

void
qs_alt_svc_free (QsAltSvc *alternative)
{
  if (alternative == NULL)
    return;
  g_free (alternative->protocol);
  g_free (alternative->host);
  g_free (alternative);
}

/* Up to the comma that ends this alternative; one within quotes ends nothing. */
static char *
take_item (const char **at)
{
  gboolean quoted = FALSE;
  const char *start = *at, *end = start;

  for (; *end != '\0' && (quoted || *end != ','); end++)
    if (*end == '"')
      quoted = !quoted;
  *at = *end == ',' ? end + 1 : end;
  return g_strstrip (g_strndup (start, (gsize) (end - start)));
}

/* "HOST:PORT" or ":PORT"; an IPv6 address stands in brackets. */
static gboolean
parse_authority (QsAltSvc *alternative, char *text)
{
  char *colon = strrchr (text, ':');
  guint64 port;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL))
    return FALSE;
  *colon = '\0';
  gsize length = strlen (text);
  gboolean bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';
  if (bracketed)
    text[length - 1] = '\0';
  if (*text != '\0')
    alternative->host = g_strdup (bracketed ? text + 1 : text);
  alternative->port = (guint16) port;
  return TRUE;
}

/* Up to the semicolon that ends this parameter; one within quotes ends nothing. */
static char *
take_parameter (char **at)
{
  gboolean quoted = FALSE;
  char *start = *at, *end = start;

  for (; *end != '\0' && (quoted || *end != ';'); end++)
    if (*end == '"')
      quoted = !quoted;
  *at = *end == ';' ? end + 1 : end;
  return g_strstrip (g_strndup (start, (gsize) (end - start)));
}

/* Section 3.1. What is not known is passed over; a value may stand in quotes. */
static void
parse_parameters (QsAltSvc *alternative, char *text)
{
  while (*text != '\0')
    {
      g_autofree char *parameter = take_parameter (&text);
      char *value = strchr (parameter, '=');
      guint64 number;

      if (value == NULL)
        continue;
      *value++ = '\0';
      gsize length = strlen (value);
      if (length > 1 && value[0] == '"' && value[length - 1] == '"')
        {
          value[length - 1] = '\0';
          value++;
        }
      if (g_ascii_strcasecmp (parameter, "ma") == 0 &&
          g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &number, NULL))
        alternative->max_age = (gint64) number;
      else if (g_ascii_strcasecmp (parameter, "persist") == 0)
        alternative->persist = g_str_equal (value, "1");
    }
}

/* RFC 7838 section 3: protocol-id "=" quoted authority, then parameters. */
static QsAltSvc *
parse_item (char *item)
{
  char *equals = strchr (item, '=');

  if (equals == NULL || equals == item || equals[1] != '"')
    return NULL;
  char *end = strchr (equals + 2, '"');
  if (end == NULL)
    return NULL;
  *equals = *end = '\0';
  QsAltSvc *alternative = g_new0 (QsAltSvc, 1);
  alternative->max_age = QS_ALT_SVC_DEFAULT_AGE;
  g_autofree char *plain = g_uri_unescape_string (item, NULL);
  alternative->protocol = qs_text_escape (plain != NULL ? plain : item, -1);
  if (parse_authority (alternative, equals + 2))
    {
      parse_parameters (alternative, end + 1);
      return alternative;
    }
  qs_alt_svc_free (alternative);
  return NULL;
}

GPtrArray *
qs_alt_svc_parse (const char *value)
{
  g_return_val_if_fail (value != NULL, NULL);

  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_alt_svc_free);

  for (const char *at = value; *at != '\0' && found->len < MOST;)
    {
      g_autofree char *item = take_item (&at);
      QsAltSvc *alternative = parse_item (item);
      if (alternative != NULL)
        g_ptr_array_add (found, alternative);
    }
  return found;
}

gboolean
qs_alt_svc_is_clear (const char *value)
{
  g_return_val_if_fail (value != NULL, FALSE);

  g_autofree char *text = g_strstrip (g_strdup (value));
  return g_str_equal (text, "clear"); /* as RFC 7838 section 3 spells it */
}
