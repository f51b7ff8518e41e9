/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges of clients, as the server sees them: what it received is the client's. Where they share a question with servers, they share the
 * judge. */
#include <inttypes.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "checks/qs-judges.h"
#include "wire/qs-tls-extensions.h"
#include "wire/qs-transport-parameters.h"

#define LEAST_INITIAL 1200 /* bytes of a datagram, RFC 9000 section 14.1 */
#define LEAST_FIRST_ID 8   /* bytes, RFC 9000 section 7.2 */
#define FIRST_CRYPTO_ERROR 0x100
#define LAST_CRYPTO_ERROR 0x1ff
#define TP_ORIGINAL_DCID 0x00
#define TP_RESET_TOKEN 0x02
#define TP_MAX_STREAMS_UNI 0x09
#define TP_PREFERRED_ADDRESS 0x0d
#define TP_ID_LIMIT 0x0e
#define TP_SOURCE_ID 0x0f
#define TP_RETRY_SOURCE_ID 0x10
#define TP_GREASE_QUIC_BIT 0x2ab2
#define DEFAULT_ID_LIMIT 2

/* --- Versions and Retry --- */

void
qs_judge_client_abandons (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  if (sight->done)
    qs_judgement_set (judgement, qs_check_fail (check),
                      g_strdup (_ ("It finished a handshake of a version that Version Negotiation had not named.")));
  else if (sight->closed)
    {
      g_autofree char *close = qs_sight_dup_close (sight);
      qs_judgement_show (judgement, sight->close_packet);
      qs_judgement_set (judgement, QS_CHECK_PASS,
                        g_strdup_printf (_ ("It gave the attempt up and closed: %s."), close));
    }
  else
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It gave the attempt up.")));
}

/* The first Initial behind the Retry that has one of what it asked for and not the other; G_MAXUINT: none. */
static guint
find_half_followed (const QsSight *sight)
{
  QsPacketHeader retry, header;

  if (sight->retry_packet == G_MAXUINT || !qs_sight_get_header (sight, sight->retry_packet, &retry))
    return G_MAXUINT;
  for (guint i = sight->retry_packet + 1; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      if (packet->direction != QS_DIRECTION_RECEIVED || packet->type != QS_PACKET_INITIAL ||
          !qs_sight_get_header (sight, i, &header))
        continue;
      if (qs_span_equal (header.token, retry.token) != qs_span_equal (header.dcid, retry.scid))
        return i;
    }
  return G_MAXUINT;
}

void
qs_judge_client_retry (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint half;

  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->retry_packet);
  if (sight->follow_packet != G_MAXUINT)
    {
      qs_judgement_show (judgement, sight->follow_packet);
      qs_judge_goes_on (check, sight, judgement);
    }
  else if ((half = find_half_followed (sight)) != G_MAXUINT)
    {
      qs_judgement_show (judgement, half);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup (_ ("It took the token or the connection id of the Retry, and not both.")));
    }
  else if (sight->closed)
    {
      g_autofree char *close = qs_sight_dup_close (sight);
      qs_judgement_show (judgement, sight->close_packet);
      qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup_printf (_ ("It closed: %s."), close));
    }
  else
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("It did not follow the Retry.")));
}

/* The last Retry that was sent is the one that must be passed over. */
void
qs_judge_client_retry_ignored (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  if (sight->follow_packet == G_MAXUINT)
    {
      qs_judge_goes_on (check, sight, judgement);
      return;
    }
  qs_judgement_show (judgement, sight->retry_packet);
  qs_judgement_show (judgement, sight->follow_packet);
  qs_judgement_set (judgement, qs_check_fail (check),
                    g_strdup (_ ("It followed this Retry, which it has to discard.")));
}

/* Every Initial of the server had one: who discards them comes to no end, and who does not has to close. */
void
qs_judge_client_token (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (!qs_judge_is_untested (sight, judgement) && !sight->done && !sight->closed)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It discarded them.")));
  else if (sight->act != G_MAXUINT)
    qs_judge_refused (check, sight, judgement);
}

/* --- What an ordinary run shows --- */

void
qs_judge_client_full_initials (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  QsRecord record;
  guint n = 0;

  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      if (packet->direction != QS_DIRECTION_RECEIVED || packet->type != QS_PACKET_INITIAL ||
          (packet->flags & QS_PACKET_DECRYPTED) == 0)
        continue;
      n++;
      qs_trace_get_record (sight->trace, packet->record, &record);
      if (record.length >= LEAST_INITIAL)
        continue;
      qs_judgement_show (judgement, i);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup_printf (_ ("A datagram with an Initial packet has %u bytes."), record.length));
      return;
    }
  qs_judgement_set (
      judgement, n > 0 ? QS_CHECK_PASS : QS_CHECK_NOT_TESTED,
      n > 0
          ? g_strdup_printf (ngettext ("%u Initial packet was looked at.", "%u Initial packets were looked at.", n), n)
          : g_strdup (_ ("No Initial packet could be opened.")));
}

/* Of the first packet: those that follow may have the id that the server chose, of any length. */
void
qs_judge_client_first_id (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      if (packet->direction != QS_DIRECTION_RECEIVED || packet->type != QS_PACKET_INITIAL)
        continue;
      qs_judgement_show (judgement, i);
      qs_judgement_set (judgement, packet->dcid_length >= LEAST_FIRST_ID ? QS_CHECK_PASS : qs_check_fail (check),
                        g_strdup_printf (_ ("It has %u bytes."), packet->dcid_length));
      return;
    }
  qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("No Initial packet came.")));
}

static const QsTraceMessage *
find_hello (const QsSight *sight)
{
  for (guint i = 0; i < qs_trace_get_n_messages (sight->trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (sight->trace, i);
      if (message->direction == QS_DIRECTION_RECEIVED && message->message != NULL &&
          message->message->type == QS_TLS_CLIENT_HELLO)
        return message;
    }
  return NULL;
}

static gboolean
lacks_hello (const QsTraceMessage *hello, QsJudgement *judgement)
{
  if (hello != NULL)
    {
      qs_judgement_show (judgement, hello->packet);
      return FALSE;
    }
  qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("Its ClientHello was not seen as a whole.")));
  return TRUE;
}

void
qs_judge_client_hello (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsTraceMessage *hello = find_hello (sight);

  if (lacks_hello (hello, judgement))
    return;
  if (hello->message->session_id.length > 0)
    qs_judgement_set (
        judgement, qs_check_fail (check),
        g_strdup (_ ("It asks for the compatibility mode of TLS over TCP: its legacy_session_id is not empty.")));
  else
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("Its legacy_session_id is empty.")));
}

void
qs_judge_client_alpn (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsTraceMessage *hello = find_hello (sight);

  if (lacks_hello (hello, judgement))
    return;
  if (qs_tls_message_find_extension (hello->message, QS_TLS_EXT_ALPN) != NULL)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It offers application protocols.")));
  else
    qs_judgement_set (judgement, qs_check_fail (check), g_strdup (_ ("It offers no application protocol.")));
}

/* Bounds of RFC 9000 section 18.2; min and max of what is legal. */
static const struct {
  guint64 id, least, most;
} bounds[] = {
  { 0x03, 1200, G_MAXUINT64 },               /* max_udp_payload_size */
  { 0x08, 0, G_GUINT64_CONSTANT (1) << 60 }, /* initial_max_streams_bidi */
  { 0x09, 0, G_GUINT64_CONSTANT (1) << 60 }, /* initial_max_streams_uni */
  { 0x0a, 0, 20 },                           /* ack_delay_exponent */
  { 0x0b, 0, (1 << 14) - 1 },                /* max_ack_delay */
  { TP_ID_LIMIT, DEFAULT_ID_LIMIT, G_MAXUINT64 },
};
static const guint64 of_servers[] = { TP_ORIGINAL_DCID, TP_RESET_TOKEN, TP_PREFERRED_ADDRESS, TP_RETRY_SOURCE_ID };

/* What is wrong with one; NULL: nothing. Owned. */
static char *
find_fault (const QsTransportParameter *parameter)
{
  const QsTransportParameterInfo *info = qs_transport_parameter_info (parameter->id);
  guint64 value;

  for (guint i = 0; i < G_N_ELEMENTS (of_servers); i++)
    {
      if (of_servers[i] == parameter->id)
        return g_strdup_printf (_ ("It sends %s, which only a server may."), info->name);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++)
    {
      if (bounds[i].id != parameter->id)
        continue;
      if (!qs_transport_parameter_get_integer (parameter, &value))
        return g_strdup_printf (_ ("Its %s is no number."), info->name);
      if (value < bounds[i].least || value > bounds[i].most)
        return g_strdup_printf (_ ("Its %s is %" PRIu64 ", out of bounds."), info->name, value);
    }
  return NULL;
}

static char *
find_wrong_source (const QsSight *sight, QsSpan said)
{
  QsPacketHeader header;

  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      if (packet->direction != QS_DIRECTION_RECEIVED || packet->type != QS_PACKET_INITIAL ||
          !qs_sight_get_header (sight, i, &header))
        continue;
      return qs_span_equal (header.scid, said)
                 ? NULL
                 : g_strdup (_ ("Its initial_source_connection_id is not the one of its first packet."));
    }
  return NULL;
}

void
qs_judge_client_parameters (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *fault = NULL;
  gsize size;
  QsSpan source;
  const QsTraceMessage *hello = find_hello (sight);

  if (hello != NULL)
    qs_judgement_show (judgement, hello->packet);
  if (sight->parameters == NULL)
    {
      qs_judgement_set (judgement, hello != NULL ? qs_check_fail (check) : QS_CHECK_NOT_TESTED,
                        g_strdup (_ ("No transport parameters were seen.")));
      return;
    }
  const void *data = g_bytes_get_data (sight->parameters, &size);
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (QS_SPAN (data, size), &error);
  if (parameters == NULL)
    fault = g_strdup_printf (_ ("They cannot be read: %s"), error->message);
  for (guint i = 0; parameters != NULL && i < parameters->len && fault == NULL; i++)
    fault = find_fault (&g_array_index (parameters, QsTransportParameter, i));
  if (fault == NULL && !qs_sight_has_parameter (sight, TP_SOURCE_ID, &source))
    fault = g_strdup (_ ("Its initial_source_connection_id is missing."));
  else if (fault == NULL)
    fault = find_wrong_source (sight, source);
  if (fault != NULL)
    qs_judgement_set (judgement, qs_check_fail (check), g_steal_pointer (&fault));
  else
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("They are in order.")));
}

void
qs_judge_client_handshake (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (sight->done)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("The handshake came to its end.")));
  else
    qs_judge_completes (check, sight, judgement);
}

/* --- TLS --- */

/* Whoever goes on may have been told to: --insecure and the like. */
void
qs_judge_client_certificate (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  g_autofree char *close = sight->closed ? qs_sight_dup_close (sight) : NULL;
  gboolean alert = sight->closed && !sight->closed_by_application && sight->close_code >= FIRST_CRYPTO_ERROR &&
                   sight->close_code <= LAST_CRYPTO_ERROR;

  qs_judgement_show (judgement, sight->closed ? sight->close_packet : sight->act_packet);
  if (alert)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup_printf (_ ("It refused it: %s."), close));
  else if (sight->after_acked)
    qs_judgement_set (
        judgement, QS_CHECK_WARN,
        g_strdup (_ ("It went on: it does not look at certificates, or was told not to (as by --insecure).")));
  else if (sight->closed)
    qs_judgement_set (judgement, QS_CHECK_WARN,
                      g_strdup_printf (_ ("It closed, and not by an alert of TLS: %s."), close));
  else
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("It fell silent and sent no CONNECTION_CLOSE.")));
}

/* --- Packets and frames --- */

/* Anybody can make an Initial: one that is wrong may be discarded as if it had never come (RFC 9000 section 5.2). */
void
qs_judge_client_initial (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (sight->act != G_MAXUINT && !sight->closed && sight->after_acked && !sight->act_acked)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It discarded the packet, as it may.")));
  else
    qs_judge_refused (check, sight, judgement);
}

void
qs_judge_client_fixed_bit (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  QsSpan offered;

  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (qs_sight_has_parameter (sight, TP_GREASE_QUIC_BIT, &offered))
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("It offers grease_quic_bit: the bit may be 0.")));
  else if (sight->act_acked)
    qs_judgement_set (judgement, qs_check_fail (check), g_strdup (_ ("It acknowledged the packet.")));
  else
    qs_judge_goes_on (check, sight, judgement);
}

void
qs_judge_client_response (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->response_packet != G_MAXUINT)
    {
      qs_judgement_show (judgement, sight->response_packet);
      qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It answered with PATH_RESPONSE.")));
    }
  else if (sight->act_acked && sight->after_acked)
    qs_judgement_set (judgement, qs_check_fail (check),
                      g_strdup (_ ("It acknowledged PATH_CHALLENGE and sent no PATH_RESPONSE.")));
  else
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("No PATH_RESPONSE came.")));
}

void
qs_judge_client_full_response (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  QsRecord record;

  if (qs_judge_is_untested (sight, judgement))
    return;
  if (sight->response_packet == G_MAXUINT)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("No PATH_RESPONSE came.")));
      return;
    }
  qs_judgement_show (judgement, sight->response_packet);
  qs_trace_get_record (sight->trace, qs_trace_get_packet (sight->trace, sight->response_packet)->record, &record);
  qs_judgement_set (judgement, record.length >= LEAST_INITIAL ? QS_CHECK_PASS : qs_check_fail (check),
                    g_strdup_printf (_ ("Its datagram has %u bytes."), record.length));
}

void
qs_judge_client_retires (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->retire_packet != G_MAXUINT)
    {
      qs_judgement_show (judgement, sight->retire_packet);
      qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It retired the id.")));
    }
  else if (sight->act_acked && sight->after_acked)
    qs_judgement_set (judgement, qs_check_fail (check),
                      g_strdup (_ ("It acknowledged the frame and sent no RETIRE_CONNECTION_ID.")));
  else
    qs_judge_goes_on (check, sight, judgement);
}

/* Who has taken a stateless reset, or whose idle timeout is over, sends no CONNECTION_CLOSE: for who does the connection was there.
 * Before a reset came to it, or while it might wait for more, it may: of a reset that is never known. */
static void
judge_closed (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autofree char *close = qs_sight_dup_close (sight);

  qs_judgement_show (judgement, sight->close_packet);
  if (sight->after == G_MAXUINT || (check->flags & QS_CHECK_SHOULD) == 0)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                      g_strdup_printf (_ ("It closed of its own accord meanwhile: %s."), close));
  else
    qs_judgement_set (judgement, qs_check_fail (check),
                      g_strdup_printf (_ ("It closed a connection that should have been over for it: %s."), close));
}

/* The connection is over for whoever got the act; what is sent behind it is nobody's. */
void
qs_judge_client_leaves (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  if (sight->after_acked)
    {
      qs_judgement_show (judgement, sight->after_packet);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup (_ ("It acknowledged what was sent behind it: the connection goes on for it.")));
    }
  else if (sight->closed)
    judge_closed (check, sight, judgement);
  else
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("The connection was over for it.")));
}

/* A client that allows no such streams has another error to report. */
void
qs_judge_client_uni_stream (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint64 most = 0;

  if (qs_sight_get_parameter (sight, TP_MAX_STREAMS_UNI, &most) && most > 0)
    qs_judge_refused (check, sight, judgement);
  else if (!qs_judge_is_untested (sight, judgement))
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                      g_strdup (_ ("The client allows the server no unidirectional stream.")));
}

#define IDS_OF_THE_ACT 10 /* beside the one of the handshake */
