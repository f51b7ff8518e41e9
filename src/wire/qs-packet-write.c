/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-packet.h"
#include "wire/qs-writer.h"

#define LONG_FORM 0x80
#define FIXED_BIT 0x40
#define TYPE_BITS 0x30

/* RFC 9000 section 17.2, and RFC 9369 section 3.2, which moves them on by one. */
static guint8
type_bits (guint32 version, QsPacketType type)
{
  guint number = type == QS_PACKET_0RTT ? 1 : type == QS_PACKET_HANDSHAKE ? 2 : type == QS_PACKET_RETRY ? 3 : 0;

  return (guint8) ((version == QS_QUIC_VERSION_2 ? (number + 1) % 4 : number) << 4);
}

static gboolean
is_numbered (QsPacketType type)
{
  return type == QS_PACKET_INITIAL || type == QS_PACKET_0RTT || type == QS_PACKET_HANDSHAKE || type == QS_PACKET_1RTT;
}

guint8
qs_packet_first_byte (guint32 version, QsPacketType type, guint8 pn_length)
{
  g_return_val_if_fail (!is_numbered (type) || (pn_length >= 1 && pn_length <= 4), 0);

  guint8 first = is_numbered (type) ? FIXED_BIT | (guint8) (pn_length - 1) : FIXED_BIT;
  return type == QS_PACKET_1RTT ? first : first | LONG_FORM | type_bits (version, type);
}

static void
write_long (GByteArray *out, const QsPacketHeader *header, gsize rest)
{
  guint8 first = header->first_byte | LONG_FORM;

  if (is_numbered (header->type) || header->type == QS_PACKET_RETRY)
    first = (guint8) ((first & ~TYPE_BITS) | type_bits (header->version, header->type));
  qs_write_uint (out, first, 1);
  qs_write_uint (out, header->type == QS_PACKET_VERSION_NEGOTIATION ? 0 : header->version, 4);
  qs_write_vector (out, 1, header->dcid);
  qs_write_vector (out, 1, header->scid);
  if (header->type == QS_PACKET_VERSION_NEGOTIATION)
    qs_write_span (out, header->versions);
  if (header->type == QS_PACKET_INITIAL)
    qs_write_varint_vector (out, header->token);
  if (header->type == QS_PACKET_RETRY)
    qs_write_span (out, header->token);
  if (header->type == QS_PACKET_RETRY)
    qs_write_span (out, header->integrity_tag);
  if (is_numbered (header->type))
    qs_write_varint (out, rest);
}

void
qs_packet_header_write (GByteArray *out, const QsPacketHeader *header, gsize rest)
{
  g_return_if_fail (header != NULL && header->dcid.length <= 255 && header->scid.length <= 255);

  if (header->type != QS_PACKET_1RTT)
    {
      write_long (out, header, rest);
      return;
    }
  qs_write_uint (out, header->first_byte & ~LONG_FORM, 1);
  qs_write_span (out, header->dcid);
}

static gboolean
parse_old_ids (QsSpan packet, QsInvariants *invariants)
{
  guint lengths = packet.data[5];
  gsize dcid_length = lengths >> 4 != 0 ? (lengths >> 4) + 3 : 0;
  gsize scid_length = (lengths & 15) != 0 ? (lengths & 15) + 3 : 0;

  if (packet.length < 6 + dcid_length + scid_length)
    return FALSE;
  invariants->dcid = QS_SPAN (packet.data + 6, dcid_length);
  invariants->scid = QS_SPAN (packet.data + 6 + dcid_length, scid_length);
  return TRUE;
}

gboolean
qs_invariants_parse (QsSpan packet, QsInvariants *invariants)
{
  const guint8 *at = packet.data;

  if (packet.data == NULL || packet.length < 7 || (at[0] & LONG_FORM) == 0)
    return FALSE;
  invariants->version = (guint32) at[1] << 24 | (guint32) at[2] << 16 | (guint32) at[3] << 8 | at[4];
  if (qs_quic_version_has_old_ids (invariants->version))
    return parse_old_ids (packet, invariants);
  gsize dcid_length = at[5];
  if (packet.length < 7 + dcid_length || packet.length < 7 + dcid_length + at[6 + dcid_length])
    return FALSE;
  invariants->dcid = QS_SPAN (at + 6, dcid_length);
  invariants->scid = QS_SPAN (at + 7 + dcid_length, at[6 + dcid_length]);
  return TRUE;
}
