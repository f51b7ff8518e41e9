/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QsTrace: what was taken for the client turns out to be the server. */
#include "trace/qs-trace-private.h"

static QsDirection
other_direction (gint64 direction)
{
  return direction == QS_DIRECTION_SENT ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;
}

static void
turn_mark (QsMark *mark)
{
  if (mark->kind == QS_MARK_ICMP)
    mark->kind = QS_MARK_ICMP_SENT;
  else if (mark->kind == QS_MARK_ICMP_SENT)
    mark->kind = QS_MARK_ICMP;
  else if (mark->kind == QS_MARK_TCP_END ||
           (mark->kind == QS_MARK_FACT && g_strcmp0 (mark->name, QS_FACT_CAPTURE_LACKS) == 0))
    mark->value = other_direction (mark->value);
}

static void
turn_paths (GPtrArray *paths)
{
  for (guint i = 0; i < paths->len; i++)
    {
      QsPath *path = g_ptr_array_index (paths, i);
      GSocketAddress *local = path->local;

      path->local = path->remote;
      path->remote = local;
    }
}

void
qs_trace_turn (QsTrace *self)
{
  g_return_if_fail (QS_IS_TRACE (self));
  /* What one end recorded stays sent or received: then packets may be there. */
  g_return_if_fail (self->packets.length == 0 || self->vantage != QS_VANTAGE_NETWORK);

  g_mutex_lock (&self->lock);
  if (self->vantage != QS_VANTAGE_NETWORK)
    self->vantage = self->vantage == QS_VANTAGE_CLIENT ? QS_VANTAGE_SERVER : QS_VANTAGE_CLIENT;
  else
    {
      for (guint i = 0; i < self->records.length; i++)
        {
          QsStoredRecord *record = qs_chunks_get (&self->records, i);
          if (record->kind == QS_RECORD_DATAGRAM || record->kind == QS_RECORD_SEGMENT)
            record->direction = other_direction (record->direction);
        }
      for (guint i = 0; i < self->marks.length; i++)
        turn_mark (&((QsStoredMark *) qs_chunks_get (&self->marks, i))->mark);
      turn_paths (self->paths);
    }
  g_mutex_unlock (&self->lock);
}
