/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quic-client PORT MODE SECONDS: a QUIC client that means no good, on 127.0.0.1: it shakes hands and then says what it is told to for so long;
 * when the server ends a connection it makes the next one. Prints "N connections, N packets, N closed". quic-client --list: its modes. */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "craft/qs-craft.h"
#include "trace/qs-trace-budget.h"
#include "wire/qs-frame.h"
#include "wire/qs-http3.h"
#include "wire/qs-qpack.h"
#include "wire/qs-transport-parameters.h"
#include "wire/qs-writer.h"

#define ROOM 1100 /* bytes of frames in a packet */
#define AT_ONCE 32
#define PIECE 65536      /* bytes of a stream */
#define BUDGET (8 << 20) /* of this side's own trace */
#define BLOCKED_MS 500   /* a handshake that is not answered so long is given up */
#define PADDING 60000    /* of a ClientHello */

typedef struct {
  const char *name;
  QsPacketType type; /* of the packets; 1-RTT ones once the handshake is confirmed */
  void (*frames) (guint64 *turn, GByteArray *frames);
  GBytes *(*stream) (guint64 *turn); /* or bytes of a request, again and again */
  guint padding;                     /* of the ClientHello */
  gboolean moves, updates;           /* from another port, under other keys, each time */
  guint ms;                          /* between two turns */
} Mode;

typedef struct {
  const Mode *mode;
  GSocketAddress *address;
  QsCraft *craft;
  QsTrace *trace;
  guint64 turn, connections, packets, closed;
  gint64 begun, until;
  gboolean over;
} Client;

/* --- Frames --- */

static void
put (GByteArray *frames, QsFrame frame)
{
  qs_frame_write (frames, &frame);
}

static void
put_stream (GByteArray *frames, guint64 id, guint64 offset, QsSpan bytes, gboolean fin)
{
  put (frames, (QsFrame){ .type = QS_FRAME_STREAM | QS_STREAM_OFF | QS_STREAM_LEN | (fin ? QS_STREAM_FIN : 0),
                          .stream_id = id,
                          .stream_offset = offset,
                          .fin = fin,
                          .data = bytes });
}

static void
pings (guint64 *turn, GByteArray *frames)
{
  while (frames->len < ROOM)
    put (frames, (QsFrame){ .type = QS_FRAME_PING });
}

static void
one_ping (guint64 *turn, GByteArray *frames)
{
  put (frames, (QsFrame){ .type = QS_FRAME_PING });
  put (frames, (QsFrame){ .type = QS_FRAME_PADDING, .length = 20 });
}

static void
challenges (guint64 *turn, GByteArray *frames)
{
  guint8 bytes[8];

  while (frames->len + 9 < ROOM)
    {
      RAND_bytes (bytes, sizeof bytes);
      put (frames, (QsFrame){ .type = QS_FRAME_PATH_CHALLENGE, .data = QS_SPAN (bytes, sizeof bytes) });
    }
}

static void
put_id (GByteArray *frames, guint64 sequence, guint64 retire_prior_to)
{
  guint8 cid[8], token[16];

  RAND_bytes (cid, sizeof cid);
  RAND_bytes (token, sizeof token);
  put (frames, (QsFrame){ .type = QS_FRAME_NEW_CONNECTION_ID,
                          .sequence = sequence,
                          .retire_prior_to = retire_prior_to,
                          .data = QS_SPAN (cid, sizeof cid),
                          .token = QS_SPAN (token, sizeof token) });
}

static void
connection_ids (guint64 *turn, GByteArray *frames)
{
  while (frames->len + 40 < ROOM)
    put_id (frames, ++*turn, 0);
}

static void
retiring (guint64 *turn, GByteArray *frames)
{
  for (; frames->len + 40 < ROOM; ++*turn)
    put_id (frames, *turn + 1, *turn + 1);
}

static void
crypto_gaps (guint64 *turn, GByteArray *frames)
{
  for (; frames->len + 8 < ROOM; *turn = (*turn + 2) % 60000)
    put (frames, (QsFrame){ .type = QS_FRAME_CRYPTO, .stream_offset = *turn + 4001, .data = QS_SPAN ("x", 1) });
}

/* Request streams, each ended in the frame behind its first byte (as CVE-2023-44487 did over HTTP/2). */
static void
rapid_resets (guint64 *turn, GByteArray *frames)
{
  for (; frames->len + 40 < ROOM; ++*turn)
    {
      put_stream (frames, 4 * *turn, 0, QS_SPAN ("\1\x40\x40", 3), FALSE);
      put (frames, (QsFrame){ .type = QS_FRAME_RESET_STREAM, .stream_id = 4 * *turn, .error_code = 0x10c, .limit = 3 });
      put (frames, (QsFrame){ .type = QS_FRAME_STOP_SENDING, .stream_id = 4 * *turn, .error_code = 0x10c });
    }
}

/* Each far behind what the server lets (RFC 9000 section 4.6). */
static void
too_many_streams (guint64 *turn, GByteArray *frames)
{
  put_stream (frames, (G_GUINT64_CONSTANT (1) << 50) + 4 * ++*turn, 0, QS_SPAN ("x", 1), FALSE);
}

static void
half_streams (guint64 *turn, GByteArray *frames)
{
  for (; frames->len + 20 < ROOM && *turn < 100; ++*turn)
    put_stream (frames, 4 * *turn, 0, QS_SPAN ("\1\x40\x40", 3), FALSE);
  one_ping (turn, frames);
}

static void
stream_gaps (guint64 *turn, GByteArray *frames)
{
  for (; frames->len + 12 < ROOM; *turn = (*turn + 2) % 60000)
    put_stream (frames, 0, *turn + 1, QS_SPAN ("x", 1), FALSE);
}

static void
blocked (guint64 *turn, GByteArray *frames)
{
  for (; frames->len + 30 < ROOM; ++*turn)
    {
      put (frames, (QsFrame){ .type = QS_FRAME_DATA_BLOCKED, .limit = *turn });
      put (frames, (QsFrame){ .type = QS_FRAME_STREAMS_BLOCKED_UNI, .limit = *turn });
    }
}

static void
limits (guint64 *turn, GByteArray *frames)
{
  for (; frames->len + 30 < ROOM; ++*turn)
    {
      put (frames, (QsFrame){ .type = QS_FRAME_MAX_STREAMS_BIDI, .limit = 100 + *turn });
      put (frames, (QsFrame){ .type = QS_FRAME_MAX_DATA, .limit = (1 << 24) + *turn });
    }
}

static void
settings_twice (guint64 *turn, GByteArray *frames)
{
  static const guint8 bytes[] = { 0, 4, 0, 4, 0 }; /* control stream; SETTINGS without a setting, two of them */

  put_stream (frames, 2, 0, QS_SPAN (bytes, sizeof bytes), FALSE);
}

static void
control_twice (guint64 *turn, GByteArray *frames)
{
  put_stream (frames, 2, 0, QS_SPAN ("\0\4\0", 3), FALSE);
  put_stream (frames, 6, 0, QS_SPAN ("\0\4\0", 3), FALSE);
}

/* --- Requests --- */

static GBytes *
head_of (gsize length)
{
  GByteArray *out = g_byte_array_new ();

  qs_write_varint (out, QS_HTTP3_HEADERS);
  qs_write_varint (out, length);
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
bomb (guint64 *turn)
{
  GByteArray *out = g_byte_array_new ();

  if (*turn == 0)
    {
      g_autoptr (GBytes) head = head_of (1 << 30);
      qs_write_span (out, QS_SPAN (g_bytes_get_data (head, NULL), g_bytes_get_size (head)));
      g_byte_array_append (out, (const guint8 *) "\0\0\xd1", 3); /* GET */
    }
  for (guint i = 0; i < PIECE / 2; i++)
    g_byte_array_append (out, (const guint8 *) "\xff\x16", 2); /* RFC 9204 appendix A: 76 bytes of a value in two */
  ++*turn;
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
endless_body (guint64 *turn)
{
  static const char *const fields[] = { ":method",   "POST",  ":scheme", "https", ":authority",
                                        "localhost", ":path", "/",       NULL };
  g_autoptr (GByteArray) section = g_byte_array_new ();
  g_autofree guint8 *zeros = g_malloc0 (PIECE);
  GByteArray *out = g_byte_array_new ();

  qs_qpack_literals_write (section, fields);
  if (*turn == 0)
    qs_http3_frame_write (out, QS_HTTP3_HEADERS, qs_written (section));
  qs_http3_frame_write (out, QS_HTTP3_DATA, QS_SPAN (zeros, PIECE));
  ++*turn;
  return g_byte_array_free_to_bytes (out);
}

/* A byte of the head of a request at a time. */
static GBytes *
slowly (guint64 *turn)
{
  return (*turn)++ == 0 ? head_of (16000) : g_bytes_new_static ("\0", 1);
}

static GBytes *
reserved_frames (guint64 *turn)
{
  GByteArray *out = g_byte_array_new ();

  while (out->len < PIECE)
    qs_http3_frame_write (out, 0x21 + 0x1f * 7, QS_SPAN ("x", 1));
  return g_byte_array_free_to_bytes (out);
}

static const Mode modes[] = {
  { "initial-crypto-gaps", QS_PACKET_INITIAL, crypto_gaps },
  { "initial-pings", QS_PACKET_INITIAL, pings },
  { "large-hello", QS_PACKET_INITIAL, .padding = PADDING },
  { "ping", QS_PACKET_1RTT, one_ping },
  { "pings", QS_PACKET_1RTT, pings },
  { "path-challenges", QS_PACKET_1RTT, challenges },
  { "connection-ids", QS_PACKET_1RTT, connection_ids },
  { "retire-prior-to", QS_PACKET_1RTT, retiring },
  { "crypto-gaps", QS_PACKET_1RTT, crypto_gaps },
  { "rapid-resets", QS_PACKET_1RTT, rapid_resets },
  { "too-many-streams", QS_PACKET_1RTT, too_many_streams },
  { "half-streams", QS_PACKET_1RTT, half_streams },
  { "stream-gaps", QS_PACKET_1RTT, stream_gaps },
  { "blocked", QS_PACKET_1RTT, blocked },
  { "limits", QS_PACKET_1RTT, limits },
  { "settings-twice", QS_PACKET_1RTT, settings_twice },
  { "control-twice", QS_PACKET_1RTT, control_twice },
  { "migrations", QS_PACKET_1RTT, one_ping, .moves = TRUE },
  { "key-updates", QS_PACKET_1RTT, one_ping, .updates = TRUE },
  { "static-references", QS_PACKET_1RTT, .stream = bomb },
  { "endless-body", QS_PACKET_1RTT, .stream = endless_body },
  { "reserved-frames", QS_PACKET_1RTT, .stream = reserved_frames },
  { "slowly", QS_PACKET_1RTT, .stream = slowly, .ms = 50 },
};

/* --- A connection after the other --- */

static void
changed_cb (QsCraft *craft, gpointer data)
{ /* what has happened is looked at each turn */
}

static void
begin (Client *self)
{
  static const char *const alpn[] = { "h3", NULL };
  const QsCraftOptions options = { .tls = {
                                       .server_name = "localhost", .alpn = alpn, .padding = self->mode->padding } };
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->craft, qs_craft_free);
  g_clear_object (&self->trace);
  self->trace = qs_trace_new (QS_VANTAGE_CLIENT, qs_clock_get_steady ());
  qs_trace_set_budget (self->trace, BUDGET);
  self->craft = qs_craft_new (self->address, self->trace, NULL, &options, changed_cb, NULL, &error);
  g_assert_no_error (error);
  self->turn = 0;
  self->connections++;
  self->begun = g_get_monotonic_time ();
  qs_craft_start (self->craft);
}

static void
say (Client *self)
{
  const Mode *mode = self->mode;
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  if (mode->stream != NULL)
    {
      g_autoptr (GBytes) bytes = mode->stream (&self->turn);
      qs_craft_stream (self->craft, 0, QS_SPAN (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)), FALSE);
      self->packets += 1 + g_bytes_get_size (bytes) / ROOM;
      return;
    }
  if (mode->moves)
    qs_craft_rebind (self->craft, FALSE);
  if (mode->updates)
    qs_craft_update_keys (self->craft);
  mode->frames (&self->turn, frames);
  self->packets += qs_craft_send (
      self->craft, &(const QsCraftPacket){ .type = mode->type, .frames = qs_written (frames), .once = TRUE });
}

static gboolean
is_ready (Client *self)
{
  QsCraftEvents needed = self->mode->type == QS_PACKET_INITIAL ? 0 : QS_CRAFT_CONFIRMED;

  return (qs_craft_get_events (self->craft) & needed) == needed;
}

static gboolean
turn_cb (gpointer data)
{
  Client *self = data;
  QsCraftEvents events = qs_craft_get_events (self->craft);
  gboolean ended = (events & (QS_CRAFT_CLOSED | QS_CRAFT_GAVE_UP)) != 0;
  gboolean late = self->begun + BLOCKED_MS * 1000 < g_get_monotonic_time ();

  if (g_get_monotonic_time () > self->until)
    {
      self->over = TRUE;
      return G_SOURCE_REMOVE;
    }
  self->closed += ended;
  /* Of one whose handshake is all that it does, the next; of one that carries data as well, when more than its room waits. */
  if (ended || (late && !is_ready (self)) || (self->mode->padding > 0 && (events & QS_CRAFT_CONFIRMED) != 0) ||
      (self->mode->stream != NULL && self->turn > 256) || (self->mode->type == QS_PACKET_INITIAL && late))
    begin (self);
  for (guint i = 0; i < (self->mode->stream != NULL || self->mode->moves ? 1 : AT_ONCE) && is_ready (self) &&
                    self->mode->padding == 0;
       i++)
    say (self);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  Client self = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    if (argc == 2 && g_str_equal (argv[1], "--list"))
      g_print ("%s\n", modes[i].name);
    else if (argc == 4 && g_str_equal (argv[2], modes[i].name))
      self.mode = &modes[i];
  if (self.mode == NULL)
    return argc == 2 ? 0 : 2;
  self.address = g_inet_socket_address_new_from_string ("127.0.0.1", (guint) g_ascii_strtoull (argv[1], NULL, 10));
  self.until = g_get_monotonic_time () + (gint64) (g_ascii_strtod (argv[3], NULL) * G_USEC_PER_SEC);
  begin (&self);
  g_timeout_add (MAX (self.mode->ms, 1), turn_cb, &self);
  while (!self.over)
    g_main_context_iteration (NULL, TRUE);
  g_print ("%" G_GUINT64_FORMAT " connections, %" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT " closed\n",
           self.connections, self.packets, self.closed);
  qs_craft_free (self.craft);
  g_object_unref (self.trace);
  g_object_unref (self.address);
  return 0;
}
