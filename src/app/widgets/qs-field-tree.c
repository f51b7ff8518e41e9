/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-field-tree.h"

#include "base/qs-i18n.h"

/* Of one field; more are told of in a last row. */
#define MAX_CHILDREN 1000
#define MAX_VALUE 300 /* characters in a cell: the rest would not be seen */

struct _QsFieldTree {
  GtkTreeView parent;
  GtkTreeStore *store;
  GHashTable *open;  /* names' paths as strings */
  char *selected;    /* name's path */
  gboolean changing; /* rows come and go: no choice of a person's */
};

/* FIELD is NULL in the row that stands for children which are not rows yet, and in the one for those left out. */
enum { COLUMN_NAME, COLUMN_VALUE, COLUMN_FIELD, COLUMN_PART, COLUMN_WEIGHT, N_COLUMNS };
enum { SELECTED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsFieldTree, qs_field_tree, GTK_TYPE_TREE_VIEW)

static void
add_row (QsFieldTree *self, GtkTreeIter *parent, const QsField *field, guint part)
{
  g_autofree char *value = g_utf8_strlen (field->value, -1) > MAX_VALUE ? g_utf8_substring (field->value, 0, MAX_VALUE)
                                                                        : g_strdup (field->value);
  GtkTreeIter iter;

  gtk_tree_store_insert_with_values (self->store, &iter, parent, -1, COLUMN_NAME, field->name, COLUMN_VALUE, value,
                                     COLUMN_FIELD, field, COLUMN_PART, part, COLUMN_WEIGHT,
                                     parent == NULL ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL, -1);
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
      gtk_tree_store_insert_with_values (self->store, NULL, parent, -1, COLUMN_NAME, text, COLUMN_WEIGHT,
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
  if (!g_hash_table_contains (self->open, name) || !gtk_tree_model_iter_has_child (model, iter))
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
    g_hash_table_add (self->open, name_path (self, iter));
}

static void
row_collapsed_cb (QsFieldTree *self, GtkTreeIter *iter, GtkTreePath *path)
{
  g_autofree char *name = name_path (self, iter);

  if (!self->changing)
    g_hash_table_remove (self->open, name);
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
  signals[SELECTED] =
      g_signal_new ("selected", QS_TYPE_FIELD_TREE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
add_column (QsFieldTree *self, const char *title, int column, gboolean expand)
{
  GtkCellRenderer *cell = gtk_cell_renderer_text_new ();
  GtkTreeViewColumn *view_column = gtk_tree_view_column_new_with_attributes (title, cell, "text", column, NULL);

  if (column == COLUMN_NAME)
    gtk_tree_view_column_add_attribute (view_column, cell, "weight", COLUMN_WEIGHT);
  g_object_set (cell, "ellipsize", expand ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE, "single-paragraph-mode", TRUE,
                "ypad", 1, NULL);
  gtk_tree_view_column_set_expand (view_column, expand);
  gtk_tree_view_column_set_resizable (view_column, TRUE);
  gtk_tree_view_append_column (GTK_TREE_VIEW (self), view_column);
}

static void
qs_field_tree_init (QsFieldTree *self)
{
  GtkTreeView *view = GTK_TREE_VIEW (self);

  self->open = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->store = gtk_tree_store_new (N_COLUMNS, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_POINTER, G_TYPE_UINT, G_TYPE_INT);
  gtk_tree_view_set_model (view, GTK_TREE_MODEL (self->store));
  gtk_tree_view_set_headers_visible (view, FALSE);
  gtk_tree_view_set_search_column (view, COLUMN_NAME);
  add_column (self, _ ("Field"), COLUMN_NAME, FALSE);
  add_column (self, _ ("Value"), COLUMN_VALUE, TRUE);
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
  if (!found && gtk_tree_model_get_iter_first (model, &iter))
    gtk_tree_selection_select_iter (gtk_tree_view_get_selection (GTK_TREE_VIEW (self)), &iter);
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
