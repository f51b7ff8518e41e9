/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "study/qs-comparison.h"
#include "study/qs-connection-table.h"
#include "trace-kit.h"

static void
count_cb (guint *n)
{
  (*n)++;
}

static gboolean
finds (QsStudy *study, const char *id)
{
  GPtrArray *findings = qs_study_get_findings (study);

  for (guint i = 0; i < findings->len; i++)
    if (g_str_equal (((const QsFinding *) findings->pdata[i])->id, id))
      return TRUE;
  return FALSE;
}

/* A run that goes on: what time alone brings about comes with a look; once it has settled nothing changes. */
static void
test_filling (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);
  guint n_changes = 0;

  made_start (made);
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  g_autoptr (QsStudy) study = qs_study_new (made->trace, NULL);
  g_signal_connect_swapped (study, "notify::state", G_CALLBACK (count_cb), &n_changes);
  g_assert_cmpint (qs_study_get_state (study), ==, QS_STUDY_FILLING);
  qs_study_look (study, 100 * MS);
  g_assert_false (finds (study, "no-reply"));
  const QsEvidence *evidence = qs_study_get_evidence (study);
  g_assert_true (qs_study_get_evidence (study) == evidence);
  qs_study_look (study, 60000 * MS);
  g_assert_true (finds (study, "no-reply"));
  g_assert_true (qs_study_advance (study, 0));
  g_assert_cmpint (qs_study_get_state (study), ==, QS_STUDY_FILLING);

  made_outcome (made, "stopped", "connect");
  qs_study_settle (study);
  g_assert_cmpint (qs_study_get_state (study), ==, QS_STUDY_SETTLED);
  g_assert_cmpuint (n_changes, ==, 1);
  g_assert_nonnull (strstr (qs_study_get_verdict (study), "stopped"));
  evidence = qs_study_get_evidence (study);
  qs_study_look (study, 90000 * MS);
  g_assert_true (qs_study_get_evidence (study) == evidence);
}

/* A file is whole: it is to be read, and then it has settled; a log is read already. */
static void
test_file (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (QsTrace) log = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  const QsPacket packet = { .type = QS_PACKET_INITIAL, .record = G_MAXUINT32, .flags = QS_PACKET_FROM_QLOG };

  qs_trace_add_datagram (trace, 0, QS_DIRECTION_SENT, 0, 0, QS_FATE_PASSED, "hello", 5);
  qs_trace_set_from_file (trace);
  g_autoptr (QsStudy) study = qs_study_new (trace, NULL);
  g_assert_cmpint (qs_study_get_state (study), ==, QS_STUDY_DISSECTING);
  g_assert_nonnull (qs_study_get_dissector (study));
  while (!qs_study_advance (study, 1))
    ;
  g_assert_cmpint (qs_study_get_state (study), ==, QS_STUDY_SETTLED);

  qs_trace_add_packet (log, &packet);
  qs_trace_set_from_file (log);
  g_autoptr (QsStudy) read = qs_study_new (log, NULL);
  g_assert_cmpint (qs_study_get_state (read), ==, QS_STUDY_SETTLED);
  g_assert_null (qs_study_get_dissector (read));
}

/* What a run noted is believed, the last note of each stream; what a file calls escaped is made so. */
static void
test_marks (void)
{
  static const char fields[] = "server\0a\x1b[2Jb\0lonely";
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_start (made);
  made_handshake (made);
  made_stream (made, 0, QS_STREAM_OK, QS_STREAM_OK, -1, 0, 7);
  made_stream (made, 3, QS_STREAM_OK, QS_STREAM_WRONG_DIR, -1, 5, 0);
  made_stream (made, 0, QS_STREAM_RESET_REMOTE, QS_STREAM_FINISHED, 0x42, 1234, 7);
  QsMark answer = { .kind = QS_MARK_ANSWER,
                    .name = "3",
                    .value = 404,
                    .received = 1 << 20,
                    .bytes = g_bytes_new (fields, sizeof fields - 1) };
  qs_trace_add_mark_full (made->trace, made->at * MS, &answer);
  g_autoptr (QsStudy) study = qs_study_new (made->trace, NULL);

  GPtrArray *streams = qs_study_get_streams (study);
  g_assert_cmpuint (streams->len, ==, 2);
  g_assert_cmpuint (qs_study_get_n_streams (study), ==, 2);
  const QsStudyStream *stream = streams->pdata[0];
  g_assert_cmpint (stream->id, ==, 0);
  g_assert_cmpint (stream->read_state, ==, QS_STREAM_RESET_REMOTE);
  g_assert_cmpint (stream->read_error, ==, 0x42);
  g_assert_cmpuint (stream->received, ==, 1234);
  const QsStudyAnswer *told = qs_study_get_answer (study);
  g_assert_cmpuint (told->status, ==, 404);
  g_assert_cmpuint (told->length, ==, 1 << 20);
  g_assert_cmpuint (g_strv_length (told->headers), ==, 2);
  g_assert_cmpstr (told->headers[1], ==, "a\\x1b[2Jb");
  g_autofree char *words = qs_study_dup_answer_text (study);
  g_assert_cmpstr (words, ==, "HTTP/3 404");
}

static void
test_target (void)
{
  g_autoptr (Made) made = made_new (QS_VANTAGE_CLIENT);

  made_mark (made, QS_MARK_FACT, "target", 4433, "quic://[2001:db8::1]:4433/");
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "[2001:db8::1]:4433");
  qs_trace_add_fact (made->trace, "offer.alpn", "h3,hq-interop");
  g_autoptr (QsStudy) study = qs_study_new (made->trace, NULL);
  const QsStudyTarget *target = qs_study_get_target (study);

  g_assert_cmpstr (target->host, ==, "2001:db8::1");
  g_assert_cmpstr (target->address, ==, "2001:db8::1");
  g_assert_cmpuint (target->port, ==, 4433);
  g_assert_cmpuint (g_strv_length (target->alpn), ==, 2);
  g_assert_cmpstr (target->alpn[1], ==, "hq-interop");
}

static QsStudy *
connected (gint64 done)
{
  Made *made = made_new (QS_VANTAGE_CLIENT);

  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made->at = done;
  made_mark (made, QS_MARK_HANDSHAKE_DONE, NULL, 0, NULL);
  made_outcome (made, "ok", "done");
  QsStudy *study = qs_study_new (made->trace, NULL);
  made_free (made);
  return study;
}

/* A difference is told of from 20 ms on, and from half as long again. */
static void
test_times (void)
{
  static const struct {
    gint64 first, second;
    gboolean told;
  } rows[] = { { 10, 29, FALSE }, { 10, 30, TRUE }, { 100, 149, FALSE }, { 100, 150, TRUE }, { 150, 100, TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (QsStudy) one = connected (rows[i].first);
      g_autoptr (QsStudy) other = connected (rows[i].second);
      g_autoptr (QsComparison) comparison = qs_comparison_new (one, other);
      const char *headline = qs_comparison_get_headline (comparison);
      g_test_message ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT ": %s", rows[i].first, rows[i].second, headline);
      g_assert_cmpint (strstr (headline, "The handshake ") != NULL, ==, rows[i].told);
    }
}

/* A peer opens as many as it likes: the first ones are listed, all are counted. */
static void
test_many_streams (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (QsStudy) study = qs_study_new (trace, NULL);

  for (gint64 turn = 0; turn < 2; turn++)
    for (gint64 id = 0; id < 5000; id++)
      qs_trace_add_mark_full (trace, turn,
                              &(const QsMark){ .kind = QS_MARK_STREAM, .stream = id, .received = (guint64) turn });
  qs_study_settle (study);
  g_assert_cmpuint (qs_study_get_streams (study)->len, ==, QS_STUDY_MAX_STREAMS);
  g_assert_cmpuint (((const QsStudyStream *) qs_study_get_streams (study)->pdata[QS_STUDY_MAX_STREAMS - 1])->received,
                    ==, 1);
  g_assert_cmpuint (qs_study_get_n_streams (study), ==, 5000);
}

static void
dropped_cb (QsConnectionTable *table, guint n, guint *count)
{
  *count += n;
}

/* A table of what is watched: rows keep their index, those of long ago go, and before that their packets. */
static void
test_growing_table (void)
{
  g_autoptr (QsConnectionTable) table = qs_connection_table_new_growing ("example.org:443");
  const guint n = QS_CONNECTION_TABLE_MOST_ROWS + 1000;
  g_autoptr (QsStudy) kept = NULL;
  guint n_dropped = 0;

  g_signal_connect (table, "dropped", G_CALLBACK (dropped_cb), &n_dropped);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
      g_autoptr (QsStudy) study = qs_study_new (trace, NULL);

      g_assert_cmpuint (qs_connection_table_add (table, study), ==, i);
      g_assert_cmpint (qs_connection_table_get_row (table, i)->state, ==, QS_WATCHED_HANDSHAKING);
      if (i == 0)
        kept = g_object_ref (study);
      if (i == 1) /* goes on for long */
        continue;
      qs_study_settle (study);
      qs_connection_table_look (table, i, i % 2 == 0);
      g_assert_true (qs_connection_table_get_row (table, i)->settled);
    }
  guint first = qs_connection_table_get_first (table);
  g_assert_cmpuint (qs_connection_table_get_length (table), ==, n);
  g_assert_cmpuint (first, >=, 1000 - 64);
  g_assert_cmpuint (n_dropped, ==, first);
  g_assert_null (qs_connection_table_get_row (table, first - 1));
  g_assert_null (qs_connection_table_dup_study (table, 0)); /* whoever looks at it holds it alone */
  g_assert_nonnull (kept);
  g_assert_true (qs_connection_table_get_row (table, first)->let_go);
  g_assert_null (qs_connection_table_dup_study (table, first));
  g_assert_false (qs_connection_table_get_row (table, n - 1)->let_go);
  g_autoptr (QsStudy) last = qs_connection_table_dup_study (table, n - 1);
  g_assert_nonnull (last);
  g_assert_cmpuint (qs_connection_table_get_n_let_go (table), ==, n - QS_CONNECTION_TABLE_MOST_HELD);
  g_assert_cmpuint (qs_connection_table_get_n_keyless (table), ==, (n - first) / 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/study/filling", test_filling);
  g_test_add_func ("/study/file", test_file);
  g_test_add_func ("/study/marks", test_marks);
  g_test_add_func ("/study/target", test_target);
  g_test_add_func ("/study/times", test_times);
  g_test_add_func ("/study/many-streams", test_many_streams);
  g_test_add_func ("/study/growing-table", test_growing_table);
  return g_test_run ();
}
