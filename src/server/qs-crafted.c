/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-crafted.h"

#include <string.h>

#include <openssl/rand.h>

#include "crypto/qs-keys.h"
#include "wire/qs-frame.h"
#include "wire/qs-http3.h"
#include "wire/qs-qpack.h"
#include "wire/qs-tls.h"
#include "wire/qs-writer.h"

#define MAX_DATAGRAM 1200 /* what OpenSSL's client says that it takes */
#define PN_LENGTH 4
#define AES_128_GCM_SHA256 0x1301
#define AES_256_GCM_SHA384 0x1302
#define CHACHA20_POLY1305_SHA256 0x1303

static gboolean
parse_initial (QsSpan datagram, QsPacketHeader *header)
{
  return datagram.length > 0 && qs_packet_header_parse (datagram, 0, header, NULL) && header->type == QS_PACKET_INITIAL;
}

GBytes *
qs_crafted_version_negotiation (QsSpan initial, const guint32 *versions, guint n_versions)
{
  QsPacketHeader header;

  if (!parse_initial (initial, &header))
    return NULL;

  g_autoptr (GByteArray) list = g_byte_array_new ();
  for (guint i = 0; i < n_versions; i++)
    qs_write_uint (list, versions[i], 4);
  const QsPacketHeader answer = { .type = QS_PACKET_VERSION_NEGOTIATION,
                                  .first_byte = qs_packet_first_byte (0, QS_PACKET_VERSION_NEGOTIATION, 0),
                                  .dcid = header.scid,
                                  .scid = header.dcid,
                                  .versions = qs_written (list) };
  GByteArray *out = g_byte_array_new ();
  qs_packet_header_write (out, &answer, 0);
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
frame_bytes (const QsFrame *frame)
{
  GByteArray *out = g_byte_array_new ();

  qs_frame_write (out, frame);
  return g_byte_array_free_to_bytes (out);
}

static QsSpan
span_of (GBytes *bytes)
{
  return QS_SPAN (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

GBytes *
qs_crafted_initial_close (QsSpan initial, guint64 code, const char *reason)
{
  QsPacketHeader header;
  QsSecret client, server;

  if (!parse_initial (initial, &header) || !qs_initial_secrets (header.version, header.dcid, &client, &server))
    return NULL;

  g_autoptr (GBytes) frame = frame_bytes (&(const QsFrame){ .type = QS_FRAME_CONNECTION_CLOSE,
                                                            .error_code = code,
                                                            .frame_type = QS_FRAME_CRYPTO,
                                                            .data = QS_SPAN (reason, strlen (reason)) });
  const QsPacketHeader answer = {
    .type = QS_PACKET_INITIAL, .version = header.version, .dcid = header.scid, .scid = header.dcid
  };
  g_autoptr (QsKeys) keys = qs_keys_new (header.version, AES_128_GCM_SHA256, &server);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (header.version, AES_128_GCM_SHA256, &server);
  return qs_packet_seal (keys, header_key, &answer, PN_LENGTH, 0, span_of (frame));
}

GBytes *
qs_crafted_new_connection_id (QsSpan cid, const guint8 token[16])
{
  return frame_bytes (&(const QsFrame){ .type = QS_FRAME_NEW_CONNECTION_ID,
                                        .sequence = 1,
                                        .retire_prior_to = 1,
                                        .data = cid,
                                        .token = QS_SPAN (token, 16) });
}

GBytes *
qs_crafted_streams_blocked (guint64 limit)
{
  return frame_bytes (&(const QsFrame){ .type = QS_FRAME_STREAMS_BLOCKED_UNI, .limit = limit });
}

GBytes *
qs_crafted_stateless_reset (QsSpan datagram, const guint8 token[16])
{
  guint8 out[43];
  gsize length = MIN (sizeof out, datagram.length - 1);

  if (datagram.length < 22 || RAND_bytes (out, sizeof out) != 1)
    return NULL;
  out[0] = (out[0] & 0x3f) | 0x40; /* like a 1-RTT packet */
  memcpy (out + length - 16, token, 16);
  return g_bytes_new (out, length);
}

/* --- Changing a packet --- */

typedef struct {
  guint8 header[1 + QS_CID_MAX + 4];
  gsize header_length;
  guint8 pn_length;
  guint64 number;
  guint8 plain[65536];
  gsize plain_length;
} Opened;

static gboolean
open_1rtt (QsKeys *keys, QsHeaderKey *header_key, QsSpan packet, guint8 cid_length, guint64 expected, Opened *opened)
{
  gsize pn_offset = 1u + cid_length;

  if (!qs_packet_unprotect (header_key, packet, pn_offset, expected, opened->header, &opened->pn_length,
                            &opened->number))
    return FALSE;
  opened->header_length = pn_offset + opened->pn_length;
  return qs_keys_open (keys, opened->number, QS_SPAN (opened->header, opened->header_length),
                       QS_SPAN (packet.data + opened->header_length, packet.length - opened->header_length),
                       opened->plain, &opened->plain_length);
}

/* The offset of the 1-RTT packet, which is always the last one; the length when there is none. */
static gsize
find_1rtt (QsSpan datagram, guint8 cid_length)
{
  gsize at = 0;

  while (at < datagram.length && (datagram.data[at] & 0x80) != 0)
    {
      QsPacketHeader header;
      if (!qs_packet_header_parse (QS_SPAN (datagram.data + at, datagram.length - at), cid_length, &header, NULL))
        return datagram.length;
      at += header.length;
    }
  return at;
}

static GBytes *
join (QsSpan before, GBytes *packet)
{
  GByteArray *out = g_byte_array_new ();

  qs_write_span (out, before);
  qs_write_span (out, span_of (packet));
  return g_byte_array_free_to_bytes (out);
}

GBytes *
qs_crafted_add_frames (QsSpan datagram, guint8 cid_length, QsSpan secret, guint64 *expected, QsSpan frames)
{
  /* A secret's length tells the hash; of the two suites with SHA-256 the tag tells which it is. */
  static const guint16 suites[] = { AES_128_GCM_SHA256, CHACHA20_POLY1305_SHA256, AES_256_GCM_SHA384 };
  gsize at = find_1rtt (datagram, cid_length);
  QsSpan packet = QS_SPAN (datagram.data + at, datagram.length - at);
  QsSecret traffic = { .length = (guint8) secret.length };

  if (packet.length == 0 || packet.length > sizeof ((Opened *) 0)->plain || secret.length > QS_SECRET_MAX)
    return NULL;
  memcpy (traffic.bytes, secret.data, secret.length);
  g_autofree Opened *opened = g_new (Opened, 1);
  for (guint i = 0; i < G_N_ELEMENTS (suites); i++)
    {
      if (qs_suite_secret_length (suites[i]) != secret.length)
        continue;
      g_autoptr (QsKeys) keys = qs_keys_new (QS_QUIC_VERSION_1, suites[i], &traffic);
      g_autoptr (QsHeaderKey) header_key = qs_header_key_new (QS_QUIC_VERSION_1, suites[i], &traffic);
      if (!open_1rtt (keys, header_key, packet, cid_length, *expected, opened))
        continue;
      *expected = opened->number + 1;
      if (frames.length == 0 || datagram.length + frames.length > MAX_DATAGRAM)
        return NULL;
      /* Before the others: a STREAM frame without a length reaches to the packet's end. */
      memmove (opened->plain + frames.length, opened->plain, opened->plain_length);
      memcpy (opened->plain, frames.data, frames.length);
      g_autoptr (GBytes) made =
          qs_packet_protect (keys, header_key, QS_SPAN (opened->header, opened->header_length), opened->pn_length,
                             opened->number, QS_SPAN (opened->plain, opened->plain_length + frames.length));
      return made != NULL ? join (QS_SPAN (datagram.data, at), made) : NULL;
    }
  return NULL;
}

/* --- Reading a client's Initial --- */

/* The first CRYPTO frame that starts the stream: how much of it is here. Frames that may come before it in a client's
 * first packet are PADDING and PING. */
static gboolean
find_crypto_start (QsSpan payload, QsSpan *crypto)
{
  QsFrame frame = { .type = QS_FRAME_PADDING };
  gsize at = 0;

  while (frame.type == QS_FRAME_PADDING || frame.type == QS_FRAME_PING)
    {
      if (at >= payload.length || !qs_frame_parse (payload, &at, &frame, NULL))
        return FALSE;
    }
  *crypto = frame.data;
  return frame.type == QS_FRAME_CRYPTO && frame.stream_offset == 0;
}

gboolean
qs_crafted_is_split_hello (QsSpan initial)
{
  QsPacketHeader header;
  QsSecret client, server;
  guint8 plain[65536];
  guint64 number;
  gsize length;
  QsSpan crypto;

  if (!parse_initial (initial, &header) || header.length > sizeof plain ||
      !qs_initial_secrets (header.version, header.dcid, &client, &server))
    return FALSE;
  g_autoptr (QsKeys) keys = qs_keys_new (header.version, AES_128_GCM_SHA256, &client);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (header.version, AES_128_GCM_SHA256, &client);
  return qs_packet_open (keys, header_key, &header, initial, 0, plain, &length, &number) &&
         find_crypto_start (QS_SPAN (plain, length), &crypto) && qs_tls_message_length (crypto) > crypto.length;
}

/* --- HTTP/3 --- */

GBytes *
qs_crafted_http3_headers (const char *const *fields)
{
  g_autoptr (GByteArray) section = g_byte_array_new ();
  GByteArray *out = g_byte_array_new ();

  qs_qpack_literals_write (section, fields);
  qs_http3_frame_write (out, QS_HTTP3_HEADERS, qs_written (section));
  return g_byte_array_free_to_bytes (out);
}

/* A field section without its prefix of two bytes (RFC 9204 section 4.5.1): more of one. */
GBytes *
qs_crafted_http3_fields (const char *const *fields)
{
  g_autoptr (GByteArray) section = g_byte_array_new ();

  qs_qpack_literals_write (section, fields);
  return g_bytes_new (section->data + 2, section->len - 2);
}

GBytes *
qs_crafted_http3_large_headers (void)
{
  static const char *const status[] = { ":status", "200", NULL };
  g_autoptr (GByteArray) section = g_byte_array_new ();
  GByteArray *out = g_byte_array_new ();

  qs_qpack_literals_write (section, status);
  qs_write_varint (out, QS_HTTP3_HEADERS);
  qs_write_varint (out, 1 << 30);
  g_byte_array_append (out, section->data, section->len);
  return g_byte_array_free_to_bytes (out);
}

GBytes *
qs_crafted_http3_data (const char *text)
{
  GByteArray *out = g_byte_array_new ();

  qs_http3_frame_write (out, QS_HTTP3_DATA, QS_SPAN (text, strlen (text)));
  return g_byte_array_free_to_bytes (out);
}

GBytes *
qs_crafted_http3_goaway (guint64 id)
{
  GByteArray *out = g_byte_array_new ();

  qs_http3_number_frame_write (out, QS_HTTP3_GOAWAY, id);
  return g_byte_array_free_to_bytes (out);
}
