/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-tcp-bio.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/qs-udp-bio.h"

#define MOST_WITHOUT_REST_US 4000

struct _QsTcpBio {
  gatomicrefcount ref_count;
  int fd;
  int event_fd; /* -1 unless it waits */
  int family;
  gboolean connected;
  gint cancelled;    /* atomic */
  gint64 busy_since; /* monotonic, us: it has read without a rest since then; 0: it rests */
  const QsTcpRecorder *recorder;
  gpointer recorder_data;
};

static gboolean
is_transient (int error)
{
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == EINPROGRESS;
}

static gboolean
is_cancelled (QsTcpBio *self)
{
  if (!g_atomic_int_get (&self->cancelled))
    return FALSE;
  ERR_raise (ERR_LIB_SYS, ECANCELED);
  return TRUE;
}

static int
fail (QsTcpBio *self, int error)
{
  if (self->recorder != NULL)
    self->recorder->error (error, self->recorder_data);
  ERR_raise (ERR_LIB_SYS, error);
  return -1;
}

static void
record (QsTcpBio *self, QsDirection direction, const void *bytes, gsize length)
{
  if (self->recorder != NULL)
    self->recorder->segment (direction, bytes, length, self->recorder_data);
}

/* TRUE when woken: then OpenSSL is to give up for now. */
static gboolean
wait_for (QsTcpBio *self, short condition)
{
  struct pollfd descriptors[2] = { { self->fd, condition, 0 }, { self->event_fd, POLLIN, 0 } };
  guint64 count;

  while (poll (descriptors, 2, -1) < 0)
    if (errno != EINTR)
      return TRUE;
  return descriptors[1].revents != 0 && read (self->event_fd, &count, sizeof count) > 0;
}

/* SSL_read comes back when there is something for its caller. Tickets and key updates are nothing, and a peer may send them for ever: so
 * now and then nothing more is there. */
static gboolean
needs_rest (QsTcpBio *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->busy_since == 0)
    self->busy_since = now;
  if (now - self->busy_since < MOST_WITHOUT_REST_US)
    return FALSE;
  self->busy_since = 0;
  return TRUE;
}

static int
bio_read_cb (BIO *bio, char *bytes, int length)
{
  QsTcpBio *self = BIO_get_data (bio);

  BIO_clear_retry_flags (bio);
  if (needs_rest (self) && !is_cancelled (self))
    {
      BIO_set_retry_read (bio);
      return -1;
    }
  for (;;)
    {
      if (is_cancelled (self))
        return -1;
      ssize_t n = recv (self->fd, bytes, (size_t) length, MSG_DONTWAIT);
      if (n >= 0)
        {
          record (self, QS_DIRECTION_RECEIVED, bytes, (gsize) n);
          if (n == 0)
            BIO_set_flags (bio, BIO_FLAGS_IN_EOF);
          return (int) n;
        }
      if (!is_transient (errno))
        return fail (self, errno);
      self->busy_since = 0;
      if (self->event_fd < 0 || wait_for (self, POLLIN))
        {
          BIO_set_retry_read (bio);
          return -1;
        }
    }
}

/* A peer that refuses says why and resets: the writing fails, and what it said still stands in the socket. OpenSSL reads no more then;
 * the recording has it all the same. */
static void
record_last_words (QsTcpBio *self)
{
  guint8 bytes[4096];
  gsize most = 16 * sizeof bytes;

  for (ssize_t n; most > 0 && (n = recv (self->fd, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0; most -= (gsize) n)
    {
      record (self, QS_DIRECTION_RECEIVED, bytes, (gsize) n);
      if (n == 0)
        break;
    }
}

static int
bio_write_cb (BIO *bio, const char *bytes, int length)
{
  QsTcpBio *self = BIO_get_data (bio);

  BIO_clear_retry_flags (bio);
  for (;;)
    {
      if (is_cancelled (self))
        return -1;
      ssize_t n = send (self->fd, bytes, (size_t) length, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n >= 0)
        {
          record (self, QS_DIRECTION_SENT, bytes, (gsize) n);
          return (int) n;
        }
      if (!is_transient (errno))
        {
          int error = errno;
          record_last_words (self);
          return fail (self, error);
        }
      if (self->event_fd < 0 || wait_for (self, POLLOUT))
        {
          BIO_set_retry_write (bio);
          return -1;
        }
    }
}

static long
bio_ctrl_cb (BIO *bio, int command, long number, void *pointer)
{
  switch (command)
    {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP:
      return 1;
    case BIO_CTRL_EOF:
      return BIO_test_flags (bio, BIO_FLAGS_IN_EOF) != 0;
    default:
      return 0;
    }
}

static int
bio_destroy_cb (BIO *bio)
{
  QsTcpBio *self = BIO_get_data (bio);

  BIO_set_data (bio, NULL);
  BIO_set_init (bio, 0);
  if (self != NULL)
    qs_tcp_bio_unref (self);
  return 1;
}

static BIO_METHOD *
bio_method (void)
{
  static BIO_METHOD *method; /* kept, once it could be made */

  if (g_atomic_pointer_get (&method) == NULL)
    {
      BIO_METHOD *made = BIO_meth_new (BIO_get_new_index () | BIO_TYPE_SOURCE_SINK, "Quicscope TCP");
      if (made == NULL)
        return NULL;
      BIO_meth_set_read (made, bio_read_cb);
      BIO_meth_set_write (made, bio_write_cb);
      BIO_meth_set_ctrl (made, bio_ctrl_cb);
      BIO_meth_set_destroy (made, bio_destroy_cb);
      if (!g_atomic_pointer_compare_and_exchange (&method, NULL, made))
        BIO_meth_free (made);
    }
  return g_atomic_pointer_get (&method);
}

/* --- Public functions --- */

static void
set_io_error (GError **error, int code)
{
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (code), g_strerror (code));
}

/* ICMP tells who refuses: of a closed port TCP itself says so, by a reset (RFC 9293 section 3.10.7.1). Once it is connected an ICMP message
 * must end nothing (RFC 5461). */
static void
hear_icmp (int fd, int family, int on)
{
  if (family == AF_INET)
    setsockopt (fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  else
    setsockopt (fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

QsTcpBio *
qs_tcp_bio_new (GSocketAddress *peer, gboolean waits, guint max_segment, GError **error)
{
  g_return_val_if_fail (G_IS_INET_SOCKET_ADDRESS (peer), NULL);

  struct sockaddr_in6 native;
  if (!g_socket_address_to_native (peer, &native, sizeof native, error))
    return NULL;
  const struct sockaddr *address = (const struct sockaddr *) &native;
  int fd = socket (address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (fd < 0)
    {
      set_io_error (error, errno);
      return NULL;
    }

  QsTcpBio *self = g_new0 (QsTcpBio, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->fd = fd;
  self->event_fd = waits ? eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
  int on = 1;
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int segment = (int) max_segment;
  if (segment > 0)
    setsockopt (fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
  self->family = address->sa_family;
  hear_icmp (fd, self->family, 1);
  if (connect (fd, address, qs_sockaddr_length (address)) != 0 && errno != EINPROGRESS)
    {
      set_io_error (error, errno);
      qs_tcp_bio_unref (self);
      return NULL;
    }
  return self;
}

QsTcpBio *
qs_tcp_bio_ref (QsTcpBio *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
qs_tcp_bio_unref (QsTcpBio *self)
{
  g_return_if_fail (self != NULL);

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  close (self->fd);
  if (self->event_fd >= 0)
    close (self->event_fd);
  g_free (self);
}

BIO *
qs_tcp_bio_new_bio (QsTcpBio *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  BIO_METHOD *method = bio_method ();
  BIO *bio = method != NULL ? BIO_new (method) : NULL;
  if (bio == NULL)
    return NULL;
  BIO_set_data (bio, qs_tcp_bio_ref (self));
  BIO_set_init (bio, 1);
  return bio;
}

int
qs_tcp_bio_get_fd (QsTcpBio *self)
{
  g_return_val_if_fail (self != NULL, -1);
  return self->fd;
}

GSocketAddress *
qs_tcp_bio_dup_local_address (QsTcpBio *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  struct sockaddr_in6 local;
  socklen_t length = sizeof local;
  if (getsockname (self->fd, (struct sockaddr *) &local, &length) != 0)
    return NULL;
  return qs_sockaddr_to_gio ((const struct sockaddr *) &local);
}

void
qs_tcp_bio_set_recorder (QsTcpBio *self, const QsTcpRecorder *vtable, gpointer data)
{
  g_return_if_fail (self != NULL);

  self->recorder = vtable;
  self->recorder_data = data;
}

int
qs_tcp_bio_check_connected (QsTcpBio *self)
{
  g_return_val_if_fail (self != NULL, EINVAL);

  struct pollfd descriptor = { self->fd, POLLOUT, 0 };
  int error = 0;
  socklen_t length = sizeof error;
  if (g_atomic_int_get (&self->cancelled))
    return ECANCELED;
  if (self->connected)
    return 0;
  if (poll (&descriptor, 1, 0) <= 0)
    return EINPROGRESS;
  if (getsockopt (self->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
    return errno;
  self->connected = error == 0;
  if (self->connected)
    hear_icmp (self->fd, self->family, 0);
  else if (self->recorder != NULL && self->recorder->icmp != NULL)
    qs_icmp_drain (self->fd, self->recorder->icmp, self->recorder_data);
  return error;
}

void
qs_tcp_bio_drain (QsTcpBio *self, gsize most)
{
  g_return_if_fail (self != NULL);

  guint8 bytes[1024];
  ssize_t n = 1;
  for (gsize done = 0; done < most && n > 0; done += (gsize) MAX (n, 0))
    {
      n = recv (self->fd, bytes, MIN (sizeof bytes, most - done), MSG_DONTWAIT);
      if (n >= 0)
        record (self, QS_DIRECTION_RECEIVED, bytes, (gsize) n);
    }
}

void
qs_tcp_bio_wait (QsTcpBio *self, short condition)
{
  g_return_if_fail (self != NULL && self->event_fd >= 0);
  wait_for (self, condition);
}

void
qs_tcp_bio_wake (QsTcpBio *self)
{
  g_return_if_fail (self != NULL);

  guint64 one = 1;
  if (self->event_fd >= 0 && write (self->event_fd, &one, sizeof one) < 0)
    g_assert (errno == EAGAIN); /* full: then it is readable */
}

void
qs_tcp_bio_cancel (QsTcpBio *self)
{
  g_return_if_fail (self != NULL);

  g_atomic_int_set (&self->cancelled, 1);
  qs_tcp_bio_wake (self);
}
