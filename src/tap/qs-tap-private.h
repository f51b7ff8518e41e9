/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/qs-flows.h"
#include "net/qs-impairment.h"
#include "tap/qs-tap-connection.h"
#include "tap/qs-tap-relay.h"

G_BEGIN_DECLS

struct _QsTapConnection {
  GObject parent;
  QsTrace *trace;
  gboolean tcp;

  /* Under the relay's lock. */
  QsFlow *flow;   /* UDP; NULL once nothing is recorded any more */
  gint64 last;    /* monotonic microseconds: something passed */
  gboolean over;  /* TCP: both ends have ended it */
  gboolean empty; /* TCP: it came and went without a byte, and nothing was wrong */

  /* Of the tap's thread. */
  guint number;
  QsStudy *study;
  char *random;                /* of its ClientHello, in hex; NULL while it is not known */
  guint n_messages, n_packets; /* that were looked at */
  guint n_open;                /* of these, up to the first that may still open */
  guint n_keys;
  gboolean closed; /* QUIC: CONNECTION_CLOSE was seen */
};

QsTapConnection *qs_tap_connection_new (QsTrace *trace, gboolean tcp);

/* --- The relay's thread --- */

/* What epoll wakes: the first member of whatever has a descriptor. */
typedef struct _QsTapHandler QsTapHandler;
struct _QsTapHandler {
  void (*ready) (QsTapRelay *relay, QsTapHandler *handler, guint32 events);
};

typedef struct _QsTapUdp QsTapUdp;
typedef struct _QsTapTcp QsTapTcp;

#define QS_TAP_SCRATCH 65536

struct _QsTapRelay {
  GPtrArray *servers; /* GSocketAddress */
  guint server;       /* the one in use for UDP; this thread alone changes it */
  guint n_lost;       /* attempts that were refused since somebody has answered */
  QsImpairment *impairment;
  guint64 budget;
  GSocketAddress *address;
  int epoll_fd, wake_fd;
  QsTapHandler wake;
  QsTapUdp *udp;
  QsTapTcp *tcp;
  GPtrArray *gone; /* what was closed in this turn: its event may be among those that wait; freed behind it */
  GThread *thread;
  gint draining; /* atomic */
  guint8 *scratch;

  GMutex lock;
  QsFlows *flows;
  GQueue begun; /* QsTapConnection */
  QsTapFigures figures;
};

gboolean qs_tap_relay_watch (QsTapRelay *self, int fd, QsTapHandler *handler, guint32 events);
void qs_tap_relay_unwatch (QsTapRelay *self, int fd);
void qs_tap_relay_change (QsTapRelay *self, int fd, QsTapHandler *handler, guint32 events);
/* With the lock held. */
void qs_tap_relay_announce (QsTapRelay *self, QsTapConnection *connection);
QsTrace *qs_tap_relay_new_trace (QsTapRelay *self, GSocketAddress *client, GSocketAddress *server);

/* NULL with error. */
QsTapUdp *qs_tap_udp_new (QsTapRelay *relay, GSocketAddress *listen, GError **error);
GSocketAddress *qs_tap_udp_dup_address (QsTapUdp *self);
/* Goes on where a turn ended before the work did. TRUE: there is still more. */
gboolean qs_tap_udp_go_on (QsTapUdp *self);
/* Closes the sockets of clients that have been silent since this monotonic time. */
void qs_tap_udp_sweep (QsTapUdp *self, gint64 since);
void qs_tap_udp_free (QsTapUdp *self);

QsTapTcp *qs_tap_tcp_new (QsTapRelay *relay, GSocketAddress *listen, GError **error);
/* Every second: a listener that had no descriptor left hears again. */
void qs_tap_tcp_sweep (QsTapTcp *self);
void qs_tap_tcp_free (QsTapTcp *self);

G_END_DECLS
