/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "fixtures.h"
#include "formats/qs-qlog.h"
#include "formats/qs-trace-file.h"
#include "formats/qs-trace-save.h"
#include "trace/qs-metrics.h"

#define MS G_GINT64_CONSTANT (1000000)

typedef struct {
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer suffix)
{
  self->dir = g_dir_make_tmp ("qs-qlog-XXXXXX", NULL);
  self->path = g_strdup_printf ("%s/trace%s", self->dir, (const char *) suffix);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->dir), ==, 0);
  g_free (self->path);
  g_free (self->dir);
}

static QsTrace *
make_trace (void)
{
  QsTrace *trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  QsMark close = {
    .kind = QS_MARK_CLOSE, .name = "remote", .value = 0x178, .text = g_strdup ("a \"quoted\" reason"), .stream = -1
  };

  qs_trace_set_title (trace, "quic://example.test\033[1m");
  guint first = fixture_add_datagram (trace, 1 * MS, QS_DIRECTION_SENT, 1200);
  /* Out of order, as a packet whose keys came late. */
  fixture_add_packet (trace, first, 5 * MS, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 7, 100,
                      "0a04020102"
                      "1801000401020304000102030405060708090a0b0c0d0e0f"
                      "1d4100026869");
  fixture_add_packet (trace, first, 1 * MS, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, 1200, "060003010203000000");
  fixture_add_packet (trace, first, 3 * MS, QS_DIRECTION_RECEIVED, QS_PACKET_INITIAL, 0, 50, "03051901000000020304");
  guint lost =
      fixture_add_packet (trace, first, 4 * MS, QS_DIRECTION_RECEIVED, QS_PACKET_HANDSHAKE, G_MAXUINT64, 40, NULL);
  qs_trace_edit_packet (trace, lost)->flags |= QS_PACKET_CORRUPT;
  qs_trace_add_mark_full (trace, 6 * MS, &close);
  return trace;
}

static JsonNode *
parse (const char *text, gsize length)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) error = NULL;

  if (!json_parser_load_from_data (parser, text, (gssize) length, &error))
    g_error ("%s: %.*s", error->message, (int) length, text);
  return json_node_ref (json_parser_get_root (parser));
}

static void
check_events (JsonArray *events)
{
  static const char *const names[] = { "connectivity:connection_started", "transport:packet_sent",
                                       "transport:packet_received",       "transport:packet_dropped",
                                       "transport:packet_received",       "connectivity:connection_closed" };
  double last = -1;

  g_assert_cmpuint (json_array_get_length (events), ==, G_N_ELEMENTS (names));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      JsonObject *event = json_array_get_object_element (events, i);

      g_assert_cmpstr (json_object_get_string_member (event, "name"), ==, names[i]);
      g_assert_cmpfloat (json_object_get_double_member (event, "time"), >=, last);
      last = json_object_get_double_member (event, "time");
    }

  JsonObject *data = json_object_get_object_member (json_array_get_object_element (events, 4), "data");
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (data, "header"), "packet_type"), ==,
                   "1RTT");
  JsonArray *frames = json_object_get_array_member (data, "frames");
  g_assert_cmpuint (json_array_get_length (frames), ==, 3);
  JsonObject *stream = json_array_get_object_element (frames, 0);
  g_assert_cmpstr (json_object_get_string_member (stream, "frame_type"), ==, "stream");
  g_assert_cmpint (json_object_get_int_member (stream, "length"), ==, 2);
  g_assert_false (json_object_has_member (stream, "fin"));
  JsonObject *cid = json_array_get_object_element (frames, 1);
  g_assert_cmpstr (json_object_get_string_member (cid, "connection_id"), ==, "01020304");
  JsonObject *close = json_array_get_object_element (frames, 2);
  g_assert_cmpstr (json_object_get_string_member (close, "error_space"), ==, "application");
  g_assert_cmpint (json_object_get_int_member (close, "error_code"), ==, 0x100);
  g_assert_cmpstr (json_object_get_string_member (close, "reason"), ==, "hi");

  data = json_object_get_object_member (json_array_get_object_element (events, 2), "data");
  JsonObject *ack = json_array_get_object_element (json_object_get_array_member (data, "frames"), 0);
  JsonArray *ranges = json_object_get_array_member (ack, "acked_ranges");
  g_assert_cmpuint (json_array_get_length (ranges), ==, 2);
  g_assert_cmpint (json_array_get_int_element (json_array_get_array_element (ranges, 0), 0), ==, 5);
  g_assert_cmpint (json_array_get_int_element (json_array_get_array_element (ranges, 1), 1), ==, 3);
  g_assert_cmpfloat (json_object_get_double_member (ack, "ack_delay"), ==, 0.2);
  g_assert_cmpint (json_object_get_int_member (ack, "ce"), ==, 4);

  data = json_object_get_object_member (json_array_get_object_element (events, 5), "data");
  g_assert_cmpstr (json_object_get_string_member (data, "reason"), ==, "a \"quoted\" reason");
  g_assert_cmpint (json_object_get_int_member (data, "connection_code"), ==, 0x178);
}

static void
test_json (Fixture *self, gconstpointer suffix)
{
  g_autoptr (QsTrace) trace = make_trace ();
  g_autofree char *text = NULL;
  gsize length;

  g_assert_true (qs_qlog_write (trace, self->path, NULL));
  g_assert_true (g_file_get_contents (self->path, &text, &length, NULL));
  g_autoptr (JsonNode) root = parse (text, length);
  JsonObject *file = json_node_get_object (root);
  g_assert_cmpstr (json_object_get_string_member (file, "qlog_version"), ==, "0.3");
  g_assert_cmpstr (json_object_get_string_member (file, "qlog_format"), ==, "JSON");
  JsonObject *one = json_array_get_object_element (json_object_get_array_member (file, "traces"), 0);
  g_assert_cmpstr (json_object_get_string_member (one, "title"), ==, "quic://example.test\\x1b[1m");
  check_events (json_object_get_array_member (one, "events"));
}

static void
test_sequence (Fixture *self, gconstpointer suffix)
{
  g_autoptr (QsTrace) trace = make_trace ();
  g_autoptr (JsonArray) events = json_array_new ();
  g_autofree char *text = NULL;
  gsize length;

  g_assert_true (qs_qlog_write (trace, self->path, NULL));
  g_assert_true (g_file_get_contents (self->path, &text, &length, NULL));
  g_assert_cmpint (text[length - 1], ==, '\n');
  for (char *at = text; at < text + length;)
    {
      char *end = strchr (at, '\n');

      g_assert_cmpint (*at, ==, 0x1e);
      g_assert_nonnull (end);
      g_autoptr (JsonNode) record = parse (at + 1, (gsize) (end - at - 1));
      if (at == text)
        {
          JsonObject *head = json_node_get_object (record);
          g_assert_cmpstr (json_object_get_string_member (head, "file_schema"), ==,
                           "urn:ietf:params:qlog:file:sequential");
          g_assert_cmpstr (json_object_get_string_member (head, "serialization_format"), ==,
                           "application/qlog+json-seq");
          g_assert_cmpstr (json_object_get_string_member (head, "qlog_version"), ==, "0.3");
          g_assert_cmpstr (json_object_get_string_member (head, "qlog_format"), ==, "JSON-SEQ");
          g_assert_true (json_object_has_member (json_object_get_object_member (head, "trace"), "vantage_point"));
        }
      else
        json_array_add_element (events, g_steal_pointer (&record));
      at = end + 1;
    }
  check_events (events);
}

/* Losses at the time when they showed; one that turned out to be none is not told of. And back. */
static void
test_losses (Fixture *self, gconstpointer suffix)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autofree char *text = NULL;

  for (guint i = 0; i < 5; i++)
    fixture_add_packet (trace, G_MAXUINT32, i * MS, QS_DIRECTION_SENT, QS_PACKET_1RTT, 40 + i, 1200, "01");
  for (guint i = 0; i < 2; i++)
    qs_metrics_add_loss (qs_trace_get_metrics (trace), &(QsLoss){ 3 * MS, i });
  qs_trace_edit_packet (trace, 1)->flags |= QS_PACKET_LOST;

  g_assert_true (qs_qlog_write (trace, self->path, NULL));
  g_assert_true (g_file_get_contents (self->path, &text, NULL, NULL));
  const char *lost =
      strstr (text, "{\"time\":3.000000,\"name\":\"recovery:packet_lost\",\"data\":{\"header\":{\"packet_type\":"
                    "\"1RTT\",\"packet_number\":41}}}");
  g_assert_nonnull (lost);
  g_assert_cmpint (strstr (text, "\"packet_number\":43") - lost, <, 0); /* a packet comes before what it tells */
  g_assert_null (strstr (strstr (lost, "packet_lost") + 1, "packet_lost"));

  g_autoptr (GPtrArray) traces = qs_trace_file_load (self->path, NULL, NULL, NULL);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpint ((qs_trace_get_packet (traces->pdata[0], i)->flags & QS_PACKET_LOST) != 0, ==, i == 1);
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GError **error = data;

  if (qs_trace_save_finish (QS_TRACE (source), result, error))
    *error = g_error_new (QS_ERROR, QS_ERROR_FAILED, "done");
}

/* In slices of the loop; and cancelled, which leaves nothing (tear_down looks). */
static void
test_async (Fixture *self, gconstpointer suffix)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 50000; i++)
    fixture_add_packet (trace, G_MAXUINT32, i * MS, QS_DIRECTION_SENT, QS_PACKET_1RTT, i, 1200, "01");
  qs_trace_save_async (trace, self->path, QS_TRACE_FORMAT_SQLOG, cancellable, saved_cb, &error);
  gint64 longest = 0;
  for (guint i = 0; i < 5; i++)
    {
      gint64 start = g_get_monotonic_time ();
      g_main_context_iteration (NULL, TRUE);
      longest = MAX (longest, g_get_monotonic_time () - start);
    }
  g_assert_no_error (error);
  g_test_message ("longest slice %" G_GINT64_FORMAT " µs", longest);
  g_cancellable_cancel (cancellable);
  while (error == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (self->path, G_FILE_TEST_EXISTS));
  g_clear_error (&error);

  qs_trace_save_async (trace, self->path, QS_TRACE_FORMAT_SQLOG, NULL, saved_cb, &error);
  while (error == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (error, QS_ERROR, QS_ERROR_FAILED);
  g_assert_true (g_file_test (self->path, G_FILE_TEST_EXISTS));
}

static void
test_tls_over_tcp (Fixture *self, gconstpointer suffix)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (GError) error = NULL;

  fixture_add_packet (trace, G_MAXUINT32, 0, QS_DIRECTION_SENT, QS_PACKET_TLS_RECORD, G_MAXUINT64, 5, NULL);
  g_assert_false (qs_qlog_write (trace, self->path, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, suffix, func) g_test_add ("/qlog/" name, Fixture, suffix, set_up, func, tear_down)
  ADD ("json", ".qlog", test_json);
  ADD ("sequence", ".sqlog", test_sequence);
  ADD ("losses", ".sqlog", test_losses);
  ADD ("async", ".sqlog", test_async);
  ADD ("tls-over-tcp", ".sqlog", test_tls_over_tcp);
  return g_test_run ();
}
