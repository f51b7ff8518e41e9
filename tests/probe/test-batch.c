/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many runs, and what they come to. */
#include <malloc.h>
#include <string.h>

#include "../engine/runner.h"
#include "probe/qs-batch-csv.h"
#include "probe/qs-batch-openmetrics.h"
#include "probe/qs-batch-targets.h"
#include "probe/qs-batch.h"

#define MS G_GINT64_CONSTANT (1000000)

/* --- Figures --- */

static void
add_run (QsBatchFigures *figures, QsBatchOutcome outcome, gint64 handshake)
{
  QsBatchResult result = { .outcome = outcome, .started = 5 };

  for (guint i = 0; i < QS_N_BATCH_TIMES; i++)
    result.times[i] = -1;
  result.times[QS_BATCH_HANDSHAKE] = handshake;
  qs_batch_figures_add (figures, &result);
}

static void
test_no_runs (void)
{
  g_autoptr (QsBatchFigures) figures = qs_batch_figures_new ();
  QsSpread spread;

  qs_batch_figures_get_spread (figures, QS_BATCH_TOTAL, &spread);
  g_assert_cmpuint (spread.n, ==, 0);
  g_assert_cmpfloat (qs_batch_figures_get_success_rate (figures), ==, 0);
  g_autoptr (GArray) bins = qs_batch_figures_make_histogram (figures, QS_BATCH_TOTAL, 10);
  g_assert_cmpuint (bins->len, ==, 0);
  g_autoptr (GPtrArray) findings = qs_batch_figures_list_findings (figures);
  g_assert_cmpuint (findings->len, ==, 0);
}

/* Nearest rank: of 1 … 200 the 95th percentile is 190; one value is all of its percentiles. */
static void
test_percentiles (void)
{
  g_autoptr (QsBatchFigures) figures = qs_batch_figures_new ();
  QsSpread spread;

  add_run (figures, QS_BATCH_OK, 7 * MS);
  qs_batch_figures_get_spread (figures, QS_BATCH_HANDSHAKE, &spread);
  g_assert_cmpint (spread.least, ==, 7 * MS);
  g_assert_cmpint (spread.p50, ==, 7 * MS);
  g_assert_cmpint (spread.p99, ==, 7 * MS);
  g_assert_cmpint (spread.most, ==, 7 * MS);

  g_autoptr (QsBatchFigures) many = qs_batch_figures_new ();
  for (gint64 i = 200; i >= 1; i--) /* in no order that helps */
    add_run (many, QS_BATCH_OK, (i * 7 % 201) * MS);
  qs_batch_figures_get_spread (many, QS_BATCH_HANDSHAKE, &spread);
  g_assert_cmpuint (spread.n, ==, 200);
  g_assert_cmpint (spread.least, ==, 1 * MS);
  g_assert_cmpint (spread.p50, ==, 100 * MS);
  g_assert_cmpint (spread.p90, ==, 180 * MS);
  g_assert_cmpint (spread.p95, ==, 190 * MS);
  g_assert_cmpint (spread.p99, ==, 198 * MS);
  g_assert_cmpint (spread.most, ==, 200 * MS);
  g_assert_cmpint (spread.mean, ==, 201 * MS / 2);
  g_assert_cmpuint (qs_batch_figures_count_within (many, QS_BATCH_HANDSHAKE, 10 * MS), ==, 10);
  g_assert_cmpuint (qs_batch_figures_count_within (many, QS_BATCH_HANDSHAKE, 10 * MS - 1), ==, 9);
  g_assert_cmpuint (qs_batch_figures_count_within (many, QS_BATCH_HANDSHAKE, G_MAXINT64), ==, 200);
  g_assert_cmpint (qs_batch_figures_get_sum (many, QS_BATCH_HANDSHAKE), ==, 200 * 201 / 2 * MS);
  /* What comes behind a look counts as well. */
  add_run (many, QS_BATCH_OK, 500 * MS);
  qs_batch_figures_get_spread (many, QS_BATCH_HANDSHAKE, &spread);
  g_assert_cmpint (spread.most, ==, 500 * MS);
}

static void
test_outcomes (void)
{
  g_autoptr (QsBatchFigures) figures = qs_batch_figures_new ();
  QsSpread spread;

  add_run (figures, QS_BATCH_OK, 3 * MS);
  add_run (figures, QS_BATCH_OK, 4 * MS);
  add_run (figures, QS_BATCH_FAILED, 9000 * MS);
  add_run (figures, QS_BATCH_STOPPED, 1 * MS);
  g_assert_cmpuint (qs_batch_figures_get_n_judged (figures), ==, 3);
  g_assert_cmpuint (qs_batch_figures_get_n (figures, QS_BATCH_STOPPED), ==, 1);
  g_assert_cmpfloat_with_epsilon (qs_batch_figures_get_success_rate (figures), 2.0 / 3, 1e-9);
  g_assert_cmpint (qs_batch_figures_get_last_outcome (figures), ==, QS_BATCH_FAILED);
  qs_batch_figures_get_spread (figures, QS_BATCH_HANDSHAKE, &spread);
  g_assert_cmpuint (spread.n, ==, 2);
  g_assert_cmpint (spread.most, ==, 4 * MS);
}

/* Whatever the times are: side by side, not too many, each run in just one, none empty at either end. */
static void
check_histogram (const gint64 *ns, guint n, guint most)
{
  g_autoptr (QsBatchFigures) figures = qs_batch_figures_new ();
  guint sum = 0;

  for (guint i = 0; i < n; i++)
    add_run (figures, QS_BATCH_OK, ns[i]);
  g_autoptr (GArray) bins = qs_batch_figures_make_histogram (figures, QS_BATCH_HANDSHAKE, most);
  g_assert_cmpuint (bins->len, >=, 1);
  g_assert_cmpuint (bins->len, <=, most);
  for (guint b = 0; b < bins->len; b++)
    {
      const QsBin *bin = &g_array_index (bins, QsBin, b);
      guint inside = 0;
      g_assert_cmpint (bin->from, <, bin->to);
      g_assert_true (b == 0 || bin[-1].to == bin->from);
      for (guint i = 0; i < n; i++)
        inside += ns[i] >= bin->from && ns[i] < bin->to;
      g_assert_cmpuint (bin->n, ==, inside);
      sum += inside;
    }
  g_assert_cmpuint (sum, ==, n);
  g_assert_cmpuint (g_array_index (bins, QsBin, 0).n, >, 0);
  g_assert_cmpuint (g_array_index (bins, QsBin, bins->len - 1).n, >, 0);
}

static void
test_histogram (void)
{
  static const gint64 one[] = { 12345678 };
  static const gint64 zero[] = { 0 };
  static const gint64 wide[] = { 0,         1,         999,
                                 1000,      3 * MS,    3 * MS,
                                 4999 * MS, 5000 * MS, G_GINT64_CONSTANT (86400000) * MS };
  static const gint64 bounds[] = { 10 * MS, 20 * MS, 30 * MS, 40 * MS };
  static const gint64 near_by[] = { 10 * MS, 10 * MS + 1, 10 * MS + 2 };
  g_autoptr (GRand) random = g_rand_new_with_seed (4433);

  for (guint most = 2; most <= 30; most += 7)
    {
      check_histogram (one, 1, most);
      check_histogram (zero, 1, most);
      check_histogram (wide, G_N_ELEMENTS (wide), most);
      check_histogram (bounds, G_N_ELEMENTS (bounds), most);
      check_histogram (near_by, G_N_ELEMENTS (near_by), most);
      for (guint round = 0; round < 200; round++)
        {
          gint64 ns[40];
          gint64 scale = (gint64) 1 << g_rand_int_range (random, 4, 45);
          for (guint i = 0; i < G_N_ELEMENTS (ns); i++)
            ns[i] = (gint64) (g_rand_double (random) * g_rand_double (random) * (double) scale);
          check_histogram (ns, G_N_ELEMENTS (ns), most);
        }
    }
}

static void
test_findings (void)
{
  g_autoptr (QsBatchFigures) figures = qs_batch_figures_new ();
  char title[] = "A title";
  QsBatchFinding both[] = { { "b-error", QS_SEVERITY_ERROR, title }, { "a-note", QS_SEVERITY_INFO, title } };
  QsBatchResult result = { .outcome = QS_BATCH_FAILED, .findings = both, .n_findings = 2 };

  for (result.started = 100; result.started < 104; result.started++)
    qs_batch_figures_add (figures, &result);
  result.findings = &both[1];
  result.n_findings = 1;
  result.started = 50;
  qs_batch_figures_add (figures, &result);
  result.outcome = QS_BATCH_STOPPED;
  qs_batch_figures_add (figures, &result);
  g_autoptr (GPtrArray) list = qs_batch_figures_list_findings (figures);
  g_assert_cmpuint (list->len, ==, 2);
  const QsFindingCount *error = list->pdata[0], *note = list->pdata[1];
  g_assert_cmpstr (error->id, ==, "b-error");
  g_assert_cmpuint (error->n, ==, 4);
  g_assert_cmpint (error->first, ==, 100);
  g_assert_cmpint (error->last, ==, 103);
  g_assert_cmpstr (note->id, ==, "a-note");
  g_assert_cmpuint (note->n, ==, 5);
  g_assert_cmpint (note->first, ==, 50);
}

/* --- Texts --- */

static void
test_csv_fields (void)
{
  static const struct {
    const char *text, *field;
  } rows[] = {
    { "", "" },
    { "plain", "plain" },
    { "two words", "two words" },
    { "a,b", "\"a,b\"" },
    { "say \"no\"", "\"say \"\"no\"\"\"" },
    { "line\nbreak", "\"line\nbreak\"" },
    { "cr\rhere", "\"cr\rhere\"" },
    { " leading", "\" leading\"" },
    { "=1+1", "\"'=1+1\"" },
    { "+1", "\"'+1\"" },
    { "-1", "\"'-1\"" },
    { "@SUM(A1)", "\"'@SUM(A1)\"" },
    { "\t=1", "\"'\t=1\"" },
    { "=\"x\"", "\"'=\"\"x\"\"\"" },
    { "Größe", "Größe" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);
      qs_batch_csv_append_field (out, rows[i].text);
      g_assert_cmpstr (out->str, ==, rows[i].field);
    }
}

static void
test_labels (void)
{
  g_autoptr (GString) out = g_string_new (NULL);

  qs_batch_openmetrics_append_label (out, "a\"b\\c\nd{}=,é");
  g_assert_cmpstr (out->str, ==, "a\\\"b\\\\c\\nd{}=,é");
}

/* --- Lists of targets --- */

static void
test_targets (void)
{
  static const char text[] =
      "\xef\xbb\xbf# comment\n\n  quic://a.test \r\n\t# another\nb.test:44\nquic://A.test:443\nhttps://c.test/x#y";
  g_autoptr (QsBatchTargets) targets = qs_batch_targets_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (qs_batch_targets_add_text (targets, "file", text, strlen (text), &error));
  g_assert_no_error (error);
  GPtrArray *list = qs_batch_targets_get (targets);
  g_assert_cmpuint (list->len, ==, 3);
  g_assert_cmpstr (qs_target_to_string (list->pdata[0]), ==, "quic://a.test:443");
  g_assert_cmpstr (qs_target_to_string (list->pdata[1]), ==, "quic://b.test:44");
  g_assert_cmpstr (qs_target_to_string (list->pdata[2]), ==, "https://c.test:443/x");
  g_assert_true (qs_batch_targets_add_text (targets, "file", NULL, 0, &error));
}

static void
test_wrong_targets (void)
{
  static const struct {
    const char *text;
    gsize length;
    const char *says;
  } rows[] = {
    { "a.test\n\nftp://b.test\n", 20, "list\\x1b[, line 3: " },
    { "a.test\nb.test:99999", 19, "list\\x1b[, line 2: " },
    { "a.test\0\nb.test", 14, "list\\x1b[, line 1: " },
    { "a b\n", 4, "list\\x1b[, line 1: " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (QsBatchTargets) targets = qs_batch_targets_new ();
      g_autoptr (GError) error = NULL;
      g_assert_false (qs_batch_targets_add_text (targets, "list\x1b[", rows[i].text, rows[i].length, &error));
      g_assert_nonnull (error);
      g_assert_true (g_str_has_prefix (error->message, rows[i].says));
    }
}

static void
test_too_many_targets (void)
{
  g_autoptr (QsBatchTargets) targets = qs_batch_targets_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i <= QS_BATCH_MOST_TARGETS; i++)
    g_string_append_printf (text, "h%u.test\n", i);
  g_assert_false (qs_batch_targets_add_text (targets, "list", text->str, text->len, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_TOO_LARGE);
  g_assert_cmpuint (qs_batch_targets_get (targets)->len, ==, QS_BATCH_MOST_TARGETS);
}

static void
test_plans (void)
{
  static const struct {
    QsBatchPlan plan;
    guint n_targets;
    gboolean good;
  } rows[] = {
    { { 1, 1, 0 }, 1, TRUE },
    { { QS_BATCH_MOST_RUNS, QS_BATCH_MOST_PARALLEL, QS_BATCH_LONGEST_PAUSE_MS }, 1, TRUE },
    { { QS_BATCH_MOST_RUNS, 1, 0 }, 2, FALSE },
    { { G_MAXUINT, 1, 0 }, G_MAXUINT, FALSE },
    { { 0, 1, 0 }, 1, FALSE },
    { { 1, 0, 0 }, 1, FALSE },
    { { 1, QS_BATCH_MOST_PARALLEL + 1, 0 }, 1, FALSE },
    { { 1, 1, 0 }, 0, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_cmpint (qs_batch_plan_check (&rows[i].plan, rows[i].n_targets, &error), ==, rows[i].good);
      g_assert_true ((error == NULL) == rows[i].good);
    }
}

/* --- Whole batches, against the local server --- */

typedef struct {
  QsBatch *batch;
  GPtrArray *results; /* QsBatchResult */
  guint most_under_way, last_round, n_progress, n_finished;
  guint stop_after; /* results; 0: never */
} Watch;

static void
settled_cb (QsBatch *batch, QsBatchResult *result, Watch *watch)
{
  g_ptr_array_add (watch->results, qs_batch_result_ref (result));
  watch->most_under_way = MAX (watch->most_under_way, qs_batch_get_n_under_way (batch) + 1);
  g_assert_cmpuint (qs_batch_get_n_settled (batch), ==, watch->results->len);
  if (watch->stop_after == watch->results->len)
    qs_batch_stop (batch);
}

static void
round_cb (QsBatch *batch, guint number, Watch *watch)
{
  g_assert_cmpuint (number, ==, watch->last_round + 1);
  watch->last_round = number;
}

static void
progress_cb (QsBatch *batch, Watch *watch)
{
  watch->n_progress++;
}

static void
finished_cb (QsBatch *batch, Watch *watch)
{
  watch->n_finished++;
}

static GPtrArray *
make_targets (const char *first, ...)
{
  GPtrArray *targets = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_target_unref);
  va_list list;

  va_start (list, first);
  for (const char *text = first; text != NULL; text = va_arg (list, const char *))
    g_ptr_array_add (targets, qs_target_new (text, NULL));
  va_end (list);
  return targets;
}

static void
watch_init (Watch *watch, GPtrArray *targets, const QsProbeOptions *options, const QsBatchPlan *plan)
{
  g_autoptr (GError) error = NULL;

  *watch = (Watch){ .batch = qs_batch_new (targets, options, plan) };
  watch->results = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_batch_result_unref);
  g_signal_connect (watch->batch, "settled", G_CALLBACK (settled_cb), watch);
  g_signal_connect (watch->batch, "round", G_CALLBACK (round_cb), watch);
  g_signal_connect (watch->batch, "progress", G_CALLBACK (progress_cb), watch);
  g_signal_connect (watch->batch, "finished", G_CALLBACK (finished_cb), watch);
  g_assert_true (qs_batch_prepare (watch->batch, &error));
  g_assert_no_error (error);
}

static void
watch_clear (Watch *watch)
{
  g_assert_cmpuint (watch->n_finished, <=, 1);
  g_object_unref (watch->batch);
  g_ptr_array_unref (watch->results);
}

static gboolean
is_finished (gpointer data)
{
  return ((Watch *) data)->n_finished > 0;
}

static char *
text_of_target (Fixture *fixture, const char *scheme, const char *path)
{
  return g_strdup_printf ("%s://localhost:%u%s", scheme, fixture->port, path);
}

static void
test_batch (void)
{
  Fixture fixture;
  Watch watch;
  const QsBatchPlan plan = { .repeat = 6, .parallel = 3 };
  guint n_runs[2] = { 0 };

  fixture_init (&fixture, NULL, "hq-interop,http/1.1");
  g_autofree char *quic = text_of_target (&fixture, "quic", "/hello");
  g_autofree char *tls = text_of_target (&fixture, "tls", "");
  g_autoptr (GPtrArray) targets = make_targets (quic, tls, NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, QS_MODE_NONBLOCKING);
  watch_init (&watch, targets, options, &plan);
  qs_batch_start (watch.batch);
  run_until (is_finished, &watch);
  g_assert_true (qs_batch_get_succeeded (watch.batch));
  g_assert_cmpuint (watch.results->len, ==, 12);
  g_assert_cmpuint (watch.most_under_way, <=, 3);
  g_assert_cmpuint (watch.most_under_way, >=, 2);
  g_assert_cmpuint (watch.last_round, ==, 6);
  g_assert_cmpuint (watch.n_progress, >=, 1);
  for (guint i = 0; i < watch.results->len; i++)
    {
      const QsBatchResult *result = watch.results->pdata[i];
      gboolean is_quic = qs_target_get_transport (result->target) == QS_TRANSPORT_QUIC;
      g_assert_cmpint (result->outcome, ==, QS_BATCH_OK);
      g_assert_cmpint (result->times[QS_BATCH_HANDSHAKE], >, 0);
      g_assert_cmpint (result->times[QS_BATCH_TOTAL], >=, result->times[QS_BATCH_HANDSHAKE]);
      g_assert_nonnull (result->verdict);
      g_assert_nonnull (result->address);
      g_assert_cmpuint (result->n_steps, >, 4);
      g_assert_cmpuint (result->number, <=, 6);
      g_assert_true (is_quic == (result->quic_version != NULL));
      if (is_quic)
        {
          g_assert_cmpstr (result->alpn, ==, "hq-interop");
          g_assert_cmpuint (result->bytes, >, 0);
          g_assert_cmpint (result->rtt, >, 0);
          g_assert_cmpint (result->times[QS_BATCH_FIRST_BYTE], >, result->times[QS_BATCH_HANDSHAKE]);
        }
      n_runs[is_quic]++;
    }
  g_assert_cmpuint (n_runs[0], ==, 6);
  g_assert_cmpuint (n_runs[1], ==, 6);
  g_assert_cmpuint (qs_batch_figures_get_n (qs_batch_get_figures (watch.batch, 0), QS_BATCH_OK), ==, 6);
  g_assert_cmpuint (qs_batch_figures_get_n (qs_batch_get_all_figures (watch.batch), QS_BATCH_OK), ==, 12);
  watch_clear (&watch);
  fixture_clear (&fixture);
}

/* A round waits for the clock, and for nothing else; what fails does not end a batch. */
static void
test_rounds (void)
{
  Fixture fixture;
  Watch watch;
  const QsBatchPlan plan = { .repeat = 3, .parallel = 8, .every_ms = 60000 };
  g_autoptr (QsClock) clock = qs_clock_new_manual (G_GINT64_CONSTANT (1795255200000000000));

  fixture_init (&fixture, NULL, "hq-interop");
  g_autofree char *quic = text_of_target (&fixture, "quic", "");
  g_autoptr (GPtrArray) targets = make_targets (quic, "quic://127.0.0.1:1", NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, QS_MODE_NONBLOCKING);
  options->clock = g_object_ref (clock);
  watch_init (&watch, targets, options, &plan);
  qs_batch_start (watch.batch);
  for (guint round = 1; round <= 3; round++)
    {
      while (watch.last_round < round)
        {
          /* The close of a connection waits by the same clock. */
          g_main_context_iteration (NULL, FALSE);
          if (!g_main_context_pending (NULL))
            qs_clock_advance (clock, MS);
        }
      g_assert_cmpuint (watch.results->len, ==, 2 * round);
      qs_clock_advance (clock, 20000 * MS);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_assert_cmpuint (qs_batch_get_n_under_way (watch.batch), ==, 0);
      g_assert_cmpuint (watch.n_finished, ==, round == 3);
      qs_clock_advance (clock, 40000 * MS);
    }
  g_assert_false (qs_batch_get_succeeded (watch.batch));
  g_assert_cmpuint (qs_batch_figures_get_n (qs_batch_get_figures (watch.batch, 0), QS_BATCH_OK), ==, 3);
  g_assert_cmpuint (qs_batch_figures_get_n (qs_batch_get_figures (watch.batch, 1), QS_BATCH_FAILED), ==, 3);
  g_autoptr (GPtrArray) findings = qs_batch_figures_list_findings (qs_batch_get_figures (watch.batch, 1));
  g_assert_cmpstr (((QsFindingCount *) findings->pdata[0])->id, ==, "port-closed");
  g_assert_cmpuint (((QsFindingCount *) findings->pdata[0])->n, ==, 3);
  watch_clear (&watch);
  fixture_clear (&fixture);
}

static void
test_stop (void)
{
  Fixture fixture;
  Watch watch;
  const QsBatchPlan plan = { .repeat = 1000, .parallel = 4 };

  fixture_init (&fixture, NULL, "hq-interop");
  g_autofree char *quic = text_of_target (&fixture, "quic", "");
  g_autoptr (GPtrArray) targets = make_targets (quic, NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, QS_MODE_NONBLOCKING);
  watch_init (&watch, targets, options, &plan);
  watch.stop_after = 5;
  qs_batch_start (watch.batch);
  run_until (is_finished, &watch);
  g_assert_true (qs_batch_get_stopped (watch.batch));
  g_assert_false (qs_batch_get_succeeded (watch.batch));
  g_assert_cmpuint (watch.results->len, >=, 5);
  g_assert_cmpuint (watch.results->len, <=, 8);
  g_assert_cmpuint (qs_batch_get_n_under_way (watch.batch), ==, 0);
  for (guint i = 5; i < watch.results->len; i++)
    g_assert_cmpint (((QsBatchResult *) watch.results->pdata[i])->outcome, !=, QS_BATCH_FAILED);
  watch_clear (&watch);
  fixture_clear (&fixture);
}

/* Dropped in the middle of it all. */
static void
test_drop (void)
{
  Fixture fixture;
  Watch watch;
  const QsBatchPlan plan = { .repeat = 100, .parallel = 8 };

  fixture_init (&fixture, NULL, "hq-interop");
  g_autofree char *quic = text_of_target (&fixture, "quic", "");
  g_autoptr (GPtrArray) targets = make_targets (quic, NULL);
  g_autoptr (QsProbeOptions) options = fixture_options (&fixture, QS_MODE_NONBLOCKING);
  watch_init (&watch, targets, options, &plan);
  qs_batch_start (watch.batch);
  while (watch.results->len < 3)
    g_main_context_iteration (NULL, TRUE);
  g_object_add_weak_pointer (G_OBJECT (watch.batch), (gpointer *) &watch.batch);
  g_object_unref (watch.batch);
  g_assert_null (watch.batch);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (watch.n_finished, ==, 0);
  g_ptr_array_unref (watch.results);
  fixture_clear (&fixture);
}

static gsize
used_bytes (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

/* What a batch holds of each run that is over: its result, where somebody keeps that, and a few figures. */
static void
test_memory (void)
{
  enum { N = 300, MOST_EACH = 4000 };
  Watch watch;
  const QsBatchPlan plan = { .repeat = N, .parallel = 16 };
  gsize before = 0;

  for (guint round = 0; round < 2; round++) /* the first has what is made once */
    {
      Fixture fixture;
      fixture_init (&fixture, NULL, "hq-interop");
      g_autofree char *quic = text_of_target (&fixture, "quic", "");
      g_autoptr (GPtrArray) targets = make_targets (quic, NULL);
      g_autoptr (QsProbeOptions) options = fixture_options (&fixture, QS_MODE_NONBLOCKING);
      before = used_bytes ();
      watch_init (&watch, targets, options, &plan);
      qs_batch_start (watch.batch);
      run_until (is_finished, &watch);
      g_assert_true (qs_batch_get_succeeded (watch.batch));
      fixture_clear (&fixture);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      if (round == 0)
        watch_clear (&watch);
    }
  gsize after = used_bytes (), each = after > before ? (after - before) / N : 0;
  g_test_message ("%" G_GSIZE_FORMAT " bytes each", each);
  g_assert_cmpuint (each, <=, MOST_EACH);
  watch_clear (&watch);
}

static void
test_unfit (void)
{
  const QsBatchPlan plan = { .repeat = 2, .parallel = 1 };
  g_autoptr (GPtrArray) targets = make_targets ("quic://127.0.0.1:1", NULL);
  g_autoptr (QsProbeOptions) options = qs_probe_options_new ();
  g_autoptr (GError) error = NULL;

  options->ca_file = g_strdup ("/no/such/file");
  g_autoptr (QsBatch) batch = qs_batch_new (targets, options, &plan);
  g_assert_false (qs_batch_prepare (batch, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_SSL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/batch/figures/none", test_no_runs);
  g_test_add_func ("/batch/figures/percentiles", test_percentiles);
  g_test_add_func ("/batch/figures/outcomes", test_outcomes);
  g_test_add_func ("/batch/figures/histogram", test_histogram);
  g_test_add_func ("/batch/figures/findings", test_findings);
  g_test_add_func ("/batch/csv", test_csv_fields);
  g_test_add_func ("/batch/labels", test_labels);
  g_test_add_func ("/batch/targets/list", test_targets);
  g_test_add_func ("/batch/targets/wrong", test_wrong_targets);
  g_test_add_func ("/batch/targets/too-many", test_too_many_targets);
  g_test_add_func ("/batch/plans", test_plans);
  g_test_add_func ("/batch/runs", test_batch);
  g_test_add_func ("/batch/rounds", test_rounds);
  g_test_add_func ("/batch/stop", test_stop);
  g_test_add_func ("/batch/drop", test_drop);
  g_test_add_func ("/batch/memory", test_memory);
  g_test_add_func ("/batch/unfit", test_unfit);
  return g_test_run ();
}
