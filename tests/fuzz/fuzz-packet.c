/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../wire/check-tree.h"
#include "fuzz.h"
#include "wire/qs-describe.h"
#include "wire/qs-packet.h"

/* The first byte is the length of connection ids in short headers, and from 128 on as if packets had been opened; the rest is a
 * datagram. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  guint8 cid_length = size > 0 ? data[0] % (QS_CID_MAX + 1) : 0;

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

      g_autofree char *version = qs_quic_version_name (header.version);
      g_assert_nonnull (version);
      g_autoptr (QsField) tree = qs_describe_packet_header (&header, data[0] >= 128 ? &opened : NULL, rest, at);
      check_tree (tree, at, size);
      at += header.length;
    }
  return 0;
}
