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

static void
close_with_alert (QsEvidence *evidence, const QsAlertFact *alert, gboolean by_client)
{
  evidence->alert = alert->description;
  evidence->close = (QsCloseFact){ .known = TRUE,
                                   .by_us = by_client != evidence->server,
                                   .code = (guint64) QS_CRYPTO_ERROR + alert->description,
                                   .time = alert->time,
                                   .packet = alert->packet };
}

/* The alert in the trace that a close of ours, or the peer's, told of: then it has a packet, and the packet's time: who went first is
 * what was on the wire, not when the library spoke of it. */
static void
find_alert_packet (QsEvidence *evidence)
{
  gboolean by_client = evidence->close.by_us != evidence->server;
  const QsAlertFact *alert = &evidence->packets.fatal[by_client ? QS_END_CLIENT : QS_END_SERVER];

  if (evidence->close.packet < 0 && alert->seen && alert->description == evidence->alert)
    {
      evidence->close.packet = alert->packet;
      evidence->close.time = alert->time;
    }
}

/* Over TCP the alert that came first is how it was closed, a warning (TLS 1.2) ends nothing. OpenSSL's words for an alert
 * of its own are no reason phrase. */
static void
read_tls_close (QsEvidence *evidence)
{
  const QsAlertFact *client = &evidence->packets.fatal[QS_END_CLIENT],
                    *server = &evidence->packets.fatal[QS_END_SERVER];
  QsAlertFact plain = { evidence->plain_alert > 0, 2, (guint8) MAX (evidence->plain_alert, 0), QS_NO_PACKET,
                        evidence->last_received };

  g_clear_pointer (&evidence->close.reason, g_free);
  if (!evidence->close.known && (client->seen || server->seen))
    {
      gboolean by_client = client->seen && (!server->seen || client->packet < server->packet);
      close_with_alert (evidence, by_client ? client : server, by_client);
    }
  else if (!evidence->close.known && plain.seen)
    close_with_alert (evidence, &plain, evidence->server);
  if (evidence->close.known)
    find_alert_packet (evidence);
  if (!qs_evidence_close_is_echo (evidence))
    return;
  evidence->alert = QS_NO_ALERT;
  evidence->close.known = FALSE;
  evidence->close.packet = QS_NO_PACKET;
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
  if (evidence->tls)
    read_tls_close (evidence);
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
  /* A log that tells of a timeout went on until then. */
  if (!evidence->live && !evidence->ended && evidence->close.known && evidence->close.code == QS_CODE_IDLE_TIMEOUT)
    evidence->now = MAX (evidence->now, evidence->close.time);
  /* Nothing but attempts to connect over TCP: the last of them. */
  if (evidence->now < 0 && evidence->tls && qs_trace_get_n_marks (evidence->trace) > 0)
    qs_trace_get_mark (evidence->trace, qs_trace_get_n_marks (evidence->trace) - 1, &evidence->now);
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

static QsEvidence *
gather (QsTrace *trace, gint64 now, const QsEvidence *before)
{
  QsEvidence *evidence = g_new0 (QsEvidence, 1);

  evidence->trace = trace;
  evidence->server = qs_trace_get_vantage (trace) == QS_VANTAGE_SERVER;
  evidence->from_client = evidence->server ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT;
  evidence->from_server = evidence->server ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
  qs_evidence_read_marks (evidence);
  qs_evidence_read_ends (evidence);
  qs_evidence_read_records (evidence);
  qs_evidence_read_packets (evidence, before);
  if (!evidence->tls && !evidence->server && evidence->packets.n_decrypted_in == 0)
    qs_trace_find_foreign (evidence->trace, &evidence->foreign);
  qs_evidence_read_version_list (evidence);
  qs_evidence_read_messages (evidence);
  qs_evidence_read_close (evidence);
  settle_now (evidence, now);
  settle_names (evidence);
  qs_evidence_read_certificates (evidence, before);
  qs_evidence_read_http (evidence);
  qs_evidence_find_faults (evidence);
  return evidence;
}

QsEvidence *
qs_evidence_new (QsTrace *trace, gint64 now)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  return gather (trace, now, NULL);
}

QsEvidence *
qs_evidence_new_again (const QsEvidence *before, gint64 now)
{
  g_return_val_if_fail (before != NULL, NULL);

  return gather (before->trace, now, before);
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
  g_ptr_array_unref (evidence->faults);
  g_clear_pointer (&evidence->ders, g_ptr_array_unref);
  g_free (evidence);
}

gboolean
qs_evidence_is_tls12 (const QsEvidence *evidence)
{
  const QsTraceMessage *hello = evidence->server_hello;

  return hello != NULL && !qs_tls_version_is_13 (qs_tls_message_get_version (hello->message));
}

gboolean
qs_evidence_is_whole (const QsEvidence *evidence)
{
  return !evidence->lacks_bytes && evidence->packets.n_cut == 0 && qs_trace_get_n_truncated (evidence->trace) == 0;
}

gboolean
qs_evidence_is_server_alone (const QsEvidence *evidence)
{
  const QsPacketFacts *packets = &evidence->packets;
  guint n_of_client = evidence->from_client == QS_DIRECTION_SENT ? packets->n_out : packets->n_in;

  return evidence->tls && n_of_client == 0 && evidence->server_finished != NULL &&
         packets->opened_data[QS_END_SERVER] >= 0 && !packets->fatal[QS_END_SERVER].seen;
}

/* A log of one end, which got a 1-RTT packet and could read it: a server does not before it has the client's Finished, a client not
 * before the server's (RFC 9001 section 5.7). A capture may be decrypted by anybody. */
gboolean
qs_evidence_is_opened_by_receiver (const QsEvidence *evidence)
{
  return qs_trace_is_from_file (evidence->trace) && qs_trace_get_n_datagrams (evidence->trace) == 0 &&
         qs_trace_get_vantage (evidence->trace) != QS_VANTAGE_NETWORK && evidence->packets.first_1rtt_in_time >= 0;
}

gboolean
qs_evidence_has_no_handshake (const QsEvidence *evidence)
{
  return evidence->tls && qs_trace_is_from_file (evidence->trace) && evidence->tcp_connected >= 0 &&
         evidence->client_hello == NULL && evidence->server_hello == NULL && qs_evidence_is_whole (evidence);
}

/* What cannot be read says it too. QUIC: a client has keys for 1-RTT packets once it took the server's Finished (RFC 9001
 * section 4.9), and nothing else makes it send them. TLS 1.2: both ends' ChangeCipherSpec with a record behind each is
 * their Finished; one that is refused is answered with an alert, and no data follows. */
static gboolean
is_connected_unread (const QsEvidence *evidence)
{
  const QsPacketFacts *packets = &evidence->packets;

  if (!qs_trace_is_from_file (evidence->trace))
    return FALSE;
  if (!evidence->tls)
    return (packets->first_short[QS_END_CLIENT] >= 0 && packets->first_short[QS_END_SERVER] >= 0) ||
           qs_evidence_is_opened_by_receiver (evidence);
  if (qs_evidence_has_no_handshake (evidence))
    return FALSE;
  if (!qs_evidence_is_tls12 (evidence))
    return packets->beyond[QS_END_SERVER] >= 0 || qs_evidence_is_server_alone (evidence);
  return packets->ccs[QS_END_CLIENT] >= 0 && packets->ccs[QS_END_SERVER] >= 0 &&
         packets->protected[QS_END_CLIENT] >= 0 && packets->protected[QS_END_SERVER] >= 0 &&
         !packets->fatal[QS_END_CLIENT].seen && !packets->fatal[QS_END_SERVER].seen;
}

gboolean
qs_evidence_is_acknowledged_alone (const QsEvidence *evidence)
{
  const QsPacketFacts *packets = &evidence->packets;

  return !evidence->tls && !evidence->server && packets->first_initial_in >= 0 && packets->in_initial_is_bare &&
         !packets->in_beyond_initial && packets->close_in < 0 && evidence->server_hello == NULL &&
         evidence->hello_retry == NULL;
}

gboolean
qs_evidence_is_connected (const QsEvidence *evidence)
{
  if (evidence->handshake_done >= 0 || evidence->confirmed >= 0)
    return TRUE;
  if (evidence->packets.handshake_done_frame >= 0)
    return TRUE;
  if (evidence->server_finished != NULL && evidence->client_finished != NULL)
    return TRUE;
  return is_connected_unread (evidence);
}

gboolean
qs_evidence_is_restarted (const QsEvidence *evidence)
{
  const QsPacketFacts *packets = &evidence->packets;

  return !evidence->tls && evidence->failed && packets->n_odd_tail >= 2 && packets->stateless_reset < 0 &&
         packets->n_decrypted_in > 0 && qs_evidence_is_connected (evidence);
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
