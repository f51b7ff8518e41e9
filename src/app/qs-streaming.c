/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/qs-streaming.h"

#include <glib/gstdio.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-input.h"

typedef struct {
  QsWindow *window;
  QsWatch *stream;
  char *name; /* for people, escaped */
} Streaming;

static void
streaming_free (gpointer data, GClosure *closure)
{
  Streaming *self = data;

  g_object_unref (self->window);
  g_free (self->name);
  g_free (self);
}

static void
tell (Streaming *self)
{
  QsConnectionTable *table = qs_watch_get_table (self->stream);
  guint n = qs_connection_table_get_length (table);
  g_autofree char *words = qs_watch_dup_words (self->stream);
  g_autofree char *text =
      g_strdup_printf (ngettext ("“%s”: %u connection. %s", "“%s”: %u connections. %s", n), self->name, n, words);

  qs_window_show_progress (self->window, text, 0);
}

static void
changed_cb (QsWatch *stream, Streaming *self)
{
  if (qs_watch_get_state (stream) != QS_WATCH_IDLE)
    tell (self);
}

static void
added_cb (QsConnectionTable *table, guint index, Streaming *self)
{
  QsSession *session = qs_window_get_session (self->window);

  if (index == 0 && qs_session_get_run (session) == NULL)
    qs_session_open_connection (session, table, index);
  tell (self);
}

static void
state_cb (QsWatch *stream, GParamSpec *pspec, Streaming *self)
{
  QsRun *run = qs_session_get_run (qs_window_get_session (self->window));

  if (qs_watch_get_state (stream) != QS_WATCH_IDLE)
    return;
  qs_window_show_progress (self->window, NULL, 0);
  if (qs_watch_get_error (stream) != NULL)
    {
      g_autofree char *text = g_strdup_printf ("%s: %s", self->name, qs_watch_get_error (stream));
      qs_window_show_error (self->window, text);
    }
  if (run != NULL)
    qs_run_refresh (run);
  g_signal_handlers_disconnect_by_data (qs_watch_get_table (stream), self);
  g_signal_handlers_disconnect_by_data (stream, self); /* and with the last of them goes this */
}

gboolean
qs_streaming_is_stream (const char *path)
{
  GStatBuf info;

  g_return_val_if_fail (path != NULL, FALSE);

  return qs_input_is_standard (path) || (g_stat (path, &info) == 0 && S_ISFIFO (info.st_mode));
}

void
qs_streaming_start (QsWindow *window, const char *path, gboolean follow, guint patience_ms, const char *const *key_logs,
                    gboolean keep_page)
{
  g_return_if_fail (QS_IS_WINDOW (window) && path != NULL);

  QsWatch *stream = qs_session_get_stream (qs_window_get_session (window));
  const QsTapCaptureOptions options = { path, follow || qs_streaming_is_stream (path), key_logs, 0, patience_ms };
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = qs_input_is_standard (path) ? g_strdup (_ ("Standard input")) : qs_text_escape (base, -1);
  g_autoptr (GError) error = NULL;

  if (qs_streaming_is_under_way (window))
    {
      qs_window_show_error (window, _ ("One stream is read already: a second one wants a window of its own."));
      return;
    }
  if (!qs_watch_start_capture (stream, &options, &error))
    {
      qs_window_show_error (window, error->message);
      return;
    }
  Streaming *self = g_new0 (Streaming, 1);
  self->window = g_object_ref (window);
  self->stream = stream;
  self->name = g_steal_pointer (&name);
  g_signal_connect (qs_watch_get_table (stream), "added", G_CALLBACK (added_cb), self);
  g_signal_connect (stream, "changed", G_CALLBACK (changed_cb), self);
  g_signal_connect_data (stream, "notify::state", G_CALLBACK (state_cb), self, streaming_free, 0);
  tell (self);
  if (!keep_page)
    qs_window_show_page (window, "connections");
}

gboolean
qs_streaming_is_under_way (QsWindow *window)
{
  g_return_val_if_fail (QS_IS_WINDOW (window), FALSE);

  return qs_watch_get_state (qs_session_get_stream (qs_window_get_session (window))) != QS_WATCH_IDLE;
}

void
qs_streaming_stop (QsWindow *window)
{
  g_return_if_fail (QS_IS_WINDOW (window));

  qs_watch_stop (qs_session_get_stream (qs_window_get_session (window)));
}
