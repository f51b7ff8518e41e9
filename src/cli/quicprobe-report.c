/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicprobe-report.h"

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "certs/qs-certificate.h"
#include "cli/qs-cli.h"
#include "diagnosis/qs-experiment-words.h"
#include "trace/qs-trace-budget.h"

#define LABEL_COLUMN 20

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
      g_strdup_printf ("%s [%s]: %s", qs_severity_title (finding->severity), finding->id, finding->title);
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

static void
print_experiments (FILE *out, QsTrace *trace)
{
  g_autoptr (GPtrArray) marks = qs_experiment_marks (trace);

  if (marks->len > 0)
    fprintf (out, "\n%s\n", _ ("More attempts, with one thing changed each"));
  for (guint i = 0; i < marks->len; i++)
    {
      const QsMark *mark = marks->pdata[i];
      g_autofree char *line = g_strdup_printf ("%s [%s]: %s. %s", qs_experiment_change (mark->name), mark->name,
                                               qs_experiment_outcome_title (mark->value), mark->text);
      qs_cli_print_wrapped (out, line, 2);
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
print_steps (FILE *out, GPtrArray *steps)
{

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
dup_close (QsStudy *study, const QsSummary *summary)
{
  /* A recording may be a server's, whose peer is the client. */
  gboolean of_server = qs_study_get_evidence (study)->server;

  if (!summary->closed)
    return NULL;
  g_autofree char *by = g_strdup_printf (!summary->close_remote ? _ ("by this side: %s")
                                         : of_server            ? _ ("by the client: %s")
                                                                : _ ("by the server: %s"),
                                         summary->close_name);
  return summary->close_reason != NULL ? g_strdup_printf ("%s “%s”", by, summary->close_reason) : g_steal_pointer (&by);
}

static void
print_source (FILE *out, QsStudy *study)
{
  const QsStudySource *source = qs_study_get_source (study);
  g_autoptr (GDateTime) date =
      g_date_time_new_from_unix_utc (qs_trace_get_origin (qs_study_get_trace (study)) / 1000000000);

  if (source == NULL)
    return;
  g_autofree char *file = qs_text_escape (source->file, -1);
  g_autofree char *text = source->n_connections > 1
                              ? g_strdup_printf (_ ("%s (%s), connection %u of %u"), file, source->format,
                                                 source->connection, source->n_connections)
                              : g_strdup_printf ("%s (%s)", file, source->format);
  g_autofree char *when = date != NULL ? g_date_time_format (date, "%Y-%m-%d %H:%M:%S UTC") : NULL;
  print_fact (out, _ ("Recording"), text);
  print_fact (out, _ ("Recorded"), when);
}

/* Of other ways to the site: what the DNS says, and what came of trying them. */
static void
print_ways (FILE *out, QsTrace *trace)
{
  static const struct {
    const char *name, *words;
  } results[] = { { "answers", N_ ("answers") },
                  { "silent", N_ ("does not answer") },
                  { "refused", N_ ("is refused") },
                  { "failed", N_ ("fails") },
                  { "same", N_ ("is in use here") } };

  for (guint i = 0; i < qs_trace_get_n_marks (trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (trace, i, NULL);
      if (mark->kind == QS_MARK_HTTPS_RECORD && mark->bytes != NULL)
        print_fact (out, _ ("HTTPS record (DNS)"), mark->text);
      for (guint r = 0; mark->kind == QS_MARK_ALTERNATIVE && r < G_N_ELEMENTS (results); r++)
        {
          g_autofree char *text = g_strdup_printf ("%s: %s", mark->text, _ (results[r].words));
          if (g_str_equal (results[r].name, mark->name))
            print_fact (out, _ ("Also offered"), text);
        }
    }
}

static void
print_join (FILE *out, QsStudy *study)
{
  QsTraceJoin *join = qs_study_get_join (study);

  for (int by_client = 1; join != NULL && by_client >= 0; by_client--)
    {
      QsStudyCrossings crossings;
      qs_study_count_crossings (study, by_client, &crossings);
      g_autofree char *delay = crossings.least_delay >= 0 ? qs_text_duration (crossings.least_delay) : g_strdup ("?");
      g_autofree char *text = g_strdup_printf (_ ("%u packets sent, %u arrived, %u lost on the way, the fastest in %s"),
                                               crossings.sent, crossings.arrived, crossings.lost, delay);
      print_fact (out, by_client ? _ ("Client to server") : _ ("Server to client"), text);
    }
}

static void
print_facts (FILE *out, QsStudy *study)
{
  const QsEvidence *evidence = qs_study_get_evidence (study);
  const QsSummary *summary = qs_study_get_summary (study);
  g_autofree char *http = qs_study_dup_answer_text (study);
  g_autofree char *end = dup_close (study, summary);
  QsTrace *trace = qs_study_get_trace (study);
  guint n_carriers = qs_trace_get_n_datagrams (trace), n_packets = qs_trace_get_n_packets (trace);
  gboolean tcp = n_packets > 0 && qs_trace_get_packet (trace, 0)->type == QS_PACKET_TLS_RECORD;
  QsNotKept not_kept;
  qs_trace_get_not_kept (trace, &not_kept);
  g_autofree char *left =
      not_kept.datagrams > 0
          ? g_strdup_printf (_ ("%" PRIu64 " datagrams or segments behind the limit: counted, not kept"),
                             not_kept.datagrams)
          : NULL;
  g_autofree char *amount = tcp ? g_strdup_printf (_ ("%u segments, %u records"), n_carriers, n_packets)
                                : g_strdup_printf (_ ("%u datagrams, %u packets, %" PRIu64 " frames"), n_carriers,
                                                   n_packets, qs_trace_get_n_frames (trace));

  fprintf (out, "\n%s\n", _ ("Connection"));
  print_source (out, study);
  print_fact (out, _ ("Address"), evidence->address_known ? evidence->address : NULL);
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
  print_ways (out, trace);
  print_fact (out, _ ("Closed"), end);
  print_fact (out, _ ("Trace"), amount);
  print_fact (out, "", left);
  print_join (out, study);
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
quicprobe_print_report (FILE *out, QsStudy *study, gboolean brief)
{
  print_verdict (out, qs_study_get_verdict (study), qs_study_get_findings (study), brief);
  if (brief)
    return;
  print_experiments (out, qs_study_get_trace (study));
  print_steps (out, qs_study_get_steps (study));
  print_facts (out, study);
  print_chain (out, qs_study_get_summary (study)->chain);
}

void
quicprobe_print_json (QsStudy *study)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, qs_study_to_json (study));
  g_autofree char *text = qs_study_json_to_text (node);
  puts (text);
}
