/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models/qs-other-end.h"

#include "base/qs-slice.h"
#include "engine/qs-follower.h"

#define OTHER_END "qs-other-end"
#define MAX_PATHS 16 /* of a run, that the server is asked about */

/* After the run's end: what was delayed on the path is there by then, or lost. */
#define SETTLE_MS 400

typedef struct {
  QsRun *run;     /* owns this */
  QsTrace *trace; /* the run's: others may keep it longer than the run, and it tells us of its growth */
  QsServer *server;
  QsDissector *dissector;
  QsFollower *follower;
  gulong grown_id, status_id;
  guint settle_id;
  GSource *settling;
} OtherEnd;

static void
stop_looking (OtherEnd *self)
{
  g_clear_signal_handler (&self->grown_id, self->trace);
  g_clear_object (&self->server);
}

static void
other_end_free (gpointer data)
{
  OtherEnd *self = data;

  g_clear_handle_id (&self->settle_id, g_source_remove);
  if (self->settling != NULL)
    {
      g_source_destroy (self->settling);
      g_source_unref (self->settling);
    }
  stop_looking (self);
  g_clear_pointer (&self->follower, qs_follower_free);
  g_clear_object (&self->dissector);
  g_object_unref (self->trace);
  g_free (self);
}

static gboolean
settling_cb (gint64 deadline, gpointer data)
{
  OtherEnd *self = data;
  QsTraceJoin *join = qs_run_get_join (self->run);

  g_clear_pointer (&self->follower, qs_follower_free);
  if (self->dissector != NULL && !qs_dissector_advance (self->dissector, deadline))
    return G_SOURCE_CONTINUE;
  if (self->dissector != NULL)
    qs_dissector_finish (self->dissector);
  g_clear_object (&self->dissector);
  if (!qs_trace_join_finish_until (join, deadline))
    return G_SOURCE_CONTINUE;
  qs_trace_changed (qs_run_get_trace (self->run));
  g_clear_pointer (&self->settling, g_source_unref);
  return G_SOURCE_REMOVE;
}

static gboolean
settle_cb (gpointer data)
{
  OtherEnd *self = data;
  QsTraceJoin *join = qs_run_get_join (self->run);

  self->settle_id = 0;
  stop_looking (self);
  if (join != NULL)
    self->settling = qs_slice_add (NULL, "[quicscope] both ends settle", settling_cb, self, NULL);
  return G_SOURCE_REMOVE;
}

static void
status_cb (QsRun *run, GParamSpec *pspec, OtherEnd *self)
{
  if (qs_run_is_active (run) || self->settle_id != 0)
    return;
  g_clear_signal_handler (&self->status_id, run);
  self->settle_id = g_timeout_add (SETTLE_MS, settle_cb, self);
}

/* By the address that the server sees, which is the local one: both are on this machine. */
static QsTrace *
find_trace (OtherEnd *self)
{
  QsTrace *own = qs_run_get_trace (self->run);
  const QsPath *path;

  for (guint16 i = 0; i < MAX_PATHS && (path = qs_trace_get_path (own, i)) != NULL; i++)
    {
      QsTrace *found = path->local != NULL ? qs_server_find_trace (self->server, path->local) : NULL;
      if (found != NULL)
        return found;
    }
  return NULL;
}

static void
grown_cb (QsTrace *trace, OtherEnd *self)
{
  g_autoptr (QsTrace) found = find_trace (self);

  if (found == NULL)
    return;
  stop_looking (self);
  self->dissector = qs_dissector_new (found);
  self->follower = qs_follower_new (self->dissector, found);

  g_autoptr (QsTraceJoin) join = qs_trace_join_new (trace, found, QS_JOIN_SAME_CLOCK);
  qs_run_set_join (self->run, join);
}

void
qs_other_end_watch (QsRun *run, QsLab *lab)
{
  g_return_if_fail (QS_IS_RUN (run) && QS_IS_LAB (lab));

  QsServer *server = qs_lab_get_server (lab);
  if (server != NULL)
    qs_other_end_watch_server (run, server);
}

void
qs_other_end_watch_server (QsRun *run, QsServer *server)
{
  g_return_if_fail (QS_IS_RUN (run) && QS_IS_SERVER (server));

  /* Another server's, where the run turned out not to be. */
  OtherEnd *before = g_object_get_data (G_OBJECT (run), OTHER_END);
  if (before != NULL)
    {
      stop_looking (before);
      g_clear_signal_handler (&before->status_id, run);
    }

  OtherEnd *self = g_new0 (OtherEnd, 1);
  self->run = run;
  self->server = g_object_ref (server);
  g_object_set_data_full (G_OBJECT (run), OTHER_END, self, other_end_free);
  self->trace = g_object_ref (qs_run_get_trace (run));
  self->grown_id = g_signal_connect (self->trace, "grown", G_CALLBACK (grown_cb), self);
  self->status_id = g_signal_connect (run, "notify::status", G_CALLBACK (status_cb), self);
}
