/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define QS_ERROR (qs_error_quark ())

/**
 * QsError:
 * @QS_ERROR_INVALID_TARGET: a target or an option that cannot be understood
 * @QS_ERROR_PARSE: bytes that do not follow their format
 * @QS_ERROR_TRUNCATED: bytes that end before their format does
 * @QS_ERROR_UNSUPPORTED: a format or feature that is known and not handled
 * @QS_ERROR_CRYPTO: libcrypto refused (keys, certificates)
 * @QS_ERROR_SSL: libssl refused
 * @QS_ERROR_NETWORK: the network refused (socket, bind, resolve)
 * @QS_ERROR_TOO_LARGE: a bound was met
 * @QS_ERROR_FAILED: anything else
 */
typedef enum {
  QS_ERROR_INVALID_TARGET,
  QS_ERROR_PARSE,
  QS_ERROR_TRUNCATED,
  QS_ERROR_UNSUPPORTED,
  QS_ERROR_CRYPTO,
  QS_ERROR_SSL,
  QS_ERROR_NETWORK,
  QS_ERROR_TOO_LARGE,
  QS_ERROR_FAILED,
} QsError;

GQuark qs_error_quark (void);

/* There was no memory for something that OpenSSL makes (GLib's own ends the program). Always FALSE. */
gboolean qs_error_set_no_memory (GError **error);

G_END_DECLS
