/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-qlog.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "trace/qs-metrics.h"
#include "trace/qs-qlog-private.h"
#include "trace/qs-trace-save-private.h"
#include "wire/qs-transport-parameters.h"

#define RECORD_SEPARATOR '\x1e' /* RFC 7464 */
#define MAX_MOVES 4096          /* that one event may be out of order before all are sorted at the end */
#define TP_ACK_DELAY_EXPONENT 0x0a

typedef enum { EVENT_PACKET, EVENT_KEY_UPDATE, EVENT_MESSAGE, EVENT_MARK, EVENT_METRICS } EventKind;

typedef struct {
  gint64 time;
  guint32 index;
  guint8 kind;
} Event;

typedef struct {
  QsTrace *trace;
  gboolean sequential;
  guint n_packets, n_messages, n_marks; /* the snapshot */
  guint next_packet, next_message, next_mark, next_rtt, next_flight;
  GArray *rtt, *flight; /* copies: the trace thins its own out */
  gboolean collected, unsorted;
  GArray *events;
  guint next_event;
  gint64 reference; /* nanoseconds since 1970 */
  guint exponents[2];
  gboolean comma;
  GString *text;
} State;

static const struct {
  QsMarkKind kind;
  const char *name; /* NULL: any */
  const char *state;
} states[] = {
  { QS_MARK_STATE, "CONNECTING", "attempted" },
  { QS_MARK_STATE, "HANDSHAKING", "handshake_started" },
  { QS_MARK_HANDSHAKE_DONE, NULL, "handshake_complete" },
  { QS_MARK_CONFIRMED, NULL, "handshake_confirmed" },
  { QS_MARK_STATE, "CLOSING", "closing" },
  { QS_MARK_STATE, "CLOSED", "closed" },
  { QS_MARK_STATE, "FAILED", "closed" },
};

/* --- Collecting: packets, messages, marks and figures in the order of their times --- */

static void
insert_sorted (State *self, gint64 time, EventKind kind, guint index)
{
  Event event = { time, index, (guint8) kind };
  guint at = self->events->len;

  g_array_append_val (self->events, event);
  Event *all = (Event *) (void *) self->events->data;
  for (guint moves = 0; at > 0 && all[at - 1].time > time; at--)
    {
      if (moves++ == MAX_MOVES)
        {
          self->unsorted = TRUE;
          break;
        }
      all[at] = all[at - 1];
    }
  all[at] = event;
}

static const char *
state_of_mark (const QsMark *mark)
{
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      if (states[i].kind == mark->kind && (states[i].name == NULL || g_strcmp0 (states[i].name, mark->name) == 0))
        return states[i].state;
    }
  return NULL;
}

/* One event of those that are next in the four lists, the earliest; FALSE when there is none. */
static gboolean
collect_one (State *self)
{
  gint64 times[4] = { G_MAXINT64, G_MAXINT64, G_MAXINT64, G_MAXINT64 };
  const QsMark *mark = NULL;
  const QsPacket *packet = NULL;

  if (self->next_packet < self->n_packets)
    {
      packet = qs_trace_get_packet (self->trace, self->next_packet);
      times[0] = packet->time;
    }
  if (self->next_message < self->n_messages)
    times[1] = qs_trace_get_message (self->trace, self->next_message)->time;
  if (self->next_mark < self->n_marks)
    mark = qs_trace_get_mark (self->trace, self->next_mark, &times[2]);
  if (self->next_rtt < self->rtt->len)
    times[3] = g_array_index (self->rtt, QsRttSample, self->next_rtt).time;

  if (packet != NULL && times[0] <= MIN (times[1], times[2]) && times[0] <= times[3])
    {
      if ((packet->flags & QS_PACKET_KEY_UPDATE) != 0)
        insert_sorted (self, times[0], EVENT_KEY_UPDATE, self->next_packet);
      insert_sorted (self, times[0], EVENT_PACKET, self->next_packet++);
    }
  else if (self->next_message < self->n_messages && times[1] <= times[2] && times[1] <= times[3])
    insert_sorted (self, times[1], EVENT_MESSAGE, self->next_message++);
  else if (self->next_rtt < self->rtt->len && times[3] <= times[2])
    insert_sorted (self, times[3], EVENT_METRICS, self->next_rtt++);
  else if (mark != NULL)
    {
      if (mark->kind == QS_MARK_CLOSE || state_of_mark (mark) != NULL)
        insert_sorted (self, times[2], EVENT_MARK, self->next_mark);
      self->next_mark++;
    }
  else
    return FALSE;
  return TRUE;
}

static int
compare_events (gconstpointer a, gconstpointer b)
{
  gint64 left = ((const Event *) a)->time, right = ((const Event *) b)->time;

  return left < right ? -1 : left > right;
}

/* --- Writing one event --- */

static void
put_time (GString *out, gint64 ns)
{
  g_string_append_printf (out, "%" G_GINT64_FORMAT ".%06u", ns / 1000000, (guint) (ns % 1000000));
}

static void
begin_event (State *self, gint64 time, const char *name)
{
  if (self->sequential)
    g_string_append_c (self->text, RECORD_SEPARATOR);
  else if (self->comma)
    g_string_append (self->text, ",\n");
  self->comma = TRUE;
  g_string_append (self->text, "{\"time\":");
  put_time (self->text, MAX (qs_trace_get_origin (self->trace) + time - self->reference, 0));
  g_string_append_printf (self->text, ",\"name\":\"%s\",\"data\":{", name);
}

static void
end_event (State *self)
{
  g_string_append (self->text, "}}");
  if (self->sequential)
    g_string_append_c (self->text, '\n');
}

/* What a long header says is read anew from the datagram. */
static gboolean
read_header (State *self, const QsPacket *packet, QsPacketHeader *header)
{
  QsRecord record;

  if (packet->record == G_MAXUINT32 || packet->type == QS_PACKET_1RTT || packet->type == QS_PACKET_STATELESS_RESET)
    return FALSE;
  qs_trace_get_record (self->trace, packet->record, &record);
  if (record.kind != QS_RECORD_DATAGRAM || packet->offset >= record.bytes.length)
    return FALSE;
  return qs_packet_header_parse (QS_SPAN (record.bytes.data + packet->offset, record.bytes.length - packet->offset), 0,
                                 header, NULL) &&
         header->long_header;
}

static void
put_member_hex (GString *out, const char *name, QsSpan bytes)
{
  g_string_append_printf (out, ",\"%s\":", name);
  qs_qlog_put_hex (out, bytes);
}

static void
put_versions (GString *out, QsSpan list)
{
  g_string_append (out, ",\"supported_versions\":[");
  for (gsize i = 0; i + 4 <= list.length; i += 4)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      qs_qlog_put_hex (out, QS_SPAN (list.data + i, 4));
    }
  g_string_append_c (out, ']');
}

static void
put_header (State *self, const QsPacket *packet)
{
  GString *out = self->text;
  QsPacketHeader header = { 0 };
  gboolean known = read_header (self, packet, &header);

  g_string_append_printf (out, "\"header\":{\"packet_type\":\"%s\"", qs_packet_type_qlog_name (packet->type));
  if (packet->number != G_MAXUINT64)
    {
      g_string_append (out, ",\"packet_number\":");
      qs_qlog_put_uint (out, packet->number);
    }
  if (packet->version != 0)
    g_string_append_printf (out, ",\"version\":\"%08x\"", packet->version);
  if ((packet->flags & QS_PACKET_KEY_PHASE) != 0)
    g_string_append (out, ",\"key_phase\":1");
  if (known)
    {
      put_member_hex (out, "dcid", header.dcid);
      put_member_hex (out, "scid", header.scid);
      if (header.token.length > 0)
        {
          g_string_append (out, ",\"token\":{\"data\":");
          qs_qlog_put_hex (out, header.token);
          g_string_append_c (out, '}');
        }
    }
  g_string_append_c (out, '}');
  if (known && packet->type == QS_PACKET_VERSION_NEGOTIATION)
    put_versions (out, header.versions);
}

static void
put_frames (State *self, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (self->trace, index);
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (self->trace, index, &payload);
  /* Before 1-RTT the exponent is always the default. */
  guint exponent = packet->type == QS_PACKET_1RTT ? self->exponents[packet->direction] : QS_QLOG_ACK_DELAY_EXPONENT;

  g_string_append (self->text, ",\"frames\":[");
  for (guint i = 0; i < frames->len; i++)
    {
      if (i > 0)
        g_string_append_c (self->text, ',');
      qs_qlog_put_frame (self->text, &g_array_index (frames, QsFrame, i), exponent);
    }
  g_string_append_c (self->text, ']');
}

static const char *
drop_trigger (const QsPacket *packet)
{
  if ((packet->flags & QS_PACKET_CORRUPT) != 0)
    return "payload_decrypt_error";
  if ((packet->flags & QS_PACKET_DUPLICATE) != 0)
    return "duplicate";
  switch ((QsPacketType) packet->type)
    {
    case QS_PACKET_RETRY:
    case QS_PACKET_VERSION_NEGOTIATION:
    case QS_PACKET_STATELESS_RESET:
      return NULL;
    case QS_PACKET_UNKNOWN:
      return "unknown_version";
    case QS_PACKET_INITIAL:
    case QS_PACKET_0RTT:
    case QS_PACKET_HANDSHAKE:
    case QS_PACKET_1RTT:
    default:
      return (packet->flags & QS_PACKET_DECRYPTED) == 0 ? "key_unavailable" : NULL;
    }
}

static void
write_packet (State *self, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (self->trace, index);
  gboolean sent = packet->direction == QS_DIRECTION_SENT;
  const char *trigger = sent ? NULL : drop_trigger (packet);

  /* Dropped on its way, before the stack: no event of this end. */
  if (!sent && (packet->flags & QS_PACKET_DROPPED) != 0)
    return;
  begin_event (self, packet->time,
               sent              ? "transport:packet_sent"
               : trigger != NULL ? "transport:packet_dropped"
                                 : "transport:packet_received");
  put_header (self, packet);
  g_string_append_printf (self->text, ",\"raw\":{\"length\":%u", packet->length);
  if (packet->payload_length > 0)
    g_string_append_printf (self->text, ",\"payload_length\":%u", packet->payload_length);
  g_string_append_c (self->text, '}');
  if (packet->record != G_MAXUINT32)
    g_string_append_printf (self->text, ",\"datagram_id\":%u", packet->record);
  if ((packet->flags & QS_PACKET_COALESCED) != 0)
    g_string_append (self->text, ",\"is_coalesced\":true");
  if (trigger != NULL)
    g_string_append_printf (self->text, ",\"trigger\":\"%s\"", trigger);
  put_frames (self, index);
  end_event (self);
}

static void
write_key_update (State *self, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (self->trace, index);
  gboolean sent = packet->direction == QS_DIRECTION_SENT;
  gboolean client = sent == (qs_trace_get_vantage (self->trace) != QS_VANTAGE_SERVER);

  begin_event (self, packet->time, "security:key_updated");
  g_string_append_printf (self->text, "\"key_type\":\"%s_1rtt_secret\",\"trigger\":\"%s_update\"",
                          client ? "client" : "server", sent ? "local" : "remote");
  end_event (self);
}

static void
put_parameter (State *self, const QsTransportParameter *parameter)
{
  const QsTransportParameterInfo *info = qs_transport_parameter_info (parameter->id);
  guint64 value = 0;

  if (info == NULL)
    return;
  if (info->kind == QS_TP_INTEGER && qs_transport_parameter_get_integer (parameter, &value))
    {
      g_string_append_printf (self->text, ",\"%s\":", info->name);
      qs_qlog_put_uint (self->text, value);
    }
  else if (info->kind == QS_TP_FLAG)
    g_string_append_printf (self->text, ",\"%s\":true", info->name);
  else if (info->kind == QS_TP_BYTES)
    put_member_hex (self->text, info->name, parameter->value);
}

static void
write_message (State *self, guint index)
{
  const QsTraceMessage *message = qs_trace_get_message (self->trace, index);
  QsSpan bytes = qs_tls_message_get_transport_parameters (message->message);
  g_autoptr (GArray) parameters = bytes.length > 0 ? qs_transport_parameters_parse (bytes, NULL) : NULL;

  if (parameters == NULL)
    return;
  begin_event (self, message->time, "transport:parameters_set");
  g_string_append_printf (self->text, "\"owner\":\"%s\"", message->direction == QS_DIRECTION_SENT ? "local" : "remote");
  for (guint i = 0; i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      guint64 value;

      put_parameter (self, parameter);
      if (parameter->id == TP_ACK_DELAY_EXPONENT && qs_transport_parameter_get_integer (parameter, &value))
        self->exponents[message->direction] = (guint) MIN (value, 20);
    }
  end_event (self);
}

static void
write_mark (State *self, guint index)
{
  gint64 time;
  const QsMark *mark = qs_trace_get_mark (self->trace, index, &time);

  if (mark->kind != QS_MARK_CLOSE)
    {
      begin_event (self, time, "connectivity:connection_state_updated");
      g_string_append_printf (self->text, "\"new\":\"%s\"", state_of_mark (mark));
      end_event (self);
      return;
    }
  begin_event (self, time, "connectivity:connection_closed");
  g_string_append_printf (self->text,
                          "\"owner\":\"%s\",\"%s\":", g_strcmp0 (mark->name, "remote") == 0 ? "remote" : "local",
                          mark->application ? "application_code" : "connection_code");
  qs_qlog_put_uint (self->text, (guint64) mark->value);
  g_string_append (self->text, ",\"reason\":");
  qs_qlog_put_string (self->text, mark->text != NULL ? mark->text : "");
  end_event (self);
}

/* With the ACK that gave the sample; bytes in flight as they were last known by then. */
static void
write_metrics (State *self, guint index)
{
  const QsRttSample *sample = &g_array_index (self->rtt, QsRttSample, index);

  while (self->next_flight < self->flight->len &&
         g_array_index (self->flight, QsFlightSample, self->next_flight).time <= sample->time)
    self->next_flight++;
  begin_event (self, sample->time, "recovery:metrics_updated");
  g_string_append (self->text, "\"min_rtt\":");
  put_time (self->text, sample->minimum);
  g_string_append (self->text, ",\"smoothed_rtt\":");
  put_time (self->text, sample->smoothed);
  g_string_append (self->text, ",\"latest_rtt\":");
  put_time (self->text, sample->rtt);
  if (self->next_flight > 0)
    {
      g_string_append (self->text, ",\"bytes_in_flight\":");
      qs_qlog_put_uint (self->text, g_array_index (self->flight, QsFlightSample, self->next_flight - 1).bytes);
    }
  end_event (self);
}

static void (*const write_event[]) (State *self, guint index) = {
  [EVENT_PACKET] = write_packet, [EVENT_KEY_UPDATE] = write_key_update, [EVENT_MESSAGE] = write_message,
  [EVENT_MARK] = write_mark,     [EVENT_METRICS] = write_metrics,
};

/* --- The file's start and end --- */

static void
put_endpoint (GString *out, const char *prefix, GSocketAddress *address)
{
  if (address == NULL || !G_IS_INET_SOCKET_ADDRESS (address))
    return;

  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);
  g_autofree char *text = g_inet_address_to_string (g_inet_socket_address_get_address (inet));
  g_string_append_printf (out, ",\"%s_ip\":\"%s\",\"%s_port\":%u", prefix, text, prefix,
                          g_inet_socket_address_get_port (inet));
}

/* Always there: qvis stumbles over a trace with no event. */
static void
write_started (State *self, gint64 time)
{
  const QsPath *path = qs_trace_get_path (self->trace, 0);

  begin_event (self, time, "connectivity:connection_started");
  g_string_append (self->text, "\"protocol\":\"QUIC\"");
  if (path != NULL)
    {
      put_endpoint (self->text, "src", path->local);
      put_endpoint (self->text, "dst", path->remote);
    }
  end_event (self);
}

static void
put_trace_members (State *self)
{
  static const char *const vantages[] = { "client", "server", "network" };
  QsVantage vantage = qs_trace_get_vantage (self->trace);
  const char *title = qs_trace_get_title (self->trace);
  g_autofree char *escaped = qs_text_escape (title != NULL ? title : "Quicscope", -1);

  g_string_append (self->text, "\"title\":");
  qs_qlog_put_string (self->text, escaped);
  g_string_append_printf (self->text, ",\"vantage_point\":{\"name\":\"Quicscope\",\"type\":\"%s\"%s}",
                          vantages[vantage], vantage == QS_VANTAGE_NETWORK ? ",\"flow\":\"client\"" : "");
  g_string_append (self->text, ",\"common_fields\":{\"protocol_type\":[\"QUIC\"],\"time_format\":\"relative\","
                               "\"reference_time\":");
  put_time (self->text, self->reference);
  g_string_append_c (self->text, '}');
}

static void
put_file_start (State *self)
{
  if (self->sequential)
    {
      g_string_append_c (self->text, RECORD_SEPARATOR);
      g_string_append (self->text, "{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\","
                                   "\"serialization_format\":\"application/qlog+json-seq\","
                                   "\"qlog_version\":\"0.3\",\"qlog_format\":\"JSON-SEQ\",\"trace\":{");
      put_trace_members (self);
      g_string_append (self->text, "}}\n");
      return;
    }
  g_string_append (self->text, "{\"qlog_version\":\"0.3\",\"qlog_format\":\"JSON\",\"traces\":[{");
  put_trace_members (self);
  g_string_append (self->text, ",\"events\":[\n");
}

static gboolean
flush (State *self, QsFileWriter *out, GError **error)
{
  gboolean ok = qs_file_writer_write (out, self->text->str, self->text->len, error);

  g_string_truncate (self->text, 0);
  return ok;
}

static void
free_qlog (gpointer data)
{
  State *self = data;

  g_array_unref (self->events);
  g_array_unref (self->rtt);
  g_array_unref (self->flight);
  g_string_free (self->text, TRUE);
  g_object_unref (self->trace);
  g_free (self);
}

static gpointer
begin_qlog (QsTrace *trace, gboolean sequential, GError **error)
{
  if (qs_trace_get_n_packets (trace) > 0 && qs_trace_get_packet (trace, 0)->type == QS_PACKET_TLS_RECORD)
    {
      g_set_error_literal (error, QS_ERROR, QS_ERROR_UNSUPPORTED,
                           _ ("qlog describes QUIC connections, and this one is TLS over TCP. Save it as pcapng."));
      return NULL;
    }

  State *self = g_new0 (State, 1);
  self->trace = g_object_ref (trace);
  self->sequential = sequential;
  self->n_packets = qs_trace_get_n_packets (trace);
  self->n_messages = qs_trace_get_n_messages (trace);
  self->n_marks = qs_trace_get_n_marks (trace);
  self->rtt = g_array_copy (qs_trace_get_metrics (trace)->rtt);
  self->flight = g_array_copy (qs_trace_get_metrics (trace)->flight[QS_DIRECTION_SENT]);
  self->events = g_array_new (FALSE, FALSE, sizeof (Event));
  self->text = g_string_new (NULL);
  self->exponents[0] = self->exponents[1] = QS_QLOG_ACK_DELAY_EXPONENT;
  return self;
}

static gpointer
begin_json (QsTrace *trace, const char *path, QsFileWriter *out, GError **error)
{
  return begin_qlog (trace, FALSE, error);
}

static gpointer
begin_sequence (QsTrace *trace, const char *path, QsFileWriter *out, GError **error)
{
  return begin_qlog (trace, TRUE, error);
}

static void
finish_collecting (State *self)
{
  if (self->unsorted)
    g_array_sort (self->events, compare_events);
  self->collected = TRUE;

  gint64 first = self->events->len > 0 ? g_array_index (self->events, Event, 0).time : 0;
  self->reference = qs_trace_get_origin (self->trace) + MIN (first, 0);
  put_file_start (self);
  write_started (self, first);
}

static QsSaveStep
step_qlog (gpointer state, QsFileWriter *out, GError **error)
{
  State *self = state;

  if (!self->collected)
    {
      if (!collect_one (self))
        finish_collecting (self);
      return QS_SAVE_MORE;
    }
  if (self->next_event < self->events->len)
    {
      const Event *event = &g_array_index (self->events, Event, self->next_event++);

      write_event[event->kind](self, event->index);
      return flush (self, out, error) ? QS_SAVE_MORE : QS_SAVE_FAILED;
    }
  if (!self->sequential)
    g_string_append (self->text, "\n]}]}\n");
  return flush (self, out, error) ? QS_SAVE_DONE : QS_SAVE_FAILED;
}

const QsSaveClass qs_qlog_save_class = { 0666, begin_json, step_qlog, free_qlog };
const QsSaveClass qs_sqlog_save_class = { 0666, begin_sequence, step_qlog, free_qlog };

gboolean
qs_qlog_write (QsTrace *trace, const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, FALSE);

  QsTraceFormat format = qs_trace_format_for_name (path, QS_TRACE_FORMAT_SQLOG);
  return qs_trace_save (trace, path, format == QS_TRACE_FORMAT_QLOG ? format : QS_TRACE_FORMAT_SQLOG, error);
}
