/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about getting to the server at all: names, addresses, ICMP, TCP. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-rule.h"

#define LONG_SILENCE (G_GINT64_CONSTANT (1000000000)) /* ns: what has not come by then is late at the least */

typedef struct {
  const char *name;
  const char *words;
} Wording;

static const char *
find_wording (const Wording *wordings, const char *name)
{
  for (; wordings->name != NULL; wordings++)
    {
      if (name != NULL && g_str_equal (wordings->name, name))
        return _ (wordings->words);
    }
  return wordings->words != NULL ? _ (wordings->words) : NULL;
}

/* Patience was over before the resolver said anything. */
static gboolean
match_dns_silent (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = {
    N_ ("Check this computer's name server settings (resolv.conf): the first of several "
        "may be dead."),
    N_ ("Check that port 53 gets through, over UDP and TCP."), NULL
  };

  if (!evidence->failed || evidence->stopped || evidence->resolve_mark != NULL || evidence->connecting >= 0 ||
      g_strcmp0 (evidence->stage, "resolve") != 0 ||
      qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "timeout", NULL) == NULL)
    return FALSE;
  qs_match_take (match, "time", qs_text_duration (evidence->now));
  match->title = N_ ("The name “{host}” could not be looked up: no answer from a name server in {time}.");
  match->detail =
      N_ ("This computer asked for the name's addresses, and its resolver has not said anything. Nothing was sent "
          "to the server.");
  match->certainty = QS_CERTAINTY_LIKELY;
  match->tries = tries;
  qs_match_add_moment (match, evidence->now, g_strdup (_ ("Given up, with no word from the resolver")));
  return TRUE;
}

static gboolean
match_dns_failure (const QsEvidence *evidence, QsMatch *match)
{
  static const Wording causes[] = {
    { "not-found",
      N_ ("No such name exists, or it has no address of that kind. Check its spelling, and whether it is known "
          "only inside some network.") },
    { "temporary", N_ ("The name server did not answer, or could not find out itself. Try again in a moment, and check "
                       "this computer's "
                       "network connection.") },
    { NULL, N_ ("Check the name's spelling and this computer's name server settings.") },
  };

  if (match_dns_silent (evidence, match))
    return TRUE;
  if (evidence->resolve_mark == NULL || evidence->resolve_failed < evidence->connecting)
    return FALSE;
  if (g_strcmp0 (evidence->resolve_mark->name, "temporary") == 0)
    match->title = N_ ("The name “{host}” could not be looked up.");
  qs_match_set (match, "resolver", evidence->resolve_mark->text);
  qs_match_set (match, "cause", find_wording (causes, evidence->resolve_mark->name));
  qs_match_add_mark (match, evidence, evidence->resolve_mark, NULL);
  return TRUE;
}

static const Wording tcp_answers[] = {
  { "open", N_ ("TCP on the same port is open, so the host is up: it may offer this service over TCP only.") },
  { "tls", N_ ("TCP on the same port answers with TLS, so the host is up: its QUIC is switched off, or a firewall on "
               "the way lets TCP pass and drops UDP.") },
  { "not-tls", N_ ("TCP on the same port is open and does not speak TLS: another service lives there.") },
  { "refused", N_ ("TCP on the same port is refused, so the host is up, and no service listens there over TCP "
                   "either: check the port number.") },
  { "silent", N_ ("TCP on the same port is silent as well: the host is down, the address is wrong, or a firewall "
                  "drops everything.") },
  { "unreachable", N_ ("TCP on the same port finds no way to the host either: check the address and the route.") },
  { NULL, NULL },
};

static void
set_tcp_answer (const QsEvidence *evidence, QsMatch *match)
{
  const char *words = evidence->tcp_probe != NULL ? find_wording (tcp_answers, evidence->tcp_probe->name) : NULL;
  const QsMark *over_tcp = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, "tcp-tls", NULL);

  if (over_tcp != NULL && over_tcp->value == 0 && evidence->tcp_probe != NULL &&
      g_str_equal (evidence->tcp_probe->name, "open"))
    words =
        _ ("TCP on the same port is open, so the host is up, and TLS over it is not answered either: another service "
           "lives there, or the path drops what is large.");

  qs_match_set (match, "tcp", words);
}

static gboolean
is_icmp (const QsEvidence *evidence, const char *name)
{
  return evidence->icmp != NULL && g_str_equal (evidence->icmp->name, name);
}

static gboolean
has_socket_error (const QsEvidence *evidence, const char *name)
{
  return evidence->socket_error != NULL && g_str_equal (evidence->socket_error->name, name);
}

/* What went out and was not answered. */
static void
add_sent (const QsEvidence *evidence, QsMatch *match)
{
  guint n = evidence->n_sent_before_reply;

  if (evidence->first_sent < 0)
    {
      if (evidence->connecting >= 0)
        qs_match_add_moment (match, evidence->connecting, g_strdup (_ ("The first attempt to connect")));
      return;
    }
  qs_match_add_moment (match, evidence->first_sent,
                       g_strdup_printf (ngettext ("%u datagram was sent from here on, and none came.",
                                                  "%u datagrams were sent from here on, and none came.", n),
                                        n));
}

/* That a QUIC server is there after all. */
static void
set_versions (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = {
    N_ ("Look at the server's log: it may not take the groups, the application protocol or the server name, and say "
        "nothing."),
    N_ ("Look for something on the way that lets no packets of version 1 pass."), NULL
  };
  const QsMark *versions = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, "version-grease", NULL);

  if (versions == NULL || versions->value != 1)
    return;
  qs_match_set (match, "versions", versions->text);
  match->detail =
      N_ ("{datagrams} datagrams were sent and nothing came back. {versions} So UDP gets through both ways, and "
          "it is this client's first packets that are passed over.");
  match->tries = tries;
  qs_match_add_mark (match, evidence, versions, NULL);
}

/* Silence that has lasted: from the first Initial (or SYN) on. */
static gboolean
match_no_reply (const QsEvidence *evidence, QsMatch *match)
{
  gint64 start = evidence->first_sent >= 0 ? evidence->first_sent : evidence->connecting;

  if (evidence->server || evidence->anything_received || start < 0 || evidence->tcp_connected >= 0 ||
      evidence->icmp != NULL)
    return FALSE;
  if (evidence->socket_error != NULL && !has_socket_error (evidence, "ETIMEDOUT"))
    return FALSE;
  /* A file ends with the last Initial that was sent, a moment before or after the full time. */
  gint64 patience = evidence->live || evidence->ended ? QS_NO_REPLY_AFTER : QS_NO_REPLY_AFTER * 5 / 6;
  if (evidence->now - MIN (start, MAX (evidence->connecting, 0)) < patience)
    return FALSE;

  qs_match_set (match, "address", evidence->addresses);
  qs_match_take (match, "time", qs_text_duration (evidence->now - start));
  qs_match_number (match, "datagrams", evidence->n_sent_before_reply);
  set_tcp_answer (evidence, match);
  set_versions (evidence, match);
  if (evidence->tls)
    {
      static const char *const tries[] = { N_ ("Check the address and the port."), N_ ("Try from another network."),
                                           NULL };
      match->title = N_ ("No answer from {address}: the TCP connection was not accepted in {time}.");
      match->detail = N_ ("Nothing came back, not even a refusal. Either the host is down, or a firewall drops what is "
                          "sent to this port, or the server takes no more connections: its queue of them is full.");
      match->reference = "RFC 9293 section 3.8.3";
      match->tries = tries;
    }
  add_sent (evidence, match);
  qs_match_add_mark (match, evidence, evidence->tcp_probe, NULL);
  return TRUE;
}

/* Whether it is an address that something was sent from here: the system itself says that nobody has an address on its own network. */
static gboolean
is_own_address (const QsEvidence *evidence, const char *host)
{
  const QsPath *path;

  for (guint16 i = 0; (path = qs_trace_get_path (evidence->trace, i)) != NULL; i++)
    {
      if (path->local == NULL || !G_IS_INET_SOCKET_ADDRESS (path->local))
        continue;
      g_autofree char *text =
          g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (path->local)));
      if (g_str_equal (text, host))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_loopback_host (const char *host)
{
  return g_str_has_prefix (host, "127.") || g_str_equal (host, "::1");
}

static void
describe_refusing_router (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = { N_ ("Ask whoever runs the firewall at {router} to let UDP to this port pass."),
                                       N_ ("Try from another network."), NULL };

  qs_match_set (match, "router", evidence->icmp->text);
  match->title = N_ ("{router} refuses UDP to {address}.");
  match->detail =
      N_ ("It answered with “port unreachable” (ICMP): a firewall in the host's place does that, or the host "
          "from another of its addresses. {tcp}");
  match->certainty = QS_CERTAINTY_LIKELY;
  match->who = QS_PARTY_PATH;
  match->tries = tries;
}

static gboolean
match_port_closed (const QsEvidence *evidence, QsMatch *match)
{
  gboolean refused = has_socket_error (evidence, "ECONNREFUSED");

  if (evidence->tls || evidence->server || (!is_icmp (evidence, "port-unreachable") && !refused))
    return FALSE;
  if (qs_evidence_is_connected (evidence) && !evidence->failed)
    return FALSE; /* a raced attempt's: see address-family-broken */
  if (has_socket_error (evidence, "EPERM") || has_socket_error (evidence, "EACCES"))
    return FALSE; /* it is this computer's own firewall that answers: see unreachable */
  if (evidence->icmp != NULL && evidence->icmp->text != NULL && evidence->address_known &&
      !is_loopback_host (evidence->icmp->text) && !qs_evidence_is_of_host (evidence->address, evidence->icmp->text))
    describe_refusing_router (evidence, match);
  set_tcp_answer (evidence, match);
  qs_match_add_mark (match, evidence, evidence->icmp != NULL ? evidence->icmp : evidence->socket_error, NULL);
  qs_match_add_mark (match, evidence, evidence->tcp_probe, NULL);
  if (qs_evidence_is_connected (evidence) && match->who == QS_PARTY_PATH)
    {
      match->title = N_ ("{router} refuses the connection's datagrams to {address}.");
      match->detail = N_ ("What was sent on the connection was answered with “port unreachable” (ICMP) by {router}: a "
                          "firewall or NAT on the way refuses since then what it let pass before, or the host says so "
                          "from another of its addresses.");
    }
  else if (qs_evidence_is_connected (evidence))
    {
      static const char *const tries[] = { N_ ("Connect again."), N_ ("Look at the server's log."), NULL };
      match->title = N_ ("The server at {address} went away: its UDP port is closed now.");
      match->detail = N_ ("What was sent on the connection was answered with “port unreachable”: the server program "
                          "ended or was restarted, or a firewall's rule refuses the port since.");
      match->tries = tries;
    }
  return TRUE;
}

/* The socket had an address to send from: what failed then failed behind it. */
static gboolean
went_out (const QsEvidence *evidence)
{
  const QsPath *path;

  for (guint16 i = 0; (path = qs_trace_get_path (evidence->trace, i)) != NULL; i++)
    {
      g_autofree char *remote =
          path->remote != NULL ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (path->remote)) : NULL;
      if (g_strcmp0 (remote, evidence->address) == 0)
        return TRUE;
    }
  return FALSE;
}

/* TCP has no queue of errors (ip(7)): the system hands on an ICMP message as an error of its own, without its sender. */
static gboolean
match_tcp_unreachable (const QsEvidence *evidence, QsMatch *match)
{
  static const Wording said[] = {
    { "EHOSTUNREACH", N_ ("no way leads to the host") },
    { "ENETUNREACH", N_ ("there is no route to its network") },
    { "ENOPROTOOPT", N_ ("the host does not know TCP, says an ICMP message") },
    { NULL, NULL },
  };
  static const char *const tries[] = { N_ ("Check the address."),
                                       N_ ("See how far packets get (traceroute): the last router that answers, or the "
                                           "one behind it, refuses."),
                                       NULL };
  const char *why =
      evidence->tls && evidence->socket_error != NULL ? find_wording (said, evidence->socket_error->name) : NULL;

  if (why == NULL || evidence->tcp_connected >= 0 || !went_out (evidence))
    return FALSE;
  qs_match_set (match, "why", why);
  match->title = N_ ("{address} cannot be reached: {why}.");
  match->detail =
      N_ ("The attempt went out, and an ICMP message ended it: of a router that has no way on, of a firewall "
          "that refuses, or of this computer where nobody has the address on its own network. Over TCP the "
          "system does not tell who sent it.");
  match->who = QS_PARTY_UNKNOWN;
  match->tries = tries;
  qs_match_add_mark (match, evidence, evidence->socket_error, NULL);
  return TRUE;
}

static void
describe_no_neighbour (QsMatch *match)
{
  static const char *const tries[] = { N_ ("Check the address, and that the host is switched on and connected."),
                                       N_ ("Check this computer's netmask and routes: it takes the address for one of "
                                           "its own network."),
                                       NULL };

  match->title = N_ ("{address} cannot be reached: nobody has that address on this computer's own network.");
  match->detail =
      N_ ("This computer asked its own network who has the address (ARP, or neighbour discovery), and got no "
          "answer: it says so itself, as an ICMP message from its own address, {who}.");
  match->reference = "RFC 4861 section 7.2.2";
  match->who = QS_PARTY_UNKNOWN;
  match->tries = tries;
}

/* One that came on the way of a connection that went on has not ended it: a route that changed, and is there again. */
static gboolean
has_passed (const QsEvidence *evidence)
{
  guint n = qs_trace_get_n_marks (evidence->trace);

  for (guint i = 0; evidence->socket_error == NULL && i < n; i++)
    {
      gint64 time = 0;
      if (qs_trace_get_mark (evidence->trace, i, &time) == evidence->icmp)
        return evidence->last_received > time;
    }
  return FALSE;
}

static gboolean
match_unreachable (const QsEvidence *evidence, QsMatch *match)
{
  static const Wording reasons[] = {
    { "host-unreachable", N_ ("it cannot reach the host") },
    { "net-unreachable", N_ ("it has no route to that network") },
    { "admin-prohibited", N_ ("its rules forbid this traffic (a firewall)") },
    { "protocol-unreachable", N_ ("the host does not know this protocol") },
    { "time-exceeded", N_ ("the packet went around in circles (time exceeded)") },
    { NULL, N_ ("it cannot deliver the packet") },
  };
  static const Wording own[] = {
    { "ENETUNREACH", N_ ("this computer has no route to that network") },
    { "EHOSTUNREACH", N_ ("this computer has no route to that host") },
    { "ENETDOWN", N_ ("the network of this computer is down") },
    { "EADDRNOTAVAIL", N_ ("this computer has no address for that network") },
    { "EPERM", N_ ("a firewall on this computer forbids it") },
    { "EACCES", N_ ("a firewall or a rule on this computer forbids it") },
    { NULL, NULL },
  };

  if (qs_evidence_is_connected (evidence) && !evidence->failed)
    return FALSE;
  if (evidence->icmp == NULL && match_tcp_unreachable (evidence, match))
    return TRUE;
  if (evidence->icmp != NULL && !is_icmp (evidence, "port-unreachable") && !is_icmp (evidence, "too-big"))
    {
      if (has_passed (evidence))
        return FALSE;
      qs_match_set (match, "who", evidence->icmp->text);
      qs_match_set (match, "why", find_wording (reasons, evidence->icmp->name));
      if (evidence->icmp->text != NULL && evidence->address_known &&
          qs_evidence_is_of_host (evidence->address, evidence->icmp->text))
        {
          match->detail =
              N_ ("This came as an ICMP message from the address that was asked: of the host itself, or of a "
                  "firewall that answers in its name.");
          match->who = QS_PARTY_UNKNOWN;
        }
      else if (evidence->icmp->text != NULL && !evidence->server && is_icmp (evidence, "host-unreachable") &&
               is_own_address (evidence, evidence->icmp->text))
        describe_no_neighbour (match);
      qs_match_add_mark (match, evidence, evidence->icmp, NULL);
      return TRUE;
    }
  const char *why = evidence->socket_error != NULL ? find_wording (own, evidence->socket_error->name) : NULL;
  if (why == NULL)
    return FALSE;
  qs_match_set (match, "why", why);
  static const char *const tries[] = { N_ ("Check this computer's network connection, VPN and firewall."),
                                       N_ ("Where the address is an IPv6 one, check whether IPv6 works here at all."),
                                       NULL };
  match->title = N_ ("{address} cannot be reached: {why}.");
  match->detail = N_ ("Nothing was sent out.");
  match->tries = tries;
  match->who = QS_PARTY_CLIENT;
  qs_match_add_mark (match, evidence, evidence->socket_error, NULL);
  return TRUE;
}

/* "localhost" has two addresses everywhere, and most test servers listen on one of them. */
static gboolean
is_loopback (const char *address)
{
  return g_str_has_prefix (address, "127.") || g_str_has_prefix (address, "[::1]");
}

static gint64
attempt_begun (const QsEvidence *evidence, const QsMark *lost)
{
  for (guint i = 0; i < qs_trace_get_n_marks (evidence->trace); i++)
    {
      gint64 time = 0;
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, &time);
      if (mark->kind == QS_MARK_CONNECTING && g_strcmp0 (mark->text, lost->text) == 0)
        return time;
    }
  return QS_NO_TIME;
}

/* An answer that had hardly the time to come is not missing: less than three of the round trips of the address that won. */
static gboolean
was_hardly_waited_for (const QsEvidence *evidence, const QsMark *lost)
{
  gint64 begun = attempt_begun (evidence, lost);
  gint64 round_trip = evidence->first_received - evidence->attempt_time;
  return g_str_equal (lost->name, "silent") && begun >= 0 && evidence->first_received >= 0 && round_trip > 0 &&
         evidence->first_received - begun < 3 * round_trip;
}

/* Who refused it, where that was not the address itself; NULL: it was, or nobody knows. */
static char *
dup_other_refuser (const QsMark *lost)
{
  gsize length = 0;
  const char *bytes = lost->bytes != NULL ? g_bytes_get_data (lost->bytes, &length) : NULL;
  g_autofree char *refuser = length > 0 ? qs_text_escape (bytes, (gssize) length) : NULL;

  return refuser == NULL || is_loopback_host (refuser) || qs_evidence_is_of_host (lost->text, refuser)
             ? NULL
             : g_steal_pointer (&refuser);
}

static void
describe_refused_family (QsMatch *match, const QsMark *lost)
{
  static const char *const listen[] = { N_ ("Let the server listen on both, or take the {broken} address out of DNS."),
                                        NULL };
  static const char *const firewall[] = { N_ ("Ask whoever runs the firewall at {router} to let {broken} pass."),
                                          NULL };
  g_autofree char *router = dup_other_refuser (lost);

  if (router != NULL)
    {
      match->detail =
          N_ ("{lost} was refused at once, by {router} (ICMP): a firewall in its place. {address} answered. "
              "Programs that try only {broken} fail.");
      match->who = QS_PARTY_PATH;
      match->tries = firewall;
      qs_match_take (match, "router", g_steal_pointer (&router));
      return;
    }
  match->severity = QS_SEVERITY_INFO;
  match->title = N_ ("{host} does not listen on its {broken} address, it does on its {works} one.");
  match->detail = N_ ("{lost} was refused at once, {address} answered. Programs that try only {broken} fail.");
  match->certainty = QS_CERTAINTY_LIKELY; /* a firewall may refuse in its name */
  match->who = QS_PARTY_SERVER;
  match->tries = listen;
}

/* Of several addresses of one family those that lost without having answered: "192.0.2.1:443 (refused)". */
static gboolean
match_addresses_dead (const QsEvidence *evidence, QsMatch *match)
{
  g_autoptr (GString) list = g_string_new (NULL);
  gboolean long_silent = FALSE, refused = FALSE;
  guint n = 0;

  for (guint i = 0; qs_evidence_is_connected (evidence) && i < qs_trace_get_n_marks (evidence->trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, NULL);
      if (mark->kind != QS_MARK_ATTEMPT_LOST || mark->text == NULL || g_str_equal (mark->name, "slower") ||
          is_loopback (mark->text) || (mark->text[0] == '[') != (evidence->address[0] == '[') ||
          g_strcmp0 (mark->text, evidence->address) == 0 || was_hardly_waited_for (evidence, mark))
        continue;
      gboolean silent = g_str_equal (mark->name, "silent");
      g_autofree char *time =
          silent ? qs_text_duration (evidence->first_received - attempt_begun (evidence, mark)) : NULL;
      long_silent |= silent && evidence->first_received - attempt_begun (evidence, mark) > LONG_SILENCE;
      refused |= !silent;
      g_string_append_printf (list, "%s%s (", n++ > 0 ? ", " : "", mark->text);
      if (silent)
        g_string_append_printf (list, _ ("no answer in %s"), time);
      else
        g_string_append (list, g_str_equal (mark->name, "ECONNREFUSED") ? _ ("refused") : _ ("cannot be reached"));
      g_string_append_c (list, ')');
      qs_match_add_mark (match, evidence, mark, NULL);
    }
  if (n == 0)
    return FALSE;
  if (refused || long_silent)
    match->severity = QS_SEVERITY_WARNING;
  if (refused && !long_silent)
    match->certainty = QS_CERTAINTY_PROVED;
  qs_match_set (match, "list", list->str);
  return TRUE;
}

static gboolean
match_family_broken (const QsEvidence *evidence, QsMatch *match)
{
  static const Wording refusals[] = {
    { "ENETUNREACH", N_ ("there is no route to its network") },
    { "EHOSTUNREACH", N_ ("there is no route to it") },
    { "EACCES", N_ ("a firewall's rules forbid it") },
    { "EPERM", N_ ("a firewall on this computer forbids it") },
    { NULL, NULL },
  };
  const QsMark *lost = evidence->attempt_lost;

  if (lost == NULL || lost->text == NULL || g_str_equal (lost->name, "slower"))
    return FALSE;
  if (!qs_evidence_is_connected (evidence) || (is_loopback (lost->text) && g_str_equal (lost->name, "ECONNREFUSED")))
    return FALSE;
  if (was_hardly_waited_for (evidence, lost))
    return FALSE;
  gboolean lost_v6 = lost->text[0] == '[', won_v6 = evidence->address[0] == '[';
  if (lost_v6 == won_v6)
    return FALSE;
  const char *why = find_wording (refusals, lost->name);
  if (why != NULL)
    {
      match->detail =
          N_ ("{lost} cannot be reached: {why}. {address} answered. Programs that try only {broken} fail, and "
              "others lose time.");
      match->certainty = QS_CERTAINTY_PROVED;
      qs_match_set (match, "why", why);
    }
  if (g_str_equal (lost->name, "ECONNREFUSED"))
    describe_refused_family (match, lost);
  qs_match_add_mark (match, evidence, lost, NULL);
  qs_match_set (match, "lost", lost->text);
  qs_match_set (match, "broken", lost_v6 ? "IPv6" : "IPv4");
  qs_match_set (match, "works", lost_v6 ? "IPv4" : "IPv6");
  return TRUE;
}

static char *
path_end_text (const QsEvidence *evidence, guint16 index)
{
  const QsPath *path = qs_trace_get_path (evidence->trace, index);
  GSocketAddress *client = path == NULL ? NULL : evidence->server ? path->remote : path->local;

  return client != NULL ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (client)) : NULL;
}

static gboolean
match_address_changed (const QsEvidence *evidence, QsMatch *match)
{
  if (evidence->moved_at < 0)
    return FALSE;
  qs_match_take (match, "old", path_end_text (evidence, evidence->path));
  qs_match_take (match, "new", path_end_text (evidence, evidence->moved_path));
  qs_match_add_moment (match, evidence->moved_at, g_strdup (_ ("The first datagram from the new address")));
  if (evidence->followed || (!evidence->ended && evidence->now - evidence->moved_at < QS_NO_REPLY_AFTER))
    {
      static const char *const none[] = { NULL };
      match->severity = QS_SEVERITY_INFO;
      match->certainty = QS_CERTAINTY_PROVED;
      match->who = QS_PARTY_CLIENT;
      match->tries = none;
      match->title = N_ ("The client's address changed in the middle of the connection.");
      match->detail = N_ ("It was {old} and became {new}, as happens when a NAT on the way forgets a connection or a "
                          "device changes its network. QUIC knows connections by their ids, so the server went on with "
                          "the new address after it had checked it.");
    }
  else if (evidence->ended && !evidence->failed)
    match->severity = QS_SEVERITY_WARNING;
  return TRUE;
}

/* Once a router has said so, this computer says it by itself of all that follows. */
static const QsMark *
find_router_too_big (const QsEvidence *evidence)
{
  for (guint i = 0; i < qs_trace_get_n_marks (evidence->trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, NULL);
      if (mark->kind == QS_MARK_ICMP && mark->text != NULL && g_strcmp0 (mark->name, "too-big") == 0)
        return mark;
    }
  return NULL;
}

static gboolean
match_mtu_too_small (const QsEvidence *evidence, QsMatch *match)
{
  if (!has_socket_error (evidence, "EMSGSIZE") && !is_icmp (evidence, "too-big"))
    return FALSE;
  if (qs_evidence_is_connected (evidence) && !evidence->failed)
    return FALSE;
  const QsMark *router = find_router_too_big (evidence);
  qs_match_set (match, "who", router != NULL ? router->text : _ ("this computer"));
  if (router == NULL)
    match->detail =
        N_ ("This computer's own system says so: its network card has a smaller MTU, or a router on the way "
            "has told it of one. A tunnel or VPN is the usual cause.");
  qs_match_add_mark (match, evidence, router != NULL ? router : evidence->icmp, NULL);
  qs_match_add_mark (match, evidence, router == NULL && evidence->icmp == NULL ? evidence->socket_error : NULL, NULL);
  return TRUE;
}

/* A port on which nothing listens is answered by a reset; TCP has that, so no host's TCP says it by ICMP (RFC 1122 section 3.2.2.1). */
static void
describe_filtered_tcp (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = { N_ ("Ask whoever runs the firewall at {router} to let TCP to this port pass."),
                                       N_ ("Try from another network."), NULL };
  gboolean own = evidence->address_known && qs_evidence_is_of_host (evidence->address, evidence->icmp->text);

  qs_match_set (match, "router", evidence->icmp->text);
  match->title = N_ ("A firewall's rule at {router} refuses TCP to {address}.");
  match->detail =
      own ? N_ ("The answer was “port unreachable” (ICMP), from the host's own address. A port on which "
                "nothing listens is answered by TCP itself, with a reset: so it is a rule that refuses, of "
                "the host's own firewall or of one that answers in its name. Whether anything listens "
                "there it does not say.")
          : N_ ("The answer was “port unreachable” (ICMP), and came from {router}, not from the host. A port "
                "on which nothing listens is answered by TCP itself, with a reset. Whether anything listens "
                "there it does not say.");
  match->reference = "RFC 1122 section 3.2.2.1";
  match->certainty = own ? QS_CERTAINTY_LIKELY : QS_CERTAINTY_PROVED;
  match->who = own ? QS_PARTY_UNKNOWN : QS_PARTY_PATH;
  match->tries = tries;
  qs_match_add_mark (match, evidence, evidence->icmp, NULL);
}

static gboolean
match_connection_refused (const QsEvidence *evidence, QsMatch *match)
{
  if (evidence->tls)
    {
      if (!has_socket_error (evidence, "ECONNREFUSED"))
        return FALSE;
      if (is_icmp (evidence, "port-unreachable") && evidence->icmp->text != NULL)
        describe_filtered_tcp (evidence, match);
      qs_match_add_mark (match, evidence, evidence->socket_error, NULL);
      return TRUE;
    }
  if (!evidence->close.known || evidence->close.by_us || evidence->close.application || evidence->close.code != 0x2)
    return FALSE;
  match->title = N_ ("The server at {address} refused the connection (CONNECTION_REFUSED).");
  static const char *const tries[] = { N_ ("Try again later, or ask the server's operator."), NULL };
  match->detail = N_ ("It speaks QUIC and takes no new connection now: it may be overloaded, shutting down, or set to "
                      "refuse this client.");
  match->certainty = QS_CERTAINTY_PROVED;
  match->who = QS_PARTY_SERVER;
  match->reference = "RFC 9000 section 20.1";
  match->tries = tries;
  qs_match_add_close (match, evidence);
  return TRUE;
}

const QsRule qs_rules_network[] = {
  { "dns-failure",
    QS_SEVERITY_ERROR,
    "RFC 1035 section 4.1.1",
    N_ ("The name “{host}” has no address."),
    N_ ("The resolver says: {resolver}."),
    match_dns_failure,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { "{cause}" } },
  { "port-closed",
    QS_SEVERITY_ERROR,
    "RFC 1122 section 3.2.2.1",
    N_ ("{address} says that its UDP port is closed."),
    N_ ("Its address answered at once with “port unreachable” (ICMP): the host is up and nothing listens there, as a "
        "rule; a firewall's rule on it, or one that answers in its name, sends the same. {tcp}"),
    match_port_closed,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_SERVER,
    { N_ ("Check the port number."), N_ ("Check that the server runs and has QUIC switched on."),
      N_ ("Check that no firewall's rule refuses this port.") } },
  { "unreachable",
    QS_SEVERITY_ERROR,
    "RFC 1122 section 3.2.2.1",
    N_ ("{address} cannot be reached: {who} says that {why}."),
    N_ ("A router or the host itself sent this as an ICMP message."),
    match_unreachable,
    QS_CERTAINTY_PROVED,
    QS_PARTY_PATH,
    { N_ ("Check the address."), N_ ("Ask whoever runs the network that the message came from.") } },
  { "connection-refused",
    QS_SEVERITY_ERROR,
    "RFC 9293 section 3.10.7.1",
    N_ ("{address} refused the TCP connection."),
    N_ ("It answered at once with a reset. As a rule that means that the host is up and nothing listens on that port; "
        "a "
        "firewall on it, or in its place, may send the same, in the host's name."),
    match_connection_refused,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_SERVER,
    { N_ ("Check the port number."), N_ ("Check that the server runs and listens on this address."),
      N_ ("Check that no firewall's rule refuses this port.") } },
  { "no-reply",
    QS_SEVERITY_ERROR,
    "RFC 9002 section 6.2",
    N_ ("No answer from {address} in {time}."),
    N_ ("{datagrams} datagrams were sent and nothing came back, not even an ICMP error: UDP is filtered on the way, or "
        "no QUIC server is there, or the path does not carry datagrams of 1200 bytes. {tcp}"),
    match_no_reply,
    QS_CERTAINTY_POSSIBLE,
    QS_PARTY_UNKNOWN,
    { N_ ("Check that the firewall lets UDP to this port pass."),
      N_ ("Check that datagrams of 1200 bytes get through (ping -M do -s 1200): a tunnel with a small MTU drops them."),
      N_ ("Try another network."), N_ ("Check that the server has QUIC switched on.") } },
  { "mtu-too-small",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 14",
    N_ ("The path to {address} does not carry datagrams of 1200 bytes, which QUIC needs."),
    N_ ("It breaks at {who}, which said that the datagram is too big. A tunnel or VPN with a small MTU is the usual "
        "cause."),
    match_mtu_too_small,
    QS_CERTAINTY_PROVED,
    QS_PARTY_PATH,
    { N_ ("Raise the MTU of the tunnel or VPN to at least 1280 bytes, or leave it out.") } },
  { "address-changed",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 9.3",
    N_ ("The client's address changed, and {host} did not follow."),
    N_ ("It was {old} and became {new}, as happens when a NAT on the way forgets a connection or a device changes its "
        "network. QUIC lets a server go on with the new address, and from this one nothing came there: its program may "
        "not support that (“connection migration”), or a load balancer before it knows connections by their "
        "addresses."),
    match_address_changed,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_UNKNOWN,
    { N_ ("Connect again."), N_ ("Send a packet every 20 seconds or so: it keeps most NATs from forgetting.") } },
  { "address-family-broken",
    QS_SEVERITY_WARNING,
    "RFC 8305 section 5",
    N_ ("{broken} does not work to {host}, {works} does."),
    N_ ("{lost} did not answer, {address} did. Programs that try only {broken} fail, and others lose time."),
    match_family_broken,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_UNKNOWN,
    { N_ ("Check the {broken} address in DNS."), N_ ("Check the {broken} route and firewall at both ends.") } },
  { "addresses-dead",
    QS_SEVERITY_INFO,
    "RFC 8305 section 5",
    N_ ("Not all addresses of {host} answer."),
    N_ ("{list}; {address} did. Programs that try one address alone fail now and then, and others lose time."),
    match_addresses_dead,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_UNKNOWN,
    { N_ ("Take dead addresses out of DNS, or see why the servers there do not answer.") } },
  { NULL },
};
