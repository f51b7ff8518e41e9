/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about the path: loss, order, marks, size, time. None of them is a failure by itself. */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-rule.h"
#include "diagnosis/qs-spread.h"
#include "trace/qs-metrics.h"

#define MUCH_LOSS_PERCENT 2
/* Large packets lost one after the other, and a small one behind them that got through: what chance hardly does. */
#define BLACK_HOLE_LARGE 5
#define SLOW_ANYWAY (G_GINT64_CONSTANT (100) * 1000000) /* ns: below it nobody notices round trips */

static char *
percent (guint part, guint whole)
{
  return g_strdup_printf (_ ("%.1f %%"), whole > 0 ? 100.0 * part / whole : 0.0);
}

static gboolean
match_mtu_black_hole (const QsEvidence *evidence, QsMatch *match)
{
  const QsPacketFacts *packets = &evidence->packets;

  if (!qs_evidence_is_connected (evidence) || packets->n_large_lost < BLACK_HOLE_LARGE || packets->n_small_acked == 0)
    return FALSE;
  qs_match_number (match, "large", packets->n_large_lost);
  qs_match_number (match, "small", packets->n_small_acked);
  match->packet = packets->lost;
  return TRUE;
}

static gboolean
match_server_initial_lost (const QsEvidence *evidence, QsMatch *match)
{
  const QsPacketFacts *packets = &evidence->packets;

  /* What nobody could ever read is no late packet. */
  if (evidence->server || packets->first_in < 0 || packets->retry >= 0 || evidence->server_hello == NULL ||
      (packets->first_in_type != QS_PACKET_HANDSHAKE && packets->first_in_type != QS_PACKET_1RTT))
    return FALSE;
  match->packet = packets->first_in;
  return TRUE;
}

static gboolean
match_amplification (const QsEvidence *evidence, QsMatch *match)
{
  gsize allowed = 3 * evidence->client_bytes_before;

  /* After a Retry the address is validated, and no limit holds. */
  if (evidence->tls || evidence->packets.retry >= 0 || evidence->server_finished == NULL ||
      evidence->second_client_flight < 0 || evidence->client_bytes_before == 0)
    return FALSE;
  /* Its Finished came a round trip later, and the datagram that had to wait did not fit: else it was but under way when the
   * client acknowledged what was before it. */
  if (evidence->server_first_flight > allowed ||
      evidence->server_first_flight + evidence->server_next_datagram <= allowed ||
      evidence->server_finished->time <= evidence->second_client_flight + evidence->under_way)
    return FALSE;
  qs_match_number (match, "got", evidence->client_bytes_before);
  qs_match_number (match, "sent", evidence->server_first_flight);
  qs_match_number (match, "chain", evidence->chain_bytes);
  return TRUE;
}

static gboolean
is_incomplete (const QsEvidence *evidence)
{
  const QsDirectionFigures *figures = qs_trace_get_metrics (evidence->trace)->directions;

  return qs_trace_is_from_file (evidence->trace) &&
         figures[QS_DIRECTION_SENT].unseen + figures[QS_DIRECTION_RECEIVED].unseen > 0;
}

/* Numbers that were passed over, and bytes that came again behind them: a sender may skip numbers, but not for nothing
 * (RFC 9000 section 21.4) repeat what it sent. */
static gboolean
match_loss_before (const QsEvidence *evidence, QsMatch *match)
{
  const QsDirectionFigures *figures = &qs_trace_get_metrics (evidence->trace)->directions[QS_DIRECTION_RECEIVED];
  guint missing = figures->missing, again = evidence->packets.n_retransmitted_in;

  /* What had come already was repeated for another reason: the sender was impatient. */
  if (missing == 0 || again <= figures->in_vain)
    return FALSE;
  match->title = N_ ("{lost} packets got lost before they came here.");
  match->detail =
      N_ ("Their numbers are missing among the {received} that came, and {again} packets carried bytes of before "
          "again. QUIC repairs losses; many of them make it slow.");
  qs_match_number (match, "lost", missing);
  qs_match_number (match, "received", evidence->packets.n_in);
  qs_match_number (match, "again", again);
  return TRUE;
}

/* Acknowledgements that leave out the second half of a ClientHello are seen over loopback too (of quic-go's server, in most runs):
 * whether the path lost it or the server passed over it cannot be told from here. */
static void
describe_lost_initial (QsMatch *match)
{
  match->title = N_ ("{host} did not take one of the client's first packets, and got its bytes again.");
  match->detail = N_ ("The server's acknowledgements leave it out: either it got lost on the way, or the server passed "
                      "over it. Some do that with the second half of a ClientHello that comes while they are busy with "
                      "the first. QUIC repairs it.");
}

static gboolean
match_loss (const QsEvidence *evidence, QsMatch *match)
{
  const QsPacketFacts *packets = &evidence->packets;

  if (is_incomplete (evidence))
    return FALSE; /* what was not recorded is not lost */
  if (packets->n_lost == 0)
    return match_loss_before (evidence, match);
  if (packets->n_lost * 100 >= packets->n_out * MUCH_LOSS_PERCENT && packets->n_lost > 1)
    match->severity = QS_SEVERITY_WARNING;
  qs_match_number (match, "lost", packets->n_lost);
  qs_match_number (match, "sent", packets->n_out);
  qs_match_take (match, "percent", percent (packets->n_lost, packets->n_out));
  qs_match_number (match, "again", packets->n_retransmitted);
  match->packet = packets->lost;
  if (packets->n_lost == 1 && !evidence->server && packets->lost >= 0 &&
      qs_trace_get_packet (evidence->trace, (guint) packets->lost)->type == QS_PACKET_INITIAL)
    describe_lost_initial (match);
  return TRUE;
}

static gboolean
match_reordering (const QsEvidence *evidence, QsMatch *match)
{
  const QsPacketFacts *packets = &evidence->packets;

  if (packets->n_reordered == 0)
    return FALSE;
  qs_match_number (match, "late", packets->n_reordered);
  qs_match_number (match, "received", packets->n_in);
  qs_match_take (match, "percent", percent (packets->n_reordered, packets->n_in));
  match->packet = packets->reordered;
  return TRUE;
}

/* RFC 9000 section 13.4.2: a peer that sees marks reports them in its ACK frames. */
static gboolean
match_ecn_bleached (const QsEvidence *evidence, QsMatch *match)
{
  const QsPacketFacts *packets = &evidence->packets;

  return !evidence->tls && evidence->first_sent_ecn != 0 && packets->n_acks_with_ecn == 0 &&
         packets->n_acks_without_ecn >= 3;
}

static gboolean
match_corrupted (const QsEvidence *evidence, QsMatch *match)
{
  /* A server that lost its keys, and a recording with holes, look the same. */
  if (evidence->packets.n_corrupt == 0 || qs_evidence_is_restarted (evidence) || is_incomplete (evidence) ||
      evidence->foreign.n > 0 || qs_spread_find (evidence, NULL))
    return FALSE;
  qs_match_number (match, "count", evidence->packets.n_corrupt);
  qs_match_number (match, "received", evidence->packets.n_in);
  match->packet = evidence->packets.corrupt;
  return TRUE;
}

static void
append_reason (GString *text, const char *reason)
{
  g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", reason);
}

/* RFC 9001 figure 1: one round trip, and one more each for Retry, Version Negotiation, HelloRetryRequest and a
 * chain that does not fit the amplification limit. */
static gboolean
match_slow (const QsEvidence *evidence, QsMatch *match)
{
  gint64 start = evidence->first_sent, done = evidence->handshake_done;

  if (evidence->server || evidence->tls || start < 0 || done < 0 || evidence->first_received < 0)
    return FALSE;
  /* What went to other addresses before is no part of this one's handshake. */
  gboolean raced = evidence->n_addresses > 1 && evidence->attempt_time >= 0;
  if (raced)
    start = MAX (start, evidence->attempt_time);
  gint64 rtt = MAX (evidence->first_received - start, 1);
  const QsMark *told = qs_trace_find_mark (evidence->trace, QS_MARK_FACT, "quic.rtt_ms", NULL);
  if (told != NULL)
    rtt = MAX (told->value, 1);
  guint expected = 1 + (evidence->packets.retry >= 0) + (evidence->packets.version_negotiation >= 0) +
                   (evidence->hello_retry != NULL);
  gint64 taken = done - start;
  if (taken < SLOW_ANYWAY || taken <= (gint64) (expected + 1) * rtt + SLOW_ANYWAY)
    return FALSE;

  g_autoptr (GString) why = g_string_new (NULL);
  if (evidence->n_sent_before_reply > 2 && !raced)
    append_reason (why, _ ("the first datagrams had to be sent again"));
  if (evidence->packets.n_lost > 0)
    append_reason (why, _ ("packets were lost"));
  if (evidence->packets.first_in_type == QS_PACKET_HANDSHAKE)
    append_reason (why, _ ("the server's first datagram was lost"));
  if (why->len == 0)
    append_reason (why, _ ("the server took its time to answer"));
  qs_match_take (match, "time", qs_text_duration (taken));
  qs_match_take (match, "rtt", qs_text_duration (rtt));
  qs_match_number (match, "expected", expected);
  qs_match_set (match, "why", why->str);
  return TRUE;
}

const QsRule qs_rules_path[] = {
  { "mtu-black-hole",
    QS_SEVERITY_WARNING,
    "RFC 9000 section 14.2",
    N_ ("Large packets to {address} vanish, small ones arrive."),
    N_ ("The last {large} packets of 1000 bytes and more were lost, while {small} small ones arrived. Something on the "
        "way drops what is too big for it without saying so."),
    match_mtu_black_hole,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_PATH,
    { N_ ("Look for a tunnel or VPN with a small MTU.") } },
  { "slow-handshake",
    QS_SEVERITY_WARNING,
    "RFC 9002 section 6.2",
    N_ ("The handshake took {time}, longer than its {expected} round trips of {rtt} need."),
    N_ ("The likely cause: {why}."),
    match_slow,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_UNKNOWN,
    { N_ ("Look at the gaps in the sequence of packets.") } },
  { "server-initial-lost", QS_SEVERITY_WARNING, "RFC 9002 section 6.2.3",
    N_ ("The first datagram of {host} was lost or came late."),
    N_ ("Packets came that could not be decrypted yet, because the one with the ServerHello was missing. It was sent "
        "again, which cost time. If it happens again, a middlebox or a very short queue drops the first one."),
    match_server_initial_lost, QS_CERTAINTY_PROVED, QS_PARTY_PATH },
  { "ecn-bleached", QS_SEVERITY_INFO, "RFC 9000 section 13.4.2",
    N_ ("Congestion marks (ECN) do not get through to {host}."),
    N_ ("Packets went out with an ECN mark, and the server's acknowledgements report none: a router on the way clears "
        "them, or the server does not read them. Nothing breaks; congestion is noticed later, by loss."),
    match_ecn_bleached, QS_CERTAINTY_POSSIBLE, QS_PARTY_UNKNOWN },
  { "packet-loss", QS_SEVERITY_INFO, "RFC 9002 section 6",
    N_ ("{lost} of {sent} packets that were sent got lost ({percent})."),
    N_ ("{again} packets carried bytes a second time to make up for it. QUIC repairs losses; many of them make it "
        "slow."),
    match_loss, QS_CERTAINTY_LIKELY, QS_PARTY_UNKNOWN },
  { "reordering", QS_SEVERITY_INFO, "RFC 9002 section 6.1.1",
    N_ ("{late} of {received} received packets came out of order ({percent})."),
    N_ ("The path changes the order of packets. A little is normal; much of it is taken for loss and slows down."),
    match_reordering, QS_CERTAINTY_LIKELY, QS_PARTY_PATH },
  { "corrupted", QS_SEVERITY_WARNING, "RFC 9001 section 5.5",
    N_ ("{count} of {received} received packets could not be authenticated."),
    N_ ("Their bytes were changed on the way, or they belong to another connection. QUIC drops such packets."),
    match_corrupted, QS_CERTAINTY_POSSIBLE, QS_PARTY_UNKNOWN },
  { "amplification-blocked",
    QS_SEVERITY_INFO,
    "RFC 9000 section 8.1",
    N_ ("{host} had to stop and wait: it may send three times what it got until the client's address is sure."),
    N_ ("It got {got} bytes and sent {sent}; its certificates have {chain} bytes, which do not fit and cost one more "
        "round trip."),
    match_amplification,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_SERVER,
    { N_ ("A shorter chain, elliptic-curve keys or compression of certificates help.") } },
  { NULL },
};
