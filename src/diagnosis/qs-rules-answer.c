/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about answers that are not the protocol that was asked for, and about TCP connections that were ended. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-rule.h"

#define NS_PER_S G_GINT64_CONSTANT (1000000000)
#define FOREIGN_AFTER NS_PER_S /* while it is under way: a first answer may be a stray one */
#define MOST_SHOWN 32          /* characters */
#define MOST_LINE 200

static void
set_service (QsMatch *match, const QsService *service)
{
  qs_match_set (match, "service", service != NULL ? _ (service->words) : _ ("It is like nothing that is known here."));
  qs_match_set (match, "advice", service != NULL && service->advice != NULL ? _ (service->advice) : NULL);
}

static gboolean
match_not_quic (const QsEvidence *evidence, QsMatch *match)
{
  const QsForeign *foreign = &evidence->foreign;

  if (foreign->length == 0 || qs_evidence_is_connected (evidence))
    return FALSE;
  if (evidence->live && evidence->now - foreign->time < FOREIGN_AFTER)
    return FALSE;
  g_autofree char *bytes = qs_text_escape_short (foreign->bytes.data, (gssize) foreign->bytes.length, MOST_SHOWN);
  qs_match_take (match, "size", qs_text_size (foreign->length));
  qs_match_take (match, "count", g_strdup_printf (ngettext ("%u datagram", "%u datagrams", foreign->n), foreign->n));
  qs_match_add_moment (match, foreign->time, g_strdup_printf (_ ("The first that came: “%s”"), bytes));
  qs_match_take (match, "bytes", g_steal_pointer (&bytes));
  set_service (match, foreign->service);
  if (foreign->service == NULL)
    match->certainty = QS_CERTAINTY_LIKELY;
  return TRUE;
}

/* --- TCP --- */

/* RFC 9110 section 15.4: a redirection, and RFC 6585 section 6: "network authentication required". */
static gboolean
is_portal (const QsEvidence *evidence, QsSpan line, const char *location)
{
  const char *status = line.length > 12 ? (const char *) line.data + 9 : "";

  if (strncmp (status, "511", 3) == 0)
    return TRUE;
  const char *host = location != NULL ? strstr (location, "://") : NULL;
  return status[0] == '3' && host != NULL && !g_str_has_prefix (host + 3, evidence->host);
}

static void
describe_http (const QsEvidence *evidence, QsMatch *match, QsSpan bytes, QsSpan line)
{
  static const char *const tries[] = { N_ ("Open a page without https in a browser, and log in to the network."),
                                       N_ ("Then try again."), NULL };
  QsSpan field = qs_service_http_field (bytes, "Location");
  g_autofree char *location =
      field.length > 0 ? qs_text_escape_short (field.data, (gssize) field.length, MOST_LINE) : NULL;

  if (location != NULL)
    qs_match_take (match, "location", g_strdup_printf (_ ("It sends to “%s”."), location));
  if (!is_portal (evidence, line, location))
    return;
  match->title = N_ ("A captive portal answered in place of {address}, it seems: in plain HTTP, not TLS.");
  match->detail =
      N_ ("It said: “{answer}”. {location} Hotels, trains and guest networks catch connections that way until "
          "somebody has logged in.");
  match->who = QS_PARTY_PATH;
  match->certainty = QS_CERTAINTY_LIKELY;
  match->tries = tries;
}

static gboolean
match_plain_tcp (const QsEvidence *evidence, QsMatch *match)
{
  gsize length = 0;

  if (evidence->plain == NULL)
    return FALSE;
  const guint8 *data = g_bytes_get_data (evidence->plain, &length);
  QsSpan bytes = QS_SPAN (data, length), line = qs_service_first_line (bytes);
  const QsService *service = qs_service_of_stream (bytes);
  g_autofree char *text = line.length > 0 ? qs_text_escape_short (line.data, (gssize) line.length, MOST_LINE)
                                          : qs_text_escape_short (data, (gssize) length, MOST_SHOWN);

  qs_match_add_moment (match, evidence->first_received, g_strdup_printf (_ ("The first that came: “%s”"), text));
  qs_match_take (match, "answer", g_steal_pointer (&text));
  set_service (match, service);
  if (service != NULL && g_strcmp0 (service->name, "HTTP") == 0)
    describe_http (evidence, match, bytes, line);
  if (service != NULL && g_strcmp0 (service->name, "ClientHello") == 0)
    match->title = N_ ("What answered on {address} is no TLS server: it sent a ClientHello itself.");
  return TRUE;
}

/* How far the handshake had come at that moment. */
static const char *
progress_words (const QsEvidence *evidence, gint64 time)
{
  if (evidence->client_finished != NULL && evidence->client_finished->time <= time)
    return _ ("after the client's Finished");
  if (evidence->server_hello != NULL && evidence->server_hello->time <= time)
    return _ ("in the middle of the handshake, after its ServerHello");
  if (evidence->anything_received && evidence->first_received <= time)
    return _ ("in the middle of its first message");
  return evidence->anything_sent ? _ ("right after the ClientHello") : _ ("before anything was said");
}

static void
add_progress (const QsEvidence *evidence, QsMatch *match, gint64 time)
{
  qs_match_set (match, "when", progress_words (evidence, time));
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_message (match, evidence, evidence->server_hello);
}

/* OpenSSL's word for it, where nothing else was recorded. */
static gboolean
stack_says_eof (const QsEvidence *evidence)
{
  return evidence->failed && evidence->tcp_connected >= 0 && evidence->call != NULL && evidence->call->text != NULL &&
         strstr (evidence->call->text, "eof") != NULL;
}

static gboolean
is_cut (const QsEvidence *evidence)
{
  const char *error = evidence->socket_error != NULL ? evidence->socket_error->name : NULL;
  gint64 fin = evidence->fin[QS_END_SERVER], reset = evidence->reset[QS_END_SERVER];

  /* A server that has closed resets what comes behind that: the client's alert, for one. */
  return (reset >= 0 && (fin < 0 || reset <= fin)) || g_strcmp0 (error, "ECONNRESET") == 0 ||
         g_strcmp0 (error, "EPIPE") == 0;
}

static gboolean
match_closed_in_handshake (const QsEvidence *evidence, QsMatch *match)
{
  gint64 fin = evidence->fin[QS_END_SERVER];

  if (!evidence->tls || evidence->plain != NULL || evidence->close.known || is_cut (evidence) || match->has_error ||
      evidence->lacks_bytes || qs_evidence_is_connected (evidence) || (fin < 0 && !stack_says_eof (evidence)))
    return FALSE;
  /* The client may have gone first: then the server only answers it. */
  if ((evidence->fin[QS_END_CLIENT] >= 0 && evidence->fin[QS_END_CLIENT] <= fin) ||
      (evidence->reset[QS_END_CLIENT] >= 0 && evidence->reset[QS_END_CLIENT] <= fin) || !evidence->anything_sent)
    return FALSE;
  add_progress (evidence, match, fin >= 0 ? fin : evidence->now);
  if (fin >= 0)
    qs_match_add_moment (match, fin, g_strdup (_ ("The server's FIN: it sends no more")));
  else
    qs_match_add_mark (match, evidence, evidence->call, NULL);
  gint64 sealed = evidence->packets.sealed_alert[QS_END_SERVER];
  if (sealed >= 0)
    {
      match->title = N_ ("{address} refused the handshake {when}; its reason is encrypted.");
      match->detail = N_ ("The last that it sent is as long as an alert. With the keys of the connection it can be "
                          "read: many servers refuse a client's certificate, or its absence, this way.");
      match->certainty = QS_CERTAINTY_LIKELY;
      qs_match_add_packet (match, evidence, sealed, NULL);
    }
  else if (evidence->server_hello != NULL)
    match->detail = N_ ("No alert came that would say why. The server's process may have died, or a balancer gave the "
                        "connection up.");
  return TRUE;
}

/* A server may cut what the client has closed, and a client what both have. */
static gboolean
is_after_the_end (const QsEvidence *evidence, gint64 time)
{
  const QsPacketFacts *packets = &evidence->packets;

  return packets->closed[QS_END_CLIENT] ||
         (evidence->fin[QS_END_CLIENT] >= 0 && evidence->fin[QS_END_CLIENT] <= time) ||
         (evidence->fin[QS_END_SERVER] >= 0 && evidence->fin[QS_END_SERVER] <= time &&
          qs_evidence_is_connected (evidence));
}

static gboolean
match_client_reset (const QsEvidence *evidence, QsMatch *match)
{
  gint64 time = evidence->reset[QS_END_CLIENT];

  if (time < 0 || evidence->lacks_bytes || qs_evidence_is_connected (evidence) || is_after_the_end (evidence, time) ||
      evidence->close.known || evidence->fin[QS_END_SERVER] >= 0 || !evidence->anything_sent)
    return FALSE;
  match->title = N_ ("The client cut the TCP connection to {address} (reset) {when}.");
  match->detail = N_ ("It gave no alert that would say why: the program may have ended, or run out of patience.");
  match->who = QS_PARTY_CLIENT;
  add_progress (evidence, match, time);
  qs_match_add_moment (match, time, g_strdup (_ ("The client's RST")));
  return TRUE;
}

static gboolean
match_connection_reset (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const later[] = { N_ ("Look at the server's log for the moment of the reset."), NULL };
  gint64 time = evidence->reset[QS_END_SERVER];

  if (!evidence->tls || evidence->plain != NULL || match->has_error)
    return FALSE;
  if (!is_cut (evidence))
    return match_client_reset (evidence, match);
  gboolean connected = qs_evidence_is_connected (evidence);
  if (!connected && evidence->lacks_bytes)
    return FALSE; /* how far it had come is not in the recording */
  if (connected && !evidence->failed && (!evidence->ended || is_after_the_end (evidence, time)) &&
      (time < 0 || is_after_the_end (evidence, time)))
    return FALSE;
  if (connected)
    {
      match->title = N_ ("{address} cut the TCP connection (reset) in the middle of it.");
      match->detail = N_ ("What was under way is lost. TLS's own good-bye (close_notify) was not said: the server's "
                          "program ended or was restarted, or something on the way forgot the connection.");
      match->tries = later;
    }
  if (!connected && !evidence->anything_sent && !evidence->anything_received &&
      g_strcmp0 (evidence->stage, "connect") == 0)
    {
      static const char *const rules[] = { N_ ("Check the access rules and the limits of what listens there."),
                                           N_ ("Look at its log for the moment of the reset."), NULL };
      match->detail = N_ ("The connection was accepted, and cut before the ClientHello: TLS has no part in that. An "
                          "access rule by address or a limit of connections does so, or a program that ends when "
                          "somebody connects.");
      match->tries = rules;
    }
  if (connected && evidence->http.asked && evidence->http.status == 0 && evidence->first_byte < 0 &&
      !qs_trace_is_from_file (evidence->trace))
    {
      static const char *const behind[] = { N_ ("Check that the server behind the proxy or balancer runs."),
                                            N_ ("Look at the server's log for the moment of the reset."), NULL };
      match->title = N_ ("{address} cut the TCP connection (reset) before it answered.");
      match->detail =
          N_ ("The handshake was complete and the request was sent; no byte of an answer came. A TLS proxy or "
              "balancer ends so that cannot reach the server behind it, and a program that crashes. {alpn}");
      match->tries = behind;
      qs_match_take (match, "alpn", qs_evidence_dup_alpn_words (evidence));
    }
  if (!evidence->failed && (evidence->ended || connected))
    match->severity = QS_SEVERITY_WARNING;
  add_progress (evidence, match, time >= 0 ? time : evidence->now);
  if (time >= 0)
    qs_match_add_moment (match, time, g_strdup (_ ("The server's RST")));
  else
    qs_match_add_mark (match, evidence, evidence->socket_error, NULL);
  return TRUE;
}

const QsRule qs_rules_answer[] = {
  { "not-quic",
    QS_SEVERITY_ERROR,
    "RFC 8999 section 5",
    N_ ("What answers on UDP at {address} is not QUIC."),
    N_ ("{count} came back, the first of {size}: “{bytes}”. {service} None of them names this client's connection, and "
        "nothing that it sent was acknowledged."),
    match_not_quic,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { "{advice}", N_ ("Check the port number: QUIC is most often on 443."),
      N_ ("Check what else listens on that UDP port of the server.") } },
  { "plain-tcp",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 5.1",
    N_ ("What answered on {address} does not speak TLS."),
    N_ ("It said: “{answer}”. {service} {location}"),
    match_plain_tcp,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { "{advice}", N_ ("Check the port number.") } },
  { NULL },
};

/* Behind all that has said why. */
const QsRule qs_rules_cut[] = {
  { "closed-in-handshake",
    QS_SEVERITY_ERROR,
    "RFC 9846 section 6.1",
    N_ ("{address} closed the connection {when}, without a word."),
    N_ ("No alert came that would say why. That is how a balancer closes that has no server behind it or no route for "
        "this server name, and a port where TLS is not expected, or where a PROXY protocol header has to come first."),
    match_closed_in_handshake,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Check the port and the server name (SNI)."),
      N_ ("Look at the log of the balancer or server that listens there."),
      N_ ("If it expects the PROXY protocol, connect to it through its proxy.") } },
  { "connection-reset",
    QS_SEVERITY_ERROR,
    "RFC 9293 section 3.5.2",
    N_ ("{address} cut the TCP connection (reset) {when}."),
    N_ ("Something at the other end ended the connection without an alert: a server that crashed or does not expect "
        "TLS here, a proxy or balancer that has nothing behind it or wants a PROXY protocol header first, or a "
        "middlebox that does not like the server name or the version."),
    match_connection_reset,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Look at the server's log for the moment of the reset."), N_ ("Try from another network.") } },
  { NULL },
};
