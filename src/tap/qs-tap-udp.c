/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay's UDP: batches of datagrams from one listening socket to a socket for each client, and back. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include <openssl/err.h>

#include "engine/qs-states.h"
#include "tap/qs-tap-private.h"

#define BATCH 32      /* what one call of QsUdpBio takes */
#define MAX_ROUNDS 16 /* batches of one socket in a turn */
#define LARGEST 65536
#define MAX_CLIENTS 8192
#define FULL_MS 20 /* how long a send waits for room, at most so many times */
#define FULL_TIMES 5

typedef struct {
  QsTapHandler handler;
  QsTapUdp *udp;
  QsUdpBio *socket;
  BIO *bio;
  QsFlowEnd end;
  struct sockaddr_storage client;
  BIO_ADDR *address, *local;
  gboolean has_local; /* the address that the client sent to, of a socket that listens on all */
  GList link;         /* by use */
  gint64 last;        /* monotonic: something passed */
  gboolean dead;      /* its socket failed for good */
  gboolean waiting;   /* among those to go on with */
  guint64 n_answers;  /* datagrams of the server */
  guint8 ecn;
  QsTapConnection *latest;
} Client;

struct _QsTapUdp {
  QsTapHandler handler;
  QsTapRelay *relay;
  QsUdpBio *socket;
  BIO *bio;
  guint8 ecn;           /* what the listening socket marks with */
  gboolean more;        /* its turn ended before the work did */
  gboolean wants_local; /* it listens on all addresses: answers leave from the one that was asked */
  GHashTable *clients;  /* QsFlowEnd -> Client */
  GQueue order;         /* Client: used last at the end */
  GPtrArray *waiting;   /* Client: likewise */

  /* Of the batch that is looked at. */
  BIO_MSG messages[BATCH], out[BATCH];
  BIO_ADDR *peers[BATCH], *locals[BATCH];
  struct sockaddr_storage from[BATCH];
  guint8 marks[BATCH];
  guint n_heard;
  guint8 *buffer;
};

/* --- Recording --- */

/* Each datagram that a read hands on is told of once, in that order: so its sender and its mark are known. */
static void
note_heard (QsTapUdp *self, const QsUdpDatagram *datagram)
{
  if (datagram->direction != QS_DIRECTION_RECEIVED || datagram->fate == QS_FATE_DROPPED || self->n_heard == BATCH)
    return;
  memcpy (&self->from[self->n_heard], datagram->peer, qs_sockaddr_length (datagram->peer));
  self->marks[self->n_heard++] = datagram->ecn;
}

static void
heard_cb (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data)
{
  note_heard (data, datagram);
}

static void
passed_cb (QsUdpBio *bio, const QsUdpDatagram *datagram, gpointer data)
{
  Client *client = data;
  QsTapRelay *relay = client->udp->relay;
  QsUdpDatagram here = *datagram;

  note_heard (client->udp, datagram);
  client->n_answers += datagram->direction == QS_DIRECTION_RECEIVED;
  if (client->n_answers > 0)
    relay->n_lost = 0;
  here.direction = datagram->direction == QS_DIRECTION_SENT ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;
  here.peer = (const struct sockaddr *) &client->client;
  g_mutex_lock (&relay->wire.lock);
  QsFlow *flow = qs_flows_add (relay->flows, &here);
  relay->figures.datagrams++;
  relay->figures.datagram_bytes += datagram->length;
  relay->figures.unfiled += flow == NULL;
  if (flow != NULL && flow->user != NULL)
    {
      QsTapConnection *connection = flow->user;
      connection->last = g_get_monotonic_time ();
      g_set_object (&client->latest, connection);
    }
  g_mutex_unlock (&relay->wire.lock);
}

static void
add_mark (Client *client, QsMarkKind kind, const char *name, gint64 value, const char *text)
{
  if (client->latest != NULL)
    qs_trace_add_mark (client->latest->trace, kind, name, value, text);
}

/* A refusal is then the name's many addresses' affair, and another one is tried. */
static gboolean
are_others_left (const Client *client)
{
  const QsTapRelay *relay = client->udp->relay;

  return client->n_answers == 0 && relay->n_lost + 1 < relay->servers->len;
}

static void
icmp_cb (QsUdpBio *bio, const QsUdpIcmp *icmp, gpointer data)
{
  g_autofree char *offender = NULL;

  if (are_others_left (data))
    return;
  if (icmp->offender != NULL)
    {
      g_autoptr (GSocketAddress) address = qs_sockaddr_to_gio (icmp->offender);
      offender = g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
    }
  add_mark (data, QS_MARK_ICMP, icmp->name, icmp->type << 8 | icmp->code, offender);
}

static void
error_cb (QsUdpBio *bio, int error, gpointer data)
{
  Client *client = data;

  QsTapRelay *relay = client->udp->relay;

  client->dead = TRUE;
  if (are_others_left (client))
    {
      g_autofree char *server = qs_socket_address_to_text (relay->servers->pdata[relay->server]);
      add_mark (client, QS_MARK_ATTEMPT_LOST, qs_errno_name (error), 0, server);
    }
  else
    add_mark (client, QS_MARK_SOCKET_ERROR, qs_errno_name (error), error, g_strerror (error));
  relay->n_lost += client->n_answers == 0;
}

static void
rebound_cb (QsUdpBio *bio, gpointer data)
{
  g_autoptr (GSocketAddress) address = qs_udp_bio_dup_local_address (bio);
  g_autofree char *text = address != NULL ? qs_socket_address_to_text (address) : NULL;

  add_mark (data, QS_MARK_IMPAIRMENT, "rebind", 0, text);
}

static const QsUdpRecorder listening = { heard_cb, NULL, NULL, NULL };
static const QsUdpRecorder passing = { passed_cb, icmp_cb, error_cb, rebound_cb };

/* --- Batches --- */

static gsize
receive (QsTapUdp *self, BIO *bio)
{
  size_t n = 0;

  self->n_heard = 0;
  for (guint i = 0; i < BATCH; i++)
    self->messages[i] = (BIO_MSG){ .data = self->buffer + (gsize) i * LARGEST,
                                   .data_len = LARGEST,
                                   .peer = self->peers[i],
                                   .local = self->wants_local ? self->locals[i] : NULL };
  if (!BIO_recvmmsg (bio, self->messages, sizeof *self->messages, BATCH, 0, &n))
    {
      ERR_clear_error ();
      return 0;
    }
  return MIN (n, self->n_heard);
}

/* A datagram socket that is full is so for a moment; what it does not take then is lost, as on any path. */
static void
send_all (QsTapUdp *self, QsUdpBio *socket, BIO *bio, BIO_MSG *messages, gsize n)
{
  struct pollfd descriptor = { qs_udp_bio_get_fd (socket), POLLOUT, 0 };
  gsize done = 0;

  for (guint times = 0; done < n && times < FULL_TIMES;)
    {
      size_t sent = 0;

      if (BIO_sendmmsg (bio, messages + done, sizeof *messages, n - done, 0, &sent) && sent > 0)
        {
          done += sent;
          continue;
        }
      gboolean full = ERR_GET_REASON (ERR_peek_last_error ()) == BIO_R_NON_FATAL;
      ERR_clear_error ();
      if (!full)
        break;
      poll (&descriptor, 1, FULL_MS);
      times++;
    }
  if (done == n)
    return;
  g_mutex_lock (&self->relay->wire.lock);
  self->relay->figures.not_sent += n - done;
  g_mutex_unlock (&self->relay->wire.lock);
}

/* How many of the batch from first on have the mark and the sender of that one. */
static gsize
count_alike (QsTapUdp *self, gsize first, gsize n, gboolean same_sender)
{
  gsize size = qs_sockaddr_length ((const struct sockaddr *) &self->from[first]);
  gsize length = 1;

  while (first + length < n && self->marks[first + length] == self->marks[first] &&
         (!same_sender || memcmp (&self->from[first + length], &self->from[first], size) == 0))
    length++;
  return length;
}

static void
set_ecn (QsUdpBio *socket, guint8 *current, guint8 ecn)
{
  if (*current != ecn && qs_udp_bio_set_ecn (socket, ecn))
    *current = ecn;
}

/* --- Clients --- */

static guint
end_hash (gconstpointer data)
{
  const guint8 *bytes = data;
  guint hash = 2166136261u;

  for (gsize i = 0; i < sizeof (QsFlowEnd); i++)
    hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

static gboolean
end_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (QsFlowEnd)) == 0;
}

/* Its memory goes with the turn: an event for it may be waiting among those that epoll gave. */
static void
client_close (Client *client)
{
  QsTapUdp *self = client->udp;

  g_queue_unlink (&self->order, &client->link);
  if (client->waiting)
    g_ptr_array_remove_fast (self->waiting, client);
  g_hash_table_remove (self->clients, &client->end);
  g_clear_pointer (&client->bio, BIO_free);
  if (client->socket != NULL)
    {
      qs_udp_bio_set_recorder (client->socket, NULL, NULL, NULL);
      g_clear_pointer (&client->socket, qs_udp_bio_unref);
    }
  g_clear_pointer (&client->address, BIO_ADDR_free);
  g_clear_pointer (&client->local, BIO_ADDR_free);
  g_clear_object (&client->latest);
  client->dead = TRUE;
  g_ptr_array_add (self->relay->gone, client);
}

static void answer_ready (QsTapRelay *relay, QsTapHandler *handler, guint32 events);

/* Of several addresses the next one, where this one has not said a word and refuses: a client tries again by itself. */
static void
try_next_server (QsTapUdp *self)
{
  QsTapRelay *relay = self->relay;

  relay->server = (relay->server + 1) % relay->servers->len;
  g_mutex_lock (&relay->wire.lock);
  qs_flows_set_server (relay->flows, relay->servers->pdata[relay->server]);
  g_mutex_unlock (&relay->wire.lock);
}

static gboolean
open_socket (Client *client)
{
  QsTapRelay *relay = client->udp->relay;

  for (guint i = 0; client->bio == NULL && i < relay->servers->len; i++)
    {
      GSocketAddress *server = relay->servers->pdata[relay->server];
      int family = g_socket_address_get_family (server) == G_SOCKET_FAMILY_IPV6 ? AF_INET6 : AF_INET;
      g_autoptr (QsUdpBio) socket = qs_udp_bio_new (family, QS_UDP_BIO_PLAIN, NULL);

      if (socket != NULL && qs_udp_bio_connect (socket, server, NULL) &&
          (relay->impairment == NULL || qs_impairment_apply (relay->impairment, socket, TRUE, NULL)))
        {
          client->bio = qs_udp_bio_new_bio (socket);
          client->socket = g_steal_pointer (&socket);
        }
      else
        try_next_server (client->udp);
    }
  if (client->bio == NULL)
    return FALSE;
  client->handler.ready = answer_ready;
  qs_udp_bio_set_recorder (client->socket, &passing, client, NULL);
  return qs_tap_relay_watch (relay, qs_udp_bio_get_poll_fd (client->socket), &client->handler, EPOLLIN);
}

static void
note_n_clients (QsTapUdp *self)
{
  g_mutex_lock (&self->relay->wire.lock);
  self->relay->figures.clients = g_hash_table_size (self->clients);
  g_mutex_unlock (&self->relay->wire.lock);
}

static Client *
client_new (QsTapUdp *self, const QsFlowEnd *end, gsize index)
{
  Client *client = g_new0 (Client, 1);

  client->udp = self;
  client->end = *end;
  client->client = self->from[index];
  client->address = BIO_ADDR_dup (self->peers[index]);
  client->has_local = self->wants_local;
  client->local = client->has_local ? BIO_ADDR_dup (self->locals[index]) : NULL;
  client->link.data = client;
  g_queue_push_tail_link (&self->order, &client->link);
  g_hash_table_insert (self->clients, &client->end, client);
  if (!open_socket (client))
    {
      client_close (client);
      return NULL;
    }
  return client;
}

static Client *
ensure_client (QsTapUdp *self, gsize index)
{
  QsFlowEnd end = qs_flow_end_of ((const struct sockaddr *) &self->from[index]);

  Client *client = g_hash_table_lookup (self->clients, &end);
  if (client != NULL && client->dead)
    {
      if (client->n_answers == 0 && self->relay->servers->len > 1)
        try_next_server (self);
      client_close (client);
      client = NULL;
    }
  if (client == NULL && g_hash_table_size (self->clients) >= MAX_CLIENTS)
    client_close (g_queue_peek_head (&self->order));
  if (client == NULL)
    {
      client = client_new (self, &end, index);
      note_n_clients (self);
    }
  return client;
}

static void
note_use (Client *client)
{
  QsTapUdp *self = client->udp;

  client->last = g_get_monotonic_time ();
  g_queue_unlink (&self->order, &client->link);
  g_queue_push_tail_link (&self->order, &client->link);
}

/* --- Up --- */

static void
send_up (QsTapUdp *self, gsize first, gsize n)
{
  Client *client = ensure_client (self, first);

  if (client == NULL)
    {
      g_mutex_lock (&self->relay->wire.lock);
      self->relay->figures.not_sent += n;
      g_mutex_unlock (&self->relay->wire.lock);
      return;
    }
  for (gsize i = 0; i < n; i++)
    self->out[i] = (BIO_MSG){ .data = self->messages[first + i].data, .data_len = self->messages[first + i].data_len };
  set_ecn (client->socket, &client->ecn, self->marks[first]);
  note_use (client);
  send_all (self, client->socket, client->bio, self->out, n);
}

static void
hear (QsTapUdp *self)
{
  guint rounds = 0;
  gsize n = 0;

  while (rounds++ < MAX_ROUNDS && (n = receive (self, self->bio)) > 0)
    for (gsize i = 0, alike; i < n; i += alike)
      {
        alike = count_alike (self, i, n, TRUE);
        send_up (self, i, alike);
      }
  self->more = n > 0;
}

static void
request_ready (QsTapRelay *relay, QsTapHandler *handler, guint32 events)
{
  hear ((QsTapUdp *) handler);
}

/* --- Down --- */

static void
send_down (QsTapUdp *self, Client *client, gsize first, gsize n)
{
  for (gsize i = 0; i < n; i++)
    self->out[i] = (BIO_MSG){ .data = self->messages[first + i].data,
                              .data_len = self->messages[first + i].data_len,
                              .peer = client->address,
                              .local = client->local };
  set_ecn (self->socket, &self->ecn, self->marks[first]);
  send_all (self, self->socket, self->bio, self->out, n);
}

static void
hear_answers (QsTapUdp *self, Client *client)
{
  gboolean wants_local = self->wants_local;
  guint rounds = 0;
  gsize n = 0;

  self->wants_local = FALSE;
  while (rounds++ < MAX_ROUNDS && !client->dead && (n = receive (self, client->bio)) > 0)
    {
      note_use (client);
      for (gsize i = 0, alike; i < n; i += alike)
        {
          alike = count_alike (self, i, n, FALSE);
          send_down (self, client, i, alike);
        }
    }
  self->wants_local = wants_local;
  if (n > 0 && !client->dead && !client->waiting)
    {
      client->waiting = TRUE;
      g_ptr_array_add (self->waiting, client);
    }
}

static void
answer_ready (QsTapRelay *relay, QsTapHandler *handler, guint32 events)
{
  Client *client = (Client *) handler;
  QsTapUdp *self = client->udp;

  if (client->socket == NULL) /* closed in this turn */
    return;
  hear_answers (self, client);
  /* A socket that failed for good would be ready for ever. What its client sends next opens another one. */
  if (client->dead)
    qs_tap_relay_unwatch (relay, qs_udp_bio_get_poll_fd (client->socket));
}

/* --- Shared --- */

gboolean
qs_tap_udp_go_on (QsTapUdp *self)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);

  self->waiting = g_ptr_array_new ();
  if (self->more)
    hear (self);
  for (guint i = 0; i < waiting->len; i++)
    {
      Client *client = waiting->pdata[i];

      client->waiting = FALSE;
      if (client->socket != NULL)
        hear_answers (self, client);
    }
  return self->more || self->waiting->len > 0;
}

/* With an impairment a socket is another descriptor to wait for. */
void
qs_tap_udp_impair (QsTapUdp *self)
{
  for (GList *at = self->order.head; at != NULL; at = at->next)
    {
      Client *client = at->data;
      if (client->socket == NULL || client->dead)
        continue;
      qs_tap_relay_unwatch (self->relay, qs_udp_bio_get_poll_fd (client->socket));
      qs_impairment_change (self->relay->impairment, client->socket, TRUE, NULL);
      qs_tap_relay_watch (self->relay, qs_udp_bio_get_poll_fd (client->socket), &client->handler, EPOLLIN);
    }
}

void
qs_tap_udp_sweep (QsTapUdp *self, gint64 since)
{
  guint n = self->order.length;

  for (Client *client; (client = g_queue_peek_head (&self->order)) != NULL && client->last < since;)
    client_close (client);
  if (n != self->order.length)
    note_n_clients (self);
}

GSocketAddress *
qs_tap_udp_dup_address (QsTapUdp *self)
{
  return qs_udp_bio_dup_local_address (self->socket);
}

QsTapUdp *
qs_tap_udp_new (QsTapRelay *relay, GSocketAddress *listen, GError **error)
{
  int family = g_socket_address_get_family (listen) == G_SOCKET_FAMILY_IPV6 ? AF_INET6 : AF_INET;
  g_autoptr (QsUdpBio) socket = qs_udp_bio_new (family, QS_UDP_BIO_PLAIN, error);

  if (socket == NULL || !qs_udp_bio_bind (socket, listen, error))
    return NULL;
  QsTapUdp *self = g_new0 (QsTapUdp, 1);
  self->relay = relay;
  self->handler.ready = request_ready;
  self->bio = qs_udp_bio_new_bio (socket);
  self->socket = g_steal_pointer (&socket);
  self->clients = g_hash_table_new (end_hash, end_equal);
  self->waiting = g_ptr_array_new ();
  self->buffer = g_malloc ((gsize) BATCH * LARGEST); /* pages that no datagram reaches cost nothing */
  for (guint i = 0; i < BATCH; i++)
    {
      self->peers[i] = BIO_ADDR_new ();
      self->locals[i] = BIO_ADDR_new ();
    }
  g_queue_init (&self->order);
  qs_udp_bio_set_recorder (self->socket, &listening, self, NULL);
  self->wants_local = g_inet_address_get_is_any (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (listen))) &&
                      BIO_dgram_set_local_addr_enable (self->bio, 1) > 0;
  qs_tap_relay_watch (relay, qs_udp_bio_get_poll_fd (self->socket), &self->handler, EPOLLIN);
  return self;
}

void
qs_tap_udp_free (QsTapUdp *self)
{
  for (Client *client; (client = g_queue_peek_head (&self->order)) != NULL;)
    client_close (client);
  BIO_free (self->bio);
  qs_udp_bio_unref (self->socket);
  for (guint i = 0; i < BATCH; i++)
    {
      BIO_ADDR_free (self->peers[i]);
      BIO_ADDR_free (self->locals[i]);
    }
  g_hash_table_unref (self->clients);
  g_ptr_array_unref (self->waiting);
  g_free (self->buffer);
  g_free (self);
}
