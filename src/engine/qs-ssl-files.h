/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <openssl/ssl.h>

G_BEGIN_DECLS

/* SSL_CTX_use_certificate_chain_file() and SSL_CTX_use_PrivateKey_file() for files that may be none: OpenSSL's own wait for a pipe and read a
 * device without end. FALSE with error where the file cannot be read (G_IO_ERROR, QS_ERROR_TOO_LARGE), and FALSE with *error NULL where OpenSSL
 * refuses what it holds: its error queue says why. PEM alone. A key with a password is asked for by the context's callback. */
gboolean qs_ssl_use_chain_file (SSL_CTX *context, const char *path, GError **error);
gboolean qs_ssl_use_key_file (SSL_CTX *context, const char *path, GError **error);

G_END_DECLS
