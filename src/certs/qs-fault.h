/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "base/qs-span.h"
#include "certs/qs-certificate.h"

G_BEGIN_DECLS

/**
 * QsFaultKind: what can be wrong with a chain. Up to QS_FAULT_REFUSED in the order in which OpenSSL looks, which stops at the first;
 * behind it what OpenSSL accepts and stricter clients do not, or what is only worth knowing.
 */
typedef enum {
  QS_FAULT_UNKNOWN_CA,
  QS_FAULT_INCOMPLETE_CHAIN,
  QS_FAULT_SELF_SIGNED,
  QS_FAULT_CA_NOT_ALLOWED, /* who signed is no CA, or not one for this */
  QS_FAULT_PURPOSE,        /* the server's own certificate is not for servers */
  QS_FAULT_WEAK,
  QS_FAULT_NAME_MISMATCH,
  QS_FAULT_REVOKED,
  QS_FAULT_NOT_YET_VALID,
  QS_FAULT_CA_EXPIRED,
  QS_FAULT_EXPIRED,
  QS_FAULT_NAME_CONSTRAINTS,
  QS_FAULT_REFUSED, /* anything else that OpenSSL refuses */
  QS_FAULT_NO_ALTERNATIVE_NAME,
  QS_FAULT_MUST_STAPLE,
  QS_FAULT_STAPLE, /* an OCSP answer was stapled, and cannot be used */
  QS_FAULT_KEY_USAGE,
  QS_FAULT_KEY_USAGE_UNSAID, /* the same, where only Apple's clients mind */
  QS_FAULT_TRANSPARENCY,
  QS_FAULT_LIFETIME,
  QS_FAULT_SURPLUS,
  QS_N_FAULTS
} QsFaultKind;

/* One fault of one certificate. */
typedef struct {
  QsFaultKind kind;
  int place;      /* of that certificate in the chain as it was sent, from 0; -1: it was not among them */
  int code;       /* the X509_V_ERR_* that OpenSSL found; 0: found here */
  char *subject;  /* short name of that certificate, escaped; never NULL */
  char *sentence; /* translated, escaped: which certificate, and what of it */
} QsFault;

/* What a connection tells of its server's chain. */
typedef struct {
  GPtrArray *chain;  /* QsCertificate, as sent */
  const char *host;  /* name or address that was verified; NULL: not known */
  gint64 now_s;      /* seconds since 1970; of long ago: not known */
  int code;          /* X509_V_ERR_* that ended the verification, X509_V_OK; -1: not known */
  GBytes *record;    /* qs_verify_record's; NULL: none */
  gboolean accepted; /* the client went on */
  gboolean asked;    /* ClientHello asked for an OCSP answer, and what came with the certificate could be read */
  QsSpan staple;     /* OCSP answer; without bytes: none */
  QsSpan scts;       /* list of SCTs of a TLS extension; without bytes: none */
} QsChainFacts;

/* All faults, by kind: array of QsFault. */
GPtrArray *qs_chain_find_faults (const QsChainFacts *facts);
void qs_fault_free (QsFault *fault);

/* What a verification found, as the bytes of a QS_MARK_VERIFY: how many errors; of each the X509_V_ERR_* and the depth in
 * the chain that was built; then that chain as qs_certificate_ders_pack() does it. All numbers 4 bytes, big-endian. */
typedef struct {
  int error;
  int depth;
} QsVerifyError;
GArray *qs_verify_record_get_errors (GBytes *record);   /* QsVerifyError; empty where malformed */
GPtrArray *qs_verify_record_get_built (GBytes *record); /* QsCertificate; empty where malformed */

/* The OCSP answer that a server stapled (RFC 6066 section 8, RFC 6960), judged. */
typedef enum {
  QS_STAPLE_GOOD,
  QS_STAPLE_REVOKED,
  QS_STAPLE_UNKNOWN,  /* the responder does not know the certificate */
  QS_STAPLE_OLD,      /* of a time before now */
  QS_STAPLE_EARLY,    /* of a time after now */
  QS_STAPLE_OTHER,    /* it is about another certificate */
  QS_STAPLE_UNSIGNED, /* not by the CA, or not one that it charged with it */
  QS_STAPLE_REFUSED,  /* the responder gave an error for an answer */
  QS_STAPLE_MALFORMED,
} QsStapleStatus;

typedef struct {
  QsStapleStatus status;
  char *sentence;                /* translated */
  QsCertificateSection *section; /* what it says */
  guint n_scts;                  /* SCTs that it brings for the certificate (RFC 6962 section 3.3) */
  QsCertificateSection *scts;    /* the same as a section; NULL: none */
} QsStaple;

/* issuers: QsCertificate, among them the one that issued certificate; now_s as above. */
QsStaple *qs_staple_new (QsSpan bytes, QsCertificate *certificate, GPtrArray *issuers, gint64 now_s);
void qs_staple_free (QsStaple *staple);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QsStaple, qs_staple_free)

/* The SCTs of a TLS extension (RFC 6962 section 3.3) as a section; NULL: malformed. */
QsCertificateSection *qs_scts_section_new (QsSpan list);
guint qs_scts_count (QsSpan list); /* 0 where malformed */

/* Why a certificate is not for host, in words that help: translated. */
char *qs_name_mismatch_words (QsCertificate *certificate, const char *host);

G_END_DECLS
