/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "craft/qs-craft.h"

#include <openssl/rand.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "craft/qs-craft-private.h"
#include "wire/qs-transport-parameters.h"
#include "wire/qs-writer.h"

#define AES_128_GCM_SHA256 0x1301
#define CRYPTO_LIMIT (256u << 10)
#define TP_RESET_TOKEN 0x02

void
qs_craft_id_set (QsCraftId *id, QsSpan bytes)
{
  id->length = (guint8) MIN (bytes.length, QS_CID_MAX);
  memcpy (id->bytes, bytes.data, id->length);
}

void
qs_craft_random_id (QsCraftId *id, guint8 length)
{
  id->length = MIN (length, QS_CID_MAX);
  RAND_bytes (id->bytes, id->length);
}

void
qs_craft_happened (QsCraft *self, QsCraftEvents events)
{
  self->events |= events;
}

void
qs_craft_tell (QsCraft *self)
{
  if (self->events == self->told)
    return;
  self->told = self->events;
  self->changed (self, self->data);
}

static void
clear_protection (QsCraftProtection *protection)
{
  g_clear_pointer (&protection->keys, qs_keys_free);
  g_clear_pointer (&protection->header, qs_header_key_free);
}

gboolean
qs_craft_protect_with (QsCraftProtection *protection, guint32 version, guint16 suite, const QsSecret *secret)
{
  clear_protection (protection);
  protection->keys = qs_keys_new (version, suite, secret);
  protection->header = qs_header_key_new (version, suite, secret);
  return protection->keys != NULL && protection->header != NULL;
}

gboolean
qs_craft_derive_initial (QsCraft *self)
{
  QsSecret client, server;

  QsSpan id = qs_craft_id_span (!self->server ? &self->dcid : self->retried ? &self->retry_id : &self->original_dcid);

  return qs_initial_secrets (self->version, id, &client, &server) &&
         qs_craft_protect_with (&self->own[QS_PACKET_INITIAL], self->version, AES_128_GCM_SHA256,
                                self->server ? &server : &client) &&
         qs_craft_protect_with (&self->peer[QS_PACKET_INITIAL], self->version, AES_128_GCM_SHA256,
                                self->server ? &client : &server);
}

static void
clear_queue (GQueue *queue)
{
  for (QsCraftQueued *queued; (queued = g_queue_pop_head (queue)) != NULL;)
    {
      g_bytes_unref (queued->bytes);
      g_free (queued);
    }
}

void
qs_craft_discard_space (QsCraft *self, QsCraftSpaceIndex index)
{
  QsCraftSpace *space = &self->spaces[index];

  if (space->discarded)
    return;
  space->discarded = TRUE;
  clear_queue (&space->queue);
  g_array_set_size (space->sent, 0);
}

/* --- What TLS tells --- */

static void
handshake_cb (QsPacketType level, QsSpan bytes, gpointer data)
{
  QsCraft *self = data;

  if (level == QS_PACKET_INITIAL && self->alter_hello != NULL)
    {
      g_autoptr (GByteArray) hello = g_byte_array_new ();
      qs_write_span (hello, bytes);
      self->alter_hello (hello);
      qs_craft_queue_crypto (self, QS_CRAFT_SPACE_INITIAL, qs_written (hello));
    }
  else if (level == QS_PACKET_HANDSHAKE && (self->habits & QS_CRAFT_HOLD_FINISHED) != 0)
    qs_write_span (self->held_finished, bytes);
  else
    qs_craft_queue_crypto (self, qs_craft_space_of (level), bytes);
}

static void
secret_cb (QsPacketType level, gboolean own, guint16 suite, const QsSecret *secret, gpointer data)
{
  QsCraft *self = data;
  QsSecret next;

  if (!qs_craft_protect_with (own ? &self->own[level] : &self->peer[level], self->version, suite, secret))
    {
      qs_craft_happened (self, QS_CRAFT_GAVE_UP);
      return;
    }
  if (level == QS_PACKET_HANDSHAKE)
    qs_craft_happened (self, QS_CRAFT_KEYS);
  if (level != QS_PACKET_1RTT)
    return;
  self->suite = suite;
  if (!own && qs_secret_next (self->version, suite, secret, &next))
    {
      g_clear_pointer (&self->peer_next, qs_keys_free);
      self->peer_next = qs_keys_new (self->version, suite, &next);
    }
}

static void
parameters_cb (QsSpan bytes, gpointer data)
{
  QsCraft *self = data;

  g_clear_pointer (&self->parameters, g_bytes_unref);
  self->parameters = g_bytes_new (bytes.data, bytes.length);
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (qs_craft_bytes_span (self->parameters), NULL);
  for (guint i = 0; parameters != NULL && i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      if (parameter->id == TP_RESET_TOKEN && parameter->value.length == 16 && self->n_reset_tokens < QS_CRAFT_MOST_IDS)
        memcpy (self->reset_tokens[self->n_reset_tokens++], parameter->value.data, 16);
    }
}

static void
alert_cb (guint8 alert, gpointer data)
{
  QsCraft *self = data;

  qs_trace_add_mark (self->trace, QS_MARK_NOTE, "alert", alert, NULL);
  qs_craft_happened (self, QS_CRAFT_GAVE_UP);
}

static void
key_log_cb (const char *line, gpointer data)
{
  QsCraft *self = data;

  qs_trace_add_secret (self->trace, qs_trace_now (self->trace), line);
}

static void
ticket_cb (SSL_SESSION *session, gpointer data)
{
  QsCraft *self = data;

  SSL_SESSION_free (self->session);
  SSL_SESSION_up_ref (session);
  self->session = session;
  qs_craft_happened (self, QS_CRAFT_TICKET);
}

const QsCraftTlsHooks qs_craft_tls_hooks = { handshake_cb, secret_cb, parameters_cb, alert_cb, key_log_cb, ticket_cb };

/* --- Making one --- */

static void
init_spaces (QsCraft *self)
{
  for (guint i = 0; i < QS_CRAFT_N_SPACES; i++)
    {
      QsCraftSpace *space = &self->spaces[i];
      space->sent = g_array_new (FALSE, FALSE, sizeof (QsCraftSent));
      g_array_set_clear_func (space->sent, qs_craft_sent_clear);
      space->received = g_array_new (FALSE, FALSE, sizeof (QsPacketNumberRange));
      space->crypto = qs_reassembly_new (0, CRYPTO_LIMIT);
      g_queue_init (&space->queue);
    }
}

static gboolean
open_all (QsCraft *self, const QsCraftOptions *options, GError **error)
{
  g_autoptr (GByteArray) parameters = qs_craft_make_parameters (self, options->parameters);
  QsCraftTlsOffer offer = options->tls;

  if (!qs_craft_derive_initial (self))
    {
      g_set_error (error, QS_ERROR, QS_ERROR_CRYPTO, "%s", _ ("There are no keys for this version of QUIC."));
      return FALSE;
    }
  offer.parameters = qs_written (parameters);
  self->tls = qs_craft_tls_new (&offer, &qs_craft_tls_hooks, self, error);
  if (self->tls == NULL || !qs_craft_open_socket (self, options->impairment, error))
    return FALSE;
  if (options->ecn != 0)
    qs_udp_bio_set_ecn (self->udp, options->ecn);
  return TRUE;
}

QsCraft *
qs_craft_alloc (QsTrace *trace, QsClock *clock, const QsCraftOptions *options, QsCraftChangedFunc changed,
                gpointer data)
{
  QsCraft *self = g_new0 (QsCraft, 1);

  self->trace = g_object_ref (trace);
  self->clock = g_object_ref (clock != NULL ? clock : qs_clock_get_steady ());
  self->changed = changed;
  self->data = data;
  self->alter_hello = options->alter_hello;
  self->habits = options->habits;
  self->listen = options->heard;
  self->listen_data = options->heard_data;
  self->datagram = options->datagram != 0 ? options->datagram : QS_CRAFT_MTU;
  self->first_flip = options->first_flip;
  self->version = options->version != 0 ? options->version : QS_QUIC_VERSION_1;
  self->token = options->token != NULL ? g_bytes_ref (options->token) : NULL;
  self->held_finished = g_byte_array_new ();
  self->held = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->streams = g_array_new (FALSE, FALSE, sizeof (QsCraftStream));
  init_spaces (self);
  qs_craft_random_id (&self->scid, options->scid_length != 0 ? options->scid_length : QS_CRAFT_ID_LENGTH);
  return self;
}

QsCraft *
qs_craft_new (GSocketAddress *address, QsTrace *trace, QsClock *clock, const QsCraftOptions *options,
              QsCraftChangedFunc changed, gpointer data, GError **error)
{
  g_autoptr (QsCraft) self = qs_craft_alloc (trace, clock, options, changed, data);

  self->address = g_object_ref (address);
  qs_craft_random_id (&self->dcid, options->dcid_length != 0 ? options->dcid_length : QS_CRAFT_ID_LENGTH);
  if (options->dcid != NULL)
    qs_craft_id_set (&self->dcid, qs_craft_bytes_span (options->dcid));
  self->original_dcid = self->dcid;
  return open_all (self, options, error) ? g_steal_pointer (&self) : NULL;
}

void
qs_craft_free (QsCraft *self)
{
  if (self == NULL)
    return;
  qs_craft_close_socket (self);
  if (self->listener != NULL)
    qs_craft_listener_remove (self->listener, self);
  for (guint i = 0; i < self->n_retries; i++)
    g_bytes_unref (self->retry_tokens[i]);
  qs_craft_tls_free (self->tls);
  for (guint i = 0; i <= QS_PACKET_1RTT; i++)
    {
      clear_protection (&self->own[i]);
      clear_protection (&self->peer[i]);
    }
  qs_keys_free (self->own_before);
  qs_keys_free (self->peer_before);
  qs_keys_free (self->peer_next);
  for (guint i = 0; i < QS_CRAFT_N_SPACES; i++)
    {
      clear_queue (&self->spaces[i].queue);
      g_array_unref (self->spaces[i].sent);
      g_array_unref (self->spaces[i].received);
      qs_reassembly_free (self->spaces[i].crypto);
    }
  g_byte_array_unref (self->held_finished);
  g_ptr_array_unref (self->held);
  g_array_unref (self->streams);
  g_clear_pointer (&self->token, g_bytes_unref);
  g_clear_pointer (&self->new_token, g_bytes_unref);
  g_clear_pointer (&self->parameters, g_bytes_unref);
  SSL_SESSION_free (self->session);
  g_clear_object (&self->address);
  g_object_unref (self->trace);
  g_object_unref (self->clock);
  g_free (self);
}

void
qs_craft_start (QsCraft *self)
{
  g_return_if_fail (!self->started);

  self->started = TRUE;
  self->last_progress = qs_clock_now (self->clock);
  qs_craft_tls_start (self->tls);
  qs_craft_flush (self);
  self->hushed = (self->habits & QS_CRAFT_SILENT) != 0;
}

void
qs_craft_tick (QsCraft *self)
{
  if (self->deadline != 0 && qs_clock_now (self->clock) >= self->deadline)
    qs_craft_time_out (self);
  qs_craft_flush (self);
}

/* --- What it is asked and told --- */

QsCraftEvents
qs_craft_get_events (const QsCraft *self)
{
  return self->events;
}

gboolean
qs_craft_is_silent (const QsCraft *self)
{
  return (self->habits & QS_CRAFT_SILENT) != 0;
}

GBytes *
qs_craft_get_token (const QsCraft *self)
{
  return self->new_token != NULL ? self->new_token : self->token;
}

GBytes *
qs_craft_dup_retry_id (const QsCraft *self)
{
  return self->retried ? g_bytes_new (self->retry_id.bytes, self->retry_id.length) : NULL;
}

SSL_SESSION *
qs_craft_get_session (const QsCraft *self)
{
  return self->session;
}

guint64
qs_craft_get_parameter (const QsCraft *self, guint64 id, guint64 otherwise)
{
  g_autoptr (GArray) parameters =
      self->parameters != NULL ? qs_transport_parameters_parse (qs_craft_bytes_span (self->parameters), NULL) : NULL;
  guint64 value;

  for (guint i = 0; parameters != NULL && i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      if (parameter->id == id && qs_transport_parameter_get_integer (parameter, &value))
        return value;
    }
  return otherwise;
}

void
qs_craft_let_finished_go (QsCraft *self)
{
  if (self->held_finished->len > 0)
    qs_craft_queue_crypto (self, QS_CRAFT_SPACE_HANDSHAKE, qs_written (self->held_finished));
  g_byte_array_set_size (self->held_finished, 0);
  self->habits &= ~(guint) QS_CRAFT_HOLD_FINISHED;
  qs_craft_flush (self);
}

void
qs_craft_hush (QsCraft *self)
{
  self->habits |= QS_CRAFT_SILENT;
  self->hushed = TRUE;
  qs_craft_rearm (self);
}

void
qs_craft_update_keys (QsCraft *self)
{
  QsCraftProtection *own = &self->own[QS_PACKET_1RTT];
  QsSecret next;

  if (own->keys == NULL || !qs_secret_next (self->version, self->suite, qs_keys_get_secret (own->keys), &next))
    return;
  g_clear_pointer (&self->own_before, qs_keys_free);
  self->own_before = own->keys;
  own->keys = qs_keys_new (self->version, self->suite, &next);
  self->own_phase = !self->own_phase;
}

gboolean
qs_craft_rebind (QsCraft *self, gboolean fresh_id)
{
  if (fresh_id && self->n_spare_ids > 0)
    {
      g_autoptr (GByteArray) retire = g_byte_array_new ();
      guint last = --self->n_spare_ids;
      qs_frame_write (retire, &(const QsFrame){ .type = QS_FRAME_RETIRE_CONNECTION_ID, .sequence = self->id_sequence });
      self->dcid = self->spare_ids[last];
      self->id_sequence = self->spare_sequences[last];
      qs_craft_queue_frames (self, QS_CRAFT_SPACE_APPLICATION, qs_written (retire), FALSE);
    }
  if (!qs_udp_bio_rebind (self->udp))
    return FALSE;
  return TRUE;
}
