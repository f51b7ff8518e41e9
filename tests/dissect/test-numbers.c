/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A test on each side of the numbers that decide in the dissector, on packets that are sealed here. */
#include <string.h>

#include "dissect/qs-dissection.h"
#include "dissect/qs-dissector.h"
#include "rfc-samples.h"
#include "trace/qs-metrics.h"

#define MS G_GINT64_CONSTANT (1000000)
#define SECRET_CLIENT "1111111111111111111111111111111111111111111111111111111111111111"
#define SECRET_SERVER "2222222222222222222222222222222222222222222222222222222222222222"
#define SAMPLE_RANDOM "ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c"
#define SERVER_CID "f067a5502a4262b5"
#define RESET_TOKEN "000102030405060708090a0b0c0d0e0f"

/* --- Packets --- */

static GBytes *
unhex (const char *hex)
{
  g_autoptr (GError) error = NULL;
  GBytes *bytes = qs_bytes_from_hex (hex, &error);

  g_assert_no_error (error);
  return bytes;
}

static QsSpan
span_of (GBytes *bytes)
{
  return QS_SPAN (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* Both sides of one connection, as seen from one of them. */
typedef struct {
  QsTrace *trace;
  gboolean at_server;
  QsKeys *keys[2], *initial[2];
  QsHeaderKey *header_keys[2], *initial_headers[2];
  guint8 phase[2];
} Talk;

static void
add_line (QsTrace *trace, const char *label, const char *secret)
{
  g_autofree char *line = g_strdup_printf ("%s " SAMPLE_RANDOM " %s", label, secret);

  qs_trace_add_secret (trace, 0, line);
}

static void
set_initial (Talk *talk, const char *dcid_hex)
{
  g_autoptr (GBytes) dcid = unhex (dcid_hex);
  QsSecret secrets[2];

  g_assert_true (qs_initial_secrets (QS_QUIC_VERSION_1, span_of (dcid), &secrets[0], &secrets[1]));
  for (guint i = 0; i < 2; i++)
    {
      g_clear_pointer (&talk->initial[i], qs_keys_free);
      g_clear_pointer (&talk->initial_headers[i], qs_header_key_free);
      talk->initial[i] = qs_keys_new (QS_QUIC_VERSION_1, 0x1301, &secrets[i]);
      talk->initial_headers[i] = qs_header_key_new (QS_QUIC_VERSION_1, 0x1301, &secrets[i]);
    }
}

/* The secrets of 1-RTT are known. */
static void
talk_init_at (Talk *talk, QsVantage vantage)
{
  static const char *const secrets[] = { SECRET_CLIENT, SECRET_SERVER };

  *talk = (Talk){ .trace = qs_trace_new (vantage, NULL), .at_server = vantage == QS_VANTAGE_SERVER };
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GBytes) bytes = unhex (secrets[i]);
      QsSecret secret = { .length = 32 };
      memcpy (secret.bytes, g_bytes_get_data (bytes, NULL), 32);
      talk->keys[i] = qs_keys_new (QS_QUIC_VERSION_1, 0x1301, &secret);
      talk->header_keys[i] = qs_header_key_new (QS_QUIC_VERSION_1, 0x1301, &secret);
    }
  set_initial (talk, SAMPLE_DCID);
  add_line (talk->trace, "CLIENT_TRAFFIC_SECRET_0", SECRET_CLIENT);
  add_line (talk->trace, "SERVER_TRAFFIC_SECRET_0", SECRET_SERVER);
}

static void
talk_init (Talk *talk)
{
  talk_init_at (talk, QS_VANTAGE_CLIENT);
}

static void
talk_clear (Talk *talk)
{
  for (guint i = 0; i < 2; i++)
    {
      qs_keys_free (talk->keys[i]);
      qs_header_key_free (talk->header_keys[i]);
      qs_keys_free (talk->initial[i]);
      qs_header_key_free (talk->initial_headers[i]);
    }
  g_object_unref (talk->trace);
}

static void
add_datagram (Talk *talk, gint64 ms, QsDirection direction, QsSpan bytes)
{
  qs_trace_add_datagram (talk->trace, ms * MS, direction, 0, 0, QS_FATE_PASSED, bytes.data, bytes.length);
}

static void
add_hex (Talk *talk, gint64 ms, QsDirection direction, const char *hex)
{
  g_autoptr (GBytes) bytes = unhex (hex);

  add_datagram (talk, ms, direction, span_of (bytes));
}

/* Whose packets go that way: 0 the client's, 1 the server's. */
static guint
side_of (const Talk *talk, QsDirection direction)
{
  return (direction == QS_DIRECTION_SENT) == talk->at_server;
}

/* 1-RTT, with a number of four bytes. */
static void
add_short (Talk *talk, gint64 ms, QsDirection direction, guint64 number, const char *frames_hex)
{
  guint side = side_of (talk, direction);
  g_autoptr (GBytes) dcid = unhex (side == 0 ? SERVER_CID : "");
  g_autoptr (GBytes) frames = unhex (frames_hex);
  g_autoptr (GByteArray) header = g_byte_array_new ();
  guint8 first = (guint8) (0x43 | talk->phase[side]);
  guint32 pn = g_htonl ((guint32) number);

  g_byte_array_append (header, &first, 1);
  g_byte_array_append (header, span_of (dcid).data, (guint) span_of (dcid).length);
  g_byte_array_append (header, (const guint8 *) &pn, 4);
  g_autoptr (GBytes) packet = qs_packet_protect (talk->keys[side], talk->header_keys[side],
                                                 QS_SPAN (header->data, header->len), 4, number, span_of (frames));
  add_datagram (talk, ms, direction, span_of (packet));
}

/* One key update. */
static void
update_keys (Talk *talk, guint side)
{
  QsSecret next;

  g_assert_true (qs_secret_next (QS_QUIC_VERSION_1, 0x1301, qs_keys_get_secret (talk->keys[side]), &next));
  qs_keys_free (talk->keys[side]);
  talk->keys[side] = qs_keys_new (QS_QUIC_VERSION_1, 0x1301, &next);
  talk->phase[side] ^= 0x04;
}

static void
add_initial (Talk *talk, gint64 ms, QsDirection direction, const char *dcid, const char *scid, guint8 number,
             const char *frames_hex)
{
  guint side = side_of (talk, direction);
  g_autoptr (GBytes) frames = unhex (frames_hex);
  gsize length = g_bytes_get_size (frames) + 1 + 16;
  g_autofree char *hex = g_strdup_printf ("c000000001%02zx%s%02zx%s00%04zx%02x", strlen (dcid) / 2, dcid,
                                          strlen (scid) / 2, scid, (gsize) 0x4000 | length, number);
  g_autoptr (GBytes) header = unhex (hex);
  g_autoptr (GBytes) packet = qs_packet_protect (talk->initial[side], talk->initial_headers[side], span_of (header), 1,
                                                 number, span_of (frames));

  add_datagram (talk, ms, direction, span_of (packet));
}

/* At 1 and 2 ms the RFC's Initials, the client's with its number 2. */
static void
add_samples (Talk *talk)
{
  add_hex (talk, 1, QS_DIRECTION_SENT, rfc_samples[0].client_packet);
  add_hex (talk, 2, QS_DIRECTION_RECEIVED, rfc_samples[0].server_packet);
}

static QsDissector *
dissect (Talk *talk)
{
  QsDissector *dissector = qs_dissector_new (talk->trace);

  qs_dissector_finish (dissector);
  return dissector;
}

static const QsPacket *
packet_at (Talk *talk, guint index)
{
  g_assert_cmpuint (index, <, qs_trace_get_n_packets (talk->trace));
  return qs_trace_get_packet (talk->trace, index);
}

/* --- ACK delay: RFC 9000 section 18.2, RFC 9002 section 5.3 --- */

static void
assert_rtt (Talk *talk, guint index, gint64 ns)
{
  const GArray *rtt = qs_trace_get_metrics (talk->trace)->rtt;

  g_assert_cmpuint (index, <, rtt->len);
  g_assert_cmpint (g_array_index (rtt, QsRttSample, index).rtt, ==, ns);
}

/* The server gives no parameters: an exponent of 3 and 25 ms at most. */
static void
test_ack_delay_defaults (void)
{
  Talk talk;

  talk_init (&talk);
  add_samples (&talk);
  for (guint i = 0; i < 5; i++)
    add_short (&talk, 100 * i, QS_DIRECTION_SENT, i, "0101");
  add_short (&talk, 420, QS_DIRECTION_RECEIVED, 0, "020444e20000"); /* the first: nothing is taken off */
  add_short (&talk, 500, QS_DIRECTION_SENT, 5, "0101");
  add_short (&talk, 560, QS_DIRECTION_RECEIVED, 1, "020544e20000"); /* 1250 << 3 us */
  add_short (&talk, 600, QS_DIRECTION_SENT, 6, "0101");
  add_short (&talk, 660, QS_DIRECTION_RECEIVED, 2, "02064c340000"); /* 3124: 24.992 ms */
  add_short (&talk, 700, QS_DIRECTION_SENT, 7, "0101");
  add_short (&talk, 760, QS_DIRECTION_RECEIVED, 3, "02074c360000"); /* 3126: more than 25 ms */
  add_short (&talk, 800, QS_DIRECTION_SENT, 8, "0101");
  add_short (&talk, 860, QS_DIRECTION_RECEIVED, 4, "0208ffffffffffffffff0000"); /* absurd */
  add_short (&talk, 900, QS_DIRECTION_SENT, 9, "0101");
  add_short (&talk, 945, QS_DIRECTION_RECEIVED, 5, "02094c350000"); /* just down to the smallest, 20 ms */
  add_short (&talk, 1000, QS_DIRECTION_SENT, 10, "0101");
  add_short (&talk, 1044, QS_DIRECTION_RECEIVED, 6, "020a4c350000"); /* not below it */
  g_autoptr (QsDissector) dissector = dissect (&talk);
  assert_rtt (&talk, 0, 20 * MS);
  assert_rtt (&talk, 1, 50 * MS);
  assert_rtt (&talk, 2, 60 * MS - 24992000);
  assert_rtt (&talk, 3, 35 * MS);
  assert_rtt (&talk, 4, 35 * MS);
  assert_rtt (&talk, 5, 20 * MS);
  assert_rtt (&talk, 6, 44 * MS);
  talk_clear (&talk);
}

/* An Initial's says nothing about the path. */
static void
test_no_ack_delay_of_initials (void)
{
  Talk talk;

  talk_init (&talk);
  add_hex (&talk, 1, QS_DIRECTION_SENT, rfc_samples[0].client_packet); /* number 2 */
  add_initial (&talk, 11, QS_DIRECTION_RECEIVED, "", SERVER_CID, 0, "020244e20000");
  add_initial (&talk, 20, QS_DIRECTION_SENT, SERVER_CID, "", 3, "010101");
  add_initial (&talk, 60, QS_DIRECTION_RECEIVED, "", SERVER_CID, 1, "020344e20000");
  g_autoptr (QsDissector) dissector = dissect (&talk);
  assert_rtt (&talk, 0, 10 * MS);
  assert_rtt (&talk, 1, 40 * MS);
  talk_clear (&talk);
}

/* The client's own parameters, at its server: they stand in the RFC's ClientHello in the place of initial_max_data, with one that
 * nobody knows, which makes up for the length. */
static void
acknowledged_with (const char *parameters, guint delay, gint64 taken_off)
{
  g_autoptr (GString) hello = g_string_new (rfc_samples[0].client_frames);
  g_autofree char *ack = g_strdup_printf ("0201%08x0000", 0x80000000 | delay);
  Talk talk;

  talk_init_at (&talk, QS_VANTAGE_SERVER);
  g_assert_cmpuint (g_string_replace (hello, "0408ffffffffffffffff", parameters, 1), ==, 1);
  g_assert_cmpuint (hello->len, ==, strlen (rfc_samples[0].client_frames));
  add_initial (&talk, 1, QS_DIRECTION_RECEIVED, SAMPLE_DCID, "", 2, hello->str);
  add_hex (&talk, 2, QS_DIRECTION_SENT, rfc_samples[0].server_packet);
  add_short (&talk, 100, QS_DIRECTION_SENT, 0, "0101");
  add_short (&talk, 110, QS_DIRECTION_RECEIVED, 0, "0200000000");
  add_short (&talk, 200, QS_DIRECTION_SENT, 1, "0101");
  add_short (&talk, 410, QS_DIRECTION_RECEIVED, 1, ack);
  g_autoptr (QsDissector) dissector = dissect (&talk);
  assert_rtt (&talk, 0, 10 * MS);
  assert_rtt (&talk, 1, 210 * MS - taken_off);
  talk_clear (&talk);
}

static void
acknowledged (const char *exponent, const char *max_delay, guint delay, gint64 taken_off)
{
  g_autofree char *parameters = g_strdup_printf ("0a01%s0b02%s1b0100", exponent, max_delay);

  acknowledged_with (parameters, delay, taken_off);
}

static void
test_ack_delay_parameters (void)
{
  acknowledged ("03", "4019", 1000, 8 * MS);
  acknowledged ("00", "4019", 1000, 1 * MS);
  acknowledged ("04", "4019", 1000, 16 * MS);
  acknowledged ("14", "4064", 0, 0); /* 20 is the most */
  acknowledged ("14", "4064", 1, 100 * MS);
  acknowledged ("15", "4064", 1, 8000); /* 21 is against the RFC: the default */
  acknowledged ("03", "4064", 12499, 99992000);
  acknowledged ("03", "4064", 12501, 100 * MS);
  acknowledged ("03", "4005", 12501, 5 * MS);
  acknowledged ("03", "7fff", 12501, 100008000);              /* 2^14 - 1 is the most (RFC 9000 section 18.2) */
  acknowledged_with ("0b04800040001b020000", 12501, 25 * MS); /* 2^14 is against the RFC: the default */
}

/* --- Packet numbers --- */

/* A number counts as a duplicate within 1024 of the largest; what is older cannot be told. */
static void
test_window (void)
{
  static const struct {
    guint64 number;
    gboolean duplicate;
  } cases[] = {
    { 5, FALSE },    { 5, TRUE },     { 6, FALSE },    { 1023, FALSE }, { 5, TRUE }, /* 1018 behind */
    { 1028, FALSE },                                                                 /* 5 is 1023 behind */
    { 5, TRUE },     { 6, TRUE },     { 4, FALSE },    { 4, FALSE },                 /* 1024 behind */
    { 1029, FALSE }, { 5, FALSE },    { 5, FALSE },                    /* out of it now, and not in 1029's place */
    { 1029, TRUE },  { 1100, FALSE }, { 1092, FALSE },                 /* cleared on the way: 1092 is 68's place */
    { 1092, TRUE },  { 3000, FALSE }, { 2999, FALSE }, { 2999, TRUE }, /* all of it at once */
    { 1977, FALSE }, { 1977, TRUE },  { 1976, FALSE }, { 1976, FALSE },
  };
  Talk talk;

  talk_init (&talk);
  add_samples (&talk);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    add_short (&talk, 10 + i, QS_DIRECTION_SENT, cases[i].number, "0101");
  g_autoptr (QsDissector) dissector = dissect (&talk);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const QsPacket *packet = packet_at (&talk, 2 + i);
      g_test_message ("%u: number %" G_GUINT64_FORMAT, i, cases[i].number);
      g_assert_true (packet->flags & QS_PACKET_DECRYPTED);
      g_assert_cmpuint (packet->number, ==, cases[i].number);
      g_assert_cmpint ((packet->flags & QS_PACKET_DUPLICATE) != 0, ==, cases[i].duplicate);
    }
  talk_clear (&talk);
}

/* Whole windows at a stretch: every number of one, then every number once more. */
static void
test_window_whole (void)
{
  Talk talk;

  talk_init (&talk);
  add_samples (&talk);
  for (guint i = 0; i < 2048; i++)
    add_short (&talk, 10, QS_DIRECTION_SENT, i, "0101");
  for (guint i = 1024; i < 2048; i++)
    add_short (&talk, 11, QS_DIRECTION_SENT, i, "0101");
  g_autoptr (QsDissector) dissector = dissect (&talk);
  for (guint i = 0; i < 2048 + 1024; i++)
    g_assert_cmpint ((packet_at (&talk, 2 + i)->flags & QS_PACKET_DUPLICATE) != 0, ==, i >= 2048);
  talk_clear (&talk);
}

/* Of a cut packet nothing vouches for the number: 32768 ahead it may be, further not. */
static void
cut_at (guint64 number, gboolean taken)
{
  g_autofree char *zeros = g_strnfill (400, '0');
  Talk talk;

  talk_init (&talk);
  add_samples (&talk);
  add_short (&talk, 3, QS_DIRECTION_SENT, 7, "0101");
  qs_trace_set_payload_limit (talk.trace, 0);
  add_short (&talk, 4, QS_DIRECTION_SENT, number, zeros);
  g_autoptr (QsDissector) dissector = dissect (&talk);
  g_assert_true (packet_at (&talk, 3)->flags & QS_PACKET_PAYLOAD_DROPPED);
  g_assert_cmpuint (packet_at (&talk, 3)->number, ==, taken ? number : G_MAXUINT64);
  talk_clear (&talk);
}

static void
test_unproven_jump (void)
{
  cut_at (7 + 32768, TRUE);
  cut_at (7 + 32769, FALSE);
}

/* --- Key updates that only cut packets show: sixteen are found again --- */

static void
updates_unseen (guint n, gboolean opened)
{
  g_autofree char *zeros = g_strnfill (400, '0');
  Talk talk;

  talk_init (&talk);
  add_samples (&talk);
  add_short (&talk, 3, QS_DIRECTION_SENT, 0, "0101");
  qs_trace_set_payload_limit (talk.trace, 0);
  for (guint i = 1; i <= n; i++)
    {
      update_keys (&talk, 0);
      add_short (&talk, 3 + i, QS_DIRECTION_SENT, i, zeros);
    }
  add_short (&talk, 100, QS_DIRECTION_SENT, n + 1, "0101");
  g_autoptr (QsDissector) dissector = dissect (&talk);
  g_assert_cmpint ((packet_at (&talk, 3 + n)->flags & QS_PACKET_DECRYPTED) != 0, ==, opened);
  talk_clear (&talk);
}

static void
test_unseen_updates (void)
{
  updates_unseen (1, TRUE);
  updates_unseen (16, TRUE);
  updates_unseen (17, FALSE);
}

/* --- Retry: a client heeds the first one only (RFC 9000 section 17.2.5.2) --- */

static void
add_retry (Talk *talk, gint64 ms, const char *scid)
{
  g_autoptr (GBytes) dcid = unhex (SAMPLE_DCID);
  g_autofree char *hex = g_strdup_printf ("f000000001" /* dcid */ "00%02zx%s746f6b656e", strlen (scid) / 2, scid);
  g_autoptr (GBytes) retry = unhex (hex);
  g_autoptr (GByteArray) whole = g_byte_array_new ();
  guint8 tag[QS_RETRY_TAG_LENGTH];

  g_assert_true (qs_retry_integrity_tag (QS_QUIC_VERSION_1, span_of (dcid), span_of (retry), tag));
  g_byte_array_append (whole, span_of (retry).data, (guint) span_of (retry).length);
  g_byte_array_append (whole, tag, sizeof tag);
  add_datagram (talk, ms, QS_DIRECTION_RECEIVED, QS_SPAN (whole->data, whole->len));
}

static void
test_second_retry (void)
{
  Talk talk;

  talk_init (&talk);
  add_hex (&talk, 1, QS_DIRECTION_SENT, rfc_samples[0].client_packet);
  add_retry (&talk, 2, SERVER_CID);
  set_initial (&talk, SERVER_CID);
  add_initial (&talk, 3, QS_DIRECTION_SENT, SERVER_CID, "", 3, "06000401000000");
  add_retry (&talk, 4, "aabbccddeeff0011");
  add_initial (&talk, 5, QS_DIRECTION_SENT, SERVER_CID, "", 4, "06000401000000");
  g_autoptr (QsDissector) dissector = dissect (&talk);
  g_assert_cmpuint (packet_at (&talk, 1)->type, ==, QS_PACKET_RETRY);
  g_assert_cmpuint (packet_at (&talk, 3)->type, ==, QS_PACKET_RETRY);
  for (guint i = 0; i < 5; i++)
    g_assert_false (packet_at (&talk, i)->flags & QS_PACKET_CORRUPT);
  g_assert_true (packet_at (&talk, 2)->flags & QS_PACKET_DECRYPTED);
  g_assert_true (packet_at (&talk, 4)->flags & QS_PACKET_DECRYPTED);
  /* What the first one answered was not lost, and goes out anew. The second one changes nothing: what was sent before it stays in
   * flight, and the same bytes once more are a retransmission. */
  g_assert_false (packet_at (&talk, 2)->flags & QS_PACKET_RETRANSMISSION);
  g_assert_true (packet_at (&talk, 4)->flags & QS_PACKET_RETRANSMISSION);
  g_assert_cmpuint (qs_trace_get_metrics (talk.trace)->in_flight[QS_DIRECTION_SENT], ==,
                    packet_at (&talk, 2)->length + packet_at (&talk, 4)->length);
  talk_clear (&talk);
}

/* --- Stateless resets: 21 bytes at least, RFC 9000 section 10.3 --- */

static void
reset_of (guint length, QsPacketType type)
{
  g_autofree char *random = g_strnfill (2 * (length - 17), '7');
  g_autofree char *reset = g_strdup_printf ("4f%s" RESET_TOKEN, random);
  Talk talk;

  talk_init (&talk);
  add_samples (&talk);
  /* NEW_CONNECTION_ID with the token. */
  add_short (&talk, 3, QS_DIRECTION_RECEIVED, 0, "18010004aabbccdd" RESET_TOKEN);
  add_hex (&talk, 4, QS_DIRECTION_RECEIVED, reset);
  g_autoptr (QsDissector) dissector = dissect (&talk);
  g_assert_cmpuint (packet_at (&talk, 3)->length, ==, length);
  g_assert_cmpuint (packet_at (&talk, 3)->type, ==, type);
  talk_clear (&talk);
}

static void
test_reset_length (void)
{
  reset_of (20, QS_PACKET_1RTT);
  reset_of (21, QS_PACKET_STATELESS_RESET);
  reset_of (43, QS_PACKET_STATELESS_RESET);
}

/* --- Connections of one recording: 64 of them --- */

static void
test_most_connections (void)
{
  Talk talk;

  talk_init (&talk);
  for (guint i = 0; i < 66; i++)
    {
      g_autofree char *dcid = g_strdup_printf ("%016x", 0x1000 + i);
      set_initial (&talk, dcid);
      add_initial (&talk, 1 + i, QS_DIRECTION_SENT, dcid, "", 0, "010101");
    }
  g_autoptr (QsDissector) dissector = dissect (&talk);
  for (guint i = 0; i < 66; i++)
    g_assert_cmpint ((packet_at (&talk, i)->flags & QS_PACKET_DECRYPTED) != 0, ==, i < 64);
  talk_clear (&talk);
}

/* --- Which suite it is where the ServerHello was not seen: the secret's length and trying tell (RFC 9001 section 5.3) --- */

static void
of_unseen_suite (guint16 suite, guint8 length, gboolean opened)
{
  g_autofree char *secret = g_strnfill (2 * length, '1');
  Talk talk;

  talk_init (&talk);
  add_hex (&talk, 1, QS_DIRECTION_SENT, rfc_samples[0].client_packet);
  qs_keys_free (talk.keys[0]);
  qs_header_key_free (talk.header_keys[0]);
  QsSecret key = { .length = length };
  memset (key.bytes, 0x11, length);
  talk.keys[0] = qs_keys_new (QS_QUIC_VERSION_1, suite, &key);
  talk.header_keys[0] = qs_header_key_new (QS_QUIC_VERSION_1, suite, &key);
  add_line (talk.trace, "CLIENT_TRAFFIC_SECRET_0", secret);
  g_autofree char *response = g_strdup_printf ("1b%s", "0011223344556677"); /* PATH_RESPONSE */
  add_initial (&talk, 2, QS_DIRECTION_RECEIVED, "", SERVER_CID, 0, "010101");
  add_short (&talk, 3, QS_DIRECTION_SENT, 0, response);
  g_autoptr (QsDissector) dissector = dissect (&talk);
  g_assert_cmpint ((packet_at (&talk, 2)->flags & QS_PACKET_DECRYPTED) != 0, ==, opened);
  talk_clear (&talk);
}

static void
test_unseen_suites (void)
{
  of_unseen_suite (0x1301, 32, TRUE);
  of_unseen_suite (0x1302, 48, TRUE);
  of_unseen_suite (0x1303, 32, TRUE);
  of_unseen_suite (0x1304, 32, TRUE);
}

/* --- TLS messages: a mebibyte, which no length may say more than --- */

static void
count_cb (const QsTraceMessage *message, gpointer data)
{
  ++*(guint *) data;
}

static void
test_message_length (void)
{
  for (guint over = 0; over < 2; over++)
    {
      g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
      g_autoptr (QsReassembly) stream = qs_reassembly_new (0, 2u << 20);
      QsDissection dissection = { .trace = trace };
      QsTraceMessage as = { .time = 0 };
      guint body = (1u << 20) - 4 + over, n = 0;
      g_autofree guint8 *bytes = g_malloc0 (4 + body);
      bytes[0] = 0xfe;
      bytes[1] = (guint8) (body >> 16);
      bytes[2] = (guint8) (body >> 8);
      bytes[3] = (guint8) body;
      g_assert_true (qs_reassembly_add (stream, 0, QS_SPAN (bytes, 4 + body), 0));
      g_assert_cmpint (qs_trace_add_messages (dissection.trace, stream, &as, TRUE, count_cb, &n), ==, !over);
      g_assert_cmpuint (n, ==, !over);
    }
}

/* --- Cipher suites --- */

/* RFC 9846 section B.4. */
static void
test_suites (void)
{
  static const struct {
    guint16 suite;
    gsize secret, tag;
  } suites[] = { { 0x1300, 0, 0 },   { 0x1301, 32, 16 }, { 0x1302, 48, 16 }, { 0x1303, 32, 16 },
                 { 0x1304, 32, 16 }, { 0x1305, 32, 8 },  { 0x1306, 0, 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (suites); i++)
    {
      g_assert_cmpint (qs_suite_is_known (suites[i].suite), ==, suites[i].secret > 0);
      g_assert_cmpuint (qs_suite_secret_length (suites[i].suite), ==, suites[i].secret);
      g_assert_cmpuint (qs_suite_tag_length (suites[i].suite), ==, suites[i].tag);
    }
}

/* RFC 5288, 5289, 5487, 6655, 7251, 7905: each of them, and none besides. */
static void
test_tls12_suites (void)
{
  static const struct {
    guint16 suite;
    guint8 key, tag;
  } suites[] = {
    { 0x009c, 16, 16 }, { 0x009d, 32, 16 }, { 0x009e, 16, 16 }, { 0x009f, 32, 16 }, { 0x00a8, 16, 16 },
    { 0x00a9, 32, 16 }, { 0x00aa, 16, 16 }, { 0x00ab, 32, 16 }, { 0xc02b, 16, 16 }, { 0xc02c, 32, 16 },
    { 0xc02f, 16, 16 }, { 0xc030, 32, 16 }, { 0xc09c, 16, 16 }, { 0xc09e, 16, 16 }, { 0xc0a0, 16, 8 },
    { 0xc0a2, 16, 8 },  { 0xc0ac, 16, 16 }, { 0xc0ae, 16, 8 },  { 0xcca8, 32, 16 }, { 0xcca9, 32, 16 },
    { 0xccaa, 32, 16 }, { 0xccab, 32, 16 }, { 0xccac, 32, 16 }, { 0xccad, 32, 16 },
  };
  const QsSecret master = { .length = 48 };
  const guint8 random[32] = { 0 };

  for (guint suite = 0, at = 0; suite < 0x10000; suite++)
    {
      gboolean wanted = at < G_N_ELEMENTS (suites) && suites[at].suite == suite;
      g_assert_cmpint (qs_tls12_suite_is_known ((guint16) suite) && !qs_tls12_suite_is_cbc ((guint16) suite), ==,
                       wanted);
      if (!wanted)
        continue;
      const QsTls12 facts = { .suite = (guint16) suite, .client_random = random, .server_random = random };
      g_autoptr (QsKeys) keys = qs_keys_new_tls12 (&facts, &master, FALSE);
      g_assert_nonnull (keys);
      g_assert_cmpuint (qs_keys_get_key (keys).length, ==, suites[at].key);
      at++;
    }
}

/* --- Key-log lines --- */

static gboolean
add_secret_of (QsSecretStore *store, const char *label, guint random_bytes, guint secret_bytes, char digit)
{
  g_autofree char *random = g_strnfill (2 * random_bytes, 'a');
  g_autofree char *secret = g_strnfill (2 * secret_bytes, digit);
  g_autofree char *line = g_strdup_printf ("%s %s %s", label, random, secret);

  return qs_secret_store_add_line (store, QS_SPAN (line, strlen (line)));
}

static void
test_secret_lines (void)
{
  guint8 random[QS_CLIENT_RANDOM_LENGTH];
  QsSecretStore *store = qs_secret_store_new ();

  memset (random, 0xaa, sizeof random);
  g_assert_true (qs_secret_store_is_empty (store));
  g_assert_null (qs_secret_store_get_only_random (store));
  g_assert_false (add_secret_of (store, "CLIENT_TRAFFIC_SECRET_0", 31, 32, '1'));
  g_assert_false (add_secret_of (store, "CLIENT_TRAFFIC_SECRET_0", 33, 32, '1'));
  g_assert_false (add_secret_of (store, "CLIENT_TRAFFIC_SECRET_0", 32, 31, '1'));
  g_assert_false (add_secret_of (store, "CLIENT_TRAFFIC_SECRET_0", 32, 49, '1'));
  g_assert_false (add_secret_of (store, "CLIENT_TRAFFIC_SECRET_1", 32, 32, '1'));
  g_assert_false (add_secret_of (store, "CLIENT_TRAFFIC_SECRET_0", 32, 32, 'x'));
  g_assert_true (qs_secret_store_is_empty (store));

  g_assert_true (add_secret_of (store, "CLIENT_TRAFFIC_SECRET_0", 32, 32, '1'));
  g_assert_false (add_secret_of (store, "CLIENT_TRAFFIC_SECRET_0", 32, 32, '1')); /* no news */
  g_assert_false (add_secret_of (store, "QUIC_CLIENT_TRAFFIC_SECRET_0", 32, 32, '1'));
  g_assert_true (add_secret_of (store, "QUIC_CLIENT_TRAFFIC_SECRET_0", 32, 32, '2'));
  g_assert_true (add_secret_of (store, "CLIENT_TRAFFIC_SECRET_0", 32, 48, '2')); /* another length is news */
  const QsSecret *secret = qs_secret_store_get (store, random, QS_SECRET_CLIENT_TRAFFIC);
  g_assert_cmpuint (secret->length, ==, 48);
  g_assert_cmpuint (secret->bytes[47], ==, 0x22);
  g_assert_null (qs_secret_store_get (store, random, QS_SECRET_SERVER_TRAFFIC));
  g_assert_cmpmem (qs_secret_store_get_only_random (store), 32, random, 32);
  qs_secret_store_free (store);
}

/* --- Streams in pieces: 4096 of them --- */

static void
test_pieces (void)
{
  g_autoptr (QsReassembly) stream = qs_reassembly_new (1, 100000);

  for (guint i = 0; i < 4096; i++)
    g_assert_true (qs_reassembly_add (stream, 1 + 2 * i + 1, QS_SPAN ("x", 1), i));
  g_assert_false (qs_reassembly_add (stream, 1 + 2 * 4096 + 1, QS_SPAN ("x", 1), 0));
  g_assert_true (qs_reassembly_add (stream, 2, QS_SPAN ("y", 1), 7)); /* there already */
  g_assert_cmpuint (qs_reassembly_peek (stream).length, ==, 0);
}

/* What one packet brings in two pieces that touch is one: it makes no difference how often. */
static void
test_joined_pieces (void)
{
  g_autoptr (QsReassembly) stream = qs_reassembly_new (0, 100000);

  for (guint i = 0; i < 5000; i++)
    g_assert_true (qs_reassembly_add (stream, i, QS_SPAN ("x", 1), 3));
  g_assert_cmpuint (qs_reassembly_peek (stream).length, ==, 5000);
  g_assert_cmpuint (qs_reassembly_get_packet (stream, 0), ==, 3);
  g_assert_cmpuint (qs_reassembly_get_packet (stream, 4999), ==, 3);
  g_assert_true (qs_reassembly_add (stream, 5000, QS_SPAN ("xy", 2), 4));
  g_assert_cmpuint (qs_reassembly_get_packet (stream, 4999), ==, 3);
  g_assert_cmpuint (qs_reassembly_get_packet (stream, 5000), ==, 4);
  qs_reassembly_skip_to (stream, 5001);
  g_assert_cmpuint (qs_reassembly_peek (stream).length, ==, 1);
  g_assert_false (qs_reassembly_is_empty (stream));
  qs_reassembly_skip_to (stream, 6000);
  g_assert_true (qs_reassembly_is_empty (stream));
  g_assert_cmpuint (qs_reassembly_get_base (stream), ==, 6000);
  g_assert_true (qs_reassembly_add (stream, 5999, QS_SPAN ("ab", 2), 5));
  g_assert_cmpmem (qs_reassembly_peek (stream).data, qs_reassembly_peek (stream).length, "b", 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/numbers/ack-delay/defaults", test_ack_delay_defaults);
  g_test_add_func ("/numbers/ack-delay/initials", test_no_ack_delay_of_initials);
  g_test_add_func ("/numbers/ack-delay/parameters", test_ack_delay_parameters);
  g_test_add_func ("/numbers/window", test_window);
  g_test_add_func ("/numbers/window-whole", test_window_whole);
  g_test_add_func ("/numbers/unproven-jump", test_unproven_jump);
  g_test_add_func ("/numbers/unseen-updates", test_unseen_updates);
  g_test_add_func ("/numbers/second-retry", test_second_retry);
  g_test_add_func ("/numbers/reset-length", test_reset_length);
  g_test_add_func ("/numbers/most-connections", test_most_connections);
  g_test_add_func ("/numbers/unseen-suites", test_unseen_suites);
  g_test_add_func ("/numbers/message-length", test_message_length);
  g_test_add_func ("/numbers/suites", test_suites);
  g_test_add_func ("/numbers/tls12-suites", test_tls12_suites);
  g_test_add_func ("/numbers/secret-lines", test_secret_lines);
  g_test_add_func ("/numbers/pieces", test_pieces);
  g_test_add_func ("/numbers/joined-pieces", test_joined_pieces);
  return g_test_run ();
}
