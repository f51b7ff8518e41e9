/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about the handshake: what was offered, asked for, refused. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-experiment-words.h"
#include "diagnosis/qs-rule.h"
#include "wire/qs-names.h"

#define ALERT_HANDSHAKE_FAILURE 40
#define ALERT_PROTOCOL_VERSION 70
#define ALERT_INSUFFICIENT_SECURITY 71
#define ALERT_INTERNAL_ERROR 80
#define ALERT_MISSING_EXTENSION 109
#define ALERT_UNRECOGNIZED_NAME 112
#define ALERT_CERTIFICATE_REQUIRED 116
#define ALERT_NO_APPLICATION_PROTOCOL 120
#define ALERT_ECH_REQUIRED 121

#define MOST_HELLOS 16                                           /* messages that are looked at for them */
#define SILENCE_WITH_HYBRID (G_GINT64_CONSTANT (1) * 1000000000) /* ns: less is no silence */

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

static gboolean
match_alpn (const QsEvidence *evidence, QsMatch *match)
{
  gboolean by_client = qs_evidence_has_alert (evidence, ALERT_NO_APPLICATION_PROTOCOL, TRUE);

  if (!by_client && !qs_evidence_has_alert (evidence, ALERT_NO_APPLICATION_PROTOCOL, FALSE))
    return FALSE;
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

static gboolean
match_client_certificate (const QsEvidence *evidence, QsMatch *match)
{
  return match_server_alert (evidence, match, ALERT_CERTIFICATE_REQUIRED);
}

static void
add_without_certificate (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *without = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, "no-client-certificate", NULL);

  if (without == NULL || without->value != 1)
    return;
  qs_match_set (match, "without", without->text);
  qs_match_add_mark (match, evidence, without, NULL);
}

/* RFC 9846 section 6.2: these alerts from the server, about a certificate that we sent. */
static gboolean
match_client_certificate_refused (const QsEvidence *evidence, QsMatch *match)
{
  if (evidence->alert < 42 || evidence->alert > 49 || evidence->alert == 47 ||
      !qs_evidence_has_alert (evidence, (guint8) evidence->alert, FALSE))
    return FALSE;
  gboolean asked = evidence->certificate_request != NULL || evidence->client_certificate != NULL;
  if (!asked && evidence->client_hello != NULL)
    return FALSE; /* it was never asked for one */
  qs_match_set (match, "meaning", qs_tls_alert_meaning ((guint8) evidence->alert));
  qs_match_add_close (match, evidence);
  add_without_certificate (evidence, match);
  if (!asked)
    {
      match->title = N_ ("{host} refused a certificate: the client's, it seems.");
      match->detail = N_ ("{meaning} This recording holds none of TLS's messages: the code of the close is all that "
                          "says so.");
      match->certainty = QS_CERTAINTY_LIKELY;
    }
  return TRUE;
}

static gboolean
match_no_common (const QsEvidence *evidence, QsMatch *match)
{
  static const guint8 alerts[] = { ALERT_HANDSHAKE_FAILURE, ALERT_INSUFFICIENT_SECURITY };

  for (guint i = 0; i < G_N_ELEMENTS (alerts); i++)
    {
      gboolean by_client = qs_evidence_has_alert (evidence, alerts[i], TRUE);
      if (!by_client && !qs_evidence_has_alert (evidence, alerts[i], FALSE))
        continue;
      qs_match_set (match, "groups", or_unknown (evidence->offered_groups));
      qs_match_set (match, "ciphers", or_unknown (evidence->offered_ciphers));
      qs_match_add_close (match, evidence);
      if (by_client)
        match->title = N_ ("What {host} chose for the handshake was not acceptable to the client.");
      return TRUE;
    }
  return FALSE;
}

static gboolean
match_too_old (const QsEvidence *evidence, QsMatch *match)
{
  gboolean stack_says = evidence->tls && evidence->call != NULL && evidence->call->text != NULL &&
                        !qs_evidence_is_connected (evidence) &&
                        (strstr (evidence->call->text, "unsupported protocol") != NULL ||
                         strstr (evidence->call->text, "wrong ssl version") != NULL);

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

  if (!by_client && !qs_evidence_has_alert (evidence, ALERT_MISSING_EXTENSION, FALSE))
    return FALSE;
  qs_match_add_close (match, evidence);
  qs_match_set (match, "who", by_client ? _ ("The server") : _ ("This client"));
  return TRUE;
}

static gboolean
match_ech (const QsEvidence *evidence, QsMatch *match)
{
  return match_server_alert (evidence, match, ALERT_ECH_REQUIRED);
}

static gboolean
match_version_negotiation (const QsEvidence *evidence, QsMatch *match)
{
  if (evidence->packets.version_negotiation < 0)
    return FALSE;
  match->packet = evidence->packets.version_negotiation;
  qs_match_take (match, "versions", qs_evidence_versions_text (evidence));
  qs_match_take (match, "offered", qs_quic_version_name (evidence->packets.version));
  if (evidence->failed || (!evidence->live && !qs_evidence_is_connected (evidence)))
    return TRUE;
  static const char *const none[] = { NULL };
  match->severity = QS_SEVERITY_INFO;
  match->tries = none;
  match->title = N_ ("{host} answered with Version Negotiation first.");
  match->detail = N_ ("It did not take QUIC version {offered} and listed these: {versions}. The client went on with a "
                      "version that both know, at the price of one round trip.");
  return TRUE;
}

static gboolean
match_retry (const QsEvidence *evidence, QsMatch *match)
{
  match->packet = evidence->packets.retry;
  return evidence->packets.retry >= 0;
}

static gboolean
match_token_rejected (const QsEvidence *evidence, QsMatch *match)
{
  const QsCloseFact *close = &evidence->close;

  if (!close->known || close->by_us || close->application || close->code != 0x0b)
    return FALSE;
  qs_match_add_packet (match, evidence, evidence->packets.retry, NULL);
  qs_match_add_close (match, evidence);
  if (evidence->packets.retry < 0 && evidence->packets.n_in > 0)
    match->title = N_ ("{host} rejected the token that the client showed.");
  return TRUE;
}

static gboolean
match_hello_retry (const QsEvidence *evidence, QsMatch *match)
{
  if (evidence->hello_retry == NULL)
    return FALSE;

  g_autoptr (GArray) wanted = qs_tls_message_dup_key_shares (evidence->hello_retry->message);
  const char *group = wanted != NULL && wanted->len > 0 ? qs_tls_group_name (g_array_index (wanted, guint16, 0)) : NULL;
  qs_match_set (match, "group", group != NULL ? group : _ ("another one"));
  match->packet = packet_of (evidence->hello_retry);
  return TRUE;
}

/* RFC 9794's hybrids: an ML-KEM key share of more than 1100 bytes. */
gboolean
qs_hello_has_hybrid_share (const QsTraceMessage *hello)
{
  g_autoptr (GArray) shares = hello != NULL ? qs_tls_message_dup_key_shares (hello->message) : NULL;

  for (guint i = 0; shares != NULL && i < shares->len; i++)
    {
      const char *name = qs_tls_group_name (g_array_index (shares, guint16, i));
      if (name != NULL && strstr (name, "MLKEM") != NULL)
        return TRUE;
    }
  return FALSE;
}

/* Attempts to other addresses may stand in between. */
static const QsTraceMessage *
find_small_hello (const QsEvidence *evidence)
{
  for (guint i = 0; i < MIN (qs_trace_get_n_messages (evidence->trace), MOST_HELLOS); i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (evidence->trace, i);
      if (message->message != NULL && message->message->type == QS_TLS_CLIENT_HELLO &&
          !qs_hello_has_hybrid_share (message))
        return message;
    }
  return NULL;
}

/* Silence after one with the large key share, an answer to one without. */
static gboolean
is_hello_blocked (const QsEvidence *evidence)
{
  const QsTraceMessage *first = evidence->client_hello;
  const QsTraceMessage *second = evidence->second_client_hello != NULL ? find_small_hello (evidence) : NULL;

  return !evidence->tls && first != NULL && second != NULL && evidence->hello_retry == NULL &&
         evidence->server_hello != NULL && qs_hello_has_hybrid_share (first) &&
         evidence->first_received >= second->time && second->time - first->time >= SILENCE_WITH_HYBRID;
}

static gboolean
match_post_quantum_blocked (const QsEvidence *evidence, QsMatch *match)
{
  if (!is_hello_blocked (evidence))
    return FALSE;
  match->packet = packet_of (evidence->client_hello);
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_message (match, evidence, find_small_hello (evidence));
  qs_match_add_message (match, evidence, evidence->server_hello);
  if (!evidence->failed && qs_evidence_is_connected (evidence))
    match->severity = QS_SEVERITY_WARNING;
  return TRUE;
}

static gboolean
match_post_quantum (const QsEvidence *evidence, QsMatch *match)
{
  const QsTraceMessage *hello = evidence->client_hello;

  if (evidence->tls || hello == NULL || hello->packet == hello->first_packet || !qs_hello_has_hybrid_share (hello) ||
      is_hello_blocked (evidence))
    return FALSE;
  match->packet = packet_of (hello);
  qs_match_number (match, "bytes", g_bytes_get_size (hello->bytes));
  return TRUE;
}

static gboolean
match_silent_after_ack (const QsEvidence *evidence, QsMatch *match)
{
  const QsPacketFacts *packets = &evidence->packets;

  if (evidence->tls || evidence->server || packets->first_initial_in < 0 || !packets->in_initial_is_bare ||
      packets->in_beyond_initial || packets->close_in >= 0 || evidence->server_hello != NULL ||
      evidence->hello_retry != NULL)
    return FALSE;
  /* Servers go on acknowledging the client's probes: what counts is how long nothing else came. */
  gint64 silence = evidence->now - qs_trace_get_packet (evidence->trace, (guint) packets->first_initial_in)->time;
  if (silence < QS_NO_REPLY_AFTER)
    return FALSE;
  match->packet = packets->first_initial_in;
  qs_match_take (match, "time", qs_text_duration (silence));
  qs_match_set (match, "offered", or_unknown (evidence->offered_alpn));
  qs_match_set (match, "sni", evidence->sni != NULL ? evidence->sni : _ ("none"));
  return TRUE;
}

/* Alerts that have no row of their own. */
static gboolean
match_alert (const QsEvidence *evidence, QsMatch *match)
{
  if (evidence->alert < 0 || match->has_error || (evidence->verify_code > 0 && evidence->alert >= 42))
    return FALSE;

  const char *name = qs_tls_alert_name ((guint8) evidence->alert);
  const char *meaning = qs_tls_alert_meaning ((guint8) evidence->alert);
  qs_match_set (match, "name", name != NULL ? name : _ ("an alert that no registry knows"));
  qs_match_set (match, "meaning", meaning);
  qs_match_set (match, "who", evidence->close.by_us ? _ ("This side") : evidence->host);
  if (evidence->close.reason != NULL)
    qs_match_take (match, "reason", g_strdup_printf (_ ("The reason given: “%s”."), evidence->close.reason));
  qs_match_add_close (match, evidence);
  if (evidence->ended && !evidence->failed)
    match->severity = QS_SEVERITY_WARNING;
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
  { "client-certificate-required",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 4.5.1.3",
    N_ ("{host} demands a certificate from the client."),
    N_ ("The handshake was accepted on this side, then the server asked for proof of who the client is and got none."),
    match_client_certificate,
    QS_CERTAINTY_PROVED,
    QS_PARTY_CLIENT,
    { N_ ("Give a certificate that the server's CA has signed, and its key (--cert and --key in quicprobe).") } },
  { "client-certificate-refused",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 6.2",
    N_ ("{host} refused the client's certificate."),
    "{meaning} {without}",
    match_client_certificate_refused,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Check that the certificate is current, is for client authentication, and comes from a CA that the server "
          "trusts.") } },
  { "no-common-parameters",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 4.2.1",
    N_ ("{host} and this client have no common way to do the handshake."),
    N_ ("Offered key exchange groups: {groups}. Offered cipher suites: {ciphers}. The server takes none of one of the "
        "two, or cannot sign with its certificate's key."),
    match_no_common,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_UNKNOWN,
    { N_ ("Offer more, or widen what the server allows.") } },
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
  { "retry-token-rejected",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 8.1.2",
    N_ ("{host} rejected its own Retry token."),
    N_ ("The client returned a token, and the server did not accept it. Behind a load balancer the second try may have "
        "met another server with other keys; or the client's address changed in between (NAT)."),
    match_token_rejected,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Give all servers behind the load balancer the same key for tokens."), N_ ("Try again.") } },
  { "version-negotiation",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 6",
    N_ ("{host} and this client have no common version of QUIC."),
    N_ ("Offered: version {offered}. The server listed: {versions}. Versions marked as greased stand there only to "
        "keep clients honest."),
    match_version_negotiation,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Update whichever side is older.") } },
  { "post-quantum-hello-blocked",
    QS_SEVERITY_ERROR,
    "RFC 9001 section 4.3",
    N_ ("{host} cannot take a ClientHello that fills two datagrams."),
    N_ ("With a post-quantum key share there was silence, with X25519 alone it answered. The server, or a middlebox "
        "before it, expects the whole ClientHello in the first datagram. Loss can look the same once."),
    match_post_quantum_blocked,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_UNKNOWN,
    { N_ ("Try it again to be sure."), N_ ("Update the server or the middlebox."),
      N_ ("Offer X25519 alone: that avoids it.") } },
  { "silent-after-ack",
    QS_SEVERITY_ERROR,
    "RFC 9001 section 4.8",
    N_ ("{host} confirmed the first packet and has said nothing else since, for {time}."),
    N_ ("It speaks QUIC and stopped before its ServerHello. Some servers do that in place of an alert where they do "
        "not like the application protocol (offered: {offered}) or the server name (sent: {sni}); or it is frozen."),
    match_silent_after_ack,
    QS_CERTAINTY_POSSIBLE,
    QS_PARTY_UNKNOWN,
    { N_ ("Try another application protocol, and the name that the server is configured for."),
      N_ ("Look at the server's log.") } },
  { "tls-alert",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 6",
    N_ ("{who} ended the handshake with the TLS alert {name}."),
    N_ ("{meaning} {reason}"),
    match_alert,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Look at the log of the other side, it says more.") } },
  { "retry", QS_SEVERITY_INFO, "RFC 9000 section 8.1.2", N_ ("{host} checked the client's address with a Retry."),
    N_ ("The handshake took one round trip more: the server wants to see that the client really is at its address. "
        "Servers do that always, or under load."),
    match_retry, QS_CERTAINTY_PROVED, QS_PARTY_SERVER },
  { "hello-retry",
    QS_SEVERITY_INFO,
    "RFC 9846 section 4.2.4",
    N_ ("{host} asked for another key exchange group (HelloRetryRequest)."),
    N_ ("It wants {group}, for which the first ClientHello had no key share. That costs one round trip."),
    match_hello_retry,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Offer that group first: it saves the round trip.") } },
  { "post-quantum-hello", QS_SEVERITY_INFO, "RFC 9001 section 4.3",
    N_ ("The ClientHello filled two datagrams because of its post-quantum key share."),
    N_ ("It has {bytes} bytes. That is in order; some old servers and middleboxes cannot take it and stay silent."),
    match_post_quantum, QS_CERTAINTY_PROVED, QS_PARTY_CLIENT },
  { NULL },
};
