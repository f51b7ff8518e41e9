/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace/qs-frame-store.h"

#include <string.h>

#define MAX_VARINT ((G_GUINT64_CONSTANT (1) << 62) - 1)
#define MAX_SIZE (G_MAXUINT32 / 2)

/* The numbers of a frame. A bit says which ones are not zero. */
static const guint16 numbers[] = {
  G_STRUCT_OFFSET (QsFrame, stream_id),       G_STRUCT_OFFSET (QsFrame, stream_offset),
  G_STRUCT_OFFSET (QsFrame, limit),           G_STRUCT_OFFSET (QsFrame, error_code),
  G_STRUCT_OFFSET (QsFrame, frame_type),      G_STRUCT_OFFSET (QsFrame, sequence),
  G_STRUCT_OFFSET (QsFrame, retire_prior_to), G_STRUCT_OFFSET (QsFrame, ack.largest),
  G_STRUCT_OFFSET (QsFrame, ack.delay),       G_STRUCT_OFFSET (QsFrame, ack.range_count),
  G_STRUCT_OFFSET (QsFrame, ack.first_range), G_STRUCT_OFFSET (QsFrame, ack.ect0),
  G_STRUCT_OFFSET (QsFrame, ack.ect1),        G_STRUCT_OFFSET (QsFrame, ack.ce),
};

static const guint16 spans[] = {
  G_STRUCT_OFFSET (QsFrame, data),
  G_STRUCT_OFFSET (QsFrame, token),
  G_STRUCT_OFFSET (QsFrame, ack.ranges),
};

#define HAS_NUMBER(i) (1u << (i))
#define HAS_LENGTH(i) (1u << (14 + 2 * (i)))
#define HAS_BYTES(i) (1u << (15 + 2 * (i)))
#define HAS_FIN (1u << 20)

struct _QsFrameStore {
  GByteArray *bytes;
  GArray *starts; /* guint32: where a packet's frames begin */
};

QsFrameStore *
qs_frame_store_new (void)
{
  QsFrameStore *self = g_new (QsFrameStore, 1);

  self->bytes = g_byte_array_new ();
  self->starts = g_array_new (FALSE, FALSE, sizeof (guint32));
  return self;
}

void
qs_frame_store_free (QsFrameStore *self)
{
  g_byte_array_unref (self->bytes);
  g_array_unref (self->starts);
  g_free (self);
}

void
qs_frame_store_begin_packet (QsFrameStore *self)
{
  g_array_append_val (self->starts, self->bytes->len);
}

static void
put (QsFrameStore *self, guint64 value)
{
  guint8 out[8];
  gsize n = qs_varint_write (MIN (value, MAX_VARINT), out);

  g_byte_array_append (self->bytes, out, (guint) n);
}

static guint32
find_present (const QsFrame *frame)
{
  guint32 present = frame->fin ? HAS_FIN : 0;

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      if (*(const guint64 *) ((const guint8 *) frame + numbers[i]) != 0)
        present |= HAS_NUMBER (i);
    }
  for (guint i = 0; i < G_N_ELEMENTS (spans); i++)
    {
      const QsSpan *span = (const QsSpan *) ((const guint8 *) frame + spans[i]);

      if (span->length > 0)
        present |= span->data != NULL ? HAS_LENGTH (i) | HAS_BYTES (i) : HAS_LENGTH (i);
    }
  return present;
}

gboolean
qs_frame_store_add (QsFrameStore *self, const QsFrame *frame)
{
  guint32 present = find_present (frame);

  if (self->bytes->len > MAX_SIZE)
    return FALSE;
  put (self, frame->type);
  put (self, frame->length);
  put (self, present);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      if ((present & HAS_NUMBER (i)) != 0)
        put (self, *(const guint64 *) ((const guint8 *) frame + numbers[i]));
    }
  for (guint i = 0; i < G_N_ELEMENTS (spans); i++)
    {
      const QsSpan *span = (const QsSpan *) ((const guint8 *) frame + spans[i]);

      if ((present & HAS_LENGTH (i)) != 0)
        put (self, span->length);
      if ((present & HAS_BYTES (i)) != 0)
        g_byte_array_append (self->bytes, span->data, (guint) span->length);
    }
  return TRUE;
}

static guint64
take (QsSpan bytes, gsize *at)
{
  guint64 value = 0;

  if (!qs_varint_read (bytes, at, &value))
    g_assert_not_reached (); /* we wrote it */
  return value;
}

static void
unpack (QsSpan bytes, gsize *at, QsFrame *frame)
{
  memset (frame, 0, sizeof *frame);
  frame->type = take (bytes, at);
  frame->length = (guint32) take (bytes, at);

  guint32 present = (guint32) take (bytes, at);
  frame->fin = (present & HAS_FIN) != 0;
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      if ((present & HAS_NUMBER (i)) != 0)
        *(guint64 *) ((guint8 *) frame + numbers[i]) = take (bytes, at);
    }
  for (guint i = 0; i < G_N_ELEMENTS (spans); i++)
    {
      QsSpan *span = (QsSpan *) ((guint8 *) frame + spans[i]);

      if ((present & HAS_LENGTH (i)) != 0)
        span->length = take (bytes, at);
      if ((present & HAS_BYTES (i)) != 0)
        {
          span->data = bytes.data + *at;
          *at += span->length;
        }
    }
}

GArray *
qs_frame_store_dup_frames (QsFrameStore *self, guint packet)
{
  GArray *frames = g_array_new (FALSE, FALSE, sizeof (QsFrame));

  if (packet >= self->starts->len)
    return frames;

  gsize at = g_array_index (self->starts, guint32, packet);
  gsize end = packet + 1 < self->starts->len ? g_array_index (self->starts, guint32, packet + 1) : self->bytes->len;
  while (at < end)
    {
      QsFrame frame;

      unpack (QS_SPAN (self->bytes->data, end), &at, &frame);
      g_array_append_val (frames, frame);
    }
  return frames;
}

static GArray *
frames_cb (QsTrace *trace, guint packet, GBytes **payload, gpointer data)
{
  return qs_frame_store_dup_frames (data, packet);
}

void
qs_frame_store_attach (QsFrameStore *self, QsTrace *trace)
{
  qs_trace_set_payload_source (trace, NULL, frames_cb, self, (GDestroyNotify) qs_frame_store_free);
}
