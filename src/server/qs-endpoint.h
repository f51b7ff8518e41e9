/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "net/qs-udp-bio.h"
#include "server/qs-scenario-private.h"
#include "server/qs-server-connection-private.h"
#include "server/qs-server-tls.h"

G_BEGIN_DECLS

/* Whom the two endpoints of a server report to, in the server's own main context. */
typedef struct {
  void (*added) (QsServerConnection *connection, gpointer data);
  void (*ended) (QsServerConnection *connection, gpointer data);
  void (*event) (QsServerConnection *connection, const char *text, gpointer data); /* translated, escaped */
  void (*queue_changed) (guint length, gpointer data);
} QsEndpointHost;

/**
 * QsQuicEndpoint: OpenSSL's listener with all its connections and their streams, driven by one source. Turns are at
 * most 4 ms long and go round the connections.
 */
typedef struct _QsQuicEndpoint QsQuicEndpoint;

/* bio is bound. behaviour, host and tls are borrowed. */
QsQuicEndpoint *qs_quic_endpoint_new (QsUdpBio *bio, QsServerTls *tls, const QsBehaviour *behaviour, gboolean retry,
                                      gboolean record, const QsEndpointHost *host, gpointer data, GError **error);
/* (transfer full): of the newest flow from this address; NULL. */
QsTrace *qs_quic_endpoint_find_trace (QsQuicEndpoint *self, const char *peer);
/* Closes every connection with CONNECTION_CLOSE, which is on its way when this returns; frees the socket. */
void qs_quic_endpoint_free (QsQuicEndpoint *self);

/**
 * QsTcpEndpoint: TLS over TCP: a listening socket, a source per connection.
 */
typedef struct _QsTcpEndpoint QsTcpEndpoint;

/* socket: listening, nonblocking. patience_ms: for a handshake. */
QsTcpEndpoint *qs_tcp_endpoint_new (GSocket *socket, QsServerTls *tls, const QsBehaviour *behaviour, gboolean record,
                                    guint patience_ms, const QsEndpointHost *host, gpointer data);
void qs_tcp_endpoint_free (QsTcpEndpoint *self);

/* How the responders of a server answer. */
guint qs_behaviour_get_responder_flags (const QsBehaviour *behaviour);

G_END_DECLS
