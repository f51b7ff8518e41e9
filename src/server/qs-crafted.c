/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-crafted.h"

#include <string.h>

#include <openssl/rand.h>

#include "crypto/qs-keys.h"
#include "wire/qs-http3.h"

#define MAX_DATAGRAM 1200 /* what OpenSSL's client says that it takes */
#define PN_LENGTH 4
#define AES_128_GCM_SHA256 0x1301
#define AES_256_GCM_SHA384 0x1302
#define CHACHA20_POLY1305_SHA256 0x1303

static void
append_varint (GByteArray *out, guint64 value)
{
  guint8 bytes[8];

  g_byte_array_append (out, bytes, (guint) qs_varint_write (value, bytes));
}

static void
append_u8 (GByteArray *out, guint8 value)
{
  g_byte_array_append (out, &value, 1);
}

static void
append_u32 (GByteArray *out, guint32 value)
{
  guint32 big = GUINT32_TO_BE (value);

  g_byte_array_append (out, (const guint8 *) &big, sizeof big);
}

static void
append_cid (GByteArray *out, QsSpan cid)
{
  append_u8 (out, (guint8) cid.length);
  if (cid.length > 0)
    g_byte_array_append (out, cid.data, (guint) cid.length);
}

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

  GByteArray *out = g_byte_array_new ();
  append_u8 (out, 0xc0);
  append_u32 (out, 0);
  append_cid (out, header.scid);
  append_cid (out, header.dcid);
  for (guint i = 0; i < n_versions; i++)
    append_u32 (out, versions[i]);
  return g_byte_array_free_to_bytes (out);
}

static GByteArray *
initial_header (const QsPacketHeader *to, gsize payload_length)
{
  GByteArray *out = g_byte_array_new ();

  append_u8 (out, 0xc0 | (PN_LENGTH - 1));
  append_u32 (out, to->version);
  append_cid (out, to->scid);
  append_cid (out, to->dcid);
  append_varint (out, 0); /* token */
  append_varint (out, PN_LENGTH + payload_length + QS_AEAD_TAG_MAX);
  append_u32 (out, 0); /* packet number */
  return out;
}

GBytes *
qs_crafted_initial_close (QsSpan initial, guint64 code, const char *reason)
{
  QsPacketHeader header;
  QsSecret client, server;

  /* Version 2 numbers its long packet types otherwise; nobody sends it here unasked. */
  if (!parse_initial (initial, &header) || header.version != QS_QUIC_VERSION_1 ||
      !qs_initial_secrets (header.version, header.dcid, &client, &server))
    return NULL;

  g_autoptr (GByteArray) payload = g_byte_array_new ();
  append_varint (payload, 0x1c);
  append_varint (payload, code);
  append_varint (payload, 0x06); /* about a CRYPTO frame */
  append_varint (payload, strlen (reason));
  g_byte_array_append (payload, (const guint8 *) reason, (guint) strlen (reason));

  g_autoptr (GByteArray) clear = initial_header (&header, payload->len);
  g_autoptr (QsKeys) keys = qs_keys_new (header.version, AES_128_GCM_SHA256, &server);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (header.version, AES_128_GCM_SHA256, &server);
  return qs_packet_protect (keys, header_key, QS_SPAN (clear->data, clear->len), PN_LENGTH, 0,
                            QS_SPAN (payload->data, payload->len));
}

GBytes *
qs_crafted_new_connection_id (QsSpan cid, const guint8 token[16])
{
  GByteArray *out = g_byte_array_new ();

  append_varint (out, 0x18);
  append_varint (out, 1); /* sequence number */
  append_varint (out, 1); /* retire prior to */
  append_cid (out, cid);
  g_byte_array_append (out, token, 16);
  return g_byte_array_free_to_bytes (out);
}

GBytes *
qs_crafted_streams_blocked (guint64 limit)
{
  GByteArray *out = g_byte_array_new ();

  append_varint (out, 0x17);
  append_varint (out, limit);
  return g_byte_array_free_to_bytes (out);
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

/* The header without its protection, the packet number as its last bytes. */
static gboolean
unprotect (QsHeaderKey *key, QsSpan packet, gsize pn_offset, guint64 expected, guint8 *header, guint8 *pn_length,
           guint64 *number)
{
  guint8 mask[QS_MASK_LENGTH];

  if (packet.length < pn_offset + 4 + QS_SAMPLE_LENGTH || !qs_header_key_mask (key, packet.data + pn_offset + 4, mask))
    return FALSE;
  memcpy (header, packet.data, pn_offset + 4);
  header[0] ^= mask[0] & ((header[0] & 0x80) != 0 ? 0x0f : 0x1f);
  *pn_length = (header[0] & 0x03) + 1;
  guint64 truncated = 0;
  for (guint i = 0; i < *pn_length; i++)
    {
      header[pn_offset + i] ^= mask[1 + i];
      truncated = truncated << 8 | header[pn_offset + i];
    }
  *number = qs_packet_number_decode (expected, truncated, *pn_length);
  return TRUE;
}

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

  if (!unprotect (header_key, packet, pn_offset, expected, opened->header, &opened->pn_length, &opened->number))
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

  g_byte_array_append (out, before.data, (guint) before.length);
  g_byte_array_append (out, g_bytes_get_data (packet, NULL), (guint) g_bytes_get_size (packet));
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
  gsize at = 0;

  while (at < payload.length && payload.data[at] <= 0x01)
    at++;
  guint64 type, offset, length;
  if (!qs_varint_read (payload, &at, &type) || type != 0x06 || !qs_varint_read (payload, &at, &offset) ||
      !qs_varint_read (payload, &at, &length) || offset != 0 || length > payload.length - at)
    return FALSE;
  *crypto = QS_SPAN (payload.data + at, length);
  return TRUE;
}

gboolean
qs_crafted_is_split_hello (QsSpan initial)
{
  QsPacketHeader header;
  QsSecret client, server;
  guint8 clear[1500], plain[65536];
  guint8 pn_length;
  guint64 number;
  gsize length;
  QsSpan crypto;

  if (!parse_initial (initial, &header) || header.pn_offset + 4 > sizeof clear || header.length > sizeof plain ||
      !qs_initial_secrets (header.version, header.dcid, &client, &server))
    return FALSE;
  g_autoptr (QsKeys) keys = qs_keys_new (header.version, AES_128_GCM_SHA256, &client);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (header.version, AES_128_GCM_SHA256, &client);
  QsSpan packet = QS_SPAN (initial.data, header.length);
  if (!unprotect (header_key, packet, header.pn_offset, 0, clear, &pn_length, &number))
    return FALSE;
  gsize start = header.pn_offset + pn_length;
  if (!qs_keys_open (keys, number, QS_SPAN (clear, start), QS_SPAN (packet.data + start, packet.length - start), plain,
                     &length) ||
      !find_crypto_start (QS_SPAN (plain, length), &crypto) || crypto.length < 4)
    return FALSE;
  gsize whole = 4 + ((gsize) crypto.data[1] << 16 | (gsize) crypto.data[2] << 8 | crypto.data[3]);
  return whole > crypto.length;
}

/* --- HTTP/3 --- */

static GBytes *
make_frame (guint64 type, const GByteArray *payload)
{
  GByteArray *out = g_byte_array_new ();

  append_varint (out, type);
  append_varint (out, payload->len);
  g_byte_array_append (out, payload->data, payload->len);
  return g_byte_array_free_to_bytes (out);
}

/* RFC 7541 section 5.1: an integer behind bits of another meaning. */
static void
append_prefixed (GByteArray *out, guint8 first, guint prefix, gsize value)
{
  guint8 most = (guint8) ((1u << prefix) - 1);

  append_u8 (out, first | (guint8) MIN (value, most));
  if (value < most)
    return;
  for (value -= most; value >= 0x80; value >>= 7)
    append_u8 (out, 0x80 | (guint8) (value & 0x7f));
  append_u8 (out, (guint8) value);
}

GBytes *
qs_crafted_http3_headers (const char *const *fields)
{
  g_autoptr (GByteArray) section = g_byte_array_new ();

  append_u8 (section, 0); /* no entry of a table is needed (RFC 9204 section 4.5.1) */
  append_u8 (section, 0);
  for (guint i = 0; fields[i] != NULL && fields[i + 1] != NULL; i += 2)
    {
      gsize name = strlen (fields[i]), value = strlen (fields[i + 1]);
      append_prefixed (section, 0x20, 3, name);
      g_byte_array_append (section, (const guint8 *) fields[i], (guint) name);
      append_prefixed (section, 0, 7, value);
      g_byte_array_append (section, (const guint8 *) fields[i + 1], (guint) value);
    }
  return make_frame (QS_HTTP3_HEADERS, section);
}

GBytes *
qs_crafted_http3_data (const char *text)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  g_byte_array_append (payload, (const guint8 *) text, (guint) strlen (text));
  return make_frame (QS_HTTP3_DATA, payload);
}

GBytes *
qs_crafted_http3_goaway (guint64 id)
{
  g_autoptr (GByteArray) payload = g_byte_array_new ();

  append_varint (payload, id);
  return make_frame (QS_HTTP3_GOAWAY, payload);
}
