/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QsCapture: which end of a connection is the client, by what only a client sends, or only a server. */
#include "crypto/qs-keys.h"
#include "formats/qs-capture-private.h"
#include "wire/qs-tls.h"

#define MIN_FIRST_DCID 8 /* bytes, RFC 9000 section 7.2 */
#define MIN_INITIAL 1200 /* bytes of its datagram, RFC 9000 section 14.1 */
#define MAX_LOOKED_AT 64 /* datagrams of a connection */
#define HELLO_AT 5       /* where a record's first message says its type */

/* --- QUIC --- */

/* A client's first Initials are protected with what their own connection id gives (RFC 9001 section 5.2); a server's are not. */
static gboolean
opens_as_client (const QsPacketHeader *header, QsSpan packet)
{
  const guint16 suite = 0x1301;
  QsSecret client, server;
  gsize length;
  guint64 number;

  if (header->dcid.length < MIN_FIRST_DCID || packet.length < header->length ||
      !qs_initial_secrets (header->version, header->dcid, &client, &server))
    return FALSE;
  g_autoptr (QsKeys) keys = qs_keys_new (header->version, suite, &client);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (header->version, suite, &client);
  g_autofree guint8 *plain = g_malloc (header->length);
  return keys != NULL && header_key != NULL &&
         qs_packet_open (keys, header_key, header, packet, 0, plain, &length, &number);
}

/* A packet of an unknown version, or one whose version was damaged, may look like a Retry: those are small. */
static gboolean
is_retry (const QsPacketHeader *header)
{
  return header->type == QS_PACKET_RETRY && header->length < MIN_INITIAL;
}

/* RFC 9000 sections 17.2.1 to 17.2.5: servers send Version Negotiation, Retry, and Initials without a token. Clients alone send 0-RTT. */
static QsCaptureSender
sender_of_packet (const QsPacketHeader *header, QsSpan packet)
{
  switch (header->type)
    {
    case QS_PACKET_VERSION_NEGOTIATION:
      return QS_CAPTURE_BY_SERVER;
    case QS_PACKET_RETRY:
      return is_retry (header) ? QS_CAPTURE_BY_SERVER : QS_CAPTURE_BY_UNKNOWN;
    case QS_PACKET_0RTT:
      return QS_CAPTURE_BY_CLIENT;
    case QS_PACKET_INITIAL:
      return header->token.length > 0 || opens_as_client (header, packet) ? QS_CAPTURE_BY_CLIENT
                                                                          : QS_CAPTURE_BY_UNKNOWN;
    default:
      return QS_CAPTURE_BY_UNKNOWN;
    }
}

/* A client that sent a Handshake packet sends no Initial any more (RFC 9001 section 4.9.1): who does is the server. */
static QsCaptureSender
sender_by_order (QsCaptureConnection *connection, guint side, gboolean initial, gboolean handshake)
{
  gboolean before = connection->sent_handshake[side];

  connection->sent_handshake[side] |= handshake;
  return before && initial ? QS_CAPTURE_BY_SERVER : QS_CAPTURE_BY_UNKNOWN;
}

static QsCaptureSender
sender_of_datagram (QsCaptureConnection *connection, const QsCapturePacket *packet)
{
  guint side = qs_capture_same_end (&packet->from, &connection->client) ? 0 : 1;
  gboolean initial = FALSE, handshake = FALSE;
  QsSpan rest = packet->payload;
  QsPacketHeader header;

  while (rest.length > 0 && (rest.data[0] & 0x80) != 0 && qs_packet_header_parse (rest, 0, &header, NULL))
    {
      QsCaptureSender sender = sender_of_packet (&header, rest);
      if (sender != QS_CAPTURE_BY_UNKNOWN)
        return sender;
      initial |= header.type == QS_PACKET_INITIAL;
      handshake |= header.type == QS_PACKET_HANDSHAKE;
      rest = QS_SPAN (rest.data + header.length, rest.length - header.length);
    }
  return sender_by_order (connection, side, initial, handshake);
}

/* Of a connection's first datagram, where no port and nothing in it says who sent it: a server's first flight is Initial and Handshake in
 * one, or Handshake alone, an Initial by itself is a client's; else clients' ports are the higher ones. */
gboolean
qs_capture_seems_from_client (const QsCapturePacket *packet)
{
  QsSpan rest = packet->payload;
  gboolean any = FALSE;
  QsPacketHeader header;

  while (rest.length > 0 && (rest.data[0] & 0x80) != 0 && qs_packet_header_parse (rest, 0, &header, NULL))
    {
      if (header.type == QS_PACKET_HANDSHAKE || is_retry (&header) || header.type == QS_PACKET_VERSION_NEGOTIATION)
        return FALSE;
      any = TRUE;
      rest = QS_SPAN (rest.data + header.length, rest.length - header.length);
    }
  return any || packet->from.port >= packet->to.port || (packet->payload.length > 0 && packet->payload.data[0] & 0x80);
}

void
qs_capture_note_ends (QsCapture *self, QsCaptureConnection *connection, const QsCapturePacket *packet)
{
  if (connection->ends_known || self->one_run || connection->n_looked_at >= MAX_LOOKED_AT)
    return;
  connection->n_looked_at++;
  QsCaptureSender sender = sender_of_datagram (connection, packet);
  if (sender == QS_CAPTURE_BY_UNKNOWN)
    return;
  gboolean counts_as_client = qs_capture_direction_of (connection, packet) ==
                              (connection->vantage != QS_VANTAGE_SERVER ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED);
  connection->ends_known = counts_as_client == (sender == QS_CAPTURE_BY_CLIENT) || qs_capture_turn (self, connection);
}

/* --- TLS over TCP --- */

/* The messages that go one way alone, of those that are in the clear: RFC 5246 section 7.4, RFC 9846 section 4. */
static const struct {
  guint8 type;
  QsCaptureSender sender;
} messages[] = {
  { QS_TLS_CLIENT_HELLO, QS_CAPTURE_BY_CLIENT },
  { QS_TLS_SERVER_HELLO, QS_CAPTURE_BY_SERVER },
  { 4, QS_CAPTURE_BY_SERVER },  /* NewSessionTicket */
  { 12, QS_CAPTURE_BY_SERVER }, /* ServerKeyExchange */
  { 13, QS_CAPTURE_BY_SERVER }, /* CertificateRequest */
  { 14, QS_CAPTURE_BY_SERVER }, /* ServerHelloDone */
  { 15, QS_CAPTURE_BY_CLIENT }, /* CertificateVerify */
  { 16, QS_CAPTURE_BY_CLIENT }, /* ClientKeyExchange */
  { 22, QS_CAPTURE_BY_SERVER }, /* CertificateStatus */
};

static QsCaptureSender
sender_of_segment (const QsCapturePacket *packet)
{
  QsSpan bytes = packet->payload;

  if ((packet->tcp_flags & QS_TCP_SYN) != 0)
    return (packet->tcp_flags & QS_TCP_ACK) == 0 ? QS_CAPTURE_BY_CLIENT : QS_CAPTURE_BY_SERVER;
  if (bytes.length <= HELLO_AT + 3 || bytes.data[0] != 22 || bytes.data[1] != 3 || bytes.data[HELLO_AT + 1] != 0)
    return QS_CAPTURE_BY_UNKNOWN;
  for (guint i = 0; i < G_N_ELEMENTS (messages); i++)
    {
      if (messages[i].type == bytes.data[HELLO_AT])
        return messages[i].sender;
    }
  return QS_CAPTURE_BY_UNKNOWN;
}

/* Of a connection's first segment; who speaks first in a capture that began later may be either. */
gboolean
qs_capture_is_from_tcp_client (const QsCapturePacket *packet, gboolean *known)
{
  QsCaptureSender sender = sender_of_segment (packet);
  gboolean from_known = qs_capture_is_server_port (packet->from.port);
  gboolean to_known = qs_capture_is_server_port (packet->to.port);

  *known = sender != QS_CAPTURE_BY_UNKNOWN || from_known != to_known;
  if (sender != QS_CAPTURE_BY_UNKNOWN)
    return sender == QS_CAPTURE_BY_CLIENT;
  return from_known != to_known ? to_known : packet->from.port >= packet->to.port;
}

void
qs_capture_note_tcp_ends (QsCapture *self, QsCaptureConnection *connection, const QsCapturePacket *packet)
{
  if (connection->ends_known || self->one_run)
    return;
  QsCaptureSender sender = sender_of_segment (packet);
  if (sender == QS_CAPTURE_BY_UNKNOWN)
    return;
  connection->ends_known =
      qs_capture_same_end (&packet->from, &connection->client) == (sender == QS_CAPTURE_BY_CLIENT) ||
      qs_capture_turn (self, connection);
}

/* --- In the end --- */

/* Neither a port nor a packet told: that is told. */
void
qs_capture_tell_ends (QsCapture *self, QsCaptureConnection *connection)
{
  if (connection->trace == NULL || connection->ends_known || self->one_run)
    return;
  g_autoptr (GSocketAddress) client = qs_capture_end_to_address (&connection->client);
  qs_capture_add_mark (connection, connection->last, QS_MARK_FACT, QS_FACT_ENDS_GUESSED, 0,
                       g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (client)));
}
