/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file shows on every page as the live run did that it was saved from. */
#include <glib/gstdio.h>
#include <string.h>

#include "app/models/qs-stream-table.h"
#include "app/qs-files.h"
#include "app/widgets/qs-timeline-view.h"
#include "certs/qs-certificate.h"
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

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add ("/app/files/http3", Fixture, NULL, fixture_set_up, test_http3, fixture_tear_down);
  g_test_add ("/app/files/http09", Fixture, NULL, fixture_set_up, test_http09, fixture_tear_down);
  g_test_add ("/app/files/tls", Fixture, NULL, fixture_set_up, test_tls, fixture_tear_down);
  g_test_add ("/app/files/qlog", Fixture, NULL, fixture_set_up, test_qlog, fixture_tear_down);
  g_test_add ("/app/files/reset", Fixture, NULL, fixture_set_up, test_reset, fixture_tear_down);
  return fixture_run ();
}
