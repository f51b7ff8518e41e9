/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

#include "base/qs-error.h"

G_BEGIN_DECLS

/**
 * QsThrowawayCa:
 *
 * A certificate authority that lives in memory for as long as the server does: a root, an
 * intermediate below it, and a second root that nobody is ever told about. All keys are EC P-256
 * unless a weak one is wanted. Nothing is written anywhere. Immutable, reference counted.
 */
typedef struct _QsThrowawayCa QsThrowawayCa;

/* What is wrong with a certificate, on purpose. */
typedef enum {
  QS_LEAF_GOOD,             /* leaf and intermediate are sent, the root is known */
  QS_LEAF_EXPIRED,          /* ended three days ago */
  QS_LEAF_NOT_YET_VALID,    /* begins in two days */
  QS_LEAF_WRONG_NAME,       /* for elsewhere.example, whatever names were asked for */
  QS_LEAF_SELF_SIGNED,      /* signed by its own key */
  QS_LEAF_UNKNOWN_CA,       /* below the second root */
  QS_LEAF_INCOMPLETE_CHAIN, /* the intermediate is left out of what is sent */
  QS_LEAF_OVERSIZED_CHAIN,  /* about 13 kB of it: more than three times a client's first flight */
  QS_LEAF_WEAK,             /* an RSA key of 1024 bits */
  QS_LEAF_CLIENT,           /* for a client: extended key usage clientAuth */
  QS_LEAF_NO_ALT_NAME,      /* its name stands in the subject alone */
  QS_LEAF_MUST_STAPLE,      /* must be sent with an OCSP answer, and none is there */
  QS_LEAF_STAPLED,          /* the same, with one */
  QS_LEAF_STALE_STAPLE,     /* with one that ran out two days ago */
  QS_LEAF_REVOKED_STAPLE,   /* with one that says that it was revoked */
  QS_LEAF_NO_SIGNATURES,    /* its key usage leaves out signatures */
  QS_LEAF_LONG_LIVED,       /* for three years */
  QS_LEAF_CA_EXPIRED,       /* below an intermediate that ended three days ago */
  QS_LEAF_CA_NOT_ALLOWED,   /* signed by another server's certificate */
  QS_LEAF_NAME_CONSTRAINTS, /* below an intermediate for corp.example alone */
  QS_LEAF_CHAIN_SURPLUS,    /* the root, signed by an older one and expired, is sent along */
  QS_N_LEAF_KINDS
} QsLeafKind;

/* A key with its certificate and what is sent along: reference counted, immutable. */
typedef struct _QsIdentity QsIdentity;

QsThrowawayCa *qs_throwaway_ca_new (GError **error);
QsThrowawayCa *qs_throwaway_ca_ref (QsThrowawayCa *self);
void qs_throwaway_ca_unref (QsThrowawayCa *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsThrowawayCa, qs_throwaway_ca_unref)

const char *qs_throwaway_ca_get_pem (QsThrowawayCa *self); /* the root's certificate alone */
X509 *qs_throwaway_ca_get_root (QsThrowawayCa *self);      /* (transfer none) */

/* names: DNS names and literal addresses (RFC 6125: the subject alternative name counts; the first one is
 * the common name too); NULL: localhost, 127.0.0.1, ::1. NULL with QS_ERROR_CRYPTO. */
QsIdentity *qs_throwaway_ca_issue (QsThrowawayCa *self, QsLeafKind kind, const char *const *names, GError **error);

QsIdentity *qs_identity_ref (QsIdentity *self);
void qs_identity_unref (QsIdentity *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsIdentity, qs_identity_unref)
EVP_PKEY *qs_identity_get_key (QsIdentity *self);           /* (transfer none) */
X509 *qs_identity_get_certificate (QsIdentity *self);       /* (transfer none) */
STACK_OF (X509) * qs_identity_get_chain (QsIdentity *self); /* (transfer none): sent after it, may be empty */
GBytes *qs_identity_get_staple (QsIdentity *self);          /* (transfer none): OCSP answer to staple; NULL: none */
/* Puts key, certificate and chain into a context that may have had others. */
gboolean qs_identity_use (QsIdentity *self, SSL_CTX *context);
char *qs_identity_to_pem (QsIdentity *self);     /* certificate and chain */
char *qs_identity_key_to_pem (QsIdentity *self); /* PKCS #8, not encrypted */

/* What libcrypto's error queue says, as QS_ERROR_CRYPTO behind the sentence; empties the queue. */
void qs_set_crypto_error (GError **error, const char *sentence);

G_END_DECLS
