/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-server-connection-private.h"

#include <inttypes.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "engine/qs-outcome.h"

struct _QsServerConnection {
  GObject parent;
  const char *transport;
  QsServingState state;
  char *peer, *alpn, *end, *about;
  guint n_streams;
  guint64 received, sent;
  guint notified_streams;
  guint64 notified_received, notified_sent;
  QsTrace *trace;
};

G_DEFINE_FINAL_TYPE (QsServerConnection, qs_server_connection, G_TYPE_OBJECT)

enum {
  PROP_STATE = 1,
  PROP_PEER,
  PROP_ALPN,
  PROP_N_STREAMS,
  PROP_BYTES_RECEIVED,
  PROP_BYTES_SENT,
  PROP_TRANSPORT,
  PROP_END,
  N_PROPS
};
static GParamSpec *props[N_PROPS];

/* Names that programs read, not translated. The edges: forward only. */
static const char *const state_names[] = {
  [QS_SERVING_HANDSHAKE] = "handshaking",
  [QS_SERVING_ESTABLISHED] = "established",
  [QS_SERVING_CLOSED] = "closed",
  [QS_SERVING_FAILED] = "failed",
};

static void
set_state (QsServerConnection *self, QsServingState state)
{
  g_assert (state > self->state && self->state < QS_SERVING_CLOSED);

  self->state = state;
  if (self->trace != NULL)
    qs_trace_add_mark (self->trace, QS_MARK_STATE, state_names[state], state, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_STATE]);
}

static void
qs_server_connection_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsServerConnection *self = QS_SERVER_CONNECTION (object);

  switch (id)
    {
    case PROP_STATE:
      g_value_set_string (value, state_names[self->state]);
      break;
    case PROP_PEER:
      g_value_set_string (value, self->peer);
      break;
    case PROP_ALPN:
      g_value_set_string (value, self->alpn);
      break;
    case PROP_N_STREAMS:
      g_value_set_uint (value, self->n_streams);
      break;
    case PROP_BYTES_RECEIVED:
      g_value_set_uint64 (value, self->received);
      break;
    case PROP_BYTES_SENT:
      g_value_set_uint64 (value, self->sent);
      break;
    case PROP_TRANSPORT:
      g_value_set_string (value, self->transport);
      break;
    case PROP_END:
      g_value_set_string (value, self->end);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_server_connection_finalize (GObject *object)
{
  QsServerConnection *self = QS_SERVER_CONNECTION (object);

  g_free (self->peer);
  g_free (self->alpn);
  g_free (self->end);
  g_free (self->about);
  g_clear_object (&self->trace);
  G_OBJECT_CLASS (qs_server_connection_parent_class)->finalize (object);
}

static void
qs_server_connection_class_init (QsServerConnectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = qs_server_connection_get_property;
  object_class->finalize = qs_server_connection_finalize;
  props[PROP_STATE] = g_param_spec_string ("state", NULL, NULL, "handshaking", flags);
  props[PROP_PEER] = g_param_spec_string ("peer", NULL, NULL, NULL, flags);
  props[PROP_ALPN] = g_param_spec_string ("alpn", NULL, NULL, NULL, flags);
  props[PROP_N_STREAMS] = g_param_spec_uint ("n-streams", NULL, NULL, 0, G_MAXUINT, 0, flags);
  props[PROP_BYTES_RECEIVED] = g_param_spec_uint64 ("bytes-received", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_BYTES_SENT] = g_param_spec_uint64 ("bytes-sent", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  props[PROP_TRANSPORT] = g_param_spec_string ("transport", NULL, NULL, "quic", flags);
  props[PROP_END] = g_param_spec_string ("end", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
qs_server_connection_init (QsServerConnection *self)
{
  self->peer = g_strdup ("");
}

QsServerConnection *
qs_server_connection_new (const char *transport)
{
  QsServerConnection *self = g_object_new (QS_TYPE_SERVER_CONNECTION, NULL);

  self->transport = transport;
  return self;
}

/* OpenSSL hands a connection over when it has answered its first flight: by then the handshake is well under way, and has its
 * first secrets. */
static void
mark_handshaking (QsTrace *trace, const char *name)
{
  QsMark mark = { .kind = QS_MARK_STATE, .name = name, .value = QS_SERVING_HANDSHAKE, .stream = -1 };
  gint64 time = qs_trace_now (trace);
  QsRecord record;

  for (guint i = 0; i < qs_trace_get_n_records (trace); i++)
    {
      qs_trace_get_record (trace, i, &record);
      if (record.kind != QS_RECORD_SECRET)
        continue;
      time = record.time - 1;
      break;
    }
  qs_trace_add_mark_full (trace, time, &mark);
}

void
qs_server_connection_set_peer (QsServerConnection *self, const char *peer, QsTrace *trace)
{
  g_free (self->peer);
  self->peer = g_strdup (peer);
  g_set_object (&self->trace, trace);
  if (trace != NULL && self->state == QS_SERVING_HANDSHAKE)
    mark_handshaking (trace, state_names[self->state]);
  else if (trace != NULL)
    qs_trace_add_mark (trace, QS_MARK_STATE, state_names[self->state], self->state, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PEER]);
}

const char *
qs_server_connection_get_peer (QsServerConnection *self)
{
  return self->peer;
}

QsServingState
qs_server_connection_get_serving_state (QsServerConnection *self)
{
  return self->state;
}

typedef struct {
  QsTrace *trace; /* NULL: not recorded */
  GString *about;
} FactUse;

static void
fact_cb (const char *name, const char *value, gpointer data)
{
  FactUse *use = data;

  if (use->trace != NULL)
    qs_trace_add_fact (use->trace, name, value);
  g_string_append_printf (use->about, "%s: %s\n", name, value);
}

void
qs_server_connection_set_established (QsServerConnection *self, SSL *ssl)
{
  const unsigned char *alpn = NULL;
  unsigned length = 0;
  GString *about = g_string_new ("This is Quicscope's local server.\n\n");

  SSL_get0_alpn_selected (ssl, &alpn, &length);
  self->alpn = length > 0 ? qs_text_escape (alpn, (gssize) length) : NULL;
  g_string_append_printf (about, "peer: %s\ntransport: %s\n", self->peer, self->transport);
  qs_outcome_foreach_fact (ssl, fact_cb, &(FactUse){ self->trace, about });
  g_free (self->about);
  self->about = g_string_free (about, FALSE);
  if (self->trace != NULL)
    qs_trace_add_mark (self->trace, QS_MARK_HANDSHAKE_DONE, NULL, 0, NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ALPN]);
  set_state (self, QS_SERVING_ESTABLISHED);
}

void
qs_server_connection_set_ended (QsServerConnection *self, gboolean failed, const char *text)
{
  if (self->state >= QS_SERVING_CLOSED)
    return;

  qs_server_connection_flush (self);
  self->end = g_strdup (text);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_END]);
  set_state (self, failed ? QS_SERVING_FAILED : QS_SERVING_CLOSED);
}

void
qs_server_connection_count (QsServerConnection *self, guint64 received, guint64 sent)
{
  self->received += received;
  self->sent += sent;
}

void
qs_server_connection_add_stream (QsServerConnection *self)
{
  self->n_streams++;
}

void
qs_server_connection_flush (QsServerConnection *self)
{
  g_object_freeze_notify (G_OBJECT (self));
  if (self->notified_streams != self->n_streams)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_N_STREAMS]);
  if (self->notified_received != self->received)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BYTES_RECEIVED]);
  if (self->notified_sent != self->sent)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_BYTES_SENT]);
  self->notified_streams = self->n_streams;
  self->notified_received = self->received;
  self->notified_sent = self->sent;
  g_object_thaw_notify (G_OBJECT (self));
}

const char *
qs_server_connection_get_about (QsServerConnection *self)
{
  return self->about != NULL ? self->about : "";
}

char *
qs_server_connection_describe (QsServerConnection *self)
{
  g_autofree char *streams = g_strdup_printf (ngettext ("%u stream", "%u streams", self->n_streams), self->n_streams);

  /* Translators: a peer's address, "quic" or "tls", the ALPN, "3 streams", bytes, bytes, how it ended. */
  return g_strdup_printf (_ ("%s %s %s, %s, %" PRIu64 " bytes received, %" PRIu64 " sent: %s"), self->peer,
                          self->transport, self->alpn != NULL ? self->alpn : "-", streams, self->received, self->sent,
                          self->end != NULL ? self->end : state_names[self->state]);
}

QsTrace *
qs_server_connection_get_trace (QsServerConnection *self)
{
  g_return_val_if_fail (QS_IS_SERVER_CONNECTION (self), NULL);

  return self->trace;
}
