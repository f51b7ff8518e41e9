/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-run-row.h"

#include "app/models/qs-option-words.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-experiment-words.h"

struct _QsRunRow {
  GtkListBoxRow parent;
  GtkImage *icon;
  GtkLabel *title;
  GtkLabel *state, *why, *how, *note;
  GtkButton *again;
  GtkExpander *experiments;
  GtkContainer *experiment_rows;
  guint n_shown; /* marks of experiments */
  QsRun *run;
};

enum { AGAIN, FORGET, SHOW_ATTEMPT, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsRunRow, qs_run_row, GTK_TYPE_LIST_BOX_ROW)

static void
again_cb (QsRunRow *self)
{
  g_signal_emit (self, signals[AGAIN], 0);
}

static void
forget_cb (QsRunRow *self)
{
  g_signal_emit (self, signals[FORGET], 0);
}

/* Of one that is over. */
static char *
dup_took (QsRun *run)
{
  gint64 total = qs_run_get_summary (run)->total;

  return total >= 0 && !qs_run_is_active (run) ? qs_text_duration (total) : NULL;
}

/* What went wrong, by the finding that the verdict tells of. */
static const char *
get_why (QsRun *run)
{
  GPtrArray *findings = qs_run_get_findings (run);
  const QsFinding *first = findings->len > 0 ? findings->pdata[0] : NULL;
  gboolean failed = qs_run_get_status (run) == QS_RUN_FAILED || qs_run_get_status (run) == QS_RUN_FILE;

  return failed && first != NULL && first->severity == QS_SEVERITY_ERROR ? first->title : NULL;
}

static void
show_text (GtkLabel *label, const char *text)
{
  gtk_label_set_text (label, text != NULL ? text : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (label), text);
  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL);
}

static void
show_why (QsRunRow *self)
{
  const char *state = gtk_label_get_text (self->state), *how = gtk_label_get_text (self->how);
  const char *parts[] = { qs_run_get_title (self->run), state, NULL, NULL, NULL };
  const char *why = get_why (self->run);
  guint n = 2;

  show_text (self->why, why);
  if (why != NULL)
    parts[n++] = why;
  if (*how != '\0')
    parts[n++] = how;
  g_autofree char *name = g_strjoinv (", ", (char **) parts);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self)), name);
}

static void
show_status (QsRunRow *self)
{
  QsRunStatus status = qs_run_get_status (self->run);
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->icon));
  g_autofree char *time = g_date_time_format (qs_run_get_started (self->run), "%H:%M:%S");
  g_autofree char *took = dup_took (self->run);
  g_autofree char *state =
      g_strdup_printf (took != NULL ? "%s · %s · %s" : "%s · %s", qs_run_status_title (status), time, took);

  for (guint i = 0; i < QS_N_RUN_STATUSES; i++)
    gtk_style_context_remove_class (style, qs_run_status_css_class (i));
  gtk_style_context_add_class (style, qs_run_status_css_class (status));
  gtk_image_set_from_icon_name (self->icon, qs_run_status_icon_name (status), GTK_ICON_SIZE_BUTTON);
  gtk_label_set_text (self->state, state);
  show_why (self);
}

/* While it goes on nothing of that is told. */
static void
changed_cb (QsRunRow *self)
{
  if (!qs_run_is_active (self->run))
    show_status (self);
}

/* --- Its experiments: what came of each is in the trace, so a file has them too --- */

static void
show_attempt_cb (GtkButton *button, QsRunRow *self)
{
  QsExperiment *experiment = g_object_get_data (G_OBJECT (button), "qs-experiment");

  g_signal_emit (self, signals[SHOW_ATTEMPT], 0, qs_run_get_attempt (self->run, experiment));
}

static QsExperiment *
find_experiment (QsRunRow *self, const char *id)
{
  GListModel *experiments = qs_run_get_experiments (self->run);
  guint n = experiments != NULL ? g_list_model_get_n_items (experiments) : 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (QsExperiment) experiment = g_list_model_get_item (experiments, i);
      if (g_str_equal (qs_experiment_get_id (experiment), id))
        return experiment; /* the list holds it */
    }
  return NULL;
}

static GtkWidget *
make_experiment (QsRunRow *self, const QsMark *mark)
{
  QsExperiment *experiment = find_experiment (self, mark->name);
  g_autofree char *text =
      g_strdup_printf ("%s: %s", qs_experiment_change (mark->name), qs_experiment_outcome_title (mark->value));
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", text, "xalign", 0.0f, "wrap", TRUE, "width-chars", 14,
                                   "max-width-chars", 24, "visible", TRUE, NULL);

  gtk_style_context_add_class (gtk_widget_get_style_context (label), "qs-caption");
  gtk_widget_set_tooltip_text (label, mark->text);
  if (experiment == NULL || qs_experiment_get_probe (experiment) == NULL)
    return label;
  GtkWidget *button = g_object_new (GTK_TYPE_BUTTON, "relief", GTK_RELIEF_NONE, "child", label, "visible", TRUE, NULL);
  gtk_style_context_add_class (gtk_widget_get_style_context (button), "qs-small-button");
  gtk_widget_set_tooltip_text (button, mark->text);
  g_object_set_data_full (G_OBJECT (button), "qs-experiment", g_object_ref (experiment), g_object_unref);
  g_signal_connect (button, "clicked", G_CALLBACK (show_attempt_cb), self);
  atk_object_set_name (gtk_widget_get_accessible (button), text);
  return button;
}

static void
show_experiments (QsRunRow *self)
{
  g_autoptr (GPtrArray) marks = qs_experiment_marks (qs_run_get_trace (self->run));
  g_autofree char *label = g_strdup_printf (ngettext ("%u more attempt", "%u more attempts", marks->len), marks->len);

  if (self->n_shown == marks->len)
    return;
  for (; self->n_shown < marks->len; self->n_shown++)
    gtk_container_add (self->experiment_rows, make_experiment (self, marks->pdata[self->n_shown]));
  gtk_expander_set_label (self->experiments, label);
  gtk_widget_show (GTK_WIDGET (self->experiments));
}

static void
show_title (QsRunRow *self)
{
  const char *title = qs_run_get_title (self->run);

  gtk_label_set_text (self->title, title);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->title), qs_run_get_own_title (self->run));
  gtk_widget_set_visible (GTK_WIDGET (self->again), qs_run_get_target (self->run) != NULL);
}

static void
title_cb (QsRunRow *self)
{
  show_title (self);
  show_why (self);
}

static void
show_note (QsRunRow *self)
{
  const char *text = qs_run_get_note (self->run);
  g_autofree char *note = text != NULL ? qs_text_escape (text, -1) : NULL;

  show_text (self->note, note);
}

static void
qs_run_row_finalize (GObject *object)
{
  g_clear_object (&QS_RUN_ROW (object)->run);
  G_OBJECT_CLASS (qs_run_row_parent_class)->finalize (object);
}

static void
qs_run_row_class_init (QsRunRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = qs_run_row_finalize;
  signals[AGAIN] = g_signal_new ("again", QS_TYPE_RUN_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FORGET] = g_signal_new ("forget", QS_TYPE_RUN_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  signals[SHOW_ATTEMPT] = g_signal_new ("show-attempt", QS_TYPE_RUN_ROW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                        G_TYPE_NONE, 1, QS_TYPE_RUN);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-run-row.ui");
  gtk_widget_class_bind_template_child (widget_class, QsRunRow, icon);
  gtk_widget_class_bind_template_child (widget_class, QsRunRow, title);
  gtk_widget_class_bind_template_child (widget_class, QsRunRow, state);
  gtk_widget_class_bind_template_child (widget_class, QsRunRow, why);
  gtk_widget_class_bind_template_child (widget_class, QsRunRow, how);
  gtk_widget_class_bind_template_child (widget_class, QsRunRow, note);
  gtk_widget_class_bind_template_child (widget_class, QsRunRow, again);
  gtk_widget_class_bind_template_child (widget_class, QsRunRow, experiments);
  gtk_widget_class_bind_template_child (widget_class, QsRunRow, experiment_rows);
  gtk_widget_class_bind_template_callback (widget_class, again_cb);
  gtk_widget_class_bind_template_callback (widget_class, forget_cb);
}

static void
qs_run_row_init (QsRunRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
qs_run_row_new (QsRun *run, const char *usual_ca)
{
  g_return_val_if_fail (QS_IS_RUN (run), NULL);

  QsRunRow *self = g_object_new (QS_TYPE_RUN_ROW, NULL);
  self->run = g_object_ref (run);
  g_signal_connect_object (run, "notify::status", G_CALLBACK (show_status), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (run, "notify::title", G_CALLBACK (title_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (run, "notify::note", G_CALLBACK (show_note), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (run, "changed", G_CALLBACK (show_experiments), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (run, "changed", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  const QsProbeOptions *options = qs_run_get_options (run);
  /* The built-in server of another start had another authority. */
  gboolean of_lab_before = qs_run_get_probe (run) == NULL && qs_run_get_scenario (run) != NULL;
  g_autofree char *how =
      options != NULL ? qs_option_words (options, of_lab_before ? options->ca_file : usual_ca) : NULL;
  show_text (self->how, how);
  show_title (self);
  show_note (self);
  show_status (self);
  show_experiments (self);
  return GTK_WIDGET (self);
}

QsRun *
qs_run_row_get_run (QsRunRow *self)
{
  g_return_val_if_fail (QS_IS_RUN_ROW (self), NULL);

  return self->run;
}
