/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "fixtures.h"
#include "formats/qs-pcapng.h"
#include "formats/qs-qlog.h"
#include "formats/qs-trace-file.h"

#define MS G_GINT64_CONSTANT (1000000)
#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SECRET "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define LINE "CLIENT_TRAFFIC_SECRET_0 " RANDOM " " SECRET

typedef struct {
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *self, gconstpointer suffix)
{
  self->dir = g_dir_make_tmp ("qs-file-XXXXXX", NULL);
  self->path = g_strdup_printf ("%s/trace%s", self->dir, suffix != NULL ? (const char *) suffix : "");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_unlink (self->path);
  g_assert_cmpint (g_rmdir (self->dir), ==, 0);
  g_free (self->path);
  g_free (self->dir);
}

static GPtrArray *
load (const char *path, const char *keys)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *traces = qs_trace_file_load (path, keys, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (traces->len, >, 0);
  return traces;
}

/* A long header of a client or server: Initial, ids of eight bytes. */
static void
add_initial (QsTrace *trace, gint64 time, QsDirection direction, guint16 path, guint8 dcid, guint8 scid)
{
  guint8 bytes[1200] = { 0xc0, 0, 0,    0,    1,    8,    dcid, dcid, dcid, dcid, dcid, dcid, dcid,
                         dcid, 8, scid, scid, scid, scid, scid, scid, scid, scid, 0,    0x44, 0x96 };

  qs_trace_add_datagram (trace, time, direction, path, 2, QS_FATE_PASSED, bytes, sizeof bytes);
}

static void
test_pcapng (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_SERVER);
  static const guint8 short_header[30] = { 0x41, 7, 7, 7, 7, 7, 7, 7, 7 };

  add_initial (trace, 0, QS_DIRECTION_RECEIVED, 0, 9, 5);
  qs_trace_add_secret (trace, 5, LINE);
  qs_trace_add_datagram (trace, 7 * MS + 1, QS_DIRECTION_SENT, 0, 1, QS_FATE_DELAYED, short_header, 30);
  g_assert_true (qs_pcapng_write (trace, self->path, NULL));

  g_autoptr (GPtrArray) traces = load (self->path, NULL);
  g_assert_cmpuint (traces->len, ==, 1);
  QsTrace *read = g_ptr_array_index (traces, 0);
  g_assert_cmpint (qs_trace_get_vantage (read), ==, QS_VANTAGE_SERVER);
  g_assert_cmpint (qs_trace_get_origin (read), ==, qs_trace_get_origin (trace));
  g_assert_cmpstr (qs_trace_get_title (read), ==, "trace.pcapng");
  g_assert_cmpuint (qs_trace_get_n_datagrams (read), ==, 2);

  QsRecord record;
  qs_trace_get_record (read, 0, &record);
  g_assert_cmpint (record.kind, ==, QS_RECORD_SECRET);
  g_assert_cmpmem (record.bytes.data, record.bytes.length, LINE, strlen (LINE));
  qs_trace_get_record (read, 1, &record);
  g_assert_cmpint (record.direction, ==, QS_DIRECTION_RECEIVED);
  g_assert_cmpuint (record.length, ==, 1200);
  g_assert_cmpuint (record.ecn, ==, 2);
  qs_trace_get_record (read, 2, &record);
  g_assert_cmpint (record.direction, ==, QS_DIRECTION_SENT);
  g_assert_cmpint (record.time, ==, 7 * MS + 1);
  g_assert_cmpuint (record.ecn, ==, 1);
  g_assert_cmpint (record.fate, ==, QS_FATE_DELAYED);
  g_assert_cmpmem (record.bytes.data, record.bytes.length, short_header, 30);

  const QsPath *path = qs_trace_get_path (read, 0);
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (path->local)), ==, 4433);
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (path->remote)), ==, 40000);
}

static void
test_truncated_payload (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  QsRecord record;

  qs_trace_set_payload_limit (trace, 100);
  add_initial (trace, 0, QS_DIRECTION_SENT, 0, 9, 5);
  g_assert_true (qs_pcapng_write (trace, self->path, NULL));
  g_autoptr (GPtrArray) traces = load (self->path, NULL);
  qs_trace_get_record (g_ptr_array_index (traces, 0), 0, &record);
  g_assert_cmpuint (record.length, ==, 1200);
  g_assert_cmpuint (record.bytes.length, ==, 64);
  g_assert_cmpuint (qs_trace_get_n_truncated (g_ptr_array_index (traces, 0)), ==, 1);
}

/* As if another program had written it: what ours wrote is of one run. */
static void
disown (const char *path)
{
  g_autofree char *contents = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  char *name = memmem (contents, length, "Quicscope", 9);
  g_assert_nonnull (name);
  for (; name != NULL; name = memmem (contents, length, "Quicscope", 9))
    memcpy (name, "Otherwise", 9);
  g_assert_true (g_file_set_contents (path, contents, (gssize) length, NULL));
}

static void
test_tcp (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autofree guint8 *large = g_malloc (100000);

  for (guint i = 0; i < 100000; i++)
    large[i] = (guint8) (i * 7 + i / 256);
  qs_trace_add_segment (trace, 1000, QS_DIRECTION_SENT, 0, "\x16\x03\x01hello", 8);
  qs_trace_add_segment (trace, 2000, QS_DIRECTION_RECEIVED, 0, large, 100000);
  g_assert_true (qs_pcapng_write (trace, self->path, NULL));

  /* Our own: as it was written and read, with nothing made up. */
  g_autoptr (GPtrArray) own = load (self->path, NULL);
  QsRecord second;
  g_assert_cmpuint (qs_trace_get_n_records (own->pdata[0]), ==, 2);
  qs_trace_get_record (own->pdata[0], 1, &second);
  g_assert_cmpint (second.time, ==, 2000);
  g_assert_cmpmem (second.bytes.data, second.bytes.length, large, 100000);

  disown (self->path);
  g_autoptr (GPtrArray) traces = load (self->path, NULL);
  g_autoptr (GByteArray) received = g_byte_array_new ();
  QsTrace *read = g_ptr_array_index (traces, 0);
  g_assert_nonnull (qs_trace_find_mark (read, QS_MARK_TCP_CONNECTED, NULL, NULL));
  for (guint i = 0; i < qs_trace_get_n_records (read); i++)
    {
      QsRecord record;

      qs_trace_get_record (read, i, &record);
      if (record.kind == QS_RECORD_SEGMENT && record.direction == QS_DIRECTION_RECEIVED)
        g_byte_array_append (received, record.bytes.data, (guint) record.bytes.length);
      else if (record.kind == QS_RECORD_SEGMENT)
        g_assert_cmpmem (record.bytes.data, record.bytes.length, "\x16\x03\x01hello", 8);
    }
  g_assert_cmpmem (received->data, received->len, large, 100000);
}

/* Two connections from one address and port, told apart by their ids; and one from another port. */
static void
test_split (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (GSocketAddress) client = g_inet_socket_address_new_from_string ("::1", 40001);
  g_autoptr (GSocketAddress) server = g_inet_socket_address_new_from_string ("::1", 4433);
  guint8 short_header[30] = { 0x41, 3, 3, 3, 3, 3, 3, 3, 3 };
  guint16 other = qs_trace_add_path (trace, client, server);

  add_initial (trace, 0, QS_DIRECTION_SENT, 0, 1, 2);
  add_initial (trace, 1, QS_DIRECTION_RECEIVED, 0, 2, 3);
  add_initial (trace, 2, QS_DIRECTION_SENT, 0, 10, 20);
  add_initial (trace, 3, QS_DIRECTION_SENT, other, 100, 200);
  qs_trace_add_datagram (trace, 4, QS_DIRECTION_SENT, 0, 0, QS_FATE_PASSED, short_header, 30);
  add_initial (trace, 5, QS_DIRECTION_RECEIVED, 0, 20, 30);
  fixture_add_datagram (trace, 6, QS_DIRECTION_RECEIVED, 30);
  g_assert_true (qs_pcapng_write (trace, self->path, NULL));

  g_autoptr (GPtrArray) one = load (self->path, NULL);
  g_assert_cmpuint (one->len, ==, 1);
  QsTrace *whole = g_ptr_array_index (one, 0);
  g_assert_cmpuint (qs_trace_get_n_datagrams (whole), ==, 7);
  QsRecord record;
  qs_trace_get_record (whole, 3, &record);
  const QsPath *path = qs_trace_get_path (whole, record.path);
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (path->local)), ==, 40001);

  disown (self->path);
  g_autoptr (GPtrArray) traces = load (self->path, NULL);
  g_assert_cmpuint (traces->len, ==, 3);
  g_assert_cmpuint (qs_trace_get_n_datagrams (g_ptr_array_index (traces, 0)), ==, 3);
  g_assert_cmpuint (qs_trace_get_n_datagrams (g_ptr_array_index (traces, 1)), ==, 3);
  g_assert_cmpuint (qs_trace_get_n_datagrams (g_ptr_array_index (traces, 2)), ==, 1);
}

/* A client that moves: with the id that it had, as behind a NAT that forgot it, and with a new one. The server's only
 * connection in the capture goes on there. */
static void
test_moved (Fixture *self, gconstpointer data)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  g_autoptr (GSocketAddress) server = g_object_ref (qs_trace_get_path (trace, 0)->remote);
  guint8 known_id[30] = { 0x41, 3, 3, 3, 3, 3, 3, 3, 3 }, new_id[30] = { 0x41, 77, 78, 79, 80, 81, 82, 83, 84 };
  guint16 paths[2];

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GSocketAddress) client = g_inet_socket_address_new_from_string ("127.0.0.9", 50000 + i);
      paths[i] = qs_trace_add_path (trace, client, server);
    }
  add_initial (trace, 0, QS_DIRECTION_SENT, 0, 1, 2);
  add_initial (trace, 1, QS_DIRECTION_RECEIVED, 0, 2, 3);
  qs_trace_add_datagram (trace, 2, QS_DIRECTION_SENT, paths[0], 0, QS_FATE_PASSED, known_id, 30);
  qs_trace_add_datagram (trace, 3, QS_DIRECTION_SENT, paths[1], 0, QS_FATE_PASSED, new_id, 30);
  qs_trace_add_datagram (trace, 4, QS_DIRECTION_RECEIVED, paths[1], 0, QS_FATE_PASSED, new_id, 30);
  g_assert_true (qs_pcapng_write (trace, self->path, NULL));
  disown (self->path);

  g_autoptr (GPtrArray) traces = load (self->path, NULL);
  g_assert_cmpuint (traces->len, ==, 1);
  QsTrace *read = g_ptr_array_index (traces, 0);
  g_assert_cmpuint (qs_trace_get_n_datagrams (read), ==, 5);
  static const struct {
    QsDirection direction;
    guint port;
  } wanted[] = { { QS_DIRECTION_SENT, 40000 },
                 { QS_DIRECTION_RECEIVED, 40000 },
                 { QS_DIRECTION_SENT, 50000 },
                 { QS_DIRECTION_SENT, 50001 },
                 { QS_DIRECTION_RECEIVED, 50001 } };
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      QsRecord record;

      qs_trace_get_record (read, i, &record);
      const QsPath *path = qs_trace_get_path (read, record.path);
      g_assert_cmpint (record.direction, ==, wanted[i].direction);
      g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (path->local)), ==, wanted[i].port);
    }
}

/* --- qlog --- */

static void
test_qlog (Fixture *self, gconstpointer suffix)
{
  g_autoptr (QsTrace) trace = fixture_trace_new (QS_VANTAGE_CLIENT);
  static const char *const payloads[] = {
    "060003010203000000",       /* CRYPTO, PADDING */
    "03051901000000020304",     /* ACK with ECN */
    "0c0540640102030405060708", /* STREAM, OFF */
    "0bff00000000000005023132", /* STREAM with a large id, FIN */
    "0405412a4064"
    "0505412a"
    "070401020304"
    "1041f4"
    "110541f4"
    "1240641340651441f4"
    "150541f4"
    "1605"
    "1706",
    "1801000401020304000102030405060708090a0b0c0d0e0f"
    "1903"
    "1a0102030405060708"
    "1b0102030405060708"
    "1e"
    "01",
    "1c41780603616263"
    "1d4100026869"
    "310401020304",
  };
  guint n = G_N_ELEMENTS (payloads);
  QsMark close = { .kind = QS_MARK_CLOSE, .name = "remote", .value = 0x178, .text = g_strdup ("no"), .stream = -1 };

  for (guint i = 0; i < n; i++)
    fixture_add_packet (trace, G_MAXUINT32, i * MS + 1, i % 2 == 0 ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED,
                        i < 2 ? QS_PACKET_INITIAL : QS_PACKET_1RTT, i, 100 + i, payloads[i]);
  qs_trace_add_mark_full (trace, 50 * MS, &close);
  g_assert_true (qs_qlog_write (trace, self->path, NULL));

  g_autoptr (GPtrArray) traces = load (self->path, NULL);
  QsTrace *read = g_ptr_array_index (traces, 0);
  g_assert_cmpuint (qs_trace_get_n_packets (read), ==, n);
  g_assert_cmpuint (qs_trace_get_n_frames (read), ==, qs_trace_get_n_frames (trace));
  for (guint i = 0; i < n; i++)
    {
      const QsPacket *expected = qs_trace_get_packet (trace, i), *packet = qs_trace_get_packet (read, i);
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GBytes) none = NULL;
      g_autoptr (GArray) expected_frames = qs_trace_dup_frames (trace, i, &payload);
      g_autoptr (GArray) frames = qs_trace_dup_frames (read, i, &none);

      g_assert_cmpint (packet->type, ==, expected->type);
      g_assert_cmpint (packet->direction, ==, expected->direction);
      g_assert_cmpuint (packet->number, ==, expected->number);
      g_assert_cmpuint (packet->length, ==, expected->length);
      g_assert_cmpuint (packet->payload_length, ==, expected->payload_length);
      g_assert_cmpuint (packet->version, ==, QS_QUIC_VERSION_1);
      g_assert_cmphex (packet->frames, ==, expected->frames);
      g_assert_cmpuint (packet->n_frames, ==, expected->n_frames);
      g_assert_true ((packet->flags & QS_PACKET_FROM_QLOG) != 0);
      g_assert_cmpint (ABS (packet->time + qs_trace_get_origin (read) - expected->time - qs_trace_get_origin (trace)),
                       <, 1000); /* a double of milliseconds since 1970 */
      g_assert_cmpuint (frames->len, ==, expected_frames->len);
      for (guint j = 0; j < frames->len; j++)
        {
          g_autofree char *want = qs_frame_describe (&g_array_index (expected_frames, QsFrame, j));
          g_autofree char *got = qs_frame_describe (&g_array_index (frames, QsFrame, j));

          g_test_message ("%s", want);
          g_assert_cmpstr (got, ==, want);
        }
    }
  /* The first packet was acknowledged by none: the ACK tells of 3 and 5. */
  g_assert_cmpint (qs_trace_get_packet (read, 0)->flags & QS_PACKET_ACKED, ==, 0);
  const QsMark *mark = qs_trace_find_mark (read, QS_MARK_CLOSE, NULL, NULL);
  g_assert_cmpint (mark->value, ==, 0x178);
  g_assert_cmpstr (mark->name, ==, "remote");
  g_assert_cmpstr (mark->text, ==, "no");
}

/* --- Others' files --- */

static void
test_ngtcp2_qlog (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "ngtcp2-client.sqlog", NULL);
  g_autoptr (GPtrArray) traces = load (path, NULL);
  QsTrace *trace = g_ptr_array_index (traces, 0);
  guint acked = 0;

  g_assert_cmpuint (traces->len, ==, 1);
  g_assert_cmpint (qs_trace_get_packet (trace, 0)->type, ==, QS_PACKET_INITIAL);
  g_assert_cmpuint (qs_trace_get_packet (trace, 0)->length, ==, 1200);
  g_assert_cmpint (qs_trace_get_packet (trace, 1)->type, ==, QS_PACKET_RETRY);
  g_assert_cmpuint (qs_trace_get_packet (trace, 1)->number, ==, G_MAXUINT64);
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    acked += (qs_trace_get_packet (trace, i)->flags & QS_PACKET_ACKED) != 0;
  g_assert_cmpuint (acked, >, 3);
  g_assert_cmpuint (qs_trace_get_n_frames (trace), >, qs_trace_get_n_packets (trace));
}

static void
test_ngtcp2_capture (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "ngtcp2-retry.pcapng", NULL);
  g_autofree char *keys = g_test_build_filename (G_TEST_DIST, "data", "ngtcp2-retry.keys", NULL);
  g_autoptr (GPtrArray) traces = load (path, keys);
  QsTrace *trace = g_ptr_array_index (traces, 0);
  guint n_secrets = 0, n_sent = 0;

  g_assert_cmpuint (traces->len, ==, 1);
  for (guint i = 0; i < qs_trace_get_n_records (trace); i++)
    {
      QsRecord record;

      qs_trace_get_record (trace, i, &record);
      n_secrets += record.kind == QS_RECORD_SECRET;
      n_sent += record.kind == QS_RECORD_DATAGRAM && record.direction == QS_DIRECTION_SENT;
    }
  g_assert_cmpuint (n_secrets, ==, 5);
  g_assert_cmpuint (n_sent, >, 3);
  g_assert_cmpuint (qs_trace_get_n_datagrams (trace), >, n_sent);
}

/* Other shapes of qlog: by the text of the file, the time of the last packet in ms and how many there are. */
static const struct {
  const char *name;
  const char *text;
  guint n_packets;
  double last_ms;
} shapes[] = {
#define SENT(time, number) \
  "{\"time\":" time        \
  ",\"name\":\"quic:packet_sent\",\"data\":{\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":" number "}}}"
  { "quic names",
    "\x1e{\"qlog_version\":\"0.3\",\"qlog_format\":\"JSON-SEQ\",\"trace\":{}}\n\x1e" SENT ("1.5", "1") "\n", 1, 1.5 },
  { "a record a line", "{\"qlog_version\":\"0.3\",\"trace\":{}}\n" SENT ("1", "1") "\n" SENT ("3", "\"2\"") "\n", 2,
    3 },
  { "delta",
    "{\"qlog_version\":\"0.3\",\"trace\":{\"common_fields\":{\"time_format\":\"delta\"}}}" SENT ("1", "1")
        SENT ("3", "2"),
    2, 4 },
  { "absolute",
    "{\"qlog_version\":\"0.3\",\"trace\":{\"common_fields\":{\"time_format\":\"absolute\",\"reference_time\":"
    "\"1700000000000\"}}}" SENT ("1700000000004", "1"),
    1, 4 },
  { "absolute without reference",
    "{\"qlog_version\":\"0.3\",\"trace\":{}}" SENT ("1700000000004", "1") SENT ("1700000000006", "2"), 2, 2 },
  { "schema only",
    "\x1e{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\",\"trace\":{\"common_fields\":{\"time_format\":"
    "\"relative_to_epoch\",\"reference_time\":{\"clock_type\":\"system\",\"epoch\":\"1970-01-01T00:00:00.000Z\"}}}}"
    "\n\x1e" SENT ("1700000000004", "1"),
    1, 0 },
  { "events before the rest",
    "{\"qlog_version\":\"0.3\",\"traces\":[{\"events\":[" SENT ("2", "1") "," SENT (
        "3", "2") "],\"common_fields\":{\"time_format\":\"delta\"},\"vantage_point\":{\"type\":\"server\"}}]}",
    2, 5 },
  { "pretty",
    "{\n \"traces\" : [ {\n \"events\" : [\n  " SENT ("2", "1") " ,\n" SENT (
        "3", "2") "\n ] } ],\n\"qlog_version\" : \"0.3\" }\n",
    2, 3 },
  { "cut off",
    "{\"qlog_version\":\"0.3\",\"traces\":[{\"events\":[" SENT ("2", "1") "," SENT ("3", "2") ",{\"time\":", 2, 3 },
  { "numbers of 64 bits", "{\"qlog_version\":\"0.3\",\"trace\":{}}" SENT ("1", "\"18446744073709551614\""), 1, 1 },
};

static void
test_shapes (Fixture *self, gconstpointer suffix)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    {
      g_test_message ("%s", shapes[i].name);
      g_assert_true (g_file_set_contents (self->path, shapes[i].text, -1, NULL));
      g_autoptr (GPtrArray) traces = load (self->path, NULL);
      QsTrace *trace = g_ptr_array_index (traces, 0);
      g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, shapes[i].n_packets);
      g_assert_cmpfloat_with_epsilon ((double) qs_trace_get_packet (trace, shapes[i].n_packets - 1)->time / 1e6,
                                      shapes[i].last_ms, 0.001);
    }
}

/* --- Asynchronous --- */

static void
loaded_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GPtrArray **traces = data;
  g_autoptr (GError) error = NULL;

  *traces = qs_trace_file_load_finish (result, &error);
  g_assert_no_error (error);
}

static void
grown_cb (QsTrace *trace, gpointer data)
{
  g_assert_true (g_main_context_is_owner (NULL));
  *(gboolean *) data = TRUE;
}

static void
test_async (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "ngtcp2-retry.pcapng", NULL);
  g_autoptr (GPtrArray) traces = NULL;
  gboolean grown = FALSE;

  qs_trace_file_load_async (path, NULL, NULL, loaded_cb, &traces);
  while (traces == NULL)
    g_main_context_iteration (NULL, TRUE);
  QsTrace *trace = g_ptr_array_index (traces, 0);
  g_signal_connect (trace, "grown", G_CALLBACK (grown_cb), &grown);
  qs_trace_add_mark (trace, QS_MARK_NOTE, NULL, 0, "after");
  while (!grown)
    g_main_context_iteration (NULL, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, suffix, func) g_test_add ("/trace-file/" name, Fixture, suffix, set_up, func, tear_down)
  ADD ("pcapng", ".pcapng", test_pcapng);
  ADD ("truncated-payload", ".pcapng", test_truncated_payload);
  ADD ("tcp", ".pcapng", test_tcp);
  ADD ("split", ".pcapng", test_split);
  ADD ("moved", ".pcapng", test_moved);
  ADD ("sqlog", ".sqlog", test_qlog);
  ADD ("qlog", ".qlog", test_qlog);
  ADD ("shapes", ".qlog", test_shapes);
  g_test_add_func ("/trace-file/ngtcp2-qlog", test_ngtcp2_qlog);
  g_test_add_func ("/trace-file/ngtcp2-capture", test_ngtcp2_capture);
  g_test_add_func ("/trace-file/async", test_async);
  return g_test_run ();
}
