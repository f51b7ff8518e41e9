/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-keeper.h"

#include <string.h>

#include "app/models/qs-kept-folder.h"
#include "app/qs-chore.h"
#include "app/qs-restoring.h"
#include "base/qs-file.h"
#include "base/qs-i18n.h"

#define KEEPER "qs-keeper"
#define SETTING "keep-session"
/* Several runs that end together are written together. */
#define PAUSE_MS 700
#define CLOSE_MS 5000
/* What could not be written, because the disk is full, is tried again. */
#define AGAIN_MS 10000
/* Sessions that nobody has restored or deleted yet. */
#define MOST_SESSIONS 5

typedef struct {
  QsWindow *window; /* owns this */
  QsSettings *settings;
  char *base;
  QsKeptFolder *folder;
  GPtrArray *offers;  /* Found: of before, the newest first; the first of them is offered */
  GPtrArray *deleted; /* Found: that go when the strip or the window is closed */
  GPtrArray *read;    /* folders whose runs stand here now, and that go when those are written anew */
  GSimpleAction *keep, *restore, *discard, *undo, *hide;
  guint pause_id;
  gboolean dirty;  /* something changed since it was written */
  gboolean looked; /* for folders of before */
  gboolean pruned; /* of them those that are too many are gone */
  char *fault;     /* what was said of the last write; NULL: it was written */
  gboolean left_out_told;
  QsKeeperFunc closed;
  gpointer closed_data;
  guint close_id;
  GtkWidget *lost; /* the question what to do without them; NULL: it is not asked */
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

static void
remove_folders (gpointer data)
{
  for (char **path = data; *path != NULL; path++)
    qs_kept_folder_remove (*path);
}

static void
remove_folder (const char *path)
{
  const char *const paths[] = { path, NULL };

  qs_chore_run (remove_folders, g_strdupv ((char **) paths), (GDestroyNotify) g_strfreev);
}

static void
prune (gpointer base)
{
  qs_kept_folder_prune (base, MOST_SESSIONS);
}

/* Of programs that were killed while they saved or opened a session. */
static void
prune_working (gpointer base)
{
  qs_kept_folder_prune (base, 0);
}

/* --- Writing --- */

static void write_now (Keeper *self);
static void schedule_in (Keeper *self, guint pause_ms);
static gboolean close_late_cb (gpointer data);

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
  g_clear_pointer (&self->lost, gtk_widget_destroy);
  if (closed != NULL)
    closed (self->closed_data);
}

/* Once for each fault, and in the window only as long as it is so. */
static void
tell_fault (Keeper *self, const GError *error)
{
  const char *shown = qs_window_get_error (self->window);

  if (error == NULL && self->fault != NULL && g_strcmp0 (shown, self->fault) == 0)
    qs_window_show_error (self->window, NULL);
  if (error != NULL && self->fault == NULL)
    qs_log_add (qs_session_get_log (get_session (self)), _ ("Session"), error->message);
  if (error != NULL && self->fault == NULL && self->closed == NULL)
    {
      self->fault = g_strdup_printf (_ ("Runs are not kept for the next start: %s"), error->message);
      qs_window_show_error (self->window, self->fault);
    }
  if (error == NULL)
    g_clear_pointer (&self->fault, g_free);
}

static void
tell_left_out (Keeper *self)
{
  guint n = qs_kept_folder_get_n_left_out (self->folder);

  if (n > 0 && !self->left_out_told)
    {
      g_autofree char *text = g_strdup_printf (
          ngettext ("%u run is not kept for the next start: it is too large, or there are too many. Save it as a file.",
                    "%u runs are not kept for the next start: they are too large, or too many. Save them as files.", n),
          n);
      qs_log_add (qs_session_get_log (get_session (self)), _ ("Session"), text);
      if (self->closed == NULL)
        qs_window_show_error (self->window, text);
    }
  self->left_out_told = n > 0;
}

/* What is switched off goes; switched on again, it is a folder of another name. */
static void
retire_folder (Keeper *self)
{
  g_autofree char *path = g_strdup (qs_kept_folder_get_path (self->folder));

  g_object_unref (self->folder);
  self->folder = qs_kept_folder_new_below (self->base);
  self->dirty = TRUE;
  remove_folder (path);
}

/* --- A session that could not be kept, and the window is closed already --- */

static void
lost_response_cb (GtkDialog *dialog, int response, gpointer data)
{
  g_autoptr (QsWindow) window = g_object_ref (data); /* the dialog's own goes with it */
  Keeper *self = get_keeper (window);

  g_clear_pointer (&self->lost, gtk_widget_destroy);
  if (response != GTK_RESPONSE_OK)
    {
      conclude_close (self);
      return;
    }
  self->close_id = g_timeout_add (CLOSE_MS, close_late_cb, self);
  if (!qs_kept_folder_is_writing (self->folder))
    write_now (self);
}

static void
ask_lost (Keeper *self, const char *reason)
{
  g_autoptr (GPtrArray) runs = dup_runs (self);
  GtkWidget *dialog = gtk_message_dialog_new (NULL, 0, GTK_MESSAGE_WARNING, GTK_BUTTONS_NONE,
                                              ngettext ("%u run could not be kept for the next start",
                                                        "%u runs could not be kept for the next start", runs->len),
                                              runs->len);

  g_clear_handle_id (&self->close_id, g_source_remove);
  g_clear_pointer (&self->lost, gtk_widget_destroy);
  self->lost = dialog;
  gtk_message_dialog_format_secondary_text (GTK_MESSAGE_DIALOG (dialog), "%s", reason);
  gtk_dialog_add_buttons (GTK_DIALOG (dialog), _ ("_Close without Them"), GTK_RESPONSE_CLOSE, _ ("_Try Again"),
                          GTK_RESPONSE_OK, NULL);
  gtk_dialog_set_default_response (GTK_DIALOG (dialog), GTK_RESPONSE_OK);
  gtk_window_set_title (GTK_WINDOW (dialog), _ ("Quicscope"));
  gtk_window_set_application (GTK_WINDOW (dialog), gtk_window_get_application (GTK_WINDOW (self->window)));
  g_signal_connect_data (dialog, "response", G_CALLBACK (lost_response_cb), g_object_ref (self->window),
                         (GClosureNotify) (void (*) (void)) g_object_unref, 0);
  gtk_widget_show (dialog);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsWindow) window = data;
  Keeper *self = get_keeper (window);
  g_autoptr (GError) error = NULL;

  qs_kept_folder_write_finish (QS_KEPT_FOLDER (source), result, &error);
  tell_fault (self, error);
  if (error != NULL)
    self->dirty = TRUE;
  else
    tell_left_out (self);
  if (error == NULL && self->read->len > 0)
    {
      g_ptr_array_add (self->read, NULL);
      qs_chore_run (remove_folders, g_ptr_array_free (self->read, FALSE), (GDestroyNotify) g_strfreev);
      self->read = g_ptr_array_new_with_free_func (g_free);
    }
  if (error == NULL && self->looked && !self->pruned)
    {
      self->pruned = TRUE;
      qs_chore_run (prune, g_strdup (self->base), g_free);
    }
  if (!is_on (self))
    retire_folder (self);
  if (self->closed == NULL && error != NULL)
    schedule_in (self, AGAIN_MS);
  else if (self->closed != NULL && error != NULL && is_on (self))
    ask_lost (self, error->message);
  else if (self->closed != NULL && self->dirty && is_on (self))
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
  qs_kept_folder_write_async (self->folder, runs, NULL, written_cb, g_object_ref (self->window));
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
schedule_in (Keeper *self, guint pause_ms)
{
  if (!is_on (self) || self->pause_id != 0 || self->closed != NULL)
    return;
  self->pause_id = g_timeout_add (pause_ms, pause_cb, self);
  g_source_set_name_by_id (self->pause_id, "[quicscope] keep session");
}

static void
schedule (Keeper *self)
{
  schedule_in (self, PAUSE_MS);
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
  g_auto (GStrv) folders = qs_kept_folder_find_all (data);
  GPtrArray *all = g_ptr_array_new_with_free_func (found_free);

  for (guint i = 0; folders[i] != NULL; i++)
    {
      Found *found = g_new0 (Found, 1);
      found->folder = g_strdup (folders[i]);
      if (read_found (found))
        g_ptr_array_add (all, found);
      else
        found_free (found);
    }
  g_task_return_pointer (task, all, (GDestroyNotify) g_ptr_array_unref);
}

static char *
dup_offer_text (Keeper *self)
{
  const Found *found = self->offers->pdata[0];
  g_autoptr (GDateTime) started = g_date_time_new_from_unix_local (found->started);
  g_autofree char *when = started != NULL ? g_date_time_format (started, "%x %H:%M") : g_strdup ("");

  return g_strdup_printf (
      ngettext ("%u run of last time (%s) is kept on this machine with its secrets, for you alone.",
                "%u runs of last time (%s) are kept on this machine with their secrets, for you alone.", found->n),
      found->n, when);
}

static char *
dup_deleted_text (Keeper *self)
{
  guint n = 0;

  for (guint i = 0; i < self->deleted->len; i++)
    n += ((const Found *) self->deleted->pdata[i])->n;
  return g_strdup_printf (ngettext ("%u kept run is deleted when this message or the window is closed.",
                                    "%u kept runs are deleted when this message or the window is closed.", n),
                          n);
}

/* What there is now to say of sessions of before: one that can be had back, several that go, nothing. */
static void
show_offer (Keeper *self)
{
  g_autofree char *text = self->deleted->len > 0  ? dup_deleted_text (self)
                          : self->offers->len > 0 ? dup_offer_text (self)
                                                  : NULL;

  g_simple_action_set_enabled (self->restore, self->offers->len > 0);
  g_simple_action_set_enabled (self->discard, self->offers->len > 0);
  g_simple_action_set_enabled (self->undo, self->deleted->len > 0);
  qs_window_show_offer (self->window, text, self->deleted->len > 0);
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsWindow) window = data;
  Keeper *self = get_keeper (window);

  g_ptr_array_unref (self->offers);
  self->offers = g_task_propagate_pointer (G_TASK (result), NULL);
  self->looked = TRUE;
  if (self->closed == NULL && !qs_window_is_closing (window))
    show_offer (self);
}

static void
delete_now (Keeper *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (self->deleted->len == 0)
    return;
  for (guint i = 0; i < self->deleted->len; i++)
    g_strv_builder_add (builder, ((const Found *) self->deleted->pdata[i])->folder);
  g_ptr_array_set_size (self->deleted, 0);
  qs_chore_run (remove_folders, g_strv_builder_end (builder), (GDestroyNotify) g_strfreev);
}

/* The first n of what is offered. */
static void
discard (Keeper *self, guint n)
{
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (self->deleted, g_ptr_array_steal_index (self->offers, 0));
  show_offer (self);
}

/* What was read is written anew with the runs of this window. */
static void
restored_cb (QsWindow *window, guint n, gboolean whole, gpointer data)
{
  Keeper *self = get_keeper (window);

  if (n > 0)
    mark_dirty (self);
  if (whole && is_on (self))
    {
      Found *found = g_ptr_array_steal_index (self->offers, 0);
      g_ptr_array_add (self->read, g_strdup (found->folder));
      found_free (found);
    }
  if (qs_window_is_closing (window))
    return;
  g_simple_action_set_enabled (self->restore, self->offers->len > 0);
  g_simple_action_set_enabled (self->discard, self->offers->len > 0);
}

static void
restore_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  Keeper *self = data;
  const Found *found = self->offers->pdata[0];

  delete_now (self);
  qs_window_show_offer (self->window, NULL, FALSE);
  g_simple_action_set_enabled (self->restore, FALSE);
  g_simple_action_set_enabled (self->discard, FALSE);
  g_simple_action_set_enabled (self->undo, FALSE);
  qs_restoring_start (self->window, found->folder, restored_cb, NULL);
}

static void
discard_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  discard (data, 1);
}

static void
undo_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  Keeper *self = data;

  while (self->deleted->len > 0)
    g_ptr_array_insert (self->offers, 0, g_ptr_array_steal_index (self->deleted, self->deleted->len - 1));
  show_offer (self);
}

/* Another one of before is offered by the menu alone: who closes the strip has seen it. */
static void
hide_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  Keeper *self = data;

  delete_now (self);
  g_simple_action_set_enabled (self->undo, FALSE);
  qs_window_show_offer (self->window, NULL, FALSE);
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
    retire_folder (self);
  if (g_action_get_enabled (G_ACTION (self->restore))) /* else it is being read */
    discard (self, self->offers->len);
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
  g_object_unref (self->undo);
  g_object_unref (self->hide);
  g_object_unref (self->settings);
  g_object_unref (self->folder);
  g_ptr_array_unref (self->offers);
  g_ptr_array_unref (self->deleted);
  g_clear_pointer (&self->read, g_ptr_array_unref);
  g_free (self->fault);
  g_free (self->base);
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

void
qs_keeper_install (QsWindow *window, QsSettings *settings, const char *base)
{
  g_return_if_fail (QS_IS_WINDOW (window) && QS_IS_SETTINGS (settings) && get_keeper (window) == NULL);

  Keeper *self = g_new0 (Keeper, 1);
  self->window = window;
  self->settings = g_object_ref (settings);
  self->base = base != NULL ? g_strdup (base) : qs_kept_folder_dup_base (QS_KEPT_SESSIONS);
  self->folder = qs_kept_folder_new_below (self->base);
  self->offers = g_ptr_array_new_with_free_func (found_free);
  self->deleted = g_ptr_array_new_with_free_func (found_free);
  self->read = g_ptr_array_new_with_free_func (g_free);
  self->keep = add_action (self, SETTING, g_variant_new_boolean (is_on (self)), "change-state", G_CALLBACK (keep_cb));
  self->restore = add_action (self, "restore-session", NULL, "activate", G_CALLBACK (restore_cb));
  self->discard = add_action (self, "discard-session", NULL, "activate", G_CALLBACK (discard_cb));
  self->undo = add_action (self, "undo-discard-session", NULL, "activate", G_CALLBACK (undo_cb));
  self->hide = add_action (self, "hide-session-offer", NULL, "activate", G_CALLBACK (hide_cb));
  g_simple_action_set_enabled (self->hide, TRUE);
  g_object_set_data_full (G_OBJECT (window), KEEPER, self, keeper_free);
  g_signal_connect_object (qs_session_get_runs (get_session (self)), "items-changed", G_CALLBACK (runs_cb), window, 0);

  g_autoptr (GTask) task = g_task_new (NULL, NULL, found_cb, g_object_ref (window));
  g_task_set_task_data (task, g_strdup (self->base), g_free);
  g_task_run_in_thread (task, find_thread);
  qs_chore_run (prune_working, qs_kept_folder_dup_base (QS_KEPT_WORKING), g_free);
}

static gboolean
close_late_cb (gpointer data)
{
  Keeper *self = data;

  self->close_id = 0;
  ask_lost (self, _ ("The disk takes its time; what is written by now may be all or nothing of it."));
  return G_SOURCE_REMOVE;
}

void
qs_keeper_close (QsWindow *window, QsKeeperFunc done, gpointer data)
{
  g_return_if_fail (QS_IS_WINDOW (window) && done != NULL);

  Keeper *self = get_keeper (window);
  if (self != NULL)
    delete_now (self);
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
