/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/qs-flows.h"
#include "net/qs-impairment.h"
#include "tap/qs-tap-connection.h"
#include "tap/qs-tap-proxy.h"
#include "tap/qs-tap-relay.h"

G_BEGIN_DECLS

struct _QsTapConnection {
  GObject parent;
  QsTrace *trace;
  gboolean tcp;

  /* Under the wire's lock. */
  QsFlow *flow;     /* UDP through a relay; NULL once nothing is recorded any more */
  gint64 last;      /* monotonic microseconds: something passed */
  gboolean over;    /* TCP: both ends have ended it; or it was let go of */
  gboolean is_held; /* the capture has it */
  gboolean empty;   /* TCP: it came and went without a byte, and nothing was wrong */

  /* Of the tap's thread. */
  guint number;
  QsStudy *study;
  char *random;                /* of its ClientHello, in hex; NULL while it is not known */
  guint n_messages, n_packets; /* that were looked at */
  guint n_open;                /* of these, up to the first that may still open */
  guint n_keys;
  gboolean told;   /* "added" was emitted */
  gboolean closed; /* QUIC: CONNECTION_CLOSE was seen */
};

QsTapConnection *qs_tap_connection_new (QsTrace *trace, gboolean tcp);

/* --- What a tap hears: a relay, or a capture that is being written --- */

typedef struct _QsTapWire QsTapWire;

/* Of the tap's thread; what is NULL is not to be done. */
typedef struct {
  void (*start) (QsTapWire *wire);
  /* at_once: what has come is let lie. */
  void (*begin_stop) (QsTapWire *wire, gboolean at_once);
  gboolean (*is_stopped) (QsTapWire *wire); /* also where it came to its end by itself */
  void (*stop) (QsTapWire *wire);           /* waits for it */
  void (*learn) (QsTapWire *wire, QsTapConnection *connection, QsSpan cid);
  void (*end_trace) (QsTapWire *wire, QsTapConnection *connection);
  char *(*pop_line) (QsTapWire *wire); /* a key log's, that came with what is heard (transfer full); NULL: no more */
  void (*free) (QsTapWire *wire);
} QsTapWireClass;

/* Embed it as the first member. */
struct _QsTapWire {
  const QsTapWireClass *klass;
  const char *format; /* of its traces: "relay", "pcap" */
  GMutex lock;
  GQueue begun; /* QsTapConnection, that the tap has not taken yet */
  GCond taken;  /* it has */
};

void qs_tap_wire_init (QsTapWire *self, const QsTapWireClass *klass);
void qs_tap_wire_clear (QsTapWire *self);
/* With the lock held. */
void qs_tap_wire_announce (QsTapWire *self, QsTapConnection *connection);
/* The next connection that has begun (transfer full); NULL: none. */
QsTapConnection *qs_tap_wire_pop (QsTapWire *self);
/* since: monotonic microseconds: when something passed last. TRUE: nothing will come any more. */
gboolean qs_tap_wire_is_over (QsTapWire *self, QsTapConnection *connection, gint64 *since);

/* --- The relay's thread --- */

/* What epoll wakes: the first member of whatever has a descriptor. */
typedef struct _QsTapHandler QsTapHandler;
struct _QsTapHandler {
  void (*ready) (QsTapRelay *relay, QsTapHandler *handler, guint32 events);
};

typedef struct _QsTapUdp QsTapUdp;
typedef struct _QsTapTcp QsTapTcp;
typedef struct _QsTapGreetings QsTapGreetings;

#define QS_TAP_SCRATCH 65536

struct _QsTapRelay {
  QsTapWire wire;
  GPtrArray *servers; /* GSocketAddress */
  guint server;       /* the one in use for UDP; this thread alone changes it */
  guint n_lost;       /* attempts that were refused since somebody has answered */
  QsImpairment *impairment;
  guint64 budget;
  GSocketAddress *address;
  int epoll_fd, wake_fd;
  QsTapHandler wake;
  QsTapUdp *udp;             /* NULL: a proxy, of TCP alone */
  QsTapGreetings *greetings; /* NULL: no proxy */
  QsTapTcp *tcp;
  GPtrArray *gone; /* what was closed in this turn: its event may be among those that wait; freed behind it */
  GThread *thread;
  gint draining; /* atomic; 2: at once */
  gint over;     /* atomic: the thread has ended */
  guint8 *scratch;

  /* Under the wire's lock. */
  QsFlows *flows;
  QsTapFigures figures;
  QsImpairment *next_impairment; /* to be in force from now on; NULL: nothing new */
};

gboolean qs_tap_relay_watch (QsTapRelay *self, int fd, QsTapHandler *handler, guint32 events);
void qs_tap_relay_unwatch (QsTapRelay *self, int fd);
void qs_tap_relay_change (QsTapRelay *self, int fd, QsTapHandler *handler, guint32 events);
QsTrace *qs_tap_relay_new_trace (QsTapRelay *self, GSocketAddress *client, GSocketAddress *server);

/* NULL with error. */
QsTapUdp *qs_tap_udp_new (QsTapRelay *relay, GSocketAddress *listen, GError **error);
GSocketAddress *qs_tap_udp_dup_address (QsTapUdp *self);
/* Goes on where a turn ended before the work did. TRUE: there is still more. */
gboolean qs_tap_udp_go_on (QsTapUdp *self);
/* The relay's impairment is another one. */
void qs_tap_udp_impair (QsTapUdp *self);
/* Closes the sockets of clients that have been silent since this monotonic time. */
void qs_tap_udp_sweep (QsTapUdp *self, gint64 since);
void qs_tap_udp_free (QsTapUdp *self);

/* What was said to the proxy, and what came behind it. */
typedef struct {
  const QsTapProxyWish *wish;
  const guint8 *early;
  gsize n_early;
} QsTapProxied;

/* Leads a client on, whose socket is this one's now. servers: GSocketAddress, at least one; proxied: NULL where it asked no proxy. */
void qs_tap_tcp_open (QsTapTcp *self, int fd, const struct sockaddr *peer, GPtrArray *servers,
                      const QsTapProxied *proxied);

/* Clients of the proxy that have not said yet where they want to go. NULL: no descriptor is left. */
QsTapGreetings *qs_tap_greetings_new (QsTapRelay *relay);
void qs_tap_greetings_take (QsTapGreetings *self, int fd, const struct sockaddr *peer);
/* Those that take too long at this monotonic time go. */
void qs_tap_greetings_sweep (QsTapGreetings *self, gint64 now);
void qs_tap_greetings_free (QsTapGreetings *self);

GSocketAddress *qs_tap_tcp_dup_address (QsTapTcp *self);
QsTapTcp *qs_tap_tcp_new (QsTapRelay *relay, GSocketAddress *listen, GError **error);
/* Every second: a listener that had no descriptor left hears again. */
void qs_tap_tcp_sweep (QsTapTcp *self);
void qs_tap_tcp_free (QsTapTcp *self);

G_END_DECLS
