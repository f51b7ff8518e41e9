/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules about a recording itself: what it lacks, so that nothing is concluded from what is not there. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "crypto/qs-keys.h"
#include "diagnosis/qs-rule.h"
#include "trace/qs-metrics.h"

#define EXTENSION_EARLY_DATA 42
#define SUITE_OF_INITIAL 0x1301 /* TLS_AES_128_GCM_SHA256: RFC 9001 section 5.3 */
#define LEAST_DCID 8            /* RFC 9000 section 7.2 */
#define LEAST_DATAGRAM 1200     /* section 14.1 */

static gboolean
is_capture (const QsEvidence *evidence)
{
  return qs_trace_is_from_file (evidence->trace) && qs_trace_get_n_datagrams (evidence->trace) > 0;
}

/* Whether anything that is encrypted could be read: an Initial's keys are known to everybody. */
static gboolean
is_anything_opened (const QsEvidence *evidence)
{
  return evidence->encrypted_extensions != NULL || evidence->server_finished != NULL ||
         evidence->client_finished != NULL || evidence->packets.first_1rtt_in_time >= 0 ||
         evidence->packets.n_opened > 0;
}

static gboolean
has_unread_suite (const QsEvidence *evidence)
{
  GArray *suites = evidence->server_hello != NULL ? evidence->server_hello->message->cipher_suites : NULL;

  return evidence->tls && qs_evidence_is_tls12 (evidence) && suites != NULL && suites->len > 0 &&
         !qs_tls12_suite_is_known (g_array_index (suites, guint16, 0));
}

static void
set_unread (const QsEvidence *evidence, QsMatch *match)
{
  qs_match_number (match, "count", evidence->packets.n_unread);
  qs_match_number (match, "all", qs_trace_get_n_packets (evidence->trace));
  match->packet = evidence->packets.first_unread;
}

static gboolean
match_keys_missing (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const none[] = { NULL };

  if (!is_capture (evidence) || evidence->packets.n_unread == 0 || evidence->packets.unknown_version >= 0)
    return FALSE;
  set_unread (evidence, match);
  if (has_unread_suite (evidence))
    {
      match->title = N_ ("{count} of {all} records stay encrypted: this cipher suite is not decrypted here.");
      match->detail =
          N_ ("The suite that the server chose is one of TLS 1.2 that is shown as it stands on the wire, with "
              "a key log or without.");
      match->tries = none;
      return TRUE;
    }
  match->detail =
      qs_evidence_is_connected (evidence)
          ? N_ ("Sizes, times and who sent what can be told, and that a handshake was completed. What was asked and "
                "answered, the certificate over TLS 1.3, and how a connection was closed cannot.")
          : N_ ("Sizes, times and who sent what can be told. What was asked and answered, the certificate over TLS "
                "1.3, "
                "and how a connection was closed cannot.");
  return evidence->n_secrets == 0;
}

/* Whether a line names the random bytes of this ClientHello, or may, where it could not be read: "LABEL RANDOM SECRET", RFC 9850 section 2. */
static gboolean
is_named_by_keys (const QsEvidence *evidence)
{
  enum { MOST_LINES = 20000 };
  guint n = MIN (qs_trace_get_n_records (evidence->trace), MOST_LINES);
  g_autofree char *random = qs_span_to_hex (evidence->client_hello->message->random);

  for (guint i = 0; i < n; i++)
    {
      QsRecord record;

      qs_trace_get_record (evidence->trace, i, &record);
      if (record.kind != QS_RECORD_SECRET)
        continue;
      g_autofree char *line = g_ascii_strdown ((const char *) record.bytes.data, (gssize) record.bytes.length);
      if (strstr (line, random) != NULL)
        return TRUE;
    }
  return FALSE;
}

static gboolean
match_keys_unfit (const QsEvidence *evidence, QsMatch *match)
{
  if (!is_capture (evidence) || evidence->packets.n_unread == 0 || evidence->n_secrets == 0 ||
      is_anything_opened (evidence) || has_unread_suite (evidence) || evidence->packets.unknown_version >= 0)
    return FALSE;
  if (evidence->packets.n_joined > 0) /* no key opens those */
    return FALSE;
  /* What would tell was not recorded; or they do fit, and what else it takes to open these packets was not. */
  if (evidence->client_hello == NULL ? evidence->packets.n_cut > 0 : is_named_by_keys (evidence))
    return FALSE;
  set_unread (evidence, match);
  if (evidence->client_hello == NULL)
    {
      match->title = N_ ("No line of the key log was found to fit: {count} of {all} packets stay encrypted.");
      match->detail =
          N_ ("A key log names connections by the random bytes of their ClientHello, and this recording does not "
              "hold it. So its secrets were tried one by one: none opens what is here. That cannot be done for TLS 1.2 "
              "without its hellos, nor where very much went before.");
      match->certainty = QS_CERTAINTY_LIKELY;
    }
  return TRUE;
}

/* With keys they are taken apart by their tags; of a recording that began later, by connection ids alone, which may be empty. */
static gboolean
match_joined (const QsEvidence *evidence, QsMatch *match)
{
  if (!is_capture (evidence) || evidence->packets.n_joined == 0 || evidence->n_secrets == 0)
    return FALSE;
  qs_match_number (match, "count", evidence->packets.n_joined);
  match->packet = evidence->packets.first_joined;
  return TRUE;
}

static gboolean
is_one_sided (const QsEvidence *evidence)
{
  return evidence->packets.n_in == 0 || evidence->packets.n_out == 0;
}

/* A log whose first packet is of the connection as it goes on, and that has none of a handshake. */
static gboolean
is_log_begun_late (const QsEvidence *evidence)
{
  QsTrace *trace = evidence->trace;
  guint n = qs_trace_get_n_packets (trace);

  if (!qs_trace_is_from_file (trace) || qs_trace_get_n_datagrams (trace) > 0 || n == 0 ||
      qs_trace_get_packet (trace, 0)->type != QS_PACKET_1RTT)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      guint8 type = qs_trace_get_packet (trace, i)->type;
      if (type == QS_PACKET_INITIAL || type == QS_PACKET_HANDSHAKE)
        return FALSE;
    }
  return TRUE;
}

static gboolean
match_began_before (const QsEvidence *evidence, QsMatch *match)
{
  static const char *const both[] = { N_ ("Record where both directions pass."), NULL };

  if (evidence->tls)
    match->reference = "RFC 9846 section 2";
  if (is_log_begun_late (evidence))
    {
      match->packet = 0;
      return TRUE;
    }
  if (!is_capture (evidence) || evidence->client_hello != NULL || qs_trace_get_n_packets (evidence->trace) == 0 ||
      qs_evidence_has_no_handshake (evidence))
    return FALSE;
  const QsPacket *first = qs_trace_get_packet (evidence->trace, 0);
  /* It is there, and cannot be read: cut, or of a version whose types are others. */
  gboolean is_first = first->type == QS_PACKET_INITIAL || first->type == QS_PACKET_RETRY ||
                      (first->type == QS_PACKET_UNKNOWN && first->version != 0);
  if (is_first && first->direction == evidence->from_client)
    return FALSE;
  match->packet = 0;
  if (!is_one_sided (evidence))
    return TRUE;
  gboolean client = first->direction == evidence->from_client;
  match->tries = both;
  match->title = client ? N_ ("The recording holds what the client sent, and nothing of the server.")
                        : N_ ("The recording holds what the server sent, and nothing of the client.");
  match->detail =
      N_ ("What the other end said, and when, cannot be told. That is how it was recorded, no fault of the path.");
  return TRUE;
}

static gboolean
match_ends_guessed (const QsEvidence *evidence, QsMatch *match)
{
  const QsMark *mark = qs_trace_find_mark (evidence->trace, QS_MARK_FACT, QS_FACT_ENDS_GUESSED, NULL);

  if (mark == NULL || mark->value != 0 || evidence->client_hello != NULL)
    return FALSE;
  if (evidence->tls)
    match->reference = "RFC 9846 section 4";
  qs_match_take (match, "client", g_strdup (mark->text));
  match->packet = qs_trace_get_n_packets (evidence->trace) > 0 ? 0 : -1;
  return TRUE;
}

static gboolean
match_incomplete (const QsEvidence *evidence, QsMatch *match)
{
  const QsDirectionFigures *figures = qs_trace_get_metrics (evidence->trace)->directions;
  guint unseen = figures[QS_DIRECTION_SENT].unseen + figures[QS_DIRECTION_RECEIVED].unseen;

  if (evidence->lacks_bytes && evidence->client_hello != NULL)
    {
      match->title = N_ ("The recording lacks some of the bytes that this connection carried.");
      match->detail = N_ ("The ends acknowledged them, so the path did not lose them: whoever recorded was too slow, "
                          "filtered, or kept the beginning of each packet alone. How far the connection came, and who "
                          "ended it, cannot be told without them.");
      match->reference = "RFC 9293 section 3.4";
      qs_match_add_moment (match, QS_NO_TIME, g_strdup (_ ("Bytes of the TCP stream that no packet here has")));
      return TRUE;
    }
  if (!is_capture (evidence) || unseen == 0)
    return FALSE;
  qs_match_number (match, "count", unseen);
  qs_match_add_moment (match, QS_NO_TIME,
                       g_strdup_printf (ngettext ("ACK frames name %u packet number that no packet here has",
                                                  "ACK frames name %u packet numbers that no packet here has", unseen),
                                        unseen));
  return TRUE;
}

static gboolean
match_not_kept (const QsEvidence *evidence, QsMatch *match)
{
  guint n = MAX (evidence->packets.n_cut, qs_trace_get_n_truncated (evidence->trace));

  if (n == 0 || qs_trace_keeps_little (evidence->trace))
    return FALSE;
  qs_match_number (match, "count", n);
  qs_match_take (match, "kept",
                 g_strdup_printf (_ ("%" PRIu64 " MB"), qs_trace_get_payload_kept (evidence->trace) / 1000000));
  match->packet = evidence->packets.first_cut;
  if (match->packet < 0)
    match->certainty = QS_CERTAINTY_LIKELY;
  return TRUE;
}

static gboolean
match_version_not_read (const QsEvidence *evidence, QsMatch *match)
{
  gint64 index = evidence->packets.unknown_version;

  if (index < 0 || evidence->packets.n_decrypted_in > 0 || evidence->failed)
    return FALSE;
  const QsPacket *packet = qs_trace_get_packet (evidence->trace, (guint) index);
  /* One that is reserved for being refused (RFC 9000 section 15), and was: nobody speaks it. */
  if (qs_quic_version_is_greased (packet->version) && evidence->packets.version_negotiation >= 0)
    return FALSE;
  qs_match_take (match, "version", qs_quic_version_name (packet->version));
  match->packet = index;
  return TRUE;
}

static gboolean
match_early_data_rejected (const QsEvidence *evidence, QsMatch *match)
{
  const QsPacketFacts *packets = &evidence->packets;

  if (packets->n_0rtt_out == 0 || evidence->encrypted_extensions == NULL ||
      qs_tls_message_find_extension (evidence->encrypted_extensions->message, EXTENSION_EARLY_DATA) != NULL)
    return FALSE;
  qs_match_number (match, "count", packets->n_0rtt_out);
  match->packet = packets->first_0rtt_out;
  qs_match_add_packet (match, evidence, packets->first_0rtt_out, NULL);
  qs_match_add_message (match, evidence, evidence->encrypted_extensions);
  return TRUE;
}

/* --- A first packet that its keys do not open --- */

static gboolean
opens_with (guint32 version, const QsPacketHeader *header, QsSpan packet)
{
  QsSecret client, server;

  if (!qs_initial_secrets (version, header->dcid, &client, &server))
    return FALSE;
  g_autoptr (QsKeys) keys = qs_keys_new (version, SUITE_OF_INITIAL, &client);
  g_autoptr (QsHeaderKey) header_key = qs_header_key_new (version, SUITE_OF_INITIAL, &client);
  g_autofree guint8 *plain = g_malloc (packet.length);
  gsize length = 0;
  guint64 number;
  return keys != NULL && header_key != NULL &&
         qs_packet_open (keys, header_key, header, packet, 0, plain, &length, &number);
}

/* A sender whose salt is not that of the version it names (RFC 9001 section 5.2): the version that opens the packet, 0: none. */
static guint32
find_salt (const QsPacketHeader *header, QsSpan packet)
{
  static const guint32 versions[] = {
    1, 0x6b3343cf, 0xff00001d, 0xff00001b, 0xff000016, 0x54303530, 0x54303531
  }; /* one of each salt */

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    if (versions[i] != header->version && opens_with (versions[i], header, packet))
      return versions[i];
  return 0;
}

static void
describe_unreadable (const QsEvidence *evidence, QsMatch *match, const QsPacketHeader *header, QsSpan datagram)
{
  static const char *const salt[] = { N_ ("Update the program that sent it: its keys are those of another version."),
                                      NULL };
  guint32 other = find_salt (header, QS_SPAN (datagram.data, header->length));

  if (other != 0)
    {
      match->title = N_ ("The first packet is of QUIC version {version}, and protected with the keys of {other}.");
      match->detail = N_ ("Each version has a salt of its own for the keys of its Initial packets. Whoever gets this "
                          "one and keeps to the version that it names cannot open it, and drops it.");
      match->severity = QS_SEVERITY_ERROR;
      match->certainty = QS_CERTAINTY_PROVED;
      match->who = QS_PARTY_CLIENT;
      match->tries = salt;
      qs_match_take (match, "other", qs_quic_version_name (other));
      return;
    }
  if (header->dcid.length < LEAST_DCID)
    qs_match_take (match, "odd",
                   g_strdup_printf (_ ("Its connection id has %zu bytes, and a client's first has 8 at least: that "
                                       "speaks for a later one, or for no QUIC."),
                                    header->dcid.length));
  else if (datagram.length < LEAST_DATAGRAM)
    qs_match_take (match, "odd",
                   g_strdup_printf (_ ("Its datagram has %zu bytes, and a client's first has 1200 at least: that "
                                       "speaks for a later one, or for no QUIC."),
                                    datagram.length));
}

/* Its keys come from what stands in it, so what does not open is not what it says, or was not the first. */
static gboolean
match_initial_unreadable (const QsEvidence *evidence, QsMatch *match)
{
  const QsPacket *first =
      qs_trace_get_n_packets (evidence->trace) > 0 ? qs_trace_get_packet (evidence->trace, 0) : NULL;
  QsPacketHeader header;
  QsRecord record;

  if (!is_capture (evidence) || evidence->tls || first == NULL || first->type != QS_PACKET_INITIAL ||
      first->direction != evidence->from_client || first->offset != 0 || first->record == G_MAXUINT32 ||
      (first->flags & (QS_PACKET_DECRYPTED | QS_PACKET_PAYLOAD_DROPPED)) != 0 || evidence->client_hello != NULL ||
      evidence->packets.n_decrypted_in > 0 || evidence->packets.unknown_version >= 0 ||
      qs_evidence_is_connected (evidence))
    return FALSE;
  qs_trace_get_record (evidence->trace, first->record, &record);
  if (record.bytes.length < record.length || !qs_packet_header_parse (record.bytes, 0, &header, NULL) ||
      !header.long_header || header.length > record.bytes.length)
    return FALSE;
  qs_match_take (match, "version", qs_quic_version_name (header.version));
  describe_unreadable (evidence, match, &header, record.bytes);
  match->packet = 0;
  qs_match_add_packet (match, evidence, 0, NULL);
  return TRUE;
}

const QsRule qs_rules_file[] = {
  { "initial-unreadable",
    QS_SEVERITY_WARNING,
    "RFC 9001 section 5.2",
    N_ ("The first packet cannot be opened, though everybody has the keys for it."),
    N_ ("It says that it is an Initial of QUIC version {version}. The keys of these come from the connection id in the "
        "client's very first one, and do not open this. Either the recording began behind that one, or the packet was "
        "damaged, or what sent it is no QUIC. {odd} Who gets it drops it, if it was the first."),
    match_initial_unreadable,
    QS_CERTAINTY_POSSIBLE,
    QS_PARTY_UNKNOWN,
    { N_ ("Start the capture before the program connects."),
      N_ ("Capture at both ends: a packet that differs there was changed on the way.") } },
  { "version-not-read", QS_SEVERITY_WARNING, "RFC 8999 section 5.1",
    N_ ("This connection speaks QUIC version {version}, which cannot be read here."),
    N_ ("Every version protects its packets in its own way: versions 1 and 2 and drafts 22 to 34 are read. Of "
        "this one "
        "times, sizes and connection ids are shown."),
    match_version_not_read, QS_CERTAINTY_PROVED, QS_PARTY_UNKNOWN },
  { "keys-do-not-fit",
    QS_SEVERITY_WARNING,
    "RFC 9850 section 2",
    N_ ("The key log belongs to another connection: {count} of {all} packets stay encrypted."),
    N_ ("None of its lines names the random bytes of this ClientHello. What is told here rests on what can be read "
        "without keys."),
    match_keys_unfit,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Open the file that the program wrote while this capture was made (SSLKEYLOGFILE).") } },
  { "keys-missing",
    QS_SEVERITY_INFO,
    "RFC 9850 section 2",
    N_ ("{count} of {all} packets stay encrypted: there are no keys for them."),
    NULL,
    match_keys_missing,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Let a client or server write its secrets (SSLKEYLOGFILE=FILE, or --keylog), and open them with the "
          "capture.") } },
  { "datagrams-joined",
    QS_SEVERITY_INFO,
    "RFC 9001 section 5.4.2",
    N_ ("{count} packets stay encrypted: each is several datagrams that the recording holds as one."),
    N_ ("The system hands its network card many datagrams at once, or gets them so, and a recording on that host "
        "shows what is handed over. Where one of them ends nothing tells in a connection whose beginning is not "
        "here."),
    match_joined,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Record with segmentation offload off (ethtool -K DEVICE gso off gro off), or before the program "
          "connects.") } },
  { "began-before-capture",
    QS_SEVERITY_INFO,
    "RFC 9000 section 7",
    N_ ("The connection began before the recording: its handshake is not in it."),
    N_ ("Who asked for what, and whether the certificate was right, cannot be told. That is how it was recorded, no "
        "fault of "
        "the path."),
    match_began_before,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Start the capture before the program connects.") } },
  { "ends-guessed",
    QS_SEVERITY_INFO,
    "RFC 9000 section 17",
    N_ ("Which end is the client cannot be known from this recording: {client} was taken for it."),
    N_ ("Neither port is one that servers have, and nothing is in it that a client alone sends, or a server alone: no "
        "hello, token, 0-RTT, Retry, no SYN. All that is said here of client and server may be the other way round."),
    match_ends_guessed,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Start the capture before the program connects, or open it with the key log: the secrets tell.") } },
  { "capture-incomplete",
    QS_SEVERITY_WARNING,
    "RFC 9000 section 13.2",
    N_ ("The recording misses packets: {count} were acknowledged, and are not in it."),
    N_ ("They arrived, so the path did not lose them: whoever recorded was too slow, or filtered. Some of what is here "
        "cannot be read or put together without them."),
    match_incomplete,
    QS_CERTAINTY_PROVED,
    QS_PARTY_UNKNOWN,
    { N_ ("Record again with a larger buffer (-B in tcpdump and dumpcap), or on a less busy machine.") } },
  { "payload-not-kept", QS_SEVERITY_WARNING, "RFC 9000 section 12",
    N_ ("The bytes of {count} packets were not kept: what is in them cannot be shown."),
    N_ ("{kept} of payload were kept whole, of what came later only the beginning; its times and sizes are right. "
        "Nothing is "
        "concluded from what is missing."),
    match_not_kept, QS_CERTAINTY_PROVED, QS_PARTY_UNKNOWN },
  { "early-data-rejected", QS_SEVERITY_INFO, "RFC 9001 section 4.6.2",
    N_ ("{host} did not take the early data: it was sent again after the handshake."),
    N_ ("{count} packets of 0-RTT went out before the server's answer, and the answer (EncryptedExtensions) does not "
        "accept "
        "them. Nothing was lost on the way: a server may refuse early data whenever it likes."),
    match_early_data_rejected, QS_CERTAINTY_PROVED, QS_PARTY_SERVER },
  { NULL },
};
