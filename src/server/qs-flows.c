/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-flows.h"

#include <netinet/in.h>
#include <string.h>

/* Initials that never became a connection: spoofed ones cost no more than this. */
#define MAX_FLOWS 1024

/* What is kept of one that never became a connection, or is none any more: nobody looks at it, and its sender may be made
 * up. A client that is answered by Retry needs three datagrams until it is one. */
#define MAX_UNOWNED 64

/* Connection ids of the server's in one flow: each Retry has one, and an Initial that comes again and again has as many. */
#define MAX_SERVER_CIDS 16

/* A server keeps many traces at once. */
#define TRACE_PAYLOAD_LIMIT (8 * 1024 * 1024)

struct _QsFlows {
  gboolean record;
  GSocketAddress *local;
  GQueue flows;           /* QsFlow, oldest first */
  GHashTable *by_client;  /* peer address + the client's connection id -> QsFlow, the newest */
  GHashTable *by_server;  /* the server's connection id -> QsFlow */
  GHashTable *by_address; /* peer address -> QsFlow, the newest */
};

static void
flow_free (QsFlow *flow)
{
  g_free (flow->peer);
  g_clear_object (&flow->trace);
  g_bytes_unref (flow->key);
  g_bytes_unref (flow->address);
  g_bytes_unref (flow->first_dcid);
  g_bytes_unref (flow->client_cid);
  g_ptr_array_unref (flow->server_cids);
  g_free (flow);
}

static GBytes *
make_key (const struct sockaddr *peer, QsSpan cid)
{
  GByteArray *key = g_byte_array_sized_new (64);

  /* Not the whole sockaddr: sin_zero and sin6_flowinfo are nobody's identity. */
  if (peer->sa_family == AF_INET6)
    {
      const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) peer;
      g_byte_array_append (key, (const guint8 *) &in6->sin6_addr, sizeof in6->sin6_addr);
      g_byte_array_append (key, (const guint8 *) &in6->sin6_port, sizeof in6->sin6_port);
    }
  else
    {
      const struct sockaddr_in *in = (const struct sockaddr_in *) peer;
      g_byte_array_append (key, (const guint8 *) &in->sin_addr, sizeof in->sin_addr);
      g_byte_array_append (key, (const guint8 *) &in->sin_port, sizeof in->sin_port);
    }
  if (cid.length > 0)
    g_byte_array_append (key, cid.data, cid.length);
  return g_byte_array_free_to_bytes (key);
}

static void
remove_if (GHashTable *table, GBytes *key, QsFlow *flow)
{
  if (g_hash_table_lookup (table, key) == flow)
    g_hash_table_remove (table, key);
}

static void
forget (QsFlows *self, QsFlow *flow)
{
  gsize size;
  const guint8 *key = g_bytes_get_data (flow->key, &size);
  gsize address_size = size - g_bytes_get_size (flow->client_cid);
  g_autoptr (GBytes) address = g_bytes_new (key, address_size);

  remove_if (self->by_client, flow->key, flow);
  remove_if (self->by_address, address, flow);
  for (guint i = 0; i < flow->server_cids->len; i++)
    remove_if (self->by_server, flow->server_cids->pdata[i], flow);
  g_queue_delete_link (&self->flows, flow->link);
  flow_free (flow);
}

static void
prune (QsFlows *self)
{
  for (GList *at = self->flows.head; at != NULL && self->flows.length >= MAX_FLOWS;)
    {
      QsFlow *flow = at->data;
      at = at->next;
      if (flow->n_owners == 0)
        forget (self, flow);
    }
}

static QsFlow *
begin (QsFlows *self, const struct sockaddr *peer, GBytes *key, QsSpan dcid, QsSpan scid)
{
  QsFlow *flow = g_new0 (QsFlow, 1);
  g_autoptr (GSocketAddress) remote = qs_sockaddr_to_gio (peer);

  prune (self);
  flow->peer = qs_socket_address_to_text (remote);
  flow->key = g_bytes_ref (key);
  flow->address = make_key (peer, QS_SPAN_NONE);
  flow->first_dcid = g_bytes_new (dcid.data, dcid.length);
  flow->client_cid = g_bytes_new (scid.data, scid.length);
  flow->server_cids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  if (self->record)
    {
      flow->trace = qs_trace_new (QS_VANTAGE_SERVER, NULL);
      qs_trace_set_payload_limit (flow->trace, TRACE_PAYLOAD_LIMIT);
      qs_trace_set_title (flow->trace, flow->peer);
      flow->path = qs_trace_add_path (flow->trace, self->local, remote);
    }
  g_queue_push_tail (&self->flows, flow);
  flow->link = self->flows.tail;
  g_hash_table_replace (self->by_client, g_bytes_ref (key), flow);
  g_hash_table_replace (self->by_address, make_key (peer, QS_SPAN_NONE), flow);
  return flow;
}

static gboolean
knows (QsFlow *flow, QsSpan cid)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (cid.data, cid.length);

  if (g_bytes_equal (flow->first_dcid, bytes))
    return TRUE;
  for (guint i = 0; i < flow->server_cids->len; i++)
    if (g_bytes_equal (flow->server_cids->pdata[i], bytes))
      return TRUE;
  return FALSE;
}

static void
learn (QsFlows *self, QsFlow *flow, QsSpan server_cid)
{
  if (server_cid.length == 0 || knows (flow, server_cid))
    return;

  if (flow->server_cids->len == MAX_SERVER_CIDS)
    {
      if (flow->n_owners > 0)
        return;
      remove_if (self->by_server, flow->server_cids->pdata[0], flow);
      g_ptr_array_remove_index (flow->server_cids, 0);
    }
  GBytes *cid = g_bytes_new (server_cid.data, server_cid.length);
  g_ptr_array_add (flow->server_cids, cid);
  g_hash_table_replace (self->by_server, g_bytes_ref (cid), flow);
}

static QsFlow *
find_by_long_header (QsFlows *self, const QsUdpDatagram *datagram, QsSpan dcid, QsSpan scid)
{
  gboolean received = datagram->direction == QS_DIRECTION_RECEIVED;
  g_autoptr (GBytes) key = make_key (datagram->peer, received ? scid : dcid);
  QsFlow *flow = g_hash_table_lookup (self->by_client, key);

  if (!received)
    {
      if (flow == NULL)
        return qs_flows_find (self, scid.data, scid.length); /* to an address that has changed */
      learn (self, flow, scid);
      return flow;
    }
  /* The same address and client id again, but a destination that was never ours: a client that uses its port for
   * another connection (many have connection ids of length 0). */
  if (flow != NULL && knows (flow, dcid))
    return flow;
  /* A destination that the server chose: the client's address has changed in the middle of the handshake. */
  flow = qs_flows_find (self, dcid.data, dcid.length);
  return flow != NULL ? flow : begin (self, datagram->peer, key, dcid, scid);
}

static QsFlow *
find_by_short_header (QsFlows *self, const QsUdpDatagram *datagram)
{
  g_autoptr (GBytes) address = make_key (datagram->peer, QS_SPAN_NONE);

  if (datagram->direction == QS_DIRECTION_RECEIVED)
    {
      QsFlow *flow = datagram->length > QS_SERVER_CID_LENGTH
                         ? qs_flows_find (self, datagram->data + 1, QS_SERVER_CID_LENGTH)
                         : NULL;
      return flow != NULL ? flow : g_hash_table_lookup (self->by_address, address);
    }

  /* Sent: the client's own id follows the first byte, but its length is not told. Only a client that shares one
   * socket between connections makes this search more than one step. */
  for (GList *at = self->flows.tail; at != NULL; at = at->prev)
    {
      QsFlow *flow = at->data;
      gsize length, key_length;
      const guint8 *cid = g_bytes_get_data (flow->client_cid, &length);
      const guint8 *key = g_bytes_get_data (flow->key, &key_length);

      if (length > 0 && datagram->length > length && key_length - length == g_bytes_get_size (address) &&
          memcmp (key, g_bytes_get_data (address, NULL), key_length - length) == 0 &&
          memcmp (cid, datagram->data + 1, length) == 0)
        return flow;
    }
  return g_hash_table_lookup (self->by_address, address);
}

/* A client's address may change on the way (RFC 9000 section 9). */
static guint16
path_of (QsFlows *self, QsFlow *flow, const struct sockaddr *peer)
{
  g_autoptr (GBytes) address = make_key (peer, QS_SPAN_NONE);

  if (!g_bytes_equal (address, flow->address))
    {
      g_autoptr (GSocketAddress) remote = qs_sockaddr_to_gio (peer);
      g_bytes_unref (flow->address);
      flow->address = g_steal_pointer (&address);
      flow->path = qs_trace_add_path (flow->trace, self->local, remote);
    }
  return flow->path;
}

QsFlows *
qs_flows_new (gboolean record, GSocketAddress *local)
{
  QsFlows *self = g_new0 (QsFlows, 1);

  self->record = record;
  self->local = local != NULL ? g_object_ref (local) : NULL;
  g_queue_init (&self->flows);
  self->by_client = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  self->by_server = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  self->by_address = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  return self;
}

void
qs_flows_free (QsFlows *self)
{
  g_hash_table_unref (self->by_client);
  g_hash_table_unref (self->by_server);
  g_hash_table_unref (self->by_address);
  g_queue_clear_full (&self->flows, (GDestroyNotify) flow_free);
  g_clear_object (&self->local);
  g_free (self);
}

QsFlow *
qs_flows_add (QsFlows *self, const QsUdpDatagram *datagram)
{
  guint32 version;
  QsSpan dcid, scid;
  QsFlow *flow;

  if (qs_long_header_parse (datagram->data, datagram->length, &version, &dcid, &scid))
    flow = find_by_long_header (self, datagram, dcid, scid);
  else if (self->record)
    flow = find_by_short_header (self, datagram);
  else
    return NULL;

  if (flow != NULL && flow->trace != NULL && (flow->n_owners > 0 || flow->n_unowned++ < MAX_UNOWNED))
    qs_trace_add_datagram (flow->trace, datagram->time - qs_trace_get_origin (flow->trace), datagram->direction,
                           path_of (self, flow, datagram->peer), datagram->ecn, datagram->fate, datagram->data,
                           datagram->length);
  return flow;
}

QsFlow *
qs_flows_find (QsFlows *self, const guint8 *cid, gsize length)
{
  g_autoptr (GBytes) key = g_bytes_new_static (cid, length);

  return g_hash_table_lookup (self->by_server, key);
}

QsFlow *
qs_flows_find_peer (QsFlows *self, const char *peer)
{
  for (GList *at = self->flows.tail; at != NULL; at = at->prev)
    {
      QsFlow *flow = at->data;

      if (g_str_equal (flow->peer, peer))
        return flow;
    }
  return NULL;
}

void
qs_flow_release (QsFlow *flow)
{
  flow->n_owners--;
}

gboolean
qs_long_header_parse (const guint8 *bytes, gsize length, guint32 *version, QsSpan *dcid, QsSpan *scid)
{
  if (length < 7 || (bytes[0] & 0x80) == 0)
    return FALSE;

  gsize dcid_length = bytes[5];
  if (length < 7 + dcid_length)
    return FALSE;
  gsize scid_length = bytes[6 + dcid_length];
  if (length < 7 + dcid_length + scid_length)
    return FALSE;

  *version = (guint32) bytes[1] << 24 | (guint32) bytes[2] << 16 | (guint32) bytes[3] << 8 | bytes[4];
  *dcid = QS_SPAN (bytes + 6, dcid_length);
  *scid = QS_SPAN (bytes + 7 + dcid_length, scid_length);
  return TRUE;
}
