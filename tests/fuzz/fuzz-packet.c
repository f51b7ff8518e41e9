/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../wire/check-tree.h"
#include "fuzz.h"
#include "wire/qs-describe.h"
#include "wire/qs-packet.h"
#include "wire/qs-writer.h"

static void
check_written (const QsPacketHeader *header, guint8 cid_length, QsSpan packet)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gsize rest = header->pn_offset > 0 ? header->length - header->pn_offset : 0;
  QsPacketHeader read;

  if (header->type == QS_PACKET_UNKNOWN || (header->type == QS_PACKET_RETRY && header->integrity_tag.length == 0))
    return; /* what follows the ids is not known, or, in drafts before the 25th, not kept */
  qs_packet_header_write (out, header, rest);
  if (header->pn_offset > 0)
    qs_write_span (out, QS_SPAN (packet.data + header->pn_offset, rest));
  g_assert_true (qs_packet_header_parse (qs_written (out), cid_length, &read, NULL));
  g_assert_cmpint (read.type, ==, header->type);
  g_assert_cmpuint (read.first_byte, ==, header->first_byte);
  g_assert_cmpuint (read.version, ==, header->version);
  g_assert_true (qs_span_equal (read.dcid, header->dcid));
  g_assert_true (qs_span_equal (read.scid, header->scid));
  g_assert_true (qs_span_equal (read.token, header->token));
  g_assert_true (qs_span_equal (read.versions, header->versions));
  g_assert_true (qs_span_equal (read.integrity_tag, header->integrity_tag));
  g_assert_cmpuint (read.length, ==, out->len);
  if (header->pn_offset > 0)
    g_assert_cmpuint (read.length - read.pn_offset, ==, rest);
}

static void
check_invariants (QsSpan packet, const QsPacketHeader *header)
{
  QsInvariants invariants;

  g_assert_true (qs_invariants_parse (packet, &invariants) == header->long_header);
  if (!header->long_header)
    return;
  g_assert_cmpuint (invariants.version, ==, header->version);
  g_assert_true (qs_span_equal (invariants.dcid, header->dcid));
  g_assert_true (qs_span_equal (invariants.scid, header->scid));
}

/* The first byte is the length of connection ids in short headers, and from 128 on as if packets had been opened; the rest is a
 * datagram. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  guint8 cid_length = size > 0 ? data[0] % (QS_CID_MAX + 1) : 0;

  guint32 google_version;
  QsSpan google_cid;
  if (size > 1 && qs_google_header_parse (QS_SPAN (data + 1, size - 1), &google_version, &google_cid))
    g_assert_cmpuint (google_cid.length, <=, size - 1);

  const QsOpenedHeader opened = { size, (guint8) (1 + cid_length % 4), size % 2 };

  for (gsize at = 1; at < size;)
    {
      QsSpan rest = QS_SPAN (data + at, size - at);
      QsPacketHeader header;
      if (!qs_packet_header_parse (rest, cid_length, &header, NULL))
        break;
      g_assert_cmpuint (header.length, >, 0);
      g_assert_cmpuint (header.length, <=, rest.length);
      g_assert_cmpuint (header.pn_offset, <=, header.length);

      check_written (&header, cid_length, rest);
      check_invariants (rest, &header);
      g_autofree char *version = qs_quic_version_name (header.version);
      g_assert_nonnull (version);
      g_autoptr (QsField) tree = qs_describe_packet_header (&header, data[0] >= 128 ? &opened : NULL, rest, at);
      check_tree (tree, at, size);
      at += header.length;
    }
  return 0;
}
