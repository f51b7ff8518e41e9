/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-lessons-page.h"

#include <math.h>

#include "app/widgets/qs-frame-view.h"
#include "app/widgets/qs-lesson-question.h"
#include "app/widgets/qs-replay-bar.h"
#include "app/widgets/qs-sequence-view.h"
#include "app/widgets/qs-step-list.h"
#include "app/widgets/qs-stream-list.h"
#include "base/qs-error.h"
#include "base/qs-i18n.h"

#define MANY_PACKETS 100
#define LARGE_HEIGHT 1000 /* of a picture that is looked at from far away */

struct _QsLessonsPage {
  QsPage parent;
  GtkStack *stack;
  GtkListBox *list;
  GtkLabel *problems;
  GtkWidget *own_folder;

  GtkLabel *lesson_title, *title, *text, *state, *counter, *detail;
  GtkButton *back, *next, *again;
  GtkScrolledWindow *text_scroll;
  QsLessonQuestionView *question;
  GtkStack *pictures;
  GtkBox *picture;
  QsSequenceView *view;
  QsReplayBar *replay_bar;
  QsStepList *steps;
  QsStreamList *streams;
  QsFrameView *frame;

  GPtrArray *lessons;
  QsLessonPlayer *player;
  gulong selection_handler;
  guint shown_page;
  guint scale_id;
  gboolean was_open; /* a lesson, when the player changed last */
};

G_DEFINE_FINAL_TYPE (QsLessonsPage, qs_lessons_page, QS_TYPE_PAGE)

static const char *const pictures[QS_N_LESSON_SHOWS] = {
  [QS_LESSON_SHOW_SEQUENCE] = "sequence", [QS_LESSON_SHOW_STEPS] = "steps",    [QS_LESSON_SHOW_STREAMS] = "streams",
  [QS_LESSON_SHOW_NOTHING] = "nothing",   [QS_LESSON_SHOW_BLOCKING] = "frame",
};

/* --- The list ------------------------------------------------------------------------------- */

static GtkWidget *
make_label (const char *text, const char *css_class)
{
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", text, "xalign", 0.0f, "wrap", TRUE, "visible", TRUE, NULL);

  gtk_style_context_add_class (gtk_widget_get_style_context (label), css_class);
  return label;
}

static GtkWidget *
make_row (const QsLesson *lesson, guint number)
{
  GtkWidget *row = g_object_new (GTK_TYPE_LIST_BOX_ROW, "visible", TRUE, NULL);
  GtkWidget *grid = g_object_new (GTK_TYPE_GRID, "column-spacing", 12, "row-spacing", 3, "visible", TRUE, NULL);
  g_autofree char *digits = g_strdup_printf ("%u", number);
  g_autofree char *words = g_strdup_printf ("%s. %s", qs_lesson_get_title (lesson), qs_lesson_get_summary (lesson));
  GtkWidget *place = make_label (digits, GTK_STYLE_CLASS_DIM_LABEL);

  gtk_label_set_width_chars (GTK_LABEL (place), 2);
  gtk_label_set_xalign (GTK_LABEL (place), 1);
  gtk_grid_attach (GTK_GRID (grid), place, 0, 0, 1, 1);
  gtk_grid_attach (GTK_GRID (grid), make_label (qs_lesson_get_title (lesson), "qs-heading"), 1, 0, 1, 1);
  gtk_grid_attach (GTK_GRID (grid), make_label (qs_lesson_get_summary (lesson), GTK_STYLE_CLASS_DIM_LABEL), 1, 1, 1, 1);
  gtk_container_add (GTK_CONTAINER (row), grid);
  gtk_style_context_add_class (gtk_widget_get_style_context (row), "qs-row");
  atk_object_set_name (gtk_widget_get_accessible (row), words);
  return row;
}

/* A broken file is told about, and the others are there all the same. */
static void
show_problems (QsLessonsPage *self, GPtrArray *problems)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < problems->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "\n" : _ ("These lessons cannot be read:\n"),
                            (char *) g_ptr_array_index (problems, i));
  gtk_label_set_text (self->problems, text->str);
  gtk_widget_set_visible (GTK_WIDGET (self->problems), problems->len > 0);
}

static void
destroy_cb (GtkWidget *widget, gpointer data)
{
  gtk_widget_destroy (widget);
}

/* Anew whenever the list comes into view: whoever writes a lesson sees at once what became of it. A lesson that is open
 * goes on as it was read. */
static void
load_lessons (QsLessonsPage *self)
{
  g_autoptr (GPtrArray) problems = NULL;

  gtk_container_foreach (GTK_CONTAINER (self->list), destroy_cb, NULL);
  g_clear_pointer (&self->lessons, g_ptr_array_unref);
  self->lessons = qs_lessons_load (g_get_language_names (), &problems);
  for (guint i = 0; i < self->lessons->len; i++)
    gtk_container_add (GTK_CONTAINER (self->list), make_row (g_ptr_array_index (self->lessons, i), i + 1));
  show_problems (self, problems);
}

/* An empty folder would not say what belongs into it. */
static void
make_own_folder (const char *folder)
{
  g_autofree char *guide = qs_lessons_dup_guide ();
  g_autofree char *path = g_build_filename (folder, "README.md", NULL);
  g_autoptr (GFile) from = g_file_new_for_path (guide);
  g_autoptr (GFile) to = g_file_new_for_path (path);

  g_mkdir_with_parents (folder, 0700);
  g_file_copy (from, to, G_FILE_COPY_TARGET_DEFAULT_PERMS, NULL, NULL, NULL, NULL);
}

static void
own_folder_cb (QsLessonsPage *self)
{
  g_autofree char *folder = qs_lessons_dup_own_folder ();
  g_autofree char *uri = g_filename_to_uri (folder, NULL, NULL);
  GtkWindow *window = GTK_WINDOW (gtk_widget_get_toplevel (GTK_WIDGET (self)));
  g_autoptr (GError) error = NULL;

  make_own_folder (folder);
  if (!gtk_show_uri_on_window (window, uri, GDK_CURRENT_TIME, &error))
    {
      g_autofree char *words = g_strdup_printf (_ ("%s cannot be opened: %s"), folder, error->message);
      gtk_label_set_text (self->problems, words);
      gtk_widget_show (GTK_WIDGET (self->problems));
    }
}

static void
row_activated_cb (QsLessonsPage *self, GtkListBoxRow *row)
{
  qs_lesson_player_set_lesson (self->player,
                               g_ptr_array_index (self->lessons, (guint) gtk_list_box_row_get_index (row)));
}

/* --- The lesson ----------------------------------------------------------------------------- */

static void
show_detail (QsLessonsPage *self)
{
  g_autofree char *text = qs_sequence_view_describe_selected (self->view);

  gtk_label_set_text (self->detail, text != NULL ? text : _ ("Click an arrow to see what it carries."));
}

static void
show_run (QsLessonsPage *self)
{
  QsRun *run = qs_lesson_player_get_run (self->player);

  /* Where every packet counts, each has its row; a flood of them is bundled. */
  if (run != NULL)
    qs_sequence_view_set_collapse (self->view, qs_trace_get_n_packets (qs_run_get_trace (run)) > MANY_PACKETS);
  g_signal_handler_block (self->view, self->selection_handler);
  qs_sequence_view_set_trace (self->view, run != NULL ? qs_run_get_trace (run) : NULL);
  qs_sequence_view_set_join (self->view, run != NULL ? qs_run_get_join (run) : NULL);
  g_signal_handler_unblock (self->view, self->selection_handler);
  if (run != NULL)
    qs_step_list_set_steps (self->steps, qs_run_get_steps (run));
  qs_stream_list_set_run (self->streams, run);
}

static void
show_state (QsLessonsPage *self)
{
  QsLessonState state = qs_lesson_player_get_state (self->player);
  const char *words = NULL;

  if (state == QS_LESSON_RUNNING)
    words = _ ("The lab is at work…");
  else if (state == QS_LESSON_MISSED)
    words = _ ("What this page is about did not happen this time: the machine may have been busy. Try it again.");
  else if (state == QS_LESSON_BROKEN)
    words = qs_lesson_player_get_error (self->player);
  gtk_label_set_text (self->state, words != NULL ? words : "");
  gtk_widget_set_visible (GTK_WIDGET (self->state), words != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->again), state == QS_LESSON_MISSED || state == QS_LESSON_BROKEN);
}

static void
show_page (QsLessonsPage *self, QsLesson *lesson)
{
  guint number = qs_lesson_player_get_page (self->player), n = qs_lesson_get_n_pages (lesson);
  const QsLessonPage *page = qs_lesson_get_page (lesson, number);
  g_autofree char *counter = g_strdup_printf (_ ("%u of %u"), number + 1, n);

  gtk_label_set_text (self->lesson_title, qs_lesson_get_title (lesson));
  gtk_label_set_text (self->title, page->title != NULL ? page->title : "");
  gtk_widget_set_visible (GTK_WIDGET (self->title), page->title != NULL);
  gtk_label_set_markup (self->text, page->markup);
  gtk_label_set_text (self->counter, counter);
  gtk_widget_set_sensitive (GTK_WIDGET (self->back), number > 0);
  gtk_button_set_label (self->next, number + 1 < n ? _ ("Next") : _ ("Done"));
  qs_frame_view_set_run (self->frame, page->show == QS_LESSON_SHOW_BLOCKING ? lesson : NULL, page->run);
  gtk_stack_set_visible_child_name (self->pictures, pictures[page->show]);
  qs_lesson_question_view_set_player (self->question, page->question != NULL ? self->player : NULL);
  if (number != self->shown_page)
    gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->text_scroll), 0);
  self->shown_page = number;
}

static void
player_changed_cb (QsLessonsPage *self)
{
  QsLesson *lesson = qs_lesson_player_get_lesson (self->player);

  gtk_stack_set_visible_child_name (self->stack, lesson != NULL ? "lesson" : "list");
  if (lesson == NULL)
    {
      qs_frame_view_set_run (self->frame, NULL, -1);
      if (self->was_open)
        load_lessons (self);
      self->was_open = FALSE;
      return;
    }
  self->was_open = TRUE;
  show_page (self, lesson);
  show_run (self);
  show_state (self);
}

static void
next_cb (QsLessonsPage *self)
{
  if (!qs_lesson_player_next (self->player))
    qs_lesson_player_set_lesson (self->player, NULL);
}

static void
back_cb (QsLessonsPage *self)
{
  qs_lesson_player_back (self->player);
}

static void
again_cb (QsLessonsPage *self)
{
  qs_lesson_player_run_again (self->player);
}

static void
close_cb (QsLessonsPage *self)
{
  qs_lesson_player_set_lesson (self->player, NULL);
}

/* What presenters' remotes send. */
static gboolean
key_cb (QsLessonsPage *self, GdkEventKey *event)
{
  if (qs_lesson_player_get_lesson (self->player) == NULL)
    return GDK_EVENT_PROPAGATE;
  if (event->keyval == GDK_KEY_Page_Down || event->keyval == GDK_KEY_KP_Page_Down)
    qs_lesson_player_next (self->player);
  else if (event->keyval == GDK_KEY_Page_Up || event->keyval == GDK_KEY_KP_Page_Up)
    qs_lesson_player_back (self->player);
  else
    return qs_replay_bar_handle_key (self->replay_bar, event);
  return GDK_EVENT_STOP;
}

/* --- The picture ---------------------------------------------------------------------------- */

static void
replay_moved_cb (QsLessonsPage *self, GParamSpec *pspec, QsReplay *replay)
{
  qs_sequence_view_set_until (self->view, qs_replay_get_position (replay), qs_replay_get_settled (replay));
  qs_step_list_set_until (self->steps, qs_replay_get_position (replay));
}

/* Letters as large as a projector's picture has room for: those of the diagram by its own width, too. */
static void
sync_scale (QsLessonsPage *self)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));
  gboolean presenting = session != NULL && qs_session_get_presenting (session);
  int width = gtk_widget_get_allocated_width (GTK_WIDGET (self->pictures));
  int height = gtk_widget_get_allocated_height (GTK_WIDGET (self));
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));
  double scale = presenting ? CLAMP (MIN ((double) width / 540, (double) height / 540), 1, 2.5) : 1;

  /* In steps: each is a new layout. */
  scale = floor (scale * 10) / 10;
  qs_sequence_view_set_text_scale (self->view, scale);
  qs_frame_view_set_text_scale (self->frame, scale);
  if (presenting && height >= LARGE_HEIGHT)
    gtk_style_context_add_class (style, "qs-large");
  else
    gtk_style_context_remove_class (style, "qs-large");
}

static gboolean
sync_scale_cb (gpointer data)
{
  QsLessonsPage *self = data;

  self->scale_id = 0;
  sync_scale (self);
  return G_SOURCE_REMOVE;
}

static void
schedule_scale (QsLessonsPage *self)
{
  if (self->scale_id == 0)
    self->scale_id = g_idle_add_full (G_PRIORITY_HIGH_IDLE + 25, sync_scale_cb, self, NULL);
}

static void
session_selection_cb (QsLessonsPage *self, GParamSpec *pspec, QsSession *session)
{
  QsRun *run = qs_session_get_run (session);

  if (run != NULL && run == qs_lesson_player_get_run (self->player))
    qs_sequence_view_set_selected (self->view, qs_session_get_selection (session));
}

static void
view_selected_cb (QsLessonsPage *self)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));

  show_detail (self);
  if (session != NULL && qs_session_get_run (session) == qs_lesson_player_get_run (self->player))
    qs_session_set_selection (session, qs_sequence_view_get_selected (self->view));
}

/* --- Overrides ------------------------------------------------------------------------------ */

static void
animations_cb (QsLessonsPage *self, GParamSpec *pspec, GtkSettings *settings)
{
  gboolean enabled;

  g_object_get (settings, "gtk-enable-animations", &enabled, NULL);
  qs_lesson_player_set_animate (self->player, enabled);
}

static void
qs_lessons_page_session_set (QsPage *page, QsSession *session)
{
  QsLessonsPage *self = QS_LESSONS_PAGE (page);
  QsReplay *replay = qs_session_get_replay (session);
  GtkSettings *settings = gtk_widget_get_settings (GTK_WIDGET (self));

  self->player = qs_lesson_player_new (session);
  g_signal_connect_object (self->player, "changed", G_CALLBACK (player_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "notify::selection", G_CALLBACK (session_selection_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (session, "notify::presenting", G_CALLBACK (schedule_scale), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (replay, "notify::position", G_CALLBACK (replay_moved_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (replay, "notify::settled", G_CALLBACK (replay_moved_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "notify::gtk-enable-animations", G_CALLBACK (animations_cb), self,
                           G_CONNECT_SWAPPED);
  animations_cb (self, NULL, settings);
  qs_replay_bar_set_session (self->replay_bar, session);
}

static void
qs_lessons_page_update (QsPage *page, QsRun *run)
{
  QsLessonsPage *self = QS_LESSONS_PAGE (page);

  if (run == qs_lesson_player_get_run (self->player))
    qs_step_list_set_steps (self->steps, qs_run_get_steps (run));
}

/* Files are read when somebody wants to see them. */
static void
qs_lessons_page_map (GtkWidget *widget)
{
  QsLessonsPage *self = QS_LESSONS_PAGE (widget);
  g_autofree char *folder = qs_lessons_dup_own_folder ();

  if (qs_lesson_player_get_lesson (self->player) == NULL)
    load_lessons (self);
  gtk_widget_set_tooltip_text (self->own_folder, folder);
  GTK_WIDGET_CLASS (qs_lessons_page_parent_class)->map (widget);
}

/* What depends on the size is set when this one is settled. */
static void
qs_lessons_page_size_allocate (GtkWidget *widget, GtkAllocation *allocation)
{
  GTK_WIDGET_CLASS (qs_lessons_page_parent_class)->size_allocate (widget, allocation);
  schedule_scale (QS_LESSONS_PAGE (widget));
}

static void
qs_lessons_page_dispose (GObject *object)
{
  QsLessonsPage *self = QS_LESSONS_PAGE (object);

  g_clear_handle_id (&self->scale_id, g_source_remove);
  g_clear_object (&self->player);
  g_clear_pointer (&self->lessons, g_ptr_array_unref);
  G_OBJECT_CLASS (qs_lessons_page_parent_class)->dispose (object);
}

static GtkWidget *
qs_lessons_page_get_content (QsPage *page)
{
  QsLessonsPage *self = QS_LESSONS_PAGE (page);

  return gtk_widget_get_mapped (GTK_WIDGET (self->list)) ? GTK_WIDGET (self->list) : GTK_WIDGET (self->next);
}

static void
qs_lessons_page_class_init (QsLessonsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_lessons_page_dispose;
  widget_class->map = qs_lessons_page_map;
  widget_class->size_allocate = qs_lessons_page_size_allocate;
  QS_PAGE_CLASS (klass)->session_set = qs_lessons_page_session_set;
  QS_PAGE_CLASS (klass)->update = qs_lessons_page_update;
  QS_PAGE_CLASS (klass)->get_content = qs_lessons_page_get_content;

  g_type_ensure (QS_TYPE_FRAME_VIEW);
  g_type_ensure (QS_TYPE_LESSON_QUESTION_VIEW);
  g_type_ensure (QS_TYPE_REPLAY_BAR);
  g_type_ensure (QS_TYPE_SEQUENCE_VIEW);
  g_type_ensure (QS_TYPE_STEP_LIST);
  g_type_ensure (QS_TYPE_STREAM_LIST);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-lessons-page.ui");
#define CHILD(name) gtk_widget_class_bind_template_child (widget_class, QsLessonsPage, name)
  CHILD (stack);
  CHILD (list);
  CHILD (problems);
  CHILD (own_folder);
  CHILD (lesson_title);
  CHILD (title);
  CHILD (text);
  CHILD (state);
  CHILD (counter);
  CHILD (detail);
  CHILD (back);
  CHILD (next);
  CHILD (again);
  CHILD (text_scroll);
  CHILD (question);
  CHILD (pictures);
  CHILD (picture);
  CHILD (view);
  CHILD (replay_bar);
  CHILD (steps);
  CHILD (streams);
  CHILD (frame);
#undef CHILD
  gtk_widget_class_bind_template_callback (widget_class, own_folder_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, next_cb);
  gtk_widget_class_bind_template_callback (widget_class, back_cb);
  gtk_widget_class_bind_template_callback (widget_class, again_cb);
  gtk_widget_class_bind_template_callback (widget_class, close_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_cb);
}

static void
qs_lessons_page_init (QsLessonsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  GtkWidget *scrollbar = gtk_scrollbar_new (GTK_ORIENTATION_VERTICAL, qs_sequence_view_get_adjustment (self->view));
  gtk_widget_show (scrollbar);
  gtk_box_pack_start (self->picture, scrollbar, FALSE, FALSE, 0);
  self->selection_handler =
      g_signal_connect_swapped (self->view, "notify::selected", G_CALLBACK (view_selected_cb), self);
}

QsLessonPlayer *
qs_lessons_page_get_player (QsLessonsPage *self)
{
  g_return_val_if_fail (QS_IS_LESSONS_PAGE (self), NULL);

  return self->player;
}

gboolean
qs_lessons_page_open (QsLessonsPage *self, const char *name, GError **error)
{
  g_return_val_if_fail (QS_IS_LESSONS_PAGE (self) && name != NULL, FALSE);

  load_lessons (self);
  QsLesson *lesson = qs_lessons_find (self->lessons, name);
  if (lesson != NULL)
    {
      qs_lesson_player_set_lesson (self->player, lesson);
      return TRUE;
    }
  g_autoptr (GString) names = g_string_new (NULL);
  for (guint i = 0; i < self->lessons->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "",
                            qs_lesson_get_name (g_ptr_array_index (self->lessons, i)));
  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET, _ ("There is no lesson “%s”; there are: %s"), name,
               names->str);
  return FALSE;
}
