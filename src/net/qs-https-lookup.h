/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "trace/qs-trace.h"
#include "wire/qs-https-record.h"

G_BEGIN_DECLS

#define QS_HTTPS_LOOKUP_MS 1500 /* at most, all tries together */

/**
 * qs_https_lookup_async:
 * @host: a name; @port other than 443 is asked for as "_PORT._https.HOST" (RFC 9460 section 9.1)
 * @server: (nullable): the name server, "ADDRESS" or "ADDRESS:PORT" (IPv6 in brackets); NULL: those of the system
 *
 * Asks the DNS for a host's HTTPS records, in a thread, for QS_HTTPS_LOOKUP_MS at the most. Aliases (priority 0) are followed, at
 * most four; what they lead to stands behind them, with the target that it belongs to.
 */
void qs_https_lookup_async (const char *host, guint16 port, const char *server, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer data);
/* GPtrArray of QsHttpsRecord (transfer full), empty where there are none. NULL with G_IO_ERROR_CANCELLED, QS_ERROR_NETWORK
 * (no answer, or a refusal) or as qs_https_records_parse(). */
GPtrArray *qs_https_lookup_finish (GAsyncResult *result, GError **error);

/* Whether it makes sense to ask. server: as above; "": none is to be asked. by_hand: addresses of the host were given, so the DNS need
 * not know of it; then, and for names of this machine, only a server that was named is asked. */
gboolean qs_https_lookup_may_ask (const char *host, const char *server, gboolean by_hand);

/* Marks of kind QS_MARK_HTTPS_RECORD, now: what came of it. records: NULL: error says why there are none. */
void qs_https_lookup_note (QsTrace *trace, GPtrArray *records, const GError *error);

/* Whether server is one that can be asked. */
gboolean qs_https_lookup_server_is_valid (const char *server);

G_END_DECLS
