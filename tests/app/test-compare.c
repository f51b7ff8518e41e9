/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs side by side, and several of them at once: compared, forgotten, had back. */
#include <glib/gstdio.h>
#include <gtk/gtk.h>
#include <string.h>

#include "app/qs-files.h"
#include "app/widgets/qs-run-list.h"
#include "app/widgets/qs-run-row.h"
#include "formats/qs-trace-save.h"
#include "window-fixture.h"

/* What runs on the main loop takes at most 4 ms; the machine may have other things to do as well. */
#define MOST_US 4000
#define MOST_TRIES 5

static const char *
get_headline (Fixture *fixture)
{
  return gtk_label_get_text (fixture_find (fixture, "The difference that matters", GTK_TYPE_LABEL));
}

static GtkListBox *
get_list (Fixture *fixture)
{
  return fixture_find (fixture, "Runs", GTK_TYPE_LIST_BOX);
}

/* The lab's server stays the same, so its certificate does. */
static QsRun *
run_lab (Fixture *fixture, const char *scenario)
{
  qs_window_set_keep_open (fixture->window, FALSE);
  QsRun *run = fixture_connect_to_lab (fixture, scenario);

  wait_until (!qs_run_is_active (run));
  return run;
}

static guint
count_rows (Fixture *fixture, const char *table)
{
  return (guint) gtk_tree_model_iter_n_children (
      gtk_tree_view_get_model (fixture_find (fixture, table, GTK_TYPE_TREE_VIEW)), NULL);
}

static gboolean
table_has (Fixture *fixture, const char *table, guint column, const char *text)
{
  GtkTreeModel *model = gtk_tree_view_get_model (fixture_find (fixture, table, GTK_TYPE_TREE_VIEW));
  GtkTreeIter iter;

  for (gboolean more = gtk_tree_model_get_iter_first (model, &iter); more;
       more = gtk_tree_model_iter_next (model, &iter))
    {
      g_autofree char *cell = NULL;
      gtk_tree_model_get (model, &iter, (int) column, &cell, -1);
      if (cell != NULL && strstr (cell, text) != NULL)
        return TRUE;
    }
  return FALSE;
}

static void
test_empty (Fixture *fixture, gconstpointer data)
{
  g_assert_false (fixture_can (fixture, "compare"));
  qs_window_show_page (fixture->window, "compare");
  /* What it is for, and one button that fills it. */
  g_assert_true (gtk_widget_get_mapped (fixture_find (fixture, "Try the built-in server", GTK_TYPE_BUTTON)));
  run_lab (fixture, NULL);
  g_assert_false (fixture_can (fixture, "compare"));
}

/* A good and a bad one, by one key, and from the tab. */
static void
test_outcome (Fixture *fixture, gconstpointer data)
{
  run_lab (fixture, NULL);
  QsRun *bad = run_lab (fixture, "expired");

  g_assert_true (fixture_can (fixture, "compare-good"));
  fixture_press (fixture, GDK_KEY_d, GDK_CONTROL_MASK);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "compare");
  wait_until (g_str_has_prefix (get_headline (fixture), "Only this one failed: "));
  g_assert_nonnull (strstr (get_headline (fixture), "expired"));
  g_assert_cmpuint (count_rows (fixture, "Compared steps"), >, 6);
  g_assert_true (table_has (fixture, "Compared findings", 0, "This one"));
  /* Keys go to the content. */
  wait_until (gtk_window_get_focus (GTK_WINDOW (fixture->window)) ==
              fixture_find (fixture, "Compared steps", GTK_TYPE_TREE_VIEW));

  /* A finding leads to the run that has it. */
  GtkTreeView *findings = fixture_find (fixture, "Compared findings", GTK_TYPE_TREE_VIEW);
  g_autoptr (GtkTreePath) first = gtk_tree_path_new_first ();
  gtk_tree_view_row_activated (findings, first, gtk_tree_view_get_column (findings, 0));
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "overview");
  g_assert_true (qs_session_get_run (fixture->session) == bad);
}

/* The same run from a file and as it was made. */
static void
test_file_and_live (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (g_get_user_cache_dir (), "kept.pcapng", NULL);
  g_autoptr (GError) error = NULL;
  QsRun *live = run_lab (fixture, NULL);

  g_mkdir_with_parents (g_get_user_cache_dir (), 0700);
  g_assert_true (qs_trace_save (qs_run_get_trace (live), path, QS_TRACE_FORMAT_PCAPNG, &error));
  g_assert_no_error (error);
  qs_files_open (fixture->window, path, NULL);
  wait_until (g_list_model_get_n_items (qs_session_get_runs (fixture->session)) == 2 &&
              qs_files_get_n_loading (fixture->window) == 0);
  fixture_act (fixture, "compare");
  wait_until (strstr (get_headline (fixture), "the one is a file, the other a live run") != NULL);
  g_remove (path);
}

/* Several that are selected stand side by side; what is shown stands first. */
static void
test_selection (Fixture *fixture, gconstpointer data)
{
  run_lab (fixture, NULL);
  run_lab (fixture, "retry");
  QsRun *shown = run_lab (fixture, "no-retry");
  GtkListBox *list = get_list (fixture);
  QsCompared *compared = qs_session_get_compared (fixture->session);

  gtk_widget_grab_focus (GTK_WIDGET (gtk_list_box_get_row_at_index (list, 2)));
  g_signal_emit_by_name (list, "move-cursor", GTK_MOVEMENT_DISPLAY_LINES, -1);
  g_assert_cmpuint (qs_compared_get_n (compared), ==, 0);
  gtk_list_box_unselect_all (list);
  gtk_list_box_select_row (list, gtk_list_box_get_row_at_index (list, 2));
  gtk_list_box_select_row (list, gtk_list_box_get_row_at_index (list, 1));
  g_assert_cmpuint (qs_compared_get_n (compared), ==, 2);
  g_assert_true (qs_session_get_run (fixture->session) == shown);
  g_assert_true (qs_compared_get_run (compared, 0) == shown);
  fixture_act (fixture, "compare");
  wait_until (
      g_str_has_prefix (get_headline (fixture), "Retry, a check of the client's address: no in the one, yes in"));
  g_assert_true (table_has (fixture, "Compared facts", 0, "Retry"));

  /* Three. */
  gtk_list_box_select_row (list, gtk_list_box_get_row_at_index (list, 0));
  g_assert_cmpuint (qs_compared_get_n (compared), ==, 3);
  wait_until (gtk_tree_view_get_n_columns (fixture_find (fixture, "Compared steps", GTK_TYPE_TREE_VIEW)) == 6);
  /* Pictures, on one scale, that scroll together. */
  GtkStack *parts = GTK_STACK (
      gtk_widget_get_ancestor (fixture_find (fixture, "Compared charts", GTK_TYPE_DRAWING_AREA), GTK_TYPE_STACK));
  gtk_stack_set_visible_child_name (parts, "sequences");
  fixture_find (fixture, "Sequence diagram: This one", GTK_TYPE_DRAWING_AREA);
  fixture_find (fixture, "Sequence diagram: Run 3", GTK_TYPE_DRAWING_AREA);
  gtk_stack_set_visible_child_name (parts, "charts");
  AtkObject *charts = gtk_widget_get_accessible (fixture_find (fixture, "Compared charts", GTK_TYPE_DRAWING_AREA));
  wait_until (atk_object_get_description (charts) != NULL &&
              strstr (atk_object_get_description (charts), "Run 3") != NULL);
  gtk_stack_set_visible_child_name (parts, "differences");

  /* What is forgotten stands nowhere. */
  fixture_act (fixture, "remove-run");
  g_assert_cmpuint (g_list_model_get_n_items (qs_session_get_runs (fixture->session)), ==, 0);
  g_assert_cmpuint (qs_compared_get_n (compared), ==, 0);
  fixture_act (fixture, "undo-forget");
  g_assert_cmpuint (g_list_model_get_n_items (qs_session_get_runs (fixture->session)), ==, 3);
}

static void
test_save (Fixture *fixture, gconstpointer data)
{
  g_autofree char *html = g_build_filename (g_get_user_cache_dir (), "both.html", NULL);
  g_autofree char *json = g_build_filename (g_get_user_cache_dir (), "both.json", NULL);
  g_autofree char *page = NULL, *text = NULL;
  QsComparePage *compare = qs_window_get_compare (fixture->window);

  g_mkdir_with_parents (g_get_user_cache_dir (), 0700);
  run_lab (fixture, NULL);
  run_lab (fixture, "expired");
  fixture_act (fixture, "compare");
  qs_compare_page_save (compare, html);
  wait_until (qs_compare_page_get_n_saving (compare) == 0);
  qs_compare_page_save (compare, json);
  g_assert_true (g_file_get_contents (html, &page, NULL, NULL) && g_file_get_contents (json, &text, NULL, NULL));
  g_assert_nonnull (strstr (page, "Only this one failed"));
  g_assert_nonnull (strstr (text, "\"comparison\""));
  g_assert_nonnull (strstr (text, "\"only_this\""));
  g_remove (html);
  g_remove (json);
  /* What goes wrong is told where it was asked for. */
  qs_compare_page_save (compare, "/nowhere/both.json");
}

/* One run, several and all of them, and back into their places. */
static void
test_forget (Fixture *fixture, gconstpointer data)
{
  GListModel *runs = qs_session_get_runs (fixture->session);
  QsRun *all[3];

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    all[i] = run_lab (fixture, NULL);
  g_assert_false (fixture_can (fixture, "undo-forget"));
  qs_session_set_run (fixture->session, all[1]);
  gtk_widget_grab_focus (GTK_WIDGET (gtk_list_box_get_row_at_index (get_list (fixture), 1)));
  fixture_press (fixture, GDK_KEY_Delete, GDK_CONTROL_MASK);
  g_assert_cmpuint (g_list_model_get_n_items (runs), ==, 2);
  g_assert_true (qs_session_get_run (fixture->session) == all[2]);
  g_assert_nonnull (strstr (gtk_label_get_text (fixture_find (fixture, "What was forgotten", GTK_TYPE_LABEL)),
                            qs_run_get_title (all[1])));
  fixture_press (fixture, GDK_KEY_z, GDK_CONTROL_MASK);
  fixture_act (fixture, "forget-all");
  g_assert_cmpuint (g_list_model_get_n_items (runs), ==, 0);
  g_assert_null (qs_session_get_run (fixture->session));
  g_assert_false (fixture_can (fixture, "forget-all"));
  fixture_act (fixture, "undo-forget");
  g_assert_cmpuint (g_list_model_get_n_items (runs), ==, 3);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_autoptr (QsRun) run = g_list_model_get_item (runs, i);
      g_assert_true (run == all[i]);
    }
  g_assert_false (fixture_can (fixture, "undo-forget"));
}

static guint
count_shown (Fixture *fixture)
{
  g_autoptr (GList) rows = gtk_container_get_children (GTK_CONTAINER (get_list (fixture)));
  guint n = 0;

  for (GList *at = rows; at != NULL; at = at->next)
    n += gtk_widget_get_child_visible (at->data);
  return n;
}

static void
test_find (Fixture *fixture, gconstpointer data)
{
  run_lab (fixture, NULL);
  QsRun *bad = run_lab (fixture, "expired");
  GtkEntry *find = fixture_find (fixture, "Find a run", GTK_TYPE_ENTRY);
  GActionGroup *actions =
      gtk_widget_get_action_group (gtk_widget_get_ancestor (GTK_WIDGET (find), QS_TYPE_RUN_LIST), "runs");

  g_assert_cmpuint (count_shown (fixture), ==, 2);
  gtk_entry_set_text (find, "EXPIRED");
  wait_until (count_shown (fixture) == 1);
  gtk_entry_set_text (find, "");
  wait_until (count_shown (fixture) == 2);
  g_action_group_change_action_state (actions, "sort", g_variant_new_string ("outcome"));
  g_assert_true (qs_run_row_get_run (QS_RUN_ROW (gtk_list_box_get_row_at_index (get_list (fixture), 0))) == bad);
  g_action_group_change_action_state (actions, "group", g_variant_new_boolean (TRUE));
  wait_until (gtk_list_box_row_get_header (gtk_list_box_get_row_at_index (get_list (fixture), 0)) != NULL);
  g_assert_null (gtk_list_box_row_get_header (gtk_list_box_get_row_at_index (get_list (fixture), 1)));
}

/* What it was, why it failed, how long it took, and what is not as usual. */
static void
test_row (Fixture *fixture, gconstpointer data)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  GtkListBox *list = get_list (fixture);

  run_lab (fixture, NULL);
  const char *good =
      atk_object_get_name (gtk_widget_get_accessible (GTK_WIDGET (gtk_list_box_get_row_at_index (list, 0))));
  g_test_message ("%s", good);
  g_assert_true (g_regex_match_simple (", Succeeded · [0-9:]+ · [0-9.]+ ", good, 0, 0));
  options->alpn = g_strsplit ("nonsense", ",", -1);
  options->family = G_SOCKET_FAMILY_IPV4;
  g_autofree char *target = qs_lab_dup_target (qs_session_get_lab (fixture->session));
  QsRun *run = qs_session_connect (fixture->session, target, options, NULL);
  wait_until (!qs_run_is_active (run));
  AtkObject *row = gtk_widget_get_accessible (GTK_WIDGET (gtk_list_box_get_row_at_index (list, 1)));
  g_test_message ("%s", atk_object_get_name (row));
  wait_until (strstr (atk_object_get_name (row), "protocol") != NULL);
  g_assert_true (g_str_has_suffix (atk_object_get_name (row), ", ALPN nonsense"));
}

/* As it was run, into the form; what is changed there is what Connect does. */
static void
test_edit (Fixture *fixture, gconstpointer data)
{
  GtkEntry *target = fixture_find (fixture, "Target", GTK_TYPE_ENTRY);
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (GError) error = NULL;

  options->alpn = g_strsplit ("hq-interop,h3", ",", -1);
  options->groups = g_strdup ("X25519");
  options->sni = g_strdup ("");
  options->family = G_SOCKET_FAMILY_IPV4;
  options->timeout_ms = 3000;
  options->insecure = TRUE;
  QsRun *run = qs_session_connect (fixture->session, "quic://127.0.0.1:1", options, &error);
  g_assert_no_error (error);
  gtk_entry_set_text (target, "else");
  fixture_act (fixture, "edit-run");
  g_assert_cmpstr (gtk_entry_get_text (target), ==, "quic://127.0.0.1:1");
  g_autoptr (QsProbeOptions) form = qs_window_dup_options (fixture->window);
  g_assert_cmpuint (g_strv_length (form->alpn), ==, 2);
  g_assert_cmpstr (form->groups, ==, "X25519");
  g_assert_cmpstr (form->sni, ==, "");
  g_assert_cmpint (form->family, ==, G_SOCKET_FAMILY_IPV4);
  g_assert_cmpuint (form->timeout_ms, ==, 3000);
  g_assert_true (form->insecure);
  g_assert_false (form->keep_open);
  fixture_act (fixture, "stop-all");
  wait_until (!qs_run_is_active (run));
}

/* What comparing does of itself, its layout left aside, in one turn of the loop. */
static void
test_cost (Fixture *fixture, gconstpointer data)
{
  run_lab (fixture, NULL);
  run_lab (fixture, "retry");
  QsCompared *compared = qs_session_get_compared (fixture->session);
  gint64 least = G_MAXINT64;

  fixture_act (fixture, "compare");
  for (guint i = 0; i < MOST_TRIES; i++)
    {
      gint64 began = g_get_monotonic_time ();
      g_autoptr (QsComparison) comparison = qs_compared_dup_comparison (compared);
      least = MIN (least, g_get_monotonic_time () - began);
    }
  g_test_message ("compared in %" G_GINT64_FORMAT " µs", least);
  g_assert_cmpint (least, <, MOST_US);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);

  g_test_add ("/app/compare/empty", Fixture, NULL, fixture_set_up, test_empty, fixture_tear_down);
  g_test_add ("/app/compare/outcome", Fixture, NULL, fixture_set_up, test_outcome, fixture_tear_down);
  g_test_add ("/app/compare/file-and-live", Fixture, NULL, fixture_set_up, test_file_and_live, fixture_tear_down);
  g_test_add ("/app/compare/selection", Fixture, NULL, fixture_set_up, test_selection, fixture_tear_down);
  g_test_add ("/app/compare/save", Fixture, NULL, fixture_set_up, test_save, fixture_tear_down);
  g_test_add ("/app/compare/forget", Fixture, NULL, fixture_set_up, test_forget, fixture_tear_down);
  g_test_add ("/app/compare/find", Fixture, NULL, fixture_set_up, test_find, fixture_tear_down);
  g_test_add ("/app/compare/edit", Fixture, NULL, fixture_set_up, test_edit, fixture_tear_down);
  g_test_add ("/app/compare/row", Fixture, NULL, fixture_set_up, test_row, fixture_tear_down);
  g_test_add ("/app/compare/cost", Fixture, NULL, fixture_set_up, test_cost, fixture_tear_down);
  return fixture_run ();
}
