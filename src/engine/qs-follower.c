/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-follower.h"

#include "base/qs-slice.h"

/* More records than this in one interval of "grown" (16 ms) are a download: some 30 MB/s. */
#define BULK_RECORDS 400
/* A flow-control window of 512 KiB is a millisecond of loopback: what holds the loop longer stalls the sender. */
#define BULK_SLICE_US 150
#define BULK_PAUSE_US 12500
/* A download that pauses between two looks is still one. */
#define CALM_US 50000

struct _QsFollower {
  QsDissector *dissector;
  QsTrace *trace;
  gulong grown_id;
  GSource *source;
  guint n_records; /* when it was looked at last */
  gint64 last_bulk;
};

static void
look_at_rate (QsFollower *self)
{
  guint n = qs_trace_get_n_records (self->trace);

  if (n - self->n_records > BULK_RECORDS)
    self->last_bulk = g_get_monotonic_time ();
  self->n_records = n;
}

static gboolean
is_bulk (const QsFollower *self, gint64 now)
{
  return self->last_bulk != 0 && now - self->last_bulk < CALM_US;
}

static gboolean
turn_cb (gpointer data)
{
  QsFollower *self = data;
  gint64 start = g_get_monotonic_time ();
  gboolean bulk = is_bulk (self, start);

  if (qs_dissector_advance (self->dissector, start + (bulk ? BULK_SLICE_US : QS_SLICE_BUDGET_US / 2)))
    g_source_set_ready_time (self->source, -1);
  else
    g_source_set_ready_time (self->source, bulk ? g_get_monotonic_time () + BULK_PAUSE_US : 0);
  return G_SOURCE_CONTINUE;
}

static void
grown_cb (QsTrace *trace, gpointer data)
{
  QsFollower *self = data;

  look_at_rate (self);
  if (g_source_get_ready_time (self->source) < 0)
    g_source_set_ready_time (self->source,
                             is_bulk (self, g_get_monotonic_time ()) ? g_get_monotonic_time () + BULK_PAUSE_US : 0);
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static GSourceFuncs source_funcs = { .dispatch = source_dispatch };

QsFollower *
qs_follower_new (QsDissector *dissector, QsTrace *trace)
{
  g_return_val_if_fail (QS_IS_DISSECTOR (dissector) && QS_IS_TRACE (trace), NULL);

  QsFollower *self = g_new0 (QsFollower, 1);
  self->dissector = g_object_ref (dissector);
  self->trace = g_object_ref (trace);
  self->source = g_source_new (&source_funcs, sizeof (GSource));
  g_source_set_static_name (self->source, "[Quicscope] live dissection");
  g_source_set_priority (self->source, G_PRIORITY_HIGH_IDLE + 30); /* as all slices */
  g_source_set_callback (self->source, turn_cb, self, NULL);
  g_source_set_ready_time (self->source, 0);
  g_source_attach (self->source, g_main_context_get_thread_default ());
  self->grown_id = g_signal_connect (trace, "grown", G_CALLBACK (grown_cb), self);
  return self;
}

void
qs_follower_free (QsFollower *self)
{
  g_signal_handler_disconnect (self->trace, self->grown_id);
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_object_unref (self->dissector);
  g_object_unref (self->trace);
  g_free (self);
}
