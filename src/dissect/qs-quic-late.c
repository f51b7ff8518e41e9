/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections whose beginning was not captured: short headers alone, which tell neither how long their connection ids are,
 * nor the upper part of their packet numbers, nor whose secrets fit. All of that is found by trying, in two passes: header
 * protection sorts out almost all candidates (two reserved bits are zero beneath it, RFC 9000 section 17.3.1), and the AEAD
 * proves the one that is left. */
#include <string.h>

#include "dissect/qs-quic-private.h"

#define MAX_SAMPLES 16
#define MIN_SAMPLES 8 /* of one direction, before it is worth while; at the end fewer will do */
#define ENTRIES_AT_ONCE 4
#define TRIES_AT_ONCE 512
#define MAX_CANDIDATES 512
#define N_GENERATIONS 8 /* key updates before the capture began */
#define RESERVED_BITS 0x18
#define KEY_PHASE_BIT 0x04

#define LEAST_HIGH_PARTS 16

/* Where the unknown upper part of a number is looked for, by its length: some millions of packets each. */
static const guint64 most_high_parts[] = { 16384, 1024, 16, 2 };

typedef struct {
  const guint8 *random; /* of the secret store */
  guint32 version;
  guint16 suite;
  guint8 dcid_length;
  gboolean swapped; /* what counts as the client is the server: who read the capture could but guess */
} Candidate;

struct _QsLateSearch {
  QsSide side;
  guint32 samples[MAX_SAMPLES]; /* packets */
  guint n_samples;
  GPtrArray *randoms; /* not owned */
  guint at_random;
  GArray *candidates; /* Candidate */
  guint at_candidate;
  guint64 high; /* the number's upper part to be tried next */

  /* Of the candidate that is being tried. */
  QsKeys *keys[N_GENERATIONS];
  QsPacketHeader header;
  QsUnprotected bare;
  GBytes *clear; /* the header, unprotected: others use the dissection's buffer in between */
};

static void
clear_candidate (QsLateSearch *self)
{
  for (guint i = 0; i < N_GENERATIONS; i++)
    g_clear_pointer (&self->keys[i], qs_keys_free);
  g_clear_pointer (&self->clear, g_bytes_unref);
  self->high = 0;
}

void
qs_late_search_free (QsLateSearch *self)
{
  if (self == NULL)
    return;
  clear_candidate (self);
  g_clear_pointer (&self->randoms, g_ptr_array_unref);
  g_array_unref (self->candidates);
  g_free (self);
}

static QsSpan
sample_bytes (QsQuicConn *conn, guint32 index)
{
  QsTrace *trace = conn->quic->owner->trace;
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  QsRecord record;

  qs_trace_get_record (trace, packet->record, &record);
  return QS_SPAN (record.bytes.data + packet->offset, packet->length);
}

static void
take_samples (QsLateSearch *self, QsQuicConn *conn)
{
  const GArray *pending = conn->pending[QS_PACKET_1RTT];
  QsDirection direction = qs_dissection_direction (conn->quic->owner, self->side);

  for (guint i = 0; i < pending->len && self->n_samples < MAX_SAMPLES; i++)
    {
      guint32 index = g_array_index (pending, guint32, i);
      if (qs_trace_get_packet (conn->quic->owner->trace, index)->direction == direction)
        self->samples[self->n_samples++] = index;
    }
}

/* It costs least to try. */
static guint32
shortest_sample (QsLateSearch *self, QsQuicConn *conn)
{
  guint32 best = self->samples[0];

  for (guint i = 1; i < self->n_samples; i++)
    if (sample_bytes (conn, self->samples[i]).length < sample_bytes (conn, best).length)
      best = self->samples[i];
  return best;
}

/* --- First pass: header protection --- */

static gboolean
bare_with (QsQuicConn *conn, QsHeaderKey *key, guint32 index, guint8 dcid_length, QsPacketHeader *header,
           QsUnprotected *bare)
{
  QsSpan bytes = sample_bytes (conn, index);

  return qs_packet_header_parse (bytes, dcid_length, header, NULL) && !header->long_header &&
         qs_quic_unprotect (conn->quic->owner, key, header, bytes, bytes.length, bare) &&
         (bare->header.data[0] & RESERVED_BITS) == 0;
}

static gboolean
fits_all (QsLateSearch *self, QsQuicConn *conn, QsHeaderKey *key, guint8 dcid_length)
{
  QsPacketHeader header;
  QsUnprotected bare;

  for (guint i = 0; i < self->n_samples; i++)
    if (!bare_with (conn, key, self->samples[i], dcid_length, &header, &bare))
      return FALSE;
  return TRUE;
}

static const QsSecret *
get_secret (QsLateSearch *self, QsQuicConn *conn, const guint8 *random, gboolean swapped)
{
  gboolean client = (self->side == QS_SIDE_CLIENT) != swapped;

  return qs_secret_store_get (conn->quic->owner->secrets, random,
                              client ? QS_SECRET_CLIENT_TRAFFIC : QS_SECRET_SERVER_TRAFFIC);
}

static void
add_candidates (QsLateSearch *self, QsQuicConn *conn, Candidate candidate)
{
  const QsSecret *secret = get_secret (self, conn, candidate.random, candidate.swapped);
  g_autoptr (QsHeaderKey) key = qs_header_key_new (candidate.version, candidate.suite, secret);

  for (guint8 length = 0; key != NULL && length <= QS_CID_MAX; length++)
    if (self->candidates->len < MAX_CANDIDATES && fits_all (self, conn, key, length))
      {
        candidate.dcid_length = length;
        g_array_append_val (self->candidates, candidate);
      }
}

static gboolean
can_be (const QsQuicConn *conn, guint32 version, guint16 suite, gboolean swapped)
{
  return !conn->found ||
         (version == conn->version && swapped == conn->swapped && (conn->suite == 0 || suite == conn->suite));
}

static void
sift (QsLateSearch *self, QsQuicConn *conn, const guint8 *random)
{
  static const guint32 versions[] = { QS_QUIC_VERSION_1, QS_QUIC_VERSION_2 };
  static const guint16 suites[] = { 0x1301, 0x1303, 0x1304, 0x1302 };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (versions) * G_N_ELEMENTS (suites); i++)
    {
      guint32 version = versions[i / 2 % 2];
      guint16 suite = suites[i / 4];
      gboolean swapped = i % 2;
      const QsSecret *secret = get_secret (self, conn, random, swapped);
      if (secret != NULL && qs_suite_secret_length (suite) == secret->length && can_be (conn, version, suite, swapped))
        add_candidates (self, conn, (Candidate){ random, version, suite, 0, swapped });
    }
}

/* --- Second pass: the number --- */

/* Keys of each generation that has the packet's phase. FALSE: the candidate is none. */
static gboolean
begin_candidate (QsLateSearch *self, QsQuicConn *conn, const Candidate *candidate)
{
  QsSecret secret = *get_secret (self, conn, candidate->random, candidate->swapped);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (candidate->version, candidate->suite, &secret);
  guint32 sample = shortest_sample (self, conn);

  if (header_key == NULL || !bare_with (conn, header_key, sample, candidate->dcid_length, &self->header, &self->bare))
    return FALSE;
  self->clear = g_bytes_new (self->bare.header.data, self->bare.header.length);
  self->bare.header = QS_SPAN (g_bytes_get_data (self->clear, NULL), g_bytes_get_size (self->clear));

  guint phase = (self->bare.header.data[0] & KEY_PHASE_BIT) != 0;
  for (guint i = 0; i < N_GENERATIONS; i++)
    {
      QsSecret next;
      if (i % 2 == phase)
        self->keys[i] = qs_keys_new (candidate->version, candidate->suite, &secret);
      if (!qs_secret_next (candidate->version, candidate->suite, &secret, &next))
        return FALSE;
      secret = next;
    }
  return TRUE;
}

/* The generation that opens the sample; -1: none. */
static int
try_number (QsLateSearch *self, QsQuicConn *conn, guint64 number)
{
  gsize length;

  for (guint i = 0; i < N_GENERATIONS; i++)
    if (self->keys[i] != NULL &&
        qs_keys_open (self->keys[i], number, self->bare.header, self->bare.sealed, conn->quic->owner->plain, &length))
      return (int) i;
  return -1;
}

/* All that was found out, as if the connection had been seen from the start. */
static void
adopt (QsLateSearch *self, QsQuicConn *conn, const Candidate *candidate, guint64 number, guint generation)
{
  QsDissection *owner = conn->quic->owner;
  QsProtection *protection = &conn->protection[self->side][QS_PACKET_1RTT];
  QsNumbers *numbers = &conn->numbers[self->side][QS_SPACE_APPLICATION];
  QsSide receiver = self->side == QS_SIDE_CLIENT ? QS_SIDE_SERVER : QS_SIDE_CLIENT;
  const QsSecret *first = get_secret (self, conn, candidate->random, candidate->swapped);
  QsSpan dcid = self->header.dcid;

  memmove (conn->random, candidate->random, sizeof conn->random); /* it may be the very same */
  conn->has_random = conn->found = TRUE;
  conn->swapped = candidate->swapped;
  conn->version = candidate->version;
  conn->suite = candidate->suite;
  conn->has_cid[receiver] = TRUE;
  conn->cid[receiver] = qs_cid_new (dcid);
  qs_quic_conn_add_cid (conn, receiver, dcid, 0);
  numbers->any = TRUE;
  numbers->largest = number;

  const QsSecret *current = qs_keys_get_secret (self->keys[generation]);
  guint16 key = qs_dissection_derive_keys (owner, candidate->version, candidate->suite, first, QS_KEY_NONE);
  if (generation > 0)
    key = qs_dissection_derive_keys (owner, candidate->version, candidate->suite, current, key);
  *protection = (QsProtection){
    .has_secret = TRUE,
    .confirmed = TRUE,
    .secret = *current,
    .version = candidate->version,
    .suite = candidate->suite,
    .current = key,
    .phase = generation % 2,
  };
  conn->retry[QS_PACKET_1RTT] = TRUE;
  qs_quic_conn_take_secrets (conn);
}

/* TRUE when the candidate was proved, or is none. */
static gboolean
try_some (QsLateSearch *self, QsQuicConn *conn, const Candidate *candidate, gboolean *found)
{
  if (self->clear == NULL && !begin_candidate (self, conn, candidate))
    return TRUE;

  /* Where few packets leave many candidates, less of each: what it costs in all is bounded. */
  guint64 most = most_high_parts[self->bare.pn_length - 1];
  guint bits = self->bare.pn_length * 8;
  most = MAX (most / self->candidates->len, MIN (most, LEAST_HIGH_PARTS));
  for (guint i = 0; i < TRIES_AT_ONCE; i++, self->high++)
    {
      if (self->high >= most)
        return TRUE;
      guint64 number = self->high << bits | self->bare.truncated;
      int generation = try_number (self, conn, number);
      if (generation >= 0)
        {
          adopt (self, conn, candidate, number, (guint) generation);
          *found = TRUE;
          return TRUE;
        }
    }
  return FALSE;
}

/* --- Both --- */

/* A little of it. TRUE: it is over, whatever came of it. */
static gboolean
search_some (QsLateSearch *self, QsQuicConn *conn)
{
  gboolean found = FALSE;

  for (guint i = 0; self->at_random < self->randoms->len; i++)
    {
      if (i == ENTRIES_AT_ONCE)
        return FALSE;
      sift (self, conn, g_ptr_array_index (self->randoms, self->at_random++));
    }
  if (self->at_candidate == self->candidates->len)
    return TRUE;
  if (try_some (self, conn, &g_array_index (self->candidates, Candidate, self->at_candidate), &found))
    {
      clear_candidate (self);
      self->at_candidate++;
    }
  return found;
}

static QsLateSearch *
search_new (QsQuicConn *conn, QsSide side, guint least)
{
  QsLateSearch *self = g_new0 (QsLateSearch, 1);

  self->side = side;
  self->candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  take_samples (self, conn);
  if (self->n_samples < MAX (least, 1))
    {
      qs_late_search_free (self);
      return NULL;
    }
  self->randoms = conn->found ? g_ptr_array_new () : qs_secret_store_list_randoms (conn->quic->owner->secrets);
  if (conn->found)
    g_ptr_array_add (self->randoms, conn->random);
  return self;
}

static gboolean
is_wanted (const QsQuicConn *conn, QsSide side)
{
  return (conn->late || !conn->has_random) && !conn->searched[side] &&
         !conn->protection[side][QS_PACKET_1RTT].confirmed;
}

gboolean
qs_quic_conn_search_some (QsQuicConn *conn, gboolean at_end)
{
  if (conn->search == NULL && conn->pending[QS_PACKET_1RTT]->len > 0 &&
      !qs_secret_store_is_empty (conn->quic->owner->secrets))
    for (guint side = 0; side < 2 && conn->search == NULL; side++)
      if (is_wanted (conn, side) && (at_end || conn->n_closed[side] >= MIN_SAMPLES))
        conn->search = search_new (conn, side, at_end ? 1 : MIN_SAMPLES);
  if (conn->search == NULL)
    return FALSE;
  if (search_some (conn->search, conn))
    {
      conn->searched[conn->search->side] = TRUE;
      g_clear_pointer (&conn->search, qs_late_search_free);
    }
  return TRUE;
}
