/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "diagnosis/qs-evidence.h"

G_BEGIN_DECLS

/* One client's connection, answered by two servers: Initial packets that open with the keys of one and the same beginning and bear
 * different ids of their sender (RFC 9000 section 7.2 has a server keep its own), or a Retry behind such a packet. packets: the first of either (indexes); NULL: not
 * wanted. FALSE: no such packets are in the trace. */
gboolean qs_spread_find (const QsEvidence *evidence, gint64 packets[2]);

G_END_DECLS
