/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fixtures.h"
#include "formats/qs-pcapng.h"

#define LINE                                                                                  \
  "CLIENT_TRAFFIC_SECRET_0 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f " \
  "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

typedef struct {
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("qs-pcapng-XXXXXX", NULL);
  self->path = g_build_filename (self->dir, "trace.pcapng", NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->dir), ==, 0); /* nothing was left beside it */
  g_free (self->path);
  g_free (self->dir);
}

/* What tshark prints for these fields, a line a packet; NULL (and the test skipped) where there is no tshark. */
static char **
run_tshark (Fixture *self, const char *fields)
{
  g_autofree char *program = g_find_program_in_path ("tshark");
  if (program == NULL)
    {
      g_test_skip ("no tshark");
      return NULL;
    }
  g_autofree char *command = g_strdup_printf ("%s -n -r %s -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE "
                                              "-o tcp.check_checksum:TRUE -T fields -E separator=, %s",
                                              program, self->path, fields);
  g_autofree char *output = NULL;
  g_autofree char *errors = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_assert_true (g_spawn_command_line_sync (command, &output, &errors, &status, &error));
  g_test_message ("%s\n%s", command, errors);
  g_assert_true (g_spawn_check_wait_status (status, &error));
  g_strchomp (output);
  return g_strsplit (output, "\n", -1);
}

/* lines: NULL where there is no tshark. */
static void
assert_lines (char **lines, const char *const *expected, guint n)
{
  if (lines == NULL)
    return;
  g_assert_cmpuint (g_strv_length (lines), ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpstr (lines[i], ==, expected[i]);
}

static void
test_udp (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (GError) error = NULL;
  static const guint8 odd[5] = { 1, 2, 3, 4, 0xff };

  qs_trace_add_datagram (trace, 1, QS_DIRECTION_SENT, 0, 2, QS_FATE_PASSED, odd, sizeof odd);
  qs_trace_add_secret (trace, 5, LINE); /* behind a packet, yet in front of them in the file */
  fixture_add_datagram (trace, 2000000000, QS_DIRECTION_RECEIVED, 1200);
  qs_trace_add_datagram (trace, 2000000001, QS_DIRECTION_RECEIVED, 0, 3, QS_FATE_DROPPED, odd, 4);
  g_assert_true (qs_pcapng_write (trace, self->path, &error));
  g_assert_no_error (error);

  struct stat info;
  g_assert_cmpint (g_stat (self->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);

  g_auto (GStrv) lines =
      run_tshark (self,
                  "-e ip.src -e udp.srcport -e ip.dst -e udp.dstport -e ip.checksum.status -e udp.checksum.status "
                  "-e ip.dsfield.ecn -e frame.time_epoch -e frame.packet_flags_direction -e udp.length "
                  "-e frame.comment");
  if (lines == NULL)
    return;
  g_assert_cmpuint (g_strv_length (lines), ==, 3);
  g_assert_cmpstr (lines[0], ==, "127.0.0.1,40000,127.0.0.1,4433,1,1,2,1700000000.123456790,0x00000002,13,");
  g_assert_cmpstr (lines[1], ==, "127.0.0.1,4433,127.0.0.1,40000,1,1,0,1700000002.123456789,0x00000001,1208,");
  g_assert_cmpstr (lines[2], ==,
                   "127.0.0.1,4433,127.0.0.1,40000,1,1,3,1700000002.123456790,0x00000001,12,Quicscope: dropped");
}

static void
test_ipv6 (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_SERVER, NULL);
  g_autoptr (GSocketAddress) local = g_inet_socket_address_new_from_string ("2001:db8::1", 443);
  g_autoptr (GSocketAddress) remote = g_inet_socket_address_new_from_string ("2001:db8::2", 50000);
  g_autoptr (GSocketAddress) mapped = g_inet_socket_address_new_from_string ("::ffff:192.0.2.9", 50001);
  g_autoptr (GSocketAddress) plain = g_inet_socket_address_new_from_string ("192.0.2.8", 443);
  guint8 bytes[100] = { 0x42 };

  qs_trace_add_path (trace, local, remote);
  qs_trace_add_path (trace, plain, mapped);
  qs_trace_add_datagram (trace, 0, QS_DIRECTION_RECEIVED, 0, 1, QS_FATE_PASSED, bytes, 100);
  qs_trace_add_datagram (trace, 0, QS_DIRECTION_SENT, 0, 0, QS_FATE_PASSED, bytes, 99);
  qs_trace_add_datagram (trace, 0, QS_DIRECTION_SENT, 1, 0, QS_FATE_PASSED, bytes, 0);
  g_assert_true (qs_pcapng_write (trace, self->path, NULL));

  g_auto (GStrv) lines = run_tshark (self, "-e ipv6.src -e ip.src -e udp.srcport -e ipv6.dst -e ip.dst -e udp.dstport "
                                           "-e udp.checksum.status -e ipv6.tclass.ecn");
  if (lines == NULL)
    return;
  g_assert_cmpstr (lines[0], ==, "2001:db8::2,,50000,2001:db8::1,,443,1,1");
  g_assert_cmpstr (lines[1], ==, "2001:db8::1,,443,2001:db8::2,,50000,1,0");
  g_assert_cmpstr (lines[2], ==, ",192.0.2.8,443,,192.0.2.9,50001,1,");
}

static void
test_tcp (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autofree guint8 *large = g_malloc0 (100000);

  qs_trace_add_segment (trace, 1000, QS_DIRECTION_SENT, 0, "hello", 5);
  qs_trace_add_segment (trace, 2000, QS_DIRECTION_RECEIVED, 0, large, 100000);
  qs_trace_add_segment (trace, 3000, QS_DIRECTION_SENT, 0, "bye", 3);
  g_assert_true (qs_pcapng_write (trace, self->path, NULL));

  g_auto (GStrv) lines =
      run_tshark (self, "-e tcp.srcport -e tcp.checksum.status -e tcp.flags -e tcp.seq -e tcp.ack -e "
                        "tcp.len -e tcp.analysis.flags");
  static const char *const expected[] = {
    "40000,1,0x0002,0,0,0,",        "4433,1,0x0012,0,1,0,",        "40000,1,0x0010,1,1,0,",
    "40000,1,0x0018,1,1,5,",        "4433,1,0x0018,1,6,32768,",    "4433,1,0x0018,32769,6,32768,",
    "4433,1,0x0018,65537,6,32768,", "4433,1,0x0018,98305,6,1696,", "40000,1,0x0018,6,100001,3,",
  };
  assert_lines (lines, expected, G_N_ELEMENTS (expected));
}

/* The header of a record that was read apart from its body goes with it; without a body it is written all the same. */
static void
test_records (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);

  qs_trace_add_segment (trace, 1000, QS_DIRECTION_SENT, 0, "hello", 5);
  qs_trace_add_segment (trace, 2000, QS_DIRECTION_RECEIVED, 0, "first", 5);
  qs_trace_add_segment (trace, 3000, QS_DIRECTION_RECEIVED, 0, "body", 4);
  qs_trace_add_segment (trace, 4000, QS_DIRECTION_RECEIVED, 0, "again", 5);
  qs_trace_add_segment (trace, 5000, QS_DIRECTION_SENT, 0, "me", 2);
  qs_trace_add_segment (trace, 6000, QS_DIRECTION_RECEIVED, 0, "rests", 5);
  g_assert_true (qs_pcapng_write (trace, self->path, NULL));

  g_auto (GStrv) lines =
      run_tshark (self, "-e tcp.srcport -e tcp.checksum.status -e tcp.payload -e tcp.analysis.flags");
  static const char *const expected[] = {
    "40000,1,,",
    "4433,1,,",
    "40000,1,,",
    "40000,1,68656c6c6f,",
    "4433,1,6669727374"
    "626f6479,",
    "4433,1,616761696e,",
    "40000,1,6d65,",
    "4433,1,7265737473,",
  };
  assert_lines (lines, expected, G_N_ELEMENTS (expected));
}

/* Where marks tell when TCP connected, the handshake that is made up has these times. */
static void
test_tcp_times (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  static const gint64 marks[] = { 5000, 30000 };
  static const QsMarkKind kinds[] = { QS_MARK_CONNECTING, QS_MARK_TCP_CONNECTED };

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      QsMark mark = { .kind = kinds[i], .stream = -1 };
      qs_trace_add_mark_full (trace, marks[i], &mark);
    }
  qs_trace_add_segment (trace, 31000, QS_DIRECTION_SENT, 0, "hello", 5);
  g_assert_true (qs_pcapng_write (trace, self->path, NULL));

  g_auto (GStrv) lines = run_tshark (self, "-e tcp.flags -e frame.time_epoch");
  static const char *const expected[] = { "0x0002,1700000000.123461789", "0x0012,1700000000.123486789",
                                          "0x0010,1700000000.123486789", "0x0018,1700000000.123487789" };
  assert_lines (lines, expected, G_N_ELEMENTS (expected));
}

/* Behind the memory bound: the true length is kept, and that the rest is missing. */
static void
test_truncated (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);

  qs_trace_set_payload_limit (trace, 100);
  fixture_add_datagram (trace, 0, QS_DIRECTION_SENT, 1200);
  g_assert_true (qs_pcapng_write (trace, self->path, NULL));
  g_auto (GStrv) lines = run_tshark (self, "-e frame.len -e frame.cap_len -e udp.length");
  if (lines != NULL)
    g_assert_cmpstr (lines[0], ==, "1228,92,1208");
}

static void
test_from_qlog (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (GError) error = NULL;

  fixture_add_packet (trace, G_MAXUINT32, 0, QS_DIRECTION_SENT, QS_PACKET_INITIAL, 0, 1200, "01");
  g_assert_false (qs_pcapng_write (trace, self->path, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/pcapng/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("udp", test_udp);
  ADD ("ipv6", test_ipv6);
  ADD ("tcp", test_tcp);
  ADD ("records", test_records);
  ADD ("tcp-times", test_tcp_times);
  ADD ("truncated", test_truncated);
  ADD ("from-qlog", test_from_qlog);
  return g_test_run ();
}
