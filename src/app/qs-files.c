/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-files.h"

#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "base/qs-text.h"
#include "dissect/qs-dissector.h"
#include "report/qs-html-report.h"
#include "trace/qs-trace-file.h"
#include "trace/qs-trace-save.h"

#define LOADING "qs-files-loading"

/* A busy server's capture would fill the side bar with thousands. */
#define MOST_RUNS 100

typedef struct {
  QsWindow *window;
  char *name; /* for people, escaped */
} Load;

static void
load_free (Load *self)
{
  g_object_unref (self->window);
  g_free (self->name);
  g_free (self);
}

static void
count_loading (QsWindow *window, int by)
{
  guint n = qs_files_get_n_loading (window);

  g_object_set_data (G_OBJECT (window), LOADING, GUINT_TO_POINTER (n + (guint) by));
}

/* --- Opening ---------------------------------------------------------------------------- */

typedef struct {
  QsWindow *window;
  QsDissector *dissector;
} Dissection;

static void
dissection_free (gpointer data)
{
  Dissection *self = data;

  count_loading (self->window, -1);
  g_object_unref (self->window);
  g_object_unref (self->dissector);
  g_free (self);
}

static gboolean
dissect_cb (gint64 deadline, gpointer data)
{
  Dissection *self = data;

  if (!qs_dissector_advance (self->dissector, deadline))
    return G_SOURCE_CONTINUE;
  qs_dissector_finish (self->dissector);
  return G_SOURCE_REMOVE;
}

/* In slices: the run is in the window meanwhile, and fills in. What the trace asks for payloads later on outlives
 * the dissector. */
static void
start_dissecting (QsWindow *window, QsTrace *trace)
{
  Dissection *self = g_new0 (Dissection, 1);

  self->window = g_object_ref (window);
  self->dissector = qs_dissector_new (trace);
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

      if (qs_trace_get_n_datagrams (trace) > 0)
        start_dissecting (self->window, trace);
      qs_session_add_trace (session, trace, title);
      if (mark != NULL)
        note = mark->text;
    }
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
    }
  load_free (self);
}

void
qs_files_open (QsWindow *window, const char *path, const char *key_log)
{
  g_return_if_fail (QS_IS_WINDOW (window) && path != NULL);

  Load *self = g_new0 (Load, 1);
  g_autofree char *name = g_path_get_basename (path);
  self->window = g_object_ref (window);
  self->name = qs_text_escape (name, -1);
  count_loading (window, 1);
  qs_trace_file_load_async (path, key_log, NULL, loaded_cb, self);
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

void
qs_files_ask_open (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  g_autoptr (GtkFileChooserNative) dialog = gtk_file_chooser_native_new (
      _ ("Open a capture or a qlog"), GTK_WINDOW (window), GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Open"), _ ("_Cancel"));
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (dialog);

  add_filter (chooser, _ ("Captures and qlogs"),
              (const char *const[]){ "*.pcapng", "*.pcap", "*.cap", "*.qlog", "*.sqlog", "*.json", NULL });
  add_filter (chooser, _ ("All files"), (const char *const[]){ "*", NULL });
  gtk_file_chooser_add_choice (chooser, "key-log", _ ("Its secrets are in a separate key log"), NULL, NULL);
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (dialog)) != GTK_RESPONSE_ACCEPT)
    return;

  g_autofree char *path = gtk_file_chooser_get_filename (chooser);
  g_autofree char *key_log =
      g_strcmp0 (gtk_file_chooser_get_choice (chooser, "key-log"), "true") == 0 ? ask_key_log (window) : NULL;
  if (path != NULL)
    qs_files_open (window, path, key_log);
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

  qs_html_report_write (qs_run_get_trace (run), path, &error);
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
