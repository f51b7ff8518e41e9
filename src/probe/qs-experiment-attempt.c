/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-experiment-attempt.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "net/qs-udp-bio.h"

/* Of an attempt's trace. */
#define ATTEMPT_TRACE_BYTES (1024 * 1024)

static QsTarget *
bare_target (QsTarget *target)
{
  const char *scheme = qs_target_get_transport (target) == QS_TRANSPORT_QUIC ? "quic" : "tls";
  const char *host = qs_target_get_host (target);
  g_autofree char *text = g_strdup_printf (strchr (host, ':') != NULL ? "%s://[%s]:%u" : "%s://%s:%u", scheme, host,
                                           (guint) qs_target_get_port (target));

  return qs_target_new (text, NULL);
}

/* The same server: what the name led to. */
static void
pin_address (QsProbeOptions *options, QsTarget *target, GSocketAddress *address)
{
  GInetAddress *inet = address != NULL ? g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)) : NULL;

  if (inet == NULL || qs_target_is_literal (target))
    return;
  g_autofree char *text = g_inet_address_to_string (inet);
  g_strfreev (options->resolve);
  options->resolve = g_new0 (char *, 2);
  options->resolve[0] =
      g_strdup_printf ("%s:%u:%s", qs_target_get_host (target), (guint) qs_target_get_port (target), text);
}

/* As the run's own, without what a handshake alone does not need. */
static QsProbeOptions *
attempt_options (QsProbe *run)
{
  QsProbeOptions *options = qs_probe_options_copy (qs_probe_get_options (run));
  QsTarget *target = qs_probe_get_target (run);

  options->mode = QS_MODE_NONBLOCKING;
  options->experiments = QS_EXPERIMENTS_NONE;
  options->keep_open = FALSE;
  options->record = TRUE;
  options->trace_limit = ATTEMPT_TRACE_BYTES;
  g_clear_pointer (&options->tickets, qs_ticket_jar_unref);
  g_clear_pointer (&options->send, g_bytes_unref);
  if (options->alpn == NULL)
    options->alpn = g_strdupv ((char **) qs_target_get_default_alpn (target));
  return options;
}

QsProbe *
qs_experiment_attempt_new (QsProbe *run, const QsExperimentRow *row, guint slot_ms)
{
  g_return_val_if_fail (QS_IS_PROBE (run) && row != NULL && row->change != NULL, NULL);

  g_autoptr (QsProbeOptions) options = attempt_options (run);
  g_autoptr (QsTarget) target = bare_target (qs_probe_get_target (run));
  GSocketFamily family = options->family;

  if (target == NULL || !row->change (run, row->argument, options, &target))
    return NULL;
  if (options->family == family)
    pin_address (options, target, qs_probe_get_address (run));
  options->wide = row->wide;
  options->timeout_ms = slot_ms;
  return qs_probe_new (target, options);
}

/* --- What came of them, in words --- */

/* One %s at most, as the table has them. */
static char *
fill_in (const char *sentence, const char *detail)
{
  const char *place = strstr (_ (sentence), "%s");

  if (place == NULL)
    return g_strdup (_ (sentence));
  g_autofree char *head = g_strndup (_ (sentence), (gsize) (place - _ (sentence)));
  return g_strconcat (head, detail != NULL && *detail != '\0' ? detail : _ ("unknown"), place + 2, NULL);
}

char *
qs_experiment_dup_conclusion (const QsExperimentRow *row, QsExperimentOutcome outcome, const char *detail)
{
  g_return_val_if_fail (row != NULL, NULL);

  if (outcome == QS_EXPERIMENT_NOT_MADE)
    return g_strdup (_ ("What came of it tells neither way."));
  return fill_in (outcome == QS_EXPERIMENT_ANSWERED ? row->answered : row->failed,
                  detail != NULL ? detail : row->argument);
}

char *
qs_experiment_dup_versions (GArray *versions)
{
  g_return_val_if_fail (versions != NULL, NULL);

  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < versions->len && i < 16; i++)
    {
      guint32 version = g_array_index (versions, guint32, i);
      g_autofree char *name = qs_quic_version_is_greased (version) ? NULL : qs_quic_version_name (version);
      if (name != NULL)
        g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", name);
    }
  return g_strdup (text->str);
}
