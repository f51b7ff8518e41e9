/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dissector on packets made by hand: the RFCs' samples, and what a live run does not bring. */
#include "dissect/qs-dissector.h"

#include <string.h>

#include "../cpu-time.h"
#include "rfc-samples.h"
#include "sealer.h"
#include "trace/qs-metrics.h"

static QsTrace *
sample_trace (const RfcSample *sample)
{
  QsTrace *trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  add_hex (trace, 1, QS_DIRECTION_SENT, sample->client_packet);
  add_hex (trace, 2, QS_DIRECTION_RECEIVED, sample->server_packet);
  return trace;
}

static void
test_samples (gconstpointer data)
{
  const RfcSample *sample = data;
  g_autoptr (QsTrace) trace = sample_trace (sample);
  g_autoptr (QsDissector) dissector = dissect (trace);

  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, 2);
  const QsPacket *client = qs_trace_get_packet (trace, 0);
  g_assert_cmpuint (client->type, ==, QS_PACKET_INITIAL);
  g_assert_cmpuint (client->number, ==, SAMPLE_CLIENT_NUMBER);
  g_assert_cmpuint (client->version, ==, sample->version);
  g_assert_cmpuint (client->payload_length, ==, SAMPLE_CLIENT_PAYLOAD);
  g_assert_cmpuint (client->n_frames, ==, 2);
  g_assert_true (client->flags & QS_PACKET_DECRYPTED);

  g_autoptr (GBytes) payload = qs_trace_dup_payload (trace, 0);
  g_autoptr (GBytes) frames = unhex (sample->client_frames);
  g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (frames), g_bytes_get_data (frames, NULL),
                   g_bytes_get_size (frames));

  const QsPacket *server = qs_trace_get_packet (trace, 1);
  g_assert_cmpuint (server->number, ==, SAMPLE_SERVER_NUMBER);
  g_autoptr (GBytes) server_payload = qs_trace_dup_payload (trace, 1);
  g_autoptr (GBytes) server_frames = unhex (sample->server_frames);
  g_assert_true (g_bytes_equal (server_payload, server_frames));

  g_assert_cmpuint (qs_trace_get_n_messages (trace), ==, 2);
  g_assert_cmpint (qs_trace_get_message (trace, 0)->message->type, ==, QS_TLS_CLIENT_HELLO);
  g_assert_cmpint (qs_trace_get_message (trace, 1)->message->type, ==, QS_TLS_SERVER_HELLO);
  g_autoptr (GBytes) parameters = qs_dissector_dup_transport_parameters (dissector, QS_DIRECTION_SENT);
  g_assert_cmpuint (g_bytes_get_size (parameters), ==, 50);
  g_assert_null (qs_dissector_dup_transport_parameters (dissector, QS_DIRECTION_RECEIVED));
}

static void
test_retry (gconstpointer data)
{
  const RfcSample *sample = data;
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  QsSecret client, server;
  g_autoptr (GBytes) cid = unhex (SERVER_CID);
  g_autoptr (GString) garbled = g_string_new (sample->retry_packet);

  garbled->str[garbled->len - 1] = garbled->str[garbled->len - 1] == '0' ? '1' : '0';
  add_hex (trace, 1, QS_DIRECTION_SENT, sample->client_packet);
  add_hex (trace, 2, QS_DIRECTION_RECEIVED, garbled->str);
  add_hex (trace, 3, QS_DIRECTION_RECEIVED, sample->retry_packet);

  /* The client's next Initial: keys of the Retry's Source Connection ID, numbers go on. */
  g_assert_true (qs_initial_secrets (sample->version, QS_SPAN (g_bytes_get_data (cid, NULL), 8), &client, &server));
  g_autoptr (QsKeys) keys = qs_keys_new (sample->version, 0x1301, &client);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (sample->version, 0x1301, &client);
  g_autofree char *header_hex = g_strdup_printf ("%s%08x08" SERVER_CID "000102"
                                                 "4040"
                                                 "03",
                                                 sample->version == 1 ? "c0" : "d0", sample->version);
  g_autoptr (GBytes) header = unhex (header_hex);
  guint8 payload[0x40 - 1 - 16] = { 0x01 };
  g_autoptr (GBytes) again =
      qs_packet_protect (keys, header_key, QS_SPAN (g_bytes_get_data (header, NULL), g_bytes_get_size (header)), 1, 3,
                         QS_SPAN (payload, sizeof payload));
  add_bytes (trace, 4, QS_DIRECTION_SENT, again);

  g_autoptr (QsDissector) dissector = dissect (trace);
  g_assert_cmpuint (qs_trace_get_packet (trace, 1)->type, ==, QS_PACKET_RETRY);
  g_assert_true (qs_trace_get_packet (trace, 1)->flags & QS_PACKET_CORRUPT);
  g_assert_false (qs_trace_get_packet (trace, 2)->flags & QS_PACKET_CORRUPT);
  g_assert_true (qs_trace_get_packet (trace, 3)->flags & QS_PACKET_DECRYPTED);
  g_assert_cmpuint (qs_trace_get_packet (trace, 3)->number, ==, 3);
}

static void
test_corrupt (void)
{
  g_autoptr (QsTrace) trace = sample_trace (&rfc_samples[0]);
  g_autoptr (GString) garbled = g_string_new (rfc_samples[0].server_packet);

  garbled->str[garbled->len - 1] = garbled->str[garbled->len - 1] == '0' ? '1' : '0';
  add_hex (trace, 3, QS_DIRECTION_RECEIVED, garbled->str);
  g_autoptr (QsDissector) dissector = dissect (trace);
  const QsPacket *packet = qs_trace_get_packet (trace, 2);
  g_assert_true (packet->flags & QS_PACKET_CORRUPT);
  g_assert_false (packet->flags & QS_PACKET_DECRYPTED);
  g_assert_cmpuint (packet->number, ==, G_MAXUINT64);
  g_assert_null (qs_trace_dup_payload (trace, 2));
  g_assert_cmpuint (qs_trace_get_metrics (trace)->directions[QS_DIRECTION_RECEIVED].corrupt, ==, 1);
}

/* 1-RTT: keys that come late, two key updates, packets of the old phase behind the new one. */
static void
test_key_updates (gconstpointer data)
{
  const RfcSample *sample = data;
  g_autoptr (QsTrace) trace = sample_trace (sample);
  Sealer client = sealer_new (sample->version, SECRET_CLIENT);

  add_short (trace, 3, QS_DIRECTION_SENT, &client, SERVER_CID, 0, "0101");
  g_autoptr (GBytes) straggler = seal_short (&client, SERVER_CID, 1, "0101");
  sealer_update (&client);
  add_short (trace, 4, QS_DIRECTION_SENT, &client, SERVER_CID, 2, "0101");
  add_bytes (trace, 5, QS_DIRECTION_SENT, straggler);
  sealer_update (&client);
  add_short (trace, 6, QS_DIRECTION_SENT, &client, SERVER_CID, 3, "0101");
  sealer_clear (&client);

  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);
  g_assert_true (qs_dissector_advance (dissector, 0));
  for (guint i = 2; i < 6; i++)
    {
      g_assert_cmpuint (qs_trace_get_packet (trace, i)->type, ==, QS_PACKET_1RTT);
      g_assert_false (qs_trace_get_packet (trace, i)->flags & (QS_PACKET_DECRYPTED | QS_PACKET_CORRUPT));
    }

  add_secret (trace, "CLIENT_TRAFFIC_SECRET_0", SECRET_CLIENT);
  g_assert_true (qs_dissector_advance (dissector, 0));
  static const guint64 numbers[] = { 0, 2, 1, 3 };
  static const guint flags[] = { 0, QS_PACKET_KEY_UPDATE | QS_PACKET_KEY_PHASE, 0, QS_PACKET_KEY_UPDATE };
  for (guint i = 0; i < 4; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, 2 + i);
      g_assert_true (packet->flags & QS_PACKET_DECRYPTED);
      g_assert_cmpuint (packet->number, ==, numbers[i]);
      g_assert_cmpuint (packet->flags & (QS_PACKET_KEY_UPDATE | QS_PACKET_KEY_PHASE), ==, flags[i]);
      g_autoptr (GBytes) payload = qs_trace_dup_payload (trace, 2 + i);
      g_assert_cmpmem (g_bytes_get_data (payload, NULL), g_bytes_get_size (payload), "\x01\x01", 2);
    }
}

/* A NEW_CONNECTION_ID of another length, a packet to it, and the reset token that it brought. */
static void
test_connection_ids (void)
{
  g_autoptr (QsTrace) trace = sample_trace (&rfc_samples[0]);
  Sealer client = sealer_new (QS_QUIC_VERSION_1, SECRET_CLIENT);
  Sealer server = sealer_new (QS_QUIC_VERSION_1, SECRET_SERVER);

  add_secret (trace, "CLIENT_TRAFFIC_SECRET_0", SECRET_CLIENT);
  add_secret (trace, "SERVER_TRAFFIC_SECRET_0", SECRET_SERVER);
  add_short (trace, 3, QS_DIRECTION_RECEIVED, &server, "", 0,
             "18010004aabbccdd"
             "000102030405060708090a0b0c0d0e0f");
  add_short (trace, 4, QS_DIRECTION_SENT, &client, "aabbccdd", 0, "010101");
  add_hex (trace, 5, QS_DIRECTION_RECEIVED,
           "4f1122334455667788"
           "99"
           "000102030405060708090a0b0c0d0e0f");
  add_hex (trace, 6, QS_DIRECTION_RECEIVED,
           "4f1122334455667788"
           "99"
           "000102030405060708090a0b0c0d0e00");
  sealer_clear (&client);
  sealer_clear (&server);

  g_autoptr (QsDissector) dissector = dissect (trace);
  g_assert_true (qs_trace_get_packet (trace, 2)->flags & QS_PACKET_DECRYPTED);
  g_assert_true (qs_trace_get_packet (trace, 3)->flags & QS_PACKET_DECRYPTED);
  g_assert_cmpuint (qs_trace_get_packet (trace, 3)->dcid_length, ==, 4);
  g_assert_cmpuint (qs_trace_get_packet (trace, 4)->type, ==, QS_PACKET_STATELESS_RESET);
  g_assert_cmpuint (qs_trace_get_packet (trace, 5)->type, ==, QS_PACKET_1RTT);
  g_assert_true (qs_trace_get_packet (trace, 5)->flags & QS_PACKET_CORRUPT);
}

/* Version Negotiation, and the client that begins anew: the same numbers once more, no duplicates. */
static void
test_version_negotiation (gconstpointer data)
{
  gboolean same_dcid = GPOINTER_TO_INT (data);
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  add_hex (trace, 1, QS_DIRECTION_SENT, rfc_samples[0].client_packet);
  add_hex (trace, 2, QS_DIRECTION_RECEIVED,
           "8000000000"
           "00"
           "088394c8f03e515708"
           "6b3343cf"
           "1a2a3a4a");
  if (same_dcid)
    add_hex (trace, 3, QS_DIRECTION_SENT, rfc_samples[1].client_packet);
  else
    {
      QsSecret client, server;
      g_assert_true (
          qs_initial_secrets (QS_QUIC_VERSION_2, QS_SPAN ("\x01\x02\x03\x04\x05\x06\x07\x08", 8), &client, &server));
      g_autoptr (QsKeys) keys = qs_keys_new (QS_QUIC_VERSION_2, 0x1301, &client);
      g_autoptr (QsHeaderKey) header_key = qs_header_key_new (QS_QUIC_VERSION_2, 0x1301, &client);
      g_autoptr (GBytes) header = unhex ("d06b3343cf"
                                         "080102030405060708"
                                         "00"
                                         "00"
                                         "4040"
                                         "02");
      guint8 payload[0x40 - 1 - 16] = { 0x01 };
      g_autoptr (GBytes) again =
          qs_packet_protect (keys, header_key, QS_SPAN (g_bytes_get_data (header, NULL), g_bytes_get_size (header)), 1,
                             2, QS_SPAN (payload, sizeof payload));
      add_bytes (trace, 3, QS_DIRECTION_SENT, again);
    }

  g_autoptr (QsDissector) dissector = dissect (trace);
  g_assert_cmpuint (qs_trace_get_packet (trace, 1)->type, ==, QS_PACKET_VERSION_NEGOTIATION);
  const QsPacket *second = qs_trace_get_packet (trace, 2);
  g_assert_true (second->flags & QS_PACKET_DECRYPTED);
  g_assert_cmpuint (second->version, ==, QS_QUIC_VERSION_2);
  g_assert_cmpuint (second->number, ==, SAMPLE_CLIENT_NUMBER);
  g_assert_false (second->flags & QS_PACKET_DUPLICATE);
}

/* Losses by the packet threshold, a spurious one, a retransmission, a duplicate, round trips. */
static void
test_recovery (void)
{
  g_autoptr (QsTrace) trace = sample_trace (&rfc_samples[0]);
  Sealer client = sealer_new (QS_QUIC_VERSION_1, SECRET_CLIENT);
  Sealer server = sealer_new (QS_QUIC_VERSION_1, SECRET_SERVER);

  add_secret (trace, "CLIENT_TRAFFIC_SECRET_0", SECRET_CLIENT);
  add_secret (trace, "SERVER_TRAFFIC_SECRET_0", SECRET_SERVER);
  /* STREAM 0, two bytes each: offsets 0, 2, 4, 6, 8. */
  add_short (trace, 100, QS_DIRECTION_SENT, &client, SERVER_CID, 0, "0e0000026161");
  add_short (trace, 101, QS_DIRECTION_SENT, &client, SERVER_CID, 1, "0e0002026161");
  add_short (trace, 102, QS_DIRECTION_SENT, &client, SERVER_CID, 2, "0e0004026161");
  add_short (trace, 103, QS_DIRECTION_SENT, &client, SERVER_CID, 3, "0e0006026161");
  add_short (trace, 104, QS_DIRECTION_SENT, &client, SERVER_CID, 4, "0e0008026161");
  /* ACK 4 and 2: 0 and 1 are lost, 3 is not yet. */
  add_short (trace, 120, QS_DIRECTION_RECEIVED, &server, "", 0,
             "020400010000"
             "00");
  /* 0's bytes again, as number 5. */
  add_short (trace, 121, QS_DIRECTION_SENT, &client, SERVER_CID, 5, "0e0000026161");
  /* ACK 1 to 5: 1 was not lost after all. */
  add_short (trace, 140, QS_DIRECTION_RECEIVED, &server, "", 1, "0205000004");
  add_short (trace, 141, QS_DIRECTION_RECEIVED, &server, "", 1, "0205000004");
  sealer_clear (&client);
  sealer_clear (&server);

  g_autoptr (QsDissector) dissector = dissect (trace);
  static const guint masks[] = { QS_PACKET_LOST, QS_PACKET_ACKED, QS_PACKET_ACKED, QS_PACKET_ACKED, QS_PACKET_ACKED };
  guint mask = QS_PACKET_LOST | QS_PACKET_ACKED | QS_PACKET_RETRANSMISSION;
  for (guint i = 0; i < 5; i++)
    g_assert_cmpuint (qs_trace_get_packet (trace, 2 + i)->flags & mask, ==, masks[i]);
  g_assert_cmpuint (qs_trace_get_packet (trace, 8)->flags & mask, ==, QS_PACKET_ACKED | QS_PACKET_RETRANSMISSION);
  g_assert_true (qs_trace_get_packet (trace, 10)->flags & QS_PACKET_DUPLICATE);

  const QsMetrics *metrics = qs_trace_get_metrics (trace);
  g_assert_cmpuint (metrics->directions[QS_DIRECTION_SENT].lost, ==, 1);
  g_assert_cmpuint (metrics->directions[QS_DIRECTION_SENT].retransmissions, ==, 1);
  g_assert_cmpuint (metrics->directions[QS_DIRECTION_RECEIVED].duplicates, ==, 1);
  g_assert_cmpuint (metrics->rtt->len, ==, 2);
  g_assert_cmpint (g_array_index (metrics->rtt, QsRttSample, 0).rtt, ==, 16 * 1000000);
  g_assert_cmpint (g_array_index (metrics->rtt, QsRttSample, 1).rtt, ==, 19 * 1000000);
  g_assert_cmpint (g_array_index (metrics->rtt, QsRttSample, 1).minimum, ==, 16 * 1000000);

  const QsStreamFigures *stream = qs_metrics_get_stream (metrics, 0);
  g_assert_cmpuint (stream->bytes[QS_DIRECTION_SENT], ==, 10);
  g_assert_cmpuint (stream->data[QS_DIRECTION_SENT], ==, 12);
  g_assert_cmpuint (stream->retransmitted[QS_DIRECTION_SENT], ==, 2);

  /* Of the vantage: the two Initials have been in flight, and nobody acknowledged the client's. */
  const GArray *flight = metrics->flight[QS_DIRECTION_SENT];
  guint64 most = 0;
  for (guint i = 0; i < flight->len; i++)
    most = MAX (most, g_array_index (flight, QsFlightSample, i).bytes);
  guint short_length = qs_trace_get_packet (trace, 2)->length;
  g_assert_cmpuint (most, ==, 1200 + 5 * short_length);
}

/* A datagram that was cut behind the memory bound: number, and no more. */
static void
test_cut (void)
{
  g_autoptr (QsTrace) trace = sample_trace (&rfc_samples[0]);
  Sealer client = sealer_new (QS_QUIC_VERSION_1, SECRET_CLIENT);
  g_autofree char *zeros = g_strnfill (400, '0');

  add_secret (trace, "CLIENT_TRAFFIC_SECRET_0", SECRET_CLIENT);
  add_short (trace, 3, QS_DIRECTION_SENT, &client, SERVER_CID, 0, "0101");
  qs_trace_set_payload_limit (trace, 0);
  add_short (trace, 4, QS_DIRECTION_SENT, &client, SERVER_CID, 1, zeros);
  add_short (trace, 5, QS_DIRECTION_SENT, &client, SERVER_CID, 2, "0101");
  sealer_clear (&client);

  g_autoptr (QsDissector) dissector = dissect (trace);
  const QsPacket *cut = qs_trace_get_packet (trace, 3);
  g_assert_cmpuint (cut->number, ==, 1);
  g_assert_true (cut->flags & QS_PACKET_PAYLOAD_DROPPED);
  g_assert_false (cut->flags & (QS_PACKET_DECRYPTED | QS_PACKET_CORRUPT));
  g_assert_null (qs_trace_dup_payload (trace, 3));
  g_assert_true (qs_trace_get_packet (trace, 4)->flags & QS_PACKET_DECRYPTED); /* short enough to be whole */
}

/* Three key updates that only cut packets show. */
static void
test_cut_key_updates (void)
{
  g_autoptr (QsTrace) trace = sample_trace (&rfc_samples[0]);
  Sealer client = sealer_new (QS_QUIC_VERSION_1, SECRET_CLIENT);
  g_autofree char *zeros = g_strnfill (400, '0');

  add_secret (trace, "CLIENT_TRAFFIC_SECRET_0", SECRET_CLIENT);
  add_short (trace, 3, QS_DIRECTION_SENT, &client, SERVER_CID, 0, "0101");
  qs_trace_set_payload_limit (trace, 0);
  for (guint i = 1; i <= 3; i++)
    {
      sealer_update (&client);
      add_short (trace, 3 + i, QS_DIRECTION_SENT, &client, SERVER_CID, i, zeros);
    }
  add_short (trace, 7, QS_DIRECTION_SENT, &client, SERVER_CID, 4, "0101");
  add_short (trace, 8, QS_DIRECTION_SENT, &client, SERVER_CID, 5, "0101");
  sealer_clear (&client);

  g_autoptr (QsDissector) dissector = dissect (trace);
  for (guint i = 0; i <= 5; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, 2 + i);
      gboolean cut = i >= 1 && i <= 3;
      g_assert_cmpuint (packet->number, ==, i);
      g_assert_true (((packet->flags & QS_PACKET_DECRYPTED) == 0) == cut);
      g_assert_true (((packet->flags & QS_PACKET_KEY_UPDATE) != 0) == (i == 4));
    }
}

/* 0-RTT: the suite shows by trying, for the ServerHello comes later or says another one. */
static void
test_early_data (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_SERVER, NULL);
  QsSecret secret = secret_of (SECRET_CLIENT);
  g_autoptr (QsKeys) keys = qs_keys_new (QS_QUIC_VERSION_1, 0x1303, &secret);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (QS_QUIC_VERSION_1, 0x1303, &secret);
  g_autoptr (GBytes) header = unhex ("d000000001"
                                     "08" SAMPLE_DCID "00"
                                     "4020"
                                     "00");
  guint8 frames[0x20 - 1 - 16] = "\x0a\x00\x05hello";

  add_hex (trace, 1, QS_DIRECTION_RECEIVED, rfc_samples[0].client_packet);
  g_autoptr (GBytes) packet =
      qs_packet_protect (keys, header_key, QS_SPAN (g_bytes_get_data (header, NULL), g_bytes_get_size (header)), 1, 0,
                         QS_SPAN (frames, sizeof frames));
  add_bytes (trace, 2, QS_DIRECTION_RECEIVED, packet);
  add_secret (trace, "CLIENT_EARLY_TRAFFIC_SECRET", SECRET_CLIENT);
  g_autoptr (QsDissector) dissector = dissect (trace);
  g_assert_cmpuint (qs_trace_get_packet (trace, 1)->type, ==, QS_PACKET_0RTT);
  g_assert_true (qs_trace_get_packet (trace, 1)->flags & QS_PACKET_DECRYPTED);
  g_autoptr (GBytes) stream = qs_dissector_dup_stream (dissector, 0, QS_DIRECTION_RECEIVED, 100, NULL);
  g_assert_cmpmem (g_bytes_get_data (stream, NULL), g_bytes_get_size (stream), "hello", 5);
}

/* Two attempts raced, each on its own path: neither disturbs the other. */
static void
test_two_connections (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (GSocketAddress) a = g_inet_socket_address_new_from_string ("127.0.0.1", 1);
  g_autoptr (GSocketAddress) b = g_inet_socket_address_new_from_string ("::1", 1);
  guint16 paths[2] = { qs_trace_add_path (trace, a, a), qs_trace_add_path (trace, b, b) };
  Sealer sealers[2] = { sealer_new (QS_QUIC_VERSION_1, SECRET_CLIENT), sealer_new (QS_QUIC_VERSION_2, SECRET_CLIENT) };

  add_secret (trace, "CLIENT_TRAFFIC_SECRET_0", SECRET_CLIENT);
  for (guint step = 0; step < 4; step++)
    for (guint i = 0; i < 2; i++)
      {
        g_autoptr (GBytes) bytes = step == 0   ? unhex (rfc_samples[i].client_packet)
                                   : step == 1 ? unhex (rfc_samples[i].server_packet)
                                               : seal_short (&sealers[i], SERVER_CID, step - 2, "0101");
        qs_trace_add_datagram (trace, step, step == 1 ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT, paths[i], 0,
                               QS_FATE_PASSED, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      }
  g_autoptr (QsDissector) dissector = dissect (trace);
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, 8);
  for (guint i = 0; i < 8; i++)
    {
      g_assert_true (qs_trace_get_packet (trace, i)->flags & QS_PACKET_DECRYPTED);
      g_assert_false (qs_trace_get_packet (trace, i)->flags & QS_PACKET_DUPLICATE);
      if (i >= 4)
        g_assert_cmpuint (qs_trace_get_packet (trace, i)->number, ==, i / 2 - 2);
    }
  sealer_clear (&sealers[0]);
  sealer_clear (&sealers[1]);
}

/* A capture that began in the middle: short headers alone, with secrets of several connections. */
typedef struct {
  guint32 version;
  const char *dcid; /* of what the client sends */
  guint64 number;   /* of its first packet */
  guint n_updates;  /* before */
  guint n_packets;  /* of each side */
  gboolean swapped; /* who made the capture took the server for the client */
} Midway;

static void
add_line (QsTrace *trace, const char *label, guint connection, const char *secret)
{
  g_autofree char *line = g_strdup_printf ("%s %064x %s", label, connection, secret);

  qs_trace_add_secret (trace, 0, line);
}

static void
test_midway (gconstpointer data)
{
  const Midway *midway = data;
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_NETWORK, NULL);
  Sealer client = sealer_new (midway->version, SECRET_CLIENT);
  Sealer server = sealer_new (midway->version, SECRET_SERVER);
  QsDirection up = midway->swapped ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;

  for (guint i = 1; i <= 5; i++)
    {
      g_autofree char *other = g_strdup_printf ("%064x", 0xabcdef + i);
      add_line (trace, "CLIENT_TRAFFIC_SECRET_0", i, i == 3 ? SECRET_CLIENT : other);
      add_line (trace, "SERVER_TRAFFIC_SECRET_0", i, i == 3 ? SECRET_SERVER : other);
    }
  for (guint i = 0; i < midway->n_updates; i++)
    {
      sealer_update (&client);
      sealer_update (&server);
    }
  for (guint i = 0; i < midway->n_packets; i++)
    {
      add_short (trace, i, up, &client, midway->dcid, midway->number + i, "0101");
      add_short (trace, i, !up, &server, "", 2 * midway->number + i, "010101");
    }
  /* Once found, it is followed like any other: a key update, an address that changes. */
  sealer_update (&client);
  g_autoptr (GBytes) moved = seal_short (&client, midway->dcid, midway->number + midway->n_packets, "01010101");
  qs_trace_add_datagram (trace, 1000000000, up, 1, 0, QS_FATE_PASSED, g_bytes_get_data (moved, NULL),
                         g_bytes_get_size (moved));
  add_short (trace, 1001, !up, &server, "", 2 * midway->number + midway->n_packets, "0101");
  sealer_clear (&client);
  sealer_clear (&server);

  g_autoptr (QsDissector) dissector = dissect (trace);
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, 2 * midway->n_packets + 2);
  for (guint i = 0; i <= midway->n_packets; i++)
    for (guint side = 0; side < 2; side++)
      {
        const QsPacket *packet = qs_trace_get_packet (trace, 2 * i + side);
        g_assert_true (packet->flags & QS_PACKET_DECRYPTED);
        g_assert_cmpuint (packet->number, ==, (side + 1) * midway->number + i);
        g_assert_cmpuint (packet->dcid_length, ==, side == 0 ? strlen (midway->dcid) / 2 : 0);
        g_autoptr (GBytes) payload = qs_trace_dup_payload (trace, 2 * i + side);
        g_assert_nonnull (payload);
      }
  g_assert_true (qs_trace_get_packet (trace, 2 * midway->n_packets)->flags & QS_PACKET_KEY_UPDATE);
  g_assert_cmpuint (qs_trace_get_metrics (trace)->directions[0].undecrypted, ==, 0);
}

/* Nothing fits: they stay closed, and that is told. */
static void
test_midway_closed (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_NETWORK, NULL);
  Sealer client = sealer_new (QS_QUIC_VERSION_1, SECRET_CLIENT);

  add_line (trace, "CLIENT_TRAFFIC_SECRET_0", 1, SECRET_SERVER);
  for (guint i = 0; i < 20; i++)
    add_short (trace, i, QS_DIRECTION_SENT, &client, SERVER_CID, i, "0101");
  sealer_clear (&client);
  g_autoptr (QsDissector) dissector = dissect (trace);
  g_assert_cmpuint (qs_trace_get_metrics (trace)->directions[0].undecrypted, ==, 20);

  /* The key log comes later. */
  add_line (trace, "CLIENT_TRAFFIC_SECRET_0", 2, SECRET_CLIENT);
  g_assert_true (qs_dissector_advance (dissector, 0));
  qs_dissector_finish (dissector);
  g_assert_cmpuint (qs_trace_get_metrics (trace)->directions[0].undecrypted, ==, 0);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpuint (qs_trace_get_packet (trace, i)->number, ==, i);
}

/* A short header behind another packet whose fixed bit is 0 (RFC 9287): padding, as far as can be told, until there are keys. */
static void
test_fixed_bit_behind (void)
{
  g_autoptr (QsTrace) trace = sample_trace (&rfc_samples[0]);
  Sealer client = sealer_new (QS_QUIC_VERSION_1, SECRET_CLIENT);

  client.first = 0;
  g_autoptr (GBytes) initial = unhex (rfc_samples[0].client_packet);
  g_autoptr (GBytes) greased = seal_short (&client, SERVER_CID, 7, "010101");
  g_autoptr (GByteArray) datagram = g_byte_array_new ();
  g_byte_array_append (datagram, g_bytes_get_data (initial, NULL), (guint) g_bytes_get_size (initial));
  g_byte_array_append (datagram, g_bytes_get_data (greased, NULL), (guint) g_bytes_get_size (greased));
  qs_trace_add_datagram (trace, 3000000, QS_DIRECTION_SENT, 0, 0, QS_FATE_PASSED, datagram->data, datagram->len);
  sealer_clear (&client);

  g_autoptr (QsDissector) dissector = dissect (trace);
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, 4);
  g_assert_cmpint (qs_trace_get_packet (trace, 3)->type, ==, QS_PACKET_UNKNOWN);
  g_assert_cmpuint (qs_trace_get_metrics (trace)->directions[0].undecrypted, ==, 0);

  add_secret (trace, "CLIENT_TRAFFIC_SECRET_0", SECRET_CLIENT);
  qs_dissector_finish (dissector);
  const QsPacket *packet = qs_trace_get_packet (trace, 3);
  g_assert_cmpint (packet->type, ==, QS_PACKET_1RTT);
  g_assert_true (packet->flags & QS_PACKET_DECRYPTED);
  g_assert_cmpuint (packet->number, ==, 7);
}

/* Noise in every length must not trip it, nor cost the packets around it. */
static void
test_noise (void)
{
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_NETWORK, NULL);
  guint8 bytes[1500];

  for (guint i = 0; i < 3000; i++)
    {
      gsize length = (gsize) g_test_rand_int_range (1, sizeof bytes);
      for (gsize k = 0; k < length; k++)
        bytes[k] = (guint8) g_test_rand_int ();
      if (i % 2 == 0 && length > 20)
        memcpy (bytes, "\xc3\0\0\0\x01\x08", 6); /* a long header of version 1 */
      qs_trace_add_datagram (trace, i, i % 3 ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED, 0, 0, QS_FATE_PASSED, bytes,
                             length);
    }
  qs_trace_add_secret (trace, 0, "CLIENT_TRAFFIC_SECRET_0 zz zz");
  qs_trace_add_secret (trace, 0, "");
  add_hex (trace, 1, QS_DIRECTION_SENT, rfc_samples[0].client_packet);
  g_autoptr (QsDissector) dissector = dissect (trace);
  g_assert_cmpuint (qs_trace_get_n_packets (trace), >=, 3001);
}

/* A million packets whose payload was dropped, in slices. */
static void
test_million (void)
{
  enum { N = 1000000 };
  g_autoptr (QsTrace) trace = sample_trace (&rfc_samples[0]);
  Sealer server = sealer_new (QS_QUIC_VERSION_1, SECRET_SERVER);
  guint8 plain[1180] = { 0x01 };
  guint8 packet[1200];
  gsize sealed;

  if (!g_test_perf () && g_getenv ("QS_TEST_SLOW") == NULL)
    {
      sealer_clear (&server);
      g_test_skip ("with -m perf only");
      return;
    }

  add_secret (trace, "SERVER_TRAFFIC_SECRET_0", SECRET_SERVER);
  add_short (trace, 3, QS_DIRECTION_RECEIVED, &server, "", 0, "0101");
  qs_trace_set_payload_limit (trace, 0);
  for (guint i = 1; i <= N; i++)
    {
      guint8 mask[QS_MASK_LENGTH];
      if (i == 1)
        {
          memset (packet, 0, sizeof packet);
          g_assert_true (
              qs_keys_seal (server.keys, 1, QS_SPAN (packet, 3), QS_SPAN (plain, sizeof plain), packet + 3, &sealed));
        }
      packet[0] = 0x41;
      packet[1] = (guint8) (i >> 8);
      packet[2] = (guint8) i;
      qs_header_key_mask (server.header_key, packet + 5, mask);
      packet[0] ^= mask[0] & 0x1f;
      packet[1] ^= mask[1];
      packet[2] ^= mask[2];
      qs_trace_add_datagram (trace, i * 4000, QS_DIRECTION_RECEIVED, 0, 0, QS_FATE_PASSED, packet, sizeof packet - 1);
    }
  sealer_clear (&server);

  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);
  gint64 began = cpu_time (), worst = 0, now = g_get_monotonic_time ();
  while (!qs_dissector_advance (dissector, now + 2000))
    {
      gint64 then = now;
      now = g_get_monotonic_time ();
      worst = MAX (worst, now - then);
    }
  double seconds = (double) (cpu_time () - began) / 1e6;
  g_test_minimized_result (seconds, "a million packets without payload: %.2f s, longest slice %" G_GINT64_FORMAT " µs",
                           seconds, worst);
  g_assert_cmpuint (qs_trace_get_n_packets (trace), ==, N + 3);
  g_assert_cmpuint (qs_trace_get_packet (trace, N + 2)->number, ==, N);
  g_assert_cmpfloat (seconds, <, 10);
}

/* What bulk data costs: whole packets of one stream, and an ACK for every tenth. */
static void
test_bulk (void)
{
  enum { N = 50000 };
  g_autoptr (QsTrace) trace = sample_trace (&rfc_samples[0]);
  Sealer client = sealer_new (QS_QUIC_VERSION_1, SECRET_CLIENT);
  Sealer server = sealer_new (QS_QUIC_VERSION_1, SECRET_SERVER);
  guint8 header[3] = { 0x41 }, frames[1150] = { 0x0c, 0x00 };

  if (!g_test_perf () && g_getenv ("QS_TEST_SLOW") == NULL)
    {
      sealer_clear (&server);
      sealer_clear (&client);
      g_test_skip ("with -m perf only");
      return;
    }

  add_secret (trace, "CLIENT_TRAFFIC_SECRET_0", SECRET_CLIENT);
  add_secret (trace, "SERVER_TRAFFIC_SECRET_0", SECRET_SERVER);
  for (guint i = 0; i < N; i++)
    {
      guint32 offset = GUINT32_TO_BE (0x80000000u | i * 1144);
      header[1] = (guint8) (i >> 8);
      header[2] = (guint8) i;
      memcpy (frames + 2, &offset, 4);
      g_autoptr (GBytes) packet = qs_packet_protect (server.keys, server.header_key, QS_SPAN (header, sizeof header), 2,
                                                     i, QS_SPAN (frames, sizeof frames));
      add_bytes (trace, i, QS_DIRECTION_RECEIVED, packet);
      if (i % 10 == 9)
        {
          g_autofree char *ack = g_strdup_printf ("02%08x00%s", 0x80000000u | i, i > 100 ? "4040" : "00");
          add_short (trace, i, QS_DIRECTION_SENT, &client, SERVER_CID, i / 10, ack);
        }
    }
  sealer_clear (&server);
  sealer_clear (&client);

  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);
  gint64 start = g_get_monotonic_time ();
  g_assert_true (qs_dissector_advance (dissector, 0));
  double ns = (g_get_monotonic_time () - start) * 1000.0 / N;
  g_test_minimized_result (ns, "a whole packet of 1170 bytes: %.0f ns", ns);
  g_assert_cmpuint (qs_metrics_get_stream (qs_trace_get_metrics (trace), 0)->bytes[QS_DIRECTION_RECEIVED], ==,
                    (N - 1) * 1144 + 1144);
}

static const Midway midway_plain = { QS_QUIC_VERSION_1, SERVER_CID, 3, 0, 12, FALSE };
static const Midway midway_long = {
  QS_QUIC_VERSION_1, "01020304050607080910111213141516171819ff", 70000, 0, 20, FALSE
};
static const Midway midway_v2 = { QS_QUIC_VERSION_2, "0102", 1000000, 0, 8, FALSE };
static const Midway midway_updated = { QS_QUIC_VERSION_1, SERVER_CID, 500000, 3, 12, FALSE };
static const Midway midway_swapped = { QS_QUIC_VERSION_1, SERVER_CID, 300, 0, 12, TRUE };
static const Midway midway_few = { QS_QUIC_VERSION_1, "aabbccdd", 200, 1, 2, FALSE };

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/dissector/samples/v1", &rfc_samples[0], test_samples);
  g_test_add_data_func ("/dissector/samples/v2", &rfc_samples[1], test_samples);
  g_test_add_data_func ("/dissector/retry/v1", &rfc_samples[0], test_retry);
  g_test_add_data_func ("/dissector/retry/v2", &rfc_samples[1], test_retry);
  g_test_add_func ("/dissector/corrupt", test_corrupt);
  g_test_add_data_func ("/dissector/key-updates/v1", &rfc_samples[0], test_key_updates);
  g_test_add_data_func ("/dissector/key-updates/v2", &rfc_samples[1], test_key_updates);
  g_test_add_func ("/dissector/connection-ids", test_connection_ids);
  g_test_add_data_func ("/dissector/version-negotiation/same-dcid", GINT_TO_POINTER (TRUE), test_version_negotiation);
  g_test_add_data_func ("/dissector/version-negotiation/other-dcid", GINT_TO_POINTER (FALSE), test_version_negotiation);
  g_test_add_func ("/dissector/recovery", test_recovery);
  g_test_add_func ("/dissector/cut", test_cut);
  g_test_add_func ("/dissector/cut-key-updates", test_cut_key_updates);
  g_test_add_func ("/dissector/early-data", test_early_data);
  g_test_add_func ("/dissector/two-connections", test_two_connections);
  g_test_add_data_func ("/dissector/midway/plain", &midway_plain, test_midway);
  g_test_add_data_func ("/dissector/midway/long-ids", &midway_long, test_midway);
  g_test_add_data_func ("/dissector/midway/v2", &midway_v2, test_midway);
  g_test_add_data_func ("/dissector/midway/updated", &midway_updated, test_midway);
  g_test_add_data_func ("/dissector/midway/swapped", &midway_swapped, test_midway);
  g_test_add_data_func ("/dissector/midway/few", &midway_few, test_midway);
  g_test_add_func ("/dissector/midway/closed", test_midway_closed);
  g_test_add_func ("/dissector/fixed-bit-behind", test_fixed_bit_behind);
  g_test_add_func ("/dissector/noise", test_noise);
  g_test_add_func ("/dissector/million", test_million);
  g_test_add_func ("/dissector/bulk", test_bulk);
  return g_test_run ();
}
