/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-server.h"

QsServerOptions *
qs_server_options_new (void)
{
  static const char *const names[] = { "localhost", "127.0.0.1", "::1", NULL };
  static const char *const alpn[] = { "hq-interop", "http/1.0", "h3", "http/1.1", NULL };
  QsServerOptions *options = g_new0 (QsServerOptions, 1);

  options->address = g_strdup ("127.0.0.1");
  options->names = g_strdupv ((char **) names);
  options->alpn = g_strdupv ((char **) alpn);
  options->retry = TRUE;
  options->tcp = TRUE;
  options->tcp_handshake_ms = 30000; /* as OpenSSL's QUIC does */
  return options;
}

QsServerOptions *
qs_server_options_copy (const QsServerOptions *options)
{
  g_return_val_if_fail (options != NULL, NULL);

  QsServerOptions *copy = g_memdup2 (options, sizeof *options);
  copy->address = g_strdup (options->address);
  copy->cert_file = g_strdup (options->cert_file);
  copy->key_file = g_strdup (options->key_file);
  copy->names = g_strdupv (options->names);
  copy->alpn = g_strdupv (options->alpn);
  copy->impairment = g_strdup (options->impairment);
  copy->scenarios = g_strdupv (options->scenarios);
  return copy;
}

void
qs_server_options_free (QsServerOptions *options)
{
  if (options == NULL)
    return;

  g_free (options->address);
  g_free (options->cert_file);
  g_free (options->key_file);
  g_strfreev (options->names);
  g_strfreev (options->alpn);
  g_free (options->impairment);
  g_strfreev (options->scenarios);
  g_free (options);
}
