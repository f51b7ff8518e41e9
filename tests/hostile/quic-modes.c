/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What quic-peer can do. */
#include <openssl/rand.h>
#include <string.h>

#include "quic-peer.h"
#include "wire/qs-http3.h"
#include "wire/qs-qpack.h"
#include "wire/qs-tls.h"

/* --- Frames of QUIC --- */

static void
one_ping (Peer *peer, GByteArray *frames)
{
  peer_put (frames, &(const QsFrame){ .type = QS_FRAME_PING });
  peer_put (frames, &(const QsFrame){ .type = QS_FRAME_PADDING, .length = 3 });
}

static void
pings (Peer *peer, GByteArray *frames)
{
  while (frames->len < PEER_ROOM)
    peer_put (frames, &(const QsFrame){ .type = QS_FRAME_PING });
}

static void
padding (Peer *peer, GByteArray *frames)
{
  peer_put (frames, &(const QsFrame){ .type = QS_FRAME_PADDING, .length = PEER_ROOM });
}

static void
put_connection_id (GByteArray *frames, guint64 sequence, guint64 retire_prior_to)
{
  guint8 cid[8], token[16];

  RAND_bytes (cid, sizeof cid);
  RAND_bytes (token, sizeof token);
  peer_put (frames, &(const QsFrame){ .type = QS_FRAME_NEW_CONNECTION_ID,
                                      .sequence = sequence,
                                      .retire_prior_to = retire_prior_to,
                                      .data = QS_SPAN (cid, sizeof cid),
                                      .token = QS_SPAN (token, sizeof token) });
}

static void
connection_ids (Peer *peer, GByteArray *frames)
{
  while (frames->len + 40 < PEER_ROOM)
    put_connection_id (frames, ++peer->turn, 0);
}

/* Each of them retires all that went before it. */
static void
retiring (Peer *peer, GByteArray *frames)
{
  while (frames->len + 40 < PEER_ROOM)
    {
      peer->turn++;
      put_connection_id (frames, peer->turn, peer->turn);
    }
}

static void
challenges (Peer *peer, GByteArray *frames)
{
  guint8 bytes[8];

  while (frames->len + 9 < PEER_ROOM)
    {
      RAND_bytes (bytes, sizeof bytes);
      peer_put (frames, &(const QsFrame){ .type = QS_FRAME_PATH_CHALLENGE, .data = QS_SPAN (bytes, sizeof bytes) });
    }
}

static void
limits (Peer *peer, GByteArray *frames)
{
  while (frames->len + 30 < PEER_ROOM)
    {
      peer->turn++;
      peer_put (frames, &(const QsFrame){ .type = QS_FRAME_MAX_STREAMS_BIDI, .limit = 100 + peer->turn });
      peer_put (frames, &(const QsFrame){ .type = QS_FRAME_MAX_DATA, .limit = (1 << 24) + peer->turn });
    }
}

static void
handshake_done (Peer *peer, GByteArray *frames)
{
  while (frames->len < PEER_ROOM)
    peer_put (frames, &(const QsFrame){ .type = QS_FRAME_HANDSHAKE_DONE });
}

/* More than there are ids for (RFC 9000 section 4.6). */
static void
huge_limits (Peer *peer, GByteArray *frames)
{
  peer_put (frames, &(const QsFrame){ .type = QS_FRAME_MAX_STREAMS_UNI, .limit = (G_GUINT64_CONSTANT (1) << 60) + 1 });
}

static void
blocked (Peer *peer, GByteArray *frames)
{
  while (frames->len + 30 < PEER_ROOM)
    {
      peer->turn++;
      peer_put (frames, &(const QsFrame){ .type = QS_FRAME_DATA_BLOCKED, .limit = peer->turn });
      peer_put (frames, &(const QsFrame){ .type = QS_FRAME_STREAMS_BLOCKED_UNI, .limit = peer->turn });
    }
}

static void
tokens (Peer *peer, GByteArray *frames)
{
  guint8 token[1000];

  RAND_bytes (token, sizeof token);
  peer_put (frames, &(const QsFrame){ .type = QS_FRAME_NEW_TOKEN, .data = QS_SPAN (token, sizeof token) });
}

static void
resets (Peer *peer, GByteArray *frames)
{
  while (frames->len + 10 < PEER_ROOM)
    peer_put (frames,
              &(const QsFrame){ .type = QS_FRAME_RESET_STREAM, .stream_id = 0, .error_code = 0x10c, .limit = 0 });
}

static void
stops (Peer *peer, GByteArray *frames)
{
  while (frames->len + 10 < PEER_ROOM)
    peer_put (frames, &(const QsFrame){ .type = QS_FRAME_STOP_SENDING, .stream_id = 0, .error_code = 0x10c });
}

/* Packets that the client has not sent. */
static void
acknowledging (Peer *peer, GByteArray *frames)
{
  g_autoptr (GByteArray) ranges = g_byte_array_new ();
  QsPacketNumberRange list[400];
  QsFrame ack = { .type = QS_FRAME_ACK };

  for (guint i = 0; i < G_N_ELEMENTS (list); i++)
    list[i] = (QsPacketNumberRange){ (G_GUINT64_CONSTANT (1) << 40) - 2 * i, (G_GUINT64_CONSTANT (1) << 40) - 2 * i };
  qs_ack_ranges_write (ranges, list, G_N_ELEMENTS (list), &ack);
  peer_put (frames, &ack);
}

static void
unknown_frames (Peer *peer, GByteArray *frames)
{
  while (frames->len + 4 < PEER_ROOM)
    qs_write_varint (frames, 0x3fff);
}

/* Every second byte. */
static void
stream_gaps (Peer *peer, GByteArray *frames)
{
  guint64 most = MIN (peer->max_stream_data, peer->max_data);

  while (frames->len + 12 < PEER_ROOM)
    {
      peer->turn = (peer->turn + 2) % (most - 1);
      peer_put_stream (frames, 0, peer->turn + 1, QS_SPAN ("x", 1), FALSE);
    }
}

static void
stream_again (Peer *peer, GByteArray *frames)
{
  while (frames->len + 12 < PEER_ROOM)
    peer_put_stream (frames, 0, 0, QS_SPAN ("\1", 1), FALSE);
}

static void
stream_empty (Peer *peer, GByteArray *frames)
{
  while (frames->len + 12 < PEER_ROOM)
    peer_put_stream (frames, 0, 0, QS_SPAN_NONE, FALSE);
}

/* Unidirectional streams of a reserved type (RFC 9114 section 6.2.3), a few bytes each, as many as the client lets. */
static void
streams (Peer *peer, GByteArray *frames)
{
  while (frames->len + 16 < PEER_ROOM && peer->turn < peer->max_streams_uni &&
         peer->offset + peer->others + 3 <= peer->max_data)
    {
      peer_put_stream (frames, 3 + 4 * peer->turn++, 0, QS_SPAN ("\x40\x40x", 3), TRUE);
      peer->others += 3;
    }
}

static void
reset_streams (Peer *peer, GByteArray *frames)
{
  while (frames->len + 20 < PEER_ROOM && peer->turn < peer->max_streams_uni)
    peer_put (frames,
              &(const QsFrame){ .type = QS_FRAME_RESET_STREAM, .stream_id = 3 + 4 * peer->turn++, .error_code = 7 });
}

/* One stream of a reserved type, without an end. */
static void
reserved_stream (Peer *peer, GByteArray *frames)
{
  g_autofree guint8 *zeros = g_malloc0 (PEER_ROOM);
  gsize n = PEER_ROOM - 20;

  if (peer->turn + n > peer->max_stream_data_uni || peer->offset + peer->others + n > peer->max_data)
    return;
  memcpy (zeros, "\x40\x40", 2);
  peer_put_stream (frames, 3, peer->turn, QS_SPAN (zeros, n), FALSE);
  peer->turn += n;
  peer->others += n;
}

static void
crypto_gaps (Peer *peer, GByteArray *frames)
{
  while (frames->len + 8 < PEER_ROOM)
    {
      peer->turn = (peer->turn + 2) % 60000;
      peer_put_crypto (frames, peer->turn + 1, QS_SPAN ("x", 1));
    }
}

static void
crypto_far (Peer *peer, GByteArray *frames)
{
  peer_put_crypto (frames, (G_GUINT64_CONSTANT (1) << 40) + 4 * peer->turn++, QS_SPAN ("xxxx", 4));
}

/* NewSessionTicket (RFC 9846 section 4.6.1), without an end. */
static GBytes *
ticket (Peer *peer)
{
  GByteArray *out = g_byte_array_new ();
  guint8 bytes[300];

  RAND_bytes (bytes, sizeof bytes);
  qs_write_uint (out, QS_TLS_NEW_SESSION_TICKET, 1);
  guint message = qs_write_open (out, 3);
  qs_write_uint (out, 7200, 4);
  qs_write_span (out, QS_SPAN (bytes, 4));
  qs_write_vector (out, 1, QS_SPAN (bytes, 8));
  qs_write_vector (out, 2, QS_SPAN (bytes, sizeof bytes));
  qs_write_uint (out, 0, 2);
  qs_write_close (out, message, 3);
  return g_byte_array_free_to_bytes (out);
}

static void
tickets (Peer *peer, GByteArray *frames)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GBytes) bytes = ticket (peer);
      peer_put_crypto (frames, peer->turn, QS_SPAN (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
      peer->turn += g_bytes_get_size (bytes);
    }
}

/* The latter before the former, each time. */
static void
tickets_reordered (Peer *peer, GByteArray *frames)
{
  g_autoptr (GBytes) first = ticket (peer), second = ticket (peer);
  gsize length = g_bytes_get_size (first);

  peer_put_crypto (frames, peer->turn + length, QS_SPAN (g_bytes_get_data (second, NULL), g_bytes_get_size (second)));
  peer_put_crypto (frames, peer->turn, QS_SPAN (g_bytes_get_data (first, NULL), length));
  peer->turn += length + g_bytes_get_size (second);
}

/* A message of 16 MB, as its header says. */
static void
crypto_huge (Peer *peer, GByteArray *frames)
{
  g_autofree guint8 *bytes = g_malloc0 (1000);

  memcpy (bytes, peer->mode->moment == PEER_FROM_HELLO ? "\2\xff\xff\xff" : "\4\xff\xff\xff", 4);
  peer_put_crypto (frames, peer->turn, QS_SPAN (bytes, 1000));
  peer->turn += 1000;
}

/* ServerHello, a byte of its header at a time. */
static void
hello_drips (Peer *peer, GByteArray *frames)
{
  static const guint8 hello[] = { QS_TLS_SERVER_HELLO, 0, 0x40, 0, 3, 3 };
  guint8 byte = peer->turn < sizeof hello ? hello[peer->turn] : 3;

  peer_put_crypto (frames, peer->turn++, QS_SPAN (&byte, 1));
}

/* --- HTTP/3 --- */

static const char *const ok[] = { ":status", "200", NULL };
static const char *const early[] = { ":status", "103", "link", "</s.css>", NULL };

static GBytes *
headers (const char *const *fields)
{
  g_autoptr (GByteArray) section = g_byte_array_new ();
  GByteArray *out = g_byte_array_new ();

  qs_qpack_literals_write (section, fields);
  qs_http3_frame_write (out, QS_HTTP3_HEADERS, qs_written (section));
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
ok_head (Peer *peer)
{
  return headers (ok);
}

static GBytes *
early_head (Peer *peer)
{
  return headers (early);
}

static GBytes *
frame (guint64 type, gsize length)
{
  GByteArray *out = g_byte_array_new ();
  g_autofree guint8 *bytes = g_malloc0 (length + 1);

  qs_http3_frame_write (out, type, QS_SPAN (bytes, length));
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
data_of_one (Peer *peer)
{
  return frame (QS_HTTP3_DATA, 1);
}

static GBytes *
data_of_many (Peer *peer)
{
  return frame (QS_HTTP3_DATA, 8000);
}

static GBytes *
reserved_frame (Peer *peer)
{
  return frame (0x21 + 0x1f * 7, 3);
}

static GBytes *
huge_reserved_frame (Peer *peer)
{
  GByteArray *out = g_byte_array_new ();

  qs_write_varint (out, 0x21 + 0x1f * 7);
  qs_write_varint (out, G_GUINT64_CONSTANT (1) << 60);
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
zeros (Peer *peer)
{
  g_autofree guint8 *bytes = g_malloc0 (4096);

  return g_bytes_new (bytes, 4096);
}

static GBytes *
letters (Peer *peer)
{
  return g_bytes_new_static ("vvvvvvvvvvvvvvvv", 16);
}

static void
write_head_of (GByteArray *out, gsize length)
{
  qs_write_varint (out, QS_HTTP3_HEADERS);
  qs_write_varint (out, length);
}

/* HEADERS of a gigabyte, with a field of as much. */
static GBytes *
huge_value (Peer *peer)
{
  static const guint8 field[] = { 0, 0, 0xd9, 0x27, 0, 'x', 0x7f, 0x81, 0xff, 0xff, 0xff, 0x03 };
  GByteArray *out = g_byte_array_new ();

  write_head_of (out, 1 << 30);
  g_byte_array_append (out, field, sizeof field); /* :status 200; x, and a value of some gigabyte */
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
huge_section (Peer *peer)
{
  GByteArray *out = g_byte_array_new ();

  write_head_of (out, 1 << 30);
  g_byte_array_append (out, (const guint8 *) "\0\0\xd9", 3);
  return g_byte_array_free_to_bytes (out);
}

/* Content-Security-Policy with the static table's longest value, in two bytes: 76 bytes, over and over (RFC 9204 appendix A). */
static GBytes *
static_references (Peer *peer)
{
  GByteArray *out = g_byte_array_new ();

  for (guint i = 0; i < 500; i++)
    g_byte_array_append (out, (const guint8 *) "\xff\x16", 2); /* index 85 */
  return g_byte_array_free_to_bytes (out);
}

/* The same in interim answers, each of which is as it should be. */
static GBytes *
static_references_early (Peer *peer)
{
  g_autoptr (GByteArray) section = g_byte_array_new ();
  GByteArray *out = g_byte_array_new ();

  qs_qpack_literals_write (section, early);
  for (guint i = 0; i < 300; i++)
    g_byte_array_append (section, (const guint8 *) "\xff\x16", 2);
  qs_http3_frame_write (out, QS_HTTP3_HEADERS, qs_written (section));
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
small_fields (Peer *peer)
{
  GByteArray *out = g_byte_array_new ();

  for (guint i = 0; i < 300; i++)
    g_byte_array_append (out, (const guint8 *) "\x21\x78\x00", 3); /* x without a value */
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
trailers (Peer *peer)
{
  g_autoptr (GBytes) head = headers (ok), data = frame (QS_HTTP3_DATA, 10);
  GByteArray *out = g_byte_array_new ();

  g_byte_array_append (out, g_bytes_get_data (head, NULL), (guint) g_bytes_get_size (head));
  g_byte_array_append (out, g_bytes_get_data (data, NULL), (guint) g_bytes_get_size (data));
  write_head_of (out, 1 << 30);
  g_byte_array_append (out, (const guint8 *) "\0\0", 2);
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
promise (Peer *peer)
{
  g_autoptr (GByteArray) section = g_byte_array_new ();
  GByteArray *out = g_byte_array_new ();

  qs_write_varint (section, peer->turn++);
  qs_qpack_literals_write (section, ok);
  qs_http3_frame_write (out, QS_HTTP3_PUSH_PROMISE, qs_written (section));
  return g_byte_array_free_to_bytes (out);
}

/* --- HTTP/3's own streams: 3 is the control stream, 7 QPACK's encoder's --- */

/* Goes on with a stream by so much of bytes as there is room for. */
static gboolean
go_on_with (Peer *peer, GByteArray *frames, guint64 stream, GBytes *bytes)
{
  gsize length = g_bytes_get_size (bytes);

  if (frames->len + length + 12 > PEER_ROOM || peer->turn + length > peer->max_stream_data_uni ||
      peer->others + length > peer->max_data)
    return FALSE;
  peer_put_stream (frames, stream, peer->turn, QS_SPAN (g_bytes_get_data (bytes, NULL), length), FALSE);
  peer->turn += length;
  peer->others += length;
  return TRUE;
}

static GBytes *
control_start (void)
{
  GByteArray *out = g_byte_array_new ();

  qs_write_varint (out, QS_HTTP3_STREAM_CONTROL);
  qs_http3_settings_write (out, NULL, 0);
  return g_byte_array_free_to_bytes (out);
}

static void
settings (Peer *peer, GByteArray *frames)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  if (peer->turn == 0)
    {
      qs_write_varint (out, QS_HTTP3_STREAM_CONTROL);
      qs_write_varint (out, QS_HTTP3_SETTINGS);
      qs_write_varint (out, 1 << 28);
    }
  for (guint i = 0; i < 100; i++)
    {
      qs_write_varint (out, 0x21 + 0x1f * (peer->turn + i));
      qs_write_varint (out, 1);
    }
  g_autoptr (GBytes) bytes = g_bytes_new (out->data, out->len);
  go_on_with (peer, frames, 3, bytes);
}

/* The control stream has to be there before what follows on it. */
static void
begin_control (Peer *peer, GByteArray *frames)
{
  if (peer->turn != 0)
    return;
  g_autoptr (GBytes) start = control_start ();
  go_on_with (peer, frames, 3, start);
}

/* RFC 9114 section 7.2.4: once. */
static void
settings_again (Peer *peer, GByteArray *frames)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  begin_control (peer, frames);
  for (guint i = 0; i < 100; i++)
    qs_http3_settings_write (out, NULL, 0);
  g_autoptr (GBytes) bytes = g_bytes_new (out->data, out->len);
  go_on_with (peer, frames, 3, bytes);
}

static void
goaways (Peer *peer, GByteArray *frames)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  begin_control (peer, frames);
  for (guint i = 0; i < 100; i++)
    qs_http3_number_frame_write (out, QS_HTTP3_GOAWAY, 400);
  g_autoptr (GBytes) bytes = g_bytes_new (out->data, out->len);
  go_on_with (peer, frames, 3, bytes);
}

/* Set Dynamic Table Capacity, again and again: an instruction that is right with a capacity of 0, too. */
static void
encoder (Peer *peer, GByteArray *frames)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  if (peer->turn == 0)
    qs_write_varint (out, QS_HTTP3_STREAM_QPACK_ENCODER);
  while (out->len < 900)
    qs_write_uint (out, 0x20, 1);
  g_autoptr (GBytes) bytes = g_bytes_new (out->data, out->len);
  go_on_with (peer, frames, 7, bytes);
}

/* One entry of some 4000 bytes in the dynamic table, and a field section of nothing but references to it. */
static void
bomb (Peer *peer, GByteArray *frames)
{
  g_autofree guint8 *value = g_malloc (PEER_ROOM);
  const gsize length = 900;

  memset (value, 'v', PEER_ROOM);
  if (peer->count == 0)
    {
      g_autoptr (GByteArray) out = g_byte_array_new ();
      qs_write_varint (out, QS_HTTP3_STREAM_QPACK_ENCODER);
      g_byte_array_append (out, (const guint8 *) "\x3f\xe1\x1f", 3); /* capacity 4096 */
      g_byte_array_append (out, (const guint8 *) "\x41x\x7f", 3);    /* insert: x, a value of 127 + */
      for (gsize rest = length - 127; rest > 0 || out->data[out->len - 1] >= 0x80; rest >>= 7)
        qs_write_uint (out, (rest & 0x7f) | (rest > 0x7f ? 0x80 : 0), 1);
      qs_write_span (out, QS_SPAN (value, length));
      peer_put_stream (frames, 7, 0, qs_written (out), FALSE);
      return;
    }
  g_autoptr (GByteArray) section = g_byte_array_new ();
  if (peer->offset == 0)
    {
      write_head_of (section, 1 << 30);
      g_byte_array_append (section, (const guint8 *) "\2\0\xd9", 3); /* one entry is wanted; base the same */
    }
  while (section->len < 1000)
    qs_write_uint (section, 0x80, 1); /* the newest entry */
  if (peer->offset + section->len > peer->max_stream_data || peer->offset + section->len + 2000 > peer->max_data)
    return;
  peer_put_stream (frames, 0, peer->offset, qs_written (section), FALSE);
  peer->offset += section->len;
}

const PeerMode peer_modes[] = {
  { "initial-pings", "timeout", PEER_FROM_HELLO, .frames = pings },
  { "initial-crypto-gaps", "protocol-error", PEER_FROM_HELLO, .frames = crypto_gaps },
  { "initial-crypto-far", "protocol-error", PEER_FROM_HELLO, .frames = crypto_far },
  { "initial-crypto-huge", "tls-message-too-large", PEER_FROM_HELLO, .frames = crypto_huge },
  { "hello-drips", "timeout", PEER_FROM_HELLO, .pause_ms = 100, .frames = hello_drips },

  { "ping", "timeout", PEER_FROM_START, .frames = one_ping },
  { "pings", "timeout", PEER_FROM_START, .frames = pings },
  { "padding", "timeout", PEER_FROM_START, .frames = padding },
  { "connection-ids", "protocol-error", PEER_FROM_START, .frames = connection_ids },
  /* OpenSSL holds an answer to each, up to some hundred thousand, before it closes the connection. */
  { "retire-prior-to", NULL, PEER_FROM_START, .frames = retiring, .most = 128 },
  { "path-challenges", "timeout", PEER_FROM_START, .frames = challenges },
  { "limits", "timeout", PEER_FROM_START, .frames = limits },
  { "blocked", "timeout", PEER_FROM_START, .frames = blocked },
  { "handshake-done", "timeout", PEER_FROM_START, .frames = handshake_done },
  { "huge-limits", "protocol-error", PEER_FROM_START, .frames = huge_limits },
  { "new-tokens", "timeout", PEER_FROM_START, .frames = tokens },
  { "acknowledges-all", "timeout", PEER_FROM_START, .frames = acknowledging },
  { "unknown-frames", "protocol-error", PEER_FROM_START, .frames = unknown_frames },
  { "crypto-gaps", "protocol-error", PEER_FROM_START, .frames = crypto_gaps },
  { "crypto-far", "protocol-error", PEER_FROM_START, .frames = crypto_far },
  { "crypto-huge", "tls-message-too-large", PEER_FROM_START, .in_order = TRUE, .frames = crypto_huge },
  { "tickets", NULL, PEER_FROM_START, .in_order = TRUE, .frames = tickets },
  { "tickets-reordered", NULL, PEER_FROM_START, .in_order = TRUE, .frames = tickets_reordered },
  { "streams", "timeout", PEER_FROM_START, .in_order = TRUE, .frames = streams },
  { "reset-streams", NULL, PEER_FROM_START, .in_order = TRUE, .frames = reset_streams },
  { "reserved-stream", "timeout", PEER_FROM_START, .in_order = TRUE, .frames = reserved_stream },
  { "settings", "timeout", PEER_FROM_START, .in_order = TRUE, .frames = settings },
  { "settings-again", "http3-protocol-error", PEER_FROM_START, .in_order = TRUE, .frames = settings_again },
  { "goaways", "timeout", PEER_FROM_START, .in_order = TRUE, .frames = goaways },
  { "qpack-encoder", "timeout", PEER_FROM_START, .in_order = TRUE, .frames = encoder },

  { "resets", "stream-reset", PEER_FROM_REQUEST, .frames = resets },
  { "stops", "timeout", PEER_FROM_REQUEST, .frames = stops },
  { "stream-gaps", "timeout", PEER_FROM_REQUEST, .frames = stream_gaps },
  { "stream-again", "timeout", PEER_FROM_REQUEST, .frames = stream_again },
  { "stream-empty", "timeout", PEER_FROM_REQUEST, .frames = stream_empty },
  { "qpack-references", "http-malformed", PEER_FROM_REQUEST, .in_order = TRUE, .frames = bomb },
  { "bytes-one-by-one", "timeout", PEER_FROM_REQUEST, .in_order = TRUE, .first = ok_head, .again = data_of_many,
    .step = 1 },
  { "interim", "timeout", PEER_FROM_REQUEST, .in_order = TRUE, .first = early_head, .again = early_head },
  { "data-of-one", "timeout", PEER_FROM_REQUEST, .in_order = TRUE, .first = ok_head, .again = data_of_one },
  { "endless", "timeout", PEER_FROM_REQUEST, .in_order = TRUE, .first = ok_head, .again = data_of_many },
  { "reserved-frames", "timeout", PEER_FROM_REQUEST, .in_order = TRUE, .first = ok_head, .again = reserved_frame },
  { "reserved-frame-huge", "timeout", PEER_FROM_REQUEST, .in_order = TRUE, .first = huge_reserved_frame,
    .again = zeros },
  { "huge-value", "http-malformed", PEER_FROM_REQUEST, .in_order = TRUE, .first = huge_value, .again = letters },
  { "head-drips", "timeout", PEER_FROM_REQUEST, .in_order = TRUE, .pause_ms = 100, .first = huge_value,
    .again = letters, .step = 1 },
  { "static-references", "http-malformed", PEER_FROM_REQUEST, .in_order = TRUE, .first = huge_section,
    .again = static_references },
  { "static-references-interim", "timeout", PEER_FROM_REQUEST, .in_order = TRUE, .first = static_references_early,
    .again = static_references_early },
  { "small-fields", "http-malformed", PEER_FROM_REQUEST, .in_order = TRUE, .first = huge_section,
    .again = small_fields },
  { "trailers", "http-malformed", PEER_FROM_REQUEST, .in_order = TRUE, .first = trailers, .again = small_fields },
  { "push-promises", "http3-protocol-error", PEER_FROM_REQUEST, .in_order = TRUE, .first = promise, .again = promise },
  { NULL },
};
