/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nothing of what was offered is what the server takes: which of the lists it is, experiments decide. */
#include "base/qs-i18n.h"
#include "diagnosis/qs-rule.h"

/* Groups and cipher suites that were named on purpose. */
static gboolean
match_offer_too_small (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *usual = qs_experiment_find (evidence, "usual-offer", 1);

  if (usual == NULL || !qs_evidence_is_without_hello (evidence))
    return FALSE;
  qs_match_take (match, "offer", qs_offer_text (evidence));
  qs_match_set (match, "proof", usual->text);
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_close (match, evidence);
  qs_match_add_mark (match, evidence, usual, NULL);
  return qs_match_add_control (evidence, match);
}

static const char *const group_tries[] = {
  N_ ("Switch a group on at the server that other clients have as well: X25519 or P-256 (secp256r1)."),
  N_ ("Offer the one that it takes (--groups in quicprobe)."), NULL
};
static const char *const suite_tries[] = {
  N_ ("Switch a cipher suite on at the server that other clients have as well: TLS_AES_128_GCM_SHA256 is in all that "
      "speak TLS 1.3."),
  N_ ("Of TLS 1.3 offer the one that it takes (--ciphersuites in quicprobe)."), NULL
};
static const char *const signature_tries[] = {
  N_ ("Look at which signature schemes the server is limited to, and at the kind of its certificate's key."),
  N_ ("Give it a certificate that other clients take as well: ECDSA with P-256, or RSA with 2048 bits."), NULL
};
static const char *const version_tries[] = { N_ ("Switch a newer version of TLS on at the server, or update it."),
                                             NULL };

/* One list alone made longer was answered. */
static const struct {
  const char *experiment;
  const char *title;
  const char *const *tries;
} lists[] = {
  { "every-group", N_ ("{host} takes none of the groups that were offered for the key exchange."), group_tries },
  { "every-cipher-suite", N_ ("{host} takes none of the cipher suites that were offered."), suite_tries },
  { "every-signature-scheme", N_ ("{host} can sign in none of the ways that were offered (signature schemes)."),
    signature_tries },
};

static gboolean
match_list_too_short (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *widest = qs_experiment_find (evidence, "widest-offer", 1);
  const QsMark *proof = widest;

  if (widest == NULL || !qs_evidence_is_without_hello (evidence))
    return FALSE;
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_close (match, evidence);
  qs_match_add_mark (match, evidence, widest, NULL);
  if (!qs_match_add_control (evidence, match))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      const QsMark *mark = qs_experiment_find (evidence, lists[i].experiment, 1);
      qs_match_add_mark (match, evidence, qs_experiment_find (evidence, lists[i].experiment, 0), NULL);
      if (mark == NULL || proof != widest)
        continue;
      proof = mark;
      match->title = lists[i].title;
      match->tries = lists[i].tries;
    }
  qs_match_take (match, "offer", qs_offer_text (evidence));
  qs_match_set (match, "proof", proof->text);
  if (proof == widest)
    match->certainty = MIN (match->certainty, QS_CERTAINTY_LIKELY);
  else
    qs_match_add_mark (match, evidence, proof, NULL);
  return TRUE;
}

static gboolean
match_old_version (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *old = qs_experiment_find (evidence, "old-versions", 1);

  if (old == NULL || !qs_evidence_is_without_hello (evidence))
    return FALSE;
  qs_match_set (match, "proof", old->text);
  match->tries = version_tries;
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_close (match, evidence);
  qs_match_add_mark (match, evidence, old, NULL);
  return TRUE;
}

const QsRule qs_rules_offer[] = {
  { "tls-too-old",
    QS_SEVERITY_ERROR,
    "RFC 8996 section 4",
    N_ ("{host} has no version of TLS that can be used."),
    N_ ("{proof} What is older than TLS 1.2 must not be used any more, and this client refuses it as browsers do."),
    match_old_version,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { NULL } },
  { "no-common-parameters",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 4.2.1",
    N_ ("{host} takes none of the groups or cipher suites that were offered."),
    N_ ("{offer} {proof}"),
    match_offer_too_small,
    QS_CERTAINTY_PROVED,
    QS_PARTY_CLIENT,
    { N_ ("Offer more of them."), N_ ("Switch the wanted group or cipher suite on at the server.") } },
  { "no-common-parameters",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 4.2.1",
    N_ ("{host} refused the handshake because more than one of the offered lists has nothing that it takes."),
    N_ ("{offer} {proof}"),
    match_list_too_short,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Switch on at the server what other clients have as well: a group such as X25519, a cipher suite such as "
          "TLS_AES_128_GCM_SHA256, a certificate with an ECDSA or RSA key.") } },
  { NULL },
};
