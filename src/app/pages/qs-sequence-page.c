/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-sequence-page.h"

#include "app/widgets/qs-empty-state.h"
#include "app/widgets/qs-file-dialog.h"
#include "app/widgets/qs-replay-bar.h"
#include "app/widgets/qs-saved-strip.h"
#include "app/widgets/qs-sequence-view.h"
#include "app/widgets/qs-wrap-box.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-chart-export.h"

#define ZOOM_STEP 1.25

struct _QsSequencePage {
  QsPage parent;
  GtkStack *stack;
  GtkToggleButton *to_scale, *collapse, *both_ends;
  GtkBox *picture;
  QsSequenceView *view;
  QsReplayBar *replay_bar;
  GtkLabel *detail, *error;
  QsRun *joined_run; /* whose join is listened for */
  gulong selection_handler;
};

G_DEFINE_FINAL_TYPE (QsSequencePage, qs_sequence_page, QS_TYPE_PAGE)

static void
show_error (QsSequencePage *self, const char *message)
{
  gtk_label_set_text (self->error, message != NULL ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), message != NULL);
}

static void
show_detail (QsSequencePage *self)
{
  g_autofree char *text = qs_sequence_view_describe_selected (self->view);

  gtk_label_set_text (self->detail, text != NULL ? text : _ ("Click an arrow, or walk them with the arrow keys."));
}

static void
view_selected_cb (QsSequencePage *self)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));

  show_detail (self);
  if (session != NULL)
    qs_session_set_selection (session, qs_sequence_view_get_selected (self->view));
}

static void
session_selection_cb (QsSequencePage *self, GParamSpec *pspec, QsSession *session)
{
  /* Only for the run that is drawn: a hidden page is told of another one later. */
  QsRun *run = qs_session_get_run (session);

  if (run != NULL && run == qs_page_get_run (QS_PAGE (self)))
    qs_sequence_view_set_selected (self->view, qs_session_get_selection (session));
}

static void
replay_moved_cb (QsSequencePage *self, GParamSpec *pspec, QsReplay *replay)
{
  qs_sequence_view_set_until (self->view, qs_replay_get_position (replay), qs_replay_get_settled (replay));
}

static void
presenting_cb (QsSequencePage *self, GParamSpec *pspec, QsSession *session)
{
  qs_sequence_view_set_text_scale (self->view, qs_session_get_presenting (session) ? QS_PRESENTING_SCALE : 1);
}

static gboolean
view_key_cb (QsSequencePage *self, GdkEventKey *event)
{
  return qs_replay_bar_handle_key (self->replay_bar, event);
}

static void
to_scale_cb (QsSequencePage *self)
{
  gboolean to_scale = gtk_toggle_button_get_active (self->to_scale);

  qs_sequence_view_set_to_scale (self->view, to_scale);
  /* To scale, what would touch is bundled in any case. */
  gtk_widget_set_sensitive (GTK_WIDGET (self->collapse), !to_scale);
}

static void
collapse_cb (QsSequencePage *self)
{
  qs_sequence_view_set_collapse (self->view, gtk_toggle_button_get_active (self->collapse));
}

/* A run has both ends or not, and may come to have them while it is shown. */
static void
sync_join (QsSequencePage *self)
{
  QsRun *run = self->joined_run;
  QsTraceJoin *join = run != NULL ? qs_run_get_join (run) : NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->both_ends), join != NULL);
  qs_sequence_view_set_join (self->view, gtk_toggle_button_get_active (self->both_ends) ? join : NULL);
  show_detail (self);
}

static void
zoom_in_cb (QsSequencePage *self)
{
  qs_sequence_view_zoom (self->view, ZOOM_STEP);
}

static void
zoom_out_cb (QsSequencePage *self)
{
  qs_sequence_view_zoom (self->view, 1 / ZOOM_STEP);
}

static void
zoom_reset_cb (QsSequencePage *self)
{
  qs_sequence_view_reset_zoom (self->view);
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
export_cb (QsSequencePage *self)
{
  QsRun *run = qs_page_get_run (QS_PAGE (self));
  if (run == NULL)
    return;

  g_autofree char *name = qs_run_dup_file_name (run, ".svg");
  g_autofree char *path =
      qs_file_dialog_save (GTK_WIDGET (self), _ ("Save the diagram: .svg, .png or .pdf by its name"), name);
  if (path == NULL)
    return;

  QsSequenceOptions options;
  const QsChartColours *colours;
  qs_sequence_view_get_look (self->view, &options, &colours);
  QsChartJob *job = qs_chart_job_new_sequence (qs_run_get_trace (run), &options, colours,
                                               qs_chart_format_for_name (path), G_MAXDOUBLE);
  qs_chart_job_write_async (job, path, exported_cb, qs_saved_new (self, path));
}

static void
qs_sequence_page_session_set (QsPage *page, QsSession *session)
{
  QsReplay *replay = qs_session_get_replay (session);

  g_signal_connect_object (session, "notify::selection", G_CALLBACK (session_selection_cb), page, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "notify::presenting", G_CALLBACK (presenting_cb), page, G_CONNECT_SWAPPED);
  g_signal_connect_object (replay, "notify::position", G_CALLBACK (replay_moved_cb), page, G_CONNECT_SWAPPED);
  g_signal_connect_object (replay, "notify::settled", G_CALLBACK (replay_moved_cb), page, G_CONNECT_SWAPPED);
  qs_replay_bar_set_session (QS_SEQUENCE_PAGE (page)->replay_bar, session);
}

static void
qs_sequence_page_run_changed (QsPage *page, QsRun *run)
{
  QsSequencePage *self = QS_SEQUENCE_PAGE (page);

  show_error (self, NULL);
  gtk_stack_set_visible_child_name (self->stack, run != NULL ? "content" : "empty");
  g_signal_handler_block (self->view, self->selection_handler);
  qs_sequence_view_set_trace (self->view, run != NULL ? qs_run_get_trace (run) : NULL);
  if (self->joined_run != NULL)
    g_signal_handlers_disconnect_by_func (self->joined_run, sync_join, self);
  if (g_set_object (&self->joined_run, run) && run != NULL)
    g_signal_connect_object (run, "notify::join", G_CALLBACK (sync_join), self, G_CONNECT_SWAPPED);
  sync_join (self);
  g_signal_handler_unblock (self->view, self->selection_handler);
  if (run != NULL)
    qs_sequence_view_set_selected (self->view, qs_session_get_selection (qs_page_get_session (page)));
  show_detail (self);
}

static void
qs_sequence_page_dispose (GObject *object)
{
  QsSequencePage *self = QS_SEQUENCE_PAGE (object);

  if (self->joined_run != NULL)
    g_signal_handlers_disconnect_by_func (self->joined_run, sync_join, self);
  g_clear_object (&self->joined_run);
  G_OBJECT_CLASS (qs_sequence_page_parent_class)->dispose (object);
}

static GtkWidget *
qs_sequence_page_get_content (QsPage *page)
{
  return GTK_WIDGET (QS_SEQUENCE_PAGE (page)->view);
}

static void
qs_sequence_page_class_init (QsSequencePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_sequence_page_dispose;
  QS_PAGE_CLASS (klass)->session_set = qs_sequence_page_session_set;
  QS_PAGE_CLASS (klass)->run_changed = qs_sequence_page_run_changed;
  QS_PAGE_CLASS (klass)->get_content = qs_sequence_page_get_content;

  g_type_ensure (QS_TYPE_EMPTY_STATE);
  g_type_ensure (QS_TYPE_REPLAY_BAR);
  g_type_ensure (QS_TYPE_SEQUENCE_VIEW);
  g_type_ensure (QS_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-sequence-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsSequencePage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsSequencePage, to_scale);
  gtk_widget_class_bind_template_child (widget_class, QsSequencePage, collapse);
  gtk_widget_class_bind_template_child (widget_class, QsSequencePage, both_ends);
  gtk_widget_class_bind_template_child (widget_class, QsSequencePage, picture);
  gtk_widget_class_bind_template_child (widget_class, QsSequencePage, view);
  gtk_widget_class_bind_template_child (widget_class, QsSequencePage, replay_bar);
  gtk_widget_class_bind_template_child (widget_class, QsSequencePage, detail);
  gtk_widget_class_bind_template_child (widget_class, QsSequencePage, error);
  gtk_widget_class_bind_template_callback (widget_class, to_scale_cb);
  gtk_widget_class_bind_template_callback (widget_class, collapse_cb);
  gtk_widget_class_bind_template_callback (widget_class, sync_join);
  gtk_widget_class_bind_template_callback (widget_class, zoom_in_cb);
  gtk_widget_class_bind_template_callback (widget_class, zoom_out_cb);
  gtk_widget_class_bind_template_callback (widget_class, zoom_reset_cb);
  gtk_widget_class_bind_template_callback (widget_class, export_cb);
  gtk_widget_class_bind_template_callback (widget_class, view_key_cb);
}

static void
qs_sequence_page_init (QsSequencePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  GtkWidget *scrollbar = gtk_scrollbar_new (GTK_ORIENTATION_VERTICAL, qs_sequence_view_get_adjustment (self->view));
  gtk_widget_show (scrollbar);
  gtk_box_pack_start (self->picture, scrollbar, FALSE, FALSE, 0);
  self->selection_handler =
      g_signal_connect_swapped (self->view, "notify::selected", G_CALLBACK (view_selected_cb), self);
}
