/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "diagnosis/qs-evidence.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "wire/qs-names.h"
#include "wire/qs-transport-parameters.h"

#define NS_PER_S G_GINT64_CONSTANT (1000000000)

static void
read_close_mark (QsEvidence *evidence, const QsMark *mark, gint64 time)
{
  QsCloseFact *close = &evidence->close;

  close->known = TRUE;
  close->by_us = g_str_equal (mark->name, "local");
  close->application = mark->application;
  close->code = (guint64) mark->value;
  close->frame_type = mark->frame_type;
  close->reason = g_strdup (mark->text != NULL && *mark->text != '\0' ? mark->text : NULL);
  close->time = time;
  close->packet = close->by_us ? evidence->packets.close_out : evidence->packets.close_in;
}

static void
read_close_frame (QsEvidence *evidence, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (evidence->trace, index);
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (evidence->trace, index, &payload);
  QsCloseFact *close = &evidence->close;

  for (guint i = 0; i < frames->len; i++)
    {
      const QsFrame *frame = &g_array_index (frames, QsFrame, i);
      if (frame->type != QS_FRAME_CONNECTION_CLOSE && frame->type != QS_FRAME_CONNECTION_CLOSE_APP)
        continue;
      close->known = TRUE;
      close->by_us = packet->direction == QS_DIRECTION_SENT;
      close->application = frame->type == QS_FRAME_CONNECTION_CLOSE_APP;
      close->code = frame->error_code;
      close->frame_type = frame->frame_type;
      close->time = packet->time;
      close->packet = index;
      if (frame->data.data != NULL && frame->data.length > 0)
        close->reason = qs_text_escape (frame->data.data, (gssize) frame->data.length);
      return;
    }
}

/* The first of both frames is the cause; an answer to it closes the other direction. */
static void
read_close_frames (QsEvidence *evidence)
{
  gint64 in = evidence->packets.close_in, out = evidence->packets.close_out;
  gint64 first = in < 0 ? out : out < 0 ? in : MIN (in, out);

  if (first >= 0)
    read_close_frame (evidence, (guint) first);
}

static int
alert_of_close (const QsEvidence *evidence)
{
  const QsCloseFact *close = &evidence->close;

  if (!close->known || close->application)
    return QS_NO_ALERT;
  if (close->code >= QS_CRYPTO_ERROR && close->code <= QS_CRYPTO_ERROR + 0xff)
    return (int) (close->code - QS_CRYPTO_ERROR);
  return QS_NO_ALERT;
}

void
qs_evidence_read_close (QsEvidence *evidence)
{
  gint64 time = QS_NO_TIME;
  const QsMark *mark = qs_trace_find_mark (evidence->trace, QS_MARK_CLOSE, NULL, &time);

  evidence->close.packet = QS_NO_PACKET;
  if (mark != NULL)
    read_close_mark (evidence, mark, time);
  else
    read_close_frames (evidence);
  evidence->alert = alert_of_close (evidence);
  /* Over TCP close_notify is how it ends in order. */
  if (evidence->tls && evidence->alert == 0)
    evidence->alert = QS_NO_ALERT;
  if (evidence->tls && evidence->alert == QS_NO_ALERT && evidence->plain_alert > 0 && !evidence->close.known)
    {
      evidence->alert = evidence->plain_alert;
      evidence->close = (QsCloseFact){ .known = TRUE,
                                       .code = (guint64) (QS_CRYPTO_ERROR + evidence->plain_alert),
                                       .time = evidence->last_received,
                                       .packet = QS_NO_PACKET };
    }
}

static void
settle_now (QsEvidence *evidence, gint64 now)
{
  evidence->live = now >= 0 && !evidence->ended;
  if (evidence->live)
    evidence->now = now;
  else if (evidence->ended)
    evidence->now = evidence->outcome;
  else
    evidence->now = MAX (MAX (evidence->last_sent, evidence->last_received),
                         MAX (evidence->packets.last_out_time, evidence->packets.last_in_time));
  evidence->now_s = (qs_trace_get_origin (evidence->trace) + MAX (evidence->now, 0)) / NS_PER_S;
}

static void
settle_names (QsEvidence *evidence)
{
  evidence->address_known = evidence->address != NULL;
  if (evidence->address == NULL)
    evidence->address = g_strdup (_ ("the server"));
  if (evidence->addresses == NULL)
    evidence->addresses = g_strdup (evidence->address);
  evidence->host = evidence->host_owned != NULL ? evidence->host_owned
                   : evidence->sni != NULL      ? evidence->sni
                                                : evidence->address;
}

QsEvidence *
qs_evidence_new (QsTrace *trace, gint64 now)
{
  QsEvidence *evidence = g_new0 (QsEvidence, 1);

  evidence->trace = trace;
  evidence->server = qs_trace_get_vantage (trace) == QS_VANTAGE_SERVER;
  evidence->from_client = evidence->server ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;
  evidence->from_server = evidence->server ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
  qs_evidence_read_marks (evidence);
  qs_evidence_read_records (evidence);
  qs_evidence_read_packets (evidence);
  qs_evidence_read_messages (evidence);
  qs_evidence_read_close (evidence);
  settle_now (evidence, now);
  settle_names (evidence);
  qs_evidence_read_certificates (evidence);
  qs_evidence_read_http (evidence);
  return evidence;
}

void
qs_evidence_free (QsEvidence *evidence)
{
  g_free (evidence->address);
  g_free (evidence->addresses);
  g_free (evidence->host_owned);
  g_free (evidence->close.reason);
  g_free (evidence->offered_alpn);
  g_free (evidence->offered_groups);
  g_free (evidence->offered_ciphers);
  g_free (evidence->sni);
  g_free (evidence->alpn_owned);
  qs_evidence_free_http (evidence);
  g_clear_pointer (&evidence->plain, g_bytes_unref);
  g_ptr_array_unref (evidence->chain);
  g_free (evidence);
}

gboolean
qs_evidence_is_connected (const QsEvidence *evidence)
{
  if (evidence->handshake_done >= 0 || evidence->confirmed >= 0)
    return TRUE;
  if (evidence->packets.handshake_done_frame >= 0)
    return TRUE;
  return evidence->server_finished != NULL && evidence->client_finished != NULL;
}

gboolean
qs_evidence_has_alert (const QsEvidence *evidence, guint8 alert, gboolean by_client)
{
  gboolean client_closed = evidence->close.by_us != evidence->server;

  return evidence->alert == alert && client_closed == by_client;
}

char *
qs_evidence_close_text (const QsEvidence *evidence)
{
  if (evidence->close.code == QS_CODE_IDLE_TIMEOUT)
    return g_strdup (_ ("idle timeout"));
  return qs_close_code_describe (evidence->close.application, evidence->close.code, evidence->alpn);
}

QsSpan
qs_evidence_get_parameters (const QsEvidence *evidence, gboolean of_client)
{
  const QsTraceMessage *holder = of_client ? evidence->client_hello : evidence->encrypted_extensions;

  if (holder != NULL)
    return qs_tls_message_get_transport_parameters (holder->message);

  /* A qlog has no messages. */
  const char *name = of_client == evidence->server ? QS_FACT_REMOTE_PARAMETERS : QS_FACT_LOCAL_PARAMETERS;
  const QsMark *mark = qs_trace_find_mark (evidence->trace, QS_MARK_FACT, name, NULL);
  gsize length = 0;
  const guint8 *bytes = mark != NULL && mark->bytes != NULL ? g_bytes_get_data (mark->bytes, &length) : NULL;
  return QS_SPAN (bytes, length);
}

gboolean
qs_evidence_get_parameter (const QsEvidence *evidence, gboolean of_client, guint64 id, guint64 *value)
{
  QsSpan bytes = qs_evidence_get_parameters (evidence, of_client);
  g_autoptr (GArray) parameters = bytes.length > 0 ? qs_transport_parameters_parse (bytes, NULL) : NULL;
  for (guint i = 0; parameters != NULL && i < parameters->len; i++)
    {
      const QsTransportParameter *parameter = &g_array_index (parameters, QsTransportParameter, i);
      if (parameter->id == id)
        return qs_transport_parameter_get_integer (parameter, value);
    }
  return FALSE;
}

/* The list stands in the datagram itself, which is not encrypted. */
GArray *
qs_evidence_dup_versions (const QsEvidence *evidence)
{
  if (evidence->packets.version_negotiation < 0)
    return NULL;

  GArray *versions = g_array_new (FALSE, FALSE, sizeof (guint32));
  const QsPacket *packet = qs_trace_get_packet (evidence->trace, (guint) evidence->packets.version_negotiation);
  QsRecord record;
  QsPacketHeader header;
  if (packet->record == G_MAXUINT32)
    return versions;
  qs_trace_get_record (evidence->trace, packet->record, &record);
  if (packet->offset >= record.bytes.length ||
      !qs_packet_header_parse (QS_SPAN (record.bytes.data + packet->offset, record.bytes.length - packet->offset), 0,
                               &header, NULL))
    return versions;
  for (gsize at = 0; at + 4 <= header.versions.length; at += 4)
    {
      guint32 version;
      memcpy (&version, header.versions.data + at, 4);
      version = GUINT32_FROM_BE (version);
      g_array_append_val (versions, version);
    }
  return versions;
}

char *
qs_evidence_versions_text (const QsEvidence *evidence)
{
  g_autoptr (GArray) versions = qs_evidence_dup_versions (evidence);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; versions != NULL && i < versions->len; i++)
    {
      g_autofree char *name = qs_quic_version_name (g_array_index (versions, guint32, i));
      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", name);
    }
  return g_strdup (text->len > 0 ? text->str : _ ("none that could be read"));
}
