/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"
#include "wire/qs-field.h"

G_BEGIN_DECLS

/**
 * QsInspection: all that the inspector shows of one packet, as fields and the bytes behind them.
 *
 * Made on demand, bounded in size, and independent of the trace once it is made.
 */
typedef struct {
  QsField *field;      /* a tree */
  GBytes *bytes;       /* what its ranges count in where their space is QS_FIELD_IN_MESSAGE; may be NULL */
  gboolean is_content; /* what the packet is about: a TLS message, a part of HTTP/3 */
} QsInspectionPart;

typedef struct {
  GPtrArray *
      parts; /* QsInspectionPart: the packet, its header, its frames and what of HTTP/3 is in them, the messages that it completed */
  GBytes *wire;                   /* the datagram, or the TLS record; NULL from a qlog */
  gsize wire_offset, wire_length; /* where this packet lies in it */
  GBytes *payload;                /* decrypted; NULL where it cannot be had */
} QsInspection;

QsInspection *qs_inspection_new (QsTrace *trace, guint packet);
void qs_inspection_free (QsInspection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsInspection, qs_inspection_free)

/* What a field's range counts in (transfer none); NULL when there are no such bytes. */
GBytes *qs_inspection_get_bytes (const QsInspection *self, guint part, QsFieldSpace space);

/* The innermost field over a byte, as the indices of children from the part's field on (transfer full); NULL: none. Of
 * messages, only those of this part are looked at. */
GArray *qs_inspection_find (const QsInspection *self, QsFieldSpace space, guint message_part, gsize offset,
                            guint *part);

G_END_DECLS
