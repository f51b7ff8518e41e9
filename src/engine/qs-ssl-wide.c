/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/qs-ssl-wide.h"

/* A ? before a name passes it over where it is not known. */
static const char groups[] =
    "DEFAULT:?ffdhe4096:?ffdhe6144:?ffdhe8192:?brainpoolP256r1tls13:?brainpoolP384r1tls13:?brainpoolP512r1tls13:"
    "?SecP256r1MLKEM768:?SecP384r1MLKEM1024:?MLKEM512:?MLKEM768:?MLKEM1024:?brainpoolP256r1:?brainpoolP384r1:"
    "?brainpoolP512r1:?secp256k1:?secp224r1:?secp192r1";

static const char suites[] = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"
                             "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256";
static const char old_suites[] = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";

static const char signatures[] =
    "?ecdsa_secp256r1_sha256:?ecdsa_secp384r1_sha384:?ecdsa_secp521r1_sha512:?ed25519:?ed448:"
    "?ecdsa_brainpoolP256r1tls13_sha256:?ecdsa_brainpoolP384r1tls13_sha384:?ecdsa_brainpoolP512r1tls13_sha512:"
    "?rsa_pss_pss_sha256:?rsa_pss_pss_sha384:?rsa_pss_pss_sha512:?rsa_pss_rsae_sha256:?rsa_pss_rsae_sha384:"
    "?rsa_pss_rsae_sha512:?rsa_pkcs1_sha256:?rsa_pkcs1_sha384:?rsa_pkcs1_sha512:?mldsa44:?mldsa65:?mldsa87:"
    "?ecdsa_sha224:?rsa_pkcs1_sha224:?dsa_sha256:?dsa_sha384:?dsa_sha512:?dsa_sha224:?ecdsa_sha1:?rsa_pkcs1_sha1:"
    "?dsa_sha1";

gboolean
qs_ssl_offer_wide (SSL_CTX *ctx, guint wide, gboolean quic)
{
  g_return_val_if_fail (ctx != NULL, FALSE);

  if (wide != 0) /* or what is weak would be taken out again */
    SSL_CTX_set_security_level (ctx, 0);
  if ((wide & QS_WIDE_VERSIONS) != 0 && !quic && SSL_CTX_set_min_proto_version (ctx, TLS1_VERSION) != 1)
    return FALSE;
  if ((wide & QS_WIDE_GROUPS) != 0 && SSL_CTX_set1_groups_list (ctx, groups) != 1)
    return FALSE;
  if ((wide & QS_WIDE_SUITES) != 0 &&
      (SSL_CTX_set_ciphersuites (ctx, suites) != 1 || (!quic && SSL_CTX_set_cipher_list (ctx, old_suites) != 1)))
    return FALSE;
  return (wide & QS_WIDE_SIGNATURES) == 0 || SSL_CTX_set1_sigalgs_list (ctx, signatures) == 1;
}
