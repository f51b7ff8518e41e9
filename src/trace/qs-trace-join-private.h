/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-chunks.h"
#include "trace/qs-trace-join.h"

G_BEGIN_DECLS

typedef enum {
  QS_JOIN_BY_BYTES,
  QS_JOIN_BY_NUMBER, /* one of them has no bytes */
  QS_JOIN_BY_PLACE,  /* TLS over TCP: of a record in its stream */
} QsJoinManner;

/* What travels as one: a datagram's packets, or a packet alone where there are no datagrams. */
typedef struct {
  guint64 hash;
  gint64 time; /* on the own clock */
  guint32 first, n;
  guint32 record;
  guint32 length;
  guint8 other; /* in which trace */
  guint8 by_client;
  guint8 sent;      /* at this end */
  guint8 dropped;   /* its fate is known at this end */
  guint8 corrupted; /* its fate; of a packet alone: it cannot be opened */
} QsJoinUnit;

typedef struct {
  guint64 hash;
  gint64 time;
  guint32 record;
  guint32 length;
  guint32 first_crossing;
  guint32 index;  /* in its side's list */
  guint32 before; /* the index of the one before with the same hash, QS_JOIN_NONE: none */
  guint16 n;
  guint8 other;
  guint8 dropped;
  guint8 arrived; /* or dropped at its receiver's end */
  guint8 corrupted;
} QsJoinSent;

/* Something that occurs once in each trace, to compare their clocks by. */
typedef struct {
  guint64 hash;
  gint64 time[2]; /* of each trace's own */
  guint8 n[2];    /* saturates at 2 */
  guint8 by_client;
} QsJoinLandmark;

typedef enum { QS_JOIN_NEW, QS_JOIN_INDEXING, QS_JOIN_COMPARING, QS_JOIN_READY } QsJoinPhase;

struct _QsTraceJoin {
  gatomicrefcount refs;
  QsTrace *traces[2]; /* own, other */
  QsJoinClocks clocks;
  QsJoinPhase phase;
  QsJoinManner manner;
  gboolean own_is_client;
  gint64 offset;
  guint32 next[2]; /* packet to take in */
  GArray *crossings;
  GArray *again;
  GArray *crossing_of[2]; /* guint32, by packet */
  GArray *pending[2];     /* QsJoinUnit by side that sends: received, and not sent as far as is known */
  guint retry_from[2];    /* a pass over them is here, and kept so many of those before */
  guint retry_kept[2];
  gboolean retrying[2];
  guint n_retried[2];    /* n_sent when the last pass began */
  QsChunks sent[2];      /* QsJoinSent by side: 0 server, 1 client */
  GHashTable *by_hash;   /* hash in a QsJoinSent -> the newest of them */
  gint64 newest_sent[2]; /* by side, likewise all below */
  gint64 least_delay[2];
  guint n_sent[2], n_received[2], n_matched[2];
  QsJoinCounts counts;
  gboolean finished;
  gboolean over; /* and all is taken in */

  QsChunks landmarks;
  GHashTable *by_landmark;
  guint32 index_next[2];
  guint compared;
  gint64 ahead_least[2], ahead_most[2]; /* the other trace's time minus the own one's, of what each side sent */
};

/* Chooses how to join, and aligns clocks, until deadline; TRUE when done. waits: one of the traces is empty yet. */
gboolean qs_join_prepare (QsTraceJoin *self, gint64 deadline, gboolean *waits);
/* The next unit of a trace; FALSE: it has no more. */
gboolean qs_join_peek (QsTraceJoin *self, gboolean other, QsJoinUnit *unit);

void qs_join_add_sent (QsTraceJoin *self, const QsJoinUnit *unit, guint32 first_crossing);
/* When something is looked for. What was changed on its way is held against many others, so that is done twice at most. */
typedef enum {
  QS_JOIN_FIRST,
  QS_JOIN_AGAIN,
  QS_JOIN_OVER
} QsJoinTry; /* OVER: all that may fit better has been taken in */
/* What was sent and is this; NULL: not known. */
QsJoinSent *qs_join_match (QsTraceJoin *self, const QsJoinUnit *unit, QsJoinTry attempt, gboolean *changed);
/* Whether the first ClientHello is the same one in both, where both have its bytes. */
gboolean qs_join_same_hello (QsTraceJoin *self);

G_END_DECLS
