/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-trace.h"

static void
test_pointers_stay (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsPacket packet = { .number = 17 };

  g_assert_cmpuint (qs_trace_add_packet (trace, &packet), ==, 0);
  const QsPacket *kept = qs_trace_get_packet (trace, 0);
  for (guint i = 1; i < 20000; i++)
    {
      packet.number = i;
      g_assert_cmpuint (qs_trace_add_packet (trace, &packet), ==, i);
    }
  g_assert_true (kept == qs_trace_get_packet (trace, 0));
  g_assert_cmpuint (kept->number, ==, 17);
  for (guint i = 1; i < 20000; i++)
    g_assert_cmpuint (qs_trace_get_packet (trace, i)->number, ==, i);

  qs_trace_edit_packet (trace, 5)->flags |= QS_PACKET_LOST;
  g_assert_cmpint (qs_trace_get_packet (trace, 5)->flags, ==, QS_PACKET_LOST);
}

static GBytes *
give_payload (QsTrace *trace, guint packet, gpointer data)
{
  return packet == 0 ? g_bytes_new_static ("\x01\x01", 2) : NULL;
}

static void
payload_destroyed (gpointer data)
{
  *(gboolean *) data = TRUE;
}

static void
test_payload_source (void)
{
  QsTrace *trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsPacket packet = { .type = QS_PACKET_1RTT };
  gboolean destroyed = FALSE;

  qs_trace_add_packet (trace, &packet);
  qs_trace_add_packet (trace, &packet);
  g_assert_null (qs_trace_dup_payload (trace, 0));
  qs_trace_set_payload_source (trace, give_payload, NULL, &destroyed, payload_destroyed);
  g_autoptr (GBytes) payload = qs_trace_dup_payload (trace, 0);
  g_assert_cmpuint (g_bytes_get_size (payload), ==, 2);
  g_assert_null (qs_trace_dup_payload (trace, 1));

  g_autoptr (GBytes) behind = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (trace, 0, &behind);
  g_assert_cmpuint (frames->len, ==, 2);
  g_assert_cmpuint (g_array_index (frames, QsFrame, 1).type, ==, QS_FRAME_PING);
  g_assert_nonnull (behind);

  g_autoptr (GBytes) nothing = NULL;
  g_autoptr (GArray) none = qs_trace_dup_frames (trace, 1, &nothing);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_null (nothing);
  g_assert_finalize_object (trace);
  g_assert_true (destroyed);
}

static void
test_messages (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  g_assert_cmpuint (qs_trace_get_n_messages (trace), ==, 0);
  QsTraceMessage *message = g_new0 (QsTraceMessage, 1);
  message->bytes = g_bytes_new_static ("\x14\x00\x00\x01\xff", 5);
  message->message = qs_tls_message_parse (QS_SPAN (g_bytes_get_data (message->bytes, NULL), 5), TRUE, NULL);
  g_assert_nonnull (message->message);
  qs_trace_add_message (trace, message);
  g_assert_cmpuint (qs_trace_get_n_messages (trace), ==, 1);
  g_assert_true (qs_trace_get_message (trace, 0) == message);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trace-derived/pointers-stay", test_pointers_stay);
  g_test_add_func ("/trace-derived/payload-source", test_payload_source);
  g_test_add_func ("/trace-derived/messages", test_messages);
  return g_test_run ();
}
