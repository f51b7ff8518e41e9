/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dissect/qs-dissector.h"

#include "base/qs-slice.h"
#include "dissect/qs-dissection.h"

#define LOOKS_AT_CLOCK 16 /* every so many records: a look costs as much as a short packet */
#define LOOKAHEAD 64
#define RECORDS_PER_PASS 256
#define LINE_SIZE 64 /* bytes of memory that come at once */
#define NEXT_LINES 4u

struct _QsDissector {
  GObject parent;
  QsTrace *trace;
  QsDissection *dissection;
  guint32 next;        /* record to take in */
  guint32 next_secret; /* record to look at for a secret: runs ahead, for keys come behind the packets */
  GSource *slice;
  gulong grown_id;
};

G_DEFINE_FINAL_TYPE (QsDissector, qs_dissector, G_TYPE_OBJECT)

/* --- What outlives the dissector: the trace asks it for payloads --- */

static void
key_entry_free (gpointer data)
{
  QsKeyEntry *entry = data;

  if (entry == NULL)
    return;
  qs_keys_free (entry->keys);
  g_free (entry);
}

static QsDissection *
dissection_new (QsTrace *trace)
{
  QsDissection *self = g_new0 (QsDissection, 1);

  g_atomic_ref_count_init (&self->refs);
  self->trace = trace;
  self->vantage = qs_trace_get_vantage (trace);
  self->secrets = qs_secret_store_new ();
  self->keys = g_ptr_array_new_with_free_func (key_entry_free);
  g_ptr_array_add (self->keys, NULL); /* QS_KEY_NONE */
  self->header_keys = g_ptr_array_new_with_free_func ((GDestroyNotify) qs_header_key_free);
  self->datagram = g_malloc0 (QS_DATAGRAM_MAX);
  self->header = g_malloc (QS_DATAGRAM_MAX);
  self->plain = g_malloc (QS_DATAGRAM_MAX);
  self->quic = qs_quic_new (self);
  self->tcp = qs_tls_tcp_new (self);
  return self;
}

static void
dissection_unref (gpointer data)
{
  QsDissection *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  qs_quic_free (self->quic);
  qs_tls_tcp_free (self->tcp);
  qs_secret_store_free (self->secrets);
  g_ptr_array_unref (self->keys);
  g_ptr_array_unref (self->header_keys);
  g_free (self->datagram);
  g_free (self->header);
  g_free (self->plain);
  g_free (self);
}

static GBytes *
dup_payload_cb (QsTrace *trace, guint index, gpointer data)
{
  QsDissection *self = data;
  const QsPacket *packet = qs_trace_get_packet (trace, index);

  if (!(packet->flags & QS_PACKET_DECRYPTED))
    return NULL;
  return packet->type == QS_PACKET_TLS_RECORD ? qs_tls_tcp_dup_payload (self->tcp, trace, index)
                                              : qs_dissection_dup_payload (self, trace, packet);
}

static gboolean
list_stream_cb (QsTrace *trace, guint64 stream, GPtrArray *lists, gpointer data)
{
  return qs_quic_list_stream_packets (((QsDissection *) data)->quic, stream, lists);
}

/* --- Following --- */

static gboolean
slice_cb (gint64 deadline, gpointer data)
{
  QsDissector *self = data;

  if (!qs_dissector_advance (self, deadline))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->slice, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
grown_cb (QsTrace *trace, QsDissector *self)
{
  if (self->slice == NULL)
    self->slice = qs_slice_add (NULL, "[quicscope] dissector", slice_cb, self, NULL);
}

/* --- GObject --- */

static void
qs_dissector_dispose (GObject *object)
{
  QsDissector *self = QS_DISSECTOR (object);

  if (self->slice != NULL)
    {
      g_source_destroy (self->slice);
      g_clear_pointer (&self->slice, g_source_unref);
    }
  g_clear_signal_handler (&self->grown_id, self->trace);
  if (self->dissection != NULL)
    self->dissection->trace = NULL;
  g_clear_pointer (&self->dissection, dissection_unref);
  g_clear_object (&self->trace);
  G_OBJECT_CLASS (qs_dissector_parent_class)->dispose (object);
}

static void
qs_dissector_class_init (QsDissectorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = qs_dissector_dispose;
}

static void
qs_dissector_init (QsDissector *self)
{
}

QsDissector *
qs_dissector_new (QsTrace *trace)
{
  g_return_val_if_fail (QS_IS_TRACE (trace), NULL);

  QsDissector *self = g_object_new (QS_TYPE_DISSECTOR, NULL);
  self->trace = g_object_ref (trace);
  self->dissection = dissection_new (trace);
  g_atomic_ref_count_inc (&self->dissection->refs);
  qs_trace_set_payload_source (trace, dup_payload_cb, NULL, self->dissection, dissection_unref);
  qs_trace_set_stream_source (trace, list_stream_cb);
  return self;
}

/* --- Advancing --- */

static void
look_for_secrets (QsDissector *self, guint32 n_records)
{
  guint32 end = MIN (n_records, MAX (self->next_secret, self->next) + LOOKAHEAD);
  gboolean changed = FALSE;

  for (; self->next_secret < end; self->next_secret++)
    {
      QsRecord record;
      qs_trace_get_record (self->trace, self->next_secret, &record);
      if (record.kind == QS_RECORD_SECRET)
        changed |= qs_secret_store_add_line (self->dissection->secrets, record.bytes);
    }
  if (changed)
    {
      qs_quic_secrets_changed (self->dissection->quic);
      qs_tls_tcp_secrets_changed (self->dissection->tcp);
    }
}

static void
take_record (QsDissector *self, guint32 index)
{
  QsRecord record;

  qs_trace_get_record (self->trace, index, &record);
  if (index % RECORDS_PER_PASS == 0 && record.bytes.length > 0 &&
      (record.kind == QS_RECORD_DATAGRAM || record.kind == QS_RECORD_SEGMENT))
    qs_trace_pass (self->trace, record.bytes.data);
  /* The next one stands not far behind this one, where they are a file's: memory brings it meanwhile. */
  for (guint i = 0; i < NEXT_LINES; i++)
    __builtin_prefetch (record.bytes.data + record.bytes.length + i * LINE_SIZE);
  if (record.kind == QS_RECORD_DATAGRAM)
    qs_quic_add_datagram (self->dissection->quic, index, &record);
  else if (record.kind == QS_RECORD_SEGMENT)
    qs_tls_tcp_add_segment (self->dissection->tcp, index, &record);
}

/* One small step; FALSE when there is nothing left. Secrets first: on the wire they lie behind the
 * packets that they open, for the stack logs them when it has read those. */
static gboolean
step (QsDissector *self, guint32 n_records)
{
  if (self->next_secret < n_records)
    look_for_secrets (self, n_records);
  else if (qs_quic_retry_some (self->dissection->quic) || qs_tls_tcp_take_some (self->dissection->tcp))
    return TRUE;
  else if (self->next < n_records)
    take_record (self, self->next++);
  else
    return FALSE;
  return TRUE;
}

gboolean
qs_dissector_advance (QsDissector *self, gint64 deadline)
{
  g_return_val_if_fail (QS_IS_DISSECTOR (self), TRUE);

  guint32 n_records = qs_trace_get_n_records (self->trace);
  gboolean more = TRUE;
  guint n_steps = 0;

  while (more && (more = step (self, n_records)))
    if (++n_steps % LOOKS_AT_CLOCK == 0 && deadline != 0 && g_get_monotonic_time () >= deadline)
      break;
  if (n_steps > 0)
    qs_trace_changed (self->trace);
  return !more;
}

void
qs_dissector_follow (QsDissector *self)
{
  g_return_if_fail (QS_IS_DISSECTOR (self));

  if (self->grown_id == 0)
    self->grown_id = g_signal_connect (self->trace, "grown", G_CALLBACK (grown_cb), self);
  grown_cb (self->trace, self);
}

void
qs_dissector_finish (QsDissector *self)
{
  g_return_if_fail (QS_IS_DISSECTOR (self));

  qs_dissector_advance (self, 0);
  qs_quic_finish (self->dissection->quic);
  qs_trace_pass (self->trace, NULL);
  qs_trace_changed (self->trace);
}

gboolean
qs_dissector_is_turned (QsDissector *self)
{
  g_return_val_if_fail (QS_IS_DISSECTOR (self), FALSE);

  return qs_quic_is_turned (self->dissection->quic);
}

GBytes *
qs_dissector_dup_transport_parameters (QsDissector *self, QsDirection of)
{
  g_return_val_if_fail (QS_IS_DISSECTOR (self), NULL);

  return qs_quic_dup_transport_parameters (self->dissection->quic, qs_dissection_side (self->dissection, of));
}

GBytes *
qs_dissector_dup_stream (QsDissector *self, guint64 stream_id, QsDirection direction, gsize limit, gboolean *whole)
{
  g_return_val_if_fail (QS_IS_DISSECTOR (self), NULL);

  QsSide side = qs_dissection_side (self->dissection, direction);
  const GArray *packets = qs_quic_get_stream_packets (self->dissection->quic, stream_id, side);
  g_autoptr (QsReassembly) stream = qs_reassembly_new (0, limit);
  guint64 end = G_MAXUINT64;

  for (guint i = 0; packets != NULL && i < packets->len; i++)
    {
      g_autoptr (GBytes) payload = NULL;
      g_autoptr (GArray) frames = qs_trace_dup_frames (self->trace, g_array_index (packets, guint32, i), &payload);
      for (guint k = 0; k < frames->len; k++)
        {
          const QsFrame *frame = &g_array_index (frames, QsFrame, k);
          if (qs_frame_base_type (frame->type) != QS_FRAME_STREAM || frame->stream_id != stream_id)
            continue;
          qs_reassembly_add (stream, frame->stream_offset, frame->data, 0);
          if (frame->fin)
            end = frame->stream_offset + frame->data.length;
        }
      if (qs_reassembly_peek (stream).length == limit)
        break;
    }

  QsSpan bytes = qs_reassembly_peek (stream);
  if (whole != NULL)
    *whole = bytes.length == end;
  return g_bytes_new (bytes.data, bytes.length);
}
