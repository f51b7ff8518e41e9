/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-chore.h"

typedef struct {
  QsChoreFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Chore;

static void
chore_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Chore *chore = data;

  chore->func (chore->data);
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Chore *chore = g_task_get_task_data (G_TASK (result));

  if (chore->destroy != NULL)
    chore->destroy (chore->data);
  if (data != NULL)
    g_application_release (data);
}

void
qs_chore_run (QsChoreFunc func, gpointer data, GDestroyNotify destroy)
{
  g_return_if_fail (func != NULL);

  GApplication *application = g_application_get_default ();
  Chore *chore = g_new (Chore, 1);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, done_cb, application);

  *chore = (Chore){ func, data, destroy };
  if (application != NULL)
    g_application_hold (application);
  g_task_set_task_data (task, chore, g_free);
  g_task_run_in_thread (task, chore_thread);
}
