/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/qs-slice.h"

static gboolean
always_ready (GSource *source, int *timeout)
{
  *timeout = 0;
  return TRUE;
}

static gboolean
slice_check (GSource *source)
{
  return TRUE;
}

/* GLib dispatches all slices of a context in one turn of its loop, which all of them share: each gets a part, by how many there were
 * in the turn before. A thread has one such loop. */
typedef struct {
  gint64 turn;       /* g_source_get_time(), which stands still within a turn */
  guint n, n_before; /* dispatched in this turn, and in the one before */
} Turn;

#define LEAST_US 50

static gint64
share_turn (GSource *source)
{
  static _Thread_local Turn turn;

  if (turn.turn != g_source_get_time (source))
    turn = (Turn){ g_source_get_time (source), 0, turn.n };
  turn.n++;
  return MAX (QS_SLICE_BUDGET_US / 2 / MAX (turn.n_before, 1), LEAST_US);
}

static gboolean
slice_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  QsSliceFunc func = (QsSliceFunc) (void (*) (void)) callback;

  return func (g_get_monotonic_time () + share_turn (source), data);
}

static GSourceFuncs slice_funcs = { always_ready, slice_check, slice_dispatch, NULL, NULL, NULL };

GSource *
qs_slice_add (GMainContext *context, const char *name, QsSliceFunc func, gpointer data, GDestroyNotify destroy)
{
  g_return_val_if_fail (name != NULL && func != NULL, NULL);

  GSource *source = g_source_new (&slice_funcs, sizeof (GSource));
  g_source_set_static_name (source, name);
  /* GTK draws at G_PRIORITY_HIGH_IDLE + 20. */
  g_source_set_priority (source, G_PRIORITY_HIGH_IDLE + 30);
  g_source_set_callback (source, (GSourceFunc) (void (*) (void)) func, data, destroy);
  g_source_attach (source, context != NULL ? context : g_main_context_get_thread_default ());
  return source;
}
