/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-qlog.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-qlog-order.h"
#include "formats/qs-qlog-private.h"
#include "formats/qs-trace-save-private.h"
#include "trace/qs-metrics.h"
#include "wire/qs-transport-parameters.h"

#define RECORD_SEPARATOR '\x1e' /* RFC 7464 */
#define TP_ACK_DELAY_EXPONENT 0x0a

typedef struct {
  QsTrace *trace;
  QsQlogOrder *order;
  gboolean sequential;
  gboolean collected;
  guint next_event;
  guint next_flight;
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
  if (packet->path_id != 0)
    g_string_append_printf (out, ",\"path_id\":%u", packet->path_id);
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
  if ((packet->flags & QS_PACKET_PAYLOAD_DROPPED) != 0) /* by ourselves, not by who received it */
    return NULL;
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
write_parameters (State *self, gint64 time, QsDirection direction, QsSpan bytes)
{
  g_autoptr (GArray) parameters = bytes.length > 0 ? qs_transport_parameters_parse (bytes, NULL) : NULL;

  if (parameters == NULL)
    return;
  begin_event (self, time, "transport:parameters_set");
  g_string_append_printf (self->text, "\"owner\":\"%s\"", direction == QS_DIRECTION_SENT ? "local" : "remote");
  for (guint i = 0; i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      guint64 value;

      put_parameter (self, parameter);
      if (parameter->id == TP_ACK_DELAY_EXPONENT && qs_transport_parameter_get_integer (parameter, &value))
        self->exponents[direction] = (guint) MIN (value, 20);
    }
  end_event (self);
}

static void
write_message (State *self, guint index)
{
  const QsTraceMessage *message = qs_trace_get_message (self->trace, index);

  write_parameters (self, message->time, message->direction,
                    qs_tls_message_get_transport_parameters (message->message));
}

/* --- Marks --- */

static void
write_close (State *self, gint64 time, const QsMark *mark)
{
  begin_event (self, time, "connectivity:connection_closed");
  g_string_append_printf (self->text,
                          "\"owner\":\"%s\",\"%s\":", g_strcmp0 (mark->name, "remote") == 0 ? "remote" : "local",
                          mark->application ? "application_code" : "connection_code");
  qs_qlog_put_uint (self->text, (guint64) mark->value);
  g_string_append (self->text, ",\"reason\":");
  qs_qlog_put_string (self->text, mark->text != NULL ? mark->text : "");
  end_event (self);
}

static void
write_state (State *self, gint64 time, const QsMark *mark)
{
  begin_event (self, time, "connectivity:connection_state_updated");
  g_string_append_printf (self->text, "\"new\":\"%s\"", state_of_mark (mark));
  end_event (self);
}

static void
write_alpn (State *self, gint64 time, const QsMark *mark)
{
  if (mark->text == NULL)
    return;
  begin_event (self, time, "transport:alpn_information");
  g_string_append (self->text, "\"chosen_alpn\":");
  qs_qlog_put_string (self->text, mark->text);
  end_event (self);
}

/* What a qlog told of, which has no messages. */
static void
write_told_parameters (State *self, gint64 time, const QsMark *mark)
{
  gboolean remote = g_strcmp0 (mark->name, QS_FACT_REMOTE_PARAMETERS) == 0;
  gsize length = 0;
  const guint8 *bytes = mark->bytes != NULL ? g_bytes_get_data (mark->bytes, &length) : NULL;

  write_parameters (self, time, remote ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT, QS_SPAN (bytes, length));
}

static const struct {
  QsMarkKind kind;
  const char *name; /* NULL: any */
  void (*write) (State *self, gint64 time, const QsMark *mark);
} marks[] = {
  { QS_MARK_CLOSE, NULL, write_close },
  { QS_MARK_STATE, NULL, write_state },
  { QS_MARK_HANDSHAKE_DONE, NULL, write_state },
  { QS_MARK_CONFIRMED, NULL, write_state },
  { QS_MARK_FACT, "tls.alpn", write_alpn },
  { QS_MARK_FACT, QS_FACT_LOCAL_PARAMETERS, write_told_parameters },
  { QS_MARK_FACT, QS_FACT_REMOTE_PARAMETERS, write_told_parameters },
};

static gboolean
wants_mark (const QsMark *mark)
{
  if (mark->kind == QS_MARK_STATE)
    return state_of_mark (mark) != NULL;
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      if (marks[i].kind == mark->kind && (marks[i].name == NULL || g_strcmp0 (marks[i].name, mark->name) == 0))
        return TRUE;
    }
  return FALSE;
}

static void
write_mark (State *self, guint index)
{
  gint64 time;
  const QsMark *mark = qs_trace_get_mark (self->trace, index, &time);

  for (guint i = 0; i < G_N_ELEMENTS (marks); i++)
    {
      if (marks[i].kind != mark->kind || (marks[i].name != NULL && g_strcmp0 (marks[i].name, mark->name) != 0))
        continue;
      marks[i].write (self, time, mark);
      return;
    }
}

/* --- Recovery --- */

/* A loss that turned out to be none is not told of. */
static void
write_loss (State *self, guint index)
{
  const QsLoss *loss = &g_array_index (self->order->losses, QsLoss, index);
  const QsPacket *packet = qs_trace_get_packet (self->trace, loss->packet);

  if ((packet->flags & QS_PACKET_LOST) == 0)
    return;
  begin_event (self, loss->time, "recovery:packet_lost");
  g_string_append_printf (
      self->text, "\"header\":{\"packet_type\":\"%s\",\"packet_number\":", qs_packet_type_qlog_name (packet->type));
  qs_qlog_put_uint (self->text, packet->number);
  if (packet->path_id != 0)
    g_string_append_printf (self->text, ",\"path_id\":%u", packet->path_id);
  g_string_append_c (self->text, '}');
  end_event (self);
}

/* With the ACK that gave the sample; bytes in flight as they were last known by then. */
static void
write_metrics (State *self, guint index)
{
  const QsRttSample *sample = &g_array_index (self->order->rtt, QsRttSample, index);
  const GArray *flight = self->order->flight;

  while (self->next_flight < flight->len &&
         g_array_index (flight, QsFlightSample, self->next_flight).time <= sample->time)
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
      qs_qlog_put_uint (self->text, g_array_index (flight, QsFlightSample, self->next_flight - 1).bytes);
    }
  end_event (self);
}

static void (*const write_event[QS_QLOG_N_EVENTS]) (State *self, guint index) = {
  [QS_QLOG_PACKET] = write_packet, [QS_QLOG_KEY_UPDATE] = write_key_update, [QS_QLOG_MESSAGE] = write_message,
  [QS_QLOG_LOSS] = write_loss,     [QS_QLOG_METRICS] = write_metrics,       [QS_QLOG_MARK] = write_mark,
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

  qs_qlog_order_free (self->order);
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
  self->order = qs_qlog_order_new (trace);
  self->text = g_string_new (NULL);
  self->exponents[0] = self->exponents[1] = QS_QLOG_ACK_DELAY_EXPONENT;
  return self;
}

static gpointer
begin_json (QsTrace *trace, const char *path, const GArray *packets, QsFileWriter *out, GError **error)
{
  return begin_qlog (trace, FALSE, error);
}

static gpointer
begin_sequence (QsTrace *trace, const char *path, const GArray *packets, QsFileWriter *out, GError **error)
{
  return begin_qlog (trace, TRUE, error);
}

static void
finish_collecting (State *self)
{
  const GArray *events = self->order->events;
  gint64 first = events->len > 0 ? g_array_index (events, QsQlogEvent, 0).time : 0;

  self->collected = TRUE;
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
      if (!qs_qlog_order_advance (self->order, wants_mark))
        finish_collecting (self);
      return QS_SAVE_MORE;
    }
  const GArray *events = self->order->events;
  if (self->next_event < events->len)
    {
      const QsQlogEvent *event = &g_array_index (events, QsQlogEvent, self->next_event++);

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
