/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-error.h"
#include "base/qs-span.h"
#include "wire/qs-field.h"

G_BEGIN_DECLS

/* Frame types, RFC 9114 section 7.2 and RFC 9218. */
typedef enum {
  QS_HTTP3_DATA = 0x00,
  QS_HTTP3_HEADERS = 0x01,
  QS_HTTP3_CANCEL_PUSH = 0x03,
  QS_HTTP3_SETTINGS = 0x04,
  QS_HTTP3_PUSH_PROMISE = 0x05,
  QS_HTTP3_GOAWAY = 0x07,
  QS_HTTP3_MAX_PUSH_ID = 0x0d,
  QS_HTTP3_PRIORITY_UPDATE_REQUEST = 0xf0700,
  QS_HTTP3_PRIORITY_UPDATE_PUSH = 0xf0701,
} QsHttp3FrameType;

/* What a unidirectional stream starts with, RFC 9114 section 6.2 and RFC 9204 section 4.2. */
typedef enum {
  QS_HTTP3_STREAM_CONTROL = 0x00,
  QS_HTTP3_STREAM_PUSH = 0x01,
  QS_HTTP3_STREAM_QPACK_ENCODER = 0x02,
  QS_HTTP3_STREAM_QPACK_DECODER = 0x03,
  QS_HTTP3_STREAM_WEBTRANSPORT = 0x54,
} QsHttp3StreamType;

typedef struct {
  guint64 type;
  guint64 length;    /* of the payload, as claimed */
  QsSpan payload;    /* what there is of it */
  gboolean complete; /* all of it is there */
  guint32 offset;    /* of the frame within the bytes */
  guint32 header_length;
} QsHttp3Frame;

/**
 * qs_http3_frame_parse:
 * @bytes: a stream's bytes from its start (behind the type of a unidirectional one)
 * @at: (inout): where the frame starts; moved behind what there is of it
 *
 * A frame may be larger than what has arrived: then its payload is short and @complete is %FALSE.
 *
 * Returns: %FALSE with QS_ERROR_TRUNCATED when not even its type and length are there
 */
gboolean qs_http3_frame_parse (QsSpan bytes, gsize *at, QsHttp3Frame *frame, GError **error);

void qs_http3_frame_write (GByteArray *out, guint64 type, QsSpan payload);
/* CANCEL_PUSH, GOAWAY, MAX_PUSH_ID: those that hold one number. */
void qs_http3_number_frame_write (GByteArray *out, guint64 type, guint64 number);
/* type: one of PRIORITY_UPDATE's two; value: the priority field's (RFC 9218 section 7.2). */
void qs_http3_priority_update_write (GByteArray *out, guint64 type, guint64 element, QsSpan value);

typedef struct {
  guint64 id, value;
} QsHttp3Setting;

/* A whole SETTINGS frame. */
void qs_http3_settings_write (GByteArray *out, const QsHttp3Setting *settings, guint n_settings);

/* The payload of a SETTINGS frame: a GArray of QsHttp3Setting, or NULL with QS_ERROR_TRUNCATED, or
 * QS_ERROR_PARSE for an identifier that stands there twice (RFC 9114 section 7.2.4). */
GArray *qs_http3_settings_parse (QsSpan payload, GError **error);

/* Names are the registries'; "GREASE" for reserved values (0x1f * N + 0x21), NULL for unknown ones.
 * Meanings are translated sentences. */
const char *qs_http3_frame_type_name (guint64 type);
const char *qs_http3_frame_type_meaning (guint64 type);
const char *qs_http3_stream_type_name (guint64 type);
const char *qs_http3_stream_type_meaning (guint64 type);
const char *qs_http3_setting_name (guint64 id); /* "SETTINGS_MAX_FIELD_SECTION_SIZE" */
const char *qs_http3_setting_meaning (guint64 id);

/* One line for a person: "HEADERS, 42 bytes", "SETTINGS", "GOAWAY 4". Owned by the caller. */
char *qs_http3_frame_describe (const QsHttp3Frame *frame);

/* Field trees. Ranges count in space from offset, which is where bytes starts there. lines: of HEADERS and PUSH_PROMISE the
 * fields' names and values in turn, escaped, ended by NULL; NULL when they are not known, for they need the tables of all
 * that came before. */
QsField *qs_describe_http3_frame (const QsHttp3Frame *frame, QsSpan bytes, QsFieldSpace space, gsize offset,
                                  const char *const *lines);
/* What a unidirectional stream starts with, a push's number included. */
QsField *qs_describe_http3_stream_type (QsSpan bytes, QsFieldSpace space, gsize offset);
QsField *qs_describe_qpack_instruction (QsSpan bytes, gboolean encoder, QsFieldSpace space, gsize offset);
/* A whole stream, from its first byte: frames, and the type of a unidirectional one. */
QsField *qs_describe_http3_stream (QsSpan bytes, gboolean unidirectional, QsFieldSpace space, gsize offset);

G_END_DECLS
