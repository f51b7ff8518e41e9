/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-history.h"

struct _QsHistory {
  GObject parent;
  QsSettings *settings;
  GStrv targets;
  GtkListStore *model;
};

G_DEFINE_FINAL_TYPE (QsHistory, qs_history, G_TYPE_OBJECT)

static void
fill_model (QsHistory *self)
{
  gtk_list_store_clear (self->model);
  for (guint i = 0; self->targets[i] != NULL; i++)
    gtk_list_store_insert_with_values (self->model, NULL, -1, 0, self->targets[i], -1);
}

static void
set_targets (QsHistory *self, GStrv targets)
{
  g_strfreev (self->targets);
  self->targets = targets;
  fill_model (self);
  qs_settings_set_targets (self->settings, (const char *const *) targets);
}

static void
qs_history_finalize (GObject *object)
{
  QsHistory *self = QS_HISTORY (object);

  g_clear_object (&self->settings);
  g_clear_object (&self->model);
  g_clear_pointer (&self->targets, g_strfreev);
  G_OBJECT_CLASS (qs_history_parent_class)->finalize (object);
}

static void
qs_history_class_init (QsHistoryClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_history_finalize;
}

static void
qs_history_init (QsHistory *self)
{
  self->model = gtk_list_store_new (1, G_TYPE_STRING);
}

QsHistory *
qs_history_new (QsSettings *settings)
{
  g_return_val_if_fail (QS_IS_SETTINGS (settings), NULL);

  QsHistory *self = g_object_new (QS_TYPE_HISTORY, NULL);
  self->settings = g_object_ref (settings);
  self->targets = qs_settings_dup_targets (settings);
  fill_model (self);
  return self;
}

void
qs_history_add (QsHistory *self, const char *target)
{
  g_return_if_fail (QS_IS_HISTORY (self) && target != NULL);

  /* The same once more: nothing to write, which may wait for a disk. */
  if (self->targets[0] != NULL && g_str_equal (self->targets[0], target))
    return;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_strv_builder_add (builder, target);
  for (guint i = 0, n = 1; self->targets[i] != NULL && n < QS_HISTORY_LENGTH; i++)
    {
      if (g_str_equal (self->targets[i], target))
        continue;
      g_strv_builder_add (builder, self->targets[i]);
      n++;
    }
  set_targets (self, g_strv_builder_end (builder));
}

void
qs_history_clear (QsHistory *self)
{
  g_return_if_fail (QS_IS_HISTORY (self));

  set_targets (self, g_new0 (char *, 1));
}

GtkTreeModel *
qs_history_get_model (QsHistory *self)
{
  g_return_val_if_fail (QS_IS_HISTORY (self), NULL);

  return GTK_TREE_MODEL (self->model);
}

const char *const *
qs_history_get_targets (QsHistory *self)
{
  g_return_val_if_fail (QS_IS_HISTORY (self), NULL);

  return (const char *const *) self->targets;
}
