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

typedef enum {
  QS_FILTER_VALUE_NAME,
  QS_FILTER_VALUE_NUMBER,
  QS_FILTER_VALUE_SIZE,
  QS_FILTER_VALUE_TIME,
  QS_FILTER_VALUE_VERSION,
} QsFilterValue;

/* A table of them ends with a NULL. */
typedef struct {
  const char *name; /* normalized */
  guint64 mask;
} QsFilterName;

/* What may stand before an operator. */
typedef struct {
  const char *name; /* normalized */
  QsFilterOp op;
  QsFilterValue value;
  QsFilterField field;
  const QsFilterName *names; /* of its values; NULL: any */
} QsFilterSubject;

/* Lower case without separators: how names are compared. Owned by the caller. */
char *qs_filter_normalize (const char *text, gsize length);

const QsFilterSubject *qs_filter_find_subject (const char *text, gsize length);          /* NULL: none */
guint64 qs_filter_find_name (const QsFilterName *names, const char *text, gsize length); /* 0: none */
/* Fill in op and mask: of a key's value by name, and of a word that stands alone. */
gboolean qs_filter_find_value (const QsFilterSubject *key, const char *text, gsize length, QsFilterNode *node);
gboolean qs_filter_find_bare (const char *text, gsize length, QsFilterNode *node);
/* "7", "3..7", "3..", "..7", with units. */
gboolean qs_filter_read_range (QsFilterValue kind, const char *text, gsize length, gint64 *low, gint64 *high);
/* A translated sentence with a %s for what is none of them. */
const char *qs_filter_name_hint (QsFilterOp op);
const char *qs_filter_number_hint (QsFilterValue kind);

G_END_DECLS
