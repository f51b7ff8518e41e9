/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "server/qs-server.h"

G_BEGIN_DECLS

/**
 * QuicserveQlog: writes the trace of each QUIC connection when it has ended: the first one to the path as given, the
 * next ones with a number before the suffix ("trace-2.sqlog"). Packets are dissected and written in slices of the main
 * loop, so that other connections are served meanwhile.
 */
typedef struct _QuicserveQlog QuicserveQlog;

QuicserveQlog *quicserve_qlog_new (const char *path);
void quicserve_qlog_free (QuicserveQlog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuicserveQlog, quicserve_qlog_free)

/* The connection has ended. */
void quicserve_qlog_write (QuicserveQlog *self, QsServerConnection *connection);
/* Runs the main loop until all is written. FALSE when something could not be (it was said on standard error). */
gboolean quicserve_qlog_finish (QuicserveQlog *self);

G_END_DECLS
