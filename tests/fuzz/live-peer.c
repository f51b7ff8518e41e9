/* SPDX-License-Identifier: GPL-3.0-or-later */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_METHOD: a provider of random numbers would take a page */
#include "live-peer.h"

#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/qs-keys.h"
#include "trace/qs-reassembly.h"
#include "wire/qs-frame.h"
#include "wire/qs-transport-parameters.h"
#include "wire/qs-writer.h"

#define N_LEVELS 4
#define N_STREAMS 16
#define CID_LENGTH 8
#define LEAST_DATAGRAM 1200 /* with an Initial in it: RFC 9000 section 14.1 */
#define MOST_CRYPTO 1024
#define MOST_OUT (1 << 20)

static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                  "MIIBmzCCAUGgAwIBAgIUJ5EQaxmcPIKaXM0N0u3gVF+h+jowCgYIKoZIzj0EAwIw\n"
                                  "FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEzMDAxNDg0OFoYDzIxMjYxMTA2\n"
                                  "MDE0ODQ4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO\n"
                                  "PQMBBwNCAASboTMtS5DGATBHowBEyBxS2JYuvALfaq9lZSfSZfeXjPRfzu0cvb8z\n"
                                  "fH9YiZMH1GD/N9S3que1A0UcUlZi5F90o28wbTAdBgNVHQ4EFgQUgxFpfVVjDPm+\n"
                                  "NU2fUSSn9Zs4j8cwHwYDVR0jBBgwFoAUgxFpfVVjDPm+NU2fUSSn9Zs4j8cwDwYD\n"
                                  "VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI\n"
                                  "zj0EAwIDSAAwRQIhAOSD4scZmTrTG+AgsCX2qDvsQaeKwqr4y62dln2UAinsAiAq\n"
                                  "tDC3S02+GJwm8dhbgKVJ0AMcY83Og4cMWlCStDwwig==\n"
                                  "-----END CERTIFICATE-----\n";

/* Of nobody's: made for this file. */
static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguiZKWWY64ipD7ioO\n"
                          "SzYu1EPJ0ar6c+Ay2V5SO+QTyJqhRANCAASboTMtS5DGATBHowBEyBxS2JYuvALf\n"
                          "aq9lZSfSZfeXjPRfzu0cvb8zfH9YiZMH1GD/N9S3que1A0UcUlZi5F90\n"
                          "-----END PRIVATE KEY-----\n";

/* Those of QsPacketType, which OpenSSL's protection levels equal. */
typedef struct {
  QsSecret secret[2]; /* of what is read and of what is written, as OpenSSL's direction has it */
  QsKeys *keys[2];
  QsHeaderKey *header[2];
  guint16 suite;
  guint64 next, expected;
  gboolean owes_ack;
  QsReassembly *in;
  GByteArray *out;
  gsize sent;        /* of out */
  guint64 in_frames; /* what was put into CRYPTO frames besides */
} Level;

struct LivePeer {
  gboolean server;
  SSL_CTX *context;
  SSL *ssl;
  Level levels[N_LEVELS];
  guint read_level, write_level;
  guint8 own_cid[CID_LENGTH], peer_cid[QS_CID_MAX], original[QS_CID_MAX];
  gsize peer_cid_length, original_length;
  GBytes *token;
  GByteArray *parameters; /* OpenSSL keeps no copy */
  guint8 phase;
  gboolean told_done, failed, retried, heard;
  guint64 stream_at[N_STREAMS];
};

/* --- Random numbers that are none --- */

static guint64 random_state;

static int
fixed_bytes (unsigned char *out, int length)
{
  for (int i = 0; i < length; i++)
    {
      random_state = random_state * 6364136223846793005u + 1442695040888963407u;
      out[i] = (guint8) (random_state >> 56);
    }
  return 1;
}

static int
fixed_status (void)
{
  return 1;
}

void
live_fix_random (void)
{
  static const RAND_METHOD method = { .bytes = fixed_bytes, .pseudorand = fixed_bytes, .status = fixed_status };

  random_state = 1;
  RAND_set_rand_method (&method);
}

/* --- Certificate --- */

static const char *
path_in_memory (const char *name, const char *text)
{
  int fd = memfd_create (name, MFD_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  return g_strdup_printf ("/proc/self/fd/%d", fd); /* for the program's life */
}

const char *
live_certificate_path (void)
{
  static const char *path;

  if (path == NULL)
    path = path_in_memory ("certificate", certificate);
  return path;
}

const char *
live_key_path (void)
{
  static const char *path;

  if (path == NULL)
    path = path_in_memory ("key", key);
  return path;
}

static int
choose_alpn_cb (SSL *ssl, const unsigned char **out, unsigned char *length, const unsigned char *in, unsigned in_length,
                void *data)
{
  const char *alpn = data;

  if (alpn == NULL)
    return SSL_TLSEXT_ERR_NOACK;
  *out = (const unsigned char *) alpn;
  *length = (unsigned char) strlen (alpn);
  return SSL_TLSEXT_ERR_OK;
}

SSL_CTX *
live_context_new (gboolean server, const char *alpn)
{
  SSL_CTX *context = SSL_CTX_new (server ? TLS_server_method () : TLS_client_method ());

  SSL_CTX_set1_groups_list (context, "*X25519:*X25519MLKEM768:P-256");
  if (!server)
    {
      g_autofree char *wire = alpn != NULL ? g_strdup_printf ("%c%s", (int) strlen (alpn), alpn) : NULL;
      if (wire != NULL)
        SSL_CTX_set_alpn_protos (context, (const unsigned char *) wire, (unsigned) strlen (wire));
      return context;
    }
  SSL_CTX_use_certificate_file (context, live_certificate_path (), SSL_FILETYPE_PEM);
  SSL_CTX_use_PrivateKey_file (context, live_key_path (), SSL_FILETYPE_PEM);
  SSL_CTX_set_alpn_select_cb (context, choose_alpn_cb, (gpointer) alpn);
  return context;
}

/* --- What TLS asks for --- */

static int
crypto_send_cb (SSL *ssl, const unsigned char *bytes, size_t length, size_t *consumed, void *data)
{
  LivePeer *self = data;
  GByteArray *out = self->levels[self->write_level].out;

  if (out->len < MOST_OUT)
    g_byte_array_append (out, bytes, (guint) length);
  *consumed = length;
  return 1;
}

static int
crypto_receive_cb (SSL *ssl, const unsigned char **bytes, size_t *length, void *data)
{
  LivePeer *self = data;
  QsSpan there = qs_reassembly_peek (self->levels[self->read_level].in);

  *bytes = there.data;
  *length = there.length;
  return 1;
}

static int
crypto_release_cb (SSL *ssl, size_t length, void *data)
{
  LivePeer *self = data;

  qs_reassembly_consume (self->levels[self->read_level].in, length);
  return 1;
}

static void
set_secret (Level *level, guint direction, guint16 suite, const QsSecret *secret)
{
  level->suite = suite;
  level->secret[direction] = *secret;
  g_clear_pointer (&level->keys[direction], qs_keys_free);
  g_clear_pointer (&level->header[direction], qs_header_key_free);
  level->keys[direction] = qs_keys_new (QS_QUIC_VERSION_1, suite, secret);
  level->header[direction] = qs_header_key_new (QS_QUIC_VERSION_1, suite, secret);
}

static int
yield_secret_cb (SSL *ssl, uint32_t at, int direction, const unsigned char *bytes, size_t length, void *data)
{
  LivePeer *self = data;
  QsSecret secret = { .length = (guint8) length };
  const SSL_CIPHER *cipher =
      SSL_get_current_cipher (ssl) != NULL ? SSL_get_current_cipher (ssl) : SSL_get_pending_cipher (ssl);

  g_assert_cmpuint (at, <, N_LEVELS);
  g_assert_cmpuint (length, <=, sizeof secret.bytes);
  memcpy (secret.bytes, bytes, length);
  set_secret (&self->levels[at], (guint) direction, SSL_CIPHER_get_protocol_id (cipher), &secret);
  if (direction == 0)
    self->read_level = at;
  else
    self->write_level = at;
  return 1;
}

static int
got_parameters_cb (SSL *ssl, const unsigned char *bytes, size_t length, void *data)
{
  return 1;
}

static int
alert_cb (SSL *ssl, unsigned char code, void *data)
{
  return 1;
}

static const OSSL_DISPATCH callbacks[] = {
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_SEND, (void (*) (void)) crypto_send_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RECV_RCD, (void (*) (void)) crypto_receive_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RELEASE_RCD, (void (*) (void)) crypto_release_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_YIELD_SECRET, (void (*) (void)) yield_secret_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_GOT_TRANSPORT_PARAMS, (void (*) (void)) got_parameters_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_ALERT, (void (*) (void)) alert_cb },
  { 0, NULL },
};

/* --- Life --- */

static void
begin_tls (LivePeer *self)
{
  /* Idle after 30 s, and room for all that is sent. */
  static const guint64 limits[][2] = { { 0x01, 30000 },   { 0x04, 1 << 24 }, { 0x05, 1 << 22 }, { 0x06, 1 << 22 },
                                       { 0x07, 1 << 22 }, { 0x08, 100 },     { 0x09, 100 } };
  GByteArray *out = self->parameters;

  g_byte_array_set_size (out, 0);
  if (self->server)
    qs_transport_parameter_write (out, 0x00, QS_SPAN (self->original, self->original_length));
  if (self->retried)
    qs_transport_parameter_write (out, 0x10, QS_SPAN (self->own_cid, CID_LENGTH));
  qs_transport_parameter_write (out, 0x0f, QS_SPAN (self->own_cid, CID_LENGTH));
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    qs_transport_parameter_write_integer (out, limits[i][0], limits[i][1]);

  self->ssl = SSL_new (self->context);
  g_assert_true (SSL_set_quic_tls_cbs (self->ssl, callbacks, self));
  g_assert_true (SSL_set_quic_tls_transport_params (self->ssl, out->data, out->len));
  if (self->server)
    SSL_set_accept_state (self->ssl);
  else
    SSL_set_connect_state (self->ssl);
}

static void
set_initial_keys (LivePeer *self, QsSpan dcid)
{
  QsSecret client, server;

  qs_initial_secrets (QS_QUIC_VERSION_1, dcid, &client, &server);
  set_secret (&self->levels[0], 0, 0x1301, self->server ? &client : &server);
  set_secret (&self->levels[0], 1, 0x1301, self->server ? &server : &client);
}

static void
drive_tls (LivePeer *self)
{
  if (self->failed || self->ssl == NULL)
    return;
  ERR_clear_error ();
  int result = SSL_is_init_finished (self->ssl) ? SSL_read (self->ssl, &(char){ 0 }, 1) : SSL_do_handshake (self->ssl);
  int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error (self->ssl, result);
  self->failed = error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
  ERR_clear_error ();
}

LivePeer *
live_peer_new (gboolean server, const char *alpn)
{
  LivePeer *self = g_new0 (LivePeer, 1);

  self->server = server;
  self->context = live_context_new (server, alpn);
  self->parameters = g_byte_array_new ();
  memcpy (self->own_cid, server ? "aserver!" : "aclient!", CID_LENGTH);
  for (guint i = 0; i < N_LEVELS; i++)
    {
      self->levels[i].in = qs_reassembly_new (0, 1 << 17);
      self->levels[i].out = g_byte_array_new ();
    }
  if (!server)
    {
      memcpy (self->peer_cid, "original", CID_LENGTH);
      self->peer_cid_length = CID_LENGTH;
      set_initial_keys (self, QS_SPAN (self->peer_cid, CID_LENGTH));
      begin_tls (self);
      drive_tls (self);
    }
  return self;
}

void
live_peer_free (LivePeer *self)
{
  SSL_free (self->ssl);
  SSL_CTX_free (self->context);
  for (guint i = 0; i < N_LEVELS; i++)
    {
      Level *level = &self->levels[i];
      for (guint direction = 0; direction < 2; direction++)
        {
          g_clear_pointer (&level->keys[direction], qs_keys_free);
          g_clear_pointer (&level->header[direction], qs_header_key_free);
        }
      qs_reassembly_free (level->in);
      g_byte_array_unref (level->out);
    }
  g_clear_pointer (&self->token, g_bytes_unref);
  g_byte_array_unref (self->parameters);
  g_free (self);
}

gboolean
live_peer_is_up (LivePeer *self)
{
  return self->ssl != NULL && SSL_is_init_finished (self->ssl);
}

/* --- What comes --- */

static void
take_frames (LivePeer *self, Level *level, QsSpan payload)
{
  QsFrame frame;

  for (gsize at = 0; at < payload.length && qs_frame_parse (payload, &at, &frame, NULL);)
    {
      if (frame.type == QS_FRAME_CRYPTO)
        qs_reassembly_add (level->in, frame.stream_offset, frame.data, 0);
      level->owes_ack |= qs_frame_is_ack_eliciting (frame.type);
    }
}

/* The ids that the first packets bring, and the keys that come of them. */
static void
learn (LivePeer *self, const QsPacketHeader *header)
{
  if (!header->long_header || header->scid.length > QS_CID_MAX || header->type == QS_PACKET_VERSION_NEGOTIATION)
    return;
  if (self->server && self->ssl == NULL && header->type == QS_PACKET_INITIAL)
    {
      /* After Retry it comes to our own id; what it came to first is remembered from then. */
      if (!self->retried)
        {
          self->original_length = header->dcid.length;
          memcpy (self->original, header->dcid.data, header->dcid.length);
        }
      set_initial_keys (self, header->dcid);
      self->heard = TRUE;
    }
  self->peer_cid_length = header->scid.length;
  if (header->scid.length > 0)
    memcpy (self->peer_cid, header->scid.data, header->scid.length);
}

static void
take_retry (LivePeer *self, const QsPacketHeader *header)
{
  if (self->server || self->token != NULL)
    return;
  self->token = g_bytes_new (header->token.data, header->token.length);
  set_initial_keys (self, header->scid);
  self->levels[0].sent = 0;
}

void
live_peer_receive (LivePeer *self, QsSpan datagram)
{
  QsPacketHeader header;

  while (datagram.length > 0 && qs_packet_header_parse (datagram, CID_LENGTH, &header, NULL))
    {
      learn (self, &header);
      if (header.type == QS_PACKET_RETRY)
        take_retry (self, &header);
      Level *level = header.type < N_LEVELS ? &self->levels[header.type] : NULL;
      g_autofree guint8 *plain = g_malloc (header.length);
      gsize length;
      guint64 number;
      if (level != NULL && level->keys[0] != NULL &&
          qs_packet_open (level->keys[0], level->header[0], &header, datagram, level->expected, plain, &length,
                          &number))
        {
          level->expected = MAX (level->expected, number + 1);
          take_frames (self, level, QS_SPAN (plain, length));
          if (self->server && self->ssl == NULL && !qs_reassembly_is_empty (level->in))
            begin_tls (self);
          drive_tls (self); /* the next packet of this datagram may want keys that come of it */
        }
      datagram = QS_SPAN (datagram.data + header.length, datagram.length - header.length);
    }
}

/* --- What goes --- */

GBytes *
live_peer_seal (LivePeer *self, QsPacketType type, QsSpan frames, guint skip)
{
  static const guint8 padding[4];
  QsPacketHeader header = { .type = type, .version = QS_QUIC_VERSION_1, .long_header = type != QS_PACKET_1RTT };
  Level *level;

  g_assert (type < N_LEVELS); /* which, unlike g_assert_true (), a compiler knows not to return */
  level = &self->levels[type];
  if (level->keys[1] == NULL)
    return NULL;
  header.first_byte = type == QS_PACKET_1RTT ? (guint8) (0x41 | self->phase << 2) : 0xc1;
  header.dcid = QS_SPAN (self->peer_cid, self->peer_cid_length);
  header.scid = QS_SPAN (self->own_cid, CID_LENGTH);
  if (type == QS_PACKET_INITIAL && self->token != NULL && !self->server)
    header.token = QS_SPAN (g_bytes_get_data (self->token, NULL), g_bytes_get_size (self->token));
  level->next += skip;
  return qs_packet_seal (level->keys[1], level->header[1], &header, 2, level->next++,
                         frames.length >= sizeof padding ? frames : QS_SPAN (padding, sizeof padding));
}

static void
write_crypto (GByteArray *out, guint64 offset, QsSpan bytes)
{
  QsFrame frame = { .type = QS_FRAME_CRYPTO, .stream_offset = offset, .data = bytes };

  qs_frame_write (out, &frame);
}

GBytes *
live_peer_seal_message (LivePeer *self, QsPacketType type, QsSpan bytes)
{
  g_autoptr (GByteArray) frames = g_byte_array_new ();
  Level *level = &self->levels[type];

  write_crypto (frames, level->sent + level->in_frames, bytes);
  level->in_frames += bytes.length;
  return live_peer_seal (self, type, qs_written (frames), 0);
}

GBytes *
live_peer_seal_stream (LivePeer *self, guint stream, QsSpan bytes, gboolean fin)
{
  /* A client's first streams, which a server answers on; then the sender's own, of either kind. */
  guint64 id = stream < 4 ? stream * 4u : (stream - 4u) * 4u + (self->server ? 3u : 2u);
  g_autoptr (GByteArray) frames = g_byte_array_new ();
  QsFrame frame = {
    .type = QS_FRAME_STREAM | 0x04 | 0x02 | (fin ? 0x01 : 0), .stream_id = id, .fin = fin, .data = bytes
  };

  g_assert_cmpuint (stream, <, N_STREAMS);
  frame.stream_offset = self->stream_at[stream];
  self->stream_at[stream] += bytes.length;
  qs_frame_write (frames, &frame);
  return live_peer_seal (self, QS_PACKET_1RTT, qs_written (frames), 0);
}

void
live_peer_update_keys (LivePeer *self)
{
  Level *level = &self->levels[QS_PACKET_1RTT];
  QsSecret next;

  if (level->keys[1] == NULL || !qs_secret_next (QS_QUIC_VERSION_1, level->suite, &level->secret[1], &next))
    return;
  level->secret[1] = next;
  g_clear_pointer (&level->keys[1], qs_keys_free);
  level->keys[1] = qs_keys_new (QS_QUIC_VERSION_1, level->suite, &next);
  self->phase ^= 1;
}

static void
write_ack (GByteArray *out, Level *level)
{
  QsFrame frame = { .type = QS_FRAME_ACK };

  frame.ack.largest = frame.ack.first_range = level->expected - 1;
  qs_frame_write (out, &frame);
  level->owes_ack = FALSE;
}

static void
write_honest_frames (LivePeer *self, guint at, GByteArray *frames)
{
  Level *level = &self->levels[at];
  gsize left = level->out->len - level->sent;

  if (level->owes_ack && level->expected > 0)
    write_ack (frames, level);
  if (left > 0)
    {
      gsize length = MIN (left, MOST_CRYPTO);
      write_crypto (frames, level->sent + level->in_frames, QS_SPAN (level->out->data + level->sent, length));
      level->sent += length;
    }
  if (at == QS_PACKET_1RTT && self->server && live_peer_is_up (self) && !self->told_done)
    {
      self->told_done = TRUE;
      qs_frame_write (frames, &(QsFrame){ .type = QS_FRAME_HANDSHAKE_DONE });
    }
}

GBytes *
live_peer_next (LivePeer *self)
{
  for (guint at = 0; at < N_LEVELS; at++)
    {
      g_autoptr (GByteArray) frames = g_byte_array_new ();
      if (self->levels[at].keys[1] == NULL)
        continue;
      write_honest_frames (self, at, frames);
      if (frames->len == 0)
        continue;
      if (at == QS_PACKET_INITIAL && frames->len < LEAST_DATAGRAM)
        qs_frame_write (frames, &(QsFrame){ .type = QS_FRAME_PADDING, .length = LEAST_DATAGRAM - frames->len });
      return live_peer_seal (self, at, qs_written (frames), 0);
    }
  return NULL;
}

GBytes *
live_peer_retry (LivePeer *self, QsSpan token)
{
  if (!self->server || !self->heard)
    return NULL;
  GBytes *retry =
      qs_retry_seal (QS_QUIC_VERSION_1, QS_SPAN (self->original, self->original_length),
                     QS_SPAN (self->peer_cid, self->peer_cid_length), QS_SPAN (self->own_cid, CID_LENGTH), token);
  if (!self->retried)
    {
      self->retried = TRUE; /* and all begins anew */
      g_clear_pointer (&self->ssl, SSL_free);
      self->read_level = self->write_level = 0;
      qs_reassembly_free (self->levels[0].in);
      self->levels[0].in = qs_reassembly_new (0, 1 << 17);
      g_byte_array_set_size (self->levels[0].out, 0);
      self->levels[0].sent = 0;
    }
  return retry;
}

GBytes *
live_peer_versions (LivePeer *self, QsSpan versions)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  QsPacketHeader header = { .type = QS_PACKET_VERSION_NEGOTIATION, .first_byte = 0x80, .long_header = TRUE };

  header.dcid = QS_SPAN (self->peer_cid, self->peer_cid_length);
  header.scid = QS_SPAN (self->original, self->original_length);
  header.versions = QS_SPAN (versions.data, versions.length & ~(gsize) 3);
  qs_packet_header_write (out, &header, 0);
  return g_bytes_new (out->data, out->len);
}
