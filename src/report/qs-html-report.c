/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/qs-html-report.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "certs/qs-certificate.h"
#include "charts/qs-chart-export.h"
#include "charts/qs-packet-text.h"
#include "diagnosis/qs-experiment-words.h"
#include "report/qs-html-making.h"
#include "report/qs-html-page.h"
#include "wire/qs-transport-parameters.h"

/* A page that a browser opens at once and a ticket takes: what is more is left out with a sentence. */
#define MAX_PACKETS 5000
#define LAST_PACKETS 500 /* of these from the end */
#define MAX_STREAMS 500
#define MAX_PICTURE 24000.0 /* high; some 400 packets */
#define PAGE_SHAPE 1.8      /* height to width, up to which a picture is made to fit on a printed page */

/* --- Findings and steps ---------------------------------------------------------------------- */

/* A heading and a list below it; nothing for no items. */
static void
add_list (GString *page, const char *title, char **items)
{
  if (*items == NULL)
    return;
  qs_html_add (page, "<h4>%s</h4><ul>", title);
  for (; *items != NULL; items++)
    qs_html_add (page, "<li>%s</li>", *items);
  g_string_append (page, "</ul>");
}

static void
add_finding_body (GString *page, const QsFinding *finding)
{
  g_autofree char *judgement = qs_finding_dup_judgement (finding);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < finding->evidence->len; i++)
    {
      g_autofree char *text = qs_finding_evidence_dup_text (finding->evidence->pdata[i]);
      g_strv_builder_add (builder, text);
    }
  g_auto (GStrv) shown = g_strv_builder_end (builder);
  if (*finding->detail != '\0')
    qs_html_add (page, "<p>%s</p>", finding->detail);
  add_list (page, _ ("What to try"), finding->tries);
  add_list (page, _ ("What shows it"), shown);
  qs_html_add (page, "<p class=\"dim\">%s</p><p class=\"dim\">%s · %s</p></article>\n", judgement, finding->id,
               finding->reference);
}

static void
add_findings (GString *page, GPtrArray *findings)
{
  qs_html_add_heading (page, _ ("Findings"));
  if (findings->len == 0)
    qs_html_add (page, "<p>%s</p>\n", _ ("Nothing to remark: all went as it should."));
  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      qs_html_add (page, "<article><h3><span class=\"%s\">%s</span>: %s</h3>", qs_severity_name (finding->severity),
                   qs_severity_title (finding->severity), finding->title);
      add_finding_body (page, finding);
    }
}

static void
add_steps (GString *page, GPtrArray *steps)
{
  static const struct {
    const char *title, *css;
  } statuses[] = {
    [QS_STEP_PENDING] = { N_ ("not reached"), "dim" },
    [QS_STEP_ACTIVE] = { N_ ("waited for"), "warning" },
    [QS_STEP_DONE] = { N_ ("done"), "done" },
    [QS_STEP_FAILED] = { N_ ("failed"), "failed" },
  };

  qs_html_add_heading (page, _ ("Handshake"));
  g_string_append (page, "<table>\n");
  for (guint i = 0; i < steps->len; i++)
    {
      const QsStep *step = steps->pdata[i];
      g_autofree char *time = step->time >= 0 ? qs_text_duration (step->time) : g_strdup ("");
      qs_html_add (page,
                   "<tr><td class=\"num\">%s</td><td class=\"%s\">%s</td><td>%s</td><td class=\"dim\">%s</td></tr>\n",
                   time, statuses[step->status].css, _ (statuses[step->status].title), step->title,
                   step->detail != NULL ? step->detail : "");
    }
  g_string_append (page, "</table>\n");
}

/* --- Facts ------------------------------------------------------------------------------------ */

static void
add_time_row (GString *page, const char *name, gint64 time)
{
  g_autofree char *text = time >= 0 ? qs_text_duration (time) : NULL;

  qs_html_add_row (page, name, text);
}

static void
add_close_row (GString *page, const QsSummary *summary)
{
  if (!summary->closed)
    return;
  gboolean reason = summary->close_reason != NULL && *summary->close_reason != '\0';
  g_autofree char *text =
      g_strdup_printf ("%s: %s%s%s%s", summary->close_remote ? _ ("by the peer") : _ ("by this side"),
                       summary->close_name, reason ? " “" : "", reason ? summary->close_reason : "", reason ? "”" : "");
  qs_html_add_row (page, _ ("Closed"), text);
}

static void
add_facts (GString *page, QsTrace *trace, const QsSummary *summary)
{
  qs_html_add_heading (page, _ ("Key facts"));
  g_string_append (page, "<table>\n");
  qs_html_add_row (page, _ ("QUIC version"), summary->quic_version);
  qs_html_add_row (page, _ ("TLS version"), summary->tls_version);
  qs_html_add_row (page, _ ("Cipher suite"), summary->cipher);
  qs_html_add_row (page, _ ("Key exchange"), summary->group);
  qs_html_add_row (page, _ ("Signature"), summary->signature);
  qs_html_add_row (page, _ ("Protocol (ALPN)"), summary->alpn);
  qs_html_add_row (page, _ ("Server name (SNI)"), summary->sni);
  qs_html_add_row (page, _ ("Certificate"), summary->verify_message);
  add_time_row (page, _ ("Handshake"), summary->handshake);
  add_time_row (page, _ ("Confirmed"), summary->confirmed);
  add_time_row (page, _ ("First byte"), summary->first_byte);
  add_time_row (page, _ ("In all"), summary->total);
  add_close_row (page, summary);
  g_autofree char *counts = qs_packet_text_counts (trace);
  qs_html_add_row (page, _ ("Trace"), counts);
  g_string_append (page, "</table>\n");
}

static void
add_experiments (GString *page, QsTrace *trace)
{
  static const char *const titles[] = { N_ ("What was changed"), N_ ("Outcome"), N_ ("What it proves") };
  g_autoptr (GPtrArray) marks = qs_experiment_marks (trace);

  if (marks->len == 0)
    return;
  qs_html_add_heading (page, _ ("More attempts, with one thing changed each"));
  g_string_append (page, "<table>\n");
  qs_html_add_header (page, titles, G_N_ELEMENTS (titles));
  for (guint i = 0; i < marks->len; i++)
    {
      const QsMark *mark = marks->pdata[i];
      qs_html_add (page, "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td></tr>\n",
                   qs_experiment_change (mark->name), qs_experiment_outcome_title (mark->value),
                   mark->text != NULL ? mark->text : "");
    }
  g_string_append (page, "</table>\n");
}

static void
add_transport_parameters (GString *page, const QsSummary *summary)
{
  if (summary->peer_transport_parameters == NULL)
    return;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (summary->peer_transport_parameters, &length);
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (QS_SPAN (bytes, length), NULL);
  if (parameters == NULL)
    return;

  qs_html_add_heading (page, _ ("The peer's transport parameters"));
  g_string_append (page, "<table>\n");
  for (guint i = 0; i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      const QsTransportParameterInfo *info = qs_transport_parameter_info (parameter->id);
      g_autofree char *id = g_strdup_printf ("0x%" G_GINT64_MODIFIER "x", parameter->id);
      g_autofree char *value = qs_transport_parameter_format (parameter);
      qs_html_add (page, "<tr><th scope=\"row\">%s</th><td class=\"mono\">%s</td><td class=\"dim\">%s</td></tr>\n",
                   info != NULL ? info->name : id, value, info != NULL ? _ (info->meaning) : "");
    }
  g_string_append (page, "</table>\n");
}

static void
add_sections (GString *page, GPtrArray *sections)
{
  for (guint s = 0; s < sections->len; s++)
    {
      const QsCertificateSection *section = sections->pdata[s];
      qs_html_add (page, "<tr><th colspan=\"2\">%s</th></tr>\n", section->title);
      for (guint f = 0; f < section->fields->len; f++)
        {
          const QsCertificateField *field = section->fields->pdata[f];
          qs_html_add (page, "<tr><td class=\"%s\">%s</td><td class=\"%s\">%s</td></tr>\n",
                       field->warning ? "warning" : "dim", field->label, field->monospace ? "mono" : "", field->value);
        }
    }
}

static void
add_certificates (GString *page, const QsSummary *summary)
{
  if (summary->chain == NULL || summary->chain->len == 0)
    return;

  qs_html_add_heading (page, _ ("Certificates, as the server sent them"));
  for (guint i = 0; i < summary->chain->len; i++)
    {
      QsCertificate *certificate = summary->chain->pdata[i];
      GPtrArray *notes = summary->chain_notes->pdata[i];
      /* What there is to say of it beside what it says is not to be missed. */
      qs_html_add (page, "<details%s><summary>%s</summary><table>\n", notes->len > 0 ? " open" : "",
                   qs_certificate_get_subject (certificate));
      add_sections (page, notes);
      add_sections (page, qs_certificate_get_sections (certificate));
      g_string_append (page, "</table></details>\n");
    }
}

/* --- Streams ------------------------------------------------------------------------------------ */

static void
add_stream (GString *page, const QsStudyStream *row)
{
  g_autofree char *id = g_strdup_printf ("%" G_GINT64_FORMAT, row->id);
  gint64 code = row->read_error >= 0 ? row->read_error : row->write_error;
  g_autofree char *error = code >= 0 ? g_strdup_printf ("0x%" G_GINT64_MODIFIER "x", code) : g_strdup ("");
  g_autofree char *sent = g_strdup_printf ("%" G_GUINT64_FORMAT, row->sent);
  g_autofree char *received = g_strdup_printf ("%" G_GUINT64_FORMAT, row->received);

  /* RFC 9000 section 2.1: the lowest two bits of the id. */
  qs_html_add (page, "<tr><td class=\"num\">%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td>", id,
               (row->id & 2) != 0 ? _ ("unidirectional") : _ ("bidirectional"),
               (row->id & 1) != 0 ? _ ("server") : _ ("client"), qs_stream_state_name (row->read_state),
               qs_stream_state_name (row->write_state));
  qs_html_add (page, "<td>%s</td><td class=\"num\">%s</td><td class=\"num\">%s</td></tr>\n", error, sent, received);
}

static void
add_streams (GString *page, GPtrArray *rows, guint n_all)
{
  static const char *const titles[] = { N_ ("Id"),      N_ ("Direction"),  N_ ("Opened by"), N_ ("Reading"),
                                        N_ ("Writing"), N_ ("Reset code"), N_ ("Sent"),      N_ ("Received") };

  if (rows->len == 0)
    return;
  qs_html_add_heading (page, _ ("Streams"));
  if (rows->len > MAX_STREAMS)
    {
      g_autofree char *note = g_strdup_printf (_ ("The first %u of %u streams."), MAX_STREAMS, n_all);
      qs_html_add (page, "<p>%s</p>\n", note);
    }
  g_string_append (page, "<div class=\"scroll\"><table>\n");
  qs_html_add_header (page, titles, G_N_ELEMENTS (titles));
  for (guint i = 0; i < MIN (rows->len, MAX_STREAMS); i++)
    add_stream (page, rows->pdata[i]);
  g_string_append (page, "</table></div>\n");
}

/* A page in the making. */
typedef struct {
  QsHtmlMaking making;
  QsStudy *study;
  QsTrace *trace;
  QsSequenceOptions options; /* the diagram's */
  QsChartJob *diagram;       /* NULL: there is none yet */
  guint next_packet, n_packets;
} Making;

/* --- Packets ------------------------------------------------------------------------------------ */

static void
add_packet (GString *page, QsTrace *trace, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  g_autofree char *time = qs_packet_text_time (trace, index);
  g_autofree char *direction = qs_packet_text_direction (trace, index);
  g_autofree char *number = qs_packet_text_number (trace, index);
  g_autofree char *size = g_strdup_printf ("%u", packet->length);
  g_autofree char *summary = qs_packet_text_summary (trace, index);

  qs_html_add (page, "<tr><td class=\"num\">%s ms</td><td class=\"num\">%s</td><td>%s</td>", time, direction,
               qs_packet_type_name (packet->type));
  qs_html_add (page, "<td class=\"num\">%s</td><td class=\"num\">%s</td><td>%s</td></tr>\n", number, size, summary);
}

/* What went before and how it ended matter most: it is the middle that is left out. TRUE: they are all there. */
static gboolean
add_packets (gpointer data, gint64 deadline)
{
  Making *self = data;
  static const char *const titles[] = { N_ ("Time"),   N_ ("Direction"), N_ ("Type"),
                                        N_ ("Number"), N_ ("Bytes"),     N_ ("Summary") };
  GString *page = self->making.page;
  guint n_packets = self->n_packets;
  guint first = n_packets > MAX_PACKETS ? MAX_PACKETS - LAST_PACKETS : n_packets;

  if (n_packets == 0)
    return TRUE;
  if (self->next_packet == 0)
    {
      qs_html_add_heading (page, _ ("Packets"));
      g_string_append (page, "<div class=\"scroll\"><table>\n");
      qs_html_add_header (page, titles, G_N_ELEMENTS (titles));
    }
  while (self->next_packet < n_packets)
    {
      add_packet (page, self->trace, self->next_packet++);
      if (self->next_packet == first && first < n_packets)
        {
          g_autofree char *note =
              g_strdup_printf (_ ("%u of %u packets are left out here. A capture or a qlog of the run has them all."),
                               n_packets - MAX_PACKETS, n_packets);
          qs_html_add (page, "<tr class=\"gap\"><td colspan=\"6\">%s</td></tr>\n", note);
          self->next_packet = n_packets - LAST_PACKETS;
        }
      if (deadline != 0 && self->next_packet < n_packets && g_get_monotonic_time () >= deadline)
        return FALSE;
    }
  g_string_append (page, "</table></div>\n");
  return TRUE;
}

/* --- The diagram ------------------------------------------------------------------------------- */

/* TRUE: it is there, or cannot be. */
static gboolean
draw_diagram (gpointer data, gint64 deadline)
{
  Making *self = data;
  if (self->n_packets == 0)
    return TRUE;
  if (self->diagram == NULL)
    {
      self->options = (QsSequenceOptions) QS_SEQUENCE_OPTIONS_DEFAULT;
      self->options.join = qs_study_get_join (self->study);
      self->diagram =
          qs_chart_job_new_sequence (self->trace, &self->options, qs_chart_colours_light (), QS_CHART_SVG, MAX_PICTURE);
    }
  return qs_chart_job_advance (self->diagram, deadline);
}

static void
add_diagram (Making *self)
{
  GString *page = self->making.page;
  g_autoptr (GError) error = NULL;

  if (self->diagram == NULL)
    return;
  qs_html_add_heading (page, _ ("Sequence"));
  double height = qs_chart_job_get_height (self->diagram);
  g_autoptr (GBytes) svg = qs_chart_job_finish (self->diagram, &error);
  if (svg == NULL)
    {
      qs_html_add (page, "<p>%s</p>\n", error->message);
      return;
    }

  qs_html_add_picture (page, svg, _ ("Sequence diagram"), height <= self->options.width * PAGE_SHAPE);
  if (height > MAX_PICTURE)
    {
      g_autofree char *note =
          g_strdup_printf (_ ("The picture is too high for a page: this is its first part, about %d %% of it."),
                           (int) MAX (1, 100 * MAX_PICTURE / height));
      qs_html_add (page, "<p>%s</p>\n", note);
    }
}

/* --- The page in its parts ---------------------------------------------------------------------- */

static void
add_head (Making *self)
{
  const char *title = qs_trace_get_title (self->trace);
  g_autoptr (GDateTime) started = g_date_time_new_from_unix_utc (qs_trace_get_origin (self->trace) / 1000000000);
  g_autofree char *date = started != NULL ? g_date_time_format (started, "%Y-%m-%d %H:%M:%S UTC") : g_strdup ("");
  GString *page = self->making.page;

  qs_html_begin (page, title != NULL ? title : "Quicscope", NULL);
  qs_html_add (page, "<h1>%s</h1><p class=\"dim\">%s · %s · Quicscope " PACKAGE_VERSION "</p>\n",
               qs_study_get_verdict (self->study), title != NULL ? title : "", date);
}

static gboolean
write_words (gpointer data, gint64 deadline)
{
  Making *self = data;
  add_head (self);
  add_findings (self->making.page, qs_study_get_findings (self->study));
  add_experiments (self->making.page, self->trace);
  add_steps (self->making.page, qs_study_get_steps (self->study));
  return TRUE;
}

static gboolean
write_facts (gpointer data, gint64 deadline)
{
  Making *self = data;
  const QsSummary *summary = qs_study_get_summary (self->study);

  add_diagram (self);
  add_facts (self->making.page, self->trace, summary);
  add_certificates (self->making.page, summary);
  add_transport_parameters (self->making.page, summary);
  add_streams (self->making.page, qs_study_get_streams (self->study), qs_study_get_n_streams (self->study));
  return TRUE;
}

static const QsHtmlPart parts[] = { write_words, draw_diagram, write_facts, add_packets };

static void
clear (gpointer data)
{
  Making *self = data;

  g_clear_pointer (&self->diagram, qs_chart_job_free);
  g_object_unref (self->study);
}

static const QsHtmlMakingClass klass = { "[quicscope] report", parts, G_N_ELEMENTS (parts), clear };

static QsHtmlMaking *
making_new (QsStudy *study)
{
  Making *self = qs_html_making_new (&klass, sizeof *self);

  self->study = g_object_ref (study);
  self->trace = qs_study_get_trace (study);
  self->n_packets = qs_trace_get_n_packets (self->trace);
  return &self->making;
}

char *
qs_html_report_new (QsStudy *study)
{
  g_return_val_if_fail (QS_IS_STUDY (study), NULL);
  return qs_html_making_to_string (making_new (study));
}

gboolean
qs_html_report_write (QsStudy *study, const char *path, GError **error)
{
  g_return_val_if_fail (QS_IS_STUDY (study) && path != NULL, FALSE);
  return qs_html_making_write (making_new (study), path, error);
}

void
qs_html_report_write_async (QsStudy *study, const char *path, GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (QS_IS_STUDY (study) && path != NULL);
  qs_html_making_write_async (making_new (study), path, callback, data);
}

gboolean
qs_html_report_write_finish (GAsyncResult *result, GError **error)
{
  return qs_html_making_write_finish (result, error);
}
