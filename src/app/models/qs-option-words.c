/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-option-words.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"

static char *say (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* What was typed is shown as any text of others. */
static char *
say (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return qs_text_escape (text, -1);
}

static char *
say_mode (const QsProbeOptions *options, const char *usual_ca)
{
  static const char *const words[] = { NULL, N_ ("blocking"), N_ ("thread-assisted") };

  return options->mode < G_N_ELEMENTS (words) && words[options->mode] != NULL ? g_strdup (_ (words[options->mode]))
                                                                              : NULL;
}

static char *
say_alpn (const QsProbeOptions *options, const char *usual_ca)
{
  g_autofree char *list = options->alpn != NULL ? g_strjoinv (" ", options->alpn) : NULL;

  return list != NULL ? say (_ ("ALPN %s"), list) : NULL;
}

static char *
say_sni (const QsProbeOptions *options, const char *usual_ca)
{
  if (options->sni == NULL)
    return NULL;
  return *options->sni == '\0' ? g_strdup (_ ("no SNI")) : say (_ ("SNI %s"), options->sni);
}

static char *
say_groups (const QsProbeOptions *options, const char *usual_ca)
{
  return options->groups != NULL ? say (_ ("groups %s"), options->groups) : NULL;
}

static char *
say_ciphersuites (const QsProbeOptions *options, const char *usual_ca)
{
  return options->ciphersuites != NULL ? say (_ ("cipher suites %s"), options->ciphersuites) : NULL;
}

/* The lab listens on IPv4 alone, and its probes know it. */
static char *
say_family (const QsProbeOptions *options, const char *usual_ca)
{
  if (usual_ca != NULL && g_strcmp0 (options->ca_file, usual_ca) == 0)
    return NULL;
  return options->family == G_SOCKET_FAMILY_IPV4   ? g_strdup (_ ("IPv4 only"))
         : options->family == G_SOCKET_FAMILY_IPV6 ? g_strdup (_ ("IPv6 only"))
                                                   : NULL;
}

static char *
say_ca (const QsProbeOptions *options, const char *usual_ca)
{
  if (options->ca_file == NULL || g_strcmp0 (options->ca_file, usual_ca) == 0)
    return NULL;
  g_autofree char *name = g_path_get_basename (options->ca_file);
  return *options->ca_file == '\0' ? g_strdup (_ ("no authority is trusted")) : say (_ ("CAs of %s"), name);
}

static char *
say_certificate (const QsProbeOptions *options, const char *usual_ca)
{
  g_autofree char *name = options->cert_file != NULL ? g_path_get_basename (options->cert_file) : NULL;

  return name != NULL ? say (_ ("certificate %s"), name) : NULL;
}

static char *
say_insecure (const QsProbeOptions *options, const char *usual_ca)
{
  return options->insecure ? g_strdup (_ ("goes on after a verify error")) : NULL;
}

static char *
say_timeout (const QsProbeOptions *options, const char *usual_ca)
{
  g_autoptr (QsProbeOptions) defaults = qs_probe_options_new ();
  g_autofree char *time = qs_text_duration ((gint64) options->timeout_ms * 1000000);

  return options->timeout_ms != defaults->timeout_ms ? say (_ ("time-out %s"), time) : NULL;
}

static char *
say_path (const QsProbeOptions *options, const char *usual_ca)
{
  return options->impairment != NULL ? say (_ ("path %s"), options->impairment) : NULL;
}

static char *
say_bytes (const QsProbeOptions *options, const char *usual_ca)
{
  g_autofree char *size = options->send != NULL ? qs_text_size (g_bytes_get_size (options->send)) : NULL;

  return size != NULL ? say (_ ("sends %s"), size) : NULL;
}

char *
qs_option_words (const QsProbeOptions *options, const char *usual_ca)
{
  static char *(*const words[]) (const QsProbeOptions *options, const char *usual_ca) = {
    say_insecure, say_alpn,        say_family, say_sni,  say_groups, say_ciphersuites,
    say_ca,       say_certificate, say_mode,   say_path, say_bytes,  say_timeout,
  };

  g_return_val_if_fail (options != NULL, NULL);

  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autofree char *text = words[i](options, usual_ca);
      if (text != NULL)
        g_strv_builder_add (builder, text);
    }
  g_auto (GStrv) parts = g_strv_builder_end (builder);
  return *parts != NULL ? g_strjoinv (", ", parts) : NULL;
}
