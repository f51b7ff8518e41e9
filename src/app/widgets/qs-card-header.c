/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-card-header.h"

#include "base/qs-i18n.h"

struct _QsCardHeader {
  GtkBox parent;
  GtkLabel *letter, *title, *subtitle, *note, *counts, *comparison, *progress_label;
  GtkProgressBar *progress;
  GtkWidget *progress_box;
  GtkFlowBox *marks;
  GtkLabel *mark_letters[QS_N_CARD_MARKS];
};

G_DEFINE_FINAL_TYPE (QsCardHeader, qs_card_header, GTK_TYPE_BOX)

static const char *const grade_classes[] = { "qs-grade-good", "qs-grade-middling", "qs-grade-bad", "qs-grade-none" };

static const char *
grade_class (QsGrade grade)
{
  if (grade == QS_GRADE_NONE)
    return grade_classes[3];
  return grade >= QS_GRADE_A_MINUS ? grade_classes[0] : grade >= QS_GRADE_C ? grade_classes[1] : grade_classes[2];
}

/* "A-" with a minus that is as wide as the plus, "–" for none. */
static char *
grade_words (QsGrade grade)
{
  if (grade == QS_GRADE_NONE)
    return g_strdup ("–");
  return grade == QS_GRADE_A_MINUS ? g_strdup ("A−") : g_strdup (qs_grade_text (grade));
}

static void
show_grade (GtkLabel *label, QsGrade grade)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (label));
  g_autofree char *text = grade_words (grade);

  for (guint i = 0; i < G_N_ELEMENTS (grade_classes); i++)
    gtk_style_context_remove_class (style, grade_classes[i]);
  gtk_style_context_add_class (style, grade_class (grade));
  gtk_label_set_text (label, text);
}

static void
show_label (GtkLabel *label, const char *text)
{
  gtk_label_set_text (label, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL && *text != '\0');
}

static void
show_marks (QsCardHeader *self, const QsCard *card)
{
  for (guint i = 0; i < QS_N_CARD_MARKS; i++)
    {
      AtkObject *accessible = gtk_widget_get_accessible (gtk_widget_get_parent (GTK_WIDGET (self->mark_letters[i])));
      g_autofree char *name = g_strdup_printf ("%s: %s", qs_card_mark_title (i), qs_grade_text (card->marks[i]));
      show_grade (self->mark_letters[i], card->marks[i]);
      atk_object_set_name (accessible, name);
    }
}

static void
show_counts (QsCardHeader *self, const QsCard *card)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = QS_CHECK_N_VERDICTS; i-- > 0;)
    if (card->counts[i] > 0)
      g_string_append_printf (text, "%s%s %u", text->len > 0 ? " · " : "", qs_check_verdict_title (i), card->counts[i]);
  show_label (self->counts, text->str);
}

static void
show_note (QsCardHeader *self, QsExamination *examination, const QsCard *card)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (qs_examination_get_failure (examination) != NULL)
    g_string_append (text, qs_examination_get_failure (examination));
  else if (card->grade != card->if_trusted)
    g_string_append_printf (text, "%s: %s", _ ("If its certificate were in order"), qs_grade_text (card->if_trusted));
  if (qs_examination_get_failure (examination) == NULL && !qs_examination_sends_illegal (examination))
    g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "",
                            _ ("Not all was tested: what no honest client sends goes to one's own servers alone."));
  if (qs_examination_get_stopped (examination))
    g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "", _ ("It was stopped before its end."));
  show_label (self->note, text->str);
}

static void
show_subtitle (QsCardHeader *self, QsExamination *examination)
{
  g_autoptr (GDateTime) began =
      g_date_time_new_from_unix_local (qs_examination_get_began (examination) / G_USEC_PER_SEC);
  g_autofree char *date = g_date_time_format (began, "%x %H:%M");
  const char *address = qs_examination_get_address (examination);
  const char *profile =
      qs_examination_get_profile (examination) == QS_PROFILE_PUBLIC ? _ ("Public web site") : _ ("Server of one's own");
  g_autofree char *text =
      g_strdup_printf ("%s%s%s · %s", address != NULL ? address : "", address != NULL ? " · " : "", profile, date);

  gtk_label_set_text (self->subtitle, text);
}

static void
add_mark (QsCardHeader *self, QsCardMark mark)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *letter = gtk_label_new ("–"), *name = gtk_label_new (qs_card_mark_title (mark));
  GtkWidget *child = gtk_flow_box_child_new ();

  gtk_style_context_add_class (gtk_widget_get_style_context (letter), "qs-mark");
  gtk_style_context_add_class (gtk_widget_get_style_context (name), "qs-caption");
  gtk_label_set_width_chars (GTK_LABEL (letter), 3);
  gtk_box_pack_start (GTK_BOX (box), letter, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), name, FALSE, FALSE, 0);
  gtk_container_add (GTK_CONTAINER (child), box);
  gtk_widget_set_can_focus (child, FALSE);
  gtk_widget_show_all (child);
  gtk_container_add (GTK_CONTAINER (self->marks), child);
  self->mark_letters[mark] = GTK_LABEL (letter);
}

static void
qs_card_header_class_init (QsCardHeaderClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-card-header.ui");
  gtk_widget_class_bind_template_child (widget_class, QsCardHeader, letter);
  gtk_widget_class_bind_template_child (widget_class, QsCardHeader, title);
  gtk_widget_class_bind_template_child (widget_class, QsCardHeader, subtitle);
  gtk_widget_class_bind_template_child (widget_class, QsCardHeader, note);
  gtk_widget_class_bind_template_child (widget_class, QsCardHeader, counts);
  gtk_widget_class_bind_template_child (widget_class, QsCardHeader, comparison);
  gtk_widget_class_bind_template_child (widget_class, QsCardHeader, progress_label);
  gtk_widget_class_bind_template_child (widget_class, QsCardHeader, progress);
  gtk_widget_class_bind_template_child (widget_class, QsCardHeader, progress_box);
  gtk_widget_class_bind_template_child (widget_class, QsCardHeader, marks);
}

static void
qs_card_header_init (QsCardHeader *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < QS_N_CARD_MARKS; i++)
    add_mark (self, i);
}

void
qs_card_header_show_progress (QsCardHeader *self, QsExaminer *examiner)
{
  g_return_if_fail (QS_IS_CARD_HEADER (self));

  QsExamination *examination = qs_examiner_get_examination (examiner);
  if (examination == NULL)
    return;
  guint n = qs_examination_get_n_results (examination), n_done = qs_examination_get_n_done (examination);
  g_autofree char *text = qs_examiner_is_asking (examiner) ? g_strdup (_ ("Nothing is sent yet."))
                                                           : g_strdup_printf (_ ("%u of %u checks"), n_done, n);
  gtk_label_set_text (self->progress_label, text);
  gtk_progress_bar_set_fraction (self->progress, n > 0 ? (double) n_done / n : 0);
}

void
qs_card_header_show (QsCardHeader *self, QsExaminer *examiner)
{
  g_return_if_fail (QS_IS_CARD_HEADER (self));

  QsExamination *examination = qs_examiner_get_examination (examiner);
  gboolean running = qs_examiner_get_running (examiner);
  QsCard card = { 0 };

  if (examination == NULL)
    return;
  gtk_widget_set_visible (self->progress_box, running);
  gtk_widget_set_visible (GTK_WIDGET (self->marks), !running);
  gtk_label_set_text (self->title, qs_target_to_string (qs_examination_get_target (examination)));
  show_subtitle (self, examination);
  qs_card_header_show_progress (self, examiner);
  if (running)
    {
      show_grade (self->letter, QS_GRADE_NONE);
      gtk_label_set_text (self->letter, "…");
      show_label (self->note, NULL);
      show_label (self->counts, NULL);
      return;
    }
  qs_examination_grade (examination, &card);
  show_grade (self->letter, card.grade);
  show_marks (self, &card);
  show_counts (self, &card);
  show_note (self, examination, &card);
}

void
qs_card_header_set_comparison (QsCardHeader *self, const char *text)
{
  g_return_if_fail (QS_IS_CARD_HEADER (self));

  show_label (self->comparison, text);
}
