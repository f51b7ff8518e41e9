/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page Report Card against the built-in server: a card of a few checks is made, read, compared and saved. */
#include <glib/gstdio.h>
#include <string.h>

#include "app/models/qs-check-list.h"
#include "app/models/qs-examiner.h"
#include "app/widgets/qs-check-view.h"
#include "window-fixture.h"

#define STOP_MS 100
#define MOST_TRIES 5

static GtkTreeView *
get_view (Fixture *fixture)
{
  return fixture_find (fixture, "Checks", GTK_TYPE_TREE_VIEW);
}

static QsExaminer *
get_examiner (Fixture *fixture)
{
  return qs_session_get_examiner (fixture->session);
}

static const char *
get_text (Fixture *fixture, const char *name)
{
  return gtk_label_get_text (fixture_find (fixture, name, GTK_TYPE_LABEL));
}

/* A page shows what changed over some frames. */
#define wait_for_text(fixture, name, text) wait_until (strstr (get_text (fixture, name), text) != NULL)

static void
start_lab (Fixture *fixture)
{
  QsLab *lab = qs_session_get_lab (fixture->session);

  g_assert_true (qs_lab_start (lab, NULL));
  wait_until (qs_lab_get_running (lab));
}

/* A card of these checks of the built-in server, begun as a person does. */
static void
examine (Fixture *fixture, const char *checks)
{
  start_lab (fixture);
  g_autofree char *target = g_strdup_printf (
      "https://localhost:%u/", qs_server_get_port (qs_lab_get_server (qs_session_get_lab (fixture->session))));
  GtkMenuButton *button = fixture_find (fixture, "Which checks are made", GTK_TYPE_MENU_BUTTON);
  GtkWidget *box = gtk_bin_get_child (GTK_BIN (gtk_menu_button_get_popover (button)));
  g_autoptr (GList) children = gtk_container_get_children (GTK_CONTAINER (box));

  qs_window_show_page (fixture->window, "card");
  gtk_entry_set_text (fixture_find (fixture, "Server to examine", GTK_TYPE_ENTRY), target);
  for (GList *at = children; at != NULL; at = at->next)
    if (GTK_IS_ENTRY (at->data))
      gtk_entry_set_text (at->data, checks);
  gtk_button_clicked (fixture_find (fixture, "Examine", GTK_TYPE_BUTTON));
}

static void
make_card (Fixture *fixture, const char *checks)
{
  examine (fixture, checks);
  g_assert_true (qs_examiner_get_running (get_examiner (fixture)));
  wait_until (!qs_examiner_get_running (get_examiner (fixture)));
}

/* The texts of a column, of the rows that are shown, without the names of categories unless wanted. */
static char *
list_rows (Fixture *fixture, QsCheckColumn column, gboolean headings)
{
  GtkTreeModel *model = gtk_tree_view_get_model (get_view (fixture));
  g_autoptr (GStrvBuilder) cells = g_strv_builder_new ();
  GtkTreeIter iter;

  for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
       more = gtk_tree_model_iter_next (model, &iter))
    {
      g_autofree char *cell = NULL;
      int index;
      gtk_tree_model_get (model, &iter, column, &cell, QS_CHECK_COLUMN_INDEX, &index, -1);
      if ((index < 0) == headings)
        g_strv_builder_add (cells, cell != NULL ? cell : "");
    }
  g_auto (GStrv) all = g_strv_builder_end (cells);
  return g_strjoinv ("|", all);
}

static void
assert_rows (Fixture *fixture, QsCheckColumn column, const char *expected)
{
  gboolean same = FALSE, expired = FALSE;
  guint id = g_timeout_add (PATIENCE_MS, fixture_expired_cb, &expired);
  g_autofree char *rows = NULL;

  while (!same && !expired)
    {
      g_free (rows);
      rows = list_rows (fixture, column, FALSE);
      same = g_str_equal (rows, expected);
      if (!same)
        g_main_context_iteration (NULL, TRUE);
    }
  if (!expired)
    g_source_remove (id);
  g_assert_cmpstr (rows, ==, expected);
}

static const QsCheckResult *
find_result (Fixture *fixture, const char *id, guint *index)
{
  QsExamination *examination = qs_examiner_get_examination (get_examiner (fixture));

  for (*index = 0; *index < qs_examination_get_n_results (examination); ++*index)
    if (g_str_equal (qs_examination_get_result (examination, *index)->check->id, id))
      return qs_examination_get_result (examination, *index);
  g_error ("The card has no %s", id);
}

static void
choose (Fixture *fixture, const char *id)
{
  guint index;

  find_result (fixture, id, &index);
  qs_check_view_choose (QS_CHECK_VIEW (get_view (fixture)), index);
}

static const char few[] = "D1,A9,F3,F17,H0,H27";

static void
test_card (Fixture *fixture, gconstpointer data)
{
  qs_window_show_page (fixture->window, "card");
  g_assert_true (gtk_widget_get_mapped (fixture_find (fixture, "Examine", GTK_TYPE_BUTTON)));
  make_card (fixture, few);
  wait_for_text (fixture, "Grade", "B");
  wait_for_text (fixture, "Examined server", "https://localhost:");
  assert_rows (fixture, QS_CHECK_COLUMN_ID, "D1|A9|F3|F17|H0|H27");
  assert_rows (fixture, QS_CHECK_COLUMN_VERDICT, "pass|warn|pass|fail|pass|contested");
  g_autofree char *headings = list_rows (fixture, QS_CHECK_COLUMN_TITLE, TRUE);
  g_assert_cmpstr (headings, ==, "Versions|Initials and address validation|Frames and packets|HTTP/3");
  /* What one looks for first. */
  wait_for_text (fixture, "Verdict of the check", "F17 · fail");
  wait_for_text (fixture, "Reference", "RFC 9000 section 19.20");
  wait_for_text (fixture, "Counts of verdicts", "fail 1 · warn 1 · contested 1 · pass 3");
}

/* Those that are chosen are in view, also of a card that is longer than the page. */
static gboolean
is_in_view (Fixture *fixture, guint index)
{
  GtkTreeView *view = get_view (fixture);
  GtkTreeModel *model = gtk_tree_view_get_model (view);
  g_autoptr (GtkTreePath) first = NULL, last = NULL;
  GtkTreeIter iter;

  if (!gtk_tree_view_get_visible_range (view, &first, &last))
    return FALSE;
  for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
       more = gtk_tree_model_iter_next (model, &iter))
    {
      int at;
      gtk_tree_model_get (model, &iter, QS_CHECK_COLUMN_INDEX, &at, -1);
      if ((guint) at != index)
        continue;
      g_autoptr (GtkTreePath) path = gtk_tree_model_get_path (model, &iter);
      return gtk_tree_path_compare (first, path) <= 0 && gtk_tree_path_compare (path, last) <= 0;
    }
  return FALSE;
}

static void
test_in_view (Fixture *fixture, gconstpointer data)
{
  guint index;

  examine (fixture, "");
  wait_until (qs_examiner_get_examination (get_examiner (fixture)) != NULL);
  wait_until (qs_examination_get_n_done (qs_examiner_get_examination (get_examiner (fixture))) > 20);
  qs_examiner_stop (get_examiner (fixture));
  choose (fixture, "K9");
  find_result (fixture, "K9", &index);
  wait_until (is_in_view (fixture, index));
  choose (fixture, "F17");
  find_result (fixture, "F17", &index);
  wait_until (is_in_view (fixture, index));
}

static void
set_combo (Fixture *fixture, const char *name, const char *text)
{
  GtkComboBox *box = fixture_find (fixture, name, GTK_TYPE_COMBO_BOX);
  GtkTreeModel *model = gtk_combo_box_get_model (box);
  GtkTreeIter iter;

  for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
       more = gtk_tree_model_iter_next (model, &iter))
    {
      g_autofree char *row = NULL;
      gtk_tree_model_get (model, &iter, 0, &row, -1);
      if (g_str_equal (row, text))
        {
          gtk_combo_box_set_active_iter (box, &iter);
          return;
        }
    }
  g_error ("%s has no %s", name, text);
}

static void
test_filters (Fixture *fixture, gconstpointer data)
{
  GtkEntry *search;

  make_card (fixture, few);
  set_combo (fixture, "Verdicts that are shown", "fail");
  assert_rows (fixture, QS_CHECK_COLUMN_ID, "F17");
  set_combo (fixture, "Verdicts that are shown", "Faults and doubts");
  assert_rows (fixture, QS_CHECK_COLUMN_ID, "A9|F17|H27");
  set_combo (fixture, "Categories that are shown", "HTTP/3");
  assert_rows (fixture, QS_CHECK_COLUMN_ID, "H27");
  g_assert_cmpstr (get_text (fixture, "Number of checks"), ==, "1 of 6");
  set_combo (fixture, "Verdicts that are shown", "All verdicts");
  assert_rows (fixture, QS_CHECK_COLUMN_ID, "H0|H27");
  set_combo (fixture, "Categories that are shown", "All categories");
  search = fixture_find (fixture, "Search checks", GTK_TYPE_ENTRY);
  gtk_entry_set_text (search, "handshake_DONE 19.20");
  assert_rows (fixture, QS_CHECK_COLUMN_ID, "F17");
  gtk_entry_set_text (search, "nothing like it");
  assert_rows (fixture, QS_CHECK_COLUMN_ID, "");
  gtk_entry_set_text (search, "");
  assert_rows (fixture, QS_CHECK_COLUMN_ID, "D1|A9|F3|F17|H0|H27");
}

/* Enter opens the check's own run, once, with what shows it selected; a packet's button that packet. */
static void
test_open_run (Fixture *fixture, gconstpointer data)
{
  GListModel *runs = qs_session_get_runs (fixture->session);
  guint index;

  make_card (fixture, few);
  choose (fixture, "F17");
  const QsCheckResult *result = find_result (fixture, "F17", &index);
  g_assert_cmpuint (result->judgement.packets->len, >, 0);
  guint packet = g_array_index (result->judgement.packets, guint, 0);
  g_signal_emit_by_name (get_view (fixture), "opened");
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "sequence");
  g_assert_cmpuint (g_list_model_get_n_items (runs), ==, 1);
  g_assert_true (qs_session_get_trace (fixture->session) == result->trace);
  g_assert_cmpint (qs_session_get_selection (fixture->session), ==, packet);
  g_assert_nonnull (strstr (qs_run_get_title (qs_session_get_run (fixture->session)), "F17"));
  /* It was sent, not got, and it holds the frame that the check is about. */
  const QsPacket *shown = qs_trace_get_packet (result->trace, packet);
  g_assert_cmpint (shown->direction, ==, QS_DIRECTION_SENT);
  g_assert_true ((shown->frames & (G_GUINT64_CONSTANT (1) << QS_FRAME_HANDSHAKE_DONE)) != 0);

  qs_window_show_page (fixture->window, "card");
  gtk_button_clicked (fixture_find (fixture, "Show the Packets", GTK_TYPE_BUTTON));
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "packets");
  g_assert_cmpuint (g_list_model_get_n_items (runs), ==, 1);
}

/* Each packet is there once, also of the run that tells whether the server answers at all. */
static void
test_ordinary_run (Fixture *fixture, gconstpointer data)
{
  guint index;

  make_card (fixture, "D1");
  QsTrace *trace = find_result (fixture, "D1", &index)->trace;
  guint n_initials = 0;
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      n_initials += packet->direction == QS_DIRECTION_SENT && packet->type == QS_PACKET_INITIAL && packet->number == 0;
    }
  g_assert_cmpuint (n_initials, ==, 1);
}

static void
test_copy (Fixture *fixture, gconstpointer data)
{
  GtkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (fixture->window), GDK_SELECTION_CLIPBOARD);

  make_card (fixture, "D1,F17");
  choose (fixture, "F17");
  g_signal_emit_by_name (get_view (fixture), "copy");
  g_autofree char *text = gtk_clipboard_wait_for_text (clipboard);
  g_assert_nonnull (strstr (text, "F17 fail: HANDSHAKE_DONE from a client\n"));
  g_assert_nonnull (strstr (text, "RFC 9000 section 19.20\n"));
}

static gint64
stop (Fixture *fixture)
{
  QsExaminer *examiner = get_examiner (fixture);

  examine (fixture, "");
  wait_until (qs_examination_get_n_done (qs_examiner_get_examination (examiner)) > 2);
  gint64 began = g_get_monotonic_time ();
  gtk_button_clicked (fixture_find (fixture, "Stop examining", GTK_TYPE_BUTTON));
  wait_until (!qs_examiner_get_running (examiner));
  return (g_get_monotonic_time () - began) / 1000;
}

static void
test_stop (Fixture *fixture, gconstpointer data)
{
  gint64 took = G_MAXINT64;

  /* The machine that runs this may be busy. */
  for (guint i = 0; i < MOST_TRIES && took >= STOP_MS; i++)
    took = stop (fixture);
  g_assert_cmpint (took, <, STOP_MS);
  wait_for_text (fixture, "Note on the grade", "stopped");
  g_assert_true (gtk_widget_get_visible (fixture_find (fixture, "Examine", GTK_TYPE_BUTTON)));
  g_assert_false (qs_delay_meter_get_active (qs_window_get_delay_meter (fixture->window)));
}

static void
test_repeat (Fixture *fixture, gconstpointer data)
{
  QsExaminer *examiner = get_examiner (fixture);
  guint index;

  make_card (fixture, few);
  choose (fixture, "F17");
  QsTrace *before = find_result (fixture, "F17", &index)->trace;
  gtk_button_clicked (fixture_find (fixture, "Check Again", GTK_TYPE_BUTTON));
  g_assert_true (qs_examiner_get_running (examiner));
  g_assert_false (find_result (fixture, "F17", &index)->done);
  wait_until (!qs_examiner_get_running (examiner));
  g_assert_true (find_result (fixture, "F17", &index)->trace != before);
  g_assert_cmpint (find_result (fixture, "F17", &index)->judgement.verdict, ==, QS_CHECK_FAIL);
  wait_for_text (fixture, "Grade", "B");
  /* Stopped before it came to anything: what it came to stands, and the card is whole. */
  g_assert_true (qs_examiner_repeat (examiner, index));
  qs_examiner_stop (examiner);
  g_assert_cmpint (find_result (fixture, "F17", &index)->judgement.verdict, ==, QS_CHECK_FAIL);
  g_assert_false (qs_examination_get_stopped (qs_examiner_get_examination (examiner)));
  assert_rows (fixture, QS_CHECK_COLUMN_VERDICT, "pass|warn|pass|fail|pass|contested");
}

/* --- Files ------------------------------------------------------------------------------ */

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  *(gboolean *) data = qs_examiner_save_finish (QS_EXAMINER (source), result, &error);
  g_assert_no_error (error);
}

static char *
save (Fixture *fixture, const char *name)
{
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), name, NULL);
  gboolean saved = FALSE;
  char *text;

  qs_examiner_save_async (get_examiner (fixture), path, qs_card_format_for_name (path), saved_cb, &saved);
  wait_until (saved);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static void
test_save (Fixture *fixture, gconstpointer data)
{
  make_card (fixture, few);
  g_autofree char *html = save (fixture, "card.html"), *json = save (fixture, "card.json");
  g_autofree char *xml = save (fixture, "card.xml"), *markdown = save (fixture, "card.md");

  g_assert_nonnull (strstr (html, "<tr id=\"F17\"><td class=\"verdict fail\">"));
  g_assert_nonnull (strstr (json, "\"grade\" : \"B\""));
  g_assert_nonnull (strstr (xml, "name=\"F17 HANDSHAKE_DONE from a client\""));
  g_assert_nonnull (strstr (markdown, "| fail | F17 | "));
}

static void
test_compare (Fixture *fixture, gconstpointer data)
{
  QsExaminer *examiner = get_examiner (fixture);
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "before.json", NULL);
  g_autoptr (GError) error = NULL;

  make_card (fixture, few);
  g_autofree char *json = save (fixture, "card.json");
  /* As if F17 had passed then, and A9 failed. */
  g_auto (GStrv) parts = g_strsplit (json, "\"fail\"", -1);
  g_autofree char *passed = g_strjoinv ("\"pass\"", parts);
  g_auto (GStrv) others = g_strsplit (passed, "\"verdict\" : \"warn\"", -1);
  g_autofree char *before = g_strjoinv ("\"verdict\" : \"fail\"", others);
  g_assert_true (g_file_set_contents (path, before, -1, NULL));
  g_assert_true (qs_examiner_compare (examiner, path, &error));
  wait_for_text (fixture, "Comparison", "1 worse, 1 better");
  assert_rows (fixture, QS_CHECK_COLUMN_CHANGE, "|was: fail||was: pass||");
  set_combo (fixture, "Verdicts that are shown", "Changed");
  assert_rows (fixture, QS_CHECK_COLUMN_ID, "A9|F17");
  /* What is no card changes nothing, and the page says so. */
  g_assert_true (g_file_set_contents (path, "[]", -1, NULL));
  g_assert_false (qs_examiner_compare (examiner, path, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
  g_assert_nonnull (qs_examiner_get_earlier (examiner));
  gtk_button_clicked (fixture_find (fixture, "No Comparison", GTK_TYPE_BUTTON));
  g_assert_null (qs_examiner_get_earlier (examiner));
  assert_rows (fixture, QS_CHECK_COLUMN_ID, "");
}

/* --- Whose server it is ----------------------------------------------------------------- */

static gboolean
nowhere (GSocketAddress *address)
{
  return FALSE;
}

static gboolean
is_asked (Fixture *fixture)
{
  return gtk_widget_get_mapped (fixture_find (fixture, "Question before wrong packets are sent", GTK_TYPE_LABEL));
}

/* The built-in server, as if it stood in the public network: nothing comes to it before there is an answer. */
static void
test_consent (Fixture *fixture, gconstpointer data)
{
  QsExaminer *examiner = get_examiner (fixture);
  gboolean own = GPOINTER_TO_INT (data);
  guint index;

  qs_examiner_set_private (examiner, nowhere);
  examine (fixture, "D1,F3,H0");
  wait_until (is_asked (fixture));
  QsExamination *examination = qs_examiner_get_examination (examiner);
  g_assert_true (qs_examiner_get_running (examiner));
  g_assert_cmpuint (qs_examination_get_n_done (examination), ==, 0);
  QsServer *server = qs_lab_get_server (qs_session_get_lab (fixture->session));
  g_assert_cmpuint (g_list_model_get_n_items (qs_server_get_connections (server)), ==, 0);
  gtk_button_clicked (fixture_find (fixture, own ? "This Server Is Mine" : "Harmless Checks Alone", GTK_TYPE_BUTTON));
  g_assert_false (is_asked (fixture));
  wait_until (!qs_examiner_get_running (examiner));
  g_assert_cmpint (find_result (fixture, "D1", &index)->judgement.verdict, ==, QS_CHECK_PASS);
  g_assert_cmpint (find_result (fixture, "F3", &index)->judgement.verdict, ==,
                   own ? QS_CHECK_PASS : QS_CHECK_NOT_TESTED);
  g_assert_cmpint (qs_examiner_can_repeat (examiner, index), ==, own);
}

/* Who stops instead of answering has sent nothing. */
static void
test_consent_stopped (Fixture *fixture, gconstpointer data)
{
  QsExaminer *examiner = get_examiner (fixture);

  qs_examiner_set_private (examiner, nowhere);
  examine (fixture, "D1,F3");
  wait_until (is_asked (fixture));
  gtk_button_clicked (fixture_find (fixture, "Stop examining", GTK_TYPE_BUTTON));
  g_assert_false (is_asked (fixture));
  g_assert_false (qs_examiner_get_running (examiner));
  wait_for_text (fixture, "Grade", "–");
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  GtkEntry *target;

  qs_window_show_page (fixture->window, "card");
  target = fixture_find (fixture, "Server to examine", GTK_TYPE_ENTRY);
  gtk_entry_set_text (target, "tls://localhost");
  gtk_button_clicked (fixture_find (fixture, "Examine", GTK_TYPE_BUTTON));
  g_assert_nonnull (strstr (get_text (fixture, "What went wrong"), "tls://"));
  gtk_entry_set_text (target, "");
  g_assert_cmpstr (get_text (fixture, "What went wrong"), ==, "");
  gtk_button_clicked (fixture_find (fixture, "Examine", GTK_TYPE_BUTTON));
  g_assert_nonnull (strstr (get_text (fixture, "What went wrong"), "https://"));
  examine (fixture, "F999");
  g_assert_nonnull (strstr (get_text (fixture, "What went wrong"), "F999"));
  g_assert_null (qs_examiner_get_examination (get_examiner (fixture)));
}

/* From the lab's page, with nothing running; and the window's target is proposed. */
static void
test_ways (Fixture *fixture, gconstpointer data)
{
  QsExaminer *examiner = get_examiner (fixture);

  gtk_entry_set_text (fixture_find (fixture, "Target", GTK_TYPE_ENTRY), "https://www.example.org/");
  fixture_act (fixture, "examine");
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "card");
  g_assert_cmpstr (gtk_entry_get_text (fixture_find (fixture, "Server to examine", GTK_TYPE_ENTRY)), ==,
                   "https://www.example.org/");
  g_assert_false (qs_examiner_get_running (examiner));
  qs_window_show_page (fixture->window, "lab");
  gtk_button_clicked (fixture_find (fixture, "Examine this server", GTK_TYPE_BUTTON));
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "card");
  g_assert_true (qs_examiner_get_running (examiner));
  g_assert_true (qs_delay_meter_get_active (qs_window_get_delay_meter (fixture->window)));
  wait_until (qs_examiner_get_examination (examiner) != NULL &&
              qs_examination_get_result (qs_examiner_get_examination (examiner), 0)->done);
  g_assert_cmpint (qs_examination_get_result (qs_examiner_get_examination (examiner), 0)->judgement.verdict, ==,
                   QS_CHECK_PASS);
  qs_examiner_stop (examiner);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *path;
    void (*test) (Fixture *fixture, gconstpointer data);
    int data;
  } tests[] = {
    { "/app/card/few", test_card },
    { "/app/card/in-view", test_in_view },
    { "/app/card/filters", test_filters },
    { "/app/card/open-run", test_open_run },
    { "/app/card/ordinary-run", test_ordinary_run },
    { "/app/card/copy", test_copy },
    { "/app/card/stop", test_stop },
    { "/app/card/repeat", test_repeat },
    { "/app/card/save", test_save },
    { "/app/card/compare", test_compare },
    { "/app/card/consent-given", test_consent, TRUE },
    { "/app/card/consent-refused", test_consent, FALSE },
    { "/app/card/consent-stopped", test_consent_stopped },
    { "/app/card/refused", test_refused },
    { "/app/card/ways", test_ways },
  };

  fixture_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, GINT_TO_POINTER (tests[i].data), fixture_set_up, tests[i].test,
                fixture_tear_down);
  return fixture_run ();
}
