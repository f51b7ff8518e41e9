/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-report.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "certs/qs-certificate.h"
#include "cli/qs-cli.h"
#include "diagnosis/qs-finding.h"
#include "diagnosis/qs-summary.h"

#define LABEL_COLUMN 20

static const char *
severity_word (QsSeverity severity)
{
  static const char *const words[] = { N_ ("Error"), N_ ("Warning"), N_ ("Note") };

  return _ (words[severity]);
}

static void
print_line (FILE *out, const char *label, const char *text)
{
  g_autofree char *line = g_strdup_printf ("%s %s", label, text);

  qs_cli_print_wrapped (out, line, 4);
}

static void
print_evidence (FILE *out, const QsFinding *finding)
{
  g_autofree char *judgement = qs_finding_dup_judgement (finding);

  for (guint i = 0; i < finding->evidence->len; i++)
    {
      g_autofree char *text = qs_finding_evidence_dup_text (finding->evidence->pdata[i]);
      print_line (out, _ ("Seen:"), text);
    }
  qs_cli_print_wrapped (out, judgement, 4);
}

static void
print_finding (FILE *out, const QsFinding *finding, gboolean brief)
{
  g_autofree char *head =
      g_strdup_printf ("%s [%s]: %s", severity_word (finding->severity), finding->id, finding->title);
  g_autofree char *tail =
      g_strdup_printf ("%s%s(%s)", finding->detail, *finding->detail != '\0' ? " " : "", finding->reference);

  qs_cli_print_wrapped (out, head, 0);
  qs_cli_print_wrapped (out, tail, 4);
  for (char **advice = finding->tries; *advice != NULL; advice++)
    print_line (out, _ ("Try:"), *advice);
  if (!brief)
    print_evidence (out, finding);
}

/* An error is the verdict itself: it is not said twice. */
static void
print_verdict (FILE *out, const char *verdict, GPtrArray *findings, gboolean brief)
{
  gboolean failed = findings->len > 0 && ((const QsFinding *) findings->pdata[0])->severity == QS_SEVERITY_ERROR;

  if (!failed)
    qs_cli_print_wrapped (out, verdict, 0);
  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      if (brief && finding->severity == QS_SEVERITY_INFO)
        continue;
      if (i > 0 || !failed)
        fputc ('\n', out);
      print_finding (out, finding, brief);
    }
}

/* Nothing told by colour: a sign for each status. */
static const char *
status_sign (QsStepStatus status)
{
  static const char *const signs[] = { "·", "…", "✓", "✗" };

  return signs[status];
}

static void
print_steps (FILE *out, QsTrace *trace)
{
  g_autoptr (GPtrArray) steps = qs_handshake_steps (trace);

  fprintf (out, "\n%s\n", _ ("Handshake"));
  for (guint i = 0; i < steps->len; i++)
    {
      const QsStep *step = steps->pdata[i];
      g_autofree char *time = step->time >= 0 ? qs_text_duration (step->time) : g_strdup ("");
      fprintf (out, "  %s %*s%s  %s", status_sign (step->status), (int) (10 - MIN (qs_cli_text_width (time), 10)), "",
               time, step->title);
      if (step->detail != NULL && *step->detail != '\0')
        fprintf (out, " (%s)", step->detail);
      fputc ('\n', out);
    }
}

static void
print_fact (FILE *out, const char *label, const char *value)
{
  if (value == NULL || *value == '\0')
    return;
  guint width = qs_cli_text_width (label);
  fprintf (out, "  %s%*s %s\n", label, (int) (LABEL_COLUMN - MIN (width, LABEL_COLUMN)), "", value);
}

static char *
dup_address (QsProbe *probe)
{
  GSocketAddress *address = qs_probe_get_address (probe);

  return address != NULL ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address)) : NULL;
}

static char *
dup_http (QsProbe *probe)
{
  const char *version = qs_probe_get_http_version (probe);
  guint status = qs_probe_get_http_status (probe);

  if (version == NULL)
    return NULL;
  return status != 0 ? g_strdup_printf ("HTTP/%s %u", version, status) : g_strdup_printf ("HTTP/%s", version);
}

static char *
dup_close (const QsSummary *summary)
{
  if (!summary->closed)
    return NULL;
  g_autofree char *by =
      g_strdup_printf (summary->close_remote ? _ ("by the server: %s") : _ ("by this side: %s"), summary->close_name);
  return summary->close_reason != NULL ? g_strdup_printf ("%s “%s”", by, summary->close_reason) : g_steal_pointer (&by);
}

static void
print_facts (FILE *out, QsProbe *probe, const QsSummary *summary)
{
  g_autofree char *address = dup_address (probe);
  g_autofree char *http = dup_http (probe);
  g_autofree char *end = dup_close (summary);
  QsTrace *trace = qs_probe_get_trace (probe);
  guint n_carriers = qs_trace_get_n_datagrams (trace), n_packets = qs_trace_get_n_packets (trace);
  gboolean tcp = n_packets > 0 && qs_trace_get_packet (trace, 0)->type == QS_PACKET_TLS_RECORD;
  g_autofree char *amount = tcp ? g_strdup_printf (_ ("%u segments, %u records"), n_carriers, n_packets)
                                : g_strdup_printf (_ ("%u datagrams, %u packets, %" PRIu64 " frames"), n_carriers,
                                                   n_packets, qs_trace_get_n_frames (trace));

  fprintf (out, "\n%s\n", _ ("Connection"));
  print_fact (out, _ ("Address"), address);
  print_fact (out, _ ("QUIC version"), summary->quic_version);
  print_fact (out, _ ("TLS version"), summary->tls_version);
  print_fact (out, _ ("Cipher suite"), summary->cipher);
  print_fact (out, _ ("Key exchange"), summary->group);
  print_fact (out, _ ("Signature"), summary->signature);
  print_fact (out, _ ("Protocol (ALPN)"), summary->alpn);
  print_fact (out, _ ("Server name (SNI)"), summary->sni);
  print_fact (out, _ ("Resumed"), summary->resumed < 0 ? NULL : summary->resumed ? _ ("yes") : _ ("no"));
  print_fact (out, _ ("Certificate"), summary->verify_message);
  print_fact (out, _ ("Answer"), http);
  print_fact (out, _ ("Closed"), end);
  print_fact (out, _ ("Trace"), amount);
}

static char *
date_text (gint64 seconds)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (seconds);

  return date != NULL ? g_date_time_format (date, "%Y-%m-%d") : g_strdup ("?");
}

static void
print_chain (FILE *out, GPtrArray *chain)
{
  if (chain->len == 0)
    return;
  fprintf (out, "\n%s\n", _ ("Certificates, as the server sent them"));
  for (guint i = 0; i < chain->len; i++)
    {
      QsCertificate *certificate = chain->pdata[i];
      g_autofree char *names = g_strjoinv (", ", (char **) qs_certificate_get_names (certificate));
      g_autofree char *from = date_text (qs_certificate_get_not_before (certificate));
      g_autofree char *until = date_text (qs_certificate_get_not_after (certificate));
      g_autofree char *validity = g_strdup_printf (_ ("%s to %s"), from, until);
      fprintf (out, "  %u. %s\n", i, qs_certificate_get_subject (certificate));
      fprintf (out, "     %s\n", qs_certificate_get_key_description (certificate));
      print_fact (out, _ ("   Issued by"), qs_certificate_get_issuer (certificate));
      print_fact (out, _ ("   For"), names);
      print_fact (out, _ ("   Valid"), validity);
      print_fact (out, "   SHA-256", qs_certificate_get_sha256 (certificate));
    }
}

void
quicprobe_print_report (FILE *out, QsProbe *probe, gboolean brief)
{
  QsTrace *trace = qs_probe_get_trace (probe);
  g_autoptr (QsSummary) summary = qs_summary_new (trace);
  g_autoptr (GPtrArray) findings = qs_diagnose (trace, -1);
  g_autofree char *verdict = qs_verdict (trace, summary, findings);

  print_verdict (out, verdict, findings, brief);
  if (brief)
    return;
  print_steps (out, trace);
  print_facts (out, probe, summary);
  print_chain (out, summary->chain);
}

/* --- JSON --- */

static void
set_string (JsonObject *object, const char *name, const char *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
  else
    json_object_set_null_member (object, name);
}

static JsonObject *
target_object (QsProbe *probe)
{
  QsTarget *target = qs_probe_get_target (probe);
  const QsProbeOptions *options = qs_probe_get_options (probe);
  const char *const *alpn =
      options->alpn != NULL ? (const char *const *) options->alpn : qs_target_get_default_alpn (target);
  const char *sni = options->sni != NULL ? options->sni : qs_target_get_server_name (target);
  JsonObject *object = json_object_new ();
  JsonArray *list = json_array_new ();
  g_autofree char *address = NULL;

  if (G_IS_INET_SOCKET_ADDRESS (qs_probe_get_address (probe)))
    address = g_inet_address_to_string (
        g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (qs_probe_get_address (probe))));
  set_string (object, "host", qs_target_get_host (target));
  json_object_set_int_member (object, "port", qs_target_get_port (target));
  set_string (object, "address", address);
  set_string (object, "transport", qs_target_get_transport (target) == QS_TRANSPORT_TLS ? "tls" : "quic");
  g_autofree char *escaped_sni = sni != NULL && *sni != '\0' ? qs_text_escape (sni, -1) : NULL;
  set_string (object, "sni", escaped_sni);
  for (; alpn != NULL && *alpn != NULL; alpn++)
    {
      g_autofree char *escaped = qs_text_escape (*alpn, -1);
      json_array_add_string_element (list, escaped);
    }
  json_object_set_array_member (object, "alpn", list);
  return object;
}

static JsonObject *
http_object (QsProbe *probe)
{
  const char *version = qs_probe_get_http_version (probe);
  const char *const *headers = qs_probe_get_http_headers (probe);
  JsonObject *object = json_object_new ();
  JsonArray *list = json_array_new ();

  set_string (object, "version", version);
  if (qs_probe_get_http_status (probe) != 0)
    json_object_set_int_member (object, "status", qs_probe_get_http_status (probe));
  else
    json_object_set_null_member (object, "status");
  for (guint i = 0; headers != NULL && headers[i] != NULL && headers[i + 1] != NULL; i += 2)
    {
      JsonArray *pair = json_array_new ();
      json_array_add_string_element (pair, headers[i]);
      json_array_add_string_element (pair, headers[i + 1]);
      json_array_add_array_element (list, pair);
    }
  json_object_set_array_member (object, "headers", list);
  json_object_set_int_member (object, "bytes", (gint64) qs_probe_get_response_length (probe));
  return object;
}

static void
copy_member (JsonObject *to, JsonObject *from, const char *name)
{
  json_object_set_member (to, name, json_object_dup_member (from, name));
}

static gboolean
round_cb (const GMatchInfo *match, GString *result, gpointer data)
{
  g_autofree char *head = g_match_info_fetch (match, 1);
  g_autofree char *number = g_match_info_fetch (match, 2);
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (result, head);
  g_string_append (result, g_ascii_formatd (text, sizeof text, "%.3f", g_ascii_strtod (number, NULL)));
  return FALSE;
}

/* json-glib writes all 17 digits of a double, "6.6539999999999999". A line of its pretty form that ends in a bare
 * number after a member's name cannot be part of a string: those have no line breaks. */
static char *
round_numbers (const char *text)
{
  g_autoptr (GRegex) regex = g_regex_new ("^( *\"\\w+\" : )(\\d+\\.\\d{4,})(?=,?$)", G_REGEX_MULTILINE, 0, NULL);

  return g_regex_replace_eval (regex, text, -1, 0, 0, round_cb, NULL, NULL);
}

void
quicprobe_print_json (QsProbe *probe)
{
  static const char *const before[] = { "outcome", "stage", "findings", "timings_ms", "tls", "quic", "streams" };
  QsTrace *trace = qs_probe_get_trace (probe);
  g_autoptr (QsSummary) summary = qs_summary_new (trace);
  g_autoptr (GPtrArray) findings = qs_diagnose (trace, -1);
  g_autoptr (JsonObject) report = qs_report_to_json (trace, summary, findings);
  JsonObject *root = json_object_new ();

  json_object_set_object_member (root, "target", target_object (probe));
  for (guint i = 0; i < G_N_ELEMENTS (before); i++)
    copy_member (root, report, before[i]);
  if (qs_probe_get_http_version (probe) != NULL)
    json_object_set_object_member (root, "http", http_object (probe));
  else
    json_object_set_null_member (root, "http");
  copy_member (root, report, "trace");

  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, root);
  g_autofree char *text = json_to_string (node, TRUE);
  g_autofree char *rounded = round_numbers (text);
  puts (rounded);
}
