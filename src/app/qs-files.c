/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-files.h"

#include <glib/gstdio.h>

#include "app/qs-opening.h"
#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "base/qs-text.h"
#include "dissect/qs-dissector.h"
#include "formats/qs-key-log.h"
#include "study/qs-study-file.h"

#define JOINING "qs-files-joining"

static void
count_joining (QsWindow *window, int by)
{
  guint n = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (window), JOINING));

  g_object_set_data (G_OBJECT (window), JOINING, GUINT_TO_POINTER (n + (guint) by));
}

/* --- Opening ---------------------------------------------------------------------------- */

void
qs_files_open (QsWindow *window, const char *path, const char *key_log)
{
  g_return_if_fail (QS_IS_WINDOW (window) && path != NULL);

  const char *const key_logs[] = { key_log, NULL };
  qs_opening_start (window, &(QsOpeningWish){ .path = path, .key_logs = key_logs });
}

void
qs_files_open_pair (QsWindow *window, const char *path, const char *other)
{
  g_return_if_fail (QS_IS_WINDOW (window) && path != NULL && other != NULL);

  qs_opening_start (window, &(QsOpeningWish){ .path = path, .other = other, .or_alone = TRUE });
}

/* "capture.pcapng#12" where that is no file's name itself. */
static char *
split_number (const char *name, guint *number)
{
  const char *mark = strrchr (name, '#');
  guint64 parsed;

  *number = 0;
  if (mark == NULL || g_file_test (name, G_FILE_TEST_EXISTS) ||
      !g_ascii_string_to_unsigned (mark + 1, 10, 1, G_MAXUINT, &parsed, NULL))
    return g_strdup (name);
  *number = (guint) parsed;
  return g_strndup (name, (gsize) (mark - name));
}

gboolean
qs_files_is_there (const char *name)
{
  g_return_val_if_fail (name != NULL, FALSE);

  guint number;
  g_autofree char *path = split_number (name, &number);
  GStatBuf info;
  return g_lstat (path, &info) == 0 && !S_ISDIR (info.st_mode);
}

void
qs_files_open_all (QsWindow *window, const char *const *names, const char *const *key_logs, const char *other,
                   gboolean keep_page)
{
  g_return_if_fail (QS_IS_WINDOW (window) && names != NULL);

  g_autoptr (GPtrArray) captures = g_ptr_array_new (), keys = g_ptr_array_new ();
  for (guint i = 0; names[i] != NULL; i++)
    g_ptr_array_add (qs_key_log_is_one (names[i]) ? keys : captures, (gpointer) names[i]);
  if (captures->len == 0) /* then it says what it is */
    g_ptr_array_extend (captures, keys, NULL, NULL);
  for (guint i = 0; key_logs != NULL && key_logs[i] != NULL; i++)
    g_ptr_array_add (keys, (gpointer) key_logs[i]);
  g_ptr_array_add (keys, NULL);
  for (guint i = 0; i < captures->len; i++)
    {
      guint number;
      g_autofree char *path = split_number (captures->pdata[i], &number);
      qs_opening_start (window, &(QsOpeningWish){ .path = path,
                                                  .key_logs = (const char *const *) keys->pdata,
                                                  .number = number,
                                                  .other = other,
                                                  .keep_page = keep_page });
    }
}

/* --- Joining ---------------------------------------------------------------------------- */

/* One after the other, the connections of the other end's file, until one is the run's own. */
typedef struct {
  QsWindow *window;
  QsRun *run;
  char *path;
  char *name;
  gboolean or_alone;
  QsFilesJoinFunc done; /* NULL: what comes of it the window says */
  gpointer data;
  gboolean joined;
  GPtrArray *traces; /* QsTrace */
  guint next;
  QsTrace *trace; /* the one that is tried */
  QsDissector *dissector;
  QsTraceJoin *join;
} Joining;

static void
joining_free (gpointer data)
{
  Joining *self = data;

  count_joining (self->window, -1);
  if (self->done != NULL)
    self->done (self->joined, self->data);
  g_clear_pointer (&self->traces, g_ptr_array_unref);
  g_clear_object (&self->dissector);
  g_clear_pointer (&self->join, qs_trace_join_unref);
  g_object_unref (self->window);
  g_object_unref (self->run);
  g_free (self->path);
  g_free (self->name);
  g_free (self);
}

static void
give_up_joining (Joining *self, const char *message)
{
  if (self->or_alone)
    {
      qs_files_open (self->window, self->path, NULL);
      return;
    }
  g_autofree char *text = g_strdup_printf ("%s: %s", self->name, message);

  if (self->done == NULL)
    qs_window_show_error (self->window, text);
}

/* Who has the secrets is only one of both, often. */
static void
copy_secrets (QsTrace *from, QsTrace *to)
{
  for (guint i = 0; i < qs_trace_get_n_records (from); i++)
    {
      QsRecord record;

      qs_trace_get_record (from, i, &record);
      if (record.kind == QS_RECORD_SECRET)
        qs_trace_add_secret (to, 0, (const char *) record.bytes.data);
    }
}

static void
try_next (Joining *self)
{
  QsTrace *own = qs_run_get_trace (self->run);

  g_clear_object (&self->dissector);
  g_clear_pointer (&self->join, qs_trace_join_unref);
  self->trace = g_ptr_array_index (self->traces, self->next++);
  if (qs_trace_get_n_datagrams (self->trace) > 0)
    {
      copy_secrets (own, self->trace);
      self->dissector = qs_dissector_new (self->trace);
    }
  self->join = qs_trace_join_new (own, self->trace, qs_trace_join_guess_clocks (own, self->trace));
}

/* TRUE: it is done with, either way. */
static gboolean
conclude_join (Joining *self)
{
  g_autoptr (GError) error = NULL;

  if (qs_trace_join_check (self->join, &error))
    {
      if (self->done == NULL)
        qs_window_show_error (self->window, NULL);
      qs_run_set_join (self->run, self->join);
      self->joined = TRUE;
      return TRUE;
    }
  if (self->next < self->traces->len)
    return FALSE;
  give_up_joining (self, error->message);
  return TRUE;
}

static gboolean
joining_cb (gint64 deadline, gpointer data)
{
  Joining *self = data;

  if (qs_run_is_reading (self->run))
    return G_SOURCE_CONTINUE; /* that is under way in slices of its own */
  if (self->join == NULL)
    try_next (self);
  if (self->dissector != NULL && !qs_dissector_advance (self->dissector, deadline))
    return G_SOURCE_CONTINUE;
  if (self->dissector != NULL)
    qs_dissector_finish (self->dissector);
  g_clear_object (&self->dissector);
  if (!qs_trace_join_finish_until (self->join, deadline))
    return G_SOURCE_CONTINUE;
  if (conclude_join (self))
    return G_SOURCE_REMOVE;
  try_next (self);
  return G_SOURCE_CONTINUE;
}

static void
join_loaded_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Joining *self = data;
  g_autoptr (GError) error = NULL;

  self->traces = qs_study_file_load_finish (result, &error);
  if (self->traces != NULL)
    {
      g_source_unref (qs_slice_add (NULL, "[quicscope] join files", joining_cb, self, joining_free));
      return;
    }
  give_up_joining (self, error->message);
  joining_free (self);
}

static void
start_joining (QsWindow *window, QsRun *run, const char *path, const char *key_log, gboolean or_alone,
               QsFilesJoinFunc done, gpointer data)
{
  Joining *self = g_new0 (Joining, 1);
  g_autofree char *name = g_path_get_basename (path);
  self->window = g_object_ref (window);
  self->run = g_object_ref (run);
  self->path = g_strdup (path);
  self->name = qs_text_escape (name, -1);
  self->or_alone = or_alone;
  self->done = done;
  self->data = data;
  count_joining (window, 1);
  const char *const key_logs[] = { key_log, NULL };
  qs_study_file_load_async (path, key_logs, NULL, NULL, join_loaded_cb, self);
}

void
qs_files_join (QsWindow *window, QsRun *run, const char *path, const char *key_log)
{
  g_return_if_fail (QS_IS_WINDOW (window) && QS_IS_RUN (run) && path != NULL);

  start_joining (window, run, path, key_log, FALSE, NULL, NULL);
}

void
qs_files_join_silently (QsWindow *window, QsRun *run, const char *path, QsFilesJoinFunc done, gpointer data)
{
  g_return_if_fail (QS_IS_WINDOW (window) && QS_IS_RUN (run) && path != NULL && done != NULL);

  start_joining (window, run, path, NULL, FALSE, done, data);
}

void
qs_files_join_or_open (QsWindow *window, QsRun *run, const char *path)
{
  g_return_if_fail (QS_IS_WINDOW (window) && QS_IS_RUN (run) && path != NULL);

  start_joining (window, run, path, NULL, TRUE, NULL, NULL);
}

guint
qs_files_get_n_loading (QsWindow *window)
{
  g_return_val_if_fail (QS_IS_WINDOW (window), 0);

  return GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (window), JOINING)) + qs_opening_get_n (window) +
         qs_session_get_n_reading (qs_window_get_session (window));
}

/* --- Asking ----------------------------------------------------------------------------- */

static void
add_filter (GtkFileChooser *chooser, const char *name, const char *const *patterns)
{
  GtkFileFilter *filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, name);
  for (guint i = 0; patterns[i] != NULL; i++)
    gtk_file_filter_add_pattern (filter, patterns[i]);
  gtk_file_chooser_add_filter (chooser, filter);
}

/* Captures and key logs together, as many as are wanted. NULL: the person thought better of it. */
static GSList *
ask_traces (QsWindow *window, const char *title)
{
  g_autoptr (GtkFileChooserNative) dialog = gtk_file_chooser_native_new (
      title, GTK_WINDOW (window), GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), _ ("_Cancel"));
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (dialog);

  add_filter (chooser, _ ("Captures, qlogs and key logs"),
              (const char *const[]){ "*.pcapng", "*.pcap", "*.cap", "*.snoop", "*.gz", "*.zst", "*.xz", "*.lz4",
                                     "*.qlog", "*.sqlog", "*.json", "*.keys", "*.keylog", "*.log", "*.txt", NULL });
  add_filter (chooser, _ ("All files"), (const char *const[]){ "*", NULL });
  gtk_file_chooser_set_select_multiple (chooser, TRUE);
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (dialog)) != GTK_RESPONSE_ACCEPT)
    return NULL;
  return gtk_file_chooser_get_filenames (chooser);
}

static char **
list_to_strv (GSList *names)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (GSList *at = names; at != NULL; at = at->next)
    g_strv_builder_add (builder, at->data);
  g_slist_free_full (names, g_free);
  return g_strv_builder_end (builder);
}

void
qs_files_ask_open (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  g_auto (GStrv) names =
      list_to_strv (ask_traces (window, _ ("Open captures or qlogs; key logs with their secrets beside them")));
  qs_files_open_all (window, (const char *const *) names, NULL, NULL, FALSE);
}

void
qs_files_ask_join (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  QsRun *run = qs_session_get_run (qs_window_get_session (window));
  if (run == NULL)
    return;

  g_autoptr (QsRun) keep = g_object_ref (run);
  g_auto (GStrv) names = list_to_strv (ask_traces (window, _ ("Open what the other end recorded of this connection")));
  const char *path = NULL, *key_log = NULL;
  for (guint i = 0; names[i] != NULL; i++)
    *(qs_key_log_is_one (names[i]) ? &key_log : &path) = names[i];
  if (path == NULL)
    return;
  qs_files_join (window, keep, path, key_log);
  qs_window_show_page (window, "sequence");
}

/* --- Dropping --------------------------------------------------------------------------- */

static void
dropped_cb (GtkWidget *widget, GdkDragContext *context, int x, int y, GtkSelectionData *selection, guint info,
            guint time, gpointer data)
{
  g_auto (GStrv) uris = gtk_selection_data_get_uris (selection);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; uris != NULL && uris[i] != NULL; i++)
    {
      g_autofree char *path = g_filename_from_uri (uris[i], NULL, NULL);
      if (path != NULL)
        g_strv_builder_add (builder, path);
      else
        qs_window_show_error (QS_WINDOW (widget), _ ("Only files on this machine can be opened: copy it here first."));
    }
  g_auto (GStrv) names = g_strv_builder_end (builder);
  if (g_strv_length (names) == 2 && !qs_key_log_is_one (names[0]) && !qs_key_log_is_one (names[1]))
    qs_files_open_pair (QS_WINDOW (widget), names[0], names[1]);
  else
    qs_files_open_all (QS_WINDOW (widget), (const char *const *) names, NULL, NULL, FALSE);
}

void
qs_files_accept_drops (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  gtk_drag_dest_set (GTK_WIDGET (window), GTK_DEST_DEFAULT_ALL, NULL, 0, GDK_ACTION_COPY);
  gtk_drag_dest_add_uri_targets (GTK_WIDGET (window));
  g_signal_connect (window, "drag-data-received", G_CALLBACK (dropped_cb), NULL);
}
