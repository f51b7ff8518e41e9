/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-metrics.h"

#include "trace/qs-credit.h"

#define MAX_SAMPLES 65536
#define FIRST_FLIGHT_STEP 50000 /* ns: points closer than this are one */

QsMetrics *
qs_metrics_new (void)
{
  QsMetrics *self = g_new0 (QsMetrics, 1);

  self->rtt = g_array_new (FALSE, FALSE, sizeof (QsRttSample));
  self->sender = g_array_new (FALSE, FALSE, sizeof (QsSenderSample));
  self->losses = g_array_new (FALSE, FALSE, sizeof (QsLoss));
  self->streams = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  self->rtt_step = 1;
  for (guint i = 0; i < 2; i++)
    {
      self->flight[i] = g_array_new (FALSE, FALSE, sizeof (QsFlightSample));
      self->flight_step[i] = FIRST_FLIGHT_STEP;
      qs_credit_init (&self->credit[i], i);
    }
  return self;
}

void
qs_metrics_free (QsMetrics *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->rtt);
  g_array_unref (self->sender);
  g_array_unref (self->losses);
  g_array_unref (self->flight[0]);
  g_array_unref (self->flight[1]);
  qs_credit_clear (&self->credit[0]);
  qs_credit_clear (&self->credit[1]);
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

/* Of four points two stay: the highest, so that no peak is lost, and the last, so that what was left is not either. */
static void
thin_flight (QsMetrics *self, QsDirection direction)
{
  GArray *array = self->flight[direction];
  QsFlightSample *samples = (QsFlightSample *) (void *) array->data;
  guint n = array->len / 4;

  for (guint i = 0; i < n; i++)
    {
      QsFlightSample peak = samples[4 * i], last = samples[4 * i + 3];
      for (guint j = 1; j < 4; j++)
        peak.bytes = MAX (peak.bytes, samples[4 * i + j].bytes);
      samples[2 * i] = peak;
      samples[2 * i + 1] = last;
    }
  g_array_set_size (array, 2 * n);
  self->flight_step[direction] *= 2;
}

/* Within a point's span of time: its peak, and behind that a second point of what was left of it. FALSE: there must be one. */
static gboolean
join_flight (QsMetrics *self, QsDirection direction, gint64 time, guint64 bytes)
{
  GArray *array = self->flight[direction];
  QsFlightState *state = &self->flight_state[direction];
  guint first = array->len - (*state == QS_FLIGHT_LEFT && array->len > 1 ? 2 : 1);
  QsFlightSample *peak = &g_array_index (array, QsFlightSample, first);
  QsFlightSample *last = &g_array_index (array, QsFlightSample, array->len - 1);

  if (bytes >= peak->bytes)
    {
      peak->bytes = bytes;
      g_array_set_size (array, first + 1);
      *state = QS_FLIGHT_PEAK;
      return TRUE;
    }
  /* An ACK of several packets lets them go one by one, in one moment. */
  if (*state == QS_FLIGHT_LEFT || (*state == QS_FLIGHT_FALL && time == last->time))
    {
      *last = (QsFlightSample){ MAX (time, last->time), bytes };
      return TRUE;
    }
  *state = QS_FLIGHT_LEFT;
  return FALSE;
}

static gboolean
is_within_span (const QsMetrics *self, QsDirection direction, gint64 time)
{
  const GArray *array = self->flight[direction];
  guint behind = self->flight_state[direction] == QS_FLIGHT_LEFT && array->len > 1 ? 2 : 1;

  return array->len > 0 &&
         time - g_array_index (array, QsFlightSample, array->len - behind).time < self->flight_step[direction];
}

void
qs_metrics_add_flight (QsMetrics *self, QsDirection direction, gint64 time, gint64 change)
{
  GArray *array = self->flight[direction];
  guint64 *bytes = &self->in_flight[direction];

  *bytes = change < 0 && *bytes < (guint64) -change ? 0 : *bytes + (guint64) change;
  if (!is_within_span (self, direction, time))
    self->flight_state[direction] = change < 0 ? QS_FLIGHT_FALL : QS_FLIGHT_PEAK;
  else if (join_flight (self, direction, time, *bytes))
    return;
  if (array->len == MAX_SAMPLES)
    {
      thin_flight (self, direction);
      self->flight_state[direction] = change < 0 ? QS_FLIGHT_FALL : QS_FLIGHT_PEAK;
    }
  QsFlightSample sample = { time, *bytes };
  if (self->flight_state[direction] == QS_FLIGHT_LEFT)
    sample.time = MAX (time, g_array_index (array, QsFlightSample, array->len - 1).time);
  g_array_append_val (array, sample);
}

void
qs_metrics_add_sender (QsMetrics *self, const QsSenderSample *sample)
{
  if (self->sender->len == MAX_SAMPLES) /* every second one goes; what is added stays close to the end */
    {
      QsSenderSample *samples = (QsSenderSample *) (void *) self->sender->data;
      for (guint i = 0; i < MAX_SAMPLES / 2; i++)
        samples[i] = samples[2 * i + 1];
      g_array_set_size (self->sender, MAX_SAMPLES / 2);
    }
  g_array_append_val (self->sender, *sample);
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

/* Not where a limit is all that was told of it. */
static gboolean
is_seen (const QsStreamFigures *stream)
{
  return stream->packets[0] + stream->packets[1] > 0 || stream->limit[0] + stream->limit[1] == 0;
}

const QsStreamFigures *
qs_metrics_get_stream (const QsMetrics *self, guint64 id)
{
  const QsStreamFigures *stream = g_hash_table_lookup (self->streams, &id);

  return stream != NULL && is_seen (stream) ? stream : NULL;
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
    if (is_seen (stream))
      g_ptr_array_add (list, stream);
  g_ptr_array_sort (list, compare_streams);
  return list;
}
