/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file shows on every page as the live run did that it was saved from. */
#include <glib/gstdio.h>
#include <string.h>

#include "app/models/qs-connection-model.h"
#include "app/models/qs-stream-table.h"
#include "app/pages/qs-connections-page.h"
#include "app/qs-files.h"
#include "app/qs-saving.h"
#include "app/widgets/qs-timeline-view.h"
#include "certs/qs-certificate.h"
#include "formats/qs-key-log.h"
#include "formats/qs-trace-file.h"
#include "formats/qs-trace-save.h"
#include "window-fixture.h"

static char *
text_below (GtkWidget *widget)
{
  if (GTK_IS_TEXT_VIEW (widget))
    {
      GtkTextBuffer *buffer = gtk_text_view_get_buffer (GTK_TEXT_VIEW (widget));
      GtkTextIter start, end;
      gtk_text_buffer_get_bounds (buffer, &start, &end);
      return gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
    }
  char *found = NULL;
  g_autoptr (GList) children = GTK_IS_CONTAINER (widget) ? gtk_container_get_children (GTK_CONTAINER (widget)) : NULL;
  for (GList *at = children; at != NULL && found == NULL; at = at->next)
    found = text_below (at->data);
  return found;
}

static void
append_labels_cb (GtkWidget *widget, gpointer data)
{
  if (!gtk_widget_get_mapped (widget))
    return;
  if (GTK_IS_LABEL (widget))
    g_string_append_printf (data, "%s\n", gtk_label_get_text (GTK_LABEL (widget)));
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), append_labels_cb, data);
}

/* All that the page says in labels. */
static char *
words_on_page (Fixture *fixture, const char *page)
{
  GString *words = g_string_new (NULL);

  g_assert_true (qs_window_show_page (fixture->window, page));
  append_labels_cb (GTK_WIDGET (fixture->window), words);
  return g_string_free (words, FALSE);
}

static gboolean
page_says (Fixture *fixture, const char *page, const char *wanted)
{
  g_autofree char *words = words_on_page (fixture, page);

  return strstr (words, wanted) != NULL;
}

static char *
dup_response (Fixture *fixture)
{
  g_assert_true (qs_window_show_page (fixture->window, "response"));
  return text_below (fixture_find (fixture, "Body", GTK_TYPE_WIDGET));
}

/* "0 bidirectional client FINISHED FINISHED sent received" a line; where states is FALSE, without them. */
static char *
dup_streams (Fixture *fixture, gboolean states)
{
  g_assert_true (qs_window_show_page (fixture->window, "streams"));
  GtkTreeModel *model = gtk_tree_view_get_model (fixture_find (fixture, "Streams", GTK_TYPE_TREE_VIEW));
  GString *lines = g_string_new (NULL);
  GtkTreeIter row;

  for (gboolean more = gtk_tree_model_get_iter_first (model, &row); more; more = gtk_tree_model_iter_next (model, &row))
    {
      g_autofree char *id = NULL, *direction = NULL, *initiator = NULL, *read = NULL, *write = NULL, *read_error = NULL;
      g_autofree char *sent = NULL, *received = NULL;
      gtk_tree_model_get (model, &row, QS_STREAM_COLUMN_ID, &id, QS_STREAM_COLUMN_DIRECTION, &direction,
                          QS_STREAM_COLUMN_INITIATOR, &initiator, QS_STREAM_COLUMN_READ_STATE, &read,
                          QS_STREAM_COLUMN_WRITE_STATE, &write, QS_STREAM_COLUMN_READ_ERROR, &read_error,
                          QS_STREAM_COLUMN_SENT, &sent, QS_STREAM_COLUMN_RECEIVED, &received, -1);
      g_string_append_printf (lines, "%s %s %s %s %s", id, direction, initiator, sent, received);
      if (states)
        g_string_append_printf (lines, " %s %s %s", read, write, read_error);
      g_string_append_c (lines, '\n');
    }
  return g_string_free (lines, FALSE);
}

/* A run of this target against the lab, to its end. */
static QsRun *
run_to_end (Fixture *fixture, const char *scheme)
{
  QsLab *lab = qs_session_get_lab (fixture->session);
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_lab_start (lab, &error));
  g_assert_no_error (error);
  g_autofree char *target =
      g_strdup_printf ("%s://localhost:%u/", scheme, qs_server_get_port (qs_lab_get_server (lab)));
  qs_window_set_keep_open (fixture->window, FALSE);
  QsRun *run = qs_window_connect (fixture->window, target);
  wait_until (!qs_run_is_active (run));
  g_assert_cmpint (qs_run_get_status (run), ==, QS_RUN_SUCCEEDED);
  return run;
}

static QsRun *
save_and_open (Fixture *fixture, QsRun *live, QsTraceFormat format, const char *name)
{
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), name, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_trace_save (qs_run_get_trace (live), path, format, &error));
  g_assert_no_error (error);
  qs_files_open (fixture->window, path, NULL);
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  g_remove (path);
  QsRun *opened = qs_session_get_run (fixture->session);
  g_assert_true (opened != live);
  g_assert_cmpint (qs_run_get_status (opened), ==, QS_RUN_FILE);
  qs_run_refresh (opened);
  return opened;
}

static void
assert_same_chain (QsRun *one, QsRun *other)
{
  GPtrArray *first = qs_run_get_summary (one)->chain, *second = qs_run_get_summary (other)->chain;

  g_assert_cmpuint (first->len, >, 0);
  g_assert_cmpuint (first->len, ==, second->len);
  for (guint i = 0; i < first->len; i++)
    g_assert_cmpstr (qs_certificate_get_sha256 (first->pdata[i]), ==, qs_certificate_get_sha256 (second->pdata[i]));
}

/* --- Tests ------------------------------------------------------------------------------------- */

/* HTTP/3 in a capture with its secrets: all of it comes back. */
static void
test_http3 (Fixture *fixture, gconstpointer data)
{
  QsRun *live = run_to_end (fixture, "https");
  g_autofree char *response = dup_response (fixture), *streams = dup_streams (fixture, FALSE);
  g_assert_nonnull (strstr (response, "This is Quicscope's local server."));
  QsRun *opened = save_and_open (fixture, live, QS_TRACE_FORMAT_PCAPNG, "h3.pcapng");

  g_assert_cmpstr (qs_run_get_summary (opened)->alpn, ==, "h3");
  assert_same_chain (live, opened);
  g_autofree char *words = words_on_page (fixture, "response");
  g_assert_nonnull (strstr (words, "HTTP/3 status 200"));
  g_assert_nonnull (strstr (words, "content-type"));
  g_autofree char *again = dup_response (fixture);
  g_assert_cmpstr (again, ==, response);

  /* The live run lists the streams that it looked at; the wire has those of QPACK as well. */
  g_autofree char *recorded = dup_streams (fixture, FALSE), *with_states = dup_streams (fixture, TRUE);
  g_auto (GStrv) lines = g_strsplit (streams, "\n", 2);
  g_assert_true (g_str_has_prefix (recorded, lines[0]));
  g_assert_nonnull (strstr (with_states, "FINISHED FINISHED"));
  g_autofree char *first = text_below (fixture_find (fixture, "Received", GTK_TYPE_SCROLLED_WINDOW));
  g_assert_nonnull (strstr (first, "This is Quicscope's local server."));

  g_autofree char *security = words_on_page (fixture, "security");
  g_assert_nonnull (strstr (security, "X25519MLKEM768, "));
  g_assert_nonnull (strstr (security, "TLS_CHACHA20_POLY1305_SHA256"));
  wait_until (page_says (fixture, "overview", qs_run_get_verdict (opened)));
  wait_until (page_says (fixture, "overview", "127.0.0.1:"));
  g_assert_true (qs_window_show_page (fixture->window, "charts"));
  QsTimelineView *view = fixture_find (fixture, "Timeline", QS_TYPE_TIMELINE_VIEW);
  wait_until (gtk_adjustment_get_upper (qs_timeline_view_get_adjustment (view)) > 0);
}

static void
test_http09 (Fixture *fixture, gconstpointer data)
{
  QsRun *live = run_to_end (fixture, "quic");
  g_autofree char *response = dup_response (fixture), *streams = dup_streams (fixture, TRUE);
  save_and_open (fixture, live, QS_TRACE_FORMAT_PCAPNG, "hq.pcapng");

  g_autofree char *again = dup_response (fixture), *recorded = dup_streams (fixture, TRUE);
  g_assert_cmpstr (again, ==, response);
  g_assert_cmpstr (recorded, ==, streams);
}

static void
test_tls (Fixture *fixture, gconstpointer data)
{
  QsRun *live = run_to_end (fixture, "tls");
  g_autofree char *response = dup_response (fixture), *streams = dup_streams (fixture, FALSE);
  QsRun *opened = save_and_open (fixture, live, QS_TRACE_FORMAT_PCAPNG, "tls.pcapng");

  assert_same_chain (live, opened);
  g_autofree char *words = words_on_page (fixture, "response");
  g_assert_nonnull (strstr (words, "HTTP/1.1 status 200"));
  g_autofree char *again = dup_response (fixture), *recorded = dup_streams (fixture, FALSE);
  g_assert_cmpstr (again, ==, response);
  g_assert_cmpstr (recorded, ==, streams);
}

/* A qlog has the streams and how much they carried; what it was it has not, and the page says so. */
static void
test_qlog (Fixture *fixture, gconstpointer data)
{
  QsRun *live = run_to_end (fixture, "quic");
  g_autofree char *streams = dup_streams (fixture, FALSE);
  save_and_open (fixture, live, QS_TRACE_FORMAT_SQLOG, "hq.sqlog");

  g_autofree char *recorded = dup_streams (fixture, FALSE);
  g_assert_cmpstr (recorded, ==, streams);
  g_autofree char *words = words_on_page (fixture, "response");
  g_assert_nonnull (strstr (words, "which this file does not hold"));
}

/* A stream that the peer reset: state and code. */
static void
test_reset (Fixture *fixture, gconstpointer data)
{
  QsRun *live = fixture_connect_to_lab (fixture, "stream-reset");

  wait_until (qs_run_get_status (live) == QS_RUN_OPEN);
  g_autoptr (QsStream) first = NULL;
  wait_until (
      (first != NULL || (first = g_list_model_get_item (qs_probe_get_streams (qs_run_get_probe (live)), 0)) != NULL) &&
      qs_stream_get_read_state (first) == QS_STREAM_RESET_REMOTE);
  fixture_act (fixture, "stop");
  wait_until (!qs_run_is_active (live));
  for (guint i = 0; i < 2; i++)
    {
      save_and_open (fixture, live, i == 0 ? QS_TRACE_FORMAT_PCAPNG : QS_TRACE_FORMAT_SQLOG,
                     i == 0 ? "reset.pcapng" : "reset.sqlog");
      g_autofree char *recorded = dup_streams (fixture, TRUE);
      g_assert_nonnull (strstr (recorded, "RESET_REMOTE"));
      g_assert_nonnull (strstr (recorded, "66 (0x42)"));
    }
}

/* --- Several connections in a file ------------------------------------------------------------- */

static void
append_capture (QsRun *run, const char *path)
{
  g_autofree char *piece = g_strconcat (path, ".piece", NULL), *all = NULL, *bytes = NULL;
  gsize n_all = 0, n;
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_trace_save (qs_run_get_trace (run), piece, QS_TRACE_FORMAT_PCAPNG, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (piece, &bytes, &n, NULL));
  g_file_get_contents (path, &all, &n_all, NULL);
  g_autoptr (GByteArray) joined = g_byte_array_new ();
  if (n_all > 0)
    g_byte_array_append (joined, (guint8 *) all, (guint) n_all);
  g_byte_array_append (joined, (guint8 *) bytes, (guint) n);
  g_assert_true (g_file_set_contents (path, (char *) joined->data, (gssize) joined->len, NULL));
  g_remove (piece);
}

/* A good run, one that failed, a good one. */
static char *
make_file_of_three (Fixture *fixture)
{
  char *path = g_build_filename (g_get_user_config_dir (), "three.pcapng", NULL);

  append_capture (run_to_end (fixture, "https"), path);
  QsRun *failed = fixture_connect_to_lab (fixture, "expired");
  wait_until (!qs_run_is_active (failed));
  g_assert_cmpint (qs_run_get_status (failed), ==, QS_RUN_FAILED);
  append_capture (failed, path);
  qs_lab_set_scenario (qs_session_get_lab (fixture->session), "echo");
  append_capture (run_to_end (fixture, "tls"), path);
  return path;
}

static guint
get_number (QsRun *run)
{
  return qs_study_get_source (qs_run_get_study (run))->connection;
}

static char *
dup_cell (GtkTreeModel *model, guint row, int column)
{
  GtkTreeIter iter;
  char *text;

  g_assert_true (gtk_tree_model_iter_nth_child (model, &iter, NULL, (int) row));
  gtk_tree_model_get (model, &iter, column, &text, -1);
  return text;
}

static guint
count_runs (Fixture *fixture)
{
  return g_list_model_get_n_items (qs_session_get_runs (fixture->session));
}

static void
click_column (GtkTreeView *view, const char *title)
{
  for (guint i = 0; i < gtk_tree_view_get_n_columns (view); i++)
    {
      GtkTreeViewColumn *column = gtk_tree_view_get_column (view, (int) i);
      if (gtk_tree_view_column_get_visible (column) && g_str_equal (gtk_tree_view_column_get_title (column), title))
        gtk_tree_view_column_clicked (column);
    }
}

static void
type_search (Fixture *fixture, const char *words)
{
  GtkWidget *search = fixture_find (fixture, "Search connections", GTK_TYPE_SEARCH_ENTRY);

  gtk_entry_set_text (GTK_ENTRY (search), words);
  g_signal_emit_by_name (search, "search-changed");
}

/* The table is shown, with the failed one chosen, as the one run of the file; others become runs when they are opened. */
static void
test_several (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = make_file_of_three (fixture);
  guint before = count_runs (fixture);

  qs_files_open (fixture->window, path, NULL);
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "connections");
  g_assert_cmpuint (count_runs (fixture), ==, before + 1);
  QsRun *failed = qs_session_get_run (fixture->session);
  g_assert_cmpuint (get_number (failed), ==, 2);
  g_assert_true (fixture_has_finding (failed, "certificate-expired"));

  GtkTreeView *view = fixture_find (fixture, "Connections", GTK_TYPE_TREE_VIEW);
  GtkTreeModel *model = gtk_tree_view_get_model (view);
  g_assert_cmpint (gtk_tree_model_iter_n_children (model, NULL), ==, 3);
  g_autoptr (GtkTreePath) cursor = NULL;
  gtk_tree_view_get_cursor (view, &cursor, NULL);
  g_assert_cmpint (gtk_tree_path_get_indices (cursor)[0], ==, 1);
  g_autofree char *verdict = dup_cell (model, 1, QS_CONNECTION_COLUMN_VERDICT);
  g_assert_cmpstr (verdict, ==, qs_run_get_verdict (failed));
  g_autofree char *protocol = dup_cell (model, 0, QS_CONNECTION_COLUMN_PROTOCOL);
  g_assert_cmpstr (protocol, ==, "h3");

  /* Sorted, and back; searched. */
  click_column (view, "Verdict");
  g_autofree char *first = dup_cell (gtk_tree_view_get_model (view), 0, QS_CONNECTION_COLUMN_NUMBER);
  g_assert_cmpstr (first, ==, "2");
  click_column (view, "No.");
  type_search (fixture, "HTTP/1.1 localhost");
  g_assert_cmpint (gtk_tree_model_iter_n_children (gtk_tree_view_get_model (view), NULL), ==, 1);
  g_autofree char *third = dup_cell (gtk_tree_view_get_model (view), 0, QS_CONNECTION_COLUMN_NUMBER);
  g_assert_cmpstr (third, ==, "3");

  g_autoptr (GtkTreePath) row = gtk_tree_path_new_from_indices (0, -1);
  gtk_tree_view_row_activated (view, row, gtk_tree_view_get_column (view, 0));
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "overview");
  g_assert_cmpuint (count_runs (fixture), ==, before + 2);
  g_assert_cmpuint (get_number (qs_session_get_run (fixture->session)), ==, 3);
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  qs_run_refresh (qs_session_get_run (fixture->session));
  g_assert_true (qs_study_is_good (qs_run_get_study (qs_session_get_run (fixture->session))));

  /* The same once more is no other run; of one that is forgotten a new one can be made. */
  QsConnectionTable *table = qs_run_get_table (failed);
  g_assert_true (qs_session_open_connection (fixture->session, table, 1) == failed);
  qs_session_remove_run (fixture->session, failed);
  QsRun *again = qs_session_open_connection (fixture->session, table, 1);
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  qs_run_refresh (again);
  g_assert_cmpstr (qs_run_get_verdict (again), ==, verdict);
  g_remove (path);
}

/* FILE#N on the command line; a run of our own has no table. */
static void
test_number (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = make_file_of_three (fixture), *name = g_strconcat (path, "#3", NULL);
  g_autofree char *beyond = g_strconcat (path, "#4", NULL);
  GtkWidget *page = gtk_widget_get_ancestor (fixture_find (fixture, "Search connections", GTK_TYPE_SEARCH_ENTRY),
                                             QS_TYPE_CONNECTIONS_PAGE);

  g_assert_false (gtk_widget_get_visible (page));
  g_assert_true (qs_files_is_there (name));
  qs_window_show_page (fixture->window, "overview");
  qs_files_open_all (fixture->window, (const char *[]){ name, NULL }, NULL, NULL, FALSE);
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  g_assert_cmpuint (get_number (qs_session_get_run (fixture->session)), ==, 3);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "overview");
  g_assert_true (gtk_widget_get_visible (page));

  qs_files_open_all (fixture->window, (const char *[]){ beyond, NULL }, NULL, NULL, FALSE);
  wait_until (qs_window_get_error (fixture->window) != NULL);
  g_assert_nonnull (strstr (qs_window_get_error (fixture->window), "there is no number 4"));
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  g_remove (path);
}

/* A capture that others might have made: pcapng without the record of the run and without secrets, block by block. */
static void
save_bare (QsRun *run, const char *path)
{
  g_autofree char *whole = g_strconcat (path, ".whole", NULL), *bytes = NULL;
  g_autoptr (GByteArray) bare = g_byte_array_new ();
  gsize n;

  g_assert_true (qs_trace_save (qs_run_get_trace (run), whole, QS_TRACE_FORMAT_PCAPNG, NULL));
  g_assert_true (g_file_get_contents (whole, &bytes, &n, NULL));
  g_remove (whole);
  for (gsize at = 0; at + 12 <= n;)
    {
      static const guint32 interface[] = { 1, 32, 101, 0, 1 << 16 | 9, 9, 0, 32 }; /* raw IP, nanoseconds */
      guint32 type, length;
      memcpy (&type, bytes + at, 4);
      memcpy (&length, bytes + at + 4, 4);
      if (type == 1)
        g_byte_array_append (bare, (const guint8 *) interface, sizeof interface);
      else if (type != 10)
        g_byte_array_append (bare, (const guint8 *) bytes + at, length);
      at += length;
    }
  g_assert_true (g_file_set_contents (path, (char *) bare->data, (gssize) bare->len, NULL));
}

/* Captures and key logs given together, in any order: the secrets are for all of them. */
static void
test_key_logs_among_files (Fixture *fixture, gconstpointer data)
{
  QsRun *live = run_to_end (fixture, "https");
  g_autofree char *keys = g_build_filename (g_get_user_config_dir (), "all.txt", NULL);
  g_autofree char *bare = g_build_filename (g_get_user_config_dir (), "bare.pcap", NULL);
  guint before = count_runs (fixture);

  g_assert_true (qs_trace_save (qs_run_get_trace (live), keys, QS_TRACE_FORMAT_KEY_LOG, NULL));
  save_bare (live, bare);
  g_assert_true (qs_key_log_is_one (keys));
  g_assert_false (qs_key_log_is_one (bare));
  qs_files_open_all (fixture->window, (const char *[]){ keys, bare, bare, NULL }, NULL, NULL, FALSE);
  wait_until (qs_files_get_n_loading (fixture->window) == 0);
  g_assert_cmpuint (count_runs (fixture), ==, before + 2);
  for (guint i = before; i < before + 2; i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (qs_session_get_runs (fixture->session), i);
      qs_run_refresh (run);
      g_assert_cmpstr (qs_run_get_summary (run)->alpn, ==, "h3");
      g_assert_null (qs_run_get_table (run));
    }
  g_remove (keys);
  g_remove (bare);
}

/* What the filter of the packets leaves, as a capture of its own with the secrets: not the run. */
static void
test_filtered (Fixture *fixture, gconstpointer data)
{
  QsRun *live = run_to_end (fixture, "https");
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "part.pcapng", NULL);

  qs_saving_save (fixture->window, live, path, "from:client");
  wait_until (g_file_test (path, G_FILE_TEST_EXISTS));
  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, NULL, NULL, NULL);
  g_assert_cmpuint (traces->len, ==, 1);
  QsTrace *part = traces->pdata[0];
  guint n_sent = 0;
  for (guint i = 0; i < qs_trace_get_n_records (qs_run_get_trace (live)); i++)
    {
      QsRecord record;
      qs_trace_get_record (qs_run_get_trace (live), i, &record);
      n_sent += record.kind == QS_RECORD_DATAGRAM && record.direction == QS_DIRECTION_SENT;
    }
  g_assert_cmpuint (qs_trace_get_n_datagrams (part), ==, n_sent);
  g_assert_cmpuint (qs_trace_get_n_secrets (part), >, 0);
  g_assert_null (qs_trace_find_mark (part, QS_MARK_OUTCOME, NULL, NULL));
  g_remove (path);

  qs_saving_save (fixture->window, live, path, "nonsense:");
  g_assert_nonnull (qs_window_get_error (fixture->window));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add ("/app/files/http3", Fixture, NULL, fixture_set_up, test_http3, fixture_tear_down);
  g_test_add ("/app/files/http09", Fixture, NULL, fixture_set_up, test_http09, fixture_tear_down);
  g_test_add ("/app/files/tls", Fixture, NULL, fixture_set_up, test_tls, fixture_tear_down);
  g_test_add ("/app/files/qlog", Fixture, NULL, fixture_set_up, test_qlog, fixture_tear_down);
  g_test_add ("/app/files/reset", Fixture, NULL, fixture_set_up, test_reset, fixture_tear_down);
  g_test_add ("/app/files/several", Fixture, NULL, fixture_set_up, test_several, fixture_tear_down);
  g_test_add ("/app/files/number", Fixture, NULL, fixture_set_up, test_number, fixture_tear_down);
  g_test_add ("/app/files/key-logs-among-files", Fixture, NULL, fixture_set_up, test_key_logs_among_files,
              fixture_tear_down);
  g_test_add ("/app/files/filtered", Fixture, NULL, fixture_set_up, test_filtered, fixture_tear_down);
  return fixture_run ();
}
