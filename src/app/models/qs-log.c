/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-log.h"

struct _QsLog {
  GObject parent;
  GtkListStore *model;
  guint length;
};

G_DEFINE_FINAL_TYPE (QsLog, qs_log, G_TYPE_OBJECT)

static void
qs_log_finalize (GObject *object)
{
  g_clear_object (&QS_LOG (object)->model);
  G_OBJECT_CLASS (qs_log_parent_class)->finalize (object);
}

static void
qs_log_class_init (QsLogClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_log_finalize;
}

static void
qs_log_init (QsLog *self)
{
  self->model = gtk_list_store_new (QS_LOG_N_COLUMNS, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
}

static void
drop_oldest (QsLog *self)
{
  GtkTreeIter first;

  if (gtk_tree_model_get_iter_first (GTK_TREE_MODEL (self->model), &first))
    gtk_list_store_remove (self->model, &first);
  self->length--;
}

static char *
wall_clock (void)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *seconds = g_date_time_format (now, "%H:%M:%S");

  return g_strdup_printf ("%s.%03d", seconds, g_date_time_get_microsecond (now) / 1000);
}

QsLog *
qs_log_new (void)
{
  return g_object_new (QS_TYPE_LOG, NULL);
}

void
qs_log_add (QsLog *self, const char *source, const char *text)
{
  g_return_if_fail (QS_IS_LOG (self) && source != NULL && text != NULL);

  g_autofree char *time = wall_clock ();
  gtk_list_store_insert_with_values (self->model, NULL, -1, QS_LOG_COLUMN_TIME, time, QS_LOG_COLUMN_SOURCE, source,
                                     QS_LOG_COLUMN_TEXT, text, -1);
  if (++self->length > QS_LOG_LENGTH)
    drop_oldest (self);
}

void
qs_log_clear (QsLog *self)
{
  g_return_if_fail (QS_IS_LOG (self));

  gtk_list_store_clear (self->model);
  self->length = 0;
}

GtkTreeModel *
qs_log_get_model (QsLog *self)
{
  g_return_val_if_fail (QS_IS_LOG (self), NULL);

  return GTK_TREE_MODEL (self->model);
}

char *
qs_log_to_text (QsLog *self)
{
  g_return_val_if_fail (QS_IS_LOG (self), NULL);

  GtkTreeModel *model = GTK_TREE_MODEL (self->model);
  GString *lines = g_string_new (NULL);
  GtkTreeIter iter;
  for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
       more = gtk_tree_model_iter_next (model, &iter))
    {
      g_autofree char *time = NULL, *source = NULL, *text = NULL;
      gtk_tree_model_get (model, &iter, QS_LOG_COLUMN_TIME, &time, QS_LOG_COLUMN_SOURCE, &source, QS_LOG_COLUMN_TEXT,
                          &text, -1);
      g_string_append_printf (lines, "%s\t%s\t%s\n", time, source, text);
    }
  return g_string_free (lines, FALSE);
}
