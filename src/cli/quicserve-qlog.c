/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/quicserve-qlog.h"

#include <string.h>

#include "base/qs-slice.h"
#include "dissect/qs-dissector.h"
#include "formats/qs-trace-save.h"

struct _QuicserveQlog {
  char *path;
  guint n_traces;
  guint n_pending;
  gboolean failed;
};

typedef struct {
  QuicserveQlog *qlog;
  QsTrace *trace;
  QsDissector *dissector;
  char *path;
} Job;

static void
job_free (Job *job)
{
  job->qlog->n_pending--;
  g_object_unref (job->dissector);
  g_object_unref (job->trace);
  g_free (job->path);
  g_free (job);
}

static void
saved_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  Job *job = data;
  g_autoptr (GError) error = NULL;

  if (!qs_trace_save_finish (job->trace, result, &error))
    {
      g_printerr ("quicserve: %s\n", error->message);
      job->qlog->failed = TRUE;
    }
  job_free (job);
}

static gboolean
dissect_cb (gint64 deadline, gpointer data)
{
  Job *job = data;

  if (!qs_dissector_advance (job->dissector, deadline))
    return G_SOURCE_CONTINUE;
  qs_dissector_finish (job->dissector);
  QsTraceFormat format = qs_trace_format_for_name (job->path, QS_TRACE_FORMAT_SQLOG);
  qs_trace_save_async (job->trace, job->path, format, NULL, saved_cb, job);
  return G_SOURCE_REMOVE;
}

static char *
numbered_path (const char *path, guint number)
{
  const char *dot = strrchr (path, '.');

  if (number == 1)
    return g_strdup (path);
  if (dot == NULL || strchr (dot, G_DIR_SEPARATOR) != NULL)
    return g_strdup_printf ("%s-%u", path, number);
  return g_strdup_printf ("%.*s-%u%s", (int) (dot - path), path, number, dot);
}

QuicserveQlog *
quicserve_qlog_new (const char *path)
{
  QuicserveQlog *self = g_new0 (QuicserveQlog, 1);

  self->path = g_strdup (path);
  return self;
}

void
quicserve_qlog_free (QuicserveQlog *self)
{
  g_assert (self->n_pending == 0);

  g_free (self->path);
  g_free (self);
}

void
quicserve_qlog_write (QuicserveQlog *self, QsServerConnection *connection)
{
  QsTrace *trace = qs_server_connection_get_trace (connection);
  g_autofree char *transport = NULL;

  g_object_get (connection, "transport", &transport, NULL);
  /* qlog has no events for TLS over TCP. */
  if (trace == NULL || !g_str_equal (transport, "quic"))
    return;

  Job *job = g_new0 (Job, 1);
  job->qlog = self;
  job->trace = g_object_ref (trace);
  job->dissector = qs_dissector_new (trace);
  job->path = numbered_path (self->path, ++self->n_traces);
  self->n_pending++;
  g_source_unref (qs_slice_add (NULL, "quicserve-qlog", dissect_cb, job, NULL));
}

gboolean
quicserve_qlog_finish (QuicserveQlog *self)
{
  while (self->n_pending > 0)
    g_main_context_iteration (NULL, TRUE);
  return !self->failed;
}
