/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-qlog-events.h"

#include <string.h>

#include "base/qs-text.h"
#include "trace/qs-frame-store.h"
#include "trace/qs-json.h"
#include "trace/qs-qlog-parse.h"

#define MAX_PACKETS (G_MAXUINT32 / 4)
#define MAX_MS 4e12 /* times above, in milliseconds (the year 2096), are nonsense */
#define N_SPACES 3  /* of packet numbers: Initial, Handshake, application data */

typedef enum { TIME_RELATIVE, TIME_ABSOLUTE, TIME_DELTA } TimeFormat;

/* A sent packet, to be found by its number. */
typedef struct {
  guint64 number;
  guint32 packet;
  guint32 next; /* the first one from here on that is not acknowledged, as far as is known */
} Numbered;

struct _QsQlogEvents {
  QsTrace *trace;
  QsFrameStore *store;
  QsVantage vantage;
  TimeFormat format;
  double ms_per_unit;
  double reference; /* ms since 1970; 0: unknown */
  double last;      /* ms: of the event before, for deltas */
  gint64 last_time;
  gboolean origin_set;
  GByteArray *scratch;
  GArray *numbered[2][N_SPACES]; /* by direction */
  gint64 last_datagram[2];
  gboolean key_updated[2]; /* the next 1-RTT packet of this direction is the first of a key phase */
  gboolean full;
};

/* --- Times --- */

static const struct {
  const char *name;
  TimeFormat format;
} time_formats[] = {
  { "relative", TIME_RELATIVE }, { "relative_to_epoch", TIME_RELATIVE },       { "absolute", TIME_ABSOLUTE },
  { "delta", TIME_DELTA },       { "relative_to_previous_event", TIME_DELTA },
};

static TimeFormat
read_time_format (const char *name, TimeFormat fallback)
{
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (time_formats); i++)
    {
      if (strcmp (time_formats[i].name, name) == 0)
        return time_formats[i].format;
    }
  return fallback;
}

/* A number of milliseconds, or the newer schema's object with dates as RFC 3339 texts. */
static double
read_reference (QsJson fields)
{
  QsJson object = qs_json_get (fields, "reference_time");
  const char *text = qs_json_get_string (object, "wall_clock_time");
  double ms = 0;

  if (qs_json_get_double (fields, "reference_time", &ms))
    return CLAMP (ms, 0, MAX_MS);
  if (text == NULL && g_strcmp0 (qs_json_get_string (object, "clock_type"), "monotonic") != 0)
    text = qs_json_get_string (object, "epoch");
  g_autoptr (GDateTime) date = text != NULL ? g_date_time_new_from_iso8601 (text, NULL) : NULL;
  if (date != NULL)
    ms = (double) g_date_time_to_unix (date) * 1000 + g_date_time_get_microsecond (date) / 1000.0;
  return CLAMP (ms, 0, MAX_MS);
}

/* The event's time since the trace's origin. The first event sets the origin where the file has no reference. */
static gint64
read_time (QsQlogEvents *self, QsJson event)
{
  TimeFormat format = read_time_format (qs_json_get_string (event, "time_format"), self->format);
  double ms = 0;

  if (!qs_json_get_double (event, "time", &ms))
    return self->last_time;
  ms = CLAMP (ms * self->ms_per_unit, -MAX_MS, MAX_MS);
  if (format == TIME_DELTA)
    ms = CLAMP (self->last + ms, -MAX_MS, MAX_MS);
  else if (format == TIME_ABSOLUTE)
    ms -= self->reference;

  /* Absolute times, without a reference or called relative, as some write them. */
  if (!self->origin_set && self->reference == 0 && ms > 1e11)
    {
      self->reference = ms;
      ms = 0;
      self->format = TIME_ABSOLUTE;
    }
  if (!self->origin_set)
    qs_trace_set_origin (self->trace, (gint64) (self->reference * 1e6));
  self->origin_set = TRUE;
  self->last = ms;
  self->last_time = (gint64) (ms * 1e6);
  return self->last_time;
}

/* --- Packets --- */

static const struct {
  const char *name;
  QsPacketType type;
} packet_types[] = {
  { "initial", QS_PACKET_INITIAL },
  { "handshake", QS_PACKET_HANDSHAKE },
  { "1RTT", QS_PACKET_1RTT },
  { "0RTT", QS_PACKET_0RTT },
  { "retry", QS_PACKET_RETRY },
  { "version_negotiation", QS_PACKET_VERSION_NEGOTIATION },
  { "stateless_reset", QS_PACKET_STATELESS_RESET },
  { "one_rtt", QS_PACKET_1RTT },
  { "zero_rtt", QS_PACKET_0RTT },
};

static QsPacketType
read_packet_type (const char *name)
{
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (packet_types); i++)
    {
      if (g_ascii_strcasecmp (packet_types[i].name, name) == 0)
        return packet_types[i].type;
    }
  return QS_PACKET_UNKNOWN;
}

static int
space_of (QsPacketType type)
{
  switch (type)
    {
    case QS_PACKET_INITIAL:
      return 0;
    case QS_PACKET_HANDSHAKE:
      return 1;
    case QS_PACKET_0RTT:
    case QS_PACKET_1RTT:
      return 2;
    case QS_PACKET_RETRY:
    case QS_PACKET_VERSION_NEGOTIATION:
    case QS_PACKET_STATELESS_RESET:
    case QS_PACKET_UNKNOWN:
    case QS_PACKET_TLS_RECORD:
    case QS_N_PACKET_TYPES:
    default:
      return -1;
    }
}

static guint32
read_length (QsJson data, QsJson header)
{
  guint64 length = 0;

  if (!qs_json_get_uint (qs_json_get (data, "raw"), "length", &length) &&
      !qs_json_get_uint (header, "packet_size", &length))
    qs_json_get_uint (header, "length", &length);
  return (guint32) MIN (length, 65535);
}

static guint32
read_version (QsJson header)
{
  const char *text = qs_json_get_string (header, "version");
  guint64 version = 0;

  if (text != NULL)
    g_ascii_string_to_unsigned (g_str_has_prefix (text, "0x") ? text + 2 : text, 16, 0, G_MAXUINT32, &version, NULL);
  return (guint32) version;
}

/* The first index whose number is not below number. */
static guint
lower_bound (const GArray *numbered, guint64 number)
{
  guint low = 0, high = numbered->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (numbered, Numbered, middle).number < number)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* Numbers only ever grow; what a garbled file says else is not found again. */
static void
note_number (QsQlogEvents *self, const QsPacket *packet, guint index)
{
  int space = space_of (packet->type);

  if (space < 0 || packet->number == G_MAXUINT64)
    return;
  GArray *numbered = self->numbered[packet->direction][space];
  Numbered entry = { packet->number, index, numbered->len };
  if (numbered->len == 0 || g_array_index (numbered, Numbered, numbered->len - 1).number < packet->number)
    g_array_append_val (numbered, entry);
}

/* Jumps over what is acknowledged, and shortens the way for the next time: many ACKs that all tell
 * of the same packets must not cost more each time. */
static guint
first_unacked (GArray *numbered, guint at)
{
  guint root = at;

  while (root < numbered->len && g_array_index (numbered, Numbered, root).next != root)
    root = g_array_index (numbered, Numbered, root).next;
  while (at < root && at < numbered->len)
    {
      guint next = g_array_index (numbered, Numbered, at).next;

      g_array_index (numbered, Numbered, at).next = root;
      at = next;
    }
  return root;
}

typedef struct {
  QsQlogEvents *self;
  GArray *numbered;
} AckJob;

static void
ack_range_cb (guint64 smallest, guint64 largest, gpointer data)
{
  const AckJob *job = data;
  GArray *numbered = job->numbered;
  guint at = first_unacked (numbered, lower_bound (numbered, smallest));

  while (at < numbered->len && g_array_index (numbered, Numbered, at).number <= largest)
    {
      Numbered *entry = &g_array_index (numbered, Numbered, at);

      qs_trace_edit_packet (job->self->trace, entry->packet)->flags |= QS_PACKET_ACKED;
      entry->next = at + 1;
      at = first_unacked (numbered, at + 1);
    }
}

static void
add_frame (QsQlogEvents *self, QsPacket *packet, QsJson object)
{
  QsFrame frame;

  if (!qs_qlog_parse_frame (object, &frame, self->scratch))
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

  int space = space_of (packet->type);
  if (type == QS_FRAME_ACK && space >= 0)
    {
      AckJob job = { self, self->numbered[1 - packet->direction][space] };
      qs_frame_foreach_ack_range (&frame, ack_range_cb, &job);
    }
}

static void
read_frames (QsQlogEvents *self, QsJson data, QsPacket *packet)
{
  QsJson frames = qs_json_get (data, "frames");

  qs_frame_store_begin_packet (self->store);
  for (QsJson frame = qs_json_first (frames); qs_json_is_there (frame); frame = qs_json_next (frames, frame))
    add_frame (self, packet, frame);
}

static void
add_packet (QsQlogEvents *self, gint64 time, QsJson data, QsDirection direction, guint flags)
{
  QsJson header = qs_json_get (data, "header");
  const char *type = qs_json_get_string (header, "packet_type");
  guint64 number, datagram;
  QsPacket packet = { .time = time,
                      .number = G_MAXUINT64,
                      .record = G_MAXUINT32,
                      .length = read_length (data, header),
                      .version = read_version (header),
                      .flags = (guint16) (QS_PACKET_FROM_QLOG | flags),
                      .direction = (guint8) direction };

  if (self->full || qs_trace_get_n_packets (self->trace) >= MAX_PACKETS)
    return;
  packet.type = (guint8) read_packet_type (type != NULL ? type : qs_json_get_string (data, "packet_type"));
  /* Some write 0 for a Retry, which has none. */
  if (space_of (packet.type) >= 0 && qs_json_get_uint (header, "packet_number", &number))
    packet.number = number;
  if (qs_json_get_uint (qs_json_get (data, "raw"), "payload_length", &number) ||
      qs_json_get_uint (header, "payload_length", &number))
    packet.payload_length = (guint32) MIN (number, 65535);
  gboolean known = qs_json_get_uint (data, "datagram_id", &datagram) && datagram < G_MAXINT64;
  if (qs_json_get_bool (data, "is_coalesced") || (known && self->last_datagram[direction] == (gint64) datagram))
    packet.flags |= known && self->last_datagram[direction] != (gint64) datagram ? 0 : QS_PACKET_COALESCED;
  self->last_datagram[direction] = known ? (gint64) datagram : -1;
  if (packet.type == QS_PACKET_1RTT && self->key_updated[direction])
    {
      packet.flags |= QS_PACKET_KEY_UPDATE;
      self->key_updated[direction] = FALSE;
    }
  read_frames (self, data, &packet);
  note_number (self, &packet, qs_trace_add_packet (self->trace, &packet));
}

/* --- Other events --- */

static void
on_sent (QsQlogEvents *self, gint64 time, QsJson data)
{
  add_packet (self, time, data, QS_DIRECTION_SENT, QS_PACKET_DECRYPTED);
}

static void
on_received (QsQlogEvents *self, gint64 time, QsJson data)
{
  add_packet (self, time, data, QS_DIRECTION_RECEIVED, QS_PACKET_DECRYPTED);
}

static void
on_dropped (QsQlogEvents *self, gint64 time, QsJson data)
{
  const char *trigger = qs_json_get_string (data, "trigger");
  guint flags = 0;

  if (g_strcmp0 (trigger, "payload_decrypt_error") == 0 || g_strcmp0 (trigger, "decryption_failure") == 0)
    flags = QS_PACKET_CORRUPT;
  else if (g_strcmp0 (trigger, "duplicate") == 0)
    flags = QS_PACKET_DUPLICATE;
  add_packet (self, time, data, QS_DIRECTION_RECEIVED, flags);
}

static void
on_lost (QsQlogEvents *self, gint64 time, QsJson data)
{
  QsJson header = qs_json_get (data, "header");
  const char *type = qs_json_get_string (header, "packet_type");
  int space = space_of (read_packet_type (type != NULL ? type : qs_json_get_string (data, "packet_type")));
  guint64 number;

  if (space < 0 ||
      !(qs_json_get_uint (header, "packet_number", &number) || qs_json_get_uint (data, "packet_number", &number)))
    return;
  GArray *numbered = self->numbered[QS_DIRECTION_SENT][space];
  guint at = lower_bound (numbered, number);
  if (at < numbered->len && g_array_index (numbered, Numbered, at).number == number)
    qs_trace_edit_packet (self->trace, g_array_index (numbered, Numbered, at).packet)->flags |= QS_PACKET_LOST;
}

static void
add_mark (QsQlogEvents *self, gint64 time, QsMark *mark)
{
  mark->stream = -1;
  qs_trace_add_mark_full (self->trace, time, mark);
}

static void
on_closed (QsQlogEvents *self, gint64 time, QsJson data)
{
  const char *owner = qs_json_get_string (data, "owner");
  const char *reason = qs_json_get_string (data, "reason");
  QsMark mark = { .kind = QS_MARK_CLOSE };

  if (owner == NULL)
    owner = qs_json_get_string (data, "initiator");
  mark.name = g_strcmp0 (owner, "remote") == 0 ? "remote" : "local";
  mark.application = qs_json_is_there (qs_json_get (data, "application_code")) ||
                     qs_json_is_there (qs_json_get (data, "application_error"));
  mark.value = (gint64) (mark.application ? qs_qlog_parse_error_code (data, "application_code", "application_error")
                                          : qs_qlog_parse_error_code (data, "connection_code", "connection_error"));
  mark.text = qs_text_escape (reason != NULL ? reason : "", -1);
  add_mark (self, time, &mark);
}

static const struct {
  const char *state;
  QsMarkKind kind;
} states[] = {
  { "handshake_complete", QS_MARK_HANDSHAKE_DONE },
  { "handshake_completed", QS_MARK_HANDSHAKE_DONE },
  { "handshake_confirmed", QS_MARK_CONFIRMED },
};

static void
on_state (QsQlogEvents *self, gint64 time, QsJson data)
{
  const char *state = qs_json_get_string (data, "new");

  for (guint i = 0; state != NULL && i < G_N_ELEMENTS (states); i++)
    {
      QsMark mark = { .kind = states[i].kind };

      if (strcmp (states[i].state, state) == 0 && qs_trace_find_mark (self->trace, mark.kind, NULL, NULL) == NULL)
        add_mark (self, time, &mark);
    }
}

static void
on_key_updated (QsQlogEvents *self, gint64 time, QsJson data)
{
  const char *type = qs_json_get_string (data, "key_type");
  const char *trigger = qs_json_get_string (data, "trigger");
  gboolean by_client = type != NULL && g_str_has_prefix (type, "client_");

  /* Keys that the handshake made are told of by the same event. */
  if (type == NULL || strstr (type, "1rtt") == NULL || g_strcmp0 (trigger, "tls") == 0 || trigger == NULL)
    return;
  self->key_updated[by_client == (self->vantage != QS_VANTAGE_SERVER) ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED] =
      TRUE;
}

static GSocketAddress *
read_address (QsJson data, const char *prefix)
{
  g_autofree char *ip_name = g_strconcat (prefix, "_ip", NULL);
  g_autofree char *port_name = g_strconcat (prefix, "_port", NULL);
  const char *ip = qs_json_get_string (data, ip_name);
  guint64 port = 0;

  qs_json_get_uint (data, port_name, &port);
  return ip != NULL && port <= G_MAXUINT16 ? g_inet_socket_address_new_from_string (ip, (guint) port) : NULL;
}

static void
on_started (QsQlogEvents *self, gint64 time, QsJson data)
{
  g_autoptr (GSocketAddress) source = read_address (data, "src");
  g_autoptr (GSocketAddress) destination = read_address (data, "dst");

  if (qs_trace_get_path (self->trace, 0) == NULL)
    qs_trace_add_path (self->trace, source, destination);
}

static void
on_alpn (QsQlogEvents *self, gint64 time, QsJson data)
{
  const char *alpn = qs_json_get_string (data, "chosen_alpn");
  QsJson object = qs_json_get (data, "chosen_alpn");

  if (alpn == NULL)
    alpn = qs_json_get_string (object, "string_value");
  if (alpn == NULL)
    return;
  g_autofree char *escaped = qs_text_escape (alpn, -1);
  qs_trace_add_fact (self->trace, "tls.alpn", escaped);
}

/* By the last part of the name: "transport:packet_sent", "quic:packet_sent". */
static const struct {
  const char *name;
  void (*handle) (QsQlogEvents *self, gint64 time, QsJson data);
} events[] = {
  { "packet_sent", on_sent },
  { "packet_received", on_received },
  { "packet_dropped", on_dropped },
  { "packet_lost", on_lost },
  { "key_updated", on_key_updated },
  { "connection_started", on_started },
  { "connection_state_updated", on_state },
  { "connection_closed", on_closed },
  { "alpn_information", on_alpn },
};

void
qs_qlog_events_add (QsQlogEvents *self, QsJson event)
{
  const char *name = qs_json_get_string (event, "name");
  gint64 time = read_time (self, event);

  if (name == NULL) /* older ones have the category apart */
    name = qs_json_get_string (event, "event");
  if (name == NULL)
    return;
  const char *colon = strrchr (name, ':');
  const char *last = colon != NULL ? colon + 1 : name;
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    {
      QsJson data = qs_json_get (event, "data");

      if (qs_json_is_object (data) && strcmp (events[i].name, last) == 0)
        {
          events[i].handle (self, time, data);
          return;
        }
    }
}

/* --- The trace --- */

static QsVantage
read_vantage (QsJson trace)
{
  QsJson point = qs_json_get (trace, "vantage_point");
  const char *type = qs_json_get_string (point, "type");

  if (g_strcmp0 (type, "network") == 0)
    return g_strcmp0 (qs_json_get_string (point, "flow"), "server") == 0 ? QS_VANTAGE_SERVER : QS_VANTAGE_NETWORK;
  return g_strcmp0 (type, "server") == 0 ? QS_VANTAGE_SERVER : QS_VANTAGE_CLIENT;
}

QsQlogEvents *
qs_qlog_events_new (QsJson trace, const char *title)
{
  QsQlogEvents *self = g_new0 (QsQlogEvents, 1);
  QsJson fields = qs_json_get (trace, "common_fields");
  QsJson configuration = qs_json_get (trace, "configuration");
  const char *units = qs_json_get_string (configuration, "time_units");

  self->vantage = read_vantage (trace);
  self->trace = qs_trace_new (self->vantage, NULL);
  qs_trace_set_title (self->trace, title);
  self->store = qs_frame_store_new ();
  self->scratch = g_byte_array_new ();
  self->format = read_time_format (qs_json_get_string (fields, "time_format"), TIME_RELATIVE);
  self->ms_per_unit = g_strcmp0 (units, "us") == 0 ? 0.001 : 1;
  self->reference = read_reference (fields);
  self->last_datagram[0] = self->last_datagram[1] = -1;
  for (guint i = 0; i < 2 * N_SPACES; i++)
    self->numbered[i / N_SPACES][i % N_SPACES] = g_array_new (FALSE, FALSE, sizeof (Numbered));
  return self;
}

guint
qs_qlog_events_get_n_packets (QsQlogEvents *self)
{
  return qs_trace_get_n_packets (self->trace);
}

void
qs_qlog_events_add_note (QsQlogEvents *self, const char *note)
{
  QsMark mark = { .kind = QS_MARK_NOTE, .name = "file", .text = g_strdup (note) };

  add_mark (self, self->last_time, &mark);
}

void
qs_qlog_events_free (QsQlogEvents *self)
{
  for (guint i = 0; i < 2 * N_SPACES; i++)
    g_array_unref (self->numbered[i / N_SPACES][i % N_SPACES]);
  g_byte_array_unref (self->scratch);
  g_clear_pointer (&self->store, qs_frame_store_free);
  g_object_unref (self->trace);
  g_free (self);
}

QsTrace *
qs_qlog_events_finish (QsQlogEvents *self)
{
  QsTrace *trace = g_object_ref (self->trace);

  qs_frame_store_attach (g_steal_pointer (&self->store), trace);
  qs_qlog_events_free (self);
  return trace;
}
