/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sending: batches by sendmmsg, trains of equally long datagrams to one peer in one piece (UDP_SEGMENT). */
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "net/qs-udp-bio-private.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* A single sendmsg carries at most 64 segments; few of them are not worth the detour. */
#define MIN_TRAIN 3
#define MAX_TRAIN_BYTES 60000

#define MESSAGE_AT(messages, stride, i) ((const BIO_MSG *) ((const char *) (messages) + (i) * (stride)))

typedef struct {
  struct iovec iov[QS_UDP_BATCH];
  struct mmsghdr headers[QS_UDP_BATCH];
  guint n_messages[QS_UDP_BATCH]; /* that went into the header */
  QsSockaddr peers[QS_UDP_BATCH];
  _Alignas(struct cmsghdr) char control[QS_UDP_BATCH][128];
  guint n_headers;
} Batch;

gboolean
qs_udp_bio_error_is_fatal (QsUdpBio *self, int error, gboolean sending)
{
  gboolean fatal;

  switch (error)
    {
    case ECONNREFUSED:
      /* The kernel checked the quoted datagram against our ports: the peer's port is closed. */
      fatal = self->connected;
      break;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EACCES:
    case EPERM:
    case EPROTO:
    case EMSGSIZE:
      /* A path that never worked; one that did gets QUIC's own patience (RFC 9000 section 14.2.1 asks for doubt). */
      fatal = self->connected && self->n_received == 0 && (sending || error != EMSGSIZE);
      break;
    case ENOBUFS:
    case ENOMEM:
    case EIO:
      fatal = FALSE;
      break;
    default:
      fatal = TRUE;
    }
  if (fatal && self->error == 0)
    {
      self->error = error;
      if (self->recorder != NULL && self->recorder->error != NULL)
        self->recorder->error (self, error, self->recorder_data);
    }
  return fatal;
}

static int
sending_fd (QsUdpBio *self)
{
  return self->elsewhere_fd >= 0 ? self->elsewhere_fd : self->fd;
}

static void
add_control (struct msghdr *header, char *control, int level, int type, const void *data, gsize size)
{
  struct cmsghdr *c = (struct cmsghdr *) (control + header->msg_controllen);

  memset (c, 0, CMSG_SPACE (size));
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN (size);
  memcpy (CMSG_DATA (c), data, size);
  header->msg_control = control;
  header->msg_controllen += CMSG_SPACE (size);
}

/* Answers from the address that was asked: a wildcard socket would choose another one on a machine with many. */
static void
add_local (QsUdpBio *self, struct msghdr *header, char *control, const QsSockaddr *local)
{
  if (self->elsewhere_fd >= 0)
    return;
  if (local->any.sa_family == AF_INET6)
    {
      struct in6_pktinfo info = { .ipi6_addr = local->v6.sin6_addr };
      add_control (header, control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
  else if (local->any.sa_family == AF_INET)
    {
      struct in_pktinfo info = { .ipi_spec_dst = local->v4.sin_addr };
      add_control (header, control, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    }
}

static gboolean
same_address (const BIO_ADDR *a, const BIO_ADDR *b)
{
  guint8 x[16], y[16];
  size_t nx = 0, ny = 0;

  if (a == NULL || b == NULL)
    return a == b;
  return BIO_ADDR_family (a) == BIO_ADDR_family (b) && BIO_ADDR_rawport (a) == BIO_ADDR_rawport (b) &&
         BIO_ADDR_rawaddress (a, x, &nx) && BIO_ADDR_rawaddress (b, y, &ny) && nx == ny && memcmp (x, y, nx) == 0;
}

/* How many messages from first on can go as one train: all of one length, but for a shorter last one. */
static guint
train_length (QsUdpBio *self, const BIO_MSG *messages, gsize stride, gsize first, gsize n)
{
  const BIO_MSG *head = MESSAGE_AT (messages, stride, first);
  gsize bytes = head->data_len;
  guint length = 1;

  if (!self->segments)
    return 1;
  while (first + length < n)
    {
      const BIO_MSG *next = MESSAGE_AT (messages, stride, first + length);
      bytes += next->data_len;
      if (next->data_len > head->data_len || bytes > MAX_TRAIN_BYTES || next->data_len == 0 ||
          (!self->connected && !same_address (head->peer, next->peer)) || !same_address (head->local, next->local))
        break;
      length++;
      if (next->data_len < head->data_len)
        break;
    }
  return length >= MIN_TRAIN ? length : 1;
}

static void
build (QsUdpBio *self, Batch *batch, const BIO_MSG *messages, gsize stride, gsize n)
{
  batch->n_headers = 0;
  for (gsize i = 0; i < n; i++)
    batch->iov[i] =
        (struct iovec){ MESSAGE_AT (messages, stride, i)->data, MESSAGE_AT (messages, stride, i)->data_len };
  for (gsize i = 0; i < n;)
    {
      const BIO_MSG *message = MESSAGE_AT (messages, stride, i);
      guint at = batch->n_headers++;
      guint train = train_length (self, messages, stride, i, n);
      struct msghdr *header = &batch->headers[at].msg_hdr;
      QsSockaddr local;

      *header = (struct msghdr){ .msg_iov = &batch->iov[i], .msg_iovlen = train };
      if (!self->connected && qs_sockaddr_from_bio (message->peer, self->family, &batch->peers[at]))
        {
          header->msg_name = &batch->peers[at];
          header->msg_namelen = qs_sockaddr_length (&batch->peers[at].any);
        }
      if (qs_sockaddr_from_bio (message->local, self->family, &local))
        add_local (self, header, batch->control[at], &local);
      if (train > 1)
        {
          guint16 size = (guint16) message->data_len;
          add_control (header, batch->control[at], SOL_UDP, UDP_SEGMENT, &size, sizeof size);
        }
      batch->n_messages[at] = train;
      i += train;
    }
}

static void
record_sent (QsUdpBio *self, gint64 time, const BIO_MSG *messages, gsize stride, gsize from, gsize n, QsFate fate)
{
  if (self->recorder == NULL)
    return;
  for (gsize i = from; i < from + n; i++)
    {
      const BIO_MSG *message = MESSAGE_AT (messages, stride, i);
      QsSockaddr peer = self->peer;
      if (!self->connected)
        qs_sockaddr_from_bio (message->peer, self->family, &peer);
      QsUdpDatagram datagram = {
        time, QS_DIRECTION_SENT, &peer.any, self->ecn, fate, message->data, message->data_len
      };
      qs_udp_bio_record (self, &datagram);
    }
}

gssize
qs_udp_bio_send_batch (QsUdpBio *self, const BIO_MSG *messages, gsize stride, gsize n)
{
  Batch batch;
  gsize done = 0;

  n = MIN (n, QS_UDP_BATCH);
  for (guint failures = 0; done < n;)
    {
      const BIO_MSG *rest = MESSAGE_AT (messages, stride, done);
      gint64 time =
          qs_udp_now (self); /* before the call: over loopback the answer may carry an earlier stamp otherwise */
      build (self, &batch, rest, stride, n - done);
      int sent = sendmmsg (sending_fd (self), batch.headers, batch.n_headers, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent > 0)
        {
          gsize count = 0;
          for (int i = 0; i < sent; i++)
            count += batch.n_messages[i];
          record_sent (self, time, messages, stride, done, count, QS_FATE_PASSED);
          done += count;
          failures = 0;
          continue;
        }
      int error = errno;
      if (error == EINTR)
        continue;
      if (error == EAGAIN || error == EWOULDBLOCK)
        break;
      if (batch.n_messages[0] > 1)
        {
          /* No checksum offload on this route, or a path too narrow: one by one from now on. */
          self->segments = FALSE;
          continue;
        }
      qs_udp_bio_drain_errors (self);
      if (qs_udp_bio_error_is_fatal (self, error, TRUE))
        return -1;
      /* The first error may be one that an earlier datagram brought home (ICMP): once more; then this one is lost.
       * "Would block" in its place would make OpenSSL wait for a socket that is writable all the time. */
      if (failures++ == 0)
        continue;
      record_sent (self, time, messages, stride, done, 1, QS_FATE_DROPPED);
      done++;
      failures = 0;
    }
  return (gssize) done;
}

void
qs_udp_bio_send_one (QsUdpBio *self, const QsUdpHeld *held)
{
  _Alignas(struct cmsghdr) char control[128];
  struct iovec iov = { (gpointer) held->data, held->length };
  struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

  if (!self->connected)
    {
      header.msg_name = (gpointer) &held->peer;
      header.msg_namelen = qs_sockaddr_length (&held->peer.any);
    }
  add_local (self, &header, control, &held->local);
  if (held->ecn != self->ecn)
    {
      int tos = held->ecn;
      if (self->family == AF_INET6)
        add_control (&header, control, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
      else
        add_control (&header, control, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    }
  for (guint attempts = 0; attempts < 2; attempts++)
    {
      if (sendmsg (sending_fd (self), &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno == EAGAIN)
        return;
      int error = errno;
      qs_udp_bio_drain_errors (self);
      if (qs_udp_bio_error_is_fatal (self, error, TRUE))
        return;
    }
}

/* The address beside the own one of a loopback network has 2^24 of. */
static gboolean
bind_beside (int fd, const QsSockaddr *own)
{
  QsSockaddr beside = *own;

  if (own->any.sa_family == AF_INET)
    {
      beside.v4.sin_addr.s_addr = htonl (INADDR_LOOPBACK + 1);
      if (bind (fd, &beside.any, qs_sockaddr_length (&beside.any)) == 0)
        return TRUE;
      beside.v4.sin_addr = own->v4.sin_addr;
      beside.v4.sin_port = 0;
    }
  else
    beside.v6.sin6_port = 0;
  return bind (fd, &beside.any, qs_sockaddr_length (&beside.any)) == 0;
}

gboolean
qs_udp_bio_answer_elsewhere (QsUdpBio *self, GError **error)
{
  g_return_val_if_fail (self != NULL && self->elsewhere_fd < 0, FALSE);

  QsSockaddr own;
  socklen_t length = sizeof own;
  int fd = socket (self->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);

  if (fd >= 0 && getsockname (self->fd, &own.any, &length) == 0 && bind_beside (fd, &own))
    {
      self->elsewhere_fd = fd;
      return TRUE;
    }
  int code = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "bind: %s", g_strerror (code));
  if (fd >= 0)
    close (fd);
  return FALSE;
}
