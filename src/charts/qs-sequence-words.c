/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the bands, notes and pills of a sequence diagram say. */
#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-sequence-private.h"
#include "wire/qs-names.h"

#define MAX_MESSAGES 32 /* that are looked at for the ALPN */

/* --- Bands --- */

QsPacketType
qs_sequence_level_of (QsPacketType type)
{
  if (type == QS_PACKET_RETRY || type == QS_PACKET_VERSION_NEGOTIATION)
    return QS_PACKET_INITIAL;
  return type == QS_PACKET_STATELESS_RESET ? QS_PACKET_1RTT : type;
}

const char *
qs_sequence_level_name (QsPacketType type)
{
  switch (type)
    {
    case QS_PACKET_INITIAL:
      return _ ("Initial keys");
    case QS_PACKET_0RTT:
      return _ ("0-RTT keys");
    case QS_PACKET_HANDSHAKE:
      return _ ("Handshake keys");
    case QS_PACKET_1RTT:
      return _ ("1-RTT keys");
    case QS_PACKET_RETRY:
    case QS_PACKET_VERSION_NEGOTIATION:
    case QS_PACKET_STATELESS_RESET:
    case QS_PACKET_UNKNOWN:
    case QS_PACKET_TLS_RECORD:
    case QS_N_PACKET_TYPES:
    default:
      return NULL;
    }
}

/* --- Notes --- */

static const struct {
  QsTone tone;
  const char *by_client; /* NULL: as by_server */
  const char *by_server;
  const char *text;
} note_words[] = {
  [QS_NOTE_RETRY] = { QS_TONE_INFO, NULL, N_ ("Retry: the server checks the client's address"),
                      N_ ("The client starts anew with the server's token. It costs one round trip.") },
  [QS_NOTE_VERSION_NEGOTIATION] = { QS_TONE_WARNING, NULL, N_ ("Version Negotiation: the server speaks other versions"),
                                    N_ ("The client may start anew with one of those that the server lists.") },
  [QS_NOTE_HELLO_RETRY] = { QS_TONE_INFO, NULL, N_ ("HelloRetryRequest: the server wants another key share"),
                            N_ ("The client sends a second ClientHello. It costs one round trip.") },
  [QS_NOTE_KEY_UPDATE] = { QS_TONE_INFO, N_ ("Key update by the client"), N_ ("Key update by the server"),
                           N_ ("From here on, this side's packets are under the next 1-RTT keys.") },
  [QS_NOTE_STATELESS_RESET] = { QS_TONE_DANGER, N_ ("Stateless reset by the client"),
                                N_ ("Stateless reset by the server"),
                                N_ ("It has no memory of this connection any more, and ends it with its token.") },
  [QS_NOTE_CLOSE] = { QS_TONE_DANGER, N_ ("The client closes the connection"), N_ ("The server closes the connection"),
                      NULL },
  [QS_NOTE_PATH] = { QS_TONE_WARNING, N_ ("The client's address changes"), N_ ("The server's address changes"), NULL },
  [QS_NOTE_CONFIRMED] = { QS_TONE_GOOD, NULL, N_ ("Handshake confirmed"),
                          N_ ("The server has the client's Finished. Both sides drop their Handshake keys.") },
};

typedef struct {
  QsMarkKind kind;
  const char *name; /* NULL: any */
  QsItemKind item;
  QsTone tone;
  const char *title; /* with %s: name or text, see which; NULL: the text alone */
} MarkRow;

static const MarkRow mark_rows[] = {
  { QS_MARK_STATE, "CONNECTING", QS_ITEM_STATE, QS_TONE_INFO, N_ ("Connecting") },
  { QS_MARK_STATE, "HANDSHAKING", QS_ITEM_STATE, QS_TONE_INFO, N_ ("Handshaking") },
  { QS_MARK_STATE, "ESTABLISHED", QS_ITEM_STATE, QS_TONE_GOOD, N_ ("Established") },
  { QS_MARK_STATE, "CLOSING", QS_ITEM_STATE, QS_TONE_INFO, N_ ("Closing") },
  { QS_MARK_STATE, "CLOSED", QS_ITEM_STATE, QS_TONE_INFO, N_ ("Closed") },
  { QS_MARK_STATE, "FAILED", QS_ITEM_STATE, QS_TONE_DANGER, N_ ("Failed") },
  { QS_MARK_STATE, "handshaking", QS_ITEM_STATE, QS_TONE_INFO, N_ ("Handshaking") }, /* the local server's */
  { QS_MARK_STATE, "established", QS_ITEM_STATE, QS_TONE_GOOD, N_ ("Established") },
  { QS_MARK_STATE, "closed", QS_ITEM_STATE, QS_TONE_INFO, N_ ("Closed") },
  { QS_MARK_STATE, "failed", QS_ITEM_STATE, QS_TONE_DANGER, N_ ("Failed") },
  { QS_MARK_TCP_CONNECTED, NULL, QS_ITEM_NOTE, QS_TONE_INFO,
    N_ ("TCP is connected: one round trip before TLS can start") },
  { QS_MARK_ATTEMPT_LOST, NULL, QS_ITEM_NOTE, QS_TONE_INFO, N_ ("Another address was tried in vain") },
  { QS_MARK_ICMP, NULL, QS_ITEM_NOTE, QS_TONE_DANGER, N_ ("The network reports an error") },
  { QS_MARK_SOCKET_ERROR, NULL, QS_ITEM_NOTE, QS_TONE_DANGER, N_ ("The system reports an error") },
  { QS_MARK_TCP_PROBE, NULL, QS_ITEM_NOTE, QS_TONE_INFO, N_ ("What TCP says on the same port") },
  { QS_MARK_CLOSE, "local", QS_ITEM_NOTE, QS_TONE_WARNING, N_ ("This side ended the connection") },
  { QS_MARK_CLOSE, "remote", QS_ITEM_NOTE, QS_TONE_DANGER, N_ ("The other side ended the connection") },
  { QS_MARK_IMPAIRMENT, NULL, QS_ITEM_NOTE, QS_TONE_WARNING, N_ ("The path") },
  { QS_MARK_NOTE, "file", QS_ITEM_NOTE, QS_TONE_WARNING, N_ ("About the file") },
  { QS_MARK_NOTE, "http3", QS_ITEM_NOTE, QS_TONE_INFO, N_ ("HTTP/3, as the log tells") },
  { QS_MARK_EXPERIMENT, NULL, QS_ITEM_NOTE, QS_TONE_INFO, N_ ("One more attempt, with one thing changed") },
};

static const MarkRow *
find_mark_row (const QsMark *mark)
{
  for (guint i = 0; i < G_N_ELEMENTS (mark_rows); i++)
    {
      if (mark_rows[i].kind == mark->kind &&
          (mark_rows[i].name == NULL || g_strcmp0 (mark_rows[i].name, mark->name) == 0))
        return &mark_rows[i];
    }
  return NULL;
}

/* A verify error is shown; a success is not news. */
static gboolean
is_verify_error (const QsMark *mark)
{
  return mark->kind == QS_MARK_VERIFY && mark->value != 0;
}

gboolean
qs_sequence_mark_is_shown (QsTrace *trace, const QsMark *mark, QsItemKind *kind)
{
  const MarkRow *row = find_mark_row (mark);

  *kind = row != NULL ? row->item : QS_ITEM_NOTE;
  if (is_verify_error (mark))
    return TRUE;
  /* Live traces have the engine's states; a file's have this alone. */
  if (mark->kind == QS_MARK_HANDSHAKE_DONE)
    return qs_trace_find_mark (trace, QS_MARK_STATE, NULL, NULL) == NULL;
  return row != NULL;
}

/* The protocol that gives an application's codes their names: known live, and from EncryptedExtensions. */
static char *
find_alpn (QsTrace *trace)
{
  const char *fact = qs_trace_get_fact (trace, "tls.alpn");
  guint n = MIN (qs_trace_get_n_messages (trace), MAX_MESSAGES);

  if (fact != NULL)
    return g_strdup (fact);
  for (guint i = 0; i < n; i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (trace, i);

      if (message->message->type != QS_TLS_ENCRYPTED_EXTENSIONS)
        continue;
      g_auto (GStrv) protocols = qs_tls_message_dup_alpn (message->message);
      return protocols != NULL ? g_strdup (protocols[0]) : NULL;
    }
  return NULL;
}

static const char *
close_meaning (gboolean application, guint64 code, const char *alpn)
{
  if (application && g_strcmp0 (alpn, "h3") == 0)
    return qs_http3_error_meaning (code);
  if (application)
    return code == 0 ? _ ("no error, as applications use it") : NULL;
  if (code >= 0x100 && code <= 0x1ff)
    return qs_tls_alert_meaning ((guint8) code);
  return qs_quic_transport_error_meaning (code);
}

/* The close frame of a packet, in words. */
static char *
describe_close (QsTrace *trace, guint packet)
{
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (trace, packet, &payload);

  for (guint i = 0; i < frames->len; i++)
    {
      const QsFrame *frame = &g_array_index (frames, QsFrame, i);
      gboolean application = frame->type == QS_FRAME_CONNECTION_CLOSE_APP;

      if (!application && frame->type != QS_FRAME_CONNECTION_CLOSE)
        continue;
      g_autofree char *alpn = find_alpn (trace);
      g_autofree char *code = qs_close_code_describe (application, frame->error_code, alpn);
      const char *meaning = close_meaning (application, frame->error_code, alpn);
      /* What an alert means says more than the reason that TLS libraries give; its arrow has that. */
      gboolean alert = !application && frame->error_code >= 0x100 && frame->error_code <= 0x1ff && meaning != NULL;
      if (frame->data.length > 0 && frame->data.data != NULL && !alert)
        {
          g_autofree char *reason = qs_text_escape_short (frame->data.data, (gssize) frame->data.length, 80);
          return g_strdup_printf (_ ("%s: “%s”"), code, reason);
        }
      if (alert)
        return g_strdup_printf ("%s (%s)", meaning, code);
      return meaning != NULL ? g_strdup_printf ("%s: %s", code, meaning) : g_steal_pointer (&code);
    }
  return NULL;
}

/* Ends that mean no harm: no error, HTTP/3's no error. */
static gboolean
is_harmless_close (QsTrace *trace, guint packet)
{
  g_autoptr (GBytes) payload = NULL;
  g_autoptr (GArray) frames = qs_trace_dup_frames (trace, packet, &payload);

  for (guint i = 0; i < frames->len; i++)
    {
      const QsFrame *frame = &g_array_index (frames, QsFrame, i);

      if (frame->type == QS_FRAME_CONNECTION_CLOSE || frame->type == QS_FRAME_CONNECTION_CLOSE_APP)
        return frame->error_code == 0 || (frame->type == QS_FRAME_CONNECTION_CLOSE_APP && frame->error_code == 0x100);
    }
  return FALSE;
}

static QsTrace *
trace_of_mark (const QsSequenceLayout *self, const QsNote *note)
{
  return note->other ? qs_trace_join_get_other (self->options.join) : self->trace;
}

static char *
keys_title (const QsSequenceLayout *self, const QsNote *note, QsTone *tone)
{
  *tone = QS_TONE_INFO;
  return g_strdup_printf (
      _ ("has %s"), qs_sequence_level_name (g_array_index (self->keys[note->other], QsKeysGot, note->mark).level));
}

static char *
mark_title (const QsSequenceLayout *self, const QsNote *note, QsTone *tone)
{
  const QsMark *mark = qs_trace_get_mark (trace_of_mark (self, note), note->mark, NULL);
  const MarkRow *row = find_mark_row (mark);

  *tone = row != NULL ? row->tone : QS_TONE_GOOD;
  if (is_verify_error (mark))
    {
      *tone = QS_TONE_DANGER;
      return g_strdup (_ ("The certificate was not accepted"));
    }
  return g_strdup (row != NULL ? _ (row->title) : _ ("Handshake complete"));
}

char *
qs_sequence_note_title (const QsSequenceLayout *self, const QsNote *note, QsTone *tone)
{
  if (note->kind == QS_NOTE_KEYS)
    return keys_title (self, note, tone);
  if (note->kind == QS_NOTE_MARK)
    return mark_title (self, note, tone);

  guint index;
  QsTrace *trace = qs_sequence_resolve (self, note->packet, &index);
  const char *words = qs_sequence_by_client (self, note->packet) ? note_words[note->kind].by_client : NULL;
  *tone = note_words[note->kind].tone;
  if (note->kind == QS_NOTE_CLOSE && is_harmless_close (trace, index))
    *tone = QS_TONE_INFO;
  return g_strdup (_ (words != NULL ? words : note_words[note->kind].by_server));
}

/* Names of marks are the engine's own; texts are escaped already. */
static char *
mark_text (const QsMark *mark)
{
  gboolean has_text = mark->text != NULL && mark->text[0] != '\0';

  if (mark->kind == QS_MARK_STATE || mark->kind == QS_MARK_HANDSHAKE_DONE || mark->kind == QS_MARK_TCP_CONNECTED)
    return NULL;
  if (mark->kind == QS_MARK_CLOSE)
    {
      g_autofree char *code = (guint64) mark->value == G_MAXUINT64
                                  ? g_strdup (_ ("nothing was heard for too long (idle timeout)"))
                                  : qs_close_code_describe (mark->application, (guint64) mark->value, NULL);
      return has_text ? g_strdup_printf (_ ("%s: “%s”"), code, mark->text) : g_steal_pointer (&code);
    }
  if (mark->kind == QS_MARK_NOTE || mark->kind == QS_MARK_IMPAIRMENT || mark->name == NULL)
    return g_strdup (mark->text);
  return has_text ? g_strdup_printf ("%s (%s)", mark->name, mark->text) : g_strdup (mark->name);
}

char *
qs_sequence_note_text (const QsSequenceLayout *self, const QsNote *note)
{
  guint index;

  if (note->kind == QS_NOTE_KEYS)
    return g_strdup (_ ("From here on this end has the keys of this level."));
  if (note->kind == QS_NOTE_MARK)
    return mark_text (qs_trace_get_mark (trace_of_mark (self, note), note->mark, NULL));
  if (note->kind == QS_NOTE_PATH)
    return qs_sequence_path_change_text (self, note->packet);
  if (note->kind != QS_NOTE_CLOSE)
    return g_strdup (_ (note_words[note->kind].text));
  QsTrace *trace = qs_sequence_resolve (self, note->packet, &index);
  return describe_close (trace, index);
}

char *
qs_sequence_time_text (gint64 time)
{
  double ms = (double) time / 1e6;

  if (ms > -10000 && ms < 10000)
    return g_strdup_printf (_ ("%.2f ms"), ms);
  return g_strdup_printf (_ ("%.3f s"), ms / 1000);
}

char *
qs_sequence_break_text (const QsSequenceLayout *self, guint index)
{
  gint64 from = index > 0 ? qs_sequence_item_end_time (self, qs_sequence_item (self, index - 1)) : 0;
  g_autofree char *duration = qs_text_duration (qs_sequence_item_time (self, qs_sequence_item (self, index)) - from);

  return g_strdup_printf (_ ("nothing for %s"), duration);
}

const char *
qs_sequence_clocks_text (const QsSequenceLayout *self)
{
  if (self->options.join == NULL)
    return NULL;
  return qs_trace_join_get_clocks (self->options.join) == QS_JOIN_SAME_CLOCK
             ? _ ("Both ends, by one clock")
             : _ ("Both ends. Clocks aligned: the fastest datagram took equally long each way");
}
