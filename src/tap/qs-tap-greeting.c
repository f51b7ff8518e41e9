/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay as a proxy: who comes says first where it wants to go (qs-tap-proxy.h). Names are looked up in threads of their own. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/qs-states.h"
#include "tap/qs-tap-private.h"

#define MOST_GREETINGS 1024
#define MOST_LOOKUPS 8 /* at once */
#define MAX_GREETING_US (30 * G_USEC_PER_SEC)

/* What both threads have: who looks up may be at it when nobody waits any more. */
typedef struct {
  gatomicrefcount refs;
  GAsyncQueue *done; /* Lookup */
  int fd;            /* an event: something is done */
} Shared;

typedef struct {
  Shared *shared;
  guint64 id; /* of the greeting */
  char *host;
  guint16 port;
  GPtrArray *servers; /* GSocketAddress; NULL: there are none */
} Lookup;

typedef struct {
  QsTapHandler handler;
  QsTapGreetings *all;
  guint64 id;
  int fd;
  struct sockaddr_storage peer;
  GByteArray *data;
  QsTapProxyWish wish;
  gint64 until; /* monotonic */
  gboolean closed;
} Greeting;

struct _QsTapGreetings {
  QsTapHandler handler;
  QsTapRelay *relay;
  Shared *shared;
  GThreadPool *pool;
  GHashTable *table; /* guint64 -> Greeting */
  guint64 next_id;
};

/* --- Lookups --- */

static void
shared_unref (Shared *shared)
{
  if (!g_atomic_ref_count_dec (&shared->refs))
    return;
  g_async_queue_unref (shared->done);
  close (shared->fd);
  g_free (shared);
}

/* Of the name that a greeting asks for; owned by whoever does it. */
static gpointer
lookup_new (const Greeting *greeting)
{
  Lookup *self = g_new0 (Lookup, 1);

  self->shared = greeting->all->shared;
  self->id = greeting->id;
  self->host = g_strdup (greeting->wish.host);
  self->port = greeting->wish.port;
  g_atomic_ref_count_inc (&self->shared->refs);
  return self;
}

static void
lookup_free (gpointer data)
{
  Lookup *lookup = data;

  g_clear_pointer (&lookup->servers, g_ptr_array_unref);
  g_free (lookup->host);
  g_free (lookup);
}

static void
look_up_cb (gpointer data, gpointer unused)
{
  Lookup *lookup = data;
  Shared *shared = lookup->shared;
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  GList *addresses = g_resolver_lookup_by_name (resolver, lookup->host, NULL, NULL);
  const guint64 one = 1;

  if (addresses != NULL)
    lookup->servers = g_ptr_array_new_with_free_func (g_object_unref);
  for (GList *link = addresses; link != NULL; link = link->next)
    g_ptr_array_add (lookup->servers, g_inet_socket_address_new (link->data, lookup->port));
  g_resolver_free_addresses (addresses);
  g_async_queue_push (shared->done, lookup);
  if (write (shared->fd, &one, sizeof one) < 0)
    g_assert (errno == EAGAIN);
  shared_unref (shared);
}

/* --- Greetings --- */

/* with_fd: the socket has another owner now, who watches it. */
static void
greeting_end (Greeting *greeting, gboolean with_fd)
{
  QsTapGreetings *self = greeting->all;

  greeting->closed = TRUE;
  if (!with_fd)
    {
      qs_tap_relay_unwatch (self->relay, greeting->fd);
      close (greeting->fd);
    }
  g_byte_array_unref (greeting->data);
  g_hash_table_steal (self->table, &greeting->id);
  g_ptr_array_add (self->relay->gone, greeting);
}

static void
say (Greeting *greeting, const char *answer, gsize length)
{
  /* The first bytes that it is sent: there is room for them. */
  if (length > 0 && send (greeting->fd, answer, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    greeting->until = 0;
}

static void
fail (Greeting *greeting, QsTapProxyOutcome outcome)
{
  gsize length;
  const char *answer = qs_tap_proxy_get_answer (&greeting->wish, outcome, &length);

  say (greeting, answer, length);
  greeting_end (greeting, FALSE);
}

static void
lead_on (Greeting *greeting, GPtrArray *servers)
{
  QsTapGreetings *self = greeting->all;
  const QsTapProxied proxied = { &greeting->wish, greeting->data->data, greeting->data->len };

  qs_tap_relay_unwatch (self->relay, greeting->fd);
  qs_tap_tcp_open (self->relay->tcp, greeting->fd, (const struct sockaddr *) &greeting->peer, servers, &proxied);
  greeting_end (greeting, TRUE);
}

static void
look_up (Greeting *greeting)
{
  QsTapGreetings *self = greeting->all;
  g_autoptr (GSocketAddress) literal = g_inet_socket_address_new_from_string (greeting->wish.host, greeting->wish.port);

  if (literal != NULL)
    {
      g_autoptr (GPtrArray) servers = g_ptr_array_new_with_free_func (g_object_unref);
      g_ptr_array_add (servers, g_steal_pointer (&literal));
      lead_on (greeting, servers);
      return;
    }
  /* What it says meanwhile waits; that it goes is heard of. */
  qs_tap_relay_change (self->relay, greeting->fd, &greeting->handler, EPOLLRDHUP);
  g_thread_pool_push (self->pool, lookup_new (greeting), NULL);
}

/* FALSE: it is over, or has somebody else now. */
static gboolean
take_step (Greeting *greeting)
{
  QsTapProxyStep step = qs_tap_proxy_parse (&greeting->wish, greeting->data->data, greeting->data->len);

  if (step == QS_TAP_PROXY_MORE)
    return FALSE;
  say (greeting, greeting->wish.answer, greeting->wish.answer_length);
  g_byte_array_remove_range (greeting->data, 0, (guint) greeting->wish.used);
  if (step == QS_TAP_PROXY_GREETED)
    return TRUE;
  if (step == QS_TAP_PROXY_ASKED)
    look_up (greeting);
  else
    greeting_end (greeting, FALSE);
  return FALSE;
}

static void
greeting_ready (QsTapRelay *relay, QsTapHandler *handler, guint32 events)
{
  Greeting *greeting = (Greeting *) handler;

  if (greeting->closed)
    return;
  gssize n = (events & EPOLLIN) != 0 ? recv (greeting->fd, relay->scratch, QS_TAP_PROXY_MOST, MSG_DONTWAIT) : 0;
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  /* Who says no more before it is answered has gone. */
  if (n <= 0 || greeting->data->len + (gsize) n > 2 * QS_TAP_PROXY_MOST)
    {
      greeting_end (greeting, FALSE);
      return;
    }
  g_byte_array_append (greeting->data, relay->scratch, (guint) n);
  while (take_step (greeting))
    ;
}

/* --- What the relay asks of them --- */

static void
looked_up_ready (QsTapRelay *relay, QsTapHandler *handler, guint32 events)
{
  QsTapGreetings *self = (QsTapGreetings *) handler;
  guint64 count;

  if (read (self->shared->fd, &count, sizeof count) < 0)
    g_assert (errno == EAGAIN);
  for (Lookup *lookup; (lookup = g_async_queue_try_pop (self->shared->done)) != NULL; lookup_free (lookup))
    {
      Greeting *greeting = g_hash_table_lookup (self->table, &lookup->id);

      if (greeting != NULL && lookup->servers != NULL)
        lead_on (greeting, lookup->servers);
      else if (greeting != NULL)
        fail (greeting, QS_TAP_PROXY_NO_HOST);
    }
}

void
qs_tap_greetings_take (QsTapGreetings *self, int fd, const struct sockaddr *peer)
{
  if (g_hash_table_size (self->table) >= MOST_GREETINGS)
    {
      close (fd);
      return;
    }
  Greeting *greeting = g_new0 (Greeting, 1);
  greeting->handler.ready = greeting_ready;
  greeting->all = self;
  greeting->id = self->next_id++;
  greeting->fd = fd;
  greeting->until = g_get_monotonic_time () + MAX_GREETING_US;
  greeting->data = g_byte_array_new ();
  memcpy (&greeting->peer, peer, qs_sockaddr_length (peer));
  g_hash_table_insert (self->table, &greeting->id, greeting);
  if (!qs_tap_relay_watch (self->relay, fd, &greeting->handler, EPOLLIN | EPOLLRDHUP))
    greeting_end (greeting, FALSE);
}

void
qs_tap_greetings_sweep (QsTapGreetings *self, gint64 now)
{
  g_autoptr (GList) all = g_hash_table_get_values (self->table);

  for (GList *link = all; link != NULL; link = link->next)
    if (((Greeting *) link->data)->until < now)
      greeting_end (link->data, FALSE);
}

QsTapGreetings *
qs_tap_greetings_new (QsTapRelay *relay)
{
  QsTapGreetings *self = g_new0 (QsTapGreetings, 1);

  self->relay = relay;
  self->handler.ready = looked_up_ready;
  self->table = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->pool = g_thread_pool_new (look_up_cb, NULL, MOST_LOOKUPS, FALSE, NULL);
  self->shared = g_new0 (Shared, 1);
  g_atomic_ref_count_init (&self->shared->refs);
  self->shared->done = g_async_queue_new_full (lookup_free);
  self->shared->fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (qs_tap_relay_watch (relay, self->shared->fd, &self->handler, EPOLLIN))
    return self;
  qs_tap_greetings_free (self);
  return NULL;
}

void
qs_tap_greetings_free (QsTapGreetings *self)
{
  qs_tap_greetings_sweep (self, G_MAXINT64);
  g_hash_table_unref (self->table);
  /* Those that are at it end by themselves: a name server may take its time. */
  g_thread_pool_free (self->pool, FALSE, FALSE);
  qs_tap_relay_unwatch (self->relay, self->shared->fd);
  shared_unref (self->shared);
  g_free (self);
}
