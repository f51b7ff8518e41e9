/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-overview-page.h"

#include "app/widgets/qs-doctor-dialog.h"
#include "app/widgets/qs-empty-state.h"
#include "app/widgets/qs-facts-grid.h"
#include "app/widgets/qs-finding-list.h"
#include "app/widgets/qs-step-list.h"
#include "app/widgets/qs-wrap-box.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "certs/qs-certificate.h"

struct _QsOverviewPage {
  QsPage parent;
  GtkStack *stack;
  GtkImage *verdict_icon;
  GtkLabel *verdict;
  GtkLabel *subtitle;
  GtkWidget *why_not_h3;
  GtkLabel *no_findings;
  QsFindingList *findings;
  QsStepList *steps;
  QsFactsGrid *facts;
  guint due;     /* parts that are to be shown, a bit each */
  guint tick_id; /* shows one of them in each frame */
};

G_DEFINE_FINAL_TYPE (QsOverviewPage, qs_overview_page, QS_TYPE_PAGE)

static void
show_verdict (QsOverviewPage *self, QsRun *run)
{
  QsRunStatus status = qs_run_get_status (run);
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->verdict_icon));
  g_autofree char *time = g_date_time_format (qs_run_get_started (run), status == QS_RUN_FILE ? "%F %T" : "%X");
  g_autofree char *subtitle =
      g_strdup_printf ("%s · %s · %s", qs_run_status_title (status), qs_run_get_title (run), time);

  for (guint i = 0; i < QS_N_RUN_STATUSES; i++)
    gtk_style_context_remove_class (style, qs_run_status_css_class (i));
  gtk_style_context_add_class (style, qs_run_status_css_class (status));
  gtk_image_set_from_icon_name (self->verdict_icon, qs_run_status_icon_name (status), GTK_ICON_SIZE_DND);
  gtk_label_set_text (self->verdict, qs_run_get_verdict (run));
  gtk_label_set_text (self->subtitle, subtitle);
  gtk_widget_set_visible (self->why_not_h3, qs_doctor_dialog_fits (run));
}

static void
show_findings (QsOverviewPage *self, QsRun *run)
{
  GPtrArray *findings = qs_run_get_findings (run);

  qs_finding_list_set_findings (self->findings, findings);
  gtk_widget_set_visible (GTK_WIDGET (self->findings), findings->len > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->no_findings), findings->len == 0);
  gtk_label_set_text (self->no_findings, qs_run_is_active (run) ? _ ("Nothing to remark so far.")
                                                                : _ ("Nothing to remark: all went as it should."));
}

static char *
transport_words (QsRun *run, const QsSummary *summary)
{
  if (qs_study_get_evidence (qs_run_get_study (run))->tls)
    return g_strdup (_ ("TLS over TCP"));
  return summary->quic_version != NULL ? g_strdup_printf (_ ("QUIC version %s"), summary->quic_version)
                                       : g_strdup (_ ("QUIC"));
}

static char *
address_words (QsRun *run)
{
  const QsEvidence *evidence = qs_study_get_evidence (qs_run_get_study (run));

  return evidence->address_known ? g_strdup (evidence->address) : NULL;
}

/* Since the start of the run, as the steps' times are. */
static char *
moment_or_null (gint64 ns)
{
  g_autofree char *time = ns >= 0 ? qs_text_duration (ns) : NULL;

  return time != NULL ? g_strdup_printf (_ ("at %s"), time) : NULL;
}

static char *
round_trip_words (QsTrace *trace)
{
  const char *ms = qs_trace_get_fact (trace, "quic.rtt_ms");

  return ms != NULL ? g_strdup_printf (_ ("%s ms"), ms) : NULL;
}

static char *
close_words (const QsSummary *summary)
{
  if (!summary->closed)
    return NULL;

  const char *who = summary->close_remote ? _ ("by the peer") : _ ("by us");
  const char *reason = summary->close_reason != NULL ? summary->close_reason : "";
  return *reason != '\0' ? g_strdup_printf (_ ("%s: %s, “%s”"), who, summary->close_name, reason)
                         : g_strdup_printf (_ ("%s: %s"), who, summary->close_name);
}

static void
show_facts (QsOverviewPage *self, QsRun *run)
{
  const QsSummary *summary = qs_run_get_summary (run);
  QsTrace *trace = qs_run_get_trace (run);
  const QsCertificate *leaf = summary->chain->len > 0 ? g_ptr_array_index (summary->chain, 0) : NULL;
  g_autofree char *transport = transport_words (run, summary);
  g_autofree char *address = address_words (run);
  g_autofree char *handshake = moment_or_null (summary->handshake);
  g_autofree char *confirmed = moment_or_null (summary->confirmed);
  g_autofree char *first_byte = moment_or_null (summary->first_byte);
  g_autofree char *closed = close_words (summary);
  g_autofree char *round_trip = round_trip_words (trace);
  g_autofree char *datagrams = g_strdup_printf ("%'u", qs_trace_get_n_datagrams (trace));
  g_autofree char *packets = g_strdup_printf ("%'u", qs_trace_get_n_packets (trace));

  const QsFact facts[] = {
    { _ ("Address"), address },
    { _ ("Transport"), transport },
    { _ ("TLS"), summary->tls_version },
    { _ ("Cipher suite"), summary->cipher },
    { _ ("Key exchange"), summary->group },
    { _ ("Signature"), summary->signature },
    { _ ("ALPN"), summary->alpn },
    { _ ("Server name"), summary->sni },
    { _ ("Certificate"), leaf != NULL ? qs_certificate_get_common_name ((QsCertificate *) leaf) : NULL },
    { _ ("Verified"), summary->verify_message, FALSE, summary->verify_code > 0 },
    { _ ("Handshake done"), handshake },
    { _ ("Confirmed"), confirmed },
    { _ ("First byte"), first_byte },
    { _ ("Round trip"), round_trip },
    { _ ("Retry"), summary->retry ? _ ("yes: the address was validated first") : NULL },
    { _ ("Closed"), closed },
    { _ ("Datagrams"), datagrams },
    { _ ("Packets"), packets },
  };
  qs_facts_grid_set_facts (self->facts, facts, G_N_ELEMENTS (facts));
}

static void
show_packet_cb (QsOverviewPage *self, gint64 packet)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));

  qs_session_set_selection (session, packet);
  qs_session_show_page (session, "packets");
}

static void
replay_moved_cb (QsOverviewPage *self, GParamSpec *pspec, QsReplay *replay)
{
  qs_step_list_set_until (self->steps, qs_replay_get_position (replay));
}

static void
qs_overview_page_session_set (QsPage *page, QsSession *session)
{
  g_signal_connect_object (qs_session_get_replay (session), "notify::position", G_CALLBACK (replay_moved_cb), page,
                           G_CONNECT_SWAPPED);
}

static void
show_steps (QsOverviewPage *self, QsRun *run)
{
  qs_step_list_set_steps (self->steps, qs_run_get_steps (run));
}

/* --- In parts ---------------------------------------------------------------------------- */

/* What changed costs a layout of all that is around it: together they would hold the loop for longer than a frame. */
static void (*const parts[]) (QsOverviewPage *self, QsRun *run) = { show_verdict, show_steps, show_findings,
                                                                    show_facts };

static gboolean
tick_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  QsOverviewPage *self = QS_OVERVIEW_PAGE (widget);
  QsRun *run = qs_page_get_run (QS_PAGE (self));
  guint part = 0;

  while (run != NULL && part < G_N_ELEMENTS (parts) && (self->due & (1u << part)) == 0)
    part++;
  if (run != NULL && part < G_N_ELEMENTS (parts))
    {
      self->due &= ~(1u << part);
      parts[part](self, run);
      if (self->due != 0)
        return G_SOURCE_CONTINUE;
    }
  self->due = 0;
  self->tick_id = 0;
  return G_SOURCE_REMOVE;
}

static void
qs_overview_page_run_changed (QsPage *page, QsRun *run)
{
  gtk_stack_set_visible_child_name (QS_OVERVIEW_PAGE (page)->stack, run != NULL ? "content" : "empty");
}

static void
qs_overview_page_update (QsPage *page, QsRun *run)
{
  QsOverviewPage *self = QS_OVERVIEW_PAGE (page);

  self->due = (1u << G_N_ELEMENTS (parts)) - 1;
  if (self->tick_id == 0)
    self->tick_id = gtk_widget_add_tick_callback (GTK_WIDGET (self), tick_cb, NULL, NULL);
}

static GtkWidget *
qs_overview_page_get_content (QsPage *page)
{
  QsOverviewPage *self = QS_OVERVIEW_PAGE (page);
  gboolean any = gtk_list_box_get_row_at_index (GTK_LIST_BOX (self->findings), 0) != NULL;

  return any ? GTK_WIDGET (self->findings) : GTK_WIDGET (self->steps);
}

static void
qs_overview_page_class_init (QsOverviewPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  QS_PAGE_CLASS (klass)->session_set = qs_overview_page_session_set;
  QS_PAGE_CLASS (klass)->run_changed = qs_overview_page_run_changed;
  QS_PAGE_CLASS (klass)->update = qs_overview_page_update;
  QS_PAGE_CLASS (klass)->get_content = qs_overview_page_get_content;

  g_type_ensure (QS_TYPE_EMPTY_STATE);
  g_type_ensure (QS_TYPE_FACTS_GRID);
  g_type_ensure (QS_TYPE_FINDING_LIST);
  g_type_ensure (QS_TYPE_STEP_LIST);
  g_type_ensure (QS_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-overview-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsOverviewPage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsOverviewPage, verdict_icon);
  gtk_widget_class_bind_template_child (widget_class, QsOverviewPage, verdict);
  gtk_widget_class_bind_template_child (widget_class, QsOverviewPage, subtitle);
  gtk_widget_class_bind_template_child (widget_class, QsOverviewPage, why_not_h3);
  gtk_widget_class_bind_template_child (widget_class, QsOverviewPage, no_findings);
  gtk_widget_class_bind_template_child (widget_class, QsOverviewPage, findings);
  gtk_widget_class_bind_template_child (widget_class, QsOverviewPage, steps);
  gtk_widget_class_bind_template_child (widget_class, QsOverviewPage, facts);
  gtk_widget_class_bind_template_callback (widget_class, show_packet_cb);
}

static void
qs_overview_page_init (QsOverviewPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}
