/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/qs-capture-tcp.h"

#define MAX_WAITING_BYTES (1u << 20)
#define MAX_WAITING 512

typedef struct {
  guint32 sequence;
  GBytes *bytes;
} Waiting;

static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  g_bytes_unref (waiting->bytes);
  g_free (waiting);
}

void
qs_capture_tcp_init (QsCaptureTcp *self)
{
  *self = (QsCaptureTcp){ 0 };
  g_queue_init (&self->waiting);
}

void
qs_capture_tcp_clear (QsCaptureTcp *self)
{
  g_queue_clear_full (&self->waiting, waiting_free);
}

void
qs_capture_tcp_start (QsCaptureTcp *self, guint32 sequence)
{
  if (self->started)
    return;
  self->started = TRUE;
  self->next = sequence;
}

/* Gives out what of these bytes is new. They start at or before the next sequence number. */
static void
give (QsCaptureTcp *self, guint32 sequence, QsSpan bytes, QsCaptureTcpFunc func, gpointer data)
{
  guint32 old = self->next - sequence;

  if (old >= bytes.length)
    return;
  self->next += (guint32) (bytes.length - old);
  func (QS_SPAN (bytes.data + old, bytes.length - old), data);
}

static void
keep (QsCaptureTcp *self, guint32 sequence, QsSpan bytes)
{
  Waiting *waiting = g_new (Waiting, 1);
  GList *at = self->waiting.tail;

  waiting->sequence = sequence;
  waiting->bytes = g_bytes_new (bytes.data, bytes.length);
  self->n_waiting += bytes.length;
  while (at != NULL && qs_capture_tcp_distance (((Waiting *) at->data)->sequence, sequence) < 0) /* it comes after */
    at = at->prev;
  if (at != NULL)
    g_queue_insert_after (&self->waiting, at, waiting);
  else
    g_queue_push_head (&self->waiting, waiting);
}

static void
give_waiting (QsCaptureTcp *self, QsCaptureTcpFunc func, gpointer data)
{
  for (;;)
    {
      Waiting *first = g_queue_peek_head (&self->waiting);
      gsize length;

      if (first == NULL || qs_capture_tcp_distance (self->next, first->sequence) > 0)
        return;
      g_queue_pop_head (&self->waiting);
      const guint8 *bytes = g_bytes_get_data (first->bytes, &length);
      self->n_waiting -= length;
      give (self, first->sequence, QS_SPAN (bytes, length), func, data);
      waiting_free (first);
    }
}

static void
jump_gap (QsCaptureTcp *self, QsCaptureTcpFunc func, gpointer data)
{
  const Waiting *first = g_queue_peek_head (&self->waiting);

  self->gap = TRUE;
  self->next = first->sequence;
  give_waiting (self, func, data);
}

void
qs_capture_tcp_add (QsCaptureTcp *self, guint32 sequence, QsSpan bytes, QsCaptureTcpFunc func, gpointer data)
{
  if (bytes.length == 0)
    return;
  qs_capture_tcp_start (self, sequence);
  if (qs_capture_tcp_distance (self->next, sequence) > 0)
    {
      keep (self, sequence, bytes);
      if (self->n_waiting > MAX_WAITING_BYTES || self->waiting.length > MAX_WAITING)
        jump_gap (self, func, data);
      return;
    }
  give (self, sequence, bytes, func, data);
  give_waiting (self, func, data);
}

void
qs_capture_tcp_finish (QsCaptureTcp *self, QsCaptureTcpFunc func, gpointer data)
{
  while (!g_queue_is_empty (&self->waiting))
    jump_gap (self, func, data);
}
