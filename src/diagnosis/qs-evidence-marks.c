/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/qs-i18n.h"
#include "diagnosis/qs-evidence.h"

static gint64
time_of (QsEvidence *evidence, QsMarkKind kind)
{
  gint64 time = QS_NO_TIME;

  return qs_trace_find_mark (evidence->trace, kind, NULL, &time) != NULL ? time : QS_NO_TIME;
}

/* Two kinds are wanted by their first occurrence: the last one is a later request's. */
static void
read_first_times (QsEvidence *evidence)
{
  guint n = qs_trace_get_n_marks (evidence->trace);

  for (guint i = 0; i < n && (evidence->first_byte < 0 || evidence->connecting < 0); i++)
    {
      gint64 time = 0;
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, &time);
      if (mark->kind == QS_MARK_FIRST_BYTE && evidence->first_byte < 0)
        evidence->first_byte = time;
      if (mark->kind == QS_MARK_CONNECTING && evidence->connecting < 0)
        evidence->connecting = time;
    }
}

static gboolean
was_lost (QsEvidence *evidence, const char *address)
{
  guint n = qs_trace_get_n_marks (evidence->trace);

  for (guint i = 0; i < n; i++)
    {
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, NULL);
      if (mark->kind == QS_MARK_ATTEMPT_LOST && g_strcmp0 (mark->text, address) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Addresses are raced (RFC 8305): the one that counts is the last that was not given up, or the last of all. */
static void
read_addresses (QsEvidence *evidence)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  guint n = qs_trace_get_n_marks (evidence->trace);
  gboolean found = FALSE;

  evidence->attempt_time = QS_NO_TIME;
  for (guint i = 0; i < n; i++)
    {
      gint64 time = 0;
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, &time);
      if (mark->kind != QS_MARK_CONNECTING || mark->text == NULL)
        continue;
      if (!g_ptr_array_find_with_equal_func (all, mark->text, g_str_equal, NULL))
        g_ptr_array_add (all, mark->text);
      gboolean lost = was_lost (evidence, mark->text);
      if (found && lost)
        continue;
      found |= !lost;
      g_free (evidence->address);
      evidence->address = g_strdup (mark->text);
      evidence->attempt_time = time;
    }
  evidence->n_addresses = all->len;
  if (all->len > 0)
    {
      g_ptr_array_add (all, NULL);
      evidence->addresses = g_strjoinv (", ", (char **) all->pdata);
    }
}

/* The latest error of a kind, unless it struck an earlier attempt than the one that counts. */
static const QsMark *
find_error (QsEvidence *evidence, QsMarkKind kind)
{
  const QsMark *found = NULL;
  gint64 latest = evidence->n_addresses > 1 ? evidence->attempt_time : QS_NO_TIME;
  guint n = qs_trace_get_n_marks (evidence->trace);

  for (guint i = 0; i < n; i++)
    {
      gint64 time = 0;
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, &time);
      if (mark->kind != kind || time < latest)
        continue;
      found = mark;
      latest = time;
    }
  return found;
}

gboolean
qs_evidence_is_of_host (const char *address, const char *host)
{
  gboolean bracket = *address == '[';
  gsize length = strlen (host);

  address += bracket;
  return strncmp (address, host, length) == 0 && (address[length] == (bracket ? ']' : ':') || address[length] == '%');
}

/* A host that refuses says so itself: one of another address that was tried speaks for that attempt. A router speaks for the attempt
 * whose marks these are. */
static gboolean
is_of_other_attempt (QsEvidence *evidence, const QsMark *icmp)
{
  if (evidence->n_addresses < 2 || !g_str_equal (icmp->name, "port-unreachable") || icmp->text == NULL ||
      qs_evidence_is_of_host (evidence->address, icmp->text))
    return FALSE;
  g_auto (GStrv) tried = g_strsplit (evidence->addresses, ", ", 0);
  for (guint i = 0; tried[i] != NULL; i++)
    if (qs_evidence_is_of_host (tried[i], icmp->text))
      return TRUE;
  return FALSE;
}

static const char *
find_silent_address (QsEvidence *evidence)
{
  guint n = qs_trace_get_n_marks (evidence->trace);

  for (guint i = 0; i < n; i++)
    {
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, NULL);
      if (mark->kind == QS_MARK_ATTEMPT_LOST && g_strcmp0 (mark->name, "silent") == 0)
        return mark->text;
    }
  return NULL;
}

/* Where one address refused and another stayed silent, it is the silent one that something may live at: the run failed
 * on its silence. */
static gboolean
take_silent_address (QsEvidence *evidence)
{
  const char *silent = evidence->failed ? find_silent_address (evidence) : NULL;

  if (silent == NULL || evidence->handshake_done >= 0)
    return FALSE;
  g_free (evidence->address);
  evidence->address = g_strdup (silent);
  return TRUE;
}

static void
read_errors (QsEvidence *evidence)
{
  if (take_silent_address (evidence))
    return;
  evidence->icmp = find_error (evidence, QS_MARK_ICMP);
  evidence->socket_error = find_error (evidence, QS_MARK_SOCKET_ERROR);
  if (evidence->icmp == NULL || !is_of_other_attempt (evidence, evidence->icmp))
    return;
  evidence->icmp = NULL;
  if (evidence->socket_error != NULL && g_str_equal (evidence->socket_error->name, "ECONNREFUSED"))
    evidence->socket_error = NULL;
}

/* The address of a file's first path, where no mark names it: the server's, which in a server's own log is the near one. */
static void
read_path_address (QsEvidence *evidence)
{
  const QsPath *path = qs_trace_get_path (evidence->trace, 0);
  gboolean own =
      evidence->server && qs_trace_is_from_file (evidence->trace) && qs_trace_get_n_datagrams (evidence->trace) == 0;
  GSocketAddress *server = path == NULL ? NULL : own ? path->local : path->remote;

  if (evidence->address == NULL && server != NULL)
    evidence->address = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (server));
}

/* "quic://HOST:PORT/PATH": the host of it, without brackets. */
static char *
host_of_target (const char *target)
{
  const char *start = strstr (target, "://");
  start = start != NULL ? start + 3 : target;
  if (*start == '[')
    {
      const char *end = strchr (start, ']');
      return end != NULL ? g_strndup (start + 1, (gsize) (end - start - 1)) : NULL;
    }
  gsize length = strcspn (start, ":/");
  return length > 0 ? g_strndup (start, length) : NULL;
}

static void
read_host (QsEvidence *evidence)
{
  const char *sni = qs_trace_get_fact (evidence->trace, "tls.sni");

  evidence->target = qs_trace_get_fact (evidence->trace, "target");
  if (evidence->target != NULL)
    {
      evidence->tls |= g_str_has_prefix (evidence->target, "tls://");
      evidence->host_owned = host_of_target (evidence->target);
    }
  evidence->sni = g_strdup (sni != NULL && *sni != '\0' ? sni : NULL);
}

static void
read_outcome (QsEvidence *evidence)
{
  const QsMark *mark = qs_trace_find_mark (evidence->trace, QS_MARK_OUTCOME, NULL, &evidence->outcome);

  if (mark == NULL)
    {
      evidence->outcome = QS_NO_TIME;
      return;
    }
  evidence->ended = TRUE;
  evidence->failed = !g_str_equal (mark->name, "ok");
  evidence->stopped = g_str_equal (mark->name, "stopped");
  evidence->stage = mark->text;
}

void
qs_evidence_read_marks (QsEvidence *evidence)
{
  QsTrace *trace = evidence->trace;

  evidence->first_byte = evidence->connecting = QS_NO_TIME;
  read_first_times (evidence);
  read_addresses (evidence);
  read_path_address (evidence);
  read_host (evidence);
  read_outcome (evidence);
  evidence->resolved = time_of (evidence, QS_MARK_RESOLVED);
  evidence->resolve_failed = time_of (evidence, QS_MARK_RESOLVE_FAILED);
  evidence->tcp_connected = time_of (evidence, QS_MARK_TCP_CONNECTED);
  evidence->handshake_done = time_of (evidence, QS_MARK_HANDSHAKE_DONE);
  evidence->confirmed = time_of (evidence, QS_MARK_CONFIRMED);
  evidence->request = time_of (evidence, QS_MARK_REQUEST);
  evidence->resolved_mark = qs_trace_find_mark (trace, QS_MARK_RESOLVED, NULL, NULL);
  evidence->resolve_mark = qs_trace_find_mark (trace, QS_MARK_RESOLVE_FAILED, NULL, NULL);
  read_errors (evidence);
  evidence->tcp_probe = qs_trace_find_mark (trace, QS_MARK_TCP_PROBE, NULL, NULL);
  evidence->attempt_lost = qs_trace_find_mark (trace, QS_MARK_ATTEMPT_LOST, NULL, NULL);
  evidence->verify = qs_trace_find_mark (trace, QS_MARK_VERIFY, NULL, NULL);
  evidence->call = qs_trace_find_mark (trace, QS_MARK_CALL, NULL, NULL);
  evidence->tls |= evidence->tcp_connected >= 0;
  /* An address that was typed is not looked up, though its way through the resolver leaves the mark. */
  if (evidence->host_owned != NULL && g_hostname_is_ip_address (evidence->host_owned))
    {
      evidence->resolved = QS_NO_TIME;
      evidence->resolved_mark = NULL;
    }
}
