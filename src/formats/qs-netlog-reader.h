/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "formats/qs-input.h"

G_BEGIN_DECLS

/* Chromium's net-export log (chrome://net-export, --log-net-log): JSON whose first member is "constants". */
gboolean qs_netlog_is (const guint8 *start, gsize length);
/**
 * qs_netlog_read:
 *
 * Each QUIC session and each TCP socket with TLS becomes a trace of the client's side: of QUIC with packets and frames as a qlog's,
 * of TLS with a packet for each message, alert and piece of data. A log that ends in the middle is read as far as it goes,
 * and each trace says so.
 *
 * Returns: (transfer container): QsTrace in the order of their beginnings, or NULL with error
 */
GPtrArray *qs_netlog_read (QsInput *input, GError **error);

G_END_DECLS
