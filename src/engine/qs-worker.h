/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-connection.h"

G_BEGIN_DECLS

/* A thread for a connection that blocks. Nobody waits for it while the program runs; at exit its connection is aborted
 * and it is waited for, as OpenSSL's own cleanup at exit would else take away what it still works with. */
void qs_worker_start (QsConnection *connection, void (*func) (QsConnection *connection));

G_END_DECLS
