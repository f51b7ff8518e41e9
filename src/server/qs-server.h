/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "net/qs-impairment.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsServer: the local server: QUIC on SSL_new_listener with one GSource, and TLS over TCP on the same port
 * number. Echoes each stream (concluded when the peer concludes); answers `GET /path` on hq-interop and
 * http/1.0 (see the help of quicserve for its paths), HTTP/3 on h3, HTTP/1.1 over TCP.
 *
 * Properties: "running" (boolean), "port" (uint), "accept-queue-length" (uint), notify.
 * Signals: "connection-added" (QsServerConnection *), "connection-changed" (…), "connection-removed" (…),
 *          "event" (const char *text): one line for the log, translated, escaped.
 */
#define QS_TYPE_SERVER (qs_server_get_type ())
G_DECLARE_FINAL_TYPE (QsServer, qs_server, QS, SERVER, GObject)

typedef struct {
  char *address;              /* literal, default "127.0.0.1"; "::" for both families */
  guint16 port;               /* 0: the kernel chooses */
  char *cert_file, *key_file; /* both or none: none = a throwaway CA in memory */
  char **names;               /* of the throwaway certificate; default localhost, 127.0.0.1, ::1 */
  char **alpn;                /* accepted, in order; default hq-interop, http/1.0, h3, http/1.1 over TCP */
  char *impairment;           /* what its UDP socket's path does, as qs_impairment_new() takes it; NULL: nothing */
  gboolean retry;             /* address validation by Retry, default TRUE (OpenSSL's own default) */
  char **scenarios;           /* names, NULL: plain echo */
  gboolean record;            /* one trace per connection */
  gboolean once;              /* stops after the first connection has ended */
  gboolean tcp;               /* TLS over TCP too, default TRUE */
  guint tcp_handshake_ms;     /* who has not completed TLS's handshake over TCP then is hung up on; default 30000 */
} QsServerOptions;

QsServerOptions *qs_server_options_new (void);
QsServerOptions *qs_server_options_copy (const QsServerOptions *options);
void qs_server_options_free (QsServerOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsServerOptions, qs_server_options_free)

/* Copies options. */
QsServer *qs_server_new (const QsServerOptions *options);
/* Binds and listens. FALSE with a translated sentence that says what to do. */
gboolean qs_server_start (QsServer *self, GError **error);
/* Tells every peer (CONNECTION_CLOSE), frees the port; "running" becomes FALSE within 100 ms. */
void qs_server_stop (QsServer *self);
gboolean qs_server_get_running (QsServer *self);
guint16 qs_server_get_port (QsServer *self);
const char *qs_server_get_address (QsServer *self); /* with the port, "[::1]:4433" */
/* Connections that have begun and that the server has not taken up yet: now, and at the most since it was started. */
guint qs_server_get_accept_queue_length (QsServer *self);
guint qs_server_get_accept_queue_peak (QsServer *self);
/* The CA that signed its certificate, PEM; NULL when a certificate was given. */
const char *qs_server_get_ca_pem (QsServer *self);
gboolean qs_server_write_ca (QsServer *self, const char *path, GError **error);
GListModel *
qs_server_get_connections (QsServer *self); /* of QsServerConnection, newest last, ended ones kept (the last 200) */

/* The trace of the newest connection, or attempt at one, from this address (transfer full): also of one that OpenSSL never
 * accepted, by which nothing but a refusal was sent. NULL when there is none or it does not record. */
QsTrace *qs_server_find_trace (QsServer *self, GSocketAddress *peer);

/* One connection of a peer's. Properties, notify: "state" (string: "handshaking", "established", "closed", "failed"),
 * "peer" (string), "alpn" (string), "n-streams" (uint), "bytes-received", "bytes-sent" (uint64), "transport" (string: "quic", "tls"),
 * "end" (string: how it ended, translated, escaped; NULL before). */
#define QS_TYPE_SERVER_CONNECTION (qs_server_connection_get_type ())
G_DECLARE_FINAL_TYPE (QsServerConnection, qs_server_connection, QS, SERVER_CONNECTION, GObject)
QsTrace *qs_server_connection_get_trace (QsServerConnection *self); /* NULL unless recording */

/* --- Scenarios: a const table --- */
typedef struct {
  const char *name;       /* "expired-certificate" */
  const char *title;      /* N_() */
  const char *watch;      /* N_(): what to watch for */
  const char *finding;    /* expected finding's id, or NULL */
  gboolean by_experiment; /* only a second attempt of the client's shows it */
} QsScenario;
const QsScenario *qs_scenarios (guint *n_scenarios);
const QsScenario *qs_scenario_find (const char *name);
/* The scheme of a target that meets it: "quic" or "tls". */
const char *qs_scenario_get_scheme (const QsScenario *scenario);
/* The finding's id that is to be expected where the path is impaired as well (NULL: it is not): a path that lets nothing
 * through leaves no scenario of QUIC's to be seen. NULL: it works. */
const char *qs_scenario_expect (const QsScenario *scenario, const QsImpairment *path);

G_END_DECLS
