/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What speaks where no other rule named an error: a failed run never goes without a word. */
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-rule.h"

static const struct {
  const char *stage;
  const char *words;
} stages[] = {
  { "resolve", N_ ("while the name was looked up") },        { "connect", N_ ("before anything answered") },
  { "handshake", N_ ("in the middle of the handshake") },    { "request", N_ ("while the answer was waited for") },
  { "close", N_ ("while the connection was being closed") },
};

static const char *
stage_words (const char *stage)
{
  for (guint i = 0; stage != NULL && i < G_N_ELEMENTS (stages); i++)
    {
      if (g_str_equal (stages[i].stage, stage))
        return _ (stages[i].words);
    }
  return _ ("at the end");
}

static gboolean
is_mute (const QsEvidence *evidence, const QsMatch *match)
{
  return !evidence->failed || evidence->stopped || match->has_error;
}

/* TCP was accepted, and not a byte came over it. */
static gboolean
describe_mute_tcp (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const lost[] = {
    N_ ("Try a smaller ClientHello (--groups=X25519 in quicprobe), and another network."),
    N_ ("Look for a tunnel or VPN with a small MTU, or a firewall that looks into what it lets pass."), NULL
  };
  static const char *const mute[] = { N_ ("Look at what listens on that port, and at its log."),
                                      N_ ("If it expects the PROXY protocol, connect to it through its proxy."),
                                      N_ ("Look for a tunnel or VPN with a small MTU on the way back."), NULL };
  const QsMark *waiting = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "tcp-waiting", NULL);
  const QsMark *taken = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "tcp-taken", NULL);

  if (!evidence->tls || evidence->tcp_connected < 0 || evidence->anything_received || !evidence->anything_sent)
    return FALSE;
  match->title = N_ ("{host} accepted the TCP connection and answered nothing: no byte came in {silence}.");
  if (waiting != NULL)
    {
      match->detail =
          N_ ("Its TCP took the connection and did not acknowledge the ClientHello: that does not get there. "
              "What is as large is dropped on the way, or something that looks into it stops it.");
      match->certainty = QS_CERTAINTY_LIKELY;
      match->who = QS_PARTY_PATH;
      match->tries = lost;
      qs_match_add_mark (match, evidence, waiting, g_strdup (waiting->text));
    }
  else if (taken != NULL)
    {
      match->detail =
          N_ ("Its TCP acknowledged the ClientHello, so it got there: the program that listens on that port "
              "says nothing to it. It is stuck or overloaded, or it waits for something else first; or what it "
              "answers is lost on the way back, because it is large.");
      match->certainty = QS_CERTAINTY_LIKELY;
      match->who = QS_PARTY_UNKNOWN;
      match->tries = mute;
      qs_match_add_mark (match, evidence, taken, g_strdup (taken->text));
    }
  return TRUE;
}

/* The last packet of ours with bytes of a stream in it. */
static gint64
find_last_stream_packet (const QsEvidence *evidence)
{
  for (guint i = qs_trace_get_n_packets (evidence->trace); i > 0; i--)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i - 1);
      if (packet->direction == QS_DIRECTION_SENT && (packet->frames & G_GUINT64_CONSTANT (1) << QS_FRAME_STREAM) != 0)
        return (gint64) i - 1;
    }
  return QS_NO_PACKET;
}

/* What came of the answer so far, in words. */
static char *
answer_so_far (const QsHttpFacts *http)
{
  if (http->status == 0 && http->body == 0)
    return g_strdup (_ ("No byte of an answer came."));
  if (http->status == 0)
    return g_strdup_printf (_ ("Of the answer %" PRIu64 " bytes came."), http->body);
  if (http->length >= 0)
    return g_strdup_printf (_ ("Of the answer its head (status %u) and %" PRIu64 " of %" PRId64 " bytes came."),
                            http->status, http->body, http->length);
  return g_strdup_printf (_ ("Of the answer its head (status %u) and %" PRIu64 " bytes came."), http->status,
                          http->body);
}

/* What experiments found meanwhile: whether the server does anything else. */
static void
describe_others (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const stuck[] = { N_ ("Look whether the server's program still runs, and what it waits for."),
                                       NULL };
  static const char *const page[] = { N_ ("Look at what makes this page: the server itself answers."),
                                      N_ ("Try again with more patience (--timeout in quicprobe)."), NULL };
  const QsMark *connection = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, "another-connection", NULL);
  const QsMark *other = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, "another-page", NULL);

  qs_match_add_mark (match, evidence, connection, NULL);
  qs_match_add_mark (match, evidence, other, NULL);
  if (connection != NULL && connection->value == 0)
    {
      match->title = N_ ("{host} has the request, did not answer it in {silence}, and takes no other connection.");
      match->detail = N_ ("The handshake is complete, and what was asked was acknowledged. {so_far} {others} The "
                          "program hangs, was stopped, or has no more room.");
      match->tries = stuck;
      qs_match_set (match, "others", connection->text);
    }
  else if (other != NULL && other->value == 1)
    {
      match->title = N_ ("{host} did not answer this request in {silence}; another one it did.");
      match->detail =
          N_ ("The handshake is complete, and what was asked was acknowledged. {so_far} {others} Either what "
              "makes this page is slow or stuck, or its answer is so large that the path loses it.");
      match->who = QS_PARTY_UNKNOWN;
      match->certainty = QS_CERTAINTY_PROVED;
      match->tries = page;
      qs_match_set (match, "others", other->text);
    }
  else if (other != NULL && other->value == 0)
    {
      match->detail = N_ ("The handshake is complete, and what was asked was acknowledged. {so_far} {others} The "
                          "program that has to answer is slow or stuck, or waits for another one. {alpn}");
      qs_match_set (match, "others", other->text);
    }
}

/* The last packet with bytes of a stream in it that had not come before. */
static gint64
find_last_answer_packet (const QsEvidence *evidence)
{
  for (guint i = qs_trace_get_n_packets (evidence->trace); i > 0; i--)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i - 1);
      if (packet->direction == QS_DIRECTION_RECEIVED && (packet->flags & QS_PACKET_RETRANSMISSION) == 0 &&
          (packet->frames & G_GUINT64_CONSTANT (1) << QS_FRAME_STREAM) != 0)
        return (gint64) i - 1;
    }
  return QS_NO_PACKET;
}

/* When the answer stopped: what came behind its last byte, acknowledgements or PINGs, is none of it. */
static void
add_last_of_answer (const QsEvidence *evidence, QsMatch *match)
{
  gint64 packet = evidence->tls ? QS_NO_PACKET : find_last_answer_packet (evidence);
  gint64 last = packet >= 0 ? qs_trace_get_packet (evidence->trace, (guint) packet)->time : evidence->last_received;

  if (packet >= 0)
    qs_match_add_packet (match, evidence, packet, g_strdup (_ ("The last that came of the answer")));
  qs_match_take (match, "silence", qs_text_duration (evidence->now - last));
  if (evidence->http.asked_at < 0 || last < evidence->http.asked_at)
    return;
  g_autofree char *after = qs_text_duration (last - evidence->http.asked_at);
  qs_match_take (match, "last", g_strdup_printf (_ ("The last of it came %s after the request."), after));
}

/* What experiments found meanwhile, both of them. */
static void
add_others (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *connection = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, "another-connection", NULL);
  const QsMark *page = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, "another-page", NULL);
  gboolean stuck = connection != NULL && connection->value == 0;
  gboolean page_tells = page != NULL && page->value >= 0;

  qs_match_add_mark (match, evidence, connection, NULL);
  qs_match_add_mark (match, evidence, page, NULL);
  if (connection != NULL)
    qs_match_set (match, "others", page_tells && !stuck ? page->text : connection->text);
}

/* Nobody knows whether the rest was sent: what an end sends and does not arrive leaves no trace here. */
static void
describe_rest (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = { N_ ("Look at the server's log, and at that of the program behind it."),
                                       N_ ("Try again, and from another network: a tunnel with a small MTU drops what "
                                           "is large."),
                                       NULL };

  match->title = N_ ("The answer of {host} stopped in the middle: nothing came for {silence}.");
  match->detail = N_ (
      "The handshake is complete, and what was asked was acknowledged. {so_far} {last} {others} Either the "
      "program that makes the answer is slow or stuck, or what it sends does not come through any more: a path that "
      "was cut, or one that loses what is large.");
  match->certainty = QS_CERTAINTY_POSSIBLE;
  match->who = QS_PARTY_UNKNOWN;
  match->tries = tries;
  add_last_of_answer (evidence, match);
  add_others (evidence, match);
}

/* The handshake is over and a request went out: whether the other end has it is known. */
static gboolean
describe_mute_answer (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const slow[] = { N_ ("Look at the server's log, and at that of the program behind it."),
                                      N_ ("Try again with more patience (--timeout in quicprobe)."), NULL };
  static const char *const gone[] = { N_ ("Try again, and from another network."),
                                      N_ ("Check that the server still runs."), NULL };
  gint64 packet = evidence->tls ? QS_NO_PACKET : find_last_stream_packet (evidence);
  const QsMark *waiting = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "tcp-waiting", NULL);
  const QsMark *taken = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "tcp-taken", NULL);
  gboolean acknowledged = taken != NULL;

  if (!qs_evidence_is_connected (evidence) || !evidence->http.asked ||
      (evidence->tls && waiting == NULL && taken == NULL) || (!evidence->tls && packet < 0))
    return FALSE;
  if (!evidence->tls)
    acknowledged = (qs_trace_get_packet (evidence->trace, (guint) packet)->flags & QS_PACKET_ACKED) != 0;
  qs_match_take (match, "so_far", answer_so_far (&evidence->http));
  match->certainty = QS_CERTAINTY_LIKELY;
  if (acknowledged)
    {
      match->title = N_ ("{host} has the request and did not answer it in {silence}.");
      match->detail =
          N_ ("The handshake is complete, and what was asked was acknowledged. {so_far} The program that has to "
              "answer is slow or stuck, or waits for another one. {alpn}");
      match->who = QS_PARTY_SERVER;
      match->tries = slow;
      qs_match_take (match, "alpn", qs_evidence_dup_alpn_words (evidence));
      if (evidence->http.status == 0 && evidence->http.body == 0)
        describe_others (evidence, match);
      else
        describe_rest (evidence, match);
    }
  else
    {
      match->title = N_ ("Nothing comes from {host} any more: what was sent last was not acknowledged in {silence}.");
      match->detail =
          N_ ("The handshake was complete. {so_far} The server or its host went away, or the path is broken since.");
      match->tries = gone;
    }
  qs_match_add_packet (match, evidence, packet, NULL);
  if (evidence->tls)
    qs_match_add_mark (match, evidence, acknowledged ? taken : waiting,
                       g_strdup ((acknowledged ? taken : waiting)->text));
  return TRUE;
}

static void
describe_silence_after_retry (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = { N_ ("Look for a tunnel or VPN with a small MTU on the way back."),
                                       N_ ("Give all servers behind a balancer the same key for tokens."),
                                       N_ ("Look at the server's log."), NULL };

  match->title = N_ ("{host} sent a Retry and has not answered what followed, for {silence}.");
  match->detail =
      N_ ("A Retry is small; what has to follow comes in datagrams of 1200 bytes at least (RFC 9000 section "
          "14.1). Something on the way back may drop what is as large, the token may have met another server "
          "behind a balancer, or the server is stuck.");
  match->tries = tries;
  qs_match_add_packet (match, evidence, evidence->packets.retry, NULL);
}

/* While it goes on: a request that waits for its answer, and how far things are. */
static gboolean
match_answer_awaited (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = { N_ ("Wait, or look at the server's log meanwhile."), NULL };
  gint64 waited = evidence->http.asked_at >= 0 ? evidence->now - evidence->http.asked_at : 0;

  if (!evidence->http.asked || evidence->first_byte >= 0 || evidence->http.status > 0 || waited < QS_NO_REPLY_AFTER ||
      !qs_evidence_is_connected (evidence) || match->has_error)
    return FALSE;
  match->severity = QS_SEVERITY_WARNING;
  match->certainty = QS_CERTAINTY_PROVED;
  match->title = N_ ("{host} has not answered the request yet, after {silence}.");
  match->detail = N_ ("The handshake is complete, and the request was sent. It is waited for.");
  match->tries = tries;
  qs_match_take (match, "silence", qs_text_duration (waited));
  qs_match_add_moment (match, evidence->http.asked_at, g_strdup (_ ("The request")));
  return TRUE;
}

static void
describe_resting_handshake (const QsEvidence *evidence, QsMatch *match, const QsMark *note)
{
  static const char *const of_server[] = { N_ ("Look at the server's log for that moment."), NULL };
  static const char *const of_client[] = { N_ ("Look at the client's program, and at its log, for that moment."),
                                           N_ ("Look for large packets that are dropped on the way."), NULL };
  gboolean client_waits = (evidence->last_sent > evidence->last_received) == !evidence->server;
  gboolean taken = g_str_equal (note->name, "tcp-taken");

  match->title = client_waits ? N_ ("{address} fell silent in the middle of the handshake: nothing came for {silence}.")
                              : N_ ("The client fell silent in the middle of the handshake with {address}: nothing "
                                    "came for {silence}.");
  match->detail = taken ? N_ ("What was sent last was acknowledged by its TCP, so it got there. The program waits for "
                              "something else, or is stuck; what it sends may be lost on the way.")
                        : N_ ("What was sent last was not acknowledged, so it does not get there, or the "
                              "acknowledgement is lost: large packets may be dropped on the way.");
  match->certainty = QS_CERTAINTY_POSSIBLE;
  match->who = !taken ? QS_PARTY_PATH : client_waits ? QS_PARTY_SERVER : QS_PARTY_CLIENT;
  match->tries = client_waits ? of_server : of_client;
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_message (match, evidence, evidence->server_hello);
  qs_match_add_mark (match, evidence, note, g_strdup (note->text));
}

/* A recording of TLS over TCP that rests before its handshake is done: whose turn it is, and whether the last bytes got there. */
static gboolean
match_recorded_silence (const QsEvidence *evidence, QsMatch *match)
{
  gint64 until = 0;
  const QsMark *note = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "tcp-taken", &until);

  if (note == NULL)
    note = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "tcp-waiting", &until);
  if (note == NULL || !evidence->tls || evidence->plain != NULL || evidence->client_hello == NULL ||
      evidence->close.known || evidence->lacks_bytes || match->has_error || qs_evidence_is_connected (evidence) ||
      evidence->packets.beyond[QS_END_CLIENT] >= 0 ||
      evidence->packets.opened_data[QS_END_CLIENT] >= 0) /* the client was done with its handshake */
    return FALSE;
  qs_match_take (match, "silence", qs_text_duration (until - MAX (evidence->last_sent, evidence->last_received)));
  qs_match_add_moment (match, MAX (evidence->last_sent, evidence->last_received), g_strdup (_ ("The last bytes")));
  if (!describe_mute_tcp (evidence, match))
    describe_resting_handshake (evidence, match, note);
  return TRUE;
}

/* Nothing came for a while, and nobody closed: patience ran out. */
static gboolean
match_timeout (const QsEvidence *evidence, QsMatch *match)
{
  gint64 since = evidence->last_received >= 0 ? evidence->last_received : MAX (evidence->connecting, 0);

  if (evidence->live)
    return match_answer_awaited (evidence, match);
  if (!evidence->ended && qs_trace_is_from_file (evidence->trace))
    return match_recorded_silence (evidence, match);
  if (is_mute (evidence, match) || (evidence->close.known && !evidence->close.by_us))
    return FALSE;
  if (evidence->now - since < QS_NO_REPLY_AFTER / 6)
    {
      if (qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "timeout", NULL) == NULL)
        return FALSE;
      match->title = N_ ("{host} got no further {stage} in the time that was given.");
    }
  /* It was the run's own patience that ended, which no document rules. */
  if (!evidence->tls)
    match->reference = "RFC 9002 section 6.2";
  if (evidence->last_received >= 0)
    qs_match_add_moment (match, evidence->last_received, g_strdup (_ ("The last that came")));
  qs_match_take (match, "silence", qs_text_duration (evidence->now - since));
  qs_match_set (match, "stage", stage_words (evidence->stage));
  if (evidence->packets.retry >= 0 && evidence->packets.n_decrypted_in == 0)
    describe_silence_after_retry (evidence, match);
  if (evidence->now - since >= QS_NO_REPLY_AFTER / 6 && !describe_mute_tcp (evidence, match))
    describe_mute_answer (evidence, match);
  return TRUE;
}

/* The system has segments of an answer whose beginning did not come: over TCP, what a black hole for large packets leaves. */
static gboolean
match_gap (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *gap = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "tcp-gap", NULL);

  if (is_mute (evidence, match) || gap == NULL || evidence->anything_received)
    return FALSE;
  qs_match_number (match, "n", (guint64) gap->value);
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_mark (match, evidence, gap, g_strdup (gap->text));
  return TRUE;
}

static gboolean
match_failed (const QsEvidence *evidence, QsMatch *match)
{
  if (is_mute (evidence, match))
    return FALSE;
  qs_match_set (match, "stage", stage_words (evidence->stage));
  const QsMark *note = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, NULL, NULL);
  if (note != NULL && g_strcmp0 (note->name, "http3") != 0)
    qs_match_set (match, "note", note->text);
  if (evidence->socket_error != NULL)
    qs_match_take (match, "system",
                   g_strdup_printf (_ ("The system says: %s."), evidence->socket_error->text != NULL
                                                                    ? evidence->socket_error->text
                                                                    : evidence->socket_error->name));
  if (evidence->call != NULL && evidence->call->text != NULL)
    qs_match_take (match, "stack",
                   g_strdup_printf (_ ("The TLS library says, in %s: “%s”."), evidence->call->name,
                                    evidence->call->text));
  if (evidence->close.known)
    {
      g_autofree char *code = qs_evidence_close_text (evidence);
      qs_match_take (match, "close",
                     g_strdup_printf (evidence->close.by_us ? _ ("This side closed with %s.")
                                                            : _ ("The other side closed with %s."),
                                      code));
    }
  qs_match_add_close (match, evidence);
  qs_match_add_mark (match, evidence, evidence->socket_error, NULL);
  qs_match_add_mark (match, evidence, evidence->call, NULL);
  return TRUE;
}

const QsRule qs_rules_rest[] = {
  { "mtu-black-hole",
    QS_SEVERITY_ERROR,
    "RFC 8899 section 1",
    N_ ("The beginning of what {host} answers does not come through."),
    N_ ("It took the connection and answers: {n} segments behind the beginning came, and that did not, however often "
        "it was "
        "sent. Large packets are dropped on the way back without a word."),
    match_gap,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_PATH,
    { N_ ("Look for a tunnel or VPN with a small MTU on the way back, and for firewalls that drop ICMP."),
      N_ ("Try from another network.") } },
  { "timeout",
    QS_SEVERITY_ERROR,
    "RFC 9293 section 3.8.3",
    N_ ("{host} stopped answering {stage}: nothing came for {silence}."),
    N_ ("It was waited for as long as the timeout allows. The server may be stuck or overloaded, or packets of this "
        "size or kind are dropped on the way."),
    match_timeout,
    QS_CERTAINTY_POSSIBLE,
    QS_PARTY_UNKNOWN,
    { N_ ("Try again with more patience."), N_ ("Look at the last packets.") } },
  { "failed",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 11",
    N_ ("The run to {host} failed {stage}."),
    N_ ("{note} {close} {system} {stack}"),
    match_failed,
    QS_CERTAINTY_POSSIBLE,
    QS_PARTY_UNKNOWN,
    { N_ ("Look at the last packets of the trace for what led to it.") } },
  { NULL },
};
