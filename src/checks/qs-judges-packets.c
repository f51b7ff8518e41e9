/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges that look at single packets: what they acknowledge, how large they are, when they come, what bits they bear. */
#include <inttypes.h>

#include "base/qs-i18n.h"
#include "checks/qs-judges.h"
#include "trace/qs-trace-http3.h"
#include "wire/qs-http3.h"
#include "wire/qs-names.h"
#include "wire/qs-transport-parameters.h"

#define TP_MAX_UDP_PAYLOAD 0x03
#define TP_ACK_DELAY_EXPONENT 0x0a
#define TP_MAX_ACK_DELAY 0x0b
#define SPIN_BIT 0x20
#define PATIENCE_FACTOR 2 /* an acknowledgement may come so many times later than announced before it is told of */
#define LEAST_BODY 20000  /* bytes: less of it goes out at once, whatever is urgent */
#define BIT(type) (G_GUINT64_CONSTANT (1) << (type))

static gboolean
is_behind_act (const QsSight *sight, const QsPacket *packet)
{
  return sight->act != G_MAXUINT && packet->record >= sight->act;
}

/* The first byte as it went over the wire; what is not protected in it can be read (RFC 9000 section 17.4). */
static gboolean
read_first_byte (const QsSight *sight, const QsPacket *packet, guint8 *byte)
{
  QsRecord record;

  qs_trace_get_record (sight->trace, packet->record, &record);
  if (packet->offset >= record.bytes.length)
    return FALSE;
  *byte = record.bytes.data[packet->offset];
  return TRUE;
}

/* --- Retry --- */

void
qs_judge_retry (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  QsPacketHeader first, retry;
  guint sent = G_MAXUINT;

  if (qs_judge_is_untested (sight, judgement))
    return;
  if (sight->retry_packet == G_MAXUINT)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("The server sends no Retry.")));
      return;
    }
  for (guint i = 0; i < sight->retry_packet && sent == G_MAXUINT; i++)
    {
      if (qs_trace_get_packet (sight->trace, i)->direction == QS_DIRECTION_SENT)
        sent = i;
    }
  qs_judgement_show (judgement, sight->retry_packet);
  if (sent == G_MAXUINT || !qs_sight_get_header (sight, sent, &first) ||
      !qs_sight_get_header (sight, sight->retry_packet, &retry))
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("Its bytes were not kept.")));
  else if ((qs_trace_get_packet (sight->trace, sight->retry_packet)->flags & QS_PACKET_CORRUPT) != 0)
    qs_judgement_set (judgement, qs_check_fail (check), g_strdup (_ ("Its integrity tag is wrong.")));
  else if (qs_span_equal (first.dcid, retry.scid))
    qs_judgement_set (judgement, qs_check_fail (check),
                      g_strdup (_ ("It asks for the connection id that the client chose itself.")));
  else if (retry.token.length == 0)
    qs_judgement_set (judgement, qs_check_fail (check), g_strdup (_ ("Its token is empty.")));
  else
    qs_judgement_set (judgement, QS_CHECK_PASS,
                      g_strdup_printf (_ ("Its tag is right, its connection id new, its token has %zu bytes."),
                                       retry.token.length));
}

void
qs_judge_many_initials (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint before = 0;

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      before += packet->type == QS_PACKET_RETRY && packet->direction == QS_DIRECTION_RECEIVED &&
                !is_behind_act (sight, packet);
    }
  qs_judgement_show (judgement, sight->retry_packet);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    sight->n_retries == 0
                        ? g_strdup (_ ("It asks for no address yet (no Retry) behind twenty handshakes that were not "
                                       "gone on with."))
                        : g_strdup_printf (_ ("It sent %u Retries, %u of them before the last handshake began."),
                                           sight->n_retries, before));
}

/* A coalesced packet of another connection id, under the right keys. */
void
qs_judge_stray_packet (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint seen = 0;

  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (!sight->act_acked)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("It did not acknowledge the packet before it.")));
      return;
    }
  for (guint i = sight->act_packet + 1; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      if (packet->record != qs_trace_get_packet (sight->trace, sight->act_packet)->record)
        break;
      seen++;
      if ((packet->flags & QS_PACKET_ACKED) == 0)
        continue;
      qs_judgement_show (judgement, i);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup (_ ("It acknowledged a packet that bears another connection id.")));
      return;
    }
  qs_judgement_set (judgement, seen > 0 ? QS_CHECK_PASS : QS_CHECK_NOT_TESTED,
                    g_strdup (seen > 0 ? _ ("It passed the other packet over.") : _ ("None came.")));
}

/* --- Acknowledgements --- */

/* What one packet acknowledges for the first time: packets that ask for it, or others. */
typedef struct {
  const QsSight *sight;
  GHashTable *acked; /* indices of packets */
  gboolean wanted, other;
} Acked;

static void
range_cb (guint64 smallest, guint64 largest, gpointer data)
{
  Acked *self = data;

  for (guint i = 0; i < qs_trace_get_n_packets (self->sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (self->sight->trace, i);
      if (packet->direction != QS_DIRECTION_SENT || packet->type != QS_PACKET_1RTT || packet->number < smallest ||
          packet->number > largest || !g_hash_table_add (self->acked, GUINT_TO_POINTER (i)))
        continue;
      if ((packet->flags & QS_PACKET_ACK_ELICITING) != 0)
        self->wanted = TRUE;
      else
        self->other = TRUE;
    }
}

void
qs_judge_ack_of_ack (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autoptr (GHashTable) acked = g_hash_table_new (NULL, NULL);
  gboolean any = FALSE;

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      g_autoptr (GBytes) payload = NULL;
      any |= packet->direction == QS_DIRECTION_SENT && packet->type == QS_PACKET_1RTT &&
             (packet->flags & QS_PACKET_ACK_ELICITING) == 0 && (packet->frames & BIT (QS_FRAME_ACK)) != 0;
      if (packet->direction != QS_DIRECTION_RECEIVED || packet->type != QS_PACKET_1RTT)
        continue;
      g_autoptr (GArray) frames = qs_trace_dup_frames (sight->trace, i, &payload);
      Acked now = { sight, acked, FALSE, FALSE };
      for (guint j = 0; j < frames->len; j++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, j);
          if (qs_frame_base_type (frame->type) == QS_FRAME_ACK)
            qs_frame_foreach_ack_range (frame, range_cb, &now);
        }
      if (!now.other || now.wanted || (packet->flags & QS_PACKET_ACK_ELICITING) != 0)
        continue;
      qs_judgement_show (judgement, i);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup (_ ("It acknowledged acknowledgements alone with an acknowledgement alone: two such "
                                     "ends would never fall silent.")));
      return;
    }
  qs_judgement_set (judgement, any ? QS_CHECK_PASS : QS_CHECK_NOT_TESTED,
                    g_strdup (any ? _ ("It left acknowledgements unacknowledged.") : _ ("None came.")));
}

void
qs_judge_ack_delay (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint64 most = 25, exponent = 3, largest = 0; /* RFC 9000 section 18.2 */
  guint at = G_MAXUINT;

  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_sight_get_parameter (sight, TP_MAX_ACK_DELAY, &most);
  qs_sight_get_parameter (sight, TP_ACK_DELAY_EXPONENT, &exponent);
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      g_autoptr (GBytes) payload = NULL;
      if (packet->direction != QS_DIRECTION_RECEIVED || packet->type != QS_PACKET_1RTT ||
          (packet->frames & BIT (QS_FRAME_ACK)) == 0)
        continue;
      g_autoptr (GArray) frames = qs_trace_dup_frames (sight->trace, i, &payload);
      for (guint j = 0; j < frames->len; j++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, j);
          if (qs_frame_base_type (frame->type) != QS_FRAME_ACK || frame->ack.delay >> (63 - MIN (exponent, 20)) != 0)
            continue;
          guint64 delay = frame->ack.delay << MIN (exponent, 20);
          largest = MAX (largest, delay);
          at = delay == largest ? i : at;
        }
    }
  if (at == G_MAXUINT)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("None came.")));
      return;
    }
  qs_judgement_show (judgement, at);
  qs_judgement_set (
      judgement, largest > PATIENCE_FACTOR * most * 1000 ? QS_CHECK_WARN : QS_CHECK_PASS,
      g_strdup_printf (_ ("It held acknowledgements back for %.1f ms at most, and announces %" PRIu64 " ms."),
                       (double) largest / 1000, most));
}

/* --- Marks and bits --- */

void
qs_judge_ecn (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint64 counted = 0, sent = 0;
  guint at = G_MAXUINT;
  gboolean without = FALSE;

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      g_autoptr (GBytes) payload = NULL;
      if (packet->type != QS_PACKET_1RTT)
        continue;
      sent += packet->direction == QS_DIRECTION_SENT;
      if (packet->direction != QS_DIRECTION_RECEIVED || (packet->frames & BIT (QS_FRAME_ACK)) == 0)
        continue;
      g_autoptr (GArray) frames = qs_trace_dup_frames (sight->trace, i, &payload);
      for (guint j = 0; j < frames->len; j++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, j);
          without |= frame->type == QS_FRAME_ACK;
          if (frame->type != QS_FRAME_ACK + 1)
            continue;
          counted = MAX (counted, frame->ack.ect0 + frame->ack.ce);
          at = i;
        }
    }
  if (at == G_MAXUINT && !without)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("None came.")));
      return;
    }
  qs_judgement_show (judgement, at != G_MAXUINT ? at : sight->act_packet);
  if (at == G_MAXUINT)
    qs_judgement_set (judgement, QS_CHECK_INFO,
                      g_strdup (_ ("Its acknowledgements count no marks: it does not read them, or the path takes them "
                                   "off.")));
  else
    qs_judgement_set (judgement, counted > sent ? QS_CHECK_WARN : QS_CHECK_PASS,
                      g_strdup_printf (_ ("It counted %" PRIu64 " marks of %" PRIu64 " that were sent."), counted,
                                       sent));
}

void
qs_judge_spin (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint before[2] = { 0 }, behind[2] = { 0 };

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      guint8 byte;
      if (packet->direction != QS_DIRECTION_RECEIVED || packet->type != QS_PACKET_1RTT ||
          !read_first_byte (sight, packet, &byte))
        continue;
      (is_behind_act (sight, packet) ? behind : before)[(byte & SPIN_BIT) != 0]++;
    }
  qs_judgement_show (judgement, sight->act_packet);
  gboolean follows = before[0] > 0 && before[1] == 0 && behind[1] > 0 && behind[0] == 0;
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    g_strdup (follows ? _ ("It follows the client's: whoever is on the path can measure round trips.")
                                      : _ ("It does not follow the client's.")));
}

/* --- Sizes and times --- */

void
qs_judge_sizes (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint64 most = 65527, up = 0, refused = 0; /* RFC 9000 section 18.2 */
  guint at = G_MAXUINT;
  QsRecord record;
  guint64 down = 0;

  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_sight_get_parameter (sight, TP_MAX_UDP_PAYLOAD, &most);
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      qs_trace_get_record (sight->trace, packet->record, &record);
      if (packet->direction == QS_DIRECTION_RECEIVED)
        down = MAX (down, record.length);
      else if (is_behind_act (sight, packet) && (packet->flags & QS_PACKET_ACKED) != 0 && record.length > up)
        {
          up = record.length;
          at = i;
        }
      else if (is_behind_act (sight, packet) && (packet->flags & QS_PACKET_ACKED) == 0)
        refused = MAX (refused, record.length);
    }
  qs_judgement_show (judgement, at);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    g_strdup_printf (_ ("Datagrams of %" PRIu64 " bytes reached it, and its own had %" PRIu64
                                        " at most; it takes %" PRIu64 "."),
                                     MAX (up, 1200), down, most));
}

void
qs_judge_repeats (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autoptr (GString) times = g_string_new (NULL);
  QsRecord record;
  gint64 last = -1;
  guint n = 0;

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_records (sight->trace); i++)
    {
      qs_trace_get_record (sight->trace, i, &record);
      if (record.kind != QS_RECORD_DATAGRAM || record.direction != QS_DIRECTION_RECEIVED)
        continue;
      if (last >= 0 && record.time - last > 20 * G_GINT64_CONSTANT (1000000)) /* what comes sooner is the same flight */
        {
          g_string_append_printf (times, n++ > 0 ? ", %.2f" : "%.2f", (double) (record.time - last) / 1e9);
          last = record.time;
        }
      else if (last < 0)
        last = record.time;
    }
  qs_judgement_show (judgement, sight->hello_packet);
  if (sight->n_received == 0)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("Nothing came back.")));
  else
    qs_judgement_set (judgement, QS_CHECK_INFO,
                      n == 0 ? g_strdup (_ ("It did not send anything again."))
                             : g_strdup_printf (_ ("It sent again, with these seconds between: %s."), times->str));
}

/* Bytes on the path that a client has moved to, before it answered the challenge. */
void
qs_judge_new_path (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint64 sent = 0, came = 0;
  guint16 path = 0;
  QsRecord record;

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = sight->act; i < qs_trace_get_n_records (sight->trace); i++)
    {
      qs_trace_get_record (sight->trace, i, &record);
      if (record.kind != QS_RECORD_DATAGRAM)
        continue;
      if (record.direction == QS_DIRECTION_SENT)
        {
          path = record.path;
          sent += record.length;
        }
      else if (record.path == path && sent > 0)
        came += record.length;
    }
  qs_judgement_show (judgement, sight->act_packet);
  qs_judgement_show (judgement, sight->challenge_packet);
  if (came == 0)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("Nothing came to the new port.")));
      return;
    }
  qs_judgement_set (
      judgement, came > 3 * sent ? qs_check_fail (check) : QS_CHECK_PASS,
      g_strdup_printf (_ ("%" PRIu64 " bytes came to a port that had sent %" PRIu64 " and proved nothing."), came,
                       sent));
}

/* --- How it closes --- */

/* The PINGs behind our own close show whether it goes on. */
void
qs_judge_draining (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (sight->after_acked)
    {
      qs_judgement_show (judgement, sight->after_packet);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup (_ ("It went on with a connection that was closed.")));
    }
  else if (sight->n_received_after_act > 3)
    qs_judgement_set (judgement, QS_CHECK_WARN,
                      g_strdup_printf (_ ("%u datagrams came behind the close."), sight->n_received_after_act));
  else
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It fell silent, or closed as well.")));
}

void
qs_judge_close_detail (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autoptr (GBytes) payload = NULL;

  if (qs_judge_is_untested (sight, judgement))
    return;
  if (!sight->closed)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("It did not close.")));
      return;
    }
  g_autofree char *close = qs_sight_dup_close (sight);
  g_autoptr (GArray) frames = qs_trace_dup_frames (sight->trace, sight->close_packet, &payload);
  guint64 type = 0;
  for (guint i = 0; i < frames->len; i++)
    {
      const QsFrame *frame = &g_array_index (frames, QsFrame, i);
      type = frame->type == QS_FRAME_CONNECTION_CLOSE ? frame->frame_type : type;
    }
  qs_judgement_show (judgement, sight->close_packet);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    type != 0
                        ? g_strdup_printf (_ ("It closed with %s, and names frame type 0x%" PRIx64 "."), close, type)
                        : g_strdup_printf (_ ("It closed with %s, and names no frame type."), close));
}

/* Both connections are idle for as long as the shorter of both timeouts, and for the server's acknowledgements besides. */
void
qs_judge_idle (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  if (!sight->act_acked && !sight->closed)
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("It had given the connection up before that time.")));
  else if (sight->closed)
    {
      g_autofree char *close = qs_sight_dup_close (sight);
      qs_judgement_show (judgement, sight->close_packet);
      qs_judgement_set (judgement, QS_CHECK_INFO, g_strdup_printf (_ ("It closed: %s."), close));
    }
  else if (sight->after_acked)
    {
      qs_judgement_show (judgement, sight->after_packet);
      qs_judgement_set (judgement, QS_CHECK_WARN,
                        g_strdup (_ ("It keeps the connection for longer than the client announced.")));
    }
  else
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It kept the connection for that time, and no longer.")));
}

void
qs_judge_reset_token (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->after_packet);
  if (sight->after == G_MAXUINT || sight->after_acked || sight->closed)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("It has not forgotten the connection.")));
  else if (sight->reset)
    qs_judgement_set (judgement, QS_CHECK_PASS,
                      g_strdup (_ ("It reset the forgotten connection with the token that it had announced.")));
  else if (sight->n_unreadable > 0)
    qs_judgement_set (judgement, QS_CHECK_WARN,
                      g_strdup (_ ("Something came for the forgotten connection, and bears no token that it had "
                                   "announced: the client goes on waiting.")));
  else
    qs_judgement_set (judgement, QS_CHECK_INFO,
                      g_strdup (_ ("It stays silent: a client learns of a restart by its own patience alone.")));
}

/* Packets under old keys, behind those under new ones. */
void
qs_judge_old_keys (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  if (sight->act_acked && !sight->closed)
    {
      qs_judgement_show (judgement, sight->act_packet);
      qs_judgement_set (judgement, qs_check_fail (check),
                        g_strdup (_ ("It took a packet under old keys with a number above those under new ones.")));
    }
  else
    qs_judge_refused (check, sight, judgement);
}

/* --- HTTP/3 --- */

void
qs_judge_settings (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_http3 (sight->trace); i++)
    {
      const QsHttp3Piece *piece = qs_trace_get_http3 (sight->trace, i);
      QsHttp3Frame frame;
      gsize at = 0, size;
      if (piece->direction != QS_DIRECTION_RECEIVED || piece->kind != QS_HTTP3_PIECE_FRAME ||
          piece->type != QS_HTTP3_SETTINGS || piece->bytes == NULL)
        continue;
      const void *data = g_bytes_get_data (piece->bytes, &size);
      if (!qs_http3_frame_parse (QS_SPAN (data, size), &at, &frame, NULL))
        continue;
      g_autoptr (GArray) settings = qs_http3_settings_parse (
          QS_SPAN ((const guint8 *) data + frame.header_length, size - frame.header_length), NULL);
      qs_judgement_show (judgement, piece->packet);
      for (guint j = 0; settings != NULL && j < settings->len; j++)
        {
          const QsHttp3Setting *setting = &g_array_index (settings, QsHttp3Setting, j);
          const char *name = qs_http3_setting_name (setting->id);
          if (name != NULL && !g_str_equal (name, "GREASE"))
            g_ptr_array_add (names, g_strdup_printf ("%s %" PRIu64, name, setting->value));
        }
    }
  g_ptr_array_add (names, NULL);
  g_autofree char *list = g_strjoinv (", ", (char **) names->pdata);
  if (!sight->http3)
    qs_judgement_set (judgement, QS_CHECK_NOT_TESTED, g_strdup (_ ("None came.")));
  else
    qs_judgement_set (judgement, QS_CHECK_INFO, names->len > 1 ? g_steal_pointer (&list) : g_strdup (_ ("None.")));
}

void
qs_judge_huge_section (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  const QsSightStream *stream = &sight->streams[0];

  if (qs_judge_is_untested (sight, judgement))
    return;
  qs_judgement_show (judgement, sight->act_packet);
  qs_judgement_show (judgement, sight->closed ? sight->close_packet : stream->packet);
  if (stream->status != 0)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup_printf (_ ("It answered with status %u."), stream->status));
  else if (stream->reset || stream->stopped)
    qs_judgement_set (judgement, QS_CHECK_PASS, g_strdup (_ ("It refused the request alone.")));
  else if (sight->closed)
    {
      g_autofree char *close = qs_sight_dup_close (sight);
      gboolean known = qs_check_takes_code (check, sight->closed_by_application, sight->close_code);
      qs_judgement_set (judgement, known ? QS_CHECK_PASS : QS_CHECK_INFO,
                        g_strdup_printf (_ ("It closed with %s."), close));
    }
  else
    qs_judgement_set (judgement, QS_CHECK_WARN, g_strdup (_ ("It neither answered nor ended the stream.")));
}

void
qs_judge_priority (const QsCheck *check, const QsSight *sight, QsJudgement *judgement)
{
  guint64 bytes[2] = { 0 };
  guint last[2] = { G_MAXUINT, G_MAXUINT };

  if (qs_judge_is_untested (sight, judgement))
    return;
  for (guint i = 0; i < qs_trace_get_n_packets (sight->trace); i++)
    {
      const QsPacket *packet = qs_trace_get_packet (sight->trace, i);
      g_autoptr (GBytes) payload = NULL;
      if (packet->direction != QS_DIRECTION_RECEIVED || (packet->flags & QS_PACKET_DECRYPTED) == 0)
        continue;
      g_autoptr (GArray) frames = qs_trace_dup_frames (sight->trace, i, &payload);
      for (guint j = 0; j < frames->len; j++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, j);
          if (qs_frame_base_type (frame->type) != QS_FRAME_STREAM || (frame->stream_id != 0 && frame->stream_id != 4))
            continue;
          bytes[frame->stream_id / 4] += frame->data.length;
          last[frame->stream_id / 4] = i;
        }
    }
  if (MIN (bytes[0], bytes[1]) < LEAST_BODY)
    {
      qs_judgement_set (judgement, QS_CHECK_NOT_TESTED,
                        g_strdup (_ ("Its answers are too short: they go out at once, whatever is urgent.")));
      return;
    }
  qs_judgement_show (judgement, last[1]);
  qs_judgement_show (judgement, last[0]);
  qs_judgement_set (judgement, QS_CHECK_INFO,
                    g_strdup (last[1] < last[0] ? _ ("The urgent one was done first, though it was asked for last.")
                                                : _ ("The one that was asked for first was done first.")));
}
