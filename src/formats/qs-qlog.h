/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * qs_qlog_write:
 * @path: ".qlog" gives one JSON object; all else JSON-SEQ (.sqlog)
 *
 * Writes the packets, their frames and what is known of the connection as qlog. The names are those of version
 * 0.3 ("transport:packet_sent"), which qvis reads; a .sqlog's first record says `file_schema` too, for newer readers.
 * Events are sorted by time. Contents of streams are not written.
 *
 * Returns: %FALSE with QS_ERROR_UNSUPPORTED for TLS over TCP, which qlog has no events for, or G_IO_ERROR
 */
gboolean qs_qlog_write (QsTrace *trace, const char *path, GError **error);

G_END_DECLS
