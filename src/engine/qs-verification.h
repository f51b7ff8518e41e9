/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

G_BEGIN_DECLS

/**
 * QsVerification: whom a run takes for its server: the name or address that the certificate must be for, the CAs that
 * are trusted and their lists of revoked certificates. The one place that decides it, for a chain that a server shows and for
 * the one of a kept session alike. Immutable; any thread.
 */
typedef struct _QsVerification QsVerification;

#define QS_MOST_VERIFY_ERRORS 32

/* What came of it. */
typedef struct {
  int error; /* X509_V_OK, or the first error found, also where it was overruled */
  int depth; /* the certificate of the chain that was built that it is about, 0 for the server's own */
  /* All of them: OpenSSL stops at the first unless it is told to go on. */
  struct {
    int error, depth;
  } errors[QS_MOST_VERIFY_ERRORS];
  guint n_errors;
} QsVerdict;

/* host: a name without a dot at its end, or an address, whose zone is not looked at. store: taken over. insecure: errors
 * are found and overruled. */
QsVerification *qs_verification_new (const char *host, X509_STORE *store, gboolean insecure);
void qs_verification_free (QsVerification *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsVerification, qs_verification_free)

const char *qs_verification_get_host (QsVerification *self);
X509_STORE *qs_verification_get_store (QsVerification *self); /* borrowed */

/* Has ssl's handshake ask for it; FALSE where OpenSSL cannot. */
gboolean qs_verification_set_up (QsVerification *self, SSL *ssl);
/* To be called by the certificate verify callback; returns what that has to. */
int qs_verification_run (QsVerification *self, X509_STORE_CTX *context, QsVerdict *verdict);
/* The same for a chain, the server's own certificate first, that ssl's handshake would not see. Overrules nothing. */
QsVerdict qs_verification_judge (QsVerification *self, SSL *ssl, STACK_OF (X509) * chain);

G_END_DECLS
