/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-opening.h"

#include "app/qs-files.h"
#include "app/qs-recent.h"
#include "app/qs-restoring.h"
#include "base/qs-i18n.h"
#include "base/qs-slice.h"
#include "base/qs-text.h"
#include "probe/qs-kept-archive.h"
#include "study/qs-study-file.h"

#define OPENINGS "qs-openings"
#define TELL_MS 200 /* what is done by then needs no word */

typedef struct {
  QsWindow *window;
  char *path;
  char *name; /* for people, escaped */
  char **key_logs;
  char *other;
  guint number;
  gboolean or_alone, keep_page;
  GCancellable *cancellable;
  QsProgress *progress;
  guint tell_id;

  QsConnectionTable *table; /* NULL: it is still being loaded */
  QsRun *shown;             /* the run that was chosen for the person so far */
  gboolean fault_shown;
  GSource *reading;
} Opening;

static GList *
get_openings (QsWindow *window)
{
  return g_object_get_data (G_OBJECT (window), OPENINGS);
}

/* --- How far it is ---------------------------------------------------------------------- */

static double
get_fraction (Opening *self)
{
  if (self->table == NULL)
    return qs_progress_get (self->progress);
  guint n = qs_connection_table_get_length (self->table), known = qs_connection_table_get_n_known (self->table);
  double of_one = known < n && self->shown != NULL ? qs_run_get_read (self->shown) : 0;
  return n > 1 ? (double) known / n : of_one;
}

static gboolean
tell_cb (gpointer data)
{
  Opening *self = data;
  g_autofree char *text = self->table == NULL
                              ? g_strdup_printf (_ ("“%s” is being opened…"), self->name)
                              : g_strdup_printf (ngettext ("“%s”: its %u connection is being read…",
                                                           "“%s”: its %u connections are being read…",
                                                           qs_connection_table_get_length (self->table)),
                                                 self->name, qs_connection_table_get_length (self->table));

  qs_window_show_progress (self->window, text, get_fraction (self));
  return G_SOURCE_CONTINUE;
}

static void
opening_end (Opening *self)
{
  GList *rest = g_list_remove (get_openings (self->window), self);

  g_object_set_data (G_OBJECT (self->window), OPENINGS, rest);
  if (rest == NULL)
    qs_window_show_progress (self->window, NULL, 0);
  g_clear_handle_id (&self->tell_id, g_source_remove);
  g_clear_pointer (&self->reading, g_source_unref);
  g_clear_object (&self->table);
  g_clear_object (&self->shown);
  g_object_unref (self->cancellable);
  qs_progress_unref (self->progress);
  g_object_unref (self->window);
  g_strfreev (self->key_logs);
  g_free (self->other);
  g_free (self->path);
  g_free (self->name);
  g_free (self);
}

/* --- What is shown ---------------------------------------------------------------------- */

static QsSession *
get_session (Opening *self)
{
  return qs_window_get_session (self->window);
}

/* Whether a person looks at something else by now. */
static gboolean
is_left (Opening *self)
{
  return self->shown != NULL && qs_session_get_run (get_session (self)) != self->shown;
}

/* Instead of the one before: what was chosen for a person is one run, not a list of them. */
static void
show_connection (Opening *self, guint index)
{
  g_autoptr (QsRun) before = g_steal_pointer (&self->shown);

  self->shown = g_object_ref (qs_session_open_connection (get_session (self), self->table, index));
  if (before != NULL && before != self->shown)
    qs_session_remove_run (get_session (self), before);
}

static void
show_fault (Opening *self)
{
  guint fault = qs_connection_table_get_fault (self->table);

  if (self->fault_shown || fault == QS_CONNECTION_NONE || self->number > 0)
    return;
  self->fault_shown = TRUE;
  if (!is_left (self))
    show_connection (self, fault);
}

static void
show_page (Opening *self, const char *name)
{
  if (!self->keep_page)
    qs_window_show_page (self->window, name);
}

/* What is wrong with the file behind what can be shown. */
static void
show_note (Opening *self)
{
  const QsMark *mark = qs_trace_find_mark (qs_run_get_trace (self->shown), QS_MARK_NOTE, "file", NULL);

  qs_window_show_error (self->window, mark != NULL ? mark->text : NULL);
}

static void
join (Opening *self)
{
  gboolean alone = self->or_alone && qs_connection_table_get_length (self->table) > 1;

  if (self->other == NULL || self->shown == NULL)
    return;
  if (alone)
    qs_files_open (self->window, self->other, NULL);
  else if (self->or_alone)
    qs_files_join_or_open (self->window, self->shown, self->other);
  else
    qs_files_join (self->window, self->shown, self->other, self->key_logs != NULL ? self->key_logs[0] : NULL);
}

/* --- Reading ---------------------------------------------------------------------------- */

/* One that stands for all is shown as if it were alone. */
static void
conclude (Opening *self)
{
  guint one = qs_connection_table_get_one (self->table);

  if (one != QS_CONNECTION_NONE && self->number == 0 && !is_left (self))
    {
      show_connection (self, one);
      qs_run_take_join (self->shown);
      if (!self->keep_page && g_str_equal (qs_window_get_page (self->window), "connections"))
        qs_window_show_page (self->window, "overview");
    }
  qs_run_refresh (self->shown);
  show_note (self);
  join (self);
}

static gboolean
read_cb (gint64 deadline, gpointer data)
{
  Opening *self = data;

  if (g_cancellable_is_cancelled (self->cancellable))
    {
      qs_window_show_error (self->window, _ ("Stopped: of this file a part is shown that was read by then."));
      return G_SOURCE_REMOVE;
    }
  gboolean done = qs_connection_table_advance (self->table, deadline);
  show_fault (self);
  if (!done)
    return G_SOURCE_CONTINUE;
  conclude (self);
  return G_SOURCE_REMOVE;
}

static void
read_end (gpointer data)
{
  opening_end (data);
}

static void
begin_reading (Opening *self, GPtrArray *traces)
{
  guint number = CLAMP (self->number, 1, traces->len);

  self->table = qs_connection_table_new (traces, self->path);
  qs_recent_add (self->path);
  show_connection (self, number - 1);
  if (traces->len > 1 && self->number == 0)
    show_page (self, "connections");
  show_note (self);
  if (self->number > traces->len)
    {
      g_autofree char *text =
          g_strdup_printf (ngettext ("“%s” has %u connection: there is no number %u.",
                                     "“%s” has %u connections: there is no number %u.", traces->len),
                           self->name, traces->len, self->number);
      qs_window_show_error (self->window, text);
    }
  self->reading = qs_slice_add (NULL, "[quicscope] read file", read_cb, self, read_end);
}

static void
fail (Opening *self, const GError *error)
{
  g_autofree char *text = g_strdup_printf ("%s: %s", self->name, error->message);

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    qs_window_show_error (self->window, text);
  if (self->or_alone && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    qs_files_open (self->window, self->other, NULL);
  opening_end (self);
}

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Opening *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) traces = qs_study_file_load_finish (result, &error);

  if (traces != NULL)
    begin_reading (self, traces);
  else
    fail (self, error);
}

/* --- Public ----------------------------------------------------------------------------- */

void
qs_opening_start (QsWindow *window, const QsOpeningWish *wish)
{
  g_return_if_fail (QS_IS_WINDOW (window) && wish != NULL && wish->path != NULL);

  if (qs_kept_archive_is_one (wish->path))
    {
      qs_restoring_start_file (window, wish->path);
      return;
    }
  Opening *self = g_new0 (Opening, 1);
  g_autofree char *name = g_path_get_basename (wish->path);
  self->window = g_object_ref (window);
  self->path = g_strdup (wish->path);
  self->name = qs_text_escape (name, -1);
  self->key_logs = g_strdupv ((char **) wish->key_logs);
  self->other = g_strdup (wish->other);
  self->number = wish->number;
  self->or_alone = wish->or_alone;
  self->keep_page = wish->keep_page;
  self->cancellable = g_cancellable_new ();
  self->progress = qs_progress_new ();
  self->tell_id = g_timeout_add (TELL_MS, tell_cb, self);
  g_object_set_data (G_OBJECT (window), OPENINGS, g_list_append (get_openings (window), self));
  qs_study_file_load_async (wish->path, wish->key_logs, self->progress, self->cancellable, loaded_cb, self);
}

guint
qs_opening_get_n (QsWindow *window)
{
  g_return_val_if_fail (QS_IS_WINDOW (window), 0);

  return g_list_length (get_openings (window));
}

void
qs_opening_stop_all (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  for (GList *at = get_openings (window); at != NULL; at = at->next)
    {
      Opening *opening = at->data;
      g_cancellable_cancel (opening->cancellable);
      if (opening->shown != NULL)
        qs_run_stop (opening->shown);
    }
}
