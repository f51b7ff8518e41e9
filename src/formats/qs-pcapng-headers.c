/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-pcapng-headers.h"

#include <string.h>

void
qs_pcapng_put_bytes (GByteArray *out, const void *bytes, gsize n)
{
  if (n > 0)
    g_byte_array_append (out, bytes, (guint) n);
}

void
qs_pcapng_put_le16 (GByteArray *out, guint value)
{
  guint16 wire = GUINT16_TO_LE ((guint16) value);
  qs_pcapng_put_bytes (out, &wire, 2);
}

void
qs_pcapng_put_le32 (GByteArray *out, guint32 value)
{
  guint32 wire = GUINT32_TO_LE (value);
  qs_pcapng_put_bytes (out, &wire, 4);
}

void
qs_pcapng_put_be16 (GByteArray *out, guint value)
{
  guint16 wire = GUINT16_TO_BE ((guint16) value);
  qs_pcapng_put_bytes (out, &wire, 2);
}

void
qs_pcapng_put_be32 (GByteArray *out, guint32 value)
{
  guint32 wire = GUINT32_TO_BE (value);
  qs_pcapng_put_bytes (out, &wire, 4);
}

void
qs_pcapng_pad4 (GByteArray *out)
{
  static const guint8 zeros[4];
  qs_pcapng_put_bytes (out, zeros, (4 - out->len % 4) % 4);
}

void
qs_pcapng_put_option (GByteArray *out, guint code, const void *value, gsize length)
{
  qs_pcapng_put_le16 (out, code);
  qs_pcapng_put_le16 (out, (guint) length);
  qs_pcapng_put_bytes (out, value, length);
  qs_pcapng_pad4 (out);
}

guint32
qs_pcapng_sum_words (guint32 sum, const guint8 *bytes, gsize n)
{
  for (gsize i = 0; i + 1 < n; i += 2)
    sum += (guint32) (bytes[i] << 8 | bytes[i + 1]);
  if (n % 2 == 1)
    sum += (guint32) bytes[n - 1] << 8;
  return (sum & 0xffff) + (sum >> 16);
}

guint16
qs_pcapng_fold (guint32 sum)
{
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return (guint16) ~sum;
}

void
qs_pcapng_patch_be16 (GByteArray *out, gsize at, guint16 value)
{
  out->data[at] = (guint8) (value >> 8);
  out->data[at + 1] = (guint8) value;
}

/* length: of what follows the IP header. */
void
qs_pcapng_put_ip_header (GByteArray *out, const QsPcapngWay *way, QsDirection direction, guint8 protocol, guint8 ecn,
                         gsize length)
{
  const QsPcapngEnd *from = &way->ends[direction];
  const QsPcapngEnd *to = &way->ends[1 - direction];

  if (way->ipv6)
    {
      qs_pcapng_put_be32 (out, 0x60000000u | (guint32) ecn << 20);
      qs_pcapng_put_be16 (out, (guint) length);
      qs_pcapng_put_bytes (out, (guint8[]){ protocol, 64 }, 2);
      qs_pcapng_put_bytes (out, from->address, 16);
      qs_pcapng_put_bytes (out, to->address, 16);
      return;
    }
  qs_pcapng_put_bytes (out, (guint8[]){ 0x45, ecn }, 2);
  qs_pcapng_put_be16 (out, (guint) length + 20);
  qs_pcapng_put_be32 (out, 0x00004000); /* identification 0, do not fragment */
  qs_pcapng_put_bytes (out, (guint8[]){ 64, protocol, 0, 0 }, 4);
  qs_pcapng_put_bytes (out, from->address, 4);
  qs_pcapng_put_bytes (out, to->address, 4);
  qs_pcapng_patch_be16 (out, 10, qs_pcapng_fold (qs_pcapng_sum_words (0, out->data, 20)));
}

/* Over the pseudo-header and what stands from at on (RFC 768, RFC 9293, RFC 8200 section 8.1). */
guint16
qs_pcapng_transport_checksum (const GByteArray *packet, const QsPcapngWay *way, guint8 protocol, gsize at)
{
  gsize address_length = way->ipv6 ? 16 : 4;
  guint32 length = packet->len - (guint32) at;
  guint32 sum = qs_pcapng_sum_words (0, way->ends[0].address, address_length);

  sum += qs_pcapng_sum_words (0, way->ends[1].address, address_length);
  return qs_pcapng_fold (qs_pcapng_sum_words (sum + protocol + length, packet->data + at, length));
}
