/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/qs-throwaway-ca.h"

#include <string.h>

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* Verifies as a client of `host` that trusts the root and got the chain: X509_V_ERR_*. */
static int
verify (QsThrowawayCa *ca, QsIdentity *identity, const char *host, int purpose)
{
  X509_STORE *store = X509_STORE_new ();
  X509_STORE_CTX *context = X509_STORE_CTX_new ();

  g_assert_true (X509_STORE_add_cert (store, qs_throwaway_ca_get_root (ca)));
  g_assert_true (
      X509_STORE_CTX_init (context, store, qs_identity_get_certificate (identity), qs_identity_get_chain (identity)));
  X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param (context);
  X509_VERIFY_PARAM_set_purpose (param, purpose);
  X509_VERIFY_PARAM_set_auth_level (param, 2); /* libssl's default security level */
  if (host != NULL && X509_VERIFY_PARAM_set1_ip_asc (param, host) != 1)
    X509_VERIFY_PARAM_set1_host (param, host, 0);
  int ok = X509_verify_cert (context);
  int code = X509_STORE_CTX_get_error (context);
  g_assert_cmpint (ok == 1, ==, code == X509_V_OK);
  X509_STORE_CTX_free (context);
  X509_STORE_free (store);
  return code;
}

static const struct {
  const char *path;
  QsLeafKind kind;
  int code;
  int chain;
} cases[] = {
  { "/throwaway-ca/good", QS_LEAF_GOOD, X509_V_OK, 1 },
  { "/throwaway-ca/expired", QS_LEAF_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED, 1 },
  { "/throwaway-ca/not-yet-valid", QS_LEAF_NOT_YET_VALID, X509_V_ERR_CERT_NOT_YET_VALID, 1 },
  { "/throwaway-ca/wrong-name", QS_LEAF_WRONG_NAME, X509_V_ERR_HOSTNAME_MISMATCH, 1 },
  { "/throwaway-ca/self-signed", QS_LEAF_SELF_SIGNED, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0 },
  { "/throwaway-ca/unknown-ca", QS_LEAF_UNKNOWN_CA, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 1 },
  { "/throwaway-ca/incomplete-chain", QS_LEAF_INCOMPLETE_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0 },
  { "/throwaway-ca/oversized-chain", QS_LEAF_OVERSIZED_CHAIN, X509_V_OK, 1 },
  { "/throwaway-ca/weak", QS_LEAF_WEAK, X509_V_ERR_EE_KEY_TOO_SMALL, 1 },
};

static void
test_kind (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (GError) error = NULL;
  g_autoptr (QsThrowawayCa) ca = qs_throwaway_ca_new (&error);

  g_assert_no_error (error);
  g_autoptr (QsIdentity) identity = qs_throwaway_ca_issue (ca, cases[i].kind, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (sk_X509_num (qs_identity_get_chain (identity)), ==, cases[i].chain);
  g_assert_cmpint (verify (ca, identity, "localhost", X509_PURPOSE_SSL_SERVER), ==, cases[i].code);
  g_assert_cmpint (X509_check_private_key (qs_identity_get_certificate (identity), qs_identity_get_key (identity)), ==,
                   1);
}

static void
test_names (void)
{
  static const char *const names[] = { "lab.example", "192.0.2.7", "2001:db8::7", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (QsThrowawayCa) ca = qs_throwaway_ca_new (&error);
  g_autoptr (QsIdentity) identity = qs_throwaway_ca_issue (ca, QS_LEAF_GOOD, names, &error);

  g_assert_no_error (error);
  for (guint i = 0; names[i] != NULL; i++)
    g_assert_cmpint (verify (ca, identity, names[i], X509_PURPOSE_SSL_SERVER), ==, X509_V_OK);
  g_assert_cmpint (verify (ca, identity, "localhost", X509_PURPOSE_SSL_SERVER), ==, X509_V_ERR_HOSTNAME_MISMATCH);
  g_assert_cmpint (verify (ca, identity, "192.0.2.8", X509_PURPOSE_SSL_SERVER), ==, X509_V_ERR_IP_ADDRESS_MISMATCH);

  static const char *const hostile[] = { "a,DNS:b", NULL };
  g_assert_null (qs_throwaway_ca_issue (ca, QS_LEAF_GOOD, hostile, &error));
  g_assert_error (error, QS_ERROR, QS_ERROR_CRYPTO);
}

static void
test_client (void)
{
  static const char *const names[] = { "a client", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (QsThrowawayCa) ca = qs_throwaway_ca_new (&error);
  g_autoptr (QsIdentity) identity = qs_throwaway_ca_issue (ca, QS_LEAF_CLIENT, names, &error);

  g_assert_no_error (error);
  g_assert_cmpint (verify (ca, identity, NULL, X509_PURPOSE_SSL_CLIENT), ==, X509_V_OK);
  g_assert_cmpint (verify (ca, identity, NULL, X509_PURPOSE_SSL_SERVER), ==, X509_V_ERR_INVALID_PURPOSE);
}

static void
test_oversized_is_large (void)
{
  g_autoptr (QsThrowawayCa) ca = qs_throwaway_ca_new (NULL);
  g_autoptr (QsIdentity) identity = qs_throwaway_ca_issue (ca, QS_LEAF_OVERSIZED_CHAIN, NULL, NULL);
  int size = i2d_X509 (qs_identity_get_certificate (identity), NULL) +
             i2d_X509 (sk_X509_value (qs_identity_get_chain (identity), 0), NULL);

  /* Two Initials of 1200 bytes allow 7200 bytes back (RFC 9000 section 8.1). */
  g_assert_cmpint (size, >, 12000);
}

static void
test_pem (void)
{
  g_autoptr (QsThrowawayCa) ca = qs_throwaway_ca_new (NULL);
  g_autoptr (QsIdentity) identity = qs_throwaway_ca_issue (ca, QS_LEAF_GOOD, NULL, NULL);
  g_autofree char *chain = qs_identity_to_pem (identity);
  g_autofree char *key = qs_identity_key_to_pem (identity);

  g_assert_true (g_str_has_prefix (qs_throwaway_ca_get_pem (ca), "-----BEGIN CERTIFICATE-----\n"));
  g_assert_nonnull (strstr (strstr (chain, "-----BEGIN CERT") + 5, "-----BEGIN CERT"));
  g_assert_true (g_str_has_prefix (key, "-----BEGIN PRIVATE KEY-----\n"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].path, GUINT_TO_POINTER (i), test_kind);
  g_test_add_func ("/throwaway-ca/names", test_names);
  g_test_add_func ("/throwaway-ca/client", test_client);
  g_test_add_func ("/throwaway-ca/oversized-is-large", test_oversized_is_large);
  g_test_add_func ("/throwaway-ca/pem", test_pem);
  return g_test_run ();
}
