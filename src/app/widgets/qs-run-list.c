/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-run-list.h"

#include <string.h>

#include "app/widgets/qs-run-row.h"
#include "base/qs-i18n.h"

#define INDEX "qs-index" /* of a row: where its run stands in the session's list, and 1 */
#define BAR_FROM 2       /* runs from which on there is something to find, sort or forget */
#define MOST_OTHERS 12   /* in the menu of those to compare with */

struct _QsRunList {
  GtkBox parent;
  GtkWidget *bar, *selection_bar;
  GtkEntry *find;
  GtkMenuButton *sort_button;
  GtkScrolledWindow *scroll;
  GtkListBox *list;
  GtkLabel *placeholder;

  QsSession *session;
  char *wanted; /* folded; NULL: all */
  char *sort;   /* "time", "host", "outcome" */
  gboolean group;
  GtkWidget *reveal; /* a row that is to be scrolled to once it is laid out; NULL: none */
  guint reveal_id;
};

enum { SELECTION_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsRunList, qs_run_list, GTK_TYPE_BOX)

static QsRun *
run_of (gpointer row)
{
  return qs_run_row_get_run (QS_RUN_ROW (row));
}

static guint
index_of (gpointer row)
{
  return GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (row), INDEX));
}

static const char *
host_of (QsRun *run)
{
  const char *host = qs_study_get_target (qs_run_get_study (run))->host;

  return host != NULL ? host : "";
}

/* --- Finding, sorting, grouping --- */

static gboolean
has_text (const char *text, const char *wanted)
{
  g_autofree char *folded = text != NULL ? g_utf8_casefold (text, -1) : NULL;

  return folded != NULL && strstr (folded, wanted) != NULL;
}

static gboolean
filter_cb (GtkListBoxRow *row, gpointer data)
{
  QsRunList *self = data;
  QsRun *run = run_of (row);

  /* All that the row says, and the verdict. */
  return self->wanted == NULL ||
         has_text (atk_object_get_name (gtk_widget_get_accessible (GTK_WIDGET (row))), self->wanted) ||
         has_text (qs_run_get_verdict (run), self->wanted);
}

static int
sort_cb (GtkListBoxRow *one, GtkListBoxRow *other, gpointer data)
{
  QsRunList *self = data;
  int order = 0;

  if (self->group || g_str_equal (self->sort, "host"))
    order = g_utf8_collate (host_of (run_of (one)), host_of (run_of (other)));
  if (order == 0 && g_str_equal (self->sort, "outcome"))
    order = (int) qs_run_get_status (run_of (other)) - (int) qs_run_get_status (run_of (one));
  return order != 0 ? order : (int) index_of (one) - (int) index_of (other);
}

static void
header_cb (GtkListBoxRow *row, GtkListBoxRow *before, gpointer data)
{
  QsRunList *self = data;
  const char *host = host_of (run_of (row));

  if (!self->group || (before != NULL && g_str_equal (host, host_of (run_of (before)))))
    {
      gtk_list_box_row_set_header (row, NULL);
      return;
    }
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", *host != '\0' ? host : _ ("Unknown host"), "xalign", 0.0f,
                                   "ellipsize", PANGO_ELLIPSIZE_MIDDLE, "margin", 6, "visible", TRUE, NULL);
  gtk_style_context_add_class (gtk_widget_get_style_context (label), "qs-heading");
  gtk_list_box_row_set_header (row, label);
}

static void
find_cb (QsRunList *self)
{
  const char *text = gtk_entry_get_text (self->find);

  g_clear_pointer (&self->wanted, g_free);
  if (*text != '\0')
    self->wanted = g_utf8_casefold (text, -1);
  gtk_label_set_text (self->placeholder, self->wanted != NULL
                                             ? _ ("No run has this in it.")
                                             : _ ("Each probe appears here, so that two can be compared."));
  gtk_list_box_invalidate_filter (self->list);
  gtk_list_box_invalidate_headers (self->list);
}

static void
stop_find_cb (QsRunList *self)
{
  gtk_entry_set_text (self->find, "");
}

static void
sort_changed_cb (GSimpleAction *action, GVariant *state, gpointer data)
{
  QsRunList *self = data;

  g_simple_action_set_state (action, state);
  g_free (self->sort);
  self->sort = g_variant_dup_string (state, NULL);
  gtk_list_box_invalidate_sort (self->list);
  gtk_list_box_invalidate_headers (self->list);
}

static void
group_changed_cb (GSimpleAction *action, GVariant *state, gpointer data)
{
  QsRunList *self = data;

  g_simple_action_set_state (action, state);
  self->group = g_variant_get_boolean (state);
  gtk_list_box_invalidate_sort (self->list);
  gtk_list_box_invalidate_headers (self->list);
}

static const GActionEntry actions[] = {
  { "sort", NULL, "s", "'time'", sort_changed_cb },
  { "group", NULL, NULL, "false", group_changed_cb },
};

/* --- Selection --- */

GPtrArray *
qs_run_list_dup_selected (QsRunList *self)
{
  g_return_val_if_fail (QS_IS_RUN_LIST (self), NULL);

  GPtrArray *runs = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GList) rows = gtk_list_box_get_selected_rows (self->list);

  for (GList *at = rows; at != NULL; at = at->next)
    g_ptr_array_add (runs, g_object_ref (run_of (at->data)));
  return runs;
}

/* What is shown is looked at, and stands first. */
static void
compare_selected (QsRunList *self, GPtrArray *runs)
{
  QsRun *shown = qs_session_get_run (self->session);
  guint at;

  if (shown != NULL && g_ptr_array_find (runs, shown, &at))
    {
      gpointer first = runs->pdata[at];
      memmove (&runs->pdata[1], &runs->pdata[0], at * sizeof runs->pdata[0]);
      runs->pdata[0] = first;
    }
  qs_compared_set (qs_session_get_compared (self->session), (QsRun *const *) runs->pdata, runs->len);
}

/* One is shown; of several that are chosen the one before stays, and they stand side by side on their page. */
static void
selected_cb (QsRunList *self)
{
  g_autoptr (GPtrArray) runs = qs_run_list_dup_selected (self);

  gtk_widget_set_visible (self->selection_bar, runs->len > 1);
  if (self->session != NULL && runs->len == 1)
    qs_session_set_run (self->session, runs->pdata[0]);
  else if (self->session != NULL && runs->len > 1)
    compare_selected (self, runs);
  g_signal_emit (self, signals[SELECTION_CHANGED], 0);
}

static void
activated_cb (QsRunList *self, GtkListBoxRow *row)
{
  qs_session_set_run (self->session, run_of (row));
}

static GtkWidget *
find_row (QsRunList *self, QsRun *run)
{
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->list, i)) != NULL; i++)
    if (run_of (row) == run)
      return GTK_WIDGET (row);
  return NULL;
}

static gboolean
reveal_cb (gpointer data)
{
  QsRunList *self = data;
  GtkAllocation place;

  self->reveal_id = 0;
  if (self->reveal == NULL || !gtk_widget_get_mapped (self->reveal))
    return G_SOURCE_REMOVE;
  gtk_widget_get_allocation (self->reveal, &place);
  gtk_adjustment_clamp_page (gtk_scrolled_window_get_vadjustment (self->scroll), place.y, place.y + place.height);
  return G_SOURCE_REMOVE;
}

static void
reveal (QsRunList *self, GtkWidget *row)
{
  self->reveal = row;
  if (self->reveal_id == 0)
    self->reveal_id = g_idle_add_full (G_PRIORITY_LOW, reveal_cb, self, NULL);
}

/* An attempt of one of them has no row: a click on that one's row shows it again. */
static void
session_run_cb (QsRunList *self)
{
  QsRun *run = qs_session_get_run (self->session);
  GtkWidget *row = run != NULL ? find_row (self, run) : NULL;
  g_autoptr (GList) selected = gtk_list_box_get_selected_rows (self->list);

  if (row == NULL)
    gtk_list_box_unselect_all (self->list);
  else if (selected == NULL || selected->next != NULL || selected->data != row)
    {
      gtk_list_box_unselect_all (self->list);
      gtk_list_box_select_row (self->list, GTK_LIST_BOX_ROW (row));
      reveal (self, row);
    }
}

/* --- Rows --- */

static void
again_cb (QsRunList *self, QsRunRow *row)
{
  qs_session_run_again (self->session, qs_run_row_get_run (row));
}

static void
forget_cb (QsRunList *self, QsRunRow *row)
{
  QsRun *run = qs_run_row_get_run (row);

  qs_session_forget_runs (self->session, &run, 1);
}

static void
show_attempt_cb (QsRunList *self, QsRun *attempt)
{
  qs_session_set_run (self->session, attempt);
}

static void
row_status_cb (QsRunList *self)
{
  if (g_str_equal (self->sort, "outcome"))
    gtk_list_box_invalidate_sort (self->list);
}

static GtkWidget *
add_row (QsRunList *self, QsRun *run)
{
  GtkWidget *row = qs_run_row_new (run, qs_lab_get_ca_path (qs_session_get_lab (self->session)));

  g_signal_connect_object (row, "again", G_CALLBACK (again_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (row, "forget", G_CALLBACK (forget_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (row, "show-attempt", G_CALLBACK (show_attempt_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (run, "notify::status", G_CALLBACK (row_status_cb), self, G_CONNECT_SWAPPED);
  return row;
}

static void
items_changed_cb (QsRunList *self, guint position, guint removed, guint added, GListModel *runs)
{
  g_autoptr (GHashTable) listed = g_hash_table_new (NULL, NULL);
  g_autoptr (GList) rows = gtk_container_get_children (GTK_CONTAINER (self->list));
  guint n = g_list_model_get_n_items (runs);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (runs, i);
      g_hash_table_insert (listed, run, GUINT_TO_POINTER (i + 1));
    }
  for (GList *at = rows; at != NULL; at = at->next)
    {
      gpointer index = g_hash_table_lookup (listed, run_of (at->data));
      g_object_set_data (at->data, INDEX, index);
      if (self->reveal == at->data && index == NULL)
        self->reveal = NULL;
      if (index == NULL)
        gtk_widget_destroy (at->data);
    }
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (runs, i);
      GtkWidget *row = add_row (self, run);
      g_object_set_data (G_OBJECT (row), INDEX, GUINT_TO_POINTER (i + 1));
      gtk_container_add (GTK_CONTAINER (self->list), row);
    }
  gtk_list_box_invalidate_sort (self->list);
  gtk_widget_set_visible (self->bar, n >= BAR_FROM);
}

/* --- A row's menu --- */

static void
append_other (GMenu *menu, QsRun *run, guint index)
{
  g_autofree char *time = g_date_time_format (qs_run_get_started (run), "%H:%M:%S");
  g_autofree char *text = g_strdup_printf ("%s · %s", qs_run_get_title (run), time);
  g_auto (GStrv) parts = g_strsplit (text, "_", -1); /* an underline is no mnemonic */
  g_autofree char *label = g_strjoinv ("__", parts);
  g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);

  g_menu_item_set_action_and_target (item, "win.compare-with", "u", index);
  g_menu_append_item (menu, item);
}

/* The newest ones first. */
static GMenuModel *
others_menu (QsRunList *self, QsRun *run)
{
  GListModel *runs = qs_session_get_runs (self->session);
  GMenu *menu = g_menu_new ();

  for (guint i = g_list_model_get_n_items (runs), n = 0; i > 0 && n < MOST_OTHERS; i--)
    {
      g_autoptr (QsRun) other = g_list_model_get_item (runs, i - 1);
      if (other == run)
        continue;
      append_other (menu, other, i - 1);
      n++;
    }
  return G_MENU_MODEL (menu);
}

static GMenuModel *
make_menu (QsRunList *self, QsRun *run)
{
  GMenu *menu = g_menu_new ();
  g_autoptr (GMenu) compare = g_menu_new ();
  g_autoptr (GMenu) rest = g_menu_new ();
  g_autoptr (GMenuModel) others = others_menu (self, run);

  g_menu_append (compare, _ ("_Compare With the Last Good One"), "win.compare-good");
  if (g_menu_model_get_n_items (others) > 0)
    g_menu_append_submenu (compare, _ ("Compare _With…"), others);
  g_menu_append (rest, _ ("_Run Again"), "win.run-again");
  g_menu_append (rest, _ ("_Edit and Run…"), "win.edit-run");
  g_menu_append (rest, _ ("_Name and Note…"), "win.name-run");
  g_menu_append (rest, _ ("_Save the Trace…"), "win.save-trace");
  g_menu_append (rest, _ ("_Forget This Run"), "win.remove-run");
  g_menu_append_section (menu, NULL, G_MENU_MODEL (compare));
  g_menu_append_section (menu, NULL, G_MENU_MODEL (rest));
  return G_MENU_MODEL (menu);
}

/* Of several that are selected, and the row is one of them, it is about them. */
static void
show_menu (QsRunList *self, GtkListBoxRow *row, const GdkEvent *event)
{
  g_autoptr (GMenuModel) model = make_menu (self, run_of (row));
  GtkWidget *menu = gtk_menu_new_from_model (model);

  if (!gtk_list_box_row_is_selected (row))
    {
      gtk_list_box_unselect_all (self->list);
      gtk_list_box_select_row (self->list, row);
    }
  gtk_menu_attach_to_widget (GTK_MENU (menu), GTK_WIDGET (row), NULL);
  g_signal_connect (menu, "selection-done", G_CALLBACK (gtk_widget_destroy), NULL);
  if (event != NULL)
    gtk_menu_popup_at_pointer (GTK_MENU (menu), event);
  else
    gtk_menu_popup_at_widget (GTK_MENU (menu), GTK_WIDGET (row), GDK_GRAVITY_SOUTH_WEST, GDK_GRAVITY_NORTH_WEST, NULL);
}

static gboolean
popup_menu_cb (QsRunList *self)
{
  GtkWidget *top = gtk_widget_get_toplevel (GTK_WIDGET (self));
  GtkWidget *focus = GTK_IS_WINDOW (top) ? gtk_window_get_focus (GTK_WINDOW (top)) : NULL;
  GtkWidget *row = focus != NULL ? gtk_widget_get_ancestor (focus, GTK_TYPE_LIST_BOX_ROW) : NULL;

  if (row == NULL || !gtk_widget_is_ancestor (row, GTK_WIDGET (self->list)))
    return FALSE;
  show_menu (self, GTK_LIST_BOX_ROW (row), NULL);
  return TRUE;
}

static gboolean
button_press_cb (QsRunList *self, GdkEvent *event)
{
  GtkWidget *at = gtk_get_event_widget (event);
  GtkWidget *row = at != NULL ? gtk_widget_get_ancestor (at, GTK_TYPE_LIST_BOX_ROW) : NULL;

  if (!gdk_event_triggers_context_menu (event) || row == NULL)
    return GDK_EVENT_PROPAGATE;
  show_menu (self, GTK_LIST_BOX_ROW (row), event);
  return GDK_EVENT_STOP;
}

/* --- The widget --- */

static void
qs_run_list_dispose (GObject *object)
{
  QsRunList *self = QS_RUN_LIST (object);

  g_clear_handle_id (&self->reveal_id, g_source_remove);
  if (self->session != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->session, self);
      g_signal_handlers_disconnect_by_data (qs_session_get_runs (self->session), self);
    }
  g_clear_object (&self->session);
  G_OBJECT_CLASS (qs_run_list_parent_class)->dispose (object);
}

static void
qs_run_list_finalize (GObject *object)
{
  QsRunList *self = QS_RUN_LIST (object);

  g_free (self->wanted);
  g_free (self->sort);
  G_OBJECT_CLASS (qs_run_list_parent_class)->finalize (object);
}

static void
qs_run_list_class_init (QsRunListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_run_list_dispose;
  G_OBJECT_CLASS (klass)->finalize = qs_run_list_finalize;
  signals[SELECTION_CHANGED] =
      g_signal_new ("selection-changed", QS_TYPE_RUN_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-run-list.ui");
  gtk_widget_class_bind_template_child (widget_class, QsRunList, bar);
  gtk_widget_class_bind_template_child (widget_class, QsRunList, selection_bar);
  gtk_widget_class_bind_template_child (widget_class, QsRunList, find);
  gtk_widget_class_bind_template_child (widget_class, QsRunList, sort_button);
  gtk_widget_class_bind_template_child (widget_class, QsRunList, scroll);
  gtk_widget_class_bind_template_child (widget_class, QsRunList, list);
  gtk_widget_class_bind_template_child (widget_class, QsRunList, placeholder);
  gtk_widget_class_bind_template_callback (widget_class, find_cb);
  gtk_widget_class_bind_template_callback (widget_class, stop_find_cb);
  gtk_widget_class_bind_template_callback (widget_class, selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, popup_menu_cb);
  gtk_widget_class_bind_template_callback (widget_class, button_press_cb);
}

static void
qs_run_list_init (QsRunList *self)
{
  g_autoptr (GSimpleActionGroup) group = g_simple_action_group_new ();

  self->sort = g_strdup ("time");
  gtk_widget_init_template (GTK_WIDGET (self));
  g_action_map_add_action_entries (G_ACTION_MAP (group), actions, G_N_ELEMENTS (actions), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "runs", G_ACTION_GROUP (group));
  gtk_list_box_set_filter_func (self->list, filter_cb, self, NULL);
  gtk_list_box_set_sort_func (self->list, sort_cb, self, NULL);
  gtk_list_box_set_header_func (self->list, header_cb, self, NULL);
}

void
qs_run_list_set_session (QsRunList *self, QsSession *session)
{
  g_return_if_fail (QS_IS_RUN_LIST (self) && QS_IS_SESSION (session) && self->session == NULL);

  GListModel *runs = qs_session_get_runs (session);
  self->session = g_object_ref (session);
  g_signal_connect_swapped (runs, "items-changed", G_CALLBACK (items_changed_cb), self);
  g_signal_connect_swapped (session, "notify::run", G_CALLBACK (session_run_cb), self);
  items_changed_cb (self, 0, 0, g_list_model_get_n_items (runs), runs);
}
