/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about the server's certificate. A run that was told to go on (-k) still gets them, as warnings. */
#include "base/qs-i18n.h"
#include "diagnosis/qs-rule.h"

static gint64
packet_of (const QsTraceMessage *message)
{
  return message != NULL ? (gint64) message->packet : QS_NO_PACKET;
}

/* Of a recording that holds no verification the client's alert alone proves that it refused the certificate: what stands in
 * the certificates is true all the same, and no reason why the connection ended. */
static gboolean
was_refused_by_alert (const QsEvidence *evidence)
{
  static const guint8 alerts[] = {
    42, 43, 44, 45, 46, 48, 49, 113
  }; /* RFC 9846 section 6.2; 113: RFC 6066 section 8 */

  for (guint i = 0; i < G_N_ELEMENTS (alerts); i++)
    if (qs_evidence_has_alert (evidence, alerts[i], TRUE))
      return TRUE;
  return FALSE;
}

/* What the client refuses it for is an error where it did refuse; where it went on, or was told to, a warning. */
static gboolean
was_taken (const QsEvidence *evidence)
{
  if (evidence->verify == NULL && qs_trace_is_from_file (evidence->trace))
    return !was_refused_by_alert (evidence);
  return (qs_evidence_is_connected (evidence) && !evidence->close.known) || (evidence->ended && !evidence->failed);
}

/* The sentences of all faults of a kind; NULL: there are none. */
static char *
join_sentences (const QsEvidence *evidence, QsFaultKind kind, const QsFault **first)
{
  GString *text = g_string_new (NULL);

  *first = NULL;
  for (guint i = 0; i < evidence->faults->len; i++)
    {
      const QsFault *fault = evidence->faults->pdata[i];
      if (fault->kind != kind)
        continue;
      if (*first == NULL)
        *first = fault;
      g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", fault->sentence);
    }
  return g_string_free (text, *first == NULL);
}

/* Where no message shows it: the mark of the run has the chain, or of the session that was resumed. */
static void
add_chain (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *sent = qs_trace_find_mark (evidence->trace, QS_MARK_CERTIFICATES, NULL, NULL);
  const QsMark *kept = qs_trace_find_mark (evidence->trace, QS_MARK_FACT, "tls.session", NULL);

  if (sent != NULL)
    qs_match_add_mark (match, evidence, sent, g_strdup (_ ("the certificates of the server")));
  else if (kept != NULL)
    qs_match_add_mark (match, evidence, kept, g_strdup (_ ("the certificates of the kept session")));
}

static gboolean
match_kind (const QsEvidence *evidence, QsMatch *match, QsFaultKind kind, const QsFault **first)
{
  char *sentences = join_sentences (evidence, kind, first);
  QsCertificate *leaf = evidence->chain->len > 0 ? evidence->chain->pdata[0] : NULL;

  if (sentences == NULL)
    return FALSE;
  qs_match_set (match, "host", evidence->sni != NULL ? evidence->sni : evidence->host);
  qs_match_take (match, "sentence", sentences);
  qs_match_set (match, "subject", (*first)->subject);
  qs_match_set (match, "issuer", leaf != NULL ? qs_certificate_get_issuer (leaf) : _ ("an unknown CA"));
  match->packet = packet_of (evidence->certificate);
  qs_match_add_message (match, evidence, evidence->certificate);
  if (evidence->certificate == NULL)
    add_chain (evidence, match);
  return TRUE;
}

/* What OpenSSL refuses. */
static gboolean
match_refused (const QsEvidence *evidence, QsMatch *match, QsFaultKind kind)
{
  const QsFault *first;

  if (!match_kind (evidence, match, kind, &first))
    return FALSE;
  qs_match_add_mark (match, evidence, evidence->verify, NULL);
  /* A file holds no verification: the client's alert, and what stands in the certificates, are all there is. */
  if (evidence->verify == NULL)
    {
      match->certainty = QS_CERTAINTY_LIKELY;
      if (!was_taken (evidence))
        qs_match_add_close (match, evidence);
      match->packet = packet_of (evidence->certificate);
    }
  if (was_taken (evidence))
    match->severity = QS_SEVERITY_WARNING;
  /* Of a certificate that the server did not send, the store of this client is what is wrong. */
  if (first->place < 0 && match->who == QS_PARTY_SERVER)
    match->who = QS_PARTY_CLIENT;
  return TRUE;
}

#define MATCH_REFUSED(name, kind)                                           \
  static gboolean match_##name (const QsEvidence *evidence, QsMatch *match) \
  {                                                                         \
    return match_refused (evidence, match, kind);                           \
  }

MATCH_REFUSED (unknown_ca, QS_FAULT_UNKNOWN_CA)
MATCH_REFUSED (self_signed, QS_FAULT_SELF_SIGNED)
MATCH_REFUSED (incomplete_chain, QS_FAULT_INCOMPLETE_CHAIN)
MATCH_REFUSED (ca_not_allowed, QS_FAULT_CA_NOT_ALLOWED)
MATCH_REFUSED (name_constraints, QS_FAULT_NAME_CONSTRAINTS)
MATCH_REFUSED (expired, QS_FAULT_EXPIRED)
MATCH_REFUSED (ca_expired, QS_FAULT_CA_EXPIRED)
MATCH_REFUSED (name_mismatch, QS_FAULT_NAME_MISMATCH)
MATCH_REFUSED (weak, QS_FAULT_WEAK)
MATCH_REFUSED (purpose, QS_FAULT_PURPOSE)

/* Where nothing but the close tells of it, its reason is what is known. */
static gboolean
match_other (const QsEvidence *evidence, QsMatch *match)
{
  if (!match_refused (evidence, match, QS_FAULT_REFUSED))
    return FALSE;
  if (evidence->verify == NULL)
    qs_match_take (match, "sentence", qs_evidence_verify_words (evidence));
  return TRUE;
}

/* Of a CA's certificate the title must not blame the server's own. */
static gboolean
match_of_any (const QsEvidence *evidence, QsMatch *match, QsFaultKind kind, const char *title_of_ca)
{
  const QsFault *first;
  g_autofree char *sentences = join_sentences (evidence, kind, &first);

  if (sentences == NULL)
    return FALSE;
  if (first->place != 0)
    match->title = title_of_ca;
  return match_refused (evidence, match, kind);
}

static gboolean
match_revoked (const QsEvidence *evidence, QsMatch *match)
{
  return match_of_any (evidence, match, QS_FAULT_REVOKED, N_ ("The certificate of the CA “{subject}” was revoked."));
}

static gboolean
match_not_yet_valid (const QsEvidence *evidence, QsMatch *match)
{
  return match_of_any (evidence, match, QS_FAULT_NOT_YET_VALID,
                       N_ ("The certificate of the CA “{subject}” is not valid yet."));
}

/* What OpenSSL accepts: proved by the certificates alone. */
#define MATCH_ACCEPTED(name, kind)                                          \
  static gboolean match_##name (const QsEvidence *evidence, QsMatch *match) \
  {                                                                         \
    const QsFault *first;                                                   \
    return match_kind (evidence, match, kind, &first);                      \
  }

MATCH_ACCEPTED (no_alternative_name, QS_FAULT_NO_ALTERNATIVE_NAME)
MATCH_ACCEPTED (must_staple, QS_FAULT_MUST_STAPLE)
MATCH_ACCEPTED (transparency, QS_FAULT_TRANSPARENCY)
MATCH_ACCEPTED (lifetime, QS_FAULT_LIFETIME)
MATCH_ACCEPTED (needless, QS_FAULT_SURPLUS)

static gboolean
match_surplus (const QsEvidence *evidence, QsMatch *match)
{
  if (!match_needless (evidence, match))
    return FALSE;
  if (!evidence->tls) /* over TCP the address is proved before the first byte of it */
    qs_match_set (match, "cost",
                  _ ("Each byte of it counts before the client's address is validated (RFC 9000 section 8.1)."));
  return TRUE;
}

static gboolean
match_staple (const QsEvidence *evidence, QsMatch *match)
{
  const QsFault *first;

  if (!match_kind (evidence, match, QS_FAULT_STAPLE, &first))
    return FALSE;
  qs_match_add_message (match, evidence, evidence->certificate_status);
  return TRUE;
}

static gboolean
match_key_usage (const QsEvidence *evidence, QsMatch *match)
{
  const QsFault *first;

  if (match_kind (evidence, match, QS_FAULT_KEY_USAGE, &first))
    return TRUE;
  match->severity = QS_SEVERITY_INFO;
  return match_kind (evidence, match, QS_FAULT_KEY_USAGE_UNSAID, &first);
}

/* In the order in which OpenSSL looks: where several are found, the one that it refused for comes first. */
const QsRule qs_rules_certificate[] = {
  { "certificate-unknown-ca",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 6.1",
    N_ ("The certificate of {host} comes from a CA that is not trusted here."),
    "{sentence}",
    match_unknown_ca,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("If it is your own CA, name its certificate (--cacert in quicprobe, “Trust” in the window) or add it to this "
          "computer's trust store."),
      N_ ("If you do not know this CA, do not trust it: somebody may stand in between. A company's inspecting proxy "
          "and the "
          "portal of a guest network do so; the CA's name may tell.") } },
  { "certificate-incomplete-chain",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 4.5.1",
    N_ ("The server sent an incomplete chain of certificates."),
    N_ ("{sentence} Browsers may fetch or remember it, other programs fail."),
    match_incomplete_chain,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Configure the server with the whole chain (“fullchain”), not with its own certificate alone.") } },
  { "certificate-self-signed",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 3.2",
    N_ ("The certificate of {host} is self-signed."),
    N_ ("{sentence} That proves nothing about who runs the server."),
    match_self_signed,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Give the server a certificate from a CA."),
      N_ ("For a test server, name this very certificate as trusted (--cacert in quicprobe, “Trust” in the "
          "window).") } },
  { "certificate-ca-not-allowed",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 4.2.1.9",
    N_ ("The certificate of {host} was issued by “{subject}”, which may not issue any."),
    N_ ("{sentence} Nothing follows from it for the server's own certificate but that it needs another issuer."),
    match_ca_not_allowed,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Have the server's certificate issued by a CA that may: its certificate says “CA: yes”, and “certificate "
          "signing” in "
          "its key usage."),
      N_ ("Check that the server sends the chain that the CA gave out with the certificate.") } },
  { "certificate-purpose",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 4.2.1.12",
    N_ ("The certificate of {host} may not be used for a TLS server."),
    N_ ("{sentence} It was issued by “{issuer}” for something else."),
    match_purpose,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Give the server a certificate with “server authentication” among its uses, below CAs that may sign for "
          "it.") } },
  { "certificate-weak",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 4.5.1.3",
    N_ ("The certificate of {host} uses cryptography that is too weak."),
    "{sentence}",
    match_weak,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Give the server a new certificate: a key of at least 2048 bits (RSA) or 256 bits (elliptic curve), signed "
          "with SHA-256 or better.") } },
  { "certificate-name-mismatch",
    QS_SEVERITY_ERROR,
    "RFC 9525 section 6",
    N_ ("The certificate that came is not for “{host}”."),
    "{sentence}",
    match_name_mismatch,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Ask for one of those names, or give the server a certificate that names this one."),
      N_ ("Where many sites share the address, check that the server knows this name (SNI)."),
      N_ ("In a guest network open a page in a browser: its portal may have answered in the server's place.") } },
  { "certificate-revoked",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 5",
    N_ ("The certificate of {host} was revoked."),
    N_ ("{sentence} Its key may be in wrong hands."),
    match_revoked,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Do not go on; the server needs a new certificate with a new key.") } },
  { "certificate-not-yet-valid",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 4.1.2.5",
    N_ ("The certificate of {host} is not valid yet."),
    "{sentence}",
    match_not_yet_valid,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Check the clocks: most often this computer's is wrong, or that of the machine that issued the "
          "certificate.") } },
  { "certificate-ca-expired",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 4.1.2.5",
    N_ ("The certificate of the CA “{subject}” has expired."),
    N_ ("{sentence} What is out of date is the chain above the server's own certificate."),
    match_ca_expired,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Give the server the CA's current chain (“fullchain”), or have its certificate issued anew."),
      N_ ("If the expired one stands among the trusted CAs of this computer, bring those up to date."),
      N_ ("If the clock of this computer is wrong, set it.") } },
  { "certificate-expired",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 4.1.2.5",
    N_ ("The certificate of {host} has expired."),
    "{sentence}",
    match_expired,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Renew it on the server."), N_ ("Check that the server was reloaded after the last renewal."),
      N_ ("If the clock of this computer is wrong, set it.") } },
  { "certificate-name-constraints",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 4.2.1.10",
    N_ ("The certificate of {host} is for a name that its CA may not sign for."),
    "{sentence}",
    match_name_constraints,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ (
        "Have it issued by a CA that may sign for this name, or for names that this one may sign for: all names in the "
        "certificate count.") } },
  { "certificate-refused",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 6",
    N_ ("The certificate of {host} was refused."),
    "{sentence}",
    match_other,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Look at the certificates of the chain one by one, and ask whoever issued them.") } },
  { "certificate-no-alternative-name",
    QS_SEVERITY_WARNING,
    "RFC 9525 section 6.1",
    N_ ("The certificate of {host} has no alternative names: browsers refuse it."),
    "{sentence}",
    match_no_alternative_name,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Have it issued anew with each of the server's names as a Subject Alternative Name (with openssl: -addext "
          "subjectAltName=DNS:NAME).") } },
  { "certificate-must-staple",
    QS_SEVERITY_WARNING,
    "RFC 7633 section 4.3.3",
    N_ ("The certificate of {host} demands a stapled OCSP answer, and the server sent none."),
    "{sentence}",
    match_must_staple,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Turn on OCSP stapling on the server (nginx: ssl_stapling, Apache: SSLUseStapling), and check that it "
          "reaches the CA's "
          "responder."),
      N_ ("Or have the certificate issued without “must-staple”.") } },
  { "certificate-staple-unusable",
    QS_SEVERITY_WARNING,
    "RFC 6960 section 3.2",
    N_ ("The OCSP answer that {host} staples cannot be used."),
    N_ ("{sentence} Clients that look at it, as Firefox does, refuse it or ask the CA themselves."),
    match_staple,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Have the server fetch a new answer, and see in its log whether it reaches the CA's responder."),
      N_ ("If the clock of this computer is wrong, set it.") } },
  { "certificate-key-usage",
    QS_SEVERITY_WARNING,
    "RFC 5280 section 4.2.1.3",
    N_ ("What the certificate of {host} may be used for does not suit all clients."),
    "{sentence}",
    match_key_usage,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Have it issued anew as a server's: “CA: no”, key usage “digital signature”, extended key usage “server "
          "authentication”.") } },
  { "certificate-transparency",
    QS_SEVERITY_INFO,
    "RFC 6962 section 3.3",
    N_ ("The certificate of {host} comes with too few proofs that public logs list it."),
    "{sentence}",
    match_transparency,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_SERVER,
    { N_ (
        "If the CA is a public one, ask it for a certificate with SCTs; below a private one nobody asks for them.") } },
  { "certificate-lifetime",
    QS_SEVERITY_INFO,
    "RFC 5280 section 4.1.2.5",
    N_ ("The certificate of {host} is valid for longer than some clients allow."),
    "{sentence}",
    match_lifetime,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Have it issued for a shorter time, and renewed by a program (ACME, RFC 8555).") } },
  { "certificate-chain-surplus",
    QS_SEVERITY_INFO,
    "RFC 9846 section 4.5.1",
    N_ ("The server's chain is not just the certificates that are needed, in order."),
    "{sentence} {cost}",
    match_surplus,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ (
        "Configure the server with its own certificate first, then the intermediate ones, each signed by the next, and "
        "nothing else.") } },
  { NULL },
};
