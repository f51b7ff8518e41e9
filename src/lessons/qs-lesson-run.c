/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lessons/qs-lesson-run.h"

#include "base/qs-i18n.h"
#include "base/qs-private-folder.h"
#include "lessons/qs-lesson-witness.h"

struct _QsLessonRun {
  GObject parent;
  QsLesson *lesson;
  const QsLessonSetup *setup;
  QsServer *server;
  QsProbe *probe;           /* NULL: a program makes the run */
  QsLessonWitness *witness; /* NULL: the probe is what is shown */
  QsPrivateFolder *folder;
  GPtrArray *streams; /* QsStream that the lesson opened; NULL before */
  guint deadline_id;
  gboolean finished;
};

enum { FINISHED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (QsLessonRun, qs_lesson_run, G_TYPE_OBJECT)

/* --- Streams ---------------------------------------------------------------------------- */

static gboolean
has_ended (QsStreamState state)
{
  return state != QS_STREAM_NONE && state != QS_STREAM_OK;
}

/* All that was asked on streams is answered, or never will be. */
static void
stream_changed_cb (QsLessonRun *self)
{
  for (guint i = 0; i < self->streams->len; i++)
    {
      QsStream *stream = g_ptr_array_index (self->streams, i);
      if (!has_ended (qs_stream_get_read_state (stream)))
        return;
    }
  if (!self->setup->hold)
    qs_lesson_run_stop (self);
}

static void
open_streams (QsLessonRun *self)
{
  self->streams = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->setup->streams->len; i++)
    {
      g_autoptr (GError) error = NULL;
      QsStream *stream = qs_probe_open_stream (self->probe, TRUE, &error);
      if (stream == NULL)
        {
          qs_trace_add_mark (qs_probe_get_trace (self->probe), QS_MARK_NOTE, NULL, 0, error->message);
          return;
        }
      g_ptr_array_add (self->streams, stream);
      g_signal_connect_object (stream, "notify::read-state", G_CALLBACK (stream_changed_cb), self, G_CONNECT_SWAPPED);
    }
  for (guint i = 0; i < self->streams->len; i++)
    qs_stream_send (g_ptr_array_index (self->streams, i), g_ptr_array_index (self->setup->streams, i), TRUE, NULL);
}

static void
probe_state_cb (QsLessonRun *self)
{
  if (qs_probe_get_state (self->probe) == QS_CONNECTION_ESTABLISHED && self->streams == NULL &&
      self->setup->streams->len > 0)
    open_streams (self);
}

/* --- The run ---------------------------------------------------------------------------- */

static void
finish (gpointer data)
{
  QsLessonRun *self = data;

  g_clear_handle_id (&self->deadline_id, g_source_remove);
  self->finished = TRUE;
  g_signal_emit (self, signals[FINISHED], 0);
}

static void
probe_finished_cb (QsLessonRun *self)
{
  if (self->witness != NULL)
    qs_lesson_witness_stop (self->witness);
  else
    finish (self);
}

static gboolean
deadline_cb (gpointer data)
{
  QsLessonRun *self = data;

  self->deadline_id = 0;
  qs_lesson_run_stop (self);
  return G_SOURCE_REMOVE;
}

static gboolean
start_server (QsLessonRun *self, GError **error)
{
  g_autoptr (QsServerOptions) options = qs_server_options_new ();

  options->record = TRUE;
  options->retry = !self->setup->no_retry;
  options->impairment = g_strdup (self->setup->path);
  options->scenarios = g_strdupv (self->setup->scenarios);
  self->server = qs_server_new (options);
  if (!qs_server_start (self->server, error))
    return FALSE;

  self->folder = qs_private_folder_new ("quicscope-lab-", "ca.pem", error);
  return self->folder != NULL && qs_server_write_ca (self->server, qs_private_folder_get_path (self->folder), error);
}

static QsProbeOptions *
make_options (QsLessonRun *self)
{
  const QsLessonSetup *setup = self->setup;
  QsProbeOptions *options = qs_probe_options_new ();

  options->alpn = g_strdupv (setup->alpn);
  options->groups = g_strdup (setup->groups);
  options->ciphersuites = g_strdup (setup->ciphersuites);
  options->sni = g_strdup (setup->sni);
  options->insecure = setup->insecure;
  options->ca_file = g_strdup (qs_private_folder_get_path (self->folder));
  options->family = G_SOCKET_FAMILY_IPV4;
  options->keep_open = setup->hold || setup->streams->len > 0;
  options->timeout_ms = setup->timeout_ms;
  return options;
}

static gboolean
make_probe (QsLessonRun *self, guint port, GError **error)
{
  const char *scheme = self->setup->tls ? "tls" : "quic";
  const char *request = self->setup->request != NULL ? self->setup->request : "";
  g_autofree char *text = g_strdup_printf ("%s://localhost:%u%s", scheme, port, request);
  g_autoptr (QsTarget) target = qs_target_new (text, error);
  if (target == NULL)
    return FALSE;

  g_autoptr (QsProbeOptions) options = make_options (self);
  self->probe = qs_probe_new (target, options);
  g_signal_connect_swapped (self->probe, "notify::state", G_CALLBACK (probe_state_cb), self);
  g_signal_connect_swapped (self->probe, "finished", G_CALLBACK (probe_finished_cb), self);
  return TRUE;
}

gboolean
qs_lesson_run_prepare (QsLessonRun *self, GError **error)
{
  g_return_val_if_fail (QS_IS_LESSON_RUN (self) && self->server == NULL, FALSE);

  if (!start_server (self, error))
    return FALSE;

  guint port = qs_server_get_port (self->server);
  if (self->setup->keyless || self->setup->programs != NULL)
    {
      const char *ca_file = qs_private_folder_get_path (self->folder);
      self->witness = qs_lesson_witness_new (self->setup, (guint16) port, ca_file, error);
      if (self->witness == NULL)
        return FALSE;
      port = qs_lesson_witness_get_port (self->witness);
    }
  return self->setup->programs != NULL || make_probe (self, port, error);
}

static void
qs_lesson_run_dispose (GObject *object)
{
  QsLessonRun *self = QS_LESSON_RUN (object);

  g_clear_handle_id (&self->deadline_id, g_source_remove);
  if (self->probe != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->probe, self);
      g_clear_object (&self->probe);
    }
  g_clear_pointer (&self->witness, qs_lesson_witness_free);
  if (self->server != NULL && qs_server_get_running (self->server))
    qs_server_stop (self->server);
  g_clear_object (&self->server);
  g_clear_pointer (&self->streams, g_ptr_array_unref);
  G_OBJECT_CLASS (qs_lesson_run_parent_class)->dispose (object);
}

static void
qs_lesson_run_finalize (GObject *object)
{
  QsLessonRun *self = QS_LESSON_RUN (object);

  g_clear_pointer (&self->folder, qs_private_folder_free);
  qs_lesson_unref (self->lesson);
  G_OBJECT_CLASS (qs_lesson_run_parent_class)->finalize (object);
}

static void
qs_lesson_run_class_init (QsLessonRunClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = qs_lesson_run_dispose;
  object_class->finalize = qs_lesson_run_finalize;
  signals[FINISHED] =
      g_signal_new ("finished", QS_TYPE_LESSON_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
qs_lesson_run_init (QsLessonRun *self)
{
}

QsLessonRun *
qs_lesson_run_new (QsLesson *lesson, guint run)
{
  g_return_val_if_fail (lesson != NULL && run < qs_lesson_get_n_runs (lesson), NULL);

  QsLessonRun *self = g_object_new (QS_TYPE_LESSON_RUN, NULL);
  self->lesson = qs_lesson_ref (lesson);
  self->setup = qs_lesson_get_run (lesson, run);
  return self;
}

QsProbe *
qs_lesson_run_get_probe (QsLessonRun *self)
{
  g_return_val_if_fail (QS_IS_LESSON_RUN (self), NULL);

  return self->probe;
}

gboolean
qs_lesson_run_is_watched (QsLessonRun *self)
{
  g_return_val_if_fail (QS_IS_LESSON_RUN (self), FALSE);

  return self->witness != NULL;
}

QsStudy *
qs_lesson_run_get_study (QsLessonRun *self)
{
  g_return_val_if_fail (QS_IS_LESSON_RUN (self), NULL);

  return self->witness != NULL && self->finished ? qs_lesson_witness_get_study (self->witness) : NULL;
}

QsTrace *
qs_lesson_run_get_trace (QsLessonRun *self)
{
  g_return_val_if_fail (QS_IS_LESSON_RUN (self), NULL);

  QsStudy *study = qs_lesson_run_get_study (self);
  if (study != NULL)
    return qs_study_get_trace (study);
  return self->witness == NULL && self->probe != NULL ? qs_probe_get_trace (self->probe) : NULL;
}

const char *
qs_lesson_run_get_error (QsLessonRun *self)
{
  g_return_val_if_fail (QS_IS_LESSON_RUN (self), NULL);

  if (!self->finished || qs_lesson_run_get_trace (self) != NULL)
    return NULL;
  const char *why = qs_lesson_witness_get_error (self->witness);
  return why != NULL ? why : _ ("No connection came in the time that this page has for it. Try it again.");
}

QsServer *
qs_lesson_run_get_server (QsLessonRun *self)
{
  g_return_val_if_fail (QS_IS_LESSON_RUN (self), NULL);

  return self->server;
}

guint
qs_lesson_run_get_port (QsLessonRun *self)
{
  g_return_val_if_fail (QS_IS_LESSON_RUN (self) && self->server != NULL, 0);

  return qs_server_get_port (self->server);
}

const char *
qs_lesson_run_get_ca_file (QsLessonRun *self)
{
  g_return_val_if_fail (QS_IS_LESSON_RUN (self), NULL);

  return self->folder != NULL ? qs_private_folder_get_path (self->folder) : NULL;
}

void
qs_lesson_run_start (QsLessonRun *self)
{
  g_return_if_fail (QS_IS_LESSON_RUN (self) && (self->probe != NULL || self->witness != NULL));

  self->deadline_id = g_timeout_add (self->setup->timeout_ms, deadline_cb, self);
  if (self->witness != NULL)
    qs_lesson_witness_start (self->witness, finish, self);
  if (self->probe != NULL)
    qs_probe_start (self->probe);
}

void
qs_lesson_run_stop (QsLessonRun *self)
{
  g_return_if_fail (QS_IS_LESSON_RUN (self));

  if (self->probe != NULL && !qs_probe_get_finished (self->probe))
    qs_probe_stop (self->probe);
  else if (self->witness != NULL)
    qs_lesson_witness_stop (self->witness);
}

gboolean
qs_lesson_run_get_finished (QsLessonRun *self)
{
  g_return_val_if_fail (QS_IS_LESSON_RUN (self), FALSE);

  return self->finished;
}

QsTrace *
qs_lesson_run_get_server_trace (QsLessonRun *self)
{
  g_return_val_if_fail (QS_IS_LESSON_RUN (self), NULL);

  if (self->server == NULL)
    return NULL;

  GListModel *connections = qs_server_get_connections (self->server);
  g_autoptr (QsServerConnection) first = g_list_model_get_item (connections, 0);
  return first != NULL ? qs_server_connection_get_trace (first) : NULL;
}
