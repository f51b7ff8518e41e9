/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a server does otherwise than a client. */
#include <openssl/rand.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "craft/qs-craft-private.h"
#include "wire/qs-writer.h"

#define TOKEN_LENGTH 24 /* bytes of a Retry's, unless asked otherwise */
#define RESET_LENGTH 48 /* bytes of a stateless reset */
#define CHALLENGE_AGAIN_RTTS 3
#define AMPLIFICATION 3 /* times as much may go to an address that has proved nothing, RFC 9000 section 8 */

/* --- Beginning --- */

QsCraft *
qs_craft_accept (QsCraftListener *listener, const QsCraftFirst *first, QsTrace *trace, QsClock *clock,
                 const QsCraftOptions *options, QsCraftChangedFunc changed, gpointer data, GError **error)
{
  g_autoptr (QsCraft) self = qs_craft_alloc (trace, clock, options, changed, data);

  self->server = TRUE;
  self->started = TRUE;
  self->version = first->header.version;
  self->address = g_object_ref (first->from);
  self->answer = options->answer;
  self->changes = options->parameters;
  qs_craft_id_set (&self->original_dcid, first->header.dcid);
  qs_craft_id_set (&self->dcid, first->header.scid);
  RAND_bytes (self->reset_token, sizeof self->reset_token);
  if ((options->habits & QS_CRAFT_SAY_TOKEN) != 0)
    self->token = g_bytes_new_static ("quicscope", 9);
  if (!qs_craft_derive_initial (self))
    {
      g_set_error (error, QS_ERROR, QS_ERROR_CRYPTO, "%s", _ ("There are no keys for this version of QUIC."));
      return NULL;
    }
  qs_craft_listener_add (listener, self);
  qs_craft_keep_time (self);
  if ((options->habits & QS_CRAFT_HOLD_ANSWER) == 0 && !qs_craft_answer (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
qs_craft_answer (QsCraft *self, GError **error)
{
  g_return_val_if_fail (self->server && self->tls == NULL, FALSE);
  g_autoptr (GByteArray) parameters = qs_craft_make_parameters (self, self->changes);
  QsCraftTlsAnswer answer = self->answer;

  answer.parameters = qs_written (parameters);
  self->tls = qs_craft_tls_new_server (&answer, &qs_craft_tls_hooks, self, error);
  if (self->tls == NULL)
    return FALSE;
  qs_craft_feed_tls (self, QS_PACKET_INITIAL);
  qs_craft_flush (self);
  return TRUE;
}

void
qs_craft_server_done (QsCraft *self)
{
  static const guint8 done[] = { QS_FRAME_HANDSHAKE_DONE };

  self->proved = TRUE;
  qs_craft_queue_frames (self, QS_CRAFT_SPACE_APPLICATION, QS_SPAN (done, sizeof done), QS_CRAFT_CONFIRMED);
}

gboolean
qs_craft_server_may_send (const QsCraft *self)
{
  return !self->server || (self->tls != NULL && self->challenged_at == 0 &&
                           (self->proved || self->said + QS_CRAFT_MTU <= AMPLIFICATION * self->heard));
}

/* --- Paths --- */

/* Nothing but the challenge goes to the new address until it is answered (RFC 9000 sections 8.2.1 and 9.3.1); it is made again when it
 * seems lost. */
void
qs_craft_server_challenge (QsCraft *self, gboolean moved, gsize bytes)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  gboolean lost = self->challenged_at != 0 &&
                  qs_clock_now (self->clock) > self->challenged_at + CHALLENGE_AGAIN_RTTS * qs_craft_get_rtt (self);

  if ((!moved && !lost) || (self->habits & (QS_CRAFT_TRUST_PATH | QS_CRAFT_SILENT)) != 0 ||
      self->own[QS_PACKET_1RTT].keys == NULL)
    return;
  self->challenged_at = MAX (qs_clock_now (self->clock), 1);
  if (moved && self->n_spare_ids > 0) /* for another address another id (section 9.5) */
    self->dcid = self->spare_ids[--self->n_spare_ids];
  RAND_bytes (self->challenge, sizeof self->challenge);
  qs_frame_write (frame, &(const QsFrame){ .type = QS_FRAME_PATH_CHALLENGE,
                                           .data = QS_SPAN (self->challenge, sizeof self->challenge) });
  const QsCraftPacket packet = { .type = QS_PACKET_1RTT,
                                 .frames = qs_written (frame),
                                 .padding = AMPLIFICATION * bytes >= QS_CRAFT_MTU ? QS_CRAFT_MTU : 0,
                                 .once = TRUE };
  qs_craft_send_aside (self, &packet);
}

void
qs_craft_server_take_response (QsCraft *self, QsSpan data)
{
  if (qs_span_equal (data, QS_SPAN (self->challenge, sizeof self->challenge)))
    self->challenged_at = 0;
}

/* --- Whom packets are for --- */

/* What came before a Retry was followed is forgotten, as by a server that keeps nothing of a client until then; packet numbers go on
 * (RFC 9000 section 17.2.5.3). */
static void
follow_retry (QsCraft *self, guint which)
{
  QsCraftSpace *space = &self->spaces[QS_CRAFT_SPACE_INITIAL];

  self->retried = TRUE;
  self->proved = TRUE;
  self->retry_id = self->retry_ids[which];
  g_array_set_size (space->received, 0);
  space->ack_wanted = FALSE;
  qs_craft_derive_initial (self);
  qs_craft_happened (self, QS_CRAFT_RETRY);
}

gboolean
qs_craft_server_takes_id (QsCraft *self, const QsPacketHeader *header)
{
  for (guint i = 0; header->type == QS_PACKET_INITIAL && i < self->n_retries; i++)
    {
      if (!qs_span_equal (header->dcid, qs_craft_id_span (&self->retry_ids[i])) ||
          !qs_span_equal (header->token, qs_craft_bytes_span (self->retry_tokens[i])))
        continue;
      if (!self->retried && self->tls == NULL)
        follow_retry (self, i);
      return TRUE;
    }
  /* Short headers may have an id that a script gave; the listener has seen whose they are. */
  return !header->long_header || (self->habits & QS_CRAFT_ANY_ID) != 0 ||
         qs_span_equal (header->dcid, qs_craft_id_span (&self->scid)) ||
         qs_span_equal (header->dcid, qs_craft_id_span (&self->original_dcid));
}

/* --- Packets without protection --- */

void
qs_craft_send_versions (QsCraft *self, QsSpan versions, gboolean own)
{
  g_autoptr (GByteArray) list = g_byte_array_new (), out = g_byte_array_new ();
  QsPacketHeader header = { .type = QS_PACKET_VERSION_NEGOTIATION,
                            .first_byte = 0xc0,
                            .long_header = TRUE,
                            .dcid = qs_craft_id_span (&self->dcid),
                            .scid = qs_craft_id_span (&self->original_dcid) };

  qs_write_span (list, versions);
  if (own)
    qs_write_uint (list, self->version, 4);
  header.versions = qs_written (list);
  qs_packet_header_write (out, &header, 0);
  qs_craft_write (self, qs_written (out));
}

static GBytes *
make_token (const QsCraftRetry *how)
{
  guint length = how->no_token ? 0 : how->token_length != 0 ? how->token_length : TOKEN_LENGTH;
  guint8 *bytes = g_malloc (MAX (length, 1));

  RAND_bytes (bytes, (int) length);
  return g_bytes_new_take (bytes, length);
}

void
qs_craft_send_retry (QsCraft *self, const QsCraftRetry *how)
{
  if (self->n_retries == QS_CRAFT_MOST_RETRIES)
    return;
  guint which = self->n_retries++;
  const QsCraftId *asked = self->retried ? &self->retry_id : &self->original_dcid;

  self->retry_tokens[which] = make_token (how);
  if (how->same_id)
    self->retry_ids[which] = *asked;
  else
    qs_craft_random_id (&self->retry_ids[which], how->id_length != 0 ? how->id_length : QS_CRAFT_ID_LENGTH);
  g_autoptr (GBytes) sealed =
      qs_retry_seal (self->version, qs_craft_id_span (asked), qs_craft_id_span (&self->dcid),
                     qs_craft_id_span (&self->retry_ids[which]), qs_craft_bytes_span (self->retry_tokens[which]));
  if (sealed == NULL)
    return;
  g_autoptr (GByteArray) out = g_byte_array_new ();
  qs_write_span (out, qs_craft_bytes_span (sealed));
  if (how->garble)
    out->data[out->len - 1] ^= 1;
  qs_craft_write (self, qs_written (out));
}

/* As a packet of 1-RTT to the client's id, of bytes that nobody can open, so that it gets to the connection that it ends. */
void
qs_craft_send_reset (QsCraft *self)
{
  guint8 bytes[RESET_LENGTH];

  RAND_bytes (bytes, sizeof bytes);
  bytes[0] = 0x40 | (bytes[0] & 0x3f);
  memcpy (bytes + 1, self->dcid.bytes, self->dcid.length);
  memcpy (bytes + sizeof bytes - sizeof self->reset_token, self->reset_token, sizeof self->reset_token);
  qs_craft_write (self, QS_SPAN (bytes, sizeof bytes));
}
