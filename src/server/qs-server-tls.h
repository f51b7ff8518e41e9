/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/ssl.h>

#include "net/qs-flows.h"
#include "server/qs-scenario-private.h"
#include "server/qs-throwaway-ca.h"

G_BEGIN_DECLS

/**
 * QsServerTls: the two SSL_CTX of a server (QUIC, and TLS over TCP) with its certificate, ALPN, key log and
 * what a scenario does during the handshake.
 */
typedef struct _QsServerTls QsServerTls;

/* What the callbacks under OpenSSL's lock know of a connection. It belongs to the SSL object (ex_data). */
typedef struct {
  gboolean accepted;    /* QUIC: the endpoint has set it up: ClientHello may be answered */
  gint64 hold_until;    /* QUIC: and not before this monotonic time, microseconds */
  gboolean is_http3;    /* QUIC: ALPN chose it */
  gboolean waits;       /* QUIC: ClientHello came and was not answered yet */
  guint retiring;       /* QUIC: connection ids that the peer gave, less those that were told to be given up */
  QsFlow *flow;         /* QUIC: NULL until its first datagram went out */
  QsFlows *flows;       /* QUIC: borrowed */
  QsTrace *trace;       /* secrets go there; NULL: not recorded, or the flow is not known yet */
  GPtrArray *secrets;   /* key-log lines from before the trace was known */
  GArray *secret_times; /* gint64: when each came, nanoseconds since 1970 */
  char *server_secret;  /* SERVER_TRAFFIC_SECRET_0 in hex */
} QsServerLink;

/* options and behaviour are borrowed and must outlive it. */
QsServerTls *qs_server_tls_new (const QsServerOptions *options, const QsBehaviour *behaviour, GError **error);
void qs_server_tls_free (QsServerTls *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsServerTls, qs_server_tls_free)

SSL_CTX *qs_server_tls_get_quic (QsServerTls *self);
SSL_CTX *qs_server_tls_get_tcp (QsServerTls *self);
QsThrowawayCa *qs_server_tls_get_ca (QsServerTls *self); /* NULL when a certificate was given */
/* Where the client-hello callback finds the flows of the connections to come. */
void qs_server_tls_set_flows (QsServerTls *self, QsFlows *flows);

QsServerLink *qs_server_link_of (SSL *ssl); /* NULL before ClientHello */
QsServerLink *qs_server_link_ensure (SSL *ssl);
/* The same with the callback that finds the flow. Whichever comes first makes it: the endpoint that accepts the
 * connection (a ClientHello of two datagrams), or ClientHello. */
QsServerLink *qs_server_link_for_quic (SSL *ssl, QsFlows *flows);
void qs_server_link_set_trace (QsServerLink *link, QsTrace *trace);

G_END_DECLS
