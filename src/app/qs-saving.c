/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-saving.h"

#include "app/qs-recent.h"
#include "app/widgets/qs-file-dialog.h"
#include "app/widgets/qs-saved-strip.h"
#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "formats/qs-trace-save.h"
#include "report/qs-html-report.h"
#include "trace/qs-filter.h"

/* What is being saved is held as a study: a file's connection whose study is gone forgets its packets. */
typedef struct {
  QsWindow *window;
  QsStudy *study;
  char *path;
} Saving;

static Saving *
saving_new (QsWindow *window, QsStudy *study, const char *path)
{
  Saving *self = g_new (Saving, 1);

  self->window = g_object_ref (window);
  self->study = g_object_ref (study);
  self->path = g_strdup (path);
  return self;
}

static void
saving_free (Saving *self)
{
  g_object_unref (self->window);
  g_object_unref (self->study);
  g_free (self->path);
  g_free (self);
}

/* A trace whose bytes were not all kept is a cut capture, and whoever gets it shall know. */
static char *
dup_what_is_cut (Saving *self)
{
  QsTrace *trace = qs_study_get_trace (self->study);
  guint n = qs_trace_get_n_truncated (trace);

  if (n == 0 || qs_trace_format_for_name (self->path, QS_N_TRACE_FORMATS) != QS_TRACE_FORMAT_PCAPNG)
    return NULL;
  return g_strdup_printf (ngettext ("Of %u record the bytes were not kept, and are not in the file.",
                                    "Of %u records the bytes were not kept, and are not in the file.", n),
                          n);
}

static void
saved (Saving *self, GError *error)
{
  g_autofree char *note = error == NULL ? dup_what_is_cut (self) : NULL;

  qs_window_show_error (self->window, error != NULL ? error->message : NULL);
  if (error == NULL)
    {
      qs_saved_tell (GTK_WIDGET (self->window), self->path);
      if (note != NULL)
        qs_saved_strip_show (qs_window_get_saved_strip (self->window), self->path, note);
      if (qs_trace_format_for_name (self->path, QS_N_TRACE_FORMATS) <= QS_TRACE_FORMAT_QLOG)
        qs_recent_add (self->path);
    }
  g_clear_error (&error);
  saving_free (self);
}

static void
trace_saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  qs_trace_save_finish (QS_TRACE (source), result, &error);
  saved (data, error);
}

static void
report_saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  qs_html_report_write_finish (result, &error);
  saved (data, error);
}

/* --- The packets that a filter leaves: looked for in slices, then written in slices --- */

typedef struct {
  Saving *saving;
  QsFilter *filter;
  guint from;
  GArray *packets;
} Choosing;

static void
choosing_free (gpointer data)
{
  Choosing *self = data;

  g_clear_pointer (&self->saving, saving_free);
  qs_filter_unref (self->filter);
  g_clear_pointer (&self->packets, g_array_unref);
  g_free (self);
}

static gboolean
choosing_cb (gint64 deadline, gpointer data)
{
  Choosing *self = data;
  QsTrace *trace = qs_study_get_trace (self->saving->study);
  const char *path = self->saving->path;

  if (!qs_filter_run (self->filter, trace, &self->from, deadline, self->packets))
    return G_SOURCE_CONTINUE;
  qs_trace_save_packets_async (trace, path, g_steal_pointer (&self->packets), NULL, trace_saved_cb,
                               g_steal_pointer (&self->saving));
  return G_SOURCE_REMOVE;
}

static void
save_filtered (Saving *saving, const char *filter)
{
  GError *error = NULL;
  QsFilter *parsed = qs_filter_new (filter, NULL, &error);

  if (parsed == NULL)
    {
      saved (saving, error);
      return;
    }
  Choosing *self = g_new0 (Choosing, 1);
  self->saving = saving;
  self->filter = parsed;
  self->packets = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_source_unref (qs_slice_add (NULL, "[quicscope] choose packets", choosing_cb, self, choosing_free));
}

/* --- Where to --- */

#define REPORT_ENDING ".html"

static const struct {
  const char *title;
  const char *ending;
  QsSavingKind kind;
} formats[] = {
  { N_ ("Capture with its secrets, for Wireshark (.pcapng)"), ".pcapng", QS_SAVING_TRACE },
  { N_ ("qlog, for qvis (.sqlog)"), ".sqlog", QS_SAVING_TRACE },
  { N_ ("qlog as one JSON object (.qlog)"), ".qlog", QS_SAVING_TRACE },
  { N_ ("Key log: the secrets alone (.keylog)"), ".keylog", QS_SAVING_TRACE },
  { N_ ("Report as one web page (.html)"), REPORT_ENDING, QS_SAVING_REPORT },
};

static const struct {
  const char *title;
  const char *ending;
} dialogs[QS_N_SAVING_KINDS] = {
  [QS_SAVING_TRACE] = { N_ ("Save the trace"), ".pcapng" },
  [QS_SAVING_REPORT] = { N_ ("Save the report"), REPORT_ENDING },
};

static void
refuse_ending (QsWindow *window, const char *path)
{
  g_autoptr (GString) endings = g_string_new (NULL);
  g_autofree char *name = g_filename_display_basename (path);

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    g_string_append_printf (endings, "%s%s", i > 0 ? ", " : "", formats[i].ending);
  g_autofree char *text = g_strdup_printf (
      _ ("The ending of “%s” names no format, and nothing was saved: end it with one of %s."), name, endings->str);
  qs_window_show_error (window, text);
}

void
qs_saving_save (QsWindow *window, QsRun *run, const char *path, const char *filter)
{
  g_return_if_fail (QS_IS_WINDOW (window) && QS_IS_RUN (run) && path != NULL);

  QsStudy *study = qs_run_get_study (run);
  QsTraceFormat format = qs_trace_format_for_name (path, QS_N_TRACE_FORMATS);
  qs_saved_strip_hide (qs_window_get_saved_strip (window));
  if (g_str_has_suffix (path, REPORT_ENDING))
    qs_html_report_write_async (study, path, report_saved_cb, saving_new (window, study, path));
  else if (format == QS_N_TRACE_FORMATS)
    refuse_ending (window, path);
  else if (filter != NULL && format == QS_TRACE_FORMAT_PCAPNG)
    save_filtered (saving_new (window, study, path), filter);
  else
    qs_trace_save_async (qs_study_get_trace (study), path, format, NULL, trace_saved_cb,
                         saving_new (window, study, path));
}

static void
add_filters (GtkFileChooser *chooser, QsSavingKind kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      if (formats[i].kind != kind)
        continue;
      GtkFileFilter *filter = gtk_file_filter_new ();
      g_autofree char *pattern = g_strconcat ("*", formats[i].ending, NULL);
      gtk_file_filter_set_name (filter, _ (formats[i].title));
      gtk_file_filter_add_pattern (filter, pattern);
      gtk_file_chooser_add_filter (chooser, filter);
    }
}

/* The name's ending says the format; the list of them is there to be read. */
void
qs_saving_ask (QsWindow *window, QsSavingKind kind)
{
  g_return_if_fail (QS_IS_WINDOW (window) && kind < QS_N_SAVING_KINDS);

  QsSession *session = qs_window_get_session (window);
  QsRun *run = qs_session_get_run (session);
  if (run == NULL)
    return;

  g_autoptr (QsRun) keep = g_object_ref (run);
  g_autoptr (GtkFileChooserNative) dialog = gtk_file_chooser_native_new (
      _ (dialogs[kind].title), GTK_WINDOW (window), GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Save"), _ ("_Cancel"));
  GtkFileChooser *chooser = GTK_FILE_CHOOSER (dialog);
  g_autofree char *name = qs_run_dup_file_name (run, dialogs[kind].ending);
  g_autofree char *filter = g_strdup (qs_session_get_filter (session));

  add_filters (chooser, kind);
  gboolean may_filter =
      kind == QS_SAVING_TRACE && *filter != '\0' && qs_trace_get_n_datagrams (qs_run_get_trace (run)) > 0;
  if (may_filter)
    gtk_file_chooser_add_choice (chooser, "filtered", _ ("Of a capture just the packets that the filter leaves"), NULL,
                                 NULL);
  g_autofree char *path = qs_file_dialog_run_save (GTK_WIDGET (window), dialog, name);
  gboolean filtered = may_filter && g_strcmp0 (gtk_file_chooser_get_choice (chooser, "filtered"), "true") == 0;
  if (path != NULL)
    qs_saving_save (window, keep, path, filtered ? filter : NULL);
}
