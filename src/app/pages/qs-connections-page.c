/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/pages/qs-connections-page.h"

#include "app/models/qs-connection-model.h"
#include "app/widgets/qs-empty-state.h"
#include "base/qs-i18n.h"

struct _QsConnectionsPage {
  QsPage parent;
  GtkStack *stack;
  GtkEntry *search;
  GtkLabel *count, *verdict;
  GtkTreeView *view;
  GtkTreeSelection *selection;
  GtkWidget *show;
  QsConnectionModel *model;
  QsConnectionColumn sorted;
  gboolean descending;
  guint chosen; /* index; QS_CONNECTION_NONE */
  gboolean syncing;
};

G_DEFINE_FINAL_TYPE (QsConnectionsPage, qs_connections_page, QS_TYPE_PAGE)

static const struct {
  QsConnectionColumn column;
  const char *title;
  gboolean number;
  const char *sample;
} columns[] = {
  { QS_CONNECTION_COLUMN_NUMBER, N_ ("No."), TRUE, "00000" },
  { QS_CONNECTION_COLUMN_START, N_ ("Start (UTC)"), FALSE, "2026-00-00 00:00:00.000" },
  { QS_CONNECTION_COLUMN_CLIENT, N_ ("Client"), FALSE, "192.0.2.100:00000" },
  { QS_CONNECTION_COLUMN_SERVER, N_ ("Server"), FALSE, "192.0.2.100:0000" },
  { QS_CONNECTION_COLUMN_NAME, N_ ("Name"), FALSE, "www.example.org" },
  { QS_CONNECTION_COLUMN_PROTOCOL, N_ ("Protocol"), FALSE, "http/1.1" },
  { QS_CONNECTION_COLUMN_VERSION, N_ ("Version"), FALSE, "QUIC v1" },
  { QS_CONNECTION_COLUMN_PACKETS, N_ ("Packets"), TRUE, "00000000" },
  { QS_CONNECTION_COLUMN_DURATION, N_ ("Duration"), TRUE, "000.00 ms" },
  { QS_CONNECTION_COLUMN_VERDICT, N_ ("Verdict"), FALSE, "Connected over QUIC v1 with h3 in 12 ms" },
};

/* --- What is chosen --------------------------------------------------------------------- */

static void
show_chosen (QsConnectionsPage *self)
{
  const QsConnectionRow *row =
      self->model != NULL && self->chosen != QS_CONNECTION_NONE
          ? qs_connection_table_get_row (qs_connection_model_get_table (self->model), self->chosen)
          : NULL;
  const char *text = row == NULL            ? _ ("Choose a connection.")
                     : row->verdict == NULL ? _ ("It is still to be read.")
                                            : row->verdict;

  if (g_strcmp0 (gtk_label_get_text (self->verdict), text) != 0)
    gtk_label_set_text (self->verdict, text);
  gtk_widget_set_sensitive (self->show, row != NULL);
}

static void
show_count (QsConnectionsPage *self)
{
  QsConnectionTable *table = qs_connection_model_get_table (self->model);
  guint n = qs_connection_table_get_length (table), known = qs_connection_table_get_n_known (table);
  guint shown = qs_connection_model_get_length (self->model);
  g_autofree char *text = known < n   ? g_strdup_printf (_ ("%u of %u read"), known, n)
                          : shown < n ? g_strdup_printf (_ ("%u of %u"), shown, n)
                                      : g_strdup_printf ("%u", n);

  gtk_label_set_text (self->count, text);
}

/* Its row is selected and in view, where it matches. */
static void
reveal_chosen (QsConnectionsPage *self)
{
  guint row;

  self->syncing = TRUE;
  if (self->chosen != QS_CONNECTION_NONE && qs_connection_model_find (self->model, self->chosen, &row))
    {
      g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices ((int) row, -1);
      gtk_tree_view_set_cursor (self->view, path, NULL, FALSE);
      gtk_tree_view_scroll_to_cell (self->view, path, NULL, FALSE, 0, 0);
    }
  self->syncing = FALSE;
  show_chosen (self);
}

static void
selection_changed_cb (QsConnectionsPage *self)
{
  GtkTreeIter iter;

  if (self->syncing || self->model == NULL || !gtk_tree_selection_get_selected (self->selection, NULL, &iter))
    return;
  gtk_tree_model_get (GTK_TREE_MODEL (self->model), &iter, QS_CONNECTION_COLUMN_INDEX, &self->chosen, -1);
  show_chosen (self);
}

/* It becomes a run, or is one already; what there is of it is on the other pages. */
static void
open_chosen (QsConnectionsPage *self)
{
  QsSession *session = qs_page_get_session (QS_PAGE (self));

  if (self->model == NULL || self->chosen == QS_CONNECTION_NONE)
    return;
  qs_session_open_connection (session, qs_connection_model_get_table (self->model), self->chosen);
  qs_session_show_page (session, "overview");
}

static void
row_activated_cb (QsConnectionsPage *self, GtkTreePath *path)
{
  self->chosen = qs_connection_model_get_index (self->model, (guint) gtk_tree_path_get_indices (path)[0]);
  open_chosen (self);
}

/* --- The table -------------------------------------------------------------------------- */

static void
show_sorting (QsConnectionsPage *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      GtkTreeViewColumn *column = gtk_tree_view_get_column (self->view, (int) i);
      gboolean sorted = columns[i].column == self->sorted;

      gtk_tree_view_column_set_sort_indicator (column, sorted);
      gtk_tree_view_column_set_sort_order (column, self->descending ? GTK_SORT_DESCENDING : GTK_SORT_ASCENDING);
    }
}

static void
column_clicked_cb (QsConnectionsPage *self, GtkTreeViewColumn *clicked)
{
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      if (gtk_tree_view_get_column (self->view, (int) i) != clicked)
        continue;
      self->descending = columns[i].column == self->sorted && !self->descending;
      self->sorted = columns[i].column;
    }
  show_sorting (self);
  if (self->model != NULL)
    qs_connection_model_sort (self->model, self->sorted, self->descending);
}

static void
search_changed_cb (QsConnectionsPage *self)
{
  if (self->model != NULL)
    qs_connection_model_search (self->model, gtk_entry_get_text (self->search));
}

static void
model_reset_cb (QsConnectionsPage *self)
{
  self->syncing = TRUE;
  gtk_tree_view_set_model (self->view, NULL);
  gtk_tree_view_set_model (self->view, GTK_TREE_MODEL (self->model));
  self->syncing = FALSE;
  show_count (self);
  reveal_chosen (self);
}

static void
row_known_cb (QsConnectionsPage *self, guint index)
{
  show_count (self);
  if (index == self->chosen)
    show_chosen (self);
}

static void
drop_model (QsConnectionsPage *self)
{
  if (self->model == NULL)
    return;
  self->syncing = TRUE;
  gtk_tree_view_set_model (self->view, NULL);
  self->syncing = FALSE;
  g_signal_handlers_disconnect_by_data (qs_connection_model_get_table (self->model), self);
  g_signal_handlers_disconnect_by_data (self->model, self);
  g_clear_object (&self->model);
}

static void
take_table (QsConnectionsPage *self, QsConnectionTable *table)
{
  if (self->model != NULL && qs_connection_model_get_table (self->model) == table)
    return;
  drop_model (self);
  self->model = qs_connection_model_new (table);
  g_signal_connect_swapped (table, "row", G_CALLBACK (row_known_cb), self);
  g_signal_connect_swapped (self->model, "reset", G_CALLBACK (model_reset_cb), self);
  qs_connection_model_sort (self->model, self->sorted, self->descending);
  qs_connection_model_search (self->model, gtk_entry_get_text (self->search));
}

static void
qs_connections_page_run_changed (QsPage *page, QsRun *run)
{
  QsConnectionsPage *self = QS_CONNECTIONS_PAGE (page);
  QsConnectionTable *table = run != NULL ? qs_run_get_table (run) : NULL;

  gtk_stack_set_visible_child_name (self->stack, table != NULL ? "content" : "empty");
  if (table == NULL)
    {
      drop_model (self);
      return;
    }
  self->chosen = qs_study_get_source (qs_run_get_study (run))->connection - 1;
  take_table (self, table);
  reveal_chosen (self);
}

/* --- Set-up ----------------------------------------------------------------------------- */

static int
text_width (QsConnectionsPage *self, const char *text)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self->view), text);
  int width;

  pango_layout_get_pixel_size (layout, &width, NULL);
  return width;
}

static void
add_column (QsConnectionsPage *self, guint i)
{
  GtkTreeViewColumn *column = gtk_tree_view_column_new ();
  GtkCellRenderer *cell = gtk_cell_renderer_text_new ();
  float align = columns[i].number ? 1 : 0;
  int width = MAX (text_width (self, columns[i].sample), text_width (self, _ (columns[i].title)) + 16);

  gtk_tree_view_column_set_title (column, _ (columns[i].title));
  if (columns[i].column == QS_CONNECTION_COLUMN_NUMBER)
    {
      GtkCellRenderer *icon = gtk_cell_renderer_pixbuf_new ();
      g_object_set (icon, "xpad", 4, NULL);
      gtk_tree_view_column_pack_start (column, icon, FALSE);
      gtk_tree_view_column_add_attribute (column, icon, "icon-name", QS_CONNECTION_COLUMN_ICON);
      width += 24;
    }
  gtk_tree_view_column_set_expand (column, columns[i].column == QS_CONNECTION_COLUMN_VERDICT);
  gtk_tree_view_column_pack_start (column, cell, TRUE);
  gtk_tree_view_column_add_attribute (column, cell, "text", (int) columns[i].column);
  g_object_set (cell, "xalign", align, "xpad", 4, "ypad", 3, "ellipsize", PANGO_ELLIPSIZE_END, "single-paragraph-mode",
                TRUE, NULL);
  gtk_tree_view_column_set_alignment (column, align);
  gtk_tree_view_column_set_sizing (column, GTK_TREE_VIEW_COLUMN_FIXED);
  gtk_tree_view_column_set_fixed_width (column, width + 16);
  gtk_tree_view_column_set_resizable (column, TRUE);
  gtk_tree_view_column_set_clickable (column, TRUE);
  g_signal_connect_swapped (column, "clicked", G_CALLBACK (column_clicked_cb), self);
  gtk_tree_view_append_column (self->view, column);
}

static void
qs_connections_page_dispose (GObject *object)
{
  drop_model (QS_CONNECTIONS_PAGE (object));
  G_OBJECT_CLASS (qs_connections_page_parent_class)->dispose (object);
}

static void
qs_connections_page_class_init (QsConnectionsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_connections_page_dispose;
  QS_PAGE_CLASS (klass)->run_changed = qs_connections_page_run_changed;

  g_type_ensure (QS_TYPE_EMPTY_STATE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-connections-page.ui");
  gtk_widget_class_bind_template_child (widget_class, QsConnectionsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionsPage, search);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionsPage, count);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionsPage, verdict);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionsPage, view);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionsPage, selection);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionsPage, show);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, open_chosen);
}

static void
qs_connections_page_init (QsConnectionsPage *self)
{
  self->chosen = QS_CONNECTION_NONE;
  self->sorted = QS_CONNECTION_COLUMN_NUMBER;
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    add_column (self, i);
  /* Only once every column is of fixed size. */
  gtk_tree_view_set_fixed_height_mode (self->view, TRUE);
  show_sorting (self);
}
