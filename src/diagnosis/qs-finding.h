/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

typedef enum { QS_SEVERITY_ERROR, QS_SEVERITY_WARNING, QS_SEVERITY_INFO } QsSeverity;
const char *qs_severity_name (QsSeverity severity); /* "error", "warning", "info" */

/**
 * QsFinding: something a good tool names: what happened, what it means, what to try.
 */
typedef struct {
  const char *id; /* "alpn-mismatch": stable */
  QsSeverity severity;
  char *title;           /* one translated sentence: what happened */
  char *detail;          /* translated: what it means, and what to try */
  const char *reference; /* "RFC 9001 section 8.1" */
  gint64 packet;         /* index of the packet that shows it, -1: none */
} QsFinding;

void qs_finding_free (QsFinding *finding);

/* Runs all rules over a trace, live or from a file: array of QsFinding, most severe first. May be called
 * at any time during a run (a live "no-reply" shows up after 3 s). now: trace time, for live runs; a
 * finished one passes -1. */
GPtrArray *qs_diagnose (QsTrace *trace, gint64 now);

/* The catalogue, for docs and for `quicserve --list-scenarios`. */
gboolean qs_finding_id_is_known (const char *id);

G_END_DECLS
