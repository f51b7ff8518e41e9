/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-field-tree.h"

#include <string.h>

#include "base/qs-i18n.h"

/* Of one field; more are told of in a last row. */
#define MAX_CHILDREN 1000
/* A packet of so few parts opens all of them at first, but the one that says what the list says. */
#define FEW_PARTS 6
#define MAX_VALUE 300 /* characters in a cell: the rest would not be seen */

struct _QsFieldTree {
  GtkTreeView parent;
  GtkTreeStore *store;
  GHashTable *open;  /* names' paths as strings -> whether a person opened (TRUE) or closed them */
  char *selected;    /* name's path */
  gboolean changing; /* rows come and go: no choice of a person's */
};

/* FIELD is NULL in the row that stands for children which are not rows yet, and in the one for those left out. */
enum { COLUMN_NAME, COLUMN_LABEL, COLUMN_VALUE, COLUMN_FIELD, COLUMN_PART, COLUMN_WEIGHT, N_COLUMNS };
enum { SELECTED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsFieldTree, qs_field_tree, GTK_TYPE_TREE_VIEW)

static void
add_row (QsFieldTree *self, GtkTreeIter *parent, const QsField *field, guint part)
{
  /* A frame's one line begins with its name already. */
  const char *rest = g_str_has_prefix (field->value, field->name) ? field->value + strlen (field->name) : field->value;
  g_autofree char *value =
      g_utf8_strlen (rest, -1) > MAX_VALUE ? g_utf8_substring (rest, 0, MAX_VALUE) : g_strdup (rest);
  g_autofree char *label = g_strconcat (field->name, rest == field->value && *rest != '\0' ? ":" : "", NULL);
  GtkTreeIter iter;

  gtk_tree_store_insert_with_values (self->store, &iter, parent, -1, COLUMN_NAME, field->name, COLUMN_LABEL, label,
                                     COLUMN_VALUE, g_strchug (value), COLUMN_FIELD, field, COLUMN_PART, part,
                                     COLUMN_WEIGHT, parent == NULL ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL, -1);
  if (field->children != NULL && field->children->len > 0)
    gtk_tree_store_insert_with_values (self->store, NULL, &iter, -1, COLUMN_FIELD, NULL, -1);
}

static void
fill (QsFieldTree *self, GtkTreeIter *parent)
{
  GtkTreeModel *model = GTK_TREE_MODEL (self->store);
  const QsField *field, *first;
  GtkTreeIter child;
  guint part;

  gtk_tree_model_get (model, parent, COLUMN_FIELD, &field, COLUMN_PART, &part, -1);
  if (field == NULL || !gtk_tree_model_iter_children (model, &child, parent))
    return;
  gtk_tree_model_get (model, &child, COLUMN_FIELD, &first, -1);
  if (first != NULL)
    return;

  guint n = MIN (field->children->len, MAX_CHILDREN);
  for (guint i = 0; i < n; i++)
    add_row (self, parent, g_ptr_array_index (field->children, i), part);
  if (n < field->children->len)
    {
      guint left = field->children->len - n;
      g_autofree char *text =
          g_strdup_printf (ngettext ("%'u more is not shown", "%'u more are not shown", left), left);
      gtk_tree_store_insert_with_values (self->store, NULL, parent, -1, COLUMN_LABEL, text, COLUMN_WEIGHT,
                                         PANGO_WEIGHT_NORMAL, -1);
    }
  /* Last: a row without children would close. */
  gtk_tree_store_remove (self->store, &child);
}

/* --- What is open and selected, by name --------------------------------------------------------- */

static char *
name_path (QsFieldTree *self, GtkTreeIter *iter)
{
  GtkTreeModel *model = GTK_TREE_MODEL (self->store);
  g_autofree char *name = NULL;
  GtkTreeIter parent;

  gtk_tree_model_get (model, iter, COLUMN_NAME, &name, -1);
  if (!gtk_tree_model_iter_parent (model, &parent, iter))
    return g_steal_pointer (&name);
  g_autofree char *above = name_path (self, &parent);
  return g_strconcat (above, "\n", name, NULL);
}

static gboolean
is_open (QsFieldTree *self, GtkTreeIter *iter, const char *name)
{
  GtkTreeModel *model = GTK_TREE_MODEL (self->store);
  gpointer open;

  if (g_hash_table_lookup_extended (self->open, name, NULL, &open))
    return GPOINTER_TO_INT (open);
  g_autoptr (GtkTreePath) path = gtk_tree_model_get_path (model, iter);
  return gtk_tree_path_get_depth (path) == 1 && gtk_tree_path_get_indices (path)[0] > 0 &&
         gtk_tree_model_iter_n_children (model, NULL) <= FEW_PARTS;
}

static void
restore (QsFieldTree *self, GtkTreeIter *iter, gboolean *found)
{
  GtkTreeModel *model = GTK_TREE_MODEL (self->store);
  g_autofree char *name = name_path (self, iter);
  g_autoptr (GtkTreePath) path = gtk_tree_model_get_path (model, iter);
  GtkTreeIter child;

  if (!*found && g_strcmp0 (name, self->selected) == 0)
    {
      *found = TRUE;
      gtk_tree_selection_select_path (gtk_tree_view_get_selection (GTK_TREE_VIEW (self)), path);
    }
  if (!gtk_tree_model_iter_has_child (model, iter) || !is_open (self, iter, name))
    return;
  gtk_tree_view_expand_row (GTK_TREE_VIEW (self), path, FALSE);
  for (gboolean more = gtk_tree_model_iter_children (model, &child, iter); more;
       more = gtk_tree_model_iter_next (model, &child))
    restore (self, &child, found);
}

static gboolean
test_expand_row_cb (QsFieldTree *self, GtkTreeIter *iter, GtkTreePath *path)
{
  fill (self, iter);
  return FALSE;
}

static void
row_expanded_cb (QsFieldTree *self, GtkTreeIter *iter, GtkTreePath *path)
{
  if (!self->changing)
    g_hash_table_insert (self->open, name_path (self, iter), GINT_TO_POINTER (TRUE));
}

static void
row_collapsed_cb (QsFieldTree *self, GtkTreeIter *iter, GtkTreePath *path)
{
  if (!self->changing)
    g_hash_table_insert (self->open, name_path (self, iter), GINT_TO_POINTER (FALSE));
}

static void
selection_changed_cb (QsFieldTree *self)
{
  GtkTreeIter iter;

  if (self->changing)
    return;
  if (gtk_tree_selection_get_selected (gtk_tree_view_get_selection (GTK_TREE_VIEW (self)), NULL, &iter))
    {
      g_free (self->selected);
      self->selected = name_path (self, &iter);
    }
  g_signal_emit (self, signals[SELECTED], 0);
}

static void
row_activated_cb (QsFieldTree *self, GtkTreePath *path)
{
  GtkTreeView *view = GTK_TREE_VIEW (self);

  if (gtk_tree_view_row_expanded (view, path))
    gtk_tree_view_collapse_row (view, path);
  else
    gtk_tree_view_expand_row (view, path, FALSE);
}

/* Right opens, Left closes or goes to what is around; mirrored where text runs from right to left. */
static gboolean
qs_field_tree_key_press_event (GtkWidget *widget, GdkEventKey *event)
{
  GtkTreeView *view = GTK_TREE_VIEW (widget);
  gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  gboolean right = event->keyval == GDK_KEY_Right || event->keyval == GDK_KEY_KP_Right;
  gboolean left = event->keyval == GDK_KEY_Left || event->keyval == GDK_KEY_KP_Left;
  g_autoptr (GtkTreePath) path = NULL;

  gtk_tree_view_get_cursor (view, &path, NULL);
  if (path == NULL || (!left && !right) || (event->state & gtk_accelerator_get_default_mod_mask ()) != 0)
    return GTK_WIDGET_CLASS (qs_field_tree_parent_class)->key_press_event (widget, event);
  if (right != mirrored)
    gtk_tree_view_expand_row (view, path, FALSE);
  else if (!gtk_tree_view_collapse_row (view, path) && gtk_tree_path_get_depth (path) > 1 && gtk_tree_path_up (path))
    gtk_tree_view_set_cursor (view, path, NULL, FALSE);
  return GDK_EVENT_STOP;
}

/* --- Set-up ------------------------------------------------------------------------------------------ */

static void
qs_field_tree_dispose (GObject *object)
{
  QS_FIELD_TREE (object)->changing = TRUE;
  G_OBJECT_CLASS (qs_field_tree_parent_class)->dispose (object);
}

static void
qs_field_tree_finalize (GObject *object)
{
  QsFieldTree *self = QS_FIELD_TREE (object);

  g_clear_object (&self->store);
  g_clear_pointer (&self->open, g_hash_table_unref);
  g_clear_pointer (&self->selected, g_free);
  G_OBJECT_CLASS (qs_field_tree_parent_class)->finalize (object);
}

static void
qs_field_tree_class_init (QsFieldTreeClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = qs_field_tree_dispose;
  G_OBJECT_CLASS (klass)->finalize = qs_field_tree_finalize;
  /* The page's own: it filters packets. */
  gtk_binding_entry_skip (gtk_binding_set_by_class (klass), GDK_KEY_f, GDK_CONTROL_MASK);
  GTK_WIDGET_CLASS (klass)->key_press_event = qs_field_tree_key_press_event;
  signals[SELECTED] =
      g_signal_new ("selected", QS_TYPE_FIELD_TREE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

/* One column, so that a long name costs no other field its value: name and value right behind each other. */
static void
add_column (QsFieldTree *self)
{
  GtkCellArea *area = gtk_cell_area_box_new ();
  GtkCellRenderer *name = gtk_cell_renderer_text_new ();
  GtkCellRenderer *value = gtk_cell_renderer_text_new ();
  GtkTreeViewColumn *column = gtk_tree_view_column_new_with_area (area);

  g_object_set (name, "single-paragraph-mode", TRUE, "ypad", 1, NULL);
  g_object_set (value, "single-paragraph-mode", TRUE, "ypad", 1, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
  gtk_cell_area_box_pack_start (GTK_CELL_AREA_BOX (area), name, FALSE, FALSE, FALSE);
  gtk_cell_area_box_pack_start (GTK_CELL_AREA_BOX (area), value, TRUE, FALSE, FALSE);
  gtk_cell_area_box_set_spacing (GTK_CELL_AREA_BOX (area), 6);
  gtk_tree_view_column_set_attributes (column, name, "text", COLUMN_LABEL, "weight", COLUMN_WEIGHT, NULL);
  gtk_tree_view_column_set_attributes (column, value, "text", COLUMN_VALUE, NULL);
  gtk_tree_view_append_column (GTK_TREE_VIEW (self), column);
}

static void
qs_field_tree_init (QsFieldTree *self)
{
  GtkTreeView *view = GTK_TREE_VIEW (self);

  self->open = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->store = gtk_tree_store_new (N_COLUMNS, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_POINTER, G_TYPE_UINT,
                                    G_TYPE_INT);
  gtk_tree_view_set_model (view, GTK_TREE_MODEL (self->store));
  gtk_tree_view_set_headers_visible (view, FALSE);
  gtk_tree_view_set_search_column (view, COLUMN_NAME);
  add_column (self);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (self)), _ ("Fields"));

  g_signal_connect (self, "test-expand-row", G_CALLBACK (test_expand_row_cb), NULL);
  g_signal_connect (self, "row-expanded", G_CALLBACK (row_expanded_cb), NULL);
  g_signal_connect (self, "row-collapsed", G_CALLBACK (row_collapsed_cb), NULL);
  g_signal_connect (self, "row-activated", G_CALLBACK (row_activated_cb), NULL);
  g_signal_connect_swapped (gtk_tree_view_get_selection (view), "changed", G_CALLBACK (selection_changed_cb), self);
}

GtkWidget *
qs_field_tree_new (void)
{
  return g_object_new (QS_TYPE_FIELD_TREE, "visible", TRUE, NULL);
}

/* What a person wants to see first: a message that ends here or HTTP/3, else the first frame, else the header. */
static guint
find_main_part (const QsInspection *inspection)
{
  guint n = inspection->parts->len;

  for (guint i = 0; i < n; i++)
    if (((QsInspectionPart *) g_ptr_array_index (inspection->parts, i))->is_content)
      return i;
  return MIN (2, n - 1);
}

/* Until a person chose a field, or when this packet has none of that name. */
static void
show_main_part (QsFieldTree *self, const QsInspection *inspection)
{
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices ((int) find_main_part (inspection), -1);

  gtk_tree_view_expand_row (GTK_TREE_VIEW (self), path, FALSE);
  gtk_tree_selection_select_path (gtk_tree_view_get_selection (GTK_TREE_VIEW (self)), path);
}

void
qs_field_tree_set_inspection (QsFieldTree *self, const QsInspection *inspection)
{
  g_return_if_fail (QS_IS_FIELD_TREE (self));

  GtkTreeModel *model = GTK_TREE_MODEL (self->store);
  gboolean found = FALSE;
  GtkTreeIter iter;

  self->changing = TRUE;
  gtk_tree_store_clear (self->store);
  for (guint i = 0; inspection != NULL && i < inspection->parts->len; i++)
    add_row (self, NULL, ((QsInspectionPart *) g_ptr_array_index (inspection->parts, i))->field, i);
  for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
       more = gtk_tree_model_iter_next (model, &iter))
    restore (self, &iter, &found);
  if (!found && inspection != NULL && inspection->parts->len > 0)
    show_main_part (self, inspection);
  if (gtk_tree_selection_get_selected (gtk_tree_view_get_selection (GTK_TREE_VIEW (self)), NULL, &iter))
    {
      g_autoptr (GtkTreePath) path = gtk_tree_model_get_path (model, &iter);
      gtk_tree_view_scroll_to_cell (GTK_TREE_VIEW (self), path, NULL, FALSE, 0, 0);
    }
  self->changing = FALSE;
  g_signal_emit (self, signals[SELECTED], 0);
}

const QsField *
qs_field_tree_get_selected (QsFieldTree *self, guint *part)
{
  g_return_val_if_fail (QS_IS_FIELD_TREE (self) && part != NULL, NULL);

  const QsField *field = NULL;
  GtkTreeIter iter;

  if (gtk_tree_selection_get_selected (gtk_tree_view_get_selection (GTK_TREE_VIEW (self)), NULL, &iter))
    gtk_tree_model_get (GTK_TREE_MODEL (self->store), &iter, COLUMN_FIELD, &field, COLUMN_PART, part, -1);
  return field;
}

void
qs_field_tree_select (QsFieldTree *self, guint part, const GArray *indices)
{
  g_return_if_fail (QS_IS_FIELD_TREE (self) && indices != NULL);

  GtkTreeView *view = GTK_TREE_VIEW (self);
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices ((int) part, -1);

  for (guint i = 0; i < indices->len; i++)
    {
      guint index = g_array_index (indices, guint, i);
      gtk_tree_view_expand_row (view, path, FALSE);
      if (index >= MAX_CHILDREN)
        break;
      gtk_tree_path_append_index (path, (int) index);
    }
  gtk_tree_view_set_cursor (view, path, NULL, FALSE);
  gtk_tree_view_scroll_to_cell (view, path, NULL, FALSE, 0, 0);
}
