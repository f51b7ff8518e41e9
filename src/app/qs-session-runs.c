/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several runs of a session at once: stopped, forgotten, had back. */
#include "app/qs-session.h"

/* The neighbour moves up: the one behind, else the one before. */
static void
show_neighbour (QsSession *self, guint position)
{
  GListModel *runs = qs_session_get_runs (self);
  guint n = g_list_model_get_n_items (runs);
  g_autoptr (QsRun) next = n > 0 ? g_list_model_get_item (runs, MIN (position, n - 1)) : NULL;

  qs_session_set_run (self, next);
}

void
qs_session_forget_runs (QsSession *self, QsRun *const *runs, guint n)
{
  g_return_if_fail (QS_IS_SESSION (self) && (runs != NULL || n == 0));

  GListStore *list = G_LIST_STORE (qs_session_get_runs (self));
  QsRun *shown = qs_session_get_run (self);
  guint position = 0;
  gboolean goes = FALSE;

  for (guint i = 0; i < n; i++)
    {
      qs_run_stop (runs[i]);
      goes = goes || runs[i] == shown;
    }
  if (n == 0 || (goes && !g_list_store_find (list, shown, &position)))
    return;
  qs_run_bin_take (qs_session_get_bin (self), list, runs, n);
  if (goes)
    show_neighbour (self, position);
}

void
qs_session_undo_forget (QsSession *self)
{
  g_return_if_fail (QS_IS_SESSION (self));

  g_autoptr (QsRun) first = qs_run_bin_restore (qs_session_get_bin (self), G_LIST_STORE (qs_session_get_runs (self)));
  if (first != NULL)
    qs_session_set_run (self, first);
}

void
qs_session_forget_all (QsSession *self)
{
  g_return_if_fail (QS_IS_SESSION (self));

  GListModel *list = qs_session_get_runs (self);
  g_autoptr (GPtrArray) runs = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    g_ptr_array_add (runs, g_list_model_get_item (list, i));
  qs_session_forget_runs (self, (QsRun *const *) runs->pdata, runs->len);
}

void
qs_session_stop_all (QsSession *self)
{
  g_return_if_fail (QS_IS_SESSION (self));

  GListModel *list = qs_session_get_runs (self);

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (list, i);
      qs_run_stop (run);
    }
}

void
qs_session_remove_run (QsSession *self, QsRun *run)
{
  g_return_if_fail (QS_IS_SESSION (self) && QS_IS_RUN (run));

  GListStore *list = G_LIST_STORE (qs_session_get_runs (self));
  gboolean shown = run == qs_session_get_run (self);
  guint position;

  if (!g_list_store_find (list, run, &position))
    return;
  g_autoptr (QsRun) keep = g_object_ref (run);
  qs_run_stop (run);
  g_list_store_remove (list, position);
  if (shown)
    show_neighbour (self, position);
}

guint
qs_session_get_n_active (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), 0);

  GListModel *list = qs_session_get_runs (self);
  guint active = 0;

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (list, i);
      active += qs_run_is_active (run);
    }
  return active;
}

guint
qs_session_get_n_reading (QsSession *self)
{
  g_return_val_if_fail (QS_IS_SESSION (self), 0);

  GListModel *list = qs_session_get_runs (self);
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (list, i);
      n += qs_run_is_reading (run);
    }
  return n;
}
