/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-filter.h"

#include <string.h>

#include "base/qs-i18n.h"
#include "trace/qs-filter-private.h"
#include "trace/qs-metrics.h"

#define LOOK_BACK 64         /* messages that are looked at to find those of a packet */
#define PACKETS_PER_LOOK 512 /* at the clock, when no frames were asked for */
#define FRAME(type) (G_GUINT64_CONSTANT (1) << (type))

/* Frames that name a stream. */
static const guint64 stream_frames = FRAME (QS_FRAME_STREAM) | FRAME (QS_FRAME_RESET_STREAM) |
                                     FRAME (QS_FRAME_STOP_SENDING) | FRAME (QS_FRAME_MAX_STREAM_DATA) |
                                     FRAME (QS_FRAME_STREAM_DATA_BLOCKED);

typedef enum { NO, YES, MAYBE } Answer; /* MAYBE: it hangs on the frames */

#define MOST_LISTS 8

typedef struct {
  const QsFilterNode *nodes;
  QsTrace *trace;
  const QsPacket *packet;
  guint index;
  const GArray *frames; /* QsFrame; NULL: not asked for yet */
  gboolean by_client;
  /* Of the stream that the filter asks for, while all packets are gone through: those that have data of it. */
  gint64 stream; /* -1: not known */
  GPtrArray *lists;
  guint at[MOST_LISTS];
} Match;

static const QsFilterKey help[] = {
  { "dir", "dir:rx", N_ ("Received (rx) or sent (tx) by this side.") },
  { "from", "from:server", N_ ("Who sent it: client or server.") },
  { "type", "type:handshake", N_ ("The packet's type: initial, 0rtt, handshake, 1rtt, retry, vn.") },
  { "frame", "frame:ack,crypto", N_ ("It holds one of these frames.") },
  { "message", "message:certificate", N_ ("A part of this TLS message came in it.") },
  { "stream", "stream:4", N_ ("It is about this stream.") },
  { "pn", "pn>10", N_ ("Its packet number.") },
  { "size", "size>=1200", N_ ("Its bytes on the wire.") },
  { "payload", "payload<100", N_ ("Its bytes after decryption.") },
  { "frames", "frames>3", N_ ("How many frames it holds.") },
  { "version", "version:0x6b3343cf", N_ ("Its QUIC version.") },
  { "time", "time<5ms", N_ ("When it was sent or received, since the start.") },
  { "datagram", "datagram:3", N_ ("The number of the record that it came in.") },
  { "lost", "lost", N_ ("It was lost on its way.") },
  { "acked", "acked", N_ ("It was acknowledged.") },
  { "retransmission", "retransmission", N_ ("It carries data that had been sent before.") },
  { "coalesced", "coalesced", N_ ("It is not the first packet of its datagram.") },
  { "duplicate", "duplicate", N_ ("It was received before.") },
  { "corrupt", "corrupt", N_ ("It was damaged on its way.") },
  { "decrypted", "not decrypted", N_ ("Its contents can be read.") },
  { "keyupdate", "keyupdate", N_ ("It is the first one under new keys.") },
  { "eliciting", "eliciting", N_ ("The other side has to acknowledge it.") },
};

const QsFilterKey *
qs_filter_keys (guint *n_keys)
{
  *n_keys = G_N_ELEMENTS (help);
  return help;
}

QsFilter *
qs_filter_ref (QsFilter *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
qs_filter_unref (QsFilter *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_array_unref (self->nodes);
  g_free (self);
}

gboolean
qs_filter_is_empty (const QsFilter *self)
{
  return self->root == G_MAXUINT;
}

/* --- Matching --- */

static Answer
answer (gboolean yes)
{
  return yes ? YES : NO;
}

static gint64
field_value (const QsPacket *packet, QsFilterField field)
{
  switch (field)
    {
    case QS_FILTER_FIELD_PN:
      return packet->number == G_MAXUINT64 ? -1 : (gint64) packet->number;
    case QS_FILTER_FIELD_SIZE:
      return packet->length;
    case QS_FILTER_FIELD_PAYLOAD:
      return packet->payload_length;
    case QS_FILTER_FIELD_FRAMES:
      return packet->n_frames;
    case QS_FILTER_FIELD_VERSION:
      return packet->version;
    case QS_FILTER_FIELD_TIME:
      return packet->time;
    case QS_FILTER_FIELD_DATAGRAM:
    default:
      return packet->record == G_MAXUINT32 ? -1 : (gint64) packet->record;
    }
}

/* A packet without a number has none that is below another. */
static Answer
match_number (Match *match, const QsFilterNode *node)
{
  gint64 value = field_value (match->packet, node->field);

  if (value < 0 && node->field != QS_FILTER_FIELD_TIME)
    return NO;
  return answer (value >= node->low && value <= node->high);
}

/* The metrics know when a stream was first and last seen: outside of that no packet needs to be decrypted. */
static gboolean
may_be_of_stream (Match *match, const QsFilterNode *node)
{
  const QsMetrics *metrics = qs_trace_get_metrics (match->trace);

  if ((match->packet->frames & stream_frames) == 0)
    return FALSE;
  if (node->low != node->high || (match->packet->frames & stream_frames) != FRAME (QS_FRAME_STREAM) ||
      g_hash_table_size (metrics->streams) == 0)
    return TRUE;
  const QsStreamFigures *figures = qs_metrics_get_stream (metrics, (guint64) node->low);
  if (figures == NULL)
    return g_hash_table_size (metrics->streams) >= QS_METRICS_MAX_STREAMS;
  return match->packet->time >= figures->first_time && match->packet->time <= figures->last_time;
}

/* Packets are asked for in ascending order, so each list is gone along. */
static gboolean
has_data_of_stream (Match *match)
{
  gboolean found = FALSE;

  for (guint i = 0; i < match->lists->len; i++)
    {
      const GArray *list = g_ptr_array_index (match->lists, i);
      guint *at = &match->at[i];

      while (*at < list->len && g_array_index (list, guint32, *at) < match->index)
        (*at)++;
      found |= *at < list->len && g_array_index (list, guint32, *at) == match->index;
    }
  return found;
}

static Answer
match_stream (Match *match, const QsFilterNode *node)
{
  if (match->frames == NULL && match->stream >= 0 && node->low == match->stream && node->high == match->stream)
    {
      if (has_data_of_stream (match))
        return YES;
      return (match->packet->frames & stream_frames & ~FRAME (QS_FRAME_STREAM)) != 0 ? MAYBE : NO;
    }
  if (match->frames == NULL)
    return may_be_of_stream (match, node) ? MAYBE : NO;
  for (guint i = 0; i < match->frames->len; i++)
    {
      const QsFrame *frame = &g_array_index (match->frames, QsFrame, i);
      guint64 type = qs_frame_base_type (frame->type);

      if (type < 64 && (stream_frames & FRAME (type)) != 0 && frame->stream_id >= (guint64) MAX (node->low, 0) &&
          node->high >= 0 && frame->stream_id <= (guint64) node->high)
        return YES;
    }
  return NO;
}

static guint
first_message_of (Match *match)
{
  guint low = 0, high = qs_trace_get_n_messages (match->trace);

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (qs_trace_get_message (match->trace, middle)->packet < match->index)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

typedef gboolean (*MessageFunc) (const char *name, const char *wanted);

static gboolean
any_message (Match *match, MessageFunc func, const char *wanted)
{
  guint n = qs_trace_get_n_messages (match->trace);
  guint first = n > 0 ? first_message_of (match) : 0;

  for (guint i = first; i < n && i < first + LOOK_BACK; i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (match->trace, i);

      if (message->first_packet <= match->index && message->direction == match->packet->direction &&
          message->level == match->packet->type && func (qs_tls_message_name (message->message), wanted))
        return TRUE;
    }
  return FALSE;
}

static gboolean
name_is (const char *name, const char *wanted)
{
  g_autofree char *normalized = qs_filter_normalize (name, strlen (name));

  return strcmp (normalized, wanted) == 0;
}

static gboolean
contains (const char *text, const char *folded)
{
  g_autofree char *own = g_utf8_casefold (text, -1);

  return strstr (own, folded) != NULL;
}

static Answer
match_text (Match *match, const QsFilterNode *node)
{
  if (contains (qs_packet_type_name (match->packet->type), node->text) || any_message (match, contains, node->text))
    return YES;
  if (match->frames == NULL)
    return match->packet->n_frames > 0 ? MAYBE : NO;
  for (guint i = 0; i < match->frames->len; i++)
    {
      g_autofree char *words = qs_frame_describe (&g_array_index (match->frames, QsFrame, i));

      if (contains (words, node->text))
        return YES;
    }
  return NO;
}

static Answer evaluate (Match *match, guint index);

static Answer
match_pair (Match *match, const QsFilterNode *node, Answer decisive)
{
  Answer left = evaluate (match, node->left);

  if (left == decisive)
    return left;
  Answer right = evaluate (match, node->right);
  if (right == decisive)
    return right;
  return left == MAYBE || right == MAYBE ? MAYBE : left;
}

static Answer
evaluate (Match *match, guint index)
{
  const QsFilterNode *node = &match->nodes[index];
  const QsPacket *packet = match->packet;
  Answer inner;

  switch (node->op)
    {
    case QS_FILTER_AND:
      return match_pair (match, node, NO);
    case QS_FILTER_OR:
      return match_pair (match, node, YES);
    case QS_FILTER_NOT:
      inner = evaluate (match, node->left);
      return inner == MAYBE ? MAYBE : answer (inner == NO);
    case QS_FILTER_DIRECTION:
      return answer ((node->mask & (1u << packet->direction)) != 0);
    case QS_FILTER_END:
      return answer ((node->mask & ((packet->direction == QS_DIRECTION_SENT) == match->by_client ? 1u : 2u)) != 0);
    case QS_FILTER_TYPE:
      return answer ((node->mask & (1u << packet->type)) != 0);
    case QS_FILTER_FRAME:
      return answer ((node->mask & packet->frames) != 0);
    case QS_FILTER_FLAG:
      return answer ((node->mask & packet->flags) != 0);
    case QS_FILTER_NUMBER:
      return match_number (match, node);
    case QS_FILTER_STREAM:
      return match_stream (match, node);
    case QS_FILTER_MESSAGE:
      return answer (any_message (match, name_is, node->text));
    case QS_FILTER_TEXT:
    default:
      return match_text (match, node);
    }
}

/* asked: whether the frames had to be asked for. */
static gboolean
matches (const QsFilter *self, Match *match, gboolean *asked)
{
  Answer first = evaluate (match, self->root);

  *asked = first == MAYBE;
  if (first != MAYBE)
    return first == YES;

  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (match->trace, match->index, &payload);
  match->frames = frames;
  first = evaluate (match, self->root);
  match->frames = NULL;
  return first == YES;
}

static Match
begin_match (const QsFilter *self, QsTrace *trace)
{
  return (Match){ .nodes = (const QsFilterNode *) (const void *) self->nodes->data,
                  .trace = trace,
                  .stream = -1,
                  .by_client = qs_trace_get_vantage (trace) != QS_VANTAGE_SERVER };
}

gboolean
qs_filter_matches (const QsFilter *self, QsTrace *trace, guint packet)
{
  g_return_val_if_fail (self != NULL && QS_IS_TRACE (trace), FALSE);

  Match match = begin_match (self, trace);
  gboolean asked;

  match.packet = qs_trace_get_packet (trace, packet);
  match.index = packet;
  return qs_filter_is_empty (self) || matches (self, &match, &asked);
}

/* Where they are in the lists from this packet on. */
static void
begin_stream (const QsFilter *self, Match *match, guint from, GPtrArray *lists)
{
  for (guint i = 0; i < self->nodes->len && match->stream < 0; i++)
    {
      const QsFilterNode *node = &match->nodes[i];
      if (node->op == QS_FILTER_STREAM && node->low == node->high && node->low >= 0 &&
          qs_trace_list_stream_packets (match->trace, (guint64) node->low, lists) && lists->len <= MOST_LISTS)
        match->stream = node->low;
      else
        g_ptr_array_set_size (lists, 0);
    }
  match->lists = lists;
  for (guint i = 0; i < lists->len; i++)
    {
      const GArray *list = g_ptr_array_index (lists, i);
      guint low = 0, high = list->len;
      while (low < high)
        {
          guint middle = low + (high - low) / 2;
          if (g_array_index (list, guint32, middle) < from)
            low = middle + 1;
          else
            high = middle;
        }
      match->at[i] = low;
    }
}

gboolean
qs_filter_run (const QsFilter *self, QsTrace *trace, guint *from, gint64 deadline, GArray *out)
{
  g_return_val_if_fail (self != NULL && QS_IS_TRACE (trace) && from != NULL && out != NULL, TRUE);

  Match match = begin_match (self, trace);
  guint n = qs_trace_get_n_packets (trace);
  guint since_look = 0;
  g_autoptr (GPtrArray) lists = g_ptr_array_new ();

  begin_stream (self, &match, *from, lists);
  for (; *from < n; (*from)++)
    {
      gboolean asked = FALSE;

      match.index = *from;
      match.packet = qs_trace_get_packet (trace, *from);
      if (qs_filter_is_empty (self) || matches (self, &match, &asked))
        g_array_append_val (out, match.index);
      since_look += asked ? PACKETS_PER_LOOK / 16 : 1;
      if (deadline == 0 || since_look < PACKETS_PER_LOOK)
        continue;
      since_look = 0;
      if (g_get_monotonic_time () >= deadline)
        {
          (*from)++;
          return *from == n;
        }
    }
  return TRUE;
}
