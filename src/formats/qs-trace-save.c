/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-trace-save.h"

#include <string.h>

#include "base/qs-slice.h"
#include "formats/qs-trace-save-private.h"

#define STEPS_PER_LOOK 32 /* at the clock */

static const QsSaveClass *const classes[QS_N_TRACE_FORMATS] = {
  [QS_TRACE_FORMAT_PCAPNG] = &qs_pcapng_save_class,
  [QS_TRACE_FORMAT_SQLOG] = &qs_sqlog_save_class,
  [QS_TRACE_FORMAT_QLOG] = &qs_qlog_save_class,
  [QS_TRACE_FORMAT_KEY_LOG] = &qs_key_log_save_class,
};

static const struct {
  const char *suffix;
  QsTraceFormat format;
} suffixes[] = {
  { ".pcapng", QS_TRACE_FORMAT_PCAPNG }, { ".pcap", QS_TRACE_FORMAT_PCAPNG },    { ".sqlog", QS_TRACE_FORMAT_SQLOG },
  { ".qlog", QS_TRACE_FORMAT_QLOG },     { ".keylog", QS_TRACE_FORMAT_KEY_LOG }, { ".keys", QS_TRACE_FORMAT_KEY_LOG },
  { ".log", QS_TRACE_FORMAT_KEY_LOG },
};

typedef struct {
  const QsSaveClass *class;
  gpointer state;
  QsFileWriter *out;
  GArray *packets; /* NULL: all */
} Save;

static void
save_free (gpointer data)
{
  Save *save = data;

  if (save->state != NULL)
    save->class->free (save->state);
  g_clear_pointer (&save->out, qs_file_writer_free);
  g_clear_pointer (&save->packets, g_array_unref);
  g_free (save);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Save, save_free)

static Save *
save_new (QsTrace *trace, const char *path, QsTraceFormat format, GArray *packets, GError **error)
{
  g_autoptr (Save) save = g_new0 (Save, 1);

  save->packets = packets;

  save->class = classes[format];
  save->out = qs_file_writer_new (path, save->class->mode, error);
  if (save->out == NULL)
    return NULL;
  save->state = save->class->begin (trace, path, save->packets, save->out, error);
  return save->state != NULL ? g_steal_pointer (&save) : NULL;
}

/* deadline 0: to the end. */
static QsSaveStep
save_advance (Save *save, gint64 deadline, GError **error)
{
  QsSaveStep step = QS_SAVE_MORE;

  for (guint i = 1; step == QS_SAVE_MORE; i++)
    {
      step = save->class->step (save->state, save->out, error);
      if (deadline != 0 && i % STEPS_PER_LOOK == 0 && g_get_monotonic_time () >= deadline)
        break;
    }
  if (step == QS_SAVE_DONE && !qs_file_writer_finish (save->out, error))
    return QS_SAVE_FAILED;
  return step;
}

static gboolean
save_slice_cb (gint64 deadline, gpointer data)
{
  GTask *task = data;
  GError *error = NULL;

  if (g_task_return_error_if_cancelled (task))
    return G_SOURCE_REMOVE;
  switch (save_advance (g_task_get_task_data (task), deadline, &error))
    {
    case QS_SAVE_MORE:
      return G_SOURCE_CONTINUE;
    case QS_SAVE_DONE:
      g_task_return_boolean (task, TRUE);
      return G_SOURCE_REMOVE;
    case QS_SAVE_FAILED:
    default:
      g_task_return_error (task, error);
      return G_SOURCE_REMOVE;
    }
}

QsTraceFormat
qs_trace_format_for_name (const char *path, QsTraceFormat fallback)
{
  g_return_val_if_fail (path != NULL, fallback);

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      gsize n = strlen (suffixes[i].suffix);
      gsize length = strlen (path);

      if (length >= n && g_ascii_strcasecmp (path + length - n, suffixes[i].suffix) == 0)
        return suffixes[i].format;
    }
  return fallback;
}

gboolean
qs_trace_save (QsTrace *trace, const char *path, QsTraceFormat format, GError **error)
{
  g_return_val_if_fail (QS_IS_TRACE (trace) && path != NULL && format < QS_N_TRACE_FORMATS, FALSE);

  g_autoptr (Save) save = save_new (trace, path, format, NULL, error);

  return save != NULL && save_advance (save, 0, error) == QS_SAVE_DONE;
}

static void
save_async (QsTrace *trace, const char *path, QsTraceFormat format, GArray *packets, GCancellable *cancellable,
            GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (trace, cancellable, callback, data);
  GError *error = NULL;

  g_task_set_source_tag (task, qs_trace_save_async);
  Save *save = save_new (trace, path, format, packets, &error);
  if (save == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_set_task_data (task, save, save_free);
  g_autoptr (GSource) source =
      qs_slice_add (g_task_get_context (task), "[quicscope] save", save_slice_cb, g_object_ref (task), g_object_unref);
}

void
qs_trace_save_async (QsTrace *trace, const char *path, QsTraceFormat format, GCancellable *cancellable,
                     GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (QS_IS_TRACE (trace) && path != NULL && format < QS_N_TRACE_FORMATS);

  save_async (trace, path, format, NULL, cancellable, callback, data);
}

void
qs_trace_save_packets_async (QsTrace *trace, const char *path, GArray *packets, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer data)
{
  g_return_if_fail (QS_IS_TRACE (trace) && path != NULL && packets != NULL);

  save_async (trace, path, QS_TRACE_FORMAT_PCAPNG, packets, cancellable, callback, data);
}

gboolean
qs_trace_save_packets (QsTrace *trace, const char *path, GArray *packets, GError **error)
{
  g_return_val_if_fail (QS_IS_TRACE (trace) && path != NULL && packets != NULL, FALSE);

  g_autoptr (Save) save = save_new (trace, path, QS_TRACE_FORMAT_PCAPNG, packets, error);

  return save != NULL && save_advance (save, 0, error) == QS_SAVE_DONE;
}

gboolean
qs_trace_save_finish (QsTrace *trace, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, trace), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
