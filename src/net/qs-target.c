/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-target.h"

#include <gio/gio.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

#define DEFAULT_PORT 443
#define MAX_TEXT 4096 /* bytes: longer than any URL that a server takes */

struct _QsTarget {
  grefcount references;
  QsTransport transport;
  gboolean https;
  gboolean literal;
  char *host;
  char *server_name; /* NULL: a literal */
  char *display_host;
  guint16 port;
  char *path;
  char *text;
};

G_DEFINE_BOXED_TYPE (QsTarget, qs_target, qs_target_ref, qs_target_unref)

/* A row a scheme. */
typedef struct {
  const char *name;
  QsTransport transport;
  gboolean https;
  const char *alpn[4];
} Scheme;

static const Scheme schemes[] = {
  { "quic", QS_TRANSPORT_QUIC, FALSE, { "h3", "hq-interop", "http/1.0", NULL } },
  { "https", QS_TRANSPORT_QUIC, TRUE, { "h3", NULL } },
  { "tls", QS_TRANSPORT_TLS, FALSE, { "http/1.1", NULL } },
};

static const Scheme *
scheme_of (QsTarget *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (schemes[i].transport == self->transport && schemes[i].https == self->https)
      return &schemes[i];
  g_assert_not_reached ();
}

static gboolean
fail (GError **error, const char *message)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET, message);
  return FALSE;
}

/* Moves *at behind "scheme://", or leaves it where there is none. */
static gboolean
parse_scheme (QsTarget *self, const char **at, GError **error)
{
  const char *end = strstr (*at, "://");
  /* "host/a://b" has no scheme: what stands before it must look like one. */
  gboolean has_scheme = end != NULL && end > *at;
  for (const char *c = *at; has_scheme && c < end; c++)
    has_scheme = g_ascii_isalnum (*c) || strchr ("+-.", *c) != NULL;
  if (!has_scheme)
    return TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (strlen (schemes[i].name) == (gsize) (end - *at) && g_ascii_strncasecmp (*at, schemes[i].name, end - *at) == 0)
      {
        self->transport = schemes[i].transport;
        self->https = schemes[i].https;
        *at = end + strlen ("://");
        return TRUE;
      }

  g_autofree char *name = qs_text_escape_short (*at, end - *at, 32);
  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
               _ ("“%s://” is not a scheme that can be probed. Use https://, quic:// or tls://."), name);
  return FALSE;
}

static gboolean
parse_port (QsTarget *self, const char *text, GError **error)
{
  guint64 port;

  if (g_ascii_string_to_unsigned (text, 10, 1, 65535, &port, NULL))
    {
      self->port = (guint16) port;
      return TRUE;
    }

  g_autofree char *shown = qs_text_escape_short (text, -1, 32);
  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
               _ ("“%s” is not a port. A port is a number from 1 to 65535, as in example.org:443."), shown);
  return FALSE;
}

/* RFC 6874 writes the zone as "%25eth0" in a URL; people type "%eth0". Both are taken. */
static gboolean
set_literal (QsTarget *self, const char *literal, GError **error)
{
  g_autofree char *host = g_strdup (literal);
  char *zone = strstr (host, "%25");
  if (zone != NULL && zone[3] != '\0')
    memmove (zone + 1, zone + 3, strlen (zone + 3) + 1);

  g_autoptr (GSocketAddress) with_zone = g_inet_socket_address_new_from_string (host, 0);
  if (with_zone == NULL)
    {
      g_autofree char *shown = qs_text_escape_short (literal, -1, 64);
      g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                   _ ("“%s” is not an IP address. An IPv6 address stands in brackets, as in [2001:db8::1]:443."),
                   shown);
      return FALSE;
    }

  self->literal = TRUE;
  self->host = g_steal_pointer (&host);
  self->display_host = g_strdup (self->host);
  return TRUE;
}

/* Letters, digits, "-", "_" and dots, labels of 1 to 63 bytes, 253 in all (RFC 1035, RFC 5890). */
static gboolean
is_host_name (const char *name)
{
  gsize length = strlen (name);
  gsize label = 0;

  if (length > 0 && name[length - 1] == '.')
    length--; /* a fully qualified name may end in a dot */
  if (length == 0 || length > 253)
    return FALSE;

  for (gsize i = 0; i < length; i++)
    {
      if (name[i] == '.')
        {
          if (label == 0)
            return FALSE;
          label = 0;
          continue;
        }
      if (!(g_ascii_isalnum (name[i]) || name[i] == '-' || name[i] == '_') || ++label > 63)
        return FALSE;
    }
  return label > 0;
}

static char *
without_last_dot (const char *name)
{
  gsize length = strlen (name);

  return g_strndup (name, length > 0 && name[length - 1] == '.' ? length - 1 : length);
}

/* NULL: it is none. */
static char *
to_ascii (const char *name)
{
  g_autofree char *ascii = g_utf8_validate (name, -1, NULL) ? g_hostname_to_ascii (name) : NULL;

  return ascii != NULL && is_host_name (ascii) ? g_ascii_strdown (ascii, -1) : NULL;
}

char *
qs_server_name_new (const char *text, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);

  g_autofree char *name = without_last_dot (text);
  char *ascii = g_hostname_is_ip_address (name) ? NULL : to_ascii (name);
  if (ascii != NULL)
    return ascii;
  g_autofree char *shown = qs_text_escape_short (text, -1, 64);
  g_set_error (
      error, QS_ERROR, QS_ERROR_INVALID_TARGET,
      g_hostname_is_ip_address (name)
          ? _ ("“%s” is an address, and a server name (SNI) is a name. Connect to the address itself to verify it.")
          : _ ("“%s” is no server name (SNI): type one host's whole name, as in www.example.org."),
      shown);
  return NULL;
}

static gboolean
set_name (QsTarget *self, const char *name, GError **error)
{
  /* Where a dot ends an address it is still one, and must not be sent as a name. */
  g_autofree char *bare = without_last_dot (name);
  if (g_hostname_is_ip_address (bare))
    return set_literal (self, bare, error);

  g_autofree char *ascii = to_ascii (name);
  if (ascii == NULL)
    {
      g_autofree char *shown = qs_text_escape_short (name, -1, 64);
      g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                   _ ("“%s” is not a host name. Type a name or an address, as in example.org or 192.0.2.1:4433."),
                   shown);
      return FALSE;
    }

  self->host = g_steal_pointer (&ascii);
  self->server_name = without_last_dot (self->host);
  /* Only a form that means the same name: some "xn--" labels decode to nothing that encodes back. */
  g_autofree char *display = strstr (self->host, "xn--") != NULL ? g_hostname_to_unicode (self->host) : NULL;
  g_autofree char *back = display != NULL ? g_hostname_to_ascii (display) : NULL;
  gboolean same = back != NULL && g_ascii_strcasecmp (back, self->host) == 0;
  self->display_host = qs_text_escape (same ? display : self->host, -1);
  return TRUE;
}

static gboolean
parse_authority (QsTarget *self, const char *authority, GError **error)
{
  if (*authority == '\0')
    return fail (error, _ ("The host is missing. Type a name or an address, as in quic://example.org."));
  if (strchr (authority, '@') != NULL)
    return fail (error, _ ("A user name has no place in a target. Leave out what stands before the “@”."));

  if (*authority == '[')
    {
      const char *end = strchr (authority, ']');
      if (end == NULL || (end[1] != '\0' && end[1] != ':'))
        return fail (error, _ ("The address in brackets is not closed as in [2001:db8::1]:443."));
      g_autofree char *literal = g_strndup (authority + 1, end - authority - 1);
      if (strchr (literal, ':') == NULL)
        return fail (error, _ ("Brackets are for IPv6 addresses, as in [2001:db8::1]:443."));
      return set_literal (self, literal, error) && (end[1] == '\0' || parse_port (self, end + 2, error));
    }

  const char *colon = strchr (authority, ':');
  if (colon != NULL && strchr (colon + 1, ':') != NULL)
    {
      /* A bare IPv6 address: no port can follow it. */
      return set_literal (self, authority, error);
    }

  g_autofree char *name = colon != NULL ? g_strndup (authority, colon - authority) : g_strdup (authority);
  if (*name == '\0')
    return fail (error, _ ("The host is missing. Type a name or an address, as in quic://example.org."));
  return set_name (self, name, error) && (colon == NULL || parse_port (self, colon + 1, error));
}

/* What stands in a request line must not hold spaces or controls (RFC 9110 section 4.2, RFC 3986):
 * they and bytes above ASCII are percent-encoded; a fragment stays at home. */
static char *
encode_path (const char *text)
{
  gsize length = strcspn (text, "#");
  GString *path = g_string_new (*text == '/' ? NULL : "/");

  for (gsize i = 0; i < length; i++)
    {
      guint8 c = (guint8) text[i];
      if (c <= 0x20 || c >= 0x7f || strchr ("\"<>\\^`{|}", c) != NULL)
        g_string_append_printf (path, "%%%02X", c);
      else
        g_string_append_c (path, (char) c);
    }
  return g_string_free (path, FALSE);
}

static void
compose_text (QsTarget *self)
{
  gboolean brackets = strchr (self->host, ':') != NULL;

  self->text = g_strdup_printf ("%s://%s%s%s:%u%s", scheme_of (self)->name, brackets ? "[" : "", self->display_host,
                                brackets ? "]" : "", self->port, self->path != NULL ? self->path : "");
}

static gboolean
parse (QsTarget *self, const char *text, GError **error)
{
  const char *at = text;

  if (*text == '\0')
    return fail (error, _ ("No target. Type a host, as in example.org, or a URL, as in https://example.org/."));
  if (strlen (text) > MAX_TEXT)
    return fail (error, _ ("The target is too long."));
  if (!parse_scheme (self, &at, error))
    return FALSE;

  gsize length = strcspn (at, "/?#");
  g_autofree char *authority = g_strndup (at, length);
  if (!parse_authority (self, authority, error))
    return FALSE;

  if (at[length] == '/' || at[length] == '?')
    self->path = encode_path (at + length);
  else if (self->https)
    self->path = g_strdup ("/");
  compose_text (self);
  /* What percent-encoding makes of it has to be taken again: from the history, or as a target of a file. */
  return strlen (self->text) <= MAX_TEXT || fail (error, _ ("The target is too long."));
}

QsTarget *
qs_target_new (const char *text, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);

  g_autoptr (QsTarget) self = g_new0 (QsTarget, 1);
  g_autofree char *stripped = g_strstrip (g_strdup (text));

  g_ref_count_init (&self->references);
  self->port = DEFAULT_PORT;
  return parse (self, stripped, error) ? g_steal_pointer (&self) : NULL;
}

QsTarget *
qs_target_ref (QsTarget *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_ref_count_inc (&self->references);
  return self;
}

void
qs_target_unref (QsTarget *self)
{
  g_return_if_fail (self != NULL);

  if (!g_ref_count_dec (&self->references))
    return;
  g_free (self->host);
  g_free (self->server_name);
  g_free (self->display_host);
  g_free (self->path);
  g_free (self->text);
  g_free (self);
}

QsTransport
qs_target_get_transport (QsTarget *self)
{
  return self->transport;
}

gboolean
qs_target_is_https (QsTarget *self)
{
  return self->https;
}

const char *
qs_target_get_host (QsTarget *self)
{
  return self->host;
}

const char *
qs_target_get_display_host (QsTarget *self)
{
  return self->display_host;
}

const char *
qs_target_get_server_name (QsTarget *self)
{
  return self->server_name;
}

guint16
qs_target_get_port (QsTarget *self)
{
  return self->port;
}

const char *
qs_target_get_path (QsTarget *self)
{
  return self->path;
}

gboolean
qs_target_is_literal (QsTarget *self)
{
  return self->literal;
}

const char *
qs_target_to_string (QsTarget *self)
{
  return self->text;
}

const char *const *
qs_target_get_default_alpn (QsTarget *self)
{
  return scheme_of (self)->alpn;
}
