/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"

G_BEGIN_DECLS

#define QS_QLOG_SAFE_INTEGER (G_GUINT64_CONSTANT (1) << 53) /* larger numbers are strings in JSON */
#define QS_QLOG_ACK_DELAY_EXPONENT 3                        /* the default, RFC 9000 section 18.2 */

typedef enum {
  QS_QLOG_UINT,   /* guint64 */
  QS_QLOG_UINT32, /* guint32 */
  QS_QLOG_BOOL,   /* gboolean, said only when true */
  QS_QLOG_LENGTH, /* a span's length */
  QS_QLOG_HEX,    /* a span's bytes */
} QsQlogFieldKind;

/* How a member of a frame's JSON stands in QsFrame. */
typedef struct {
  const char *name;
  QsQlogFieldKind kind;
  guint16 offset; /* in QsFrame */
} QsQlogField;

#define QS_QLOG_MAX_FIELDS 5

typedef struct {
  QsFrameType type;
  const char *name;        /* qlog's frame_type */
  const char *stream_type; /* "bidirectional", "unidirectional": tells two types with one name apart */
  QsQlogField fields[QS_QLOG_MAX_FIELDS];
} QsQlogFrame;

extern const QsQlogFrame qs_qlog_frames[];
extern const guint qs_qlog_n_frames;

/* JSON text. */
void qs_qlog_put_string (GString *out, const char *utf8);
void qs_qlog_put_uint (GString *out, guint64 value);
void qs_qlog_put_hex (GString *out, QsSpan bytes);

/* exponent: the sender's ack_delay_exponent. */
void qs_qlog_put_frame (GString *out, const QsFrame *frame, guint exponent);

G_END_DECLS
