/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe/qs-experiment-table.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-choice.h"
#include "diagnosis/qs-finding.h"
#include "diagnosis/qs-spread.h"
#include "engine/qs-ssl-wide.h"

#define QUIC (1u << QS_TRANSPORT_QUIC)
#define TLS (1u << QS_TRANSPORT_TLS)

#define CLASSICAL_GROUPS "X25519:P-256:P-384"
/* An ML-KEM-768 key share beside X25519's is 1216 bytes long (RFC 9794's hybrids). */
#define HYBRID_BYTES 1220

/* --- One thing changed --- */

static gboolean
offers_hybrid (const QsProbeOptions *options)
{
  return options->groups == NULL || strstr (options->groups, "MLKEM") != NULL;
}

static void
set_text (char **to, const char *text)
{
  g_free (*to);
  *to = g_strdup (text);
}

static gboolean
change_groups (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  if (!offers_hybrid (options))
    return FALSE;
  set_text (&options->groups, CLASSICAL_GROUPS);
  return TRUE;
}

static gboolean
change_padding (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  if (!change_groups (run, argument, options, target))
    return FALSE;
  options->padding = HYBRID_BYTES;
  return TRUE;
}

/* Whoever deals out datagrams one by one gives the second to another server, and both have a whole ClientHello. */
static gboolean
change_to_twice (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  if (options->impairment != NULL || !change_groups (run, argument, options, target))
    return FALSE;
  /* The copy leaves a millisecond later: what is held back for longer is answered behind it, so that nothing comes between the two. */
  set_text (&options->impairment, "up:duplicate=100%,down:delay=10ms");
  options->keep_open = TRUE; /* the other one may be slower: it is waited for as long as there is time */
  return TRUE;
}

/* What somebody chose to offer, and no more, may be too little. */
static gboolean
change_to_usual (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  gboolean narrowed = options->groups != NULL || options->ciphersuites != NULL;

  g_clear_pointer (&options->groups, g_free);
  g_clear_pointer (&options->ciphersuites, g_free);
  return narrowed;
}

/* A control: what else was changed before proves nothing where the same is answered now. */
static gboolean
change_nothing (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  return TRUE;
}

static gboolean
change_alpn (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  const char *const *offered = (const char *const *) options->alpn;

  if (offered == NULL)
    offered = qs_target_get_default_alpn (qs_probe_get_target (run));
  if (argument == NULL ? offered == NULL || *offered == NULL : offered != NULL && g_strv_contains (offered, argument))
    return FALSE;
  g_strfreev (options->alpn);
  options->alpn = g_new0 (char *, 2);
  options->alpn[0] = g_strdup (argument);
  return TRUE;
}

static gboolean
change_sni (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  gboolean sent = options->sni != NULL ? *options->sni != '\0' : !qs_target_is_literal (qs_probe_get_target (run));

  set_text (&options->sni, "");
  return sent;
}

/* "www.example.net" for "example.net", and the other way round: the pair that is most often set up by half. */
static gboolean
change_to_other_name (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  QsTarget *asked = qs_probe_get_target (run);
  const char *name = options->sni != NULL ? options->sni : qs_target_get_host (asked);

  if (*name == '\0' || (options->sni == NULL && qs_target_is_literal (asked)) || strchr (name, '.') == NULL)
    return FALSE;
  g_autofree char *other = g_str_has_prefix (name, "www.") ? g_strdup (name + 4) : g_strconcat ("www.", name, NULL);
  set_text (&options->sni, other);
  return TRUE;
}

/* The run may have been told to use one family; the race tries both by itself. */
static gboolean
change_family (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  GSocketAddress *address = qs_probe_get_address (run);

  if (options->family == G_SOCKET_FAMILY_INVALID || address == NULL || qs_target_is_literal (qs_probe_get_target (run)))
    return FALSE;
  options->family =
      g_socket_address_get_family (address) == G_SOCKET_FAMILY_IPV6 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6;
  return TRUE;
}

static gboolean
change_transport (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  QsTarget *asked = qs_probe_get_target (run);
  const char *host = qs_target_get_host (asked);
  g_autofree char *text = g_strdup_printf (strchr (host, ':') != NULL ? "tls://[%s]:%u" : "tls://%s:%u", host,
                                           (guint) qs_target_get_port (asked));

  g_strfreev (options->alpn);
  options->alpn = g_strsplit ("h2,http/1.1", ",", -1);
  g_clear_pointer (&options->impairment, g_free); /* which is QUIC's */
  qs_target_unref (*target);
  *target = qs_target_new (text, NULL);
  return *target != NULL;
}

static gboolean
change_preface (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  options->proxy_header = TRUE;
  return TRUE;
}

/* The least that every path carries (RFC 9293 section 3.7.1). */
static gboolean
change_segments (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  options->max_segment = 536;
  return TRUE;
}

static gboolean
change_certificate (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  gboolean had = options->cert_file != NULL;

  g_clear_pointer (&options->cert_file, g_free);
  g_clear_pointer (&options->key_file, g_free);
  return had;
}

static gboolean
change_connection (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  return qs_probe_get_stage (run) == QS_STAGE_REQUEST;
}

/* One that most sites have, or that they answer by themselves that they have not. */
static gboolean
change_page (QsProbe *run, const char *argument, QsProbeOptions *options, QsTarget **target)
{
  QsTarget *asked = qs_probe_get_target (run);
  const char *path = qs_target_get_path (asked);

  if (qs_probe_get_stage (run) != QS_STAGE_REQUEST || path == NULL || g_str_equal (path, argument))
    return FALSE;
  const char *shown = qs_target_to_string (*target);
  g_autofree char *text = g_strconcat (shown, argument, NULL);
  qs_target_unref (*target);
  *target = qs_target_new (text, NULL);
  return *target != NULL;
}

/* --- What an attempt found --- */

static char *
certificate_names (const QsEvidence *attempt, const QsEvidence *run)
{
  if (attempt->chain->len == 0)
    return NULL;
  QsCertificate *certificate = attempt->chain->pdata[0];
  const char *const *names = qs_certificate_get_names (certificate);
  if (names == NULL || *names == NULL)
    return g_strdup (qs_certificate_get_subject (certificate));
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < 4 && names[i] != NULL; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", names[i]);
  return g_strdup (text->str);
}

static char *
attempt_address (const QsEvidence *attempt, const QsEvidence *run)
{
  return g_strdup (attempt->address);
}

static char *
sent_name (const QsEvidence *attempt, const QsEvidence *run)
{
  return g_strdup (attempt->sni != NULL ? attempt->sni : "");
}

static char *
taken_beyond (const QsEvidence *attempt, const QsEvidence *run)
{
  char *words = NULL;

  qs_choice_beyond (attempt, run, &words);
  return words != NULL ? words : g_strdup (_ ("nothing that could be seen"));
}

#define WIDE_ROW(name, over, choice, bits, yes, no)                                                                   \
  {                                                                                                                   \
    .id = name, .transports = over, .slot_ms = 600, .sign = QS_SIGN_HELLO, .after = "widest-offer", .lacks = choice,  \
    .wide = bits, .controlled = TRUE, .change = change_nothing, .answered = yes, .failed = no, .detail = taken_beyond \
  }

/* ...: more findings that call for it. */
#define ALPN_ROW(over, name, protocol, ...)                                                                   \
  {                                                                                                           \
    .id = "alpn-" name, .transports = over, .slot_ms = 500, .sign = QS_SIGN_EXTENSIONS, .argument = protocol, \
    .controlled = TRUE, .change = change_alpn, .answered = N_ ("It speaks %s."),                              \
    .failed = N_ ("With %s it is the same."), .findings = {                                                   \
      "alpn-mismatch",                                                                                        \
      "silent-after-ack",                                                                                     \
      "no-common-parameters",                                                                                 \
      "tls-internal-error",                                                                                   \
      __VA_ARGS__                                                                                             \
    }                                                                                                         \
  }

/* In the order in which they are made; at most five are. */
const QsExperimentRow qs_experiment_rows[] = {
  { .id = "unconnected-twin",
    .kind = QS_EXPERIMENT_TWIN,
    .transports = QUIC,
    .sign = QS_SIGN_ANYTHING,
    .decides = TRUE,
    .answered = N_ ("The answers come from %s, which was not asked."),
    .failed = N_ ("No other address answers in its place.") },
  { .id = "x25519-alone",
    .transports = QUIC | TLS,
    .slot_ms = 900,
    .sign = QS_SIGN_HELLO,
    .decides = TRUE,
    .change = change_groups,
    .answered = N_ ("With X25519 alone, in a ClientHello that is smaller, it answers."),
    .failed = N_ ("With X25519 alone it is the same: the post-quantum key share is not the cause."),
    .findings = { QS_STALLED_BEFORE_HELLO, "silent-after-ack", "no-common-parameters", "tls-alert",
                  "tls-internal-error", "connection-reset", "closed-in-handshake", "timeout", "failed",
                  "protocol-error" } },
  { .id = "each-twice",
    .transports = QUIC,
    .slot_ms = 600,
    .sign = QS_SIGN_TWO_SERVERS,
    .decides = TRUE,
    .after = "x25519-alone",
    .change = change_to_twice,
    .answered = N_ ("Of one small ClientHello that was sent twice, two servers took one each."),
    .failed = N_ ("A small ClientHello that was sent twice was answered by one server alone."),
    .findings = { "x25519-alone" } },
  { .id = "two-at-once",
    .kind = QS_EXPERIMENT_VERSIONS,
    .transports = QUIC,
    .slot_ms = 400,
    .sign = QS_SIGN_ANYTHING,
    .after = "x25519-alone",
    .argument = "1200",
    .pair = TRUE,
    .answered = N_ ("Two datagrams of 1200 bytes at once are both answered: it is not how many come at once."),
    .failed = N_ ("Of two datagrams of 1200 bytes at once not both are answered."),
    .findings = { "x25519-alone" } },
  { .id = "padded-hello",
    .transports = QUIC | TLS,
    .slot_ms = 900,
    .sign = QS_SIGN_HELLO_AT_ONCE,
    .decides = TRUE,
    .after = "x25519-alone",
    .controlled = TRUE,
    .change = change_padding,
    .answered =
        N_ ("A ClientHello as large, with X25519 alone, is answered: its size gets through, so it is the post-quantum "
            "group that is refused."),
    .failed = N_ ("A ClientHello as large, with X25519 alone, fails as well: so it is not the group."),
    .findings = { "x25519-alone" } },
  { .id = "same-again",
    .transports = QUIC | TLS,
    .slot_ms = 900,
    .sign = QS_SIGN_HELLO,
    .control = TRUE,
    .change = change_nothing,
    .answered = N_ ("The same once more is answered now: what failed was a passing thing."),
    .failed = N_ ("The same once more fails again.") },
  { .id = "usual-offer",
    .transports = QUIC | TLS,
    .slot_ms = 900,
    .sign = QS_SIGN_HELLO,
    .decides = TRUE,
    .controlled = TRUE,
    .change = change_to_usual,
    .answered =
        N_ ("With this client's usual groups and cipher suites it answers: those that were offered are too few. "
            "Of what it took, this was not among them: %s."),
    .failed = N_ ("With this client's usual groups and cipher suites it is the same."),
    .detail = taken_beyond,
    .findings = { QS_STALLED_SILENT, QS_STALLED_BEFORE_HELLO, "no-common-parameters", "silent-after-ack", "tls-alert",
                  "no-reply", "timeout" } },
  { .id = "widest-offer",
    .transports = QUIC | TLS,
    .slot_ms = 600,
    .sign = QS_SIGN_HELLO,
    .decides = TRUE,
    .controlled = TRUE,
    .wide = QS_WIDE_GROUPS | QS_WIDE_SUITES | QS_WIDE_SIGNATURES | QS_WIDE_VERSIONS,
    .change = change_nothing,
    .answered = N_ ("With all groups, cipher suites, signature schemes and versions of TLS that this client has, it "
                    "answers. Of what it took, this was not offered at first: %s."),
    .failed = N_ ("With all groups, cipher suites, signature schemes and versions of TLS that this client has, it is "
                  "the same: none of these is the cause, as far as this client has them."),
    .detail = taken_beyond,
    .findings = { "no-common-parameters", "tls-alert", "connection-reset", "closed-in-handshake" } },
  WIDE_ROW ("every-group", QUIC | TLS, QS_CHOICE_GROUP, QS_WIDE_GROUPS,
            N_ ("With all groups that this client has, and nothing else changed, it answers, and takes what was not "
                "offered: %s."),
            N_ ("With all groups that this client has it is the same.")),
  WIDE_ROW ("every-cipher-suite", QUIC | TLS, QS_CHOICE_SUITE, QS_WIDE_SUITES,
            N_ ("With all cipher suites that this client has, and nothing else changed, it answers, and takes what was "
                "not offered: %s."),
            N_ ("With all cipher suites that this client has it is the same.")),
  WIDE_ROW ("every-signature-scheme", QUIC | TLS, QS_CHOICE_SIGNATURE, QS_WIDE_SIGNATURES,
            N_ ("With all signature schemes that this client has, and nothing else changed, it answers, and takes what "
                "was not offered: %s."),
            N_ ("With all signature schemes that this client has it is the same.")),
  { .id = "old-versions",
    .transports = TLS,
    .slot_ms = 600,
    .sign = QS_SIGN_HELLO,
    .decides = TRUE,
    .lacks = QS_CHOICE_VERSION,
    .wide = QS_WIDE_VERSIONS,
    .after = "widest-offer",
    .change = change_nothing,
    .answered = N_ ("With TLS 1.0 and 1.1 allowed, and nothing else changed, it answers, and takes what was not "
                    "offered: %s."),
    .failed = N_ ("With TLS 1.0 and 1.1 allowed it is the same."),
    .detail = taken_beyond,
    .findings = { "tls-too-old" } },
  ALPN_ROW (QUIC, "h3", "h3", QS_STALLED_ACKED),
  ALPN_ROW (QUIC, "hq-interop", "hq-interop"),
  ALPN_ROW (QUIC, "doq", "doq"),
  ALPN_ROW (TLS, "h2", "h2"),
  ALPN_ROW (TLS, "http-1.1", "http/1.1"),
  ALPN_ROW (TLS, "dot", "dot"),
  { .id = "small-segments",
    .transports = TLS,
    .slot_ms = 600,
    .sign = QS_SIGN_HELLO,
    .decides = TRUE,
    .controlled = TRUE,
    .change = change_segments,
    .answered = N_ ("With segments of 536 bytes it answers."),
    .failed = N_ ("With segments of 536 bytes it is the same: it is not their size."),
    .findings = { QS_STALLED_BEFORE_HELLO, "timeout" } },
  { .id = "no-sni",
    .transports = QUIC | TLS,
    .slot_ms = 600,
    .sign = QS_SIGN_HELLO,
    .controlled = TRUE,
    .change = change_sni,
    .answered = N_ ("Without a server name it answers, with a certificate for: %s."),
    .failed = N_ ("Without a server name it is the same."),
    .detail = certificate_names,
    .findings = { QS_STALLED_BEFORE_HELLO, "sni-unknown", "silent-after-ack", "tls-alert", "connection-reset",
                  "closed-in-handshake", "tls-internal-error", "timeout", "no-common-parameters" } },
  { .id = "proxy-header",
    .transports = TLS,
    .slot_ms = 600,
    .sign = QS_SIGN_HELLO,
    .decides = TRUE,
    .controlled = TRUE,
    .change = change_preface,
    .answered = N_ ("With a header of the PROXY protocol before it the ClientHello is answered."),
    .failed = N_ ("With a header of the PROXY protocol before it, it is the same."),
    .findings = { QS_STALLED_BEFORE_HELLO, "connection-reset", "closed-in-handshake", "timeout" } },
  { .id = "sni-other",
    .transports = QUIC | TLS,
    .slot_ms = 600,
    .sign = QS_SIGN_HELLO,
    .change = change_to_other_name,
    .answered = N_ ("Asked for %s it answers."),
    .failed = N_ ("Asked for %s it is the same."),
    .detail = sent_name,
    .findings = { "sni-unknown", "tls-internal-error" } },
  { .id = "no-client-certificate",
    .transports = QUIC | TLS,
    .slot_ms = 900,
    .sign = QS_SIGN_DONE,
    .change = change_certificate,
    .answered =
        N_ ("Without a certificate of the client's the handshake is completed: it is the certificate that is refused."),
    .failed = N_ ("Without a certificate of the client's it fails as well."),
    .findings = { "client-certificate-refused", "client-certificate-required", "tls-alert", "protocol-error" } },
  { .id = "another-connection",
    .transports = QUIC | TLS,
    .slot_ms = 900,
    .sign = QS_SIGN_DONE,
    .change = change_connection,
    .answered = N_ ("Another connection was made meanwhile, so the server lives."),
    .failed = N_ ("Another connection was not made any more: the server, or the way to it, is stuck."),
    .findings = { QS_STALLED_ANSWER } },
  { .id = "another-page",
    .transports = QUIC | TLS,
    .slot_ms = 1500,
    .sign = QS_SIGN_ANSWER,
    .change = change_page,
    .argument = "/robots.txt",
    .answered = N_ ("Another page (%s) was answered meanwhile."),
    .failed = N_ ("Another page (%s) was not answered in the time that was left either."),
    .findings = { QS_STALLED_ANSWER } },
  { .id = "version-grease",
    .kind = QS_EXPERIMENT_VERSIONS,
    .transports = QUIC,
    .slot_ms = 600,
    .sign = QS_SIGN_ANYTHING,
    .answered = N_ ("A QUIC server is there: it answered a version that does not exist with those that it has: %s."),
    .failed = N_ ("A version that does not exist is not answered either."),
    .findings = { QS_STALLED_SILENT, QS_STALLED_BEFORE_HELLO, "no-reply" } },
  { .id = "large-datagrams",
    .kind = QS_EXPERIMENT_VERSIONS,
    .transports = QUIC,
    .slot_ms = 400,
    .sign = QS_SIGN_ANYTHING,
    .argument = "1452",
    .answered = N_ ("A datagram of 1452 bytes reaches the server: it answered with versions: %s."),
    .failed = N_ ("A datagram of 1452 bytes is not answered."),
    .findings = { "mtu-black-hole", "mtu-too-small" } },
  { .id = "small-datagrams",
    .kind = QS_EXPERIMENT_VERSIONS,
    .transports = QUIC,
    .slot_ms = 400,
    .sign = QS_SIGN_ANYTHING,
    .argument = "600",
    .stray = 100,
    .answered = N_ ("Small datagrams are answered: %s."),
    .failed = N_ ("Small datagrams are not answered; a server need not do that."),
    .findings = { QS_STALLED_SILENT, "no-reply", "mtu-black-hole", "mtu-too-small" } },
  { .id = "large-stray",
    .kind = QS_EXPERIMENT_VERSIONS,
    .transports = QUIC,
    .slot_ms = 400,
    .sign = QS_SIGN_ANYTHING,
    .after = "small-datagrams",
    .argument = "1200",
    .stray = 1200,
    .answered = N_ ("One of 1200 bytes that looks like part of a connection is answered too: %s."),
    .failed = N_ ("One of 1200 bytes that looks like part of a connection is not answered.") },
  { .id = "other-address-family",
    .transports = QUIC | TLS,
    .slot_ms = 700,
    .sign = QS_SIGN_ANYTHING,
    .change = change_family,
    .answered = N_ ("The other family's address answers: %s."),
    .failed = N_ ("The other family's address does not answer either: %s."),
    .detail = attempt_address,
    .findings = { QS_STALLED_SILENT, "no-reply", "port-closed", "connection-refused", "unreachable" } },
  { .id = "tcp-tls",
    .transports = QUIC,
    .slot_ms = 700,
    .sign = QS_SIGN_HELLO,
    .change = change_transport,
    .answered = N_ ("TLS over TCP on the same port is answered, with a certificate for: %s."),
    .failed = N_ ("TLS over TCP on the same port is not answered either."),
    .detail = certificate_names,
    .findings = { QS_STALLED_SILENT, QS_STALLED_BEFORE_HELLO, "no-reply", "port-closed", "unreachable" } },
};

guint
qs_experiment_n_rows (void)
{
  return G_N_ELEMENTS (qs_experiment_rows);
}

gint
qs_experiment_find_row (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (qs_experiment_rows); i++)
    if (g_str_equal (qs_experiment_rows[i].id, id))
      return (gint) i;
  return -1;
}

gboolean
qs_experiment_row_has (const QsExperimentRow *row, const char *finding)
{
  for (guint i = 0; i < G_N_ELEMENTS (row->findings) && row->findings[i] != NULL; i++)
    if (g_str_equal (row->findings[i], finding))
      return TRUE;
  return FALSE;
}

/* A first flight is in two datagrams; what got through when it was sent again may have met the same obstacle and had
 * luck. Over TCP it is not for us to know. */
static gboolean
was_sent_again (const QsEvidence *attempt)
{
  guint n = 0, most = attempt->packets.retry >= 0 ? 4 : 2;

  for (guint i = 0; !attempt->tls && i < qs_trace_get_n_records (attempt->trace); i++)
    {
      QsRecord record;
      qs_trace_get_record (attempt->trace, i, &record);
      n += record.kind == QS_RECORD_DATAGRAM && record.direction == QS_DIRECTION_SENT &&
           record.time < attempt->server_hello->time;
    }
  return n > most;
}

static gboolean
is_in_table (const char *finding)
{
  for (guint i = 0; i < G_N_ELEMENTS (qs_experiment_rows); i++)
    if (qs_experiment_row_has (&qs_experiment_rows[i], finding))
      return TRUE;
  return FALSE;
}

gboolean
qs_experiment_add_causes (const QsEvidence *evidence, gboolean stalled, GPtrArray *causes)
{
  g_autoptr (GPtrArray) findings = qs_findings_new (evidence);
  gboolean known = FALSE;

  for (guint i = 0; i < findings->len; i++)
    {
      const QsFinding *finding = findings->pdata[i];
      if (finding->severity != QS_SEVERITY_ERROR)
        continue;
      g_ptr_array_add (causes, (gpointer) g_intern_string (finding->id));
      known |= finding->certainty > QS_CERTAINTY_POSSIBLE && !is_in_table (finding->id);
    }
  if (stalled && qs_evidence_is_acknowledged_alone (evidence))
    g_ptr_array_add (causes, (gpointer) QS_STALLED_ACKED);
  if (stalled)
    g_ptr_array_add (causes, (gpointer) (!evidence->anything_received && evidence->tcp_connected < 0 ? QS_STALLED_SILENT
                                         : evidence->server_hello == NULL ? QS_STALLED_BEFORE_HELLO
                                                                          : QS_STALLED_AFTER_HELLO));
  return known;
}

/* A refusal says so. Where the offer was made longer a HelloRetryRequest is as good as a ServerHello, and time that ran out is no
 * refusal: large groups take theirs. */
static gint
judge_wide (const QsEvidence *attempt)
{
  gboolean refused = (attempt->close.known && !attempt->close.by_us) || attempt->fin[QS_END_SERVER] >= 0 ||
                     attempt->reset[QS_END_SERVER] >= 0;

  if (attempt->server_hello != NULL || qs_evidence_is_connected (attempt))
    return 1;
  return refused ? 0 : attempt->hello_retry != NULL ? 1 : -1;
}

gint
qs_experiment_row_judge (const QsExperimentRow *row, const QsEvidence *attempt)
{
  if (row->wide != 0)
    return judge_wide (attempt);
  gboolean hello = attempt->server_hello != NULL || qs_evidence_is_connected (attempt);

  switch (row->sign)
    {
    case QS_SIGN_ANYTHING:
      return attempt->anything_received || attempt->tcp_connected >= 0;
    case QS_SIGN_HELLO:
      return hello;
    case QS_SIGN_HELLO_AT_ONCE:
      return attempt->server_hello == NULL ? 0 : was_sent_again (attempt) ? -1 : 1;
    case QS_SIGN_EXTENSIONS:
      return attempt->encrypted_extensions != NULL || qs_evidence_is_connected (attempt) ||
             (attempt->tls && hello && attempt->certificate != NULL);
    case QS_SIGN_TWO_SERVERS:
      return qs_spread_find (attempt, NULL) ? 1 : hello ? 0 : -1;
    case QS_SIGN_ANSWER:
      return attempt->first_byte < 0 ? 0 : g_strcmp0 (attempt->http.end, "complete") == 0 ? 1 : -1;
    case QS_SIGN_DONE:
      return !attempt->failed && qs_evidence_is_connected (attempt);
    default:
      g_assert_not_reached ();
    }
}
