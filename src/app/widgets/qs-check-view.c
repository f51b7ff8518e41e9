/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-check-view.h"

#include "base/qs-i18n.h"

#define ICON_SIZE 16
#define BAND 0.07 /* how much of the text's colour is behind the name of a category */

struct _QsCheckView {
  GtkTreeView parent;
  QsCheckList *list;
  GtkTreeSelection *selection;
  GtkTreeViewColumn *changes;
  cairo_surface_t *icons[QS_CHECK_N_STATES]; /* NULL: to be drawn */
  GdkRGBA band;
  guint chosen;
  guint reveal_id;
  gboolean syncing;
};

enum { CHOSEN, OPENED, COPY, MENU, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsCheckView, qs_check_view, GTK_TYPE_TREE_VIEW)

/* --- Cells ------------------------------------------------------------------------------ */

static void
get_class_colour (QsCheckView *self, const char *css_class, GdkRGBA *colour)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));

  gtk_style_context_save (style);
  gtk_style_context_set_state (style, GTK_STATE_FLAG_NORMAL);
  gtk_style_context_add_class (style, css_class);
  gtk_style_context_get_color (style, gtk_style_context_get_state (style), colour);
  gtk_style_context_restore (style);
}

/* A cell knows no CSS class: the icon is drawn in the class's colour here. NULL: the theme does not have it. */
static cairo_surface_t *
get_icon (QsCheckView *self, guint state)
{
  int scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  GdkRGBA colour;

  if (self->icons[state] != NULL)
    return self->icons[state];
  g_autoptr (GtkIconInfo) info = gtk_icon_theme_lookup_icon_for_scale (
      gtk_icon_theme_get_default (), qs_check_state_icon_name (state), ICON_SIZE, scale, GTK_ICON_LOOKUP_FORCE_SIZE);
  get_class_colour (self, qs_check_state_css_class (state), &colour);
  g_autoptr (GdkPixbuf) pixbuf =
      info != NULL ? gtk_icon_info_load_symbolic (info, &colour, NULL, NULL, NULL, NULL, NULL) : NULL;
  if (pixbuf != NULL)
    self->icons[state] =
        gdk_cairo_surface_create_from_pixbuf (pixbuf, scale, gtk_widget_get_window (GTK_WIDGET (self)));
  return self->icons[state];
}

static void
set_band (QsCheckView *self, GtkCellRenderer *cell, int state)
{
  g_object_set (cell, "cell-background-rgba", state < 0 ? &self->band : NULL, NULL);
}

static void
icon_cb (GtkTreeViewColumn *column, GtkCellRenderer *cell, GtkTreeModel *model, GtkTreeIter *iter, gpointer data)
{
  QsCheckView *self = data;
  int state;

  gtk_tree_model_get (model, iter, QS_CHECK_COLUMN_STATE, &state, -1);
  set_band (self, cell, state);
  if (state < 0)
    g_object_set (cell, "icon-name", NULL, NULL);
  else if (gtk_tree_selection_iter_is_selected (self->selection, iter))
    g_object_set (cell, "icon-name", qs_check_state_icon_name ((guint) state), NULL); /* in the selection's colour */
  else
    g_object_set (cell, "surface", get_icon (self, (guint) state), NULL);
}

static void
text_cb (GtkTreeViewColumn *column, GtkCellRenderer *cell, GtkTreeModel *model, GtkTreeIter *iter, gpointer data)
{
  int state;

  gtk_tree_model_get (model, iter, QS_CHECK_COLUMN_STATE, &state, -1);
  set_band (data, cell, state);
}

static void
drop_icons (QsCheckView *self)
{
  for (guint i = 0; i < QS_CHECK_N_STATES; i++)
    g_clear_pointer (&self->icons[i], cairo_surface_destroy);
}

/* --- Columns ---------------------------------------------------------------------------- */

static int
text_width (QsCheckView *self, const char *text)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  int width;

  pango_layout_get_pixel_size (layout, &width, NULL);
  return width;
}

static GtkTreeViewColumn *
add_text_column (QsCheckView *self, const char *title, QsCheckColumn model_column, int width)
{
  GtkTreeViewColumn *column = gtk_tree_view_column_new ();
  GtkCellRenderer *cell = gtk_cell_renderer_text_new ();

  gtk_tree_view_column_set_title (column, title);
  gtk_tree_view_column_pack_start (column, cell, TRUE);
  gtk_tree_view_column_add_attribute (column, cell, "text", (int) model_column);
  gtk_tree_view_column_add_attribute (column, cell, "weight", QS_CHECK_COLUMN_WEIGHT);
  gtk_tree_view_column_set_cell_data_func (column, cell, text_cb, self, NULL);
  g_object_set (cell, "ellipsize", PANGO_ELLIPSIZE_END, "single-paragraph-mode", TRUE, "xpad", 4, "ypad", 4, NULL);
  gtk_tree_view_column_set_sizing (column, GTK_TREE_VIEW_COLUMN_FIXED);
  gtk_tree_view_column_set_fixed_width (column, width);
  gtk_tree_view_column_set_expand (column, model_column == QS_CHECK_COLUMN_TITLE);
  gtk_tree_view_column_set_resizable (column, TRUE);
  gtk_tree_view_append_column (GTK_TREE_VIEW (self), column);
  return column;
}

static void
add_icon_column (QsCheckView *self)
{
  GtkTreeViewColumn *column = gtk_tree_view_column_new ();
  GtkCellRenderer *cell = gtk_cell_renderer_pixbuf_new ();

  gtk_tree_view_column_pack_start (column, cell, FALSE);
  gtk_tree_view_column_set_cell_data_func (column, cell, icon_cb, self, NULL);
  gtk_tree_view_column_set_sizing (column, GTK_TREE_VIEW_COLUMN_FIXED);
  gtk_tree_view_column_set_fixed_width (column, ICON_SIZE + 14);
  gtk_tree_view_append_column (GTK_TREE_VIEW (self), column);
}

static int
verdict_width (QsCheckView *self)
{
  int width = text_width (self, _ ("Verdict"));

  for (guint i = 0; i < QS_CHECK_N_VERDICTS; i++)
    {
      g_autofree char *words = g_strdup_printf ("%s: 00", qs_check_verdict_title (i));
      width = MAX (width, text_width (self, words));
    }
  return width + 24;
}

static void
add_columns (QsCheckView *self)
{
  int verdict = verdict_width (self);

  add_icon_column (self);
  add_text_column (self, _ ("Check"), QS_CHECK_COLUMN_TITLE, 160);
  add_text_column (self, _ ("Verdict"), QS_CHECK_COLUMN_VERDICT, verdict);
  self->changes = add_text_column (self, _ ("Earlier"), QS_CHECK_COLUMN_CHANGE, verdict);
  gtk_tree_view_column_set_visible (self->changes, FALSE);
  add_text_column (self, _ ("Id"), QS_CHECK_COLUMN_ID, text_width (self, "T23b0") + 16);
  gtk_tree_view_set_fixed_height_mode (GTK_TREE_VIEW (self), TRUE);
}

/* --- What is chosen --------------------------------------------------------------------- */

/* Names of categories are passed over. */
static gboolean
may_select_cb (GtkTreeSelection *selection, GtkTreeModel *model, GtkTreePath *path, gboolean selected, gpointer data)
{
  GtkTreeIter iter;
  int index = -1;

  if (gtk_tree_model_get_iter (model, &iter, path))
    gtk_tree_model_get (model, &iter, QS_CHECK_COLUMN_INDEX, &index, -1);
  return index >= 0;
}

static void
selection_changed_cb (QsCheckView *self)
{
  GtkTreeModel *model;
  GtkTreeIter iter;
  int index;

  if (self->syncing || !gtk_tree_selection_get_selected (self->selection, &model, &iter))
    return;
  gtk_tree_model_get (model, &iter, QS_CHECK_COLUMN_INDEX, &index, -1);
  if (self->chosen == (guint) index)
    return;
  self->chosen = (guint) index;
  g_signal_emit (self, signals[CHOSEN], 0);
}

/* Once all is laid out, and at once: an animation ends half-way where what is beside the list makes it smaller. */
static gboolean
reveal_cb (gpointer data)
{
  QsCheckView *self = data;
  GtkTreeIter iter;
  GdkRectangle area;
  int y;

  self->reveal_id = 0;
  if (!qs_check_list_find (self->list, self->chosen, &iter))
    return G_SOURCE_REMOVE;
  g_autoptr (GtkTreePath) path = gtk_tree_model_get_path (qs_check_list_get_model (self->list), &iter);
  gtk_tree_view_get_background_area (GTK_TREE_VIEW (self), path, NULL, &area);
  gtk_tree_view_convert_bin_window_to_tree_coords (GTK_TREE_VIEW (self), 0, area.y, NULL, &y);
  gtk_adjustment_clamp_page (gtk_scrollable_get_vadjustment (GTK_SCROLLABLE (self)), y - 2 * area.height,
                             y + 3 * area.height);
  return G_SOURCE_REMOVE;
}

static void
select_chosen (QsCheckView *self)
{
  GtkTreeIter iter;

  if (self->chosen == G_MAXUINT || !qs_check_list_find (self->list, self->chosen, &iter))
    return;
  g_autoptr (GtkTreePath) path = gtk_tree_model_get_path (qs_check_list_get_model (self->list), &iter);
  gtk_tree_view_set_cursor (GTK_TREE_VIEW (self), path, NULL, FALSE);
  if (self->reveal_id == 0)
    self->reveal_id = g_idle_add_full (G_PRIORITY_LOW, reveal_cb, self, NULL);
}

static void
reset_cb (QsCheckView *self)
{
  self->syncing = TRUE;
  gtk_tree_view_set_model (GTK_TREE_VIEW (self), qs_check_list_get_model (self->list));
  select_chosen (self);
  self->syncing = FALSE;
  gtk_tree_view_column_set_visible (self->changes, qs_check_list_is_compared (self->list));
}

/* --- Overrides -------------------------------------------------------------------------- */

static void
qs_check_view_row_activated (GtkTreeView *view, GtkTreePath *path, GtkTreeViewColumn *column)
{
  if (gtk_tree_selection_path_is_selected (QS_CHECK_VIEW (view)->selection, path))
    g_signal_emit (view, signals[OPENED], 0);
}

static gboolean
qs_check_view_key_press_event (GtkWidget *widget, GdkEventKey *event)
{
  guint modifiers = event->state & gtk_accelerator_get_default_mod_mask ();

  if (modifiers == GDK_CONTROL_MASK && gdk_keyval_to_lower (event->keyval) == GDK_KEY_c)
    {
      g_signal_emit (widget, signals[COPY], 0);
      return GDK_EVENT_STOP;
    }
  /* The search is the page's: GtkTreeView would open one of its own. */
  if (modifiers == GDK_CONTROL_MASK && gdk_keyval_to_lower (event->keyval) == GDK_KEY_f)
    return GDK_EVENT_PROPAGATE;
  return GTK_WIDGET_CLASS (qs_check_view_parent_class)->key_press_event (widget, event);
}

static gboolean
qs_check_view_button_press_event (GtkWidget *widget, GdkEventButton *event)
{
  QsCheckView *self = QS_CHECK_VIEW (widget);
  g_autoptr (GtkTreePath) path = NULL;

  if (!gdk_event_triggers_context_menu ((GdkEvent *) event) || event->type != GDK_BUTTON_PRESS)
    return GTK_WIDGET_CLASS (qs_check_view_parent_class)->button_press_event (widget, event);
  if (!gtk_tree_view_get_path_at_pos (GTK_TREE_VIEW (self), (int) event->x, (int) event->y, &path, NULL, NULL, NULL))
    return GDK_EVENT_PROPAGATE;
  gtk_widget_grab_focus (widget);
  gtk_tree_selection_select_path (self->selection, path);
  if (gtk_tree_selection_path_is_selected (self->selection, path))
    g_signal_emit (self, signals[MENU], 0, event);
  return GDK_EVENT_STOP;
}

static gboolean
qs_check_view_popup_menu (GtkWidget *widget)
{
  if (QS_CHECK_VIEW (widget)->chosen != G_MAXUINT)
    g_signal_emit (widget, signals[MENU], 0, NULL);
  return GDK_EVENT_STOP;
}

static void
qs_check_view_style_updated (GtkWidget *widget)
{
  QsCheckView *self = QS_CHECK_VIEW (widget);

  GTK_WIDGET_CLASS (qs_check_view_parent_class)->style_updated (widget);
  drop_icons (self);
  gtk_style_context_get_color (gtk_widget_get_style_context (widget), GTK_STATE_FLAG_NORMAL, &self->band);
  self->band.alpha = BAND;
}

static void
qs_check_view_dispose (GObject *object)
{
  QsCheckView *self = QS_CHECK_VIEW (object);

  drop_icons (self);
  g_clear_handle_id (&self->reveal_id, g_source_remove);
  if (self->list != NULL)
    g_signal_handlers_disconnect_by_data (self->list, self);
  g_clear_object (&self->list);
  G_OBJECT_CLASS (qs_check_view_parent_class)->dispose (object);
}

static void
qs_check_view_class_init (QsCheckViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  const GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = qs_check_view_dispose;
  widget_class->key_press_event = qs_check_view_key_press_event;
  widget_class->button_press_event = qs_check_view_button_press_event;
  widget_class->popup_menu = qs_check_view_popup_menu;
  widget_class->style_updated = qs_check_view_style_updated;
  GTK_TREE_VIEW_CLASS (klass)->row_activated = qs_check_view_row_activated;
  signals[CHOSEN] = g_signal_new ("chosen", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[OPENED] = g_signal_new ("opened", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[COPY] = g_signal_new ("copy", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[MENU] = g_signal_new ("menu", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                GDK_TYPE_EVENT | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
qs_check_view_init (QsCheckView *self)
{
  self->chosen = G_MAXUINT;
  self->selection = gtk_tree_view_get_selection (GTK_TREE_VIEW (self));
  gtk_tree_view_set_enable_search (GTK_TREE_VIEW (self), FALSE);
  gtk_tree_view_set_headers_visible (GTK_TREE_VIEW (self), FALSE);
  add_columns (self);
  gtk_tree_selection_set_select_function (self->selection, may_select_cb, NULL, NULL);
  g_signal_connect_swapped (self->selection, "changed", G_CALLBACK (selection_changed_cb), self);
}

void
qs_check_view_set_list (QsCheckView *self, QsCheckList *list)
{
  g_return_if_fail (QS_IS_CHECK_VIEW (self) && QS_IS_CHECK_LIST (list) && self->list == NULL);

  self->list = g_object_ref (list);
  g_signal_connect_swapped (list, "reset", G_CALLBACK (reset_cb), self);
  reset_cb (self);
}

guint
qs_check_view_get_chosen (QsCheckView *self)
{
  g_return_val_if_fail (QS_IS_CHECK_VIEW (self), G_MAXUINT);

  return self->chosen;
}

void
qs_check_view_choose (QsCheckView *self, guint index)
{
  g_return_if_fail (QS_IS_CHECK_VIEW (self));

  if (self->chosen == index)
    return;
  self->chosen = index;
  self->syncing = TRUE;
  if (index == G_MAXUINT)
    gtk_tree_selection_unselect_all (self->selection);
  else
    select_chosen (self);
  self->syncing = FALSE;
  g_signal_emit (self, signals[CHOSEN], 0);
}

void
qs_check_view_popup (QsCheckView *self, GtkMenu *menu, const GdkEvent *event)
{
  GdkRectangle area = { 0 };
  GtkTreeIter iter;

  if (event != NULL)
    {
      gtk_menu_popup_at_pointer (menu, event);
      return;
    }
  if (qs_check_list_find (self->list, self->chosen, &iter))
    {
      g_autoptr (GtkTreePath) path = gtk_tree_model_get_path (qs_check_list_get_model (self->list), &iter);
      gtk_tree_view_get_cell_area (GTK_TREE_VIEW (self), path, NULL, &area);
    }
  area.width = area.height;
  gtk_menu_popup_at_rect (menu, gtk_tree_view_get_bin_window (GTK_TREE_VIEW (self)), &area, GDK_GRAVITY_SOUTH_WEST,
                          GDK_GRAVITY_NORTH_WEST, NULL);
}
