/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/ssl.h>

#include "server/qs-server.h"

G_BEGIN_DECLS

typedef enum {
  QS_SERVING_HANDSHAKE,
  QS_SERVING_ESTABLISHED,
  QS_SERVING_CLOSED,
  QS_SERVING_FAILED,
} QsServingState;

/* peer: "192.0.2.1:4433", may be told later; transport: "quic" or "tls". */
QsServerConnection *qs_server_connection_new (const char *transport);
void qs_server_connection_set_peer (QsServerConnection *self, const char *peer, QsTrace *trace);
const char *qs_server_connection_get_peer (QsServerConnection *self);
QsServingState qs_server_connection_get_serving_state (QsServerConnection *self);
/* The handshake is done: reads what TLS agreed on. */
void qs_server_connection_set_established (QsServerConnection *self, SSL *ssl);
/* It is over; text: how, translated, escaped. The first one counts. */
void qs_server_connection_set_ended (QsServerConnection *self, gboolean failed, const char *text);
void qs_server_connection_count (QsServerConnection *self, guint64 received, guint64 sent);
void qs_server_connection_add_stream (QsServerConnection *self);
/* Notifies of the counters what changed since the last time. */
void qs_server_connection_flush (QsServerConnection *self);
/* For the page at "/": lives as long as the connection. */
const char *qs_server_connection_get_about (QsServerConnection *self);
/* "alpn hq-interop, 2 streams, …": one line for people, translated. */
char *qs_server_connection_describe (QsServerConnection *self);

G_END_DECLS
