/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-server.h"

#include <errno.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "formats/qs-file-writer.h"
#include "net/qs-impairment.h"
#include "server/qs-endpoint.h"

#define MAX_KEPT 200     /* connections in the list */
#define PORT_ATTEMPTS 64 /* for a number that is free with UDP and with TCP */
#define BACKLOG 128

struct _QsServer {
  GObject parent;
  QsServerOptions *options;
  QsBehaviour behaviour;
  char *alt_svc;
  QsImpairment *impairment; /* NULL: none */
  QsServerTls *tls;
  QsQuicEndpoint *quic;
  QsTcpEndpoint *tcp;
  guint16 port;
  char *address;
  char *ca_pem;
  guint accept_queue_length, accept_queue_peak;
  GListStore *connections;
  GSource *stop; /* options.once: the stop is on its way */
};

G_DEFINE_FINAL_TYPE (QsServer, qs_server, G_TYPE_OBJECT)

enum { PROP_RUNNING = 1, PROP_PORT, PROP_ACCEPT_QUEUE_LENGTH, N_PROPS };
static GParamSpec *props[N_PROPS];

enum { CONNECTION_ADDED, CONNECTION_CHANGED, CONNECTION_REMOVED, EVENT, N_SIGNALS };
static guint signals[N_SIGNALS];

/* --- What the endpoints report --- */

static void
emit_event (QsServer *self, QsServerConnection *connection, const char *text)
{
  g_autofree char *line = g_strdup_printf ("%s: %s", qs_server_connection_get_peer (connection), text);

  g_signal_emit (self, signals[EVENT], 0, line);
}

static void
connection_notify_cb (QsServerConnection *connection, GParamSpec *pspec, gpointer data)
{
  g_signal_emit (data, signals[CONNECTION_CHANGED], 0, connection);
}

/* The oldest that has ended, so that a long life does not grow the list. */
static void
trim (QsServer *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->connections));

  for (guint i = 0; i < n && n > MAX_KEPT; i++)
    {
      g_autoptr (QsServerConnection) oldest = g_list_model_get_item (G_LIST_MODEL (self->connections), i);
      if (qs_server_connection_get_serving_state (oldest) < QS_SERVING_CLOSED)
        continue;
      g_list_store_remove (self->connections, i);
      g_signal_emit (self, signals[CONNECTION_REMOVED], 0, oldest);
      return;
    }
}

static void
added_cb (QsServerConnection *connection, gpointer data)
{
  QsServer *self = data;

  g_list_store_append (self->connections, connection);
  g_signal_connect_object (connection, "notify", G_CALLBACK (connection_notify_cb), self, 0);
  g_signal_emit (self, signals[CONNECTION_ADDED], 0, connection);
  trim (self);
}

static gboolean
stop_cb (gpointer data)
{
  qs_server_stop (data);
  return G_SOURCE_REMOVE;
}

static void
ended_cb (QsServerConnection *connection, gpointer data)
{
  QsServer *self = data;
  g_autofree char *end = NULL;

  g_object_get (connection, "end", &end, NULL);
  emit_event (self, connection, end);
  if (!self->options->once || self->stop != NULL)
    return;
  /* Not from within the endpoint's own turn. */
  self->stop = g_idle_source_new ();
  g_source_set_callback (self->stop, stop_cb, self, NULL);
  g_source_attach (self->stop, g_main_context_get_thread_default ());
}

static void
event_cb (QsServerConnection *connection, const char *text, gpointer data)
{
  emit_event (data, connection, text);
}

static void
queue_changed_cb (guint length, gpointer data)
{
  QsServer *self = data;

  self->accept_queue_length = length;
  self->accept_queue_peak = MAX (self->accept_queue_peak, length);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ACCEPT_QUEUE_LENGTH]);
}

static const QsEndpointHost host = {
  .added = added_cb,
  .ended = ended_cb,
  .event = event_cb,
  .queue_changed = queue_changed_cb,
};

/* --- Binding --- */

static GSocketAddress *
parse_address (QsServer *self, guint16 port, GError **error)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (self->options->address);

  if (inet == NULL)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                   _ ("“%s” is no address to listen on; give a literal one as 127.0.0.1, or :: for all"),
                   self->options->address);
      return NULL;
    }
  return g_inet_socket_address_new (inet, port);
}

static void
say_why_not (QsServer *self, const char *protocol, guint16 port, const GError *cause, GError **error)
{
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    g_set_error (error, QS_ERROR, QS_ERROR_NETWORK,
                 _ ("Port %u of %s is taken (%s); stop what listens there or choose another port, 0 for any free one"),
                 port, self->options->address, protocol);
  else if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    g_set_error (error, QS_ERROR, QS_ERROR_NETWORK,
                 _ ("You are not allowed to listen on port %u (%s); choose one from 1024 on, or 0 for any free one"),
                 port, protocol);
  else
    g_set_error (error, QS_ERROR, QS_ERROR_NETWORK, _ ("Port %u of %s cannot be listened on (%s): %s"), port,
                 self->options->address, protocol, cause->message);
}

static QsUdpBio *
bind_udp (QsServer *self, GSocketAddress *address, GError **error)
{
  gboolean v6 = g_socket_address_get_family (address) == G_SOCKET_FAMILY_IPV6;
  g_autoptr (QsUdpBio) bio = qs_udp_bio_new (v6 ? AF_INET6 : AF_INET, QS_UDP_BIO_PLAIN, error);

  if (bio == NULL || !qs_udp_bio_bind (bio, address, error))
    return NULL;
  return g_steal_pointer (&bio);
}

static GSocket *
bind_tcp (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket =
      g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL)
    return NULL;
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  /* reuse: a stopped server's connections in TIME_WAIT do not keep its port */
  if (!g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;
  return g_steal_pointer (&socket);
}

static gboolean
fail_without_port (GError **error)
{
  g_set_error_literal (error, QS_ERROR, QS_ERROR_NETWORK,
                       _ ("The system does not tell which port was bound: start the server again."));
  return FALSE;
}

static guint16
port_of (QsUdpBio *bio)
{
  g_autoptr (GSocketAddress) local = qs_udp_bio_dup_local_address (bio);

  return G_IS_INET_SOCKET_ADDRESS (local) ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local)) : 0;
}

/* UDP and, where wanted, TCP on one number. When the kernel chooses it for UDP, it may be taken for TCP: then the
 * sockets that failed are held until the search ends, so that the kernel does not choose them again. */
static QsUdpBio *
bind_both (QsServer *self, GSocket **tcp, GError **error)
{
  g_autoptr (GPtrArray) held = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_udp_bio_unref);
  guint attempts = self->options->port == 0 && self->options->tcp ? PORT_ATTEMPTS : 1;

  for (guint i = 1;; i++)
    {
      g_autoptr (GError) cause = NULL;
      g_autoptr (GSocketAddress) address = parse_address (self, self->options->port, error);
      g_autoptr (QsUdpBio) bio = address != NULL ? bind_udp (self, address, &cause) : NULL;
      if (bio == NULL)
        {
          if (address != NULL)
            say_why_not (self, "UDP", self->options->port, cause, error);
          return NULL;
        }
      self->port = port_of (bio);
      if (self->port == 0)
        {
          g_set_error_literal (error, QS_ERROR, QS_ERROR_NETWORK,
                               _ ("The system does not tell the port that was bound."));
          return NULL;
        }
      if (!self->options->tcp)
        return g_steal_pointer (&bio);
      g_autoptr (GSocketAddress) same = parse_address (self, self->port, NULL);
      *tcp = bind_tcp (same, &cause);
      if (*tcp != NULL)
        return g_steal_pointer (&bio);
      if (i == attempts)
        {
          say_why_not (self, "TCP", self->port, cause, error);
          return NULL;
        }
      g_ptr_array_add (held, g_steal_pointer (&bio));
    }
}

static gboolean
wants_retry (QsServer *self)
{
  return self->behaviour.retry_on || (self->options->retry && !self->behaviour.retry_off);
}

/* A scenario's rules stand behind a person's own, which may begin with a preset: both hold, and the scenario has what
 * it needs. */
static gboolean
read_path (QsServer *self, GError **error)
{
  const char *own = self->options->impairment, *needed = self->behaviour.path;

  g_clear_pointer (&self->impairment, qs_impairment_free);
  if (own == NULL && needed == NULL)
    return TRUE;
  g_autofree char *both = own != NULL && needed != NULL ? g_strdup_printf ("%s,%s", own, needed) : NULL;
  self->impairment = qs_impairment_new (both != NULL ? both : own != NULL ? own : needed, error);
  return self->impairment != NULL;
}

/* Before OpenSSL asks for the descriptor to poll, which becomes another one. */
static gboolean
impair (QsServer *self, QsUdpBio *bio, GError **error)
{
  return self->impairment == NULL || qs_impairment_apply (self->impairment, bio, FALSE, error);
}

/* RFC 7838 section 3: HTTP/3 on the port of this server itself, known once that is bound. */
static void
advertise (QsServer *self)
{
  if (!self->behaviour.advertises)
    return;
  g_free (self->alt_svc);
  self->alt_svc = g_strdup_printf ("h3=\":%u\"; ma=86400", self->port);
  self->behaviour.answer.alt_svc = self->alt_svc;
}

static gboolean
open_endpoints (QsServer *self, GError **error)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (QsUdpBio) bio = bind_both (self, &socket, error);

  if (bio == NULL || !impair (self, bio, error))
    return FALSE;
  g_autoptr (GSocketAddress) local = qs_udp_bio_dup_local_address (bio);
  if (!G_IS_INET_SOCKET_ADDRESS (local))
    return fail_without_port (error);
  advertise (self);
  self->quic = qs_quic_endpoint_new (bio, self->tls, &self->behaviour, wants_retry (self), self->options->record, &host,
                                     self, error);
  if (self->quic == NULL)
    return FALSE;
  if (socket != NULL)
    self->tcp = qs_tcp_endpoint_new (socket, self->tls, &self->behaviour, self->options->record,
                                     self->options->tcp_handshake_ms, &host, self);
  g_free (self->address);
  self->address = qs_socket_address_to_text (local);
  return TRUE;
}

/* --- GObject --- */

static void
qs_server_get_gobject_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  QsServer *self = QS_SERVER (object);

  switch (id)
    {
    case PROP_RUNNING:
      g_value_set_boolean (value, qs_server_get_running (self));
      break;
    case PROP_PORT:
      g_value_set_uint (value, self->port);
      break;
    case PROP_ACCEPT_QUEUE_LENGTH:
      g_value_set_uint (value, self->accept_queue_length);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
qs_server_dispose (GObject *object)
{
  qs_server_stop (QS_SERVER (object));
  G_OBJECT_CLASS (qs_server_parent_class)->dispose (object);
}

static void
qs_server_finalize (GObject *object)
{
  QsServer *self = QS_SERVER (object);

  g_clear_pointer (&self->options, qs_server_options_free);
  g_clear_pointer (&self->impairment, qs_impairment_free);
  g_free (self->address);
  g_free (self->alt_svc);
  g_free (self->ca_pem);
  g_clear_object (&self->connections);
  G_OBJECT_CLASS (qs_server_parent_class)->finalize (object);
}

static void
qs_server_class_init (QsServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = qs_server_get_gobject_property;
  object_class->dispose = qs_server_dispose;
  object_class->finalize = qs_server_finalize;
  props[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE, flags);
  props[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, G_MAXUINT16, 0, flags);
  props[PROP_ACCEPT_QUEUE_LENGTH] = g_param_spec_uint ("accept-queue-length", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);

  static const struct {
    const char *name;
    guint id;
  } of_connections[] = {
    { "connection-added", CONNECTION_ADDED },
    { "connection-changed", CONNECTION_CHANGED },
    { "connection-removed", CONNECTION_REMOVED },
  };
  for (guint i = 0; i < G_N_ELEMENTS (of_connections); i++)
    signals[of_connections[i].id] = g_signal_new (of_connections[i].name, QS_TYPE_SERVER, G_SIGNAL_RUN_LAST, 0, NULL,
                                                  NULL, NULL, G_TYPE_NONE, 1, QS_TYPE_SERVER_CONNECTION);
  signals[EVENT] =
      g_signal_new ("event", QS_TYPE_SERVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
qs_server_init (QsServer *self)
{
  self->connections = g_list_store_new (QS_TYPE_SERVER_CONNECTION);
}

/* --- Public --- */

QsServer *
qs_server_new (const QsServerOptions *options)
{
  g_return_val_if_fail (options != NULL, NULL);

  QsServer *self = g_object_new (QS_TYPE_SERVER, NULL);
  self->options = qs_server_options_copy (options);
  return self;
}

gboolean
qs_server_start (QsServer *self, GError **error)
{
  g_return_val_if_fail (QS_IS_SERVER (self) && self->quic == NULL, FALSE);

  if ((self->options->cert_file == NULL) != (self->options->key_file == NULL))
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                           _ ("A certificate needs its key and a key its certificate; give both or none"));
      return FALSE;
    }
  if (!qs_scenarios_combine ((const char *const *) self->options->scenarios, &self->behaviour, error) ||
      !read_path (self, error))
    return FALSE;
  if (self->options->cert_file != NULL && self->behaviour.leaf != QS_LEAF_GOOD)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                           _ ("The scenario brings its own certificate: leave out the scenario, or the certificate and "
                              "its key"));
      return FALSE;
    }
  self->tls = qs_server_tls_new (self->options, &self->behaviour, error);
  if (self->tls == NULL)
    return FALSE;
  if (!open_endpoints (self, error))
    {
      self->port = 0;
      g_clear_pointer (&self->tls, qs_server_tls_free);
      return FALSE;
    }
  self->accept_queue_peak = 0;
  g_free (self->ca_pem);
  QsThrowawayCa *ca = qs_server_tls_get_ca (self->tls);
  self->ca_pem = ca != NULL ? g_strdup (qs_throwaway_ca_get_pem (ca)) : NULL;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PORT]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RUNNING]);
  return TRUE;
}

void
qs_server_stop (QsServer *self)
{
  g_return_if_fail (QS_IS_SERVER (self));

  if (self->stop != NULL)
    {
      g_source_destroy (self->stop);
      g_clear_pointer (&self->stop, g_source_unref);
    }
  if (self->quic == NULL)
    return;

  /* Handlers of the signals on the way may drop the last reference. */
  g_autoptr (QsServer) hold = g_object_ref (self);
  QsQuicEndpoint *quic = g_steal_pointer (&self->quic);
  QsTcpEndpoint *tcp = g_steal_pointer (&self->tcp);
  qs_quic_endpoint_free (quic);
  g_clear_pointer (&tcp, qs_tcp_endpoint_free);
  g_clear_pointer (&self->tls, qs_server_tls_free);
  if (self->stop != NULL) /* by an end just now */
    {
      g_source_destroy (self->stop);
      g_clear_pointer (&self->stop, g_source_unref);
    }
  self->accept_queue_length = 0;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_RUNNING]);
}

gboolean
qs_server_get_running (QsServer *self)
{
  g_return_val_if_fail (QS_IS_SERVER (self), FALSE);

  return self->quic != NULL;
}

guint16
qs_server_get_port (QsServer *self)
{
  g_return_val_if_fail (QS_IS_SERVER (self), 0);

  return self->port;
}

const char *
qs_server_get_address (QsServer *self)
{
  g_return_val_if_fail (QS_IS_SERVER (self), NULL);

  return self->address;
}

guint
qs_server_get_accept_queue_length (QsServer *self)
{
  g_return_val_if_fail (QS_IS_SERVER (self), 0);

  return self->accept_queue_length;
}

guint
qs_server_get_accept_queue_peak (QsServer *self)
{
  g_return_val_if_fail (QS_IS_SERVER (self), 0);

  return self->accept_queue_peak;
}

const char *
qs_server_get_ca_pem (QsServer *self)
{
  g_return_val_if_fail (QS_IS_SERVER (self), NULL);

  return self->ca_pem;
}

gboolean
qs_server_write_ca (QsServer *self, const char *path, GError **error)
{
  g_return_val_if_fail (QS_IS_SERVER (self) && path != NULL, FALSE);

  if (self->ca_pem == NULL)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_FAILED,
                           _ ("There is no throwaway authority to write: a certificate was given, or the server has "
                              "not started"));
      return FALSE;
    }
  /* Aside, then renamed: who waits for the file never reads half of it. */
  return qs_file_write (path, 0644, self->ca_pem, strlen (self->ca_pem), error);
}

GListModel *
qs_server_get_connections (QsServer *self)
{
  g_return_val_if_fail (QS_IS_SERVER (self), NULL);

  return G_LIST_MODEL (self->connections);
}

static QsTrace *
find_tls_trace (QsServer *self, const char *peer)
{
  for (guint i = g_list_model_get_n_items (G_LIST_MODEL (self->connections)); i > 0; i--)
    {
      g_autoptr (QsServerConnection) connection = g_list_model_get_item (G_LIST_MODEL (self->connections), i - 1);
      g_autofree char *transport = NULL;

      g_object_get (connection, "transport", &transport, NULL);
      QsTrace *trace = qs_server_connection_get_trace (connection);
      if (trace != NULL && g_str_equal (transport, "tls") &&
          g_str_equal (qs_server_connection_get_peer (connection), peer))
        return g_object_ref (trace);
    }
  return NULL;
}

QsTrace *
qs_server_find_trace (QsServer *self, GSocketAddress *peer)
{
  g_return_val_if_fail (QS_IS_SERVER (self) && G_IS_SOCKET_ADDRESS (peer), NULL);

  g_autofree char *text = qs_socket_address_to_text (peer);
  QsTrace *trace = self->quic != NULL ? qs_quic_endpoint_find_trace (self->quic, text) : NULL;
  return trace != NULL ? trace : find_tls_trace (self, text);
}
