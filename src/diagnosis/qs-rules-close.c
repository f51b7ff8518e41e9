/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about how connections and streams end. */
#include <inttypes.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "diagnosis/qs-rule.h"
#include "wire/qs-names.h"

#define TP_MAX_IDLE_TIMEOUT 0x01
#define H3_NO_ERROR 0x100
#define LEAST_UNANSWERED 3 /* datagrams: a recording may end between one and its answer */
#define NS_PER_MS G_GINT64_CONSTANT (1000000)
#define STANDSTILL (1000 * NS_PER_MS) /* less is a pause */
#define STANDSTILL_PACKETS 4096       /* that are looked through from the end, */
#define STANDSTILL_OPENED 64          /* and opened: a live run asks often */

/* RFC 9000 section 10.1: the smaller of both sides' values holds; 0 or absent means none. */
static guint64
idle_timeout_ms (const QsEvidence *evidence)
{
  guint64 ours = 0, theirs = 0;

  qs_evidence_get_parameter (evidence, TRUE, TP_MAX_IDLE_TIMEOUT, &ours);
  qs_evidence_get_parameter (evidence, FALSE, TP_MAX_IDLE_TIMEOUT, &theirs);
  return ours == 0 ? theirs : theirs == 0 ? ours : MIN (ours, theirs);
}

/* A file has no close for it: the trace ends in packets that nobody answered. The last probe goes out well before the
 * timeout is over, as they double their distance (RFC 9002 section 6.2.1). */
static gboolean
fell_silent (const QsEvidence *evidence, guint64 timeout_ms)
{
  return !evidence->live && !evidence->ended && !evidence->close.known && timeout_ms > 0 &&
         evidence->last_received >= 0 && evidence->n_unanswered >= LEAST_UNANSWERED &&
         evidence->last_sent - evidence->last_received >= (gint64) timeout_ms * NS_PER_MS * 2 / 5;
}

static gboolean
match_idle_timeout (const QsEvidence *evidence, QsMatch *match)
{
  guint64 timeout = idle_timeout_ms (evidence);
  gboolean told = evidence->close.known && !evidence->close.application && evidence->close.code == QS_CODE_IDLE_TIMEOUT;

  if (evidence->tls || !qs_evidence_is_connected (evidence) || qs_evidence_is_restarted (evidence) ||
      (!told && !fell_silent (evidence, timeout)))
    return FALSE;
  gint64 since = MAX (evidence->last_received, 0);
  gint64 until = told ? evidence->close.time : evidence->last_sent;
  if (evidence->last_received >= 0)
    qs_match_add_moment (match, evidence->last_received, g_strdup (_ ("The last that came")));
  if (evidence->last_sent > evidence->last_received)
    qs_match_add_moment (match, evidence->last_sent, g_strdup (_ ("The last that was sent")));
  qs_match_take (match, "silence", qs_text_duration (until - since));
  qs_match_take (match, "timeout",
                 timeout > 0 ? qs_text_duration ((gint64) timeout * NS_PER_MS) : g_strdup (_ ("not known")));
  return TRUE;
}

static gboolean
match_stateless_reset (const QsEvidence *evidence, QsMatch *match)
{
  const QsCloseFact *close = &evidence->close;
  gboolean seen = evidence->packets.stateless_reset >= 0;
  /* OpenSSL says "closed by the peer, code 0" and there is no such frame: what closed it was no packet. */
  gboolean told = evidence->ended && close->known && !close->by_us && !close->application && close->code == 0 &&
                  evidence->packets.n_decrypted_in > 0 && evidence->packets.close_in < 0;

  if (evidence->tls || (!seen && !told))
    return FALSE;
  match->packet = evidence->packets.stateless_reset;
  if (!seen)
    match->certainty = QS_CERTAINTY_LIKELY;
  return TRUE;
}

static gboolean
match_server_restarted (const QsEvidence *evidence, QsMatch *match)
{
  if (!qs_evidence_is_restarted (evidence))
    return FALSE;
  qs_match_number (match, "count", evidence->packets.n_odd_tail);
  match->packet = evidence->packets.odd_tail;
  qs_match_add_packet (match, evidence, evidence->packets.odd_tail, NULL);
  return TRUE;
}

static gboolean
is_normal_close (const QsEvidence *evidence)
{
  const QsCloseFact *close = &evidence->close;
  gboolean h3 = evidence->alpn != NULL && g_str_has_prefix (evidence->alpn, "h3");

  if (!close->application)
    return close->code == 0;
  /* Where nothing tells the protocol, HTTP/3's code says what it is. */
  if (evidence->alpn == NULL && close->code == H3_NO_ERROR)
    return TRUE;
  return h3 ? close->code == H3_NO_ERROR : close->code == 0;
}

static gboolean
match_closed_by_peer (const QsEvidence *evidence, QsMatch *match)
{
  const QsCloseFact *close = &evidence->close;

  if (evidence->tls || !close->known || close->by_us || (!close->application && close->code != 0))
    return FALSE;
  if (!close->application && evidence->packets.close_in < 0 && evidence->packets.n_decrypted_in > 0)
    return FALSE; /* a stateless reset */
  gboolean normal = is_normal_close (evidence);
  if (normal && (!evidence->failed || evidence->stopped))
    return FALSE;

  const char *meaning = close->application ? qs_http3_error_meaning (close->code) : NULL;
  gboolean h3 = evidence->alpn != NULL && g_str_has_prefix (evidence->alpn, "h3");
  qs_match_take (match, "code", qs_evidence_close_text (evidence));
  qs_match_set (match, "meaning", h3 ? meaning : NULL);
  qs_match_take (match, "reason",
                 close->reason != NULL ? g_strdup_printf (_ ("The reason it gave: “%s”."), close->reason)
                                       : g_strdup (_ ("It gave no reason.")));
  qs_match_add_close (match, evidence);
  if (evidence->ended && !evidence->failed)
    match->severity = QS_SEVERITY_WARNING;
  if (evidence->server)
    {
      match->title = N_ ("The client closed the connection with code {code}.");
      match->who = QS_PARTY_CLIENT;
    }
  if (normal)
    match->detail = N_ ("{reason} By its code ({code}) that is a normal end, and it came before the request was "
                        "answered. The server may be shutting down, or it waits for nothing of that kind here.");
  return TRUE;
}

static const char *
frame_name (guint64 type)
{
  return type == 0 ? _ ("no particular frame") : qs_frame_type_name (type);
}

/* RFC 9000 section 20.1: codes of the transport that prove no defect of anybody. */
static const struct {
  guint64 code;
  QsCertainty certainty;
  const char *title;
  const char *by_us; /* where this side closed */
  const char *detail;
  const char *tries[2];
} limits[] = {
  { 0x0c,
    QS_CERTAINTY_PROVED,
    N_ ("The application at {host} ended the connection during the handshake ({code})."),
    N_ ("The application on this side ended the connection during the handshake ({code})."),
    N_ ("Its own code may not be told yet: before the handshake is complete every close of an application looks like "
        "this. "
        "{reason}"),
    { N_ ("Look at that application's log.") } },
  { 0x0d,
    QS_CERTAINTY_PROVED,
    N_ ("{host} got more of the handshake than it keeps ({code})."),
    N_ ("{host} sent more of the handshake than this side keeps ({code})."),
    N_ ("A long chain of certificates does that, or a handshake out of order with a gap that is not filled. {reason}"),
    { N_ ("Send a shorter chain of certificates.") } },
  { 0x0f,
    QS_CERTAINTY_PROVED,
    N_ ("{host} closed because the keys were used for too much ({code})."),
    N_ ("This side closed because the keys were used for too much ({code})."),
    N_ ("Each key is good for a number of packets, and for a number of forged ones. Somebody may be sending forged "
        "packets, "
        "or the other end does not update its keys. {reason}"),
    { N_ ("Connect again.") } },
  { 0x10,
    QS_CERTAINTY_LIKELY,
    N_ ("{host} found no path that carries QUIC ({code})."),
    N_ ("This side found no path that carries QUIC ({code})."),
    N_ ("QUIC needs datagrams of 1200 bytes, both ways: a tunnel or VPN with a small MTU is the usual cause. {reason}"),
    { N_ ("Raise the MTU of the tunnel or VPN to at least 1280 bytes, or leave it out.") } },
  { 0x11,
    QS_CERTAINTY_PROVED,
    N_ ("{host} and the client came to different ends on the version of QUIC ({code})."),
    NULL,
    N_ ("What each of them says of versions (RFC 9368) does not fit: somebody in between changed a packet to force "
        "another "
        "version, or one of them has a defect. {reason}"),
    { N_ ("Keep the trace, and try from another network.") } },
};

static gboolean
match_limit (const QsEvidence *evidence, QsMatch *match)
{
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      if (limits[i].code != evidence->close.code)
        continue;
      gboolean by_us = evidence->close.by_us && limits[i].by_us != NULL;
      match->title = by_us ? limits[i].by_us : limits[i].title;
      match->detail = limits[i].detail;
      match->certainty = limits[i].certainty;
      match->tries = limits[i].tries;
      return TRUE;
    }
  return FALSE;
}

/* Whether the other end sent anything at all: who closes after silence may give whatever code, and nothing was broken. */
static gboolean
was_heard (const QsEvidence *evidence)
{
  guint n = qs_trace_get_n_packets (evidence->trace);

  for (guint i = 0; i < n; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i);
      if (packet->direction == QS_DIRECTION_RECEIVED && (packet->flags & QS_PACKET_DROPPED) == 0)
        return TRUE;
    }
  return FALSE;
}

static gboolean
match_protocol_error (const QsEvidence *evidence, QsMatch *match)
{
  const QsCloseFact *close = &evidence->close;

  if (evidence->tls || !close->known || close->application || close->code < 0x05 || close->code > 0x11 ||
      close->code == 0x0b || (close->by_us && !was_heard (evidence)))
    return FALSE;
  qs_match_take (match, "code", qs_evidence_close_text (evidence));
  qs_match_set (match, "meaning", qs_quic_transport_error_meaning (close->code));
  qs_match_set (match, "frame", frame_name (close->frame_type));
  if (close->reason != NULL)
    qs_match_take (match, "reason", g_strdup_printf (_ ("The reason given: “%s”."), close->reason));
  qs_match_add_close (match, evidence);
  if (match_limit (evidence, match))
    return TRUE;
  if (close->by_us)
    {
      match->title = N_ ("{host} broke the rules of QUIC, so this side closed the connection ({code}).");
      match->who = QS_PARTY_SERVER;
    }
  return TRUE;
}

static gboolean
match_server_error (const QsEvidence *evidence, QsMatch *match)
{
  const QsCloseFact *close = &evidence->close;

  if (evidence->tls || !close->known || close->by_us || close->application || close->code != 0x01)
    return FALSE;
  if (close->reason != NULL)
    qs_match_take (match, "reason", g_strdup_printf (_ ("The reason it gave: “%s”."), close->reason));
  qs_match_add_close (match, evidence);
  return TRUE;
}

/* Fills in what a stream's reset means; a code of "no error" is a server that needs no more of a request. */
static void
describe_reset (const QsEvidence *evidence, QsMatch *match, gint64 stream, guint64 code)
{
  gboolean h3 = evidence->alpn != NULL && g_str_has_prefix (evidence->alpn, "h3");

  qs_match_take (match, "stream", g_strdup_printf ("%" G_GINT64_FORMAT, stream));
  qs_match_take (match, "code",
                 h3 && qs_http3_error_name (code) != NULL
                     ? qs_close_code_describe (TRUE, code, evidence->alpn)
                     : g_strdup_printf ("0x%" G_GINT64_MODIFIER "x (%" G_GUINT64_FORMAT ")", code, code));
  qs_match_set (match, "meaning", h3 ? qs_http3_error_meaning (code) : NULL);
  if (!evidence->failed)
    match->severity = h3 && code == H3_NO_ERROR ? QS_SEVERITY_INFO : QS_SEVERITY_WARNING;
}

static const QsMark *
find_reset_mark (const QsEvidence *evidence)
{
  for (guint i = qs_trace_get_n_marks (evidence->trace); i > 0; i--)
    {
      const QsMark *mark = qs_trace_get_mark (evidence->trace, i - 1, NULL);
      if (mark->kind == QS_MARK_STREAM && mark->read_state == QS_STREAM_RESET_REMOTE)
        return mark;
    }
  return NULL;
}

static gboolean
match_stream_reset (const QsEvidence *evidence, QsMatch *match)
{
  const QsStreamFact *reset = &evidence->packets.reset_in, *stop = &evidence->packets.stop_in;
  const QsMark *mark = !reset->seen ? find_reset_mark (evidence) : NULL;

  if (reset->seen || stop->seen)
    {
      const QsStreamFact *fact = reset->seen ? reset : stop;
      match->packet = fact->packet;
      describe_reset (evidence, match, (gint64) fact->stream, fact->code);
    }
  else if (mark != NULL)
    {
      qs_match_add_mark (match, evidence, mark, g_strdup_printf (_ ("stream %" PRId64 " was reset"), mark->stream));
      describe_reset (evidence, match, mark->stream, (guint64) mark->read_error);
    }
  else
    {
      return FALSE;
    }
  if (!reset->seen && mark == NULL)
    {
      match->title = N_ ("{host} wants no more bytes on stream {stream} (STOP_SENDING, code {code}).");
      static const char *const tries[] = { N_ ("Look at what was sent on the stream, and at the server's log."), NULL };
      match->detail = N_ ("{meaning} What was sent there after that is thrown away; the connection and its other "
                          "streams live on.");
      match->reference = "RFC 9000 section 3.5";
      match->tries = tries;
    }
  return TRUE;
}

/* RFC 9000 section 18.2: what the receiver allows at first on a stream that this side sends on. */
static gboolean
get_initial_limit (const QsEvidence *evidence, guint64 stream, guint64 *limit)
{
  gboolean own = ((stream & 1) != 0) == evidence->server;
  guint64 id = (stream & 2) != 0 ? 0x07 : own ? 0x06 : 0x05;

  return qs_evidence_get_parameter (evidence, evidence->server, id, limit);
}

/* What was sent last, a while ago, and how far its stream got; FALSE: nothing was, or the stream was concluded. */
static gboolean
find_last_sent (const QsEvidence *evidence, QsStreamFact *fact, gint64 *time, guint first)
{
  *fact = (QsStreamFact){ 0 };
  for (guint i = qs_trace_get_n_packets (evidence->trace), opened = 0; i > first && opened < STANDSTILL_OPENED; i--)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i - 1);
      if (packet->direction != QS_DIRECTION_SENT || (packet->frames & G_GUINT64_CONSTANT (1) << QS_FRAME_STREAM) == 0)
        continue;
      if (opened++ == 0 && evidence->now - packet->time < STANDSTILL)
        return FALSE;
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (evidence->trace, i - 1, &payload);
      for (guint j = 0; j < frames->len; j++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, j);
          if (qs_frame_base_type (frame->type) != QS_FRAME_STREAM || (fact->seen && frame->stream_id != fact->stream))
            continue;
          if (frame->fin)
            return FALSE;
          if (!fact->seen)
            {
              *time = packet->time;
              fact->packet = i - 1;
              fact->stream = frame->stream_id;
              fact->seen = TRUE;
            }
          fact->limit = MAX (fact->limit, frame->stream_offset + frame->data.length);
        }
    }
  return fact->seen;
}

static guint64
find_raised_limit (const QsEvidence *evidence, guint64 stream, guint first)
{
  guint64 limit = 0;

  for (guint i = first; i < qs_trace_get_n_packets (evidence->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i);
      if (packet->direction != QS_DIRECTION_RECEIVED ||
          (packet->frames & G_GUINT64_CONSTANT (1) << QS_FRAME_MAX_STREAM_DATA) == 0)
        continue;
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (evidence->trace, i, &payload);
      for (guint j = 0; j < frames->len; j++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, j);
          if (frame->type == QS_FRAME_MAX_STREAM_DATA && frame->stream_id == stream)
            limit = MAX (limit, frame->limit);
        }
    }
  return limit;
}

/* Not every sender says that it is blocked (OpenSSL's does not): it just stops where the receiver's limit is. */
static gboolean
match_full_window (const QsEvidence *evidence, QsMatch *match)
{
  guint n = qs_trace_get_n_packets (evidence->trace), first = n > STANDSTILL_PACKETS ? n - STANDSTILL_PACKETS : 0;
  guint64 initial;
  gint64 time;
  QsStreamFact fact;

  if (evidence->tls || !qs_evidence_is_connected (evidence) || !find_last_sent (evidence, &fact, &time, first) ||
      !get_initial_limit (evidence, fact.stream, &initial) || fact.limit < MAX (initial, 1))
    return FALSE;
  if (fact.limit != MAX (initial, find_raised_limit (evidence, fact.stream, first)))
    return FALSE;
  match->title = N_ ("The window of {window} is full: the receiver took {limit} and allows no more.");
  match->detail = N_ ("It has not raised its limit for {time}, so what is left to send waits: the program at the "
                      "receiving end does not read, or it is stuck.");
  match->packet = fact.packet;
  qs_match_take (match, "window", g_strdup_printf (_ ("stream %" PRIu64), fact.stream));
  qs_match_take (match, "limit", qs_text_size (fact.limit));
  qs_match_take (match, "time", qs_text_duration (evidence->now - time));
  return TRUE;
}

static gboolean
match_flow_control (const QsEvidence *evidence, QsMatch *match)
{
  const QsPacketFacts *packets = &evidence->packets;
  const QsStreamFact *fact = packets->stream_blocked.seen ? &packets->stream_blocked : &packets->data_blocked;
  const QsCloseFact *close = &evidence->close;

  if (close->known && !close->application && close->code == 0x03)
    {
      match->severity = QS_SEVERITY_ERROR;
      match->title = N_ ("More was sent than the receiver had allowed (FLOW_CONTROL_ERROR).");
      match->detail = N_ ("One side ignored the other's window. That is a defect in the program that sent.");
      qs_match_add_close (match, evidence);
      return TRUE;
    }
  if (!fact->seen)
    return match_full_window (evidence, match);
  qs_match_take (match, "window",
                 packets->stream_blocked.seen ? g_strdup_printf (_ ("stream %" PRIu64), fact->stream)
                                              : g_strdup (_ ("the whole connection")));
  qs_match_take (match, "limit", qs_text_size (fact->limit));
  match->packet = fact->packet;
  return TRUE;
}

static gboolean
match_stream_limit (const QsEvidence *evidence, QsMatch *match)
{
  const QsStreamFact *fact = &evidence->packets.streams_blocked;
  const QsCloseFact *close = &evidence->close;

  if (close->known && !close->application && close->code == 0x04)
    {
      match->severity = QS_SEVERITY_ERROR;
      match->title = N_ ("More streams were opened than the peer had allowed (STREAM_LIMIT_ERROR).");
      match->detail = N_ ("One side ignored the other's limit. That is a defect in the program that opened them.");
      qs_match_add_close (match, evidence);
      return TRUE;
    }
  if (!fact->seen)
    return FALSE;
  qs_match_number (match, "limit", fact->limit);
  match->packet = fact->packet;
  return TRUE;
}

const QsRule qs_rules_close[] = {
  { "stateless-reset",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 10.3",
    N_ ("{host} has lost its memory of this connection."),
    N_ ("It answered with a stateless reset: it was restarted, or a load balancer sent the packets to another server."),
    match_stateless_reset,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Connect again."), N_ ("If it happens often, look at how the load balancer keeps connections together.") } },
  { "server-restarted",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 10.3",
    N_ ("{host} answers, and no longer knows this connection: it was restarted, it seems."),
    N_ ("Since a moment all that came ({count} packets) fits no key of the connection, and none of it is the stateless "
        "reset "
        "that the server announced. A server whose reset key is made anew at each start (nginx by default) does that: "
        "its "
        "clients cannot know that the connection is gone, and wait."),
    match_server_restarted,
    QS_CERTAINTY_LIKELY,
    QS_PARTY_SERVER,
    { N_ ("Connect again."), N_ ("Give the server a key that lasts (quic_host_key in nginx).") } },
  { "idle-timeout",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 10.1",
    N_ ("The connection to {host} timed out: nothing came for {silence}."),
    N_ ("The idle timeout that both agreed on is {timeout}. The server stopped, the network was cut, or a NAT on the "
        "way forgot the connection: many do after 30 s without traffic."),
    match_idle_timeout,
    QS_CERTAINTY_POSSIBLE,
    QS_PARTY_UNKNOWN,
    { N_ ("Send something more often than that, or connect again.") } },
  { "server-internal-error",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 20.1",
    N_ ("{host} closed the connection because of an error of its own (INTERNAL_ERROR)."),
    N_ ("{reason} It does not say that anything that was sent is wrong."),
    match_server_error,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("Look at the server's log, it says more.") } },
  { "protocol-error",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 20.1",
    N_ ("{host} says that this client broke the rules of QUIC ({code})."),
    N_ ("{meaning} It was about: {frame}. {reason} One of both programs has a defect."),
    match_protocol_error,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Keep the trace and report it to the authors.") } },
  { "closed-by-peer",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 10.2",
    N_ ("{host} closed the connection with code {code}."),
    N_ ("{reason} {meaning}"),
    match_closed_by_peer,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("The application at the other end decided that: look in its documentation or its log for what the code "
          "means.") } },
  { "stream-reset",
    QS_SEVERITY_ERROR,
    "RFC 9000 section 3.2",
    N_ ("{host} reset stream {stream} with code {code}."),
    N_ ("{meaning} What was under way on it is lost; the connection and its other streams live on."),
    match_stream_reset,
    QS_CERTAINTY_PROVED,
    QS_PARTY_SERVER,
    { N_ ("The code is the application's: its documentation or the server's log tells the cause.") } },
  { "flow-control-blocked",
    QS_SEVERITY_WARNING,
    "RFC 9000 section 4.1",
    N_ ("A sender had to wait: the window of {window} was full at {limit}."),
    N_ ("The receiver did not read, or did not raise its limit in time. For a moment that is normal; if it stays so, "
        "the program at the receiving end is stuck or its window is too small for this path."),
    match_flow_control,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Look at what the receiving program does.") } },
  { "stream-limit",
    QS_SEVERITY_WARNING,
    "RFC 9000 section 4.6",
    N_ ("No more streams could be opened: the limit of {limit} was met."),
    N_ ("The other side lets that many be opened and raises the number as streams end."),
    match_stream_limit,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Close streams that are no longer needed, or raise the limit at the other side.") } },
  { NULL },
};
