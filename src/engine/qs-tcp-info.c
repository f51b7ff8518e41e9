/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Apart from what includes netinet/tcp.h, whose struct of the same name is an older one. */
#include "engine/qs-tcp-info.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define ESTABLISHED 1 /* tcpi_state; CLOSE_WAIT, the peer's FIN, is 8 */
#define CLOSE_WAIT 8

gboolean
qs_tcp_info_get (int fd, QsTcpInfo *info)
{
  g_return_val_if_fail (info != NULL, FALSE);

  struct tcp_info of;
  socklen_t length = sizeof of;
  int queued = 0;

  memset (&of, 0, sizeof of);
  if (getsockopt (fd, IPPROTO_TCP, TCP_INFO, &of, &length) != 0 ||
      length < offsetof (struct tcp_info, tcpi_data_segs_in) + sizeof of.tcpi_data_segs_in ||
      (of.tcpi_state != ESTABLISHED && of.tcpi_state != CLOSE_WAIT) || ioctl (fd, SIOCOUTQ, &queued) != 0)
    return FALSE;
  *info = (QsTcpInfo){ .acknowledged = of.tcpi_bytes_acked > 0 ? of.tcpi_bytes_acked - 1 : 0,
                       .waiting = (guint64) MAX (queued, 0),
                       .received = of.tcpi_bytes_received };
  /* Nothing in order, and yet segments with bytes: they stand behind a gap. */
  if (info->received == 0)
    info->segments_behind = of.tcpi_data_segs_in;
  return TRUE;
}
