/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "charts/qs-chart-export.h"
#include "charts/qs-timeline-private.h"
#include "fixtures.h"

#define MS G_GINT64_CONSTANT (1000000)

/* The server sends 1000 bytes each millisecond, the client 10; a round trip of 20 ms. */
static QsTrace *
make_trace (QsVantage vantage, guint n)
{
  QsTrace *trace = fixture_trace_new (vantage);
  QsMetrics *metrics = qs_trace_get_metrics (trace);
  gboolean own_client = vantage != QS_VANTAGE_SERVER;

  qs_trace_set_title (trace, "figures");
  for (guint i = 0; i < n; i++)
    {
      QsPacket packet = { .record = G_MAXUINT32, .type = QS_PACKET_1RTT, .time = i * MS, .length = 1000 };
      QsRttSample sample = { .time = i * MS, .rtt = (20 + i % 5) * MS, .smoothed = 21 * MS, .minimum = 20 * MS };

      packet.direction = own_client ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;
      qs_trace_add_packet (trace, &packet);
      packet.direction = own_client ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
      packet.length = 10;
      qs_trace_add_packet (trace, &packet);
      qs_metrics_add_rtt (metrics, &sample);
      qs_metrics_add_flight (metrics, own_client ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT, i * MS,
                             i % 10 == 9 ? -9000 : 1000);
    }
  return trace;
}

static void
draw (QsTimeline *timeline, const char *name)
{
  QsTimelineLook look = { qs_chart_colours_light (), 30 * MS };
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 900, 900);
  cairo_t *cr = cairo_create (surface);
  gint64 start = g_get_monotonic_time ();

  qs_timeline_draw (timeline, cr, &look);
  g_test_message ("%s: drawn in %.1f ms", name, (double) (g_get_monotonic_time () - start) / 1000);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  if (g_getenv ("QS_PICTURES") != NULL)
    {
      g_autofree char *path = g_strdup_printf ("%s/%s.png", g_getenv ("QS_PICTURES"), name);
      cairo_surface_write_to_png (surface, path);
    }
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static void
test_values (void)
{
  for (QsVantage vantage = QS_VANTAGE_CLIENT; vantage <= QS_VANTAGE_NETWORK; vantage++)
    {
      g_autoptr (QsTrace) trace = make_trace (vantage, 1000);
      g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, NULL);
      QsTimelineFrame frame;
      QsTimelineHit hit;
      gint64 from, to;

      g_assert_true (qs_timeline_advance (timeline, 0));
      qs_timeline_get_extents (timeline, &from, &to);
      g_assert_cmpint (from, ==, 0);
      g_assert_cmpint (to, ==, 999 * MS);

      qs_timeline_get_frame (timeline, QS_TIMELINE_BYTES, &frame);
      g_assert_true (qs_timeline_lookup (timeline, frame.right, frame.top + 5, &hit));
      g_assert_cmpint (hit.panel, ==, QS_TIMELINE_BYTES);
      g_assert_cmpuint (hit.values[0], ==, 10000);
      g_assert_cmpuint (hit.values[1], ==, 1000000);
      g_assert_true (qs_timeline_lookup (timeline, (frame.left + frame.right) / 2, frame.top + 5, &hit));
      g_assert_cmpint (ABS ((gint64) hit.values[1] - 500000), <, 5000);
      g_autofree char *bytes = qs_timeline_describe (timeline, &hit);
      g_assert_nonnull (strstr (bytes, "server"));

      qs_timeline_get_frame (timeline, QS_TIMELINE_FLIGHT, &frame);
      g_assert_true (qs_timeline_lookup (timeline, frame.right, frame.bottom - 5, &hit));
      g_assert_cmpint (hit.panel, ==, QS_TIMELINE_FLIGHT);
      g_assert_true (hit.has_value);

      qs_timeline_get_frame (timeline, QS_TIMELINE_RTT, &frame);
      g_assert_true (qs_timeline_lookup (timeline, frame.right, frame.bottom - 5, &hit));
      g_assert_cmpuint (hit.values[2], ==, 20 * MS);
      g_autofree char *rtt = qs_timeline_describe (timeline, &hit);
      g_assert_nonnull (strstr (rtt, "20"));
      g_assert_false (qs_timeline_lookup (timeline, 1, 1, &hit));
      draw (timeline, vantage == QS_VANTAGE_SERVER ? "timeline-server" : "timeline");
    }
}

static void
test_axis (void)
{
  g_autoptr (QsTrace) trace = make_trace (QS_VANTAGE_CLIENT, 100);

  for (guint mirrored = 0; mirrored < 2; mirrored++)
    {
      QsTimelineOptions options = QS_TIMELINE_OPTIONS_DEFAULT;
      gint64 from, to;

      options.mirrored = mirrored == 1;
      g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, &options);
      qs_timeline_advance (timeline, 0);
      qs_timeline_set_range (timeline, 10 * MS, 20 * MS);
      qs_timeline_get_range (timeline, &from, &to);
      g_assert_cmpint (to - from, ==, 10 * MS);
      double x = qs_timeline_time_to_x (timeline, 13 * MS);
      g_assert_true ((qs_timeline_time_to_x (timeline, 14 * MS) > x) == (mirrored == 0));
      g_assert_cmpint (ABS (qs_timeline_x_to_time (timeline, x) - 13 * MS), <, 1000);
      draw (timeline, "timeline-range");
      qs_timeline_set_range (timeline, 0, 0);
      qs_timeline_get_range (timeline, &from, &to);
      g_assert_cmpint (to, ==, 99 * MS);
    }
}

static void
count_cb (gint64 time, gpointer data)
{
  (*(guint *) data)++;
}

/* A live trace's packets are declared lost after they were taken in, and may turn out not to be. */
static void
test_losses (void)
{
  g_autoptr (QsTrace) trace = make_trace (QS_VANTAGE_CLIENT, 10);
  g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, NULL);
  const QsLoss loss = { 12 * MS, 3 };
  guint n = 0;

  qs_trace_edit_packet (trace, 5)->flags |= QS_PACKET_DROPPED;
  g_assert_true (qs_timeline_advance (timeline, 0));
  qs_timeline_foreach_lost (timeline, count_cb, &n);
  g_assert_cmpuint (n, ==, 1);
  draw (timeline, "timeline-loss");

  qs_trace_edit_packet (trace, 3)->flags |= QS_PACKET_LOST;
  qs_metrics_add_loss (qs_trace_get_metrics (trace), &loss);
  n = 0;
  qs_timeline_foreach_lost (timeline, count_cb, &n);
  g_assert_cmpuint (n, ==, 2);

  qs_trace_edit_packet (trace, 3)->flags &= (guint16) ~QS_PACKET_LOST;
  n = 0;
  qs_timeline_foreach_lost (timeline, count_cb, &n);
  g_assert_cmpuint (n, ==, 1);
}

/* The sums stay, however the spans of time are joined. */
static void
test_million (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, NULL);
  QsPacket packet = { .record = G_MAXUINT32, .direction = QS_DIRECTION_RECEIVED, .length = 7 };
  guint64 sum = 0;

  for (guint i = 0; i < 1000000; i++)
    {
      packet.time = (gint64) i * 12345;
      qs_trace_add_packet (trace, &packet);
    }
  while (!qs_timeline_advance (timeline, g_get_monotonic_time () + 2000))
    continue;
  g_assert_cmpuint (timeline->bins->len, <=, QS_TIMELINE_BINS);
  for (guint i = 0; i < timeline->bins->len; i++)
    sum += g_array_index (timeline->bins, QsTimelineBin, i).bytes[1];
  g_assert_cmpuint (sum, ==, 7000000);
  draw (timeline, "timeline-million");
}

/* Times that nobody can mean do not make it run long. */
static void
test_nonsense (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, NULL);
  static const gint64 times[] = { 5, -5, G_MAXINT64 / 2, G_MININT64 / 2, 0 };

  draw (timeline, "timeline-empty");
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      QsPacket packet = { .record = G_MAXUINT32, .time = times[i], .length = 1 };
      qs_trace_add_packet (trace, &packet);
    }
  g_assert_true (qs_timeline_advance (timeline, 0));
  draw (timeline, "timeline-nonsense");
  qs_timeline_set_size (timeline, 1, 1);
  draw (timeline, "timeline-small");
}

static void
test_export (void)
{
  g_autoptr (QsTrace) trace = make_trace (QS_VANTAGE_CLIENT, 100);
  g_autofree char *dir = g_dir_make_tmp ("qs-timeline-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "figures.svg", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_chart_export_timeline (trace, NULL, NULL, path, QS_CHART_SVG, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "<svg"));
  g_unlink (path);
  g_rmdir (dir);
}

/* The server's own log: its window is 5000 bytes from 100 ms on; and the client says from 300 to 400 ms that it is blocked. */
static void
test_limits (void)
{
  g_autoptr (QsTrace) trace = make_trace (QS_VANTAGE_SERVER, 1000);
  QsSenderSample samples[] = { { 100 * MS, 5000, -1, -1, -1, -1, -1 }, { 500 * MS, 40000, 2500, -1, -1, -1, -1 } };
  QsPacket packet = { .record = G_MAXUINT32, .type = QS_PACKET_1RTT, .length = 30 };
  QsTimelineHit hit;

  packet.time = 300 * MS;
  packet.direction = QS_DIRECTION_RECEIVED;
  packet.frames = G_GUINT64_CONSTANT (1) << QS_FRAME_DATA_BLOCKED;
  qs_trace_add_packet (trace, &packet);
  packet.time = 350 * MS; /* once more, which is no block of its own */
  qs_trace_add_packet (trace, &packet);
  packet.time = 400 * MS;
  packet.direction = QS_DIRECTION_SENT;
  packet.frames = G_GUINT64_CONSTANT (1) << QS_FRAME_MAX_DATA;
  qs_trace_add_packet (trace, &packet);
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    qs_metrics_add_sender (qs_trace_get_metrics (trace), &samples[i]);
  g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, NULL);
  g_assert_true (qs_timeline_advance (timeline, 0));

  static const struct {
    gint64 ms;
    gint64 window, threshold;
    QsTimelineLimit client, server;
  } wanted[] = {
    { 99, -1, -1, QS_TIMELINE_FREE, QS_TIMELINE_BY_APP },
    { 202, 5000, -1, QS_TIMELINE_FREE, QS_TIMELINE_FREE }, /* 3000 bytes: one of 1200 has room */
    { 203, 5000, -1, QS_TIMELINE_FREE, QS_TIMELINE_BY_WINDOW },
    { 299, 5000, -1, QS_TIMELINE_FREE, QS_TIMELINE_BY_APP }, /* all is acknowledged */
    { 300, 5000, -1, QS_TIMELINE_BY_FLOW, QS_TIMELINE_FREE },
    { 399, 5000, -1, QS_TIMELINE_BY_FLOW, QS_TIMELINE_BY_APP },
    { 400, 5000, -1, QS_TIMELINE_FREE, QS_TIMELINE_FREE },
    { 608, 40000, 2500, QS_TIMELINE_FREE, QS_TIMELINE_FREE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      qs_timeline_look_at (timeline, QS_TIMELINE_FLIGHT, wanted[i].ms * MS, &hit);
      g_assert_cmpint (hit.window, ==, wanted[i].window);
      g_assert_cmpint (hit.threshold, ==, wanted[i].threshold);
      qs_timeline_look_at (timeline, QS_TIMELINE_HELD, wanted[i].ms * MS, &hit);
      g_assert_cmpint (hit.limits[0], ==, wanted[i].client);
      g_assert_cmpint (hit.limits[1], ==, wanted[i].server);
    }
  qs_timeline_look_at (timeline, QS_TIMELINE_FLIGHT, 203 * MS, &hit);
  g_autofree char *flight = qs_timeline_describe (timeline, &hit);
  g_assert_nonnull (strstr (flight, "congestion window 5000 bytes"));
  qs_timeline_look_at (timeline, QS_TIMELINE_HELD, 203 * MS, &hit);
  g_assert_true (hit.has_value);
  g_autofree char *words = qs_timeline_describe (timeline, &hit);
  g_assert_nonnull (strstr (words, ": the server is held back by its congestion window"));
  qs_timeline_look_at (timeline, QS_TIMELINE_HELD, 202 * MS, &hit);
  g_assert_false (hit.has_value);
  qs_timeline_look_at (timeline, QS_TIMELINE_BYTES, 203 * MS, &hit);
  g_autofree char *plain = qs_timeline_describe (timeline, &hit);
  g_assert_null (strstr (plain, "held"));
  draw (timeline, "limits");
}

/* --- What holds a sender back --- */

static void
add_packet (QsTrace *trace, gint64 time, QsDirection direction, guint16 flags, guint64 frames)
{
  QsPacket packet = { .record = G_MAXUINT32, .type = QS_PACKET_1RTT, .length = 1000 };

  packet.time = time;
  packet.direction = direction;
  packet.flags = flags;
  packet.frames = frames;
  qs_trace_add_packet (trace, &packet);
}

static QsTimelineLimit
limit_at (QsTimeline *timeline, guint side, gint64 time)
{
  QsTimelineHit hit;

  qs_timeline_look_at (timeline, QS_TIMELINE_HELD, time, &hit);
  return hit.limits[side];
}

/* The recorder's own losses: from when one shows until a packet that was sent since is acknowledged. One that turned out to be none
 * held nobody back. */
static void
test_recovery (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  QsMetrics *metrics = qs_trace_get_metrics (trace);
  const QsLoss loss = { 100 * MS, 0 };
  const QsRttSample samples[] = { { 90 * MS, 20 * MS, 20 * MS, 20 * MS, 0 },
                                  { 119 * MS, 20 * MS, 20 * MS, 20 * MS, 0 },
                                  { 121 * MS, 20 * MS, 20 * MS, 20 * MS, 0 } };

  add_packet (trace, 0, QS_DIRECTION_SENT, QS_PACKET_LOST, 0);
  qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, 0, 1000);
  add_packet (trace, 200 * MS, QS_DIRECTION_SENT, 0, 0);
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    qs_metrics_add_rtt (metrics, &samples[i]);
  qs_metrics_add_loss (metrics, &loss);
  g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, NULL);
  qs_timeline_advance (timeline, 0);

  g_assert_cmpint (limit_at (timeline, 0, 100 * MS - 1), ==, QS_TIMELINE_FREE);
  g_assert_cmpint (limit_at (timeline, 0, 100 * MS), ==, QS_TIMELINE_BY_LOSS);
  g_assert_cmpint (limit_at (timeline, 0, 120 * MS), ==, QS_TIMELINE_BY_LOSS); /* that ACK was for what went before */
  g_assert_cmpint (limit_at (timeline, 0, 121 * MS), ==, QS_TIMELINE_FREE);
  g_assert_cmpint (limit_at (timeline, 1, 110 * MS), ==, QS_TIMELINE_FREE);
  draw (timeline, "limits-loss");
  qs_trace_edit_packet (trace, 0)->flags &= (guint16) ~QS_PACKET_LOST;
  g_assert_cmpint (limit_at (timeline, 0, 110 * MS), ==, QS_TIMELINE_FREE);
}

/* The other side's: from what it sends again, for a round trip; none where no round trip is known. */
static void
test_repeats (void)
{
  for (guint known = 0; known < 2; known++)
    {
      g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
      const QsRttSample sample = { 50 * MS, 20 * MS, 20 * MS, 20 * MS, 0 };

      add_packet (trace, 0, QS_DIRECTION_RECEIVED, 0, 0);
      add_packet (trace, 100 * MS, QS_DIRECTION_RECEIVED, QS_PACKET_RETRANSMISSION, 0);
      add_packet (trace, 200 * MS, QS_DIRECTION_RECEIVED, 0, 0);
      if (known == 1)
        qs_metrics_add_rtt (qs_trace_get_metrics (trace), &sample);
      g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, NULL);
      qs_timeline_advance (timeline, 0);
      QsTimelineLimit wanted = known == 1 ? QS_TIMELINE_BY_LOSS : QS_TIMELINE_FREE;
      g_assert_cmpint (limit_at (timeline, 1, 100 * MS - 1), ==, QS_TIMELINE_FREE);
      g_assert_cmpint (limit_at (timeline, 1, 100 * MS), ==, wanted);
      g_assert_cmpint (limit_at (timeline, 1, 120 * MS - 1), ==, wanted);
      g_assert_cmpint (limit_at (timeline, 1, 120 * MS), ==, QS_TIMELINE_FREE);
    }
}

/* Nothing under way: of the recorder at once, of the other one a round trip later, when what an ACK lets it send would be here; never
 * before its first 1-RTT packet, nor behind the end. */
static void
test_nothing_to_send (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  QsMetrics *metrics = qs_trace_get_metrics (trace);
  const QsRttSample sample = { 5 * MS, 20 * MS, 20 * MS, 20 * MS, 0 };

  for (guint direction = 0; direction < 2; direction++)
    {
      qs_metrics_add_flight (metrics, direction, 0, 1000);
      qs_metrics_add_flight (metrics, direction, 2 * MS, -1000);
    }
  qs_metrics_add_rtt (metrics, &sample);
  add_packet (trace, 10 * MS, QS_DIRECTION_SENT, 0, 0);
  add_packet (trace, 10 * MS, QS_DIRECTION_RECEIVED, 0, 0);
  add_packet (trace, 25 * MS, QS_DIRECTION_SENT, 0, 0);
  for (guint direction = 0; direction < 2; direction++)
    {
      qs_metrics_add_flight (metrics, direction, 10 * MS, 1000);
      qs_metrics_add_flight (metrics, direction, 40 * MS, -1000);
    }
  add_packet (trace, 100 * MS, QS_DIRECTION_SENT, 0, G_GUINT64_CONSTANT (1) << QS_FRAME_CONNECTION_CLOSE_APP);
  add_packet (trace, 110 * MS, QS_DIRECTION_RECEIVED, 0, 0);
  g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, NULL);
  qs_timeline_advance (timeline, 0);

  static const struct {
    gint64 time;
    QsTimelineLimit client, server;
  } rows[] = {
    { 5 * MS, QS_TIMELINE_FREE, QS_TIMELINE_FREE },      { 40 * MS - 1, QS_TIMELINE_FREE, QS_TIMELINE_FREE },
    { 40 * MS, QS_TIMELINE_BY_APP, QS_TIMELINE_FREE },   { 60 * MS - 1, QS_TIMELINE_BY_APP, QS_TIMELINE_FREE },
    { 60 * MS, QS_TIMELINE_BY_APP, QS_TIMELINE_BY_APP }, { 100 * MS - 1, QS_TIMELINE_BY_APP, QS_TIMELINE_BY_APP },
    { 100 * MS, QS_TIMELINE_FREE, QS_TIMELINE_FREE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_cmpint (limit_at (timeline, 0, rows[i].time), ==, rows[i].client);
      g_assert_cmpint (limit_at (timeline, 1, rows[i].time), ==, rows[i].server);
    }
}

/* On the way nobody is the recorder: of both a whole round trip has to pass, which the handshake shows. */
static void
test_from_the_way (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_NETWORK);
  QsMetrics *metrics = qs_trace_get_metrics (trace);
  const QsRttSample sample = { 4 * MS, 1 * MS, 1 * MS, 1 * MS, 0 };

  add_packet (trace, 0, QS_DIRECTION_SENT, 0, 0);
  add_packet (trace, 1 * MS, QS_DIRECTION_RECEIVED, 0, 0);
  add_packet (trace, 30 * MS, QS_DIRECTION_SENT, 0, 0);
  qs_metrics_add_rtt (metrics, &sample); /* to the server alone, which is near */
  qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, 30 * MS, 1000);
  qs_metrics_add_flight (metrics, QS_DIRECTION_SENT, 50 * MS, -1000);
  add_packet (trace, 200 * MS, QS_DIRECTION_SENT, 0, 0);
  g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, NULL);
  qs_timeline_advance (timeline, 0);
  g_assert_cmpint (limit_at (timeline, 0, 80 * MS - 1), ==, QS_TIMELINE_FREE);
  g_assert_cmpint (limit_at (timeline, 0, 80 * MS), ==, QS_TIMELINE_BY_APP);
}

/* Limits, and what of them is used up, with no word of the sender's: the span of the credit counts. */
static void
test_credit (void)
{
  g_autoptr (QsTrace) trace = make_trace (QS_VANTAGE_CLIENT, 100);
  QsCredit *credit = &qs_trace_get_metrics (trace)->credit[QS_DIRECTION_RECEIVED];
  const QsCreditSample samples[] = { { 10 * MS, 1000, 50000, 4, 1000, 40000 },
                                     { 40 * MS, 40000, 50000, 4, 40000, 40000 },
                                     { 60 * MS, 45000, 90000, 8, 5000, 40000 } };
  const QsCreditSpan span = { 40 * MS, 55 * MS, 4 };
  QsTimelineHit hit;

  g_array_append_vals (credit->samples, samples, G_N_ELEMENTS (samples));
  g_array_append_val (credit->spans, span);
  g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, NULL);
  qs_timeline_advance (timeline, 0);

  qs_timeline_look_at (timeline, QS_TIMELINE_CREDIT, 9 * MS, &hit);
  g_assert_false (hit.has_value);
  qs_timeline_look_at (timeline, QS_TIMELINE_CREDIT, 45 * MS, &hit);
  g_assert_cmpint (hit.allowed[0], ==, -1);
  g_assert_cmpint (hit.allowed[1], ==, 50000);
  g_assert_cmpuint (hit.values[1], ==, 40000);
  g_assert_cmpint (hit.stream_room[1], ==, 0);
  g_autofree char *full = qs_timeline_describe (timeline, &hit);
  g_assert_nonnull (strstr (full, "and nothing more on stream 4"));
  g_assert_null (strstr (full, "client"));
  qs_timeline_look_at (timeline, QS_TIMELINE_CREDIT, 60 * MS, &hit);
  g_assert_cmpint (hit.stream_room[1], ==, 35000);
  g_autofree char *room = qs_timeline_describe (timeline, &hit);
  g_assert_nonnull (strstr (room, "more on stream 8"));
  g_assert_cmpint (limit_at (timeline, 1, 40 * MS - 1), ==, QS_TIMELINE_FREE);
  g_assert_cmpint (limit_at (timeline, 1, 40 * MS), ==, QS_TIMELINE_BY_FLOW);
  g_assert_cmpint (limit_at (timeline, 1, 55 * MS - 1), ==, QS_TIMELINE_BY_FLOW);
  g_assert_cmpint (limit_at (timeline, 1, 55 * MS), !=, QS_TIMELINE_BY_FLOW);
  draw (timeline, "credit");
  credit->until = 50 * MS;
  qs_timeline_look_at (timeline, QS_TIMELINE_CREDIT, 50 * MS, &hit);
  g_assert_false (hit.has_value);
  qs_timeline_look_at (timeline, QS_TIMELINE_CREDIT, 50 * MS - 1, &hit);
  g_assert_true (hit.has_value);
}

/* 1000 bytes each millisecond are 1,000,000 a second, wherever one looks and however long the spans are. */
static void
test_rate (void)
{
  g_autoptr (QsTrace) trace = make_trace (QS_VANTAGE_CLIENT, 1000);
  g_autoptr (QsTimeline) timeline = qs_timeline_new (trace, NULL);
  QsTimelineHit hit;

  qs_timeline_advance (timeline, 0);
  for (guint zoom = 0; zoom < 2; zoom++)
    {
      qs_timeline_set_range (timeline, 0, zoom == 0 ? 0 : 500 * MS);
      for (gint64 time = 50 * MS; time < 900 * MS; time += 77 * MS)
        {
          qs_timeline_look_at (timeline, QS_TIMELINE_RATE, time, &hit);
          g_assert_true (hit.has_value);
          g_assert_cmpint (ABS ((gint64) hit.values[1] - 1000000), <, 200000);
          g_assert_cmpint (ABS ((gint64) hit.values[0] - 10000), <, 2000);
        }
    }
  g_autofree char *words = qs_timeline_describe (timeline, &hit);
  g_assert_nonnull (strstr (words, "/s"));
  qs_timeline_look_at (timeline, QS_TIMELINE_RATE, -1, &hit);
  g_assert_false (hit.has_value);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/timeline/values", test_values);
  g_test_add_func ("/timeline/axis", test_axis);
  g_test_add_func ("/timeline/losses", test_losses);
  g_test_add_func ("/timeline/limits", test_limits);
  g_test_add_func ("/timeline/recovery", test_recovery);
  g_test_add_func ("/timeline/repeats", test_repeats);
  g_test_add_func ("/timeline/nothing-to-send", test_nothing_to_send);
  g_test_add_func ("/timeline/from-the-way", test_from_the_way);
  g_test_add_func ("/timeline/credit", test_credit);
  g_test_add_func ("/timeline/rate", test_rate);
  g_test_add_func ("/timeline/million", test_million);
  g_test_add_func ("/timeline/nonsense", test_nonsense);
  g_test_add_func ("/timeline/export", test_export);
  return g_test_run ();
}
