/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "wire/qs-scribe.h"
#include "wire/qs-tls.h"

G_BEGIN_DECLS

/* Parts that more than one field tree is made of. Each adds children to the scribe's parent. */

void qs_scribe_transport_parameters (QsScribe *scribe);

/* A block of extensions with its length: handshake_type says what kind of message it stands in,
 * hello_retry whether that is a HelloRetryRequest. */
void qs_scribe_tls_extensions (QsScribe *scribe, guint8 handshake_type, gboolean hello_retry);

/* A certificate in DER, to the scribe's end. */
void qs_scribe_certificate (QsScribe *scribe);

/* Names of two-byte values, as qs_scribe_named() wants them. */
const char *qs_scribe_tls_version_name (guint64 value);
const char *qs_scribe_tls_cipher_suite_name (guint64 value);
const char *qs_scribe_tls_signature_scheme_name (guint64 value);
const char *qs_scribe_tls_compression_name (guint64 value); /* of certificates, RFC 8879 */

G_END_DECLS
