/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ctrl+C on rows of lists and tables. */
#include <string.h>

#include "window-fixture.h"

static char *
dup_clipboard (Fixture *fixture)
{
  return gtk_clipboard_wait_for_text (gtk_widget_get_clipboard (GTK_WIDGET (fixture->window), GDK_SELECTION_CLIPBOARD));
}

/* With packets to show. */
static QsRun *
connect_to_lab (Fixture *fixture)
{
  QsRun *run = fixture_connect_to_lab (fixture, NULL);

  wait_until (qs_run_get_status (run) == QS_RUN_OPEN && qs_trace_get_n_packets (qs_run_get_trace (run)) > 2);
  return run;
}

static gboolean
first_row_says (GtkListBox *list, const char *word)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_index (list, 0);
  const char *name = row != NULL ? atk_object_get_name (gtk_widget_get_accessible (GTK_WIDGET (row))) : NULL;

  return name != NULL && strstr (name, word) != NULL;
}

static void
test_copy_finding (Fixture *fixture, gconstpointer data)
{
  QsRun *run = fixture_connect_to_lab (fixture, "expired");

  wait_until (fixture_has_finding (run, "certificate-expired") && fixture_count_rows (fixture, "Findings") > 0);
  GtkListBox *list = fixture_find (fixture, "Findings", GTK_TYPE_LIST_BOX);
  wait_until (first_row_says (list, "expired")); /* others may stand before it for a moment */
  gtk_widget_grab_focus (GTK_WIDGET (gtk_list_box_get_row_at_index (list, 0)));
  fixture_press (fixture, GDK_KEY_c, GDK_CONTROL_MASK);
  g_autofree char *text = dup_clipboard (fixture);
  g_assert_nonnull (strstr (text, "expired"));
  g_assert_nonnull (strstr (text, "Proved"));
  g_assert_nonnull (strstr (text, "\n• "));
}

static void
test_copy_packet (Fixture *fixture, gconstpointer data)
{
  connect_to_lab (fixture);
  fixture_press (fixture, GDK_KEY_3, GDK_MOD1_MASK);
  GtkTreeView *view = fixture_find (fixture, "Packets", GTK_TYPE_TREE_VIEW);
  wait_until (gtk_tree_view_get_model (view) != NULL &&
              gtk_tree_model_iter_n_children (gtk_tree_view_get_model (view), NULL) > 2);
  g_autoptr (GtkTreePath) path = gtk_tree_path_new_from_indices (0, -1);
  gtk_tree_view_set_cursor (view, path, NULL, FALSE);
  gtk_widget_grab_focus (GTK_WIDGET (view));
  fixture_press (fixture, GDK_KEY_c, GDK_CONTROL_MASK);
  g_autofree char *text = dup_clipboard (fixture);
  g_assert_nonnull (strstr (text, "Initial"));
  g_assert_nonnull (strchr (text, '\t'));
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add ("/app/copy/finding", Fixture, NULL, fixture_set_up, test_copy_finding, fixture_tear_down);
  g_test_add ("/app/copy/packet", Fixture, NULL, fixture_set_up, test_copy_packet, fixture_tear_down);
  return fixture_run ();
}
