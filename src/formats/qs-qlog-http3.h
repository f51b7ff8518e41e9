/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-json.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/**
 * QsQlogHttp3:
 *
 * HTTP/3's frames and QPACK's instructions as a log's events tell of them: there are no bytes to read them from. Which packets
 * carried them shows by the offsets of the streams, once all packets are known.
 */
typedef struct _QsQlogHttp3 QsQlogHttp3;

QsQlogHttp3 *qs_qlog_http3_new (QsTrace *trace);
/* http:frame_created, http:frame_parsed and their kin. */
void qs_qlog_http3_add_frame (QsQlogHttp3 *self, gint64 time, QsJson data, QsDirection direction);
/* What a unidirectional stream is for. */
void qs_qlog_http3_add_stream_type (QsQlogHttp3 *self, gint64 time, QsJson data);
/* qpack:instruction_created, …_parsed. */
void qs_qlog_http3_add_instruction (QsQlogHttp3 *self, gint64 time, QsJson data, QsDirection direction);
/* qpack:headers_encoded, …_decoded: the fields of a HEADERS frame that is told of without them. */
void qs_qlog_http3_add_fields (QsQlogHttp3 *self, QsJson data, QsDirection direction);
/* The trace has all its frames by now. What no packet carried stays as a note (QS_MARK_NOTE "http3"). Frees self. */
void qs_qlog_http3_finish (QsQlogHttp3 *self);
void qs_qlog_http3_free (QsQlogHttp3 *self);

G_END_DECLS
