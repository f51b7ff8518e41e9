/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The Sequence page: selection, keys, what it costs, a replay that the other pages follow, and both ends in one picture. */
#include <glib/gstdio.h>
#include <gtk/gtk.h>
#include <string.h>
#include <time.h>

#include "app/models/qs-stream-table.h"
#include "app/qs-files.h"
#include "app/widgets/qs-sequence-view.h"
#include "fixtures.h"
#include "formats/qs-trace-save.h"
#include "window-fixture.h"

#define MS G_GINT64_CONSTANT (1000000)
/* What a turn of the main loop may take at most, in microseconds; asserted with -m perf alone. */
#define LONGEST_FRAME_US 33000

static QsSequenceView *
show_page (Fixture *fixture)
{
  qs_window_set_full_size (fixture->window, 1280, 800);
  g_assert_true (qs_window_show_page (fixture->window, "sequence"));
  QsSequenceView *view = fixture_find (fixture, "Sequence diagram", QS_TYPE_SEQUENCE_VIEW);
  wait_until (gtk_widget_get_mapped (GTK_WIDGET (view)));
  return view;
}

static void
press (gpointer widget, guint key, guint state)
{
  g_autoptr (GdkEvent) event = gdk_event_new (GDK_KEY_PRESS);

  event->key.window = g_object_ref (gtk_widget_get_window (widget));
  event->key.keyval = key;
  event->key.state = state;
  gdk_event_set_device (event, gdk_seat_get_keyboard (gdk_display_get_default_seat (gdk_display_get_default ())));
  g_assert_true (gtk_widget_event (widget, event));
}

static const char *
description_of (QsSequenceView *view)
{
  return atk_object_get_description (gtk_widget_get_accessible (GTK_WIDGET (view)));
}

/* Until nothing is under way any more. */
static void
run_dry (void)
{
  gboolean over = FALSE;

  for (guint quiet = 0; quiet < 20;)
    {
      quiet = g_main_context_iteration (NULL, FALSE) ? 0 : quiet + 1;
      g_usleep (5000); /* frames are 16 ms apart */
    }
  g_timeout_add (300, fixture_expired_cb, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
}

/* A run against the built-in server, to its end. */
static QsRun *
run_to_end (Fixture *fixture, const char *scenario, const char *path)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_lab_set_path (qs_session_get_lab (fixture->session), path, &error));
  QsRun *run = fixture_connect_to_lab (fixture, scenario);

  wait_until (qs_run_get_status (run) == QS_RUN_OPEN || !qs_run_is_active (run));
  if (qs_run_is_active (run))
    {
      g_autoptr (QsStream) first = g_list_model_get_item (qs_probe_get_streams (qs_run_get_probe (run)), 0);
      if (first != NULL)
        wait_until (qs_stream_get_read_state (first) != QS_STREAM_OK);
      fixture_act (fixture, "stop");
    }
  wait_until (!qs_run_is_active (run));
  return run;
}

/* --- Tests ------------------------------------------------------------------------------------------- */

/* The selection is the session's; it is walked by keys, described, and told to assistive technology. */
static void
test_selection (Fixture *fixture, gconstpointer data)
{
  QsRun *run = run_to_end (fixture, NULL, NULL);
  QsSequenceView *view = show_page (fixture);
  GtkLabel *detail = fixture_find (fixture, "Selected packet", GTK_TYPE_LABEL);
  GtkAdjustment *adjustment = qs_sequence_view_get_adjustment (view);

  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, -1);
  run_dry (); /* the other end's recording is joined a moment later */
  press (view, GDK_KEY_Down, 0);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, 0);
  g_assert_nonnull (strstr (description_of (view), "ClientHello"));
  g_assert_cmpstr (description_of (view), ==, gtk_label_get_text (detail));
  press (view, GDK_KEY_Down, 0);
  press (view, GDK_KEY_Up, 0);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, 0);

  /* Another page's selection comes into sight. */
  gint64 last = (gint64) qs_trace_get_n_packets (qs_run_get_trace (run)) - 1;
  press (view, GDK_KEY_Home, 0);
  g_assert_cmpfloat (gtk_adjustment_get_value (adjustment), ==, 0);
  qs_session_set_selection (fixture->session, last);
  g_assert_cmpint (qs_sequence_view_get_selected (view), ==, last);
  g_assert_cmpfloat (gtk_adjustment_get_value (adjustment), >, 0);

  press (view, GDK_KEY_End, 0);
  g_assert_cmpfloat_with_epsilon (gtk_adjustment_get_value (adjustment) + gtk_adjustment_get_page_size (adjustment),
                                  gtk_adjustment_get_upper (adjustment), 1);
  press (view, GDK_KEY_Page_Up, 0);
  double upper = gtk_adjustment_get_upper (adjustment);
  press (view, GDK_KEY_plus, 0);
  wait_until (gtk_adjustment_get_upper (adjustment) > upper);
  press (view, GDK_KEY_minus, 0);
  wait_until (gtk_adjustment_get_upper (adjustment) == upper);
}

/* --- Cost --- */

static gboolean
drawn_cb (GtkWidget *widget, cairo_t *cr, gpointer data)
{
  GdkRectangle area;

  /* An edge is drawn again with the scrollbar beside it. */
  if (gdk_cairo_get_clip_rectangle (cr, &area) && area.width > 8)
    (*(guint *) data)++;
  return FALSE;
}

static void
add_bulk (QsTrace *trace, guint n)
{
  guint first = qs_trace_get_n_packets (trace);

  for (guint i = first; i < first + n; i++)
    {
      gboolean ack = i % 3 == 2;
      QsPacket packet = { .record = G_MAXUINT32,
                          .type = QS_PACKET_1RTT,
                          .time = (gint64) i * 20000,
                          .number = i,
                          .n_frames = 1,
                          .length = ack ? 40 : 1200,
                          .direction = ack ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED,
                          .flags = QS_PACKET_DECRYPTED | QS_PACKET_FROM_QLOG };

      /* Every so often something that is no bulk. */
      packet.frames = G_GUINT64_CONSTANT (1) << (i % 1000 == 500 ? QS_FRAME_NEW_TOKEN
                                                 : ack           ? QS_FRAME_ACK
                                                                 : QS_FRAME_STREAM);
      qs_trace_add_packet (trace, &packet);
    }
  qs_trace_changed (trace);
}

/* Nothing is drawn where nothing changes, and none of it where what changes is out of sight. */
static void
test_idle (Fixture *fixture, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  guint n_drawn = 0;

  add_bulk (trace, 100000);
  qs_session_add_trace (fixture->session, trace, "figures");
  QsSequenceView *view = show_page (fixture);
  GtkAdjustment *adjustment = qs_sequence_view_get_adjustment (view);
  wait_until (gtk_adjustment_get_upper (adjustment) > 4 * gtk_adjustment_get_page_size (adjustment));
  run_dry ();
  g_signal_connect (view, "draw", G_CALLBACK (drawn_cb), &n_drawn);
  run_dry ();
  g_assert_cmpuint (n_drawn, ==, 0);

  /* It grows far below. */
  double upper = gtk_adjustment_get_upper (adjustment);
  add_bulk (trace, 10000);
  wait_until (gtk_adjustment_get_upper (adjustment) > upper);
  run_dry ();
  g_assert_cmpuint (n_drawn, ==, 0);

  /* At the end it is seen. */
  press (view, GDK_KEY_End, 0);
  run_dry ();
  n_drawn = 0;
  add_bulk (trace, 10);
  wait_until (n_drawn > 0);
  g_signal_handlers_disconnect_by_func (view, drawn_cb, &n_drawn);
}

static gint64
thread_time_us (void)
{
  struct timespec spent;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &spent);
  return spent.tv_sec * G_USEC_PER_SEC + spent.tv_nsec / 1000;
}

typedef struct {
  QsSequenceView *view;
  guint n_drawn;
  gint64 worst;
  const char *slowest; /* what it was doing */
} Frames;

/* The longest turn of the main loop until all is drawn and nothing is left to do: for longer than news wait for each other. */
static void
take_frames (Frames *frames, const char *doing)
{
  for (guint quiet = 0; quiet < 40;)
    {
      gint64 start = thread_time_us ();

      quiet = g_main_context_iteration (NULL, FALSE) ? 0 : quiet + 1;
      gint64 took = thread_time_us () - start;
      if (took > frames->worst)
        {
          frames->worst = took;
          frames->slowest = doing;
        }
      if (quiet > 0)
        g_usleep (2000);
    }
}

static void
act (Frames *frames, const char *doing, guint key)
{
  gint64 start = thread_time_us ();

  press (frames->view, key, 0);
  gint64 took = thread_time_us () - start;
  if (took > frames->worst)
    {
      frames->worst = took;
      frames->slowest = doing;
    }
  take_frames (frames, doing);
}

static double
find_middle (GtkAdjustment *adjustment)
{
  return (gtk_adjustment_get_value (adjustment) + gtk_adjustment_get_page_size (adjustment) / 2) /
         gtk_adjustment_get_upper (adjustment);
}

/* Once all is laid out: longer than news wait, nothing came. */
static double
find_middle_of_all (GtkAdjustment *adjustment)
{
  double upper = -1;

  for (gint64 since = 0; upper != gtk_adjustment_get_upper (adjustment) || g_get_monotonic_time () - since < 1500000;)
    {
      if (upper != gtk_adjustment_get_upper (adjustment))
        since = g_get_monotonic_time ();
      upper = gtk_adjustment_get_upper (adjustment);
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (2000);
    }
  return find_middle (adjustment);
}

/* Zoomed in and out at several places, panned, walked and selected. */
static void
move_about (Frames *frames, GtkAdjustment *adjustment, const char *const *doing)
{
  static const double places[] = { 0, 0.1, 0.5, 0.97 };

  for (guint i = g_test_perf () ? 0 : 2; i < G_N_ELEMENTS (places); i++)
    {
      double page = gtk_adjustment_get_page_size (adjustment);

      gtk_adjustment_set_value (adjustment, 1 + places[i] * gtk_adjustment_get_upper (adjustment));
      take_frames (frames, doing[2]);
      double middle = i == 2 ? find_middle_of_all (adjustment) : -1;
      for (guint k = 0; k < 3; k++)
        act (frames, doing[0], GDK_KEY_plus);
      /* What was in the middle is, however long it takes until all of the rest is laid out. */
      wait_until (middle < 0 ||
                  ABS (find_middle (adjustment) - middle) < 0.02 + page / gtk_adjustment_get_upper (adjustment));
      for (guint k = 0; k < 4; k++)
        act (frames, doing[1], GDK_KEY_minus);
      act (frames, doing[0], GDK_KEY_plus);
      for (guint k = 0; k < 5; k++)
        {
          gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + 300);
          take_frames (frames, doing[2]);
        }
      act (frames, doing[3], GDK_KEY_Down);
      act (frames, doing[3], GDK_KEY_Up);
    }
}

/* However long a trace is, no turn of the loop is long. */
static void
test_million (Fixture *fixture, gconstpointer data)
{
  static const char *const even[] = { "zooming in, evened out", "zooming out, evened out", "panning, evened out",
                                      "walking, evened out" };
  static const char *const scale[] = { "zooming in, to scale", "zooming out, to scale", "panning, to scale",
                                       "walking, to scale" };
  static const char *const single[] = { "zooming in, unbundled", "zooming out, unbundled", "panning, unbundled",
                                        "walking, unbundled" };
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  Frames frames = { .slowest = "" };

  add_bulk (trace, g_test_perf () ? 1000000 : 30000);
  qs_session_add_trace (fixture->session, trace, "figures");
  frames.view = show_page (fixture);
  GtkAdjustment *adjustment = qs_sequence_view_get_adjustment (frames.view);
  g_signal_connect (frames.view, "draw", G_CALLBACK (drawn_cb), &frames.n_drawn);
  take_frames (&frames, "opening");
  frames.worst = 0; /* that showed the page for the first time, too */
  move_about (&frames, adjustment, even);
  qs_sequence_view_set_to_scale (frames.view, TRUE);
  take_frames (&frames, "changing to scale");
  move_about (&frames, adjustment, scale);
  qs_sequence_view_set_to_scale (frames.view, FALSE);
  qs_sequence_view_set_collapse (frames.view, FALSE);
  take_frames (&frames, "unbundling");
  move_about (&frames, adjustment, single);
  g_test_message ("of %u frames the slowest turn took %.1f ms: %s", frames.n_drawn, frames.worst / 1e3, frames.slowest);
  g_signal_handlers_disconnect_by_func (frames.view, drawn_cb, &frames.n_drawn);
  if (!g_test_perf ())
    return;
  g_test_minimized_result (frames.worst / 1e3, "milliseconds, the slowest turn of the loop: %s", frames.slowest);
  g_assert_cmpint (frames.worst, <=, LONGEST_FRAME_US);
}

/* --- Replay --- */

static char *
cell (GtkTreeView *list, int row, int column)
{
  GtkTreeModel *model = gtk_tree_view_get_model (list);
  GtkTreeIter iter;
  char *text;

  g_assert_true (gtk_tree_model_iter_nth_child (model, &iter, NULL, row));
  gtk_tree_model_get (model, &iter, column, &text, -1);
  return text;
}

static void
has_label_cb (GtkWidget *widget, gpointer data)
{
  const char **wanted = data;

  if (GTK_IS_LABEL (widget) && *wanted != NULL && gtk_widget_get_visible (widget) &&
      strstr (gtk_label_get_text (GTK_LABEL (widget)), *wanted) != NULL)
    *wanted = NULL;
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), has_label_cb, data);
}

static gint64
find_message (QsTrace *trace, guint8 type)
{
  for (guint i = 0; i < qs_trace_get_n_messages (trace); i++)
    if (qs_trace_get_message (trace, i)->message->type == type)
      return qs_trace_get_message (trace, i)->packet;
  return -1;
}

/* Steps that have a time. */
static guint
count_steps (Fixture *fixture)
{
  g_autoptr (GList) rows =
      gtk_container_get_children (GTK_CONTAINER (fixture_find (fixture, "Handshake", GTK_TYPE_LIST_BOX)));
  guint n = 0;

  for (GList *row = rows; row != NULL; row = row->next)
    n += g_str_has_suffix (atk_object_get_name (gtk_widget_get_accessible (row->data)), ", done");
  return n;
}

/* By keys, and every page follows: the selection, the steps, the connection's state, the streams'. */
static void
test_replay (Fixture *fixture, gconstpointer data)
{
  QsReplay *replay = qs_session_get_replay (fixture->session);
  QsRun *run = run_to_end (fixture, NULL, NULL);
  QsTrace *trace = qs_run_get_trace (run);
  QsSequenceView *view = show_page (fixture);
  GtkWidget *bar = fixture_find (fixture, "Position", GTK_TYPE_SCALE);
  GtkLabel *moment = fixture_find (fixture, "Moment", GTK_TYPE_LABEL);

  wait_until (gtk_widget_is_sensitive (bar));
  run_dry (); /* the other end's recording is joined a moment later */
  g_assert_false (qs_replay_is_under_way (replay));

  /* Packet by packet: the first one is sent while the handshake is begun. */
  press (view, GDK_KEY_Right, 0);
  g_assert_cmpfloat (qs_replay_get_progress (replay), ==, 1);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, 0);
  g_assert_nonnull (strstr (description_of (view), "ClientHello"));
  g_assert_nonnull (strstr (fixture_get_state (fixture), "Handshake under way"));
  g_assert_nonnull (strstr (gtk_label_get_text (moment), "Handshake under way"));
  press (view, GDK_KEY_Right, 0);
  press (view, GDK_KEY_Left, 0);
  g_assert_cmpfloat (qs_replay_get_progress (replay), ==, 1);

  /* Flight by flight: the client's hello, of one datagram or two, and what the server says to it. */
  qs_replay_seek (replay, 0, -1, TRUE);
  press (view, GDK_KEY_Right, GDK_SHIFT_MASK);
  gint64 hello = qs_session_get_selection (fixture->session);
  g_assert_cmpint (qs_trace_get_packet (trace, (guint) hello)->direction, ==, QS_DIRECTION_SENT);
  press (view, GDK_KEY_Right, GDK_SHIFT_MASK);
  gint64 answer = qs_session_get_selection (fixture->session);
  g_assert_cmpint (qs_trace_get_packet (trace, (guint) answer)->direction, ==, QS_DIRECTION_RECEIVED);
  press (view, GDK_KEY_Left, GDK_SHIFT_MASK);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, hello);

  /* No stream was there yet, and no step but those before the ServerHello. */
  qs_window_show_page (fixture->window, "streams");
  GtkTreeView *streams = fixture_find (fixture, "Streams", GTK_TYPE_TREE_VIEW);
  g_autofree char *read_before = cell (streams, 0, QS_STREAM_COLUMN_READ_STATE);
  g_autofree char *received_before = cell (streams, 0, QS_STREAM_COLUMN_RECEIVED);
  g_assert_cmpstr (read_before, ==, "");
  g_assert_cmpstr (received_before, ==, "0");
  qs_window_show_page (fixture->window, "overview");
  guint n_begun = count_steps (fixture);
  g_assert_cmpuint (n_begun, >, 0);

  /* After the server's Finished the handshake is done; before the close the stream has been answered. */
  gint64 finished = find_message (trace, QS_TLS_FINISHED);
  g_assert_cmpint (finished, >=, 0);
  qs_replay_seek (replay, qs_trace_get_packet (trace, (guint) finished)->time, finished, TRUE);
  g_assert_nonnull (strstr (fixture_get_state (fixture), "Replay"));
  guint n_finished = count_steps (fixture);
  g_assert_cmpuint (n_finished, >, n_begun);
  gint64 closing = 0;
  g_assert_nonnull (qs_trace_find_mark (trace, QS_MARK_STATE, "CLOSING", &closing));
  qs_window_show_page (fixture->window, "streams");
  qs_replay_seek (replay, closing - 1, -1, TRUE);
  g_assert_nonnull (strstr (fixture_get_state (fixture), "Connected"));
  g_autofree char *read_then = cell (streams, 0, QS_STREAM_COLUMN_READ_STATE);
  g_autofree char *sent_then = cell (streams, 0, QS_STREAM_COLUMN_SENT);
  g_assert_cmpstr (read_then, ==, "FINISHED");
  g_assert_cmpstr (sent_then, !=, "0");

  /* All of it again. */
  qs_window_show_page (fixture->window, "sequence");
  press (view, GDK_KEY_End, 0);
  g_assert_cmpuint (count_steps (fixture), >=, n_finished);
  g_assert_false (qs_replay_is_under_way (replay));
  g_assert_cmpstr (fixture_get_state (fixture), ==, "Closed");

  /* The slider scrubs; it gives each packet the same room. */
  gtk_range_set_value (GTK_RANGE (bar), 2);
  g_assert_cmpfloat (qs_replay_get_progress (replay), ==, 2);
  press (view, GDK_KEY_Home, 0);
  g_assert_cmpint (qs_replay_get_position (replay), ==, 0);
}

/* It plays by the window's frames, at the speed that is chosen, and pauses. */
static void
test_play (Fixture *fixture, gconstpointer data)
{
  QsReplay *replay = qs_session_get_replay (fixture->session);

  run_to_end (fixture, NULL, NULL);
  QsSequenceView *view = show_page (fixture);
  GtkComboBox *speed = fixture_find (fixture, "Speed", GTK_TYPE_COMBO_BOX);
  GtkWidget *bar = fixture_find (fixture, "Position", GTK_TYPE_SCALE);

  wait_until (gtk_widget_is_sensitive (bar));
  gtk_combo_box_set_active (speed, gtk_tree_model_iter_n_children (gtk_combo_box_get_model (speed), NULL) - 1);
  g_assert_cmpfloat (qs_replay_get_speed (replay), ==, 0.001);
  press (view, GDK_KEY_space, 0);
  g_assert_true (qs_replay_get_playing (replay));
  wait_until (qs_replay_get_position (replay) > 0);
  press (view, GDK_KEY_space, 0);
  gint64 paused = qs_replay_get_position (replay);
  run_dry ();
  g_assert_cmpint (qs_replay_get_position (replay), ==, paused);
  g_assert_true (qs_replay_is_under_way (replay));

  gtk_combo_box_set_active (speed, 0);
  g_assert_cmpfloat (qs_replay_get_speed (replay), ==, 1);
  press (view, GDK_KEY_space, 0);
  wait_until (!qs_replay_is_under_way (replay)); /* to the end */
  g_assert_false (qs_replay_get_playing (replay));
}

/* --- Both ends --- */

typedef struct {
  guint arrived, lost;
} Fates;

static Fates
count_fates (QsTraceJoin *join)
{
  Fates fates = { 0 };

  for (guint i = 0; i < qs_trace_join_get_n_crossings (join); i++)
    {
      QsCrossingFate fate = qs_trace_join_get_fate (join, i);

      fates.arrived += fate == QS_CROSSING_ARRIVED;
      fates.lost += fate == QS_CROSSING_LOST;
    }
  return fates;
}

/* Of all of them it is known what became of them. */
static gboolean
is_settled (QsTraceJoin *join)
{
  Fates fates = count_fates (join);
  guint n = qs_trace_join_get_n_crossings (join);

  return n > 0 && fates.arrived + fates.lost == n;
}

/* Both ends' packets are walked; those of the other end alone are described, and are nobody else's selection. */
static void
test_both_ends (Fixture *fixture, gconstpointer data)
{
  QsRun *run = run_to_end (fixture, NULL, "loss=20%,seed=5");
  QsSequenceView *view = show_page (fixture);
  GtkToggleButton *toggle;
  guint n_lost = 0, n_walked = 0;

  wait_until (qs_run_get_join (run) != NULL && is_settled (qs_run_get_join (run)));
  g_assert_cmpuint (count_fates (qs_run_get_join (run)).lost, >, 0);
  run_dry ();

  for (const char *before = NULL;; n_walked++)
    {
      g_autofree char *was = g_strdup (before);
      press (view, GDK_KEY_Down, 0);
      before = description_of (view);
      if (g_strcmp0 (was, before) == 0 || n_walked > 10000)
        break;
      n_lost += strstr (before, "lost: the other end never got it") != NULL;
    }
  g_assert_cmpuint (n_walked, >, 0);
  g_assert_cmpuint (n_lost, >, 0);

  toggle = fixture_find (fixture, "Both ends", GTK_TYPE_TOGGLE_BUTTON);
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (toggle)));
  gtk_toggle_button_set_active (toggle, FALSE);
  run_dry ();
  qs_session_set_selection (fixture->session, 0);
  g_assert_nonnull (strstr (description_of (view), "ClientHello"));
  g_assert_null (strstr (description_of (view), "Sent at"));
}

typedef struct {
  gboolean done;
} Save;

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  qs_trace_save_finish (QS_TRACE (source), result, &error);
  g_assert_no_error (error);
  ((Save *) data)->done = TRUE;
}

static char *
save (QsTrace *trace, const char *folder, const char *name)
{
  char *path = g_build_filename (folder, name, NULL);
  Save state = { FALSE };

  qs_trace_save_async (trace, path, QS_TRACE_FORMAT_PCAPNG, NULL, saved_cb, &state);
  wait_until (state.done);
  return path;
}

/* Two files of one connection, one of each end, opened together; and a file of another one, which is told. */
static void
test_two_files (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp ("quicscope-XXXXXX", NULL);
  QsRun *stranger = run_to_end (fixture, NULL, NULL);
  QsRun *run = run_to_end (fixture, NULL, "loss=20%,delay=3ms,seed=5");
  QsSequenceView *view = show_page (fixture);

  wait_until (qs_run_get_join (run) != NULL && is_settled (qs_run_get_join (run)));
  Fates live = count_fates (qs_run_get_join (run));
  g_autofree char *client = save (qs_run_get_trace (run), folder, "client.pcapng");
  g_autofree char *server = save (qs_trace_join_get_other (qs_run_get_join (run)), folder, "server.pcapng");
  g_autofree char *other = save (qs_run_get_trace (stranger), folder, "other.pcapng");

  qs_files_open_all (fixture->window, (const char *[]){ client, NULL }, NULL, server, FALSE);
  wait_until (qs_session_get_run (fixture->session) != run);
  QsRun *file = qs_session_get_run (fixture->session);
  wait_until (qs_run_get_join (file) != NULL);
  Fates fates = count_fates (qs_run_get_join (file));
  g_assert_cmpuint (fates.arrived, ==, live.arrived);
  g_assert_cmpuint (fates.lost, ==, live.lost);
  g_assert_true (gtk_widget_get_visible (fixture_find (fixture, "Both ends", GTK_TYPE_TOGGLE_BUTTON)));
  run_dry ();
  press (view, GDK_KEY_Down, 0);
  g_assert_nonnull (strstr (description_of (view), "Sent at"));

  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  QsTraceJoin *join = qs_run_get_join (file);
  qs_files_join (fixture->window, file, other, NULL);
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  g_assert_true (qs_run_get_join (file) == join);
  const char *wanted = "not of the same connection";
  has_label_cb (GTK_WIDGET (fixture->window), &wanted);
  g_assert_null (wanted);

  /* Dropped together: joined, or each alone. */
  GListModel *runs = qs_session_get_runs (fixture->session);
  guint n = g_list_model_get_n_items (runs);
  qs_files_open_pair (fixture->window, server, client);
  wait_until (g_list_model_get_n_items (runs) == n + 1 &&
              qs_run_get_join (qs_session_get_run (fixture->session)) != NULL);
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  g_assert_cmpuint (count_fates (qs_run_get_join (qs_session_get_run (fixture->session))).lost, ==, live.lost);
  qs_files_open_pair (fixture->window, server, other);
  wait_until (g_list_model_get_n_items (runs) == n + 3);
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  g_assert_null (qs_run_get_join (qs_session_get_run (fixture->session)));
  g_unlink (client);
  g_unlink (server);
  g_unlink (other);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
#define ADD(path, function) g_test_add (path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
  ADD ("/app/sequence/selection", test_selection);
  ADD ("/app/sequence/idle", test_idle);
  ADD ("/app/sequence/million", test_million);
  ADD ("/app/sequence/replay", test_replay);
  ADD ("/app/sequence/play", test_play);
  ADD ("/app/sequence/both-ends", test_both_ends);
  ADD ("/app/sequence/two-files", test_two_files);
  return fixture_run ();
}
