/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-copy.h"

#include "base/qs-i18n.h"

#define TEXT "qs-copy-text"
#define MARKDOWN "qs-copy-markdown"

void
qs_copy_text (GtkWidget *widget, const char *text)
{
  g_return_if_fail (GTK_IS_WIDGET (widget) && text != NULL);

  gtk_clipboard_set_text (gtk_widget_get_clipboard (widget, GDK_SELECTION_CLIPBOARD), text, -1);
}

void
qs_copy_set_row (GtkWidget *row, const char *text, const char *markdown)
{
  g_return_if_fail (GTK_IS_LIST_BOX_ROW (row) && text != NULL);

  g_object_set_data_full (G_OBJECT (row), TEXT, g_strdup (text), g_free);
  g_object_set_data_full (G_OBJECT (row), MARKDOWN, g_strdup (markdown), g_free);
}

/* --- What is copied ----------------------------------------------------------------------------- */

static void
append_cells (GString *text, GtkTreeView *view, GtkTreeViewColumn *column, GtkTreeIter *iter)
{
  g_autoptr (GList) cells = gtk_cell_layout_get_cells (GTK_CELL_LAYOUT (column));

  gtk_tree_view_column_cell_set_cell_data (column, gtk_tree_view_get_model (view), iter, FALSE, FALSE);
  for (GList *at = cells; at != NULL; at = at->next)
    {
      g_autofree char *cell = NULL;
      if (!GTK_IS_CELL_RENDERER_TEXT (at->data) || !gtk_cell_renderer_get_visible (at->data))
        continue;
      g_object_get (at->data, "text", &cell, NULL);
      if (cell == NULL)
        continue;
      if (text->len > 0)
        g_string_append_c (text, '\t');
      g_string_append (text, cell);
    }
}

static char *
dup_tree_row (GtkTreeView *view)
{
  g_autoptr (GtkTreePath) path = NULL;
  GtkTreeIter iter;

  gtk_tree_view_get_cursor (view, &path, NULL);
  if (path == NULL || !gtk_tree_model_get_iter (gtk_tree_view_get_model (view), &iter, path))
    return NULL;
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < gtk_tree_view_get_n_columns (view); i++)
    {
      GtkTreeViewColumn *column = gtk_tree_view_get_column (view, (int) i);
      if (gtk_tree_view_column_get_visible (column))
        append_cells (text, view, column, &iter);
    }
  return g_string_free (text, FALSE);
}

static char *
dup_list_row (GtkWidget *row)
{
  const char *text = row != NULL ? g_object_get_data (G_OBJECT (row), TEXT) : NULL;

  if (text == NULL && row != NULL)
    text = atk_object_get_name (gtk_widget_get_accessible (row));
  return g_strdup (text);
}

/* The row that has the focus, or holds what has it. */
static GtkWidget *
focused_row (GtkWidget *list)
{
  GtkWidget *top = gtk_widget_get_toplevel (list);
  GtkWidget *focus = GTK_IS_WINDOW (top) ? gtk_window_get_focus (GTK_WINDOW (top)) : NULL;
  GtkWidget *row = focus != NULL ? gtk_widget_get_ancestor (focus, GTK_TYPE_LIST_BOX_ROW) : NULL;

  return row != NULL && gtk_widget_is_ancestor (row, list) ? row : NULL;
}

/* Text that is selected in a label is what a person wants to copy. */
static gboolean
text_is_selected (GtkWidget *list)
{
  GtkWidget *top = gtk_widget_get_toplevel (list);
  GtkWidget *focus = GTK_IS_WINDOW (top) ? gtk_window_get_focus (GTK_WINDOW (top)) : NULL;

  return GTK_IS_LABEL (focus) && gtk_label_get_selection_bounds (GTK_LABEL (focus), NULL, NULL);
}

static gboolean
copy_row (GtkWidget *list)
{
  g_autofree char *text =
      GTK_IS_TREE_VIEW (list) ? dup_tree_row (GTK_TREE_VIEW (list)) : dup_list_row (focused_row (list));

  if (text == NULL)
    return FALSE;
  qs_copy_text (list, text);
  return TRUE;
}

/* --- Keys and menu ------------------------------------------------------------------------------ */

static gboolean
key_press_cb (GtkWidget *list, GdkEventKey *event)
{
  guint modifiers = event->state & gtk_accelerator_get_default_mod_mask ();

  if (modifiers != GDK_CONTROL_MASK || gdk_keyval_to_lower (event->keyval) != GDK_KEY_c || text_is_selected (list))
    return GDK_EVENT_PROPAGATE;
  return copy_row (list) ? GDK_EVENT_STOP : GDK_EVENT_PROPAGATE;
}

static void
item_cb (GtkWidget *item, GtkWidget *list)
{
  qs_copy_text (list, g_object_get_data (G_OBJECT (item), TEXT));
}

static void
add_item (GtkWidget *menu, GtkWidget *list, const char *label, const char *text)
{
  GtkWidget *item = gtk_menu_item_new_with_mnemonic (label);

  g_object_set_data_full (G_OBJECT (item), TEXT, g_strdup (text), g_free);
  g_signal_connect_object (item, "activate", G_CALLBACK (item_cb), list, 0);
  gtk_menu_shell_append (GTK_MENU_SHELL (menu), item);
}

/* row: NULL for a tree, whose cursor says which. FALSE: there is nothing to copy. */
static gboolean
show_menu (GtkWidget *list, GtkWidget *row, const GdkEvent *event)
{
  g_autofree char *text = GTK_IS_TREE_VIEW (list) ? dup_tree_row (GTK_TREE_VIEW (list)) : dup_list_row (row);
  const char *markdown = row != NULL ? g_object_get_data (G_OBJECT (row), MARKDOWN) : NULL;

  if (text == NULL)
    return FALSE;
  GtkWidget *menu = gtk_menu_new ();
  add_item (menu, list, _ ("_Copy"), text);
  if (markdown != NULL)
    add_item (menu, list, _ ("Copy as _Markdown"), markdown);
  gtk_widget_show_all (menu);
  gtk_menu_attach_to_widget (GTK_MENU (menu), list, NULL);
  g_signal_connect (menu, "selection-done", G_CALLBACK (gtk_widget_destroy), NULL);
  if (event != NULL)
    gtk_menu_popup_at_pointer (GTK_MENU (menu), event);
  else
    gtk_menu_popup_at_widget (GTK_MENU (menu), row != NULL ? row : list, GDK_GRAVITY_SOUTH_WEST, GDK_GRAVITY_NORTH_WEST,
                              NULL);
  return TRUE;
}

static gboolean
popup_menu_cb (GtkWidget *list)
{
  return show_menu (list, GTK_IS_TREE_VIEW (list) ? NULL : focused_row (list), NULL);
}

static gboolean
button_press_cb (GtkWidget *list, GdkEvent *event)
{
  GtkWidget *row = NULL;

  if (!gdk_event_triggers_context_menu (event))
    return GDK_EVENT_PROPAGATE;
  if (GTK_IS_TREE_VIEW (list))
    {
      g_autoptr (GtkTreePath) path = NULL;
      if (event->button.window != gtk_tree_view_get_bin_window (GTK_TREE_VIEW (list)) ||
          !gtk_tree_view_get_path_at_pos (GTK_TREE_VIEW (list), (int) event->button.x, (int) event->button.y, &path,
                                          NULL, NULL, NULL))
        return GDK_EVENT_PROPAGATE;
      gtk_tree_view_set_cursor (GTK_TREE_VIEW (list), path, NULL, FALSE);
    }
  else
    {
      GtkWidget *at = gtk_get_event_widget (event);
      row = at != NULL ? gtk_widget_get_ancestor (at, GTK_TYPE_LIST_BOX_ROW) : NULL;
      if (row == NULL)
        return GDK_EVENT_PROPAGATE;
      gtk_widget_grab_focus (row);
    }
  return show_menu (list, row, event) ? GDK_EVENT_STOP : GDK_EVENT_PROPAGATE;
}

void
qs_copy_enable (GtkWidget *list)
{
  g_return_if_fail (GTK_IS_TREE_VIEW (list) || GTK_IS_LIST_BOX (list));

  g_signal_connect (list, "key-press-event", G_CALLBACK (key_press_cb), NULL);
  g_signal_connect (list, "popup-menu", G_CALLBACK (popup_menu_cb), NULL);
  g_signal_connect (list, "button-press-event", G_CALLBACK (button_press_cb), NULL);
}
