/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-restoring.h"

#include "app/models/qs-kept-folder.h"
#include "app/qs-chore.h"
#include "app/qs-files.h"
#include "app/qs-recent.h"
#include "base/qs-error.h"
#include "base/qs-file.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "probe/qs-kept-archive.h"
#include "study/qs-study-file.h"

#define RESTORINGS "qs-restorings"
#define POLL_MS 5

typedef struct {
  QsWindow *window;
  char *path; /* of the archive, NULL: a folder */
  char *name; /* for people, escaped */
  char *folder;
  QsKeptFolder *working; /* that an archive is unpacked into, and that goes; NULL: there is none */
  QsRestoringFunc done;
  gpointer data;
  GCancellable *cancellable;
  GPtrArray *list; /* QsKeptRun */
  QsRun *run;      /* that is being read; NULL: none */
  guint at, n;
  GString *faults;
} Restoring;

static GList *
get_restorings (QsWindow *window)
{
  return g_object_get_data (G_OBJECT (window), RESTORINGS);
}

static void
set_restorings (QsWindow *window, GList *list)
{
  g_object_set_data (G_OBJECT (window), RESTORINGS, list);
}

static void
remove_folder (gpointer data)
{
  qs_kept_folder_remove (qs_kept_folder_get_path (data));
}

static void
end (Restoring *self)
{
  GList *rest = g_list_remove (get_restorings (self->window), self);
  gboolean whole = self->list != NULL && self->at == self->list->len && self->faults->len == 0;

  set_restorings (self->window, rest);
  if (rest == NULL)
    qs_window_show_progress (self->window, NULL, 0);
  if (self->faults->len > 0)
    qs_window_show_error (self->window, self->faults->str);
  if (self->done != NULL)
    self->done (self->window, self->n, whole, self->data);
  if (self->working != NULL)
    qs_chore_run (remove_folder, self->working, g_object_unref);
  g_clear_pointer (&self->list, g_ptr_array_unref);
  g_string_free (self->faults, TRUE);
  g_object_unref (self->cancellable);
  g_object_unref (self->window);
  g_free (self->folder);
  g_free (self->path);
  g_free (self->name);
  g_free (self);
}

static void
add_fault (Restoring *self, const char *name, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (self->faults->len > 0)
    g_string_append_c (self->faults, '\n');
  g_string_append_printf (self->faults, "%s: %s", name, error->message);
}

/* --- The runs, one after the other --- */

static void read_next (Restoring *self);

static void
go_on (Restoring *self)
{
  self->at++;
  read_next (self);
}

static void
tell (Restoring *self)
{
  g_autofree char *text = g_strdup_printf (ngettext ("“%s”: its %u run is being read…",
                                                     "“%s”: its %u runs are being read…", self->list->len),
                                           self->name, self->list->len);

  qs_window_show_progress (self->window, text, (double) self->at / self->list->len);
}

static void
joined_cb (gboolean joined, gpointer data)
{
  Restoring *self = data;
  const QsKeptRun *kept = self->list->pdata[self->at];
  g_autofree char *title = qs_text_escape (kept->title, -1);

  if (!joined)
    {
      g_autoptr (GError) error =
          g_error_new_literal (QS_ERROR, QS_ERROR_FAILED, _ ("the other end's recording cannot be read"));
      add_fault (self, title, error);
    }
  go_on (self);
}

/* One after the other to its end: of two that are read at once each takes longer, and the person waits for both. */
static gboolean
wait_cb (gpointer data)
{
  Restoring *self = data;

  if (qs_run_is_reading (self->run) && !g_cancellable_is_cancelled (self->cancellable))
    return G_SOURCE_CONTINUE;
  g_clear_object (&self->run);
  go_on (self);
  return G_SOURCE_REMOVE;
}

static void
add_run (Restoring *self, GPtrArray *traces)
{
  const QsKeptRun *kept = self->list->pdata[self->at];
  QsSession *session = qs_window_get_session (self->window);
  g_autofree char *path = g_build_filename (self->folder, kept->recording, NULL);
  g_autofree char *other = kept->other != NULL ? g_build_filename (self->folder, kept->other, NULL) : NULL;
  g_autoptr (QsConnectionTable) table = qs_connection_table_new (traces, path);
  g_autoptr (QsRun) run = qs_run_new_for_connection (table, 0, FALSE);

  qs_run_set_kept (run, kept);
  qs_session_list_run (session, run);
  self->n++;
  if (qs_session_get_run (session) == NULL)
    qs_session_set_run (session, run);
  if (other != NULL)
    {
      qs_files_join_silently (self->window, run, other, joined_cb, self);
      return;
    }
  self->run = g_steal_pointer (&run);
  g_timeout_add (POLL_MS, wait_cb, self);
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Restoring *self = data;
  const QsKeptRun *kept = self->list->pdata[self->at];
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) traces = qs_study_file_load_finish (result, &error);
  g_autofree char *title = qs_text_escape (kept->title, -1);

  if (traces != NULL && !g_cancellable_is_cancelled (self->cancellable))
    {
      add_run (self, traces);
      return;
    }
  if (error != NULL)
    add_fault (self, title, error);
  go_on (self);
}

static void
read_next (Restoring *self)
{
  if (self->at == self->list->len || g_cancellable_is_cancelled (self->cancellable))
    {
      end (self);
      return;
    }
  if (!qs_session_has_room (qs_window_get_session (self->window)))
    {
      g_autoptr (GError) error =
          g_error_new (QS_ERROR, QS_ERROR_TOO_LARGE,
                       _ ("the list of runs is full (%d); forget some, then open it again"), QS_KEPT_MOST_RUNS);
      add_fault (self, self->name, error);
      end (self);
      return;
    }
  const QsKeptRun *kept = self->list->pdata[self->at];
  g_autofree char *path = g_build_filename (self->folder, kept->recording, NULL);
  tell (self);
  qs_study_file_load_async (path, NULL, NULL, self->cancellable, loaded_cb, self);
}

/* --- The list --- */

static gboolean
unpack (Restoring *self, GError **error)
{
  g_autofree char *base = qs_kept_folder_dup_base (QS_KEPT_WORKING);

  self->working = qs_kept_folder_new_below (base);
  self->folder = g_strdup (qs_kept_folder_get_path (self->working));
  return qs_kept_folder_make (self->working, error) &&
         qs_kept_archive_unpack (self->path, self->folder, self->cancellable, error);
}

static void
list_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Restoring *self = data;
  GError *error = NULL;

  g_autofree char *path =
      self->folder != NULL || unpack (self, &error) ? g_build_filename (self->folder, QS_KEPT_LIST, NULL) : NULL;
  g_autoptr (GBytes) bytes = path != NULL ? qs_file_load (path, QS_KEPT_MOST_LIST, &error) : NULL;
  gsize length;
  const char *text = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;
  GPtrArray *list = bytes != NULL ? qs_kept_runs_from_text (text, text != NULL ? length : 0, &error) : NULL;

  if (list != NULL)
    g_task_return_pointer (task, list, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

static void
listed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Restoring *self = data;
  g_autoptr (GError) error = NULL;

  self->list = g_task_propagate_pointer (G_TASK (result), &error);
  if (self->list != NULL)
    {
      if (self->path != NULL)
        qs_recent_add (self->path);
      read_next (self);
      return;
    }
  add_fault (self, self->name, error);
  end (self);
}

static void
start (QsWindow *window, const char *path, const char *folder, QsRestoringFunc done, gpointer data)
{
  Restoring *self = g_new0 (Restoring, 1);
  g_autofree char *name = path != NULL ? g_path_get_basename (path) : g_strdup (_ ("The session of last time"));

  self->window = g_object_ref (window);
  self->path = g_strdup (path);
  self->folder = g_strdup (folder);
  self->name = qs_text_escape (name, -1);
  self->done = done;
  self->data = data;
  self->cancellable = g_cancellable_new ();
  self->faults = g_string_new (NULL);
  set_restorings (window, g_list_append (get_restorings (window), self));
  g_autoptr (GTask) task = g_task_new (NULL, NULL, listed_cb, self); /* not cancelled: it has to tell of the folder */
  g_task_set_task_data (task, self, NULL);
  g_task_run_in_thread (task, list_thread);
}

void
qs_restoring_start (QsWindow *window, const char *folder, QsRestoringFunc done, gpointer data)
{
  g_return_if_fail (QS_IS_WINDOW (window) && folder != NULL);

  start (window, NULL, folder, done, data);
}

void
qs_restoring_start_file (QsWindow *window, const char *path)
{
  g_return_if_fail (QS_IS_WINDOW (window) && path != NULL);

  start (window, path, NULL, NULL, NULL);
}

guint
qs_restoring_get_n (QsWindow *window)
{
  g_return_val_if_fail (QS_IS_WINDOW (window), 0);

  return g_list_length (get_restorings (window));
}

void
qs_restoring_stop_all (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  for (GList *at = get_restorings (window); at != NULL; at = at->next)
    g_cancellable_cancel (((Restoring *) at->data)->cancellable);
}
