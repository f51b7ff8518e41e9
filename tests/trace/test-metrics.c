/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-metrics.h"

#define N 1000000

static void
test_rtt_is_thinned (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsMetrics *metrics = qs_trace_get_metrics (trace);

  g_assert_true (metrics == qs_trace_get_metrics (trace));
  for (guint i = 0; i < N; i++)
    qs_metrics_add_rtt (metrics, &(QsRttSample){ .time = i, .rtt = i });
  g_assert_cmpuint (metrics->rtt->len, <=, 65536);
  g_assert_cmpuint (metrics->rtt->len, >=, 32768);
  for (guint i = 1; i < metrics->rtt->len; i++)
    {
      const QsRttSample *sample = &g_array_index (metrics->rtt, QsRttSample, i);
      g_assert_cmpint (sample->time, >, (sample - 1)->time);
      g_assert_cmpint (sample->time - (sample - 1)->time, <=, 64);
    }
}

/* No peak is lost, however much is joined. */
static void
test_flight_keeps_peaks (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsMetrics *metrics = qs_trace_get_metrics (trace);
  guint64 most = 0;

  for (guint i = 0; i < N; i++)
    {
      gint64 change = i == N / 3 ? 77777 : 10;
      qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, (gint64) i * 60000, change);
      qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, (gint64) i * 60000 + 1, -change);
    }
  g_assert_cmpuint (metrics->in_flight[QS_DIRECTION_SENT], ==, 0);
  const GArray *flight = metrics->flight[QS_DIRECTION_SENT];
  g_assert_cmpuint (flight->len, <=, 65536);
  for (guint i = 0; i < flight->len; i++)
    most = MAX (most, g_array_index (flight, QsFlightSample, i).bytes);
  g_assert_cmpuint (most, ==, 77777);
  g_assert_cmpuint (metrics->flight[QS_DIRECTION_RECEIVED]->len, ==, 0);

  qs_metrics_add_flight (metrics, QS_DIRECTION_RECEIVED, 0, -5); /* never below nothing */
  g_assert_cmpuint (metrics->in_flight[QS_DIRECTION_RECEIVED], ==, 0);
}

/* Points of the flight that are closer than 50 us are one; at 50 us it is another. */
static void
test_flight_steps (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsMetrics *metrics = qs_trace_get_metrics (trace);
  const GArray *flight = metrics->flight[QS_DIRECTION_SENT];

  qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, 0, 100);
  qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, 49999, 100);
  g_assert_cmpuint (flight->len, ==, 1);
  g_assert_cmpuint (g_array_index (flight, QsFlightSample, 0).bytes, ==, 200);
  qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, 50000, -200);
  g_assert_cmpuint (flight->len, ==, 2);
  g_assert_cmpuint (g_array_index (flight, QsFlightSample, 1).bytes, ==, 0);
  g_assert_cmpint (g_array_index (flight, QsFlightSample, 1).time, ==, 50000);
}

/* What is left at the end of a span is its second point: nothing seems to be in flight that is not. */
static void
test_flight_left (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsMetrics *metrics = qs_trace_get_metrics (trace);
  const GArray *flight = metrics->flight[QS_DIRECTION_SENT];
  static const struct {
    gint64 time, change;
  } changes[] = {
    { 0, 100 },       { 1, 100 },       { 49999, -200 },  /* a span that ends with nothing */
    { 50000, 100 },   { 50001, -100 },  { 50002, 300 },   /* a higher peak behind what was left */
    { 100000, -100 }, { 100000, -100 }, { 100000, -100 }, /* one ACK of three */
    { 149999, 50 },
  };
  static const QsFlightSample wanted[] = { { 0, 200 }, { 49999, 0 }, { 50000, 300 }, { 100000, 50 } };

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, changes[i].time, changes[i].change);
  g_assert_cmpuint (flight->len, ==, G_N_ELEMENTS (wanted));
  for (guint i = 0; i < flight->len; i++)
    {
      g_assert_cmpint (g_array_index (flight, QsFlightSample, i).time, ==, wanted[i].time);
      g_assert_cmpuint (g_array_index (flight, QsFlightSample, i).bytes, ==, wanted[i].bytes);
    }
}

/* 65536 are kept as they are; the next one makes half of them go. */
static void
test_bounds (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsMetrics *metrics = qs_trace_get_metrics (trace);
  const GArray *flight = metrics->flight[QS_DIRECTION_SENT];

  for (guint i = 0; i < 65536; i++)
    {
      qs_metrics_add_rtt (metrics, &(QsRttSample){ .time = i, .rtt = i });
      qs_metrics_add_loss (metrics, &(QsLoss){ .time = i, .packet = i });
      qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, (gint64) i * 50000, i % 2 == 0 ? 10 : -10);
    }
  g_assert_cmpuint (metrics->rtt->len, ==, 65536);
  g_assert_cmpuint (flight->len, ==, 65536);
  g_assert_cmpuint (metrics->losses->len, ==, 65536);

  qs_metrics_add_rtt (metrics, &(QsRttSample){ .time = 65536, .rtt = 65536 });
  qs_metrics_add_loss (metrics, &(QsLoss){ .time = 65536, .packet = 65536 });
  qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, (gint64) 65536 * 50000, 10);
  g_assert_cmpuint (metrics->rtt->len, ==, 32769);
  g_assert_cmpint (g_array_index (metrics->rtt, QsRttSample, 32767).time, ==, 65534);
  g_assert_cmpint (g_array_index (metrics->rtt, QsRttSample, 32768).time, ==, 65536);
  g_assert_cmpuint (flight->len, ==, 32769);
  for (guint i = 0; i < flight->len; i++) /* of each four the peak and what was left */
    g_assert_cmpuint (g_array_index (flight, QsFlightSample, i).bytes, ==, i % 2 == 0 ? 10 : 0);
  g_assert_cmpuint (metrics->losses->len, ==, 65536);

  /* From now on only every second round trip, and points 100 us apart. */
  qs_metrics_add_rtt (metrics, &(QsRttSample){ .time = 65537 });
  g_assert_cmpuint (metrics->rtt->len, ==, 32769);
  qs_metrics_add_rtt (metrics, &(QsRttSample){ .time = 65538 });
  g_assert_cmpuint (metrics->rtt->len, ==, 32770);
  qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, (gint64) 65536 * 50000 + 99999, 10);
  g_assert_cmpuint (flight->len, ==, 32769);
  qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, (gint64) 65536 * 50000 + 100000, 10);
  g_assert_cmpuint (flight->len, ==, 32770);
}

static void
test_streams (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsMetrics *metrics = qs_trace_get_metrics (trace);

  g_assert_null (qs_metrics_get_stream (metrics, 4));
  for (guint i = 0; i < 65536; i++)
    g_assert_nonnull (qs_metrics_ensure_stream (metrics, (guint64) (65535 - i) * 4));
  g_assert_null (qs_metrics_ensure_stream (metrics, 3));
  g_assert_cmpuint (qs_metrics_get_stream (metrics, 4)->id, ==, 4);
  g_autoptr (GPtrArray) list = qs_metrics_list_streams (metrics);
  for (guint i = 0; i < list->len; i++)
    g_assert_cmpuint (((const QsStreamFigures *) g_ptr_array_index (list, i))->id, ==, (guint64) i * 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/metrics/rtt-is-thinned", test_rtt_is_thinned);
  g_test_add_func ("/metrics/flight-keeps-peaks", test_flight_keeps_peaks);
  g_test_add_func ("/metrics/flight-steps", test_flight_steps);
  g_test_add_func ("/metrics/flight-left", test_flight_left);
  g_test_add_func ("/metrics/bounds", test_bounds);
  g_test_add_func ("/metrics/streams", test_streams);
  return g_test_run ();
}
