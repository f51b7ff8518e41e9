/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fixtures.h"
#include "trace/qs-filter.h"

#define MS G_GINT64_CONSTANT (1000000)

/* By index:
 *   0 sent Initial 0, ClientHello, 1200 bytes, 0 ms
 *   1 received Initial 0, ACK, 60 bytes, 3 ms
 *   2 received Handshake 5, certificate, coalesced, 900 bytes, 3 ms
 *   3 sent 1-RTT 10, STREAM 4, lost, 200 bytes, 8 ms
 *   4 received 1-RTT 11, CONNECTION_CLOSE "gone <b>", 50 bytes, 1200 ms
 *   5 received Retry without number, 100 bytes, 1300 ms
 *   6 received 1-RTT, not decrypted, corrupt, 1301 ms
 */
static QsTrace *
make_trace (void)
{
  QsTrace *trace = fixture_trace_new (QS_VANTAGE_CLIENT);

  fixture_add_packet (trace, 0, 0, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, 1200, "060003010203");
  fixture_add_packet (trace, 1, 3 * MS, QS_DIRECTION_RECEIVED, QS_PACKET_INITIAL, 0, 60, "0200000000");
  guint third =
      fixture_add_packet (trace, 1, 3 * MS, QS_DIRECTION_RECEIVED, QS_PACKET_HANDSHAKE, 5, 900, "060003010203");
  qs_trace_edit_packet (trace, third)->flags |= QS_PACKET_COALESCED;
  fixture_add_message (trace, third, QS_TLS_CERTIFICATE, "00000000", 0);
  guint lost = fixture_add_packet (trace, 2, 8 * MS, QS_DIRECTION_SENT, QS_PACKET_1RTT, 10, 200, "0a04020102");
  qs_trace_edit_packet (trace, lost)->flags |= QS_PACKET_LOST;
  fixture_add_packet (trace, 3, 1200 * MS, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 11, 50, "1c0a0008676f6e65203c623e");
  fixture_add_packet (trace, 4, 1300 * MS, QS_DIRECTION_RECEIVED, QS_PACKET_RETRY, G_MAXUINT64, 100, NULL);
  guint corrupt =
      fixture_add_packet (trace, 5, 1301 * MS, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, G_MAXUINT64, 70, NULL);
  qs_trace_edit_packet (trace, corrupt)->flags |= QS_PACKET_CORRUPT;
  qs_trace_edit_packet (trace, corrupt)->version = QS_QUIC_VERSION_2;
  return trace;
}

static const struct {
  const char *text;
  const char *expected; /* the indices */
} cases[] = {
  { "", "0123456" },
  { "  ", "0123456" },
  { "dir:rx", "12456" },
  { "dir=tx", "03" },
  { "dir:server", "12456" },
  { "from:client", "03" },
  { "rx", "12456" },
  { "type:initial", "01" },
  { "type:initial,handshake", "012" },
  { "type!=initial,handshake", "3456" },
  { "TYPE:1-RTT", "346" },
  { "type:1rtt", "346" },
  { "frame:ack", "1" },
  { "frame:crypto,ack", "012" },
  { "ack", "1" },
  { "frame:connection_close", "4" },
  { "frame:CONNECTION-CLOSE", "4" },
  { "stream:4", "3" },
  { "stream:5", "" },
  { "stream>=4", "3" },
  { "not stream:4", "012456" },
  { "pn>10", "4" },
  { "pn>=10", "34" },
  { "pn<5", "01" },
  { "pn!=0", "23456" },
  { "pn:3..10", "23" },
  { "pn:..5", "012" },
  { "pn:11..", "4" },
  { "size>=1200", "0" },
  { "size<0.1k", "146" },
  { "time<5ms", "012" },
  { "time<5", "012" },
  { "time>=1.2s", "456" },
  { "time:3ms..8ms", "123" },
  { "version:0x6b3343cf", "6" },
  { "datagram:1", "12" },
  { "frames>=1", "01234" },
  { "lost", "3" },
  { "not lost", "012456" },
  { "!lost", "012456" },
  { "coalesced", "2" },
  { "encrypted", "56" },
  { "not decrypted", "56" },
  { "corrupt or lost", "36" },
  { "corrupt||lost", "36" },
  { "message:certificate", "2" },
  { "message:client_hello", "" },
  { "dir:rx type:initial", "1" },
  { "dir:rx and type:initial", "1" },
  { "dir:rx && type:initial", "1" },
  { "lost or dir:rx type:initial", "13" },
  { "(lost or dir:rx) type:1rtt", "346" },
  { "not (lost or dir:rx)", "0" },
  { "not not lost", "3" },
  { "\"gone\"", "4" },
  { "\"GONE\"", "4" },
  { "gone", "4" },
  { "Gon", "4" },
  { "not gone lost", "3" },
  { "nowhere", "" },
  { "\"<b>\"", "4" },
  { "\"certificate\"", "2" },
  { "\"stream 4\" or retry", "35" },
  { "\"\" lost", "3" },
  { "dir:rx type:1rtt frame:connection_close stream:4", "" },
};

static void
test_matches (void)
{
  g_autoptr (QsTrace) trace = make_trace ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (QsFilter) filter = qs_filter_new (cases[i].text, NULL, &error);
      g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (guint32));
      g_autoptr (GString) got = g_string_new (NULL);
      guint from = 0;

      g_test_message ("%s", cases[i].text);
      g_assert_no_error (error);
      g_assert_true (qs_filter_run (filter, trace, &from, 0, out));
      g_assert_cmpuint (from, ==, 7);
      for (guint j = 0; j < out->len; j++)
        g_string_append_printf (got, "%u", g_array_index (out, guint32, j));
      g_assert_cmpstr (got->str, ==, cases[i].expected);
      for (guint j = 0; j < 7; j++)
        g_assert_cmpint (qs_filter_matches (filter, trace, j), ==, strchr (got->str, (int) ('0' + j)) != NULL);
    }
}

static const struct {
  const char *text;
  guint position;
  const char *words; /* in the message */
} errors[] = {
  { "bogus:1", 0, "bogus" },
  { "lost bogus:1", 5, "bogus" },
  { "type:", 5, "value" },
  { "type", 4, "value" },
  { "type:foo", 5, "initial" },
  { "frame:foo", 6, "crypto" },
  { "dir:up", 4, "rx" },
  { "pn:x", 3, "number" },
  { "pn>", 3, "value" },
  { "pn>3..4", 3, "range" },
  { "pn:..", 3, "number" },
  { "size>5ms", 5, "size" },
  { "time>5kb", 5, "time" },
  { "type>initial", 4, "compared" },
  { "(lost", 0, "closed" },
  { "lost)", 4, "opened" },
  { "()", 1, "expected" },
  { "lost and", 8, "end" },
  { "or lost", 0, "or" },
  { "not", 3, "end" },
  { "\"abc", 0, "quote" },
  { "lost \"abc", 5, "quote" },
  { "lost ; acked", 5, ";" },
  { "type:initial,", 13, "end" },
  { "äö type:initial bogus>1", 16, "bogus" },
  { "lost \"ä\" bogus:1", 9, "bogus" },
  { ":5", 0, ":" },
};

static void
test_errors (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_autoptr (GError) error = NULL;
      guint position = G_MAXUINT;

      g_assert_null (qs_filter_new (errors[i].text, &position, &error));
      g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
      g_test_message ("%s: %u %s", errors[i].text, position, error->message);
      g_assert_cmpuint (position, ==, errors[i].position);
      g_assert_nonnull (strstr (error->message, errors[i].words));
    }
}

static void
test_bounds (void)
{
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (GString) wide = g_string_new ("lost");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 100000; i++)
    g_string_append_c (deep, '(');
  g_assert_null (qs_filter_new (deep->str, NULL, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
  g_clear_error (&error);
  for (guint i = 0; i < 10000; i++)
    g_string_append (wide, " or lost");
  g_assert_null (qs_filter_new (wide->str, NULL, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_PARSE);
}

/* A million packets answer in 300 ms where no frames are needed. Counted: how often frames are asked for. */
static void
test_speed (void)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (QsFilter) filter =
      qs_filter_new ("dir:rx type:1rtt pn>10 size>=1200 (time<500s or lost) not frame:crypto", NULL, NULL);
  g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (guint32));
  QsPacket packet = {
    .type = QS_PACKET_1RTT, .direction = QS_DIRECTION_RECEIVED, .length = 1200, .frames = 1u << QS_FRAME_STREAM
  };
  guint from = 0, slices = 0;

  for (guint i = 0; i < 1000000; i++)
    {
      packet.number = i;
      packet.time = i * MS;
      qs_trace_add_packet (trace, &packet);
    }
  gint64 start = g_get_monotonic_time ();
  qs_filter_run (filter, trace, &from, 0, out);
  gint64 whole = g_get_monotonic_time () - start;
  g_test_message ("1,000,000 packets: %.1f ms", (double) whole / 1000);
  g_assert_cmpuint (out->len, ==, 499989);

  from = 0;
  g_array_set_size (out, 0);
  while (!qs_filter_run (filter, trace, &from, g_get_monotonic_time () + 2000, out))
    slices++;
  g_assert_cmpuint (out->len, ==, 499989);
  g_assert_cmpuint (slices, >, 0);
  if (g_test_perf ())
    g_assert_cmpint (whole, <, 300000);
}

static void
test_help (void)
{
  guint n;
  const QsFilterKey *keys = qs_filter_keys (&n);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (QsFilter) filter = qs_filter_new (keys[i].example, NULL, &error);

      g_assert_no_error (error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter/matches", test_matches);
  g_test_add_func ("/filter/errors", test_errors);
  g_test_add_func ("/filter/bounds", test_bounds);
  g_test_add_func ("/filter/speed", test_speed);
  g_test_add_func ("/filter/help", test_help);
  return g_test_run ();
}
