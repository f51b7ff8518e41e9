/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several traces over one axis of time, and on one scale. */
#include <string.h>

#include "charts/qs-chart-export.h"
#include "fixtures.h"
#include "trace/qs-metrics.h"

#define MS G_GINT64_CONSTANT (1000000)

/* n packets of 1000 bytes, one every step, from start on; a round trip of rtt. */
static QsTrace *
make_trace (gint64 start, gint64 step, guint n, gint64 rtt)
{
  QsTrace *trace = fixture_trace_new (QS_VANTAGE_CLIENT);

  for (guint i = 0; i < n; i++)
    {
      const QsPacket packet = { .record = G_MAXUINT32,
                                .type = QS_PACKET_1RTT,
                                .direction = QS_DIRECTION_RECEIVED,
                                .time = start + i * step,
                                .length = 1000 };
      const QsRttSample sample = { .time = packet.time, .rtt = rtt, .smoothed = rtt, .minimum = rtt };
      qs_trace_add_packet (trace, &packet);
      qs_metrics_add_rtt (qs_trace_get_metrics (trace), &sample);
    }
  return trace;
}

static void
test_values (void)
{
  g_autoptr (QsTrace) quick = make_trace (500 * MS, MS, 100, 20 * MS);
  g_autoptr (QsTrace) slow = make_trace (0, 4 * MS, 100, 80 * MS);
  QsTrace *const traces[] = { quick, slow };
  const gint64 starts[] = { 500 * MS, 0 };
  static const char *const names[] = { "quick", "slow" };
  g_autoptr (QsOverlay) overlay = qs_overlay_new (traces, starts, names, 2, NULL);

  g_assert_cmpint (qs_overlay_get_value (overlay, 0, QS_OVERLAY_BYTES, 0), ==, -1); /* not looked up yet */
  while (!qs_overlay_advance (overlay, 1))
    qs_overlay_advance (overlay, g_get_monotonic_time () + 1000);
  /* Nearly all of the slow one's 400 ms, and a quarter. */
  g_assert_cmpint (qs_overlay_get_span (overlay), >, 480 * MS);
  g_assert_cmpint (qs_overlay_get_span (overlay), <, 510 * MS);
  /* Each counts from its own start; behind its end a trace has no values. */
  for (guint of = 0; of < 2; of++)
    {
      gint64 expected = of == 0 ? 50 : 13;
      g_assert_cmpint (ABS (qs_overlay_get_value (overlay, of, QS_OVERLAY_BYTES, 50 * MS) - expected * 1000), <=, 2000);
      g_assert_cmpint (qs_overlay_get_value (overlay, of, QS_OVERLAY_RTT, 50 * MS), ==, of == 0 ? 20 * MS : 80 * MS);
    }
  g_assert_cmpint (qs_overlay_get_value (overlay, 0, QS_OVERLAY_BYTES, 200 * MS), ==, -1);
  g_assert_cmpint (qs_overlay_get_value (overlay, 1, QS_OVERLAY_BYTES, 200 * MS), >, 40000);
  g_autofree char *text = qs_overlay_describe (overlay);
  g_assert_nonnull (strstr (text, "quick: "));
  g_assert_nonnull (strstr (text, "slow: "));
}

/* What grows without an end: a connection that is kept open says nothing for a minute, and closes. */
static void
test_idle (void)
{
  g_autoptr (QsTrace) trace = make_trace (0, MS, 100, 20 * MS);
  const QsPacket last = { .record = G_MAXUINT32, .type = QS_PACKET_1RTT, .time = 60000 * MS, .length = 40 };
  QsTrace *const traces[] = { trace };
  static const char *const names[] = { "kept open" };

  qs_trace_add_packet (trace, &last);
  g_autoptr (QsOverlay) overlay = qs_overlay_new (traces, (gint64[]){ 0 }, names, 1, NULL);
  qs_overlay_advance (overlay, 0);
  g_assert_cmpint (qs_overlay_get_span (overlay), <, 200 * MS);
}

static void
test_drawing (void)
{
  const QsChartColours *themes[] = { qs_chart_colours_light (), qs_chart_colours_dark () };
  g_autoptr (QsTrace) trace = make_trace (0, MS, 50, 20 * MS);
  g_autoptr (QsTrace) none = fixture_trace_new (QS_VANTAGE_CLIENT);
  QsTrace *const traces[] = { trace, none };
  static const char *const names[] = { "<one> & two", "nothing" };

  for (guint i = 0; i < 4; i++)
    {
      const QsOverlayOptions options = { .width = 10, .height = 10, .text_scale = 1 + i % 2, .mirrored = i >= 2 };
      g_autoptr (QsChartJob) job = qs_chart_job_new_overlay (
          qs_overlay_new (traces, (gint64[]){ 0, 0 }, names, 2, &options), themes[i % 2], QS_CHART_SVG);
      g_autoptr (GError) error = NULL;
      while (!qs_chart_job_advance (job, g_get_monotonic_time () + 100))
        ;
      g_assert_cmpfloat (qs_chart_job_get_height (job), ==, 240 * options.text_scale);
      g_autoptr (GBytes) svg = qs_chart_job_finish (job, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (svg), >, 1000);
    }
}

/* The slowest sets the scale, and both pictures keep to it. */
static void
test_scale (void)
{
  g_autoptr (QsTrace) quick = make_trace (0, MS, 10, 2 * MS);
  g_autoptr (QsTrace) slow = make_trace (0, 100 * MS, 10, 200 * MS);
  QsTrace *const traces[] = { quick, slow };
  QsSequenceOptions options = QS_SEQUENCE_OPTIONS_DEFAULT;

  options.time = QS_SEQUENCE_TO_SCALE;
  options.fold = FALSE;
  options.scale = qs_sequence_get_common_scale (traces, 2);
  g_assert_cmpfloat (options.scale, ==, qs_sequence_get_own_scale (slow));
  g_assert_cmpfloat (options.scale, <, qs_sequence_get_own_scale (quick));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (QsSequenceLayout) layout = qs_sequence_layout_new (traces[i], &options);
      qs_sequence_layout_advance (layout, 0);
      double from = qs_sequence_layout_time_to_y (layout, 2 * MS), to = qs_sequence_layout_time_to_y (layout, 8 * MS);
      g_assert_cmpfloat_with_epsilon (to - from, options.scale * 6 * MS, 0.5);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/charts/overlay/values", test_values);
  g_test_add_func ("/charts/overlay/idle", test_idle);
  g_test_add_func ("/charts/overlay/drawing", test_drawing);
  g_test_add_func ("/charts/overlay/scale", test_scale);
  return g_test_run ();
}
