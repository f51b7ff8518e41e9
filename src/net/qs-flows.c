/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-flows.h"

#include <netinet/in.h>
#include <string.h>

#include "trace/qs-trace-budget.h"

/* Initials that never became a connection: spoofed ones cost no more than this. */
#define MAX_FLOWS 1024

/* What is kept of one that never became a connection, or is none any more: nobody looks at it, and its sender may be made
 * up. A client that is answered by Retry needs three datagrams until it is one. */
#define MAX_UNOWNED 64

/* Connection ids of one flow, and addresses: each Retry has an id, and an Initial that comes again and again has as many. */
#define MAX_IDS 32
#define MAX_ADDRESSES 16

/* A server keeps many traces at once. */
#define TRACE_PAYLOAD_LIMIT (8 * 1024 * 1024)

struct _QsFlows {
  gboolean record;
  QsVantage vantage;
  guint64 budget;
  GSocketAddress *server;
  QsFlowsFunc begun;
  gpointer data;
  QsFlowTable *table; /* a client's id counts at its address alone, a server's everywhere */
};

static void
flow_free (QsFlowOwner *owner, gpointer data)
{
  QsFlow *flow = (QsFlow *) owner;

  g_free (flow->peer);
  g_clear_object (&flow->trace);
  g_free (flow);
}

/* Not the whole sockaddr: sin_zero and sin6_flowinfo are nobody's identity. */
QsFlowEnd
qs_flow_end_of (const struct sockaddr *peer)
{
  QsFlowEnd end = { .address = { [10] = 0xff, [11] = 0xff } };

  if (peer->sa_family == AF_INET6)
    {
      const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) peer;
      memcpy (end.address, &in6->sin6_addr, sizeof end.address);
      end.port = ntohs (in6->sin6_port);
    }
  else
    {
      const struct sockaddr_in *in = (const struct sockaddr_in *) peer;
      memcpy (end.address + 12, &in->sin_addr, sizeof in->sin_addr);
      end.port = ntohs (in->sin_port);
    }
  return end;
}

static QsFlowRoute *
route_of (QsFlows *self, const QsFlowEnd *end, gboolean create)
{
  QsFlowKey key;

  qs_flow_key_init (&key, end, NULL, FALSE);
  return qs_flow_table_get_route (self->table, &key, create);
}

static QsFlow *
find (QsFlows *self, const QsFlowRoute *route, QsSpan cid)
{
  return (QsFlow *) qs_flow_table_find_id (self->table, route, cid);
}

static QsFlow *
owner_of (const QsFlowRoute *route)
{
  return route != NULL ? (QsFlow *) route->owner : NULL;
}

static guint16
add_path (QsFlows *self, QsFlow *flow, GSocketAddress *client)
{
  gboolean is_server = self->vantage == QS_VANTAGE_SERVER;

  return qs_trace_add_path (flow->trace, is_server ? self->server : client, is_server ? client : self->server);
}

static void
begin_trace (QsFlows *self, QsFlow *flow, GSocketAddress *client, gint64 time)
{
  flow->trace = qs_trace_new (self->vantage, NULL);
  if (self->vantage == QS_VANTAGE_CLIENT) /* it begins when the datagram leaves, which was a moment ago */
    qs_trace_set_origin (flow->trace, time);
  qs_trace_set_budget (flow->trace, self->budget);
  if (self->vantage == QS_VANTAGE_SERVER)
    qs_trace_set_payload_limit (flow->trace, TRACE_PAYLOAD_LIMIT);
  qs_trace_set_title (flow->trace, flow->peer);
  flow->path = add_path (self, flow, client);
}

static QsFlow *
begin (QsFlows *self, const QsUdpDatagram *datagram, const QsFlowEnd *end, QsSpan dcid, QsSpan scid)
{
  QsFlow *flow = g_new0 (QsFlow, 1);
  g_autoptr (GSocketAddress) remote = qs_sockaddr_to_gio (datagram->peer);

  qs_flow_table_begin (self->table, &flow->owner);
  flow->table = self->table;
  flow->peer = qs_socket_address_to_text (remote);
  flow->end = flow->begun_at = *end;
  flow->first_dcid_length = (guint8) dcid.length;
  if (dcid.length > 0)
    memcpy (flow->first_dcid, dcid.data, dcid.length);
  flow->client_cid_length = (guint8) scid.length;
  if (scid.length > 0)
    memcpy (flow->client_cid, scid.data, scid.length);
  if (self->record)
    begin_trace (self, flow, remote, datagram->time);
  QsFlowRoute *route = route_of (self, end, TRUE);
  qs_flow_table_set_route (self->table, route, &flow->owner);
  qs_flow_table_add_id (self->table, route, scid, &flow->owner);
  if (self->begun != NULL)
    self->begun (flow, self->data);
  return flow;
}

static gboolean
knows (QsFlows *self, QsFlow *flow, const QsFlowEnd *end, QsSpan cid)
{
  gboolean at_start = memcmp (end, &flow->begun_at, sizeof *end) == 0;

  return (at_start && qs_span_equal (QS_SPAN (flow->first_dcid, flow->first_dcid_length), cid)) ||
         find (self, NULL, cid) == flow;
}

static void
learn (QsFlows *self, QsFlow *flow, QsSpan server_cid)
{
  if (server_cid.length > 0 && !knows (self, flow, &flow->begun_at, server_cid))
    qs_flow_table_add_id (self->table, NULL, server_cid, &flow->owner);
}

static QsFlow *
find_by_long_header (QsFlows *self, const QsUdpDatagram *datagram, const QsFlowEnd *end, const QsInvariants *header)
{
  gboolean received = datagram->direction == QS_DIRECTION_RECEIVED;
  QsFlowRoute *route = route_of (self, end, FALSE);
  QsFlow *flow = route != NULL ? find (self, route, received ? header->scid : header->dcid) : NULL;

  if (!received)
    {
      if (flow == NULL)
        return find (self, NULL, header->scid); /* to an address that has changed */
      learn (self, flow, header->scid);
      return flow;
    }
  /* The same address and client id again, but a destination that was never ours: a client that uses its port for
   * another connection (many have connection ids of length 0). */
  if (flow != NULL && knows (self, flow, end, header->dcid))
    return flow;
  /* A destination that the server chose: the client's address has changed in the middle of the handshake. */
  flow = find (self, NULL, header->dcid);
  return flow != NULL ? flow : begin (self, datagram, end, header->dcid, header->scid);
}

static QsFlow *
find_by_short_header (QsFlows *self, const QsUdpDatagram *datagram, const QsFlowEnd *end)
{
  QsSpan packet = QS_SPAN (datagram->data, datagram->length);
  QsFlowOwner *found = NULL;

  if (datagram->direction == QS_DIRECTION_RECEIVED)
    found = qs_flow_table_find_short (self->table, NULL, packet);
  if (found != NULL)
    return (QsFlow *) found;
  QsFlowRoute *route = route_of (self, end, FALSE);
  if (route != NULL && datagram->direction == QS_DIRECTION_SENT)
    found = qs_flow_table_find_short (self->table, route, packet);
  if (found == NULL && datagram->direction == QS_DIRECTION_SENT)
    found = qs_flow_table_find_short (self->table, NULL, packet); /* an id that was learnt */
  return found != NULL ? (QsFlow *) found : owner_of (route);
}

/* A client's address may change on the way (RFC 9000 section 9): its id counts there too. */
static guint16
path_of (QsFlows *self, QsFlow *flow, const struct sockaddr *peer, const QsFlowEnd *end)
{
  if (memcmp (end, &flow->end, sizeof *end) != 0)
    {
      g_autoptr (GSocketAddress) remote = qs_sockaddr_to_gio (peer);
      QsFlowRoute *route = route_of (self, end, TRUE);

      flow->end = *end;
      flow->path = add_path (self, flow, remote);
      if (route->owner == NULL)
        qs_flow_table_set_route (self->table, route, &flow->owner);
      qs_flow_table_add_id (self->table, route, QS_SPAN (flow->client_cid, flow->client_cid_length), &flow->owner);
    }
  return flow->path;
}

static QsFlows *
flows_new (GSocketAddress *server)
{
  const QsFlowTableClass klass = {
    .max_idle = MAX_FLOWS, .max_ids = MAX_IDS, .max_owner_routes = MAX_ADDRESSES, .drop = flow_free
  };
  QsFlows *self = g_new0 (QsFlows, 1);

  self->server = server != NULL ? g_object_ref (server) : NULL;
  self->table = qs_flow_table_new (&klass);
  return self;
}

QsFlows *
qs_flows_new (gboolean record, GSocketAddress *server)
{
  QsFlows *self = flows_new (server);

  self->record = record;
  self->vantage = QS_VANTAGE_SERVER;
  self->budget = 2 * TRACE_PAYLOAD_LIMIT;
  return self;
}

QsFlows *
qs_flows_new_for_client (GSocketAddress *server, guint64 budget, QsFlowsFunc begun, gpointer data)
{
  g_return_val_if_fail (G_IS_SOCKET_ADDRESS (server), NULL);

  QsFlows *self = flows_new (server);

  self->record = TRUE;
  self->vantage = QS_VANTAGE_CLIENT;
  self->budget = budget;
  self->begun = begun;
  self->data = data;
  return self;
}

void
qs_flows_free (QsFlows *self)
{
  qs_flow_table_free (self->table);
  g_clear_object (&self->server);
  g_free (self);
}

static void
record (QsFlows *self, QsFlow *flow, const QsUdpDatagram *datagram, const QsFlowEnd *end)
{
  QsDirection direction = datagram->direction;

  if (self->vantage == QS_VANTAGE_CLIENT)
    direction = direction == QS_DIRECTION_SENT ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;
  qs_trace_add_datagram (flow->trace, datagram->time - qs_trace_get_origin (flow->trace), direction,
                         path_of (self, flow, datagram->peer, end), datagram->ecn, datagram->fate, datagram->data,
                         datagram->length);
}

QsFlow *
qs_flows_add (QsFlows *self, const QsUdpDatagram *datagram)
{
  QsFlowEnd end = qs_flow_end_of (datagram->peer);
  QsInvariants header;
  QsFlow *flow;

  if (qs_invariants_parse (QS_SPAN (datagram->data, datagram->length), &header))
    flow = find_by_long_header (self, datagram, &end, &header);
  else if (self->record)
    flow = find_by_short_header (self, datagram, &end);
  else
    return NULL;

  if (flow != NULL && flow->trace != NULL && (flow->owner.n_holds > 0 || flow->n_unowned++ < MAX_UNOWNED))
    record (self, flow, datagram, &end);
  return flow;
}

void
qs_flows_learn (QsFlows *self, QsFlow *flow, const guint8 *cid, gsize length)
{
  QsSpan span = QS_SPAN (cid, length);

  if (length > 0 && find (self, NULL, span) == NULL)
    qs_flow_table_add_id (self->table, NULL, span, &flow->owner);
}

void
qs_flows_set_server (QsFlows *self, GSocketAddress *server)
{
  g_set_object (&self->server, server);
}

QsFlow *
qs_flows_find (QsFlows *self, const guint8 *cid, gsize length)
{
  return find (self, NULL, QS_SPAN (cid, length));
}

QsFlow *
qs_flows_find_peer (QsFlows *self, const char *peer)
{
  g_autoptr (GSocketConnectable) parsed = g_network_address_parse (peer, 0, NULL);
  struct sockaddr_storage native;

  if (parsed == NULL)
    return NULL;
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string (g_network_address_get_hostname (G_NETWORK_ADDRESS (parsed)),
                                             g_network_address_get_port (G_NETWORK_ADDRESS (parsed)));
  if (address == NULL || !g_socket_address_to_native (address, &native, sizeof native, NULL))
    return NULL;
  QsFlowEnd end = qs_flow_end_of ((const struct sockaddr *) &native);
  return owner_of (route_of (self, &end, FALSE));
}

void
qs_flow_hold (QsFlow *flow)
{
  qs_flow_table_hold (flow->table, &flow->owner);
}

void
qs_flow_release (QsFlow *flow)
{
  qs_flow_table_release (flow->table, &flow->owner);
}

void
qs_flow_end_trace (QsFlow *flow)
{
  g_clear_object (&flow->trace);
}
