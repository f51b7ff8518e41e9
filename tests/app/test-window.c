/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <gtk/gtk.h>
#include <string.h>

#include "app/models/qs-other-end.h"
#include "app/models/qs-stream-table.h"
#include "app/qs-files.h"
#include "app/widgets/qs-bytes-view.h"
#include "formats/qs-trace-save.h"
#include "window-fixture.h"

/* What is promised is 100 ms; what is asserted leaves room for a loaded machine, which gets a few tries as well. */
#define STOP_MS 400
#define NO_REPLY_MS 4000
#define MOST_TRIES 5

/* Nobody answers here, and no ICMP error comes: the socket is there and never read. */
static GSocket *
make_silent_port (char **target)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, &error);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);

  g_assert_no_error (error);
  g_assert_true (g_socket_bind (socket, any, FALSE, &error));
  g_autoptr (GSocketAddress) bound = g_socket_get_local_address (socket, &error);
  *target = g_strdup_printf ("quic://127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  return socket;
}

static QsRun *
connect_to_silence (Fixture *fixture, GSocket **socket)
{
  g_autofree char *target = NULL;

  *socket = make_silent_port (&target);
  QsRun *run = qs_window_connect (fixture->window, target);
  g_assert_nonnull (run);
  wait_until (qs_probe_get_state (qs_run_get_probe (run)) == QS_CONNECTION_HANDSHAKING);
  return run;
}

/* --- Tests ------------------------------------------------------------------------------ */

static void
test_welcome (Fixture *fixture, gconstpointer data)
{
  g_assert_cmpstr (fixture_get_state (fixture), ==, "No connection");
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "overview");
  g_assert_false (fixture_can (fixture, "stop"));
  g_assert_false (fixture_can (fixture, "connect"));
  g_assert_false (fixture_can (fixture, "run-again"));
  g_assert_false (qs_delay_meter_get_active (qs_window_get_delay_meter (fixture->window)));
  fixture_find (fixture, "Target", GTK_TYPE_ENTRY);
  fixture_find (fixture, "Connect", GTK_TYPE_BUTTON);
  fixture_find (fixture, "Stop", GTK_TYPE_BUTTON);
  fixture_find (fixture, "Handshake", GTK_TYPE_LIST_BOX);
  fixture_find (fixture, "Findings", GTK_TYPE_LIST_BOX);
  fixture_find (fixture, "Streams", GTK_TYPE_TREE_VIEW);
}

static void
test_bad_target (Fixture *fixture, gconstpointer data)
{
  GtkEntry *entry = fixture_find (fixture, "Target", GTK_TYPE_ENTRY);
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (entry));

  gtk_entry_set_text (entry, "gopher://example.org");
  fixture_act (fixture, "connect");
  g_assert_cmpuint (g_list_model_get_n_items (qs_session_get_runs (fixture->session)), ==, 0);
  g_assert_true (gtk_style_context_has_class (style, GTK_STYLE_CLASS_ERROR));
  g_assert_null (qs_history_get_targets (qs_session_get_history (fixture->session))[0]);

  gtk_entry_set_text (entry, "gopher");
  g_assert_false (gtk_style_context_has_class (style, GTK_STYLE_CLASS_ERROR));
}

static void
test_pages (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "streams", "security", "response", "lab", "overview" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_action_group_activate_action (G_ACTION_GROUP (fixture->window), "page", g_variant_new_string (names[i]));
      g_assert_cmpstr (qs_window_get_page (fixture->window), ==, names[i]);
      g_autoptr (GVariant) state = g_action_group_get_action_state (G_ACTION_GROUP (fixture->window), "page");
      g_assert_cmpstr (g_variant_get_string (state, NULL), ==, names[i]);
    }
  g_assert_false (qs_window_show_page (fixture->window, "nowhere"));
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "overview");

  g_auto (GStrv) accels = gtk_application_get_accels_for_action (fixture_get_application (), "win.page::overview");
  g_assert_cmpstr (accels[0], ==, "<Alt>1");
}

static void
first_stream_finished (QsRun *run)
{
  GListModel *streams = qs_probe_get_streams (qs_run_get_probe (run));

  wait_until (g_list_model_get_n_items (streams) > 0);
  g_autoptr (QsStream) first = g_list_model_get_item (streams, 0);
  wait_until (qs_stream_get_read_state (first) == QS_STREAM_FINISHED);
}

/* How long it takes, in milliseconds. */
static gint64
stop (Fixture *fixture, QsRun *run)
{
  gint64 began = g_get_monotonic_time ();

  fixture_act (fixture, "stop");
  wait_until (!qs_run_is_active (run));
  return (g_get_monotonic_time () - began) / 1000;
}

static void
test_connect (Fixture *fixture, gconstpointer data)
{
  QsRun *run = fixture_connect_to_lab (fixture, NULL);

  g_assert_true (qs_delay_meter_get_active (qs_window_get_delay_meter (fixture->window)));
  g_assert_true (fixture_can (fixture, "stop"));
  wait_until (qs_run_get_status (run) == QS_RUN_OPEN);
  wait_until (g_str_equal (fixture_get_state (fixture), "Connected"));
  wait_until (fixture_count_rows (fixture, "Handshake") > 3);
  wait_until (qs_run_get_summary (run)->verify_code == 0);

  qs_window_show_page (fixture->window, "streams");
  GtkTreeView *streams = fixture_find (fixture, "Streams", GTK_TYPE_TREE_VIEW);
  wait_until (gtk_tree_view_get_model (streams) != NULL &&
              gtk_tree_model_iter_n_children (gtk_tree_view_get_model (streams), NULL) > 0);

  first_stream_finished (run);
  gint64 took = stop (fixture, run);
  for (guint i = 1; i < MOST_TRIES && took >= STOP_MS; i++)
    {
      run = fixture_connect_to_lab (fixture, NULL);
      wait_until (qs_run_get_status (run) == QS_RUN_OPEN);
      first_stream_finished (run);
      took = stop (fixture, run);
    }
  g_assert_cmpint (took, <, STOP_MS);
  g_assert_cmpint (qs_run_get_status (run), ==, QS_RUN_SUCCEEDED);
  g_assert_false (fixture_can (fixture, "stop"));
  g_assert_false (qs_delay_meter_get_active (qs_window_get_delay_meter (fixture->window)));
}

static void
test_failure (Fixture *fixture, gconstpointer data)
{
  QsRun *run = fixture_connect_to_lab (fixture, "alpn-mismatch");

  wait_until (qs_run_get_status (run) == QS_RUN_FAILED);
  g_assert_true (fixture_has_finding (run, "alpn-mismatch"));
  wait_until (fixture_count_rows (fixture, "Findings") >= 1);
  g_assert_cmpstr (fixture_get_state (fixture), ==, "Failed");
  g_assert_false (qs_delay_meter_get_active (qs_window_get_delay_meter (fixture->window)));
}

/* A second stream is opened, text sent and concluded: the echo comes back. */
static void
test_stream (Fixture *fixture, gconstpointer data)
{
  QsRun *run = fixture_connect_to_lab (fixture, NULL);

  wait_until (qs_run_get_status (run) == QS_RUN_OPEN);
  qs_window_show_page (fixture->window, "streams");
  GtkWidget *open = fixture_find (fixture, "New Bidirectional Stream", GTK_TYPE_BUTTON);
  wait_until (gtk_widget_get_sensitive (open));
  gtk_button_clicked (GTK_BUTTON (open));
  gtk_entry_set_text (fixture_find (fixture, "Text to send", GTK_TYPE_ENTRY), "hello there");
  gtk_toggle_button_set_active (fixture_find (fixture, "and conclude", GTK_TYPE_TOGGLE_BUTTON), TRUE);
  gtk_button_clicked (fixture_find (fixture, "Send", GTK_TYPE_BUTTON));

  GListModel *streams = qs_probe_get_streams (qs_run_get_probe (run));
  guint last = g_list_model_get_n_items (streams) - 1;
  g_autoptr (QsStream) stream = g_list_model_get_item (streams, last);
  wait_until (qs_stream_get_read_state (stream) == QS_STREAM_FINISHED);
  g_autoptr (GBytes) received = qs_stream_dup_received (stream);
  g_assert_cmpmem (g_bytes_get_data (received, NULL), g_bytes_get_size (received), "hello there", 11);
}

/* A peer that resets stream 0: it says so with its code, the connection stays, a second stream works. */
static void
test_stream_reset (Fixture *fixture, gconstpointer data)
{
  QsRun *run = fixture_connect_to_lab (fixture, "stream-reset");
  wait_until (qs_run_get_status (run) == QS_RUN_OPEN);

  GListModel *streams = qs_probe_get_streams (qs_run_get_probe (run));
  wait_until (g_list_model_get_n_items (streams) > 0);
  g_autoptr (QsStream) first = g_list_model_get_item (streams, 0);
  wait_until (qs_stream_get_read_state (first) == QS_STREAM_RESET_REMOTE);
  qs_window_show_page (fixture->window, "streams");
  GtkTreeModel *table = gtk_tree_view_get_model (fixture_find (fixture, "Streams", GTK_TYPE_TREE_VIEW));
  g_autofree char *state = NULL, *code = NULL;
  GtkTreeIter row;
  g_assert_true (gtk_tree_model_get_iter_first (table, &row));
  gtk_tree_model_get (table, &row, QS_STREAM_COLUMN_READ_STATE, &state, QS_STREAM_COLUMN_READ_ERROR, &code, -1);
  g_assert_cmpstr (state, ==, "RESET_REMOTE");
  g_assert_cmpstr (code, ==, "66 (0x42)");
  g_assert_cmpstr (fixture_get_state (fixture), ==, "Connected");

  g_autoptr (GError) error = NULL;
  QsStream *second = qs_probe_open_stream (qs_run_get_probe (run), TRUE, &error);
  g_autoptr (GBytes) text = g_bytes_new_static ("still here", 10);
  g_assert_no_error (error);
  g_assert_true (qs_stream_send (second, text, TRUE, &error));
  wait_until (qs_stream_get_read_state (second) == QS_STREAM_FINISHED);
  g_assert_cmpuint (qs_stream_get_bytes_received (second), ==, 10);
}

/* With "Continue despite a verify error" the run completes, and the error stays in the findings. */
static void
test_insecure (Fixture *fixture, gconstpointer data)
{
  gtk_toggle_button_set_active (fixture_find_option (fixture, "Continue despite a _verify error"), TRUE);
  QsRun *run = fixture_connect_to_lab (fixture, "expired");

  wait_until (qs_run_get_status (run) == QS_RUN_OPEN);
  wait_until (fixture_has_finding (run, "certificate-expired"));
  wait_until (fixture_count_rows (fixture, "Findings") > 0);
  gtk_toggle_button_set_active (fixture_find_option (fixture, "Continue despite a _verify error"), FALSE);
  run = fixture_connect_to_lab (fixture, "expired");
  wait_until (qs_run_get_status (run) == QS_RUN_FAILED);
  g_assert_true (fixture_has_finding (run, "certificate-expired"));
}

/* What a trace file shows is what the live run showed. */
static void
test_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "saved.pcapng", NULL);
  g_autoptr (GError) error = NULL;
  QsRun *live = fixture_connect_to_lab (fixture, "expired");
  wait_until (!qs_run_is_active (live));
  g_assert_true (qs_trace_save (qs_run_get_trace (live), path, QS_TRACE_FORMAT_PCAPNG, &error));
  g_assert_no_error (error);

  qs_files_open (fixture->window, path, NULL);
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  QsRun *opened = qs_session_get_run (fixture->session);
  g_assert_true (opened != live);
  g_assert_cmpint (qs_run_get_status (opened), ==, QS_RUN_FILE);
  g_assert_cmpuint (qs_trace_get_n_packets (qs_run_get_trace (opened)), ==,
                    qs_trace_get_n_packets (qs_run_get_trace (live)));
  g_assert_false (qs_delay_meter_get_active (qs_window_get_delay_meter (fixture->window)));

  /* A file that is none of these is told of, and no run appears. */
  guint n = g_list_model_get_n_items (qs_session_get_runs (fixture->session));
  g_assert_true (g_file_set_contents (path, "not a capture", -1, NULL));
  qs_files_open (fixture->window, path, NULL);
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  g_assert_cmpuint (g_list_model_get_n_items (qs_session_get_runs (fixture->session)), ==, n);
  g_remove (path);
}

/* A silent port is named on the screen 3.5 s after the start at the latest, and the run goes on. */
static void
test_no_reply (Fixture *fixture, gconstpointer data)
{
  gint64 took = G_MAXINT64;

  for (guint i = 0; i < MOST_TRIES && took >= NO_REPLY_MS; i++)
    {
      g_autoptr (GSocket) socket = NULL;
      gint64 began = g_get_monotonic_time ();
      QsRun *run = connect_to_silence (fixture, &socket);

      wait_until (fixture_has_finding (run, "no-reply"));
      wait_until (fixture_count_rows (fixture, "Findings") > 0);
      took = (g_get_monotonic_time () - began) / 1000;
      g_test_message ("no-reply was on the screen after %" G_GINT64_FORMAT " ms", took);
      g_assert_cmpint (qs_run_get_status (run), ==, QS_RUN_RUNNING);
    }
  g_assert_cmpint (took, <, NO_REPLY_MS);
}

static void
test_stop_handshake (Fixture *fixture, gconstpointer data)
{
  gint64 took = G_MAXINT64;

  for (guint i = 0; i < MOST_TRIES && took >= STOP_MS; i++)
    {
      g_autoptr (GSocket) socket = NULL;
      QsRun *run = connect_to_silence (fixture, &socket);

      took = stop (fixture, run);
      g_assert_cmpint (qs_run_get_status (run), ==, QS_RUN_STOPPED);
    }
  g_assert_cmpint (took, <, STOP_MS);
}

/* tear_down() asserts that all of the window is gone; here, that the probe is. */
static void
test_close_handshake (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocket) socket = NULL;
  QsRun *run = connect_to_silence (fixture, &socket);
  QsProbe *probe = qs_run_get_probe (run);

  g_object_add_weak_pointer (G_OBJECT (probe), (gpointer *) &probe);
  gtk_window_close (GTK_WINDOW (fixture->window));
  wait_until (fixture->window == NULL || !gtk_widget_get_visible (GTK_WIDGET (fixture->window)));
  wait_until (probe == NULL);
}

static void
probe_nobody (Fixture *fixture, guint n)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();

  options->timeout_ms = 200;
  for (guint i = 0; i < n; i++)
    {
      qs_session_connect (fixture->session, "quic://127.0.0.1:1", options, NULL);
      if (i % 20 == 19 || i == n - 1)
        wait_until (qs_session_get_n_active (fixture->session) == 0);
    }
}

/* The oldest that is over goes when the list is full, and can be had back; files, what has a name, and what is looked at stay. */
static void
test_most_runs (Fixture *fixture, gconstpointer data)
{
  GListModel *runs = qs_session_get_runs (fixture->session);
  QsRunBin *bin = qs_session_get_bin (fixture->session);
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  qs_session_add_trace (fixture->session, trace, "a file");
  probe_nobody (fixture, QS_SESSION_MOST_RUNS + 1); /* of which one is looked at */
  g_assert_cmpuint (g_list_model_get_n_items (runs), ==, QS_SESSION_MOST_RUNS + 2);
  g_assert_cmpuint (qs_run_bin_get_n (bin), ==, 0);
  g_autoptr (QsRun) named = g_list_model_get_item (runs, 1);
  g_autoptr (QsRun) oldest = g_list_model_get_item (runs, 2);
  qs_run_set_name (named, "before the change");
  probe_nobody (fixture, 1);
  g_assert_cmpuint (qs_run_bin_get_n (bin), ==, 0); /* the named one does not count */
  probe_nobody (fixture, 1);
  g_assert_cmpuint (qs_run_bin_get_n (bin), ==, 1);
  g_assert_true (qs_run_bin_get_run (bin, 0) == oldest);
  g_autoptr (QsRun) file = g_list_model_get_item (runs, 0);
  g_assert_cmpint (qs_run_get_status (file), ==, QS_RUN_FILE);
  fixture_act (fixture, "undo-forget");
  g_autoptr (QsRun) back = g_list_model_get_item (runs, 2);
  g_assert_true (back == oldest);
}

static void
test_runs (Fixture *fixture, gconstpointer data)
{
  QsRun *first = fixture_connect_to_lab (fixture, "alpn-mismatch");
  wait_until (!qs_run_is_active (first));
  qs_session_set_selection (fixture->session, 3);
  qs_session_set_filter (fixture->session, "type:initial");
  qs_session_set_visible (fixture->session, 10, 20);

  fixture_act (fixture, "run-again");
  QsRun *second = qs_session_get_run (fixture->session);
  g_assert_true (second != first);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, -1);
  g_assert_cmpstr (qs_session_get_filter (fixture->session), ==, "");
  wait_until (!qs_run_is_active (second));

  /* The other one comes back as it was left. */
  gtk_list_box_unselect_all (fixture_find (fixture, "Runs", GTK_TYPE_LIST_BOX)); /* else both are selected */
  gtk_list_box_select_row (fixture_find (fixture, "Runs", GTK_TYPE_LIST_BOX),
                           gtk_list_box_get_row_at_index (fixture_find (fixture, "Runs", GTK_TYPE_LIST_BOX), 0));
  gint64 from, to;
  qs_session_get_visible (fixture->session, &from, &to);
  g_assert_true (qs_session_get_run (fixture->session) == first);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, 3);
  g_assert_cmpstr (qs_session_get_filter (fixture->session), ==, "type:initial");
  g_assert_cmpint (from, ==, 10);
  g_assert_cmpint (to, ==, 20);

  fixture_act (fixture, "remove-run");
  g_assert_true (qs_session_get_run (fixture->session) == second);
  fixture_act (fixture, "remove-run");
  g_assert_null (qs_session_get_run (fixture->session));
  g_assert_cmpstr (fixture_get_state (fixture), ==, "No connection");
}

static void
count_cb (guint *n)
{
  ++*n;
}

/* Its trace may live on, and grow, when a run has gone whose other end was never found. */
static void
test_trace_outlives_run (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;
  QsLab *lab = qs_session_get_lab (fixture->session);

  g_assert_true (qs_lab_start (lab, &error));
  QsRun *run = connect_to_silence (fixture, &socket);
  qs_other_end_watch (run, lab);
  g_autoptr (QsTrace) trace = g_object_ref (qs_run_get_trace (run));
  g_object_add_weak_pointer (G_OBJECT (run), (gpointer *) &run);
  qs_run_stop (run);
  wait_until (!qs_run_is_active (run));
  fixture_act (fixture, "remove-run");
  qs_run_bin_clear (qs_session_get_bin (fixture->session)); /* it could be had back until then */
  wait_until (run == NULL);

  guint n_grown = 0;
  g_signal_connect_swapped (trace, "grown", G_CALLBACK (count_cb), &n_grown);
  qs_trace_add_fact (trace, "test", "still here");
  wait_until (n_grown > 0);
}

static guint
count_fates (QsTrace *trace, QsFate fate)
{
  guint n = 0;
  QsRecord record;

  for (guint i = 0; i < qs_trace_get_n_records (trace); i++)
    {
      qs_trace_get_record (trace, i, &record);
      n += record.kind == QS_RECORD_DATAGRAM && record.fate == fate;
    }
  return n;
}

/* Of all connections: a run that waits looks at TCP as well. */
static gboolean
any_is_delayed (GListModel *connections)
{
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (connections); i++)
    {
      g_autoptr (QsServerConnection) connection = g_list_model_get_item (connections, i);
      n += count_fates (qs_server_connection_get_trace (connection), QS_FATE_DELAYED);
    }
  return n > 0;
}

static void
test_lab_path (Fixture *fixture, gconstpointer data)
{
  QsLab *lab = qs_session_get_lab (fixture->session);
  GtkComboBox *path = fixture_find (fixture, "Path", GTK_TYPE_COMBO_BOX);
  GtkEntry *rules = fixture_find (fixture, "Path rules", GTK_TYPE_ENTRY);
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (rules));

  g_assert_cmpstr (gtk_combo_box_get_active_id (path), ==, "none");
  g_assert_false (gtk_widget_get_visible (GTK_WIDGET (rules)));
  g_assert_true (gtk_combo_box_set_active_id (path, "bad-wifi"));
  g_assert_cmpstr (qs_lab_get_path (lab), ==, "bad-wifi");

  /* One's own begin with the preset's; what is wrong is said and changes nothing. */
  gtk_combo_box_set_active_id (path, "custom");
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (rules)));
  g_assert_nonnull (strstr (gtk_entry_get_text (rules), "loss=5%"));
  gtk_entry_set_text (rules, "down:drop=3");
  gtk_entry_set_text (rules, "down:drop=x");
  g_assert_cmpstr (qs_lab_get_path (lab), ==, "down:drop=3");
  g_assert_true (gtk_style_context_has_class (style, GTK_STYLE_CLASS_ERROR));
  gtk_entry_set_text (rules, "mobile");
  g_assert_cmpstr (gtk_combo_box_get_active_id (path), ==, "custom");
  gtk_entry_set_text (rules, "down:delay=1ms"); /* all that comes down has something to show */
  g_assert_false (gtk_style_context_has_class (style, GTK_STYLE_CLASS_ERROR));

  QsRun *run = fixture_connect_to_lab (fixture, NULL);
  wait_until (qs_probe_get_state (qs_run_get_probe (run)) == QS_CONNECTION_ESTABLISHED);
  GListModel *connections = qs_server_get_connections (qs_lab_get_server (lab));
  /* The server may be behind its client. */
  wait_until (any_is_delayed (connections));

  /* The next probe gets a server with the rules of then. */
  g_autoptr (QsServer) before = g_object_ref (qs_lab_get_server (lab));
  gtk_entry_set_text (rules, "");
  g_assert_true (qs_lab_get_server (lab) == before);
  run = fixture_connect_to_lab (fixture, NULL);
  g_assert_true (qs_lab_get_server (lab) != before);
  wait_until (qs_probe_get_state (qs_run_get_probe (run)) == QS_CONNECTION_ESTABLISHED);
  qs_lab_stop (lab);
  wait_until (qs_lab_get_server (lab) == NULL);
}

static void
test_lab_restart (Fixture *fixture, gconstpointer data)
{
  QsLab *lab = qs_session_get_lab (fixture->session);
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_lab_start (lab, &error));
  g_assert_no_error (error);
  guint16 port = qs_server_get_port (qs_lab_get_server (lab));
  g_autofree char *ca = g_strdup (qs_lab_get_ca_path (lab));
  g_assert_true (g_file_test (ca, G_FILE_TEST_IS_REGULAR));

  g_object_set (lab, "retry", TRUE, NULL);
  wait_until (qs_lab_get_running (lab));
  g_assert_cmpuint (qs_server_get_port (qs_lab_get_server (lab)), ==, port);

  qs_lab_stop (lab);
  wait_until (qs_lab_get_server (lab) == NULL);
  g_assert_null (qs_lab_get_ca_path (lab));

  gtk_window_close (GTK_WINDOW (fixture->window));
  wait_until (fixture->window == NULL && fixture->session == NULL);
  g_assert_false (g_file_test (ca, G_FILE_TEST_EXISTS));
}

/* Without a mouse: to each page, to the target and the menu, and what runs can be stopped. */
static void
test_keys (Fixture *fixture, gconstpointer data)
{
  static const struct {
    guint key;
    const char *page;
  } pages[] = {
    { GDK_KEY_2, "sequence" }, { GDK_KEY_3, "packets" },  { GDK_KEY_4, "streams" },
    { GDK_KEY_5, "security" }, { GDK_KEY_6, "response" }, { GDK_KEY_7, "charts" },
    { GDK_KEY_8, "lab" },      { GDK_KEY_9, "lessons" },  { GDK_KEY_1, "overview" },
  };
  GtkToggleButton *menu = fixture_find (fixture, "Menu", GTK_TYPE_TOGGLE_BUTTON);
  g_autoptr (GSocket) socket = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      fixture_press (fixture, pages[i].key, GDK_MOD1_MASK);
      g_assert_cmpstr (qs_window_get_page (fixture->window), ==, pages[i].page);
    }
  fixture_press (fixture, GDK_KEY_l, GDK_CONTROL_MASK);
  g_assert_true (gtk_window_get_focus (GTK_WINDOW (fixture->window)) ==
                 fixture_find (fixture, "Target", GTK_TYPE_ENTRY));
  fixture_press (fixture, GDK_KEY_F10, 0);
  g_assert_true (gtk_toggle_button_get_active (menu));
  fixture_press (fixture, GDK_KEY_Escape, 0);
  g_assert_false (gtk_toggle_button_get_active (menu));

  QsRun *run = connect_to_silence (fixture, &socket);
  fixture_press (fixture, GDK_KEY_Escape, 0);
  wait_until (!qs_run_is_active (run));
  g_assert_cmpint (qs_run_get_status (run), ==, QS_RUN_STOPPED);
}

typedef struct {
  const char *accelerator;
  gboolean found;
} ShortcutSearch;

static void
find_shortcut_cb (GtkWidget *widget, gpointer data)
{
  ShortcutSearch *search = data;

  if (GTK_IS_SHORTCUTS_SHORTCUT (widget))
    {
      g_autofree char *accelerators = NULL;
      g_object_get (widget, "accelerator", &accelerators, NULL);
      g_auto (GStrv) parts = g_strsplit (accelerators, " ", -1);
      for (guint i = 0; parts[i] != NULL; i++)
        {
          g_autofree char *last =
              g_strdup_printf ("<Alt>1...%c", search->accelerator[strlen (search->accelerator) - 1]);
          guint key = 0;
          GdkModifierType modifiers = 0;
          gtk_accelerator_parse (parts[i], &key, &modifiers);
          g_autofree char *name = gtk_accelerator_name (key, modifiers);
          if (g_str_equal (name, search->accelerator) || g_str_equal (parts[i], last))
            search->found = TRUE;
        }
    }
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), find_shortcut_cb, search);
}

static GtkWidget *
find_shortcuts_window (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *l = windows; l != NULL; l = l->next)
    if (GTK_IS_SHORTCUTS_WINDOW (l->data))
      return l->data;
  return NULL;
}

/* Each key of the program is in the window of shortcuts; of the pages' keys, the range that ends with the last one. */
static void
test_shortcuts (Fixture *fixture, gconstpointer data)
{
  GtkApplication *program = fixture_get_application ();
  g_auto (GStrv) descriptions = gtk_application_list_action_descriptions (program);
  guint n = 0;

  g_assert_null (find_shortcuts_window ());
  fixture_act (fixture, "show-help-overlay");
  GtkWidget *help = find_shortcuts_window ();
  g_assert_nonnull (help);
  g_assert_true (gtk_window_get_transient_for (GTK_WINDOW (help)) == GTK_WINDOW (fixture->window));
  for (guint i = 0; descriptions[i] != NULL; i++)
    {
      g_auto (GStrv) accels = gtk_application_get_accels_for_action (program, descriptions[i]);
      gboolean is_page =
          g_str_has_prefix (descriptions[i], "win.page") && !g_str_has_suffix (descriptions[i], "lessons");

      for (guint k = 0; accels[k] != NULL && !is_page; k++, n++)
        {
          ShortcutSearch search = { accels[k], FALSE };
          find_shortcut_cb (help, &search);
          if (!search.found)
            g_error ("The window of shortcuts has no %s (%s)", accels[k], descriptions[i]);
        }
    }
  g_assert_cmpuint (n, >, 10);
  gtk_window_close (GTK_WINDOW (help));
  wait_until (find_shortcuts_window () == NULL);
}

static char *
dup_text (QsBytesView *view)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (gtk_bin_get_child (GTK_BIN (view))));
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  return gtk_text_buffer_get_text (buffer, &start, &end, TRUE);
}

static gboolean
says (QsBytesView *view, const char *wanted)
{
  g_autofree char *text = dup_text (view);

  return g_str_equal (text, wanted);
}

/* A long body comes into its view in pieces: all of it, whatever happens meanwhile, and never too much at a time. */
static void
test_bytes (Fixture *fixture, gconstpointer data)
{
  g_autofree guint8 *pattern = g_malloc (QS_BYTES_VIEW_TEXT_LIMIT + 1);
  QsBytesView *view = QS_BYTES_VIEW (g_object_ref_sink (qs_bytes_view_new ()));

  for (gsize i = 0; i <= QS_BYTES_VIEW_TEXT_LIMIT; i++)
    pattern[i] = (guint8) (i % 251);
  g_autoptr (GBytes) bytes = g_bytes_new (pattern, QS_BYTES_VIEW_TEXT_LIMIT + 1);
  g_autofree char *wanted = qs_bytes_to_text (pattern, QS_BYTES_VIEW_TEXT_LIMIT);
  g_autofree char *hex = qs_bytes_to_hex_dump (pattern, QS_BYTES_VIEW_HEX_LIMIT);
  qs_bytes_view_set_bytes (view, fixture, bytes);
  g_autofree char *first = dup_text (view);
  g_assert_cmpuint (strlen (first), >, 1000);
  g_assert_cmpuint (strlen (first), <, 8000);
  g_assert_true (g_str_has_prefix (wanted, first));

  qs_bytes_view_set_hex (view, TRUE);
  wait_until (says (view, hex));
  qs_bytes_view_set_hex (view, FALSE);
  wait_until (says (view, wanted));
  g_assert_false (qs_bytes_view_wants (view, fixture));

  qs_bytes_view_set_hex (view, TRUE); /* is gone before all is in it */
  gtk_widget_destroy (GTK_WIDGET (view));
  g_object_unref (view);
}

static void
test_history (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GSocket) socket = NULL;
  QsRun *run = connect_to_silence (fixture, &socket);
  g_auto (GStrv) targets = qs_settings_dup_targets (fixture->settings);

  g_assert_cmpuint (g_strv_length (targets), ==, 1);
  g_assert_true (g_str_has_prefix (targets[0], "quic://127.0.0.1:"));
  qs_run_stop (run);
}

static int
get_left (GtkWidget *widget, Fixture *fixture)
{
  int x = -1, y;

  g_assert_true (gtk_widget_translate_coordinates (widget, GTK_WIDGET (fixture->window), 0, 0, &x, &y));
  return x;
}

static void
painted_cb (guint *n_painted)
{
  ++*n_painted;
}

/* For people to look at. */
static void
save_picture (GtkWidget *window, const char *name)
{
  const char *folder = g_getenv ("QS_TEST_PICTURES");
  g_autofree char *path = folder != NULL ? g_strdup_printf ("%s/rtl-%s.png", folder, name) : NULL;
  g_autoptr (GdkPixbuf) picture = NULL;

  if (path == NULL)
    return;
  picture = gdk_pixbuf_get_from_window (gtk_widget_get_window (window), 0, 0, gtk_widget_get_allocated_width (window),
                                        gtk_widget_get_allocated_height (window));
  g_assert_true (gdk_pixbuf_save (picture, path, "png", NULL, NULL));
}

/* For scripts that go from right to left the window is mirrored, and each page draws itself so. */
static void
test_right_to_left (void)
{
  static const char *const names[] = { "sequence", "packets",  "streams", "security", "response",
                                       "charts",   "overview", "lab",     "lessons",  "watch" };
  Fixture fixture;

  gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  fixture_set_up (&fixture, NULL);
  QsRun *run = fixture_connect_to_lab (&fixture, NULL);
  wait_until (qs_run_get_status (run) == QS_RUN_OPEN);
  GtkWidget *runs = fixture_find (&fixture, "Runs", GTK_TYPE_LIST_BOX);
  GtkWidget *findings = fixture_find (&fixture, "Findings", GTK_TYPE_LIST_BOX);
  wait_until (gtk_widget_get_allocated_width (runs) > 1 && gtk_widget_get_mapped (findings));
  g_assert_cmpint (get_left (runs, &fixture), >, get_left (findings, &fixture));
  GtkWidget *window = GTK_WIDGET (fixture.window);
  GdkFrameClock *clock = gtk_widget_get_frame_clock (window);
  guint n_painted = 0;
  g_signal_connect_swapped (clock, "after-paint", G_CALLBACK (painted_cb), &n_painted);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      guint wanted = n_painted + 2;
      qs_window_show_page (fixture.window, names[i]);
      gtk_widget_queue_draw (window);
      wait_until (n_painted >= wanted || (gtk_widget_queue_draw (window), FALSE));
      save_picture (window, names[i]);
    }
  g_signal_handlers_disconnect_by_func (clock, painted_cb, &n_painted);
  fixture_tear_down (&fixture, NULL);
  gtk_widget_set_default_direction (GTK_TEXT_DIR_LTR);
}

/* Twenty times a window that is closed while its handshake is under way: nothing stays (tear_down asserts it). */
static void
test_many_closes (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 20; i++)
    {
      Fixture inner;
      g_autoptr (GSocket) socket = NULL;
      fixture_set_up (&inner, NULL);
      connect_to_silence (&inner, &socket);
      fixture_tear_down (&inner, NULL);
    }
}

/* A port number that TCP holds and does not listen on: UDP and TCP are refused there. */
static GSocket *
make_closed_port (char **target)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);

  g_assert_no_error (error);
  g_assert_true (g_socket_bind (socket, any, FALSE, &error));
  g_autoptr (GSocketAddress) bound = g_socket_get_local_address (socket, &error);
  *target = g_strdup_printf ("quic://127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  return socket;
}

/* Below the run, folded; one that is a run of its own can be looked at, and the run be come back to. */
static void
test_experiments (Fixture *fixture, gconstpointer data)
{
  g_autofree char *target = NULL;
  g_autoptr (GSocket) socket = make_closed_port (&target);
  QsRun *run = qs_window_connect (fixture->window, target);

  wait_until (!qs_run_is_active (run));
  g_assert_cmpint (qs_run_get_status (run), ==, QS_RUN_FAILED);
  g_assert_true (fixture_has_finding (run, "port-closed"));
  g_assert_cmpuint (g_list_model_get_n_items (qs_run_get_experiments (run)), ==, 1);
  GtkButton *button = fixture_find (fixture, "TLS over TCP, on the same port: failed as well", GTK_TYPE_BUTTON);
  gtk_button_clicked (button);
  QsRun *attempt = qs_session_get_run (fixture->session);
  g_assert_true (attempt != run);
  g_assert_nonnull (strstr (qs_run_get_title (attempt), target));
  g_assert_true (fixture_has_finding (attempt, "connection-refused"));
  gtk_button_clicked (button);
  g_assert_true (qs_session_get_run (fixture->session) == attempt); /* made once */
  qs_session_set_run (fixture->session, run);
  g_assert_cmpuint (g_list_model_get_n_items (qs_session_get_runs (fixture->session)), ==, 1);
}

static void
test_no_experiments (Fixture *fixture, gconstpointer data)
{
  GtkToggleButton *wanted = fixture_find_option (fixture, "_Find out why it fails by more attempts");
  g_autofree char *target = NULL;
  g_autoptr (GSocket) socket = make_closed_port (&target);

  g_assert_true (gtk_toggle_button_get_active (wanted));
  gtk_toggle_button_set_active (wanted, FALSE);
  QsRun *run = qs_window_connect (fixture->window, target);
  wait_until (!qs_run_is_active (run));
  g_assert_true (fixture_has_finding (run, "port-closed"));
  g_assert_cmpuint (g_list_model_get_n_items (qs_run_get_experiments (run)), ==, 0);
}

static gboolean
shows_sidebar (Fixture *fixture)
{
  GtkWidget *sidebar =
      GTK_WIDGET (gtk_widget_get_template_child (GTK_WIDGET (fixture->window), QS_TYPE_WINDOW, "sidebar"));

  return gtk_widget_get_visible (sidebar);
}

/* 768 by 600 pixels are enough for every page, and 800 by 600 for text half as large again: nothing lies to the right of what is seen. */
static void
test_small (Fixture *fixture, gconstpointer data)
{
  static const char *const pages[] = { "overview", "sequence", "packets", "streams", "security", "response",
                                       "charts",   "lab",      "lessons", "card",    "watch",    "compare" };
  /* GTK takes another scale whole only as it starts: app-window-large. */
  const gboolean larger = g_getenv ("GDK_DPI_SCALE") != NULL;
  const int room = larger ? 800 : 768;
  QsRun *run = fixture_connect_to_lab (fixture, "expired");

  wait_until (!qs_run_is_active (run));
  GtkWidget *stack = GTK_WIDGET (gtk_widget_get_template_child (GTK_WIDGET (fixture->window), QS_TYPE_WINDOW, "stack"));
  GtkAdjustment *scroll = gtk_scrolled_window_get_hadjustment (
      GTK_SCROLLED_WINDOW (gtk_widget_get_ancestor (stack, GTK_TYPE_SCROLLED_WINDOW)));
  gtk_window_resize (GTK_WINDOW (fixture->window), room, 600);
  wait_until (gtk_widget_get_allocated_width (GTK_WIDGET (fixture->window)) <= room + 60); /* with GTK's shadow */
  /* Narrow for its text, it has the list of runs folded away. */
  wait_until (shows_sidebar (fixture) == !larger);
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    {
      int width, height;
      qs_window_show_page (fixture->window, pages[i]);
      for (guint turn = 0; turn < 20; turn++)
        g_main_context_iteration (NULL, FALSE);
      gtk_widget_get_preferred_width (GTK_WIDGET (fixture->window), &width, NULL);
      gtk_widget_get_preferred_height_for_width (GTK_WIDGET (fixture->window), room, &height, NULL);
      g_test_message ("%s: %d x %d", pages[i], width, height);
      g_assert_cmpint (width, <=, 768);
      g_assert_cmpint (height, <=, 600);
      g_test_message ("%s: %g of %g pixels in sight", pages[i], gtk_adjustment_get_page_size (scroll),
                      gtk_adjustment_get_upper (scroll));
      wait_until (gtk_adjustment_get_upper (scroll) <= gtk_adjustment_get_page_size (scroll));
    }
}

/* Whoever wants the list in a narrow window has it, and the setting stays as it was; of a wide one it is the setting. */
static void
test_fold (Fixture *fixture, gconstpointer data)
{
  gtk_window_resize (GTK_WINDOW (fixture->window), 500, 600);
  wait_until (!shows_sidebar (fixture));
  fixture_act (fixture, "show-sidebar");
  g_assert_true (shows_sidebar (fixture));
  fixture_act (fixture, "show-sidebar");
  g_assert_false (shows_sidebar (fixture));
  g_assert_true (qs_settings_get_boolean (fixture->settings, "show-sidebar", TRUE));
  gtk_window_resize (GTK_WINDOW (fixture->window), 1200, 600);
  wait_until (shows_sidebar (fixture));
  fixture_act (fixture, "show-sidebar");
  g_assert_false (qs_settings_get_boolean (fixture->settings, "show-sidebar", TRUE));
  fixture_act (fixture, "show-sidebar");
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);

  g_test_add ("/app/window/welcome", Fixture, NULL, fixture_set_up, test_welcome, fixture_tear_down);
  g_test_add ("/app/window/bad-target", Fixture, NULL, fixture_set_up, test_bad_target, fixture_tear_down);
  g_test_add ("/app/window/pages", Fixture, NULL, fixture_set_up, test_pages, fixture_tear_down);
  g_test_add ("/app/window/connect", Fixture, NULL, fixture_set_up, test_connect, fixture_tear_down);
  g_test_add ("/app/window/failure", Fixture, NULL, fixture_set_up, test_failure, fixture_tear_down);
  g_test_add ("/app/window/stream", Fixture, NULL, fixture_set_up, test_stream, fixture_tear_down);
  g_test_add ("/app/window/stream-reset", Fixture, NULL, fixture_set_up, test_stream_reset, fixture_tear_down);
  g_test_add ("/app/window/insecure", Fixture, NULL, fixture_set_up, test_insecure, fixture_tear_down);
  g_test_add ("/app/window/file", Fixture, NULL, fixture_set_up, test_file, fixture_tear_down);
  g_test_add ("/app/window/no-reply", Fixture, NULL, fixture_set_up, test_no_reply, fixture_tear_down);
  g_test_add ("/app/window/stop-handshake", Fixture, NULL, fixture_set_up, test_stop_handshake, fixture_tear_down);
  g_test_add ("/app/window/close-handshake", Fixture, NULL, fixture_set_up, test_close_handshake, fixture_tear_down);
  g_test_add ("/app/window/experiments", Fixture, NULL, fixture_set_up, test_experiments, fixture_tear_down);
  g_test_add ("/app/window/no-experiments", Fixture, NULL, fixture_set_up, test_no_experiments, fixture_tear_down);
  g_test_add ("/app/window/most-runs", Fixture, NULL, fixture_set_up, test_most_runs, fixture_tear_down);
  g_test_add ("/app/window/runs", Fixture, NULL, fixture_set_up, test_runs, fixture_tear_down);
  g_test_add ("/app/window/trace-outlives-run", Fixture, NULL, fixture_set_up, test_trace_outlives_run,
              fixture_tear_down);
  g_test_add ("/app/window/lab-path", Fixture, NULL, fixture_set_up, test_lab_path, fixture_tear_down);
  g_test_add ("/app/window/lab-restart", Fixture, NULL, fixture_set_up, test_lab_restart, fixture_tear_down);
  g_test_add ("/app/window/keys", Fixture, NULL, fixture_set_up, test_keys, fixture_tear_down);
  g_test_add ("/app/window/shortcuts", Fixture, NULL, fixture_set_up, test_shortcuts, fixture_tear_down);
  g_test_add ("/app/window/bytes", Fixture, NULL, fixture_set_up, test_bytes, fixture_tear_down);
  g_test_add ("/app/window/history", Fixture, NULL, fixture_set_up, test_history, fixture_tear_down);
  g_test_add_func ("/app/window/right-to-left", test_right_to_left);
  g_test_add ("/app/window/many-closes", Fixture, NULL, fixture_set_up, test_many_closes, fixture_tear_down);
  g_test_add ("/app/window/small", Fixture, NULL, fixture_set_up, test_small, fixture_tear_down);
  g_test_add ("/app/window/fold", Fixture, NULL, fixture_set_up, test_fold, fixture_tear_down);
  return fixture_run ();
}
