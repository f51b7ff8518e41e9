/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-step-list.h"

#include "app/widgets/qs-copy.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-summary.h"

struct _QsStepList {
  GtkListBox parent;
  GPtrArray *steps; /* QsStep, those that were set */
  gint64 until;
};

G_DEFINE_FINAL_TYPE (QsStepList, qs_step_list, GTK_TYPE_LIST_BOX)

/* Hangs on its row, by the row's data. */
typedef struct {
  GtkImage *icon;
  GtkLabel *title;
  GtkLabel *detail;
  GtkLabel *time;
  char *shown; /* what the row says, to see whether it has to change */
} Row;

static const struct {
  const char *icon_name;
  const char *css_class;
  const char *words;
} statuses[] = {
  [QS_STEP_PENDING] = { "radio-symbolic", "qs-pending", N_ ("not yet") },
  [QS_STEP_ACTIVE] = { "content-loading-symbolic", "qs-active", N_ ("waiting") },
  [QS_STEP_DONE] = { "emblem-ok-symbolic", "qs-ok", N_ ("done") },
  [QS_STEP_FAILED] = { "dialog-error-symbolic", "qs-error", N_ ("failed") },
};

static void
row_free (gpointer data)
{
  Row *row = data;

  g_free (row->shown);
  g_free (row);
}

static GtkWidget *
make_label (const char *css_class, gboolean wrap)
{
  GtkWidget *label =
      g_object_new (GTK_TYPE_LABEL, "xalign", 0.0f, "wrap", wrap, "wrap-mode", PANGO_WRAP_WORD_CHAR, "width-chars",
                    wrap ? 12 : -1, "max-width-chars", wrap ? 50 : -1, "visible", TRUE, NULL);

  if (css_class != NULL)
    gtk_style_context_add_class (gtk_widget_get_style_context (label), css_class);
  return label;
}

static GtkWidget *
make_row (void)
{
  Row *row = g_new0 (Row, 1);
  GtkWidget *list_row =
      g_object_new (GTK_TYPE_LIST_BOX_ROW, "activatable", FALSE, "selectable", FALSE, "visible", TRUE, NULL);
  GtkWidget *grid = g_object_new (GTK_TYPE_GRID, "column-spacing", 12, "visible", TRUE, NULL);

  row->icon = g_object_new (GTK_TYPE_IMAGE, "valign", GTK_ALIGN_START, "margin-top", 1, "visible", TRUE, NULL);
  row->title = GTK_LABEL (make_label (NULL, TRUE));
  gtk_widget_set_hexpand (GTK_WIDGET (row->title), TRUE);
  row->detail = GTK_LABEL (make_label (GTK_STYLE_CLASS_DIM_LABEL, TRUE));
  row->time = GTK_LABEL (make_label ("qs-number", FALSE));
  gtk_widget_set_valign (GTK_WIDGET (row->time), GTK_ALIGN_START);
  gtk_label_set_xalign (row->time, 1);

  gtk_grid_attach (GTK_GRID (grid), GTK_WIDGET (row->icon), 0, 0, 1, 2);
  gtk_grid_attach (GTK_GRID (grid), GTK_WIDGET (row->title), 1, 0, 1, 1);
  gtk_grid_attach (GTK_GRID (grid), GTK_WIDGET (row->detail), 1, 1, 1, 1);
  gtk_grid_attach (GTK_GRID (grid), GTK_WIDGET (row->time), 2, 0, 1, 2);
  gtk_container_add (GTK_CONTAINER (list_row), grid);
  gtk_style_context_add_class (gtk_widget_get_style_context (list_row), "qs-row");
  g_object_set_data_full (G_OBJECT (list_row), "qs-row", row, row_free);
  return list_row;
}

static void
set_status (Row *row, QsStepStatus status)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (row->icon));
  GtkStyleContext *title_style = gtk_widget_get_style_context (GTK_WIDGET (row->title));

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    gtk_style_context_remove_class (style, statuses[i].css_class);
  gtk_style_context_add_class (style, statuses[status].css_class);
  gtk_image_set_from_icon_name (row->icon, statuses[status].icon_name, GTK_ICON_SIZE_BUTTON);
  if (status == QS_STEP_PENDING)
    gtk_style_context_add_class (title_style, GTK_STYLE_CLASS_DIM_LABEL);
  else
    gtk_style_context_remove_class (title_style, GTK_STYLE_CLASS_DIM_LABEL);
}

/* A step as it stood at a moment. */
static QsStep
step_at (const QsStep *step, gint64 until, gboolean *waiting)
{
  QsStep then = *step;

  if (step->time < 0 || step->time <= until)
    return then;
  then.detail = NULL;
  then.time = -1;
  then.status = *waiting ? QS_STEP_PENDING : QS_STEP_ACTIVE;
  *waiting = TRUE;
  return then;
}

static void
fill_row (GtkWidget *list_row, const QsStep *step)
{
  Row *row = g_object_get_data (G_OBJECT (list_row), "qs-row");
  g_autofree char *time = step->time >= 0 ? qs_text_duration (step->time) : g_strdup ("");
  g_autoptr (GString) words = g_string_new (step->title);

  if (step->detail != NULL)
    g_string_append_printf (words, ", %s", step->detail);
  if (*time != '\0')
    g_string_append_printf (words, ", %s", time);
  g_string_append_printf (words, ", %s", _ (statuses[step->status].words));
  if (g_strcmp0 (words->str, row->shown) == 0)
    return;

  g_free (row->shown);
  row->shown = g_strdup (words->str);
  atk_object_set_name (gtk_widget_get_accessible (list_row), words->str);
  set_status (row, step->status);
  gtk_label_set_text (row->title, step->title);
  gtk_label_set_text (row->detail, step->detail != NULL ? step->detail : "");
  gtk_widget_set_visible (GTK_WIDGET (row->detail), step->detail != NULL);
  gtk_label_set_text (row->time, time);
}

static void
show_steps (QsStepList *self)
{
  GtkListBoxRow *row;
  guint n = self->steps != NULL ? self->steps->len : 0;
  gboolean waiting = FALSE;

  for (guint i = 0; i < n; i++)
    {
      row = gtk_list_box_get_row_at_index (GTK_LIST_BOX (self), (int) i);
      GtkWidget *widget = row != NULL ? GTK_WIDGET (row) : make_row ();
      if (row == NULL)
        gtk_container_add (GTK_CONTAINER (self), widget);
      const QsStep then = step_at (g_ptr_array_index (self->steps, i), self->until, &waiting);
      fill_row (widget, &then);
    }
  while ((row = gtk_list_box_get_row_at_index (GTK_LIST_BOX (self), (int) n)) != NULL)
    gtk_widget_destroy (GTK_WIDGET (row));
}

static void
qs_step_list_finalize (GObject *object)
{
  g_clear_pointer (&QS_STEP_LIST (object)->steps, g_ptr_array_unref);
  G_OBJECT_CLASS (qs_step_list_parent_class)->finalize (object);
}

static void
qs_step_list_class_init (QsStepListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_step_list_finalize;
}

static void
qs_step_list_init (QsStepList *self)
{
  self->until = G_MAXINT64;
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (self), GTK_SELECTION_NONE);
  qs_copy_enable (GTK_WIDGET (self));
}

GtkWidget *
qs_step_list_new (void)
{
  return g_object_new (QS_TYPE_STEP_LIST, "visible", TRUE, NULL);
}

void
qs_step_list_set_steps (QsStepList *self, GPtrArray *steps)
{
  g_return_if_fail (QS_IS_STEP_LIST (self) && steps != NULL);

  g_ptr_array_ref (steps);
  g_clear_pointer (&self->steps, g_ptr_array_unref);
  self->steps = steps;
  show_steps (self);
}

void
qs_step_list_set_until (QsStepList *self, gint64 until)
{
  g_return_if_fail (QS_IS_STEP_LIST (self));

  if (self->until == until)
    return;
  self->until = until;
  show_steps (self);
}
