/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-wire-fault.h"

#include <netinet/in.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "net/qs-flows.h"
#include "server/qs-crafted.h"

#define QS_SERVER_CID_LENGTH 8 /* OpenSSL's own choice */
#define INITIAL 0              /* long packet types of version 1, RFC 9000 section 17.2 */
#define HANDSHAKE 2
#define OFFER_AGAIN_US (200 * 1000)
#define MAX_PEERS 4096 /* addresses cost a sender nothing */

struct _QsWireFault {
  const QsBehaviour *behaviour;
  QsWireSecretFunc func;
  gpointer data;
  GHashTable *peers; /* text, within the peer -> Peer */
  GQueue order;      /* Peer: heard of last at the end */
};

/* What it knows of one peer's address. */
typedef struct {
  char *address;
  GList *link;
  gboolean silent; /* nothing gets in or out any more */
  gboolean lost;   /* as silent, and what comes is answered by a stateless reset */
  gboolean handshake_sent;
  gint64 offered_at; /* the connection id with the token; monotonic, 0: not yet */
  guint8 cid[QS_SERVER_CID_LENGTH], token[16];
  guint64 expected; /* packet number */
  GBytes *frames;   /* to be put into a 1-RTT packet */
} Peer;

static void
peer_free (Peer *peer)
{
  g_clear_pointer (&peer->frames, g_bytes_unref);
  g_free (peer->address);
  g_free (peer);
}

static Peer *
find_peer (QsWireFault *self, const char *text)
{
  Peer *peer = g_hash_table_lookup (self->peers, text);

  if (peer != NULL)
    {
      g_queue_unlink (&self->order, peer->link);
      g_queue_push_tail_link (&self->order, peer->link);
      return peer;
    }
  if (self->order.length >= MAX_PEERS)
    g_hash_table_remove (self->peers, ((Peer *) g_queue_pop_head (&self->order))->address);
  peer = g_new0 (Peer, 1);
  peer->address = g_strdup (text);
  g_queue_push_tail (&self->order, peer);
  peer->link = self->order.tail;
  g_hash_table_insert (self->peers, peer->address, peer);
  return peer;
}

static char *
address_text (const BIO_ADDR *address)
{
  struct sockaddr_storage storage = { .ss_family = (sa_family_t) BIO_ADDR_family (address) };
  size_t length = sizeof (struct in6_addr);

  if (storage.ss_family == AF_INET6)
    {
      struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) &storage;
      BIO_ADDR_rawaddress (address, &in6->sin6_addr, &length);
      in6->sin6_port = BIO_ADDR_rawport (address);
    }
  else
    {
      struct sockaddr_in *in = (struct sockaddr_in *) &storage;
      BIO_ADDR_rawaddress (address, &in->sin_addr, &length);
      in->sin_port = BIO_ADDR_rawport (address);
    }
  g_autoptr (GSocketAddress) gio = qs_sockaddr_to_gio ((const struct sockaddr *) &storage);
  return qs_socket_address_to_text (gio);
}

static gboolean
is_long (QsSpan datagram, guint type)
{
  return datagram.length > 0 && (datagram.data[0] & 0x80) != 0 && ((datagram.data[0] >> 4) & 3) == type;
}

/* Sends to the peer of a received message, past what drops. */
static void
answer (BIO *bio, const BIO_MSG *received, GBytes *bytes)
{
  size_t sent;

  if (bytes == NULL)
    return;
  BIO_MSG message = {
    .data = (void *) g_bytes_get_data (bytes, NULL),
    .data_len = g_bytes_get_size (bytes),
    .peer = received->peer,
  };
  /* What does not leave is lost, like any datagram. */
  ERR_set_mark ();
  BIO_sendmmsg (BIO_next (bio), &message, sizeof message, 1, 0, &sent);
  ERR_pop_to_mark ();
}

/* --- What comes in: TRUE to let it pass --- */

static gboolean
has_token (QsSpan datagram)
{
  QsPacketHeader header;

  return qs_packet_header_parse (datagram, QS_SERVER_CID_LENGTH, &header, NULL) && header.token.length > 0;
}

static gboolean
receive_version_negotiation (QsWireFault *self, BIO *bio, const BIO_MSG *message, QsSpan datagram)
{
  static const guint32 versions[] = { QS_QUIC_VERSION_2, 0x1a2a3a4a };

  if (!is_long (datagram, INITIAL) || datagram.length < 1200)
    return FALSE;
  g_autoptr (GBytes) made = qs_crafted_version_negotiation (datagram, versions, G_N_ELEMENTS (versions));
  answer (bio, message, made);
  return FALSE;
}

static gboolean
receive_initial_close (QsWireFault *self, BIO *bio, const BIO_MSG *message, QsSpan datagram)
{
  const char *reason = self->behaviour->wire_reason;

  if (!is_long (datagram, INITIAL))
    return FALSE;
  g_autoptr (GBytes) made =
      qs_crafted_initial_close (datagram, self->behaviour->wire_code, reason != NULL ? reason : "");
  answer (bio, message, made);
  return FALSE;
}

static gboolean
receive_after_reset (QsWireFault *self, BIO *bio, const BIO_MSG *message, QsSpan datagram, Peer *peer)
{
  if (!peer->lost && peer->offered_at != 0 && (datagram.data[0] & 0x80) == 0 && datagram.length > sizeof peer->cid &&
      memcmp (datagram.data + 1, peer->cid, sizeof peer->cid) == 0)
    peer->lost = TRUE;
  if (!peer->lost)
    return TRUE;
  g_autoptr (GBytes) made = qs_crafted_stateless_reset (datagram, peer->token);
  answer (bio, message, made);
  return FALSE;
}

static gboolean
passes_in (QsWireFault *self, BIO *bio, const BIO_MSG *message)
{
  QsSpan datagram = QS_SPAN (message->data, message->data_len);
  g_autofree char *text = address_text (message->peer);
  Peer *peer = find_peer (self, text);

  if (peer->silent || datagram.length == 0)
    return FALSE;
  switch (self->behaviour->wire)
    {
    case QS_WIRE_NO_REPLY:
      return FALSE;
    case QS_WIRE_VERSION_NEGOTIATION:
      return receive_version_negotiation (self, bio, message, datagram);
    case QS_WIRE_INITIAL_CLOSE:
      return receive_initial_close (self, bio, message, datagram);
    case QS_WIRE_TOKEN_CLOSE:
      return !has_token (datagram) || receive_initial_close (self, bio, message, datagram);
    case QS_WIRE_LARGE_HELLO_LOST:
      peer->silent = is_long (datagram, INITIAL) && !peer->handshake_sent && qs_crafted_is_split_hello (datagram);
      return !peer->silent;
    case QS_WIRE_STATELESS_RESET:
      return receive_after_reset (self, bio, message, datagram, peer);
    default:
      return TRUE;
    }
}

/* --- What goes out --- */

/* NULL: nothing was changed. */
static GBytes *
change (QsWireFault *self, const char *text, Peer *peer, QsSpan datagram)
{
  QsSpan secret, frames = QS_SPAN_NONE;
  guint8 cid_length;

  if (!self->func (text, &secret, &cid_length, self->data))
    return NULL;
  if (self->behaviour->wire == QS_WIRE_STATELESS_RESET && peer->frames == NULL &&
      (peer->offered_at != 0 ||
       (RAND_bytes (peer->cid, sizeof peer->cid) == 1 && RAND_bytes (peer->token, sizeof peer->token) == 1)))
    peer->frames = qs_crafted_new_connection_id (QS_SPAN (peer->cid, sizeof peer->cid), peer->token);
  if (peer->frames != NULL)
    frames = QS_SPAN (g_bytes_get_data (peer->frames, NULL), g_bytes_get_size (peer->frames));
  GBytes *changed = qs_crafted_add_frames (datagram, cid_length, secret, &peer->expected, frames);
  if (changed != NULL)
    {
      g_clear_pointer (&peer->frames, g_bytes_unref);
      peer->offered_at = g_get_monotonic_time ();
    }
  return changed;
}

/* FALSE: it is dropped. *changed: what goes out instead, or NULL. */
static gboolean
passes_out (QsWireFault *self, const BIO_MSG *message, GBytes **changed)
{
  QsSpan datagram = QS_SPAN (message->data, message->data_len);
  g_autofree char *text = address_text (message->peer);
  Peer *peer = find_peer (self, text);

  *changed = NULL;
  if (peer->silent || peer->lost || self->behaviour->wire == QS_WIRE_NO_REPLY)
    return FALSE;
  /* Its state is as good as gone: no answer overtakes the loss. The offer may be lost itself: then it is made again. */
  if (self->behaviour->wire == QS_WIRE_STATELESS_RESET && peer->offered_at != 0 &&
      g_get_monotonic_time () < peer->offered_at + OFFER_AGAIN_US)
    return FALSE;
  if (self->behaviour->wire == QS_WIRE_SERVER_INITIAL_LOST && is_long (datagram, INITIAL) && !peer->handshake_sent)
    return FALSE;
  peer->handshake_sent = peer->handshake_sent || is_long (datagram, HANDSHAKE);
  if (self->behaviour->wire == QS_WIRE_STATELESS_RESET || self->behaviour->wire == QS_WIRE_STREAMS_BLOCKED)
    *changed = change (self, text, peer, datagram);
  return TRUE;
}

/* --- The BIO --- */

#define MESSAGE_AT(messages, stride, i) ((BIO_MSG *) ((char *) (messages) + (i) * (stride)))

static int
sendmmsg_cb (BIO *bio, BIO_MSG *messages, size_t stride, size_t n, uint64_t flags, size_t *processed)
{
  QsWireFault *self = BIO_get_data (bio);

  for (*processed = 0; *processed < n; (*processed)++)
    {
      g_autoptr (GBytes) changed = NULL;
      BIO_MSG message = *MESSAGE_AT (messages, stride, *processed);
      size_t sent = 0;
      if (!passes_out (self, &message, &changed))
        continue;
      if (changed != NULL)
        {
          message.data = (void *) g_bytes_get_data (changed, NULL);
          message.data_len = g_bytes_get_size (changed);
        }
      /* One by one: only where a scenario wants it, and then speed is not what is looked at. */
      if (BIO_sendmmsg (BIO_next (bio), &message, sizeof message, 1, flags, &sent) == 0 || sent == 0)
        return *processed > 0;
    }
  return 1;
}

/* A message's buffer is the caller's and belongs to its place, so what passes is copied forward. */
static void
move_message (BIO_MSG *to, const BIO_MSG *from)
{
  if (to == from)
    return;
  memcpy (to->data, from->data, from->data_len);
  to->data_len = from->data_len;
  to->flags = from->flags;
  BIO_ADDR_copy (to->peer, from->peer);
  if (to->local != NULL && from->local != NULL)
    BIO_ADDR_copy (to->local, from->local);
}

static int
recvmmsg_cb (BIO *bio, BIO_MSG *messages, size_t stride, size_t n, uint64_t flags, size_t *processed)
{
  QsWireFault *self = BIO_get_data (bio);
  size_t received, kept = 0;

  *processed = 0;
  if (BIO_recvmmsg (BIO_next (bio), messages, stride, n, flags, &received) == 0)
    return 0;
  for (size_t i = 0; i < received; i++)
    {
      if (!passes_in (self, bio, MESSAGE_AT (messages, stride, i)))
        continue;
      move_message (MESSAGE_AT (messages, stride, kept), MESSAGE_AT (messages, stride, i));
      kept++;
    }
  *processed = kept;
  if (kept > 0)
    return 1;
  /* OpenSSL asserts that success means at least one message. */
  ERR_raise (ERR_LIB_BIO, BIO_R_NON_FATAL);
  return 0;
}

static long
ctrl_cb (BIO *bio, int command, long number, void *pointer)
{
  return command == BIO_CTRL_DUP || BIO_next (bio) == NULL ? 0 : BIO_ctrl (BIO_next (bio), command, number, pointer);
}

static int
create_cb (BIO *bio)
{
  BIO_set_init (bio, 1);
  return 1;
}

static BIO_METHOD *
method (void)
{
  static gsize once;
  static BIO_METHOD *made;

  if (g_once_init_enter (&once))
    {
      made = BIO_meth_new (BIO_get_new_index () | BIO_TYPE_FILTER, "quicserve wire fault");
      if (made != NULL)
        {
          BIO_meth_set_create (made, create_cb);
          BIO_meth_set_ctrl (made, ctrl_cb);
          BIO_meth_set_sendmmsg (made, sendmmsg_cb);
          BIO_meth_set_recvmmsg (made, recvmmsg_cb);
        }
      g_once_init_leave (&once, 1);
    }
  return made;
}

QsWireFault *
qs_wire_fault_new (const QsBehaviour *behaviour, QsWireSecretFunc func, gpointer data)
{
  QsWireFault *self = g_new0 (QsWireFault, 1);

  self->behaviour = behaviour;
  self->func = func;
  self->data = data;
  self->peers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) peer_free);
  g_queue_init (&self->order);
  return self;
}

void
qs_wire_fault_free (QsWireFault *self)
{
  g_queue_clear (&self->order);
  g_hash_table_unref (self->peers);
  g_free (self);
}

BIO *
qs_wire_fault_push (QsWireFault *self, BIO *below)
{
  BIO *bio = method () != NULL ? BIO_new (method ()) : NULL;

  if (bio == NULL)
    {
      BIO_free (below);
      return NULL;
    }
  BIO_set_data (bio, self);
  return BIO_push (bio, below);
}

void
qs_wire_fault_established (QsWireFault *self, const char *peer)
{
  find_peer (self, peer)->silent |= self->behaviour->wire == QS_WIRE_SILENCE;
}

void
qs_wire_fault_add_frames (QsWireFault *self, const char *peer, GBytes *frames)
{
  Peer *known = find_peer (self, peer);

  g_clear_pointer (&known->frames, g_bytes_unref);
  known->frames = g_bytes_ref (frames);
}

gboolean
qs_wire_fault_has_lost (QsWireFault *self, const char *peer)
{
  Peer *known = g_hash_table_lookup (self->peers, peer);

  return known != NULL && known->lost;
}
