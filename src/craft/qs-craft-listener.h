/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "craft/qs-craft.h"

G_BEGIN_DECLS

/**
 * QsCraftListener:
 *
 * A UDP socket that clients connect to. What comes is given to the connection whose id it bears, else to the one of its address; whoever owns
 * the listener says what becomes of a client that is new. Versions that are not known here are answered with Version Negotiation.
 */
typedef struct _QsCraftListener QsCraftListener;

/* A client's first datagram; borrowed for the call. */
typedef struct {
  GSocketAddress *from;
  gint64 time; /* nanoseconds since 1970, when it came */
  QsPacketHeader header;
} QsCraftFirst;

/* qs_craft_accept() takes the client on; else its datagram is dropped. From the main loop; may free the listener. */
typedef void (*QsCraftIncomingFunc) (QsCraftListener *self, const QsCraftFirst *first, gpointer data);

/* Listens at once, on the thread-default main context. NULL with G_IO_ERROR. */
QsCraftListener *qs_craft_listener_new (GSocketAddress *address, QsCraftIncomingFunc incoming, gpointer data,
                                        GError **error);
/* New clients are not heard any more; the socket closes with the last connection. */
void qs_craft_listener_free (QsCraftListener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsCraftListener, qs_craft_listener_free)
GSocketAddress *qs_craft_listener_get_address (QsCraftListener *self); /* borrowed; with the port that it got */

/**
 * qs_craft_accept:
 * @trace: of the server's view; the client's first datagram is the next record of it
 *
 * A server's end of a connection. With the habit HOLD_ANSWER it says nothing until qs_craft_answer().
 *
 * Returns: or %NULL with QS_ERROR_SSL or QS_ERROR_CRYPTO
 */
QsCraft *qs_craft_accept (QsCraftListener *listener, const QsCraftFirst *first, QsTrace *trace, QsClock *clock,
                          const QsCraftOptions *options, QsCraftChangedFunc changed, gpointer data, GError **error);

/* TLS gets the ClientHello, and its answer goes out. Once. FALSE with QS_ERROR_SSL. */
gboolean qs_craft_answer (QsCraft *self, GError **error);

/* Version Negotiation in answer to the client's first Initial. versions: as they stand, four bytes each; own: the client's own one
 * behind them. */
void qs_craft_send_versions (QsCraft *self, QsSpan versions, gboolean own);

typedef struct {
  gboolean garble;    /* its integrity tag is wrong */
  gboolean same_id;   /* its Source Connection ID is the one that the client sent to */
  gboolean no_token;  /* its token is empty */
  guint token_length; /* 0: 24 bytes */
  guint8 id_length;   /* 0: 8 bytes */
} QsCraftRetry;
/* At most QS_CRAFT_MOST_RETRIES of a connection; the rest is not sent. */
void qs_craft_send_retry (QsCraft *self, const QsCraftRetry *how);
/* A stateless reset with the token of the transport parameters (RFC 9000 section 10.3). */
void qs_craft_send_reset (QsCraft *self);

G_END_DECLS
