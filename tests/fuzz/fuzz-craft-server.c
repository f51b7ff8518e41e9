/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "craft/qs-craft-private.h"
#include "fuzz.h"
#include "live-peer.h"
#include "wire/qs-reader.h"

#define AES_128_GCM_SHA256 0x1301
#define MOST_PACKETS 64
#define MOST_SERVERS 4

/* What clients send to the scripted server: a byte of its habits, then pieces of a byte that says how, two for a length, and as many bytes.
 * How: 0 a datagram as it stands, which the listener gets, else the payload of a packet that is sealed as the first client would: 1 Initial, 2 Handshake,
 * 3 1-RTT, 4 1-RTT of the next key phase, 5 an Initial in answer to the last Retry; or what the server does: 6 changes its keys' phase, 7 sends Retry,
 * 8 Version Negotiation, 9 answers, 10 a stateless reset. */
enum { RAW, INITIAL, HANDSHAKE, ONE_RTT, NEXT_PHASE, FOLLOW, UPDATE, RETRY, VERSIONS, ANSWER, RESET, N_WAYS };

typedef struct {
  QsCraftListener *listener;
  GSocketAddress *from;
  QsTrace *trace;
  QsClock *clock;
  QsCraftOptions options;
  GPtrArray *servers; /* QsCraft; the first is the one that is asked */
} Bench;

static gboolean
identify (SSL_CTX *context, guint which, gpointer data)
{
  static SSL_CTX *whole = NULL;

  if (whole == NULL)
    whole = live_context_new (TRUE, "h3");
  return SSL_CTX_use_cert_and_key (context, SSL_CTX_get0_certificate (whole), SSL_CTX_get0_privatekey (whole), NULL,
                                   1) == 1;
}

static void
changed_cb (QsCraft *craft, gpointer data)
{
}

static void
incoming_cb (QsCraftListener *listener, const QsCraftFirst *first, gpointer data)
{
  Bench *bench = data;

  if (bench->servers->len >= MOST_SERVERS)
    return;
  QsCraft *server =
      qs_craft_accept (listener, first, bench->trace, bench->clock, &bench->options, changed_cb, bench, NULL);
  if (server != NULL)
    g_ptr_array_add (bench->servers, server);
}

/* Keys that both ends know: the handshake itself is OpenSSL's business. */
static void
give_keys (QsCraft *craft)
{
  static const QsPacketType levels[] = { QS_PACKET_HANDSHAKE, QS_PACKET_1RTT };
  QsSecret secret = { .length = 32 }, next;

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    {
      secret.bytes[0] = (guint8) levels[i];
      g_assert_true (qs_craft_protect_with (&craft->own[levels[i]], craft->version, AES_128_GCM_SHA256, &secret));
      g_assert_true (qs_craft_protect_with (&craft->peer[levels[i]], craft->version, AES_128_GCM_SHA256, &secret));
    }
  craft->suite = AES_128_GCM_SHA256;
  g_assert_true (qs_secret_next (craft->version, craft->suite, &secret, &next));
  g_clear_pointer (&craft->peer_next, qs_keys_free);
  craft->peer_next = qs_keys_new (craft->version, craft->suite, &next);
}

static void
hear (Bench *bench, QsSpan datagram)
{
  qs_craft_listener_take (bench->listener, bench->from, qs_trace_get_origin (bench->trace), 0, datagram);
}

static void
send_sealed (Bench *bench, QsCraft *craft, guint way, QsSpan payload, guint64 number)
{
  static const QsPacketType types[] = { [INITIAL] = QS_PACKET_INITIAL,
                                        [HANDSHAKE] = QS_PACKET_HANDSHAKE,
                                        [ONE_RTT] = QS_PACKET_1RTT,
                                        [NEXT_PHASE] = QS_PACKET_1RTT,
                                        [FOLLOW] = QS_PACKET_INITIAL };
  QsPacketType type = types[way];
  QsPacketHeader header = { .type = type,
                            .first_byte = qs_packet_first_byte (craft->version, type, 4),
                            .version = craft->version,
                            .dcid = qs_craft_id_span (&craft->scid),
                            .scid = qs_craft_id_span (&craft->dcid) };
  QsKeys *keys = way == NEXT_PHASE ? craft->peer_next : craft->peer[type].keys;
  QsSecret client, server;
  g_autoptr (QsKeys) followed = NULL;
  g_autoptr (QsHeaderKey) followed_header = NULL;

  if (way == FOLLOW && craft->n_retries > 0)
    {
      header.dcid = qs_craft_id_span (&craft->retry_ids[craft->n_retries - 1]);
      header.token = qs_craft_bytes_span (craft->retry_tokens[craft->n_retries - 1]);
      qs_initial_secrets (craft->version, header.dcid, &client, &server);
      keys = followed = qs_keys_new (craft->version, AES_128_GCM_SHA256, &client);
      followed_header = qs_header_key_new (craft->version, AES_128_GCM_SHA256, &client);
    }
  if (keys == NULL)
    return;
  g_autoptr (GBytes) packet = qs_packet_seal (
      keys, followed_header != NULL ? followed_header : craft->peer[type].header, &header, 4, number, payload);
  if (packet != NULL)
    hear (bench, qs_craft_bytes_span (packet));
}

static void
do_something (QsCraft *craft, guint way, QsSpan bytes)
{
  guint8 first = bytes.length > 0 ? bytes.data[0] : 0;
  const QsCraftRetry retry = { .garble = first & 1,
                               .same_id = (first & 2) != 0,
                               .no_token = (first & 4) != 0,
                               .token_length = bytes.length > 1 ? bytes.data[1] : 0 };

  if (way == UPDATE)
    qs_craft_update_keys (craft);
  else if (way == RETRY)
    qs_craft_send_retry (craft, &retry);
  else if (way == VERSIONS)
    qs_craft_send_versions (craft, QS_SPAN (bytes.data, MIN (bytes.length, 64) & ~(gsize) 3), first & 1);
  else if (way == RESET)
    qs_craft_send_reset (craft);
  else if (way == ANSWER && craft->tls == NULL)
    qs_craft_answer (craft, NULL);
}

/* A client's first Initial, with a PING. */
static void
begin (Bench *bench)
{
  static const guint8 first[] = "quicscop";
  QsPacketHeader header = { .type = QS_PACKET_INITIAL,
                            .first_byte = qs_packet_first_byte (QS_QUIC_VERSION_1, QS_PACKET_INITIAL, 4),
                            .version = QS_QUIC_VERSION_1,
                            .dcid = QS_SPAN (first, 8),
                            .scid = QS_SPAN (first, 4) };
  QsSecret client, server;

  qs_initial_secrets (QS_QUIC_VERSION_1, header.dcid, &client, &server);
  g_autoptr (QsKeys) keys = qs_keys_new (QS_QUIC_VERSION_1, AES_128_GCM_SHA256, &client);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (QS_QUIC_VERSION_1, AES_128_GCM_SHA256, &client);
  g_autoptr (GBytes) packet = qs_packet_seal (keys, header_key, &header, 4, 0, QS_SPAN ((const guint8 *) "\x01", 1));
  hear (bench, qs_craft_bytes_span (packet));
}

static void
play (Bench *bench, QsReader *reader)
{
  QsCraft *craft = bench->servers->pdata[0];

  give_keys (craft);
  for (guint i = 1; i < MOST_PACKETS && !qs_reader_at_end (reader); i++)
    {
      guint way = (guint) qs_reader_uint (reader, 1) % N_WAYS;
      QsSpan bytes = qs_reader_vector (reader, 2);
      if (!reader->ok)
        return;
      if (way == RAW)
        hear (bench, bytes);
      else if (way < UPDATE)
        send_sealed (bench, craft, way, bytes, i);
      else
        do_something (craft, way, bytes);
      qs_clock_advance (bench->clock, 100 * 1000 * 1000);
      for (guint j = 0; j < bench->servers->len; j++)
        qs_craft_tick (bench->servers->pdata[j]);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const alpn[] = { "h3", NULL };
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) from = g_inet_socket_address_new_from_string ("127.0.0.1", 9);
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_SERVER, NULL);
  g_autoptr (QsClock) clock = qs_clock_new_manual (1);
  g_autoptr (GPtrArray) servers = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_craft_free);
  QsReader reader = qs_reader_init (QS_SPAN (data, size));
  Bench bench = { .from = from, .trace = trace, .clock = clock, .servers = servers };

  live_fix_random ();
  bench.options.answer = (QsCraftTlsAnswer){ .identify = identify, .alpn = alpn };
  bench.options.habits = (QsCraftHabits) qs_reader_uint (&reader, 1);
  bench.listener = qs_craft_listener_new (address, incoming_cb, &bench, NULL);
  g_assert_nonnull (bench.listener);
  begin (&bench);
  g_assert_cmpuint (servers->len, ==, 1);
  play (&bench, &reader);
  for (guint i = 0; i < servers->len; i++)
    {
      const QsCraft *craft = servers->pdata[i];
      g_assert_cmpuint (craft->n_retries, <=, QS_CRAFT_MOST_RETRIES);
      g_assert_cmpuint (craft->held->len, <=, QS_CRAFT_MOST_HELD);
      for (guint j = 0; j < QS_CRAFT_N_SPACES; j++)
        g_assert_cmpuint (craft->spaces[j].received->len, <=, QS_CRAFT_MOST_RANGES);
    }
  g_ptr_array_set_size (servers, 0);
  qs_craft_listener_free (bench.listener);
  return 0;
}
