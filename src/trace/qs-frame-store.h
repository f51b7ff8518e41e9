/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsFrameStore:
 *
 * The frames of packets that have no bytes (from a qlog), packed to some ten bytes each: a QsFrame as
 * such takes twenty times that.
 */
typedef struct _QsFrameStore QsFrameStore;

QsFrameStore *qs_frame_store_new (void);
/* Frames are of the packet that was begun last. Spans are copied; a span without data keeps its length. Numbers
 * above 2^62 - 1 are cut to that, as on the wire. FALSE when the store is full. */
void qs_frame_store_begin_packet (QsFrameStore *self);
gboolean qs_frame_store_add (QsFrameStore *self, const QsFrame *frame);
/* A GArray of QsFrame (transfer full), whose spans live as long as the store, and as nothing is added. */
GArray *qs_frame_store_dup_frames (QsFrameStore *self, guint packet);
void qs_frame_store_free (QsFrameStore *self);

/* Makes the store, whose packets are the trace's, its source of frames. Takes it. */
void qs_frame_store_attach (QsFrameStore *self, QsTrace *trace);

G_END_DECLS
