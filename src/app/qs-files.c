/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-files.h"

#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "base/qs-text.h"
#include "dissect/qs-dissector.h"
#include "formats/qs-trace-file.h"
#include "formats/qs-trace-save.h"
#include "report/qs-html-report.h"

#define LOADING "qs-files-loading"
#define DISSECTING "qs-files-dissecting" /* on a trace */

/* A busy server's capture would fill the side bar with thousands. */
#define MOST_RUNS 100

typedef struct {
  QsWindow *window;
  char *name;  /* for people, escaped */
  char *other; /* to be joined with, NULL: nothing */
  char *key_log;
  gboolean or_alone; /* other is a run of its own where it is not the other end's */
} Load;

static void
load_free (Load *self)
{
  g_object_unref (self->window);
  g_free (self->name);
  g_free (self->other);
  g_free (self->key_log);
  g_free (self);
}

static void
count_loading (QsWindow *window, int by)
{
  guint n = qs_files_get_n_loading (window);

  g_object_set_data (G_OBJECT (window), LOADING, GUINT_TO_POINTER (n + (guint) by));
}

static void start_joining (QsWindow *window, QsRun *run, const char *path, const char *key_log, gboolean or_alone);

/* --- Opening ---------------------------------------------------------------------------- */

typedef struct {
  QsWindow *window;
  QsRun *run;
} Dissection;

static void
dissection_free (gpointer data)
{
  Dissection *self = data;

  count_loading (self->window, -1);
  g_object_set_data (G_OBJECT (qs_run_get_trace (self->run)), DISSECTING, NULL);
  g_object_unref (self->run);
  g_object_unref (self->window);
  g_free (self);
}

static gboolean
dissect_cb (gint64 deadline, gpointer data)
{
  Dissection *self = data;

  return qs_study_advance (qs_run_get_study (self->run), deadline) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* In slices: the run is in the window meanwhile, and fills in. */
static void
start_dissecting (QsWindow *window, QsRun *run)
{
  Dissection *self = g_new0 (Dissection, 1);

  self->window = g_object_ref (window);
  self->run = g_object_ref (run);
  g_object_set_data (G_OBJECT (qs_run_get_trace (run)), DISSECTING, self);
  count_loading (window, 1);
  g_source_unref (qs_slice_add (NULL, "[quicscope] dissect file", dissect_cb, self, dissection_free));
}

static void
add_traces (Load *self, GPtrArray *traces)
{
  QsSession *session = qs_window_get_session (self->window);
  const char *note = NULL;

  for (guint i = 0; i < MIN (traces->len, MOST_RUNS); i++)
    {
      QsTrace *trace = g_ptr_array_index (traces, i);
      const QsMark *mark = qs_trace_find_mark (trace, QS_MARK_NOTE, "file", NULL);
      g_autofree char *title = qs_text_escape (qs_trace_get_title (trace), -1);

      QsRun *run = qs_session_add_trace (session, trace, title);

      if (qs_trace_get_n_datagrams (trace) > 0)
        start_dissecting (self->window, run);
      if (self->other != NULL && !(self->or_alone && traces->len > 1))
        start_joining (self->window, run, self->other, self->key_log, self->or_alone);
      if (mark != NULL)
        note = mark->text;
    }
  if (self->or_alone && traces->len > 1)
    qs_files_open (self->window, self->other, NULL);
  qs_window_show_error (self->window, note);
  if (traces->len > MOST_RUNS)
    {
      g_autofree char *text =
          g_strdup_printf (_ ("The file holds %u connections; the first %u are shown. Cut it to those that matter."),
                           traces->len, (guint) MOST_RUNS);
      qs_window_show_error (self->window, text);
    }
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Load *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) traces = qs_trace_file_load_finish (result, &error);

  count_loading (self->window, -1);
  if (traces != NULL)
    add_traces (self, traces);
  else
    {
      g_autofree char *text = g_strdup_printf ("%s: %s", self->name, error->message);
      qs_window_show_error (self->window, text);
      if (self->or_alone)
        qs_files_open (self->window, self->other, NULL);
    }
  load_free (self);
}

void
qs_files_open (QsWindow *window, const char *path, const char *key_log)
{
  qs_files_open_both (window, path, NULL, key_log);
}

static void
open_both (QsWindow *window, const char *path, const char *other, const char *key_log, gboolean or_alone)
{
  Load *self = g_new0 (Load, 1);
  g_autofree char *name = g_path_get_basename (path);
  self->window = g_object_ref (window);
  self->name = qs_text_escape (name, -1);
  self->other = g_strdup (other);
  self->key_log = g_strdup (key_log);
  self->or_alone = or_alone;
  count_loading (window, 1);
  qs_trace_file_load_async (path, key_log, NULL, loaded_cb, self);
}

void
qs_files_open_both (QsWindow *window, const char *path, const char *other, const char *key_log)
{
  g_return_if_fail (QS_IS_WINDOW (window) && path != NULL);

  open_both (window, path, other, key_log, FALSE);
}

void
qs_files_open_pair (QsWindow *window, const char *path, const char *other)
{
  g_return_if_fail (QS_IS_WINDOW (window) && path != NULL && other != NULL);

  open_both (window, path, other, NULL, TRUE);
}

/* --- Joining ---------------------------------------------------------------------------- */

/* One after the other, the connections of the other end's file, until one is the run's own. */
typedef struct {
  QsWindow *window;
  QsRun *run;
  char *path;
  char *name;
  gboolean or_alone;
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

  count_loading (self->window, -1);
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

  if (self->dissector != NULL)
    qs_dissector_finish (self->dissector);
  qs_trace_join_finish (self->join);
  if (qs_trace_join_check (self->join, &error))
    {
      qs_window_show_error (self->window, NULL);
      qs_run_set_join (self->run, self->join);
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

  if (g_object_get_data (G_OBJECT (qs_run_get_trace (self->run)), DISSECTING) != NULL)
    return G_SOURCE_CONTINUE; /* that is under way in slices of its own */
  if (self->join == NULL)
    try_next (self);
  if ((self->dissector != NULL && !qs_dissector_advance (self->dissector, deadline)) ||
      !qs_trace_join_advance (self->join, deadline))
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

  self->traces = qs_trace_file_load_finish (result, &error);
  if (self->traces != NULL)
    {
      g_source_unref (qs_slice_add (NULL, "[quicscope] join files", joining_cb, self, joining_free));
      return;
    }
  give_up_joining (self, error->message);
  joining_free (self);
}

static void
start_joining (QsWindow *window, QsRun *run, const char *path, const char *key_log, gboolean or_alone)
{
  Joining *self = g_new0 (Joining, 1);
  g_autofree char *name = g_path_get_basename (path);
  self->window = g_object_ref (window);
  self->run = g_object_ref (run);
  self->path = g_strdup (path);
  self->name = qs_text_escape (name, -1);
  self->or_alone = or_alone;
  count_loading (window, 1);
  qs_trace_file_load_async (path, key_log, NULL, join_loaded_cb, self);
}

void
qs_files_join (QsWindow *window, QsRun *run, const char *path, const char *key_log)
{
  g_return_if_fail (QS_IS_WINDOW (window) && QS_IS_RUN (run) && path != NULL);

  start_joining (window, run, path, key_log, FALSE);
}

guint
qs_files_get_n_loading (QsWindow *window)
{
  g_return_val_if_fail (QS_IS_WINDOW (window), 0);

  return GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (window), LOADING));
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

static char *
ask_key_log (QsWindow *window)
{
  g_autoptr (GtkFileChooserNative) dialog =
      gtk_file_chooser_native_new (_ ("Open the key log with its secrets"), GTK_WINDOW (window),
                                   GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), _ ("_Cancel"));

  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (dialog)) != GTK_RESPONSE_ACCEPT)
    return NULL;
  return gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (dialog));
}

/* NULL: the person thought better of it. */
static char *
ask_trace (QsWindow *window, const char *title, char **key_log)
{
  g_autoptr (GtkFileChooserNative) dialog = gtk_file_chooser_native_new (
      title, GTK_WINDOW (window), GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), _ ("_Cancel"));
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (dialog);

  add_filter (chooser, _ ("Captures and qlogs"),
              (const char *const[]){ "*.pcapng", "*.pcap", "*.cap", "*.qlog", "*.sqlog", "*.json", NULL });
  add_filter (chooser, _ ("All files"), (const char *const[]){ "*", NULL });
  gtk_file_chooser_add_choice (chooser, "key-log", _ ("Its secrets are in a separate key log"), NULL, NULL);
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (dialog)) != GTK_RESPONSE_ACCEPT)
    return NULL;

  *key_log = g_strcmp0 (gtk_file_chooser_get_choice (chooser, "key-log"), "true") == 0 ? ask_key_log (window) : NULL;
  return gtk_file_chooser_get_filename (chooser);
}

void
qs_files_ask_open (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  g_autofree char *key_log = NULL;
  g_autofree char *path = ask_trace (window, _ ("Open a capture or a qlog"), &key_log);
  if (path != NULL)
    qs_files_open (window, path, key_log);
}

void
qs_files_ask_join (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  QsRun *run = qs_session_get_run (qs_window_get_session (window));
  if (run == NULL)
    return;

  g_autoptr (QsRun) keep = g_object_ref (run);
  g_autofree char *key_log = NULL;
  g_autofree char *path = ask_trace (window, _ ("Open what the other end recorded of this connection"), &key_log);
  if (path != NULL)
    {
      qs_files_join (window, keep, path, key_log);
      qs_window_show_page (window, "sequence");
    }
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (QsWindow) window = data;
  g_autoptr (GError) error = NULL;

  if (!qs_trace_save_finish (QS_TRACE (source), result, &error))
    qs_window_show_error (window, error->message);
}

static const struct {
  const char *title;
  const char *pattern;
} formats[QS_N_TRACE_FORMATS] = {
  [QS_TRACE_FORMAT_PCAPNG] = { N_ ("Capture with its secrets, for Wireshark (.pcapng)"), "*.pcapng" },
  [QS_TRACE_FORMAT_SQLOG] = { N_ ("qlog, for qvis (.sqlog)"), "*.sqlog" },
  [QS_TRACE_FORMAT_QLOG] = { N_ ("qlog as one JSON object (.qlog)"), "*.qlog" },
  [QS_TRACE_FORMAT_KEY_LOG] = { N_ ("Key log: the secrets alone (.keylog)"), "*.keylog" },
};

static void
save_report (QsWindow *window, QsRun *run, const char *path)
{
  g_autoptr (GError) error = NULL;

  qs_html_report_write (qs_run_get_study (run), path, &error);
  qs_window_show_error (window, error != NULL ? error->message : NULL);
}

/* The name's ending says the format; the list of them is there to be read. */
void
qs_files_ask_save (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  QsRun *run = qs_session_get_run (qs_window_get_session (window));
  if (run == NULL)
    return;

  g_autoptr (GtkFileChooserNative) dialog = gtk_file_chooser_native_new (
      _ ("Save the trace"), GTK_WINDOW (window), GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), _ ("_Cancel"));
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (dialog);
  g_autofree char *stem = qs_text_to_file_name (qs_run_get_title (run));
  g_autofree char *name = g_strconcat (stem, ".pcapng", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    add_filter (chooser, _ (formats[i].title), (const char *const[]){ formats[i].pattern, NULL });
  add_filter (chooser, _ ("Report as one web page (.html)"), (const char *const[]){ "*.html", NULL });
  gtk_file_chooser_set_do_overwrite_confirmation (chooser, TRUE);
  gtk_file_chooser_set_current_name (chooser, name);
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (dialog)) != GTK_RESPONSE_ACCEPT)
    return;

  g_autofree char *path = gtk_file_chooser_get_filename (chooser);
  if (path != NULL && g_str_has_suffix (path, ".html"))
    save_report (window, run, path);
  else if (path != NULL)
    qs_trace_save_async (qs_run_get_trace (run), path, qs_trace_format_for_name (path, QS_TRACE_FORMAT_PCAPNG), NULL,
                         saved_cb, g_object_ref (window));
}

/* --- Dropping --------------------------------------------------------------------------- */

static void
dropped_cb (GtkWidget *widget, GdkDragContext *context, int x, int y, GtkSelectionData *selection, guint info,
            guint time, gpointer data)
{
  g_auto (GStrv) uris = gtk_selection_data_get_uris (selection);

  if (uris != NULL && g_strv_length (uris) == 2)
    {
      g_autofree char *one = g_filename_from_uri (uris[0], NULL, NULL);
      g_autofree char *other = g_filename_from_uri (uris[1], NULL, NULL);

      if (one != NULL && other != NULL)
        {
          qs_files_open_pair (QS_WINDOW (widget), one, other);
          return;
        }
    }
  for (guint i = 0; uris != NULL && uris[i] != NULL; i++)
    {
      g_autofree char *path = g_filename_from_uri (uris[i], NULL, NULL);
      if (path != NULL)
        qs_files_open (QS_WINDOW (widget), path, NULL);
      else
        qs_window_show_error (QS_WINDOW (widget), _ ("Only files on this machine can be opened: copy it here first."));
    }
}

void
qs_files_accept_drops (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  gtk_drag_dest_set (GTK_WIDGET (window), GTK_DEST_DEFAULT_ALL, NULL, 0, GDK_ACTION_COPY);
  gtk_drag_dest_add_uri_targets (GTK_WIDGET (window));
  g_signal_connect (window, "drag-data-received", G_CALLBACK (dropped_cb), NULL);
}
