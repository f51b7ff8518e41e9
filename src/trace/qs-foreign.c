/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-foreign.h"

#include <string.h>

#define MOST_DATAGRAMS 512
#define LEAST_SHORT 21  /* RFC 9000 section 10.3: shorter ones a peer does not take for a reset either */
#define LEAST_TELLING 4 /* bytes of a connection id that noise does not have */
#define MOST_SENT 16    /* datagrams that an answer is held against */

typedef struct {
  QsSpan bytes[MOST_SENT]; /* the first ones */
  QsSpan scids[MOST_SENT]; /* attempts have connection ids of their own */
  guint n_bytes, n_scids;
  gboolean answered; /* it sent packets that only an answer of QUIC's makes possible */
} Sent;

/* Keys for Handshake and 1-RTT packets come of what a server said (RFC 9001 section 4.1.4). */
static gboolean
proves_an_answer (QsSpan bytes)
{
  QsPacketHeader header;

  while (bytes.length > 0 && qs_packet_header_parse (bytes, 0, &header, NULL))
    {
      if (header.type == QS_PACKET_HANDSHAKE || header.type == QS_PACKET_1RTT)
        return TRUE;
      bytes = QS_SPAN (bytes.data + header.length, bytes.length - header.length);
    }
  return FALSE;
}

/* What would tell is not in every recording: a short header to an id without bytes names nobody, and a long one may answer an attempt
 * that was not captured. */
static gboolean
may_be_of_a_connection (const Sent *sent, QsSpan bytes)
{
  static const guint8 none[4] = { 0 };
  QsInvariants invariants;

  /* A list of versions, with the ids laid out as in some draft or other. */
  if (bytes.length > 5 + sizeof none && (bytes.data[0] & 0x80) != 0 && memcmp (bytes.data + 1, none, sizeof none) == 0)
    return TRUE;
  if (qs_invariants_parse (bytes, &invariants))
    return qs_quic_version_is_readable (invariants.version) || qs_quic_version_is_greased (invariants.version);
  if ((bytes.data[0] & 0xc0) != 0x40 || bytes.length < LEAST_SHORT)
    return FALSE;
  for (guint i = 0; i < sent->n_scids; i++)
    if (sent->scids[i].length == 0)
      return TRUE;
  return FALSE;
}

static void
note_sent (Sent *sent, QsSpan bytes)
{
  QsPacketHeader header;

  sent->answered = sent->answered || proves_an_answer (bytes);
  if (sent->n_bytes < MOST_SENT)
    sent->bytes[sent->n_bytes++] = bytes;
  if (sent->n_scids == MOST_SENT || !qs_packet_header_parse (bytes, 0, &header, NULL) || !header.long_header)
    return;
  for (guint i = 0; i < sent->n_scids; i++)
    {
      if (qs_span_equal (sent->scids[i], header.scid))
        return;
    }
  sent->scids[sent->n_scids++] = header.scid;
}

static gboolean
names_us (const Sent *sent, QsSpan bytes)
{
  QsPacketHeader header;

  for (guint i = 0; i < sent->n_scids; i++)
    {
      QsSpan ours = sent->scids[i];
      /* Of a version that is not known here an id may be longer: no short header is told by that. */
      if (!qs_packet_header_parse (bytes, ours.length <= QS_CID_MAX ? (guint8) ours.length : 0, &header, NULL))
        continue;
      if (header.long_header && header.version == 0)
        return TRUE;
      /* An id without bytes, as OpenSSL's clients give it, is "named" by much that is no QUIC; a longer one by chance never. */
      if (header.type == QS_PACKET_UNKNOWN && ours.length < LEAST_TELLING)
        continue;
      if (qs_span_equal (header.dcid, ours) && (header.long_header || ours.length > 0))
        return TRUE;
    }
  return FALSE;
}

/* An answer may be to any of them; what is but text says the least. */
static const QsService *
guess (const Sent *sent, QsSpan bytes)
{
  const QsService *found = qs_service_of_datagram (bytes, QS_SPAN_NONE);

  for (guint i = 0; i < sent->n_bytes && (found == NULL || found->name == NULL); i++)
    {
      const QsService *service = qs_service_of_datagram (bytes, sent->bytes[i]);
      found = service != NULL ? service : found;
    }
  return found;
}

static gboolean
is_anything_opened (QsTrace *self)
{
  for (guint i = 0; i < MIN (qs_trace_get_n_packets (self), MOST_DATAGRAMS); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (self, i);
      if (packet->direction == QS_DIRECTION_RECEIVED && (packet->flags & QS_PACKET_DECRYPTED) != 0)
        return TRUE;
    }
  return FALSE;
}

gboolean
qs_trace_find_foreign (QsTrace *self, QsForeign *foreign)
{
  g_return_val_if_fail (QS_IS_TRACE (self) && foreign != NULL, FALSE);

  Sent sent = { 0 };
  *foreign = (QsForeign){ 0 };
  if (is_anything_opened (self))
    return FALSE;
  /* The lines of a key log may stand before them, thousands. */
  for (guint i = 0, n = 0; i < qs_trace_get_n_records (self) && n < MOST_DATAGRAMS; i++)
    {
      QsRecord record;
      qs_trace_get_record (self, i, &record);
      gboolean received = record.direction == QS_DIRECTION_RECEIVED;
      n += record.kind == QS_RECORD_DATAGRAM;
      if (record.kind != QS_RECORD_DATAGRAM || record.bytes.length == 0 || (received && record.fate == QS_FATE_DROPPED))
        continue;
      if (!received)
        note_sent (&sent, record.bytes);
      else if (sent.n_scids == 0 || names_us (&sent, record.bytes))
        {
          *foreign = (QsForeign){ 0 };
          return FALSE;
        }
      else if (foreign->n++ == 0)
        *foreign = (QsForeign){ 1, record.bytes, record.length, record.time, guess (&sent, record.bytes) };
    }
  gboolean doubtful = sent.answered || (foreign->n > 0 && foreign->service == NULL && qs_trace_is_from_file (self) &&
                                        may_be_of_a_connection (&sent, foreign->bytes));
  if (doubtful)
    *foreign = (QsForeign){ 0 };
  return foreign->n > 0;
}
