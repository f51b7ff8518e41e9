/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-resolve.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"

typedef struct {
  QsTarget *target;
  GSocketFamily family;
} Query;

static void
query_free (Query *query)
{
  qs_target_unref (query->target);
  g_free (query);
}

/* "HOST:PORT:ADDR": the address comes last and may hold colons, with or without brackets. */
static gboolean
split_override (const char *text, char **host, guint16 *port, GInetAddress **address)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 3);
  guint64 number;

  if (g_strv_length (parts) != 3 || *parts[0] == '\0' ||
      !g_ascii_string_to_unsigned (parts[1], 10, 1, 65535, &number, NULL))
    return FALSE;

  char *literal = parts[2];
  gsize length = strlen (literal);
  if (length > 2 && literal[0] == '[' && literal[length - 1] == ']')
    {
      literal[length - 1] = '\0';
      literal++;
    }
  *address = g_inet_address_new_from_string (literal);
  if (*address == NULL)
    return FALSE;
  *host = g_strdup (parts[0]);
  *port = (guint16) number;
  return TRUE;
}

gboolean
qs_resolve_override_is_valid (const char *text, GError **error)
{
  g_autofree char *host = NULL;
  g_autoptr (GInetAddress) address = NULL;
  guint16 port;

  g_return_val_if_fail (text != NULL, FALSE);

  if (split_override (text, &host, &port, &address))
    return TRUE;
  g_autofree char *shown = qs_text_escape_short (text, -1, 64);
  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
               _ ("“%s” does not say HOST:PORT:ADDRESS, as in example.org:443:192.0.2.1."), shown);
  return FALSE;
}

/* All that fit the host and the port (GInetAddress): a name may be given both families. */
static GList *
overrides_for (QsTarget *target, const char *const *overrides)
{
  GList *found = NULL;

  for (guint i = 0; overrides != NULL && overrides[i] != NULL; i++)
    {
      g_autofree char *host = NULL;
      g_autoptr (GInetAddress) address = NULL;
      guint16 port;

      if (!split_override (overrides[i], &host, &port, &address))
        continue;
      g_autofree char *ascii = g_hostname_to_ascii (host);
      if (port == qs_target_get_port (target) && ascii != NULL &&
          g_ascii_strcasecmp (ascii, qs_target_get_host (target)) == 0)
        found = g_list_append (found, g_steal_pointer (&address));
    }
  return found;
}

static GList *
keep_family (GList *addresses, GSocketFamily family)
{
  GList *kept = NULL;

  for (GList *at = addresses; at != NULL; at = at->next)
    if (family == G_SOCKET_FAMILY_INVALID || g_inet_address_get_family (at->data) == family)
      kept = g_list_append (kept, g_object_ref (at->data));
  return kept;
}

static void
return_not_found (GTask *task)
{
  Query *query = g_task_get_task_data (task);

  g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND,
                           query->family == G_SOCKET_FAMILY_IPV6 ? _ ("The address is not an IPv6 address.")
                                                                 : _ ("The address is not an IPv4 address."));
}

/* As a socket address, which keeps a zone id. */
static void
return_literal (GTask *task)
{
  Query *query = g_task_get_task_data (task);
  GSocketAddress *address =
      g_inet_socket_address_new_from_string (qs_target_get_host (query->target), qs_target_get_port (query->target));
  GPtrArray *addresses = g_ptr_array_new_with_free_func (g_object_unref);

  if (address != NULL)
    g_ptr_array_add (addresses, address);
  if (address != NULL &&
      (query->family == G_SOCKET_FAMILY_INVALID || g_socket_address_get_family (address) == query->family))
    g_task_return_pointer (task, g_steal_pointer (&addresses), (GDestroyNotify) g_ptr_array_unref);
  else
    return_not_found (task);
  g_clear_pointer (&addresses, g_ptr_array_unref);
}

static gboolean
is_known (GPtrArray *addresses, GInetAddress *address)
{
  for (guint i = 0; i < addresses->len; i++)
    if (g_inet_address_equal (g_inet_socket_address_get_address (addresses->pdata[i]), address))
      return TRUE;
  return FALSE;
}

/* RFC 8305 section 4: the families take turns, IPv6 begins; within one the resolver's order stays. */
static GPtrArray *
interlace (GList *found, guint16 port)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func (g_object_unref);
  GSocketFamily turn = G_SOCKET_FAMILY_IPV6;
  g_autoptr (GList) left = g_list_copy (found);

  while (left != NULL)
    {
      GList *at = left;
      while (at != NULL && g_inet_address_get_family (at->data) != turn)
        at = at->next;
      if (at == NULL)
        at = left;
      if (!is_known (addresses, at->data))
        g_ptr_array_add (addresses, g_inet_socket_address_new (at->data, port));
      turn = g_inet_address_get_family (at->data) == G_SOCKET_FAMILY_IPV6 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6;
      left = g_list_delete_link (left, at);
    }
  return addresses;
}

static void
return_overrides (GTask *task, GList *overrides)
{
  Query *query = g_task_get_task_data (task);
  GList *kept = keep_family (overrides, query->family);

  if (kept != NULL)
    g_task_return_pointer (task, interlace (kept, qs_target_get_port (query->target)),
                           (GDestroyNotify) g_ptr_array_unref);
  else
    return_not_found (task);
  g_list_free_full (kept, g_object_unref);
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Query *query = g_task_get_task_data (task);
  GError *error = NULL;
  GList *found = g_resolver_lookup_by_name_with_flags_finish (G_RESOLVER (source), result, &error);

  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_return_pointer (task, interlace (found, qs_target_get_port (query->target)),
                         (GDestroyNotify) g_ptr_array_unref);
  g_resolver_free_addresses (found);
}

void
qs_resolve_async (QsTarget *target, GSocketFamily family, const char *const *overrides, GCancellable *cancellable,
                  GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (target != NULL);

  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Query *query = g_new0 (Query, 1);
  query->target = qs_target_ref (target);
  query->family = family;
  g_task_set_source_tag (task, qs_resolve_async);
  g_task_set_task_data (task, query, (GDestroyNotify) query_free);

  g_autolist (GInetAddress) found = overrides_for (target, overrides);
  if (found != NULL)
    {
      return_overrides (task, found);
      return;
    }
  if (qs_target_is_literal (target))
    {
      return_literal (task);
      return;
    }

  GResolverNameLookupFlags flags = family == G_SOCKET_FAMILY_IPV4   ? G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY
                                   : family == G_SOCKET_FAMILY_IPV6 ? G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY
                                                                    : G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT;
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  g_resolver_lookup_by_name_with_flags_async (resolver, qs_target_get_host (target), flags, cancellable, found_cb,
                                              g_steal_pointer (&task));
}

GPtrArray *
qs_resolve_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

const char *
qs_resolve_error_name (const GError *error)
{
  static const struct {
    int code;
    const char *name;
  } names[] = {
    { G_RESOLVER_ERROR_NOT_FOUND, "not-found" },
    { G_RESOLVER_ERROR_TEMPORARY_FAILURE, "temporary" },
    { G_RESOLVER_ERROR_INTERNAL, "other" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_error_matches (error, G_RESOLVER_ERROR, names[i].code))
      return names[i].name;
  return "other";
}
