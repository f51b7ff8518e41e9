/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about the request and its answer, above a handshake that went through. */
#include <inttypes.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-http-status.h"
#include "diagnosis/qs-rule.h"
#include "trace/qs-zero-limits.h"
#include "wire/qs-alt-svc.h"
#include "wire/qs-content-coding.h"
#include "wire/qs-names.h"

#define H3_REQUEST_REJECTED 0x10b
#define MOST_OF_BODY 32 /* characters */
#define NS_PER_MS G_GINT64_CONSTANT (1000000)
/* A limit of zero is raised a round trip after the handshake, if ever. */
#define LIMIT_WAIT (500 * NS_PER_MS)

static const char *
carriers (const QsEvidence *evidence)
{
  return evidence->tls ? _ ("TCP and TLS are in order") : _ ("QUIC and TLS are in order");
}

static gboolean
ended_as (const QsEvidence *evidence, const char *name)
{
  return g_strcmp0 (evidence->http.end, name) == 0;
}

static gboolean
ended_as_complete (const QsHttpFacts *http)
{
  return g_strcmp0 (http->end, "complete") == 0;
}

static void
add_answer (QsMatch *match, const QsEvidence *evidence)
{
  const QsHttpFacts *http = &evidence->http;

  match->packet = http->head_packet;
  if (http->head_packet >= 0)
    qs_match_add_packet (match, evidence, http->head_packet,
                         g_strdup_printf (_ ("The answer's head: status %u"), http->status));
  else
    qs_match_add_mark (match, evidence, http->answer_mark,
                       g_strdup_printf (_ ("The answer's head came: status %u"), http->status));
}

/* --- Status --- */

static void
set_header (const QsEvidence *evidence, QsMatch *match, const char *header, const char *word, const char *format)
{
  const char *value = qs_http_facts_get_header (&evidence->http, header);

  if (value != NULL && *value != '\0')
    {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* one of those below, each with one string */
      qs_match_take (match, word, g_strdup_printf (format, value));
#pragma GCC diagnostic pop
    }
}

/* "www.example.net/x" of a URI with TLS: without the scheme and the usual port; NULL: it is none. */
static char *
dup_bare (const char *uri)
{
  static const char *const schemes[] = { "https://", "quic://", "tls://" };

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      if (g_ascii_strncasecmp (uri, schemes[i], strlen (schemes[i])) != 0)
        continue;
      const char *rest = uri + strlen (schemes[i]), *path = rest + strcspn (rest, "/?#");
      g_autofree char *authority = g_ascii_strdown (rest, path - rest);
      if (g_str_has_suffix (authority, ":443"))
        authority[strlen (authority) - 4] = '\0';
      return g_strconcat (authority, *path == '/' ? "" : "/", path, NULL);
    }
  return NULL;
}

static gboolean
points_to_itself (const QsEvidence *evidence)
{
  const char *location = qs_http_facts_get_header (&evidence->http, "location");
  g_autofree char *asked = evidence->target != NULL ? dup_bare (evidence->target) : NULL;

  if (location == NULL || asked == NULL)
    return FALSE;
  g_autofree char *there = location[0] == '/' && location[1] != '/'
                               ? g_strdup_printf ("%.*s%s", (int) strcspn (asked, "/"), asked, location)
                               : dup_bare (location);
  return g_strcmp0 (asked, there) == 0;
}

static gboolean
match_http_status (const QsEvidence *evidence, QsMatch *match)
{
  const QsHttpFacts *http = &evidence->http;
  const QsHttpStatus *row = qs_http_status_find (http->status);

  if (http->status < 300 || row == NULL)
    return FALSE;
  qs_match_set (match, "carriers", carriers (evidence));
  qs_match_take (match, "status",
                 row->name != NULL ? g_strdup_printf ("%u (%s)", http->status, row->name)
                                   : g_strdup_printf ("%u", http->status));
  qs_match_set (match, "meaning", _ (row->meaning));
  set_header (evidence, match, "location", "location", _ ("It points to %s."));
  set_header (evidence, match, "retry-after", "retry", _ ("Its Retry-After says: %s."));
  if (row->attempt != NULL)
    qs_match_set (match, "attempt", _ (row->attempt));
  match->who = row->who;
  match->severity = http->status < 400 ? QS_SEVERITY_INFO : QS_SEVERITY_WARNING;
  add_answer (match, evidence);
  if (http->status < 400 && http->status != 304 && points_to_itself (evidence))
    {
      static const char *const tries[] = {
        N_ ("Look at the server's rules for redirections, and at what a proxy before "
            "it tells it of the scheme (X-Forwarded-Proto)."),
        NULL
      };
      match->severity = QS_SEVERITY_WARNING;
      match->who = QS_PARTY_SERVER;
      match->title = N_ ("{carriers}; the answer of {host} is {status}, and points to itself.");
      match->detail = N_ ("{meaning} {location} That is what was asked for: whoever follows it goes around in circles, "
                          "unless a cookie makes a difference.");
      match->tries = tries;
    }
  return TRUE;
}

/* --- A client certificate, asked for by HTTP --- */

static gboolean
mentions_certificate (const QsHttpFacts *http)
{
  gsize length = 0;
  const char *bytes = http->start != NULL ? g_bytes_get_data (http->start, &length) : NULL;
  g_autofree char *text = g_ascii_strdown (bytes != NULL ? bytes : "", (gssize) length);

  return g_strstr_len (text, (gssize) length, "certificate") != NULL;
}

static gboolean
sent_certificate (const QsEvidence *evidence)
{
  const QsTraceMessage *message = evidence->client_certificate;

  return message != NULL && message->message->certificates != NULL && message->message->certificates->len > 0;
}

/* nginx and others take the handshake without a certificate and say in HTTP that they wanted one. */
static gboolean
asks_by_http (const QsEvidence *evidence, QsMatch *match)
{
  const QsHttpFacts *http = &evidence->http;
  gboolean own_code = http->status == 495 || http->status == 496;

  if (evidence->certificate_request == NULL || (!own_code && http->status != 400 && http->status != 403))
    return FALSE;
  gboolean says_so = own_code || mentions_certificate (http);
  match->certainty = says_so ? QS_CERTAINTY_PROVED : http->status == 400 ? QS_CERTAINTY_LIKELY : QS_CERTAINTY_POSSIBLE;
  qs_match_number (match, "status", http->status);
  qs_match_set (match, "said",
                says_so ? _ ("Its answer speaks of the certificate.")
                        : _ ("Its answer does not say why; other causes are possible."));
  qs_match_add_message (match, evidence, evidence->certificate_request);
  qs_match_add_message (match, evidence, evidence->client_certificate);
  add_answer (match, evidence);
  return TRUE;
}

static gboolean
match_certificate_required (const QsEvidence *evidence, QsMatch *match)
{
  return !sent_certificate (evidence) && asks_by_http (evidence, match);
}

/* That an answer of 403 has to do with the certificate is said by itself alone. */
static gboolean
match_certificate_refused (const QsEvidence *evidence, QsMatch *match)
{
  return sent_certificate (evidence) && evidence->http.status != 496 && asks_by_http (evidence, match) &&
         match->certainty == QS_CERTAINTY_PROVED;
}

/* --- Answers that end too soon, or make no sense --- */

static char *
describe_amount (const QsHttpFacts *http)
{
  if (http->length >= 0)
    return g_strdup_printf (_ ("%" PRIu64 " of %" PRId64 " bytes"), http->body, http->length);
  return g_strdup_printf (http->chunked ? _ ("%" PRIu64 " bytes, and no last chunk") : _ ("%" PRIu64 " bytes"),
                          http->body);
}

static const char *
describe_how (const QsEvidence *evidence)
{
  if (ended_as (evidence, "reset"))
    return _ ("It reset the stream in the middle of the answer.");
  if (evidence->tls)
    return evidence->socket_error != NULL ? _ ("The TCP connection was cut in the middle of the answer.")
                                          : _ ("It ended the connection in the middle of the answer.");
  if (evidence->close.known && evidence->close.by_us == evidence->server)
    return _ ("It closed the connection in the middle of the answer.");
  if (evidence->icmp != NULL || evidence->socket_error != NULL)
    return _ ("Its port was closed, or could not be reached any more, in the middle of the answer.");
  return _ ("It ended the stream in the middle of the answer.");
}

/* What ended it was the client's close for a rule of the transport that was broken: that is what there is to tell. */
static gboolean
client_refused_the_transport (const QsEvidence *evidence)
{
  const QsCloseFact *close = &evidence->close;

  return close->known && !evidence->tls && close->by_us != evidence->server && !close->application &&
         close->code != 0 && close->code != QS_CODE_IDLE_TIMEOUT;
}

/* Nobody ended anything then: both ends let go, each by its own clock (RFC 9000 section 10.1). */
static gboolean
is_idle_timeout (const QsEvidence *evidence)
{
  const QsCloseFact *close = &evidence->close;

  return !evidence->tls && close->known && !close->application && close->code == QS_CODE_IDLE_TIMEOUT;
}

/* Nothing at all came of it, and nothing else says why: no code of a close, no reset, no certificate that is missed. */
static gboolean
match_no_answer (const QsEvidence *evidence, QsMatch *match)
{
  gboolean closed_by_server = evidence->close.known && evidence->close.by_us == evidence->server;

  static const char *const unanswered[] = {
    N_ ("Check that the server behind the proxy or balancer runs."),
    N_ ("Look at the server's log, and at that of the program behind it, for the time of the request."), NULL
  };
  gboolean begun = evidence->first_byte >= 0 || evidence->http.n_interim > 0;

  if (!ended_as (evidence, "cut") || match->has_error || evidence->socket_error != NULL || evidence->icmp != NULL ||
      evidence->certificate_request != NULL || (closed_by_server && !evidence->tls) || evidence->alert != QS_NO_ALERT ||
      is_idle_timeout (evidence))
    return FALSE;
  match->title = N_ ("{host} ended the {carrier} before it answered.");
  match->detail =
      N_ ("The request was sent, and no byte of an answer came. A proxy or balancer ends so that cannot reach the "
          "server behind it, a program that crashes or is stopped, one that speaks something else than HTTP there, and "
          "a server that is set up to refuse without a word. {alpn}");
  match->tries = unanswered;
  qs_match_take (match, "alpn", qs_evidence_dup_alpn_words (evidence));
  match->certainty = QS_CERTAINTY_LIKELY;
  if (begun)
    {
      gboolean interim = evidence->http.n_interim > 0;
      match->title = interim ? N_ ("{host} ended the {carrier} without a final answer.")
                             : N_ ("{host} ended the {carrier} in the middle of the answer's head.");
      match->detail = interim ? N_ ("Interim answers (1xx) came, and no other. The program behind the server may have "
                                    "crashed or been stopped.")
                              : N_ ("Its first bytes came, and no whole head. The program behind the server may have "
                                    "crashed or been stopped.");
    }
  qs_match_set (match, "carrier", evidence->tls ? _ ("connection") : _ ("stream"));
  qs_match_add_mark (match, evidence, evidence->http.end_mark, g_strdup (evidence->http.words));
  return TRUE;
}

static gboolean
match_cut_short (const QsEvidence *evidence, QsMatch *match)
{
  const QsHttpFacts *http = &evidence->http;
  gboolean began = http->status > 0 || http->body > 0;

  if ((!ended_as (evidence, "cut") && !ended_as (evidence, "reset")) || evidence->stopped ||
      client_refused_the_transport (evidence))
    return FALSE;
  if (!began)
    return match_no_answer (evidence, match);
  qs_match_take (match, "amount", describe_amount (http));
  qs_match_set (match, "how", describe_how (evidence));
  if (evidence->socket_error != NULL || evidence->icmp != NULL)
    {
      /* Whoever is in between can say it in the server's name. */
      match->detail = N_ ("{how} What came is not all, and must not be taken for the whole. The program behind the "
                          "server crashed, was restarted or ran into a limit, a proxy lost the server behind it, or "
                          "something on the way forgot the connection or forbids it.");
      match->who = QS_PARTY_UNKNOWN;
    }
  add_answer (match, evidence);
  if (http->last_packet >= 0 && http->last_packet != http->head_packet)
    qs_match_add_packet (match, evidence, http->last_packet, g_strdup (_ ("The last that came of the answer")));
  qs_match_add_mark (match, evidence, http->end_mark, g_strdup (_ ("The answer's end")));
  if (evidence->close.known && evidence->close.by_us == evidence->server)
    qs_match_add_close (match, evidence);
  return TRUE;
}

static gboolean
match_malformed (const QsEvidence *evidence, QsMatch *match)
{
  const QsHttpFacts *http = &evidence->http;
  static const char *const foreign_tries[] = {
    N_ ("Ask without a path, as tls://host:port: then the handshake alone is "
        "looked at."),
    N_ ("Check the port number."), NULL
  };
  gboolean large = ended_as (evidence, "too-large"), foreign = ended_as (evidence, "foreign");

  if (!large && !foreign && (http->http3 || !ended_as (evidence, "malformed")))
    return FALSE;
  if (large)
    match->title = N_ ("The answer of {host} is larger where no answer needs to be.");
  if (foreign)
    {
      match->title = N_ ("What {host} speaks over this connection is not HTTP.");
      match->detail = N_ ("{words} The handshake is in order.");
      match->who = QS_PARTY_UNKNOWN;
      match->tries = foreign_tries;
    }
  qs_match_set (match, "words", http->words);
  if (http->last_packet >= 0)
    qs_match_add_packet (match, evidence, http->last_packet, NULL);
  qs_match_add_mark (match, evidence, http->end_mark, g_strdup (http->words));
  return TRUE;
}

/* --- A body that is not what it says --- */

/* All of it is at hand, and it is all that there is to come. */
static gboolean
is_whole_body (const QsHttpFacts *http)
{
  return ended_as_complete (http) && g_bytes_get_size (http->start) == http->body;
}

static gboolean
match_content_encoding (const QsEvidence *evidence, QsMatch *match)
{
  const QsHttpFacts *http = &evidence->http;
  const char *coding = qs_http_facts_get_header (http, "content-encoding");
  gsize length = 0;
  const guint8 *bytes = http->start != NULL ? g_bytes_get_data (http->start, &length) : NULL;

  if (coding == NULL || length == 0)
    return FALSE;
  QsCodingVerdict verdict = qs_content_coding_check (coding, QS_SPAN (bytes, length));
  if (verdict != QS_CODING_BROKEN && (verdict != QS_CODING_UNFINISHED || !is_whole_body (http)))
    return FALSE;
  const char *guess = qs_content_coding_guess (QS_SPAN (bytes, length));
  /* Brotli's beginning may be anything: what is whole as something else is that. */
  gboolean other = guess != NULL && strcmp (guess, coding) != 0 &&
                   qs_content_coding_check (guess, QS_SPAN (bytes, length)) == QS_CODING_FITS;
  qs_match_set (match, "coding", coding);
  qs_match_take (match, "bytes", qs_text_escape_short (bytes, (gssize) length, MOST_OF_BODY));
  if (guess != NULL && strcmp (guess, coding) != 0)
    qs_match_take (match, "guess", g_strdup_printf (_ ("It begins as %s does."), guess));
  if (verdict == QS_CODING_UNFINISHED && !other)
    {
      match->title = N_ ("The answer of {host} is not whole under its Content-Encoding ({coding}).");
      match->detail = N_ ("All bytes of the answer came, and what they are coded as does not end with them: it was cut "
                          "off before it was sent. Browsers show part of such an answer, or refuse it.");
    }
  add_answer (match, evidence);
  if (http->end_mark != NULL)
    qs_match_add_mark (match, evidence, http->end_mark, g_strdup (_ ("The answer's first bytes")));
  return TRUE;
}

/* --- GOAWAY --- */

static gboolean
match_goaway (const QsEvidence *evidence, QsMatch *match)
{
  const QsHttpFacts *http = &evidence->http;
  const QsStreamFact *reset = &evidence->packets.reset_in;

  if (http->goaway == NULL)
    return FALSE;
  gboolean rejected = reset->seen && reset->code == H3_REQUEST_REJECTED && (gint64) reset->stream == http->stream;
  gboolean named = http->stream >= 0 && http->goaway_id <= (guint64) http->stream && !ended_as (evidence, "complete");
  qs_match_number (match, "id", http->goaway_id);
  qs_match_add_packet (match, evidence, http->goaway->packet,
                       g_strdup_printf (_ ("GOAWAY %" PRIu64 " from the server"), http->goaway_id));
  match->packet = http->goaway->packet;
  if (!rejected && !named && !ended_as (evidence, "refused"))
    return TRUE;
  match->severity = QS_SEVERITY_ERROR;
  match->title = N_ ("{host} is going away and refused the request (GOAWAY).");
  match->detail =
      N_ ("It processes no request from stream {id} on: nothing was done with this one, so it may be asked again. "
          "A server that is restarted, or that has served as many requests as it lets one connection have, ends "
          "connections like that.");
  if (rejected)
    qs_match_add_packet (match, evidence, reset->packet,
                         g_strdup (_ ("The request's stream is reset: H3_REQUEST_REJECTED")));
  return TRUE;
}

/* --- Limits of zero --- */

static gboolean
is_blocked_at_zero (const QsEvidence *evidence)
{
  const QsPacketFacts *packets = &evidence->packets;
  const QsStreamFact *const facts[] = { &packets->data_blocked, &packets->stream_blocked, &packets->streams_blocked };

  for (guint i = 0; i < G_N_ELEMENTS (facts); i++)
    if (facts[i]->seen && facts[i]->limit == 0 &&
        qs_trace_get_packet (evidence->trace, (guint) facts[i]->packet)->direction == evidence->from_client)
      return TRUE;
  return FALSE;
}

/* Something that wants to be sent and was not: a run says so itself, in a file the client's *_BLOCKED frames do. */
static gboolean
request_waits (const QsEvidence *evidence)
{
  const QsHttpFacts *http = &evidence->http;

  if (ended_as (evidence, "no-stream"))
    return TRUE;
  if (http->status > 0 || http->body > 0 || http->n_interim > 0 || evidence->first_byte >= 0 ||
      http->request_packet >= 0)
    return FALSE;
  return http->asked ? http->asked_at >= 0 && evidence->now - http->asked_at > LIMIT_WAIT
                     : is_blocked_at_zero (evidence);
}

static gboolean
match_limits_zero (const QsEvidence *evidence, QsMatch *match)
{
  const QsHttpFacts *http = &evidence->http;
  QsZeroLimit limit;

  if (evidence->tls || !qs_evidence_is_connected (evidence) || !request_waits (evidence) ||
      !qs_trace_find_zero_limit (evidence->trace, http->stream >= 0 ? (guint64) http->stream : 0, &limit))
    return FALSE;
  qs_match_set (match, "parameter", limit.parameter);
  qs_match_set (match, "frame", limit.frame);
  qs_match_set (match, "what", _ (limit.what));
  qs_match_add_packet (match, evidence, limit.packet,
                       g_strdup_printf (_ ("The server's transport parameters: %s is 0"), limit.parameter));
  match->packet = limit.packet;
  return TRUE;
}

/* --- Other ways to the site --- */

static gboolean
is_dead (const char *result)
{
  return g_str_equal (result, "silent") || g_str_equal (result, "refused") || g_str_equal (result, "failed");
}

static const char *
source_of (const QsMark *mark)
{
  gsize length = 0;
  const char *bytes = mark->bytes != NULL ? g_bytes_get_data (mark->bytes, &length) : NULL;
  gboolean dns = length == 5 && memcmp (bytes, "HTTPS", 5) == 0;

  return dns ? _ ("the HTTPS record of the DNS") : _ ("the header Alt-Svc of its answer");
}

static const QsMark *
find_alternative (const QsEvidence *evidence, gboolean dead)
{
  for (guint i = 0; i < qs_trace_get_n_marks (evidence->trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, NULL);
      if (mark->kind == QS_MARK_ALTERNATIVE && mark->text != NULL && is_dead (mark->name) == dead)
        return mark;
    }
  return NULL;
}

static void
set_way (const QsEvidence *evidence, QsMatch *match, const QsMark *mark)
{
  const char *where = strchr (mark->text, ' ');

  qs_match_set (match, "where", where != NULL ? where + 1 : mark->text);
  qs_match_number (match, "port", (guint64) mark->value);
  qs_match_set (match, "source", source_of (mark));
  qs_match_add_mark (match, evidence, mark, g_strdup_printf (_ ("Tried: %s"), mark->text));
}

/* Nobody has tried it: a file, or a run that is not told to. */
static gboolean
match_untried (const QsEvidence *evidence, QsMatch *match)
{
  const char *value = qs_http_facts_get_header (&evidence->http, "alt-svc");
  g_autoptr (GPtrArray) found = value != NULL ? qs_alt_svc_parse (value) : NULL;

  for (guint i = 0; found != NULL && i < found->len; i++)
    {
      const QsAltSvc *way = found->pdata[i];
      if (!g_str_equal (way->protocol, "h3"))
        continue;
      qs_match_number (match, "port", way->port);
      qs_match_set (match, "source", _ ("the header Alt-Svc of its answer"));
      match->detail = N_ ("It says so by {source}. Whether it answers there was not tried.");
      add_answer (match, evidence);
      return TRUE;
    }
  return FALSE;
}

static gboolean
match_alt_svc (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *mark = find_alternative (evidence, FALSE);

  if (mark == NULL)
    return find_alternative (evidence, TRUE) == NULL && !evidence->live && match_untried (evidence, match);
  if (g_str_equal (mark->name, "same"))
    match->detail = N_ ("It says so by {source}. That is where this connection was made to.");
  set_way (evidence, match, mark);
  return TRUE;
}

static gboolean
match_alt_svc_dead (const QsEvidence *evidence, QsMatch *match)
{
  static const struct {
    const char *result, *words;
  } words[] = {
    { "silent", N_ ("Nothing came back in 1.5 s: UDP to that port is dropped on the way, or nothing is there, or the "
                    "path does not carry datagrams of 1200 bytes.") },
    { "refused", N_ ("The host refused it (ICMP): nothing listens on that UDP port.") },
    { "failed",
      N_ ("Something answers there, and a handshake for this site does not go through: its certificate, its names or "
          "its protocols are others.") },
  };
  const QsMark *mark = find_alternative (evidence, TRUE);

  if (mark == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i].result, mark->name))
      qs_match_set (match, "how", _ (words[i].words));
  set_way (evidence, match, mark);
  return TRUE;
}

const QsRule qs_rules_http[] = {
  { "client-certificate-required",
    QS_SEVERITY_WARNING,
    "RFC 9846 section 4.4.2",
    N_ ("{host} asked for a client certificate, got none, and answers with HTTP status {status}."),
    N_ ("The handshake goes through without a certificate, and the answer is a refusal all the same. {said}"),
    match_certificate_required,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_CLIENT,
    { N_ ("Give a certificate and its key that the server trusts (quicprobe: --cert and --key).") } },
  { "client-certificate-refused",
    QS_SEVERITY_WARNING,
    "RFC 9846 section 4.4.2",
    N_ ("{host} took the client's certificate in the handshake and refuses it with HTTP status {status}."),
    N_ ("{said}"),
    match_certificate_refused,
    QS_CERTAINTY_PROVED,
    QS_PARTY_CLIENT,
    { N_ ("Check that the certificate is current, is for client authentication, and comes from a CA that the server "
          "trusts.") } },
  { "limits-zero",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 18.2",
    N_ ("The request could not be sent: {host} allows nothing ({parameter} is 0)."),
    N_ ("By that {what}, until a {frame} frame raises it, and none came. The handshake is in order: the server, or a "
        "proxy, "
        "is set up so that it takes no request over QUIC."),
    match_limits_zero,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Raise that limit in the server's settings: browsers wait just as long, and then use TCP.") } },
  { "goaway",
    QS_SEVERITY_INFO,
    "RFC 9114 section 5.2",
    N_ ("{host} is going away (GOAWAY)."),
    N_ ("It takes no request from stream {id} on over this connection; what was asked before is still answered. "
        "Clients ask "
        "for more over a new one: that is how servers are restarted without a lost request."),
    match_goaway,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Ask again over a new connection.") } },
  { "answer-cut-short",
    QS_SEVERITY_ERROR,
    "RFC 9110 section 6.4.1",
    N_ ("The answer of {host} was cut short: {amount}."),
    N_ ("{how} What came is not all, and must not be taken for the whole. The program behind the server crashed, was "
        "restarted or ran into a limit, or a proxy lost the server behind it."),
    match_cut_short,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Look at the server's log, and at that of the program behind it, for the time of the answer."),
      N_ ("Ask again: where it ends at the same byte, a limit or a wrong length is the cause.") } },
  { "http-malformed",
    QS_SEVERITY_ERROR,
    "RFC 9112 section 2.2",
    N_ ("The answer of {host} is malformed."),
    N_ ("{words} The handshake and the connection are in order: the fault lies with the program that made the answer."),
    match_malformed,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Report it to the server's authors, with the first bytes of the answer.") } },
  { "content-encoding-wrong",
    QS_SEVERITY_WARNING,
    "RFC 9110 section 8.4",
    N_ ("The answer of {host} is not {coding}, as its Content-Encoding says."),
    N_ ("It begins with “{bytes}”, and nothing that is {coding} can go on from there. {guess} Browsers and other "
        "clients "
        "that "
        "unpack it fail (“content decoding failed”)."),
    match_content_encoding,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Look for a proxy that unpacks or packs the body and leaves the header as it was, and for a program that "
          "sets the "
          "header by itself.") } },
  { "alt-svc-dead",
    QS_SEVERITY_WARNING,
    "RFC 7838 section 2.4",
    N_ ("{host} advertises HTTP/3 at {where}, and it does not answer there."),
    N_ ("It says so by {source}. {how} Browsers try it, wait, and go on over TCP: pages are slow for no reason that is "
        "seen."),
    match_alt_svc_dead,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Open UDP port {port} in the firewalls before the server, start HTTP/3 there, or take the advertisement "
          "away.") } },
  { "alt-svc",
    QS_SEVERITY_INFO,
    "RFC 7838 section 2",
    N_ ("{host} advertises HTTP/3 (h3) on port {port}."),
    N_ ("It says so by {source}. It answers there: a handshake went through."),
    match_alt_svc,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { NULL } },
  { "http-status",
    QS_SEVERITY_WARNING,
    "RFC 9110 section 15",
    N_ ("{carriers}; the answer of {host} is {status}."),
    N_ ("{meaning} {location} {retry}"),
    match_http_status,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("{attempt}") } },
  { NULL },
};
