/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tap/qs-tap-relay.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/qs-error.h"
#include "base/qs-i18n.h"
#include "tap/qs-tap-private.h"
#include "trace/qs-trace-budget.h"

#define MAX_EVENTS 64
#define SWEEP_MS 1000
#define MAX_SILENCE_US (300 * G_USEC_PER_SEC) /* of a client, before its socket closes; RFC 4787 section 4.3 */
#define MAX_DRAIN_US (2 * G_USEC_PER_SEC)
#define MAX_TRIES 16 /* to find a port that is free for both */

/* --- Connections --- */

static void
begun_cb (QsFlow *flow, gpointer data)
{
  QsTapRelay *self = data;
  g_autoptr (QsTapConnection) connection = qs_tap_connection_new (flow->trace, FALSE);

  connection->flow = flow;
  qs_flow_hold (flow);
  flow->user = g_object_ref (connection);
  qs_trace_establish_budget (flow->trace);
  qs_tap_wire_announce (&self->wire, connection);
}

QsTrace *
qs_tap_relay_new_trace (QsTapRelay *self, GSocketAddress *client, GSocketAddress *server)
{
  g_autofree char *title = qs_socket_address_to_text (client);
  QsTrace *trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  qs_trace_set_budget (trace, self->budget);
  qs_trace_establish_budget (trace);
  qs_trace_set_title (trace, title);
  qs_trace_add_path (trace, client, server);
  return trace;
}

/* --- The thread --- */

gboolean
qs_tap_relay_watch (QsTapRelay *self, int fd, QsTapHandler *handler, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = handler };

  return epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void
qs_tap_relay_unwatch (QsTapRelay *self, int fd)
{
  epoll_ctl (self->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void
qs_tap_relay_change (QsTapRelay *self, int fd, QsTapHandler *handler, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = handler };

  epoll_ctl (self->epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

static void
take_impairment (QsTapRelay *self)
{
  g_mutex_lock (&self->wire.lock);
  QsImpairment *next = g_steal_pointer (&self->next_impairment);
  g_mutex_unlock (&self->wire.lock);
  if (next == NULL)
    return;
  g_clear_pointer (&self->impairment, qs_impairment_free);
  self->impairment = next;
  if (self->udp != NULL)
    qs_tap_udp_impair (self->udp);
}

static void
wake_ready (QsTapRelay *self, QsTapHandler *handler, guint32 events)
{
  guint64 count;

  if (read (self->wake_fd, &count, sizeof count) < 0)
    g_assert (errno == EAGAIN);
  take_impairment (self);
}

static void
wake_up (QsTapRelay *self)
{
  guint64 one = 1;

  if (write (self->wake_fd, &one, sizeof one) < 0)
    g_assert (errno == EAGAIN);
}

static void
sweep (QsTapRelay *self, gint64 *next)
{
  gint64 now = g_get_monotonic_time ();

  if (now < *next)
    return;
  *next = now + SWEEP_MS * 1000;
  if (self->udp != NULL)
    qs_tap_udp_sweep (self->udp, now - MAX_SILENCE_US);
  if (self->greetings != NULL)
    qs_tap_greetings_sweep (self->greetings, now);
  qs_tap_tcp_sweep (self->tcp);
}

static void
relay (QsTapRelay *self)
{
  struct epoll_event events[MAX_EVENTS];
  gint64 next_sweep = 0, end = G_MAXINT64;
  gboolean more = FALSE;

  for (;;)
    {
      int draining = g_atomic_int_get (&self->draining);
      int n = epoll_wait (self->epoll_fd, events, MAX_EVENTS, more || draining > 0 ? 0 : SWEEP_MS);

      if (draining > 0 && end == G_MAXINT64)
        end = g_get_monotonic_time () + MAX_DRAIN_US;
      if (draining > 1 || (draining > 0 && ((n == 0 && !more) || g_get_monotonic_time () > end)))
        return;
      for (int i = 0; i < n; i++)
        {
          QsTapHandler *handler = events[i].data.ptr;
          handler->ready (self, handler, events[i].events);
        }
      more = self->udp != NULL && qs_tap_udp_go_on (self->udp);
      g_ptr_array_set_size (self->gone, 0);
      sweep (self, &next_sweep);
    }
}

static gpointer
run (gpointer data)
{
  QsTapRelay *self = data;

  relay (self);
  g_atomic_int_set (&self->over, 1);
  return NULL;
}

/* --- As a wire --- */

static void
wire_start (QsTapWire *wire)
{
  qs_tap_relay_start ((QsTapRelay *) wire);
}

static void
wire_begin_stop (QsTapWire *wire, gboolean at_once)
{
  qs_tap_relay_begin_stop ((QsTapRelay *) wire, at_once);
}

static gboolean
wire_is_stopped (QsTapWire *wire)
{
  return qs_tap_relay_is_stopped ((QsTapRelay *) wire);
}

static void
wire_stop (QsTapWire *wire)
{
  qs_tap_relay_stop ((QsTapRelay *) wire);
}

static void
wire_learn (QsTapWire *wire, QsTapConnection *connection, QsSpan cid)
{
  qs_tap_relay_learn ((QsTapRelay *) wire, connection, cid);
}

static void
wire_end_trace (QsTapWire *wire, QsTapConnection *connection)
{
  qs_tap_relay_end_trace ((QsTapRelay *) wire, connection);
}

static void
wire_free (QsTapWire *wire)
{
  qs_tap_relay_free ((QsTapRelay *) wire);
}

static const QsTapWireClass wire_class = {
  .start = wire_start,
  .begin_stop = wire_begin_stop,
  .is_stopped = wire_is_stopped,
  .stop = wire_stop,
  .learn = wire_learn,
  .end_trace = wire_end_trace,
  .free = wire_free,
};

/* --- Public functions --- */

static void
close_fd (int fd)
{
  if (fd >= 0)
    close (fd);
}

static GSocketAddress *
with_port_of (GSocketAddress *address, GSocketAddress *other)
{
  return g_inet_socket_address_new (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)),
                                    g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (other)));
}

static gboolean
listen_on (QsTapRelay *self, GSocketAddress *listen, GError **error)
{
  gboolean any = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (listen)) == 0;

  /* The one that the kernel chooses for UDP may be somebody's for TCP. */
  for (guint i = 0; self->tcp == NULL && i < (any ? MAX_TRIES : 1); i++)
    {
      g_clear_error (error);
      g_clear_pointer (&self->udp, qs_tap_udp_free);
      g_clear_object (&self->address);
      self->udp = qs_tap_udp_new (self, listen, error);
      if (self->udp == NULL)
        return FALSE;
      g_autoptr (GSocketAddress) bound = qs_tap_udp_dup_address (self->udp);
      self->address = with_port_of (listen, bound);
      self->tcp = qs_tap_tcp_new (self, self->address, error);
    }
  return self->tcp != NULL;
}

/* Who listens for others, and leads them wherever they like, is an open proxy: so it is on loopback alone. */
static gboolean
listen_as_proxy (QsTapRelay *self, GSocketAddress *listen, GError **error)
{
  if (!g_inet_address_get_is_loopback (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (listen))))
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                           _ ("A proxy that leads anywhere listens on loopback alone, as on 127.0.0.1."));
      return FALSE;
    }
  self->tcp = qs_tap_tcp_new (self, listen, error);
  if (self->tcp == NULL)
    return FALSE;
  self->address = qs_tap_tcp_dup_address (self->tcp);
  self->greetings = qs_tap_greetings_new (self);
  if (self->greetings == NULL || self->address == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES, g_strerror (EMFILE));
  return self->greetings != NULL && self->address != NULL;
}

/* Of this machine's own addresses: whether nobody has that port, which binding it tells without a datagram. */
static gboolean
is_nobodys (GSocketAddress *address)
{
  static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
  GInetAddress *inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
  struct sockaddr_storage native;
  gboolean free_for_all = g_inet_address_get_is_loopback (inet);

  if (!g_socket_address_to_native (address, &native, sizeof native, NULL))
    return FALSE;
  for (guint i = 0; free_for_all && i < G_N_ELEMENTS (types); i++)
    {
      const struct sockaddr *name = (const struct sockaddr *) &native;
      int fd = socket (name->sa_family, types[i] | SOCK_CLOEXEC, 0);
      /* A family that is not there is nobody's either; a port of the system's may not be bound, and may be somebody's. */
      free_for_all = fd < 0 || bind (fd, name, qs_sockaddr_length (name)) == 0 || errno == EADDRNOTAVAIL;
      close_fd (fd);
    }
  return free_for_all;
}

/* A name as localhost has two addresses, and its server is at one of them often. The order stays but for those. */
static GPtrArray *
order_servers (GPtrArray *servers)
{
  GPtrArray *ordered = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < servers->len; i++)
      if (servers->len == 1 ? pass == 0 : is_nobodys (servers->pdata[i]) == (pass == 1))
        g_ptr_array_add (ordered, g_object_ref (servers->pdata[i]));
  return ordered;
}

QsTapRelay *
qs_tap_relay_new (const QsTapRelayOptions *options, GError **error)
{
  g_return_val_if_fail (options != NULL && G_IS_INET_SOCKET_ADDRESS (options->listen), NULL);
  g_return_val_if_fail (options->servers == NULL || options->servers->len > 0, NULL);

  g_autoptr (QsTapRelay) self = g_new0 (QsTapRelay, 1);
  qs_tap_wire_init (&self->wire, &wire_class);
  self->wire.format = "relay";
  if (options->servers != NULL)
    self->servers = order_servers (options->servers);
  self->budget = options->budget;
  self->scratch = g_malloc (QS_TAP_SCRATCH);
  self->gone = g_ptr_array_new_with_free_func (g_free);
  if (self->servers != NULL)
    self->flows = qs_flows_new_for_client (self->servers->pdata[0], self->budget, begun_cb, self);
  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  self->wake.ready = wake_ready;
  if (self->epoll_fd < 0 || self->wake_fd < 0 || !qs_tap_relay_watch (self, self->wake_fd, &self->wake, EPOLLIN))
    {
      int why = errno;
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (why), "epoll: %s", g_strerror (why));
      return NULL;
    }
  if (options->impairment != NULL)
    self->impairment = qs_impairment_new (options->impairment, error);
  gboolean (*begin) (QsTapRelay *, GSocketAddress *, GError **) = self->servers != NULL ? listen_on : listen_as_proxy;
  if ((options->impairment != NULL && self->impairment == NULL) || !begin (self, options->listen, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
qs_tap_relay_allow_many (void)
{
  struct rlimit files;

  if (getrlimit (RLIMIT_NOFILE, &files) != 0)
    return;
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
}

GSocketAddress *
qs_tap_relay_get_address (QsTapRelay *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  return self->address;
}

void
qs_tap_relay_start (QsTapRelay *self)
{
  g_return_if_fail (self != NULL && self->thread == NULL);

  self->thread = g_thread_new ("tap", run, self);
}

void
qs_tap_relay_set_impairment (QsTapRelay *self, QsImpairment *impairment)
{
  g_return_if_fail (self != NULL && impairment != NULL);

  g_mutex_lock (&self->wire.lock);
  g_clear_pointer (&self->next_impairment, qs_impairment_free);
  self->next_impairment = impairment;
  g_mutex_unlock (&self->wire.lock);
  wake_up (self);
}

void
qs_tap_relay_begin_stop (QsTapRelay *self, gboolean at_once)
{
  g_return_if_fail (self != NULL);

  g_atomic_int_set (&self->draining, at_once ? 2 : 1);
  wake_up (self);
}

gboolean
qs_tap_relay_is_stopped (QsTapRelay *self)
{
  g_return_val_if_fail (self != NULL, TRUE);

  return self->thread == NULL || g_atomic_int_get (&self->over) != 0;
}

void
qs_tap_relay_stop (QsTapRelay *self)
{
  g_return_if_fail (self != NULL);

  if (self->thread == NULL)
    return;
  if (g_atomic_int_get (&self->draining) == 0)
    qs_tap_relay_begin_stop (self, FALSE);
  g_thread_join (g_steal_pointer (&self->thread));
  g_clear_pointer (&self->udp, qs_tap_udp_free);
  g_clear_pointer (&self->greetings, qs_tap_greetings_free);
  g_clear_pointer (&self->tcp, qs_tap_tcp_free);
  g_ptr_array_set_size (self->gone, 0);
}

void
qs_tap_relay_free (QsTapRelay *self)
{
  qs_tap_relay_stop (self);
  g_clear_pointer (&self->udp, qs_tap_udp_free);
  g_clear_pointer (&self->greetings, qs_tap_greetings_free);
  g_clear_pointer (&self->tcp, qs_tap_tcp_free);
  for (QsTapConnection *connection; (connection = qs_tap_wire_pop (&self->wire)) != NULL;)
    {
      qs_tap_relay_end_trace (self, connection);
      g_object_unref (connection);
    }
  g_clear_pointer (&self->flows, qs_flows_free);
  close_fd (self->epoll_fd);
  close_fd (self->wake_fd);
  g_ptr_array_unref (self->gone);
  g_clear_pointer (&self->servers, g_ptr_array_unref);
  g_clear_pointer (&self->impairment, qs_impairment_free);
  g_clear_pointer (&self->next_impairment, qs_impairment_free);
  g_clear_object (&self->address);
  qs_tap_wire_clear (&self->wire);
  g_free (self->scratch);
  g_free (self);
}

QsTapConnection *
qs_tap_relay_pop (QsTapRelay *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return qs_tap_wire_pop (&self->wire);
}

void
qs_tap_relay_get_figures (QsTapRelay *self, QsTapFigures *figures)
{
  g_return_if_fail (self != NULL && figures != NULL);

  g_mutex_lock (&self->wire.lock);
  *figures = self->figures;
  g_mutex_unlock (&self->wire.lock);
}

gboolean
qs_tap_relay_is_over (QsTapRelay *self, QsTapConnection *connection, gint64 *since)
{
  g_return_val_if_fail (self != NULL && QS_IS_TAP_CONNECTION (connection) && since != NULL, FALSE);

  return qs_tap_wire_is_over (&self->wire, connection, since);
}

void
qs_tap_relay_learn (QsTapRelay *self, QsTapConnection *connection, QsSpan cid)
{
  g_return_if_fail (self != NULL && QS_IS_TAP_CONNECTION (connection));

  g_mutex_lock (&self->wire.lock);
  if (connection->flow != NULL)
    qs_flows_learn (self->flows, connection->flow, cid.data, cid.length);
  g_mutex_unlock (&self->wire.lock);
}

void
qs_tap_relay_end_trace (QsTapRelay *self, QsTapConnection *connection)
{
  g_return_if_fail (self != NULL && QS_IS_TAP_CONNECTION (connection));

  g_mutex_lock (&self->wire.lock);
  QsFlow *flow = g_steal_pointer (&connection->flow);
  if (flow != NULL)
    {
      qs_flow_end_trace (flow);
      flow->user = NULL;
      qs_flow_release (flow);
    }
  g_mutex_unlock (&self->wire.lock);
  if (flow != NULL)
    g_object_unref (connection);
}
