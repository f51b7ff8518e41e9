/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Charts page: growth, the shared selection and time, zoom, pointer and keyboard, and how long drawing takes. */
#include <gtk/gtk.h>

#include "app/widgets/qs-timeline-view.h"
#include "fixtures.h"
#include "trace/qs-metrics.h"
#include "window-fixture.h"

#define MS G_GINT64_CONSTANT (1000000)
/* What a frame may take at most, in microseconds; asserted with -m perf alone, on a machine that does nothing else. */
#define LONGEST_FRAME_US 33000

static void
add_packets (QsTrace *trace, guint n)
{
  QsMetrics *metrics = qs_trace_get_metrics (trace);
  guint first = qs_trace_get_n_packets (trace);

  for (guint i = first; i < first + n; i++)
    {
      QsRttSample sample = { i * MS, (20 + i % 17) * MS, 21 * MS, 20 * MS };
      QsPacket packet = { .record = G_MAXUINT32, .type = QS_PACKET_1RTT, .time = i * MS, .length = 1200 };

      packet.direction = i % 5 == 0 ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
      packet.flags = i % 1000 == 999 ? QS_PACKET_LOST : 0;
      qs_trace_add_packet (trace, &packet);
      qs_metrics_add_rtt (metrics, &sample);
      qs_metrics_add_flight (metrics, packet.direction, i * MS, i % 40 < 20 ? 1200 : -1200);
    }
  qs_trace_changed (trace);
}

static QsTimelineView *
show_trace (Fixture *fixture, QsTrace *trace)
{
  qs_window_set_full_size (fixture->window, 1280, 800);
  qs_session_add_trace (fixture->session, trace, "figures");
  g_assert_true (qs_window_show_page (fixture->window, "charts"));
  QsTimelineView *view = fixture_find (fixture, "Timeline", QS_TYPE_TIMELINE_VIEW);
  wait_until (gtk_widget_get_mapped (GTK_WIDGET (view)) && qs_timeline_view_get_cost (view) > 0);
  return view;
}

static void
press_key (QsTimelineView *view, guint key)
{
  g_autoptr (GdkEvent) event = gdk_event_new (GDK_KEY_PRESS);

  event->key.window = g_object_ref (gtk_widget_get_window (GTK_WIDGET (view)));
  event->key.keyval = key;
  gdk_event_set_device (event, gdk_seat_get_keyboard (gdk_display_get_default_seat (gdk_display_get_default ())));
  g_assert_true (gtk_widget_event (GTK_WIDGET (view), event));
}

static void
send_button (QsTimelineView *view, GdkEventType type, double x, double y)
{
  g_autoptr (GdkEvent) event = gdk_event_new (type);

  event->button.window = g_object_ref (gtk_widget_get_window (GTK_WIDGET (view)));
  event->button.button = GDK_BUTTON_PRIMARY;
  event->button.x = x;
  event->button.y = y;
  gdk_event_set_device (event, gdk_seat_get_pointer (gdk_display_get_default_seat (gdk_display_get_default ())));
  gtk_widget_event (GTK_WIDGET (view), event);
}

static void
drag (QsTimelineView *view, double from, double to)
{
  double y = gtk_widget_get_allocated_height (GTK_WIDGET (view)) / 2.0;

  send_button (view, GDK_BUTTON_PRESS, from, y);
  g_autoptr (GdkEvent) event = gdk_event_new (GDK_MOTION_NOTIFY);
  event->motion.window = g_object_ref (gtk_widget_get_window (GTK_WIDGET (view)));
  event->motion.x = to;
  event->motion.y = y;
  gdk_event_set_device (event, gdk_seat_get_pointer (gdk_display_get_default_seat (gdk_display_get_default ())));
  gtk_widget_event (GTK_WIDGET (view), event);
  send_button (view, GDK_BUTTON_RELEASE, to, y);
}

static const char *
description_of (QsTimelineView *view)
{
  return atk_object_get_description (gtk_widget_get_accessible (GTK_WIDGET (view)));
}

/* --- Tests ------------------------------------------------------------------------------------------- */

static void
test_empty (Fixture *fixture, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);

  g_assert_true (qs_window_show_page (fixture->window, "charts"));
  QsTimelineView *view = show_trace (fixture, trace);
  g_assert_cmpint (qs_timeline_view_get_selected (view), ==, -1);
  press_key (view, GDK_KEY_Right);
  press_key (view, GDK_KEY_plus);
  g_assert_cmpint (qs_timeline_view_get_selected (view), ==, -1);
  g_assert_null (qs_timeline_view_describe_selected (view));
}

/* The selection is the session's: it comes and goes both ways, and is described. */
static void
test_selection (Fixture *fixture, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);

  add_packets (trace, 1000);
  QsTimelineView *view = show_trace (fixture, trace);
  GtkLabel *detail = fixture_find (fixture, "Selected moment", GTK_TYPE_LABEL);

  qs_session_set_selection (fixture->session, 500);
  g_assert_cmpint (qs_timeline_view_get_selected (view), ==, 500);
  g_assert_nonnull (strstr (description_of (view), "500"));
  g_assert_cmpstr (description_of (view), ==, gtk_label_get_text (detail));
  press_key (view, GDK_KEY_Right);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, 501);
  press_key (view, GDK_KEY_Left);
  press_key (view, GDK_KEY_Left);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, 499);
  press_key (view, GDK_KEY_End);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, 999);
  press_key (view, GDK_KEY_Right);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, 999);
  press_key (view, GDK_KEY_Home);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, 0);

  /* A click selects what is nearest in time. */
  double middle = gtk_widget_get_allocated_width (GTK_WIDGET (view)) / 2.0;
  send_button (view, GDK_BUTTON_PRESS, middle, 100);
  send_button (view, GDK_BUTTON_RELEASE, middle, 100);
  gint64 selected = qs_session_get_selection (fixture->session);
  g_assert_cmpint (selected, >, 300);
  g_assert_cmpint (selected, <, 700);
}

static void
get_span (Fixture *fixture, gint64 *from, gint64 *to)
{
  qs_session_get_visible (fixture->session, from, to);
}

/* What is visible is the session's, too. */
static void
test_zoom (Fixture *fixture, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  gint64 from, to, before;

  add_packets (trace, 1000);
  QsTimelineView *view = show_trace (fixture, trace);
  GtkWidget *all = fixture_find (fixture, "The whole time", GTK_TYPE_BUTTON);
  g_assert_false (gtk_widget_get_sensitive (all));

  qs_session_set_selection (fixture->session, 200);
  for (guint i = 0; i < 8; i++)
    press_key (view, GDK_KEY_plus);
  get_span (fixture, &from, &to);
  g_assert_cmpint (to - from, <, 250 * MS);
  g_assert_cmpint (from, <=, 200 * MS); /* about the selection */
  g_assert_cmpint (to, >=, 200 * MS);
  g_assert_true (gtk_widget_get_sensitive (all));

  before = from;
  press_key (view, GDK_KEY_Page_Down);
  get_span (fixture, &from, &to);
  g_assert_cmpint (from, >, before);

  /* What is selected elsewhere is scrolled to. */
  qs_session_set_selection (fixture->session, 900);
  get_span (fixture, &from, &to);
  g_assert_cmpint (from, <=, 900 * MS);
  g_assert_cmpint (to, >=, 900 * MS);

  gtk_button_clicked (GTK_BUTTON (all));
  get_span (fixture, &from, &to);
  g_assert_cmpint (from, ==, -1);
  g_assert_false (gtk_widget_get_sensitive (all));

  double width = gtk_widget_get_allocated_width (GTK_WIDGET (view));
  drag (view, width * 0.75, width * 0.5);
  get_span (fixture, &from, &to);
  g_assert_cmpint (from, >, 400 * MS);
  g_assert_cmpint (to, <, 800 * MS);
  press_key (view, GDK_KEY_0);
  get_span (fixture, &from, &to);
  g_assert_cmpint (from, ==, -1);

  /* Not without end, and not out of what there is. */
  for (guint i = 0; i < 200; i++)
    press_key (view, GDK_KEY_plus);
  get_span (fixture, &from, &to);
  g_assert_cmpint (to - from, >=, 1000);
  for (guint i = 0; i < 200; i++)
    press_key (view, GDK_KEY_minus);
  get_span (fixture, &from, &to);
  g_assert_cmpint (from, ==, -1);
  gtk_button_clicked (fixture_find (fixture, "Zoom in", GTK_TYPE_BUTTON));
  get_span (fixture, &from, &to);
  g_assert_cmpint (from, >=, 0);
}

/* While a run goes on: all of it stays visible; a part that was chosen stays that part. */
static void
test_growth (Fixture *fixture, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);

  add_packets (trace, 100);
  QsTimelineView *view = show_trace (fixture, trace);
  GtkAdjustment *adjustment = qs_timeline_view_get_adjustment (view);
  g_assert_cmpfloat (gtk_adjustment_get_upper (adjustment), <, 0.2);
  add_packets (trace, 900);
  wait_until (gtk_adjustment_get_upper (adjustment) > 0.9);
  g_assert_cmpfloat (gtk_adjustment_get_page_size (adjustment), >, 0.9);

  qs_session_set_visible (fixture->session, 100 * MS, 200 * MS);
  add_packets (trace, 1000);
  wait_until (gtk_adjustment_get_upper (adjustment) > 1.9);
  g_assert_cmpfloat (gtk_adjustment_get_page_size (adjustment), <, 0.11);
  g_assert_cmpfloat (gtk_adjustment_get_value (adjustment), <, 0.11);
}

/* A hidden page takes in nothing, and all of it once it is seen. */
static void
test_hidden (Fixture *fixture, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);

  add_packets (trace, 100);
  QsTimelineView *view = show_trace (fixture, trace);
  GtkAdjustment *adjustment = qs_timeline_view_get_adjustment (view);

  qs_window_show_page (fixture->window, "overview");
  wait_until (!gtk_widget_get_mapped (GTK_WIDGET (view)));
  add_packets (trace, 100000);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpfloat (gtk_adjustment_get_upper (adjustment), <, 1);
  qs_window_show_page (fixture->window, "charts");
  wait_until (gtk_adjustment_get_upper (adjustment) > 99);
}

/* However long a trace is, what is drawn is bounded. */
static void
test_million (Fixture *fixture, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  gint64 worst = 0;

  add_packets (trace, 1000000);
  QsTimelineView *view = show_trace (fixture, trace);
  GtkAdjustment *adjustment = qs_timeline_view_get_adjustment (view);
  wait_until (gtk_adjustment_get_upper (adjustment) > 999);

  for (guint i = 0; i < 40; i++)
    {
      gint64 before = qs_timeline_view_get_cost (view);

      press_key (view, i < 20 ? GDK_KEY_plus : i % 2 == 0 ? GDK_KEY_minus : GDK_KEY_Page_Down);
      wait_until (qs_timeline_view_get_cost (view) != before);
      worst = MAX (worst, qs_timeline_view_get_cost (view));
    }
  g_test_message ("the slowest of 40 frames took %.1f ms", worst / 1e3);
  if (g_test_perf ())
    {
      g_test_minimized_result (worst / 1e3, "milliseconds, the slowest frame");
      g_assert_cmpint (worst, <=, LONGEST_FRAME_US);
    }
  qs_session_get_run (fixture->session);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add ("/app/charts/empty", Fixture, NULL, fixture_set_up, test_empty, fixture_tear_down);
  g_test_add ("/app/charts/selection", Fixture, NULL, fixture_set_up, test_selection, fixture_tear_down);
  g_test_add ("/app/charts/zoom", Fixture, NULL, fixture_set_up, test_zoom, fixture_tear_down);
  g_test_add ("/app/charts/growth", Fixture, NULL, fixture_set_up, test_growth, fixture_tear_down);
  g_test_add ("/app/charts/hidden", Fixture, NULL, fixture_set_up, test_hidden, fixture_tear_down);
  g_test_add ("/app/charts/million", Fixture, NULL, fixture_set_up, test_million, fixture_tear_down);
  return fixture_run ();
}
