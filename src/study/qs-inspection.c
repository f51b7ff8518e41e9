/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/qs-inspection-private.h"

#include <inttypes.h>

#include "base/qs-i18n.h"
#include "base/qs-text.h"
#include "charts/qs-packet-text.h"
#include "wire/qs-describe.h"

/* More than anybody reads; a peer can fill a packet with frames of one byte. */
#define MAX_FRAMES 500
#define MAX_MESSAGES 50
/* To find a TLS record's bytes, the segments before it are counted. */
#define MAX_RECORDS 200000
#define MAX_SCAN_MESSAGES 10000
#define AEAD_TAG 16 /* bytes, of each suite that QUIC uses */

static void
part_free (gpointer data)
{
  QsInspectionPart *part = data;

  qs_field_free (part->field);
  g_clear_pointer (&part->bytes, g_bytes_unref);
  g_free (part);
}

void
qs_inspection_add_part (QsInspection *self, QsField *field, GBytes *bytes, gboolean is_content)
{
  QsInspectionPart *part = g_new0 (QsInspectionPart, 1);

  part->field = field;
  part->bytes = bytes != NULL ? g_bytes_ref (bytes) : NULL;
  part->is_content = is_content;
  g_ptr_array_add (self->parts, part);
}

static void
add_part (QsInspection *self, QsField *field)
{
  qs_inspection_add_part (self, field, NULL, FALSE);
}

static QsSpan
span_of (GBytes *bytes)
{
  gsize length = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &length) : NULL;

  return QS_SPAN (data, length);
}

static gboolean
has_flag (const QsPacket *packet, QsPacketFlags flag)
{
  return (packet->flags & flag) != 0;
}

/* --- The bytes on the wire ------------------------------------------------------------------ */

static gboolean
is_of_stream (const QsRecord *record, const QsRecord *as)
{
  return record->kind == QS_RECORD_SEGMENT && record->direction == as->direction && record->path == as->path;
}

/* A TLS record's offset counts in its direction's byte stream (32 bits of it): where in its segment is that? */
static guint32
segment_start (QsTrace *trace, guint32 index, const QsRecord *segment)
{
  guint32 start = 0;

  for (guint32 i = 0; i < index; i++)
    {
      QsRecord record;
      qs_trace_get_record (trace, i, &record);
      if (is_of_stream (&record, segment))
        start += record.length;
    }
  return start;
}

static GBytes *
dup_record_bytes (QsTrace *trace, const QsPacket *packet)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  QsRecord segment, record;

  if (packet->record > MAX_RECORDS)
    return NULL;
  qs_trace_get_record (trace, packet->record, &segment);
  gsize at = packet->offset - segment_start (trace, packet->record, &segment);
  guint n = MIN (qs_trace_get_n_records (trace), packet->record + MAX_RECORDS);
  for (guint i = packet->record; i < n && bytes->len < packet->length; i++)
    {
      qs_trace_get_record (trace, i, &record);
      if (!is_of_stream (&record, &segment))
        continue;
      gsize wanted = MIN (record.length - MIN (at, record.length), packet->length - bytes->len);
      if (at + wanted > record.bytes.length)
        break;
      g_byte_array_append (bytes, record.bytes.data + at, (guint) wanted);
      at = 0;
    }
  return bytes->len == packet->length ? g_byte_array_free_to_bytes (g_steal_pointer (&bytes)) : NULL;
}

static void
find_wire_bytes (QsInspection *self, QsTrace *trace, const QsPacket *packet)
{
  QsRecord record;

  if (packet->record == G_MAXUINT32 || packet->record >= qs_trace_get_n_records (trace))
    return;
  qs_trace_get_record (trace, packet->record, &record);
  if (record.kind == QS_RECORD_SEGMENT)
    {
      self->wire = dup_record_bytes (trace, packet);
      self->wire_length = self->wire != NULL ? packet->length : 0;
      return;
    }
  self->wire = g_bytes_new (record.bytes.data, record.bytes.length);
  self->wire_offset = MIN (packet->offset, record.bytes.length);
  self->wire_length = MIN (packet->length, record.bytes.length - self->wire_offset);
}

/* --- The packet itself ------------------------------------------------------------------------ */

static void
add_fact (QsField *field, const char *name, char *value, const char *meaning, const char *reference)
{
  QsField *child = qs_field_add (field, qs_field_new (name, QS_FIELD_IN_DATAGRAM, 0, 0));

  qs_field_take_value (child, value);
  qs_field_explain (child, meaning, reference);
}

static const struct {
  QsPacketFlags flag;
  const char *name;
  const char *meaning;
  const char *reference;
} flag_facts[] = {
  { QS_PACKET_ACKED, N_ ("Acknowledged"), N_ ("The other side has told that this packet arrived."),
    "RFC 9000 section 13.2" },
  { QS_PACKET_LOST, N_ ("Lost"), N_ ("Later packets were acknowledged and this one was not: it counts as lost."),
    "RFC 9002 section 6.1" },
  { QS_PACKET_DROPPED, N_ ("Dropped on its way"),
    N_ ("The lab's path took it away: whom it was for never had it, so nothing comes of it here."), NULL },
  { QS_PACKET_RETRANSMISSION, N_ ("Sent again"), N_ ("It carries stream or handshake bytes that were sent before."),
    "RFC 9000 section 13.3" },
  { QS_PACKET_DUPLICATE, N_ ("Received twice"), N_ ("A packet of this number was received before; it is ignored."),
    "RFC 9000 section 12.3" },
  { QS_PACKET_CORRUPT, N_ ("Damaged"),
    N_ ("Its keys are known and the proof of its integrity does not hold: the receiver drops it."),
    "RFC 9001 section 5.3" },
  { QS_PACKET_KEY_UPDATE, N_ ("Key update"), N_ ("The first packet under the next generation of keys."),
    "RFC 9001 section 6" },
  { QS_PACKET_COALESCED, N_ ("Coalesced"), N_ ("It shares its datagram with the packet before it."),
    "RFC 9000 section 12.2" },
  { QS_PACKET_ACK_ELICITING, N_ ("Ack-eliciting"), N_ ("The receiver has to acknowledge it."), "RFC 9002 section 2" },
  { QS_PACKET_PAYLOAD_DROPPED, N_ ("Not kept"),
    N_ ("Its contents lie behind the memory bound: only its first bytes were recorded."), NULL },
};

static void
add_flags (QsField *field, const QsPacket *packet)
{
  for (guint i = 0; i < G_N_ELEMENTS (flag_facts); i++)
    if (has_flag (packet, flag_facts[i].flag))
      add_fact (field, _ (flag_facts[i].name), g_strdup (_ ("yes")), _ (flag_facts[i].meaning),
                flag_facts[i].reference);
}

static char *
protection_words (const QsPacket *packet)
{
  if (packet->type == QS_PACKET_RETRY || packet->type == QS_PACKET_VERSION_NEGOTIATION)
    return g_strdup (_ ("none: not encrypted"));
  if (has_flag (packet, QS_PACKET_FROM_QLOG))
    return g_strdup (_ ("from a qlog: no bytes"));
  if (has_flag (packet, QS_PACKET_DECRYPTED))
    return g_strdup (packet->type == QS_PACKET_TLS_RECORD && packet->key == 0 ? _ ("none: not encrypted")
                                                                              : _ ("decrypted"));
  if (has_flag (packet, QS_PACKET_CORRUPT))
    return g_strdup (_ ("damaged"));
  return g_strdup (_ ("encrypted: its keys are not known"));
}

static void
add_path_facts (QsField *field, QsTrace *trace, const QsPacket *packet)
{
  static const char *const ecn_names[] = { "Not-ECT", "ECT(1)", "ECT(0)", "CE" };
  QsRecord record;

  if (packet->record == G_MAXUINT32 || packet->record >= qs_trace_get_n_records (trace))
    return;
  qs_trace_get_record (trace, packet->record, &record);
  const QsPath *path = qs_trace_get_path (trace, record.path);
  if (path != NULL && path->local != NULL && path->remote != NULL)
    {
      g_autofree char *local = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (path->local));
      g_autofree char *remote = g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (path->remote));
      gboolean sent = packet->direction == QS_DIRECTION_SENT;
      add_fact (field, _ ("Path"), g_strdup_printf ("%s → %s", sent ? local : remote, sent ? remote : local),
                _ ("From which address to which."), NULL);
    }
  if (record.kind != QS_RECORD_DATAGRAM)
    return;
  add_fact (field, _ ("Datagram"),
            g_strdup_printf (_ ("record %" PRIu32 ", %" PRIu32 " bytes"), packet->record, record.length),
            _ ("The UDP datagram that carried it; one can carry several packets."), "RFC 9000 section 12.2");
  add_fact (field, _ ("ECN"), g_strdup (ecn_names[record.ecn & 3]),
            _ ("The mark in the IP header by which routers tell of congestion before they drop packets."),
            "RFC 9000 section 13.4");
}

static void
describe_packet (QsInspection *self, QsTrace *trace, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  QsField *field = qs_field_new (_ ("Packet"), QS_FIELD_IN_DATAGRAM, self->wire_offset, self->wire_length);
  g_autofree char *number = qs_packet_text_number (trace, index);
  g_autofree char *time = qs_packet_text_time (trace, index);

  qs_field_take_value (field, g_strdup_printf ("%s %s", qs_packet_type_name (packet->type), number));
  qs_field_explain (field, _ ("What is known of this packet as a whole."), NULL);
  add_fact (field, _ ("Time"), g_strdup_printf (_ ("%s ms"), time),
            _ ("When it was sent or received, since the start of the trace."), NULL);
  add_fact (field, _ ("Direction"), qs_packet_text_direction (trace, index), _ ("Seen from the side that recorded it."),
            NULL);
  if (*number != '\0')
    add_fact (field, packet->type == QS_PACKET_TLS_RECORD ? _ ("Record number") : _ ("Packet number"),
              g_strdup (number), _ ("Counts up by at least one a packet, each encryption level by itself."),
              packet->type == QS_PACKET_TLS_RECORD ? "RFC 9846 section 5.3" : "RFC 9000 section 12.3");
  add_fact (field, _ ("Size"), qs_text_size (packet->length), _ ("Its bytes on the wire."), NULL);
  add_fact (field, _ ("Protection"), protection_words (packet), _ ("Whether its contents can be read here."),
            packet->type == QS_PACKET_TLS_RECORD ? "RFC 9846 section 5.2" : "RFC 9001 section 5");
  if (packet->type == QS_PACKET_1RTT && has_flag (packet, QS_PACKET_DECRYPTED))
    add_fact (field, _ ("Key phase"), g_strdup (has_flag (packet, QS_PACKET_KEY_PHASE) ? "1" : "0"),
              _ ("Which generation of keys protects it: it flips with every key update."), "RFC 9001 section 6");
  add_flags (field, packet);
  add_path_facts (field, trace, packet);
  add_part (self, field);
}

/* How long the number is, follows from what was found inside. */
static gboolean
get_opened (const QsInspection *self, const QsPacket *packet, const QsPacketHeader *header, QsOpenedHeader *opened)
{
  gsize rest = (gsize) header->pn_offset + packet->payload_length + AEAD_TAG;

  if (!has_flag (packet, QS_PACKET_DECRYPTED) || header->pn_offset == 0 || self->wire_length != packet->length ||
      packet->length <= rest || packet->length > rest + 4)
    return FALSE;
  *opened =
      (QsOpenedHeader){ packet->number, (guint8) (packet->length - rest), has_flag (packet, QS_PACKET_KEY_PHASE) };
  return TRUE;
}

static void
describe_header (QsInspection *self, const QsPacket *packet)
{
  QsSpan wire = span_of (self->wire);
  if (self->wire_length == 0)
    return;

  QsSpan bytes = QS_SPAN (wire.data + self->wire_offset, wire.length - self->wire_offset);
  QsPacketHeader header = { .type = packet->type, .length = packet->length };
  if (packet->type != QS_PACKET_TLS_RECORD && packet->type != QS_PACKET_STATELESS_RESET &&
      !qs_packet_header_parse (bytes, packet->dcid_length, &header, NULL))
    return;
  header.type = packet->type;
  bytes.length = self->wire_length;
  QsOpenedHeader opened;
  gboolean known = get_opened (self, packet, &header, &opened);
  add_part (self, qs_describe_packet_header (&header, known ? &opened : NULL, bytes, self->wire_offset));
}

/* --- Payload -------------------------------------------------------------------------------------- */

static void
describe_frames (QsInspection *self, QsTrace *trace, guint index)
{
  g_autoptr (GArray) frames = qs_trace_dup_frames (trace, index, &self->payload);
  QsSpan payload = span_of (self->payload);

  for (guint i = 0; i < MIN (frames->len, MAX_FRAMES); i++)
    {
      const QsFrame *frame = &g_array_index (frames, QsFrame, i);
      add_part (self, qs_describe_frame (frame, payload));
      if (qs_frame_base_type (frame->type) == QS_FRAME_STREAM)
        qs_inspection_add_http3 (self, trace, index, frame, payload);
    }
  if (frames->len <= MAX_FRAMES && payload.length > 0)
    {
      const QsFrame *last = frames->len > 0 ? &g_array_index (frames, QsFrame, frames->len - 1) : NULL;
      gsize end = last != NULL ? (gsize) last->offset + last->length : 0;
      if (end < payload.length)
        add_part (self, qs_describe_unread_frames (payload, end));
    }
  if (frames->len > MAX_FRAMES)
    {
      guint left = frames->len - MAX_FRAMES;
      QsField *field = qs_field_new (_ ("More frames"), QS_FIELD_IN_PAYLOAD, 0, 0);
      qs_field_explain (field, _ ("There are more items than can be shown."), "RFC 9000 section 12.4");
      add_part (self, qs_field_take_value (
                          field, g_strdup_printf (ngettext ("%u is not shown", "%u are not shown", left), left)));
    }
}

static void
move_to_payload (QsField *field)
{
  field->space = QS_FIELD_IN_PAYLOAD;
  for (guint i = 0; field->children != NULL && i < field->children->len; i++)
    move_to_payload (g_ptr_array_index (field->children, i));
}

typedef struct {
  const char *type; /* as qs_packet_text_content_type() */
  const char *name;
  const char *meaning;
  const char *reference;
} ContentText;

static const ContentText *
find_content_text (const char *type)
{
  static const ContentText texts[] = {
    { "handshake", "Handshake",
      N_ ("Handshake messages or parts of them, without the record's protection; whole ones are opened up below."),
      "RFC 9846 section 4" },
    { "application_data", "Application Data", N_ ("What the application says, without the record's protection."),
      "RFC 9846 section 5.2" },
    { "change_cipher_spec", "ChangeCipherSpec",
      N_ ("In TLS 1.2: from here on its sender encrypts. In TLS 1.3 only for old middleboxes, and ignored."),
      "RFC 9846 section 5" },
    { "alert", "Alert", N_ ("An alert that is no alert: it should have two bytes."), "RFC 9846 section 6" },
    { NULL, "Content", N_ ("What the record carries."), "RFC 9846 section 5.1" },
  };
  const ContentText *text = texts;

  while (text->type != NULL && !g_str_equal (text->type, type))
    text++;
  return text;
}

/* What a TLS record holds, RFC 9846 section 5.1. */
static void
describe_content (QsInspection *self, QsTrace *trace, guint index)
{
  const QsPacket *packet = qs_trace_get_packet (trace, index);
  const char *type = qs_packet_text_content_type (packet);

  if (!has_flag (packet, QS_PACKET_DECRYPTED))
    return;
  self->payload = qs_trace_dup_payload (trace, index);
  QsSpan payload = span_of (self->payload);
  if (payload.length == 0)
    return;

  QsField *field;
  if (g_str_equal (type, "alert") && payload.length == 2)
    field = qs_describe_alert (payload.data[0], payload.data[1], 0);
  else
    {
      const ContentText *text = find_content_text (type);
      field = qs_field_new (text->name, QS_FIELD_IN_PAYLOAD, 0, payload.length);
      qs_field_take_value (field, g_strdup_printf (ngettext ("%lu byte", "%lu bytes", (gulong) payload.length),
                                                   (gulong) payload.length));
      qs_field_explain (field, _ (text->meaning), text->reference);
    }
  move_to_payload (field);
  add_part (self, field);
}

/* --- Messages ------------------------------------------------------------------------------------- */

static void
describe_message (QsInspection *self, const QsTraceMessage *message)
{
  qs_inspection_add_part (self, qs_describe_tls_message (message->message), message->bytes, TRUE);
}

static void
describe_messages (QsInspection *self, QsTrace *trace, guint index)
{
  guint n = MIN (qs_trace_get_n_messages (trace), MAX_SCAN_MESSAGES);

  for (guint i = 0, found = 0; i < n && found < MAX_MESSAGES; i++)
    {
      const QsTraceMessage *message = qs_trace_get_message (trace, i);
      if (message->packet != index)
        continue;
      describe_message (self, message);
      found++;
    }
}

/* --- API -------------------------------------------------------------------------------------------- */

QsInspection *
qs_inspection_new (QsTrace *trace, guint index)
{
  g_return_val_if_fail (QS_IS_TRACE (trace) && index < qs_trace_get_n_packets (trace), NULL);

  QsInspection *self = g_new0 (QsInspection, 1);
  const QsPacket *packet = qs_trace_get_packet (trace, index);

  self->parts = g_ptr_array_new_with_free_func (part_free);
  find_wire_bytes (self, trace, packet);
  describe_packet (self, trace, index);
  describe_header (self, packet);
  if (packet->type == QS_PACKET_TLS_RECORD)
    describe_content (self, trace, index);
  else if (has_flag (packet, QS_PACKET_DECRYPTED) || has_flag (packet, QS_PACKET_FROM_QLOG))
    describe_frames (self, trace, index);
  describe_messages (self, trace, index);
  return self;
}

void
qs_inspection_free (QsInspection *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->parts);
  g_clear_pointer (&self->wire, g_bytes_unref);
  g_clear_pointer (&self->payload, g_bytes_unref);
  g_free (self);
}

GBytes *
qs_inspection_get_bytes (const QsInspection *self, guint part, QsFieldSpace space)
{
  g_return_val_if_fail (self != NULL, NULL);

  switch (space)
    {
    case QS_FIELD_IN_DATAGRAM:
      return self->wire;
    case QS_FIELD_IN_PAYLOAD:
      return self->payload;
    case QS_FIELD_IN_MESSAGE:
      return part < self->parts->len ? ((QsInspectionPart *) g_ptr_array_index (self->parts, part))->bytes : NULL;
    default:
      g_return_val_if_reached (NULL);
    }
}

/* --- Finding the field of a byte --- */

typedef struct {
  QsFieldSpace space;
  gsize offset;
  GArray *path;   /* of the field that is looked at */
  GArray *best;   /* of the innermost so far; NULL: none */
  guint32 length; /* of that one */
} Search;

/* A heading may have no bytes of its own and children that do. Of two with the same bytes the deeper one says more. */
static void
search (Search *self, const QsField *field)
{
  if (field->space == self->space && self->offset >= field->offset && self->offset - field->offset < field->length &&
      (self->best == NULL || field->length <= self->length))
    {
      g_clear_pointer (&self->best, g_array_unref);
      self->best = g_array_copy (self->path);
      self->length = field->length;
    }
  for (guint i = 0; field->children != NULL && i < field->children->len; i++)
    {
      g_array_append_val (self->path, i);
      search (self, g_ptr_array_index (field->children, i));
      g_array_set_size (self->path, self->path->len - 1);
    }
}

GArray *
qs_inspection_find (const QsInspection *self, QsFieldSpace space, guint message_part, gsize offset, guint *part)
{
  g_return_val_if_fail (self != NULL && part != NULL, NULL);

  g_autoptr (GArray) path = g_array_new (FALSE, FALSE, sizeof (guint));
  Search looking = { .space = space, .offset = offset, .path = path };

  for (guint i = 0; i < self->parts->len; i++)
    {
      const QsInspectionPart *at = g_ptr_array_index (self->parts, i);
      GArray *before = looking.best != NULL ? g_array_ref (looking.best) : NULL;

      if (space != QS_FIELD_IN_MESSAGE || i == message_part)
        search (&looking, at->field);
      if (looking.best != before)
        *part = i;
      g_clear_pointer (&before, g_array_unref);
    }
  return looking.best;
}
