/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-metrics.h"

#define MAX_SAMPLES 65536
#define FIRST_FLIGHT_STEP 50000 /* ns: points closer than this are one */

QsMetrics *
qs_metrics_new (void)
{
  QsMetrics *self = g_new0 (QsMetrics, 1);

  self->rtt = g_array_new (FALSE, FALSE, sizeof (QsRttSample));
  self->losses = g_array_new (FALSE, FALSE, sizeof (QsLoss));
  self->streams = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  self->rtt_step = 1;
  for (guint i = 0; i < 2; i++)
    {
      self->flight[i] = g_array_new (FALSE, FALSE, sizeof (QsFlightSample));
      self->flight_step[i] = FIRST_FLIGHT_STEP;
    }
  return self;
}

void
qs_metrics_free (QsMetrics *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->rtt);
  g_array_unref (self->losses);
  g_array_unref (self->flight[0]);
  g_array_unref (self->flight[1]);
  g_hash_table_unref (self->streams);
  g_free (self);
}

/* Keeps every second one. */
static void
thin_rtt (QsMetrics *self)
{
  QsRttSample *samples = (QsRttSample *) (void *) self->rtt->data;
  guint n = self->rtt->len / 2;

  for (guint i = 0; i < n; i++)
    samples[i] = samples[2 * i];
  g_array_set_size (self->rtt, n);
  self->rtt_step *= 2;
}

void
qs_metrics_add_rtt (QsMetrics *self, const QsRttSample *sample)
{
  if (++self->rtt_skipped < self->rtt_step)
    return;
  self->rtt_skipped = 0;
  if (self->rtt->len == MAX_SAMPLES)
    thin_rtt (self);
  g_array_append_val (self->rtt, *sample);
}

/* Joins pairs: the higher one stays, so that no peak is lost. */
static void
thin_flight (QsMetrics *self, QsDirection direction)
{
  GArray *array = self->flight[direction];
  QsFlightSample *samples = (QsFlightSample *) (void *) array->data;
  guint n = array->len / 2;

  for (guint i = 0; i < n; i++)
    {
      QsFlightSample a = samples[2 * i], b = samples[2 * i + 1];
      samples[i] = a;
      samples[i].bytes = MAX (a.bytes, b.bytes);
    }
  g_array_set_size (array, n);
  self->flight_step[direction] *= 2;
}

void
qs_metrics_add_flight (QsMetrics *self, QsDirection direction, gint64 time, gint64 change)
{
  GArray *array = self->flight[direction];
  guint64 *bytes = &self->in_flight[direction];

  *bytes = change < 0 && *bytes < (guint64) -change ? 0 : *bytes + (guint64) change;
  if (array->len > 0)
    {
      QsFlightSample *last = &g_array_index (array, QsFlightSample, array->len - 1);
      if (time - last->time < self->flight_step[direction])
        {
          last->bytes = MAX (last->bytes, *bytes);
          return;
        }
    }
  if (array->len == MAX_SAMPLES)
    thin_flight (self, direction);
  QsFlightSample sample = { time, *bytes };
  g_array_append_val (array, sample);
}

void
qs_metrics_add_loss (QsMetrics *self, const QsLoss *loss)
{
  if (self->losses->len < MAX_SAMPLES)
    g_array_append_val (self->losses, *loss);
}

QsStreamFigures *
qs_metrics_ensure_stream (QsMetrics *self, guint64 id)
{
  QsStreamFigures *stream = g_hash_table_lookup (self->streams, &id);

  if (stream != NULL)
    return stream;
  if (g_hash_table_size (self->streams) >= QS_METRICS_MAX_STREAMS)
    return NULL;
  stream = g_new0 (QsStreamFigures, 1);
  stream->id = id;
  g_hash_table_insert (self->streams, &stream->id, stream);
  return stream;
}

const QsStreamFigures *
qs_metrics_get_stream (const QsMetrics *self, guint64 id)
{
  return g_hash_table_lookup (self->streams, &id);
}

static int
compare_streams (gconstpointer a, gconstpointer b)
{
  const QsStreamFigures *left = *(const QsStreamFigures *const *) a;
  const QsStreamFigures *right = *(const QsStreamFigures *const *) b;

  return (left->id > right->id) - (left->id < right->id);
}

GPtrArray *
qs_metrics_list_streams (const QsMetrics *self)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer stream;

  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, NULL, &stream))
    g_ptr_array_add (list, stream);
  g_ptr_array_sort (list, compare_streams);
  return list;
}
