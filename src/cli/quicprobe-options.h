/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "checks/qs-examination.h"
#include "engine/qs-probe.h"
#include "net/qs-target.h"
#include "probe/qs-batch-targets.h"
#include "probe/qs-batch.h"
#include "trace/qs-filter.h"

G_BEGIN_DECLS

/* What quicprobe's command line says. */
typedef struct {
  QsTarget *target;
  QsProbeOptions *probe;
  char *output, *qlog, *pcapng, *report, *session;
  char **keylogs; /* to write to (at most one), or with read to open it with; NULL: none */
  char *read;     /* then neither target nor probe is set */
  char *join;
  QsFilter *filter;  /* of the packets that pcapng gets; NULL: all */
  char *compare;     /* the other recording */
  guint connection;  /* of the file's, from 1; 0: not chosen */
  gboolean examine;  /* the report card: then these count */
  GPtrArray *checks; /* const QsCheck *; NULL: all */
  char *junit, *markdown, *baseline;
  QsProfile profile;
  gboolean own;
  guint16 http_port;
  gboolean why_not_h3; /* the doctor: then pcapng is a folder */
  gboolean plain;      /* the URL was http:// */
  gboolean batch;      /* many runs: then targets counts, not target, and these do */
  QsBatchTargets *targets;
  QsBatchPlan plan;
  char *csv, *openmetrics; /* "-": standard output */
  gboolean trace, json, quiet;
  gboolean help, version, list_checks; /* then nothing else is set */
} QuicprobeOptions;

/* NULL with QS_ERROR_INVALID_TARGET and a sentence that says what is wrong. */
QuicprobeOptions *quicprobe_options_parse (int argc, char **argv, GError **error);
void quicprobe_options_free (QuicprobeOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuicprobeOptions, quicprobe_options_free)

/* Whether the answer of the peer is what goes to standard output. */
gboolean quicprobe_options_wants_body (const QuicprobeOptions *options);
void quicprobe_print_help (void);

G_END_DECLS
