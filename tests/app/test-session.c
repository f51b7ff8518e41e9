/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs that outlive the window: a session saved by itself and offered again, and one saved and opened by a person. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/models/qs-kept-folder.h"
#include "app/qs-files.h"
#include "app/qs-keeper.h"
#include "app/qs-opening.h"
#include "app/qs-restoring.h"
#include "app/qs-session-file.h"
#include "probe/qs-kept-archive.h"
#include "window-fixture.h"

static char *
dup_base (void)
{
  return g_build_filename (g_get_user_state_dir (), "quicscope", "sessions", NULL);
}

/* The newest that nobody writes; NULL: there is none. */
static char *
find_last (const char *base)
{
  g_auto (GStrv) all = qs_kept_folder_find_all (base);

  return g_strdup (all[0]);
}

static guint
count_kept (const char *base)
{
  g_auto (GStrv) all = qs_kept_folder_find_all (base);

  return g_strv_length (all);
}

static QsRun *
get_run (Fixture *fixture, guint index)
{
  g_autoptr (QsRun) run = g_list_model_get_item (qs_session_get_runs (fixture->session), index);

  g_assert_nonnull (run);
  return run; /* the list holds it */
}

static guint
count_runs (Fixture *fixture)
{
  return g_list_model_get_n_items (qs_session_get_runs (fixture->session));
}

/* To an end that settles: what the lab's server recorded is there too. */
static QsRun *
run_to_end (Fixture *fixture, const char *scenario)
{
  QsRun *run = fixture_connect_to_lab (fixture, scenario);

  wait_until (qs_run_get_status (run) == QS_RUN_OPEN || !qs_run_is_active (run));
  qs_run_stop (run);
  wait_until (!qs_run_is_active (run));
  return run;
}

static void
wait_for_restored (Fixture *fixture, guint n)
{
  wait_until (qs_restoring_get_n (fixture->window) == 0 && count_runs (fixture) == n &&
              qs_session_get_n_reading (fixture->session) == 0 && qs_files_get_n_loading (fixture->window) == 0);
}

/* All that is said of a run. */
static char *
dup_words (QsRun *run)
{
  g_autoptr (GString) text = g_string_new (qs_run_get_verdict (run));
  GPtrArray *steps = qs_run_get_steps (run), *findings = qs_run_get_findings (run);

  for (guint i = 0; i < steps->len; i++)
    {
      const QsStep *step = steps->pdata[i];
      g_string_append_printf (text, "\n%s %" G_GINT64_FORMAT, step->title, step->time);
    }
  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      g_string_append_printf (text, "\n%s %s %s", finding->id, finding->title, finding->detail);
    }
  g_string_append_printf (text, "\n%s\n%s", qs_run_status_title (qs_run_get_status (run)), qs_run_get_title (run));
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Each file of a session is for its owner alone. */
static void
check_modes (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  GStatBuf info;
  guint n = 0;

  g_assert_cmpint (g_stat (folder, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0700);
  for (const char *name; (name = g_dir_read_name (dir)) != NULL; n++)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_assert_cmpint (g_stat (path, &info), ==, 0);
      g_assert_cmpint (info.st_mode & 0777, ==, 0600);
    }
  g_assert_cmpuint (n, >=, 3); /* the list, the lock, a recording */
}

/* As for somebody who has asked for it. */
static void
install (Fixture *fixture, const char *base)
{
  qs_settings_set_boolean (fixture->settings, "keep-session", TRUE);
  qs_keeper_install (fixture->window, fixture->settings, base);
}

static void
reopen (Fixture *fixture)
{
  fixture_tear_down (fixture, NULL);
  fixture_set_up (fixture, NULL);
  install (fixture, NULL);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *base = dup_base ();

  qs_kept_folder_prune (base, 0);
  fixture_set_up (fixture, data);
  install (fixture, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autofree char *base = dup_base ();

  fixture_tear_down (fixture, data);
  qs_kept_folder_prune (base, 0);
}

/* Live, lab and file: closed, offered, restored, and each says what it said. */
static void
test_restore (Fixture *fixture, gconstpointer data)
{
  g_autofree char *capture =
      g_build_filename (g_getenv ("QS_SRCDIR"), "tests", "cli", "captures", "quic-no-keys.pcap", NULL);
  g_autofree char *base = dup_base ();
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  g_assert_null (qs_window_get_offer (fixture->window));
  run_to_end (fixture, "expired");
  options->alpn = g_strsplit ("h3 hq-interop", " ", 0);
  options->timeout_ms = 300;
  QsRun *live = qs_session_connect (fixture->session, "quic://127.0.0.1:1", options, NULL);
  wait_until (!qs_run_is_active (live));
  qs_run_set_name (live, " nobody there ");
  qs_run_set_note (live, "port 1\n<closed>");
  qs_files_open (fixture->window, capture, NULL);
  wait_until (count_runs (fixture) == 3 && qs_opening_get_n (fixture->window) == 0);
  for (guint i = 0; i < 3; i++)
    {
      wait_until (!qs_run_is_reading (get_run (fixture, i)));
      qs_run_refresh (get_run (fixture, i));
    }
  wait_until (qs_run_get_join (get_run (fixture, 0)) != NULL);
  /* What the server sends last is in its recording a moment after the end. */
  wait_until (qs_keeper_is_idle (fixture->window));
  g_autofree char *folder = NULL;
  g_assert_null (find_last (base)); /* it is being written */
  for (guint i = 0; i < 3; i++)
    g_ptr_array_add (words, dup_words (get_run (fixture, i)));

  reopen (fixture);
  wait_until (qs_window_get_offer (fixture->window) != NULL);
  g_assert_nonnull (strstr (qs_window_get_offer (fixture->window), "3 runs"));
  g_assert_nonnull (strstr (qs_window_get_offer (fixture->window), "secrets"));
  folder = find_last (base);
  check_modes (folder);
  g_assert_cmpuint (count_runs (fixture), ==, 0);
  g_assert_true (fixture_can (fixture, "restore-session"));
  fixture_act (fixture, "restore-session");
  wait_for_restored (fixture, 3);
  g_assert_null (qs_window_get_error (fixture->window));
  g_assert_null (qs_window_get_offer (fixture->window));
  for (guint i = 0; i < 3; i++)
    {
      QsRun *run = get_run (fixture, i);
      qs_run_refresh (run);
      g_autofree char *again = dup_words (run);
      g_assert_cmpstr (again, ==, words->pdata[i]);
    }
  QsRun *again = get_run (fixture, 1);
  g_assert_cmpstr (qs_run_get_name (again), ==, "nobody there");
  g_assert_cmpstr (qs_run_get_note (again), ==, "port 1\n<closed>");
  g_assert_cmpstr (qs_target_to_string (qs_run_get_target (again)), ==, "quic://127.0.0.1:1");
  g_assert_cmpstr (qs_run_get_options (again)->alpn[1], ==, "hq-interop");
  g_assert_cmpuint (qs_run_get_options (again)->timeout_ms, ==, 300);
  wait_until (qs_run_get_join (get_run (fixture, 0)) != NULL); /* both ends */
  g_assert_cmpstr (qs_run_get_scenario (get_run (fixture, 0)), ==, "expired");
  g_assert_null (qs_run_get_target (get_run (fixture, 2)));

  /* They are kept anew, and what they came from goes. */
  wait_until (qs_keeper_is_idle (fixture->window));
  wait_until (!g_file_test (folder, G_FILE_TEST_EXISTS));
  reopen (fixture);
  wait_until (qs_window_get_offer (fixture->window) != NULL);
  fixture_act (fixture, "discard-session");
  g_assert_false (fixture_can (fixture, "restore-session"));
  g_assert_nonnull (strstr (qs_window_get_offer (fixture->window), "deleted when"));
  fixture_act (fixture, "undo-discard-session"); /* nothing is gone yet */
  g_assert_true (fixture_can (fixture, "restore-session"));
  fixture_act (fixture, "discard-session");
  fixture_act (fixture, "hide-session-offer");
  g_assert_null (qs_window_get_offer (fixture->window));
  g_assert_false (fixture_can (fixture, "undo-discard-session"));
  char *last;
  wait_until ((last = find_last (base)) == NULL || (g_free (last), FALSE));
}

/* Again as it was: the same target, or the built-in server with the same scenario. */
static void
test_again (Fixture *fixture, gconstpointer data)
{
  run_to_end (fixture, "expired");
  reopen (fixture);
  wait_until (fixture_can (fixture, "restore-session"));
  fixture_act (fixture, "restore-session");
  wait_for_restored (fixture, 1);
  qs_lab_set_scenario (qs_session_get_lab (fixture->session), NULL);
  qs_session_set_run (fixture->session, get_run (fixture, 0));
  g_assert_true (fixture_can (fixture, "run-again") && fixture_can (fixture, "edit-run"));
  fixture_act (fixture, "run-again");
  wait_until (count_runs (fixture) == 2);
  wait_until (!qs_run_is_active (get_run (fixture, 1)));
  g_assert_true (fixture_has_finding (get_run (fixture, 1), "certificate-expired"));
}

/* What is switched off keeps nothing, and takes away what was kept. */
static void
test_off (Fixture *fixture, gconstpointer data)
{
  g_autofree char *base = dup_base ();

  run_to_end (fixture, NULL);
  wait_until (qs_keeper_is_idle (fixture->window));
  g_action_group_change_action_state (G_ACTION_GROUP (fixture->window), "keep-session", g_variant_new_boolean (FALSE));
  run_to_end (fixture, NULL);
  fixture_tear_down (fixture, NULL);
  char *last;
  wait_until ((last = find_last (base)) == NULL || (g_free (last), FALSE));
  fixture_set_up (fixture, NULL);
  qs_keeper_install (fixture->window, fixture->settings, NULL);
}

/* Off and on again: what the window has is kept as before, what was kept of earlier times goes with the strip. */
static void
test_off_and_on (Fixture *fixture, gconstpointer data)
{
  g_autofree char *base = dup_base ();

  run_to_end (fixture, NULL);
  reopen (fixture);
  wait_until (fixture_can (fixture, "restore-session"));
  run_to_end (fixture, NULL);
  run_to_end (fixture, NULL);
  wait_until (qs_keeper_is_idle (fixture->window));
  g_action_group_change_action_state (G_ACTION_GROUP (fixture->window), "keep-session", g_variant_new_boolean (FALSE));
  g_assert_true (fixture_can (fixture, "undo-discard-session"));
  g_action_group_change_action_state (G_ACTION_GROUP (fixture->window), "keep-session", g_variant_new_boolean (TRUE));
  wait_until (qs_keeper_is_idle (fixture->window));
  g_assert_null (qs_window_get_error (fixture->window));
  fixture_act (fixture, "hide-session-offer");
  char *last;
  wait_until ((last = find_last (base)) == NULL || (g_free (last), FALSE));
  reopen (fixture);
  wait_until (qs_window_get_offer (fixture->window) != NULL);
  g_assert_nonnull (strstr (qs_window_get_offer (fixture->window), "2 runs"));
  fixture_act (fixture, "restore-session");
  wait_for_restored (fixture, 2);
  g_assert_null (qs_window_get_error (fixture->window));
}

/* Sessions that nobody decided on stay, each for itself, and are offered one after the other; five of them. */
static void
test_several (Fixture *fixture, gconstpointer data)
{
  g_autofree char *base = dup_base ();

  for (guint i = 0; i < 7; i++)
    {
      run_to_end (fixture, NULL);
      wait_until (qs_keeper_is_idle (fixture->window));
      reopen (fixture);
      wait_until (fixture_can (fixture, "restore-session"));
    }
  run_to_end (fixture, NULL);
  wait_until (count_kept (base) == 5);
  fixture_act (fixture, "restore-session");
  wait_for_restored (fixture, 2);
  wait_until (qs_keeper_is_idle (fixture->window));
  wait_until (count_kept (base) == 4);
  g_assert_true (fixture_can (fixture, "restore-session"));
}

static void
touch (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, "", 0, NULL));
}

/* What a writer that was killed left behind goes with its folder: a recording aside, and a folder without a list. */
static void
test_killed (Fixture *fixture, gconstpointer data)
{
  g_autofree char *base = dup_base (), *working = qs_kept_folder_dup_base (QS_KEPT_WORKING);
  QsKeptFolder *kept = qs_kept_folder_new_below (base), *used = qs_kept_folder_new_below (working);
  g_autofree char *folder = g_strdup (qs_kept_folder_get_path (kept));
  g_autofree char *other = g_strdup (qs_kept_folder_get_path (used));

  /* Locked, so that what is cleared away meanwhile is not these. */
  g_assert_true (qs_kept_folder_make (kept, NULL) && qs_kept_folder_make (used, NULL));
  touch (folder, ".run-1.pcapng.a1b2c3");
  touch (other, "run-1.pcapng");
  touch (other, QS_KEPT_LIST);
  reopen (fixture);
  g_assert_true (g_file_test (other, G_FILE_TEST_EXISTS));
  g_object_unref (kept);
  g_object_unref (used);
  reopen (fixture);
  wait_until (!g_file_test (other, G_FILE_TEST_EXISTS));
  run_to_end (fixture, NULL);
  wait_until (!g_file_test (folder, G_FILE_TEST_EXISTS));
}

static void
destroyed_cb (GtkWidget *widget, gpointer gone)
{
  *(gboolean *) gone = TRUE;
}

/* Closed while it is saved: it is saved, then the window goes; where it cannot be saved the window stays and says so. */
static void
test_close_while_saving (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);
  g_autofree char *path = g_build_filename (folder, "a" QS_KEPT_ENDING, NULL);
  g_autofree char *nowhere = g_build_filename (folder, "no", "a" QS_KEPT_ENDING, NULL);
  gboolean gone = FALSE;

  run_to_end (fixture, NULL);
  qs_session_file_save (fixture->window, nowhere);
  gtk_window_close (GTK_WINDOW (fixture->window));
  wait_until (qs_window_get_error (fixture->window) != NULL);
  g_assert_false (qs_window_is_closing (fixture->window));
  g_assert_true (gtk_widget_get_visible (GTK_WIDGET (fixture->window)));
  g_signal_connect (fixture->window, "destroy", G_CALLBACK (destroyed_cb), &gone);
  qs_session_file_save (fixture->window, path);
  wait_until (qs_session_file_get_n_saving (fixture->window) == 0);
  g_assert_false (qs_window_is_closing (fixture->window)); /* that it was to be closed is over with the fault */
  qs_session_file_save (fixture->window, path);
  gtk_window_close (GTK_WINDOW (fixture->window));
  wait_until (gone);
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
  fixture_tear_down (fixture, NULL);
  fixture_set_up (fixture, NULL);
  g_remove (path);
  g_rmdir (folder);
}

/* Nothing is written until somebody asks for it, and then what is there already, too. */
static void
test_unasked (Fixture *fixture, gconstpointer data)
{
  g_autofree char *base = dup_base ();

  qs_kept_folder_prune (base, 0);
  qs_keeper_install (fixture->window, fixture->settings, NULL);
  run_to_end (fixture, NULL);
  wait_until (qs_keeper_is_idle (fixture->window));
  fixture_tear_down (fixture, NULL);
  g_assert_null (find_last (base));

  fixture_set_up (fixture, NULL);
  qs_keeper_install (fixture->window, fixture->settings, NULL);
  run_to_end (fixture, NULL);
  g_action_group_change_action_state (G_ACTION_GROUP (fixture->window), "keep-session", g_variant_new_boolean (TRUE));
  wait_until (qs_keeper_is_idle (fixture->window));
  fixture_tear_down (fixture, NULL);
  g_autofree char *last = NULL;
  wait_until ((last = find_last (base)) != NULL);
  fixture_set_up (fixture, NULL);
  qs_keeper_install (fixture->window, fixture->settings, NULL);
}

/* A run that is under way when the window closes is kept as far as it came. */
static void
test_close (Fixture *fixture, gconstpointer data)
{
  QsRun *run = fixture_connect_to_lab (fixture, NULL);

  wait_until (qs_run_get_status (run) == QS_RUN_OPEN);
  reopen (fixture);
  wait_until (fixture_can (fixture, "restore-session"));
  fixture_act (fixture, "restore-session");
  wait_for_restored (fixture, 1);
  g_assert_cmpint (qs_run_get_status (get_run (fixture, 0)), !=, QS_RUN_FILE);
  g_assert_cmpuint (qs_run_get_summary (get_run (fixture, 0))->total, >, 0);
}

/* --- By a person --- */

static char *
save_session (Fixture *fixture, const char *folder)
{
  char *path = g_build_filename (folder, "a" QS_KEPT_ENDING, NULL);
  QsSavedStrip *strip = qs_window_get_saved_strip (fixture->window);
  GStatBuf info;

  qs_session_file_save (fixture->window, path);
  wait_until (qs_saved_strip_get_path (strip) != NULL);
  g_assert_null (qs_window_get_error (fixture->window));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  return path;
}

static void
test_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);
  g_autofree char *wrong = g_build_filename (folder, "a.zip", NULL);

  run_to_end (fixture, "self-signed");
  qs_run_set_name (get_run (fixture, 0), "first");
  g_autofree char *words = dup_words (get_run (fixture, 0));
  qs_session_file_save (fixture->window, wrong);
  g_assert_nonnull (strstr (qs_window_get_error (fixture->window), QS_KEPT_ENDING));
  g_assert_false (g_file_test (wrong, G_FILE_TEST_EXISTS));
  g_autofree char *path = save_session (fixture, folder);
  g_autofree char *nowhere = g_build_filename (folder, "no", "a" QS_KEPT_ENDING, NULL);
  qs_session_file_save (fixture->window, nowhere);
  wait_until (qs_window_get_error (fixture->window) != NULL);

  /* As any file: by argument, by drop, by dialog. */
  qs_session_forget_all (fixture->session);
  qs_files_open (fixture->window, path, NULL);
  wait_for_restored (fixture, 1);
  qs_run_refresh (get_run (fixture, 0));
  g_autofree char *again = dup_words (get_run (fixture, 0));
  g_assert_cmpstr (again, ==, words);
  g_remove (path);
  g_rmdir (folder);
}

typedef enum { HALF, NO_LIST, NEWER, LEADS_OUT, MISSING, N_DAMAGES } Damage;

static void
write_archive (const char *path, const char *folder, Damage damage)
{
  static const char *const lists[N_DAMAGES] = {
    [NO_LIST] = "{}",
    [NEWER] = "{\"format\":\"Quicscope session\",\"version\":2,\"runs\":[]}",
    [LEADS_OUT] =
        "{\"format\":\"Quicscope session\",\"version\":1,\"runs\":[{\"recording\":\"/etc/passwd\",\"title\":\"t\","
        "\"started\":1,\"outcome\":\"file\"}]}",
    [MISSING] =
        "{\"format\":\"Quicscope session\",\"version\":1,\"runs\":[{\"recording\":\"run-9.pcapng\",\"title\":\"t\","
        "\"started\":1,\"outcome\":\"file\"}]}",
  };
  const char *const names[] = { QS_KEPT_LIST, NULL };
  g_autofree char *list = g_build_filename (folder, QS_KEPT_LIST, NULL);

  g_assert_true (g_file_set_contents (list, lists[damage], -1, NULL));
  g_assert_true (qs_kept_archive_pack (folder, names, path, NULL, NULL));
  g_remove (list);
}

/* Half, foreign, newer: a sentence that names the file, and nothing of it in the list. */
static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  static const char *const says[N_DAMAGES] = {
    [HALF] = "ends too early", [NO_LIST] = "not one of", [NEWER] = "newer", [LEADS_OUT] = "damaged", [MISSING] = "t: ",
  };
  g_autofree char *folder = g_dir_make_tmp (NULL, NULL);

  run_to_end (fixture, NULL);
  g_autofree char *path = save_session (fixture, folder);
  g_autofree char *whole = NULL;
  gsize length;
  g_assert_true (g_file_get_contents (path, &whole, &length, NULL));
  qs_session_forget_all (fixture->session);
  for (guint i = 0; i < N_DAMAGES; i++)
    {
      if (i == HALF)
        g_assert_true (g_file_set_contents (path, whole, (gssize) (length / 2), NULL));
      else
        write_archive (path, folder, i);
      qs_window_show_error (fixture->window, NULL);
      qs_files_open (fixture->window, path, NULL);
      wait_until (qs_window_get_error (fixture->window) != NULL);
      g_test_message ("%s", qs_window_get_error (fixture->window));
      g_assert_nonnull (strstr (qs_window_get_error (fixture->window), says[i]));
      wait_until (qs_restoring_get_n (fixture->window) == 0);
      g_assert_cmpuint (count_runs (fixture), ==, 0);
    }
  g_remove (path);
  g_rmdir (folder);
}

/* Of several runs one is damaged: the others are there. */
static void
test_one_damaged (Fixture *fixture, gconstpointer data)
{
  g_autofree char *base = dup_base ();

  run_to_end (fixture, NULL);
  run_to_end (fixture, NULL);
  fixture_tear_down (fixture, NULL);
  g_autofree char *folder = find_last (base);
  g_autofree char *list = g_build_filename (folder, QS_KEPT_LIST, NULL);
  g_autofree char *text = NULL;
  g_assert_true (g_file_get_contents (list, &text, NULL, NULL));
  g_autoptr (GPtrArray) runs = qs_kept_runs_from_text (text, strlen (text), NULL);
  g_assert_cmpuint (runs->len, ==, 2);
  g_autofree char *recording = g_build_filename (folder, ((QsKeptRun *) runs->pdata[0])->recording, NULL);
  g_assert_true (g_file_set_contents (recording, "no capture", -1, NULL));
  fixture_set_up (fixture, NULL);
  install (fixture, NULL);
  wait_until (fixture_can (fixture, "restore-session"));
  fixture_act (fixture, "restore-session");
  wait_for_restored (fixture, 1);
  g_assert_nonnull (qs_window_get_error (fixture->window));
  /* What could not be read is not taken away: it is the only copy. */
  wait_until (qs_keeper_is_idle (fixture->window));
  g_assert_true (g_file_test (recording, G_FILE_TEST_EXISTS));
  g_assert_true (fixture_can (fixture, "restore-session"));
}

/* The main loop is not held while a session of many runs is written and read. */
#define MANY 40

static gboolean
tick_cb (gpointer longest)
{
  static gint64 before;
  gint64 now = g_get_monotonic_time ();

  if (before > 0 && now - before > *(gint64 *) longest)
    *(gint64 *) longest = now - before;
  before = now;
  return G_SOURCE_CONTINUE;
}

static void
test_many (Fixture *fixture, gconstpointer data)
{
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  gint64 longest = 0;

  options->timeout_ms = 200;
  for (guint i = 0; i < MANY; i++)
    qs_session_connect (fixture->session, "quic://127.0.0.1:1", options, NULL);
  wait_until (qs_session_get_n_active (fixture->session) == 0);
  guint id = g_timeout_add (1, tick_cb, &longest);
  wait_until (qs_keeper_is_idle (fixture->window));
  g_source_remove (id);
  g_test_message ("%d runs were kept; the longest turn of the loop took %.1f ms", MANY, (double) longest / 1000);
  reopen (fixture);
  wait_until (fixture_can (fixture, "restore-session"));
  fixture_act (fixture, "restore-session");
  wait_for_restored (fixture, MANY);
  for (guint i = 0; i < MANY; i++)
    g_assert_cmpint (qs_run_get_status (get_run (fixture, i)), ==, QS_RUN_FAILED);
}

/* What stands in the folder and is none of ours, or may never end, is passed over and left alone. */
static void
test_foreign (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "pipe", "zero", "loop", "empty" };
  g_autofree char *base = dup_base ();
  g_autofree char *file = g_build_filename (base, "file", NULL);

  fixture_tear_down (fixture, NULL);
  g_mkdir_with_parents (base, 0700);
  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *folder = g_build_filename (base, names[i], NULL);
      g_autofree char *list = g_build_filename (folder, QS_KEPT_LIST, NULL);
      g_autofree char *lock = g_build_filename (folder, "lock", NULL);
      g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
      g_assert_cmpint (mkfifo (lock, 0600), ==, 0);
      if (i == 0)
        g_assert_cmpint (mkfifo (list, 0600), ==, 0);
      else if (i < 3)
        g_assert_cmpint (symlink (i == 1 ? "/dev/zero" : list, list), ==, 0);
    }
  g_assert_null (find_last (base));
  fixture_set_up (fixture, NULL);
  install (fixture, NULL);
  run_to_end (fixture, NULL);
  wait_until (qs_keeper_is_idle (fixture->window));
  g_assert_null (qs_window_get_offer (fixture->window));
  g_assert_true (g_file_test (file, G_FILE_TEST_EXISTS));
  g_remove (file);
}

static gboolean
log_has (Fixture *fixture, const char *text)
{
  g_autofree char *log = qs_log_to_text (qs_session_get_log (fixture->session));

  return strstr (log, text) != NULL;
}

static GtkDialog *
find_question (void)
{
  g_autoptr (GList) windows = gtk_window_list_toplevels ();

  for (GList *at = windows; at != NULL; at = at->next)
    if (GTK_IS_MESSAGE_DIALOG (at->data) && gtk_widget_get_visible (at->data))
      return at->data;
  return NULL;
}

/* A folder that cannot be made: the window says so as long as it is so, and who closes it is asked before the runs are gone. */
static void
test_nowhere (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (g_get_user_config_dir (), "no-folder", NULL);

  fixture_tear_down (fixture, NULL);
  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  fixture_set_up (fixture, NULL);
  install (fixture, file);
  run_to_end (fixture, NULL);
  wait_until (log_has (fixture, "no-folder"));
  g_assert_nonnull (strstr (qs_window_get_error (fixture->window), "no-folder"));
  gtk_window_close (GTK_WINDOW (fixture->window));
  GtkDialog *question, *again;
  wait_until ((question = find_question ()) != NULL);
  gtk_dialog_response (question, GTK_RESPONSE_OK);
  wait_until ((again = find_question ()) != NULL);
  g_assert_nonnull (fixture->window);
  g_remove (file);
  gtk_dialog_response (again, GTK_RESPONSE_OK);
  wait_until (fixture->window == NULL);
  g_assert_null (find_question ());
  g_autofree char *kept = find_last (file);
  g_assert_nonnull (kept);
  qs_kept_folder_prune (file, 0);
  g_rmdir (file);
  fixture_set_up (fixture, NULL);

  /* Without them. */
  qs_settings_set_boolean (fixture->settings, "keep-session", TRUE);
  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  qs_keeper_install (fixture->window, fixture->settings, file);
  run_to_end (fixture, NULL);
  gtk_window_close (GTK_WINDOW (fixture->window));
  wait_until ((question = find_question ()) != NULL);
  gtk_dialog_response (question, GTK_RESPONSE_CLOSE);
  wait_until (fixture->window == NULL);
  fixture_tear_down (fixture, NULL);
  fixture_set_up (fixture, NULL);
  g_remove (file);
}

/* --- Names and notes --- */

static void
test_name (Fixture *fixture, gconstpointer data)
{
  QsRun *run = run_to_end (fixture, NULL);

  fixture_act (fixture, "name-run");
  g_autoptr (GList) windows = gtk_window_list_toplevels ();
  GtkWidget *dialog = NULL;
  for (GList *at = windows; at != NULL; at = at->next)
    if (GTK_IS_DIALOG (at->data) && gtk_widget_get_visible (at->data))
      dialog = at->data;
  g_assert_nonnull (dialog);
  gtk_entry_set_text (fixture_find_in (dialog, "Name of the run", GTK_TYPE_ENTRY), "before the change");
  GtkTextView *note = fixture_find_in (dialog, "Note on the run", GTK_TYPE_TEXT_VIEW);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (note), "with the old proxy", -1);
  gtk_dialog_response (GTK_DIALOG (dialog), GTK_RESPONSE_OK);
  g_assert_cmpstr (qs_run_get_title (run), ==, "before the change");
  g_assert_cmpstr (qs_run_get_note (run), ==, "with the old proxy");
  g_assert_nonnull (strstr (gtk_window_get_title (GTK_WINDOW (fixture->window)), "before the change"));
  qs_run_set_name (run, "  ");
  g_assert_null (qs_run_get_name (run));
  g_assert_cmpstr (qs_run_get_title (run), ==, qs_run_get_own_title (run));
  g_assert_nonnull (strstr (gtk_window_get_title (GTK_WINDOW (fixture->window)), qs_run_get_own_title (run)));
}

/* What a thread does on the disk is seen by looking. */
static gboolean
look_again_cb (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

#define ADD(name, test) g_test_add ("/app/session/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  fixture_init (&argc, &argv);
  g_timeout_add (20, look_again_cb, NULL);
  /* Before all that ask for it: settings stay from one to the next. */
  g_test_add ("/app/session/unasked", Fixture, NULL, fixture_set_up, test_unasked, tear_down);
  ADD ("restore", test_restore);
  ADD ("again", test_again);
  ADD ("off", test_off);
  ADD ("off-and-on", test_off_and_on);
  ADD ("several", test_several);
  ADD ("killed", test_killed);
  ADD ("close", test_close);
  ADD ("close-while-saving", test_close_while_saving);
  ADD ("file", test_file);
  ADD ("damaged", test_damaged);
  ADD ("one-damaged", test_one_damaged);
  ADD ("many", test_many);
  ADD ("foreign", test_foreign);
  ADD ("nowhere", test_nowhere);
  ADD ("name", test_name);
  return fixture_run ();
}
