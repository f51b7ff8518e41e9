/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <openssl/x509v3.h>
#include <string.h>

#include "base/qs-i18n.h"
#include "certs/qs-certificate-private.h"
#include "certs/qs-fault-private.h"

/* words: what is said where the cause has no sentence of its own that knows more (names, dates). */
static const struct {
  const char *name;
  QsVerifyCause cause;
  const char *words;
} results[] = {
  [X509_V_OK] = { "X509_V_OK", QS_VERIFY_OK, NULL },
  [X509_V_ERR_UNSPECIFIED] = { "X509_V_ERR_UNSPECIFIED", QS_VERIFY_OTHER,
                               N_ ("The certificate was refused for a reason that was not given.") },
  [X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT] = { "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT", QS_VERIFY_UNKNOWN_CA, NULL },
  [X509_V_ERR_UNABLE_TO_GET_CRL] = { "X509_V_ERR_UNABLE_TO_GET_CRL", QS_VERIFY_OTHER,
                                     N_ ("The revocation list of the certificate could not be had.") },
  [X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE] = { "X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE", QS_VERIFY_OTHER,
                                                    N_ ("The signature on a certificate cannot be read.") },
  [X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE] = { "X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE", QS_VERIFY_OTHER,
                                                   NULL },
  [X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY] = { "X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY", QS_VERIFY_OTHER,
                                                      N_ ("The public key of the issuing CA cannot be read.") },
  [X509_V_ERR_CERT_SIGNATURE_FAILURE] = { "X509_V_ERR_CERT_SIGNATURE_FAILURE", QS_VERIFY_OTHER,
                                          N_ ("The signature on a certificate of the chain is wrong: it was changed "
                                              "after it was signed, or another CA of the same name signed it.") },
  [X509_V_ERR_CRL_SIGNATURE_FAILURE] = { "X509_V_ERR_CRL_SIGNATURE_FAILURE", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_CERT_NOT_YET_VALID] = { "X509_V_ERR_CERT_NOT_YET_VALID", QS_VERIFY_NOT_YET_VALID, NULL },
  [X509_V_ERR_CERT_HAS_EXPIRED] = { "X509_V_ERR_CERT_HAS_EXPIRED", QS_VERIFY_EXPIRED, NULL },
  [X509_V_ERR_CRL_NOT_YET_VALID] = { "X509_V_ERR_CRL_NOT_YET_VALID", QS_VERIFY_OTHER,
                                     N_ ("The revocation list is dated in the future. Check the clock of this "
                                         "computer.") },
  [X509_V_ERR_CRL_HAS_EXPIRED] = { "X509_V_ERR_CRL_HAS_EXPIRED", QS_VERIFY_OTHER,
                                   N_ ("The revocation list has expired: it cannot tell whether the certificate still "
                                       "stands.") },
  [X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD] = { "X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD", QS_VERIFY_OTHER,
                                                  N_ ("The certificate says in an unreadable form when it begins to be "
                                                      "valid.") },
  [X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD] = { "X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD", QS_VERIFY_OTHER,
                                                 N_ ("The certificate says in an unreadable form when it expires.") },
  [X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD] = { "X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD] = { "X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_OUT_OF_MEM] = { "X509_V_ERR_OUT_OF_MEM", QS_VERIFY_OTHER,
                              N_ ("There was no memory left to verify the certificate.") },
  [X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT] = { "X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT", QS_VERIFY_SELF_SIGNED, NULL },
  [X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN] = { "X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN", QS_VERIFY_UNKNOWN_CA, NULL },
  [X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY] = { "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
                                                     QS_VERIFY_UNKNOWN_CA, NULL },
  [X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE] = { "X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE", QS_VERIFY_UNKNOWN_CA,
                                                   NULL },
  [X509_V_ERR_CERT_CHAIN_TOO_LONG] = { "X509_V_ERR_CERT_CHAIN_TOO_LONG", QS_VERIFY_OTHER,
                                       N_ ("The chain of certificates is longer than is allowed.") },
  [X509_V_ERR_CERT_REVOKED] = { "X509_V_ERR_CERT_REVOKED", QS_VERIFY_REVOKED, NULL },
  [X509_V_ERR_NO_ISSUER_PUBLIC_KEY] = { "X509_V_ERR_NO_ISSUER_PUBLIC_KEY", QS_VERIFY_OTHER,
                                        N_ ("The issuing CA has no public key that can be used.") },
  [X509_V_ERR_PATH_LENGTH_EXCEEDED] = { "X509_V_ERR_PATH_LENGTH_EXCEEDED", QS_VERIFY_PURPOSE,
                                        N_ ("A CA of the chain may not have so many CAs below it.") },
  [X509_V_ERR_INVALID_PURPOSE] = { "X509_V_ERR_INVALID_PURPOSE", QS_VERIFY_PURPOSE,
                                   N_ ("The certificate was not made for TLS servers: its key usage does not allow "
                                       "it.") },
  [X509_V_ERR_CERT_UNTRUSTED] = { "X509_V_ERR_CERT_UNTRUSTED", QS_VERIFY_UNKNOWN_CA,
                                  N_ ("The CA at the end of the chain is known, but it is not trusted for TLS "
                                      "servers.") },
  [X509_V_ERR_CERT_REJECTED] = { "X509_V_ERR_CERT_REJECTED", QS_VERIFY_PURPOSE,
                                 N_ ("The CA at the end of the chain is marked as one to refuse for TLS servers.") },
  [X509_V_ERR_SUBJECT_ISSUER_MISMATCH] = { "X509_V_ERR_SUBJECT_ISSUER_MISMATCH", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_AKID_SKID_MISMATCH] = { "X509_V_ERR_AKID_SKID_MISMATCH", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH] = { "X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_KEYUSAGE_NO_CERTSIGN] = { "X509_V_ERR_KEYUSAGE_NO_CERTSIGN", QS_VERIFY_PURPOSE,
                                        N_ ("A certificate of the chain signed another one, and its key usage does not "
                                            "allow that.") },
  [X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER] = { "X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION] = { "X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION", QS_VERIFY_OTHER,
                                                N_ ("The certificate has a critical extension that this program does "
                                                    "not know, and so must refuse.") },
  [X509_V_ERR_KEYUSAGE_NO_CRL_SIGN] = { "X509_V_ERR_KEYUSAGE_NO_CRL_SIGN", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION] = { "X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION", QS_VERIFY_OTHER,
                                                    NULL },
  [X509_V_ERR_INVALID_NON_CA] = { "X509_V_ERR_INVALID_NON_CA", QS_VERIFY_PURPOSE,
                                  N_ ("A certificate of the chain says that it is a CA where none may stand.") },
  [X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED] = { "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE] = { "X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE", QS_VERIFY_PURPOSE,
                                                 N_ ("The key usage of the certificate does not allow signatures, "
                                                     "which TLS 1.3 needs.") },
  [X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED] = { "X509_V_ERR_PROXY_CERTIFICATES_NOT_ALLOWED", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_INVALID_EXTENSION] = { "X509_V_ERR_INVALID_EXTENSION", QS_VERIFY_OTHER,
                                     N_ ("An extension of the certificate is malformed.") },
  [X509_V_ERR_INVALID_POLICY_EXTENSION] = { "X509_V_ERR_INVALID_POLICY_EXTENSION", QS_VERIFY_OTHER,
                                            N_ ("A policy extension of the certificate is malformed.") },
  [X509_V_ERR_NO_EXPLICIT_POLICY] = { "X509_V_ERR_NO_EXPLICIT_POLICY", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_DIFFERENT_CRL_SCOPE] = { "X509_V_ERR_DIFFERENT_CRL_SCOPE", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE] = { "X509_V_ERR_UNSUPPORTED_EXTENSION_FEATURE", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_UNNESTED_RESOURCE] = { "X509_V_ERR_UNNESTED_RESOURCE", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_PERMITTED_VIOLATION] = { "X509_V_ERR_PERMITTED_VIOLATION", QS_VERIFY_OTHER,
                                       N_ ("The CA may not sign for this name: its name constraints permit others "
                                           "only.") },
  [X509_V_ERR_EXCLUDED_VIOLATION] = { "X509_V_ERR_EXCLUDED_VIOLATION", QS_VERIFY_OTHER,
                                      N_ ("The CA may not sign for this name: its name constraints exclude it.") },
  [X509_V_ERR_SUBTREE_MINMAX] = { "X509_V_ERR_SUBTREE_MINMAX", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_APPLICATION_VERIFICATION] = { "X509_V_ERR_APPLICATION_VERIFICATION", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE] = { "X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX] = { "X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_UNSUPPORTED_NAME_SYNTAX] = { "X509_V_ERR_UNSUPPORTED_NAME_SYNTAX", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_CRL_PATH_VALIDATION_ERROR] = { "X509_V_ERR_CRL_PATH_VALIDATION_ERROR", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_PATH_LOOP] = { "X509_V_ERR_PATH_LOOP", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_SUITE_B_INVALID_VERSION] = { "X509_V_ERR_SUITE_B_INVALID_VERSION", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_SUITE_B_INVALID_ALGORITHM] = { "X509_V_ERR_SUITE_B_INVALID_ALGORITHM", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_SUITE_B_INVALID_CURVE] = { "X509_V_ERR_SUITE_B_INVALID_CURVE", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_SUITE_B_INVALID_SIGNATURE_ALGORITHM] = { "X509_V_ERR_SUITE_B_INVALID_SIGNATURE_ALGORITHM",
                                                       QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_SUITE_B_LOS_NOT_ALLOWED] = { "X509_V_ERR_SUITE_B_LOS_NOT_ALLOWED", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_SUITE_B_CANNOT_SIGN_P_384_WITH_P_256] = { "X509_V_ERR_SUITE_B_CANNOT_SIGN_P_384_WITH_P_256",
                                                        QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_HOSTNAME_MISMATCH] = { "X509_V_ERR_HOSTNAME_MISMATCH", QS_VERIFY_NAME_MISMATCH, NULL },
  [X509_V_ERR_EMAIL_MISMATCH] = { "X509_V_ERR_EMAIL_MISMATCH", QS_VERIFY_NAME_MISMATCH, NULL },
  [X509_V_ERR_IP_ADDRESS_MISMATCH] = { "X509_V_ERR_IP_ADDRESS_MISMATCH", QS_VERIFY_NAME_MISMATCH, NULL },
  [X509_V_ERR_DANE_NO_MATCH] = { "X509_V_ERR_DANE_NO_MATCH", QS_VERIFY_OTHER,
                                 N_ ("The certificate fits none of the DANE records of the name.") },
  [X509_V_ERR_EE_KEY_TOO_SMALL] = { "X509_V_ERR_EE_KEY_TOO_SMALL", QS_VERIFY_WEAK,
                                    N_ ("The key of the certificate is too small to be trusted.") },
  [X509_V_ERR_CA_KEY_TOO_SMALL] = { "X509_V_ERR_CA_KEY_TOO_SMALL", QS_VERIFY_WEAK,
                                    N_ ("The key of a CA in the chain is too small to be trusted.") },
  [X509_V_ERR_CA_MD_TOO_WEAK] = { "X509_V_ERR_CA_MD_TOO_WEAK", QS_VERIFY_WEAK,
                                  N_ ("A signature in the chain uses a hash that can be forged (MD5 or SHA-1).") },
  [X509_V_ERR_INVALID_CALL] = { "X509_V_ERR_INVALID_CALL", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_STORE_LOOKUP] = { "X509_V_ERR_STORE_LOOKUP", QS_VERIFY_OTHER,
                                N_ ("The store of trusted CAs could not be read.") },
  [X509_V_ERR_NO_VALID_SCTS] = { "X509_V_ERR_NO_VALID_SCTS", QS_VERIFY_OTHER,
                                 N_ ("The certificate has no valid proof that it was logged publicly (certificate "
                                     "transparency).") },
  [X509_V_ERR_PROXY_SUBJECT_NAME_VIOLATION] = { "X509_V_ERR_PROXY_SUBJECT_NAME_VIOLATION", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_OCSP_VERIFY_NEEDED] = { "X509_V_ERR_OCSP_VERIFY_NEEDED", QS_VERIFY_OTHER,
                                      N_ ("The certificate must be checked by OCSP, and no answer came.") },
  [X509_V_ERR_OCSP_VERIFY_FAILED] = { "X509_V_ERR_OCSP_VERIFY_FAILED", QS_VERIFY_OTHER,
                                      N_ ("The OCSP answer about the certificate could not be verified.") },
  [X509_V_ERR_OCSP_CERT_UNKNOWN] = { "X509_V_ERR_OCSP_CERT_UNKNOWN", QS_VERIFY_OTHER,
                                     N_ ("The OCSP responder of the CA does not know this certificate.") },
  [X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM] = { "X509_V_ERR_UNSUPPORTED_SIGNATURE_ALGORITHM", QS_VERIFY_OTHER,
                                                   N_ ("The certificate is signed by an algorithm that this program "
                                                       "does not know.") },
  [X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH] = { "X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH", QS_VERIFY_OTHER,
                                                N_ ("The algorithm of a signature does not fit the key of the CA that "
                                                    "made it.") },
  [X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY] = { "X509_V_ERR_SIGNATURE_ALGORITHM_INCONSISTENCY", QS_VERIFY_OTHER,
                                                     N_ ("The certificate names two different algorithms for its one "
                                                         "signature.") },
  [X509_V_ERR_INVALID_CA] = { "X509_V_ERR_INVALID_CA", QS_VERIFY_PURPOSE,
                              N_ ("A certificate of the chain signed another one, and it is not a CA.") },
  [X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA] = { "X509_V_ERR_PATHLEN_INVALID_FOR_NON_CA", QS_VERIFY_PURPOSE,
                                              N_ ("A certificate that is no CA limits the CAs below it, which is "
                                                  "contradictory.") },
  [X509_V_ERR_PATHLEN_WITHOUT_KU_KEY_CERT_SIGN] = { "X509_V_ERR_PATHLEN_WITHOUT_KU_KEY_CERT_SIGN", QS_VERIFY_OTHER,
                                                    NULL },
  [X509_V_ERR_KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA] = { "X509_V_ERR_KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA",
                                                       QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_ISSUER_NAME_EMPTY] = { "X509_V_ERR_ISSUER_NAME_EMPTY", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_SUBJECT_NAME_EMPTY] = { "X509_V_ERR_SUBJECT_NAME_EMPTY", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER] = { "X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER", QS_VERIFY_OTHER,
                                                    NULL },
  [X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER] = { "X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_EMPTY_SUBJECT_ALT_NAME] = { "X509_V_ERR_EMPTY_SUBJECT_ALT_NAME", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_EMPTY_SUBJECT_SAN_NOT_CRITICAL] = { "X509_V_ERR_EMPTY_SUBJECT_SAN_NOT_CRITICAL", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_CA_BCONS_NOT_CRITICAL] = { "X509_V_ERR_CA_BCONS_NOT_CRITICAL", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_AUTHORITY_KEY_IDENTIFIER_CRITICAL] = { "X509_V_ERR_AUTHORITY_KEY_IDENTIFIER_CRITICAL", QS_VERIFY_OTHER,
                                                     NULL },
  [X509_V_ERR_SUBJECT_KEY_IDENTIFIER_CRITICAL] = { "X509_V_ERR_SUBJECT_KEY_IDENTIFIER_CRITICAL", QS_VERIFY_OTHER,
                                                   NULL },
  [X509_V_ERR_CA_CERT_MISSING_KEY_USAGE] = { "X509_V_ERR_CA_CERT_MISSING_KEY_USAGE", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3] = { "X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3", QS_VERIFY_OTHER, NULL },
  [X509_V_ERR_EC_KEY_EXPLICIT_PARAMS] = { "X509_V_ERR_EC_KEY_EXPLICIT_PARAMS", QS_VERIFY_OTHER,
                                          N_ ("A key of the chain describes its own elliptic curve, which is not "
                                              "allowed.") },
  [X509_V_ERR_RPK_UNTRUSTED] = { "X509_V_ERR_RPK_UNTRUSTED", QS_VERIFY_OTHER,
                                 N_ ("The server sent a bare public key that is not among the expected ones.") },
};

typedef struct {
  int code;
  GPtrArray *chain;
  const char *host;
  gint64 now;
} Verify;

const char *
qs_verify_name (int code)
{
  if (code < 0 || code >= (int) G_N_ELEMENTS (results) || results[code].name == NULL)
    return "X509_V_ERR_UNSPECIFIED";
  return results[code].name;
}

static QsCertificate *
find_issuer (GPtrArray *chain, QsCertificate *certificate)
{
  for (guint i = 0; i < chain->len; i++)
    {
      QsCertificate *other = chain->pdata[i];
      X509 *x509 = qs_certificate_get_x509 (certificate), *above = qs_certificate_get_x509 (other);
      /* The name and the key identifier, which may be missing, are no signature. */
      if (other != certificate && X509_check_issued (above, x509) == X509_V_OK &&
          X509_verify (x509, X509_get0_pubkey (above)) == 1)
        return other;
    }
  return NULL;
}

/* The last certificate on the way up from the server's own, by what it sent itself. */
static QsCertificate *
walk_to_top (GPtrArray *chain)
{
  QsCertificate *top = chain->pdata[0];

  for (guint steps = 0; steps < chain->len && !qs_certificate_is_self_signed (top); steps++)
    {
      QsCertificate *issuer = find_issuer (chain, top);
      if (issuer == NULL)
        break;
      top = issuer;
    }
  return top;
}

char *
qs_certificate_dup_issuer_url (QsCertificate *certificate)
{
  AUTHORITY_INFO_ACCESS *access = X509_get_ext_d2i (qs_certificate_get_x509 (certificate), NID_info_access, NULL, NULL);
  char *url = NULL;

  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num (access) && url == NULL; i++)
    {
      const ACCESS_DESCRIPTION *description = sk_ACCESS_DESCRIPTION_value (access, i);
      if (OBJ_obj2nid (description->method) == NID_ad_ca_issuers)
        url = qs_general_name_text (description->location);
    }
  AUTHORITY_INFO_ACCESS_free (access);
  return url;
}

static gboolean
names_ca_issuers (QsCertificate *certificate)
{
  g_autofree char *url = qs_certificate_dup_issuer_url (certificate);

  return url != NULL;
}

/* A certificate that was sent, has the name of the issuer, and did not sign: as after a CA got a new key. */
static QsCertificate *
find_namesake (GPtrArray *chain, QsCertificate *certificate)
{
  X509 *x509 = qs_certificate_get_x509 (certificate);

  for (guint i = 0; i < chain->len; i++)
    {
      QsCertificate *other = chain->pdata[i];
      if (other != certificate && !qs_certificate_is_self_signed (other) &&
          X509_NAME_cmp (X509_get_subject_name (qs_certificate_get_x509 (other)), X509_get_issuer_name (x509)) == 0)
        return other;
    }
  return NULL;
}

/* The authority key identifier may name the issuer's own issuer: another name than the issuer's tells an
 * intermediate CA from a root. */
static gboolean
issuer_has_an_issuer (X509 *x509)
{
  AUTHORITY_KEYID *id = X509_get_ext_d2i (x509, NID_authority_key_identifier, NULL, NULL);
  gboolean other = FALSE;

  for (int i = 0; id != NULL && i < sk_GENERAL_NAME_num (id->issuer); i++)
    {
      const GENERAL_NAME *name = sk_GENERAL_NAME_value (id->issuer, i);
      other |= name->type == GEN_DIRNAME && X509_NAME_cmp (name->d.directoryName, X509_get_issuer_name (x509)) != 0;
    }
  AUTHORITY_KEYID_free (id);
  return other;
}

static gboolean
text_has_one_of (const char *text, const char *const *words)
{
  g_autofree char *lower = g_utf8_strdown (text, -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      if (strstr (lower, words[i]) != NULL)
        return TRUE;
    }
  return FALSE;
}

/* A chain that ends below a missing issuer looks the same whether that issuer is an unknown root or an
 * intermediate CA that the server forgot to send (RFC 9846 section 4.5.1 lets it leave out the root alone).
 * What the top certificate says of its issuer decides. */
static gboolean
misses_an_intermediate (GPtrArray *chain)
{
  static const char *const root_words[] = { "root", NULL };
  static const char *const middle_words[] = { "intermediate", "issuing",     "sub ca", "subca",
                                              "sub-ca",       "subordinate", NULL };

  if (chain == NULL || chain->len == 0)
    return FALSE;
  QsCertificate *top = walk_to_top (chain);
  const char *issuer = qs_certificate_get_issuer (top);
  if (qs_certificate_is_self_signed (top))
    return FALSE;
  if (find_namesake (chain, top) != NULL || issuer_has_an_issuer (qs_certificate_get_x509 (top)) ||
      text_has_one_of (issuer, middle_words))
    return TRUE;
  if (text_has_one_of (issuer, root_words))
    return FALSE;
  /* Public CAs never sign servers by a root, and say where the intermediate's certificate lies; above the
   * server's own certificate the same extension points to the root. */
  return top == chain->pdata[0] && names_ca_issuers (top);
}

QsVerifyCause
qs_verify_cause (int code, GPtrArray *chain)
{
  if (code < 0 || code >= (int) G_N_ELEMENTS (results))
    return QS_VERIFY_OTHER;

  switch (code)
    {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return misses_an_intermediate (chain) ? QS_VERIFY_INCOMPLETE_CHAIN : QS_VERIFY_UNKNOWN_CA;
    default:
      return results[code].cause;
    }
}

static QsCertificate *
leaf_of (const Verify *verify)
{
  return verify->chain != NULL && verify->chain->len > 0 ? verify->chain->pdata[0] : NULL;
}

static char *
say_unknown_ca (const Verify *verify)
{
  if (leaf_of (verify) == NULL)
    return g_strdup (_ ("The certificate comes from a CA that is not among the trusted ones."));

  QsCertificate *top = walk_to_top (verify->chain);
  if (verify->code == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN)
    return g_strdup_printf (_ ("The chain is complete and ends in the CA “%s”, which the server sent along itself and "
                               "which is not among the trusted ones."),
                            qs_certificate_get_common_name (top));
  return g_strdup_printf (_ ("The certificate of “%s” was issued by “%s”, and no trusted CA has that name and key."),
                          qs_certificate_get_common_name (top), qs_certificate_get_issuer (top));
}

static char *
say_self_signed (const Verify *verify)
{
  QsCertificate *leaf = leaf_of (verify);

  if (leaf == NULL)
    return g_strdup (_ ("The server's certificate is self-signed: it vouches for itself, no CA does."));
  return g_strdup_printf (_ ("The certificate of “%s” is self-signed: it vouches for itself, no CA does."),
                          qs_certificate_get_common_name (leaf));
}

/* That it was not fetched: the name of a server that only a certificate mentions is nothing to connect to unasked. */
static char *
say_where_to_get_it (QsCertificate *certificate)
{
  g_autofree char *url = qs_certificate_dup_issuer_url (certificate);

  if (url == NULL)
    return g_strdup ("");
  return g_strdup_printf (_ (" The certificate says that its issuer's can be had at %s; it was not fetched."), url);
}

static char *
say_incomplete (const Verify *verify)
{
  QsCertificate *top = walk_to_top (verify->chain);
  const char *issuer = qs_certificate_get_issuer (top), *name = qs_certificate_get_common_name (top);
  g_autofree char *where = say_where_to_get_it (top);
  g_autofree char *first = NULL;

  if (find_namesake (verify->chain, top) != NULL)
    first = g_strdup_printf (
        _ ("The server sent a certificate of the name “%s”, and its key did not sign the one of “%s”: the "
           "CA has several keys, and the certificate with the right one is missing."),
        issuer, name);
  else
    first =
        g_strdup_printf (ngettext ("The server sent %u certificate, and the one of the intermediate CA “%s”, which "
                                   "issued the one of “%s”, is missing from it.",
                                   "The server sent %u certificates, and the one of the intermediate CA “%s”, which "
                                   "issued the one of “%s”, is missing from them.",
                                   verify->chain->len),
                         verify->chain->len, issuer, name);
  return g_strconcat (first, where, NULL);
}

/* Which certificate of the chain it is: the verifier names a code alone. */
static QsCertificate *
find_outside_validity (const Verify *verify, gboolean early)
{
  for (guint i = 0; verify->chain != NULL && i < verify->chain->len; i++)
    {
      QsCertificate *certificate = verify->chain->pdata[i];
      if (early ? verify->now < qs_certificate_get_not_before (certificate)
                : verify->now > qs_certificate_get_not_after (certificate))
        return certificate;
    }
  return NULL;
}

static char *
say_expired (const Verify *verify)
{
  QsCertificate *certificate = find_outside_validity (verify, FALSE);

  if (certificate == NULL)
    return g_strdup (_ ("A trusted CA's certificate in the chain has expired."));
  g_autofree char *ago = qs_certs_span_text (verify->now - qs_certificate_get_not_after (certificate));
  g_autofree char *then = qs_certs_time_text (qs_certificate_get_not_after (certificate));
  g_autofree char *now = qs_certs_time_text (verify->now);
  return g_strdup_printf (
      _ ("The certificate of “%s” expired %s ago, on %s; at the time of this connection the clock said %s."),
      qs_certificate_get_common_name (certificate), ago, then, now);
}

static char *
say_not_yet_valid (const Verify *verify)
{
  QsCertificate *certificate = find_outside_validity (verify, TRUE);

  if (certificate == NULL)
    return g_strdup (_ ("A trusted CA's certificate in the chain is not valid yet."));
  g_autofree char *wait = qs_certs_span_text (qs_certificate_get_not_before (certificate) - verify->now);
  g_autofree char *then = qs_certs_time_text (qs_certificate_get_not_before (certificate));
  g_autofree char *now = qs_certs_time_text (verify->now);
  return g_strdup_printf (
      _ ("The certificate of “%s” becomes valid only in %s, on %s; at the time of this connection the clock said %s."),
      qs_certificate_get_common_name (certificate), wait, then, now);
}

static char *
say_name_mismatch (const Verify *verify)
{
  QsCertificate *leaf = leaf_of (verify);
  const char *host = verify->host != NULL ? verify->host : _ ("the host that was asked for");

  if (leaf == NULL)
    return g_strdup_printf (_ ("The certificate is not for “%s”."), host);
  return qs_name_mismatch_words (leaf, host);
}

static char *
say_revoked (const Verify *verify)
{
  QsCertificate *leaf = leaf_of (verify);

  if (leaf == NULL)
    return g_strdup (_ ("The CA has revoked a certificate of the chain."));
  return g_strdup_printf (_ ("The CA “%s” has revoked a certificate of the chain of “%s”."),
                          qs_certificate_get_issuer (leaf), qs_certificate_get_common_name (leaf));
}

static char *
say_weak (const Verify *verify)
{
  for (guint i = 0; verify->chain != NULL && i < verify->chain->len; i++)
    {
      QsCertificate *certificate = verify->chain->pdata[i];
      if (qs_certificate_is_weak (certificate))
        return g_strdup_printf (_ ("%s It is the certificate of “%s” (key: %s)."), _ (results[verify->code].words),
                                qs_certificate_get_common_name (certificate),
                                qs_certificate_get_key_description (certificate));
    }
  return g_strdup (_ (results[verify->code].words));
}

static char *(*const sayings[]) (const Verify *verify) = {
  [QS_VERIFY_UNKNOWN_CA] = say_unknown_ca,
  [QS_VERIFY_SELF_SIGNED] = say_self_signed,
  [QS_VERIFY_INCOMPLETE_CHAIN] = say_incomplete,
  [QS_VERIFY_EXPIRED] = say_expired,
  [QS_VERIFY_NOT_YET_VALID] = say_not_yet_valid,
  [QS_VERIFY_NAME_MISMATCH] = say_name_mismatch,
  [QS_VERIFY_REVOKED] = say_revoked,
  [QS_VERIFY_WEAK] = say_weak,
  [QS_VERIFY_OTHER] = NULL,
};

char *
qs_verify_sentence (int code, GPtrArray *chain, const char *host, gint64 now_s)
{
  Verify verify = { code, chain, host, now_s };
  QsVerifyCause cause = qs_verify_cause (code, chain);

  if (cause == QS_VERIFY_OK)
    return g_strdup (_ ("The certificate is valid for this host and comes from a trusted CA."));
  if (sayings[cause] != NULL)
    return sayings[cause](&verify);
  if (code >= 0 && code < (int) G_N_ELEMENTS (results) && results[code].words != NULL)
    return g_strdup (_ (results[code].words));
  return g_strdup_printf (_ ("The certificate was refused (%s)."), qs_verify_name (code));
}
