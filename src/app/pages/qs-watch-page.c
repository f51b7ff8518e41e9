/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-watch-page.h"

#include "app/widgets/qs-connection-list.h"
#include "app/widgets/qs-copy.h"
#include "app/widgets/qs-file-dialog.h"
#include "app/widgets/qs-saved-strip.h"
#include "app/widgets/qs-wrap-box.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"

#define WATCHED "watched"

struct _QsWatchPage {
  QsPage parent;
  GtkEntry *target, *command;
  GtkSpinButton *port;
  GtkWidget *lab, *any, *add_key_log, *use, *copy;
  GtkButton *start, *save;
  GtkListBox *key_logs;
  GtkComboBoxText *recipes;
  GtkLabel *note, *state;
  GtkTextView *words;
  GtkStack *stack;
  GtkMenuButton *path_button;
  GtkAdjustment *loss_up, *loss_down, *delay_up, *delay_down;
  QsConnectionList *list;

  QsWatch *watch;
  GPtrArray *paths; /* char *: of key logs, in the order of the list */
  char *refusal;    /* why it did not start; NULL */
};

G_DEFINE_FINAL_TYPE (QsWatchPage, qs_watch_page, QS_TYPE_PAGE)

/* --- The recipe --- */

static const QsTapRecipe *
get_recipe (QsWatchPage *self)
{
  const char *id = gtk_combo_box_get_active_id (GTK_COMBO_BOX (self->recipes));

  return id != NULL ? qs_tap_recipe_find (id) : NULL;
}

static void
add_recipes (QsWatchPage *self)
{
  guint n;
  const QsTapRecipe *recipes = qs_tap_recipes (&n);
  g_autoptr (GList) cells = gtk_cell_layout_get_cells (GTK_CELL_LAYOUT (self->recipes));

  g_object_set (cells->data, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
  for (guint i = 0; i < n; i++)
    gtk_combo_box_text_append (self->recipes, recipes[i].name, _ (recipes[i].title));
  gtk_combo_box_set_active (GTK_COMBO_BOX (self->recipes), 0);
}

static gboolean
is_for_any (QsWatchPage *self)
{
  return g_ascii_strcasecmp (gtk_entry_get_text (self->target), QS_WATCH_ANY) == 0;
}

/* Of a target that is typed and not yet watched. (transfer full); NULL: it is none. */
static QsTarget *
dup_typed_target (QsWatchPage *self)
{
  const char *text = gtk_entry_get_text (self->target);

  if (*text == '\0' || is_for_any (self) || g_ascii_strcasecmp (text, QS_WATCH_LAB) == 0)
    return NULL;
  return qs_target_new (text, NULL);
}

static void
show_recipe (QsWatchPage *self)
{
  const QsTapRecipe *recipe = get_recipe (self);
  g_autoptr (QsTarget) typed = dup_typed_target (self);
  QsTapPlaces places;

  if (recipe == NULL || self->watch == NULL)
    return;
  qs_watch_get_places (self->watch, &places);
  if (places.host == NULL && typed != NULL)
    {
      places.host = qs_target_get_host (typed);
      places.target_port = qs_target_get_port (typed);
    }
  g_autofree char *words = NULL;
  const char *note = recipe->note;
  if (is_for_any (self))
    {
      words = qs_tap_recipe_dup_proxied_words (recipe, &places);
      if (recipe->proxied == NULL)
        note =
            N_ ("Many programs go through the proxy that https_proxy names; others have a setting of their own for it, "
                "some have none.");
    }
  else if (places.host == NULL) /* a port of 0 is no place's */
    words = g_strjoinv (" ", (char **) recipe->words);
  else
    words = qs_tap_recipe_dup_words (recipe, &places);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->words), words, -1);
  gtk_label_set_text (self->note, note != NULL ? _ (note) : "");
  gtk_widget_set_visible (GTK_WIDGET (self->note), note != NULL);
  gtk_widget_set_sensitive (self->copy, places.listen != NULL);
}

static char *
dup_words (QsWatchPage *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->words);
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  return gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
}

static void
copy_cb (QsWatchPage *self)
{
  g_autofree char *words = dup_words (self);

  qs_copy_text (GTK_WIDGET (self), words);
}

/* The relay is not there yet: its places are filled in when it is. */
static void
use_cb (QsWatchPage *self)
{
  const QsTapRecipe *recipe = get_recipe (self);

  if (recipe == NULL)
    return;
  if (is_for_any (self) && recipe->proxied == NULL)
    {
      g_autofree char *words = dup_words (self);
      gtk_entry_set_text (self->command, words);
      gtk_widget_grab_focus (GTK_WIDGET (self->command));
      return;
    }
  const char *const *words = is_for_any (self) ? recipe->proxied : recipe->words;
  GString *text = g_string_new (NULL);
  for (const char *const *word = words; *word != NULL; word++)
    {
      g_autofree char *quoted = g_shell_quote (*word);
      gboolean plain = strpbrk (*word, " \t\n'\"\\$`*?[]#~&;<>|()!") == NULL;
      g_string_append_printf (text, "%s%s", word == words ? "" : " ", plain ? *word : quoted);
    }
  gtk_entry_set_text (self->command, text->str);
  g_string_free (text, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->command));
}

/* --- Key logs --- */

static void
remove_key_log_cb (GtkButton *button, QsWatchPage *self)
{
  GtkWidget *row = gtk_widget_get_ancestor (GTK_WIDGET (button), GTK_TYPE_LIST_BOX_ROW);

  g_ptr_array_remove_index (self->paths, (guint) gtk_list_box_row_get_index (GTK_LIST_BOX_ROW (row)));
  gtk_widget_destroy (row);
  gtk_widget_set_visible (GTK_WIDGET (self->key_logs), self->paths->len > 0);
  gtk_widget_grab_focus (self->add_key_log);
}

static GtkWidget *
make_key_log_row (QsWatchPage *self, const char *path)
{
  g_autofree char *name = qs_text_escape (path, -1);
  g_autofree char *remove = g_strdup_printf (_ ("Remove %s"), name);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", name, "xalign", 0.0f, "hexpand", TRUE, "ellipsize",
                                   PANGO_ELLIPSIZE_START, "tooltip-text", name, NULL);
  GtkWidget *button = gtk_button_new_from_icon_name ("list-remove-symbolic", GTK_ICON_SIZE_BUTTON);

  atk_object_set_name (gtk_widget_get_accessible (button), remove);
  gtk_widget_set_tooltip_text (button, _ ("Follow it no more"));
  gtk_button_set_relief (GTK_BUTTON (button), GTK_RELIEF_NONE);
  g_signal_connect (button, "clicked", G_CALLBACK (remove_key_log_cb), self);
  gtk_container_add (GTK_CONTAINER (box), label);
  gtk_container_add (GTK_CONTAINER (box), button);
  gtk_widget_show_all (box);
  return box;
}

static void
add_key_log_cb (QsWatchPage *self)
{
  GtkWidget *window = gtk_widget_get_toplevel (GTK_WIDGET (self));
  g_autoptr (GtkFileChooserNative) dialog =
      gtk_file_chooser_native_new (_ ("Key logs that the programs write"), GTK_WINDOW (window),
                                   GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Follow"), _ ("_Cancel"));

  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), TRUE);
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (dialog)) != GTK_RESPONSE_ACCEPT)
    return;
  GSList *names = gtk_file_chooser_get_filenames (GTK_FILE_CHOOSER (dialog));
  for (GSList *at = names; at != NULL; at = at->next)
    qs_watch_page_add_key_log (self, at->data);
  g_slist_free_full (names, g_free);
}

/* --- The path --- */

/* NULL: nothing is done to datagrams. */
static char *
dup_rules (QsWatchPage *self)
{
  char loss_up[G_ASCII_DTOSTR_BUF_SIZE], loss_down[G_ASCII_DTOSTR_BUF_SIZE];
  int delay_up = (int) gtk_adjustment_get_value (self->delay_up);
  int delay_down = (int) gtk_adjustment_get_value (self->delay_down);

  if (gtk_adjustment_get_value (self->loss_up) + gtk_adjustment_get_value (self->loss_down) + delay_up + delay_down <=
      0)
    return NULL;
  g_ascii_formatd (loss_up, sizeof loss_up, "%.1f", gtk_adjustment_get_value (self->loss_up));
  g_ascii_formatd (loss_down, sizeof loss_down, "%.1f", gtk_adjustment_get_value (self->loss_down));
  return g_strdup_printf ("up:loss=%s%%,down:loss=%s%%,up:delay=%dms,down:delay=%dms", loss_up, loss_down, delay_up,
                          delay_down);
}

static void
path_changed_cb (QsWatchPage *self)
{
  g_autofree char *rules = dup_rules (self);
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->path_button));

  if (rules != NULL)
    gtk_style_context_add_class (style, "qs-changed");
  else
    gtk_style_context_remove_class (style, "qs-changed");
  if (self->watch != NULL)
    qs_watch_set_impairment (self->watch, rules, NULL);
}

static void
as_it_is_cb (QsWatchPage *self)
{
  GtkAdjustment *const all[] = { self->loss_up, self->loss_down, self->delay_up, self->delay_down };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    gtk_adjustment_set_value (all[i], 0);
}

static char *
format_loss_cb (GtkScale *scale, double value, gpointer data)
{
  return g_strdup_printf (_ ("%.1f %%"), value);
}

static char *
format_delay_cb (GtkScale *scale, double value, gpointer data)
{
  return g_strdup_printf (_ ("%.0f ms"), value);
}

/* --- Start and stop --- */

static void
show_state (QsWatchPage *self)
{
  g_autofree char *words = qs_watch_dup_words (self->watch);
  const char *text = self->refusal != NULL ? self->refusal : words;

  if (g_strcmp0 (gtk_label_get_text (self->state), text) != 0)
    gtk_label_set_text (self->state, text);
  gtk_widget_set_visible (GTK_WIDGET (self->state), *text != '\0');
}

static void
show_buttons (QsWatchPage *self)
{
  static const struct {
    const char *label, *tip;
  } labels[] = {
    [QS_WATCH_IDLE] = { N_ ("Start"), N_ ("Listen, and lead on what comes") },
    [QS_WATCH_STARTING] = { N_ ("Stop"), N_ ("Think better of it") },
    [QS_WATCH_RUNNING] = { N_ ("Stop"), N_ ("End the program that was started, and listen no more") },
    [QS_WATCH_STOPPING] = { N_ ("Stop at Once"), N_ ("Make the program end") },
  };
  QsWatchState state = qs_watch_get_state (self->watch);
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->start));
  gboolean idle = state == QS_WATCH_IDLE;
  QsConnectionTable *table = qs_watch_get_table (self->watch);

  gtk_button_set_label (self->start, _ (labels[state].label));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->start), _ (labels[state].tip));
  if (idle)
    gtk_style_context_add_class (style, "suggested-action");
  else
    gtk_style_context_remove_class (style, "suggested-action");
  GtkWidget *const fixed[] = { GTK_WIDGET (self->target),
                               GTK_WIDGET (self->command),
                               GTK_WIDGET (self->port),
                               GTK_WIDGET (self->key_logs),
                               self->lab,
                               self->any,
                               self->add_key_log,
                               self->use };
  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    gtk_widget_set_sensitive (fixed[i], idle);
  gtk_widget_set_sensitive (GTK_WIDGET (self->path_button),
                            idle || !qs_watch_is_proxy (self->watch)); /* of datagrams alone */
  gtk_widget_set_sensitive (GTK_WIDGET (self->save), table != NULL && qs_connection_table_get_length (table) > 0);
}

static void
added_cb (QsWatchPage *self, guint index)
{
  if (index > 0)
    return;
  gtk_stack_set_visible_child_name (self->stack, WATCHED);
  show_buttons (self);
}

static void
show_table (QsWatchPage *self)
{
  QsConnectionTable *table = qs_watch_get_table (self->watch);

  qs_connection_list_set_table (self->list, table, TRUE);
  if (table == NULL)
    return;
  g_signal_handlers_disconnect_by_func (table, added_cb, self);
  g_signal_connect_object (table, "added", G_CALLBACK (added_cb), self, G_CONNECT_SWAPPED);
}

static void
state_changed_cb (QsWatchPage *self)
{
  show_table (self);
  show_buttons (self);
  show_recipe (self);
  show_state (self);
}

static void
refuse (QsWatchPage *self, const char *why)
{
  g_free (self->refusal);
  self->refusal = g_strdup (why);
  show_state (self);
}

static void
begin (QsWatchPage *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *rules = dup_rules (self);
  const char *command = gtk_entry_get_text (self->command);

  g_ptr_array_add (self->paths, NULL);
  const QsWatchWish wish = { gtk_entry_get_text (self->target), (guint16) gtk_spin_button_get_value_as_int (self->port),
                             (const char *const *) self->paths->pdata, *command != '\0' ? command : NULL, rules };
  gboolean began = qs_watch_start (self->watch, &wish, &error);
  g_ptr_array_remove_index (self->paths, self->paths->len - 1);
  refuse (self, began ? NULL : error->message);
  if (!began)
    gtk_widget_grab_focus (GTK_WIDGET (self->target));
}

static void
start_cb (QsWatchPage *self)
{
  if (qs_watch_get_state (self->watch) == QS_WATCH_IDLE)
    begin (self);
  else
    qs_watch_stop (self->watch);
}

static void
activate_cb (QsWatchPage *self)
{
  if (qs_watch_get_state (self->watch) == QS_WATCH_IDLE)
    begin (self);
}

static void
target_changed_cb (QsWatchPage *self)
{
  if (self->watch == NULL)
    return;
  refuse (self, NULL);
  show_recipe (self);
}

static void
lab_cb (QsWatchPage *self)
{
  gtk_entry_set_text (self->target, QS_WATCH_LAB);
}

static void
any_cb (QsWatchPage *self)
{
  gtk_entry_set_text (self->target, QS_WATCH_ANY);
}

/* --- Connections --- */

static void
chosen_cb (QsWatchPage *self, guint index)
{
  qs_session_look_at_connection (qs_page_get_session (QS_PAGE (self)), qs_watch_get_table (self->watch), index);
}

static void
opened_cb (QsWatchPage *self, guint index)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));

  if (qs_session_open_connection (session, qs_watch_get_table (self->watch), index) != NULL)
    qs_session_show_page (session, "overview");
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsSaved) saved = data;
  QsWatchPage *self = saved->widget;
  g_autoptr (GError) error = NULL;
  guint n = qs_watch_save_finish (QS_WATCH (source), result, &error);
  g_autofree char *text =
      n > 0 ? g_strdup_printf (ngettext ("%u connection was saved.", "%u connections were saved.", n), n)
            : g_strdup (error->message);

  if (self->watch == NULL) /* the window is gone */
    return;
  if (n > 0)
    qs_saved_tell (GTK_WIDGET (self), saved->path);
  refuse (self, text);
  gtk_widget_set_sensitive (GTK_WIDGET (self->save), TRUE);
}

static void
save_cb (QsWatchPage *self)
{
  g_autofree char *path = qs_file_dialog_save (GTK_WIDGET (self), _ ("Save the watched connections"), "watched.pcapng");

  if (path == NULL || qs_watch_get_table (self->watch) == NULL)
    return;
  gtk_widget_set_sensitive (GTK_WIDGET (self->save), FALSE);
  qs_watch_save_async (self->watch, path, saved_cb, qs_saved_new (self, path));
}

/* --- Overrides --- */

static void
qs_watch_page_session_set (QsPage *page, QsSession *session)
{
  QsWatchPage *self = QS_WATCH_PAGE (page);

  self->watch = g_object_ref (qs_session_get_watch (session));
  g_signal_connect_object (self->watch, "notify::state", G_CALLBACK (state_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->watch, "changed", G_CALLBACK (show_state), self, G_CONNECT_SWAPPED);
  state_changed_cb (self);
}

static void
qs_watch_page_run_changed (QsPage *page, QsRun *run)
{
  QsWatchPage *self = QS_WATCH_PAGE (page);
  QsConnectionTable *table = qs_watch_get_table (self->watch);
  const QsStudySource *source = run != NULL ? qs_study_get_source (qs_run_get_study (run)) : NULL;
  guint index = source != NULL && source->connection > 0 ? source->connection - 1 : QS_CONNECTION_NONE;

  if (table == NULL || index >= qs_connection_table_get_length (table))
    return;
  g_autoptr (QsStudy) study = qs_connection_table_dup_study (table, index);
  if (study != NULL && study == qs_run_get_study (run))
    qs_connection_list_choose (self->list, index);
}

static void
qs_watch_page_dispose (GObject *object)
{
  QsWatchPage *self = QS_WATCH_PAGE (object);

  g_clear_object (&self->watch);
  G_OBJECT_CLASS (qs_watch_page_parent_class)->dispose (object);
}

static void
qs_watch_page_finalize (GObject *object)
{
  QsWatchPage *self = QS_WATCH_PAGE (object);

  g_ptr_array_unref (self->paths);
  g_free (self->refusal);
  G_OBJECT_CLASS (qs_watch_page_parent_class)->finalize (object);
}

static GtkWidget *
qs_watch_page_get_content (QsPage *page)
{
  return qs_connection_list_get_view (QS_WATCH_PAGE (page)->list);
}

static GtkWidget *
qs_watch_page_get_filter (QsPage *page)
{
  return qs_connection_list_get_search (QS_WATCH_PAGE (page)->list);
}

static void
qs_watch_page_class_init (QsWatchPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_watch_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = qs_watch_page_finalize;
  QS_PAGE_CLASS (klass)->session_set = qs_watch_page_session_set;
  QS_PAGE_CLASS (klass)->run_changed = qs_watch_page_run_changed;
  QS_PAGE_CLASS (klass)->get_content = qs_watch_page_get_content;
  QS_PAGE_CLASS (klass)->get_filter = qs_watch_page_get_filter;

  g_type_ensure (QS_TYPE_CONNECTION_LIST);
  g_type_ensure (QS_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-watch-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, target);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, command);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, port);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, lab);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, any);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, add_key_log);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, use);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, copy);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, start);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, save);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, key_logs);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, recipes);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, note);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, state);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, words);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, path_button);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, loss_up);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, loss_down);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, delay_up);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, delay_down);
  gtk_widget_class_bind_template_child (widget_class, QsWatchPage, list);
  gtk_widget_class_bind_template_callback (widget_class, show_recipe);
  gtk_widget_class_bind_template_callback (widget_class, copy_cb);
  gtk_widget_class_bind_template_callback (widget_class, use_cb);
  gtk_widget_class_bind_template_callback (widget_class, add_key_log_cb);
  gtk_widget_class_bind_template_callback (widget_class, path_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, as_it_is_cb);
  gtk_widget_class_bind_template_callback (widget_class, format_loss_cb);
  gtk_widget_class_bind_template_callback (widget_class, format_delay_cb);
  gtk_widget_class_bind_template_callback (widget_class, start_cb);
  gtk_widget_class_bind_template_callback (widget_class, activate_cb);
  gtk_widget_class_bind_template_callback (widget_class, target_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, lab_cb);
  gtk_widget_class_bind_template_callback (widget_class, any_cb);
  gtk_widget_class_bind_template_callback (widget_class, chosen_cb);
  gtk_widget_class_bind_template_callback (widget_class, opened_cb);
  gtk_widget_class_bind_template_callback (widget_class, save_cb);
}

static void
qs_watch_page_init (QsWatchPage *self)
{
  self->paths = g_ptr_array_new_with_free_func (g_free);
  gtk_widget_init_template (GTK_WIDGET (self));
  qs_connection_list_set_name (self->list, _ ("Watched connections"));
  add_recipes (self);
}

/* --- Public --- */

void
qs_watch_page_add_key_log (QsWatchPage *self, const char *path)
{
  g_return_if_fail (QS_IS_WATCH_PAGE (self) && path != NULL);

  if (g_ptr_array_find_with_equal_func (self->paths, path, g_str_equal, NULL))
    return;
  g_ptr_array_add (self->paths, g_strdup (path));
  gtk_container_add (GTK_CONTAINER (self->key_logs), make_key_log_row (self, path));
  gtk_widget_show (GTK_WIDGET (self->key_logs));
}

void
qs_watch_page_start (QsWatchPage *self, const char *target, const char *command)
{
  g_return_if_fail (QS_IS_WATCH_PAGE (self) && target != NULL);

  gtk_entry_set_text (self->target, target);
  gtk_entry_set_text (self->command, command != NULL ? command : "");
  activate_cb (self);
}
