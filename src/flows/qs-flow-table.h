/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-span.h"
#include "wire/qs-packet.h"

G_BEGIN_DECLS

/* One end of a connection. */
typedef struct {
  guint8 address[16]; /* IPv4 as a mapped one (RFC 4291 section 2.5.5.2) */
  guint16 port;       /* in the host's byte order */
} QsFlowEnd;

/* What a packet's addresses say: both ends in an order that does not depend on the direction. Where one socket is looked at,
 * the local end is left zero. */
typedef struct {
  QsFlowEnd ends[2];
  guint8 tcp;
} QsFlowKey;

void qs_flow_key_init (QsFlowKey *key, const QsFlowEnd *a, const QsFlowEnd *b, gboolean tcp); /* b: NULL for none */

typedef struct _QsFlowEntry QsFlowEntry;
typedef struct _QsFlowOwner QsFlowOwner;

/* A pair of addresses. Embed it as the first member to keep more about one. */
typedef struct {
  QsFlowKey key;
  QsFlowOwner *owner;  /* whose packets they are where nothing else tells; NULL */
  guint32 cid_lengths; /* bit N: a connection id of N bytes is known here */
  guint n_ids;
} QsFlowRoute;

/* A connection: embed it as the first member. All of it is the table's. */
struct _QsFlowOwner {
  GList link; /* among those that are held, or that are not */
  QsFlowEntry *ids, *last_id;
  guint n_ids;
  GPtrArray *routes; /* that it is the owner of, oldest first */
  guint n_holds;
};

/**
 * QsFlowTable:
 *
 * Which connection a packet belongs to, by what is in the clear: its addresses, and the connection ids of long headers (RFC 8999
 * section 5.1) or that somebody who has the keys tells. A short header does not say how long its connection id is: the lengths
 * seen are tried, the longest first. Every question costs the same however many connections there are.
 *
 * What it keeps is bounded: of connections that nobody holds the oldest goes when there are too many, and likewise a connection's
 * oldest id and address.
 */
typedef struct _QsFlowTable QsFlowTable;

typedef struct {
  gsize route_size;                       /* of the struct that a QsFlowRoute begins; 0: just that */
  guint max_routes;                       /* address pairs; 0: no bound but that of their owners */
  guint max_idle;                         /* connections that nobody holds; 0: they may not be dropped */
  guint max_ids;                          /* of one connection */
  guint max_owner_routes;                 /* addresses that one connection is the owner of */
  void (*drop) (QsFlowOwner *, gpointer); /* one that was begun is forgotten: its memory is its maker's again */
  gpointer data;
} QsFlowTableClass;

/* klass: copied. */
QsFlowTable *qs_flow_table_new (const QsFlowTableClass *klass);
/* Drops them all. */
void qs_flow_table_free (QsFlowTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsFlowTable, qs_flow_table_free)

/* NULL when there is none, or with create when there are too many. */
QsFlowRoute *qs_flow_table_get_route (QsFlowTable *self, const QsFlowKey *key, gboolean create);
/* What stands between these addresses is the owner's from now on. */
void qs_flow_table_set_route (QsFlowTable *self, QsFlowRoute *route, QsFlowOwner *owner);

/* owner: zeroed. May drop the oldest one that nobody holds. */
void qs_flow_table_begin (QsFlowTable *self, QsFlowOwner *owner);
/* A held one is kept; releases by all who hold it make it one that may be dropped. */
void qs_flow_table_hold (QsFlowTable *self, QsFlowOwner *owner);
void qs_flow_table_release (QsFlowTable *self, QsFlowOwner *owner);
/* Forgets one, whoever holds it. */
void qs_flow_table_drop (QsFlowTable *self, QsFlowOwner *owner);
/* Forgets the address pairs that are nobody's and of which the function says so too. */
void qs_flow_table_sweep_routes (QsFlowTable *self, gboolean (*unused) (QsFlowRoute *));
guint qs_flow_table_get_n_owners (QsFlowTable *self);

/**
 * qs_flow_table_add_id:
 * @route: (nullable): where the id counts; %NULL: on every address, as after a migration (RFC 9000 section 9)
 * @cid: an id longer than 20 bytes, as only unknown versions have, is known by its first 20 and its length
 *
 * The newest owner of an id counts. Of one that has too many ids the oldest of that kind goes, unless it is held: then the new one
 * is not taken.
 */
void qs_flow_table_add_id (QsFlowTable *self, QsFlowRoute *route, QsSpan cid, QsFlowOwner *owner);
QsFlowOwner *qs_flow_table_find_id (QsFlowTable *self, const QsFlowRoute *route, QsSpan cid);
/* Whose a packet with a short header is, by the connection id behind its first byte; NULL. */
QsFlowOwner *qs_flow_table_find_short (QsFlowTable *self, const QsFlowRoute *route, QsSpan packet);

G_END_DECLS
