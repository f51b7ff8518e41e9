/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-study-private.h"

/* "192.0.2.1:443", "[2001:db8::1]:443": without the port. */
static char *
dup_host_of (const char *address)
{
  const char *end = *address == '[' ? strchr (address, ']') : strrchr (address, ':');
  const char *start = *address == '[' ? address + 1 : address;

  return end != NULL && end > start ? g_strndup (start, (gsize) (end - start)) : g_strdup (address);
}

static const QsPath *
server_path (const QsEvidence *evidence)
{
  return qs_trace_get_path (evidence->trace, evidence->path);
}

static guint16
find_port (const QsEvidence *evidence)
{
  const QsMark *fact = qs_trace_find_mark (evidence->trace, QS_MARK_FACT, "target", NULL);
  const QsPath *path = server_path (evidence);
  GSocketAddress *end = path == NULL ? NULL : evidence->server ? path->local : path->remote;

  if (fact != NULL && fact->value > 0)
    return (guint16) fact->value;
  return end != NULL && G_IS_INET_SOCKET_ADDRESS (end) ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (end))
                                                       : 0;
}

static char *
find_address (const QsEvidence *evidence)
{
  const QsPath *path = server_path (evidence);
  GSocketAddress *end = path == NULL ? NULL : evidence->server ? path->local : path->remote;

  if (evidence->n_addresses > 0 && !evidence->server)
    return dup_host_of (evidence->address);
  if (end == NULL || !G_IS_INET_SOCKET_ADDRESS (end))
    return NULL;
  return g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (end)));
}

static char **
find_alpn (const QsEvidence *evidence)
{
  const char *offer = qs_trace_get_fact (evidence->trace, "offer.alpn");
  char **protocols = evidence->client_hello != NULL ? qs_tls_message_dup_alpn (evidence->client_hello->message) : NULL;

  if (protocols == NULL && offer != NULL && *offer != '\0')
    protocols = g_strsplit (offer, ",", -1);
  return protocols != NULL ? protocols : g_new0 (char *, 1);
}

QsStudyTarget *
qs_study_target_new (const QsEvidence *evidence)
{
  QsStudyTarget *target = g_new0 (QsStudyTarget, 1);

  target->address = find_address (evidence);
  target->port = find_port (evidence);
  target->sni = g_strdup (evidence->sni);
  target->alpn = find_alpn (evidence);
  target->host = g_strdup (evidence->host_owned != NULL ? evidence->host_owned
                           : evidence->sni != NULL      ? evidence->sni
                                                        : target->address);
  return target;
}

void
qs_study_target_free (QsStudyTarget *target)
{
  g_free (target->host);
  g_free (target->address);
  g_free (target->sni);
  g_strfreev (target->alpn);
  g_free (target);
}
