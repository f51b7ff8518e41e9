/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-json.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* What the readers of Chromium's net-export log share. Not for others. */

typedef enum { QS_NETLOG_NONE, QS_NETLOG_BEGIN, QS_NETLOG_END } QsNetlogPhase;

/* An event of one source; valid until the next one is read. */
typedef struct {
  double ms; /* since 1970, or since the machine started where the log does not say when that was */
  const char *type;
  QsNetlogPhase phase;
  QsJson params;
} QsNetlogEvent;

/* Names of numbers, as the log's own tables have them; NULL: not there. */
typedef struct _QsNetlogNames QsNetlogNames;
const char *qs_netlog_names_get_net_error (const QsNetlogNames *self, gint64 code);   /* "ERR_CONNECTION_RESET" */
const char *qs_netlog_names_get_quic_error (const QsNetlogNames *self, guint64 code); /* "QUIC_NETWORK_IDLE_TIMEOUT" */

/* params' "net_error", below 0 where there was an error; 0: none. */
gint64 qs_netlog_get_net_error (QsJson params);
/* A member in base64, or in hex digits as the oldest have it; NULL: not there. At most 64 KiB. Owned by the caller. */
GBytes *qs_netlog_get_bytes (QsJson params, const char *name);
void qs_netlog_add_note (QsTrace *trace, gint64 time, const char *text);
/* "[::1]:443" of a member; NULL: not there. */
GSocketAddress *qs_netlog_get_address (QsJson params, const char *name);

/* --- One QUIC session --- */

typedef struct _QsNetlogQuic QsNetlogQuic;

QsNetlogQuic *qs_netlog_quic_new (const char *title, double ms);
void qs_netlog_quic_add (QsNetlogQuic *self, const QsNetlogNames *names, const QsNetlogEvent *event);
/* (transfer full): NULL where it says nothing of packets; frees self. */
QsTrace *qs_netlog_quic_finish (QsNetlogQuic *self);

/* --- One TCP socket with TLS --- */

typedef struct _QsNetlogTls QsNetlogTls;

QsNetlogTls *qs_netlog_tls_new (const char *title, double ms);
/* group_id: what the log calls the site that the socket is for: "https://example.org:443 <…>" */
void qs_netlog_tls_set_site (QsNetlogTls *self, const char *group_id);
void qs_netlog_tls_add (QsNetlogTls *self, const QsNetlogNames *names, const QsNetlogEvent *event);
/* (transfer full): NULL where it was no TLS; frees self. */
QsTrace *qs_netlog_tls_finish (QsNetlogTls *self);

G_END_DECLS
