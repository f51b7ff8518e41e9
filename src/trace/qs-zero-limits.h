/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* A limit of the server's that keeps a client from sending a request at all (RFC 9000 section 4). */
typedef struct {
  const char *parameter; /* "initial_max_streams_bidi" */
  const char *frame;     /* that would raise it: "MAX_STREAMS" */
  const char *what;      /* N_(): what the client may not do */
  gint64 packet;         /* that completed the server's transport parameters; -1: none did (a qlog) */
} QsZeroLimit;

/**
 * qs_trace_find_zero_limit:
 * @trace: of either end, dissected as far as it is
 * @stream: the client's stream of the request
 *
 * A limit of zero for a request in the server's transport parameters (absent is zero: RFC 9000 section 18.2) which no MAX_* frame has
 * raised. Looks at the first packets only.
 *
 * Returns: %FALSE where there is none, or where the parameters are not known
 */
gboolean qs_trace_find_zero_limit (QsTrace *trace, guint64 stream, QsZeroLimit *limit);

G_END_DECLS
