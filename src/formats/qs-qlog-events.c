/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-qlog-events.h"

#include <string.h>

#include "base/qs-text.h"
#include "formats/qs-json.h"
#include "formats/qs-qlog-alpn.h"
#include "formats/qs-qlog-http3.h"
#include "formats/qs-qlog-packets.h"
#include "formats/qs-qlog-parameters.h"
#include "formats/qs-qlog-parse.h"
#include "trace/qs-credit.h"
#include "trace/qs-metrics.h"

#define MAX_COLUMNS 16 /* of an event that is an array */
#define MAX_MS 4e12    /* times above, in milliseconds (the year 2096), are nonsense */

typedef enum { TIME_RELATIVE, TIME_ABSOLUTE, TIME_DELTA } TimeFormat;

/* What the elements of an event mean that is an array, as before draft-02. */
typedef enum { COLUMN_OTHER, COLUMN_TIME, COLUMN_NAME, COLUMN_DATA, COLUMN_GROUP, COLUMN_PATH, N_COLUMNS } Column;

struct _QsQlogEvents {
  QsTrace *trace;
  QsQlogPackets *packets;
  QsVantage vantage;
  TimeFormat format;
  double ms_per_unit;
  double reference; /* ms since 1970; 0: unknown */
  double own_last;
  double
      *last; /* ms: of the event before, for deltas; one for all groups of a trace, as deltas are between its events */
  gint64 last_time;
  gboolean origin_set;
  guint64 path_id;      /* of the event being read: 0 where it says none */
  gboolean states_told; /* the file tells of the connection's states itself */
  GArray *columns;      /* Column */
  QsQlogAlpn alpn;
  QsQlogHttp3 *http3;
};

/* One event, whatever its shape. */
typedef struct {
  QsJson time, time_format, name, data, path_id;
} Event;

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
read_reference (QsJson fields, double ms_per_unit)
{
  QsJson object = qs_json_get (fields, "reference_time");
  const char *text = qs_json_get_string (object, "wall_clock_time");
  double ms = 0;

  if (qs_json_get_double (fields, "reference_time", &ms))
    return CLAMP (ms * ms_per_unit, 0, MAX_MS);
  if (text == NULL && g_strcmp0 (qs_json_get_string (object, "clock_type"), "monotonic") != 0)
    text = qs_json_get_string (object, "epoch");
  g_autoptr (GDateTime) date = text != NULL ? g_date_time_new_from_iso8601 (text, NULL) : NULL;
  if (date != NULL)
    ms = (double) g_date_time_to_unix (date) * 1000 + g_date_time_get_microsecond (date) / 1000.0;
  return CLAMP (ms, 0, MAX_MS);
}

/* The event's time since the trace's origin. The first event sets the origin where the file has no reference. */
static gint64
read_time (QsQlogEvents *self, const Event *event)
{
  TimeFormat format = read_time_format (qs_json_string (event->time_format), self->format);
  double ms = 0;

  if (!qs_json_double (event->time, &ms))
    return self->last_time;
  ms = CLAMP (ms * self->ms_per_unit, -MAX_MS, MAX_MS);
  if (format == TIME_DELTA)
    ms = CLAMP (*self->last + ms, -MAX_MS, MAX_MS);
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
  *self->last = ms;
  self->last_time = CLAMP ((gint64) (ms * 1e6), -QS_TRACE_MAX_TIME, QS_TRACE_MAX_TIME);
  return self->last_time;
}

/* --- Events --- */

static void
add_mark (QsQlogEvents *self, gint64 time, QsMark *mark)
{
  mark->stream = -1;
  qs_trace_add_mark_full (self->trace, time, mark);
}

static gboolean
is_client (const QsQlogEvents *self)
{
  return self->vantage != QS_VANTAGE_SERVER;
}

/* Many tell of no states: a client's TLS in a Handshake packet is its Finished, or what goes right before that. */
static void
note_handshake (QsQlogEvents *self, gint64 time, QsDirection direction)
{
  const QsPacket *packet = qs_trace_get_packet (self->trace, qs_trace_get_n_packets (self->trace) - 1);
  QsMark mark = { .kind = QS_MARK_HANDSHAKE_DONE };

  if (self->states_told || packet->type != QS_PACKET_HANDSHAKE ||
      (packet->frames & G_GUINT64_CONSTANT (1) << QS_FRAME_CRYPTO) == 0 ||
      (direction == QS_DIRECTION_SENT) != is_client (self))
    return;
  self->states_told = TRUE;
  add_mark (self, time, &mark);
}

static void
add_packet (QsQlogEvents *self, gint64 time, QsJson data, QsDirection direction, guint flags)
{
  if (qs_qlog_packets_add (self->packets, time, data, direction, self->path_id, flags))
    note_handshake (self, time, direction);
}

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
  qs_qlog_packets_lose (self->packets, time, data, self->path_id);
}

/* Ends at which no CONNECTION_CLOSE is sent or taken: no code belongs to them, and whose name stands beside closed nothing. */
typedef struct {
  const char *trigger;
  gboolean timeout; /* else the packets tell of it */
} SilentEnd;

static const SilentEnd silent_ends[] = {
  { "idle_timeout", TRUE },
  { "handshake_timeout", TRUE },
  { "stateless_reset", FALSE },
  { "version_mismatch", FALSE },
};

static const SilentEnd *
find_silent_end (const char *trigger)
{
  for (guint i = 0; trigger != NULL && i < G_N_ELEMENTS (silent_ends); i++)
    {
      if (strcmp (silent_ends[i].trigger, trigger) == 0)
        return &silent_ends[i];
    }
  return NULL;
}

static void
on_closed (QsQlogEvents *self, gint64 time, QsJson data)
{
  static const char *const codes[] = { "connection_code", "connection_error", "application_code", "application_error" };
  const char *owner = qs_json_get_string (data, "owner");
  const char *reason = qs_json_get_string (data, "reason");
  QsMark mark = { .kind = QS_MARK_CLOSE };
  gboolean has_code = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    has_code |= qs_json_is_there (qs_json_get (data, codes[i]));
  if (owner == NULL)
    owner = qs_json_get_string (data, "initiator");
  const SilentEnd *silent = has_code ? NULL : find_silent_end (qs_json_get_string (data, "trigger"));
  /* Without either the frames tell who closed it, and with what. */
  if (silent != NULL ? !silent->timeout : owner == NULL && !has_code)
    return;
  mark.name = silent == NULL && g_strcmp0 (owner, "remote") == 0 ? "remote" : "local";
  mark.application = qs_json_is_there (qs_json_get (data, "application_code")) ||
                     qs_json_is_there (qs_json_get (data, "application_error"));
  mark.value = (gint64) (mark.application ? qs_qlog_parse_error_code (data, "application_code", "application_error")
                                          : qs_qlog_parse_error_code (data, "connection_code", "connection_error"));
  if (silent != NULL)
    mark.value = (gint64) QS_CODE_IDLE_TIMEOUT;
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

  self->states_told = TRUE;
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
  qs_qlog_packets_update_key (self->packets, by_client == is_client (self) ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED);
}

/* As "src_ip" and "src_port", or in newer ones as an object "local" with "ip_v4" and "port_v4", or "ip_v6" and its port. */
static GSocketAddress *
read_address (QsJson data, const char *old_prefix, const char *name)
{
  g_autofree char *ip_name = g_strconcat (old_prefix, "_ip", NULL);
  g_autofree char *port_name = g_strconcat (old_prefix, "_port", NULL);
  const char *ip = qs_json_get_string (data, ip_name);
  QsJson endpoint = qs_json_get (data, name);
  guint64 port = 0;

  if (ip != NULL)
    qs_json_get_uint (data, port_name, &port);
  else if ((ip = qs_json_get_string (endpoint, "ip_v4")) != NULL)
    qs_json_get_uint (endpoint, "port_v4", &port);
  else if ((ip = qs_json_get_string (endpoint, "ip_v6")) != NULL)
    qs_json_get_uint (endpoint, "port_v6", &port);
  return ip != NULL && port <= G_MAXUINT16 ? g_inet_socket_address_new_from_string (ip, (guint) port) : NULL;
}

/* What is called the source may be the client whoever writes the file, as in quic-go: our own end is the one that sends. */
static void
on_started (QsQlogEvents *self, gint64 time, QsJson data)
{
  g_autoptr (GSocketAddress) source = read_address (data, "src", "local");
  g_autoptr (GSocketAddress) destination = read_address (data, "dst", "remote");

  if ((source != NULL || destination != NULL) && qs_trace_get_path (self->trace, 0) == NULL)
    qs_trace_add_path (self->trace, source, destination);
  qs_qlog_packets_set_version (self->packets, qs_json_get (data, "quic_version"));
}

static void
on_version (QsQlogEvents *self, gint64 time, QsJson data)
{
  qs_qlog_packets_set_version (self->packets, qs_json_get (data, "chosen_version"));
}

static void
add_fact (QsQlogEvents *self, const char *name, const char *value)
{
  g_autofree char *escaped = value != NULL ? qs_text_escape (value, -1) : NULL;

  if (escaped != NULL && *escaped != '\0')
    qs_trace_add_fact (self->trace, name, escaped);
}

static void
on_parameters (QsQlogEvents *self, gint64 time, QsJson data)
{
  const char *owner = qs_json_get_string (data, "owner");
  g_autoptr (GBytes) bytes = qs_qlog_parse_parameters (data);
  guint64 max_ack_delay;

  if (owner == NULL)
    owner = qs_json_get_string (data, "initiator");
  gboolean remote = g_strcmp0 (owner, "remote") == 0;
  if (remote && qs_json_get_uint (data, "max_ack_delay", &max_ack_delay))
    qs_qlog_packets_set_max_ack_delay (self->packets, max_ack_delay);
  add_fact (self, "tls.cipher", qs_json_get_string (data, "tls_cipher"));
  g_autofree char *alpn = qs_qlog_alpn_parse (qs_json_get (data, "alpn"));
  add_fact (self, "tls.alpn", alpn);
  add_fact (self, "tls.sni", qs_json_get_string (data, "sni"));
  if (bytes == NULL)
    return;
  if (remote || g_strcmp0 (owner, "local") == 0)
    qs_credit_take_parameters (
        &qs_trace_get_metrics (self->trace)->credit[remote ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED],
        remote != is_client (self), QS_SPAN (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
  QsMark mark = { .kind = QS_MARK_FACT,
                  .name = remote ? QS_FACT_REMOTE_PARAMETERS : QS_FACT_LOCAL_PARAMETERS,
                  .bytes = g_steal_pointer (&bytes) };
  add_mark (self, time, &mark);
}

static void
on_alpn (QsQlogEvents *self, gint64 time, QsJson data)
{
  g_autofree char *chosen = qs_qlog_alpn_parse (qs_json_get (data, "chosen_alpn"));

  add_fact (self, "tls.alpn", chosen);
  qs_qlog_alpn_offer (&self->alpn, data);
}

/* A log may tell of the offer alone. What was agreed on shows where there is but one protocol for it (RFC 9001 section 8.1). */
static void
settle_alpn (QsQlogEvents *self)
{
  g_autofree char *offer = qs_qlog_alpn_dup_offer (&self->alpn);
  const char *only = qs_qlog_alpn_get_only (&self->alpn);
  gboolean done = qs_trace_find_mark (self->trace, QS_MARK_HANDSHAKE_DONE, NULL, NULL) != NULL;

  if (offer != NULL)
    add_fact (self, "offer.alpn", offer);
  if (only != NULL && done && qs_trace_get_fact (self->trace, "tls.alpn") == NULL)
    add_fact (self, "tls.alpn", only);
}

static void
on_frame_created (QsQlogEvents *self, gint64 time, QsJson data)
{
  qs_qlog_http3_add_frame (self->http3, time, data, QS_DIRECTION_SENT);
}

static void
on_frame_parsed (QsQlogEvents *self, gint64 time, QsJson data)
{
  qs_qlog_http3_add_frame (self->http3, time, data, QS_DIRECTION_RECEIVED);
}

static void
on_stream_type (QsQlogEvents *self, gint64 time, QsJson data)
{
  qs_qlog_http3_add_stream_type (self->http3, time, data);
}

static void
on_instruction_created (QsQlogEvents *self, gint64 time, QsJson data)
{
  qs_qlog_http3_add_instruction (self->http3, time, data, QS_DIRECTION_SENT);
}

static void
on_instruction_parsed (QsQlogEvents *self, gint64 time, QsJson data)
{
  qs_qlog_http3_add_instruction (self->http3, time, data, QS_DIRECTION_RECEIVED);
}

static void
on_headers_encoded (QsQlogEvents *self, gint64 time, QsJson data)
{
  qs_qlog_http3_add_fields (self->http3, data, QS_DIRECTION_SENT);
}

static void
on_headers_decoded (QsQlogEvents *self, gint64 time, QsJson data)
{
  qs_qlog_http3_add_fields (self->http3, data, QS_DIRECTION_RECEIVED);
}

/* By the names that programs give them: several of one figure stand in a row. */
static const struct {
  const char *name;
  gsize offset;
  gboolean is_time;
} figures[] = {
  { "congestion_window", G_STRUCT_OFFSET (QsSenderSample, congestion_window), FALSE },
  { "cwnd", G_STRUCT_OFFSET (QsSenderSample, congestion_window), FALSE },
  { "current_cwnd", G_STRUCT_OFFSET (QsSenderSample, congestion_window), FALSE },
  { "ssthresh", G_STRUCT_OFFSET (QsSenderSample, ssthresh), FALSE },
  { "bytes_in_flight", G_STRUCT_OFFSET (QsSenderSample, in_flight), FALSE },
  { "latest_rtt", G_STRUCT_OFFSET (QsSenderSample, latest_rtt), TRUE },
  { "smoothed_rtt", G_STRUCT_OFFSET (QsSenderSample, smoothed_rtt), TRUE },
  { "min_rtt", G_STRUCT_OFFSET (QsSenderSample, minimum_rtt), TRUE },
};

/* An event names what changed alone. */
static void
on_metrics (QsQlogEvents *self, gint64 time, QsJson data)
{
  QsMetrics *metrics = qs_trace_get_metrics (self->trace);
  QsSenderSample sample = { time, -1, -1, -1, -1, -1, -1 };
  gboolean any = FALSE;

  if (metrics->sender->len > 0)
    sample = g_array_index (metrics->sender, QsSenderSample, metrics->sender->len - 1);
  sample.time = time;
  for (guint i = 0; i < G_N_ELEMENTS (figures); i++)
    {
      double value;

      if (!qs_json_get_double (data, figures[i].name, &value) || value < 0)
        continue;
      if (figures[i].is_time)
        value = CLAMP (value * self->ms_per_unit, 0, MAX_MS) * 1e6;
      *(gint64 *) (void *) ((guint8 *) &sample + figures[i].offset) = (gint64) MIN (value, 9e18);
      any = TRUE;
    }
  if (any)
    qs_metrics_add_sender (metrics, &sample);
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
  { "parameters_set", on_parameters },
  { "version_information", on_version },
  { "metrics_updated", on_metrics },
  { "metric_update", on_metrics },
  { "congestion_metric_update", on_metrics },
  { "frame_created", on_frame_created },
  { "frame_parsed", on_frame_parsed },
  { "stream_type_set", on_stream_type },
  { "instruction_created", on_instruction_created },
  { "instruction_sent", on_instruction_created },
  { "instruction_parsed", on_instruction_parsed },
  { "instruction_received", on_instruction_parsed },
  { "headers_encoded", on_headers_encoded },
  { "headers_decoded", on_headers_decoded },
};

/* The oldest ones shout. */
static gboolean
is_name (const char *name, const char *text)
{
  return strcmp (name, text) == 0 || (g_ascii_isupper (*text) && g_ascii_strcasecmp (name, text) == 0);
}

static void
take_columns (const QsQlogEvents *self, QsJson array, Event *event)
{
  guint i = 0;

  for (QsJson value = qs_json_first (array); qs_json_is_there (value) && i < self->columns->len;
       value = qs_json_next (array, value), i++)
    {
      Column column = g_array_index (self->columns, Column, i);

      if (column == COLUMN_TIME)
        event->time = value;
      else if (column == COLUMN_NAME)
        event->name = value;
      else if (column == COLUMN_DATA)
        event->data = value;
      else if (column == COLUMN_PATH)
        event->path_id = value;
    }
}

static Event
read_event (const QsQlogEvents *self, QsJson json)
{
  Event event = { QS_JSON_NONE, QS_JSON_NONE, QS_JSON_NONE, QS_JSON_NONE, QS_JSON_NONE };

  if (qs_json_is_array (json))
    {
      take_columns (self, json, &event);
      return event;
    }
  event.time = qs_json_get (json, "time");
  event.time_format = qs_json_get (json, "time_format");
  event.name = qs_json_get (json, "name");
  event.data = qs_json_get (json, "data");
  event.path_id = qs_json_get (json, "path_id");
  if (!qs_json_is_there (event.name)) /* some have the category apart */
    event.name = qs_json_get (json, "event");
  return event;
}

void
qs_qlog_events_add (QsQlogEvents *self, QsJson json)
{
  Event event = read_event (self, json);
  const char *name = qs_json_string (event.name);
  gint64 time = read_time (self, &event);

  if (name == NULL || !qs_json_is_object (event.data))
    return;
  if (!qs_json_uint (event.path_id, &self->path_id))
    self->path_id = 0;
  const char *colon = strrchr (name, ':');
  const char *last = colon != NULL ? colon + 1 : name;
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    {
      if (is_name (events[i].name, last))
        {
          events[i].handle (self, time, event.data);
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

  if (type == NULL)
    return QS_VANTAGE_CLIENT;
  if (g_ascii_strcasecmp (type, "network") == 0)
    return g_strcmp0 (qs_json_get_string (point, "flow"), "server") == 0 ? QS_VANTAGE_SERVER : QS_VANTAGE_NETWORK;
  return g_ascii_strcasecmp (type, "server") == 0 ? QS_VANTAGE_SERVER : QS_VANTAGE_CLIENT;
}

static const struct {
  const char *name;
  Column column;
  TimeFormat format;
} columns[] = {
  { "relative_time", COLUMN_TIME, TIME_RELATIVE }, { "delta_time", COLUMN_TIME, TIME_DELTA },
  { "time", COLUMN_TIME, TIME_ABSOLUTE },          { "event", COLUMN_NAME, TIME_RELATIVE },
  { "event_type", COLUMN_NAME, TIME_RELATIVE },    { "name", COLUMN_NAME, TIME_RELATIVE },
  { "type", COLUMN_NAME, TIME_RELATIVE },          { "data", COLUMN_DATA, TIME_RELATIVE },
  { "group_id", COLUMN_GROUP, TIME_RELATIVE },     { "path_id", COLUMN_PATH, TIME_RELATIVE },
};

static void
read_columns (QsQlogEvents *self, QsJson trace)
{
  QsJson fields = qs_json_get (trace, "event_fields");

  for (QsJson field = qs_json_first (fields); qs_json_is_there (field) && self->columns->len < MAX_COLUMNS;
       field = qs_json_next (fields, field))
    {
      const char *name = qs_json_string (field);
      Column column = COLUMN_OTHER;

      for (guint i = 0; name != NULL && i < G_N_ELEMENTS (columns); i++)
        {
          if (g_ascii_strcasecmp (columns[i].name, name) != 0)
            continue;
          column = columns[i].column;
          if (column == COLUMN_TIME)
            self->format = columns[i].format;
        }
      g_array_append_val (self->columns, column);
    }
}

static QsQlogEvents *
events_new (QsVantage vantage, const char *title, double ms_per_unit)
{
  QsQlogEvents *self = g_new0 (QsQlogEvents, 1);

  self->last = &self->own_last;
  self->vantage = vantage;
  self->ms_per_unit = ms_per_unit;
  self->trace = qs_trace_new (vantage, NULL);
  qs_trace_set_title (self->trace, title);
  self->packets = qs_qlog_packets_new (self->trace, ms_per_unit);
  self->http3 = qs_qlog_http3_new (self->trace);
  self->columns = g_array_new (FALSE, FALSE, sizeof (Column));
  return self;
}

QsQlogEvents *
qs_qlog_events_new (QsJson trace, const char *title)
{
  QsJson fields = qs_json_get (trace, "common_fields");
  QsJson configuration = qs_json_get (trace, "configuration");
  const char *units = qs_json_get_string (configuration, "time_units");
  QsQlogEvents *self = events_new (read_vantage (trace), title, g_strcmp0 (units, "us") == 0 ? 0.001 : 1);

  self->format = read_time_format (qs_json_get_string (fields, "time_format"), TIME_RELATIVE);
  self->reference = read_reference (fields, self->ms_per_unit);
  if (self->reference > 0)
    {
      qs_trace_set_origin (self->trace, (gint64) (self->reference * 1e6));
      self->origin_set = TRUE;
    }
  read_columns (self, trace);
  return self;
}

QsQlogEvents *
qs_qlog_events_new_like (QsQlogEvents *other)
{
  QsQlogEvents *self = events_new (other->vantage, qs_trace_get_title (other->trace), other->ms_per_unit);

  self->format = other->format;
  self->reference = other->reference;
  self->last = other->last;
  g_array_append_vals (self->columns, other->columns->data, other->columns->len);
  return self;
}

QsJson
qs_qlog_events_get_group (const QsQlogEvents *self, QsJson event)
{
  if (!qs_json_is_array (event))
    return qs_json_get (event, "group_id");

  guint i = 0;
  for (QsJson value = qs_json_first (event); qs_json_is_there (value) && i < self->columns->len;
       value = qs_json_next (event, value), i++)
    {
      if (g_array_index (self->columns, Column, i) == COLUMN_GROUP)
        return value;
    }
  return QS_JSON_NONE;
}

void
qs_qlog_events_turn (QsQlogEvents *self)
{
  g_return_if_fail (self != NULL && self->vantage != QS_VANTAGE_NETWORK);

  qs_trace_turn (self->trace);
  self->vantage = qs_trace_get_vantage (self->trace);
}

QsTrace *
qs_qlog_events_get_trace (QsQlogEvents *self)
{
  return self->trace;
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
  qs_qlog_packets_finish (self->packets);
  qs_qlog_http3_finish (self->http3);
  qs_qlog_alpn_clear (&self->alpn);
  g_array_unref (self->columns);
  g_object_unref (self->trace);
  g_free (self);
}

QsTrace *
qs_qlog_events_finish (QsQlogEvents *self)
{
  QsTrace *trace = g_object_ref (self->trace);

  settle_alpn (self);
  qs_qlog_events_free (self);
  return trace;
}
