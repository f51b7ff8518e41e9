/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QsWatch: what is said of it, and how it is saved. */
#include "app/models/qs-watch.h"
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-captures.h"
#include "formats/qs-trace-save.h"
#include "tap/qs-tap-words.h"

/* --- Words --- */

static void
add (GString *text, char *sentence)
{
  g_autofree char *taken = sentence;

  if (taken == NULL || *taken == '\0')
    return;
  if (text->len > 0)
    g_string_append_c (text, ' ');
  g_string_append (text, taken);
}

static char *
dup_where (QsWatch *self)
{
  QsTap *tap = qs_watch_get_tap (self);
  QsTarget *target = qs_watch_get_target (self);
  QsTapTotals totals;

  if (qs_watch_get_state (self) == QS_WATCH_STARTING)
    return g_strdup (_ ("Asking for the server's addresses…"));
  if (tap == NULL || qs_watch_get_state (self) == QS_WATCH_IDLE)
    return NULL;
  if (qs_watch_get_state (self) == QS_WATCH_STOPPING)
    return g_strdup (_ ("Ending…"));
  qs_tap_get_totals (tap, &totals);
  if (target == NULL && !qs_watch_is_proxy (self))
    return g_strdup_printf (ngettext ("%" PRIu64 " packet so far.", "%" PRIu64 " packets so far.", totals.packets),
                            totals.packets);
  g_autofree char *address = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (qs_tap_get_address (tap)));
  if (target == NULL)
    return g_strdup_printf (
        _ ("A proxy on %s (SOCKS 5 and HTTP CONNECT): over TCP, each program wherever it wants to go."), address);
  return g_strdup_printf (_ ("Listening on %s for %s, port %u."), address, qs_target_get_display_host (target),
                          qs_target_get_port (target));
}

static char *
dup_keyless (QsWatch *self)
{
  QsTap *tap = qs_watch_get_tap (self);
  guint n = qs_connection_table_get_n_keyless (qs_watch_get_table (self));

  if (n == 0)
    return NULL;
  g_autofree char *reasons = qs_tap_dup_keyless_reasons (tap, qs_watch_get_own_key_log (self));
  g_autofree char *count = g_strdup_printf (ngettext ("%u connection lacks keys.", "%u connections lack keys.", n), n);
  return g_strdup_printf ("%s %s", count, reasons);
}

static char *
dup_not_sent (const QsTapTotals *totals)
{
  if (totals->relay.not_sent == 0)
    return NULL;
  return g_strdup_printf (_ ("%" PRIu64 " datagrams could not be handed on: the system did not take them."),
                          totals->relay.not_sent);
}

static char *
dup_let_go (QsWatch *self)
{
  guint n = qs_connection_table_get_n_let_go (qs_watch_get_table (self));

  if (n == 0)
    return NULL;
  return g_strdup_printf (
      ngettext ("Of %u older one the packets were let go of, to make room for those that came later.",
                "Of %u older ones the packets were let go of, to make room for those that came later.", n),
      n);
}

char *
qs_watch_dup_words (QsWatch *self)
{
  g_return_val_if_fail (QS_IS_WATCH (self), NULL);

  GString *text = g_string_new (NULL);
  QsTapTotals totals;

  add (text, dup_where (self));
  if (qs_watch_get_error (self) != NULL)
    add (text, g_strdup (qs_watch_get_error (self)));
  if (qs_watch_get_tap (self) == NULL)
    return g_string_free (text, FALSE);
  qs_tap_get_totals (qs_watch_get_tap (self), &totals);
  add (text, dup_keyless (self));
  add (text, dup_not_sent (&totals));
  add (text, dup_let_go (self));
  return g_string_free (text, FALSE);
}

/* --- Saving --- */

typedef struct {
  QsConnectionTable *table;
  QsCaptures *captures;
  QsStudy *study; /* that is being written */
  guint next, n;
} Saving;

static void
saving_free (gpointer data)
{
  Saving *self = data;

  g_clear_object (&self->study);
  g_clear_object (&self->table);
  g_clear_pointer (&self->captures, qs_captures_free);
  g_free (self);
}

static void save_next (GTask *task);

static void
append_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (qs_captures_append (data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
appended_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Saving *saving = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_task_return_error (task, error);
      return;
    }
  saving->n++;
  save_next (g_steal_pointer (&task));
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Saving *saving = g_task_get_task_data (task);
  GError *error = NULL;

  if (!qs_trace_save_finish (QS_TRACE (source), result, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  /* As large as the connection was long: not in the main loop. */
  g_autoptr (GTask) append = g_task_new (NULL, NULL, appended_cb, g_object_ref (task));
  g_task_set_task_data (append, saving->captures, NULL);
  g_task_run_in_thread (append, append_in_thread);
}

static void
finish (GTask *task, Saving *saving)
{
  GError *error = NULL;

  if (saving->n == 0)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s",
                             _ ("There is no connection whose packets are held."));
  else if (qs_captures_finish (saving->captures, &error))
    g_task_return_int (task, saving->n);
  else
    g_task_return_error (task, error);
  g_object_unref (task);
}

/* Takes task. */
static void
save_next (GTask *task)
{
  Saving *saving = g_task_get_task_data (task);

  g_clear_object (&saving->study);
  saving->next = MAX (saving->next, qs_connection_table_get_first (saving->table));
  while (saving->study == NULL && saving->next < qs_connection_table_get_length (saving->table))
    saving->study = qs_connection_table_dup_study (saving->table, saving->next++);
  if (saving->study == NULL)
    finish (task, saving);
  else
    qs_trace_save_async (qs_study_get_trace (saving->study), qs_captures_get_scratch (saving->captures),
                         QS_TRACE_FORMAT_PCAPNG, NULL, written_cb, task);
}

void
qs_watch_save_async (QsWatch *self, const char *path, GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (QS_IS_WATCH (self) && qs_watch_get_table (self) != NULL && path != NULL);

  GTask *task = g_task_new (self, NULL, callback, data);
  Saving *saving = g_new0 (Saving, 1);
  GError *error = NULL;

  saving->table = g_object_ref (qs_watch_get_table (self));
  saving->captures = qs_captures_new (path, &error);
  g_task_set_task_data (task, saving, saving_free);
  if (saving->captures != NULL)
    {
      save_next (task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

guint
qs_watch_save_finish (QsWatch *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), 0);

  gssize n = g_task_propagate_int (G_TASK (result), error);
  return n > 0 ? (guint) n : 0;
}
