/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "dissect/qs-quic-private.h"

#define CRYPTO_LIMIT (256u << 10) /* bytes that may be out of order, or one message */

static void
stream_track_free (gpointer data)
{
  QsStreamTrack *track = data;

  g_clear_pointer (&track->packets[0], g_array_unref);
  g_clear_pointer (&track->packets[1], g_array_unref);
  qs_http3_stream_free (track->http3[0]);
  qs_http3_stream_free (track->http3[1]);
  g_free (track);
}

QsQuicConn *
qs_quic_conn_new (QsQuic *quic, guint16 path)
{
  QsQuicConn *self = g_new0 (QsQuicConn, 1);
  QsDissection *owner = quic->owner;

  self->quic = quic;
  self->paths = g_array_new (FALSE, FALSE, sizeof (guint16));
  g_array_append_val (self->paths, path);
  for (guint side = 0; side < 2; side++)
    {
      QsDirection direction = qs_dissection_direction (owner, side);
      gboolean own = direction == QS_DIRECTION_SENT && owner->vantage != QS_VANTAGE_NETWORK;

      self->cids[side] = g_array_new (FALSE, FALSE, sizeof (QsIssuedCid));
      self->tokens[side] = g_byte_array_new ();
      self->ack_delay_exponent[side] = 3;
      self->max_ack_delay[side] = 25;
      for (guint space = 0; space < QS_N_SPACES; space++)
        {
          self->recovery[side][space] = qs_recovery_new (owner->trace, direction, own);
          self->crypto[side][space] = qs_reassembly_new (0, CRYPTO_LIMIT);
        }
    }
  for (guint level = 0; level < QS_N_LEVELS; level++)
    self->pending[level] = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->streams = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, stream_track_free);
  return self;
}

static void
path_space_free (QsPathSpace *self)
{
  if (self == NULL)
    return;
  qs_recovery_free (self->recovery[0]);
  qs_recovery_free (self->recovery[1]);
  g_free (self);
}

void
qs_quic_conn_free (QsQuicConn *self)
{
  for (guint side = 0; side < 2; side++)
    {
      g_array_unref (self->cids[side]);
      g_byte_array_unref (self->tokens[side]);
      g_clear_pointer (&self->parameters[side], g_bytes_unref);
      for (guint space = 0; space < QS_N_SPACES; space++)
        {
          qs_recovery_free (self->recovery[side][space]);
          qs_reassembly_free (self->crypto[side][space]);
        }
    }
  for (guint i = 0; i < QS_MAX_PATH_ID; i++)
    path_space_free (self->path_spaces[i]);
  for (guint level = 0; level < QS_N_LEVELS; level++)
    g_array_unref (self->pending[level]);
  g_hash_table_unref (self->streams);
  qs_http3_follow_free (self->http3);
  g_array_unref (self->paths);
  qs_late_search_free (self->search);
  g_free (self);
}

void
qs_quic_conn_forget_http3 (QsQuicConn *self)
{
  GHashTableIter iter;
  gpointer track;

  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, NULL, &track))
    for (guint side = 0; side < 2; side++)
      g_clear_pointer (&((QsStreamTrack *) track)->http3[side], qs_http3_stream_free);
  g_clear_pointer (&self->http3, qs_http3_follow_free);
}

/* --- Paths, connection ids and tokens --- */

gboolean
qs_quic_conn_has_path (QsQuicConn *self, guint16 path)
{
  for (guint i = self->paths->len; i-- > 0;)
    if (g_array_index (self->paths, guint16, i) == path)
      return TRUE;
  return FALSE;
}

void
qs_quic_conn_add_path (QsQuicConn *self, guint16 path)
{
  if (self->paths->len < QS_MAX_PATHS && !qs_quic_conn_has_path (self, path))
    g_array_append_val (self->paths, path);
}

void
qs_quic_conn_add_cid (QsQuicConn *self, QsSide issuer, QsSpan cid, guint32 path_id)
{
  QsIssuedCid issued = { qs_cid_new (cid), path_id };

  if (self->cids[issuer]->len >= QS_MAX_CIDS || qs_quic_conn_has_cid (self, issuer, cid, TRUE))
    return;
  if (self->cids[issuer]->len > 0 && g_array_index (self->cids[issuer], QsIssuedCid, 0).cid.length != issued.cid.length)
    self->mixed_cids[issuer] = TRUE;
  g_array_append_val (self->cids[issuer], issued);
}

/* whole: start is the id itself, not a packet that may begin with it. */
static const QsIssuedCid *
find_cid (QsQuicConn *self, QsSide issuer, QsSpan start, gboolean whole)
{
  for (guint i = 0; i < self->cids[issuer]->len; i++)
    {
      const QsIssuedCid *issued = &g_array_index (self->cids[issuer], QsIssuedCid, i);
      const QsCid *cid = &issued->cid;
      if (whole ? qs_cid_equal (cid, start)
                : cid->length > 0 && cid->length <= start.length && memcmp (cid->bytes, start.data, cid->length) == 0)
        return issued;
    }
  return NULL;
}

gboolean
qs_quic_conn_has_cid (QsQuicConn *self, QsSide issuer, QsSpan start, gboolean whole)
{
  return find_cid (self, issuer, start, whole) != NULL;
}

gboolean
qs_quic_conn_find_path_id (QsQuicConn *self, QsSide issuer, QsSpan cid, guint32 *path_id)
{
  const QsIssuedCid *issued = find_cid (self, issuer, cid, TRUE);

  if (issued == NULL)
    return FALSE;
  *path_id = issued->path_id;
  return TRUE;
}

static QsPathSpace *
ensure_path_space (QsQuicConn *self, guint32 path_id)
{
  QsPathSpace **space = &self->path_spaces[path_id];
  QsDissection *owner = self->quic->owner;

  if (*space != NULL)
    return *space;
  *space = g_new0 (QsPathSpace, 1);
  for (guint side = 0; side < 2; side++)
    {
      QsDirection direction = qs_dissection_direction (owner, side);
      gboolean own = direction == QS_DIRECTION_SENT && owner->vantage != QS_VANTAGE_NETWORK;

      (*space)->recovery[side] = qs_recovery_new (owner->trace, direction, own);
    }
  return *space;
}

QsNumbers *
qs_quic_conn_numbers (QsQuicConn *self, QsSide side, QsPacketType level, guint32 path_id)
{
  return path_id == 0 ? &self->numbers[side][qs_space_of (level)] : &ensure_path_space (self, path_id)->numbers[side];
}

QsRecovery *
qs_quic_conn_recovery (QsQuicConn *self, QsSide side, QsPacketType level, guint32 path_id)
{
  return path_id == 0 ? self->recovery[side][qs_space_of (level)] : ensure_path_space (self, path_id)->recovery[side];
}

QsRtt *
qs_quic_conn_rtt (QsQuicConn *self, QsPacketType level, guint32 path_id)
{
  return path_id == 0 ? &self->rtt : &ensure_path_space (self, path_id)->rtt;
}

guint8
qs_quic_conn_short_dcid_length (QsQuicConn *self, QsSide sender, QsSpan packet)
{
  QsSide receiver = sender == QS_SIDE_CLIENT ? QS_SIDE_SERVER : QS_SIDE_CLIENT;

  if (self->mixed_cids[receiver] && packet.length > 1)
    {
      const QsIssuedCid *issued = find_cid (self, receiver, QS_SPAN (packet.data + 1, packet.length - 1), FALSE);
      if (issued != NULL)
        return issued->cid.length;
    }
  return self->cid[receiver].length;
}

void
qs_quic_conn_add_token (QsQuicConn *self, QsSide issuer, QsSpan token)
{
  if (token.data != NULL && token.length == QS_RESET_TOKEN_LENGTH &&
      self->tokens[issuer]->len < QS_MAX_CIDS * QS_RESET_TOKEN_LENGTH)
    g_byte_array_append (self->tokens[issuer], token.data, QS_RESET_TOKEN_LENGTH);
}

gboolean
qs_quic_conn_has_token (QsQuicConn *self, QsSide issuer, QsSpan end)
{
  const GByteArray *tokens = self->tokens[issuer];

  for (guint i = 0; i + QS_RESET_TOKEN_LENGTH <= tokens->len; i += QS_RESET_TOKEN_LENGTH)
    if (memcmp (tokens->data + i, end.data, QS_RESET_TOKEN_LENGTH) == 0)
      return TRUE;
  return FALSE;
}

/* --- Keys --- */

QsInitialKeys *
qs_quic_conn_add_initial (QsQuicConn *self, guint32 version, QsSpan dcid)
{
  QsDissection *owner = self->quic->owner;
  QsSecret secrets[2];

  for (guint i = 0; i < self->n_initial; i++)
    if (self->initial[i].version == version && qs_cid_equal (&self->initial[i].dcid, dcid))
      return NULL;
  if (self->n_initial == QS_MAX_INITIAL_KEYS ||
      !qs_initial_secrets (version, dcid, &secrets[QS_SIDE_CLIENT], &secrets[QS_SIDE_SERVER]))
    return NULL;

  QsInitialKeys *initial = &self->initial[self->n_initial];
  *initial = (QsInitialKeys){ .version = version, .dcid = qs_cid_new (dcid) };
  for (guint side = 0; side < 2; side++)
    initial->keys[side] = qs_dissection_derive_keys (owner, version, 0x1301, &secrets[side], QS_KEY_NONE);
  self->n_initial++;
  return initial;
}

/* All of the secret's length. */
static guint
unknown_suites (const QsSecret *secret, guint16 suites[QS_MAX_SUITES])
{
  if (secret->length == 48)
    {
      suites[0] = 0x1302;
      return 1;
    }
  suites[0] = 0x1301;
  suites[1] = 0x1303;
  suites[2] = 0x1304;
  return 3;
}

/* Suites that a secret may be for: ServerHello's where it was seen, else all that it fits. 0-RTT data that the
 * server refuses is under the earlier session's suite, which may be another one. */
static guint
possible_suites (QsQuicConn *self, const QsSecret *secret, QsPacketType level, guint16 suites[QS_MAX_SUITES])
{
  if (self->suite == 0 || level == QS_PACKET_0RTT)
    return unknown_suites (secret, suites);
  suites[0] = self->suite;
  return 1;
}

/* Nothing new: then packets that wait need no second look. */
static gboolean
is_in_use (QsQuicConn *self, const QsProtection *protection, const QsSecret *secret)
{
  return protection->has_secret && protection->version == self->version && protection->suite == self->suite &&
         qs_secret_equal (&protection->secret, secret);
}

/* Its suite has come to be known: what was derived for it before is what counts, and is not derived again. */
static gboolean
settle_suite (QsQuicConn *self, QsSide side, QsPacketType level, const QsSecret *secret)
{
  QsProtection *protection = &self->protection[side][level];
  guint16 *candidates = self->candidates[side][level];
  guint16 suites[QS_MAX_SUITES];

  if (self->suite == 0 || level == QS_PACKET_0RTT || protection->suite != 0 || !protection->has_secret ||
      protection->version != self->version || !qs_secret_equal (&protection->secret, secret))
    return FALSE;
  guint n = unknown_suites (secret, suites);
  for (guint i = 0; i < n; i++)
    if (suites[i] == self->suite && candidates[i] != QS_KEY_NONE)
      {
        guint16 key = candidates[i];
        memset (candidates, 0, sizeof self->candidates[side][level]);
        candidates[0] = key;
        protection->suite = self->suite;
        return TRUE;
      }
  return FALSE;
}

static void
take_secret (QsQuicConn *self, QsSide side, QsPacketType level, QsSecretLabel label)
{
  QsDissection *owner = self->quic->owner;
  QsProtection *protection = &self->protection[side][level];
  const QsSecret *secret = qs_secret_store_get (owner->secrets, self->random, label);
  guint16 suites[QS_MAX_SUITES];

  if (secret == NULL || protection->confirmed || is_in_use (self, protection, secret) ||
      settle_suite (self, side, level, secret))
    return;

  protection->has_secret = TRUE;
  protection->secret = *secret;
  protection->version = self->version;
  protection->suite = self->suite;
  memset (self->candidates[side][level], 0, sizeof self->candidates[side][level]);
  guint n = possible_suites (self, secret, level, suites);
  for (guint i = 0; i < n; i++)
    self->candidates[side][level][i] = qs_dissection_derive_keys (owner, self->version, suites[i], secret, QS_KEY_NONE);
  self->retry[level] = TRUE;
}

void
qs_quic_conn_take_secrets (QsQuicConn *self)
{
  static const struct {
    QsSide side;
    QsPacketType level;
    QsSecretLabel label;
  } uses[] = {
    { QS_SIDE_CLIENT, QS_PACKET_0RTT, QS_SECRET_CLIENT_EARLY },
    { QS_SIDE_CLIENT, QS_PACKET_HANDSHAKE, QS_SECRET_CLIENT_HANDSHAKE },
    { QS_SIDE_SERVER, QS_PACKET_HANDSHAKE, QS_SECRET_SERVER_HANDSHAKE },
    { QS_SIDE_CLIENT, QS_PACKET_1RTT, QS_SECRET_CLIENT_TRAFFIC },
    { QS_SIDE_SERVER, QS_PACKET_1RTT, QS_SECRET_SERVER_TRAFFIC },
  };

  if (self->version == 0) /* met midway: not known yet */
    return;
  if (!self->has_random && !self->initial_opened)
    {
      /* Its ClientHello was not seen: with keys of a single connection there is no doubt. */
      const guint8 *only = qs_secret_store_get_only_random (self->quic->owner->secrets);
      if (only != NULL)
        {
          memcpy (self->random, only, sizeof self->random);
          self->has_random = TRUE;
        }
    }
  for (guint i = 0; self->has_random && i < G_N_ELEMENTS (uses); i++)
    take_secret (self, self->swapped ? !uses[i].side : uses[i].side, uses[i].level, uses[i].label);
}
