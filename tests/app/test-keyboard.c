/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the keys go: what has the focus, and what a key means there. */
#include <gtk/gtk.h>

#include "app/pages/qs-page.h"
#include "window-fixture.h"

static GtkWidget *
get_focus (Fixture *fixture)
{
  return gtk_window_get_focus (GTK_WINDOW (fixture->window));
}

static gboolean
is_within (GtkWidget *widget, gpointer ancestor)
{
  return widget != NULL && (widget == ancestor || gtk_widget_is_ancestor (widget, ancestor));
}

static void
go_to_page (Fixture *fixture, const char *name)
{
  g_action_group_activate_action (G_ACTION_GROUP (fixture->window), "page", g_variant_new_string (name));
}

static QsRun *
connect_and_wait (Fixture *fixture)
{
  QsRun *run = fixture_connect_to_lab (fixture, NULL);

  wait_until (qs_run_get_status (run) == QS_RUN_OPEN);
  wait_until (qs_trace_get_n_packets (qs_run_get_trace (run)) > 0);
  return run;
}

/* A Space right after the options were opened must not turn the verification off. */
static void
test_options (Fixture *fixture, gconstpointer data)
{
  GtkMenuButton *button = fixture_find (fixture, "Options", GTK_TYPE_MENU_BUTTON);
  GtkWidget *options = GTK_WIDGET (gtk_menu_button_get_popover (button));
  GtkToggleButton *insecure = fixture_find_option (fixture, "Continue despite a _verify error");

  gtk_widget_grab_focus (GTK_WIDGET (button));
  for (guint i = 0; i < 2; i++)
    {
      gtk_button_clicked (GTK_BUTTON (button));
      wait_until (gtk_widget_get_mapped (options) && is_within (get_focus (fixture), options));
      g_assert_true (GTK_IS_ENTRY (get_focus (fixture)));
      fixture_press (fixture, GDK_KEY_space, 0);
      g_assert_false (gtk_toggle_button_get_active (insecure));
      gtk_widget_grab_focus (GTK_WIDGET (insecure)); /* where it was left is not where it comes back to */
      fixture_press (fixture, GDK_KEY_Escape, 0);
      wait_until (!gtk_widget_get_mapped (options));
    }
}

static void
test_text_keys (Fixture *fixture, gconstpointer data)
{
  GtkEntry *target = fixture_find (fixture, "Target", GTK_TYPE_ENTRY);
  GListModel *runs = qs_session_get_runs (fixture->session);

  connect_and_wait (fixture);
  gtk_entry_set_text (target, "quic one");
  gtk_widget_grab_focus (GTK_WIDGET (target));
  gtk_editable_set_position (GTK_EDITABLE (target), 0);
  fixture_press (fixture, GDK_KEY_Delete, GDK_CONTROL_MASK);
  g_assert_cmpstr (gtk_entry_get_text (target), ==, " one");
  g_assert_cmpuint (g_list_model_get_n_items (runs), ==, 1);
  /* Shortcuts that mean nothing in a text are the window's there too. */
  fixture_press (fixture, GDK_KEY_3, GDK_MOD1_MASK);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "packets");
  wait_until (get_focus (fixture) == fixture_find (fixture, "Packets", GTK_TYPE_TREE_VIEW));
  fixture_press (fixture, GDK_KEY_Delete, GDK_CONTROL_MASK);
  wait_until (g_list_model_get_n_items (runs) == 0);
}

static void
test_find (Fixture *fixture, gconstpointer data)
{
  /* Nothing to look through. */
  go_to_page (fixture, "streams");
  fixture_press (fixture, GDK_KEY_f, GDK_CONTROL_MASK);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "streams");

  connect_and_wait (fixture);
  go_to_page (fixture, "streams");
  fixture_press (fixture, GDK_KEY_f, GDK_CONTROL_MASK);
  g_assert_cmpstr (qs_window_get_page (fixture->window), ==, "packets");
  wait_until (get_focus (fixture) == fixture_find (fixture, "Filter", GTK_TYPE_ENTRY));
  go_to_page (fixture, "packets");
  wait_until (get_focus (fixture) == fixture_find (fixture, "Packets", GTK_TYPE_TREE_VIEW));
  fixture_press (fixture, GDK_KEY_f, GDK_CONTROL_MASK);
  wait_until (get_focus (fixture) == fixture_find (fixture, "Filter", GTK_TYPE_ENTRY));
}

/* First what is typed goes, then the field is left, and only then the connection ends. */
static void
test_escape (Fixture *fixture, gconstpointer data)
{
  QsRun *run = connect_and_wait (fixture);

  go_to_page (fixture, "packets");
  GtkEntry *filter = fixture_find (fixture, "Filter", GTK_TYPE_ENTRY);
  gtk_widget_grab_focus (GTK_WIDGET (filter));
  gtk_entry_set_text (filter, "type:initial");
  fixture_press (fixture, GDK_KEY_Escape, 0);
  g_assert_cmpstr (gtk_entry_get_text (filter), ==, "");
  g_assert_true (get_focus (fixture) == GTK_WIDGET (filter));
  fixture_press (fixture, GDK_KEY_Escape, 0);
  wait_until (get_focus (fixture) == fixture_find (fixture, "Packets", GTK_TYPE_TREE_VIEW));
  g_assert_true (qs_run_is_active (run));
  fixture_press (fixture, GDK_KEY_Escape, 0);
  wait_until (!qs_run_is_active (run));
}

/* The page that was asked for takes the next key. */
static void
test_page_focus (Fixture *fixture, gconstpointer data)
{
  static const struct {
    guint key;
    const char *name;
    GType (*get_type) (void);
  } contents[] = {
    { GDK_KEY_2, "Sequence diagram", gtk_widget_get_type }, { GDK_KEY_3, "Packets", gtk_tree_view_get_type },
    { GDK_KEY_4, "Streams", gtk_tree_view_get_type },       { GDK_KEY_7, "Timeline", gtk_widget_get_type },
    { GDK_KEY_8, "Scenarios", gtk_list_box_get_type },
  };

  QsRun *run = connect_and_wait (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (contents); i++)
    {
      fixture_press (fixture, contents[i].key, GDK_MOD1_MASK);
      GtkWidget *content = fixture_find (fixture, contents[i].name, contents[i].get_type ());
      g_test_message ("%s", contents[i].name);
      wait_until (is_within (get_focus (fixture), content));
    }

  fixture_press (fixture, GDK_KEY_2, GDK_MOD1_MASK);
  wait_until (get_focus (fixture) == fixture_find (fixture, "Sequence diagram", GTK_TYPE_WIDGET));
  gint64 before = qs_session_get_selection (fixture->session);
  /* Once it is laid out. */
  wait_until (qs_session_get_selection (fixture->session) != before ||
              (fixture_press (fixture, GDK_KEY_Down, 0), FALSE));

  /* Who types goes on typing. */
  GtkWidget *target = fixture_find (fixture, "Target", GTK_TYPE_ENTRY);
  gtk_widget_grab_focus (target);
  qs_window_show_page (fixture->window, "streams");
  g_assert_true (get_focus (fixture) == target);
  /* On every page without a connection too: something has it. */
  qs_session_remove_run (fixture->session, run);
  for (guint key = GDK_KEY_1; key <= GDK_KEY_9; key++)
    {
      fixture_press (fixture, key, GDK_MOD1_MASK);
      g_assert_true (is_within (get_focus (fixture), qs_window_get_shown_page (fixture->window)));
    }
}

/* A row that is offered says what it is. */
static void
test_completion (Fixture *fixture, gconstpointer data)
{
  GtkEntry *target = fixture_find (fixture, "Target", GTK_TYPE_ENTRY);
  GtkEntryCompletion *completion = gtk_entry_get_completion (target);
  g_autoptr (GList) cells = gtk_cell_layout_get_cells (GTK_CELL_LAYOUT (completion));

  g_assert_cmpuint (g_list_length (cells), ==, 1);
  g_assert_cmpint (gtk_entry_completion_get_text_column (completion), ==, 0);
  g_assert_cmpint (gtk_cell_area_attribute_get_column (gtk_cell_layout_get_area (GTK_CELL_LAYOUT (completion)),
                                                       cells->data, "text"),
                   ==, 0);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);

  g_test_add ("/app/keyboard/options", Fixture, NULL, fixture_set_up, test_options, fixture_tear_down);
  g_test_add ("/app/keyboard/text-keys", Fixture, NULL, fixture_set_up, test_text_keys, fixture_tear_down);
  g_test_add ("/app/keyboard/find", Fixture, NULL, fixture_set_up, test_find, fixture_tear_down);
  g_test_add ("/app/keyboard/escape", Fixture, NULL, fixture_set_up, test_escape, fixture_tear_down);
  g_test_add ("/app/keyboard/page-focus", Fixture, NULL, fixture_set_up, test_page_focus, fixture_tear_down);
  g_test_add ("/app/keyboard/completion", Fixture, NULL, fixture_set_up, test_completion, fixture_tear_down);
  return fixture_run ();
}
