/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every scenario, tried from the lab's own list as a person does, with the finding that the page says is to be expected. */
#include <string.h>

#include "base/qs-i18n.h"
#include "server/qs-server.h"
#include "window-fixture.h"

/* Findings that a run may have which has nothing to tell. */
static const char *const harmless[] = { "retry",      "post-quantum-hello", "packet-loss",
                                        "reordering", "slow-handshake",     NULL };

static GtkListBoxRow *
find_row (Fixture *fixture, const QsScenario *scenario)
{
  GtkListBox *list = fixture_find (fixture, "Scenarios", GTK_TYPE_LIST_BOX);
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (list, i)) != NULL; i++)
    {
      GtkWidget *label = gtk_bin_get_child (GTK_BIN (row));
      if (g_str_equal (gtk_label_get_text (GTK_LABEL (label)), _ (scenario->title)))
        return row;
    }
  g_error ("The list has no %s", scenario->name);
}

/* TRUE once it has told what it has to tell: some findings stand long before the run gives up. */
static gboolean
has_told (QsRun *run, const char *finding)
{
  QsRunStatus status = qs_run_get_status (run);

  if (finding != NULL && fixture_has_finding (run, finding))
    return TRUE;
  return finding == NULL ? status == QS_RUN_OPEN || status == QS_RUN_SUCCEEDED || status == QS_RUN_FAILED
                         : status == QS_RUN_FAILED;
}

/* What shows by the time that a path takes: a busy machine takes longer, and it shows in the next run. */
static const char *const timed[] = { "amplification", NULL };
#define ATTEMPTS 5

static void
check_harmless (QsRun *run)
{
  GPtrArray *findings = qs_run_get_findings (run);

  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      g_test_message ("%s", finding->id);
      g_assert_true (g_strv_contains (harmless, finding->id));
    }
}

static QsRun *
try_again (Fixture *fixture)
{
  QsRun *before = qs_session_get_run (fixture->session);

  fixture_act (fixture, "try-lab");
  wait_until (qs_session_get_run (fixture->session) != before);
  QsRun *run = qs_session_get_run (fixture->session);
  wait_until (!qs_run_is_active (run) || qs_run_get_status (run) == QS_RUN_OPEN);
  qs_run_stop (run);
  wait_until (!qs_run_is_active (run));
  return run;
}

static void
test_scenario (Fixture *fixture, gconstpointer data)
{
  const QsScenario *scenario = data;
  GtkListBoxRow *row;

  qs_window_show_page (fixture->window, "lab");
  row = find_row (fixture, scenario);
  gtk_list_box_select_row (GTK_LIST_BOX (gtk_widget_get_parent (GTK_WIDGET (row))), row);
  g_assert_cmpstr (qs_lab_get_scenario (qs_session_get_lab (fixture->session)), ==, scenario->name);
  g_autofree char *expected = qs_lab_dup_expectation (qs_session_get_lab (fixture->session));
  g_assert_true (scenario->finding == NULL || strstr (expected, scenario->finding) != NULL);
  gtk_widget_activate (GTK_WIDGET (row));
  wait_until (qs_session_get_run (fixture->session) != NULL);
  QsRun *run = qs_session_get_run (fixture->session);
  gboolean by_time = g_strv_contains (timed, scenario->name);
  wait_until (has_told (run, by_time ? NULL : scenario->finding));
  qs_run_refresh (run);
  for (guint i = 1; i < ATTEMPTS && by_time && !fixture_has_finding (run, scenario->finding); i++)
    {
      qs_run_stop (run);
      wait_until (!qs_run_is_active (run));
      run = try_again (fixture);
      qs_run_refresh (run);
    }
  if (scenario->finding != NULL)
    g_assert_true (fixture_has_finding (run, scenario->finding));
  else
    {
      g_assert_cmpint (qs_run_get_status (run), !=, QS_RUN_FAILED);
      qs_run_refresh (run); /* the state is told at once, findings with the next look */
      check_harmless (run);
    }
  qs_run_stop (run);
  wait_until (!qs_run_is_active (run));
}

/* The second run needs no certificate, until it is another server. */
static void
test_resumption (Fixture *fixture, gconstpointer data)
{
  QsLab *lab = qs_session_get_lab (fixture->session);

  qs_window_show_page (fixture->window, "lab");
  qs_lab_set_scenario (lab, "resumption");
  g_assert_cmpint (qs_run_get_summary (try_again (fixture))->resumed, ==, FALSE);
  g_assert_cmpint (qs_run_get_summary (try_again (fixture))->resumed, ==, TRUE);
  qs_lab_set_scenario (lab, "echo");
  g_assert_cmpint (qs_run_get_summary (try_again (fixture))->resumed, ==, FALSE);
  g_assert_cmpint (qs_run_get_summary (try_again (fixture))->resumed, ==, FALSE);
}

static void
test_blocked_path (Fixture *fixture, gconstpointer data)
{
  QsLab *lab = qs_session_get_lab (fixture->session);
  GtkComboBox *path = fixture_find (fixture, "Path", GTK_TYPE_COMBO_BOX);

  qs_window_show_page (fixture->window, "lab");
  gtk_combo_box_set_active_id (path, "filtered-udp");
  g_autofree char *blocked = qs_lab_dup_expectation (lab);
  g_assert_nonnull (strstr (blocked, "no-reply"));
  fixture_act (fixture, "try-lab");
  wait_until (qs_session_get_run (fixture->session) != NULL);
  QsRun *run = qs_session_get_run (fixture->session);
  wait_until (fixture_has_finding (run, "no-reply"));
  qs_run_stop (run);
  wait_until (!qs_run_is_active (run));

  /* TCP takes another path. */
  qs_lab_set_scenario (lab, "tcp-plain");
  g_autofree char *tcp = qs_lab_dup_expectation (lab);
  g_assert_nonnull (strstr (tcp, "plain-tcp"));
  qs_lab_set_scenario (lab, "echo");
  gtk_combo_box_set_active_id (path, "bad-wifi");
  g_autofree char *works = qs_lab_dup_expectation (lab);
  g_assert_null (strstr (works, "no-reply"));
  g_assert_nonnull (strstr (works, "works"));
}

/* --part=2/3: the second of three programs that share the scenarios among them, for most of it is waiting. */
static void
take_part (int *argc, char **argv, guint *part, guint *parts)
{
  *part = 1;
  *parts = 1;
  if (*argc < 2 || sscanf (argv[1], "--part=%u/%u", part, parts) != 2)
    return;
  g_assert_cmpuint (*part, >=, 1);
  g_assert_cmpuint (*part, <=, *parts);
  for (int i = 1; i < *argc; i++)
    argv[i] = argv[i + 1];
  --*argc;
}

int
main (int argc, char **argv)
{
  guint n, part, parts;
  const QsScenario *scenarios = qs_scenarios (&n);

  take_part (&argc, argv, &part, &parts);
  fixture_init (&argc, &argv);
  if (part == 1)
    {
      g_test_add ("/app/lab/blocked-path", Fixture, NULL, fixture_set_up, test_blocked_path, fixture_tear_down);
      g_test_add ("/app/lab/second-run-resumes", Fixture, NULL, fixture_set_up, test_resumption, fixture_tear_down);
    }
  for (guint i = part - 1; i < n; i += parts)
    {
      g_autofree char *path = g_strconcat ("/app/lab/", scenarios[i].name, NULL);
      g_test_add (path, Fixture, &scenarios[i], fixture_set_up, test_scenario, fixture_tear_down);
    }
  return fixture_run ();
}
