/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-input.h"

G_BEGIN_DECLS

/**
 * QsQlogSplit:
 *
 * Cuts a qlog file into JSON texts that are small, whatever the file's size, and bounds how deeply they
 * nest (a parser that calls itself would run out of stack). Both shapes:
 *
 * - JSON-SEQ, or a record a line: each top-level value
 * - one object: each element of traces[N].events[], and the object without them
 */
typedef enum {
  QS_QLOG_VALUE, /* a whole top-level value, without the events in it */
  QS_QLOG_EVENT, /* an element of an events array */
  QS_QLOG_END,
  QS_QLOG_FAILED,
} QsQlogPiece;

typedef struct _QsQlogSplit QsQlogSplit;

QsQlogSplit *qs_qlog_split_new (QsInput *input);
/* One object {"FIRST": {…}, "events": […], …}: the object with that member alone is a value, then each event. first: a static string. */
QsQlogSplit *qs_qlog_split_new_flat (QsInput *input, const char *first);
/* text: NUL-terminated; may be changed; valid until the next call. trace: for an event, which element of traces[] it is in. */
QsQlogPiece qs_qlog_split_next (QsQlogSplit *self, char **text, gsize *length, guint *trace, GError **error);
void qs_qlog_split_free (QsQlogSplit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsQlogSplit, qs_qlog_split_free)

G_END_DECLS
