/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-keeper.h"

#include <string.h>
#include <unistd.h>

#include "app/models/qs-kept-folder.h"
#include "app/qs-restoring.h"
#include "base/qs-file.h"
#include "base/qs-i18n.h"

#define KEEPER "qs-keeper"
#define SETTING "keep-session"
/* Several runs that end together are written together. */
#define PAUSE_MS 700
#define CLOSE_MS 5000

typedef struct {
  QsWindow *window; /* owns this */
  QsSettings *settings;
  char *base;
  QsKeptFolder *folder;
  char *last; /* the folder that is offered; NULL: none */
  GSimpleAction *keep, *restore, *discard;
  guint pause_id;
  gboolean dirty;  /* something changed since it was written */
  gboolean pruned; /* folders of before are gone */
  gboolean fault_told;
  GCancellable *cancellable;
  QsKeeperFunc closed;
  gpointer closed_data;
  guint close_id;
} Keeper;

static Keeper *
get_keeper (QsWindow *window)
{
  return g_object_get_data (G_OBJECT (window), KEEPER);
}

static QsSession *
get_session (Keeper *self)
{
  return qs_window_get_session (self->window);
}

static gboolean
is_on (Keeper *self)
{
  return qs_settings_get_boolean (self->settings, SETTING, FALSE); /* secrets are written where somebody asked for it */
}

/* --- What waits for the disk --- */

typedef struct {
  char *base, *keep, *remove;
} Chore;

static void
chore_free (gpointer data)
{
  Chore *self = data;

  g_free (self->base);
  g_free (self->keep);
  g_free (self->remove);
  g_free (self);
}

static void
chore_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Chore *chore = data;

  if (chore->remove != NULL)
    qs_kept_folder_remove (chore->remove);
  if (chore->base != NULL)
    qs_kept_folder_prune (chore->base, chore->keep);
}

static void
do_chore (const char *base, const char *keep, const char *remove)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
  Chore *chore = g_new (Chore, 1);

  *chore = (Chore){ g_strdup (base), g_strdup (keep), g_strdup (remove) };
  g_task_set_task_data (task, chore, chore_free);
  g_task_run_in_thread (task, chore_thread);
}

/* --- Writing --- */

static void write_now (Keeper *self);

/* Those that are over and read. */
static GPtrArray *
dup_runs (Keeper *self)
{
  GListModel *list = qs_session_get_runs (get_session (self));
  GPtrArray *runs = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < g_list_model_get_n_items (list) && runs->len < QS_KEPT_MOST_RUNS; i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (list, i);
      if (!qs_run_is_active (run) && !qs_run_is_reading (run) && qs_run_get_status (run) != QS_RUN_WATCHED)
        g_ptr_array_add (runs, g_steal_pointer (&run));
    }
  return runs;
}

static void
conclude_close (Keeper *self)
{
  QsKeeperFunc closed = self->closed;

  self->closed = NULL;
  g_clear_handle_id (&self->close_id, g_source_remove);
  if (closed != NULL)
    closed (self->closed_data);
}

static void
tell_fault (Keeper *self, const GError *error)
{
  if (!self->fault_told)
    qs_log_add (qs_session_get_log (get_session (self)), _ ("Session"), error->message);
  self->fault_told = TRUE;
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsWindow) window = data;
  Keeper *self = get_keeper (window);
  g_autoptr (GError) error = NULL;

  if (!qs_kept_folder_write_finish (QS_KEPT_FOLDER (source), result, &error))
    tell_fault (self, error);
  else if (!self->pruned)
    {
      self->pruned = TRUE;
      do_chore (self->base, self->last, NULL);
    }
  if (!is_on (self))
    do_chore (NULL, NULL, qs_kept_folder_get_path (self->folder));
  if (self->closed != NULL && self->dirty && error == NULL)
    write_now (self);
  else if (self->closed != NULL)
    conclude_close (self);
}

static void
write_now (Keeper *self)
{
  g_autoptr (GPtrArray) runs = dup_runs (self);

  g_clear_handle_id (&self->pause_id, g_source_remove);
  self->dirty = FALSE;
  qs_kept_folder_write_async (self->folder, runs, self->cancellable, written_cb, g_object_ref (self->window));
}

static gboolean
pause_cb (gpointer data)
{
  Keeper *self = data;
  g_autoptr (GPtrArray) runs = dup_runs (self);

  if (qs_kept_folder_is_writing (self->folder))
    return G_SOURCE_CONTINUE;
  self->pause_id = 0;
  if (self->dirty || qs_kept_folder_is_stale (self->folder, runs))
    write_now (self);
  return G_SOURCE_REMOVE;
}

/* Whatever is written in a moment anyway is not asked for twice. */
static void
schedule (Keeper *self)
{
  if (!is_on (self) || self->pause_id != 0 || self->closed != NULL)
    return;
  self->pause_id = g_timeout_add (PAUSE_MS, pause_cb, self);
  g_source_set_name_by_id (self->pause_id, "[quicscope] keep session");
}

static void
mark_dirty (Keeper *self)
{
  self->dirty = TRUE;
  schedule (self);
}

static void
run_changed_cb (QsRun *run, gpointer unused, QsWindow *window)
{
  if (!qs_run_is_active (run))
    mark_dirty (get_keeper (window));
}

/* What is derived anew of a run that is over: more may have come to its trace. */
static void
run_derived_cb (QsRun *run, QsWindow *window)
{
  if (!qs_run_is_active (run))
    schedule (get_keeper (window));
}

static void
runs_cb (GListModel *list, guint position, guint removed, guint added, QsWindow *window)
{
  Keeper *self = get_keeper (window);

  for (guint i = 0; i < added; i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (list, position + i);
      if (g_object_get_data (G_OBJECT (run), KEEPER) != NULL)
        continue; /* it was forgotten, and had back */
      g_object_set_data (G_OBJECT (run), KEEPER, self);
      g_signal_connect_object (run, "notify", G_CALLBACK (run_changed_cb), window, 0);
      g_signal_connect_object (run, "changed", G_CALLBACK (run_derived_cb), window, 0);
    }
  mark_dirty (self);
}

/* --- The offer --- */

typedef struct {
  char *folder;
  guint n;
  gint64 started; /* of the latest */
} Found;

static void
found_free (gpointer data)
{
  Found *self = data;

  g_free (self->folder);
  g_free (self);
}

static gboolean
read_found (Found *found)
{
  g_autofree char *path = g_build_filename (found->folder, QS_KEPT_LIST, NULL);
  g_autoptr (GBytes) bytes = qs_file_load (path, QS_KEPT_MOST_LIST, NULL);
  gsize length = 0;
  const char *text = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;
  g_autoptr (GPtrArray) runs = text != NULL ? qs_kept_runs_from_text (text, length, NULL) : NULL;

  found->n = runs != NULL ? runs->len : 0;
  for (guint i = 0; i < found->n; i++)
    found->started = MAX (found->started, ((const QsKeptRun *) runs->pdata[i])->started);
  return found->n > 0;
}

static void
find_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  char *folder = qs_kept_folder_find_last (data);
  Found *found = g_new0 (Found, 1);

  found->folder = folder;
  if (folder != NULL && read_found (found))
    {
      g_task_return_pointer (task, found, found_free);
      return;
    }
  found_free (found);
  g_task_return_pointer (task, NULL, NULL);
}

static void
set_last (Keeper *self, char *folder)
{
  g_free (self->last);
  self->last = folder;
  g_simple_action_set_enabled (self->restore, folder != NULL);
  g_simple_action_set_enabled (self->discard, folder != NULL);
  if (folder == NULL)
    qs_window_show_offer (self->window, NULL);
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsWindow) window = data;
  Keeper *self = get_keeper (window);
  Found *found = g_task_propagate_pointer (G_TASK (result), NULL);

  if (found == NULL || self->closed != NULL)
    {
      g_clear_pointer (&found, found_free);
      return;
    }
  g_autoptr (GDateTime) started = g_date_time_new_from_unix_local (found->started);
  g_autofree char *when = started != NULL ? g_date_time_format (started, "%x %H:%M") : g_strdup ("");
  g_autofree char *text = g_strdup_printf (
      ngettext ("%u run of last time (%s) is kept on this machine with its secrets, for you alone.",
                "%u runs of last time (%s) are kept on this machine with their secrets, for you alone.", found->n),
      found->n, when);
  set_last (self, g_steal_pointer (&found->folder));
  qs_window_show_offer (window, text);
  found_free (found);
}

/* What was read is written anew with the runs of this window. */
static void
restored_cb (QsWindow *window, guint n, gboolean whole, gpointer data)
{
  Keeper *self = get_keeper (window);

  g_simple_action_set_enabled (self->restore, TRUE);
  g_simple_action_set_enabled (self->discard, TRUE);
  if (n > 0)
    mark_dirty (self);
  if (n == 0 || !whole)
    return;             /* it stays to be restored again */
  self->pruned = FALSE; /* then what it was read from goes as well */
  set_last (self, NULL);
}

static void
restore_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  Keeper *self = data;

  qs_window_show_offer (self->window, NULL);
  g_simple_action_set_enabled (self->restore, FALSE);
  g_simple_action_set_enabled (self->discard, FALSE);
  qs_restoring_start (self->window, self->last, FALSE, restored_cb, NULL);
}

static void
discard_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  Keeper *self = data;

  do_chore (NULL, NULL, self->last);
  set_last (self, NULL);
}

static void
keep_cb (GSimpleAction *action, GVariant *state, gpointer data)
{
  Keeper *self = data;

  g_simple_action_set_state (action, state);
  qs_settings_set_boolean (self->settings, SETTING, g_variant_get_boolean (state));
  if (g_variant_get_boolean (state))
    {
      mark_dirty (self);
      return;
    }
  g_clear_handle_id (&self->pause_id, g_source_remove);
  if (!qs_kept_folder_is_writing (self->folder)) /* else when that is done */
    do_chore (NULL, NULL, qs_kept_folder_get_path (self->folder));
}

/* --- Public --- */

static void
keeper_free (gpointer data)
{
  Keeper *self = data;

  g_clear_handle_id (&self->pause_id, g_source_remove);
  g_clear_handle_id (&self->close_id, g_source_remove);
  g_object_unref (self->keep);
  g_object_unref (self->restore);
  g_object_unref (self->discard);
  g_object_unref (self->settings);
  g_object_unref (self->folder);
  g_object_unref (self->cancellable);
  g_free (self->base);
  g_free (self->last);
  g_free (self);
}

static GSimpleAction *
add_action (Keeper *self, const char *name, GVariant *state, const char *signal, GCallback callback)
{
  GSimpleAction *action =
      state != NULL ? g_simple_action_new_stateful (name, NULL, state) : g_simple_action_new (name, NULL);

  g_signal_connect (action, signal, callback, self);
  g_simple_action_set_enabled (action, state != NULL);
  g_action_map_add_action (G_ACTION_MAP (self->window), G_ACTION (action));
  return action;
}

/* No two windows write to one folder, of this process or another. */
static char *
dup_folder_name (const char *base)
{
  static guint serial;
  g_autofree char *name =
      g_strdup_printf ("s%" G_GINT64_MODIFIER "x-%d-%u", g_get_real_time (), (int) getpid (), ++serial);

  return g_build_filename (base, name, NULL);
}

void
qs_keeper_install (QsWindow *window, QsSettings *settings, const char *base)
{
  g_return_if_fail (QS_IS_WINDOW (window) && QS_IS_SETTINGS (settings) && get_keeper (window) == NULL);

  Keeper *self = g_new0 (Keeper, 1);
  self->window = window;
  self->settings = g_object_ref (settings);
  self->base =
      base != NULL ? g_strdup (base) : g_build_filename (g_get_user_state_dir (), "quicscope", "sessions", NULL);
  g_autofree char *path = dup_folder_name (self->base);
  self->folder = qs_kept_folder_new (path);
  self->cancellable = g_cancellable_new ();
  self->keep = add_action (self, SETTING, g_variant_new_boolean (is_on (self)), "change-state", G_CALLBACK (keep_cb));
  self->restore = add_action (self, "restore-session", NULL, "activate", G_CALLBACK (restore_cb));
  self->discard = add_action (self, "discard-session", NULL, "activate", G_CALLBACK (discard_cb));
  g_object_set_data_full (G_OBJECT (window), KEEPER, self, keeper_free);
  g_signal_connect_object (qs_session_get_runs (get_session (self)), "items-changed", G_CALLBACK (runs_cb), window, 0);

  g_autoptr (GTask) task = g_task_new (NULL, NULL, found_cb, g_object_ref (window));
  g_task_set_task_data (task, g_strdup (self->base), g_free);
  g_task_run_in_thread (task, find_thread);
}

static gboolean
close_late_cb (gpointer data)
{
  Keeper *self = data;

  self->close_id = 0;
  g_cancellable_cancel (self->cancellable);
  conclude_close (self);
  return G_SOURCE_REMOVE;
}

void
qs_keeper_close (QsWindow *window, QsKeeperFunc done, gpointer data)
{
  g_return_if_fail (QS_IS_WINDOW (window) && done != NULL);

  Keeper *self = get_keeper (window);
  g_autoptr (GPtrArray) runs = self != NULL ? dup_runs (self) : NULL;
  gboolean writing = self != NULL && qs_kept_folder_is_writing (self->folder);
  if (self == NULL || !is_on (self) || (!writing && !self->dirty && !qs_kept_folder_is_stale (self->folder, runs)))
    {
      done (data);
      return;
    }
  self->closed = done;
  self->closed_data = data;
  self->close_id = g_timeout_add (CLOSE_MS, close_late_cb, self);
  self->dirty = TRUE; /* of what was under way when it was stopped */
  if (!writing)
    write_now (self);
}

gboolean
qs_keeper_is_idle (QsWindow *window)
{
  g_return_val_if_fail (QS_IS_WINDOW (window), TRUE);

  Keeper *self = get_keeper (window);
  return self == NULL || (self->pause_id == 0 && !qs_kept_folder_is_writing (self->folder));
}
