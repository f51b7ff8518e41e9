/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the system knows of a TCP connection that no byte tells. */
typedef struct {
  guint64 acknowledged;    /* bytes of ours, the SYN not counted */
  guint64 waiting;         /* bytes of ours that were sent and are not acknowledged, or not sent yet */
  guint64 received;        /* bytes in order */
  guint64 segments_behind; /* with bytes, that came though what stands before them did not */
} QsTcpInfo;

/* Linux's TCP_INFO of a socket. FALSE where the system does not tell, or the socket is not connected. */
gboolean qs_tcp_info_get (int fd, QsTcpInfo *info);

G_END_DECLS
