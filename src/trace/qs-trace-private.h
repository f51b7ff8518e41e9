/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-chunks.h"
#include "trace/qs-metrics.h"
#include "trace/qs-spare.h"
#include "trace/qs-trace-budget.h"
#include "trace/qs-trace.h"

G_BEGIN_DECLS

/* What is held of a record: 32 bytes, and its payload elsewhere. */
typedef struct {
  gint64 time;
  union {
    const guint8 *bytes;
    const QsMark *mark;
  };
  guint32 length;
  guint32 kept;
  guint16 path;
  guint8 ecn;
  guint8 kind : 2;
  guint8 direction : 1;
  guint8 fate : 3;
} QsStoredRecord;

typedef struct {
  gint64 time;
  QsMark mark;
} QsStoredMark;

/* Wakes the owner's main context. It outlives the trace by the length of a dispatch at most, so it
 * holds it weakly: an append in another thread may have made it ready while the last reference goes. */
typedef struct {
  GSource source;
  GWeakRef trace;
} QsTraceSource;

/* Guarded by the trace's lock. */
typedef struct {
  guint64 limit; /* 0: none */
  guint64 held;
  gboolean established;
  guint n_repeated_marks;
  QsNotKept not_kept;
} QsBudget;

gboolean qs_budget_take (QsBudget *self, gsize bytes);
/* Whether so many bytes more would be in its second half, which is for beginnings alone. */
gboolean qs_budget_is_half_spent (const QsBudget *self, gsize bytes);
gboolean qs_budget_take_mark (QsBudget *self, const QsMark *mark);
void qs_budget_clear (QsBudget *self);

struct _QsTrace {
  GObject parent;
  QsVantage vantage;
  QsClock *clock;
  gint64 origin;
  char *title;
  gboolean from_file;
  const char *format; /* interned */

  GMutex lock; /* guards all from here to last_signal: any thread appends */
  QsChunks records;
  QsChunks marks;
  GPtrArray *paths;  /* QsPath */
  GHashTable *facts; /* interned name -> const QsMark */
  GPtrArray *payload;
  QsSpare *spare; /* the next chunk */
  guint8 *payload_at;
  gsize payload_left;
  guint64 payload_limit;
  guint64 payload_kept; /* copied */
  guint64 payload_held; /* in the file */
  QsMappedFile *held;   /* NULL: none */
  const guint8 *passed; /* in it: what comes before need not be in memory */
  guint n_truncated;
  QsBudget budget;
  guint n_datagrams;
  guint n_secrets;
  gboolean grown_armed;
  gboolean derived_armed;
  gint64 last_signal;

  QsTraceSource *source;

  QsChunks packets;                /* from here on: the owner's thread alone */
  GPtrArray *messages;             /* made with the first one */
  QsTraceUnfinished unfinished[2]; /* by direction */
  struct _QsHttp3Pieces *http3;    /* made with the first one */
  guint64 n_frames;
  QsMetrics *metrics; /* made when first asked for */
  QsPayloadFunc payload_func;
  QsFramesFunc frames_func;
  QsStreamPacketsFunc stream_func;
  gpointer source_data;
  GDestroyNotify source_destroy;
};

typedef struct _QsHttp3Pieces QsHttp3Pieces;
void qs_http3_pieces_free (QsHttp3Pieces *self);

void qs_trace_clear_payload_source (QsTrace *self);

/* A file's capture had kept only the start of this datagram: its true length. */
void qs_trace_set_wire_length (QsTrace *self, guint record, guint32 length);

G_END_DECLS
