/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "craft/qs-craft-private.h"
#include "fuzz.h"
#include "wire/qs-reader.h"

#define AES_128_GCM_SHA256 0x1301
#define MOST_PACKETS 64

/* What a server sends to the scripted client: pieces of a byte that says how, two for a length, and as many bytes.
 * How: 0 a datagram as it stands, else the payload of a packet that is sealed as the server would: 1 Initial, 2 Handshake, 3 1-RTT, 4 1-RTT of the
 * next key phase; 5 changes our keys' phase. */
enum { RAW, INITIAL, HANDSHAKE, ONE_RTT, NEXT_PHASE, UPDATE, N_WAYS };

static void
changed_cb (QsCraft *craft, gpointer data)
{
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
  craft->peer_next = qs_keys_new (craft->version, craft->suite, &next);
}

static void
send_sealed (QsCraft *craft, guint way, QsSpan payload, guint64 number)
{
  static const QsPacketType types[] = { [INITIAL] = QS_PACKET_INITIAL,
                                        [HANDSHAKE] = QS_PACKET_HANDSHAKE,
                                        [ONE_RTT] = QS_PACKET_1RTT,
                                        [NEXT_PHASE] = QS_PACKET_1RTT };
  QsPacketType type = types[way];
  static const guint8 id[] = "server's";
  QsPacketHeader header = { .type = type,
                            .first_byte = qs_packet_first_byte (craft->version, type, 4),
                            .version = craft->version,
                            .dcid = qs_craft_id_span (&craft->scid),
                            .scid = QS_SPAN (id, 8) };
  QsKeys *keys = way == NEXT_PHASE ? craft->peer_next : craft->peer[type].keys;

  if (keys == NULL)
    return;
  g_autoptr (GBytes) packet = qs_packet_seal (keys, craft->peer[type].header, &header, 4, number, payload);
  if (packet != NULL)
    qs_craft_receive (craft, qs_craft_bytes_span (packet));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const char *const alpn[] = { "h3", NULL };
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string ("127.0.0.1", 9);
  g_autoptr (QsTrace) trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  g_autoptr (QsClock) clock = qs_clock_new_manual (1);
  QsReader reader = qs_reader_init (QS_SPAN (data, size));
  const QsCraftOptions options = { .tls = { .alpn = alpn } };
  g_autoptr (QsCraft) craft = qs_craft_new (address, trace, clock, &options, changed_cb, NULL, NULL);

  g_assert_nonnull (craft);
  qs_craft_start (craft);
  give_keys (craft);
  for (guint i = 0; i < MOST_PACKETS && !qs_reader_at_end (&reader); i++)
    {
      guint way = (guint) qs_reader_uint (&reader, 1) % N_WAYS;
      QsSpan payload = qs_reader_vector (&reader, 2);
      if (!reader.ok)
        break;
      if (way == RAW)
        qs_craft_receive (craft, payload);
      else if (way == UPDATE)
        qs_craft_update_keys (craft);
      else
        send_sealed (craft, way, payload, i);
      qs_clock_advance (clock, 100 * 1000 * 1000);
      qs_craft_tick (craft);
    }
  for (guint i = 0; i < QS_CRAFT_N_SPACES; i++)
    g_assert_cmpuint (craft->spaces[i].received->len, <=, QS_CRAFT_MOST_RANGES);
  g_assert_cmpuint (craft->n_spare_ids, <=, QS_CRAFT_MOST_IDS);
  g_assert_cmpuint (craft->held->len, <=, QS_CRAFT_MOST_HELD);
  return 0;
}
