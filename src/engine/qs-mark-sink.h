/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsMarkSink: where one attempt notes what it did and was told. While attempts race (RFC 8305) their marks
 * are held, with their times; those of the attempt that the run turns out to be about go into the trace,
 * the others are forgotten. Any thread.
 */
typedef struct _QsMarkSink QsMarkSink;

QsMarkSink *qs_mark_sink_new (QsTrace *trace, gboolean held);
void qs_mark_sink_free (QsMarkSink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsMarkSink, qs_mark_sink_free)

/* From now on straight into the trace; what was held goes there first. */
void qs_mark_sink_release (QsMarkSink *self);

/* As qs_trace_add_mark_full: takes the mark's text and bytes. The time is now. */
void qs_mark_sink_add_full (QsMarkSink *self, const QsMark *mark);
/* text must be escaped. */
void qs_mark_sink_add (QsMarkSink *self, QsMarkKind kind, const char *name, gint64 value, const char *text);
/* The text of the newest mark of a kind that is held; NULL: there is none, or it has no text. Any thread. */
char *qs_mark_sink_dup_held_text (QsMarkSink *self, QsMarkKind kind);

G_END_DECLS
