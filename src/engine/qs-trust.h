/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <openssl/x509.h>

#include "base/qs-error.h"

G_BEGIN_DECLS

/**
 * The system's trust store, read once for all runs: to parse its hundred and more certificates takes some 10 ms, longer than the main
 * loop may be held. It is read anew when its file or SSL_CERT_FILE and SSL_CERT_DIR have changed. Any thread.
 */
X509_STORE *qs_trust_dup_system (void); /* up-referenced; empty on a machine that trusts nobody */

/* (transfer full): of the CAs of this PEM file and no others, with the lists of revoked certificates in it; "": nobody's.
 * The one that was read last is read anew only when it has changed.
 * NULL with QS_ERROR_SSL: a translated sentence that says what to do. */
X509_STORE *qs_trust_load (const char *path, GError **error);

/* Reads it in a thread of its own, before it is wanted; end with qs_trust_finish_preload(), before the process does. One thread. */
void qs_trust_preload (void);
void qs_trust_finish_preload (void);

/* Whose TLS and QUIC it is, with its version: "OpenSSL 3.5.7 …". */
const char *qs_trust_get_library (void);

G_END_DECLS
