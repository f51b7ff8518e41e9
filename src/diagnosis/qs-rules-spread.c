/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams of one connection that are dealt out among several servers. */
#include <string.h>

#include "base/qs-i18n.h"
#include "diagnosis/qs-rule.h"
#include "diagnosis/qs-spread.h"
#include "wire/qs-packet.h"

#define MOST_FIRST_PACKETS 512
#define LEAST_CID 4 /* bytes: shorter ones may be alike, or change, without a meaning */

/* The header of an Initial or Retry from the server. That the bytes are authentic is what makes the id count: of the former its AEAD says
 * so, of the latter its tag (RFC 9001 section 5.8), else it bears a flag. */
static gboolean
read_beginning (const QsEvidence *evidence, guint index, QsPacketHeader *header, guint16 *path)
{
  const QsPacket *packet = qs_trace_get_packet (evidence->trace, index);
  gboolean authentic =
      packet->type == QS_PACKET_INITIAL ? (packet->flags & QS_PACKET_DECRYPTED) != 0 : packet->type == QS_PACKET_RETRY;
  QsRecord record;

  if (packet->direction != evidence->from_server || !authentic || (packet->flags & QS_PACKET_CORRUPT) != 0 ||
      packet->record == G_MAXUINT32)
    return FALSE;
  qs_trace_get_record (evidence->trace, packet->record, &record);
  *path = record.path;
  return packet->offset < record.bytes.length &&
         qs_packet_header_parse (QS_SPAN (record.bytes.data + packet->offset, record.bytes.length - packet->offset), 0,
                                 header, NULL) &&
         header->long_header && header->scid.length >= LEAST_CID;
}

static gboolean
is_same (QsSpan a, QsSpan b)
{
  return a.length == b.length && memcmp (a.data, b.data, a.length) == 0;
}

gboolean
qs_spread_find (const QsEvidence *evidence, gint64 packets[2])
{
  g_return_val_if_fail (evidence != NULL, FALSE);

  guint n = MIN (qs_trace_get_n_packets (evidence->trace), MOST_FIRST_PACKETS);
  QsPacketHeader first = { 0 }, header;
  guint16 first_path = 0, path = 0;
  gint64 first_index = QS_NO_PACKET;
  gboolean retried = FALSE;

  for (guint i = 0; !evidence->tls && i < n; i++)
    {
      if (!read_beginning (evidence, i, &header, &path))
        continue;
      /* One before all Initials gives the server another id, and one behind them comes from somebody who knows nothing of them
       * (section 17.2.5). */
      retried |= header.type == QS_PACKET_RETRY && first_index < 0;
      if (header.type == QS_PACKET_RETRY && retried)
        continue;
      gboolean alike = first_index >= 0 && path == first_path && header.version == first.version &&
                       is_same (header.dcid, first.dcid);
      if (alike && !is_same (header.scid, first.scid))
        {
          if (packets != NULL)
            packets[0] = first_index, packets[1] = i;
          return TRUE;
        }
      if (!alike)
        first = header, first_path = path, first_index = i;
    }
  return FALSE;
}

/* RFC 9000 section 5.1: an id leads a packet to the server that chose it, and before there is one the addresses have to. */
static gboolean
match_spread (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *twice = qs_experiment_find (evidence, "each-twice", 1);
  gint64 packets[2] = { QS_NO_PACKET, QS_NO_PACKET };
  gboolean seen = qs_spread_find (evidence, packets);

  if (evidence->tls || (!seen && (twice == NULL || !qs_evidence_is_without_hello (evidence))))
    return FALSE;
  if (qs_evidence_is_connected (evidence) && !evidence->failed)
    match->severity = QS_SEVERITY_WARNING;
  qs_match_set (match, "proof",
                seen ? _ ("Two servers answered one and the same beginning: what came bears two different connection "
                          "ids of its sender, under keys that only this client's first packet gives.")
                     : twice->text);
  for (guint i = 0; i < G_N_ELEMENTS (packets); i++)
    qs_match_add_packet (match, evidence, packets[i], NULL);
  match->packet = packets[1];
  qs_match_add_mark (match, evidence, twice, NULL);
  return TRUE;
}

const QsRule qs_rules_spread[] = {
  { "datagrams-spread",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 5.1",
    N_ ("The datagrams of this client's connection are dealt out among several servers at {address}."),
    N_ ("{proof} Each of them got a part of the handshake, and none all of it. A balancer that goes by packets does "
        "so, and a server with several processes on one port that do not keep a client's packets together."),
    match_spread,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Have the balancer keep to one server by the client's address and port, or by QUIC's connection ids."),
      N_ ("Where several processes share the port (SO_REUSEPORT), look how they pass on each other's packets: "
          "quic_bpf in nginx does that."),
      N_ ("Until then, let one server alone have the port.") } },
  { NULL },
};
