/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay's TCP: what one side sends is written to the other, ends and resets included. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/qs-i18n.h"
#include "engine/qs-states.h"
#include "tap/qs-tap-private.h"

#define MAX_READS 8 /* of one side in a turn */
#define BACKLOG 1024
#define MAX_ACCEPTS 64

typedef struct _Pipe Pipe;

typedef struct {
  QsTapHandler handler;
  Pipe *pipe;
  int fd;
  guint32 events;     /* that epoll looks for */
  GByteArray *queued; /* to be written to it */
  guint written;      /* of these */
  gboolean ended;     /* it sends no more */
  gboolean shut;      /* it was told that the other one sends no more */
} Side;

typedef enum { CLIENT, SERVER } SideIndex;

struct _Pipe {
  QsTapTcp *tcp;
  Side sides[2];
  QsTapConnection *connection;
  GSocketAddress *server;
  GPtrArray *servers;   /* GSocketAddress */
  QsTapProxyWish *wish; /* of a proxy's client, until it is answered; NULL */
  GByteArray *early;    /* what it said behind its request; NULL */
  guint next_server;    /* to be tried where this one refuses */
  gboolean connected, closed;
  guint64 n_bytes;
  GList link;
};

struct _QsTapTcp {
  QsTapHandler handler;
  QsTapRelay *relay;
  int fd;
  gboolean deaf; /* no descriptor was left for a connection */
  GQueue pipes;
};

/* --- Recording --- */

static QsDirection
direction_of (SideIndex from)
{
  return from == CLIENT ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
}

static void
add_mark (Pipe *pipe, QsMarkKind kind, const char *name, gint64 value, const char *text)
{
  qs_trace_add_mark (pipe->connection->trace, kind, name, value, text);
}

static void
record (Pipe *pipe, SideIndex from, const void *bytes, gsize length)
{
  QsTapRelay *relay = pipe->tcp->relay;
  QsTrace *trace = pipe->connection->trace;

  qs_trace_add_segment (trace, qs_trace_now (trace), direction_of (from), 0, bytes, length);
  pipe->n_bytes += length;
  g_mutex_lock (&relay->wire.lock);
  relay->figures.segments++;
  relay->figures.segment_bytes += length;
  pipe->connection->last = g_get_monotonic_time ();
  g_mutex_unlock (&relay->wire.lock);
}

static void
note_connecting (Pipe *pipe)
{
  g_autofree char *text = qs_socket_address_to_text (pipe->server);

  add_mark (pipe, QS_MARK_CONNECTING, NULL, 0, text);
}

static void
note_error (Pipe *pipe, int error)
{
  add_mark (pipe, QS_MARK_SOCKET_ERROR, qs_errno_name (error), error, g_strerror (error));
}

/* --- Ends --- */

static void
side_close (Side *side)
{
  if (side->fd >= 0)
    close (side->fd);
  side->fd = -1;
  g_clear_pointer (&side->queued, g_byte_array_unref);
}

/* with_error: what ended it was told of as an error; a connection without a byte is of interest then. */
static void
pipe_close (Pipe *pipe, gboolean with_error)
{
  QsTapTcp *self = pipe->tcp;

  if (pipe->closed)
    return;
  pipe->closed = TRUE;
  side_close (&pipe->sides[CLIENT]);
  side_close (&pipe->sides[SERVER]);
  g_mutex_lock (&self->relay->wire.lock);
  pipe->connection->over = TRUE;
  pipe->connection->empty = pipe->n_bytes == 0 && !with_error;
  g_mutex_unlock (&self->relay->wire.lock);
  g_queue_unlink (&self->pipes, &pipe->link);
  g_object_unref (pipe->connection);
  g_object_unref (pipe->server);
  g_ptr_array_unref (pipe->servers);
  g_clear_pointer (&pipe->wish, g_free);
  g_clear_pointer (&pipe->early, g_byte_array_unref);
  g_ptr_array_add (self->relay->gone, pipe);
}

static void
set_to_reset (int fd)
{
  const struct linger at_once = { 1, 0 };

  setsockopt (fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* Whoever asked a proxy hears how it went; on the wire that is no part of its connection. */
static void
answer_client (Pipe *pipe, QsTapProxyOutcome outcome)
{
  gsize length;
  const char *answer = qs_tap_proxy_get_answer (pipe->wish, outcome, &length);

  if (send (pipe->sides[CLIENT].fd, answer, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    set_to_reset (pipe->sides[CLIENT].fd);
  g_clear_pointer (&pipe->wish, g_free);
}

/* One side reset it, or could not be reached: so is the other one told. */
static void
pipe_reset (Pipe *pipe, SideIndex from, int error)
{
  SideIndex to = from == CLIENT ? SERVER : CLIENT;

  if (pipe->connected)
    add_mark (pipe, QS_MARK_TCP_END, "reset", direction_of (from), NULL);
  /* What the one that resets is told by its own system is nothing. */
  if (from == SERVER)
    note_error (pipe, error);
  if (pipe->wish != NULL && from == SERVER)
    answer_client (pipe, error == ECONNREFUSED ? QS_TAP_PROXY_CONNECTION_REFUSED : QS_TAP_PROXY_UNREACHABLE);
  else
    set_to_reset (pipe->sides[to].fd);
  pipe_close (pipe, TRUE);
}

static void
watch (Side *side, guint32 events)
{
  /* A socket that is over in both directions is told of (EPOLLHUP) whatever is asked for: nothing more comes of it. */
  if (side->fd >= 0 && side->events != events && events == 0 && side->ended && side->shut)
    qs_tap_relay_unwatch (side->pipe->tcp->relay, side->fd);
  else if (side->fd >= 0 && side->events != events)
    qs_tap_relay_change (side->pipe->tcp->relay, side->fd, &side->handler, events);
  side->events = events;
}

/* What each side is waited for: it is read while the other one takes what it says. */
static void
watch_both (Pipe *pipe)
{
  if (pipe->closed)
    return;
  for (guint i = 0; i < 2; i++)
    {
      Side *side = &pipe->sides[i], *other = &pipe->sides[!i];
      guint32 in = !side->ended && other->queued->len == 0 ? EPOLLIN : 0;

      watch (side, in | (side->queued->len > 0 ? (guint32) EPOLLOUT : 0));
    }
}

static void
pass_end (Pipe *pipe)
{
  for (guint i = 0; i < 2; i++)
    {
      Side *to = &pipe->sides[!i];

      if (!pipe->sides[i].ended || to->shut || to->queued->len > 0)
        continue;
      to->shut = TRUE;
      shutdown (to->fd, SHUT_WR);
    }
  if (pipe->sides[CLIENT].shut && pipe->sides[SERVER].shut)
    pipe_close (pipe, FALSE);
}

/* --- Bytes --- */

static void
pass (Side *to, const guint8 *bytes, gsize length)
{
  gssize n = send (to->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);

  /* Where it cannot be written to, its own event says why. */
  if (n < (gssize) length)
    g_byte_array_append (to->queued, bytes + MAX (n, 0), (guint) (length - (gsize) MAX (n, 0)));
}

static void
flush (Pipe *pipe, SideIndex index)
{
  Side *side = &pipe->sides[index];
  gssize n = send (side->fd, side->queued->data + side->written, side->queued->len - side->written,
                   MSG_NOSIGNAL | MSG_DONTWAIT);

  if (n < 0 && errno != EAGAIN && errno != EINTR)
    {
      pipe_reset (pipe, index, errno);
      return;
    }
  side->written += (guint) MAX (n, 0);
  if (side->written < side->queued->len)
    return;
  g_byte_array_set_size (side->queued, 0);
  side->written = 0;
}

static void
read_side (Pipe *pipe, SideIndex from)
{
  Side *side = &pipe->sides[from], *to = &pipe->sides[!from];
  guint8 *scratch = pipe->tcp->relay->scratch;

  for (guint i = 0; i < MAX_READS && to->queued->len == 0; i++)
    {
      gssize n = recv (side->fd, scratch, QS_TAP_SCRATCH, MSG_DONTWAIT);

      if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
      if (n < 0)
        {
          pipe_reset (pipe, from, errno);
          return;
        }
      if (n == 0)
        {
          side->ended = TRUE;
          add_mark (pipe, QS_MARK_TCP_END, "fin", direction_of (from), NULL);
          return;
        }
      record (pipe, from, scratch, (gsize) n);
      pass (to, scratch, (gsize) n);
    }
}

/* --- Connecting --- */

static gboolean
try_server (Pipe *pipe)
{
  QsTapRelay *relay = pipe->tcp->relay;
  Side *side = &pipe->sides[SERVER];
  struct sockaddr_storage native;
  int on = 1;

  side_close (side);
  side->queued = g_byte_array_new ();
  g_set_object (&pipe->server, pipe->servers->pdata[pipe->next_server++]);
  const struct sockaddr *address = (const struct sockaddr *) &native;
  if (!g_socket_address_to_native (pipe->server, &native, sizeof native, NULL))
    return FALSE;
  side->fd = socket (address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (side->fd < 0)
    return FALSE;
  setsockopt (side->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect (side->fd, address, qs_sockaddr_length (address)) != 0 && errno != EINPROGRESS)
    return FALSE;
  side->events = EPOLLOUT;
  return qs_tap_relay_watch (relay, side->fd, &side->handler, side->events);
}

/* FALSE: there is no other, and errno says why. */
static gboolean
try_servers (Pipe *pipe)
{
  while (pipe->next_server < pipe->servers->len)
    if (try_server (pipe))
      {
        note_connecting (pipe);
        return TRUE;
      }
  return FALSE;
}

static void
finish_connecting (Pipe *pipe)
{
  int error = 0;
  socklen_t length = sizeof error;

  getsockopt (pipe->sides[SERVER].fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0)
    {
      if (!try_servers (pipe))
        pipe_reset (pipe, SERVER, error);
      return;
    }
  pipe->connected = TRUE;
  add_mark (pipe, QS_MARK_TCP_CONNECTED, NULL, 0, NULL);
  if (pipe->wish != NULL)
    answer_client (pipe, QS_TAP_PROXY_CONNECTED);
  if (pipe->early != NULL)
    {
      record (pipe, CLIENT, pipe->early->data, pipe->early->len);
      pass (&pipe->sides[SERVER], pipe->early->data, pipe->early->len);
      g_clear_pointer (&pipe->early, g_byte_array_unref);
    }
  watch_both (pipe);
}

/* Its client has ended before there was an answer: out of patience, or it has said all that it wants to say. */
static void
hear_early_end (Pipe *pipe, guint32 events)
{
  Side *side = &pipe->sides[CLIENT];
  char byte;

  if ((events & (EPOLLHUP | EPOLLERR)) == 0 && recv (side->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
    {
      watch (side, 0);
      return;
    }
  note_connecting (pipe); /* a second try that nobody answers says that it was silence */
  set_to_reset (pipe->sides[SERVER].fd);
  pipe_close (pipe, TRUE);
}

static void
side_ready (QsTapRelay *relay, QsTapHandler *handler, guint32 events)
{
  Side *side = (Side *) handler;
  Pipe *pipe = side->pipe;
  SideIndex index = side == &pipe->sides[CLIENT] ? CLIENT : SERVER;

  if (pipe->closed)
    return;
  if (!pipe->connected)
    {
      if (index == SERVER)
        finish_connecting (pipe);
      else
        hear_early_end (pipe, events);
      return;
    }
  if ((events & EPOLLOUT) != 0 && side->queued->len > 0)
    flush (pipe, index);
  if (!pipe->closed && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !side->ended)
    read_side (pipe, index);
  /* Reset behind its end, or while what it said cannot be passed on. */
  if (!pipe->closed && (events & EPOLLERR) != 0)
    pipe_reset (pipe, index, ECONNRESET);
  if (!pipe->closed)
    pass_end (pipe);
  watch_both (pipe);
}

void
qs_tap_tcp_open (QsTapTcp *self, int fd, const struct sockaddr *peer, GPtrArray *servers, const QsTapProxied *proxied)
{
  Pipe *pipe = g_new0 (Pipe, 1);
  g_autoptr (GSocketAddress) client = qs_sockaddr_to_gio (peer);
  QsTapRelay *relay = self->relay;
  int on = 1;

  pipe->tcp = self;
  pipe->link.data = pipe;
  pipe->servers = g_ptr_array_ref (servers);
  pipe->server = g_object_ref (servers->pdata[0]);
  if (proxied != NULL)
    pipe->wish = g_memdup2 (proxied->wish, sizeof *proxied->wish);
  if (proxied != NULL && proxied->n_early > 0)
    pipe->early = g_byte_array_append (g_byte_array_new (), proxied->early, (guint) proxied->n_early);
  for (guint i = 0; i < 2; i++)
    pipe->sides[i] = (Side){ { side_ready }, pipe, -1, 0, NULL, 0, FALSE, FALSE };
  pipe->sides[CLIENT].fd = fd;
  pipe->sides[CLIENT].queued = g_byte_array_new ();
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  g_autoptr (QsTrace) trace = qs_tap_relay_new_trace (relay, client, pipe->server);
  pipe->connection = qs_tap_connection_new (trace, TRUE);
  g_queue_push_tail_link (&self->pipes, &pipe->link);
  g_mutex_lock (&relay->wire.lock);
  qs_tap_wire_announce (&relay->wire, pipe->connection);
  g_mutex_unlock (&relay->wire.lock);
  pipe->sides[CLIENT].events = EPOLLRDHUP;
  if (!qs_tap_relay_watch (relay, fd, &pipe->sides[CLIENT].handler, EPOLLRDHUP) || !try_servers (pipe))
    pipe_reset (pipe, SERVER, errno);
}

static void
client_ready (QsTapRelay *relay, QsTapHandler *handler, guint32 events)
{
  QsTapTcp *self = (QsTapTcp *) handler;

  for (guint i = 0; i < MAX_ACCEPTS; i++)
    {
      struct sockaddr_storage peer;
      socklen_t length = sizeof peer;
      int fd = accept4 (self->fd, (struct sockaddr *) &peer, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);

      if (fd >= 0)
        {
          if (relay->greetings != NULL)
            qs_tap_greetings_take (relay->greetings, fd, (const struct sockaddr *) &peer);
          else
            qs_tap_tcp_open (self, fd, (const struct sockaddr *) &peer, relay->servers, NULL);
          continue;
        }
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
        {
          self->deaf = TRUE; /* it would be ready all the time */
          qs_tap_relay_change (relay, self->fd, &self->handler, 0);
        }
      return;
    }
}

void
qs_tap_tcp_sweep (QsTapTcp *self)
{
  if (self->deaf)
    qs_tap_relay_change (self->relay, self->fd, &self->handler, EPOLLIN);
  self->deaf = FALSE;
}

GSocketAddress *
qs_tap_tcp_dup_address (QsTapTcp *self)
{
  struct sockaddr_storage native;
  socklen_t length = sizeof native;

  if (getsockname (self->fd, (struct sockaddr *) &native, &length) != 0)
    return NULL;
  return qs_sockaddr_to_gio ((const struct sockaddr *) &native);
}

QsTapTcp *
qs_tap_tcp_new (QsTapRelay *relay, GSocketAddress *listen_address, GError **error)
{
  struct sockaddr_storage native;
  const struct sockaddr *address = (const struct sockaddr *) &native;
  int on = 1;

  if (!g_socket_address_to_native (listen_address, &native, sizeof native, error))
    return NULL;
  QsTapTcp *self = g_new0 (QsTapTcp, 1);
  self->relay = relay;
  self->handler.ready = client_ready;
  g_queue_init (&self->pipes);
  self->fd = socket (address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (self->fd >= 0)
    setsockopt (self->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (self->fd >= 0 && bind (self->fd, address, qs_sockaddr_length (address)) == 0 && listen (self->fd, BACKLOG) == 0 &&
      qs_tap_relay_watch (relay, self->fd, &self->handler, EPOLLIN))
    return self;
  int why = errno;
  g_autofree char *text = qs_socket_address_to_text (listen_address);
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (why), _ ("%s cannot be listened on over TCP: %s"), text,
               g_strerror (why));
  qs_tap_tcp_free (self);
  return NULL;
}

void
qs_tap_tcp_free (QsTapTcp *self)
{
  for (Pipe *pipe; (pipe = g_queue_peek_head (&self->pipes)) != NULL;)
    pipe_close (pipe, FALSE);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}
