/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gio/gio.h>
#include <string.h>

#include "trace/qs-trace-private.h"

/* What one datagram of so many bytes takes. */
#define COST(bytes) (sizeof (QsStoredRecord) + sizeof (QsPacket) + (bytes))

static const guint8 zeros[65536];

static guint
add (QsTrace *trace, gsize length)
{
  return qs_trace_add_datagram (trace, 0, QS_DIRECTION_RECEIVED, 0, 0, QS_FATE_PASSED, zeros, length);
}

static QsNotKept
not_kept (QsTrace *trace)
{
  QsNotKept counts;

  qs_trace_get_not_kept (trace, &counts);
  return counts;
}

/* The last one that fits, and the first one that does not: it is counted. */
static void
test_edge (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  qs_trace_set_budget (trace, 10 * COST (100));
  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (add (trace, 100), ==, i);
  g_assert_cmpuint (not_kept (trace).datagrams, ==, 0);
  g_assert_cmpuint (add (trace, 100), ==, G_MAXUINT);
  g_assert_cmpuint (qs_trace_add_segment (trace, 0, QS_DIRECTION_SENT, 0, zeros, 7), ==, G_MAXUINT);
  g_assert_cmpuint (not_kept (trace).datagrams, ==, 2);
  g_assert_cmpuint (not_kept (trace).bytes, ==, 107);
  g_assert_cmpuint (qs_trace_get_n_records (trace), ==, 10);
  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), ==, 12);
  /* What the engine itself says is no peer's to fill up. */
  qs_trace_add_mark (trace, QS_MARK_OUTCOME, "failed", 0, NULL);
  qs_trace_add_secret (trace, 0, "SECRET");
  g_assert_cmpuint (qs_trace_get_n_records (trace), ==, 12);
}

static void
test_no_budget (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  for (guint i = 0; i < 400000; i++)
    g_assert_cmpuint (add (trace, 1), ==, i);
  g_assert_true (qs_trace_charge (trace, QS_PROGRAM_BUDGET));
  g_assert_cmpuint (not_kept (trace).datagrams, ==, 0);
}

/* The first half is for whole datagrams; in the other one long ones are cut, and short ones, in which the ends come, are not. */
static void
test_halves (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsRecord record;

  qs_trace_set_budget (trace, 20 * COST (1000));
  for (guint i = 0; i < 12; i++)
    g_assert_cmpuint (add (trace, 1000), ==, i);
  qs_trace_get_record (trace, 8, &record);
  g_assert_cmpuint (record.bytes.length, ==, 1000);
  qs_trace_get_record (trace, 11, &record);
  g_assert_cmpuint (record.bytes.length, ==, 64);
  g_assert_cmpuint (record.length, ==, 1000);
  qs_trace_get_record (trace, add (trace, 256), &record);
  g_assert_cmpuint (record.bytes.length, ==, 256);
  qs_trace_get_record (trace, add (trace, 257), &record);
  g_assert_cmpuint (record.bytes.length, ==, 64);
}

/* Before the handshake is done there is less. */
static void
test_early (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  qs_trace_set_budget (trace, QS_TRACE_BUDGET);
  g_assert_true (qs_trace_charge (trace, QS_TRACE_EARLY_BUDGET - COST (1)));
  g_assert_cmpuint (add (trace, 1), ==, 0);
  g_assert_cmpuint (add (trace, 1), ==, G_MAXUINT);
  qs_trace_add_mark (trace, QS_MARK_HANDSHAKE_DONE, NULL, 0, NULL);
  g_assert_cmpuint (add (trace, 1), ==, 2);
  g_assert_true (qs_trace_charge (trace, QS_TRACE_BUDGET - QS_TRACE_EARLY_BUDGET - COST (1)));
  g_assert_false (qs_trace_charge (trace, 1));
}

/* All runs of a program together; each one has its own handshake all the same. */
static void
test_program (void)
{
  QsTrace *first = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (QsTrace) second = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  qs_trace_set_budget (first, 2 * QS_PROGRAM_BUDGET);
  qs_trace_add_mark (first, QS_MARK_HANDSHAKE_DONE, NULL, 0, NULL);
  qs_trace_set_budget (second, QS_TRACE_BUDGET);
  g_assert_true (qs_trace_charge (first, QS_PROGRAM_BUDGET - 1));
  g_assert_true (qs_trace_charge (second, QS_TRACE_LEAST));
  g_assert_false (qs_trace_charge (second, 1));
  g_object_unref (first);
  g_assert_true (qs_trace_charge (second, 1));
}

static void
test_marks (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  qs_trace_set_budget (trace, QS_TRACE_BUDGET);
  for (guint i = 0; i < 65536; i++)
    qs_trace_add_mark (trace, i % 2 ? QS_MARK_ICMP : QS_MARK_STREAM, "other", 0, NULL);
  g_assert_cmpuint (not_kept (trace).marks, ==, 0);
  g_assert_cmpuint (qs_trace_add_mark (trace, QS_MARK_ICMP, "other", 0, "one too many"), ==, G_MAXUINT);
  g_assert_cmpuint (not_kept (trace).marks, ==, 1);
  g_assert_cmpuint (qs_trace_get_n_marks (trace), ==, 65536);
  qs_trace_add_mark (trace, QS_MARK_CLOSE, "remote", 0, NULL);
  g_assert_cmpuint (qs_trace_get_n_marks (trace), ==, 65537);
}

static void
test_messages (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  qs_trace_set_budget (trace, 2 * (sizeof (QsTraceMessage) + 2 * 500));
  for (guint i = 0; i < 3; i++)
    {
      QsTraceMessage *message = g_new0 (QsTraceMessage, 1);
      message->bytes = g_bytes_new_static (zeros, 500);
      qs_trace_add_message (trace, message);
    }
  g_assert_cmpuint (qs_trace_get_n_messages (trace), ==, 2);
  g_assert_cmpuint (not_kept (trace).messages, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/budget/edge", test_edge);
  g_test_add_func ("/budget/none", test_no_budget);
  g_test_add_func ("/budget/halves", test_halves);
  g_test_add_func ("/budget/early", test_early);
  g_test_add_func ("/budget/program", test_program);
  g_test_add_func ("/budget/marks", test_marks);
  g_test_add_func ("/budget/messages", test_messages);
  return g_test_run ();
}
