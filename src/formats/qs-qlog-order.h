/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-metrics.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

typedef enum {
  QS_QLOG_PACKET,
  QS_QLOG_KEY_UPDATE, /* index: of the packet */
  QS_QLOG_MESSAGE,
  QS_QLOG_LOSS,
  QS_QLOG_METRICS,
  QS_QLOG_MARK,
  QS_QLOG_N_EVENTS
} QsQlogEventKind;

typedef struct {
  gint64 time;
  guint32 index; /* among those of its kind */
  guint8 kind;   /* QsQlogEventKind */
} QsQlogEvent;

/**
 * QsQlogOrder:
 *
 * All that a trace holds when this is made, in the order of its times, as qlog wants it: packets stand in a trace in the order in
 * which they could be read, which is another one where keys came late.
 */
typedef struct {
  QsTrace *trace;
  GArray *events; /* QsQlogEvent */
  GArray *rtt;    /* copies: the trace thins its own out */
  GArray *flight;
  GArray *losses;
  guint n[QS_QLOG_N_EVENTS];    /* by kind, of what is to come */
  guint next[QS_QLOG_N_EVENTS]; /* key updates come with packets */
  gboolean unsorted;
} QsQlogOrder;

QsQlogOrder *qs_qlog_order_new (QsTrace *trace);
/* Takes in one more; FALSE when all are in events and in order. wants: whether a mark becomes an event. */
gboolean qs_qlog_order_advance (QsQlogOrder *self, gboolean (*wants) (const QsMark *mark));
void qs_qlog_order_free (QsQlogOrder *self);

G_END_DECLS
