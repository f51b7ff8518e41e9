/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-probe.h"

G_BEGIN_DECLS

/* The edge table: IDLE -> RESOLVING -> CONNECTING -> HANDSHAKING -> ESTABLISHED -> CLOSING -> CLOSED, and any but
 * CLOSED -> FAILED. */
gboolean qs_connection_state_may_follow (QsConnectionState from, QsConnectionState to);

/* "ECONNREFUSED"; "errno 123" for those without a name here. Interned. */
const char *qs_errno_name (int error);

G_END_DECLS
