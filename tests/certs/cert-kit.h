/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "certs/qs-certificate.h"

/* Certificates made to order for tests: what a test wants to be told is written in one line. */
typedef struct _Kit Kit;

typedef struct {
  const char *subject; /* common name; "" for none */
  const char *organization;
  const Kit *issuer; /* NULL: self-signed */
  const Kit *key_of; /* has the same key as this one; NULL: one of its own */
  gint64 not_before; /* seconds since 1970; both 0: 2020 to 2120 */
  gint64 not_after;
  guint rsa_bits;                /* 0: EC P-256 */
  const char *digest;            /* NULL: SHA256 */
  const char *const *extensions; /* name, value pairs as in openssl.cnf, NULL at the end */
} KitSpec;

Kit *kit_new (const KitSpec *spec);
void kit_free (Kit *kit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Kit, kit_free)
GBytes *kit_dup_der (const Kit *kit);
/* Array of QsCertificate of the kits given, NULL at the end. */
GPtrArray *kit_chain (const Kit *first, ...) G_GNUC_NULL_TERMINATED;
/* The same as a QS_MARK_CERTIFICATES mark holds it. */
GBytes *kit_pack (const Kit *first, ...) G_GNUC_NULL_TERMINATED;
/* Owned by the caller. */
char *kit_dup_pem (const Kit *kit);
char *kit_dup_key_pem (const Kit *kit);
/* The issuer's list of revoked certificates, with this one on it (NULL: empty), PEM; lasts to 2120. */
char *kit_revoke (const Kit *issuer, const Kit *revoked);
