/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel hands over in batches and trains, one datagram at a time. */
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "net/qs-udp-bio-private.h"

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define CONTROL_SIZE 256

static void
read_control (QsUdpBio *self, QsUdpSlot *slot, struct msghdr *header)
{
  for (struct cmsghdr *c = CMSG_FIRSTHDR (header); c != NULL; c = CMSG_NXTHDR (header, c))
    {
      const void *data = CMSG_DATA (c);
      if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS)
        {
          struct timespec stamp;
          memcpy (&stamp, data, sizeof stamp);
          slot->time = (gint64) stamp.tv_sec * 1000000000 + stamp.tv_nsec;
        }
      else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
        slot->ecn = *(const guint8 *) data & 3;
      else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS)
        {
          int tclass;
          memcpy (&tclass, data, sizeof tclass);
          slot->ecn = tclass & 3;
        }
      else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
        {
          int size;
          memcpy (&size, data, sizeof size);
          slot->segment = size > 0 ? (gsize) size : slot->length;
        }
      else if (self->wants_local && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO &&
               self->family == AF_INET)
        {
          struct in_pktinfo info;
          memcpy (&info, data, sizeof info);
          slot->local.v4 =
              (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = self->local_port, .sin_addr = info.ipi_addr };
        }
      else if (self->wants_local && c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
        {
          struct in6_pktinfo info;
          memcpy (&info, data, sizeof info);
          slot->local.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
                                                  .sin6_port = self->local_port,
                                                  .sin6_addr = info.ipi6_addr };
        }
    }
}

static void
take_slot (QsUdpBio *self, guint index, struct mmsghdr *message)
{
  QsUdpSlot *slot = &self->slots[index];

  slot->length = slot->segment = message->msg_len;
  slot->offset = 0;
  slot->time = 0;
  slot->ecn = 0;
  slot->local.any.sa_family = AF_UNSPEC;
  read_control (self, slot, &message->msg_hdr);
  if (slot->time == 0)
    slot->time = qs_udp_now (self);
  if (self->connected)
    slot->peer = self->peer;
}

int
qs_udp_bio_fill_slots (QsUdpBio *self)
{
  struct mmsghdr messages[QS_UDP_SLOTS] = { 0 };
  struct iovec iov[QS_UDP_SLOTS];
  _Alignas(struct cmsghdr) char control[QS_UDP_SLOTS][CONTROL_SIZE];

  if (self->buffer == NULL)
    self->buffer = g_malloc (QS_UDP_SLOTS * QS_UDP_SLOT_SIZE); /* pages that no datagram reaches cost nothing */
  for (guint i = 0; i < QS_UDP_SLOTS; i++)
    {
      self->slots[i].data = self->buffer + i * QS_UDP_SLOT_SIZE;
      iov[i] = (struct iovec){ self->slots[i].data, QS_UDP_SLOT_SIZE };
      messages[i].msg_hdr = (struct msghdr){ .msg_name = &self->slots[i].peer,
                                             .msg_namelen = sizeof self->slots[i].peer,
                                             .msg_iov = &iov[i],
                                             .msg_iovlen = 1,
                                             .msg_control = control[i],
                                             .msg_controllen = sizeof control[i] };
    }

  self->n_slots = self->next_slot = 0;
  for (guint attempts = 0; attempts < 64; attempts++)
    {
      int n = recvmmsg (self->fd, messages, QS_UDP_SLOTS, MSG_DONTWAIT, NULL);
      if (n > 0)
        {
          for (int i = 0; i < n; i++)
            take_slot (self, i, &messages[i]);
          self->n_slots = n;
          return n;
        }
      int error = n < 0 ? errno : EAGAIN;
      /* An error queue that nobody reads keeps the socket "ready" for ever. */
      int told = qs_udp_bio_drain_errors (self);
      /* The socket's own error is gone where a sendmmsg met it between two datagrams: that one tells of the first alone. */
      if ((error == EAGAIN || error == EWOULDBLOCK) && self->connected && told != 0)
        error = told;
      if (error == EAGAIN || error == EWOULDBLOCK)
        return 0;
      if (error != EINTR && qs_udp_bio_error_is_fatal (self, error, FALSE))
        return -1;
    }
  return 0;
}

static void
deliver (QsUdpBio *self, const QsUdpDatagram *datagram, const QsSockaddr *peer, const QsSockaddr *local,
         BIO_MSG *message)
{
  qs_udp_bio_record (self, datagram);
  self->n_received++;
  /* Longer than OpenSSL's buffer means longer than it announced to take: cut, and its AEAD will refuse it. */
  message->data_len = MIN (message->data_len, datagram->length);
  memcpy (message->data, datagram->data, message->data_len);
  message->flags = 0;
  if (message->peer != NULL)
    qs_sockaddr_to_bio (peer, message->peer);
  if (message->local != NULL)
    qs_sockaddr_to_bio (local, message->local);
}

/* The next datagram from the slots. */
static gboolean
next_from_slots (QsUdpBio *self, QsUdpSlot **slot, QsUdpDatagram *datagram)
{
  while (self->next_slot < self->n_slots)
    {
      QsUdpSlot *at = &self->slots[self->next_slot];
      if (at->offset >= at->length && at->length > 0)
        {
          self->next_slot++;
          continue;
        }
      gsize length = MIN (at->segment, at->length - at->offset);
      *slot = at;
      *datagram = (QsUdpDatagram){ at->time,       QS_DIRECTION_RECEIVED, &at->peer.any, at->ecn,
                                   QS_FATE_PASSED, at->data + at->offset, length };
      at->offset += length;
      if (at->offset >= at->length)
        self->next_slot++;
      return TRUE;
    }
  return FALSE;
}

gboolean
qs_udp_bio_receive_one (QsUdpBio *self, BIO_MSG *message)
{
  QsUdpSlot *slot;
  QsUdpDatagram datagram;

  if (self->impairment == NULL)
    {
      if (!next_from_slots (self, &slot, &datagram))
        return FALSE;
      deliver (self, &datagram, &slot->peer, &slot->local, message);
      return TRUE;
    }

  while (next_from_slots (self, &slot, &datagram))
    qs_udp_bio_impair_received (self, slot, &datagram);
  g_autofree QsUdpHeld *held = qs_udp_bio_pop_received (self);
  if (held == NULL)
    return FALSE;
  datagram = (QsUdpDatagram){ held->time, QS_DIRECTION_RECEIVED, &held->peer.any, held->ecn, held->fate,
                              held->data, held->length };
  deliver (self, &datagram, &held->peer, &held->local, message);
  return TRUE;
}
