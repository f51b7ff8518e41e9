/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "dissect/qs-quic-private.h"

#define MAX_FAILED_INITIAL 64 /* tries to derive keys from headers that turn out to be garbage */

#define MAX_UNPROVEN_JUMP 32768 /* of a packet number in a cut packet */
#define MAX_UNSEEN_UPDATES 16
#define QS_TRIED_PATHS 8 /* network paths whose packets are tried for an id that nobody told of */

/* A sending host may hand the network card many datagrams as one, which a capture on it shows as one, too. */
#define MIN_TRAIN 1200u /* bytes of a record that may be one */
#define MIN_PIECE 600u  /* of a datagram in it */
#define MAX_PIECE 1500u
#define MAX_NO_TRAINS 8u /* tries of a connection that came to nothing: each costs as much as a thousand packets */

/* One key's answer. */
typedef struct {
  QsUnprotected bare;
  guint64 number;
  gsize length; /* of the payload in owner->plain */
} Attempt;

gboolean
qs_quic_unprotect (QsDissection *self, QsHeaderKey *key, const QsPacketHeader *header, QsSpan packet, gsize kept,
                   QsUnprotected *out)
{
  guint8 mask[QS_MASK_LENGTH];
  gsize pn_offset = header->pn_offset;

  /* The sample starts as if the number had four bytes (RFC 9001 section 5.4.2). */
  if (key == NULL || pn_offset + 4 + QS_SAMPLE_LENGTH > MIN (kept, header->length) ||
      !qs_header_key_mask (key, packet.data + pn_offset + 4, mask))
    return FALSE;

  memcpy (self->header, packet.data, pn_offset + 4);
  self->header[0] ^= mask[0] & (header->long_header ? 0x0f : 0x1f);
  out->pn_length = (self->header[0] & 3) + 1;
  out->truncated = 0;
  for (guint i = 0; i < out->pn_length; i++)
    {
      self->header[pn_offset + i] ^= mask[1 + i];
      out->truncated = out->truncated << 8 | self->header[pn_offset + i];
    }
  gsize header_length = pn_offset + out->pn_length;
  out->header = QS_SPAN (self->header, header_length);
  out->sealed = QS_SPAN (packet.data + header_length, header->length - header_length);
  return TRUE;
}

static gboolean
bare (QsArrival *arrival, guint16 key, Attempt *attempt)
{
  QsDissection *owner = arrival->conn->quic->owner;
  const QsKeyEntry *entry = qs_dissection_key (owner, key);
  const QsNumbers *numbers =
      qs_quic_conn_numbers (arrival->conn, arrival->side, arrival->header.type, arrival->path_id);

  if (entry == NULL ||
      !qs_quic_unprotect (owner, entry->header, &arrival->header, arrival->bytes, arrival->kept, &attempt->bare))
    return FALSE;
  guint64 expected = MAX (numbers->any ? numbers->largest + 1 : 0, numbers->after_acked);
  attempt->number = qs_packet_number_decode (expected, attempt->bare.truncated, attempt->bare.pn_length);
  return TRUE;
}

/* The other end may have acknowledged what was never sent (RFC 9000 section 13.1): then the number is not near to that. */
static gboolean
open_as_seen (QsArrival *arrival, const QsKeyEntry *entry, Attempt *attempt)
{
  QsDissection *owner = arrival->conn->quic->owner;
  const QsNumbers *numbers =
      qs_quic_conn_numbers (arrival->conn, arrival->side, arrival->header.type, arrival->path_id);
  guint64 number = qs_packet_number_decode (numbers->any ? numbers->largest + 1 : 0, attempt->bare.truncated,
                                            attempt->bare.pn_length);

  if (number == attempt->number ||
      !qs_keys_open (entry->keys, number, attempt->bare.header, attempt->bare.sealed, owner->plain, &attempt->length))
    return FALSE;
  attempt->number = number;
  return TRUE;
}

static gboolean
open_with (QsArrival *arrival, guint16 key, Attempt *attempt)
{
  QsDissection *owner = arrival->conn->quic->owner;
  const QsKeyEntry *entry = qs_dissection_key (owner, key);

  if (entry != NULL)
    qs_keys_set_path (entry->keys, arrival->path_id);
  if (entry == NULL || (!qs_keys_open (entry->keys, attempt->number, attempt->bare.header, attempt->bare.sealed,
                                       owner->plain, &attempt->length) &&
                        !open_as_seen (arrival, entry, attempt)))
    return FALSE;
  arrival->packet->key = key;
  return TRUE;
}

static gboolean
is_cut (const QsArrival *arrival)
{
  return arrival->kept < arrival->header.length;
}

/* --- Initial --- */

/* Newest keys first: after a Retry it is those of the Retry's connection id. */
static QsOpenResult
try_initial (QsArrival *arrival, Attempt *attempt)
{
  QsQuicConn *conn = arrival->conn;

  for (guint i = conn->n_initial; i-- > 0;)
    {
      guint16 key = conn->initial[i].keys[arrival->side];
      if (conn->initial[i].version != arrival->header.version || !bare (arrival, key, attempt))
        continue;
      if (is_cut (arrival))
        {
          arrival->packet->key = key;
          return QS_OPEN_HEADER_ONLY;
        }
      if (open_with (arrival, key, attempt))
        return QS_OPENED;
    }
  return conn->n_initial > 0 ? QS_OPEN_FAILED : QS_OPEN_NO_KEYS;
}

/* Keys that this packet itself suggests: a client's first one, or a server that moves on to another
 * version (RFC 9369 section 4.1), whose keys come of the same connection id. */
static gboolean
suggest_initial (QsArrival *arrival)
{
  QsQuicConn *conn = arrival->conn;
  QsSpan dcid = arrival->side == QS_SIDE_CLIENT ? arrival->header.dcid
                                                : QS_SPAN (conn->original_dcid.bytes, conn->original_dcid.length);

  if (conn->n_failed_initial >= MAX_FAILED_INITIAL)
    return FALSE;
  return qs_quic_conn_add_initial (conn, arrival->header.version, dcid) != NULL;
}

static QsOpenResult
open_initial (QsArrival *arrival, Attempt *attempt)
{
  QsQuicConn *conn = arrival->conn;
  QsOpenResult result = try_initial (arrival, attempt);

  if (result != QS_OPENED && result != QS_OPEN_HEADER_ONLY && suggest_initial (arrival))
    {
      result = try_initial (arrival, attempt);
      if (result == QS_OPEN_FAILED)
        {
          conn->n_failed_initial++;
          conn->n_initial--; /* the suggestion was none */
        }
    }
  if (result == QS_OPENED)
    {
      conn->initial_opened = TRUE;
      conn->version = arrival->header.version;
    }
  else if (result == QS_OPEN_FAILED && !conn->initial_opened)
    result = QS_OPEN_NO_KEYS; /* the first Initial was not seen: nothing is known to be wrong */
  return result;
}

/* --- Handshake, 0-RTT, 1-RTT --- */

/* Which of the cipher suites it is shows in the first packet that opens. */
static QsOpenResult
open_unconfirmed (QsArrival *arrival, QsProtection *protection, Attempt *attempt)
{
  QsQuicConn *conn = arrival->conn;
  const guint16 *candidates = conn->candidates[arrival->side][arrival->header.type];

  for (guint i = 0; !is_cut (arrival) && i < QS_MAX_SUITES; i++)
    if (candidates[i] != QS_KEY_NONE && bare (arrival, candidates[i], attempt) &&
        open_with (arrival, candidates[i], attempt))
      {
        protection->confirmed = TRUE;
        protection->current = candidates[i];
        conn->retry[arrival->header.type] = TRUE;
        return QS_OPENED;
      }
  return QS_OPEN_NO_KEYS;
}

static guint16
next_keys (QsQuicConn *conn, QsProtection *protection)
{
  QsDissection *owner = conn->quic->owner;
  const QsKeyEntry *current = qs_dissection_key (owner, protection->current);
  QsSecret next;

  if (protection->next == QS_KEY_NONE &&
      qs_secret_next (conn->version, qs_keys_get_suite (current->keys), &protection->secret, &next))
    protection->next =
        qs_dissection_derive_keys (owner, conn->version, qs_keys_get_suite (current->keys), &next, protection->current);
  return protection->next;
}

static void
update_keys (QsArrival *arrival, QsProtection *protection, guint64 number)
{
  QsDissection *owner = arrival->conn->quic->owner;
  const QsKeyEntry *old = qs_dissection_key (owner, protection->previous);
  const QsKeyEntry *next = qs_dissection_key (owner, protection->next);

  if (old != NULL)
    qs_keys_rest (old->keys);
  protection->previous = protection->current;
  protection->current = protection->next;
  protection->next = QS_KEY_NONE;
  protection->secret = *qs_keys_get_secret (next->keys);
  protection->phase ^= 1;
  protection->phase_start = number;
  protection->phase_path = arrival->path_id;
  arrival->packet->flags |= QS_PACKET_KEY_UPDATE;
}

/* Behind the memory bound updates may have gone by in packets that were cut: try generations ahead. */
static gboolean
open_ahead (QsArrival *arrival, QsProtection *protection, Attempt *attempt, guint8 phase)
{
  QsDissection *owner = arrival->conn->quic->owner;
  QsProtection ahead = *protection;

  for (guint i = 0; i < MAX_UNSEEN_UPDATES && next_keys (arrival->conn, &ahead) != QS_KEY_NONE; i++)
    {
      ahead.secret = *qs_keys_get_secret (qs_dissection_key (owner, ahead.next)->keys);
      ahead.previous = ahead.current;
      ahead.current = ahead.next;
      ahead.next = QS_KEY_NONE;
      ahead.phase ^= 1;
      if (ahead.phase == phase && open_with (arrival, ahead.current, attempt))
        {
          ahead.phase_start = attempt->number;
          ahead.phase_path = arrival->path_id;
          ahead.maybe_updated = FALSE;
          *protection = ahead;
          arrival->packet->flags |= QS_PACKET_KEY_UPDATE;
          return TRUE;
        }
    }
  protection->maybe_updated = FALSE; /* it was something else: do not try for every bad packet */
  return FALSE;
}

/* RFC 9001 section 6: the phase bit says whether these are the current keys or their neighbours. */
static gboolean
open_phased (QsArrival *arrival, QsProtection *protection, Attempt *attempt)
{
  guint8 phase = attempt->bare.header.data[0] >> 2 & 1;

  if (phase == protection->phase && open_with (arrival, protection->current, attempt))
    return TRUE;
  /* Another path's numbers say nothing of which came first. */
  if (phase != protection->phase && protection->previous != QS_KEY_NONE && arrival->path_id != protection->phase_path &&
      open_with (arrival, protection->previous, attempt))
    return TRUE;
  if (phase != protection->phase && arrival->path_id == protection->phase_path && protection->previous != QS_KEY_NONE &&
      attempt->number < protection->phase_start)
    return open_with (arrival, protection->previous, attempt);
  if (phase != protection->phase && open_with (arrival, next_keys (arrival->conn, protection), attempt))
    {
      update_keys (arrival, protection, attempt->number);
      return TRUE;
    }
  /* Behind the update and yet under the keys before it: nobody may (RFC 9001 section 6.4), and it is shown. */
  if (phase != protection->phase && protection->previous != QS_KEY_NONE &&
      open_with (arrival, protection->previous, attempt))
    return TRUE;
  return protection->maybe_updated && open_ahead (arrival, protection, attempt, phase);
}

static QsOpenResult
open_protected (QsArrival *arrival, Attempt *attempt)
{
  QsProtection *protection = &arrival->conn->protection[arrival->side][arrival->header.type];

  if (!protection->has_secret)
    return QS_OPEN_NO_KEYS;
  if (!protection->confirmed)
    return open_unconfirmed (arrival, protection, attempt);
  if (!bare (arrival, protection->current, attempt))
    return QS_OPEN_FAILED;
  if (is_cut (arrival))
    {
      guint8 phase = attempt->bare.header.data[0] >> 2 & 1;
      protection->maybe_updated |= arrival->header.type == QS_PACKET_1RTT && phase != protection->phase;
      arrival->packet->key = protection->current;
      return QS_OPEN_HEADER_ONLY;
    }

  gboolean opened = arrival->header.type == QS_PACKET_1RTT ? open_phased (arrival, protection, attempt)
                                                           : open_with (arrival, protection->current, attempt);
  return opened ? QS_OPENED : QS_OPEN_FAILED;
}

/* As if the packet ended behind length bytes. */
static gboolean
open_piece (QsArrival *arrival, Attempt *attempt, guint length)
{
  QsProtection *protection = &arrival->conn->protection[arrival->side][QS_PACKET_1RTT];
  QsPacketHeader whole = arrival->header;
  QsSpan bytes = arrival->bytes;
  gboolean maybe_updated = protection->maybe_updated;

  arrival->header.length = length;
  arrival->bytes.length = length;
  protection->maybe_updated = FALSE; /* one unknown at a time */
  gboolean opened = open_protected (arrival, attempt) == QS_OPENED;
  protection->maybe_updated |= maybe_updated;
  if (opened)
    {
      arrival->packet->length = length;
      arrival->conn->train_size[arrival->side] = length;
      return TRUE;
    }
  arrival->header = whole;
  arrival->bytes = bytes;
  return FALSE;
}

/* Where the first datagram of a train ends only its tag tells, for its connection id may have any length, and its fixed bit any value
 * (RFC 9287). All but the last have one size. */
static gboolean
open_train (QsArrival *arrival, Attempt *attempt)
{
  QsQuicConn *conn = arrival->conn;
  guint length = arrival->header.length, known = conn->train_size[arrival->side];

  if (arrival->header.type != QS_PACKET_1RTT || is_cut (arrival) || arrival->again || length <= MIN_PIECE)
    return FALSE;
  if (known > 0 && known < length && open_piece (arrival, attempt, known))
    return TRUE;
  if (length <= MIN_TRAIN || conn->n_no_trains >= MAX_NO_TRAINS ||
      !conn->protection[arrival->side][QS_PACKET_1RTT].has_secret)
    return FALSE;
  for (guint piece = MIN (MAX_PIECE, length - 1); piece >= MIN_PIECE; piece--)
    {
      if (open_piece (arrival, attempt, piece))
        return TRUE;
    }
  conn->n_no_trains++;
  return FALSE;
}

/* Looked at once more, when its keys came, a record is no longer taken apart: what it holds is no packet, whatever its tag says. */
static gboolean
is_joined (const QsArrival *arrival)
{
  return arrival->again && arrival->header.type == QS_PACKET_1RTT && arrival->header.length > MAX_PIECE;
}

/* FALSE: this number came before. */
static gboolean
note_number (QsNumbers *self, guint64 number)
{
  if (!self->any || number > self->largest)
    {
      guint64 gap = self->any ? number - self->largest : QS_WINDOW;
      if (gap >= QS_WINDOW)
        memset (self->bits, 0, sizeof self->bits);
      for (guint64 i = 1; gap < QS_WINDOW && i <= gap; i++)
        self->bits[(self->largest + i) % QS_WINDOW / 64] &= ~(G_GUINT64_CONSTANT (1) << (self->largest + i) % 64);
      self->largest = number;
      self->any = TRUE;
    }
  else if (self->largest - number >= QS_WINDOW)
    return TRUE;

  guint64 bit = G_GUINT64_CONSTANT (1) << number % 64;
  guint64 *word = &self->bits[number % QS_WINDOW / 64];
  gboolean fresh = (*word & bit) == 0;
  *word |= bit;
  return fresh;
}

/* With multipath the connection id tells the path, and the path's id is part of the nonce. Where the frame that told of the id was not
 * seen, the paths are few: what opens proves which it is. */
static QsOpenResult
open_on_path (QsArrival *arrival, Attempt *attempt)
{
  QsQuicConn *conn = arrival->conn;
  QsSide issuer = arrival->side == QS_SIDE_CLIENT ? QS_SIDE_SERVER : QS_SIDE_CLIENT;
  QsSpan dcid = arrival->header.dcid;

  if (qs_quic_conn_find_path_id (conn, issuer, dcid, &arrival->path_id))
    return arrival->path_id < QS_MAX_PATH_ID ? open_protected (arrival, attempt) : QS_OPEN_NO_KEYS;
  for (arrival->path_id = 0; !is_cut (arrival) && arrival->path_id < QS_TRIED_PATHS; arrival->path_id++)
    {
      if (open_protected (arrival, attempt) != QS_OPENED)
        continue;
      qs_quic_conn_add_cid (conn, issuer, dcid, arrival->path_id);
      return QS_OPENED;
    }
  arrival->path_id = 0;
  return QS_OPEN_NO_KEYS; /* of a path that nobody knows: nothing is wrong with it */
}

QsOpenResult
qs_quic_open (QsArrival *arrival, QsSpan *payload)
{
  QsQuicConn *conn = arrival->conn;
  QsPacket *packet = arrival->packet;
  QsPacketType level = arrival->header.type;
  Attempt attempt;

  arrival->path_id = 0;
  QsOpenResult result = level == QS_PACKET_INITIAL                   ? open_initial (arrival, &attempt)
                        : level == QS_PACKET_1RTT && conn->multipath ? open_on_path (arrival, &attempt)
                                                                     : open_protected (arrival, &attempt);
  if (result != QS_OPENED && result != QS_OPEN_HEADER_ONLY && open_train (arrival, &attempt))
    result = QS_OPENED;
  if (result == QS_OPEN_FAILED && is_joined (arrival))
    result = QS_OPEN_NO_KEYS;
  if (result != QS_OPENED && result != QS_OPEN_HEADER_ONLY)
    return result;

  QsNumbers *numbers = qs_quic_conn_numbers (conn, arrival->side, level, arrival->path_id);
  if (result == QS_OPEN_HEADER_ONLY && numbers->any && attempt.number > numbers->largest + MAX_UNPROVEN_JUMP)
    return QS_OPEN_NO_KEYS; /* nothing vouches for it, and it would lead all later ones astray */

  packet->number = attempt.number;
  packet->path_id = (guint16) arrival->path_id;
  if (!arrival->unseen && !note_number (numbers, attempt.number))
    packet->flags |= QS_PACKET_DUPLICATE;
  if (level == QS_PACKET_1RTT && (attempt.bare.header.data[0] & 0x04) != 0)
    packet->flags |= QS_PACKET_KEY_PHASE;
  if (result == QS_OPENED)
    {
      packet->flags |= QS_PACKET_DECRYPTED;
      packet->payload_length = (guint32) attempt.length;
      *payload = QS_SPAN (conn->quic->owner->plain, attempt.length);
    }
  return result;
}
