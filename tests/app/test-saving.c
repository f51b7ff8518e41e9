/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is saved: by which name and format, where it is told, and what a person finds again. */
#include <glib/gstdio.h>
#include <string.h>

#include "app/qs-notifier.h"
#include "app/qs-recent.h"
#include "app/qs-saving.h"
#include "formats/qs-trace-file.h"
#include "formats/qs-trace-save.h"
#include "window-fixture.h"

static QsRun *
run_to_end (Fixture *fixture)
{
  QsRun *run = fixture_connect_to_lab (fixture, NULL);

  wait_until (qs_run_get_status (run) == QS_RUN_OPEN || !qs_run_is_active (run));
  qs_run_stop (run);
  wait_until (!qs_run_is_active (run));
  return run;
}

static const char *
get_told (Fixture *fixture)
{
  return qs_saved_strip_get_path (qs_window_get_saved_strip (fixture->window));
}

static const struct {
  const char *name;
  const char *begins; /* NULL: refused */
} names[] = {
  { "a.pcapng", "\x0a\x0d\x0d\x0a" }, { "a.sqlog", "\x1e{" }, { "a.qlog", "{" }, { "a.keylog", "" },
  { "a.html", "<!DOCTYPE html>" },    { "a.txt", NULL },      { "a", NULL },     { "a.pcapng.bak", NULL },
};

static void
test_endings (Fixture *fixture, gconstpointer data)
{
  QsRun *run = run_to_end (fixture);
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (folder, names[i].name, NULL);
      g_autofree char *contents = NULL;
      gsize length;

      qs_saving_save (fixture->window, run, path, NULL);
      if (names[i].begins == NULL)
        {
          g_assert_nonnull (strstr (qs_window_get_error (fixture->window), names[i].name));
          g_assert_nonnull (strstr (qs_window_get_error (fixture->window), ".sqlog"));
          g_assert_null (get_told (fixture));
          g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
          continue;
        }
      wait_until (get_told (fixture) != NULL);
      g_assert_cmpstr (get_told (fixture), ==, path);
      g_assert_null (qs_window_get_error (fixture->window));
      g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
      g_assert_cmpuint (length, >, strlen (names[i].begins));
      g_assert_true (memcmp (contents, names[i].begins, strlen (names[i].begins)) == 0);
      g_remove (path);
    }
  g_rmdir (folder);
}

static void
test_failure (Fixture *fixture, gconstpointer data)
{
  QsRun *run = run_to_end (fixture);

  qs_saving_save (fixture->window, run, "/nosuch/folder/a.pcapng", NULL);
  wait_until (qs_window_get_error (fixture->window) != NULL);
  g_assert_null (get_told (fixture));
}

/* The next dialog begins there, also in the next window, and in a window that belongs to this one. */
static void
test_folder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);
  g_autofree char *path = g_build_filename (folder, "picture.svg", NULL);
  GtkWidget *label = fixture_find (fixture, "Runs", GTK_TYPE_WIDGET);
  g_autoptr (GtkWidget) other = g_object_ref_sink (gtk_window_new (GTK_WINDOW_TOPLEVEL));

  g_assert_null (qs_saved_dup_folder (label));
  qs_saved_tell (label, path);
  g_autofree char *next = qs_saved_dup_folder (label);
  g_assert_cmpstr (next, ==, folder);
  g_assert_cmpstr (get_told (fixture), ==, path);
  g_autofree char *kept = qs_settings_dup_string (fixture->settings, "save-folder", "");
  g_assert_cmpstr (kept, ==, folder);

  g_assert_null (qs_saved_dup_folder (other));
  gtk_window_set_transient_for (GTK_WINDOW (other), GTK_WINDOW (fixture->window));
  g_autofree char *others = qs_saved_dup_folder (other);
  g_assert_cmpstr (others, ==, folder);
  gtk_widget_destroy (other);

  g_rmdir (folder);
  g_assert_null (qs_saved_dup_folder (label));
  qs_saved_strip_hide (qs_window_get_saved_strip (fixture->window));
  g_assert_null (get_told (fixture));
}

static void
test_name (Fixture *fixture, gconstpointer data)
{
  QsRun *run = run_to_end (fixture);
  g_autofree char *name = qs_run_dup_file_name (run, ".pcapng");
  g_autofree char *path = g_build_filename (g_get_user_config_dir (), "some name.pcapng", NULL);

  g_assert_true (
      g_regex_match_simple ("^(localhost|127\\.0\\.0\\.1)-\\d{4}-\\d\\d-\\d\\d-\\d{6}\\.pcapng$", name, 0, 0));
  g_assert_true (qs_trace_save (qs_run_get_trace (run), path, QS_TRACE_FORMAT_PCAPNG, NULL));
  g_autoptr (GPtrArray) traces = qs_trace_file_load (path, NULL, NULL, NULL);
  QsRun *file = qs_session_add_trace (fixture->session, traces->pdata[0], "some name.pcapng");
  g_autofree char *of_file = qs_run_dup_file_name (file, ".html");
  g_assert_cmpstr (of_file, ==, "some_name.pcapng.html");
  g_remove (path);
}

static gboolean
menu_has (GMenu *menu, const char *path)
{
  for (int i = 0; i < g_menu_model_get_n_items (G_MENU_MODEL (menu)); i++)
    {
      g_autoptr (GVariant) target =
          g_menu_model_get_item_attribute_value (G_MENU_MODEL (menu), i, G_MENU_ATTRIBUTE_TARGET, NULL);
      if (strcmp (g_variant_get_bytestring (target), path) == 0)
        return TRUE;
    }
  return FALSE;
}

/* The latest QS_RECENT_MOST of them, and none that is gone. */
static void
test_recent (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);
  g_autoptr (GMenu) menu = g_menu_new ();
  char *paths[QS_RECENT_MOST + 1];

  qs_recent_fill (menu, "win.open-recent");
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *name = g_strdup_printf ("a_%u.pcapng", i);
      paths[i] = g_build_filename (folder, name, NULL);
      g_assert_true (g_file_set_contents (paths[i], "", 0, NULL));
      qs_recent_add (paths[i]);
      if (i == 0)
        {
          wait_until (menu_has (menu, paths[0]));
          g_autofree char *label = NULL;
          g_assert_true (g_menu_model_get_item_attribute (G_MENU_MODEL (menu), 0, G_MENU_ATTRIBUTE_LABEL, "s", &label));
          g_assert_cmpstr (label, ==, "a__0.pcapng");
        }
    }
  wait_until (g_menu_model_get_n_items (G_MENU_MODEL (menu)) == QS_RECENT_MOST);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    g_remove (paths[i]);
  qs_recent_add ("/nosuch/file.pcapng");
  wait_until (g_menu_model_get_n_items (G_MENU_MODEL (menu)) == 0);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    g_free (paths[i]);
  g_rmdir (folder);
}

/* What is not there any more is told as any file is that cannot be opened. */
static void
test_open_recent (Fixture *fixture, gconstpointer data)
{
  g_action_group_activate_action (G_ACTION_GROUP (fixture->window), "open-recent",
                                  g_variant_new_bytestring ("/nosuch/file.pcapng"));
  wait_until (qs_window_get_error (fixture->window) != NULL);
}

static void
test_notifier (void)
{
  static const struct {
    QsRunStatus status;
    double seconds;
    gboolean looked_at, told;
  } cases[] = {
    { QS_RUN_FAILED, QS_NOTIFIER_LONG, FALSE, TRUE },
    { QS_RUN_SUCCEEDED, QS_NOTIFIER_LONG, FALSE, TRUE },
    { QS_RUN_FAILED, QS_NOTIFIER_LONG - .1, FALSE, FALSE },
    { QS_RUN_FAILED, QS_NOTIFIER_LONG, TRUE, FALSE },
    { QS_RUN_STOPPED, 60, FALSE, FALSE },
    { QS_RUN_OPEN, 60, FALSE, FALSE },
    { QS_RUN_TRYING, 60, FALSE, FALSE },
    { QS_RUN_FILE, 60, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (qs_notifier_tells (cases[i].status, cases[i].seconds, cases[i].looked_at), ==, cases[i].told);
}

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_test_add ("/app/saving/endings", Fixture, NULL, fixture_set_up, test_endings, fixture_tear_down);
  g_test_add ("/app/saving/failure", Fixture, NULL, fixture_set_up, test_failure, fixture_tear_down);
  g_test_add ("/app/saving/folder", Fixture, NULL, fixture_set_up, test_folder, fixture_tear_down);
  g_test_add ("/app/saving/name", Fixture, NULL, fixture_set_up, test_name, fixture_tear_down);
  g_test_add ("/app/saving/recent", Fixture, NULL, fixture_set_up, test_recent, fixture_tear_down);
  g_test_add ("/app/saving/open-recent", Fixture, NULL, fixture_set_up, test_open_recent, fixture_tear_down);
  g_test_add_func ("/app/saving/notifier", test_notifier);
  return fixture_run ();
}
