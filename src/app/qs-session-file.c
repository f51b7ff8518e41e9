/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-session-file.h"

#include "app/models/qs-kept-folder.h"
#include "app/qs-recent.h"
#include "app/qs-restoring.h"
#include "app/widgets/qs-file-dialog.h"
#include "app/widgets/qs-saved-strip.h"
#include "base/qs-i18n.h"
#include "probe/qs-kept-archive.h"

/* First a folder of its own, then an archive of that. */
typedef struct {
  QsWindow *window;
  char *path;
  QsKeptFolder *folder;
  char **names;
  guint n_going_on, n_behind; /* runs that are not over; that there was no room for */
} Saving;

#define SAVINGS "qs-savings"

static void
count_saving (QsWindow *window, int by)
{
  guint n = qs_session_file_get_n_saving (window);

  g_object_set_data (G_OBJECT (window), SAVINGS, GUINT_TO_POINTER (n + (guint) by));
}

static void
saving_free (Saving *self)
{
  g_object_unref (self->window);
  g_clear_object (&self->folder);
  g_strfreev (self->names);
  g_free (self->path);
  g_free (self);
}

static char *
dup_note (Saving *self)
{
  guint n = self->n_behind + (self->folder != NULL ? qs_kept_folder_get_n_left_out (self->folder) : 0);
  g_autoptr (GString) note = g_string_new (_ ("It holds the secrets of its connections: only you can read it."));

  if (n > 0)
    g_string_append_printf (
        note, ngettext (" %u run is too large and not in it.", " %u runs are too large and not in it.", n), n);
  if (self->n_going_on > 0)
    g_string_append_printf (note,
                            ngettext (" %u run goes on and is in it as far as it was.",
                                      " %u runs go on and are in it as far as they were.", self->n_going_on),
                            self->n_going_on);
  return g_string_free (g_steal_pointer (&note), FALSE);
}

static void
end (Saving *self, GError *error)
{
  g_autofree char *note = error == NULL ? dup_note (self) : NULL;

  count_saving (self->window, -1);
  qs_window_show_error (self->window, error != NULL ? error->message : NULL);
  if (error == NULL)
    {
      qs_saved_tell (GTK_WIDGET (self->window), self->path);
      qs_saved_strip_show (qs_window_get_saved_strip (self->window), self->path, note);
      qs_recent_add (self->path);
    }
  qs_window_end_saving (self->window, error == NULL);
  g_clear_error (&error);
  saving_free (self);
}

static void
pack_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Saving *self = data;
  const char *folder = qs_kept_folder_get_path (self->folder);
  GError *error = NULL;
  gboolean good = self->names == NULL ||
                  qs_kept_archive_pack (folder, (const char *const *) self->names, self->path, cancellable, &error);

  qs_kept_folder_remove (folder);
  if (good)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
packed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  end (data, error);
}

static void
removed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Saving *self = data;
  GError *error = g_object_steal_data (G_OBJECT (result), "qs-error");

  end (self, error);
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Saving *self = data;
  GError *error = NULL;
  gboolean good = qs_kept_folder_write_finish (self->folder, result, &error);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, good ? packed_cb : removed_cb, self);

  if (good)
    self->names = qs_kept_folder_dup_names (self->folder);
  else
    g_object_set_data (G_OBJECT (task), "qs-error", error);
  g_task_set_task_data (task, self, NULL);
  g_task_run_in_thread (task, pack_thread);
}

static GPtrArray *
dup_runs (Saving *self)
{
  GListModel *list = qs_session_get_runs (qs_window_get_session (self->window));
  guint n = g_list_model_get_n_items (list);
  GPtrArray *runs = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < n && i < QS_KEPT_MOST_RUNS; i++)
    {
      g_ptr_array_add (runs, g_list_model_get_item (list, i));
      self->n_going_on += qs_run_is_active (runs->pdata[i]) || qs_run_is_reading (runs->pdata[i]) ||
                          qs_run_get_status (runs->pdata[i]) == QS_RUN_WATCHED;
    }
  self->n_behind = n - runs->len;
  return runs;
}

static void
refuse_ending (QsWindow *window, const char *path)
{
  g_autofree char *name = g_filename_display_basename (path);
  g_autofree char *text = g_strdup_printf (_ ("“%s” is no name for a session, and nothing was saved: end it with %s."),
                                           name, QS_KEPT_ENDING);

  qs_window_show_error (window, text);
}

void
qs_session_file_save (QsWindow *window, const char *path)
{
  g_return_if_fail (QS_IS_WINDOW (window) && path != NULL);

  qs_saved_strip_hide (qs_window_get_saved_strip (window));
  if (!g_str_has_suffix (path, QS_KEPT_ENDING))
    {
      refuse_ending (window, path);
      return;
    }
  g_autofree char *base = qs_kept_folder_dup_base (QS_KEPT_WORKING);
  Saving *self = g_new0 (Saving, 1);
  self->window = g_object_ref (window);
  self->path = g_strdup (path);
  self->folder = qs_kept_folder_new_below (base);
  g_autoptr (GPtrArray) runs = dup_runs (self);
  count_saving (window, 1);
  qs_kept_folder_write_async (self->folder, runs, NULL, written_cb, self);
}

guint
qs_session_file_get_n_saving (QsWindow *window)
{
  g_return_val_if_fail (QS_IS_WINDOW (window), 0);

  return GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (window), SAVINGS));
}

static void
add_filter (GtkFileChooser *chooser)
{
  GtkFileFilter *filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _ ("Sessions: all runs with their secrets (.quicscope)"));
  gtk_file_filter_add_pattern (filter, "*" QS_KEPT_ENDING);
  gtk_file_chooser_add_filter (chooser, filter);
}

void
qs_session_file_ask_save (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *name = g_date_time_format (now, "session-%Y-%m-%d-%H%M%S" QS_KEPT_ENDING);
  g_autoptr (GtkFileChooserNative) dialog = gtk_file_chooser_native_new (
      _ ("Save the session"), GTK_WINDOW (window), GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), _ ("_Cancel"));

  add_filter (GTK_FILE_CHOOSER (dialog));
  g_autofree char *path = qs_file_dialog_run_save (GTK_WIDGET (window), dialog, name);
  if (path != NULL)
    qs_session_file_save (window, path);
}

void
qs_session_file_ask_open (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  g_autoptr (GtkFileChooserNative) dialog = gtk_file_chooser_native_new (
      _ ("Open a session"), GTK_WINDOW (window), GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), _ ("_Cancel"));
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (dialog);

  add_filter (chooser);
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (dialog)) != GTK_RESPONSE_ACCEPT)
    return;
  g_autofree char *path = gtk_file_chooser_get_filename (chooser);
  if (path != NULL)
    qs_restoring_start_file (window, path);
}
