/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "live-run.h"

#include "http/qs-http.h"
#include "study/qs-study.h"

QsProbe *
live_run_new (const char *target, guint16 port, const char *alpn, const char *groups)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autofree char *number = g_strdup_printf ("%u", port);
  g_auto (GStrv) parts = g_strsplit (target, "%u", 2);
  g_autofree char *text = g_strjoinv (number, parts);
  g_autoptr (GError) error = NULL;
  g_autoptr (QsTarget) parsed = qs_target_new (text, &error);

  g_assert_no_error (error);
  qs_http_init ();
  options->mode = QS_MODE_NONBLOCKING;
  options->alpn = alpn != NULL ? g_strsplit (alpn, ",", -1) : NULL;
  options->groups = g_strdup (groups);
  options->ca_file = g_strdup ("");
  options->dns_server = g_strdup ("");
  options->insecure = TRUE;
  options->keep_open = TRUE;
  options->timeout_ms = 600000; /* a fuzzer stops it, whatever the machine has to do besides */
  options->tickets = qs_ticket_jar_new ();
  return qs_probe_new (parsed, options);
}

static void
look (QsProbe *probe)
{
  g_autoptr (QsStudy) study = qs_study_new (qs_probe_get_trace (probe), qs_probe_get_dissector (probe));
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  qs_study_settle (study);
  g_assert_nonnull (qs_study_get_steps (study));
  json_node_take_object (node, qs_study_to_json (study));
  g_autofree char *text = qs_study_json_to_text (node);
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    g_assert_true (*at == '\n' || !g_unichar_iscntrl (g_utf8_get_char (at)));
  for (const char *const *at = qs_probe_get_http_headers (probe); at != NULL && *at != NULL; at++)
    g_assert_true (g_utf8_validate (*at, -1, NULL));
  g_assert_cmpuint (qs_probe_get_http_status (probe), <=, 999);
}

void
live_run_finish (QsProbe *probe)
{
  qs_probe_stop (probe);
  while (!qs_probe_get_finished (probe))
    g_main_context_iteration (NULL, TRUE);
  look (probe);
  g_object_unref (probe);
}
