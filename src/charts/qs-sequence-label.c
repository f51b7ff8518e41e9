/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the arrows of a sequence diagram say. */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-packet-text.h"
#include "charts/qs-sequence-private.h"
#include "wire/qs-names.h"

#define MAX_SHOWN_FRAMES 5
#define MAX_OFFSETS 32 /* messages whose place in the stream is counted */
#define LOOK_BACK 64   /* messages that are looked at to find those of a packet */

/* --- Packets --- */

static guint
first_message_of (QsTrace *trace, guint packet)
{
  guint low = 0, high = qs_trace_get_n_messages (trace);

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (qs_trace_get_message (trace, middle)->packet < packet)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* Messages stand in the order of the packets that completed them: from the first that this packet could complete on, until
 * they begin behind it. */
const QsTraceMessage *
qs_sequence_next_message (QsTrace *trace, guint packet, guint *from)
{
  const QsPacket *of = qs_trace_get_packet (trace, packet);
  guint n = qs_trace_get_n_messages (trace);
  guint start = first_message_of (trace, packet);

  for (*from = MAX (*from, start); *from < n && *from < start + LOOK_BACK;)
    {
      const QsTraceMessage *message = qs_trace_get_message (trace, (*from)++);

      if (message->first_packet <= packet && message->packet >= packet && message->direction == of->direction &&
          message->level == of->type)
        return message;
    }
  return NULL;
}

static void
append (GString *text, const char *word)
{
  if (text->len > 0)
    g_string_append (text, ", ");
  g_string_append (text, word);
}

static gboolean
append_messages (QsTrace *trace, guint packet, GString *text)
{
  const QsTraceMessage *message;
  guint from = 0;

  while ((message = qs_sequence_next_message (trace, packet, &from)) != NULL)
    {
      const char *name = qs_tls_message_name (message->message);
      g_autofree char *part = NULL;

      if (message->first_packet != message->packet && message->first_packet == packet)
        part = g_strdup_printf (_ ("%s (begins)"), name);
      else if (message->first_packet != message->packet)
        part = g_strdup_printf (message->packet == packet ? _ ("%s (ends)") : _ ("%s (goes on)"), name);
      append (text, part != NULL ? part : name);
    }
  return text->len > 0;
}

/* CRYPTO bytes that were sent again belong to a message that another packet brought: where each message stands in the level's
 * stream tells which. Only the first messages are looked at, so that a long connection with many tickets costs no more. */
static void
append_messages_again (QsTrace *trace, const QsPacket *packet, const GArray *frames, GString *text)
{
  guint n = MIN (qs_trace_get_n_messages (trace), MAX_OFFSETS);
  guint64 offset = 0;

  for (guint i = 0; i < n; i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (trace, i);
      gsize length = g_bytes_get_size (message->bytes);
      gboolean found = FALSE, whole = FALSE;

      if (message->direction != packet->direction || message->level != packet->type)
        continue;
      for (guint j = 0; j < frames->len && !found; j++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, j);

          guint64 end = frame->stream_offset + frame->data.length;

          found = qs_frame_base_type (frame->type) == QS_FRAME_CRYPTO && frame->stream_offset < offset + length &&
                  end > offset;
          whole = found && frame->stream_offset <= offset && end >= offset + length;
        }
      if (found)
        {
          g_autofree char *words = g_strdup_printf (whole ? _ ("%s (again)") : _ ("%s (part, again)"),
                                                    qs_tls_message_name (message->message));
          append (text, words);
        }
      offset += length;
    }
}

/* Without the counts of ECN marks, which the inspector shows. */
static char *
describe_ack (const QsFrame *frame)
{
  QsFrame plain = *frame;

  plain.type = QS_FRAME_ACK;
  return qs_frame_describe (&plain);
}

/* What is said of a frame on an arrow; NULL: nothing, for what would only distract. */
static char *
describe_frame (const QsFrame *frame, gboolean has_messages, gboolean alone)
{
  switch (qs_frame_base_type (frame->type))
    {
    case QS_FRAME_PADDING:
      return alone ? g_strdup ("PADDING") : NULL;
    case QS_FRAME_CRYPTO:
      return has_messages ? NULL : qs_frame_describe (frame);
    case QS_FRAME_NEW_CONNECTION_ID:
    case QS_FRAME_NEW_TOKEN:
    case QS_FRAME_RETIRE_CONNECTION_ID:
    case QS_FRAME_PATH_CHALLENGE:
    case QS_FRAME_PATH_RESPONSE:
      return g_strdup (qs_frame_type_name (frame->type));
    case QS_FRAME_ACK:
      return describe_ack (frame);
    case QS_FRAME_PING:
    case QS_FRAME_RESET_STREAM:
    case QS_FRAME_STOP_SENDING:
    case QS_FRAME_STREAM:
    case QS_FRAME_MAX_DATA:
    case QS_FRAME_MAX_STREAM_DATA:
    case QS_FRAME_MAX_STREAMS_BIDI:
    case QS_FRAME_MAX_STREAMS_UNI:
    case QS_FRAME_DATA_BLOCKED:
    case QS_FRAME_STREAM_DATA_BLOCKED:
    case QS_FRAME_STREAMS_BLOCKED_BIDI:
    case QS_FRAME_STREAMS_BLOCKED_UNI:
    case QS_FRAME_CONNECTION_CLOSE:
    case QS_FRAME_CONNECTION_CLOSE_APP:
    case QS_FRAME_HANDSHAKE_DONE:
    case QS_FRAME_DATAGRAM:
    default:
      return qs_frame_describe (frame);
    }
}

/* Acknowledgements come last: they are seldom what a packet is about. */
static void
append_frames (const GArray *frames, GString *text, gboolean has_messages)
{
  guint shown = 0, left_out = 0, repeated = 0;

  for (guint pass = 0; pass < 2; pass++)
    {
      g_autofree char *last = NULL;

      for (guint i = 0; i < frames->len; i++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, i);

          if ((qs_frame_base_type (frame->type) == QS_FRAME_ACK) != (pass == 1))
            continue;
          g_autofree char *words = describe_frame (frame, has_messages, frames->len == 1);
          if (words == NULL)
            continue;
          if (g_strcmp0 (words, last) == 0)
            {
              repeated++;
              continue;
            }
          if (repeated > 0)
            g_string_append_printf (text, " ×%u", repeated + 1);
          repeated = 0;
          if (shown++ < MAX_SHOWN_FRAMES)
            append (text, words);
          else
            left_out++;
          g_free (last);
          last = g_steal_pointer (&words);
        }
      if (repeated > 0)
        g_string_append_printf (text, " ×%u", repeated + 1);
      repeated = 0;
    }
  if (left_out > 0)
    g_string_append_printf (text, " +%u", left_out);
}

/* --- TLS over TCP --- */

static char *
describe_alert (QsTrace *trace, guint index)
{
  g_autoptr (GBytes) payload = qs_trace_dup_payload (trace, index);
  gsize length = 0;
  const guint8 *bytes = payload != NULL ? g_bytes_get_data (payload, &length) : NULL;

  /* One under keys that are not known is longer: its bytes say nothing. */
  if (length != 2)
    return g_strdup (_ ("Alert"));
  const char *name = qs_tls_alert_name (bytes[1]);
  return name != NULL ? g_strdup_printf (_ ("Alert: %s"), name) : g_strdup_printf (_ ("unknown alert %u"), bytes[1]);
}

/* A record that carries no message of the handshake; NULL: nothing is known of it. */
static char *
describe_record (QsTrace *trace, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  const char *type = qs_packet_text_content_type (packet);

  if ((packet->flags & QS_PACKET_DECRYPTED) == 0)
    return NULL;
  if (g_str_equal (type, "alert"))
    return describe_alert (trace, index);
  if (g_str_equal (type, "application_data"))
    return g_strdup_printf (ngettext ("%'u byte of data", "%'u bytes of data", packet->payload_length),
                            packet->payload_length);
  return g_str_equal (type, "change_cipher_spec") ? g_strdup ("ChangeCipherSpec") : NULL;
}

static const char *
title_without_frames (const QsPacket *packet)
{
  if ((packet->flags & QS_PACKET_CORRUPT) != 0)
    return _ ("damaged on its way");
  switch ((QsPacketType) packet->type)
    {
    case QS_PACKET_RETRY:
    case QS_PACKET_VERSION_NEGOTIATION:
    case QS_PACKET_STATELESS_RESET:
      return qs_packet_type_name (packet->type);
    case QS_PACKET_UNKNOWN:
      return _ ("not QUIC as we know it");
    case QS_PACKET_TLS_RECORD:
      return (packet->flags & QS_PACKET_DECRYPTED) != 0 ? _ ("TLS record") : _ ("encrypted record");
    case QS_PACKET_INITIAL:
    case QS_PACKET_0RTT:
    case QS_PACKET_HANDSHAKE:
    case QS_PACKET_1RTT:
    case QS_N_PACKET_TYPES:
    default:
      break;
    }
  if ((packet->flags & QS_PACKET_PAYLOAD_DROPPED) != 0)
    return _ ("contents were not kept");
  return (packet->flags & QS_PACKET_DECRYPTED) == 0 ? _ ("encrypted: its keys are not known") : _ ("empty");
}

char *
qs_sequence_packet_title (QsTrace *trace, guint index, gsize *n_strong)
{
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  GString *text = g_string_new (NULL);
  gboolean has_messages = append_messages (trace, index, text);

  if ((packet->flags & QS_PACKET_DECRYPTED) != 0 && packet->type != QS_PACKET_TLS_RECORD)
    {
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (trace, index, &payload);

      if (!has_messages && (packet->frames & G_GUINT64_CONSTANT (1) << QS_FRAME_CRYPTO) != 0)
        append_messages_again (trace, packet, frames, text);
      has_messages = text->len > 0;
      *n_strong = text->len;
      append_frames (frames, text, has_messages);
    }
  else
    *n_strong = text->len;
  if (text->len == 0 && packet->type == QS_PACKET_TLS_RECORD)
    {
      g_autofree char *record = describe_record (trace, index);
      g_string_append (text, record != NULL ? record : "");
    }
  if (text->len == 0)
    {
      g_string_append (text, title_without_frames (packet));
      *n_strong = packet->type == QS_PACKET_RETRY || packet->type == QS_PACKET_VERSION_NEGOTIATION ? text->len : 0;
    }
  return g_string_free (text, FALSE);
}

/* A client takes one Retry only (RFC 9000 section 17.2.5.2). */
static gboolean
is_second_retry (QsTrace *trace, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  gboolean arrived = packet->type == QS_PACKET_RETRY && (packet->flags & QS_PACKET_DROPPED) == 0;

  for (guint i = index; arrived && i > 0 && i + LOOK_BACK > index; i--)
    {
      const QsPacket *before = qs_trace_get_packet (trace, i - 1);

      if (before->type == QS_PACKET_RETRY && (before->flags & QS_PACKET_DROPPED) == 0)
        return TRUE;
    }
  return FALSE;
}

static const struct {
  QsPacketFlags flag;
  const char *words;
} flag_words[] = {
  { QS_PACKET_DROPPED, N_ ("dropped on its way") },
  { QS_PACKET_LOST, N_ ("lost") },
  { QS_PACKET_RETRANSMISSION, N_ ("sent again") },
  { QS_PACKET_DUPLICATE, N_ ("received twice") },
};

char *
qs_sequence_address_text (GSocketAddress *address)
{
  return address != NULL && G_IS_SOCKET_CONNECTABLE (address)
             ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address))
             : g_strdup ("");
}

/* A packet of another path than the ends are named after says which: its peer, or, where that is the same, our side. */
static void
append_path (const QsSequenceLayout *self, const QsPacket *packet, GString *text)
{
  QsRecord record;

  if (packet->record >= qs_trace_get_n_records (self->trace)) /* from a qlog */
    return;
  qs_trace_get_record (self->trace, packet->record, &record);
  const QsPath *path = qs_trace_get_path (self->trace, record.path);
  const QsPath *usual = qs_trace_get_path (self->trace, self->path);
  if (record.path == self->path || path == NULL || usual == NULL)
    return;

  g_autofree char *remote = qs_sequence_address_text (path->remote);
  g_autofree char *usual_remote = qs_sequence_address_text (usual->remote);
  g_autofree char *local = qs_sequence_address_text (path->local);
  gboolean same_peer = g_str_equal (remote, usual_remote);
  gboolean to = (packet->direction == QS_DIRECTION_SENT) != same_peer;
  g_autofree char *words = g_strdup_printf (to ? _ ("to %s") : _ ("from %s"), same_peer ? local : remote);

  g_string_append_printf (text, " · %s", words);
}

/* crossing: of both ends, else NULL. What arrived is not lost, though its sender thinks so. */
static char *
describe_kind (QsTrace *trace, guint index, gboolean joined, gboolean ignored, const QsCrossing *crossing,
               QsCrossingFate fate)
{
  gboolean arrived = crossing != NULL && fate == QS_CROSSING_ARRIVED && !crossing->changed;
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  GString *text = g_string_new (qs_packet_type_name (packet->type));
  g_autofree char *size = qs_text_size (packet->length);

  if (packet->number != G_MAXUINT64)
    g_string_append_printf (text, " %" G_GUINT64_FORMAT, packet->number);
  g_string_append_printf (text, " · %s", size);
  if (joined)
    g_string_append_printf (text, " · %s", _ ("same datagram"));
  if (ignored)
    g_string_append_printf (text, " · %s", _ ("ignored: only the first one counts"));
  for (guint i = 0; i < G_N_ELEMENTS (flag_words); i++)
    {
      gboolean wrong = flag_words[i].flag == QS_PACKET_LOST && arrived;
      gboolean told = crossing != NULL && fate == QS_CROSSING_LOST &&
                      (flag_words[i].flag == QS_PACKET_LOST || flag_words[i].flag == QS_PACKET_DROPPED);

      if ((packet->flags & flag_words[i].flag) != 0 && !told)
        g_string_append_printf (text, " · %s", wrong ? _ ("taken for lost") : _ (flag_words[i].words));
    }
  return g_string_free (text, FALSE);
}

char *
qs_sequence_packet_subtitle (QsTrace *trace, guint packet, gboolean joined)
{
  return describe_kind (trace, packet, joined, is_second_retry (trace, packet), NULL, QS_CROSSING_UNDER_WAY);
}

static void
append_fate (const QsCrossing *crossing, QsCrossingFate fate, GString *text)
{
  static const char *const fates[] = {
    [QS_CROSSING_LOST] = N_ ("lost on its way"),
    [QS_CROSSING_UNKNOWN] = N_ ("not in the other recording: that ended before"),
    [QS_CROSSING_FOREIGN] = N_ ("not sent by the other end"),
  };

  if (fate < G_N_ELEMENTS (fates) && fates[fate] != NULL)
    g_string_append_printf (text, " · %s", _ (fates[fate]));
  if (crossing->changed)
    g_string_append_printf (text, " · %s", _ ("changed on its way: its receiver drops it"));
  if (crossing->again != QS_JOIN_NONE)
    g_string_append_printf (text, " · %s", _ ("arrived twice"));
}

/* Of both ends: which one came first is seen at the client's. */
static gboolean
is_ignored_retry (const QsSequenceLayout *self, QsTrace *trace, guint index, const QsCrossing *crossing)
{
  if (crossing == NULL)
    return is_second_retry (trace, index);
  return crossing->arrived != QS_JOIN_NO_TIME && crossing->arrived_packet != QS_JOIN_NONE &&
         is_second_retry (qs_trace_join_get_receiver (self->options.join, crossing->by_client),
                          crossing->arrived_packet);
}

char *
qs_sequence_arrow_subtitle (const QsSequenceLayout *self, guint rank, gboolean joined)
{
  guint packet, index;
  QsCrossingFate fate = QS_CROSSING_UNDER_WAY;
  const QsCrossing *crossing = qs_sequence_crossing_at (self, rank, &fate);
  const QsPacket *of = qs_sequence_packet_at (self, rank, &packet);
  QsTrace *trace = qs_sequence_resolve (self, packet, &index);
  gboolean ignored = is_ignored_retry (self, trace, index, crossing);
  g_autofree char *plain = describe_kind (trace, index, joined, ignored, crossing, fate);
  GString *text = g_string_new (plain);

  if (trace == self->trace)
    append_path (self, of, text);
  if (crossing != NULL)
    append_fate (crossing, fate, text);
  return g_string_free (text, FALSE);
}

char *
qs_sequence_bundle_title (const QsSequenceLayout *self, const QsItem *item, guint side)
{
  const QsBundle *bundle = &g_array_index (self->bundles, QsBundle, item->extra);
  guint n_lost = qs_sequence_bundle_lost (self, item, side);
  g_autofree char *size = qs_text_size (bundle->bytes[side]);
  g_autofree char *text =
      g_strdup_printf (ngettext ("… %'u packet, %s", "… %'u packets, %s", bundle->n[side]), bundle->n[side], size);

  if (n_lost == 0)
    return g_steal_pointer (&text);
  g_autofree char *lost = g_strdup_printf (ngettext ("%'u lost", "%'u lost", n_lost), n_lost);
  return g_strdup_printf ("%s, %s", text, lost);
}

char *
qs_sequence_group_title (const QsSequenceLayout *self, const QsItem *item, gsize *n_strong)
{
  g_autoptr (GString) strong = g_string_new (NULL);
  g_autoptr (GString) rest = g_string_new (NULL);

  for (guint rank = item->rank; rank <= item->last; rank++)
    {
      guint packet, index;
      gsize n;

      qs_sequence_packet_at (self, rank, &packet);
      QsTrace *trace = qs_sequence_resolve (self, packet, &index);
      g_autofree char *title = qs_sequence_packet_title (trace, index, &n);
      g_autofree char *messages = g_strndup (title, n);
      const char *frames = title + n + (n > 0 && title[n] == ',' ? strlen (", ") : 0);
      if (n > 0)
        append (strong, messages);
      if (frames[0] != '\0')
        append (rest, frames);
    }
  *n_strong = strong->len;
  if (rest->len > 0)
    append (strong, rest->str);
  return g_string_free (g_steal_pointer (&strong), FALSE);
}

char *
qs_sequence_group_subtitle (const QsSequenceLayout *self, const QsItem *item)
{
  GString *text = g_string_new (NULL);
  guint64 bytes = 0;

  for (guint rank = item->rank; rank <= item->last; rank++)
    {
      const QsPacket *packet = qs_sequence_packet_at (self, rank, NULL);

      append (text, qs_packet_type_name (packet->type));
      if (packet->number != G_MAXUINT64)
        g_string_append_printf (text, " %" G_GUINT64_FORMAT, packet->number);
      bytes += packet->length;
    }
  g_autofree char *size = qs_text_size (bytes);
  g_string_append_printf (text, " · %s", size);
  return g_string_free (text, FALSE);
}
