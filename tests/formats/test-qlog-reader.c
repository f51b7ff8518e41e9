/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qlogs in the manner of other programs, and what is derived from them. */
#include <glib/gstdio.h>
#include <string.h>

#include "formats/qs-trace-file.h"
#include "trace/qs-metrics.h"
#include "trace/qs-trace-http3.h"

#define MS G_GINT64_CONSTANT (1000000)

static GPtrArray *
load_text (const char *text, GError **error)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("qs-qlog-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  GPtrArray *traces = qs_trace_file_load (path, NULL, NULL, error);
  g_unlink (path);
  return traces;
}

static GPtrArray *
load (const char *text)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *traces = load_text (text, &error);

  g_assert_no_error (error);
  return traces;
}

static guint
count_flag (QsTrace *trace, guint flag)
{
  guint n = 0;

  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    n += (qs_trace_get_packet (trace, i)->flags & flag) != 0;
  return n;
}

/* picoquic: draft-00, an event is an array, microseconds, the packet's type beside its header. */
static const char picoquic[] =
    "{ \"qlog_version\": \"draft-00\", \"title\": \"picoquic\", \"traces\": [\n"
    "{ \"vantage_point\": { \"name\": \"backend-67\", \"type\": \"server\" },\n"
    "\"title\": \"picoquic\", \"event_fields\": [\"relative_time\", \"path_id\", \"category\", \"event\", \"data\"],\n"
    "\"configuration\": {\"time_units\": \"us\"},\n"
    "\"common_fields\": { \"protocol_type\": \"QUIC_HTTP3\", \"reference_time\": \"1600000000000000\"},\n"
    "\"events\": [\n"
    "[0, 0, \"transport\", \"datagram_received\", { \"byte_length\": 1252}],\n"
    "[0, 0, \"transport\", \"packet_received\", { \"packet_type\": \"initial\", \"header\": { \"packet_size\": 329, "
    "\"packet_number\": 0, \"version\": \"00000001\", \"payload_length\": 283, \"scid\": \"0203040506070809\", "
    "\"dcid\": \"0102030405060708\" }, \"frames\": [{ \n    \"frame_type\": \"crypto\", \"offset\": 0, \"length\": "
    "279}]}],\n"
    "[0, 0, \"transport\", \"parameters_set\", {\"owner\": \"remote\", \"sni\": \"test.example.com\", \"alpn\": "
    "\"hq\"}],\n"
    "[0, 0, \"transport\", \"parameters_set\", {\"owner\": \"remote\", \"initial_max_data\": 1048576, "
    "\"idle_timeout\": 30000, "
    "\"max_ack_delay\": 10, \"handshake_connection_id\": \"0203040506070809\", \"enable_loss_bit\": 1}],\n"
    "[1500, 0, \"transport\", \"packet_sent\", { \"packet_type\": \"1RTT\", \"header\": { \"packet_size\": 256, "
    "\"packet_number\": 7, \"dcid\": \"0203040506070809\", \"key_phase\": 0 }, \"frames\": [{ \"frame_type\": "
    "\"stream\", "
    "\"id\": 0, \"offset\": 0, \"length\": 220, \"fin\": true}]}],\n"
    "[41500, 0, \"transport\", \"packet_received\", { \"packet_type\": \"1RTT\", \"header\": { \"packet_size\": 40, "
    "\"packet_number\": 1 }, \"frames\": [{ \"frame_type\": \"ack\", \"ack_delay\": 800, \"acked_ranges\": [[7]]}]}],\n"
    "[50000, 0, \"transport\", \"packet_dropped\", {\n    \"packet_type\" : \"1RTT\",\n    \"packet_size\" : 256,\n"
    "    \"trigger\": \"payload_decrypt_error\"}]]}]}\n";

static void
test_picoquic (void)
{
  g_autoptr (GPtrArray) traces = load (picoquic);
  QsTrace *trace = traces->pdata[0];

  g_assert_cmpuint (traces->len, ==, 1);
  g_assert_cmpint (qs_trace_get_vantage (trace), ==, QS_VANTAGE_SERVER);
  g_assert_cmpint (qs_trace_get_origin (trace), ==, G_GINT64_CONSTANT (1600000000) * 1000 * MS);
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, 4);

  const QsPacket *packet = qs_trace_get_packet (trace, 0);
  g_assert_cmpint (packet->type, ==, QS_PACKET_INITIAL);
  g_assert_cmpint (packet->direction, ==, QS_DIRECTION_RECEIVED);
  g_assert_cmpuint (packet->length, ==, 329);
  g_assert_cmphex (packet->version, ==, 1);
  packet = qs_trace_get_packet (trace, 1);
  g_assert_cmpint (packet->time, ==, 1500000);
  g_assert_cmpuint (packet->number, ==, 7);
  g_assert_true ((packet->flags & QS_PACKET_ACKED) != 0);
  packet = qs_trace_get_packet (trace, 3);
  g_assert_cmpuint (packet->length, ==, 256);
  g_assert_true ((packet->flags & QS_PACKET_CORRUPT) != 0);

  g_assert_cmpstr (qs_trace_get_fact (trace, "tls.sni"), ==, "test.example.com");
  g_assert_cmpstr (qs_trace_get_fact (trace, "tls.alpn"), ==, "hq");
  const QsMark *mark = qs_trace_find_mark (trace, QS_MARK_FACT, QS_FACT_REMOTE_PARAMETERS, NULL);
  gsize length;
  const guint8 *bytes = g_bytes_get_data (mark->bytes, &length);
  /* max_idle_timeout, initial_max_data, max_ack_delay, initial_source_connection_id. */
  g_assert_cmpmem (bytes, length,
                   "\x01\x04\x80\x00\x75\x30"
                   "\x04\x04\x80\x10\x00\x00"
                   "\x0b\x01\x0a"
                   "\x0f\x08\x02\x03\x04\x05\x06\x07\x08\x09",
                   25);

  QsMetrics *metrics = qs_trace_get_metrics (trace);
  g_assert_cmpuint (metrics->rtt->len, ==, 1);
  g_assert_cmpint (g_array_index (metrics->rtt, QsRttSample, 0).rtt, ==, 40 * MS);
  const QsStreamFigures *stream = qs_metrics_get_stream (metrics, 0);
  g_assert_cmpuint (stream->bytes[QS_DIRECTION_SENT], ==, 220);
  g_assert_true (stream->fin[QS_DIRECTION_SENT]);
}

/* quic-trace's converter: all in capitals, a column more. */
static const char shouting[] =
    "{\"qlog_version\":\"draft-00\",\"traces\":[{\"vantage_point\":{\"type\":\"SERVER\"},\"configuration\":{\"time_"
    "units\":"
    "\"us\"},\"event_fields\":[\"relative_time\",\"CATEGORY\",\"EVENT_TYPE\",\"TRIGGER\",\"DATA\"],\"events\":["
    "[\"10\",\"TRANSPORT\",\"PACKET_SENT\",\"DEFAULT\",{\"packet_type\":\"1RTT\",\"header\":{\"packet_number\":\"1\","
    "\"packet_size\":1350},\"frames\":[{\"frame_type\":\"STREAM\",\"id\":\"3\",\"fin\":false,\"length\":1326,"
    "\"offset\":0}]}]"
    "]}]}";

static void
test_shouting (void)
{
  g_autoptr (GPtrArray) traces = load (shouting);
  QsTrace *trace = traces->pdata[0];
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (trace, 0, &payload);
  const QsFrame *frame = &g_array_index (frames, QsFrame, 0);

  g_assert_cmpint (qs_trace_get_vantage (trace), ==, QS_VANTAGE_SERVER);
  g_assert_cmpint (qs_trace_get_packet (trace, 0)->time, ==, 10000);
  g_assert_cmpuint (frames->len, ==, 1);
  g_assert_cmpuint (frame->stream_id, ==, 3);
  g_assert_cmpuint (frame->data.length, ==, 1326);
}

#define HEADER \
  "\x1e{\"qlog_version\":\"0.3\",\"qlog_format\":\"JSON-SEQ\",\"trace\":{\"vantage_point\":{\"type\":\"client\"}}}\n"
#define EVENT(time, name, data) "\x1e{\"time\":" time ",\"name\":\"" name "\",\"data\":{" data "}}\n"
#define PACKET(number) "\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":" number "},\"raw\":{\"length\":1000}"
#define PING ",\"frames\":[{\"frame_type\":\"ping\"}]"
#define ACK(ranges) ",\"frames\":[{\"frame_type\":\"ack\",\"acked_ranges\":[" ranges "]}]"

/* Losses: one that the file tells of, one that later ACKs tell of, one that was told of and came all the same. */
static const char losses[] = HEADER EVENT ("0", "transport:packet_sent", PACKET ("0") PING)
    EVENT ("1", "transport:packet_sent", PACKET ("1") PING) EVENT ("2", "transport:packet_sent", PACKET ("2") PING)
        EVENT ("3", "transport:packet_sent", PACKET ("3") PING) EVENT ("4", "transport:packet_sent", PACKET ("4") PING)
            EVENT ("4", "recovery:packet_lost", PACKET ("2")) EVENT ("4", "recovery:packet_lost", PACKET ("3"))
                EVENT ("4", "recovery:packet_lost", PACKET ("99"))
                    EVENT ("5", "transport:packet_received", PACKET ("0") ACK ("[3],[4]"))
                        EVENT ("6", "transport:packet_received", PACKET ("1") ACK ("[4,4]"));

static void
test_losses (void)
{
  g_autoptr (GPtrArray) traces = load (losses);
  QsTrace *trace = traces->pdata[0];
  static const guint wanted[] = { QS_PACKET_LOST, QS_PACKET_LOST, QS_PACKET_LOST, QS_PACKET_ACKED, QS_PACKET_ACKED };

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_assert_cmphex (qs_trace_get_packet (trace, i)->flags & (QS_PACKET_LOST | QS_PACKET_ACKED), ==, wanted[i]);
  const QsDirectionFigures *figures = &qs_trace_get_metrics (trace)->directions[QS_DIRECTION_SENT];
  g_assert_cmpuint (figures->lost, ==, 3);
  g_assert_cmpuint (figures->acked, ==, 2);
  g_assert_cmpuint (qs_trace_get_metrics (trace)->in_flight[QS_DIRECTION_SENT], ==, 0);
}

/* A loss as each program writes it: beside the header or in it, by the type or the space; one of no type is nobody's. */
static const struct {
  const char *event;
  guint lost;
} ways_of_losing[] = {
  { "\x1e{\"time\":9,\"name\":\"recovery:packet_lost\",\"data\":{\"type\":\"1RTT\",\"packet_number\":1}}\n", 1 },
  { "\x1e{\"time\":9,\"name\":\"recovery:packet_lost\",\"data\":{\"packet_type\":\"1RTT\",\"packet_number\":\"1\"}}\n",
    1 },
  { "\x1e{\"time\":9,\"name\":\"quic:packet_lost\",\"data\":{\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":1},"
    "\"trigger\":\"time_threshold\"}}\n",
    1 },
  { "\x1e{\"time\":9,\"name\":\"recovery:packet_lost\",\"data\":{\"packet_type\":\"1RTT\",\"trigger\":\"timer\","
    "\"header\":{\"packet_number\":1,\"packet_size\":1000}}}\n",
    1 },
  { "\x1e{\"time\":9,\"name\":\"quic:packet_lost\",\"data\":{\"packet_number_space\":\"application_data\","
    "\"packet_number\":1}}\n",
    1 },
  { "\x1e{\"time\":9,\"name\":\"recovery:packet_lost\",\"data\":{\"type\":\"initial\",\"packet_number\":1}}\n", 0 },
  { "\x1e{\"time\":9,\"name\":\"recovery:packet_lost\",\"data\":{\"packet_number\":1}}\n", 0 },
};

static void
test_ways_of_losing (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (ways_of_losing); i++)
    {
      g_autofree char *text = g_strconcat (HEADER EVENT ("0", "transport:packet_sent", PACKET ("0") PING)
                                               EVENT ("1", "transport:packet_sent", PACKET ("1") PING),
                                           ways_of_losing[i].event, NULL);
      g_autoptr (GPtrArray) traces = load (text);
      QsMetrics *metrics = qs_trace_get_metrics (traces->pdata[0]);

      g_test_message ("%s", ways_of_losing[i].event);
      g_assert_cmpuint (metrics->directions[QS_DIRECTION_SENT].lost, ==, ways_of_losing[i].lost);
      g_assert_cmpuint (metrics->losses->len, ==, ways_of_losing[i].lost);
      g_assert_cmphex (qs_trace_get_packet (traces->pdata[0], 0)->flags & QS_PACKET_LOST, ==, 0);
      g_assert_cmpuint (metrics->in_flight[QS_DIRECTION_SENT], ==, 2000 - 1000 * ways_of_losing[i].lost);
    }
}

/* One ACK of three packets: nothing is in flight from that moment on, and not only from the next packet. */
#define LARGE(number) "\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":" number "},\"raw\":{\"length\":10000}"
static const char one_ack[] = HEADER EVENT ("100", "transport:packet_sent", LARGE ("1") PING)
    EVENT ("101", "transport:packet_sent", LARGE ("2") PING) EVENT ("102", "transport:packet_sent", LARGE ("3") PING)
        EVENT ("150", "transport:packet_received", PACKET ("0") ACK ("[0,3]"))
            EVENT ("650", "transport:packet_sent",
                   "\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":4},"
                   "\"raw\":{\"length\":40}" PING);

static void
test_one_ack (void)
{
  static const QsFlightSample wanted[] = {
    { 100 * MS, 10000 }, { 101 * MS, 20000 }, { 102 * MS, 30000 }, { 150 * MS, 0 }, { 650 * MS, 40 }
  };
  g_autoptr (GPtrArray) traces = load (one_ack);
  const GArray *flight = qs_trace_get_metrics (traces->pdata[0])->flight[QS_DIRECTION_SENT];

  g_assert_cmpuint (flight->len, ==, G_N_ELEMENTS (wanted));
  for (guint i = 0; i < flight->len; i++)
    {
      const QsFlightSample *sample = &g_array_index (flight, QsFlightSample, i);
      g_assert_cmpint (sample->time, ==, wanted[i].time);
      g_assert_cmpuint (sample->bytes, ==, wanted[i].bytes);
    }
}

/* Several connections in one trace, by name and by number; what has none stays apart. */
static const char groups[] =
    HEADER "\x1e{\"time\":0,\"group_id\":\"a\",\"name\":\"quic:packet_sent\",\"data\":{" PACKET (
        "0") "}}\n"
             "\x1e{\"time\":1,\"group_id\":\"b\",\"name\":\"quic:packet_sent\",\"data\":{" PACKET (
                 "0") "}}\n"
                      "\x1e{\"time\":2,\"group_id\":\"a\",\"name\":\"quic:packet_received\",\"data\":{" PACKET (
                          "0") "}}\n"
                               "\x1e{\"time\":3,\"group_id\":7,\"name\":\"quic:packet_sent\",\"data\":{" PACKET (
                                   "0") "}}\n";

/* A path's numbers are its own, as are its ACKs. Where they grow over all paths, paths are but addresses, and an ACK is about all. */
#define PATH_PACKET(number, path)                                                            \
  "\"path_id\":" path ",\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":" number "}," \
  "\"raw\":{\"length\":1000}"
#define PATH_ACK(path, ranges) \
  ",\"frames\":[{\"frame_type\":\"path_ack\",\"path_id\":" path ",\"acked_ranges\":[" ranges "]}]"
static const char paths[] = HEADER EVENT ("0", "quic:packet_sent", PATH_PACKET ("0", "0") PING)
    EVENT ("0", "quic:packet_sent", PATH_PACKET ("0", "1") PING)
        EVENT ("1", "quic:packet_sent", PATH_PACKET ("1", "1") PING)
            EVENT ("2", "quic:packet_sent", PATH_PACKET ("1", "0") PING)
                EVENT ("3", "quic:packet_received", PATH_PACKET ("0", "0") ACK ("[1]"))
                    EVENT ("4", "quic:packet_received", PATH_PACKET ("7", "1") PATH_ACK ("1", "[0]"))
                        EVENT ("5", "quic:packet_lost", PATH_PACKET ("1", "1"));
static const char addresses[] = HEADER EVENT ("0", "quic:packet_sent", PATH_PACKET ("0", "0") PING)
    EVENT ("1", "quic:packet_sent", PATH_PACKET ("1", "1") PING)
        EVENT ("2", "quic:packet_sent", PATH_PACKET ("2", "1") PING)
            EVENT ("3", "quic:packet_received", PATH_PACKET ("0", "1") ACK ("[0,2]"));

static void
check_paths (const char *text, guint n, const guint *wanted)
{
  g_autoptr (GPtrArray) traces = load (text);
  QsTrace *trace = traces->pdata[0];

  for (guint i = 0; i < n; i++)
    g_assert_cmphex (qs_trace_get_packet (trace, i)->flags & (QS_PACKET_LOST | QS_PACKET_ACKED), ==, wanted[i]);
}

static void
test_paths (void)
{
  static const guint own[] = { 0, QS_PACKET_ACKED, QS_PACKET_LOST, QS_PACKET_ACKED };
  static const guint shared[] = { QS_PACKET_ACKED, QS_PACKET_ACKED, QS_PACKET_ACKED };
  g_autoptr (GPtrArray) traces = load (paths);

  check_paths (paths, G_N_ELEMENTS (own), own);
  check_paths (addresses, G_N_ELEMENTS (shared), shared);
  g_assert_cmpuint (qs_trace_get_packet (traces->pdata[0], 1)->path_id, ==, 1);
  g_assert_cmpuint (qs_trace_get_packet (traces->pdata[0], 3)->path_id, ==, 0);
}

static void
test_groups (void)
{
  g_autoptr (GPtrArray) traces = load (groups);

  g_assert_cmpuint (traces->len, ==, 3);
  g_assert_cmpuint (qs_trace_get_n_packets (traces->pdata[0]), ==, 2);
  g_assert_cmpuint (qs_trace_get_n_packets (traces->pdata[1]), ==, 1);
  g_assert_cmpuint (qs_trace_get_n_packets (traces->pdata[2]), ==, 1);
  g_assert_cmpstr (qs_trace_get_title (traces->pdata[0]), !=, qs_trace_get_title (traces->pdata[1]));
}

/* Two whole traces in one file, as of both ends; one of them could not be made. */
static const char contained[] =
    "{\"file_schema\":\"urn:ietf:params:qlog:file:contained\",\"serialization_format\":\"application/"
    "qlog+json\",\"traces\":["
    "{\"vantage_point\":{\"type\":\"client\"},\"events\":[{\"time\":1,\"name\":\"quic:packet_sent\",\"data\":{" PACKET (
        "0") "}}]},"
             "{\"error_description\":\"file not found\",\"uri\":\"x\"},"
             "{\"vantage_point\":{\"type\":\"server\"},\"events\":[{\"time\":2,\"name\":\"quic:packet_received\","
             "\"data\":{" PACKET ("0") "}}]}]}";

static void
test_contained (void)
{
  g_autoptr (GPtrArray) traces = load (contained);

  g_assert_cmpuint (traces->len, ==, 2);
  g_assert_cmpint (qs_trace_get_vantage (traces->pdata[0]), ==, QS_VANTAGE_CLIENT);
  g_assert_cmpint (qs_trace_get_vantage (traces->pdata[1]), ==, QS_VANTAGE_SERVER);
}

/* The trace's own members in a second record. */
static const char late_header[] =
    "{\"qlog_format\":\"JSON-SEQ\",\"qlog_version\":\"0.4\"}\n"
    "{\"title\":\"QuicX server\",\"vantage_point\":{\"name\":\"server\",\"type\":\"server\"},\"common_fields\":"
    "{\"protocol_type\":\"QUIC\"},\"configuration\":{\"time_offset\":0,\"time_units\":\"us\"}}\n"
    "{\"time\":2000,\"name\":\"quic:packet_sent\",\"data\":{" PACKET ("0") "}}\n";

static void
test_late_header (void)
{
  g_autoptr (GPtrArray) traces = load (late_header);

  g_assert_cmpint (qs_trace_get_vantage (traces->pdata[0]), ==, QS_VANTAGE_SERVER);
  g_assert_cmpint (qs_trace_get_packet (traces->pdata[0], 0)->time, ==, 2 * MS);
}

/* quic-go and the newest schema: addresses as objects, versions apart, keys updated, states, a close by its name. */
static const char newest[] =
    "\x1e{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\",\"serialization_format\":\"application/"
    "qlog+json-seq\","
    "\"title\":\"quic-go qlog\",\"trace\":{\"vantage_point\":{\"type\":\"client\"},\"common_fields\":{\"time_format\":"
    "\"relative_to_epoch\",\"reference_time\":{\"clock_type\":\"monotonic\",\"epoch\":\"unknown\",\"wall_clock_time\":"
    "\"2025-01-02T03:04:05.000Z\"}}}}\n" EVENT (
        "0", "quic:connection_started",
        "\"local\":{\"ip_v6\":\"::1\",\"port_v6\":50000},\"remote\":{\"ip_v6\":\"::1\",\"port_v6\":443}")
        EVENT ("0.1", "quic:version_information", "\"client_versions\":[\"6b3343cf\"],\"chosen_version\":\"6b3343cf\"")
            EVENT (
                "1", "quic:packet_sent",
                "\"header\":{\"packet_type\":\"initial\",\"packet_number\":0},\"raw\":{\"length\":1252},\"frames\":[{"
                "\"frame_type\":\"crypto\",\"offset\":0,\"raw\":{\"length\":300}}]")
                EVENT ("5", "quic:alpn_information", "\"chosen_alpn\":{\"string_value\":\"h3\\u001b\"}") EVENT (
                    "6", "quic:packet_sent",
                    "\"header\":{\"packet_type\":\"handshake\",\"packet_number\":0},\"frames\":[{\"frame_type\":"
                    "\"crypto\",\"offset\":0,\"raw\":{\"length\":52}}]")
                    EVENT ("7", "quic:key_updated", "\"key_type\":\"client_1rtt_secret\",\"trigger\":\"local_update\"")
                        EVENT ("8", "quic:packet_sent", PACKET ("1"))
                            EVENT ("9", "quic:connection_closed",
                                   "\"initiator\":\"remote\",\"connection_error\":\"crypto_error_0x178\",\"reason\":"
                                   "\"no <b>\"");

static void
test_newest (void)
{
  g_autoptr (GPtrArray) traces = load (newest);
  QsTrace *trace = traces->pdata[0];
  GInetSocketAddress *remote = G_INET_SOCKET_ADDRESS (qs_trace_get_path (trace, 0)->remote);
  gint64 time;

  g_assert_cmpint (qs_trace_get_origin (trace), ==, G_GINT64_CONSTANT (1735787045) * 1000 * MS);
  g_assert_cmpuint (g_inet_socket_address_get_port (remote), ==, 443);
  g_assert_cmphex (qs_trace_get_packet (trace, 0)->version, ==, 0x6b3343cf);
  g_assert_cmpstr (qs_trace_get_fact (trace, "tls.alpn"), ==, "h3\\x1b");
  g_assert_nonnull (qs_trace_find_mark (trace, QS_MARK_HANDSHAKE_DONE, NULL, &time));
  g_assert_cmpint (time, ==, 6 * MS);
  g_assert_cmpuint (count_flag (trace, QS_PACKET_KEY_UPDATE), ==, 1);
  const QsMark *mark = qs_trace_find_mark (trace, QS_MARK_CLOSE, "remote", NULL);
  g_assert_cmpint (mark->value, ==, 0x178);
  g_assert_false (mark->application);
  g_assert_cmpstr (mark->text, ==, "no <b>");
}

/* The version and the protocol in the ways that they are written; only what there is one of is taken for agreed on. */
#define DONE                                                                                                      \
  EVENT ("1", "transport:packet_sent",                                                                            \
         "\"header\":{\"packet_type\":\"handshake\",\"packet_number\":0},\"frames\":[{\"frame_type\":\"crypto\"," \
         "\"offset\":0,"                                                                                          \
         "\"length\":36}]")
static const struct {
  const char *events;
  guint32 version;
  const char *alpn, *offer;
} ways_of_agreeing[] = {
  { EVENT ("0", "transport:version_information", "\"client_versions\":[1],\"chosen_version\":1")
        EVENT ("0", "transport:alpn_information", "\"client_alpns\":[\"h3\"]") DONE,
    1, "h3", "h3" },
  { DONE EVENT ("2", "quic:version_information", "\"chosen_version\":1798521807") /* at the end */
    EVENT ("2", "quic:alpn_information",
           "\"client_alpns\":[{\"byte_value\":\"6833\"},{\"string_value\":\"hq\"}],"
           "\"server_alpns\":[\"hq\",\"h2\"]"),
    0x6b3343cf, "hq", "h3, hq" },
  { EVENT ("0", "quic:version_information", "\"chosen_version\":\"00000001\"")
        EVENT ("0", "quic:alpn_information", "\"client_alpns\":[\"h3\",\"hq\"]") DONE,
    1, NULL, "h3, hq" },
  { EVENT ("0", "transport:connection_started", "\"quic_version\":\"0x6b3343cf\"")
        EVENT ("0", "quic:alpn_information",
               "\"chosen_alpn\":{\"byte_value\":\"6833\"},\"client_alpns\":[\"h3\",\"hq\"]") DONE,
    0x6b3343cf, "h3", "h3, hq" },
  { EVENT ("0", "transport:parameters_set",
           "\"owner\":\"remote\",\"alpn\":{\"string_value\":\"h3\"},\"tls_cipher\":\"X\"")
        DONE EVENT ("2", "transport:version_information", "\"chosen_version\":\"1798521807\""),
    0x6b3343cf, "h3", NULL },
  { EVENT ("0", "quic:alpn_information", "\"client_alpns\":[7,{},\"\"]") DONE, 0, NULL, NULL },
  { EVENT ("0", "quic:alpn_information", "\"client_alpns\":[\"h3\"]") /* nothing was agreed on */
    EVENT ("0", "quic:packet_sent", "\"header\":{\"packet_type\":\"initial\",\"packet_number\":0,\"version\":1}"),
    1, NULL, "h3" },
};

static void
test_ways_of_agreeing (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (ways_of_agreeing); i++)
    {
      g_autofree char *text = g_strconcat (HEADER, ways_of_agreeing[i].events, NULL);
      g_autoptr (GPtrArray) traces = load (text);
      QsTrace *trace = traces->pdata[0];

      g_test_message ("%s", ways_of_agreeing[i].events);
      g_assert_cmphex (qs_trace_get_packet (trace, 0)->version, ==, ways_of_agreeing[i].version);
      g_assert_cmpstr (qs_trace_get_fact (trace, "tls.alpn"), ==, ways_of_agreeing[i].alpn);
      g_assert_cmpstr (qs_trace_get_fact (trace, "offer.alpn"), ==, ways_of_agreeing[i].offer);
    }
}

/* HTTP/3 as events tell of it: which packet carried a frame, its fields, and what no packet carried. */
#define STREAM(number, id, offset, length, fin)                                                            \
  "\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":" number                                         \
  "},\"frames\":[{\"frame_type\":\"stream\",\"stream_id\":" id ",\"offset\":" offset ",\"length\":" length \
  ",\"fin\":" fin "}]"
static const char http_events[] = HEADER EVENT ("1", "h3:stream_type_set",
                                                "\"stream_id\":2,\"owner\":\"local\",\"new\":\"control\"")
    EVENT ("1", "http:frame_created",
           "\"stream_id\":2,\"length\":5,\"frame\":{\"frame_type\":\"settings\",\"settings\":[]}")
        EVENT ("1", "quic:packet_sent", STREAM ("0", "2", "0", "8", "false")) EVENT (
            "2", "http3:frame_created",
            "\"stream_id\":0,\"raw\":{\"length\":20,\"payload_length\":18},\"frame\":{\"frame_type\":\"headers\","
            "\"header_fields\":[{\"name\":\":method\",\"value\":\"GET\"},{\"name\":\":path\",\"value\":\"/\\u001b\"}]}")
            EVENT ("2", "quic:packet_sent", STREAM ("1", "0", "0", "20", "true"))
                EVENT ("3", "quic:packet_received", STREAM ("0", "0", "0", "10", "false"))
                    EVENT ("4", "quic:packet_received", STREAM ("1", "0", "10", "40", "true"))
                        EVENT ("4", "http:frame_parsed",
                               "\"stream_id\":0,\"length\":28,\"frame\":{\"frame_type\":\"headers\"}")
                            EVENT ("4", "qpack:headers_decoded",
                                   "\"stream_id\":0,\"headers\":[{\"name\":\":status\",\"value\":\"200\"}]")
                                EVENT ("4", "http:frame_parsed",
                                       "\"stream_id\":0,\"length\":18,\"frame\":{\"frame_type\":\"data\"}")
                                    EVENT ("5", "http:frame_created",
                                           "\"stream_id\":4,\"frame\":{\"frame_type\":\"headers\",\"headers\":[]}")
                                        EVENT ("5", "http:frame_created", "\"frame\":{\"frame_type\":\"data\"}")
                                            EVENT ("5", "http:frame_parsed", "\"stream_id\":8,\"frame\":7")
                                                EVENT ("5", "qpack:instruction_parsed",
                                                       "\"instruction\":{\"instruction_type\":\"duplicate\"}");

static void
check_http_piece (QsTrace *trace, guint packet, guint at, const char *words)
{
  guint first, n = qs_trace_find_http3_of_packet (trace, packet, &first);

  g_assert_cmpuint (n, >, at);
  const QsHttp3Piece *piece = qs_trace_get_http3 (trace, first + at);
  g_autofree char *described = qs_http3_piece_describe (piece);
  g_assert_cmpstr (described, ==, words);
  g_assert_true (piece->told);
}

static void
test_http_events (void)
{
  g_autoptr (GPtrArray) traces = load (http_events);
  QsTrace *trace = traces->pdata[0];
  const QsMark *note = qs_trace_get_mark (trace, 0, NULL);
  guint first;

  g_assert_cmpuint (qs_trace_get_n_http3 (trace), ==, 5);
  check_http_piece (trace, 0, 0, "control stream");
  check_http_piece (trace, 0, 1, "SETTINGS");
  check_http_piece (trace, 1, 0, "HEADERS GET /\\x1b");
  g_assert_cmpuint (qs_trace_find_http3_of_packet (trace, 2, &first), ==, 0); /* not all of it had come */
  check_http_piece (trace, 3, 0, "HEADERS 200");
  check_http_piece (trace, 3, 1, "DATA");
  g_assert_cmpuint (qs_trace_get_http3 (trace, 3)->first_packet, ==, 2);
  g_assert_cmpuint (qs_trace_get_http3 (trace, 4)->offset, ==, 30);
  g_assert_cmpstr (note->text, ==, "HEADERS, on stream 4");
  g_assert_cmpint (note->stream, ==, 4);
}

/* What the sender says of itself: an event names what changed, under the names of several programs. */
static const char sender[] = HEADER EVENT ("0", "quic:packet_sent", PACKET ("0") PING)
    EVENT ("1", "recovery:metrics_updated", "\"congestion_window\":12000,\"smoothed_rtt\":20.5,\"min_rtt\":-1")
        EVENT ("2", "recovery:metrics_updated", "\"cwnd\":9000,\"ssthresh\":9000,\"bytes_in_flight\":\"1200\"")
            EVENT ("3", "recovery:metrics_updated", "\"pacing_rate\":7");

static void
test_sender (void)
{
  g_autoptr (GPtrArray) traces = load (sender);
  const GArray *samples = qs_trace_get_metrics (traces->pdata[0])->sender;
  const QsSenderSample *first = &g_array_index (samples, QsSenderSample, 0);
  const QsSenderSample *second = &g_array_index (samples, QsSenderSample, 1);

  g_assert_cmpuint (samples->len, ==, 2);
  g_assert_cmpint (first->congestion_window, ==, 12000);
  g_assert_cmpint (first->ssthresh, ==, -1);
  g_assert_cmpint (first->minimum_rtt, ==, -1);
  g_assert_cmpint (second->time, ==, 2 * MS);
  g_assert_cmpint (second->congestion_window, ==, 9000);
  g_assert_cmpint (second->ssthresh, ==, 9000);
  g_assert_cmpint (second->in_flight, ==, 1200);
  g_assert_cmpint (second->smoothed_rtt, ==, 20500000);
}

/* Events that are not what their column says, or too short: passed over. */
static const char odd_columns[] =
    "{\"qlog_version\":\"draft-01\",\"traces\":[{\"event_fields\":[\"relative_time\",4,\"category\",\"event\",\"data\"]"
    ","
    "\"events\":[[],[1],[1,2,3,4,5,6,7],[1,0,\"transport\",\"packet_sent\",7],[1,0,\"transport\",{},{}],\"x\",7,null,"
    "[\"2\",0,\"transport\",\"packet_sent\",{\"packet_type\":\"1RTT\",\"frames\":[7,{},{\"frame_type\":\"ack\"},"
    "{\"frame_type\":\"ack\",\"acked_ranges\":[[5,1],7,[\"x\"]]}]}]]}]}";

static void
test_odd_columns (void)
{
  g_autoptr (GPtrArray) traces = load (odd_columns);

  g_assert_cmpuint (qs_trace_get_n_packets (traces->pdata[0]), ==, 1);
  g_assert_cmpint (qs_trace_get_packet (traces->pdata[0], 0)->time, ==, 2 * MS);
}

static const struct {
  const char *text;
  const char *says; /* a part of the message */
} refused[] = {
  { "{\"a\":1}", "no qlog" },
  { "{\"qlog_version\":\"0.3\",\"traces\":[]}", "no packets" },
  { "{\"qlog_version\":\"0.3\",\"trace\":{}}{]", "brackets" },
  { "\x1e{\"qlog_version\":\"0.3\",\"trace\":{}}\x1e{\"time\":\"\xff\"}", "not JSON" },
  { "{\"qlog_version\":\"0.3\",\"traces\":[{\"events\":[{\"name\":", "ends before" },
};

static void
test_refused (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (load_text (refused[i].text, &error));
      g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, refused[i].says));
    }
}

/* mvfst's names of frames and of what is in them. */
static const char mvfst[] = HEADER EVENT ("1", "transport:packet_sent", PACKET ("0") PING)
    EVENT ("2", "transport:packet_received",
           PACKET ("0") ",\"frames\":[{\"frame_type\":\"ack_ecn\",\"acked_ranges\":[[0,0]],\"ack_delay\":0},"
                        "{\"frame_type\":\"rst_stream\",\"stream_id\":4,\"error_code\":7,\"offset\":15},"
                        "{\"frame_type\":\"crypto_frame\",\"offset\":3,\"len\":0,\"length\":5},"
                        "{\"frame_type\":\"max_data\",\"maximum_data\":900},"
                        "{\"frame_type\":\"max_streams\",\"max_streams\":9,\"is_for_bidirectional\":false},"
                        "{\"frame_type\":\"streams_blocked\",\"stream_limit\":6,\"is_for_bidirectional\":true},"
                        "{\"frame_type\":\"data_blocked\",\"data_limit\":77},"
                        "{\"frame_type\":\"retire_connection_id\",\"sequence\":2}]");

static void
test_mvfst (void)
{
  g_autoptr (GPtrArray) traces = load (mvfst);
  QsTrace *trace = traces->pdata[0];
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (trace, 1, &payload);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < frames->len; i++)
    {
      g_autofree char *words = qs_frame_describe (&g_array_index (frames, QsFrame, i));
      g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", words);
    }
  g_assert_cmpstr (text->str, ==,
                   "ACK 0; RESET_STREAM 4 error 0x7 final size 15; CRYPTO [3, 8); MAX_DATA 900; MAX_STREAMS uni 9; "
                   "STREAMS_BLOCKED bidi 6; DATA_BLOCKED 77; RETIRE_CONNECTION_ID 2");
  g_assert_true (qs_trace_get_packet (trace, 0)->flags & QS_PACKET_ACKED);
}

/* Deltas are between the events of the file, whichever connections they are of. */
static void
test_deltas_of_groups (void)
{
  static const char *const ways[] = { "delta", "relative_to_previous_event", "relative" };

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *header =
          g_strdup_printf ("\x1e{\"qlog_version\":\"0.3\",\"trace\":{\"vantage_point\":{\"type\":\"client\"},"
                           "\"common_fields\":{\"time_format\":\"%s\"}}}\n",
                           ways[i]);
      g_autoptr (GString) text = g_string_new (header);
      for (guint k = 0; k < 6; k++)
        g_string_append_printf (
            text, "\x1e{\"time\":%u,\"group_id\":\"%c\",\"name\":\"quic:packet_sent\",\"data\":{" PACKET ("0") "}}\n",
            10 * (k + 1), 'a' + k % 2);
      g_autoptr (GPtrArray) traces = load (text->str);
      g_assert_cmpuint (traces->len, ==, 2);
      for (guint k = 0; k < 6; k++)
        {
          guint sum = i < 2 ? 10 * (k + 1) * (k + 2) / 2 : 10 * (k + 1);
          g_assert_cmpint (qs_trace_get_packet (traces->pdata[k % 2], k / 2)->time, ==, sum * MS);
        }
    }
}

/* An end that nobody sent anything for is no close with the code 0, and nobody's. */
static const struct {
  const char *data;
  const char *name; /* NULL: no mark */
  guint64 code;
} ways_of_ending[] = {
  { "\"owner\":\"local\",\"reason\":\"Idle timeout\",\"trigger\":\"idle_timeout\"", "local", QS_CODE_IDLE_TIMEOUT },
  { "\"owner\":\"remote\",\"trigger\":\"idle_timeout\"", "local", QS_CODE_IDLE_TIMEOUT },
  { "\"trigger\":\"idle_timeout\"", "local", QS_CODE_IDLE_TIMEOUT },
  { "\"owner\":\"local\",\"trigger\":\"handshake_timeout\"", "local", QS_CODE_IDLE_TIMEOUT },
  { "\"owner\":\"remote\",\"trigger\":\"stateless_reset\"", NULL, 0 },
  { "\"owner\":\"local\",\"trigger\":\"version_mismatch\"", NULL, 0 },
  { "\"reason\":\"\"", NULL, 0 },
  { "\"trigger\":\"unspecified\"", NULL, 0 },
  { "\"trigger\":\"error\",\"connection_code\":10", "local", 10 },
  { "\"owner\":\"remote\",\"trigger\":\"idle_timeout\",\"connection_code\":10", "remote", 10 },
  { "\"owner\":\"local\",\"trigger\":\"clean\"", "local", 0 },
  { "\"owner\":\"remote\",\"application_code\":256,\"trigger\":\"application\"", "remote", 256 },
};

static void
test_ways_of_ending (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (ways_of_ending); i++)
    {
      g_autofree char *text = g_strdup_printf (HEADER EVENT ("0", "quic:packet_sent", PACKET ("0"))
                                                   EVENT ("1", "connectivity:connection_closed", "%s"),
                                               ways_of_ending[i].data);
      g_autoptr (GPtrArray) traces = load (text);
      const QsMark *mark = qs_trace_find_mark (traces->pdata[0], QS_MARK_CLOSE, NULL, NULL);
      g_test_message ("%s", ways_of_ending[i].data);
      g_assert_cmpstr (mark != NULL ? mark->name : NULL, ==, ways_of_ending[i].name);
      if (mark != NULL)
        g_assert_cmpuint ((guint64) mark->value, ==, ways_of_ending[i].code);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/qlog-reader/picoquic", test_picoquic);
  g_test_add_func ("/qlog-reader/shouting", test_shouting);
  g_test_add_func ("/qlog-reader/losses", test_losses);
  g_test_add_func ("/qlog-reader/ways-of-losing", test_ways_of_losing);
  g_test_add_func ("/qlog-reader/one-ack", test_one_ack);
  g_test_add_func ("/qlog-reader/groups", test_groups);
  g_test_add_func ("/qlog-reader/deltas-of-groups", test_deltas_of_groups);
  g_test_add_func ("/qlog-reader/ways-of-ending", test_ways_of_ending);
  g_test_add_func ("/qlog-reader/contained", test_contained);
  g_test_add_func ("/qlog-reader/late-header", test_late_header);
  g_test_add_func ("/qlog-reader/paths", test_paths);
  g_test_add_func ("/qlog-reader/newest", test_newest);
  g_test_add_func ("/qlog-reader/ways-of-agreeing", test_ways_of_agreeing);
  g_test_add_func ("/qlog-reader/http-events", test_http_events);
  g_test_add_func ("/qlog-reader/sender", test_sender);
  g_test_add_func ("/qlog-reader/odd-columns", test_odd_columns);
  g_test_add_func ("/qlog-reader/mvfst", test_mvfst);
  g_test_add_func ("/qlog-reader/refused", test_refused);
  return g_test_run ();
}
