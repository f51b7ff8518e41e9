/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-span.h"

G_BEGIN_DECLS

/**
 * QsReassembly:
 *
 * Puts a byte stream together from pieces that come in any order, twice, or overlapping: what came
 * first stays. Holds at most @limit bytes from its base on, so that a peer that claims a far offset
 * costs no memory; and knows which packet brought a byte.
 */
typedef struct _QsReassembly QsReassembly;

QsReassembly *qs_reassembly_new (guint64 base, gsize limit);
void qs_reassembly_free (QsReassembly *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsReassembly, qs_reassembly_free)

/* FALSE when some of it lay behind the limit and was left out. */
gboolean qs_reassembly_add (QsReassembly *self, guint64 offset, QsSpan bytes, guint32 packet);
/* What there is from the base without a gap. Valid until the next call that adds or consumes. */
QsSpan qs_reassembly_peek (QsReassembly *self);
void qs_reassembly_consume (QsReassembly *self, gsize n_bytes);
guint64 qs_reassembly_get_base (const QsReassembly *self);
/* The packet that brought the byte at an offset; G_MAXUINT32 when it is not there. */
guint32 qs_reassembly_get_packet (const QsReassembly *self, guint64 offset);

/* Goes on at offset, which is not below the base, whether the bytes before it have arrived or not. */
void qs_reassembly_skip_to (QsReassembly *self, guint64 offset);
gboolean qs_reassembly_is_empty (const QsReassembly *self); /* nothing has arrived from the base on */

G_END_DECLS
