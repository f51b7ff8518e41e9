/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The socket's error queue: what ICMP said, and who (IP_RECVERR, IPV6_RECVERR). */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <time.h> /* before errqueue.h, which forgets it */

#include <linux/errqueue.h>

#include "net/qs-udp-bio-private.h"

typedef struct {
  guint8 origin, type;
  gint16 code; /* -1: any */
  const char *name;
} IcmpName;

static const IcmpName icmp_names[] = {
  { SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, "port-unreachable" },
  { SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, "host-unreachable" },
  { SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_HOST_UNKNOWN, "host-unreachable" },
  { SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_HOST_ISOLATED, "host-unreachable" },
  { SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_HOST_UNR_TOS, "host-unreachable" },
  { SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, "protocol-unreachable" },
  { SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, "too-big" },
  { SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_NET_ANO, "admin-prohibited" },
  { SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_HOST_ANO, "admin-prohibited" },
  { SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, "admin-prohibited" },
  { SO_EE_ORIGIN_ICMP, ICMP_DEST_UNREACH, -1, "net-unreachable" },
  { SO_EE_ORIGIN_ICMP, ICMP_TIME_EXCEEDED, -1, "time-exceeded" },
  { SO_EE_ORIGIN_ICMP, ICMP_PARAMETERPROB, -1, "parameter-problem" },
  { SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, "port-unreachable" },
  { SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, "host-unreachable" },
  { SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, "admin-prohibited" },
  { SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, 5, "admin-prohibited" }, /* RFC 4443: failed ingress/egress policy */
  { SO_EE_ORIGIN_ICMP6, ICMP6_DST_UNREACH, -1, "net-unreachable" },
  { SO_EE_ORIGIN_ICMP6, ICMP6_PACKET_TOO_BIG, -1, "too-big" },
  { SO_EE_ORIGIN_ICMP6, ICMP6_TIME_EXCEEDED, -1, "time-exceeded" },
  { SO_EE_ORIGIN_ICMP6, ICMP6_PARAM_PROB, -1, "parameter-problem" },
};

static const char *
icmp_name (const struct sock_extended_err *error)
{
  for (guint i = 0; i < G_N_ELEMENTS (icmp_names); i++)
    if (icmp_names[i].origin == error->ee_origin && icmp_names[i].type == error->ee_type &&
        (icmp_names[i].code < 0 || icmp_names[i].code == error->ee_code))
      return icmp_names[i].name;
  return error->ee_errno == EMSGSIZE ? "too-big" : "other";
}

static void
report (const struct sock_extended_err *error, const QsSockaddr *peer, QsIcmpFunc func, gpointer data)
{
  const struct sockaddr *offender = SO_EE_OFFENDER (error);
  gboolean has_offender = error->ee_origin != SO_EE_ORIGIN_LOCAL && offender->sa_family != AF_UNSPEC;
  QsUdpIcmp icmp = {
    .name = icmp_name (error),
    .type = error->ee_type,
    .code = error->ee_code,
    .error = error->ee_errno,
    .mtu = error->ee_errno == EMSGSIZE ? error->ee_info : 0,
    .peer = &peer->any,
    .offender = has_offender ? offender : NULL,
  };

  func (&icmp, data);
}

int
qs_icmp_drain (int fd, QsIcmpFunc func, gpointer data)
{
  g_return_val_if_fail (func != NULL, 0);

  int told = 0;

  /* Bounded: an attacker's ICMP storm must not hold the loop. */
  for (guint i = 0; i < 64; i++)
    {
      _Alignas(struct cmsghdr) char control[512];
      guint8 byte;
      struct iovec iov = { &byte, 1 };
      QsSockaddr peer = { 0 };
      struct msghdr header = { .msg_name = &peer,
                               .msg_namelen = sizeof peer,
                               .msg_iov = &iov,
                               .msg_iovlen = 1,
                               .msg_control = control,
                               .msg_controllen = sizeof control };
      if (recvmsg (fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
        break;
      for (struct cmsghdr *c = CMSG_FIRSTHDR (&header); c != NULL; c = CMSG_NXTHDR (&header, c))
        if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
            (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
          {
            const struct sock_extended_err *error = (const struct sock_extended_err *) CMSG_DATA (c);
            report (error, &peer, func, data);
            if (error->ee_origin != SO_EE_ORIGIN_LOCAL)
              told = (int) error->ee_errno;
          }
    }
  return told;
}

static void
report_cb (const QsUdpIcmp *told, gpointer data)
{
  QsUdpBio *self = data;
  QsUdpIcmp icmp = *told;

  icmp.time = qs_udp_now (self);
  if (icmp.peer->sa_family == AF_UNSPEC)
    icmp.peer = &self->peer.any;
  if (self->recorder != NULL && self->recorder->icmp != NULL)
    self->recorder->icmp (self, &icmp, self->recorder_data);
}

int
qs_udp_bio_drain_errors (QsUdpBio *self)
{
  return qs_icmp_drain (self->fd, report_cb, self);
}
