/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about the handshake: what was offered, asked for, refused. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-experiment-words.h"
#include "diagnosis/qs-rule.h"
#include "wire/qs-names.h"

#define ALERT_HANDSHAKE_FAILURE 40
#define EXTENSION_RENEGOTIATION_INFO 0xff01
#define LEAST_DH_BITS 2048 /* OpenSSL's security level 2 */
#define MOST_NAMED 10      /* in one sentence */
#define ALERT_PROTOCOL_VERSION 70
#define ALERT_INSUFFICIENT_SECURITY 71
#define ALERT_INTERNAL_ERROR 80
#define ALERT_MISSING_EXTENSION 109
#define ALERT_UNRECOGNIZED_NAME 112
#define ALERT_NO_APPLICATION_PROTOCOL 120
#define ALERT_ECH_REQUIRED 121

static gint64
packet_of (const QsTraceMessage *message)
{
  return message != NULL ? (gint64) message->packet : QS_NO_PACKET;
}

static gboolean
match_server_alert (const QsEvidence *evidence, QsMatch *match, guint8 alert)
{
  if (!qs_evidence_has_alert (evidence, alert, FALSE))
    return FALSE;
  qs_match_add_close (match, evidence);
  return TRUE;
}

static const char *
or_unknown (const char *text)
{
  return text != NULL ? text : _ ("nothing that could be seen");
}

/* Protocols that servers commonly speak and that were not among those offered. */
static char *
other_protocols (const QsEvidence *evidence)
{
  static const char *const quic[] = { "h3", "hq-interop", "http/1.0", "doq" };
  static const char *const tls[] = { "h2", "http/1.1", "dot" };
  const char *const *known = evidence->tls ? tls : quic;
  guint n = evidence->tls ? G_N_ELEMENTS (tls) : G_N_ELEMENTS (quic);
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (GStrv) offered = evidence->offered_alpn != NULL ? g_strsplit (evidence->offered_alpn, ", ", -1) : NULL;

  for (guint i = 0; i < n; i++)
    {
      if (offered != NULL && g_strv_contains ((const char *const *) offered, known[i]))
        continue;
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", known[i]);
    }
  return g_strdup (text->len > 0 ? text->str : _ ("one that its documentation names"));
}

/* What experiments found. */
static char *
spoken_protocols (QsMatch *match, const QsEvidence *evidence)
{
  g_autoptr (GPtrArray) marks = qs_experiment_marks (evidence->trace);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < marks->len; i++)
    {
      const QsMark *mark = marks->pdata[i];
      if (mark->value != 1 || !g_str_has_prefix (mark->name, "alpn-"))
        continue;
      g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", mark->text);
      qs_match_add_mark (match, evidence, mark, NULL);
    }
  return g_strdup (text->str);
}

/* Not every stack has the alert for it: aioquic says handshake_failure, and why in the reason phrase. */
static gboolean
reason_names_alpn (const QsEvidence *evidence)
{
  g_autofree char *reason = evidence->close.reason != NULL ? g_ascii_strdown (evidence->close.reason, -1) : NULL;

  return reason != NULL && evidence->alert >= 0 && !evidence->close.by_us &&
         (strstr (reason, "alpn") != NULL || strstr (reason, "application protocol") != NULL ||
          strstr (reason, "next protocol") != NULL);
}

/* RFC 7301 section 3.1: a server chooses among what was offered. Some have a favourite that they name to everybody (Apache's
 * httpd without a protocol in common), and stacks refuse that with an alert of another name. */
static gboolean
match_alpn_not_offered (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = { N_ ("Offer the protocol that it speaks ({chosen})."),
                                       N_ ("Switch the wanted protocol on at the server."), NULL };
  gboolean refused = evidence->alert >= 0 && evidence->close.known && evidence->close.by_us != evidence->server;
  g_auto (GStrv) offered = evidence->offered_alpn != NULL ? g_strsplit (evidence->offered_alpn, ", ", -1) : NULL;

  if (!refused || evidence->alpn == NULL || *evidence->alpn == '\0' || qs_evidence_is_connected (evidence) ||
      evidence->client_hello == NULL || evidence->verify_code > 0 ||
      (offered != NULL && g_strv_contains ((const char *const *) offered, evidence->alpn)))
    return FALSE;
  qs_match_set (match, "offered", offered != NULL ? evidence->offered_alpn : _ ("none"));
  qs_match_set (match, "chosen", evidence->alpn);
  match->title = N_ ("{host} chose an application protocol (ALPN) that was not offered: {chosen}.");
  match->detail = N_ ("Offered: {offered}. A server has to choose one of those, or to refuse; this one seems to speak "
                      "nothing but {chosen}. The client refused that.");
  match->reference = "RFC 7301 section 3.1";
  match->tries = tries;
  match->who = QS_PARTY_SERVER;
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_message (match, evidence,
                        evidence->encrypted_extensions != NULL ? evidence->encrypted_extensions
                                                               : evidence->server_hello);
  qs_match_add_close (match, evidence);
  return TRUE;
}

static gboolean
match_alpn (const QsEvidence *evidence, QsMatch *match)
{
  gboolean by_client = qs_evidence_has_alert (evidence, ALERT_NO_APPLICATION_PROTOCOL, TRUE);

  if (!by_client && !qs_evidence_has_alert (evidence, ALERT_NO_APPLICATION_PROTOCOL, FALSE) &&
      !reason_names_alpn (evidence))
    return match_alpn_not_offered (evidence, match);
  qs_match_add_close (match, evidence);
  qs_match_set (match, "offered", or_unknown (evidence->offered_alpn));
  qs_match_take (match, "others", other_protocols (evidence));
  qs_match_take (match, "spoken", spoken_protocols (match, evidence));
  if (evidence->tls)
    match->reference = "RFC 7301 section 3.2";
  if (by_client)
    {
      match->title = N_ ("{host} chose no application protocol (ALPN), which QUIC demands.");
      match->who = QS_PARTY_SERVER;
    }
  return TRUE;
}

static gboolean
match_sni (const QsEvidence *evidence, QsMatch *match)
{
  if (!match_server_alert (evidence, match, ALERT_UNRECOGNIZED_NAME))
    return FALSE;
  const QsMark *without = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, "no-sni", NULL);
  qs_match_set (match, "sni", evidence->sni != NULL ? evidence->sni : _ ("none"));
  if (without == NULL || without->value != 1)
    return TRUE;
  qs_match_set (match, "without", without->text);
  qs_match_add_mark (match, evidence, without, NULL);
  return TRUE;
}

static guint
count_items (const char *list)
{
  guint n = list != NULL && *list != '\0';

  for (; list != NULL && *list != '\0'; list++)
    n += *list == ',';
  return n;
}

/* Thirty names help nobody. */
char *
qs_offer_text (const QsEvidence *evidence)
{
  GString *text = g_string_new (NULL);
  guint n_suites = count_items (evidence->offered_ciphers);

  if (evidence->offered_groups != NULL && count_items (evidence->offered_groups) <= MOST_NAMED)
    g_string_append_printf (text, _ ("Offered for the key exchange: %s."), evidence->offered_groups);
  if (n_suites > 0 && n_suites <= MOST_NAMED / 2)
    g_string_append_printf (text, _ (" Cipher suites: %s."), evidence->offered_ciphers);
  else if (n_suites > 0)
    g_string_append_printf (text, _ (" Cipher suites: %u."), n_suites);
  return g_string_free (text, FALSE);
}

/* What is left when nothing better is proved: the alert itself says hardly anything. */
/* What experiments have changed without any change. */
static char *
add_vain_tries (const QsEvidence *evidence, QsMatch *match)
{
  g_autoptr (GPtrArray) marks = qs_experiment_marks (evidence->trace);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < marks->len; i++)
    {
      const QsMark *mark = marks->pdata[i];
      if (mark->value != 0 || g_str_equal (mark->name, "same-again"))
        continue;
      g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", mark->text);
      qs_match_add_mark (match, evidence, mark, NULL);
    }
  return g_strdup (text->str);
}

static gboolean
match_no_common (const QsEvidence *evidence, QsMatch *match)
{
  static const guint8 alerts[] = { ALERT_HANDSHAKE_FAILURE, ALERT_INSUFFICIENT_SECURITY };
  gboolean by_client = FALSE, found = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (alerts) && !found; i++)
    {
      by_client = qs_evidence_has_alert (evidence, alerts[i], TRUE);
      found = by_client || qs_evidence_has_alert (evidence, alerts[i], FALSE);
    }
  if (!found || match->has_error)
    return FALSE;
  qs_match_take (match, "offer", qs_offer_text (evidence));
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_close (match, evidence);
  if (evidence->close.reason != NULL)
    qs_match_take (match, "reason", g_strdup_printf (_ ("The reason given: “%s”."), evidence->close.reason));
  if (evidence->alert == ALERT_INSUFFICIENT_SECURITY)
    {
      static const char *const stronger[] = { N_ ("Offer stronger groups or cipher suites: the server's log or its "
                                                  "documentation names those that it wants."),
                                              NULL };
      match->title = N_ ("{host} demands stronger cryptography than was offered.");
      match->detail =
          N_ ("Its alert insufficient_security says just that: there was a common ground, and it is too weak for "
              "the server. {reason} {offer}");
      match->certainty = QS_CERTAINTY_PROVED;
      match->who = QS_PARTY_CLIENT;
      match->tries = stronger;
    }
  else if (!by_client && qs_experiment_find (evidence, "widest-offer", 0) != NULL)
    {
      static const char *const own[] = { N_ ("Look at the server's log, it knows."),
                                         N_ ("Look at the server's certificate and key, and at what it demands of "
                                             "clients."),
                                         NULL };
      match->detail =
          N_ ("Its alert stands for many things, and what was changed one at a time made no difference. "
              "{vain} {ccm} What is left is the server's own: a certificate or key that it cannot use with any "
              "of this, rules about who may connect, or a name or protocol that was not tried. {reason}");
      /* RFC 9001 section 5.3 has it; OpenSSL's QUIC protects packets by GCM and ChaCha20-Poly1305 alone. */
      if (!evidence->tls)
        qs_match_set (
            match, "ccm",
            _ ("Over QUIC this client cannot offer TLS_AES_128_CCM_SHA256, since OpenSSL's QUIC does not have "
               "it: a server that takes nothing else refuses it just so."));
      match->tries = own;
      qs_match_take (match, "vain", add_vain_tries (evidence, match));
    }
  if (by_client)
    {
      match->title = N_ ("The client refused what {host} chose for the handshake.");
      match->detail = N_ ("{stack} {offer}");
      if (evidence->call != NULL && evidence->call->text != NULL)
        qs_match_take (match, "stack", g_strdup_printf (_ ("Its TLS library says: “%s”."), evidence->call->text));
      qs_match_add_message (match, evidence, evidence->server_hello);
    }
  return TRUE;
}

static gboolean
stack_says (const QsEvidence *evidence, const char *words)
{
  return evidence->call != NULL && evidence->call->text != NULL && strstr (evidence->call->text, words) != NULL;
}

/* RFC 5746 section 3.4: a ServerHello of TLS 1.2 without the extension is of a server that old attacks still work on. */
static gboolean
match_insecure_renegotiation (const QsEvidence *evidence, QsMatch *match)
{
  gboolean said = stack_says (evidence, "renegotiation");

  if (!evidence->tls || !qs_evidence_is_tls12 (evidence) || qs_evidence_is_connected (evidence) ||
      qs_tls_message_find_extension (evidence->server_hello->message, EXTENSION_RENEGOTIATION_INFO) != NULL ||
      (!said && !qs_evidence_has_alert (evidence, ALERT_HANDSHAKE_FAILURE, TRUE)))
    return FALSE;
  if (!said)
    match->certainty = QS_CERTAINTY_LIKELY;
  match->packet = packet_of (evidence->server_hello);
  qs_match_add_message (match, evidence, evidence->server_hello);
  if (said)
    qs_match_add_mark (match, evidence, evidence->call, NULL);
  return TRUE;
}

static gboolean
match_weak_exchange (const QsEvidence *evidence, QsMatch *match)
{
  guint bits = qs_evidence_dh_bits (evidence);
  gboolean said = stack_says (evidence, "dh key too small");

  if (bits == 0 || bits >= LEAST_DH_BITS || qs_evidence_is_connected (evidence) ||
      (!said && !qs_evidence_has_alert (evidence, ALERT_HANDSHAKE_FAILURE, TRUE) &&
       !qs_evidence_has_alert (evidence, ALERT_INSUFFICIENT_SECURITY, TRUE)))
    return FALSE;
  if (!said)
    match->certainty = QS_CERTAINTY_LIKELY;
  qs_match_number (match, "bits", bits);
  match->packet = packet_of (evidence->server_key_exchange);
  qs_match_add_message (match, evidence, evidence->server_key_exchange);
  if (said)
    qs_match_add_mark (match, evidence, evidence->call, NULL);
  return TRUE;
}

static gboolean
match_too_old (const QsEvidence *evidence, QsMatch *match)
{
  gboolean stack_says = evidence->tls && evidence->call != NULL && evidence->call->text != NULL &&
                        !qs_evidence_is_connected (evidence) &&
                        (strstr (evidence->call->text, "unsupported protocol") != NULL ||
                         strstr (evidence->call->text, "wrong ssl version") != NULL);

  if (evidence->plain != NULL) /* what is no TLS has no version of it */
    return FALSE;
  if (!qs_evidence_has_alert (evidence, ALERT_PROTOCOL_VERSION, FALSE) &&
      !qs_evidence_has_alert (evidence, ALERT_PROTOCOL_VERSION, TRUE) && !stack_says)
    return FALSE;
  qs_match_add_close (match, evidence);
  if (evidence->tls)
    {
      static const char *const tries[] = { N_ ("Switch a newer version of TLS on at the server, or update it."), NULL };
      match->detail = N_ ("The server offers only older versions of TLS than this client allows (TLS 1.2 and 1.3), or "
                          "it accepts none of them.");
      match->reference = "RFC 9846 section 6.2";
      match->tries = tries;
    }
  if (stack_says)
    qs_match_add_mark (match, evidence, evidence->call, NULL);
  return TRUE;
}

static gboolean
match_internal_error (const QsEvidence *evidence, QsMatch *match)
{
  return match_server_alert (evidence, match, ALERT_INTERNAL_ERROR);
}

static gboolean
match_not_quic_tls (const QsEvidence *evidence, QsMatch *match)
{
  gboolean by_client = qs_evidence_has_alert (evidence, ALERT_MISSING_EXTENSION, TRUE);

  if (evidence->tls || (!by_client && !qs_evidence_has_alert (evidence, ALERT_MISSING_EXTENSION, FALSE)))
    return FALSE;
  qs_match_add_close (match, evidence);
  qs_match_set (match, "who", by_client ? _ ("The server") : _ ("This client"));
  return TRUE;
}

/* RFC 9849 section 6.1.6: it is the client's, where its ECH was not accepted. */
static gboolean
match_ech (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = { N_ ("Look at the server's log, and for an update of its TLS library."), NULL };

  if (qs_evidence_has_alert (evidence, ALERT_ECH_REQUIRED, TRUE))
    {
      qs_match_add_close (match, evidence);
      return TRUE;
    }
  if (!match_server_alert (evidence, match, ALERT_ECH_REQUIRED))
    return FALSE;
  match->title = N_ ("{host} ended the handshake with the alert ech_required, which only clients send.");
  match->detail =
      N_ ("A client that offers an encrypted ClientHello (ECH) ends so where the server did not accept it. For a "
          "server there is no such demand: it has to go on (RFC 9849 section 7.1).");
  match->who = QS_PARTY_SERVER;
  match->tries = tries;
  return TRUE;
}

const QsRule qs_rules_handshake[] = {
  { "alpn-mismatch",
    QS_SEVERITY_ERROR,
    "RFC 9001 section 8.1",
    N_ ("{host} does not speak the application protocol that was offered."),
    N_ ("Offered (ALPN): {offered}. The server has none of them. {spoken}"),
    match_alpn,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Try others, such as {others}."), N_ ("Switch the wanted protocol on at the server.") } },
  { "sni-unknown",
    QS_SEVERITY_ERROR,
    "RFC 6066 section 3",
    N_ ("{address} has no site of that name."),
    N_ ("The server name sent (SNI) was: {sni}. {without}"),
    match_sni,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Check the spelling of the name; a different one can be asked for (--sni in quicprobe)."),
      N_ ("Check that the server is configured for that name.") } },
  { "insecure-renegotiation",
    QS_SEVERITY_ERROR,
    "RFC 5746 section 3.4",
    N_ ("{host} does not do secure renegotiation, so the client refused it."),
    N_ ("Its ServerHello of TLS 1.2 comes without the extension renegotiation_info (RFC 5746). Without it somebody in "
        "between could put own bytes before the client's (2009): the server, or the balancer before it, is old."),
    match_insecure_renegotiation,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Update the server or balancer, or switch TLS 1.3 on.") } },
  { "key-exchange-weak",
    QS_SEVERITY_ERROR,
    "RFC 9325 section 4.4",
    N_ ("The Diffie-Hellman group of {host} is too small: {bits} bits."),
    N_ ("Whoever is well equipped can break it, so the client refused it: 2048 bits are the least."),
    match_weak_exchange,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Switch on key exchange with elliptic curves (ECDHE) at the server, or TLS 1.3."),
      N_ ("If it has to be DHE, give the server a group of 2048 bits or more.") } },
  { "no-common-parameters",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 4.2.1",
    N_ ("{host} refused the handshake and did not say why."),
    N_ ("Its alert stands for many things: no common group or cipher suite, a certificate of another kind than the "
        "client "
        "takes, a server name or an application protocol that it does not serve. {reason} {offer}"),
    match_no_common,
    QS_CERTAINTY_POSSIBLE,
    QS_PARTY_UNKNOWN,
    { N_ ("Look at the server's log, it knows."),
      N_ ("Change one thing at a time: groups, application protocol, server name."),
      N_ ("Widen what the server allows.") } },
  { "tls-too-old",
    QS_SEVERITY_ERROR,
    "RFC 9001 section 4.2",
    N_ ("{host} has no version of TLS that can be used."),
    N_ ("QUIC needs TLS 1.3, and the server refused the version offered (protocol_version). Its TLS library is too "
        "old, or TLS 1.3 is switched off."),
    match_too_old,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Switch TLS 1.3 on at the server, or update it.") } },
  { "tls-internal-error",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 6.2",
    N_ ("{host} failed inside: its TLS stack reports an internal error."),
    N_ ("Nothing that was sent is at fault by its form. Often it is the server's handling of the application protocol "
        "(ALPN), a missing certificate for the name, or a key that it cannot use."),
    match_internal_error,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Look at the server's log, it says more.") } },
  { "not-quic-tls",
    QS_SEVERITY_ERROR,
    "RFC 9001 section 8.2",
    N_ ("The TLS handshake with {host} is not one of QUIC."),
    N_ ("{who} left out an extension that is demanded, most likely the QUIC transport parameters. One of the two uses "
        "a TLS stack that is not set up for QUIC, or a version of QUIC before the standard."),
    match_not_quic_tls,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_UNKNOWN,
    { N_ ("Update whichever end is not set up for QUIC version 1.") } },
  { "ech-required",
    QS_SEVERITY_ERROR,
    "RFC 9849 section 6.1.6",
    N_ ("The client insisted on an encrypted ClientHello (ECH), and {host} did not accept it."),
    N_ ("A client that offers ECH does not go on without it: others could read the server name. The configuration that "
        "it found in DNS is an old one, or the server has none."),
    match_ech,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Check that the ECH configuration in the HTTPS record of DNS is the server's current one.") } },
  { NULL },
};
