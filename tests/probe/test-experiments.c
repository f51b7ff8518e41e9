/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a run's experiments, against the local server in this process. */
#include "../engine/runner.h"
#include "diagnosis/qs-experiment-words.h"
#include "diagnosis/qs-finding.h"
#include "probe/qs-experiment-table.h"
#include "probe/qs-experiments.h"

static QsProbe *
failing_probe (Fixture *fixture, QsMode mode, QsExperimentPolicy policy)
{
  g_autoptr (QsProbeOptions) options = fixture_options (fixture, mode);

  options->experiments = policy;
  return fixture_probe (fixture, "quic", "", options);
}

static gboolean
is_trying (gpointer data)
{
  QsExperiments *experiments = data;
  guint n = g_list_model_get_n_items (qs_experiments_get_model (experiments));

  return qs_experiments_are_under_way (experiments) && n > 0;
}

static guint
count_marks (QsProbe *probe)
{
  g_autoptr (GPtrArray) marks = qs_experiment_marks (qs_probe_get_trace (probe));

  return marks->len;
}

/* What is in the list is what is in the trace, and "finished" comes behind it. */
static void
test_marks (void)
{
  Fixture fixture;

  fixture_init (&fixture, "server-error-alert", NULL);
  g_autoptr (QsProbe) probe = failing_probe (&fixture, QS_MODE_NONBLOCKING, QS_EXPERIMENTS_AUTO);
  g_autoptr (QsExperiments) experiments = qs_experiments_new (probe);
  run_probe (probe);
  g_assert_false (qs_probe_get_succeeded (probe));
  g_assert_false (qs_experiments_are_under_way (experiments));
  GListModel *model = qs_experiments_get_model (experiments);
  g_autoptr (GPtrArray) marks = qs_experiment_marks (qs_probe_get_trace (probe));
  g_assert_cmpuint (marks->len, >, 0);
  g_assert_cmpuint (marks->len, <=, QS_MOST_EXPERIMENTS);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, marks->len);
  for (guint i = 0; i < marks->len; i++)
    {
      g_autoptr (QsExperiment) experiment = g_list_model_get_item (model, i);
      const QsMark *mark = marks->pdata[i];
      g_assert_cmpstr (qs_experiment_get_id (experiment), ==, mark->name);
      g_assert_cmpint (qs_experiment_get_outcome (experiment), ==, mark->value);
      g_assert_cmpstr (qs_experiment_get_conclusion (experiment), ==, mark->text);
      if (qs_experiment_get_probe (experiment) != NULL)
        g_assert_true (qs_probe_get_finished (qs_experiment_get_probe (experiment)));
    }
  fixture_clear (&fixture);
}

/* The end of the run itself is not put off by them. */
static void
test_outcome_comes_first (void)
{
  Fixture fixture;
  gint64 outcome = -1, first = -1;

  fixture_init (&fixture, "server-error-alert", NULL);
  g_autoptr (QsProbe) probe = failing_probe (&fixture, QS_MODE_NONBLOCKING, QS_EXPERIMENTS_AUTO);
  g_autoptr (QsExperiments) experiments = qs_experiments_new (probe);
  run_probe (probe);
  QsTrace *trace = qs_probe_get_trace (probe);
  for (guint i = 0; i < qs_trace_get_n_marks (trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (trace, i, NULL);
      if (mark->kind == QS_MARK_OUTCOME)
        outcome = i;
      if (mark->kind == QS_MARK_EXPERIMENT && first < 0)
        first = i;
    }
  g_assert_cmpint (outcome, >=, 0);
  g_assert_cmpint (first, >, outcome);
  fixture_clear (&fixture);
}

static void
test_none (void)
{
  Fixture fixture;

  fixture_init (&fixture, "server-error-alert", NULL);
  g_autoptr (QsProbe) probe = failing_probe (&fixture, QS_MODE_NONBLOCKING, QS_EXPERIMENTS_NONE);
  g_autoptr (QsExperiments) experiments = qs_experiments_new (probe);
  run_probe (probe);
  g_assert_cmpuint (count_marks (probe), ==, 0);
  fixture_clear (&fixture);
}

/* Stopped while they are under way: beside a handshake that waits, in every mode. */
static void
test_stop (gconstpointer data)
{
  Fixture fixture;

  fixture_init (&fixture, "silent-after-ack", NULL);
  g_autoptr (QsProbe) probe = failing_probe (&fixture, (QsMode) GPOINTER_TO_INT (data), QS_EXPERIMENTS_AUTO);
  g_autoptr (QsExperiments) experiments = qs_experiments_new (probe);
  qs_probe_start (probe);
  run_until (is_trying, experiments);
  qs_probe_stop (probe);
  run_probe (probe);
  g_assert_true (qs_probe_get_stopped (probe));
  g_assert_false (qs_experiments_are_under_way (experiments));
  fixture_clear (&fixture);
}

/* Behind the end of one that was refused. */
static void
stop_when_ended_cb (QsProbe *probe)
{
  qs_probe_stop (probe);
}

static void
test_stop_of_an_ended_one (void)
{
  Fixture fixture;

  fixture_init (&fixture, "server-error-alert", NULL);
  g_autoptr (QsProbe) probe = failing_probe (&fixture, QS_MODE_NONBLOCKING, QS_EXPERIMENTS_AUTO);
  g_autoptr (QsExperiments) experiments = qs_experiments_new (probe);
  g_signal_connect (probe, "ended", G_CALLBACK (stop_when_ended_cb), NULL);
  run_probe (probe);
  g_assert_false (qs_probe_get_stopped (probe)); /* it had failed by then */
  g_assert_false (qs_experiments_are_under_way (experiments));
  g_assert_cmpuint (count_marks (probe), ==, 0);
  fixture_clear (&fixture);
}

static void
test_dropped_under_way (void)
{
  Fixture fixture;

  fixture_init (&fixture, "silent-after-ack", NULL);
  QsProbe *probe = failing_probe (&fixture, QS_MODE_NONBLOCKING, QS_EXPERIMENTS_AUTO);
  QsExperiments *experiments = qs_experiments_new (probe);
  qs_probe_start (probe);
  run_until (is_trying, experiments);
  g_object_unref (experiments);
  qs_probe_stop (probe);
  run_probe (probe);
  g_object_add_weak_pointer (G_OBJECT (probe), (gpointer *) &probe);
  g_object_unref (probe);
  while (probe != NULL)
    g_main_context_iteration (NULL, TRUE);
  fixture_clear (&fixture);
}

/* --- By a clock that is moved by hand --- */

#define MS ((gint64) 1000000)

static void
advance (QsClock *clock, gint64 ns)
{
  qs_clock_advance (clock, ns);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static GSocket *
silent_socket (QsTarget **target)
{
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);

  g_assert_true (g_socket_bind (socket, any, FALSE, NULL));
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);
  g_autofree char *text =
      g_strdup_printf ("quic://127.0.0.1:%u", g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  *target = qs_target_new (text, NULL);
  return socket;
}

static gboolean
is_connecting (gpointer data)
{
  return qs_probe_get_state (data) >= QS_CONNECTION_CONNECTING;
}

/* When experiments begin beside a handshake that nobody answers, and when the verdict is there: milliseconds since the start, the
 * first at which it is so. -1: never. */
static const struct {
  guint timeout_ms;
  gint begins, ends;
} paces[] = {
  { 10000, 2001, QS_VERDICT_MS },
  { 4000, 1601, 4000 },   /* two fifths of it, and no longer than it */
  { 1000, 400, 1000 },    /* a short one is shared */
  { 10001, 2001, 10001 }, /* patience beyond the default was asked for on purpose */
};

static void
test_pace (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (paces); i++)
    {
      g_autoptr (QsTarget) target = NULL;
      g_autoptr (GSocket) silent = silent_socket (&target);
      g_autoptr (QsClock) clock = qs_clock_new_manual (1700000000000 * MS);
      g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
      gint begins = -1, ends = -1;

      options->clock = g_object_ref (clock);
      options->timeout_ms = paces[i].timeout_ms;
      options->experiments = QS_EXPERIMENTS_AUTO;
      g_autoptr (QsProbe) probe = qs_probe_new (target, options);
      g_autoptr (QsExperiments) experiments = qs_experiments_new (probe);
      qs_probe_start (probe);
      run_until (is_connecting, probe);
      for (gint ms = 0; ms <= 11000 && ends < 0; ms++)
        {
          if (begins < 0 && qs_experiments_are_under_way (experiments))
            begins = ms;
          if (qs_probe_get_ended (probe) || find_mark (probe, QS_MARK_NOTE, "timeout") != NULL)
            ends = ms;
          advance (clock, MS);
        }
      g_assert_cmpint (begins, ==, paces[i].begins);
      g_assert_cmpint (ends, ==, paces[i].ends);
      qs_probe_stop (probe);
      run_probe (probe);
    }
}

/* The table holds together: each row has its words, names rows and findings that there are. */
static void
test_table (void)
{
  for (guint i = 0; i < qs_experiment_n_rows (); i++)
    {
      const QsExperimentRow *row = &qs_experiment_rows[i];
      g_assert_cmpint (qs_experiment_find_row (row->id), ==, i);
      g_assert_cmpstr (qs_experiment_change (row->id), !=, row->id);
      g_assert_nonnull (row->answered);
      g_assert_nonnull (row->failed);
      g_assert_cmpuint (row->transports, !=, 0);
      g_assert_true (row->kind != QS_EXPERIMENT_ATTEMPT || row->change != NULL);
      if (row->after != NULL)
        g_assert_cmpint (qs_experiment_find_row (row->after), <, i);
      for (guint j = 0; j < G_N_ELEMENTS (row->findings) && row->findings[j] != NULL; j++)
        g_assert_true (g_str_has_prefix (row->findings[j], "stalled-") ||
                       qs_experiment_find_row (row->findings[j]) >= 0 || qs_finding_id_is_known (row->findings[j]));
    }
  g_assert_cmpint (qs_experiment_find_row ("no-such"), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/experiments/table", test_table);
  g_test_add_func ("/experiments/marks", test_marks);
  g_test_add_func ("/experiments/outcome-comes-first", test_outcome_comes_first);
  g_test_add_func ("/experiments/none", test_none);
  g_test_add_data_func ("/experiments/stop/nonblocking", GINT_TO_POINTER (QS_MODE_NONBLOCKING), test_stop);
  g_test_add_data_func ("/experiments/stop/blocking", GINT_TO_POINTER (QS_MODE_BLOCKING), test_stop);
  g_test_add_data_func ("/experiments/stop/thread-assisted", GINT_TO_POINTER (QS_MODE_THREAD_ASSISTED), test_stop);
  g_test_add_func ("/experiments/stop-of-an-ended-one", test_stop_of_an_ended_one);
  g_test_add_func ("/experiments/dropped-under-way", test_dropped_under_way);
  g_test_add_func ("/experiments/pace", test_pace);
  return g_test_run ();
}
