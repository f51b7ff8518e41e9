/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Causes that leave no other: an experiment decided, or what came shows it. What the others would say is but their symptom. */
#include <string.h>

#include "base/qs-i18n.h"
#include "crypto/qs-keys.h"
#include "diagnosis/qs-experiment-words.h"
#include "diagnosis/qs-rule.h"
#include "diagnosis/qs-spread.h"

#define MOST_RECORDS_OF_HANDSHAKE 512
/* A client sends its first flight in datagrams of 1200 bytes at least, and a server must as well, but for mere
 * acknowledgements (RFC 9000 section 14.1): larger ones are where a handshake's answer is. */
#define LARGE_DATAGRAM 1200
#define GAPS_PROVE 2
#define MOST_FIRST 16 /* packets: more were not sent before the first that came */
#define TIMES_PROVE 2
#define APART \
  (200 * G_GINT64_CONSTANT (1000000)) /* ns: less than any server's timer takes that knows no round trip yet */
#define ALERT_UNRECOGNIZED_NAME 112
#define ALERT_NO_APPLICATION_PROTOCOL 120
#define SUITE_OF_INITIAL 0x1301 /* TLS_AES_128_GCM_SHA256: RFC 9001 section 5.3 */
#define LEAST_CID 4             /* bytes: a shorter one may stand anywhere by chance */

/* --- Answers from elsewhere --- */

static gboolean
is_in (const guint8 *bytes, gsize length, QsSpan id)
{
  return id.length >= LEAST_CID && length > 0 && memmem (bytes, length, id.data, id.length) != NULL;
}

/* A Retry's tag is made over the id that the client chose first (RFC 9001 section 5.8), which it does not bear. */
static gboolean
is_retry_of (const QsPacketHeader *header, QsSpan packet, QsSpan dcid)
{
  guint8 tag[QS_RETRY_TAG_LENGTH];

  return header->type == QS_PACKET_RETRY && header->integrity_tag.length == sizeof tag &&
         header->length <= packet.length &&
         qs_retry_integrity_tag (header->version, dcid, QS_SPAN (packet.data, header->length - sizeof tag), tag) &&
         memcmp (tag, header->integrity_tag.data, sizeof tag) == 0;
}

/* And the keys of Initial packets come from it (section 5.2). */
static gboolean
is_initial_of (const QsPacketHeader *header, QsSpan packet, QsSpan dcid)
{
  QsSecret client, server;

  if (header->type != QS_PACKET_INITIAL || header->length > packet.length ||
      !qs_initial_secrets (header->version, dcid, &client, &server))
    return FALSE;
  g_autoptr (QsKeys) keys = qs_keys_new (header->version, SUITE_OF_INITIAL, &server);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (header->version, SUITE_OF_INITIAL, &server);
  g_autofree guint8 *plain = g_malloc (packet.length);
  gsize length = 0;
  guint64 number;
  return keys != NULL && header_key != NULL &&
         qs_packet_open (keys, header_key, header, packet, 0, plain, &length, &number);
}

static gboolean
answers_ours (const QsPacketHeader *sent, QsSpan datagram)
{
  QsPacketHeader header;

  return qs_packet_header_parse (datagram, (guint8) sent->scid.length, &header, NULL) && header.long_header &&
         (is_retry_of (&header, datagram, sent->dcid) || is_initial_of (&header, datagram, sent->dcid));
}

/* One of the ids that the client chose: its own is what an answer bears (unless it has no bytes), the other one is in
 * an echo, and in Version Negotiation. */
static gboolean
bears_our_id (const QsEvidence *evidence, GBytes *datagram)
{
  for (guint i = 0; i < qs_trace_get_n_records (evidence->trace); i++)
    {
      QsRecord record;
      QsPacketHeader header;
      qs_trace_get_record (evidence->trace, i, &record);
      if (record.kind != QS_RECORD_DATAGRAM || record.direction != QS_DIRECTION_SENT)
        continue;
      gsize length;
      const guint8 *bytes = g_bytes_get_data (datagram, &length);
      return qs_packet_header_parse (record.bytes, 0, &header, NULL) && header.long_header &&
             (is_in (bytes, length, header.scid) || is_in (bytes, length, header.dcid) ||
              answers_ours (&header, QS_SPAN (bytes, length)));
    }
  return FALSE;
}

static gboolean
match_elsewhere (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *twin = qs_experiment_find (evidence, "unconnected-twin", 1);

  if (twin == NULL || evidence->anything_received || evidence->server)
    return FALSE;
  qs_match_set (match, "conclusion", twin->text);
  if (twin->bytes == NULL || !bears_our_id (evidence, twin->bytes))
    match->certainty = QS_CERTAINTY_LIKELY;
  if (evidence->first_sent >= 0)
    qs_match_add_moment (match, evidence->first_sent,
                         g_strdup_printf (_ ("Sent to %s, which itself answered nothing"), evidence->address));
  qs_match_add_mark (match, evidence, twin, NULL);
  return TRUE;
}

/* --- A ClientHello that is too much --- */

static gboolean
match_hello_too_much (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const path[] = { N_ ("Look for a tunnel or VPN with a small MTU on the way (ping -M do -s 1400 "
                                          "shows it)."),
                                      N_ ("Offer X25519 alone: that avoids it (--groups=X25519 in quicprobe)."), NULL };
  static const char *const group[] = { N_ ("Update the server, or switch the group on there."),
                                       N_ ("Offer X25519 alone: that avoids it (--groups=X25519 in quicprobe)."),
                                       NULL };
  static const char *const rate[] = {
    N_ ("Update the server or the middlebox."),
    N_ ("Look for a limit on packets of one client, at the firewall or in front of the "
        "server."),
    N_ ("Offer X25519 alone: that avoids it (--groups=X25519 in quicprobe)."), NULL
  };
  const QsMark *alone = qs_experiment_find (evidence, "x25519-alone", 1);
  const QsMark *at_once = qs_experiment_find (evidence, "two-at-once", 1);
  const QsMark *not_at_once = qs_experiment_find (evidence, "two-at-once", 0);
  const QsMark *waiting = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "tcp-waiting", NULL);

  /* One that got through after all was in trouble as long as the experiment was called for. */
  gboolean late = !evidence->server && qs_evidence_is_connected (evidence) && !evidence->failed;
  if (alone == NULL || (!late && !qs_evidence_is_without_hello (evidence)) || evidence->hello_retry != NULL ||
      (late &&
       (evidence->tls || qs_experiment_find (evidence, "padded-hello", 1) != NULL)) || /* one as large was taken */
      !qs_hello_has_hybrid_share (evidence->client_hello) ||
      qs_experiment_find (evidence, "same-again", 1) != NULL ||
      qs_experiment_find (evidence, "each-twice", 1) != NULL || qs_spread_find (evidence, NULL))
    return FALSE; /* or it is another cause: see datagrams-spread */
  const QsMark *again = qs_experiment_find (evidence, "same-again", 0);
  const QsMark *padded_answered = qs_experiment_find (evidence, "padded-hello", 1);
  const QsMark *padded_failed = qs_experiment_find (evidence, "padded-hello", 0);
  qs_match_number (match, "bytes", g_bytes_get_size (evidence->client_hello->bytes));
  if (padded_answered != NULL)
    {
      match->title = N_ ("{host} refuses a ClientHello with a post-quantum key share.");
      match->detail =
          N_ ("With X25519 alone it answered, in a ClientHello as large as well: so its size of {bytes} bytes "
              "gets through, and it is the group that is refused, by the server or by a middlebox that "
              "answers for it.");
      match->tries = group;
      match->certainty = again != NULL ? QS_CERTAINTY_PROVED : QS_CERTAINTY_LIKELY;
    }
  else if (padded_failed != NULL && !evidence->tls && at_once == NULL)
    {
      match->title = N_ ("{host} does not get, or does not take, a ClientHello in two datagrams.");
      match->detail = N_ (
          "With its post-quantum key share, in {bytes} bytes, it came to nothing, and one as large with X25519 alone "
          "as well; X25519 alone in a single datagram was answered. Whether it is the size of the ClientHello, or "
          "that two datagrams come at once, is not decided: something on the way may limit how many pass, or deal them "
          "out among several servers. {at_once}");
      match->certainty = QS_CERTAINTY_LIKELY;
      match->tries = rate;
      qs_match_set (match, "at_once", not_at_once != NULL ? not_at_once->text : NULL);
      qs_match_add_mark (match, evidence, not_at_once, NULL);
    }
  else if (padded_failed == NULL)
    {
      match->detail =
          N_ ("The one with a post-quantum key share, of {bytes} bytes, came to nothing; with X25519 alone it "
              "answered. Whether it is the size or the group is not decided.");
      match->certainty = QS_CERTAINTY_LIKELY;
    }
  if (late)
    {
      match->severity = QS_SEVERITY_WARNING;
      match->certainty = QS_CERTAINTY_LIKELY;
      match->title = N_ ("{host} was slow to take a ClientHello as large as {bytes} bytes.");
      match->detail =
          N_ ("With its post-quantum key share it came to nothing for long, and got through when it had been "
              "sent again; with X25519 alone it was answered at once.");
    }
  if (evidence->tls && waiting != NULL && padded_answered == NULL)
    {
      match->title = N_ ("Something on the way to {host} loses a ClientHello as large as {bytes} bytes.");
      match->detail =
          N_ ("With its post-quantum key share its TCP did not acknowledge it; the smaller one, with X25519 "
              "alone, was answered. So large packets do not get there: a tunnel or VPN with a small MTU, "
              "or a middlebox that drops a ClientHello of several parts.");
      match->certainty = QS_CERTAINTY_LIKELY;
      match->who = QS_PARTY_PATH;
      match->tries = path;
      qs_match_add_mark (match, evidence, waiting, g_strdup (waiting->text));
    }
  if (at_once != NULL)
    {
      qs_match_set (match, "at_once", at_once->text);
      qs_match_add_mark (match, evidence, at_once, NULL);
    }
  match->packet = (gint64) evidence->client_hello->packet;
  if (evidence->tls)
    match->reference = "RFC 9846 section 4.3.8";
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_mark (match, evidence, alone, NULL);
  qs_match_add_mark (match, evidence, padded_answered != NULL ? padded_answered : padded_failed, NULL);
  qs_match_add_mark (match, evidence, again, NULL);
  return TRUE;
}

/* --- Another protocol, another name --- */

/* What it speaks, in one text; FALSE: no other protocol was answered. */
static gboolean
add_spoken (const QsEvidence *evidence, QsMatch *match)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < qs_trace_get_n_marks (evidence->trace); i++)
    {
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i, NULL);
      if (mark->kind != QS_MARK_EXPERIMENT || mark->value != 1 || !g_str_has_prefix (mark->name, "alpn-"))
        continue;
      g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", mark->text);
      qs_match_add_mark (match, evidence, mark, NULL);
    }
  qs_match_set (match, "spoken", text->str);
  return text->len > 0;
}

/* Of the two that browsers ask by over TCP, one was refused and the other is spoken. */
static void
describe_http2_alone (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = { N_ ("Use a client of HTTP/2; with --alpn=h2 quicprobe shows the handshake."),
                                       N_ ("Switch HTTP/1.1 on at the server too, for those that have no HTTP/2."),
                                       NULL };
  g_auto (GStrv) offered = g_strsplit (evidence->offered_alpn != NULL ? evidence->offered_alpn : "", ", ", -1);

  if (!evidence->tls || qs_experiment_find (evidence, "alpn-h2", 1) == NULL ||
      (!g_strv_contains ((const char *const *) offered, "http/1.1") &&
       qs_experiment_find (evidence, "alpn-http-1.1", 0) == NULL))
    return;
  match->title = N_ ("{host} speaks HTTP/2 only, and {offered} was offered.");
  match->detail = N_ ("With that (ALPN) the handshake came to nothing; with h2 it is answered. {spoken}");
  match->tries = tries;
}

static gboolean
match_other_protocol (const QsEvidence *evidence, QsMatch *match)
{
  gboolean refused = evidence->close.known && !evidence->close.by_us;

  if (!qs_evidence_is_without_hello (evidence) || !add_spoken (evidence, match) ||
      (!qs_evidence_has_alert (evidence, ALERT_NO_APPLICATION_PROTOCOL, FALSE) &&
       !qs_match_add_control (evidence, match)))
    return FALSE;
  qs_match_set (match, "offered", evidence->offered_alpn != NULL ? evidence->offered_alpn : _ ("none"));
  qs_match_set (match, "end",
                refused ? _ ("With that it refused the handshake.") : _ ("With that the handshake came to nothing."));
  if (evidence->tls)
    match->reference = "RFC 7301 section 3.2";
  describe_http2_alone (evidence, match);
  qs_match_add_close (match, evidence);
  return TRUE;
}

/* A whole item of the list that the text ends with. */
static gboolean
names_whole (const char *text, const char *name)
{
  gsize length = strlen (name);

  for (const char *at = text != NULL ? strstr (text, name) : NULL; at != NULL; at = strstr (at + 1, name))
    {
      if (at > text && at[-1] == ' ' && (at[length] == '\0' || at[length] == ',' || g_str_equal (at + length, ".")))
        return TRUE;
    }
  return FALSE;
}

/* How it came to nothing without an alert. */
static const char *
end_words (const QsEvidence *evidence)
{
  return evidence->reset[QS_END_SERVER] >= 0 ? _ ("the TCP connection was reset")
         : evidence->fin[QS_END_SERVER] >= 0 ? _ ("the connection was closed")
                                             : _ ("nothing came");
}

/* Nobody said anything against the name: silence or a cut is what filters do that read server names. Where the server shows a
 * certificate for that very name as soon as it is not asked for it, hardly anything else is left. */
static void
describe_filter (const QsEvidence *evidence, QsMatch *match, const QsMark *without)
{
  static const char *const tries[] = { N_ ("Try from another network."),
                                       N_ ("Ask whoever runs the firewall or proxy on the way whether it reads server "
                                           "names (SNI)."),
                                       N_ ("Check that the server is configured for that name, with a certificate."),
                                       NULL };
  gboolean known = evidence->sni != NULL && names_whole (without->text, evidence->sni);

  match->title = N_ ("{address} is not reached with the server name {sni}, and is without.");
  match->detail =
      known ? N_ ("With it there was no alert: {end}. {without} So the server has a certificate for that name: either "
                  "something on the way that reads server names stopped it, or what the server does when it is asked "
                  "for that name goes wrong.")
            : N_ ("With it there was no alert: {end}. {without} The server has no site of that name and does not say "
                  "so, or something on the way that reads server names stops it.");
  qs_match_set (match, "end", end_words (evidence));
  match->certainty = MIN (match->certainty, QS_CERTAINTY_LIKELY);
  match->who = QS_PARTY_UNKNOWN;
  match->tries = tries;
}

static gboolean
match_other_name (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *without = qs_experiment_find (evidence, "no-sni", 1);

  if (without == NULL || !qs_evidence_is_without_hello (evidence) ||
      (!qs_evidence_has_alert (evidence, ALERT_UNRECOGNIZED_NAME, FALSE) && !qs_match_add_control (evidence, match)))
    return FALSE;
  if (!evidence->close.known)
    describe_filter (evidence, match, without);
  qs_match_set (match, "sni", evidence->sni != NULL ? evidence->sni : _ ("none"));
  qs_match_set (match, "without", without->text);
  qs_match_add_close (match, evidence);
  qs_match_add_mark (match, evidence, without, NULL);
  return TRUE;
}

/* A port behind a balancer waits for what the balancer says first. */
static gboolean
match_proxy_protocol (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *with = qs_experiment_find (evidence, "proxy-header", 1);

  if (with == NULL || !evidence->tls || !qs_evidence_is_without_hello (evidence) ||
      !qs_match_add_control (evidence, match))
    return FALSE;
  qs_match_set (match, "end", end_words (evidence));
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_mark (match, evidence, with, NULL);
  return TRUE;
}

/* --- Only what is small comes back --- */

/* The largest datagram that came. */
static guint
largest_received (const QsEvidence *evidence)
{
  guint n = MIN (qs_trace_get_n_records (evidence->trace), MOST_RECORDS_OF_HANDSHAKE), largest = 0;

  for (guint i = 0; i < n; i++)
    {
      QsRecord record;
      qs_trace_get_record (evidence->trace, i, &record);
      if (record.kind == QS_RECORD_DATAGRAM && record.direction == QS_DIRECTION_RECEIVED &&
          record.fate != QS_FATE_DROPPED)
        largest = MAX (largest, record.length);
    }
  return largest;
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  guint64 first = *(const guint64 *) a, second = *(const guint64 *) b;

  return first < second ? -1 : first > second;
}

/* Of the server's numbers in Initial packets, how many did not come, and in how many places. */
static guint
count_missing (const QsEvidence *evidence, guint *n_gaps)
{
  guint n = MIN (qs_trace_get_n_packets (evidence->trace), MOST_RECORDS_OF_HANDSHAKE);
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
  guint64 next = 0, missing = 0;

  for (guint i = 0; i < n; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i);
      if (packet->direction != QS_DIRECTION_RECEIVED || packet->type != QS_PACKET_INITIAL ||
          (packet->flags & (QS_PACKET_DECRYPTED | QS_PACKET_DUPLICATE)) != QS_PACKET_DECRYPTED)
        continue;
      g_array_append_val (numbers, packet->number);
    }
  g_array_sort (numbers, compare_numbers);
  *n_gaps = 0;
  /* Who begins with a number at random has lost none before it (nghttpx). */
  if (numbers->len > 0 && g_array_index (numbers, guint64, 0) > MOST_FIRST)
    next = g_array_index (numbers, guint64, 0);
  for (guint i = 0; i < numbers->len; i++)
    {
      guint64 number = g_array_index (numbers, guint64, i);
      *n_gaps += number > next;
      missing += number > next ? number - next : 0;
      next = number + 1;
    }
  return (guint) MIN (missing, G_MAXUINT);
}

/* A server whose answer is lost sends it again when its timer runs out (RFC 9002 section 6.2.4), so its numbers (RFC 9000 section
 * 12.3) jump each time. One jump alone proves nothing: HAProxy 3.0 counts the packets of a close that it then does not send. */
static gboolean
match_small_alone (const QsEvidence *evidence, QsMatch *match)
{
  if (evidence->tls || !qs_evidence_is_without_hello (evidence) || evidence->hello_retry != NULL ||
      !evidence->packets.in_initial_is_bare || evidence->packets.close_in >= 0)
    return FALSE;
  guint n_gaps, missing = count_missing (evidence, &n_gaps), largest = largest_received (evidence);
  if (n_gaps < GAPS_PROVE || largest == 0 || largest >= LARGE_DATAGRAM)
    return FALSE;
  const QsMark *there = qs_experiment_find (evidence, "large-datagrams", 1);
  qs_match_set (match, "there", there != NULL ? there->text : NULL);
  qs_match_number (match, "missing", missing);
  qs_match_number (match, "largest", largest);
  qs_match_add_packet (match, evidence, evidence->packets.first_initial_in, NULL);
  qs_match_add_mark (match, evidence, there, NULL);
  match->packet = evidence->packets.first_initial_in;
  return TRUE;
}

/* Handshake packets, which nobody can read before the ServerHello, and no Initial of the server's at all: how often such came, those that
 * came together counted once. */
static guint
count_without_initial (const QsEvidence *evidence, guint *first)
{
  guint n = MIN (qs_trace_get_n_packets (evidence->trace), MOST_RECORDS_OF_HANDSHAKE), times = 0;
  gint64 before = 0;

  for (guint i = 0; i < n; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i);
      if (packet->direction != QS_DIRECTION_RECEIVED)
        continue;
      if (packet->type != QS_PACKET_HANDSHAKE)
        return 0;
      if (times > 0 && packet->time - before < APART)
        continue;
      *first = times == 0 ? i : *first;
      before = packet->time;
      times++;
    }
  return times;
}

/* A server's Initial that is to be acknowledged stands in a datagram of 1200 bytes (RFC 9000 section 14.1) and is sent again when its
 * timer runs out; what else it sends then may be small, and came. A recording by others may have begun later, or lack them. */
static gboolean
match_initial_missing (const QsEvidence *evidence, QsMatch *match)
{
  guint first = 0;

  if (evidence->tls || evidence->server || (qs_trace_is_from_file (evidence->trace) && !evidence->ended) ||
      !qs_evidence_is_without_hello (evidence) || count_without_initial (evidence, &first) < TIMES_PROVE)
    return FALSE;
  guint largest = largest_received (evidence);
  if (largest == 0 || largest >= LARGE_DATAGRAM)
    return FALSE;
  const QsMark *there = qs_experiment_find (evidence, "large-datagrams", 1);
  qs_match_set (match, "there", there != NULL ? there->text : NULL);
  qs_match_number (match, "largest", largest);
  qs_match_add_packet (match, evidence, first, NULL);
  qs_match_add_mark (match, evidence, there, NULL);
  match->packet = first;
  return TRUE;
}

/* The same handshake in smaller segments goes through, as large ones not once more. */
static gboolean
match_small_segments (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *small = qs_experiment_find (evidence, "small-segments", 1);

  if (small == NULL || !evidence->tls || !qs_evidence_is_without_hello (evidence) ||
      !qs_match_add_control (evidence, match))
    return FALSE;
  match->certainty = QS_CERTAINTY_LIKELY; /* a server may answer those alone, for a reason of its own */
  qs_match_add_message (match, evidence, evidence->client_hello);
  qs_match_add_mark (match, evidence, small, NULL);
  return TRUE;
}

/* --- Only what is small gets there --- */

/* Small ones were answered, large ones were not, by whomever. */
static gboolean
match_by_size (const QsEvidence *evidence, QsMatch *match, const QsMark *stray)
{
  const QsMark *small = qs_experiment_find (evidence, "small-datagrams", 1);
  const QsMark *large = qs_experiment_find (evidence, "version-grease", 0);

  if (small == NULL || large == NULL || evidence->tls || evidence->server || evidence->anything_received ||
      evidence->icmp != NULL)
    return FALSE;
  qs_match_number (match, "datagrams", evidence->n_sent_before_reply);
  qs_match_set (match, "small", small->text);
  qs_match_set (match, "stray", stray != NULL ? stray->text : NULL);
  if (evidence->first_sent >= 0)
    qs_match_add_moment (match, evidence->first_sent, g_strdup (_ ("The first datagram of the handshake")));
  qs_match_add_mark (match, evidence, large, NULL);
  qs_match_add_mark (match, evidence, small, NULL);
  qs_match_add_mark (match, evidence, stray, NULL);
  return TRUE;
}

/* The answer to one of either size is small, so it is on the way there that size matters. */
static gboolean
match_large_lost (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *stray = qs_trace_find_mark (evidence->trace, QS_MARK_EXPERIMENT, "large-stray", NULL);

  if (stray == NULL || stray->value != 0)
    match->certainty = QS_CERTAINTY_POSSIBLE;
  return (stray == NULL || stray->value != 1) && match_by_size (evidence, match, stray);
}

/* Where one of that size was answered that looks like part of a connection, it is the look of a first packet that matters. */
static gboolean
match_beginning_lost (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *stray = qs_experiment_find (evidence, "large-stray", 1);

  qs_match_set (match, "address", evidence->addresses);
  return stray != NULL && match_by_size (evidence, match, stray);
}

/* --- The other address family --- */

static gboolean
match_other_family (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *other = qs_experiment_find (evidence, "other-address-family", 1);

  if (other == NULL || evidence->anything_received)
    return FALSE;
  gboolean broken_v6 = evidence->address[0] == '[';
  qs_match_set (match, "broken", broken_v6 ? "IPv6" : "IPv4");
  qs_match_set (match, "works", broken_v6 ? "IPv4" : "IPv6");
  qs_match_set (match, "other", other->text);
  qs_match_add_mark (match, evidence, other, NULL);
  return TRUE;
}

const QsRule qs_rules_decided[] = {
  { "reply-from-elsewhere",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 9",
    N_ ("What is sent to {address} is answered from another address."),
    N_ ("{conclusion} A QUIC client passes over packets from an address that it did not ask. A server that is bound to "
        "the wildcard address of a host with several addresses answers so, and so does a NAT, or a balancer whose "
        "servers answer by themselves."),
    match_elsewhere,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Bind the server to each of its addresses, or have it answer from the one that was asked (IP_PKTINFO)."),
      N_ ("Look for a NAT or a balancer that changes addresses in one direction alone.") } },
  { "post-quantum-hello-blocked",
    QS_SEVERITY_ERROR,
    "RFC 9001 section 4.3",
    N_ ("{host} does not get, or does not take, a ClientHello as large as {bytes} bytes."),
    N_ ("With its post-quantum key share it came to nothing, with X25519 alone it was answered. One as large with "
        "X25519 "
        "alone came to nothing as well: so it is the size. The server, or a middlebox before it, does not put a "
        "ClientHello of several parts together. {at_once}"),
    match_hello_too_much,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Update the server or the middlebox."),
      N_ ("Offer X25519 alone: that avoids it (--groups=X25519 in quicprobe).") } },
  { "mtu-black-hole",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 14.2",
    N_ ("Only small datagrams come back from {address}."),
    N_ ("The largest that came has {largest} bytes. The server took what was sent and acknowledged it, and the numbers "
        "of "
        "its packets show that at least {missing} others were sent and did not come: its answer is in datagrams of "
        "1200 "
        "bytes. {there} Something on the way back drops what is too big for it without saying so."),
    match_small_alone,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_PATH,
    { N_ ("Look for a tunnel or VPN with a small MTU on the way back."), N_ ("Try from another network.") } },
  { "mtu-black-hole",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 14.1",
    N_ ("Only small datagrams come back from {address}."),
    N_ ("The largest that came has {largest} bytes. The server took the ClientHello: Handshake packets came again and "
        "again, and none of its Initial packets, which stand in datagrams of 1200 bytes and bring the keys for them. "
        "{there} Something on the way back drops what is too big for it without saying so."),
    match_initial_missing,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_PATH,
    { N_ ("Look for a tunnel or VPN with a small MTU on the way back."), N_ ("Try from another network.") } },
  { "mtu-black-hole",
    QS_SEVERITY_ERROR,
    "RFC 8899 section 1.1",
    N_ ("Only small TCP segments get through between here and {address}."),
    N_ ("The ClientHello was taken and nothing came of it; the same in segments of 536 bytes at most, either way, was "
        "answered. Something on the way drops what is too big for it, and the ICMP messages that would say so (Packet "
        "Too Big) are not sent or do not arrive."),
    match_small_segments,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_PATH,
    { N_ ("Look for a tunnel or VPN with a small MTU on the way, and for a firewall that drops ICMP."),
      N_ ("Where the router is yours, have it lower the MSS of what passes (MSS clamping)."),
      N_ ("Try from another network.") } },
  { "mtu-black-hole",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 14.2",
    N_ ("Datagrams of 1200 bytes get no answer from {address}, small ones do."),
    N_ ("QUIC begins with datagrams of 1200 bytes at least: {datagrams} were sent, and one as large of a version that "
        "does not exist, and none was answered. {small} {stray} Something on the way there drops what is too big for "
        "it without saying so."),
    match_large_lost,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_PATH,
    { N_ ("Look for a tunnel or VPN with a small MTU on the way (ping -M do -s 1200 shows it)."),
      N_ ("Try from another network.") } },
  { "no-reply",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 10.3",
    N_ ("What begins a QUIC connection gets no answer from {address}, other datagrams do."),
    N_ ("{datagrams} datagrams of the handshake were not answered, nor was one of a version that does not exist. "
        "{small} {stray} So UDP of that size passes both ways: either something on the way stops what begins as QUIC "
        "does, or the server passes over it."),
    match_beginning_lost,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_UNKNOWN,
    { N_ ("Look for a firewall on the way that filters QUIC."),
      N_ ("Look at the server's log, and at what it takes for a first packet."), N_ ("Try from another network.") } },
  { "alpn-mismatch",
    QS_SEVERITY_ERROR,
    "RFC 9001 section 8.1",
    N_ ("{host} does not speak the application protocol that was offered."),
    N_ ("Offered (ALPN): {offered}. {end} {spoken}"),
    match_other_protocol,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Offer the protocol that it speaks, or switch the wanted one on at the server.") } },
  { "proxy-protocol-expected",
    QS_SEVERITY_ERROR,
    "RFC 9293 section 3.5.2",
    N_ ("{address} expects a header of the PROXY protocol before TLS."),
    N_ ("To the ClientHello alone {end}; with such a header before it, it was answered. The port is meant to be "
        "reached "
        "through a proxy or balancer, which says with it who the client is."),
    match_proxy_protocol,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Connect through the proxy or balancer."),
      N_ ("Or have the port take connections without it: accept-proxy in HAProxy's bind line and proxy_protocol in "
          "nginx's listen ask for it.") } },
  { "sni-unknown",
    QS_SEVERITY_ERROR,
    "RFC 6066 section 3",
    N_ ("{address} has no site of that name."),
    N_ ("The server name sent (SNI) was: {sni}. With that the handshake came to nothing. {without}"),
    match_other_name,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Check the spelling of the name; a different one can be asked for (--sni in quicprobe)."),
      N_ ("Check that the server is configured for that name, with a certificate.") } },
  { "address-family-broken",
    QS_SEVERITY_WARNING,
    "RFC 8305 section 5",
    N_ ("{host} answers over {works}, not over {broken}."),
    N_ ("{other} Programs that try only {broken} fail, and others lose time."),
    match_other_family,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Let the server listen on both, or take the {broken} address out of DNS."),
      N_ ("Check the {broken} route and firewall at both ends.") } },
  { NULL },
};
