/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "flows/qs-flow-table.h"
#include "net/qs-udp-bio.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsFlows:
 *
 * Tells the connections of one UDP socket of a server, or of a relay before one, apart by what is in the clear: the client's
 * address and the connection ids of long headers (RFC 8999). A flow begins with a client's first Initial, before anybody has a
 * connection for it, so that Retry and what was refused belong to it too. Where it records, each flow has a trace.
 */
typedef struct _QsFlows QsFlows;

typedef struct {
  QsFlowOwner owner;
  char *peer;     /* "192.0.2.1:4433" */
  QsTrace *trace; /* NULL unless recording */
  gpointer user;  /* whatever the one who hears of new flows likes */
  /*< private >*/
  QsFlowTable *table;
  QsFlowEnd end;   /* the peer, as path has it */
  guint n_unowned; /* datagrams while nobody held it */
  guint16 path;
  guint8 first_dcid_length, client_cid_length;
  QsFlowEnd begun_at; /* where its first datagram came from: the id that the client made up counts there alone */
  guint8 first_dcid[255], client_cid[255]; /* as long as any version may have them */
} QsFlow;

/* begun: (nullable): told of each new flow, and of its first datagram before that is filed. */
typedef void (*QsFlowsFunc) (QsFlow *flow, gpointer data);

QsFlows *qs_flows_new (gboolean record, GSocketAddress *server);
/* Of a relay, which sees what a client sends and gets: its traces are the client's view, with this budget (trace/qs-trace-budget.h). */
QsFlows *qs_flows_new_for_client (GSocketAddress *server, guint64 budget, QsFlowsFunc begun, gpointer data);
void qs_flows_free (QsFlows *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsFlows, qs_flows_free)

/* Files a datagram as a server has it: RECEIVED is by the client, which is its peer, in either view. NULL when it belongs to no
 * flow that can be told. Flows stay valid while they are held. */
QsFlow *qs_flows_add (QsFlows *self, const QsUdpDatagram *datagram);

/* A connection id that was told under encryption (RFC 9000 section 19.15), to whoever has the keys. */
void qs_flows_learn (QsFlows *self, QsFlow *flow, const guint8 *cid, gsize length);

/* Where the server is from now on. */
void qs_flows_set_server (QsFlows *self, GSocketAddress *server);

/* The newest from a peer's address as text; NULL. */
QsFlow *qs_flows_find_peer (QsFlows *self, const char *peer);

/* Whose server-chosen connection id this is; NULL. */
QsFlow *qs_flows_find (QsFlows *self, const guint8 *cid, gsize length);

/* An address as the table of flows has it; without padding, so that its bytes may be compared. */
QsFlowEnd qs_flow_end_of (const struct sockaddr *address);

/* A connection has it: kept until released by all that hold it. */
void qs_flow_hold (QsFlow *flow);
void qs_flow_release (QsFlow *flow);
/* What still comes is not recorded. */
void qs_flow_end_trace (QsFlow *flow);

G_END_DECLS
