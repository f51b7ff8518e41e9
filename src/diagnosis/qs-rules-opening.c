/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about a handshake's beginning: versions, Retry and its token, a second hello, a hello of two datagrams, silence after it; and
 * alerts that have no row of their own. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-rule.h"
#include "diagnosis/qs-spread.h"
#include "wire/qs-names.h"

#define MOST_HELLOS 16                                           /* messages that are looked at for them */
#define SILENCE_WITH_HYBRID (G_GINT64_CONSTANT (1) * 1000000000) /* ns: less is no silence */

/* Whose each listed version is. */
static char *
families_text (const QsEvidence *evidence)
{
  static const struct {
    guint32 mask, value;
    const char *words;
  } families[] = {
    { 0xff000000, 0x51000000, N_ ("gQUIC (Google's, before the standard)") },
    { 0xff000000, 0x54000000, N_ ("gQUIC with TLS (Google's, before the standard)") },
    { 0xfffff000, 0xfaceb000, N_ ("mvfst (Facebook's)") },
    { 0xffffff00, 0xff000000, N_ ("drafts of the IETF") },
    { 0x0f0f0f0f, 0x0a0a0a0a, N_ ("greased ones, which do not exist") },
    { 0xffffffff, 0x00000001, N_ ("version 1 (RFC 9000)") },
    { 0xffffffff, 0x6b3343cf, N_ ("version 2 (RFC 9369)") },
  };
  g_autoptr (GArray) versions = qs_evidence_dup_versions (evidence);
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      gboolean any = FALSE;
      for (guint j = 0; versions != NULL && j < versions->len; j++)
        any |= (g_array_index (versions, guint32, j) & families[i].mask) == families[i].value;
      if (any)
        g_ptr_array_add (words, (gpointer) _ (families[i].words));
    }
  if (words->len == 0)
    return NULL;
  g_ptr_array_add (words, NULL);
  g_autofree char *joined = g_strjoinv (", ", (char **) words->pdata);
  return g_strdup_printf (_ ("That is: %s."), joined);
}

static gboolean
is_version_list_void (const QsEvidence *evidence)
{
  return evidence->version_list.lists_offered || evidence->version_list.ids_differ;
}

static void
set_versions (const QsEvidence *evidence, QsMatch *match)
{
  match->packet = evidence->packets.version_negotiation;
  qs_match_take (match, "versions", qs_evidence_versions_text (evidence));
  qs_match_take (match, "offered", qs_quic_version_name (evidence->packets.version));
  qs_match_take (match, "families", families_text (evidence));
}

static gboolean
match_version_list_void (const QsEvidence *evidence, QsMatch *match)
{
  if (evidence->packets.version_negotiation < 0 || !is_version_list_void (evidence))
    return FALSE;
  set_versions (evidence, match);
  if (!evidence->version_list.lists_offered)
    match->detail =
        N_ ("Its connection ids are not those of the client's packet, swapped. A client has to ignore such a list, "
            "and it did: anybody could have made it up. The server listed: {versions}.");
  if (qs_evidence_is_connected (evidence))
    match->severity = QS_SEVERITY_WARNING;
  else if (!evidence->failed && !evidence->live)
    match->severity = QS_SEVERITY_WARNING;
  return TRUE;
}

static gboolean
match_version_negotiation (const QsEvidence *evidence, QsMatch *match)
{
  if (evidence->packets.version_negotiation < 0 || is_version_list_void (evidence))
    return FALSE;
  set_versions (evidence, match);
  if (evidence->failed || (evidence->ended && !qs_evidence_is_connected (evidence)))
    return TRUE;
  static const char *const none[] = { NULL };
  match->severity = QS_SEVERITY_INFO;
  match->tries = none;
  match->title = N_ ("{host} answered with Version Negotiation first.");
  if (qs_evidence_is_connected (evidence))
    match->detail =
        N_ ("It did not take QUIC version {offered} and listed these: {versions}. The client went on with a "
            "version that both know, at the price of one round trip.");
  else
    match->detail = N_ ("It did not take QUIC version {offered} and listed these: {versions}. {families}");
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

  if (!close->known || close->by_us || close->application || close->code != 0x0b || qs_spread_find (evidence, NULL))
    return FALSE; /* of a server that did not send it: see datagrams-spread */
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
  match->packet = evidence->hello_retry->packet;
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
  match->packet = evidence->client_hello->packet;
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
  match->packet = hello->packet;
  qs_match_number (match, "bytes", g_bytes_get_size (hello->bytes));
  return TRUE;
}

static gboolean
match_silent_after_ack (const QsEvidence *evidence, QsMatch *match)
{
  const QsPacketFacts *packets = &evidence->packets;

  if (!qs_evidence_is_acknowledged_alone (evidence))
    return FALSE;
  /* Servers go on acknowledging the client's probes: what counts is how long nothing else came. */
  gint64 silence = evidence->now - qs_trace_get_packet (evidence->trace, (guint) packets->first_initial_in)->time;
  if (silence < QS_NO_REPLY_AFTER)
    return FALSE;
  match->packet = packets->first_initial_in;
  qs_match_take (match, "time", qs_text_duration (silence));
  qs_match_set (match, "offered",
                evidence->offered_alpn != NULL ? evidence->offered_alpn : _ ("nothing that could be seen"));
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
  if (evidence->close.by_us && evidence->call != NULL && evidence->call->text != NULL)
    {
      static const char *const own[] = { N_ ("Look at the message before the alert: it is what this side refused."),
                                         NULL };
      qs_match_take (match, "stack", g_strdup_printf (_ ("Its TLS library says: “%s”."), evidence->call->text));
      qs_match_add_mark (match, evidence, evidence->call, NULL);
      match->tries = own;
    }
  gboolean may_be_echo = qs_evidence_close_may_be_echo (evidence);
  /* Of a recording that lacks the hello, or bytes behind it, nobody knows whether the handshake was over. */
  gboolean unknown = evidence->tls && !evidence->live && evidence->handshake_done < 0 &&
                     (evidence->client_hello == NULL || evidence->lacks_bytes);
  if (evidence->handshake_done >= 0 || may_be_echo || unknown)
    match->title = N_ ("{who} ended the connection with the TLS alert {name}.");
  if ((evidence->ended && !evidence->failed) || may_be_echo || unknown)
    match->severity = QS_SEVERITY_WARNING;
  return TRUE;
}

const QsRule qs_rules_opening[] = {
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
  { "version-negotiation-invalid",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 6.2",
    N_ ("{host} answered with a Version Negotiation that counts for nothing."),
    N_ ("It lists version {offered}, the very one that was offered. A client has to ignore such a list, and it did: "
        "anybody "
        "could have made it up. The server listed: {versions}."),
    match_version_list_void,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Look at what makes these packets: a defect of the server or of something before it.") } },
  { "version-negotiation",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 6",
    N_ ("{host} and this client have no common version of QUIC."),
    N_ ("Offered: version {offered}. The server listed: {versions}. {families}"),
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
        "not like the application protocol (offered: {offered}) or the server name (sent: {sni}); or it is frozen. A "
        "path that "
        "loses what is as large as a ServerHello and a certificate on the way back looks the same."),
    match_silent_after_ack,
    QS_CERTAINTY_POSSIBLE,
    QS_PARTY_UNKNOWN,
    { N_ ("Try another application protocol, and the name that the server is configured for."),
      N_ ("Look at the server's log: whether it has answered tells the server from the path."),
      N_ ("Try from another network, and send large packets that are answered (ping -s 1172).") } },
  { "tls-alert",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 6",
    N_ ("{who} ended the handshake with the TLS alert {name}."),
    N_ ("{meaning} {reason} {stack}"),
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
