/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "formats/qs-pcapng-private.h"
#include "formats/qs-run-record-private.h"
#include "trace/qs-trace-budget.h"
#include "trace/qs-trace-private.h"

#define MAX_NAME 64         /* bytes of a mark's: it is interned */
#define MOST_NEW_NAMES 1024 /* of all files, while the program runs */
#define MAX_PATHS 65535

typedef struct {
  QsRunEnd ends[2]; /* by the QsDirection in which they send: ours, theirs */
} Path;

typedef struct {
  gint64 time;
  QsMark mark;
} Mark;

typedef struct {
  QsDirection direction;
  guint16 path;
  gint64 time;
  guint32 length, kept;
} Segment;

struct _QsRunReader {
  QsTrace *trace;
  gint64 origin;
  guint32 n_carriers; /* that the record speaks of */
  guint64 kept;
  GArray *paths;    /* Path */
  GArray *marks;    /* Mark: theirs are the trace's from next_mark on down */
  GArray *segments; /* Segment */
  guint next_mark;
  guint n_seen; /* datagrams, or segments */
  guint64 bytes_seen;
  gint64 last_time;
  gboolean odd;          /* a packet of no path of the run's was there */
  GByteArray *stream[2]; /* TLS over TCP: what was captured, by QsDirection */
};

/* --- Bytes --- */

typedef struct {
  const guint8 *at, *end;
  gboolean failed;
} Cursor;

static const guint8 *
take (Cursor *cursor, gsize n)
{
  const guint8 *at = cursor->at;

  if (cursor->failed || (gsize) (cursor->end - at) < n)
    {
      cursor->failed = TRUE;
      return NULL;
    }
  cursor->at += n;
  return at;
}

static guint8
take8 (Cursor *cursor)
{
  const guint8 *at = take (cursor, 1);

  return at != NULL ? *at : 0;
}

static guint16
take16 (Cursor *cursor)
{
  const guint8 *at = take (cursor, 2);
  guint16 value = 0;

  if (at != NULL)
    memcpy (&value, at, 2);
  return GUINT16_FROM_LE (value);
}

static guint32
take32 (Cursor *cursor)
{
  const guint8 *at = take (cursor, 4);
  guint32 value = 0;

  if (at != NULL)
    memcpy (&value, at, 4);
  return GUINT32_FROM_LE (value);
}

static guint64
take64 (Cursor *cursor)
{
  const guint8 *at = take (cursor, 8);
  guint64 value = 0;

  if (at != NULL)
    memcpy (&value, at, 8);
  return GUINT64_FROM_LE (value);
}

/* Times are kept where differences cannot overflow. */
static gint64
take_time (Cursor *cursor)
{
  gint64 time = (gint64) take64 (cursor);

  return CLAMP (time, G_MININT64 / 4, G_MAXINT64 / 4);
}

/* A file is from anywhere: what it calls escaped is made so. */
static char *
dup_text (const guint8 *bytes, gsize length)
{
  return qs_text_escape_again ((const char *) bytes, (gssize) length);
}

/* --- Items --- */

static gboolean
read_run (QsRunReader *self, Cursor *cursor)
{
  guint8 version = take8 (cursor), vantage = take8 (cursor);

  self->origin = take_time (cursor);
  self->n_carriers = take32 (cursor);
  self->kept = take64 (cursor);
  if (cursor->failed || self->origin < 0 || version != QS_RUN_VERSION || vantage > QS_VANTAGE_NETWORK ||
      self->trace != NULL)
    return FALSE;
  g_autofree char *title = dup_text (cursor->at, (gsize) (cursor->end - cursor->at));
  self->trace = qs_trace_new ((QsVantage) vantage, NULL);
  qs_trace_set_origin (self->trace, self->origin);
  qs_trace_set_payload_limit (self->trace, G_MAXUINT64); /* what was kept is what the file holds */
  if (*title != '\0')
    qs_trace_set_title (self->trace, title);
  return TRUE;
}

static void
take_end (Cursor *cursor, QsRunEnd *end)
{
  end->known = take8 (cursor) != 0;
  const guint8 *address = take (cursor, 16);
  if (address != NULL)
    memcpy (end->end.address, address, 16);
  end->end.port = take16 (cursor);
  end->scope = take32 (cursor);
}

static GSocketAddress *
end_to_address (const QsRunEnd *end)
{
  GSocketAddress *address = end->known ? qs_capture_end_to_address (&end->end) : NULL;

  if (address == NULL || end->scope == 0 || g_socket_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return address;
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);
  GSocketAddress *scoped =
      g_object_new (G_TYPE_INET_SOCKET_ADDRESS, "address", g_inet_socket_address_get_address (inet), "port",
                    (guint) g_inet_socket_address_get_port (inet), "scope-id", end->scope, NULL);
  g_object_unref (address);
  return scoped;
}

static gboolean
read_path (QsRunReader *self, Cursor *cursor)
{
  Path path = { 0 };

  take_end (cursor, &path.ends[QS_DIRECTION_SENT]);
  take_end (cursor, &path.ends[QS_DIRECTION_RECEIVED]);
  if (cursor->failed || self->trace == NULL || self->paths->len == MAX_PATHS)
    return FALSE;
  g_autoptr (GSocketAddress) local = end_to_address (&path.ends[QS_DIRECTION_SENT]);
  g_autoptr (GSocketAddress) remote = end_to_address (&path.ends[QS_DIRECTION_RECEIVED]);
  g_array_append_val (self->paths, path);
  qs_trace_add_path (self->trace, local, remote);
  return TRUE;
}

static QsStreamState
state_of_name (const guint8 *bytes, gsize length)
{
  for (QsStreamState state = QS_STREAM_NONE; state < QS_N_STREAM_STATES; state++)
    {
      const char *name = qs_stream_state_name (state);
      if (strlen (name) == length && memcmp (name, bytes, length) == 0)
        return state;
    }
  return QS_STREAM_NONE;
}

/* Names stay for as long as the program runs. Those that we write are few; a file may hold a million. */
static const char *
intern_name (const char *text)
{
  static gint n_new;

  if (g_quark_try_string (text) == 0 && g_atomic_int_add (&n_new, 1) >= MOST_NEW_NAMES)
    return NULL;
  return g_intern_string (text);
}

static void
set_text (QsMark *mark, guint8 member, const guint8 *bytes, gsize length)
{
  g_autofree char *text = dup_text (bytes, length);

  if (member == QS_RUN_NAME && length <= MAX_NAME)
    mark->name = intern_name (text);
  if (member == QS_RUN_TEXT)
    {
      g_free (mark->text);
      mark->text = g_steal_pointer (&text);
    }
}

static void
set_number (QsMark *mark, guint8 member, gint64 value)
{
  gint64 *const numbers[] = {
    [QS_RUN_VALUE] = &mark->value,
    [QS_RUN_STREAM] = &mark->stream,
    [QS_RUN_FRAME_TYPE] = (gint64 *) &mark->frame_type,
    [QS_RUN_READ_ERROR] = &mark->read_error,
    [QS_RUN_WRITE_ERROR] = &mark->write_error,
    [QS_RUN_RECEIVED] = (gint64 *) &mark->received,
    [QS_RUN_SENT] = (gint64 *) &mark->sent,
  };

  if (member == QS_RUN_APPLICATION)
    mark->application = value != 0;
  else if (member < G_N_ELEMENTS (numbers) && numbers[member] != NULL)
    *numbers[member] = value;
}

static void
set_member (QsMark *mark, guint8 member, const guint8 *bytes, guint32 length)
{
  Cursor number = { bytes, bytes + length, FALSE };

  switch (member)
    {
    case QS_RUN_NAME:
    case QS_RUN_TEXT:
      set_text (mark, member, bytes, length);
      break;
    case QS_RUN_BYTES:
      g_clear_pointer (&mark->bytes, g_bytes_unref);
      mark->bytes = g_bytes_new (bytes, length);
      break;
    case QS_RUN_READ_STATE:
      mark->read_state = state_of_name (bytes, length);
      break;
    case QS_RUN_WRITE_STATE:
      mark->write_state = state_of_name (bytes, length);
      break;
    default:
      if (length == 8)
        set_number (mark, member, (gint64) take64 (&number));
      break;
    }
}

/* Without a name where those who read it count on one. */
static void
settle_mark (QsMark *mark)
{
  if (mark->name == NULL && mark->kind != QS_MARK_RESOLVED && mark->kind != QS_MARK_CONNECTING &&
      mark->kind != QS_MARK_NOTE && mark->kind != QS_MARK_ANSWER)
    mark->name = g_intern_static_string ("");
}

/* FALSE: it cannot be read. One of a kind that is not known is passed over. */
static gboolean
read_mark (QsRunReader *self, Cursor *cursor)
{
  Mark mark = { take_time (cursor), { .stream = -1, .read_error = -1, .write_error = -1 } };
  guint8 length = take8 (cursor);
  const guint8 *bytes = take (cursor, length);
  g_autofree char *kind = bytes != NULL ? g_strndup ((const char *) bytes, length) : NULL;

  if (kind == NULL || self->trace == NULL || self->marks->len == QS_RUN_RECORD_MAX_MARKS)
    return FALSE;
  if (!qs_mark_kind_from_name (kind, &mark.mark.kind))
    return TRUE;
  while (cursor->at < cursor->end)
    {
      guint8 member = take8 (cursor);
      guint32 size = take32 (cursor);
      const guint8 *value = take (cursor, size);

      if (value == NULL)
        break;
      set_member (&mark.mark, member, value, size);
    }
  settle_mark (&mark.mark);
  g_array_append_val (self->marks, mark);
  return TRUE;
}

static gboolean
read_segments (QsRunReader *self, Cursor *cursor)
{
  while (cursor->end - cursor->at >= QS_RUN_SEGMENT_SIZE)
    {
      Segment segment = { take8 (cursor) != 0 ? QS_DIRECTION_RECEIVED : QS_DIRECTION_SENT };

      segment.path = take16 (cursor);
      segment.time = take_time (cursor);
      segment.length = take32 (cursor);
      segment.kept = take32 (cursor);
      g_array_append_val (self->segments, segment);
    }
  return TRUE;
}

static gboolean
read_not_kept (QsRunReader *self, Cursor *cursor)
{
  QsNotKept not_kept = { 0 };

  not_kept.datagrams = take64 (cursor);
  not_kept.bytes = take64 (cursor);
  not_kept.marks = take64 (cursor);
  if (!cursor->failed && self->trace != NULL)
    qs_trace_set_not_kept (self->trace, &not_kept);
  return TRUE;
}

static const struct {
  guint8 tag;
  gboolean (*read) (QsRunReader *self, Cursor *cursor);
} items[] = {
  { QS_RUN_ITEM_RUN, read_run },           { QS_RUN_ITEM_PATH, read_path },         { QS_RUN_ITEM_MARK, read_mark },
  { QS_RUN_ITEM_SEGMENTS, read_segments }, { QS_RUN_ITEM_NOT_KEPT, read_not_kept },
};

static gboolean
read_item (QsRunReader *self, guint8 tag, Cursor *cursor)
{
  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    {
      if (items[i].tag == tag)
        return items[i].read (self, cursor);
    }
  return TRUE; /* of a later version */
}

static void
mark_clear (gpointer data)
{
  Mark *mark = data;

  g_free (mark->mark.text);
  g_clear_pointer (&mark->mark.bytes, g_bytes_unref);
}

QsRunReader *
qs_run_reader_new (const guint8 *bytes, gsize length)
{
  QsRunReader *self = g_new0 (QsRunReader, 1);
  Cursor cursor = { bytes, bytes + length, FALSE };
  gboolean good = length > 0;

  self->paths = g_array_new (FALSE, FALSE, sizeof (Path));
  self->marks = g_array_new (FALSE, FALSE, sizeof (Mark));
  g_array_set_clear_func (self->marks, mark_clear);
  self->segments = g_array_new (FALSE, FALSE, sizeof (Segment));
  for (guint i = 0; i < 2; i++)
    self->stream[i] = g_byte_array_new ();
  while (good && cursor.at < cursor.end)
    {
      guint8 tag = take8 (&cursor);
      guint32 size = take32 (&cursor);
      const guint8 *body = take (&cursor, size);
      Cursor item = { body, body != NULL ? body + size : NULL, body == NULL };

      good = body != NULL && read_item (self, tag, &item);
    }
  if (good && self->trace != NULL)
    return self;
  qs_run_reader_free (self);
  return NULL;
}

void
qs_run_reader_free (QsRunReader *self)
{
  g_clear_object (&self->trace);
  g_array_unref (self->paths);
  g_array_unref (self->marks);
  g_array_unref (self->segments);
  for (guint i = 0; i < 2; i++)
    g_byte_array_unref (self->stream[i]);
  g_free (self);
}

QsTrace *
qs_run_reader_get_trace (QsRunReader *self)
{
  return self->trace;
}

/* --- Packets --- */

/* Those that were made until then; the trace takes their contents. */
static void
add_marks_until (QsRunReader *self, gint64 time)
{
  for (; self->next_mark < self->marks->len; self->next_mark++)
    {
      Mark *mark = &g_array_index (self->marks, Mark, self->next_mark);

      if (mark->time > time)
        return;
      qs_trace_add_mark_full (self->trace, mark->time, &mark->mark);
      mark->mark.text = NULL;
      mark->mark.bytes = NULL;
      self->last_time = MAX (self->last_time, mark->time);
    }
}

static gboolean
same_end (const QsCaptureEnd *a, const QsCaptureEnd *b)
{
  return memcmp (a, b, sizeof *a) == 0;
}

static gboolean
find_path (QsRunReader *self, const QsCapturePacket *packet, guint16 *index, QsDirection *direction)
{
  for (guint i = 0; i < self->paths->len; i++)
    {
      const Path *path = &g_array_index (self->paths, Path, i);
      const QsCaptureEnd *own = &path->ends[QS_DIRECTION_SENT].end, *other = &path->ends[QS_DIRECTION_RECEIVED].end;
      gboolean out = same_end (&packet->from, own) && same_end (&packet->to, other);

      if (!out && !(same_end (&packet->to, own) && same_end (&packet->from, other)))
        continue;
      *index = (guint16) i;
      *direction = out ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
      /* Both ends may be the same, on loopback. */
      if (packet->direction != 0)
        *direction = packet->direction == QS_PCAPNG_OUTBOUND ? QS_DIRECTION_SENT : QS_DIRECTION_RECEIVED;
      return TRUE;
    }
  return FALSE;
}

static void
add_datagram (QsRunReader *self, const QsCaptured *captured, const QsCapturePacket *packet, guint16 path,
              QsDirection direction)
{
  gint64 time = captured->time - self->origin;
  guint index = qs_trace_add_datagram (self->trace, time, direction, path, packet->ecn, captured->fate,
                                       packet->payload.data, packet->payload.length);

  if (packet->payload_length > packet->payload.length)
    qs_trace_set_wire_length (self->trace, index, packet->payload_length);
  self->n_seen++;
  self->bytes_seen += packet->payload.length;
}

static void
add_tcp (QsRunReader *self, const QsCaptured *captured, const QsCapturePacket *packet, guint16 path,
         QsDirection direction)
{
  if (packet->payload_length == 0)
    return; /* TCP's own handshake was made up */
  if (self->segments->len > 0)
    {
      g_byte_array_append (self->stream[direction], packet->payload.data, (guint) packet->payload.length);
      return;
    }
  qs_trace_add_segment (self->trace, captured->time - self->origin, direction, path, packet->payload.data,
                        packet->payload.length);
}

gboolean
qs_run_reader_add_packet (QsRunReader *self, const QsCaptured *captured)
{
  QsCapturePacket packet;
  QsDirection direction;
  guint16 path;
  gint64 time = captured->time - self->origin;

  qs_capture_packet_parse (captured, &packet);
  if (packet.kind == QS_CAPTURE_ICMP)
    return TRUE; /* made up of a mark */
  if ((packet.kind != QS_CAPTURE_UDP && packet.kind != QS_CAPTURE_TCP) || !find_path (self, &packet, &path, &direction))
    {
      self->odd = TRUE;
      return FALSE;
    }
  if (packet.kind == QS_CAPTURE_TCP)
    {
      add_tcp (self, captured, &packet, path, direction);
      return TRUE;
    }
  add_marks_until (self, time);
  add_datagram (self, captured, &packet, path, direction);
  self->last_time = MAX (self->last_time, time);
  return TRUE;
}

/* --- The end --- */

/* As OpenSSL wrote and read them, not as packets were made of them. */
static void
add_segments (QsRunReader *self)
{
  gsize at[2] = { 0, 0 };

  for (guint i = 0; i < self->segments->len; i++)
    {
      const Segment *segment = &g_array_index (self->segments, Segment, i);
      GByteArray *stream = self->stream[segment->direction];
      gsize kept = MIN (segment->kept, segment->length);

      if (kept > stream->len - at[segment->direction])
        return;
      add_marks_until (self, segment->time);
      guint index =
          qs_trace_add_segment (self->trace, segment->time, segment->direction, MIN (segment->path, self->paths->len),
                                kept > 0 ? stream->data + at[segment->direction] : (const guint8 *) "", kept);
      if (segment->length > kept)
        qs_trace_set_wire_length (self->trace, index, segment->length);
      at[segment->direction] += kept;
      self->bytes_seen += kept;
      self->n_seen++;
      self->last_time = MAX (self->last_time, segment->time);
    }
  self->odd |= at[0] != self->stream[0]->len || at[1] != self->stream[1]->len;
}

static void
add_mark (QsRunReader *self, QsMarkKind kind, const char *name, gint64 value, const char *text)
{
  QsMark mark = { .kind = kind, .name = name, .value = value, .stream = -1, .text = g_strdup (text) };

  qs_trace_add_mark_full (self->trace, self->last_time, &mark);
}

void
qs_run_reader_add_note (QsRunReader *self, const char *text)
{
  add_mark (self, QS_MARK_NOTE, "file", 0, text);
}

void
qs_run_reader_finish (QsRunReader *self)
{
  add_segments (self);
  add_marks_until (self, G_MAXINT64);
  if (!self->odd && self->n_seen == self->n_carriers && self->bytes_seen == self->kept)
    return;
  qs_run_reader_add_note (
      self,
      _ ("Packets were taken out of this recording, or added to it, since Quicscope wrote it. What it says of the run "
         "itself is repeated, the check of the certificate is not."));
  add_mark (self, QS_MARK_VERIFY, "altered", -1, NULL);
}
