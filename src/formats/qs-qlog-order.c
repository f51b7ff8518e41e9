/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-qlog-order.h"

#define MAX_MOVES 4096 /* that one event may be out of order before all are sorted at the end */

QsQlogOrder *
qs_qlog_order_new (QsTrace *trace)
{
  QsQlogOrder *self = g_new0 (QsQlogOrder, 1);
  QsMetrics *metrics = qs_trace_get_metrics (trace);

  self->trace = g_object_ref (trace);
  self->events = g_array_new (FALSE, FALSE, sizeof (QsQlogEvent));
  self->rtt = g_array_copy (metrics->rtt);
  self->flight = g_array_copy (metrics->flight[QS_DIRECTION_SENT]);
  self->losses = g_array_copy (metrics->losses);
  self->n[QS_QLOG_PACKET] = qs_trace_get_n_packets (trace);
  self->n[QS_QLOG_MESSAGE] = qs_trace_get_n_messages (trace);
  self->n[QS_QLOG_LOSS] = self->losses->len;
  self->n[QS_QLOG_METRICS] = self->rtt->len;
  self->n[QS_QLOG_MARK] = qs_trace_get_n_marks (trace);
  return self;
}

void
qs_qlog_order_free (QsQlogOrder *self)
{
  g_array_unref (self->events);
  g_array_unref (self->rtt);
  g_array_unref (self->flight);
  g_array_unref (self->losses);
  g_object_unref (self->trace);
  g_free (self);
}

static void
insert_sorted (QsQlogOrder *self, gint64 time, QsQlogEventKind kind, guint index)
{
  QsQlogEvent event = { time, index, (guint8) kind };
  guint at = self->events->len;

  g_array_append_val (self->events, event);
  QsQlogEvent *all = (QsQlogEvent *) (void *) self->events->data;
  for (guint moves = 0; at > 0 && all[at - 1].time > time; at--)
    {
      if (moves++ == MAX_MOVES)
        {
          self->unsorted = TRUE;
          break;
        }
      all[at] = all[at - 1];
    }
  all[at] = event;
}

static gint64
next_time (QsQlogOrder *self, QsQlogEventKind kind)
{
  guint index = self->next[kind];
  gint64 time = 0;

  switch (kind)
    {
    case QS_QLOG_PACKET:
      return qs_trace_get_packet (self->trace, index)->time;
    case QS_QLOG_MESSAGE:
      return qs_trace_get_message (self->trace, index)->time;
    case QS_QLOG_LOSS:
      return g_array_index (self->losses, QsLoss, index).time;
    case QS_QLOG_METRICS:
      return g_array_index (self->rtt, QsRttSample, index).time;
    case QS_QLOG_MARK:
      qs_trace_get_mark (self->trace, index, &time);
      return time;
    case QS_QLOG_KEY_UPDATE:
    case QS_QLOG_N_EVENTS:
    default:
      g_assert_not_reached ();
    }
}

static void
take (QsQlogOrder *self, gint64 time, QsQlogEventKind kind, gboolean (*wants) (const QsMark *mark))
{
  guint index = self->next[kind]++;

  if (kind == QS_QLOG_PACKET && (qs_trace_get_packet (self->trace, index)->flags & QS_PACKET_KEY_UPDATE) != 0)
    insert_sorted (self, time, QS_QLOG_KEY_UPDATE, index);
  if (kind != QS_QLOG_MARK || wants (qs_trace_get_mark (self->trace, index, NULL)))
    insert_sorted (self, time, kind, index);
}

static int
compare_events (gconstpointer a, gconstpointer b)
{
  gint64 left = ((const QsQlogEvent *) a)->time, right = ((const QsQlogEvent *) b)->time;

  return left < right ? -1 : left > right;
}

/* The earliest of those that are next; of several at one time that of the first kind: an ACK's packet before what it tells. */
gboolean
qs_qlog_order_advance (QsQlogOrder *self, gboolean (*wants) (const QsMark *mark))
{
  QsQlogEventKind earliest = QS_QLOG_N_EVENTS;
  gint64 time = 0;

  for (QsQlogEventKind kind = 0; kind < QS_QLOG_N_EVENTS; kind++)
    {
      if (self->next[kind] == self->n[kind])
        continue;
      gint64 this_time = next_time (self, kind);
      if (earliest == QS_QLOG_N_EVENTS || this_time < time)
        {
          earliest = kind;
          time = this_time;
        }
    }
  if (earliest != QS_QLOG_N_EVENTS)
    {
      take (self, time, earliest, wants);
      return TRUE;
    }
  if (self->unsorted)
    g_array_sort (self->events, compare_events);
  return FALSE;
}
