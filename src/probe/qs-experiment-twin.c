/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-experiment-twin.h"

#include "net/qs-udp-bio.h"

#define MOST_BYTES 2048

struct _QsExperimentTwin {
  QsProbe *run;
  GSocket *socket;
  GSource *source;
  QsExperimentTwinFunc heard;
  gpointer data;
};

static gboolean
is_asked (QsExperimentTwin *self, GSocketAddress *address)
{
  GSocketAddress *asked = qs_probe_get_address (self->run);
  g_autofree char *first = qs_socket_address_to_text (address);
  g_autofree char *second = asked != NULL ? qs_socket_address_to_text (asked) : NULL;

  return g_strcmp0 (first, second) == 0;
}

static gboolean
readable_cb (GSocket *socket, GIOCondition condition, gpointer data)
{
  QsExperimentTwin *self = data;
  g_autoptr (GSocketAddress) sender = NULL;
  char bytes[MOST_BYTES];
  gssize length = g_socket_receive_from (socket, &sender, bytes, sizeof bytes, NULL, NULL);

  if (length < 0 || sender == NULL || is_asked (self, sender))
    return G_SOURCE_CONTINUE;
  g_autoptr (GBytes) datagram = g_bytes_new (bytes, (gsize) length);
  self->heard (sender, datagram, self->data);
  return G_SOURCE_REMOVE;
}

QsExperimentTwin *
qs_experiment_twin_new (QsProbe *run, GMainContext *context, QsExperimentTwinFunc heard, gpointer data)
{
  g_return_val_if_fail (QS_IS_PROBE (run) && heard != NULL, NULL);

  GSocket *socket = qs_probe_open_twin (run, NULL);
  if (socket == NULL)
    return NULL;
  QsExperimentTwin *self = g_new0 (QsExperimentTwin, 1);
  self->run = g_object_ref (run);
  self->socket = socket;
  self->heard = heard;
  self->data = data;
  self->source = g_socket_create_source (socket, G_IO_IN, NULL);
  g_source_set_callback (self->source, G_SOURCE_FUNC (readable_cb), self, NULL);
  g_source_attach (self->source, context);
  return self;
}

void
qs_experiment_twin_free (QsExperimentTwin *self)
{
  if (self == NULL)
    return;
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_object_unref (self->socket);
  g_object_unref (self->run);
  g_free (self);
}
