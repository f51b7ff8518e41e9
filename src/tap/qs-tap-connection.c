/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-tap-private.h"

G_DEFINE_FINAL_TYPE (QsTapConnection, qs_tap_connection, G_TYPE_OBJECT)

static void
qs_tap_connection_finalize (GObject *object)
{
  QsTapConnection *self = QS_TAP_CONNECTION (object);

  g_clear_object (&self->study);
  g_clear_object (&self->trace);
  g_free (self->random);
  G_OBJECT_CLASS (qs_tap_connection_parent_class)->finalize (object);
}

static void
qs_tap_connection_class_init (QsTapConnectionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = qs_tap_connection_finalize;
}

static void
qs_tap_connection_init (QsTapConnection *self)
{
  self->last = g_get_monotonic_time ();
}

QsTapConnection *
qs_tap_connection_new (QsTrace *trace, gboolean tcp)
{
  QsTapConnection *self = g_object_new (QS_TYPE_TAP_CONNECTION, NULL);

  self->trace = g_object_ref (trace);
  self->tcp = tcp;
  return self;
}

guint
qs_tap_connection_get_number (QsTapConnection *self)
{
  g_return_val_if_fail (QS_IS_TAP_CONNECTION (self), 0);
  return self->number;
}

guint
qs_tap_connection_get_n_keys (QsTapConnection *self)
{
  g_return_val_if_fail (QS_IS_TAP_CONNECTION (self), 0);
  return self->n_keys;
}

gboolean
qs_tap_connection_has_hello (QsTapConnection *self)
{
  g_return_val_if_fail (QS_IS_TAP_CONNECTION (self), FALSE);
  return self->random != NULL;
}

QsTrace *
qs_tap_connection_get_trace (QsTapConnection *self)
{
  g_return_val_if_fail (QS_IS_TAP_CONNECTION (self), NULL);
  return self->trace;
}

QsStudy *
qs_tap_connection_get_study (QsTapConnection *self)
{
  g_return_val_if_fail (QS_IS_TAP_CONNECTION (self), NULL);
  return self->study;
}
