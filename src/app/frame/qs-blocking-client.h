/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * qs_blocking_client_fetch:
 * @port: of a QUIC server on 127.0.0.1 that speaks hq-interop and is called localhost
 * @ca_file: whom it is trusted for
 * @bytes: (out): how long the answer was
 *
 * The client of OpenSSL's guide, step for step as it stands there: connects, asks for /, reads to the end. Each step
 * blocks the thread that calls, for a round trip at least: that is what the lesson is about. The engine is not used.
 *
 * Returns: FALSE with QS_ERROR_SSL and a translated sentence
 */
gboolean qs_blocking_client_fetch (guint port, const char *ca_file, gsize *bytes, GError **error);

G_END_DECLS
