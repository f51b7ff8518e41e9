/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-lab-page.h"

#include "app/models/qs-lab-connections.h"
#include "app/widgets/qs-file-dialog.h"
#include "app/widgets/qs-saved-strip.h"
#include "app/widgets/qs-wrap-box.h"
#include "base/qs-i18n.h"
#include "net/qs-impairment.h"

#define PATH_NONE "none"
#define PATH_CUSTOM "custom"
#define PATH_EXAMPLE "loss=10%"

struct _QsLabPage {
  QsPage parent;
  GtkListBox *scenarios;
  GtkLabel *title, *watch, *expected;
  GtkSwitch *retry;
  GtkSpinButton *port;
  GtkComboBoxText *path;
  GtkEntry *rules;
  GtkLabel *path_error;
  GtkButton *start, *save_ca;
  GtkImage *state_icon;
  GtkLabel *state, *error;
  GtkTreeView *connections;
  GtkStack *connections_stack;
  GtkLabel *queue;
  QsLab *lab;
  QsLabConnections *model;
  guint scroll_id;
};

G_DEFINE_FINAL_TYPE (QsLabPage, qs_lab_page, QS_TYPE_PAGE)

/* --- Scenarios -------------------------------------------------------------------------- */

static GtkWidget *
make_scenario_row (const QsScenario *scenario)
{
  GtkWidget *row = gtk_list_box_row_new ();
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", _ (scenario->title), "xalign", 0.0f, "wrap", TRUE,
                                   "width-chars", 16, "max-width-chars", 28, NULL);

  gtk_container_add (GTK_CONTAINER (row), label);
  gtk_style_context_add_class (gtk_widget_get_style_context (row), "qs-scenario");
  g_object_set_data (G_OBJECT (row), "qs-scenario", (gpointer) scenario);
  gtk_widget_show_all (row);
  return row;
}

static void
add_scenarios (QsLabPage *self)
{
  guint n;
  const QsScenario *scenarios = qs_scenarios (&n);

  for (guint i = 0; i < n; i++)
    gtk_container_add (GTK_CONTAINER (self->scenarios), make_scenario_row (&scenarios[i]));
}

/* Rows have their places once the list was laid out: not before this page was on the screen. */
static gboolean
scroll_cb (gpointer data)
{
  QsLabPage *self = data;
  GtkListBoxRow *row = gtk_list_box_get_selected_row (self->scenarios);
  GtkAllocation place;

  self->scroll_id = 0;
  if (row == NULL)
    return G_SOURCE_REMOVE;
  gtk_widget_get_allocation (GTK_WIDGET (row), &place);
  gtk_adjustment_clamp_page (gtk_list_box_get_adjustment (self->scenarios), place.y, place.y + place.height);
  return G_SOURCE_REMOVE;
}

static void
scroll_to_scenario (QsLabPage *self)
{
  if (self->scroll_id == 0)
    self->scroll_id = g_idle_add_full (G_PRIORITY_LOW, scroll_cb, self, NULL);
}

static void
show_expected (QsLabPage *self)
{
  g_autofree char *expected = qs_lab_dup_expectation (self->lab);

  gtk_label_set_text (self->expected, expected);
}

static void
show_scenario (QsLabPage *self)
{
  const QsScenario *scenario = qs_scenario_find (qs_lab_get_scenario (self->lab));
  GtkListBoxRow *row;

  gtk_label_set_text (self->title, _ (scenario->title));
  gtk_label_set_text (self->watch, _ (scenario->watch));
  show_expected (self);
  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->scenarios, i)) != NULL; i++)
    if (g_object_get_data (G_OBJECT (row), "qs-scenario") == scenario)
      gtk_list_box_select_row (self->scenarios, row);
  scroll_to_scenario (self);
}

static void
scenario_selected_cb (QsLabPage *self, GtkListBoxRow *row)
{
  if (row == NULL || self->lab == NULL)
    return;
  const QsScenario *scenario = g_object_get_data (G_OBJECT (row), "qs-scenario");
  qs_lab_set_scenario (self->lab, scenario->name);
}

/* A double click, or Enter: what a person wants to see is what happens. */
static void
scenario_activated_cb (QsLabPage *self)
{
  g_action_group_activate_action (gtk_widget_get_action_group (gtk_widget_get_toplevel (GTK_WIDGET (self)), "win"),
                                  "try-lab", NULL);
}

/* --- The server ------------------------------------------------------------------------- */

static void
show_error (QsLabPage *self, const char *message)
{
  gtk_label_set_text (self->error, message != NULL ? message : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), message != NULL);
}

static void
show_server (QsLabPage *self)
{
  gboolean running = qs_lab_get_running (self->lab);
  QsServer *server = qs_lab_get_server (self->lab);
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->state_icon));
  g_autofree char *state = NULL;

  if (running)
    state = g_strdup_printf (_ ("Listening on %s"), qs_server_get_address (server));
  else
    state = g_strdup (qs_lab_get_restarting (self->lab) ? _ ("Starting again…") : _ ("Not running"));

  gtk_label_set_text (self->state, state);
  gtk_image_set_from_icon_name (self->state_icon, running ? "emblem-ok-symbolic" : "media-playback-stop-symbolic",
                                GTK_ICON_SIZE_BUTTON);
  gtk_style_context_remove_class (style, running ? "qs-neutral" : "qs-ok");
  gtk_style_context_add_class (style, running ? "qs-ok" : "qs-neutral");
  gtk_button_set_label (self->start, running ? _ ("Stop Server") : _ ("Start Server"));
  gtk_widget_set_sensitive (GTK_WIDGET (self->start), !qs_lab_get_restarting (self->lab));
  gtk_widget_set_sensitive (GTK_WIDGET (self->save_ca), running && qs_server_get_ca_pem (server) != NULL);
  if (running)
    show_error (self, NULL);
}

static void
start_cb (QsLabPage *self)
{
  g_autoptr (GError) error = NULL;

  if (qs_lab_get_running (self->lab))
    qs_lab_stop (self->lab);
  else if (!qs_lab_start (self->lab, &error))
    show_error (self, error->message);
}

static void
save_ca_cb (QsLabPage *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = qs_file_dialog_save (GTK_WIDGET (self), _ ("Save the lab's CA certificate"), "lab-ca.pem");

  if (path == NULL || !qs_lab_get_running (self->lab))
    return;
  if (qs_server_write_ca (qs_lab_get_server (self->lab), path, &error))
    qs_saved_tell (GTK_WIDGET (self), path);
  else
    show_error (self, error->message);
}

/* --- The path --------------------------------------------------------------------------- */

static void
add_paths (QsLabPage *self)
{
  guint n;
  const QsImpairmentPreset *presets = qs_impairment_presets (&n);

  /* In some languages the presets are long: they must not ask for a wider window than 1024. */
  g_autoptr (GList) cells = gtk_cell_layout_get_cells (GTK_CELL_LAYOUT (self->path));
  g_object_set (cells->data, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
  gtk_combo_box_text_append (self->path, PATH_NONE, _ ("As it is"));
  for (guint i = 0; i < n; i++)
    gtk_combo_box_text_append (self->path, presets[i].name, _ (presets[i].title));
  gtk_combo_box_text_append (self->path, PATH_CUSTOM, _ ("By rules of your own"));
}

static gboolean
is_custom (QsLabPage *self)
{
  return g_strcmp0 (gtk_combo_box_get_active_id (GTK_COMBO_BOX (self->path)), PATH_CUSTOM) == 0;
}

static void
take_path (QsLabPage *self, const char *rules)
{
  g_autoptr (GError) error = NULL;
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self->rules));
  gboolean good = qs_lab_set_path (self->lab, rules, &error);

  gtk_label_set_text (self->path_error, good ? "" : error->message);
  gtk_widget_set_visible (GTK_WIDGET (self->path_error), !good);
  if (good)
    gtk_style_context_remove_class (style, GTK_STYLE_CLASS_ERROR);
  else
    gtk_style_context_add_class (style, GTK_STYLE_CLASS_ERROR);
}

/* What a preset stands for is a good start for rules of one's own. */
static void
propose_rules (QsLabPage *self)
{
  const char *path = qs_lab_get_path (self->lab);
  guint n;
  const QsImpairmentPreset *presets = qs_impairment_presets (&n);

  for (guint i = 0; i < n; i++)
    if (g_strcmp0 (presets[i].name, path) == 0)
      path = presets[i].rules;
  gtk_entry_set_text (self->rules, path != NULL ? path : PATH_EXAMPLE);
}

static void
path_changed_cb (QsLabPage *self)
{
  const char *id = gtk_combo_box_get_active_id (GTK_COMBO_BOX (self->path));
  gboolean custom = is_custom (self);

  gtk_widget_set_visible (GTK_WIDGET (self->rules), custom);
  if (self->lab == NULL || id == NULL)
    return;
  if (custom && gtk_entry_get_text_length (self->rules) == 0)
    propose_rules (self);
  take_path (self, custom ? gtk_entry_get_text (self->rules) : g_str_equal (id, PATH_NONE) ? NULL : id);
  qs_lab_renew (self->lab);
}

static void
rules_changed_cb (QsLabPage *self)
{
  if (self->lab != NULL && is_custom (self))
    take_path (self, gtk_entry_get_text (self->rules));
}

static void
rules_done_cb (QsLabPage *self)
{
  if (self->lab != NULL)
    qs_lab_renew (self->lab);
}

static gboolean
rules_left_cb (QsLabPage *self)
{
  rules_done_cb (self);
  return GDK_EVENT_PROPAGATE;
}

/* A preset's name among rules that are being typed stays there. */
static void
show_path (QsLabPage *self)
{
  const char *path = qs_lab_get_path (self->lab);

  if (is_custom (self) && g_strcmp0 (gtk_entry_get_text (self->rules), path != NULL ? path : "") == 0)
    return;
  if (gtk_combo_box_set_active_id (GTK_COMBO_BOX (self->path), path != NULL ? path : PATH_NONE))
    return;
  gtk_entry_set_text (self->rules, path);
  gtk_combo_box_set_active_id (GTK_COMBO_BOX (self->path), PATH_CUSTOM);
}

/* --- Its connections -------------------------------------------------------------------- */

static void
add_column (QsLabPage *self, int column, const char *title, gboolean number, gboolean expand)
{
  GtkCellRenderer *cell = gtk_cell_renderer_text_new ();
  GtkTreeViewColumn *view_column = gtk_tree_view_column_new_with_attributes (title, cell, "text", column, NULL);

  g_object_set (cell, "xalign", number ? 1.0f : 0.0f, "ellipsize", expand ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE,
                "xpad", 4, NULL);
  gtk_tree_view_column_set_alignment (view_column, number ? 1.0f : 0.0f);
  gtk_tree_view_column_set_resizable (view_column, TRUE);
  gtk_tree_view_column_set_expand (view_column, expand);
  gtk_tree_view_append_column (self->connections, view_column);
}

static void
show_connections (QsLabPage *self)
{
  QsServer *server = qs_lab_get_server (self->lab);

  gtk_widget_set_visible (GTK_WIDGET (self->queue), server != NULL);
  if (server != NULL)
    {
      g_autofree char *text =
          g_strdup_printf (_ ("Waiting to be accepted: %u, at most %u"), qs_server_get_accept_queue_length (server),
                           qs_server_get_accept_queue_peak (server));
      gtk_label_set_text (self->queue, text);
    }
  gtk_stack_set_visible_child_name (self->connections_stack,
                                    qs_lab_connections_is_empty (self->model) ? "empty" : "content");
}

/* --- Overrides -------------------------------------------------------------------------- */

static void
qs_lab_page_session_set (QsPage *page, QsSession *session)
{
  QsLabPage *self = QS_LAB_PAGE (page);

  self->lab = g_object_ref (qs_session_get_lab (session));
  self->model = qs_lab_connections_new (self->lab);
  gtk_tree_view_set_model (self->connections, qs_lab_connections_get_model (self->model));
  g_object_bind_property (self->lab, "retry", self->retry, "active", G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  g_object_bind_property (self->lab, "port", self->port, "value", G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE);
  g_signal_connect_object (self->lab, "notify::scenario", G_CALLBACK (show_scenario), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->lab, "notify::running", G_CALLBACK (show_server), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->model, "changed", G_CALLBACK (show_connections), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->lab, "notify::running", G_CALLBACK (show_connections), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->lab, "notify::path", G_CALLBACK (show_path), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->lab, "notify::path", G_CALLBACK (show_expected), self, G_CONNECT_SWAPPED);
  show_scenario (self);
  show_server (self);
  show_path (self);
  show_connections (self);
}

static void
qs_lab_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (qs_lab_page_parent_class)->map (widget);
  scroll_to_scenario (QS_LAB_PAGE (widget));
}

static void
qs_lab_page_dispose (GObject *object)
{
  QsLabPage *self = QS_LAB_PAGE (object);

  g_clear_handle_id (&self->scroll_id, g_source_remove);
  g_clear_object (&self->model);
  g_clear_object (&self->lab);
  G_OBJECT_CLASS (qs_lab_page_parent_class)->dispose (object);
}

static GtkWidget *
qs_lab_page_get_content (QsPage *page)
{
  return GTK_WIDGET (QS_LAB_PAGE (page)->scenarios);
}

static void
qs_lab_page_class_init (QsLabPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_lab_page_dispose;
  widget_class->map = qs_lab_page_map;
  QS_PAGE_CLASS (klass)->session_set = qs_lab_page_session_set;
  QS_PAGE_CLASS (klass)->get_content = qs_lab_page_get_content;

  g_type_ensure (QS_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-lab-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, scenarios);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, title);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, watch);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, expected);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, retry);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, port);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, path);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, rules);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, path_error);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, start);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, save_ca);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, state_icon);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, state);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, error);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, connections);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, connections_stack);
  gtk_widget_class_bind_template_child (widget_class, QsLabPage, queue);
  gtk_widget_class_bind_template_callback (widget_class, scenario_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, scenario_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, start_cb);
  gtk_widget_class_bind_template_callback (widget_class, path_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, rules_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, rules_done_cb);
  gtk_widget_class_bind_template_callback (widget_class, rules_left_cb);
  gtk_widget_class_bind_template_callback (widget_class, save_ca_cb);
}

static void
qs_lab_page_init (QsLabPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  add_scenarios (self);
  add_paths (self);
  add_column (self, QS_LAB_COLUMN_PEER, _ ("Peer"), FALSE, FALSE);
  add_column (self, QS_LAB_COLUMN_STATE, _ ("State"), FALSE, FALSE);
  add_column (self, QS_LAB_COLUMN_ALPN, _ ("ALPN"), FALSE, FALSE);
  add_column (self, QS_LAB_COLUMN_STREAMS, _ ("Streams"), TRUE, FALSE);
  add_column (self, QS_LAB_COLUMN_RECEIVED, _ ("Received"), TRUE, FALSE);
  add_column (self, QS_LAB_COLUMN_SENT, _ ("Sent"), TRUE, FALSE);
  add_column (self, QS_LAB_COLUMN_END, _ ("How it ended"), FALSE, TRUE);
}
