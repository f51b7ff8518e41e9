/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-lesson-question.h"

#include "base/qs-i18n.h"

struct _QsLessonQuestionView {
  GtkBox parent;
  GtkLabel *ask;
  GtkBox *choices;
  GtkBox *verdict_box;
  GtkImage *verdict_icon;
  GtkLabel *verdict;
  GtkLabel *proof;
  GtkButton *show_proof;
  QsLessonPlayer *player;
  const QsLessonQuestion *question; /* whose choices are listed; the player's lesson owns it */
  gboolean showing;
};

G_DEFINE_FINAL_TYPE (QsLessonQuestionView, qs_lesson_question_view, GTK_TYPE_BOX)

/* --- The choices ---------------------------------------------------------------------------- */

static void
chosen_cb (GtkToggleButton *button, gpointer data)
{
  QsLessonQuestionView *self = data;

  if (!self->showing && self->player != NULL && gtk_toggle_button_get_active (button))
    qs_lesson_player_choose (self->player, GPOINTER_TO_INT (g_object_get_data (G_OBJECT (button), "qs-choice")));
}

static GtkWidget *
make_choice (QsLessonQuestionView *self, const QsLessonChoice *choice, int number, GtkRadioButton *group)
{
  GtkWidget *button = gtk_radio_button_new_from_widget (group);
  GtkWidget *label =
      g_object_new (GTK_TYPE_LABEL, "wrap", TRUE, "xalign", 0.0f, "max-width-chars", 34, "visible", TRUE, NULL);

  gtk_label_set_markup (GTK_LABEL (label), choice->markup);
  gtk_container_add (GTK_CONTAINER (button), label);
  atk_object_set_name (gtk_widget_get_accessible (button), gtk_label_get_text (GTK_LABEL (label)));
  g_object_set_data (G_OBJECT (button), "qs-choice", GINT_TO_POINTER (number));
  g_signal_connect (button, "toggled", G_CALLBACK (chosen_cb), self);
  gtk_widget_show (button);
  return button;
}

static void
destroy_cb (GtkWidget *widget, gpointer data)
{
  gtk_widget_destroy (widget);
}

/* None is taken at first: a group of radio buttons always has one that is, so there is one that nobody sees. */
static void
list_choices (QsLessonQuestionView *self, const QsLessonQuestion *question)
{
  gtk_container_foreach (GTK_CONTAINER (self->choices), destroy_cb, NULL);
  self->question = question;
  if (question == NULL)
    return;

  GtkWidget *none = gtk_radio_button_new (NULL);
  gtk_widget_set_no_show_all (none, TRUE);
  g_object_set_data (G_OBJECT (none), "qs-choice", GINT_TO_POINTER (-1));
  gtk_container_add (GTK_CONTAINER (self->choices), none);
  for (guint i = 0; i < question->choices->len; i++)
    gtk_container_add (GTK_CONTAINER (self->choices),
                       make_choice (self, g_ptr_array_index (question->choices, i), (int) i, GTK_RADIO_BUTTON (none)));
  gtk_label_set_markup (self->ask, question->markup);
}

static void
take_choice (QsLessonQuestionView *self, int choice)
{
  g_autoptr (GList) buttons = gtk_container_get_children (GTK_CONTAINER (self->choices));

  self->showing = TRUE;
  for (GList *at = buttons; at != NULL; at = at->next)
    if (GPOINTER_TO_INT (g_object_get_data (at->data, "qs-choice")) == choice)
      gtk_toggle_button_set_active (at->data, TRUE);
  self->showing = FALSE;
}

/* --- What the trace says -------------------------------------------------------------------- */

static void
set_verdict (QsLessonQuestionView *self, const char *icon_name, const char *css_class, const char *words)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->verdict_icon));

  gtk_style_context_remove_class (style, "qs-ok");
  gtk_style_context_remove_class (style, "qs-error");
  gtk_style_context_remove_class (style, "qs-neutral");
  gtk_style_context_add_class (style, css_class);
  gtk_image_set_from_icon_name (self->verdict_icon, icon_name, GTK_ICON_SIZE_BUTTON);
  gtk_label_set_text (self->verdict, words);
  atk_object_set_description (gtk_widget_get_accessible (GTK_WIDGET (self->verdict)), words);
}

static void
show_verdict (QsLessonQuestionView *self, int choice, int answer)
{
  gboolean right = choice == answer;

  gtk_widget_set_visible (GTK_WIDGET (self->verdict_box), choice >= 0);
  gtk_widget_set_visible (GTK_WIDGET (self->proof), choice >= 0 && right && self->question->proof_markup != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->show_proof), choice >= 0 && answer >= 0);
  if (choice < 0)
    return;
  if (answer < 0)
    set_verdict (self, "dialog-question-symbolic", "qs-neutral", _ ("This run's trace does not say. Run it again."));
  else if (right)
    set_verdict (self, "emblem-ok-symbolic", "qs-ok", _ ("Right: the trace says so."));
  else
    set_verdict (self, "dialog-error-symbolic", "qs-error", _ ("No: the trace says otherwise. Have another look."));
  if (self->question->proof_markup != NULL)
    gtk_label_set_markup (self->proof, self->question->proof_markup);
}

static void
show_proof_cb (QsLessonQuestionView *self)
{
  if (self->player != NULL)
    qs_lesson_player_show_proof (self->player);
}

/* --- Class ---------------------------------------------------------------------------------- */

static void
qs_lesson_question_view_dispose (GObject *object)
{
  QsLessonQuestionView *self = QS_LESSON_QUESTION_VIEW (object);

  g_clear_object (&self->player);
  self->question = NULL;
  G_OBJECT_CLASS (qs_lesson_question_view_parent_class)->dispose (object);
}

static void
qs_lesson_question_view_class_init (QsLessonQuestionViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_lesson_question_view_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-lesson-question.ui");
  gtk_widget_class_bind_template_child (widget_class, QsLessonQuestionView, ask);
  gtk_widget_class_bind_template_child (widget_class, QsLessonQuestionView, choices);
  gtk_widget_class_bind_template_child (widget_class, QsLessonQuestionView, verdict_box);
  gtk_widget_class_bind_template_child (widget_class, QsLessonQuestionView, verdict_icon);
  gtk_widget_class_bind_template_child (widget_class, QsLessonQuestionView, verdict);
  gtk_widget_class_bind_template_child (widget_class, QsLessonQuestionView, proof);
  gtk_widget_class_bind_template_child (widget_class, QsLessonQuestionView, show_proof);
  gtk_widget_class_bind_template_callback (widget_class, show_proof_cb);
}

static void
qs_lesson_question_view_init (QsLessonQuestionView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
qs_lesson_question_view_set_player (QsLessonQuestionView *self, QsLessonPlayer *player)
{
  g_return_if_fail (QS_IS_LESSON_QUESTION_VIEW (self));

  g_set_object (&self->player, player);
  gtk_widget_set_visible (GTK_WIDGET (self), player != NULL);
  if (player == NULL)
    {
      list_choices (self, NULL);
      return;
    }
  QsLesson *lesson = qs_lesson_player_get_lesson (player);
  const QsLessonQuestion *question = qs_lesson_get_page (lesson, qs_lesson_player_get_page (player))->question;
  if (question != self->question)
    list_choices (self, question);
  take_choice (self, qs_lesson_player_get_choice (player));
  show_verdict (self, qs_lesson_player_get_choice (player), qs_lesson_player_get_answer (player));
}
