/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-packet-list.h"

#include <math.h>
#include <string.h>

#include "app/widgets/qs-copy.h"
#include "base/qs-i18n.h"

/* The window moves when its edge is that near to what is seen, in rows. */
#define MARGIN 200
#define AROUND 16 /* a text in its cell, in pixels */

struct _QsPacketList {
  GtkBox parent;
  GtkTreeView *view;
  GtkAdjustment *local; /* the view's own, within the window */
  GtkAdjustment *all;   /* over all rows */
  QsPacketModel *model;
  gint64 selected;
  gsize time_length; /* of the longest time that the columns are made for */
  gboolean follow;
  gboolean syncing; /* what moves is moved by us */
};

enum { PROP_SELECTED = 1, PROP_FOLLOW, N_PROPS };
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (QsPacketList, qs_packet_list, GTK_TYPE_BOX)

static const struct {
  QsPacketColumn column;
  const char *title;
  const char *sample; /* as wide as this */
  gboolean number;
} columns[] = {
  { QS_PACKET_COLUMN_TIME, N_ ("Time (ms)"), "1000.000", TRUE },
  { QS_PACKET_COLUMN_DELTA, N_ ("Delta"), "+100.000", TRUE },
  { QS_PACKET_COLUMN_DIRECTION, N_ ("Direction"), N_ ("← received"), FALSE },
  { QS_PACKET_COLUMN_TYPE, N_ ("Type"), "Handshake", FALSE },
  { QS_PACKET_COLUMN_NUMBER, N_ ("Number"), "10000", TRUE },
  { QS_PACKET_COLUMN_SIZE, N_ ("Size"), "16,401", TRUE },
  { QS_PACKET_COLUMN_FRAMES, N_ ("Frames"), "ACK CRYPTO PING", FALSE },
  { QS_PACKET_COLUMN_SUMMARY, N_ ("Summary"), "ClientHello (begins)", FALSE },
};

/* --- Scrolling ------------------------------------------------------------------------------ */

static guint
get_length (QsPacketList *self)
{
  return self->model != NULL ? qs_packet_model_get_length (self->model) : 0;
}

/* In pixels; 0 while there is nothing to measure. */
static double
get_row_height (QsPacketList *self)
{
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_first ();
  GdkRectangle area = { 0 };

  if (get_length (self) > 0 && gtk_widget_get_realized (GTK_WIDGET (self->view)))
    gtk_tree_view_get_background_area (self->view, path, NULL, &area);
  return area.height;
}

/* The row of a packet within the window; FALSE: not there. */
static gboolean
find_in_window (QsPacketList *self, gint64 packet, guint *row, GtkTreePath **path)
{
  if (packet < 0 || self->model == NULL || !qs_packet_model_find (self->model, (guint) packet, row))
    return FALSE;

  guint first = qs_packet_model_get_first (self->model);
  int n = gtk_tree_model_iter_n_children (GTK_TREE_MODEL (self->model), NULL);
  if (*row < first || *row - first >= (guint) n)
    return FALSE;
  *path = gtk_tree_path_new_from_indices ((int) (*row - first), -1);
  return TRUE;
}

static void
mark_selected (QsPacketList *self)
{
  GtkTreeSelection *selection = gtk_tree_view_get_selection (self->view);
  g_autoptr (GtkTreePath) path = NULL;
  gboolean was_syncing = self->syncing;
  guint row;

  self->syncing = TRUE;
  if (find_in_window (self, self->selected, &row, &path))
    gtk_tree_selection_select_path (selection, path);
  else
    gtk_tree_selection_unselect_all (selection);
  self->syncing = was_syncing;
}

/* Shows what is at value of all: moves the window there first where it has to. */
static void
scroll_to (QsPacketList *self, double value)
{
  double height = get_row_height (self);
  if (height <= 0)
    return;

  guint first = qs_packet_model_get_first (self->model);
  double row = value / height;
  double rows_seen = gtk_adjustment_get_page_size (self->local) / height;
  double end = first + (double) QS_PACKET_MODEL_WINDOW;

  self->syncing = TRUE;
  if ((first > 0 && row < first + MARGIN) || (end < get_length (self) && row + rows_seen > end - MARGIN))
    {
      qs_packet_model_set_first (self->model, (guint) MAX (row - QS_PACKET_MODEL_WINDOW / 2, 0));
      first = qs_packet_model_get_first (self->model);
      mark_selected (self);
      gtk_widget_queue_draw (GTK_WIDGET (self->view));
    }
  gtk_adjustment_set_value (self->local, value - first * height);
  self->syncing = FALSE;
}

/* The scroll bar says where the view is. */
static void
sync_all (QsPacketList *self)
{
  double height = get_row_height (self);
  double page = gtk_adjustment_get_page_size (self->local);
  double first = self->model != NULL ? qs_packet_model_get_first (self->model) : 0;
  double upper = MAX (get_length (self) * height, page);
  double value = MIN (first * height + gtk_adjustment_get_value (self->local), upper - page);

  self->syncing = TRUE;
  if (self->follow)
    value = upper - page;
  gtk_adjustment_configure (self->all, value, 0, upper, height, page * 0.9, page);
  self->syncing = FALSE;
  if (height > 0)
    scroll_to (self, value);
}

static void
set_follow (QsPacketList *self, gboolean follow)
{
  if (self->follow == follow)
    return;
  self->follow = follow;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_FOLLOW]);
}

static gboolean
is_at_end (QsPacketList *self)
{
  return gtk_adjustment_get_value (self->all) + gtk_adjustment_get_page_size (self->all) >=
         gtk_adjustment_get_upper (self->all) - MAX (get_row_height (self), 1);
}

static void
all_moved_cb (QsPacketList *self)
{
  if (self->syncing || self->model == NULL)
    return;
  if (!is_at_end (self))
    set_follow (self, FALSE);
  scroll_to (self, gtk_adjustment_get_value (self->all));
}

/* The wheel, and what GtkTreeView scrolls by itself. */
static void
local_moved_cb (QsPacketList *self)
{
  double height = get_row_height (self);

  if (self->syncing || self->model == NULL || height <= 0)
    return;
  gtk_adjustment_set_value (self->all,
                            qs_packet_model_get_first (self->model) * height + gtk_adjustment_get_value (self->local));
}

static void
local_changed_cb (QsPacketList *self)
{
  if (!self->syncing)
    sync_all (self);
}

static int
text_width (QsPacketList *self, const char *text)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (self->view), text);
  int width;

  pango_layout_get_pixel_size (layout, &width, NULL);
  return width;
}

static void
widen (QsPacketList *self, QsPacketColumn which, const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    if (columns[i].column == which)
      {
        GtkTreeViewColumn *column = gtk_tree_view_get_column (self->view, (int) i);
        int width = text_width (self, text) + AROUND;
        if (width > gtk_tree_view_column_get_fixed_width (column))
          gtk_tree_view_column_set_fixed_width (column, width);
      }
}

/* No time is longer than that of the last row, and no difference either. They grow only, so that nothing jumps. */
static void
fit_times (QsPacketList *self)
{
  guint n = get_length (self);
  g_autofree char *last = n > 0 ? qs_packet_model_dup_text (self->model, n - 1, QS_PACKET_COLUMN_TIME) : NULL;
  gsize length = last != NULL ? strlen (last) : 0;

  if (length <= self->time_length)
    return;
  g_autofree char *signed_last = g_strconcat ("+", last, NULL);
  self->time_length = length;
  widen (self, QS_PACKET_COLUMN_TIME, last);
  widen (self, QS_PACKET_COLUMN_DELTA, signed_last);
}

static void
model_changed_cb (QsPacketList *self)
{
  fit_times (self);
  mark_selected (self);
  sync_all (self);
  gtk_widget_queue_draw (GTK_WIDGET (self->view));
}

static void
reveal_row (QsPacketList *self, guint row)
{
  double height = get_row_height (self);
  double page = gtk_adjustment_get_page_size (self->local);
  double value = gtk_adjustment_get_value (self->all);

  if (height <= 0)
    return;
  if (row * height < value)
    value = row * height;
  else if ((row + 1) * height > value + page)
    value = (row + 1) * height - page;
  else
    return;
  gtk_adjustment_set_value (self->all, value);
}

/* --- Selection ------------------------------------------------------------------------------ */

static void
take_selected (QsPacketList *self, gint64 packet)
{
  if (self->selected == packet)
    return;
  self->selected = packet;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SELECTED]);
}

static void
selection_changed_cb (QsPacketList *self)
{
  GtkTreeModel *model;
  GtkTreeIter iter;
  guint packet;

  if (self->syncing || !gtk_tree_selection_get_selected (gtk_tree_view_get_selection (self->view), &model, &iter))
    return;
  gtk_tree_model_get (model, &iter, QS_PACKET_COLUMN_PACKET, &packet, -1);
  if (packet == G_MAXUINT)
    return;
  take_selected (self, packet);
}

/* The cursor goes along, for what reads the screen. It is where it is seen, so nothing scrolls. */
static void
put_cursor (QsPacketList *self)
{
  g_autoptr (GtkTreePath) path = NULL;
  guint row;

  if (!find_in_window (self, self->selected, &row, &path))
    return;
  self->syncing = TRUE;
  gtk_tree_view_set_cursor (self->view, path, NULL, FALSE);
  self->syncing = FALSE;
}

static gboolean
key_press_cb (QsPacketList *self, GdkEventKey *event)
{
  double height = get_row_height (self);
  gint64 page = height > 0 ? MAX ((gint64) floor (gtk_adjustment_get_page_size (self->local) / height) - 1, 1) : 1;
  const struct {
    guint key;
    gint64 rows;
  } keys[] = {
    { GDK_KEY_Down, 1 },
    { GDK_KEY_KP_Down, 1 },
    { GDK_KEY_Up, -1 },
    { GDK_KEY_KP_Up, -1 },
    { GDK_KEY_Page_Down, page },
    { GDK_KEY_KP_Page_Down, page },
    { GDK_KEY_Page_Up, -page },
    { GDK_KEY_KP_Page_Up, -page },
    { GDK_KEY_Home, -(gint64) G_MAXUINT },
    { GDK_KEY_KP_Home, -(gint64) G_MAXUINT },
    { GDK_KEY_End, G_MAXUINT },
    { GDK_KEY_KP_End, G_MAXUINT },
  };

  if ((event->state & gtk_accelerator_get_default_mod_mask ()) != 0)
    return GDK_EVENT_PROPAGATE;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (keys[i].key == event->keyval)
      {
        qs_packet_list_step (self, keys[i].rows);
        return GDK_EVENT_STOP;
      }
  return GDK_EVENT_PROPAGATE;
}

/* --- Set-up ----------------------------------------------------------------------------------- */

static void
add_columns (QsPacketList *self)
{
  g_autoptr (PangoAttrList) tabular = pango_attr_list_new ();

  pango_attr_list_insert (tabular, pango_attr_font_features_new ("tnum"));
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      GtkCellRenderer *cell = gtk_cell_renderer_text_new ();
      GtkTreeViewColumn *column =
          gtk_tree_view_column_new_with_attributes (_ (columns[i].title), cell, "text", columns[i].column, NULL);
      float align = columns[i].number ? 1 : 0;
      int width = MAX (text_width (self, _ (columns[i].sample)), text_width (self, _ (columns[i].title)));

      g_object_set (cell, "xalign", align, "xpad", 4, "ypad", 2, "attributes", tabular, "ellipsize",
                    PANGO_ELLIPSIZE_END, "single-paragraph-mode", TRUE, NULL);
      gtk_tree_view_column_set_alignment (column, align);
      gtk_tree_view_column_set_sizing (column, GTK_TREE_VIEW_COLUMN_FIXED);
      gtk_tree_view_column_set_fixed_width (column, width + AROUND);
      gtk_tree_view_column_set_resizable (column, TRUE);
      gtk_tree_view_column_set_expand (column, columns[i].column == QS_PACKET_COLUMN_SUMMARY);
      gtk_tree_view_append_column (self->view, column);
    }
  /* Only once every column is of fixed size. */
  gtk_tree_view_set_fixed_height_mode (self->view, TRUE);
}

static void
qs_packet_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsPacketList *self = QS_PACKET_LIST (object);

  switch (id)
    {
    case PROP_SELECTED:
      g_value_set_int64 (value, self->selected);
      break;
    case PROP_FOLLOW:
      g_value_set_boolean (value, self->follow);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_packet_list_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id)
    {
    case PROP_SELECTED:
      qs_packet_list_set_selected (QS_PACKET_LIST (object), g_value_get_int64 (value));
      break;
    case PROP_FOLLOW:
      qs_packet_list_set_follow (QS_PACKET_LIST (object), g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_packet_list_dispose (GObject *object)
{
  QsPacketList *self = QS_PACKET_LIST (object);

  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  g_clear_object (&self->model);
  if (self->local != NULL)
    g_signal_handlers_disconnect_by_data (self->local, self);
  g_clear_object (&self->local);
  G_OBJECT_CLASS (qs_packet_list_parent_class)->dispose (object);
}

static void
qs_packet_list_class_init (QsPacketListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = qs_packet_list_get_property;
  object_class->set_property = qs_packet_list_set_property;
  object_class->dispose = qs_packet_list_dispose;
  props[PROP_SELECTED] = g_param_spec_int64 ("selected", NULL, NULL, -1, G_MAXUINT, -1, flags);
  props[PROP_FOLLOW] = g_param_spec_boolean ("follow", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
qs_packet_list_init (QsPacketList *self)
{
  GtkWidget *scroller = g_object_new (GTK_TYPE_SCROLLED_WINDOW, "visible", TRUE, "hexpand", TRUE, "shadow-type",
                                      GTK_SHADOW_NONE, "hscrollbar-policy", GTK_POLICY_AUTOMATIC, "vscrollbar-policy",
                                      GTK_POLICY_EXTERNAL, "kinetic-scrolling", FALSE, NULL);

  self->selected = -1;
  self->view = g_object_new (GTK_TYPE_TREE_VIEW, "visible", TRUE, "enable-search", FALSE, "has-tooltip", FALSE, NULL);
  self->all = gtk_adjustment_new (0, 0, 0, 0, 0, 0);
  add_columns (self);
  gtk_tree_selection_set_mode (gtk_tree_view_get_selection (self->view), GTK_SELECTION_SINGLE);
  qs_copy_enable (GTK_WIDGET (self->view));
  gtk_container_add (GTK_CONTAINER (scroller), GTK_WIDGET (self->view));
  gtk_container_add (GTK_CONTAINER (self), scroller);
  gtk_container_add (GTK_CONTAINER (self), g_object_new (GTK_TYPE_SCROLLBAR, "visible", TRUE, "orientation",
                                                         GTK_ORIENTATION_VERTICAL, "adjustment", self->all, NULL));
  gtk_style_context_add_class (gtk_widget_get_style_context (GTK_WIDGET (self)), GTK_STYLE_CLASS_FRAME);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self->view)), _ ("Packets"));

  self->local = g_object_ref (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scroller)));
  g_signal_connect_swapped (self->local, "value-changed", G_CALLBACK (local_moved_cb), self);
  g_signal_connect_swapped (self->local, "changed", G_CALLBACK (local_changed_cb), self);
  g_signal_connect_swapped (self->all, "value-changed", G_CALLBACK (all_moved_cb), self);
  g_signal_connect_swapped (self->view, "key-press-event", G_CALLBACK (key_press_cb), self);
  g_signal_connect_swapped (gtk_tree_view_get_selection (self->view), "changed", G_CALLBACK (selection_changed_cb),
                            self);
}

GtkWidget *
qs_packet_list_new (void)
{
  return g_object_new (QS_TYPE_PACKET_LIST, "visible", TRUE, NULL);
}

void
qs_packet_list_set_model (QsPacketList *self, QsPacketModel *model)
{
  g_return_if_fail (QS_IS_PACKET_LIST (self) && (model == NULL || QS_IS_PACKET_MODEL (model)));

  if (self->model == model)
    return;
  self->syncing = TRUE;
  if (self->model != NULL)
    g_signal_handlers_disconnect_by_data (self->model, self);
  gtk_tree_view_set_model (self->view, model != NULL ? GTK_TREE_MODEL (model) : NULL);
  g_set_object (&self->model, model);
  self->syncing = FALSE;
  if (model != NULL)
    g_signal_connect_swapped (model, "changed", G_CALLBACK (model_changed_cb), self);
  fit_times (self);
  mark_selected (self);
  sync_all (self);

  guint row;
  if (model != NULL && !self->follow && self->selected >= 0 &&
      qs_packet_model_find (model, (guint) self->selected, &row))
    reveal_row (self, row);
}

gint64
qs_packet_list_get_selected (QsPacketList *self)
{
  g_return_val_if_fail (QS_IS_PACKET_LIST (self), -1);

  return self->selected;
}

void
qs_packet_list_set_selected (QsPacketList *self, gint64 packet)
{
  g_return_if_fail (QS_IS_PACKET_LIST (self) && packet >= -1 && packet <= G_MAXUINT);

  guint row;

  if (self->selected == packet)
    return;
  take_selected (self, packet);
  if (packet >= 0 && self->model != NULL && qs_packet_model_find (self->model, (guint) packet, &row))
    reveal_row (self, row);
  mark_selected (self);
  put_cursor (self);
}

void
qs_packet_list_step (QsPacketList *self, gint64 rows)
{
  g_return_if_fail (QS_IS_PACKET_LIST (self));

  gint64 length = get_length (self);
  guint row;
  if (length == 0 || rows == 0)
    return;

  gboolean found = self->selected >= 0 && qs_packet_model_find (self->model, (guint) self->selected, &row);
  gint64 from = self->selected < 0 ? (rows > 0 ? -1 : length) : (gint64) row - (!found && rows > 0);
  gint64 to = CLAMP (from + rows, 0, length - 1);
  if (to < length - 1)
    set_follow (self, FALSE);
  qs_packet_list_set_selected (self, qs_packet_model_get_packet (self->model, (guint) to));
}

gboolean
qs_packet_list_get_follow (QsPacketList *self)
{
  g_return_val_if_fail (QS_IS_PACKET_LIST (self), FALSE);

  return self->follow;
}

void
qs_packet_list_set_follow (QsPacketList *self, gboolean follow)
{
  g_return_if_fail (QS_IS_PACKET_LIST (self));

  set_follow (self, follow);
  if (follow)
    sync_all (self);
}

GtkTreeView *
qs_packet_list_get_view (QsPacketList *self)
{
  g_return_val_if_fail (QS_IS_PACKET_LIST (self), NULL);

  return self->view;
}

GtkAdjustment *
qs_packet_list_get_adjustment (QsPacketList *self)
{
  g_return_val_if_fail (QS_IS_PACKET_LIST (self), NULL);

  return self->all;
}
