/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "craft/qs-craft-private.h"

#define PAYLOAD_MAX 65536
#define RESET_LEAST 21 /* bytes of a stateless reset, RFC 9000 section 10.3 */

/* --- Packet numbers that came --- */

/* FALSE when it had come before. */
static gboolean
note_number (QsCraftSpace *space, guint64 number)
{
  GArray *ranges = space->received;
  guint i = 0;

  while (i < ranges->len && g_array_index (ranges, QsPacketNumberRange, i).smallest > number + 1)
    i++;
  QsPacketNumberRange *range = i < ranges->len ? &g_array_index (ranges, QsPacketNumberRange, i) : NULL;
  if (range != NULL && number >= range->smallest && number <= range->largest)
    return FALSE;
  if (range != NULL && number + 1 == range->smallest)
    range->smallest = number;
  else if (range != NULL && number == range->largest + 1)
    range->largest = number;
  else
    {
      QsPacketNumberRange alone = { number, number };
      g_array_insert_val (ranges, i, alone);
    }
  /* Two that have met. */
  for (guint j = 1; j < ranges->len; j++)
    {
      QsPacketNumberRange *above = &g_array_index (ranges, QsPacketNumberRange, j - 1);
      if (g_array_index (ranges, QsPacketNumberRange, j).largest + 1 != above->smallest)
        continue;
      above->smallest = g_array_index (ranges, QsPacketNumberRange, j).smallest;
      g_array_remove_index (ranges, j--);
    }
  if (ranges->len > QS_CRAFT_MOST_RANGES)
    g_array_set_size (ranges, QS_CRAFT_MOST_RANGES);
  space->expected = MAX (space->expected, number + 1);
  return TRUE;
}

/* --- Frames --- */

void
qs_craft_feed_tls (QsCraft *self, QsPacketType type)
{
  QsReassembly *crypto = self->spaces[qs_craft_space_of (type)].crypto;
  QsSpan ready = qs_reassembly_peek (crypto);

  if (ready.length == 0)
    return;
  self->last_progress = qs_clock_now (self->clock);
  qs_craft_happened (self, self->server ? QS_CRAFT_HELLO : 0);
  if (self->tls == NULL)
    return; /* until the answer may go */
  g_autoptr (GBytes) bytes = g_bytes_new (ready.data, ready.length);
  qs_reassembly_consume (crypto, ready.length);
  if (!qs_craft_tls_feed (self->tls, type, qs_craft_bytes_span (bytes)))
    qs_craft_happened (self, QS_CRAFT_GAVE_UP);
  else if (qs_craft_tls_is_done (self->tls) && (self->events & QS_CRAFT_DONE) == 0)
    {
      qs_craft_happened (self, QS_CRAFT_DONE);
      qs_craft_add_facts (self);
      if (self->server)
        qs_craft_server_done (self);
    }
}

static void
take_crypto (QsCraft *self, QsPacketType type, const QsFrame *frame)
{
  qs_reassembly_add (self->spaces[qs_craft_space_of (type)].crypto, frame->stream_offset, frame->data, 0);
  qs_craft_feed_tls (self, type);
}

static void
take_id (QsCraft *self, const QsFrame *frame)
{
  if (self->n_spare_ids < QS_CRAFT_MOST_IDS && frame->data.length >= 1 && frame->data.length <= QS_CID_MAX)
    {
      qs_craft_id_set (&self->spare_ids[self->n_spare_ids], frame->data);
      self->spare_sequences[self->n_spare_ids++] = frame->sequence;
    }
  if (self->n_reset_tokens < QS_CRAFT_MOST_IDS && frame->token.data != NULL && frame->token.length == 16)
    memcpy (self->reset_tokens[self->n_reset_tokens++], frame->token.data, 16);
  qs_craft_happened (self, QS_CRAFT_SPARE_ID);
}

static void
answer_challenge (QsCraft *self, const QsFrame *frame)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  qs_craft_happened (self, QS_CRAFT_CHALLENGED);
  qs_frame_write (out, &(const QsFrame){ .type = QS_FRAME_PATH_RESPONSE, .data = frame->data });
  const QsCraftPacket packet = {
    .type = QS_PACKET_1RTT, .frames = QS_SPAN (out->data, out->len), .padding = QS_CRAFT_MTU, .once = TRUE
  };
  /* Not by the public call: that would be what ACKED is about from now on. */
  if ((self->habits & QS_CRAFT_SILENT) == 0)
    qs_craft_queue_frames (self, QS_CRAFT_SPACE_APPLICATION, packet.frames, 0);
}

static void
take_stream (QsCraft *self, const QsFrame *frame)
{
  /* Whether it is of one that we opened: RFC 9000 section 2.1. */
  if ((frame->stream_id & 3) == 0 && (self->server || frame->stream_id == self->asked))
    qs_craft_happened (self, QS_CRAFT_ANSWERED);
  self->last_progress = qs_clock_now (self->clock);
}

static void
take_token (QsCraft *self, const QsFrame *frame)
{
  g_clear_pointer (&self->new_token, g_bytes_unref);
  if (frame->data.length > 0 && frame->data.length <= 1024)
    self->new_token = g_bytes_new (frame->data.data, frame->data.length);
  qs_craft_happened (self, QS_CRAFT_TOKEN);
}

static void
take_frame (QsCraft *self, QsPacketType type, const QsFrame *frame)
{
  switch (qs_frame_base_type (frame->type))
    {
    case QS_FRAME_ACK:
      qs_craft_acked (self, qs_craft_space_of (type), frame);
      break;
    case QS_FRAME_CRYPTO:
      take_crypto (self, type, frame);
      break;
    case QS_FRAME_STREAM:
    case QS_FRAME_RESET_STREAM:
    case QS_FRAME_STOP_SENDING:
      take_stream (self, frame);
      break;
    case QS_FRAME_NEW_TOKEN:
      take_token (self, frame);
      break;
    case QS_FRAME_NEW_CONNECTION_ID:
      take_id (self, frame);
      break;
    case QS_FRAME_PATH_CHALLENGE:
      answer_challenge (self, frame);
      break;
    case QS_FRAME_PATH_RESPONSE:
      qs_craft_happened (self, QS_CRAFT_RESPONDED);
      qs_craft_server_take_response (self, frame->data);
      break;
    case QS_FRAME_HANDSHAKE_DONE:
      if (self->server)
        break;
      if ((self->events & QS_CRAFT_CONFIRMED) == 0)
        qs_trace_add_mark (self->trace, QS_MARK_CONFIRMED, NULL, 0, NULL);
      qs_craft_happened (self, QS_CRAFT_CONFIRMED);
      qs_craft_discard_space (self, QS_CRAFT_SPACE_HANDSHAKE);
      break;
    case QS_FRAME_CONNECTION_CLOSE:
    case QS_FRAME_CONNECTION_CLOSE_APP:
      qs_craft_happened (self, QS_CRAFT_CLOSED);
      break;
    default:
      break;
    }
}

static void
take_payload (QsCraft *self, QsPacketType type, QsSpan payload)
{
  QsCraftSpace *space = &self->spaces[qs_craft_space_of (type)];
  QsFrame frame;

  for (gsize at = 0; at < payload.length && qs_frame_parse (payload, &at, &frame, NULL);)
    {
      space->ack_wanted |= qs_frame_is_ack_eliciting (frame.type) || (self->habits & QS_CRAFT_ACK_ACKS) != 0;
      take_frame (self, type, &frame);
    }
}

/* --- Opening --- */

static gboolean
open_with (QsCraft *self, QsKeys *keys, const QsPacketHeader *header, QsSpan packet, guint8 *out, gsize *length,
           guint64 *number)
{
  return keys != NULL && qs_packet_open (keys, self->peer[header->type].header, header, packet,
                                         self->spaces[qs_craft_space_of (header->type)].expected, out, length, number);
}

/* The peer has updated its keys, or answers our update (RFC 9001 section 6): the next generation opens it. */
static void
turn_phase (QsCraft *self)
{
  QsSecret next, further;

  g_clear_pointer (&self->peer_before, qs_keys_free);
  self->peer_before = self->peer[QS_PACKET_1RTT].keys;
  self->peer[QS_PACKET_1RTT].keys = g_steal_pointer (&self->peer_next);
  self->peer_phase = !self->peer_phase;
  qs_craft_happened (self, QS_CRAFT_KEY_PHASE);
  next = *qs_keys_get_secret (self->peer[QS_PACKET_1RTT].keys);
  if (qs_secret_next (self->version, self->suite, &next, &further))
    self->peer_next = qs_keys_new (self->version, self->suite, &further);
  if (self->own_phase != self->peer_phase && (self->habits & QS_CRAFT_KEEP_KEYS) == 0)
    qs_craft_update_keys (self);
}

static gboolean
open_packet (QsCraft *self, const QsPacketHeader *header, QsSpan packet, guint8 *out, gsize *length, guint64 *number)
{
  QsCraftProtection *peer = &self->peer[header->type];

  if (open_with (self, peer->keys, header, packet, out, length, number))
    {
      self->phase_began = header->type == QS_PACKET_1RTT ? MIN (self->phase_began, *number) : self->phase_began;
      return TRUE;
    }
  if (header->type != QS_PACKET_1RTT)
    return FALSE;
  if (open_with (self, self->peer_next, header, packet, out, length, number))
    {
      turn_phase (self);
      self->phase_began = *number;
      return TRUE;
    }
  /* Only what was sent before the update may come under the keys of then (RFC 9001 section 6.4). */
  return open_with (self, self->peer_before, header, packet, out, length, number) &&
         (*number < self->phase_began || (self->habits & QS_CRAFT_OLD_KEYS) != 0);
}

static gboolean
is_stateless_reset (const QsCraft *self, QsSpan packet)
{
  for (guint i = 0; packet.length >= RESET_LEAST && i < self->n_reset_tokens; i++)
    {
      if (memcmp (packet.data + packet.length - 16, self->reset_tokens[i], 16) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
hold (QsCraft *self, QsSpan packet)
{
  if (self->held->len < QS_CRAFT_MOST_HELD)
    g_ptr_array_add (self->held, g_bytes_new (packet.data, packet.length));
}

static void
take_protected (QsCraft *self, const QsPacketHeader *header, QsSpan packet)
{
  QsCraftSpace *space = &self->spaces[qs_craft_space_of (header->type)];
  g_autofree guint8 *payload = NULL;
  gsize length;
  guint64 number;

  if (self->peer[header->type].keys == NULL)
    {
      hold (self, packet);
      return;
    }
  payload = g_malloc (PAYLOAD_MAX);
  if (!open_packet (self, header, packet, payload, &length, &number))
    {
      gboolean reset = header->type == QS_PACKET_1RTT && is_stateless_reset (self, packet);
      qs_craft_happened (self, reset ? QS_CRAFT_CLOSED : QS_CRAFT_UNREADABLE);
      return;
    }
  if (header->type == QS_PACKET_HANDSHAKE && self->server)
    {
      self->proved = TRUE;
      qs_craft_discard_space (self, QS_CRAFT_SPACE_INITIAL);
    }
  if (header->type == QS_PACKET_INITIAL && !self->has_server_id && !self->server)
    {
      qs_craft_id_set (&self->dcid, header->scid);
      self->has_server_id = TRUE;
    }
  gboolean news = note_number (space, number);
  if (news && self->listen != NULL)
    self->listen (header->type, QS_SPAN (payload, length), self->listen_data);
  if (news)
    take_payload (self, header->type, QS_SPAN (payload, length));
  else
    space->ack_wanted = TRUE; /* our acknowledgement was lost */
}

static gboolean
is_good_retry (const QsCraft *self, const QsPacketHeader *header, QsSpan packet)
{
  guint8 tag[QS_RETRY_TAG_LENGTH];

  return !self->retried && !self->has_server_id && header->token.length > 0 &&
         !qs_span_equal (header->scid, qs_craft_id_span (&self->original_dcid)) &&
         qs_retry_integrity_tag (self->version, qs_craft_id_span (&self->original_dcid),
                                 QS_SPAN (packet.data, header->length - sizeof tag), tag) &&
         memcmp (tag, header->integrity_tag.data, sizeof tag) == 0;
}

/* RFC 9000 section 17.2.5.2: once, before anything else came, and only if its tag is right. */
static void
take_retry (QsCraft *self, const QsPacketHeader *header, QsSpan packet)
{
  if ((self->habits & QS_CRAFT_ANY_RETRY) == 0 && !is_good_retry (self, header, packet))
    return;
  self->retried = TRUE;
  qs_craft_id_set (&self->retry_id, header->scid);
  g_clear_pointer (&self->token, g_bytes_unref);
  self->token = g_bytes_new (header->token.data, header->token.length);
  qs_craft_happened (self, QS_CRAFT_RETRY);
  if ((self->habits & (QS_CRAFT_SILENT | QS_CRAFT_NO_RETRY)) != 0)
    return;
  qs_craft_id_set (&self->dcid, header->scid);
  qs_craft_derive_initial (self);
  GArray *sent = self->spaces[QS_CRAFT_SPACE_INITIAL].sent;
  while (sent->len > 0)
    {
      QsCraftSent again = g_array_index (sent, QsCraftSent, 0);
      g_array_index (sent, QsCraftSent, 0).bytes = NULL;
      g_array_remove_index (sent, 0);
      qs_craft_send_again (self, QS_CRAFT_SPACE_INITIAL, &again);
    }
}

static gboolean
is_for_us (const QsCraft *self, const QsPacketHeader *header)
{
  for (guint i = 0; !header->long_header && i < self->n_given_ids; i++)
    {
      if (qs_span_equal (header->dcid, qs_craft_id_span (&self->given_ids[i])))
        return TRUE;
    }
  return qs_span_equal (header->dcid, qs_craft_id_span (&self->scid));
}

/* The Initial keys of another version, from the same connection id (RFC 9369 section 4.1). */
static void
move_version (QsCraft *self, const QsPacketHeader *header)
{
  if ((self->habits & QS_CRAFT_MOVE_VERSION) == 0 || self->has_server_id || header->type != QS_PACKET_INITIAL ||
      header->version == self->version ||
      (header->version != QS_QUIC_VERSION_1 && header->version != QS_QUIC_VERSION_2))
    return;
  self->version = header->version;
  qs_craft_derive_initial (self);
}

/* FALSE: nothing behind it can be read. */
static gboolean
take_packet (QsCraft *self, QsSpan rest, gsize *length)
{
  QsPacketHeader header;

  if (!qs_packet_header_parse (rest, self->scid.length, &header, NULL))
    return FALSE;
  QsSpan packet = QS_SPAN (rest.data, header.length);
  *length = header.length;
  move_version (self, &header);
  if (self->server ? !qs_craft_server_takes_id (self, &header) : !is_for_us (self, &header))
    {
      if (!header.long_header && is_stateless_reset (self, rest))
        qs_craft_happened (self, QS_CRAFT_CLOSED);
      return FALSE;
    }
  if (header.type == QS_PACKET_VERSION_NEGOTIATION)
    qs_craft_happened (self, QS_CRAFT_VERSIONS);
  else if (header.type == QS_PACKET_RETRY && !self->server)
    take_retry (self, &header, packet);
  else if (header.type <= QS_PACKET_1RTT)
    take_protected (self, &header, packet);
  return header.length > 0;
}

void
qs_craft_receive (QsCraft *self, QsSpan datagram)
{
  gsize length = 0;

  qs_craft_happened (self, QS_CRAFT_DATAGRAM);
  for (gsize at = 0; at < datagram.length; at += length)
    {
      if (!take_packet (self, QS_SPAN (datagram.data + at, datagram.length - at), &length))
        break;
    }
  qs_craft_open_held (self);
}

void
qs_craft_open_held (QsCraft *self)
{
  for (guint i = 0; i < self->held->len;)
    {
      g_autoptr (GBytes) bytes = g_bytes_ref (self->held->pdata[i]);
      QsPacketHeader header;

      if (!qs_packet_header_parse (qs_craft_bytes_span (bytes), self->scid.length, &header, NULL) ||
          header.type > QS_PACKET_1RTT)
        g_ptr_array_remove_index (self->held, i);
      else if (self->peer[header.type].keys != NULL)
        {
          g_ptr_array_remove_index (self->held, i);
          take_protected (self, &header, qs_craft_bytes_span (bytes));
          i = 0;
        }
      else
        i++;
    }
}
