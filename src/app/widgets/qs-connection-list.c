/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-connection-list.h"

#include "app/models/qs-connection-model.h"
#include "app/widgets/qs-copy.h"
#include "base/qs-i18n.h"

struct _QsConnectionList {
  GtkBox parent;
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

enum { CHOSEN, OPENED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsConnectionList, qs_connection_list, GTK_TYPE_BOX)

/* Of what tables a column is. */
#define OF_FILE (1 << 0)
#define OF_WATCHED (1 << 1)
#define OF_BOTH (OF_FILE | OF_WATCHED)

static const struct {
  QsConnectionColumn column;
  const char *title;
  guint of;
  gboolean number;
  const char *sample;
} columns[] = {
  { QS_CONNECTION_COLUMN_NUMBER, N_ ("No."), OF_BOTH, TRUE, "00000" },
  { QS_CONNECTION_COLUMN_START, N_ ("Start (UTC)"), OF_FILE, FALSE, "2026-00-00 00:00:00.000" },
  { QS_CONNECTION_COLUMN_TIME, N_ ("Time (UTC)"), OF_WATCHED, FALSE, "00:00:00.000" },
  { QS_CONNECTION_COLUMN_CLIENT, N_ ("Client"), OF_BOTH, FALSE, "192.0.2.100:00000" },
  { QS_CONNECTION_COLUMN_SERVER, N_ ("Server"), OF_BOTH, FALSE, "192.0.2.100:0000" },
  { QS_CONNECTION_COLUMN_NAME, N_ ("Name"), OF_BOTH, FALSE, "www.example.org" },
  { QS_CONNECTION_COLUMN_PROTOCOL, N_ ("Protocol"), OF_FILE, FALSE, "http/1.1" },
  { QS_CONNECTION_COLUMN_PROTOCOL, N_ ("Protocol"), OF_WATCHED, FALSE, "TLSv1.3, http/1.1" },
  { QS_CONNECTION_COLUMN_VERSION, N_ ("Version"), OF_FILE, FALSE, "QUIC v1" },
  { QS_CONNECTION_COLUMN_PACKETS, N_ ("Packets"), OF_FILE, TRUE, "00000000" },
  { QS_CONNECTION_COLUMN_DURATION, N_ ("Duration"), OF_FILE, TRUE, "000.00 ms" },
  { QS_CONNECTION_COLUMN_STATE, N_ ("State"), OF_WATCHED, FALSE, "Handshaking" },
  { QS_CONNECTION_COLUMN_KEYS, N_ ("Keys"), OF_WATCHED, FALSE, "yes" },
  { QS_CONNECTION_COLUMN_BYTES, N_ ("Bytes"), OF_WATCHED, TRUE, "000.00 KiB" },
  { QS_CONNECTION_COLUMN_VERDICT, N_ ("Verdict"), OF_BOTH, FALSE, "Connected over QUIC v1 with h3 in 12 ms" },
};

/* --- What is chosen --------------------------------------------------------------------- */

static const QsConnectionRow *
get_chosen_row (QsConnectionList *self)
{
  return self->model != NULL && self->chosen != QS_CONNECTION_NONE
             ? qs_connection_table_get_row (qs_connection_model_get_table (self->model), self->chosen)
             : NULL;
}

static void
show_chosen (QsConnectionList *self)
{
  const QsConnectionRow *row = get_chosen_row (self);
  g_autofree char *gone =
      row != NULL && row->let_go
          ? g_strdup_printf (_ ("%s Its packets were let go of, to make room for later ones."), row->verdict)
          : NULL;
  const char *text = row == NULL            ? _ ("Choose a connection.")
                     : row->verdict == NULL ? _ ("It is still to be read.")
                     : gone != NULL         ? gone
                                            : row->verdict;

  if (g_strcmp0 (gtk_label_get_text (self->verdict), text) != 0)
    gtk_label_set_text (self->verdict, text);
  gtk_widget_set_sensitive (self->show, row != NULL && !row->let_go);
}

static void
show_count (QsConnectionList *self)
{
  QsConnectionTable *table = qs_connection_model_get_table (self->model);
  guint first = qs_connection_table_get_first (table), n = qs_connection_table_get_length (table) - first;
  guint known = qs_connection_table_get_n_known (table) - first;
  guint shown = qs_connection_model_get_length (self->model);
  g_autofree char *text = known < n   ? g_strdup_printf (_ ("%u of %u read"), known, n)
                          : shown < n ? g_strdup_printf (_ ("%u of %u"), shown, n)
                                      : g_strdup_printf ("%u", n);

  if (g_strcmp0 (gtk_label_get_text (self->count), text) != 0)
    gtk_label_set_text (self->count, text);
}

/* Its row is selected, where it matches; and in view. */
static void
reveal_chosen (QsConnectionList *self, gboolean scrolls)
{
  guint row;

  self->syncing = TRUE;
  if (self->model != NULL && self->chosen != QS_CONNECTION_NONE &&
      qs_connection_model_find (self->model, self->chosen, &row))
    {
      g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices ((int) row, -1);
      if (scrolls)
        {
          gtk_tree_view_set_cursor (self->view, path, NULL, FALSE);
          gtk_tree_view_scroll_to_cell (self->view, path, NULL, FALSE, 0, 0);
        }
      else
        gtk_tree_selection_select_path (self->selection, path);
    }
  self->syncing = FALSE;
  show_chosen (self);
}

static void
selection_changed_cb (QsConnectionList *self)
{
  GtkTreeIter iter;

  if (self->syncing || self->model == NULL || !gtk_tree_selection_get_selected (self->selection, NULL, &iter))
    return;
  gtk_tree_model_get (GTK_TREE_MODEL (self->model), &iter, QS_CONNECTION_COLUMN_INDEX, &self->chosen, -1);
  show_chosen (self);
  g_signal_emit (self, signals[CHOSEN], 0, self->chosen);
}

static void
open_chosen (QsConnectionList *self)
{
  const QsConnectionRow *row = get_chosen_row (self);

  if (row != NULL && !row->let_go)
    g_signal_emit (self, signals[OPENED], 0, self->chosen);
}

static void
row_activated_cb (QsConnectionList *self, GtkTreePath *path)
{
  self->chosen = qs_connection_model_get_index (self->model, (guint) gtk_tree_path_get_indices (path)[0]);
  open_chosen (self);
}

/* --- The table -------------------------------------------------------------------------- */

static void
show_sorting (QsConnectionList *self)
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
column_clicked_cb (QsConnectionList *self, GtkTreeViewColumn *clicked)
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
search_changed_cb (QsConnectionList *self)
{
  if (self->model != NULL)
    qs_connection_model_search (self->model, gtk_entry_get_text (self->search));
}

/* Of a table that grows it comes often: what a person has scrolled to stays in view. */
static void
model_reset_cb (QsConnectionList *self)
{
  GtkAdjustment *scroll = gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (self->view));
  gboolean grows = qs_connection_table_is_growing (qs_connection_model_get_table (self->model));
  double at = gtk_adjustment_get_value (scroll);

  self->syncing = TRUE;
  gtk_tree_view_set_model (self->view, NULL);
  gtk_tree_view_set_model (self->view, GTK_TREE_MODEL (self->model));
  self->syncing = FALSE;
  show_count (self);
  reveal_chosen (self, !grows);
  if (grows)
    gtk_adjustment_set_value (scroll, at);
}

static void
row_known_cb (QsConnectionList *self, guint index)
{
  show_count (self);
  if (index == self->chosen)
    show_chosen (self);
}

static void
rows_changed_cb (QsConnectionList *self)
{
  show_count (self);
  show_chosen (self);
}

static void
drop_model (QsConnectionList *self)
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
show_columns (QsConnectionList *self, guint of, gboolean one_server)
{
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    gtk_tree_view_column_set_visible (gtk_tree_view_get_column (self->view, (int) i),
                                      (columns[i].of & of) != 0 &&
                                          !(one_server && columns[i].column == QS_CONNECTION_COLUMN_SERVER));
}

/* --- Set-up ----------------------------------------------------------------------------- */

static int
text_width (QsConnectionList *self, const char *text)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self->view), text);
  int width;

  pango_layout_get_pixel_size (layout, &width, NULL);
  return width;
}

static void
add_column (QsConnectionList *self, guint i)
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
qs_connection_list_dispose (GObject *object)
{
  drop_model (QS_CONNECTION_LIST (object));
  G_OBJECT_CLASS (qs_connection_list_parent_class)->dispose (object);
}

static void
qs_connection_list_class_init (QsConnectionListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_connection_list_dispose;
  signals[CHOSEN] = g_signal_new ("chosen", QS_TYPE_CONNECTION_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[OPENED] = g_signal_new ("opened", QS_TYPE_CONNECTION_LIST, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 1, G_TYPE_UINT);

  gtk_widget_class_set_template_from_resource (widget_class, "/org/quicscope/Quicscope/ui/qs-connection-list.ui");
  gtk_widget_class_bind_template_child (widget_class, QsConnectionList, search);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionList, count);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionList, verdict);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionList, view);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionList, selection);
  gtk_widget_class_bind_template_child (widget_class, QsConnectionList, show);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, selection_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, open_chosen);
}

static void
qs_connection_list_init (QsConnectionList *self)
{
  self->chosen = QS_CONNECTION_NONE;
  self->sorted = QS_CONNECTION_COLUMN_NUMBER;
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    add_column (self, i);
  /* Only once every column is of fixed size. */
  gtk_tree_view_set_fixed_height_mode (self->view, TRUE);
  qs_copy_enable (GTK_WIDGET (self->view));
  show_sorting (self);
}

/* --- Public ----------------------------------------------------------------------------- */

void
qs_connection_list_set_name (QsConnectionList *self, const char *name)
{
  g_return_if_fail (QS_IS_CONNECTION_LIST (self) && name != NULL);

  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->view)), name);
}

void
qs_connection_list_set_table (QsConnectionList *self, QsConnectionTable *table, gboolean one_server)
{
  g_return_if_fail (QS_IS_CONNECTION_LIST (self) && (table == NULL || QS_IS_CONNECTION_TABLE (table)));

  if (self->model != NULL && qs_connection_model_get_table (self->model) == table)
    return;
  drop_model (self);
  self->chosen = QS_CONNECTION_NONE;
  if (table == NULL)
    return;
  show_columns (self, qs_connection_table_is_growing (table) ? OF_WATCHED : OF_FILE, one_server);
  self->model = qs_connection_model_new (table);
  g_signal_connect_swapped (table, "row", G_CALLBACK (row_known_cb), self);
  g_signal_connect_swapped (table, "added", G_CALLBACK (rows_changed_cb), self);
  g_signal_connect_swapped (table, "dropped", G_CALLBACK (rows_changed_cb), self);
  g_signal_connect_swapped (self->model, "reset", G_CALLBACK (model_reset_cb), self);
  qs_connection_model_sort (self->model, self->sorted, self->descending);
  qs_connection_model_search (self->model, gtk_entry_get_text (self->search));
}

void
qs_connection_list_choose (QsConnectionList *self, guint index)
{
  g_return_if_fail (QS_IS_CONNECTION_LIST (self));

  if (index == self->chosen)
    {
      show_chosen (self);
      return;
    }
  self->chosen = index;
  reveal_chosen (self, TRUE);
}

GtkWidget *
qs_connection_list_get_view (QsConnectionList *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_LIST (self), NULL);

  return GTK_WIDGET (self->view);
}

GtkWidget *
qs_connection_list_get_search (QsConnectionList *self)
{
  g_return_val_if_fail (QS_IS_CONNECTION_LIST (self), NULL);

  return GTK_WIDGET (self->search);
}
