/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Other programs' connections in the window: through the relay of the page Watch, and out of a capture that is being written. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tap/live-pcap.h"
#include "app/models/qs-connection-model.h"
#include "app/pages/qs-watch-page.h"
#include "app/qs-streaming.h"
#include "formats/qs-trace-file.h"
#include "window-fixture.h"

#define NOW ((guint32) (g_get_real_time () / G_USEC_PER_SEC))

static QsWatch *
get_watch (Fixture *fixture)
{
  return qs_session_get_watch (fixture->session);
}

static void
set_target (Fixture *fixture, const char *target)
{
  qs_window_show_page (fixture->window, "watch");
  gtk_entry_set_text (fixture_find (fixture, "Server to watch", GTK_TYPE_ENTRY), target);
}

static void
press (Fixture *fixture, const char *name)
{
  gtk_button_clicked (fixture_find (fixture, name, GTK_TYPE_BUTTON));
}

static const char *
get_words (Fixture *fixture)
{
  return gtk_label_get_text (fixture_find (fixture, "What is watched", GTK_TYPE_LABEL));
}

static char *
dup_text (GtkTextView *view)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (view);
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  return gtk_text_buffer_get_text (buffer, &start, &end, FALSE);
}

static void
start (Fixture *fixture, const char *target)
{
  set_target (fixture, target);
  press (fixture, "Start or stop watching");
  wait_until (qs_watch_get_state (get_watch (fixture)) == QS_WATCH_RUNNING);
}

static void
stop (Fixture *fixture)
{
  press (fixture, "Start or stop watching");
  wait_until (qs_watch_get_state (get_watch (fixture)) == QS_WATCH_IDLE);
}

static GtkTreeView *
get_view (Fixture *fixture)
{
  return fixture_find (fixture, "Watched connections", GTK_TYPE_TREE_VIEW);
}

static guint
count_connections (Fixture *fixture)
{
  GtkTreeModel *model = gtk_tree_view_get_model (get_view (fixture));

  return model != NULL ? (guint) gtk_tree_model_iter_n_children (model, NULL) : 0;
}

static char *
dup_cell (Fixture *fixture, int row, QsConnectionColumn column)
{
  GtkTreeModel *model = gtk_tree_view_get_model (get_view (fixture));
  GtkTreeIter iter;
  char *text = NULL;

  g_assert_true (gtk_tree_model_iter_nth_child (model, &iter, NULL, row));
  gtk_tree_model_get (model, &iter, (int) column, &text, -1);
  return text;
}

static gboolean
cell_is (Fixture *fixture, int row, QsConnectionColumn column, const char *wanted)
{
  g_autofree char *text = dup_cell (fixture, row, column);

  return g_str_equal (text, wanted);
}

static guint16
get_port (Fixture *fixture)
{
  return g_inet_socket_address_get_port (
      G_INET_SOCKET_ADDRESS (qs_tap_get_address (qs_watch_get_tap (get_watch (fixture)))));
}

/* Another program: one connection for each, whatever the machine does besides. proxy: NULL: it goes to address itself. */
static GSubprocess *
run_client_to (const char *address, const char *proxy, gboolean quic, const char *keys)
{
  const char *given = g_getenv ("QS_OPENSSL");
  const char *program = given != NULL && *given != '\0' ? given : "openssl";
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  const char *const first[] = { program,
                                "s_client",
                                "-connect",
                                address,
                                "-servername",
                                "localhost",
                                "-keylogfile",
                                keys,
                                quic ? "-quic" : "-tls1_3",
                                "-alpn",
                                quic ? "h3" : "http/1.1" };

  for (guint i = 0; i < G_N_ELEMENTS (first); i++)
    g_ptr_array_add (words, (gpointer) first[i]);
  if (proxy != NULL)
    {
      g_ptr_array_add (words, (gpointer) "-proxy");
      g_ptr_array_add (words, (gpointer) proxy);
    }
  g_ptr_array_add (words, NULL);
  GSubprocess *client = g_subprocess_newv (
      (const char *const *) words->pdata,
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error);
  g_assert_no_error (error);
  return client;
}

static GSubprocess *
run_client (Fixture *fixture, gboolean quic, const char *keys)
{
  g_autofree char *address = g_strdup_printf ("127.0.0.1:%u", get_port (fixture));

  return run_client_to (address, NULL, quic, keys);
}

/* What it reads ends, and so it does. */
static void
end_client (GSubprocess *client)
{
  g_output_stream_close (g_subprocess_get_stdin_pipe (client), NULL, NULL);
}

static char *
dup_path (const char *name)
{
  char *path = g_build_filename (g_get_user_config_dir (), name, NULL);

  g_remove (path);
  return path;
}

static gboolean
has_text (const char *path)
{
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) && strlen (text) > 300;
}

/* From the empty page to connections on all pages: keys that come behind them, the list of runs that is not flooded. */
static void
test_lab (Fixture *fixture, gconstpointer data)
{
  g_autofree char *keys = dup_path ("followed.keys"), *written = dup_path ("written.keys");

  qs_watch_page_add_key_log (qs_window_get_watch (fixture->window), keys);
  start (fixture, "lab");
  g_assert_true (qs_lab_get_running (qs_session_get_lab (fixture->session)));
  g_assert_nonnull (strstr (get_words (fixture), "Listening on 127.0.0.1:"));

  /* What is to be typed elsewhere is whole. */
  g_autofree char *words = dup_text (fixture_find (fixture, "Words of the recipe", GTK_TYPE_TEXT_VIEW));
  g_autofree char *port = g_strdup_printf (":127.0.0.1:%u ", get_port (fixture));
  g_assert_null (strchr (words, '{'));
  g_assert_nonnull (strstr (words, port));
  g_assert_true (g_str_has_prefix (words, "SSLKEYLOGFILE=/"));

  g_autoptr (GSubprocess) first = run_client (fixture, TRUE, written);
  wait_until (count_connections (fixture) == 1);
  wait_until (cell_is (fixture, 0, QS_CONNECTION_COLUMN_NAME, "localhost"));
  g_assert_true (cell_is (fixture, 0, QS_CONNECTION_COLUMN_KEYS, "no"));
  wait_until (strstr (get_words (fixture), "1 connection lacks keys.") != NULL);
  g_assert_nonnull (strstr (get_words (fixture), "There is no key log"));
  wait_until (has_text (written));
  g_assert_cmpint (g_rename (written, keys), ==, 0);
  wait_until (cell_is (fixture, 0, QS_CONNECTION_COLUMN_KEYS, "yes"));
  wait_until (strstr (get_words (fixture), "lacks keys") == NULL);
  wait_until (cell_is (fixture, 0, QS_CONNECTION_COLUMN_PROTOCOL, "QUIC v1, h3"));

  /* Chosen, it is what all pages show, and nothing in the list of runs; opened, it is both. */
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices (0, -1);
  gtk_tree_view_set_cursor (get_view (fixture), path, NULL, FALSE);
  QsRun *run = qs_session_get_run (fixture->session);
  g_assert_nonnull (run);
  g_assert_cmpuint (g_list_model_get_n_items (qs_session_get_runs (fixture->session)), ==, 0);
  g_assert_cmpuint (qs_trace_get_n_packets (qs_run_get_trace (run)), >, 5);
  g_assert_cmpint (qs_run_get_status (run), ==, QS_RUN_WATCHED);
  g_assert_null (qs_run_get_table (run));
  gtk_tree_view_row_activated (get_view (fixture), path, gtk_tree_view_get_column (get_view (fixture), 0));
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "overview");
  g_assert_cmpuint (g_list_model_get_n_items (qs_session_get_runs (fixture->session)), ==, 1);
  g_assert_true (qs_session_get_run (fixture->session) == run);
  g_assert_nonnull (strstr (qs_run_get_title (run), "localhost"));

  qs_window_show_page (fixture->window, "watch");
  g_autoptr (GSubprocess) second = run_client (fixture, FALSE, keys);
  wait_until (count_connections (fixture) == 2);
  wait_until (cell_is (fixture, 1, QS_CONNECTION_COLUMN_STATE, "Established"));
  end_client (first);
  end_client (second);
  wait_until (cell_is (fixture, 0, QS_CONNECTION_COLUMN_STATE, "Closed"));
  wait_until (cell_is (fixture, 1, QS_CONNECTION_COLUMN_STATE, "Closed"));
  stop (fixture);
  g_assert_cmpint (qs_run_get_status (run), ==, QS_RUN_SUCCEEDED);
  g_assert_true (cell_is (fixture, 0, QS_CONNECTION_COLUMN_STATE, "Closed"));
  g_assert_cmpuint (g_list_model_get_n_items (qs_session_get_runs (fixture->session)), ==, 1);
  g_remove (keys);
}

/* No server is named: each program goes where it wants to, and is watched on the way. */
static void
test_any (Fixture *fixture, gconstpointer data)
{
  g_autofree char *keys = dup_path ("any.keys");
  QsLab *lab = qs_session_get_lab (fixture->session);
  g_autoptr (GError) error = NULL;

  qs_lab_start (lab, &error);
  g_assert_no_error (error);
  wait_until (qs_lab_get_running (lab));
  g_autofree char *text = qs_lab_dup_target (lab);
  g_autoptr (QsTarget) target = qs_target_new (text, &error);
  g_assert_no_error (error);
  g_autofree char *address = g_strdup_printf ("localhost:%u", qs_target_get_port (target));

  set_target (fixture, "");
  press (fixture, "Watch connections to any server");
  g_assert_cmpstr (gtk_entry_get_text (fixture_find (fixture, "Server to watch", GTK_TYPE_ENTRY)), ==, "any");
  qs_watch_page_add_key_log (qs_window_get_watch (fixture->window), keys);
  press (fixture, "Start or stop watching");
  wait_until (qs_watch_get_state (get_watch (fixture)) == QS_WATCH_RUNNING);
  g_assert_true (qs_watch_is_proxy (get_watch (fixture)));
  g_autofree char *proxy = g_strdup_printf ("127.0.0.1:%u", get_port (fixture));
  g_autofree char *socks = g_strdup_printf ("socks5h://%s", proxy);
  g_assert_nonnull (strstr (get_words (fixture), proxy));
  g_autofree char *recipe = dup_text (fixture_find (fixture, "Words of the recipe", GTK_TYPE_TEXT_VIEW));
  g_assert_nonnull (strstr (recipe, socks));

  g_autoptr (GSubprocess) client = run_client_to (address, proxy, FALSE, keys);
  wait_until (count_connections (fixture) == 1);
  wait_until (cell_is (fixture, 0, QS_CONNECTION_COLUMN_KEYS, "yes"));
  wait_until (cell_is (fixture, 0, QS_CONNECTION_COLUMN_PROTOCOL, "TLS 1.3, http/1.1"));
  end_client (client);
  wait_until (cell_is (fixture, 0, QS_CONNECTION_COLUMN_STATE, "Closed"));
  stop (fixture);
  g_remove (keys);
}

static void
keep_result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_set_object ((GAsyncResult **) data, result);
}

/* As quictap --pcapng writes it. */
static void
test_save (Fixture *fixture, gconstpointer data)
{
  g_autofree char *saved = dup_path ("watched.pcapng"), *keys = dup_path ("followed.keys");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  struct stat info;

  qs_watch_page_add_key_log (qs_window_get_watch (fixture->window), keys);
  start (fixture, "lab");
  g_autoptr (GSubprocess) first = run_client (fixture, TRUE, keys);
  g_autoptr (GSubprocess) second = run_client (fixture, FALSE, keys);
  wait_until (count_connections (fixture) == 2);
  wait_until (cell_is (fixture, 0, QS_CONNECTION_COLUMN_KEYS, "yes"));
  wait_until (cell_is (fixture, 1, QS_CONNECTION_COLUMN_KEYS, "yes"));
  qs_watch_save_async (get_watch (fixture), saved, keep_result_cb, &result);
  wait_until (result != NULL);
  g_assert_cmpuint (qs_watch_save_finish (get_watch (fixture), result, &error), ==, 2);
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (saved, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_autoptr (GPtrArray) traces = qs_trace_file_load (saved, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (traces->len, ==, 2);
  for (guint i = 0; i < traces->len; i++)
    g_assert_cmpuint (qs_trace_get_n_secrets (traces->pdata[i]), >, 0);
  end_client (first);
  end_client (second);

  g_clear_object (&result);
  qs_watch_save_async (get_watch (fixture), "/nowhere/at/all.pcapng", keep_result_cb, &result);
  wait_until (result != NULL);
  g_assert_cmpuint (qs_watch_save_finish (get_watch (fixture), result, &error), ==, 0);
  g_assert_nonnull (error);
  g_remove (saved);
  stop (fixture);
}

/* Each of the reasons why it cannot begin is said, and the next try is free. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *target, *command, *says;
  } cases[] = {
    { "", "", "Say first whose connections" },           { "https://example.org/page", "", "HOST:PORT" },
    { "any", "curl 'unfinished", "a shell would take" }, { "lab", "curl 'unfinished", "a shell would take" },
    { "lab", "/no/such/program", "cannot be started" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      set_target (fixture, cases[i].target);
      gtk_entry_set_text (fixture_find (fixture, "Command to start", GTK_TYPE_ENTRY), cases[i].command);
      press (fixture, "Start or stop watching");
      wait_until (qs_watch_get_state (get_watch (fixture)) == QS_WATCH_IDLE);
      wait_until (strstr (get_words (fixture), cases[i].says) != NULL);
    }
}

static char *
wait_for_file (const char *path)
{
  char *text = NULL;

  wait_until (g_file_get_contents (path, &text, NULL, NULL) && strchr (text, '\n') != NULL);
  return text;
}

/* "PID KEYLOG ADDRESS PORT" */
#define TELLS "sh -c 'echo $$ $SSLKEYLOGFILE {address} {port} > %s; exec sleep 1000'"

/* The program gets a private key log and the places; it ends with Stop, and its secrets are gone. */
static void
test_command (Fixture *fixture, gconstpointer data)
{
  g_autofree char *told = g_build_filename (g_get_user_config_dir (), "told", NULL);
  g_autofree char *command = g_strdup_printf (TELLS, told);
  struct stat info;

  g_remove (told);
  set_target (fixture, "lab");
  gtk_entry_set_text (fixture_find (fixture, "Command to start", GTK_TYPE_ENTRY), command);
  press (fixture, "Start or stop watching");
  wait_until (qs_watch_get_state (get_watch (fixture)) == QS_WATCH_RUNNING);
  g_autofree char *text = wait_for_file (told);
  g_auto (GStrv) words = g_strsplit (g_strstrip (text), " ", -1);
  g_autofree char *port = g_strdup_printf ("%u", get_port (fixture));
  g_assert_cmpuint (g_strv_length (words), ==, 4);
  g_assert_cmpstr (words[2], ==, "127.0.0.1");
  g_assert_cmpstr (words[3], ==, port);
  g_assert_cmpint (g_stat (words[1], &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  stop (fixture);
  g_assert_cmpint (kill ((pid_t) g_ascii_strtoll (words[0], NULL, 10), 0), ==, -1);
  g_assert_cmpint (errno, ==, ESRCH);
  g_assert_cmpint (g_stat (words[1], &info), ==, -1);
  g_assert_nonnull (strstr (get_words (fixture), "ended by signal 15"));
  g_remove (told);
}

/* A window that is closed takes all of it along. */
static void
test_closing (Fixture *fixture, gconstpointer data)
{
  g_autofree char *told = g_build_filename (g_get_user_config_dir (), "told", NULL);
  g_autofree char *command = g_strdup_printf (TELLS, told);
  struct stat info;

  g_remove (told);
  qs_watch_page_start (qs_window_get_watch (fixture->window), "lab", command);
  wait_until (qs_watch_get_state (get_watch (fixture)) == QS_WATCH_RUNNING);
  g_autofree char *text = wait_for_file (told);
  g_auto (GStrv) words = g_strsplit (g_strstrip (text), " ", -1);
  gtk_window_close (GTK_WINDOW (fixture->window));
  wait_until (fixture->window == NULL && fixture->session == NULL);
  g_assert_cmpint (kill ((pid_t) g_ascii_strtoll (words[0], NULL, 10), 0), ==, -1);
  g_assert_cmpint (g_stat (words[1], &info), ==, -1);
  g_remove (told);
}

static guint
count_fate (QsTrace *trace, QsFate fate)
{
  guint n = 0;

  for (guint i = 0; i < qs_trace_get_n_records (trace); i++)
    {
      QsRecord record;
      qs_trace_get_record (trace, i, &record);
      n += record.kind == QS_RECORD_DATAGRAM && record.fate == fate;
    }
  return n;
}

static QsTrace *
get_trace (Fixture *fixture, guint index)
{
  g_autoptr (QsStudy) study = qs_connection_table_dup_study (qs_watch_get_table (get_watch (fixture)), index);

  return qs_study_get_trace (study); /* the table holds it */
}

static void
find_scale_cb (GtkWidget *widget, gpointer data)
{
  GtkWidget *button = data;

  if (GTK_IS_SCALE (widget))
    g_object_set_data (G_OBJECT (button), atk_object_get_name (gtk_widget_get_accessible (widget)), widget);
  else if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), find_scale_cb, data);
}

static void
set_scale (Fixture *fixture, const char *name, double value)
{
  GtkWidget *button = fixture_find (fixture, "Path of what is watched", GTK_TYPE_MENU_BUTTON);

  find_scale_cb (GTK_WIDGET (gtk_menu_button_get_popover (GTK_MENU_BUTTON (button))), button);
  gtk_range_set_value (g_object_get_data (G_OBJECT (button), name), value);
}

/* Delay and loss come into force while it runs, and go again. */
static void
test_path (Fixture *fixture, gconstpointer data)
{
  g_autofree char *keys = dup_path ("written.keys");

  start (fixture, "lab");
  g_autoptr (GSubprocess) plain = run_client (fixture, TRUE, keys);
  wait_until (count_connections (fixture) == 1);
  wait_until (has_text (keys)); /* its handshake is done */
  g_assert_cmpuint (count_fate (get_trace (fixture, 0), QS_FATE_DELAYED), ==, 0);
  set_scale (fixture, "Delay to the client", 60);
  end_client (plain);
  g_autoptr (GSubprocess) late = run_client (fixture, TRUE, keys);
  wait_until (count_connections (fixture) == 2);
  wait_until (count_fate (get_trace (fixture, 1), QS_FATE_DELAYED) > 0);
  g_assert_cmpuint (count_fate (get_trace (fixture, 1), QS_FATE_DROPPED), ==, 0);
  set_scale (fixture, "Delay to the client", 0);
  set_scale (fixture, "Loss to the server", 50);
  end_client (late);
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint dropped = 0; dropped == 0;)
    {
      guint before = count_connections (fixture);
      GSubprocess *client = run_client (fixture, TRUE, keys);
      g_ptr_array_add (clients, client);
      end_client (client);
      g_assert_cmpuint (clients->len, <, 40); /* each has a first datagram, of which half are lost */
      wait_until (count_connections (fixture) > before);
      dropped = count_fate (get_trace (fixture, before), QS_FATE_DROPPED);
    }
  for (guint i = 0; i < clients->len; i++)
    g_subprocess_force_exit (clients->pdata[i]);
  stop (fixture);
}

/* --- A capture that is being written --- */

static guint
count_rows (Fixture *fixture)
{
  QsConnectionTable *table = qs_watch_get_table (qs_session_get_stream (fixture->session));

  return qs_connection_table_get_length (table) - qs_connection_table_get_first (table);
}

static void
put (int fd, GByteArray *bytes)
{
  for (gsize at = 0; at < bytes->len;)
    {
      gssize n = write (fd, bytes->data + at, bytes->len - at);
      g_assert_true (n > 0 || errno == EAGAIN);
      if (n < 0)
        g_main_context_iteration (NULL, FALSE);
      at += (gsize) MAX (n, 0);
    }
  g_byte_array_set_size (bytes, 0);
}

/* Down a pipe: the table is there before the first packet, each connection as it begins, the first one is shown; at the end it is told
 * what was cut. */
static void
test_pipe (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "pipe", NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_remove (path);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  g_assert_true (qs_streaming_is_stream (path));
  qs_streaming_start (fixture->window, path, FALSE, 0, NULL, FALSE);
  g_assert_true (qs_streaming_is_under_way (fixture->window));
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "connections");
  int fd = g_open (path, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0);
  g_assert_cmpint (fd, >=, 0);
  live_put_header (bytes);
  for (guint i = 1; i <= 3; i++)
    {
      live_put_initial (bytes, i, NOW);
      put (fd, bytes);
      wait_until (count_rows (fixture) == i);
    }
  g_assert_cmpuint (g_list_model_get_n_items (qs_session_get_runs (fixture->session)), ==, 1);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "connections");
  GtkTreeModel *model = gtk_tree_view_get_model (fixture_find (fixture, "Connections", GTK_TYPE_TREE_VIEW));
  g_assert_cmpint (gtk_tree_model_iter_n_children (model, NULL), ==, 3);
  g_assert_cmpint (qs_run_get_status (qs_session_get_run (fixture->session)), ==, QS_RUN_WATCHED);

  live_put_initial (bytes, 4, NOW);
  g_byte_array_set_size (bytes, bytes->len - 100);
  put (fd, bytes);
  close (fd);
  wait_until (!qs_streaming_is_under_way (fixture->window));
  g_assert_nonnull (strstr (qs_window_get_error (fixture->window), "middle"));
  g_assert_cmpint (qs_run_get_status (qs_session_get_run (fixture->session)), ==, QS_RUN_FAILED);
  g_assert_cmpuint (count_rows (fixture), ==, 3);
  g_remove (path);
}

#define MOST_LATE_US 100000 /* between a packet's last byte in the pipe and its row in the window */

static int
count_packets (GtkTreeView *view)
{
  return gtk_tree_model_iter_n_children (gtk_tree_view_get_model (view), NULL);
}

/* What comes down a pipe is there while a person looks: each packet of a new connection in the table, each further one of the
 * connection that is shown in its list. Held against the promise where timings are (-m perf). */
static void
test_latency (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "latency", NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  const guint n = g_test_perf () ? 200 : 10;
  gint64 worst_row = 0, worst_packet = 0;

  g_remove (path);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  qs_streaming_start (fixture->window, path, FALSE, 0, NULL, FALSE);
  int fd = g_open (path, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0);
  g_assert_cmpint (fd, >=, 0);
  live_put_header (bytes);
  for (guint i = 1; i <= n; i++)
    {
      live_put_initial (bytes, i, NOW);
      put (fd, bytes);
      gint64 written = g_get_monotonic_time ();
      wait_until (count_rows (fixture) == i);
      worst_row = MAX (worst_row, g_get_monotonic_time () - written);
    }
  qs_window_show_page (fixture->window, "packets");
  GtkTreeView *view = fixture_find (fixture, "Packets", GTK_TYPE_TREE_VIEW);
  wait_until (count_packets (view) > 0);
  for (guint i = 1; i <= n; i++)
    {
      const int before = count_packets (view);
      live_put_initial (bytes, 1, NOW); /* the first one's once more: it is the one that is shown */
      put (fd, bytes);
      gint64 written = g_get_monotonic_time ();
      wait_until (count_packets (view) > before);
      worst_packet = MAX (worst_packet, g_get_monotonic_time () - written);
    }
  g_test_message ("%u packets: a connection's row after %.1f ms at most, a packet's after %.1f ms", n,
                  (double) worst_row / 1000, (double) worst_packet / 1000);
  if (g_test_perf ())
    g_assert_cmpint (MAX (worst_row, worst_packet), <=, MOST_LATE_US);
  close (fd);
  wait_until (!qs_streaming_is_under_way (fixture->window));
  g_remove (path);
}

/* Of a stream that has no end what is held is bounded: of the oldest connections the packets go, which is told. */
static void
test_endless (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "growing", NULL);
  const guint n = QS_CONNECTION_TABLE_MOST_HELD + 100;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  int fd = g_open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  live_put_header (bytes);
  for (guint i = 0; i < n; i++)
    live_put_initial (bytes, i, 1000000 + i);
  put (fd, bytes);
  qs_streaming_start (fixture->window, path, TRUE, 0, NULL, FALSE);
  QsConnectionTable *table = qs_watch_get_table (qs_session_get_stream (fixture->session));
  wait_until (qs_connection_table_get_length (table) == n);
  fixture_act (fixture, "stop-opening");
  wait_until (!qs_streaming_is_under_way (fixture->window));
  g_assert_cmpuint (qs_connection_table_get_n_let_go (table), >=, n - QS_CONNECTION_TABLE_MOST_HELD);
  g_assert_true (qs_connection_table_get_row (table, 0)->let_go);
  g_assert_nonnull (qs_connection_table_get_row (table, 0)->verdict);
  g_autofree char *words = qs_watch_dup_words (qs_session_get_stream (fixture->session));
  g_assert_nonnull (strstr (words, "were let go of"));
  g_assert_nonnull (qs_session_open_connection (fixture->session, table, 0)); /* it is shown, so it is held */
  g_assert_null (qs_session_open_connection (fixture->session, table, 1));
  close (fd);
  g_remove (path);
}

/* What is wrong with it is said, and nothing else happens. */
static void
test_no_stream (Fixture *fixture, gconstpointer data)
{
  g_assert_false (qs_streaming_is_stream ("/nowhere/at/all"));
  g_assert_true (qs_streaming_is_stream ("-"));
  qs_streaming_start (fixture->window, "/nowhere/at/all", TRUE, 0, NULL, FALSE);
  g_assert_false (qs_streaming_is_under_way (fixture->window));
  g_assert_nonnull (qs_window_get_error (fixture->window));
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add ("/app/watch/lab", Fixture, NULL, fixture_set_up, test_lab, fixture_tear_down);
  g_test_add ("/app/watch/any", Fixture, NULL, fixture_set_up, test_any, fixture_tear_down);
  g_test_add ("/app/watch/save", Fixture, NULL, fixture_set_up, test_save, fixture_tear_down);
  g_test_add ("/app/watch/refused", Fixture, NULL, fixture_set_up, test_refused, fixture_tear_down);
  g_test_add ("/app/watch/command", Fixture, NULL, fixture_set_up, test_command, fixture_tear_down);
  g_test_add ("/app/watch/closing", Fixture, NULL, fixture_set_up, test_closing, fixture_tear_down);
  g_test_add ("/app/watch/path", Fixture, NULL, fixture_set_up, test_path, fixture_tear_down);
  g_test_add ("/app/stream/pipe", Fixture, NULL, fixture_set_up, test_pipe, fixture_tear_down);
  g_test_add ("/app/stream/latency", Fixture, NULL, fixture_set_up, test_latency, fixture_tear_down);
  g_test_add ("/app/stream/endless", Fixture, NULL, fixture_set_up, test_endless, fixture_tear_down);
  g_test_add ("/app/stream/none", Fixture, NULL, fixture_set_up, test_no_stream, fixture_tear_down);
  return fixture_run ();
}
