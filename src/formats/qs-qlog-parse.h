/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-json.h"
#include "wire/qs-frame.h"

G_BEGIN_DECLS

/* One frame of a packet event's "frames". Its spans point into scratch until that is used again; STREAM, CRYPTO and DATAGRAM
 * data have a length and no bytes. ms_per_unit: of its times. FALSE when it cannot be understood. */
gboolean qs_qlog_parse_frame (QsJson object, double ms_per_unit, QsFrame *frame, GByteArray *scratch);

/* Appends the bytes that hex digits tell of, 4096 at most. */
void qs_qlog_parse_hex (const char *digits, GByteArray *out);

/* A close's code, of the members that hold it as a number and as a name. */
guint64 qs_qlog_parse_error_code (QsJson object, const char *raw_name, const char *name);

G_END_DECLS
