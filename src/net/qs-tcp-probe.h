/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "base/qs-clock.h"

G_BEGIN_DECLS

/**
 * QsTcpAnswer: what TCP says on a port whose UDP side does not speak.
 *
 * @QS_TCP_SILENT: no answer to the SYN within the time given
 * @QS_TCP_REFUSED: a reset: nothing listens
 * @QS_TCP_UNREACHABLE: no route, or a router said so
 * @QS_TCP_OPEN: it listens, and says nothing to a ClientHello
 * @QS_TCP_TLS: it listens and answers with TLS
 * @QS_TCP_NOT_TLS: it listens and answers with something else, or hangs up
 */
typedef enum {
  QS_TCP_SILENT,
  QS_TCP_REFUSED,
  QS_TCP_UNREACHABLE,
  QS_TCP_OPEN,
  QS_TCP_TLS,
  QS_TCP_NOT_TLS,
} QsTcpAnswer;

/* "silent", "refused", "unreachable", "open", "tls", "not-tls": the name of a QS_MARK_TCP_PROBE mark. */
const char *qs_tcp_answer_name (QsTcpAnswer answer);
/* A translated sentence. */
const char *qs_tcp_answer_sentence (QsTcpAnswer answer);

/* Connects to the address, sends a ClientHello, looks at the first bytes of the answer and hangs up. Takes at
 * most timeout_ms by the clock for both together. host: for SNI, NULL for none. */
void qs_tcp_probe_async (GSocketAddress *address, const char *host, QsClock *clock, guint timeout_ms,
                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* FALSE only when cancelled. */
gboolean qs_tcp_probe_finish (GAsyncResult *result, QsTcpAnswer *answer, GError **error);

G_END_DECLS
