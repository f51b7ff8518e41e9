/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a Version Negotiation answers what was asked. */
#include <string.h>

#include "diagnosis/qs-evidence.h"

#define MOST_DATAGRAMS 512

/* RFC 9000 section 6.2 and 17.2.1: a client ignores a list with the version that it offered, and one whose connection ids
 * are not its own, swapped: it is no answer to what it sent. */
static void
judge_ids (QsEvidence *evidence, const QsPacketHeader *list)
{
  QsVersionFact *fact = &evidence->version_list;

  /* The lines of a key log may stand before them, thousands. */
  for (guint i = 0, n = 0; i < qs_trace_get_n_records (evidence->trace) && n < MOST_DATAGRAMS; i++)
    {
      QsRecord record;
      QsPacketHeader header;
      qs_trace_get_record (evidence->trace, i, &record);
      n += record.kind == QS_RECORD_DATAGRAM;
      if (record.kind != QS_RECORD_DATAGRAM || record.direction != evidence->from_client || record.bytes.length == 0 ||
          !qs_packet_header_parse (record.bytes, 0, &header, NULL) || !header.long_header)
        continue;
      fact->ids_differ = !qs_span_equal (header.scid, list->dcid) || !qs_span_equal (header.dcid, list->scid);
      if (!fact->ids_differ)
        return;
    }
}

/* The list stands in the datagram itself, which is not encrypted; a log tells of it. header: (out): of the datagram alone */
static QsSpan
get_list (const QsEvidence *evidence, QsPacketHeader *header)
{
  const QsPacket *packet = qs_trace_get_packet (evidence->trace, (guint) evidence->packets.version_negotiation);
  const QsMark *fact = qs_trace_find_mark (evidence->trace, QS_MARK_FACT, QS_FACT_VERSION_LIST, NULL);
  QsRecord record;
  gsize length = 0;

  if (packet->record == G_MAXUINT32)
    {
      const guint8 *bytes = fact != NULL && fact->bytes != NULL ? g_bytes_get_data (fact->bytes, &length) : NULL;
      return QS_SPAN (bytes, length);
    }
  qs_trace_get_record (evidence->trace, packet->record, &record);
  if (packet->offset >= record.bytes.length ||
      !qs_packet_header_parse (QS_SPAN (record.bytes.data + packet->offset, record.bytes.length - packet->offset), 0,
                               header, NULL))
    return QS_SPAN_NONE;
  return header->versions;
}

GArray *
qs_evidence_dup_versions (const QsEvidence *evidence)
{
  QsPacketHeader header;

  if (evidence->packets.version_negotiation < 0)
    return NULL;
  QsSpan list = get_list (evidence, &header);
  GArray *versions = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (gsize at = 0; at + 4 <= list.length; at += 4)
    {
      guint32 version;
      memcpy (&version, list.data + at, 4);
      version = GUINT32_FROM_BE (version);
      g_array_append_val (versions, version);
    }
  return versions;
}

/* The version of a client's packet that the list may answer. FALSE: the recording holds none, so nothing speaks against the list. */
static gboolean
find_offered (const QsEvidence *evidence, guint32 *version)
{
  *version = evidence->packets.version;
  if (qs_trace_get_n_datagrams (evidence->trace) == 0)
    return TRUE;
  for (guint i = (guint) evidence->packets.version_negotiation; i-- > 0;)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i);
      if (packet->direction != evidence->from_client || packet->version == 0)
        continue;
      *version = packet->version;
      return TRUE;
    }
  return FALSE;
}

void
qs_evidence_read_version_list (QsEvidence *evidence)
{
  g_autoptr (GArray) versions = qs_evidence_dup_versions (evidence);
  QsPacketHeader header = { 0 };

  guint32 offered;
  if (versions == NULL || !find_offered (evidence, &offered))
    return;
  for (guint i = 0; i < versions->len; i++)
    evidence->version_list.lists_offered |= g_array_index (versions, guint32, i) == offered;
  get_list (evidence, &header);
  if (header.versions.data != NULL)
    judge_ids (evidence, &header);
}
