/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about answers without an end: something comes, and it brings nothing. */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-rule.h"
#include "trace/qs-metrics.h"

#define NS_PER_MS G_GINT64_CONSTANT (1000000)

static char *
describe_ceiling (const QsEvidence *evidence, const QsMark *note)
{
  const QsHttpFacts *http = &evidence->http;
  g_autofree char *time = http->asked_at >= 0 ? qs_text_duration (evidence->now - http->asked_at) : NULL;

  if (http->status > 0 && http->body > 0 && time != NULL)
    return g_strdup_printf (_ ("The answer went on for %s: %" PRIu64 " bytes of its body came, and no end."), time,
                            http->body);
  if (http->n_interim > 0 && http->status == 0)
    return g_strdup_printf (_ ("Interim answers (1xx) came, and no final one."));
  return g_strdup (note->text);
}

#define VAIN_PROVES 3

/* Packets that came at the end and brought nothing: bytes that had come before, or a mere PING. A PING alone may as well keep a
 * connection alive (RFC 9000 section 10.1.2): without anything that is repeated it shows nothing. */
static guint
count_vain (const QsEvidence *evidence)
{
  const guint64 light = G_GUINT64_CONSTANT (1) << QS_FRAME_PING | G_GUINT64_CONSTANT (1) << QS_FRAME_ACK |
                        G_GUINT64_CONSTANT (1) << QS_FRAME_PADDING;
  guint n_pings = 0, n_repeated = 0;

  for (guint i = evidence->tls ? 0 : qs_trace_get_n_packets (evidence->trace); i > 0; i--)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i - 1);
      gboolean repeated = (packet->flags & QS_PACKET_RETRANSMISSION) != 0;
      if (packet->direction != QS_DIRECTION_RECEIVED)
        continue;
      if (!repeated && (packet->frames & ~light) != 0)
        break;
      n_repeated += repeated;
      n_pings += !repeated && (packet->frames & G_GUINT64_CONSTANT (1) << QS_FRAME_PING) != 0;
    }
  return n_repeated > 0 ? n_repeated + n_pings : 0;
}

/* RFC 9002 section 6.2: a sender repeats what it has no acknowledgement for. */
static gboolean
describe_unheard (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = { N_ ("Look for a firewall or NAT on the way that forgets or limits connections."),
                                       N_ ("Try again, and from another network."), NULL };
  guint n = count_vain (evidence);

  if (n < VAIN_PROVES || evidence->http.n_interim > 0)
    return FALSE;
  match->title = N_ ("What {host} sends arrives, and what is sent to it does not any more.");
  match->detail = N_ ("The last {n} packets of it that ask for an acknowledgement brought nothing new: it repeats what "
                      "has come and was acknowledged here. So the acknowledgements are lost on the way there.");
  match->reference = "RFC 9002 section 6.2";
  match->certainty = QS_CERTAINTY_LIKELY;
  match->who = QS_PARTY_PATH;
  match->tries = tries;
  qs_match_number (match, "n", n);
  return TRUE;
}

#define LOSSY_PERCENT 10

/* What came may be all that a path let through: then it is not known whether the server had more to say. */
static gboolean
describe_lossy (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const tries[] = { N_ ("Try from another network."),
                                       N_ ("Look for a limit on packets or bytes of one client, or for a bad link, on "
                                           "the way."),
                                       N_ ("Look at the server's log."), NULL };
  const QsDirectionFigures *figures = &qs_trace_get_metrics (evidence->trace)->directions[QS_DIRECTION_RECEIVED];
  const QsPacketFacts *packets = &evidence->packets;
  guint lost = packets->n_lost + figures->missing, all = packets->n_out + packets->n_in + figures->missing;

  if (evidence->tls || lost * 100 < all * LOSSY_PERCENT || evidence->http.n_interim > 0)
    return FALSE;
  match->detail = N_ ("Something came all the time, so the connection lives. Of {all} packets of both sides {lost} got "
                      "lost, though: the path lets too little through, or the program behind the server does not get "
                      "on with the answer.");
  match->reference = "RFC 9002 section 6";
  match->certainty = QS_CERTAINTY_POSSIBLE;
  match->who = QS_PARTY_UNKNOWN;
  match->tries = tries;
  qs_match_number (match, "all", all);
  qs_match_number (match, "lost", lost);
  return TRUE;
}

/* RFC 9110 section 15.2: interim answers are no answer; and bytes that carry nothing are no progress. */
static gboolean
match_no_progress (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *ceiling = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "max-time", NULL);
  const QsMark *patience = qs_trace_find_mark (evidence->trace, QS_MARK_NOTE, "timeout", NULL);
  const QsMark *note = ceiling != NULL ? ceiling : patience;

  if (!evidence->failed || note == NULL || match->has_error ||
      (ceiling == NULL && g_strcmp0 (evidence->http.end, "unanswered") != 0) || qs_evidence_is_restarted (evidence))
    return FALSE;
  /* Plain silence is told of elsewhere. */
  if (ceiling == NULL && evidence->now - evidence->last_received > note->value * NS_PER_MS / 2)
    return FALSE;
  if (ceiling != NULL)
    {
      match->title = N_ ("{host} was not done after {limit}, the longest that it might take.");
      match->detail = N_ ("{what}");
    }
  else if (!describe_unheard (evidence, match))
    describe_lossy (evidence, match);
  qs_match_take (match, "limit", qs_text_duration (note->value * NS_PER_MS));
  qs_match_take (match, "what", ceiling != NULL ? describe_ceiling (evidence, note) : g_strdup (note->text));
  qs_match_add_mark (match, evidence, note, g_strdup (note->text));
  return TRUE;
}

const QsRule qs_rules_stalled[] = {
  { "timeout",
    QS_SEVERITY_ERROR,
    "RFC 9110 section 15.2",
    N_ ("{host} made no progress for {limit}."),
    N_ ("Something came all the time, so the connection lives: the program behind the server does not get on "
        "with "
        "the answer, or keeps the client busy on purpose."),
    match_no_progress,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Look at the server's log.") } },
  { NULL },
};
