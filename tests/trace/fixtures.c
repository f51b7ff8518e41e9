/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fixtures.h"

#include <string.h>

static GBytes *
get_payload (QsTrace *trace, guint packet, gpointer data)
{
  GPtrArray *payloads = data;
  GBytes *bytes = packet < payloads->len ? g_ptr_array_index (payloads, packet) : NULL;

  return bytes != NULL && g_bytes_get_size (bytes) > 0 ? g_bytes_ref (bytes) : NULL;
}

QsTrace *
fixture_trace_new (QsVantage vantage)
{
  QsTrace *trace = qs_trace_new (vantage, NULL);
  GPtrArray *payloads = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (GSocketAddress) client = g_inet_socket_address_new_from_string ("127.0.0.1", 40000);
  g_autoptr (GSocketAddress) server = g_inet_socket_address_new_from_string ("127.0.0.1", 4433);

  qs_trace_set_origin (trace, G_GINT64_CONSTANT (1700000000123456789));
  if (vantage == QS_VANTAGE_SERVER)
    qs_trace_add_path (trace, server, client);
  else
    qs_trace_add_path (trace, client, server);
  g_object_set_data (G_OBJECT (trace), "payloads", payloads);
  qs_trace_set_payload_source (trace, get_payload, NULL, payloads, (GDestroyNotify) g_ptr_array_unref);
  return trace;
}

guint
fixture_add_datagram (QsTrace *trace, gint64 time, QsDirection direction, gsize length)
{
  g_autofree guint8 *bytes = g_malloc (length + 1);

  memset (bytes, 0x40 | (int) (length % 61), length);
  return qs_trace_add_datagram (trace, time, direction, 0, 0, QS_FATE_PASSED, bytes, length);
}

static void
note_frames (QsPacket *packet, QsSpan payload)
{
  gsize at = 0;
  QsFrame frame;

  while (at < payload.length && qs_frame_parse (payload, &at, &frame, NULL))
    {
      guint64 type = qs_frame_base_type (frame.type);

      packet->n_frames++;
      if (type < 64)
        packet->frames |= G_GUINT64_CONSTANT (1) << type;
      if (qs_frame_is_ack_eliciting (frame.type))
        packet->flags |= QS_PACKET_ACK_ELICITING;
    }
  g_assert_cmpuint (at, ==, payload.length);
}

guint
fixture_add_packet (QsTrace *trace, guint record, gint64 time, QsDirection direction, QsPacketType type, guint64 number,
                    guint32 length, const char *payload_hex)
{
  GPtrArray *payloads = g_object_get_data (G_OBJECT (trace), "payloads");
  g_autoptr (GBytes) payload = payload_hex != NULL ? qs_bytes_from_hex (payload_hex, NULL) : NULL;
  QsPacket packet = { .time = time,
                      .number = number,
                      .record = record,
                      .length = length,
                      .version = QS_QUIC_VERSION_1,
                      .type = (guint8) type,
                      .direction = (guint8) direction };

  if (payload != NULL)
    {
      gsize size;
      const guint8 *bytes = g_bytes_get_data (payload, &size);

      packet.flags = QS_PACKET_DECRYPTED;
      packet.payload_length = (guint32) size;
      note_frames (&packet, QS_SPAN (bytes, size));
      qs_trace_add_n_frames (trace, packet.n_frames);
    }
  while (payloads->len < qs_trace_get_n_packets (trace))
    g_ptr_array_add (payloads, g_bytes_new (NULL, 0));
  g_ptr_array_add (payloads, payload != NULL ? g_steal_pointer (&payload) : g_bytes_new (NULL, 0));
  return qs_trace_add_packet (trace, &packet);
}

void
fixture_add_message (QsTrace *trace, guint index, guint8 type, const char *body_hex, gsize n_body)
{
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  QsTraceMessage *message = g_new0 (QsTraceMessage, 1);
  GByteArray *bytes = g_byte_array_new ();
  g_autoptr (GBytes) body = body_hex != NULL ? qs_bytes_from_hex (body_hex, NULL) : NULL;

  if (body != NULL)
    n_body = g_bytes_get_size (body);
  g_byte_array_set_size (bytes, 4 + (guint) n_body);
  memset (bytes->data, 0, bytes->len);
  bytes->data[0] = type;
  bytes->data[1] = (guint8) (n_body >> 16);
  bytes->data[2] = (guint8) (n_body >> 8);
  bytes->data[3] = (guint8) n_body;
  if (body != NULL && n_body > 0)
    memcpy (bytes->data + 4, g_bytes_get_data (body, NULL), n_body);

  message->time = packet->time;
  message->packet = message->first_packet = index;
  message->direction = packet->direction;
  message->level = packet->type;
  message->bytes = g_byte_array_free_to_bytes (bytes);
  message->message = qs_tls_message_parse (QS_SPAN (g_bytes_get_data (message->bytes, NULL), 4 + n_body), TRUE, NULL);
  g_assert_nonnull (message->message);
  qs_trace_add_message (trace, message);
}
