/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges of what is spoken and offered: versions, protocols, names, extensions of TLS. Most of it is told, and not graded. */
#include <inttypes.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "checks/qs-judges.h"
#include "wire/qs-names.h"
#include "wire/qs-reader.h"
#include "wire/qs-tls-extensions.h"
#include "wire/qs-tls.h"
#include "wire/qs-transport-parameters.h"

#define TP_PREFERRED_ADDRESS 0x0d
#define TP_ID_LIMIT 0x0e
#define TP_VERSIONS 0x11
#define DEFAULT_ID_LIMIT 2 /* RFC 9000 section 18.2 */
#define IDS_OF_THE_ACT 10  /* beside the first */
#define EXT_ECH 0xfe0d

static const QsTraceMessage *
find_message (const QsSight *sight, guint8 type, gboolean behind_act)
{
  for (guint i = 0; i < qs_trace_get_n_messages (sight->trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (sight->trace, i);
      if (message->direction != QS_DIRECTION_RECEIVED || message->message == NULL || message->message->type != type)
        continue;
      if (!behind_act || qs_trace_get_packet (sight->trace, message->packet)->record >= sight->act)
        return message;
    }
  return NULL;
}

static void
judge_unfinished (const QsSight *sight, QsJudgement *judgement)
{
  g_autofree char *close = sight->closed ? qs_sight_dup_close (sight) : NULL;

  qs_judgement_show (judgement, sight->closed ? sight->close_packet : sight->act_packet);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    close != NULL ? g_strdup_printf (_ ("It closed with %s."), close)
                                  : g_strdup (_ ("It did not go on with the handshake.")));
}

/* --- Versions and connection ids --- */

void
qs_judge_short_id (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->closed)
    judge_unfinished (sight, judgement);
  else
    qs_judgement_set (judgement, QS_CHECK_INFO,
                      g_strdup (sight->hello || sight->n_retries > 0 ? _ ("It takes it.") : _ ("It drops it.")));
}

/* Chosen Version, then those that are available (RFC 9368 section 3). */
static gboolean
reads_versions (QsSpan value, guint32 *chosen)
{
  QsReader reader = qs_reader_init (value);

  if (value.length < 4 || value.length % 4 != 0)
    return FALSE;
  *chosen = (guint32) qs_reader_uint (&reader, 4);
  return *chosen != 0;
}

static guint32
version_in_use (const QsSight *sight)
{
  guint32 version = 0;

  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      if (packet->direction == QS_DIRECTION_RECEIVED && packet->type == QS_PACKET_HANDSHAKE)
        version = packet->version;
    }
  return version;
}

void
qs_judge_version_move (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint32 chosen = 0, used = version_in_use (sight);
  QsSpan value;

  if (qs_judge_is_untested (sight, judgement))
    return;
  if (used == 0 || sight->parameters == NULL)
    {
      judge_unfinished (sight, judgement);
      return;
    }
  qs_judgement_show (judgement, sight->hello_packet);
  g_autofree char *name = qs_quic_version_name (used);
  if (!qs_sight_has_parameter (sight, TP_VERSIONS, &value))
    qs_judgement_set (judgement, used == QS_QUIC_VERSION_1 ? QS_CHECK_INFO : qs_check_fail (check),
                      g_strdup_printf (_ ("It goes on in %s and sends no version_information."), name));
  else if (!reads_versions (value, &chosen))
    qs_judgement_set (judgement, qs_check_fail (check), g_strdup (_ ("Its version_information is malformed.")));
  else if (chosen != used)
    {
      g_autofree char *said = qs_quic_version_name (chosen);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup_printf (_ ("Its version_information names %s, and its packets are of %s."), said,
                                         name));
    }
  else
    qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup_printf (_ ("It goes on in %s, and says so."), name));
}

void
qs_judge_preferred_address (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  QsSpan value;

  if (qs_judge_is_untested (sight, judgement))
    return;
  if (sight->parameters == NULL)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                      g_strdup (_ ("The server's transport parameters were not seen.")));
  else if (qs_sight_has_parameter (sight, TP_PREFERRED_ADDRESS, &value))
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                      g_strdup (_ ("It names one. Nothing is sent there: it was not asked for.")));
  else
    qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup (_ ("It names none.")));
}

void
qs_judge_id_limit (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint64 most = DEFAULT_ID_LIMIT;

  qs_sight_get_parameter (sight, TP_ID_LIMIT, &most);
  if (most <= IDS_OF_THE_ACT)
    qs_judge_refused (check, sight, judgement);
  else if (!qs_judge_is_untested (sight, judgement))
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("It keeps as many ids as were given.")));
}

/* A path that loses so much may lose all of it: nobody is accused. */
void
qs_judge_lossy (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  qs_judgement_show (judgement, sight->confirmed_packet);
  if (sight->confirmed)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("The handshake came to its end.")));
  else if (sight->closed)
    judge_unfinished (sight, judgement);
  else
    qs_judgement_set (judgement, QS_CHECK_WARN,
                      g_strdup (_ ("The handshake did not come to its end in eight seconds.")));
}

/* --- TLS --- */

void
qs_judge_retry_request (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  gboolean again = FALSE;
  guint packet = G_MAXUINT;

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_messages (sight->trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (sight->trace, i);
      if (message->direction != QS_DIRECTION_RECEIVED || message->message == NULL ||
          !message->message->is_hello_retry_request)
        continue;
      again = TRUE;
      packet = message->packet;
    }
  if (!sight->confirmed)
    {
      judge_unfinished (sight, judgement);
      return;
    }
  qs_judgement_show (judgement, again ? packet : sight->hello_packet);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    g_strdup (again
                                  ? _ ("It asks for its share (HelloRetryRequest): safe from quantum computers, and a "
                                       "round trip more.")
                                  : _ ("It takes the share that came, X25519: no round trip more.")));
}

void
qs_judge_protocols (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_messages (sight->trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (sight->trace, i);
      if (message->direction != QS_DIRECTION_RECEIVED || message->message == NULL ||
          message->message->type != QS_TLS_ENCRYPTED_EXTENSIONS)
        continue;
      g_auto (GStrv) chosen = qs_tls_message_dup_alpn (message->message);
      if (chosen == NULL || chosen[0] == NULL || g_ptr_array_find_with_equal_func (names, chosen[0], g_str_equal, NULL))
        continue;
      qs_judgement_show (judgement, message->packet);
      g_ptr_array_add (names, g_strdup (chosen[0]));
    }
  guint n = names->len;
  g_ptr_array_add (names, NULL);
  g_autofree char *list = g_strjoinv (", ", (char **) names->pdata);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    n > 0 ? g_strdup_printf ("%s.", list) : g_strdup (_ ("None of those that were tried.")));
}

void
qs_judge_other_name (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  if (sight->done)
    {
      qs_judgement_show (judgement, sight->hello_packet);
      qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup (_ ("It shows a certificate all the same.")));
    }
  else
    judge_unfinished (sight, judgement);
}

void
qs_judge_compressed (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsTraceMessage *compressed = find_message (sight, QS_TLS_COMPRESSED_CERTIFICATE, FALSE);
  const QsTraceMessage *plain = find_message (sight, QS_TLS_CERTIFICATE, FALSE);
  const QsTraceMessage *hello = NULL;

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_messages (sight->trace) && hello == NULL; i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (sight->trace, i);
      if (message->direction == QS_DIRECTION_SENT && message->message != NULL &&
          message->message->type == QS_TLS_CLIENT_HELLO)
        hello = message;
    }
  gboolean offered =
      hello != NULL && qs_tls_message_find_extension (hello->message, QS_TLS_EXT_COMPRESS_CERTIFICATE) != NULL;
  if (compressed != NULL)
    {
      qs_judgement_show (judgement, compressed->packet);
      gsize whole =
          compressed->message->uncompressed != NULL ? g_bytes_get_size (compressed->message->uncompressed) : 0;
      qs_judgement_set (judgement, QS_CHECK_INFO,
                        g_strdup_printf (_ ("It is: %zu bytes in place of %zu."), compressed->message->body.length,
                                         whole));
    }
  else if (!offered)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                      g_strdup (_ ("The OpenSSL of this program was built without compression.")));
  else if (plain == NULL)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                      g_strdup (_ ("The handshake did not come as far as the certificate.")));
  else
    {
      qs_judgement_show (judgement, plain->packet);
      qs_judgement_set (judgement, QS_CHECK_INFO,
                        g_strdup_printf (_ ("It is not: it has %zu bytes."), plain->message->body.length));
    }
}

void
qs_judge_ech (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsTraceMessage *extensions = find_message (sight, QS_TLS_ENCRYPTED_EXTENSIONS, FALSE);
  const QsTlsExtension *retry =
      extensions != NULL ? qs_tls_message_find_extension (extensions->message, EXT_ECH) : NULL;

  if (qs_judge_is_untested (sight, judgement))
    return;
  if (extensions == NULL || !sight->done)
    {
      qs_judge_completes (check, sight, judgement); /* an extension that it need not know has ended it */
      return;
    }
  qs_judgement_show (judgement, extensions->packet);
  qs_judgement_set (
      judgement, QS_CHECK_INFO,
      retry != NULL ? g_strdup_printf (_ ("It takes encrypted ClientHellos: %zu bytes of configurations came back."),
                                       retry->data.length)
                    : g_strdup (_ ("It passes it over: it takes no encrypted ClientHello.")));
}

/* Whether what is used twice is accepted twice. That alone does not prove that a copy of a flight would be (RFC 9846 section 8.2). */
void
qs_judge_ticket_twice (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint first;

  if (sight->act == G_MAXUINT && sight->confirmed && !sight->closed)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("It sends no session tickets.")));
      return;
    }
  if (qs_judge_is_untested (sight, judgement))
    return;
  if (!qs_sight_accepts_early_data (sight, &first) || qs_trace_get_packet (sight->trace, first)->record >= sight->act)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The server accepts no 0-RTT.")));
      return;
    }
  const QsTraceMessage *second = find_message (sight, QS_TLS_ENCRYPTED_EXTENSIONS, TRUE);
  if (second == NULL)
    {
      judge_unfinished (sight, judgement);
      return;
    }
  qs_judgement_show (judgement, first);
  qs_judgement_show (judgement, second->packet);
  if (qs_tls_message_find_extension (second->message, QS_TLS_EXT_EARLY_DATA) == NULL)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It accepts it once: a copy of it is worth nothing.")));
  else
    qs_judgement_set (judgement, QS_CHECK_INFO,
                      g_strdup (_ ("It accepts it twice: what keeps copies out, if anything, is not that tickets are "
                                   "used up.")));
}

void
qs_judge_certificate_request (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsTraceMessage *request = find_message (sight, QS_TLS_CERTIFICATE_REQUEST, FALSE);

  if (qs_judge_is_untested (sight, judgement))
    return;
  if (!sight->done)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The handshake did not come to its end.")));
      return;
    }
  if (request != NULL)
    qs_judgement_show (judgement, request->packet);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    g_strdup (request != NULL ? _ ("It asks for one.") : _ ("It asks for none.")));
}

/* --- What browsers take --- */

void
qs_judge_udp (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  qs_judgement_show (judgement, sight->versions_packet);
  qs_judgement_set (judgement, sight->n_received_after_act > 0 ? QS_CHECK_PASS : QS_CHECK_INFO,
                    g_strdup (sight->n_received_after_act > 0
                                  ? _ ("It is answered.")
                                  : _ ("Nothing came back, though handshakes are made: who looks for a server by this "
                                       "finds none.")));
}

static gboolean
has_scts (GBytes *der)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (der, &size);
  X509 *certificate = d2i_X509 (NULL, &bytes, (long) size);
  gboolean any = certificate != NULL && X509_get_ext_by_NID (certificate, NID_ct_precert_scts, -1) >= 0;

  X509_free (certificate);
  return any;
}

/* SCTs may stand in the certificate, or beside it in its message (RFC 6962 section 3.3). What stands in OCSP answers is not looked for: so
 * nothing is said to be missing where one is stapled. */
void
qs_judge_browsers (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsMark *verified = qs_trace_find_mark (sight->trace, QS_MARK_VERIFY, NULL, NULL);
  const QsTraceMessage *message = find_message (sight, QS_TLS_CERTIFICATE, FALSE);

  if (sight->leaf == NULL || verified == NULL)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                        g_strdup (_ ("The handshake did not come as far as the certificate.")));
      return;
    }
  if (message != NULL)
    qs_judgement_show (judgement, message->packet);
  gboolean beside =
      message != NULL &&
      (qs_tls_message_find_extension (message->message, QS_TLS_EXT_SIGNED_CERTIFICATE_TIMESTAMP) != NULL ||
       qs_tls_message_find_extension (message->message, QS_TLS_EXT_STATUS_REQUEST) != NULL);
  if (verified->value != X509_V_OK)
    qs_judgement_set (judgement, QS_CHECK_INFO,
                      g_strdup (_ ("It does not verify here (see T10): browsers stay on HTTP/2.")));
  else if (beside || has_scts (sight->leaf))
    qs_judgement_set (judgement, QS_CHECK_PASS,
                      g_strdup (_ ("It verifies, and is in the logs of Certificate Transparency.")));
  else
    qs_judgement_set (judgement, QS_CHECK_INFO,
                      g_strdup (_ ("It verifies, and bears no sign of Certificate Transparency, as those of one's own "
                                   "authority do: Chromium and Firefox do not use HTTP/3 with those.")));
}
