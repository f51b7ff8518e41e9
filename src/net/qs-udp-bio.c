/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/qs-udp-bio-private.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/qs-clock.h"
#include "base/qs-i18n.h"

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* The kernel's default holds about 90 datagrams; more than its limit it grants to root alone. */
#define RECEIVE_BUFFER (4 * 1024 * 1024)
/* Some milliseconds of other work of the same thread may be in it. */
#define MOST_AT_ONCE 32 /* datagrams: what OpenSSL asks for */
#define SLOW_NS (G_GINT64_CONSTANT (20) * 1000000)

gint64
qs_udp_now (QsUdpBio *self)
{
  return qs_clock_now (self->clock);
}

void
qs_udp_bio_record (QsUdpBio *self, const QsUdpDatagram *datagram)
{
  if (self->recorder != NULL && self->recorder->datagram != NULL)
    self->recorder->datagram (self, datagram, self->recorder_data);
}

/* --- The BIO --- */

static void
signal_event (int fd)
{
  guint64 one = 1;

  if (fd >= 0 && write (fd, &one, sizeof one) < 0)
    g_assert (errno == EAGAIN); /* full: then it is readable */
}

static void
clear_event (int fd)
{
  guint64 count;

  if (fd >= 0 && read (fd, &count, sizeof count) < 0)
    g_assert (errno == EAGAIN);
}

static gboolean
refuse (QsUdpBio *self)
{
  int error = g_atomic_int_get (&self->cancelled) ? ECANCELED : self->error;

  if (error != 0)
    ERR_raise (ERR_LIB_SYS, error);
  return error != 0;
}

#define MESSAGE_AT(messages, stride, i) ((BIO_MSG *) ((char *) (messages) + (i) * (stride)))

static gint64
thread_cpu (void)
{
  struct timespec used = { 0 };

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &used);
  return used.tv_sec * G_GINT64_CONSTANT (1000000000) + used.tv_nsec;
}

/* OpenSSL looks at all that it is handed before it lets go, and a peer can make a datagram costly: a hundred bytes of a stream, each of
 * them behind a gap of its own, among as many as it has room for. So it gets the fewer of them the longer they take it. */
static void
set_batch (QsUdpBio *self)
{
  gboolean known = self->handed_at_cpu != 0 && self->handed_to == g_thread_self ();
  gboolean slow = known && thread_cpu () - self->handed_at_cpu > SLOW_NS;

  self->batch = slow ? MAX (1, self->batch / 2) : self->batch > 0 ? MIN (self->batch * 2, MOST_AT_ONCE) : MOST_AT_ONCE;
  self->handed_at_cpu = 0;
}

static void
note_handed (QsUdpBio *self)
{
  self->last_read = g_get_monotonic_time ();
  self->handed_at_cpu = thread_cpu ();
  self->handed_to = g_thread_self ();
}

static int
bio_recvmmsg_cb (BIO *bio, BIO_MSG *messages, size_t stride, size_t n_messages, uint64_t flags, size_t *n_done)
{
  QsUdpBio *self = BIO_get_data (bio);

  *n_done = 0;
  clear_event (self->more_fd);
  if (self->impairment != NULL)
    qs_udp_bio_run_held (self);
  /* Behind what was held: where the kernel refused that, no datagram will come to wake OpenSSL up again. */
  if (refuse (self))
    return 0;

  self->last_read_was_full = FALSE;
  gboolean paused = self->deaf || qs_udp_bio_get_paused_until (self) > g_get_monotonic_time ();
  set_batch (self);
  n_messages = MIN (n_messages, self->batch);
  while (!paused && *n_done < n_messages)
    {
      if (qs_udp_bio_receive_one (self, MESSAGE_AT (messages, stride, *n_done)))
        {
          ++*n_done;
          continue;
        }
      int n = qs_udp_bio_fill_slots (self);
      if (n < 0 && *n_done == 0)
        {
          refuse (self);
          return 0;
        }
      if (n <= 0)
        break;
    }
  self->last_read_was_full = *n_done == n_messages;
  if (self->next_slot < self->n_slots)
    signal_event (self->more_fd); /* a thread that polls must not sleep on what is held here */
  if (self->impairment != NULL)
    qs_udp_bio_run_held (self);
  if (*n_done > 0)
    {
      note_handed (self);
      GThread *sleeper = g_atomic_pointer_get (&self->sleeper);
      if (sleeper != NULL && sleeper != g_thread_self ())
        signal_event (self->wake_fd);
      return 1;
    }
  if (refuse (self))
    return 0;
  ERR_raise (ERR_LIB_BIO, BIO_R_NON_FATAL); /* 1 with no message would be an assertion of OpenSSL's */
  return 0;
}

static int
bio_sendmmsg_cb (BIO *bio, BIO_MSG *messages, size_t stride, size_t n_messages, uint64_t flags, size_t *n_done)
{
  QsUdpBio *self = BIO_get_data (bio);

  *n_done = 0;
  if (refuse (self))
    return 0;
  if (self->impairment != NULL)
    {
      for (size_t i = 0; i < n_messages; i++)
        {
          BIO_MSG *message = MESSAGE_AT (messages, stride, i);
          QsSockaddr peer = self->peer, local;
          if (!self->connected)
            qs_sockaddr_from_bio (message->peer, self->family, &peer);
          qs_sockaddr_from_bio (message->local, self->family, &local);
          QsUdpDatagram datagram = { qs_udp_now (self), QS_DIRECTION_SENT, &peer.any,        self->ecn,
                                     QS_FATE_PASSED,    message->data,     message->data_len };
          qs_udp_bio_impair_sent (self, &datagram, &local);
        }
      qs_udp_bio_run_held (self);
      *n_done = n_messages;
      return !refuse (self);
    }

  gssize sent = qs_udp_bio_send_batch (self, messages, stride, n_messages);
  if (sent > 0)
    {
      *n_done = sent;
      return 1;
    }
  if (sent < 0)
    refuse (self);
  else
    ERR_raise (ERR_LIB_BIO, BIO_R_NON_FATAL);
  return 0;
}

static long
enable_local (QsUdpBio *self, gboolean enable)
{
  int on = enable, status;

  if (self->connected)
    return 0;
  if (self->family == AF_INET6)
    status = setsockopt (self->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  else
    status = setsockopt (self->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  self->wants_local = enable && status == 0;
  return status == 0;
}

static long
bio_ctrl_cb (BIO *bio, int command, long number, void *pointer)
{
  QsUdpBio *self = BIO_get_data (bio);
  BIO_POLL_DESCRIPTOR *descriptor = pointer;

  switch (command)
    {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP:
      return 1;
    case BIO_CTRL_DGRAM_GET_CAPS:
    case BIO_CTRL_DGRAM_GET_EFFECTIVE_CAPS:
      return BIO_DGRAM_CAP_HANDLES_SRC_ADDR | BIO_DGRAM_CAP_HANDLES_DST_ADDR | BIO_DGRAM_CAP_PROVIDES_SRC_ADDR |
             BIO_DGRAM_CAP_PROVIDES_DST_ADDR;
    case BIO_CTRL_DGRAM_GET_MTU:
    case BIO_CTRL_DGRAM_QUERY_MTU:
      return 0; /* not known: OpenSSL keeps to 1200 bytes */
    case BIO_CTRL_DGRAM_DETECT_PEER_ADDR:
    case BIO_CTRL_DGRAM_GET_PEER:
      if (!self->connected)
        return 0;
      qs_sockaddr_to_bio (&self->peer, pointer);
      return 1;
    case BIO_CTRL_DGRAM_GET_LOCAL_ADDR_CAP:
      return !self->connected;
    case BIO_CTRL_DGRAM_GET_LOCAL_ADDR_ENABLE:
      *(int *) pointer = self->wants_local;
      return 1;
    case BIO_CTRL_DGRAM_SET_LOCAL_ADDR_ENABLE:
      return enable_local (self, number > 0);
    case BIO_CTRL_GET_RPOLL_DESCRIPTOR:
      /* SSL_poll has no way to be ended from without but this: it asks for the descriptor each time before it
       * sleeps, and fails when there is none. The flag is seen once the epoll's event has ended the poll. */
      if (g_atomic_int_get (&self->woken))
        return 0;
      descriptor->type = BIO_POLL_DESCRIPTOR_TYPE_SOCK_FD;
      descriptor->value.fd = qs_udp_bio_get_poll_fd (self);
      return 1;
    case BIO_CTRL_GET_WPOLL_DESCRIPTOR:
      descriptor->type = BIO_POLL_DESCRIPTOR_TYPE_SOCK_FD;
      descriptor->value.fd = self->fd;
      return 1;
    default:
      return 0;
    }
}

static int
bio_destroy_cb (BIO *bio)
{
  QsUdpBio *self = BIO_get_data (bio);

  BIO_set_data (bio, NULL);
  BIO_set_init (bio, 0);
  if (self != NULL)
    qs_udp_bio_unref (self);
  return 1;
}

static BIO_METHOD *
bio_method (void)
{
  static BIO_METHOD *method; /* kept, once it could be made */

  if (g_atomic_pointer_get (&method) == NULL)
    {
      BIO_METHOD *made = BIO_meth_new (BIO_get_new_index () | BIO_TYPE_SOURCE_SINK, "Quicscope UDP");
      if (made == NULL)
        return NULL;
      BIO_meth_set_sendmmsg (made, bio_sendmmsg_cb);
      BIO_meth_set_recvmmsg (made, bio_recvmmsg_cb);
      BIO_meth_set_ctrl (made, bio_ctrl_cb);
      BIO_meth_set_destroy (made, bio_destroy_cb);
      if (!g_atomic_pointer_compare_and_exchange (&method, NULL, made))
        BIO_meth_free (made);
    }
  return g_atomic_pointer_get (&method);
}

/* --- Public functions --- */

static gboolean
set_io_error (GError **error, int code, const char *what)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s", what, g_strerror (code));
  return FALSE;
}

static void
configure_socket (QsUdpBio *self)
{
  int on = 1, off = 0, size = RECEIVE_BUFFER, discover;

  setsockopt (self->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  if (setsockopt (self->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    setsockopt (self->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  setsockopt (self->fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
  setsockopt (self->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  /* QUIC's datagrams must not be fragmented (RFC 9000 section 14). */
  discover = IP_PMTUDISC_DO;
  setsockopt (self->fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof discover);
  if (self->family == AF_INET6)
    {
      setsockopt (self->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
      setsockopt (self->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on);
      setsockopt (self->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
      discover = IPV6_PMTUDISC_DO;
      setsockopt (self->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discover, sizeof discover);
    }
  setsockopt (self->fd, SOL_UDP, UDP_GRO, &on, sizeof on);
}

static gboolean
ensure_epoll (QsUdpBio *self, int fd, GError **error)
{
  struct epoll_event event = { .events = EPOLLIN };

  if (self->epoll_fd < 0)
    {
      self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
      event.data.fd = self->fd;
      if (self->epoll_fd < 0 || epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, self->fd, &event) != 0)
        return set_io_error (error, errno, "epoll");
    }
  event.data.fd = fd;
  if (fd < 0 || epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
    return set_io_error (error, errno, "epoll");
  return TRUE;
}

QsUdpBio *
qs_udp_bio_new (int family, QsUdpBioFlags flags, GError **error)
{
  g_return_val_if_fail (family == AF_INET || family == AF_INET6, NULL);

  int fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
  if (fd < 0)
    {
      set_io_error (error, errno, _ ("No UDP socket could be made"));
      return NULL;
    }

  g_autoptr (QsUdpBio) self = g_new0 (QsUdpBio, 1);
  self->clock = g_object_ref (qs_clock_get_real ());
  g_atomic_ref_count_init (&self->ref_count);
  self->family = family;
  self->fd = fd;
  self->wake_fd = self->more_fd = self->timer_fd = self->epoll_fd = self->elsewhere_fd = -1;
  self->segments = TRUE;
  g_queue_init (&self->held_in);
  g_queue_init (&self->held_out);
  configure_socket (self);
  if ((flags & QS_UDP_BIO_WAKEABLE) != 0)
    {
      self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
      self->more_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
      if (!ensure_epoll (self, self->wake_fd, error) || !ensure_epoll (self, self->more_fd, error))
        return NULL;
    }
  return g_steal_pointer (&self);
}

QsUdpBio *
qs_udp_bio_ref (QsUdpBio *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
close_fd (int fd)
{
  if (fd >= 0)
    close (fd);
}

void
qs_udp_bio_unref (QsUdpBio *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->recorder_destroy != NULL)
    self->recorder_destroy (self->recorder_data);
  if (self->impairment_destroy != NULL)
    self->impairment_destroy (self->impairment_data);
  g_queue_clear_full (&self->held_in, g_free);
  g_queue_clear_full (&self->held_out, g_free);
  g_object_unref (self->clock);
  close_fd (self->epoll_fd);
  close_fd (self->timer_fd);
  close_fd (self->wake_fd);
  close_fd (self->more_fd);
  close_fd (self->elsewhere_fd);
  close_fd (self->fd);
  g_free (self->buffer);
  g_free (self);
}

static void
note_local_port (QsUdpBio *self)
{
  QsSockaddr local;
  socklen_t length = sizeof local;

  if (getsockname (self->fd, &local.any, &length) == 0)
    self->local_port = local.any.sa_family == AF_INET6 ? local.v6.sin6_port : local.v4.sin_port;
}

gboolean
qs_udp_bio_bind (QsUdpBio *self, GSocketAddress *address, GError **error)
{
  g_return_val_if_fail (self != NULL && G_IS_INET_SOCKET_ADDRESS (address), FALSE);

  QsSockaddr native;
  if (!g_socket_address_to_native (address, &native, sizeof native, error))
    return FALSE;
  if (bind (self->fd, &native.any, qs_sockaddr_length (&native.any)) != 0)
    {
      int code = errno;
      g_autofree char *text = qs_socket_address_to_text (address);
      return set_io_error (error, code, text);
    }
  note_local_port (self);
  return TRUE;
}

gboolean
qs_udp_bio_connect (QsUdpBio *self, GSocketAddress *peer, GError **error)
{
  g_return_val_if_fail (self != NULL && G_IS_INET_SOCKET_ADDRESS (peer), FALSE);

  if (!g_socket_address_to_native (peer, &self->peer, sizeof self->peer, error))
    return FALSE;
  if (connect (self->fd, &self->peer.any, qs_sockaddr_length (&self->peer.any)) != 0)
    {
      int code = errno;
      g_autofree char *text = qs_socket_address_to_text (peer);
      return set_io_error (error, code, text);
    }
  self->connected = TRUE;
  note_local_port (self);
  return TRUE;
}

GSocketAddress *
qs_udp_bio_dup_local_address (QsUdpBio *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  QsSockaddr local;
  socklen_t length = sizeof local;
  if (getsockname (self->fd, &local.any, &length) != 0)
    return NULL;
  return qs_sockaddr_to_gio (&local.any);
}

BIO *
qs_udp_bio_new_bio (QsUdpBio *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  BIO_METHOD *method = bio_method ();
  BIO *bio = method != NULL ? BIO_new (method) : NULL;
  if (bio == NULL)
    return NULL;
  BIO_set_data (bio, qs_udp_bio_ref (self));
  BIO_set_init (bio, 1);
  return bio;
}

int
qs_udp_bio_get_fd (QsUdpBio *self)
{
  g_return_val_if_fail (self != NULL, -1);
  return self->fd;
}

int
qs_udp_bio_get_poll_fd (QsUdpBio *self)
{
  g_return_val_if_fail (self != NULL, -1);
  return self->epoll_fd >= 0 ? self->epoll_fd : self->fd;
}

void
qs_udp_bio_set_clock (QsUdpBio *self, QsClock *clock)
{
  g_return_if_fail (self != NULL && QS_IS_CLOCK (clock));

  g_set_object (&self->clock, clock);
}

void
qs_udp_bio_set_recorder (QsUdpBio *self, const QsUdpRecorder *vtable, gpointer data, GDestroyNotify destroy)
{
  g_return_if_fail (self != NULL);

  if (self->recorder_destroy != NULL)
    self->recorder_destroy (self->recorder_data);
  self->recorder = vtable;
  self->recorder_data = data;
  self->recorder_destroy = destroy;
}

gboolean
qs_udp_bio_set_impairment (QsUdpBio *self, const QsUdpImpairment *vtable, gpointer data, GDestroyNotify destroy,
                           GError **error)
{
  g_return_val_if_fail (self != NULL && vtable != NULL && vtable->impair != NULL, FALSE);

  if (self->timer_fd < 0)
    {
      self->timer_fd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
      if (!ensure_epoll (self, self->timer_fd, error))
        return FALSE;
    }
  if (self->impairment_destroy != NULL)
    self->impairment_destroy (self->impairment_data);
  self->impairment = vtable;
  self->impairment_data = data;
  self->impairment_destroy = destroy;
  return TRUE;
}

gpointer
qs_udp_bio_get_impairment (QsUdpBio *self, const QsUdpImpairment *vtable)
{
  g_return_val_if_fail (self != NULL && vtable != NULL, NULL);

  return self->impairment == vtable ? self->impairment_data : NULL;
}

static gboolean
apply_ecn (QsUdpBio *self)
{
  int tos = self->ecn;
  gboolean done = setsockopt (self->fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos) == 0;

  if (self->family == AF_INET6)
    done = setsockopt (self->fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos) == 0;
  return done;
}

gboolean
qs_udp_bio_set_ecn (QsUdpBio *self, guint8 ecn)
{
  g_return_val_if_fail (self != NULL && ecn < 4, FALSE);

  self->ecn = ecn;
  return apply_ecn (self);
}

gboolean
qs_udp_bio_rebind (QsUdpBio *self)
{
  g_return_val_if_fail (self != NULL && self->connected, FALSE);

  int fd = socket (self->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
  if (fd < 0)
    return FALSE;
  if (connect (fd, &self->peer.any, qs_sockaddr_length (&self->peer.any)) != 0)
    {
      close (fd);
      return FALSE;
    }
  /* Whoever polls knows the socket by its number, so the new one takes that; an epoll forgets the old one by itself. */
  if (dup3 (fd, self->fd, O_CLOEXEC) < 0)
    {
      close (fd);
      return FALSE;
    }
  close (fd);
  qs_udp_bio_lose_received (self);
  configure_socket (self);
  if (self->ecn != 0)
    apply_ecn (self);
  note_local_port (self);
  if (self->recorder != NULL && self->recorder->rebound != NULL)
    self->recorder->rebound (self, self->recorder_data);
  struct epoll_event event = { .events = EPOLLIN, .data.fd = self->fd };
  return self->epoll_fd < 0 || epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, self->fd, &event) == 0;
}

/* SO_REUSEPORT only now: a socket that has it while the kernel chooses its port may be given one that is in use. The
 * kernel prefers the connected one for what comes from its peer, and asks for the same user before it lets two share. */
GSocket *
qs_udp_bio_open_twin (QsUdpBio *self, GError **error)
{
  g_return_val_if_fail (self != NULL && self->connected, NULL);

  QsSockaddr local;
  socklen_t length = sizeof local;
  int on = 1;
  int fd = socket (self->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
  gboolean bound = fd >= 0 && getsockname (self->fd, &local.any, &length) == 0 &&
                   setsockopt (self->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 &&
                   setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 && bind (fd, &local.any, length) == 0;
  int code = errno;
  GSocket *twin = bound ? g_socket_new_from_fd (fd, error) : NULL;

  if (twin == NULL)
    close_fd (fd);
  if (!bound)
    set_io_error (error, code, "SO_REUSEPORT");
  return twin;
}

void
qs_udp_bio_set_deaf (QsUdpBio *self, gboolean deaf)
{
  g_return_if_fail (self != NULL);
  self->deaf = deaf;
}

void
qs_udp_bio_set_pace (QsUdpBio *self, gint64 us)
{
  g_return_if_fail (self != NULL && us >= 0);
  self->pace_us = us;
}

gint64
qs_udp_bio_get_paused_until (QsUdpBio *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->pace_us > 0 ? self->last_read + self->pace_us : 0;
}

gboolean
qs_udp_bio_has_pending (QsUdpBio *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  if (qs_udp_bio_get_paused_until (self) > 0)
    return FALSE;
  return self->last_read_was_full || self->next_slot < self->n_slots;
}

void
qs_udp_bio_wake (QsUdpBio *self)
{
  g_return_if_fail (self != NULL && self->wake_fd >= 0);

  g_atomic_int_set (&self->woken, 1);
  signal_event (self->wake_fd);
}

void
qs_udp_bio_clear_wake (QsUdpBio *self)
{
  g_return_if_fail (self != NULL);
  /* Not by a read of OpenSSL's: with several threads in it (its assisting one) another could take the event away
   * before the thread that sleeps has seen it. */
  g_atomic_int_set (&self->woken, 0);
  clear_event (self->wake_fd);
}

void
qs_udp_bio_cancel (QsUdpBio *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_int_set (&self->cancelled, 1);
  signal_event (self->wake_fd);
}

void
qs_udp_bio_wait (QsUdpBio *self, gint64 timeout_us, gboolean writes)
{
  g_return_if_fail (self != NULL && self->epoll_fd >= 0);

  struct pollfd descriptors[] = { { self->epoll_fd, POLLIN, 0 }, { self->fd, POLLOUT, 0 } };
  gboolean first = g_atomic_pointer_get (&self->sleeper) == NULL;
  g_atomic_pointer_set (&self->sleeper, g_thread_self ());
  /* What came while nobody was known to sleep is looked at first. */
  int timeout_ms = first ? 0 : timeout_us < 0 ? -1 : (int) MIN (timeout_us / 1000 + 1, G_MAXINT);
  poll (descriptors, writes ? 2 : 1, timeout_ms);
}

void
qs_udp_bio_end_waits (QsUdpBio *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_pointer_set (&self->sleeper, NULL);
  clear_event (self->wake_fd);
}

guint64
qs_udp_bio_get_n_received (QsUdpBio *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->n_received;
}
