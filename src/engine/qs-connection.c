/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The owner's side of a connection: commands, events, life and death. */
#include <errno.h>
#include <string.h>

#include "engine/qs-connection-private.h"
#include "engine/qs-states.h"
#include "engine/qs-worker.h"

/* What a worker may be ahead of the main context. */
#define MAX_QUEUED_BYTES (4 * 1024 * 1024)
/* What an event takes beside its bytes, of which there may be one: with its place in the queue and what the allocator adds. */
#define EVENT_COST (sizeof (QsEvent) + 64)
/* Of queued events at a time: a burst must not hold the main loop. */
#define EVENTS_BUDGET_US 4000

/* --- Events --- */

static void
deliver (QsConnection *self, const QsEvent *event)
{
  const QsConnectionListener *listener = self->listener;
  gpointer data = self->listener_data;

  if (qs_connection_is_aborted (self))
    return;
  switch (event->kind)
    {
    case QS_EVENT_STATE:
      self->state = event->state;
      listener->state (self, event->state, data);
      break;
    case QS_EVENT_ANSWERED:
      listener->answered (self, data);
      break;
    case QS_EVENT_CONFIRMED:
      listener->confirmed (self, data);
      break;
    case QS_EVENT_STREAM_OPENED:
      listener->stream_opened (self, event->stream, data);
      break;
    case QS_EVENT_STREAM_BYTES:
      listener->stream_bytes (self, event->stream, event->data, event->length, event->time, data);
      break;
    case QS_EVENT_STREAM_CHANGED:
      listener->stream_changed (self, event->stream, &event->info, data);
      break;
    case QS_EVENT_NOTE:
      listener->note (self, (const char *) event->data, data);
      break;
    }
}

static gboolean
events_cb (gpointer data)
{
  QsConnection *self = data;
  gint64 deadline = g_get_monotonic_time () + EVENTS_BUDGET_US;

  g_source_set_ready_time (self->events_source, -1);
  do
    {
      g_mutex_lock (&self->lock);
      QsEvent *event = g_queue_pop_head (&self->events);
      if (event != NULL)
        {
          self->queued_bytes -= event->length + EVENT_COST;
          g_cond_signal (&self->drained);
        }
      g_mutex_unlock (&self->lock);
      if (event == NULL)
        return G_SOURCE_CONTINUE;
      deliver (self, event);
      g_free (event);
    }
  while (g_get_monotonic_time () < deadline && !g_source_is_destroyed (g_main_current_source ()));
  if (!g_source_is_destroyed (g_main_current_source ()))
    g_source_set_ready_time (self->events_source, 0);
  return G_SOURCE_CONTINUE;
}

static gboolean
events_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static GSourceFuncs events_funcs = { .dispatch = events_dispatch };

static void
queue_event (QsConnection *self, const QsEvent *event, gboolean may_wait)
{
  QsEvent *copy = g_malloc (sizeof *copy + event->length);
  guint8 *bytes = (guint8 *) (copy + 1);

  *copy = *event;
  if (event->length > 0)
    memcpy (bytes, event->data, event->length);
  copy->data = bytes;

  g_mutex_lock (&self->lock);
  while (may_wait && self->queued_bytes > MAX_QUEUED_BYTES && !qs_connection_is_aborted (self))
    g_cond_wait (&self->drained, &self->lock);
  self->queued_bytes += event->length + EVENT_COST;
  g_queue_push_tail (&self->events, copy);
  if (self->events_source != NULL)
    g_source_set_ready_time (self->events_source, 0);
  g_mutex_unlock (&self->lock);
}

void
qs_connection_emit (QsConnection *self, const QsEvent *event)
{
  if (self->mode == QS_MODE_NONBLOCKING)
    deliver (self, event);
  else
    queue_event (self, event, TRUE);
}

void
qs_connection_post (QsConnection *self, QsEventKind kind)
{
  QsEvent event = { .kind = kind };

  queue_event (self, &event, FALSE);
}

/* --- Commands --- */

void
qs_command_free (QsCommand *command)
{
  g_clear_pointer (&command->bytes, g_bytes_unref);
  g_free (command);
}

QsCommand *
qs_connection_pop_command (QsConnection *self)
{
  g_mutex_lock (&self->lock);
  QsCommand *command = g_queue_pop_head (&self->commands);
  g_mutex_unlock (&self->lock);
  return command;
}

static void
post_command (QsConnection *self, const QsCommand *command)
{
  if (qs_connection_is_aborted (self) || self->state >= QS_CONNECTION_CLOSED)
    {
      if (command->bytes != NULL)
        g_bytes_unref (command->bytes);
      return;
    }
  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->commands, g_memdup2 (command, sizeof *command));
  g_mutex_unlock (&self->lock);
  if (self->mode == QS_MODE_NONBLOCKING)
    self->ops->kick (self);
  else
    self->ops->wake (self);
}

gint64
qs_connection_open_stream (QsConnection *self, gboolean bidirectional)
{
  g_return_val_if_fail (self != NULL, -1);

  if (qs_connection_is_tls (self))
    return 0;
  guint count = bidirectional ? self->n_bidirectional++ : self->n_unidirectional++;
  gint64 id = (gint64) count * 4 + (bidirectional ? 0 : 2);
  post_command (self, &(QsCommand){ .kind = QS_COMMAND_OPEN, .stream = id, .flag = bidirectional });
  return id;
}

void
qs_connection_send (QsConnection *self, gint64 stream, GBytes *bytes, gboolean conclude)
{
  g_return_if_fail (self != NULL);
  post_command (self, &(QsCommand){ .kind = QS_COMMAND_SEND,
                                    .stream = stream,
                                    .bytes = bytes != NULL ? g_bytes_ref (bytes) : NULL,
                                    .flag = conclude });
}

void
qs_connection_reset (QsConnection *self, gint64 stream, guint64 code)
{
  g_return_if_fail (self != NULL);
  post_command (self, &(QsCommand){ .kind = QS_COMMAND_RESET, .stream = stream, .code = code });
}

void
qs_connection_stop_reading (QsConnection *self, gint64 stream, guint64 code)
{
  g_return_if_fail (self != NULL);
  post_command (self, &(QsCommand){ .kind = QS_COMMAND_STOP_READING, .stream = stream, .code = code });
}

void
qs_connection_close (QsConnection *self, QsCloseManner manner, guint64 code, const char *reason)
{
  g_return_if_fail (self != NULL);

  post_command (self, &(QsCommand){ .kind = QS_COMMAND_CLOSE, .manner = manner, .code = code, .reason = reason });
  if (self->mode != QS_MODE_NONBLOCKING && !qs_connection_is_aborted (self) &&
      (self->state < QS_CONNECTION_ESTABLISHED || manner == QS_CLOSE_NOW))
    self->ops->hurry (self);
}

/* --- The worker --- */

static void
work (QsConnection *self)
{
  QsTurn turn = QS_TURN_PROGRESS;

  while (turn != QS_TURN_OVER)
    {
      if (turn == QS_TURN_IDLE)
        self->ops->wait (self);
      /* Commands are looked at after this: a wake from here on finds its command, or ends the next wait. */
      self->ops->clear_wake (self);
      turn = qs_connection_turn (self, G_MAXINT64);
    }
  qs_connection_drop_io (self);
}

/* --- Public functions --- */

static void
connection_stream_free (gpointer data)
{
  QsConnectionStream *stream = data;

  qs_io_stream_clear (&stream->io);
  g_free (stream);
}

QsConnection *
qs_connection_new (const QsConnectionSetup *setup, const QsConnectionListener *listener, gpointer data)
{
  g_return_val_if_fail (setup != NULL && listener != NULL, NULL);

  QsConnection *self = g_new0 (QsConnection, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->ops = setup->transport == QS_TRANSPORT_QUIC ? &qs_quic_ops : &qs_tls_ops;
  self->config = qs_ssl_config_ref (setup->config);
  self->mode = setup->mode;
  self->record = setup->record;
  self->trace = g_object_ref (setup->trace);
  self->sink = qs_mark_sink_new (setup->trace, setup->held);
  self->address = g_object_ref (setup->address);
  self->impairment = setup->impairment;
  self->listener = listener;
  self->listener_data = data;
  g_mutex_init (&self->lock);
  g_mutex_init (&self->ssl_lock);
  g_cond_init (&self->drained);
  g_queue_init (&self->commands);
  g_queue_init (&self->events);
  self->streams = qs_stream_map_new (connection_stream_free);
  self->events_source = g_source_new (&events_funcs, sizeof (GSource));
  g_source_set_static_name (self->events_source, "[Quicscope] connection events");
  g_source_set_priority (self->events_source, G_PRIORITY_HIGH_IDLE + 30);
  g_source_set_callback (self->events_source, events_cb, qs_connection_ref (self),
                         (GDestroyNotify) qs_connection_unref);
  g_source_attach (self->events_source, g_main_context_get_thread_default ());
  return self;
}

QsConnection *
qs_connection_ref (QsConnection *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
qs_connection_unref (QsConnection *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  qs_connection_drop_io (self);
  qs_stream_map_free (self->streams);
  g_queue_clear_full (&self->commands, (GDestroyNotify) qs_command_free);
  g_queue_clear_full (&self->events, g_free);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->ssl_lock);
  g_cond_clear (&self->drained);
  qs_mark_sink_free (self->sink);
  qs_ssl_config_unref (self->config);
  g_object_unref (self->trace);
  g_object_unref (self->address);
  g_free (self->buffer);
  g_free (self->alpn);
  g_free (self);
}

gboolean
qs_connection_start (QsConnection *self, GError **error)
{
  g_return_val_if_fail (self != NULL && self->ssl == NULL, FALSE);

  self->io_state = self->state = QS_CONNECTION_CONNECTING;
  gboolean opened = self->ops->open (self, error);
  self->impairment = NULL;
  if (!opened)
    return FALSE;
  if (self->mode == QS_MODE_NONBLOCKING)
    {
      self->source = self->ops->new_source (self);
      g_source_attach (self->source, g_main_context_get_thread_default ());
      return TRUE;
    }
  qs_worker_start (self, work);
  return TRUE;
}

static int
errno_of (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE))
    return ENETUNREACH;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE))
    return EHOSTUNREACH;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return ECONNREFUSED;
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) ? EACCES : EIO;
}

void
qs_connection_fail_to_start (QsConnection *self, const GError *error)
{
  g_return_if_fail (self != NULL && error != NULL);

  if (error->domain == G_IO_ERROR)
    {
      int code = errno_of (error);
      g_atomic_int_set (&self->socket_error, code);
      qs_mark_sink_add (self->sink, QS_MARK_SOCKET_ERROR, qs_errno_name (code), code, error->message);
    }
  else
    qs_mark_sink_add (self->sink, QS_MARK_NOTE, NULL, 0, error->message);
  qs_connection_drop_io (self);
  self->state = self->io_state = QS_CONNECTION_FAILED;
}

gboolean
qs_connection_is_aborted (QsConnection *self)
{
  return g_atomic_int_get (&self->aborted);
}

void
qs_connection_abort (QsConnection *self)
{
  g_return_if_fail (self != NULL);

  if (qs_connection_is_aborted (self))
    return;
  g_atomic_int_set (&self->aborted, 1);
  if (self->mode == QS_MODE_NONBLOCKING)
    {
      if (!self->in_turn)
        qs_connection_drop_io (self);
    }
  else
    self->ops->cancel (self);

  g_mutex_lock (&self->lock);
  GSource *source = g_steal_pointer (&self->events_source);
  g_cond_broadcast (&self->drained);
  g_mutex_unlock (&self->lock);
  if (source != NULL)
    {
      g_source_destroy (source);
      g_source_unref (source);
    }
}

QsConnectionState
qs_connection_get_state (QsConnection *self)
{
  g_return_val_if_fail (self != NULL, QS_CONNECTION_IDLE);
  return self->state;
}

GSocketAddress *
qs_connection_get_address (QsConnection *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->address;
}

QsMarkSink *
qs_connection_get_sink (QsConnection *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->sink;
}

gboolean
qs_connection_is_tls (QsConnection *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return self->ops == &qs_tls_ops;
}

const char *
qs_connection_get_failure (QsConnection *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  int error = g_atomic_int_get (&self->socket_error);
  if (error != 0)
    return qs_errno_name (error);
  return g_atomic_int_get (&self->answered) ? "closed" : "silent";
}

QsRaceFailure
qs_connection_get_failure_rank (QsConnection *self)
{
  g_return_val_if_fail (self != NULL, QS_RACE_SILENT);

  if (g_atomic_int_get (&self->answered))
    return QS_RACE_ANSWERED;
  int error = g_atomic_int_get (&self->socket_error);
  return error == ECONNREFUSED ? QS_RACE_REFUSED : error != 0 ? QS_RACE_ERROR : QS_RACE_SILENT;
}

gboolean
qs_connection_expects_verdict (QsConnection *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return g_atomic_int_get (&self->expects_verdict);
}

gboolean
qs_connection_closed_in_error (QsConnection *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  return g_atomic_int_get (&self->close_error) || g_atomic_int_get (&self->socket_error) != 0;
}

const char *
qs_connection_get_alpn (QsConnection *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->state >= QS_CONNECTION_ESTABLISHED ? self->alpn : NULL;
}

GSocket *
qs_connection_open_twin (QsConnection *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  GSocket *twin = NULL;
  g_mutex_lock (&self->ssl_lock);
  if (self->udp != NULL)
    twin = qs_udp_bio_open_twin (self->udp, error);
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "-");
  g_mutex_unlock (&self->ssl_lock);
  return twin;
}

gboolean
qs_connection_get_tcp_info (QsConnection *self, QsTcpInfo *info)
{
  g_return_val_if_fail (self != NULL && info != NULL, FALSE);

  g_mutex_lock (&self->ssl_lock);
  gboolean known = self->tcp != NULL && qs_tcp_info_get (qs_tcp_bio_get_fd (self->tcp), info);
  g_mutex_unlock (&self->ssl_lock);
  return known;
}
