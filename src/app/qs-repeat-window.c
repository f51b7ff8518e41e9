/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-repeat-window.h"

#include "app/qs-help.h"
#include "app/widgets/qs-empty-state.h"
#include "app/widgets/qs-file-dialog.h"
#include "app/widgets/qs-histogram-view.h"
#include "app/widgets/qs-saved-strip.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-file-writer.h"
#include "probe/qs-batch-csv.h"
#include "probe/qs-batch-json.h"
#include "probe/qs-batch-targets.h"
#include "probe/qs-batch.h"

#define MOST_BINS 16
#define FILE_MODE 0644

struct _QsRepeatWindow {
  GtkWindow parent;
  GtkWidget *start, *stop, *save;
  GtkEntry *targets;
  GtkSpinButton *runs, *parallel, *every;
  GtkLabel *error, *status;
  GtkProgressBar *progress;
  GtkStack *stack;
  GtkTreeView *table_view, *findings_view;
  GtkComboBox *time;
  QsHistogramView *histogram;

  QsWindow *window; /* borrowed: it is the parent, and outlives this */
  GtkListStore *table, *findings;
  QsBatch *batch;     /* NULL: none was begun */
  GPtrArray *results; /* QsBatchResult, as they settled */
};

G_DEFINE_FINAL_TYPE (QsRepeatWindow, qs_repeat_window, GTK_TYPE_WINDOW)

static const struct {
  const char *title;
  gboolean number;
} table_columns[] = {
  { N_ ("Target"), FALSE },       { N_ ("Runs"), TRUE },      { N_ ("Failed"), TRUE },
  { N_ ("Handshake p50"), TRUE }, { N_ ("p95"), TRUE },       { N_ ("First byte p50"), TRUE },
  { N_ ("p95"), TRUE },           { N_ ("Total p50"), TRUE }, { N_ ("p95"), TRUE },
};
static const struct {
  const char *title;
  gboolean number;
} findings_columns[] = {
  { N_ ("Runs"), TRUE },   { N_ ("Kind"), FALSE }, { N_ ("Finding"), FALSE },
  { N_ ("First"), FALSE }, { N_ ("Last"), FALSE },
};

static const QsBatchTime figured[] = { QS_BATCH_HANDSHAKE, QS_BATCH_FIRST_BYTE, QS_BATCH_TOTAL };

/* --- What is shown --- */

static void
show_error (QsRepeatWindow *self, const char *text)
{
  gtk_label_set_text (self->error, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), text != NULL);
}

static void
set_target_row (QsRepeatWindow *self, GtkTreeIter *iter, const char *name, QsBatchFigures *figures)
{
  g_autofree char *runs = g_strdup_printf ("%u", qs_batch_figures_get_n_judged (figures));
  g_autofree char *failed = g_strdup_printf ("%u", qs_batch_figures_get_n (figures, QS_BATCH_FAILED));

  gtk_list_store_set (self->table, iter, 0, name, 1, runs, 2, failed, -1);
  for (guint i = 0; i < G_N_ELEMENTS (figured); i++)
    {
      QsSpread spread;
      qs_batch_figures_get_spread (figures, figured[i], &spread);
      g_autofree char *middle = spread.n > 0 ? qs_text_duration (spread.p50) : g_strdup ("–");
      g_autofree char *high = spread.n > 0 ? qs_text_duration (spread.p95) : g_strdup ("–");
      gtk_list_store_set (self->table, iter, 3 + 2 * (int) i, middle, 4 + 2 * (int) i, high, -1);
    }
}

/* The rows stay, so that a selection does too. */
static void
show_table (QsRepeatWindow *self)
{
  GtkTreeModel *model = GTK_TREE_MODEL (self->table);
  guint n = qs_batch_get_n_targets (self->batch), n_rows = n > 1 ? n + 1 : n;
  GtkTreeIter iter;

  while (gtk_tree_model_iter_n_children (model, NULL) < (int) n_rows)
    gtk_list_store_append (self->table, &iter);
  gboolean there = gtk_tree_model_get_iter_first (model, &iter);
  for (guint i = 0; i < n_rows && there; i++, there = gtk_tree_model_iter_next (model, &iter))
    {
      g_autofree char *name = i < n ? qs_text_escape (qs_target_to_string (qs_batch_get_target (self->batch, i)), -1)
                                    : g_strdup (_ ("All"));
      set_target_row (self, &iter, name,
                      i < n ? qs_batch_get_figures (self->batch, i) : qs_batch_get_all_figures (self->batch));
    }
}

static char *
clock_text (gint64 us)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (us / G_USEC_PER_SEC);

  return date != NULL ? g_date_time_format (date, "%H:%M:%S") : g_strdup ("?");
}

static void
show_findings (QsRepeatWindow *self)
{
  static const char *const severities[] = { N_ ("Error"), N_ ("Warning"), N_ ("Note") };
  g_autoptr (GPtrArray) findings = qs_batch_figures_list_findings (qs_batch_get_all_figures (self->batch));
  GtkTreeModel *model = GTK_TREE_MODEL (self->findings);
  GtkTreeIter iter;

  while (gtk_tree_model_iter_n_children (model, NULL) < (int) findings->len)
    gtk_list_store_append (self->findings, &iter);
  gboolean there = gtk_tree_model_get_iter_first (model, &iter);
  for (guint i = 0; i < findings->len && there; i++, there = gtk_tree_model_iter_next (model, &iter))
    {
      const QsFindingCount *finding = findings->pdata[i];
      g_autofree char *n = g_strdup_printf ("%u", finding->n);
      g_autofree char *first = clock_text (finding->first);
      g_autofree char *last = clock_text (finding->last);
      gtk_list_store_set (self->findings, &iter, 0, n, 1, _ (severities[finding->severity]), 2, finding->title, 3,
                          first, 4, last, -1);
    }
}

static void
show_histogram (QsRepeatWindow *self)
{
  int chosen = gtk_combo_box_get_active (self->time);

  if (self->batch == NULL || chosen < 0)
    return;
  g_autoptr (GArray) bins =
      qs_batch_figures_make_histogram (qs_batch_get_all_figures (self->batch), figured[chosen], MOST_BINS);
  qs_histogram_view_set_bins (self->histogram, (const QsBin *) bins->data, bins->len);
}

static void
show_status (QsRepeatWindow *self)
{
  QsBatchFigures *all = qs_batch_get_all_figures (self->batch);
  guint planned = qs_batch_get_n_planned (self->batch), settled = qs_batch_get_n_settled (self->batch);
  gboolean busy = qs_batch_get_finished (self->batch) && qs_batch_get_busy (self->batch) >= QS_BATCH_BUSY;
  g_autofree char *text =
      g_strdup_printf (_ ("%u of %u runs: %u succeeded, %u failed%s"), settled, planned,
                       qs_batch_figures_get_n (all, QS_BATCH_OK), qs_batch_figures_get_n (all, QS_BATCH_FAILED),
                       qs_batch_get_stopped (self->batch) ? _ (", then it was stopped") : "");
  g_autofree char *whole =
      busy ? g_strconcat (text, ". ", _ ("Runs waited for each other here: fewer at once give truer times."), NULL)
           : g_steal_pointer (&text);

  gtk_label_set_text (self->status, whole);
  gtk_progress_bar_set_fraction (self->progress, (double) settled / planned);
}

static void
show_active (QsRepeatWindow *self)
{
  gboolean active = qs_repeat_window_is_active (self);
  GtkWidget *const fields[] = { GTK_WIDGET (self->targets), GTK_WIDGET (self->runs), GTK_WIDGET (self->parallel),
                                GTK_WIDGET (self->every) };

  gtk_widget_set_visible (self->start, !active);
  gtk_widget_set_visible (self->stop, active);
  gtk_widget_set_sensitive (self->save, self->results->len > 0 && !active);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    gtk_widget_set_sensitive (fields[i], !active);
}

static void
progress_cb (QsRepeatWindow *self)
{
  show_table (self);
  show_findings (self);
  show_histogram (self);
  show_status (self);
}

static void
settled_cb (QsRepeatWindow *self, QsBatchResult *result)
{
  g_ptr_array_add (self->results, qs_batch_result_ref (result));
}

static void
finished_cb (QsRepeatWindow *self)
{
  gboolean had_focus = gtk_widget_has_focus (self->stop);

  progress_cb (self);
  show_active (self);
  if (had_focus)
    gtk_widget_grab_focus (self->start);
}

/* --- What is asked for --- */

/* Separated by blanks. */
static GPtrArray *
read_targets (QsRepeatWindow *self, QsBatchTargets *targets, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (gtk_entry_get_text (self->targets), " \t", -1);

  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0' && !qs_batch_targets_add (targets, words[i], error))
      return NULL;
  if (qs_batch_targets_get (targets)->len > 0)
    return qs_batch_targets_get (targets);
  g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                       _ ("Type what to probe first, as https://example.org/ or quic://host:port."));
  return NULL;
}

static QsProbeOptions *
dup_options (QsRepeatWindow *self)
{
  QsProbeOptions *options = qs_window_dup_options (self->window);

  options->experiments = QS_EXPERIMENTS_NONE;
  g_clear_pointer (&options->tickets, qs_ticket_jar_unref); /* each run is new */
  return options;
}

/* Whoever types the lab's address means the lab: nobody else can vouch for it. */
static void
trust_lab (QsRepeatWindow *self, QsBatch *batch, const QsProbeOptions *options)
{
  QsLab *lab = qs_session_get_lab (qs_window_get_session (self->window));

  for (guint i = 0; options->ca_file == NULL && i < qs_batch_get_n_targets (batch); i++)
    {
      g_autoptr (QsProbeOptions) own = qs_probe_options_copy (options);
      if (!qs_lab_serves (lab, qs_batch_get_target (batch, i)))
        continue;
      qs_lab_fill_options (lab, own);
      qs_batch_set_options (batch, i, own);
    }
}

static gboolean
check_plan (const QsBatchPlan *plan, guint n, GError **error)
{
  if ((guint64) plan->repeat * n <= QS_REPEAT_MOST_RUNS)
    return qs_batch_plan_check (plan, n, error);
  g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
               _ ("These would be more than %u runs. For more, there is “quicprobe --repeat”."), QS_REPEAT_MOST_RUNS);
  return FALSE;
}

static void
drop_batch (QsRepeatWindow *self)
{
  if (self->batch == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->batch, self);
  /* In order: peers are told. It is let go of when all are over. */
  if (!qs_batch_get_finished (self->batch))
    {
      g_signal_connect (g_object_ref (self->batch), "finished", G_CALLBACK (g_object_unref), NULL);
      qs_batch_stop (self->batch);
    }
  g_clear_object (&self->batch);
}

static QsBatch *
make_batch (QsRepeatWindow *self, GError **error)
{
  g_autoptr (QsBatchTargets) targets = qs_batch_targets_new ();
  GPtrArray *list = read_targets (self, targets, error);
  const QsBatchPlan plan = { .repeat = (guint) gtk_spin_button_get_value_as_int (self->runs),
                             .parallel = (guint) gtk_spin_button_get_value_as_int (self->parallel),
                             .every_ms = (guint) gtk_spin_button_get_value_as_int (self->every) * 1000 };

  if (list == NULL || !check_plan (&plan, list->len, error))
    return NULL;
  g_autoptr (QsProbeOptions) options = dup_options (self);
  g_autoptr (QsBatch) batch = qs_batch_new (list, options, &plan);
  trust_lab (self, batch, options);
  return qs_batch_prepare (batch, error) ? g_steal_pointer (&batch) : NULL;
}

gboolean
qs_repeat_window_start (QsRepeatWindow *self)
{
  g_return_val_if_fail (QS_IS_REPEAT_WINDOW (self) && !qs_repeat_window_is_active (self), FALSE);

  g_autoptr (GError) error = NULL;
  QsBatch *batch = make_batch (self, &error);
  show_error (self, batch == NULL ? error->message : NULL);
  if (batch == NULL)
    return FALSE;
  drop_batch (self);
  self->batch = batch;
  g_ptr_array_set_size (self->results, 0);
  gtk_list_store_clear (self->table);
  gtk_list_store_clear (self->findings);
  g_signal_connect_swapped (batch, "settled", G_CALLBACK (settled_cb), self);
  g_signal_connect_swapped (batch, "progress", G_CALLBACK (progress_cb), self);
  g_signal_connect_swapped (batch, "finished", G_CALLBACK (finished_cb), self);
  gtk_stack_set_visible_child_name (self->stack, "content");
  gboolean had_focus = gtk_widget_has_focus (self->start);
  qs_batch_start (batch);
  progress_cb (self);
  show_active (self);
  if (had_focus && gtk_widget_get_visible (self->stop))
    gtk_widget_grab_focus (self->stop);
  return TRUE;
}

void
qs_repeat_window_stop (QsRepeatWindow *self)
{
  g_return_if_fail (QS_IS_REPEAT_WINDOW (self));

  if (qs_repeat_window_is_active (self))
    qs_batch_stop (self->batch);
}

gboolean
qs_repeat_window_is_active (QsRepeatWindow *self)
{
  g_return_val_if_fail (QS_IS_REPEAT_WINDOW (self), FALSE);
  return self->batch != NULL && !qs_batch_get_finished (self->batch);
}

/* --- Files --- */

gboolean
qs_repeat_window_save (QsRepeatWindow *self, gboolean json, const char *path, GError **error)
{
  g_return_val_if_fail (QS_IS_REPEAT_WINDOW (self) && self->batch != NULL && path != NULL, FALSE);

  g_autoptr (GString) text = g_string_new (NULL);
  if (json)
    qs_batch_json_begin (text);
  else
    qs_batch_csv_append_head (text);
  for (guint i = 0; i < self->results->len; i++)
    if (json)
      qs_batch_json_add (text, self->results->pdata[i], i == 0);
    else
      qs_batch_csv_append (text, self->results->pdata[i]);
  if (json)
    qs_batch_json_end (text, self->batch);
  return qs_file_write (path, FILE_MODE, text->str, text->len, error);
}

static void
ask_save (QsRepeatWindow *self, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = qs_file_dialog_save (GTK_WIDGET (self), json ? _ ("Save as JSON") : _ ("Save as CSV"),
                                               json ? "runs.json" : "runs.csv");

  if (path != NULL && qs_repeat_window_save (self, json, path, &error))
    qs_saved_tell (GTK_WIDGET (self), path);
  else if (error != NULL)
    show_error (self, error->message);
}

static void
save_csv_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ask_save (data, FALSE);
}

static void
save_json_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ask_save (data, TRUE);
}

static const GActionEntry actions[] = { { "save-csv", save_csv_cb }, { "save-json", save_json_cb } };

/* --- Set-up --- */

static void
start_cb (QsRepeatWindow *self)
{
  if (!qs_repeat_window_is_active (self))
    qs_repeat_window_start (self);
}

/* Escape stops what runs, then closes. */
static gboolean
qs_repeat_window_key_press_event (GtkWidget *widget, GdkEventKey *event)
{
  QsRepeatWindow *self = QS_REPEAT_WINDOW (widget);

  if (GTK_WIDGET_CLASS (qs_repeat_window_parent_class)->key_press_event (widget, event))
    return GDK_EVENT_STOP;
  gboolean close = event->keyval == GDK_KEY_w && (event->state & GDK_CONTROL_MASK) != 0;
  if (event->keyval != GDK_KEY_Escape && !close)
    return GDK_EVENT_PROPAGATE;
  if (!close && qs_repeat_window_is_active (self))
    qs_repeat_window_stop (self);
  else
    gtk_window_close (GTK_WINDOW (self));
  return GDK_EVENT_STOP;
}

static GtkListStore *
add_columns (GtkTreeView *view, guint n, const char *(*title) (guint), gboolean (*is_number) (guint), guint wide)
{
  g_autofree GType *types = g_new (GType, n);

  for (guint i = 0; i < n; i++)
    {
      GtkCellRenderer *cell = gtk_cell_renderer_text_new ();
      GtkTreeViewColumn *column = gtk_tree_view_column_new_with_attributes (title (i), cell, "text", (int) i, NULL);
      float align = is_number (i) ? 1 : 0;
      types[i] = G_TYPE_STRING;
      g_object_set (cell, "xalign", align, "xpad", 6, "ypad", 3, NULL);
      gtk_tree_view_column_set_alignment (column, align);
      gtk_tree_view_column_set_expand (column, i == wide);
      if (i == wide)
        g_object_set (cell, "ellipsize", PANGO_ELLIPSIZE_END, "width-chars", 24, NULL);
      gtk_tree_view_append_column (view, column);
    }
  GtkListStore *store = gtk_list_store_newv ((int) n, types);
  gtk_tree_view_set_model (view, GTK_TREE_MODEL (store));
  return store;
}

static const char *
table_title (guint i)
{
  return _ (table_columns[i].title);
}

static gboolean
table_is_number (guint i)
{
  return table_columns[i].number;
}

static const char *
findings_title (guint i)
{
  return _ (findings_columns[i].title);
}

static gboolean
findings_is_number (guint i)
{
  return findings_columns[i].number;
}

static void
qs_repeat_window_dispose (GObject *object)
{
  drop_batch (QS_REPEAT_WINDOW (object));
  G_OBJECT_CLASS (qs_repeat_window_parent_class)->dispose (object);
}

static void
qs_repeat_window_finalize (GObject *object)
{
  QsRepeatWindow *self = QS_REPEAT_WINDOW (object);

  g_clear_object (&self->table);
  g_clear_object (&self->findings);
  g_ptr_array_unref (self->results);
  G_OBJECT_CLASS (qs_repeat_window_parent_class)->finalize (object);
}

static void
qs_repeat_window_class_init (QsRepeatWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = qs_repeat_window_dispose;
  object_class->finalize = qs_repeat_window_finalize;
  widget_class->key_press_event = qs_repeat_window_key_press_event;

  g_type_ensure (QS_TYPE_EMPTY_STATE);
  g_type_ensure (QS_TYPE_HISTOGRAM_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-repeat-window.ui");
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, start);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, stop);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, save);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, targets);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, runs);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, parallel);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, every);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, error);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, status);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, progress);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, stack);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, table_view);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, findings_view);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, time);
  gtk_widget_class_bind_template_child (widget_class, QsRepeatWindow, histogram);
  gtk_widget_class_bind_template_callback (widget_class, start_cb);
  gtk_widget_class_bind_template_callback (widget_class, qs_repeat_window_stop);
  gtk_widget_class_bind_template_callback (widget_class, show_histogram);
}

static void
qs_repeat_window_init (QsRepeatWindow *self)
{
  g_autoptr (GSimpleActionGroup) group = g_simple_action_group_new ();

  self->results = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_batch_result_unref);
  gtk_widget_init_template (GTK_WIDGET (self));
  qs_help_bind (GTK_WINDOW (self), "repeat");
  g_action_map_add_action_entries (G_ACTION_MAP (group), actions, G_N_ELEMENTS (actions), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "repeat", G_ACTION_GROUP (group));
  self->table = add_columns (self->table_view, G_N_ELEMENTS (table_columns), table_title, table_is_number, 0);
  self->findings =
      add_columns (self->findings_view, G_N_ELEMENTS (findings_columns), findings_title, findings_is_number, 2);
  gtk_combo_box_set_active (self->time, 0);
  show_active (self);
}

GtkWidget *
qs_repeat_window_new (QsWindow *parent, const char *targets)
{
  g_return_val_if_fail (QS_IS_WINDOW (parent), NULL);

  QsRepeatWindow *self = g_object_new (QS_TYPE_REPEAT_WINDOW, "transient-for", parent, NULL);
  self->window = parent;
  gtk_entry_set_text (self->targets, targets != NULL ? targets : "");
  return GTK_WIDGET (self);
}

/* --- The window's action --- */

static void
repeat_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  QsWindow *window = data;
  QsRun *run = qs_session_get_run (qs_window_get_session (window));
  QsProbe *probe = run != NULL ? qs_run_get_probe (run) : NULL;
  const char *typed = qs_window_get_target (window);
  const char *shown = probe != NULL ? qs_target_to_string (qs_probe_get_target (probe)) : "";

  gtk_window_present (GTK_WINDOW (qs_repeat_window_new (window, *typed != '\0' ? typed : shown)));
}

void
qs_repeat_install (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  static const GActionEntry entry = { "repeat", repeat_cb };
  g_action_map_add_action_entries (G_ACTION_MAP (window), &entry, 1, window);
}
