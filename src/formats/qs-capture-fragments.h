/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-capture-packet.h"

G_BEGIN_DECLS

/**
 * QsCaptureFragments:
 *
 * Puts IP packets together again that were cut up on the way (RFC 791, RFC 8200 section 4.5). What it keeps is bounded, the oldest goes.
 */
typedef struct _QsCaptureFragments QsCaptureFragments;

QsCaptureFragments *qs_capture_fragments_new (void);
void qs_capture_fragments_free (QsCaptureFragments *self);

/* Takes one in. TRUE when its packet is whole: then packet is what it holds, and its payload lies in self until the next call. */
gboolean qs_capture_fragments_add (QsCaptureFragments *self, QsCapturePacket *packet);
/* Fragments that were taken in and are of no whole packet. */
guint64 qs_capture_fragments_get_n_lost (QsCaptureFragments *self);

G_END_DECLS
