/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/qs-ssl-io.h"

G_BEGIN_DECLS

/* What either end notes in its trace of a handshake that is done and of how a connection ended, so that both views of one
 * connection say it in the same words. */

/* name: as qs_trace_get_fact() finds it; value: valid during the call, what came from the peer escaped. */
typedef void (*QsFactFunc) (const char *name, const char *value, gpointer data);

/* What TLS agreed on, "tls.version" first; what there is none of (a group in a resumption without one, ALPN) is left out. A
 * server tells besides which name was asked for. */
void qs_outcome_foreach_fact (SSL *ssl, QsFactFunc func, gpointer data);

/* Its text is the reason, escaped, NULL where none was given; its bytes the reason as it came. */
QsMark qs_outcome_make_close_mark (const QsSslClose *close);

G_END_DECLS
