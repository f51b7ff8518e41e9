/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The longest that anything of ours may hold the main loop, in microseconds. */
#define QS_SLICE_BUDGET_US 4000

/**
 * QsSliceFunc:
 * @deadline: monotonic time (microseconds) at which to give the loop back
 *
 * Does work in small steps until @deadline.
 *
 * Returns: %G_SOURCE_CONTINUE while more is left, %G_SOURCE_REMOVE when done
 */
typedef gboolean (*QsSliceFunc) (gint64 deadline, gpointer data);

/**
 * qs_slice_add:
 * @context: (nullable): the main context; %NULL for the thread's default
 * @name: (not nullable): a static string, the source's name
 *
 * Adds background work that runs in slices of at most half of QS_SLICE_BUDGET_US, at a priority
 * below drawing, so that what a person does comes first.
 *
 * Returns: (transfer full): the source, attached; g_source_destroy() stops it
 */
GSource *qs_slice_add (GMainContext *context, const char *name, QsSliceFunc func, gpointer data,
                       GDestroyNotify destroy);

G_END_DECLS
