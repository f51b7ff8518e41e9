/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "diagnosis/qs-evidence.h"
#include "trace/qs-metrics.h"
#include "wire/qs-packet.h"
#include "wire/qs-tls.h"

/* The two ends of a long trace are what matters here: each is read until it has said its part. Counted are datagrams and segments: of a key
 * log's lines there may be as many. */
#define MOST_RECORDS 20000
#define MOST_PLAIN 16384
#define MOST_LOG_PLAIN 16 /* packets of a log */

/* Not what the lab's path dropped before the stack saw it. */
static gboolean
is_traffic (const QsRecord *record)
{
  if (record->kind == QS_RECORD_DATAGRAM)
    return record->direction == QS_DIRECTION_SENT || record->fate != QS_FATE_DROPPED;
  return record->kind == QS_RECORD_SEGMENT;
}

/* What comes sooner than this behind something that was sent was under way when it was: three quarters of the shortest round trip
 * that acknowledgements show. Without any there is the first one alone, of which the server's own work, or a busy machine, may be
 * the larger part: a quarter of it then. */
static gint64
under_way_for (const QsEvidence *evidence)
{
  const GArray *samples = qs_trace_get_metrics (evidence->trace)->rtt;

  if (samples->len == 0)
    return evidence->first_round_trip / 4;
  return MIN (g_array_index (samples, QsRttSample, samples->len - 1).minimum, evidence->first_round_trip) * 3 / 4;
}

/* RFC 9000 section 8.1: before the client's address is validated the server sends at most three times what
 * it got. What came before the client's second flight shows whether it ran into that. */
static void
count_first_flights (QsEvidence *evidence, const QsRecord *record)
{
  if (record->path != evidence->path)
    return;
  /* A client may send before it has read all that has come, and what it sends takes a round trip to change what comes:
   * the time tells, not the order. */
  if (evidence->second_client_flight >= 0 && (record->direction != evidence->from_server ||
                                              record->time > evidence->second_client_flight + evidence->under_way))
    {
      if (record->direction == evidence->from_server && evidence->server_next_datagram == 0)
        evidence->server_next_datagram = record->length;
      return;
    }
  if (record->direction == evidence->from_server)
    {
      if (evidence->server_first_flight == 0)
        evidence->first_round_trip = record->time - evidence->first_client_flight;
      evidence->server_first_flight += record->length;
    }
  else if (evidence->server_first_flight == 0)
    {
      evidence->client_bytes_before += record->length;
      evidence->first_client_flight = record->time;
    }
  else
    {
      evidence->second_client_flight = record->time;
      evidence->under_way = under_way_for (evidence);
    }
}

/* Of raced attempts the one that was answered. */
static guint16
find_answered_path (QsEvidence *evidence, guint n)
{
  QsRecord record = { 0 };

  for (guint i = 0, n_seen = 0; i < n && n_seen < MOST_RECORDS; i++)
    {
      qs_trace_get_record (evidence->trace, i, &record);
      n_seen += is_traffic (&record);
      if (is_traffic (&record) && record.direction == QS_DIRECTION_RECEIVED)
        return record.path;
    }
  return 0;
}

static void
read_from_start (QsEvidence *evidence, guint n)
{
  evidence->path = find_answered_path (evidence, n);
  for (guint i = 0, n_seen = 0; i < n && n_seen < MOST_RECORDS; i++)
    {
      QsRecord record;
      qs_trace_get_record (evidence->trace, i, &record);
      if (!is_traffic (&record))
        continue;
      n_seen++;
      evidence->tls |= record.kind == QS_RECORD_SEGMENT;
      count_first_flights (evidence, &record);
      if (record.direction == QS_DIRECTION_SENT)
        {
          if (!evidence->anything_sent)
            {
              evidence->first_sent = record.time;
              evidence->first_sent_ecn = record.ecn;
            }
          evidence->anything_sent = TRUE;
          evidence->n_sent_before_reply += evidence->anything_received ? 0 : 1;
        }
      else if (!evidence->anything_received)
        {
          evidence->anything_received = TRUE;
          evidence->first_received = record.time;
        }
      if (evidence->anything_received && evidence->second_client_flight >= 0 && evidence->server_next_datagram > 0 &&
          record.time > evidence->second_client_flight + evidence->first_round_trip)
        break;
    }
}

static gboolean
is_same_address (GSocketAddress *a, GSocketAddress *b)
{
  if (!G_IS_INET_SOCKET_ADDRESS (a) || !G_IS_INET_SOCKET_ADDRESS (b))
    return FALSE;
  GInetSocketAddress *x = G_INET_SOCKET_ADDRESS (a), *y = G_INET_SOCKET_ADDRESS (b);
  return g_inet_socket_address_get_port (x) == g_inet_socket_address_get_port (y) &&
         g_inet_address_equal (g_inet_socket_address_get_address (x), g_inet_socket_address_get_address (y));
}

/* The last path to the same server address from another client address; 0: none, as the first path is where it began. */
static guint16
find_moved_path (QsEvidence *evidence)
{
  const QsPath *first = qs_trace_get_path (evidence->trace, evidence->path);
  guint16 found = 0;

  for (guint16 i = evidence->path + 1; first != NULL && i > evidence->path; i++)
    {
      const QsPath *path = qs_trace_get_path (evidence->trace, i);
      if (path == NULL)
        break;
      GSocketAddress *server = evidence->server ? path->local : path->remote;
      GSocketAddress *client = evidence->server ? path->remote : path->local;
      if (is_same_address (server, evidence->server ? first->local : first->remote) && client != NULL &&
          !is_same_address (client, evidence->server ? first->remote : first->local))
        found = i;
    }
  return found;
}

/* The ids of a long header; FALSE: there is none. */
static gboolean
read_header (const QsRecord *record, QsPacketHeader *header)
{
  return record->kind == QS_RECORD_DATAGRAM && record->bytes.length > 0 && (record->bytes.data[0] & 0x80) != 0 &&
         qs_packet_header_parse (record->bytes, 0, header, NULL);
}

/* Whether the record at index first begins another attempt, from a socket of its own: an Initial to an id that nobody has named
 * before. The clock does not tell: the answer to the first attempt may lie unread when the second one begins. */
static gboolean
begins_anew (QsEvidence *evidence, guint first)
{
  QsPacketHeader header, other;
  QsRecord record;

  qs_trace_get_record (evidence->trace, first, &record);
  if (!read_header (&record, &header) || header.type != QS_PACKET_INITIAL)
    return FALSE;
  for (guint i = 0, n_seen = 0; i < first && n_seen < MOST_RECORDS; i++)
    {
      qs_trace_get_record (evidence->trace, i, &record);
      n_seen += is_traffic (&record);
      if (!is_traffic (&record) || !read_header (&record, &other))
        continue;
      if (qs_span_equal (record.direction == evidence->from_client ? other.dcid : other.scid, header.dcid))
        return FALSE;
    }
  return TRUE;
}

/* RFC 9000 section 9.3: whether the server goes on with a client whose address has changed. */
static void
read_move (QsEvidence *evidence, guint n)
{
  guint first = n;

  evidence->moved_at = QS_NO_TIME;
  evidence->moved_path = evidence->tls ? 0 : find_moved_path (evidence);
  for (guint i = n, n_seen = 0; evidence->moved_path != 0 && i > 0 && n_seen < MOST_RECORDS; i--)
    {
      QsRecord record;
      qs_trace_get_record (evidence->trace, i - 1, &record);
      n_seen += is_traffic (&record);
      if (!is_traffic (&record) || record.path != evidence->moved_path)
        continue;
      if (record.direction == evidence->from_client)
        {
          evidence->moved_at = record.time;
          first = i - 1;
        }
      else if (record.fate != QS_FATE_DROPPED)
        evidence->followed = TRUE;
    }
  /* Before anything was answered it is another attempt, too. */
  if (!evidence->server && (!evidence->anything_received || evidence->moved_at < evidence->first_received ||
                            (first < n && begins_anew (evidence, first))))
    evidence->moved_at = QS_NO_TIME;
}

static void
read_from_end (QsEvidence *evidence, guint n)
{
  for (guint i = n, n_seen = 0;
       i > 0 && n_seen < MOST_RECORDS && (evidence->last_sent < 0 || evidence->last_received < 0); i--)
    {
      QsRecord record;
      qs_trace_get_record (evidence->trace, i - 1, &record);
      if (!is_traffic (&record))
        continue;
      n_seen++;
      evidence->n_unanswered += record.direction == QS_DIRECTION_SENT && evidence->last_received < 0;
      gint64 *last = record.direction == QS_DIRECTION_SENT ? &evidence->last_sent : &evidence->last_received;
      if (*last < 0)
        *last = record.time;
    }
}

static GByteArray *
gather_received (QsEvidence *evidence, guint n)
{
  GByteArray *bytes = g_byte_array_new ();

  for (guint i = 0; i < n && bytes->len < MOST_PLAIN; i++)
    {
      QsRecord record;
      qs_trace_get_record (evidence->trace, i, &record);
      if (record.kind == QS_RECORD_SEGMENT && record.direction == QS_DIRECTION_RECEIVED)
        g_byte_array_append (bytes, record.bytes.data, (guint) record.bytes.length);
      if (record.bytes.length < record.length)
        break; /* behind the memory bound: what follows does not join on */
    }
  return bytes;
}

static gboolean
looks_like_tls (const GByteArray *bytes)
{
  return bytes->data[0] >= 20 && bytes->data[0] <= 24 && (bytes->len < 2 || bytes->data[1] == 3);
}

/* What only a client sends: whoever answers with it is no server. */
static gboolean
looks_like_client (const GByteArray *bytes)
{
  return bytes->len >= 6 && bytes->data[0] == 22 && bytes->data[5] == QS_TLS_CLIENT_HELLO;
}

/* RFC 9846 section 6: an alert is a record of type 21 with level and description; in the clear until keys are
 * there. One that only warns ends nothing. */
static int
find_plain_alert (QsSpan bytes)
{
  QsTlsRecord record;

  for (gsize at = 0; at < bytes.length;)
    {
      if (!qs_tls_record_parse (bytes, &at, &record, NULL) || record.content_type == 23)
        return QS_NO_ALERT;
      if (record.content_type == 21 && record.fragment.length == 2 && record.fragment.data[0] != 1)
        return record.fragment.data[1];
    }
  return QS_NO_ALERT;
}

static void
read_plain_bytes (QsEvidence *evidence, guint n)
{
  g_autoptr (GByteArray) bytes = gather_received (evidence, n);

  if (bytes->len == 0)
    return;
  if (looks_like_tls (bytes) && (evidence->server || !looks_like_client (bytes)))
    evidence->plain_alert = find_plain_alert (QS_SPAN (bytes->data, bytes->len));
  else
    evidence->plain = g_bytes_new (bytes->data, MIN (bytes->len, 1024));
}

/* Whether there is a key log at all. */
static void
find_secret (QsEvidence *evidence, guint n)
{
  for (guint i = 0; i < n && evidence->n_secrets == 0; i++)
    {
      QsRecord record;
      qs_trace_get_record (evidence->trace, i, &record);
      evidence->n_secrets += record.kind == QS_RECORD_SECRET;
    }
}

/* --- A log, which has packets alone --- */

static gboolean
is_log (QsTrace *trace)
{
  return qs_trace_get_n_datagrams (trace) == 0 && qs_trace_get_n_packets (trace) > 0 &&
         (qs_trace_get_packet (trace, 0)->flags & QS_PACKET_FROM_QLOG) != 0;
}

static void
read_log_from_start (QsEvidence *evidence, guint n)
{
  for (guint i = 0; i < MIN (n, MOST_RECORDS) && !(evidence->anything_sent && evidence->anything_received); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i);

      if (packet->direction == QS_DIRECTION_RECEIVED)
        {
          evidence->anything_received = TRUE;
          evidence->first_received = packet->time;
          continue;
        }
      if (!evidence->anything_sent)
        evidence->first_sent = packet->time;
      evidence->anything_sent = TRUE;
      evidence->n_sent_before_reply += !evidence->anything_received && (packet->flags & QS_PACKET_COALESCED) == 0;
    }
}

static void
read_log_from_end (QsEvidence *evidence, guint n)
{
  guint least = n > MOST_RECORDS ? n - MOST_RECORDS : 0;

  for (guint i = n; i > least && (evidence->last_sent < 0 || evidence->last_received < 0); i--)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i - 1);
      gboolean sent = packet->direction == QS_DIRECTION_SENT;
      gint64 *last = sent ? &evidence->last_sent : &evidence->last_received;

      evidence->n_unanswered += sent && evidence->last_received < 0 && (packet->flags & QS_PACKET_COALESCED) == 0;
      if (*last < 0)
        *last = packet->time;
    }
}

/* Over TCP, what is no record is all that came. */
static void
read_log_plain (QsEvidence *evidence, guint n)
{
  for (guint i = 0; i < MIN (n, MOST_LOG_PLAIN) && evidence->plain == NULL; i++)
    {
      const QsPacket *packet = qs_trace_get_packet (evidence->trace, i);

      if (packet->direction == QS_DIRECTION_RECEIVED && packet->type == QS_PACKET_UNKNOWN)
        evidence->plain = qs_trace_dup_payload (evidence->trace, i);
    }
}

static void
read_log (QsEvidence *evidence)
{
  guint n = qs_trace_get_n_packets (evidence->trace);

  evidence->tls = qs_trace_get_packet (evidence->trace, 0)->type == QS_PACKET_TLS_RECORD;
  read_log_from_start (evidence, n);
  read_log_from_end (evidence, n);
  if (evidence->tls)
    read_log_plain (evidence, n);
}

void
qs_evidence_read_records (QsEvidence *evidence)
{
  guint n = qs_trace_get_n_records (evidence->trace);

  evidence->first_sent = evidence->first_received = evidence->last_sent = evidence->last_received = QS_NO_TIME;
  evidence->second_client_flight = QS_NO_TIME;
  evidence->plain_alert = QS_NO_ALERT;
  read_from_start (evidence, n);
  read_from_end (evidence, n);
  read_move (evidence, n);
  if (is_log (evidence->trace))
    read_log (evidence);
  else if (evidence->tls)
    read_plain_bytes (evidence, MIN (n, MOST_RECORDS));
  if (qs_trace_is_from_file (evidence->trace))
    find_secret (evidence, MIN (n, MOST_RECORDS));
}
