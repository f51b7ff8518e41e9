/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-tap-private.h"

void
qs_tap_wire_init (QsTapWire *self, const QsTapWireClass *klass)
{
  self->klass = klass;
  g_mutex_init (&self->lock);
  g_cond_init (&self->taken);
  g_queue_init (&self->begun);
}

void
qs_tap_wire_clear (QsTapWire *self)
{
  g_queue_clear_full (&self->begun, g_object_unref);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->taken);
}

void
qs_tap_wire_announce (QsTapWire *self, QsTapConnection *connection)
{
  g_queue_push_tail (&self->begun, g_object_ref (connection));
}

QsTapConnection *
qs_tap_wire_pop (QsTapWire *self)
{
  g_mutex_lock (&self->lock);
  QsTapConnection *connection = g_queue_pop_head (&self->begun);
  g_cond_signal (&self->taken);
  g_mutex_unlock (&self->lock);
  return connection;
}

gboolean
qs_tap_wire_is_over (QsTapWire *self, QsTapConnection *connection, gint64 *since)
{
  g_mutex_lock (&self->lock);
  gboolean over = connection->over;
  *since = connection->last;
  g_mutex_unlock (&self->lock);
  return over;
}
