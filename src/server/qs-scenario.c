/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-scenario-private.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-similar.h"
#include "base/qs-text.h"

/* What a scenario decides. Two that decide the same exclude each other. */
typedef enum {
  DECIDES_RETRY = 1 << 0,
  DECIDES_CERTIFICATE = 1 << 1,
  DECIDES_HELLO = 1 << 2, /* what becomes of ClientHello */
  DECIDES_GROUPS = 1 << 3,
  DECIDES_WITHIN = 1 << 4, /* what becomes of streams */
  DECIDES_WIRE = 1 << 5,   /* what becomes of datagrams */
  DECIDES_TCP = 1 << 6,
  DECIDES_IDLE = 1 << 7,
  DECIDES_CLIENT = 1 << 8,  /* whether a client certificate is wanted */
  DECIDES_PATH = 1 << 9,    /* what the path is like */
  DECIDES_WHEN = 1 << 10,   /* when ClientHello is answered */
  DECIDES_ANSWER = 1 << 11, /* what requests are answered */
} Decides;

typedef struct {
  QsScenario scenario;
  guint decides;
  QsBehaviour behaviour;
} Row;

static const char *const no_alpn[] = { "quicscope-lab", NULL };
static const char *const http3_first[] = { "h3", "hq-interop", "http/1.0", "http/1.1", NULL };

/* Names and findings are read by programs; failures that a client sees are named as the diagnosis names them. */
static const Row rows[] = {
  { { "echo", N_ ("Plain echo"),
      N_ ("A handshake in one round trip after Retry; what a stream sends comes back on it."), NULL },
    0,
    { 0 } },
  { { "retry", N_ ("Address validation by Retry"),
      N_ ("The first Initial is answered by Retry; the second one carries its token. One round trip more."), "retry" },
    DECIDES_RETRY,
    { .retry_on = TRUE } },
  { { "no-retry", N_ ("No address validation"),
      N_ ("The first Initial is answered by ServerHello: the whole handshake takes one round trip."), NULL },
    DECIDES_RETRY,
    { .retry_off = TRUE } },
  { { "expired", N_ ("Expired certificate"),
      N_ ("The client refuses the certificate and closes with certificate_expired."), "certificate-expired" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_EXPIRED } },
  { { "not-yet-valid", N_ ("Certificate that is not valid yet"),
      N_ ("Either the server was set up too early or a clock is wrong."), "certificate-not-yet-valid" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_NOT_YET_VALID } },
  { { "wrong-name", N_ ("Certificate for another name"),
      N_ ("The chain is good, but the certificate is for elsewhere.example."), "certificate-name-mismatch" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_WRONG_NAME } },
  { { "self-signed", N_ ("Self-signed certificate"), N_ ("The certificate vouches for itself; nobody else does."),
      "certificate-self-signed" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_SELF_SIGNED } },
  { { "unknown-ca", N_ ("Certificate of an unknown authority"),
      N_ ("The chain is whole, but it ends at a root that the client does not trust."), "certificate-unknown-ca" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_UNKNOWN_CA } },
  { { "incomplete-chain", N_ ("Intermediate certificate left out"),
      N_ ("The root is trusted, but nothing leads from the certificate to it."), "certificate-incomplete-chain" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_INCOMPLETE_CHAIN } },
  { { "weak", N_ ("Certificate with a weak key"), N_ ("An RSA key of 1024 bits: the client refuses it."),
      "certificate-weak" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_WEAK } },
  { { "ca-expired", N_ ("Expired intermediate certificate"),
      N_ ("The server's own certificate is good; the one of the authority that issued it has expired."),
      "certificate-ca-expired" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_CA_EXPIRED } },
  { { "ca-not-allowed", N_ ("Certificate issued by a server"),
      N_ ("The certificate is signed with the key of another server's, which is not an authority."),
      "certificate-ca-not-allowed" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_CA_NOT_ALLOWED } },
  { { "name-constraints", N_ ("Authority for other names"),
      N_ ("The authority may sign only for names below corp.example, and the certificate is for this server."),
      "certificate-name-constraints" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_NAME_CONSTRAINTS } },
  { { "no-alternative-name", N_ ("Certificate without alternative names"),
      N_ ("The name stands in the subject alone: OpenSSL still takes that, browsers and Go do not."),
      "certificate-no-alternative-name" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_NO_ALT_NAME } },
  { { "must-staple", N_ ("OCSP answer missing"),
      N_ ("The certificate says that its server always staples an OCSP answer, and the server does not."),
      "certificate-must-staple" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_MUST_STAPLE } },
  { { "stapled", N_ ("OCSP answer stapled"),
      N_ ("The same certificate with the answer that it demands: the Security page shows it."), NULL },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_STAPLED } },
  { { "stale-staple", N_ ("OCSP answer that ran out"),
      N_ ("The server staples an answer that should have been fetched anew two days ago."),
      "certificate-staple-unusable" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_STALE_STAPLE } },
  { { "revoked-staple", N_ ("OCSP answer: revoked"),
      N_ ("The server staples the proof that its own certificate was revoked. OpenSSL does not look at it."),
      "certificate-revoked" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_REVOKED_STAPLE } },
  { { "key-usage", N_ ("Certificate that may not sign"),
      N_ ("Its key usage leaves out the signature that each handshake of TLS 1.3 needs: browsers and GnuTLS refuse "
          "it."),
      "certificate-key-usage" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_NO_SIGNATURES } },
  { { "long-lived", N_ ("Certificate for three years"),
      N_ ("Longer than Apple's systems take, from whatever authority."), "certificate-lifetime" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_LONG_LIVED } },
  { { "chain-surplus", N_ ("Expired certificate sent along"),
      N_ ("The root is sent as an older root signed it, which has run out: this client does not need it, old ones may "
          "fail."),
      "certificate-chain-surplus" },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_CHAIN_SURPLUS } },
  { { "oversized-chain", N_ ("Oversized certificate chain"),
      N_ ("13 kB of certificates: the server's flight takes a dozen datagrams."), NULL },
    DECIDES_CERTIFICATE,
    { .leaf = QS_LEAF_OVERSIZED_CHAIN } },
  { { "amplification", N_ ("Amplification limit"),
      N_ ("No Retry, a large chain, a path of 20 ms: the server stops at three times what it got and waits."),
      "amplification-blocked" },
    DECIDES_CERTIFICATE | DECIDES_RETRY | DECIDES_PATH,
    { .leaf = QS_LEAF_OVERSIZED_CHAIN, .retry_off = TRUE, .path = "delay=10ms" } },
  { { "client-certificate", N_ ("Client certificate wanted"),
      N_ ("The client believes the handshake complete, then the server refuses it."), "client-certificate-required" },
    DECIDES_CLIENT,
    { .want_client_certificate = TRUE } },
  { { "alpn-mismatch", N_ ("No common application protocol"),
      N_ ("The server speaks none of the protocols that ClientHello offers."), "alpn-mismatch" },
    DECIDES_HELLO,
    { .alpn = no_alpn } },
  { { "no-common-group", N_ ("No common key exchange group"),
      N_ ("The server takes brainpoolP512r1tls13 alone, which no client offers by itself."), "no-common-parameters" },
    DECIDES_GROUPS,
    { .groups = "brainpoolP512r1tls13" } },
  { { "hello-retry-request", N_ ("HelloRetryRequest"),
      N_ ("The server wants P-384, for which ClientHello has no key share: a second ClientHello follows."),
      "hello-retry" },
    DECIDES_GROUPS,
    { .groups = "P-384" } },
  { { "sni-unknown", N_ ("Server name unknown"), N_ ("The server has no site of the name that was asked for."),
      "sni-unknown" },
    DECIDES_HELLO,
    { .refuse_names = TRUE } },
  { { "server-error-alert", N_ ("Server error"), N_ ("The server answers ClientHello with the alert internal_error."),
      "tls-internal-error" },
    DECIDES_HELLO,
    { .hello_alert = 80 } },
  { { "silent-after-ack", N_ ("Silent after the first acknowledgement"),
      N_ ("The server acknowledges ClientHello and never answers it."), "silent-after-ack" },
    DECIDES_HELLO | DECIDES_WHEN,
    { .hold_hello = TRUE } },
  { { "slow-handshake", N_ ("Slow handshake"),
      N_ ("ClientHello is acknowledged at once and answered after 1.5 seconds."), NULL },
    DECIDES_WHEN,
    { .hello_delay_ms = 1500 } },
  { { "stream-reset", N_ ("Stream reset"),
      N_ ("The first stream is reset with code 0x42. The connection lives, and a second stream works."),
      "stream-reset" },
    DECIDES_WITHIN,
    { .within = QS_WITHIN_RESET, .stream_code = 0x42 } },
  { { "stop-sending", N_ ("Stop sending"),
      N_ ("Every stream is refused: STOP_SENDING and RESET_STREAM with code 0x43."), "stream-reset" },
    DECIDES_WITHIN,
    { .within = QS_WITHIN_REFUSE, .stream_code = 0x43 } },
  { { "application-close", N_ ("Application close with a reason"),
      N_ ("The first stream makes the server close with code 0x1234; the reason tries to be more than text."),
      "closed-by-peer" },
    DECIDES_WITHIN,
    { .within = QS_WITHIN_CLOSE, .close_code = 0x1234, .close_reason = "go away \033[31m<b>now</b>" } },
  { { "slow", N_ ("Slow server"), N_ ("Answers and echoes trickle: 16 bytes every 100 ms."), NULL },
    DECIDES_WITHIN,
    { .within = QS_WITHIN_SLOW } },
  { { "large-response", N_ ("Large response"),
      N_ ("64 MiB whatever is asked for: flow control and congestion at work."), NULL },
    DECIDES_WITHIN,
    { .within = QS_WITHIN_LARGE } },
  { { "flow-control-stall", N_ ("Server that never reads"),
      N_ ("Nothing is read: a client that writes stops when the window of 512 KiB is full."), "timeout" },
    DECIDES_WITHIN,
    { .within = QS_WITHIN_STALL } },
  { { "key-update", N_ ("Key update"), N_ ("The server updates its keys before it answers: the key phase bit turns."),
      NULL },
    DECIDES_WITHIN,
    { .within = QS_WITHIN_KEY_UPDATE } },
  { { "http-error", N_ ("Answer of 503"),
      N_ ("All is in order but the answer: status 503, as of a proxy that has no server behind it."), "http-status" },
    DECIDES_ANSWER,
    { .alpn = http3_first, .answer = { .status = 503 } } },
  { { "redirect", N_ ("Redirect"), N_ ("Every path is answered with status 301 and a Location."), "http-status" },
    DECIDES_ANSWER,
    { .alpn = http3_first, .answer = { .status = 301, .location = "https://elsewhere.example/" } } },
  { { "misdirected", N_ ("Misdirected request"),
      N_ ("Status 421: the connection was made for another name than the one that is asked for."), "http-status" },
    DECIDES_ANSWER,
    { .alpn = http3_first, .answer = { .status = 421 } } },
  { { "answer-cut-short", N_ ("Answer cut short"),
      N_ ("The answer says that it has 1000 bytes, and its stream ends after nine."), "answer-cut-short" },
    DECIDES_ANSWER,
    { .alpn = http3_first, .answer = { .cut = TRUE } } },
  { { "http3-malformed", N_ ("Malformed answer of HTTP/3"),
      N_ ("The answer has the header field Connection, which only HTTP/1.1 has: the client must not take it."),
      "http3-malformed" },
    DECIDES_ANSWER,
    { .alpn = http3_first, .http3 = QS_HTTP3_FAULT_FIELD } },
  { { "http3-protocol-error", N_ ("Rule of HTTP/3 broken"),
      N_ ("DATA comes before HEADERS: the client closes the connection with H3_FRAME_UNEXPECTED."),
      "http3-protocol-error" },
    DECIDES_ANSWER,
    { .alpn = http3_first, .http3 = QS_HTTP3_FAULT_DATA_FIRST } },
  { { "http3-interim-flood", N_ ("Interim answers without an end"),
      N_ ("Status 103 again and again, at full speed, and never an answer: no progress, however much comes."),
      "timeout" },
    DECIDES_ANSWER,
    { .alpn = http3_first, .http3 = QS_HTTP3_FAULT_INTERIM } },
  { { "http3-empty-data", N_ ("An answer of nothing, without an end"),
      N_ ("A head, then DATA frames without a byte in them, at full speed: no progress."), "timeout" },
    DECIDES_ANSWER,
    { .alpn = http3_first, .http3 = QS_HTTP3_FAULT_EMPTY_DATA } },
  { { "http3-large-head", N_ ("Header fields without an end"),
      N_ ("A head that never ends: the client reads 64 KiB of it and gives up."), "http-malformed" },
    DECIDES_ANSWER,
    { .alpn = http3_first, .http3 = QS_HTTP3_FAULT_LARGE_HEAD } },
  { { "goaway", N_ ("Server that is going away"),
      N_ ("GOAWAY in place of an answer, which names the request as one that is not served: the client may ask again."),
      "goaway" },
    DECIDES_ANSWER,
    { .alpn = http3_first, .http3 = QS_HTTP3_FAULT_GOAWAY } },
  { { "no-reply", N_ ("Server that does not answer"),
      N_ ("No datagram is answered, as behind a filter. TCP on the same port works."), "no-reply" },
    DECIDES_WIRE,
    { .wire = QS_WIRE_NO_REPLY } },
  { { "reply-from-elsewhere", N_ ("Answers from another address"),
      N_ ("What is sent to the server is answered from another loopback address, as by one that is bound to the "
          "wildcard of a "
          "host with several addresses: no client takes that."),
      "reply-from-elsewhere", TRUE },
    DECIDES_WIRE,
    { .answers_elsewhere = TRUE } },
  { { "version-negotiation", N_ ("Version Negotiation"),
      N_ ("The server speaks version 2 and a greased one only: the client has to give up."), "version-negotiation" },
    DECIDES_WIRE,
    { .wire = QS_WIRE_VERSION_NEGOTIATION } },
  { { "transport-error", N_ ("Transport error close"),
      N_ ("The first Initial is answered by CONNECTION_CLOSE with PROTOCOL_VIOLATION."), "protocol-error" },
    DECIDES_WIRE,
    { .wire = QS_WIRE_INITIAL_CLOSE, .wire_code = 0x0a, .wire_reason = "as the lab was told" } },
  { { "server-busy", N_ ("Server's internal error"),
      N_ ("The first Initial is answered by CONNECTION_CLOSE with INTERNAL_ERROR."), "server-internal-error" },
    DECIDES_WIRE,
    { .wire = QS_WIRE_INITIAL_CLOSE, .wire_code = 0x01, .wire_reason = "out of everything" } },
  { { "tls-too-old", N_ ("No TLS 1.3"), N_ ("The server closes with the alert protocol_version."), "tls-too-old" },
    DECIDES_WIRE,
    { .wire = QS_WIRE_INITIAL_CLOSE, .wire_code = 0x146 } },
  { { "not-quic-tls", N_ ("Transport parameters missed"),
      N_ ("The server closes with the alert missing_extension, as if the client's TLS were not QUIC's."),
      "not-quic-tls" },
    DECIDES_WIRE,
    { .wire = QS_WIRE_INITIAL_CLOSE, .wire_code = 0x16d } },
  { { "ech-required", N_ ("Encrypted ClientHello demanded"),
      N_ ("The server closes with the alert ech_required, which is a client's (RFC 9849)."), "ech-required" },
    DECIDES_WIRE,
    { .wire = QS_WIRE_INITIAL_CLOSE, .wire_code = 0x179 } },
  { { "retry-token-rejected", N_ ("Retry token rejected"),
      N_ ("The server sends Retry and then closes with INVALID_TOKEN when its own token comes back."),
      "retry-token-rejected" },
    DECIDES_WIRE | DECIDES_RETRY,
    { .wire = QS_WIRE_TOKEN_CLOSE, .retry_on = TRUE, .wire_code = 0x0b } },
  { { "server-initial-lost", N_ ("First datagram of the server lost"),
      N_ ("ServerHello is lost: Handshake packets arrive that cannot be decrypted yet, until it is sent again."),
      "server-initial-lost" },
    DECIDES_WIRE | DECIDES_RETRY,
    { .wire = QS_WIRE_SERVER_INITIAL_LOST, .retry_off = TRUE } },
  { { "large-hello-blocked", N_ ("Large ClientHello blocked"),
      N_ ("A ClientHello with a post-quantum key share takes two datagrams and is not heard; one with X25519 alone is "
          "answered."),
      "post-quantum-hello-blocked" },
    DECIDES_WIRE,
    { .wire = QS_WIRE_LARGE_HELLO_LOST } },
  { { "silence", N_ ("Connection dropped"),
      N_ ("From the end of the handshake on nothing gets in or out, as when a host or a link dies."), "timeout" },
    DECIDES_WIRE,
    { .wire = QS_WIRE_SILENCE } },
  { { "idle-timeout", N_ ("Idle timeout"),
      N_ ("The server offers an idle timeout of two seconds and falls silent after the handshake."), "idle-timeout" },
    DECIDES_WIRE | DECIDES_IDLE,
    { .wire = QS_WIRE_SILENCE, .idle_timeout_ms = 2000 } },
  { { "stateless-reset", N_ ("Stateless reset"),
      N_ ("The server gives the client a new connection id with a reset token, then has forgotten the connection."),
      "stateless-reset" },
    DECIDES_WIRE,
    { .wire = QS_WIRE_STATELESS_RESET } },
  { { "stream-limit", N_ ("Stream limit"),
      N_ ("With the client's first stream, the server opens as many streams as it may and says that it wanted one more "
          "(STREAMS_BLOCKED)."),
      "stream-limit" },
    DECIDES_WIRE,
    { .wire = QS_WIRE_STREAMS_BLOCKED } },
  { { "nat-rebinding", N_ ("NAT that forgets the client"),
      N_ ("After half a second the client's datagrams come from another port, as when a NAT on the way forgets a "
          "connection. OpenSSL's server sends on to the old one, where nobody is: the answer, due a second later, "
          "never "
          "arrives."),
      "timeout" },
    DECIDES_WITHIN | DECIDES_PATH,
    { .within = QS_WITHIN_LATE, .path = "rebind=500ms" } },
  { { "shared-socket", N_ ("Connections that share a socket"),
      N_ ("The server connects to itself three times over its own UDP socket: connection ids alone tell them apart."),
      NULL },
    0,
    { .own_clients = TRUE } },
  { { "tcp-plain", N_ ("No TLS on the TCP port"),
      N_ ("For a target of tls://: the server answers with text that is not TLS."), "plain-tcp" },
    DECIDES_TCP,
    { .tcp = QS_TCP_PLAIN } },
  { { "tcp-alt-svc", N_ ("HTTP/3 advertised"),
      N_ ("For a target of tls://: answers have an Alt-Svc that names HTTP/3 on the same port, where it works."),
      "alt-svc" },
    DECIDES_TCP | DECIDES_ANSWER,
    { .advertises = TRUE } },
  { { "tcp-alt-svc-dead", N_ ("HTTP/3 advertised and dead"),
      N_ ("For a target of tls://: answers have an Alt-Svc that names HTTP/3 on the same port, where UDP is not "
          "answered."),
      "alt-svc-dead" },
    DECIDES_TCP | DECIDES_ANSWER | DECIDES_WIRE,
    { .advertises = TRUE, .wire = QS_WIRE_NO_REPLY } },
  { { "tcp-reset", N_ ("TCP connections reset"), N_ ("For a target of tls://: the server accepts and resets at once."),
      "connection-reset" },
    DECIDES_TCP,
    { .tcp = QS_TCP_RESET } },
  { { "resumption", N_ ("Session resumption"),
      N_ ("The server gives out session tickets. Probe it twice: the second handshake resumes and needs no certificate "
          "(quicprobe: --session=FILE)."),
      NULL },
    0,
    { 0 } },
};

const QsScenario *
qs_scenarios (guint *n_scenarios)
{
  static gsize once;
  static QsScenario scenarios[G_N_ELEMENTS (rows)];

  if (g_once_init_enter (&once))
    {
      for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        scenarios[i] = rows[i].scenario;
      g_once_init_leave (&once, 1);
    }
  *n_scenarios = G_N_ELEMENTS (rows);
  return scenarios;
}

const QsScenario *
qs_scenario_find (const char *name)
{
  guint n;
  const QsScenario *scenarios = qs_scenarios (&n);

  for (guint i = 0; i < n; i++)
    if (g_str_equal (scenarios[i].name, name))
      return &scenarios[i];
  return NULL;
}

static const Row *
find_row (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_str_equal (rows[i].scenario.name, name))
      return &rows[i];
  return NULL;
}

const char *
qs_scenario_get_scheme (const QsScenario *scenario)
{
  g_return_val_if_fail (scenario != NULL, NULL);

  return (find_row (scenario->name)->decides & DECIDES_TCP) != 0 ? "tls" : "quic";
}

const char *
qs_scenario_expect (const QsScenario *scenario, const QsImpairment *path)
{
  g_return_val_if_fail (scenario != NULL, NULL);

  gboolean over_udp = g_str_equal (qs_scenario_get_scheme (scenario), "quic");
  return path != NULL && over_udp && qs_impairment_blocks_all (path) ? "no-reply" : scenario->finding;
}

#define TAKE(member) \
  if (from->member)  \
  to->member = from->member

static void
merge (QsBehaviour *to, const QsBehaviour *from)
{
  TAKE (retry_on);
  TAKE (retry_off);
  TAKE (leaf);
  TAKE (groups);
  TAKE (alpn);
  TAKE (want_client_certificate);
  TAKE (refuse_names);
  TAKE (hello_alert);
  TAKE (hold_hello);
  TAKE (hello_delay_ms);
  TAKE (idle_timeout_ms);
  TAKE (own_clients);
  TAKE (answers_elsewhere);
  TAKE (within);
  TAKE (stream_code);
  TAKE (close_code);
  TAKE (close_reason);
  TAKE (wire);
  TAKE (wire_code);
  TAKE (wire_reason);
  TAKE (tcp);
  TAKE (answer.status);
  TAKE (answer.location);
  TAKE (answer.cut);
  TAKE (advertises);
  TAKE (http3);
  TAKE (path);
}

static gboolean
exclude_each_other (const Row *row, const char *const *names, guint before, GError **error)
{
  for (guint i = 0; i < before; i++)
    {
      const Row *other = find_row (names[i]);
      if ((other->decides & row->decides) == 0)
        continue;
      g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                   _ ("The scenarios “%s” and “%s” exclude each other: both decide the same thing; choose one"),
                   other->scenario.name, row->scenario.name);
      return TRUE;
    }
  return FALSE;
}

/* All that share a word with it, as "retry" does; else the nearest one. NULL: nothing is like it. */
static char *
find_candidates (const char *name)
{
  g_autoptr (GString) found = g_string_new (NULL);
  QsSimilar similar;

  qs_similar_init (&similar, name);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      qs_similar_add (&similar, rows[i].scenario.name);
      if (strlen (name) >= 4 && strstr (rows[i].scenario.name, name) != NULL)
        g_string_append_printf (found, "%s%s", found->len > 0 ? ", " : "", rows[i].scenario.name);
    }
  if (found->len == 0 && similar.best != NULL)
    g_string_append (found, similar.best);
  return found->len > 0 ? g_strdup (found->str) : NULL;
}

static void
refuse_unknown (const char *name, GError **error)
{
  g_autofree char *shown = qs_text_escape_short (name, -1, 40);
  g_autofree char *candidates = find_candidates (name);

  if (candidates != NULL)
    g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                 _ ("There is no scenario “%s”. Did you mean: %s? “quicserve --list-scenarios” names them all"), shown,
                 candidates);
  else
    g_set_error (error, QS_ERROR, QS_ERROR_INVALID_TARGET,
                 _ ("There is no scenario “%s”; “quicserve --list-scenarios” names them all"), shown);
}

gboolean
qs_scenarios_combine (const char *const *names, QsBehaviour *behaviour, GError **error)
{
  *behaviour = (QsBehaviour){ 0 };
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      const Row *row = find_row (names[i]);
      if (row == NULL)
        {
          refuse_unknown (names[i], error);
          return FALSE;
        }
      if (exclude_each_other (row, names, i, error))
        return FALSE;
      merge (behaviour, &row->behaviour);
    }
  return TRUE;
}
