/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "net/qs-udp-bio.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

#define QS_SERVER_CID_LENGTH 8 /* OpenSSL's own choice */

/**
 * QsFlows:
 *
 * Tells the connections of one UDP socket apart by what is in the clear: the peer's address and the
 * connection ids of long headers (RFC 8999). A flow begins with a client's first Initial, before OpenSSL
 * has a connection for it, so that Retry and what was refused belong to it too. Where it records, each
 * flow has a trace.
 */
typedef struct _QsFlows QsFlows;

typedef struct {
  char *peer;     /* "192.0.2.1:4433" */
  QsTrace *trace; /* NULL unless recording */
  guint n_owners; /* connections that hold it: kept until released by all */
  /*< private >*/
  GBytes *key, *first_dcid, *client_cid;
  GBytes *address;        /* of the peer, as path has it */
  GPtrArray *server_cids; /* GBytes */
  guint n_unowned;        /* datagrams without an owner */
  guint16 path;
  GList *link;
} QsFlow;

QsFlows *qs_flows_new (gboolean record, GSocketAddress *local);
void qs_flows_free (QsFlows *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsFlows, qs_flows_free)

/* Files a datagram. NULL when it belongs to no flow that can be told. Flows stay valid while they have owners. */
QsFlow *qs_flows_add (QsFlows *self, const QsUdpDatagram *datagram);

/* The newest from a peer's address as text; NULL. */
QsFlow *qs_flows_find_peer (QsFlows *self, const char *peer);

/* Whose server-chosen connection id this is; NULL. */
QsFlow *qs_flows_find (QsFlows *self, const guint8 *cid, gsize length);

void qs_flow_release (QsFlow *flow); /* one of its owners has ended */

/* The invariants of RFC 8999: FALSE for a short header or when the bytes end too soon. */
gboolean qs_long_header_parse (const guint8 *bytes, gsize length, guint32 *version, QsSpan *dcid, QsSpan *scid);

G_END_DECLS
