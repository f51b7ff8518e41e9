/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a Version Negotiation answers what was asked. */
#include <string.h>

#include "diagnosis/qs-evidence.h"

#define MOST_RECORDS 512

/* RFC 9000 section 6.2 and 17.2.1: a client ignores a list with the version that it offered, and one whose connection ids
 * are not its own, swapped: it is no answer to what it sent. */
static void
judge_version_negotiation (QsEvidence *evidence, const QsPacketHeader *list)
{
  const QsPacketFacts *packets = &evidence->packets;
  QsVersionFact *fact = &evidence->version_list;

  for (gsize at = 0; at + 4 <= list->versions.length; at += 4)
    {
      guint32 version;
      memcpy (&version, list->versions.data + at, 4);
      fact->lists_offered |= GUINT32_FROM_BE (version) == packets->version;
    }
  for (guint i = 0; i < MIN (qs_trace_get_n_records (evidence->trace), MOST_RECORDS); i++)
    {
      QsRecord record;
      QsPacketHeader header;
      qs_trace_get_record (evidence->trace, i, &record);
      if (record.kind != QS_RECORD_DATAGRAM || record.direction != evidence->from_client || record.bytes.length == 0 ||
          !qs_packet_header_parse (record.bytes, 0, &header, NULL) || !header.long_header)
        continue;
      fact->ids_differ = !qs_span_equal (header.scid, list->dcid) || !qs_span_equal (header.dcid, list->scid);
      if (!fact->ids_differ)
        return;
    }
}

void
qs_evidence_read_version_list (QsEvidence *evidence)
{
  gint64 index = evidence->packets.version_negotiation;
  QsPacketHeader header;
  QsRecord record;

  if (index < 0)
    return;
  const QsPacket *packet = qs_trace_get_packet (evidence->trace, (guint) index);
  if (packet->record == G_MAXUINT32)
    return;
  qs_trace_get_record (evidence->trace, packet->record, &record);
  if (packet->offset < record.bytes.length &&
      qs_packet_header_parse (QS_SPAN (record.bytes.data + packet->offset, record.bytes.length - packet->offset), 0,
                              &header, NULL))
    judge_version_negotiation (evidence, &header);
}
