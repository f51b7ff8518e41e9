/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS over TCP: segments into records, records into messages. */
#include <string.h>

#include "dissect/qs-dissection.h"
#include "dissect/qs-tls-late.h"
#include "trace/qs-metrics.h"
#include "trace/qs-trace-budget.h"

#define RECORD_HEADER 5
#define MAX_RECORD (RECORD_HEADER + 16384 + 2048)
#define MAX_CONNECTIONS 256
#define HANDSHAKE_LIMIT (256u << 10)
#define RECORDS_AT_ONCE 4
#define EXTENSION_ENCRYPT_THEN_MAC 22
#define BEFORE (16 + 48) /* bytes: the longest block of a cipher, and the longest MAC behind it */

enum { CONTENT_CCS = 20, CONTENT_ALERT = 21, CONTENT_HANDSHAKE = 22, CONTENT_DATA = 23 };

/* Which of a side's secrets its records are under, TLS 1.3. */
typedef enum { LEVEL_EARLY, LEVEL_HANDSHAKE, LEVEL_TRAFFIC } Level;

typedef struct {
  guint64 start; /* in the direction's byte stream */
  guint32 record;
} Segment;

typedef struct {
  GArray *segments; /* Segment, ascending */
  guint64 end;      /* of the byte stream so far */
  GByteArray *rest; /* bytes of the record that is not whole yet */
  guint64 rest_start;
  guint64 gap_start, gap_end; /* bytes that were not kept; equal: none */
  gboolean lost;              /* no record is where one should start: not TLS, or behind a gap */
  GQueue waiting;             /* packet indices, in order, until their keys come */

  Level level;
  gboolean began;    /* its hello was seen: records are counted from their first */
  gboolean placed;   /* found by trying: level, key and sequence are those of the record that is next */
  gboolean searched; /* with the secrets that are there, for nothing */
  QsTlsLate *late;   /* while it is searched for */
  gboolean ciphered; /* TLS 1.2: ChangeCipherSpec came */
  guint16 key;
  guint64 sequence;
  QsReassembly *handshake;
  guint64 handshake_end;
} Half;

typedef struct {
  QsTlsTcp *owner;
  guint16 path;
  Half half[2];   /* by side */
  gboolean ready; /* there may be waiting records that can go on */
  guint8 random[QS_CLIENT_RANDOM_LENGTH];
  guint8 server_random[QS_CLIENT_RANDOM_LENGTH];
  gboolean has_random;
  gboolean tls13;
  guint8 draft;              /* of TLS 1.3, 0: none */
  guint16 suite;             /* 0 while ServerHello was not seen */
  guint16 version;           /* what ServerHello says: TLS 1.2 and before */
  gboolean encrypt_then_mac; /* likewise, RFC 7366 */
} Conn;

struct _QsTlsTcp {
  QsDissection *owner;
  GPtrArray *conns;
  Conn *conn; /* of the record being read, for the message callback */
  QsSide side;
};

static const QsSecretLabel secret_labels[2][3] = {
  [QS_SIDE_CLIENT] = { QS_SECRET_CLIENT_EARLY, QS_SECRET_CLIENT_HANDSHAKE, QS_SECRET_CLIENT_TRAFFIC },
  /* A server has no early data. */
  [QS_SIDE_SERVER] = { QS_SECRET_SERVER_HANDSHAKE, QS_SECRET_SERVER_HANDSHAKE, QS_SECRET_SERVER_TRAFFIC },
};

static Conn *
conn_new (QsTlsTcp *owner, guint16 path)
{
  Conn *self = g_new0 (Conn, 1);

  self->owner = owner;
  self->path = path;
  for (guint side = 0; side < 2; side++)
    {
      Half *half = &self->half[side];
      half->segments = g_array_new (FALSE, FALSE, sizeof (Segment));
      half->rest = g_byte_array_new ();
      half->handshake = qs_reassembly_new (0, HANDSHAKE_LIMIT);
      half->level = LEVEL_HANDSHAKE;
      g_queue_init (&half->waiting);
    }
  return self;
}

static void
conn_free (gpointer data)
{
  Conn *self = data;

  for (guint side = 0; side < 2; side++)
    {
      g_array_unref (self->half[side].segments);
      g_byte_array_unref (self->half[side].rest);
      qs_reassembly_free (self->half[side].handshake);
      qs_tls_late_free (self->half[side].late);
      g_queue_clear (&self->half[side].waiting);
    }
  g_free (self);
}

QsTlsTcp *
qs_tls_tcp_new (QsDissection *owner)
{
  QsTlsTcp *self = g_new0 (QsTlsTcp, 1);

  self->owner = owner;
  self->conns = g_ptr_array_new_with_free_func (conn_free);
  return self;
}

void
qs_tls_tcp_free (QsTlsTcp *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->conns);
  g_free (self);
}

static Conn *
find_conn (QsTlsTcp *self, guint16 path)
{
  for (guint i = self->conns->len; i-- > 0;)
    {
      Conn *conn = g_ptr_array_index (self->conns, i);
      if (conn->path == path)
        return conn;
    }
  return NULL;
}

/* --- Bytes of a record --- */

static guint
find_segment (const Half *half, guint32 record)
{
  guint low = 0, high = half->segments->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      if (g_array_index (half->segments, Segment, middle).record < record)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* A record's bytes, gathered from the segments that it lies in. FALSE when some were not kept. */
static gboolean
gather (QsTrace *trace, const Half *half, const QsPacket *packet, guint8 *out)
{
  guint i = find_segment (half, packet->record);
  gsize done = 0;

  if (i == half->segments->len)
    return FALSE;
  gsize at = packet->offset - (guint32) g_array_index (half->segments, Segment, i).start;
  for (; done < packet->length && i < half->segments->len; i++, at = 0)
    {
      QsRecord record;
      qs_trace_get_record (trace, g_array_index (half->segments, Segment, i).record, &record);
      gsize n = record.length > at ? MIN (record.length - at, packet->length - done) : 0;
      if (at + n > record.bytes.length)
        return FALSE;
      memcpy (out + done, record.bytes.data + at, n);
      done += n;
    }
  return done == packet->length;
}

/* What stands before a record in its stream: FALSE where that was not kept. */
static gboolean
gather_before (QsTrace *trace, const Half *half, const QsPacket *packet, guint8 out[BEFORE])
{
  guint i = find_segment (half, packet->record);
  QsPacket before = *packet;

  if (packet->offset < BEFORE || i == half->segments->len)
    return FALSE;
  before.offset -= BEFORE;
  before.length = BEFORE;
  while (i > 0 && (gint32) (before.offset - (guint32) g_array_index (half->segments, Segment, i).start) < 0)
    i--;
  before.record = g_array_index (half->segments, Segment, i).record;
  return gather (trace, half, &before, out);
}

/* --- Keys --- */

static guint32
version_of_keys (const Conn *conn)
{
  return conn->draft != 0 ? QS_TLS_DRAFT_KEYS (conn->draft) : 0;
}

static gboolean
take_key (Conn *conn, QsSide side)
{
  Half *half = &conn->half[side];
  QsDissection *owner = conn->owner->owner;
  const QsSecret *secret = conn->has_random && conn->suite != 0
                               ? qs_secret_store_get (owner->secrets, conn->random, secret_labels[side][half->level])
                               : NULL;

  if (half->key == QS_KEY_NONE && secret != NULL)
    {
      half->key = qs_dissection_derive_keys (owner, version_of_keys (conn), conn->suite, secret, QS_KEY_NONE);
      if (!half->placed) /* the records that went before are counted in */
        half->sequence = 0;
    }
  return half->key != QS_KEY_NONE;
}

static gboolean
take_key12 (Conn *conn, QsSide side)
{
  Half *half = &conn->half[side];
  QsDissection *owner = conn->owner->owner;
  const QsSecret *master =
      conn->has_random ? qs_secret_store_get (owner->secrets, conn->random, QS_SECRET_MASTER) : NULL;

  if (half->key == QS_KEY_NONE && master != NULL)
    {
      const QsTls12 facts = { .suite = conn->suite,
                              .version = conn->version,
                              .encrypt_then_mac = conn->encrypt_then_mac,
                              .client_random = conn->random,
                              .server_random = conn->server_random };
      QsKeys *keys = qs_keys_new_tls12 (&facts, master, side == QS_SIDE_SERVER);
      if (keys != NULL)
        half->key = qs_dissection_add_keys (owner, keys, NULL, QS_KEY_NONE);
    }
  return half->key != QS_KEY_NONE;
}

static void
move_to (Half *half, Level level)
{
  half->level = level;
  half->key = QS_KEY_NONE;
  half->sequence = 0;
}

static void
update_key (Conn *conn, Half *half)
{
  QsDissection *owner = conn->owner->owner;
  const QsKeyEntry *entry = qs_dissection_key (owner, half->key);
  QsSecret next;

  if (entry == NULL || !qs_secret_next (version_of_keys (conn), conn->suite, qs_keys_get_secret (entry->keys), &next))
    return;
  qs_keys_rest (entry->keys);
  half->key = qs_dissection_derive_keys (owner, version_of_keys (conn), conn->suite, &next, QS_KEY_NONE);
  half->sequence = 0;
}

/* --- Messages --- */

static void
take_message (const QsTraceMessage *message, gpointer data)
{
  Conn *conn = ((QsTlsTcp *) data)->conn;
  QsSide side = ((QsTlsTcp *) data)->side;
  const QsTlsMessage *tls = message->message;
  Half *half = &conn->half[side];

  switch (tls->type)
    {
    case QS_TLS_CLIENT_HELLO:
      if (tls->random.length == sizeof conn->random && side == QS_SIDE_CLIENT)
        {
          memcpy (conn->random, tls->random.data, sizeof conn->random);
          conn->has_random = half->began = TRUE;
          if (qs_tls_message_find_extension (tls, 42) != NULL) /* early_data */
            move_to (half, LEVEL_EARLY);
        }
      break;
    case QS_TLS_SERVER_HELLO:
      if (side == QS_SIDE_SERVER && tls->cipher_suites != NULL && tls->cipher_suites->len > 0)
        conn->suite = g_array_index (tls->cipher_suites, guint16, 0);
      if (side == QS_SIDE_SERVER && tls->random.length == sizeof conn->server_random)
        memcpy (conn->server_random, tls->random.data, sizeof conn->server_random);
      conn->tls13 = qs_tls_version_is_13 (qs_tls_message_get_version (tls));
      conn->draft = (guint8) qs_tls_version_draft (qs_tls_message_get_version (tls));
      conn->version = tls->legacy_version;
      conn->encrypt_then_mac = qs_tls_message_find_extension (tls, EXTENSION_ENCRYPT_THEN_MAC) != NULL;
      half->began = TRUE;
      break;
    case QS_TLS_END_OF_EARLY_DATA:
      move_to (half, LEVEL_HANDSHAKE);
      break;
    case QS_TLS_FINISHED:
      if (conn->tls13)
        move_to (half, LEVEL_TRAFFIC);
      break;
    case QS_TLS_KEY_UPDATE:
      update_key (conn, half);
      break;
    default:
      break;
    }
}

static void
take_handshake (Conn *conn, QsSide side, guint32 index, QsSpan content, gboolean encrypted)
{
  QsDissection *owner = conn->owner->owner;
  const QsPacket *packet = qs_trace_get_packet (owner->trace, index);
  Half *half = &conn->half[side];
  QsTraceMessage as = {
    .time = packet->time,
    .packet = index,
    .direction = packet->direction,
    .level = QS_PACKET_TLS_RECORD,
    .encrypted = encrypted,
  };

  conn->owner->conn = conn;
  conn->owner->side = side;
  qs_reassembly_add (half->handshake, half->handshake_end, content, index);
  half->handshake_end += content.length;
  qs_trace_add_messages (owner->trace, half->handshake, &as, conn->tls13, take_message, conn->owner);
}

/* --- Records --- */

/* TLS 1.3's inner plaintext: content, its type, zeros (RFC 9846 section 5.2). */
static guint8
strip_padding (QsSpan *inner)
{
  while (inner->length > 0 && inner->data[inner->length - 1] == 0)
    inner->length--;
  if (inner->length == 0)
    return 0;
  return inner->data[--inner->length];
}

static gboolean
open_record (QsDissection *owner, QsTrace *trace, const Half *half, const QsPacket *packet, guint16 key,
             guint64 sequence, const guint8 *bytes, guint8 *out, QsSpan *content, guint8 *type)
{
  const QsKeyEntry *entry = qs_dissection_key (owner, key);
  gsize length;

  if (entry == NULL)
    return FALSE;
  if (qs_keys_is_tls12 (entry->keys))
    {
      guint8 last[BEFORE];
      QsSpan before = gather_before (trace, half, packet, last) ? QS_SPAN (last, BEFORE) : QS_SPAN_NONE;
      gboolean ok = qs_keys_open_tls12 (entry->keys, sequence, QS_SPAN (bytes, packet->length), before, out, &length);
      *content = ok ? QS_SPAN (out, length) : QS_SPAN_NONE;
      *type = bytes[0];
      return ok;
    }
  if (!qs_keys_open (entry->keys, sequence, QS_SPAN (bytes, RECORD_HEADER),
                     QS_SPAN (bytes + RECORD_HEADER, packet->length - RECORD_HEADER), out, &length))
    return FALSE;
  *content = QS_SPAN (out, length);
  *type = strip_padding (content);
  return TRUE;
}

static void
take_content (Conn *conn, QsSide side, guint32 index, guint8 type, QsSpan content, gboolean encrypted)
{
  QsPacket *packet = qs_trace_edit_packet (conn->owner->owner->trace, index);

  packet->flags |= QS_PACKET_DECRYPTED;
  packet->payload_length = (guint32) content.length;
  packet->frames = type < 64 ? G_GUINT64_CONSTANT (1) << type : 0;
  if (type == CONTENT_HANDSHAKE)
    take_handshake (conn, side, index, content, encrypted);
  else if (type == CONTENT_CCS && !conn->tls13)
    {
      conn->half[side].ciphered = TRUE;
      conn->half[side].key = QS_KEY_NONE;
      conn->half[side].sequence = 0;
    }
}

static void
count_corrupt (QsTrace *trace, QsPacket *packet)
{
  packet->flags |= QS_PACKET_CORRUPT;
  qs_trace_get_metrics (trace)->directions[packet->direction].corrupt++;
}

/* One record behind TLS 1.2's ChangeCipherSpec. FALSE: wait for the keys. */
static gboolean
take_protected12 (Conn *conn, QsSide side, guint32 index, const guint8 *bytes)
{
  QsDissection *owner = conn->owner->owner;
  QsPacket *packet = qs_trace_edit_packet (owner->trace, index);
  Half *half = &conn->half[side];
  QsSpan content;
  guint8 type;

  packet->frames = G_GUINT64_CONSTANT (1) << bytes[0]; /* what it is stands in the clear */
  if (!qs_tls12_suite_is_known (conn->suite))
    return conn->suite != 0;
  if (!take_key12 (conn, side))
    return FALSE;
  packet->number = half->sequence++;
  if (!open_record (owner, owner->trace, half, packet, half->key, packet->number, bytes, owner->plain, &content, &type))
    {
      count_corrupt (owner->trace, packet);
      return TRUE;
    }
  packet->key = half->key;
  take_content (conn, side, index, type, content, TRUE);
  return TRUE;
}

/* One record under TLS 1.3's keys. FALSE: wait for them. */
static gboolean
take_protected (Conn *conn, QsSide side, guint32 index, const guint8 *bytes)
{
  QsDissection *owner = conn->owner->owner;
  QsPacket *packet = qs_trace_edit_packet (owner->trace, index);
  Half *half = &conn->half[side];
  QsSpan content;
  guint8 type;

  if (!take_key (conn, side))
    {
      if (half->level != LEVEL_EARLY)
        return FALSE;
      move_to (half, LEVEL_HANDSHAKE); /* early data was offered, not sent: or its secret not logged */
      return take_protected (conn, side, index, bytes);
    }
  if (open_record (owner, owner->trace, half, packet, half->key, half->sequence, bytes, owner->plain, &content, &type))
    {
      packet->key = half->key;
      packet->number = half->sequence++;
      take_content (conn, side, index, type, content, TRUE);
      return TRUE;
    }
  if (half->level == LEVEL_EARLY)
    {
      move_to (half, LEVEL_HANDSHAKE);
      return take_protected (conn, side, index, bytes);
    }
  count_corrupt (owner->trace, packet);
  return TRUE;
}

/* Whose secrets its records are under, and their numbers, are known. */
static gboolean
is_placed (const Conn *conn, const Half *half)
{
  return half->placed || (half->began && conn->has_random && conn->suite != 0);
}

/* FALSE: it must wait for keys. */
static gboolean
take_record (Conn *conn, QsSide side, guint32 index)
{
  QsDissection *owner = conn->owner->owner;
  QsPacket *packet = qs_trace_edit_packet (owner->trace, index);
  Half *half = &conn->half[side];
  g_autofree guint8 *bytes = g_malloc (packet->length);

  if ((packet->flags & QS_PACKET_PAYLOAD_DROPPED) || !gather (owner->trace, half, packet, bytes))
    {
      half->sequence++;
      return TRUE;
    }

  guint8 type = bytes[0];
  if (type == CONTENT_DATA && !is_placed (conn, half))
    return FALSE;
  if (conn->tls13 && type == CONTENT_DATA)
    return take_protected (conn, side, index, bytes);
  if (!conn->tls13 && (half->ciphered || type == CONTENT_DATA) && type != CONTENT_CCS)
    return take_protected12 (conn, side, index, bytes);
  take_content (conn, side, index, type, QS_SPAN (bytes + RECORD_HEADER, packet->length - RECORD_HEADER), FALSE);
  return TRUE;
}

/* Takes a few of the records that wait; FALSE when none could go on. */
static gboolean
drain_some (Conn *conn)
{
  guint n_taken = 0;

  for (guint side = 0; side < 2; side++)
    {
      GQueue *waiting = &conn->half[side].waiting;
      for (guint i = 0; i < RECORDS_AT_ONCE && !g_queue_is_empty (waiting); i++, n_taken++)
        {
          if (!take_record (conn, side, GPOINTER_TO_UINT (g_queue_peek_head (waiting))))
            break;
          g_queue_pop_head (waiting);
        }
    }
  return n_taken > 0; /* a hello on one side may let the other one go on: so once more */
}

/* --- Where the recording began later than the connection, or holds one side of it --- */

static void
start_search (Conn *conn, QsSide side)
{
  QsDissection *owner = conn->owner->owner;
  Half *half = &conn->half[side];
  QsTlsLateFacts facts = { .random = conn->has_random ? conn->random : NULL,
                           .suite = conn->suite,
                           .version = conn->version,
                           .encrypt_then_mac = conn->encrypt_then_mac,
                           .server_random = conn->server_random,
                           .side = side };

  if (half->searched || is_placed (conn, half) || half->level == LEVEL_EARLY || g_queue_is_empty (&half->waiting))
    return;
  const QsPacket *packet = qs_trace_get_packet (owner->trace, GPOINTER_TO_UINT (g_queue_peek_head (&half->waiting)));
  g_autofree guint8 *bytes = g_malloc (packet->length);
  if (gather (owner->trace, half, packet, bytes))
    half->late = qs_tls_late_new (owner->secrets, &facts, QS_SPAN (bytes, packet->length));
}

static void
place (Conn *conn, Half *half, const QsTlsLateFacts *facts)
{
  if (!conn->has_random)
    memcpy (conn->random, facts->random, sizeof conn->random);
  conn->has_random = TRUE;
  conn->suite = facts->suite;
  conn->tls13 = facts->label != QS_SECRET_MASTER;
  half->placed = TRUE;
  half->key = QS_KEY_NONE;
  half->sequence = facts->sequence;
  if (facts->label == QS_SECRET_CLIENT_TRAFFIC || facts->label == QS_SECRET_SERVER_TRAFFIC)
    half->level = LEVEL_TRAFFIC;
  conn->ready = TRUE;
  for (guint side = 0; side < 2; side++) /* the other one needs to be looked for among these secrets only */
    {
      g_clear_pointer (&conn->half[side].late, qs_tls_late_free);
      conn->half[side].searched = FALSE;
    }
}

/* Only in a file: of a run the hellos are there, or about to come. */
static gboolean
search_some (Conn *conn)
{
  QsDissection *owner = conn->owner->owner;

  if (!qs_trace_is_from_file (owner->trace) || qs_secret_store_is_empty (owner->secrets))
    return FALSE;
  for (QsSide side = 0; side < 2; side++)
    {
      Half *half = &conn->half[side];
      QsTlsLateFacts facts;

      if (half->late == NULL)
        start_search (conn, side);
      if (half->late == NULL)
        continue;
      QsTlsLateResult result = qs_tls_late_try_some (half->late, &facts);
      if (result == QS_TLS_LATE_FOUND)
        place (conn, half, &facts);
      else if (result == QS_TLS_LATE_NOTHING)
        {
          half->searched = TRUE;
          g_clear_pointer (&half->late, qs_tls_late_free);
        }
      return TRUE;
    }
  return FALSE;
}

gboolean
qs_tls_tcp_take_some (QsTlsTcp *self)
{
  for (guint i = 0; i < self->conns->len; i++)
    {
      Conn *conn = g_ptr_array_index (self->conns, i);
      if (conn->ready)
        {
          conn->ready = drain_some (conn);
          return TRUE;
        }
      if (search_some (conn))
        return TRUE;
    }
  return FALSE;
}

/* --- Segments --- */

static guint32
segment_record (const Half *half, guint64 at)
{
  guint i = half->segments->len;

  while (i > 1 && g_array_index (half->segments, Segment, i - 1).start > at)
    i--;
  return g_array_index (half->segments, Segment, i - 1).record;
}

static void
add_packet (Conn *conn, QsSide side, QsPacketType type, guint64 start, guint32 length, guint16 version,
            const QsRecord *segment)
{
  QsDissection *owner = conn->owner->owner;
  Half *half = &conn->half[side];
  gboolean cut = start < half->gap_end && half->gap_start < start + length;
  QsPacket packet = {
    .time = segment->time,
    .number = G_MAXUINT64,
    .record = segment_record (half, start),
    .offset = (guint32) start,
    .length = length,
    .version = version,
    .flags = cut ? QS_PACKET_PAYLOAD_DROPPED : 0,
    .type = type,
    .direction = segment->direction,
  };

  if (!qs_trace_charge (owner->trace, sizeof packet))
    {
      /* Records are numbered by counting them: behind a gap none could be opened. */
      qs_trace_count_packet_not_kept (owner->trace);
      half->lost = TRUE;
      return;
    }
  guint32 index = qs_trace_add_packet (owner->trace, &packet);
  qs_trace_get_metrics (owner->trace)->directions[segment->direction].packets++;
  if (type == QS_PACKET_TLS_RECORD)
    g_queue_push_tail (&half->waiting, GUINT_TO_POINTER (index));
}

static gboolean
looks_like_record (const guint8 *bytes)
{
  gsize length = (gsize) bytes[3] << 8 | bytes[4];

  return bytes[0] >= CONTENT_CCS && bytes[0] <= 24 && bytes[1] == 3 && RECORD_HEADER + length <= MAX_RECORD;
}

static void
cut_records (Conn *conn, QsSide side, const QsRecord *segment)
{
  Half *half = &conn->half[side];
  gsize at = 0;

  while (!half->lost && half->rest->len - at >= RECORD_HEADER)
    {
      const guint8 *bytes = half->rest->data + at;
      guint64 start = half->rest_start + at;
      if (!looks_like_record (bytes))
        {
          half->lost = TRUE;
          break;
        }
      gsize length = RECORD_HEADER + ((gsize) bytes[3] << 8 | bytes[4]);
      if (length > half->rest->len - at)
        break;
      add_packet (conn, side, QS_PACKET_TLS_RECORD, start, (guint32) length, (guint16) (bytes[1] << 8 | bytes[2]),
                  segment);
      at += length;
    }
  if (half->lost && half->rest->len > at)
    {
      add_packet (conn, side, QS_PACKET_UNKNOWN, half->rest_start + at, half->rest->len - (guint32) at, 0, segment);
      at = half->rest->len;
    }
  g_byte_array_remove_range (half->rest, 0, (guint) at);
  half->rest_start += at;
}

/* Bytes that were not kept count, as zeros: records that lie in them are known by their length alone. */
static void
append_segment (Half *half, guint32 index, const QsRecord *record)
{
  Segment segment = { half->end, index };
  gsize kept = MIN (record->bytes.length, record->length);

  g_array_append_val (half->segments, segment);
  g_byte_array_append (half->rest, record->bytes.data, (guint) kept);
  if (kept < record->length)
    {
      guint old = half->rest->len;
      g_byte_array_set_size (half->rest, old + record->length - (guint) kept);
      memset (half->rest->data + old, 0, record->length - kept);
      if (half->gap_end <= half->rest_start)
        half->gap_start = half->end + kept;
      half->gap_end = half->end + record->length;
    }
  half->end += record->length;
}

void
qs_tls_tcp_add_segment (QsTlsTcp *self, guint32 index, const QsRecord *record)
{
  QsSide side = qs_dissection_side (self->owner, record->direction);
  Conn *conn = find_conn (self, record->path);

  if (record->length == 0 || record->length > G_MAXINT32)
    return;
  if (conn == NULL)
    {
      if (self->conns->len >= MAX_CONNECTIONS)
        return;
      conn = conn_new (self, record->path);
      g_ptr_array_add (self->conns, conn);
    }

  Half *half = &conn->half[side];
  /* Where the thread was lost, a segment's start is the next place to look for it. */
  if (half->lost && record->bytes.length >= RECORD_HEADER && half->gap_end > 0 &&
      looks_like_record (record->bytes.data))
    half->lost = FALSE;
  append_segment (half, index, record);
  cut_records (conn, side, record);
  conn->ready = TRUE;
}

void
qs_tls_tcp_secrets_changed (QsTlsTcp *self)
{
  for (guint i = 0; i < self->conns->len; i++)
    {
      Conn *conn = g_ptr_array_index (self->conns, i);

      conn->ready = TRUE;
      for (guint side = 0; side < 2; side++)
        {
          g_clear_pointer (&conn->half[side].late, qs_tls_late_free);
          conn->half[side].searched = FALSE;
        }
    }
}

GBytes *
qs_tls_tcp_dup_payload (QsTlsTcp *self, QsTrace *trace, guint32 index)
{
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  QsRecord record;

  qs_trace_get_record (trace, packet->record, &record);
  Conn *conn = find_conn (self, record.path);
  if (conn == NULL || packet->length < RECORD_HEADER)
    return NULL;

  QsSide side = qs_dissection_side (self->owner, packet->direction);
  g_autofree guint8 *bytes = g_malloc (packet->length);
  if (!gather (trace, &conn->half[side], packet, bytes))
    return NULL;
  if (packet->key == QS_KEY_NONE)
    return g_bytes_new (bytes + RECORD_HEADER, packet->length - RECORD_HEADER);

  g_autofree guint8 *plain = g_malloc (packet->length);
  QsSpan content;
  guint8 type;
  if (!open_record (self->owner, trace, &conn->half[side], packet, packet->key, packet->number, bytes, plain, &content,
                    &type))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&plain), content.length);
}
