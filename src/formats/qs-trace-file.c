/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-trace-file.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "formats/qs-capture-file.h"
#include "formats/qs-key-log.h"
#include "formats/qs-netlog-reader.h"
#include "formats/qs-qlog-reader.h"
#include "trace/qs-trace-budget.h"

typedef struct {
  char *path;
  char *key_log;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->path);
  g_free (job->key_log);
  g_free (job);
}

static gboolean
starts_with (const guint8 *start, gsize length, const char *magic, gsize n)
{
  return length >= n && memcmp (start, magic, n) == 0;
}

/* Says what a file is that cannot be opened, where that helps. */
static GPtrArray *
fail_unknown (const char *path, const guint8 *start, gsize length, GError **error)
{
  const char *reason = _ ("It is none of pcapng, pcap, snoop, qlog and net-export log.");
  g_autoptr (GPtrArray) lines = qs_key_log_split ((const char *) start, length, NULL);

  if (length == 0)
    reason = _ ("It is empty.");
  else if (starts_with (start, length, "PK\x03\x04", 4) || starts_with (start, length, "7z\xbc\xaf", 4) ||
           starts_with (start, length, "Rar!", 4))
    reason = _ ("It is an archive of several files. Unpack it first.");
  else if (lines->len > 0)
    reason = _ ("It is a key log: it opens together with the capture that it belongs to.");
  g_set_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED, _ ("“%s” cannot be opened. %s"), path, reason);
  return NULL;
}

static gboolean
add_key_log (QsCapture *capture, const char *key_log, GError **error)
{
  g_autoptr (GPtrArray) lines = key_log != NULL ? qs_key_log_load (key_log, error) : NULL;

  for (guint i = 0; lines != NULL && i < lines->len; i++)
    qs_capture_add_secret (capture, g_ptr_array_index (lines, i));
  return key_log == NULL || lines != NULL;
}

static const struct {
  const char *format;
  gboolean (*is) (const guint8 *start, gsize length);
  gboolean (*read) (QsInput *input, QsCapture *capture, GError **error);
} captures[] = {
  { "pcapng", qs_pcapng_is, qs_pcapng_read },
  { "pcap", qs_pcap_is, qs_pcap_read },
  { "snoop", qs_snoop_is, qs_snoop_read },
};

gboolean
qs_capture_read (QsInput *input, QsCapture *capture, const char **format, GError **error)
{
  const guint8 *start;
  gsize length;

  g_return_val_if_fail (input != NULL && capture != NULL && format != NULL, FALSE);

  if (!qs_input_peek (input, &start, &length, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (captures); i++)
    {
      *format = captures[i].format;
      if (captures[i].is (start, length))
        return captures[i].read (input, capture, error);
    }
  *format = NULL;
  if (length > 0 && (qs_netlog_is (start, length) || qs_qlog_is (start, length)))
    qs_input_rewind (input, error); /* which says that a log is no stream */
  else
    fail_unknown (qs_input_get_path (input), start, length, error);
  return FALSE;
}

static GPtrArray *
load_capture (QsInput *input, const char *key_log, gboolean keys_follow, GPtrArray **secrets, const char **format,
              GError **error)
{
  g_autofree char *title = g_path_get_basename (qs_input_get_path (input));
  g_autoptr (QsCapture) capture = qs_capture_new (title);
  GError *trouble = NULL;

  if (qs_input_get_map (input) != NULL)
    qs_capture_set_file (capture, qs_input_get_map (input));
  qs_capture_set_endless (capture, qs_input_is_stream (input) ? QS_PROGRAM_BUDGET / 2 : 0);
  qs_capture_set_keys_follow (capture, keys_follow);
  if (secrets != NULL)
    qs_capture_set_secrets_apart (capture);
  if (!add_key_log (capture, key_log, error))
    return NULL;
  if (!qs_capture_read (input, capture, format, &trouble))
    {
      if (g_error_matches (trouble, G_IO_ERROR, G_IO_ERROR_CANCELLED) || qs_capture_get_n_packets (capture) == 0)
        {
          g_propagate_error (error, trouble);
          return NULL;
        }
      qs_capture_add_note (capture, trouble->message);
    }

  /* Why the file broke off says more than that no connection was found in the rest. */
  GPtrArray *traces = qs_capture_finish (capture, trouble != NULL ? NULL : error);
  if (traces == NULL && trouble != NULL)
    g_propagate_error (error, g_steal_pointer (&trouble));
  g_clear_error (&trouble);
  if (traces != NULL && secrets != NULL)
    *secrets = qs_capture_dup_secrets (capture);
  return traces;
}

static char *
endpoint_text (GSocketAddress *address)
{
  if (address == NULL || !G_IS_INET_SOCKET_ADDRESS (address))
    return g_strdup ("?");
  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
}

/* "capture.pcapng #2: 192.0.2.1:40000 → 192.0.2.2:443", so that a person can choose. */
void
qs_trace_file_tell_apart (GPtrArray *traces)
{
  for (guint i = 0; traces->len > 1 && i < traces->len; i++)
    {
      QsTrace *trace = g_ptr_array_index (traces, i);
      const QsPath *path = qs_trace_get_path (trace, 0);
      gboolean server = qs_trace_get_vantage (trace) == QS_VANTAGE_SERVER;
      g_autofree char *local = path != NULL ? endpoint_text (path->local) : NULL;
      g_autofree char *remote = path != NULL ? endpoint_text (path->remote) : NULL;
      g_autofree char *title = path != NULL ? g_strdup_printf ("%s #%u: %s → %s", qs_trace_get_title (trace), i + 1,
                                                               server ? remote : local, server ? local : remote)
                                            : g_strdup_printf ("%s #%u", qs_trace_get_title (trace), i + 1);
      qs_trace_set_title (trace, title);
    }
}

static GPtrArray *
load (QsInput *input, const char *key_log, gboolean keys_follow, GPtrArray **secrets, const char **format,
      GError **error)
{
  const guint8 *start;
  gsize length;

  if (!qs_input_peek (input, &start, &length, error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (captures); i++)
    {
      *format = captures[i].format;
      if (captures[i].is (start, length))
        return load_capture (input, key_log, keys_follow, secrets, format, error);
    }
  *format = "netlog";
  if (qs_netlog_is (start, length))
    return qs_netlog_read (input, error);
  *format = "qlog";
  if (qs_qlog_is (start, length))
    return qs_qlog_read (input, error);
  return fail_unknown (qs_input_get_path (input), start, length, error);
}

static QsInput *
open_input (const char *path, GCancellable *cancellable, GError **error)
{
  return qs_input_is_standard (path) ? qs_input_open_standard (cancellable, error)
                                     : qs_input_open (path, cancellable, error);
}

static GPtrArray *
load_path (const char *path, const char *key_log, gboolean keys_follow, GPtrArray **secrets, QsProgress *progress,
           GCancellable *cancellable, GError **error)
{
  g_autoptr (QsInput) input = open_input (path, cancellable, error);
  const char *format = NULL;

  if (input != NULL)
    qs_input_set_progress (input, progress);
  GPtrArray *traces = input != NULL ? load (input, key_log, keys_follow, secrets, &format, error) : NULL;

  if (traces == NULL)
    return NULL;
  if (!keys_follow)
    qs_trace_file_tell_apart (traces);
  for (guint i = 0; i < traces->len; i++)
    {
      qs_trace_set_from_file (g_ptr_array_index (traces, i));
      qs_trace_set_format (g_ptr_array_index (traces, i), format);
    }
  return traces;
}

GPtrArray *
qs_trace_file_load (const char *path, const char *key_log, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  return load_path (path, key_log, FALSE, NULL, NULL, cancellable, error);
}

GPtrArray *
qs_trace_file_load_with_progress (const char *path, gboolean keys_follow, GPtrArray **secrets, QsProgress *progress,
                                  GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  if (secrets != NULL)
    *secrets = NULL;
  return load_path (path, NULL, keys_follow, secrets, progress, cancellable, error);
}

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Job *job = data;
  GError *error = NULL;
  GPtrArray *traces = qs_trace_file_load (job->path, job->key_log, cancellable, &error);

  if (traces != NULL)
    g_task_return_pointer (task, traces, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
qs_trace_file_load_async (const char *path, const char *key_log, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (path != NULL);

  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Job *job = g_new0 (Job, 1);

  job->path = g_strdup (path);
  job->key_log = g_strdup (key_log);
  g_task_set_source_tag (task, qs_trace_file_load_async);
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, load_in_thread);
}

GPtrArray *
qs_trace_file_load_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
