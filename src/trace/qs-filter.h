/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsFilter:
 *
 * Which packets to show, as a person types it:
 *
 *   dir:rx type:handshake frame:ack        all of these
 *   stream:4 or pn>10                      one of these
 *   not (size>=1200 and time<5ms) lost     grouped; flags stand alone
 *   type:initial,handshake pn:3..7         lists and ranges
 *   message:certificate "no_application"   TLS messages; text in what is shown of a packet
 *   certif                                 a word that is nothing of these is text too
 *
 * Immutable. Compiled to a small program over QsPacket: a packet's frames are only asked for (which decrypts
 * it anew) where the answer hangs on them.
 */
typedef struct _QsFilter QsFilter;

/* An empty text matches all. Errors are QS_ERROR_PARSE; the message is a translated sentence of what was expected, and position (may be
 * NULL) is where, in characters from 0. */
QsFilter *qs_filter_new (const char *text, guint *position, GError **error);
QsFilter *qs_filter_ref (QsFilter *self);
void qs_filter_unref (QsFilter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsFilter, qs_filter_unref)

gboolean qs_filter_is_empty (const QsFilter *self);
gboolean qs_filter_matches (const QsFilter *self, QsTrace *trace, guint packet);

/* Appends the indices (guint32) of the packets from *from on that match to out, until deadline (monotonic microseconds, 0: to the
 * end); moves *from. TRUE when it came to the trace's end. */
gboolean qs_filter_run (const QsFilter *self, QsTrace *trace, guint *from, gint64 deadline, GArray *out);

/* What can be typed, for help and completion. */
typedef struct {
  const char *name;    /* "frame", "lost" */
  const char *example; /* "frame:ack" */
  const char *meaning; /* N_(): a sentence */
} QsFilterKey;
const QsFilterKey *qs_filter_keys (guint *n_keys);

G_END_DECLS
