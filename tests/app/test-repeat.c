/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window of many runs, against the lab. QS_PICTURES=FOLDER leaves pictures of it there. */
#include <glib/gstdio.h>
#include <string.h>

#include "app/qs-repeat-window.h"
#include "window-fixture.h"

static QsRepeatWindow *
open_window (Fixture *fixture, const char *target)
{
  g_autoptr (GList) windows = NULL;

  gtk_entry_set_text (fixture_find (fixture, "Target", GTK_TYPE_ENTRY), target);
  fixture_act (fixture, "repeat");
  windows = gtk_window_list_toplevels ();
  for (GList *at = windows; at != NULL; at = at->next)
    if (QS_IS_REPEAT_WINDOW (at->data))
      return at->data;
  g_error ("The action opens no window");
}

static gpointer
find (QsRepeatWindow *self, const char *name, GType type)
{
  return fixture_find_in (GTK_WIDGET (self), name, type);
}

static void
set_number (QsRepeatWindow *self, const char *name, double value)
{
  gtk_spin_button_set_value (find (self, name, GTK_TYPE_SPIN_BUTTON), value);
}

static char *
start_lab (Fixture *fixture)
{
  QsLab *lab = qs_session_get_lab (fixture->session);
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_lab_start (lab, &error));
  g_assert_no_error (error);
  return qs_lab_dup_target (lab);
}

static char *
cell (QsRepeatWindow *self, const char *table, int row, int column)
{
  GtkTreeModel *model = gtk_tree_view_get_model (find (self, table, GTK_TYPE_TREE_VIEW));
  GtkTreeIter iter;
  char *text = NULL;

  g_assert_true (gtk_tree_model_iter_nth_child (model, &iter, NULL, row));
  gtk_tree_model_get (model, &iter, column, &text, -1);
  return text;
}

static void
assert_cell (QsRepeatWindow *self, const char *table, int row, int column, const char *wanted)
{
  g_autofree char *text = cell (self, table, row, column);

  g_assert_cmpstr (text, ==, wanted);
}

static void
take_picture (QsRepeatWindow *self, const char *name, int width, int height)
{
  const char *folder = g_getenv ("QS_PICTURES");

  if (folder == NULL)
    return;
  gtk_window_resize (GTK_WINDOW (self), width, height);
  gint64 until = g_get_monotonic_time () + G_USEC_PER_SEC;
  while (g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
  GdkWindow *window = gtk_widget_get_window (GTK_WIDGET (self));
  g_autoptr (GdkPixbuf) picture =
      gdk_pixbuf_get_from_window (window, 0, 0, gdk_window_get_width (window), gdk_window_get_height (window));
  g_autofree char *path = g_strdup_printf ("%s/%s.png", folder, name);
  gdk_pixbuf_save (picture, path, "png", NULL, NULL);
}

static gboolean
has_runs (QsRepeatWindow *self)
{
  g_autofree char *runs = cell (self, "Figures by target", 0, 1);

  return !g_str_equal (runs, "0");
}

static guint
count_lines (const char *path, const char *first)
{
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, first));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  return g_strv_length (lines) - 1;
}

static void
check_files (QsRepeatWindow *self, guint n_runs)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_dir_make_tmp ("quicscope-repeat-XXXXXX", NULL);
  g_autofree char *csv = g_build_filename (folder, "runs.csv", NULL);
  g_autofree char *json = g_build_filename (folder, "runs.json", NULL);

  g_assert_true (qs_repeat_window_save (self, FALSE, csv, &error));
  g_assert_true (qs_repeat_window_save (self, TRUE, json, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (count_lines (csv, "target,run,"), ==, n_runs + 1);
  g_assert_cmpuint (count_lines (json, "{\n  \"runs\" : ["), >, n_runs);
  g_assert_false (qs_repeat_window_save (self, TRUE, "/no/such/folder/runs.json", &error));
  g_assert_nonnull (error);
  g_remove (csv);
  g_remove (json);
  g_rmdir (folder);
}

static void
test_runs (Fixture *fixture, gconstpointer data)
{
  g_autofree char *target = start_lab (fixture);
  g_autofree char *both = g_strconcat (target, "  quic://127.0.0.1:1", NULL);
  QsRepeatWindow *self = open_window (fixture, both);

  take_picture (self, "repeat-empty", 920, 680);
  set_number (self, "Runs of each", 30);
  set_number (self, "At once", 3);
  gtk_button_clicked (find (self, "Start", GTK_TYPE_BUTTON));
  g_assert_true (qs_repeat_window_is_active (self));
  g_assert_false (gtk_widget_get_sensitive (find (self, "Targets", GTK_TYPE_ENTRY)));
  wait_until (!qs_repeat_window_is_active (self));
  assert_cell (self, "Figures by target", 0, 1, "30");
  assert_cell (self, "Figures by target", 0, 2, "0");
  assert_cell (self, "Figures by target", 1, 0, "quic://127.0.0.1:1");
  assert_cell (self, "Figures by target", 1, 2, "30");
  assert_cell (self, "Figures by target", 1, 3, "–");
  assert_cell (self, "Figures by target", 2, 1, "60");
  assert_cell (self, "Findings by number", 0, 0, "30");
  assert_cell (self, "Findings by number", 0, 1, "Error");
  AtkObject *histogram = gtk_widget_get_accessible (find (self, "Histogram", GTK_TYPE_DRAWING_AREA));
  g_assert_nonnull (strstr (atk_object_get_description (histogram), " run"));
  check_files (self, 60);
  take_picture (self, "repeat", 920, 680);
  take_picture (self, "repeat-small", 640, 560);
  gtk_widget_set_default_direction (GTK_TEXT_DIR_RTL);
  take_picture (self, "repeat-rtl", 920, 680);
  gtk_widget_set_default_direction (GTK_TEXT_DIR_LTR);
  gtk_widget_destroy (GTK_WIDGET (self));
}

static void
test_wrong (Fixture *fixture, gconstpointer data)
{
  QsRepeatWindow *self = open_window (fixture, "");
  GtkEntry *targets = find (self, "Targets", GTK_TYPE_ENTRY);
  static const char *const wrong[] = { "", "   ", "ftp://localhost", "quic://localhost:1 localhost:99999" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      gtk_entry_set_text (targets, wrong[i]);
      g_assert_false (qs_repeat_window_start (self));
      g_assert_false (qs_repeat_window_is_active (self));
    }
  gtk_entry_set_text (targets, "quic://localhost:1 quic://localhost:2");
  set_number (self, "Runs of each", 10000);
  g_assert_false (qs_repeat_window_start (self));
  g_assert_false (gtk_widget_get_sensitive (find (self, "Save", GTK_TYPE_MENU_BUTTON)));
  gtk_widget_destroy (GTK_WIDGET (self));
}

static void
test_stop (Fixture *fixture, gconstpointer data)
{
  g_autofree char *target = start_lab (fixture);
  QsRepeatWindow *self = open_window (fixture, target);

  set_number (self, "Runs of each", 5000);
  gtk_button_clicked (find (self, "Start", GTK_TYPE_BUTTON));
  wait_until (has_runs (self));
  gtk_button_clicked (find (self, "Stop", GTK_TYPE_BUTTON));
  wait_until (!qs_repeat_window_is_active (self));
  g_assert_true (gtk_widget_get_visible (find (self, "Start", GTK_TYPE_BUTTON)));
  gtk_widget_destroy (GTK_WIDGET (self));
}

/* What runs ends with its window, in whatever moment that is closed. */
static void
test_close (Fixture *fixture, gconstpointer data)
{
  g_autofree char *target = start_lab (fixture);
  gpointer self = open_window (fixture, target);

  set_number (self, "Runs of each", 5000);
  set_number (self, "At once", 8);
  g_assert_true (qs_repeat_window_start (self));
  wait_until (has_runs (self));
  g_object_add_weak_pointer (G_OBJECT (self), &self);
  gtk_widget_destroy (self);
  wait_until (self == NULL);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/repeat/runs", test_runs);
  ADD ("/repeat/wrong", test_wrong);
  ADD ("/repeat/stop", test_stop);
  ADD ("/repeat/close", test_close);
  return fixture_run ();
}
