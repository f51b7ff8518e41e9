/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-trace-budget.h"

#include "trace/qs-trace-private.h"

/* Of marks that a peer can bring about as often as it likes. */
#define MAX_REPEATED_MARKS 65536

/* Of all traces that have a budget. */
static gsize program_held; /* atomic */

/* Each of these is one thing that a peer did, however often it does it. */
static const guint repeated_marks = 1u << QS_MARK_STREAM | 1u << QS_MARK_ICMP | 1u << QS_MARK_CALL |
                                    1u << QS_MARK_IMPAIRMENT | 1u << QS_MARK_NOTE | 1u << QS_MARK_FIRST_BYTE |
                                    1u << QS_MARK_REQUEST;

static guint64
limit_of (const QsBudget *budget)
{
  guint64 limit = budget->established ? budget->limit : MIN (budget->limit, QS_TRACE_EARLY_BUDGET);

  return g_atomic_pointer_get (&program_held) >= QS_PROGRAM_BUDGET ? MIN (limit, QS_TRACE_LEAST) : limit;
}

gboolean
qs_budget_take (QsBudget *self, gsize bytes)
{
  if (self->limit == 0)
    return TRUE;
  if (self->held + bytes > limit_of (self))
    return FALSE;
  self->held += bytes;
  g_atomic_pointer_add (&program_held, (gssize) bytes);
  return TRUE;
}

gboolean
qs_budget_is_half_spent (const QsBudget *self, gsize bytes)
{
  return self->limit != 0 && self->held + bytes > limit_of (self) / 2;
}

gboolean
qs_budget_take_mark (QsBudget *self, const QsMark *mark)
{
  if (mark->kind == QS_MARK_HANDSHAKE_DONE)
    self->established = TRUE;
  if (self->limit == 0 || (repeated_marks & 1u << mark->kind) == 0)
    return TRUE;
  if (self->n_repeated_marks++ < MAX_REPEATED_MARKS)
    return TRUE;
  self->not_kept.marks++;
  return FALSE;
}

void
qs_budget_clear (QsBudget *self)
{
  g_atomic_pointer_add (&program_held, -(gssize) self->held);
  self->held = 0;
}

/* --- Public functions --- */

void
qs_trace_set_budget (QsTrace *self, guint64 bytes)
{
  g_return_if_fail (QS_IS_TRACE (self) && self->records.length == 0);

  self->budget.limit = bytes;
}

void
qs_trace_establish_budget (QsTrace *self)
{
  g_return_if_fail (QS_IS_TRACE (self));

  g_mutex_lock (&self->lock);
  self->budget.established = TRUE;
  g_mutex_unlock (&self->lock);
}

guint64
qs_trace_get_program_held (void)
{
  return g_atomic_pointer_get (&program_held);
}

void
qs_trace_get_not_kept (QsTrace *self, QsNotKept *not_kept)
{
  g_return_if_fail (QS_IS_TRACE (self) && not_kept != NULL);

  g_mutex_lock (&self->lock);
  *not_kept = self->budget.not_kept;
  g_mutex_unlock (&self->lock);
}

void
qs_trace_set_not_kept (QsTrace *self, const QsNotKept *not_kept)
{
  g_return_if_fail (QS_IS_TRACE (self) && not_kept != NULL);

  g_mutex_lock (&self->lock);
  self->budget.not_kept = *not_kept;
  g_mutex_unlock (&self->lock);
}

gboolean
qs_trace_charge (QsTrace *self, gsize bytes)
{
  g_return_val_if_fail (QS_IS_TRACE (self), FALSE);

  g_mutex_lock (&self->lock);
  gboolean room = qs_budget_take (&self->budget, bytes);
  g_mutex_unlock (&self->lock);
  return room;
}

void
qs_trace_count_packet_not_kept (QsTrace *self)
{
  g_return_if_fail (QS_IS_TRACE (self));

  g_mutex_lock (&self->lock);
  self->budget.not_kept.packets++;
  g_mutex_unlock (&self->lock);
}
