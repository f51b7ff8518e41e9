/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chromium's net-export log, event by event. Real ones are in tests/cli. */
#include <glib/gstdio.h>
#include <string.h>

#include "formats/qs-trace-file.h"
#include "trace/qs-metrics.h"
#include "trace/qs-trace-http3.h"

#define HEAD                                                                                                       \
  "{\"constants\": {\"logEventPhase\":{\"PHASE_BEGIN\":1,\"PHASE_END\":2,\"PHASE_NONE\":0},\"timeTickOffset\":"    \
  "1700000000000,\"logSourceType\":{\"QUIC_SESSION\":8,\"SOCKET\":9},\"netError\":{\"ERR_X\":-107},\"quicError\":" \
  "{\"QUIC_IDLE\":25},\"logEventTypes\":{"

/* Events are written by their names here, and numbered in the order in which they first occur. */
typedef struct {
  GString *text;
  GHashTable *types;
  GString *names;
} Log;

static Log
log_new (void)
{
  return (Log){ g_string_new (NULL), g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
                g_string_new (NULL) };
}

/* source: QUIC_SESSION's number as id 1, SOCKET's as id 2. Times as strings, as older Chromium wrote them. */
static void
put (Log *log, guint ms, guint source, guint phase, const char *name, const char *params)
{
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (log->types, name));

  if (number == 0)
    {
      number = 100 + g_hash_table_size (log->types);
      g_hash_table_insert (log->types, g_strdup (name), GUINT_TO_POINTER (number));
      g_string_append_printf (log->names, "%s\"%s\":%u", log->names->len > 0 ? "," : "", name, number);
    }
  g_string_append_printf (log->text,
                          "%s\n{\"params\":{%s},\"phase\":%u,\"source\":{\"id\":%u,\"type\":%u},\"time\":\"%u\","
                          "\"type\":%u}",
                          log->text->len > 0 ? "," : "", params, phase, source == 8 ? 1 : 2, source, ms, number);
}

static GPtrArray *
load_text (const char *text, GError **error)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("qs-netlog-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  GPtrArray *traces = qs_trace_file_load (path, NULL, NULL, error);
  g_unlink (path);
  return traces;
}

static GPtrArray *
log_load (Log *log, const char *tail)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *all = g_strconcat (HEAD, log->names->str, "}},\n\"events\": [", log->text->str, tail, NULL);
  GPtrArray *traces = load_text (all, &error);

  g_assert_no_error (error);
  g_string_free (log->text, TRUE);
  g_string_free (log->names, TRUE);
  g_hash_table_unref (log->types);
  return traces;
}

#define END "],\n\"polledData\": {\"a\":[{\"b\":1}]}\n}\n"

static void
assert_frames (QsTrace *trace, guint packet, const char *expected)
{
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (trace, packet, &payload);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < frames->len; i++)
    {
      g_autofree char *words = qs_frame_describe (&g_array_index (frames, QsFrame, i));
      g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", words);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
put_sent (Log *log, guint ms, const char *level, guint number, guint size)
{
  g_autofree char *params = g_strdup_printf ("\"encryption_level\":\"ENCRYPTION_%s\",\"packet_number\":%u,\"size\":%u,"
                                             "\"sent_time_us\":\"%u250\",\"transmission_type\":\"NOT_RETRANSMISSION\"",
                                             level, number, size, ms);

  put (log, ms, 8, 0, "QUIC_SESSION_PACKET_SENT", params);
}

static void
put_received (Log *log, guint ms, const char *type, guint number, guint size)
{
  g_autofree char *header =
      g_strdup_printf ("\"packet_number\":%u%s%s%s", number, type != NULL ? ",\"long_header_type\":\"" : "",
                       type != NULL ? type : "", type != NULL ? "\"" : "");
  g_autofree char *datagram =
      g_strdup_printf ("\"size\":%u,\"self_address\":\"[::1]:4000\",\"peer_address\":\"[::1]:443\"", size);

  if (size > 0)
    put (log, ms, 8, 0, "QUIC_SESSION_PACKET_RECEIVED", datagram);
  put (log, ms, 8, 0, "QUIC_SESSION_UNAUTHENTICATED_PACKET_HEADER_RECEIVED", header);
  put (log, ms, 8, 0, "QUIC_SESSION_PACKET_AUTHENTICATED", "");
}

static void
frame (Log *log, const char *name, const char *params)
{
  g_autofree char *type = g_strconcat ("QUIC_SESSION_", name, NULL);

  put (log, 5000, 8, 0, type, params);
}

/* Every frame that Chromium tells of. */
static void
test_frames (void)
{
  Log log = log_new ();

  put (&log, 5000, 8, 1, "QUIC_SESSION", "\"host\":\"example.org\",\"port\":443,\"versions\":\"RFCv1\"");
  frame (&log, "STREAM_FRAME_SENT", "\"stream_id\":4,\"offset\":\"10\",\"length\":5,\"fin\":true");
  frame (&log, "ACK_FRAME_SENT",
         "\"largest_observed\":9,\"smallest_observed\":2,\"missing_packets\":[3,4,7],\"delta_time_largest_observed_"
         "us\":80");
  frame (&log, "WINDOW_UPDATE_FRAME_SENT", "\"stream_id\":-1,\"byte_offset\":900");
  frame (&log, "WINDOW_UPDATE_FRAME_SENT", "\"stream_id\":4,\"byte_offset\":800");
  frame (&log, "BLOCKED_FRAME_SENT", "\"stream_id\":-1");
  frame (&log, "BLOCKED_FRAME_SENT", "\"stream_id\":8");
  frame (&log, "MAX_STREAMS_FRAME_SENT", "\"stream_count\":7,\"is_unidirectional\":true");
  frame (&log, "STREAMS_BLOCKED_FRAME_SENT", "\"stream_count\":6,\"is_unidirectional\":false");
  frame (&log, "PING_FRAME_SENT", "");
  frame (&log, "MTU_DISCOVERY_FRAME_SENT", "");
  put_sent (&log, 5000, "FORWARD_SECURE", 20, 300);
  frame (&log, "RST_STREAM_FRAME_SENT",
         "\"stream_id\":4,\"ietf_error_code\":268,\"quic_rst_stream_error\":6,\"offset\":15");
  frame (&log, "STOP_SENDING_FRAME_SENT", "\"stream_id\":4,\"ietf_error_code\":268");
  frame (&log, "RETIRE_CONNECTION_ID_FRAME_SENT", "\"sequence_number\":1");
  frame (&log, "PATH_CHALLENGE_FRAME_SENT", "\"data\":\"AQIDBAUGBwg=\"");
  frame (&log, "MESSAGE_FRAME_SENT", "\"message_length\":33");
  frame (&log, "STREAM_FRAME_SENT", "\"stream_id\":6,\"offset\":0,\"length\":1,\"fin\":false");
  frame (&log, "STREAM_FRAME_COALESCED", "\"stream_id\":6,\"offset\":0,\"length\":3,\"fin\":false");
  put_sent (&log, 5000, "FORWARD_SECURE", 21, 200);
  put_received (&log, 5001, NULL, 0, 400);
  frame (&log, "NEW_CONNECTION_ID_FRAME_RECEIVED",
         "\"connection_id\":\"0102030405\",\"sequence_number\":1,\"retire_prior_to\":1");
  frame (&log, "NEW_TOKEN_FRAME_RECEIVED", "\"token\":\"AAEC\"");
  frame (&log, "HANDSHAKE_DONE_FRAME_RECEIVED", "");
  frame (&log, "CONNECTION_CLOSE_FRAME_RECEIVED",
         "\"close_type\":\"Application\",\"quic_error\":16,\"quic_wire_error\":256,\"details\":\"bye\"");

  g_autoptr (GPtrArray) traces = log_load (&log, END);
  QsTrace *trace = traces->pdata[0];
  g_assert_cmpuint (traces->len, ==, 1);
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, 3);
  g_assert_cmpstr (qs_trace_get_format (trace), ==, "netlog");
  g_assert_cmpstr (qs_trace_get_fact (trace, "tls.sni"), ==, "example.org");
  g_assert_cmpstr (qs_trace_get_fact (trace, "offer.alpn"), ==, "h3");
  g_assert_cmpint (qs_trace_get_origin (trace), ==, G_GINT64_CONSTANT (1700000005000000000));
  assert_frames (trace, 0,
                 "STREAM 4 [10, 15) FIN; ACK 2, 5–6, 8–9; MAX_DATA 900; MAX_STREAM_DATA 4 800; DATA_BLOCKED 0; "
                 "STREAM_DATA_BLOCKED 8 0; MAX_STREAMS uni 7; STREAMS_BLOCKED bidi 6; PING; PING");
  assert_frames (trace, 1,
                 "RESET_STREAM 4 error 0x10c final size 15; STOP_SENDING 4 error 0x10c; RETIRE_CONNECTION_ID 1; "
                 "PATH_CHALLENGE 0102030405060708; DATAGRAM 33 bytes; STREAM 6 [0, 3)");
  assert_frames (trace, 2,
                 "NEW_CONNECTION_ID 1 0102030405 retire prior to 1; NEW_TOKEN 3 bytes; HANDSHAKE_DONE; "
                 "CONNECTION_CLOSE application 0x100 “bye”");
  const QsPacket *packet = qs_trace_get_packet (trace, 0);
  g_assert_cmpint (packet->time, ==, 250000); /* finer than the log's own times */
  g_assert_cmpuint (packet->number, ==, 20);
  g_assert_cmpuint (packet->length, ==, 300);
  g_assert_cmpint (packet->type, ==, QS_PACKET_1RTT);
}

/* An Initial is told of twice: made, and made anew with padding when its datagram is; and two packets in one. */
static void
test_datagrams (void)
{
  static const char *const crypto = "\"data_length\":50,\"encryption_level\":\"ENCRYPTION_INITIAL\",\"offset\":0";
  Log log = log_new ();

  put (&log, 5000, 8, 1, "QUIC_SESSION", "\"host\":\"example.org\",\"port\":443,\"versions\":\"RFCv1\"");
  frame (&log, "CRYPTO_FRAME_SENT", crypto);
  put_sent (&log, 5000, "INITIAL", 1, 100);
  frame (&log, "CRYPTO_FRAME_SENT", "\"data_length\":60,\"encryption_level\":\"ENCRYPTION_INITIAL\",\"offset\":50");
  frame (&log, "CRYPTO_FRAME_SENT", crypto);
  frame (&log, "PADDING_FRAME_SENT", "\"num_padding_bytes\":1150");
  put (&log, 5000, 8, 0, "QUIC_SESSION_COALESCED_PACKET_SENT",
       "\"info\":\"total_length: 1250 padding_size: 1150 packets: {ENCRYPTION_INITIAL}\"");
  put_sent (&log, 5000, "HANDSHAKE", 2, 90);
  frame (&log, "PING_FRAME_SENT", "");
  put_sent (&log, 5000, "FORWARD_SECURE", 3, 70);
  put (&log, 5000, 8, 0, "QUIC_SESSION_COALESCED_PACKET_SENT",
       "\"info\":\"total_length: 160 padding_size: 0 packets: {ENCRYPTION_HANDSHAKE, ENCRYPTION_FORWARD_SECURE}\"");
  put (&log, 5020, 8, 0, "QUIC_SESSION_PING_FRAME_SENT", "");
  put_sent (&log, 5020, "FORWARD_SECURE", 4, 40);
  put_received (&log, 5030, "HANDSHAKE", 0, 500);
  put_received (&log, 5030, NULL, 0, 0);
  frame (&log, "ACK_FRAME_RECEIVED", "\"largest_observed\":4,\"smallest_observed\":4,\"missing_packets\":[]");
  put (&log, 5040, 8, 0, "QUIC_SESSION_PACKET_LOST", "\"packet_number\":3");

  g_autoptr (GPtrArray) traces = log_load (&log, END);
  QsTrace *trace = traces->pdata[0];
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, 6);
  assert_frames (trace, 0, "CRYPTO [0, 50); PADDING × 1150");
  assert_frames (trace, 1, "CRYPTO [50, 110)");
  static const struct {
    guint length;
    QsPacketType type;
    gboolean coalesced;
  } wanted[] = {
    { 1250, QS_PACKET_INITIAL, FALSE }, { 90, QS_PACKET_HANDSHAKE, FALSE },  { 70, QS_PACKET_1RTT, TRUE },
    { 40, QS_PACKET_1RTT, FALSE },      { 500, QS_PACKET_HANDSHAKE, FALSE }, { 0, QS_PACKET_1RTT, TRUE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);

      g_assert_cmpuint (packet->length, ==, wanted[i].length);
      g_assert_cmpint (packet->type, ==, wanted[i].type);
      g_assert_cmpint ((packet->flags & QS_PACKET_COALESCED) != 0, ==, wanted[i].coalesced);
    }
  g_assert_true (qs_trace_get_packet (trace, 2)->flags & QS_PACKET_LOST);
  g_assert_true (qs_trace_get_packet (trace, 3)->flags & QS_PACKET_ACKED);
  const QsPath *path = qs_trace_get_path (trace, 0);
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (path->local)), ==, 4000);
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (path->remote)), ==, 443);
}

/* What is sent because of a packet is told of between that packet's frames: the order is that of the packets' beginnings. */
static void
test_between (void)
{
  Log log = log_new ();

  put_received (&log, 5000, NULL, 0, 100);
  frame (&log, "PING_FRAME_RECEIVED", "");
  frame (&log, "ACK_FRAME_SENT", "\"largest_observed\":0,\"smallest_observed\":0,\"missing_packets\":[]");
  put_sent (&log, 5000, "FORWARD_SECURE", 9, 30);
  frame (&log, "PADDING_FRAME_RECEIVED", "\"num_padding_bytes\":7");
  put (&log, 5001, 8, 0, "QUIC_SESSION_PACKET_RECEIVED", "\"size\":60");
  put (&log, 5001, 8, 0, "QUIC_SESSION_UNAUTHENTICATED_PACKET_HEADER_RECEIVED", "\"packet_number\":1");
  put_received (&log, 5002, NULL, 1, 60);
  put (&log, 5002, 8, 0, "QUIC_SESSION_DUPLICATE_PACKET_RECEIVED", "\"packet_number\":1");

  /* Chromium was killed: the list has no end. */
  g_autoptr (GPtrArray) traces = log_load (&log, ",\n{\"params\":{\"si");
  QsTrace *trace = traces->pdata[0];
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, 4);
  assert_frames (trace, 0, "PING; PADDING × 7");
  assert_frames (trace, 1, "ACK 0");
  g_assert_cmpint (qs_trace_get_packet (trace, 1)->direction, ==, QS_DIRECTION_SENT);
  g_assert_true (qs_trace_get_packet (trace, 2)->flags & QS_PACKET_CORRUPT);
  g_assert_true (qs_trace_get_packet (trace, 3)->flags & QS_PACKET_DUPLICATE);
  const QsMark *note = qs_trace_find_mark (trace, QS_MARK_NOTE, "file", NULL);
  g_assert_nonnull (note);
  g_assert_nonnull (strstr (note->text, "ends in the middle"));
}

static void
test_parameters (void)
{
  Log log = log_new ();

  put (&log, 5000, 8, 0, "QUIC_SESSION_TRANSPORT_PARAMETERS_RECEIVED",
       "\"quic_transport_parameters\":\"[Server [chosen_version 00000001 other_versions 00000001,6b3343cf] "
       "max_idle_timeout 30000 initial_max_data 786432 disable_active_migration initial_source_connection_id 826a08 "
       "max_ack_delay 20]\"");
  put_received (&log, 5001, NULL, 0, 100);

  g_autoptr (GPtrArray) traces = log_load (&log, END);
  const QsMark *fact = qs_trace_find_mark (traces->pdata[0], QS_MARK_FACT, QS_FACT_REMOTE_PARAMETERS, NULL);
  g_assert_nonnull (fact);
  static const guint8 wanted[] = { 0x01, 0x04, 0x80, 0x00, 0x75, 0x30, 0x04, 0x04, 0x80, 0x0c, 0x00,
                                   0x00, 0x0b, 0x01, 0x14, 0x0c, 0x00, 0x0f, 0x03, 0x82, 0x6a, 0x08 };
  g_assert_cmpmem (g_bytes_get_data (fact->bytes, NULL), g_bytes_get_size (fact->bytes), wanted, sizeof wanted);
}

/* TLS over TCP: each message, alert and piece of data is a packet, and holds what the log has of it. */
static void
test_tls (void)
{
  Log log = log_new ();

  put (&log, 5000, 9, 2, "TCP_CONNECT", "\"local_address\":\"127.0.0.1:4000\",\"remote_address\":\"127.0.0.1:443\"");
  put (&log, 5001, 9, 0, "SSL_HANDSHAKE_MESSAGE_RECEIVED", "\"bytes\":\"FAAABAECAwQ=\"");
  put (&log, 5002, 9, 0, "SSL_ALERT_RECEIVED", "\"bytes\":\"AigA\"");
  put (&log, 5002, 9, 0, "SSL_ALERT_RECEIVED", "\"bytes\":\"Aig=\"");
  put (&log, 5003, 9, 0, "SSL_SOCKET_BYTES_SENT", "\"byte_count\":900");
  put (&log, 5003, 9, 2, "SSL_CONNECT", "\"net_error\":-107");

  g_autoptr (GPtrArray) traces = log_load (&log, END);
  QsTrace *trace = traces->pdata[0];
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, 4);
  g_assert_cmpuint (qs_trace_get_n_messages (trace), ==, 1);
  g_assert_cmpint (qs_trace_get_message (trace, 0)->message->type, ==, QS_TLS_FINISHED);
  g_autoptr (GBytes) alert = qs_trace_dup_payload (trace, 2);
  g_assert_cmpmem (g_bytes_get_data (alert, NULL), g_bytes_get_size (alert), "\x02\x28", 2);
  g_assert_null (qs_trace_dup_payload (trace, 3));
  g_assert_cmpuint (qs_trace_get_packet (trace, 3)->length, ==, 900);
  const QsMark *outcome = qs_trace_find_mark (trace, QS_MARK_OUTCOME, NULL, NULL);
  g_assert_nonnull (outcome);
  g_assert_cmpstr (outcome->name, ==, "failed");
}

/* What is no such log, or has nothing in it, is refused with a sentence. */
static void
test_refused (void)
{
  static const char *const texts[] = {
    "{\"constants\": {}, \"events\": []}",
    "{\"constants\": {\"logEventTypes\":{\"A\":1}}, \"events\": [{\"type\":1}]}",
    "{\"constants\": ",
    "{\"constants\": {\"logEventTypes\":{\"A\":1}}, \"events\": [[[[",
    "{\"constants\": {\"logEventTypes\":{\"A\":1}}, \"events\": [{\"type\":}]}",
    "{\"constants\": {\"logEventTypes\":{\"A\":1}}, \"events\": {}}",
    "{\"constants\": {\"logEventTypes\":{\"A\":1}}, \"constants\": {\"logEventTypes\":{\"A\":1}}}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (load_text (texts[i], &error));
      g_assert_nonnull (error);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
}

/* Sources behind the bound are counted, and told of in each trace that is there. */
static void
test_too_many (void)
{
  Log log = log_new ();
  const QsMark *mark;

  put_sent (&log, 1, "INITIAL", 1, 1250);
  put_sent (&log, 2, "INITIAL", 2, 1250);
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (log.types, "QUIC_SESSION_PACKET_SENT"));
  for (guint id = 10; id < 10 + 1030; id++)
    for (guint twice = 0; twice < 2; twice++)
      g_string_append_printf (log.text,
                              ",\n{\"params\":{},\"phase\":0,\"source\":{\"id\":%u,\"type\":9},\"time\":\"3\","
                              "\"type\":%u}",
                              id, number);
  g_autoptr (GPtrArray) traces = log_load (&log, END);
  g_assert_cmpuint (traces->len, ==, 1);
  mark = qs_trace_find_mark (traces->pdata[0], QS_MARK_NOTE, NULL, NULL);
  g_assert_nonnull (mark);
  g_test_message ("%s", mark->text);
  g_assert_nonnull (strstr (mark->text, " 7 more")); /* 1 + 1030 - 1024 */
}

/* Whose log it is: what only a server sends, or only a client gets, tells, in Google's own QUIC and in the standard's. */
static void
test_ends (void)
{
  static const struct {
    const char *event, *params;
    QsVantage vantage;
  } rows[] = {
    { "CRYPTO_HANDSHAKE_MESSAGE_RECEIVED", "\"quic_crypto_handshake_message\":\"CHLO<\\n  SNI : 1\\n>\"",
      QS_VANTAGE_SERVER },
    { "CRYPTO_HANDSHAKE_MESSAGE_SENT", "\"quic_crypto_handshake_message\":\"CHLO<\\n>\"", QS_VANTAGE_CLIENT },
    { "CRYPTO_HANDSHAKE_MESSAGE_SENT", "\"quic_crypto_handshake_message\":\"REJ <\\n>\"", QS_VANTAGE_SERVER },
    { "CRYPTO_HANDSHAKE_MESSAGE_SENT", "\"quic_crypto_handshake_message\":\"SHLO<\\n>\"", QS_VANTAGE_SERVER },
    { "CRYPTO_HANDSHAKE_MESSAGE_RECEIVED", "\"quic_crypto_handshake_message\":\"SHLO<\\n>\"", QS_VANTAGE_CLIENT },
    { "TRANSPORT_PARAMETERS_SENT", "\"quic_transport_parameters\":\"[Server legacy[version 00000001]]\"",
      QS_VANTAGE_SERVER },
    { "TRANSPORT_PARAMETERS_SENT", "\"quic_transport_parameters\":\"[Client legacy[version 00000001]]\"",
      QS_VANTAGE_CLIENT },
    { "TRANSPORT_PARAMETERS_RECEIVED", "\"quic_transport_parameters\":\"[Server legacy[version 00000001]]\"",
      QS_VANTAGE_CLIENT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Log log = log_new ();

      put (&log, 1000, 8, 1, "QUIC_SESSION", "\"versions\":\"Q046\"");
      put_received (&log, 1001, NULL, 1, 1200);
      frame (&log, rows[i].event, rows[i].params);
      put_sent (&log, 5001, "FORWARD_SECURE", 1, 1000);
      frame (&log, rows[i].event, rows[i].params); /* once more turns nothing back */
      put_sent (&log, 5003, "FORWARD_SECURE", 2, 1000);
      g_autoptr (GPtrArray) traces = log_load (&log, END);
      QsTrace *trace = g_ptr_array_index (traces, 0);
      g_assert_cmpint (qs_trace_get_vantage (trace), ==, rows[i].vantage);
      /* The addresses and what was sent stay its own. */
      g_assert_cmpint (qs_trace_get_packet (trace, 0)->direction, ==, QS_DIRECTION_RECEIVED);
      g_assert_cmpint (qs_trace_get_packet (trace, 1)->direction, ==, QS_DIRECTION_SENT);
      g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (qs_trace_get_path (trace, 0)->local)),
                        ==, 4000);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/netlog/ends", test_ends);
  g_test_add_func ("/netlog/frames", test_frames);
  g_test_add_func ("/netlog/datagrams", test_datagrams);
  g_test_add_func ("/netlog/between", test_between);
  g_test_add_func ("/netlog/parameters", test_parameters);
  g_test_add_func ("/netlog/tls", test_tls);
  g_test_add_func ("/netlog/refused", test_refused);
  g_test_add_func ("/netlog/too-many", test_too_many);
  return g_test_run ();
}
