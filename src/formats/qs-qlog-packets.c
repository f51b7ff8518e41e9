/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-qlog-packets.h"

#include <string.h>

#include "formats/qs-qlog-parse.h"
#include "formats/qs-qlog-private.h"
#include "trace/qs-credit.h"
#include "trace/qs-frame-store.h"
#include "trace/qs-recovery.h"

#define MAX_PACKETS (G_MAXUINT32 / 4)
#define N_SPACES (2 + QS_NUMBERED_PATHS) /* of packet numbers: Initial, Handshake, application data by its path */
#define APPLICATION 2             /* the space of path 0's application data, and the only one without multipath */
#define MAX_STEP_BACK 4096        /* of packet numbers: what comes later than that is not held against ACKs */
#define MAX_ACK_DELAY_MS 16384    /* RFC 9000 section 18.2 */
#define MOST_VERSIONS 64          /* of a list */
#define MOST_WITHOUT_VERSION 1024 /* of a file's first packets: all of a handshake are among them */

/* How far a stream's bytes went out, and in which packet: lower ones in a later packet are sent again. */
typedef struct {
  guint64 highest;
  guint64 number;
  guint16 path_id;
} SentMark;

typedef struct {
  guint64 id;
  SentMark sent[2];
} StreamTrack;

struct _QsQlogPackets {
  QsTrace *trace;
  QsFrameStore *store;
  GByteArray *scratch;
  double ms_per_unit;
  QsRecovery *recovery[2][N_SPACES]; /* by the direction of what is acknowledged; made when first needed */
  guint64 highest[2][N_SPACES];
  SentMark crypto[2][N_SPACES];
  GHashTable *streams; /* StreamTrack */
  QsRtt rtt;
  guint64 max_ack_delay_ms;
  gint64 last_datagram[2];
  gboolean key_updated[2];
  gboolean
      multipath; /* a path has packet numbers of its own: before that is proved, path ids may stand for mere addresses */
  guint32 version;
  gboolean full;
};

/* The packet that frames are being read of. */
typedef struct {
  QsQlogPackets *self;
  QsPacket *packet;
  guint32 index;
  int space; /* -1: its type has none */
} Arrival;

/* --- Headers --- */

static const struct {
  const char *name;
  QsPacketType type;
  int space;
} packet_types[] = {
  { "initial", QS_PACKET_INITIAL, 0 },
  { "handshake", QS_PACKET_HANDSHAKE, 1 },
  { "1RTT", QS_PACKET_1RTT, 2 },
  { "0RTT", QS_PACKET_0RTT, 2 },
  { "retry", QS_PACKET_RETRY, -1 },
  { "version_negotiation", QS_PACKET_VERSION_NEGOTIATION, -1 },
  { "stateless_reset", QS_PACKET_STATELESS_RESET, -1 },
  { "one_rtt", QS_PACKET_1RTT, 2 },
  { "zero_rtt", QS_PACKET_0RTT, 2 },
  { "0-RTT", QS_PACKET_0RTT, 2 },
  { "1-RTT", QS_PACKET_1RTT, 2 },
  { "application_data", QS_PACKET_1RTT, 2 }, /* some name the space of its number */
};

static const char *
find_packet_type (QsJson data, QsJson header)
{
  /* Older ones have it beside the header; aioquic calls it "type" where it tells of a loss. */
  const char *const names[] = {
    qs_json_get_string (header, "packet_type"),
    qs_json_get_string (data, "packet_type"),
    qs_json_get_string (header, "type"),
    qs_json_get_string (data, "type"),
    qs_json_get_string (data, "packet_number_space"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (names[i] != NULL)
        return names[i];
    }
  return NULL;
}

static QsPacketType
read_packet_type (QsJson data, QsJson header, int *space)
{
  const char *name = find_packet_type (data, header);

  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (packet_types); i++)
    {
      if (g_ascii_strcasecmp (packet_types[i].name, name) == 0)
        {
          *space = packet_types[i].space;
          return packet_types[i].type;
        }
    }
  *space = -1;
  return QS_PACKET_UNKNOWN;
}

static guint32
read_length (QsJson data, QsJson header)
{
  guint64 length = 0;

  if (!qs_json_get_uint (qs_json_get (data, "raw"), "length", &length) &&
      !qs_json_get_uint (header, "packet_size", &length) && !qs_json_get_uint (data, "packet_size", &length))
    qs_json_get_uint (header, "length", &length);
  return (guint32) MIN (length, 65535);
}

/* As hex digits, as a number, or as its decimal digits, of which there are more than of hex ones. 0: not there. */
static guint32
parse_version (QsJson value)
{
  const char *text = qs_json_string (value);
  guint64 version = 0;

  if (text == NULL)
    return qs_json_uint (value, &version) && version <= G_MAXUINT32 ? (guint32) version : 0;
  if (g_str_has_prefix (text, "0x"))
    text += 2;
  g_ascii_string_to_unsigned (text, strlen (text) > 8 ? 10 : 16, 0, G_MAXUINT32, &version, NULL);
  return (guint32) version;
}

/* Some write 0 for a Retry, which has none. */
static guint64
read_number (QsJson data, QsJson header, int space)
{
  guint64 number;

  if (space >= 0 &&
      (qs_json_get_uint (header, "packet_number", &number) || qs_json_get_uint (data, "packet_number", &number)))
    return number;
  return G_MAXUINT64;
}

static gboolean
is_coalesced (QsQlogPackets *self, QsJson data, QsDirection direction)
{
  gint64 *last = &self->last_datagram[direction];
  guint64 id;
  gboolean known = qs_json_get_uint (data, "datagram_id", &id) && id < G_MAXINT64;
  gboolean same = known && *last == (gint64) id;

  *last = known ? (gint64) id : -1;
  return known ? same : qs_json_get_bool (data, "is_coalesced");
}

/* Some say on which path a packet went. G_MAXUINT16: one too high to tell. */
static guint16
read_path_id (QsJson data, QsJson header, guint64 fallback)
{
  guint64 path_id = fallback;

  if (!qs_json_get_uint (header, "path_id", &path_id))
    qs_json_get_uint (data, "path_id", &path_id);
  return (guint16) MIN (path_id, G_MAXUINT16);
}

/* Paths share all spaces but that of application data. */
static int
space_of_path (int space, guint64 path_id)
{
  if (space != APPLICATION)
    return space;
  return path_id < QS_NUMBERED_PATHS ? APPLICATION + (int) path_id : -1;
}

static QsRecovery *
ensure_recovery (QsQlogPackets *self, QsDirection direction, int space)
{
  QsRecovery **recovery = &self->recovery[direction][space];
  gboolean own = direction == QS_DIRECTION_SENT && qs_trace_get_vantage (self->trace) != QS_VANTAGE_NETWORK;

  if (*recovery == NULL)
    *recovery = qs_recovery_new (self->trace, direction, own);
  return *recovery;
}

/* --- What frames tell --- */

static QsMetrics *
metrics_of (const Arrival *arrival)
{
  return qs_trace_get_metrics (arrival->self->trace);
}

/* Microseconds that the peer says it waited, as RFC 9002 section 5.3 lets us believe it. */
static gint64
ack_delay_ns (const Arrival *arrival, const QsFrame *frame)
{
  guint64 limit_us = MIN (arrival->self->max_ack_delay_ms, MAX_ACK_DELAY_MS) * 1000;

  if (arrival->packet->type != QS_PACKET_1RTT)
    return 0;
  return (gint64) (MIN (frame->ack.delay, limit_us >> QS_QLOG_ACK_DELAY_EXPONENT) << QS_QLOG_ACK_DELAY_EXPONENT) * 1000;
}

static void
acknowledge (Arrival *arrival, const QsFrame *frame, int space)
{
  QsQlogPackets *self = arrival->self;
  QsDirection acked = 1 - arrival->packet->direction;
  gint64 time = arrival->packet->time, sample;

  if (!qs_recovery_acked (ensure_recovery (self, acked, space), frame, time, &self->rtt, &sample) ||
      acked != QS_DIRECTION_SENT)
    return;

  gint64 delay = ack_delay_ns (arrival, frame);
  qs_rtt_update (&self->rtt, sample, delay);
  QsRttSample figure = {
    .time = time,
    .rtt = sample >= self->rtt.minimum + delay ? sample - delay : sample,
    .smoothed = self->rtt.smoothed,
    .minimum = self->rtt.minimum,
    .packet = arrival->index,
  };
  qs_metrics_add_rtt (metrics_of (arrival), &figure);
}

/* An ACK is about path 0, wherever it comes by. Where path ids are mere addresses it is about all numbers, which are in one space. */
static void
take_ack (Arrival *arrival, const QsFrame *frame)
{
  QsQlogPackets *self = arrival->self;

  if (arrival->space < APPLICATION)
    {
      if (arrival->space >= 0)
        acknowledge (arrival, frame, arrival->space);
      return;
    }
  acknowledge (arrival, frame, APPLICATION);
  for (int space = APPLICATION + 1; space < N_SPACES && !self->multipath; space++)
    {
      if (self->recovery[1 - arrival->packet->direction][space] != NULL)
        acknowledge (arrival, frame, space);
    }
}

static void
take_path_ack (Arrival *arrival, const QsFrame *frame)
{
  int space = space_of_path (APPLICATION, frame->path_id);

  arrival->self->multipath = TRUE;
  if (space >= 0)
    acknowledge (arrival, frame, space);
}

/* Of different paths the one that was sent later is the one that comes later in its sender's file; in its receiver's none can tell. */
static gboolean
is_later (const SentMark *mark, const Arrival *arrival)
{
  if (mark->path_id != arrival->packet->path_id)
    return arrival->packet->direction == QS_DIRECTION_SENT;
  return arrival->packet->number > mark->number;
}

/* Whether these bytes went out before, as far as a later packet with lower offsets says so. */
static gboolean
note_sent (SentMark *mark, const Arrival *arrival, const QsFrame *frame)
{
  guint64 length = frame->data.length, end = frame->stream_offset + length, number = arrival->packet->number;
  gboolean again =
      length > 0 && frame->stream_offset < mark->highest && is_later (mark, arrival) && number != G_MAXUINT64;

  if (end < length)
    return FALSE;
  if (end > mark->highest || mark->highest == 0)
    *mark = (SentMark){ end, number, arrival->packet->path_id };
  if (again)
    arrival->packet->flags |= QS_PACKET_RETRANSMISSION;
  return again;
}

static StreamTrack *
ensure_stream (QsQlogPackets *self, guint64 id)
{
  StreamTrack *track = g_hash_table_lookup (self->streams, &id);

  if (track == NULL && g_hash_table_size (self->streams) < QS_METRICS_MAX_STREAMS)
    {
      track = g_new0 (StreamTrack, 1);
      track->id = id;
      g_hash_table_insert (self->streams, &track->id, track);
    }
  return track;
}

static QsStreamFigures *
touch_stream (const Arrival *arrival, guint64 id)
{
  QsStreamFigures *figures = qs_metrics_ensure_stream (metrics_of (arrival), id);

  if (figures == NULL)
    return NULL;
  if (figures->packets[0] + figures->packets[1] == 0)
    figures->first_time = arrival->packet->time;
  figures->last_time = arrival->packet->time;
  figures->packets[arrival->packet->direction]++;
  return figures;
}

static void
take_stream (Arrival *arrival, const QsFrame *frame)
{
  guint8 direction = arrival->packet->direction;
  StreamTrack *track = ensure_stream (arrival->self, frame->stream_id);
  QsStreamFigures *figures = touch_stream (arrival, frame->stream_id);

  if (track == NULL || figures == NULL)
    return;
  gboolean again = note_sent (&track->sent[direction], arrival, frame);
  if ((arrival->packet->flags & QS_PACKET_DUPLICATE) != 0)
    return;
  figures->data[direction] += frame->data.length;
  if (again)
    figures->retransmitted[direction] += frame->data.length;
  guint64 before = figures->bytes[direction];
  figures->bytes[direction] = MAX (before, track->sent[direction].highest);
  figures->fin[direction] |= frame->fin;
  qs_credit_sent (&metrics_of (arrival)->credit[direction], arrival->packet->time, figures, before, frame->fin);
}

static void
take_reset_stream (Arrival *arrival, const QsFrame *frame)
{
  QsStreamFigures *figures = touch_stream (arrival, frame->stream_id);

  if (figures == NULL)
    return;
  figures->reset[arrival->packet->direction] = TRUE;
  qs_credit_reset (&metrics_of (arrival)->credit[arrival->packet->direction], arrival->packet->time, figures,
                   frame->limit);
}

static void
take_max_data (Arrival *arrival, const QsFrame *frame)
{
  qs_credit_raise (&metrics_of (arrival)->credit[1 - arrival->packet->direction], arrival->packet->time, frame->limit);
}

static void
take_max_stream_data (Arrival *arrival, const QsFrame *frame)
{
  QsStreamFigures *figures = qs_metrics_ensure_stream (metrics_of (arrival), frame->stream_id);

  if (figures != NULL)
    qs_credit_raise_stream (&metrics_of (arrival)->credit[1 - arrival->packet->direction], arrival->packet->time,
                            figures, frame->limit);
}

static void
take_crypto (Arrival *arrival, const QsFrame *frame)
{
  if (arrival->space >= 0)
    note_sent (&arrival->self->crypto[arrival->packet->direction][arrival->space], arrival, frame);
}

static void
take_handshake_done (Arrival *arrival, const QsFrame *frame)
{
  for (guint direction = 0; direction < 2; direction++)
    qs_recovery_discard (ensure_recovery (arrival->self, direction, 1), arrival->packet->time);
}

static const struct {
  QsFrameType type;
  void (*take) (Arrival *arrival, const QsFrame *frame);
} takers[] = {
  { QS_FRAME_STREAM, take_stream },
  { QS_FRAME_ACK, take_ack },
  { QS_FRAME_PATH_ACK, take_path_ack },
  { QS_FRAME_CRYPTO, take_crypto },
  { QS_FRAME_RESET_STREAM, take_reset_stream },
  { QS_FRAME_MAX_DATA, take_max_data },
  { QS_FRAME_MAX_STREAM_DATA, take_max_stream_data },
  { QS_FRAME_HANDSHAKE_DONE, take_handshake_done },
};

static void
add_frame (Arrival *arrival, QsJson object)
{
  QsQlogPackets *self = arrival->self;
  QsPacket *packet = arrival->packet;
  QsFrame frame;

  if (self->full || !qs_qlog_parse_frame (object, self->ms_per_unit, &frame, self->scratch))
    return;
  if (!qs_frame_store_add (self->store, &frame))
    {
      self->full = TRUE;
      return;
    }
  guint64 type = qs_frame_base_type (frame.type);
  if (type < 64)
    packet->frames |= G_GUINT64_CONSTANT (1) << type;
  if (packet->n_frames < G_MAXUINT8)
    packet->n_frames++;
  if (qs_frame_is_ack_eliciting (frame.type))
    packet->flags |= QS_PACKET_ACK_ELICITING;
  qs_trace_add_n_frames (self->trace, 1);
  for (guint i = 0; i < G_N_ELEMENTS (takers); i++)
    {
      if (takers[i].type == type)
        takers[i].take (arrival, &frame);
    }
}

static void
read_frames (Arrival *arrival, QsJson data)
{
  QsJson frames = qs_json_get (data, "frames");

  qs_frame_store_begin_packet (arrival->self->store);
  for (QsJson frame = qs_json_first (frames); qs_json_is_there (frame); frame = qs_json_next (frames, frame))
    add_frame (arrival, frame);
}

/* --- Recovery --- */

/* Received ones may come out of order; what a garbled file says of numbers must not cost more than a real one does. */
static gboolean
is_tracked (QsQlogPackets *self, const QsPacket *packet, int space)
{
  if (space < 0 || packet->number == G_MAXUINT64 || (packet->flags & QS_PACKET_DECRYPTED) == 0)
    return FALSE;
  guint64 *highest = &self->highest[packet->direction][space];
  if (packet->number<*highest && * highest - packet->number> MAX_STEP_BACK)
    return FALSE;
  *highest = MAX (*highest, packet->number);
  return TRUE;
}

/* What a Retry answers was not lost, and what is sent again is sent for it (RFC 9002 section 6.3). */
static void
take_retry (QsQlogPackets *self, const QsPacket *packet)
{
  QsDirection client = 1 - packet->direction;

  qs_recovery_discard (ensure_recovery (self, client, 0), packet->time);
  self->crypto[client][0] = (SentMark){ 0 };
}

/* A sender's numbers only grow in one space (RFC 9000 section 12.3): one that does not go beyond another path's has a space of its own. */
static void
note_spaces (QsQlogPackets *self, const Arrival *arrival)
{
  const QsPacket *packet = arrival->packet;

  if (arrival->space < APPLICATION || packet->direction != QS_DIRECTION_SENT || packet->number == G_MAXUINT64)
    return;
  for (int space = APPLICATION; space < N_SPACES && !self->multipath; space++)
    {
      gboolean used = space != arrival->space && self->recovery[QS_DIRECTION_SENT][space] != NULL;
      self->multipath = used && packet->number <= self->highest[QS_DIRECTION_SENT][space];
    }
}

/* The last look at a packet: how its own sender will see it acknowledged or lost. */
static void
note_packet (QsQlogPackets *self, const Arrival *arrival)
{
  const QsPacket *packet = arrival->packet;
  QsDirectionFigures *figures = &qs_trace_get_metrics (self->trace)->directions[packet->direction];

  figures->packets++;
  figures->duplicates += (packet->flags & QS_PACKET_DUPLICATE) != 0;
  figures->corrupt += (packet->flags & QS_PACKET_CORRUPT) != 0;
  figures->retransmissions += (packet->flags & QS_PACKET_RETRANSMISSION) != 0;
  if (packet->type == QS_PACKET_RETRY)
    take_retry (self, packet);
  note_spaces (self, arrival);
  if (is_tracked (self, packet, arrival->space))
    qs_recovery_sent (ensure_recovery (self, packet->direction, arrival->space), packet->number, arrival->index,
                      packet->time, packet->length, (packet->flags & QS_PACKET_ACK_ELICITING) != 0);
}

/* What a Version Negotiation lists. */
static void
take_version_list (QsQlogPackets *self, gint64 time, QsJson data)
{
  QsJson list = qs_json_get (data, "supported_versions");
  QsMark mark = { .kind = QS_MARK_FACT, .name = QS_FACT_VERSION_LIST, .stream = -1 };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (QsJson value = qs_json_first (list); qs_json_is_there (value) && bytes->len < MOST_VERSIONS * 4;
       value = qs_json_next (list, value))
    {
      guint32 version = GUINT32_TO_BE (parse_version (value));

      if (version != 0)
        g_byte_array_append (bytes, (const guint8 *) &version, 4);
    }
  if (bytes->len == 0 || qs_trace_find_mark (self->trace, QS_MARK_FACT, QS_FACT_VERSION_LIST, NULL) != NULL)
    return;
  mark.bytes = g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
  qs_trace_add_mark_full (self->trace, time, &mark);
}

/* --- Public --- */

QsQlogPackets *
qs_qlog_packets_new (QsTrace *trace, double ms_per_unit)
{
  QsQlogPackets *self = g_new0 (QsQlogPackets, 1);

  self->trace = g_object_ref (trace);
  self->store = qs_frame_store_new ();
  self->scratch = g_byte_array_new ();
  self->ms_per_unit = ms_per_unit;
  self->streams = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  self->max_ack_delay_ms = 25;
  for (guint direction = 0; direction < 2; direction++)
    self->last_datagram[direction] = -1;
  return self;
}

void
qs_qlog_packets_finish (QsQlogPackets *self)
{
  for (guint i = 0; i < 2 * N_SPACES; i++)
    qs_recovery_free (self->recovery[i / N_SPACES][i % N_SPACES]);
  qs_frame_store_attach (self->store, self->trace);
  g_byte_array_unref (self->scratch);
  g_hash_table_unref (self->streams);
  g_object_unref (self->trace);
  g_free (self);
}

gboolean
qs_qlog_packets_add (QsQlogPackets *self, gint64 time, QsJson data, QsDirection direction, guint64 path_id, guint flags)
{
  QsJson header = qs_json_get (data, "header");
  guint n_packets = qs_trace_get_n_packets (self->trace);
  guint64 payload_length = 0;
  int space;

  if (self->full || n_packets >= MAX_PACKETS)
    return FALSE;
  QsPacketType type = read_packet_type (data, header, &space);
  QsJson version = qs_json_get (header, "version");
  gboolean is_long = type != QS_PACKET_1RTT && space >= 0;
  QsPacket packet = { .time = time,
                      .record = G_MAXUINT32,
                      .length = read_length (data, header),
                      .version = qs_json_is_there (version) ? parse_version (version)
                                 : is_long                  ? self->version
                                                            : 0,
                      .flags = (guint16) (QS_PACKET_FROM_QLOG | flags),
                      .direction = (guint8) direction,
                      .type = (guint8) type,
                      .path_id = read_path_id (data, header, path_id) };
  packet.number = read_number (data, header, space);
  if (qs_json_get_uint (qs_json_get (data, "raw"), "payload_length", &payload_length) ||
      qs_json_get_uint (header, "payload_length", &payload_length))
    packet.payload_length = (guint32) MIN (payload_length, 65535);
  if (is_coalesced (self, data, direction))
    packet.flags |= QS_PACKET_COALESCED;
  if (packet.type == QS_PACKET_1RTT && self->key_updated[direction])
    {
      packet.flags |= QS_PACKET_KEY_UPDATE;
      self->key_updated[direction] = FALSE;
    }

  Arrival arrival = { self, &packet, n_packets, space_of_path (space, packet.path_id) };
  read_frames (&arrival, data);
  qs_trace_add_packet (self->trace, &packet);
  if (type == QS_PACKET_VERSION_NEGOTIATION)
    take_version_list (self, time, data);
  note_packet (self, &arrival);
  return TRUE;
}

void
qs_qlog_packets_lose (QsQlogPackets *self, gint64 time, QsJson data, guint64 path_id)
{
  QsJson header = qs_json_get (data, "header");
  int space;

  read_packet_type (data, header, &space);
  guint64 number = read_number (data, header, space);
  space = space_of_path (space, read_path_id (data, header, path_id));
  if (number != G_MAXUINT64 && space >= 0)
    qs_recovery_lost (ensure_recovery (self, QS_DIRECTION_SENT, space), number, time);
}

void
qs_qlog_packets_update_key (QsQlogPackets *self, QsDirection direction)
{
  self->key_updated[direction] = TRUE;
}

void
qs_qlog_packets_set_max_ack_delay (QsQlogPackets *self, guint64 ms)
{
  self->max_ack_delay_ms = ms;
}

/* Some tell of it once the handshake is over: what went before was of that version too, but for a list of versions and a Retry. */
static void
add_version_to_packets (QsQlogPackets *self)
{
  guint n = MIN (qs_trace_get_n_packets (self->trace), MOST_WITHOUT_VERSION);

  for (guint i = 0; i < n; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (self->trace, i);

      if (packet->version == 0 &&
          (packet->type == QS_PACKET_INITIAL || packet->type == QS_PACKET_HANDSHAKE || packet->type == QS_PACKET_0RTT))
        qs_trace_edit_packet (self->trace, i)->version = self->version;
    }
}

void
qs_qlog_packets_set_version (QsQlogPackets *self, QsJson value)
{
  guint32 version = parse_version (value);

  if (version == 0)
    return;
  gboolean first = self->version == 0;
  self->version = version;
  if (first)
    add_version_to_packets (self);
}
