/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "base/qs-error.h"

G_BEGIN_DECLS

/* A labelled value; texts escaped and translated. */
typedef struct {
  char *label;
  char *value;
  gboolean monospace; /* hex, keys, fingerprints */
  gboolean warning;   /* what a person should look at (expired, weak) */
} QsCertificateField;

typedef struct {
  char *title;       /* "Subject", "Validity", "Subject Alternative Name" … */
  GPtrArray *fields; /* QsCertificateField */
} QsCertificateSection;
QsCertificateSection *qs_certificate_section_new (const char *title);
/* Takes value. The field is the section's. */
QsCertificateField *qs_certificate_section_add (QsCertificateSection *section, const char *label, char *value);
void qs_certificate_section_free (QsCertificateSection *section);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsCertificateSection, qs_certificate_section_free)

/**
 * QsCertificate: one certificate, opened up. Reference counted, immutable.
 */
typedef struct _QsCertificate QsCertificate;

QsCertificate *qs_certificate_new_from_der (GBytes *der, GError **error);
QsCertificate *qs_certificate_ref (QsCertificate *self);
void qs_certificate_unref (QsCertificate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsCertificate, qs_certificate_unref)

const char *qs_certificate_get_subject (QsCertificate *self); /* RFC 4514 form, escaped */
const char *qs_certificate_get_issuer (QsCertificate *self);
const char *qs_certificate_get_common_name (QsCertificate *self); /* best short title; never NULL */
gint64 qs_certificate_get_not_before (QsCertificate *self);       /* seconds since 1970 */
gint64 qs_certificate_get_not_after (QsCertificate *self);
const char *const *qs_certificate_get_names (QsCertificate *self); /* DNS names and addresses of the SAN, escaped */
const char *qs_certificate_get_sha256 (QsCertificate *self);       /* lower-case hex */
gboolean qs_certificate_is_self_signed (QsCertificate *self);
gboolean qs_certificate_is_ca (QsCertificate *self);
const char *qs_certificate_get_key_description (QsCertificate *self); /* "EC P-256", "RSA 2048 bit" */
GPtrArray *qs_certificate_get_sections (QsCertificate *self);         /* (transfer none) QsCertificateSection */
/* The same with "expires in" counted from now_s instead of from this computer's clock (transfer full). */
GPtrArray *qs_certificate_dup_sections_at (QsCertificate *self, gint64 now_s);
GBytes *qs_certificate_get_der (QsCertificate *self);
char *qs_certificate_to_pem (QsCertificate *self);

/* Whether it was issued for this host name or address (RFC 6125). */
gboolean qs_certificate_is_for (QsCertificate *self, const char *host);
/* Whether the end of a chain that others built should be looked at: "RSA 1024 bit" or an MD5 or SHA-1 signature. */
gboolean qs_certificate_is_weak (QsCertificate *self);

/* The chain in a QS_MARK_CERTIFICATES mark's bytes, or of DER blobs: array of QsCertificate; what does
 * not parse is left out. */
GPtrArray *qs_certificate_chain_new (GPtrArray *ders);
GPtrArray *qs_certificate_ders_unpack (GBytes *packed); /* GBytes each; 4-byte big-endian lengths */
GBytes *qs_certificate_ders_pack (GPtrArray *ders);

/* What lies behind a verify result: several of X509_V_ERR_* share one cause, and one of them (20, no
 * issuer found) has two that need different cures. */
typedef enum {
  QS_VERIFY_OK,
  QS_VERIFY_UNKNOWN_CA,       /* complete, but ends in a CA that is not trusted */
  QS_VERIFY_SELF_SIGNED,      /* the server's certificate vouches for itself */
  QS_VERIFY_INCOMPLETE_CHAIN, /* the server left out a certificate between its own and the CA's */
  QS_VERIFY_EXPIRED,
  QS_VERIFY_NOT_YET_VALID,
  QS_VERIFY_NAME_MISMATCH,
  QS_VERIFY_REVOKED,
  QS_VERIFY_WEAK,
  QS_VERIFY_PURPOSE, /* not made for servers, not a CA, a path too long */
  QS_VERIFY_OTHER,
} QsVerifyCause;

/* chain: of QsCertificate as the server sent it, end entity first; may be NULL. */
QsVerifyCause qs_verify_cause (int code, GPtrArray *chain);

/* A verify result in words. code: X509_V_ERR_*. */
const char *qs_verify_name (int code); /* "X509_V_ERR_CERT_HAS_EXPIRED"; "X509_V_OK" */
char *qs_verify_sentence (int code, GPtrArray *chain, const char *host,
                          gint64 now_s); /* translated; with names, dates, by how much */

G_END_DECLS
