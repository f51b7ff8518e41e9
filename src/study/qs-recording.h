/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "dissect/qs-dissector.h"

G_BEGIN_DECLS

/**
 * QsRecording: what a trace without a probe behind it tells of streams and of the answer, as a live run would: derived from the
 * frames. With a dissector their bytes can be had as well; a qlog has none.
 *
 * All in the thread that owns the trace.
 */
typedef struct _QsRecording QsRecording;

typedef struct {
  gint64 id;
  gboolean bidirectional, by_client;
  QsStreamState read_state, write_state;
  gint64 read_error, write_error; /* -1: none */
  guint64 sent, received;
} QsRecordedStream;

/* What the server answered on the first stream that the client opened for a request. */
typedef struct {
  char *version;      /* "3", "1.1", "0.9"; NULL: no HTTP that we know */
  guint status;       /* 0: none */
  char **headers;     /* name, value, …, NULL; escaped; may be NULL */
  GBytes *body;       /* what of it there is, at most the limit; never NULL */
  guint64 length;     /* of all that came: where the body is not whole, of the stream */
  gboolean has_bytes; /* FALSE: the recording tells of them, and does not hold them */
} QsRecordedAnswer;

#define QS_RECORDING_MAX_STREAMS 1000 /* listed */

QsRecording *qs_recording_new (QsTrace *trace);
void qs_recording_free (QsRecording *self);
void qs_recording_set_dissector (QsRecording *self, QsDissector *dissector);
/* From the first packet on: the dissector is done, and some opened only when their keys came, behind them in the file. */
void qs_recording_look_again (QsRecording *self);

/* By id (QsRecordedStream, owned by the array): the first QS_RECORDING_MAX_STREAMS of *n_all. TLS over TCP: the one that it is.
 * closed: the connection is over. */
GPtrArray *qs_recording_list_streams (QsRecording *self, gboolean closed, guint *n_all);
/* Bytes of a stream from 0 to the first gap, at most limit. Never NULL. */
GBytes *qs_recording_dup_stream (QsRecording *self, gint64 id, QsDirection direction, gsize limit);
/* NULL when nothing was answered. alpn may be NULL. */
QsRecordedAnswer *qs_recording_dup_answer (QsRecording *self, const char *alpn, gsize limit);
void qs_recorded_answer_free (QsRecordedAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsRecordedAnswer, qs_recorded_answer_free)

G_END_DECLS
