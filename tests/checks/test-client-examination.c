/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients with a fault each, made of the scripted client, which refuses nothing by itself: what is wrong is found, and what is right is
 * not blamed. */
#include "../engine/runner.h"
#include "checks/qs-client-examination.h"
#include "craft/qs-craft.h"
#include "server/qs-throwaway-ca.h"

#define AT_ONCE 48

typedef struct {
  const char *name;
  QsCraftOptions options;
  const char *checks; /* that are made */
  const char *failed; /* of these, and warnings; the others pass */
  gboolean absent;    /* it never comes */
} Fault;

static const QsCraftParameter bad_exponent[] = { { .id = 0x0a, .how = QS_CRAFT_PARAMETER_INTEGER, .value = 21 },
                                                 { .how = QS_CRAFT_PARAMETER_END } };
static const QsCraftParameter servers_own[] = {
  { .id = 0x02, .how = QS_CRAFT_PARAMETER_BYTES, .bytes = { (const guint8 *) "0123456789abcdef", 16 } },
  { .how = QS_CRAFT_PARAMETER_END }
};
static const QsCraftParameter no_source[] = { { .id = 0x0f, .how = QS_CRAFT_PARAMETER_NONE },
                                              { .how = QS_CRAFT_PARAMETER_END } };

static const Fault faults[] = {
  /* What it does by itself, and what it lets pass. */
  { "none", { 0 }, "CV1,CV2,CV4,CA1,CA2,CA3,CA4,CA5,CA6,CA7,CA8,CA9,CA11,CA12,CT1,CT2,CP1,CP19", "" },
  { "none-frames", { 0 }, "CF9,CF12,CF13,CF40,CF43,CF44", "" },
  { "refuses-nothing",
    { 0 },
    "CP2,CP5,CP7,CP8,CP12,CF1,CF3,CF6,CF7,CF8,CF10,CF17,CF31,CF42,CF45",
    "CP2,CP5,CP7,CP8,CP12,CF1,CF3,CF6,CF7,CF8,CF10,CF17,CF31,CF42,CF45" },
  { "obeys-no-versions", { 0 }, "CV3", "CV3" },
  { "small-initials", { .datagram = 1199 }, "CV1,CA1,CA2", "CA1" },
  { "short-id", { .dcid_length = 7 }, "CA1,CA2", "CA2" },
  { "any-retry", { .habits = QS_CRAFT_ANY_RETRY }, "CA3,CA5,CA6,CA7,CA8", "CA5,CA6,CA7,CA8" },
  { "no-retry", { .habits = QS_CRAFT_NO_RETRY }, "CA3,CA6", "CA3" },
  { "bad-exponent", { .parameters = bad_exponent }, "CP1,CV1", "CP1" },
  { "servers-own", { .parameters = servers_own }, "CP1", "CP1" },
  { "no-source", { .parameters = no_source }, "CP1", "CP1" },
};

typedef struct {
  const Fault *fault;
  QsThrowawayCa *ca;
  QsIdentity *identities[QS_N_CLIENT_CHECK_CERTIFICATES];
  QsClientExamination *examination;
  GHashTable *clients; /* number to QsCraft */
  gboolean finished;
} Bench;

static gboolean
identify (SSL_CTX *context, guint which, gpointer data)
{
  return qs_identity_use (((Bench *) data)->identities[which], context);
}

static void
changed_cb (QsCraft *craft, gpointer data)
{
}

static void
wanted_cb (QsClientExamination *examination, guint number, guint port, Bench *bench)
{
  static const char *const h3[] = { "h3", NULL };
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", port);
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (GError) error = NULL;
  QsCraftOptions options = bench->fault->options;

  if (bench->fault->absent)
    return;
  options.tls.alpn = h3;
  QsCraft *craft = qs_craft_new (address, trace, NULL, &options, changed_cb, bench, &error);
  g_assert_no_error (error);
  g_hash_table_insert (bench->clients, GUINT_TO_POINTER (number + 1), craft);
  qs_craft_start (craft);
}

static void
left_cb (QsClientExamination *examination, guint number, Bench *bench)
{
  g_hash_table_remove (bench->clients, GUINT_TO_POINTER (number + 1));
}

static void
finished_cb (QsClientExamination *examination, Bench *bench)
{
  bench->finished = TRUE;
}

static gboolean
is_finished (gpointer data)
{
  return ((Bench *) data)->finished;
}

static void
bench_init_by (Bench *bench, const Fault *fault, guint at_once, QsClock *clock, guint wait_ms)
{
  static const QsLeafKind leaves[] = { QS_LEAF_GOOD, QS_LEAF_EXPIRED, QS_LEAF_WRONG_NAME, QS_LEAF_UNKNOWN_CA };
  static QsCraftHost host;
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) checks = qs_client_checks_choose (fault->checks, &error);

  g_assert_no_error (error);
  *bench = (Bench){ .fault = fault };
  bench->ca = qs_throwaway_ca_new (&error);
  for (guint i = 0; i < G_N_ELEMENTS (leaves); i++)
    bench->identities[i] = qs_throwaway_ca_issue (bench->ca, leaves[i], NULL, &error);
  g_assert_no_error (error);
  host = (QsCraftHost){ .identify = identify, .identify_data = bench };
  bench->clients = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) qs_craft_free);
  const QsClientExaminationOptions options = {
    .address = address, .host = &host, .checks = checks, .at_once = at_once, .wait_ms = wait_ms, .clock = clock
  };
  bench->examination = qs_client_examination_new (&options);
  g_signal_connect (bench->examination, "wanted", G_CALLBACK (wanted_cb), bench);
  g_signal_connect (bench->examination, "left", G_CALLBACK (left_cb), bench);
  g_signal_connect (bench->examination, "finished", G_CALLBACK (finished_cb), bench);
  g_assert_true (qs_client_examination_start (bench->examination, &error));
}

static void
bench_init (Bench *bench, const Fault *fault, guint at_once)
{
  bench_init_by (bench, fault, at_once, NULL, 30000);
}

static void
bench_clear (Bench *bench)
{
  g_clear_object (&bench->examination);
  g_hash_table_unref (bench->clients);
  for (guint i = 0; i < G_N_ELEMENTS (bench->identities); i++)
    qs_identity_unref (bench->identities[i]);
  qs_throwaway_ca_unref (bench->ca);
}

static void
test_fault (gconstpointer data)
{
  const Fault *fault = data;
  g_auto (GStrv) failed = g_strsplit (fault->failed, ",", -1);
  Bench bench;

  bench_init (&bench, fault, AT_ONCE);
  run_until (is_finished, &bench);
  GPtrArray *results = qs_client_examination_get_results (bench.examination);
  for (guint i = 0; i < results->len; i++)
    {
      const QsCheckResult *result = results->pdata[i];
      gboolean bad = result->judgement.verdict >= QS_CHECK_WARN;
      if (bad != g_strv_contains ((const char *const *) failed, result->check->id) ||
          (!bad && result->judgement.verdict != QS_CHECK_PASS))
        g_error ("%s: %s: %s", result->check->id, qs_check_verdict_name (result->judgement.verdict),
                 result->judgement.text);
      if (result->judgement.verdict == QS_CHECK_FAIL)
        g_assert_cmpuint (result->n_fails, ==, QS_CHECK_RUNS_OF_A_FAIL);
    }
  bench_clear (&bench);
}

/* Whoever connects plays the next check; behind the last one it is over. */
static void
test_of_their_own_accord (void)
{
  static const Fault fault = { "none", { 0 }, "CV1,CF12", "" };
  Bench bench;

  bench_init (&bench, &fault, 0);
  GSocketAddress *address = qs_client_examination_get_address (bench.examination);
  guint port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  wanted_cb (bench.examination, 1000, port, &bench);
  wanted_cb (bench.examination, 1001, port, &bench);
  run_until (is_finished, &bench);
  g_assert_cmpuint (qs_client_examination_get_n_connections (bench.examination), ==, 2);
  g_assert_false (qs_client_examination_get_stopped (bench.examination));
  GPtrArray *results = qs_client_examination_get_results (bench.examination);
  for (guint i = 0; i < results->len; i++)
    g_assert_cmpint (((const QsCheckResult *) results->pdata[i])->judgement.verdict, ==, QS_CHECK_PASS);
  bench_clear (&bench);
}

static void
stop_at_first_cb (QsClientExamination *examination, gpointer what, Bench *bench)
{
  qs_client_examination_stop (examination);
}

/* From within what it tells. */
static void
test_stop (void)
{
  static const Fault fault = { "none", { 0 }, "CV1,CF10,CF12", "" };
  static const char *const signals[] = { "playing", "judged" };

  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      Bench bench;
      bench_init (&bench, &fault, 2);
      g_signal_connect (bench.examination, signals[i], G_CALLBACK (stop_at_first_cb), &bench);
      run_until (is_finished, &bench);
      g_assert_true (qs_client_examination_get_stopped (bench.examination));
      guint counts[QS_CHECK_N_VERDICTS];
      qs_client_examination_count (bench.examination, counts);
      g_assert_cmpuint (counts[QS_CHECK_FAIL], ==, 0);
      g_assert_cmpuint (counts[QS_CHECK_NOT_TESTED], >=, 2);
      g_assert_cmpuint (g_hash_table_size (bench.clients), ==, 0);
      bench_clear (&bench);
    }
}

/* Turns the loop while there is something to do, and no longer. */
static void
turn (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
advance (QsClock *clock, gint64 ms)
{
  qs_clock_advance (clock, ms * 1000000);
  turn ();
}

/* One that never comes is nobody's fault. It is waited for ten seconds, or as long as was said, and then once more. */
static void
test_patience (void)
{
  static const Fault fault = { "none", { 0 }, "CV1", "", TRUE };
  static const guint waits[][2] = { { 0, 10000 }, { 2500, 2500 } };

  for (guint i = 0; i < G_N_ELEMENTS (waits); i++)
    {
      g_autoptr (QsClock) clock = qs_clock_new_manual (0);
      Bench bench;
      bench_init_by (&bench, &fault, 1, clock, waits[i][0]);
      for (guint run = 1; run <= 2; run++)
        {
          advance (clock, waits[i][1] - 1);
          const QsCheckResult *result = qs_client_examination_get_results (bench.examination)->pdata[0];
          g_assert_cmpuint (result->n_runs, ==, run - 1);
          g_assert_false (bench.finished);
          advance (clock, 1);
        }
      g_assert_true (bench.finished);
      const QsCheckResult *result = qs_client_examination_get_results (bench.examination)->pdata[0];
      g_assert_cmpint (result->judgement.verdict, ==, QS_CHECK_NOT_TESTED);
      g_assert_cmpuint (result->n_runs, ==, 2);
      bench_clear (&bench);
    }
}

/* Of one that has ended a datagram may still be under way: 300 ms. Of a number that nobody has, nothing is known. */
static void
test_gone (void)
{
  static const Fault fault = { "none", { 0 }, "CV1", "", TRUE };
  g_autoptr (QsClock) clock = qs_clock_new_manual (0);
  Bench bench;

  bench_init_by (&bench, &fault, 1, clock, 0);
  for (guint run = 0; run < 2; run++)
    {
      qs_client_examination_gone (bench.examination, 77, FALSE);
      advance (clock, 1000);
      g_assert_false (bench.finished);
      qs_client_examination_gone (bench.examination, run, FALSE);
      advance (clock, 299);
      g_assert_false (bench.finished);
      advance (clock, 1);
    }
  g_assert_true (bench.finished);
  const QsCheckResult *result = qs_client_examination_get_results (bench.examination)->pdata[0];
  g_assert_cmpint (result->judgement.verdict, ==, QS_CHECK_NOT_TESTED);
  g_assert_cmpuint (result->n_runs, ==, 2);
  bench_clear (&bench);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autofree char *path = g_strdup_printf ("/checks/client/%s", faults[i].name);
      g_test_add_data_func (path, &faults[i], test_fault);
    }
  g_test_add_func ("/checks/client/of-their-own-accord", test_of_their_own_accord);
  g_test_add_func ("/checks/client/stop", test_stop);
  g_test_add_func ("/checks/client/patience", test_patience);
  g_test_add_func ("/checks/client/gone", test_gone);
  return g_test_run ();
}
