/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "base/qs-clock.h"

G_BEGIN_DECLS

/* What a server must be sent at least to be answered (RFC 9000 section 14.1). */
#define QS_VERSION_PROBE_SIZE 1200

/* Sends one long header of a version that no one has (RFC 9000 section 15 keeps 0x?a?a?a?a free for it), padded to size
 * bytes, and waits for Version Negotiation: a server of any version answers so (RFC 9000 section 6.1), whatever else it
 * dislikes. It is sent once more half-way, and has the other half of the time, by the clock, to be answered in.
 *
 * stray: with it goes a datagram of so many bytes that looks like one of a connection that nobody knows, which a server may
 * answer with a stateless reset (RFC 9000 section 10.3), however small; 0: none does.
 *
 * pair: two such headers go out, one right behind the other, and once only; each has to be answered. */
void qs_version_probe_async (GSocketAddress *address, guint size, guint stray, gboolean pair, QsClock *clock,
                             guint timeout_ms, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* The versions listed, as guint32 (transfer full), greased ones too; none: it was a stateless reset that came. NULL with
 * G_IO_ERROR_TIMED_OUT, or as the socket says. */
GArray *qs_version_probe_finish (GAsyncResult *result, GError **error);

G_END_DECLS
