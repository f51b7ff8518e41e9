/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "trace/qs-trace.h"
#include "wire/qs-service.h"

G_BEGIN_DECLS

/* Datagrams that are no QUIC, where nothing that came is. */
typedef struct {
  guint n;
  QsSpan bytes; /* of the first; valid while the trace lives */
  gsize length; /* of it, on the wire */
  gint64 time;
  const QsService *service; /* what it looks like; NULL: not known */
} QsForeign;

/**
 * qs_trace_find_foreign:
 *
 * Looks at a client's trace whose packets are derived: whether something answered, and none of it is QUIC. A datagram is, when
 * one of its packets could be opened, when it is a Version Negotiation, and when it names a connection id that the client
 * gave (RFC 9000 section 7.2), readable or not: then it may be late, or damaged.
 *
 * Returns: whether there are such datagrams alone, described in foreign
 */
gboolean qs_trace_find_foreign (QsTrace *self, QsForeign *foreign);

G_END_DECLS
