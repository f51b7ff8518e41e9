/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/widgets/qs-stream-list.h"

#include "app/models/qs-stream-table.h"
#include "base/qs-i18n.h"

struct _QsStreamList {
  GtkListBox parent;
  QsRun *run;
  QsStreamTable *table;
};

G_DEFINE_FINAL_TYPE (QsStreamList, qs_stream_list, GTK_TYPE_LIST_BOX)

static char *
get_cell (GtkTreeModel *model, GtkTreeIter *iter, int column)
{
  GValue value = G_VALUE_INIT;

  gtk_tree_model_get_value (model, iter, column, &value);
  char *text = G_VALUE_HOLDS_STRING (&value) ? g_value_dup_string (&value) : g_strdup_value_contents (&value);
  g_value_unset (&value);
  return text != NULL ? text : g_strdup ("");
}

/* "Reading: RESET_REMOTE, 66 (0x42)" */
static char *
describe_side (const char *side, const char *state, const char *code)
{
  return g_strdup_printf (*code != '\0' ? "%s: %s, %s" : "%s: %s", side, state, code);
}

static GtkWidget *
make_label (const char *text, const char *css_class)
{
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", text, "xalign", 0.0f, "wrap", TRUE, "visible", TRUE, NULL);

  gtk_style_context_add_class (gtk_widget_get_style_context (label), css_class);
  return label;
}

static GtkWidget *
make_row (GtkTreeModel *model, GtkTreeIter *iter)
{
  g_autofree char *id = get_cell (model, iter, QS_STREAM_COLUMN_ID);
  g_autofree char *read = get_cell (model, iter, QS_STREAM_COLUMN_READ_STATE);
  g_autofree char *write = get_cell (model, iter, QS_STREAM_COLUMN_WRITE_STATE);
  g_autofree char *read_code = get_cell (model, iter, QS_STREAM_COLUMN_READ_ERROR);
  g_autofree char *write_code = get_cell (model, iter, QS_STREAM_COLUMN_WRITE_ERROR);
  g_autofree char *sent = get_cell (model, iter, QS_STREAM_COLUMN_SENT);
  g_autofree char *received = get_cell (model, iter, QS_STREAM_COLUMN_RECEIVED);
  g_autofree char *title = g_strdup_printf (_ ("Stream %s: %s bytes sent, %s received"), id, sent, received);
  g_autofree char *reading = describe_side (_ ("Reading"), read, read_code);
  g_autofree char *writing = describe_side (_ ("Writing"), write, write_code);
  g_autofree char *states = g_strdup_printf ("%s\n%s", reading, writing);
  g_autofree char *words = g_strdup_printf ("%s. %s. %s", title, reading, writing);
  GtkWidget *row = g_object_new (GTK_TYPE_LIST_BOX_ROW, "visible", TRUE, "activatable", FALSE, NULL);
  GtkWidget *box =
      g_object_new (GTK_TYPE_BOX, "orientation", GTK_ORIENTATION_VERTICAL, "spacing", 3, "visible", TRUE, NULL);

  gtk_container_add (GTK_CONTAINER (box), make_label (title, "qs-heading"));
  gtk_container_add (GTK_CONTAINER (box), make_label (states, "qs-number"));
  gtk_container_add (GTK_CONTAINER (row), box);
  gtk_style_context_add_class (gtk_widget_get_style_context (row), "qs-row");
  atk_object_set_name (gtk_widget_get_accessible (row), words);
  return row;
}

static void
destroy_cb (GtkWidget *widget, gpointer data)
{
  gtk_widget_destroy (widget);
}

static void
table_changed_cb (QsStreamList *self)
{
  GtkTreeModel *model = self->table != NULL ? qs_stream_table_get_model (self->table) : NULL;
  GtkTreeIter iter;

  gtk_container_foreach (GTK_CONTAINER (self), destroy_cb, NULL);
  for (gboolean more = model != NULL && gtk_tree_model_get_iter_first (model, &iter); more;
       more = gtk_tree_model_iter_next (model, &iter))
    gtk_container_add (GTK_CONTAINER (self), make_row (model, &iter));
}

static void
qs_stream_list_dispose (GObject *object)
{
  QsStreamList *self = QS_STREAM_LIST (object);

  if (self->table != NULL)
    g_signal_handlers_disconnect_by_data (self->table, self);
  g_clear_object (&self->table);
  g_clear_object (&self->run);
  G_OBJECT_CLASS (qs_stream_list_parent_class)->dispose (object);
}

static void
qs_stream_list_class_init (QsStreamListClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = qs_stream_list_dispose;
}

static void
qs_stream_list_init (QsStreamList *self)
{
  gtk_list_box_set_selection_mode (GTK_LIST_BOX (self), GTK_SELECTION_NONE);
}

void
qs_stream_list_set_run (QsStreamList *self, QsRun *run)
{
  g_return_if_fail (QS_IS_STREAM_LIST (self));

  if (!g_set_object (&self->run, run))
    return;
  if (self->table != NULL)
    g_signal_handlers_disconnect_by_data (self->table, self);
  g_clear_object (&self->table);
  if (run != NULL)
    {
      self->table = qs_stream_table_new (run);
      g_signal_connect_swapped (self->table, "changed", G_CALLBACK (table_changed_cb), self);
    }
  table_changed_cb (self);
}
