/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace-kit.h"

#include <stdlib.h>
#include <string.h>

#include "wire/qs-tls-extensions.h"
#include "wire/qs-transport-parameters.h"
#include "wire/qs-writer.h"

static GBytes *
payload_cb (QsTrace *trace, guint packet, gpointer data)
{
  Made *made = data;
  GBytes *payload = made->payloads->pdata[packet];

  return payload != NULL ? g_bytes_ref (payload) : NULL;
}

static void
free_payload (gpointer payload)
{
  if (payload != NULL)
    g_bytes_unref (payload);
}

Made *
made_new (QsVantage vantage)
{
  Made *made = g_new0 (Made, 1);

  made->clock = qs_clock_new_manual (ORIGIN);
  made->trace = qs_trace_new (vantage, made->clock);
  made->payloads = g_ptr_array_new_with_free_func (free_payload);
  qs_trace_set_payload_source (made->trace, payload_cb, NULL, made, NULL);
  return made;
}

void
made_free (Made *made)
{
  g_object_unref (made->trace);
  g_object_unref (made->clock);
  g_ptr_array_unref (made->payloads);
  g_free (made);
}

static void
add_mark (Made *made, QsMark *mark)
{
  mark->text = g_strdup (mark->text);
  qs_trace_add_mark_full (made->trace, made->at * MS, mark);
}

void
made_mark (Made *made, QsMarkKind kind, const char *name, gint64 value, const char *text)
{
  QsMark mark = { .kind = kind, .name = name, .value = value, .text = (char *) text, .stream = -1 };

  add_mark (made, &mark);
}

void
made_close (Made *made, const char *by, gboolean application, guint64 code, const char *reason)
{
  QsMark mark = { .kind = QS_MARK_CLOSE,
                  .name = by,
                  .value = (gint64) code,
                  .text = (char *) reason,
                  .stream = -1,
                  .frame_type = 0x06,
                  .application = application };

  add_mark (made, &mark);
}

void
made_stream (Made *made, gint64 stream, QsStreamState read_state, QsStreamState write_state, gint64 read_error,
             guint64 received, guint64 sent)
{
  QsMark mark = { .kind = QS_MARK_STREAM,
                  .stream = stream,
                  .read_state = read_state,
                  .write_state = write_state,
                  .read_error = read_error,
                  .write_error = -1,
                  .received = received,
                  .sent = sent };

  add_mark (made, &mark);
}

void
made_chain (Made *made, GBytes *packed)
{
  QsMark mark = { .kind = QS_MARK_CERTIFICATES, .value = 1, .stream = -1, .bytes = g_bytes_ref (packed) };

  add_mark (made, &mark);
}

void
made_datagram (Made *made, QsDirection direction, guint length)
{
  g_autofree guint8 *bytes = g_malloc0 (length);

  qs_trace_add_datagram (made->trace, made->at * MS, direction, made->path, 0, QS_FATE_PASSED, bytes, length);
}

static GSocketAddress *
parse_address (const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 2);

  return g_inet_socket_address_new_from_string (parts[0], (guint) atoi (parts[1]));
}

void
made_path (Made *made, const char *local, const char *remote)
{
  g_autoptr (GSocketAddress) from = parse_address (local), to = parse_address (remote);

  made->path = qs_trace_add_path (made->trace, from, to);
}

void
made_segment (Made *made, QsDirection direction, const void *bytes, gsize length)
{
  qs_trace_add_segment (made->trace, made->at * MS, direction, 0, bytes, length);
}

guint
made_packet (Made *made, QsDirection direction, QsPacketType type, guint64 number, const char *payload, guint flags)
{
  g_autoptr (GBytes) bytes = payload != NULL ? qs_bytes_from_hex (payload, NULL) : NULL;
  QsPacket packet = { .time = made->at * MS,
                      .number = number,
                      .record = G_MAXUINT32,
                      .length = (flags & QS_PACKET_ACK_ELICITING) != 0 ? 1200 : 50,
                      .version = type == QS_PACKET_1RTT ? 0 : QS_QUIC_VERSION_1,
                      .flags = (guint16) (flags | (bytes != NULL ? QS_PACKET_DECRYPTED : 0)),
                      .type = type,
                      .direction = direction };

  if (bytes != NULL)
    {
      gsize size, at = 0;
      const guint8 *data = g_bytes_get_data (bytes, &size);
      QsFrame frame;
      while (at < size)
        {
          g_assert_true (qs_frame_parse (QS_SPAN (data, size), &at, &frame, NULL));
          packet.frames |= G_GUINT64_CONSTANT (1) << qs_frame_base_type (frame.type);
          packet.n_frames++;
        }
    }
  g_ptr_array_add (made->payloads, g_steal_pointer (&bytes));
  return qs_trace_add_packet (made->trace, &packet);
}

static void
put16 (GByteArray *bytes, guint value)
{
  qs_write_uint (bytes, value, 2);
}

static void
put8 (GByteArray *bytes, guint value)
{
  qs_write_uint (bytes, value, 1);
}

static void
put_extension (GByteArray *to, guint type, GByteArray *data)
{
  qs_tls_extension_write (to, (guint16) type, qs_written (data));
  g_byte_array_set_size (data, 0);
}

static void
put_extensions (GByteArray *to, guint8 type, const Hello *hello)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  gboolean client = type == QS_TLS_CLIENT_HELLO;

  if (hello->sni != NULL)
    qs_tls_write_server_name (to, hello->sni);
  if (hello->alpn != NULL)
    qs_tls_write_alpn (to, (const char *const[]){ hello->alpn, NULL });
  if (client && hello->group != 0)
    {
      const QsTlsKeyShare share = { (guint16) hello->group, QS_SPAN ("", 1) };
      qs_tls_write_numbers (to, QS_TLS_EXT_SUPPORTED_GROUPS, 2, &share.group, 1);
      qs_tls_write_key_shares (to, &share, 1);
    }
  else if (hello->group != 0)
    {
      put16 (data, hello->group);
      if (!hello->retry)
        {
          put16 (data, 1);
          put8 (data, 0);
        }
      put_extension (to, QS_TLS_EXT_KEY_SHARE, data);
    }
  if (hello->version != 0)
    {
      put16 (data, hello->version);
      put_extension (to, QS_TLS_EXT_SUPPORTED_VERSIONS, data);
    }
  if (hello->idle_ms != 0)
    {
      qs_transport_parameter_write_integer (data, 0x01, hello->idle_ms);
      qs_transport_parameter_write_integer (data, 0x06, 4); /* initial_max_stream_data_bidi_remote */
      put_extension (to, QS_TLS_EXT_QUIC_TRANSPORT_PARAMETERS, data);
    }
  if (hello->filler != 0)
    {
      g_byte_array_set_size (data, hello->filler);
      memset (data->data, 0, data->len);
      put_extension (to, QS_TLS_EXT_PADDING, data);
    }
}

void
made_message (Made *made, QsDirection direction, guint8 type, const void *body, gsize length)
{
  GByteArray *bytes = g_byte_array_new ();
  guint8 header[] = { type, (guint8) (length >> 16), (guint8) (length >> 8), (guint8) length };
  QsTraceMessage *message = g_new0 (QsTraceMessage, 1);
  g_autoptr (GError) error = NULL;

  g_byte_array_append (bytes, header, 4);
  g_byte_array_append (bytes, body, (guint) length);
  message->time = made->at * MS;
  message->packet = qs_trace_get_n_packets (made->trace);
  message->direction = direction;
  message->bytes = g_byte_array_free_to_bytes (bytes);
  message->message = qs_tls_message_parse (
      QS_SPAN (g_bytes_get_data (message->bytes, NULL), g_bytes_get_size (message->bytes)), TRUE, &error);
  g_assert_no_error (error);
  message->first_packet = message->packet;
  made_packet (made, direction, type <= 2 ? QS_PACKET_INITIAL : QS_PACKET_HANDSHAKE, message->packet, "0600011e", 0);
  if (length > 1200)
    message->packet = made_packet (made, direction, QS_PACKET_INITIAL, message->packet + 1, "0600011e", 0);
  qs_trace_add_message (made->trace, message);
}

void
made_hello (Made *made, QsDirection direction, guint8 type, const Hello *hello)
{
  static const guint8 retry_random[] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                         0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                         0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };
  g_autoptr (GByteArray) body = g_byte_array_new ();
  g_autoptr (GByteArray) extensions = g_byte_array_new ();

  put_extensions (extensions, type, hello);
  if (type != QS_TLS_ENCRYPTED_EXTENSIONS)
    {
      put16 (body, 0x0303);
      if (hello->retry)
        g_byte_array_append (body, retry_random, 32);
      for (guint i = 0; i < 32 && !hello->retry; i++)
        put8 (body, i);
      put8 (body, 0);
      if (type == QS_TLS_CLIENT_HELLO)
        put16 (body, 2);
      put16 (body, 0x1301);
      if (type == QS_TLS_CLIENT_HELLO)
        put8 (body, 1);
      put8 (body, 0);
    }
  put16 (body, extensions->len);
  g_byte_array_append (body, extensions->data, extensions->len);
  made_message (made, direction, type, body->data, body->len);
}

static void
put24 (GByteArray *bytes, gsize value)
{
  put8 (bytes, (guint) (value >> 16) & 0xff);
  put16 (bytes, (guint) value & 0xffff);
}

void
made_certificate (Made *made, GPtrArray *ders)
{
  g_autoptr (GByteArray) list = g_byte_array_new ();
  g_autoptr (GByteArray) body = g_byte_array_new ();

  for (guint i = 0; i < ders->len; i++)
    {
      gsize size;
      const guint8 *der = g_bytes_get_data (ders->pdata[i], &size);
      put24 (list, size);
      g_byte_array_append (list, der, (guint) size);
      put16 (list, 0);
    }
  put8 (body, 0);
  put24 (body, list->len);
  g_byte_array_append (body, list->data, list->len);
  made_message (made, QS_DIRECTION_RECEIVED, QS_TLS_CERTIFICATE, body->data, body->len);
}

void
made_start (Made *made)
{
  qs_trace_add_fact (made->trace, "target", "quic://www.example.net:443/");
  qs_trace_add_fact (made->trace, "tls.sni", "www.example.net");
  qs_trace_add_fact (made->trace, "offer.alpn", "h3");
  made_mark (made, QS_MARK_STATE, "RESOLVING", 1, NULL);
  made->at = 1;
  made_mark (made, QS_MARK_RESOLVED, NULL, 1, "192.0.2.1");
  made_mark (made, QS_MARK_CONNECTING, NULL, 0, "192.0.2.1:443");
  made->at = 2;
  made_datagram (made, QS_DIRECTION_SENT, 1200);
}

void
made_handshake (Made *made)
{
  made_hello (made, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO,
              &(Hello){ .alpn = "h3", .sni = "www.example.net", .group = 0x001d, .idle_ms = 30000 });
  made->at = 12;
  made_datagram (made, QS_DIRECTION_RECEIVED, 1200);
  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO, &(Hello){ .group = 0x001d, .version = 0x0304 });
  made_hello (made, QS_DIRECTION_RECEIVED, QS_TLS_ENCRYPTED_EXTENSIONS, &(Hello){ .alpn = "h3", .idle_ms = 10000 });
  made_message (made, QS_DIRECTION_RECEIVED, QS_TLS_FINISHED, "12345678901234567890123456789012", 32);
  made->at = 13;
  made_message (made, QS_DIRECTION_SENT, QS_TLS_FINISHED, "12345678901234567890123456789012", 32);
  made_mark (made, QS_MARK_VERIFY, "OK", 0, NULL);
  made_mark (made, QS_MARK_HANDSHAKE_DONE, NULL, 0, NULL);
  made_datagram (made, QS_DIRECTION_SENT, 1200);
  made->at = 23;
  made_datagram (made, QS_DIRECTION_RECEIVED, 60);
  made_packet (made, QS_DIRECTION_RECEIVED, QS_PACKET_1RTT, 0, "1e", 0);
  made_mark (made, QS_MARK_CONFIRMED, NULL, 0, NULL);
}

void
made_outcome (Made *made, const char *name, const char *stage)
{
  made_mark (made, QS_MARK_OUTCOME, name, 0, stage);
}
