/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about the client's certificate. Servers say in many ways that they want one, or not that one. */
#include "base/qs-i18n.h"
#include "diagnosis/qs-rule.h"
#include "wire/qs-names.h"

#define ALERT_HANDSHAKE_FAILURE 40
#define ALERT_BAD_CERTIFICATE 42
#define ALERT_UNKNOWN_CA 48
#define ALERT_ACCESS_DENIED 49
#define ALERT_ILLEGAL_PARAMETER 47
#define ALERT_DECRYPT_ERROR 51
#define ALERT_CERTIFICATE_REQUIRED 116
#define PATIENCE (G_GINT64_CONSTANT (500) * 1000000) /* ns: less is no silence */

static gboolean
server_sent (const QsEvidence *evidence, int alert)
{
  return evidence->alert == alert && qs_evidence_has_alert (evidence, (guint8) alert, FALSE);
}

/* RFC 9846 section 6.2: what a server says of a certificate that it got. */
static gboolean
is_about_certificate (int alert)
{
  return (alert >= ALERT_BAD_CERTIFICATE && alert <= ALERT_ACCESS_DENIED && alert != ALERT_ILLEGAL_PARAMETER) ||
         alert == ALERT_DECRYPT_ERROR;
}

/* What servers say that stumble over an empty Certificate: GnuTLS's ends a handshake of TLS 1.2 with decode_error. */
static gboolean
is_about_message (int alert)
{
  static const int alerts[] = { 10, ALERT_ILLEGAL_PARAMETER, 50,
                                90 }; /* unexpected_message, decode_error, user_canceled */

  for (guint i = 0; i < G_N_ELEMENTS (alerts); i++)
    {
      if (alerts[i] == alert)
        return TRUE;
    }
  return FALSE;
}

/* What the server said, or how it ended, once it had the client's Certificate; FALSE: nothing ended it. */
static gboolean
find_end (const QsEvidence *evidence, QsMatch *match)
{
  gint64 since = evidence->client_certificate->time;
  gint64 fin = evidence->fin[QS_END_SERVER], reset = evidence->reset[QS_END_SERVER];

  if (evidence->first_byte >= 0 || !evidence->failed || evidence->stopped || evidence->close.known)
    return FALSE;
  match->certainty = QS_CERTAINTY_LIKELY;
  if (fin >= since || reset >= since)
    {
      qs_match_set (match, "end", _ ("Then it ended the connection without a word, as some servers do."));
      qs_match_add_moment (match, MAX (fin, reset),
                           g_strdup (reset >= since ? _ ("The server's RST")
                                                    : _ ("The server's FIN: it sends no more")));
      return TRUE;
    }
  /* Some keep silent: HAProxy where it was told so. */
  if (evidence->now - MAX (evidence->last_received, since) < PATIENCE)
    return FALSE;
  qs_match_set (match, "end", _ ("Then nothing came, as some servers do it."));
  qs_match_add_moment (match, evidence->last_received, g_strdup (_ ("The last that came")));
  return TRUE;
}

static void
set_request (const QsEvidence *evidence, QsMatch *match)
{
  g_autofree char *wanted = qs_evidence_dup_wanted_cas (evidence);

  if (wanted != NULL)
    qs_match_take (match, "cas", g_strdup_printf (_ ("It takes certificates of: %s."), wanted));
  qs_match_add_message (match, evidence, evidence->certificate_request);
  qs_match_add_message (match, evidence, evidence->client_certificate);
}

/* Browsers that have to ask their user first leave, and come back with a certificate. */
static gboolean
match_left (const QsEvidence *evidence, QsMatch *match)
{
  const QsTraceMessage *request = evidence->certificate_request;

  if (request == NULL || evidence->client_certificate != NULL || evidence->client_finished != NULL ||
      !qs_evidence_is_whole (evidence) || qs_evidence_is_connected (evidence) ||
      evidence->fin[QS_END_CLIENT] < request->time || evidence->alert != QS_NO_ALERT ||
      (evidence->fin[QS_END_SERVER] >= 0 && evidence->fin[QS_END_SERVER] <= evidence->fin[QS_END_CLIENT]))
    return FALSE;
  set_request (evidence, match);
  qs_match_add_moment (match, evidence->fin[QS_END_CLIENT], g_strdup (_ ("The client's FIN: it sends no more")));
  match->certainty = QS_CERTAINTY_LIKELY;
  match->detail = N_ ("It asked for proof of who the client is (CertificateRequest), and the client left without an "
                      "answer: it had no certificate to show. A browser does so to ask its user for one. {cas}");
  return TRUE;
}

static gboolean
match_required (const QsEvidence *evidence, QsMatch *match)
{
  gboolean none = qs_evidence_sent_no_certificate (evidence);

  if (server_sent (evidence, ALERT_CERTIFICATE_REQUIRED))
    {
      set_request (evidence, match);
      qs_match_add_close (match, evidence);
      return TRUE;
    }
  if (!none)
    return match_left (evidence, match);
  gboolean vague = is_about_message (evidence->alert);
  gboolean said = vague || is_about_certificate (evidence->alert) || evidence->alert == ALERT_HANDSHAKE_FAILURE;
  if (vague)
    match->certainty = QS_CERTAINTY_LIKELY;
  if (said && !server_sent (evidence, evidence->alert))
    return FALSE;
  if (!said && evidence->close.known)
    return FALSE;
  set_request (evidence, match);
  match->detail =
      N_ ("It asked for proof of who the client is (CertificateRequest), and the client showed no certificate. "
          "{end} {cas}");
  if (!said)
    return find_end (evidence, match);
  qs_match_take (match, "end",
                 g_strdup_printf (_ ("Then it ended the handshake with the alert %s."),
                                  qs_tls_alert_name ((guint8) evidence->alert)));
  qs_match_add_close (match, evidence);
  return TRUE;
}

static void
set_certificate (const QsEvidence *evidence, QsMatch *match)
{
  g_autoptr (GPtrArray) chain = qs_evidence_sent_certificate (evidence)
                                    ? qs_certificate_chain_new (evidence->client_certificate->message->certificates)
                                    : NULL;

  if (chain != NULL && chain->len > 0)
    qs_match_take (match, "sent",
                   g_strdup_printf (_ ("The certificate shown was that of “%s”, issued by “%s”."),
                                    qs_certificate_get_subject (chain->pdata[0]),
                                    qs_certificate_get_issuer (chain->pdata[0])));
}

static void
add_without (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *without = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, "no-client-certificate", NULL);

  if (without == NULL || without->value != 1)
    return;
  qs_match_set (match, "without", without->text);
  qs_match_add_mark (match, evidence, without, NULL);
}

static gboolean
match_refused (const QsEvidence *evidence, QsMatch *match)
{
  gboolean shown = qs_evidence_sent_certificate (evidence);
  gboolean asked = evidence->certificate_request != NULL || evidence->client_certificate != NULL;
  gboolean said = is_about_certificate (evidence->alert) || (shown && evidence->alert == ALERT_HANDSHAKE_FAILURE);

  if (match->has_error || (said && !server_sent (evidence, evidence->alert)) || (!said && !shown))
    return FALSE;
  if (said && !asked && evidence->client_hello != NULL)
    return FALSE; /* it was never asked for one */
  set_certificate (evidence, match);
  add_without (evidence, match);
  set_request (evidence, match);
  if (!said)
    {
      match->title = N_ ("{host} did not take the client's certificate, it seems.");
      if (!find_end (evidence, match))
        return FALSE;
      /* TLS 1.2's server speaks last: its Finished has taken the certificate, what came then may have another cause. */
      if (qs_evidence_is_tls12 (evidence) && qs_evidence_is_connected (evidence))
        match->certainty = QS_CERTAINTY_POSSIBLE;
      return TRUE;
    }
  qs_match_set (match, "meaning", qs_tls_alert_meaning ((guint8) evidence->alert));
  qs_match_add_close (match, evidence);
  if (!asked)
    {
      match->title = N_ ("{host} refused a certificate: the client's, it seems.");
      match->detail = N_ ("{meaning} This recording holds none of TLS's messages: the code of the close is all that "
                          "says so.");
      match->certainty = QS_CERTAINTY_LIKELY;
    }
  return TRUE;
}

const QsRule qs_rules_client[] = {
  { "client-certificate-required",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 4.5.1.3",
    N_ ("{host} demands a certificate from the client."),
    N_ ("The handshake was accepted on this side, then the server asked for proof of who the client is and got none. "
        "{cas}"),
    match_required,
    QS_CERTAINTY_PROVED,
    QS_PARTY_CLIENT,
    { N_ ("Give a certificate that a CA of the server has signed, and its key (--cert and --key in quicprobe).") } },
  { "client-certificate-refused",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 6.2",
    N_ ("{host} refused the client's certificate."),
    N_ ("{meaning} {end} {sent} {without} {cas}"),
    match_refused,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Check that the certificate is current, is for client authentication, and comes from a CA that the server "
          "trusts.") } },
  { NULL },
};
