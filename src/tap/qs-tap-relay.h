/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "net/qs-impairment.h"
#include "tap/qs-tap-connection.h"

G_BEGIN_DECLS

/**
 * QsTapRelay:
 *
 * The wire of a tap: hears UDP and TCP on one port, and hands on what comes to a server and back, in a thread of its own. Each client
 * address has a socket of its own towards the server, as behind a NAT. It ends no TLS and changes no byte; ECN marks pass in both
 * directions. What passes is recorded, a trace for each connection, and of datagrams what the impairments let pass; they stand
 * between relay and server.
 */
typedef struct _QsTapRelay QsTapRelay;

typedef struct {
  GSocketAddress *listen; /* port 0: any that is free for both */
  GPtrArray *
      servers; /* GSocketAddress, the favourite first; NULL: a proxy (SOCKS 5, HTTP CONNECT), TCP alone, on loopback alone */
  const char *impairment; /* rules as net/qs-impairment.h has them, of datagrams alone; NULL: none */
  guint64 budget;         /* of each connection's trace, see trace/qs-trace-budget.h */
} QsTapRelayOptions;

typedef struct {
  guint64 datagrams, datagram_bytes; /* that came, from either side */
  guint64 segments, segment_bytes;
  guint64 unfiled;  /* datagrams that belong to no connection that can be told: handed on, not recorded */
  guint64 not_sent; /* datagrams that the system did not take */
  guint clients;    /* that have a socket of their own now */
} QsTapFigures;

/* Each client has a socket of its own, and many come at once: as many descriptors as the system lets this process have. */
void qs_tap_relay_allow_many (void);
/* options: copied, and its objects held. NULL with G_IO_ERROR, or QS_ERROR_INVALID_TARGET for wrong rules. */
QsTapRelay *qs_tap_relay_new (const QsTapRelayOptions *options, GError **error);
GSocketAddress *qs_tap_relay_get_address (QsTapRelay *self); /* where it listens */
void qs_tap_relay_start (QsTapRelay *self);
/* Other rules from now on, as for what is under way as for what comes: takes them. Any thread. */
void qs_tap_relay_set_impairment (QsTapRelay *self, QsImpairment *impairment);
/* What has come by now is handed on; then its thread ends and its sockets close. */
void qs_tap_relay_stop (QsTapRelay *self);
/* The same without waiting for it: qs_tap_relay_stop() takes no time once it is over. at_once: what has come is let lie. */
void qs_tap_relay_begin_stop (QsTapRelay *self, gboolean at_once);
gboolean qs_tap_relay_is_stopped (QsTapRelay *self);
void qs_tap_relay_free (QsTapRelay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsTapRelay, qs_tap_relay_free)

/* The next connection that has begun (transfer full); NULL: none. */
QsTapConnection *qs_tap_relay_pop (QsTapRelay *self);
void qs_tap_relay_get_figures (QsTapRelay *self, QsTapFigures *figures);
/* since: monotonic microseconds: when something passed last. TRUE: TCP, and it is over. */
gboolean qs_tap_relay_is_over (QsTapRelay *self, QsTapConnection *connection, gint64 *since);
/* QUIC: an id that only who has the keys can know. */
void qs_tap_relay_learn (QsTapRelay *self, QsTapConnection *connection, QsSpan cid);
/* What still passes of it is not recorded any more. */
void qs_tap_relay_end_trace (QsTapRelay *self, QsTapConnection *connection);

G_END_DECLS
