/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-filter.h"

G_BEGIN_DECLS

typedef enum {
  QS_FILTER_AND,
  QS_FILTER_OR,
  QS_FILTER_NOT,
  QS_FILTER_DIRECTION, /* mask: 1 << QsDirection; or by_end */
  QS_FILTER_END,       /* mask: 1 client, 2 server: who sent */
  QS_FILTER_TYPE,      /* mask: 1 << QsPacketType */
  QS_FILTER_FRAME,     /* mask: as QsPacket.frames */
  QS_FILTER_FLAG,      /* mask: QsPacketFlags, one of which */
  QS_FILTER_NUMBER,    /* of field: within [low, high] */
  QS_FILTER_STREAM,    /* an id within [low, high] */
  QS_FILTER_MESSAGE,   /* text: a TLS message's name, normalized */
  QS_FILTER_TEXT,      /* text, case folded */
} QsFilterOp;

typedef enum {
  QS_FILTER_FIELD_PN,
  QS_FILTER_FIELD_SIZE,
  QS_FILTER_FIELD_PAYLOAD,
  QS_FILTER_FIELD_FRAMES,
  QS_FILTER_FIELD_VERSION,
  QS_FILTER_FIELD_TIME,
  QS_FILTER_FIELD_DATAGRAM,
} QsFilterField;

typedef struct {
  QsFilterOp op;
  QsFilterField field;
  guint left, right; /* nodes: AND, OR; left: NOT */
  guint64 mask;
  gint64 low, high;
  char *text;
} QsFilterNode;

struct _QsFilter {
  gatomicrefcount refs;
  GArray *nodes; /* QsFilterNode */
  guint root;    /* G_MAXUINT: matches all */
};

/* Lower case without separators: how names are compared. Owned by the caller. */
char *qs_filter_normalize (const char *text, gsize length);

G_END_DECLS
