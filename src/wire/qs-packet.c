/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/qs-packet.h"

#include "base/qs-i18n.h"
#include "wire/qs-reader.h"

#define RETRY_TAG_LENGTH 16

static const struct {
  const char *name;
  const char *qlog_name;
} packet_types[] = {
  [QS_PACKET_INITIAL] = { "Initial", "initial" },
  [QS_PACKET_0RTT] = { "0-RTT", "0RTT" },
  [QS_PACKET_HANDSHAKE] = { "Handshake", "handshake" },
  [QS_PACKET_1RTT] = { "1-RTT", "1RTT" },
  [QS_PACKET_RETRY] = { "Retry", "retry" },
  [QS_PACKET_VERSION_NEGOTIATION] = { "Version Negotiation", "version_negotiation" },
  [QS_PACKET_STATELESS_RESET] = { "Stateless Reset", "stateless_reset" },
  [QS_PACKET_UNKNOWN] = { "Unknown", "unknown" },
  [QS_PACKET_TLS_RECORD] = { "TLS record", "unknown" },
};
G_STATIC_ASSERT (G_N_ELEMENTS (packet_types) == QS_N_PACKET_TYPES);

/* The type bits of the first byte. Version 2 moved them on by one, so that middleboxes do not take
 * version 1's for granted (RFC 9369 section 3.2). */
static const QsPacketType long_types_v1[] = { QS_PACKET_INITIAL, QS_PACKET_0RTT, QS_PACKET_HANDSHAKE, QS_PACKET_RETRY };
static const QsPacketType long_types_v2[] = { QS_PACKET_RETRY, QS_PACKET_INITIAL, QS_PACKET_0RTT, QS_PACKET_HANDSHAKE };

static gboolean
parse_short (QsReader *reader, guint8 dcid_length, QsPacketHeader *header, GError **error)
{
  header->type = QS_PACKET_1RTT;
  header->dcid = qs_reader_span (reader, dcid_length);
  if (!reader->ok)
    return qs_reader_fail_truncated (reader, _ ("packet with a short header"), error);
  header->pn_offset = (guint32) reader->at;
  return TRUE;
}

static gboolean
parse_version_negotiation (QsReader *reader, QsPacketHeader *header, GError **error)
{
  header->type = QS_PACKET_VERSION_NEGOTIATION;
  header->versions = qs_reader_rest (reader);
  if (header->versions.length == 0 || header->versions.length % 4 != 0)
    return qs_reader_fail_truncated (reader, _ ("Version Negotiation packet"), error);
  return TRUE;
}

static gboolean
parse_retry (QsReader *reader, QsPacketHeader *header, GError **error)
{
  gsize left = qs_reader_left (reader);

  guint draft = qs_quic_version_draft (header->version);

  if (draft != 0 && draft < 25) /* these repeat the first Destination Connection ID instead of the tag */
    {
      qs_reader_vector (reader, 1);
      header->token = qs_reader_rest (reader);
      return reader->ok || qs_reader_fail_truncated (reader, _ ("Retry packet"), error);
    }
  if (left < RETRY_TAG_LENGTH)
    return qs_reader_fail_truncated (reader, _ ("Retry packet"), error);
  header->token = qs_reader_span (reader, left - RETRY_TAG_LENGTH);
  header->integrity_tag = qs_reader_rest (reader);
  return TRUE;
}

static gboolean
parse_numbered (QsReader *reader, QsPacketHeader *header, GError **error)
{
  if (header->type == QS_PACKET_INITIAL)
    header->token = qs_reader_span (reader, qs_reader_varint (reader));
  guint64 length = qs_reader_varint (reader);
  gsize pn_offset = reader->at;

  /* The length counts the packet number and the payload (RFC 9000 section 17.2). */
  qs_reader_span (reader, length);
  if (!reader->ok)
    return qs_reader_fail_truncated (reader, packet_types[header->type].name, error);
  header->pn_offset = (guint32) pn_offset;
  header->length = (guint32) reader->at;
  return TRUE;
}

static gboolean
parse_versioned (QsReader *reader, QsPacketHeader *header, GError **error)
{
  /* The invariants allow 255 bytes, versions 1 and 2 no more than 20 (RFC 9000 section 17.2). */
  if (header->dcid.length > QS_CID_MAX || header->scid.length > QS_CID_MAX)
    {
      g_set_error (error, QS_ERROR, QS_ERROR_PARSE, _ ("A connection ID of %zu bytes, where QUIC version %u allows 20"),
                   MAX (header->dcid.length, header->scid.length), header->version == QS_QUIC_VERSION_2 ? 2u : 1u);
      return FALSE;
    }

  const QsPacketType *types = header->version == QS_QUIC_VERSION_2 ? long_types_v2 : long_types_v1;
  header->type = types[header->first_byte >> 4 & 3];
  return header->type == QS_PACKET_RETRY ? parse_retry (reader, header, error) : parse_numbered (reader, header, error);
}

static gboolean
parse_long (QsReader *reader, QsPacketHeader *header, GError **error)
{
  QsInvariants invariants;

  header->version = (guint32) qs_reader_uint (reader, 4);
  if (reader->ok && qs_quic_version_has_old_ids (header->version))
    {
      if (!qs_invariants_parse (reader->bytes, &invariants))
        {
          reader->ok = FALSE;
          return qs_reader_fail_truncated (reader, _ ("packet with a long header"), error);
        }
      header->dcid = invariants.dcid;
      header->scid = invariants.scid;
      return TRUE; /* and nothing more can be read of it */
    }
  header->dcid = qs_reader_vector (reader, 1);
  header->scid = qs_reader_vector (reader, 1);
  if (!reader->ok)
    return qs_reader_fail_truncated (reader, _ ("packet with a long header"), error);

  if (header->version == 0)
    return parse_version_negotiation (reader, header, error);
  if (qs_quic_version_is_readable (header->version))
    return parse_versioned (reader, header, error);
  header->type = QS_PACKET_UNKNOWN;
  return TRUE;
}

gboolean
qs_packet_header_parse (QsSpan datagram, guint8 short_dcid_length, QsPacketHeader *header, GError **error)
{
  g_return_val_if_fail (header != NULL, FALSE);
  g_return_val_if_fail (short_dcid_length <= QS_CID_MAX, FALSE);

  *header = (QsPacketHeader){ .type = QS_PACKET_UNKNOWN };
  if (datagram.length > G_MAXUINT32)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_TOO_LARGE, _ ("No datagram is that large"));
      return FALSE;
    }

  QsReader reader = qs_reader_init (datagram);
  header->first_byte = (guint8) qs_reader_uint (&reader, 1);
  if (!reader.ok)
    return qs_reader_fail_truncated (&reader, _ ("packet"), error);
  header->long_header = (header->first_byte & 0x80) != 0;
  header->length = (guint32) datagram.length;
  return header->long_header ? parse_long (&reader, header, error)
                             : parse_short (&reader, short_dcid_length, header, error);
}

const char *
qs_packet_type_name (QsPacketType type)
{
  g_return_val_if_fail (type < QS_N_PACKET_TYPES, packet_types[QS_PACKET_UNKNOWN].name);

  return packet_types[type].name;
}

const char *
qs_packet_type_qlog_name (QsPacketType type)
{
  g_return_val_if_fail (type < QS_N_PACKET_TYPES, packet_types[QS_PACKET_UNKNOWN].qlog_name);

  return packet_types[type].qlog_name;
}
