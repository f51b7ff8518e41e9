/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges of TLS over TCP. What was agreed on is in the ServerHello; who refuses sends an alert, or hangs up. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "checks/qs-judges.h"
#include "wire/qs-names.h"
#include "wire/qs-tls-extensions.h"

#define TLS_1_2 0x0303
#define ALERT_PROTOCOL_VERSION 0x146
#define HSTS_LEAST 15552000 /* seconds: half a year, as SSL Labs asks for */

gboolean
qs_judge_tcp_is_connected (const QsSight *sight, QsJudgement *judgement)
{
  if (qs_trace_find_mark (sight->trace, QS_MARK_TCP_CONNECTED, NULL, NULL) != NULL)
    return TRUE;
  qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("Nobody answers over TCP at this port.")));
  return FALSE;
}

static const QsTraceMessage *
find_message (const QsSight *sight, QsDirection direction, guint8 type)
{
  for (guint i = 0; i < qs_trace_get_n_messages (sight->trace); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (sight->trace, i);
      if (message->direction == direction && message->message != NULL && message->message->type == type &&
          !message->message->is_hello_retry_request)
        return message;
    }
  return NULL;
}

/* The server's; NULL: it did not agree to what was offered. */
static const QsTraceMessage *
find_hello (const QsSight *sight, QsJudgement *judgement)
{
  const QsTraceMessage *hello = find_message (sight, QS_DIRECTION_RECEIVED, QS_TLS_SERVER_HELLO);

  if (hello != NULL)
    qs_judgement_show (judgement, hello->packet);
  return hello;
}

/* Nothing was offered, where this program's TLS refuses to: then nothing is refused either. What was cut off by the time says nothing. */
static gboolean
is_untested (const QsSight *sight, QsJudgement *judgement)
{
  if (!qs_judge_tcp_is_connected (sight, judgement))
    return TRUE;
  const QsTraceMessage *offer = find_message (sight, QS_DIRECTION_SENT, QS_TLS_CLIENT_HELLO);
  if (offer == NULL)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The TLS of this program does not offer that.")));
  else if (!sight->hello && qs_trace_find_mark (sight->trace, QS_MARK_CLOSE, NULL, NULL) == NULL &&
           qs_trace_find_mark (sight->trace, QS_MARK_TCP_END, NULL, NULL) == NULL &&
           qs_trace_find_mark (sight->trace, QS_MARK_CALL, NULL, NULL) == NULL)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("It did not answer.")));
  else
    return FALSE;
  return TRUE;
}

static guint16
version_of (const QsTlsMessage *hello)
{
  g_autoptr (GArray) versions = qs_tls_message_dup_versions (hello);

  return versions != NULL && versions->len > 0 ? g_array_index (versions, guint16, 0) : hello->legacy_version;
}

/* The code of its alert as QUIC numbers it (RFC 9001 section 4.8); 0: it sent none. */
static guint64
alert_of (const QsSight *sight)
{
  const QsMark *close = qs_trace_find_mark (sight->trace, QS_MARK_CLOSE, "remote", NULL);

  return close != NULL && !close->application ? (guint64) close->value : 0;
}

static void
judge_refused (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint64 alert = alert_of (sight);

  if (is_untested (sight, judgement))
    return;
  g_autofree char *code = alert != 0 ? qs_close_code_describe (FALSE, alert, NULL) : NULL;
  qs_judgement_set (judgement, qs_check_fail (check),
                    code != NULL ? g_strdup_printf (_ ("It refuses that (%s)."), code)
                                 : g_strdup (_ ("It refuses that.")));
}

void
qs_judge_tcp_reach (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (!qs_judge_tcp_is_connected (sight, judgement))
    return;
  if (qs_trace_find_mark (sight->trace, QS_MARK_HANDSHAKE_DONE, NULL, NULL) == NULL)
    {
      qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("The port is open, and a handshake of TLS fails.")));
      return;
    }
  const QsTraceMessage *hello = find_hello (sight, judgement);
  const char *version = hello != NULL ? qs_tls_version_name (version_of (hello->message)) : NULL;
  const char *cipher = qs_trace_get_fact (sight->trace, "tls.cipher");
  qs_judgement_set (judgement, QS_CHECK_PASS,
                    g_strdup_printf (_ ("It agrees on %s with %s."), version != NULL ? version : "TLS",
                                     cipher != NULL ? cipher : "?"));
}

/* --- Versions, suites, groups --- */

void
qs_judge_tcp_version (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsTraceMessage *hello = find_hello (sight, judgement);

  if (hello == NULL)
    {
      judge_refused (check, sight, judgement);
      return;
    }
  const char *version = qs_tls_version_name (version_of (hello->message));
  qs_judgement_set (judgement, (check->flags & QS_CHECK_MAY) != 0 ? QS_CHECK_INFO : QS_CHECK_PASS,
                    g_strdup_printf (_ ("It agrees on %s."), version != NULL ? version : "?"));
}

void
qs_judge_tcp_old_version (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsTraceMessage *hello = find_hello (sight, judgement);

  if (hello != NULL && version_of (hello->message) < TLS_1_2)
    qs_judgement_set (judgement, qs_check_fail (check),
                      g_strdup_printf (_ ("It agrees on %s."), qs_tls_version_name (version_of (hello->message))));
  else if (!is_untested (sight, judgement))
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It refuses both.")));
}

void
qs_judge_tcp_weak_suite (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsTraceMessage *hello = find_hello (sight, judgement);

  if (hello == NULL)
    {
      if (!is_untested (sight, judgement))
        qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It refuses all others.")));
      return;
    }
  const GArray *suites = hello->message->cipher_suites;
  const char *name =
      suites != NULL && suites->len > 0 ? qs_tls_cipher_suite_name (g_array_index (suites, guint16, 0)) : NULL;
  qs_judgement_set (judgement, qs_check_fail (check),
                    g_strdup_printf (_ ("It agrees on %s where nothing better is offered."),
                                     name != NULL ? name : "?"));
}

void
qs_judge_tcp_group (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (find_hello (sight, judgement) != NULL)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It agreed on X25519MLKEM768.")));
  else if (alert_of (sight) == ALERT_PROTOCOL_VERSION)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("It refuses TLS 1.3, which alone has it.")));
  else if (!is_untested (sight, judgement))
    qs_judgement_set (
        judgement, qs_check_fail (check),
        g_strdup (
            _ ("It does not know it: what is recorded today can be read by who has a quantum computer one day.")));
}

void
qs_judge_tcp_alpn (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const char *chosen = qs_trace_get_fact (sight->trace, "tls.alpn");

  if (find_hello (sight, judgement) == NULL)
    {
      judge_refused (check, sight, judgement);
      return;
    }
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    chosen == NULL || *chosen == '\0' ? g_strdup (_ ("It chooses no protocol."))
                                                      : g_strdup_printf (_ ("It chooses %s."), chosen));
}

/* --- HTTP --- */

/* A field's value in the answer; NULL: it has none. Names and values follow each other, with a NUL behind each. */
static const char *
find_field (const QsMark *answer, const char *name)
{
  gsize size;
  const char *at = g_bytes_get_data (answer->bytes, &size), *end = at + size;

  while (at < end)
    {
      const char *value = at + strlen (at) + 1;
      if (value >= end)
        return NULL;
      if (g_ascii_strcasecmp (at, name) == 0)
        return value;
      at = value + strlen (value) + 1;
    }
  return NULL;
}

static const QsMark *
find_answer (const QsSight *sight, QsJudgement *judgement)
{
  const QsMark *answer = qs_trace_find_mark (sight->trace, QS_MARK_ANSWER, NULL, NULL);

  if (answer != NULL && answer->bytes != NULL && answer->value != 0)
    return answer;
  if (qs_judge_tcp_is_connected (sight, judgement))
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("No answer of HTTP came.")));
  return NULL;
}

/* RFC 6797 section 6.1.1; what is no number is no max-age. */
static gint64
max_age_of (const char *field)
{
  const char *at = NULL;

  for (const char *from = field; at == NULL && *from != '\0'; from++)
    if (g_ascii_strncasecmp (from, "max-age=", 8) == 0)
      at = from + 8;
  if (at == NULL)
    return -1;
  return g_ascii_strtoll (at + (*at == '"'), NULL, 10);
}

const char *
qs_sight_find_field (const QsSight *sight, const char *name, gboolean *answered, QsJudgement *judgement)
{
  const QsMark *answer = find_answer (sight, judgement);

  *answered = answer != NULL;
  return answer != NULL ? find_field (answer, name) : NULL;
}

void
qs_judge_tcp_hsts (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsMark *answer = find_answer (sight, judgement);
  const char *field = answer != NULL ? find_field (answer, "strict-transport-security") : NULL;

  if (answer == NULL)
    return;
  if (field == NULL)
    {
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup_printf (_ ("Its answer (status %d) has no such field."), (int) answer->value));
      return;
    }
  g_autofree char *shown = qs_text_escape_short (field, -1, 120);
  if (max_age_of (field) < HSTS_LEAST)
    qs_judgement_set (judgement, qs_check_fail (check), g_strdup_printf (_ ("For less than half a year: %s."), shown));
  else
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup_printf ("%s.", shown));
}

void
qs_judge_tcp_redirect (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_trace_find_mark (sight->trace, QS_MARK_NOTE, QS_TCP_MARK_NO_PORT, NULL) != NULL)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                        g_strdup (_ ("A site that is not on port 443 has no port for plain HTTP (--http-port).")));
      return;
    }
  if (qs_trace_find_mark (sight->trace, QS_MARK_TCP_CONNECTED, NULL, NULL) == NULL)
    {
      qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup (_ ("Nobody speaks plain HTTP there.")));
      return;
    }
  const QsMark *answer = find_answer (sight, judgement);
  const char *field = answer != NULL ? find_field (answer, "location") : NULL;
  if (answer == NULL)
    return;
  g_autofree char *shown = field != NULL ? qs_text_escape_short (field, -1, 120) : NULL;
  gboolean leads = answer->value >= 300 && answer->value < 400 && field != NULL;
  if (leads && g_ascii_strncasecmp (field, "https://", 8) == 0)
    qs_judgement_set (judgement, QS_CHECK_PASS,
                      g_strdup_printf (_ ("Status %d leads to %s."), (int) answer->value, shown));
  else if (leads)
    qs_judgement_set (judgement, qs_check_fail (check),
                      g_strdup_printf (_ ("Status %d leads to %s, which is no https."), (int) answer->value, shown));
  else
    qs_judgement_set (judgement, answer->value < 300 ? qs_check_fail (check) : QS_CHECK_INFO,
                      g_strdup_printf (_ ("Plain HTTP is answered with status %d."), (int) answer->value));
}

/* h3="[host]:port", one of a list (RFC 7838 section 3). TRUE: it is this host and this port. */
static gboolean
leads_here (const char *field, gint64 port)
{
  g_autofree char *wanted = g_strdup_printf ("h3=\":%" G_GINT64_FORMAT "\"", port);

  return strstr (field, wanted) != NULL;
}

void
qs_judge_tcp_alt_svc (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsMark *answer = find_answer (sight, judgement);
  const QsMark *target = qs_trace_find_mark (sight->trace, QS_MARK_FACT, "target", NULL);
  const char *field = answer != NULL ? find_field (answer, "alt-svc") : NULL;

  if (answer == NULL)
    return;
  if (field == NULL)
    {
      qs_judgement_set (
          judgement, qs_check_fail (check),
          g_strdup (_ ("There is no such field: browsers learn of h3 from HTTPS records of the DNS alone.")));
      return;
    }
  g_autofree char *shown = qs_text_escape_short (field, -1, 120);
  if (strstr (field, "h3=") == NULL)
    qs_judgement_set (judgement, qs_check_fail (check), g_strdup_printf (_ ("It does not name h3: %s."), shown));
  else if (target != NULL && leads_here (field, target->value))
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup_printf ("%s.", shown));
  else
    qs_judgement_set (judgement, QS_CHECK_INFO,
                      g_strdup_printf (_ ("It leads elsewhere, which is examined by its own name: %s."), shown));
}

void
qs_judge_tcp_same (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (!qs_judge_tcp_is_connected (sight, judgement))
    return;
  if (sight->leaf == NULL || sight->beside_leaf == NULL)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                        g_strdup (_ ("One of both did not come as far as the certificate.")));
      return;
    }
  gboolean same = g_bytes_equal (sight->leaf, sight->beside_leaf);
  qs_judgement_set (judgement, same ? QS_CHECK_PASS : qs_check_fail (check),
                    g_strdup (same ? _ ("It is the same.") : _ ("Another one is shown over TCP.")));
}

/* --- Tickets --- */

void
qs_judge_tcp_resumption (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const char *resumed = qs_trace_get_fact (sight->trace, "tls.resumed");
  const QsMark *offered = qs_trace_find_mark (sight->trace, QS_MARK_FACT, "tls.session", NULL);

  if (!qs_judge_tcp_is_connected (sight, judgement))
    return;
  if (qs_trace_find_mark (sight->trace, QS_MARK_NOTE, QS_TCP_MARK_NO_TICKET, NULL) != NULL)
    {
      const QsMark *verified = qs_trace_find_mark (sight->trace, QS_MARK_VERIFY, NULL, NULL);
      gboolean trusted = verified != NULL && verified->value == 0;
      qs_judgement_set (judgement, trusted ? QS_CHECK_INFO : QS_CHECK_NOT_TESTED,
                        g_strdup (trusted ? _ ("It gives nothing to resume.")
                                          : _ ("Nothing is kept of a server whose certificate does not verify.")));
      return;
    }
  if (resumed == NULL || offered == NULL || g_strcmp0 (offered->text, "offered") != 0)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("No session could be offered.")));
      return;
    }
  find_hello (sight, judgement);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    g_strdup (g_str_equal (resumed, "yes")
                                  ? _ ("It resumes sessions: no certificate is sent again.")
                                  : _ ("It does not resume the session that it gave a ticket for.")));
}

void
qs_judge_tcp_early_data (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsTraceMessage *ticket = find_message (sight, QS_DIRECTION_RECEIVED, QS_TLS_NEW_SESSION_TICKET);

  if (!qs_judge_tcp_is_connected (sight, judgement))
    return;
  if (ticket == NULL)
    {
      qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup (_ ("It sends no session tickets.")));
      return;
    }
  gboolean early = qs_tls_message_find_extension (ticket->message, QS_TLS_EXT_EARLY_DATA) != NULL;
  qs_judgement_show (judgement, ticket->packet);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    g_strdup (early ? _ ("Its tickets allow 0-RTT: what may be sent twice by a stranger.")
                                    : _ ("Its tickets do not allow 0-RTT.")));
}

/* --- OCSP --- */

void
qs_judge_tcp_ocsp (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsTraceMessage *status = find_message (sight, QS_DIRECTION_RECEIVED, QS_TLS_CERTIFICATE_STATUS);
  const QsTraceMessage *certificate = find_message (sight, QS_DIRECTION_RECEIVED, QS_TLS_CERTIFICATE);

  if (!qs_judge_tcp_is_connected (sight, judgement))
    return;
  if (certificate == NULL)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                        g_strdup (_ ("The handshake did not come as far as the certificate.")));
      return;
    }
  gboolean stapled =
      status != NULL || qs_tls_message_find_extension (certificate->message, QS_TLS_EXT_STATUS_REQUEST) != NULL;
  qs_judgement_show (judgement, certificate->packet);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    g_strdup (stapled ? _ ("One is stapled.")
                                      : _ ("None is: browsers ask short-lived lists of their own instead.")));
}
