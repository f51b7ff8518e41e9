/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges of what a server must go on with, and of what an ordinary run shows. */
#include <inttypes.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "checks/qs-judges.h"
#include "wire/qs-names.h"
#include "wire/qs-tls-extensions.h"
#include "wire/qs-tls.h"
#include "wire/qs-transport-parameters.h"

#define TP_MAX_STREAMS_BIDI 0x08
#define TP_MAX_STREAMS_UNI 0x09
#define TP_STREAM_DATA_UNI 0x07
#define TP_DISABLE_ACTIVE_MIGRATION 0x0c
#define GROUP_X25519MLKEM768 0x11ec
#define LEAST_UNI_STREAMS 3    /* RFC 9114 section 6.2 */
#define LEAST_UNI_DATA 1024    /* bytes: likewise */
#define LEAST_BIDI_STREAMS 100 /* section 6.1 */

void
qs_judge_lost (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (sight->closed)
    {
      g_autofree char *close = qs_sight_dup_close (sight);
      qs_judgement_show (judgement, sight->close_packet);
      qs_judgement_set (judgement, qs_check_fail (check), g_strdup_printf (_ ("It closed: %s."), close));
    }
  else if (sight->reset)
    qs_judgement_set (judgement, qs_check_fail (check), g_strdup (_ ("It reset the connection.")));
  else
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("It fell silent.")));
}

void
qs_judge_goes_on (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->after_acked)
    {
      qs_judgement_show (judgement, sight->after_packet);
      qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("The connection went on.")));
    }
  else
    qs_judge_lost (check, sight, judgement);
}

void
qs_judge_completes (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->confirmed)
    {
      qs_judgement_show (judgement, sight->confirmed_packet);
      qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("The handshake came to its end.")));
    }
  else if (sight->n_received == 0)
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("Nothing came back.")));
  else
    qs_judge_lost (check, sight, judgement);
}

/* Who refuses is alive: it may be full (CONNECTION_REFUSED), of what stands before this check or of others. */
void
qs_judge_alive (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autofree char *close = sight->closed ? qs_sight_dup_close (sight) : NULL;

  if (sight->confirmed)
    qs_judge_completes (check, sight, judgement);
  else if (close != NULL)
    {
      qs_judgement_show (judgement, sight->close_packet);
      qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup_printf (_ ("It refuses a handshake now: %s."), close));
    }
  else if (sight->n_received > 0)
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("It answers, and no handshake comes to its end now.")));
  else
    qs_judgement_set (judgement, QS_CHECK_FAIL,
                      g_strdup (sight->icmp ? _ ("Nobody listens any more (ICMP): it has ended.")
                                            : _ ("It answers no handshake any more.")));
}

void
qs_judge_key_update (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->key_update_packet != G_MAXUINT)
    {
      qs_judgement_show (judgement, sight->key_update_packet);
      qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It followed with keys of its own.")));
    }
  else if (sight->act_acked)
    qs_judgement_set (judgement, qs_check_fail (check),
                      g_strdup (_ ("It acknowledged a packet under new keys, and answered under the old ones.")));
  else
    qs_judge_lost (check, sight, judgement);
}

static void
judge_moved (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  QsSpan value;

  qs_judgement_show (judgement, sight->act_packet);
  if (sight->after_acked && sight->challenge_packet != G_MAXUINT)
    {
      qs_judgement_show (judgement, sight->challenge_packet);
      qs_judgement_set (judgement, QS_CHECK_PASS,
                        g_strdup (_ ("It sent PATH_CHALLENGE to the new port, and the connection went on.")));
    }
  else if (sight->after_acked)
    {
      qs_judgement_show (judgement, sight->after_packet);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup (_ ("The connection went on, and no PATH_CHALLENGE came to the new port.")));
    }
  else if (qs_sight_has_parameter (sight, TP_DISABLE_ACTIVE_MIGRATION,
                                   &value)) /* it may drop what comes from there, section 9 */
    qs_judgement_set (
        judgement, QS_CHECK_WARN,
        g_strdup (
            _ ("Nothing came to the new port. The server forbids migration (disable_active_migration); a NAT that "
               "forgets its mapping asks nobody.")));
  else if (sight->closed || sight->reset)
    qs_judge_lost (check, sight, judgement);
  else
    qs_judgement_set (judgement, QS_CHECK_FAIL, g_strdup (_ ("Nothing came to the new port: the connection is lost.")));
}

void
qs_judge_rebind (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (sight->act == G_MAXUINT && sight->confirmed && !sight->closed && sight->n_spare_ids == 0)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The server gives no spare connection ids.")));
  else if (!qs_judge_is_untested (sight, judgement))
    judge_moved (check, sight, judgement);
}

static gboolean
lacks_handshake (const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return TRUE;
  if (!sight->confirmed)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The handshake did not come to its end.")));
  return !sight->confirmed;
}

/* --- TLS --- */

void
qs_judge_certificate (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsMark *mark = qs_trace_find_mark (sight->trace, QS_MARK_VERIFY, NULL, NULL);

  if (mark == NULL)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                        g_strdup (_ ("The handshake did not come as far as the certificate.")));
      return;
    }
  if (mark->value == X509_V_OK)
    {
      qs_judgement_set (judgement, QS_CHECK_PASS,
                        g_strdup (_ ("The chain leads to a trusted authority, and the name is in it.")));
      return;
    }
  judgement->cap = mark->value == X509_V_ERR_HOSTNAME_MISMATCH ? QS_GRADE_M : QS_GRADE_T;
  qs_judgement_set (judgement, QS_CHECK_FAIL, g_strdup_printf (_ ("It does not verify: %s."), mark->text));
}

static const QsTlsMessage *
find_message (const QsSight *sight, guint8 type)
{
  for (guint i = 0; i < qs_trace_get_n_messages (sight->trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (sight->trace, i);
      if (message->direction == QS_DIRECTION_RECEIVED && message->message != NULL && message->message->type == type &&
          !message->message->is_hello_retry_request)
        return message->message;
    }
  return NULL;
}

void
qs_judge_group (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsTlsMessage *hello = find_message (sight, QS_TLS_SERVER_HELLO);
  g_autoptr (GArray) shares = hello != NULL ? qs_tls_message_dup_key_shares (hello) : NULL;
  guint16 group = shares != NULL && shares->len > 0 ? g_array_index (shares, guint16, 0) : 0;
  const char *name = qs_tls_group_name (group);

  qs_judgement_show (judgement, sight->hello_packet);
  if (group == GROUP_X25519MLKEM768)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It agreed on X25519MLKEM768.")));
  else if (group != 0)
    qs_judgement_set (
        judgement, QS_CHECK_WARN,
        g_strdup_printf (_ ("It chose %s: what is recorded today can be read by who has a quantum computer one day."),
                         name != NULL ? name : "?"));
  else if (!qs_judge_is_untested (sight, judgement))
    qs_judge_lost (check, sight, judgement);
}

void
qs_judge_tickets (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint n = 0;

  if (lacks_handshake (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_messages (sight->trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (sight->trace, i);
      const QsTlsExtension *early;
      if (message->direction != QS_DIRECTION_RECEIVED || message->message == NULL ||
          message->message->type != QS_TLS_NEW_SESSION_TICKET)
        continue;
      n++;
      early = qs_tls_message_find_extension (message->message, QS_TLS_EXT_EARLY_DATA);
      if (early == NULL || early->data.length != 4 || memcmp (early->data.data, "\xff\xff\xff\xff", 4) == 0)
        continue;
      qs_judgement_show (judgement, message->packet);
      qs_judgement_set (judgement, QS_CHECK_FAIL,
                        g_strdup (_ ("A ticket's max_early_data_size is neither 0xffffffff nor left out.")));
      return;
    }
  if (n == 0)
    qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup (_ ("It sends no session tickets.")));
  else
    qs_judgement_set (judgement, QS_CHECK_PASS,
                      g_strdup_printf (ngettext ("It sent %u ticket, in order.", "It sent %u tickets, in order.", n),
                                       n));
}

/* Of the second connection, which brings the ticket of the first. */
static gboolean
lacks_ticket (const QsSight *sight, QsJudgement *judgement)
{
  if (sight->act != G_MAXUINT)
    return FALSE;
  if (sight->confirmed)
    qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup (_ ("It sends no session tickets.")));
  else
    qs_judge_is_untested (sight, judgement);
  return TRUE;
}

void
qs_judge_resumption (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsMark *mark = qs_trace_find_mark (sight->trace, QS_MARK_FACT, "tls.resumed", NULL);

  if (lacks_ticket (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->hello_after_act);
  if (sight->hello_after_act == G_MAXUINT || mark == NULL)
    qs_judge_lost (check, sight, judgement);
  else
    qs_judgement_set (judgement, QS_CHECK_INFO,
                      g_strdup (g_strcmp0 (mark->text, "yes") == 0
                                    ? _ ("It resumes sessions: no certificate is sent again.")
                                    : _ ("It does not resume the session that it gave a ticket for.")));
}

/* RFC 9846 section 4.3.10. */
gboolean
qs_sight_accepts_early_data (const QsSight *sight, guint *packet)
{
  for (guint i = 0; i < qs_trace_get_n_messages (sight->trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (sight->trace, i);
      if (message->direction != QS_DIRECTION_RECEIVED || message->message == NULL ||
          message->message->type != QS_TLS_ENCRYPTED_EXTENSIONS ||
          qs_tls_message_find_extension (message->message, QS_TLS_EXT_EARLY_DATA) == NULL)
        continue;
      *packet = message->packet;
      return TRUE;
    }
  return FALSE;
}

void
qs_judge_early_data (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  gboolean early = FALSE;
  guint said;

  if (lacks_ticket (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      if (packet->type != QS_PACKET_0RTT || packet->direction != QS_DIRECTION_SENT)
        continue;
      early = TRUE;
      qs_judgement_show (judgement, i);
    }
  if (!early)
    qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup (_ ("Its tickets do not allow 0-RTT.")));
  else if (qs_sight_accepts_early_data (sight, &said))
    {
      qs_judgement_show (judgement, said);
      qs_judgement_set (
          judgement, QS_CHECK_INFO,
          g_strdup (_ ("It accepts 0-RTT: a round trip less, for what may be sent twice by a stranger.")));
    }
  else
    qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup (_ ("Its tickets allow 0-RTT, and it did not accept it.")));
}

/* --- Transport parameters --- */

static gboolean
lacks_parameters (const QsSight *sight, QsJudgement *judgement)
{
  if (sight->parameters != NULL)
    return FALSE;
  qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The server's transport parameters were not seen.")));
  return TRUE;
}

/* RFC 9000 section 18.2. */
static const struct {
  guint64 id, least, most;
} bounds[] = {
  { 0x03, 1200, G_MAXUINT64 },                     /* max_udp_payload_size */
  { 0x08, 0, G_GUINT64_CONSTANT (1) << 60 },       /* initial_max_streams_bidi */
  { 0x09, 0, G_GUINT64_CONSTANT (1) << 60 },       /* initial_max_streams_uni */
  { 0x0a, 0, 20 },                                 /* ack_delay_exponent */
  { 0x0b, 0, (G_GUINT64_CONSTANT (1) << 14) - 1 }, /* max_ack_delay */
  { 0x0e, 2, G_MAXUINT64 },                        /* active_connection_id_limit */
};

void
qs_judge_parameters (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (lacks_parameters (sight, judgement))
    return;
  qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("All of them are within their bounds.")));
  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++)
    {
      guint64 value;
      if (!qs_sight_get_parameter (sight, bounds[i].id, &value) ||
          (value >= bounds[i].least && value <= bounds[i].most))
        continue;
      const QsTransportParameterInfo *info = qs_transport_parameter_info (bounds[i].id);
      qs_judgement_set (judgement, QS_CHECK_FAIL,
                        g_strdup_printf (_ ("%s is %" PRIu64 ", out of its bounds."), info->name, value));
    }
}

void
qs_judge_uni_streams (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint64 streams = 0, data = 0;

  if (lacks_parameters (sight, judgement))
    return;
  qs_sight_get_parameter (sight, TP_MAX_STREAMS_UNI, &streams);
  qs_sight_get_parameter (sight, TP_STREAM_DATA_UNI, &data);
  g_autofree char *text = g_strdup_printf (_ ("%" PRIu64 " streams, %" PRIu64 " bytes on each."), streams, data);
  if (streams < LEAST_UNI_STREAMS)
    qs_judgement_set (judgement, QS_CHECK_FAIL, g_steal_pointer (&text));
  else
    qs_judgement_set (judgement, data < LEAST_UNI_DATA ? QS_CHECK_WARN : QS_CHECK_PASS, g_steal_pointer (&text));
}

void
qs_judge_bidi_streams (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint64 streams = 0;

  if (lacks_parameters (sight, judgement))
    return;
  qs_sight_get_parameter (sight, TP_MAX_STREAMS_BIDI, &streams);
  qs_judgement_set (judgement, streams < LEAST_BIDI_STREAMS ? QS_CHECK_WARN : QS_CHECK_PASS,
                    g_strdup_printf (_ ("%" PRIu64 " streams at first."), streams));
}

void
qs_judge_extensions (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  gsize size;

  if (lacks_parameters (sight, judgement))
    return;
  const void *data = g_bytes_get_data (sight->parameters, &size);
  g_autoptr (GArray) parameters = qs_transport_parameters_parse (QS_SPAN (data, size), NULL);
  for (guint i = 0; parameters != NULL && i < parameters->len; i++)
    {
      guint64 id = g_array_index (parameters, QsTransportParameter, i).id;
      const QsTransportParameterInfo *info = qs_transport_parameter_info (id);
      if (id > 0x10 && info != NULL && !qs_transport_parameter_is_greased (id))
        g_ptr_array_add (names, (gpointer) info->name);
    }
  g_ptr_array_add (names, NULL);
  g_autofree char *list = g_strjoinv (", ", (char **) names->pdata);
  qs_judgement_set (judgement, QS_CHECK_INFO, names->len > 1 ? g_steal_pointer (&list) : g_strdup (_ ("None.")));
}

void
qs_judge_spare_ids (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (lacks_handshake (sight, judgement))
    return;
  if (sight->n_spare_ids > 0)
    qs_judgement_set (judgement, QS_CHECK_PASS,
                      g_strdup_printf (ngettext ("It gave %u spare id.", "It gave %u spare ids.", sight->n_spare_ids),
                                       sight->n_spare_ids));
  else
    qs_judgement_set (
        judgement, QS_CHECK_INFO,
        g_strdup (_ ("It gave none: a client cannot move to another path without being recognised there.")));
}
