/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenSSL's client and server talk; what the dissector makes of it must be what OpenSSL itself says. */
#include <string.h>

#include "dissect/qs-dissector.h"
#include "quic-pair.h"
#include "trace/qs-metrics.h"

static QsDissector *
dissect (QuicPair *pair)
{
  QsDissector *dissector = qs_dissector_new (pair->trace);

  g_assert_true (qs_dissector_advance (dissector, 0));
  qs_dissector_finish (dissector);
  return dissector;
}

static void
dump (QsTrace *trace)
{
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *p = qs_trace_get_packet (trace, i);
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (trace, i, &payload);
      g_autoptr (GString) text = g_string_new (NULL);
      for (guint k = 0; k < frames->len; k++)
        {
          g_autofree char *frame = qs_frame_describe (&g_array_index (frames, QsFrame, k));
          g_string_append_printf (text, " %s;", frame);
        }
      g_test_message ("%u %s %s #%" G_GINT64_FORMAT " %u bytes, flags %x:%s", i, p->direction ? "<" : ">",
                      qs_packet_type_name (p->type), (gint64) p->number, p->length, p->flags, text->str);
    }
}

/* A frame as OpenSSL's message callback gives it: of STREAM and CRYPTO the header alone. */
typedef struct {
  char *text;
  gboolean optional; /* the client may have passed it over */
} Seen;

static void
seen_clear (gpointer data)
{
  g_free (((Seen *) data)->text);
}

static char *
frame_text (char direction, const QsFrame *frame, const guint8 *payload)
{
  QsFrameType type = qs_frame_base_type (frame->type);
  gsize length = frame->length;

  if (type == QS_FRAME_PADDING)
    return g_strdup_printf ("%c padding %u", direction, frame->length);
  if (type == QS_FRAME_CRYPTO || type == QS_FRAME_STREAM)
    length -= frame->data.length;
  g_autofree char *hex = qs_span_to_hex (QS_SPAN (payload + frame->offset, length));
  return g_strdup_printf ("%c %s", direction, hex);
}

/* The packet that the client sent last before it closed: it answers nothing behind it any more. */
static guint
find_last_answer (QsTrace *trace)
{
  guint last = 0;

  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      if (packet->direction != QS_DIRECTION_SENT)
        continue;
      if ((packet->frames & (G_GUINT64_CONSTANT (1) << QS_FRAME_CONNECTION_CLOSE_APP)) != 0)
        break;
      last = i;
    }
  return last;
}

/* Received packets of levels whose keys the client had thrown away, or that came when it had closed or was about to,
 * are in the trace, and OpenSSL does not read them: it depends on the moment. */
static GArray *
list_frames (QsTrace *trace)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Seen));
  guint last_answer = find_last_answer (trace);

  g_array_set_clear_func (list, seen_clear);
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      gboolean sent = packet->direction == QS_DIRECTION_SENT;
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (trace, i, &payload);
      for (guint k = 0; k < frames->len; k++)
        {
          Seen seen = { frame_text (sent ? '>' : '<', &g_array_index (frames, QsFrame, k),
                                    g_bytes_get_data (payload, NULL)),
                        !sent && (packet->type != QS_PACKET_1RTT || i > last_answer) };
          g_array_append_val (list, seen);
        }
    }
  return list;
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static int
compare_seen (gconstpointer a, gconstpointer b)
{
  const Seen *left = a, *right = b;
  int order = strcmp (left->text, right->text);

  return order != 0 ? order : left->optional - right->optional;
}

static void
assert_same (GArray *ours, GPtrArray *theirs)
{
  guint k = 0;

  g_array_sort (ours, compare_seen);
  g_ptr_array_sort (theirs, compare_strings);
  for (guint i = 0; i < ours->len; i++)
    {
      const Seen *seen = &g_array_index (ours, Seen, i);
      if (k < theirs->len && strcmp (seen->text, g_ptr_array_index (theirs, k)) == 0)
        k++;
      else if (!seen->optional)
        g_assert_cmpstr (seen->text, ==, k < theirs->len ? g_ptr_array_index (theirs, k) : NULL);
    }
  g_assert_cmpuint (k, ==, theirs->len);
}

/* All but what needs no key: Retry, Version Negotiation, and the stateless reset with which a peer that has forgotten the connection
 * already may answer the CONNECTION_CLOSE (RFC 9000 section 10.3). */
static void
assert_all_decrypted (QsTrace *trace)
{
  const guint64 close = G_GUINT64_CONSTANT (1) << QS_FRAME_CONNECTION_CLOSE | G_GUINT64_CONSTANT (1)
                                                                                  << QS_FRAME_CONNECTION_CLOSE_APP;
  gboolean closed = FALSE;

  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      closed = closed || (packet->direction == QS_DIRECTION_SENT && (packet->frames & close) != 0);
      if (packet->type == QS_PACKET_RETRY || packet->type == QS_PACKET_VERSION_NEGOTIATION ||
          (closed && packet->direction == QS_DIRECTION_RECEIVED && packet->type == QS_PACKET_1RTT))
        continue;
      g_assert_cmpuint (packet->type, <=, QS_PACKET_1RTT);
      g_assert_true (packet->flags & QS_PACKET_DECRYPTED);
      g_assert_false (packet->flags & QS_PACKET_CORRUPT);
      g_assert_cmpuint (packet->number, !=, G_MAXUINT64);
    }
}

static char *
message_names (QsTrace *trace)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < qs_trace_get_n_messages (trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (trace, i);
      g_string_append_printf (names, "%s%s%s", i > 0 ? " " : "", message->direction ? "<" : ">",
                              qs_tls_message_name (message->message));
    }
  return g_string_free (g_steal_pointer (&names), FALSE);
}

static guint
count_packets (QsTrace *trace, QsPacketType type, guint flags)
{
  guint n = 0;

  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    n += qs_trace_get_packet (trace, i)->type == type && (qs_trace_get_packet (trace, i)->flags & flags) == flags;
  return n;
}

static void
assert_stream (QsDissector *dissector, guint64 id, QsDirection direction, const guint8 *bytes, gsize length)
{
  gboolean whole = FALSE;
  g_autoptr (GBytes) got = qs_dissector_dup_stream (dissector, id, direction, 1 << 24, &whole);

  g_assert_true (whole);
  g_assert_cmpmem (g_bytes_get_data (got, NULL), g_bytes_get_size (got), bytes, length);
}

static void
assert_messages (QsTrace *trace, const QuicPairOptions *options)
{
  gboolean server = options->vantage == QS_VANTAGE_SERVER;
  gboolean retried = options->server_groups != NULL;
  g_autofree char *names = message_names (trace);
  const char *expected = server    ? "<ClientHello >ServerHello >EncryptedExtensions >Certificate >CertificateVerify "
                                     ">Finished <Finished"
                         : retried ? ">ClientHello <HelloRetryRequest >ClientHello <ServerHello <EncryptedExtensions "
                                     "<Certificate <CertificateVerify <Finished >Finished"
                                   : ">ClientHello <ServerHello <EncryptedExtensions <Certificate "
                                     "<CertificateVerify <Finished >Finished";

  g_test_message ("%s", names);
  g_assert_true (g_str_has_prefix (names, expected));
}

static void
test_exchange (gconstpointer data)
{
  const QuicPairOptions *options = data;
  gboolean server = options->vantage == QS_VANTAGE_SERVER;
  QsDirection up = server ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;
  QsDirection down = server ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
  g_autoptr (QuicPair) pair = quic_pair_new (options);
  guint8 reply[20000];

  quic_pair_connect (pair);
  quic_pair_exchange (pair, "GET /\r\n", sizeof reply);
  if (options->update_keys)
    {
      g_assert_cmpint (SSL_key_update (pair->client, SSL_KEY_UPDATE_REQUESTED), ==, 1);
      quic_pair_exchange (pair, "GET /two\r\n", sizeof reply);
      g_assert_cmpint (SSL_key_update (pair->client, SSL_KEY_UPDATE_REQUESTED), ==, 1);
      quic_pair_exchange (pair, "GET /three\r\n", sizeof reply);
    }
  quic_pair_close (pair);

  g_autoptr (QsDissector) dissector = dissect (pair);
  dump (pair->trace);
  assert_all_decrypted (pair->trace);
  assert_messages (pair->trace, options);
  if (!server)
    {
      g_autoptr (GArray) ours = list_frames (pair->trace);
      assert_same (ours, pair->frames);
    }

  for (guint i = 0; i < sizeof reply; i++)
    reply[i] = (guint8) (i * 7);
  assert_stream (dissector, 0, up, (const guint8 *) "GET /\r\n", 7);
  assert_stream (dissector, 0, down, reply, sizeof reply);
  if (options->update_keys)
    {
      assert_stream (dissector, 8, down, reply, sizeof reply);
      g_assert_cmpuint (count_packets (pair->trace, QS_PACKET_1RTT, QS_PACKET_KEY_UPDATE), ==, 4);
    }
  /* A hello in two datagrams gets two of them. */
  g_assert_true ((count_packets (pair->trace, QS_PACKET_RETRY, 0) > 0) == !options->no_retry);
  g_assert_cmpuint (count_packets (pair->trace, QS_PACKET_RETRY, QS_PACKET_CORRUPT), ==, 0);
  g_assert_cmpuint (qs_trace_get_metrics (pair->trace)->rtt->len, >, 0);
  g_assert_cmpuint (count_packets (pair->trace, QS_PACKET_INITIAL, QS_PACKET_LOST), ==, 0);

  for (guint of = 0; of < 2; of++)
    {
      g_autoptr (GBytes) parameters = qs_dissector_dup_transport_parameters (dissector, of);
      g_assert_nonnull (parameters);
    }
}

/* What was lost on the way was sent again, and both are told apart. */
static void
test_loss (gconstpointer data)
{
  const QuicPairOptions *options = data;
  g_autoptr (QuicPair) pair = quic_pair_new (options);

  quic_pair_connect (pair);
  quic_pair_exchange (pair, "GET /\r\n", 200000);
  quic_pair_close (pair);

  g_autoptr (QsDissector) dissector = dissect (pair);
  assert_all_decrypted (pair->trace);
  const QsMetrics *metrics = qs_trace_get_metrics (pair->trace);
  QsDirection loser = QS_DIRECTION_SENT;
  g_test_message ("lost %u, retransmissions %u", metrics->directions[loser].lost,
                  metrics->directions[loser].retransmissions);
  g_assert_cmpuint (metrics->directions[loser].lost, >=, 1);
  g_assert_cmpuint (metrics->directions[loser].retransmissions, >=, 1);
  for (guint i = 0; i < qs_trace_get_n_packets (pair->trace); i++)
    {
      QsRecord record;
      const QsPacket *packet = qs_trace_get_packet (pair->trace, i);
      qs_trace_get_record (pair->trace, packet->record, &record);
      if (record.fate == QS_FATE_DROPPED)
        g_assert_false (packet->flags & QS_PACKET_ACKED);
    }
}

/* Behind the memory bound: every packet still has its number, and what is short its payload. */
static void
test_bound (void)
{
  static const QuicPairOptions options = { .no_retry = TRUE, .payload_limit = 20000 };
  g_autoptr (QuicPair) pair = quic_pair_new (&options);
  guint n_dropped = 0;

  quic_pair_connect (pair);
  quic_pair_exchange (pair, "GET /\r\n", 300000);
  quic_pair_close (pair);
  g_autoptr (QsDissector) dissector = dissect (pair);

  for (guint i = 0; i < qs_trace_get_n_packets (pair->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (pair->trace, i);
      g_assert_cmpuint (packet->number, !=, G_MAXUINT64);
      g_assert_true (((packet->flags & QS_PACKET_DECRYPTED) != 0) !=
                     ((packet->flags & QS_PACKET_PAYLOAD_DROPPED) != 0));
      n_dropped += (packet->flags & QS_PACKET_PAYLOAD_DROPPED) != 0;
    }
  g_assert_cmpuint (n_dropped, >, 100);
  g_assert_cmpuint (n_dropped, ==, qs_trace_get_n_truncated (pair->trace));

  gboolean whole = TRUE;
  g_autoptr (GBytes) got = qs_dissector_dup_stream (dissector, 0, QS_DIRECTION_RECEIVED, 1 << 20, &whole);
  g_assert_false (whole);
  g_assert_cmpuint (g_bytes_get_size (got), >, 1000);
}

/* The dissector follows a live trace by itself, and the payloads outlive it. */
static void
test_follow (void)
{
  static const QuicPairOptions options = { .no_retry = TRUE };
  g_autoptr (QuicPair) pair = quic_pair_new (&options);
  QsDissector *dissector = qs_dissector_new (pair->trace);

  qs_dissector_follow (dissector);
  quic_pair_connect (pair);
  quic_pair_close (pair);
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  while (qs_trace_get_n_messages (pair->trace) < 7)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_main_context_iteration (NULL, TRUE);
    }
  g_assert_finalize_object (dissector);
  assert_all_decrypted (pair->trace);
  g_autoptr (GBytes) payload = qs_trace_dup_payload (pair->trace, 0);
  g_assert_nonnull (payload);
}

static const QuicPairOptions plain = { .no_retry = TRUE };
static const QuicPairOptions retry = { 0 };
static const QuicPairOptions chacha = { .no_retry = TRUE, .ciphersuites = "TLS_CHACHA20_POLY1305_SHA256" };
static const QuicPairOptions aes256 = { .no_retry = TRUE, .ciphersuites = "TLS_AES_256_GCM_SHA384" };
static const QuicPairOptions aes128 = { .no_retry = TRUE, .ciphersuites = "TLS_AES_128_GCM_SHA256" };
static const QuicPairOptions one_datagram = { .no_retry = TRUE, .groups = "X25519" };
static const QuicPairOptions hello_retry = { .no_retry = TRUE, .groups = "X25519:P-256", .server_groups = "P-256" };
static const QuicPairOptions key_update = { .no_retry = TRUE, .update_keys = TRUE };
static const QuicPairOptions late = { .secrets_late = TRUE, .ciphersuites = "TLS_CHACHA20_POLY1305_SHA256" };
static const QuicPairOptions at_server = { .vantage = QS_VANTAGE_SERVER };
static const QuicPairOptions between = { .vantage = QS_VANTAGE_NETWORK };
static const QuicPairOptions lose_hello = { .no_retry = TRUE, .drop_sent = 1 };
static const QuicPairOptions lose_hello_tail = { .no_retry = TRUE, .drop_sent = 2 };
static const QuicPairOptions lose_data = { .no_retry = TRUE, .drop_received = 30, .vantage = QS_VANTAGE_SERVER };

/* --- Dropped before the stack saw it --- */

static QsTrace *
copy_without_short_received (QsTrace *from)
{
  QsTrace *trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);

  for (guint i = 0; i < qs_trace_get_n_records (from); i++)
    {
      QsRecord record;

      qs_trace_get_record (from, i, &record);
      gboolean dropped = record.kind == QS_RECORD_DATAGRAM && record.direction == QS_DIRECTION_RECEIVED &&
                         (record.bytes.data[0] & 0x80) == 0;
      if (record.kind == QS_RECORD_DATAGRAM)
        qs_trace_add_datagram (trace, record.time, record.direction, 0, record.ecn,
                               dropped ? QS_FATE_DROPPED : QS_FATE_PASSED, record.bytes.data, record.bytes.length);
      else if (record.kind == QS_RECORD_SECRET)
        qs_trace_add_secret (trace, record.time, (const char *) record.bytes.data);
    }
  return trace;
}

/* What the path took away is opened, and nothing comes of it: no message, no acknowledgement, no figure. */
static void
test_unseen (void)
{
  const QuicPairOptions options = { .no_retry = TRUE, .update_keys = TRUE };
  g_autoptr (QuicPair) pair = quic_pair_new (&options);
  quic_pair_connect (pair);
  quic_pair_exchange (pair, "hello", 5000);
  quic_pair_exchange (pair, "again", 5000);
  quic_pair_close (pair);

  g_autoptr (QsTrace) trace = copy_without_short_received (pair->trace);
  g_autoptr (QsDissector) dissector = qs_dissector_new (trace);
  g_assert_true (qs_dissector_advance (dissector, 0));
  qs_dissector_finish (dissector);
  dump (trace);

  guint n_unseen = 0, n_frames = 0, n_arrived = 0;
  for (guint i = 0; i < qs_trace_get_n_packets (trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (trace, i);
      gboolean unseen = packet->direction == QS_DIRECTION_RECEIVED && packet->type == QS_PACKET_1RTT;

      g_assert_cmpint ((packet->flags & QS_PACKET_DROPPED) != 0, ==, unseen);
      n_arrived += packet->direction == QS_DIRECTION_RECEIVED && !unseen;
      if (packet->type == QS_PACKET_1RTT)
        g_assert_cmpuint (packet->flags & QS_PACKET_ACKED, ==, 0);
      if (!unseen)
        continue;
      g_assert_cmpuint (packet->flags & QS_PACKET_DECRYPTED, !=, 0);
      g_assert_cmpuint (packet->flags & QS_PACKET_KEY_UPDATE, ==, 0);
      n_unseen++;
      n_frames += packet->n_frames;
    }
  g_assert_cmpuint (n_unseen, >=, 10);
  g_assert_cmpuint (n_frames, >, n_unseen);
  for (guint i = 0; i < qs_trace_get_n_messages (trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (trace, i);
      g_assert_true (message->direction == QS_DIRECTION_SENT || message->level != QS_PACKET_1RTT);
    }

  const QsMetrics *metrics = qs_trace_get_metrics (trace);
  g_autoptr (GPtrArray) streams = qs_metrics_list_streams (metrics);
  g_assert_cmpuint (metrics->directions[QS_DIRECTION_RECEIVED].packets, ==, n_arrived);
  g_assert_cmpuint (streams->len, ==, 2);
  for (guint i = 0; i < streams->len; i++)
    g_assert_cmpuint (((QsStreamFigures *) streams->pdata[i])->data[QS_DIRECTION_RECEIVED], ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/quic-live/plain", &plain, test_exchange);
  g_test_add_data_func ("/quic-live/retry", &retry, test_exchange);
  g_test_add_data_func ("/quic-live/chacha20", &chacha, test_exchange);
  g_test_add_data_func ("/quic-live/aes-256", &aes256, test_exchange);
  g_test_add_data_func ("/quic-live/aes-128", &aes128, test_exchange);
  g_test_add_data_func ("/quic-live/one-datagram-hello", &one_datagram, test_exchange);
  g_test_add_data_func ("/quic-live/hello-retry", &hello_retry, test_exchange);
  g_test_add_data_func ("/quic-live/key-update", &key_update, test_exchange);
  g_test_add_data_func ("/quic-live/late-secrets", &late, test_exchange);
  g_test_add_data_func ("/quic-live/at-server", &at_server, test_exchange);
  g_test_add_data_func ("/quic-live/between", &between, test_exchange);
  g_test_add_data_func ("/quic-live/loss/hello", &lose_hello, test_loss);
  g_test_add_data_func ("/quic-live/loss/hello-tail", &lose_hello_tail, test_loss);
  g_test_add_data_func ("/quic-live/loss/data", &lose_data, test_loss);
  g_test_add_func ("/quic-live/bound", test_bound);
  g_test_add_func ("/quic-live/follow", test_follow);
  g_test_add_func ("/quic-live/unseen", test_unseen);
  return g_test_run ();
}
