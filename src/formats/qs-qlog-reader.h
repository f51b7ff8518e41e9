/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-input.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* Reads qlog of others and ours: versions draft-02 to 0.4 and those without a version but a file_schema; JSON, JSON-SEQ, and a
 * record a line; names "transport:", "quic:"; times relative, absolute, delta. */
gboolean qs_qlog_is (const guint8 *start, gsize length);
/* QsTrace (transfer full), never empty. */
GPtrArray *qs_qlog_read (QsInput *input, GError **error);

G_END_DECLS
