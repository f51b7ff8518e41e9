/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

#include "net/qs-udp-bio.h"

G_BEGIN_DECLS

typedef enum {
  QS_SSL_SOURCE_WAIT,  /* nothing was done: sleep until the network or a timer says so */
  QS_SSL_SOURCE_AGAIN, /* something was done to a stream or the connection, or time ran out: handle events, call again */
  QS_SSL_SOURCE_REMOVE, /* over */
} QsSslSourceResult;

/**
 * QsSslSourceFunc:
 * @deadline: monotonic microseconds at which to give the loop back (4 ms after the dispatch began)
 *
 * The owner's turn, after SSL_handle_events: reads, writes, accepts. After anything it did it returns
 * AGAIN: the source handles events, which sends it, and comes back until a turn had nothing to do. Thus
 * neither an event nor a deadline between the two is lost. It may free the SSL object itself when it
 * returns REMOVE or has destroyed the source.
 */
typedef QsSslSourceResult (*QsSslSourceFunc) (gint64 deadline, gpointer data);

/**
 * qs_ssl_source_new:
 * @leader: (not nullable): an event leader: a client's connection, or a listener with all its connections.
 *          Borrowed: the owner destroys the source before it frees the leader.
 * @bio: (not nullable): the socket below it, to know of datagrams that are held already
 * @name: a static string
 * @func: the owner's turn
 *
 * A thin source that drives OpenSSL's QUIC without blocking: polls for what SSL_net_read_desired and
 * SSL_net_write_desired say, is ready when SSL_get_event_timeout says so, and in its dispatch handles
 * events and gives the owner its turn, for at most 4 ms. Its priority lies below drawing, so that a
 * full-speed download does not starve a window, and above background slices, which it lets have a round
 * now and then.
 *
 * Returns: (transfer full): not attached yet
 */
GSource *qs_ssl_source_new (SSL *leader, QsUdpBio *bio, const char *name, QsSslSourceFunc func, gpointer data,
                            GDestroyNotify destroy);

/* SSL_stream_reset, freeing a stream, SSL_key_update and (in explicit event mode) writes neither send nor refresh
 * the cached deadline: after them dispatch once, soon. From the thread of the source's context. */
void qs_ssl_source_kick (GSource *source);

/* How often it was dispatched: tests count an idle connection's wakeups. */
guint64 qs_ssl_source_get_n_dispatches (GSource *source);

G_END_DECLS
