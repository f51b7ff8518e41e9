/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-doctor-dialog.h"

#include "app/qs-help.h"
#include "app/widgets/qs-finding-list.h"
#include "base/qs-i18n.h"
#include "doctor/qs-doctor.h"

struct _QsDoctorDialog {
  GtkDialog parent;
  GtkStack *stack;
  GtkLabel *progress;
  GtkLabel *headline;
  GtkListBox *browsers;
  GtkLabel *causes_title;
  QsFindingList *causes;
  GtkListBox *conditions;
  GtkButton *show_runs;
  QsSession *session;
  QsDoctor *doctor;
};

G_DEFINE_FINAL_TYPE (QsDoctorDialog, qs_doctor_dialog, GTK_TYPE_DIALOG)

/* One shape each: colour is never alone. */
typedef struct {
  const char *icon_name;
  const char *css_class;
  const char *words;
} Sign;

static const Sign answer_signs[] = {
  [QS_ANSWER_NO] = { "dialog-error-symbolic", "qs-error", N_ ("No") },
  [QS_ANSWER_YES] = { "emblem-ok-symbolic", "qs-ok", N_ ("Yes") },
  [QS_ANSWER_UNTOLD] = { "dialog-question-symbolic", "qs-neutral", N_ ("Not known") },
};

static const Sign ruling_signs[] = {
  [QS_RULING_SKIPPED] = { "content-loading-symbolic", "qs-pending", N_ ("Not reached") },
  [QS_RULING_OK] = { "emblem-ok-symbolic", "qs-ok", N_ ("Met") },
  [QS_RULING_WARN] = { "dialog-warning-symbolic", "qs-warning-icon", N_ ("Warning") },
  [QS_RULING_UNKNOWN] = { "dialog-question-symbolic", "qs-neutral", N_ ("Not known") },
  [QS_RULING_FAIL] = { "dialog-error-symbolic", "qs-error", N_ ("Not met") },
};

/* --- Rows --- */

static GtkWidget *
make_label (const char *text, const char *css_class)
{
  GtkWidget *label =
      g_object_new (GTK_TYPE_LABEL, "label", text, "xalign", 0.0f, "wrap", TRUE, "wrap-mode", PANGO_WRAP_WORD_CHAR,
                    "width-chars", 20, "max-width-chars", 70, "hexpand", TRUE, "visible", TRUE, NULL);

  gtk_style_context_add_class (gtk_widget_get_style_context (label), css_class);
  return label;
}

static void
dim (GtkWidget *label)
{
  gtk_style_context_add_class (gtk_widget_get_style_context (label), GTK_STYLE_CLASS_DIM_LABEL);
}

/* An icon, and lines beside it; a line that is NULL is left out. */
static void
add_row (GtkListBox *list, const Sign *sign, const char *title, const char *text, const char *small)
{
  GtkWidget *row =
      g_object_new (GTK_TYPE_LIST_BOX_ROW, "activatable", FALSE, "selectable", FALSE, "visible", TRUE, NULL);
  GtkWidget *grid = g_object_new (GTK_TYPE_GRID, "column-spacing", 12, "row-spacing", 3, "visible", TRUE, NULL);
  GtkWidget *icon = gtk_image_new_from_icon_name (sign->icon_name, GTK_ICON_SIZE_BUTTON);
  g_autofree char *name =
      g_strdup_printf ("%s: %s. %s %s", title, _ (sign->words), text != NULL ? text : "", small != NULL ? small : "");
  int line = 0;

  g_object_set (icon, "valign", GTK_ALIGN_START, "margin-top", 2, "visible", TRUE, "tooltip-text", _ (sign->words),
                NULL);
  gtk_style_context_add_class (gtk_widget_get_style_context (icon), sign->css_class);
  gtk_grid_attach (GTK_GRID (grid), icon, 0, 0, 1, 1);
  gtk_grid_attach (GTK_GRID (grid), make_label (title, text != NULL ? "qs-heading" : "qs-body"), 1, line++, 1, 1);
  if (text != NULL)
    gtk_grid_attach (GTK_GRID (grid), make_label (text, "qs-body"), 1, line++, 1, 1);
  if (small != NULL)
    {
      GtkWidget *label = make_label (small, "qs-caption");
      dim (label);
      gtk_grid_attach (GTK_GRID (grid), label, 1, line, 1, 1);
    }
  gtk_container_add (GTK_CONTAINER (row), grid);
  gtk_style_context_add_class (gtk_widget_get_style_context (row), "qs-row");
  atk_object_set_name (gtk_widget_get_accessible (row), name);
  gtk_container_add (GTK_CONTAINER (list), row);
}

static char *
sentence (const char *words)
{
  return g_strdup_printf (_ ("It %s"), words);
}

static void
show_browsers (QsDoctorDialog *self, const QsDoctorReport *report)
{
  for (guint b = 0; b < QS_N_BROWSERS; b++)
    {
      const QsBrowserVerdict *verdict = &report->verdicts[b];
      const char *source = verdict->condition >= 0 ? report->rulings[verdict->condition][b].source : NULL;
      const char *note = qs_doctor_report_get_note (report, b);
      g_autofree char *text = sentence (verdict->words);
      g_autofree char *small = source != NULL && note != NULL ? g_strdup_printf ("%s\n%s", _ (note), source)
                                                              : g_strdup (note != NULL ? _ (note) : source);
      add_row (self->browsers, &answer_signs[verdict->uses_http3], verdict->browser->name, text, small);
    }
}

/* A cause is told as findings are. Its packets are of other runs than the one below: their numbers stand in words. */
static QsFinding *
finding_of (const QsDoctorReport *report, const QsDoctorCause *cause)
{
  const QsCondition *condition = &qs_conditions[cause->condition];
  const QsRuling *ruling = &report->rulings[cause->condition][cause->browser];
  QsFinding *finding = g_new0 (QsFinding, 1);
  g_autofree char *kept = qs_doctor_report_dup_kept (report, cause);
  GPtrArray *tries = g_ptr_array_new ();

  finding->id = condition->id;
  finding->severity = *kept != '\0' ? QS_SEVERITY_ERROR : QS_SEVERITY_WARNING;
  finding->certainty = ruling->certainty;
  finding->who = ruling->who;
  finding->title = g_strdup (_ (condition->failed));
  g_autofree char *keeps = *kept != '\0' ? g_strdup_printf (_ ("It keeps away %s."), kept)
                                         : g_strdup (_ ("It comes to that once what stands before it is mended."));
  finding->detail = g_strdup_printf ("%s %s", keeps, ruling->detail != NULL ? ruling->detail : "");
  finding->reference = condition->reference;
  finding->packet = -1;
  finding->evidence = qs_doctor_ruling_dup_evidence (ruling);
  for (guint i = 0; i < ruling->tries->len; i++)
    g_ptr_array_add (tries, g_strdup (ruling->tries->pdata[i]));
  g_ptr_array_add (tries, NULL);
  finding->tries = (char **) g_ptr_array_free (tries, FALSE);
  return finding;
}

static void
show_causes (QsDoctorDialog *self, const QsDoctorReport *report)
{
  g_autoptr (GPtrArray) findings = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_finding_free);

  for (guint i = 0; i < report->causes->len; i++)
    g_ptr_array_add (findings, finding_of (report, &g_array_index (report->causes, QsDoctorCause, i)));
  qs_finding_list_set_findings (self->causes, findings);
  gtk_widget_set_visible (GTK_WIDGET (self->causes), findings->len > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->causes_title), findings->len > 0);
}

static void
show_conditions (QsDoctorDialog *self, const QsDoctorReport *report)
{
  for (guint c = 0; c < qs_conditions_n (); c++)
    {
      const QsRuling *worst = qs_doctor_report_get_worst (report, c);
      gboolean odd = worst->kind == QS_RULING_WARN || worst->kind == QS_RULING_UNKNOWN;
      add_row (self->conditions, &ruling_signs[worst->kind], _ (qs_conditions[c].title), NULL,
               odd ? (worst->detail != NULL ? worst->detail : _ (qs_conditions[c].failed)) : NULL);
    }
}

/* --- Course --- */

static void
progress_cb (QsDoctor *doctor, const char *text, QsDoctorDialog *self)
{
  gtk_label_set_text (self->progress, text);
}

static void
finished_cb (QsDoctor *doctor, QsDoctorDialog *self)
{
  const QsDoctorReport *report = qs_doctor_get_report (doctor);
  g_autofree char *headline = qs_doctor_report_dup_headline (report);

  gtk_label_set_text (self->headline, headline);
  show_browsers (self, report);
  show_causes (self, report);
  show_conditions (self, report);
  gtk_stack_set_visible_child_name (self->stack, "result");
  gtk_widget_set_sensitive (GTK_WIDGET (self->show_runs), TRUE);
}

static void
show_runs_cb (QsDoctorDialog *self)
{
  for (guint i = 0; i < qs_doctor_get_n_runs (self->doctor); i++)
    {
      g_autoptr (QsRun) run = qs_run_new_for_probe (qs_doctor_get_run_probe (self->doctor, i));
      qs_session_add_run (self->session, run);
    }
  gtk_widget_destroy (GTK_WIDGET (self));
}

static void
qs_doctor_dialog_dispose (GObject *object)
{
  QsDoctorDialog *self = QS_DOCTOR_DIALOG (object);

  if (self->doctor != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->doctor, self);
      if (!qs_doctor_get_finished (self->doctor))
        qs_doctor_stop (self->doctor);
    }
  g_clear_object (&self->doctor);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (qs_doctor_dialog_parent_class)->dispose (object);
}

static void
qs_doctor_dialog_class_init (QsDoctorDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_doctor_dialog_dispose;
  g_type_ensure (QS_TYPE_FINDING_LIST);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-doctor-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, QsDoctorDialog, stack);
  gtk_widget_class_bind_template_child (widget_class, QsDoctorDialog, progress);
  gtk_widget_class_bind_template_child (widget_class, QsDoctorDialog, headline);
  gtk_widget_class_bind_template_child (widget_class, QsDoctorDialog, browsers);
  gtk_widget_class_bind_template_child (widget_class, QsDoctorDialog, causes_title);
  gtk_widget_class_bind_template_child (widget_class, QsDoctorDialog, causes);
  gtk_widget_class_bind_template_child (widget_class, QsDoctorDialog, conditions);
  gtk_widget_class_bind_template_child (widget_class, QsDoctorDialog, show_runs);
  gtk_widget_class_bind_template_callback (widget_class, show_runs_cb);
}

static void
qs_doctor_dialog_init (QsDoctorDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  qs_help_bind (GTK_WINDOW (self), "why-not-h3");
}

gboolean
qs_doctor_dialog_fits (QsRun *run)
{
  g_return_val_if_fail (QS_IS_RUN (run), FALSE);

  QsProbe *probe = qs_run_get_probe (run);
  return probe != NULL && qs_target_is_https (qs_probe_get_target (probe));
}

void
qs_doctor_dialog_show (GtkWindow *parent, QsSession *session, QsRun *run)
{
  g_return_if_fail (GTK_IS_WINDOW (parent) && QS_IS_SESSION (session) && qs_doctor_dialog_fits (run));

  QsProbe *probe = qs_run_get_probe (run);
  QsTarget *target = qs_probe_get_target (probe);
  QsDoctorDialog *self = g_object_new (QS_TYPE_DOCTOR_DIALOG, "use-header-bar", 1, "transient-for", parent, NULL);
  g_autofree char *asking =
      g_strdup_printf (_ ("Asking %s over TCP and QUIC, and the DNS. It takes ten seconds at the most."),
                       qs_target_get_display_host (target));
  g_autoptr (GError) error = NULL;

  self->session = g_object_ref (session);
  self->doctor = qs_doctor_new (target, FALSE, qs_probe_get_options (probe));
  gtk_label_set_text (self->progress, asking);
  g_signal_connect (self, "response", G_CALLBACK (gtk_widget_destroy), NULL);
  g_signal_connect (self->doctor, "progress", G_CALLBACK (progress_cb), self);
  g_signal_connect (self->doctor, "finished", G_CALLBACK (finished_cb), self);
  if (!qs_doctor_start (self->doctor, &error))
    {
      gtk_label_set_text (self->progress, error->message);
      g_signal_handlers_disconnect_by_data (self->doctor, self);
      g_clear_object (&self->doctor);
      gtk_stack_set_visible_child_name (self->stack, "running");
    }
  gtk_window_present (GTK_WINDOW (self));
}
