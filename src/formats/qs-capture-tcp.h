/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-span.h"

G_BEGIN_DECLS

/**
 * QsCaptureTcp:
 *
 * One direction of a TCP connection in a capture: puts segments in order and takes out what was sent
 * again. What waits for a missing piece is bounded; then the piece counts as lost by the capture.
 */
typedef struct {
  gboolean started;
  gboolean gap; /* bytes are missing: what follows cannot be decrypted */
  guint32 next; /* sequence number */
  GQueue waiting;
  gsize n_waiting; /* bytes */
} QsCaptureTcp;

typedef void (*QsCaptureTcpFunc) (QsSpan bytes, gpointer data);

/* Sequence numbers wrap (RFC 9293 section 3.4): their distance has a sign. */
static inline gint32
qs_capture_tcp_distance (guint32 from, guint32 to)
{
  return (gint32) (to - from);
}

void qs_capture_tcp_init (QsCaptureTcp *self);
/* A SYN tells where the stream starts; without one the first segment does. */
void qs_capture_tcp_start (QsCaptureTcp *self, guint32 sequence);
/* Calls func for all bytes that are in order now. */
void qs_capture_tcp_add (QsCaptureTcp *self, guint32 sequence, QsSpan bytes, QsCaptureTcpFunc func, gpointer data);
/* The capture ends: what waits is given out behind the gap. */
void qs_capture_tcp_finish (QsCaptureTcp *self, QsCaptureTcpFunc func, gpointer data);
void qs_capture_tcp_clear (QsCaptureTcp *self);

G_END_DECLS
