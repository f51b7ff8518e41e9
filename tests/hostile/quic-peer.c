/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quic-peer MODE CERTIFICATE KEY: a QUIC server that means no good. quic-peer --list: its modes, each with where it begins, the finding
 * that a client has to make of it, and how many MiB it may take for it. */
#include "quic-peer.h"

#include <arpa/inet.h>
#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "trace/qs-reassembly.h"
#include "wire/qs-transport-parameters.h"

#define SUITE 0x1301 /* TLS_AES_128_GCM_SHA256 */
#define PN_LENGTH 4
#define DATAGRAM 65536
#define CRYPTO_PIECE 1000
#define WINDOW 32        /* packets on their way, in order */
#define AT_ONCE 16       /* packets, then the socket is read */
#define LOST_BEHIND 3    /* packets, RFC 9002 section 6.1.1 */
#define REPEAT_AFTER 200 /* ms */

typedef struct {
  QsKeys *keys[2]; /* in, out */
  QsHeaderKey *header_keys[2];
  guint64 next, expected; /* packet numbers: ours, the client's */
  gint64 largest_in;      /* -1: none */
  gboolean owes_ack;
  QsReassembly *crypto_in;
  GByteArray *crypto_out;
  guint64 crypto_sent;
} Space;

typedef struct {
  guint64 number;
  GBytes *frames;
  gint64 at;
} Sent;

typedef struct {
  Peer peer; /* first */
  int fd;
  SSL_CTX *ctx;
  SSL *ssl;
  struct sockaddr_storage to;
  socklen_t to_length;
  guint8 cid[PEER_CID_LENGTH], dcid[QS_CID_MAX], original[QS_CID_MAX];
  gsize dcid_length, original_length;
  Space spaces[PEER_N_SPACES];
  PeerSpace write_space, read_space;
  GByteArray *parameters;
  gboolean established, asked, said;
  GQueue on_their_way; /* Sent */
  GQueue again;        /* GBytes: lost */
  gint64 next_at;      /* of a mode that pauses */
} Server;

/* --- Frames --- */

void
peer_put (GByteArray *frames, const QsFrame *frame)
{
  qs_frame_write (frames, frame);
}

void
peer_put_stream (GByteArray *frames, guint64 stream, guint64 offset, QsSpan bytes, gboolean fin)
{
  qs_frame_write (frames,
                  &(const QsFrame){ .type = QS_FRAME_STREAM | QS_STREAM_OFF | QS_STREAM_LEN | (fin ? QS_STREAM_FIN : 0),
                                    .stream_id = stream,
                                    .stream_offset = offset,
                                    .fin = fin,
                                    .data = bytes });
}

void
peer_put_crypto (GByteArray *frames, guint64 offset, QsSpan bytes)
{
  qs_frame_write (frames, &(const QsFrame){ .type = QS_FRAME_CRYPTO, .stream_offset = offset, .data = bytes });
}

/* --- Packets out --- */

static void
send_packet (Server *self, PeerSpace space, QsSpan frames)
{
  static const QsPacketType types[] = { QS_PACKET_INITIAL, QS_PACKET_HANDSHAKE, QS_PACKET_1RTT };
  Space *at = &self->spaces[space];
  const QsPacketHeader header = { .type = types[space],
                                  .version = QS_QUIC_VERSION_1,
                                  .dcid = QS_SPAN (self->dcid, self->dcid_length),
                                  .scid = QS_SPAN (self->cid, sizeof self->cid) };

  if (at->keys[1] == NULL)
    return;
  g_autoptr (GBytes) packet = qs_packet_seal (at->keys[1], at->header_keys[1], &header, PN_LENGTH, at->next++, frames);
  if (packet != NULL)
    sendto (self->fd, g_bytes_get_data (packet, NULL), g_bytes_get_size (packet), 0, (struct sockaddr *) &self->to,
            self->to_length);
}

static void
put_ack (Space *space, GByteArray *frames)
{
  QsFrame ack = { .type = QS_FRAME_ACK };
  g_autoptr (GByteArray) ranges = g_byte_array_new ();
  const QsPacketNumberRange all = { 0, (guint64) space->largest_in };

  if (!space->owes_ack || space->largest_in < 0)
    return;
  qs_ack_ranges_write (ranges, &all, 1, &ack);
  qs_frame_write (frames, &ack);
  space->owes_ack = FALSE;
}

static void
pad (PeerSpace space, GByteArray *frames)
{
  const QsFrame padding = { .type = QS_FRAME_PADDING, .length = frames->len < 1150 ? 1150 - frames->len : 0 };

  if (space == PEER_INITIAL && padding.length > 0)
    qs_frame_write (frames, &padding);
}

/* What the handshake has to say, and acknowledgements. */
static void
send_handshake (Server *self)
{
  for (PeerSpace space = PEER_INITIAL; space < PEER_N_SPACES; space++)
    {
      Space *at = &self->spaces[space];
      while (at->crypto_sent < at->crypto_out->len || at->owes_ack)
        {
          g_autoptr (GByteArray) frames = g_byte_array_new ();
          gsize n = MIN (CRYPTO_PIECE, at->crypto_out->len - at->crypto_sent);
          put_ack (at, frames);
          if (n > 0)
            peer_put_crypto (frames, at->crypto_sent, QS_SPAN (at->crypto_out->data + at->crypto_sent, n));
          at->crypto_sent += n;
          pad (space, frames);
          if (at->keys[1] == NULL || frames->len == 0)
            break;
          send_packet (self, space, qs_written (frames));
        }
    }
}

static void
send_kept (Server *self, GBytes *frames)
{
  Sent *sent = g_new (Sent, 1);

  *sent = (Sent){ self->spaces[PEER_APPLICATION].next, frames, g_get_monotonic_time () };
  g_queue_push_tail (&self->on_their_way, sent);
  send_packet (self, PEER_APPLICATION, QS_SPAN (g_bytes_get_data (frames, NULL), g_bytes_get_size (frames)));
}

/* --- What a mode says --- */

/* A packet's worth of the request's stream. */
static void
put_bytes (Peer *peer, GByteArray *frames)
{
  gsize step = peer->mode->step > 0 ? peer->mode->step : PEER_ROOM - 20;

  if (peer->offset == 0 && peer->bytes->len == 0)
    {
      g_autoptr (GBytes) first = peer->mode->first (peer);
      g_byte_array_append (peer->bytes, g_bytes_get_data (first, NULL), (guint) g_bytes_get_size (first));
    }
  while (peer->bytes->len < PEER_ROOM && peer->mode->again != NULL)
    {
      g_autoptr (GBytes) again = peer->mode->again (peer);
      g_byte_array_append (peer->bytes, g_bytes_get_data (again, NULL), (guint) g_bytes_get_size (again));
    }
  while (frames->len + 12 < PEER_ROOM && peer->bytes->len > 0)
    {
      gsize n = MIN (MIN (step, peer->bytes->len), PEER_ROOM - frames->len - 11);
      if (peer->offset + n > peer->max_stream_data || peer->offset + peer->others + n > peer->max_data)
        return;
      peer_put_stream (frames, 0, peer->offset, QS_SPAN (peer->bytes->data, n), FALSE);
      g_byte_array_remove_range (peer->bytes, 0, (guint) n);
      peer->offset += n;
      if (peer->mode->pause_ms > 0)
        return;
    }
}

static gboolean
has_begun (const Server *self)
{
  const PeerMode *mode = self->peer.mode;

  return self->ssl != NULL && (mode->moment == PEER_FROM_HELLO   ? self->spaces[PEER_INITIAL].keys[1] != NULL
                               : mode->moment == PEER_FROM_START ? self->established
                                                                 : self->asked);
}

/* One packet. FALSE: there is none to be sent now. */
static gboolean
say (Server *self)
{
  Peer *peer = &self->peer;
  const PeerMode *mode = peer->mode;
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  if (mode->in_order && self->again.length > 0)
    {
      send_kept (self, g_queue_pop_head (&self->again));
      return TRUE;
    }
  if (now < self->next_at || (mode->in_order && self->on_their_way.length >= WINDOW))
    return FALSE;
  self->next_at = now + mode->pause_ms * 1000;
  if (mode->frames != NULL)
    mode->frames (peer, frames);
  else
    put_bytes (peer, frames);
  if (frames->len == 0)
    return FALSE;
  peer->count++;
  if (mode->in_order)
    send_kept (self, g_byte_array_free_to_bytes (g_steal_pointer (&frames)));
  else if (mode->moment == PEER_FROM_HELLO)
    {
      pad (PEER_INITIAL, frames);
      send_packet (self, PEER_INITIAL, qs_written (frames));
    }
  else
    send_packet (self, PEER_APPLICATION, qs_written (frames));
  return TRUE;
}

/* --- Acknowledgements of what is sent in order --- */

typedef struct {
  Server *server;
  guint64 largest;
} Acked;

static void
sent_free (Sent *sent)
{
  g_clear_pointer (&sent->frames, g_bytes_unref);
  g_free (sent);
}

static void
range_cb (guint64 smallest, guint64 largest, gpointer data)
{
  Acked *acked = data;

  for (GList *link = acked->server->on_their_way.head; link != NULL;)
    {
      GList *next = link->next;
      Sent *sent = link->data;
      if (sent->number >= smallest && sent->number <= largest)
        {
          sent_free (sent);
          g_queue_delete_link (&acked->server->on_their_way, link);
        }
      link = next;
    }
  acked->largest = MAX (acked->largest, largest);
}

static void
repeat_head (Server *self)
{
  Sent *sent = g_queue_pop_head (&self->on_their_way);

  g_queue_push_tail (&self->again, g_steal_pointer (&sent->frames));
  sent_free (sent);
}

static void
take_ack (Server *self, const QsFrame *frame)
{
  Acked acked = { .server = self };

  qs_frame_foreach_ack_range (frame, range_cb, &acked);
  for (const Sent *sent;
       (sent = g_queue_peek_head (&self->on_their_way)) != NULL && sent->number + LOST_BEHIND < acked.largest;)
    repeat_head (self);
}

static void
repeat_late (Server *self)
{
  const Sent *sent = g_queue_peek_head (&self->on_their_way);

  if (sent != NULL && sent->at + REPEAT_AFTER * 1000 < g_get_monotonic_time ())
    repeat_head (self);
}

/* --- TLS --- */

static int
crypto_send_cb (SSL *ssl, const unsigned char *bytes, size_t length, size_t *consumed, void *data)
{
  Server *self = data;

  g_byte_array_append (self->spaces[self->write_space].crypto_out, bytes, (guint) length);
  *consumed = length;
  return 1;
}

static int
crypto_receive_cb (SSL *ssl, const unsigned char **bytes, size_t *length, void *data)
{
  Server *self = data;
  QsSpan span = qs_reassembly_peek (self->spaces[self->read_space].crypto_in);

  *bytes = span.data;
  *length = span.length;
  return 1;
}

static int
crypto_release_cb (SSL *ssl, size_t length, void *data)
{
  Server *self = data;

  qs_reassembly_consume (self->spaces[self->read_space].crypto_in, length);
  return 1;
}

static void
set_keys (Space *space, gboolean out, const QsSecret *secret)
{
  space->keys[out] = qs_keys_new (QS_QUIC_VERSION_1, SUITE, secret);
  space->header_keys[out] = qs_header_key_new (QS_QUIC_VERSION_1, SUITE, secret);
}

static int
yield_secret_cb (SSL *ssl, uint32_t level, int out, const unsigned char *bytes, size_t length, void *data)
{
  Server *self = data;
  PeerSpace space = level == OSSL_RECORD_PROTECTION_LEVEL_HANDSHAKE ? PEER_HANDSHAKE : PEER_APPLICATION;
  QsSecret secret = { .length = (guint8) length };

  if (level == OSSL_RECORD_PROTECTION_LEVEL_EARLY || length > sizeof secret.bytes)
    return level == OSSL_RECORD_PROTECTION_LEVEL_EARLY;
  memcpy (secret.bytes, bytes, length);
  set_keys (&self->spaces[space], out != 0, &secret);
  *(out != 0 ? &self->write_space : &self->read_space) = space;
  return 1;
}

static int
parameters_cb (SSL *ssl, const unsigned char *bytes, size_t length, void *data)
{
  Peer *peer = data;
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (QS_SPAN (bytes, length), NULL);

  for (guint i = 0; parameters != NULL && i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      guint64 value = 0;
      qs_transport_parameter_get_integer (parameter, &value);
      if (parameter->id == 0x04)
        peer->max_data = value;
      else if (parameter->id == 0x05) /* initial_max_stream_data_bidi_local: the request is the client's */
        peer->max_stream_data = value;
      else if (parameter->id == 0x07)
        peer->max_stream_data_uni = value;
      else if (parameter->id == 0x09)
        peer->max_streams_uni = value;
    }
  return parameters != NULL;
}

static int
alert_cb (SSL *ssl, unsigned char alert, void *data)
{
  return 1;
}

static int
alpn_cb (SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in, unsigned int length,
         void *data)
{
  *out = in + 1;
  *out_length = in[0];
  return SSL_TLSEXT_ERR_OK;
}

static const OSSL_DISPATCH callbacks[] = {
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_SEND, (void (*) (void)) crypto_send_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RECV_RCD, (void (*) (void)) crypto_receive_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RELEASE_RCD, (void (*) (void)) crypto_release_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_YIELD_SECRET, (void (*) (void)) yield_secret_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_GOT_TRANSPORT_PARAMS, (void (*) (void)) parameters_cb },
  { OSSL_FUNC_SSL_QUIC_TLS_ALERT, (void (*) (void)) alert_cb },
  { 0, NULL },
};

/* --- A client --- */

static void
forget_client (Server *self)
{
  for (PeerSpace space = PEER_INITIAL; space < PEER_N_SPACES; space++)
    {
      Space *at = &self->spaces[space];
      for (guint out = 0; out < 2; out++)
        {
          g_clear_pointer (&at->keys[out], qs_keys_free);
          g_clear_pointer (&at->header_keys[out], qs_header_key_free);
        }
      g_clear_pointer (&at->crypto_in, qs_reassembly_free);
      g_clear_pointer (&at->crypto_out, g_byte_array_unref);
      *at = (Space){ .largest_in = -1, .crypto_in = qs_reassembly_new (0, 1 << 20), .crypto_out = g_byte_array_new () };
    }
  g_clear_pointer (&self->ssl, SSL_free);
  g_clear_pointer (&self->parameters, g_byte_array_unref);
  g_clear_pointer (&self->peer.bytes, g_byte_array_unref);
  g_queue_clear_full (&self->on_their_way, (GDestroyNotify) sent_free);
  g_queue_clear_full (&self->again, (GDestroyNotify) g_bytes_unref);
  self->peer = (Peer){ .mode = self->peer.mode, .bytes = g_byte_array_new () };
  self->established = self->asked = self->said = FALSE;
  self->write_space = self->read_space = PEER_INITIAL;
  self->next_at = 0;
}

static void
write_parameters (Server *self)
{
  static const guint64 limits[][2] = { { 0x01, 60000 },   { 0x04, 1 << 24 }, { 0x05, 1 << 22 }, { 0x06, 1 << 22 },
                                       { 0x07, 1 << 22 }, { 0x08, 100 },     { 0x09, 100 } };

  self->parameters = g_byte_array_new ();
  qs_transport_parameter_write (self->parameters, 0x00, QS_SPAN (self->original, self->original_length));
  qs_transport_parameter_write (self->parameters, 0x0f, QS_SPAN (self->cid, sizeof self->cid));
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    qs_transport_parameter_write_integer (self->parameters, limits[i][0], limits[i][1]);
}

static void
meet_client (Server *self, const QsPacketHeader *header, const struct sockaddr_storage *from, socklen_t length)
{
  QsSecret client, server;

  forget_client (self);
  self->to = *from;
  self->to_length = length;
  RAND_bytes (self->cid, sizeof self->cid);
  self->original_length = MIN (header->dcid.length, sizeof self->original);
  memcpy (self->original, header->dcid.data, self->original_length);
  self->dcid_length = MIN (header->scid.length, sizeof self->dcid);
  if (self->dcid_length > 0)
    memcpy (self->dcid, header->scid.data, self->dcid_length);
  qs_initial_secrets (QS_QUIC_VERSION_1, header->dcid, &client, &server);
  set_keys (&self->spaces[PEER_INITIAL], FALSE, &client);
  set_keys (&self->spaces[PEER_INITIAL], TRUE, &server);
  write_parameters (self);
  self->ssl = SSL_new (self->ctx);
  SSL_set_accept_state (self->ssl);
  if (SSL_set_quic_tls_cbs (self->ssl, callbacks, self) != 1 ||
      SSL_set_quic_tls_transport_params (self->ssl, self->parameters->data, self->parameters->len) != 1)
    g_error ("OpenSSL does not take the callbacks");
}

static void
take_frame (Server *self, PeerSpace space, const QsFrame *frame)
{
  Peer *peer = &self->peer;

  switch (qs_frame_base_type (frame->type))
    {
    case QS_FRAME_CRYPTO:
      qs_reassembly_add (self->spaces[space].crypto_in, frame->stream_offset, frame->data, 0);
      break;
    case QS_FRAME_ACK:
      if (space == PEER_APPLICATION)
        take_ack (self, frame);
      break;
    case QS_FRAME_MAX_DATA:
      peer->max_data = MAX (peer->max_data, frame->limit);
      break;
    case QS_FRAME_MAX_STREAM_DATA:
      if (frame->stream_id == 0)
        peer->max_stream_data = MAX (peer->max_stream_data, frame->limit);
      else
        peer->max_stream_data_uni = MAX (peer->max_stream_data_uni, frame->limit);
      break;
    case QS_FRAME_MAX_STREAMS_UNI:
      peer->max_streams_uni = MAX (peer->max_streams_uni, frame->limit);
      break;
    case QS_FRAME_STREAM:
      self->asked |= frame->stream_id == 0;
      break;
    default:
      break;
    }
}

static void
take_packet (Server *self, PeerSpace space, const QsPacketHeader *header, QsSpan packet)
{
  guint8 plain[DATAGRAM];
  gsize length, at = 0;
  guint64 number;
  QsFrame frame;
  Space *in = &self->spaces[space];

  if (in->keys[0] == NULL ||
      !qs_packet_open (in->keys[0], in->header_keys[0], header, packet, in->expected, plain, &length, &number))
    return;
  in->expected = MAX (in->expected, number + 1);
  in->largest_in = MAX (in->largest_in, (gint64) number);
  while (at < length && qs_frame_parse (QS_SPAN (plain, length), &at, &frame, NULL))
    {
      in->owes_ack |= qs_frame_is_ack_eliciting (frame.type);
      take_frame (self, space, &frame);
    }
}

static void
go_on (Server *self)
{
  if (self->ssl == NULL || self->peer.mode->moment == PEER_FROM_HELLO)
    return;
  ERR_clear_error ();
  gboolean done = SSL_do_handshake (self->ssl) == 1;
  send_handshake (self);
  if (done && !self->established)
    {
      g_autoptr (GByteArray) frames = g_byte_array_new ();
      self->established = TRUE;
      peer_put (frames, &(const QsFrame){ .type = QS_FRAME_HANDSHAKE_DONE });
      send_kept (self, g_byte_array_free_to_bytes (g_steal_pointer (&frames)));
    }
}

static void
take_datagram (Server *self, QsSpan datagram, const struct sockaddr_storage *from, socklen_t length)
{
  QsPacketHeader header;

  for (gsize at = 0; at < datagram.length; at += header.length)
    {
      QsSpan rest = QS_SPAN (datagram.data + at, datagram.length - at);
      if (!qs_packet_header_parse (rest, PEER_CID_LENGTH, &header, NULL) || header.length == 0)
        return;
      gboolean known =
          self->ssl != NULL &&
          ((header.dcid.length == sizeof self->cid && memcmp (header.dcid.data, self->cid, sizeof self->cid) == 0) ||
           (header.dcid.length == self->original_length &&
            memcmp (header.dcid.data, self->original, self->original_length) == 0));
      if (!known && header.type == QS_PACKET_INITIAL && header.version == QS_QUIC_VERSION_1)
        meet_client (self, &header, from, length);
      else if (!known)
        continue;
      if (header.type == QS_PACKET_INITIAL || header.type == QS_PACKET_HANDSHAKE || header.type == QS_PACKET_1RTT)
        {
          take_packet (self,
                       header.type == QS_PACKET_INITIAL     ? PEER_INITIAL
                       : header.type == QS_PACKET_HANDSHAKE ? PEER_HANDSHAKE
                                                            : PEER_APPLICATION,
                       &header, QS_SPAN (rest.data, header.length));
          go_on (self); /* the next packet may want the keys that this one brings */
        }
    }
}

static void
receive (Server *self)
{
  guint8 bytes[DATAGRAM];
  struct sockaddr_storage from = { 0 };
  socklen_t length = sizeof from;

  for (gssize n; (n = recvfrom (self->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *) &from, &length)) > 0;
       length = sizeof from)
    take_datagram (self, QS_SPAN (bytes, (gsize) n), &from, length);
}

static void
serve (Server *self)
{
  for (;;)
    {
      struct pollfd wait = { .fd = self->fd, .events = POLLIN };
      gboolean more = has_begun (self);
      for (guint i = 0; more && i < AT_ONCE; i++)
        more = say (self);
      poll (&wait, 1, more ? 0 : self->ssl != NULL ? 20 : -1);
      receive (self);
      repeat_late (self);
    }
}

static void
list_modes (void)
{
  static const char *const moments[] = { "hello", "start", "request" };

  for (const PeerMode *mode = peer_modes; mode->name != NULL; mode++)
    g_print ("%s %s %s %u\n", mode->name, moments[mode->moment], mode->finding != NULL ? mode->finding : "-",
             mode->most > 0 ? mode->most : PEER_MOST);
}

static const PeerMode *
find_mode (const char *name)
{
  for (const PeerMode *mode = peer_modes; mode->name != NULL; mode++)
    if (g_str_equal (mode->name, name))
      return mode;
  return NULL;
}

int
main (int argc, char **argv)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;
  Server self = { 0 };

  if (argc == 2 && g_str_equal (argv[1], "--list"))
    {
      list_modes ();
      return 0;
    }
  self.peer.mode = argc == 4 ? find_mode (argv[1]) : NULL;
  if (self.peer.mode == NULL)
    return 2;
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  g_queue_init (&self.on_their_way);
  g_queue_init (&self.again);
  self.ctx = SSL_CTX_new (TLS_server_method ());
  SSL_CTX_set_ciphersuites (self.ctx, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_alpn_select_cb (self.ctx, alpn_cb, NULL);
  SSL_CTX_set_num_tickets (self.ctx, 0); /* the CRYPTO bytes behind the handshake are a mode's own */
  if (SSL_CTX_use_certificate_chain_file (self.ctx, argv[2]) != 1 ||
      SSL_CTX_use_PrivateKey_file (self.ctx, argv[3], SSL_FILETYPE_PEM) != 1)
    g_error ("The certificate cannot be read");
  self.fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (bind (self.fd, (struct sockaddr *) &address, length) != 0 ||
      getsockname (self.fd, (struct sockaddr *) &address, &length) != 0)
    g_error ("No port");
  printf ("listening on 127.0.0.1:%u\n", ntohs (address.sin_port));
  fflush (stdout);
  serve (&self);
  return 0;
}
