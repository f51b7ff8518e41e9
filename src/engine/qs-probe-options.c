/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-probe.h"

#define DEFAULT_TIMEOUT_MS 10000
#define QS_KEPT_DEFAULT (16 * 1024 * 1024)

QsProbeOptions *
qs_probe_options_new (void)
{
  QsProbeOptions *options = g_new0 (QsProbeOptions, 1);

  options->family = G_SOCKET_FAMILY_INVALID;
  options->timeout_ms = DEFAULT_TIMEOUT_MS;
  options->record = TRUE;
  options->kept = QS_KEPT_DEFAULT;
  return options;
}

QsProbeOptions *
qs_probe_options_copy (const QsProbeOptions *options)
{
  g_return_val_if_fail (options != NULL, NULL);

  QsProbeOptions *copy = g_memdup2 (options, sizeof *options);
  copy->alpn = g_strdupv (options->alpn);
  copy->sni = g_strdup (options->sni);
  copy->authority = g_strdup (options->authority);
  copy->groups = g_strdup (options->groups);
  copy->ciphersuites = g_strdup (options->ciphersuites);
  copy->old_ciphers = g_strdup (options->old_ciphers);
  copy->ca_file = g_strdup (options->ca_file);
  copy->cert_file = g_strdup (options->cert_file);
  copy->key_file = g_strdup (options->key_file);
  copy->resolve = g_strdupv (options->resolve);
  copy->impairment = g_strdup (options->impairment);
  copy->dns_server = g_strdup (options->dns_server);
  copy->tickets = options->tickets != NULL ? qs_ticket_jar_ref (options->tickets) : NULL;
  copy->send = options->send != NULL ? g_bytes_ref (options->send) : NULL;
  copy->clock = options->clock != NULL ? g_object_ref (options->clock) : NULL;
  return copy;
}

void
qs_probe_options_free (QsProbeOptions *options)
{
  if (options == NULL)
    return;

  g_strfreev (options->alpn);
  g_free (options->sni);
  g_free (options->authority);
  g_free (options->groups);
  g_free (options->ciphersuites);
  g_free (options->old_ciphers);
  g_free (options->ca_file);
  g_free (options->cert_file);
  g_free (options->key_file);
  g_strfreev (options->resolve);
  g_free (options->impairment);
  g_free (options->dns_server);
  g_clear_pointer (&options->tickets, qs_ticket_jar_unref);
  g_clear_pointer (&options->send, g_bytes_unref);
  g_clear_object (&options->clock);
  g_free (options);
}

gboolean
qs_experiment_policy_from_name (const char *name, QsExperimentPolicy *policy)
{
  static const char *const names[] = { "none", "auto", "all" };

  g_return_val_if_fail (name != NULL && policy != NULL, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i], name))
      {
        *policy = (QsExperimentPolicy) i;
        return TRUE;
      }
  return FALSE;
}
