/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multipath (draft-ietf-quic-multipath): what is sealed for one network path, in a capture of several. */
#include "dissect/qs-dissector.h"

#include <openssl/evp.h>
#include <string.h>

#include "rfc-samples.h"
#include "sealer.h"
#include "trace/qs-metrics.h"

#define PATH_1 "aabbccdd11223344"
#define PATH_2 "99bbccdd11223344"
#define PATH_9 "88bbccdd11223344"
#define TOKEN "000102030405060708090a0b0c0d0e0f"
/* PATH_NEW_CONNECTION_ID: path 1, sequence 0, retire prior to 0. */
#define TELL_PATH_1 \
  "80003e78010000"  \
  "08" PATH_1 TOKEN
#define PING "01000000"
#define PATH_ACK "3e0101000001" /* of path 1: packets 0 and 1 */

typedef struct {
  QsTrace *trace;
  Sealer client, server;
  gint64 ms;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->trace = qs_trace_new (QS_VANTAGE_CLIENT, NULL);
  self->client = sealer_new (QS_QUIC_VERSION_1, SECRET_CLIENT);
  self->server = sealer_new (QS_QUIC_VERSION_1, SECRET_SERVER);
  add_hex (self->trace, 1, QS_DIRECTION_SENT, rfc_samples[0].client_packet);
  add_hex (self->trace, 2, QS_DIRECTION_RECEIVED, rfc_samples[0].server_packet);
  add_secret (self->trace, "CLIENT_TRAFFIC_SECRET_0", SECRET_CLIENT);
  add_secret (self->trace, "SERVER_TRAFFIC_SECRET_0", SECRET_SERVER);
  self->ms = 10;
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  sealer_clear (&self->client);
  sealer_clear (&self->server);
  g_object_unref (self->trace);
}

static void
client_sends (Fixture *self, guint32 path, const char *dcid, guint64 number)
{
  qs_keys_set_path (self->client.keys, path);
  add_short (self->trace, self->ms++, QS_DIRECTION_SENT, &self->client, dcid, number, PING);
}

static void
server_sends (Fixture *self, guint64 number, const char *frames)
{
  add_short (self->trace, self->ms++, QS_DIRECTION_RECEIVED, &self->server, "", number, frames);
}

static const QsPacket *
packet_at (Fixture *self, guint index)
{
  return qs_trace_get_packet (self->trace, index);
}

static void
assert_packet (Fixture *self, guint index, guint path, guint64 number, guint flags)
{
  const guint looked_at = QS_PACKET_DECRYPTED | QS_PACKET_CORRUPT | QS_PACKET_DUPLICATE | QS_PACKET_ACKED |
                          QS_PACKET_LOST | QS_PACKET_KEY_UPDATE;
  const QsPacket *packet = packet_at (self, index);

  g_assert_cmphex (packet->flags & looked_at, ==, flags);
  if ((flags & QS_PACKET_DECRYPTED) == 0)
    return;
  g_assert_cmpuint (packet->path_id, ==, path);
  g_assert_cmpuint (packet->number, ==, number);
}

/* Numbers begin anew on each path, and an acknowledgement is of its own path. */
static void
test_paths (Fixture *self, gconstpointer data)
{
  client_sends (self, 0, SERVER_CID, 0);
  server_sends (self, 0, TELL_PATH_1);
  client_sends (self, 1, PATH_1, 0);
  client_sends (self, 1, PATH_1, 1);
  client_sends (self, 0, SERVER_CID, 1);
  server_sends (self, 1, PATH_ACK);
  client_sends (self, 1, PATH_1, 1); /* this one is indeed one that was there */
  g_autoptr (QsDissector) dissector = dissect (self->trace);

  assert_packet (self, 2, 0, 0, QS_PACKET_DECRYPTED);
  assert_packet (self, 3, 0, 0, QS_PACKET_DECRYPTED);
  assert_packet (self, 4, 1, 0, QS_PACKET_DECRYPTED | QS_PACKET_ACKED);
  assert_packet (self, 5, 1, 1, QS_PACKET_DECRYPTED | QS_PACKET_ACKED);
  assert_packet (self, 6, 0, 1, QS_PACKET_DECRYPTED);
  assert_packet (self, 8, 1, 1, QS_PACKET_DECRYPTED | QS_PACKET_DUPLICATE);
  g_assert_cmpuint (qs_trace_get_metrics (self->trace)->directions[QS_DIRECTION_SENT].missing, ==, 0);

  /* What a path's packet holds is there when it is asked for. */
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (self->trace, 5, &payload);
  g_assert_cmpuint (frames->len, ==, 2);
  g_assert_cmpuint (g_array_index (frames, QsFrame, 0).type, ==, QS_FRAME_PING);
}

/* Where the frame that told of an id is missing, the path is found; of one that is not, the packet is closed, and not damaged. */
static void
test_unknown_id (Fixture *self, gconstpointer data)
{
  server_sends (self, 0, TELL_PATH_1);
  client_sends (self, 2, PATH_2, 0);
  client_sends (self, 2, PATH_2, 1);
  client_sends (self, 9, PATH_9, 0);
  client_sends (self, 7, "77bbccdd11223344", 5);
  client_sends (self, 8, "66bbccdd11223344", 5);
  g_autoptr (QsDissector) dissector = dissect (self->trace);

  assert_packet (self, 3, 2, 0, QS_PACKET_DECRYPTED);
  assert_packet (self, 4, 2, 1, QS_PACKET_DECRYPTED);
  assert_packet (self, 5, 0, 0, 0);
  assert_packet (self, 6, 7, 5, QS_PACKET_DECRYPTED);
  assert_packet (self, 7, 0, 0, 0);
}

/* An id that is known has one path: what does not open with that is damaged. And without multipath there are none. */
static void
test_damaged (Fixture *self, gconstpointer data)
{
  gboolean told = GPOINTER_TO_INT (data);

  client_sends (self, 0, SERVER_CID, 0);
  server_sends (self, 0, told ? TELL_PATH_1 : PING);
  client_sends (self, 3, told ? PATH_1 : SERVER_CID, 1);
  g_autoptr (QsDissector) dissector = dissect (self->trace);
  assert_packet (self, 4, 0, 0, QS_PACKET_CORRUPT);
}

/* Keys change for all paths, and a number of one says nothing of another's. */
static void
test_key_update (Fixture *self, gconstpointer data)
{
  server_sends (self, 0, TELL_PATH_1);
  for (guint i = 0; i < 5; i++)
    client_sends (self, 0, SERVER_CID, i);
  client_sends (self, 1, PATH_1, 0);
  qs_keys_set_path (self->client.keys, 1);
  g_autoptr (GBytes) late = seal_short (&self->client, PATH_1, 1, PING); /* with the keys of before */
  sealer_update (&self->client);
  client_sends (self, 0, SERVER_CID, 5);
  client_sends (self, 1, PATH_1, 2);
  add_bytes (self->trace, self->ms++, QS_DIRECTION_SENT, late);
  sealer_update (&self->client);
  client_sends (self, 1, PATH_1, 3);
  client_sends (self, 0, SERVER_CID, 6);
  g_autoptr (QsDissector) dissector = dissect (self->trace);

  for (guint i = 2; i < 14; i++)
    g_assert_cmphex (packet_at (self, i)->flags & (QS_PACKET_DECRYPTED | QS_PACKET_CORRUPT), ==, QS_PACKET_DECRYPTED);
  assert_packet (self, 9, 0, 5, QS_PACKET_DECRYPTED | QS_PACKET_KEY_UPDATE);
  assert_packet (self, 10, 1, 2, QS_PACKET_DECRYPTED);
  assert_packet (self, 11, 1, 1, QS_PACKET_DECRYPTED);
  assert_packet (self, 12, 1, 3, QS_PACKET_DECRYPTED | QS_PACKET_KEY_UPDATE);
  assert_packet (self, 13, 0, 6, QS_PACKET_DECRYPTED);
}

/* The nonce of the draft's own example (section 2.4): path 3, packet 54321. */
static void
test_nonce (void)
{
  QsSecret secret = secret_of (SECRET_CLIENT);
  g_autoptr (QsKeys) keys = qs_keys_new (QS_QUIC_VERSION_1, 0x1301, &secret);
  static const guint8 plain[4] = { 1 };
  guint8 sealed[3][32];
  gsize length;

  for (guint i = 0; i < 3; i++)
    {
      qs_keys_set_path (keys, i == 1 ? 3 : 0);
      g_assert_true (qs_keys_seal (keys, 54321, QS_SPAN (plain, 1), QS_SPAN (plain, 4), sealed[i], &length));
    }
  g_assert_cmpmem (sealed[0], length, sealed[2], length); /* path 0 is as without */
  g_assert_true (memcmp (sealed[0], sealed[1], length) != 0);

  /* The same by hand: 32 bits of the path and 64 of the number over the IV. */
  guint8 nonce[12], out[32];
  const guint8 over[12] = { 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0xd4, 0x31 };
  for (guint i = 0; i < 12; i++)
    nonce[i] = qs_keys_get_iv (keys)[i] ^ over[i];
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
  int n;
  g_assert_cmpint (EVP_EncryptInit_ex2 (context, EVP_aes_128_gcm (), qs_keys_get_key (keys).data, nonce, NULL), ==, 1);
  g_assert_cmpint (EVP_EncryptUpdate (context, NULL, &n, plain, 1), ==, 1);
  g_assert_cmpint (EVP_EncryptUpdate (context, out, &n, plain, 4), ==, 1);
  g_assert_cmpmem (out, 4, sealed[1], 4);
  EVP_CIPHER_CTX_free (context);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/multipath/nonce", test_nonce);
  g_test_add ("/multipath/paths", Fixture, NULL, set_up, test_paths, tear_down);
  g_test_add ("/multipath/unknown-id", Fixture, NULL, set_up, test_unknown_id, tear_down);
  g_test_add ("/multipath/damaged", Fixture, GINT_TO_POINTER (TRUE), set_up, test_damaged, tear_down);
  g_test_add ("/multipath/none", Fixture, GINT_TO_POINTER (FALSE), set_up, test_damaged, tear_down);
  g_test_add ("/multipath/key-update", Fixture, NULL, set_up, test_key_update, tear_down);
  return g_test_run ();
}
