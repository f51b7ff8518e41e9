/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges of versions, Initials and the validation of addresses. */
#include <inttypes.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "checks/qs-judges.h"
#include "wire/qs-reader.h"
#include "wire/qs-transport-parameters.h"

#define AMPLIFICATION 3     /* RFC 9000 section 8 */
#define LEAST_DATAGRAM 1200 /* section 14.1 */
#define TP_ORIGINAL_DCID 0x00
#define TP_SOURCE_ID 0x0f
#define TP_RETRY_SOURCE_ID 0x10
#define TP_GREASE_QUIC_BIT 0x2ab2

static QsSpan
record_bytes (const QsSight *sight, guint packet)
{
  QsRecord record;

  qs_trace_get_record (sight->trace, qs_trace_get_packet (sight->trace, packet)->record, &record);
  return record.bytes;
}

/* The header of a packet, as it was on the wire. */
static gboolean
read_header (const QsSight *sight, guint packet, QsPacketHeader *header)
{
  guint32 offset = qs_trace_get_packet (sight->trace, packet)->offset;
  QsSpan bytes = record_bytes (sight, packet);

  return offset < bytes.length &&
         qs_packet_header_parse (QS_SPAN (bytes.data + offset, bytes.length - offset), 0, header, NULL);
}

static guint
find_packet (const QsSight *sight, QsDirection direction, QsPacketType type)
{
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      if (packet->direction == direction && packet->type == type)
        return i;
    }
  return G_MAXUINT;
}

static void
judge_unanswered (const QsSight *sight, QsJudgement *judgement)
{
  qs_judgement_set (judgement, QS_CHECK_WARN,
                    sight->icmp ? g_strdup (_ ("The host says that nobody is there (ICMP)."))
                                : g_strdup (_ ("Nothing came back.")));
}

/* --- Versions --- */

/* Whose invariants are right has the client's ids, swapped (RFC 8999 section 6). */
static gboolean
ids_are_swapped (const QsSight *sight, QsSpan answer)
{
  QsInvariants ours, theirs;
  QsRecord record;

  for (guint i = 0; i < qs_trace_get_n_records (sight->trace); i++)
    {
      qs_trace_get_record (sight->trace, i, &record);
      if (record.kind == QS_RECORD_DATAGRAM && record.direction == QS_DIRECTION_SENT)
        return qs_invariants_parse (record.bytes, &ours) && qs_invariants_parse (answer, &theirs) &&
               qs_span_equal (ours.dcid, theirs.scid) && qs_span_equal (ours.scid, theirs.dcid);
    }
  return FALSE;
}

static QsSpan
versions_of (const QsSight *sight)
{
  QsPacketHeader header;

  return read_header (sight, sight->versions_packet, &header) ? header.versions : QS_SPAN_NONE;
}

static char *
list_versions (QsSpan versions)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  QsReader reader = qs_reader_init (versions);

  while (qs_reader_left (&reader) >= 4)
    {
      guint32 version = (guint32) qs_reader_uint (&reader, 4);
      if (!qs_quic_version_is_greased (version))
        g_ptr_array_add (names, qs_quic_version_name (version));
    }
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **) names->pdata);
}

void
qs_judge_versions (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  if (sight->versions_packet == G_MAXUINT)
    {
      judge_unanswered (sight, judgement);
      return;
    }
  g_autofree char *list = list_versions (versions_of (sight));
  gboolean right = ids_are_swapped (sight, record_bytes (sight, sight->versions_packet));
  qs_judgement_show (judgement, sight->versions_packet);
  qs_judgement_set (judgement, right ? QS_CHECK_PASS : QS_CHECK_FAIL,
                    right
                        ? g_strdup_printf (_ ("It offers %s."), list)
                        : g_strdup (_ ("Its Version Negotiation does not bear the client's connection ids, swapped.")));
}

void
qs_judge_old_versions (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autoptr (GPtrArray) old = g_ptr_array_new_with_free_func (g_free);

  if (qs_judge_is_untested (sight, judgement))
    return;
  if (sight->versions_packet == G_MAXUINT)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The server sends no Version Negotiation.")));
      return;
    }
  QsReader reader = qs_reader_init (versions_of (sight));
  while (qs_reader_left (&reader) >= 4)
    {
      guint32 version = (guint32) qs_reader_uint (&reader, 4);
      if (qs_quic_version_is_google (version) || qs_quic_version_draft (version) != 0)
        g_ptr_array_add (old, qs_quic_version_name (version));
    }
  g_ptr_array_add (old, NULL);
  g_autofree char *list = g_strjoinv (", ", (char **) old->pdata);
  qs_judgement_show (judgement, sight->versions_packet);
  if (old->len > 1)
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup_printf (_ ("It still offers %s."), list));
  else
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It offers no drafts and none of Google's versions.")));
}

void
qs_judge_no_versions (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->versions_packet == G_MAXUINT)
    {
      qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("Nothing of that kind came back.")));
      return;
    }
  qs_judgement_show (judgement, sight->versions_packet);
  qs_judgement_set (judgement, qs_check_fail (check), g_strdup (_ ("It answered with Version Negotiation.")));
}

void
qs_judge_long_ids (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  QsRecord record;

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_records (sight->trace); i++)
    {
      QsInvariants answer;
      qs_trace_get_record (sight->trace, i, &record);
      if (record.kind != QS_RECORD_DATAGRAM || record.direction != QS_DIRECTION_RECEIVED ||
          !qs_invariants_parse (record.bytes, &answer) || answer.version != 0)
        continue;
      gboolean right = ids_are_swapped (sight, record.bytes);
      qs_judgement_show (judgement, sight->versions_packet);
      qs_judgement_set (judgement, right ? QS_CHECK_PASS : QS_CHECK_WARN,
                        g_strdup (right ? _ ("It answered with these ids, swapped.")
                                        : _ ("It answered, and not with these ids.")));
      return;
    }
  qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("Nothing came back.")));
}

void
qs_judge_version_2 (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->hello_packet);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    g_strdup (sight->hello                          ? _ ("It speaks version 2.")
                              : sight->versions_packet != G_MAXUINT ? _ ("It does not speak version 2, and says so.")
                                                                    : _ ("It does not answer in version 2.")));
}

void
qs_judge_fixed_bit (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  QsSpan value;

  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (!sight->hello)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It dropped the packet.")));
  else if (qs_sight_has_parameter (sight, TP_GREASE_QUIC_BIT, &value))
    qs_judgement_set (judgement, QS_CHECK_PASS,
                      g_strdup (_ ("It announces that it takes such packets (grease_quic_bit).")));
  else
    {
      qs_judgement_show (judgement, sight->hello_packet);
      qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("It took the packet for one of QUIC.")));
    }
}

/* --- Validation --- */

void
qs_judge_amplification (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  double times = sight->sent_bytes > 0 ? (double) sight->received_bytes / (double) sight->sent_bytes : 0;

  if (qs_judge_is_untested (sight, judgement))
    return;
  if (sight->n_received == 0)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("Nothing came back.")));
      return;
    }
  qs_judgement_show (judgement, sight->act_packet);
  qs_judgement_set (judgement,
                    sight->received_bytes > AMPLIFICATION * sight->sent_bytes ? QS_CHECK_FAIL : QS_CHECK_PASS,
                    g_strdup_printf (_ ("%" PRIu64 " bytes came for %" PRIu64 " bytes sent, %.2f times as much%s."),
                                     sight->received_bytes, sight->sent_bytes, times,
                                     sight->n_retries > 0 ? _ (", and it asks for the address first (Retry)") : ""));
}

/* No handshake may begin behind the act. */
void
qs_judge_no_hello (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->hello_after_act != G_MAXUINT)
    {
      qs_judgement_show (judgement, sight->hello_after_act);
      qs_judgement_set (judgement, qs_check_fail (check), g_strdup (_ ("It began a handshake.")));
    }
  else if (sight->closed)
    {
      g_autofree char *close = qs_sight_dup_close (sight);
      qs_judgement_show (judgement, sight->close_packet);
      qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup_printf (_ ("It closed with %s."), close));
    }
  else
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It began no handshake.")));
}

/* A Retry is an answer too. */
void
qs_judge_discarded (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (sight->act == G_MAXUINT || sight->n_retries == 0 || sight->hello_after_act != G_MAXUINT)
    {
      qs_judge_no_hello (check, sight, judgement);
      return;
    }
  qs_judgement_show (judgement, sight->act_packet);
  qs_judgement_show (judgement, sight->retry_packet);
  qs_judgement_set (judgement, qs_check_fail (check), g_strdup (_ ("It answered with a Retry.")));
}

void
qs_judge_full_initials (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint n = 0;

  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      if (packet->direction != QS_DIRECTION_RECEIVED || packet->type != QS_PACKET_INITIAL ||
          (packet->flags & QS_PACKET_ACK_ELICITING) == 0)
        continue;
      n++;
      gsize size = record_bytes (sight, i).length;
      if (size >= LEAST_DATAGRAM)
        continue;
      qs_judgement_show (judgement, i);
      qs_judgement_set (judgement, QS_CHECK_FAIL,
                        g_strdup_printf (_ ("An Initial that asks to be acknowledged came in a datagram of %zu bytes."),
                                         size));
      return;
    }
  qs_judgement_set (judgement, n > 0 ? QS_CHECK_PASS : QS_CHECK_NOT_TESTED,
                    g_strdup (n > 0 ? _ ("All of them came in datagrams of 1200 bytes and more.") : _ ("None came.")));
}

/* How often the client had to wait: ServerHello and the rest of the server's flight may come in one round trip, or the flight is held
 * back until the client has proved its address (RFC 9000 section 8.1). */
void
qs_judge_round_trips (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint finished = G_MAXUINT, sent_between = 0;

  for (guint i = 0; i < qs_trace_get_n_messages (sight->trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (sight->trace, i);
      if (message->direction == QS_DIRECTION_RECEIVED && message->message != NULL &&
          message->message->type == QS_TLS_FINISHED)
        finished = message->packet;
    }
  if (finished == G_MAXUINT || !sight->hello)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The handshake did not come to its end.")));
      return;
    }
  guint32 from = qs_trace_get_packet (sight->trace, sight->hello_packet)->record;
  guint32 to = qs_trace_get_packet (sight->trace, finished)->record;
  guint64 bytes = 0;
  QsRecord record;
  for (guint32 i = from; i <= to; i++)
    {
      qs_trace_get_record (sight->trace, i, &record);
      if (record.kind == QS_RECORD_DATAGRAM && record.direction == QS_DIRECTION_RECEIVED)
        bytes += record.length;
      sent_between += record.kind == QS_RECORD_DATAGRAM && record.direction == QS_DIRECTION_SENT;
    }
  qs_judgement_show (judgement, finished);
  if (bytes > AMPLIFICATION * LEAST_DATAGRAM && sent_between > 0 && sight->n_retries == 0)
    qs_judgement_set (judgement, QS_CHECK_WARN,
                      g_strdup_printf (_ ("Its flight has %" PRIu64
                                          " bytes, more than the 3600 that may go to an unproved address: the "
                                          "handshake takes a round trip more."),
                                       bytes));
  else
    qs_judgement_set (judgement, QS_CHECK_PASS,
                      g_strdup_printf (_ ("Its flight has %" PRIu64 " bytes%s."), bytes,
                                       sight->n_retries > 0 ? _ (", behind a Retry that costs a round trip") : ""));
}

static gboolean
names_id (const QsSight *sight, guint64 id, QsSpan wanted)
{
  QsSpan value;

  return qs_sight_has_parameter (sight, id, &value) && qs_span_equal (value, wanted);
}

void
qs_judge_ids (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint sent = find_packet (sight, QS_DIRECTION_SENT, QS_PACKET_INITIAL);
  guint received = find_packet (sight, QS_DIRECTION_RECEIVED, QS_PACKET_INITIAL);
  QsPacketHeader ours, theirs, retry;

  if (sight->parameters == NULL || sent == G_MAXUINT || received == G_MAXUINT || !read_header (sight, sent, &ours) ||
      !read_header (sight, received, &theirs))
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                        g_strdup (_ ("The server's transport parameters were not seen.")));
      return;
    }
  QsSpan retry_id;
  /* A client follows the first and passes over the others, RFC 9000 section 17.2.5.2. */
  guint first_retry = find_packet (sight, QS_DIRECTION_RECEIVED, QS_PACKET_RETRY);
  gboolean retried = first_retry != G_MAXUINT && read_header (sight, first_retry, &retry);
  const char *wrong = NULL;
  if (!names_id (sight, TP_ORIGINAL_DCID, ours.dcid))
    wrong = "original_destination_connection_id";
  else if (!names_id (sight, TP_SOURCE_ID, theirs.scid))
    wrong = "initial_source_connection_id";
  else if (retried ? !names_id (sight, TP_RETRY_SOURCE_ID, retry.scid)
                   : qs_sight_has_parameter (sight, TP_RETRY_SOURCE_ID, &retry_id))
    wrong = "retry_source_connection_id";
  qs_judgement_show (judgement, received);
  if (wrong != NULL)
    qs_judgement_set (judgement, QS_CHECK_FAIL, g_strdup_printf (_ ("%s is not what the packets bear."), wrong));
  else
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("They name the ids that the packets bear.")));
}

/* Whoever takes a token that he cannot make sense of for none may go on with the handshake (RFC 9000 section 8.1.3). Only who names the Retry's
 * connection id in his transport parameters has accepted it. */
void
qs_judge_retry_token (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  QsSpan retry_id;
  gboolean again = sight->hello_after_act != G_MAXUINT;

  if (sight->act == G_MAXUINT && sight->hello)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The server sends no Retry.")));
  else if (again && sight->parameters == NULL)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                      g_strdup (_ ("The server's transport parameters were not seen.")));
  else if (again && !qs_sight_has_parameter (sight, TP_RETRY_SOURCE_ID, &retry_id))
    {
      qs_judgement_show (judgement, sight->hello_after_act);
      qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup (_ ("It began a handshake as if there had been no token.")));
    }
  else
    qs_judge_no_hello (check, sight, judgement);
}

/* The second connection brings the token of the first. */
void
qs_judge_new_token (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  gboolean retried_first = FALSE, retried_again = FALSE;

  if (sight->act == G_MAXUINT)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                        g_strdup (_ ("The server gives no token for later (NEW_TOKEN).")));
      return;
    }
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      if (packet->type != QS_PACKET_RETRY || packet->direction != QS_DIRECTION_RECEIVED)
        continue;
      if (packet->record < sight->act)
        retried_first = TRUE;
      else
        retried_again = TRUE;
    }
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->closed)
    {
      g_autofree char *close = qs_sight_dup_close (sight);
      qs_judgement_show (judgement, sight->close_packet);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup_printf (_ ("It refuses a token that it gave itself: %s."), close));
    }
  else if (retried_again)
    {
      qs_judgement_show (judgement, sight->retry_packet);
      qs_judgement_set (
          judgement, QS_CHECK_WARN,
          g_strdup (_ ("It does not accept a token that it gave itself: another Retry came, and costs a round trip.")));
    }
  else if (sight->hello_after_act == G_MAXUINT)
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("Nothing came back.")));
  else
    qs_judgement_set (judgement, QS_CHECK_PASS,
                      g_strdup (retried_first ? _ ("It accepts its token: no Retry came any more.")
                                              : _ ("The token does no harm.")));
}

void
qs_judge_stray (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->n_received_after_act == 0)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It stayed silent.")));
  else if (sight->largest_after_act < sight->act_bytes)
    qs_judgement_set (judgement, QS_CHECK_PASS,
                      g_strdup_printf (_ ("It sent %" PRIu64 " bytes for %" PRIu64 ", as a stateless reset may."),
                                       sight->largest_after_act, sight->act_bytes));
  else if (sight->n_received_after_act >= QS_JUDGE_STRAYS)
    qs_judgement_set (judgement, qs_check_fail (check),
                      g_strdup_printf (_ ("It sent %" PRIu64 " bytes for %" PRIu64
                                          ", and answered each of %u: two such ends answer each "
                                          "other for ever."),
                                       sight->largest_after_act, sight->act_bytes, QS_JUDGE_STRAYS));
  else
    qs_judgement_set (
        judgement, QS_CHECK_WARN,
        g_strdup_printf (_ ("It sent %" PRIu64 " bytes for %" PRIu64 ". It answered %u of %u: what keeps two such "
                            "ends from answering each other for ever may be that it counts."),
                         sight->largest_after_act, sight->act_bytes, sight->n_received_after_act, QS_JUDGE_STRAYS));
}
