/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-json.h"

G_BEGIN_DECLS

/**
 * qs_netlog_put_frame:
 * @what: of the event's name, what stands between "QUIC_SESSION_" and "_SENT" or "_RECEIVED": "STREAM_FRAME"
 *
 * Writes the frame that an event tells of as a qlog has it. FALSE when it is none.
 */
gboolean qs_netlog_put_frame (GString *out, const char *what, gsize length, QsJson params);

/* "[Client [chosen_version 00000001 …] max_idle_timeout 30000 …]", as Chromium prints transport parameters, to members of a qlog's
 * parameters_set, each with a comma before it. */
void qs_netlog_put_parameters (GString *out, const char *text);

/* The version of HTTP/3's events to a qlog's: FALSE when it is none. Writes the event's name and data. */
gboolean qs_netlog_put_http3 (GString *out, const char *type, QsJson params, guint64 control, const char **name);

G_END_DECLS
