/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-charts-page.h"

#include "app/widgets/qs-empty-state.h"
#include "app/widgets/qs-file-dialog.h"
#include "app/widgets/qs-saved-strip.h"
#include "app/widgets/qs-timeline-view.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-chart-export.h"

#define ZOOM_STEP 1.5

struct _QsChartsPage {
  QsPage parent;
  GtkStack *stack;
  QsTimelineView *view;
  GtkScrollbar *scrollbar;
  GtkLabel *detail, *error;
  GtkWidget *zoom_out, *zoom_all;
  gulong selection_handler;
};

G_DEFINE_FINAL_TYPE (QsChartsPage, qs_charts_page, QS_TYPE_PAGE)

static void
show_error (QsChartsPage *self, const char *message)
{
  gtk_label_set_text (self->error, message != NULL ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), message != NULL);
}

static void
show_detail (QsChartsPage *self)
{
  g_autofree char *text = qs_timeline_view_describe_selected (self->view);

  gtk_label_set_text (self->detail, text != NULL
                                        ? text
                                        : _ ("Click a moment to read its figures, or walk the packets with the "
                                             "arrow keys. Drag over a span of time to enlarge it."));
}

static void
show_range (QsChartsPage *self)
{
  gint64 from, to;

  qs_timeline_view_get_range (self->view, &from, &to);
  gtk_widget_set_sensitive (self->zoom_out, from >= 0);
  gtk_widget_set_sensitive (self->zoom_all, from >= 0);
}

static void
view_selected_cb (QsChartsPage *self)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));

  show_detail (self);
  if (session != NULL)
    qs_session_set_selection (session, qs_timeline_view_get_selected (self->view));
}

static void
range_changed_cb (QsChartsPage *self)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));
  gint64 from, to;

  show_range (self);
  qs_timeline_view_get_range (self->view, &from, &to);
  if (session != NULL)
    qs_session_set_visible (session, from, to);
}

/* Only of the run that is drawn: a hidden page is told of another one later. */
static gboolean
shows_run (QsChartsPage *self, QsSession *session)
{
  QsRun *run = qs_session_get_run (session);

  return run != NULL && run == qs_page_get_run (QS_PAGE (self));
}

static void
session_selection_cb (QsChartsPage *self, GParamSpec *pspec, QsSession *session)
{
  if (shows_run (self, session))
    qs_timeline_view_set_selected (self->view, qs_session_get_selection (session));
}

static void
session_visible_cb (QsChartsPage *self, GParamSpec *pspec, QsSession *session)
{
  gint64 from, to;

  if (!shows_run (self, session))
    return;
  qs_session_get_visible (session, &from, &to);
  qs_timeline_view_set_range (self->view, from, to);
  show_range (self);
}

static void
zoom_in_cb (QsChartsPage *self)
{
  qs_timeline_view_zoom (self->view, ZOOM_STEP);
}

static void
zoom_out_cb (QsChartsPage *self)
{
  qs_timeline_view_zoom (self->view, 1 / ZOOM_STEP);
}

static void
zoom_all_cb (QsChartsPage *self)
{
  qs_session_set_visible (qs_page_get_session (QS_PAGE (self)), -1, -1);
}

static void
exported_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsSaved) saved = data;
  g_autoptr (GError) error = NULL;

  if (qs_chart_job_write_finish (result, &error))
    qs_saved_tell (saved->widget, saved->path);
  show_error (saved->widget, error != NULL ? error->message : NULL);
}

static void
export_cb (QsChartsPage *self)
{
  QsRun *run = qs_page_get_run (QS_PAGE (self));
  if (run == NULL)
    return;

  g_autofree char *name = qs_run_dup_file_name (run, ".svg");
  g_autofree char *path =
      qs_file_dialog_save (GTK_WIDGET (self), _ ("Save the charts: .svg, .png or .pdf by the name"), name);
  if (path == NULL)
    return;

  QsTimelineOptions options;
  const QsChartColours *colours;
  qs_timeline_view_get_look (self->view, &options, &colours);
  QsChartJob *job =
      qs_chart_job_new_timeline (qs_run_get_trace (run), &options, colours, qs_chart_format_for_name (path));
  qs_chart_job_write_async (job, path, exported_cb, qs_saved_new (self, path));
}

static void
qs_charts_page_session_set (QsPage *page, QsSession *session)
{
  g_signal_connect_object (session, "notify::selection", G_CALLBACK (session_selection_cb), page, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "notify::visible-from", G_CALLBACK (session_visible_cb), page, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "notify::visible-to", G_CALLBACK (session_visible_cb), page, G_CONNECT_SWAPPED);
}

static void
qs_charts_page_run_changed (QsPage *page, QsRun *run)
{
  QsChartsPage *self = QS_CHARTS_PAGE (page);
  QsSession *session = qs_page_get_session (page);

  show_error (self, NULL);
  gtk_stack_set_visible_child_name (self->stack, run != NULL ? "content" : "empty");
  g_signal_handler_block (self->view, self->selection_handler);
  qs_timeline_view_set_trace (self->view, run != NULL ? qs_run_get_trace (run) : NULL);
  g_signal_handler_unblock (self->view, self->selection_handler);
  if (run != NULL)
    {
      session_visible_cb (self, NULL, session);
      qs_timeline_view_set_selected (self->view, qs_session_get_selection (session));
    }
  show_range (self);
  show_detail (self);
}

static void
qs_charts_page_update (QsPage *page, QsRun *run)
{
  QsRunStatus status = qs_run_get_status (run);

  /* What grows, live or from a file, is followed by the view itself. */
  if (!qs_run_is_active (run) && status != QS_RUN_FILE)
    qs_timeline_view_refresh (QS_CHARTS_PAGE (page)->view);
}

static GtkWidget *
qs_charts_page_get_content (QsPage *page)
{
  return GTK_WIDGET (QS_CHARTS_PAGE (page)->view);
}

static void
qs_charts_page_class_init (QsChartsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  QS_PAGE_CLASS (klass)->session_set = qs_charts_page_session_set;
  QS_PAGE_CLASS (klass)->run_changed = qs_charts_page_run_changed;
  QS_PAGE_CLASS (klass)->update = qs_charts_page_update;
  QS_PAGE_CLASS (klass)->get_content = qs_charts_page_get_content;

  g_type_ensure (QS_TYPE_EMPTY_STATE);
  g_type_ensure (QS_TYPE_TIMELINE_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-charts-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsChartsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsChartsPage, view);
  gtk_widget_class_bind_template_child (widget_class, QsChartsPage, scrollbar);
  gtk_widget_class_bind_template_child (widget_class, QsChartsPage, detail);
  gtk_widget_class_bind_template_child (widget_class, QsChartsPage, error);
  gtk_widget_class_bind_template_child (widget_class, QsChartsPage, zoom_out);
  gtk_widget_class_bind_template_child (widget_class, QsChartsPage, zoom_all);
  gtk_widget_class_bind_template_callback (widget_class, range_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, zoom_in_cb);
  gtk_widget_class_bind_template_callback (widget_class, zoom_out_cb);
  gtk_widget_class_bind_template_callback (widget_class, zoom_all_cb);
  gtk_widget_class_bind_template_callback (widget_class, export_cb);
}

static void
qs_charts_page_init (QsChartsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  gtk_range_set_adjustment (GTK_RANGE (self->scrollbar), qs_timeline_view_get_adjustment (self->view));
  self->selection_handler =
      g_signal_connect_swapped (self->view, "notify::selected", G_CALLBACK (view_selected_cb), self);
}
