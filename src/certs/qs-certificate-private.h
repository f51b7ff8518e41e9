/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/x509.h>

#include "certs/qs-certificate.h"

G_BEGIN_DECLS

X509 *qs_certificate_get_x509 (QsCertificate *self);

/* RFC 4514 text in which no byte of the peer's can do harm; owned by the caller. */
char *qs_x509_name_text (const X509_NAME *name);
/* Seconds since 1970; FALSE where the time cannot be read. */
gboolean qs_asn1_time_to_unix (const ASN1_TIME *time, gint64 *seconds);
/* What a general name says without its kind, escaped; owned by the caller. */
char *qs_general_name_text (const void *general_name);
/* "EC P-256", "RSA 2048 bit", "Ed25519"; owned by the caller. */
char *qs_x509_key_text (X509 *x509);
/* Whether today's verifiers would call the key or the signature too weak. */
gboolean qs_x509_key_is_weak (X509 *x509);
gboolean qs_x509_signature_is_weak (X509 *x509);
/* "2026-11-21 10:30:00 UTC", or a word that it cannot be read; owned by the caller. */
char *qs_certs_time_text (gint64 seconds);
/* "3 days", "5 hours", "2 minutes": the largest unit alone; owned by the caller. */
char *qs_certs_span_text (gint64 seconds);

/* The sections that a certificate has, as seen at a given time. */
GPtrArray *qs_certificate_sections_new (QsCertificate *self, gint64 now_s);
/* scts: a STACK_OF (SCT). */
void qs_certificate_section_add_scts (QsCertificateSection *section, void *scts);
/* One section an extension, appended to sections. */
void qs_certificate_sections_add_extensions (GPtrArray *sections, X509 *x509);

G_END_DECLS
