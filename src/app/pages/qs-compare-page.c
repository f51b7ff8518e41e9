/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-compare-page.h"

#include <string.h>

#include "app/widgets/qs-copy.h"
#include "app/widgets/qs-empty-state.h"
#include "app/widgets/qs-file-dialog.h"
#include "app/widgets/qs-overlay-view.h"
#include "app/widgets/qs-saved-strip.h"
#include "app/widgets/qs-sequence-view.h"
#include "app/widgets/qs-wrap-box.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-file-writer.h"
#include "report/qs-html-comparison.h"

#define AGAIN_MS 250 /* runs that go on are compared so often at most */

/* A table's model: what its columns show, then what a pointer is told of the row (markup), then whose it is. */
#define MOST_COLUMNS (2 * QS_COMPARISON_MOST)
enum { COLUMN_TOOLTIP = MOST_COLUMNS, COLUMN_OF, N_COLUMNS };

struct _QsComparePage {
  QsPage parent;
  GtkStack *stack, *parts;
  GtkLabel *headline, *more, *error, *no_findings;
  GtkGrid *verdicts;
  GtkTreeView *steps, *facts, *findings;
  GtkWidget *findings_frame;
  GtkContainer *sequences;
  QsOverlayView *overlay;

  QsCompared *compared;
  guint n; /* that columns and sequences are made for */
  QsSequenceView *views[QS_COMPARISON_MOST];
  GPtrArray *runs; /* QsRun that are followed */
  guint again_id;
  gboolean dirty; /* while it is not on the screen */
  guint n_saving;
};

G_DEFINE_FINAL_TYPE (QsComparePage, qs_compare_page, QS_TYPE_PAGE)

static void
show_error (QsComparePage *self, const char *message)
{
  gtk_label_set_text (self->error, message != NULL ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), message != NULL);
}

/* --- Names --- */

/* As the sentences call them. */
static char *
dup_short_name (guint of, guint n)
{
  if (of == 0)
    return g_strdup (_ ("This one"));
  return n == 2 ? g_strdup (_ ("The other one")) : g_strdup_printf (_ ("Run %u"), of + 1);
}

static char *
dup_long_name (QsRun *run)
{
  g_autofree char *time = g_date_time_format (qs_run_get_started (run), "%H:%M:%S");

  return g_strdup_printf ("%s · %s", qs_run_get_title (run), time);
}

/* --- Tables --- */

static void
clear_table (GtkTreeView *view)
{
  for (guint i = gtk_tree_view_get_n_columns (view); i > 0; i--)
    gtk_tree_view_remove_column (view, gtk_tree_view_get_column (view, (int) i - 1));
}

static void
add_column (GtkTreeView *view, const char *title, gboolean number, gboolean wide)
{
  GtkCellRenderer *cell = gtk_cell_renderer_text_new ();
  guint i = gtk_tree_view_get_n_columns (view);
  GtkTreeViewColumn *column = gtk_tree_view_column_new_with_attributes (title, cell, "text", (int) i, NULL);
  float align = number ? 1 : 0;

  g_object_set (cell, "xalign", align, "xpad", 6, "ypad", 3, NULL);
  if (wide)
    g_object_set (cell, "ellipsize", PANGO_ELLIPSIZE_END, "width-chars", 14, NULL);
  gtk_tree_view_column_set_alignment (column, align);
  gtk_tree_view_column_set_expand (column, wide);
  gtk_tree_view_append_column (view, column);
}

static GtkListStore *
ensure_store (GtkTreeView *view)
{
  GType types[N_COLUMNS];

  if (gtk_tree_view_get_model (view) != NULL)
    return GTK_LIST_STORE (gtk_tree_view_get_model (view));
  for (guint i = 0; i < N_COLUMNS; i++)
    types[i] = i == COLUMN_OF ? G_TYPE_UINT : G_TYPE_STRING;
  g_autoptr (GtkListStore) store = gtk_list_store_newv (N_COLUMNS, types);
  gtk_tree_view_set_model (view, GTK_TREE_MODEL (store));
  gtk_tree_view_set_tooltip_column (view, COLUMN_TOOLTIP);
  return store; /* the view holds it */
}

/* Columns for so many runs, where there were others. */
static void
make_columns (QsComparePage *self, guint n)
{
  clear_table (self->steps);
  clear_table (self->facts);
  clear_table (self->findings);
  add_column (self->steps, _ ("Step"), FALSE, TRUE);
  add_column (self->facts, _ ("Fact"), FALSE, FALSE);
  for (guint of = 0; of < n; of++)
    {
      g_autofree char *name = dup_short_name (of, n);
      add_column (self->steps, name, TRUE, FALSE);
      if (of > 0)
        add_column (self->steps, _ ("Difference"), TRUE, FALSE);
      add_column (self->facts, name, FALSE, TRUE);
    }
  add_column (self->findings, _ ("Run"), FALSE, FALSE);
  add_column (self->findings, _ ("Severity"), FALSE, FALSE);
  add_column (self->findings, _ ("Finding"), FALSE, TRUE);
}

/* Takes the texts; of: whose row it is. */
static void
add_row (GtkTreeView *view, guint of, const char *tooltip, const char *const *texts, guint n)
{
  GtkListStore *store = ensure_store (view);
  g_autofree char *markup = g_markup_escape_text (tooltip, -1);
  GtkTreeIter iter;

  gtk_list_store_insert_with_values (store, &iter, -1, COLUMN_TOOLTIP, markup, COLUMN_OF, of, -1);
  for (guint i = 0; i < n; i++)
    gtk_list_store_set (store, &iter, (int) i, texts[i] != NULL ? texts[i] : "–", -1);
}

static void
show_steps (QsComparePage *self, QsComparison *comparison)
{
  GPtrArray *steps = qs_comparison_get_steps (comparison);

  gtk_list_store_clear (ensure_store (self->steps));
  for (guint i = 0; i < steps->len; i++)
    {
      const QsComparedStep *step = steps->pdata[i];
      g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (texts, g_strdup (step->title));
      for (guint of = 0; of < self->n; of++)
        {
          char *difference = of > 0 ? qs_compared_step_dup_difference (step, of) : NULL;
          g_ptr_array_add (texts, step->time[of] >= 0 ? qs_text_duration (step->time[of]) : NULL);
          if (of > 0)
            g_ptr_array_add (texts, difference != NULL ? difference : g_strdup (""));
        }
      add_row (self->steps, 0, step->title, (const char *const *) texts->pdata, texts->len);
    }
}

static void
show_facts (QsComparePage *self, QsComparison *comparison)
{
  GPtrArray *facts = qs_comparison_get_facts (comparison);

  gtk_list_store_clear (ensure_store (self->facts));
  for (guint i = 0; i < facts->len; i++)
    {
      const QsComparedFact *fact = facts->pdata[i];
      const char *texts[1 + QS_COMPARISON_MOST] = { fact->label };
      g_autoptr (GString) tooltip = g_string_new (fact->label);
      for (guint of = 0; of < self->n; of++)
        {
          g_autofree char *name = dup_short_name (of, self->n);
          texts[1 + of] = fact->value[of];
          g_string_append_printf (tooltip, "\n%s: %s", name, fact->value[of] != NULL ? fact->value[of] : "–");
        }
      add_row (self->facts, 0, tooltip->str, texts, 1 + self->n);
    }
}

static void
show_findings (QsComparePage *self, QsComparison *comparison)
{
  guint n_findings = 0;

  gtk_list_store_clear (ensure_store (self->findings));
  for (guint of = 0; of < self->n; of++)
    {
      GPtrArray *findings = qs_comparison_get_findings (comparison, of);
      g_autofree char *name = dup_short_name (of, self->n);
      for (guint i = 0; i < findings->len; i++, n_findings++)
        {
          const QsFinding *finding = findings->pdata[i];
          const char *const texts[] = { name, qs_severity_title (finding->severity), finding->title };
          g_autofree char *tooltip = g_strdup_printf ("%s\n%s", finding->title, finding->detail);
          add_row (self->findings, of, tooltip, texts, G_N_ELEMENTS (texts));
        }
    }
  gtk_widget_set_visible (self->findings_frame, n_findings > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->no_findings), n_findings == 0);
}

/* The run that has it, where it is told in full. */
static void
finding_activated_cb (QsComparePage *self, GtkTreePath *path)
{
  GtkTreeModel *model = gtk_tree_view_get_model (self->findings);
  QsSession *session = qs_page_get_session (QS_PAGE (self));
  GtkTreeIter iter;
  guint of;

  if (!gtk_tree_model_get_iter (model, &iter, path))
    return;
  gtk_tree_model_get (model, &iter, COLUMN_OF, &of, -1);
  if (of >= qs_compared_get_n (self->compared))
    return;
  qs_session_set_run (session, qs_compared_get_run (self->compared, of));
  qs_session_show_page (session, "overview");
}

/* --- Verdicts --- */

static GtkWidget *
make_label (const char *text, const char *css_class)
{
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", text, "xalign", 0.0f, "yalign", 0.0f, "wrap", TRUE,
                                   "wrap-mode", PANGO_WRAP_WORD_CHAR, "visible", TRUE, NULL);

  gtk_style_context_add_class (gtk_widget_get_style_context (label), css_class);
  return label;
}

static void
show_verdicts (QsComparePage *self)
{
  gtk_container_foreach (GTK_CONTAINER (self->verdicts), (GtkCallback) (void (*) (void)) gtk_widget_destroy, NULL);
  for (guint of = 0; of < self->n; of++)
    {
      QsRun *run = qs_compared_get_run (self->compared, of);
      QsRunStatus status = qs_run_get_status (run);
      g_autofree char *name = dup_short_name (of, self->n);
      g_autofree char *long_name = dup_long_name (run);
      GtkWidget *icon = gtk_image_new_from_icon_name (qs_run_status_icon_name (status), GTK_ICON_SIZE_BUTTON);
      GtkWidget *verdict = make_label (qs_run_get_verdict (run), "qs-compared");
      gtk_style_context_add_class (gtk_widget_get_style_context (icon), qs_run_status_css_class (status));
      gtk_widget_set_valign (icon, GTK_ALIGN_START);
      gtk_widget_show (icon);
      g_object_set (verdict, "hexpand", TRUE, "width-chars", 20, NULL);
      GtkWidget *caption = make_label (long_name, GTK_STYLE_CLASS_DIM_LABEL);
      g_object_set (caption, "ellipsize", PANGO_ELLIPSIZE_MIDDLE, "tooltip-text", long_name, NULL);
      gtk_grid_attach (self->verdicts, icon, 0, (int) (2 * of), 1, 1);
      gtk_grid_attach (self->verdicts, make_label (name, "qs-heading"), 1, (int) (2 * of), 1, 1);
      gtk_grid_attach (self->verdicts, verdict, 2, (int) (2 * of), 1, 1);
      gtk_grid_attach (self->verdicts, caption, 2, (int) (2 * of + 1), 1, 1);
    }
}

/* --- Pictures --- */

static GtkWidget *
make_sequence (QsComparePage *self, guint of)
{
  QsRun *run = qs_compared_get_run (self->compared, of);
  g_autofree char *name = dup_long_name (run);
  g_autofree char *short_name = dup_short_name (of, self->n);
  g_autofree char *accessible = g_strdup_printf (_ ("Sequence diagram: %s"), short_name);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 3), *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);
  GtkWidget *caption = make_label (name, GTK_STYLE_CLASS_DIM_LABEL);
  QsSequenceView *view = g_object_new (QS_TYPE_SEQUENCE_VIEW, "hexpand", TRUE, "vexpand", TRUE, NULL);
  GtkAdjustment *adjustment = qs_sequence_view_get_adjustment (view);

  self->views[of] = view;
  g_object_set (caption, "ellipsize", PANGO_ELLIPSIZE_MIDDLE, "margin", 6, "tooltip-text", name, NULL);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (view)), accessible);
  gtk_container_add (GTK_CONTAINER (row), GTK_WIDGET (view));
  gtk_container_add (GTK_CONTAINER (row), gtk_scrollbar_new (GTK_ORIENTATION_VERTICAL, adjustment));
  gtk_container_add (GTK_CONTAINER (box), caption);
  gtk_container_add (GTK_CONTAINER (box), row);
  /* One moment stands at one height: they scroll together. */
  if (of > 0)
    g_object_bind_property (qs_sequence_view_get_adjustment (self->views[0]), "value", adjustment, "value",
                            G_BINDING_BIDIRECTIONAL);
  gtk_widget_show_all (box);
  return box;
}

static void
make_sequences (QsComparePage *self)
{
  gtk_container_foreach (self->sequences, (GtkCallback) (void (*) (void)) gtk_widget_destroy, NULL);
  memset (self->views, 0, sizeof self->views);
  for (guint of = 0; of < self->n; of++)
    gtk_container_add (self->sequences, make_sequence (self, of));
}

static void
show_sequences (QsComparePage *self)
{
  QsTrace *traces[QS_COMPARISON_MOST];

  for (guint of = 0; of < self->n; of++)
    traces[of] = qs_run_get_trace (qs_compared_get_run (self->compared, of));
  double scale = qs_sequence_get_common_scale (traces, self->n);
  for (guint of = 0; of < self->n; of++)
    {
      qs_sequence_view_set_scale (self->views[of], scale);
      qs_sequence_view_set_to_scale (self->views[of], TRUE);
      qs_sequence_view_set_trace (self->views[of], traces[of]);
    }
}

static void
show_charts (QsComparePage *self, QsComparison *comparison)
{
  QsTrace *traces[QS_COMPARISON_MOST];
  gint64 starts[QS_COMPARISON_MOST];
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint of = 0; of < self->n; of++)
    {
      QsRun *run = qs_compared_get_run (self->compared, of);
      g_autofree char *short_name = dup_short_name (of, self->n);
      g_autofree char *name = dup_long_name (run);
      traces[of] = qs_run_get_trace (run);
      starts[of] = qs_comparison_get_start (comparison, of);
      g_ptr_array_add (names, g_strdup_printf ("%s: %s", short_name, name));
    }
  qs_overlay_view_set_traces (self->overlay, traces, starts, (const char *const *) names->pdata, self->n);
}

/* --- All of it --- */

static void
show_headlines (QsComparePage *self, QsComparison *comparison)
{
  g_autoptr (GString) more = g_string_new (NULL);

  gtk_label_set_text (self->headline, qs_comparison_get_headline (comparison));
  for (guint of = 2; of < self->n; of++)
    {
      g_autofree char *name = dup_short_name (of, self->n);
      g_string_append_printf (more, "%s%s: %s", more->len > 0 ? "\n" : "", name,
                              qs_comparison_get_headline_of (comparison, of));
    }
  gtk_label_set_text (self->more, more->str);
  gtk_widget_set_visible (GTK_WIDGET (self->more), more->len > 0);
}

/* What is not looked at costs nothing. */
static void
show_part (QsComparePage *self, QsComparison *comparison)
{
  const char *part = gtk_stack_get_visible_child_name (self->parts);

  if (g_strcmp0 (part, "sequences") == 0)
    show_sequences (self);
  else if (g_strcmp0 (part, "charts") == 0)
    show_charts (self, comparison);
  else
    {
      show_verdicts (self);
      show_steps (self, comparison);
      show_facts (self, comparison);
      show_findings (self, comparison);
    }
}

static void
update (QsComparePage *self)
{
  g_autoptr (QsComparison) comparison = qs_compared_dup_comparison (self->compared);

  self->dirty = FALSE;
  gtk_stack_set_visible_child_name (self->stack, comparison != NULL ? "content" : "empty");
  if (comparison == NULL)
    return;
  show_headlines (self, comparison);
  show_part (self, comparison);
}

static void
part_cb (QsComparePage *self)
{
  g_autoptr (QsComparison) comparison = self->compared != NULL ? qs_compared_dup_comparison (self->compared) : NULL;

  if (comparison != NULL)
    show_part (self, comparison);
}

static gboolean
again_cb (gpointer data)
{
  QsComparePage *self = data;

  self->again_id = 0;
  update (self);
  return G_SOURCE_REMOVE;
}

/* What is over is told of at once. */
static void
run_changed_cb (QsComparePage *self, QsRun *run)
{
  gboolean goes_on = qs_run_is_active (run) || qs_run_is_reading (run);

  self->dirty = TRUE;
  if (!gtk_widget_get_mapped (GTK_WIDGET (self)))
    return;
  if (!goes_on)
    g_clear_handle_id (&self->again_id, g_source_remove);
  if (self->again_id == 0)
    self->again_id = g_timeout_add_full (G_PRIORITY_HIGH_IDLE, goes_on ? AGAIN_MS : 0, again_cb, self, NULL);
}

static void
unfollow (gpointer data, gpointer self)
{
  g_signal_handlers_disconnect_by_data (data, self);
}

static void
compared_cb (QsComparePage *self)
{
  guint n = qs_compared_get_n (self->compared);

  g_ptr_array_foreach (self->runs, unfollow, self);
  g_ptr_array_set_size (self->runs, 0);
  for (guint of = 0; of < n; of++)
    {
      QsRun *run = qs_compared_get_run (self->compared, of);
      g_ptr_array_add (self->runs, g_object_ref (run));
      g_signal_connect_swapped (run, "changed", G_CALLBACK (run_changed_cb), self);
    }
  show_error (self, NULL);
  if (n != self->n)
    make_columns (self, n);
  self->n = n;
  make_sequences (self);
  self->dirty = TRUE;
  if (gtk_widget_get_mapped (GTK_WIDGET (self)))
    update (self);
}

/* Who comes here and has chosen none sees the run that is shown beside one that it is well held against. */
static void
choose (QsComparePage *self)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));
  QsRun *run = qs_session_get_run (session);
  QsRun *other = run != NULL ? qs_compared_find_other (self->compared, run, FALSE) : NULL;

  if (qs_compared_get_n (self->compared) == 0 && other != NULL)
    qs_compared_set (self->compared, (QsRun *[]){ run, other }, 2);
}

static void
qs_compare_page_run_changed (QsPage *page, QsRun *run)
{
  choose (QS_COMPARE_PAGE (page));
}

static void
qs_compare_page_map (GtkWidget *widget)
{
  QsComparePage *self = QS_COMPARE_PAGE (widget);

  GTK_WIDGET_CLASS (qs_compare_page_parent_class)->map (widget);
  if (self->compared == NULL)
    return;
  choose (self);
  if (self->dirty)
    update (self);
}

/* --- Saving --- */

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsSaved) saved = data;
  QsComparePage *self = saved->widget;
  g_autoptr (GError) error = NULL;

  self->n_saving--;
  if (qs_html_comparison_write_finish (result, &error))
    qs_saved_tell (saved->widget, saved->path);
  show_error (self, error != NULL ? error->message : NULL);
}

void
qs_compare_page_save (QsComparePage *self, const char *path)
{
  g_return_if_fail (QS_IS_COMPARE_PAGE (self) && path != NULL);

  g_autoptr (QsComparison) comparison = qs_compared_dup_comparison (self->compared);
  QsStudy *studies[QS_COMPARISON_MOST];

  if (comparison == NULL)
    return;
  if (!g_str_has_suffix (path, ".json"))
    {
      for (guint of = 0; of < qs_comparison_get_n (comparison); of++)
        studies[of] = qs_comparison_get_study (comparison, of);
      self->n_saving++;
      qs_html_comparison_write_async (studies, qs_comparison_get_n (comparison), path, saved_cb,
                                      qs_saved_new (self, path));
      return;
    }
  g_autoptr (GError) error = NULL;
  g_autofree char *text = qs_comparison_to_json_text (comparison);
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  if (qs_file_write (path, 0666, line, strlen (line), &error))
    qs_saved_tell (GTK_WIDGET (self), path);
  show_error (self, error != NULL ? error->message : NULL);
}

void
qs_compare_page_ask_save (QsComparePage *self)
{
  g_return_if_fail (QS_IS_COMPARE_PAGE (self));

  if (qs_compared_get_n (self->compared) == 0)
    return;
  g_autofree char *name = qs_run_dup_file_name (qs_compared_get_run (self->compared, 0), "-compared.html");
  g_autofree char *path =
      qs_file_dialog_save (GTK_WIDGET (self), _ ("Save what differs: .html or .json by the name"), name);
  if (path != NULL)
    qs_compare_page_save (self, path);
}

guint
qs_compare_page_get_n_saving (QsComparePage *self)
{
  g_return_val_if_fail (QS_IS_COMPARE_PAGE (self), 0);
  return self->n_saving;
}

/* --- The page --- */

static void
qs_compare_page_session_set (QsPage *page, QsSession *session)
{
  QsComparePage *self = QS_COMPARE_PAGE (page);

  self->compared = g_object_ref (qs_session_get_compared (session));
  g_signal_connect_object (self->compared, "changed", G_CALLBACK (compared_cb), self, G_CONNECT_SWAPPED);
}

static GtkWidget *
qs_compare_page_get_content (QsPage *page)
{
  QsComparePage *self = QS_COMPARE_PAGE (page);
  const char *part = gtk_stack_get_visible_child_name (self->parts);

  if (g_strcmp0 (part, "sequences") == 0 && self->views[0] != NULL)
    return GTK_WIDGET (self->views[0]);
  return GTK_WIDGET (self->steps);
}

static void
qs_compare_page_dispose (GObject *object)
{
  QsComparePage *self = QS_COMPARE_PAGE (object);

  g_clear_handle_id (&self->again_id, g_source_remove);
  if (self->runs != NULL)
    g_ptr_array_foreach (self->runs, unfollow, self);
  g_clear_pointer (&self->runs, g_ptr_array_unref);
  g_clear_object (&self->compared);
  G_OBJECT_CLASS (qs_compare_page_parent_class)->dispose (object);
}

static void
qs_compare_page_class_init (QsComparePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_compare_page_dispose;
  widget_class->map = qs_compare_page_map;
  QS_PAGE_CLASS (klass)->session_set = qs_compare_page_session_set;
  QS_PAGE_CLASS (klass)->run_changed = qs_compare_page_run_changed;
  QS_PAGE_CLASS (klass)->get_content = qs_compare_page_get_content;

  g_type_ensure (QS_TYPE_EMPTY_STATE);
  g_type_ensure (QS_TYPE_OVERLAY_VIEW);
  g_type_ensure (QS_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-compare-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, parts);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, headline);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, more);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, error);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, no_findings);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, verdicts);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, steps);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, facts);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, findings);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, findings_frame);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, sequences);
  gtk_widget_class_bind_template_child (widget_class, QsComparePage, overlay);
  gtk_widget_class_bind_template_callback (widget_class, qs_compare_page_ask_save);
  gtk_widget_class_bind_template_callback (widget_class, part_cb);
  gtk_widget_class_bind_template_callback (widget_class, finding_activated_cb);
}

static void
qs_compare_page_init (QsComparePage *self)
{
  self->runs = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));
  qs_copy_enable (GTK_WIDGET (self->steps));
  qs_copy_enable (GTK_WIDGET (self->facts));
  qs_copy_enable (GTK_WIDGET (self->findings));
}
