/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-tap-capture.h"

#include "formats/qs-capture-file.h"
#include "tap/qs-tap-private.h"

#define MAX_BEGUN 1024  /* connections that wait to be taken: behind these reading waits */
#define MAX_LINES 65536 /* of key logs, likewise */
#define WAIT_MS 50

struct _QsTapCapture {
  QsTapWire wire;
  char *path;
  QsInput *input;
  GCancellable *cancellable;
  GThread *thread;
  gint over; /* atomic: the thread has ended */

  /* Under the wire's lock. */
  QsCapture *capture;
  GQueue lines; /* char *, of key logs */
  char *trouble;
};

/* --- The thread --- */

/* With the lock held, which is let go of meanwhile. */
static void
wait_until_taken (QsTapCapture *self, const GQueue *queue, guint most)
{
  while (queue->length >= most && !g_cancellable_is_cancelled (self->cancellable))
    g_cond_wait_until (&self->wire.taken, &self->wire.lock, g_get_monotonic_time () + WAIT_MS * 1000);
}

static gpointer
begun_cb (QsTrace *trace, gboolean tcp, gpointer data)
{
  QsTapCapture *self = data;
  QsTapConnection *connection = qs_tap_connection_new (trace, tcp);

  connection->is_held = TRUE; /* the capture's reference */
  qs_tap_wire_announce (&self->wire, connection);
  return connection;
}

static void
passed_cb (gpointer connection, gboolean over, gpointer data)
{
  QsTapConnection *passing = connection;

  passing->last = g_get_monotonic_time ();
  passing->over = over;
  wait_until_taken (data, &((QsTapCapture *) data)->wire.begun, MAX_BEGUN);
}

static void
gone_cb (gpointer connection, gpointer data)
{
  QsTapConnection *gone = connection;

  gone->over = TRUE;
  gone->is_held = FALSE;
  g_object_unref (gone);
}

static void
secret_cb (const char *line, gpointer data)
{
  QsTapCapture *self = data;

  wait_until_taken (self, &self->lines, MAX_LINES);
  g_queue_push_tail (&self->lines, g_strdup (line));
}

static gpointer
run (gpointer data)
{
  QsTapCapture *self = data;
  g_autoptr (GError) error = NULL;

  gboolean good = qs_capture_read (self->input, self->capture, &self->wire.format, &error);
  g_autoptr (GPtrArray) traces = qs_capture_finish (self->capture, good ? &error : NULL);
  g_mutex_lock (&self->wire.lock);
  if (error != NULL && !g_cancellable_is_cancelled (self->cancellable))
    self->trouble = g_strdup (error->message);
  g_mutex_unlock (&self->wire.lock);
  g_atomic_int_set (&self->over, 1);
  return NULL;
}

/* --- As a wire --- */

static void
capture_start (QsTapWire *wire)
{
  QsTapCapture *self = (QsTapCapture *) wire;

  self->thread = g_thread_new ("capture", run, self);
}

static void
capture_begin_stop (QsTapWire *wire, gboolean at_once)
{
  g_cancellable_cancel (((QsTapCapture *) wire)->cancellable);
}

static gboolean
capture_is_stopped (QsTapWire *wire)
{
  QsTapCapture *self = (QsTapCapture *) wire;

  return self->thread == NULL || g_atomic_int_get (&self->over) != 0;
}

static void
capture_stop (QsTapWire *wire)
{
  QsTapCapture *self = (QsTapCapture *) wire;

  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->thread, g_thread_join);
}

static void
capture_end_trace (QsTapWire *wire, QsTapConnection *connection)
{
  QsTapCapture *self = (QsTapCapture *) wire;

  g_mutex_lock (&wire->lock);
  if (connection->is_held)
    qs_capture_end_connection (self->capture, connection);
  g_mutex_unlock (&wire->lock);
}

static char *
capture_pop_line (QsTapWire *wire)
{
  QsTapCapture *self = (QsTapCapture *) wire;

  g_mutex_lock (&wire->lock);
  char *line = g_queue_pop_head (&self->lines);
  g_cond_signal (&wire->taken);
  g_mutex_unlock (&wire->lock);
  return line;
}

static void
capture_free (QsTapWire *wire)
{
  QsTapCapture *self = (QsTapCapture *) wire;

  capture_stop (wire);
  for (QsTapConnection *connection; (connection = qs_tap_wire_pop (wire)) != NULL; g_object_unref (connection))
    capture_end_trace (wire, connection);
  qs_capture_free (self->capture);
  g_queue_clear_full (&self->lines, g_free);
  g_clear_pointer (&self->input, qs_input_free);
  g_object_unref (self->cancellable);
  qs_tap_wire_clear (wire);
  g_free (self->trouble);
  g_free (self->path);
  g_free (self);
}

static const QsTapWireClass wire_class = {
  .start = capture_start,
  .begin_stop = capture_begin_stop,
  .is_stopped = capture_is_stopped,
  .stop = capture_stop,
  .end_trace = capture_end_trace,
  .pop_line = capture_pop_line,
  .free = capture_free,
};

/* --- Public functions --- */

static QsInput *
open_input (const char *path, gboolean follow, GCancellable *cancellable, GError **error)
{
  if (qs_input_is_standard (path))
    return qs_input_open_standard (cancellable, error);
  return follow ? qs_input_open_growing (path, cancellable, error) : qs_input_open (path, cancellable, error);
}

QsTapCapture *
qs_tap_capture_new (const char *path, gboolean follow, guint patience_ms, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  QsInput *input = open_input (path, follow, cancellable, error);
  if (input == NULL)
    return NULL;
  qs_input_set_patience (input, patience_ms);

  QsTapCapture *self = g_new0 (QsTapCapture, 1);
  g_autofree char *title = g_path_get_basename (path);
  const QsCaptureWatcher watcher = { &self->wire.lock, begun_cb, passed_cb, gone_cb, secret_cb, self };
  qs_tap_wire_init (&self->wire, &wire_class);
  self->path = g_strdup (path);
  self->input = input;
  self->cancellable = g_steal_pointer (&cancellable);
  g_queue_init (&self->lines);
  self->capture = qs_capture_new (title);
  if (qs_input_get_map (input) != NULL)
    qs_capture_set_file (self->capture, qs_input_get_map (input));
  qs_capture_set_watcher (self->capture, &watcher);
  return self;
}

guint64
qs_tap_capture_get_n_packets (QsTapCapture *self)
{
  g_return_val_if_fail (self != NULL, 0);

  g_mutex_lock (&self->wire.lock);
  guint64 n = qs_capture_get_n_packets (self->capture);
  g_mutex_unlock (&self->wire.lock);
  return n;
}

char *
qs_tap_capture_dup_trouble (QsTapCapture *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_mutex_lock (&self->wire.lock);
  char *trouble = g_strdup (self->trouble);
  g_mutex_unlock (&self->wire.lock);
  return trouble;
}
