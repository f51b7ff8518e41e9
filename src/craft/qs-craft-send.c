/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "craft/qs-craft-private.h"
#include "wire/qs-writer.h"

#define CRYPTO_PIECE 900 /* bytes: two of them and their packets' heads do not fit in a datagram, one always does */
#define HELLO_PIECES 4
#define AEAD_TAG 16

/* A datagram in the making: a packet of each level at most. */
typedef struct {
  QsPacketType type;
  GByteArray *payload;
  gboolean eliciting;
  QsCraftEvents tells;
  guint keep_from, keep_to; /* of the payload: neither the ACK before nor the padding behind is sent again */
} Draft;

void
qs_craft_sent_clear (gpointer data)
{
  g_clear_pointer (&((QsCraftSent *) data)->bytes, g_bytes_unref);
}

/* --- Queues --- */

void
qs_craft_queue_frames (QsCraft *self, QsCraftSpaceIndex index, QsSpan frames, QsCraftEvents tells)
{
  QsCraftQueued *queued = g_new (QsCraftQueued, 1);

  queued->bytes = g_bytes_new (frames.data, frames.length);
  queued->tells = tells;
  g_queue_push_tail (&self->spaces[index].queue, queued);
}

static void
queue_crypto_piece (QsCraft *self, QsCraftSpaceIndex index, guint64 offset, QsSpan bytes)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  qs_frame_write (out, &(const QsFrame){ .type = QS_FRAME_CRYPTO, .stream_offset = offset, .data = bytes });
  qs_craft_queue_frames (self, index, qs_written (out), 0);
}

static void
queue_reversed (QsCraft *self, QsSpan bytes)
{
  gsize piece = bytes.length / HELLO_PIECES + 1;

  for (guint i = HELLO_PIECES; i-- > 0;)
    {
      gsize from = MIN (i * piece, bytes.length), to = MIN (from + piece, bytes.length);
      if (to > from)
        queue_crypto_piece (self, QS_CRAFT_SPACE_INITIAL, from, QS_SPAN (bytes.data + from, to - from));
    }
}

void
qs_craft_queue_crypto (QsCraft *self, QsCraftSpaceIndex index, QsSpan bytes)
{
  QsCraftSpace *space = &self->spaces[index];

  if (index == QS_CRAFT_SPACE_INITIAL && (self->habits & QS_CRAFT_REVERSE_HELLO) != 0)
    queue_reversed (self, bytes);
  else
    for (gsize at = 0; at < bytes.length; at += CRYPTO_PIECE)
      queue_crypto_piece (self, index, space->crypto_sent + at,
                          QS_SPAN (bytes.data + at, MIN (CRYPTO_PIECE, bytes.length - at)));
  space->crypto_sent += bytes.length;
}

/* --- Packets --- */

static QsPacketHeader
make_header (const QsCraft *self, QsPacketType type)
{
  return (QsPacketHeader){ .type = type,
                           .first_byte = qs_packet_first_byte (self->version, type, QS_CRAFT_PN_LENGTH),
                           .version = self->version,
                           .dcid = qs_craft_id_span (&self->dcid),
                           .scid = qs_craft_id_span (&self->scid),
                           .token = qs_craft_bytes_span (self->token) };
}

/* Bytes of a packet beside its payload. */
static gsize
overhead (const QsCraft *self, QsPacketType type, gsize payload)
{
  g_autoptr (GByteArray) head = g_byte_array_new ();
  QsPacketHeader header = make_header (self, type);

  qs_packet_header_write (head, &header, payload + QS_CRAFT_PN_LENGTH + AEAD_TAG);
  return head->len + QS_CRAFT_PN_LENGTH + AEAD_TAG;
}

static QsKeys *
keys_for (const QsCraft *self, const QsCraftPacket *packet)
{
  return packet->old_keys ? self->own_before : self->own[packet->type].keys;
}

static GBytes *
seal (QsCraft *self, const QsCraftPacket *packet, QsSpan payload, guint64 number)
{
  g_autoptr (GByteArray) head = g_byte_array_new ();
  QsPacketHeader header = make_header (self, packet->type);
  gboolean phase = self->own_phase != packet->old_keys;

  header.first_byte ^= packet->flip;
  if (packet->type == QS_PACKET_1RTT && phase)
    header.first_byte ^= 0x04;
  qs_packet_header_write (head, &header, payload.length + QS_CRAFT_PN_LENGTH + AEAD_TAG);
  qs_write_uint (head, number & G_MAXUINT32, QS_CRAFT_PN_LENGTH);
  return qs_packet_protect (keys_for (self, packet), self->own[packet->type].header, qs_written (head),
                            QS_CRAFT_PN_LENGTH, number, payload);
}

static void
note_sent (QsCraft *self, QsCraftSpaceIndex index, const QsCraftSent *sent)
{
  QsCraftSpace *space = &self->spaces[index];

  g_array_append_val (space->sent, *sent);
  space->last_sent = sent->time;
}

/* --- Datagrams that are made by themselves --- */

static void
write_ack (const QsCraftSpace *space, GByteArray *out)
{
  QsFrame ack = { .type = QS_FRAME_ACK };
  g_autoptr (GByteArray) ranges = g_byte_array_new ();

  qs_ack_ranges_write (ranges, (const QsPacketNumberRange *) (void *) space->received->data, space->received->len,
                       &ack);
  qs_frame_write (out, &ack);
}

static gboolean
may_send (const QsCraft *self, QsPacketType type)
{
  if (self->own[type].keys == NULL || self->spaces[qs_craft_space_of (type)].discarded)
    return FALSE;
  if (type == QS_PACKET_0RTT)
    return (self->habits & QS_CRAFT_SEND_EARLY) != 0 && self->own[QS_PACKET_1RTT].keys == NULL;
  /* Nothing but with the client's Finished, or behind it (RFC 9001 section 5.7). */
  return type != QS_PACKET_1RTT || ((self->events & QS_CRAFT_DONE) != 0 && self->held_finished->len == 0);
}

/* Takes what fits of a level's ACK and queue. */
static void
fill_draft (QsCraft *self, Draft *draft, gsize room)
{
  QsCraftSpace *space = &self->spaces[qs_craft_space_of (draft->type)];
  gboolean silent = (self->habits & QS_CRAFT_SILENT) != 0;

  if (space->ack_wanted && space->received->len > 0 && draft->type != QS_PACKET_0RTT && !silent)
    {
      write_ack (space, draft->payload);
      space->ack_wanted = FALSE;
    }
  draft->keep_from = draft->payload->len;
  for (QsCraftQueued *next; (next = g_queue_peek_head (&space->queue)) != NULL;)
    {
      gsize size = g_bytes_get_size (next->bytes);
      if (draft->payload->len + size + overhead (self, draft->type, draft->payload->len + size) > room)
        break;
      qs_write_span (draft->payload, qs_craft_bytes_span (next->bytes));
      draft->tells |= next->tells;
      draft->eliciting = TRUE;
      g_queue_pop_head (&space->queue);
      g_bytes_unref (next->bytes);
      g_free (next);
    }
  draft->keep_to = draft->payload->len;
}

static void
pad_draft (QsCraft *self, Draft *draft, gsize total, gsize wanted)
{
  static const guint8 zeros[QS_CRAFT_MTU * 2];

  if (total < wanted)
    {
      gsize size = draft->payload->len, padding = MIN (wanted - total, sizeof zeros);
      /* The Length field may take a byte more then. */
      gsize grown = overhead (self, draft->type, size + padding) - overhead (self, draft->type, size);
      g_byte_array_append (draft->payload, zeros, (guint) (padding - MIN (padding, grown)));
    }
  /* With the packet number at least four bytes, which the length of the number sees to; but no packet without frames. */
  if (draft->payload->len == 0)
    g_byte_array_append (draft->payload, zeros, 1);
}

static void
seal_draft (QsCraft *self, Draft *draft, GByteArray *datagram)
{
  QsCraftSpaceIndex index = qs_craft_space_of (draft->type);
  QsCraftPacket packet = { .type = draft->type };
  guint64 number = self->spaces[index].next_number++;

  if (draft->type == QS_PACKET_INITIAL && !self->has_server_id && !self->retried)
    packet.flip = self->first_flip;
  g_autoptr (GBytes) sealed = seal (self, &packet, qs_written (draft->payload), number);
  if (sealed == NULL)
    return;
  qs_write_span (datagram, qs_craft_bytes_span (sealed));
  if (!draft->eliciting || (self->habits & QS_CRAFT_SILENT) != 0)
    return;
  QsCraftSent sent = { .number = number,
                       .time = qs_clock_now (self->clock),
                       .packet = packet,
                       .bytes =
                           g_bytes_new (draft->payload->data + draft->keep_from, draft->keep_to - draft->keep_from),
                       .plain = TRUE,
                       .tells = draft->tells };
  note_sent (self, index, &sent);
}

static gboolean
send_drafts (QsCraft *self, Draft *drafts, guint n_drafts)
{
  g_autoptr (GByteArray) datagram = g_byte_array_new ();
  gsize total = 0;
  gboolean initial = FALSE;

  for (guint i = 0; i < n_drafts; i++)
    {
      total += drafts[i].payload->len + overhead (self, drafts[i].type, drafts[i].payload->len);
      initial |= drafts[i].type == QS_PACKET_INITIAL;
    }
  if (n_drafts == 0)
    return FALSE;
  if (initial)
    pad_draft (self, &drafts[n_drafts - 1], total, self->datagram);
  for (guint i = 0; i < n_drafts; i++)
    seal_draft (self, &drafts[i], datagram);
  qs_craft_write (self, qs_written (datagram));
  /* What follows a client's first Handshake packet needs no Initials any more (RFC 9001 section 4.9.1). */
  for (guint i = 0; i < n_drafts; i++)
    {
      if (drafts[i].type == QS_PACKET_HANDSHAKE && !self->server)
        qs_craft_discard_space (self, QS_CRAFT_SPACE_INITIAL);
    }
  return TRUE;
}

static gboolean
send_one (QsCraft *self)
{
  static const QsPacketType order[] = { QS_PACKET_INITIAL, QS_PACKET_0RTT, QS_PACKET_HANDSHAKE, QS_PACKET_1RTT };
  Draft drafts[G_N_ELEMENTS (order)];
  guint n_drafts = 0;
  gsize room = self->datagram;

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      if (!may_send (self, order[i]))
        continue;
      Draft draft = { .type = order[i], .payload = g_byte_array_new () };
      fill_draft (self, &draft, room);
      if (draft.payload->len == 0)
        {
          g_byte_array_unref (draft.payload);
          continue;
        }
      room -= MIN (room, draft.payload->len + overhead (self, order[i], draft.payload->len));
      drafts[n_drafts++] = draft;
    }
  gboolean any = send_drafts (self, drafts, n_drafts);
  for (guint i = 0; i < n_drafts; i++)
    g_byte_array_unref (drafts[i].payload);
  return any;
}

void
qs_craft_flush (QsCraft *self)
{
  /* TLS goes on by itself and makes its Finished; who is silent does not send it. */
  gboolean over = (self->events & QS_CRAFT_CLOSED) != 0 && (self->habits & QS_CRAFT_OUTLIVE_CLOSE) == 0;

  if (self->started && !self->hushed && !over)
    while (qs_craft_server_may_send (self) && send_one (self))
      ;
  qs_craft_rearm (self);
}

/* --- Packets by hand --- */

/* The keys are right and the connection id is nobody's: what it says must not count (RFC 9000 section 12.2). */
static void
append_stray (QsCraft *self, const QsCraftPacket *packet, GByteArray *datagram)
{
  static const guint8 ping[4] = { QS_FRAME_PING };
  const QsCraftPacket plain = { .type = packet->type };
  QsCraftId own = self->dcid;

  qs_craft_random_id (&self->dcid, own.length);
  g_autoptr (GBytes) sealed =
      seal (self, &plain, QS_SPAN (ping, sizeof ping), self->spaces[qs_craft_space_of (packet->type)].next_number++);
  self->dcid = own;
  if (sealed != NULL)
    qs_write_span (datagram, qs_craft_bytes_span (sealed));
}

static gboolean
send_by_hand (QsCraft *self, const QsCraftPacket *packet, QsCraftEvents tells)
{
  static const guint8 zeros[QS_CRAFT_MOST_PADDING];
  QsCraftSpaceIndex index = qs_craft_space_of (packet->type);
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  if (keys_for (self, packet) == NULL || self->own[packet->type].header == NULL)
    return FALSE;
  qs_write_span (payload, packet->frames);
  gsize size = payload->len + overhead (self, packet->type, payload->len);
  if (packet->padding > size)
    g_byte_array_append (payload, zeros, (guint) MIN (packet->padding - size, sizeof zeros));
  guint64 number = self->spaces[index].next_number++;
  g_autoptr (GBytes) sealed = seal (self, packet, qs_written (payload), number);
  if (sealed == NULL)
    return FALSE;
  g_autoptr (GByteArray) datagram = g_byte_array_new ();
  qs_write_span (datagram, qs_craft_bytes_span (sealed));
  if (packet->garble)
    datagram->data[datagram->len - 1] ^= 1;
  if (packet->stray)
    append_stray (self, packet, datagram);
  qs_craft_write (self, qs_written (datagram));
  QsCraftSent sent = { .number = number,
                       .time = qs_clock_now (self->clock),
                       .packet = *packet,
                       .bytes = g_bytes_new (packet->frames.data, packet->frames.length),
                       .tells = tells };
  sent.packet.frames = qs_craft_bytes_span (sent.bytes);
  if (packet->once)
    qs_craft_sent_clear (&sent);
  else
    note_sent (self, index, &sent);
  return TRUE;
}

void
qs_craft_send_aside (QsCraft *self, const QsCraftPacket *packet)
{
  send_by_hand (self, packet, 0);
}

/* From now on ACKED is about what is sent next. */
static void
watch_anew (QsCraft *self)
{
  self->events &= ~(guint) QS_CRAFT_ACKED;
  self->told &= ~(guint) QS_CRAFT_ACKED;
  for (guint i = 0; i < QS_CRAFT_N_SPACES; i++)
    {
      for (guint j = 0; j < self->spaces[i].sent->len; j++)
        g_array_index (self->spaces[i].sent, QsCraftSent, j).tells &= ~(guint) QS_CRAFT_ACKED;
      for (GList *at = self->spaces[i].queue.head; at != NULL; at = at->next)
        ((QsCraftQueued *) at->data)->tells &= ~(guint) QS_CRAFT_ACKED;
    }
}

gboolean
qs_craft_send (QsCraft *self, const QsCraftPacket *packet)
{
  g_return_val_if_fail (packet->type <= QS_PACKET_1RTT, FALSE);

  watch_anew (self);
  if (!send_by_hand (self, packet, QS_CRAFT_ACKED))
    return FALSE;
  qs_craft_rearm (self);
  return TRUE;
}

void
qs_craft_send_again (QsCraft *self, QsCraftSpaceIndex index, QsCraftSent *sent)
{
  if (!self->spaces[index].discarded && sent->plain)
    qs_craft_queue_frames (self, index, qs_craft_bytes_span (sent->bytes), sent->tells);
  else if (!self->spaces[index].discarded)
    {
      QsCraftPacket packet = sent->packet;
      packet.frames = qs_craft_bytes_span (sent->bytes);
      send_by_hand (self, &packet, sent->tells);
    }
  qs_craft_sent_clear (sent);
}

void
qs_craft_send_datagram (QsCraft *self, QsSpan bytes)
{
  qs_craft_write (self, bytes);
}

/* What the peer may send to from now on. */
static void
note_given_ids (QsCraft *self, QsSpan frames)
{
  QsFrame frame;

  for (gsize at = 0; at < frames.length && qs_frame_parse (frames, &at, &frame, NULL);)
    {
      if (frame.type == QS_FRAME_NEW_CONNECTION_ID && self->n_given_ids < QS_CRAFT_MOST_IDS)
        qs_craft_id_set (&self->given_ids[self->n_given_ids++], frame.data);
    }
}

void
qs_craft_queue (QsCraft *self, QsSpan frames)
{
  note_given_ids (self, frames);
  watch_anew (self);
  qs_craft_queue_frames (self, QS_CRAFT_SPACE_APPLICATION, frames, QS_CRAFT_ACKED);
  qs_craft_flush (self);
}

static QsCraftStream *
find_stream (QsCraft *self, guint64 id)
{
  for (guint i = 0; i < self->streams->len; i++)
    {
      if (g_array_index (self->streams, QsCraftStream, i).id == id)
        return &g_array_index (self->streams, QsCraftStream, i);
    }
  g_array_append_val (self->streams, ((const QsCraftStream){ .id = id }));
  return &g_array_index (self->streams, QsCraftStream, self->streams->len - 1);
}

void
qs_craft_stream (QsCraft *self, guint64 id, QsSpan bytes, gboolean fin)
{
  QsCraftStream *stream = find_stream (self, id);
  gsize at = 0;

  watch_anew (self);
  if ((id & 3) == 0 && id > self->asked)
    {
      self->asked = id;
      self->events &= ~(guint) QS_CRAFT_ANSWERED;
      self->told &= ~(guint) QS_CRAFT_ANSWERED;
    }
  do
    {
      g_autoptr (GByteArray) out = g_byte_array_new ();
      gsize piece = MIN (CRYPTO_PIECE, bytes.length - at);
      gboolean last = at + piece == bytes.length;
      qs_frame_write (out, &(const QsFrame){ .type = QS_FRAME_STREAM | QS_STREAM_LEN | QS_STREAM_OFF |
                                                     (fin && last ? QS_STREAM_FIN : 0),
                                             .fin = fin && last,
                                             .stream_id = id,
                                             .stream_offset = stream->sent + at,
                                             .data = QS_SPAN (bytes.data + at, piece) });
      qs_craft_queue_frames (self, QS_CRAFT_SPACE_APPLICATION, qs_written (out), last ? QS_CRAFT_ACKED : 0);
      at += piece;
    }
  while (at < bytes.length);
  stream->sent += bytes.length;
  qs_craft_flush (self);
}

void
qs_craft_close (QsCraft *self, gboolean application, guint64 code, const char *reason)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  QsPacketType type = QS_PACKET_INITIAL;

  if ((self->events & QS_CRAFT_DONE) != 0 && self->own[QS_PACKET_1RTT].keys != NULL && self->held_finished->len == 0)
    type = QS_PACKET_1RTT;
  else if (self->own[QS_PACKET_HANDSHAKE].keys != NULL && !self->spaces[QS_CRAFT_SPACE_HANDSHAKE].discarded)
    type = QS_PACKET_HANDSHAKE;
  /* An application's close would tell who cannot be known yet what it is about (RFC 9000 section 10.2.3). */
  gboolean as_transport = type != QS_PACKET_1RTT;
  qs_frame_write (frame, &(const QsFrame){ .type = application && !as_transport ? QS_FRAME_CONNECTION_CLOSE_APP
                                                                                : QS_FRAME_CONNECTION_CLOSE,
                                           .error_code = application && as_transport ? 0x0c : code,
                                           .data = QS_SPAN (reason, reason != NULL ? strlen (reason) : 0) });
  const QsCraftPacket packet = {
    .type = type, .frames = qs_written (frame), .padding = type == QS_PACKET_INITIAL ? QS_CRAFT_MTU : 0, .once = TRUE
  };
  send_by_hand (self, &packet, 0);
}
