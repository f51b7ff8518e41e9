/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about the server's certificate. A run that was told to go on (-k) still gets them, as warnings. */
#include "base/qs-i18n.h"
#include "diagnosis/qs-rule.h"

static gint64
packet_of (const QsTraceMessage *message)
{
  return message != NULL ? (gint64) message->packet : QS_NO_PACKET;
}

static gboolean
match_cause (const QsEvidence *evidence, QsMatch *match, QsVerifyCause cause)
{
  if (evidence->verify_code <= 0 || qs_verify_cause (evidence->verify_code, evidence->chain) != cause)
    return FALSE;

  const char *host = evidence->sni != NULL ? evidence->sni : evidence->host;
  QsCertificate *leaf = evidence->chain->len > 0 ? evidence->chain->pdata[0] : NULL;
  qs_match_set (match, "host", host);
  qs_match_take (match, "sentence", qs_verify_sentence (evidence->verify_code, evidence->chain, host, evidence->now_s));
  qs_match_set (match, "issuer", leaf != NULL ? qs_certificate_get_issuer (leaf) : _ ("an unknown CA"));
  match->packet = packet_of (evidence->certificate);
  qs_match_add_message (match, evidence, evidence->certificate);
  qs_match_add_mark (match, evidence, evidence->verify, NULL);
  /* A file holds no verification: the client's alert, and what stands in the certificates, are all there is. */
  if (evidence->verify == NULL)
    {
      match->certainty = QS_CERTAINTY_LIKELY;
      qs_match_add_close (match, evidence);
      match->packet = packet_of (evidence->certificate);
    }
  if (qs_evidence_is_connected (evidence) && !evidence->close.known)
    match->severity = QS_SEVERITY_WARNING;
  if (evidence->ended && !evidence->failed)
    match->severity = QS_SEVERITY_WARNING;
  return TRUE;
}

#define MATCH_CAUSE(name, cause)                                            \
  static gboolean match_##name (const QsEvidence *evidence, QsMatch *match) \
  {                                                                         \
    return match_cause (evidence, match, cause);                            \
  }

MATCH_CAUSE (unknown_ca, QS_VERIFY_UNKNOWN_CA)
MATCH_CAUSE (self_signed, QS_VERIFY_SELF_SIGNED)
MATCH_CAUSE (incomplete_chain, QS_VERIFY_INCOMPLETE_CHAIN)
MATCH_CAUSE (expired, QS_VERIFY_EXPIRED)
MATCH_CAUSE (not_yet_valid, QS_VERIFY_NOT_YET_VALID)
MATCH_CAUSE (name_mismatch, QS_VERIFY_NAME_MISMATCH)
MATCH_CAUSE (revoked, QS_VERIFY_REVOKED)
MATCH_CAUSE (weak, QS_VERIFY_WEAK)
MATCH_CAUSE (purpose, QS_VERIFY_PURPOSE)
MATCH_CAUSE (other, QS_VERIFY_OTHER)

const QsRule qs_rules_certificate[] = {
  { "certificate-name-mismatch",
    QS_SEVERITY_ERROR,
    "RFC 9525 section 6",
    N_ ("The certificate of {address} is not for “{host}”."),
    "{sentence}",
    match_name_mismatch,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Ask for one of those names, or give the server a certificate that names this one."),
      N_ ("Where many sites share the address, check that the server knows this name (SNI).") } },
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
      N_ ("If you do not know this CA, do not trust it: somebody may stand in between.") } },
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
  { "certificate-revoked",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 5",
    N_ ("The certificate of {host} was revoked."),
    N_ ("{sentence} Its key may be in wrong hands."),
    match_revoked,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Do not go on; the server needs a new certificate with a new key.") } },
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
  { "certificate-refused",
    QS_SEVERITY_ERROR,
    "RFC 5280 section 6",
    N_ ("The certificate of {host} was refused."),
    "{sentence}",
    match_other,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Look at the certificates of the chain one by one, and ask whoever issued them.") } },
  { NULL },
};
