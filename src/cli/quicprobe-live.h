/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdio.h>

#include "cli/quicprobe-options.h"
#include "study/qs-study.h"

G_BEGIN_DECLS

/**
 * QuicprobeLive: what is printed while a run goes on: events and findings on standard error, and the packets
 * where --trace asks for them.
 */
typedef struct _QuicprobeLive QuicprobeLive;

QuicprobeLive *quicprobe_live_new (QsProbe *probe, QsStudy *study, const QuicprobeOptions *options, FILE *trace_out);
/* Prints what is left of the trace. */
void quicprobe_live_finish (QuicprobeLive *live);
void quicprobe_live_free (QuicprobeLive *live);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuicprobeLive, quicprobe_live_free)

/* All packets, frames and messages of a trace that is whole, as --trace prints them. */
void quicprobe_print_trace (FILE *out, QsTrace *trace);

G_END_DECLS
