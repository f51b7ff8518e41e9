/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A number that several pages show is one number: of every capture and log that the tests have, what the list of packets, the figures, the findings,
 * the chart and the report in JSON count. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "capture-kit.h"
#include "charts/qs-timeline.h"
#include "diagnosis/qs-evidence.h"
#include "trace/qs-metrics.h"

typedef struct {
  guint packets[2], lost[2];
  guint64 bytes[2];
  guint64 frames;
} Counted;

static guint n_lost, n_streams, n_credits; /* of all files: the test is of something */

/* From the packets themselves, one after the other; by QsDirection. */
static void
count (QsTrace *trace, Counted *counted)
{
  *counted = (Counted){ 0 };
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      gboolean unseen = packet->direction == QS_DIRECTION_RECEIVED && (packet->flags & QS_PACKET_DROPPED) != 0;
      counted->packets[packet->direction] += !unseen;
      counted->bytes[packet->direction] += packet->length;
      counted->lost[packet->direction] += (packet->flags & QS_PACKET_LOST) != 0;
    }
}

/* What flow control counts is what the streams' table has, and nobody sends more than is allowed (RFC 9000 section 4.1). */
static void
check_credit (QsTrace *trace)
{
  QsMetrics *metrics = qs_trace_get_metrics (trace);
  g_autoptr (GPtrArray) streams = qs_metrics_list_streams (metrics);

  for (guint direction = 0; direction < 2; direction++)
    {
      const QsCredit *credit = &metrics->credit[direction];
      guint64 sum = 0;

      for (guint i = 0; i < streams->len; i++)
        sum += ((const QsStreamFigures *) g_ptr_array_index (streams, i))->bytes[direction];
      if (credit->samples->len == 0)
        continue;
      const QsCreditSample *last = &g_array_index (credit->samples, QsCreditSample, credit->samples->len - 1);
      g_assert_cmpuint (last->used, <=, last->limit);
      g_assert_cmpuint (last->stream_used, <=, last->stream_limit);
      g_assert_cmpuint (credit->used, >=, sum);
      n_credits++;
    }
}

static void
check_chart (QsStudy *study, const Counted *counted)
{
  QsTrace *trace = qs_study_get_trace (study);
  const QsEvidence *evidence = qs_study_get_evidence (study);
  QsTimeline *timeline = qs_timeline_new (trace, NULL);
  QsTimelineHit hit = { 0 };
  gint64 from, to;

  while (!qs_timeline_advance (timeline, 0))
    ;
  qs_timeline_get_extents (timeline, &from, &to);
  qs_timeline_look_at (timeline, QS_TIMELINE_BYTES, to, &hit);
  g_assert_true (hit.has_value);
  g_assert_cmpuint (hit.values[0], ==, counted->bytes[evidence->from_client]);
  g_assert_cmpuint (hit.values[1], ==, counted->bytes[evidence->from_server]);
  qs_timeline_look_at (timeline, QS_TIMELINE_FLIGHT, to, &hit);
  for (guint side = 0; side < 2 && hit.has_value; side++)
    g_assert_cmpuint (hit.values[side], <=, counted->bytes[side == 0 ? evidence->from_client : evidence->from_server]);
  check_credit (trace);
  qs_timeline_free (timeline);
}

static void
check_report (QsStudy *study)
{
  QsTrace *trace = qs_study_get_trace (study);
  g_autoptr (JsonObject) report = qs_study_to_json (study);
  JsonObject *object = json_object_get_object_member (report, "trace");
  JsonArray *streams = json_object_get_array_member (report, "streams");

  g_assert_cmpint (json_object_get_int_member (object, "packets"), ==, qs_trace_get_n_packets (trace));
  g_assert_cmpint (json_object_get_int_member (object, "datagrams"), ==, qs_trace_get_n_datagrams (trace));
  g_assert_cmpint (json_object_get_int_member (object, "frames"), ==, (gint64) qs_trace_get_n_frames (trace));
  for (guint i = 0; i < json_array_get_length (streams); i++)
    {
      JsonObject *stream = json_array_get_object_element (streams, i);
      const QsStreamFigures *figures =
          qs_metrics_get_stream (qs_trace_get_metrics (trace), (guint64) json_object_get_int_member (stream, "id"));
      if (figures == NULL || !qs_trace_is_from_file (trace))
        continue;
      n_streams++;
      g_assert_cmpint (json_object_get_int_member (stream, "bytes_sent"), ==,
                       (gint64) figures->bytes[QS_DIRECTION_SENT]);
      g_assert_cmpint (json_object_get_int_member (stream, "bytes_received"), ==,
                       (gint64) figures->bytes[QS_DIRECTION_RECEIVED]);
    }
}

static void
check (QsStudy *study)
{
  QsTrace *trace = qs_study_get_trace (study);
  const QsMetrics *metrics = qs_trace_get_metrics (trace);
  Counted counted;

  qs_study_settle (study);
  const QsEvidence *evidence = qs_study_get_evidence (study);
  count (trace, &counted);
  for (guint direction = 0; direction < 2; direction++)
    {
      g_assert_cmpuint (metrics->directions[direction].packets, ==, counted.packets[direction]);
      g_assert_cmpuint (metrics->directions[direction].lost, ==, counted.lost[direction]);
    }
  g_assert_cmpuint (evidence->packets.n_out, ==, counted.packets[QS_DIRECTION_SENT]);
  g_assert_cmpuint (evidence->packets.n_in, ==, counted.packets[QS_DIRECTION_RECEIVED]);
  /* Of an attempt that was answered with Retry or Version Negotiation, or of 0-RTT that was not taken, nothing counts as lost on the path. */
  if (evidence->packets.retry >= 0 || evidence->packets.version_negotiation >= 0 || evidence->packets.n_0rtt_out > 0)
    g_assert_cmpuint (evidence->packets.n_lost, <=, counted.lost[QS_DIRECTION_SENT]);
  else
    g_assert_cmpuint (evidence->packets.n_lost, ==, counted.lost[QS_DIRECTION_SENT]);
  n_lost += counted.lost[QS_DIRECTION_SENT];
  if (qs_trace_get_n_packets (trace) > 0)
    check_chart (study, &counted);
  check_report (study);
}

static void
test_one_number (void)
{
  static const char *const folders[] = { "cli/captures", "formats/data" };
  guint n = 0;

  for (guint f = 0; f < G_N_ELEMENTS (folders); f++)
    {
      g_autofree char *folder = path_of (folders[f]);
      g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
      const char *name;
      g_assert_nonnull (dir);
      while ((name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *path = g_build_filename (folder, name, NULL);
          const char *dot = strrchr (name, '.');
          g_autofree char *stem = g_strndup (path, strlen (path) - (dot != NULL ? strlen (dot) : 0));
          g_autofree char *keys = g_strconcat (stem, ".keys", NULL);
          const char *key_logs[] = { keys, NULL };
          gboolean has_keys = g_file_test (keys, G_FILE_TEST_EXISTS);
          if (dot == NULL || g_str_equal (dot, ".keys"))
            continue;
          g_autoptr (GPtrArray) studies = qs_study_file_open (path, has_keys ? key_logs : NULL, NULL);
          g_test_message ("%s", name);
          for (guint i = 0; studies != NULL && i < studies->len; i++, n++)
            check (studies->pdata[i]);
        }
    }
  g_assert_cmpuint (n, >=, 60);
  g_assert_cmpuint (n_lost, >, 0);
  g_assert_cmpuint (n_streams, >, 50);
  g_assert_cmpuint (n_credits, >, 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/numbers/one", test_one_number);
  return g_test_run ();
}
