/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test-certificate.h"

#include <glib.h>
#include <openssl/x509v3.h>

void
test_use_certificate (SSL_CTX *ctx)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");
  X509 *certificate = X509_new ();

  X509_set_version (certificate, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (certificate), 1);
  X509_gmtime_adj (X509_getm_notBefore (certificate), -3600);
  X509_gmtime_adj (X509_getm_notAfter (certificate), 3600);
  X509_NAME_add_entry_by_txt (X509_get_subject_name (certificate), "CN", MBSTRING_ASC, (const guint8 *) "localhost", -1,
                              -1, 0);
  X509_set_issuer_name (certificate, X509_get_subject_name (certificate));
  X509_set_pubkey (certificate, key);
  g_assert_cmpint (X509_sign (certificate, key, EVP_sha256 ()), >, 0);
  g_assert_cmpint (SSL_CTX_use_certificate (ctx, certificate), ==, 1);
  g_assert_cmpint (SSL_CTX_use_PrivateKey (ctx, key), ==, 1);
  X509_free (certificate);
  EVP_PKEY_free (key);
}
