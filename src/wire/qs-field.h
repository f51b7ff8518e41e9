/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-span.h"

G_BEGIN_DECLS

/* Which bytes a field's range counts in. */
typedef enum {
  QS_FIELD_IN_DATAGRAM, /* the datagram as it was on the wire */
  QS_FIELD_IN_PAYLOAD,  /* the packet's decrypted payload */
  QS_FIELD_IN_MESSAGE,  /* a reassembled TLS message */
} QsFieldSpace;

/**
 * QsField:
 *
 * One labelled value with the bytes it was read from: what the inspector shows. A tree; made on
 * demand, owns all it holds. Texts are escaped UTF-8, ready to be shown as plain text.
 */
typedef struct _QsField QsField;
struct _QsField {
  char *name;            /* "Destination Connection ID" */
  char *value;           /* "83 94 c8 f0 3e 51 57 08"; "" for a mere heading */
  const char *meaning;   /* a translated sentence of what the field is, or NULL */
  const char *reference; /* "RFC 9000 section 17.2", or NULL */
  QsFieldSpace space;
  guint32 offset, length; /* length 0: no bytes of its own */
  GPtrArray *children;    /* QsField; NULL for a leaf */
};

QsField *qs_field_new (const char *name, QsFieldSpace space, gsize offset, gsize length);
/* Takes value (may be NULL). Returns field. */
QsField *qs_field_take_value (QsField *field, char *value);
/* Static strings, kept by reference. Returns field. */
QsField *qs_field_explain (QsField *field, const char *meaning, const char *reference);
/* Takes child. Returns child. */
QsField *qs_field_add (QsField *parent, QsField *child);
void qs_field_free (QsField *field);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsField, qs_field_free)

G_END_DECLS
